"""Addresses, names, zones, slots: the pure half of the lab."""

import ipaddress
import re

import pytest

from lab import address, inventory, slots, zones
from lab.shell import LabError

PLAN = address.plan("demo", 1, ["debian12", "debian13", "debian12"])
PLAIN = address.plan("demo", 0, ["debian12"], ipv6=False)


@pytest.mark.parametrize(("side", "number", "four", "six"), [
    ("inside", address.PODMAN_HOST, "198.51.100.33", "2001:db8:1:1::1"),
    ("inside", address.MAILSERVER, "198.51.100.35", "2001:db8:1:1::3"),
    ("outside", address.LISTED, "203.0.113.38", "2001:db8:1:2::6"),
    ("outside", address.FIRST_GATEWAY, "203.0.113.42", "2001:db8:1:2::10"),
])
def test_addresses(side, number, four, six):
    assert PLAN.addresses(side, number) == [four, six]


@pytest.mark.parametrize(("slot", "inside", "outside"), [
    (0, "198.51.100.0/27", "203.0.113.0/27"), (7, "198.51.100.224/27", "203.0.113.224/27"),
    (8, "198.18.0.0/27", "198.19.0.0/27"), (15, "198.18.0.224/27", "198.19.0.224/27")])
def test_networks_of_slots(slot, inside, outside):
    plan = address.plan("x", slot, ["debian12"])
    assert (str(plan.net4("inside")), str(plan.net4("outside"))) == (inside, outside)
    assert all(zones.zone_of(owner) for owner, *_rest in zones.records(plan))


def test_without_ipv6_there_is_none():
    assert PLAIN.addresses("inside", 2) == ["198.51.100.2"]
    assert "AAAA" not in "".join(zones.zone_texts(PLAIN).values())


def test_slots_do_not_overlap():
    nets = [net for slot in address.SLOTS for side in address.SIDES
            for net in [address.Layout("x", slot, ("i",)).net4(side)]]
    assert len(nets) == 32
    assert not any(one.overlaps(two) for one in nets for two in nets if one is not two)


def test_gateways_of_one_image_are_told_apart():
    assert [host.fqdn for host in PLAN.gateway_hosts] == [
        "gw-debian12.corp.example", "gw-debian13.corp.example", "gw-debian12-2.corp.example"]


def test_hubs_and_null_clients_have_names_and_groups_of_their_own():
    plan = address.plan("x", 0, ["debian13", "hub:debian13", "nullclient:suse", "nullclient:suse"])
    assert [(host.key, host.group, host.image) for host in plan.gateway_hosts] == [
        ("gw-debian13", "gateways", "debian13"), ("hub-debian13", "hubs", "debian13"),
        ("null-suse", "nullclients", "suse"), ("null-suse-2", "nullclients", "suse")]
    assert sorted(inventory.inventory(plan, "/x", "%C")["all"]["children"]) == ["client", "gateways", "hubs", "mailserver", "nameserver", "nullclients"]


@pytest.mark.parametrize(("words", "servers"), [
    (["hub:el9", "debian12"], ["gw-debian12"]), (["nullclient:suse", "hub:el9", "hub:suse"], ["hub-el9", "hub-suse"]),
    (["nullclient:suse"], ["null-suse"])])
def test_the_mail_of_the_domain_goes_to_gateways_else_to_hubs(words, servers):
    plan = address.plan("x", 0, words)
    found = [value for owner, kind, value in zones.records(plan) if (owner, kind) == ("corp.example", "MX")]
    assert found == [f"{10 * (place + 1)} {name}.corp.example." for place, name in enumerate(servers)]


def test_no_two_hosts_share_an_address_or_a_name():
    places = [(side, number) for host in PLAN.hosts for side in host.sides for number in (host.number, *host.extra)]
    assert len(places) == len(set(places))
    assert len({host.key for host in PLAN.hosts}) == len(PLAN.hosts)


@pytest.mark.parametrize("name", ["mail", "mail.corp.example", "gw-debian12-2"])
def test_hosts_are_found_by_short_and_full_name(name):
    assert name in (PLAN.host(name).key, PLAN.host(name).fqdn)


