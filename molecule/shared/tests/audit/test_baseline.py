"""The role baseline in a play of a site's own: it foresees what it mends, mends it, and has nothing left to do."""

from auditing import differing, kept
from world import ROOT

PLAYBOOK = str(ROOT / "molecule" / "audit" / "baseline.yml")


def loose(gateway):
    """What others may do with the .cf and the queue that they should not."""
    modes = gateway.out(f"stat -c %a {gateway.family.cf} {gateway.family.queue}").split()
    return [int(mode, 8) & forbidden for mode, forbidden in zip(modes, (0o022, 0o027), strict=True)]


def test_modes_that_somebody_loosened(world):
    world.everywhere(lambda gateway: gateway.out(f"chmod 0666 {gateway.family.cf}; chmod 0777 {gateway.family.queue}"))
    broken = world.everywhere(kept)
    predicted = world.play("--check", "--diff", playbook=PLAYBOOK)
    assert predicted.status == 0 and [differing(*pair) for pair in zip(broken, world.everywhere(kept), strict=True)] == [{}] * len(broken), predicted
    done = world.play(playbook=PLAYBOOK)
    assert done.status == 0 and world.everywhere(loose) == [[0, 0]] * len(broken), done
    again = world.play(playbook=PLAYBOOK)
    for gateway in world.gateways:
        assert predicted.changed(gateway) == done.changed(gateway) != [] and gateway.family.cf in predicted.output
        assert again.changed(gateway) == [] and len(again.remote(gateway)) == 2, again.remote(gateway)
