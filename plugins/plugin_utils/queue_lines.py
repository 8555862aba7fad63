# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits in a host's queues, and what became of messages, in a few lines for a person."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import unsafe

WORDS = (("done", "done"), ("gone", "left the queue"), ("tried", "tried, still waiting"), ("busy", "being worked on, left alone"))
LISTED = 20


def span(seconds):
    """Return a number of seconds in words; of minutes, hours and days the one that fits."""
    if seconds is None:
        return "?"
    for unit, size in (("d", 86400), ("h", 3600), ("m", 60)):
        if seconds >= size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def shown(line):
    """Return a line without what a terminal would obey: senders and answers of other hosts are anybody's words."""
    return "".join(letter if letter.isprintable() else "?" for letter in line)


def queue_lines(row):
    """Return the lines about one queue."""
    head = f"{row['directory']} ({row['program']}, {row['group']}): "
    if not row["readable"]:
        return [head + row["reason"]]
    sums = [(state, row[state]) for state in ("waiting", "quarantined", "lost") if row[state]["messages"]]
    lines = [head + (", ".join(f"{found['messages']} {state} ({found['bytes']} bytes, oldest {span((found['oldest'] or {}).get('age'))})"
                               for state, found in sums) or "empty")]
    for _state, found in sums:
        lines += [f"  {entry['messages']} for {entry['name']}" for entry in found["domains"][:5]]
        lines += [f"  {entry['messages']} {entry['name']}" for entry in found["reasons"][:5]]
    lines += [f"  damaged: {name}" for name in row["damaged"]] + [f"  body without a message: {name}" for name in row["stray_bodies"]]
    return lines


def message_line(found):
    """Return the line about one message."""
    more = f" and {len(found['recipients']) - 3} more" if len(found["recipients"]) > 3 else ""
    why = found["quarantine"] or found["reason"] or "not tried yet"
    return (f"{found['id']} {found['state']}{' (in delivery)' if found['locked'] else ''} {span(found['age'])} {found['size']} "
            f"{found['sender']} -> {', '.join(found['recipients'][:3])}{more}: {why}")


def summary(result):
    """Return a result as lines."""
    return unsafe.text([shown(line) for line in all_lines(result)])


def all_lines(result):
    """Return a result as lines that still hold what hosts said."""
    if "queues" in result:
        lines = [line for row in result["queues"] for line in queue_lines(row)] + result["reasons"]
        if not result["complete"]:
            lines.append("Not all files could be read in time; the numbers of messages are right, the rest is of those read.")
        return lines
    lines = [message_line(found) for found in result["messages"][:LISTED]]
    if result["matched"] > LISTED:
        lines.append(f"... and {result['matched'] - LISTED} more")
    lines += [f"{words}: {', '.join(result[key])}" for key, words in WORDS if result[key]]
    if result.get("unread"):
        lines.append(f"can not be read: {result['unread']} control files; sendmail_queue_info names them (damaged)")
    return (lines or ["No message is meant."]) + ([f"receipt: {result['receipt']}"] if result["receipt"] else [])
