# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls FS of the configuration: who may write what root reads. Pure but for the view they are given. The rest of FS: controls_spool."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import posixpath
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, hostinfo, sockets
from ansible_collections.mailjail.sendmail.plugins.module_utils import hostplaces as places
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    Control,
    Evidence,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    passed,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_accounts import may_log_in
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import Tries, by_rule, hold, look, mend, rule, told, wrong
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

ROOTS = rule("root, writable by nobody else (0644 or less)")
ROOTS_DIRECTORY = rule("root, writable by nobody else (0755 or less)", kind="directory")
INCLUDE = re.compile(r"^[^#\n]*?\bs?include\(\s*`?(/[^'`)\s]+)", re.M)
SAFE = ("", "safe", "dontwarnforwardfileinunsafedirpath")
# Programs that come with sendmail or call themselves sendmail; none of them needs to be root by its bits.
HELPERS = ("mailstats", "makemap", "praliases", "editmap", "smrsh", "mailq", "newaliases", "hoststat", "purgestat")
HELPER_PLACES = ("/usr/sbin", "/usr/bin", "/usr/libexec/sendmail", "/usr/lib/sendmail.d/bin", "/usr/libexec/sendmail.d/bin", "/usr/lib/sm.bin")
PROGRAMS = ("/usr/libexec/sendmail/sendmail", "/usr/sbin/sendmail.sendmail", "/usr/lib/sm.bin/sendmail", "/usr/sbin/sendmail", "/usr/lib/sendmail")
OTHERS = re.compile(r"(\A|[.-])(postfix|exim\d?|opensmtpd|smtpctl|msmtp|nullmailer|ssmtp|busybox|dma|esmtp|courier)(\Z|[.-])")
ENTRIES = 3000


# ---- sources, .cf, maps, aliases, class files

def _sources(view):
    """The .mc files and what they include; a file that can not be read hides what it includes, and that is said."""
    rows, waiting, seen = [], places.sources(view), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        found = look(view, path)
        rows.append((found, ROOTS))
        try:
            text = (view.read(path) or "") if found is not None else ""
        except Unseen as exc:
            rows.append((exc, ROOTS))
            continue
        # The library is the package's; what lies there includes nothing of the host.
        waiting += [name for name in INCLUDE.findall(text) if not re.search(r"dnl.*%s" % re.escape(name), text)] if not path.startswith("/usr/") else []
    return rows


def _compiled(view):
    """Both .cf files and the copies that lie beside them."""
    live = [path for path in (view.compiled("mta"), view.compiled("msp")) if path]
    copies = [look(view, path) for path in view.find("/etc/mail/*.cf", "/etc/mail/*.cf.*", "/etc/sendmail.cf*")]
    return [(look(view, path), ROOTS) for path in live] + [(one, ROOTS) for one in copies if getattr(one, "kind", "file") == "file"]


def _maps(view):
    source = rule("root, writable by nobody else (0640)")
    rows = []
    for one in places.maps(view):
        rows.append((look(view, one.source), source))
        rows += [(look(view, path), _built(view, one.source)) for path in one.databases]
    return rows


def _built(view, source):
    """Return the rule for what is built from a source."""
    owners = places.map_owners(view, source)
    return rule("root%s, not writable by the group, closed to others (0640)" % "".join(" or %s" % name for name in sorted(owners)), owners, 0o027)


def _aliases(view):
    rows = []
    for path in places.aliases(view):
        rows.append((look(view, path), ROOTS))
        rows += [(look(view, name), _built(view, path)) for name in places.databases(view, path)]
    return rows


def _mend_aliases(view, hands):
    """Those in /etc; one that lies elsewhere is written by whoever keeps it."""
    rows, tries = _aliases(view), Tries()
    with tries.one():
        mend(hands, [row for row in rows if _is_ours(view, getattr(row[0], "path", ""))])
    for one, want in rows:
        if one is not None and not isinstance(one, Unseen) and not _is_ours(view, one.path) and wrong(one, want):
            _leave(tries, one)
    tries.end()


def _class_files(view):
    return [(look(view, path), ROOTS) for _name, path in places.class_files(view)]


# ---- the program

