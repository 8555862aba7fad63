# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Daemons that work beside sendmail (milters, saslauthd ...): their directories, files, memberships, units and sockets.

Everything is looked at first, then done, then proven. What a unit needs is read off the host: one that was started before its files were last changed is
restarted, whoever changed them, so a run that was cut off is finished by the next.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import grp
import os
import pwd
import re
import socket
import stat
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import companions_proof, daemon, disk, sockets
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, SendmailError

PROPERTIES = ("Id", "LoadState", "ActiveState", "MainPID", "UnitFileState", "NeedDaemonReload", "ExecMainStartTimestampMonotonic",
              "ActiveEnterTimestampMonotonic")
# Files in here are systemd's descriptions: they are read anew before anything is started.
UNIT_DIRECTORIES = ("/etc/systemd/system/", "/etc/systemd/system.control/")
HIDDEN = "(secret, not shown)\n"
# How long a unit without a socket is watched after its start, in seconds.
SETTLE = 0.5

# What a unit looks like now. ``at_boot`` is its UnitFileState, ``started`` in seconds since 1970, ``user`` and ``groups`` those of its main process
# (None where there is none to be seen).
State = collections.namedtuple("State", "known active at_boot stale started user groups")
# One thing to be done. ``do`` is a function without arguments, ``what`` says it in words, ``diff`` is one entry of the diff or None.
Step = collections.namedtuple("Step", "what do diff")


# ---- pure ------------------------------------------------------------------------------------------------------------------------------

def check(companions):
    """Refuse what can not be meant, before the host is looked at.

    :param list companions: the module's option.
    :raises InvalidValue: two of one name, a unit without suffix, a mode that is none, a file without content, a relative path.
    """
    names = [entry["name"] for entry in companions]
    for name in names:
        if names.count(name) > 1:
            raise InvalidValue("two companions are called '%s'; each needs a name of its own." % name, companion=name)
    for entry in companions:
        try:
            _check_one(entry)
        except InvalidValue as exc:
            raise InvalidValue("companion '%s': %s" % (entry["name"], exc.message), companion=entry["name"], **exc.details)


def _check_one(entry):
    if entry.get("unit") and not re.match(r"[A-Za-z0-9@:._\\-]+\.(service|socket|path|timer|target)\Z", entry["unit"]):
        raise InvalidValue("unit '%s' has no suffix such as .service." % entry["unit"])
    if entry.get("socket"):
        sockets.parse_socket(entry["socket"])
    for item in (entry.get("directories") or []) + (entry.get("files") or []):
        if not item["path"].startswith("/"):
            raise InvalidValue("path '%s' is not absolute." % item["path"], path=item["path"])
        disk.parse_mode(item["mode"])
    for item in entry.get("files") or []:
        given = [word for word in ("content", "command") if item.get(word) is not None]
        if item.get("state", "present") == "present" and len(given) != 1:
            raise InvalidValue("file %s needs either content, or a command that makes it." % item["path"], path=item["path"])


def needed(entry, state, times, answer, gids, now):
    """Say why a unit has to be restarted, from state alone.

    :param dict entry: the companion.
    :param state: the :class:`State` of its unit.
    :param dict times: path to time of last change (None: absent) of what it reads at start.
    :param answer: from :func:`silence`.
    :param dict gids: group to gid, of the memberships of this companion.
    :param float now: this moment; a file from the future is not taken for newer, or it would cost a restart in every run.
    :returns: list of sentences, empty when nothing is to be done.
    """
    unit = entry["unit"]
    if not state.active:
        return ["%s is not running" % unit]
    reasons = ["systemd runs %s from an older description" % unit] if state.stale else []
    if entry.get("reload_on", "restart") == "restart":
        reasons += ["%s is newer than the running %s" % (path, unit) for path in sorted(times) if daemon.newer(times[path], state.started, now)]
    reasons += ["%s can not be reached on %s: %s" % (unit, entry["socket"], answer)] if answer else []
    if state.groups is not None:
        reasons += ["%s runs without the group %s" % (unit, item["group"]) for item in entry.get("memberships") or []
                    if item["user"] == state.user and gids.get(item["group"]) is not None and gids[item["group"]] not in state.groups]
    return reasons


