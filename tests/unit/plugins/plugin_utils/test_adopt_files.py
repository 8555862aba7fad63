# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import base64
import copy
import pathlib

import pytest
import yaml

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_maps, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import adopt_files, adopt_trust, plan_plain, variables

MTA = {"from": "source", "source": "/etc/mail/sendmail.mc", "compiled": "/etc/mail/sendmail.cf", "notes": [], "complaints": [], "edited": [], "waivers": [],
       "compared": True, "releases": {"made": "8.18.1", "live": "8.18.1"},
       "counts": {"statements": 3, "raw": 0, "own_lines": 0}, "variables": {"ostype": "linux", "mailers": ["local", "smtp"]}}


def host(fqdn, tables=None, files=(), waivers=(), **mta):
    """What was adopted from one host."""
    found = dict(MTA, waivers=list(waivers), variables=dict(MTA["variables"], **mta))
    return {"fqdn": fqdn, "adopted": {"mta": found, "msp": None, "tables": tables or {"map_type": "hash"}, "files": list(files), "remarks": []}}


def loaded(text):
    """Read YAML as Ansible would."""
    return yaml.load(text, Loader=adopt_files.Loader)


@pytest.mark.parametrize("value", [
    "text", "", "yes", "10", "1d", "a: b", "# no", "- a", "[127.0.0.1]", "{{ not_a_template }}", "it's", 'say "no"', "two\nlines\n",
    "two\nlines", "a\n\n", "\ttab\n",
    "R$*\t$: $1\nR$+\t\t$@ OK\n", "x\n  {% raw %}\n", "trailing \nblank \n", u"M\xfcller",
    "".join(chr(one) for one in range(1, 0x180)), u"\x93Office\x94 \u20ac", u"a\u2028b\u2029c\x85d", u"\ufeffx", u"\U0001f4e7 {{ x }}\r\n",
    True, False, None, 5, [], {},
    ["a", ["b", "c"]], [{"a": 1, "b": ["x\ny\n"]}],
    {"a": {"b": [{"c": "d", "e": {"f": "g"}}]}}, {"10": "x", "yes": "y", "_X_": "", "1_000": "a", "0x10": "b", u"\xb2": "c"},
])
def test_what_is_written_is_what_is_read(value):
    text = adopt_files.document({"sendmail_options": value})
    assert loaded(text) == {"sendmail_options": value}


@pytest.mark.parametrize("value", [
    "DX{{ lookup('pipe', 'id') }}\n", "{{ inventory_dir }}{{ lookup('pipe', 'id') }}", "{{ inventory_dir }}/files/a.example/access",
    "a\n{# x\n", "{% raw %}"])
def test_nothing_that_looks_like_a_template_becomes_one(value):
    text = adopt_files.document({"sendmail_local_config": value, "sendmail_access": {"entries": [{"key": "a", "value": value}]}})
    assert text.count("!unsafe ") == 2 and loaded(text)["sendmail_local_config"] == value


TEMPLATE = "{{ lookup('pipe', 'id') }}"
# What a host in the hands of somebody else could return, and the word by which it is refused.
HOSTILE = {
    "a path as the name of a map": (["files"], [{"variable": "access", "name": "../../../.ssh/authorized_keys", "content": ""}], "authorized_keys"),
    "a path as the variable of a map": (["files"], [{"variable": "../x", "name": "../x", "content": ""}], "../x"),
    "a variable of another kind as a map": (["files"], [{"variable": "mc_template", "name": "mc_template", "content": ""}], "mc_template"),
    "a name that ends in a line break": (["files"], [{"variable": "access\n", "name": "access\n", "content": ""}], "access"),
    "lines of YAML as a variable": (["mta", "variables", "x: 1\nansible_connection"], "local", "ansible_connection"),
    "a variable of Ansible": (["mta", "variables", "ansible_connection"], "local", "ansible_connection"),
    "a template of the controller": (["mta", "variables", "mc_template"], "/etc/shadow", "mc_template"),
    "a template beside the maps": (["tables", "mc_template"], "/etc/shadow", "mc_template"),
    "a file of the controller as a map": (["tables", "access"], {"file": "/etc/shadow"}, "sendmail_access"),
    "a text as a map": (["tables", "access"], TEMPLATE, "sendmail_access"),
    "an entry of its own kind": (["tables", "access"], {"entries": [{"key": "a", "value": "OK", "origin": "x"}]}, "sendmail_access"),
    "a table as a class": (["tables", "relay_domains"], {"file": "/etc/shadow"}, "sendmail_relay_domains"),
    "a variable of the submission program": (["msp"], {"variables": {"template": "/etc/shadow"}}, "template"),
}


