"""MTA-STS: what a policy says of a domain's servers is held to.

The live configuration, with the line that sendmail_mta_sts adds, hands messages over from a queue of its own. Policies are told by sts_daemon.py in the
protocol of the real daemon, which would need HTTPS to the Internet.
"""

import json
from pathlib import Path

import pytest

SOCKET = "inet:8461@127.0.0.1"
# domain: the servers that its policy names, the server that it has, what sendmail says in the end
POLICIES = {
    "right.sts.example": ("client.stranger.example", "client.stranger.example", "Sent (Ok"),
    "elsewhere.sts.example": ("mx.elsewhere.example", "client.stranger.example", "Deferred"),
    "unknown.sts.example": ("other.third.example", "other.third.example", "Deferred: 403 4.7.0 authentication failed"),
    "anyhow.example": (None, "other.third.example", "Sent (Ok"),
}
DIRECTORY = "/run/lab-sts"
MAKE = f"""mkdir -p -m 700 {DIRECTORY}; cd {DIRECTORY}
makemap btree mt.db <routes
sed "s#^FEATURE(.tls_session_features')dnl#&\\nFEATURE(\\`sts', \\`socket -d5 -T<TMPF> {SOCKET}')dnl#; s#/etc/mail/mailertable#{DIRECTORY}/mt#;
     s#/var/spool/mqueue#{DIRECTORY}#" /etc/mail/sendmail.mc >sts.mc
m4 sts.mc >sts.cf && grep -c '^Ksts socket' sts.cf
"""


@pytest.fixture(scope="module", name="one")
def one_(world):
    """The gateway whose sendmail has MTA-STS, with a policy daemon."""
    one, = [host for host in world.gateways if host.facts["lab_image"] == "debian13"]
    routes = "".join(f"{domain}\tesmtp:[{server}]\n" for domain, (_policy, server, _said) in POLICIES.items())
    one.out(f"mkdir -p -m 700 {DIRECTORY}; cat >{DIRECTORY}/daemon.py", stdin=Path(__file__).with_name("sts_daemon.py").read_text())
    one.out(f"cat >{DIRECTORY}/routes", stdin=routes)
    assert one.out(MAKE) == "1\n"
    yield one
    one.out(f"systemctl stop lab-sts; rm -r {DIRECTORY}")


def send(one, domain):
    """Hand a message over; what sendmail says."""
    program = "/usr/libexec/sendmail/sendmail"
    done = one.run(f"timeout 60 {program} -C {DIRECTORY}/sts.cf -OQueueDirectory={DIRECTORY} -OHoldExpensive=False "
                   "-OCACertFile=/etc/ssl/lab/ca.pem -odi -v -f ansible@corp.example "
                   f"carol@{domain}", stdin="Subject: sts\n\nx\n")
    return done.stdout + done.stderr


def test_without_the_daemon_mail_waits(one):
    assert "Deferred: 450 4.7.0" in send(one, "right.sts.example") and "STS lookup temp fail" in send(one, "right.sts.example")


def test_policies_are_held_to(one):
    words = " ".join(f"{domain}={policy}" for domain, (policy, _server, _said) in POLICIES.items() if policy)
    one.out(f"systemd-run -q --unit lab-sts python3 {DIRECTORY}/daemon.py {SOCKET[5:9]} {words}; for i in $(seq 50); do ss -Hltn sport = :8461 | grep -q . "
            "&& break; sleep 0.2; done")
    said = {domain: send(one, domain) for domain in POLICIES}
    assert {domain: POLICIES[domain][2] in text for domain, text in said.items()} == dict.fromkeys(POLICIES, True), said


def test_the_variable_is_the_line_and_a_sendmail_without_it_is_refused(world, one):
    """The line above is the role's own: the real sendmail takes what the role makes of the variable, and where it can not, nothing is touched."""
    other = next(host for host in world.gateways if host is not one)
    run = world.play("--check", values={"sendmail_mta_sts": {"enabled": True, "socket": SOCKET}})
    assert run.of(other.name).status and "compiled without _FFR_MTA_STS" in " ".join(run.messages), run
    assert run.of(one.name).status == 0 and run.of(other.name).totals[other.name]["changed"] == 0, run
    said = {(row["what"], row["name"]): row["after"] for row in map(json.loads, run.changes(one)) if "what" in row}
    assert SOCKET in said["map", "sts"] and said["option", "StrictTransportSecurity"] == "true", said
