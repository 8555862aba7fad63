# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls AUTH and MSP: who logs in, and how programs of the host hand in mail. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview
from ansible_collections.mailjail.sendmail.plugins.module_utils import hostplaces as places
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    failed,
    held,
    not_applicable,
    passed,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_spool import SASL_FILES
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

SUBMISSION = ("587", "465")
PLAIN = ("PLAIN", "LOGIN")
# plan_auth refuses the same.
BROKEN = ("DIGEST-MD5", "CRAM-MD5", "NTLM", "OTP", "KERBEROS_V4", "ANONYMOUS")
# What sendmail offers where AuthMechanisms is not set (sendmail/conf.h).
MECHANISMS = "EXTERNAL GSSAPI KERBEROS_V4 DIGEST-MD5 CRAM-MD5"
# Four hours, in seconds: a message of a program of this host that waits longer is forgotten, not delayed.
OLDEST = 4 * 3600
CLIENT_UNITS = ("sendmail-client.service", "sm-client.service", "sendmail-client.path")
CRON = "/etc/cron.d/sendmail"


# ---- AUTH ----------------------------------------------------------------------------------------------------------------------------------

def _doors(view):
    """Return ``(why nothing is to be held, the listeners on which others are offered AUTH)``."""
    if view.cf("mta") is None:
        return not_applicable("there is no configuration of a daemon"), []
    if not transport.public(view):
        return not_applicable("the daemon listens on loopback only, or not at all: nobody else can connect"), []
    if transport.lacks(view, "SASL"):
        return not_applicable("this sendmail was compiled without SASL: it offers no AUTH"), []
    doors = [one for one in transport.public(view) if "A" not in one.modifiers]
    return (None if doors else not_applicable("AUTH is offered on no listener (modifier A)")), doors


def _doors_seen(doors):
    return [Evidence(one.where, "listener %s, port %s, offers AUTH" % (one.name or "without a name", one.port), "") for one in doors]


def _clear_passwords(view):
    """Passwords are asked for inside TLS only, and nobody is anonymous."""
    reason, doors = _doors(view)
    if reason:
        return reason
    value, where = transport.option(view, "mta", "AuthOptions")
    lacking = [letter for letter in "py" if letter not in transport.letters(value)]
    seen = "AuthOptions=%s" % value if value else "AuthOptions is not set"
    faults = [Evidence(where, seen, "p,y: %s missing" % " and ".join(lacking))] if lacking else []
    return held(faults, [Evidence(where, seen, "")] + _doors_seen(doors))


def _clear_passwords_wire(result):
    blind = transport.unreachable(result)
    if blind or "auth_clear" not in result:
        return blind or transport.absent(result, "auth")
    if result.get("implicit_tls"):
        return passed(Evidence(transport.place(result), "TLS from the first byte", ""))
    clear = [name for name in result["auth_clear"] or [] if name.upper() in PLAIN]
    if clear and not transport.is_local(result.get("address", "")):
        return transport.refuse(result, "offers AUTH %s in the clear" % " ".join(clear), "neither PLAIN nor LOGIN before STARTTLS")
    return passed(Evidence(transport.place(result), "AUTH in the clear: %s" % (" ".join(result["auth_clear"] or []) or "nothing"), ""))


def _places_of_login(view):
    """On port 25 nobody logs in, on the submission ports everybody has to."""
    if view.cf("mta") is None or not transport.public(view):
        return not_applicable("nobody else can connect to this host")
    found, sasl = transport.Found(), not transport.lacks(view, "SASL")
    for one in transport.public(view):
        what = "listener %s, port %s, modifiers %s" % (one.name or "without a name", one.port, "".join(one.modifiers) or "none")
        if one.port in SUBMISSION or one.port != "25" and "a" in one.modifiers:
            found.note("a" in one.modifiers, one.where, what, "a: no mail without a login")
        elif "a" in one.modifiers:
            found.fault(one.where, what, "A and no a: mail servers of the world can not log in")
        else:
            found.note("A" in one.modifiers or not sasl, one.where, what, "A: no AUTH is offered to the world")
    return found.judged()


