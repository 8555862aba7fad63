# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls JAIL, SMRSH and ALIAS: where mail ends on this host other than in a mailbox. Pure but for the view they are given.

What a jail and smrsh's directory may hold is decided by the modules ``jail`` and ``smrsh``; what an alias may lead to, by ``tables_aliases``.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import posixpath
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostplaces as places
from ansible_collections.mailjail.sendmail.plugins.module_utils import jail, smrsh, tables, tables_aliases
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    passed,
    profiles,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_accounts import may_log_in
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_files import ROOTS_DIRECTORY, chain
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import look, told, wrong
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_spool import logs
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError

# So many objects of a jail are looked at, and so many lines of an alias file are passed over that are none.
OBJECTS = 5000
BAD_LINES = 50
KINDS = {"link": "symbolic link", "fifo": "named pipe", "device": "device"}
SYS_CHROOT = 18
ROLES = ("postmaster", "mailer-daemon", "root", "abuse", "hostmaster", "security")
DECODERS = ("decode", "uudecode")
EVERYBODY = "nobody else can put something in its place (root, go-w)"


# ---- the jail

def inventory(view, top):
    """Return everything below a jail as ``jail.Found``, the jail itself first; :raises Unseen: a directory may not be read."""
    found, waiting = [], [(jail.TOP, top, True)]
    while waiting and len(found) < OBJECTS:
        name, path, trusted = waiting.pop()
        one = view.stat(path)
        if one is None:
            continue
        found.append(jail.Found(name, KINDS.get(one.kind, one.kind), one.uid, one.gid, one.mode, one.links if one.kind == "file" else 1, path, trusted))
        if one.kind == "directory":
            safe = trusted and one.uid == 0 and not one.mode & 0o022
            waiting += [((name + "/" if name != jail.TOP else "") + child, path + "/" + child, safe) for child in view.names(path) or []]
    return found


def _number(view):
    """Return the function that ``jail.compare`` asks for a user's or a group's number."""
    def number(which, name):
        entry = view.account(name) if which == "user" else view.group(name)
        if entry is None:
            return int(name) if name.isdigit() else None
        return entry.pw_uid if which == "user" else entry.gr_gid
    return number


def _jail_faults(view, top):
    said, writer = places.declared_jail(view), places.default_user(view)
    found = inventory(view, top)
    wanted = jail.wanted_tree(said.get("directories") or [], said.get("files") or [], *writer) if "directories" in said or "files" in said else {}
    steps, findings = jail.compare(wanted, found, _number(view))
    for one in findings:
        yield Evidence(view.target(top) + "/" + one.path, one.kind, "not there: %s" % one.reason)
    named = {one.path for one in findings}
    for step in steps:
        path = top if step.path == jail.TOP else top + "/" + step.path
        if step.path not in named:
            yield Evidence(path, told(view.stat(path)) if view.stat(path) else "nothing", jail_words(step.wanted))
    for one in found:
        if one.kind == "file" and one.mode & 0o004 and one.path not in wanted:
            yield Evidence(top + "/" + one.path, told(view.stat(top + "/" + one.path)), "closed to others (0600): mail stands in it")


def jail_words(item):
    """Return an object that is wanted in words, with the names as they were said."""
    return "%s %s:%s %s" % (item.kind, item.owner, item.group, item.mode)


def _jail(view):
    if view.cf("mta") is None:
        return not_applicable("there is no sendmail.cf")
    top, where = places.jail(view), places.place(view, "SafeFileEnvironment")
    if not top:
        if "/" not in places.may_name(view):
            return not_applicable("no address may name a file (F=%s), so there is nothing to lock up" % places.mailer(view, "local").get("F", ""))
        return failed(Evidence(where, "not set, and an address may name a file", "a jail such as /var/mailjail, or a local mailer without the flag /"))
    one = look(view, top)
    if isinstance(one, Unseen):
        raise one
    if top == "/" or one is None or one.kind != "directory" or view.stat(top).kind == "link":
        return failed(Evidence(where, "%s, which is %s" % (top, "no jail at all" if top == "/" else "a " + view.stat(top).kind if one else "not there"),
                               "a directory of its own such as /var/mailjail"))
    faults = [Evidence(path, told(view.stat(path)), EVERYBODY) for path in sorted(chain(view, top)) if view.stat(path) and wrong(
        view.stat(path, follow=True), ROOTS_DIRECTORY)]
    if one.uid != 0 or one.mode & 0o022:
        faults.append(Evidence(top, told(one), "root, writable by nobody else (0755 or less)"))
    faults += list(_jail_faults(view, top))
    count = len(inventory(view, top))
    if count >= OBJECTS and not faults:
        return unknown("%s holds more than %d objects; the first of them are as wanted" % (top, OBJECTS), top)
    return held(faults, [Evidence(top, "%s, %d objects: directories and plain files alone" % (told(one), count), "")])


