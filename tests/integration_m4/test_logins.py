# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP AUTH and the smart host, from variables through the real m4."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

import pytest
from real_m4 import compile_mc, library_version
from test_templates import PROFILE, rendered

from ansible_collections.mailjail.sendmail.plugins.module_utils import mc

SECRET = "it's `syscmd(touch CANARY)' \"dnl\" $1"
LOGINS = dict(PROFILE, sendmail_auth={"backend": "sasldb", "users": [{"name": "alice", "password": SECRET}], "max_bits": 0})
SMART = dict(PROFILE, sendmail_smart_host="[smtp.provider.example]", sendmail_smart_host_auth={"user": "me@corp.example", "password": SECRET})


@pytest.mark.parametrize("said", [LOGINS, SMART, dict(LOGINS, **SMART), dict(SMART, sendmail_raw_parts={"MAILER_DEFINITIONS": "Mown, P=/bin/own, A=own"})],
                         ids=["logins", "smart host", "both", "own mailer"])
def test_it_compiles_in_silence_and_without_a_secret(said, canary):
    text = rendered("sendmail.mc.j2", said)
    assert mc.check(text, library_version(), waivers=[]) is not None
    done = compile_mc(text)
    assert (done.rc, done.err) == (0, "") and "syscmd(touch" not in text + done.cf and not canary.exists()


def test_logins_stand_in_the_compiled_file():
    cf = compile_mc(rendered("sendmail.mc.j2", LOGINS)).cf
    for line in ("O AuthMechanisms=PLAIN LOGIN", "O AuthOptions=p,y", "O AuthRealm=corp.example", "O AuthMaxBits=0", "C{TrustAuthMech}PLAIN",
                 "C{TrustAuthMech}LOGIN", "O DontBlameSendmail=safe",
                 "O DaemonPortOptions=Name=MTA, Family=inet, Addr=0.0.0.0, Port=25, Modifiers=AE, Listen=200",
                 "O DaemonPortOptions=Name=submission, Family=inet, Addr=0.0.0.0, Port=587, Modifiers=aE, Listen=200",
                 "O DaemonPortOptions=Name=submissions, Family=inet, Addr=0.0.0.0, Port=465, Modifiers=saE, Listen=200"):
        assert "\n%s\n" % line in cf, line
    assert cf.count("\nC{TrustAuthMech}") == 2 and "\nO DefaultAuthInfo=" not in cf


def test_without_logins_no_socket_offers_one():
    """Left to itself sendmail offers whatever mechanisms the library of the host has."""
    cf = compile_mc(rendered("sendmail.mc.j2", dict(PROFILE, sendmail_listeners=[{"name": "MTA"}, {"name": "own", "port": 2525, "modifiers": ["b"]}]))).cf
    assert re.findall(r"^O DaemonPortOptions=.*Modifiers=(\w+)", cf, re.M) == ["A", "bA"] and cf.count("\nO DaemonPortOptions=") == 2


def test_the_smart_host_has_a_port_of_its_own_and_the_mail_server_keeps_its():
    cf = compile_mc(rendered("sendmail.mc.j2", SMART)).cf
    assert "\nDSsmarthost:[smtp.provider.example]\n" in cf and re.search(r"^Kauthinfo \S+ /etc/mail/authinfo$", cf, re.M)
    mailers = {name: re.sub(r"\s+", " ", text) for name, text in re.findall(r"^M(\w+),((?:.*\n)(?:[ \t].*\n)*)", cf, re.M)}
    relay, own = mailers["relay"].strip(), mailers["smarthost"].strip()
    assert own.endswith("A=TCP $h 587") and re.search(r"A=TCP \$h$", relay)
    # But for the port it is the mailer relay.
    assert re.sub(r" A=.*", "", own) == re.sub(r" A=.*", "", relay)
    assert "\nO AuthOptions=p,y,A\n" in cf and "\nC{TrustAuthMech}" not in cf
