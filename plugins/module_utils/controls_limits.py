# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls DOS and QUEUE: what nobody gets more of than is good for the host. Pure but for the view or the probe's result that they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, hostinfo, hostplaces
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    Unseen,
    held,
    not_applicable,
    profiles,
    unknown,
)

# Thresholds where a site says nothing (View.site["limits"]).
FREE_BLOCKS, MESSAGE_SIZE, RECIPIENTS, BAD_RECIPIENTS, HOPS, ALIASES = 1000, 50 << 20, 1000, 5, 50, 10
QUEUE_DEPTH, QUEUE_AGE, GATEWAY_QUEUE_AGE = 1000, 4 * 3600, 3600
BLOCK = 4096
# Timeout -> the most that it may be in seconds, what it is where nothing is said, and since when there is such a one.
TIMEOUTS = (("command", 300, "1h", ()), ("datablock", 900, "1h", ()), ("ident", 0, "5s", ()), ("starttls", 300, "1h", (8, 12)), ("auth", 300, "10m", (8, 12)))
# Messages that are looked at for their age; their names sort by it.
LOOKED_AT = 200


def _number(view, name):
    """Return the number that an option is set to, None where it is not set, the text, and the place."""
    value, where = cfview.option(view, name)
    return cfview.number(value), "%s=%s" % (name, value) if value is not None else "%s is not set" % name, where


def _between(view, name, least, most, usual=None):
    """Hold a number between two bounds; what is not set is its ``usual`` value, where that is known.

    :returns: ``(faults, seen)``.
    """
    value, told, where = _number(view, name)
    counted = usual if value is None else value
    if counted is None or not least <= counted <= most:
        return [Evidence(where, told, "%s between %d and %d" % (name, least, most))], []
    return [], [Evidence(where, told + (" (%s)" % usual if value is None else ""), "")]


def _all(*pairs):
    return held([fault for faults, _seen in pairs for fault in faults], [one for _faults, seen in pairs for one in seen])


# ---- SM-DOS-01, 02, 03: processes and connections

def _children(view):
    """The daemon's children have a number, and memory for as many."""
    value, told, where = _number(view, "MaxDaemonChildren")
    of_each = [cfview.number(one.get("children")) or 0 for one in cfview.listeners(view)]
    limit = value if value and value > 0 else sum(of_each) if all(count > 0 for count in of_each) else 0
    if not limit:
        return held([Evidence(where, told, "MaxDaemonChildren of 1 or more, such as 100")], [])
    seen, faults = [Evidence(where, told if value else "children=%d of all listeners together" % limit, "")], []
    try:
        running = view.processes()
        memory = view.read("/proc/meminfo") or ""
    except Unseen as exc:
        return held([], seen + [Evidence("", "memory and processes were not seen: %s" % exc.message, "")])
    pids = {one["pid"] for one in running}
    working = [one for one in running if one.get("ppid") in pids]
    if len(working) >= limit:
        faults.append(Evidence("processes", "%d children of the daemon are running" % len(working), "fewer than %d" % limit))
    own = max([cfview.number((one.get("status") or {}).get("RssAnon") or (one.get("status") or {}).get("VmRSS")) or 0 for one in running] or [0])
    total = cfview.number((re.findall(r"^MemTotal:\s*(\d+)", memory, re.M) or [""])[0])
    if own and total:
        words = "%d children of up to %d KiB are %d KiB" % (limit, own, limit * own)
        (faults if limit * own > total else seen).append(Evidence("/proc/meminfo", words, "less than the %d KiB of the host" % total
                                                                  if limit * own > total else ""))
    return held(faults, seen)


def _connections(view):
    """Connections have a rate, and each client has its share."""
    value, told, where = _number(view, "ConnectionRateThrottle")
    faults, seen = ([], [Evidence(where, told, "")]) if value and value > 0 else ([Evidence(where, told, "ConnectionRateThrottle of 1 or more")], [])
    if view.site.get("profile") == "hub":
        # Only its gateway and hosts of its own talk to it, and a gateway opens many connections at once.
        return held(faults, seen + [Evidence("", "a hub counts no single client: its gateway is one", "")])
    found, entries = cfview.whole(view), None
    called = " ".join(right for one in found.rulesets.values() for _left, right in one.rules)
    for feature, ruleset, tag in (("ratecontrol", "RateControl", "ClientRate:"), ("conncontrol", "ConnControl", "ClientConn:")):
        if not re.search(r'\$>"?%s\b' % ruleset, called):
            faults.append(Evidence(view.compiled(), "no rule asks %s" % ruleset, "FEATURE(%s)" % feature))
            continue
        entries = dict((entry.key, entry) for entry in cfview.access(view)[1]) if entries is None else entries
        usual = entries.get(tag.lower())
        own = next((entries[tag.lower() + key] for key in ("127.0.0.1", "127.0.0", "127.0", "127") if tag.lower() + key in entries), None)
        if usual is None or not cfview.number(usual.value):
            faults.append(Evidence(usual.where if usual else cfview.map_at(view, "access"), "%s for everybody: %s" % (
                tag, usual.value if usual else "no entry"), "an entry %s with a number: without one the feature does nothing" % tag))
        else:
            seen.append(Evidence(usual.where, "%s %s" % (tag, usual.value), ""))
            if own is None or cfview.number(own.value) != 0:
                faults.append(Evidence(own.where if own else usual.where, "%s127.0.0.1: %s" % (tag, own.value if own else "no entry"),
                                       "%s127.0.0.1 0: the host's own mail has no limit" % tag))
    return held(faults, seen)


