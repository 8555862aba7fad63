# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The parser reads an .mc text as m4 does, and what the checks call a fault is one."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os

import pytest
from real_m4 import CF, HEAD, MAILERS, compile_mc, library_version

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, language, m4, mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError

NAMES = sorted(set(language.STATEMENTS) - {"include", "define", "undefine"} - set(language.PARTS))
# m4 itself writes down which macro it calls with which arguments.
SPY = "define(`_SPY_', `errprint(`|$1|$2|')ifelse(`$#', `2', `', `_SPY_(`$1', shift(shift($@)))')')changecom()dnl\n" + "".join(
    "define(`%s', `errprint(`%s'_each($@)`" % (name, name) + "\n')')dnl\n" for name in NAMES
)
EACH = "define(`_each', `ifelse(`$#', `0', `', `$#', `1', ``<$1>'', ``<$1>'_each(shift($@))')')dnl\n"

TEXTS = [
    "FEATURE(`a')FEATURE( `b' )dnl FEATURE(`c')\nFEATURE(`d',\n   `e f',g h, `i,j')\nDAEMON_OPTIONS(`Port=25, Addr=[::1]')dnl\n",
    "FEATURE(`a', , `skip')\nFEATURE(`a', (b, c), d)dnl\nFEATURE(``nested `deep' x'')\nVERSIONID(`$Id: x,v 1 $')\n",
    "dnl FEATURE(`hidden')\ndnl `\nFEATURE(`shown')dnl it's\nMAILER(local)MAILER(`smtp')\nEXPOSED_USER(`root')dnl\n",
    "MASQUERADE_AS(`x.example') dnl\nFEATURE(dnl\n`a')\nOSTYPE(dnl comment (\n`linux')dnl )\nQUEUE_GROUP(`x', `P=/x, F=f')\n",
    "# FEATURE(`live')\nMAIL_FILTER(`x',`S=local:/x')1dnl MAILER(`no')\nMAILER(`a`'b')\nDOMAIN(`')\n",
]


def told_by_m4(text):
    """Return (name, arguments) of each call, as m4 itself made them."""
    return [
        (line.partition("<")[0], tuple(part for part in line.partition("<")[2][:-1].split("><"))) for line in compile_mc(EACH + SPY + text).err.splitlines()
    ]


@pytest.mark.parametrize("text", TEXTS)
def test_the_parser_sees_the_calls_that_m4_makes(text):
    # The spy switches comments off, as cf.m4 does.
    found = [statement for statement in mc.parse("include(`/m4/cf.m4')dnl\n" + text) if statement.name in NAMES]
    assert told_by_m4(text) and [(statement.name, statement.args) for statement in found] == told_by_m4(text)


@pytest.mark.parametrize("name", ["sendmail.mc", "submit.mc"])
def test_the_parser_sees_what_m4_sees_in_debians_own_files(name):
    with open(os.path.join(CF, "debian", name)) as source:
        text = source.read()
    without = "".join(line for line in text.splitlines(True) if not line.startswith(("include(", "#")))
    found = [statement for statement in mc.parse("include(`/m4/cf.m4')dnl\n" + without) if statement.name in NAMES]
    assert [(statement.name, statement.args) for statement in found] == told_by_m4(without)
    assert len(found) == len([statement for statement in mc.parse(text) if statement.name in NAMES]) > 2


@pytest.mark.parametrize("path", sorted(glob.glob(CF + "/cf/*.mc")), ids=os.path.basename)
def test_the_parser_sees_what_m4_sees_in_the_examples_of_the_library(path):
    with open(path, encoding="ascii", errors="replace") as source:
        text = "".join(line for line in source if not line.startswith(("include(", "#")))
    found = [statement for statement in mc.parse(text) if statement.name in NAMES]
    assert [(statement.name, statement.args) for statement in found] == told_by_m4(text) and found


