# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Companions whose files are judged before they count, put into force by a command, and shown to be in force by another."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import grp
import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import companions, companions_proof
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

ME, MINE = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name
SHOW = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\nMainPID=0\n"


def companion(**given):
    return dict({"name": "rules", "unit": None, "state": "started", "enabled": True, "directories": [], "files": [], "memberships": [], "watch": [],
                 "socket": None, "client": None, "wait_for": [], "wait_timeout": 0, "reload_on": "none", "reports": [], "check": [], "apply": [],
                 "proof": []}, **given)


def file(path, **given):
    return dict({"path": str(path), "content": None, "command": None, "owner": ME, "group": MINE, "mode": "0640", "secret": False, "state": "present"}, **given)


class Programs:
    """Stands in for all programs: name to the results of its calls, the last of which stays; remembers what was started."""

    def __init__(self, **results):
        self.told, self.results = [], results

    def run(self, argv, **_options):
        if argv[:2] == ["systemctl", "show"]:
            return Result(0, SHOW, "")
        self.told.append(argv[0])
        rows = self.results.get(argv[0], [0])
        row = rows.pop(0) if len(rows) > 1 else rows[0]
        if row is None:
            raise CommandFailed("%s could not be started: No such file or directory. Is its package installed?" % argv[0])
        return row if isinstance(row, Result) else Result(row, "", "it went wrong\nbadly\n" if row else "")


def make(entry, runner, check_mode=False):
    return companions.Plan([entry], runner, check_mode)


def test_what_is_in_force_is_left_alone():
    runner = Programs()
    plan = make(companion(apply=["load"], proof=["look"]), runner)
    assert not plan.changed() and plan.report()[0]["action"] == "none" and runner.told == ["look"]


def test_what_is_not_in_force_is_put_into_force_and_proven():
    runner = Programs(look=[1, 0])
    plan = make(companion(apply=["load"], proof=["look"]), runner)
    assert plan.report() == [{"name": "rules", "unit": None, "action": "applied",
                              "reasons": ["rules does not do its work: 'look' ended with 1 and said 'it went wrong | badly'"]}]
    companions.apply(plan, 0)
    assert runner.told == ["look", "load", "look"]


def test_a_changed_file_is_put_into_force(tmp_path):
    runner = Programs()
    plan = make(companion(files=[file(tmp_path / "rules", content=u"x")], apply=["load"], proof=["look"]), runner)
    companions.apply(plan, 0)
    assert (tmp_path / "rules").read_text() == "x" and runner.told == ["look", "load", "look"]


def test_a_file_that_goes_is_taken_out_of_force(tmp_path):
    (tmp_path / "rules").write_text(u"x")
    runner = Programs()
    companions.apply(make(companion(state="stopped", files=[file(tmp_path / "rules", state="absent")], apply=["load"], proof=["look"]), runner), 0)
    assert not (tmp_path / "rules").exists() and runner.told == ["load"]


def test_a_file_comes_back_that_was_not_taken_out_of_force(tmp_path):
    """Otherwise the next run would find nothing to do, and the rules stayed in force for good."""
    (tmp_path / "rules").write_text(u"x")
    os.chmod(str(tmp_path / "rules"), 0o604)
    gone = companion(state="stopped", files=[file(tmp_path / "rules", state="absent")], apply=["load"])
    with pytest.raises(SendmailError) as caught:
        companions.apply(make(gone, Programs(load=[1])), 0)
    assert (tmp_path / "rules").read_text() == "x" and os.stat(str(tmp_path / "rules")).st_mode & 0o7777 == 0o604
    assert "'load' ended with 1" in caught.value.message and "the next run does it" in caught.value.message
    runner = Programs()
    companions.apply(make(gone, runner), 0)
    assert not (tmp_path / "rules").exists() and runner.told == ["load"]
    assert not make(gone, runner).changed()


@pytest.mark.parametrize("first", [True, False])
def test_a_file_goes_with_its_command_whatever_becomes_of_the_others(tmp_path, first):
    (tmp_path / "rules").write_text(u"x")
    entries = [companion(state="stopped", files=[file(tmp_path / "rules", state="absent")], apply=["load"]),
               companion(name="other", files=[file(tmp_path / "made", command=["make"])])]
    runner = Programs(make=[1])
    with pytest.raises(CommandFailed):
        companions.apply(companions.Plan(entries if first else entries[::-1], runner), 0)
    assert (tmp_path / "rules").exists() is not first and ("load" in runner.told) is first


