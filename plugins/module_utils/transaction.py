# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The transaction: stage, compile, build, ask the real sendmail, commit by rename, report.

Cut off at any line, the host keeps a whole configuration: nothing live is touched before everything has been proven, each file changes by one rename,
and what a cut-off commit left undone is seen as a difference by the next run.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import os
import shutil
import tempfile

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    crosscheck,
    disk,
    generations,
    mapbuild,
    probe,
    routes,
    shared_spec,
    tables_access,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, InvalidValue
from ansible_collections.mailjail.sendmail.plugins.module_utils.staging import READ_AT_START, Stage

STAGE_PREFIX = ".mailjail-stage-"


def stage_parent(params, check_mode):
    """Return where to stage: beside the configuration (a rename must not cross file systems); in check mode where nothing is kept.

    sendmail and makemap distrust files below a directory that others may write, which /run is in some containers.
    """
    beside = os.path.dirname(os.path.dirname(params["mta"]["source"]))
    if not check_mode:
        return beside
    for path in ("/run", "/root"):
        found = os.stat(path) if os.path.isdir(path) else None
        if found and found.st_uid == 0 and not found.st_mode & 0o022:
            return path
    return beside


@contextlib.contextmanager
def stage_directory(parent):
    """Make a root-only directory, and take it away again whatever happens; also what killed runs left."""
    for name in os.listdir(parent):
        if name.startswith(STAGE_PREFIX):
            shutil.rmtree(os.path.join(parent, name), ignore_errors=True)
    directory = tempfile.mkdtemp(prefix=STAGE_PREFIX, dir=parent)
    try:
        yield directory
    finally:
        shutil.rmtree(directory, ignore_errors=True)


def run(params, runner, check_mode):
    """Bring the host's configuration to what the parameters say.

    :param dict params: the parameters of ``sendmail_config``.
    :param runner: starts the programs.
    :param bool check_mode: do all but the commit.
    :returns: dict of the module's return values.
    :raises SendmailError: with the reason; the live configuration is untouched, or (commit failed half way) restored.
    """
    with generations.lock(), stage_directory(stage_parent(params, check_mode)) as directory:
        stage = Stage(params, runner, directory, check_mode)
        stage.plain_files()
        installed = _is_installed(stage, params, check_mode)
        map_types = mapbuild.map_types(runner, params["makemap"]) if installed else []
        wanted = stage.wanted_files(map_types) if installed else []
        if wanted:
            return {"changed": False, "wanted_files": wanted, "warnings": []}
        report = _prove(stage, params, runner, map_types) if installed else []
        if installed:
            stage.retire()
        result = _conclude(stage, params, report, check_mode)
        if not check_mode:
            shared_spec.remember(params)
        return result


def run_maps(params, runner, check_mode):
    """Change maps alone, held against the live .cf; the caller holds :func:`generations.lock`.

    The state directory must be one of the caller's own: the state of the whole configuration, and its ways back, stay what the playbook made them.

    :param dict params: the parameters of ``sendmail_config``; of ``mta`` only ``compiled`` is used.
    :returns: as :func:`run`.
    :raises SendmailError: as :func:`run`.
    """
    os.makedirs(params["state_directory"], mode=0o700, exist_ok=True)
    with stage_directory(params["state_directory"]) as directory:
        stage = Stage(params, runner, directory)
        stage.plain_files()
        stage.maps(mapbuild.map_types(runner, params["makemap"]))
        stage.live_configuration()
        crosscheck.judge(stage)
        report = stage.ask(lambda binary, path: routes.ask(runner, binary, path, params["route_tests"]))
        routes.require(report)
        return _conclude(stage, params, report, check_mode)


def _is_installed(stage, params, check_mode):
    """On a host that has no sendmail yet, or not all of it, check mode says so and proves what it can from the texts."""
    there = os.path.exists(params["sendmail"])
    if not check_mode and not there:
        raise CommandFailed("%s does not exist. Run the role packages first, or set the path of the sendmail binary." % params["sendmail"])
    if there and not (check_mode and params["installing"]):
        return True
    stage.warnings.append("sendmail is not installed yet, or not all of it: the configuration was checked as text only; m4, makemap and sendmail are asked "
                          "once they are there.")
    stage.predict()
    crosscheck.judge(stage)
    return False


def _prove(stage, params, runner, map_types):
    """Stages 2 to 4: compile, build, ask."""
    version, flags = probe.release(runner, params["sendmail"])
    stage.maps(map_types)
    stage.configuration("msp", version, flags)
    stage.configuration("mta", version, flags)
    crosscheck.judge(stage)
    report = stage.ask(lambda binary, path: routes.ask(runner, binary, path, params["route_tests"]))
    routes.require(report)
    return report


def _conclude(stage, params, report, check_mode):
    """Stages 5 and 6: commit, report."""
    changes = _changes(stage, params["directories"])
    result = {"changed": bool(changes), "changes": changes, "route_tests": report, "warnings": stage.warnings, "relaying": stage.relaying,
              "generation": None,
              "diff": [_diff(item) for item in stage.ordered() if item.staged and item.kind != "database"] + _attribute_diff(changes)}
    if not check_mode:
        for directory in sorted(set(os.path.dirname(item.path) for item in stage.items)):
            disk.remove_leftovers(directory)
    result["paths"] = [item.path for item in stage.ordered() if item.staged or _attributes(item.path, vars(item))]
    if changes and not check_mode:
        result["generation"] = commit(stage, params)
    elif not check_mode:
        stage.remember()
    result["restart_pending"] = any(item.staged and item.kind in READ_AT_START for item in stage.items) or pending(stage.items, params["pid_file"])
    return result