@pytest.mark.parametrize("name", sorted(HOSTILE))
def test_what_no_adoption_says_never_becomes_a_file(name):
    place, value, word = HOSTILE[name]
    adopted = copy.deepcopy(host("a.example")["adopted"])
    at = adopted
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = value
    with pytest.raises(InvalidValue) as refused:
        adopt_files.documents({"a.example": {"fqdn": "a.example", "adopted": adopted}})
    assert word in refused.value.message and refused.value.message.startswith("a.example returned")


@pytest.mark.parametrize("name", ["../x", "a/b", "", ".", "..", ".ssh", "a\n", "a b", "{{x}}"])
def test_a_name_that_leads_elsewhere_is_no_file(name):
    with pytest.raises(InvalidValue):
        adopt_files.documents({name: host("a.example")})
    with pytest.raises(InvalidValue):
        adopt_files.documents({"a.example": host("a.example")}, name)


@pytest.mark.parametrize("path, good", [("host_vars/a.yml", True), ("/etc/x", False), ("../x", False), ("..", False), ("a/../../x", False), ("a//b", False)])
def test_paths_stay_below_the_directory(path, good):
    if good:
        assert adopt_trust.below(path) == path
    else:
        with pytest.raises(InvalidValue):
            adopt_trust.below(path)


def test_all_that_an_adoption_may_say_is_a_variable_of_this_collection():
    known = variables.known(pathlib.Path(__file__).resolve().parents[4] / "roles")
    may = adopt_trust.CONFIGURATION | adopt_trust.NAMES | set(adopt_trust.plan_maps.TABLES) | {"map_type", "mc_template", "submit_mc_template", "submit"}
    assert {"sendmail_" + name for name in may} <= known


# Sources as people write them; all of it comes back the same through host_vars.
SOURCES = {
    "access": "Connect:localhost\tRELAY\n# The office, \x93ours\x94: 100%\n# {{ x }}\n192.168.1\tRELAY\n10\tOK\nConnect:IPv6:2001:db8:1\tRELAY\n"
              "spam.example\tERROR:5.7.1:\"550 it's {{ no }} #1, \\ off: 'go'\"\nTo:joe@a.example   DISCARD\nFrom:yes@\tREJECT\n"
              "ClientRate:127.0.0.1\t0\n.a.example\tQUARANTINE:no: way\nTLS_Srv:b.example\tVERIFY:128\n",
    "mailertable": "a.example\tesmtp:[b.example]:[c.example]\n.d.example\terror:5.1.1:550 nobody's here\nno\tsmtp:[192.0.2.1]\n",
    "virtusertable": "joe@a.example\tjoe@b.example\n@a.example\t%1@c.example\nann+*@a.example\tann\n@d.example\terror:nouser 550 No such user here\n",
    "genericstable": "joe\tjoe.doe@a.example\nann@host.example\tann@a.example\n",
    "domaintable": "old.example\tnew.example\n",
    "aliases": "postmaster: root\nteam:\tann,\n\tbob,\n  \"|/usr/bin/vacation ann\"\n# old: \"P\"\nlist: :include:/etc/mail/list\nfile: /var/mail/old\n"
               "joe: \\joe, joe@b.example\n",
}


