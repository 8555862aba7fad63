# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles nullclient and hub, compiled by the real m4."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import re

import pytest
from real_m4 import compile_mc, library_version
from test_templates import expression, read, rendered

from ansible_collections.mailjail.sendmail.plugins.module_utils import mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue


def profile(name, **said):
    """Variables of a site with the defaults of a profile."""
    defaults = dict(read(name, "defaults", "main.yml"), **said)
    return dict(defaults, __sendmail_profile=resolved(defaults["__sendmail_profile"], defaults))


def resolved(value, variables):
    """Resolve the expressions in a profile, as Ansible does once it knows the site's words."""
    if isinstance(value, dict):
        return {key: resolved(one, variables) for key, one in value.items()}
    return expression(value).render(variables) if isinstance(value, str) and value.startswith("{{") else value


def compiled(name, said, template=None):
    """Return the .cf, which m4 made without a word."""
    text = rendered(template or said["__sendmail_profile"].get("mc_template", "sendmail.mc.j2"), said)
    assert mc.check(text, library_version(), waivers=[]) is not None
    found = compile_mc(text)
    assert (found.rc, found.err) == (0, ""), name
    return found.cf


DIRECT = profile("nullclient", sendmail_hub="hub.corp.example:587", sendmail_mail_server="")
LISTENER = profile("nullclient", sendmail_hub="192.0.2.7", sendmail_submission="listener", sendmail_mail_server="", sendmail_host_name="web.corp.example",
                   sendmail_trusted_users=["www-data"], sendmail_options={"confLOG_LEVEL": 12}, sendmail_features=[{"name": "nocanonify"}],
                   sendmail_client_options=[{"address": "192.0.2.1"}], sendmail_local_rulesets="SLocal_check_mail\nR$*\t\t$@ $1")


@pytest.mark.parametrize("said, hub, port", [(DIRECT, "[hub.corp.example]", 587), (LISTENER, "[192.0.2.7]", 25)], ids=["direct", "listener"])
def test_a_null_client_knows_one_host_and_never_takes_its_name(said, hub, port):
    """The feature of that name makes the hub, brackets and all, the name to the world, unless the right one comes after it."""
    cf = compiled("nullclient", said)
    assert "\nDMcorp.example\n" in cf and "\nDH%s\n" % hub in cf and "\nDS%s\n" % hub in cf
    assert re.search(r"^Mrelay,.*\n(?:\t.*\n)*\t\tA=TCP \$h %d$" % port, cf, re.M)
    assert not re.search(r"^C\{E\}|^O AliasFile=|^Kaccess|^Kmailertable|^F\{?[wRt]\}?/etc/mail/local-host", cf, re.M)
    assert "\nO ForwardPath\n" in cf or "\n# O ForwardPath" in cf or not re.search(r"^O ForwardPath=\S", cf, re.M)


@pytest.mark.parametrize("said, line", [(DIRECT, "Name=NoMTA, Addr=127.0.0.1, Modifiers=AE"),
                                        (LISTENER, "Name=MTA, Family=inet, Addr=127.0.0.1, Port=25, Modifiers=AE, Listen=200")], ids=["direct", "listener"])
def test_a_null_client_never_opens_a_port_to_others(said, line):
    assert re.findall(r"^O DaemonPortOptions=(.*)$", compiled("nullclient", said), re.M) == [line]


def test_what_a_null_client_s_site_says_stands_in_the_compiled_file():
    cf = compiled("nullclient", LISTENER)
    for line in ("Ft/etc/mail/trusted-users", "O LogLevel=12", "Djweb.corp.example", "O ClientPortOptions=Family=inet, Addr=192.0.2.1"):
        assert "\n%s\n" % line in cf, line


