# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases over smrsh's directory of commands."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import smrsh
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, UnsafePath

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="owners can be changed by root only")


@pytest.mark.parametrize("name", ["sh", "bash", "dash", "zsh", "zsh5", "ksh93", "busybox", "busybox-static", "perl", "perl5.36.0", "python3", "python3.11",
                                  "python2.7", "lua5.4", "php8.2", "tclsh8.6", "ruby3.1", "gawk", "gawk-5.1.0", "sed", "vim.basic", "procmail", "env", "sudo",
                                  "find", "xargs", "tar", "uudecode", "cp", "tee", "nc.openbsd", "base64", "ld-linux-x86-64.so.2", "ld-2.31.so", "R",
                                  "mailx", "m4"])
def test_refused_names(name):
    assert smrsh.refusal(name)
    with pytest.raises(InvalidValue):
        smrsh.check_commands([{"name": "harmless", "target": "/usr/bin/" + name}])


@pytest.mark.parametrize("name", ["vacation", "mailman", "sympa-queue", "request-tracker", "true", "rt-mailgate", "autoreply", "fetch2", "shape", "perlish",
                                  "mlmmj-receive"])
def test_accepted_names(name):
    assert smrsh.refusal(name) == ""
    assert smrsh.check_commands([{"name": name, "target": "/usr/bin/" + name}]) == {name: "/usr/bin/" + name}


@pytest.mark.parametrize("name, target", [
    ("a/b", "/bin/true"), ("", "/bin/true"), (".x", "/bin/true"), ("-x", "/bin/true"), ("x y", "/bin/true"), ("x;y", "/bin/true"), ("x\n", "/bin/true"),
    ("x", "true"), ("x", "/bin/../bin/true"), ("x", "/bin/true arg"), ("x", "/bin/true\n"), ("sh", "/bin/true"), ("x", "/bin/sh"), ("x", ""),
])
def test_bad_commands(name, target):
    with pytest.raises(InvalidValue):
        smrsh.check_commands([{"name": name, "target": target}])


def test_a_command_twice():
    with pytest.raises(InvalidValue):
        smrsh.check_commands([{"name": "x", "target": "/bin/true"}, {"name": "x", "target": "/bin/false"}])


LINK, OTHER, FILE = ("symbolic link", "/usr/bin/vacation"), ("symbolic link", "/bin/sh"), ("file", "")


@pytest.mark.parametrize("entries, options, steps, complaints", [
    ({}, {}, [("vac", "link")], 0),
    ({"vac": LINK}, {}, [], 0),
    ({"vac": OTHER}, {}, [("vac", "link")], 0),
    ({"vac": LINK, "sh": OTHER}, {}, [("sh", "remove")], 0),
    ({"vac": LINK, "sh": OTHER}, {"unlisted": "keep"}, [], 0),
    ({"vac": LINK, "sh": OTHER}, {"unlisted": "refuse"}, [], 1),
    ({"vac": LINK, "sh": OTHER}, {"keep": ["sh"]}, [], 0),
    ({"vac": LINK, "smrsh": FILE}, {}, [], 1),
    ({"vac": LINK, "smrsh": FILE}, {"keep": ["smrsh"]}, [], 0),
    ({"vac": LINK, "smrsh": FILE}, {"purge": "remove"}, [("smrsh", "remove")], 0),
    ({"vac": FILE}, {}, [], 1),
    ({"vac": FILE}, {"purge": "remove"}, [("vac", "link")], 0),
    ({"vac": ("directory", "")}, {"purge": "remove"}, [], 1),
    ({"vac": LINK, "d": ("directory", "")}, {"purge": "remove"}, [], 1),
])
def test_compare(entries, options, steps, complaints):
    options = dict({"keep": [], "unlisted": "remove", "purge": "refuse"}, **options)
    found, said = smrsh.compare(entries, {"vac": "/usr/bin/vacation"}, **options)
    assert [(step.path, step.verb) for step in found] == steps and len(said) == complaints


def test_shells():
    assert os.path.realpath("/bin/sh") in smrsh.shells("# a list\n/bin/sh\nbin/odd\n")
    assert smrsh.read_shells("/nonexistent") == set()


def test_targets(tmpdir):
    assert "does not exist" in smrsh.check_target("x", "/nonexistent/program")
    assert smrsh.check_target("x", os.path.realpath("/bin/true")) == ""


@pytest.mark.parametrize("mode, content, word", [(0o644, "x", "can not be executed"), (0o777, "x", "changed by others"), (0o755, None, "is a directory")])
@as_root
def test_refused_targets(tmpdir, mode, content, word):
    target = tmpdir.join("program")
    if content is None:
        target.mkdir()
    else:
        target.write(content)
    target.chmod(mode)
    with pytest.raises(InvalidValue) as caught:
        smrsh.check_target("x", str(target))
    assert word in caught.value.message


def test_a_link_to_a_shell_is_seen_through(tmpdir):
    tmpdir.join("harmless").mksymlinkto("/bin/sh")
    with pytest.raises(InvalidValue) as caught:
        smrsh.check_target("x", str(tmpdir.join("harmless")))
    assert "shell" in caught.value.message


def test_missing_programs():
    said = []
    smrsh.require(["a is missing"], said.append)
    assert said == ["a is missing"]
    smrsh.require([])
    with pytest.raises(InvalidValue):
        smrsh.require(["a is missing"])


@as_root
def test_the_directory_is_made_and_kept(tmpdir):
    tmpdir.chmod(0o755)
    start, wanted = str(tmpdir), {"vac": "/usr/bin/vacation"}
    steps = smrsh.plan("/smrsh", wanted, start=start)
    assert [(step.path, step.verb) for step in steps] == [("/smrsh", "own"), ("/smrsh/vac", "link")] and not tmpdir.join("smrsh").exists()
    smrsh.execute("/smrsh", steps, wanted, start=start)
    assert os.readlink(str(tmpdir.join("smrsh/vac"))) == "/usr/bin/vacation" and smrsh.plan("/smrsh", wanted, start=start) == []
    tmpdir.join("smrsh/sh").mksymlinkto("/bin/sh")
    tmpdir.join("smrsh").chmod(0o777)
    smrsh.execute("/smrsh", smrsh.plan("/smrsh", {}, start=start), {}, start=start)
    assert tmpdir.join("smrsh").listdir() == [] and smrsh.plan("/smrsh", {}, start=start) == []
    tmpdir.join("smrsh/script").write("#!/bin/sh\n")
    with pytest.raises(UnsafePath):
        smrsh.plan("/smrsh", {}, start=start)
