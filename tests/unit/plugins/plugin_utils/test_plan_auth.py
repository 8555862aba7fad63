# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where AUTH is offered, what the SASL library is told, and what is refused before a host is touched."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_auth

PUBLIC = {"name": "MTA", "address": "0.0.0.0", "modifiers": ["E"]}
MATERIAL = {"confSERVER_CERT": "/etc/ssl/host.pem", "confSERVER_KEY": "/etc/ssl/host.key"}
ALICE = {"name": "alice", "password": "secret"}


def site(auth=None, **said):
    whole = {"auth": auth or {}, "submission_ports": None, "listeners": [dict(PUBLIC)], "options": dict(MATERIAL), "tls": {}, "domain": "corp.example",
             "host_name": "gw.corp.example", "privilege": "jailed", "run_user": "mailgw", "classes": {},
             "platform": {"client_group": "smmsp", "sasl": {"file": "/etc/sasl2/Sendmail.conf"}}}
    return dict(whole, **said)


def sockets(found):
    return [(one["name"], one.get("address"), one.get("port", 25), "".join(one.get("modifiers") or [])) for one in found]


# -- listeners


@pytest.mark.parametrize("auth", [{}, None, {"backend": "none"}])
def test_without_auth_no_port_is_added_and_none_offers_it(auth):
    said = [{"name": "MTA"}, {"name": "MSA", "port": 587, "modifiers": ["E"]}, {"name": "mine", "port": 465, "modifiers": ["a", "s"]}]
    assert sockets(plan_auth.listeners(said, auth)) == [("MTA", None, 25, "A"), ("MSA", None, 587, "EA"), ("mine", None, 465, "as")]


@pytest.mark.parametrize("said, ports, expected", [
    ([PUBLIC], None, [("MTA", "0.0.0.0", 25, "EA"), ("submission", "0.0.0.0", 587, "aE"), ("submissions", "0.0.0.0", 465, "saE")]),
    ([PUBLIC], [465], [("MTA", "0.0.0.0", 25, "EA"), ("submissions", "0.0.0.0", 465, "saE")]),
    ([PUBLIC], [], [("MTA", "0.0.0.0", 25, "EA")]),
    # Each public address of the site; loopback is none.
    ([PUBLIC, {"name": "six", "address": "::"}, {"name": "local", "address": "127.0.0.1"}], [465],
     [("MTA", "0.0.0.0", 25, "EA"), ("six", "::", 25, "A"), ("local", "127.0.0.1", 25, "A"), ("submissions", "0.0.0.0", 465, "saE"),
      ("submissions", "::", 465, "saE")]),
    # A port that the site opens itself with AUTH is left as it says.
    ([PUBLIC, {"name": "mine", "address": "192.0.2.1", "port": 587, "modifiers": ["a", "f"]}], [587],
     [("MTA", "0.0.0.0", 25, "EA"), ("mine", "192.0.2.1", 587, "af")]),
])
def test_every_public_address_gets_the_ports_and_all_else_is_without_auth(said, ports, expected):
    found = plan_auth.listeners(said, {"backend": "sasldb"}, ports)
    assert sockets(found) == expected
    # Said of its own result, it adds nothing more.
    assert plan_auth.listeners(found, {"backend": "sasldb"}, ports) == found


@pytest.mark.parametrize("said, ports, words", [
    ([dict(PUBLIC, modifiers=["a"])], None, "modifier a on port 25"),
    ([PUBLIC], [25, 587], "names port 25"),
    ([PUBLIC, {"name": "MSA", "address": "127.0.0.1", "port": 587, "modifiers": ["A"]}], None, "sendmail_listeners (MSA): it has port 587"),
    # Nobody said on which address; every one of them would be a guess.
    ([{"name": "local", "address": "127.0.0.1"}], None, "no public address"),
    ([{"name": "local", "address": "127.0.0.8"}, {"name": "six", "address": "::1"}], [465], "modifiers: [s, a, E]"),
    ([PUBLIC, {"name": "open", "port": 2525, "modifiers": ["a", "S"]}], None, "in the clear"),
])
def test_a_listener_that_contradicts_is_named(said, ports, words):
    with pytest.raises(InvalidValue) as caught:
        plan_auth.listeners(said, {"backend": "saslauthd"}, ports)
    assert words in caught.value.message


# -- what is refused


