"""A host that only sends: one without any listener, one with a listener on loopback. Its hub is the internal mail server."""

import re
import time
import uuid

import pytest

DIRECT, LISTENER = "null-debian12.corp.example", "null-suse.corp.example"
SMTP = """
import smtplib, sys
link = smtplib.SMTP("127.0.0.1", 25, timeout=20)
link.sendmail(sys.argv[1], [sys.argv[2]], "From: %s\\r\\nTo: %s\\r\\nSubject: %s\\r\\n\\r\\nx\\r\\n" % tuple(sys.argv[1:]))
"""


def sockets(host):
    """Where the host listens for mail."""
    return {line.split()[3] for line in host.out("ss -Hltn").splitlines() if line.split()[3].rsplit(":", 1)[1] in ("25", "465", "587")}


def waiting(host):
    """How many messages wait in the submission queue."""
    return int(host.out(f"find {host.family.client_queue} -name '[Qq]f*' | wc -l"))


def shown(text):
    """Envelope sender and address of the From header."""
    return (re.search(r"^Return-Path: <(.*?)>", text, re.M).group(1), re.search(r"^From: .*?([^\s<]+@[^\s>]+)", text, re.M).group(1))


@pytest.fixture(name="direct")
def direct_(world):
    """The host without a listener."""
    return world.host(DIRECT)


def test_no_port_is_open_but_to_the_host_itself(gateway, client, mail):
    assert sockets(gateway) == (set() if gateway.name == DIRECT else {"127.0.0.1:25"})
    for other, address in ((client, gateway.outside), (mail, gateway.inside)):
        for port in (25, 465, 587):
            assert other.run(f"python3 -c 'import socket; socket.create_connection((\"{address}\", {port}), 5)'").returncode, (other, port)


def test_no_daemon_is_there_and_none_comes_back(direct):
    shown_ = direct.show("sendmail.service", "ActiveState", "UnitFileState", "LoadState")
    assert (shown_["ActiveState"], shown_["LoadState"]) == ("inactive", "loaded") and shown_["UnitFileState"] in ("disabled", "static")
    assert direct.run("systemctl start sendmail.service").returncode == 0
    assert sockets(direct) == set() and direct.run("pgrep -f '[s]endmail: accepting'").returncode
    assert direct.show(direct.family.client_unit, "ActiveState")["ActiveState"] == "active"


def test_what_a_user_sends_carries_the_domain(world, gateway, mail):
    token = uuid.uuid4().hex
    gateway.out("sendmail -t -oi", stdin=f"To: alice@corp.example\nSubject: {token}\n\nx\n", user="ansible")
    (text,) = world.arrived(mail, "alice", token)
    assert shown(text) == ("ansible@corp.example", "ansible@corp.example")


@pytest.mark.parametrize("recipient", ["root", "root@{0}"])
def test_mail_for_root_goes_to_the_hub_under_the_domain(world, gateway, mail, recipient):
    token = uuid.uuid4().hex
    # Nobody is logged in where cron runs: sendmail would take that user for the sender.
    gateway.out(f"systemd-run --quiet --wait --pipe /usr/sbin/sendmail -oi {recipient.format(gateway.name)}", stdin=f"To: root\nSubject: Cron {token}\n\nx\n")
    (text,) = world.arrived(mail, "root-alerts", token)
    assert shown(text) == ("root@corp.example", "root@corp.example")
    assert gateway.run("test -s /var/mail/root").returncode


@pytest.mark.parametrize("recipient, box", [("alice@corp.example", "alice"), ("root@" + LISTENER, "root-alerts"), ("root", "root-alerts")])
def test_what_comes_by_the_listener_carries_the_domain_as_well(world, mail, recipient, box):
    token, host = uuid.uuid4().hex, world.host(LISTENER)
    host.out("cat > /tmp/send.py", stdin=SMTP)
    host.out(f"python3 /tmp/send.py joe@{LISTENER} {recipient} {token}")
    (text,) = world.arrived(mail, box, token)
    # FEATURE(nullclient) takes the hub, brackets and all, for the name to the world; a Received line may name a relay so.
    others = [line for line in text.split("\n\n")[0].splitlines() if re.match(r"(From|To|Sender|Reply-To|Return-Path|Message-I[dD]):", line)]
    assert shown(text) == ("joe@corp.example", "joe@corp.example") and len(others) >= 3 and not any("[" in line for line in others), others