def _mend_jail(view, hands):
    """The directory itself, and bits that do harm. What lies there in a wrong place or with a wrong owner is somebody's mail, and left to a person."""
    top = places.jail(view)
    if view.cf("mta") is None or top in ("", "/") or view.target(top) != top:
        return
    try:
        jail.check_top(top)
    except jail.InvalidValue:
        return
    one = view.stat(top)
    if one is None:
        hands.directory(top, "root", "root", 0o755)
        return
    if one.kind != "directory":
        return
    if one.uid != 0 or one.mode & 0o022:
        hands.owner(top, "root", "root" if one.uid else one.group)
        hands.mode(top, forbid=0o7022)
    for item in inventory(view, top):
        harm = 0o7111 | 0o002 if item.kind == "file" else 0o7022
        # Below a directory of somebody else's a name may become another object while it is looked at.
        if item.kind in ("file", "directory") and item.path != jail.TOP and item.trusted and item.links == 1 and item.mode & harm:
            hands.mode(top + "/" + item.path, forbid=harm)


# ---- whether a file in it can be written

def _reaches(one, user, group, bit):
    """Tell whether a user has a right (4, 2, 1) on an object."""
    shift = 6 if one.owner == user else 3 if one.group == group else 0
    return bool(one.mode >> shift & bit)


def file_problem(view, top, path, writer):
    """Say why sendmail could not write to a file of the jail, or return None.

    :param str path: as an alias has it. :param writer: (user, group) that writes.
    """
    inside = path[len(top):] if path.startswith(top) else path
    place, real = top, top + "/" + inside.lstrip("/")
    for name in posixpath.relpath(posixpath.dirname(real), top).split("/"):
        place = posixpath.normpath(place + "/" + name)
        one = view.stat(place)
        if one is None or one.kind != "directory":
            return "%s is %s" % (place, "not there" if one is None else "a " + one.kind)
        if not _reaches(one, writer[0], writer[1], 1):
            return "%s (%s) can not be entered by %s" % (place, told(one), writer[0])
    one = view.stat(real)
    if one is None:
        return None if _reaches(view.stat(posixpath.dirname(real)), writer[0], writer[1], 2) else "%s is not there, and %s may not make it" % (real, writer[0])
    if one.kind != "file" or one.links > 1:
        return "%s is %s" % (real, "a " + one.kind if one.kind != "file" else "a file with %d names" % one.links)
    if one.mode & 0o111:
        return "%s (%s) has an execute bit: sendmail writes to no program" % (real, told(one))
    if not one.mode & 0o4000 and not _reaches(one, writer[0], writer[1], 2):
        return "%s (%s) can not be written by %s" % (real, told(one), writer[0])
    return None


def _log_evidence(view):
    """Return the last deliveries to files that the log tells of: Evidence of the last that failed after the last that went well, and of that one."""
    bad = good = None
    for path in logs(view):
        try:
            lines = (view.read(path) or "").splitlines()
        except Unseen:
            continue
        for number, line in enumerate(lines, 1):
            if "mailer=*file*" in line and "stat=" in line:
                row = Evidence("%s:%d" % (path, number), line[line.index("stat="):][:120], "stat=Sent")
                bad, good = (None, row) if "stat=Sent" in line else (row, good)
    return bad, good


