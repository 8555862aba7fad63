# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls FS of what sendmail writes and keeps: queues, run time files, passwords, logs, mailboxes. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch
import posixpath
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostplaces as places
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    Control,
    Evidence,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    profiles,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import ANYBODY, Tries, hold, look, look_at, mend, rule, told, wrong
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import UnsafePath

# Of a queue that many messages wait in, this many files are looked at.
LOOKED_AT = 400
QUEUE_FILE = re.compile(r"[a-zA-Z]f\w+\Z")
# Directories that belong to sendmail alone, whoever made them.
OWN_RUN = re.compile(r"(/var)?/run/(sendmail|sm-client)[^/]*(/.*)?\Z")
PID_FILES = {"mta": ("/run/sendmail.pid", "/run/sendmail/mta/sendmail.pid"), "msp": ("/run/sm-client.pid", "/run/sendmail/msp/sendmail.pid")}
SASL_FILES = ("/etc/sasl2/Sendmail.conf", "/etc/mail/sasl/Sendmail.conf.2", "/etc/mail/sasl/Sendmail.conf", "/usr/lib64/sasl2/Sendmail.conf",
              "/usr/lib/sasl2/Sendmail.conf", "/etc/sasl/Sendmail.conf")
SASL_DATABASES = ("/etc/sasldb2", "/etc/sasldb", "/etc/sasl2/sasldb2", "/etc/mail/sasl/sasldb2")
SASL_PASSWORD = re.compile(r"^\s*(ldapdb_pw|sql_passwd|ldap_password|mysql_passwd)\s*:", re.M)
# A rule of rsyslog's in either form: the selector, and a file or an action.
LOG_RULE = re.compile(r"^([^#\s]+)[ \t]+(?:-?(/[^\s;]+)|action[ \t]*\(([^)]*)\))", re.M | re.I)
OMFILE, OMFILE_PATH = re.compile(r"\btype\s*=\s*\"omfile\"", re.I), re.compile(r"\bfile\s*=\s*\"(/[^\"]+)\"", re.I)
LOG_OWNERS = ("syslog",)
SPOOLS = ("/var/mail", "/var/spool/mail")
# File systems whose server may be silent; a look at one that is, never ends.
DISTANT = re.compile(r"(?:autofs|nfs4?|cifs|smb3|smbfs|afs|ceph|lustre|glusterfs|gpfs|fuse\.(?:sshfs|glusterfs|ceph|s3fs|rclone|davfs2?|juicefs))\Z")
NOT_SEPARATE = "lies on the file system of /, where these options would stop the host"


# ---- queues

def _queue_rows(view, which, want, wanted_file):
    """Return rows for the directories of a queue, those below them, and some of the messages.

    What lies there is looked at itself: whoever can put a file into a queue can put a link there, and root must not follow it.
    """
    rows, files, walked = [], 0, set()
    for top in places.queues(view, which)[1]:
        if top in walked:
            continue    # a group's, below another one
        rows.append((look(view, top), want))
        below = [top]
        while below:
            place = below.pop()
            try:
                names = view.names(place) or []
            except Unseen as exc:
                rows.append((exc, want))
                continue
            for name in names:
                one, message = None, QUEUE_FILE.match(name)
                if message:
                    files += 1
                    one = look_at(view, place + "/" + name) if files <= LOOKED_AT else None
                elif place == top or name in ("qf", "df", "xf"):
                    one = look_at(view, place + "/" + name)
                if getattr(one, "kind", "") == "directory":
                    rows.append((one, want))
                    below.append(place + "/" + name)
                    walked.add(place + "/" + name)
                elif message and getattr(one, "kind", "") in ("file", "link"):
                    rows.append((one, wanted_file))
    return rows


def _mta_owners(view):
    trusted = places.option(view, "TrustedUser")
    return (places.daemon_users(view) | ({places.user(view, trusted)[0]} if trusted else set())) - {"root"}