def pending(items, pid_file):
    """Tell whether the running daemon is older than what it reads at start; False when none runs (starting it is not a restart)."""
    try:
        started = os.stat(pid_file).st_mtime_ns
    except (OSError, TypeError):
        return False
    return any(os.stat(item.path).st_mtime_ns > started for item in items if item.kind in READ_AT_START and os.path.exists(item.path))


def _attributes(path, spec):
    """Return what differs in owner, group or mode; on a virgin host an account may not exist yet."""
    if not os.path.lexists(path):
        return []
    try:
        return disk.attribute_changes(path, spec["owner"], spec["group"], spec["mode"])
    except InvalidValue:
        return [("owner", "an account that is not there yet", "%s:%s" % (spec["owner"], spec["group"]))]


def _as_it_may_be(spec):
    """Return a directory's entry; of a queue that belongs to another account, which only the service hands over, with that owner and group."""
    if not spec.get("queue") or not os.path.isdir(spec["path"]):
        return spec
    try:
        found, uid = os.lstat(spec["path"]), disk.user_id(spec["owner"])
    except InvalidValue:
        return spec
    return spec if found.st_uid == uid else dict(spec, owner=str(found.st_uid), group=str(found.st_gid))


def _changes(stage, directories):
    changes = []
    for spec in map(_as_it_may_be, directories):
        if not os.path.isdir(spec["path"]):
            changes.append({"what": "directory", "name": spec["path"], "before": "absent", "after": "present"})
        changes += _attribute_rows(spec["path"], spec)
    for item in stage.ordered():
        changes += item.changes if item.staged else []
        changes += _attribute_rows(item.path, vars(item))
    return changes + [{"what": "retired", "name": path, "before": "present", "after": "absent once the daemon serves without it"} for path in stage.retired]


def _attribute_rows(path, spec):
    return [{"what": what, "name": path, "before": before, "after": after} for what, before, after in _attributes(path, spec)]


def _diff(item):
    if item.secret:
        return {"before_header": item.path, "after_header": item.path, "before": "(secret)\n", "after": "(secret, changed)\n"}
    if item.kind in ("main", "submission"):
        rows = [("%s %s" % (row["what"], row["name"]), row) for row in item.changes]
        return {"before_header": item.path, "after_header": item.path, "before": "".join("%s: %s\n" % (name, row["before"]) for name, row in rows),
                "after": "".join("%s: %s\n" % (name, row["after"]) for name, row in rows)}
    return {"before_header": item.path, "after_header": item.path, "before": _shown(disk.read(item.path) or b""),
            "after": _shown(disk.read(item.staged))}


def _shown(data):
    """Return the text of a file as a diff shows it; an access map that was here before may hold passwords."""
    return tables_access.masked(data.decode("utf-8", "replace"))


def _attribute_diff(changes):
    rows = [change for change in changes if change["what"] in ("owner", "group", "mode", "directory", "database", "retired")]
    return [{"before_header": row["name"], "after_header": row["name"], "before": "%s: %s\n" % (row["what"], row["before"]),
             "after": "%s: %s\n" % (row["what"], row["after"])} for row in rows]


def commit(stage, params):
    """Keep the present state, then put every staged file in place.

    :returns: id of the generation that holds the state before.
    :raises CommitError: a rename failed; what had been renamed was put back.
    """
    kept = generations.keep(params["state_directory"], stage.retired + stage.paths(), params["keep_generations"],
                            [item.path for item in stage.items if item.staged], generations.BESIDE if params["mta"] else ())
    try:
        for spec in map(_as_it_may_be, params["directories"]):
            os.makedirs(spec["path"], mode=0o700, exist_ok=True)
            if disk.attribute_changes(spec["path"], spec["owner"], spec["group"], spec["mode"]):
                disk.set_attributes(spec["path"], spec["owner"], spec["group"], spec["mode"])
        for item in stage.ordered():
            _commit_item(item)
        _date_sources(params)
    except (OSError, CommitError) as exc:
        restored = generations.restore(params["state_directory"], kept)
        raise CommitError("the commit stopped: %s Put back: %s." % (getattr(exc, "message", exc), ", ".join(restored) or "nothing was changed yet"))
    stage.remember()
    return kept


def _date_sources(params):
    """Let no .mc be newer than its .cf, for instance because a remark alone changed: Red Hat's tools would compile it anew.

    Where maps alone change there is no .mc.
    """
    for spec in (params["mta"], params.get("msp")):
        if not spec or not os.path.exists(spec.get("source") or ""):
            continue
        made = os.stat(spec["compiled"])
        if os.stat(spec["source"]).st_mtime_ns > made.st_mtime_ns:
            os.utime(spec["source"], ns=(made.st_atime_ns, made.st_mtime_ns))


def _commit_item(item):
    if item.staged:
        disk.place(item.staged, item.path, item.owner, item.group, item.mode)
    elif os.path.lexists(item.path) and disk.attribute_changes(item.path, item.owner, item.group, item.mode):
        disk.set_attributes(item.path, item.owner, item.group, item.mode)
