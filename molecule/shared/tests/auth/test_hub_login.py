"""A null client that logs in at its hub: one of the gateways becomes one for a while, the other one is its hub."""

import json
import re
import shlex
import subprocess
import time
import uuid

import pytest
from hidden import said, spellings, where
from world import HERE

HUB, INNER = "gw-debian12.corp.example", "gw-debian13.corp.example"
PASSWORD = said("auth", INNER)["sendmail_smart_host_auth"]["password"]
LOOPBACK = [{"name": "MTA", "address": "127.0.0.1", "modifiers": ["A", "E"]}]
MAPS = "/etc/mail/access.db /etc/mail/authinfo /etc/mail/authinfo.db /etc/mail/authinfo-client /etc/mail/authinfo-client.db"


@pytest.fixture(scope="module", name="host")
def host_(world):
    """The gateway that is a null client here."""
    host = world.host(INNER)
    host.out("rm -f /var/spool/mqueue/?f*")
    yield host
    host.out("rm -f /var/spool/mqueue/?f* /var/spool/mqueue-client/?f*")
    world.converge("--limit", INNER)


def become(world, *options, **more):
    """Make it a null client; what the inventory says of a gateway is taken back."""
    values = {"sendmail_hosts": "gateways", "sendmail_hub": HUB, "sendmail_listeners": [], "sendmail_relay_networks": [], "sendmail_dns_block_lists": [],
              "sendmail_auth": {}, "sendmail_smart_host": "", "sendmail_smart_host_auth": {}, "sendmail_limits": {}, "sendmail_queue_interval": "2s",
              "sendmail_tls": {"certificates": "off", "ca": str(world.directory / "ca.pem")}}
    return world.converge(*options, "--limit", INNER, playbook="mailjail.sendmail.nullclient", values={**values, **more})


def login(password=PASSWORD):
    """What the host says to its hub."""
    return {"user": "gw13", "password": password}


def send(host, *options):
    """Hand a message to the submission program as an ordinary user; its token, and what the program said."""
    token = uuid.uuid4().hex
    done = host.run(shlex.join(["sendmail", *options, "-oi", "carol@stranger.example"]), stdin=f"Subject: {token}\n\nx\n", user="ansible")
    assert done.returncode == 0, done
    return token, done.stdout + done.stderr


def waiting(host):
    """How many messages wait in the submission queue."""
    return int(host.out("find /var/spool/mqueue-client -name '[Qq]f*' | wc -l"))


def rights(host):
    """Owner and mode of each map that is there."""
    return dict(line.split(" ", 1) for line in host.run(f"stat -c '%n %U:%G %a' {MAPS}").stdout.splitlines())


def known_as(client, world, token):
    """Whether the hub said of a message that its sender had logged in."""
    found = world.arrived(client, "carol", token)
    assert len(found) == 1, world.host(INNER).out("/usr/sbin/sendmail -Ac -bp; journalctl -u sendmail-client.service -o cat -n 30 --no-pager")
    assert f"by {HUB}" in found[0], found
    return "(authenticated" in found[0]


@pytest.fixture(scope="module", name="unlike")
def unlike_(world, host):
    """The hub has to show a name that it does not have. No password is told."""
    become(world, sendmail_tls_policy=[{"peer": HUB, "require": "verify", "cn": "hub.third.example", "on": ["server"]}])
    return send(host)[0]


@pytest.fixture(scope="module", name="direct")
def direct_(world, host, unlike):
    """The hub has to show its own name, and is told who this host is. The message from before still waits."""
    queue = host.out("/usr/sbin/sendmail -Ac -bp")
    assert waiting(host) == 1 and "4.7.0" in queue, queue
    # Maps count at once, the login once its runner has read the new configuration: in between the hub would return the message.
    host.out("systemctl stop sendmail-client.service")
    return become(world, "-vvv", "--diff", sendmail_hub_auth=login())


def test_mail_waits_for_the_right_certificate(world, client, unlike, direct):
    assert direct.status == 0 and known_as(client, world, unlike)


def test_the_hub_knows_who_sends_without_a_daemon(world, client, host, direct):
    token = send(host)[0]
    assert known_as(client, world, token)
    log = world.host(HUB).out("journalctl -u sendmail.service -o cat -g 'AUTH=server'")
    assert re.search(r"AUTH=server, relay=gw-debian13\S* \S+, authid=gw13, mech=PLAIN", log)


def test_whoever_calls_the_program_learns_nothing(world, client, host, direct):
    """sendmail prints for anybody what it looks up and what it says."""
    token, shown = send(host, "-d60.5", "-d18.1", "-d21.12", "-v", "-odi")
    assert "map_lookup" in shown and not [text for text in spellings(PASSWORD) if text in shown] and "AuthInfo" not in shown
    for command in ("cat /etc/mail/authinfo-client", "cat /etc/mail/authinfo-client.db", "sendmail -Ac -q -v"):
        assert host.run(command, user="ansible").returncode, command
    asked = host.run("sendmail -Ac -bt", stdin=f"/map authinfo AuthInfo:{HUB}\n", user="ansible").stdout
    assert "returns" not in asked and "no match (75)" in asked, asked
    # It leaves all the same.
    assert known_as(client, world, token)


def test_the_password_is_for_the_runner_alone(host, direct):
    assert rights(host) == {"/etc/mail/access.db": "root:smmsp 640", "/etc/mail/authinfo-client": "root:root 600",
                            "/etc/mail/authinfo-client.db": "smmsp:root 440"}
    texts = spellings(PASSWORD)
    assert [text for text in texts if text in direct.output or text in host.out("journalctl -o cat --no-pager")] == []
    kept = [path for path in where(host, texts) if not re.fullmatch(r"/var/lib/mailjail/generations/\d+/\d+", path)]
    assert kept == ["/etc/mail/authinfo-client", "/etc/mail/authinfo-client.db"]


def test_nothing_is_left_to_do(world, host, direct):
    assert become(world, sendmail_hub_auth=login()).changed(host) == []


def test_with_a_daemon_the_password_is_for_that_alone(world, client, host, direct):
    become(world, sendmail_hub_auth=login(), sendmail_submission="listener", sendmail_listeners=LOOPBACK)
    assert rights(host) == {"/etc/mail/access.db": "root:root 640", "/etc/mail/authinfo": "root:root 600", "/etc/mail/authinfo.db": "root:root 600"}
    assert host.run("grep -E '^K(authinfo|access)' /etc/mail/submit.cf").stdout == ""
    assert known_as(client, world, send(host)[0])


def test_an_impostor_learns_nothing_and_the_mail_waits(world, client, host):
    password = "Nobody \"learns\" this either: `dnl' ß"
    become(world, sendmail_hub=client.name, sendmail_hub_auth=login(password))
    server = subprocess.Popen(["ssh", "-F", client.ssh_config, client.name, "sudo", "python3", "-c", shlex.quote((HERE / "auth/impostor.py").read_text()),
                               client.name], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    send(host)
    # The runner comes twice.
    clear, secure = json.loads(server.communicate(timeout=130)[0])
    assert clear[0].startswith("EHLO") and "STARTTLS" not in clear and "(inside TLS)" in secure
    assert [line for line in clear + secure if line.upper().startswith(("AUTH", "MAIL", "DATA"))] == []
    time.sleep(1)
    assert waiting(host) == 1
