# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan, plan_maps, plan_mc, plan_plain, plan_tests

PLATFORM = {
    "ostype": "debian", "aliases": "/etc/aliases", "help_file": "/etc/mail/helpfile", "mta": {"queue": "/var/spool/mqueue"},
    "maps": {name: "/etc/mail/" + name for name in ("access", "authinfo", "domaintable", "genericstable", "mailertable", "userdb", "virtusertable")},
    "classes": {"local_host_names": "/etc/mail/local-host-names", "relay_domains": "/etc/mail/relay-domains", "trusted_users": "/etc/mail/trusted-users"},
    "default_user": "mail", "default_group": "mail", "trusted_user": "root", "etc_dir": "/etc/mail", "client_user": "smmsp", "client_group": "smmsp",
    "directories": {"mta_queue": {"path": "/var/spool/mqueue", "owner": "root", "group": "smmsp", "mode": "0750"},
                    "etc": {"path": "/etc/mail", "owner": "root", "group": "root", "mode": "0755"}}}
LIMITS = {"message_size": 26214400, "client_rate": 60, "client_connections": 20, "backlog": 200, "queue_interval": "10s", "queue_runners": 5,
          "delay_load": 20, "queue_load": 30, "refuse_load": 50}


def site(**said):
    """Return the site of an organisation that says the least, with what a case says laid over it."""
    whole = {
        "domain": "corp.example", "mail_server": "mail.corp.example", "relay_domains": [], "relay_networks": [], "host_name": "gw.corp.example",
        "local_host_names": [], "postmaster": "postmaster@corp.example", "trusted_users": [], "listeners": [{"name": "MTA"}], "block_lists": [],
        "features": [], "mailers": [], "named": "", "smart_host": "", "privacy": ["goaway"], "limits": dict(LIMITS), "timeouts": {}, "options": {},
        "local_delivery": {"mailboxes": False, "files": True, "programs": False, "includes": False}, "route_tests": [], "map_type": "auto",
        "masquerade": {"as": "corp.example", "domains": ["corp.example"], "exceptions": [], "exposed_users": ["root"], "entire_domain": True,
                       "envelope": True, "recipients": False},
        "release": "8.18.1", "waivers": [], "compile_flags": [], "profile": "",
        "ostype": "", "mc_domain": "", "undefine": [], "mailer_flags": {}, "classes": {}, "queue_groups": [],
        "client_options": [], "includes": [], "ldap": {}, "ldap_routing": {}, "raw_parts": {}, "rulesets": {},
        "map_types": ["hash", "btree"], "privilege": "jailed", "run_user": "mailgw", "jail": "/var/mailjail", "smrsh_commands": [], "delegated": [],
        "local_config": "", "local_rulesets": "", "state_directory": "/var/lib/mailjail", "platform": PLATFORM, "tables": {}}
    whole.update(said)
    return whole


def entries(found, name):
    return {entry["key"]: entry["value"] for one in found["maps"] if one["name"] == name for entry in one["entries"]}


def one_map(found, name):
    return next(one for one in found["maps"] if one["name"] == name)


# -- what follows from the domain and the mail server alone


def test_two_words_are_enough():
    found = plan.plan(site())
    assert entries(found, "mailertable") == {"corp.example": "relay:[mail.corp.example]"}
    assert entries(found, "aliases") == {"postmaster": "postmaster@corp.example", "MAILER-DAEMON": "postmaster", "root": "postmaster",
                                         "abuse": "postmaster", "hostmaster": "postmaster", "security": "postmaster"}
    assert {row["path"]: row.get("lines") for row in found["files"]} == {
        "/etc/mail/local-host-names": ["gw.corp.example"], "/etc/mail/relay-domains": ["corp.example"], "/etc/mail/helpfile": None}
    assert [one["name"] for one in found["maps"]] == ["access", "mailertable", "aliases"]
    plan.check_maps(found)


def test_strangers_are_limited_and_the_host_itself_is_not():
    found = entries(plan.plan(site()), "access")
    assert found["ClientRate:"] == "60" and found["ClientConn:"] == "20"
    assert {key: value for key, value in found.items() if "127.0.0.1" in key} == {
        "ClientRate:127.0.0.1": "0", "ClientConn:127.0.0.1": "0", "GreetPause:127.0.0.1": "0"}
    assert not [key for key in found if key.startswith("Connect:")]


