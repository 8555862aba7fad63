# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kept states of the managed files, so that any change can be taken back.

``STATE/generations/00007/`` holds the files of one state and ``manifest.json``: for each managed path its owner, group, mode and digest, or that
it was absent. The first one, of the host as it was before this collection, holds besides (``later``) what later runs found where they began to manage a path.
``STATE/state.json`` remembers which paths are managed, the digest of the last state that a health check proved good, and the
signatures of large maps. Everything is readable by root alone.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import stat
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError

# Above this size a kept file is known by its signature instead of its digest, and is copied only where nothing else will do.
LARGE = 8 << 20
LOCK = "/run/mailjail-sendmail.lock"
# What other roles lay out for a configuration and take away once no live one needs it: logins, and what is over a scanner's units. It is kept with each
# generation and comes back only where it is missing: a way back brings no old password and no former user.
BESIDE = ("/etc/systemd/system/sendmail-saslauthd.service", "/etc/sasl2/sendmail.sasldb2", "/var/lib/mailjail/sasl-users.json", "/etc/pam.d/smtp",
          "/etc/systemd/system/clamav-daemon.service.d/mailjail.conf", "/etc/systemd/system/clamav-daemon.socket.d/mailjail.conf")


@contextlib.contextmanager
def lock(path=LOCK):
    """Let one transaction at a time work on a host (a delegate's edit and a playbook may meet)."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def signature(path):
    """Return what changes when a file is replaced or written to: ``[size, time]``; None if it is absent."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return [found.st_size, found.st_mtime_ns]


def read_state(state_directory):
    """Return the remembered state, empty when there is none or it is no longer readable (it only saves work, never decides)."""
    try:
        with open(os.path.join(state_directory, "state.json")) as source:
            return json.load(source)
    except (OSError, ValueError):
        return {}


def write_state(state_directory, state):
    """Remember a state; nothing is written when it is remembered already."""
    if state != read_state(state_directory):
        os.makedirs(state_directory, mode=0o700, exist_ok=True)
        disk.write(os.path.join(state_directory, "state.json"), json.dumps(state, indent=1, sort_keys=True).encode("utf-8"))


def describe(path):
    """Return the manifest entry of a path: ``{"absent": True}`` or owner, group, mode and digest (signature where large)."""
    try:
        found = os.lstat(path)
    except OSError:
        return {"absent": True}
    if stat.S_ISLNK(found.st_mode):
        return {"link": os.readlink(path)}
    content = signature(path) if found.st_size > LARGE else disk.digest(path)
    return {"owner": found.st_uid, "group": found.st_gid, "mode": "%04o" % stat.S_IMODE(found.st_mode), "content": content}


def fingerprint(entries):
    """Return one digest over manifest entries."""
    return hashlib.sha256(json.dumps(entries, sort_keys=True).encode("utf-8")).hexdigest()


def _directory(state_directory):
    return os.path.join(state_directory, "generations")


def listing(state_directory):
    """Return the manifests of all whole generations, oldest first, each with ``id``."""
    found = []
    directory = _directory(state_directory)
    for name in sorted(filter(str.isdigit, os.listdir(directory))) if os.path.isdir(directory) else ():
        try:
            with open(os.path.join(directory, name, "manifest.json")) as source:
                manifest = json.load(source)
        except (OSError, ValueError):
            continue
        found.append(dict(manifest, id=name))
    return found


def keep(state_directory, paths, count, replaced=(), besides=BESIDE):
    """Keep the present state of the managed files as a generation.

    :param list paths: managed paths in the order of a commit (also those that it is going to create).
    :param int count: how many generations remain; older ones go.
    :param replaced: paths that the commit is about to replace: their old files will be the generation's alone, so a link keeps them.
    :param besides: paths of others that are kept too and come back only where they are missing.
    :returns: the id of the generation that holds the present state (an older one if nothing changed since).
    :raises CommitError: there is no room; nothing was touched.
    """
    entries = {path: describe(path) for path in sorted(paths)}
    beside = {path: describe(path) for path in besides if os.path.isfile(path) and not os.path.islink(path)}
    print_of_now, present = fingerprint(entries), listing(state_directory)
    if present and present[-1]["fingerprint"] == print_of_now and _bare(present[-1].get("beside", {})) == beside:
        return present[-1]["id"]
    number = int(present[-1]["id"]) + 1 if present else 1
    final = os.path.join(_directory(state_directory), "%05d" % number)
    staged = final + ".partial"
    try:
        os.makedirs(_directory(state_directory), mode=0o700, exist_ok=True)
        os.chmod(state_directory, 0o700)
        for name in os.listdir(_directory(state_directory)):
            if name not in [manifest["id"] for manifest in present]:    # what a killed run left
                shutil.rmtree(os.path.join(_directory(state_directory), name), ignore_errors=True)
        _note_later(state_directory, present, entries, replaced)
        os.mkdir(staged, 0o700)
        _store(staged, entries, replaced, present[-1] if present else None, _directory(state_directory))
        _store(staged, beside, (), None, _directory(state_directory), "beside-%03d")
        manifest = {"files": entries, "beside": beside, "order": list(paths), "fingerprint": print_of_now,
                    "time": int(time.time()), "good": is_good(state_directory), "first": not present and not read_state(state_directory).get("paths")}
        disk.write(os.path.join(staged, "manifest.json"), json.dumps(manifest, indent=1, sort_keys=True).encode("utf-8"))
        os.rename(staged, final)
        disk.sync_directory(_directory(state_directory))
    except OSError as exc:
        shutil.rmtree(staged, ignore_errors=True)
        raise CommitError("the present configuration could not be kept in %s: %s. Nothing was touched." % (staged, exc.strerror), path=staged)
    _forget(state_directory, count)
    return "%05d" % number


