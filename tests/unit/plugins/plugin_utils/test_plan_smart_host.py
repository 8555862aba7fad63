# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smart host that wants a password: what is told to whom, and on which terms."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_auth, plan_smart_host

HOST = "[smtp.provider.example]"
ME = {"user": "me", "password": "hunter2"}
SECRET = "a \"b\" 'c' `dnl` : \\ $1 \u00fc #"


def site(auth=None, **said):
    whole = {"smart_host": HOST, "smart_host_auth": auth, "tables": {}, "tls": {}, "masquerade": {"recipients": False}, "auth": {}, "options": {},
             "privilege": "jailed", "run_user": "mailgw", "domain": "corp.example", "host_name": "gw.corp.example"}
    return dict(whole, **said)


def test_without_a_password_nothing_changes():
    found = site({}, smart_host="relay.example")
    plan_smart_host.check(found)
    assert plan_smart_host.lines(found) == {"relay": "`relay.example'", "mailer": []}
    assert plan_smart_host.authinfo(found) == plan_smart_host.access(found) == plan_smart_host.plugins(found) == []


@pytest.mark.parametrize("auth, more, words", [
    (ME, {"smart_host": ""}, "sendmail_smart_host is empty"),
    (ME, {"smart_host": "[192.0.2.7]"}, "192.0.2.7 is an address"),
    (ME, {"smart_host": "[IPv6:2001:db8::7]"}, "2001:db8::7 is an address"),
    (dict(ME, tls="encrypt"), {"smart_host": "[IPv6:2001:db8::7]", "tls": {"policy": [{"peer": "2001:db8::7", "require": "none"}]}}, "in the clear"),
    (ME, {"smart_host": "smtp.provider.example"}, "in brackets"),
    (ME, {"smart_host": "relay:[smtp.provider.example]"}, "names a mailer"),
    (dict(ME, port=465), {}, "STARTTLS only"),
    (dict(ME, port=0), {}, "expected a TCP port"),
    (dict(ME, tls="none"), {}, "never sent in the clear"),
    (dict(ME, password=""), {}, "password is empty"),
    (dict(ME, user=""), {}, "user is empty"),
    (dict(ME, password="hunter2\n"), {}, "line end"),
    (dict(ME, mechanisms=["CRAM-MD5"]), {}, "'CRAM-MD5' is none of"),
    (dict(ME, pasword="hunter2"), {}, "no key pasword. Did you mean password?"),
    (ME, {"tables": {"access": {"file": "files/access"}}}, "sendmail_access.file"),
    (ME, {"tables": {"authinfo": {"host_file": "/etc/mail/a"}}}, "sendmail_authinfo.host_file"),
    (ME, {"tables": {"authinfo": {"entries": [{"host": "SMTP.provider.example", "user": "u", "password": "hunter2"}]}}}, "Keep one"),
    (ME, {"tables": {"access": {"entries": [{"key": "Try_TLS:smtp.provider.example", "value": "NO"}]}}}, "in the clear"),
    (ME, {"tls": {"policy": [{"peer": "smtp.provider.example", "require": "none"}]}}, "in the clear"),
    # What is asked for is lowered without a word: any certificate will do, or one that is good for another name.
    (ME, {"tls": {"policy": [{"peer": "smtp.provider.example", "require": "encrypt"}]}}, "any certificate"),
    (ME, {"tls": {"policy": [{"peer": "smtp.provider.example", "require": "verify"}]}}, "any certificate"),
    (ME, {"tables": {"access": {"entries": [{"key": "TLS_Srv:SMTP.provider.example", "value": "ENCR:256"}]}}}, "any certificate"),
    (dict(ME, tls="encrypt"), {"tables": {"access": {"entries": [{"tag": "TLS_Srv:", "key": "smtp.provider.example", "value": "ENCR:0"}]}}}, "in the clear"),
    # A domain above it counts, and so does the key without a name.
    (ME, {"tls": {"policy": [{"peer": "provider.example", "require": "none"}]}}, "'Try_TLS:provider.example'"),
    (ME, {"tables": {"access": {"entries": [{"key": "Try_TLS:example", "value": "NO"}]}}}, "'Try_TLS:example'"),
    (ME, {"tables": {"access": {"entries": [{"key": "Try_TLS:", "value": "NO"}]}}}, "'Try_TLS:'"),
    (dict(ME, tls="encrypt"), {"smart_host": "[192.0.2.7]", "tables": {"access": {"entries": [{"key": "Try_TLS:192.0", "value": "NO"}]}}}, "'Try_TLS:192.0'"),
])
def test_what_can_not_work_or_would_tell_the_secret_is_refused(auth, more, words):
    with pytest.raises(InvalidValue) as caught:
        plan_smart_host.check(site(auth, **more))
    assert words in caught.value.message and "sendmail_smart_host_auth" in caught.value.message and "hunter2" not in caught.value.message


