"""A hardened host that is broken in just one point: the control of that point passed before, fails now, and passes when it is mended."""

import importlib
import json
import sys

import pytest
from auditing import audit, differing, kept
from world import ROOT

sys.path.insert(0, str(ROOT / "molecule" / "audit"))
breaks = importlib.import_module("breaks")
ROWS = breaks.everything()


@pytest.fixture(scope="module")
def table(world):
    """The controls, and which of them only a listener tells."""
    sys.path.insert(0, world.collections)
    from ansible_collections.mailjail.sendmail.plugins.module_utils import controls_table

    return controls_table.CONTROLS


@pytest.fixture(scope="module")
def walked(world, table, tmp_path_factory):
    """What came of every row on every host whose family it is for, and what the hosts were before and after."""
    place = tmp_path_factory.mktemp("walked")
    rows = {family: [{"control": row.control, "breaks": row.breaks, "mends": row.mends} for row in ROWS if family in row.families]
            for family in breaks.FAMILIES}
    before = dict(zip(world.gateway_names, world.everywhere(kept), strict=True))
    run = world.play(playbook=str(ROOT / "molecule" / "audit" / "walk.yml"), values={"audit_breaks": rows, "audit_directory": str(place)})
    assert run.status == 0, run
    return {name: json.loads((place / f"{name}.json").read_text())["walked"] for name in world.gateway_names}, before


# No sendmail of this century answers DEBUG and WIZ, whatever it is told; the kernel of the lab confines nothing (tests of the check itself are unit tests).
NEVER_BROKEN = {"SM-SMTP-05", "SM-OS-03"}


def test_every_control_is_broken_somewhere(table):
    assert set(table) - {row.control for row in ROWS} == NEVER_BROKEN


# The packet filter of a hardened host is the role firewall's, which is no part of this scenario (tests of its own break and mend it).
BESIDE = {"SM-OS-02"}


def good(row):
    """It held, or there was nothing to hold; it fails when it is broken; then it is as it was."""
    seen = row["before"][0] in ("pass", "not applicable") and row["broken"][0] == "fail" and row["after"][0] == row["before"][0]
    # What sendmail_baseline put right can be put right once more, or there is nothing left to do.
    return row["control"] in BESIDE or seen and not row["broke"] and (row["baseline"] or not row["mended"])


def test_each_break_is_seen_and_each_mend(walked, gateway):
    rows, _before = walked
    wrong = [row for row in rows[gateway.name] if not good(row)]
    assert len(rows[gateway.name]) > 90
    assert [(row["control"], row["before"], row["broke"], row["broken"], row["mended"], row["after"]) for row in wrong] == []


# Broken in a way that nobody but a human can put right: a link somebody laid into the jail, a log without rotation, a runner that is not there.
OF_OTHER_KINDS = {"SM-JAIL-01", "SM-FS-12", "SM-MSP-02"}


def test_what_has_a_mend_is_mended(walked, gateway):
    """sendmail_baseline itself says so at once, and so does whoever looks afterwards; what it holds although there was nothing before stays held."""
    rows, _before = walked
    mended = {row["control"]: [row["baseline"][0], row["baseline"][1][0]] for row in rows[gateway.name] if row["baseline"]}
    assert len(mended) > 10 and {control for control, said in mended.items() if said == ["fail", "fail"]} == OF_OTHER_KINDS
    good = (["pass", "pass"], ["not applicable", "not applicable"])
    assert {control: said for control, said in mended.items() if control not in OF_OTHER_KINDS and said not in good} == {}


def test_evidence_says_what_was_wanted(walked, gateway):
    rows, _before = walked
    failed = [row for row in rows[gateway.name] if row["broken"][0] == "fail"]
    assert len(failed) > 80 and [row["control"] for row in failed if not any(wanted for _where, _seen, wanted in row["broken"][1])] == []


# What usermod and systemd themselves keep; queues and statistics of a daemon that was restarted.
LEFT = ("daemon", "/etc/passwd-", "/etc/shadow-", "/etc/group-", "/etc/gshadow-", "/var/tmp/systemd-private-", "/var/spool/", "/var/lib/sendmail", "/root/.")


def test_all_is_as_it_was(walked, gateway):
    _rows, before = walked
    found = differing(before[gateway.name], kept(gateway))
    assert {path: pair for path, pair in found.items() if not path.startswith(LEFT) and ".wants/" not in path} == {}


def test_what_only_a_listener_tells(world, table, tmp_path):
    """On one host: whatever breaks it stands in the .cf, and the daemon is reloaded for it."""
    gateway = world.gateways[0]
    rows = [row for row in ROWS if not table[row.control].check and gateway.family.name in row.families]
    for number, row in enumerate(rows):
        gateway.out(row.breaks)
        try:
            gateway.wait_for_daemon()
            found = audit(world, tmp_path / str(number), "--limit", gateway.name, sendmail_audit_only=[row.control], sendmail_audit_fail_at="low")
        finally:
            gateway.out(row.mends)
            gateway.wait_for_daemon()
        assert found.having(gateway, "fail"), (row, found.host(gateway))


WAIVER = {"control": "SM-FS-02", "reason": "the test wants it", "owner": "postmaster", "until": "2099-12-31"}


@pytest.mark.parametrize("until, status", [("2099-12-31", 0), ("2020-01-01", 2)])
def test_a_waiver_counts_until_its_day(world, tmp_path, until, status):
    gateway = world.gateways[0]
    gateway.out(f"chmod 0666 {gateway.family.cf}")
    try:
        found = audit(world, tmp_path, "--limit", gateway.name, sendmail_audit_only=["SM-FS-02"], sendmail_audit_probe=False,
                      sendmail_audit_waivers=[dict(WAIVER, until=until)])
    finally:
        gateway.out(f"chmod 0644 {gateway.family.cf}")
    row = next(row for row in found.host(gateway)["controls"] if row["control"] == "SM-FS-02")
    assert (found.run.status, row["verdict"]) == (status, "fail" if status else "waived"), found
    assert ("ended on 2020-01-01" in str(found.host(gateway)["warnings"])) == bool(status) and row.get("waiver", {}).get("owner") in (None, "postmaster")


def test_the_former_report_is_compared_with(world, tmp_path):
    gateway, only = world.gateways[0], {"sendmail_audit_only": ["SM-FS-02"], "sendmail_audit_probe": False, "sendmail_audit_fail_at": "never"}
    changes = []
    for command in ("true", f"chmod 0666 {gateway.family.cf}", f"chmod 0644 {gateway.family.cf}"):
        gateway.out(command)
        changes.append(audit(world, tmp_path, "--limit", gateway.name, **only).host(gateway)["controls"][0].get("change"))
    assert changes == [None, "new", "mended"]
