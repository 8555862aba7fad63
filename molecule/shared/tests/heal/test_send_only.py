"""A host that takes no mail from others: it listens to itself alone, still sends, and keeps what it sends while the daemon is away."""

import time
import uuid

import pytest

# SUSE has a flag of its own for this.
pytestmark = pytest.mark.only("default", "suse")

LISTENERS = [{"name": "MTA", "address": "127.0.0.1", "modifiers": ["A", "E"]}]


@pytest.fixture(scope="module", name="only", autouse=True)
def only_(world):
    """Every gateway as such a host while this module runs."""
    yield world.converge(values={"sendmail_listeners": LISTENERS})
    world.converge()


def submit(gateway, recipient, token):
    """What any program of the host does."""
    gateway.out(f"sendmail -oi {recipient}", stdin=f"Subject: {token}\nTo: {recipient}\n\nx\n", user="ansible")


def waiting(gateway):
    """How many messages wait in the submission queue."""
    return int(gateway.out(f"find {gateway.family.client_queue} -name 'qf*' | wc -l"))


def test_it_listens_to_itself_alone(only, gateway, client):
    found = {line.split()[3] for line in gateway.out("ss -Hltnp").splitlines() if "sendmail" in line}
    assert found == {"127.0.0.1:25"}
    assert client.run(f"python3 -c 'import socket; socket.create_connection((\"{gateway.outside}\", 25), 5)'").returncode != 0


def test_it_sends(world, gateway, client):
    token = uuid.uuid4().hex
    submit(gateway, "carol@stranger.example", token)
    assert world.arrived(client, "carol", token)


def test_what_is_sent_while_the_daemon_is_away_waits_in_the_submission_queue(world, gateway, client):
    token = uuid.uuid4().hex
    gateway.out(f"systemctl stop {gateway.family.mta_unit}")
    try:
        submit(gateway, "carol@stranger.example", token)
        assert waiting(gateway) == 1
    finally:
        gateway.out(f"systemctl start {gateway.family.mta_unit}")
    gateway.wait_for_daemon()
    # The runner would come by itself within sendmail_queue_interval.
    gateway.out(f"systemctl restart {gateway.family.client_unit}")
    assert world.arrived(client, "carol", token)
    deadline = time.monotonic() + 60
    while waiting(gateway) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert waiting(gateway) == 0