def _places_of_login_wire(result):
    blind, port = transport.unreachable(result), str(result.get("port"))
    if transport.is_local(result.get("address", "")):
        return not_applicable("a listener on loopback: nobody else can connect")
    if blind or "auth_clear" not in result and "auth_tls" not in result:
        return blind or transport.absent(result, "auth")
    offered = sorted({name.upper() for key in ("auth_clear", "auth_tls") for name in result.get(key) or []})
    if port == "25":
        if offered:
            return transport.refuse(result, "offers AUTH %s" % " ".join(offered), "no AUTH on port 25")
        return passed(Evidence(transport.place(result), "no AUTH", ""))
    if port not in SUBMISSION:
        return not_applicable("neither port 25 nor a submission port")
    answers = [str(row.get("answer") or "") for row in result.get("relay") or []] + [
        text for name, text in (result.get("commands") or {}).items() if name == "MAIL over TLS"]
    if not answers:
        return transport.absent(result, "relay")
    let_in = [answer for answer in answers if not answer.startswith("530")]
    if let_in:
        return transport.refuse(result, "a sender without a login is answered %s" % let_in[0], "530 Authentication required")
    return passed(Evidence(transport.place(result), "%s; AUTH %s" % (answers[0], " ".join(offered) or "none"), ""))


def _mechanisms(view):
    """No mechanism that is broken, or that knows no user, is offered."""
    reason, doors = _doors(view)
    if reason:
        return reason
    value, where = transport.option(view, "mta", "AuthMechanisms")
    wanted = (value or MECHANISMS).upper().split()
    weak = [name for name in BROKEN if name in wanted]
    seen = "AuthMechanisms=%s" % value if value else "AuthMechanisms is not set: %s" % MECHANISMS
    if not weak:
        return passed(Evidence(where, seen, ""))
    path, listed = _sasl_list(view)
    if listed is not None:
        weak = [name for name in weak if name in listed]
        if not weak:
            return passed(Evidence(where, seen, ""), Evidence(path, "mech_list: %s" % " ".join(listed), ""))
    return failed(Evidence(where, seen, "nothing of %s" % " ".join(weak)), *_doors_seen(doors))


def _sasl_list(view):
    """Return ``(path, mechanisms)`` of the file that the SASL library reads for sendmail; None for mechanisms where it says nothing of them."""
    named = ((view.site.get("platform") or {}).get("sasl") or {}).get("file")
    for path in ([named] if named else []) + list(SASL_FILES) + view.find("/usr/lib/*/sasl2/Sendmail.conf"):
        text = view.read(path)
        found = re.search(r"^[ \t]*mech_list[ \t]*:(.*)$", text or "", re.M)
        if text is not None:
            return path, found.group(1).upper().split() if found else None
    return "", None


def _mechanisms_wire(result):
    blind = transport.unreachable(result)
    if blind or "auth_clear" not in result and "auth_tls" not in result:
        return blind or transport.absent(result, "auth")
    offered = sorted({name.upper() for key in ("auth_clear", "auth_tls") for name in result.get(key) or []})
    weak = [name for name in offered if name in BROKEN]
    if weak and not transport.is_local(result.get("address", "")):
        return transport.refuse(result, "offers AUTH %s" % " ".join(weak), "PLAIN and LOGIN inside TLS, SCRAM, EXTERNAL")
    return passed(Evidence(transport.place(result), "AUTH %s" % " ".join(offered) if offered else "no AUTH", ""))


# ---- MSP -----------------------------------------------------------------------------------------------------------------------------------

def _no_msp(view):
    """Return why there is nothing to hold of the submission program, or None."""
    return None if view.cf("msp") is not None else not_applicable("there is no submit.cf (SM-MSP-01)")


