# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The numbers of a host's queues, in the form of the module sendmail_queue_info."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import queue_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.queuefiles import STATES, Tally

# How many names of faulty files a result holds.
NAMED = 20


def report(opened, now, limit=100, top=20, until=None):
    """Return ``queues``, ``messages``, ``total`` and ``complete``.

    :param opened: list of :class:`queue_host.Spool`. :param float now: the time. :param int limit: how many messages are listed.
    :param int top: how many domains and reasons. :param float until: when to stop reading; files are still counted.
    """
    rows = dict((spool.path, _row(spool, opened, now, top)) for spool in opened)
    listed, complete = [], True
    for spool, kind, name, found in queue_host.messages(opened, now, until=until):
        row = rows[spool.path]
        if not isinstance(found, dict):
            row[STATES[kind]].unread += 1
            complete = complete and found is not None
            row["damaged"] += [] if found is None else [kind + name]
            continue
        row[STATES[kind]].add(found)
        row["locked"] += found["locked"]
        if _damaged(kind, found, now):
            row["damaged"].append(kind + name)
        if len(listed) < limit:
            listed.append(found)
    return {"queues": [_told(rows[spool.path]) for spool in opened], "messages": listed, "complete": complete,
            "total": sum(row[state].messages + row[state].unread for row in rows.values() for state in STATES.values())}


def _damaged(kind, found, now):
    """Tell whether a control file breaks off though nobody writes it, or lies where sendmail passes it over for good."""
    broken = not found.pop("whole") and not found["locked"] and now - (found["created"] or 0) > queue_host.GRACE
    return broken or kind == "qf" and bool(found["quarantine"])


def _row(spool, opened, now, top):
    row = {"directory": spool.path, "program": spool.program, "group": spool.group, "readable": True, "reason": "", "locked": 0, "damaged": [],
           "stray_bodies": queue_host.stray_bodies(spool, opened, now)[:NAMED], "temporary": len(spool.names["tf"]) + len(spool.names["Tf"])}
    row.update((state, Tally(top)) for state in STATES.values())
    return row


def _told(row):
    return dict(row, damaged=row["damaged"][:NAMED], **dict((state, row[state].result()) for state in STATES.values()))


def add_unread(result, unread):
    """Add rows for the queues that could not be read (:func:`queue_host.spools`)."""
    for path, sentence, queue in unread:
        result["queues"].append({"directory": path, "program": queue.program, "group": queue.group, "readable": False, "reason": sentence,
                                 "locked": None, "damaged": [], "stray_bodies": [], "temporary": None,
                                 "waiting": None, "quarantined": None, "lost": None})
