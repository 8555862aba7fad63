# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Units, what they need (derived from state alone), proof of health, and the way back.

"Active" proves nothing: a sendmail that can not bind its port, or that waits for a name server, is active. What counts is that the unit's own main
process runs the expected program, holds exactly the declared sockets and greets on each of them.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import ipaddress
import os
import re
import socket
import stat
import time
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, disk, hostinfo, tls_health
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, SendmailError

UNIT_DIRECTORY = "/etc/systemd/system"
PROPERTIES = ("Id", "LoadState", "ActiveState", "SubState", "MainPID", "UnitFileState", "NeedDaemonReload", "FragmentPath",
              "ExecMainStartTimestampMonotonic")
# What a step costs, the dearest last: a unit gets the dearest of what its reasons ask for.
NONE, RELOADED, STOPPED, RESTARTED = "none", "reloaded", "stopped", "restarted"
JOURNAL_LINES = 20
# The kernel stamps files with the time of its last tick.
TICK = 0.02
# What systemd says of any service, which is no news.
CHATTER = re.compile(r"(Starting|Started|Stopping|Stopped|Reloading|Reloaded) |\S+: (Deactivated|Scheduled restart|Failed with result|Consumed|Killing)"
                     r"|starting daemon|restarting \S+ due to signal")

# starttls: STARTTLS has to be offered after the greeting.
Listener = collections.namedtuple("Listener", "address port tls starttls")
Listener.__new__.__defaults__ = (False,)
# name: with its suffix; text: whole content; watch: files that are read at start or HUP only; run: False for one that must neither run nor start at boot.
Unit = collections.namedtuple("Unit", "name text pid_file watch listeners run")
Unit.__new__.__defaults__ = (True,)
# What a unit looks like now. ``sockets`` is None where the kernel hides them.
State = collections.namedtuple("State", "active main_pid enabled stale fragment started pid_written program sockets")


# ---- pure ------------------------------------------------------------------------------------------------------------------------------

def listener(entry, certified=False):
    """Return the :class:`Listener` of one entry of ``sendmail_listeners``.

    :param bool certified: the daemon has a certificate, so that it offers STARTTLS wherever the entry does not say otherwise.
    :raises InvalidValue: its address is none.
    """
    modifiers = entry.get("modifiers") or []
    address = entry.get("address") or ("::" if entry.get("family") == "inet6" else "0.0.0.0")
    try:
        address = str(ipaddress.ip_address(u"%s" % address.strip("[]")))
    except ValueError:
        raise InvalidValue("listener '%s': '%s' is no IP address. Expected one such as 0.0.0.0, 192.0.2.25 or 2001:db8::25." % (
            entry.get("name") or "", address), listener=entry)
    return Listener(address, int(entry.get("port") or 25), "s" in modifiers, certified and not {"s", "S"} & set(modifiers))


def spell(place):
    """Return an address and port as people write them."""
    return ("[%s]:%d" if ":" in place[0] else "%s:%d") % (place[0], place[1])


def parse_show(text):
    """Return a dict of unit name to its properties out of ``systemctl show`` for several units."""
    blocks = [dict(line.partition("=")[::2] for line in block.splitlines()) for block in text.strip().split("\n\n")]
    return dict((block["Id"], block) for block in blocks if block.get("Id"))


def needed(unit, state, text_on_disk, times, program, now):
    """Decide from state alone what a unit needs.

    :param str text_on_disk: its unit file as it is, None if there is none.
    :param dict times: path to time of last change (None: absent) of the unit file and every watched file.
    :param str program: the file that its process has to run.
    :param float now: this moment; a file from the future is not taken for newer, or it would cost a restart in every run.
    :returns: ``(action, reasons)``, where action is ``none``, ``reloaded`` or ``restarted``.
    """
    if not unit.run:
        return (STOPPED, ["%s runs, and this host shall have no such daemon" % unit.name]) if state.active else (NONE, [])
    restart, path = [], unit_path(unit.name)
    if text_on_disk != unit.text:
        restart.append("%s is new" % path if text_on_disk is None else "%s differs" % path)
    if not state.active:
        restart.append("%s is not running" % unit.name)
        return RESTARTED, restart
    if text_on_disk == unit.text and (state.fragment != path or state.stale):
        restart.append("systemd runs %s from an older description" % unit.name)
    elif newer(times.get(path), state.started, now) and text_on_disk == unit.text:
        restart.append("%s is newer than the running %s" % (path, unit.name))
    if state.program not in (None, program):
        restart.append("%s runs %s, expected %s" % (unit.name, state.program, program))
    if state.pid_written is None:
        restart.append("%s of %s is missing" % (unit.pid_file, unit.name))
    if restart:
        return RESTARTED, restart
    read_anew = ["%s is newer than the running %s" % (name, unit.name) for name in unit.watch if newer(times.get(name), state.pid_written, now)]
    return (RELOADED if "\nExecReload=" in unit.text else RESTARTED, read_anew) if read_anew else (NONE, [])