@pytest.mark.parametrize("kind", sorted(SOURCES))
def test_a_map_comes_back_the_same_through_host_vars(kind):
    entries, idle = adopt_maps.entries(kind, SOURCES[kind])
    found = adopt_files.documents({"a.example": host("a.example", tables={"map_type": "hash", kind: {"entries": entries}})})
    again = loaded(found[0]["content"])["sendmail_" + kind]["entries"]
    assert again == entries and idle == []
    text = tables.pairs_text(kind, tables.pairs(kind, again, adopt_maps.CONTEXT))

    def meaning(source):
        return sorted((pair.key.lower(), pair.value) for pair in tables.parse(kind, source))

    assert meaning(text) == meaning(SOURCES[kind]) and len(meaning(text)) > 0
    tables.check(kind, tables.parse(kind, text), adopt_maps.CONTEXT)


def test_what_all_hosts_have_in_common_goes_to_the_group():
    hosts = {"a.example": host("a.example", options={"confMAX_HOP": "9"}, features=[{"name": "redirect"}]),
             "b.example": host("b.example", options={"confMAX_HOP": "8"}, features=[{"name": "redirect"}])}
    found = {one["path"]: loaded(one["content"]) for one in adopt_files.documents(hosts, "mail")}
    assert sorted(found) == ["group_vars/mail.yml", "host_vars/a.example.yml", "host_vars/b.example.yml"]
    assert found["group_vars/mail.yml"]["sendmail_features"] == [{"name": "redirect"}] and "sendmail_options" not in found["group_vars/mail.yml"]
    for name in hosts:
        whole = dict(found["group_vars/mail.yml"], **found["host_vars/%s.yml" % name])
        assert whole == adopt_files.variables(hosts[name]["adopted"], {"host": name, "fqdn": name})
    assert [one["path"] for one in adopt_files.documents({"a.example": hosts["a.example"]})] == ["host_vars/a.example.yml"]


def test_a_large_map_is_a_file_and_a_forbidden_feature_a_waiver():
    large = {"variable": "virtusertable", "name": "virtusertable", "content": base64.b64encode(b"a@b\tc\n").decode()}
    waivers = [{"feature": "promiscuous_relay", "path": "/etc/mail/sendmail.mc", "line": 7}]
    found = {one["path"]: one for one in adopt_files.documents({"a.example": host("a.example", files=[large], waivers=waivers)})}
    assert found["files/a.example/virtusertable"]["content"] == "a@b\tc\n" and found["files/a.example/virtusertable"]["mode"] == "0600"
    own = loaded(found["host_vars/a.example.yml"]["content"])
    assert own["sendmail_virtusertable"] == {"file": "{{ inventory_dir }}/files/a.example/virtusertable"}
    assert own["sendmail_waivers"][0]["feature"] == "promiscuous_relay" and "line 7" in own["sendmail_waivers"][0]["reason"]
    assert "!unsafe" not in found["host_vars/a.example.yml"]["content"]


@pytest.mark.parametrize("mta, domain, server", [
    ({}, "example", "a.example"),
    ({"masquerade": {"as": "corp.example"}, "options": {"MAIL_HUB": "relay:[hub.example]"}}, "corp.example", "hub.example"),
])
def test_what_a_profile_wants_is_guessed(mta, domain, server):
    found = adopt_files.variables(host("a.example", **mta)["adopted"], {"host": "a.example", "fqdn": "a.example"})
    assert found["sendmail_domain"] == domain and found["sendmail_mail_server"] == server


