# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Control files of several releases, queues of a configuration, and who is meant by which words."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# Written by 8.17.1 on Debian 12: deferred, two recipients.
DEFERRED = """V8
T1795423779
K1795423800
N2
P150072
I254/0/2474527
MDeferred: Connection refused by [127.0.0.1]
Fbs
$_root@localhost
${daemon_flags}c u
Salice@example.org
Aalice@example.org
rRFC822; bob@example.net
RPFD:bob@example.net
rRFC822; carol@Other.example
RPFD:carol@Other.example
H?P?Return-Path: <\x81g>
H??Received: (from root@localhost)
\tby mx.lab.example (8.17.1.9/8.17.1.9/t) id 6AN8mbDh009108;
\tMon, 23 Nov 2026 08:48:37 GMT
H?D?Date: Mon, 23 Nov 2026 08:48:37 GMT
H?M?Message-Id: <202611230848.6AN8mbDh009108@mx.lab.example>
H??Subject: t3
H?x?Full-Name: root
H??From: Alice <alice@example.org>
H??To: bob@example.net
.
"""
# A bounce, put into quarantine (hf).
QUARANTINED = """V8
T1795423722
K0
N0
P30019
Fs
$_root@localhost
qmailjail hold: looked at
S<>
rRFC822; Dave.Upper@slow.example
RPFD:<Dave.Upper@slow.example>
H??Subject: bounce
.
"""
# Of a recipient each, as 8.12 (V6) and 8.13 (V8) write it where answers differ.
EACH = """V6
T1000000000
K1000003600
N1
P30342
MDeferred: 451 4.7.1 Greylisted
Fw
$_client.example [192.0.2.7]
S<eve@example.org>
C:sam:list
MDeferred: 451 4.7.1 Greylisted
RPFD:<one@a.example>
Mhost mx.b.example: 452 4.2.2 over quota
Qrfc822;two@b.example
RD:<two@b.example>
H??Subject: x
.
"""
# The manual's own example, version 4, with a controlling address.
MANUAL = """V4
T711358135
K904446490
N0
P2100941
$_eric@localhost
${daemon_flags}
Seric
Ceric:100:1000:sendmail@vangogh.CS.Berkeley.EDU
RPFD:eric@mammoth.Berkeley.EDU
RPFD:bostic@okeeffe.CS.Berkeley.EDU
H?P?Return-path: <^g>
.
"""
# Before there were flags: no version line.
OLD = "P1000\nT700000000\nDdfAAA06703\nSeric\nReric@mammoth\nHFrom: eric\n"
ELSEWHERE = "V8\nT1795423722\nK0\nN0\nP1\ndq2\nS<a@b.example>\nRPFD:<c@d.example>\nH??Subject: x\n.\n"


@pytest.mark.parametrize("text, expected", [
    (DEFERRED, {"version": 8, "created": 1795423779, "tried": 1795423800, "tries": 2, "sender": "alice@example.org", "client": "root@localhost",
                "recipients": (("bob@example.net", ""), ("carol@Other.example", "")), "reason": "Deferred: Connection refused by [127.0.0.1]"}),
    (QUARANTINED, {"quarantine": "mailjail hold: looked at", "sender": "<>", "recipients": (("<Dave.Upper@slow.example>", ""),), "reason": ""}),
    (EACH, {"version": 6, "reason": "Deferred: 451 4.7.1 Greylisted", "flags": "w",
            "recipients": (("<one@a.example>", "Deferred: 451 4.7.1 Greylisted"), ("<two@b.example>", "host mx.b.example: 452 4.2.2 over quota"))}),
    (MANUAL, {"version": 4, "recipients": (("eric@mammoth.Berkeley.EDU", ""), ("bostic@okeeffe.CS.Berkeley.EDU", "")), "sender": "eric"}),
    (OLD, {"version": 0, "recipients": (("eric@mammoth", ""),), "created": 700000000}),
    (ELSEWHERE, {"data_directory": "q2"}),
    ("", {"version": 0, "created": None, "sender": "", "recipients": (), "tries": 0}),
    ("V8\nT17954", {"created": 17954, "recipients": ()}),
    ("\0\xff\nT--\nR\n", {"created": None}),
])
def test_a_control_file_is_read(text, expected):
    found = queuefiles.parse(text)
    assert {key: getattr(found, key) for key in expected} == expected