def _writable(view):
    top = places.jail(view)
    if view.cf("mta") is None or top in ("", "/"):
        return not_applicable("there is no jail")
    targets = [(target, where) for _name, target, where in alias_targets(view)[0] if target[:1] == "/" and target != "/dev/null"]
    if not targets:
        return not_applicable("no alias names a file")
    writer, faults, seen = places.default_user(view), [], []
    for target, where in targets:
        problem = file_problem(view, top, target, writer)
        if problem:
            faults.append(Evidence(where, problem, "a file that %s can write: otherwise mail to %s is returned for good" % (writer[0], target)))
        seen.append(Evidence(where, "%s can be written by %s" % (target, writer[0]), ""))
    for one in view.processes():
        rights = one.get("status", {}).get("CapEff", "")
        if one["uid"] == 0 and re.match("[0-9a-f]+\\Z", rights) and not int(rights, 16) >> SYS_CHROOT & 1:
            faults.append(Evidence("process %d, %s" % (one["pid"], one["title"][:60]), "without the capability SYS_CHROOT", "with it: it enters the jail"))
    bad, good = _log_evidence(view)
    return held(faults + ([bad] if bad else []), seen + ([good._replace(wanted="")] if good else []))


# ---- smrsh

def _program_mailer(view):
    if view.cf("mta") is None:
        return not_applicable("there is no sendmail.cf")
    path, where = places.mailer(view, "prog").get("P", ""), places.mailer_place(view, "prog")
    if "|" not in places.may_name(view):
        flags = places.mailer(view, "local").get("F", "")
        return passed(Evidence(places.mailer_place(view, "local"), "F=%s: no address may name a program" % flags if flags else "no local mailer", ""))
    if not path:
        return passed(Evidence(view.compiled(), "no mailer for programs", ""))
    one = look(view, path) if path.startswith("/") else None
    if posixpath.basename(path) != "smrsh":
        return failed(Evidence(where, "P=%s: whatever an alias or a .forward file names is run" % path, "P=.../smrsh"))
    if isinstance(one, Unseen):
        raise one
    if one is None:
        return failed(Evidence(where, "P=%s, which is not there" % path, "the package's smrsh: mail for programs is returned"))
    if one.uid != 0 or one.mode & 0o022 or one.kind != "file":
        return failed(Evidence(one.path, told(one), "root, writable by nobody else"))
    return passed(Evidence(where, "P=%s" % path, ""))


def _shells(view):
    return {view.target(line.strip()) for line in (view.read("/etc/shells") or "").splitlines() if line.startswith("/")}


def _command_fault(view, top, name, shells):
    """Say what is wrong with one of smrsh's commands, as (seen, wanted), or return None."""
    path = top + "/" + name
    real = view.target(path)
    one = view.stat(path, follow=True)
    if one is None:
        return None     # a link that leads nowhere runs nothing
    reason = smrsh.refusal(name) or smrsh.refusal(posixpath.basename(real)) or ("it is a shell" if real in shells else "")
    if reason and name != "smrsh":
        return "%s leads to %s" % (name, real), "not offered: %s" % reason
    if one.kind != "file" or one.uid != 0 or one.mode & 0o022:
        return "%s, %s" % (real, told(one)), "a program of root, writable by nobody else"
    if one.mode & 0o4000:
        return "%s, %s" % (real, told(one)), "not set-user-ID: everybody who can send mail starts it"
    for place in sorted(chain(view, real)):
        if wrong(view.stat(place, follow=True), ROOTS_DIRECTORY):
            return "%s, %s" % (place, told(view.stat(place, follow=True))), EVERYBODY
    return None


def _commands(view):
    top = places.smrsh_directory(view)
    if top is None:
        return not_applicable("there is no directory of commands for smrsh, so it runs nothing")
    one = look(view, top)
    if isinstance(one, Unseen):
        raise one
    if one is None:
        return passed(Evidence(top, "there is none: smrsh runs nothing", ""))
    faults = [Evidence(one.path, told(one), "a directory of root 0755")] if wrong(one, ROOTS_DIRECTORY) else []
    names, shells = view.names(top) or [], _shells(view)
    allowed = (view.site.get("expected") or {}).get("smrsh")
    for name in names:
        fault = _command_fault(view, top, name, shells)
        if not fault and allowed is not None and name not in allowed and name != "smrsh":
            fault = name, "not there: sendmail_smrsh_commands does not name it"
        if fault:
            faults.append(Evidence(top + "/" + name, fault[0], fault[1]))
    return held(faults, [Evidence(top, "%s, %s" % (told(one), ", ".join(names) if names else "empty"), "")])


