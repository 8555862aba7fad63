# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Queues on the disk: what is counted, what is locked and by whom, what is removed and what the receipt says."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fcntl
import hashlib
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import queue_actions, queue_host, queue_receipts, queue_report, queue_work, queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

NOW = 1795430000
CONTROL = "V8\nT%d\nK0\nN0\nP1\n%sS<%s>\nRPFD:<%s>\nH?P?Return-Path: <\x81g>\nH??Subject: x\nH??From: a@example.org\n.\n"


def put(directory, name, text):
    """A file of a queue."""
    path = os.path.join(str(directory), name)
    with open(path, "wb") as target:
        target.write(text.encode("latin-1"))
    return path


def message(directory, name, kind="qf", sender="a@example.org", recipient="b@example.net", age=60, more="", data=None):
    """A whole message."""
    put(data or directory, "df" + name, "body\n")
    return put(directory, kind + name, CONTROL % (NOW - age, more, sender, recipient))


@pytest.fixture
def queue(tmp_path):
    """A queue of two directories, the second with directories of its own for each kind, and the configuration that names them."""
    first, second = tmp_path / "mqueue" / "q1", tmp_path / "mqueue" / "q2"
    for path in (first, second, second / "qf", second / "df", second / "xf"):
        path.mkdir(parents=True)
    put(tmp_path, "sendmail.cf", "V10\nO QueueDirectory=%s/mqueue/q*\nMlocal, P=/bin/x\n" % tmp_path)
    message(first, "6AN8maAA000001")
    message(first, "6AN8maAA000002", sender="", recipient="c@slow.example", age=7200)
    message(second / "qf", "6AN8maAA000003", "hf", more="qmailjail hold: why\n", data=second / "df")
    message(first, "6AN8maAA000004", "Qf")
    return tmp_path


def opened(queue):
    """Its spools."""
    queues, reasons = queue_host.configured({"mta": str(queue / "sendmail.cf"), "msp": str(queue / "none")})
    assert len(reasons) == 1 and "none" in reasons[0]
    return queue_host.spools(queues, strict=True)[0]


def options(queue, **given):
    """Options of the module sendmail_queue."""
    return dict({"action": "look", "ids": [], "senders": [], "recipients": [], "domains": [], "reasons": [], "queues": [], "older_than": None,
                 "younger_than": None, "state": "any", "all": False, "at_most": None, "reason": None, "wait": 1, "missing": "fail", "contents": False,
                 "receipt_directory": str(queue / "receipts"), "receipt_days": 14, "awaited": False, "receipt": None, "command": "/usr/sbin/sendmail",
                 "not_below": None, "limit": 100, "program": "/usr/sbin/sendmail", "user": "root",
                 "configurations": {"mta": str(queue / "sendmail.cf"), "msp": str(queue / "none")}}, **given)


class Sendmail:
    """Stands for sendmail: notes what it is called with, and renames what is quarantined as sendmail does."""

    def __init__(self, act=None, rc=0):
        self.called, self.act, self.rc = [], act, rc

    def run(self, argv, stdin=None, cwd=None, timeout=60):
        """Answer one command."""
        self.called.append((argv, stdin))
        if self.act:
            self.act(argv)
        return Result(self.rc, "", "refused" if self.rc else "")


def run(queue, runner=None, check_mode=False, **given):
    """The result of one run."""
    return queue_work.work(options(queue, **given), runner or Sendmail(), check_mode, NOW)


def ids(rows):
    """Their ids."""
    return [row["id"] for row in rows]


def test_everything_is_counted_and_sorted(queue):
    put(queue / "mqueue" / "q1", "df6AN8maAA000009", "left by a crash")
    os.utime(str(queue / "mqueue" / "q1" / "df6AN8maAA000009"), (1, 1))
    put(queue / "mqueue" / "q1", "tf6AN8maAA000001", "")
    found = queue_report.report(opened(queue), NOW)
    first, second = found["queues"]
    assert (first["waiting"]["messages"], first["lost"]["messages"], second["quarantined"]["messages"], found["total"]) == (2, 1, 1, 4)
    assert (first["waiting"]["oldest"]["id"], first["waiting"]["bytes"]) == ("6AN8maAA000002", 10)
    assert (first["stray_bodies"], first["temporary"], first["damaged"], found["complete"]) == (["6AN8maAA000009"], 1, [], True)


def test_counting_goes_on_where_reading_stops(queue):
    found = queue_report.report(opened(queue), NOW, until=time.time() - 1)
    assert (found["total"], found["complete"], found["queues"][0]["waiting"]["messages"], found["queues"][0]["waiting"]["read"]) == (4, False, 2, 0)


