# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Map and class files: tables of what is taken, what is refused and with which words."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import re

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_access, tables_aliases, tables_cidr, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables import Context, Pair

GATEWAY = Context(mailers=["esmtp", "relay", "local", "smtp"], local_host_names=["gw.example.org"], access_options=["skip"])
HUB = Context(
    jail="/var/mailjail", alias_files=True, alias_programs=True, alias_includes=True, smrsh_commands=["vacation"], local_host_names=["hub.example.org"]
)
ROLES = [Pair(90, "postmaster", "root"), Pair(91, "MAILER-DAEMON", "postmaster"), Pair(92, "root", "admin@example.org")]


def check(kind, key, value="", context=GATEWAY):
    found = [Pair(7, key, value)]
    return tables.check(kind, ROLES + found if kind == "aliases" else found, context)


# -- networks

KEYS = [
    ("192.168.0.0/16", ["192.168"]),
    ("10.0.0.0/8", ["10"]),
    ("172.16.0.0/15", ["172.16", "172.17"]),
    ("192.0.2.7", ["192.0.2.7"]),
    ("192.0.2.7/32", ["192.0.2.7"]),
    ("192.0.2.0/31", ["192.0.2.0", "192.0.2.1"]),
    ("2001:db8::/32", ["IPv6:2001:db8"]),
    ("IPv6:2001:db8::/48", ["IPv6:2001:db8:0"]),
    ("2001:DB8::1", ["IPv6:2001:db8:0:0:0:0:0:1"]),
    ("fd00::/15", ["IPv6:fd00", "IPv6:fd01"]),
    ("2001:db8:0:10::/63", ["IPv6:2001:db8:0:10", "IPv6:2001:db8:0:11"]),
    # sendmail shows a client that came by IPv4 to an IPv6 socket with its IPv4 address.
    ("::ffff:192.0.2.7", ["192.0.2.7"]),
    ("::ffff:192.0.2.0/120", ["192.0.2"]),
    ("IPv6:::ffff:10.0.0.0/104", ["10"]),
]


@pytest.mark.parametrize("network, keys", KEYS)
def test_network_becomes_keys_on_borders(network, keys):
    assert tables_cidr.cidr_keys(network) == keys


@pytest.mark.parametrize(
    "network, count, first, last",
    [
        ("192.0.2.32/27", 32, "192.0.2.32", "192.0.2.63"),
        ("10.64.0.0/10", 64, "10.64", "10.127"),
        ("2001:db8::/33", 32768, "IPv6:2001:db8:0", "IPv6:2001:db8:7fff"),
    ],
)
def test_network_between_borders_is_spelt_out(network, count, first, last):
    keys = tables_cidr.cidr_keys(network)
    assert (len(keys), keys[0], keys[-1]) == (count, first, last)


@pytest.mark.parametrize(
    "network, words",
    [
        ("10.0.0.1/8", "host bits set; expected 10.0.0.0/8"),
        ("2001:db8::1/64", "host bits set; expected 2001:db8::/64"),
        ("10.0.0.0/33", "is no network"),
        ("10.0.0/8", "is no network"),
        ("10.0.0.0/255.0.0.0", "prefix length"),
        ("3232235520", "is no network"),
        ("lan.example.org/24", "is no network"),
        ("0.0.0.0/0", "whole Internet"),
        ("::/0", "whole Internet"),
        ("::ffff:0:0/96", "whole Internet"),
        ("", "is no network"),
    ],
)
def test_what_is_no_network_is_refused(network, words):
    with pytest.raises(InvalidValue) as caught:
        tables_cidr.cidr_keys(network)
    assert words in caught.value.message


# Networks that overlap: entries in any order, and what sendmail finds under a key. The narrowest network has a key that several share.
OVERLAPS = {
    "a border between them": ({"10.0.0.0/8": "RELAY", "10.1.2.0/27": "REJECT"}, {"10": "RELAY", "10.1.2.0": "REJECT", "10.1.2.31": "REJECT"}),
    "the same keys": ({"10.1.2.0/27": "REJECT", "10.1.2.0/28": "OK"}, {"10.1.2.0": "OK", "10.1.2.15": "OK", "10.1.2.16": "REJECT", "10.1.2.31": "REJECT"}),
    "an address in a network": ({"192.0.2.0/30": "REJECT", "192.0.2.1": "OK"}, {"192.0.2.0": "REJECT", "192.0.2.1": "OK", "192.0.2.2": "REJECT"}),
    "a key without a slash": ({"10.0.0.0/15": "REJECT", "10.1": "OK"}, {"10.0": "REJECT", "10.1": "OK"}),
    "three of them": ({"10.0.0.0/13": "REJECT", "10.0.0.0/14": "OK", "10.0.0.0/15": "DISCARD"},
                      {"10.0": "DISCARD", "10.1": "DISCARD", "10.2": "OK", "10.3": "OK", "10.4": "REJECT", "10.7": "REJECT"}),
    "IPv6": ({"2001:db8::/47": "REJECT", "2001:db8:1::/48": "OK"}, {"IPv6:2001:db8:0": "REJECT", "IPv6:2001:db8:1": "OK"}),
    "inside IPv6 and not": ({"::ffff:192.0.2.0/121": "REJECT", "192.0.2.0/26": "OK"}, {"192.0.2.0": "OK", "192.0.2.63": "OK", "192.0.2.64": "REJECT"}),
}


