# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a hub and a null client are to the plan, and which variables contradict them."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan, plan_mc, plan_profiles
from ansible_collections.mailjail.sendmail.tests.unit.plugins.plugin_utils import test_plan

NOTHING = {"mailboxes": False, "files": False, "programs": False, "includes": False}
LOOPBACK = [{"name": "MTA", "address": "127.0.0.1"}]
ME = {"user": "web", "password": "hunter2"}
SECRET = "it's `syscmd' \"dnl\" $1 \u00fc"
TLS = {"profile": {}, "tls": {}, "policy": [], "relay": [], "host_name": "web.corp.example", "release": "8.18.1", "privilege": "jailed", "run_user": "mailgw",
       "platform": {"tls_dir": "/etc/mail/tls", "ca_file": "/etc/ssl/certs/ca-certificates.crt", "ca_path": "/etc/ssl/certs"}}
MAILBOXES = {"mailboxes": True, "files": True, "programs": True, "includes": False}
OWN = {"agent": "mail.local", "programs": {"mail.local": "/usr/libexec/sendmail/mail.local", "procmail": "/usr/bin/procmail"}}


def nullclient(**said):
    """A null client without a listener that says the least."""
    return test_plan.site(**dict({"profile": "nullclient", "hub": "hub.corp.example", "submission": "direct", "listeners": [], "local_delivery": NOTHING,
                                  "mail_server": "", "host_name": "web.corp.example", "privacy": ["goaway", "restrictqrun", "restrictexpand"]}, **said))


def hub(**said):
    """A hub that says the least."""
    platform = dict(test_plan.PLATFORM, local_mailer=OWN)
    return test_plan.site(**dict({"profile": "hub", "local_delivery": MAILBOXES, "mail_server": "", "postmaster": "root", "host_name": "hub.corp.example",
                                  "platform": platform}, **said))


@pytest.mark.parametrize("said, host, port", [
    ("hub.corp.example", "[hub.corp.example]", 25), ("hub.corp.example:587", "[hub.corp.example]", 587), ("[hub.corp.example]", "[hub.corp.example]", 25),
    ("[hub.corp.example]:2525", "[hub.corp.example]", 2525), ("192.0.2.7", "[192.0.2.7]", 25), ("192.0.2.7:587", "[192.0.2.7]", 587),
    ("2001:db8::7", "[IPv6:2001:db8::7]", 25), ("[2001:db8::7]:587", "[IPv6:2001:db8::7]", 587), ("[IPv6:2001:db8::7]", "[IPv6:2001:db8::7]", 25)])
def test_a_hub_is_one_host_and_a_port(said, host, port):
    found = plan_profiles.hub({"hub": said})
    assert (found["host"], found["port"], found["quoted"]) == (host, port, "`%s'" % host)


def test_a_null_client_has_no_map_and_relays_for_no_domain():
    found = plan.plan(nullclient())
    assert (found["maps"], [(row["path"], row.get("lines")) for row in found["files"]]) == ([], [("/etc/mail/relay-domains", []), ("/etc/mail/helpfile", None)])
    assert found["mc"]["submission"] == {"host": "[hub.corp.example]", "port": 25, "quoted": "`[hub.corp.example]'"}
    plan.check_maps(found)


def test_layers_for_all_hosts_of_a_site_say_nothing_on_a_null_client():
    layers = {"access": {"site": {"entries": [{"key": "From:x@y.example", "value": "REJECT"}]}},
              "authinfo": {"site": {"entries": [{"host": "provider.example", "user": "web", "password": "p"}]}}}
    assert plan.plan(nullclient(layers=layers, today="2026-01-01", expiry_notice=14))["maps"] == []


def test_a_null_client_proves_that_all_goes_to_the_hub_and_nobody_relays():
    tests = {row["name"]: row for row in plan.plan(nullclient())["route_tests"]}
    assert tests["a stranger cannot relay"]["expect"] == "refused"
    for name, recipient in (("mail for the world goes to the hub", "user@mailjail-test.example"),
                            ("mail for users of this host goes to the hub", "root@web.corp.example")):
        assert (tests[name]["recipient"], tests[name]["mailer"], tests[name]["host"]) == (recipient, "relay", "[hub.corp.example]")
    assert not [name for name in tests if "is taken" in name]


