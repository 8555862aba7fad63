# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a stranger reaches through rules of nftables, iptables and firewalld."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import packetfilter


def nft(*rules, **options):
    return "table inet filter {\n  set inside { type ipv4_addr; elements = { 10.0.0.0/8 } }\n%s  chain input {\n    type filter hook input priority filter; " \
           "policy %s;\n%s  }\n}\n" % (options.get("more", ""), options.get("policy", "drop"), "".join("    %s\n" % rule for rule in rules))


# The table of the role firewall.
OURS = nft('iifname "lo" accept', "tcp dport { 22 } accept", 'iifname { "eth0" } ip saddr @inside counter packets 0 bytes 0 drop',
           "tcp dport 587 ip saddr @port587_from4 accept", "tcp dport { 25 } accept", "tcp dport { 465, 587 } counter packets 0 bytes 0 reject with tcp reset",
           policy="accept")
WEB = "  chain mail {\n    tcp dport 25 accept\n    return\n  }\n"


@pytest.mark.parametrize("text, reached", [
    (OURS, [25]),
    (nft("ct state established,related accept", 'iif "lo" accept', "tcp dport { 25, 80, 500-600 } accept"), [25, 587]),
    (nft("tcp dport smtp accept"), [25]), (nft("tcp dport != 25 drop", policy="accept"), [25]),
    (nft("ip saddr 10.0.0.0/8 tcp dport 25 accept"), []), (nft("ip saddr 192.0.2.1 drop", policy="accept"), [25, 465, 587]),
    (nft("udp dport 25 accept"), []), (nft("meta l4proto tcp tcp dport 25 ct state new counter packets 3 bytes 180 accept"), [25]),
    (nft("ct state vmap { established : accept, related : accept, invalid : drop }", "jump mail", more=WEB), [25]),
    (nft("goto mail", policy="accept", more=WEB), [25, 465, 587]), (nft('iifname "eth1" jump mail', more=WEB), []),
    (nft("tcp dport 465 accept", "reject with icmpx type admin-prohibited", policy="accept"), [465]), (nft(), []), (nft(policy="accept"), [25, 465, 587]),
    (nft("tcp dport @open accept"), []),
    (nft("tcp dport 25 accept") + OURS.replace("filter {", "mailjail {", 1), [25]),
    (nft("tcp dport 465 accept") + OURS.replace("filter {", "mailjail {", 1), [])])
def test_nft(text, reached):
    chains = packetfilter.parse_nft(text)
    assert [port for port in (25, 465, 587) if packetfilter.admits(chains, port)] == reached


ONLY_4 = nft("ip saddr 10.0.0.0/8 accept", more="").replace("inet", "ip")
SIX = "table ip6 filter {\n  chain input {\n    type filter hook input priority 0; policy %s;\n%s  }\n}\n"
DEEP = "  chain outer {\n    goto mail\n    accept\n  }\n  chain mail {\n    tcp dport 465 accept\n  }\n"
WORLD = "  chain world {\n    tcp dport 25 accept\n  }\n"


@pytest.mark.parametrize("text, expected", [
    # Each family for itself: what either lets in is let in.
    (nft("meta nfproto ipv6 tcp dport 25 accept"), (True, False, False)), (nft("meta nfproto ipv4 drop", policy="accept"), (True, True, True)),
    (nft("tcp dport 25 drop", policy="accept").replace("inet", "ip") + SIX % ("drop", ""), (False, True, True)),
    (ONLY_4 + SIX % ("drop", ""), (False, False, False)), (ONLY_4 + SIX % ("accept", "tcp dport 465 drop\n"), (True, False, True)),
    (nft("meta nfproto ipv4 tcp dport 25 accept", "ip6 nexthdr tcp accept"), (True, True, True)),
    # Maps of verdicts.
    (nft("tcp dport vmap { 22 : accept, 25 : jump mail, 587 : drop }", more=WEB), (True, False, False)),
    (nft("meta l4proto vmap { tcp : jump mail, udp : drop }", more=WEB), (True, False, False)), (nft("tcp dport vmap @ports"), (None, None, None)),
    (nft("ct state vmap { established : accept, new : jump mail }", more=WEB), (True, False, False)),
    (nft('iifname vmap { "lo" : accept, "eth0" : jump world }', more=WORLD), (None, False, False)),
    (nft('iifname "eth0" tcp dport 25 return', "tcp dport { 25, 465 } accept"), (None, True, False)),
    (nft('iifname "eth0" jump world', more=WORLD), (None, False, False)),
    # As firewalld has it: whatever the interface, it ends alike.
    (nft('iifname "eth0" goto world', "goto world", more=WORLD), (True, False, False)),
    (nft('iifname "eth0" goto other', "goto world", more=WORLD + WORLD.replace("world", "other").replace("25", "465")), (None, None, False)),
    (nft("tcp dport { 22, 25,\n      587 } accept"), (True, False, True)),
    # Several protocols at once.
    (nft("meta l4proto { tcp, udp } th dport { 25, 587 } accept"), (True, False, True)), (nft("meta l4proto udp th dport 25 accept"), (False, False, False)),
    # What is about ports and says more than is understood.
    (nft("tcp dport @open accept"), (None, None, None)), (nft('iifname "eth0" tcp dport 25 accept'), (None, False, False)),
    (nft("ip saddr . tcp dport { 192.0.2.1 . 25 } accept"), (None, None, None)), (nft("tcp dport 25 fib daddr type local accept"), (None, False, False)),
    (nft("tcp flags & (fin | syn | rst | ack) == syn tcp dport 25 accept", "tcp flags syn / fin,syn,rst,ack tcp dport 465 accept"), (True, True, False)),
    (nft("tcp dport 25 limit rate over 10/second drop", "tcp dport 25 ct count over 9 reject", "tcp dport 25 accept"), (True, False, False)),
    # Who is not inside is a stranger.
    (nft("ip saddr != 10.0.0.0/8 tcp dport 25 drop", "meta nfproto ipv6 drop", policy="accept"), (False, True, True)),
    (nft('iifname != "lo" tcp dport 25 accept'), (True, False, False)), (nft('iifname "eth1" accept'), (False, False, False)),
    # A chain that was gone to ends where the one before it was called.
    (nft("jump outer", more=DEEP), (False, True, False)), (nft("jump outer", policy="accept", more=DEEP), (True, True, True)),
    (nft("goto mail", more=DEEP), (False, True, False))])