@pytest.mark.parametrize("turned", [False, True], ids=["as written", "turned around"])
@pytest.mark.parametrize("name", OVERLAPS)
def test_of_networks_that_overlap_the_narrowest_counts(name, turned):
    said, expected = OVERLAPS[name]
    entries = [{"key": "Connect:" + network, "value": value} for network, value in said.items()]
    found = tables.pairs("access", entries[::-1] if turned else entries)
    assert tables.check("access", found) == []
    held = {pair.key[8:]: pair.value for pair in found}
    assert {key: held.get(key) for key in expected} == expected and len(held) == len(found)


@pytest.mark.parametrize("first, second", [
    ("10.0.0.0/8", "10"), ("10.1.2.0/27", "10.1.2.0/27"), ("2001:db8::/32", "IPv6:2001:db8"), ("192.0.2.1", "192.0.2.1/32")])
def test_one_network_twice_is_refused(first, second):
    found = tables.pairs("access", [{"key": "Connect:" + first, "value": "OK"}, {"tag": "Connect", "key": second, "action": "REJECT"}])
    with pytest.raises(MapError) as caught:
        tables.check("access", found)
    assert "the key stands twice" in caught.value.message


def test_another_tag_s_network_is_another_matter():
    found = tables.pairs("access", [{"key": "Connect:10.1.2.0/31", "value": "REJECT"}, {"key": "ClientRate:10.1.2.0", "value": "0"}])
    assert [pair.key for pair in found] == ["ClientRate:10.1.2.0", "Connect:10.1.2.0", "Connect:10.1.2.1"]


def test_expansion_has_a_limit():
    with pytest.raises(InvalidValue) as caught:
        tables_cidr.cidr_keys("10.0.0.0/25", limit=100)
    assert "128 keys" in caught.value.message and "/32" in caught.value.message


@pytest.mark.parametrize(
    "network, keys",
    [("2001:db8::1", ["IPv6:2001:db8::1"]), ("2001:db8:0:5::/64", ["IPv6:2001:db8:0:5"]), ("2001:db8:0:5:1:1:1:1", ["IPv6:2001:db8:0:5:1:1:1:1"])],
)
def test_compressed_spelling(network, keys):
    assert tables_cidr.cidr_keys(network, compressed=True) == keys


@pytest.mark.parametrize("network", ["2001:db8::/48", "2001:db8:0:0::/64"])
def test_compressed_sendmail_cannot_find_swallowed_zeros(network):
    with pytest.raises(InvalidValue):
        tables_cidr.cidr_keys(network, compressed=True)


# -- access

TAKEN = [
    ("Connect:192.168", "RELAY"),
    ("Connect:10", "RELAY"),
    ("Connect:127.0.0.1", "RELAY"),
    ("Connect:IPv6:2001:db8:7", "RELAY"),
    ("Connect:IPv6:fd00", "RELAY"),
    ("Connect:[192.0.2.1]", "OK"),
    ("Connect:[IPv6:2001:db8:0:0:0:0:0:1]", "OK"),
    ("Connect:spam.example", "REJECT"),
    ("connect:spam.example", "reject"),
    ("Connect:", "REJECT"),
    ("Connect:IPv6", "REJECT"),
    ("Connect:192.168.2", "SKIP"),
    ("From:user@example.org", "DISCARD"),
    ("From:free.stealth@", "ERROR:550 Spam not accepted"),
    ("From:example.org", 'ERROR:5.7.1:"550 No (really) <no> @ , ;"'),
    ("From:[192.0.2.1]", "OK"),
    ("To:example.org", "RELAY"),
    ("To:lan", "RELAY"),
    ("To:root@example.org", "ERROR:4.2.2:450 mailbox full"),
    ("From:x.example", "QUARANTINE:looks odd"),
    ("Spam:abuse@", "FRIEND"),
    ("Spam:list.example", "HATER"),
    ("GreetPause:", "5000"),
    ("ClientRate:192.0.2", "0"),
    ("ClientConn:", "10"),
    ("QGRP:example.org", "slow"),
    ("TLS_Srv:mx.example.org", "ENCR:112"),
    ("TLS_Clt:laptop.example.org", "PERM+VERIFY:112"),
    ("TLS_Rcpt:u@example.org", "ENCR:112+CN:smtp.example.org"),
    ("TLS_Rcpt:", "TEMP+VERIFY"),
    ("TLS_Srv:x.example.net", "VERIFY+CN++CS:/CN=x++CI:/CN=ca"),
    ("Try_TLS:broken.example", "NO"),
    ("Srv_Features:", "V"),
    ("Srv_Features:10", "S v"),
    ("Clt_Features:x.example", "M"),
    ("TLS_Srv_features:10.0.2.4", "CipherList=MEDIUM+aRSA;"),
    ("TLS_Clt_features:10.1.0.1", "Options=SSL_OP_NO_TLSv1_2; CipherList=ALL:-EXPORT"),
    ("CertIssuer:/C=US/CN=CA+20One", "SUBJECT"),
    ("CertSubject:/C=US/CN=host", "RELAY"),
    ("AuthInfo:mail.example.org", '"U:user" "P=c2VjcmV0" "M:PLAIN LOGIN"'),
    ("Compat:a@b.example<@>c@d.example", "DISCARD"),
    ("Compat:a@b.example<@>c@d.example", "TEMP:not today"),
    ("bcc:example.org", "archive@example.org"),
]