def test_own_networks_relay_without_limits_and_under_any_helo():
    found = plan.plan(site(relay_networks=["10.20.0.0/16", "2001:db8:20::/48", "192.0.2.0/23"]))
    access = entries(found, "access")
    assert access["Connect:10.20.0.0/16"] == "RELAY" and access["GreetPause:2001:db8:20::/48"] == "0"
    lines = next(row["lines"] for row in found["files"] if row["kind"] == "relay-domains")
    assert lines == ["corp.example", "10.20", "IPv6:2001:db8:20", "192.0.2", "192.0.3"]
    plan.check_maps(found)


@pytest.mark.parametrize("server, hop", [
    ("mail.corp.example", "[mail.corp.example]"), ("192.0.2.7", "[192.0.2.7]"), ("2001:db8::7", "[IPv6:2001:db8::7]"), ("[10.0.0.1]", "[10.0.0.1]")])
def test_the_mail_server_is_never_asked_for_mx_records(server, hop):
    assert plan_maps.next_hop(server) == hop
    assert entries(plan.plan(site(mail_server=server)), "mailertable")["corp.example"] == "relay:" + hop


def test_what_the_site_says_of_a_key_counts():
    said = {"mailertable": {"entries": [{"key": "Corp.Example", "value": "esmtp:[a.corp.example]"}]},
            "access": {"entries": [{"key": "ClientRate:", "value": "9"}]},
            "aliases": {"entries": [{"key": "ROOT", "value": "admin@corp.example"}]}}
    found = plan.plan(site(tables=said))
    assert entries(found, "mailertable") == {"Corp.Example": "esmtp:[a.corp.example]"}
    assert entries(found, "access")["ClientRate:"] == "9"
    assert entries(found, "aliases")["ROOT"] == "admin@corp.example" and "root" not in entries(found, "aliases")
    plan.check_maps(found)


def test_without_a_domain_nothing_is_taken_for_anybody():
    found = plan.plan(site(domain="", mail_server="", postmaster="", masquerade=dict(site()["masquerade"], **{"as": "", "domains": []})))
    assert entries(found, "mailertable") == {} and entries(found, "aliases") == {}
    assert next(row["lines"] for row in found["files"] if row["kind"] == "relay-domains") == []
    assert [test["name"] for test in found["route_tests"]] == ["a stranger cannot relay"]


def test_more_domains_go_the_same_way():
    found = plan.plan(site(relay_domains=["other.example", "corp.example"]))
    assert entries(found, "mailertable") == {"corp.example": "relay:[mail.corp.example]", "other.example": "relay:[mail.corp.example]"}


# -- maps


@pytest.mark.parametrize("wanted, makemap, types", [
    ("auto", ["hash", "btree", "implicit"], {"access": "btree", "aliases": "hash", "userdb": "btree"}),
    ("hash", ["hash", "btree"], {"access": "hash", "aliases": "hash", "userdb": "btree"}),
    ("btree", ["hash", "btree"], {"access": "btree", "aliases": "hash", "userdb": "btree"}),
    ("auto", ["cdb"], {"access": "cdb", "aliases": "cdb"})])
def test_each_map_has_the_best_type_that_its_kind_can_have(wanted, makemap, types):
    said = {"userdb": {"entries": [{"key": "b:maildrop", "value": "c"}]}} if "userdb" in types else {}
    found = plan.plan(site(map_type=wanted, map_types=makemap, tables=said))
    assert {name: one_map(found, name)["type"] for name in types} == types


def test_a_file_is_the_whole_map():
    found = plan.plan(site(tables={"mailertable": {"file": "maps/mailertable"}, "access": {"host_file": "/srv/access"}}))
    assert one_map(found, "mailertable")["file"] == "maps/mailertable" and "entries" not in one_map(found, "mailertable")
    assert one_map(found, "access")["host_file"] == "/srv/access"
    # What the file says is not known here, so the route is not asked for, but that the mail is taken is.
    assert [test for test in found["route_tests"] if "taken" in test["name"]] == [
        {"name": "mail for corp.example is taken", "client_address": "192.0.2.1", "recipient": "postmaster@corp.example", "expect": "accepted",
         "helo": "client.mailjail-test.example"}]


