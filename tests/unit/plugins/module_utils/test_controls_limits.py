# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Limits and the queue: each control holds on a host, and falls with one thing changed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, controls, controls_limits, hostplaces
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file

BY_ID = {control.id: control for control in controls_limits.CONTROLS}
NOW = 1800000000
CF = """\
DZ8.18.1/
Kaccess hash -T<TMPF> /etc/mail/access
O MaxDaemonChildren=100
O ConnectionRateThrottle=500
O DelayLA=20
O QueueLA=30
O RefuseLA=50
O MinFreeBlocks=25600
O MaxMessageSize=26214400
O MaxRecipientsPerMessage=100
O BadRcptThrottle=3
O Timeout.command=5m
O Timeout.datablock=15m
O Timeout.ident=0s
O Timeout.starttls=2m
O Timeout.auth=2m
O MaxHopCount=25
O MaxAliasRecursion=10
O Timeout.queuereturn.dsn=1d
O Timeout.queuewarn.dsn=0s
O DoubleBounceAddress=postmaster
O QueueDirectory=/var/spool/mqueue
Qslow, P=slow, F=f
Scheck_relay
R$*\t\t$: $>"RateControl" dummy
R$*\t\t$: $>"ConnControl" dummy
"""
ACCESS = "ClientRate:\t60\nClientConn:\t20\nClientRate:127.0.0.1\t0\nClientConn:127.0.0.1\t0\n"
FREE = ("/usr/bin/stat", "-f", "-c", "%S %a", "/var/spool/mqueue")
RUNNING = [{"pid": 10, "ppid": 1, "status": {"VmRSS": "9000 kB", "RssAnon": "4000 kB"}}, {"pid": 11, "ppid": 10, "status": {"VmRSS": "5000 kB"}}]


def queued(name, age, kind="qf"):
    """The two files of a message."""
    return {"/var/spool/mqueue/%s%s" % (kind, name): file("x", mtime=NOW - 1), "/var/spool/mqueue/df%s" % name: file("x", mtime=NOW - age)}


def view(old="", new="", files=None, free="4096 9000000\n", cf=CF, processes=tuple(RUNNING), site=None, memory="8000000"):
    """A gateway, with one piece of its .cf replaced."""
    assert old in cf
    whole = {"/etc/mail/access": ACCESS, "/proc/meminfo": "MemTotal: %s kB\n" % memory, "/usr/bin/stat": file("", mode=0o755),
             "/var/spool/mqueue": directory(0o700), "/var/spool/mqueue/slow": directory(0o700)}
    whole.update(queued("A1", 60))
    whole.update(files or {})
    return FakeView(cf=cf.replace(old, new) if old else cf, files=whole, runs={FREE: free}, processes=processes, site=dict({"now": NOW}, **(site or {})))


def judged(name, seen):
    ((_control, judgement),) = controls.judge(seen, [BY_ID[name]])
    return judgement


@pytest.mark.parametrize("name", sorted(BY_ID))
def test_a_good_host(name):
    found = judged(name, view())
    assert found.verdict == controls.PASS, found
    assert all(one.where and one.seen for one in found.evidence)


