"""A hub: mailboxes, .forward, programs through smrsh, procmail and LMTP, and the least rights for it."""

import json
import re
import time
import uuid

import pytest

BITS = {"chown": 0, "fowner": 3, "setgid": 6, "setuid": 7, "net_bind_service": 10, "sys_chroot": 18}
# What each family's delivery agent needs; nothing else may be there.
RIGHTS = {"debian": {"chown"}, "redhat": {"chown", "fowner"}}
USUAL = {"setgid", "setuid", "net_bind_service", "sys_chroot"}


@pytest.fixture(scope="module", autouse=True)
def users(world):
    """Two users of each hub."""
    for hub in world.gateways:
        hub.out("for u in alice bob; do id -u $u >/dev/null 2>&1 || useradd -m -s /bin/bash $u; done")


@pytest.fixture(name="alone", autouse=True)
def alone_(world):
    """No file of a former test directs mail. Of no single hub: what is said of all of them at once is asked once."""
    yield
    world.everywhere(lambda hub: hub.out("rm -f /home/alice/.forward /home/bob/.forward /home/alice/.procmailrc"))


@pytest.fixture(name="forbidden")
def forbidden_(gateway):
    """A program that users can run and smrsh does not know: logger under another name, which works from inside the daemon's sandbox."""
    gateway.out("cp /usr/bin/logger /usr/bin/lab-forbidden")
    yield "/usr/bin/lab-forbidden"
    gateway.out("rm -f /usr/bin/lab-forbidden")


def send(mail, gateway, recipient, token):
    """A message from the inner network; what the hub said."""
    return mail.run(f"swaks --server {gateway.inside} --ehlo mail.corp.example --from carol@stranger.example --to {recipient}"
                    f" --header 'Subject: {token}'").stdout


def soon(host, command, seconds=30):
    """Whether a command succeeds within some seconds."""
    deadline = time.monotonic() + seconds
    while host.run(command).returncode:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.5)
    return True


def forward(gateway, user, text):
    """Write a user's .forward."""
    gateway.out(f"cat > ~{user}/.forward && chown {user}: ~{user}/.forward && chmod 644 ~{user}/.forward", stdin=text + "\n")


def test_mail_for_the_domain_lands_in_the_user_s_mailbox(mail, gateway):
    token = uuid.uuid4().hex
    assert "<-  250" in send(mail, gateway, "alice@corp.example", token)
    assert soon(gateway, f"grep -q {token} /var/mail/alice")
    assert gateway.out("stat -c '%U %a' /var/mail/alice").split() in (["alice", "600"], ["alice", "660"])


def test_postmaster_is_root_s_mailbox(mail, gateway):
    token = uuid.uuid4().hex
    send(mail, gateway, "postmaster@corp.example", token)
    assert soon(gateway, f"grep -q {token} /var/mail/root")


def test_a_name_that_nobody_has_is_refused_at_once(mail, gateway):
    assert re.search(r"^<\*\* 550 5\.1\.1", send(mail, gateway, "nobody-here@corp.example", "x"), re.M)


def test_a_stranger_can_not_relay(client, gateway):
    said = client.run(f"swaks --server {gateway.outside} --ehlo client.stranger.example --from carol@stranger.example --to dave@third.example").stdout
    assert re.search(r"^<\*\* 550 5\.7\.1", said, re.M)


def test_mail_goes_out_under_the_domain(world, client, gateway):
    token = uuid.uuid4().hex
    gateway.out("sendmail -oi carol@stranger.example", stdin=f"Subject: {token}\n\nx\n", user="bob")
    (text,) = world.arrived(client, "carol", token)
    assert "Return-Path: <bob@corp.example>" in text and re.search("^From: .*<?bob@corp.example>?$", text, re.M)


def test_a_forward_file_directs_mail(mail, gateway):
    token = uuid.uuid4().hex
    forward(gateway, "alice", "bob")
    send(mail, gateway, "alice@corp.example", token)
    assert soon(gateway, f"grep -q {token} /var/mail/bob") and gateway.run(f"grep -q {token} /var/mail/alice").returncode