def test_what_no_sendmail_wrote_is_not_followed(queue):
    place = queue / "mqueue" / "q1"
    os.symlink("/etc/passwd", str(place / "qf6AN8maAA000010"))
    os.mkfifo(str(place / "qf6AN8maAA000011"))
    os.link(str(place / "qf6AN8maAA000001"), str(place / "qf6AN8maAA000012"))
    put(place, "qf6AN8maAA000013", "V8\nT%d\nS<a@b>\n" % (NOW - 90000))
    message(place, "6AN8maAA000014", more="qin the wrong place\n")
    found = queue_report.report(opened(queue), NOW)
    assert found["queues"][0]["damaged"] == ["qf6AN8maAA0000%s" % name for name in ("01", "10", "11", "12", "13", "14")]


def test_a_queue_that_can_not_be_read_is_named(queue):
    missing = put(queue, "other.cf", "V10\nO QueueDirectory=%s/nowhere\n" % queue)
    queues, _reasons = queue_host.configured({"mta": missing, "msp": str(queue / "none")})
    spools, unread = queue_host.spools(queues, strict=False)
    assert spools == [] and "can not be read: No such file" in unread[0][1]
    with pytest.raises(SendmailError):
        run(queue, action="look", configurations={"mta": missing, "msp": str(queue / "none")})
    with pytest.raises(SendmailError) as caught:
        run(queue, action="look", configurations={"mta": str(queue / "none"), "msp": str(queue / "none")})
    assert "No queue is known" in caught.value.message


@pytest.fixture(name="neighbours")
def neighbours_(queue):
    """Queues of which one begins like the other, as Debian names them."""
    for name in ("mqueue-client", "mqueue-more"):
        (queue / name).mkdir()
    put(queue, "all.cf", "V10\nO QueueDirectory=%s/mqueue*\n" % queue)
    put(queue, "one.cf", "V10\nO QueueDirectory=%s/mqueue\n" % queue)
    put(queue, "submit.cf", "V10\nO QueueDirectory=%s/mqueue-client\n" % queue)
    return queue


def test_a_queue_that_another_program_has_by_its_name_is_that_ones(neighbours):
    queues, _reasons = queue_host.configured({"mta": str(neighbours / "all.cf"), "msp": str(neighbours / "submit.cf")})
    found = [(spool.program, os.path.basename(spool.path)) for spool in queue_host.spools(queues, strict=True)[0]]
    assert found == [("mta", "mqueue"), ("mta", "mqueue-more"), ("msp", "mqueue-client")]


def test_a_queue_that_can_not_be_read_is_told_as_whose_it_is(neighbours):
    os.rmdir(str(neighbours / "mqueue-client"))
    queues, _reasons = queue_host.configured({"mta": str(neighbours / "one.cf"), "msp": str(neighbours / "submit.cf")})
    spools, unread = queue_host.spools(queues, strict=False)
    result = queue_report.report(spools, NOW)
    queue_report.add_unread(result, unread)
    assert [(row["program"], row["readable"]) for row in result["queues"]] == [("mta", True), ("msp", False)]


# ---- locks -----------------------------------------------------------------------------------------------------------------------------

HOLDER = """
import fcntl, os, sys, time
handle = os.open(sys.argv[1], os.O_RDWR)
getattr(fcntl, sys.argv[2])(handle, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(60)
"""


@pytest.fixture(params=["flock", "lockf"])
def holder(request, queue):
    """Another process that works on a message, with either kind of lock."""
    child = subprocess.Popen([sys.executable, "-c", HOLDER, str(queue / "mqueue" / "q1" / "qf6AN8maAA000001"), request.param], stdout=subprocess.PIPE)
    assert child.stdout.readline() == b"held\n"
    yield child
    child.send_signal(signal.SIGKILL)
    child.communicate()


def test_a_message_that_is_being_delivered_is_never_removed(queue, holder):
    found, warnings = run(queue, action="delete", all=True)
    assert (found["busy"], sorted(found["done"])) == (["6AN8maAA000001"], ["6AN8maAA000002", "6AN8maAA000003", "6AN8maAA000004"])
    assert "left alone: 6AN8maAA000001" in warnings[0] and os.path.exists(str(queue / "mqueue" / "q1" / "df6AN8maAA000001"))
    holder.kill()
    holder.wait()
    found, warnings = run(queue, action="delete", all=True)
    assert (found["done"], found["busy"], warnings, found["changed"]) == (["6AN8maAA000001"], [], [], True)


