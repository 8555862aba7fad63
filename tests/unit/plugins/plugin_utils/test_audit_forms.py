# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reports read back by parsers that know nothing of them; tests/page reads them back with libraries for these forms, and with a browser."""

from __future__ import annotations

import html.parser
import json
import os
import re
import sys
from xml.etree import ElementTree

import pytest

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_documents, audit_fleet, audit_host, audit_junit, audit_page, audit_sarif

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_cases import ALL, BANNER, FS, RELAY, TLS, WAIVER, YESTERDAY, asked, report, row, said

EVIDENCE = ("/etc/mail/sendmail.cf:12", "root:root 0666", "0644")
HOSTILE = [
    "</script><script>alert(1)</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "@@program@@",
    "]]>",
    "&lt;b&gt;",
    "\x00\x1b\ud800\uffff",
    "' onload='x",
    "{{ lookup('pipe','id') }}",
    "\u2028\u2029",
]


def fleet(former=None, fail_at="high", waivers=(WAIVER,), evidence=(EVIDENCE,)):
    """One host with each verdict, one that is away."""
    rows = (
        row(FS.id, "fail", *evidence),
        row(TLS.id, "fail", ("192.0.2.1:25 STARTTLS", "TLSv1.0", "TLSv1.2")),
        row(BANNER.id, "unknown", ("", "no right to read", "")),
    )
    one = audit_host.record("mx.example.org", asked(ALL, waivers, fail_at, "sendmail_audit_probe is false", warnings=["ends soon"]), said(*rows))
    return report([one, audit_host.record("away", asked(), {"info": {"unreachable": True, "msg": "timed out"}})], former)


# -- JUnit


def cases(found):
    return {case.get("name").split()[0]: [child.tag for child in case] for case in ElementTree.fromstring(audit_junit.text(found)).iter("testcase")}


@pytest.mark.parametrize(
    "fail_at, waivers, expected",
    [
        ("high", (), {"SM-FS-01": ["failure"], "SM-TLS-01": ["skipped"]}),
        ("low", (), {"SM-FS-01": ["failure"], "SM-TLS-01": ["failure"]}),
        ("low", (WAIVER,), {"SM-FS-01": ["skipped"], "SM-TLS-01": ["failure"]}),
        ("never", (), {"SM-FS-01": ["skipped"], "SM-TLS-01": ["skipped"]}),
    ],
)
def test_junit_fails_where_the_play_does(fail_at, waivers, expected):
    found = fleet(fail_at=fail_at, waivers=waivers)
    assert cases(found) == dict(expected, **{"SM-SMTP-01": ["skipped"], "SM-SMTP-02": ["skipped"], "the": ["error"]})
    failing = [one for host in found["hosts"] for one in audit_host.failing(host)]
    assert len(failing) == sum(tags == ["failure"] for tags in expected.values())


def test_junit_counts_what_it_holds():
    for suite in ElementTree.fromstring(audit_junit.text(fleet(waivers=()))).iter("testsuite"):
        for key, tag in (("tests", "testcase"), ("failures", ".//failure"), ("errors", ".//error"), ("skipped", ".//skipped")):
            assert int(suite.get(key)) == len(suite.findall(tag)), (suite.get("name"), key)


def test_junit_says_what_was_seen_and_what_to_do():
    fault = ElementTree.fromstring(audit_junit.text(fleet(waivers=()))).find(".//failure")
    assert fault.get("type") == "critical" and "/etc/mail/sendmail.cf:12: root:root 0666; wanted: 0644" in fault.text and "Remedy: Set SM-FS-01." in fault.text


def test_junit_says_why_something_is_skipped():
    told = [one.get("message") for one in ElementTree.fromstring(audit_junit.text(fleet())).iter("skipped")]
    assert told[0].startswith("waived until 2027-03-31 by postmaster: old scanner") and "medium is below" in told[1]
    assert told[2] == "unknown: no right to read" and "sendmail_audit_probe is false" in told[3]


# -- SARIF


def results(found):
    return {one["ruleId"]: one for one in audit_sarif.log(found)["runs"][0]["results"]}


def test_sarif_tells_failures_and_what_is_not_known():
    found = results(fleet(waivers=()))
    assert {name: (one["kind"], one["level"]) for name, one in found.items()} == {
        "SM-FS-01": ("fail", "error"),
        "SM-TLS-01": ("fail", "warning"),
        "SM-SMTP-01": ("open", "none"),
        "SM-SMTP-02": ("open", "none"),
    }