def test_delegated_maps_know_where_accepted_entries_are():
    found = plan.plan(site(delegated=["mailertable"]))
    assert one_map(found, "mailertable")["accepted"] == "/var/lib/mailjail/delegated/mailertable"
    assert "accepted" not in one_map(found, "access")


@pytest.mark.parametrize("source", ["file", "host_file"])
def test_a_map_from_a_file_keeps_the_entries_of_other_roles_and_has_none_of_delegates(source):
    said = {"tables": {"mailertable": {source: "/srv/mailertable"}}, "today": "2026-06-15", "expiry_notice": 14}
    row, other = [one_map(plan.plan(site(**said)), name) for name in ("mailertable", "access")]
    assert row["shared"] == "/var/lib/mailjail/entries/mailertable" and "entries" not in row
    assert (other["shared"], other["today"], other["expiry_notice"]) == ("/var/lib/mailjail/entries/access", "2026-06-15", 14)
    with pytest.raises(SendmailError) as caught:
        plan.plan(site(delegated=["mailertable"], **said))
    assert "sendmail_delegations" in caught.value.message and "/srv/mailertable" in caught.value.message


@pytest.mark.parametrize("row", [{"key": "AuthInfo:r.example", "value": '"U:u" "P:hunter2"'}, {"key": "authinfo:r.example", "value": '"U:u" "P:hunter2"'},
                                 {"tag": "AuthInfo", "key": "r.example", "action": '"U:u" "P:hunter2"'}])
def test_a_password_in_the_map_that_is_shown_is_refused(row):
    with pytest.raises(SendmailError) as caught:
        plan.plan(site(tables={"access": {"entries": [row]}}))
    assert "sendmail_access: '" in caught.value.message and "sendmail_authinfo" in caught.value.message and "hunter2" not in caught.value.message


def test_secrets_are_secret_and_databases_readable_by_the_daemon_alone():
    found = plan.plan(site(privilege="unprivileged", local_delivery={"mailboxes": False, "files": False, "programs": False, "includes": False},
                           tables={"authinfo": {"entries": [{"host": "r.example", "user": "u", "password": "p"}]}}))
    secret, public = one_map(found, "authinfo"), one_map(found, "access")
    assert secret["secret"] and secret["mode"] == "0600" and not public["secret"]
    assert {one["database_group"] for one in found["maps"]} == {"mailgw"} and {one["database_mode"] for one in found["maps"]} == {"0640"}


# -- route tests


def test_the_tests_of_a_gateway_are_complete():
    for test in plan.plan(site(relay_networks=["10.0.0.0/8"], relay_domains=["other.example"]))["route_tests"]:
        routes.complete(test)


def test_a_stranger_is_never_one_of_ours():
    assert plan_tests.outside(["192.0.2.0/24", "10.0.0.0/8"]) == "198.51.100.1"
    with pytest.raises(SendmailError) as caught:
        plan_tests.outside(["192.0.2.0/24", "198.51.100.0/24", "203.0.113.0/24"])
    assert "sendmail_relay_networks" in caught.value.message


@pytest.mark.parametrize("value, mailer, host", [
    ("esmtp:[a.example]", "esmtp", "[a.example]"), ("local:postmaster", "local", None), ("smtp:[IPv6:2001:db8::1]", "smtp", "[IPv6:2001:db8::1]")])
def test_own_mail_is_asked_for_where_the_site_sends_it(value, mailer, host):
    test, = plan_tests.own_domains(site(tables={"mailertable": {"entries": [{"key": "corp.example", "value": value}]}}))
    assert (test["mailer"], test.get("host")) == (mailer, host)


def test_a_domain_that_the_site_refuses_is_not_asked_for():
    assert plan_tests.own_domains(site(tables={"mailertable": {"entries": [{"key": "corp.example", "value": "error:nohost"}]}})) == []