@pytest.mark.parametrize("user, marked", [("bin", False), ("ansible", True)])
def test_who_is_trusted_names_any_sender_without_a_mark(world, gateway, mail, user, marked):
    """It is the submission program that knows who called."""
    token = uuid.uuid4().hex
    gateway.out("sendmail -oi -f shop@corp.example alice@corp.example", stdin=f"Subject: {token}\n\nx\n", user=user)
    (text,) = world.arrived(mail, "alice", token)
    assert shown(text)[0] == "shop@corp.example" and ("X-Authentication-Warning:" in text) == marked, text


def test_mail_goes_to_another_port_of_the_hub(world, mail):
    """Nothing answers at port 25 meanwhile."""
    mail.out("cp -a /etc/postfix/master.cf /root/master.cf; sed -i -E 's/^(smtp|25)( +inet )/2525\\2/' /etc/postfix/master.cf; systemctl restart postfix")
    try:
        assert mail.run("ss -Hltn sport = :25 | grep -q .").returncode and mail.run("ss -Hltn sport = :2525 | grep -q .").returncode == 0
        run = world.converge(values={"sendmail_hub": "{{ lab_mailserver_name }}:2525"})
        assert "does not answer" not in run.output
        for host in world.gateways:
            token = uuid.uuid4().hex
            host.out("sendmail -oi alice@corp.example", stdin=f"Subject: {token}\n\nx\n", user="ansible")
            assert world.arrived(mail, "alice", token), host
    finally:
        mail.out("cp -a /root/master.cf /etc/postfix/master.cf; systemctl restart postfix")
        world.converge()


def test_mail_waits_while_the_hub_is_away(world, direct, mail):
    token = uuid.uuid4().hex
    mail.out("systemctl stop postfix")
    try:
        direct.out("sendmail -oi alice@corp.example", stdin=f"Subject: {token}\n\nx\n", user="ansible")
        assert waiting(direct) == 1
        run = world.converge("--limit", direct.name)
        assert "does not answer" in run.output and run.changed(direct) == []
    finally:
        mail.out("systemctl start postfix")
    # The runner would come by itself within sendmail_queue_interval.
    direct.out(f"systemctl restart {direct.family.client_unit}")
    assert world.arrived(mail, "alice", token)
    deadline = time.monotonic() + 30
    while waiting(direct) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert waiting(direct) == 0


def test_from_one_form_to_the_other_and_from_a_gateway(world, direct):
    only = ("--limit", direct.name)
    world.converge(*only, values={"sendmail_submission": "listener"})
    assert sockets(direct) == {"127.0.0.1:25"}
    assert world.play(*only, playbook="mailjail.sendmail.rollback").status == 0 and sockets(direct) == set()
    gateway = {"sendmail_hosts": "nullclients", "sendmail_mail_server": "mail.corp.example", "sendmail_hub": None, "sendmail_limits": {"greet_pause": 0}}
    world.converge(*only, values=gateway, playbook="mailjail.sendmail.gateway")
    assert "0.0.0.0:25" in sockets(direct) and direct.run("test -e /etc/mail/mailertable.db").returncode == 0
    world.converge(*only)
    assert sockets(direct) == set()
    left = [name for name in ("access", "access.db", "mailertable", "mailertable.db", "local-host-names")
            if direct.run(f"test -e /etc/mail/{name}").returncode == 0]
    assert left == [] and direct.out("grep -v '^#' /etc/mail/relay-domains || true").strip() == ""
    assert world.converge(*only).changed(direct) == []


@pytest.mark.parametrize("values, words", [
    ({"sendmail_hub": ""}, "sendmail_hub is empty"),
    ({"sendmail_hub": "localhost"}, "sendmail_hub is localhost, which is this very host"),
    ({"sendmail_hub": "{{ lab_inside }}"}, "which is this very host"),
    ({"sendmail_limits": {"children": 5, "client_rate": 9}}, "sendmail_limits.client_rate is set"),
    ({"sendmail_listeners": [{"name": "MTA", "address": "0.0.0.0"}]}, "sendmail_listeners"),
    ({"sendmail_aliases": {"entries": [{"key": "x", "value": "y"}]}}, "sendmail_aliases is set, and a null client delivers nothing")])
def test_what_can_not_be_a_null_client_is_refused_by_name(world, values, words):
    run = world.play(values=values)
    assert run.status and words in run.output
    assert not any(run.changed(host) for host in world.gateways)
