# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What delegates may and may not write, entry by entry, and how their part and the playbook's live in one file."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation_entries as entries
from ansible_collections.mailjail.sendmail.plugins.module_utils import tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError

CONTEXT = tables.Context(mailers=["local", "prog", "smtp", "esmtp", "relay", "discard"], local_host_names=["gw.corp.example"],
                         alias_files=True, alias_programs=True, alias_includes=True)
BASE = {
    "access": "Connect:192.0.2.1\tRELAY\nClientConn:\t20\n",
    "mailertable": "corp.example\tesmtp:[192.0.2.25]\n",
    "virtusertable": "info@corp.example\tanna@corp.example\n",
    "genericstable": "root\tpostmaster@corp.example\n",
    "domaintable": "old.example\tcorp.example\n",
    "aliases": "postmaster:\tops@corp.example\nroot:\tpostmaster\nMAILER-DAEMON:\tpostmaster\n",
}


def judged(kind, text, **policy):
    base = tables.parse(kind, BASE[kind])
    return entries.judge(kind, base, entries.read(kind, text.encode("utf-8")), CONTEXT, policy)


MAY = [
    ("access", "Connect:203.0.113.9\tREJECT"),
    ("access", "connect:203.0.113 DISCARD"),
    ("access", 'From:spam@third.example ERROR:5.7.1:"550 we relay no spam"'),
    ("access", "To:former@corp.example ERROR:5.1.1:\"550 gone\""),
    ("access", "Spam:postmaster@ FRIEND"),
    ("access", "GreetPause:203.0.113.9 0"),
    ("access", "ClientRate:203.0.113.9 100"),
    ("mailertable", "partner.example\tesmtp:[192.0.2.26]"),
    ("mailertable", ".partner.example relay:mx.partner.example"),
    ("mailertable", "gone.example error:5.1.2:550 gone"),
    ("virtusertable", "sales@corp.example\tbert@corp.example"),
    ("virtusertable", "@second.example\t%1@corp.example"),
    ("virtusertable", "no@corp.example\terror:nouser 550 no such user"),
    ("genericstable", "anna anna.b@corp.example"),
    ("domaintable", "older.example corp.example"),
    ("aliases", "team: anna, bert@corp.example, \\carl"),
    ("aliases", "team: anna,\n  bert"),
]


@pytest.mark.parametrize("kind, line", MAY)
def test_may(kind, line):
    verdict = judged(kind, line + "\n")
    assert not verdict.refused
    assert len(verdict.kept) == 1


# kind, line, word of the reason
MAY_NOT = [
    ("access", "Connect:203.0.113.9\tRELAY", "may not grant RELAY"),
    ("access", "To:gmail.example relay", "may not grant RELAY"),
    ("access", "Connect:\tRELAY", "may not grant RELAY"),
    ("access", "Connect:203.0.113.9 \"RELAY\"", "may not grant RELAY"),
    ("access", "CertIssuer:/C=DE RELAY", "not the delegates'"),
    ("access", "CertSubject:/C=DE RELAY", "not the delegates'"),
    ("access", "Srv_Features:203.0.113.9 S", "not the delegates'"),
    ("access", "TLS_Srv:mx.example VERIFY+CITag:Own", "not the delegates'"),
    ("access", "TLS_Clt_features:mx.example Options=;KeyFile=/etc/shadow", "not the delegates'"),
    ("access", "Try_TLS:mx.example NO", "not the delegates'"),
    ("access", "AuthInfo:mx.example \"U:u\" \"P:p\"", "not the delegates'"),
    ("access", "QGRP:mx.example slow", "not the delegates'"),
    ("access", "bcc:corp.example anna@third.example", "not the delegates'"),
    ("access", "Conect:203.0.113.9 REJECT", "not the delegates'"),
    ("access", "203.0.113.9 REJECT", "no tag"),
    ("access", "Connect:192.0.2.1 REJECT", "the playbook has this key"),
    ("access", "CONNECT:192.0.2.1 REJECT", "the playbook has this key"),
    ("access", "clientconn: 1000", "the playbook has this key"),
    ("access", "Connect:203.0.113.0/24 REJECT", "no CIDR"),
    ("mailertable", "corp.example esmtp:[192.0.2.66]", "the playbook has this key"),
    ("mailertable", "a.example local:root", "not by 'local'"),
    ("mailertable", "a.example prog:id", "not by 'prog'"),
    ("mailertable", "a.example *file*:/etc/passwd", "not by '*file*'"),
    ("mailertable", "a.example uucp:x", "not by 'uucp'"),
    ("mailertable", "a.example smtp8:[192.0.2.26]", "not declared"),
    ("virtusertable", "info@corp.example x@third.example", "the playbook has this key"),
    ("virtusertable", "x@corp.example |id", "no program"),
    ("virtusertable", "x@corp.example /etc/passwd", "no program"),
    ("virtusertable", "x@corp.example :include:/etc/shadow", "no program"),
    ("genericstable", "x \"|id\"@localhost", "no program"),
    ("aliases", "root: anna@third.example", "the playbook has this key"),
    ("aliases", "ROOT: anna@third.example", "the playbook has this key"),
    ("aliases", "x: |/usr/bin/id", "no program"),
    ("aliases", "x: anna, \"|/usr/bin/id\"", "no program"),
    ("aliases", "x: \"|/usr/bin/id\"@localhost", "no program"),
    ("aliases", "x: |id@localhost", "no program"),
    ("aliases", "x: \\|id", "no program"),
    ("aliases", "x: \\\\|id", "no program"),
    ("aliases", "x: A <|id@localhost>", "no program"),
    ("aliases", "x: localhost!|id", "no program"),
    ("aliases", "x: |id%localhost@localhost", "no program"),
    ("aliases", "x: /var/mailjail/x", "no program"),
    ("aliases", "x: \"/etc/passwd\"@gw.corp.example", "no program"),
    ("aliases", "x: :include:/etc/shadow", "no program"),
    ("aliases", "x: @localhost:y@z", "no program"),
]


