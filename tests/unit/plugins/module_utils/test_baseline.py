# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hands touch what was named and nothing else, whoever laid traps; a run mends, judges again, and says what stayed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import os
import pwd
import stat
import struct

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import baseline, controls, controls_table, disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import ENFORCED, NEVER, OPTIONAL, Control, Evidence
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError, UnsafePath
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, directory, file, link

ME, TODAY = os.geteuid(), datetime.date(2026, 11, 23)
SOMEBODY = "1" if ME != 1 else "2"
# An access list: owner rw-, one user rwx, group rwx but for the mask r-x, others r--.
ACL = struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in (
    (0x01, 6, 0xFFFFFFFF), (0x02, 7, 1), (0x04, 7, 0xFFFFFFFF), (0x10, 5, 0xFFFFFFFF), (0x20, 4, 0xFFFFFFFF)))


class Asked:
    """Answers for programs, and keeps what was asked."""

    def __init__(self, answers=None):
        self.answers, self.asked = answers or {}, []

    def run(self, argv, **_options):
        self.asked.append(argv)
        return self.answers.get(argv[0] if len(argv) < 2 else " ".join(argv[:2]), Result(0, "", ""))


@pytest.fixture(name="tree")
def made_tree(tmp_path):
    """A trusted directory, one that anybody may write, and links and second names in both."""
    for name, mode in (("etc", 0o755), ("open", 0o777), ("run", 0o755)):
        (tmp_path / name).mkdir()
        os.chmod(str(tmp_path / name), mode)
    for name in ("etc/cf", "etc/secret", "open/mine", "run/pid"):
        (tmp_path / name).write_text("x")
        os.chmod(str(tmp_path / name), 0o666)
    os.link(str(tmp_path / "etc/secret"), str(tmp_path / "open/second"))
    os.symlink("../etc/secret", str(tmp_path / "open/soft"))
    os.symlink("../etc", str(tmp_path / "open/way"))
    os.symlink("/run", str(tmp_path / "etc/run"))
    os.symlink("secret", str(tmp_path / "etc/soft"))
    os.mkfifo(str(tmp_path / "open/fifo"))
    return tmp_path


def hands(tree, check=False, runner=None):
    return baseline.Hands(runner or Asked(), check, str(tree), ME)


def mode(tree, name):
    return stat.S_IMODE(os.stat(str(tree / name)).st_mode)


@pytest.mark.parametrize("options, wanted", [({"exactly": 0o640}, 0o640), ({"forbid": 0o022}, 0o644), ({"forbid": 0o7022}, 0o644)])
def test_a_mode(tree, options, wanted):
    """Check mode says what a real run does, and a second run has nothing to do."""
    said = []
    for check in (True, False):
        one = hands(tree, check)
        one.mode("/etc/cf", **options)
        one.mode("/etc/cf", **options)
        said.append(one.changes)
        assert (mode(tree, "etc/cf") == 0o666) == check and one.count == 1
    assert said[0] == said[1] and said[0]["/etc/cf"][1].endswith("%04o" % wanted) and mode(tree, "etc/cf") == wanted
    again = hands(tree)
    again.mode("/etc/cf", **options)
    assert not again.changes


@pytest.mark.parametrize("path", ["/open/soft", "/open/way/cf", "/open/second", "/open/fifo", "/etc/secret", "/etc/soft"])
def test_no_trap_is_touched(tree, path):
    """A link, a link on the way, a second name of a file elsewhere, a pipe; and the file with two names where it should lie, by a link of root's too."""
    before = {name: mode(tree, name) for name in ("etc/cf", "etc/secret", "open/fifo")}
    for check in (True, False):
        with pytest.raises(UnsafePath):
            hands(tree, check).mode(path, exactly=0o600)
    assert before == {name: mode(tree, name) for name in before}


def test_links_of_root_are_followed_on_the_way_and_nothing_is_missing_loudly(tree):
    one = hands(tree)
    one.mode("/etc/run/pid", exactly=0o644)
    one.mode("/etc/absent", exactly=0o644)
    one.mode("/absent/below", exactly=0o644)
    one.owner("/etc/cf/below", "root", "root")
    one.remove("/etc/absent")
    assert list(one.changes) == ["/etc/run/pid"] and mode(tree, "run/pid") == 0o644