def test_what_a_site_says_stands_in_the_compiled_file_of_the_submission_program_where_no_daemon_is():
    """It is the only configuration that such a host uses."""
    values = {"sendmail_timeouts": {"queuewarn": "2d", "queuereturn_urgent": "9d"}, "sendmail_limits": {"message_size": 4711, "retry_after": "7m"},
              "sendmail_options": {"confLOG_LEVEL": 14, "confTO_QUEUERETURN": "7d"}, "sendmail_client_options": [{"address": "192.0.2.1"}],
              "sendmail_undefine": ["confTO_HOSTSTATUS"], "sendmail_delivery_mode": "queueonly", "sendmail_trusted_users": ["www-data"]}
    cf = compiled("nullclient", dict(DIRECT, **values), "submit.mc.j2")
    for line in ("O Timeout.queuewarn=2d", "O Timeout.queuereturn.urgent=9d", "O MaxMessageSize=4711", "O MinQueueAge=7m", "O LogLevel=14",
                 "O Timeout.queuereturn=7d", "O ClientPortOptions=Family=inet, Addr=192.0.2.1", "O DeliveryMode=queueonly", "Ft/etc/mail/trusted-users"):
        assert "\n%s\n" % line in cf, line
    plain = compiled("nullclient", DIRECT, "submit.mc.j2")
    for line in ("O Timeout.queuewarn=1d", "O MinFreeBlocks=2560", "O DeliveryMode=interactive", "O MinQueueAge=0s", "O MaxQueueAge=0s", "O UseMSP=True",
                 "O RunAsUser=smmsp"):
        assert "\n%s\n" % line in plain, line
    assert "\nO Timeout.hoststatus=" in plain and "\nO Timeout.hoststatus=" not in cf


def test_with_a_daemon_the_submission_program_keeps_its_own_times_but_knows_whom_to_trust():
    cf = compiled("nullclient", LISTENER, "submit.mc.j2")
    assert "\nFt/etc/mail/trusted-users\n" in cf and "\nO Timeout.queuewarn=4h\n" in cf and "O LogLevel=12" not in cf
    assert "\nFt" not in compiled("nullclient", DIRECT, "submit.mc.j2")


@pytest.mark.parametrize("said, host, port", [(DIRECT, "[hub.corp.example]", "587"), (LISTENER, "[127.0.0.1]", "25")], ids=["direct", "listener"])
def test_the_submission_program_of_a_null_client(said, host, port):
    """The port goes with the mailer: the feature's second argument drops a number in silence."""
    cf = compiled("nullclient", said, "submit.mc.j2")
    assert "\nD{MTAHost}%s\n" % host in cf and re.search(r"^Mrelay,.*\n(?:\t.*\n)*\t\tA=TCP \$h %s$" % port, cf, re.M)


@pytest.mark.parametrize("said", [DIRECT, LISTENER], ids=["direct", "listener"])
def test_both_programs_masquerade_alike(said):
    lines = [sorted(re.findall(r"^(?:DM|C\{[MNE]\}).*$", compiled("nullclient", said, template), re.M)) for template in (None, "submit.mc.j2")]
    assert lines[0] == lines[1] == ["C{M}corp.example", "DMcorp.example"]


# ---- terms for the hub, and a password

SECRET = "it's `syscmd(touch CANARY)' \"dnl\" $1"
LOGIN = {"sendmail_hub_auth": {"user": "web@corp.example", "password": SECRET}, "sendmail_tls": {"ca": "our-ca.pem", "crl": "our-ca.crl"}}
POLICY = {"sendmail_tls_policy": [{"peer": "hub.corp.example", "require": "verify", "cn": "hub.corp.example"}]}
FORMS = {"direct": {}, "listener": {"sendmail_submission": "listener", "sendmail_privilege": "unprivileged"}}


def pair(form, **said):
    """The two .cf of a null client: that of its daemon, or of the one that it has not, and that of its submission program."""
    whole = profile("nullclient", **dict({"sendmail_hub": "hub.corp.example", "sendmail_mail_server": ""}, **dict(FORMS[form], **said)))
    return compiled("nullclient", whole), compiled("nullclient", whole, "submit.mc.j2")


def asks(cf, name):
    """What stands behind a map's name."""
    return re.findall(r"^K%s (.*)$" % name, cf, re.M)


def relay(cf):
    """Flags and arguments of the mailer that goes to the hub."""
    text = re.search(r"^Mrelay,.*\n(?:\t.*\n)*", cf, re.M).group(0)
    return re.search(r"F=(\w+)", text).group(1), re.search(r"A=(.*)", text).group(1)


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("said, login", [({}, False), (POLICY, False), (LOGIN, True), (dict(LOGIN, **POLICY), True)],
                         ids=["nothing", "terms", "password", "both"])
