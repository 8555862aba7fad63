# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first lines of an .mc file take from m4 what a configuration never needs, and nothing that it does."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib
import os

import pytest
from real_m4 import CF, HEAD, MAILERS, compile_mc

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, m4

EVERYTHING = (
    HEAD
    + """define(`confPRIVACY_FLAGS', `goaway')dnl
FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`delay_checks')dnl
FEATURE(`ratecontrol', `nodelay', `terminate')dnl
FEATURE(`conncontrol', `nodelay', `terminate')dnl
FEATURE(`greet_pause', `5000')dnl
FEATURE(`mailertable', `hash /etc/mail/mailertable')dnl
FEATURE(`virtusertable', `hash /etc/mail/virtusertable')dnl
FEATURE(`enhdnsbl', `bl.example', `', `t')dnl
FEATURE(`check_other')dnl
FEATURE(`badmx')dnl
FEATURE(`redirect')dnl
FEATURE(`smrsh', `/usr/libexec/sendmail/smrsh')dnl
FEATURE(`no_default_msa')dnl
MASQUERADE_AS(`example.com')dnl
DAEMON_OPTIONS(`Name=MTA, Port=25')dnl
INPUT_MAIL_FILTER(`spam', `S=local:/run/spam, F=T')dnl
QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, F=f')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
MAILER(`procmail')dnl
LOCAL_CONFIG
O SetCertAltnames=true
LOCAL_RULESETS
SLocal_check_mail
R$*	$@ ok
"""
)


def test_the_result_is_the_same_but_for_who_built_it_when_and_where():
    plain, armed = compile_mc(EVERYTHING), compile_mc(m4.PREAMBLE + EVERYTHING)
    assert (armed.rc, armed.err) == (plain.rc, plain.err) == (0, "")
    changed = [line for line in difflib.ndiff(plain.cf.splitlines(), armed.cf.splitlines()) if line[0] in "+-"]
    assert [line.split()[:2] for line in changed] == [["-", "#####"]] * 3, changed
    assert cf.changes(plain.cf, armed.cf) == []


def test_the_result_is_the_same_to_the_byte_for_another_user_at_another_time_and_place(tmp_path):
    first = compile_mc(m4.PREAMBLE + EVERYTHING)
    second = compile_mc(m4.PREAMBLE + EVERYTHING, cwd=str(tmp_path), env={"LOGNAME": "other", "USER": "other", "TZ": "Asia/Tokyo", "HOME": str(tmp_path)})
    assert first.cf == second.cf and "built by" not in first.cf and str(os.getuid()) + "@" not in first.cf


def test_the_lines_do_no_harm_twice_nor_below_cf_m4():
    assert compile_mc(m4.PREAMBLE * 2 + EVERYTHING) == compile_mc(m4.PREAMBLE + EVERYTHING)
    late = compile_mc("include(`%s/m4/cf.m4')dnl\n" % CF + m4.PREAMBLE + EVERYTHING)
    assert (late.rc, late.err) == (0, "") and cf.changes(late.cf, compile_mc(EVERYTHING).cf) == []


def test_they_leave_no_text_behind():
    assert compile_mc(m4.PREAMBLE).cf == "" and compile_mc(m4.preamble(["/etc/mail/x.m4"])).cf == ""


@pytest.mark.parametrize("late", [False, True], ids=["before-cf.m4", "after-cf.m4"])
@pytest.mark.parametrize(
    "code",
    [
        "syscmd(`touch CANARY')",
        "esyscmd(`touch CANARY')",
        "maketemp(`CANARYXXXXXX')",
        "mkstemp(`CANARYXXXXXX')",
        "builtin(`syscmd', `touch CANARY')",
        "builtin(`esyscmd', `touch CANARY')",
        "indir(`syscmd', `touch CANARY')",
        "indir(`builtin', `syscmd', `touch CANARY')",
        "debugfile(`CANARY')",
        "define(`x', defn(`syscmd'))x(`touch CANARY')",
        "pushdef(`x', defn(`builtin'))x(`syscmd', `touch CANARY')",
        "m4wrap(`syscmd(`touch CANARY')')",
        "define(`x', `sys')define(`y', `cmd')define(`z', x`'y`(`touch CANARY')')z",
        "ifdef(`syscmd', `syscmd(`touch CANARY')')",
        "dumpdef(`define')",
        "traceon(`define')",
        "m4exit(`0')",
        "debugmode(`aeq')",
        "include(`/etc/passwd')",
        "sinclude(`/etc/passwd')",
        "undivert(`/etc/passwd')",
        "include(`CF/../../../../../../../../etc/passwd')",
        "include(`/etc/passwd/../passwd')",
        "define(`x', defn(`include'))x(`/etc/passwd')",
        "indir(`include', `/etc/passwd')",
    ],
)
def test_disarmed_commands_do_nothing_and_say_so(code, late, canary):
    code = code.replace("CANARY", str(canary)).replace("CF", CF)
    head = m4.PREAMBLE + (HEAD + code if late else code + "\n" + HEAD)
    result = compile_mc(head + "\n" + MAILERS)
    assert "root:" not in result.cf and not [name for name in os.listdir(str(canary.parent)) if name.startswith("canary")]
    assert result.err.startswith("*** ERROR: ") or "undefined" in result.err, (result.rc, result.err[:300])


@pytest.mark.parametrize(
    "code",
    [
        "popdef(`syscmd')syscmd(`touch CANARY')",
        "undefine(`syscmd')syscmd(`touch CANARY')",
        "undefine(`builtin')builtin(`syscmd', `touch CANARY')",
        "popdef(`popdef')popdef(`indir')indir(`syscmd', `touch CANARY')",
    ],
)
def test_no_way_leads_back_to_a_disarmed_command(code, canary):
    compile_mc(m4.PREAMBLE + HEAD + code.replace("CANARY", str(canary)) + "\n" + MAILERS)
    assert not canary.exists()


def test_an_allowed_file_may_be_read_and_no_other(tmp_path):
    allowed, other = tmp_path / "allowed.m4", tmp_path / "other.m4"
    for path in (allowed, other):
        path.write_text("define(`confLOG_LEVEL', `14')dnl\n")
    good = compile_mc(m4.preamble([str(allowed)]) + HEAD + "include(`%s')dnl\n" % allowed + MAILERS)
    assert (good.rc, good.err) == (0, "") and cf.parse(good.cf).options["LogLevel"] == "14"
    bad = compile_mc(m4.preamble([str(allowed)]) + HEAD + "include(`%s')dnl\n" % other + MAILERS)
    assert "is no file of the cf library" in bad.err and cf.parse(bad.cf).options["LogLevel"] == "9"