def newer(changed, started, now):
    """Tell whether a file was changed after something started."""
    return changed is not None and started is not None and started < changed <= now


def unit_path(name):
    """Return where the text of a unit stands."""
    return os.path.join(UNIT_DIRECTORY, name)


def socket_faults(unit, sockets):
    """Compare the sockets of a process with the declared listeners.

    :param sockets: set of ``(address, port)`` or None where they are hidden.
    :returns: list of sentences, empty when they are the same.
    """
    if sockets is None or not unit.listeners:
        return []
    declared = set((entry.address, entry.port) for entry in unit.listeners)
    return (["does not listen on %s" % spell(place) for place in sorted(declared - sockets)]
            + ["listens on %s, which no listener declares" % spell(place) for place in sorted(sockets - declared)])


def former_listeners(unit, sockets):
    """Return the listeners of a unit as they were: what it listened on, not what is declared now; as declared where that is not known."""
    declared = dict(((entry.address, entry.port), entry) for entry in unit.listeners)
    if not unit.listeners or not sockets:
        return unit.listeners
    return tuple(declared.get(place, Listener(place[0], place[1], place[1] == 465)) for place in sorted(sockets))


def declared(text):
    """Return ``(listeners, files of certificates)`` of a compiled configuration: what a daemon that runs with it has to show.

    Without listeners of its own, or with one that has no plain address and port, there are none.
    """
    found = hostinfo.parse_configuration(text)
    files = [path.strip() for path in found["options"].get("ServerCertFile", "").split(",") if path.strip()]
    said = [cf.listener(line) for line in found["daemon_port_options"]]
    try:
        return tuple(listener({"name": one.get("Name"), "address": one.get("Addr"), "family": one.get("Family"), "port": one.get("Port"),
                               "modifiers": list(one.get("Modifiers") or "")}, bool(files)) for one in said if one.get("Name") != "NoMTA"), files
    except (InvalidValue, ValueError):
        return (), files


def greeting_fault(entry, answer):
    """Judge what a listener said first.

    :param str answer: its first line, or the reason why there is none after ``!``.
    :returns: a sentence, or None when it greeted.
    """
    if answer.startswith("220"):
        return None
    return "%s %s" % (spell(entry), "does not answer: %s" % answer[1:] if answer.startswith("!") else "answers '%s' instead of a greeting" % answer)


def alive(answers):
    """Tell whether every listener said anything of SMTP at all: a daemon that is busy (421) is no reason for a restart."""
    return all(answer[:1] in ("2", "4", "5") for answer in answers)


def telling(lines, count=4):
    """Return the last few lines of a journal that say something, each once."""
    found = [line.rstrip(".") for line in lines if not CHATTER.match(line)]
    return [line for place, line in enumerate(found) if line not in found[place + 1:]][-count:]


def unit_user(text):
    """Return the user as whom a unit runs."""
    named = [line.partition("=")[2].strip() for line in text.splitlines() if line.startswith("User=")]
    return named[-1] if named and named[-1] else "root"


def unit_diff(unit, text_on_disk):
    """Return one entry of the diff."""
    return {"before_header": unit_path(unit.name), "after_header": unit_path(unit.name), "before": text_on_disk or "", "after": unit.text}


# ---- the host --------------------------------------------------------------------------------------------------------------------------

