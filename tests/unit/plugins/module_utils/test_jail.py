# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases over the jail: what is wanted, what differs, and (as root) what is really done to a tree with traps in it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import jail
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, UnsafePath

ACCOUNTS = {"root": 0, "mail": 8, "alice": 1000}
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="owners can be changed by root only")


def number(_which, name):
    return int(name) if name.isdigit() else ACCOUNTS.get(name)


def tree(directories=(), files=()):
    return jail.wanted_tree([entry if isinstance(entry, dict) else {"path": entry} for entry in directories],
                            [entry if isinstance(entry, dict) else {"path": entry} for entry in files], "mail", "mail")


@pytest.mark.parametrize("path", ["/var/mailjail", "/srv/jail", "/home/jails/mail", "/var/spool/mailjail", "/data/a-b_c.d"])
def test_good_tops(path):
    jail.check_top(path)


@pytest.mark.parametrize("path", ["/", "/var", "/srv", "/var/spool", "/var/lib", "/etc/jail", "/usr/local/jail", "/bin/x", "relative", "", "/var/../etc/x",
                                  "/var//x", "/var/x/", "/var/a b", "/var/x\n"])
def test_bad_tops(path):
    with pytest.raises(InvalidValue):
        jail.check_top(path)


@pytest.mark.parametrize("path", ["/var/x", "../x", "a/../b", "a//b", "./a", "a\nb", "a/./b", "", "/".join("a" * 60)])
def test_bad_paths(path):
    with pytest.raises(InvalidValue):
        tree(files=[path])


@pytest.mark.parametrize("mode, kind, good", [
    ("0600", "file", True), ("0660", "file", True), ("0644", "file", True), ("600", "file", True),
    ("0700", "file", False), ("0610", "file", False), ("4600", "file", False), ("2600", "file", False), ("1600", "file", False), ("0606", "file", False),
    ("0755", "directory", True), ("0750", "directory", True), ("0700", "directory", True),
    ("0777", "directory", False), ("0770", "directory", False), ("1777", "directory", False), ("2755", "directory", False), ("0757", "directory", False),
    ("rw", "file", False), ("99999", "file", False),
])
def test_modes(mode, kind, good):
    if good:
        jail.check_mode(mode, kind, "x")
    else:
        with pytest.raises(InvalidValue):
            jail.check_mode(mode, kind, "x")


def test_defaults_and_parents():
    found = tree(directories=[{"path": "var/any", "writable": True}, {"path": "."}], files=["var/spool/mail/archive"])
    assert [tuple(item) for item in found.values()] == [
        (".", "directory", "root", "root", "0755"), ("var", "directory", "root", "root", "0755"), ("var/any", "directory", "mail", "mail", "0700"),
        ("var/spool", "directory", "root", "root", "0755"), ("var/spool/mail", "directory", "root", "root", "0755"),
        ("var/spool/mail/archive", "file", "mail", "mail", "0600")]


@pytest.mark.parametrize("directories, files, word", [
    (["a", "a"], [], "twice"), (["a"], ["a"], "twice"), (["a/", "a"], [], "twice"), ([], ["a", "a/b"], "file of the jail"),
    ([{"path": "w", "writable": True}, "w/deep"], [], "belongs to mail"),
    ([{"path": "w", "writable": True}], [{"path": "w/f", "owner": "alice"}], "belongs to mail"),
])
def test_trees_that_can_not_be(directories, files, word):
    with pytest.raises(InvalidValue) as caught:
        tree(directories, files)
    assert word in caught.value.message


def found(path, kind="file", uid=8, gid=8, mode=0o600, links=1, identity=None, trusted=True):
    return jail.Found(path, kind, uid, gid, mode, links, identity or path, trusted)


BASE = [found(".", "directory", 0, 0, 0o755), found("d", "directory", 0, 0, 0o755)]
WRITABLE = [found(".", "directory", 0, 0, 0o755), found("d", "directory", 8, 8, 0o700)]