def file_diff(path, before, after, secret):
    """Return one entry of the diff; of a secret it shows that it changed and nothing else.

    :param before: bytes, or None where there is no such file.
    :param after: bytes, or None where it goes away.
    """
    def shown(data):
        if data is None:
            return ""
        return HIDDEN if secret else data.decode("utf-8", "replace")

    return {"before_header": path, "after_header": path + (" (new secret)" if secret and after is not None else ""), "before": shown(before),
            "after": shown(after)}


def process_ids(text):
    """Return the effective uid and the set of all gids out of the text of a ``/proc/PID/status``."""
    fields = dict(line.partition(":")[::2] for line in text.splitlines())
    own = [int(word) for word in fields.get("Gid", "").split()[1:2]]
    return int(fields["Uid"].split()[1]), set(int(word) for word in fields.get("Groups", "").split()) | set(own)


# ---- the host --------------------------------------------------------------------------------------------------------------------------

def connects(place, timeout=5):
    """Connect to a socket and leave again.

    :param str place: as for :func:`sockets.parse_socket`.
    :returns: None when somebody listens, otherwise the reason.
    """
    where = sockets.parse_socket(place)
    try:
        if where.kind == "unix":
            link = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                link.settimeout(timeout)
                link.connect(where.place)
            finally:
                link.close()
        else:
            socket.create_connection((where.place, where.port), timeout=timeout).close()
    except socket.timeout:
        return "no answer within %d seconds" % timeout
    except OSError as exc:
        return exc.strerror or str(exc)
    return None


def unreachable(place, user):
    """Say why an account that has no rights but those of its user and its first group could not connect, although somebody listens.

    :param str place: as for :func:`sockets.parse_socket`.
    :param str user: the account; root is taken without its right to pass over modes, as a sandboxed daemon has it.
    :returns: a sentence, or None when it may.
    """
    where = sockets.parse_socket(place)
    if where.kind != "unix":
        return None
    person, parts = pwd.getpwnam(user), where.place.split("/")
    steps = [("/".join(parts[:count]) or "/", 1) for count in range(1, len(parts))] + [(where.place, 2)]
    for path, bit in steps:
        found = os.stat(path)
        if not may(found, person.pw_uid, person.pw_gid, bit):
            return "%s may not %s %s, which is %s:%s %04o" % (
                user, "enter" if bit == 1 else "connect to", path, _account(pwd.getpwuid, found.st_uid), _account(grp.getgrgid, found.st_gid),
                stat.S_IMODE(found.st_mode))
    return None


def may(found, uid, gid, bit):
    """Tell whether the modes of a file grant a right (1 enter, 2 write, 4 read) to an account; the first class that fits counts."""
    shift = 6 if found.st_uid == uid else 3 if found.st_gid == gid else 0
    return bool(found.st_mode >> shift & bit)


def _account(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


def silence(entry):
    """Return why a companion's socket can not be used; None where it can, or where there is none."""
    if not entry["socket"]:
        return None
    fault = connects(entry["socket"])
    if fault or not entry["client"]:
        return fault
    try:
        return unreachable(entry["socket"], entry["client"])
    except (KeyError, OSError):
        # An account that is yet to be made; or a socket that went away meanwhile, which the next look shows.
        return None


class Host:
    """What is asked of the host about units and accounts."""

    def __init__(self, runner):
        self.runner = runner

    def states(self, units):
        """Return the :class:`State` of each unit by name, asked in one call."""
        if not units:
            return {}
        result = self.runner.run(["systemctl", "show", "--property=" + ",".join(PROPERTIES)] + sorted(units))
        if result.rc:
            raise CommandFailed("systemctl show failed: %s" % (result.stderr.strip() or "exit status %d" % result.rc), rc=result.rc)
        blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in result.stdout.strip().split("\n\n")]
        # In the order asked, because a unit may answer with another name than that by which it was called.
        return dict(zip(sorted(units), map(self._state, blocks)))

    @staticmethod
    def _state(told):
        pid, boot = int(told.get("MainPID") or 0), time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
        since = int(told.get("ExecMainStartTimestampMonotonic") or 0) if pid else int(told.get("ActiveEnterTimestampMonotonic") or 0)
        user, groups = process_accounts(pid)
        return State(known=told.get("LoadState") not in (None, "", "not-found"), active=told.get("ActiveState") in ("active", "reloading"),
                     at_boot=told.get("UnitFileState", ""), stale=told.get("NeedDaemonReload") == "yes",
                     started=boot + since / 1e6 if since else None, user=user, groups=groups)

    def systemctl(self, *words):
        """Run systemctl; what comes of it is seen in the units' states."""
        return self.runner.run(["systemctl"] + list(words), timeout=180)

    def journal(self, unit, since):
        """Return the last telling lines of a unit since a moment."""
        told = self.runner.run(["journalctl", "--no-pager", "--output=cat", "--lines=20", "--since=@%d" % since, "--unit=" + unit])
        return daemon.telling([line.strip() for line in told.stdout.splitlines() if line.strip()])


