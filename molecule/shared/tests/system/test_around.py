"""Firewall, log, figures and profile around a daemon: switched on by one run, in force, mended, and gone by another."""

import json
import re
import time
from pathlib import Path

import pytest
from auditing import audit
from smtp import converse, envelope, session

pytestmark = pytest.mark.only("default")

ROOT = Path(__file__).resolve().parents[4]
HERE = Path(__file__).resolve().parent
APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y"
PROM = "/var/lib/prometheus/node-exporter/sendmail.prom"
MESSAGE = "From: joe@corp.example\r\nTo: alice@corp.example\r\nSubject: around\r\n\r\nHello.\r\n."
OFF = {"sendmail_firewall": {"backend": "off"}, "sendmail_logs": {"to": "off"}, "sendmail_metrics": {"enabled": False}, "sendmail_apparmor": "off"}
FILES = ("/etc/mailjail-firewall.nft /etc/systemd/system/mailjail-firewall.service /etc/rsyslog.d/10-mailjail.conf /etc/logrotate.d/mailjail"
         " /usr/local/lib/mailjail/metrics.py /etc/systemd/system/mailjail-metrics.service /etc/systemd/system/mailjail-metrics.timer"
         f" /etc/apparmor.d/mailjail-sendmail {PROM}")
# The port that is narrowed: that of a third listener, which the outside client is not to reach.
LISTENERS = [{"name": "MTA", "address": "0.0.0.0", "modifiers": ["A", "E"]}, {"name": "MSA", "address": "127.0.0.1", "port": 587, "modifiers": ["A", "E"]},
             {"name": "inside", "address": "0.0.0.0", "port": 2525, "modifiers": ["A", "E"]}]


@pytest.fixture(scope="module", name="host")
def host_(world):
    """The first gateway."""
    return world.gateways[0]


@pytest.fixture(scope="module", name="on")
def on_(world, host, mail):
    """The variables that switch all of it on, in force."""
    outside = json.loads(host.out(f"ip -json -4 addr show to {host.outside}"))[0]["ifname"]
    values = {"sendmail_listeners": LISTENERS, "sendmail_logs": {"to": "rsyslog", "keep": 7}, "sendmail_metrics": {"enabled": True, "interval": 10},
              "sendmail_apparmor": "complain",
              "sendmail_firewall": {"backend": "nftables", "outside_interfaces": [outside], "sources": {"2525": [f"{mail.inside}/32"]},
                                    "internal_networks": [world.facts["lab_inside_net"], world.facts["lab_client_third"] + "/32"]}}
    predicted = world.converge("--check", "--limit", host.name, values=values)
    assert host.out(f"ls -d {FILES} 2>/dev/null || true") == ""
    done = world.converge("--limit", host.name, values=values)
    unforeseen = set(done.changed(host)) - set(predicted.changed(host))
    assert [task for task in unforeseen if not task.endswith("Install it with apt")] == [], (predicted, done)
    return values


def reaches(host, target, port):
    """Whether a host can open a port of another one."""
    done = host.run(f"python3 -c 'import socket; socket.create_connection((\"{target}\", {port}), 3)'")
    return done.returncode == 0


def test_a_second_run_changes_nothing_in_one_remote_run_each(world, host, on):
    again = world.converge("--limit", host.name, values=on)
    assert again.changed(host) == [], again
    ours = [task for task in again.remote(host) if re.search("mail ports|mail log|figures|profile", task)]
    assert len(ours) == 4


# ---- firewall ----------------------------------------------------------------------------------------------------------------------------

def test_each_port_is_reached_by_whom_it_is_for(host, client, mail, on):
    assert reaches(client, host.outside, 25) and reaches(mail, host.inside, 25)
    assert reaches(mail, host.inside, 2525) and not reaches(client, host.outside, 2525)
    assert reaches(host, "127.0.0.1", 2525) and reaches(host, "127.0.0.1", 587)