@pytest.mark.parametrize("path", ["relative", "/etc/../etc/cf", "/", "/etc//cf"])
def test_only_plain_paths(tree, path):
    with pytest.raises(InvalidValue):
        hands(tree).mode(path, exactly=0o600)


def test_what_is_changed_is_what_was_looked_at(tree):
    """Somebody puts another file in its place between look and change."""
    one = hands(tree)

    def swap(*_row):
        os.rename(str(tree / "open/mine"), str(tree / "open/moved"))
        os.link(str(tree / "etc/secret"), str(tree / "open/mine"))
    one._may_touch = swap
    one.mode("/open/mine", exactly=0o600)
    assert (mode(tree, "open/moved"), mode(tree, "etc/secret")) == (0o600, 0o666)


def test_no_set_id_bit_where_others_can_put_things(tree):
    with pytest.raises(UnsafePath):
        hands(tree).mode("/open/mine", exactly=0o2755)
    one = hands(tree)
    one.mode("/etc/cf", exactly=0o2755)
    assert mode(tree, "etc/cf") == 0o2755


def test_owners(tree):
    """Where root alone puts things all is given away as asked; elsewhere only to root or to whom it belongs."""
    one = hands(tree, check=True)
    os.chmod(str(tree / "etc/cf"), 0o6755)
    one.owner("/etc/cf", SOMEBODY, SOMEBODY)
    assert one.changes["/etc/cf"][1].endswith("0755") and " 6755" in one.changes["/etc/cf"][0]
    with pytest.raises(UnsafePath):
        one.owner("/open/mine", SOMEBODY, SOMEBODY)
    with pytest.raises(InvalidValue):
        one.owner("/etc/cf", "nobody-has-this-name", "root")


def test_a_link_of_root_is_followed_at_the_end_too(tree):
    """A path that is one keeps its name in what is told; what is removed is the link itself."""
    os.symlink("cf", str(tree / "etc/aliases"))
    os.symlink("../etc", str(tree / "run/way"))
    one = hands(tree)
    one.mode("/run/way/aliases", exactly=0o640)
    one.owner("/etc/aliases", str(ME), str(os.getegid()))
    assert list(one.changes) == ["/run/way/aliases"] and mode(tree, "etc/cf") == 0o640 and os.path.islink(str(tree / "etc/aliases"))
    one.remove("/etc/aliases")
    assert not os.path.lexists(str(tree / "etc/aliases")) and (tree / "etc/cf").exists()


@pytest.mark.skipif(ME != 0, reason="gives files away")
def test_a_link_of_somebody_else_is_not_followed_wherever_it_lies(tree):
    """It was put there before the directory was given to root."""
    for name in ("aliases", "way"):
        os.symlink("cf" if name == "aliases" else "../run", str(tree / "etc" / name))
        os.chown(str(tree / "etc" / name), int(SOMEBODY), int(SOMEBODY), follow_symlinks=False)
    for path in ("/etc/aliases", "/etc/way/pid"):
        with pytest.raises(UnsafePath):
            hands(tree).mode(path, exactly=0o600)
    assert (mode(tree, "etc/cf"), mode(tree, "run/pid")) == (0o666, 0o666)


@pytest.mark.parametrize("path", ["/loop", "/up", "/here"])
def test_links_that_lead_nowhere_plain(tree, path):
    for name, target in (("loop", "loop"), ("up", "etc/.."), ("here", "/")):
        os.symlink(target, str(tree / name))
    with pytest.raises(UnsafePath):
        hands(tree).mode(path, exactly=0o600)