class Host:
    """What is asked of the host, and done to it.

    :param runner: the one that starts programs.
    :param str program: the file that every unit's main process runs.
    """

    def __init__(self, runner, program):
        self.runner, self.program = runner, os.path.realpath(program)

    def systemctl(self, *words, **options):
        """Run systemctl; :raises CommandFailed: it did not succeed, with what it said."""
        result = self.runner.run(["systemctl"] + list(words), timeout=options.get("timeout", 120))
        if result.rc and not options.get("may_fail"):
            raise CommandFailed("systemctl %s failed: %s" % (" ".join(words), result.stderr.strip() or "exit status %d" % result.rc), rc=result.rc)
        return result.stdout

    def states(self, units):
        """Return the :class:`State` of each unit by name, asked in one call."""
        told = parse_show(self.systemctl("show", "--property=" + ",".join(PROPERTIES), *[unit.name for unit in units]))
        return dict((unit.name, self._state(unit, told.get(unit.name, {}))) for unit in units)

    def _state(self, unit, told):
        pid, boot = int(told.get("MainPID") or 0), time.time() - time.clock_gettime(time.CLOCK_MONOTONIC)
        return State(
            active=told.get("ActiveState") in ("active", "reloading") and pid > 0, main_pid=pid, enabled=told.get("UnitFileState") == "enabled",
            stale=told.get("NeedDaemonReload") == "yes", fragment=told.get("FragmentPath", ""),
            started=boot + int(told.get("ExecMainStartTimestampMonotonic") or 0) / 1e6, pid_written=changed_at(unit.pid_file),
            program=running_program(pid), sockets=listening_sockets(pid) if unit.listeners else None)

    def unmasked(self, names):
        """Return those of some units that something could start, or that run."""
        if not names:
            return []
        told = parse_show(self.systemctl("show", "--property=Id,ActiveState,UnitFileState", *names))
        return [name for name in names if (told.get(name, {}).get("UnitFileState"), told.get(name, {}).get("ActiveState")) != ("masked", "inactive")]

    def times(self, unit):
        """Return what :func:`needed` compares."""
        return dict((path, changed_at(path)) for path in [unit_path(unit.name)] + list(unit.watch))

    def journal(self, name, since):
        """Return the last words of a unit since a moment."""
        told = self.runner.run(["journalctl", "--no-pager", "--output=cat", "--lines=%d" % JOURNAL_LINES, "--since=@%d" % since, "--unit=" + name])
        return [line for line in told.stdout.splitlines() if line.strip()]


def changed_at(path):
    """Return when a file was last changed or put in place; None if it is absent."""
    try:
        # ctime, not mtime: a file that was moved into place or restored keeps its old mtime.
        return os.stat(path).st_ctime
    except OSError:
        return None


def running_program(pid):
    """Return the file that a process runs; None where the kernel does not show it."""
    try:
        return os.readlink("/proc/%d/exe" % pid) if pid else None
    except OSError:
        return None


def listening_sockets(pid):
    """Return ``(address, port)`` of each TCP socket on which a process listens; None where the kernel does not show them."""
    try:
        names = set(os.readlink(entry.path) for entry in os.scandir("/proc/%d/fd" % pid)) if pid else set()
    except OSError:
        return None
    tables = [hostinfo.read_text("/proc/net/" + name) or "" for name in ("tcp", "tcp6")]
    return set((entry["address"], entry["port"]) for text in tables for entry in hostinfo.parse_listeners(text, range(65536))
               if "socket:[%s]" % entry["inode"] in names)


def greet(entry, timeout, certificates=()):
    """Return the first line that a listener says; after ``!`` the reason why it says nothing, or why its TLS is not what it should be.

    :param certificates: SHA-256 of the certificates of which a listener with TLS has to show one; without any, none is looked at.
    """
    target = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(entry.address, entry.address)
    try:
        link = socket.create_connection((target, entry.port), timeout=timeout)
        try:
            link.settimeout(timeout)
            if entry.tls:
                link = tls_health.unverified().wrap_socket(link)
            fault = tls_health.certificate_fault(link, certificates) if entry.tls and certificates else None
            with link.makefile("rb") as stream:
                line = stream.readline(512).decode("utf-8", "replace").strip()
            if entry.starttls and line.startswith("220"):
                return tls_health.starttls_fault(link, certificates) or line
            link.sendall(b"QUIT\r\n")
            return fault or line or "!the connection was closed without a word"
        finally:
            link.close()
    except socket.timeout:
        return "!no greeting within %d seconds" % timeout
    except (OSError, ValueError) as exc:
        return "!%s" % (getattr(exc, "strerror", None) or exc)