def test_check_mode_and_the_report_see_who_works(queue, holder):
    assert run(queue, check_mode=True, action="delete", all=True)[0]["busy"] == ["6AN8maAA000001"]
    found = queue_report.report(opened(queue), NOW)
    assert [row["id"] for row in found["messages"] if row["locked"]] == ["6AN8maAA000001"] and found["queues"][0]["locked"] == 1


def test_a_lock_on_a_file_that_was_replaced_counts_for_nothing(queue, monkeypatch):
    """A runner rewrites a message by renaming; who opened the old file before must not think that it has the new one."""
    spool, path = opened(queue)[0], str(queue / "mqueue" / "q1" / "qf6AN8maAA000001")
    opening, replaced = queue_host.open_file, []

    def racing(*arguments):
        handle = opening(*arguments)
        if not replaced:
            replaced.append(put(queue, "new", "V8\n"))
            os.rename(str(queue / "new"), path)
        return handle

    monkeypatch.setattr(queue_host, "open_file", racing)
    handle = queue_host.lock(spool, "qf", "6AN8maAA000001")
    assert os.fstat(handle).st_ino == os.stat(path).st_ino


def test_a_message_that_went_is_gone(queue):
    spool = opened(queue)[0]
    os.unlink(str(queue / "mqueue" / "q1" / "qf6AN8maAA000001"))
    with pytest.raises(queue_host.Gone):
        queue_host.lock(spool, "qf", "6AN8maAA000001")


def test_both_kinds_of_lock_are_held_while_a_message_goes(queue):
    spool, path = opened(queue)[0], str(queue / "mqueue" / "q1" / "qf6AN8maAA000001")
    handle = queue_host.lock(spool, "qf", "6AN8maAA000001")
    other = "\n".join(["import fcntl, os, sys", "h = os.open(sys.argv[1], os.O_RDWR)", "try:", "    fcntl.%s(h, fcntl.LOCK_EX | fcntl.LOCK_NB)",
                       "except OSError:", "    print('busy')"])
    said = [subprocess.check_output([sys.executable, "-c", other % kind, path]) for kind in ("flock", "lockf")]
    fcntl.flock(handle, fcntl.LOCK_UN)
    assert said == [b"busy\n", b"busy\n"]


# ---- removing --------------------------------------------------------------------------------------------------------------------------

def test_a_receipt_says_what_went(queue):
    body = hashlib.sha256(b"body\n").hexdigest()
    found, _warnings = run(queue, action="delete", domains=["slow.example"])
    with open(found["receipt"]) as source:
        said = json.load(source)
    assert [(row["id"], row["sender"], row["recipients"], row["body_sha256"]) for row in said["messages"]] == [
        ("6AN8maAA000002", "<>", ["<c@slow.example>"], body)]
    assert (said["selection"], said["contents"], bool(said["ended"])) == ({"domains": ["slow.example"], "state": "any"}, False, True)
    assert (os.stat(found["receipt"]).st_mode & 0o777, os.stat(os.path.dirname(found["receipt"])).st_mode & 0o777) == (0o600, 0o700)
    assert sorted(os.listdir(str(queue / "receipts"))) == [os.path.basename(found["receipt"])]
    assert not [name for name in os.listdir(str(queue / "mqueue" / "q1")) if name.endswith("2")]


def test_removing_twice_changes_nothing_the_second_time(queue):
    assert run(queue, action="delete", ids=["6AN8maAA000001"])[0]["changed"] is True
    found, _warnings = run(queue, action="delete", ids=["6AN8maAA000001"])
    assert (found["changed"], found["matched"], found["receipt"]) == (False, 0, "")


def test_check_mode_removes_nothing_and_says_the_same(queue):
    before = sorted(os.listdir(str(queue / "mqueue" / "q1")))
    found = run(queue, check_mode=True, action="delete", senders=["<>"])[0]
    assert (found["changed"], found["done"], sorted(os.listdir(str(queue / "mqueue" / "q1")))) == (True, ["6AN8maAA000002"], before)
    assert not os.path.exists(str(queue / "receipts")) and "6AN8maAA000002" in found["diff"][0]["before"]


def test_a_message_goes_only_when_its_receipt_is_on_the_disk(queue, monkeypatch):
    """The disk is full: nothing is removed."""
    def full(*_arguments, **_options):
        raise SendmailError("No space left on device")

    monkeypatch.setattr(queue_receipts.disk, "write", full)
    with pytest.raises(SendmailError):
        run(queue, action="delete", all=True)
    assert queue_report.report(opened(queue), NOW)["total"] == 4