def test_terms_and_password_are_for_whoever_talks_to_the_hub(form, said, login, canary):
    daemon, submission = pair(form, **said)
    terms = ["btree -T<TMPF> /etc/mail/access"] if said else []
    direct, talks = form == "direct", submission if form == "direct" else daemon
    assert (asks(daemon, "access"), asks(submission, "access")) == (terms, terms if direct else [])
    assert (asks(daemon, "authinfo"), asks(submission, "authinfo")) == (
        ["btree /etc/mail/authinfo"] if login and not direct else [], ["btree /etc/mail/authinfo-client"] if login and direct else [])
    assert relay(talks)[1] == "TCP $h %d" % (587 if login else 25)
    assert ("\nO AuthOptions=p,y,A\n" in talks) == login and "DefaultAuthInfo=" not in re.sub("(?m)^#.*", "", talks)
    # A failed handshake is no reason to send in the clear, whatever the terms.
    assert "\nO TLSFallbacktoClear=False\n" in daemon and "\nO TLSFallbacktoClear=False\n" in submission
    assert ("\nO CRLFile=/etc/mail/tls/mailjail/crl.pem\n" in talks) == login and not canary.exists() and "syscmd(touch" not in daemon + submission
    assert "\nO CACertFile=%s\n" % ("/etc/mail/tls/mailjail/ca.pem" if login else "/etc/ssl/certs/ca-certificates.crt") in talks


@pytest.mark.parametrize("form", sorted(FORMS))
@pytest.mark.parametrize("said, held", [({}, False), (POLICY, False), (LOGIN, True)], ids=["nothing", "terms", "password"])
def test_only_a_password_without_a_daemon_holds_mail_for_the_queue_s_runner(form, said, held):
    """Whoever calls the program could have it print what it looks up; so it does not look, and its user alone can read the map."""
    daemon, submission = pair(form, **said)
    held = held and form == "direct"
    assert ("e" in relay(submission)[0], "\nO HoldExpensive=True\n" in submission) == (held, held)
    assert "e" not in relay(daemon)[0] and "\nO HoldExpensive=True\n" not in daemon
    assert "\nO RunAsUser=smmsp\n" in submission and re.search(r"^O PrivacyOptions=.*restrictqrun,restrictexpand", submission, re.M)


@pytest.mark.parametrize("said", [POLICY, LOGIN], ids=["terms", "password"])
def test_terms_are_asked_for_before_the_password_is(said):
    """Without the access map the cf library leaves these questions out of the ruleset."""
    submission = pair("direct", **said)[1]
    rules = re.search(r"^Stls_server\n(?:(?!S).*\n)*", submission, re.M).group(0)
    assert "TLS_Srv" in rules and "\nSTLS_req\n" in submission
    assert "TLS_Srv" not in re.search(r"^Stls_server\n(?:(?!S).*\n)*", pair("direct")[1], re.M).group(0)


def test_without_a_masquerade_senders_keep_their_host():
    cf = compiled("nullclient", dict(LISTENER, sendmail_masquerade={"as": ""}))
    assert "\nDMweb.corp.example\n" in cf


@pytest.mark.parametrize("mailer, expected", [
    ({"agent": "procmail"}, r"P=/usr/bin/procmail, F=\S*P"), ({}, r"P=/usr/libexec/sendmail/mail.local, F=\S*z"),
    ({"agent": "lmtp", "socket": "/run/dovecot/lmtp"}, r"P=\[IPC\], F=\S*w\S*z.*E=\\r\\n(?s:.*)A=FILE /run/dovecot/lmtp"),
    ({"agent": "distribution"}, r"P=\S+")], ids=["procmail", "auto", "lmtp", "distribution"])
def test_the_local_mailer_of_a_hub(mailer, expected):
    cf = compiled("hub", profile("hub", sendmail_local_mailer=mailer, sendmail_postmaster="bob", sendmail_home_access="read-only"))
    text = re.search(r"^Mlocal,(?:.*\n)(?:\t.*\n)*", cf, re.M).group(0)
    assert re.search(expected, text), text
    assert "\nO ForwardPath=$z/.forward\n" in cf and re.search(r"^Mprog,\s+P=\S*smrsh,", cf, re.M)


def test_users_that_the_lmtp_server_alone_knows_need_no_account():
    said = profile("hub", sendmail_local_mailer={"agent": "lmtp", "socket": "/run/x", "users": "agent"}, sendmail_postmaster="bob")
    flags = re.search(r"^Mlocal,.* F=(\S+),", compiled("hub", said), re.M).group(1)
    assert "w" not in flags


def test_with_homes_hidden_no_forward_file_is_looked_for():
    assert not re.search(r"^O ForwardPath=\S", compiled("hub", profile("hub", sendmail_home_access="hidden")), re.M)