GOOD = """FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`delay_checks')dnl
FEATURE(`ratecontrol', `nodelay', `terminate')dnl
FEATURE(`greet_pause', `5000')dnl
FEATURE(`no_default_msa')dnl
"""


def test_a_good_text_is_good_for_both():
    text = m4.PREAMBLE + HEAD + GOOD + MAILERS
    assert mc.check(text, library_version()) == []
    result = compile_mc(text)
    assert (result.rc, result.err) == (0, "")


@pytest.mark.parametrize(
    "text",
    [
        "FEATURE(`ratecontrol')dnl\n" + GOOD.replace("FEATURE(`ratecontrol', `nodelay', `terminate')dnl\n", ""),
        "FEATURE(`greet_pause', `5000')dnl\n" + GOOD,
        GOOD.replace("delay_checks", "redirect"),
        GOOD + MAILERS + "FEATURE(`redirect')dnl\n",
        GOOD + "MAILER(`smtp')dnl\n",
        GOOD + "OSTYPE(`linux')dnl\n",
        GOOD + "FEATURE(`promiscuous_relay')dnl\n",
        GOOD + "FEATURE(`nopercenthack')dnl\n",
        GOOD + "FEATURE(`nopercenthack', `x')dnl\n",
        GOOD + "FEATURE(`nouucp', `x')dnl\n",
        GOOD + "FEATURE(`relay_local_from')dnl\n",
        GOOD + "FEATURE(`blacklist_recipients')dnl\n",
        GOOD + "FEATURE(`tls_failures')dnl\n",
        GOOD + "FEATURE(`no_such')dnl\n",
        GOOD + "FEATURE(`access_db', `hash /etc/mail/access')dnl\n",
        GOOD + "FEATURE(`dnsbl')dnl\n",
        GOOD + "FEATURE(`conncontrol', `nodeley')dnl\n",
        GOOD + "FEATURE(`conncontrol', `nodelay', `never')dnl\n",
        GOOD + "FEATURE(`nocanonify', `x')dnl\n",
        GOOD + "FEATURE(`delay_checks', `x')dnl\n",
        GOOD + "define(`confDAEMON_OPTIONS', `Port=25')dnl\n",
        GOOD + "define(`confUNSAFE_GROUP_WRITES', `True')dnl\n",
        GOOD + "define(`confDEF_GROUP_ID', `1')dnl\n",
        GOOD + "define(`confREAD_TIMEOUT', `1h')dnl\n",
        GOOD + "define(`confAUTO_REBUILD', `True')dnl\n",
        GOOD + "define(`confMIN_FREE_BLOCKS', `100/200')dnl\n",
        GOOD + "FEATURE(`nullclient', `hub.example')dnl\nFEATURE(`redirect')dnl\n",
        GOOD + "LOCAL_TRY_TLS\nR$*\t$@ ok\n",
        GOOD + "MAILER(`uucp')dnl\n",
        GOOD + "MAILER(`no_such')dnl\n",
        GOOD + "FEATURE(`prefixmod')dnl\n",
        GOOD + "define(`confLOG_LEVEL', `14\n",
        GOOD + "define(`confLOG_LEVEL', `14'\n",
        GOOD + "FEATURE(`preserve_luser_host')dnl\n",
        GOOD + "FEATURE(`nullclient')dnl\n",
        GOOD + "FEATURE\n",
        GOOD + "HACK(`../x')dnl\n",
        GOOD + "# FEATURE(`promiscuous_relay')\n",
    ],
)
def test_what_m4_complains_about_is_found_before_m4_is_asked(text):
    whole = m4.PREAMBLE + HEAD + text + MAILERS
    result = compile_mc(whole)
    assert result.rc or result.err, "m4 is content with this; the example proves nothing"
    with pytest.raises(McError) as caught:
        mc.check(whole, library_version())
    assert caught.value.details["line"] > m4.PREAMBLE.count("\n") and caught.value.details["remedy"]


