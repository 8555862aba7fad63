# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_maps, cf, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError


def test_entries_keep_their_remarks_and_untagged_keys():
    text = "# A heading.\n\n# The office\n# and its printer.\n192.168.1\tRELAY\nspam.example\tREJECT\n\n#Connect:off\tREJECT\nConnect:b.example\tRELAY\n"
    assert adopt_maps.entries("access", text) == ([
        {"key": "192.168.1", "value": "RELAY", "comment": "The office and its printer."}, {"key": "spam.example", "value": "REJECT"},
        {"key": "Connect:b.example", "value": "RELAY", "comment": "Connect:off\tREJECT"}], [])


def test_whom_an_old_map_lets_relay_is_not_judged():
    text = "Connect:localhost\tRELAY\nFrom:example.com\tRELAY\nTo:example.net\tRELAY\nexample.org\tRELAY\n"
    assert len(adopt_maps.entries("access", text)[0]) == 4
    assert adopt_maps.names("relay-domains", "example.com\n8\n.example.net\n") == ["example.com", "8", ".example.net"]


@pytest.mark.parametrize("key", ["Connect:", "From:", "To:"])
def test_a_map_that_lets_everybody_relay_is_not_taken_over_unless_that_is_waived(key):
    with pytest.raises(MapError) as refused:
        adopt_maps.entries("access", "Connect:10\tRELAY\n%s\tRELAY\n" % key)
    assert "open relay" in refused.value.message and "line 2" in refused.value.message and "promiscuous_relay" in refused.value.message
    tables.check("access", tables.parse("access", key + "\tRELAY\n"), adopt_maps.CONTEXT.having(open_relay=True))
    with pytest.raises(MapError):
        tables.check("access", tables.parse("access", key + "\tRELAY\n"), tables.Context(open_relay=True))


def test_aliases_are_read_over_continued_lines_with_files_programs_and_lists():
    text = "postmaster: root\nmailer-daemon: postmaster\nteam:\tann,\n\tbob,\n  \"|/usr/bin/vacation ann\"\nlist: :include:/etc/mail/list\nold: /var/mail/old\n"
    found, idle = adopt_maps.entries("aliases", text)
    assert {one["key"]: one["value"] for one in found}["team"] == 'ann, bob, "|/usr/bin/vacation ann"' and len(found) == 5 and idle == []


def test_entries_that_sendmail_never_finds_are_left_out_and_named():
    found, idle = adopt_maps.entries("access", "Connect:IPv6:::1\tRELAY\nConnect:127.0.0.1\tRELAY\n")
    assert [one["key"] for one in found] == ["Connect:127.0.0.1"]
    assert len(idle) == 1 and "line 1" in idle[0] and "IPv6:0:0:0:0:0:0:0:1" in idle[0]


@pytest.mark.parametrize("kind, text, word", [
    ("access", "a.example\tREJECT\na.example\tOK\n", "twice"),
    ("aliases", "one two\n", "colon"),
    ("mailertable", "a.example\tnowhere\n", "mailer:host"),
])
def test_a_map_that_sendmail_takes_badly_is_refused_with_its_line(kind, text, word):
    with pytest.raises(MapError) as refused:
        adopt_maps.entries(kind, text)
    assert word in refused.value.message and "line" in refused.value.message


@pytest.mark.parametrize("data, text, words", [
    (b"a: b\n", "a: b\n", []),
    (b"# M\xfcller\na: b\n", u"# M\xfcller\na: b\n", ["line 1", "Latin-1"]),
    (b"# ok\r\na: b\r\n", "# ok\na: b\n", ["line 1", "CR LF"]),
    (b"a: b\n# M\xfcller\r\n", u"a: b\n# M\xfcller\n", ["line 2", "Latin-1", "CR LF"]),
])
def test_texts_of_other_systems_are_read_and_named(data, text, words):
    found, remarks = adopt_maps.decoded(data, "/etc/mail/x")
    assert found == text and all(word in " ".join(remarks) for word in words) and bool(remarks) == bool(words)


@pytest.mark.parametrize("members, networks, names", [
    (["example.com", "192.168.1", "10", "172.16.0.1"], ["192.168.1.0/24", "10.0.0.0/8", "172.16.0.1/32"], ["example.com"]),
    (["999.1", "host", "192.168.1."], [], ["999.1", "host", "192.168.1."]),
])
def test_members_of_class_r_are_networks_or_names(members, networks, names):
    assert adopt_maps.relays(members) == (networks, names)


def test_a_cf_says_where_its_files_are():
    text = ("Kaccess hash -T<TMPF> -o /etc/mail/access.db\nKmailertable hash /srv/mail/table\nKvirtuser ldap -k x\nFw-o /etc/mail/local-host-names %[^\\#]\n"
            "FR-o /etc/mail/relay-domains\nO AliasFile=hash:/etc/aliases, /etc/mail/lists\n")
    found = cf.parse(text)
    assert adopt_maps.sources(found) == {"access": "/etc/mail/access", "mailertable": "/srv/mail/table", "local-host-names": "/etc/mail/local-host-names",
                                         "relay-domains": "/etc/mail/relay-domains", "aliases": "/etc/aliases"}
    assert adopt_maps.further_aliases(found) == ["/etc/mail/lists"] and adopt_maps.map_type(found) == "auto"


@pytest.mark.parametrize("kind, text, secret", [
    ("authinfo", "", True),
    ("access", "AuthInfo:a.example\t\"U:x\" \"P:y\"\n", True),
    ("access", "Connect:a\tOK\n#AuthInfo:a.example \"U:x\" \"P:y\"\n", True),
    ("access", "# authinfo: see below\nConnect:a\tOK\n", True),
    ("mailertable", "# was \"U:x\" \"P=eQ==\"\na.example\tesmtp:[b.example]\n", True),
    ("access", "# P: the press\nConnect:a\tOK\n", False),
])
def test_what_holds_passwords_is_known(kind, text, secret):
    assert adopt_maps.secret(kind, text) is secret
