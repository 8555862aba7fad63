"""From the one way of having few rights to the other, and back: predicted, done, and mail is taken all the same."""

import pytest
from smtp import converse, envelope, session
from state import answers, difference, state

# On SUSE heal/test_suse.py does it.
pytestmark = pytest.mark.only("default", "redhat")

USER = "mailother"
# The same gateway without root, and without what only root can deliver to; its user does not exist yet.
WITHOUT_ROOT = {"sendmail_privilege": "unprivileged", "sendmail_run_user": USER, "sendmail_jail_files": [], "sendmail_smrsh_commands": [],
                "sendmail_local_delivery": {}, "sendmail_aliases": {}}


@pytest.fixture(scope="module", name="switched", autouse=True)
def switched_(world):
    """Every gateway without root while this module runs."""
    before = world.everywhere(state)
    predicted = world.play("--check", values=WITHOUT_ROOT)
    touched = [difference(old, new) for old, new in zip(before, world.everywhere(state), strict=True)]
    done = {"predicted": predicted, "touched": touched, "done": world.converge(values=WITHOUT_ROOT), "back": False}
    yield done
    if not done["back"]:
        world.converge()
    world.everywhere(lambda gateway: gateway.out(f"userdel {USER}"))


def owner(gateway):
    """As whom the daemon runs, and to whom its queue belongs."""
    return gateway.out(f"stat -c %U /proc/{gateway.pid} {gateway.family.queue}").split()


def test_check_mode_predicts_it_before_the_user_exists(switched, gateway):
    assert switched["predicted"].status == 0, switched["predicted"]
    assert switched["touched"] == [{}] * len(switched["touched"])
    assert switched["predicted"].changed(gateway) == switched["done"].changed(gateway)


def test_mail_is_taken_without_root(world, gateway, client):
    assert owner(gateway) == [USER, USER]
    replies = converse(client, [session(gateway.outside, *envelope("carol@stranger.example", "alice@corp.example"))])[0]
    assert replies[-1].code == 250, replies


def test_and_back(world, switched):
    """Last in this file."""
    world.converge()
    switched["back"] = True
    assert world.everywhere(owner) == [["root", "root"]] * len(world.gateways)
    assert all(world.everywhere(answers))
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