def test_a_run_that_was_killed_leaves_portions_that_count(queue, monkeypatch):
    monkeypatch.setattr(queue_receipts, "AT_ONCE", 2)
    going = queue_actions.queue_host.remove

    def killed(spool, kind, name, holder):
        going(spool, kind, name, holder)
        if kind == "Qf":
            os._exit(9)

    child = os.fork()
    if not child:
        monkeypatch.setattr(queue_actions.queue_host, "remove", killed)
        run(queue, action="delete", all=True)
        os._exit(0)
    assert os.waitpid(child, 0)[1] >> 8 == 9
    told = queue_receipts.Receipts(str(queue / "receipts")).removed()
    left = set(ids(queue_report.report(opened(queue), NOW)["messages"]))
    assert left == {"6AN8maAA000003"} and told >= {"6AN8maAA000001", "6AN8maAA000002", "6AN8maAA000004"}


def test_a_body_in_another_queue_goes_with_its_message(queue):
    message(queue / "mqueue" / "q1", "6AN8maAA000020", more="dq2\n", data=queue / "mqueue" / "q2" / "df")
    assert run(queue, action="delete", ids=["6AN8maAA000020"])[0]["messages"][0]["size"] == 5
    assert not os.path.exists(str(queue / "mqueue" / "q2" / "df" / "df6AN8maAA000020"))


def test_a_body_outside_of_the_queues_is_never_touched(queue):
    outside = queue / "outside"
    outside.mkdir()
    message(queue / "mqueue" / "q1", "6AN8maAA000021", more="d../outside\n", data=outside)
    with pytest.raises(SendmailError) as caught:
        run(queue, action="delete", ids=["6AN8maAA000021"])
    assert "no queue directory" in caught.value.message and os.listdir(str(outside)) == ["df6AN8maAA000021"]


def test_old_receipts_go_with_what_they_kept(queue):
    found = run(queue, action="delete", ids=["6AN8maAA000001"], contents=True)[0]
    kept = found["receipt"][:-5] + ".d"
    assert sorted(os.listdir(kept)) == ["df6AN8maAA000001", "qf6AN8maAA000001"] and os.stat(kept).st_mode & 0o777 == 0o700
    put(queue / "receipts", "notes.txt", "not ours")
    for path in (found["receipt"], kept, str(queue / "receipts" / "notes.txt")):
        os.utime(path, (1, 1))
    last = run(queue, action="delete", ids=["6AN8maAA000002"])[0]["receipt"]
    assert sorted(os.listdir(str(queue / "receipts"))) == sorted([os.path.basename(last), "notes.txt"])


@pytest.mark.parametrize("given, said", [
    ({"action": "delete", "ids": ["6AN8maAA999999"]}, "Not in the queues"),
    ({"action": "flush", "ids": ["6AN8maAA000003"]}, "Not in the queues"),
    ({"action": "delete", "all": True, "queues": ["slow"]}, "There is no queue 'slow'"),
    ({"action": "delete", "all": True, "at_most": 3}, "4 messages are meant"),
    ({"action": "quarantine", "all": True, "reason": "mailjail hold: x"}, "Use that action"),
    ({"action": "flush", "all": True, "state": "lost"}, "flush works on messages that are waiting"),
])
def test_what_can_not_be_meant_is_refused_before_anything_happens(queue, given, said):
    runner = Sendmail()
    with pytest.raises(InvalidValue) as caught:
        run(queue, runner, **given)
    assert said in caught.value.message and runner.called == []
    assert queue_report.report(opened(queue), NOW)["total"] == 4


def test_a_missing_message_may_be_no_fault(queue):
    assert run(queue, action="delete", ids=["6AN8maAA999999", "6AN8maAA000001"], missing="ignore")[0]["done"] == ["6AN8maAA000001"]


# ---- sendmail's own commands -----------------------------------------------------------------------------------------------------------

def renaming(queue):
    """What sendmail does to one file on -Q."""
    def act(argv):
        reason = next(word for word in argv if word.startswith("-Q"))[2:]
        for name in (word[3:] for word in argv if word.startswith("-qI")):
            for directory in ("q1", "q2/qf"):
                for kind in ("qf", "hf"):
                    path = str(queue / "mqueue" / directory / (kind + name))
                    if os.path.exists(path):
                        with open(path, "rb") as source:
                            lines = [line for line in source.read().decode("latin-1").split("\n") if line[:1] != "q"]
                        os.unlink(path)
                        put(os.path.dirname(path), ("hf" if reason else "qf") + name,
                            "\n".join(lines[:5] + (["q" + reason] if reason else []) + lines[5:]))
                        break
    return act


