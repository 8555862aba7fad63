"""Mail that waits: what the modules say of it is what mailq says, and what they do to it is what was asked."""

import json
import shlex

import pytest
from queues import SILENT, ask, closed, mailq, send, wait_for

SENDER = "someone@stranger.example"
pytestmark = pytest.mark.only("default")    # queues are sendmail's own
RECIPIENTS = ["alice@corp.example", "bob@corp.example", "alice@corp.example"]


@pytest.fixture(scope="module", name="gateway")
def gateway_(world):
    """One is enough: nothing of it is a family's own."""
    return world.gateways[0]


def waiting(world, gateway):
    """The daemon's queue."""
    found = ask(world, gateway, "sendmail_queue_info")
    return found, next(row for row in found["queues"] if row["directory"] == gateway.family.queue)


@pytest.fixture(name="tokens")
def tokens_(world, gateway, client, mail):
    """Three messages that wait; they are gone afterwards."""
    with closed(mail):
        ask(world, gateway, "sendmail_queue", action="delete", all=True)
        found = send(client, gateway, SENDER, RECIPIENTS)
        assert wait_for(lambda: ask(world, gateway, "sendmail_queue")["matched"] == 3 and all(
            row["tries"] for row in ask(world, gateway, "sendmail_queue")["messages"])), "they were not tried"
        yield found
        ask(world, gateway, "sendmail_queue", action="delete", all=True)


def test_the_numbers_are_those_of_mailq(world, gateway, tokens):
    found, row = waiting(world, gateway)
    assert row["waiting"]["messages"] == mailq(gateway) == len(tokens) == found["total"]
    assert row["waiting"]["domains"] == [{"name": "corp.example", "messages": 3}]
    assert "refused" in row["waiting"]["reasons"][0]["name"] and found["complete"]
    sizes = gateway.out(f"stat -c %s {gateway.family.queue}/df*").split()
    assert row["waiting"]["bytes"] == sum(map(int, sizes))
    assert {row["directory"] for row in found["queues"]} == {gateway.family.queue, gateway.family.client_queue}


def test_the_playbook_shows_it(world, gateway, tokens):
    run = world.converge("--limit", gateway.name, playbook="mailjail.sendmail.queue")
    assert f"{gateway.family.queue} (mta, mqueue): 3 waiting" in run.output and len(run.remote(gateway)) == 1
    assert run.changed(gateway) == []


def test_what_is_held_waits_until_it_is_released(world, gateway, mail, tokens):
    values = {"sendmail_queue_action": "hold", "sendmail_queue_messages": {"recipients": ["bob@*"]}, "sendmail_queue_reason": "Eva looks"}
    predicted = world.converge("--check", "--limit", gateway.name, values=values, playbook="mailjail.sendmail.queue")
    assert mailq(gateway, "-qQ") == 0
    done = world.converge("--limit", gateway.name, values=values, playbook="mailjail.sendmail.queue")
    assert predicted.changed(gateway) == done.changed(gateway) != []
    again = world.converge("--limit", gateway.name, values=values, playbook="mailjail.sendmail.queue")
    assert again.changed(gateway) == [] and (mailq(gateway), mailq(gateway, "-qQ")) == (2, 1)
    assert "mailjail hold: Eva looks" in gateway.out(f"{gateway.family.sendmail} -Am -bp -qQ")

    mail.out("systemctl start postfix")
    flushed = ask(world, gateway, "sendmail_queue", action="flush", all=True, wait=60)
    assert len(flushed["gone"]) == 2 and (mailq(gateway), mailq(gateway, "-qQ")) == (0, 1)
    assert not world.arrived(mail, "bob", tokens[1], wait=2)
    assert len(ask(world, gateway, "sendmail_queue", action="release", all=True)["done"]) == 1
    assert len(ask(world, gateway, "sendmail_queue", action="flush", recipients=["bob@*"], wait=60)["gone"]) == 1
    for user, token in zip(("alice", "bob", "alice"), tokens, strict=True):
        assert len(world.arrived(mail, user, token)) == 1


