# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One run of the module sendmail_queue: choose, refuse, act, tell."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import socket

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo, queue_actions, queue_host, queue_receipts, queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError

# How long one command of sendmail may take, which only rewrites control files.
SECONDS = 120
# How many messages a diff shows.
SHOWN = 200


def work(params, runner, check_mode, now):
    """Return the module's result and its warnings.

    :param dict params: options of the module. :param runner: a :class:`runner.Runner`. :param float now: the time.
    :raises SendmailError: the words can not be what was meant, a queue can not be read, sendmail refuses.
    """
    receipts = queue_receipts.Receipts(params["receipt_directory"], params["contents"], params["receipt_days"], params["awaited"])
    if params["action"] == "hand_over":
        return _hand_over(params, runner, receipts, check_mode, now)
    selection = queuefiles.Selection(params, params["action"] != "look")
    reason = _reason(params)
    queues, unknown = queue_host.configured(params["configurations"])
    if not queues:
        raise SendmailError("No queue is known on this host. " + " ".join(unknown))
    opened, _unread = queue_host.spools(queues, strict=True)
    try:
        return _act(params, runner, receipts, selection, reason, opened, check_mode, now)
    finally:
        for spool in opened:
            spool.close()


def _reason(params):
    if params["action"] == "hold":
        return queuefiles.quarantine_reason(queuefiles.HOLD + (params["reason"] or "waits for a decision"))
    if params["action"] == "quarantine":
        reason = queuefiles.quarantine_reason(params["reason"])
        if reason.startswith(queuefiles.HOLD):
            raise InvalidValue("The reason begins like one of the action hold. Use that action, or other words.", option="reason")
        return reason
    return ""


def _act(params, runner, receipts, selection, reason, opened, check_mode, now):
    action = params["action"]
    chosen, unread = queue_actions.choose(opened, selection, action, now)
    _refuse_unknown(params, selection, chosen, receipts, opened)
    queue_actions.refuse_others(action, selection, chosen)
    targets = queue_actions.needing(action, chosen, reason)
    if params["at_most"] is not None and len(targets) > params["at_most"]:
        raise InvalidValue("%d messages are meant, and at_most allows %d. Nothing was done. Look at them with the action look, then narrow what is meant." % (
            len(targets), params["at_most"]), matched=len(targets))
    if check_mode or not targets:
        busy = [one.name for one in targets if one.found["locked"] and action == "delete"]
        told = {"done": [one.name for one in targets if one.name not in busy], "busy": busy} if action != "flush" else {}
        changed = bool(targets if action == "flush" else told["done"])
    else:
        told = _do(params, runner, receipts, selection, reason, targets, opened)
        # What the daemon did meanwhile was no doing of ours, but for a flush.
        # Nothing but a release lets a message out of its quarantine, so one that is gone by now went by ours.
        changed = bool(told.get("done") or action == "flush" or action in ("release", "unquarantine") and told["gone"])
    result = dict({"done": [], "gone": [], "tried": [], "busy": [], "receipt": ""}, **told)
    result.update(changed=changed, matched=len(chosen), unread=unread, messages=_listed(chosen, params["limit"]), diff=_diff(action, targets, changed))
    return result, _warnings(action, result)


def _listed(chosen, limit):
    return [dict((key, value) for key, value in one.found.items() if key != "whole") for one in chosen[:limit]]


def _do(params, runner, receipts, selection, reason, targets, opened):
    action = params["action"]
    # The command of that name may belong to another mail system.
    program = params["program"] or next((path for path in hostinfo.PROGRAMS if hostinfo.program_mark(os.path.realpath(path))[0] == "sendmail"), "")
    sendmail = queue_actions.Sendmail(runner, program, params["user"])
    if action == "delete":
        said = {"host": socket.gethostname(), "action": action, "selection": _meant(params)}
        return queue_actions.delete(targets, receipts, opened, said, selection.matches)
    if not program:
        raise SendmailError("There is no sendmail program in %s." % ", ".join(hostinfo.PROGRAMS))
    if action == "flush":
        return queue_actions.flush(sendmail, targets, params["wait"])
    if action in ("quarantine", "hold"):
        return queue_actions.quarantine(sendmail, targets, reason, SECONDS)
    return queue_actions.unquarantine(sendmail, targets, SECONDS)


