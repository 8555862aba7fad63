# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A value is data in every place of an .mc file: it comes back whole from the compiled .cf, or is refused by name. It is never run and never vanishes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

import pytest
from places import PLACES, WHOLE
from real_m4 import HEAD, MAILERS, compile_mc

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# Good values of each kind, with all the characters and the words that look dangerous and are none.
GOOD = {
    "text": [
        "plain text",
        "".join(chr(number) for number in range(33, 127) if chr(number) not in "`'(),$|") + "|",
        "a # b",
        "index len eval include define ifelse",
        "syscmd",
        "builtin.indir",
        "[::1] {x} <y>",
        "a  b",
        '"550 5.7.1 no"',
    ],
    "list": ["a, b,c", "Name=MTA, Port=25, M=fE", "S=inet:8891@[::1], F=T, T=C:30s;S:10s", "{auth_type}, j, _", "+SSL_OP_NO_SSLv3,-0x10"],
    "macros": ['"550 from " $&{client_addr} " refused"', "$z/.forward.$w:$z/.forward", "TCP $h 2525", "smrsh -c $u", "a $?{x}b$|c$. d"],
    "greeting": ["$j", "$j mail (no spam, please) $b", "$?{client_addr}${client_name}(${client_resolve})-$_$.", "index, (len) of eval"],
    "header": ["<$t.$i@$j>", "$?sfrom $s $.by $j (x, y)\n\t$?ufor $u; $|;\n\t$.$b", "$?x$x <$g>$|$g$."],
    "host": [
        "mail.example.com",
        "[192.0.2.1]",
        "[IPv6:2001:db8::1]",
        "index.len.eval.include.define",
        "syscmd.esyscmd.maketemp",
        "a_b.c-d.example",
        "MAIL.EXAMPLE",
        "[mail.example.com]",
    ],
    "relay": ["relay:[mail.example.com]", "esmtp:a.example:b.example", "mail.example.com", "smtp:[IPv6:2001:db8::1]"],
    "domain": [".example.com", "example.com", "index.example", "x.builtin.y", "shift.popdef.translit", "unix.linux.format"],
    "user": ["mail:mail", "smmsp", "8:12", "svc_a-b.c"],
    "mailbox": ["postmaster", "a+b@example.com"],
    "path": ["/var/mailjail", "/a/b.c_d-e+f@g%h=i:j~k", "/include/define/eval"],
    "paths": ["/a.pem", "/a.pem,/b.pem"],
    "class_file": ["/etc/mail/x", "-o /etc/mail/x", "/etc/mail/x %[^\\#]"],
    "integer": ["0", "25", "-1"],
    "size": ["26214400"],
    "interval": ["1h30m", "0", "5d"],
    "mode": ["0600"],
    "word": ["PLAIN", "x-y_z.1", "index", "eval"],
    "flags": ["lsDFMAw5", "Prmn9", "u"],
    "map": ["hash -T<TMPF> /etc/mail/x", "btree -o -T<TMPF> /etc/mail/include.eval"],
}


BROKEN_QUOTES = [
    "a'b",
    "a`b",
    "`a'",
    "''",
    "a'b`c",
    "x')define(`y",
    "a\nb",
    "a\nO QueueDirectory=/tmp/evil",
    "a\rb",
    "a\x01b",
    "a\tb",
    "a\x7fb",
    "a\x00b",
    "a\xe9b",
]
SEPARATORS = [
    "a#b",
    "# a",
    "a # dnl",
    "dnl",
    "a.dnl.b",
    "x dnl y",
    "1dnl",
    "dnl1",
    "DNL",
    "a,b",
    "a, b",
    ",",
    "a(b",
    "a)b",
    "(a)",
    "()",
    "a b",
    " a",
    "a ",
    "",
]
COMMANDS = (
    "syscmd",
    "esyscmd",
    "include",
    "sinclude",
    "undivert",
    "maketemp",
    "mkstemp",
    "debugfile",
    "errprint",
    "defn",
    "builtin",
    "indir",
    "m4wrap",
)


def hostile(canary):
    """Return what must never be more than data, each in a form that would show."""
    touch = "touch %s" % canary
    yield from BROKEN_QUOTES + SEPARATORS
    yield from ["$1", "a$1b", "$*", "$@", "$#", "$0", "$12", "$j", "$&{x}", "${x}", "$", "$$", "a$", "$(access x $)", "$>ruleset", "$=w", "$?x"]
    for command in COMMANDS:
        yield "%s(%s)" % (command, touch if "sys" in command else canary)
        yield "a %s(`%s')" % (command, touch)
    yield from ["syscmd(touch%s%s)" % (blank, canary) for blank in (" ", "\t")]
    yield from ["builtin(`syscmd', `%s')" % touch, "indir(`syscmd', `%s')" % touch, "define(x, y)", "ifelse(a,a,b)", "eval(1+1)", "len(abc)", "index(ab,b)"]
    yield from ["divert", "divert(-1)", "undivert", "changequote", "changequote([,])", "changecom", "m4exit", "shift", "dumpdef", "traceon", "sysval", "divnum"]
    yield from ["lower", "strcasecmp", "mail.lower.example", "divert.example.com", "SMART_HOST", "MAILER", "FEATURE", "OSTYPE", "LOCAL_CONFIG", "MAILER-DAEMON"]
    yield from ["_ARG_", "_CF_DIR_", "__file__", "__line__", "__unix__", "confLOG_LEVEL", "sm_version", "MASQUERADE_NAME", "|/bin/%s" % touch, "|%s" % touch]
    yield from [
        touch,
        "-o %s" % canary,
        "program %s" % canary,
        "hash -o /x",
        "10.0.0.1",
        "[10.0.0.999]",
        "a..b",
        "-a.b",
        "/../x",
        "/a/../b",
        "x" * 64 + ".example",
    ]


