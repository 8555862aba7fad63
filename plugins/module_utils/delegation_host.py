# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What delegation needs on a host: groups, directories, the program, its specification, its units; and its end where nothing is delegated any more.

Everything is planned first, as a list of :class:`Step`, each with what it changes and how; check mode stops there.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import grp
import json
import os
import pwd
import re
import shutil
import stat
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    delegation,
    delegation_entries,
    delegation_units,
    disk,
    generations,
    hostinfo,
    tables,
    tables_syntax,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, SendmailError, UnsafePath

Step = collections.namedtuple("Step", "what name before after act")
Step.__doc__ = "One change: kind of thing, its name, its state before and after as text, and the function that makes it."

GROUP_PREFIX = "mailjail-"
GREETING = """\
# Entries of the map {map}, one a line: {form}
# A line that begins with # is a remark. Save the file; a few seconds later entries.result says whether the entries are in force,
# and if not, why. Until then, and if not, the ones that were accepted last stay in force. An empty file takes them away.
"""
FORMS = {"aliases": "name: target, target"}


# -- what was asked for


def declared(params):
    """Return map name to what is declared of it.

    Each has ``row`` (of sendmail_config), ``map`` (that row without what it holds), ``group``, ``users``, ``exact``, ``relay`` and ``notify``.

    :raises InvalidValue: a delegation that can not be meant, named.
    """
    rows = {row["kind"]: row for row in params["maps"]}
    found = {}
    for one in params["delegations"]:
        name = one["map"]
        if name in found:
            raise InvalidValue("sendmail_delegations names the map %s twice. Put its users into one." % name, map=name)
        _check(one, rows.get(name))
        # A group of ours has exactly the users as members; a group of the site's own only gains them.
        found[name] = {"map": row_for(rows[name]), "row": rows[name], "group": one["group"] or GROUP_PREFIX + name, "exact": not one["group"],
                       "users": one["users"], "relay": one["relay"], "notify": one["notify"] or ""}
    return found


def _check(one, row):
    name = one["map"]
    if not one["users"] and not one["group"]:
        raise InvalidValue("sendmail_delegations: the map %s is delegated to nobody. Name users, or a group." % name, map=name)
    if one["notify"] and (not tables_syntax.is_address(one["notify"]) or re.search(r"[^\x21-\x7e]", one["notify"])):
        raise InvalidValue("sendmail_delegations: notify of the map %s is '%s'; expected a mail address." % (name, one["notify"]), map=name)
    if row is None:
        raise InvalidValue("sendmail_delegations names the map %s, which this host does not have. Declare it in the configuration." % name, map=name)
    if row["file"] or row["host_file"]:
        raise InvalidValue("sendmail_delegations names the map %s, which comes whole from the file %s. Declare its entries in the playbook to share it." % (
            name, row["file"] or row["host_file"]), map=name)
    if not row["accepted"]:
        raise InvalidValue("sendmail_delegations names the map %s, but the configuration was not told to take up its delegated entries "
                           "(maps[].accepted of sendmail_config)." % name, map=name)


def row_for(row):
    """Return a map's row as the transaction takes it, without what it holds."""
    return dict(row, entries=None, content=None, remarks=None, warnings=None, shared=None, file=None, host_file=None, upload=None, digest=None, secret=False)


def specification(params, found):
    """Return the bytes of the file that tells the program what to do."""
    common = {key: params[key] for key in ("sendmail", "makemap", "state_directory", "keep_generations", "route_tests")}
    maps = {name: {key: one[key] for key in ("map", "group", "relay", "notify")} for name, one in found.items()}
    whole = {"common": dict(common, mta={"compiled": params["compiled"]}), "context": params["context"], "maps": maps}
    return (json.dumps(whole, indent=1, sort_keys=True) + "\n").encode("utf-8")


def writable(params, found):
    """Return the paths that the program writes to, for its sandbox."""
    paths = {os.path.dirname(one["map"]["path"]) for one in found.values()} | {delegation.ROOT, params["state_directory"]}
    if any(one["notify"] for one in found.values()):
        paths.add("-" + params["client_queue"])
    return sorted(paths) + [generations.LOCK]


