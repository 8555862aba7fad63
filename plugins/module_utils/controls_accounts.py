# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls PRIV: who sendmail is, and what it may do for whom. Pure but for the view they are given. JAIL, SMRSH and ALIAS: controls_delivery."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

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
    profiles,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import look, told

# Only where the system keeps its programs: anybody can have a program of such a name. An account without any shell has /bin/sh.
SHELLS_OF_NOBODY = tuple(place + name for place in ("/bin/", "/sbin/", "/usr/bin/", "/usr/sbin/") for name in ("nologin", "false", "true", "sync"))
PRIVILEGED_GROUPS = ("root", "wheel", "sudo", "adm", "shadow", "disk", "docker", "smmsp")
# What the daemon and those who run a queue call themselves, or were started with.
SERVICE = re.compile(r"(?:accepting|rejecting) connections|[Qq]ueue runner|running queue|Queue control|\s-b[dD]\b|\s-q(?:[\dfpGIQRS!]|\s|\Z)")
# Whom the cf library and distributions trust as shipped.
TRUSTED = ("root", "daemon", "uucp", "smmsp", "mail")


def may_log_in(account):
    """Tell whether an account has a shell that lets somebody in."""
    return account.pw_shell not in SHELLS_OF_NOBODY


def shell(account):
    """Return the shell of an account, as the system takes it."""
    return account.pw_shell or "/bin/sh, since none is named"


def _no_daemon(view):
    return not_applicable("there is no sendmail.cf") if view.cf("mta") is None else None


# ---- who writes and runs

def _default_user_faults(view, name, account):
    if account is None:
        yield "an account of this host"
        return
    if account.pw_uid == 0:
        yield "not root: it writes files and runs programs for whoever sends mail"
    if name == "smmsp" or name == places.client(view)[0] != "mail":
        yield "not the submission program's user, whose queue it could then read"
    if account.pw_uid and may_log_in(account):
        yield "an account without a shell (it has %s)" % shell(account)
    groups = [group for group in PRIVILEGED_GROUPS if view.group(group) and name in view.group(group).gr_mem]
    if groups:
        yield "not a member of %s" % ", ".join(groups)


def _default_user(view):
    if view.cf("mta") is None:
        return _no_daemon(view)
    said, (name, group) = places.option(view, "DefaultUser"), places.default_user(view)
    where = places.place(view, "DefaultUser")
    seen = "%s:%s%s" % (name, group, "" if said else ", which sendmail takes where nothing is said")
    faults = [Evidence(where, seen, wanted) for wanted in _default_user_faults(view, name, view.account(name))]
    # SUSE's submission program has the group mail, in which programs for mail may be.
    if group in PRIVILEGED_GROUPS + ("0",) or group == places.client(view)[1] != "mail":
        faults.append(Evidence(where, seen, "another group than %s: what it may read and write, whoever sends mail may" % ("root" if group == "0" else group)))
    return held(faults, [Evidence(where, seen, "")])


def _chroot_needs_root(view):
    if view.cf("mta") is None:
        return _no_daemon(view)
    jail, users = places.jail(view), sorted(places.daemon_users(view))
    where = places.place(view, "SafeFileEnvironment")
    if jail and users:
        as_whom = places.place(view, "RunAsUser") if places.option(view, "RunAsUser") else places.unit(view)[0]
        return failed(Evidence(where, "%s, with a daemon that runs as %s (%s)" % (jail, users[0], as_whom),
                               "only one of both: entering the jail needs root, and every delivery to a file bounces for good"))
    return passed(Evidence(where, jail or "not set", ""), Evidence(places.place(view, "RunAsUser"), users[0] if users else "not set", ""))


def _is_service(view, one):
    """Tell whether a process is the daemon or runs a queue. Whoever sends a message has a sendmail process of his own for that while."""
    return bool(SERVICE.search(one["title"])) or str(one["pid"]) in [places.unit(view, which)[1].get("MainPID") for which in ("mta", "msp")]


