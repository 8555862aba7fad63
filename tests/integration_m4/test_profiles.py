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
