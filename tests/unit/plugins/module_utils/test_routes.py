# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tests: what is asked, and how the words of sendmail 8.17 and 8.18 are read."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, InvalidValue

OUTPUT = """ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)
Enter <ruleset> <address>
> > 0
> > > > > > > > Undefined ruleset check_relay
> Undefined ruleset check_mail
> check_rcpt         input: < u @ third . example >
Basic_check_rcpt returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied. IP name lookup failed " [ 192 . 0 . 2 . 1 ]
check_rcpt       returns: $# error $@ 5 . 7 . 1 $: "550 Relaying denied. IP name lookup failed " [ 192 . 0 . 2 . 1 ]
> parse            returns: $# esmtp $@ third . example . $: u < @ third . example . >
> > Trying envelope sender address <> for mailer esmtp
Rcode = 0, addr = <>
> > 1
> check_rcpt       returns: < ? > u < @ corp . example >
> parse            returns: $# esmtp $@ [ mail . corp . example ] $: u < @ corp . example . >
> Rcode = 0, addr = joe@corp.example
> > 2
> check_rcpt       returns: $# discard $: discard
> parse            returns: $# local $: root
> Rcode = 0, addr = <>
> > 3
> check_rcpt       returns: $# error $@ 4 . 3 . 0 $: "451 Temporary system failure. Please try again later."
> parse            returns: $# error $@ 5 . 1 . 1 $: "550 5.1.1 User unknown"
>
"""

ANSWERS = [
    {"expect": "refused", "code": "550", "mailer": "esmtp", "host": "third.example"},
    {"expect": "accepted", "code": None, "mailer": "esmtp", "host": "[mail.corp.example]", "envelope_sender": "joe@corp.example"},
    {"expect": "discarded", "mailer": "local", "host": "", "user": "root"},
    {"expect": "deferred", "code": "451", "mailer": "error"},
]


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_the_words_of_test_mode_are_read(number):
    answer = routes.answers(OUTPUT, len(ANSWERS))[number]
    assert {key: answer[key] for key in ANSWERS[number]} == ANSWERS[number]


def test_an_answer_that_breaks_off_is_no_answer():
    with pytest.raises(CheckFailed, match="stopped before it had answered"):
        routes.answers(OUTPUT, len(ANSWERS) + 1)
    with pytest.raises(CheckFailed):
        routes.answers(OUTPUT.partition("> > 3")[0] + "> > 3\n", len(ANSWERS))


@pytest.mark.parametrize("test, reason", [
    ({"recipient": "a@b.example"}, "expects nothing"),
    ({"expect": "refused"}, "names no recipient"),
    ({"recipient": "a@b.example", "expects": "refused"}, "unknown key 'expects'"),
    ({"recipient": "a@b.example\n/quit", "expect": "refused"}, "control character"),
    ({"recipient": "a@b.example", "expect": "refused", "client_name": "x\\ny"}, "control character or backslash"),
])
def test_a_test_that_can_not_be_meant_is_refused(test, reason):
    with pytest.raises(InvalidValue, match=reason):
        routes.complete(test)


def test_each_test_asks_with_its_own_client_and_sender():
    script = routes.script([routes.complete({"recipient": "a@b.example", "sender": "joe@c.example", "client_address": "2001:db8::1", "expect": "accepted"})])
    lines = script.splitlines()
    assert ".D{client_addr}IPv6:2001:db8::1" in lines
    assert ".D{mail_from}<joe@c.example>" in lines
    assert "check_rcpt <a@b.example>" in lines
    assert ".D{client_resolve}FAIL" in lines


def test_a_failure_says_what_was_expected_and_what_was_answered():
    test = routes.complete({"name": "own domain", "recipient": "u@corp.example", "expect": "accepted", "host": "[mail2.corp.example]"})
    answer = routes.answers(OUTPUT, len(ANSWERS))[1]
    wrong = routes.disagreements(test, answer)
    assert wrong == [("host", "[mail2.corp.example]", "[mail.corp.example]")]
    row = {"name": "own domain", "passed": False, "answer": answer, "disagreements": [dict(zip(("what", "expected", "answered"), wrong[0]))]}
    with pytest.raises(CheckFailed) as caught:
        routes.require([row])
    assert "'own domain'" in caught.value.message and "[mail2.corp.example]" in caught.value.message and "not touched" in caught.value.message
