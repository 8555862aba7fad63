# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold the maps of a stage against each other and against the classes of its compiled configuration, before anything goes live."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, consistency, disk, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# Of a larger file only what can be said line by line is checked: following loops needs all of it in memory.
SIZE_LIMIT = 4 << 20
KINDS = ("access", "mailertable", "virtusertable", "aliases")


def judge(stage):
    """Refuse maps that contradict each other; tell what else is odd, and what opens relaying.

    :param stage: a :class:`staging.Stage` whose maps, and configuration if there is one, are staged.
    :raises MapError: names map, key and reason.
    """
    context = stage.context()
    found = dict(_neighbours(stage), **stage.pairs)
    for spec in stage.params["maps"]:
        if spec["kind"] in KINDS and spec["kind"] not in found:
            path = stage.redirected_source(spec) or spec["host_file"] or spec["path"]
            found.update(_parsed(spec["kind"], path))
    paths = dict(_paths(stage), **{spec["kind"]: spec["host_file"] or spec["path"] for spec in stage.params["maps"]})
    stage.warnings += consistency.check(found, context, paths)
    compiled = cf.parse(stage.compiled.get("mta", ""))
    if context.virtual_domains is None and "virtusertable" in found and stage.compiled.get("mta"):
        entire = "$* $={VirtHost}" in stage.compiled["mta"]
        where = consistency.place("virtusertable", paths)
        stage.warnings += [tables.describe("virtusertable", one, where) for one in consistency.never_asked(
            found["virtusertable"], _members(stage, compiled, "w"), _members(stage, compiled, "VirtHost"), entire)][:consistency.SHOWN]
    stage.relaying, warnings = consistency.sentences(_openings(stage, found, compiled), _before(stage))
    stage.warnings += warnings


def _openings(stage, found, compiled):
    return consistency.openings(found, compiled.members("TrustAuthMech"), _members(stage, compiled, "VirtHost"))


def _before(stage):
    """Return the openings of what is live."""
    live = disk.read(stage.params["mta"]["compiled"])
    if live is None:
        return []
    found = {}
    for kind, path in [(spec["kind"], spec["host_file"] or spec["path"]) for spec in stage.params["maps"]] + sorted(_paths(stage).items()):
        if kind in KINDS and kind not in found:
            found.update(_parsed(kind, path))
    return _openings(stage, found, cf.parse(live.decode("utf-8", "replace")))


def _paths(stage):
    """Return kind -> live source of maps that this change does not touch."""
    return stage.params.get("neighbours") or {}


def _neighbours(stage):
    found = {}
    for kind, path in _paths(stage).items():
        found.update(_parsed(kind, path))
    return found


def _parsed(kind, path):
    """Return ``{kind: pairs}`` of a source on the host, or nothing where it is none, or too large."""
    if not os.path.isfile(path) or os.path.getsize(path) > SIZE_LIMIT:
        return {}
    try:
        return {kind: tables.parse(kind, disk.read(path).decode("utf-8", "replace"))}
    except SendmailError:
        return {}


def _members(stage, compiled, name):
    """Return the members of a class in small letters, those of its files included."""
    found = set(compiled.members(name))
    for text in compiled.classes[name].files if name in compiled.classes else []:
        path = text.split()[-1] if text else ""
        data = disk.read(stage.redirections.get(path, path)) if path[:1] == "/" and os.path.isfile(stage.redirections.get(path, path)) else None
        found.update(line.split("#")[0].strip() for line in (data or b"").decode("utf-8", "replace").splitlines())
    return {one.lower() for one in found if one}