def _mend_commands(view, hands):
    """The directory, and links to what smrsh must never offer. A file in its place is left to a person."""
    top = places.smrsh_directory(view)
    one = view.stat(top) if top else None
    if one is None or one.kind != "directory":
        return
    if wrong(one, ROOTS_DIRECTORY):
        hands.directory(top, "root", "root", 0o755)
    shells = _shells(view)
    for name in view.names(top) or []:
        fault = _command_fault(view, top, name, shells)
        if fault and fault[1].startswith("not offered") and view.stat(top + "/" + name).kind == "link":
            hands.remove(top + "/" + name)


# ---- aliases

def _pairs(text):
    """Return the pairs of an alias file; lines that are none are passed over, as newaliases does."""
    lines, bad = text.split("\n"), []
    while True:
        try:
            return tables_aliases.parse("\n".join(lines)), bad
        except MapError as exc:
            number = exc.details.get("line")
            if not number or len(bad) >= BAD_LINES:
                raise
            bad.append((number, lines[number - 1]))
            lines[number - 1] = ""


def alias_pairs(view):
    """Return the aliases of all files as (name in small letters, targets, where), and the places of lines that are none."""
    found, bad = [], []
    for path in places.aliases(view):
        text = view.read(path)
        if text is None and places.databases(view, path):
            raise Unseen("%s has a database and no source: its aliases can not be read" % path, path=path)
        pairs, lines = _pairs(text or "")
        bad += ["%s:%d" % (path, number) for number, _line in lines]
        found += [(tables_aliases.stored_name(pair.key), tables_aliases.targets(pair.value) or [], "%s:%d" % (path, pair.line)) for pair in pairs if pair.key]
    return found, bad


def alias_targets(view):
    """Return each target as (alias, target, where), those in :include: files too, and evidence of include files that are not safe."""
    found, faults = [], []
    for name, wanted, where in alias_pairs(view)[0]:
        for target in wanted:
            found.append((name, target, where))
            if target.lower().startswith(":include:"):
                path = target[len(":include:"):].strip()
                one = look(view, path)
                if isinstance(one, Unseen):
                    raise one
                if one is None:
                    continue
                if one.kind != "file" or one.mode & 0o022:
                    faults.append(Evidence(where, "%s, %s" % (path, told(one)), "a file that its owner alone can write: others could add a program to it"))
                lines = (view.read(path) or "").splitlines() if one.kind == "file" else []
                found += [(name, inner, "%s:%d" % (path, number)) for number, line in enumerate(lines, 1)
                          if line.strip() and not line.startswith("#") for inner in tables_aliases.targets(line.strip()) or []]
    return found, faults


def commands(text):
    """Return the names of all programs that a line of a pipe starts: smrsh lets ``exec``, ``&&`` and ``||`` through, a shell more."""
    found = []
    for part in re.split(r"&&|\|\||;", text):
        words = [word.strip("\"'()") for word in part.split()]
        while words and (words[0] in ("", "exec") or re.match(r"[A-Za-z_]\w*=", words[0])):
            words.pop(0)
        found += [posixpath.basename(words[0])] if words else []
    return found


def _dangerous(view, name, target, context):
    """Say what is wrong with one target, or return None."""
    if target[:1] == "|":
        reason = next((reason for reason in map(smrsh.refusal, commands(target[1:])) if reason), "")
        if name in DECODERS or reason:
            return "not there: %s" % (reason or "it writes what a stranger sends to wherever he says")
    if target == "/dev/null" and "/" not in places.may_name(view) and places.mailer(view, "local"):
        return "DISCARD in the access map: this host knows no files as addresses, and the mail is returned"
    if target[:1] == "/" and target != "/dev/null" and "/" in places.may_name(view):
        if not context.jail:
            return "a file of a jail (SafeFileEnvironment), or an address"
        return tables_aliases.target_problem(target, context)
    return None