def _mta_queue(view):
    owners = _mta_owners(view)
    readers = (places.daemon_groups(view) | {places.client(view)[1]}) - {None}
    want = rule("root%s, closed to others, not writable by the group (0700)" % "".join(" or " + name for name in sorted(owners)), owners, 0o027,
                sorted(readers), "directory")
    return _queue_rows(view, "mta", want, rule("a plain file, closed to others, not writable by the group (0600)", [ANYBODY], 0o027, [ANYBODY]))


def _mta_base(view):
    """Return a row for the place of several queues (a star in QueueDirectory). It is often one that others share, and is never mended."""
    base, directories = places.queues(view, "mta")
    owners = _mta_owners(view)
    want = rule("root%s, writable by nobody else (0755 or less)" % "".join(" or " + name for name in sorted(owners)), owners, kind="directory")
    return [(look(view, base), want)] if base and base not in directories else []


def _client_queue_faults(view, base, one):
    user, group = places.client(view)
    if isinstance(one, Unseen):
        raise one
    if one is None:
        return [Evidence(base, "there is none", "a directory of %s:%s 0770: without it nobody can hand mail in" % (user, group))]
    good = one.kind == "directory" and one.owner == user and one.group == group and not one.mode & 0o007 and one.mode & 0o770 == 0o770 and not one.acl
    return [] if good else [Evidence(one.path, told(one), "a directory of %s:%s 0770: closed to others, open to the submission program" % (user, group))]


def _client_messages(view, top):
    """Return what lies in a submission queue and should not be so. Links are looked at themselves: the group of the queue can make them."""
    found = [look_at(view, top + "/" + name) for name in (view.names(top) or [])[:LOOKED_AT]]
    return [one for one in found if getattr(one, "kind", "") == "link" or getattr(one, "kind", "") == "file" and (one.mode & 0o007 or one.acl)]


def _client_queue(view):
    if view.cf("msp") is None or places.client(view)[0] is None:
        return not_applicable("there is no submit.cf, so no submission queue")
    faults, seen, tops = [], [], places.queues(view, "msp")[1]
    if not tops:
        faults.append(Evidence(places.place(view, "QueueDirectory", "msp"), "%s: no directory is called so" % places.option(view, "QueueDirectory", "msp"),
                               "a directory of %s:%s 0770: without it nobody can hand mail in" % places.client(view)))
    for top in tops:
        one = look(view, top)
        of_top = _client_queue_faults(view, top, one)
        faults += of_top or [Evidence(found.path, told(found), "a plain file, closed to others (0660)") for found in _client_messages(view, top)]
        seen.append(Evidence(top, told(one) if one else "", ""))
    return held(faults, seen)


def _mend_client_queue(view, hands):
    if view.cf("msp") is None or places.client(view)[0] is None:
        return
    user, group = places.client(view)
    if not view.account(user) or not view.group(group):
        return
    tries = Tries()
    for top in places.queues(view, "msp")[1]:
        one = look(view, top)
        if isinstance(one, Unseen):
            continue
        with tries.one():
            if one and one.acl:
                hands.acl(top)
            if _client_queue_faults(view, top, one):
                hands.directory(top, user, group, (one.mode & 0o2000 if one else 0) | 0o770)
        for found in _client_messages(view, top):
            with tries.one():
                _mend_client_message(hands, found)
    tries.end()


def _mend_client_message(hands, found):
    if found.kind == "link":
        raise UnsafePath("%s is a symbolic link and is left as it is. Look at it." % found.path, path=found.path)
    if found.acl:
        hands.acl(found.path)
    hands.mode(found.path, forbid=0o007)


# ---- files of the running daemon

