"""After check mode on bare hosts: it did not fail, it announced changes, and it touched nothing."""

import json


def test_check_mode_announced_changes(world):
    record = world.last()
    assert record["check"]
    for name in world.gateway_names:
        totals = record["hosts"][name]
        assert not totals["failures"] and not totals["unreachable"], totals
        assert totals["changed"] > 0, totals


def test_check_mode_touched_nothing(world, gateway):
    before = json.loads((world.work / f"bare-{gateway.name}.json").read_text())
    after = gateway.python("snapshot.py")
    assert after["packages"] == before["packages"]
    differing = {path for path in before["files"].keys() | after["files"].keys() if before["files"].get(path) != after["files"].get(path)}
    assert not differing


def test_no_sendmail_yet(gateway):
    """Otherwise the two tests above prove nothing."""
    assert not gateway.infra.package(gateway.family.main_package).is_installed
