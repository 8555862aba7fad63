"""What the gateway accepted survives a crash: the daemon and its children are killed at random moments under load, and nothing accepted is lost.

Two ways at once: mail from outside, which the gateway hands on before it accepts it, and mail from inside to the world, which it accepts into its queue.
Both arrive in mailboxes of a real mail server. A message may come twice, for a session that broke leaves the sender unsure; it may not be missing.

Needs a converged gateway of the lab that testinfra reaches over ssh (``--hosts``, ``--ssh-config``) with sudo, whose limits let one client come back
often (greet_pause 2000, client_rate 5000 as in molecule/default); the lab's client and mail server are reached by the same file. ``MAILJAIL_SEED``
repeats a run's moments.
"""

import json
import os
import pathlib
import random
import shlex
import time
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest
import testinfra

HERE = pathlib.Path(__file__).resolve().parent
SECONDS, MESSAGES, ROUNDS = 30, 600, 8
UNIT = "sendmail.service"
QUEUE = "/var/spool/mqueue"
BOXES = "/var/mail/lab"
# From which host to whom, and the host and mailbox where it arrives.
WAYS = (("client.stranger.example", "sender@stranger.example", "bob@corp.example", "mail.corp.example"),
        ("mail.corp.example", "alice@corp.example", "dave@third.example", "client.stranger.example"))


@pytest.fixture(scope="module")
def reach(host, request):
    """Return root on a host of the lab by its name."""
    def found(name):
        return testinfra.get_host(f"ssh://{name}", ssh_config=request.config.getoption("--ssh-config"), sudo=True)

    return found


def python(host, program, *words):
    """Run a file beside this one with a host's Python; return what it prints, from JSON."""
    answer = host.run("python3 -c %s " + shlex.join(map(str, words)), (HERE / program).read_text())
    assert answer.rc == 0, f"{program}: {answer.stdout}{answer.stderr}"
    return json.loads(answer.stdout)


def arrived(host, recipient, token):
    """Return the numbers of the messages in a mailbox."""
    user, domain = recipient.split("@")
    answer = host.run(f"grep -rhoE '^Subject: {token}-[0-9]+-' {BOXES}/{domain}/{user} || true")
    return {int(line.split("-")[-2]) for line in answer.stdout.splitlines()}


def wait(condition, seconds):
    """Wait until something holds; return whether it does."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.5)
    return condition()


def missing(host, recipient, token, accepted):
    """Wait until everything accepted lies in a mailbox; return the numbers of what does not, and take the rest away."""
    wait(lambda: accepted <= arrived(host, recipient, token), 60)
    lost = sorted(accepted - arrived(host, recipient, token))
    host.run(f"grep -rlE '^Subject: {token}-' {BOXES} | xargs -r rm -f")
    return lost


def run_queue(gateway):
    """Run the queue as the daemon's own user until it is empty, but for files that a crash left without content; return what is left in it."""
    user = gateway.run(f"stat -c %U {QUEUE}").stdout.strip()
    gateway.run(f"runuser -u {user} -- /usr/sbin/sendmail -Am -q -OMinQueueAge=0")
    wait(lambda: not gateway.run(f"find {QUEUE} -name 'qf*' -size +0").stdout, 60)
    return gateway.run(f"ls {QUEUE}").stdout.split()


def under_load(gateway, reach, token, chance):
    """Send both ways while the daemon is killed again and again; return how many processes died each time, and what each way's sender tells."""
    server = {"client.stranger.example": "outside", "mail.corp.example": "inside"}
    addresses = {side: gateway.interface(side).addresses[0] for side in server.values()}
    with ThreadPoolExecutor(max_workers=3) as pool:
        sent = [pool.submit(python, reach(source), "sender.py", addresses[server[source]], sender, recipient, token, SECONDS, MESSAGES)
                for source, sender, recipient, _box in WAYS]
        killed = pool.submit(python, gateway, "killer.py", UNIT, chance.randrange(1 << 30), SECONDS - 3).result()
        return killed, [one.result() for one in sent]


def wanting(rounds):
    """Return what the rounds have not had yet; without it there was no crash under load, and nothing is proven."""
    killed = [dead for one, _sent in rounds for dead in one]
    ways = list(zip(*(sent for _killed, sent in rounds)))
    lacks = []
    if len(killed) < 4 or sum(killed) <= len(killed) + 4:
        lacks.append(f"kills that met sessions: {killed}")
    if any(sum(len(one["accepted"]) for one in way) < 20 for way in ways):
        lacks.append(f"20 accepted messages each way: {[[len(one['accepted']) for one in way] for way in ways]}")
    if not any(one["tried"] > len(one["accepted"]) for way in ways for one in way):
        lacks.append("a session that was cut off")
    return lacks


def test_nothing_that_was_accepted_is_lost_in_a_crash(host, reach):
    gateway = reach(host.backend.hostname)
    seed = int(os.environ.get("MAILJAIL_SEED") or random.randrange(1 << 30))
    chance, rounds, tokens = random.Random(seed), [], []
    # A slow machine needs more time until enough was sent and cut off.
    while len(rounds) < ROUNDS and (not rounds or wanting(rounds)):
        tokens.append("crash" + uuid.uuid4().hex[:12])
        rounds.append(under_load(gateway, reach, tokens[-1], chance))
    print(f"\nseed {seed}: " + "; ".join(f"killed {killed}, sent {[(one['tried'], len(one['accepted'])) for one in sent]}" for killed, sent in rounds))
    assert not wanting(rounds), f"seed {seed}: {wanting(rounds)}"
    left = run_queue(gateway)
    for token, (_killed, sent) in zip(tokens, rounds):
        for (_source, _sender, recipient, box), one in zip(WAYS, sent):
            lost = missing(reach(box), recipient, token, set(one["accepted"]))
            assert not lost, f"seed {seed}: {recipient}: accepted and lost: {lost}; left in the queue: {left}"
