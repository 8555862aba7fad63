# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls CF and BAK: a host on which each holds, hosts on which it does not, and what can not be known."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_sources, controls_table, hostinfo, mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import WHOLE, FakeView, directory, file

BINARY = "/usr/sbin/sendmail"
BASE = {BINARY: file("\0sendmail.cf\0", mode=0o2755)}
DEBUG = ("timeout", "-s", "KILL", "5", BINARY, "-d0.14", "-bt")
BT, BT_MSP = (BINARY, "-C", "/etc/mail/sendmail.cf", "-bt"), (BINARY, "-C", "/etc/mail/submit.cf", "-bt")
QUIET = "ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)\nEnter <ruleset> <address>\n> \n"
MC_PATH = "/etc/mail/sendmail.mc"
MC = "include(`/usr/share/sendmail/cf/m4/cf.m4')\nOSTYPE(`linux')\nFEATURE(`access_db')\nMAILER(`local')\n"
CF = "V10/Berkeley\n#####  $Id: access_db.m4,v 8.28 $  #####\nDZ8.18.1/Debian-6\nO MaxHopCount=25\nMlocal, P=/bin/mail\n"
M4 = ("prlimit", "--as=536870912", "--cpu=2", "m4") + tuple(hostinfo.READ_ONLY_M4) + ("-I", "/etc/mail", MC_PATH)
MSP_PATH = "/etc/mail/submit.mc"
M4_MSP = M4[:-1] + (MSP_PATH,)
OTHER_RELEASE = CF.replace("8.18.1", "8.17.2")
STATE = "/var/lib/mailjail"
KEPT = STATE + "/generations/00002/"
DIGEST = hashlib.sha256(b"x").hexdigest()


def manifest(digest=DIGEST, good=True):
    return json.dumps({"files": {"/etc/mail/sendmail.cf": {"stored": "000", "content": digest}, "/etc/mail/big.db": {"stored": "001", "content": [9, 1]},
                                 "/etc/mail/none": {"absent": True}}, "good": good})


def state(**changes):
    """A host with two generations; the first is not whole any more."""
    files = {STATE: directory(0o700), STATE + "/generations/00001/manifest.json": "{",
             KEPT + "manifest.json": manifest(), KEPT + "000": "x", KEPT + "001": "big"}
    files.update(changes)
    return view(files, cf=CF, runs={("sha256sum", KEPT + "000"): "%s  %s000\n" % (DIGEST, KEPT)})


def view(files=None, mc_text=None, **options):
    files = dict(BASE, **(files or {}))
    if mc_text is not None:
        files[MC_PATH] = mc_text
    return FakeView(files=files, **options)


def built(said, live=CF, **options):
    return view(mc_text=MC, cf=live, runs={M4: said}, **options)


def both_built(live, live_msp, said=CF + WHOLE, said_msp=CF + WHOLE):
    return view({MSP_PATH: MC}, mc_text=MC, cf=live, msp=live_msp, runs={M4: said, M4_MSP: said_msp})