def _run_files(view):
    """Return rows for the files, and for the directories in which they lie, as (rows, rows).

    The files are looked at themselves: sendmail opens none of them through a link.
    """
    files, directories = [], []
    for which in ("mta", "msp"):
        if view.cf(which) is None:
            continue
        users = places.daemon_users(view) if which == "mta" else {places.client(view)[0]} - {None}
        by = "".join(" or " + name for name in sorted(users))
        status = (places.option(view, "StatusFile", which) or "").strip()
        if status:
            # The group is that of the submission program, all of whose users write there through its bit.
            files.append((look_at(view, status), rule("a file of root%s, closed to others%s" % (by, " (0600)" if which == "mta" else " (0660)"), users,
                                                      0o027 if which == "mta" else 0o007)))
        said = (places.option(view, "PidFile", which) or "").strip()
        for path in [said] if said else PID_FILES[which]:
            if view.stat(path):
                files.append((look_at(view, path), rule("a file of root%s, writable by nobody else (0644)" % by, users)))
                directories += _pid_directory(view, posixpath.dirname(path), users, by)
        control = (places.option(view, "ControlSocketName", which) or "").strip()
        if control:
            files.append((look_at(view, control), rule("a socket of root%s 0600" % by, users, 0o077, kind="socket")))
            directories.append((look(view, posixpath.dirname(control)), rule("root%s 0700: whoever can enter it can command the daemon" % by, users, 0o077,
                                                                             kind="directory")))
    return files, directories


def _pid_directory(view, path, users, by):
    one = look(view, path)
    # A process number in the submission queue lies where its program alone writes. In a directory with the sticky bit nobody else can take it away.
    if path in places.queues(view, "msp")[1] or getattr(one, "mode", 0) & 0o1000:
        return []
    return [(one, rule("root%s, writable by nobody else (0755)" % by, users, kind="directory"))]


def _run_time(view):
    files, directories = _run_files(view)
    links = [Evidence(one.path, "%d hard links" % one.links, "one name: another one may be a user's") for one, _want in files
             if getattr(one, "kind", "") == "file" and one.links > 1]
    return failed(*links) if links else hold(files + directories, "there is no statistics file, no process number and no control socket")


def _is_own(one, want, files):
    """Tell whether a directory is the program's alone: below /run by its name, and without files of the other program, which must get there too."""
    return bool(OWN_RUN.match(one.path)) and not one.mode & 0o1000 and all(
        of_file.owners == want.owners for found, of_file in files if (getattr(found, "path", "") or "").startswith(one.path + "/"))


def _mend_run_time(view, hands):
    """The files, and directories that are the program's own. Any other (/run, /tmp, /etc/mail) is shared with those who need it as it is, and is told."""
    files, directories = _run_files(view)
    rows, tries = list(files), Tries()
    for one, want in directories:
        if one is None or isinstance(one, Unseen) or not wrong(one, want):
            continue
        if _is_own(one, want, files):
            rows.append((one, want))
        else:
            tries.leave("%s is %s, shared with others, and is left as it is. Name another place for what lies there." % (one.path, told(one)))
    with tries.one():
        mend(hands, rows)
    tries.end()


# ---- passwords

def _secrets(view):
    """Return rows for the files with passwords that are sendmail's own."""
    daemons, groups = places.daemon_users(view), places.daemon_groups(view)
    user, group = places.client(view)
    rows = []
    for one in places.maps(view):
        tagged = one.name == "access" and _has_passwords(view, one.source)
        if not (one.secret or tagged):
            continue
        mine = one.which == "msp"
        readers = groups | ({group} if mine else set())
        rows.append((look(view, one.source), rule("root, closed to everybody else (0600)", readers=sorted(groups), forbid=0o037)))
        rows += [(look(view, path), rule("root%s, closed to others (0600)" % (" or " + user if mine else ""), ({user} if mine else set()) | daemons, 0o037,
                                         readers=sorted(readers - {None}))) for path in one.databases]
    paths = [(places.option(view, "DefaultAuthInfo", which) or "").strip() for which in ("mta", "msp")] + _ldap_secrets(view)
    paths += [path for path in SASL_FILES if _is_secret(view, path)]
    rows += [(look(view, path), rule("root, writable by nobody else (0640)", daemons)) for path, text in _sasl_texts(view) if not SASL_PASSWORD.search(text)]
    return rows + [(look(view, path), _secret(view)) for path in sorted(set(path for path in paths if path.startswith("/")))]


