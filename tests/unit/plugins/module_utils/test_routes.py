# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tests: what can be meant, how it is asked, and what is said of an answer that is not the expected one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes, routes_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, InvalidValue

# The answers of sendmail 8.18 to two tests, without the rulesets between.
FIRST = """ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)
Enter <ruleset> <address>
> > mailjail-0-sender
> > mailjail-0-recipient
> > Cracked address = $g
Parsing envelope recipient address
parse            returns: $# esmtp $@ third . example . $: u < @ third . example . >
final            returns: u @ third . example
mailer esmtp, host third.example., user u@third.example
> > mailjail-1-sender
> > mailjail-1-recipient
> > Cracked address = $g
Parsing envelope recipient address
mailer esmtp, host [mail.corp.example], user alice@corp.example
> > mailjail-2-end
>
"""
SECOND = """> > mailjail-0-check_relay
> MailjailJoin     returns: [ 192 . 0 . 2 . 1 ] $| 192 . 0 . 2 . 1
> > mailjail-0-check_rcpt
> Relay_ok         returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied. IP name lookup failed " [ 192 . 0 . 2 . 1 ]
check_rcpt       returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied. IP name lookup failed " [ 192 . 0 . 2 . 1 ]
> > mailjail-1-check_rcpt
> check_rcpt       returns: RELAY
> > mailjail-1-envelope_sender
> > Trying envelope sender address <> for mailer esmtp
Rcode = 0, addr = <>
> > mailjail-2-end
"""
TESTS = [{"name": "a stranger", "recipient": "u@third.example", "expect": "accepted"},
         {"name": "own domain", "recipient": "info@virt.example", "host": "[mail2.corp.example]", "envelope_sender": "<>"}]
Said = collections.namedtuple("Said", "stdout")


class Sendmail:
    """Answers as recorded; keeps what it was asked."""

    def __init__(self, *outputs):
        self.outputs, self.asked = list(outputs), []

    def run(self, argv, stdin, timeout):
        assert argv[0] == "/s" and argv[-1] == "-bt" and timeout > 0
        self.asked.append(stdin)
        return Said(self.outputs.pop(0))


@pytest.fixture(name="cf")
def cf_(tmp_path):
    path = tmp_path / "x.cf"
    path.write_bytes(routes.prepared(b"O DaemonPortOptions=Name=MTA\nO DaemonPortOptions=Name=MSA, Port=587, M=Ea\n"))
    return str(path)


# ---- tests

@pytest.mark.parametrize("test, reason", [
    ({"recipient": "a@b.example"}, "expects nothing"),
    ({"expect": "refused"}, "names no recipient"),
    ({"expect": "refused", "recipient": []}, "names no recipient"),
    ({"recipient": "a@b.example", "expects": "refused"}, "unknown key 'expects'"),
    ({"recipient": "a@b.example\n/quit", "expect": "refused"}, "control character"),
    ({"recipient": ["a@b.example", "x\t"], "expect": "refused"}, "recipient holds a control character"),
    ({"recipient": "a@b.example", "expect": "refused", "client_name": "x\\ny"}, "control character or backslash"),
    ({"recipient": "a@b.example", "expect": "refused", "tls": {"subject": "/CN=a\n"}}, r"tls\.subject holds a control character"),
    ({"recipient": "a@b.example", "expect": "refused", "tls": {"serial": 1}}, "unknown key 'serial' of 'tls'"),
    ({"recipient": "a@b.example", "expect": "refused", "authenticated": {"mechanism": "PLAIN"}}, "needs 'as'"),
    ({"recipient": "a@b.example", "expect": "refused", "client_resolve": "forged"}, "needs a client_name"),
    ({"recipient": "", "expect": "refused"}, "names no recipient"),
    ({"recipient": ["a@b.example", " "], "expect": "refused"}, "names no recipient, or an empty one"),
    ({"recipient": "a@b.example", "expect": "refused", "client_address": "10.0.0.0/8"}, "client_address is '10.0.0.0/8'; expected one address"),
    ({"recipient": "a@b.example", "expect": "refused", "client_address": "10"}, "expected one address"),
    ({"recipient": "a@b.example", "expect": "refused", "client_address": "2001:db8::/32"}, "expected one address"),
    ({"recipient": "a@b.example", "expect": "refused", "client_address": "mx.example.org"}, "expected one address"),
    ({"recipient": "a" * 995 + "@b.example", "expect": "refused"}, "recipient is longer than the 1000 bytes"),
    ({"recipient": "a@b.example", "expect": "refused", "helo": "\u00e9" * 501}, "helo is longer than the 1000 bytes"),
    ({"recipient": "a@b.example", "expect": "refused", "tls": {"subject": "/CN=" + " " * 400}}, r"tls\.subject is longer than the 1000 bytes"),
    ({"recipient": "a@b.example", "expect": "refused", "authenticated": {"as": "x" * 1001}}, r"authenticated\.as is longer"),
])
def test_a_test_that_can_not_be_meant_is_refused(test, reason):
    with pytest.raises(InvalidValue, match=reason):
        routes.complete(test)


@pytest.mark.parametrize("sender", ["", " ", None, "<>"])
def test_an_empty_sender_is_the_null_sender(sender):
    assert routes.complete({"recipient": "a@b.example", "expect": "refused", "sender": sender})["sender"] == "<>"


@pytest.mark.parametrize("address", ["192.0.2.1", "2001:db8::1", "IPv6:2001:DB8::1", "::ffff:192.0.2.1"])
def test_one_address_in_any_spelling(address):
    assert routes.complete({"recipient": "a@b.example", "expect": "refused", "client_address": address})["client_address"] == address