def test_a_test_of_the_same_name_takes_the_place_of_ours():
    own = {"name": "a stranger cannot relay", "recipient": "x@y.example", "expect": "refused"}
    assert [test for test in plan_tests.route_tests(site(route_tests=[own])) if test["name"] == own["name"]] == [own]


@pytest.mark.parametrize("network, address", [("10.0.0.0/8", "10.0.0.1"), ("192.0.2.7/32", "192.0.2.7"), ("2001:db8::/32", "2001:db8::1")])
def test_one_of_ours_is_inside(network, address):
    assert plan_tests.inside(network) == address


# -- lines of the .mc


def test_numbers_and_switches_are_spelt_as_sendmail_reads_them():
    assert plan_mc.options({"confMAX_HOP": 30, "confDANE": True, "confSOFT_BOUNCE": False, "confFORWARD_PATH": "", "LOCAL_MAILER_PATH": "/usr/bin/x"}) == [
        {"name": "LOCAL_MAILER_PATH", "value": "`/usr/bin/x'"}, {"name": "confDANE", "value": "`True'"}, {"name": "confFORWARD_PATH", "value": "`'"},
        {"name": "confMAX_HOP", "value": "`30'"}, {"name": "confSOFT_BOUNCE", "value": "`False'"}]


def test_timeouts_without_a_value_are_left_to_sendmail():
    assert plan_mc.timeouts({"command": "5m", "auth": None, "resolver_retry": 2}) == [
        {"name": "confTO_COMMAND", "value": "`5m'"}, {"name": "confTO_RESOLVER_RETRY", "value": "`2'"}]


@pytest.mark.parametrize("entry, statement", [
    ({"zone": "bl.example"}, "`enhdnsbl', `bl.example'"),
    ({"zone": "bl.example", "temporary_failure": "defer"}, "`enhdnsbl', `bl.example', `', `t'"),
    ({"zone": "bl.example", "message": "listed: $&{client_addr}", "results": ["127.0.0.2"]},
     "`enhdnsbl', `bl.example', `\"550 5.7.1 listed: $&{client_addr}\"', `', `127.0.0.2'")])
def test_block_lists(entry, statement):
    assert plan_mc.block_list(entry) == statement


@pytest.mark.parametrize("entry, argument", [
    ({"name": "MTA"}, "`Name=MTA, Family=inet, Addr=0.0.0.0, Port=25, Listen=200'"),
    ({"name": "MTA6", "address": "::", "modifiers": ["A", "O"]}, "`Name=MTA6, Family=inet6, Addr=::, Port=25, Modifiers=AO, Listen=200'"),
    ({"name": "in", "address": "127.0.0.1", "port": 587, "listen": 10, "delivery_mode": "background", "children": None},
     "`Name=in, Family=inet, Addr=127.0.0.1, Port=587, Listen=10, DeliveryMode=background'")])
def test_listeners(entry, argument):
    assert plan_mc.listener(entry, 200) == argument


@pytest.mark.parametrize("listeners, target", [
    ([{"name": "a"}], ("127.0.0.1", 25)),
    ([{"name": "a", "address": "192.0.2.1"}, {"name": "b", "address": "127.0.0.1", "port": 587}], ("127.0.0.1", 587)),
    ([{"name": "a", "port": 465, "modifiers": ["s"]}, {"name": "b", "port": 587, "modifiers": ["a"]}, {"name": "c", "port": 25}], ("127.0.0.1", 25))])
def test_the_submission_program_finds_a_listener(listeners, target):
    found = plan_mc.submission(listeners)
    assert (found["address"], found["port"]) == target


def test_listeners_come_back_from_a_compiled_configuration():
    said = [{"name": "MTA", "address": "0.0.0.0", "port": 25, "modifiers": ["A", "E"]}, {"name": "six", "address": "::1", "port": 587, "modifiers": []}]
    assert plan_mc.cf_listeners([plan_mc.listener(one, 200).strip("`'") for one in said]) == said
    assert plan_mc.cf_listeners(["Name=MTA-v4, Family=inet", "Port=submission, Name=MSA, M=E", "Family=inet6, Name=six, Port=smtps"]) == [
        {"name": "MTA-v4", "address": "0.0.0.0", "port": 25, "modifiers": []}, {"name": "MSA", "address": "0.0.0.0", "port": 587, "modifiers": ["E"]},
        {"name": "six", "address": "::", "port": 465, "modifiers": []}]


