# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Test mode: what it is told, and how the words of sendmail 8.17 and 8.18 are read. The answers were recorded; a real session agreed with each."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes, testmode
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed

CF = """O DaemonPortOptions=Port=smtp, Addr=192.0.2.5,
\tName=MTA
O DaemonPortOptions=Name=MSA, Port=587, M=EaC
#O DaemonPortOptions=Name=Old, Port=2525
O DaemonPortOptions=Name=MTA-v6, Family=inet6, Modifiers=u
O DaemonPortOptions=Port=2526
SBasic_check_relay
SD
"""
DOOR = {"name": "MSA", "port": "587", "family": "inet", "modifiers": "aE"}


def session(compressed=False, **test):
    row, = routes.each([dict({"recipient": "a@b.example", "expect": "accepted"}, **test)])
    return testmode.session(row, {"listener": DOOR, "compressed": compressed})


# ---- the .cf

@pytest.mark.parametrize("name, found", [
    (None, ("MTA", "smtp", "inet", "")), ("msa", ("MSA", "587", "inet", "EaC")), ("MTA-v6", ("MTA-v6", "25", "inet6", "u")),
    ("Daemon3", ("Daemon3", "2526", "inet", ""))])
def test_a_listener_is_found_by_its_name(name, found):
    one = testmode.listener(CF, name)
    assert (one["name"], one["port"], one["family"], one["modifiers"]) == found


def test_without_any_listener_there_is_the_usual_one():
    assert testmode.listener("", None)["name"] == "MTA"


def test_a_listener_that_there_is_not():
    with pytest.raises(CheckFailed, match="no listener 'Old'; it has MTA, MSA, MTA-v6, Daemon3"):
        testmode.listener(CF, "Old")


@pytest.mark.parametrize("modifiers, spelled", [("", ""), ("a", "a"), ("aEfC", "a EE f CC"), ("u A", "u AA")])
def test_modifiers_are_spelled_as_rulesets_see_them(modifiers, spelled):
    assert testmode.flags(modifiers) == spelled


@pytest.mark.parametrize("shown, name", [
    ("Basic_check_rela", "Basic_check_relay"), ("Relay_ok", "Relay_ok"), ("Sixteen_letters_", "Sixteen_letters_"), (None, None)])
def test_a_ruleset_gets_its_whole_name(shown, name):
    assert testmode.full_name(CF, shown) == name


# ---- questions

@pytest.mark.parametrize("test, macros", [
    ({}, {"{client_addr}": "192.0.2.1", "{client_name}": "[192.0.2.1]", "{client_ptr}": "[192.0.2.1]", "{client_resolve}": "FAIL", "s": "[192.0.2.1]",
          "r": "ESMTP", "{verify}": "", "{auth_type}": None, "f": "", "{mail_from}": "<>"}),
    ({"client_name": "x.example", "helo": "y.example", "sender": "<joe@c.example>"},
     {"{client_name}": "x.example", "{client_ptr}": "x.example", "{client_resolve}": "OK",
      "s": "y.example", "f": "joe@c.example", "{mail_from}": "<joe@c.example>"}),
    ({"client_name": "x.example", "client_resolve": "forged"}, {"{client_name}": "[192.0.2.1]", "{client_ptr}": "x.example", "{client_resolve}": "FORGED"}),
    ({"client_resolve": "temp"}, {"{client_name}": "[192.0.2.1]", "{client_resolve}": "TEMP"}),
    ({"client_address": "2001:db8::1"}, {"{client_addr}": "IPv6:2001:db8:0:0:0:0:0:1", "{client_name}": "[IPv6:2001:db8:0:0:0:0:0:1]"}),
    ({"client_address": "IPv6:2001:DB8::1", "compressed": True}, {"{client_addr}": "IPv6:2001:db8::1"}),
    ({}, {"{daemon_name}": "MSA", "{daemon_port}": "587", "{daemon_flags}": "a EE", "{daemon_family}": "inet"}),
    ({"authenticated": {"as": "joe"}}, {"{auth_type}": "PLAIN", "{auth_authen}": "joe", "{auth_author}": "", "{auth_ssf}": 0, "r": "ESMTPA"}),
    ({"tls": {}}, {"{tls_version}": "TLSv1.3", "{cipher_bits}": 256, "{verify}": "NO", "{cert_subject}": "", "r": "ESMTPS"}),
    ({"tls": {"subject": "/C=ES/CN=joe", "issuer": "/O=Corp/CN=Corp CA"}, "authenticated": {"as": "joe", "mechanism": "EXTERNAL"}},
     {"{verify}": "OK", "{cert_subject}": "/C=ES/CN=joe", "{cn_subject}": "joe", "{cert_issuer}": "/O=Corp/CN=Corp+20CA", "{cn_issuer}": "Corp+20CA",
      "{auth_type}": "EXTERNAL", "r": "ESMTPSA"}),
    ({"tls": {"subject": "/CN=joe", "verify": "FAIL"}}, {"{verify}": "FAIL"}),
])
def test_macros_are_those_of_a_session(test, macros):
    found = session(**test)
    assert {name: found[name] for name in macros} == macros


