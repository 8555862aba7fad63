# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The look at a host, against real files; and the host made of dicts that other tests use says the same."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import socket

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo, hostview
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Unseen
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View, _is_contained
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result, Runner
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link

CF = "V10/Berkeley\n# LogLevel\nO LogLevel=9\nDj$w.\n"


class Counting(Runner):
    """Counts what is started."""

    def __init__(self):
        self.started = []

    def run(self, argv, **options):
        self.started.append(argv)
        return super(Counting, self).run(argv, **options)


@pytest.fixture(name="tree")
def made_tree(tmp_path):
    """Make one thing of each kind."""
    (tmp_path / "d").mkdir(mode=0o750)
    (tmp_path / "d" / "text").write_bytes(b"one\ntw\xff\n")
    os.chmod(str(tmp_path / "d" / "text"), 0o640)
    os.link(str(tmp_path / "d" / "text"), str(tmp_path / "d" / "again"))
    os.symlink("d/text", str(tmp_path / "soft"))
    os.symlink("nowhere", str(tmp_path / "dangling"))
    os.mkfifo(str(tmp_path / "fifo"))
    return tmp_path


def pair(tree):
    """Return the real view, and the one of dicts that holds the same."""
    text = file("one\ntw\ufffd\n", mode=0o640, links=2, size=8)
    return View(Runner()), FakeView(files={
        str(tree): directory(), str(tree / "d"): directory(0o750), str(tree / "d" / "text"): text, str(tree / "d" / "again"): text,
        str(tree / "soft"): link("d/text"), str(tree / "dangling"): link("nowhere"), str(tree / "fifo"): file(kind="fifo")})


@pytest.mark.parametrize("name, follow, wanted", [
    ("d", False, ("directory", 0o750)), ("d/text", False, ("file", 0o640)), ("soft", False, ("link", 0o777)), ("soft", True, ("file", 0o640)),
    ("dangling", False, ("link", 0o777)), ("dangling", True, None), ("fifo", False, ("fifo", None)), ("absent", False, None), ("d/text/below", False, None)])
def test_stat(tree, name, follow, wanted):
    for view in pair(tree):
        found = view.stat(str(tree / name), follow=follow)
        assert (found and (found.kind, found.mode if wanted[1] is not None else None)) == wanted


def test_what_a_stat_tells(tree):
    found = View(Runner()).stat(str(tree / "d" / "text"))
    assert (found.links, found.size, found.acl, found.uid, found.path) == (2, 8, False, os.geteuid(), str(tree / "d" / "text"))
    assert found.owner and found.group


def test_files_and_names(tree):
    for view in pair(tree):
        assert view.read(str(tree / "soft")) == "one\ntw\ufffd\n"
        assert view.read(str(tree / "absent")) is None and view.names(str(tree / "absent")) is None and view.names(str(tree / "soft")) is None
        assert view.names(str(tree / "d")) == ["again", "text"]
        assert view.find(str(tree / "d" / "*"), str(tree / "x*")) == [str(tree / "d" / "again"), str(tree / "d" / "text")]
        assert view.target(str(tree / "soft")) == str(tree / "d" / "text")
        assert view.line(str(tree / "d" / "text"), "tw") == str(tree / "d" / "text") + ":2"
        for refused in ("d", "fifo"):
            with pytest.raises(Unseen):
                view.read(str(tree / refused))


def test_too_large(tree):
    for view in pair(tree):
        with pytest.raises(Unseen) as caught:
            view.read(str(tree / "d" / "text"), limit=3)
        assert "8 bytes" in caught.value.message


def test_looked_at_once(tree):
    """What was seen, and that something could not be seen, is remembered."""
    view = View(Counting())
    assert view.read(str(tree / "d" / "text"))
    os.unlink(str(tree / "d" / "text"))
    assert view.read(str(tree / "d" / "text")) == "one\ntw\ufffd\n"
    assert view.run("echo", "a").stdout == view.run("echo", "a").stdout == "a\n"
    assert view.run("cat", stdin="x").stdout == "x" and view.run("cat", stdin="y").stdout == "y"
    for _time in range(2):
        with pytest.raises(Unseen):
            view.run("no-such-program")
    assert len(view.runner.started) == 4


@pytest.fixture(name="shut")
def made_shut(tree):
    """Shut a directory, and let root look with another's eyes."""
    os.chmod(str(tree / "d"), 0)
    if os.geteuid():
        yield tree
    else:
        os.seteuid(65534)
        yield tree
        os.seteuid(0)


def test_no_entrance(shut):
    view = View(Runner())
    for look, path in ((view.stat, "d/text"), (view.read, "d/text"), (view.names, "d")):
        with pytest.raises(Unseen) as caught:
            look(str(shut / path))
        assert "Permission denied" in caught.value.message