def _alias_targets(view):
    if view.cf("mta") is None or not places.aliases(view):
        return not_applicable("the configuration names no alias file")
    found, faults = alias_targets(view)
    top = places.jail(view)
    context = tables.Context(alias_files=True, alias_programs=True, alias_includes=True, jail=top if top != "/" else None)
    for name, target, where in found:
        wanted = _dangerous(view, name, target, context)
        if wanted:
            faults.append(Evidence(where, "%s: %s" % (name, target), wanted))
    programs = sorted({target for _name, target, _where in found if target[:1] in ("|", "/")})
    return held(faults, [Evidence(" ".join(places.aliases(view)), "%d targets, %s" % (
        len(found), "among them %s" % ", ".join(programs[:10]) if programs else "addresses alone"), "")])


# ---- who reads what is sent to the people in charge

class Reader:
    """Follows a name to whoever reads what is sent to it."""

    def __init__(self, view):
        self.view, self.local = view, places.delivers_locally(view)
        self.table = {}
        for name, wanted, where in alias_pairs(view)[0]:
            self.table.setdefault(name, (wanted, where))
        self.domains = {name.lower() for name in view.cf("mta").members("w")} | {(view.cf("mta").macros.get("j") or "").lower(), "localhost"}
        for name, path in places.class_files(view):
            if name == "w":
                self.domains |= {line.strip().lower() for line in (view.read(path) or "").splitlines() if line.strip() and line[0] != "#"}

    def end(self, name, seen=()):
        """Return (who reads it, why nobody does), one of them empty."""
        name = name.lower()
        if name in seen:
            # A name that lists itself means its mailbox too: sendmail stops there.
            return self._mailbox(name) if name == seen[-1] else ("", "it comes back to itself")
        if name not in self.table:
            return self._mailbox(name)
        ends = [self.follow(target, seen + (name,)) for target in self.table[name][0]]
        good = [who for who, _why in ends if who]
        return (good[0], "") if good else ("", ends[0][1] if ends else "it has no target")

    def follow(self, target, seen=()):
        """Return the same of one target of an alias, or of an entry of the virtusertable."""
        if target == "/dev/null":
            return "", "it is thrown away"
        if target[:1] in ("|", "/") or target.lower().startswith(":include:"):
            return target, ""
        if target[:1] == "\\":
            return self._mailbox(target[1:].lower())
        local, at, domain = re.sub(r".*<([^<>]*)>.*", r"\1", target).rpartition("@")
        if at and domain.lower() not in self.domains:
            return target, ""
        return self.end(local if at else domain, seen)

    def _mailbox(self, name):
        account = self.view.account(name)
        if account is None:
            return "", "there is no user %s" % name
        if not self.local:
            return "", "no mailbox of this host is delivered to"
        if account.pw_uid == 0 and places.profile(self.view) != "hub":
            return "", "it stays in root's mailbox on this host, where nobody looks"
        if account.pw_uid and not may_log_in(account):
            return "", "%s is an account that nobody can log in to" % name
        return "the mailbox of %s" % name, ""


def _virtual(view, reader):
    """Return the local parts that the virtusertable sends to somebody who reads it, as (who, place). An entry that refuses is no delivery."""
    found = {}
    for one in places.maps(view):
        if one.name.startswith("virtuser"):
            for number, line in enumerate((view.read(one.source) or "").splitlines(), 1):
                name, at, rest = line.partition("@")
                words = rest.split(None, 1)
                if not at or len(words) < 2 or line.startswith("#") or words[1].lower().startswith("error:"):
                    continue
                who = reader.follow(words[1].strip().replace("%1", name.strip()))[0]
                if who:
                    found.setdefault(name.strip().lower(), (who, "%s:%d" % (one.source, number)))
    return found