@pytest.mark.parametrize("objects, steps", [
    ([], [(".", "directory root:root 0755"), ("d", "directory root:root 0755"), ("d/box", "file mail:mail 0600")]),
    (BASE, [("d/box", "file mail:mail 0600")]),
    (BASE + [found("d/box")], []),
    (BASE + [found("d/box", mode=0o700)], [("d/box", "file mail:mail 0600")]),
    (BASE + [found("d/box", uid=0)], [("d/box", "file mail:mail 0600")]),
    (BASE + [found("d/box"), found("d/other", mode=0o640, uid=1)], []),
    (BASE + [found("d/box"), found("d/other", mode=0o4755, uid=0, gid=0)], [("d/other", "file root:root 0644")]),
    (BASE + [found("d/box"), found("d/other", mode=0o666, uid=0, gid=0)], [("d/other", "file root:root 0664")]),
    (BASE + [found("d/box"), found("d/sub", "directory", 0, 0, 0o3777)], [("d/sub", "directory root:root 0755")]),
    # the article's own layout: every directory the writer's
    ([found(".", "directory", 0, 0, 0o755), found("d", "directory", 8, 8, 0o700), found("d/box", mode=0o700, trusted=False)],
     [("d", "directory root:root 0755"), ("d/box", "file mail:mail 0600")]),
])
def test_steps(objects, steps):
    result, findings = jail.compare(tree(files=["d/box"]), objects, number)
    assert [(step.path, jail.describe(step.wanted)) for step in result] == steps
    assert findings == []


@pytest.mark.parametrize("extra, kinds", [
    ([found("d/l", "symbolic link")], {"d/l": ("symbolic link", True)}),
    ([found("d/box", "symbolic link")], {"d/box": ("symbolic link", True)}),
    ([found("d/p", "named pipe")], {"d/p": ("named pipe", True)}),
    ([found("d/s", "socket")], {"d/s": ("socket", True)}),
    ([found("d/c", "character device"), found("d/b", "block device")], {"d/c": ("character device", True), "d/b": ("block device", True)}),
    ([found("d/h", links=2)], {"d/h": ("hard link", True)}),
    ([found("d/box", links=3)], {"d/box": ("hard link", True)}),
    ([found("d/box", "directory", 0, 0, 0o755)], {"d/box": ("directory", False)}),
    # both names lie in the jail: the one that is wanted stays
    ([found("d/a", links=2, identity="i"), found("d/box", links=2, identity="i")], {"d/a": ("hard link", True)}),
    ([found("d/a", links=2, identity="i"), found("d/b", links=2, identity="i")], {"d/b": ("hard link", True)}),
    # in a directory of the writer's, a file of another is not handed over
    ([found("d/box", uid=0, trusted=False)], {"d/box": ("file", False)}),
    ([found("d/box", uid=1000, trusted=False)], {"d/box": ("file", False)}),
])
def test_findings(extra, kinds):
    result, findings = jail.compare(tree(files=["d/box"]), BASE + extra, number)
    assert dict((finding.path, (finding.kind, finding.removable)) for finding in findings) == kinds
    assert set(step.path for step in result if step.wanted is None) == set(kinds)


def test_removal_comes_before_the_file_that_takes_its_place():
    result = jail.compare(tree(files=["d/box"]), WRITABLE + [found("d/box", "symbolic link"), found("d/a", "symbolic link")], number)[0]
    assert [(step.path, bool(step.wanted)) for step in result] == [("d", True), ("d/a", False), ("d/box", False), ("d/box", True)]


def test_unknown_writer_is_a_change_to_come():
    result = jail.compare(tree(files=[{"path": "box", "owner": "later"}]), [BASE[0], found("box")], number)[0]
    assert [step.path for step in result] == ["box"]


# ---- a real tree -----------------------------------------------------------------------------------------------------------------------

def run(base, wanted, purge):
    steps = jail.plan("/jail", wanted, purge, start=str(base))[0]
    jail.execute("/jail", steps, start=str(base))
    return steps


def state(base, path):
    info = os.lstat(os.path.join(str(base), "jail", path))
    return jail.kind_of(info.st_mode), info.st_uid, "%04o" % stat.S_IMODE(info.st_mode)


@pytest.fixture(name="base")
def _base(tmpdir):
    # What lies above is pytest's own; the way begins here.
    tmpdir.chmod(0o755)
    return tmpdir


WANTED = jail.wanted_tree([{"path": "any", "owner": "8", "group": "8", "mode": "0700"}], [{"path": "spool/box"}], "8", "8")


@as_root
def test_made_once(base):
    assert len(run(base, WANTED, "refuse")) == 4
    assert state(base, "spool/box") == ("file", 8, "0600")
    assert state(base, "any") == ("directory", 8, "0700") and state(base, "spool") == ("directory", 0, "0755")
    assert run(base, WANTED, "refuse") == []