def _secret(view):
    readers = places.daemon_groups(view) | {places.client(view)[1], "sasl", "saslauth"}
    return rule("root, closed to others (0600, 0640 where the group is the daemon's)", places.daemon_users(view), 0o037, readers=sorted(readers - {None}))


def _sasl_texts(view):
    """Return (path, text) of what the SASL library is told of sendmail; what is closed to whoever asks is left out."""
    found = []
    for path in SASL_FILES:
        try:
            text = view.read(path)
        except Unseen:
            continue
        found += [(path, text)] if text is not None else []
    return found


def _sasl_databases(view):
    """Return rows for the databases of users: those that sendmail asks, and those in a usual place that nobody else was given.

    A database of another service is as that service needs it, whatever this control would want of one of sendmail's.
    """
    texts = [text for _path, text in _sasl_texts(view)]
    used = {path for text in texts for path in _said(text, "sasldb_path")}
    if any(_asks_usual(text) for text in texts) or not texts and _offers_logins(view):
        used.update(SASL_DATABASES)
    want = rule("closed to others (0640): passwords of users stand in it", [ANYBODY], 0o007)
    others = [look(view, path) for path in sorted(set(SASL_DATABASES) - used)]
    return [(look(view, path), _secret(view)) for path in sorted(used) if path.startswith("/")] + [
        (one, want) for one in others if one is not None and not isinstance(one, Unseen) and one.uid == one.gid == 0]


def _said(text, key):
    """Return the words of a setting of the SASL library."""
    return [word for line in re.findall(r"^\s*%s\s*:(.*)$" % key, text, re.M) for word in line.split()]


def _asks_usual(text):
    """Tell whether the library asks a database in a usual place: it looks users up itself, with nothing else said."""
    return "auxprop" in (_said(text, "pwcheck_method") or ["auxprop"]) and "sasldb" in (_said(text, "auxprop_plugin") or ["sasldb"]) and not _said(
        text, "sasldb_path")


def _offers_logins(view):
    return not transport.lacks(view, "SASL") and any("A" not in one.modifiers for one in transport.listeners(view))


def _mend_credentials(view, hands):
    """Databases of users only lose what others may do: who else owns and reads one is not known here."""
    tries = Tries()
    with tries.one():
        mend(hands, _secrets(view))
    for one, want in _sasl_databases(view):
        faults = [] if one is None or isinstance(one, Unseen) else wrong(one, want)
        with tries.one():
            if "list" in faults:
                hands.acl(one.path)
            if faults and "kind" not in faults and one.mode & 0o007:
                hands.mode(one.path, forbid=0o007)
        if set(faults) & {"kind", "owner", "group"} or faults and one.mode & want.forbid & 0o070:
            tries.leave("%s is %s, which another service may need. Give sendmail a database of its own (sendmail_auth), or mend it by hand." % (
                one.path, told(one)))
    tries.end()


def _is_secret(view, path):
    """Tell whether a file of the SASL library holds a password, or can not be read, which is how it should be then."""
    try:
        return bool(SASL_PASSWORD.search(view.read(path) or ""))
    except Unseen:
        return True


def _has_passwords(view, path):
    try:
        return bool(re.search(r"^\s*AuthInfo:", view.read(path) or "", re.M | re.I))
    except Unseen:
        return False


def _ldap_secrets(view):
    """Return the files that LDAP maps take a password from (-P), or that the default does."""
    found = []
    for which, read in places.configurations(view):
        lines = [" ".join(one.flags + [one.path]) for one in read.maps.values() if one.klass.startswith("ldap")]
        lines.append(places.option(view, "LDAPDefaultSpec", which) or "")
        found += [path for line in lines for path in re.findall(r"-P\s*(/\S+)", line)]
    return found


# ---- the log