def test_the_secret_is_data_whatever_stands_in_it():
    found = site(dict(ME, password=SECRET, authorization_id="bo\u00df", realm="r.example", mechanisms=["SCRAM-SHA-256", "PLAIN"]))
    plan_smart_host.check(found)
    entry, = plan_smart_host.authinfo(found)
    assert entry["key"] == "AuthInfo:smtp.provider.example"
    tokens = {token[1]: base64.b64decode(token[3:-1]).decode("utf-8") for token in entry["value"].split(" \"M:")[0].split(" ")}
    assert tokens == {"U": "bo\u00df", "I": "me", "P": SECRET, "R": "r.example"} and entry["value"].endswith('"M:SCRAM-SHA-256 PLAIN"')
    assert plan_smart_host.plugins(found) == ["plain", "scram"] == plan_auth.needs(found)["plugins"]


@pytest.mark.parametrize("tls, value", [("verify", "VERIFY+CN"), ("encrypt", "ENCR:128")])
def test_its_terms_are_asked_for_before_the_secret_is_told(tls, value):
    assert [(row["key"], row["value"]) for row in plan_smart_host.access(site(dict(ME, tls=tls)))] == [("TLS_Srv:smtp.provider.example", value)]


def test_an_address_is_spelt_as_sendmail_looks_it_up():
    found = site(dict(ME, tls="encrypt"), smart_host="[IPv6:2001:db8::7]")
    plan_smart_host.check(found)
    assert [row["key"] for row in plan_smart_host.authinfo(found) + plan_smart_host.access(found)] == [
        "AuthInfo:IPv6:2001:db8:0:0:0:0:0:7", "TLS_Srv:IPv6:2001:db8:0:0:0:0:0:7"]


def test_stricter_terms_of_the_site_stay():
    found = site(ME, tls={"policy": [{"peer": "smtp.provider.example", "require": "verify", "cn": "other.example"}]})
    plan_smart_host.check(found)
    assert plan_smart_host.access(found) == []


@pytest.mark.parametrize("auth, said", [
    (ME, {"tls": {"policy": [{"peer": "other.example", "require": "none"}, {"peer": "provider.example", "require": "encrypt"}]}}),
    (ME, {"tables": {"access": {"entries": [{"key": "Try_TLS:x.smtp.provider.example", "value": "NO"}]}}}),
    (ME, {"tls": {"policy": [{"peer": "smtp.provider.example", "require": "verify", "check_name": True, "bits": 256, "permanent": True}]}}),
    (dict(ME, tls="encrypt"), {"tls": {"policy": [{"peer": "smtp.provider.example", "require": "verify"}]}}),
])
def test_terms_of_others_and_stricter_ones_pass(auth, said):
    plan_smart_host.check(site(auth, **said))


def test_a_port_of_its_own_takes_a_mailer_of_its_own():
    found = plan_smart_host.lines(site(ME))
    assert found["relay"] == "`smarthost:[smtp.provider.example]'" and found["mailer"][-1] == "\t\tA=TCP $h 587"
    assert plan_smart_host.lines(site(dict(ME, port=25))) == {"relay": "`[smtp.provider.example]'", "mailer": []}
    assert "R=MasqSMTP/MasqRelay" in plan_smart_host.lines(site(ME, masquerade={"recipients": True}))["mailer"][0]


def test_sendmail_is_told_to_name_others_only_after_it_was_believed():
    assert plan_auth.lines(site(ME))["defines"] == [{"name": "confAUTH_OPTIONS", "value": "`p,y,A'"}]