def _submission(view):
    """The program that users call has the rights of a group and no more, and can use them."""
    if view.cf("msp") is None:
        if view.cf("mta") is None:
            return not_applicable("there is neither submit.cf nor sendmail.cf")
        return failed(Evidence("/etc/mail/submit.cf", "is not there: the program that users call works as root", "a configuration of the submission program"))
    found = transport.Found()
    value, where = view.option("UseMSP", "msp")
    found.note(cfview.true(value), where, "UseMSP=%s" % value if value is not None else "UseMSP is not set", "True")
    user, where = transport.option(view, "msp", "RunAsUser")
    person = view.account(re.split("[:.]", user)[0]) if user else None
    found.note(bool(person and person.pw_uid), where, "RunAsUser=%s" % user if user else "RunAsUser is not set", "an account of its own, such as smmsp")
    spools, path = _spools(view, found), cfview.program(view)
    program = found.look(path, view.stat, path, True) if path else None
    if program is None:
        found.fault("sendmail", "there is no such program", "sendmail")
    elif program and spools:
        for group, queue in sorted(dict((spool.group, queue) for queue, spool in spools).items()):
            found.note(program.mode & 0o2000 and program.group == group, path, "%s:%s %04o" % (program.owner, program.group, program.mode),
                       "set-group-ID %s, the group of %s" % (group, queue))
        mount = _nosuid(view, path)
        if mount:
            found.fault(mount, "mounted nosuid, so that %s has no rights of its group" % path, "without nosuid")
    return found.judged()


def _spools(view, found):
    """Return ``(path, Stat)`` of each directory of the submission queue that can be seen; that one is missing is a fault."""
    where = transport.option(view, "msp", "QueueDirectory")[1]
    rows = [(path, found.look(path, view.stat, path, True)) for path in places.queues(view, "msp")[1]]
    for path in [path for path, there in rows if there is None] if rows else [_queue(view)]:
        found.fault(where, "the queue %s, which is not there" % path, "a directory of the submission group")
    return [(path, there) for path, there in rows if there]


def _nosuid(view, path):
    """Return the mount point on which a program lies if it is mounted nosuid, else an empty text."""
    try:
        lines = [line.split() for line in (view.read("/proc/self/mounts") or "").splitlines()]
    except SendmailError:
        return ""
    above = [words for words in lines if len(words) > 3 and (path + "/").startswith(words[1].rstrip("/") + "/")]
    # Of two on one place the later one counts.
    nearest = max(enumerate(above), key=lambda one: (len(one[1][1]), one[0]))[1] if above else None
    return nearest[1] if nearest and "nosuid" in nearest[3].split(",") else ""