def _loads(view):
    """The loads at which the daemon slows down are said, and rise."""
    found = [_number(view, name) for name in ("DelayLA", "QueueLA", "RefuseLA")]
    faults = [Evidence(where, told, "a number: sendmail's own counts processors, in a container those of its host") for value, told, where in found
              if not value or value <= 0]
    values = [value for value, _told, _where in found]
    if not faults and values != sorted(values):
        faults = [Evidence(where, told, "DelayLA below QueueLA below RefuseLA") for _value, told, where in found]
    return held(faults, [Evidence(where, told, "") for _value, told, where in found])


# ---- SM-DOS-04, 05, 06: space, messages, recipients

def _space(view):
    """The queue's file system is never filled, and has room now."""
    value, told, where = _number(view, "MinFreeBlocks")
    least = cfview.limit(view, "free_blocks", FREE_BLOCKS)
    faults, seen = [], [Evidence(where, told, "")]
    if value is None or value < least:
        faults.append(Evidence(where, told + (" (100)" if value is None else ""), "MinFreeBlocks of %d or more" % least))
    base, directories = hostplaces.queues(view, "mta")
    queue = base if base in directories else (directories or [""])[0]
    try:
        program = view.program("stat")
        answer = view.run(program, "-f", "-c", "%S %a", queue).stdout.split() if program and queue else []
    except Unseen:
        answer = []
    if len(answer) == 2 and answer[0].isdigit() and answer[1].isdigit():
        free = int(answer[1])
        if free <= (value or 0):
            faults.append(Evidence(queue, "%d blocks of %s bytes are free: all mail is refused" % (free, answer[0]), "more than %d" % (value or 0)))
        seen.append(Evidence(queue, "%d blocks of %s bytes are free" % (free, answer[0]), ""))
    return held(faults, seen)


def _message_size(view):
    """A message has a largest size."""
    return _all(_between(view, "MaxMessageSize", 1, cfview.limit(view, "message_size", MESSAGE_SIZE)))


def _wire_message_size(result):
    lines = result.get("ehlo")
    where = "%s port %s, EHLO" % (result.get("address"), result.get("port"))
    if not lines:
        return unknown("EHLO was not answered", where)
    told = next((line for line in lines if line.upper().split()[:1] == ["SIZE"]), None)
    if not cfview.number((told or "").partition(" ")[2]):
        return held([Evidence(where, told or "no SIZE", "SIZE with the largest size in bytes")], [])
    tried = (result.get("limits") or {}).get("size") or {}
    return held([Evidence(where, "a larger message: %s" % tried.get("answer"), "552")] if tried.get("verdict") == "accepted" else [],
                [Evidence(where, told, "")])


def _recipients(view):
    """Recipients of a message have a number, and unknown ones cost time."""
    return _all(_between(view, "MaxRecipientsPerMessage", 1, cfview.limit(view, "recipients", RECIPIENTS)),
                _between(view, "BadRcptThrottle", 1, cfview.limit(view, "bad_recipients", BAD_RECIPIENTS)))


def _wire_recipients(result):
    where = "%s port %s, RCPT" % (result.get("address"), result.get("port"))
    limits = result.get("limits") or {}
    unknown_users, many = (limits.get(key) or {} for key in ("unknown_users", "recipients"))
    faults, seen = [], []
    if unknown_users.get("verdict") in ("slowed", "ended", "not slowed"):
        told = "unknown recipients were answered after %s seconds: %s" % (
            ", ".join("%.1f" % one for one in limits.get("unknown_users_seconds") or []), unknown_users.get("answer"))
        (faults if unknown_users["verdict"] == "not slowed" else seen).append(Evidence(where, told, "a second or more once there were several"))
    if many.get("verdict") in ("limited", "not limited"):
        told = "%s recipients of one message were taken; then: %s" % (many.get("accepted"), many.get("answer"))
        (faults if many["verdict"] == "not limited" else seen).append(Evidence(where, told, "at most %d" % RECIPIENTS))
    if not faults and not seen:
        return unknown("unknown recipients, and many of them, were not tried to the end", where)
    return held(faults, [one._replace(wanted="") for one in seen])


