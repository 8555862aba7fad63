"""Users who log in: where a login is offered, what it opens, and what the world sees of passwords; and a smart host that wants one."""

import base64
import json
import re
import shlex
import subprocess
import time
import uuid

import pytest
import yaml
from hidden import said, spellings, where
from smtp import converse, envelope, session
from world import HERE, ROOT

DATABASE = "gw-debian12.corp.example"
PAM_USER, PAM_PASSWORD = "paul", "Pam's \"own\" pässwort: $x `dnl`"
STOP = "/run/watched-enough"
WRONG = "not-the-password-7f3a"


USERS = said("auth", DATABASE)["sendmail_auth"]["users"]


@pytest.fixture(scope="module", autouse=True)
def account(world):
    """A user of the host where logins are checked by PAM, who can do nothing else there."""
    host = world.host("gw-debian13.corp.example")
    host.out(f"id {PAM_USER} || useradd --no-create-home --shell /usr/sbin/nologin {PAM_USER}; chpasswd", stdin=f"{PAM_USER}:{PAM_PASSWORD}\n")


def login(gateway):
    """Name and password of somebody who may log in."""
    return (USERS[0]["name"], USERS[0]["password"]) if gateway.name == DATABASE else (PAM_USER, PAM_PASSWORD)


def swaks(client, gateway, port, *words, inside=None):
    """A session of a tool that is not ours; returns what it printed. ``inside``: TLS or not, by default as the port wants it."""
    inside = port != 25 if inside is None else inside
    tls = ["--tls-on-connect"] if port == 465 else ["--tls"] if inside else []
    command = ["swaks", "--server", gateway.outside, "--port", str(port), "--ehlo", "client.stranger.example", "--timeout", "60", *tls, *words]
    return client.run(shlex.join(command)).stdout


def mail(token, recipient="carol@stranger.example"):
    """Words for a message to the world."""
    return "--from", "alice@corp.example", "--to", recipient, "--header", f"Subject: {token}"


def credentials(user, password, mechanism="PLAIN"):
    """Words for a login."""
    return "--auth", mechanism, "--auth-user", user, "--auth-password", password


# -- where


@pytest.mark.parametrize("port, inside, offered", [(25, False, False), (25, True, False), (587, False, False), (587, True, True), (465, True, True)])
def test_where_a_login_is_offered(gateway, client, port, inside, offered):
    text = swaks(client, gateway, port, "--quit-after", "EHLO", inside=inside)
    assert ("TLS started" in text) == inside, text
    assert re.findall(r"250[- ]AUTH (.*)", text) == (["PLAIN LOGIN"] if offered else []), text


def test_tls_comes_first_on_465(gateway, client):
    command = f"(sleep 6; printf 'EHLO me\\r\\n'; sleep 1; printf 'QUIT\\r\\n'; sleep 1) | openssl s_client -quiet -connect {gateway.outside}:465 " \
              f"-verify_return_error -verify_hostname {gateway.name} -CAfile /etc/ssl/lab/ca.pem"
    text = client.run(command).stdout
    assert text.startswith("220 ") and "250-AUTH PLAIN LOGIN" in text, text


def test_a_login_that_nobody_offered_is_refused(gateway, client):
    secret = base64.b64encode(b"\0alice\0x").decode()
    steps = "EHLO client.stranger.example", f"AUTH PLAIN {secret}"
    replies = converse(client, [session(gateway.outside, *steps), session(gateway.outside, *steps, port=587)])
    assert [found[-1].code for found in replies] == [503, 503], replies


# -- what it opens


@pytest.mark.parametrize("port, mechanism", [(587, "PLAIN"), (587, "LOGIN"), (465, "PLAIN")])
def test_who_logs_in_may_send_to_the_world(world, gateway, client, port, mechanism):
    token = uuid.uuid4().hex
    text = swaks(client, gateway, port, *credentials(*login(gateway), mechanism), *mail(token))
    assert re.search(r"235 2\.0\.0", text) and "Message accepted for delivery" in text, text
    message = world.arrived(client, "carol", token)
    assert message and "(authenticated" in message[0], message
    log = gateway.out("journalctl -u sendmail.service -o cat -g 'AUTH=server'")
    assert f"authid={login(gateway)[0]}" in log and f"mech={mechanism}" in log


