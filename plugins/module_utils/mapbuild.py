# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases from map sources: made by makemap under a new name, dumped again, compared with what was asked.

makemap writes in place, leaves half a database behind when a line is bad, and gives its result to sendmail's TrustedUser.
So nothing is ever built over a live map: the caller passes a name in a staging directory and renames what :func:`build` returns.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, MapError

Built = collections.namedtuple("Built", "database_path entries warnings")
SUFFIXES = (".db", ".cdb")
TIMEOUT = 600
# makemap reads sendmail.cf for one thing, the TrustedUser to whom it gives the result, and stops where there is no such file.
NO_CF = ["-C", "/dev/null"]


def map_types(runner, makemap="makemap"):
    """Return the map types that this host's makemap can build, such as ``["hash", "btree"]``.

    :raises CommandFailed: makemap is missing or has no type at all.
    """
    answer = runner.run([makemap, "-l"])
    found = [word for word in answer.stdout.split() if word != "implicit"]
    if answer.rc != 0 or not found:
        raise CommandFailed("%s -l names no map type: %s" % (makemap, answer.stderr.strip() or "no output"), command=[makemap, "-l"])
    return found


def best_type(kind, available):
    """Return the best of the available types for a kind of map.

    :raises MapError: none of them serves it.
    """
    wanted = tables.KINDS[kind].types
    for one in wanted:
        if one in available:
            return one
    raise MapError("%s needs a map of type %s; this host's makemap builds only: %s." % (kind, " or ".join(wanted), ", ".join(available) or "none"), map=kind)


def build(runner, kind, source_path, target_base, map_type, context=None, makemap="makemap"):
    """Make a database from a map source under a new name and prove that it holds what the source says.

    :param str target_base: path without suffix in a staging directory; nothing may exist there.
    :returns: :class:`Built`.
    :raises MapError: the source is bad, or the database differs from it. :raises CommandFailed: makemap failed or complained.
    """
    for suffix in SUFFIXES:
        if os.path.lexists(target_base + suffix):
            raise MapError("%s%s exists already; a map is only built under a new name." % (target_base, suffix), map=kind, path=target_base + suffix)
    with open(source_path, "rb") as source:
        found = tables.parse(kind, source.read().decode("utf-8"))
    warnings = tables.check(kind, found, context)
    wanted = database_lines(kind, found)
    _makemap(runner, [makemap] + NO_CF + [map_type, target_base], kind, "".join(wanted))
    verify(runner, kind, wanted, target_base, map_type, makemap)
    return Built(database_path(target_base), len(found), warnings)


def database_lines(kind, found):
    """Return what makemap is fed: one line for each entry (aliases with the mark that sendmail waits for)."""
    lines = ["%s\t%s\n" % (pair.key.lower(), pair.value) for pair in found]
    return lines + ["@\t@\n"] if kind == "aliases" else lines


def _makemap(runner, argv, kind, text):
    answer = runner.run(argv, stdin=text, timeout=TIMEOUT)
    said = (answer.stderr + answer.stdout).strip()
    if answer.rc != 0 or said:
        raise CommandFailed("%s: %s ended with %d and said: %s" % (kind, " ".join(argv), answer.rc, said or "nothing"), map=kind, command=argv, rc=answer.rc)


def database_path(target_base):
    """Return the path of the database that makemap made; :raises MapError: there is none."""
    for suffix in SUFFIXES:
        if os.path.exists(target_base + suffix):
            return target_base + suffix
    raise MapError("makemap made neither %s." % " nor ".join(target_base + suffix for suffix in SUFFIXES), path=target_base)


def verify(runner, kind, wanted, target_base, map_type, makemap="makemap"):
    """Dump a database and compare it with the wanted lines; :raises MapError: they differ."""
    argv = [makemap] + NO_CF + ["-u", map_type, target_base]
    answer = runner.run(argv, timeout=TIMEOUT)
    if answer.rc != 0 or answer.stderr.strip():
        raise CommandFailed("%s: %s ended with %d and said: %s" % (kind, " ".join(argv), answer.rc, answer.stderr.strip() or "nothing"), map=kind, command=argv)
    if sorted(answer.stdout.replace("\0", "").splitlines(True)) != sorted(wanted):
        raise MapError("%s: the database made by makemap differs from its source." % kind, map=kind, path=target_base)