@pytest.mark.parametrize("path", ["/open/second", "/open/soft", "/open/way/cf", "/open/fifo"])
def test_what_was_planted_stays_untouched_once_the_directory_is_mended(tree, path):
    """It was put there to be changed by root, whoever may put things there now; what is plain is mended. Check mode says the same."""
    said = []
    for check in (True, False):
        one = hands(tree, check)
        one.mode("/open", forbid=0o022)
        with pytest.raises(UnsafePath):
            one.mode(path, exactly=0o600)
        with pytest.raises(UnsafePath):
            one.owner("/open/mine", SOMEBODY, SOMEBODY)
        with pytest.raises(UnsafePath):
            one.mode("/open/mine", exactly=0o4755)
        one.mode("/open/mine", exactly=0o600)
        # Nobody else can put anything there any more, so a directory can be made.
        one.directory("/open/new", str(ME), str(os.getegid()), 0o700)
        said.append(list(one.changes.items()))
    assert said[0] == said[1] and [mode(tree, name) for name in ("etc/secret", "etc/cf", "open/mine")] == [0o666, 0o666, 0o600]


def test_two_names_are_not_touched_by_the_next_run_either(tree):
    hands(tree).mode("/open", forbid=0o022)
    with pytest.raises(UnsafePath) as caught:
        hands(tree).mode("/open/second", exactly=0o600)
    assert "2 names" in caught.value.message and mode(tree, "etc/secret") == 0o666


def test_what_the_host_refuses_is_not_told_as_done(tree, monkeypatch):
    """A file system that is read-only, a file that is immutable: no change, each time an error, and no trust in what did not come true."""
    os.setxattr(str(tree / "run/pid"), disk.ACCESS_LIST, ACL)
    one = hands(tree)

    def refused(*_said, **_named):
        raise OSError(30, "Read-only file system")
    for name in ("change_opened", "drop_acl_opened", "make_directory_in", "remove_in"):
        monkeypatch.setattr(disk, name, refused)
    for _round in range(2):
        for step in (lambda: one.mode("/open", forbid=0o022), lambda: one.mode("/etc/cf", exactly=0o600), lambda: one.acl("/run/pid"),
                     lambda: one.remove("/run/pid"), lambda: one.directory("/etc/new", str(ME), str(os.getegid()), 0o700)):
            with pytest.raises(SendmailError) as caught:
                step()
            assert "Read-only file system" in caught.value.message
        with pytest.raises(UnsafePath):
            one.directory("/open/new", str(ME), str(os.getegid()), 0o700)
    assert (one.count, one.changes) == (0, {})


def test_half_a_change_is_told_as_half(tree, monkeypatch):
    """The owner could be changed, the mode could not: what is told is what is there now."""
    one = hands(tree)

    def half(handle, _uid, _gid, _mode):
        os.chmod("/proc/self/fd/%d" % handle, 0o606)
        raise OSError(1, "Operation not permitted")
    monkeypatch.setattr(disk, "change_opened", half)
    with pytest.raises(SendmailError):
        one.mode("/etc/cf", exactly=0o600)
    assert [text[-4:] for text in one.changes["/etc/cf"]] == ["0666", "0606"]


def test_directories_are_made(tree):
    said = []
    for check in (True, False):
        one = hands(tree, check)
        for _time in range(2):
            one.directory("/etc/queue", str(ME), str(os.getegid()), 0o700)
            one.directory("/etc/queue/below", str(ME), str(os.getegid()), 0o2770)
        said.append(list(one.changes.items()))
    assert said[0] == said[1] and [mode(tree, name) for name in ("etc/queue", "etc/queue/below")] == [0o700, 0o2770]
    again = hands(tree)
    again.directory("/etc/queue", str(ME), str(os.getegid()), 0o750)
    assert list(again.changes) == ["/etc/queue"] and mode(tree, "etc/queue") == 0o750
    for path in ("/etc/cf", "/etc/soft", "/open/new", "/absent/new"):
        with pytest.raises(UnsafePath):
            hands(tree).directory(path, str(ME), str(os.getegid()), 0o700)


def test_removal(tree):
    hands(tree, check=True).remove("/open/soft")
    assert os.path.islink(str(tree / "open/soft"))
    one = hands(tree)
    one.remove("/open/soft")
    assert not os.path.lexists(str(tree / "open/soft")) and (tree / "etc/secret").exists() and one.changes["/open/soft"][1] == ""
    with pytest.raises(UnsafePath):
        one.remove("/etc")


