"""The lab, seen by tools that know nothing of it: dig, swaks, openssl, nmap, apt, ssh, ansible-inventory."""

import json
import subprocess
import sys
import time

import pytest

from lab import address, lifecycle, mailbox, podman


def test_every_host_has_a_full_name_and_has_booted(bench):
    for host in bench.layout.hosts:
        assert bench.run(host.key, "hostname", "-f").stdout.strip() == host.fqdn
        assert bench.run(host.key, "systemctl", "is-system-running").stdout.strip() in ("running", "degraded")


def test_mail_for_the_organisation_goes_to_the_gateways(bench):
    hosts = bench.layout.gateway_hosts
    assert sorted(bench.dig("client", "corp.example", "MX")) == sorted(
        f"{10 * n} {host.fqdn}." for n, host in enumerate(hosts, 1))
    for host in hosts:
        assert bench.dig("client", host.fqdn, "A") == [bench.layout.addr4("outside", host.number)]


@pytest.mark.parametrize(("domain", "server"), [
    ("stranger.example", "client.stranger.example"), ("third.example", "client.stranger.example"),
    ("host1.corp.example", None), ("nullmx.example", "")])
def test_other_domains_have_their_mail_servers(bench, domain, server):
    server = bench.layout.gateway_hosts[0].fqdn if server is None else server
    assert bench.dig("mail", domain, "MX") in ([f"10 {server}."], [f"0 {server}."])


@pytest.mark.parametrize(("side", "number", "name"), [
    ("outside", address.CLIENT, "client.stranger.example."), ("outside", address.LISTED, "listed.stranger.example."),
    ("outside", address.THIRD, "other.third.example."), ("inside", address.MAILSERVER, "mail.corp.example."),
    ("outside", address.NAMESERVER, "ns.lab.example."), ("inside", address.HOST1, "host1.corp.example.")])
def test_addresses_lead_back_to_names_and_forth_again(bench, side, number, name):
    for ip in bench.layout.addresses(side, number):
        assert bench.dig("mail", "-x", ip) == [name]
        assert ip in bench.dig("mail", name, "AAAA" if ":" in ip else "A")


def test_the_nameless_address_has_no_name(bench):
    assert bench.dig("mail", "-x", bench.layout.addr4("outside", address.NAMELESS)) == []


def test_the_block_list_lists_one_address_and_says_why(bench):
    listed, other = (bench.layout.addr4("outside", n) for n in (address.LISTED, address.CLIENT))
    owner = {ip: ".".join(reversed(ip.split("."))) + ".dnsbl.lab.example" for ip in (listed, other)}
    assert bench.dig("mail", owner[listed], "A") == ["127.0.0.2"]
    assert "block list" in bench.dig("mail", owner[listed], "TXT")[0]
    assert bench.dig("mail", owner[other], "A") == []


@pytest.mark.parametrize("name", ["nosuch.example", "nosuch.corp.example", "1.2.3.4.dnsbl.lab.example"])
def test_unknown_names_of_the_lab_are_denied_at_once(bench, name):
    began = time.monotonic()
    assert "status: NXDOMAIN" in bench.run("client", "dig", "+time=3", "+tries=1", name).stdout
    assert time.monotonic() - began < 2


def test_zones_satisfy_binds_own_checker(bench):
    done = bench.run("ns", "named-checkconf", "-z")
    assert done.returncode == 0, done.stdout + done.stderr


def test_inside_mail_reaches_a_mailbox(bench):
    subject = f"probe {time.time_ns()}"
    code, said = bench.swaks("ns", "mail.corp.example", "--to", "alice@corp.example", "--from", "bob@corp.example",
                             "--header", f"Subject: {subject}", "--tls")
    assert code == 0, said
    assert wait_for(bench, "mail", "alice", subject)


def test_strangers_have_mailboxes_too(bench):
    subject = f"probe {time.time_ns()}"
    code, said = bench.swaks("ns", "client.stranger.example", "--to", "dave@third.example", "--from", "a@lab.example",
                             "--header", f"Subject: {subject}")
    assert code == 0, said
    assert wait_for(bench, "client", "dave", subject)


def wait_for(bench, host, user, subject):
    """Does a message with that subject arrive within five seconds?"""
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline:
        if any(f"Subject: {subject}" in text for text in mailbox.messages(bench.lab, bench.lab.host(host), user)):
            return True
        time.sleep(0.2)
    return False


def test_unknown_users_are_refused_in_the_dialogue(bench):
    code, said = bench.swaks("ns", "mail.corp.example", "--to", "nobody@corp.example")
    assert code != 0 and "550 5.1.1" in said


def test_the_internal_server_relays_by_the_first_gateway_only(bench):
    first = bench.layout.addr4("inside", address.FIRST_GATEWAY)
    assert bench.run("mail", "postconf", "-h", "relayhost").stdout.strip() == f"[{first}]"


def test_the_outside_cannot_pass_by_the_gateways(bench):
    code, said = bench.swaks("client", bench.layout.addr4("inside", address.MAILSERVER), "--quit-after", "CONNECT")
    assert code != 0, said


