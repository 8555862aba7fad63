# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host made of dicts, for the tests of controls: ``hostview.View`` with everything that touches the machine put in place of.

    view = FakeView(cf="O LogLevel=9\n", files={"/etc/mail/access": file("x OK\n", mode=0o666), "/etc/shadow": HIDDEN})

What is not given is not there: no file, no account but root, no program, no unit, no systemd.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import fnmatch
import grp
import pwd

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostview
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Unseen
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import Stat
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

Node = collections.namedtuple("Node", "kind text mode owner group links size mtime acl")
# A path on which every look ends in "Permission denied"; below it too.
HIDDEN = object()
# Numbers of names in ``owner`` and ``group``, whether or not the host has such an account; others are numbered from 2000.
NUMBERS = {"root": 0, "daemon": 1, "adm": 4, "mail": 8, "uucp": 10, "www-data": 33, "smmta": 110, "smmsp": 111, "mailnull": 47, "sasl": 45,
           "alice": 1000, "bob": 1001, "mailgw": 990, "opendkim": 120, "opendmarc": 121, "nobody": 65534}
# What a .cf text lacks to be a whole configuration; put behind the text, so that line numbers hold.
WHOLE = "O SevenBitInput=False\nSunused\nR$*\t$@ ok\n"


def file(text="", mode=0o644, owner="root", group="root", links=1, size=None, mtime=0, acl=False, kind="file"):
    """Return a file. Its text is None where it may be seen but not read."""
    return Node(kind, text, mode, owner, group, links, len(text or "") if size is None else size, mtime, acl)


def directory(mode=0o755, owner="root", group="root", acl=False):
    """Return a directory. Those above a given path need not be named: they are root's, 0755."""
    return Node("directory", "", mode, owner, group, 2, 4096, 0, acl)


def link(target):
    """Return a symbolic link."""
    return Node("link", target, 0o777, "root", "root", 1, len(target), 0, False)


def number(name):
    """Return the number of a user or a group."""
    name = str(name)
    return int(name) if name.isdigit() else NUMBERS.setdefault(name, 2000 + len(NUMBERS))