def test_with_a_listener_mail_is_handed_to_it():
    found = plan.plan(nullclient(submission="listener", listeners=[{"name": "MTA", "address": "127.0.0.1", "port": 2525}]))
    assert (found["mc"]["submission"]["address"], found["mc"]["submission"]["port"], found["mc"]["hub"]["host"]) == ("127.0.0.1", 2525, "[hub.corp.example]")


@pytest.mark.parametrize("said, variable, words", [
    ({"domain": ""}, "sendmail_domain", "is empty"),
    ({"hub": ""}, "sendmail_hub", "such as hub.corp.example"),
    ({"hub": "web.corp.example"}, "sendmail_hub", "this very host"),
    ({"hub": "WEB.corp.example:587"}, "sendmail_hub", "this very host"),
    ({"hub": "web"}, "sendmail_hub", "this very host"),
    ({"hub": "localhost"}, "sendmail_hub", "this very host"),
    ({"hub": "127.0.0.1"}, "sendmail_hub", "this very host"),
    ({"hub": "[::1]"}, "sendmail_hub", "this very host"),
    ({"hub": "hub.corp.example:70000"}, "sendmail_hub", "no port 70000"),
    ({"hub": "hub.corp.example:smtp"}, "sendmail_hub", "hub.corp.example:smtp"),
    ({"hub": "hub.corp.example:465"}, "sendmail_hub", "port 25 or 587"),
    ({"hub": "192.0.2.3", "addresses": ["192.0.2.3", "2001:db8::3"]}, "sendmail_hub", "this very host"),
    ({"hub": "[2001:DB8:0::3]:587", "addresses": ["192.0.2.3", "2001:db8::3"]}, "sendmail_hub", "this very host"),
    ({"hub": "hub`syscmd(id)'"}, "sendmail_hub", "`"),
    ({"listeners": [{"name": "MTA", "address": "127.0.0.1"}]}, "sendmail_listeners", "opens no port"),
    ({"submission": "listener", "listeners": [{"name": "MTA"}]}, "sendmail_listeners", "on every address"),
    ({"submission": "listener", "listeners": [{"name": "MTA", "address": "192.0.2.1"}]}, "sendmail_listeners", "192.0.2.1"),
    ({"queued": [{"directory": "/var/spool/mqueue", "messages": 3}]}, "sendmail_submission", "3 messages wait"),
    ({"relay_networks": ["192.0.2.0/24"]}, "sendmail_relay_networks", "takes mail from no other host"),
    ({"smart_host": "[gw.corp.example]"}, "sendmail_smart_host", "delivers nothing"),
    ({"local_delivery": MAILBOXES}, "sendmail_local_delivery.files", "sendmail_local_delivery.mailboxes"),
    ({"tables": {"aliases": {"entries": [{"key": "x", "value": "y"}]}}}, "sendmail_aliases", "is set"),
    ({"smrsh_commands": ["vacation"], "delegated": ["access"]}, "sendmail_smrsh_commands", "also sendmail_delegations"),
    ({"said_limits": {"greet_pause": 0}}, "sendmail_limits.greet_pause", "takes mail from no other host"),
    ({"said_limits": {"children": 5}}, "sendmail_limits.children", "has no daemon"),
    ({"options": {"RELAY_MAILER_ARGS": "TCP $h 26"}}, "sendmail_options.RELAY_MAILER_ARGS", "sendmail_hub: hub.corp.example:PORT"),
    ({"options": {"confUSE_MSP": False}}, "sendmail_options.confUSE_MSP", "has no daemon"),
    ({"options": {"HELP_FILE": "/x"}}, "sendmail_options.HELP_FILE", "'listener'"),
    ({"options": {"confPRIVACY_FLAGS": "public"}, "hub_auth": ME}, "sendmail_options.confPRIVACY_FLAGS", "has no daemon"),
    ({"undefine": ["confRUN_AS_USER"]}, "sendmail_undefine (confRUN_AS_USER)", "has no daemon"),
    ({"features": [{"name": "nocanonify"}], "local_config": "D{x}y"}, "sendmail_features", "also sendmail_local_config"),
    ({"smart_host_auth": ME}, "sendmail_smart_host_auth", "as sendmail_hub_auth"),
    ({"tables": {"authinfo": {"entries": [{"host": "hub.corp.example", "user": "web", "password": "hunter2"}]}}}, "sendmail_authinfo", "as sendmail_hub_auth"),
    ({"tls": dict(TLS, sts={"enabled": True})}, "sendmail_mta_sts", "delivers nothing"),
    ({"tls": dict(TLS, dane={"enabled": True}, relay=[{"issuer": "CN=x"}])}, "sendmail_dane", "also sendmail_tls_relay"),
    ({"hub_auth": dict(ME, password="")}, "sendmail_hub_auth", "password is empty"),
    ({"hub_auth": dict(ME, user=None)}, "sendmail_hub_auth", "user is empty"),
    ({"hub_auth": dict(ME, tls="none")}, "sendmail_hub_auth", "never sent in the clear"),
    ({"hub_auth": dict(ME, port=587)}, "sendmail_hub_auth", "sendmail_hub: hub.corp.example:587"),
    ({"hub_auth": dict(ME, pasword="hunter2")}, "sendmail_hub_auth", "Did you mean password?"),
    ({"hub_auth": ME, "hub": "hub.corp.example:465"}, "sendmail_hub", "STARTTLS only"),
    ({"hub_auth": ME, "hub": "192.0.2.7"}, "sendmail_hub_auth", "192.0.2.7 is an address"),
    ({"hub_auth": ME, "hub": "[2001:db8::7]:587"}, "sendmail_hub_auth", "2001:db8::7 is an address"),
    ({"hub_auth": ME, "privacy": ["goaway", "restrictqrun"]}, "sendmail_privacy_options", "lacks restrictexpand"),
    ({"hub_auth": ME, "privacy": ["goaway"]}, "sendmail_privacy_options", "restrictqrun and restrictexpand"),
    ({"hub_auth": ME, "tls": dict(TLS, policy=[{"peer": "hub.corp.example", "require": "none"}])}, "sendmail_hub_auth", "in the clear"),
])
def test_what_contradicts_a_null_client_is_refused_by_name(said, variable, words):
    with pytest.raises(InvalidValue) as caught:
        plan.plan(nullclient(**said))
    assert variable in caught.value.message and words in caught.value.message and "hunter2" not in caught.value.message