def test_certificates_are_the_labs(bench):
    done = bench.run("ns", "openssl", "s_client", "-starttls", "smtp", "-connect", "mail.corp.example:25", "-CAfile",
                     "/etc/ssl/lab/ca.pem", "-verify_hostname", "mail.corp.example", "-verify_return_error",
                     stdin="QUIT\n")
    assert "Verify return code: 0 (ok)" in done.stdout, done.stdout + done.stderr


def test_the_client_sees_the_gateways_by_both_protocols(bench):
    for host in bench.layout.gateway_hosts:
        for ip in bench.layout.addresses("outside", host.number):
            seen = bench.run("client", "nmap", "-Pn", "-n", "-p", "22", *(["-6"] if ":" in ip else []), ip).stdout
            assert "22/tcp open" in seen, seen


def test_the_client_can_send_from_each_of_its_addresses(bench):
    target = bench.layout.addr4("outside", address.FIRST_GATEWAY)
    for number in (address.CLIENT, address.LISTED, address.THIRD, address.NAMELESS):
        source = bench.layout.addr4("outside", number)
        route = bench.run("client", "ip", "-json", "route", "get", target, "from", source).stdout
        assert json.loads(route)[0]["dev"] == "outside"


def test_gateways_reach_the_package_mirror(bench, gateways):
    for gateway in gateways:
        done = bench.run(gateway, "apt-get", "update", timeout=300)
        assert done.returncode == 0 and "Err:" not in done.stdout, done.stdout + done.stderr


def test_nothing_runs_by_the_calendar(bench):
    """At midnight Debian saves its package database below /var/backups: a test that looks at a host's disk then would find changes of nobody's."""
    for host in bench.layout.hosts:
        timers = bench.run(host.key, "systemctl", "list-units", "--type=timer", "--state=active", "--plain", "--no-legend").stdout
        assert {line.split()[0] for line in timers.splitlines()} <= {"systemd-tmpfiles-clean.timer"}, (host.key, timers)


@pytest.mark.parametrize(("setting", "command", "expected"), [
    ("ProtectSystem=strict", "touch /etc/probe", "Read-only file system"),
    ("ProtectHome=yes", "ls /home/ansible", "Permission denied|No such file"),
    ("PrivateTmp=yes", "ls /tmp/probe-outside", "No such file"),
    ("PrivateDevices=yes", "ls /dev/fuse", "No such file"),
    ("ReadOnlyPaths=/var", "touch /var/probe", "Read-only file system"),
    ("CapabilityBoundingSet=CAP_CHOWN", "chroot / true", "Operation not permitted"),
])
def test_the_sandbox_of_a_unit_is_real(bench, gateways, setting, command, expected):
    for gateway in gateways:
        bench.run(gateway, "touch", "/tmp/probe-outside")
        done = bench.run(gateway, "systemd-run", "--quiet", "--wait", "--pipe", "-p", setting, "sh", "-c", command)
        assert any(words in done.stderr for words in expected.split("|")), (gateway, done.stdout, done.stderr)


def test_ssh_and_sudo_as_a_fleet_has_them(bench):
    for host in bench.layout.hosts:
        done = subprocess.run(["ssh", "-F", bench.lab.directory / "ssh_config", host.key, "id -un; sudo -n id -un"],
                              capture_output=True, text=True, check=True, timeout=30)
        assert done.stdout.split() == ["ansible", "root"]


def test_ansible_reads_the_inventory(bench):
    done = subprocess.run([sys.executable, "-m", "ansible", "inventory", "-i", bench.lab.directory / "inventory.yml",
                           "--list"], capture_output=True, text=True, check=True, timeout=60)
    listed = json.loads(done.stdout)
    assert listed["gateways"]["hosts"] == [host.fqdn for host in bench.layout.gateway_hosts]
    assert listed["client"]["hosts"] == ["client.stranger.example"]
    assert done.stderr == ""


def test_a_second_up_keeps_everything(bench):
    before = ids(bench.layout.name)
    lifecycle.up(bench.layout.name, bench.layout.gateways)
    assert ids(bench.layout.name) == before


def test_a_rebooted_client_has_its_addresses(bench):
    client = bench.lab.host("client")
    lifecycle.reboot(bench.lab, client)
    shown = bench.run("client", "ip", "-brief", "address", "show", "outside").stdout
    for number in (address.CLIENT, *client.extra):
        assert f" {bench.layout.addr4('outside', number)}/27" in shown


def test_two_labs_live_side_by_side_and_down_takes_only_its_own(bench):
    before = ids(bench.layout.name)
    other = lifecycle.up("labsecond", ("debian12",))
    try:
        assert other.layout.slot != bench.layout.slot
    finally:
        lifecycle.down("labsecond")
    lifecycle.down("labsecond")
    assert ids("labsecond") == {} and podman.networks("labsecond") == []
    assert ids(bench.layout.name) == before


def ids(name):
    """Containers of a lab: {name: id}."""
    return {one["Names"][0]: one["Id"] for one in podman.containers(name)}
