# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from sendmail_firewall, and what is refused by name. That the real nft and firewalld read it so is shown on hosts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import xml.etree.ElementTree

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_firewall

LISTENERS = [{"name": "MTA", "address": "0.0.0.0"}, {"name": "MTA6", "address": "::", "family": "inet6"}, {"name": "submission", "port": 587},
             {"name": "MSA", "address": "127.0.0.1", "port": 465}]


def site(listeners=None, info=None, relay=("10.0.0.0/8",), management=22, connection=0, **said):
    return {"firewall": said, "listeners": LISTENERS if listeners is None else listeners, "relay_networks": list(relay), "info": info or {},
            "management_port": management, "connection_port": connection}


def settings(**said):
    return plan_firewall.settings(site(**said))


@pytest.mark.parametrize("said, words", [
    ({"sources": {"587": ["10.0.0.1/8"]}}, ["sources", "10.0.0.1/8", "10.0.0.0/8"]),
    ({"sources": {"587": ["10.0.0.0/255.0.0.0"]}}, ["10.0.0.0/255.0.0.0"]),
    ({"sources": {"587": ["0.0.0.0/0"]}}, ["whole Internet", "Leave the port out"]),
    ({"sources": {"587": ["intern\" accept"]}}, ["intern"]),
    ({"sources": {"587": []}}, ["port 587 has no networks"]),
    ({"sources": {"465": ["10.0.0.0/8"]}}, ["port 465", "25, 587"]),
    ({"sources": {"smtp": ["10.0.0.0/8"]}}, ["'smtp' is no port"]),
    ({"sources": {"70000": ["10.0.0.0/8"]}}, ["'70000' is no port"]),
    ({"outside_interfaces": ["eth0; flush ruleset"]}, ["outside_interfaces", "ip link"]),
    ({"outside_interfaces": ['eth0"']}, ["outside_interfaces"]),
    ({"outside_interfaces": ["lo"]}, ["lo is the host itself"]),
    ({"internal_networks": ["192.168.1"]}, ["internal_networks", "192.168.1"]),
    ({"management_ports": [25]}, ["management_ports", "25 is a mail port"]),
    ({"backend": "firewalld", "outside_zones": ["<zone/>"]}, ["outside_zones", "--get-zones"]),
])
def test_refused_by_name(said, words):
    with pytest.raises(InvalidValue) as caught:
        settings(**dict({"backend": "nftables"}, **said))
    assert all(word in caught.value.message for word in ["sendmail_firewall"] + words), caught.value.message


def test_off_is_nothing():
    assert plan_firewall.plan(site()) == {"packages": [], "companions": []}
    assert plan_firewall.plan({"firewall": {}, "info": {"system_files": []}}) == {"packages": [], "companions": []}
    # A bare off, as YAML reads it.
    assert plan_firewall.plan(site(backend=False)) == {"packages": [], "companions": []}


def test_ports_are_those_of_listeners_that_others_reach():
    found = settings(backend="nftables", sources={587: ["10.0.0.0/8", "10.1.0.0/16", "2001:db8::/32"]})
    assert found["ports"] == {25: None, 587: {4: ["10.0.0.0/8"], 6: ["2001:db8::/32"]}}
    assert found["closed"] == [465] and found["management"] == [22]


@pytest.mark.parametrize("site_, said, expected", [
    ({}, {}, [22]), ({"management": 2222}, {}, [22, 2222]), ({"management": 2222}, {"management_ports": [2022]}, [2022]),
    # A router may lead another port to this one, which is the one that the rules see.
    ({"management": 10022, "connection": 2200}, {}, [22, 2200, 10022])])
def test_the_ways_in_for_administrators(site_, said, expected):
    assert settings(backend="nftables", **dict(site_, **said))["management"] == expected


@pytest.mark.parametrize("listeners, expected", [
    ([], []), ([{"name": "a", "address": "127.0.0.1"}], []), ([{"name": "a", "address": "::1", "family": "inet6"}], []),
    ([{"name": "a", "address": "localhost"}], []), ([{"name": "a"}], [25]), ([{"name": "a", "port": "2525"}], [2525]),
    ([{"name": "a", "family": "inet6"}], [25]), ([{"name": "a", "family": "local", "address": "/run/x"}], []),
    ([{"name": "a", "address": "mx.example.org", "port": 465}], [465])])
def test_open_ports(listeners, expected):
    assert plan_firewall.open_ports(listeners) == expected


@pytest.mark.parametrize("active, expected", [("active", "firewalld"), ("inactive", "nftables"), (None, "nftables")])
def test_the_backend_is_the_one_that_runs(active, expected):
    info = {"units": {"firewalld.service": {"active": active}}} if active else {}
    assert settings(backend="auto", info=info)["backend"] == expected


@pytest.mark.parametrize("said, expected", [
    ({}, {4: [], 6: []}),
    ({"outside_interfaces": ["eth0"]}, {4: ["10.0.0.0/8", "127.0.0.0/8"], 6: ["::1/128"]}),
    ({"outside_interfaces": ["eth0"], "internal_networks": ["192.168.0.0/16", "fd00::/8"]}, {4: ["127.0.0.0/8", "192.168.0.0/16"], 6: ["::1/128", "fd00::/8"]}),
    ({"outside_interfaces": ["eth0"], "internal_networks": []}, {4: ["127.0.0.0/8"], 6: ["::1/128"]}),
])
def test_forged_addresses_are_those_that_may_relay(said, expected):
    found = settings(backend="nftables", **said)["spoofed"]
    assert {version: sorted(networks) for version, networks in found.items()} == expected