def test_what_stays_unproven_fails_with_the_words_of_the_proof():
    with pytest.raises(SendmailError) as caught:
        companions.apply(make(companion(apply=["load"], proof=["look"]), Programs(look=[1])), 0)
    assert "companion 'rules'" in caught.value.message and "it went wrong | badly" in caught.value.message


def test_a_command_that_fails_is_named():
    with pytest.raises(SendmailError) as caught:
        companions.apply(make(companion(apply=["load"], proof=["look"]), Programs(look=[1, 0], load=[3])), 0)
    assert "'load' ended with 3" in caught.value.message


def test_a_bad_file_is_put_back_and_nothing_starts(tmp_path):
    (tmp_path / "old").write_text(u"good")
    os.chmod(str(tmp_path / "old"), 0o640)
    files = [file(tmp_path / "old", content=u"bad"), file(tmp_path / "new", content=u"bad"), file(tmp_path / "same", content=u"good")]
    (tmp_path / "same").write_text(u"good")
    os.chmod(str(tmp_path / "same"), 0o640)
    runner = Programs(judge=[1])
    with pytest.raises(SendmailError) as caught:
        companions.apply(make(companion(unit="rsyslog.service", files=files, check=["judge"]), runner), 0)
    assert (tmp_path / "old").read_text() == "good" and not (tmp_path / "new").exists()
    assert runner.told == ["judge"]
    assert "it went wrong" in caught.value.message and "as they were before" in caught.value.message and "same" not in caught.value.message


def test_what_did_not_change_is_not_judged(tmp_path):
    (tmp_path / "old").write_text(u"good")
    os.chmod(str(tmp_path / "old"), 0o640)
    runner = Programs(judge=[1])
    companions.apply(make(companion(files=[file(tmp_path / "old", content=u"good")], check=["judge"]), runner), 0)
    assert runner.told == []


def test_files_of_a_run_that_was_cut_off_are_judged_by_the_next(tmp_path):
    """They are there and were never judged; all that shows it is a unit that was not started anew."""
    (tmp_path / "rules").write_text(u"bad")
    os.chmod(str(tmp_path / "rules"), 0o640)
    runner = Programs(judge=[1], look=[1])
    with pytest.raises(SendmailError) as caught:
        companions.apply(make(companion(files=[file(tmp_path / "rules", content=u"bad")], check=["judge"], apply=["load"], proof=["look"]), runner), 0)
    assert runner.told == ["look", "judge"] and "like that before this run" in caught.value.message
    assert (tmp_path / "rules").read_text() == "bad"


def test_a_bad_file_gets_back_whose_it_was(tmp_path):
    (tmp_path / "old").write_text(u"good")
    os.chown(str(tmp_path / "old"), 1, 1)
    os.chmod(str(tmp_path / "old"), 0o604)
    with pytest.raises(SendmailError):
        companions.apply(make(companion(files=[file(tmp_path / "old", content=u"bad")], check=["judge"]), Programs(judge=[1])), 0)
    found = os.stat(str(tmp_path / "old"))
    assert (found.st_uid, found.st_gid, found.st_mode & 0o7777, (tmp_path / "old").read_text()) == (1, 1, 0o604, "good")


def test_half_of_new_files_is_none(tmp_path):
    """The second can not be made: the first is what it was."""
    (tmp_path / "old").write_text(u"good")
    files = [file(tmp_path / "new", content=u"x"), file(tmp_path / "old", content=u"x"), file(tmp_path / "made", command=["make"])]
    with pytest.raises(CommandFailed):
        companions.apply(make(companion(files=files), Programs(make=[1])), 0)
    assert (tmp_path / "old").read_text() == "good" and sorted(path.name for path in tmp_path.iterdir()) == ["old"]


def test_a_unit_whose_work_is_undone_is_started_anew():
    runner = Programs(look=[1, 0])
    plan = make(companion(unit="rules.service", proof=["look"]), runner)
    assert plan.report()[0]["action"] == "restarted" and "rules.service does not do its work" in plan.report()[0]["reasons"][0]
    companions.apply(plan, 0)
    assert runner.told == ["look", "systemctl", "systemctl", "look"]


def test_a_program_that_is_yet_to_be_installed_is_a_reason_in_check_mode():
    plan = make(companion(apply=["load"], proof=["look"]), Programs(look=[None]), check_mode=True)
    assert plan.changed() and "could not be started" in plan.report()[0]["reasons"][0]


def test_a_command_without_words():
    assert companions_proof.complaint(Programs(look=[Result(2, "", "")]), ["look", "-x"]) == "'look -x' ended with 2 and said nothing"
    assert companions_proof.complaint(Programs(look=[Result(2, "out\n", "")]), ["look"]) == "'look' ended with 2 and said 'out'"