def test_a_mail_port_that_nobody_declared_is_closed(host, client, on):
    """Even where a socket is open: the unit of the listener is ours for this test."""
    serve = "python3 -c 'import socket,time; s = socket.create_server((\"\", %d)); time.sleep(60)'"
    host.out(f"systemd-run -q --unit=lab-open-587 {serve % 5870}; systemctl stop sendmail; systemd-run -q --unit=lab-stray {serve % 587}; sleep 1")
    try:
        assert reaches(client, host.outside, 5870), "other ports are not ours to judge"
        assert reaches(host, "127.0.0.1", 587) and not reaches(client, host.outside, 587)
    finally:
        host.out("systemctl stop lab-open-587 lab-stray; systemctl start sendmail")
        host.wait_for_daemon()


def test_an_inside_address_from_outside_is_dropped(world, host, client, on):
    """One of the client's addresses counts as one from inside (the lab's own bridges carry no others); packets are counted and nobody answers."""
    forged = world.facts["lab_client_third"]

    def dropped():
        return int(re.search(r"ip saddr @inside4 counter packets (\d+)", host.out("nft list chain inet mailjail input")).group(1))

    before = dropped()
    done = client.run(f"python3 -c 'import socket; socket.create_connection((\"{host.outside}\", 25), 3, (\"{forged}\", 0))'")
    assert done.returncode != 0 and dropped() > before


def verdict(world, host, place):
    """What the audit says of the packet filter."""
    return audit(world, place, "--limit", host.name, sendmail_audit_only=["SM-OS-02"], sendmail_audit_fail_at="never").verdicts(host)["SM-OS-02"]


def test_what_somebody_flushed_comes_back(world, host, on, tmp_path):
    assert verdict(world, host, tmp_path / "before") == "pass"
    host.out("nft flush ruleset")
    assert host.run("nft list table inet mailjail").returncode != 0 and verdict(world, host, tmp_path / "flushed") == "fail"
    run = world.converge("--limit", host.name, values=on)
    assert [task for task in run.changed(host) if "mail ports" in task]
    assert host.run("nft list table inet mailjail").returncode == 0


def test_other_rules_stay_and_take_ours_along_when_they_are_loaded(host, on):
    host.out("printf 'flush ruleset\\ntable inet site {\\nchain input { type filter hook input priority 0; policy accept; }\\n}\\n' > /etc/nftables.conf;"
             " systemctl restart nftables")
    # systemctl does not wait for what is started along.
    wait = "for i in $(seq 50); do nft list tables | grep -q mailjail && break; sleep 0.2; done; nft list tables"
    try:
        tables = host.out(wait)
        assert "inet site" in tables and "inet mailjail" in tables
        host.out("systemctl reload nftables")
        assert "inet mailjail" in host.out(wait)
    finally:
        host.out("systemctl stop nftables; systemctl start mailjail-firewall")


# ---- log ---------------------------------------------------------------------------------------------------------------------------------

def test_lines_arrive_in_our_file_and_in_the_distribution_s(world, host, on):
    token = f"around{time.time_ns()}"
    converse(host, [session("127.0.0.1", *envelope(f"{token}@corp.example", "alice@corp.example", helo=host.name), "DATA", MESSAGE)])
    host.out(f"for i in $(seq 50); do grep -q {token} /var/log/mailjail/mail.log && grep -q {token} /var/log/mail.log && break; sleep 0.2; done")
    for path in ("/var/log/mailjail/mail.log", "/var/log/mail.log"):
        assert token in host.out(f"cat {path}"), path
    assert host.out("stat -c '%a %U:%G' /var/log/mailjail /var/log/mailjail/mail.log").splitlines() == ["750 root:adm", "640 root:adm"]
    assert host.run("cat /var/log/mailjail/mail.log", user="nobody").returncode != 0


def test_the_log_is_rotated_and_goes_on(host, on):
    host.out("logrotate -f /etc/logrotate.d/mailjail; logger -p mail.info -t lab rotated; sleep 1")
    assert "rotated" in host.out("cat /var/log/mailjail/mail.log") and "sm-mta" in host.out("cat /var/log/mailjail/mail.log.1")
    assert host.out("stat -c '%a %U:%G' /var/log/mailjail/mail.log").strip() == "640 root:adm"
    assert host.run("rsyslogd -N1").returncode == 0


# ---- figures -----------------------------------------------------------------------------------------------------------------------------

def figures(host):
    """What the newest look says, by name and labels."""
    host.out("systemctl start mailjail-metrics.service")
    return {key: float(value) for key, value in (line.rsplit(" ", 1) for line in host.out(f"cat {PROM}").splitlines() if not line.startswith("#"))}