@pytest.mark.parametrize("key, value", TAKEN)
def test_access_entry_is_taken(key, value):
    assert check("access", key, value) == []


def test_every_tag_of_the_language_is_known():
    assert {key.partition(":")[0].lower() for key, dummy in TAKEN} | {"citag"} == set(tables_access.TAGS) and len(tables_access.TAGS) == 22


def test_own_tag_of_citag():
    pairs = [Pair(1, "TLS_Srv:x.example", "VERIFY+CN++CITag:MyCA"), Pair(2, "MyCA:/C=US/CN=x", "OK")]
    assert tables.check("access", pairs) == []
    with pytest.raises(MapError):
        tables.check("access", pairs[1:])


REFUSED = [
    ("Foo:example.org", "OK", "no tag 'Foo:'"),
    ("Conect:192.0.2", "OK", "did you mean Connect:?"),
    ("CITag:x", "OK", "right-hand side"),
    ("example.org", "RELAY", "has no tag"),
    ("192.168", "RELAY", "has no tag"),
    ("IPv6:2001:db8", "OK", "has no tag"),
    ("example.org", "OK", "has no tag"),
    ("Connect:", "RELAY", "open relay"),
    ("To:", "RELAY", "open relay"),
    ("From:", "RELAY", "claimed by anybody"),
    ("From:example.org", "RELAY", "claimed by anybody"),
    ("Connect:0", "RELAY", "0.0.0.0/8"),
    ("Connect:0.0.0.0", "RELAY", "0.0.0.0/8"),
    ("Connect:8", "RELAY", "8.0.0.0/8"),
    ("Connect:IPv6", "RELAY", "public Internet"),
    ("Connect:IPv6:2001", "RELAY", "public Internet"),
    ("Connect:host.example.org", "RELAY", "RELAY by host name"),
    ("Connect:localhost", "RELAY", "reverse name says so"),
    ("Connect:lan.example", "RELAY", "RELAY by host name"),
    ("To:com", "RELAY", "top-level domain"),
    ("To:user@example.org", "RELAY", "relaytofulladdress"),
    ("Connect:10.0.0.0/8", "REJECT", "no CIDR here; write 10,"),
    ("Connect:10.0.0.1/8", "REJECT", "host bits"),
    ("Connect:10.0.0.0/99", "REJECT", "no network"),
    ("Connect:192.168.", "REJECT", "no octet"),
    ("Connect:192.168.300", "REJECT", "no octet"),
    ("Connect:010.1", "REJECT", "no octet"),
    ("Connect:1.2.3.4.5", "REJECT", "5 octets"),
    ("Connect:IPv6:2001:0db8", "REJECT", "no leading zeros"),
    ("Connect:IPv6:2001:db8::1", "REJECT", "IPv6:2001:db8:0:0:0:0:0:1"),
    ("Connect:IPv6:2001:db8:x", "REJECT", "no group"),
    ("Connect:[IPv6:2001:db8::1]", "OK", "IPv6:2001:db8:0:0:0:0:0:1"),
    ("Connect:[192.0.2]", "OK", "no address in brackets"),
    ("Connect:user@example.org", "REJECT", "mail address"),
    ("Connect:exa mple.org", "REJECT", "holds a blank"),
    ("Connect:example..org", "REJECT", "neither an address nor a host"),
    ("From:a@b@", "REJECT", "no user followed by @"),
    ("From:@example.org", "REJECT", "no mail address"),
    ("From:u@example.org", "SKIP", "not for a mail address"),
    ("From:example.org", "nonsense", "no action"),
    ("From:example.org", "ERROR:nonsense", "no answer"),
    ("From:example.org", "ERROR:5.7.1:550", "no answer"),
    ("From:example.org", "ERROR:5.7.1:250 fine", "does not refuse"),
    ("From:example.org", "ERROR:5.7.1:450 mixed", "contradict"),
    ("From:example.org", 'ERROR:5.7.1:"550 open', "do not balance"),
    ("From:example.org", "ERROR:550 gone (here)", "outside quotes"),
    ("From:example.org", 'ERROR:5.7.1:"550 50% off"', "percent"),
    ("From:example.org", "QUARANTINE:", "needs a reason"),
    ("From:example.org", "FRIEND", "no action"),
    ("Spam:abuse@", "OK", "FRIEND or HATER"),
    ("GreetPause:", "soon", "no number"),
    ("GreetPause:", "600000", "5 minutes"),
    ("ClientRate:", "-1", "no number"),
    ("TLS_Srv:x.example", "ENCR", "no TLS requirement"),
    ("Try_TLS:x.example", "YES", "expects NO"),
    ("Srv_Features:", "V v2", "no letter that Srv_Features: knows"),
    ("Srv_Features:192.0.2.1", "S Z", "'Z' is no letter"),
    ("Srv_Features:192.0.2.1", "S;V", "feature letters"),
    ("Clt_Features:x.example", "S", "expected some of D M"),
    ("Srv_Features:", "S U", "smuggle"),
    ("Srv_Features:", "O", "smuggle"),
    ("TLS_Srv_features:10", "Ciphers=x", "no TLS option"),
    ("CertIssuer:CN=x", "RELAY", "distinguished name"),
    ("CertSubject:/CN=x", "SUBJECT", "means nothing"),
    ("CertIssuer:", "RELAY", "is empty"),
    ("Compat:a@b.example", "DISCARD", "pair of addresses"),
    ("Connect:192.0.2", "REJECT\r", "CR LF"),
    ("Connect:192.0.2\0", "REJECT", "control character \\x00"),
    ("Connect:192.0.2", "REJECT\nConnect: RELAY", "control character \\x0a"),
    ("From:\u00fcber.example", "REJECT", "outside ASCII"),
    ("From:x.example", 'ERROR:5.7.1:"550 n\u00f6"', "outside ASCII"),
    ("From:example.org", "OK ", "blanks at its end"),
    ("From:example.org", "ERROR:5.7.1:550 " + "x" * 1100, "longer than"),
    ("#From:example.org", "OK", "would be a remark"),
    ("From:example.org", "", "no action"),
    ("AuthInfo:x.example", '"P:hunter2"', "a user (U or I)"),
    ("AuthInfo:x.example", "hunter2", "not shown"),
]