def former():
    """Return map name to what the last run declared of it."""
    try:
        with open(delegation.SPEC) as source:
            return json.load(source)["maps"]
    except (OSError, ValueError, KeyError):
        return {}


def is_present():
    """Tell whether anything of a delegation is on this host."""
    return bool(hostinfo.existing(hostinfo.DELEGATION))


def _unit_files():
    return [os.path.join(delegation_units.DIRECTORY, name) for name in delegation_units.FILES]


def _enabled():
    """Return the units of any map that are enabled, as systemd's own links name them."""
    links = glob.glob(delegation_units.DIRECTORY + "/*.wants/mailjail-delegate*@*")
    return sorted({os.path.basename(link) for link in links})


def show_name(lookup, number):
    """Return the name behind a uid or gid, or the number where there is none."""
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


class Plan:
    """The steps from what a host has to what was asked for.

    :param dict params: the module's parameters.
    :param runner: starts the programs.
    :ivar list steps: what has to change, in order. :ivar list warnings: sentences.
    """

    def __init__(self, params, runner):
        self.params, self.runner, self.steps, self.warnings = params, runner, [], []
        self.found = declared(params)
        if self.found:
            self.groups()
            self.directories()
            self.files()
        if self.found or is_present():
            self.retire()
            self.units()
        if self.found:
            self.withdraw()

    def add(self, what, name, before, after, act):
        """Add a step."""
        self.steps.append(Step(what, name, before, after, act))

    def command(self, *argv):
        """Return a function that runs a program, which has to succeed."""
        def act():
            answer = self.runner.run(list(argv), timeout=120)
            if answer.rc:
                said = (answer.stderr or answer.stdout).strip() or "no word"
                raise CommandFailed("%s ended with %d: %s" % (" ".join(argv), answer.rc, said), command=list(argv))
        return act

    # -- groups

    def groups(self):
        """Plan the groups; users and groups of the site that do not exist are refused."""
        for name, one in sorted(self.found.items()):
            missing = [user for user in one["users"] if not _exists(pwd.getpwnam, user)]
            if missing:
                raise InvalidValue("sendmail_delegations: the map %s is delegated to %s, who is no user of this host. Make the user first." % (
                    name, ", ".join(missing)), map=name, users=missing)
            known = _exists(grp.getgrnam, one["group"])
            if not known and not one["exact"]:
                raise InvalidValue("sendmail_delegations: the map %s is delegated to the group %s, which this host does not have." % (name, one["group"]))
            if not known:
                self.add("group", one["group"], "absent", "present", self.command("groupadd", "--system", one["group"]))
            self.members(one["group"], sorted(known.gr_mem) if known else [], one["users"], one["exact"])

    def members(self, group, present, users, exact):
        """Plan who belongs to a group."""
        wanted = sorted(set(users) if exact else set(present) | set(users))
        if wanted != present:
            self.add("members", group, ", ".join(present) or "nobody", ", ".join(wanted) or "nobody",
                     self.command("gpasswd", "--members", ",".join(wanted), group))

    # -- directories

    def directories(self):
        """Plan the directories, those of the delegates last."""
        for path, mode in ((self.params["state_directory"], "0700"), (os.path.dirname(delegation_units.PROGRAM), "0755"), (delegation.ROOT, "0755")):
            self.directory(path, "root", mode)
        for path in sorted({os.path.dirname(one["map"]["accepted"]) for one in self.found.values()}):
            self.directory(path, "root", "0700")
        for name, one in sorted(self.found.items()):
            self.directory(os.path.join(delegation.ROOT, name), one["group"], "2770", lambda name=name, one=one: _greet(name, one))

    def directory(self, path, group, mode, fill=None):
        """Plan one directory and its rights; a new one is filled before anybody else may enter it."""
        def make():
            os.makedirs(os.path.dirname(path), mode=0o755, exist_ok=True)
            os.mkdir(path, 0o700)
            if fill:
                fill()
            disk.set_attributes(path, "root", group, mode)

        wanted = "root:%s %s" % (group, mode)
        try:
            found = os.lstat(path)
        except OSError:
            self.add("directory", path, "absent", wanted, make)
            return
        if not stat.S_ISDIR(found.st_mode):
            raise UnsafePath("%s is no directory. Remove it and run again." % path, path=path)
        present = "%s:%s %04o" % (show_name(pwd.getpwuid, found.st_uid), show_name(grp.getgrgid, found.st_gid), stat.S_IMODE(found.st_mode))
        if present != wanted:
            self.add("directory", path, present, wanted, lambda: disk.set_attributes(path, "root", group, mode))

    # -- files

    def files(self):
        """Plan the program, its specification and its units."""
        interpreter = self.params["interpreter"]
        self.file(delegation_units.PROGRAM, delegation_units.program(), "0644", self.place_program)
        self.file(delegation.SPEC, specification(self.params, self.found), "0600")
        for name, text in sorted(delegation_units.units(interpreter, writable(self.params, self.found)).items()):
            self.file(os.path.join(delegation_units.DIRECTORY, name), text.encode("utf-8"), "0644")

    def file(self, path, data, mode, write=None):
        """Plan content and rights of a file of root."""
        live = disk.read(path)
        if live != data:
            self.add("file", path, "" if live is None else _shown(live), _shown(data), lambda: (write or disk.write)(path, data, "root", "root", mode))
        elif disk.attribute_changes(path, "root", "root", mode):
            self.add("rights", path, "otherwise", "root:root " + mode, lambda: disk.set_attributes(path, "root", "root", mode))

    def place_program(self, path, data, owner, group, mode):
        """Put the program in place once it has shown that this host's Python can load it."""
        staged = path + ".new"
        disk.write(staged, data, owner, group, mode)
        try:
            self.command(self.params["interpreter"], "-I", staged, "--self-test")()
            disk.place(staged, path, owner, group, mode)
        finally:
            disk.remove(staged)

    # -- what is no longer declared

    def retire(self):
        """Plan the end of delegations that are no longer declared. What the delegates wrote is kept, closed to them, for the day it is wanted again."""
        gone = {name: one for name, one in former().items() if name not in self.found}
        units = [unit for unit in _enabled() if delegation_units.instance(unit) not in self.found]
        if units:
            stopped = sorted({unit for name in map(delegation_units.instance, units) for unit in delegation_units.working(name)})
            self.add("units", ", ".join(units), "enabled", "disabled", self.command("systemctl", "disable", "--now", *units))
            self.add("units", ", ".join(stopped), "possibly at work", "stopped", self.command("systemctl", "stop", *stopped))
        for name in sorted(os.listdir(delegation.ROOT)) if os.path.isdir(delegation.ROOT) else ():
            if name not in self.found:
                self.directory(os.path.join(delegation.ROOT, name), "root", "0700")
        for name in sorted(gone):
            self.remove(gone[name]["map"]["accepted"])
            self.remove(delegation.own_state(gone[name]))
        for entry in grp.getgrall():
            if entry.gr_name[len(GROUP_PREFIX):] in delegation_entries.MAPS and entry.gr_name.startswith(GROUP_PREFIX) and \
                    entry.gr_name not in [one["group"] for one in self.found.values()]:
                self.members(entry.gr_name, sorted(entry.gr_mem), [], True)
        if not self.found:
            for path in _unit_files() + [delegation_units.PROGRAM, delegation.SPEC]:
                self.remove(path)

    def remove(self, path):
        """Plan that a file or directory of root goes."""
        if os.path.lexists(path):
            whole = os.path.isdir(path) and not os.path.islink(path)
            self.add("file", path, "present\n", "", lambda: (shutil.rmtree if whole else disk.remove)(path))

    # -- units

    def units(self):
        """Plan what systemd has to be told: new unit files, and units that are not enabled or do not run."""
        files = {os.path.basename(step.name) for step in self.steps if step.name in _unit_files()}
        if files:
            self.add("systemd", "unit files", "as loaded", "read again", self.command("systemctl", "daemon-reload"))
        enabled = _enabled()
        for name in sorted(self.found):
            watching = delegation_units.watching(name)
            for unit in watching + delegation_units.working(name)[:1]:
                if unit not in enabled:
                    self.add("unit", unit, "disabled", "enabled", self.command("systemctl", "enable", unit))
            for unit in watching:
                active = self.runner.run(["systemctl", "is-active", unit]).stdout.strip() or "unknown"
                if active != "active" or delegation_units.template(unit) in files:
                    self.add("unit", unit, active, "restarted" if active == "active" else "active", self.command("systemctl", "restart", unit))
            self.unanswered(name)

    def unanswered(self, name):
        """Plan that an edit is answered which nobody answered, since it was made while nothing watched."""
        directory = os.path.join(delegation.ROOT, name)
        if os.path.isdir(directory) and delegation.seen(self.found[name]).get("signature") != delegation.signature(directory):
            service = delegation_units.working(name)[1]
            self.add("edit", name, "waits for an answer", "answered", self.command("systemctl", "start", service))

    # -- entries that were accepted under other rules

    def withdraw(self):
        """Plan that entries in force go which the delegates, as declared now, could not make: a right was taken back, or the playbook has their key."""
        for name, one in sorted(self.found.items()):
            spec = dict(one, context=self.params["context"], common=json.loads(specification(self.params, self.found).decode("utf-8"))["common"])
            try:
                refused = _standing(spec).refused
            except SendmailError as exc:
                self.warnings.append("%s: the entries in force could not be held against the delegation: %s" % (name, exc.message))
                continue
            for entry in refused:
                self.add("entry", "%s: %s" % (name, entry.key), "in force", "withdrawn: " + entry.reason, lambda: None)
            if refused:
                self.steps[-1] = self.steps[-1]._replace(act=lambda name=name, spec=spec: self.put_back(name, spec))

    def put_back(self, name, spec):
        """Bring the map back to what its delegates may make, and tell them."""
        with generations.lock():
            verdict = _standing(spec)
            delegation.commit(spec, delegation.live_base(spec["map"]["path"]), verdict.kept, self.runner)
        reasons = ["'%s': %s." % (entry.key, entry.reason) for entry in verdict.refused]
        outcome = delegation.Outcome("withdrawn", "The playbook has changed, and these entries are no longer in force", reasons)
        delegation.write_result(name, spec, delegation.result_text(name, outcome, "the playbook", time.gmtime()))