# ---- terms for the hub, and a password

def maps(**said):
    """Name of each map to its entries and rights: readers of the source, owner of the database and its readers."""
    found = plan.plan(nullclient(**said))
    plan.check_maps(found)
    return {one["name"]: ({row["key"]: row["value"] for row in one["entries"]},
                          (one["mode"], "%(database_owner)s:%(database_group)s" % one, one["database_mode"])) for one in found["maps"]}


@pytest.mark.parametrize("said, readers", [
    ({}, "root:smmsp"), ({"submission": "listener", "listeners": LOOPBACK}, "root:root"),
    ({"submission": "listener", "listeners": LOOPBACK, "privilege": "unprivileged"}, "root:mailgw"), ({"privilege": "unprivileged"}, "root:smmsp")],
    ids=["direct", "listener", "listener without root", "direct, daemon without root"])
@pytest.mark.parametrize("entry, value", [
    ({"require": "verify", "cn": "hub.corp.example"}, "VERIFY+CN:hub.corp.example"), ({"require": "encrypt"}, "ENCR:128")], ids=["verify", "encrypt"])
def test_terms_for_the_hub_are_all_that_its_access_map_holds(said, readers, entry, value):
    found = maps(tls=dict(TLS, policy=[dict(entry, peer="hub.corp.example", on=["server"])]), **said)
    assert found == {"access": ({"TLS_Srv:hub.corp.example": value}, ("0640", readers, "0640"))}


def test_without_a_daemon_the_password_is_for_the_runner_of_the_queue_alone():
    found = maps(hub_auth=dict(ME, password=SECRET))
    assert found["access"] == ({"TLS_Srv:hub.corp.example": "VERIFY+CN"}, ("0640", "root:smmsp", "0640"))
    entries, rights = found["authinfo-client"]
    assert rights == ("0600", "smmsp:root", "0440") and sorted(found) == ["access", "authinfo-client"]
    assert entries == {"AuthInfo:hub.corp.example": '"I=d2Vi" "P=%s" "M:PLAIN LOGIN"' % base64.b64encode(SECRET.encode("utf-8")).decode()}