@pytest.mark.parametrize("key, value, words", REFUSED)
def test_access_entry_is_refused(key, value, words):
    with pytest.raises(MapError) as caught:
        check("access", key, value)
    assert words in caught.value.message
    assert caught.value.message.startswith("access, line 7: ") and caught.value.details["key"] == key
    assert "hunter2" not in str(caught.value.details) + caught.value.message


def test_options_of_the_host_change_the_verdict():
    assert tables.check("access", [Pair(1, "To:u@example.org", "RELAY")], Context(access_options=["relaytofulladdress"])) == []
    assert tables.check("access", [Pair(1, "Connect:h.example.org", "RELAY")], Context(relay_by_name=True)) == []
    assert "no tag" in tables.check("access", [Pair(1, "example.org", "REJECT")], Context(untagged=True))[0]
    for key, value, context in (
        ("Connect:10.1", "SKIP", Context(access_options=[])),
        ("QGRP:x.example", "slow", Context(queue_groups=["mqueue"])),
        ("From:.example.org", "OK", Context(access_options=[])),
    ):
        with pytest.raises(MapError):
            tables.check("access", [Pair(1, key, value)], context)


TYPED = [
    ({"tag": "Connect", "key": "10.0.0.0/15", "action": "RELAY"}, [("Connect:10.0", "RELAY"), ("Connect:10.1", "RELAY")]),
    ({"tag": "connect:", "key": "2001:db8::5", "action": "OK"}, [("Connect:IPv6:2001:db8:0:0:0:0:0:5", "OK")]),
    ({"tag": "GreetPause", "key": "", "action": 5000}, [("GreetPause:", "5000")]),
    ({"tag": "From", "key": "spam.example", "action": "ERROR", "text": "Go away (now)"}, [("From:spam.example", 'ERROR:5.7.1:"550 Go away (now)"')]),
    ({"tag": "To", "key": "u@x.example", "action": "ERROR", "text": "4.2.2:450 later"}, [("To:u@x.example", 'ERROR:4.2.2:"450 later"')]),
    ({"tag": "From", "key": "x.example", "action": "QUARANTINE", "text": "odd"}, [("From:x.example", "QUARANTINE:odd")]),
    ({"key": "Connect:192.0.2.0/31", "value": "REJECT"}, [("Connect:192.0.2.0", "REJECT"), ("Connect:192.0.2.1", "REJECT")]),
    ({"key": "From:a/b@x.example", "value": "OK"}, [("From:a/b@x.example", "OK")]),
]


@pytest.mark.parametrize("entry, pairs", TYPED)
def test_typed_access_entry(entry, pairs):
    found = tables.pairs("access", [entry])
    assert [(pair.key, pair.value) for pair in found] == pairs
    assert tables.check("access", found) == []


