# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profiles nullclient and hub, compiled by the real m4."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

import pytest
from jinja2.nativetypes import NativeEnvironment
from real_m4 import compile_mc, library_version
from test_templates import environment, read, rendered

from ansible_collections.mailjail.sendmail.plugins.module_utils import mc


def profile(name, **said):
    """Variables of a site with the defaults of a profile."""
    defaults = dict(read(name, "defaults", "main.yml"), **said)
    # The one expression in it that is no whole value.
    defaults.setdefault("sendmail_submission", "listener")
    template = defaults["__sendmail_profile"]["listeners"]
    if isinstance(template, str):
        listeners = environment(NativeEnvironment).from_string(template).render(defaults)
        defaults["__sendmail_profile"] = dict(defaults["__sendmail_profile"], listeners=listeners)
    return defaults


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
