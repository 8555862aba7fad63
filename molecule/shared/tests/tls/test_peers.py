"""Terms for single peers, held by what arrives and what stays in the queue."""

import time
import uuid

import pytest

# domain: whether its mail arrives, and what the log says where it does not (each server: molecule/tls/material.py)
PEERS = {
    "good.example": (True, "verify=OK"),
    "plain.example": (True, None),
    "clear.example": (False, "encryption too weak 0 less than 128"),
    "anyhow.example": (True, "verify=FAIL"),
    "unknown.example": (False, "authentication failed"),
    "forced.example": (True, "verify=FAIL"),
    "broken.example": (True, None),
}


@pytest.fixture(scope="module", name="sent")
def sent_(gateway):
    """A message to each domain, handed in on the gateway itself, all before the first of them is looked for."""
    tokens = {domain: uuid.uuid4().hex for domain in PEERS}
    for domain, token in tokens.items():
        gateway.out(f"sendmail -oi -f ansible@corp.example carol@{domain}", stdin=f"Subject: {token}\nTo: carol@{domain}\n\nx\n")
    return tokens


def log(gateway):
    """What the daemon logged."""
    return gateway.out("journalctl -t sm-mta --no-pager -n 400")


@pytest.mark.parametrize("domain", PEERS)
def test_mail_arrives_or_waits(world, gateway, client, sent, domain):
    arrives, words = PEERS[domain]
    if arrives:
        assert len(world.arrived(client, "carol", sent[domain])) == 1
        return
    deadline = time.monotonic() + 40
    while words not in log(gateway) and time.monotonic() < deadline:
        time.sleep(1)
    rows = [row for row in log(gateway).splitlines() if f"carol@{domain}" in row]
    assert any(words in row and "reject=4" in row for row in rows) and "stat=Deferred" in rows[-1], rows
    assert gateway.out(f"grep -rl {sent[domain]} {gateway.family.queue}")
    assert world.arrived(client, "carol", sent[domain], wait=0) == []


def test_the_log_says_how_well_each_server_is_known(gateway, client, sent):
    said = log(gateway)
    for name, word in (("client.stranger.example", "OK"), ("other.third.example", "FAIL")):
        assert any(f"STARTTLS=client, relay={name}" in line and f"verify={word}" in line for line in said.splitlines()), said


def test_a_server_that_is_not_to_be_asked_for_tls_gets_the_mail_in_the_clear(world, gateway, client, sent):
    place = world.facts["lab_client_nameless"]
    offered = gateway.run(f"echo QUIT | timeout 30 openssl s_client -connect {place}:25 -starttls smtp").stdout
    assert "BEGIN CERTIFICATE" in offered, offered
    message = world.arrived(client, "carol", sent["broken.example"])
    assert len(message) == 1 and f"[{place}]" in log(gateway)
    assert not [line for line in log(gateway).splitlines() if "STARTTLS=client" in line and place in line]


def test_both_server_and_recipient_are_covered(gateway):
    for tag in ("TLS_Srv", "TLS_Rcpt"):
        asked = gateway.out("sendmail -bt", stdin=f"/map access {tag}:good.example\n")
        assert "VERIFY+CN:client.stranger.example" in asked, asked
