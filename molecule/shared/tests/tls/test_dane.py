"""DANE: a signed zone names the certificates of three servers; a resolver on the gateway checks the signatures."""

import time
import uuid

import pytest

# domain: whether its mail arrives, and what the log says
PEERS = {"right.dane.example": (True, "verify=TRUSTED"), "wrong.dane.example": (False, "DANE check failed"),
         "clear.dane.example": (False, "DANE: missing STARTTLS")}
# Asks 127.0.0.1 for an address, with the wish that the answer be checked, and prints the bit that says so.
ASK = r"""
import socket
link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
link.settimeout(5)
name = b"".join(bytes([len(word)]) + word for word in b"mx.right.dane.example".split(b"."))
link.sendto(b"\0\1\1\x20\0\1\0\0\0\0\0\0" + name + b"\0\0\1\0\1", ("127.0.0.1", 53))
print(link.recv(512)[3] & 0x20)
"""


@pytest.fixture(scope="module", name="one")
def one_(world):
    """The gateway whose sendmail has DANE."""
    return next(host for host in world.gateways if host.facts["lab_image"] == "debian13")


@pytest.fixture(scope="module", name="sent")
def sent_(one):
    """A message to each domain."""
    tokens = {domain: uuid.uuid4().hex for domain in PEERS}
    for domain, token in tokens.items():
        one.out(f"sendmail -oi -f ansible@corp.example carol@{domain}", stdin=f"Subject: {token}\nTo: carol@{domain}\n\nx\n")
    return tokens


def log(one):
    """What the daemon logged."""
    return one.out("journalctl -t sm-mta --no-pager -n 400").splitlines()


@pytest.mark.parametrize("domain", PEERS)
def test_mail_goes_to_whom_the_zone_vouches_for(world, one, client, sent, domain):
    arrives, words = PEERS[domain]
    deadline = time.monotonic() + 40
    while not any(words in line for line in log(one)) and time.monotonic() < deadline:
        time.sleep(1)
    assert any(words in line for line in log(one)), log(one)[-40:]
    assert len(world.arrived(client, "carol", sent[domain], wait=30 if arrives else 0)) == int(arrives)
    if not arrives:
        assert one.out(f"grep -rl {sent[domain]} {one.family.queue}")


def test_the_resolver_checks_signatures_and_answers_this_host_alone(one, client):
    asked = one.out("python3 -", stdin=ASK)
    assert asked == "32\n", "the answer should be marked as checked (AD)"
    assert {line.split()[3] for line in one.out("ss -Hlun sport = :53").splitlines()} == {"127.0.0.1:53"}


def test_only_the_daemon_is_led_to_it(one):
    assert "127.0.0.1" not in one.out("cat /etc/resolv.conf")
    assert "nameserver 127.0.0.1" in one.out(f"nsenter -t {one.pid} -m cat /etc/resolv.conf")


def test_a_sendmail_without_dane_is_refused(world):
    other = next(host for host in world.gateways if host.facts["lab_image"] != "debian13")
    run = world.play("--check", "--limit", other.name, values={"sendmail_dane": {"enabled": True}})
    assert run.status != 0
    assert "compiled without DANE" in " ".join(run.messages), run