def _role_accounts(view):
    if view.cf("mta") is None:
        return not_applicable("there is no sendmail.cf")
    paths = places.aliases(view)
    if not paths and not places.delivers_locally(view):
        return not_applicable("mail for names of this host is handed to another one, whose matter this is")
    reader = Reader(view)
    virtual, faults, seen = _virtual(view, reader), [], []
    for name in ROLES:
        where = reader.table[name][1] if name in reader.table else "%s, %s" % (" ".join(paths) or view.compiled(), name)
        who, why = reader.end(name)
        if not who and name in virtual:
            who, where = "%s, as the virtusertable says" % virtual[name][0], virtual[name][1]
        if who:
            seen.append(Evidence(where, "%s: %s" % (name, who), ""))
        else:
            faults.append(Evidence(where, "%s: %s" % (name, why), "a person, or a mailbox that somebody reads"))
    return held(faults, seen)


CONTROLS = (
    Control(
        id="SM-JAIL-01", title="Files are written inside a jail that holds directories and plain files alone", severity="high",
        reason="A file named by an alias is written by root's child. A link, a second name or an execute bit there is a step of an attack, and returns mail.",
        remedy="sendmail_jail_path, sendmail_jail_files; the role jail keeps the tree. By hand: set confSAFE_FILE_ENV to a directory, see docs/jail.md.",
        profiles=SERVERS,
        references=(Reference("article", "S92-S101"), Reference("sendmail", "op.me 5.6, SafeFileEnvironment")), check=_jail, mend=_mend_jail),
    Control(
        id="SM-JAIL-02", title="Each file that an alias names can be written in the jail", severity="medium",
        reason="A file that can not be written returns all mail to it for good, and the log says no more than that it could not be created.",
        remedy="sendmail_jail_files makes it beforehand. By hand: a file of mail:mail 0600 in directories of root 0755; then send one message and look.",
        profiles=profiles("opt", "no", "opt"), references=(Reference("article", "S101"),), check=_writable),
    Control(
        id="SM-SMRSH-01", title="Programs are run by the restricted shell", severity="critical",
        reason="With an ordinary shell whoever can write an alias or a .forward file, or find a hole in sendmail's parser, runs what he likes.",
        remedy="The role config names smrsh. By hand: FEATURE(`smrsh') with its path, or take programs away: MODIFY_MAILER_FLAGS(`LOCAL', `-|').",
        profiles=EVERYWHERE,
        references=(Reference("article", "S91"), Reference("CERT", "CA-93:16"), Reference("STIG", "GEN004400 (V-833)")),
        check=_program_mailer),
    Control(
        id="SM-SMRSH-02", title="The restricted shell offers no shell, no interpreter and nothing that others can change", severity="critical",
        reason="smrsh lets exec, && and || through, so one wrong link in its directory is a shell for everyone who can send mail.",
        remedy="sendmail_smrsh_commands is the whole list. By hand: chown root and chmod 0755 the directory, and remove the link that is named.",
        profiles=EVERYWHERE,
        references=(Reference("article", "S91"), Reference("STIG", "GEN004410 (V-22440)"), Reference("STIG", "GEN004420 (V-834)"),
                    Reference("STIG", "GEN004430")), check=_commands, mend=_mend_commands),
    Control(
        id="SM-ALIAS-01", title="Mail to postmaster, root, abuse and their like reaches a person", severity="medium",
        reason="What the host reports of itself, and what others report of it, is sent there.",
        remedy="sendmail_postmaster. By hand: name somebody in /etc/aliases for the name that is told, then newaliases.",
        profiles=EVERYWHERE,
        references=(Reference("RFC", "5321, 4.5.1"), Reference("RFC", "2142"), Reference("STIG", "SOL-11.1-010390")), check=_role_accounts),
    Control(
        id="SM-ALIAS-02", title="No alias leads to a decoder, an interpreter, a file outside the jail or a list that others write", severity="high",
        reason="Mail to such an alias runs or writes what its sender says.",
        remedy="sendmail_aliases refuses them. By hand: take the alias that is named out of its file, then newaliases.",
        profiles=EVERYWHERE, references=(Reference("STIG", "GEN004640 (V-4691)"), Reference("CERT", "CA-93:16")), check=_alias_targets),
)
