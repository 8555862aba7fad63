"""The way back: by itself when the new daemon does not do what was declared, and by playbook when somebody wants it."""

import pytest
from smtp import converse, session
from state import answers, difference, state

pytestmark = pytest.mark.only("default", "unprivileged")

SIZE = 7654321
# An address that no host of the lab has: everything before the commit passes, and then the daemon can not bind.
NOWHERE = {"sendmail_listeners": [{"name": "MTA", "address": "0.0.0.0"}, {"name": "nowhere", "address": "192.0.2.77", "port": 2525}],
           "sendmail_health_timeout": 10}


def sizes(world, client):
    """The message size that each gateway announces: what its running daemon has read."""
    sessions = [session(gateway.outside, "EHLO client.stranger.example") for gateway in world.gateways]
    return [f"SIZE {SIZE}" in replies[1].text for replies in converse(client, sessions)]


@pytest.fixture(scope="module", name="failed")
def failed_(world):
    """A run whose daemon can not do what was declared; and the hosts before and after."""
    world.converge()
    before = world.everywhere(state)
    run = world.play(values=NOWHERE)
    return {"run": run, "before": before, "after": world.everywhere(state)}


def test_a_daemon_that_can_not_bind_is_no_success(world, failed):
    assert failed["run"].status != 0, failed["run"]
    assert len(failed["run"].messages) == len(world.gateways)
    for message in failed["run"].messages:
        for word in ("daemon nowhere: cannot bind", "The last good configuration, generation", "was put back", "Mail is taken on 0.0.0.0:25"):
            assert word in message, message


def test_the_last_good_state_came_back_by_itself(world, failed):
    assert [difference(before, after) for before, after in zip(failed["before"], failed["after"], strict=True)] == [{}] * len(world.gateways)
    assert all(world.everywhere(answers))
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)


@pytest.mark.only("default")    # what is put back, and how, does not depend on the daemon's privilege
def test_the_playbook_takes_the_last_change_back(world, client):
    world.converge()
    before = world.everywhere(state)
    world.converge(values={"sendmail_limits": {"greet_pause": 2000, "client_rate": 2000, "message_size": SIZE}})
    assert sizes(world, client) == [True] * len(world.gateways)

    predicted = world.converge("--check", playbook="mailjail.sendmail.rollback")
    assert sizes(world, client) == [True] * len(world.gateways)
    done = world.converge(playbook="mailjail.sendmail.rollback")
    for gateway in world.gateways:
        assert predicted.changed(gateway)[0] == done.changed(gateway)[0] == "mailjail.sendmail.config : Put the files of a former generation back"
    assert sizes(world, client) == [False] * len(world.gateways)
    assert [difference(old, new) for old, new in zip(before, world.everywhere(state), strict=True)] == [{}] * len(world.gateways)

    # What was taken back is kept, too: once more, and the change is in force again.
    world.converge(playbook="mailjail.sendmail.rollback")
    assert sizes(world, client) == [True] * len(world.gateways)
    world.converge()
    assert sizes(world, client) == [False] * len(world.gateways)


@pytest.mark.only("default")
def test_a_generation_that_there_is_not_is_refused(world):
    run = world.play(values={"sendmail_generation": "00999"}, playbook="mailjail.sendmail.rollback")
    assert run.status != 0
    assert all("there is no generation '00999'" in message for message in run.messages) and run.messages
