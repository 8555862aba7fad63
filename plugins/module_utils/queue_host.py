# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The queues of a host: found by the compiled configurations, read without disturbing a queue runner, locked as sendmail locks them.

Whoever owns a queue directory may have put anything there (the submission queue belongs to an account of its own), so nothing is opened through a link but a
directory through one of root's, nothing but a plain file is read, and names are resolved below a directory that is held open.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import fcntl
import os
import stat
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, hostinfo, queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

CONFIGURATIONS = {"mta": ("/etc/mail/sendmail.cf", "/etc/sendmail.cf"), "msp": ("/etc/mail/submit.cf",)}
# Recipients come before headers; a control file is read this far for them, in pieces.
PIECE, MOST = 1 << 14, 1 << 23
# A body without a control file is no fault while its message is still coming in.
GRACE = 3600
ROOT = 0
DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


class Unreadable(SendmailError):
    """A queue that can not be read."""


class Gone(Exception):
    """A message that was delivered, bounced or removed meanwhile."""


def open_directory(path, parent=None):
    """Open a directory of a queue; sendmail lets a site put links in their places, so one is followed if root alone can have made it.

    :param int parent: the open directory to which the path is relative.
    :raises OSError: it is no directory, or somebody else's link.
    """
    try:
        return os.open(path, DIRECTORY, dir_fd=parent)
    except OSError as exc:
        if exc.errno not in (errno.ENOTDIR, errno.ELOOP) or not is_link(path, parent):
            raise
    if not trusted_link(path, parent):
        raise OSError(errno.ELOOP, "it, or a directory in it, is a link that others than root can make or change")
    return os.open(path, DIRECTORY & ~os.O_NOFOLLOW, dir_fd=parent)


def is_link(path, parent=None):
    """Tell whether a path is a symbolic link."""
    try:
        return stat.S_ISLNK(os.stat(path, dir_fd=parent, follow_symlinks=False).st_mode)
    except OSError:
        return False


def trusted_link(path, parent=None):
    """Tell whether a link belongs to root, as does the directory in which it lies, and nobody else can write there."""
    link = os.stat(path, dir_fd=parent, follow_symlinks=False)
    above = os.stat(os.path.dirname(path) or ".", dir_fd=parent)
    return link.st_uid == ROOT and above.st_uid == ROOT and not above.st_mode & 0o022


def _is_there(path, parent):
    try:
        os.stat(path, dir_fd=parent, follow_symlinks=False)
    except OSError as exc:
        return exc.errno != errno.ENOENT
    return True


class Spool:
    """One queue directory, held open.

    :ivar str program: mta or msp. :ivar str group: the queue group. :ivar str path: the directory.
    :ivar dict names: letters -> sorted ids, as they were when it was opened.
    :ivar dict handles: ``qf``, ``df``, ``xf`` -> the open directory in which files of that kind lie.
    """

    def __init__(self, queue, path):
        self.program, self.group, self.path, self.base = queue.program, queue.group, path, queue.base
        self.handles = {}
        try:
            self.handles[""] = open_directory(path)
            for kind in ("qf", "df", "xf"):
                self.handles[kind] = self._below(kind)
            self.names = queuefiles.sort_names(os.listdir(self.handles["qf"]))
            for kind in ("df", "xf"):
                if self.handles[kind] != self.handles["qf"]:
                    self.names[kind] = queuefiles.sort_names(os.listdir(self.handles[kind]))[kind]
        except OSError as exc:
            self.close()
            raise Unreadable("The queue %s can not be read: %s. This needs root; see 'ls -ld %s' and the QueueDirectory in the configuration." % (
                path, exc.strerror, path), path=path)

    def _below(self, kind):
        """Open the directory for files of a kind. Whoever owns the queue may have put anything there instead: then nobody knows where its mail is."""
        try:
            return open_directory(kind, self.handles[""])
        except OSError as exc:
            if exc.errno == errno.ENOENT and not _is_there(kind, self.handles[""]):
                return self.handles[""]
            raise

    @property
    def name(self):
        """Return what it is called in results: the directory."""
        return self.path

    def handle(self, kind):
        """Return the open directory in which files of a kind (qf, hf, df ...) lie."""
        return self.handles[kind if kind in ("df", "xf") else "qf"]

    def place(self, kind, name):
        """Return the path of a file, for messages."""
        handle = self.handle(kind)
        below = "" if handle == self.handles[""] else "/" + (kind if kind in ("df", "xf") else "qf")
        return "%s%s/%s%s" % (self.path, below, kind, name)

    def close(self):
        """Let the directories go."""
        for handle in set(self.handles.values()):
            os.close(handle)
        self.handles = {}