@pytest.mark.parametrize(
    "entry, words",
    [
        ({"tag": "Foo", "key": "x", "action": "OK"}, "no tag"),
        ({"tag": "Connect", "key": "x"}, "'action' is missing"),
        ({"key": "Connect:x"}, "'value' is missing"),
        ({"tag": "From", "key": "x", "action": "REJECT", "text": "why"}, "ERROR or QUARANTINE only"),
        ({"tag": "From", "key": "x", "action": "ERROR", "text": 'a"b'}, "quote"),
        ({"tag": "From", "key": "x", "action": "ERROR", "text": "100 %"}, "percent"),
        ({"tag": "From", "key": "x", "action": "ERROR", "text": "a\nb"}, "control"),
        ({"tag": "Connect", "key": "10.0.0.1/8", "action": "OK"}, "host bits"),
    ],
)
def test_typed_access_entry_is_refused(entry, words):
    with pytest.raises(InvalidValue) as caught:
        tables.pairs("access", [entry])
    assert words in caught.value.message


# -- the other maps

OTHERS_TAKEN = [
    ("mailertable", "example.org", "esmtp:[192.0.2.25]"),
    ("mailertable", ".example.org", "relay:%1.example.net"),
    ("mailertable", ".", "smtp:hub.example.net"),
    ("mailertable", "a.example", "esmtp:[IPv6:2001:db8:0:0:0:0:0:1]"),
    ("mailertable", "a.example", "esmtp:mx1.example.net:[mx2.example.net]"),
    ("mailertable", "a.example", "local:"),
    ("mailertable", "a.example", "local:user"),
    ("mailertable", "a.example", "error:5.7.0:550 closed"),
    ("mailertable", "a.example", "error:nohost"),
    ("virtusertable", "info@a.example", "user"),
    ("virtusertable", "@a.example", "%1@b.example"),
    ("virtusertable", "x+*@a.example", "u+%2@b.example"),
    ("virtusertable", "x@a.example", "error:nouser 550 No such user"),
    ("virtusertable", "x@a.example", "error:5.7.0:550 invalid"),
    ("virtusertable", "@a.example", "@b.example"),
    ("genericstable", "user", "first.last@example.org"),
    ("genericstable", "@old.example", "%1@example.org"),
    ("genericstable", "old+*@a.example", "new+%1@b.example"),
    ("domaintable", "old.example", "new.example"),
    ("userdb", "first.last:maildrop", "user@hub.example"),
    ("userdb", "user:mailname", "first.last"),
    ("authinfo", "AuthInfo:mail.example.org", '"U:u" "P:p"'),
    ("authinfo", "AuthInfo:", '"I=dQ==" "P=cA=="'),
    ("authinfo", "AuthInfo:192.0.2.1", '"U:u" "P:p" "R:r"'),
    ("local-host-names", "example.org", ""),
    ("relay-domains", "example.org", ""),
    ("relay-domains", "192.168", ""),
    ("relay-domains", "IPv6:2001:db8:7", ""),
    ("trusted-users", "root", ""),
]


@pytest.mark.parametrize("kind, key, value", OTHERS_TAKEN)
def test_other_entry_is_taken(kind, key, value):
    assert check(kind, key, value) == []


OTHERS_REFUSED = [
    ("mailertable", "example.org", "uucp:host", "mailer 'uucp' is not declared"),
    ("mailertable", "example.org", "192.0.2.25", "no mailer:host"),
    ("mailertable", "example.org", "esmtp", "no mailer:host"),
    ("mailertable", "example.org", "esmtp:", "no host stands behind"),
    ("mailertable", "example.org", "esmtp:192.0.2.25", "in brackets: [192.0.2.25]"),
    ("mailertable", "example.org", "esmtp:a b", "no host"),
    ("mailertable", "example.org", "esmtp:a::b", "no host"),
    ("mailertable", "gw.example.org", "esmtp:[192.0.2.25]", "class w"),
    ("mailertable", "GW.Example.Org", "esmtp:[192.0.2.25]", "class w"),
    ("mailertable", "user@example.org", "esmtp:h.example", "no domain"),
    ("mailertable", "..example.org", "esmtp:h.example", "no domain"),
    ("mailertable", "example.org", "error:5.7.0:250 ok", "does not refuse"),
    ("mailertable", "example.org", "esmtp:[h.example", "no host"),
    ("mailertable", "syscmd(x)", "esmtp:h.example", "no domain"),
    ("virtusertable", "info", "user", "no address"),
    ("virtusertable", "a@b@c.example", "user", "no address"),
    ("virtusertable", "a@b.example", "x@y.example, z@y.example", "more than one"),
    ("genericstable", "a b", "c@d.example", "blank"),
    ("genericstable", "a", "b c", "more than one"),
    ("genericstable", "@", "b@c.example", "no address"),
    ("domaintable", "a b", "c", "blank"),
    ("domaintable", "a.example", "c@d", "no domain"),
    ("userdb", "user", "x@y.example", "user database"),
    ("userdb", "user:drop", "x", "user database"),
    ("authinfo", "mail.example.org", '"U:u" "P:hunter2"', "must begin with AuthInfo:"),
    ("authinfo", "AuthInfo:x", '"U:u" "U:v" "P:hunter2"', "twice"),
    ("authinfo", "AuthInfo:x", '"U:u" P:hunter2', "not shown"),
    ("authinfo", "AuthInfo:a_b c", '"U:u" "P:p"', "blank"),
    ("local-host-names", "exa mple", "", "blank"),
    ("local-host-names", "a@b", "", "neither"),
    ("relay-domains", "com", "", "top-level"),
    ("relay-domains", "8", "", "public Internet"),
    ("relay-domains", "10.0.0.0/8", "", "no CIDR"),
    ("trusted-users", "a b", "", "blank"),
    ("trusted-users", "a@b", "", "no user name"),
]