@pytest.mark.parametrize("port", [587, 465])
def test_who_does_not_may_not(gateway, client, port):
    text = swaks(client, gateway, port, *credentials(login(gateway)[0], WRONG), *mail("never"))
    assert "535 5.7.0 authentication failed" in text and "Message accepted" not in text, text
    text = swaks(client, gateway, port, *mail("never"))
    assert "530 5.7.0 Authentication required" in text and "Message accepted" not in text, text
    if port == 587:
        assert "530 5.7.0 Authentication required" in swaks(client, gateway, port, *mail("never"), inside=False)
    # A stranger who does not try stays one.
    assert converse(client, [session(gateway.outside, *envelope("x@third.example", "carol@stranger.example"))])[0][-1].refused


def test_whose_account_is_locked_can_not_log_in(world, client):
    gateway = world.host("gw-debian13.corp.example")
    gateway.out(f"usermod --lock {PAM_USER}")
    try:
        assert "535 5.7.0" in swaks(client, gateway, 587, *credentials(*login(gateway)), *mail("never"))
    finally:
        gateway.out(f"usermod --unlock {PAM_USER}")
    assert "235 2.0.0" in swaks(client, gateway, 587, *credentials(*login(gateway)), "--quit-after", "AUTH")


# -- what is on the host


def test_the_library_finds_nothing_to_complain_about(gateway):
    log = gateway.out("journalctl -u sendmail.service -u sendmail-client.service -u sendmail-saslauthd.service -o cat")
    assert [line for line in log.splitlines() if re.search(r"safesasl|unsafe|AUTH (warning|error)|Permission denied", line)] == []


def test_the_distribution_s_saslauthd_never_starts(gateway):
    """On Debian one package has it and the programs for users of their own."""
    assert gateway.run("systemctl is-enabled saslauthd.service").stdout.strip() == "masked"
    assert gateway.run("systemctl is-active saslauthd.service").stdout.strip() == "inactive"


def test_the_role_by_itself_takes_nothing_away(world, client):
    world.converge(playbook=str(HERE / "auth/alone.yml"))
    for gateway in world.gateways:
        assert "235 2.0.0" in swaks(client, gateway, 587, *credentials(*login(gateway)), "--quit-after", "AUTH")


def test_files_are_for_their_reader_alone(gateway):
    paths = "/etc/sasl2/Sendmail.conf /etc/sasl2/sendmail.sasldb2 /var/lib/mailjail/sasl-users.json /run/sendmail-saslauthd"
    found = sorted(gateway.run(f"stat -c '%n %U:%G %a' {paths}").stdout.splitlines())
    assert found == ["/etc/sasl2/Sendmail.conf root:smmsp 640"] + (
        ["/etc/sasl2/sendmail.sasldb2 root:root 600", "/var/lib/mailjail/sasl-users.json root:root 600"] if gateway.name == DATABASE else
        ["/run/sendmail-saslauthd root:root 750"])
    assert "O DontBlameSendmail=safe" in gateway.out("cat /etc/mail/sendmail.cf")


@pytest.fixture(scope="module", name="renewed")
def renewed_(world):
    """The first user gets another password; every command line on the host is watched meanwhile, and Ansible says all it can."""
    host, password = world.host(DATABASE), "Another'secret \"7e9\" `syscmd` ü"
    users = [dict(USERS[0], password=password), *USERS[1:]]
    watcher = subprocess.Popen(["ssh", "-F", host.ssh_config, host.name, "sudo", "sh", "-c", shlex.quote(
        f"while [ ! -e {STOP} ]; do cat /proc/[0-9]*/cmdline; done 2>/dev/null | tr '\\0' '\\n' | sort -u; rm {STOP}")], stdout=subprocess.PIPE, text=True)
    run = world.converge("-vvv", "--diff", "--limit", DATABASE, values={"sendmail_auth": {"backend": "sasldb", "users": users}})
    host.out(f"touch {STOP}")
    yield {"run": run, "commands": watcher.communicate(timeout=60)[0], "password": password}
    world.converge("--limit", DATABASE)