def directories(queue, queues=()):
    """Return the directories of a queue as sendmail finds them: all that begin alike where the configured one ends in ``*``.

    :param queues: all of the host; what another program has by its whole name is that one's (``mqueue-client`` where the daemon's are ``mqueue*``).
    :raises Unreadable: what is above them can not be read.
    """
    if not queue.pattern.endswith("*"):
        return [queue.pattern]
    above, _slash, begin = queue.pattern[:-1].rpartition("/")
    try:
        names = sorted(name for name in os.listdir(above or "/") if name.startswith(begin))
    except OSError as exc:
        raise Unreadable("The queues %s can not be found: %s: %s." % (queue.pattern, above, exc.strerror), path=above)
    others = [one.pattern for one in queues if one.program != queue.program]
    found = [path for path in (os.path.join(above, name) for name in names) if os.path.isdir(path) and path not in others]
    # Without any such directory sendmail uses the one above.
    return found or [above]


def configured(paths):
    """Return the queues of the compiled configurations, and why one could not be asked.

    :param dict paths: mta and msp -> path of the .cf; one that is None is looked for.
    :returns: list of :class:`queuefiles.Queue`, and list of sentences.
    """
    found, reasons = [], []
    for program in ("mta", "msp"):
        path = paths.get(program) or hostinfo.first_existing(CONFIGURATIONS[program])
        text = hostinfo.read_text(path) if path else None
        if text is None:
            reasons.append("The configuration %s of the %s can not be read, so its queues are not known." % (
                path or CONFIGURATIONS[program][0], {"mta": "daemon", "msp": "submission program"}[program]))
        else:
            found += queuefiles.queues(text, program)
    return found, reasons


def spools(queues, strict):
    """Open the directories of queues, each once.

    :param bool strict: raise at the first that can not be read, instead of noting it.
    :returns: list of :class:`Spool`, and list of (path, sentence, :class:`queuefiles.Queue`) of those that can not be read.
    """
    opened, unread, seen = [], [], set()
    for queue in queues:
        try:
            paths = directories(queue, queues)
        except Unreadable as exc:
            if strict:
                raise
            unread.append((queue.pattern, exc.message, queue))
            continue
        for path in paths:
            if path in seen:
                continue
            seen.add(path)
            try:
                opened.append(Spool(queue, path))
            except Unreadable as exc:
                if strict:
                    raise
                unread.append((path, exc.message, queue))
    return opened, unread


# ---- reading ---------------------------------------------------------------------------------------------------------------------------

def read_control(handle):
    """Return the text of an open control file up to its headers, and whether the file is whole."""
    data = os.pread(handle, PIECE, 0)
    if len(data) < PIECE:
        return data.decode("utf-8", "replace"), data.endswith(b"\n.\n")
    size = os.fstat(handle).st_size
    while b"\nH" not in data and len(data) < min(size, MOST):
        more = os.pread(handle, PIECE * 16, len(data))
        if not more:
            break
        data += more
    return data.decode("utf-8", "replace"), os.pread(handle, 3, max(0, size - 3)) == b"\n.\n"


def open_file(spool, kind, name, flags=os.O_RDONLY):
    """Return an open plain file of a queue and its stat; :raises Gone: it is no more. :raises Unreadable: it is a link, a pipe, or may not be read."""
    try:
        handle = os.open(kind + name, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=spool.handle(kind))
    except OSError as exc:
        if exc.errno == errno.ENOENT:
            raise Gone()
        raise Unreadable("%s can not be opened: %s." % (spool.place(kind, name), exc.strerror), path=spool.place(kind, name))
    found = os.fstat(handle)
    if found.st_nlink == 0:     # it went between the two calls
        os.close(handle)
        raise Gone()
    if not stat.S_ISREG(found.st_mode) or found.st_nlink > 1 and kind != "df":
        os.close(handle)
        raise Unreadable("%s is no plain file, or has a second name; sendmail makes no such thing. Look at it and take it away." % spool.place(kind, name),
                         path=spool.place(kind, name))
    return handle, found


def read(spool, kind, name, now, siblings=()):
    """Return a message (:func:`queuefiles.message`) with ``whole`` and ``inode``; :raises Gone: it is no more."""
    handle, found = open_file(spool, kind, name)
    try:
        text, whole = read_control(handle)
    finally:
        os.close(handle)
    envelope = queuefiles.parse(text)
    body = body_of(spool, name, envelope, siblings)
    told = queuefiles.message(kind, name, spool.name, envelope, body[1], now)
    told.update(whole=whole, inode=found.st_ino)
    return told