@pytest.mark.parametrize("privilege, rights", [("jailed", ("0600", "root:root", "0600")), ("unprivileged", ("0600", "root:mailgw", "0640"))])
def test_with_a_daemon_the_password_is_for_that_alone(privilege, rights):
    found = maps(hub_auth=dict(ME, tls="encrypt"), submission="listener", listeners=LOOPBACK, privilege=privilege)
    assert found["access"][0] == {"TLS_Srv:hub.corp.example": "ENCR:128"} and sorted(found) == ["access", "authinfo"]
    assert found["authinfo"][1] == rights and list(found["authinfo"][0]) == ["AuthInfo:hub.corp.example"]


def test_both_maps_are_secret_wherever_they_are_shown():
    for said in ({}, {"submission": "listener", "listeners": LOOPBACK}):
        assert [one["secret"] for one in plan.plan(nullclient(hub_auth=ME, **said))["maps"] if one["kind"] == "authinfo"] == [True]


def test_an_address_is_spelt_as_sendmail_looks_it_up():
    found = maps(hub_auth=dict(ME, tls="encrypt"), hub="2001:db8::7")
    assert list(found["access"][0]) == ["TLS_Srv:IPv6:2001:db8:0:0:0:0:0:7"] and list(found["authinfo-client"][0]) == ["AuthInfo:IPv6:2001:db8:0:0:0:0:0:7"]


@pytest.mark.parametrize("hub_, auth, port", [("hub.corp.example", {}, 25), ("hub.corp.example", ME, 587), ("hub.corp.example:25", ME, 25),
                                              ("hub.corp.example:2525", ME, 2525)])
def test_who_logs_in_comes_to_the_port_for_that(hub_, auth, port):
    found = plan.plan(nullclient(hub=hub_, hub_auth=auth))
    assert (found["mc"]["submission"]["port"], found["mc"]["hub"]["port"]) == (port, port)


def test_stricter_terms_of_the_site_stay_and_count_for_the_password():
    policy = [{"peer": "hub.corp.example", "require": "verify", "cn": "mx.corp.example"}]
    found = maps(hub_auth=ME, tls=dict(TLS, policy=policy))["access"][0]
    assert found == {"TLS_Srv:hub.corp.example": "VERIFY+CN:mx.corp.example", "TLS_Rcpt:hub.corp.example": "VERIFY+CN:mx.corp.example"}


def test_an_empty_queue_is_no_reason_to_refuse_and_a_listener_may_have_one():
    assert plan.plan(nullclient(queued=[{"messages": 0}]))
    listeners = [{"name": "MTA", "address": "::1"}, {"name": "a", "address": "127.0.0.1"}]
    assert plan.plan(nullclient(queued=[{"messages": 3}], submission="listener", listeners=listeners))


def test_the_domain_is_local_on_a_hub_and_its_accounts_end_in_a_mailbox():
    found = plan.plan(hub(mail_server="elsewhere.corp.example", local_host_names=["corp.example", "old.example"]))
    assert next(row["lines"] for row in found["files"] if row["kind"] == "local-host-names") == ["hub.corp.example", "corp.example", "old.example"]
    assert test_plan.entries(found, "mailertable") == {}
    aliases = test_plan.entries(found, "aliases")
    assert aliases["postmaster"] == "root" and "root" not in aliases and aliases["abuse"] == "postmaster"
    assert {row["name"]: row for row in found["route_tests"]}["mail for corp.example stays here"]["mailer"] == "local"
    plan.check_maps(found)


@pytest.mark.parametrize("said, agent, path, socket", [
    ({}, "mail.local", "`/usr/libexec/sendmail/mail.local'", ""),
    ({"agent": "auto"}, "mail.local", "`/usr/libexec/sendmail/mail.local'", ""),
    ({"agent": "procmail"}, "procmail", "`/usr/bin/procmail'", ""),
    ({"agent": "procmail", "path": "/opt/bin/procmail"}, "procmail", "`/opt/bin/procmail'", ""),
    ({"agent": "lmtp", "socket": "/run/dovecot/lmtp"}, "lmtp", "", "`FILE /run/dovecot/lmtp'"),
    ({"agent": "distribution"}, "distribution", "", "")])