def test_a_program_of_a_forward_file_runs_as_its_user(mail, gateway):
    token = uuid.uuid4().hex
    forward(gateway, "alice", f'"|/usr/bin/logger -t {token}"')
    send(mail, gateway, "alice@corp.example", token)
    assert soon(gateway, f"journalctl -q -t {token} | grep -q {token}")
    first = json.loads(gateway.out(f"journalctl -q -t {token} -o json -n 1"))
    assert first["_UID"] == gateway.out("id -u alice").strip()


def test_an_alias_names_a_program(mail, gateway):
    token = uuid.uuid4().hex
    send(mail, gateway, "note@corp.example", token)
    assert soon(gateway, f"journalctl -q -t lab-note | grep -q {token}")


def logged(host, token):
    """Whether the journal has something under a tag."""
    return f"journalctl -q -t {token} | grep -q ."


@pytest.mark.parametrize("command", ["{0} -t {1} evil", "/usr/bin/logger x; {0} -t {1} evil", "/usr/bin/logger `{0} -t {1} evil`"])
def test_smrsh_runs_nothing_else(mail, gateway, forbidden, command):
    token, control = uuid.uuid4().hex, uuid.uuid4().hex
    gateway.out(command.format(forbidden, control), user="alice")
    assert soon(gateway, logged(gateway, control)), "without smrsh it leaves a trace"
    forward(gateway, "alice", f'"|{command.format(forbidden, token)}"')
    number = re.search(r"250 2\.0\.0 (\w+) Message accepted", send(mail, gateway, "alice@corp.example", token)).group(1)
    assert soon(gateway, f"journalctl -q | grep -q '{number}: to=.*stat=Service unavailable'")
    assert gateway.run(logged(gateway, token)).returncode


def test_procmail_does_what_its_user_says(world, mail):
    """Where it is the agent: it starts programs past smrsh, as the user, and keeps the mailbox."""
    gateway, token = next(hub for hub in world.gateways if hub.family.name == "redhat"), uuid.uuid4().hex
    assert re.search(r"^Mlocal,\s+P=/usr/bin/procmail,", gateway.out(f"cat {gateway.family.cf}"), re.M)
    gateway.out("cat > ~alice/.procmailrc && chown alice: ~alice/.procmailrc && chmod 600 ~alice/.procmailrc",
                stdin=f":0 ci\n| /usr/bin/id -un | /usr/bin/logger -t {token}\n")
    assert "<-  250" in send(mail, gateway, "alice@corp.example", token)
    assert soon(gateway, logged(gateway, token)) and gateway.out(f"journalctl -q -o cat -t {token}").split() == ["alice"]
    assert soon(gateway, f"grep -q {token} /var/mail/alice")


def test_the_daemon_has_the_rights_of_its_delivery_agent_and_no_more(gateway):
    text = gateway.out(f"cat /proc/{gateway.pid}/status")
    wanted = sum(1 << BITS[name] for name in USUAL | RIGHTS[gateway.family.name])
    assert int(re.search(r"CapBnd:\s+(\w+)", text).group(1), 16) == wanted and "NoNewPrivs:\t1" in text
    said = gateway.out(f"systemd-analyze security --no-pager {gateway.family.mta_unit}")
    # docs/profiles.md names these: mail.local needs one capability less than procmail.
    assert float(re.search(r"Overall exposure level.*: ([0-9.]+)", said).group(1)) <= (2.6 if RIGHTS[gateway.family.name] == {"chown"} else 2.8), said


@pytest.mark.parametrize("path", ["/etc/x", "/usr/x", "/home/alice/x", "/root/x", "/run/x"])
def test_it_can_not_write_elsewhere(gateway, path):
    done = gateway.run(f"touch /proc/{gateway.pid}/root{path}")
    assert done.returncode and "Read-only file system" in done.stderr


def test_it_sees_homes_and_writes_mailboxes(gateway):
    """Otherwise the test above could pass for a wrong reason."""
    root = f"/proc/{gateway.pid}/root"
    assert gateway.run(f"test -d {root}/home/alice && touch {root}/var/mail/x && rm {root}/var/mail/x").returncode == 0


