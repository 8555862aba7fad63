# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import os
import sys

import pytest

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_host, audit_text

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_cases import BANNER, FS, RELAY, TLS, WAIVER, asked, listener, row, said


def record(*rows, listeners=(), **more):
    return audit_host.record("mx.example.org", asked(**more), said(*rows, listeners=listeners))


def verdicts(found):
    return {one["control"]: one["verdict"] for one in found["controls"]}


SEEN = ("/etc/mail/sendmail.cf", "root:root 0666", "0644")
# What the host says of a control, what its listeners say, the verdict of both.
JOINED = [
    ("both hold", BANNER, "pass", [listener()], "pass"),
    ("a listener shows what the file does not", BANNER, "pass", [listener("220 mx Sendmail 8.18")], "fail"),
    ("the file shows what a listener does not", BANNER, "fail", [listener()], "fail"),
    ("one of two listeners", BANNER, "pass", [listener(), listener("220 Sendmail", port=587)], "fail"),
    ("the host could not see it", BANNER, "unknown", [listener()], "unknown"),
    ("the host could not see it, a listener shows it", BANNER, "unknown", [listener("220 Sendmail")], "fail"),
    ("nothing to hold by the file", BANNER, "not applicable", [listener()], "pass"),
    ("a listener that was not reached hides nothing", BANNER, "pass", [listener(reachable=False, refusal="timed out")], "pass"),
    ("a listener that answers no text hides nothing", BANNER, "pass", [listener(None)], "pass"),
    ("only a listener tells", RELAY, None, [listener()], "pass"),
    ("only a listener tells, and it answers no text", RELAY, None, [listener(None)], "unknown"),
    ("only a listener tells, and none was asked", RELAY, None, [], "unknown"),
    ("only a listener tells, and none was reached", RELAY, None, [listener(reachable=False)], "unknown"),
    ("the host says nothing of it", TLS, None, [], "unknown"),
    ("a verdict that there is not", TLS, "splendid", [], "unknown"),
    ("a host that waives for itself", TLS, "waived", [], "fail"),
]


@pytest.mark.parametrize("control, by_host, listeners, expected", [case[1:] for case in JOINED], ids=[case[0] for case in JOINED])
def test_host_and_wire_are_one_verdict(control, by_host, listeners, expected):
    rows = [row(control.id, by_host, SEEN)] if by_host else []
    assert verdicts(record(*rows, listeners=listeners, chosen=(control,))) == {control.id: expected}


def test_evidence_of_a_listener_names_it():
    found = record(row(BANNER.id, "pass"), listeners=[listener("220 mx Sendmail")], chosen=(BANNER,))
    assert found["controls"][0]["evidence"] == [{"where": "192.0.2.1:25 greeting", "seen": "220 mx Sendmail", "wanted": "no product"}]
    assert found["listeners"] == [{"name": "MTA", "address": "192.0.2.1", "port": 25, "reachable": True, "refusal": ""}]


def test_why_no_listener_was_asked_is_told():
    found = record(chosen=(RELAY,), unasked="the host listens on loopback only")
    assert found["unasked"] == "the host listens on loopback only" and "loopback" in found["controls"][0]["evidence"][0]["seen"]
    broken = dict(said(), probe={"failed": True, "msg": "no such module"})
    assert audit_host.record("mx", asked(chosen=(RELAY,)), broken)["unasked"] == "no such module"


def test_what_a_listener_said_to_an_earlier_audit_is_not_judged():
    found = record(listeners=[listener()], chosen=(RELAY,), unasked="sendmail_audit_probe is false")
    assert verdicts(found) == {RELAY.id: "unknown"} and found["listeners"] == [] and found["unasked"] == "sendmail_audit_probe is false"
    away = dict(said(listeners=[listener()]), info={"unreachable": True})
    assert audit_host.record("mx", asked(chosen=(RELAY,)), away)["listeners"] == []


def test_severity_is_the_table_s_and_not_the_host_s():
    assert [one["severity"] for one in record(row(FS.id, "fail"), chosen=(FS,))["controls"]] == ["critical"]


@pytest.mark.parametrize("verdict, expected", [("fail", "waived"), ("pass", "pass"), ("unknown", "unknown")])
def test_a_waiver_counts_for_a_failure_alone(verdict, expected):
    found = record(row(FS.id, verdict), chosen=(FS,), waivers=[WAIVER])
    assert verdicts(found) == {FS.id: expected}
    assert ("waiver" in found["controls"][0]) == (expected == "waived")
    assert audit_host.failing(found) == [] and found["worst"] == ""


