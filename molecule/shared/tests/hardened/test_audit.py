"""Hubs and null clients, hardened: the audit finds no failure."""

import pytest
from auditing import BESIDE, audit, differing, kept


@pytest.fixture(scope="module")
def found(world, tmp_path_factory):
    """One audit of all hosts, with what they were before."""
    before = dict(zip(world.gateway_names, world.everywhere(kept), strict=True))
    return audit(world, tmp_path_factory.mktemp("audit"), sendmail_audit_fail_at="low", sendmail_audit_without=BESIDE, sendmail_audit_probe=False), before


def test_the_audit_finds_no_failure_and_changes_nothing(found, gateway):
    report, before = found
    assert report.having(gateway, "fail") == {} and report.host(gateway)["profile"] in ("hub", "nullclient")
    assert differing(before[gateway.name], kept(gateway)) == {}


def test_the_play_says_so(found):
    assert found[0].run.status == 0, found[0]