class FakeView(hostview.View):
    """A host that never was.

    :param str cf: text of /etc/mail/sendmail.cf; what it lacks to be a whole configuration is added at its end. :param str msp: of submit.cf.
    :param dict files: path -> text (root's, 0644), :func:`file`, :func:`directory`, :func:`link`, a :class:`hostview.Stat`, or :data:`HIDDEN`.
    :param dict runs: tuple of arguments -> standard output, :class:`runner.Result`, or function of the standard input that returns either.
        A program of runs whose first argument is a bare name is there for ``program`` in /usr/sbin.
    :param dict accounts: name -> number, or dict of passwd's fields (uid, gid, shell, home, password), or such an entry.
    :param dict groups: name -> list of members, or such an entry.
    :param list processes: dicts as ``View.processes`` returns them; None: they can not be seen.
    :param dict units: name -> dict of properties. :param dict site: as of View.
    """

    def __init__(self, cf=None, msp=None, files=None, runs=None, accounts=None, groups=None, processes=(), units=None, site=None):
        super(FakeView, self).__init__(None, site)
        self.files = {"/": directory()}
        for path, text in (("/etc/mail/sendmail.cf", cf), ("/etc/mail/submit.cf", msp)):
            if text is not None:
                self.files[path] = file(text + ("" if text.endswith("\n") or not text else "\n") + WHOLE)
        for path, given in (files or {}).items():
            self.files[path] = file(given) if isinstance(given, type("")) else given
        for path in list(self.files):
            for end in [place for place, letter in enumerate(path) if letter == "/" and place]:
                self.files.setdefault(path[:end], directory())
        self.runs, self.units, self.running = runs or {}, units or {}, processes
        self.accounts = {name: _account(name, given) for name, given in dict({"root": {"uid": 0, "shell": "/bin/bash"}}, **(accounts or {})).items()}
        self.groups = {name: _group(name, given) for name, given in dict({"root": []}, **(groups or {})).items()}

    # -- files

    def _real(self, path, last=True, depth=0):
        """Return where a path ends; its last link is followed only if ``last``."""
        if depth > 20:
            raise Unseen("%s: Too many levels of symbolic links" % path, path=path)
        found, parts = "", [part for part in path.split("/") if part and part != "."]
        for place, part in enumerate(parts):
            here = found.rpartition("/")[0] if part == ".." else found + "/" + part
            node = self.files.get(here)
            if node is HIDDEN:
                raise Unseen("%s: Permission denied" % path, path=path)
            if getattr(node, "kind", "") == "link" and (last or place < len(parts) - 1):
                here = self._real(node.text if node.text.startswith("/") else found + "/" + node.text, depth=depth + 1)
            found = here
        return found or "/"

    def _stat(self, path, follow):
        node = self.files.get(self._real(path, follow))
        if node is None or isinstance(node, Stat):
            return node
        return Stat(path, node.kind, node.mode, number(node.owner), number(node.group), str(node.owner), str(node.group), node.links, node.size, node.mtime,
                    node.acl)

    def _read(self, path, limit):
        found = self.stat(path, follow=True)
        if found is None:
            return None
        if found.kind != "file":
            raise Unseen("%s is no regular file but a %s" % (path, found.kind), path=path)
        if found.size > limit:
            raise Unseen("%s has %d bytes, more than the %d that are read" % (path, found.size, limit), path=path)
        text = getattr(self.files[self._real(path)], "text", "")
        if text is None:
            raise Unseen("%s: Permission denied" % path, path=path)
        return text

    def _names(self, path):
        found = self.stat(path, follow=True)
        if found is None or found.kind != "directory":
            return None
        top = self._real(path).rstrip("/") + "/"
        return sorted(name[len(top):] for name in self.files if name.startswith(top) and name != top and "/" not in name[len(top):])

    def find(self, *patterns):
        found = set()
        for pattern in patterns:
            wanted = pattern.split("/")
            for path in self.files:
                parts = path.split("/")
                if len(parts) == len(wanted) and all(fnmatch.fnmatchcase(part, want) and (want.startswith(".") or not part.startswith("."))
                                                     for part, want in zip(parts, wanted)):
                    found.add(path)
        return sorted(found)

    def target(self, path):
        return self._real(path)

    # -- programs

    def _run(self, argv, stdin):
        if argv not in self.runs:
            raise Unseen("%s could not be started: No such file or directory. Is its package installed?" % argv[0])
        said = self.runs[argv]
        said = said(stdin) if callable(said) else said
        return Result(0, said, "") if isinstance(said, type("")) else said

    def program(self, *names):
        for name in names:
            for path in [name] if name.startswith("/") else [place + "/" + name for place in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")]:
                found = self.stat(path, follow=True)
                if found and found.kind == "file" and found.mode & 0o111:
                    return path
            if any(argv[0] == name for argv in self.runs):
                return name if name.startswith("/") else "/usr/sbin/" + name
        return None

    # -- accounts and processes

    def account(self, name):
        return next((one for one in self.accounts.values() if str(name) in (one.pw_name, str(one.pw_uid))), None)

    def _everybody(self):
        return list(self.accounts.values())

    def group(self, name):
        return next((one for one in self.groups.values() if str(name) in (one.gr_name, str(one.gr_gid))), None)

    def _processes(self):
        if self.running is None:
            raise Unseen("/proc: Permission denied")
        return list(self.running)

    def _unit(self, name):
        return dict(self.units.get(name, {}))


def _account(name, given):
    if isinstance(given, int):
        given = {"uid": given}
    if not isinstance(given, dict):
        return given
    uid = given.get("uid", number(name))
    return pwd.struct_passwd((name, given.get("password", "x"), uid, given.get("gid", uid), "", given.get("home", "/"),
                              given.get("shell", "/usr/sbin/nologin")))


def _group(name, given):
    return grp.struct_group((name, "x", number(name), list(given))) if isinstance(given, (list, tuple)) and not hasattr(given, "gr_name") else given