def logs(view):
    """Return the mail logs that there are: the usual ones, and what syslog's rules name for mail."""
    named = set(places.LOGS)
    for path in view.find("/etc/rsyslog.conf", "/etc/rsyslog.d/*.conf", "/etc/syslog.conf"):
        try:
            rules = LOG_RULE.findall(view.read(path) or "")
        except Unseen:
            continue
        for selector, plain, action in rules:
            if _takes_mail(selector):
                named.update([plain] if plain else OMFILE_PATH.findall(action)[:1] if OMFILE.search(action) else [])
    return sorted(path for path in named if getattr(view.stat(path, follow=True), "kind", "") == "file")


def _takes_mail(selector):
    """Tell whether a selector of syslog names the facility mail, and not to leave it out: of several parts the last counts."""
    parts = [part.rpartition(".") for part in selector.lower().split(";")]
    said = [level for facilities, _dot, level in parts if "mail" in facilities.split(",")]
    return bool(said) and said[-1] != "none"


def _rotated(view):
    """Return the patterns that logrotate knows, with where each stands."""
    found = []
    for path in view.find("/etc/logrotate.conf", "/etc/logrotate.d/*"):
        if getattr(view.stat(path, follow=True), "kind", "") != "file":
            continue
        for number, line in enumerate((view.read(path) or "").splitlines(), 1):
            words = re.findall(r"(/[^\s\"'{}]+)", line.partition("#")[0])
            if line.lstrip()[:1] in ("/", '"', "'"):
                found += [(word, "%s:%d" % (path, number)) for word in words]
    return found


def _log_rows(view):
    want = rule("root, closed to others, not writable by the group (0640)", LOG_OWNERS, 0o027)
    return [(look(view, path), want) for path in logs(view) + [old for path in logs(view) for old in view.find(path + "-*", path + ".*")]]


def _logs(view):
    paths = logs(view)
    if not paths:
        return not_applicable("no log file for mail: the journal keeps it")
    found = hold(_log_rows(view), "")
    patterns = _rotated(view)
    growing = [Evidence(path, "no rule of logrotate names it", "a rule in /etc/logrotate.d, or it grows until the disk is full") for path in paths
               if not any(fnmatch.fnmatchcase(path, pattern) for pattern, _where in patterns)]
    return failed(*((found.evidence if found.verdict == "fail" else []) + growing)) if growing else found


# ---- mailboxes

def _passwd(view):
    """Return the accounts of /etc/passwd as (name, home)."""
    rows = [line.split(":") for line in (view.read("/etc/passwd") or "").splitlines()]
    return [(words[0], words[5]) for words in rows if len(words) == 7]


def _spool_faults(one):
    if one.kind != "directory" or one.uid != 0:
        yield "a directory of root"
    if one.mode & 0o002 and not one.mode & 0o1000:
        yield "not writable by all without the sticky bit (2775 or 1777): anybody could take another's mailbox away"
    if one.mode & 0o020 and one.group not in ("mail", "root") and not one.mode & 0o1000:
        yield "the group mail"


def _mailbox_faults(one, name, homes):
    if one.kind == "directory":
        return      # a Maildir, or what a mail reader keeps
    if one.kind != "file" or one.links > 1:
        yield "a plain file with one name: a link here makes mail end where its owner likes"
    if one.mode & 0o007 or one.mode & 0o060 and one.group not in ("mail", name):
        yield "closed to others (0600, or 0660 with the group mail)"
    if name in homes and one.owner not in (name, "root"):
        yield "the mailbox of %s belongs to %s" % (name, name)


def _forward_faults(view, name, home):
    path = home.rstrip("/") + "/.forward"
    one = view.stat(path)
    if one is None:
        return
    if one.kind != "file" or one.owner not in (name, "root") or one.mode & 0o022:
        yield Evidence(path, told(one), "a file of %s, writable by nobody else (0644)" % name)
    top = view.stat(home, follow=True)
    if top.owner not in (name, "root") or top.mode & 0o022:
        yield Evidence(home, told(top), "a directory of %s, writable by nobody else: .forward could be replaced" % name)