def test_messages_are_held_and_released_by_sendmail_itself(queue):
    runner = Sendmail(renaming(queue))
    found = run(queue, runner, action="hold", domains=["example.net"], state="waiting", reason="Eva looks")[0]
    assert (found["done"], found["changed"]) == (["6AN8maAA000001"], True)
    assert runner.called[0][0] == ["/usr/sbin/sendmail", "-Am", "-Qmailjail hold: Eva looks", "-qI6AN8maAA000001"]
    assert run(queue, runner, action="hold", domains=["example.net"], reason="Eva looks")[0]["changed"] is False
    found = run(queue, runner, action="release", all=True)[0]
    assert sorted(found["done"]) == ["6AN8maAA000001", "6AN8maAA000003"] and runner.called[-1][0][2:4] == ["-Q", "-qQ"]
    assert run(queue, runner, action="release", all=True)[0]["changed"] is False


def test_a_hold_leaves_the_quarantine_of_others_alone(queue):
    runner = Sendmail(renaming(queue))
    run(queue, runner, action="quarantine", ids=["6AN8maAA000001"], reason="milter")
    calls = len(runner.called)
    assert run(queue, runner, action="hold", ids=["6AN8maAA000001"])[0]["changed"] is False and len(runner.called) == calls
    with pytest.raises(InvalidValue) as caught:
        run(queue, runner, action="release", ids=["6AN8maAA000001"])
    assert "Use unquarantine" in caught.value.message
    assert run(queue, runner, action="unquarantine", ids=["6AN8maAA000001"])[0]["done"] == ["6AN8maAA000001"]


@pytest.mark.parametrize("action", ["release", "unquarantine"])
def test_what_was_let_go_and_still_waits_is_no_unknown_message(queue, action):
    runner, given = Sendmail(renaming(queue)), {"action": action, "ids": ["6AN8maAA000003"]}
    assert run(queue, runner, **given)[0]["done"] == ["6AN8maAA000003"]
    calls = len(runner.called)
    assert run(queue, runner, **given)[0]["changed"] is False and len(runner.called) == calls
    for wrong in ({"ids": ["6AN8maAA000099"]}, {"queues": [str(queue / "mqueue" / "q1")]}):
        with pytest.raises(InvalidValue):
            run(queue, runner, **dict(given, **wrong))


def test_a_flush_waits_a_bounded_time_and_says_what_became_of_each(queue):
    def act(argv):
        os.unlink(str(queue / "mqueue" / "q1" / "qf6AN8maAA000001"))

    runner = Sendmail(act)
    began = time.time()
    found, warnings = run(queue, runner, action="flush", all=True, wait=1)
    assert (found["gone"], found["busy"], found["changed"]) == (["6AN8maAA000001"], ["6AN8maAA000002"], True) and time.time() - began < 10
    assert runner.called[0][0] == ["/usr/sbin/sendmail", "-Am", "-qI6AN8maAA000001", "-qI6AN8maAA000002"] and "goes on" in warnings[0]


def test_what_sendmail_refuses_is_told(queue):
    with pytest.raises(SendmailError) as caught:
        run(queue, Sendmail(rc=77), action="flush", all=True)
    assert "answered 77: refused" in caught.value.message


def test_a_daemon_without_root_gets_its_files_by_its_own_hands(queue):
    runner = Sendmail(renaming(queue))
    run(queue, runner, action="hold", ids=["6AN8maAA000001"], user="daemon")
    assert runner.called[0][0][:3] == ["setpriv", "--reuid", "1"] and "--no-new-privs" in runner.called[0][0]


def test_many_messages_are_named_in_portions(queue):
    for number in range(100, 100 + queue_actions.AT_ONCE):
        message(queue / "mqueue" / "q1", "6AN8maAA%06d" % number)
    runner = Sendmail(renaming(queue))
    run(queue, runner, action="hold", domains=["example.net"], state="waiting")
    assert [len([word for word in argv if word.startswith("-qI")]) for argv, _stdin in runner.called] == [queue_actions.AT_ONCE, 1]


# ---- handing over ----------------------------------------------------------------------------------------------------------------------

def test_messages_of_a_receipt_are_handed_over_once(queue):
    receipt = run(queue, action="delete", senders=["<>"], contents=True)[0]["receipt"]
    runner = Sendmail()
    found = run(queue, runner, action="hand_over", receipt=receipt)[0]
    assert (found["done"], found["changed"]) == (["6AN8maAA000002"], True)
    assert runner.called == [(["/usr/sbin/sendmail", "-G", "-i", "-f", "<>", "--", "c@slow.example"], b"Subject: x\nFrom: a@example.org\n\nbody\n")]
    assert run(queue, runner, action="hand_over", receipt=receipt)[0]["changed"] is False and len(runner.called) == 1