@pytest.mark.parametrize(
    "text, lost",
    [
        ("FEATUER(`smrsh')dnl\n", "P=/usr/libexec/smrsh"),
        ("define(`confMAX_HOPP', `7')dnl\n", "MaxHopCount=7"),
        ("define(`SMART_HOTS', `x.example')dnl\n", "DSx.example"),
        ("define(`SMART_HOST', `a.dnl.example')dnl\n", "DSa.dnl.example"),
        ("define(`SMART_HOST', `divert.example')dnl\n", "DSdivert.example"),
        ("define(`SMART_HOST', `x'y.example')dnl\n", "DSx'y.example"),
        ("MASQUERADE_AS(`a.example,b.example')dnl\n", "DMa.example,b.example"),
        ("FEATURE(`msp', `[127.0.0.1]', `2525')dnl\n", "2525"),
        ("define(`confSMTP_LOGIN_MSG', `$j lower case')dnl\n", "$j lower case"),
        (MAILERS + "define(`LOCAL_MAILER_PATH', `/x/deliver')dnl\n", "P=/x/deliver"),
        (MAILERS + "MODIFY_MAILER_FLAGS(`LOCAL', `-:|/')dnl\n", "F=lsDFMAw5@qPrmn9"),
    ],
)
def test_what_m4_drops_in_silence_is_found(text, lost):
    tail = "" if "MAILER(`" in text or "`msp'" in text else MAILERS
    whole = m4.PREAMBLE + HEAD + text + tail
    assert lost not in compile_mc(whole).cf, "m4 keeps it; the example proves nothing"
    try:
        said = "\n".join(mc.check(whole, library_version()))
    except McError as exc:
        said = exc.message
    assert "line %d: " % (1 + (m4.PREAMBLE + HEAD).count("\n") + text.count("\n") - 1) in said, said


@pytest.mark.parametrize("name", sorted(language.FEATURES))
def test_the_table_knows_the_features_of_this_library_and_what_they_need(name):
    feature, version = language.FEATURES[name], library_version()
    there = os.path.exists("%s/feature/%s.m4" % (CF, name))
    assert there or (feature.since and version < feature.since) or not os.path.exists(CF + "/debian"), "not in this library"
    if not there or feature.forbidden or (feature.until and version >= feature.until):
        return
    needed = (
        "".join("FEATURE(`%s')dnl\n" % other for other in feature.requires) + "define(`LUSER_RELAY', `x.example')define(`confLDAP_DEFAULT_SPEC', `-h x')dnl\n"
    )
    samples = {"domain": "x.example", "relay": "x.example", "map": "hash /x", "any": "x"}
    given = [kind.lstrip("*") for kind in feature.args if kind.startswith("*")]
    arguments = "".join(", `%s'" % (kind[1:].split("|")[0] if kind.startswith("=") else samples[kind]) for kind in given)
    text = m4.PREAMBLE + HEAD + needed + "FEATURE(`%s'%s)dnl\n" % (name, arguments) + ("" if name in language.BRINGS_MAILERS else MAILERS)
    result = compile_mc(text)
    assert (result.rc, result.err) == (0, "")
    mc.check(text, version)
    if feature.requires and name not in ("virtuser_entire_domain", "generics_entire_domain", "tls_session_features"):
        assert compile_mc(text.replace("FEATURE(`access_db')dnl\n", "")).err, "it needs nothing"


@pytest.mark.parametrize("name", sorted(language.DEFINES))
def test_the_table_knows_what_each_define_becomes(name):
    define, version = language.DEFINES[name], library_version()
    if not define.option or not define.option[0].isalpha() or len(define.option) < 3:
        return
    milter = "MAIL_FILTER(`x', `S=local:/x')dnl\n" if "MILTER" in name else ""
    result = compile_mc(m4.PREAMBLE + HEAD + milter + "define(`%s', `77x77')dnl\n" % name + MAILERS)
    if define.since and version < define.since:
        return
    assert cf.parse(result.cf).options.get(define.option) == "77x77", define.option