@pytest.mark.parametrize("delivery, flags", [
    ({"includes": False, "programs": False, "files": False}, ":|/"), ({"includes": True, "programs": True, "files": True}, ""),
    ({"includes": False, "programs": False, "files": True}, ":|")])
def test_what_aliases_may_not_name_is_taken_from_the_local_mailer(delivery, flags):
    assert plan_mc.local_flags_removed(delivery) == flags


def test_every_limit_has_a_define_or_another_use():
    elsewhere = {"client_rate", "client_connections", "greet_pause", "backlog", "block_list_wait", "queue_interval", "queue_runners"}
    assert not elsewhere & {key for key, unused in plan_mc.LIMITS}


# -- refusals, by the name of the variable


HOSTILE = ["a`b", "a'b", "a\nb", "a#b c", "x dnl y", "syscmd(touch /tmp/x)", "a,b", "a(b)", "a$b", "$1", "\t", "ä", "divert"]
PLACES = {
    "sendmail_domain": lambda value: site(domain=value), "sendmail_mail_server": lambda value: site(mail_server=value),
    "sendmail_relay_domains": lambda value: site(relay_domains=[value]), "sendmail_relay_networks": lambda value: site(relay_networks=[value]),
    "sendmail_host_name": lambda value: site(named=value), "sendmail_local_host_names": lambda value: site(local_host_names=[value]),
    "sendmail_postmaster": lambda value: site(postmaster=value), "sendmail_smart_host": lambda value: site(smart_host=value),
    "sendmail_listeners": lambda value: site(listeners=[{"name": "x"}, {"name": value}]),
    "sendmail_listeners (MTA)": lambda value: site(listeners=[{"name": "x"}, {"name": "MTA", "address": value}]),
    "sendmail_masquerade.as": lambda value: site(masquerade=dict(site()["masquerade"], **{"as": value})),
    "sendmail_masquerade.domains": lambda value: site(masquerade=dict(site()["masquerade"], domains=[value])),
    "sendmail_masquerade.exposed_users": lambda value: site(masquerade=dict(site()["masquerade"], exposed_users=[value])),
    "sendmail_dns_block_lists": lambda value: site(block_lists=[{"zone": value}]),
    "sendmail_privacy_options": lambda value: site(privacy=[value]), "sendmail_mailers": lambda value: site(mailers=[value]),
    "sendmail_limits.mime_header_bytes": lambda value: site(limits=dict(LIMITS, mime_header_bytes=value)),
    "sendmail_limits.queue_interval": lambda value: site(limits=dict(LIMITS, queue_interval=value)),
    "sendmail_timeouts.command": lambda value: site(timeouts={"command": value}),
    "sendmail_features": lambda value: site(features=[{"name": value}]),
    "sendmail_options.confMAX_HOP": lambda value: site(options={"confMAX_HOP": value}),
    "sendmail_options.confPID_FILE": lambda value: site(options={"confPID_FILE": value}),
    "sendmail_jail_path": lambda value: site(jail=value), "sendmail_virtusertable.domains": lambda value: site(tables={"virtusertable": {"domains": [value]}}),
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("variable", sorted(PLACES))
def test_hostile_values_are_refused_by_name(variable, value):
    with pytest.raises(SendmailError) as caught:
        plan.plan(PLACES[variable](value))
    assert variable in caught.value.message


@pytest.mark.parametrize("said, word", [
    ({"limits": dict(LIMITS, delay_load=40)}, "delay_load 40"), ({"listeners": [{"name": "a", "address": "192.0.2.1"}]}, "127.0.0.1"),
    ({"tables": {"access": {"file": "x", "entries": [{"key": "a", "value": "b"}]}}}, "sendmail_access names entries and file"),
    ({"privilege": "unprivileged"}, "sendmail_local_delivery asks for files"), ({"options": {"confFOO": 1}}, "sendmail_options.confFOO"),
    ({"features": [{"name": "mailertabel"}]}, "Did you mean mailertable?"), ({"local_config": "Kx hash `y'"}, "sendmail_local_config, line 1"),
    ({"local_rulesets": "SX\nR$*\tdnl\n"}, "sendmail_local_rulesets, line 2"), ({"map_types": ["implicit"]}, "access"),
    ({"block_lists": [{"zone": "b.example", "message": 'say "no"'}]}, "sendmail_dns_block_lists (b.example)"),
    ({"relay_networks": ["10.0.0.1/8"]}, "sendmail_relay_networks: '10.0.0.1/8' has host bits")])
def test_contradictions_are_refused_with_their_names(said, word):
    with pytest.raises(SendmailError) as caught:
        plan.plan(site(**said))
    assert word in caught.value.message


@pytest.mark.parametrize("said, word", [
    ({"tables": {"mailertable": {"entries": [{"key": "a.example", "value": "nosuch:[b.example]"}]}}}, "nosuch"),
    ({"tables": {"aliases": {"entries": [{"key": "x", "value": "|/bin/sh"}]}}}, "x"),
    ({"relay_networks": ["8.0.0.0/7"]}, "8")])
def test_entries_are_held_against_their_kind_before_a_host_is_touched(said, word):
    found = plan.plan(site(**said))
    with pytest.raises(SendmailError) as caught:
        plan.check_maps(found)
    assert word in caught.value.message


def test_the_context_names_what_the_tables_know():
    known = plan.context(site(mailers=["procmail", "nosuch"]))
    assert {"local", "prog", "esmtp", "relay", "procmail", "discard"} <= set(known["mailers"])
    tables.Context(**{key: value for key, value in known.items() if value is not None})


# -- what a family's own tools build, and what a host's makemap builds at all


@pytest.mark.parametrize("familys, makemap, said, expected", [
    ("hash", ["hash", "btree", "cdb", "implicit"], {}, {"access": "hash", "aliases": "hash", "userdb": "btree"}),
    ("btree", ["hash", "btree", "implicit"], {}, {"access": "btree", "aliases": "hash", "userdb": "btree"}),
    ("hash", ["cdb", "implicit"], {}, {"access": "cdb", "aliases": "cdb"}),
    ("hash", ["hash", "btree"], {"map_type": "btree"}, {"access": "btree", "aliases": "hash"}),
    ("hash", [], {}, {"access": "hash", "aliases": "hash"}),
    ("hash", [], {"map_type": "cdb"}, {"access": "cdb"}),
])
def test_the_type_of_a_map(familys, makemap, said, expected):
    asked = site(platform=dict(PLATFORM, map_type=familys), map_types=makemap, **said)
    plan_maps.check_type(asked)
    assert {name: plan_maps.map_type(asked, name) for name in expected} == expected


@pytest.mark.parametrize("wanted, makemap", [("hash", ["cdb", "implicit"]), ("btree", ["cdb"]), ("cdb", ["hash", "btree", "implicit"])])
def test_a_type_that_the_host_does_not_build_is_refused_by_its_name(wanted, makemap):
    with pytest.raises(SendmailError) as raised:
        plan.plan(site(map_type=wanted, map_types=makemap))
    for word in ("sendmail_map_type", wanted, makemap[0]):
        assert word in raised.value.message


def test_a_user_database_without_berkeley_db_is_refused_with_the_reason():
    with pytest.raises(SendmailError) as raised:
        plan.plan(site(map_types=["cdb"], tables={"userdb": {"entries": [{"key": "bobo:maildrop", "value": "bob@corp.example"}]}}))
    assert "userdb needs a map of type btree" in raised.value.message and "cdb" in raised.value.message


def test_an_access_map_that_may_be_missing_is_refused_where_ours_stands():
    said = [{"name": "access_db", "arguments": ["hash -o -T<TMPF> /etc/mail/access"]}]
    with pytest.raises(SendmailError) as raised:
        plan.plan(site(features=said))
    assert "access_db" in raised.value.message and "no policy at all" in raised.value.message
    # An adopted configuration says what it said; its text is judged as a text.
    assert plan_plain.beside_ours(site(features=said, template="plain.mc.j2")) == []
    assert plan.plan(site(features=[{"name": "access_db"}]))["mc"]["features"] == []