@pytest.mark.parametrize("fail_at, expected", [("low", 2), ("medium", 2), ("high", 1), ("critical", 1), ("never", 0)])
def test_what_the_audit_fails_for(fail_at, expected):
    found = record(row(FS.id, "fail"), row(TLS.id, "fail"), chosen=(FS, TLS), fail_at=fail_at)
    assert len(audit_host.failing(found)) == expected and found["worst"] == "critical"
    outcome = audit_host.outcome(found, "/reports")
    assert outcome["failed"] == bool(expected)
    assert not expected or "SM-FS-01 (critical)" in outcome["message"] and "/reports/audit.html" in outcome["message"]


BLIND = [
    ("unreachable", {"info": {"unreachable": True, "msg": "timed out"}}, "unreachable", "timed out"),
    ("unreachable later", {"info": {}, "baseline": {"unreachable": True}}, "unreachable", "could not be reached"),
    ("the module failed", {"info": {}, "baseline": {"failed": True, "msg": "no Python here"}}, "broken", "no Python here"),
    ("the module broke", {"info": {}, "baseline": {"module_stderr": "Traceback\nKeyError: 1"}}, "broken", "KeyError"),
    ("nothing at all", {}, "broken", "returned nothing"),
    ("no text", {"info": [], "baseline": "x"}, "broken", "returned nothing"),
    ("rows that are none", {"baseline": {"controls": "x"}}, "broken", "returned nothing"),
]


@pytest.mark.parametrize("answers, state, reason", [case[1:] for case in BLIND], ids=[case[0] for case in BLIND])
def test_a_host_that_could_not_be_looked_at_says_why_and_fails(answers, state, reason):
    found = audit_host.record("mx", asked(), answers)
    assert found["state"] == state and reason in found["reason"] and found["controls"] == []
    assert audit_host.outcome(found, "/r")["failed"] is True


STRANGE = [
    None,
    1,
    "text",
    [],
    [1, None, "x"],
    {"control": []},
    {"control": "SM-FS-01"},
    {"control": "SM-FS-01", "verdict": "fail", "evidence": "x"},
    {"control": "SM-FS-01", "verdict": "fail", "evidence": [1, {"where": {"a": 1}, "seen": None}]},
    {"control": "SM-FS-01", "verdict": ["fail"]},
]


@pytest.mark.parametrize("thing", STRANGE, ids=repr)
def test_a_host_may_say_anything(thing):
    answers = {
        "info": {"host": thing, "sendmail": thing},
        "baseline": {"controls": [thing], "warnings": thing},
        "probe": {"listeners": [thing, listener(thing)]},
    }
    found = audit_host.record("mx", asked(), answers)
    assert [one["control"] for one in found["controls"]] == ["SM-FS-01", "SM-TLS-01", "SM-SMTP-01", "SM-SMTP-02"]


def test_evidence_is_bounded():
    found = record(row(FS.id, "fail", *[("x" * 5000, "y", "z")] * 500), chosen=(FS,))
    evidence = found["controls"][0]["evidence"]
    assert len(evidence) == audit_host.ROWS + 1 and evidence[-1]["seen"] == "and 460 more" and len(evidence[0]["where"]) < 700


@pytest.mark.parametrize(
    "text, expected",
    [
        ("a\tb\nc", "a\tb\nc"),
        ("\x1b[31mred", "\\u001b[31mred"),
        ("\x00", "\\u0000"),
        ("abc\u202egnp.exe", "abc\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("\ud800", "\\ud800"),
        ("\uffff", "\\uffff"),
        ("so\xadft", "so\\u00adft"),
        ("\u180e\u3164", "\\u180e\\u3164"),
        ("tag\U000e0041\U000e007f", "tag\\U000e0041\\U000e007f"),
        ("Grüße 邮件 🦊", "Grüße 邮件 🦊"),
        (None, ""),
        (7, "7"),
        (["a"], "['a']"),
        ("</script>", "</script>"),
    ],
)
def test_what_would_show_as_something_else_is_spelt_out(text, expected):
    assert audit_text.clean(text) == expected


def test_text_is_bounded():
    assert audit_text.clean("\x00" * 600) == "\\u0000" * 100 + " ..." and audit_text.clean("\x00" * 100) == "\\u0000" * 100
    assert audit_text.clean("x" * 597 + "\x00") == "x" * 597 + " ..." and audit_text.clean("x" * 595 + "\U000e0041") == "x" * 595 + " ..."
    assert audit_text.clean("x" * 700) == "x" * 600 + " ..." and audit_text.line("a\n  b\t c") == "a b c"