def _meant(params):
    """Return the criteria that were given, for the receipt."""
    names = ("ids", "senders", "recipients", "domains", "reasons", "older_than", "younger_than", "state", "queues", "all")
    return dict((name, params[name]) for name in names if params[name])


def _refuse_unknown(params, selection, chosen, receipts, opened):
    unknown = selection.unknown([one.found for one in chosen])
    if unknown and params["action"] == "delete":
        removed = receipts.removed()
        unknown = [one for one in unknown if one not in removed]
    if unknown and params["action"] in ("release", "unquarantine"):
        # One that was let go by an earlier run and was not delivered yet.
        free = queue_actions.waiting(opened, selection)
        unknown = [one for one in unknown if one not in free]
    if unknown and params["missing"] == "fail":
        raise InvalidValue("Not in the queues, or not as the other criteria want: %s. What was delivered stands in the mail log; 'mailq', 'mailq -qQ' and "
                           "'mailq -Ac' show what is there. Nothing was done." % ", ".join(unknown), ids=unknown)


def _diff(action, targets, changed):
    if not changed or action == "look":
        return []
    more = ["and %d more\n" % (len(targets) - SHOWN)] if len(targets) > SHOWN else []
    targets = targets[:SHOWN]
    lines = ["%s %s %s -> %s\n" % (one.name, one.found["state"], one.found["sender"], ", ".join(one.found["recipients"][:3])) for one in targets]
    after = {"flush": "tried", "quarantine": "quarantined", "hold": "held", "unquarantine": "waiting", "release": "waiting", "delete": "removed"}[action]
    return [{"before": "".join(lines + more), "after": "" if action == "delete" else "".join(["%s %s\n" % (one.name, after) for one in targets] + more),
             "before_header": "queue", "after_header": "queue"}]


def _warnings(action, result):
    if not result["busy"]:
        return []
    names = ", ".join(result["busy"][:5]) + (" and %d more" % (len(result["busy"]) - 5) if len(result["busy"]) > 5 else "")
    if action == "flush":
        return ["Not tried in the time allowed, while the queue run goes on: %s." % names]
    return ["Being worked on at this moment, and therefore left alone: %s. Run again for them." % names]


def _refuse_below(command, directory):
    """Refuse to hand mail over to what the caller is about to remove."""
    found = os.path.realpath(command)
    if directory and found.startswith(os.path.realpath(directory) + "/"):
        raise SendmailError("%s still leads to %s, which is below %s (not_below). Nothing was handed over; the messages are where they were. Give the command "
                            "to the mail system that is to take them, and run again." % (command, found, directory), path=command)


def _hand_over(params, runner, receipts, check_mode, now):
    if not params["receipt"] and not params["all"]:
        raise InvalidValue("Nothing says what is handed over. Name a receipt, or say all: true for every one that waits for it.", option="receipt")
    paths = [receipts.load(params["receipt"])[0]] if params["receipt"] else receipts.awaiting()
    if paths and not check_mode:
        _refuse_below(params["command"], params["not_below"])
    waiting, done, faults, known, places = [], [], [], set(), []
    for path in paths:
        rows = [row["id"] for row in queue_receipts.waiting_rows(*receipts.load(path))]
        waiting += [name for name in rows if name not in waiting]
        if not check_mode:
            went, wrong = queue_receipts.hand_over(runner, receipts, path, params["command"], now, known)
            done, faults, places = done + went, faults + wrong, places + ([path[:-len(".json")] + ".d"] if wrong else [])
    if faults:
        raise SendmailError("%d messages were handed over, %d were not: %s Run again if that was a matter of time. Otherwise deliver them by hand from %s; run "
                            "again with sendmail_remove_remaining=receipt to finish without them." % (
                                len(done), len(faults), " ".join(faults[:5]), ", ".join(places)), receipt=paths[0], faults=faults, done=done)
    done = waiting if check_mode else done
    return {"changed": bool(done), "done": done, "gone": [], "tried": [], "busy": [], "receipt": paths[0] if paths else "", "matched": len(waiting),
            "messages": [], "unread": 0, "diff": []}, []