def test_sarif_rules_are_where_results_say():
    run = audit_sarif.log(fleet())["runs"][0]
    assert [run["tool"]["driver"]["rules"][one["ruleIndex"]]["id"] for one in run["results"]] == [one["ruleId"] for one in run["results"]]


def test_sarif_of_one_host_has_the_rules_that_it_needs():
    found = fleet()
    run = audit_sarif.log(audit_fleet.single(found, found["hosts"][1]), every=False)["runs"][0]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [one["ruleId"] for one in run["results"]]
    assert audit_sarif.log(audit_fleet.single(found, found["hosts"][0]), every=False)["runs"][0]["results"] == []


def test_sarif_places_a_finding_in_its_file_below_its_host():
    place = results(fleet())["SM-FS-01"]["locations"][0]
    assert place["physicalLocation"] == {"artifactLocation": {"uri": "mx.example.org/etc/mail/sendmail.cf"}, "region": {"startLine": 12}}
    assert place["logicalLocations"][0]["fullyQualifiedName"] == "mx.example.org"


@pytest.mark.parametrize("where", ["192.0.2.1:25 STARTTLS", "", "/../../other/etc/passwd:3", "/etc/..", "../x"])
def test_sarif_places_what_is_in_no_file_at_its_host(where):
    place = results(fleet(evidence=[(where, "", "")]))["SM-FS-01"]["locations"]
    assert [one["physicalLocation"] for one in place] == [{"artifactLocation": {"uri": "mx.example.org"}}]
    assert place[0]["logicalLocations"][0]["name"] == "mx.example.org"


@pytest.mark.parametrize(
    "name, uri", [("../../etc", "..%2F..%2Fetc/x"), ("..", "host/x"), (".", "host/x"), ("//a:b", "%2F%2Fa%3Ab/x"), ("mx 1", "mx%201/x")]
)
def test_sarif_addresses_stay_below_their_host(name, uri):
    assert audit_sarif._locations({"name": name}, [{"where": "/x"}])[0]["physicalLocation"]["artifactLocation"]["uri"] == uri