def _mailboxes(view):
    tops = sorted({view.target(path) for path in SPOOLS if view.stat(path, follow=True)})
    if not tops:
        return not_applicable("there is no /var/mail")
    homes, faults, seen, hidden = dict(_passwd(view)), [], [], []
    for top in tops:
        one = view.stat(top)
        seen.append(Evidence(top, told(one), ""))
        faults += [Evidence(top, told(one), wanted) for wanted in _spool_faults(one)]
        for name in view.names(top) or []:
            box = view.stat(top + "/" + name)
            faults += [Evidence(box.path, told(box), wanted) for wanted in _mailbox_faults(box, name, homes)] if box else []
    distant = {}
    for name, home in sorted(homes.items()):
        point = _distant(view, home)
        if point:
            distant.setdefault(point, []).append(name)
            continue
        try:
            faults += list(_forward_faults(view, name, home))
        except Unseen as exc:
            hidden.append(exc.message)
    hidden += ["the homes of %d users (%s ...) lie on %s, which is not asked: it might not answer" % (len(names), names[0], point)
               for point, names in sorted(distant.items())]
    return unknown("; ".join(hidden)) if hidden and not faults else held(faults, seen)


def _distant(view, path):
    """Return the mount point and type of a file system that another host serves, or that is mounted when it is looked at; None for one of this host."""
    under = [point for point in _types(view) if (path.rstrip("/") + "/").startswith(point.rstrip("/") + "/")]
    kind = _types(view)[max(under, key=len)] if under else ""
    return "%s (%s)" % (max(under, key=len), kind) if DISTANT.match(kind) else None


def _types(view):
    """Return mount point -> type of the file system, the last mount on a point counting."""
    return view.once("mount types", lambda: {_plainly(words[1]): words[2] for words in map(str.split, (view.read("/proc/self/mounts") or "").splitlines())
                                             if len(words) > 3})