def test_access_lists(tree):
    """The owning group keeps what it had below the mask: with a list, the group's bits of the mode are the mask."""
    os.setxattr(str(tree / "etc/cf"), disk.ACCESS_LIST, ACL)
    assert mode(tree, "etc/cf") == 0o654
    hands(tree, check=True).acl("/etc/cf")
    assert os.getxattr(str(tree / "etc/cf"), disk.ACCESS_LIST)
    one = hands(tree)
    one.acl("/etc/cf")
    one.acl("/etc/secret")
    assert mode(tree, "etc/cf") == 0o654 and os.listxattr(str(tree / "etc/cf")) == [] and list(one.changes) == ["/etc/cf"]


@pytest.mark.parametrize("data, mode_before, wanted", [(ACL, 0o654, 5), (b"", 0o640, 4), (b"rubbish", 0o640, 4)])
def test_rights_of_the_owning_group(data, mode_before, wanted):
    assert baseline._group_rights(data, mode_before) == wanted


def test_accounts(tree, monkeypatch):
    monkeypatch.setattr(baseline.pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", 0 if name == "toor" else 51, 51, "", "/", "/bin/bash")))
    monkeypatch.setattr(disk, "read", lambda path: b"smmsp:$6$x$y:1::::::\n")
    check, one = hands(tree, check=True), hands(tree)
    check.lock_account("smmsp")
    one.lock_account("smmsp")
    assert check.changes == one.changes and check.runner.asked == [] and one.runner.asked[0][:3] == ["usermod", "-L", "-s"]
    with pytest.raises(InvalidValue):
        one.lock_account("toor")
    monkeypatch.setattr(disk, "read", lambda path: b"smmsp:*:1::::::\n")
    shell_only = hands(tree)
    shell_only.lock_account("smmsp")
    assert shell_only.runner.asked[0][:2] == ["usermod", "-s"]
    monkeypatch.setattr(baseline.pwd, "getpwnam", lambda name: pwd.struct_passwd((name, "x", 51, 51, "", "/", "/sbin/nologin")))
    again = hands(tree)
    again.lock_account("smmsp")
    assert not again.changes


@pytest.mark.parametrize("state, changes", [("disabled", 1), ("enabled", 0), ("static", 0)])
def test_units(tree, state, changes):
    one = hands(tree, runner=Asked({"systemctl is-enabled": Result(1, state + "\n", "")}))
    one.enable_unit("sendmail.service")
    assert len(one.changes) == changes and (["systemctl", "enable", "sendmail.service"] in one.runner.asked) == bool(changes)


def test_a_program_that_fails_is_told(tree):
    one = hands(tree, runner=Asked({"systemctl enable": Result(1, "", "Unit is masked")}))
    for _round in range(2):
        with pytest.raises(SendmailError) as caught:
            one.enable_unit("sendmail.service")
        assert "Unit is masked" in caught.value.message and not one.changes


def test_labels(tree):
    one = hands(tree, runner=Asked({"restorecon -n": Result(0, "Would relabel /etc/mail from a to b\n", "")}))
    one.relabel("/etc/mail")
    assert one.runner.asked[1:] == [["restorecon", "/etc/mail"]] and "from a to b" in one.changes["label of /etc/mail"][0]


# ---- the whole

def control(number, path, level=ENFORCED, mend=True, breaks=None):
    """A control that wants mode 0600."""
    def check(view):
        return controls.passed() if stat.S_IMODE(os.stat(view + path).st_mode) == 0o600 else controls.failed(Evidence(path, "open", "0600"))

    def put_right(_view, one):
        if breaks:
            raise breaks
        one.mode(path, exactly=0o600)
    return Control(id="SM-FS-%02d" % number, severity="high", check=check, mend=put_right if mend else None,
                   profiles={"gateway": level, "hub": ENFORCED, "nullclient": NEVER})


def whole(tree, chosen, check=False, **options):
    one = hands(tree, check)
    done = baseline.Baseline(lambda: str(tree), one, chosen, "gateway", **options).run()
    return one, {row["control"]: row for row in done.rows()}


def test_mends_and_judges_again(tree):
    chosen = [control(1, "/etc/cf"), control(2, "/open/mine", OPTIONAL), control(3, "/run/pid", mend=False)]
    announced, rows = whole(tree, chosen, check=True)
    assert rows["SM-FS-01"]["verdict"] == "fail" and mode(tree, "etc/cf") == 0o666
    one, rows = whole(tree, chosen)
    assert one.changes == announced.changes and list(one.changes) == ["/etc/cf"]
    assert [rows[name]["verdict"] for name in sorted(rows)] == ["pass", "fail", "fail"] and rows["SM-FS-02"]["level"] == OPTIONAL
    one, rows = whole(tree, chosen, named=["SM-FS-02"])
    assert list(one.changes) == ["/open/mine"] and rows["SM-FS-02"]["verdict"] == "pass"
    one, _rows = whole(tree, chosen)
    assert not one.changes


def test_what_is_waived_stays(tree):
    waiver = {field: "x" for field in controls.FIELDS}
    one, rows = whole(tree, [control(1, "/etc/cf")], waived={"SM-FS-01": waiver})
    assert not one.changes and rows["SM-FS-01"]["verdict"] == "waived"


@pytest.mark.parametrize("breaks, text", [(UnsafePath("it is a trap"), "it is a trap"), (ZeroDivisionError("x"), "mend itself broke")])
def test_a_mend_that_fails_keeps_nobody_from_work(tree, breaks, text):
    one, rows = whole(tree, [control(1, "/etc/secret", breaks=breaks), control(2, "/etc/cf")])
    assert list(one.changes) == ["/etc/cf"] and text in rows["SM-FS-01"]["unmended"]


def test_a_second_round_reaches_what_the_first_made_safe(tree):
    def made(view):
        return controls.passed() if os.path.isdir(view + "/open/new") else controls.failed(Evidence("/open/new", "none", "a directory"))
    inside = control(1, "/open/new")
    inside.check, inside.mend = made, lambda _view, one: one.directory("/open/new", str(ME), str(os.getegid()), 0o700)
    for check in (True, False):
        one, rows = whole(tree, [inside, control(2, "/open")], check=check)
        assert sorted(one.changes) == ["/open", "/open/new"] and "unmended" not in rows["SM-FS-01"]


def test_what_is_refused_in_every_round_stays_told(tree, monkeypatch):
    """Another mend that succeeds makes a second round, which must not forget what failed in the first."""
    change = disk.change_opened

    def refused(handle, uid, gid, wanted):
        if os.fstat(handle).st_ino == os.stat(str(tree / "etc/cf")).st_ino:
            raise OSError(30, "Read-only file system")
        change(handle, uid, gid, wanted)
    monkeypatch.setattr(disk, "change_opened", refused)
    one, rows = whole(tree, [control(1, "/etc/cf"), control(2, "/run/pid")])
    assert list(one.changes) == ["/run/pid"] and "Read-only" in rows["SM-FS-01"]["unmended"]


def test_a_map_that_was_planted_in_a_directory_of_somebody_else(tmp_path):
    """The real controls and the real hands: the directory is mended, and what the link of its former owner leads to is not."""
    place = tmp_path / "etc" / "mail"
    place.mkdir(parents=True)
    for path, right in ((tmp_path / "etc" / "passwd", 0o644), (place / "authinfo", 0o640), (place / "access.db", 0o666)):
        path.write_text("x")
        os.chmod(str(path), right)
    os.symlink("../passwd", str(place / "authinfo.db"))
    os.chmod(str(place), 0o777)
    made = dict(files={"/etc/mail": directory(0o777), "/etc/mail/authinfo": file(mode=0o640), "/etc/mail/authinfo.db": link("/etc/passwd"),
                       "/etc/passwd": file(mode=0o644), "/etc/mail/access.db": file(mode=0o666)},
                cf="Kaccess hash /etc/mail/access\nKauthinfo hash /etc/mail/authinfo\n")
    one = baseline.Hands(Asked(), False, str(tmp_path), ME)
    chosen = [controls_table.CONTROLS[name] for name in ("SM-FS-09", "SM-FS-03", "SM-FS-11")]
    done = baseline.Baseline(lambda: FakeView(**made), one, chosen, "gateway").run()
    # As user and group are those of whoever runs the test, only modes count.
    assert (mode(tmp_path, "etc/passwd"), mode(tmp_path, "etc/mail/access.db")) == (0o644, 0o640)
    assert "authinfo.db" in done.unmended["SM-FS-03"] and "authinfo.db" in done.unmended["SM-FS-11"] and not os.path.islink(str(place / "authinfo"))


PARAMETERS = {"profile": "", "site": {}, "only": ["SM-FS-02"], "without": [], "waivers": [], "apply": False}


@pytest.mark.parametrize("change, text", [
    ({"only": ["SM-FS-99"]}, "only names 'SM-FS-99'"), ({"without": ["FSS"]}, "without names 'FSS'"), ({"apply": True}, "needs a profile"),
    ({"waivers": [{"control": "SM-FS-99", "reason": "r", "owner": "o", "until": "2027-01-01"}]}, "there is no control")])
def test_refused_before_anything_is_looked_at(change, text):
    with pytest.raises(InvalidValue) as caught:
        baseline.run(dict(PARAMETERS, **change), False, None, TODAY)
    assert text in caught.value.message


def test_the_result(monkeypatch):
    """An audit of this very host: one row for each control, a count of each verdict, no change, an ended waiver told."""
    ended = {"control": "SM-FS-02", "reason": "r", "owner": "o", "until": "2026-11-22"}
    result = baseline.run(dict(PARAMETERS, waivers=[ended]), False, Asked(), TODAY)
    assert [row["control"] for row in result["controls"]] == ["SM-FS-02"] and sum(result["counts"].values()) == 1
    assert set(result["counts"]) == set(controls.VERDICTS) | {"waived"}
    assert (result["changed"], result["changes"], "diff" in result) == (False, [], False) and "ended on 2026-11-22" in result["warnings"][0]


@pytest.mark.parametrize("today, verdict", [("", "waived"), ("2026-06-30", "waived"), ("2026-07-01", "fail")])
def test_waivers_end_by_the_day_that_is_named(today, verdict, monkeypatch):
    """A host whose clock stands still would keep its waivers for ever."""
    monkeypatch.setattr(baseline.controls_table, "chosen", lambda *_names: [controls.Control(
        id="SM-FS-02", title="t", severity="high", profiles=controls.EVERYWHERE, check=lambda view: controls.failed(controls.Evidence("a", "b", "c")))])
    waiver = {"control": "SM-FS-02", "reason": "r", "owner": "o", "until": "2026-06-30"}
    result = baseline.run(dict(PARAMETERS, waivers=[waiver], today=today), False, None, datetime.date(2026, 1, 1))
    assert [row["verdict"] for row in result["controls"]] == [verdict]


@pytest.mark.parametrize("said", ["many", 1.5, True, "-1", [1], ""])
def test_a_threshold_that_is_no_number_is_refused_by_name(said):
    with pytest.raises(InvalidValue, match="site.limits.queue_depth"):
        baseline.run(dict(PARAMETERS, site={"limits": {"queue_depth": said}}), False, None, TODAY)


def test_thresholds_that_are_no_dictionary_are_refused():
    with pytest.raises(InvalidValue, match="site.limits is"):
        baseline.run(dict(PARAMETERS, site={"limits": [1]}), False, None, TODAY)


def test_a_threshold_is_a_number_and_one_without_value_is_not_said():
    assert baseline.thresholds({"queue_depth": "7", "hops": 30, "queue_age": None}) == {"queue_depth": 7, "hops": 30} and baseline.thresholds(None) == {}


def test_a_day_that_is_none_is_refused():
    with pytest.raises(InvalidValue, match="tomorrow"):
        baseline.run(dict(PARAMETERS, today="tomorrow"), False, None, TODAY)


def test_the_role_names_the_day_of_the_controller():
    path = os.path.join(os.path.dirname(baseline.__file__), "..", "..", "roles", "baseline", "tasks", "main.yml")
    with open(path, encoding="utf-8") as source:
        assert "today: \"{{ now(utc=true, fmt='%Y-%m-%d') }}\"" in source.read()
