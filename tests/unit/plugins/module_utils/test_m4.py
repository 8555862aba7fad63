# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

KEPT = [
    ("mail.example.com", "text"),
    ('a#b; c=d "e" <f> {g} [h] \\ ~ ^ * ? ! % @ & |', "text"),
    ("", "text"),
    ("index len eval define include", "text"),
    ("authwarnings,goaway", "list"),
    ("$j mail (no spam, please)", "greeting"),
    ('"550 no" $&{client_addr}', "macros"),
    ("$z/.forward.$w:$z/.forward", "macros"),
    ("$?sfrom $s $.by $j (x)\n\tfor $u; $|;\n\t$.$b".replace("for $u", "$?ufor $u"), "header"),
    ("[192.0.2.1]", "host"),
    ("[IPv6:2001:db8::1]", "host"),
    ("index.eval.example", "host"),
    ("relay:[mail.example.com]", "relay"),
    (".example.com", "domain"),
    ("/var/mailjail", "path"),
    ("/a,/b", "paths"),
    ("hash -T<TMPF> /etc/mail/access", "map"),
    ("-o /etc/mail/x", "class_file"),
    ("-:|/", "flags"),
    ("mail:mail", "user"),
    ("1h30m", "interval"),
    (25, "integer"),
    (True, "boolean"),
    ("inet:8891@127.0.0.1", "socket"),
    ("local:/run/x.sock", "socket"),
    ("goaway,noetrn", "privacy"),
    ("PostMilter", "super_safe"),
    ("2001:db8::1", "address"),
    ("postmaster@example.com", "mailbox"),
    ("p,y", "auth_options"),
    ("0600", "mode"),
]


@pytest.mark.parametrize("value, kind", KEPT)
def test_a_value_is_kept_between_quotes(value, kind):
    assert m4.quote(value, "sendmail_x", kind) == "`%s'" % value


REFUSED = [
    ("a'b", "text", "a quote (apostrophe) at position 2"),
    ("a`b", "text", "a backquote at position 2"),
    ("a\nb", "text", "a line end"),
    ("a\rb", "text", "control character 0x0d"),
    ("a\x00b", "text", "control character 0x00"),
    ("a\tb", "text", "control character 0x09"),
    ("a,b", "text", "a comma"),
    ("a(b", "text", "an opening parenthesis"),
    ("a)b", "text", "a closing parenthesis"),
    ("$1", "text", "a dollar"),
    ("m\xfcller.example", "domain", "xn--"),
    (" a", "text", "begins or ends with a blank"),
    ("a ", "list", "begins or ends with a blank"),
    ("|/bin/sh", "text", "runs what follows a leading bar"),
    ("dnl", "text", "the word 'dnl'"),
    ("mail.dnl.example", "domain", "the word 'dnl'"),
    ("1dnl", "text", "the word 'dnl'"),
    ("a divert b", "text", "'divert'"),
    ("lower.example", "host", "'lower'"),
    ("SMART_HOST", "text", "'SMART_HOST'"),
    ("MAILER-DAEMON", "text", "'MAILER'"),
    ("confLOG_LEVEL", "text", "'confLOG_LEVEL'"),
    ("_ARG_", "text", "'_ARG_'"),
    ("__file__", "text", "'__file__'"),
    ("sm_version.example", "host", "'sm_version'"),
    ("syscmd(id)", "text", "an opening parenthesis"),
    ("syscmd(id)", "greeting", "'syscmd'"),
    ("len (x) index(y)", "greeting", "'index'"),
    ("$1 a", "greeting", "found '$1'"),
    ("$*", "macros", "found '$*'"),
    ("a $", "macros", "found '$'"),
    ("$(map x $)", "greeting", "found '$('"),
    ("$@", "greeting", "found '$@'"),
    ("$j $?{x}open", "greeting", "needs one $."),
    ("$j, x", "macros", "a comma"),
    ("a\nb", "header", "folded only by"),
    ("a\tb", "header", "folded only by"),
    ("a\n\t\n\tb", "header", "folded only by"),
    ("10.0.0.1", "host", "an address in brackets"),
    ("[10.0.0.999]", "host", "is not a host name"),
    ("a..b", "domain", "is not a domain name"),
    ("", "host", "is not a host name"),
    ("/a/../b", "path", "absolute path"),
    ("a/b", "path", "absolute path"),
    ("program /bin/x", "map", "map class"),
    ("25M", "size", "digits only"),
    ("yess", "boolean", "True or False"),
    ("5 m", "interval", "an interval"),
    ("goaway,novry", "privacy", "Did you mean novrfy"),
    (["a"], "host", "is a list"),
    (None, "text", "is missing"),
    ({"a": 1}, "text", "is a dictionary"),
    (["a", "b,c"], "list", "a comma"),
    ("x", "hosst", "kind 'hosst'"),
]