def _note_later(state_directory, present, entries, replaced):
    """Note in the first generation what the host had at paths that are managed from now on: a removal puts that back.

    It is noted before any other generation names such a path, so a run that was cut off in between leaves nothing undone. A way back to the first generation
    does not look at it.
    """
    first = next((manifest for manifest in present if manifest.get("first")), None)
    new = set(entries).difference(*(manifest["files"] for manifest in present)) if first else ()
    if not new:
        return
    state, later = read_state(state_directory), first.get("later", {})
    new = new.difference(later, state.get("paths", []), state.get("retired", []))
    if not new:
        return
    added, directory = {path: dict(entries[path]) for path in new}, os.path.join(_directory(state_directory), first["id"])
    _store(directory, added, replaced, None, _directory(state_directory), "later-%d-%%03d" % len(later))
    manifest = {key: value for key, value in dict(first, later=dict(later, **added)).items() if key != "id"}
    disk.write(os.path.join(directory, "manifest.json"), json.dumps(manifest, indent=1, sort_keys=True).encode("utf-8"))


def before(manifests):
    """Return the manifest of the host as it was before this collection, with what later runs found where they began to manage a path; None if not known."""
    first = next((manifest for manifest in manifests if manifest.get("first")), None)
    return first and dict(first, files=dict(first["files"], **first.get("later", {})))


def _bare(entries):
    return {path: {key: value for key, value in entry.items() if key != "stored"} for path, entry in entries.items()}


def _store(staged, entries, replaced, before, directory, name="%03d"):
    for number, path in enumerate(sorted(entries)):
        entry = entries[path]
        if "content" not in entry:
            continue
        entry["stored"] = name % number
        target = os.path.join(staged, entry["stored"])
        if not isinstance(entry["content"], list):
            disk.write(target, disk.read(path))
            continue
        same = before["files"].get(path, {}) if before else {}
        if same.get("content") == entry["content"] and "stored" in same:
            _link_or_copy(os.path.join(directory, before["id"], same["stored"]), target)
        elif path in replaced:
            _link_or_copy(path, target)
        else:
            # A second name of a file that stays live would make makemap distrust it.
            shutil.copy2(path, target)


def _link_or_copy(source, target):
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _forget(state_directory, count):
    """Drop the oldest generations, but never the newest good one, nor the host as it was before this collection: a removal puts that back."""
    found = listing(state_directory)
    protected = last_good(state_directory)
    counted = [manifest for manifest in found if not manifest.get("first")]
    for manifest in counted[:max(0, len(counted) - max(1, count))]:
        if manifest["id"] != protected:
            shutil.rmtree(os.path.join(_directory(state_directory), manifest["id"]), ignore_errors=True)


def live_fingerprint(state):
    """Return the digest of the managed files as they are now; None when nothing is managed yet."""
    return fingerprint({path: describe(path) for path in sorted(state["paths"])}) if state.get("paths") else None


def is_good(state_directory):
    """Tell whether the live configuration is the one that a health check proved last."""
    state = read_state(state_directory)
    return bool(state.get("good")) and state["good"] == live_fingerprint(state)


def mark_good(state_directory):
    """Remember that the live configuration has been proven: the generation kept from it counts as good."""
    state = read_state(state_directory)
    if state.get("paths"):
        write_state(state_directory, dict(state, good=live_fingerprint(state)))