def test_a_socket(tmp_path):
    # the path of a socket must be short
    os.chdir(str(tmp_path))
    with socket.socket(socket.AF_UNIX) as door:
        door.bind("s")
        assert View(Runner()).stat("s").kind == "socket"


def test_configuration(tmp_path):
    path = tmp_path / "sendmail.cf"
    path.write_text(CF)
    view = View(Runner(), {"compiled": {"mta": str(path), "msp": str(tmp_path / "submit.cf")}})
    assert view.compiled() == str(path) and view.compiled("msp") is None and view.cf("msp") is None
    with pytest.raises(Unseen) as caught:
        view.cf()
    assert "no whole configuration" in caught.value.message
    path.write_text(CF + "Sx\nR$*\t$@ ok\n")
    view = View(Runner(), {"compiled": {"mta": str(path)}})
    assert view.option("LogLevel") == ("9", "%s:3" % path) and view.option("RunAsUser") == (None, str(path))
    path.write_text(CF + "O loglevel=1\nSx\nR$*\t$@ ok\n")
    assert View(Runner(), {"compiled": {"mta": str(path)}}).option("LogLevel") == ("1", "%s:5" % path)
    with pytest.raises(Unseen):
        View(Runner(), {"compiled": {"mta": str(tmp_path / "none")}}).option("LogLevel")


def test_a_link_to_nothing_is_no_configuration(tree):
    view = View(Runner(), {"compiled": {"mta": str(tree / "dangling"), "msp": str(tree / "soft")}})
    assert view.compiled() is None and view.cf() is None and view.compiled("msp") == str(tree / "soft")


def test_a_configuration_that_goes_away_meanwhile(tree, monkeypatch):
    view = View(Runner(), {"compiled": {"mta": str(tree / "soft")}})
    monkeypatch.setattr(view, "read", lambda path: None)
    with pytest.raises(Unseen, match="went away"):
        view.cf()


@pytest.mark.parametrize("look, wanted", [(lambda path: View(Runner()).read(path), "x"), (hostinfo.read_text, "x")])
def test_what_is_open_is_judged_and_nobody_waits_for_a_pipe(tree, monkeypatch, look, wanted):
    """Whoever owns a file puts a pipe in its place between the look at it and the opening; nothing is ever written into it."""
    path = str(tree / "d" / "mine")
    real = os.open

    def swapped(name, flags, *more, **named):
        if name == path and os.path.isfile(path):
            os.unlink(path)
            os.mkfifo(path)
        assert name != path or flags & os.O_NONBLOCK, "it would wait for good"
        return real(name, flags, *more, **named)
    with open(path, "w", encoding="utf-8") as mine:
        mine.write("x")
    assert look(path) == wanted
    monkeypatch.setattr(os, "open", swapped)
    if look is hostinfo.read_text:
        assert look(path) is None
    else:
        with pytest.raises(Unseen, match="no regular file but a fifo"):
            look(path)


def test_a_file_that_grew_since_it_was_looked_at(tree):
    view, path = View(Runner()), str(tree / "d" / "text")
    assert view.stat(path, follow=True).size == 8
    with open(path, "a", encoding="utf-8") as grown:
        grown.write("more")
    with pytest.raises(Unseen, match="12 bytes"):
        view.read(path, limit=10)


def test_accounts_and_programs():
    view = View(Runner())
    assert view.account("root").pw_uid == view.account("0").pw_uid == 0 and view.account("no-such-user") is None and view.account("4000000123") is None
    assert view.group("root").gr_gid == view.group(0).gr_gid == 0 and view.group("no-such-group") is None
    assert view.program("no-such-program", "sh").endswith("/sh") and view.program("/etc/passwd") is None and view.program("/bin/sh") == "/bin/sh"
    assert all(set(one) >= {"pid", "title", "uid", "gid", "ppid", "status"} for one in view.processes())


@pytest.fixture(name="proc")
def made_proc(tmp_path, monkeypatch):
    """Make a /proc of paper, with one sendmail program of root."""
    place = tmp_path / "usr" / "libexec"
    place.mkdir(parents=True, mode=0o755)
    for path in (place / "sendmail", tmp_path / "sleep"):
        path.write_text("x")
        os.chmod(str(path), 0o755)
    os.symlink(str(place / "sendmail"), str(tmp_path / "sendmail"))
    top = tmp_path / "proc"

    def process(pid, title, name=b"sendmail", exe=None):
        (top / str(pid)).mkdir(parents=True)
        (top / str(pid) / "cmdline").write_bytes(title.replace(b" ", b"\0") + b"\0")
        (top / str(pid) / "status").write_bytes(b"Name:\t" + name + b"\nPPid:\t1\nUid:\t8\t8\t8\t8\nGid:\t8\t8\t8\t8\nNSpid:\t7\n")
        if exe:
            os.symlink(str(exe), str(top / str(pid) / "exe"))
    for module in (os,):
        for call in ("listdir", "readlink", "stat"):
            real = getattr(module, call)
            monkeypatch.setattr(module, call, lambda path, real=real, **more: real(
                str(top) + path[len("/proc"):] if isinstance(path, str) and (path + "/").startswith("/proc/") else path, **more))
    monkeypatch.setattr(hostview, "open", lambda path, mode: open(path.replace("/proc", str(top), 1), mode), raising=False)
    monkeypatch.setattr(hostinfo, "PROGRAMS", (str(tmp_path / "sendmail"),))
    process.place = tmp_path
    return process