def test_what_is_removed_leaves_a_receipt(world, gateway, tokens):
    sums = dict(reversed(line.split()) for line in gateway.out(f"sha256sum {gateway.family.queue}/[dq]f*").splitlines())
    predicted = ask(world, gateway, "sendmail_queue", check=True, action="delete", recipients=["alice@corp.example"], contents=True)
    assert mailq(gateway) == 3
    done = ask(world, gateway, "sendmail_queue", action="delete", recipients=["alice@corp.example"], contents=True)
    assert sorted(predicted["done"]) == sorted(done["done"]) and len(done["done"]) == 2 and mailq(gateway) == 1
    receipt = json.loads(gateway.out(f"cat {done['receipt']}"))
    for row in receipt["messages"]:
        assert row["body_sha256"] == sums[f"{gateway.family.queue}/df{row['id']}"] and row["control_sha256"] == sums[f"{gateway.family.queue}/qf{row['id']}"]
    kept = done["receipt"].replace(".json", ".d")
    assert gateway.out(f"stat -c '%a %U' {done['receipt']} {kept}").split() == ["600", "root", "700", "root"]
    assert any(token in gateway.out(f"cat {kept}/df*") for token in tokens)
    again = ask(world, gateway, "sendmail_queue", action="delete", ids=done["done"])
    assert not again["changed"]


def test_a_queue_behind_a_link_is_the_same_queue(world, gateway, tokens):
    """As sendmail's guide has it for a queue that moved to another disk."""
    queue = gateway.family.queue
    gateway.out(f"systemctl stop {gateway.family.mta_unit}; mv {queue} /var/moved-queue; ln -s /var/moved-queue {queue}")
    try:
        assert ask(world, gateway, "sendmail_queue")["matched"] == 3
        gateway.out(f"chown -h nobody {queue}")
        assert "others than root" in ask(world, gateway, "sendmail_queue")["msg"]
    finally:
        gateway.out(f"rm {queue}; mv /var/moved-queue {queue}; systemctl start {gateway.family.mta_unit}")


def test_what_an_interrupted_removal_kept_is_handed_over_by_the_next(world, gateway, mail, tokens):
    kept = ask(world, gateway, "sendmail_queue", action="delete", recipients=["alice@corp.example"], contents=True, awaited=True)
    assert len(kept["done"]) == 2 and mailq(gateway) == 1
    mail.out("systemctl start postfix")
    done = ask(world, gateway, "sendmail_queue", action="hand_over", all=True)
    assert sorted(done["done"]) == sorted(kept["done"])
    assert all(world.arrived(mail, "alice", token) for token in (tokens[0], tokens[2]))
    assert not ask(world, gateway, "sendmail_queue", action="hand_over", all=True)["changed"]


def test_a_message_that_is_being_delivered_is_left_alone(world, gateway, mail, tokens):
    name = ask(world, gateway, "sendmail_queue", recipients=["bob@*"])["messages"][0]["id"]
    mail.out(f"systemd-run --quiet --collect --unit=silent-port python3 -c {shlex.quote(SILENT)}")
    try:
        flushed = ask(world, gateway, "sendmail_queue", action="flush", ids=[name], wait=3)
        assert flushed["busy"] == [name]
        # The daemon tries the others by itself meanwhile.
        assert name in [row["id"] for row in ask(world, gateway, "sendmail_queue")["messages"] if row["locked"]]
        assert f"{name}*" in gateway.out(f"{gateway.family.sendmail} -Am -bp")
        for action in ("delete", "hold"):
            found = ask(world, gateway, "sendmail_queue", action=action, ids=[name])
            assert found["busy"] == [name] and not found["changed"]
        assert gateway.out(f"ls {gateway.family.queue} | grep -c {name}").strip() in ("2", "3")
    finally:
        mail.out("systemctl stop silent-port; systemctl start postfix")
    assert wait_for(lambda: name not in json.dumps(ask(world, gateway, "sendmail_queue", action="flush", all=True, wait=30)["busy"]), 60)
    assert len(world.arrived(mail, "bob", tokens[1])) == 1


@pytest.mark.parametrize("options, said", [
    ({"action": "delete"}, "all of them would be"), ({"action": "delete", "senders": ["*"]}, "matches every message"),
    ({"action": "delete", "ids": ["3AN8YtQw012345"]}, "Not in the queues"), ({"action": "hold", "ids": ["../../etc/passwd"]}, "no queue id"),
    ({"action": "delete", "all": True, "queues": ["slow"]}, "There is no queue 'slow'"),
])
def test_what_can_not_be_meant_is_refused(world, gateway, options, said):
    assert said in ask(world, gateway, "sendmail_queue", **options)["msg"]


def test_a_queue_that_can_not_be_read_is_said(world, gateway):
    gateway.out("printf 'V10\\nO QueueDirectory=/nowhere\\n' > /root/nowhere.cf")
    places = {"mta": "/root/nowhere.cf"}
    assert "can not be read" in ask(world, gateway, "sendmail_queue", action="delete", all=True, configurations=places)["msg"]
    row = next(row for row in ask(world, gateway, "sendmail_queue_info", configurations=places)["queues"] if row["directory"] == "/nowhere")
    assert not row["readable"] and row["waiting"] is None
    gateway.out("rm /root/nowhere.cf")