def greetings(listeners, timeout, certificates=()):
    """Ask all listeners at once; return their answers in order."""
    if not listeners:
        return []
    with ThreadPoolExecutor(max_workers=min(8, len(listeners))) as pool:
        return list(pool.map(lambda entry: greet(entry, timeout, certificates), listeners))


def strays(directory, uid):
    """Return a spool and the paths below it whose owner is not the one that works on it.

    :raises SendmailError: one of them is no plain file of its own, so it can not be handed over; whoever could write there may have planted it.
    """
    found = []
    for place, _unused, names in os.walk(directory):
        for path in [place] + [os.path.join(place, name) for name in names]:
            try:
                entry = os.lstat(path)
            except OSError:
                continue
            if entry.st_uid != uid and not _plain(entry):
                raise SendmailError("%s is a link, a device or a file with a second name, which has no place in a queue. Nothing was touched. "
                                    "Look at it with ls -l, remove it, and run again." % path, path=path)
            if entry.st_uid != uid:
                found.append(path)
    return found


def _plain(entry):
    return stat.S_ISDIR(entry.st_mode) or (stat.S_ISREG(entry.st_mode) and entry.st_nlink == 1)


def hand_over(paths, uid, gid):
    """Give files of a spool to the one that works on it. Links are not followed: what became one since :func:`strays` stays for the next run to name."""
    for path in paths:
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError:
            continue
        try:
            if _plain(os.fstat(handle)):
                os.fchown(handle, uid, gid)
        finally:
            os.close(handle)


def let_in(paths, gid):
    """Give sockets of filters, and the directories in which they are made anew, to the group of the one that connects. No link is followed."""
    for path in paths:
        for place in (os.path.dirname(path), path):
            try:
                os.chown(place, -1, gid, follow_symlinks=False)
            except OSError:
                continue    # a filter that is down has no socket; the one that it makes has the group of its directory


# ---- the run ---------------------------------------------------------------------------------------------------------------------------