def programs(view):
    """Return the real programs behind the sendmail command, those of other mail systems left out."""
    named = [places.platform(view).get("sendmail"), view.program("sendmail")]
    found = {view.target(path) for path in named + list(PROGRAMS) if path and view.stat(path, follow=True)}
    return sorted(path for path in found if not OTHERS.search(posixpath.basename(path)) and "sendmail" in path)


def _program_faults(one, group, submits):
    """Say what is wrong with the program itself."""
    if one.mode & 0o4000:
        yield "set-user-ID root off: the bit makes every user's mail a root process" if one.uid == 0 else "set-user-ID off"
    if one.uid != 0 or one.mode & 0o022 or one.kind != "file":
        yield "a file of root, writable by nobody else"
    if one.mode & 0o2000 and group and one.group != group:
        yield "set-group-ID to %s, the group of the submission queue" % group
    if submits and not one.mode & 0o2000:
        yield "set-group-ID %s (2755): without it no user can hand mail in" % (group or "")


def _program(view):
    paths = programs(view)
    if not paths:
        return not_applicable("there is no sendmail program")
    group, faults, seen = places.client(view)[1], [], []
    submits = places.option(view, "UseMSP", "msp") is not None or places.option(view, "RunAsUser", "msp") is not None
    for path in paths:
        one = view.stat(path)
        faults += [Evidence(path, told(one), wanted) for wanted in _program_faults(one, group, submits)]
        seen.append(Evidence(path, told(one), ""))
        for where, said in _overrides(view, path):
            if said[2] & 0o4000 or said != (one.owner, one.group, one.mode):
                faults.append(Evidence(where, "%s:%s %04o" % said, "what the program has (%s): the next package operation sets what stands there" % told(one)))
    for path in sorted({view.target(place + "/" + name) for place in HELPER_PLACES for name in HELPERS if view.stat(place + "/" + name, follow=True)}):
        one = view.stat(path)
        if one.mode & 0o4000 and path not in paths:
            faults.append(Evidence(path, told(one), "set-user-ID off"))
    return held(faults, seen)


def _overrides(view, path):
    """Return what distributions' own tables want the program's owner and mode to be, as (where, (owner, group, mode))."""
    if view.program("dpkg-statoverride"):
        found = view.run("dpkg-statoverride", "--list", path)
        words = found.stdout.split()
        if found.rc == 0 and len(words) == 4:
            yield "dpkg-statoverride --list %s" % path, (words[0], words[1], int(words[2], 8))
    # Of SUSE's tables the local one wins.
    for table in ("/etc/permissions.local", "/etc/permissions.d/sendmail"):
        for number, line in enumerate((view.read(table) or "").splitlines(), 1):
            words = line.split()
            if len(words) == 3 and words[0] == path and re.match(r"[0-7]+\Z", words[2]) and re.search("[:.]", words[1]):
                owner, group = re.split("[:.]", words[1], maxsplit=1)
                yield "%s:%d" % (table, number), (owner, group, int(words[2], 8))
                return


def _mend_program(view, hands):
    group = places.client(view)[1]
    for path in programs(view):
        one = view.stat(path)
        if one.kind != "file" or not list(_program_faults(one, group, group is not None)):
            continue
        # A new owner takes the set-id bits away, so the mode is set last and whole.
        hands.owner(path, "root", group or one.group)
        hands.mode(path, exactly=(one.mode & ~0o4022 | 0o2000) if group else one.mode & ~0o6022)


# ---- the directories on the way

def chain(view, path):
    """Return the directories on the way to a path, as it is written and where it really lies."""
    found = set()
    for one in (path, view.target(path)):
        while one not in ("/", ""):
            one = posixpath.dirname(one)
            found.add(one)
    return found


def _on_the_way(view):
    named = [path for path in (view.compiled("mta"), view.compiled("msp")) if path] + places.sources(view) + places.aliases(view)
    named += [path for _name, path in places.class_files(view) + places.key_files(view)]
    named += [one.source for one in places.maps(view)]
    named += [base for base, _all in (places.queues(view, "mta"), places.queues(view, "msp")) if base]
    named += [path for path in (places.jail(view), places.smrsh_directory(view)) if path]
    directories = set()
    for path in named:
        directories |= chain(view, path)
    return [(look(view, path), ROOTS_DIRECTORY) for path in sorted(directories)]


