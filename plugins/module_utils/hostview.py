# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How controls look at a host: read only, each thing at most once, and what can not be seen is said (Unseen), never guessed.

Works on a host that this collection never touched. Nothing here writes, and no program is run that would.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import glob
import grp
import os
import pwd
import re
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Unseen
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed

LIMIT = 1 << 24
SECONDS = 20
COMPILED = {"mta": ("/etc/mail/sendmail.cf", "/etc/sendmail.cf"), "msp": ("/etc/mail/submit.cf",)}

# ``kind`` is one of file, directory, link, socket, fifo, device; ``mode`` the permission bits with set-id bits; ``owner`` and ``group`` are names, or
# numbers as text where nobody has that number; ``links`` counts hard links; ``acl`` tells whether there are entries beyond owner, group and others.
Stat = collections.namedtuple("Stat", "path kind mode uid gid owner group links size mtime acl")
KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "link"), (stat.S_ISSOCK, "socket"), (stat.S_ISFIFO, "fifo"))


class View:
    """One host, seen once.

    :param runner: a :class:`runner.Runner`.
    :param dict site: what the play knows and a host can not say: ``profile``, ``listeners`` (declared), ``jail``, ``limits`` and other thresholds,
        ``facts`` (the result of sendmail_info). All may be missing.
    """

    def __init__(self, runner, site=None):
        self.runner, self.site, self._seen = runner, site or {}, {}

    def once(self, key, look, *arguments):
        """Return what a look finds that several controls need; it is looked once, and what could not be seen is remembered too."""
        return self._once(("once", key), look, *arguments)

    def _once(self, key, look, *arguments):
        """Look once; what could not be seen is remembered too."""
        if key not in self._seen:
            try:
                self._seen[key] = (look(*arguments), None)
            except Unseen as exc:
                self._seen[key] = (None, exc)
        found, exc = self._seen[key]
        if exc:
            raise exc
        return found

    # -- files

    def stat(self, path, follow=False):
        """Return the :class:`Stat` of a path, None where there is nothing; a link itself unless ``follow``.

        :raises Unseen: a directory on the way may not be entered.
        """
        return self._once(("stat", path, follow), self._stat, path, follow)

    def _stat(self, path, follow):
        try:
            found = (os.stat if follow else os.lstat)(path)
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise Unseen("%s: %s" % (path, exc.strerror), path=path)
        kind = _kind(found.st_mode)
        return Stat(path, kind, stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid, _user(found.st_uid), _group(found.st_gid), found.st_nlink,
                    found.st_size, found.st_mtime, _has_acl(path, kind))

    def read(self, path, limit=LIMIT):
        """Return the text of a file (strange bytes as replacement characters), None where there is none.

        :raises Unseen: it may not be read, is no regular file, or is larger than ``limit`` bytes.
        """
        return self._once(("read", path), self._read, path, limit)

    def _read(self, path, limit):
        found = self.stat(path, follow=True)
        if found is None:
            return None
        _may_be_read(path, found.kind, found.size, limit)
        try:
            with hostinfo.opened(path) as source:
                # Whoever owns it may have put something else in its place since it was looked at.
                now = os.fstat(source.fileno())
                _may_be_read(path, _kind(now.st_mode), now.st_size, limit)
                return source.read(limit).decode("utf-8", "replace")
        except (IOError, OSError) as exc:
            raise Unseen("%s: %s" % (path, exc.strerror), path=path)

    def names(self, path):
        """Return the sorted names in a directory, None where there is none; :raises Unseen: it may not be read."""
        return self._once(("names", path), self._names, path)

    def _names(self, path):
        try:
            return sorted(os.listdir(path))
        except OSError as exc:
            if exc.errno in (errno.ENOENT, errno.ENOTDIR):
                return None
            raise Unseen("%s: %s" % (path, exc.strerror), path=path)

    def find(self, *patterns):
        """Return the sorted paths that match shell patterns."""
        return sorted({path for pattern in patterns for path in glob.glob(pattern)})

    def target(self, path):
        """Return where a chain of links ends."""
        return os.path.realpath(path)

    # -- programs

    def run(self, *argv, **options):
        """Return the :class:`runner.Result` of a program that only reads; the same call runs once.

        :param str stdin: what it reads.
        :raises Unseen: it is not there, or did not end within 20 seconds.
        """
        return self._once(("run", argv, options.get("stdin")), self._run, argv, options.get("stdin"))

    def _run(self, argv, stdin):
        try:
            return self.runner.run(list(argv), stdin=stdin, timeout=SECONDS)
        except CommandFailed as exc:
            raise Unseen(exc.message)

    def program(self, *names):
        """Return the path of the first of these programs that there is, or None; names without a slash are looked for where administrators' tools lie."""
        for name in names:
            for path in [name] if name.startswith("/") else [os.path.join(place, name) for place in ("/usr/sbin", "/usr/bin", "/sbin", "/bin")]:
                if os.path.isfile(path) and os.access(path, os.X_OK):
                    return path
        return None

    # -- sendmail

    def compiled(self, which="mta"):
        """Return the path of the live .cf of the daemon (mta) or the submission program (msp), None where there is none; a link to nothing is none."""
        named = (self.site.get("compiled") or {}).get(which)
        return next((path for path in ((named,) if named else COMPILED[which]) if self.stat(path, follow=True)), None)

    def cf(self, which="mta"):
        """Return the :class:`cf.Configuration` of a live .cf, None where there is none; :raises Unseen: it can not be read or is no configuration."""
        return self._once(("cf", which), self._cf, which)

    def _cf(self, which):
        path = self.compiled(which)
        if path is None:
            return None
        text = self.read(path)
        if text is None:
            raise Unseen("%s went away while it was looked at" % path, path=path)
        found = cf.parse(text)
        if not found.rulesets or not found.options:
            raise Unseen("%s is no whole configuration: it has %d rulesets and %d options" % (path, len(found.rulesets), len(found.options)), path=path)
        return found

    def line(self, path, start):
        """Return ``path:number`` of the first line of a file that begins with a text, or the path alone."""
        for number, text in enumerate((self.read(path) or "").splitlines(), 1):
            if text.startswith(start):
                return "%s:%d" % (path, number)
        return path

    def option(self, name, which="mta"):
        """Return the value of an option of the .cf, None where it is not set, and the place where it stands, as ``(value, where)``; case does not count.

        :raises Unseen: there is no .cf, or it can not be read.
        """
        found = self.cf(which)
        if found is None:
            raise Unseen("there is no %s" % " and no ".join(COMPILED[which]))
        path, start = self.compiled(which), re.compile(r"O\s+%s\b" % re.escape(name), re.I)
        places = [number for number, line in enumerate(self.read(path).splitlines(), 1) if start.match(line)]
        return found.option(name), "%s:%d" % (path, places[-1]) if places else path

    # -- accounts and processes

    def account(self, name):
        """Return the entry of a user as ``pwd`` has it, by name or number, or None."""
        try:
            return pwd.getpwuid(int(name)) if str(name).isdigit() else pwd.getpwnam(name)
        except KeyError:
            return None

    def everybody(self):
        """Return the entries of all users as ``pwd`` has them."""
        return self._once(("everybody",), self._everybody)

    def _everybody(self):
        return pwd.getpwall()

    def group(self, name):
        """Return the entry of a group as ``grp`` has it, by name or number, or None."""
        try:
            return grp.getgrgid(int(name)) if str(name).isdigit() else grp.getgrnam(name)
        except KeyError:
            return None

    def processes(self):
        """Return the running sendmail processes as dicts: pid, title (as ``ps`` shows it), uid, gid, ppid, status, sure.

        A name any user gives to any process, so the program that it runs has to be sendmail's. Without root (or the capability SYS_PTRACE) the kernel does
        not show it of others: such a process is told, and is not ``sure``.
        """
        return self._once(("processes",), self._processes)

    def _processes(self):
        found = []
        for pid in [name for name in os.listdir("/proc") if name.isdigit()]:
            try:
                title = _proc(pid, "cmdline").replace("\0", " ").strip()
                status = dict(line.split(":", 1) for line in _proc(pid, "status").split("\n") if ":" in line)
            except (IOError, OSError):
                continue    # it has ended meanwhile
            if "Name" not in status or _is_contained(status):
                continue
            if title.startswith("sendmail:") or status["Name"].strip().startswith(("sendmail", "sm-")):
                is_sendmail = self._runs_sendmail("/proc/%s/exe" % pid)
                if is_sendmail is False:
                    continue
                found.append({"pid": int(pid), "title": title, "uid": int(status["Uid"].split()[1]), "gid": int(status["Gid"].split()[1]),
                              "ppid": int(status["PPid"]), "status": {key: value.strip() for key, value in status.items()}, "sure": is_sendmail is True})
        return found

    def _runs_sendmail(self, link):
        """Tell whether a process runs a sendmail program, which may have been replaced since; None where the kernel does not show it."""
        try:
            path, own = re.sub(r" \(deleted\)\Z", "", os.readlink(link)), os.stat(link)
        except (IOError, OSError) as exc:
            return None if exc.errno in (errno.EACCES, errno.EPERM) else False
        if path in self._once(("sendmails",), self._sendmails):
            return True
        # Built into a place of its own: only root can have put it there.
        try:
            place = self.stat(os.path.dirname(path))
        except Unseen:
            return None
        return bool(os.path.basename(path).startswith("sendmail") and own.st_uid == 0 and not own.st_mode & 0o022
                    and place and place.kind == "directory" and place.uid == 0 and not place.mode & 0o022)

    def _sendmails(self):
        """Return where the programs of sendmail really lie."""
        named = [(self.site.get("platform") or {}).get("sendmail"), ((self.site.get("facts") or {}).get("sendmail") or {}).get("path")]
        return {os.path.realpath(path) for path in named + list(hostinfo.PROGRAMS + ("/usr/local/sbin/sendmail",)) if path}

    def unit(self, name):
        """Return what ``systemctl show`` says of a unit as a dict, empty where systemd does not run."""
        return self._once(("unit", name), self._unit, name)

    def _unit(self, name):
        if not os.path.isdir("/run/systemd/system"):
            return {}
        return dict(line.split("=", 1) for line in self.run("systemctl", "show", name).stdout.splitlines() if "=" in line)


def _proc(pid, name):
    """Return the beginning of a file of a process. Whoever starts it chooses the bytes of its name."""
    with open("/proc/%s/%s" % (pid, name), "rb") as source:
        return source.read(8192).decode("utf-8", "replace")


def _is_contained(status):
    """Tell whether a process is that of a container: it has a number of its own there, besides the one that this host sees."""
    return len(status.get("NSpid", "").split()) > 1


def _kind(mode):
    """Return what something is, by its mode of stat(2)."""
    return next((name for test, name in KINDS if test(mode)), "device")


def _may_be_read(path, kind, size, limit):
    """:raises Unseen: it is no regular file, or too large."""
    if kind != "file":
        raise Unseen("%s is no regular file but a %s" % (path, kind), path=path)
    if size > limit:
        raise Unseen("%s has %d bytes, more than the %d that are read" % (path, size, limit), path=path)


def _user(number):
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:
        return str(number)


def _group(number):
    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _has_acl(path, kind):
    """Tell whether a file has an access list beyond its mode."""
    if kind == "link" or not hasattr(os, "listxattr"):
        return False
    try:
        return any(name in ("system.posix_acl_access", "system.posix_acl_default") for name in os.listxattr(path))
    except OSError:
        return False