def test_a_process_is_sendmail_s_by_its_program(proc):
    """Its name any user chooses; the link of the alternatives, and a file that an update replaced, are the program too."""
    proc(10, b"sendmail: accepting connections", exe=proc.place / "usr" / "libexec" / "sendmail")
    proc(11, b"sendmail: accepting connections", exe=proc.place / "sleep")
    proc(12, b"sendmail: accepting connections", exe=str(proc.place / "usr" / "libexec" / "sendmail"))
    proc(13, b"bash", name=b"bash", exe=proc.place / "sleep")
    proc(14, b"sendmail")
    found = View(Runner()).processes()
    assert [(one["pid"], one["sure"]) for one in sorted(found, key=lambda one: one["pid"])] == [(10, True), (12, True)]
    assert found[0]["uid"] == 8 and found[0]["status"]["NSpid"] == "7"


def test_a_program_that_was_replaced_is_it_still(proc, monkeypatch):
    real = os.readlink
    proc(10, b"sendmail: accepting connections", exe=proc.place / "usr" / "libexec" / "sendmail")
    monkeypatch.setattr(os, "readlink", lambda path: real(path) + (" (deleted)" if path.endswith("/exe") else ""))
    assert [one["pid"] for one in View(Runner()).processes()] == [10]


def test_a_program_that_may_not_be_seen_leaves_the_name(proc, monkeypatch):
    proc(10, b"sendmail: accepting connections", exe=proc.place / "sleep")
    real = os.readlink

    def shut(path):
        if path.endswith("/exe"):
            raise OSError(errno.EACCES, "Permission denied")
        return real(path)
    monkeypatch.setattr(os, "readlink", shut)
    assert [(one["pid"], one["sure"]) for one in View(Runner()).processes()] == [(10, False)]


def test_a_process_may_have_any_bytes_for_a_name(proc):
    proc(10, b"sendmail: accepting connections", exe=proc.place / "usr" / "libexec" / "sendmail")
    proc(11, b"\xff\xfe", name=b"\xff\xfe", exe=proc.place / "sleep")
    assert [one["pid"] for one in View(Runner()).processes()] == [10]


@pytest.mark.parametrize("status, contained", [({"NSpid": "4635"}, False), ({"NSpid": "4635\t12"}, True), ({}, False)])
def test_processes_of_containers_are_not_the_host_s(status, contained):
    assert _is_contained(status) is contained


def test_a_host_of_dicts():
    view = FakeView(
        cf="O LogLevel=9\n", msp="", files={"/secret": HIDDEN, "/shut": file(None, mode=0o600), "/usr/bin/tool": file(mode=0o755)},
        runs={("tool", "-v"): "1\n", ("bad",): Result(1, "", "x")}, accounts={"smmsp": 111, "alice": {"uid": 1000, "shell": "/bin/sh"}},
        groups={"mail": ["alice"]}, units={"u": {"Type": "simple"}}, processes=None)
    assert view.option("LogLevel") == ("9", "/etc/mail/sendmail.cf:1") and view.cf("msp").options == {"SevenBitInput": "False"}
    assert view.stat("/etc/mail").kind == "directory" and view.stat("/") and view.compiled("msp") == "/etc/mail/submit.cf"
    for hidden in ("/secret", "/secret/below"):
        with pytest.raises(Unseen):
            view.stat(hidden)
    assert view.run("tool", "-v").stdout == "1\n" and view.run("bad").rc == 1 and view.program("tool") == "/usr/bin/tool" and view.program("none") is None
    assert view.account(111).pw_name == "smmsp" and view.account("alice").pw_shell == "/bin/sh" and view.account("mail") is None
    assert view.group("mail").gr_mem == ["alice"] and view.group(8).gr_name == "mail" and view.unit("u")["Type"] == "simple" and view.unit("v") == {}
    assert view.stat("/shut").mode == 0o600
    for look in (view.processes, lambda: view.run("none"), lambda: view.read("/shut")):
        with pytest.raises(Unseen):
            look()
    assert FakeView().cf() is None and FakeView().processes() == []
