# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

import json

import pytest

from ansible_collections.mailjail.sendmail.plugins.action import sendmail_audit_report as action

ASKED = {"profile": "", "only": ["SM-FS-02"], "without": [], "waivers": [], "fail_at": "high", "probe": True, "unasked": "the host listens on loopback only"}


class HostVars(dict):
    """As Ansible hands them to an action plugin."""

    def raw_get(self, name):
        return self[name]


def variables(hosts, batch=None, left=None):
    """Variables of a play: hosts with what they said, those of this batch, those that have not failed."""
    every = list(hosts)
    return {"hostvars": HostVars(hosts), "ansible_play_hosts_all": every, "ansible_play_batch": batch or every, "ansible_play_hosts": left or every}


def asked(verdict="pass", play="now"):
    row = {"control": "SM-FS-02", "verdict": verdict, "evidence": [{"where": "/etc/mail/sendmail.cf", "seen": "root:root 0666", "wanted": "0644"}]}
    return {action.ASKED: {"changed": False, "asked": ASKED, "play": play}, action.INFO: {"host": {}}, action.BASELINE: {"controls": [row]}}


OLD, SKIPPED = asked(play="before"), {action.ASKED: {"skipped": True, "changed": False}}


@pytest.mark.parametrize("hosts, batch, left, names, lost, to_come", [
    ({"a": asked(), "b": asked()}, None, None, ["a", "b"], [], 0), ({"a": asked(), "b": {}}, ["a"], ["a", "b"], ["a"], [], 1),
    ({"a": asked(), "b": {}}, ["a"], ["a"], ["a"], ["b"], 0), ({"a": asked(), "b": asked()}, ["b"], ["a", "b"], ["a", "b"], [], 0),
    ({"a": {}}, None, None, [], [], 0), ({"a": asked(), "b": OLD}, ["a"], ["a", "b"], ["a"], [], 1), ({"a": OLD, "b": asked()}, ["b"], ["b"], ["b"], ["a"], 0),
    ({"a": SKIPPED, "b": asked()}, None, None, ["b"], [], 0)],
    ids=["all at once", "the first of two batches", "the other one has failed", "the last batch", "a host for which it was skipped",
         "a batch to come that an earlier play has audited", "a host that has failed since an earlier play", "a host for which the play skips it"])
def test_all_hosts_of_the_play_are_in_the_report(hosts, batch, left, names, lost, to_come):
    found, gone, coming = action.audited(variables(hosts, batch, left), "now")
    assert (list(found), gone, coming) == (names, lost, to_come)


class Task:
    def __init__(self, check_mode, **args):
        self.args, self.check_mode = args, check_mode


def plugin(check_mode=False, **args):
    made = object.__new__(action.ActionModule)
    made._task = Task(check_mode, **args)
    return made


def report(tmp_path, values, check_mode=False, hour=6, play="now"):
    import datetime

    return plugin(check_mode, directory=str(tmp_path))._report(values, datetime.datetime(2026, 11, 23, hour, tzinfo=datetime.timezone.utc), play)


def stored(tmp_path):
    return json.loads((tmp_path / "audit.json").read_text())


def test_it_writes_and_says_what_came_of_each_host(tmp_path):
    found = report(tmp_path, variables({"a": asked("fail"), "b": asked()}))
    assert found["written"] and found["changed"] is False and found["hosts"]["a"]["failed"] and not found["hosts"]["b"]["failed"]
    assert "SM-FS-02 (critical)" in found["hosts"]["a"]["message"] and found["hosts"]["a"]["failing"] == ["SM-FS-02"]
    said = json.loads((tmp_path / "audit.json").read_text())
    assert [host["name"] for host in said["hosts"]] == ["a", "b"] and said["generated"] == "2026-11-23T06:00:00Z" and list(said["controls"]) == ["SM-FS-02"]
    assert said["hosts"][0]["unasked"] == "the host listens on loopback only"


def test_the_next_report_is_compared_with_it(tmp_path):
    report(tmp_path, variables({"a": asked()}))
    found = report(tmp_path, variables({"a": asked("fail")}))
    assert found["since"] == "2026-11-23T06:00:00Z" and found["summary"]["changes"]["new"] == 1


def test_a_directory_that_is_there_keeps_its_mode_and_files_are_the_user_s(tmp_path):
    tmp_path.chmod(0o755)
    report(tmp_path, variables({"a": asked()}))
    assert (tmp_path.stat().st_mode & 0o777, (tmp_path / "hosts").stat().st_mode & 0o777) == (0o755, 0o700)
    assert {path.stat().st_mode & 0o777 for path in tmp_path.rglob("*") if path.is_file()} == {0o600}


def test_in_check_mode_nothing_is_written(tmp_path):
    assert report(tmp_path, variables({"a": asked()}), True)["written"] is False and list(tmp_path.iterdir()) == []


def test_a_host_that_was_lost_is_in_the_report_and_fails(tmp_path):
    found = report(tmp_path, variables({"a": asked(), "b": {}}, ["a"], ["a"]))
    assert found["hosts"]["b"]["failed"] and "before it was audited" in found["hosts"]["b"]["message"]
    assert [(host["name"], host["state"]) for host in stored(tmp_path)["hosts"]] == [("b", "broken"), ("a", "audited")]


def batches(tmp_path, play, hour, verdict):
    """Two batches of one play; return what the second one said."""
    values = variables({"a": asked(verdict, play), "b": asked("pass", "another")}, ["a"], ["a", "b"])
    first = report(tmp_path, values, hour=hour, play=play)
    assert first["written"] and [host["name"] for host in stored(tmp_path)["hosts"]] == ["a"]
    hosts = {"a": dict(values["hostvars"]["a"], **{action.REPORT: first}), "b": asked("pass", play)}
    return report(tmp_path, variables(hosts, ["b"], ["a", "b"]), hour=hour + 1, play=play)


def test_each_batch_writes_and_all_are_compared_with_the_report_before_the_play(tmp_path):
    found = batches(tmp_path, "first", 1, "pass")
    assert found["since"] is None and [host["name"] for host in stored(tmp_path)["hosts"]] == ["a", "b"]
    found = batches(tmp_path, "second", 3, "fail")
    assert found["since"] == "2026-11-23T02:00:00Z" and found["summary"]["changes"]["new"] == 1 and found["summary"]["gone"] == []
    assert not (tmp_path / "audit.former.json").exists()


class Block:
    def __init__(self, play, parent=None):
        self._play, self._parent = play, parent


class Play:
    _uuid = "5254"


def test_the_play_is_noted_with_what_is_asked(monkeypatch):
    made = plugin(asked={"profile": ""})
    made._task._parent = Task(False)
    made._task._parent._parent = Block(Play())
    monkeypatch.setattr(action.ActionBase, "run", lambda *unused: {})
    assert made.run(task_vars={}) == {"changed": False, "asked": {"profile": ""}, "play": "5254"}
