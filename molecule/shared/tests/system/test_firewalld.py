"""The same rules as policies of firewalld, on a host whose firewalld closes everything but ssh."""

import json
import re

import pytest

pytestmark = pytest.mark.only("default")

APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y"
POLICIES = "/etc/firewalld/policies/mailjail-ports.xml /etc/firewalld/policies/mailjail-spoof.xml"


def reaches(host, target, port, source=None):
    """Whether a host can open a port of another one."""
    words = f'("{target}", {port}), 3' + (f', ("{source}", 0)' if source else "")
    return host.run(f"python3 -c 'import socket; socket.create_connection({words})'").returncode == 0


@pytest.fixture(scope="module", name="host")
def host_(world):
    """The last gateway, with a firewalld of its own while this module runs: outside is a zone of its own, and both zones let nothing in but ssh."""
    host = world.gateways[-1]
    outside = json.loads(host.out(f"ip -json -4 addr show to {host.outside}"))[0]["ifname"]
    host.out(f"apt-get update -qq; {APT} install --no-install-recommends firewalld nftables; systemctl start firewalld;"
             f" firewall-cmd -q --permanent --zone=external --remove-masquerade; firewall-cmd -q --permanent --zone=external --change-interface={outside};"
             " firewall-cmd -q --reload")
    yield host
    host.out(f"systemctl stop firewalld; {APT} purge firewalld nftables; {APT} autoremove --purge; rm -rf /etc/firewalld")


@pytest.fixture(scope="module", name="values")
def values_(world):
    """One of the client's addresses counts as one from inside."""
    inside = [world.facts["lab_inside_net"], world.facts["lab_client_third"] + "/32"]
    return {"sendmail_firewall": {"backend": "auto", "outside_zones": ["external"], "internal_networks": inside}}


def test_without_our_policies_nobody_reaches_the_port(host, client, mail):
    """Or what follows would prove nothing."""
    assert not reaches(client, host.outside, 25) and not reaches(mail, host.inside, 25)


def test_the_declared_port_opens(world, host, client, mail, values):
    predicted = world.converge("--check", "--limit", host.name, values=values)
    done = world.converge("--limit", host.name, values=values)
    assert [task for task in done.changed(host) if "mail ports" in task] and predicted.changed(host) == done.changed(host)
    assert host.run("nft list table inet mailjail").returncode != 0, "firewalld runs, so it carries the rules"
    assert reaches(client, host.outside, 25) and reaches(mail, host.inside, 25) and reaches(client, host.outside, 22)
    assert world.converge("--limit", host.name, values=values).changed(host) == []


def test_an_inside_address_from_outside_is_dropped(world, host, client):
    rules = host.out("nft list table inet firewalld")
    assert re.search(r"ip saddr \S+ tcp dport 1-21 .*drop", rules) and "dport 22-" not in rules
    assert not reaches(client, host.outside, 25, world.facts["lab_client_third"])


def test_what_somebody_took_out_of_force_comes_back(world, host, client, values):
    host.out("firewall-cmd -q --policy=mailjail-ports --remove-rich-rule='rule priority=\"-1\" port port=\"25\" protocol=\"tcp\" accept'")
    assert not reaches(client, host.outside, 25)
    run = world.converge("--limit", host.name, values=values)
    assert [task for task in run.changed(host) if "mail ports" in task] and reaches(client, host.outside, 25)


def test_switched_off_the_policies_go(world, host, client):
    world.converge("--limit", host.name)
    assert host.run(f"ls {POLICIES}").stdout == "" and not reaches(client, host.outside, 25)
    assert world.converge("--limit", host.name).changed(host) == []
