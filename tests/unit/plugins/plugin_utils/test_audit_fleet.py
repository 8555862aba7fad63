# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_documents, audit_fleet, audit_host, audit_page, audit_sarif

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from audit_cases import ALL, FS, NOW, TLS, WAIVER, YESTERDAY, asked, report, row, said

EVIDENCE = ("/etc/mail/sendmail.cf:12", "root:root 0666", "0644")


def host(name, *rows, chosen=(FS, TLS), **more):
    return audit_host.record(name, asked(chosen=chosen, **more), said(*rows))


def blind(name):
    return audit_host.record(name, asked(), {"info": {"unreachable": True, "msg": "timed out"}})


def test_the_worst_comes_first():
    hosts = [
        host("fine", row(FS.id, "pass"), row(TLS.id, "pass")),
        host("medium", row(FS.id, "pass"), row(TLS.id, "fail")),
        host("b-unknown", row(FS.id, "pass")),
        host("critical", row(FS.id, "fail"), row(TLS.id, "pass")),
        blind("away"),
        host("a-fine", row(FS.id, "pass"), row(TLS.id, "pass")),
        host("both", row(FS.id, "fail"), row(TLS.id, "fail")),
    ]
    assert [one["name"] for one in report(hosts)["hosts"]] == ["away", "both", "critical", "medium", "b-unknown", "a-fine", "fine"]


def test_the_sums():
    found = report(
        [host("one", row(FS.id, "fail"), row(TLS.id, "fail")), host("two", row(FS.id, "fail"), row(TLS.id, "pass"), waivers=[WAIVER]), blind("three")]
    )["summary"]
    assert found["hosts"] == 3 and found["states"] == {"audited": 2, "unreachable": 1} and found["failing_hosts"] == 2
    assert found["verdicts"] == {"fail": 2, "waived": 1, "pass": 1} and found["failures"] == {"critical": 1, "high": 0, "medium": 1, "low": 0}
    assert found["gone"] == [] and found["changes"] == {"new": 0, "mended": 0, "changed": 0}


# Verdict last time, verdict now, what that is.
SINCE = [
    ("pass", "fail", "new"),
    ("unknown", "fail", "new"),
    ("not applicable", "fail", "new"),
    ("waived", "fail", "new"),
    ("fail", "pass", "mended"),
    ("fail", "not applicable", "mended"),
    ("fail", "waived", "changed"),
    ("fail", "unknown", "changed"),
    ("pass", "unknown", "changed"),
    ("unknown", "pass", "changed"),
    ("pass", "not applicable", "changed"),
    ("fail", "fail", None),
    ("pass", "pass", None),
    (None, "fail", None),
]


@pytest.mark.parametrize("before, now, change", SINCE)
def test_what_changed_since_the_last_report(before, now, change):
    def made(verdict):
        waived = [WAIVER] if verdict == "waived" else []
        return host("mx", row(FS.id, "fail" if verdict == "waived" else verdict), chosen=(FS,), waivers=waived)

    former = json.loads(audit_fleet.text(report([made(before)] if before else [], generated=YESTERDAY)))
    found = report([made(now)], former)
    assert found["since"] == YESTERDAY
    assert found["hosts"][0]["controls"][0].get("change") == change and found["hosts"][0]["controls"][0].get("before") == (before if change else None)
    assert found["hosts"][0]["first"] is (before is None) and sum(found["summary"]["changes"].values()) == (change is not None)


def test_a_host_that_is_no_longer_there_is_named():
    assert report([host("b")], report([host("a"), host("b")]))["summary"]["gone"] == ["a"]


def test_the_first_report_compares_with_nothing():
    found = report([host("a", row(FS.id, "fail"))])
    assert found["since"] is None and found["hosts"][0]["first"] is False and "change" not in found["hosts"][0]["controls"][0]


def test_every_control_is_described_with_its_references():
    found = report([host("a")])["controls"][FS.id]
    assert found["references"][0] == {"standard": "CVE", "number": "CVE-2023-51765"} and found["family"] == "FS" and found["remedy"]


def test_the_report_of_one_host_has_the_same_form():
    found = report([host("a", row(FS.id, "fail"), chosen=(FS,)), host("b", row(TLS.id, "fail"), chosen=(TLS,))])
    one = audit_fleet.single(found, found["hosts"][1])
    assert set(one) == set(found) and list(one["controls"]) == [one["hosts"][0]["controls"][0]["control"]] and set(one["summary"]) == set(found["summary"])


