"""Hosts that the gateway's playbook has hardened: the audit finds no failure, over the wire neither, and leaves everything as it is."""

import json
from xml.etree import ElementTree

import pytest
import yaml
from auditing import BESIDE, MEASURED, audit, differing, kept

HEAD = """---
# Measured by the Molecule scenario audit; do not edit. control -> family -> how the audit judged a host as its distribution installs it, held
# against all controls, and one that the gateway's playbook has hardened, held against those of its profile.
"""


@pytest.fixture(scope="module")
def hardened(world, tmp_path_factory):
    """The audit of all hosts, whole and over the wire, compared with that of the stock hosts; what they were before and after."""
    for gateway in world.gateways:
        gateway.wait_for_daemon()
    before = world.everywhere(kept)
    found = audit(world, tmp_path_factory.mktemp("hardened"), sendmail_audit_fail_at="low", sendmail_audit_without=BESIDE,
                  sendmail_audit_since=str(world.work / "stock.json"))
    assert found.said is not None, found
    return found, dict(zip(world.gateway_names, before, strict=True)), dict(zip(world.gateway_names, world.everywhere(kept), strict=True))


def test_no_control_fails(hardened, gateway):
    found, _before, _after = hardened
    assert found.having(gateway, "fail") == {}
    assert found.having(gateway, "waived") == {} and found.host(gateway)["profile"] == "gateway"


def test_the_play_says_so(hardened):
    found, _before, _after = hardened
    assert found.run.status == 0, found
    suites = ElementTree.parse(found.place / "audit.xml").getroot()
    assert (suites.get("failures"), suites.get("errors")) == ("0", "0") and int(suites.get("tests")) > 200


def test_little_is_unknown_and_each_has_a_reason(hardened, gateway):
    found, _before, _after = hardened
    unknown = found.having(gateway, "unknown")
    assert all(text.strip(" |") and "check itself broke" not in text for texts in unknown.values() for text in texts), unknown
    assert len(unknown) <= 6, unknown


def test_listeners_were_asked_from_outside(hardened, gateway):
    found, _before, _after = hardened
    listeners = found.host(gateway)["listeners"]
    assert [(one["address"], one["port"], one["reachable"]) for one in listeners] == [(gateway.outside, 25, True)]


def test_nothing_changes_but_the_mail_that_the_probe_sends(hardened, gateway):
    found, before, after = hardened
    ours = {path: pair for path, pair in differing(before[gateway.name], after[gateway.name]).items()
            if not path.startswith(("/var/spool/", "/var/lib/sendmail/", "/var/log/"))}
    assert ours == {} and found.run.changed(gateway) == []


def test_without_a_probe_nothing_changes_at_all(world, tmp_path):
    before = world.everywhere(kept)
    found = audit(world, tmp_path, sendmail_audit_probe=False, sendmail_audit_fail_at="low", sendmail_audit_without=BESIDE)
    assert found.run.status == 0, found
    for number, gateway in enumerate(world.gateways):
        assert differing(before[number], kept(gateway)) == {} and len(found.run.remote(gateway)) <= 4


def test_the_report_tells_what_was_mended_since_the_stock_host(hardened, gateway):
    found, _before, _after = hardened
    changes = [row.get("change") for row in found.host(gateway)["controls"]]
    assert changes.count("mended") >= 10 and "new" not in changes


def test_the_document_says_what_was_measured(hardened, world):
    """Else the new text is left for whoever looks at the difference."""
    found, _before, _after = hardened
    former = json.loads((world.work / "stock.json").read_text())["hosts"]
    stock = {host["name"]: {row["control"]: row["verdict"] for row in host["controls"]} for host in former}
    measured = {}
    for gateway in world.gateways:
        kinds = {"stock": stock[gateway.name], "hardened": found.verdicts(gateway)}
        for side, verdicts in kinds.items():
            for control, verdict in verdicts.items():
                measured.setdefault(control, {}).setdefault(gateway.family.name, {})[side] = verdict
    text = HEAD + yaml.safe_dump(measured, width=160)
    fresh = world.work / MEASURED.name
    fresh.write_text(text)
    assert MEASURED.is_file() and MEASURED.read_text() == text, f"{MEASURED} is not what this run measured; compare and copy {fresh}, then 'make docs'"