def _is_ours(view, path):
    """Tell whether a path lies in the directory of the configuration, among smrsh's commands or in /etc itself: what stands there is root's by nature.

    Whatever else a configuration names may belong to another service (lists of Mailman, whose group writes its aliases), which works no more without it.
    """
    tops = [places.etc(view)] + [top for top in [places.smrsh_directory(view)] if top and top.startswith("/etc/")]
    return posixpath.dirname(path) == "/etc" or any((path + "/").startswith(top + "/") for top in tops)


def _leave(tries, one):
    tries.leave("%s is %s and is left as it is: it may be another service's. Mend it by hand, or name another path." % (one.path, told(one)))


def _mend_on_the_way(view, hands):
    """Below the directory of the configuration all belongs to root; /etc itself only loses what others may write; any other is left to a person."""
    rows, top, tries = _on_the_way(view), places.etc(view), Tries()
    own = [row for row in rows if (getattr(row[0], "path", "") + "/").startswith(top + "/")]
    for one, _want in own:
        # The group of a directory is that of what is made in it; the vendor's set-group-ID bit hands new files to the submission program.
        if one.kind == "directory" and one.path == top and (one.uid or one.mode & 0o022):
            with tries.one():
                hands.owner(top, "root", "root")
                hands.mode(top, exactly=0o755)
    with tries.one():
        mend(hands, [row for row in own if row[0].path != top])
    for one, want in rows:
        if one is None or isinstance(one, Unseen) or (one.path + "/").startswith(top + "/") or not wrong(one, want):
            continue
        if one.path == "/etc" and one.uid == 0 and one.mode & 0o022 and not one.mode & 0o1000:
            with tries.one():
                hands.mode(one.path, forbid=0o022)
        else:
            _leave(tries, one)
    tries.end()


# ---- sendmail's own checks, access lists

def _blame(view):
    faults, seen = [], []
    for which, _read in places.configurations(view):
        lines, bad = cfview.said(view, "DontBlameSendmail", which), []
        # Several lines add up, and the word safe takes back all before it.
        for word, where in [(word, where) for said, where in lines for word in re.split(r"[\s,]+", said)]:
            bad = [] if word.lower() == "safe" else bad if word.lower() in SAFE else bad + [(word, where)]
        if bad:
            faults.append(Evidence(", ".join(sorted({where for _word, where in bad})), ", ".join(word for word, _where in bad),
                                   "safe: no check of files and directories switched off"))
        seen.append(Evidence(", ".join(where for _said, where in lines) or places.place(view, "DontBlameSendmail", which),
                             " ".join(said for said, _where in lines) or "not set, which is safe", ""))
    return held(faults, seen) if seen else not_applicable(places.NOTHING)


def _tree(view):
    """Return what lies in the configuration's directory, among smrsh's commands, and the alias files; links left out.

    :returns: (list of Stat, whether there was more than is looked at).
    """
    # SUSE's smrsh shares a directory of the package; there its own way is enough.
    tops = [path for path in (places.etc(view), places.smrsh_directory(view)) if path and path.startswith("/etc/")]
    waiting = [path for path in tops if view.stat(path)] + [
        path for source in places.aliases(view) + ["/etc/aliases"] for path in [source] + places.databases(view, source) if view.stat(path)]
    found, seen = [], set()
    while waiting and len(found) < ENTRIES:
        path = waiting.pop()
        one = view.stat(path)
        if one is None or path in seen or one.kind == "link":
            continue
        seen.add(path)
        found.append(one)
        if one.kind == "directory":
            waiting += [path + "/" + name for name in view.names(path) or ()]
    return found, bool(waiting)


def _is_left_over(view, one):
    """Tell whether a database is one that no configuration names, of an account that nobody can log in to: a package made it, and nobody reads it."""
    named = [source.source for source in places.maps(view)] + places.aliases(view)
    account = view.account(one.owner)
    return one.path.endswith(places.SUFFIXES) and posixpath.splitext(one.path)[0] not in named and bool(account) and account.pw_uid < 1000 and not may_log_in(
        account)


