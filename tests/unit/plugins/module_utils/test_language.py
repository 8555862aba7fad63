# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_defines, language_words
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue


@pytest.mark.parametrize(
    "kind, good, bad",
    [
        ("boolean", ["True", "false", "y", "NO"], ["maybe", "1", "", "truee", "True\n"]),
        ("integer", ["0", "-1", "25"], ["2.5", "ten", "", "1k", "0x10"]),
        ("interval", ["0", "30s", "1h30m", "5d", "90"], ["5 m", "m", "5M", "", "-5m", "1y"]),
        ("lifetime", ["now", "5d"], ["never", ""]),
        ("by", ["-1", "30m"], ["x"]),
        ("mode", ["0600", "600"], ["0800", "rw", "06000"]),
        ("pair", ["256/128", "0"], ["a/b", "1/2/3"]),
        (
            "host",
            ["a", "a.b-c.d_e", "[a.b]", "[1.2.3.4]", "[IPv6:::1]", "1and1.example"],
            ["", "1.2.3.4", "[1.2.3]", "a..b", ".a", "a.", "-a", "a b", "[::1]", "a" * 64, "[]"],
        ),
        ("domain", ["a.b", ".a.b", "xn--bcher-kva.example"], ["a.b.", "..a", "*.a", "10.1", "[1.2.3.4]"]),
        ("relay", ["relay:a.b", "smtp:[1.2.3.4]", "a:b", "a.b"], ["relay:", ":a", "relay:1.2.3.4", "RELAY::a"]),
        ("address", ["1.2.3.4", "::1", "2001:db8::"], ["1.2.3", "1.2.3.4.5", "host", "[::1]", "::g"]),
        ("path", ["/", "/a/b.c", "/a..b"], ["a", "/a b", "/../a", "/a/..", "", "/a,b", "~/x"]),
        ("paths", ["/a", "/a,/b"], ["/a,b", "/a,", "/a,/../b"]),
        ("class_file", ["/a", "-o /a", "/a %[^\\#]"], ["|/bin/x", "a", "-f /a", "/a b"]),
        ("user", ["mail", "8:12", "a_b:c-d", "x$"], ["a b", ":x", "a:"]),
        ("map", ["hash /a", "hash -T<TMPF> /a", "socket -d5 inet:1@[::1]", "dns -R A"], ["program /x", "Hash /a", "hash |/x", "", "hash  /a"]),
        ("mailbox", ["a", "a@b.c"], ["a@", "@b", "a b", "a@1.2.3.4"]),
        ("flags", ["+a", "-:|/", "lsDFM", ""], ["a b", "(x)"]),
        ("dh", ["2", "i", "none", "/a"], ["3", "x", "5", "1"]),
        ("socket", ["local:/run/x", "inet:1@a.b", "inet6:1@[::1]"], ["tcp:1@a", "inet:a.b", "local:x"]),
        ("delivery", ["b", "Background"], ["later"]),
        ("super_safe", ["PostMilter", "true"], ["maybe"]),
        ("privacy", ["goaway,noetrn", "AuthWarnings goaway", ""], ["go-away", "goaway;noetrn"]),
        ("blame", ["safe", "GroupReadableKeyFile"], ["everything"]),
        ("auth_options", ["p,y", "A", "p y", "A, p"], ["x", "p;y", "V", "py"]),
        ("tls_options", ["V", "V,C"], ["p", "VC"]),
        ("ssl_options", ["+SSL_OP_NO_TLSv1 -SSL_OP_ALL", "ssl_op_no_ticket", "+0x10,-4", ""], ["+SSL_OP_NO_SUCH", "NO_TLSv1", "+-SSL_OP_ALL", "SSL_OP_ALL;x"]),
        ("milter_failure", ["R", "T", "4"], ["X", "RT"]),
        ("milter_timeouts", ["S:10s", "C:5m;S:10s; R:1m;E:5m"], ["S=10s", "Q:1s", "S:10s,R:1m", "S"]),
        ("any", ["", "x (y"], []),
    ],
)
def test_types(kind, good, bad):
    assert [value for value in good if language.expected(kind, value)] == []
    assert [value for value in bad if not language.expected(kind, value)] == []


