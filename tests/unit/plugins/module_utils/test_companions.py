# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a companion needs is told by its state; what is wrong with it is said by its name."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import getpass
import grp
import os
import socket

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import companions
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

UNIT, CONF = "opendkim.service", "/etc/opendkim.conf"
ME, MINE = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


def companion(**given):
    return dict({"name": "opendkim", "unit": None, "state": "started", "enabled": True, "directories": [], "files": [], "memberships": [], "watch": [],
                 "socket": None, "client": None, "wait_for": [], "wait_timeout": 0, "reload_on": "restart", "reports": []}, **given)


def file(path, **given):
    return dict({"path": str(path), "content": None, "command": None, "owner": ME, "group": MINE, "mode": "0640", "secret": False, "state": "present"}, **given)


class Systemd:
    """Stands in for systemctl, journalctl and any other program; remembers what it was told."""

    def __init__(self, **properties):
        self.told, self.properties, self.results = [], dict({"LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"}, **properties), {}

    def run(self, argv, **_options):
        self.told.append(argv)
        if argv[:2] == ["systemctl", "show"]:
            block = "".join("%s=%s\n" % item for item in sorted(self.properties.items()))
            return Result(0, "\n".join([block] * len(argv[3:])), "")
        return self.results.get(argv[0], Result(0, "", ""))

    def done(self):
        return [argv[1:] for argv in self.told if argv[0] == "systemctl" and argv[1] != "show"]


# ---- sockets and refusals --------------------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("entry, word", [
    (companion(unit="opendkim"), "no suffix"),
    (companion(unit="a b.service"), "no suffix"),
    (companion(unit=UNIT, socket="8891"), "expected local:"),
    (companion(socket="8891@localhost"), "expected local:"),
    (companion(files=[file("etc/x", content="")]), "not absolute"),
    (companion(files=[file("/etc/x")]), "either content, or a command"),
    (companion(files=[file("/etc/x", content="a", command=["b"])]), "either content, or a command"),
    (companion(files=[file("/etc/x", content="a", mode="rw")]), "not octal"),
])
def test_check_refuses_by_name(entry, word):
    with pytest.raises(InvalidValue) as caught:
        companions.check([entry])
    assert word in caught.value.message and "companion 'opendkim'" in caught.value.message


def test_check_refuses_two_of_one_name():
    with pytest.raises(InvalidValue) as caught:
        companions.check([companion(), companion()])
    assert "two companions are called 'opendkim'" in caught.value.message


def test_check_takes_a_file_that_goes_away():
    companions.check([companion(files=[file("/etc/x", state="absent")])])


# ---- what a unit needs -----------------------------------------------------------------------------------------------------------------

RUNNING = companions.State(known=True, active=True, at_boot="enabled", stale=False, started=110.0, user="opendkim", groups=set([7, 9]))


@pytest.mark.parametrize("state, changed, answer, given, word", [
    ({}, 100.0, None, {}, None),
    ({}, None, None, {}, None),
    ({"active": False}, 100.0, None, {}, "is not running"),
    ({"stale": True}, 100.0, None, {}, "older description"),
    ({}, 150.0, None, {}, "/etc/opendkim.conf is newer than the running opendkim.service"),
    # A file from the future would ask for a restart in every run.
    ({}, 300.0, None, {}, None),
    ({}, 150.0, None, {"reload_on": "none"}, None),
    ({}, 100.0, "Connection refused", {"socket": "local:/run/x"}, "can not be reached on local:/run/x: Connection refused"),
    ({}, 100.0, None, {"memberships": [{"user": "opendkim", "group": "sasl"}]}, "runs without the group sasl"),
    ({"groups": set([5])}, 100.0, None, {"memberships": [{"user": "opendkim", "group": "sasl"}]}, None),
    # The membership of somebody else does not concern this process.
    ({}, 100.0, None, {"memberships": [{"user": "smmta", "group": "sasl"}]}, None),
    ({"groups": None, "user": None}, 100.0, None, {"memberships": [{"user": "opendkim", "group": "sasl"}]}, None),
])
def test_needed(state, changed, answer, given, word):
    told = companions.needed(companion(unit=UNIT, **given), RUNNING._replace(**state), {CONF: changed}, answer, {"sasl": 5}, 200.0)
    assert (word in told[0]) if word else told == []


def test_process_ids():
    assert companions.process_ids("Name:\tx\nUid:\t5\t6\t6\t6\nGid:\t7\t8\t8\t8\nGroups:\t9 10 \n") == (6, set([8, 9, 10]))