@pytest.mark.parametrize("value, kind, said", REFUSED)
def test_a_value_is_refused_by_name(value, kind, said):
    with pytest.raises(InvalidValue) as caught:
        m4.quote(value, "sendmail_x", kind)
    assert caught.value.message.startswith("sendmail_x") and said in caught.value.message
    assert caught.value.details["name"] == "sendmail_x"


def test_a_list_is_joined_with_commas():
    assert m4.quote(["goaway", "noetrn"], "sendmail_privacy", "privacy") == "`goaway,noetrn'" and m4.quote([], "x", "list") == "`'"


def test_a_host_in_capitals_is_told_its_other_spelling():
    with pytest.raises(InvalidValue) as caught:
        m4.quote("SITE.example", "sendmail_x", "host")
    assert "'site' will do" in caught.value.message


@pytest.mark.parametrize(
    "text, word",
    [
        ("dnl", "dnl"),
        ("xdnl", None),
        ("dnl2", None),
        ("2dnl", "dnl"),
        ("a-dnl-b", "dnl"),
        ("index", None),
        ("index(", "index"),
        ("index (", None),
        ("shift", None),
        ("Divert", None),
        ("_ABC", "_ABC"),
        ("_dmarc", None),
        ("configure", None),
    ],
)
def test_words_that_m4_would_replace(text, word):
    assert m4.live_word(text) == word


def test_every_statement_and_variable_is_a_live_word():
    for name in list(language.STATEMENTS) + list(language.VARIABLES) + list(language.DEFINES):
        assert m4.live_word(name) == (None if name in m4.CALLED_COMMANDS else name)


def test_the_preamble_names_its_files_and_refuses_bad_ones():
    assert "`$1', `/etc/mail/x.m4', `1', " in m4.preamble(["/etc/mail/x.m4"]) and m4.preamble() == m4.PREAMBLE
    with pytest.raises(InvalidValue):
        m4.preamble(["/etc/'x"])


LISTENERS = [
    ({"name": "MTA"}, "Name=MTA, Family=inet"),
    ({"name": "MTA", "port": 25, "address": "192.0.2.1", "modifiers": ["f", "E"]}, "Name=MTA, Family=inet, Addr=192.0.2.1, Port=25, Modifiers=fE"),
    ({"name": "MTA-v6", "address": "2001:db8::1", "port": "smtp"}, "Name=MTA-v6, Family=inet6, Addr=2001:db8::1, Port=smtp"),
    ({"name": "MSA", "port": 587, "modifiers": ["E", "a"], "address": None, "milters": []}, "Name=MSA, Family=inet, Port=587, Modifiers=Ea"),
    (
        {
            "name": "x",
            "listen": 200,
            "children": 40,
            "delivery_mode": "queue",
            "queue_load": 8,
            "refuse_load": 12,
            "delay_load": 4,
            "milters": ["a", "b"],
            "send_buffer": 1,
            "receive_buffer": 2,
        },
        "Name=x, Family=inet, Listen=200, children=40, DeliveryMode=queue, queueLA=8, refuseLA=12, delayLA=4, InputMailFilters=a;b, SndBufSize=1, RcvBufSize=2",
    ),
]


@pytest.mark.parametrize("listener, text", LISTENERS)
def test_a_listener_becomes_the_argument_of_daemon_options(listener, text):
    assert m4.daemon_options(listener) == text


@pytest.mark.parametrize(
    "listener, said",
    [
        ({}, "needs a name"),
        ({"name": "x", "adress": "1"}, "Did you mean address?"),
        ({"name": "x", "modifiers": ["a"]}, "refuses every mail server"),
        ({"name": "x", "modifiers": "a", "port": "smtp"}, "refuses every mail server"),
        ({"name": "x", "modifiers": ["z"]}, "modifier 'z' is unknown"),
        ({"name": "x", "modifiers": ["a", "A"], "port": 587}, "contradict"),
        ({"name": "x", "modifiers": ["f", "u"]}, "contradict"),
        ({"name": "x", "address": "2001:db8::1", "family": "inet"}, "does not belong to Family=inet"),
        ({"name": "x", "address": "1.2.3.4, Port=99"}, "a comma"),
        ({"name": "x", "family": "ipv6"}, "Family is 'ipv6'"),
        ({"name": "x", "listen": "many"}, "listen"),
        ({"name": "x", "port": "25a b"}, "Port is"),
        ({"name": "x", "milters": ["a,b"]}, "a comma"),
        ({"name": "x'"}, "a quote"),
        ({"name": "x", "address": "300.1.1.1"}, "address '300.1.1.1' is none"),
        ({"name": "x", "delivery_mode": "sometimes"}, "one of background"),
    ],
)
def test_a_listener_is_refused_by_name_and_key(listener, said):
    with pytest.raises(InvalidValue) as caught:
        m4.daemon_options(listener)
    assert caught.value.message.startswith("sendmail_listeners (") and said.lower() in caught.value.message.lower()