def process_accounts(pid):
    """Return the user name and the set of gids of a process; ``(None, None)`` where there is none."""
    if not pid:
        return None, None
    try:
        with open("/proc/%d/status" % pid) as source:
            uid, groups = process_ids(source.read())
        return pwd.getpwuid(uid).pw_name, groups
    except (OSError, KeyError, IndexError):
        return None, None


def gid_of(group):
    """Return the gid of a group, None if there is none."""
    try:
        return grp.getgrnam(group).gr_gid
    except KeyError:
        return None


def is_member(user, group):
    """Tell whether a user is a member of a group, by /etc/group or as its own; False if either is missing."""
    try:
        found, person = grp.getgrnam(group), pwd.getpwnam(user)
    except KeyError:
        return False
    return user in found.gr_mem or person.pw_gid == found.gr_gid


# ---- what is to be done ----------------------------------------------------------------------------------------------------------------

class Plan:
    """Looks at everything, changes nothing, and knows the steps that are needed.

    :param list companions: the module's option, already passed by :func:`check`.
    :param runner: the one that starts programs.
    :param bool check_mode: users, groups and units that do not exist yet are taken for ones that an earlier task of this run makes.
    """

    def __init__(self, companions, runner, check_mode=False):
        self.companions, self.host, self.runner, self.check_mode = companions, Host(runner), runner, check_mode
        self.steps, self.touched, made = dict((entry["name"], []) for entry in companions), set(), set()
        # What stood in the files that are about to change, and whose they were.
        self.former = dict((entry["name"], []) for entry in companions)
        for entry in companions:
            self._accounts(entry)
        for entry in companions:
            for item in entry["directories"]:
                # Several may name a directory that they share.
                if item["path"] not in made:
                    self._directory(entry, item)
                made.add(item["path"])
            for item in entry["files"]:
                self._file(entry, item)
            for item in entry["memberships"]:
                self._membership(entry, item)
        self.states = self.host.states(set(entry["unit"] for entry in companions if entry["unit"]))
        self.reasons, self.warnings = dict((entry["name"], self._unit(entry)) for entry in companions), []
        for entry in companions:
            self._stranger(entry)

    def _accounts(self, entry):
        """Refuse users and groups that nobody made, before anything is touched."""
        wanted = [(item["owner"], item["group"], item["path"]) for item in entry["directories"] + entry["files"] if item.get("state") != "absent"]
        wanted += [(item["user"], item["group"], "the membership") for item in entry["memberships"]]
        for user, group, what in wanted:
            try:
                disk.user_id(user)
                disk.group_id(group)
            except InvalidValue as exc:
                if not self.check_mode:
                    raise InvalidValue("companion '%s': %s needs a %s Is the package of '%s' installed?" % (
                        entry["name"], what, exc.message.replace("does not exist on this host.", "that does not exist on this host."), entry["name"]),
                        companion=entry["name"], **exc.details)

    def _differs(self, item):
        try:
            return disk.attribute_changes(item["path"], item["owner"], item["group"], item["mode"])
        except InvalidValue as exc:
            return [("owner", "?", exc.message)]

    def _add(self, entry, what, do, diff=None):
        self.steps[entry["name"]].append(Step(what, do, diff))

    def _attributes(self, entry, item):
        faults = self._differs(item)
        if faults:
            self._add(entry, "%s: %s" % (item["path"], ", ".join("%s %s instead of %s" % (what, before, after) for what, before, after in faults)),
                      lambda: disk.set_attributes(item["path"], item["owner"], item["group"], item["mode"]),
                      {"before_header": item["path"], "after_header": item["path"], "before": "".join("%s %s\n" % fault[:2] for fault in faults),
                       "after": "".join("%s %s\n" % (fault[0], fault[2]) for fault in faults)})

    def _directory(self, entry, item):
        path = item["path"]
        if not os.path.lexists(path):
            self._add(entry, "directory %s is missing" % path, lambda: make_directory(item), file_diff(path, None, b"directory\n", False))
        elif not stat.S_ISDIR(os.lstat(path).st_mode):
            raise SendmailError("companion '%s': %s is no directory (a link or a file). Look at it with 'ls -ld %s', move it away and run again." % (
                entry["name"], path, path), companion=entry["name"], path=path)
        else:
            self._attributes(entry, item)

    def _file(self, entry, item):
        path, secret = item["path"], item["secret"]
        try:
            before = disk.read(path)
        except SendmailError as exc:
            raise SendmailError("companion '%s': %s" % (entry["name"], exc.message), companion=entry["name"], path=path)
        if item["state"] == "absent":
            if before is not None:
                self.former[entry["name"]].append((item, before, companions_proof.attributes(path)))
                self._touch(entry, item, "file %s is in the way" % path, lambda: disk.remove(path), file_diff(path, before, None, secret))
            return
        if item["command"]:
            if before is None:
                self._touch(entry, item, "file %s is missing" % path, lambda: self._made(entry, item), file_diff(path, None, b"made on the host\n", True))
            else:
                self._attributes(entry, item)
            return
        after = item["content"].encode("utf-8")
        if before != after:
            self.former[entry["name"]].append((item, before, companions_proof.attributes(path)))
            self._touch(entry, item, "file %s %s" % (path, "is missing" if before is None else "differs"),
                        lambda: disk.write(path, after, item["owner"], item["group"], item["mode"]), file_diff(path, before, after, secret))
        else:
            self._attributes(entry, item)

    def _touch(self, entry, item, what, do, diff):
        self.touched.add((entry["name"], item["path"]))
        self._add(entry, what, do, diff)

    def _made(self, entry, item):
        """Let the host make a file; what the program prints goes nowhere else."""
        result = self.runner.run(item["command"], timeout=300)
        if result.rc or not result.stdout:
            raise CommandFailed("companion '%s': '%s', which makes %s, %s." % (
                entry["name"], " ".join(item["command"]), item["path"],
                "failed: %s" % (result.stderr.strip() or "exit status %d" % result.rc) if result.rc else "printed nothing"),
                companion=entry["name"], path=item["path"])
        disk.write(item["path"], result.stdout.encode("utf-8"), item["owner"], item["group"], item["mode"])

    def _membership(self, entry, item):
        if is_member(item["user"], item["group"]):
            return
        line = "user %s in group %s\n" % (item["user"], item["group"])
        self._add(entry, "user %s is no member of group %s" % (item["user"], item["group"]), lambda: self._join(entry, item),
                  {"before_header": "/etc/group", "after_header": "/etc/group", "before": "", "after": line})

    def _join(self, entry, item):
        result = self.runner.run(["usermod", "-a", "-G", item["group"], item["user"]])
        if result.rc:
            raise CommandFailed("companion '%s': user %s could not be made a member of group %s: %s" % (
                entry["name"], item["user"], item["group"], result.stderr.strip()), companion=entry["name"])

    def _unit(self, entry):
        """Return why a unit is restarted or stopped, or the command of a companion without one is run."""
        if not entry["unit"]:
            return companions_proof.to_apply(entry, self.steps[entry["name"]], companions_proof.unproven(self.runner, entry))
        state = self.states[entry["unit"]]
        if entry["state"] == "stopped":
            return ["%s is running" % entry["unit"]] if state.active else []
        if not state.known:
            if not self.check_mode and not any(path.startswith(UNIT_DIRECTORIES) for name, path in self.touched if name == entry["name"]):
                raise SendmailError("companion '%s': there is no unit %s on this host. Is its package installed? See 'systemctl list-unit-files'." % (
                    entry["name"], entry["unit"]), companion=entry["name"], unit=entry["unit"])
            return ["%s is not running" % entry["unit"]]
        if not state.active:
            return ["%s is not running" % entry["unit"]]
        read = [item["path"] for item in entry["files"]] + entry["watch"]
        times = dict((path, daemon.changed_at(path)) for path in read)
        reasons = needed(entry, state, times, silence(entry),
                         dict((item["group"], gid_of(item["group"])) for item in entry["memberships"]), time.time())
        doubt = companions_proof.unproven(self.runner, entry)
        reasons += ["%s does not do its work: %s" % (entry["unit"], doubt)] if doubt else []
        # What this run is about to do asks for a restart as well; real runs would see it by the times, check mode can not.
        if entry["reload_on"] == "restart":
            reasons += [step.what for step in self.steps[entry["name"]] if step.what not in reasons]
        return reasons

    def _stranger(self, entry):
        """Refuse a daemon that is not ours to start and does not answer, before anything is touched."""
        fault = silence(entry) if not entry["unit"] and entry["state"] == "started" else None
        if fault:
            said = "companion '%s': nobody can be reached on %s: %s. Start it, or let it listen there so that %s may connect, and run again." % (
                entry["name"], entry["socket"], fault, entry["client"] or "root")
            if not self.check_mode:
                raise SendmailError(said, companion=entry["name"], socket=entry["socket"])
            self.warnings.append(said)

    def to_enable(self):
        """Return ``(units to enable, units to disable)``. What is neither enabled nor disabled (static, generated ...) is left alone."""
        wanted = [(entry["unit"], entry["enabled"], self.states[entry["unit"]].at_boot) for entry in self.companions if entry["unit"]]
        ours = [item["path"] for entry in self.companions for item in entry["files"]]
        # What systemd made of an init script can be enabled once a real unit stands in its place.
        replaced = [unit for unit, _enabled, at_boot in wanted if at_boot == "generated" and daemon.unit_path(unit) in ours]
        return (sorted(set(unit for unit, enabled, at_boot in wanted if enabled and (at_boot in ("", "disabled", "masked") or unit in replaced))),
                sorted(set(unit for unit, enabled, at_boot in wanted if not enabled and at_boot == "enabled")))

    def changed(self):
        """Tell whether anything is to be done."""
        return any(self.steps.values()) or any(self.reasons.values()) or any(self.to_enable())

    def diff(self):
        """Return the diff of files, owners and memberships."""
        return [step.diff for entry in self.companions for step in self.steps[entry["name"]] if step.diff]

    def report(self):
        """Return what is (or would be) done, for the module's result."""
        on, off = self.to_enable()
        told = []
        for entry in self.companions:
            reasons = [step.what for step in self.steps[entry["name"]]]
            reasons += [reason for reason in self.reasons[entry["name"]] if reason not in reasons]
            reasons += ["%s is not started at boot" % entry["unit"]] if entry["unit"] in on else []
            reasons += ["%s is started at boot" % entry["unit"]] if entry["unit"] in off else []
            action = ("none" if not self.reasons[entry["name"]] else "applied" if not entry["unit"] else
                      "stopped" if entry["state"] == "stopped" else "restarted")
            told.append({"name": entry["name"], "unit": entry["unit"], "action": action, "reasons": reasons})
        return told


