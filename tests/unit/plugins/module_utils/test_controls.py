# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The engine: verdicts, what could not be seen, waivers."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Control, Evidence, Unseen
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

TODAY = datetime.date(2026, 11, 23)
SAID = {"control": "SM-FS-02", "reason": "shared host", "owner": "postmaster", "until": "2027-03-31"}


def control(check):
    return Control(id="SM-FS-02", title="t", reason="r", remedy="m", severity="high", profiles={}, check=check)


def test_what_breaks_is_unknown():
    """A check that divides by zero, or that may not look, ends in a sentence."""
    def hidden(view):
        raise Unseen("/etc/shadow: Permission denied")
    (first, second) = controls.judge(None, [control(lambda view: 1 / 0), control(hidden)])
    assert first[1].verdict == controls.UNKNOWN and "ZeroDivisionError" in first[1].evidence[0].seen
    assert second[1].evidence[0].seen == "/etc/shadow: Permission denied"


@pytest.mark.parametrize("verdicts, wanted", [
    (("pass", "fail", "unknown"), "fail"), (("pass", "unknown"), "unknown"), (("not applicable", "pass"), "pass"), (("not applicable",), "not applicable")])
def test_several_looks(verdicts, wanted):
    found = controls.together([controls.Judgement(verdict, [Evidence(verdict, "", "")]) for verdict in verdicts] + [None])
    assert (found.verdict, [row.where for row in found.evidence]) == (wanted, [wanted])


@pytest.mark.parametrize("change, text", [
    ({"reason": " "}, "no reason"), ({"until": ""}, "no until"), ({"until": "soon"}, "expected a day"), ({"control": "SM-FS-99"}, "of its family: SM-FS-02"),
    ({"who": "me"}, "key who")])
def test_refused_waivers(change, text):
    with pytest.raises(InvalidValue) as caught:
        controls.waivers([dict(SAID, **change)], ["SM-FS-02"], TODAY)
    assert text in caught.value.message


@pytest.mark.parametrize("said, name", [
    ("[{'control': 'SM-FS-02', 'until': datetime.date(2027, 3, 31)}]", "sendmail_audit_waivers"), ({"control": "SM-FS-02"}, "sendmail_audit_waivers"),
    ([SAID, "SM-FS-02"], "sendmail_audit_waivers[1]")])
def test_what_is_no_list_of_waivers(said, name):
    with pytest.raises(InvalidValue, match="put the day in quotes") as caught:
        controls.waivers(said, ["SM-FS-02"], TODAY)
    assert caught.value.details["variable"] == name


@pytest.mark.parametrize("until, counts, told", [("2027-03-31", True, 0), ("2026-11-23", True, 1), ("2026-11-22", False, 1)])
def test_waivers_end(until, counts, told):
    counting, sentences = controls.waivers([dict(SAID, until=until)], ["SM-FS-02"], TODAY)
    assert (bool(counting), len(sentences)) == (counts, told)
    said = controls.row(control(None), controls.failed(Evidence("/x", "0666", "0644")), counting.get("SM-FS-02"))
    assert said["verdict"] == ("waived" if counts else "fail")