@pytest.mark.parametrize("auth, more, words", [
    ({"backend": "sasldb", "users": [ALICE]}, {"options": {}}, "no certificate"),
    ({"backend": "sasldb", "users": [ALICE]}, {"options": {}, "tls": {"tls": {"certificates": False}}}, "no certificate"),
    ({"backend": "saslauthd"}, {"profile": "nullclient"}, "on a null client"),
    ({"backend": "ldap"}, {}, "expected none, saslauthd or sasldb"),
    ({"backend": "saslauthd", "mechanisms": ["SCRAM-SHA-256"]}, {}, "use backend sasldb"),
    ({"backend": "saslauthd", "mechanisms": ["CRAM-MD5"]}, {}, "broken"),
    ({"backend": "sasldb", "mechanisms": ["PLANE"], "users": [ALICE]}, {}, "Did you mean PLAIN?"),
    ({"backend": "sasldb", "mechanisms": ["SCRAM-SHA-256"], "users": [ALICE]}, {}, "before STARTTLS"),
    ({"backend": "saslauthd", "options": ["y"]}, {}, "lacks p"),
    ({"backend": "saslauthd", "options": ["p"]}, {}, "lacks y"),
    ({"backend": "saslauthd", "options": ["p", "y", "a"]}, {}, "with a the SASL library leaves PLAIN and LOGIN out"),
    ({"backend": "saslauthd"}, {"options": dict(MATERIAL, confAUTH_OPTIONS="A")}, "sendmail_options sets confAUTH_OPTIONS"),
    ({"backend": "saslauthd"}, {"undefine": ["confAUTH_OPTIONS"]}, "sendmail_undefine names confAUTH_OPTIONS"),
    ({"backend": "saslauthd"}, {"local_config": "D{x}y\nO AuthOptions=A\n"}, "sendmail_local_config holds 'O AuthOptions=A'"),
    ({"backend": "saslauthd"}, {"local_config": "O  authoptions = A"}, "sendmail_local_config"),
    ({"backend": "saslauthd"}, {"local_rulesets": "C{TrustAuthMech}NTLM"}, "sendmail_local_rulesets"),
    ({"backend": "saslauthd"}, {"raw_parts": {"LOCAL_NET_CONFIG": "O AuthMechanisms=NTLM"}}, "sendmail_raw_parts (LOCAL_NET_CONFIG)"),
    ({"backend": "saslauthd"}, {"raw_statements": ["undefine(`confAUTH_OPTIONS')"]}, "sendmail_raw_statements"),
    ({"backend": "saslauthd"}, {"classes": {"TRUST_AUTH_MECH": ["NTLM"]}}, "opens the relay"),
    ({"backend": "saslauthd", "users": [ALICE]}, {}, "belongs to backend sasldb"),
    ({"backend": "sasldb"}, {}, "users is empty"),
    ({"backend": "sasldb", "users": [ALICE, {"name": "alice@corp.example", "password": "x"}]}, {}, "stands twice"),
    ({"backend": "sasldb", "users": [{"name": "alice", "password": ""}]}, {}, "password of 'alice' is empty"),
    ({"backend": "sasldb", "users": [{"name": "alice", "password": "hunter2\nx"}]}, {}, "line end"),
    ({"backend": "sasldb", "users": [{"name": "-f /etc/passwd", "password": "x"}]}, {}, "is no name"),
    ({"backend": "sasldb", "users": [ALICE], "realm": "a b"}, {}, "realm is 'a b'"),
])
def test_what_can_not_work_is_refused_by_name_and_without_a_secret(auth, more, words):
    with pytest.raises(InvalidValue) as caught:
        plan_auth.check(site(auth, **more))
    assert words in caught.value.message and "hunter2" not in caught.value.message


@pytest.mark.parametrize("auth, more", [
    ({}, {"options": {}}),
    ({}, {"undefine": ["confAUTH_OPTIONS"], "local_config": "O AuthOptions=A"}),
    ({"backend": "saslauthd"}, {"local_config": "# O AuthOptions is said elsewhere\nO MaxHopCount=9", "undefine": ["confMAX_HOP"]}),
    ({"backend": "saslauthd"}, {}),
    ({"backend": "saslauthd"}, {"options": {}, "tls": {"tls": {"certificates": "self-signed"}}}),
    ({"backend": "sasldb", "users": [ALICE, {"name": "alice@other.example", "password": "' \" ` dnl \\ $x"}]}, {}),
    ({"backend": "sasldb", "users": [ALICE], "mechanisms": ["SCRAM-SHA-256", "PLAIN"]}, {"submission_ports": [465]}),
])
def test_what_works_passes(auth, more):
    plan_auth.check(site(auth, **more))


# -- what follows


def test_the_library_reads_a_file_of_its_own_and_a_database_of_its_own():
    found = plan_auth.files(site({"backend": "sasldb", "users": [ALICE]}))
    assert [(row["path"], row["mode"], row["group"]) for row in found] == [("/etc/sasl2/Sendmail.conf", "0640", "smmsp")]
    assert found[0]["content"].splitlines() == ["pwcheck_method: auxprop", "auxprop_plugin: sasldb", "sasldb_path: /etc/sasl2/sendmail.sasldb2",
                                                "mech_list: PLAIN LOGIN"]
    other = plan_auth.files(site({"backend": "saslauthd"}, privilege="unprivileged"))[0]
    assert other["group"] == "mailgw" and "saslauthd_path: /run/sendmail-saslauthd/mux" in other["content"]


def test_only_the_named_mechanisms_are_trusted():
    found = plan_auth.lines(site({"backend": "saslauthd", "mechanisms": ["PLAIN"], "max_bits": 0}))
    assert found["trusted"] == ["`PLAIN'"]
    assert {row["name"]: row["value"] for row in found["defines"]} == {
        "confAUTH_MECHANISMS": "`PLAIN'", "confAUTH_OPTIONS": "`p,y'", "confAUTH_REALM": "`corp.example'", "confAUTH_MAX_BITS": "`0'"}