def test_a_new_password_counts_at_once_and_the_old_one_no_more(world, client, renewed):
    host = world.host(DATABASE)
    assert renewed["run"].changed(host) == ["mailjail.sendmail.auth : Keep exactly these users"]
    assert "235 2.0.0" in swaks(client, host, 587, *credentials("alice", renewed["password"]), "--quit-after", "AUTH")
    assert "535 5.7.0" in swaks(client, host, 587, *credentials("alice", USERS[0]["password"]), "--quit-after", "AUTH")


def test_no_password_is_where_it_does_not_belong(world, renewed):
    host = world.host(DATABASE)
    texts = spellings(renewed["password"], USERS[0]["password"], USERS[1]["password"])
    shown = renewed["run"].output
    assert "saslpasswd2" in renewed["commands"], "the watcher has seen nothing"
    assert [text for text in texts if text in shown or text in renewed["commands"]] == []
    # A kept generation has it too, for the way back; only root may enter there.
    kept = [path for path in where(host, texts) if not re.fullmatch(r"/var/lib/mailjail/generations/\d+/beside-\d+", path)]
    assert kept == ["/etc/sasl2/sendmail.sasldb2"] and host.out("stat -c %a /var/lib/mailjail/generations").strip() == "700"
    assert [text for text in texts if text in host.out("journalctl -o cat --no-pager")] == []


# -- the smart host


def test_the_smart_host_knows_who_hands_it_mail(world, client):
    inner, outer = world.host("gw-debian13.corp.example"), world.host(DATABASE)
    token = uuid.uuid4().hex
    inner.out("sendmail -oi carol@stranger.example", stdin=f"Subject: {token}\n\nx\n", user="ansible")
    message = world.arrived(client, "carol", token)
    assert message and f"by {DATABASE}" in message[0] and "(authenticated" in message[0], message
    assert re.search(r"AUTH=server, relay=gw-debian13\S* \S+, authid=gw13, mech=PLAIN", outer.out("journalctl -u sendmail.service -o cat"))
    # On the way in nothing goes through it: the mail server inside has port 25.
    text = swaks(client, inner, 25, "--from", "carol@stranger.example", "--to", "alice@corp.example", "--header", f"Subject: in {token}")
    assert "Message accepted" in text and world.arrived(world.host("mail.corp.example"), "alice", f"in {token}")


@pytest.fixture(scope="module", name="astray")
def astray_(world, client):
    """The smart host is somebody else now. Two messages are sent; what he heard, what Ansible said, what became of the messages."""
    host, password = world.host("gw-debian13.corp.example"), "Nobody \"learns\" this: `dnl' ß"
    server = subprocess.Popen(["ssh", "-F", client.ssh_config, client.name, "sudo", "python3", "-c", shlex.quote((HERE / "auth/impostor.py").read_text()),
                               client.name], stdout=subprocess.PIPE, text=True)
    assert server.stdout.readline() == "ready\n"
    run = world.converge("-vvv", "--diff", "--limit", host.name, values={
        "sendmail_smart_host": f"[{client.name}]", "sendmail_smart_host_auth": {"user": "gw13", "password": password}})
    for number in range(2):
        host.out("sendmail -oi carol@third.example", stdin=f"Subject: {number}\n\nx\n", user="ansible")
        time.sleep(1)
    heard = json.loads(server.communicate(timeout=130)[0])
    yield {"run": run, "heard": heard, "password": password, "queue": host.out("mailq")}
    host.out("rm -f /var/spool/mqueue/?f*")
    world.converge("--limit", host.name)