def test_what_was_altered_or_not_kept_is_not_handed_over(queue):
    receipt = run(queue, action="delete", ids=["6AN8maAA000001"], contents=True)[0]["receipt"]
    put(receipt[:-5] + ".d", "df6AN8maAA000001", "another body")
    with pytest.raises(SendmailError) as caught:
        run(queue, action="hand_over", receipt=receipt)
    assert "missing or was altered" in caught.value.message
    without = run(queue, action="delete", ids=["6AN8maAA000002"])[0]["receipt"]
    for name, said in ((without, "without contents"), ("/etc/passwd", "no receipt")):
        with pytest.raises(InvalidValue) as caught:
            run(queue, action="hand_over", receipt=name)
        assert said in caught.value.message


def test_a_pipe_of_an_alias_is_left_to_a_person(queue):
    message(queue / "mqueue" / "q1", "6AN8maAA000030")
    put(queue / "mqueue" / "q1", "qf6AN8maAA000030", "V8\nT1\nS<a@b.example>\nRPFD:\"|/usr/bin/prog\"\nH??Subject: x\n.\n")
    receipt = run(queue, action="delete", ids=["6AN8maAA000030"], contents=True)[0]["receipt"]
    runner = Sendmail()
    with pytest.raises(SendmailError) as caught:
        run(queue, runner, action="hand_over", receipt=receipt)
    assert "Only a person" in caught.value.message and runner.called == []
    assert "from %s.d; run again with sendmail_remove_remaining=receipt" % receipt[:-5] in caught.value.message


def test_what_waits_to_be_handed_over_is_found_by_any_later_run(queue):
    """An interrupted removal is finished by the next, which knows nothing but what lies on the host; mail that somebody removed on purpose stays removed."""
    run(queue, action="delete", ids=["6AN8maAA000001"], contents=True)
    run(queue, action="delete", senders=["<>"], contents=True, awaited=True)
    runner = Sendmail()
    assert run(queue, runner, check_mode=True, action="hand_over", all=True)[0]["done"] == ["6AN8maAA000002"] and runner.called == []
    assert run(queue, runner, action="hand_over", all=True)[0]["done"] == ["6AN8maAA000002"] and len(runner.called) == 1
    assert run(queue, runner, action="hand_over", all=True)[0]["changed"] is False and len(runner.called) == 1


def test_what_can_not_be_handed_over_is_a_failure_in_every_run(queue):
    run(queue, action="delete", senders=["<>"], contents=True, awaited=True)
    for _again in range(2):
        with pytest.raises(SendmailError):
            run(queue, Sendmail(rc=75), action="hand_over", all=True)
    assert run(queue, action="hand_over", all=True)[0]["done"] == ["6AN8maAA000002"]


@pytest.mark.parametrize("given", [{"action": "hand_over"}, {"action": "delete", "all": True, "receipt_days": 0},
                                   {"action": "delete", "all": True, "awaited": True}])
def test_a_receipt_that_would_keep_nothing_is_refused(queue, given):
    with pytest.raises(InvalidValue):
        run(queue, **given)
    assert queue_report.report(opened(queue), NOW)["total"] == 4


def test_mail_is_not_handed_over_to_what_is_about_to_be_removed(queue):
    run(queue, action="delete", senders=["<>"], contents=True, awaited=True)
    (queue / "prefix" / "sbin").mkdir(parents=True)
    put(queue / "prefix" / "sbin", "sendmail", "")
    os.symlink(str(queue / "prefix" / "sbin" / "sendmail"), str(queue / "command"))
    given = dict(action="hand_over", all=True, command=str(queue / "command"))
    runner = Sendmail()
    with pytest.raises(SendmailError) as caught:
        run(queue, runner, not_below=str(queue / "prefix"), **given)
    assert "still leads to" in caught.value.message and runner.called == []
    # Before anything was removed nobody can say where it will lead.
    assert run(queue, runner, check_mode=True, not_below=str(queue / "prefix"), **given)[0]["changed"]
    assert run(queue, runner, not_below=str(queue / "other"), **given)[0]["done"] == ["6AN8maAA000002"]


def test_how_long_a_receipt_is_kept_is_its_own(queue):
    """The next writer keeps its own for a day; that says nothing about those of others, and mail that somebody waits for stays until he has it."""
    long = run(queue, action="delete", ids=["6AN8maAA000001"], receipt_days=30)[0]["receipt"]
    awaited = run(queue, action="delete", ids=["6AN8maAA000002"], contents=True, awaited=True, receipt_days=1)[0]["receipt"]
    old = time.time() - 20 * 86400
    for path in (long, awaited, awaited[:-5] + ".d"):
        os.utime(path, (old, old))
    run(queue, action="delete", ids=["6AN8maAA000003"], receipt_days=1)
    assert os.path.exists(long) and os.path.exists(awaited[:-5] + ".d")
    run(queue, action="hand_over", all=True)
    for path in (awaited, awaited[:-5] + ".d"):
        os.utime(path, (old, old))
    run(queue, action="delete", ids=["6AN8maAA000004"], receipt_days=30)
    # The name of one that is gone may be given again.
    assert queue_receipts.Receipts(str(queue / "receipts")).removed() == {"6AN8maAA000001", "6AN8maAA000003", "6AN8maAA000004"}
    assert os.path.exists(long) and not os.path.exists(awaited[:-5] + ".d")