def _client_queue(view):
    """Somebody runs the submission queue, and nothing waits in it for long."""
    reason = _no_msp(view)
    if reason:
        return reason
    found, queue, where = transport.Found(), _queue(view), transport.option(view, "msp", "QueueDirectory")[1]
    runner = _runner(view, queue)
    found.note(bool(runner), runner or where, "runs %s" % queue if runner else "neither a process, nor a unit, nor cron runs %s" % queue,
               "a queue runner of the submission program (sendmail-client.service, sm-client.service)")
    waiting, oldest = {}, cfview.limit(view, "client_queue_age", OLDEST)
    for directory in places.queues(view, "msp")[1]:
        waiting.update(_waiting(view, found, directory))
    age = int(transport.now(view) - min(waiting.values())) if waiting else 0
    # Where a directory can not be seen, an old message in another one counts all the same.
    found.note(age <= oldest, queue, "%d messages, the oldest %d minutes old" % (len(waiting), age // 60), "none older than %d minutes" % (oldest // 60))
    return found.judged()


def _waiting(view, found, directory):
    """Return since when each message waits in a directory of a queue: by its data (df), which nobody touches, or else by its control file (qf)."""
    since = {"qf": {}, "df": {}}
    for place in (directory, directory + "/qf", directory + "/df"):
        names = found.look(place, view.names, place)
        if names is transport.BLIND:
            break
        for name in names or []:
            there = view.stat("%s/%s" % (place, name)) if name[:2] in since and name[2:] else None
            if there:
                since[name[:2]]["%s/%s" % (directory, name[2:])] = there.mtime
    return dict(since["qf"], **since["df"])


def _queue(view):
    """Return the submission queue as its configuration spells it, or as sendmail takes it where it says nothing."""
    return transport.option(view, "msp", "QueueDirectory")[0] or ", ".join(places.queues(view, "msp")[1])


def _runner(view, queue):
    """Return what runs the submission queue: a process, a unit, a line of cron; an empty text where nothing does."""
    try:
        titles = [one["title"] for one in view.processes() if re.search(r"\b[Qq]ueue\b", one["title"]) and queue in one["title"]]
    except SendmailError:
        titles = []
    if titles:
        return titles[0]
    named = ((view.site.get("platform") or {}).get("units") or {}).get("client")
    for unit in ([named] if named else []) + list(CLIENT_UNITS):
        if view.unit(unit).get("ActiveState") == "active":
            return unit
    try:
        lines = [line for line in (view.read(CRON) or "").splitlines() if re.match(r"[^#\s].*sendmail.*(?:cron-msp|-Ac)", line)]
    except SendmailError:
        lines = []
    return CRON if lines and view.program("cron", "crond") else ""


def _mend_client(view, hands):
    """Switch on the unit that is there and does not run."""
    unit = next((name for name in CLIENT_UNITS if view.unit(name).get("LoadState") == "loaded"), None)
    if unit and not _runner(view, _queue(view)):
        hands.enable_unit(unit)


def _target(view):
    """The submission program hands mail to a host that nobody can put another in the place of."""
    reason = _no_msp(view)
    if reason:
        return reason
    target = transport.msp_target(view)
    if target is None:
        return unknown("%s names no {MTAHost}: it was not made with FEATURE(msp), and where mail goes is not known" % view.compiled("msp"))
    host, port, where = target
    seen = "%s, port %s" % (host, port)
    if not host.startswith("["):
        return failed(Evidence(where, seen, "[%s]: without brackets its MX records decide who gets the mail" % host))
    if transport.is_local(host) and not _is_address(host):
        return failed(Evidence(where, seen, "[127.0.0.1]: where localhost leads, a line of /etc/hosts decides"))
    if not port.isdigit():
        return failed(Evidence(where, seen, "a port as a number"))
    if transport.is_local(host) and view.cf("mta") is not None and not any(_answers(one, host, port) for one in transport.listeners(view)):
        return failed(Evidence(where, seen, "a listener of %s on this address and port: mail of this host waits for ever" % view.compiled("mta")))
    return passed(Evidence(where, seen, ""))


def _is_address(host):
    try:
        return bool(ipaddress.ip_address(u"%s" % transport.bare(host)))
    except ValueError:
        return False


def _answers(listener, host, port):
    """Tell whether a listener takes what is sent to an address of this host."""
    if listener.port != port:
        return False
    if not _is_address(listener.address):
        return transport.is_local(listener.address)
    address = ipaddress.ip_address(u"%s" % listener.address)
    return address.is_unspecified or address == ipaddress.ip_address(u"%s" % transport.bare(host))


def _masquerade(view):
    """Daemon and submission program know this host under the same name to the world."""
    reason = _no_msp(view)
    if reason:
        return reason
    if "mta" not in transport.callers(view):
        return not_applicable("no daemon sends mail from this host: submit.cf alone says its name")
    said = {which: view.cf(which).macros.get("M", "").lower().rstrip(".") for which in ("mta", "msp")}
    places = {which: view.line(view.compiled(which), "DM") for which in said}
    if said["mta"] != said["msp"]:
        # Its own name is no other name.
        own = transport.own_name(view)
        said = {which: "" if name == own else name for which, name in said.items()}
    shown = [Evidence(places[which], "DM%s" % said[which] if said[which] else "no name but the host's own", "") for which in ("mta", "msp")]
    if said["mta"] == said["msp"]:
        return passed(*shown)
    return failed(shown[0], shown[1]._replace(wanted="DM%s, as in %s" % (said["mta"], view.compiled("mta")) if said["mta"] else "no DM, as in %s"
                                              % view.compiled("mta")))


# ---- the table -----------------------------------------------------------------------------------------------------------------------------

CONTROLS = (
    Control(
        id="SM-AUTH-01", title="Passwords are asked for inside TLS only", severity="high",
        reason="PLAIN and LOGIN show the password to whoever listens.",
        remedy="sendmail_auth.options (p and y). By hand: confAUTH_OPTIONS with p,y.",
        profiles=EVERYWHERE, references=(Reference("RFC", "4954"), Reference("RFC", "8314"), Reference("NIST", "SP 800-45v2")),
        check=_clear_passwords, wire=_clear_passwords_wire),
    Control(
        id="SM-AUTH-02", title="Nobody logs in on port 25, and nobody submits mail on 587 or 465 without a login", severity="high",
        reason="AUTH on the public port invites guessing of passwords; a submission port without AUTH takes mail from anybody.",
        remedy="sendmail_auth opens the submission ports and gives all other listeners the modifier A. By hand: DAEMON_OPTIONS with M=A on port 25, M=Ea on "
               "587, M=sa on 465, and FEATURE(no_default_msa).",
        profiles=SERVERS,
        references=(Reference("RFC", "6409"), Reference("RFC", "8314"), Reference("sendmail", "op, DaemonPortOptions")),
        check=_places_of_login, wire=_places_of_login_wire),
    Control(
        id="SM-AUTH-03", title="No broken or anonymous mechanism is offered", severity="medium",
        reason="DIGEST-MD5, CRAM-MD5 and NTLM give what was said to whoever tries passwords on it, and want passwords in the clear on the server.",
        remedy="sendmail_auth.mechanisms. By hand: confAUTH_MECHANISMS, and mech_list in Sendmail.conf: PLAIN LOGIN inside TLS, or SCRAM-SHA-256.",
        profiles=EVERYWHERE, references=(Reference("RFC", "6331"),), check=_mechanisms, wire=_mechanisms_wire),
    Control(
        id="SM-MSP-01", title="Programs of this host hand in mail by a submission program with the rights of a group and no more", severity="high",
        reason="Without submit.cf the program that any user calls works as root; without its set-group-ID bit nobody can hand in mail.",
        remedy="The role config writes submit.cf, the package brings the bit. By hand: install submit.cf (FEATURE(msp)), chgrp and chmod 2755 the program.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "sendmail/SECURITY"),), check=_submission),
    Control(
        id="SM-MSP-02", title="The submission queue is run, and nothing waits in it for long", severity="medium",
        reason="While the daemon was away programs of this host put mail there. Without a runner it waits for ever, and alerts with it.",
        remedy="The role service runs it. By hand: systemctl enable --now sendmail-client (or sm-client), and look with mailq -Ac.",
        profiles=EVERYWHERE, references=(Reference("article", "S5"), Reference("article", "S6"), Reference("article", "S7")),
        check=_client_queue, mend=_mend_client),
    Control(
        id="SM-MSP-03", title="The submission program hands mail to one named host, by its address where that is this host", severity="low",
        reason="The default [localhost] goes where a hosts file says, and a name without brackets where MX records say.",
        remedy="sendmail_hub, or the role's own [127.0.0.1]. By hand: FEATURE(msp, [127.0.0.1]) in submit.mc, another port by RELAY_MAILER_ARGS.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README, MESSAGE SUBMISSION PROGRAM"),), check=_target),
    Control(
        id="SM-MSP-04", title="Daemon and submission program give this host the same name to the world", severity="low",
        reason="What the submission program has written into envelope and header the daemon does not change: mail of this host would leave under two names.",
        remedy="sendmail_masquerade goes into both. By hand: the same MASQUERADE_AS in sendmail.mc and submit.mc.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README, MESSAGE SUBMISSION PROGRAM"),), check=_masquerade),
)