class Supervisor:
    """Brings units to what was asked, proves them, and goes back if they do not hold.

    :param host: a :class:`Host`.
    :param list units: :class:`Unit` in the order of their start.
    :param list spools: dicts ``path owner group`` whose contents must belong to the daemon.
    :param list removed: files of the vendor that would start a second daemon or queue runner.
    :param float timeout: seconds that the daemon may take to answer.
    :param announced: paths that count as changed just now (check mode: an earlier task would have changed them).
    :param list masked: units of the vendor that would start one.
    :param certificates: function that returns the SHA-256 of the certificates of which each listener with TLS has to show one.
    :param check: asked when all units are as declared; returns further faults.
    :param configuration: the daemon's compiled configuration: after the way back its own words count, and not those that were new.
    :param sockets: paths of filters' sockets, which the group of the daemon's account has to reach when it starts.
    """

    def __init__(self, host, units, spools=(), removed=(), timeout=30, announced=(), masked=(), certificates=tuple, check=None, configuration=None, sockets=()):
        self.certificates, self.check, self.configuration, self.sockets = certificates, check, configuration, sockets
        self.host, self.units, self.timeout, self.removed = host, units, timeout, [path for path in removed if os.path.lexists(path)]
        self.texts = dict((unit.name, self._text(unit)) for unit in units)
        self.spools = [(spool, strays(spool["path"], self._uid(spool))) for spool in spools]
        self.states = host.states(units)
        self.odd = dict((unit.name, self._attribute_faults(unit)) for unit in units)
        now = time.time()
        self.plan = dict((unit.name, needed(unit, self.states[unit.name], self.texts[unit.name], dict(host.times(unit), **dict.fromkeys(announced, now)),
                                            host.program, now)) for unit in units)
        self._spools_ask_for_restart()
        self._look_at_the_idle()
        self.before = dict((unit.name, self.states[unit.name].sockets) for unit in units)
        self.enable = [unit.name for unit in units if unit.run and not self.states[unit.name].enabled]
        self.disable = [unit.name for unit in units if not unit.run and self.states[unit.name].enabled]
        self.stale = any(state.stale for state in self.states.values())
        self.ran = set(name for name, state in self.states.items() if state.active)
        self.unmasked = host.unmasked(masked)

    @staticmethod
    def _text(unit):
        data = disk.read(unit_path(unit.name))
        return None if data is None else data.decode("utf-8", "replace")

    @staticmethod
    def _uid(spool):
        try:
            return disk.user_id(spool["owner"])
        except InvalidValue:
            # In check mode on a host without sendmail the user is yet to be made.
            return -1

    def _attribute_faults(self, unit):
        """Name what is wrong with owner and mode of a unit file: whoever may write there says what root runs."""
        if self.texts[unit.name] is None:
            return []
        return ["%s of %s is %s, expected %s" % (what, unit_path(unit.name), before, after)
                for what, before, after in disk.attribute_changes(unit_path(unit.name), "root", "root", "0644")]

    def _spools_ask_for_restart(self):
        found = [(spool["path"], paths) for spool, paths in self.spools if paths]
        for unit in self.units:
            if found and unit.listeners:
                reasons = ["%d files in %s do not belong to the daemon" % (len(paths), place) for place, paths in found]
                self.plan[unit.name] = (RESTARTED, self.plan[unit.name][1] + reasons)

    def _look_at_the_idle(self):
        """A daemon that needs nothing by its files may still be deaf."""
        for unit in self.units:
            state = self.states[unit.name]
            if self.plan[unit.name][0] != NONE or not unit.listeners:
                continue
            faults = ["%s %s" % (unit.name, fault) for fault in socket_faults(unit, state.sockets)]
            answers = [] if faults else greetings(unit.listeners, self.timeout, self.certificates())
            if not alive(answers):
                faults = [fault for fault in map(greeting_fault, unit.listeners, answers) if fault]
            if faults:
                self.plan[unit.name] = (RESTARTED, faults)

    def diff(self):
        """Return the diff of the unit texts."""
        return [unit_diff(unit, self.texts[unit.name]) for unit in self.units if self.texts[unit.name] != unit.text]

    def changed(self):
        """Tell whether anything is to be done."""
        return bool(self.diff() or self.removed or self.unmasked or any(self.odd.values()) or any(action != NONE for action, _unused in self.plan.values())
                    or any(paths for _unused, paths in self.spools) or self.enable or self.disable)

    def report(self):
        """Return what was (or would be) done, for the module's result."""
        reasons = [reason for unit in self.units for reason in self.odd[unit.name] + self.plan[unit.name][1]]
        reasons += ["%s is not started at boot" % name for name in self.enable]
        reasons += ["%s is started at boot, and this host shall have no such daemon" % name for name in self.disable]
        reasons += ["%s starts a second queue runner" % name for name in self.removed + self.unmasked]
        actions = [self.plan[unit.name][0] for unit in self.units]
        return {"action": max(actions, key=(NONE, RELOADED, STOPPED, RESTARTED).index), "reasons": reasons,
                "units": [{"name": unit.name, "action": self.plan[unit.name][0], "changed": self.texts[unit.name] != unit.text,
                           "pid": self.states[unit.name].main_pid} for unit in self.units]}

    def apply(self):
        """Write, enable, start; nothing is proven yet."""
        moved = [unit for unit in self.units if self.texts[unit.name] != unit.text]
        for unit in moved:
            disk.write(unit_path(unit.name), unit.text.encode("utf-8"), mode="0644")
        for unit in self.units:
            if self.odd[unit.name] and unit not in moved:
                disk.set_attributes(unit_path(unit.name), "root", "root", "0644")
        for path in self.removed:
            disk.remove(path)
        if moved or self.stale:
            self.host.systemctl("daemon-reload")
        if self.unmasked:
            self.host.systemctl("mask", "--now", *self.unmasked)
        if self.enable:
            self.host.systemctl("enable", *self.enable)
        if self.disable:
            self.host.systemctl("disable", *self.disable)
        self._start()

    def _start(self):
        restart = [unit.name for unit in self.units if self.plan[unit.name][0] == RESTARTED]
        reload_only = [unit.name for unit in self.units if self.plan[unit.name][0] == RELOADED]
        stop = [unit.name for unit in self.units if self.plan[unit.name][0] == STOPPED]
        if stop:
            self.host.systemctl("stop", *stop)
        if any(paths for _unused, paths in self.spools):
            # What is open must not change hands, so the daemon is away meanwhile.
            self.host.systemctl("stop", *restart)
            for spool, paths in self.spools:
                hand_over(paths, disk.user_id(spool["owner"]), disk.group_id(spool["group"]))
        if self.sockets:
            # sendmail refuses to start with a filter that it may not reach.
            let_in(self.sockets, disk.group_id(self._account()))
        if restart:
            # A unit that failed too often would otherwise refuse to start.
            self.host.systemctl("reset-failed", *restart, may_fail=True)
            self.host.systemctl("restart", *restart, may_fail=True)
        if reload_only:
            self.host.systemctl("reload", *reload_only, may_fail=True)

    def _account(self):
        """Return as whom the daemon is about to run, which has a group of the same name."""
        return unit_user("".join([(self._text(unit) or "") for unit in self.units if unit.listeners][:1]))

    def prove(self, since):
        """Wait until every unit is as declared.

        :param float since: a unit that was started or reloaded must have written its pid file after this moment.
        :returns: list of faults, empty when all is well.
        """
        deadline, faults = time.time() + self.timeout, ["nothing was asked yet"]
        while faults:
            faults = self._faults(since, max(1.0, deadline - time.time()))
            if faults and time.time() >= deadline:
                return faults
            if faults:
                time.sleep(0.2)
        return []

    def _faults(self, since, patience):
        self.states = self.host.states(self.units)
        faults = []
        for unit in self.units:
            state, before = self.states[unit.name], len(faults)
            if not unit.run:
                faults += ["%s (process %d) still runs" % (unit.name, state.main_pid)] if state.active else []
                continue
            if not state.active:
                faults.append("%s is not running" % unit.name)
                continue
            if self.plan[unit.name][0] != NONE and not (state.pid_written and state.pid_written >= since):
                faults.append("%s has not come up: its %s is not written yet" % (unit.name, unit.pid_file))
                continue
            if state.program not in (None, self.host.program):
                faults.append("%s runs %s, expected %s" % (unit.name, state.program, self.host.program))
            faults += ["%s (process %d) %s" % (unit.name, state.main_pid, fault) for fault in socket_faults(unit, state.sockets)]
            if len(faults) == before:
                answers = greetings(unit.listeners, patience, self.certificates())
                faults += [fault for fault in map(greeting_fault, unit.listeners, answers) if fault]
        return faults or self.further_faults()

    def further_faults(self):
        """Return what is wrong besides units and sockets."""
        return self.check() if self.check else []

    def holders(self):
        """Name the processes that hold declared sockets in our daemon's place."""
        ours = set(state.main_pid for state in self.states.values())
        ports = [entry.port for unit in self.units for entry in unit.listeners]
        found = hostinfo.Host(self.host.runner).listeners(ports)
        return ["%s is held by process %d (%s)" % (spell((row["address"], row["port"])), row["pid"], row["process"]) for row in found
                if row["pid"] and row["pid"] not in ours]

    def journal(self, since):
        """Return the last words of all units since a moment."""
        return [line for unit in self.units for line in self.host.journal(unit.name, int(since))]

    def present(self):
        """Say in a sentence what takes mail at this moment."""
        listeners = [entry for unit in self.units for entry in unit.listeners]
        taking = [spell(entry) for entry, answer in zip(listeners, greetings(listeners, 6)) if answer.startswith("220")]
        if not listeners and all(self.states[unit.name].active for unit in self.units if unit.run):
            return "The submission queue's runner runs (%s); this host takes no mail from others." % self.units[-1].name
        if not taking:
            return "NO MAIL IS TAKEN at this moment: see 'journalctl -u %s'." % self.units[0].name
        pids = ", ".join("%s process %d" % (unit.name, self.states[unit.name].main_pid) for unit in self.units)
        return "Mail is taken on %s (%s)." % (", ".join(taking), pids)

    def former_units(self):
        """Return the names of the units whose former text can be put back."""
        return [unit.name for unit in self.units if self.texts[unit.name] not in (None, unit.text)]

    def _judge_by_the_former(self):
        """Expect what the configuration that came back has: its listeners, STARTTLS only if it offers that, and its certificates."""
        text = hostinfo.read_text(self.configuration) if self.configuration else None
        if text is None:
            return
        listeners, paths = declared(text)
        self.certificates = lambda: tls_health.fingerprints(paths)
        for place, unit in enumerate(self.units):
            known = listeners or tuple(entry._replace(starttls=entry.starttls and bool(paths)) for entry in unit.listeners)
            self.units[place] = unit._replace(listeners=known if unit.listeners else ())

    def go_back(self):
        """Put the former unit texts back and start from them; the caller has put the former configuration back."""
        for name in self.former_units():
            disk.write(unit_path(name), self.texts[name].encode("utf-8"), mode="0644")
        self.host.systemctl("daemon-reload")
        # The former configuration may have had another hub.
        self.check = None
        # A daemon that ran before comes back, even if it is one that should be no more.
        self._judge_by_the_former()
        self.units = [unit._replace(listeners=former_listeners(unit, self.before[unit.name]), run=unit.run or unit.name in self.ran) for unit in self.units]
        self.plan = dict((unit.name, (RESTARTED if unit.run else NONE, [])) for unit in self.units)
        if self.disable:
            self.host.systemctl("enable", *self.disable)
        former = [self.texts[unit.name] for unit in self.units if unit.listeners and self.texts[unit.name] is not None]
        for text in former[:1]:
            owner = unit_user(text)
            self.spools = [(dict(spool, owner=owner), strays(spool["path"], disk.user_id(owner))) for spool, _unused in self.spools]
        self._start()