def test_the_delivery_agent(said, agent, path, socket):
    found = plan_profiles.local_mailer(hub(local_mailer=said))
    assert (found["agent"], found["path"], found["socket"], found["host_users"]) == (agent, path, socket, True)


@pytest.mark.parametrize("said", [
    {"executables": {}}, {"executables": {"/usr/bin/procmail": True}}, {"local_mailer": {"agent": "mail.local"}, "executables": {"/usr/bin/procmail": False}},
    {"profile": "", "local_delivery": NOTHING, "executables": {"/usr/bin/procmail": False}}])
def test_a_program_is_missed_only_where_it_is_wanted_and_not_there(said):
    assert plan_profiles.local_mailer(hub(**dict({"local_mailer": {"agent": "procmail"}}, **said)))


@pytest.mark.parametrize("said", [
    {"addresses": ["192.0.2.3"]}, {"hub": "192.0.2.4", "addresses": ["192.0.2.3"]}, {"said_limits": {"message_size": 1, "retry_after": "5m"}},
    {"submission": "listener", "listeners": [{"name": "MTA", "address": "127.0.0.1"}], "said_limits": {"children": 5}, "features": [{"name": "nocanonify"}]}])
def test_what_a_null_client_may_say(said):
    assert plan.plan(nullclient(**said))


def test_users_of_the_agent_alone():
    assert not plan_profiles.local_mailer(hub(local_mailer={"agent": "lmtp", "socket": "/x", "users": "agent"}))["host_users"]


@pytest.mark.parametrize("said, variable, words", [
    ({"privilege": "unprivileged"}, "sendmail_privilege", "needs root"),
    ({"domain": ""}, "sendmail_domain", "is empty"),
    ({"local_delivery": NOTHING}, "sendmail_local_delivery.mailboxes", "is false"),
    ({"smart_host": "[hub.corp.example]"}, "sendmail_smart_host", "this very host"),
    ({"smart_host": "127.0.0.1"}, "sendmail_smart_host", "this very host"),
    ({"smart_host": "[192.0.2.3]", "addresses": ["192.0.2.3"]}, "sendmail_smart_host", "this very host"),
    ({"local_mailer": {"agent": "procmail"}, "executables": {"/usr/bin/procmail": False}}, "sendmail_local_mailer.agent", "no program /usr/bin/procmail"),
    ({"local_mailer": {"agent": "procmail", "path": "/opt/p"}, "executables": {"/opt/p": False}}, "sendmail_local_mailer.path", "no program /opt/p"),
    ({"local_mailer": {"agent": "lmtp"}}, "sendmail_local_mailer.socket", "is empty"),
    ({"local_mailer": {"agent": "lmtp", "socket": "/run/dovecot/lmtp"}}, "sendmail_postmaster", "Name a person"),
    ({"local_mailer": {"agent": "lmtp", "socket": "/run/x`", "users": "agent"}}, "sendmail_local_mailer.socket", "`"),
    ({"local_mailer": {"agent": "procmail", "socket": "/run/x"}}, "sendmail_local_mailer.socket", "only lmtp"),
    ({"local_mailer": {"users": "agent"}}, "sendmail_local_mailer.users", "only lmtp"),
    ({"local_mailer": {"agent": "lmtp", "socket": "/run/x", "path": "/bin/x"}}, "sendmail_local_mailer.path", "starts no program"),
    ({"local_mailer": {"agent": "mail.local"}, "platform": dict(test_plan.PLATFORM, local_mailer={"agent": "procmail", "programs": {}})},
     "sendmail_local_mailer.agent", "does not have"),
])
def test_what_contradicts_a_hub_is_refused_by_name(said, variable, words):
    with pytest.raises(SendmailError) as caught:
        plan.plan(hub(**said))
    assert variable in caught.value.message and words in caught.value.message


@pytest.mark.parametrize("said", [{"domain": ""}, {"mail_server": ""}])
def test_a_gateway_needs_its_two_words(said):
    with pytest.raises(InvalidValue, match="sendmail_domain or sendmail_mail_server is empty"):
        plan.plan(test_plan.site(profile="gateway", **said))


def test_a_host_without_a_daemon_comes_back_without_one():
    """Its configuration names a listener that is none, for whoever starts a daemon by hand."""
    assert plan_mc.cf_listeners(["Name=NoMTA, Addr=127.0.0.1, Modifiers=AE"]) == []