BAD = [
    ("SM-DOS-01", view("MaxDaemonChildren=100", "MaxDaemonChildren=0"), "MaxDaemonChildren=0"),
    ("SM-DOS-01", view("O MaxDaemonChildren=100\n"), "not set"), ("SM-DOS-01", view(memory="300000"), "500000 KiB"),
    ("SM-DOS-01", view("Children=100", "Children=1"), "1 children of the daemon are running"),
    ("SM-DOS-02", view("Throttle=500", "Throttle=0"), "Throttle=0"), ("SM-DOS-02", view("$>\"RateControl\"", "$>other"), "no rule asks RateControl"),
    ("SM-DOS-02", view(files={"/etc/mail/access": ACCESS.replace("ClientRate:\t60\n", "")}), "ClientRate: for everybody: no entry"),
    ("SM-DOS-02", view(files={"/etc/mail/access": ACCESS.replace("ClientConn:\t20", "ClientConn:\t0")}), "ClientConn: for everybody: 0"),
    ("SM-DOS-02", view(files={"/etc/mail/access": ACCESS.replace("ClientConn:127.0.0.1\t0", "")}), "127.0.0.1: no entry"),
    ("SM-DOS-03", view("O DelayLA=20\n"), "DelayLA is not set"), ("SM-DOS-03", view("QueueLA=30", "QueueLA=60"), "QueueLA=60"),
    ("SM-DOS-04", view("MinFreeBlocks=25600", "MinFreeBlocks=100"), "=100"), ("SM-DOS-04", view("O MinFreeBlocks=25600\n"), "not set (100)"),
    ("SM-DOS-04", view(free="4096 25000\n"), "all mail is refused"),
    ("SM-DOS-05", view("O MaxMessageSize=26214400\n"), "not set"), ("SM-DOS-05", view("=26214400", "=0"), "MaxMessageSize=0"),
    ("SM-DOS-05", view("=26214400", "=99999999"), "99999999"),
    ("SM-DOS-06", view("PerMessage=100", "PerMessage=0"), "PerMessage=0"), ("SM-DOS-06", view("O BadRcptThrottle=3\n"), "BadRcptThrottle is not set"),
    ("SM-DOS-07", view("Timeout.command=5m", "Timeout.command=1h"), "command=1h"), ("SM-DOS-07", view("O Timeout.datablock=15m\n"), "not set (1h)"),
    ("SM-DOS-07", view("ident=0s", "ident=5s"), "ident=5s"), ("SM-DOS-07", view("auth=2m", "auth=soon"), "auth=soon"),
    ("SM-DOS-08", view("HopCount=25", "HopCount=100"), "=100"), ("SM-DOS-08", view("Recursion=10", "Recursion=50"), "=50"),
    ("SM-DOS-09", view("O Timeout.queuereturn.dsn=1d\n"), "as for all mail"), ("SM-DOS-09", view("queuereturn.dsn=1d", "queuereturn.dsn=5"), "dsn=5"),
    ("SM-DOS-09", view("queuewarn.dsn=0s", "queuewarn.dsn=4h"), "=4h"), ("SM-DOS-09", view("=postmaster", "="), "is empty"),
    # sendmail's own place, where nothing is said.
    ("SM-QUEUE-01", view("O QueueDirectory=/var/spool/mqueue\n", files=queued("B2", 9 * 3600)), "waits for 540 minutes"),
    ("SM-QUEUE-01", view(files=queued("B2", 9 * 3600)), "waits for 540 minutes"), ("SM-QUEUE-01", view(files=queued("B2", 60, "Qf")), "QfB2"),
    ("SM-QUEUE-01", view(files=queued("B2", 60), site={"limits": {"queue_depth": "1"}}), "2 waiting"),
    ("SM-QUEUE-01", view(files={"/var/spool/mqueue/slow/qf": directory(), "/var/spool/mqueue/slow/df": directory(),
                                "/var/spool/mqueue/slow/qf/qfC3": file("", mtime=NOW - 90000)}), "waits for 1500 minutes")]


@pytest.mark.parametrize("name, seen, words", BAD, ids=["%s %s" % (row[0], row[2]) for row in BAD])
def test_one_thing_changed(name, seen, words):
    found = judged(name, seen)
    assert found.verdict == controls.FAIL, found
    assert any(words in one.seen for one in found.evidence), found
    assert all(one.where and one.wanted for one in found.evidence)


OTHER = [
    # Each listener has a number of its own.
    ("SM-DOS-01", view("O MaxDaemonChildren=100\n", "O DaemonPortOptions=Name=a, children=30\nO DaemonPortOptions=Name=b, children=10\n"), "pass"),
    ("SM-DOS-01", view("O MaxDaemonChildren=100\n", "O DaemonPortOptions=Name=a, children=30\nO DaemonPortOptions=Name=b\n"), "fail"),
    ("SM-DOS-01", view(processes=None), "pass"),
    # A hub is talked to by its own gateway.
    ("SM-DOS-02", view("$>\"RateControl\"", "$>other", site={"profile": "hub"}), "pass"),
    ("SM-DOS-02", view(files={"/etc/mail/access": HIDDEN}), "unknown"),
    ("SM-DOS-02", view(files={"/etc/mail/access": ACCESS.replace("127.0.0.1", "127")}), "pass"),
    # What a release does not know is not missed; a default that will do is one.
    ("SM-DOS-07", view(cf=CF.replace("8.18.1", "8.11.6").replace("O Timeout.starttls=2m\nO Timeout.auth=2m\n", "")), "pass"),
    ("SM-DOS-08", view("O MaxHopCount=25\nO MaxAliasRecursion=10\n"), "pass"),
    ("SM-DOS-05", view("=26214400", "=99999999", site={"limits": {"message_size": 100000000}}), "pass"),
    # Quarantined mail waits on purpose, and a site says what is long.
    ("SM-QUEUE-01", view(files=queued("B2", 9 * 3600, "hf")), "pass"),
    ("SM-QUEUE-01", view(files=queued("B2", 9 * 3600), site={"limits": {"queue_age": 99999}}), "pass"),
    ("SM-QUEUE-01", view(files=queued("B2", 7200), site={"profile": "gateway"}), "fail"), ("SM-QUEUE-01", view(files=queued("B2", 7200)), "pass"),
    ("SM-QUEUE-01", view(files={"/var/spool/mqueue": HIDDEN}), "unknown")]