def make_directory(item):
    """Make a directory that nobody can enter until it has its owner and mode; :raises SendmailError: its parent is missing."""
    try:
        os.mkdir(item["path"], 0o700)
    except OSError as exc:
        raise SendmailError("directory %s could not be made: %s." % (item["path"], exc.strerror), path=item["path"])
    disk.set_attributes(item["path"], item["owner"], item["group"], item["mode"])


# ---- doing and proving -----------------------------------------------------------------------------------------------------------------

def apply(plan, timeout):
    """Do what is needed and prove it.

    :param plan: a :class:`Plan`.
    :param float timeout: seconds that a daemon may take until it runs and answers.
    :raises SendmailError: a step failed, or a daemon does not run or answer; the message names companion, unit, socket and its last words.
    """
    began = time.time()
    _stop(plan)
    for entry in plan.companions:
        name = entry["name"]
        try:
            for step in plan.steps[name]:
                step.do()
        except BaseException:
            # Half of new files is neither what was nor what shall be, and the next boot would start with it.
            companions_proof.put_back(plan.former[name])
            raise
        if plan.steps[name] or plan.reasons[name]:
            companions_proof.judge(plan.runner, entry, plan.former[name])
        if companions_proof.retires(entry) and plan.reasons[name]:
            companions_proof.retire(plan.runner, entry, plan.former[name])
    _switch(plan)
    _prove(plan, began, timeout)


