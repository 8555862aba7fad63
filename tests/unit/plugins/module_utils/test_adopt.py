# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt, adopt_m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError


def copied(text, **files):
    """What m4 would copy of a text, line by line."""
    return [line.text for line in adopt_m4.Machine(files.get).run(text, "x.mc").lines]


@pytest.mark.parametrize("text, lines", [
    ("define(`a', `x $1 y')a(1) a(`2, 3') a\n", ["x 1 y x 2, 3 y x  y"]),
    ("define(`a', `b')define(`b', `c')a `a' ``a''\n", ["c a `a'"]),
    ("define(`a', `$#:$*:$@')a(1, 2)\n", ["2:1,2:1,2"]),
    ("define(`a', 1)pushdef(`a', 2)a`'popdef(`a')a`'undefine(`a')a\n", ["21a"]),
    ("ifdef(`a', yes, no) ifelse(1, 1, `same') ifelse(1, 2, `a', 2, 2, `b', `c')\n", ["no same b"]),
    ("divert(-1)gone divert(0)here\n", ["here"]),
    ("one dnl two\nthree\n", ["one three"]),
    ("# define(`a', `x')a\n", ["# x"]),
    ("include(`m4/cf.m4')\n# a\n", ["# a"]),
    ("# define(`a', `x') a\ninclude(`/usr/share/m4/cf.m4')", ["# define(`a', `x') a"]),
    ("index(`hello', `l') substr(`hello', 1, 3) len(`hello') translit(`abc', `a-c', `A-C') incr(1) decr(`1')\n", ["2 ell 5 ABC 2 0"]),
    ("eval(`(1 + 2) * 3 > 8 && !0') eval(7 / 2) eval(`010')\n", ["1 3 10"]),
    ("define(`a', `[$1]')shift(1, a(2), `a(3)')\n", ["[2],a(3)"]),
    ("changecom()# define(`a', `x')a\n", ["# x"]),
    ("lower(`ABC') UUCPSMTP(one,\ttwo.example)\n", ["abc R $* < @ one .UUCP > $*\t$1 < @ two.example > $2"]),
    ("define FEATURE syscmd index\n", ["define FEATURE syscmd index"]),
])
def test_texts_are_read_as_m4_reads_them(text, lines):
    assert copied(text) == lines


def test_lines_are_counted_through_included_files_and_definitions():
    text = "define(`both', `define(`confA', 1)\ndefine(`confB', 2)')dnl\ninclude(`b.m4')dnl\nboth\nOSTYPE(`linux')\n\nFEATURE(`x',\n\n`y')\nLOCAL_CONFIG\nDXa\n"
    machine = adopt_m4.Machine({"b.m4": "\nFEATURE(`inside')dnl\n"}.get).run(text, "a.mc")
    assert [(one.name, one.args[:1], one.path, one.line) for one in machine.statements] == [
        ("define", ["both"], "a.mc", 1), ("FEATURE", ["inside"], "b.m4", 2), ("define", ["confA"], "a.mc", 4), ("define", ["confB"], "a.mc", 4),
        ("OSTYPE", ["linux"], "a.mc", 5), ("FEATURE", ["x"], "a.mc", 7), ("LOCAL_CONFIG", [], "a.mc", 10)]
    assert machine.lines == [adopt_m4.Line("DXa", "a.mc", 11, "LOCAL_CONFIG")]


@pytest.mark.parametrize("word", sorted(set(adopt_m4.REFUSED) - {"changeword"}))
def test_nothing_of_m4_that_runs_or_writes_is_passed_over(word):
    with pytest.raises(McError) as refused:
        adopt.adopt("OSTYPE(`linux')\nifdef(`x', , `%s(`touch /tmp/x')')\n" % word, "/etc/mail/sendmail.mc")
    assert refused.value.details["line"] == 2 and "/etc/mail/sendmail.mc, line 2" in refused.value.message and word in refused.value.message


@pytest.mark.parametrize("text, reason", [
    ("define(`a', `a')a\n", "does not come to an end"),
    ("define(`a', `a a a a')a\n", ""),
    ("include(`self')\n", "without end"),
    ("define(`a', `f(a)')define(`f', `$1')f(a)", ""),
    ("((" * 5 + "eval(1 +)", "no expression"),
    ("define(`x', `" + "y" * 70000 + "')define(`z', `x`'z')z", ""),
])
def test_a_text_without_end_ends(text, reason):
    with pytest.raises(McError) as refused:
        adopt.adopt(text, "x.mc", read={"self": "include(`self')"}.get)
    assert reason in refused.value.message


@pytest.mark.parametrize("statement, kept", [
    ("HACK(`spam')", "sendmail_raw_statements"),
    ("FEATURE(`ours')", "sendmail_raw_statements"),
    ("QUEUE_GROUP(`a', `X=1')", "sendmail_raw_statements"),
    ("DAEMON_OPTIONS(`Port=smtp, Wrong=1')", "sendmail_raw_statements"),
    ("DXabc", "sendmail_local_config"),
    ("define(`confAUTO_REBUILD', `True')", "nothing"),
    ("define(`SMTPMAILER', `x')", "nothing"),
    ("include(`/etc/mail/other.m4')", "sendmail_includes"),
    ("MASQUERADE_DOMAIN(`a.example', `b.example')", "sendmail_classes"),
])
def test_what_no_variable_says_is_named_with_its_line(statement, kept):
    found = adopt.adopt("OSTYPE(`linux')\n\n%s\n" % statement, "/etc/mail/sendmail.mc")
    assert [(note["path"], note["line"], note["kept"]) for note in found.notes] == [("/etc/mail/sendmail.mc", 3, kept)]


@pytest.mark.parametrize("statement, feature", [
    ("FEATURE(`promiscuous_relay')", "promiscuous_relay"),
    ("FEATURE(`accept_unresolvable_domains')", "accept_unresolvable_domains"),
    ("FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access')", "access_optional"),
])
def test_what_is_forbidden_is_taken_over_and_named(statement, feature):
    found = adopt.adopt("OSTYPE(`linux')\n%s\n" % statement, "x.mc")
    assert found.waivers == [{"feature": feature, "path": "x.mc", "line": 2}]


def test_listeners_become_their_keys():
    text = "DAEMON_OPTIONS(`Name=MTA, Port=smtp, M=Ea, Addr=192.0.2.1, I=a;b')\nCLIENT_OPTIONS(`Family=inet6, Addr=2001:db8::1')\n"
    found = adopt.adopt("OSTYPE(`linux')\n" + text.replace("Ea", "E"), "x.mc").variables
    assert found["listeners"] == [{"name": "MTA", "port": 25, "modifiers": ["E"], "address": "192.0.2.1", "milters": ["a", "b"]}]
    assert found["client_options"] == [{"family": "inet6", "address": "2001:db8::1"}]


def test_a_password_in_a_remark_is_neither_copied_nor_shown():
    text = "LOCAL_CONFIG\n# AuthInfo:a \"U:x\" \"P:secret1\"\nDXone\nHACK(`x', `\"P:secret2\"')\n"
    found = adopt.adopt(text, "x.mc")
    assert "secret1" not in repr(found) and "DXone" in found.variables["local_config"]
    assert (2, "nothing") in [(note["line"], note["kept"]) for note in found.notes] and "secret2" not in repr(found.notes)
