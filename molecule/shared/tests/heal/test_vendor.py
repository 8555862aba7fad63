"""The vendor's own tools: none of them may take back what is managed, and the daemon must stand after each."""

import pytest
from state import answers, difference, managed, state

pytestmark = pytest.mark.only("default", "redhat", "suse")    # tools of the family, whatever the daemon's privilege
# What any administrator does by habit, on hosts of every family; each family's own tools come on top (family.py, vendor_events).
EVENTS = {
    "packages reinstalled": lambda family: family.reinstall,
    "restart with touched sources": lambda family: f"touch {family.mc} {family.submit_mc} /etc/mail/access /etc/aliases; systemctl restart {family.mta_unit}",
}


def assert_hands_off(world, before):
    """Every host is as it was, but for the vendor's own files, and takes mail."""
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    after = world.everywhere(state)
    found = [managed(gateway, difference(*pair)) for gateway, *pair in zip(world.gateways, before, after, strict=True)]
    assert found == [{}] * len(before)
    assert all(world.everywhere(answers))


@pytest.mark.parametrize("event", EVENTS)
def test_hands_off(world, event):
    before = world.everywhere(state)
    world.everywhere(lambda gateway: gateway.run(EVENTS[event](gateway.family)))
    assert_hands_off(world, before)


def test_hands_off_by_the_family_s_own_tools(world):
    """Each family has its own, so they are run one after the other; what one of them did must not hide behind the next."""
    def do(gateway):
        for name, command in gateway.family.vendor_events.items():
            before = state(gateway)
            gateway.run(command)
            gateway.wait_for_daemon()
            assert managed(gateway, difference(before, state(gateway))) == {}, name
            assert answers(gateway), name
        return len(gateway.family.vendor_events)
    assert all(world.everywhere(do))


def test_reboot(world):
    from lab import lifecycle

    before = world.everywhere(state)
    boots = world.everywhere(lambda gateway: gateway.out("stat -c %Y /proc/1"))
    world.everywhere(lambda gateway: lifecycle.reboot(world.lab, world.lab.host(gateway.name)))
    assert all(old != new for old, new in zip(boots, world.everywhere(lambda gateway: gateway.out("stat -c %Y /proc/1")), strict=True))
    assert_hands_off(world, before)


def test_nothing_is_left_to_do(world):
    """After all of that the playbook finds everything as it left it."""
    run = world.converge()
    assert [run.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)


def test_one_run_mends_what_the_vendor_did_without_our_flags(world):
    """Somebody takes the boot flags back and reinstalls: what the vendor's scripts then do is named and undone."""
    before = world.everywhere(state)
    world.everywhere(lambda gateway: gateway.run(f"{gateway.family.boot_damage}; {gateway.family.reinstall}"))
    done = world.converge()
    assert all(done.changed(gateway) for gateway in world.gateways), done
    assert_hands_off(world, before)
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
