"""Mail through the gateway, with swaks and real mailboxes."""

import re
import uuid

import pytest

PRODUCT = re.compile(r"sendmail|(?<![\d.])8\.1[5-9]|debian|red ?hat|alma|suse", re.I)


def swaks(host, server, *words):
    """Run swaks on a host; exit status and dialogue."""
    quoted = " ".join("'%s'" % word for word in words)
    done = host.run(f"swaks --server {server} --timeout 40 {quoted}")
    return done.returncode, done.stdout + done.stderr


@pytest.fixture(name="token")
def token_():
    """A word that no other message holds."""
    return uuid.uuid4().hex


def header(message, name):
    """The value of a header, unfolded."""
    head = re.sub(r"\r?\n[ \t]+", " ", message.replace("\r", "").split("\n\n", 1)[0])
    found = re.search(rf"^{name}: *(.*)$", head, re.M | re.I)
    return found.group(1) if found else None


def test_from_outside_to_a_mailbox_inside(world, gateway, client, mail, token):
    status, said = swaks(client, gateway.outside, "--ehlo", "client.stranger.example", "--from", "carol@stranger.example",
                         "--to", "alice@corp.example", "--header", f"Subject: {token}")
    assert status == 0, said
    messages = world.arrived(mail, "alice", token)
    assert len(messages) == 1
    assert header(messages[0], "Return-Path") == "<carol@stranger.example>"


def test_trace_header_tells_neither_product_nor_version(world, gateway, client, mail, token):
    swaks(client, gateway.outside, "--ehlo", "client.stranger.example", "--from", "carol@stranger.example", "--to", "bob@corp.example",
          "--header", f"Subject: {token}")
    message = world.arrived(mail, "bob", token)[0]
    ours = [line for line in re.findall(r"^Received:.*(?:\n[ \t].*)*", message.replace("\r", ""), re.M) if f"by {gateway.name}" in line]
    assert ours and not PRODUCT.search(" ".join(ours).replace(gateway.name, "")), ours


def test_from_inside_to_the_world_masqueraded(world, gateway, client, mail, token):
    status, said = swaks(mail, gateway.inside, "--ehlo", "host1.corp.example", "--from", "joe@host1.corp.example", "--to", "carol@stranger.example",
                         "--header", "From: Joe <joe@host1.corp.example>", "--header", f"Subject: {token}")
    assert status == 0, said
    messages = world.arrived(client, "carol", token)
    assert len(messages) == 1
    assert header(messages[0], "Return-Path") == "<joe@corp.example>"
    assert "joe@corp.example" in header(messages[0], "From")
    assert "host1" not in header(messages[0], "From")


def test_root_stays_exposed(world, gateway, client, mail, token):
    status, said = swaks(mail, gateway.inside, "--ehlo", "host1.corp.example", "--from", "root@host1.corp.example", "--to", "carol@stranger.example",
                         "--header", "From: root@host1.corp.example", "--header", f"Subject: {token}")
    assert status == 0, said
    message = world.arrived(client, "carol", token)[0]
    assert header(message, "From") == "root@host1.corp.example"
    assert header(message, "Return-Path") == "<root@host1.corp.example>"


def test_a_user_of_the_gateway_can_send(world, gateway, client, token):
    """By the submission program, its queue and the port for the host itself; masqueraded like everything else."""
    gateway.out("sendmail -oi carol@stranger.example", stdin=f"Subject: {token}\nTo: carol@stranger.example\n\nfrom a user\n", user="ansible")
    message = world.arrived(client, "carol", token)[0]
    assert header(message, "Return-Path") == "<ansible@corp.example>"
    assert header(message, "From") == "ansible@corp.example" or "<ansible@corp.example>" in header(message, "From")


def test_mail_for_root_of_the_gateway_is_read_by_somebody(world, gateway, mail, token):
    gateway.out("sendmail -oi root", stdin=f"Subject: {token}\nTo: root\n\nfrom cron\n")
    assert world.arrived(mail, "root-alerts", token)


def test_second_domain_of_strangers_is_reached_too(world, gateway, client, mail, token):
    status, said = swaks(mail, gateway.inside, "--ehlo", "mail.corp.example", "--from", "bob@corp.example", "--to", "dave@third.example",
                         "--header", f"Subject: {token}")
    assert status == 0, said
    assert world.arrived(client, "dave@third.example", token)