CASES = [
    ("SM-CF-01", "pass", "without a word", view(cf=CF, msp=CF, runs={BT: QUIET, BT_MSP: QUIET})),
    ("SM-CF-01", "fail", "unknown option", view(cf=CF, runs={BT: Result(70, "sendmail.cf: line 4: readcf: unknown option name Nonsense\n" + QUIET, "")})),
    ("SM-CF-01", "fail", "Warning", view(cf=CF, runs={BT: "Warning: .cf version level (11) exceeds sendmail version 8.18.1 functionality (10)\n" + QUIET})),
    ("SM-CF-01", "fail", "submit.cf", view(cf=CF, msp=CF, runs={BT: QUIET, BT_MSP: Result(72, "", "submit.cf: no")})),
    ("SM-CF-01", "fail", "missing", view()),
    ("SM-CF-01", "fail", "missing", view(msp=CF, runs={BT_MSP: QUIET})),
    ("SM-CF-01", "not applicable", "neither", FakeView()),
    ("SM-CF-01", "unknown", "no sendmail program", FakeView(cf=CF)),
    ("SM-CF-02", "pass", "without a word", built(CF)),
    ("SM-CF-02", "fail", "*** ERROR", built(Result(0, CF, "*** ERROR: FEATURE() should be before MAILER()"))),
    ("SM-CF-02", "fail", "no local mailer", built("V10/Berkeley\n")),
    ("SM-CF-02", "unknown", "is the package", built(Result(1, "", "m4:/etc/mail/sendmail.mc:1: cannot open `/usr/share/sendmail/cf/m4/cf.m4': No such file"))),
    ("SM-CF-02", "fail", "*** ERROR", both_built(CF, CF, Result(0, CF, "*** ERROR"), Result(1, "", "m4: cannot open `/usr/share/sendmail/cf/m4/cf.m4'"))),
    ("SM-CF-02", "unknown", "no cf library", view(mc_text="OSTYPE(`linux')\n", cf=CF)),
    ("SM-CF-02", "unknown", "could not be started", view(mc_text=MC, cf=CF)),
    ("SM-CF-02", "not applicable", "no .mc", view(cf=CF)),
    ("SM-CF-03", "pass", "what m4 makes", built(CF + WHOLE)),
    ("SM-CF-03", "fail", "MaxHopCount", built(CF + WHOLE, CF.replace("=25", "=99"))),
    ("SM-CF-03", "fail", "nothing", built(CF + WHOLE, CF.replace("O MaxHopCount=25\n", ""))),
    ("SM-CF-03", "unknown", "another release", built(CF + WHOLE, CF.replace("8.18.1", "8.17.2"))),
    ("SM-CF-03", "fail", "MaxHopCount", both_built(CF.replace("=25", "=99"), OTHER_RELEASE)),
    ("SM-CF-03", "unknown", "another release", both_built(CF, OTHER_RELEASE)),
    ("SM-CF-03", "fail", "MaxHopCount", both_built(CF.replace("=25", "=99"), CF, said_msp=Result(1, "", "m4: cannot open `/usr/share/sendmail/cf/m4/cf.m4'"))),
    ("SM-CF-03", "unknown", "no such thing", built(Result(1, "", "m4:sendmail.mc:3: no such thing"))),
    ("SM-CF-03", "unknown", "exit status 0", built("V10/Berkeley\n")),
    ("SM-CF-03", "not applicable", "no .mc", view(cf=CF)),
    ("SM-CF-04", "pass", "nothing in it", view(mc_text=MC + "dnl FEATURE(`promiscuous_relay')\n", cf=CF)),
    ("SM-CF-04", "fail", "promiscuous_relay", view(mc_text=MC + "# FEATURE(`promiscuous_relay')\n", cf=CF)),
    ("SM-CF-04", "fail", "syscmd", view(mc_text=MC + "define(`confDOMAIN_NAME', `syscmd(`id')')\n", cf=CF)),
    ("SM-CF-04", "fail", "never closed", view(mc_text=MC + "define(`confDOMAIN_NAME', `x)\n", cf=CF)),
    ("SM-CF-04", "fail", "0666", view({"/etc/mail/extra.m4": file("", mode=0o666)}, mc_text=MC + "include(`/etc/mail/extra.m4')\n", cf=CF)),
    ("SM-CF-04", "fail", "mail:root 0644", view({"/etc/mail/extra.m4": file("", owner="mail")}, mc_text=MC + "include(`extra.m4')\n", cf=CF)),
    ("SM-CF-04", "pass", "", view({"/etc/mail/extra.m4": ""}, mc_text=MC + "include(`/etc/mail/extra.m4')\n", cf=CF)),
    ("SM-CF-04", "not applicable", "", view(cf=CF)),
    ("SM-CF-05", "pass", "access_db", view(mc_text=MC, cf=CF)),
    ("SM-CF-05", "fail", "FEATURE(promiscuous_relay)", view(cf=CF + "#####  $Id: promiscuous_relay.m4,v 8.13 2013 ca Exp $  #####\n")),
    ("SM-CF-05", "fail", "/etc/mail/sendmail.mc:5", view(mc_text=MC + "FEATURE(`relay_entire_domain')\n", cf=CF)),
    ("SM-CF-05", "fail", "MAILER(uucp-old)", view(cf=CF + "Muucp-old, P=/usr/bin/uux\n")),
    ("SM-CF-05", "pass", "msp", view(msp=CF + "#####  $Id: msp.m4,v 1.34 $  #####\n", site={"profile": "gateway"})),
    ("SM-CF-05", "fail", "FEATURE(msp)", view(cf=CF + "#####  $Id: msp.m4,v 1.34 $  #####\n", site={"profile": "gateway"})),
    ("SM-CF-05", "fail", "FEATURE(local_procmail)", view(cf=CF + "#####  $Id: local_procmail.m4,v 8.22 $  #####\n", site={"profile": "gateway"})),
    ("SM-CF-05", "pass", "local_procmail", view(mc_text=MC, cf=CF + "#####  $Id: local_procmail.m4,v 8.22 $  #####\n", site={"profile": "gateway"})),
    ("SM-CF-05", "not applicable", "", view()),
    ("SM-CF-06", "pass", "made by 8.18.1/Debian-6", view(cf=CF, runs={DEBUG: "Version 8.18.1\n Compiled with: LOG\n"})),
    ("SM-CF-06", "fail", "the program is 8.17.1.9", view(cf=CF, runs={DEBUG: "Version 8.17.1.9\n Compiled with: LOG\n"})),
    ("SM-CF-06", "fail", "made by 8.9.3", view(cf=CF.replace("8.18.1", "8.9.3"), runs={DEBUG: "Version 8.18.1\n Compiled with: LOG\n"})),
    ("SM-CF-06", "unknown", "no DZ", view(cf="V10\n", runs={DEBUG: "Version 8.18.1\n Compiled with: LOG\n"})),
    ("SM-CF-06", "fail", "made by 8.9.3", view(cf=CF.replace("8.18.1", "8.9.3"), msp="V10\n", runs={DEBUG: "Version 8.18.1\n Compiled with: LOG\n"})),
    ("SM-CF-06", "not applicable", "", view()),
    ("SM-BAK-01", "pass", "whole, proven", state()),
    ("SM-BAK-01", "fail", "root:root 0755", state(**{STATE: directory(0o755)})),
    ("SM-BAK-01", "fail", "is not what was kept", state(**{KEPT + "manifest.json": manifest("0" * 64)})),
    ("SM-BAK-01", "fail", "none of 2", state(**{KEPT + "manifest.json": "[]"})),
    ("SM-BAK-01", "fail", "no former state", view(cf=CF)),
    ("SM-BAK-01", "not applicable", "neither", view()),
    ("SM-BAK-01", "pass", "history", view({"/etc/.git": directory(0o700)}, cf=CF)),
    ("SM-BAK-01", "fail", "0755", view({"/etc/.git": directory(0o755)}, cf=CF)),
]