@pytest.mark.parametrize(("name", "slot", "gateways", "words"), [
    ("La b", 0, ["a"], "lab name"), ("a-b", 0, ["a"], "lab name"), ("x" * 17, 0, ["a"], "lab name"),
    ("a", 16, ["a"], "slot 16"), ("a", -1, ["a"], "slot -1"), ("a", 0, [], "0 gateways"),
    ("a", 0, ["mx:a"], "mx:a: expected an image"), ("a", 0, ["a"] * 11, "11 gate"),
])
def test_impossible_plans_are_refused_in_a_sentence(name, slot, gateways, words):
    with pytest.raises(ValueError, match=words):
        address.plan(name, slot, gateways)


@pytest.mark.parametrize(("owner", "zone"), [
    ("corp.example", "corp.example"), ("gw.inside.corp.example", "corp.example"), ("nullmx.example", "example"),
    ("2.0.0.127.dnsbl.lab.example", "dnsbl.lab.example"), ("ns.lab.example", "lab.example"),
    ("42.113.0.203.in-addr.arpa", "113.0.203.in-addr.arpa"), ("notcorp.example", "example"),
])
def test_each_name_lies_in_the_longest_zone(owner, zone):
    assert zones.zone_of(owner) == zone


def test_a_name_outside_all_zones_is_a_mistake():
    with pytest.raises(ValueError, match="none of the lab's zones"):
        zones.zone_of("debian.org")


@pytest.mark.parametrize(("zone", "line"), [
    ("corp.example", "corp.example. MX 10 gw-debian12.corp.example."),
    ("corp.example", "corp.example. MX 30 gw-debian12-2.corp.example."),
    ("corp.example", "gw-debian13.corp.example. AAAA 2001:db8:1:2::11"),
    ("third.example", "third.example. MX 10 client.stranger.example."),
    ("113.0.203.in-addr.arpa", "38.113.0.203.in-addr.arpa. PTR listed.stranger.example."),
    ("100.51.198.in-addr.arpa", "42.100.51.198.in-addr.arpa. PTR gw-debian12.inside.corp.example."),
    ("dnsbl.lab.example", "38.113.0.203.dnsbl.lab.example. A 127.0.0.2"),
    ("dnsbl.lab.example", '38.113.0.203.dnsbl.lab.example. TXT "203.0.113.38 is on the block list of the lab"'),
    ("example", "corp.example. NS ns.lab.example."),
])
def test_zone_lines(zone, line):
    assert line in zones.zone_texts(PLAN)[zone].splitlines()


def test_every_address_of_a_host_has_a_way_back():
    records = zones.records(PLAN)
    back = {owner for owner, kind, _data in records if kind == "PTR"}
    for host in PLAN.hosts:
        for side in host.sides:
            for ip in PLAN.addresses(side, host.number):
                assert ipaddress.ip_address(ip).reverse_pointer in back


def test_named_forwards_only_what_is_not_the_labs():
    text = zones.named_conf(PLAN, ("192.0.2.53", "192.0.2.54"))
    assert "forwarders { 192.0.2.53; 192.0.2.54; };" in text
    assert set(re.findall(r'zone "([^"]+)"', text)) == set(zones.ZONES) >= {"example", "corp.example"}


@pytest.mark.parametrize(("name", "wanted", "in_use", "blocked", "slot"), [
    ("demo", None, {}, {}, 0),
    ("other", None, {}, {}, 1),
    ("other", None, {1: "a", 3: "b"}, {2: "mirror"}, 4),
    ("other", None, {5: "other"}, {}, 5),
    ("other", 5, {5: "other"}, {}, 5),
    ("other", 6, {5: "other"}, {}, 6),
    ("demo", None, {0: "a"}, {}, 1),
    ("other", None, {n: "a" for n in range(1, 16)}, {}, 0),
])
def test_slot_choice(name, wanted, in_use, blocked, slot):
    assert slots.choose(name, wanted, in_use, blocked) == slot


@pytest.mark.parametrize(("wanted", "in_use", "blocked", "words"), [
    (3, {3: "rival"}, {}, "lab rival holds it"),
    (2, {}, {2: "would hide the mirror"}, "would hide the mirror"),
    (None, {n: "rival" for n in range(16)}, {}, "no free slot"),
])
def test_a_slot_that_cannot_be_had_is_explained(wanted, in_use, blocked, words):
    with pytest.raises(LabError, match=words):
        slots.choose("mine", wanted, in_use, blocked)