def test_an_impostor_learns_nothing_and_the_mail_waits(astray):
    clear, secure = astray["heard"]
    assert clear[0].startswith("EHLO") and "STARTTLS" not in clear and "(inside TLS)" in secure
    assert [line for line in clear + secure if line.upper().startswith(("AUTH", "MAIL", "DATA"))] == []
    assert astray["queue"].count("carol@third.example") == 2


def test_its_password_is_for_the_daemon_alone(world, astray):
    host = world.host("gw-debian13.corp.example")
    own = said("auth", host.name)["sendmail_smart_host_auth"]["password"]
    texts = spellings(astray["password"], own)
    assert [text for text in texts if text in astray["run"].output or text in host.out("journalctl -o cat --no-pager")] == []
    kept = [path for path in where(host, texts) if not re.fullmatch(r"/var/lib/mailjail/generations/\d+/\d+", path)]
    assert kept == ["/etc/mail/authinfo", "/etc/mail/authinfo.db"]
    assert host.out("stat -c '%U:%G %a' /etc/mail/authinfo /etc/mail/authinfo.db /var/lib/mailjail/generations").split("\n")[:3] == [
        "root:root 600", "root:root 600", "root:root 700"]


# -- what is refused, and what goes


BAD = {
    "no certificate": ({"sendmail_tls": {"certificates": "off"}}, "no certificate"),
    "AUTH on port 25": ({"sendmail_submission_ports": [25]}, "names port 25"),
    "a mechanism that does not exist": ({"sendmail_auth": {"backend": "saslauthd", "mechanisms": ["PLANE"]}}, "Did you mean PLAIN?"),
    "plain without a layer": ({"sendmail_auth": {"backend": "saslauthd", "options": ["y"]}}, "lacks p"),
    "a misspelt key": ({"sendmail_auth": {"backend": "saslauthd", "mechanism": ["PLAIN"]}}, "mechanism"),
    "a smart host by its MX records": ({"sendmail_smart_host": "smtp.provider.example"}, "in brackets"),
    "a password in the clear": ({"sendmail_smart_host_auth": {"user": "u", "password": "p", "tls": "none"}}, "tls"),
    "options by the back door": ({"sendmail_undefine": ["confAUTH_OPTIONS"]}, "sendmail_undefine names confAUTH_OPTIONS"),
    "options as a raw line": ({"sendmail_local_config": "O AuthOptions=A"}, "sendmail_local_config holds"),
    "an address that nobody named": ({"sendmail_listeners": [{"name": "local", "address": "127.0.0.1"}]}, "no public address"),
    "any certificate for a password": ({"sendmail_tls_policy": [{"peer": "gw-debian12.corp.example", "require": "encrypt"}]}, "any certificate"),
    "no TLS for a domain above": ({"sendmail_tls_policy": [{"peer": "corp.example", "require": "none"}]}, "never be asked for TLS"),
    "nobody who could log in": ({"sendmail_auth": {"backend": "sasldb"}}, "users is empty"),
}


def test_what_can_not_work_is_refused_before_anything_is_touched(world):
    host = world.host("gw-debian13.corp.example")
    own = {**yaml.safe_load((ROOT / "molecule/auth/inventory/group_vars/gateways.yml").read_text()), **said("auth", host.name)}
    before = host.snapshot("/etc", "/var/lib/mailjail")
    found = world.cases(host, {name: {**own, **values} for name, (values, _words) in BAD.items()})
    for name, (_values, words) in BAD.items():
        assert found[name].status and words in found[name].output, (name, found[name])
    assert host.snapshot("/etc", "/var/lib/mailjail") == before