def _stop(plan):
    """Stop and disable what is not wanted while systemd still has its description, which may be about to go."""
    _on, off = plan.to_enable()
    if off:
        plan.host.systemctl("disable", *off)
    stop = [entry["unit"] for entry in plan.companions if entry["unit"] and entry["state"] == "stopped" and plan.reasons[entry["name"]]]
    if stop:
        plan.host.systemctl("stop", *stop)


def _switch(plan):
    host = plan.host
    units = any(path.startswith(UNIT_DIRECTORIES) for _unused, path in plan.touched)
    if units or any(state.stale for state in plan.states.values()):
        host.systemctl("daemon-reload")
    on, _off = plan.to_enable()
    if on:
        masked = [unit for unit in on if plan.states[unit].at_boot == "masked"]
        if masked:
            host.systemctl("unmask", *masked)
        result = host.systemctl("enable", *on)
        if result.rc:
            raise CommandFailed("%s could not be enabled: %s" % (" and ".join(on), result.stderr.strip()), units=on)
    for entry in plan.companions:
        # One after the other and in the order given: one may need the one before it.
        if entry["unit"] and entry["state"] == "started" and plan.reasons[entry["name"]]:
            _wait_for(entry)
            host.systemctl("reset-failed", entry["unit"])
            host.systemctl("restart", entry["unit"])
        elif entry.get("apply") and plan.reasons[entry["name"]] and not companions_proof.retires(entry):
            companions_proof.put_into_force(plan.runner, entry)


