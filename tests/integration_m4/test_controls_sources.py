# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls CF on real files, with the real m4: what it makes is what is compared, whatever somebody wrote into the source."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest
from real_m4 import HEAD, MAILERS, compile_mc

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

TEXT = HEAD + "define(`confMAX_HOP', `30')dnl\nFEATURE(`access_db')dnl\n" + MAILERS


def judged(directory, name, source=TEXT, live=None):
    """Judge a source and what it was compiled to; return the verdict and the evidence as text."""
    for path, text in (("sendmail.mc", source), ("sendmail.cf", compile_mc(TEXT).cf if live is None else live)):
        (directory / path).write_text(text)
    places = {path: str(directory / path) for path in ("sendmail.mc", "sendmail.cf", "submit.cf")}
    view = View(Runner(), {"compiled": {"mta": places["sendmail.cf"], "msp": places["submit.cf"]}, "platform": {"mta": {"source": places["sendmail.mc"]}}})
    (_control, found), = controls.judge(view, [controls_table.CONTROLS[name]])
    return found.verdict, " ".join("%s %s" % (one.where, one.seen) for one in found.evidence)


@pytest.mark.parametrize("name", ["SM-CF-02", "SM-CF-03", "SM-CF-04", "SM-CF-05"])
def test_a_host_as_it_should_be(tmp_path, name):
    assert judged(tmp_path, name)[0] == "pass"


@pytest.mark.parametrize("name, source, live, seen", [
    ("SM-CF-02", TEXT + "FEATURE(`no_default_msa')\n", None, "should be before MAILER"),
    ("SM-CF-03", TEXT, compile_mc(TEXT.replace("30", "31")).cf, "31"),
    ("SM-CF-03", TEXT, compile_mc(TEXT).cf.replace("R$* $| $*", "R$- $| $*", 1), "R$-"),
    ("SM-CF-04", TEXT + "# FEATURE(`promiscuous_relay')\n", None, "hides nothing"),
    ("SM-CF-05", TEXT, compile_mc(TEXT.replace("MAILER(`local", "FEATURE(`promiscuous_relay')dnl\nMAILER(`local")).cf, "FEATURE(promiscuous_relay)"),
    ("SM-CF-05", TEXT, compile_mc(TEXT + "MAILER(`uucp')\n").cf, "MAILER(uucp")])
def test_a_host_that_is_broken_in_one_point(tmp_path, name, source, live, seen):
    verdict, said = judged(tmp_path, name, source, live)
    assert verdict == "fail" and seen in said, said


@pytest.mark.parametrize("line", ["syscmd(`touch {0}')", "esyscmd(`touch {0}')", "builtin(`syscmd', `touch {0}')", "debugfile(`{0}')"])
def test_nothing_that_stands_in_a_source_is_run(tmp_path, canary, line):
    for name in ("SM-CF-02", "SM-CF-03"):
        judged(tmp_path, name, TEXT + line.format(canary) + "\n")
    assert not os.path.exists(str(canary))


@pytest.mark.parametrize("line", ["include(`/dev/zero')", "define(`x', `x`'x')x"])
def test_what_never_ends_is_a_fault_soon(tmp_path, line):
    """It may use neither the whole memory of the host nor more than a few seconds."""
    verdict, said = judged(tmp_path, "SM-CF-02", TEXT + line + "\n")
    assert verdict in ("fail", "unknown") and said