def _filters(view):
    """Return the users as whom filters run that this host's mail passes through: whoever owns their socket, or listens on their port."""
    found = set()
    read = view.cf("mta")
    for equates in read.milters.values() if read is not None else ():
        said = equates.get("S", "")
        try:
            socket = sockets.parse_socket("local:" + said if said.startswith("/") else said)
            if socket.kind == "unix":
                one = view.stat(socket.place, follow=True)
                found.update([one.owner] if one is not None and one.kind == "socket" else [])
                continue
            texts = [view.read("/proc/net/" + name) or "" for name in ("tcp", "tcp6")]
        except SendmailError:
            continue    # a socket that nobody can read, or /proc that shows nothing
        for row in [row for text in texts for row in hostinfo.parse_listeners(text, (socket.port,))]:
            account = view.account(row["uid"])
            found.update([account.pw_name] if account else [])
    return found - {"root"}


def _mail_users(view):
    """Return the users of sendmail itself, none of whom has business in /etc/mail: who delivers, who hands in, whom packages trust."""
    named = {places.user(view, places.option(view, "TrustedUser", which) or "")[0] for which in ("mta", "msp") if view.cf(which) is not None}
    return named | {"smmta", "smmsp", "mail", "mailnull", places.client(view)[0], places.default_user(view)[0]}


def _is_private(view, one):
    """Tell whether something belongs to a service, which keeps it to itself: a key of a filter, say. Taken for root the service could not read it."""
    account = view.account(one.owner)
    if account is None or account.pw_uid >= 1000 or may_log_in(account) or account.pw_name in _mail_users(view):
        return False
    return not one.mode & 0o007 and (not one.mode & 0o070 or one.gid in (0, account.pw_gid))


def _hands_off_faults(view, one):
    # Keys may be the daemon's; a database may be that of whoever reads it.
    owners = places.daemon_users(view)
    if one.path.endswith(places.SUFFIXES):
        owners = owners | places.map_owners(view, places.source_of(one.path))
    if one.acl:
        yield "no access list beyond the mode (setfacl -b)"
    if one.uid != 0 and one.owner not in owners and not _is_left_over(view, one) and not _is_private(view, one) and one.owner not in _filters(view):
        yield "root"
    if one.mode & 0o022:
        yield "writable by its owner alone"


def _hands_off(view):
    found, more = _tree(view)
    if not found:
        return not_applicable("there is no %s" % places.etc(view))
    faults = [Evidence(one.path, told(one), wanted) for one in found for wanted in _hands_off_faults(view, one)]
    if faults:
        return failed(*sorted(faults))
    if more:
        return unknown("there are more than %d files below %s; the first of them are as wanted" % (ENTRIES, places.etc(view)))
    return passed(Evidence(places.etc(view), "%d files and directories, no access list, no foreign owner, none writable by others" % len(found), ""))


def _mend_hands_off(view, hands):
    tries = Tries()
    for one in sorted(_tree(view)[0]):
        wanted = list(_hands_off_faults(view, one))
        if wanted and not _is_ours(view, one.path):
            _leave(tries, one)
            continue
        with tries.one():
            if one.acl:
                hands.acl(one.path)
            if "root" in wanted:
                hands.owner(one.path, "root", one.group)
            if one.mode & 0o022:
                hands.mode(one.path, forbid=0o022)
    tries.end()