@as_root
def test_traps_are_taken_away_and_nothing_behind_them_is_touched(base):
    run(base, WANTED, "refuse")
    outside = base.join("outside")
    outside.write("secret")
    outside.chmod(0o600)
    box, anything = str(base.join("jail/spool/box")), base.join("jail/any")
    os.unlink(box)
    os.symlink(str(outside), box)
    anything.join("link").mksymlinkto(str(base))
    os.link(str(outside), str(anything.join("hard")))
    os.mkfifo(str(anything.join("pipe")))
    anything.join("mbox").write("From alice\n")
    anything.join("mbox").chmod(0o4777)
    with pytest.raises(UnsafePath) as caught:
        run(base, WANTED, "refuse")
    assert sorted(finding["path"] for finding in caught.value.details["findings"]) == ["any/hard", "any/link", "any/pipe", "spool/box"]
    assert state(base, "any/mbox")[2] == "4777"
    run(base, WANTED, "remove")
    assert state(base, "spool/box") == ("file", 8, "0600") and state(base, "any/mbox")[2] == "0664"
    assert os.listdir(str(anything)) == ["mbox"] and anything.join("mbox").read() == "From alice\n"
    assert outside.read() == "secret" and stat.S_IMODE(os.stat(str(outside)).st_mode) == 0o600
    assert run(base, WANTED, "remove") == []


@as_root
def test_mail_survives_a_change_of_owner_and_mode(base):
    run(base, WANTED, "refuse")
    box = base.join("jail/spool/box")
    box.write("From bob\n")
    os.chown(str(box), 0, 0)
    box.chmod(0o700)
    assert [step.path for step in run(base, WANTED, "refuse")] == ["spool/box"]
    assert state(base, "spool/box") == ("file", 8, "0600") and box.read() == "From bob\n"


@as_root
@pytest.mark.parametrize("swap", ["link", "file", "second name", "gone"])
def test_what_changes_between_the_look_and_the_deed_is_left_alone(base, swap):
    run(base, WANTED, "refuse")
    box, outside = base.join("jail/spool/box"), base.join("outside")
    outside.write("secret")
    box.chmod(0o700)
    steps = jail.plan("/jail", WANTED, "refuse", start=str(base))[0]
    if swap == "second name":
        os.link(str(box), str(base.join("second")))
    else:
        box.remove()
    if swap == "link":
        box.mksymlinkto(str(outside))
    elif swap == "file":
        os.link(str(outside), str(box))
    with pytest.raises(UnsafePath):
        jail.execute("/jail", steps, start=str(base))
    assert os.stat(str(outside)).st_uid == os.geteuid() and stat.S_IMODE(os.stat(str(outside)).st_mode) != 0o600


@as_root
def test_nothing_is_made_through_a_link_planted_meanwhile(base):
    run(base, WANTED, "refuse")
    base.join("jail/spool/box").remove()
    steps = jail.plan("/jail", WANTED, "refuse", start=str(base))[0]
    base.join("victim").mkdir()
    base.join("jail/spool").remove()
    base.join("jail/spool").mksymlinkto(str(base.join("victim")))
    with pytest.raises(UnsafePath):
        jail.execute("/jail", steps, start=str(base))
    assert base.join("victim").listdir() == []


@as_root
@pytest.mark.parametrize("spoil, word", [
    (lambda base: base.join("way").mksymlinkto(str(base)), "symbolic link"),
    (lambda base: base.join("way").write("x"), "expected a directory"),
    (lambda base: base.mkdir("way").chmod(0o777), "chmod go-w"),
    (lambda base: os.chown(str(base.mkdir("way")), 8, 8), "chown root"),
])
def test_unsafe_ways_are_refused(base, spoil, word):
    spoil(base)
    with pytest.raises(UnsafePath) as caught:
        jail.open_trusted("/way/jail", start=str(base))
    assert word in caught.value.message and "/way" in caught.value.message


@as_root
def test_a_parent_is_mended_where_that_is_allowed(base):
    os.chown(str(base.mkdir("way")), 8, 8)
    handle, missing, mended = jail.open_trusted("/way/smrsh", secure=["/way"], start=str(base))
    os.close(handle)
    assert missing == ["smrsh"] and mended[0][0] == "/way" and os.stat(str(base.join("way"))).st_uid == 8
    os.close(jail.open_trusted("/way/smrsh", secure=["/way"], mend=True, start=str(base))[0])
    assert os.stat(str(base.join("way"))).st_uid == 0
