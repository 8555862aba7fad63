"""A gateway refuses to go while mail waits, and is then what it was."""

import pytest
from queues import ask, closed, mailq, remove, send, wait_for
from state import answers, difference, state

pytestmark = pytest.mark.only("default")


@pytest.fixture(scope="module", name="gateway")
def gateway_(world):
    """It refuses on the controller, or for what every family's queue says."""
    return world.gateways[0]


@pytest.mark.parametrize("values, said", [
    ({"sendmail_remove_remaining": "hand_over"}, "names nobody who could take the mail"),
    ({"sendmail_remove_remaining": "receipt", "sendmail_remove_keep_data": False}, "would remove the mail that was kept"),
    ({"sendmail_remove_packages": False, "sendmail_remove_successor": "postfix"}, "two of them would share"),
])
def test_settings_that_contradict_each_other_are_refused(world, gateway, values, said):
    run = remove(world, gateway, **values)
    assert run.status != 0 and said in run.messages[0]


def test_nothing_goes_while_mail_waits(world, gateway, client, mail):
    ask(world, gateway, "sendmail_queue", action="delete", all=True)
    with closed(mail):
        send(client, gateway, "someone@stranger.example", ["bob@corp.example"])
        assert wait_for(lambda: mailq(gateway) == 1)
        before = state(gateway)
        run = remove(world, gateway)
        assert run.status != 0 and "there is mail (1)" in run.messages[-1] and "bob@corp.example" in run.messages[-1]
        assert difference(before, state(gateway)) == {} and wait_for(lambda: answers(gateway))
        ask(world, gateway, "sendmail_queue", action="delete", all=True)