@pytest.mark.parametrize("name, spelled", [
    ("/CN=Our CA", "/CN=Our+20CA"), ("/CN=Our+20CA", "/CN=Our+20CA"), ("/CN=a+b", "/CN=a+2Bb"),
    ('/CN="x" <y> (z)', "/CN=+22x+22+20+3Cy+3E+20+28z+29"), (None, "")])
def test_names_of_certificates_are_spelled_as_sendmail_does(name, spelled):
    assert testmode.coded(name) == spelled


def test_every_test_starts_from_its_own_session():
    rows = routes.each([{"recipient": "a@b.example", "expect": "refused", "authenticated": {"as": "jo$e"}}, {"recipient": "c@b.example", "expect": "refused"}])
    sessions = [testmode.session(row, {"listener": DOOR, "compressed": False}) for row in rows]
    nowhere = {"mailer": "esmtp", "host": "b.example.", "user": "x@b.example", "objection": None}
    script = testmode.second_script(rows, sessions, [{"sender": testmode.NOBODY, "recipient": nowhere}] * 2)
    first, _mark, second = script.partition("mailjail-0-check_data")
    assert ".D{auth_authen}jo$$e" in first.splitlines() and ".D{auth_authen}" in second.splitlines() and ".D{auth_type}" in second.splitlines()
    assert "MailjailJoin,check_relay [192.0.2.1] $| 192.0.2.1" in first.splitlines()
    assert "check_rcpt <c@b.example>" in second.splitlines() and "check_eom" not in script and "/try " not in script


@pytest.mark.parametrize("mailer, asked", [("smtp", ["/tryflags HS", "/try smtp joe@c.example"]), ("error", []), (None, [])])
def test_addresses_are_rewritten_by_the_mailer_that_gets_the_message(mailer, asked):
    rows = routes.each([{"recipient": "a@b.example", "sender": "<joe@c.example>", "header_sender": "x", "size": 9}])
    place = {"sender": testmode.NOBODY, "recipient": {"mailer": mailer, "host": "", "user": None, "objection": None}}
    lines = testmode.second_script(rows, [session()], [place]).splitlines()
    assert [line for line in lines if line.startswith("/")] == asked and "check_eom 9" in lines


def test_no_question_is_longer_than_a_line_of_test_mode():
    row, = routes.each([{"recipient": "a@b.example", "expect": "accepted"}])
    with pytest.raises(CheckFailed, match="longer than the 2040 bytes"):
        testmode.first_script([row], [dict(session(), s="x" * 2040)])


# ---- answers

OBJECTIONS = [
    # what the ruleset returned, code, enhanced code, text
    ('$# error $@ 5 . 7 . 1 $: "550 Relaying denied. IP name lookup failed " [ 192 . 0 . 2 . 1 ]', "refused", "550", "5.7.1",
     "Relaying denied. IP name lookup failed [192.0.2.1]"),
    ("$# error $: 550 5 . 7 . 9 go away", "refused", "550", "5.7.9", "go away"),
    ("$# error $: go away", "refused", "553", "5.3.0", "go away"),
    ("$# error $@ 5 . 7 . 1 $: 550 not here", "refused", "550", "5.7.1", "not here"),
    ('$# error $@ nouser $: "553 User address required"', "refused", "553", "5.0.0", "User address required"),
    ('$# error $@ 5 . 5 . 4 $: "553 Domain name required for sender address " joe', "refused", "553", "5.5.4", "Domain name required for sender address joe"),
    ('$# error $@ 4 . 3 . 0 $: "451 Temporary system failure. Please try again later."', "deferred", "451", "4.3.0",
     "Temporary system failure. Please try again later."),
    ("$# error $@ quarantine $: looks bad", "quarantined", None, None, "looks bad"),
    ("$# discard $: discard", "discarded", None, None, None),
]