# ---- SM-DOS-07, 08, 09: time, loops, bounces

def _timeouts(view):
    """Slow clients do not hold a process for an hour."""
    faults, seen, release = [], [], cfview.release(view)
    for name, most, usual, since in TIMEOUTS:
        if since and release and release < since:
            continue
        value, where = cfview.option(view, "Timeout." + name)
        told = "Timeout.%s=%s" % (name, value) if value is not None else "Timeout.%s is not set (%s)" % (name, usual)
        seconds = cfview.interval(value if value is not None else usual)
        if seconds is None or seconds > most:
            faults.append(Evidence(where, told, "at most %s" % ("%dm" % (most // 60) if most else "0 (nobody is asked)")))
        else:
            seen.append(Evidence(where, told, ""))
    return held(faults, seen)


def _wire_slow(result):
    where = "%s port %s" % (result.get("address"), result.get("port"))
    rows = sorted(((result.get("limits") or {}).get("slow_client") or {}).items())
    seen = [Evidence(where, "a %s client was %s after %s seconds%s" % (
        kind, "dropped" if told.get("verdict") == "dropped" else "still there", told.get("seconds"), ": " + told["answer"] if told.get("answer") else ""),
        "" if told.get("verdict") == "dropped" else "dropped by then") for kind, told in rows if told.get("verdict") in ("dropped", "held")]
    if not seen:
        return unknown("slow clients were not tried (test slow_client)", where)
    return held([one for one in seen if one.wanted], seen)


def _loops(view):
    """Loops end early."""
    return _all(_between(view, "MaxHopCount", 1, cfview.limit(view, "hops", HOPS), 25),
                _between(view, "MaxAliasRecursion", 1, cfview.limit(view, "alias_depth", ALIASES), 10))


def _backscatter(view):
    """Bounces that nobody takes end early, and the postmaster sees those that nobody can have."""
    faults, seen = [], []
    for name, unit, most, wanted in (("queuereturn.dsn", "d", 86400, "1d or less"), ("queuewarn.dsn", "h", 0, "0: nobody is warned about a bounce")):
        value, where = cfview.option(view, "Timeout." + name)
        seconds = cfview.interval(value, unit)
        told = "Timeout.%s=%s" % (name, value) if value is not None else "Timeout.%s is not set: as for all mail" % name
        if seconds is None or seconds > most:
            faults.append(Evidence(where, told, wanted))
        else:
            seen.append(Evidence(where, told, ""))
    value, where = cfview.option(view, "DoubleBounceAddress")
    if value is not None and not value.strip('" '):
        faults.append(Evidence(where, "DoubleBounceAddress is empty", "postmaster, or whoever reads such mail"))
    else:
        seen.append(Evidence(where, "DoubleBounceAddress=%s" % (value if value is not None else "not set (postmaster)"), ""))
    return held(faults, seen)


# ---- SM-QUEUE-01

def _waiting(view):
    """Few messages wait, none for long, and none is lost."""
    faults, seen, now = [], [], view.site.get("now") or time.time()
    patience = cfview.limit(view, "queue_age", GATEWAY_QUEUE_AGE if view.site.get("profile") == "gateway" else QUEUE_AGE)
    for directory in sorted({one for which in ("mta", "msp") for one in hostplaces.queues(view, which)[1]}):
        names = view.names(directory)
        if names is None:
            continue
        inside = {part: os.path.join(directory, part) if part in names else directory for part in ("qf", "df")}
        names = view.names(inside["qf"]) or []
        count = hostinfo.count_queue(names)
        told = "%(messages)d waiting, %(quarantined)d quarantined, %(lost)d lost" % count
        if count["messages"] > cfview.limit(view, "queue_depth", QUEUE_DEPTH):
            faults.append(Evidence(directory, told, "at most %d waiting" % cfview.limit(view, "queue_depth", QUEUE_DEPTH)))
        if count["lost"]:
            faults.append(Evidence(directory, "lost messages: %s" % ", ".join([name for name in names if name.startswith("Qf")][:5]), "none (files Qf*)"))
        oldest = _oldest(view, inside, names)
        if oldest and now - oldest[0] > patience:
            faults.append(Evidence(os.path.join(inside["qf"], oldest[1]), "waits for %d minutes" % ((now - oldest[0]) // 60), "at most %d" % (patience // 60)))
        seen.append(Evidence(directory, told, ""))
    return held(faults, seen) if seen else not_applicable("there is no queue")


def _oldest(view, inside, names):
    """Return when the oldest message came in, and its name. The body (df) is written once; the control file anew with each try."""
    found = []
    for name in [one for one in names if one.startswith("qf")][:LOOKED_AT]:
        body = view.stat(os.path.join(inside["df"], "df" + name[2:])) or view.stat(os.path.join(inside["qf"], name))
        if body:
            found.append((body.mtime, name))
    return min(found) if found else None


OP = Reference("sendmail", "operations guide, Measures against Denial of Service Attacks")
GUIDE = Reference("NIST", "SP 800-45v2")

CONTROLS = (
    Control(
        id="SM-DOS-01", title="The daemon's children have a limit, and memory for as many", severity="medium",
        profiles=profiles(nullclient="opt"), check=_children,
        reason="Without a limit whoever opens connections fills the process table and memory.",
        remedy="sendmail_limits.children; by hand confMAX_DAEMON_CHILDREN, with some 5 MiB each in mind.", references=(OP,)),
    Control(
        id="SM-DOS-02", title="Connections have a rate, and each client has its share", severity="medium", profiles=SERVERS, check=_connections,
        reason="One client can keep all others out. ratecontrol and conncontrol do nothing until the access map has a default for everybody.",
        remedy="sendmail_limits.connections_per_second, client_rate and client_connections; by hand confCONNECTION_RATE_THROTTLE, both features, and "
               "ClientRate: and ClientConn: in the access map, 0 for 127.0.0.1.", references=(OP,)),
    Control(
        id="SM-DOS-03", title="The loads at which the daemon slows down and refuses are said, and rise", severity="low", profiles=SERVERS, check=_loads,
        reason="The defaults grow with the number of processors, which in a container is that of its host.",
        remedy="sendmail_limits.delay_load, queue_load and refuse_load; by hand confDELAY_LA, confQUEUE_LA and confREFUSE_LA.", references=(OP,)),
    Control(
        id="SM-DOS-04", title="The queue's file system keeps room, and has it now", severity="medium", profiles=EVERYWHERE, check=_space,
        reason="A full disk loses mail that was accepted; a guard refuses it before, and the sender keeps it.",
        remedy="sendmail_limits.free_blocks; by hand confMIN_FREE_BLOCKS. Make room if there is less.", references=(OP,)),
    Control(
        id="SM-DOS-05", title="A message has a largest size, and it is announced", severity="medium", profiles=EVERYWHERE, check=_message_size,
        wire=_wire_message_size, reason="One message can fill the disk, here or at the mail server behind.",
        remedy="sendmail_limits.message_size; by hand confMAX_MESSAGE_SIZE.", references=(OP, GUIDE)),
    Control(
        id="SM-DOS-06", title="Recipients of a message have a limit, and unknown ones cost time", severity="low", profiles=SERVERS, check=_recipients,
        wire=_wire_recipients, reason="Long lists multiply what one message costs, and fast answers tell which addresses exist.",
        remedy="sendmail_limits.recipients and bad_recipients; by hand confMAX_RCPTS_PER_MESSAGE and confBAD_RCPT_THROTTLE.", references=(OP,)),
    Control(
        id="SM-DOS-07", title="Slow clients do not hold a process for an hour", severity="medium", profiles=EVERYWHERE, check=_timeouts, wire=_wire_slow,
        reason="The defaults let a silent client keep a process for an hour; a hundred of them shut the door.",
        remedy="sendmail_timeouts; by hand confTO_COMMAND `5m', confTO_DATABLOCK `15m', confTO_IDENT `0', confTO_STARTTLS `2m', confTO_AUTH `2m'.",
        references=(OP,)),
    Control(
        id="SM-DOS-08", title="Loops of hosts and of aliases end early", severity="low", profiles=EVERYWHERE, check=_loops,
        reason="A message that goes round is sent again by each host until somebody counts its Received lines.",
        remedy="sendmail_limits.hops and alias_depth; by hand confMAX_HOP `25' and confMAX_ALIAS_RECURSION `10'.",
        references=(Reference("sendmail", "operations guide, options"),)),
    Control(
        id="SM-DOS-09", title="Bounces to forged senders end early", severity="low", profiles=SERVERS, check=_backscatter,
        reason="Bounces for mail with forged senders fill the queue for days and fall on people who sent nothing.",
        remedy="sendmail_timeouts.queuereturn_dsn and queuewarn_dsn; by hand confTO_QUEUERETURN_DSN `1d', confTO_QUEUEWARN_DSN `0', "
               "confDOUBLE_BOUNCE_ADDRESS `postmaster'.", references=(OP,)),
    Control(
        id="SM-QUEUE-01", title="Few messages wait, none for long, and none is lost", severity="medium", profiles=EVERYWHERE, check=_waiting,
        reason="A queue that grows is an outage that nobody has noticed yet.",
        remedy="Look at it with mailq, and at the log for the reason. sendmail renames a message that it can not read to Qf*: look at it, then name it qf* "
               "again or remove it.", references=(GUIDE,)),
)