def test_a_message_is_told_with_its_age_and_the_reason_of_a_recipient_where_there_is_no_other():
    text = EACH.replace("MDeferred: 451 4.7.1 Greylisted\nFw", "Fw")
    found = queuefiles.message("qf", "0AA0", "/q", queuefiles.parse(text), 7, 1000000060.9)
    assert (found["age"], found["reason"], found["state"], found["size"]) == (60, "Deferred: 451 4.7.1 Greylisted", "waiting", 7)


def test_a_header_in_utf_8_is_no_macro():
    text = u"V8\nH??Subject: \u00c1 \u0441\u0442\u043e\nH??X-Mark: \n".encode("utf-8").decode("latin-1") + "H??Reply-To: \x81g\n.\n"
    assert "\x81" in text.split("\n")[1]
    assert [line.partition(":")[0] for line in queuefiles.headers(text)] == ["Subject", "X-Mark"]


def test_headers_go_on_as_they_would_by_smtp():
    assert [line.partition(":")[0] for line in queuefiles.headers(DEFERRED)] == ["Received", "Date", "Message-Id", "Subject", "From", "To"]
    assert queuefiles.headers(DEFERRED)[0].count("\n\t") == 2


CF = """V10/Debian
O QueueDirectory={directory}
Qslow, P=/var/spool/mqueue/slow*, F=f, r=5
Qfast, Jobs=3
Mlocal, P=/bin/x
"""


@pytest.mark.parametrize("directory, expected", [
    ("/var/spool/mqueue", [("mqueue", "/var/spool/mqueue", "/var/spool/mqueue"), ("slow", "/var/spool/mqueue/slow*", "/var/spool/mqueue")]),
    ("/var/spool/mqueue/q*", [("mqueue", "/var/spool/mqueue/q*", "/var/spool/mqueue"), ("slow", "/var/spool/mqueue/slow*", "/var/spool/mqueue")]),
])
def test_queues_of_a_configuration(directory, expected):
    found = queuefiles.queues(CF.format(directory=directory), "mta")
    assert [(one.group, one.pattern, one.base) for one in found] == expected


def test_a_configuration_without_a_queue_has_the_usual_one():
    assert [one.pattern for one in queuefiles.queues("V10\n", "mta")] == ["/var/spool/mqueue"]


def test_names_are_sorted_by_what_they_are():
    found = queuefiles.sort_names(["qf6AN8mbDh009108", "df6AN8mbDh009108", "hf6AN8mbDh009109", "Qf6AN8mbDh009110", "tfAAA06703", "xf6AN8mbDh009108", ".", "qf",
                                   "qf../../etc/passwd", "core", "qf6AN8maAA000001"])
    assert found == {"qf": ["6AN8maAA000001", "6AN8mbDh009108"], "hf": ["6AN8mbDh009109"], "Qf": ["6AN8mbDh009110"], "df": ["6AN8mbDh009108"],
                     "xf": ["6AN8mbDh009108"], "tf": ["AAA06703"], "Tf": []}


def test_locks_that_are_held_are_told_from_those_that_are_waited_for():
    text = ("1: FLOCK  ADVISORY  WRITE 1234 fe:00:2474527 0 EOF\n2: POSIX  ADVISORY  READ 77 08:01:99 128 128\n2: -> POSIX  ADVISORY  WRITE 78 08:01:99 0 EOF\n"
            "3: OFDLCK ADVISORY  WRITE -1 00:2f:5 0 EOF\nnonsense\n")
    assert [(lock.kind, lock.exclusive, lock.pid, lock.inode) for lock in queuefiles.parse_locks(text)] == [
        ("FLOCK", True, 1234, 2474527), ("POSIX", False, 77, 99), ("OFDLCK", True, -1, 5)]


@pytest.mark.parametrize("one, other", [
    ("Deferred: Connection timed out with mx1.a.example.", "Deferred: Connection timed out with mx2.b.example"),
    ("Deferred: Connection refused by [127.0.0.1]", "Deferred: Connection refused by [192.0.2.9]"),
    ("451 4.7.1 <a@b.example>: try later 6AN8mbDh009108", "451 4.7.1 <c@d.example>: try later 6AN8mbDh009109"),
])
def test_equal_faults_of_several_hosts_are_one_reason(one, other):
    assert queuefiles.kind_of_reason(one) == queuefiles.kind_of_reason(other)


