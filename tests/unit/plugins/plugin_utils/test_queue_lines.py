# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What waits, in a few lines that a terminal obeys nothing of."""

import pytest

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.queue_lines import span, summary

MESSAGE = {"id": "6AN8mbDh009108", "state": "waiting", "age": 7300, "size": 7, "sender": "<a\x1b[2J@example.org>", "recipients": ["b@x.example"] * 5,
           "reason": "Deferred: {{ 7 * 7 }}", "quarantine": "", "locked": True}
DONE = {"matched": 1, "messages": [MESSAGE], "done": [], "gone": ["6AN8mbDh009108"], "tried": [], "busy": [], "receipt": ""}
SUMS = {"messages": 2, "bytes": 14, "oldest": {"age": 7300}, "domains": [{"name": "x.example", "messages": 2}],
        "reasons": [{"name": "Deferred", "messages": 2}]}
NONE = {"messages": 0, "bytes": 0, "oldest": None, "domains": [], "reasons": []}
ROW = {"directory": "/q", "program": "mta", "group": "mqueue", "readable": True, "reason": "", "waiting": SUMS, "quarantined": NONE, "lost": NONE,
       "damaged": ["qfAAA06703"], "stray_bodies": []}


def test_what_became_of_messages():
    lines = summary(DONE)
    assert lines == ["6AN8mbDh009108 waiting (in delivery) 2h 7 <a?[2J@example.org> -> b@x.example, b@x.example, b@x.example and 2 more: Deferred: {{ 7 * 7 }}",
                     "left the queue: 6AN8mbDh009108"]
    assert summary(dict(DONE, messages=[], matched=0, gone=[])) == ["No message is meant."]
    assert "can not be read: 2 control files" in summary(dict(DONE, messages=[], matched=0, gone=[], unread=2))[0]


def test_what_waits():
    found = {"queues": [ROW, dict(ROW, waiting=NONE, damaged=[]), dict(ROW, readable=False, reason="can not be read")], "complete": False, "reasons": []}
    assert summary(found) == [
        "/q (mta, mqueue): 2 waiting (14 bytes, oldest 2h)", "  2 for x.example", "  2 Deferred", "  damaged: qfAAA06703", "/q (mta, mqueue): empty",
        "/q (mta, mqueue): can not be read", "Not all files could be read in time; the numbers of messages are right, the rest is of those read."]


@pytest.mark.parametrize("seconds, expected", [(None, "?"), (0, "0s"), (59, "59s"), (61, "1m"), (90000, "1d")])
def test_spans(seconds, expected):
    assert span(seconds) == expected