@pytest.fixture(scope="module", name="promtool")
def promtool_(host):
    """Prometheus' own judge of texts and rules."""
    host.out(f"cd /tmp && {APT} download prometheus && dpkg -x prometheus_*.deb /tmp/prometheus && rm prometheus_*.deb")
    yield "/tmp/prometheus/usr/bin/promtool"
    host.out("rm -rf /tmp/prometheus")


def test_figures_are_what_prometheus_takes(host, on, promtool):
    figures(host)
    done = host.run(f"{promtool} check metrics < {PROM}")
    assert done.returncode == 0 and done.stdout + done.stderr == "", done
    assert host.out(f"stat -c '%a %U' {PROM}").strip() == "644 root"
    assert host.run(f"cat {PROM}", user="nobody").returncode == 0, "the exporter is not root"


def test_the_example_of_alerts_is_what_prometheus_takes_and_rings(host, on, promtool):
    host.out("mkdir -p /tmp/prometheus/rules")
    for name, path in (("sendmail.yml", ROOT / "docs" / "alerts" / "sendmail.yml"), ("alerts.yml", HERE / "alerts.yml")):
        host.out(f"cat > /tmp/prometheus/rules/{name}", stdin=path.read_text())
    host.out(f"cd /tmp/prometheus/rules && {promtool} check rules sendmail.yml && {promtool} test rules alerts.yml")


def test_a_refusal_a_delivery_and_a_message_that_waits_are_counted(host, on):
    before = figures(host)
    converse(host, [session(host.outside, *envelope("joe@stranger.example", "a@third.example"))])
    converse(host, [session("127.0.0.1", *envelope("joe@corp.example", "alice@corp.example", helo=host.name), "DATA", MESSAGE)])
    host.out(f"install -m 600 /dev/null {host.family.queue}/df4ANfigures0001; touch -d '2 hours ago' {host.family.queue}/df4ANfigures0001;"
             f" install -m 600 /dev/null {host.family.queue}/Qf4ANfigures0001")
    try:
        deadline = time.monotonic() + 20
        name = 'mailjail_deliveries_total{mailer="relay",result="sent"}'
        after = figures(host)
        while after.get(name, 0) <= before.get(name, 0) and time.monotonic() < deadline:
            time.sleep(1)
            after = figures(host)
    finally:
        host.out(f"rm -f {host.family.queue}/?f4ANfigures0001")
    assert after[name] > before.get(name, 0)
    assert after['mailjail_queue_messages{queue="mta",state="lost"}'] == 1
    assert 7200 <= after['mailjail_queue_oldest_seconds{queue="mta"}'] < 7500
    assert all(value == 1 for key, value in after.items() if key.startswith("mailjail_look_ok")), after


def test_a_stranger_s_refusal_is_counted_by_its_ruleset(host, client, on):
    before = figures(host)
    converse(client, [session(host.outside, *envelope("joe@stranger.example", "a@third.example"))])
    after = figures(host)
    rises = {key for key in after if key.startswith("mailjail_refused_total") and after[key] > before.get(key, 0)}
    assert 'mailjail_refused_total{reply="550",ruleset="check_rcpt"}' in rises


def test_the_looker_s_own_sandbox(host, on):
    text = host.out("systemd-analyze security --no-pager mailjail-metrics.service")
    assert float(re.search(r"exposure level for \S+: ([0-9.]+)", text).group(1)) <= 3.0, text


def test_a_timer_that_stopped_is_started_by_the_next_run(world, host, on):
    host.out(f"systemctl disable --now mailjail-metrics.timer; rm {PROM}")
    run = world.converge("--limit", host.name, values=on)
    assert [task for task in run.changed(host) if "figures" in task]
    assert host.out(f"systemctl is-enabled mailjail-metrics.timer; ls {PROM}").split() == ["enabled", PROM]


# ---- profile -----------------------------------------------------------------------------------------------------------------------------

def test_the_profile_compiles_with_the_real_parser(host, on):
    """No kernel of the lab has AppArmor: compiling is what can be shown. The unit does not name a profile that nothing loads."""
    host.out("apparmor_parser -Q -K /etc/apparmor.d/mailjail-sendmail")
    assert "sys_chroot" in host.out("cat /etc/apparmor.d/mailjail-sendmail")
    assert "AppArmorProfile" not in host.out(f"cat /etc/systemd/system/{host.family.mta_unit}")