def bring_up(supervisor, recovery):
    """Do what is needed, prove it, and return to the last good state if it does not hold.

    :param supervisor: a :class:`Supervisor` whose plan is made.
    :param recovery: ``mark_good()`` remembers the live configuration as proven; ``restore()`` puts the last good one back and returns ``(its id or None,
                     a sentence)``; ``restore_keys()`` puts back what files of keys and certificates held, and returns their paths.
    :raises SendmailError: the daemon does not do what was declared; the message says what was tried, what it answered and what runs now.
    """
    began, tried = time.time(), supervisor.report()["action"]
    supervisor.apply()
    faults = supervisor.prove(began - TICK)
    if not faults:
        recovery.mark_good()
        return
    faults += supervisor.holders()
    journal = supervisor.journal(began)
    restored, outcome = _return_to_good(supervisor, recovery)
    said = telling(journal)
    raise SendmailError("sendmail %s and does not do what was declared: %s. %s %s" % (
        "was " + tried if tried != NONE else "was left running", "; ".join(faults), "It said: %s." % " | ".join(said) if said else "It said nothing.", outcome),
        faults=faults, journal=journal, tried=tried, restored=restored)


def _return_to_good(supervisor, recovery):
    """Return ``(id of the configuration that was put back or None, the sentences that say what runs now)``."""
    keys = recovery.restore_keys()
    restored, what = recovery.restore()
    former = supervisor.former_units()
    what += " What %s held before was put back." % " and ".join(keys) if keys else ""
    if former:
        what += " The former %s %s put back." % (" and ".join(former), "were" if len(former) > 1 else "was")
    if restored is None and not former and not keys:
        return None, "%s %s" % (what, supervisor.present())
    again = time.time() - TICK
    try:
        supervisor.go_back()
        faults = supervisor.prove(again)
    except SendmailError as exc:
        faults = [exc.message]
    if faults:
        return restored, "%s Even so: %s. %s" % (what, "; ".join(faults), supervisor.present())
    recovery.mark_good()
    return restored, "%s %s Mend the cause and run again." % (what, supervisor.present())