def retire(state_directory):
    """Remove what the configuration no longer uses, once the daemon has been proven to serve without it; a generation still holds it."""
    state = read_state(state_directory)
    for path in state.get("retired", []):
        disk.remove(path)
    if "retired" in state:
        write_state(state_directory, {key: value for key, value in state.items() if key != "retired"})


def last_good(state_directory):
    """Return the id of the newest generation proven good, else of the newest one, else None."""
    found = listing(state_directory)
    good = [manifest["id"] for manifest in found if manifest.get("good")]
    return good[-1] if good else (found[-1]["id"] if found else None)


def choose(state_directory, wanted):
    """Return the manifest that ``previous``, ``good`` or an id names.

    :raises CommitError: there is no such generation; the message lists those there are.
    """
    found = listing(state_directory)
    live = live_fingerprint(read_state(state_directory))
    if wanted == "previous":
        matching = [manifest for manifest in found if manifest["fingerprint"] != live]
    elif wanted == "good":
        matching = [manifest for manifest in found if manifest["id"] == last_good(state_directory)]
    else:
        matching = [manifest for manifest in found if manifest["id"] == str(wanted)]
    if not matching:
        raise CommitError("there is no generation '%s' in %s; there are: %s." % (
            wanted, _directory(state_directory), ", ".join(manifest["id"] for manifest in found) or "none"))
    return matching[-1]


def damage(state_directory, manifest):
    """Name the first kept file of a generation that is no longer what was kept; None when it is whole."""
    for path, entry in sorted(list(manifest["files"].items()) + list(manifest.get("beside", {}).items())):
        if "stored" not in entry:
            continue
        stored = os.path.join(_directory(state_directory), manifest["id"], entry["stored"])
        if not os.path.isfile(stored):
            return path
        now = signature(stored) if isinstance(entry["content"], list) else disk.digest(stored)
        if now != entry["content"]:
            return path
    return None


def differing(manifest):
    """Return the managed paths whose live state is not the one of a generation, and what it needs besides and is missing."""
    return _missing(manifest) + [path for path, entry in sorted(_bare(manifest["files"]).items()) if entry != describe(path)]


def _missing(manifest):
    return [path for path in sorted(manifest.get("beside", {})) if not os.path.lexists(path)]


def restore(state_directory, wanted):
    """Put a generation back, in the order of a commit: sources before results, maps before the .cf that names them.

    :param str wanted: ``previous``, ``good`` or an id.
    :returns: list of paths that changed.
    :raises CommitError: no such generation, or it is damaged; nothing was touched.
    """
    manifest = choose(state_directory, wanted)
    broken = damage(state_directory, manifest)
    if broken:
        raise CommitError("generation %s can not be restored: its copy of %s is missing or was altered. Nothing was touched." % (manifest["id"], broken),
                          path=broken)
    missing = _missing(manifest)
    for path in missing:
        entry = manifest["beside"][path]
        os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
        _put_back(os.path.join(_directory(state_directory), manifest["id"], entry["stored"]), path, entry)
    changed = sorted((path for path in differing(manifest) if path in manifest["files"]), key=manifest["order"].index)
    for path in changed:
        entry = manifest["files"][path]
        if entry.get("absent"):
            disk.remove(path)
        elif "stored" in entry:
            _put_back(os.path.join(_directory(state_directory), manifest["id"], entry["stored"]), path, entry)
    _manage(state_directory, manifest)
    return missing + changed


def _manage(state_directory, manifest):
    """Remember that the files of a generation are the managed ones again, so that the next run knows which of them to retire."""
    state = read_state(state_directory)
    state.pop("retired", None)
    state["paths"] = [path for path in manifest["order"] if not manifest["files"][path].get("absent")]
    if manifest.get("good"):
        state["good"] = live_fingerprint(state)
    write_state(state_directory, state)


def put_back(state_directory, manifest, path):
    """Put one file of a generation back; :raises CommitError: its copy is missing or was altered, and nothing was touched."""
    if damage(state_directory, dict(manifest, files={path: manifest["files"][path]}, beside={})):
        raise CommitError("%s can not be put back: its copy in generation %s is missing or was altered." % (path, manifest["id"]), path=path)
    entry = manifest["files"][path]
    os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
    _put_back(os.path.join(_directory(state_directory), manifest["id"], entry["stored"]), path, entry)


def _put_back(stored, path, entry):
    if isinstance(entry["content"], list):
        # Its time is part of how it is known, so it must come back with it.
        disk.copy(stored, path, entry["owner"], entry["group"], entry["mode"], keep_time=True)
    else:
        disk.write(path, disk.read(stored), entry["owner"], entry["group"], entry["mode"])