def _process_rows(view):
    """Return (process, user, wanted users) of those that no other sendmail process started; children become those whom they deliver for."""
    found = view.processes()
    numbers = {one["pid"] for one in found}
    queue, client = places.queues(view, "msp")[0], places.client(view)[0]
    user = places.daemon_users(view)
    daemon = sorted(user) if user and not places.option(view, "RunAsUser") else ["root"] + sorted(user)
    for one in found:
        if one["ppid"] in numbers or not _is_service(view, one):
            continue
        account = view.account(one["uid"])
        runner = bool(queue) and ("for %s" % queue) in one["title"] or one["title"].startswith("sendmail -Ac") or " -Ac " in one["title"]
        yield one, account.pw_name if account else str(one["uid"]), [client] if runner else daemon


def _processes(view):
    rows = list(_process_rows(view))
    if not rows:
        return not_applicable("no process of sendmail runs: no daemon, no queue runner")
    faults, seen, doubtful = [], [], []
    for one, name, wanted in rows:
        where = "process %d, %s" % (one["pid"], one["title"][:80])
        sure = one.get("sure", True)
        seen.append(Evidence(where, name if sure else "%s; that it is sendmail, only its name says (root sees its program)" % name, ""))
        if view.site.get("privilege") == "unprivileged" and one["uid"] == 0:
            (faults if sure else doubtful).append(Evidence(where, name, "not root: sendmail_privilege is unprivileged"))
        elif name not in wanted:
            (faults if sure else doubtful).append(Evidence(where, name, " or ".join(str(word) for word in wanted)))
    if doubtful and not faults:
        return unknown("%s runs as %s, and without root nothing tells whether it is sendmail at all" % (doubtful[0].where, doubtful[0].seen),
                       doubtful[0].where)
    return held(faults, seen)


def _trusted_members(view, which):
    """Return (name, where) of class t, those of its file included."""
    read = view.cf(which)
    found = [(name, view.compiled(which) + ", class t") for name in read.members("t")]
    for path in read.classes["t"].files if "t" in read.classes else ():
        words = [word for word in path.split() if word != "-o"]
        text = view.read(words[0]) if words and words[0].startswith("/") else None
        found += [(line.strip(), "%s:%d" % (words[0], number)) for number, line in enumerate((text or "").splitlines(), 1)
                  if line.strip() and not line.startswith("#")]
    return found


def _trusted(view):
    faults, seen, hidden = [], [], []
    allowed = set(TRUSTED) | places.daemon_users(view) | {places.client(view)[0]}
    for which, _read in places.configurations(view):
        try:
            members = _trusted_members(view, which)
        except Unseen as exc:
            hidden.append(exc.message)
            continue
        faults += [Evidence(where, name, "only %s: whoever is trusted sends in any name without a trace" % ", ".join(TRUSTED[:3]))
                   for name, where in members if name not in allowed]
        seen.append(Evidence("%s, class t" % view.compiled(which), " ".join(sorted({name for name, _where in members})) or "empty", ""))
        said = places.option(view, "TrustedUser", which)
        account = view.account(places.user(view, said)[0]) if said else None
        if account and account.pw_uid and may_log_in(account):
            faults.append(Evidence(places.place(view, "TrustedUser", which), "%s, whose shell is %s" % (said, shell(account)),
                                   "root, or an account that nobody can log in to: it may replace maps"))
    if not seen and not hidden:
        return not_applicable(places.NOTHING)
    return unknown("; ".join(hidden)) if hidden and not faults else held(faults, seen)


# ---- the submission program's account

def _client_faults(view, name, group):
    """Return faults, and why the password could not be seen."""
    account, faults, hidden = view.account(name), [], ""
    if account is None:
        return [Evidence("/etc/passwd", "no user %s" % name, "the user of the submission program, as submit.cf names it")], ""
    if may_log_in(account):
        faults.append(Evidence("/etc/passwd, %s" % name, "shell %s" % shell(account), "no shell (/usr/sbin/nologin)"))
    if account.pw_uid == 0:
        faults.append(Evidence("/etc/passwd, %s" % name, "uid 0", "an account of its own"))
    try:
        for number, line in enumerate((view.read("/etc/shadow") or "").splitlines(), 1):
            words = line.split(":")
            if words[0] == name and len(words) > 1 and words[1][:1] not in ("!", "*", "x"):
                faults.append(Evidence("/etc/shadow:%d" % number, "%s has %s" % (name, "a password" if words[1] else "an empty password"), "locked"))
    except Unseen as exc:
        hidden = exc.message
    entry = view.group(group)
    # Whose first group it is stands in no list of members.
    members = sorted((set(entry.gr_mem) | {one.pw_name for one in view.everybody() if one.pw_gid == entry.gr_gid}) - {name}) if entry else []
    if members:
        faults.append(Evidence("/etc/group, %s" % group, ", ".join(members), "no members: they could read and change what waits in the submission queue"))
    return faults, hidden