def body_of(spool, name, envelope, siblings=()):
    """Return in which spool the body of a message lies and its size; the size is None where there is none."""
    holder = spool
    if envelope.data_directory:
        wanted = os.path.normpath(os.path.join(spool.base, envelope.data_directory))
        holder = next((one for one in siblings if one.path == wanted and one.program == spool.program), None)
    try:
        return holder, os.stat("df" + name, dir_fd=holder.handle("df"), follow_symlinks=False).st_size if holder else None
    except OSError:
        return holder, None


def locks():
    """Return the inodes on which a lock is held for writing, as ``/proc/locks`` shows them. Nothing is locked for this question."""
    text = hostinfo.read_text("/proc/locks") or ""
    return set(lock.inode for lock in queuefiles.parse_locks(text) if lock.exclusive)


def messages(opened, now, kinds=("qf", "hf", "Qf"), until=None, only=None):
    """Walk over the messages of some spools, oldest first in each; what goes away meanwhile is passed over.

    :param only: ids that are looked at; all if None. :param float until: a time.time() after which no further file is read.
    :returns: generator of (spool, kind, id, message); instead of the message :class:`Unreadable` where the file can not be read, None once the time is over.
    """
    busy = locks()
    for spool in opened:
        for kind in kinds:
            for name in spool.names[kind] if only is None else [name for name in spool.names[kind] if name in only]:
                if until is not None and time.time() > until:
                    yield spool, kind, name, None
                    continue
                try:
                    found = read(spool, kind, name, now, opened)
                except Gone:
                    continue
                except Unreadable as exc:
                    yield spool, kind, name, exc
                    continue
                found["locked"] = found.pop("inode") in busy
                yield spool, kind, name, found


def stray_bodies(spool, opened, now):
    """Return the ids of bodies without a control file that are older than :data:`GRACE`: what a crash left."""
    known = set()
    for one in opened:
        if one.program == spool.program:
            known.update(*(one.names[kind] for kind in ("qf", "hf", "Qf", "tf", "Tf")))
    found = []
    for name in spool.names["df"]:
        if name in known:
            continue
        try:
            if now - os.stat("df" + name, dir_fd=spool.handle("df"), follow_symlinks=False).st_mtime > GRACE:
                found.append(name)
        except OSError:
            continue
    return found


# ---- locking ---------------------------------------------------------------------------------------------------------------------------

def lock(spool, kind, name, patience=2.0):
    """Return an open control file that nobody else works on, None if it is being worked on.

    sendmail locks it by flock(2) where it was compiled with HASFLOCK and by fcntl(2) otherwise (``sendmail -d0.10 -bt`` says which); Linux keeps the two
    apart, so both are taken. Whoever rewrites a message renames a new file over the old one, so the name is looked at again once it is locked.
    mailq holds a shared lock for a moment, hence the patience.

    :raises Gone: the message is no more. :raises Unreadable: it is no plain file.
    """
    deadline = time.time() + patience
    while True:
        handle, _found = open_file(spool, kind, name, os.O_RDWR)
        held = False
        try:
            held = _take(handle) and _same(handle, spool, kind, name)
        finally:
            if not held:
                os.close(handle)
        if held:
            return handle
        if time.time() >= deadline:
            return None
        time.sleep(0.05)


def _take(handle):
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fcntl.lockf(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as exc:
        if exc.errno in (errno.EAGAIN, errno.EACCES):
            return False
        raise Unreadable("A control file can not be locked: %s." % exc.strerror)
    return True


def exists(spool, kind, name):
    """Tell whether a message has its control file."""
    return _is_there(kind + name, spool.handle(kind))


def _same(handle, spool, kind, name):
    try:
        now = os.stat(kind + name, dir_fd=spool.handle(kind), follow_symlinks=False)
    except OSError:
        return False
    held = os.fstat(handle)
    return (now.st_dev, now.st_ino) == (held.st_dev, held.st_ino)


def remove(spool, kind, name, holder):
    """Remove a locked message: the control file first, for a body alone is never delivered and a control file without body might be.

    :param holder: the spool in which its body lies, None if that is not known.
    """
    disk.remove_in(spool.handle(kind), kind + name)
    if holder:
        disk.remove_in(holder.handle("df"), "df" + name)
    disk.remove_in(spool.handle("xf"), "xf" + name)