@pytest.mark.parametrize("name, verdict, text, host", CASES)
def test_verdicts(name, verdict, text, host):
    (_control, found), = controls.judge(host, [controls_table.CONTROLS[name]])
    said = " ".join("%s %s" % (one.where, one.seen) for one in found.evidence)
    assert (found.verdict, text in said) == (verdict, True), said
    assert verdict != "fail" or all(one.wanted for one in found.evidence)


def test_every_control_has_a_host_that_passes_and_one_that_fails():
    for control in controls_sources.CONTROLS:
        assert {"pass", "fail"} <= {verdict for name, verdict, _text, _host in CASES if name == control.id}, control.id


def test_what_is_missing_of_a_generation_is_named():
    host = state()
    del host.files[KEPT + "001"]
    found = controls_sources._kept(host)
    assert (found.verdict, found.evidence[0].where) == ("fail", KEPT + "001")


def test_a_state_that_others_read_is_closed():
    class Hands:
        done = []

        def owner(self, *what):
            self.done.append(what)

        def mode(self, path, **what):
            self.done.append((path, what))
    controls_sources._mend_kept(state(), Hands())
    assert Hands.done == [(STATE, "root", "root"), (STATE, {"forbid": 0o077})]


@pytest.mark.parametrize("text, reasons", [
    ("dnl `\nOSTYPE(`linux')\n", []), ("OSTYPE(`linux')\n# syscmd(`id')\n", ["runs a command", "hides nothing"]),
    ("define(`confDOMAIN_NAME', `divert.example.com')\n", ["vanishes"]), ("FEATURE(`no such feature')\n", [])])
def test_hazards_of_a_text(text, reasons):
    """Only what m4 makes of it, not whether sendmail knows the words."""
    problems, _statements = mc.hazards(text)
    assert [reason for reason in reasons if not any(reason in one["reason"] for one in problems)] == [] and bool(problems) == bool(reasons)