def _plainly(text):
    """Return a path of /proc/self/mounts without its octal codes."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match.group(1), 8)), text)


def _mend_mailboxes(view, hands):
    """Mailboxes lose what others may read; who owns which is left to a person."""
    for top in sorted({view.target(path) for path in SPOOLS if view.stat(path, follow=True)}):
        one = view.stat(top)
        if one.kind == "directory" and one.mode & 0o002 and not one.mode & 0o1000:
            hands.mode(top, exactly=one.mode | 0o1000)
        for name in view.names(top) or []:
            box = view.stat(top + "/" + name)
            if box and box.kind == "file" and box.links == 1 and box.mode & 0o007:
                hands.mode(box.path, forbid=0o007)


# ---- mounts

def mounts(view):
    """Return the file systems as mount point -> set of options, the last mount on a point counting."""
    found = {}
    for line in (view.read("/proc/self/mounts") or "").splitlines():
        words = line.split()
        if len(words) > 3:
            found[_plainly(words[1])] = set(words[3].split(","))
    return found


def _mounted(view):
    paths = [base for base in (places.queues(view, "mta")[0], places.queues(view, "msp")[0]) if base]
    paths += [places.jail(view)] if places.jail(view) not in ("", "/") else []
    paths = [path for path in paths if view.stat(path)]
    known, faults, seen, shared = mounts(view), [], [], []
    if paths and not known:
        return unknown("/proc/self/mounts can not be read")
    for path in paths:
        real = view.target(path)
        point = max((one for one in known if one == "/" or (real + "/").startswith(one + "/")), key=len)
        if point == "/":
            shared.append("%s %s" % (path, NOT_SEPARATE))
            continue
        # /var holds what packages run at installation.
        wanted = ["nosuid", "nodev"] + ([] if point == "/var" else ["noexec"])
        lacking = [word for word in wanted if word not in known[point]]
        row = Evidence("%s, mounted at %s" % (path, point), ",".join(sorted(known[point] & {"nosuid", "nodev", "noexec"})) or "none of the options", "")
        faults += [row._replace(wanted=",".join(wanted))] if lacking else []
        seen.append(row)
    if not faults and not seen:
        return not_applicable("; ".join(shared) or "there is neither queue nor jail")
    return held(faults, seen)


CONTROLS = (
    Control(
        id="SM-FS-07", title="The queue of the daemon is closed to everybody but the daemon", severity="high",
        reason="Whole messages lie in it. Whoever can write there can hand in mail under any name.",
        remedy="The role config sets owner and mode. By hand: chown root and chmod 0700 the queue directory, 0600 what lies in it.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"), Reference("article", "S13")),
        check=lambda view: hold(_mta_queue(view) + _mta_base(view), "there is no queue of a daemon"),
        mend=lambda view, hands: mend(hands, _mta_queue(view))),
    Control(
        id="SM-FS-08", title="The submission queue belongs to the submission program and is closed to others", severity="high",
        reason="With another owner or mode users can not hand mail in. Open to others it shows whole messages.",
        remedy="The role config sets owner and mode. By hand: chown smmsp:smmsp (SUSE: mail:mail) and chmod 0770 the directory.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"),), check=_client_queue, mend=_mend_client_queue),
    Control(
        id="SM-FS-10", title="Statistics, process numbers and the control socket can be changed by the daemon alone", severity="medium",
        reason="A link in place of a statistics file makes root write elsewhere; a false process number makes root end another process; a control socket stops "
               "the daemon.",
        remedy="The role config sets neither statistics file nor control socket. By hand: leave both out, or chmod 0600 the file and 0700 its directory. "
               "sendmail_baseline mends the files, and directories that are sendmail's own (/run/sendmail), never /run, /tmp or another that is shared.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me 4.9, File Modes"),),
        check=_run_time, mend=_mend_run_time),
    Control(
        id="SM-FS-11", title="Passwords for other hosts and of users can be read by the daemon alone", severity="high",
        reason="A password for a smart host sends mail in the organisation's name.",
        remedy="sendmail_smart_host_auth, sendmail_auth; their files are 0600. By hand: chown root and chmod 0600 the file that is named. Of databases of "
               "users (sasldb2) sendmail_baseline only takes the rights of others: who else needs one is for a person to say.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README, SMTP AUTH as client"), Reference("NIST", "SP 800-45v2")),
        check=lambda view: hold(_secrets(view) + _sasl_databases(view), "no file with passwords is named"), mend=_mend_credentials),
    Control(
        id="SM-FS-12", title="The mail log is closed to others and is rotated", severity="medium",
        reason="It says who writes to whom, with which login. A log that only grows fills the disk, and mail stops.",
        remedy="The role logs lays out rule and rotation. By hand: chmod 0640 the file, and name it in /etc/logrotate.d.",
        profiles=EVERYWHERE, references=(Reference("STIG", "GEN004480 (V-837)"), Reference("STIG", "GEN004500 (V-838)")),
        check=_logs, mend=lambda view, hands: mend(hands, _log_rows(view))),
    Control(
        id="SM-FS-13", title="Mailboxes, homes and .forward files can be changed by their owners alone", severity="high",
        reason="Who can change a directory of mailboxes can take one, or put a link in its place; who can change a .forward file reads that user's mail.",
        remedy="sendmail_baseline takes rights of others off. By hand: chmod 1777 or 2775 the directory (root:mail), 0600 each mailbox, 0644 each .forward.",
        profiles=profiles("no", "no", "yes"), references=(Reference("sendmail", "sendmail/SECURITY"),), check=_mailboxes, mend=_mend_mailboxes),
    Control(
        id="SM-FS-14", title="Queues and jail lie on file systems without set-user-ID programs, devices and programs", severity="low",
        reason="What arrives by mail lies there; nothing of it needs to be run.",
        remedy="Where the queue or the jail is a file system of its own: mount it with nosuid,nodev,noexec (/etc/fstab). Otherwise there is nothing to do.",
        profiles=profiles("opt", "opt", "opt"), references=(Reference("article", "S13"),), check=_mounted),
)