def _client_account(view):
    name, group = places.client(view)
    if view.cf("msp") is None or not name:
        return not_applicable("there is no submit.cf, so no submission program with an account of its own")
    faults, hidden = _client_faults(view, name, group)
    if faults:
        return failed(*faults)
    return unknown(hidden, "/etc/shadow") if hidden else passed(Evidence("/etc/passwd, %s" % name, "no shell, locked; the group %s has no members" % group, ""))


def _mend_client_account(view, hands):
    """Lock the account. Members of the group are somebody's wish, and left to a person."""
    name, group = places.client(view)
    account = view.account(name) if view.cf("msp") is not None and name else None
    # Where the submission program shares an account with people (uid of a person), locking it would lock somebody out.
    if account and 0 < account.pw_uid < 1000 and any(row.where.startswith(("/etc/passwd", "/etc/shadow")) for row in _client_faults(view, name, group)[0]):
        hands.lock_account(name)


# ---- what users and addresses may start

def _forward(view):
    if view.cf("mta") is None:
        return _no_daemon(view)
    said, where = places.option(view, "ForwardPath"), places.place(view, "ForwardPath")
    if said == "":
        return passed(Evidence(where, "empty: no .forward is read", ""))
    # The flag w makes sendmail look a recipient up as a user of the host, and then for his .forward.
    flags = places.mailer(view, "local").get("F", "")
    if "w" not in flags:
        return passed(Evidence(places.mailer_place(view, "local"), "F=%s: no user is looked up, so no .forward is read" % flags, ""))
    seen = said or "not set: ~/.forward is read"
    paths = (said or "$z/.forward").split(":")
    limited = all(path.startswith("$z/") for path in paths)
    if places.profile(view) in ("hub", "") and places.delivers_locally(view) and limited:
        return passed(Evidence(where, "%s: users with mailboxes here direct their own mail" % ":".join(paths), ""))
    return failed(Evidence(where, seen, "empty" if places.profile(view) in ("gateway", "nullclient") or not places.delivers_locally(view) else
                           "empty, or paths in the user's own home only ($z/.forward)"))


SIGNS = {":": ":include: files", "|": "programs", "/": "files"}


def _addresses(view):
    if view.cf("mta") is None:
        return _no_daemon(view)
    if not places.mailer(view, "local"):
        return passed(Evidence(view.compiled(), "no local mailer", ""))
    if not places.profile(view) and places.delivers_locally(view):
        return not_applicable("mail is delivered on this host")
    where, flags, jail = places.mailer_place(view, "local"), places.mailer(view, "local").get("F", ""), places.jail(view)
    # Files inside a jail are what a gateway keeps an archive in.
    bad = [sign for sign in places.may_name(view) if not (sign == "/" and jail not in ("", "/"))]
    seen = "F=%s" % flags
    if bad:
        return failed(Evidence(where, "%s: an address may name %s" % (seen, " and ".join(SIGNS[sign] for sign in bad)),
                               "without %s%s" % (" ".join(bad), ", or SafeFileEnvironment with a jail" if bad == ["/"] else "")))
    return passed(Evidence(where, seen, ""))


def _agent(view):
    if view.cf("mta") is None:
        return _no_daemon(view)
    equates, where = places.mailer(view, "local"), places.mailer_place(view, "local")
    path = equates.get("P", "")
    if not places.delivers_locally(view):
        return passed(Evidence(where, "P=%s, which no recipient reaches" % path if path else "no local mailer", ""))
    if not path.startswith("/"):
        return passed(Evidence(where, "P=%s, no program" % path, ""))
    one = look(view, path)
    if isinstance(one, Unseen):
        raise one
    if one is None:
        return passed(Evidence(where, "P=%s, which is not on this host" % path, ""))
    name, unit = places.unit(view)
    tame = unit.get("NoNewPrivileges") == "yes"
    seen = Evidence(one.path, told(one), "")
    if one.mode & 0o4000 and not tame:
        return failed(seen._replace(wanted="no set-user-ID bit, or NoNewPrivileges=yes in %s, which takes its effect" % name))
    if one.uid != 0 or one.mode & 0o022:
        return failed(seen._replace(wanted="root, writable by nobody else: it is started as root"))
    return passed(seen, *([Evidence(name, "NoNewPrivileges=yes: the bit has no effect", "")] if one.mode & 0o4000 else []))