def _wait_for(entry):
    """Wait for files that another daemon fetches first; :raises SendmailError: they do not come."""
    deadline = time.time() + entry["wait_timeout"]
    for pattern in entry["wait_for"]:
        while not glob.glob(pattern):
            if time.time() >= deadline:
                raise SendmailError("companion '%s': %s needs %s, which is not there after %d seconds. Put it there, or see why the daemon that fetches "
                                    "it has not, and run again." % (entry["name"], entry["unit"], pattern, entry["wait_timeout"]),
                                    companion=entry["name"], path=pattern)
            time.sleep(1)


def _prove(plan, began, timeout):
    started = [entry for entry in plan.companions if (entry["unit"] or entry.get("proof")) and entry["state"] == "started"]
    deadline = time.time() + timeout
    if any(plan.reasons[entry["name"]] and entry["unit"] and not entry["socket"] for entry in started):
        time.sleep(SETTLE)
    for entry in started:
        fault = _fault(plan.host, entry)
        while fault and time.time() < deadline:
            time.sleep(0.2)
            fault = _fault(plan.host, entry)
        if fault:
            raise _unfit(plan, entry, fault, began)


def _unfit(plan, entry, fault, began):
    """Return the error that names a companion which does not do its work, its last words and its files."""
    files = ", ".join(item["path"] for item in entry["files"]) or "none of ours"
    if not entry["unit"]:
        return SendmailError("companion '%s': %s. Its files: %s." % (entry["name"], fault, files), companion=entry["name"])
    said = plan.host.journal(entry["unit"], began)
    return SendmailError("companion '%s': %s. %s See 'systemctl status %s' and its files: %s." % (
        entry["name"], fault, "It said: %s." % " | ".join(said) if said else "It said nothing.", entry["unit"], files),
        companion=entry["name"], unit=entry["unit"], journal=said)


def _fault(host, entry):
    if not entry["unit"]:
        return companions_proof.unproven(host.runner, entry)
    state = host.states([entry["unit"]])[entry["unit"]]
    if not state.active:
        return "%s does not run" % entry["unit"]
    fault = silence(entry)
    return "%s runs, and can not be reached on %s (%s)" % (entry["unit"], entry["socket"], fault) if fault else companions_proof.unproven(host.runner, entry)


def reports(companions, runner, check_mode):
    """Run the programs that say something about the host, such as the public half of a key.

    :returns: dict of name to what each printed.
    :raises CommandFailed: one failed (in check mode it is left out: what it reads may be yet to be made).
    """
    told = {}
    for entry in companions:
        for item in entry["reports"]:
            try:
                result = runner.run(item["command"])
                if result.rc:
                    raise CommandFailed("companion '%s': '%s' failed: %s" % (entry["name"], " ".join(item["command"]), result.stderr.strip()))
                told[item["name"]] = result.stdout
            except CommandFailed:
                if not check_mode:
                    raise
    return told
