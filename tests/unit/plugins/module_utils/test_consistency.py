# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps that are sound one by one and wrong together: the traps of maps (T21 to T26), each with a bad case and its harmless sibling."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import consistency, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables import Context, Pair

KNOWN = Context(mailers=["esmtp", "relay", "local", "smtp", "discard"], local_host_names=["gw.example.org", "mail2.example.org"],
                virtual_domains=["v.example", "w.example"], access_options=[])
FILES = KNOWN.having(alias_files=True)
ROLES = {"postmaster": "root", "MAILER-DAEMON": "postmaster", "root": "admin@example.org"}


def maps(said):
    """Return kind -> pairs of a case, numbered in order."""
    return {kind: [Pair(number, key, value) for number, (key, value) in enumerate((dict(ROLES, **rows) if kind == "aliases" else rows).items(), 1)]
            for kind, rows in said.items()}


def judged(said, context):
    """Hold maps against their own rules, then against each other, as the transaction does; return the warnings."""
    found, told = maps(said), []
    for kind, pairs in found.items():
        told += tables.check(kind, pairs, context)
    return told + consistency.check(found, context)


# (trap, what is wrong): maps, words of the refusal.
REFUSED = {
    "T21: a domain that is local": ({"mailertable": {"gw.example.org": "relay:[mail.example.org]"}}, ["mailertable", "gw.example.org", "class w"]),
    "T21: a next hop that is this host": ({"mailertable": {"a.example": "relay:[gw.example.org]"}}, ["mailertable", "a.example", "this host itself"]),
    "T21: one of several hops is this host": ({"mailertable": {"a.example": "esmtp:[x.example]:GW.example.org"}}, ["a.example", "GW.example.org"]),
    "T22: a domain of no class": ({"virtusertable": {"joe@x.example": "joe"}}, ["virtusertable", "joe@x.example", "VirtHost"]),
    "T22: an address that is itself": ({"virtusertable": {"joe@v.example": "joe@v.example"}}, ["loop", "joe@v.example"]),
    "T22: two addresses": ({"virtusertable": {"a@v.example": "b@w.example", "b@w.example": "A@v.example"}}, ["loop", "a@v.example", "b@w.example"]),
    "T22: two whole domains": ({"virtusertable": {"@v.example": "%1@w.example", "@w.example": "%1@v.example"}}, ["loop", "@v.example", "@w.example"]),
    "T22: a whole domain into itself": ({"virtusertable": {"@v.example": "%1@v.example"}}, ["loop", "@v.example"]),
    "T22: an address that only grows": ({"virtusertable": {"@v.example": "x%1@w.example", "@w.example": "y%1@v.example"}}, ["grows", "v.example"]),
    "T22: one address of a whole domain": (
        {"virtusertable": {"@v.example": "sales@w.example", "sales@w.example": "info@v.example"}}, ["loop", "sales@w.example"]),
    "T23: relaying by sender": ({"access": {"From:a.example": "RELAY"}}, ["From:a.example", "anybody"]),
    "T23: relaying by name": ({"access": {"Connect:a.example": "RELAY"}}, ["Connect:a.example", "reverse zone"]),
    "T23: a whole top-level domain": ({"access": {"To:com": "RELAY"}}, ["To:com", "top-level domain"]),
    "T23: everybody": ({"access": {"Connect:": "RELAY"}}, ["open relay"]),
    "T23: a part of the Internet": ({"access": {"Connect:8": "RELAY"}}, ["8.0.0.0/8"]),
    "T24: two aliases": ({"aliases": {"a": "b", "b": "a"}}, ["alias loop", "a -> b"]),
    "T24: by the name of this host": ({"aliases": {"a": "b@gw.example.org", "b": "a"}}, ["alias loop"]),
    "T24: through the virtusertable": ({"virtusertable": {"joe@v.example": "joe"}, "aliases": {"joe": "bob, joe@v.example"}}, ["loop", "joe@v.example"]),
    "T24: through both, with a detail": ({"virtusertable": {"@v.example": "%1"}, "aliases": {"joe": "joe+x@v.example"}}, ["loop", "joe"]),
    "T24: /dev/null where files are off": ({"aliases": {"void": "/dev/null"}}, ["void", "DISCARD"]),
    "T25: IPv6 folded": ({"access": {"Connect:IPv6:2001:db8::1": "OK"}}, ["IPv6:2001:db8:0:0:0:0:0:1"]),
    "T25: IPv6 with leading zeros": ({"access": {"Connect:IPv6:2001:0db8": "OK"}}, ["0db8"]),
    "T25: IPv4 inside IPv6": ({"access": {"Connect:IPv6:::ffff:192.0.2.7": "OK"}}, ["write 192.0.2.7"]),
    "T26: a border inside an octet": ({"access": {"Connect:192.168.0.0/20": "OK"}}, ["CIDR", "192.168.0"]),
    "T26: a dot at the end": ({"access": {"Connect:192.168.": "OK"}}, ["192.168."]),
    "T26: leading zeros": ({"access": {"Connect:192.168.010": "OK"}}, ["010"]),
    "T26: no tag": ({"access": {"a.example": "REJECT"}}, ["no tag", "From:a.example"]),
    "T26: a wildcard": ({"access": {"To:*.a.example": "REJECT"}}, ["*.a.example"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name(name):
    said, words = REFUSED[name]
    with pytest.raises(MapError) as caught:
        judged(said, KNOWN)
    assert [word for word in words if word not in caught.value.message] == [], caught.value.message


# The siblings that look alike and are meant.
TAKEN = {
    "T21: below a domain that is local": {"mailertable": {".gw.example.org": "relay:[mail.example.org]"}},
    "T21: a local user of this host": {"mailertable": {"a.example": "local:joe"}},
    "T21: another host": {"mailertable": {"a.example": "esmtp:[IPv6:2001:db8:0:0:0:0:0:1]:other.example"}},
    "T22: a name of this host": {"virtusertable": {"joe@gw.example.org": "joe@example.org", "@v.example": "%1@w.example", "@w.example": "error:nouser"}},
    "T22: out of the house": {"virtusertable": {"@v.example": "%1@example.net", "a@w.example": "b@v.example", "@w.example": "a@w.example"}},
    "T22: a backslash ends it": {"virtusertable": {"joe@v.example": "\\joe@v.example", "@v.example": "joe@example.org", "@w.example": "x@example.org"}},
    "T24: the mailbox, too": {"aliases": {"joe": "joe, bob@example.org"}},
    "T24: through the virtusertable to the mailbox": {"virtusertable": {"joe@v.example": "joe", "x@w.example": "y"}, "aliases": {"joe": "joe"}},
    "T24: a file": {"aliases": {"void": "/dev/null"}},
    "T25: as sendmail spells it": {"access": {"Connect:IPv6:2001:db8:0:0:0:0:0:1": "OK", "Connect:IPv6:2001:db8": "OK"}},
    "T26: octets": {"access": {"Connect:192.168": "OK", "Connect:192.168.1.2": "REJECT"}},
}


@pytest.mark.parametrize("name", TAKEN)
def test_what_is_meant_passes(name):
    assert judged(TAKEN[name], FILES) == []


@pytest.mark.parametrize("paths, place", [
    (None, "mailertable, entry 1: 'a.example'"), ({"access": "/etc/mail/access"}, "mailertable, entry 1: 'a.example'"),
    ({"mailertable": "/etc/mail/mailertable"}, "mailertable, /etc/mail/mailertable, line 1: 'a.example'")])
def test_a_place_is_an_entry_or_a_line_of_a_source(paths, place):
    with pytest.raises(MapError) as caught:
        consistency.check(maps({"mailertable": {"a.example": "relay:[gw.example.org]"}}), KNOWN, paths)
    assert caught.value.message.startswith(place)


def test_a_virtual_domain_without_entries_is_told():
    told, = judged({"virtusertable": {"@v.example": "joe"}}, KNOWN)
    assert "w.example" in told and "MX records" in told


# What opens relaying on the side: an entry, and words of what is said of it; None where nothing is.
OPENED = {
    "a recipient domain": ({"To:partner.example": "RELAY"}, "everybody may send to partner.example"),
    "a certificate authority": ({"CertIssuer:/C=DE/CN=CA": "RELAY"}, "a certificate of /C=DE/CN=CA may relay"),
    "a subject": ({"CertSubject:/CN=joe": "RELAY"}, "the holder of the certificate /CN=joe"),
    "a whole private range": ({"Connect:10": "RELAY"}, "16777216 addresses of 10.0.0.0/8"),
    "a wide public network": ({"Connect:8.8": "RELAY"}, "65536 addresses of 8.8.0.0/16"),
    "a wide IPv6 network": ({"Connect:IPv6:2001:678": "RELAY"}, "2001:678::/32"),
    "a host by name": ({"Connect:relay.example": "RELAY"}, "reverse zone"),
    "a network of ordinary size": ({"Connect:192.0.2": "RELAY", "Connect:10.1": "RELAY", "Connect:IPv6:2001:678:7": "RELAY"}, None),
    "the host itself": ({"Connect:127": "RELAY"}, None),
    "a name without tag": ({"partner.example": "RELAY"}, "everybody may send to partner.example"),
    "an address without tag": ({"joe@partner.example": "RELAY"}, "everybody may send to joe@partner.example"),
    "a wide network without tag": ({"8.8": "RELAY"}, "65536 addresses of 8.8.0.0/16"),
    "a wide IPv6 network without tag": ({"IPv6:2001:678": "RELAY"}, "2001:678::/32"),
    "a network of ordinary size without tag": ({"192.168.1": "RELAY", "192.0.2.1": "RELAY"}, None),
    "a sender": ({"From:partner.example": "RELAY"}, "whoever claims a sender of partner.example"),
    "everybody": ({"Connect:": "RELAY"}, "everybody may relay"),
    "every sender": ({"From:": "RELAY"}, "everybody may relay"),
    "every recipient": ({"To:": "RELAY"}, "everybody may relay"),
    "a refusal without tag": ({"spam.example": "REJECT"}, None),
    "no relaying at all": ({"Connect:10": "OK", "To:a.example": "REJECT"}, None),
}


@pytest.mark.parametrize("name", OPENED)
def test_relaying_on_the_side_is_named(name):
    rows, words = OPENED[name]
    found = consistency.openings(maps({"access": rows}))
    assert [key for key in rows if not any(key in one.place for one in found)] == ([] if words else list(rows))
    assert words is None or words in found[0].who
    listed, fresh = consistency.sentences(found)
    assert len(listed) == len(fresh) == len(found) and all("Relaying is opened" in one for one in fresh)
    # What was there before is listed, and no news.
    assert consistency.sentences(found, found) == (listed, [])


def test_mechanisms_and_virtual_domains_open_relaying_too():
    found = consistency.openings(maps({"virtusertable": {"@V.example": "joe"}}), ["PLAIN"], ["v.example", "W.example"])
    assert [one.place for one in found] == ["TRUST_AUTH_MECH PLAIN", "VIRTUSER_DOMAIN w.example"]
    assert "error:nouser" in found[1].who


def test_many_are_summed_up():
    found = consistency.openings(maps({"access": {"To:d%d.example" % number: "RELAY" for number in range(50)}}))
    listed, told = consistency.sentences(found)
    assert len(listed) == 50 and len(told) == 21 and "30 more" in told[-1]


@pytest.mark.parametrize("entire, expected", [(False, ["a@sub.v.example", "b@x.example"]), (True, ["b@x.example"])])
def test_what_the_compiled_classes_never_ask(entire, expected):
    pairs = [Pair(1, "a@sub.v.example", "u"), Pair(2, "b@x.example", "u"), Pair(3, "c@V.example", "u"), Pair(4, "d@gw.example", "u")]
    assert [one.key for one in consistency.never_asked(pairs, {"gw.example"}, {"v.example"}, entire)] == expected