def test_several_recipients_are_several_questions_with_names_of_their_own():
    rows = routes.each([{"name": "own", "recipient": ["a@b.example", "c@b.example"], "expect": "accepted"}, {"recipient": "d@b.example", "code": 550}])
    assert [(row["name"], row["recipient"]) for row in rows] == [
        ("own (a@b.example)", "a@b.example"), ("own (c@b.example)", "c@b.example"), ("to d@b.example", "d@b.example")]


# ---- asking

def test_answers_are_put_beside_what_was_expected(cf):
    sendmail = Sendmail(FIRST, SECOND)
    first, second = routes.ask(sendmail, "/s", cf, TESTS)
    assert not first["passed"] and first["answer"]["code"] == "550" and first["answer"]["ruleset"] == "Relay_ok"
    assert [tuple(sorted(row.items())) for row in second["disagreements"]] == [
        (("answered", "[mail.corp.example]"), ("expected", "[mail2.corp.example]"), ("what", "host"))]
    assert second["answer"]["envelope_recipient"] == "alice@corp.example"
    # The check rulesets are asked once it is known where the recipient goes.
    assert ".D{rcpt_host}third.example." in sendmail.asked[1] and "rcpt_host" not in sendmail.asked[0]


def test_no_tests_ask_nobody(cf):
    assert routes.ask(Sendmail(), "/s", cf, []) == []


def test_a_listener_that_wants_authentication_refuses_before_any_ruleset(cf):
    tests = [dict(TESTS[0], listener="MSA"), dict(TESTS[1], listener="msa", authenticated={"as": "joe"})]
    first, second = routes.ask(Sendmail(FIRST, SECOND), "/s", cf, tests)
    assert (first["answer"]["code"], first["answer"]["status"], first["answer"]["ruleset"]) == ("530", "5.7.0", "modifier a of listener MSA")
    assert second["answer"]["expect"] == "accepted"


def test_a_listener_that_there_is_not_is_named_with_those_that_there_are(cf):
    with pytest.raises(CheckFailed, match="'a stranger': the configuration has no listener 'SUBMIT'; it has MTA, MSA"):
        routes.ask(Sendmail(), "/s", cf, [dict(TESTS[0], listener="SUBMIT")])


def test_a_question_that_was_not_understood_is_no_refusal(cf):
    # What sendmail 8.18 says to a command without an address.
    with pytest.raises(CheckFailed, match="'a stranger' could not be asked.*recipient.*Usage: /parse address"):
        routes.ask(Sendmail(FIRST.replace("Cracked address = $g", "Usage: /parse address", 1)), "/s", cf, TESTS)
    with pytest.raises(CheckFailed, match="'own domain' could not be asked.*envelope_sender.*Usage: /try"):
        routes.ask(Sendmail(FIRST, SECOND.replace("Rcode = 0, addr = <>", "Usage: /try mailer address")), "/s", cf, TESTS)


def test_an_address_that_is_none_is_named_with_its_test(cf):
    with pytest.raises(InvalidValue, match="'a stranger'.*192.0.2.999"):
        routes.ask(Sendmail(), "/s", cf, [dict(TESTS[0], client_address="192.0.2.999")])


@pytest.mark.parametrize("expected, answered, differs", [
    ({"code": 550}, {"code": "550"}, []), ({"code": "550"}, {"code": None}, [("code", "550", "nothing")]),
    ({"text": "relaying DENIED"}, {"text": "Relaying denied. IP"}, []), ({"text": "listed"}, {"text": None}, [("text", "listed", "nothing")]),
    ({"host": ""}, {"host": ""}, []), ({"host": ""}, {"host": "x"}, [("host", "", "x")]),
    ({"header_sender": "a@b"}, {"header_sender": "a@c"}, [("header_sender", "a@b", "a@c")]),
    ({"expect": "refused", "status": "5.7.1"}, {"expect": "deferred", "status": "4.7.1"}, [("expect", "refused", "deferred"), ("status", "5.7.1", "4.7.1")]),
])
def test_disagreements(expected, answered, differs):
    whole = routes.complete(dict({"recipient": "a@b.example"}, **expected))
    assert routes.disagreements(whole, answered) == differs


# ---- words

def test_a_failure_says_what_was_asked_expected_and_answered_and_who_said_it(cf):
    tests = [dict(TESTS[0], client_name="x.example", tls={"subject": "/CN=joe"}, authenticated={"as": "joe"}), TESTS[1]]
    with pytest.raises(CheckFailed) as caught:
        routes.require(routes.ask(Sendmail(FIRST, SECOND), "/s", cf, tests))
    said = caught.value.message
    for words in ("2 of 2 route tests failed", "'a stranger'", "client 192.0.2.1 (x.example), authenticated as joe by PLAIN, TLS with the certificate /CN=joe",
                  "expected expect 'accepted', sendmail answers 'refused'",
                  'refused with 550 5.7.1 "Relaying denied. IP name lookup failed [192.0.2.1]" by Relay_ok',
                  "'own domain'", "expected host '[mail2.corp.example]', sendmail answers '[mail.corp.example]'", "not touched"):
        assert words in said, words


def test_all_is_well():
    routes.require([{"name": "x", "passed": True}])


# ---- any host

def test_nothing_to_ask_is_said_before_a_program_runs():
    with pytest.raises(InvalidValue, match="sendmail_route_tests"):
        routes_host.ask(None, [])
