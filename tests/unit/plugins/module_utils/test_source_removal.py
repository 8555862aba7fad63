# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A built sendmail goes, and nothing else below its prefix."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import source, source_removal
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, UnsafePath
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

FILES = ("sbin/sendmail", "sbin/makemap", "share/sendmail-cf/m4/cf.m4")


class Programs:
    """Notes what it is called with."""

    def __init__(self, rc=0):
        self.called, self.rc = [], rc

    def run(self, argv, stdin=None, cwd=None, timeout=60):
        """Answer one command."""
        self.called.append(argv)
        return Result(self.rc, "", "no" if self.rc else "")


@pytest.fixture(name="prefix")
def prefix_(tmp_path, monkeypatch):
    """A prefix as a build leaves it, and commands that lead there."""
    prefix = tmp_path / "local"
    for place in FILES:
        (prefix / place).parent.mkdir(parents=True, exist_ok=True)
        (prefix / place).write_text(place)
    for name in ("usr", "groups"):
        (tmp_path / name).mkdir()
    monkeypatch.setattr(source, "COMMANDS", tuple(str(tmp_path / "usr" / name) for name in ("sendmail", "mailq")))
    monkeypatch.setattr(source, "HELPERS", (str(tmp_path / "usr" / "makemap"),))
    monkeypatch.setattr(source, "ALTERNATIVES_GROUPS", (str(tmp_path / "groups" / "*"),))
    monkeypatch.setattr(source.hostinfo, "which", lambda name: "/usr/sbin/alternatives" if name == "alternatives" else None)
    record(prefix, [".", "sbin", "share", "share/sendmail-cf", "share/sendmail-cf/m4"])
    return prefix


def record(prefix, directories, files=FILES):
    (prefix / source.RECORD).write_text(json.dumps({"files": dict((place, "aa") for place in files), "directories": directories, "complete": True}))


def removed(prefix, check_mode=False):
    return source_removal.Built(Programs(), str(prefix)).remove(check_mode)


def everything(path):
    return sorted(os.path.relpath(os.path.join(above, name), str(path)) for above, names, files in os.walk(str(path)) for name in names + files)


def test_a_prefix_of_our_own_goes_whole(prefix):
    assert removed(prefix, check_mode=True) and everything(prefix)
    assert [row["path"] for row in removed(prefix)] == [str(prefix)]
    assert not prefix.exists() and removed(prefix) == []


def test_what_others_have_below_it_stays(prefix):
    (prefix / "sbin" / "site-program").write_text("theirs")
    (prefix / "share" / "sendmail-cf" / "m4" / "own.m4").write_text("theirs")
    removed(prefix)
    assert everything(prefix) == ["sbin", "sbin/site-program", "share", "share/sendmail-cf", "share/sendmail-cf/m4", "share/sendmail-cf/m4/own.m4"]


def test_directories_that_were_there_before_stay_though_they_are_empty(prefix):
    record(prefix, ["share/sendmail-cf", "share/sendmail-cf/m4"])
    removed(prefix)
    assert everything(prefix) == ["sbin", "share"]


def test_a_record_that_knows_no_directories_leaves_those_that_may_be_others(prefix):
    (prefix / source.RECORD).write_text(json.dumps({"files": dict((place, "aa") for place in FILES), "complete": True}))
    removed(prefix)
    assert everything(prefix) == ["sbin", "share"]


@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_text("{broken"), lambda path: path.write_text("[]")])
def test_a_prefix_that_nobody_built_stays_as_it_is(prefix, spoil):
    spoil(prefix / source.RECORD)
    removed(prefix)
    assert all((prefix / place).exists() for place in FILES)


def test_no_link_is_followed_and_no_place_outside_is_believed(prefix, tmp_path):
    outside = tmp_path / "outside"
    (outside / "m4").mkdir(parents=True)
    (outside / "m4" / "cf.m4").write_text("theirs")
    for path in (prefix / "share" / "sendmail-cf" / "m4" / "cf.m4",):
        path.unlink()
    (prefix / "share" / "sendmail-cf" / "m4").rmdir()
    (prefix / "share" / "sendmail-cf").rmdir()
    os.symlink(str(outside), str(prefix / "share" / "sendmail-cf"))
    record(prefix, [".", "sbin", "share", "share/sendmail-cf", "share/sendmail-cf/m4", "../outside", str(outside)],
           FILES + ("../outside/m4/cf.m4", str(outside / "m4" / "cf.m4"), "sbin/../../outside/m4/cf.m4", "sbin"))
    removed(prefix)
    assert everything(outside) == ["m4", "m4/cf.m4"] and everything(prefix) == ["share", "share/sendmail-cf"]


def test_a_prefix_that_is_a_link_is_refused(prefix, tmp_path):
    os.symlink(str(prefix), str(tmp_path / "link"))
    with pytest.raises(UnsafePath):
        source_removal.Built(Programs(), str(tmp_path / "link"))
    assert source_removal.Built(Programs(), str(tmp_path / "none")).remove(False) == []


def test_commands_lead_nowhere_below_it_any_more(prefix, tmp_path):
    usr = tmp_path / "usr"
    os.symlink(str(prefix / "sbin" / "sendmail"), str(usr / "sendmail"))
    os.symlink(str(prefix / "sbin" / "site-program"), str(usr / "mailq"))
    (usr / "makemap").write_text("the distribution's")
    found = source_removal.Built(Programs(), str(prefix) + "/")
    assert [row["path"] for row in found.release(True)] == [str(usr / "sendmail")] and len(os.listdir(str(usr))) == 3
    found.release(False)
    assert sorted(os.listdir(str(usr))) == ["mailq", "makemap"] and found.release(False) == [] and found.runner.called == []
    assert source_removal.Built(Programs(), "").release(False) == []


@pytest.mark.parametrize("text, called", [
    ("manual\n/usr/sbin/sendmail\nmta-mailq\n/usr/bin/mailq\n\n%s\n1000\n%s\n/usr/sbin/sendmail.postfix\n60\n\n", True),
    ("auto\n%s\n\n/usr/sbin/sendmail.postfix\n60\n\n", False), ("", False)])
def test_alternatives_forget_the_built_program(prefix, tmp_path, text, called):
    program = str(prefix / "sbin" / "sendmail")
    (tmp_path / "groups" / "mta").write_text(text.replace("%s", program))
    found = source_removal.Built(Programs(), str(prefix))
    assert len(found.release(True)) == called and found.runner.called == []
    found.release(False)
    assert found.runner.called == ([["/usr/sbin/alternatives", "--remove", "mta", program]] if called else [])
    if called:
        with pytest.raises(CommandFailed):
            source_removal.Built(Programs(rc=2), str(prefix)).release(False)