def test_a_firewalld_that_does_not_run_is_not_started_behind_anybody_s_back():
    for units in ({}, {"firewalld.service": {"active": "inactive"}}):
        with pytest.raises(InvalidValue) as caught:
            settings(backend="firewalld", info={"units": units})
        assert "does not run" in caught.value.message
    assert settings(backend="firewalld", info={"units": {"firewalld.service": {"active": "active"}}})["backend"] == "firewalld"


def rules(text):
    """The rules of the chain, in order."""
    return [line.strip() for line in text.split("policy accept;")[1].splitlines() if line.strip() not in ("", "}") and not line.strip().startswith("#")]


def test_the_table():
    found = settings(backend="nftables", outside_interfaces=["eth0", "ppp0"], sources={"587": ["10.0.0.0/8", "2001:db8::/32"]}, management=2222)
    text = plan_firewall.table(found)
    assert rules(text) == [
        'iifname "lo" accept', "tcp dport { 22, 2222 } accept", "ct state established,related accept", "meta l4proto ipv6-icmp accept",
        'iifname { "eth0", "ppp0" } ip saddr @inside4 counter drop', 'iifname { "eth0", "ppp0" } ip6 saddr @inside6 counter drop',
        "tcp dport 587 ip saddr @port587_from4 accept", "tcp dport 587 ip6 saddr @port587_from6 accept", "tcp dport { 25 } accept",
        "tcp dport { 465, 587 } counter reject with tcp reset"]
    assert "set port587_from6 { type ipv6_addr; flags interval; elements = { 2001:db8::/32 } }" in text
    assert "policy drop" not in text and "flush ruleset" not in text


def test_the_way_in_for_administrators_is_judged_by_nobody():
    """Before any rule that refuses, whatever else is said."""
    for said in ({}, {"outside_interfaces": ["eth0"]}, {"sources": {"25": ["192.0.2.0/24"]}}):
        found = rules(plan_firewall.table(settings(backend="nftables", management=2222, **said)))
        assert found.index("tcp dport { 22, 2222 } accept") < min([number for number, rule in enumerate(found) if "drop" in rule or "reject" in rule])


def test_other_rules_have_another_state():
    one, other = (settings(backend="nftables", outside_interfaces=names) for names in (["eth0"], ["eth1"]))
    assert plan_firewall.state(one) != plan_firewall.state(other) and plan_firewall.state(one) == plan_firewall.state(dict(one))
    assert plan_firewall.state(one) in plan_firewall.table(one)


def rich(text):
    """Rules of a policy: priority, source, port, protocol, verdict."""
    found = []
    for rule in xml.etree.ElementTree.fromstring(text.encode()).findall("rule"):
        source = rule.find("source")
        found.append((int(rule.get("priority")), source.get("address") if source is not None else None, rule.find("port").get("port"),
                      rule.find("port").get("protocol"), rule[-1].tag))
    return found


def test_policies_of_firewalld():
    found = plan_firewall.policies(settings(backend="firewalld", outside_zones=["public"], sources={"587": ["10.0.0.0/8"]}))
    assert rich(found[plan_firewall.POLICIES["ports"]]) == [
        (-1, None, "25", "tcp", "accept"), (-1, "10.0.0.0/8", "587", "tcp", "accept"), (1, None, "587", "tcp", "reject"), (1, None, "465", "tcp", "reject")]
    spoof = rich(found[plan_firewall.POLICIES["spoof"]])
    assert {row[2:] for row in spoof} == {("1-21", "tcp", "drop"), ("23-65535", "tcp", "drop"), ("1-65535", "udp", "drop")}
    assert {row[1] for row in spoof} == {"10.0.0.0/8", "127.0.0.0/8", "::1/128"}
    assert list(plan_firewall.policies(settings(backend="firewalld"))) == [plan_firewall.POLICIES["ports"]]


@pytest.mark.parametrize("said, left, expected", [
    ({"backend": "nftables"}, [], [("nftables", "started", {"present"})]),
    ({"backend": "off"}, [plan_firewall.RULES], [("nftables", "stopped", {"absent"})]),
    ({"backend": "firewalld", "outside_zones": ["public"]}, [], [("firewalld", "started", {"present"})]),
    ({"backend": "firewalld"}, sorted(plan_firewall.POLICIES.values()), [("firewalld", "started", {"present", "absent"})]),
    ({"backend": "off"}, sorted(plan_firewall.POLICIES.values()), [("firewalld", "stopped", {"absent"})]),
    ({"backend": "firewalld"}, [plan_firewall.UNIT_FILE], [("nftables", "stopped", {"absent"}), ("firewalld", "started", {"present"})]),
    ({"backend": "nftables"}, [plan_firewall.POLICIES["ports"]], [("firewalld", "stopped", {"absent"}), ("nftables", "started", {"present"})]),
])
def test_what_is_wanted_no_more_goes(said, left, expected):
    found = plan_firewall.plan(site(info={"system_files": left}, **said))["companions"]
    assert [(one["name"], one.get("state", "started"), {item.get("state", "present") for item in one["files"]}) for one in found] == expected


@pytest.mark.parametrize("taken, expected", [([22], ["1-21", "23-65535"]), ([1], ["2-65535"]), ([65535], ["1-65534"]), ([2, 4], ["1", "3", "5-65535"])])
def test_gaps(taken, expected):
    assert plan_firewall._gaps(taken) == expected