CONTROLS = (
    Control(
        id="SM-FS-01", title="The sources of the configuration belong to root and nobody else writes them", severity="critical",
        reason="m4 runs as root, and a source may run any command while it is compiled.",
        remedy="The role config writes them root:root. By hand: chown root and chmod go-w the file that is named.",
        profiles=EVERYWHERE, references=(Reference("article", "S64"), Reference("sendmail", "sendmail/SECURITY")),
        **by_rule(_sources, "there is no .mc file: the .cf was made elsewhere")),
    Control(
        id="SM-FS-02", title="sendmail.cf and submit.cf belong to root and nobody else writes them", severity="critical",
        reason="A root process does what these files say; a copy beside them is what somebody puts back at night.",
        remedy="The role config writes both. By hand: chown root:root and chmod 0644 the file that is named.",
        profiles=EVERYWHERE, references=(Reference("article", "S64"), Reference("sendmail", "sendmail/SECURITY")),
        **by_rule(_compiled, places.NOTHING)),
    Control(
        id="SM-FS-03", title="Maps are written by root alone, and built ones are closed to others", severity="high",
        reason="Whoever writes a map decides who may relay and where mail goes. Whoever can open a database can lock it, and mail stops.",
        remedy="The role config sets both. By hand: chown root and chmod 0640 the map and its database.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"), Reference("article", "S65")),
        **by_rule(_maps, "the configuration names no map with a file")),
    Control(
        id="SM-FS-04", title="The alias file and its database belong to root and nobody else writes them", severity="high",
        reason="An alias can send mail anywhere, run a program or write to a file. newaliases refuses a file that others write, and reports success.",
        remedy="sendmail_aliases; the role config sets owner and mode. By hand: chown root, chmod 0644 the file and 0640 its database, then newaliases. A file "
               "outside /etc and /etc/mail (a list manager's) is told and never mended.",
        profiles=EVERYWHERE,
        references=(Reference("STIG", "GEN004360 (V-831)"), Reference("STIG", "GEN004370 (V-22438)"), Reference("STIG", "GEN004380 (V-832)")),
        check=lambda view: hold(_aliases(view), "the configuration names no alias file"), mend=_mend_aliases),
    Control(
        id="SM-FS-05", title="Class files belong to root and nobody else writes them", severity="high",
        reason="They say for which domains this host takes and relays mail. sendmail stops at a class file that others can write.",
        remedy="The role config writes them. By hand: chown root and chmod 0644 the file that is named.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"),),
        **by_rule(_class_files, "the configuration names no class file")),
    Control(
        id="SM-FS-06", title="The sendmail program has no set-user-ID bit, and a set-group-ID bit to the submission group only", severity="critical",
        reason="Since 8.12 no user needs root to send mail. The bit comes back with a bad copy, an old package table or an attacker.",
        remedy="sendmail_baseline sets root:smmsp 2755 (SUSE root:mail). By hand: chown root:smmsp, then chmod 2755, and dpkg-statoverride or "
               "/etc/permissions.local where they say otherwise.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"),), check=_program, mend=_mend_program),
    Control(
        id="SM-FS-09", title="Every directory on the way to the configuration, maps, keys and queues is root's alone", severity="critical",
        reason="Whoever can write in a directory can put another file in the place of one that root reads. sendmail refuses such files, or stops.",
        remedy="The role config gives /etc/mail to root (Debian's package: to smmta). By hand: chown root and chmod go-w the directory that is named. "
               "sendmail_baseline mends /etc/mail, what lies below it, and /etc; any other directory is told only.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me 4.9, File Modes"),),
        check=lambda view: hold(_on_the_way(view), places.NOTHING), mend=_mend_on_the_way),
    Control(
        id="SM-FS-15", title="DontBlameSendmail switches no check of files off", severity="high",
        reason="Each of its words makes sendmail trust files that other users can change. Debian's default has ten of them.",
        remedy="The role config writes safe. By hand: define(`confDONT_BLAME_SENDMAIL', `safe') after DOMAIN, and mend what sendmail then complains of.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README, confDONT_BLAME_SENDMAIL"),), check=_blame),
    Control(
        id="SM-FS-16", title="Nobody but root writes in /etc/mail and the alias files, by owner, mode or access list", severity="high",
        reason="An access list gives rights that the mode does not show, and the owner of a file may always write it. What the user of a filter owns, or a "
               "service keeps to itself (a key for signing, 0600), is its own.",
        remedy="sendmail_baseline takes them off, in /etc and /etc/mail. By hand: setfacl -b, chown root and chmod go-w what is named. Others edit maps by "
               "sendmail_delegations.",
        profiles=EVERYWHERE,
        references=(Reference("STIG", "GEN004390 (V-22439)"), Reference("STIG", "GEN004430")), check=_hands_off, mend=_mend_hands_off),
)
