"""A run cut off between commit and restart: the next one finishes it, because what is pending is read off the host and not remembered."""

import pytest
import yaml
from smtp import converse, session
from world import ROOT

pytestmark = pytest.mark.only("default")

SIZE = 12345678


def announced(world, client):
    """The message size that each gateway announces: what its running daemon has read."""
    sessions = [session(gateway.outside, "EHLO client.stranger.example") for gateway in world.gateways]
    return [f"SIZE {SIZE}" in replies[1].text for replies in converse(client, sessions)]


@pytest.fixture(name="values")
def values_(world):
    """A change that the daemon shows to the world, taken back afterwards."""
    limits = yaml.safe_load((ROOT / "molecule/shared/inventory/group_vars/gateways.yml").read_text())["sendmail_limits"]
    yield {"sendmail_limits": {**limits, "message_size": SIZE}}
    world.converge()


def test_the_next_run_restarts(world, client, values):
    cut = world.converge("--tags", "config", values=values)
    assert all(cut.changed(gateway) for gateway in world.gateways)
    assert announced(world, client) == [False] * len(world.gateways), "the daemon was restarted already: this test proves nothing"
    predicted = world.converge("--check", values=values)
    done = world.converge(values=values)
    for gateway in world.gateways:
        assert done.changed(gateway)
        assert predicted.changed(gateway) == done.changed(gateway)
    assert announced(world, client) == [True] * len(world.gateways)
    again = world.converge(values=values)
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