@pytest.mark.parametrize("kind", sorted(language.TYPES))
def test_no_type_takes_long_over_a_long_value(kind):
    began = time.time()
    for piece in ("1", "a", "a.", "1s", "/a", "[a]:", "hash -x ", "a,", "::"):
        language.expected(kind, piece * 3000 + "\x01")
    assert time.time() - began < 2


@pytest.mark.parametrize(
    "name, value",
    [
        ("confMAX_HOP", "25"),
        ("confMAX_HOP", 25),
        ("confSAFE_QUEUE", "True"),
        ("confTO_IDENT", "0"),
        ("SMART_HOST", "relay:a.b"),
        ("confFORWARD_PATH", ""),
        ("confCONTROL_SOCKET_NAME", ""),
        ("confPRIVACY_FLAGS", "goaway"),
        ("_USE_ETC_MAIL_", ""),
        ("confCR_FILE", "-o /etc/mail/relay-domains %[^\\#]"),
        ("confDONT_PROBE_INTERFACES", "loopback"),
        ("confDANE", True),
    ],
)
def test_good_defines(name, value):
    language.check_define(name, value)


@pytest.mark.parametrize(
    "name, value, said",
    [
        ("confMAX_MESSAGE_SIZE", "abc", "digits only"),
        ("confMAX_MESSAGE_SIZE", "25M", "sendmail reads 25M as 25"),
        ("confSAFE_QUEUE", "notabool", "one of True"),
        ("confMAX_HOPS", "1", "Did you mean confMAX_HOP?"),
        ("SMART_HOTS", "x", "Did you mean SMART_HOST?"),
        ("confDAEMON_OPTIONS", "x", "use DAEMON_OPTIONS()"),
        ("confTO_COMMAND", "5 minutes", "an interval"),
        ("confMAX_HOP", "", "a whole number"),
        ("confNO_RCPT_ACTION", "", "one of none"),
        ("xyz", "1", "is no name"),
        ("confPRIVACY_FLAGS", "goaway,novry", "Did you mean novrfy?"),
        ("confTEMP_FILE_MODE", "0680", "an octal mode"),
    ],
)
def test_bad_defines_are_refused(name, value, said):
    with pytest.raises(InvalidValue) as caught:
        language.check_define(name, value)
    assert said in caught.value.message and caught.value.details["define"] == name


@pytest.mark.parametrize("kind, letters, unknown", [
    ("auth_options", language_words.AUTH_OPTIONS, "V"), ("tls_options", language_words.TLS_SRV_OPTIONS, "p"),
    ("milter_failure", language_words.MILTER_FAILURES, "X"),
    ("dh", [word for word in language_words.DH_PARAMETERS if word[0] != "/"], "3"), ("ssl_options", language_words.SSL_OPTIONS, "SSL_OP_X")])
def test_a_type_takes_what_its_table_lists_and_nothing_else(kind, letters, unknown):
    assert [letter for letter in letters if language.expected(kind, letter)] == [] and language.expected(kind, unknown)
    assert not set(language_words.BROKEN_DH) & set(language_words.DH_PARAMETERS) and all(language.expected("dh", one) for one in language_words.BROKEN_DH)


@pytest.mark.parametrize("name, found", [
    ("MaxHopCount", ("MaxHopCount", "confMAX_HOP")), ("maxhopcount", ("MaxHopCount", "confMAX_HOP")), ("MaxHop", ("MaxHopCount", "confMAX_HOP")),
    ("Timeout.queuereturn.dsn", ("Timeout.queuereturn.dsn", "confTO_QUEUERETURN_DSN")), ("QueueDirectory", ("QueueDirectory", None)),
    ("Timeout.queuereturn.*", ("Timeout.queuereturn.*", None)),
    ("CRLP", ("CRLPath", "confCRL_PATH")), ("CRL", (None, None)), ("Timeout.com", (None, None)), ("NoSuchThing", (None, None))])