ENTRIES = {"entries": [{"key": "x.example", "value": "y"}]}
# One value for each variable of the role config, another than its default.
SAID = {
    "sendmail_domain": "other.example", "sendmail_relay_domains": ["r.example"], "sendmail_relay_networks": ["192.0.2.0/24"],
    "sendmail_host_name": "other.corp.example", "sendmail_local_host_names": ["l.example"], "sendmail_smart_host": "[s.example]",
    "sendmail_smart_host_auth": {"user": "u", "password": "p"}, "sendmail_delivery_mode": "queueonly", "sendmail_local_delivery": {"programs": True},
    "sendmail_local_mailer": {"agent": "procmail"}, "sendmail_mailers": ["procmail"], "sendmail_masquerade": {"as": "m.example"},
    "sendmail_dns_block_lists": [{"zone": "b.example"}], "sendmail_privacy_options": ["goaway"], "sendmail_limits": {"message_size": 4711},
    "sendmail_timeouts": {"quit": "59s"}, "sendmail_trusted_users": ["u"], "sendmail_mailertable": ENTRIES, "sendmail_access": ENTRIES,
    "sendmail_aliases": ENTRIES, "sendmail_virtusertable": ENTRIES, "sendmail_genericstable": ENTRIES, "sendmail_domaintable": ENTRIES,
    "sendmail_userdb": ENTRIES, "sendmail_authinfo": {"entries": [{"host": "h.example", "user": "u", "password": "p"}]},
    "sendmail_map_definitions": [{"name": "d", "class": "regex", "pattern": "x"}], "sendmail_features": [{"name": "badmx"}],
    "sendmail_options": {"confLOG_LEVEL": 14}, "sendmail_undefine": ["confTO_HOSTSTATUS"], "sendmail_mailer_flags": {"relay": "+S"},
    "sendmail_classes": {"CANONIFY_DOMAIN": ["c.example"]}, "sendmail_queue_groups": [{"name": "slow", "interval": "1h"}],
    "sendmail_client_options": [{"address": "192.0.2.1"}], "sendmail_ldap": {"cluster": "c"},
    "sendmail_ldap_routing": {"mail_host": "ldap -k (x=%0)", "mail_routing_address": "ldap -k (y=%0)"}, "sendmail_ostype": "solaris8",
    "sendmail_mc_domain": "generic", "sendmail_includes": ["/etc/mail/x.m4"], "sendmail_rulesets": {"Local_check_mail": ["R$*\t$@ $1"]},
    "sendmail_raw_parts": {"LOCAL_RULE_0": "R$*\t$: $1"}, "sendmail_local_config": "D{Site}x", "sendmail_local_rulesets": "SLocal_check_rcpt\nR$*\t\t$@ $1",
    "sendmail_raw_statements": [{"name": "define", "arguments": ["confX", "y"]}]}
# What stands in no .cf; the listeners, which have tests of their own; words for all hosts of a site, which docs/profiles.md names.
ELSEWHERE = re.compile(r"sendmail_((\w*table|access|aliases|userdb|authinfo)_(site|group|host)|mail_server|postmaster|listeners|today|expiry_notice"
                       r"|map_type|submit|\w*mc_template|route_tests|waivers|generations_kept)")
cf_of = functools.lru_cache(None)(compile_mc)


def effect(said, values):
    """Whether a site's words change a compiled file that this host uses; True as well where they are refused, which has to be by name."""
    templates = ["submit.mc.j2"] + ["nullclient.mc.j2"] * bool(said["__sendmail_profile"]["listeners"])
    try:
        return any(cf_of(rendered(template, dict(said, **values))).cf != cf_of(rendered(template, said)).cf for template in templates)
    except InvalidValue as exc:
        (variable, value), = values.items()
        return exc.message.startswith(variable) or isinstance(value, dict) and exc.message.startswith("%s.%s" % (variable, next(iter(value))))


def test_every_variable_of_the_configuration_has_a_sample():
    known = read("config", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]
    assert {name for name in known if not ELSEWHERE.fullmatch(name)} == set(SAID)


@pytest.mark.parametrize("name", sorted(SAID))
@pytest.mark.parametrize("said", [DIRECT, LISTENER], ids=["direct", "listener"])
def test_no_word_of_a_null_client_s_site_is_swallowed(said, name):
    assert effect({key: value for key, value in said.items() if key != name}, {name: SAID[name]})


@pytest.mark.parametrize("limit", sorted(read("config", "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]["sendmail_limits"]["options"]))
@pytest.mark.parametrize("said", [DIRECT, LISTENER], ids=["direct", "listener"])
def test_no_limit_of_a_null_client_s_site_is_swallowed(said, limit):
    value = {"mime_header_bytes": "128/64", "queue_interval": "7s", "retry_after": "7s", "retry_at_most": "7h", "client_rate_window": "7s",
             "refuse_load": 99, "queue_load": 33, "delay_load": 7}.get(limit, 7)
    assert effect(said, {"sendmail_limits": {limit: value}})