def test_without_root_users_log_in_all_the_same(world, client):
    """The next test brings root back."""
    world.converge(values={"sendmail_privilege": "unprivileged", "sendmail_tls": {"certificates": "self-signed"}, "sendmail_smart_host": "",
                           "sendmail_smart_host_auth": {}})
    for gateway in world.gateways:
        assert gateway.out(f"stat -c %U /proc/{gateway.pid}").strip() == "mailgw"
        assert "235 2.0.0" in swaks(client, gateway, 587, *credentials(*login(gateway)), "--quit-after", "AUTH")
        assert "535 5.7.0" in swaks(client, gateway, 465, *credentials(login(gateway)[0], WRONG), "--quit-after", "AUTH")
    assert world.host(DATABASE).out("stat -c '%U:%G %a' /etc/sasl2/sendmail.sasldb2 /etc/sasl2/Sendmail.conf").split("\n")[:2] == [
        "mailgw:mailgw 600", "root:mailgw 640"]
    assert world.host("gw-debian13.corp.example").out("stat -c '%U:%G %a' /run/sendmail-saslauthd").strip() == "root:mailgw 750"


# Passes everything that is asked before a host is touched, and fails in the transaction: what comes before it has been done.
REFUSED = {"sendmail_route_tests": [{"name": "the world may relay", "recipient": "a@third.example", "expect": "accepted"}]}


def logs_in(client, gateway, port=587):
    """Whether somebody who may log in can."""
    return "235 2.0.0" in swaks(client, gateway, port, *credentials(*login(gateway)), "--quit-after", "AUTH")


def test_a_run_that_is_refused_half_way_leaves_logins_as_they_were(world, client):
    """AUTH taken away, a change of backend, of realm and of the daemon's account: nothing of it happens before the transaction has gone through."""
    world.converge()
    swapped = {"sendmail_auth": {"backend": "sasldb", "realm": "other.example", "users": USERS}, "sendmail_privilege": "unprivileged",
               "sendmail_tls": {"certificates": "self-signed"}, "sendmail_smart_host": "", "sendmail_smart_host_auth": {}}
    for values in ({"sendmail_auth": {}}, swapped):
        began = int(time.time())
        run = world.play(values={**values, **REFUSED})
        assert run.status != 0 and all("the world may relay" in message for message in run.messages) and run.messages, run
        for gateway in world.gateways:
            assert logs_in(client, gateway), (values, gateway)
            log = gateway.out(f"journalctl -u sendmail.service -o cat --since @{began}")
            assert not re.search(r"safesasl|unsafe|unable to open Berkeley|Permission denied", log), log


def test_a_backend_that_is_taken_away_takes_its_files_with_it(world, client):
    world.converge()
    world.converge(values={"sendmail_auth": {}})
    try:
        for gateway in world.gateways:
            assert gateway.run("ls /etc/sasl2/Sendmail.conf /etc/sasl2/sendmail.sasldb2 /var/lib/mailjail/sasl-users.json "
                               "/etc/systemd/system/sendmail-saslauthd.service /etc/systemd/system/multi-user.target.wants/sendmail-saslauthd.service "
                               "/run/sendmail-saslauthd").stdout == ""
            assert gateway.run("systemctl is-active sendmail-saslauthd.service").stdout.strip() == "inactive"
            assert set(re.findall(r":(\d+) ", gateway.out("ss -Hltn '( sport = :25 or sport = :465 or sport = :587 )'"))) == {"25"}
            # Left to itself sendmail would offer what its library has.
            assert "AUTH" not in swaks(client, gateway, 25, "--quit-after", "EHLO", inside=True)
        # The configuration that comes back finds its users, and its saslauthd.
        world.converge(playbook="mailjail.sendmail.rollback")
        for gateway in world.gateways:
            assert logs_in(client, gateway) and logs_in(client, gateway, 465), gateway
        assert world.host(DATABASE).out("stat -c '%U:%G %a' /etc/sasl2/sendmail.sasldb2").strip() == "root:root 600"
        assert world.host("gw-debian13.corp.example").out("systemctl is-enabled sendmail-saslauthd.service").strip() == "enabled"
    finally:
        world.converge()
    for gateway in world.gateways:
        assert "235 2.0.0" in swaks(client, gateway, 465, *credentials(*login(gateway)), "--quit-after", "AUTH")
