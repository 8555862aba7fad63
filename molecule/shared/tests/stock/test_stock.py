"""Hosts as their packages leave them: the audit names their faults, works without a profile and without root, and leaves everything as it is."""

import json

import pytest
from auditing import audit, differing, kept, whole

# What every such host is known for, whoever packaged it (reference of the collection: docs/controls.md), and what only some are.
# A banner and a HELP with the release; VRFY and EXPN; no limits; old TLS; tools that write the configuration anew; units that do not see a dead daemon.
EVERYWHERE = {"SM-PKG-04", "SM-SMTP-01", "SM-SMTP-02", "SM-SMTP-03", "SM-DOS-01", "SM-DOS-03", "SM-DOS-05", "SM-DOS-06", "SM-DOS-07", "SM-TLS-03",
              "SM-TLS-04", "SM-ALIAS-01", "SM-OS-04", "SM-OS-05", "SM-BAK-01"}
# Debian blames sendmail for nothing and runs any program, but gives each client its share; Red Hat takes senders that do not resolve and mail for whose MX
# it is.
OF_FAMILY = {"debian": {"SM-FS-09", "SM-FS-15", "SM-PRIV-08", "SM-SMRSH-01"}, "redhat": {"SM-CF-05", "SM-DOS-02", "SM-REL-05", "SM-REL-08", "SM-REL-09"},
             "suse": {"SM-DOS-02", "SM-REL-05", "SM-SMTP-04"}}


@pytest.fixture(scope="module")
def stock(world, tmp_path_factory):
    """The audit of all hosts, and what they were before and after."""
    before = world.everywhere(whole)
    found = audit(world, tmp_path_factory.mktemp("stock"), sendmail_audit_profile="", sendmail_audit_fail_at="never")
    assert found.run.status == 0, found
    return found, dict(zip(world.gateway_names, before, strict=True)), dict(zip(world.gateway_names, world.everywhere(whole), strict=True))


def test_nothing_changes(stock, gateway):
    _found, before, after = stock
    assert len(before[gateway.name]) > 5000 and differing(before[gateway.name], after[gateway.name]) == {}


def test_at_most_four_remote_runs(stock, gateway):
    found, _before, _after = stock
    runs = found.run.remote(gateway)
    assert 2 <= len([name for name in runs if "report" not in name]) <= 4, runs
    assert found.run.changed(gateway) == []


def test_every_control_has_a_verdict_and_no_check_broke(stock, gateway):
    found, _before, _after = stock
    host = found.host(gateway)
    assert host["state"] == "audited" and len(host["controls"]) == len(found.said["controls"]) >= 90
    broken = {row["control"]: row["evidence"] for row in host["controls"] if any("check itself broke" in one["seen"] for one in row["evidence"])}
    assert broken == {} and all(row["evidence"] for row in host["controls"] if row["verdict"] != "pass")


def test_it_names_what_such_a_host_is_known_for(stock, gateway):
    found, _before, _after = stock
    failing = found.having(gateway, "fail")
    assert EVERYWHERE | OF_FAMILY[gateway.family.name] <= set(failing), sorted(failing)


def test_the_report_is_kept_for_the_hardened_host(stock, world):
    found, _before, _after = stock
    world.work.mkdir(parents=True, exist_ok=True)
    (world.work / "stock.json").write_text(json.dumps(found.said))
    assert found.said["summary"]["verdicts"]["fail"] > 20


def test_without_root_it_says_what_it_could_not_see(world, tmp_path):
    before = world.everywhere(kept)
    found = audit(world, tmp_path, sendmail_audit_become=False, sendmail_audit_probe=False, sendmail_audit_fail_at="never")
    assert found.run.status == 0, found
    for number, gateway in enumerate(world.gateways):
        assert differing(before[number], kept(gateway)) == {}
        unseen = found.having(gateway, "unknown")
        assert len(unseen) > 3 and not any("check itself broke" in text for texts in unseen.values() for text in texts), unseen
        assert len(found.having(gateway, "fail")) > 10


def test_the_play_fails_at_the_severity_that_was_chosen(world, stock, tmp_path):
    found = audit(world, tmp_path, "--limit", world.gateway_names[0], sendmail_audit_profile="", sendmail_audit_probe=False, sendmail_audit_fail_at="high")
    assert found.run.status == 2 and "audit.html" in str(found.run.messages)
    assert {path.name for path in tmp_path.iterdir()} == {"audit.html", "audit.json", "audit.sarif", "audit.xml", "hosts"}


REFUSED = [
    ({"sendmail_audit_waivers": [{"control": "SM-NO-99", "reason": "x", "owner": "y", "until": "2099-01-01"}]}, "SM-NO-99"),
    ({"sendmail_audit_waivers": [{"control": "SM-FS-02", "reason": "", "owner": "y", "until": "2099-01-01"}]}, "reason"),
    ({"sendmail_audit_waivers": [{"control": "SM-FS-02", "reason": "x", "owner": "y", "until": "soon"}]}, "soon"),
    ({"sendmail_audit_waivers": [{"control": "SM-FS-02", "reason": "x", "owner": "y"}]}, "until"),
    ({"sendmail_audit_only": ["SM-FS-2"]}, "SM-FS-2"), ({"sendmail_audit_fail_at": "severe"}, "severe"),
    ({"sendmail_audit_wavers": []}, "sendmail_audit_waivers"),
]


@pytest.mark.parametrize("values, word", REFUSED, ids=[word for _values, word in REFUSED])
def test_what_can_not_be_meant_is_refused_before_a_host_is_asked(world, tmp_path, values, word):
    found = audit(world, tmp_path, "--limit", world.gateway_names[0], **values)
    assert found.run.status == 2 and word in found.run.output and found.said is None
    assert not [row for row in found.run.record["results"] if "sendmail_info" in row["action"]]