@pytest.mark.parametrize("returned, expect, code, status, text", OBJECTIONS)
def test_objections_are_read_as_a_client_would_hear_them(returned, expect, code, status, text):
    lines = ["Rcpt_ok          returns: < ? >", "Inner            returns: " + returned, "check_rcpt       returns: " + returned]
    assert testmode.verdict("check_rcpt", lines) == {"expect": expect, "code": code, "status": status, "text": text, "ruleset": "Inner"}


@pytest.mark.parametrize("lines", [
    [], ["Undefined ruleset check_relay"], ["check_rcpt       returns: RELAY"], ["check_rcpt       returns: $# RELAY"], ["check_rcpt       returns: "],
    ["check_rcpt       returns: @ u < @ corp . example >"], ["Rcpt_ok          returns: $# error $: 550 no"]])
def test_no_objection(lines):
    assert testmode.verdict("check_rcpt", lines) is None


@pytest.mark.parametrize("lines, mailer, host, user, code, text", [
    (["mailer esmtp, host third.example., user u@third.example"], "esmtp", "third.example.", "u@third.example", None, None),
    (["mailer local, user root"], "local", "", "root", None, None),
    (["nobody@virt.example... no such user here",
      "mailer *error*, host nouser, user 550 no such user here"], "error", "nouser", None, "550", "no such user here"),
    (["u@err.example... nope", "mailer *error*, host 5.1.1, user 550 nope"], "error", "5.1.1", None, "550", "nope"),
    (["Cracked address = $g", "Parsing envelope recipient address", "a, b... Unbalanced '<'"], None, "", None, "553", "a, b... Unbalanced '<'"),
])
def test_where_an_address_goes(lines, mailer, host, user, code, text):
    found = testmode.place(lines)
    objection = found["objection"] or {"code": None, "text": None}
    assert (found["mailer"], found["host"], found["user"], objection["code"], objection["text"]) == (mailer, host, user, code, text)


def rows(**test):
    return routes.each([dict({"recipient": "a@b.example", "expect": "accepted"}, **test)])


def answer(second, recipient="mailer esmtp, host b.example., user a@b.example", **test):
    found = testmode.places("> mailjail-0-sender\n> mailjail-0-recipient\n%s\n> > mailjail-1-end\n" % recipient, rows(**test))
    return testmode.answers(second + "> > mailjail-1-end\n>", rows(**test), found)[0]


RELAY = "> > mailjail-0-check_relay\n> check_relay      returns: $# %s\n"
RCPT = "> > mailjail-0-check_rcpt\n> check_rcpt       returns: $# %s\n"


@pytest.mark.parametrize("second, recipient, expect, ruleset", [
    ("", "mailer esmtp, host b.example., user a@b.example", "accepted", None),
    (RELAY % "discard $: discard" + RCPT % "error $: 550 no", "mailer local, user a", "refused", "check_rcpt"),
    (RELAY % "error $@ quarantine $: x" + RCPT % "discard $: discard", "mailer local, user a", "discarded", "check_rcpt"),
    (RELAY % "error $@ quarantine $: x" + RCPT % "OK", "mailer local, user a", "quarantined", "check_relay"),
    # A session parses a recipient before it checks it.
    (RCPT % "error $@ 5 . 7 . 1 $: 550 Relaying denied", "mailer *error*, host 5.1.1, user 550 nope", "refused", "parse"),
    (RELAY % "error $: 421 later", "mailer *error*, host 5.1.1, user 550 nope", "deferred", "check_relay"),
])
def test_the_first_refusal_counts_then_what_is_thrown_away_then_what_is_held(second, recipient, expect, ruleset):
    found = answer(second, recipient)
    assert (found["expect"], found["ruleset"]) == (expect, ruleset)


def test_rewritten_addresses():
    second = "> > mailjail-0-header_sender\n> > Trying header sender address x for mailer esmtp\nRcode = 0, addr = Joe.Doe@corp.example\n"
    found = answer(second, header_sender="x")
    assert (found["header_sender"], found["envelope_sender"], found["host"], found["envelope_recipient"]) == (
        "Joe.Doe@corp.example", None, "b.example", "a@b.example")


def test_an_answer_that_breaks_off_is_no_answer():
    with pytest.raises(CheckFailed, match="stopped before it had answered every route test; its last words: .*line 7: unknown"):
        testmode.sections("ADDRESS TEST MODE\n> > mailjail-0-sender\n/etc/mail/x.cf: line 7: unknown configuration line", 1)
