# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps that are no tables: what settings become, and what is refused because m4 or sendmail would take it for something else."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_definitions

LDAP = {"name": "people", "class": "ldap", "uri": ["ldaps://a.example/", "ldaps://b.example/"], "base": "ou=people,dc=corp,dc=example",
        "filter": "(&(objectClass=person)(mail=%0))", "attributes": ["mail", "uid"]}


def site(*definitions, **more):
    return dict({"map_definitions": list(definitions), "tables": {}, "compile_flags": [],
                 "waivers": [], "platform": {"maps": {"access": "/etc/mail/access"}}}, **more)


def line(*definitions, **more):
    return plan_definitions.definitions(site(*definitions, **more))[-1]


LINES = {
    "ldap": (LDAP, 'Kpeople ldap -v"mail,uid" -b"ou=people,dc=corp,dc=example" -k"(&(objectClass=person)(mail=%0))" -T<TMPF> -w3 '
                   '-H"ldaps://a.example/ ldaps://b.example/"'),
    "ldap that must not fail": (dict(LDAP, ignore_failure=True, single=True, scope="sub", timeout=10),
                                'Kpeople ldap -v"mail,uid" -b"ou=people,dc=corp,dc=example" -k"(&(objectClass=person)(mail=%0))" -t -ssub -1 -l10 -w3 '
                                '-H"ldaps://a.example/ ldaps://b.example/"'),
    "ldap with a password": (dict(LDAP, uri="ldapi://%2Frun%2Fldapi", bind_dn="cn=mail server,dc=corp", password="hush"),
                             'Kpeople ldap -v"mail,uid" -b"ou=people,dc=corp,dc=example" -d"cn=mail server,dc=corp" -k"(&(objectClass=person)(mail=%0))" '
                             '-Msimple -T<TMPF> -w3 -P"/etc/mail/ldap-people.secret" -H"ldapi://%2Frun%2Fldapi"'),
    "regex": ({"name": "digits", "class": "regex", "pattern": "^([0-9]+)@(.+)$", "substrings": "1,2", "delimiter": ":", "append": "MATCH"},
              "Kdigits regex -aMATCH -d: -s1,2 ^([0-9]+)@(.+)$"),
    "regex, no match": ({"name": "letters", "class": "regex", "pattern": "[a-z]", "negate": True, "match_only": True}, "Kletters regex -m -n [a-z]"),
    "socket": ({"name": "asked", "class": "socket", "socket": "local:/run/map.sock", "timeout": 5}, "Kasked socket -T<TMPF> -d5 local:/run/map.sock"),
    "dns": ({"name": "texts", "class": "dns", "record": "TXT", "domain": "list.example", "retries": 2}, "Ktexts dns -Blist.example -T<TMPF> -RTXT -r2"),
    "text": ({"name": "passwd", "class": "text", "path": "/etc/passwd", "key_column": 0, "value_column": 2, "delimiter": ":"},
             "Kpasswd text -z: -k0 -T<TMPF> -v2 /etc/passwd"),
    "a database": ({"name": "own", "class": "btree", "path": "/etc/mail/own", "on_failure": "<SOON>"}, "Kown btree -T<SOON> /etc/mail/own"),
    "macro": ({"name": "store", "class": "macro"}, "Kstore macro"),
    "arith": ({"name": "count", "class": "arith"}, "Kcount arith"),
}