# ---- bad input ---------------------------------------------------------------------------------------------------------------------------

def test_what_can_not_work_is_refused_by_name_and_nothing_is_touched(world, host, on):
    rows = {
        "port": ({"sendmail_firewall": {"backend": "nftables", "sources": {"465": ["10.0.0.0/8"]}}}, ["port 465", "25, 2525"]),
        "network": ({"sendmail_firewall": {"backend": "nftables", "sources": {"25": ["10.0.0.1/8"]}}}, ["10.0.0.1/8", "10.0.0.0/8"]),
        "interface": ({"sendmail_firewall": {"backend": "nftables", "outside_interfaces": ["eth0; flush ruleset"]}}, ["outside_interfaces"]),
        "directory": ({"sendmail_metrics": {"enabled": True, "directory": "/srv/../etc"}}, ["sendmail_metrics (directory)"]),
        "firewalld": ({"sendmail_firewall": {"backend": "firewalld"}}, ["sendmail_firewall (backend)", "does not run"]),
        "keep": ({"sendmail_logs": {"to": "rsyslog", "keep": 0}}, ["sendmail_logs (keep)"]),
    }
    before = host.out(f"sha256sum {FILES}")
    runs = world.cases(host, {name: {**on, **values} for name, (values, _words) in rows.items()})
    for name, (_values, words) in rows.items():
        said = " ".join(runs[name].messages)
        assert runs[name].status != 0 and not [word for word in words if word not in said], (name, said)
    assert [line for line in host.out(f"sha256sum {FILES}").splitlines() if PROM not in line] == [line for line in before.splitlines() if PROM not in line]


def test_a_rule_that_rsyslog_does_not_take_is_put_back(world, host, on):
    """The judge is the real one; here it is made to say no."""
    host.out("mv /usr/sbin/rsyslogd /usr/sbin/rsyslogd.lab; printf '#!/bin/sh\\necho no such thing >&2; exit 1\\n' > /usr/sbin/rsyslogd;"
             " chmod 755 /usr/sbin/rsyslogd; echo '# edited' >> /etc/rsyslog.d/10-mailjail.conf")
    try:
        run = world.play("--limit", host.name, values=on)
    finally:
        host.out("mv /usr/sbin/rsyslogd.lab /usr/sbin/rsyslogd")
    assert run.status != 0 and "no such thing" in " ".join(run.messages) and "as they were before" in " ".join(run.messages)
    assert host.out("tail -n 1 /etc/rsyslog.d/10-mailjail.conf").strip() == "# edited"
    world.converge("--limit", host.name, values=on)
    assert "# edited" not in host.out("cat /etc/rsyslog.d/10-mailjail.conf")


# ---- and gone ----------------------------------------------------------------------------------------------------------------------------

def test_switched_off_it_goes_and_costs_nothing_more(world, host, on):
    run = world.converge("--limit", host.name, values=OFF)
    assert run.changed(host)
    assert host.out(f"ls -d {FILES} 2>/dev/null || true") == "" and host.run("nft list table inet mailjail").returncode != 0
    assert "inactive" in host.run("systemctl is-active mailjail-firewall mailjail-metrics.timer").stdout
    assert host.out("test -s /var/log/mailjail/mail.log.1 && systemctl is-active rsyslog").strip() == "active"
    # As YAML reads a bare off.
    bare = {**OFF, "sendmail_firewall": {"backend": False}, "sendmail_logs": {"to": False}, "sendmail_apparmor": False}
    again = world.converge("--limit", host.name, values=bare)
    assert again.changed(host) == []
    assert not [task for task in again.remote(host) if re.search("mail ports|mail log|figures|profile", task)]
    host.out(f"{APT} purge rsyslog logrotate nftables apparmor; {APT} autoremove --purge; rm -rf /var/log/mailjail /var/log/mail.log /var/lib/mailjail-metrics;"
             " rmdir /var/lib/prometheus/node-exporter /var/lib/prometheus /usr/local/lib/mailjail 2>/dev/null; true")