@pytest.mark.parametrize("live, words", [("8.15.2", ["release 8.15.2", "the host has 8.18.1"]), (None, ["it does not exist"])])
def test_the_report_says_that_nobody_looked_for_changes_by_hand(live, words):
    adopted = host("a.example")["adopted"]
    assert "NOT held against" not in adopt_files.report("a.example", adopted, {}, True)
    adopted["mta"].update(compared=False, releases={"made": "8.18.1", "live": live})
    text = adopt_files.report("a.example", adopted, {}, True)
    assert all(word in text for word in ["`/etc/mail/sendmail.cf` was NOT held against its source"] + words)


def test_nobody_else_reads_what_was_adopted():
    hosts = {name: host(name, options={"confMAX_HOP": "9"}) for name in ("a.example", "b.example")}
    assert {one["mode"] for one in adopt_files.documents(hosts)} == {"0600"}


def test_the_report_names_lines_differences_and_edits():
    adopted = host("a.example")["adopted"]
    adopted["mta"].update(notes=[{"path": "/etc/mail/sendmail.mc", "line": 12, "statement": "HACK(`x')", "reason": "no variable says this", "kept": "raw"}],
                          edited=[{"what": "option", "name": "MaxHopCount", "before": "25", "after": "9"}], complaints=["*** ERROR: x"])
    adopted["remarks"] = ["/etc/mail/authinfo: it holds passwords"]
    text = adopt_files.report("a.example", adopted, {"mta": {"differences": [{"what": "macro", "name": "S", "before": "a", "after": None}]}}, True)
    for wanted in ("line 12", "HACK('x')", "option MaxHopCount: '25', then '9'", "*** ERROR: x", "DIFFERS", "macro S: 'a', then nothing", "/etc/mail/authinfo",
                   "not changed by this run"):
        assert wanted in text
    assert "CHANGED" in adopt_files.report("a.example", adopted, {}, False)


@pytest.mark.parametrize("site, variable", [
    ({"options": {"confMAX_HOP": "9')syscmd(`id"}}, "sendmail_options.confMAX_HOP"),
    ({"options": {"confNOTHING": "9"}}, "sendmail_options"),
    ({"features": [{"name": "use_cv_file"}]}, "sendmail_features"),
    ({"features": [{"name": "smrsh", "arguments": ["syscmd(`id')"]}]}, "sendmail_features"),
    ({"classes": {"LOCAL_USERS": ["a"]}}, "sendmail_classes"),
    ({"undefine": ["dnl"]}, "sendmail_undefine"),
    ({"listeners": [{"name": "MTA", "prt": 25}]}, "sendmail_listeners"),
    ({"listeners": [{"name": "a, Port=26"}]}, "sendmail_listeners"),
    ({"raw_statements": ["dnl"]}, "sendmail_raw_statements"),
    ({"raw_parts": {"LOCAL_RULE_9": "x"}}, "sendmail_raw_parts"),
    ({"submit": {"options": {"confMAX_HOP": "`"}}}, "sendmail_submit.options"),
])
def test_what_m4_would_obey_is_refused_by_the_name_of_its_variable(site, variable):
    with pytest.raises(InvalidValue) as refused:
        plan_plain.printed(dict({"ostype": "linux"}, **site))
    assert variable in refused.value.message


@pytest.mark.parametrize("template, plain", [("plain.mc.j2", True), ("/srv/x/plain.mc.j2", True), ("sendmail.mc.j2", False), ("", False)])
def test_the_template_decides(template, plain):
    assert plan_plain.wanted({"template": template}) is plain


@pytest.mark.parametrize("waivers, allowed", [([], False), ([{"feature": "promiscuous_relay"}], True), ([{"feature": "relay_mail_from"}], False)])
def test_only_a_waiver_lets_everybody_relay(waivers, allowed):
    site = {"platform": {"classes": dict.fromkeys(("local_host_names", "trusted_users", "relay_domains"), "/x"), "ostype": "linux"}, "tables": {},
            "local_host_names": [], "trusted_users": [], "relay_domains": [], "relay_networks": [], "route_tests": [], "waivers": waivers}
    assert plan_plain.plan(site)["context"]["open_relay"] is allowed