@pytest.mark.parametrize("name, seen, verdict", OTHER)
def test_other_hosts(name, seen, verdict):
    assert judged(name, seen).verdict == verdict


def test_a_queue_is_counted_once_and_for_its_own_program():
    """With a star sendmail would take the submission queue for one of the daemon's; it is the other program's."""
    both = {"/var/spool/mqueue": directory(0o700), "/var/spool/mqueue-client": directory(0o770), "/var/spool/mqueue-client/qfB2": file("x", mtime=NOW - 60)}
    seen = FakeView(cf=CF.replace("/mqueue\n", "/mqueue*\n").replace("Qslow, P=slow, F=f\n", ""), msp="O QueueDirectory=/var/spool/mqueue-client\n", files=both,
                    site={"now": NOW})
    assert [(one.where, one.seen[0]) for one in judged("SM-QUEUE-01", seen).evidence] == [("/var/spool/mqueue", "0"), ("/var/spool/mqueue-client", "1")]
    # A queue group's place without a slash is below the base.
    assert hostplaces.queues(view())[1] == ["/var/spool/mqueue", "/var/spool/mqueue/slow"]


def test_without_a_configuration():
    for name in sorted(BY_ID):
        assert judged(name, FakeView()).verdict == (controls.UNKNOWN if name != "SM-QUEUE-01" else controls.NOT_APPLICABLE)
        assert judged(name, FakeView(files={"/etc/mail/sendmail.cf": "garbage\n"})).verdict == controls.UNKNOWN


@pytest.mark.parametrize("text, unit, seconds", [
    ("5m", "m", 300), ("1h30m", "m", 5400), ("2", "d", 172800), ("0", "m", 0), ("90s", "m", 90), ("1w", "m", 604800), ("soon", "m", None), ("", "m", None),
    ("5x", "m", None), (None, "m", None)])
def test_intervals(text, unit, seconds):
    assert cfview.interval(text, unit) == seconds


@pytest.mark.parametrize("name, result, verdict", [
    ("SM-DOS-05", {"ehlo": ["PIPELINING", "SIZE 26214400"]}, "pass"), ("SM-DOS-05", {"ehlo": ["SIZE"]}, "fail"), ("SM-DOS-05", {"ehlo": ["SIZE 0"]}, "fail"),
    ("SM-DOS-05", {"ehlo": ["8BITMIME"]}, "fail"), ("SM-DOS-05", {}, "unknown"),
    ("SM-DOS-05", {"ehlo": ["SIZE 100"], "limits": {"size": {"announced": 100, "answer": "250 ok", "verdict": "accepted"}}}, "fail"),
    ("SM-DOS-05", {"ehlo": ["SIZE 100"], "limits": {"size": {"announced": 100, "answer": "552 no", "verdict": "refused"}}}, "pass"),
    ("SM-DOS-06", {"limits": {"unknown_users_seconds": [0.1, 0.1, 0.1, 1.0, 1.1], "unknown_users": {"verdict": "slowed", "answer": "550 no"}}}, "pass"),
    ("SM-DOS-06", {"limits": {"unknown_users_seconds": [0.1, 0.1], "unknown_users": {"verdict": "not slowed", "answer": "550 no"}}}, "fail"),
    ("SM-DOS-06", {"limits": {"unknown_users": {"verdict": "ended"}, "recipients": {"verdict": "not limited", "accepted": 1001}}}, "fail"),
    ("SM-DOS-06", {"limits": {"recipients": {"verdict": "limited", "accepted": 100, "answer": "452 too many"}}}, "pass"),
    ("SM-DOS-06", {"limits": {}}, "unknown"), ("SM-DOS-06", {}, "unknown"),
    ("SM-DOS-07", {"limits": {"slow_client": {"silent": {"seconds": 300.1, "answer": "421 timeout", "verdict": "dropped"}}}}, "pass"),
    ("SM-DOS-07", {"limits": {"slow_client": {"silent": {"seconds": 300.1, "verdict": "dropped"}, "dripping": {"seconds": 330, "verdict": "held"}}}}, "fail"),
    ("SM-DOS-07", {"limits": {}}, "unknown")])
def test_the_wire(name, result, verdict):
    ((_control, judgement),) = controls.judge(dict({"address": "192.0.2.9", "port": 25}, **result), [BY_ID[name]], "wire")
    assert judgement.verdict == verdict