@pytest.mark.parametrize("kind, key, value, words", OTHERS_REFUSED)
def test_other_entry_is_refused(kind, key, value, words):
    with pytest.raises(MapError) as caught:
        check(kind, key, value)
    assert words in caught.value.message and caught.value.message.startswith(kind + ", line 7: ")
    assert "hunter2" not in caught.value.message


def test_virtual_domain_that_is_nowhere_is_refused():
    known = Context(virtual_domains=["Virt.example"], local_host_names=["gw.example.org"])
    assert tables.check("virtusertable", [Pair(4, "a@virt.example", "u"), Pair(5, "a@gw.example.org", "u")], known) == []
    with pytest.raises(MapError) as caught:
        tables.check("virtusertable", [Pair(3, "a@other.example", "u")], known)
    assert "line 3" in caught.value.message and "class VirtHost" in caught.value.message and "sendmail_virtusertable.domains" in caught.value.message
    # Where the classes are not known nothing is said.
    assert tables.check("virtusertable", [Pair(3, "a@other.example", "u")], Context()) == []


@pytest.mark.parametrize(
    "kind, first, second",
    [
        ("access", "From:a.example", "from:A.example"),
        ("mailertable", "a.example", "A.EXAMPLE"),
        ("local-host-names", "a.example", "a.example"),
        ("aliases", "list", "List"),
    ],
)
def test_key_that_stands_twice(kind, first, second):
    value = {"access": "OK", "mailertable": "esmtp:[h.example]"}.get(kind, "u@x.example" if kind == "aliases" else "")
    with pytest.raises(MapError) as caught:
        tables.check(kind, [Pair(3, first, value), Pair(9, second, value)])
    assert "line 9" in caught.value.message and "first in line 3" in caught.value.message
    with pytest.raises(MapError) as caught:
        tables.check(kind, [Pair(3, first, value), Pair(9, second, value)], where="entry")
    assert "entry 9" in caught.value.message and "first in entry 3" in caught.value.message


def test_many_problems_are_counted():
    with pytest.raises(MapError) as caught:
        tables.check("access", [Pair(number, "Foo:%d" % number, "OK") for number in range(1, 21)])
    assert "line 5" in caught.value.message and "And 15 more" in caught.value.message and len(caught.value.details["problems"]) == 20


# -- authinfo


def test_authinfo_carries_every_character():
    password = "pa\"ss\\ w\u00f6rd %s $j '`#"
    pair = tables.pairs("authinfo", [{"host": "mail.example.org", "user": "me", "password": password, "mechanisms": ["PLAIN", "LOGIN"], "realm": "r"}])[0]
    tokens = dict(re.findall(r'"(.)[=:]([^"]*)"', pair.value))
    assert pair.key == "AuthInfo:mail.example.org" and tokens["M"] == "PLAIN LOGIN"
    assert base64.b64decode(tokens["P"]).decode("utf-8") == password and base64.b64decode(tokens["I"]) == b"me"
    assert tables.check("authinfo", [pair]) == []


@pytest.mark.parametrize(
    "fields, words",
    [
        ({"user": "u"}, "no password"),
        ({"password": "hunter2"}, "no user"),
        ({"user": "u", "password": "hunter2\n"}, "newline"),
        ({"user": "u", "password": "hunter2", "mechanisms": ["PLA IN"]}, "SASL mechanism"),
    ],
)
def test_authinfo_is_refused_without_telling_it(fields, words):
    with pytest.raises(InvalidValue) as caught:
        tables.pairs("authinfo", [dict(fields, host="h")])
    assert words in caught.value.message and "hunter2" not in caught.value.message


# -- aliases


@pytest.mark.parametrize(
    "name, value",
    [
        ("staff", "a@x.example, b@x.example"),
        ("quoted", '"Full, Name" <u@x.example>'),
        ("file", "/var/mailjail/archive"),
        ("file", '"/var/mailjail/archive file"'),
        ("null", "/dev/null"),
        ("away", '"|vacation user"'),
        ("away", '"|/usr/bin/vacation user"'),
        ("list", ":include:/etc/mail/list"),
        ("selfy", "selfy, x@y.example"),
        ("mailbox", "\\mailbox, x@y.example"),
        ('"Quoted Name"', "x@y.example"),
        ("owner-list", "root"),
        ("user+*", "root"),
        ("literal", "u@[192.0.2.1]"),
        ("remark", "u@x.example (the boss)"),
        ("tag", "root+tag"),
        ("o'brien", "o'brien@x.example"),
    ],
)
def test_alias_is_taken(name, value):
    assert check("aliases", name, value, HUB) == []