@pytest.mark.parametrize("values, words", [
    ({"sendmail_privilege": "unprivileged"}, "sendmail_privilege is 'unprivileged', and a hub becomes each user"),
    ({"sendmail_smart_host": "127.0.0.1"}, "sendmail_smart_host is 127.0.0.1, which is this very host"),
    ({"sendmail_local_mailer": {"agent": "lmtp"}}, "sendmail_local_mailer.socket is empty"),
    ({"sendmail_local_delivery": {"mailboxes": False}}, "sendmail_local_delivery.mailboxes is false")])
def test_what_can_not_be_a_hub_is_refused_by_name(world, values, words):
    run = world.play(values=values)
    assert run.status and words in run.output
    assert not any(run.changed(hub) for hub in world.gateways)


def test_a_former_configuration_comes_back_with_the_hub_s_rights(world):
    world.converge(values={"sendmail_options": {"confLOG_LEVEL": 14}})
    run = world.play(playbook="mailjail.sendmail.rollback")
    assert run.status == 0, run
    for hub in world.gateways:
        assert "O LogLevel=9" in hub.out(f"cat {hub.family.cf}") and "CAP_CHOWN" in hub.out(f"systemctl cat {hub.family.mta_unit}")
    assert not any(world.converge().changed(hub) for hub in world.gateways)


def test_an_lmtp_server_keeps_the_mailboxes_and_everything_else_costs_little(world, mail, client):
    """Dovecot's, from Debian's package; the daemon then needs no right beyond a gateway's. Logins and two filters besides: what does a run cost there?"""
    gateway = next(hub for hub in world.gateways if hub.family.name == "debian")
    gateway.out("apt-get -qq update; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends dovecot-lmtpd >/dev/null 2>&1;"
                " printf 'protocols = lmtp\nmail_driver = maildir\nmail_path = ~/Maildir\nmail_inbox_path = ~/Maildir\n' > /etc/dovecot/conf.d/99-lab.conf;"
                " systemctl restart dovecot; for i in $(seq 50); do test -S /run/dovecot/lmtp && break; sleep 0.2; done")
    values = {"sendmail_local_mailer": {"agent": "lmtp", "socket": "/run/dovecot/lmtp"}, "sendmail_postmaster": "bob",
              "sendmail_auth": {"backend": "sasldb", "users": [{"name": "alice", "password": "Wonder'land"}]},
              "sendmail_milters": [{"preset": "opendkim", "mode": "verify"}, {"preset": "opendkim", "name": "signer", "mode": "sign", "selector": "hub"}]}
    try:
        world.converge("--limit", gateway.name, values=values)
        again = world.converge("--limit", gateway.name, values=values)
        assert again.changed(gateway) == [] and 5 <= len(again.remote(gateway)) <= 16, again.remote(gateway)
        offered = client.run(f"swaks --server {gateway.outside} --port 465 --tls-on-connect --quit-after EHLO").stdout
        assert re.search(r"^<~ +250[- ]AUTH .*PLAIN", offered, re.M), offered
        assert gateway.out("grep -c '^Xopendkim\\|^Xsigner' " + gateway.family.cf).strip() == "2"
        token = uuid.uuid4().hex
        send(mail, gateway, "alice@corp.example", token)
        assert soon(gateway, f"grep -rq {token} /home/alice/Maildir/new")
        assert re.search(r"^<\*\* 550 5\.1\.1", send(mail, gateway, "nobody-here@corp.example", "x"), re.M)
        status = gateway.out(f"cat /proc/{gateway.pid}/status")
        assert int(re.search(r"CapBnd:\s+(\w+)", status).group(1), 16) == sum(1 << BITS[name] for name in USUAL)
        # Not even root's own mailbox directory: who writes mailboxes is the server.
        done = gateway.run(f"touch /proc/{gateway.pid}/root/var/mail/x")
        assert done.returncode and "Read-only file system" in done.stderr, done
        said = gateway.out(f"systemd-analyze security --no-pager {gateway.family.mta_unit}")
        assert float(re.search(r"Overall exposure level.*: ([0-9.]+)", said).group(1)) <= 2.5, said
    finally:
        world.converge("--limit", gateway.name)