CONTROLS = (
    Control(
        id="SM-PRIV-01", title="Files are written and programs run by an account of their own without rights", severity="high",
        reason="Whatever an alias starts for nobody in particular, it starts as this user.",
        remedy="The role config sets DefaultUser to mail. By hand: define(`confDEF_USER_ID', `mail:mail'), an account without shell and without groups.",
        profiles=EVERYWHERE, references=(Reference("article", "S98"), Reference("sendmail", "op.me 5.6, DefaultUser")), check=_default_user),
    Control(
        id="SM-PRIV-02", title="RunAsUser and SafeFileEnvironment are not both set", severity="high",
        reason="Entering the jail needs root. With both, all mail for files is returned as undeliverable, and the log does not say why.",
        remedy="sendmail_privilege: jailed or unprivileged sets one of them. By hand: take one of both options out.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me 5.6, SafeFileEnvironment and RunAsUser"),), check=_chroot_needs_root),
    Control(
        id="SM-PRIV-03", title="Each process of sendmail runs as the user that it is meant to", severity="high",
        reason="A queue runner that is root for no reason gives root to whoever finds a hole in it.",
        remedy="The role service runs both units. By hand: restart the daemon, and start the submission queue's runner as its own user (sendmail -Ac -q10m).",
        profiles=EVERYWHERE, references=(Reference("article", "S2"), Reference("article", "S15")), check=_processes),
    Control(
        id="SM-PRIV-04", title="Only system accounts may send in any name or replace maps", severity="medium",
        reason="A trusted user sets any sender without a warning in the message. A web server among them sends as everybody.",
        remedy="sendmail_trusted_users: leave it empty. By hand: take the name out of /etc/mail/trusted-users or the T line, and see to TrustedUser.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me 5.3, class t"),), check=_trusted),
    Control(
        id="SM-PRIV-05", title="Nobody can log in as the submission program, and its group has no members", severity="high",
        reason="Account and group own the submission queue: they read and change what every user of the host sends.",
        remedy="sendmail_baseline locks the account. By hand: usermod -L -s /usr/sbin/nologin the account; gpasswd -d each member.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"),), check=_client_account, mend=_mend_client_account),
    Control(
        id="SM-PRIV-06", title="No user directs mail by a .forward file where users have no business", severity="medium",
        reason="A .forward file sends mail anywhere, and may name programs and files.",
        remedy="The role config sets ForwardPath to nothing; on a hub see sendmail_home_access. By hand: define(`confFORWARD_PATH', `').",
        profiles=profiles("yes", "yes", "opt"),
        references=(Reference("STIG", "GEN004580 (V-4385)"), Reference("STIG", "AIX7-00-003115 (V-215413)")), check=_forward),
    Control(
        id="SM-PRIV-07", title="No address names a program, a file or an :include: list where nothing is delivered", severity="high",
        reason="What sendmail does not know as an address can not be reached by an alias that somebody slipped in.",
        remedy="sendmail_local_delivery: programs, files, includes. By hand: MODIFY_MAILER_FLAGS(`LOCAL', `-:|/').",
        profiles=profiles("yes", "yes", "no"),
        references=(Reference("CERT", "CA-93:16"), Reference("article", "S91"), Reference("article", "S92")), check=_addresses),
    Control(
        id="SM-PRIV-08", title="No set-user-ID program delivers to mailboxes", severity="medium",
        reason="Whoever finds a hole in it is root, from a shell of this host as well as by mail.",
        remedy="sendmail_local_mailer: mail.local, or an LMTP server. By hand: FEATURE(`local_lmtp'), or NoNewPrivileges=yes in the daemon's unit.",
        profiles=profiles("yes", "yes", "opt"), references=(Reference("sendmail", "op.me 4.9.1, To suid or not to suid"),), check=_agent),
)