def killed(queue, monkeypatch, kind, **given):
    """A run that is killed when a message of some kind was removed."""
    going = queue_host.remove

    def dying(spool, letters, name, holder):
        going(spool, letters, name, holder)
        if letters == kind:
            os._exit(9)

    child = os.fork()
    if not child:
        monkeypatch.setattr(queue_host, "remove", dying)
        run(queue, action="delete", all=True, contents=True, awaited=True, **given)
        os._exit(0)
    assert os.waitpid(child, 0)[1] >> 8 == 9


def test_what_a_killed_run_kept_is_handed_over_once(queue, monkeypatch):
    """Its portions name a message that it did not remove any more: that one goes with the next run, and not twice."""
    killed(queue, monkeypatch, "qf")
    left = ids(queue_report.report(opened(queue), NOW)["messages"])
    assert "6AN8maAA000002" in left and "6AN8maAA000001" not in left
    runner = Sendmail()
    with pytest.raises(SendmailError) as caught:
        run(queue, runner, action="hand_over", all=True)
    assert "still lies in the queue" in caught.value.message and len(runner.called) == 1
    run(queue, action="delete", all=True, contents=True, awaited=True)
    assert sorted(run(queue, runner, action="hand_over", all=True)[0]["done"]) == ["6AN8maAA000002", "6AN8maAA000003", "6AN8maAA000004"]
    assert len(runner.called) == 4 and run(queue, runner, action="hand_over", all=True)[0]["changed"] is False


def test_a_receipt_says_who_still_waited_when_it_was_locked(queue, monkeypatch):
    """Between the choice and the lock a recipient got the message: he is not to get it again from the receipt."""
    locking, path = queue_host.lock, queue / "mqueue" / "q1"

    def racing(spool, kind, name):
        put(path, "qf6AN8maAA000001", "V8\nT1\nS<a@b.example>\nRPFD:<second@example.net>\nH??Subject: x\n.\n")
        return locking(spool, kind, name)

    put(path, "qf6AN8maAA000001", "V8\nT1\nS<a@b.example>\nRPFD:<first@example.org>\nRPFD:<second@example.net>\nH??Subject: x\n.\n")
    monkeypatch.setattr(queue_host, "lock", racing)
    found = run(queue, action="delete", recipients=["second@*"])[0]
    with open(found["receipt"]) as source:
        assert json.load(source)["messages"][0]["recipients"] == ["<second@example.net>"]


def test_a_message_that_is_not_meant_any_more_stays(queue, monkeypatch):
    locking, path = queue_host.lock, queue / "mqueue" / "q1"

    def racing(spool, kind, name):
        message(path, "6AN8maAA000001", recipient="other@third.example")
        return locking(spool, kind, name)

    monkeypatch.setattr(queue_host, "lock", racing)
    found = run(queue, action="delete", recipients=["b@example.net"], state="waiting")[0]
    assert (found["done"], found["busy"], found["receipt"]) == ([], ["6AN8maAA000001"], "") and (path / "qf6AN8maAA000001").exists()
    assert os.listdir(str(queue / "receipts")) == []


def test_a_receipt_of_a_failed_run_names_what_went_and_nothing_else(queue, monkeypatch):
    going = queue_host.remove

    def failing(spool, kind, name, holder):
        if name == "6AN8maAA000002":
            raise SendmailError("Read-only file system")
        going(spool, kind, name, holder)

    monkeypatch.setattr(queue_host, "remove", failing)
    with pytest.raises(SendmailError):
        run(queue, action="delete", all=True, contents=True)
    path = queue_receipts.Receipts(str(queue / "receipts")).paths()[0]
    with open(path) as source:
        assert ids(json.load(source)["messages"]) == ["6AN8maAA000001"]
    assert sorted(os.listdir(path[:-5] + ".d")) == ["df6AN8maAA000001", "qf6AN8maAA000001"]


# ---- links -----------------------------------------------------------------------------------------------------------------------------