@pytest.mark.parametrize("kind, line, reason", MAY_NOT)
def test_may_not(kind, line, reason):
    verdict = judged(kind, line + "\n")
    assert verdict.kept == []
    assert [one.line for one in verdict.refused] == [1]
    assert reason in verdict.refused[0].reason


@pytest.mark.parametrize("line, kept", [
    ("Connect:203.0.113.9 RELAY", 1), ("To:partner.example RELAY", 1), ("Connect: RELAY", 0), ("From:partner.example RELAY", 0), ("To:com RELAY", 0),
    ("Connect:partner.example RELAY", 0), ("CertSubject:/C=DE RELAY", 0)])
def test_the_right_to_grant_relay_opens_nothing_to_the_world(line, kept):
    assert len(judged("access", line, relay=True).kept) == kept


def test_every_fault_is_told_with_its_line():
    verdict = judged("access", "# remark\nConnect:203.0.113.9 REJECT\nTo:x.example RELAY\nConnect:203.0.113.8 WHAT\nconnect:203.0.113.9 OK\n")
    assert [(one.line, one.key) for one in verdict.refused] == [(3, "To:x.example"), (4, "Connect:203.0.113.8"), (5, "connect:203.0.113.9")]
    assert [pair.line for pair in verdict.kept] == [2]


def test_a_fault_that_shows_at_the_playbook_s_entry_refuses_all():
    base = tables.parse("aliases", "a: b\n")
    verdict = entries.judge("aliases", base, tables.parse("aliases", "b: a\nc: d\n"), CONTEXT, {})
    assert verdict.kept == [] and "loop" in verdict.refused[0].reason


def test_faults_of_the_playbook_are_not_the_delegates():
    base = tables.parse("access", "Connect: RELAY\n")
    verdict = entries.judge("access", base, tables.parse("access", "Connect:203.0.113.9 REJECT\n"), CONTEXT, {})
    assert verdict.refused == [] and len(verdict.kept) == 1


@pytest.mark.parametrize("kind, data, reason", [
    ("access", b"a\xff b\n", "line 1: the byte \\xff is no UTF-8"),
    ("access", b"ok x\n# \xc3\n", "line 2"),
    ("access", b"Connect:203.0.113.9 REJECT\r\n", "Windows"),
    ("access", b" Connect:203.0.113.9 REJECT\n", "begins with a blank"),
    ("access", b"Connect:203.0.113.9\n", "nothing stands behind the key"),
    ("aliases", b"  , anna@third.example\n", "continues an alias"),
    ("aliases", b"anna\n", "no colon"),
    ("access", b"#" * (entries.SIZE_LIMIT + 1), "limit"),
])
def test_no_entries(kind, data, reason):
    with pytest.raises(MapError) as caught:
        entries.read(kind, data)
    assert reason in caught.value.message


@pytest.mark.parametrize("base, own", [("", ""), ("a b\n", ""), ("", "c d\n"), ("a b\n", "c d\n"), ("# x\na b\n", "c d\ne f\n")])
def test_join_and_split(base, own):
    assert entries.split(entries.join(base, own)) == (base, own)


@pytest.mark.parametrize("text, expected", [
    ("a b\n", ("a b\n", "")),
    ("x" + entries.BOUNDARY + "c d\n", ("x" + entries.BOUNDARY + "c d\n", "")),
    (entries.BOUNDARY + entries.BOUNDARY + "c d\n", (entries.BOUNDARY, "c d\n")),
])
def test_split_of_other_texts(text, expected):
    assert entries.split(text) == expected


def test_a_last_line_without_an_end_stays_a_line():
    assert entries.join("a b", "c d\n") == "a b\n" + entries.BOUNDARY + "c d\n"


def test_nothing_but_entries_is_written():
    own = tables.parse("aliases", "# x\nteam: anna,\n\tbert\n\n")
    assert entries.written("aliases", own) == "team:\tanna, bert\n"


MERGED = [
    # base, accepted, expected own part, number of warnings
    ("a.example esmtp:[192.0.2.1]\n", None, "", 0),
    ("a.example esmtp:[192.0.2.1]\n", b"", "", 0),
    ("a.example esmtp:[192.0.2.1]\n", b"b.example\tesmtp:[192.0.2.2]\n", "b.example\tesmtp:[192.0.2.2]\n", 0),
    ("b.example esmtp:[192.0.2.1]\n", b"B.example\tesmtp:[192.0.2.2]\nc.example\tesmtp:[192.0.2.3]\n", "c.example\tesmtp:[192.0.2.3]\n", 1),
    ("a.example esmtp:[192.0.2.1]\n", b"b.example\tuucp:x\n", "", 1),
    ("a.example esmtp:[192.0.2.1]\n", b"\xff\n", "", 1),
]


@pytest.mark.parametrize("base, accepted, own, warnings", MERGED)
def test_a_playbook_run_wins_and_is_never_stopped(base, accepted, own, warnings):
    text, said = entries.merged("mailertable", base, accepted, CONTEXT)
    assert entries.split(text) == (base, own)
    assert len(said) == warnings