BAD = [
    ("no JSON", "{", "no report"),
    ("another form", '{"schema": "x/2"}', "x/2"),
    ("a list", "[]", "no report"),
    ("no hosts", '{"schema": "%s"}' % audit_fleet.SCHEMA, "hosts"),
    ("hosts that are none", '{"schema": "%s", "hosts": [1], "generated": ""}' % audit_fleet.SCHEMA, "no report"),
    ("deep", "[" * 100000, "no report"),
]


@pytest.mark.parametrize("text, words", [case[1:] for case in BAD], ids=[case[0] for case in BAD])
def test_a_former_report_that_is_none_is_refused_with_what_to_do(text, words):
    with pytest.raises(InvalidValue) as refused:
        audit_fleet.former(text, "/reports/audit.json")
    assert words in refused.value.message and "/reports/audit.json" in refused.value.message and "sendmail_audit_since" in refused.value.message


def test_a_verdict_that_there_is_not_in_a_former_report_is_not_repeated():
    former = json.loads(audit_fleet.text(report([host("a", row(FS.id, "pass"), chosen=(FS,))])))
    former["hosts"][0]["controls"][0]["verdict"] = "<b>"
    found = report([host("a", row(FS.id, "fail"), chosen=(FS,))], former)["hosts"][0]["controls"][0]
    assert found["change"] == audit_fleet.NEW and "before" not in found


def test_a_failure_where_nothing_was_known_is_new():
    """The host was away, or the control was not asked for: nobody has seen that failure yet. What holds is no news."""
    former = report([blind("a"), host("b", row(FS.id, "pass"), chosen=(FS,))])
    found = report([host("a", row(FS.id, "fail"), row(TLS.id, "pass")), host("b", row(FS.id, "pass"), row(TLS.id, "fail"))], former)
    changes = {(one["name"], row_["control"]): row_.get("change") for one in found["hosts"] for row_ in one["controls"]}
    assert changes == {("a", FS.id): "new", ("a", TLS.id): None, ("b", FS.id): None, ("b", TLS.id): "new"}
    assert [one["first"] for one in found["hosts"]] == [False, False] and found["summary"]["changes"]["new"] == 2
    states = {(one["properties"]["host"], one["ruleId"]): one["baselineState"] for one in audit_sarif.log(found)["runs"][0]["results"]}
    assert states == {("a", FS.id): "new", ("b", TLS.id): "new"}
    assert audit_page.data(found)["hosts"][0][8] and {tuple(pair) for one in audit_page.data(found)["hosts"] for pair in one[8].values()} == {(0, -1)}


def test_files_are_private_and_compared_with_the_next_time(tmp_path):
    directory = tmp_path / "new" / "reports"
    assert audit_documents.former(directory) is None
    audit_documents.write(directory, report([host("mx/../../x"), host("mx.example.org")]))
    names = sorted(str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file())
    assert names[:4] == ["audit.html", "audit.json", "audit.sarif", "audit.xml"] and len(names) == 10
    assert {"hosts/mx.example.org.json", "hosts/mx.example.org.xml", "hosts/mx.example.org.sarif"} < set(names)
    assert {oct(path.stat().st_mode)[-3:] for path in directory.rglob("*") if path.is_file()} == {"600"} and oct(directory.stat().st_mode)[-3:] == "700"
    assert audit_documents.former(directory)["generated"] == NOW


def test_a_former_report_that_is_named_must_be_there(tmp_path):
    with pytest.raises(InvalidValue, match="sendmail_audit_since"):
        audit_documents.former(tmp_path, str(tmp_path / "nothing.json"))


@pytest.mark.parametrize(
    "host, expected",
    [
        ("mx.example.org", "mx.example.org"),
        ("192.0.2.1", "192.0.2.1"),
        ("::1", None),
        ("../x", None),
        (".x", None),
        ("a b", None),
        ("", None),
        ("x" * 300, None),
    ],
)
def test_names_of_files_stay_in_their_directory(host, expected):
    found = audit_documents.file_name(host)
    assert found == expected if expected else found not in (host, "") and "/" not in found and not found.startswith(".")
    assert audit_documents.file_name(host) != audit_documents.file_name(host + "!")


def test_the_release_is_that_of_the_collection():
    assert audit_documents.release().count(".") == 2


def test_all_parts_of_the_page_are_there():
    assert all(audit_documents.parts().values()) and Path(audit_documents.COLLECTION, "roles", "audit", "files").is_dir()


def test_every_control_is_in_the_order_of_the_table():
    assert list(report([host("a", chosen=ALL)])["controls"]) == [one.id for one in ALL]