def test_different_faults_stay_different():
    assert queuefiles.kind_of_reason("Deferred: 451 4.7.1 Greylisted") != queuefiles.kind_of_reason("Deferred: 452 4.2.2 over quota")


def told(text=DEFERRED, kind="qf", name="6AN8mbDh009108", now=1795423779 + 7200):
    """A message as modules tell it."""
    return queuefiles.message(kind, name, "/var/spool/mqueue", queuefiles.parse(text), 7, now)


def test_sums_do_not_grow_with_made_up_domains():
    tally = queuefiles.Tally(most=3)
    tally.KEPT = 10
    for number in range(100):
        tally.add(dict(told(), recipients=["x@d%d.example" % number]))
    tally.add(told(QUARANTINED, "hf"))
    found = tally.result()
    assert (found["messages"], found["bytes"], len(tally.domains), found["domains"][0]) == (101, 707, 11, {"name": "(others)", "messages": 91})
    assert found["ages"] == {"under 1h": 0, "1h to 4h": 101, "4h to 1d": 0, "1d to 5d": 0, "over 5d": 0}
    assert {"name": "mailjail hold: looked at", "messages": 1} in found["reasons"]


MEANT = [
    ({"ids": ["6AN8mbDh009108"]}, True), ({"ids": ["6AN8mbDh00910"]}, False),
    ({"senders": ["alice@example.org"]}, True), ({"senders": ["ALICE@*"]}, True), ({"senders": ["<>"]}, False), ({"senders": ["alice"]}, False),
    ({"recipients": ["carol@other.example"]}, True), ({"recipients": ["dave@*"]}, False),
    ({"domains": ["example.net"]}, True), ({"domains": ["xample.net"]}, False), ({"domains": [".net"]}, True),
    ({"domains": ["nobody.example", "other.example"]}, True),
    ({"domains": ["example.net"], "senders": ["bob@*"]}, False),
    ({"reasons": ["connection refused"]}, True), ({"reasons": ["refused by [127.0.0.1]"]}, True), ({"reasons": ["timed out"]}, False),
    ({"older_than": "2h"}, True), ({"older_than": "2h1s"}, False), ({"younger_than": "2h", "ids": ["6AN8mbDh009108"]}, False),
    ({"older_than": "1h", "younger_than": "3h"}, True),
    ({"all": True}, True), ({"all": True, "state": "quarantined"}, False), ({"ids": ["6AN8mbDh009108"], "state": "waiting"}, True),
]


@pytest.mark.parametrize("wanted, expected", MEANT)
def test_who_is_meant(wanted, expected):
    assert queuefiles.Selection(wanted, True).matches(told()) is expected


def test_bounces_are_meant_by_their_sender():
    assert queuefiles.Selection({"senders": ["<>"]}, True).matches(told(QUARANTINED, "hf"))


@pytest.mark.parametrize("wanted, said", [
    ({}, "all of them would be"), ({"state": "lost"}, "all of them would be"), ({"queues": ["msp"]}, "all of them would be"),
    ({"older_than": 0}, "all of them"),
    ({"younger_than": "1h"}, "all of them"),
    ({"senders": ["*"]}, "matches every message"), ({"recipients": ["*@*"]}, "matches every message"), ({"domains": ["*.*"]}, "matches every message"),
    ({"domains": ["example.net", "?*"]}, "matches every message"), ({"reasons": ["."]}, "matches every message"),
    ({"ids": ["../../etc/passwd"]}, "no queue id"),
    ({"ids": [""]}, "no queue id"), ({"ids": ["6AN8mbDh009108"], "all": True}, "contradict"), ({"senders": [""]}, "empty"),
    ({"senders": ["a\nb"]}, "control character"),
    ({"older_than": "soon"}, "expected something like"), ({"older_than": "4h", "younger_than": "1h"}, "no message between"),
])
def test_words_that_can_not_be_meant_are_refused(wanted, said):
    with pytest.raises(InvalidValue) as caught:
        queuefiles.Selection(wanted, True)
    assert said in caught.value.message


def test_looking_may_mean_everything():
    assert queuefiles.Selection({"senders": ["*"]}, False).matches(told())


@pytest.mark.parametrize("text", ["", "  ", "x" * 201, "two\nlines", "caf\xe9", "."])
def test_a_reason_that_sendmail_would_not_keep_is_refused(text):
    with pytest.raises(InvalidValue):
        queuefiles.quarantine_reason(text)