@pytest.mark.parametrize(
    "name, value, context, words",
    [
        ("a@x.example", "b", HUB, "holds no @"),
        ("a!b", "c", HUB, "no name"),
        ("a%b", "c", HUB, "no name"),
        ("|x", "c", HUB, "no name"),
        ("/x", "c", HUB, "no name"),
        ("a,b", "c", HUB, "no name"),
        ("a(b)", "c", HUB, "no name"),
        ("a b", "c", HUB, "blank"),
        ("a", "", HUB, "no target"),
        ("a", '"open', HUB, "not closed"),
        ("a", "u@x.example v@x.example", HUB, "no address"),
        ("a", "a@b@c.example", HUB, "no address"),
        ("a", "u@x.example # remark", HUB, "no address"),
        ("a", "|vacation", GATEWAY, "programs as targets"),
        ("a", "/var/mailjail/x", GATEWAY, "files as targets"),
        ("a", "/dev/null", GATEWAY, "DISCARD"),
        ("a", ":include:/x", GATEWAY, ":include: files are not allowed"),
        ("a", "|/bin/sh", HUB, "smrsh does not run 'sh'"),
        ("a", "|/usr/bin/vacation user", HUB, 'write it in double quotes: "|/usr/bin/vacation user"'),
        ("a", "u@x.example, /var/mailjail/a b", HUB, "double quotes"),
        ("a", "/var/spool/x", HUB, "/var/mailjail/var/spool/x"),
        ("a", "/var/mailjailhouse/x", HUB, "would write 'house/x'"),
        ("a", "/var/mailjail/../x", HUB, "spelt plainly"),
        ("a", "/var/mailjail", HUB, "below /var/mailjail/"),
        ("a", ":include:list", HUB, "absolute"),
        ("a", "r\u00f6@x.example", HUB, "outside ASCII"),
        ("a", '"|cmd"@localhost', GATEWAY, "behind an address"),
        ("a", '"|vacation"@hub.example.org', HUB, "behind an address"),
        ("a", "\\|cmd", GATEWAY, "behind an address"),
        ("a", "host!|cmd", GATEWAY, "behind an address"),
        ("a", "Name <|cmd@localhost>", GATEWAY, "behind an address"),
        ("a", '"/var/mailjail/x"@localhost', GATEWAY, "behind an address"),
        ("a", '":include:/etc/shadow"@localhost', GATEWAY, "behind an address"),
        ("a", ", ".join("user%d@x.example" % number for number in range(80)), HUB, "split the list"),
    ],
)
def test_alias_is_refused(name, value, context, words):
    with pytest.raises(MapError) as caught:
        check("aliases", name, value, context)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "lines, words",
    [
        (["a: b", "b: a"], "alias loop: a -> b -> a"),
        (["a: b, x@y.example", "b: c", "c: a"], "alias loop: a -> b -> c -> a"),
        (["a: b@Hub.Example.Org", "b: A"], "alias loop: a -> b -> a"),
        (["c%d: c%d" % (number, number + 1) for number in range(1, 12)] + ["c12: x@y.example"], "through 12 others"),
    ],
)
def test_alias_loop(lines, words):
    with pytest.raises(MapError) as caught:
        tables.check("aliases", tables.parse("aliases", "\n".join(lines)), HUB)
    assert words in caught.value.message


@pytest.mark.parametrize(
    "lines",
    [
        ["a: b", "b: \\a"],
        ["a: b@other.example", "b: a"],
        ["a: a, b", "b: c, d", "c: d", "d: x@y.example"],
        ["c%d: c%d" % (number, number + 1) for number in range(1, 11)],
    ],
)
def test_what_is_no_loop(lines):
    assert [told for told in tables.check("aliases", tables.parse("aliases", "\n".join(lines)), HUB) if "no such alias" not in told] == []


def test_missing_role_accounts_are_told():
    told = tables.check("aliases", [Pair(1, "Postmaster", "x@y.example")], HUB)
    assert len(told) == 1 and "mailer-daemon" in told[0]


def test_parsing_aliases():
    text = '# remark\npostmaster: root\nlist:  a@x.example,\n\tb@x.example\n\n"odd: name" : root\n'
    assert [tuple(pair)[:3] for pair in tables.parse("aliases", text)] == [
        (2, "postmaster", "root"),
        (3, "list", "a@x.example, b@x.example"),
        (6, '"odd: name"', "root"),
    ]


@pytest.mark.parametrize(
    "text, words",
    [("no colon here\n", "line 1: no colon"), ("\n  stray\n", "line 2: a line that begins with a blank"), ("a: b\\\nc\n", "line 1: it ends with a backslash")],
)
def test_parsing_aliases_refuses(text, words):
    with pytest.raises(MapError) as caught:
        tables.parse("aliases", text)
    assert words in caught.value.message