@pytest.mark.parametrize("name", LINES)
def test_settings_become_a_line(name):
    said, expected = LINES[name]
    found = line(said)
    assert sorted(found.split(" ")) == sorted(expected.split(" ")) and found.split(" ")[:2] == expected.split(" ")[:2]
    # Our own parser of .mc text takes it.
    text = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\nLOCAL_CONFIG\n%s\nMAILER(`local')dnl\nMAILER(`smtp')dnl\n" % found
    assert [one for one in mc.check(text, "8.18") if "disarmed" not in one] == []


def test_a_sequence_asks_maps_that_stand_above_it():
    one, two = {"name": "a", "class": "macro"}, {"name": "b", "class": "sequence", "maps": ["a", "access"]}
    assert line(one, two) == "Kb sequence a access"
    with pytest.raises(InvalidValue) as caught:
        line(two, one)
    assert "'a' is not defined above it" in caught.value.message
    assert line(one, dict(two, maps=["A", "badMXIP"])) == "Kb sequence A badMXIP"


def test_names_that_differ_in_case_alone_are_one_to_sendmail():
    with pytest.raises(InvalidValue) as caught:
        line({"name": "People", "class": "macro"}, {"name": "people", "class": "macro"})
    assert "sendmail_map_definitions (people): the name stands twice (upper and lower case" in caught.value.message


REFUSED = {
    "no name": ({"class": "macro"}, "the name is ''"),
    "a name of sendmail's own": ({"name": "access", "class": "macro"}, "'access'"),
    "a name of the library's in another case": ({"name": "CertIssuer", "class": "macro"}, "'CertIssuer'"),
    "a name of MTA-STS": ({"name": "sts", "class": "macro"}, "'sts'"),
    "no such class": ({"name": "x", "class": "ldpa"}, "Did you mean ldap?"),
    "no such setting": (dict(LDAP, fliter="x"), "Did you mean filter?"),
    "a setting of another class": ({"name": "x", "class": "regex", "pattern": "a", "uri": "ldap://a/"}, "has no 'uri'"),
    "nothing to look for": ({key: value for key, value in LDAP.items() if key != "filter"}, "'filter' is missing"),
    "no pattern": ({"name": "x", "class": "regex"}, "'pattern' is missing"),
    "a program": ({"name": "x", "class": "program", "command": "/bin/sh"}, "program_map"),
    "a password in the clear": (dict(LDAP, uri="ldap://a.example/", bind_dn="cn=x,dc=y", password="hush"), "in the clear"),
    "a password for nobody": (dict(LDAP, password="hush"), "bind_dn"),
    "two passwords": (dict(LDAP, bind_dn="cn=x,dc=y", password="hush", password_file="/etc/x"), "choose one"),
    "quotes in a filter": (dict(LDAP, filter='(mail="x")'), "filter"),
    "a filter that does not close": (dict(LDAP, filter="(&(mail=%0)"), "pairs"),
    "a filter with a blank": (dict(LDAP, filter="(cn=a b)"), "filter"),
    "another flag in a base": (dict(LDAP, base='dc=x" -P"/etc/shadow'), "base"),
    "no uri": (dict(LDAP, uri="a.example"), "uri"),
    "a line end": (dict(LDAP, base="dc=x\nKy program /bin/sh"), "line end"),
    "m4 in a pattern": ({"name": "x", "class": "regex", "pattern": "x'syscmd(`id')`"}, "x"),
    "a word of m4 in a pattern": ({"name": "x", "class": "regex", "pattern": "dnl|x"}, "'dnl'"),
    "a macro in a pattern": ({"name": "x", "class": "regex", "pattern": "a${client_addr}b"}, "dollar"),
    "a pattern that is a flag": ({"name": "x", "class": "regex", "pattern": "-o"}, "pattern"),
    "a socket nowhere": ({"name": "x", "class": "socket", "socket": "somewhere"}, "socket"),
    "a record that there is not": ({"name": "x", "class": "dns", "record": "XYZ"}, "expected one of A, AAAA"),
    "a word for a number": ({"name": "x", "class": "socket", "socket": "inet:1@127.0.0.1", "timeout": "soon"}, "timeout is 'soon'"),
    "a word for a switch": (dict(LDAP, single="yes"), "expected true or false"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_by_name_and_setting(name):
    said, words = REFUSED[name]
    with pytest.raises(InvalidValue) as caught:
        line(said)
    assert words in caught.value.message and "sendmail_map_definitions" in caught.value.message, caught.value.message
    assert "hush" not in caught.value.message


def test_what_was_not_compiled_in_is_refused():
    assert line(LDAP, compile_flags=["LDAPMAP", "NEWDB=5.3"]) and line({"name": "x", "class": "hash", "path": "/x"}, compile_flags=["NEWDB=5.3"])
    with pytest.raises(InvalidValue) as caught:
        line(LDAP, compile_flags=["NEWDB=5.3"])
    assert "compiled without LDAPMAP" in caught.value.message


def test_a_program_with_a_waiver():
    said = {"name": "x", "class": "program", "command": ["/usr/local/bin/ask", "it"]}
    assert line(said, waivers=[{"feature": "program_map", "reason": "old"}]) == "Kx program /usr/local/bin/ask it"


def test_a_password_goes_into_a_file_of_its_own():
    said = site(dict(LDAP, bind_dn="cn=x,dc=y", password="hush"), dict(LDAP, name="other"))
    assert plan_definitions.files(said) == [{"path": "/etc/mail/ldap-people.secret", "kind": "plain", "secret_content": "hush\n", "mode": "0600"}]
    assert not [one for one in plan_definitions.definitions(said) if "hush" in one]


def test_a_table_goes_on_to_other_maps():
    said = site({"name": "a", "class": "macro"}, {"name": "b", "class": "macro"}, tables={"mailertable": {"also": ["b", "a"]}, "aliases": {"also": ["a"]}})
    assert plan_definitions.lines(said, lambda name: "btree /etc/mail/" + name) == ["Ka macro", "Kb macro", "Kmailertable_table btree /etc/mail/mailertable"]
    assert plan_definitions.spec(said, "mailertable", "btree /x") == "sequence mailertable_table b a"
    assert plan_definitions.spec(said, "virtusertable", "btree /x") == "btree /x" and plan_definitions.also(said, "aliases") == ["a"]


@pytest.mark.parametrize("name, further, words", [
    # A sequence passes over a map that can not be opened: an access map in one would be no policy at all.
    ("access", "a", "sendmail_access.also"), ("authinfo", "a", "sendmail_authinfo.also"), ("mailertable", "thosee", "Did you mean those?"),
    ("mailertable", "mailertable", "there is no map 'mailertable'")])
def test_a_table_that_can_not_go_on_is_refused(name, further, words):
    with pytest.raises(InvalidValue) as caught:
        plan_definitions.lines(site({"name": "a", "class": "macro"}, {"name": "those", "class": "macro"}, tables={name: {"also": [further]}}), str)
    assert words in caught.value.message