@pytest.mark.parametrize("at_boot, enabled, expected", [
    ("enabled", True, ([], [])), ("disabled", True, ([UNIT], [])), ("masked", True, ([UNIT], [])), ("", True, ([UNIT], [])),
    ("static", True, ([], [])), ("generated", True, ([], [])), ("enabled", False, ([], [UNIT])), ("disabled", False, ([], [])), ("", False, ([], [])),
])
def test_boot(at_boot, enabled, expected):
    plan = companions.Plan([companion(unit=UNIT, enabled=enabled)], Systemd(UnitFileState=at_boot))
    assert plan.to_enable() == expected


# ---- files of this host ----------------------------------------------------------------------------------------------------------------

def make(entries, runner=None, check_mode=False):
    companions.check(entries)
    return companions.Plan(entries, runner or Systemd(), check_mode)


def test_check_then_apply_then_nothing(tmp_path):
    entry = companion(directories=[{"path": str(tmp_path / "d"), "owner": ME, "group": MINE, "mode": "2750"}],
                      files=[file(tmp_path / "d" / "conf", content=u"Mode sv\n"), file(tmp_path / "key", command=["genkey"], mode="0600", secret=True),
                             file(tmp_path / "gone", state="absent")])
    (tmp_path / "gone").write_text(u"x")
    runner = Systemd()
    runner.results["genkey"] = Result(0, "PRIVATE\n", "")
    plan = make([entry], runner)
    assert plan.changed() and not (tmp_path / "d").exists()
    companions.apply(plan, 1)
    assert (tmp_path / "d" / "conf").read_text() == "Mode sv\n" and (tmp_path / "key").read_text() == "PRIVATE\n" and not (tmp_path / "gone").exists()
    assert (tmp_path / "d").stat().st_mode & 0o7777 == 0o2750 and (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    assert not make([entry], runner).changed()
    assert runner.told.count(["genkey"]) == 1


def test_a_directory_may_be_shared(tmp_path):
    shared = {"path": str(tmp_path / "d"), "owner": ME, "group": MINE, "mode": "0750"}
    entries = [companion(directories=[shared]), companion(name="other", directories=[shared])]
    companions.apply(make(entries), 1)
    assert (tmp_path / "d").is_dir() and not make(entries).changed()


def test_owner_and_mode_are_mended_and_shown(tmp_path):
    (tmp_path / "conf").write_text(u"x")
    (tmp_path / "conf").chmod(0o644)
    entry = companion(files=[file(tmp_path / "conf", content=u"x")])
    plan = make([entry])
    assert plan.diff()[0]["before"] == "mode 0644\n" and plan.diff()[0]["after"] == "mode 0640\n"
    companions.apply(plan, 1)
    assert (tmp_path / "conf").stat().st_mode & 0o777 == 0o640


@pytest.mark.parametrize("secret", [True, False])
def test_a_secret_is_in_no_diff(tmp_path, secret):
    (tmp_path / "conf").write_text(u"old-sesame")
    plan = make([companion(files=[file(tmp_path / "conf", content=u"new-sesame", secret=secret)])])
    assert ("sesame" in str(plan.diff()) + str(plan.report())) is not secret and plan.changed()


def test_a_link_is_not_followed(tmp_path):
    (tmp_path / "conf").symlink_to("/etc/passwd")
    with pytest.raises(SendmailError) as caught:
        make([companion(files=[file(tmp_path / "conf", content=u"x")])])
    assert "symbolic link" in caught.value.message and "opendkim" in caught.value.message


def test_a_missing_user_is_named_and_predicted(tmp_path):
    entry = companion(files=[file(tmp_path / "conf", content=u"x", owner="no-such-user")])
    with pytest.raises(InvalidValue) as caught:
        make([entry])
    assert "no-such-user" in caught.value.message and "companion 'opendkim'" in caught.value.message and not (tmp_path / "conf").exists()
    assert make([entry], check_mode=True).changed()


def test_a_program_that_makes_nothing_is_named(tmp_path):
    runner = Systemd()
    runner.results["genkey"] = Result(1, "", "no entropy")
    with pytest.raises(CommandFailed) as caught:
        companions.apply(make([companion(files=[file(tmp_path / "key", command=["genkey"])])], runner), 1)
    assert "no entropy" in caught.value.message and not (tmp_path / "key").exists()


# ---- units -----------------------------------------------------------------------------------------------------------------------------

def test_a_missing_unit_is_named_and_predicted():
    entry = companion(unit=UNIT)
    with pytest.raises(SendmailError) as caught:
        make([entry], Systemd(LoadState="not-found", ActiveState="inactive", UnitFileState=""))
    assert UNIT in caught.value.message and "package" in caught.value.message
    assert make([entry], Systemd(LoadState="not-found", ActiveState="inactive", UnitFileState=""), check_mode=True).report()[0]["action"] == "restarted"


def test_a_unit_that_is_to_stop_may_be_missing():
    plan = make([companion(unit=UNIT, state="stopped", enabled=False)], Systemd(LoadState="not-found", ActiveState="inactive", UnitFileState=""))
    assert not plan.changed()


def test_a_unit_is_stopped_and_disabled():
    runner = Systemd()
    companions.apply(make([companion(unit=UNIT, state="stopped", enabled=False)], runner), 1)
    assert runner.done() == [["disable", UNIT], ["stop", UNIT]]


def test_a_changed_file_restarts_its_unit(tmp_path):
    (tmp_path / "conf").write_text(u"x")
    runner = Systemd()
    companions.apply(make([companion(unit=UNIT, files=[file(tmp_path / "conf", content=u"y")])], runner), 1)
    assert runner.done() == [["reset-failed", UNIT], ["restart", UNIT]]


def test_a_daemon_that_does_not_run_is_named_with_its_words():
    runner = Systemd(ActiveState="failed")
    runner.results["journalctl"] = Result(0, "Starting x...\nopendkim: /etc/opendkim.conf: configuration error at line 3\n", "")
    with pytest.raises(SendmailError) as caught:
        companions.apply(make([companion(unit=UNIT)], runner), 0)
    assert "opendkim.service does not run" in caught.value.message and "configuration error at line 3" in caught.value.message


def test_a_socket_that_nobody_answers_is_named(tmp_path):
    place = "local:%s/s" % tmp_path
    plan = make([companion(unit=UNIT, socket=place)], Systemd())
    assert plan.report()[0]["reasons"] == ["opendkim.service can not be reached on %s: No such file or directory" % place]
    with pytest.raises(SendmailError) as caught:
        companions.apply(plan, 0)
    assert "can not be reached on %s" % place in caught.value.message


def test_connects(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind("s")
    place = "local:%s/s" % tmp_path
    if len(str(tmp_path)) < 100:
        assert companions.connects(place) == "Connection refused"
        listener.listen(1)
        assert companions.connects(place) is None
    listener.close()
    with socket.create_server(("127.0.0.1", 0)) if hasattr(socket, "create_server") else socket.socket() as other:
        if not hasattr(socket, "create_server"):
            other.bind(("127.0.0.1", 0))
            other.listen(1)
        assert companions.connects("inet:%d@127.0.0.1" % other.getsockname()[1]) is None


@pytest.mark.parametrize("owner, group, mode, uid, gid, bit, expected", [
    (7, 7, 0o750, 7, 1, 1, True), (7, 7, 0o750, 1, 7, 1, True), (7, 7, 0o750, 1, 1, 1, False), (7, 7, 0o751, 1, 1, 1, True),
    # The first class that fits counts, however much the next one grants.
    (7, 7, 0o077, 7, 7, 1, False), (7, 0, 0o2750, 0, 0, 1, True), (7, 7, 0o750, 0, 0, 1, False), (7, 0, 0o660, 0, 0, 2, True), (7, 0, 0o640, 0, 0, 2, False),
])
def test_root_without_its_rights_is_a_user_like_others(owner, group, mode, uid, gid, bit, expected):
    found = os.stat_result((mode, 0, 0, 1, owner, group, 0, 0, 0, 0))
    assert companions.may(found, uid, gid, bit) is expected


def test_a_milter_of_somebody_else_is_refused_before_anything_is_touched(tmp_path):
    entries = [companion(files=[file(tmp_path / "conf", content=u"x")]), companion(name="foreign", socket="local:%s/none" % tmp_path)]
    with pytest.raises(SendmailError) as caught:
        make(entries)
    assert "companion 'foreign'" in caught.value.message and "none: No such file" in caught.value.message and not (tmp_path / "conf").exists()
    assert "foreign" in make(entries, check_mode=True).warnings[0]


def test_what_is_not_fetched_is_named(tmp_path):
    runner = Systemd(ActiveState="inactive")
    with pytest.raises(SendmailError) as caught:
        companions.apply(make([companion(unit=UNIT, wait_for=[str(tmp_path / "*.cvd")])], runner), 0)
    assert "*.cvd" in caught.value.message and ["restart", UNIT] not in runner.done()


def test_an_init_script_that_a_unit_replaces_is_enabled():
    entry = companion(unit=UNIT, files=[file("/etc/systemd/system/" + UNIT, content=u"x")])
    assert make([entry], Systemd(UnitFileState="generated"), check_mode=True).to_enable() == ([UNIT], [])


def test_reports():
    runner = Systemd()
    runner.results["show"] = Result(0, "public\n", "")
    runner.results["broken"] = Result(1, "", "no key")
    assert companions.reports([companion(reports=[{"name": "dns", "command": ["show"]}])], runner, False) == {"dns": "public\n"}
    entry = companion(reports=[{"name": "dns", "command": ["broken"]}])
    assert companions.reports([entry], runner, True) == {}
    with pytest.raises(CommandFailed) as caught:
        companions.reports([entry], runner, False)
    assert "no key" in caught.value.message