@pytest.mark.parametrize("name, stored", [('"Plain.Name"', "plain.name"), ('"Two Words"', '"two words"'), ("UPPER", "upper")])
def test_alias_name_as_sendmail_stores_it(name, stored):
    assert tables_aliases.stored_name(name) == stored


# -- texts


def test_text_has_remarks_above_their_entries_and_is_sorted():
    entries = [{"key": "b.example", "value": "esmtp:[h.example]", "comment": "second\nline"}, {"key": "a.example", "value": "relay:[h.example]"}]
    assert (
        tables.entries_text("mailertable", entries, heading="Managed.")
        == "# Managed.\na.example\trelay:[h.example]\n# second\n# line\nb.example\tesmtp:[h.example]\n"
    )


def test_remark_of_a_network_stands_above_its_first_key():
    network = {"tag": "Connect", "key": "192.0.2.8/29", "action": "RELAY", "comment": "lan"}
    text = tables.entries_text("access", [network, {"key": "Connect:192.0.2.7", "value": "OK"}])
    assert text.split("\n")[:4] == ["Connect:192.0.2.7\tOK", "# lan", "Connect:192.0.2.8\tRELAY", "Connect:192.0.2.9\tRELAY"]


def test_remark_never_becomes_an_entry():
    text = tables.entries_text(
        "access", [{"key": "Connect:192.0.2", "value": "REJECT", "comment": "x\rConnect:\tRELAY\x0bTo:\tRELAY\u2028From:\tOK " + "y" * 3000}]
    )
    lines = re.split(r"[\r\n]", text)
    assert [line for line in lines if line and line[0] != "#"] == ["Connect:192.0.2\tREJECT"] and max(map(len, lines)) < 1000


@pytest.mark.parametrize(
    "kind, entries",
    [
        ("access", [{"tag": "Connect", "key": "10.0.0.0/15", "action": "RELAY"}]),
        ("aliases", [{"key": "root", "value": ["a@x.example", "b@x.example"]}]),
        ("local-host-names", ["b.example", {"key": "a.example", "comment": "why"}]),
        ("virtusertable", [{"key": "@A.example", "value": "u@B.example"}]),
    ],
)
def test_text_reads_back_as_it_was_meant(kind, entries):
    meant = [(pair.key, pair.value) for pair in tables.pairs(kind, entries)]
    assert [(pair.key, pair.value) for pair in tables.parse(kind, tables.entries_text(kind, entries, HUB))] == meant


@pytest.mark.parametrize(
    "kind, text, pairs",
    [
        ("access", "# x\n\nFrom:a.example   \t OK\n", [(3, "From:a.example", "OK")]),
        ("access", 'From:a.example\tERROR:"550 a  b"', [(1, "From:a.example", 'ERROR:"550 a  b"')]),
        ("local-host-names", "a.example # why\n\n# b\nc.example\n", [(1, "a.example", ""), (4, "c.example", "")]),
    ],
)
def test_parsing(kind, text, pairs):
    assert [tuple(pair)[:3] for pair in tables.parse(kind, text)] == pairs


@pytest.mark.parametrize(
    "kind, text, words",
    [
        ("access", "From:a.example OK\n From:b.example OK\n", "line 2: it begins with a blank"),
        ("access", "From:a.example\n", "line 1: nothing stands behind the key"),
        ("authinfo", "hunter2\n", "nothing stands behind the key"),
    ],
)
def test_parsing_refuses(kind, text, words):
    with pytest.raises(MapError) as caught:
        tables.parse(kind, text)
    assert words in caught.value.message and "hunter2" not in caught.value.message


# -- the diff of meaning


def test_changes():
    assert tables.changes({"a": "1", "b": "2", "c": "3"}, {"a": "1", "b": "9", "d": "4"}) == {
        "added": ["d\t4"],
        "removed": ["c\t3"],
        "changed": ["b\t2 -> 9"],
        "more": 0,
    }


@pytest.mark.parametrize("front, secret", [("", True), ("AuthInfo:", False)])
def test_changes_of_secrets_show_keys_only(front, secret):
    found = tables.changes({front + "a": "hunter2", front + "b": "x"}, {front + "a": "hunter3", front + "c": "hunter4"}, secret)
    masked = tables.MASKED
    assert found == {"added": [front + "c\t" + masked], "removed": [front + "b\t" + masked], "changed": [front + "a\t%s -> %s" % (masked, masked)], "more": 0}


def test_changes_are_bounded():
    found = tables.changes({}, {"k%05d" % number: "v" for number in range(5000)})
    assert len(found["added"]) == tables.SHOWN_LIMIT and found["more"] == 5000 - tables.SHOWN_LIMIT


def test_context_refuses_unknown_facts():
    with pytest.raises(TypeError):
        Context(mailer=["x"])


@pytest.mark.parametrize(
    "text, expected",
    [
        ("user@example.org", True),
        ("user@[192.0.2.1]", True),
        ("@example.org", False),
        ("a b@example.org", False),
        ("user@-x.example", False),
        ("u@" + "a" * 64 + ".example", False),
    ],
)
def test_addresses(text, expected):
    assert tables_syntax.is_address(text) is expected