@pytest.fixture
def linked(queue, monkeypatch):
    """The queue with links of root's in the places where sendmail's guide has them: a whole queue, and a directory of one kind."""
    monkeypatch.setattr(queue_host, "ROOT", os.getuid())
    for path in (queue, queue / "mqueue", queue / "mqueue" / "q2"):
        path.chmod(0o755)
    os.rename(str(queue / "mqueue" / "q1"), str(queue / "disk1"))
    os.symlink(str(queue / "disk1"), str(queue / "mqueue" / "q1"))
    os.rename(str(queue / "mqueue" / "q2" / "qf"), str(queue / "disk2"))
    os.symlink(str(queue / "disk2"), str(queue / "mqueue" / "q2" / "qf"))
    return queue


def test_queues_behind_links_of_root_are_read(linked):
    assert queue_report.report(opened(linked), NOW)["total"] == 4
    assert len(run(linked, action="delete", all=True)[0]["done"]) == 4 and not [name for name in os.listdir(str(linked / "disk2")) if name[1] == "f"]


@pytest.mark.parametrize("spoil", [lambda queue, patch: (queue / "mqueue" / "q2").chmod(0o775), lambda queue, patch: patch.setattr(queue_host, "ROOT", 4711)])
def test_a_link_that_others_can_make_is_not_followed_and_no_queue_is_taken_for_empty(linked, monkeypatch, spoil):
    spoil(linked, monkeypatch)
    with pytest.raises(SendmailError) as caught:
        run(linked, action="look")
    assert "others than root" in caught.value.message


def test_a_file_in_the_place_of_a_directory_is_no_empty_queue(queue):
    put(queue / "mqueue" / "q1", "qf", "")
    with pytest.raises(SendmailError):
        run(queue, action="look")


# ---- as whom ---------------------------------------------------------------------------------------------------------------------------

class Systemd:
    """Stands for systemctl: one main process."""

    def __init__(self, pid=0):
        self.pid = pid

    def run(self, argv, **_options):
        """Answer systemctl show."""
        assert argv[:2] == ["systemctl", "show"]
        return Result(0, "MainPID=%d\n" % self.pid, "")


def test_a_daemon_without_root_can_not_say_that_it_is_root(queue, monkeypatch):
    """Its PID file names process 1, or is a pipe on which a reader would wait for ever."""
    spool = opened(queue)[0]
    run_directory = queue / "run"
    run_directory.mkdir(mode=0o755)
    monkeypatch.setattr(queue_actions, "PID_FILES", (str(run_directory / "sendmail.pid"),))
    os.mkfifo(str(run_directory / "sendmail.pid"))
    assert queue_actions.daemon_user(spool, Systemd()) == "root"
    os.unlink(str(run_directory / "sendmail.pid"))
    put(run_directory, "sendmail.pid", "1\n")
    os.chmod(str(queue / "mqueue" / "q1"), 0o700)
    os.chown(str(queue / "mqueue" / "q1"), 1, 1)
    assert queue_actions.daemon_user(spool, Systemd(1)) == queue_actions.pwd.getpwuid(1).pw_name
    os.chmod(str(queue / "mqueue" / "q1"), 0o770)
    monkeypatch.setattr(queue_actions.hostinfo, "process_user", lambda pid: "mailgw" if pid == 7 else "root")
    assert queue_actions.daemon_user(spool, Systemd(7)) == "mailgw"


def test_a_pid_file_counts_where_nobody_but_root_can_write(queue, monkeypatch):
    place = queue / "pid"
    place.mkdir(mode=0o755)
    path = put(place, "sendmail.pid", "7\n/usr/sbin/sendmail -bd\n")
    monkeypatch.setattr(queue_actions.hostinfo, "process_user", lambda pid: "mailgw" if pid == 7 else "")
    monkeypatch.setattr(queue_actions, "ROOT", os.getuid())
    assert queue_actions.pid_file_user(path) == "mailgw"
    place.chmod(0o777)
    assert queue_actions.pid_file_user(path) == ""


def test_an_account_that_there_is_not_is_said(queue):
    with pytest.raises(InvalidValue) as caught:
        run(queue, action="flush", all=True, user="nobody-of-that-name")
    assert "nobody-of-that-name" in caught.value.message


def test_a_released_message_that_went_at_once_was_released(queue):
    def act(argv):
        os.unlink(str(queue / "mqueue" / "q2" / "qf" / "hf6AN8maAA000003"))

    found = run(queue, Sendmail(act), action="release", all=True)[0]
    assert (found["gone"], found["changed"]) == (["6AN8maAA000003"], True)


def test_states_have_letters_of_their_own():
    assert sorted(queuefiles.LETTERS.values()) == ["Qf", "hf", "qf"]