@pytest.mark.parametrize("number, line", [("7", 7), ("0", None), ("0000000001", 1), ("000", None), ("", None), ("99999999999999999999", 999999999)])
def test_sarif_lines_are_lines(number, line):
    place = audit_sarif._locations({"name": "mx"}, [{"where": "/x:" + number if number else "/x"}])[0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == "mx/x" and place.get("region", {}).get("startLine") == line


@pytest.mark.parametrize(
    "where, uri",
    [("/a b", "mx.example.org"), ("/etc/%00/ä", "mx.example.org/etc/%2500/%C3%A4")]
    + [("/x:0", "mx.example.org/x"), ("/x:99999999999999999999", "mx.example.org/x")],
)
def test_sarif_addresses_are_addresses(where, uri):
    place = results(fleet(evidence=[(where, "", "")]))["SM-FS-01"]["locations"][0].get("physicalLocation", {"artifactLocation": {"uri": None}})
    assert place["artifactLocation"]["uri"] == uri and place.get("region", {"startLine": 1})["startLine"] > 0


def test_sarif_knows_waivers_as_suppressions():
    assert results(fleet())["SM-FS-01"]["suppressions"] == [
        {"kind": "external", "status": "accepted", "justification": "old scanner (postmaster, until 2027-03-31)"}
    ]


def test_sarif_says_what_is_new():
    assert "baselineState" not in results(fleet())["SM-FS-01"]
    former = json.loads(audit_fleet.text(dict(fleet(waivers=()), generated=YESTERDAY)))
    former["hosts"][1]["controls"][1]["verdict"] = "pass"
    found = results(fleet(former, waivers=()))
    assert {name: one["baselineState"] for name, one in found.items()} == {
        "SM-FS-01": "unchanged",
        "SM-TLS-01": "new",
        "SM-SMTP-01": "unchanged",
        "SM-SMTP-02": "unchanged",
    }


def test_sarif_names_hosts_that_could_not_be_looked_at():
    told = audit_sarif.log(fleet())["runs"][0]["invocations"][0]
    assert told["executionSuccessful"] is False
    assert [one["message"]["text"] for one in told["toolExecutionNotifications"]] == [
        "away was not audited (unreachable): timed out",
        "mx.example.org: ends soon",
    ]


def test_fingerprints_tell_hosts_and_controls_apart_and_stay():
    first, again = results(fleet()), results(fleet())
    prints = [one["partialFingerprints"]["hostAndControl/v1"] for one in first.values()]
    assert len(set(prints)) == len(prints) and prints == [one["partialFingerprints"]["hostAndControl/v1"] for one in again.values()]


# -- the page


class Reader(html.parser.HTMLParser):
    """Names and texts of elements, and everything that names an address."""

    def __init__(self):
        super().__init__()
        self.texts, self.addresses, self._open = {}, [], None

    def handle_starttag(self, tag, attrs):
        self._open = tag
        self.texts.setdefault(tag, []).append("")
        self.addresses += [value for name, value in attrs if name in ("src", "href", "action", "srcset", "data")]

    def handle_data(self, data):
        if self._open:
            self.texts[self._open][-1] += data

    def handle_endtag(self, tag):
        self._open = None


def read(found):
    reader = Reader()
    reader.feed(audit_page.page(found, audit_documents.parts()))
    return reader


def test_the_page_holds_the_data_once_and_needs_nothing_else():
    reader = read(fleet())
    assert len(reader.texts["script"]) == 2 and set(reader.addresses) == {"#grid", "data:,"}
    text = "".join(audit_documents.parts().values())
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest|innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", text)
    found = json.loads(reader.texts["script"][0])
    assert [host[0] for host in found["hosts"]] == ["away", "mx.example.org"]


@pytest.mark.parametrize("text", HOSTILE, ids=ascii)
def test_what_a_host_says_is_data_and_nothing_else(text):
    name = "mx" + text
    one = audit_host.record(name, asked((FS,), (dict(WAIVER, reason=text),), warnings=[text]), said(row(FS.id, "fail", (text, text, text))))
    found = report([one, audit_host.record("b" + text, asked(), {"info": {"unreachable": True, "msg": text}})])
    reader = read(found)
    assert (
        len(reader.texts["script"]) == 2 and reader.texts["script"][1] == audit_documents.parts()["page.js"] and set(reader.texts) == set(read(fleet()).texts)
    )
    shown = json.loads(reader.texts["script"][0])["judgements"][0][1][0]
    assert shown == [found["hosts"][1]["controls"][0]["evidence"][0]["where"]] * 3
    ElementTree.fromstring(audit_junit.text(found))
    assert json.loads(audit_fleet.text(audit_sarif.log(found)))["version"] == "2.1.0" and json.loads(audit_fleet.text(found))["hosts"]


def test_the_policy_allows_exactly_what_is_in_the_page():
    page = audit_page.page(fleet(), audit_documents.parts())
    policy = re.search(r'http-equiv="Content-Security-Policy" content="([^"]*)"', page).group(1)
    reader = read(fleet())
    for part, text in (("script-src", reader.texts["script"][1]), ("style-src", reader.texts["style"][0])):
        assert "%s '%s'" % (part, audit_page._hash(text)) in policy
    assert "default-src 'none'" in policy and "unsafe" not in policy


def test_a_judgement_that_hosts_share_is_there_once():
    rows = (row(FS.id, "fail", EVIDENCE), row(TLS.id, "pass", EVIDENCE))
    hosts = [audit_host.record("mx%d" % number, asked((FS, TLS)), said(*rows)) for number in range(50)]
    found = audit_page.data(report(hosts))
    assert len(found["judgements"]) == 2 and all(host[7][:2] == [0, 1] for host in found["hosts"])


def test_the_page_says_waivers_and_changes_by_number():
    former = json.loads(audit_fleet.text(dict(fleet(waivers=()), generated=YESTERDAY)))
    found = audit_page.data(fleet(former))
    host = found["hosts"][1]
    assert found["waivers"] == [["old scanner", "postmaster", "2027-03-31"]] and host[9] == {0: 0}
    assert host[8] == {0: [audit_page.CHANGES.index("changed"), audit_page.VERDICTS.index("fail")]}
    assert found["hosts"][0][7] == [-1] * 4 and RELAY.id == found["controls"][3][0]