def compiled(place, quoted):
    """Compile one statement, with the head that disarms m4 and what a configuration needs."""
    tail = "" if any(word in place.statement for word in WHOLE) else MAILERS
    return compile_mc(m4.PREAMBLE + HEAD + place.statement % quoted + "\n" + tail)


def has(place, cf, value):
    """Whether the value stands in the place's line of the .cf, whole: beside it is what stands beside any other value."""
    if place.line is None:
        return True
    left, right = place.line.split("%s")
    if left == right == "":
        return re.search(r"(?<![\w.])" + re.escape(value) + r"(?![\w])", cf) is not None
    alone = right == "" or left.startswith(("O ", "D", "C{", "F", "K", "X", "Q", "T", "H"))
    return (left + value + right + "\n" in cf) if alone and not right else left + value + right in cf


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name.replace(" ", "-"))
def test_good_values_come_back_whole(place):
    for value in GOOD[place.kind]:
        try:
            quoted = m4.quote(value, "sendmail_x", place.kind)
        except InvalidValue as exc:
            raise AssertionError("%s refuses the good value %r: %s" % (place.kind, value, exc.message))
        if place.name.startswith("FEATURE access_db") and "-T<TMPF>" not in value:
            continue
        result = compiled(place, quoted)
        assert (result.rc, result.err) == (0, ""), (value, result.err)
        assert has(place, result.cf, value), (value, [line for line in result.cf.splitlines() if place.line.split("%s")[0] in line][:3])


@pytest.mark.parametrize("place", PLACES, ids=lambda place: place.name.replace(" ", "-"))
@pytest.mark.parametrize("loose", [False, True], ids=["own-kind", "text"])
def test_hostile_values_are_kept_or_refused(place, loose, canary):
    typed = ("integer", "size", "interval", "mode", "flags", "host", "relay", "user", "map", "class_file", "path", "word", "domain")
    kind = "text" if loose and place.kind not in ("integer", "flags", "user", "map") else place.kind
    for value in hostile(canary):
        try:
            quoted = m4.quote(value, "sendmail_x", kind)
        except InvalidValue as exc:
            assert exc.message.startswith("sendmail_x"), exc.message
            continue
        # An empty value and an option's own words mean something to sendmail, they are no text; an access map without -T<TMPF> makes the library complain.
        if (
            value == ""
            or (kind == "text" and place.kind in typed and place.name.startswith("FEATURE"))
            or (place.name == "FEATURE access_db 1" and "-T<TMPF>" not in value)
        ):
            continue
        result = compiled(place, quoted)
        assert (result.rc, result.err) == (0, ""), (value, result.err)
        assert has(place, result.cf, value), (value, [line for line in result.cf.splitlines() if (place.line or "").split("%s")[0] in line][:3])
    assert not canary.exists()


def test_the_refusal_names_variable_character_and_remedy():
    for value, found in (
        ("a'b", "a quote"),
        ("a`b", "a backquote"),
        ("a\nb", "a line end"),
        ("a,b", "a comma"),
        ("a(b", "an opening parenthesis"),
        ("a$1b", "a dollar"),
        ("dnl", "'dnl'"),
        ("a\x01b", "0x01"),
        ("syscmd(x)", "an opening parenthesis"),
    ):
        with pytest.raises(InvalidValue) as caught:
            m4.quote(value, "sendmail_smart_host")
        assert caught.value.message.startswith("sendmail_smart_host: ") and found in caught.value.message and "Write the value without" in caught.value.message


def known_words():
    """Ask the real m4 for every macro that is defined when a configuration with everything in it ends."""
    features = [
        name for name in sorted(language.FEATURES) if name not in ("nullclient", "msp", "tls_failures", "blacklist_recipients", "domainmap", "prefixmod")
    ]
    features.sort(key=lambda name: name != "access_db")
    text = HEAD + "define(`LUSER_RELAY', `x.example')dnl\n" + "".join("FEATURE(`%s', `r', `x')dnl\n" % name for name in features if (name != "fips3"))
    result = compile_mc(text + "MASQUERADE_AS(`x.example')dnl\n" + MAILERS + "m4wrap(`m4wrap(`dumpdef')')")
    return sorted(set(re.findall(r"^([A-Za-z_]\w*):\t", result.err, re.M)))


def test_every_word_that_m4_knows_survives_or_is_refused():
    words, places = (
        known_words(),
        [place for place in PLACES if place.name in ("SMART_HOST", "LOCAL_DOMAIN", "MASQUERADE_AS", "confHELO_NAME", "FEATURE dnsbl 1")],
    )
    assert len(words) > 300 and "dnl" in words and "_ARG_" in words and len(places) == 5
    survived = []
    for word in words:
        try:
            m4.quote("a.%s.example" % word, "sendmail_x", "domain")
        except InvalidValue as exc:
            assert word in exc.message
        else:
            survived.append(word)
    # All at once: one that m4 replaces would break its neighbours too.
    value = "a." + ".".join(survived)[:200].rpartition(".")[0]
    for place in places:
        for part in [value] + ["a.%s.example" % word for word in survived]:
            result = compiled(place, "`%s'" % part)
            assert (result.rc, result.err) == (0, "") and has(place, result.cf, part), (place.name, part)