def test_a_host_without_logins_needs_nothing():
    assert plan_auth.files(site()) == plan_auth.directories(site()) == []
    assert plan_auth.lines(site()) == {"defines": [], "trusted": []} and plan_auth.needs(site())["plugins"] == []


def test_what_the_library_has_to_have():
    found = plan_auth.needs(site({"backend": "sasldb", "users": [ALICE], "mechanisms": ["SCRAM-SHA-256", "LOGIN"]}, privilege="unprivileged"))
    assert found["plugins"] == ["login", "sasldb", "scram"] and found["programs"] == ["saslpasswd2"] and found["owner"] == "mailgw"
    assert "secret" not in repr(found)


# -- what the role does, and when

UNIT, USERS, DIGESTS = "/etc/systemd/system/sendmail-saslauthd.service", "/etc/sasl2/sendmail.sasldb2", "/var/lib/mailjail/sasl-users.json"


def on(auth=None, ours=(), user="root", options=None, pam="", **said):
    """What the role does on a host."""
    info = {"sasl": {"ours": list(ours), "pam": pam}, "daemon": {"running": bool(user), "user": user}, "configuration": {"options": options or {}}}
    found = plan_auth.plan(site(auth, info=info, state_directory="/var/lib/mailjail", **said))
    return {key: found[key] for key in ("account", "owner", "waits", "hand_over", "left")}


SASLDB = {"backend": "sasldb", "users": [ALICE]}
STAYS = {"waits": False, "hand_over": False, "left": []}


@pytest.mark.parametrize("asked, expected", [
    # Without logins there is nothing, and what is left of former ones goes last.
    ({}, dict(STAYS, account="root", owner="root")),
    ({"ours": [USERS, DIGESTS]}, dict(STAYS, account="root", owner="root", left=[USERS, DIGESTS])),
    ({"auth": SASLDB, "ours": [USERS, DIGESTS]}, dict(STAYS, account="root", owner="root")),
    ({"auth": SASLDB, "ours": [UNIT, "/etc/pam.d/smtp"]}, dict(STAYS, account="root", owner="root", left=[UNIT, "/etc/pam.d/smtp"])),
    ({"auth": {"backend": "saslauthd"}, "ours": [UNIT, USERS, "/etc/pam.d/smtp"]}, dict(STAYS, account="root", owner="root", left=[USERS])),
    # The running daemon reads the users until its successor is proven.
    ({"auth": SASLDB, "ours": [USERS, DIGESTS], "privilege": "unprivileged"}, dict(STAYS, account="root", owner="mailgw", hand_over=True)),
    ({"auth": SASLDB, "ours": [USERS, DIGESTS], "user": "mailgw"}, {"account": "mailgw", "owner": "root", "waits": False, "hand_over": True, "left": []}),
    # No daemon, or none that knows logins: nobody has to wait.
    ({"auth": SASLDB, "ours": [USERS], "privilege": "unprivileged", "user": ""}, dict(STAYS, account="mailgw", owner="mailgw")),
    ({"auth": SASLDB, "privilege": "unprivileged"}, dict(STAYS, account="mailgw", owner="mailgw")),
    # The running daemon asks for users of the realm that it knows.
    ({"auth": SASLDB, "ours": [USERS], "options": {"AuthRealm": "old.example"}}, dict(STAYS, account="root", owner="root", waits=True, hand_over=True)),
    ({"auth": SASLDB, "ours": [USERS], "options": {"AuthRealm": "corp.example"}}, dict(STAYS, account="root", owner="root")),
    ({"auth": SASLDB, "options": {"AuthRealm": "old.example"}}, dict(STAYS, account="root", owner="root")),
])
def test_the_running_daemon_keeps_what_it_reads(asked, expected):
    assert on(**asked) == expected


@pytest.mark.parametrize("said, plugins", [
    ({"smart_host_auth": {"user": "u", "password": "p"}}, ["login", "plain"]),
    # What a group of hosts says of a hub is for its null clients alone.
    ({"hub_auth": {"user": "u", "password": "p"}}, []),
    ({"hub_auth": {"user": "u", "password": "p", "mechanisms": ["SCRAM-SHA-256"]}, "profile": "nullclient"}, ["scram"]),
    ({"profile": "nullclient"}, []),
])
def test_who_says_who_he_is_needs_plugins_too(said, plugins):
    info = {"sasl": {"ours": [], "pam": ""}, "daemon": {"running": False}, "configuration": {"options": {}}}
    found = plan_auth.plan(site(info=info, state_directory="/var/lib/mailjail", **said))
    assert (found["plugins"], found["backend"]) == (plugins, "none")


@pytest.mark.parametrize("auth, words", [({"backend": "ldap"}, "expected none"), (dict(SASLDB, users=[]), "users is empty"),
                                         ({"backend": "saslauthd", "mechanisms": ["NTLM"]}, "broken")])
def test_the_role_alone_refuses_what_can_not_be_meant(auth, words):
    with pytest.raises(InvalidValue) as caught:
        on(auth)
    assert words in caught.value.message