def test_what_is_said_of_each_port(text, expected):
    assert tuple(packetfilter.admits(packetfilter.parse_nft(text), port) for port in (25, 465, 587)) == expected


def test_a_family_that_the_host_does_not_have_lets_nobody_in():
    chains = packetfilter.parse_nft(ONLY_4)
    assert packetfilter.admits(chains, 25) is True and packetfilter.admits(chains, 25, ("ip",)) is False


def test_without_a_chain_nothing_is_judged():
    forward = "table inet x {\n  chain forward {\n    type filter hook forward priority 0; policy drop;\n  }\n}\n"
    assert packetfilter.admits(packetfilter.parse_nft(forward), 25) is None
    assert packetfilter.admits({}, 25) is None


def test_a_circle_ends():
    circle = "  chain a {\n    jump b\n  }\n  chain b {\n    jump a\n  }\n"
    assert packetfilter.admits(packetfilter.parse_nft(nft("jump a", policy="accept", more=circle)), 25) is True


@pytest.mark.parametrize("rules, policy, reached", [
    (["-i lo -j ACCEPT", "-m state --state RELATED,ESTABLISHED -j ACCEPT", "-p tcp -m state --state NEW -m tcp --dport 25 -j ACCEPT",
      "-j REJECT --reject-with icmp-host-prohibited"], "ACCEPT", [25]),
    (["-p tcp -m multiport --dports 25,587 -j ACCEPT"], "DROP", [25, 587]), (["-s 10.0.0.0/8 -p tcp --dport 25 -j ACCEPT"], "DROP", []),
    (["-p tcp -m tcp ! --dport 25 -j DROP"], "ACCEPT", [25]), (["-p udp --dport 25 -j ACCEPT", "-p icmp -j ACCEPT"], "DROP", []),
    (["-p tcp -m connlimit --connlimit-above 9 -j DROP"], "ACCEPT", [25, 465, 587]), (["! -s 10.0.0.0/8 -p tcp --dport 25 -j DROP"], "ACCEPT", [465, 587]),
    (["-j LOG", "-j mail"], "DROP", [465]), ([], "ACCEPT", [25, 465, 587]), (["-p tcp --dport 400:500 -j ACCEPT"], "DROP", [465])])
def test_iptables(rules, policy, reached):
    text = "*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT %s [0:0]\n:FORWARD DROP [0:0]\n:mail - [0:0]\n%s" \
           "-A mail -p tcp -m tcp --dport 465 -j ACCEPT\nCOMMIT\n" % (policy, "".join("-A INPUT %s\n" % rule for rule in rules))
    chains = packetfilter.parse_iptables(text)
    assert [port for port in (25, 465, 587) if packetfilter.admits(chains, port)] == reached


def test_firewalld():
    text = """block
  target: %%REJECT%%
  services: smtp
public (active)
  target: default
  interfaces: eth0
  services: dhcpv6-client smtp ssh
  ports: 587/tcp 465/udp
internal (default, active)
  target: ACCEPT
  ports:
"""
    assert packetfilter.parse_firewalld(text) == {"public": {25, 587}, "internal": None}