def _greet(name, one):
    """Put a file without entries into a new directory, and remember it as answered."""
    directory = os.path.join(delegation.ROOT, name)
    text = GREETING.format(map=name, form=FORMS.get(name, "key, blank or tab, value"))
    disk.write(os.path.join(directory, delegation.ENTRIES), text.encode("ascii"), "root", one["group"], "0660")
    delegation.remember(one, delegation.signature(directory), [])


def _exists(lookup, name):
    try:
        return lookup(name)
    except KeyError:
        return None


def _shown(data):
    return "a program of %d bytes\n" % len(data) if data[:2] == b"PK" else data.decode("utf-8", "replace")


def _standing(spec):
    """Judge the accepted entries by the delegation and the map as they are declared now."""
    kind, accepted, context = spec["map"]["kind"], disk.read(spec["map"]["accepted"]), delegation.context(spec)
    if not accepted or not os.path.exists(spec["map"]["path"]):
        return delegation_entries.Verdict([], [])
    base = tables.parse(kind, _declared_text(spec, context))
    return delegation_entries.judge(kind, base, delegation_entries.read(kind, accepted), context, {"relay": spec["relay"]})


def _declared_text(spec, context):
    """Return the playbook's part of a map, from the playbook where it is told, so that check mode sees what is not on the host yet."""
    row = spec["row"]
    if row["content"] is not None:
        return row["content"]
    if row["entries"] is not None:
        return tables.row_text(row, context)
    return delegation.live_base(row["path"])


def execute(plan):
    """Make what was planned."""
    for step in plan.steps:
        step.act()
