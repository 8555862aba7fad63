"""Hosts of which little can be known: a finding or an unknown with its reason, never a traceback, and never a hang."""

import pytest
from auditing import audit, differing, kept

CF = "if [ -e /etc/mail/sendmail.mc ]; then cf=/etc/mail/sendmail.cf; else cf=/etc/sendmail.cf; fi; "
AWAY = CF + "mv $cf /root/audit.kept; "
BACK = CF + "rm -rf $cf; mv /root/audit.kept $cf"
# As sendmail 8.9 was configured: no rule that refuses a stranger, options that are gone, a shell for programs.
EIGHT_NINE = r"""V8/Berkeley
Cwlocalhost
Fw-o /etc/mail/local-host-names
DnMAILER-DAEMON
DZ8.9.3
Troot
Tdaemon
O SevenBitInput=False
O AliasWait=10
O AliasFile=/etc/aliases
O LogLevel=9
O PrivacyOptions=authwarnings
O SmtpGreetingMessage=$j Sendmail $v/$Z; $b
O QueueDirectory=/var/spool/mqueue
O DefaultUser=8:12
O AutoRebuildAliases
H?P?Return-Path: <$g>
S3
R$*		$@ $1
S0
R$*		$#local $: $1
Mlocal,		P=/bin/mail, F=lsDFMAw5:/|@qrmn9, S=10/30, R=20/40, A=mail -d $u
Mprog,		P=/bin/sh, F=lsDFMoqeu9, S=10/30, R=20/40, D=$z:/, A=sh -c $u
"""
# What is done to the host, how it is undone, controls that tell of it.
CASES = {
    "a daemon that is dead": ("systemctl stop sendmail", "systemctl start sendmail", ["SM-OS-05"]),
    "a .cf that is garbage": (AWAY + "head -c 200000 /dev/urandom > $cf", BACK, ["SM-CF-01"]),
    "an empty .cf": (AWAY + ": > $cf", BACK, ["SM-CF-01"]),
    "no .cf": (AWAY, BACK, ["SM-CF-01"]),
    "a .cf that is a directory": (AWAY + "mkdir $cf", BACK, ["SM-CF-01"]),
    "a .cf that nobody writes to": (AWAY + "mkfifo $cf", BACK, ["SM-CF-01"]),
    "a .cf of 8.9": (AWAY + f"cat > $cf <<'END'\n{EIGHT_NINE}END\n", BACK, ["SM-SMTP-01", "SM-PRIV-07", "SM-TLS-03"]),
    "no program": ("p=$(readlink -f /usr/sbin/sendmail); echo $p > /root/audit.program; mv $p /root/audit.kept",
                   "mv /root/audit.kept $(cat /root/audit.program); rm /root/audit.program", ["SM-PKG-01", "SM-PKG-02", "SM-PKG-05"]),
}


@pytest.mark.parametrize("name", CASES)
def test_it_is_a_finding_or_unknown_with_its_reason(world, tmp_path, name):
    breaks, mends, controls = CASES[name]
    world.everywhere(lambda gateway: gateway.out(breaks))
    try:
        before = world.everywhere(kept)
        found = audit(world, tmp_path, sendmail_audit_probe=False, sendmail_audit_fail_at="never")
        after = world.everywhere(kept)
    finally:
        world.everywhere(lambda gateway: gateway.out(mends))
    assert found.run.status == 0 and [differing(*pair) for pair in zip(before, after, strict=True)] == [{}] * len(before), found
    for gateway in world.gateways:
        gateway.wait_for_daemon()
        host = found.host(gateway)
        assert host["state"] == "audited" and len(host["controls"]) > 60
        wrong = [row for row in host["controls"] if row["verdict"] in ("unknown", "fail") and not any(one["seen"] for one in row["evidence"])]
        wrong += [row for row in host["controls"] if any("check itself broke" in one["seen"] for one in row["evidence"])]
        assert wrong == []
        verdicts = found.verdicts(gateway)
        assert any(verdicts.get(control) in ("fail", "unknown") for control in controls), {control: verdicts.get(control) for control in controls}


ODD = """
import os, socket, threading
def serve(port, talk):
    server = socket.socket(); server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1); server.bind(("0.0.0.0", port)); server.listen(50)
    while True:
        talk(server.accept()[0])
kept = []
def endless(client):
    def pour():
        try:
            while True:
                client.sendall(b"220-" + b"x" * 1000 + b"\\\\r\\\\n")
        except OSError:
            pass
    threading.Thread(target=pour).start()
def binary(client):
    client.sendall(os.urandom(4000)); client.close()
for port, talk in ((2601, kept.append), (2602, binary), (2603, endless)):
    threading.Thread(target=serve, args=(port, talk)).start()
"""


def test_listeners_that_hang_answer_no_text_or_never_end(world, tmp_path):
    gateway = world.gateways[0]
    gateway.out("systemd-run --unit=mailjail-odd python3 -c \"$(cat)\" && sleep 1", stdin=ODD.replace("\\\\", "\\"))
    try:
        found = audit(world, tmp_path, "--limit", gateway.name, sendmail_audit_only=["SMTP"], sendmail_audit_fail_at="never",
                      sendmail_audit_listeners=[{"port": port} for port in (2601, 2602, 2603, 2604)], sendmail_audit_probe_options={"patience": 3})
    finally:
        gateway.out("systemctl stop mailjail-odd")
    assert found.run.status == 0, found
    told = {one["port"]: one for one in found.host(gateway)["listeners"]}
    assert set(told) == {2601, 2602, 2603, 2604} and not any(one["reachable"] for one in told.values()) and all(one["refusal"] for one in told.values()), told


def test_hosts_without_sendmail(world, tmp_path):
    """The mail server of the lab runs Postfix, the stranger nothing."""
    names = ["mail.corp.example", "client.stranger.example"]
    found = audit(world, tmp_path, sendmail_hosts=",".join(names), sendmail_audit_fail_at="never", sendmail_audit_probe=False)
    assert found.run.status == 0, found
    for name in names:
        host = found.host(world.host(name))
        assert host["state"] == "audited" and host["sendmail"] == "" and all(any(one["seen"] for one in row["evidence"]) for row in host["controls"])
        assert not any("check itself broke" in one["seen"] for row in host["controls"] for one in row["evidence"])


def test_a_host_that_is_away_is_in_the_report_and_fails(world, tmp_path):
    found = audit(world, tmp_path, "--limit", world.gateway_names[0], sendmail_audit_only=["SM-FS-02"], sendmail_audit_probe=False, ansible_port=9)
    assert found.run.status != 0 and found.said["hosts"][0]["state"] == "unreachable" and found.said["hosts"][0]["reason"], found
    assert "not audited" in (tmp_path / "audit.sarif").read_text()