def test_the_names_of_option_lines(name, found):
    assert language_defines.line_option(name) == found


def test_each_option_of_a_define_is_held_against_its_type():
    for define in language.DEFINES.values():
        if define.option and define.option in language_defines.option_names() and define.type in ("integer", "boolean", "interval", "size"):
            with pytest.raises(InvalidValue):
                language.check_line_option(define.option, "no such value")


def test_the_table_is_whole():
    assert len(language.FEATURES) == 71 and len(language.STATEMENTS) == 57 and len(language.DEFINES) + len(language.REMOVED) > 194
    assert set(row[0] for row in language_defines.LINE_OPTIONS.values()) <= set(language.TYPES) | set(language.FREE)
    kinds = set(language.TYPES) | set(language.ENUMS) | set(language.WORD_LISTS) | set(language.FREE)
    assert set(define.type for define in language.DEFINES.values()) | set(language.VARIABLES.values()) | set(language.ARGUMENTS.values()) <= kinds
    for name, feature in language.FEATURES.items():
        assert set(kind.lstrip("*") for kind in feature.args if not kind.lstrip("*").startswith("=")) <= kinds, name
        assert set(feature.requires) | set(feature.excludes) | {feature.instead or name} <= set(language.FEATURES), name
        assert feature.forbidden is None or len(feature.forbidden) > 20
    assert not set(language.DEFINES) & set(language.REMOVED) and set(language.BRINGS_MAILERS) <= set(language.FEATURES)


def test_features_that_open_the_relay_are_forbidden():
    forbidden = set(name for name, feature in language.FEATURES.items() if feature.forbidden)
    assert {
        "promiscuous_relay",
        "relay_based_on_MX",
        "relay_local_from",
        "relay_mail_from",
        "relay_entire_domain",
        "loose_relay_check",
        "bestmx_is_local",
        "accept_unresolvable_domains",
        "accept_unqualified_senders",
        "tls_failures",
    } <= forbidden
    assert not forbidden & {"access_db", "mailertable", "delay_checks", "smrsh", "msp", "nullclient"}


@pytest.mark.parametrize(
    "text, found",
    [
        ("Name=MTA, Port=25, Addr=192.0.2.1, M=fE", {"Name": "MTA", "Port": "25", "Addr": "192.0.2.1", "Modifiers": "fE"}),
        ("Family=inet6,Name=MTA-v6 , Address=::1", {"Family": "inet6", "Name": "MTA-v6", "Addr": "::1"}),
        ("Port=smtp, L=200, children=5, D=i", {"Port": "smtp", "Listen": "200", "children": "5", "DeliveryMode": "i"}),
    ],
)
def test_daemon_options(text, found):
    assert language.check_daemon_options(text) == found


@pytest.mark.parametrize(
    "text, said",
    [
        ("Prot=25", "Did you mean Port?"),
        ("Port", "no key=value"),
        ("Port=25, P=26", "given twice"),
        ("Port=25, M=a", "refuses every mail server"),
        ("M=a", "refuses every"),
        ("Port=587, M=aA", "contradict"),
        ("M=q", "unknown"),
        ("Family=inet, Addr=::1", "does not belong"),
        ("Listen=lots", "whole number"),
        ("", "no key=value"),
    ],
)
def test_daemon_options_are_refused(text, said):
    with pytest.raises(InvalidValue) as caught:
        language.check_daemon_options(text)
    assert said in caught.value.message


def test_client_options_have_keys_of_their_own():
    assert language.check_daemon_options("Family=inet, Addr=192.0.2.1, M=h", client=True)["Modifiers"] == "h"
    with pytest.raises(InvalidValue):
        language.check_daemon_options("Listen=10", client=True)
