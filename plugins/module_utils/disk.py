# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one door through which bytes reach the disk.

A file is made beside its target (mode 0600, new name, synced), gets its owner and mode, and is renamed over the target:
at every moment the target is the whole old file or the whole new one, and it is never readable by more people than in the end.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import errno
import grp
import hashlib
import os
import pwd
import shutil
import stat
import tempfile

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue

TEMPORARY_PREFIX = ".mailjail-"
# Where the kernel keeps access lists beyond the mode.
ACCESS_LIST, DEFAULT_LIST = "system.posix_acl_access", "system.posix_acl_default"
# Where the kernel keeps a file's SELinux label.
LABEL = "security.selinux"


def user_id(owner):
    """Return the uid of a user name or number; :raises InvalidValue: no such user."""
    try:
        return int(owner) if str(owner).isdigit() else pwd.getpwnam(owner).pw_uid
    except KeyError:
        raise InvalidValue("user '%s' does not exist on this host." % owner, user=owner)


def has_user(name):
    """Tell whether a user exists on this host."""
    try:
        user_id(name)
    except InvalidValue:
        return False
    return True


def group_id(group):
    """Return the gid of a group name or number; :raises InvalidValue: no such group."""
    try:
        return int(group) if str(group).isdigit() else grp.getgrnam(group).gr_gid
    except KeyError:
        raise InvalidValue("group '%s' does not exist on this host." % group, group=group)


def parse_mode(mode):
    """Return the number behind an octal mode string such as ``0640``; :raises InvalidValue: it is none."""
    try:
        number = int(str(mode), 8)
    except ValueError:
        raise InvalidValue("mode '%s' is not octal (expected something like '0640')." % mode)
    if not 0 <= number <= 0o7777:
        raise InvalidValue("mode '%s' is outside 0000 to 7777." % mode)
    return number


def attribute_changes(path, owner, group, mode):
    """Name what differs between an existing path and the wanted owner, group and mode.

    :returns: list of ``(what, before, after)`` such as ``("mode", "0644", "0640")``; empty when all agree.
    """
    found, changes = os.lstat(path), []
    if found.st_uid != user_id(owner):
        changes.append(("owner", _name(pwd.getpwuid, found.st_uid), str(owner)))
    if found.st_gid != group_id(group):
        changes.append(("group", _name(grp.getgrgid, found.st_gid), str(group)))
    if stat.S_IMODE(found.st_mode) != parse_mode(mode):
        changes.append(("mode", "%04o" % stat.S_IMODE(found.st_mode), "%04o" % parse_mode(mode)))
    return changes


def _name(lookup, number):
    try:
        return lookup(number)[0]
    except KeyError:
        return str(number)


def set_attributes(path, owner, group, mode):
    """Give an existing regular file or directory its owner and mode without following a link; :raises CommitError: it is a link."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as exc:
        if exc.errno == errno.ELOOP:
            raise CommitError("%s is a symbolic link; expected the file itself. Remove the link and run again." % path, path=path)
        raise _attributes_error(path, exc)
    try:
        _attributes(handle, owner, group, mode)
    except OSError as exc:
        raise _attributes_error(path, exc)
    finally:
        os.close(handle)


def _attributes_error(path, exc):
    return CommitError("%s could not be given its owner and mode: %s." % (path, exc.strerror), path=path)


def make_directory(path, mode=0o755):
    """Make a directory and those above it, unless it is there; :raises CommitError: there is no room, or something else stands there."""
    try:
        os.makedirs(path, mode, exist_ok=True)
    except OSError as exc:
        raise CommitError("directory %s could not be made: %s." % (path, exc.strerror), path=path)


@contextlib.contextmanager
def temporary_directory(parent=None):
    """Make a directory that root alone can enter, and take it away again whatever happens; :raises CommitError: there is no room."""
    try:
        place = tempfile.mkdtemp(prefix=TEMPORARY_PREFIX, dir=parent)
    except OSError as exc:
        raise CommitError("no temporary directory could be made in %s: %s. Nothing was touched." % (parent or tempfile.gettempdir(), exc.strerror))
    try:
        yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _attributes(handle, owner, group, mode):
    # chown clears set-id bits, so the mode comes last.
    os.fchown(handle, user_id(owner), group_id(group))
    os.fchmod(handle, parse_mode(mode))


def _keep_label(handle, path):
    """Give a file the SELinux label of the one whose place it takes, or where there is none, the one that is its directory's.

    It was made under another name, perhaps in another directory, and brings the label of that place along. Where there are no labels nothing happens.
    """
    for place in (path, os.path.dirname(path)):
        try:
            label = os.getxattr(place, LABEL, follow_symlinks=False)
        except OSError:
            continue
        with contextlib.suppress(OSError):
            os.setxattr(handle, LABEL, label)
        return


def write(path, data, owner="root", group="root", mode="0600"):
    """Put bytes in place of a file, atomically.

    :param bytes data: the whole new content.
    :raises CommitError: the disk is full, the directory is missing or not writable; the old file still stands.
    """
    def fill(handle):
        view = memoryview(data)
        while view:
            view = view[os.write(handle, view):]

    _replace(path, fill, owner, group, mode)


def place(staged, path, owner="root", group="root", mode="0600"):
    """Put an already staged file in place of another, atomically; it is dated now, so that a daemon started before it is known to be older.

    The staged file itself is renamed: sendmail distrusts a map that has a second name, so no link is ever made of it.

    :raises CommitError: as for :func:`write`.
    """
    try:
        handle = os.open(staged, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            _attributes(handle, owner, group, mode)
            _keep_label(handle, path)
            os.utime(handle)
            os.fsync(handle)
        finally:
            os.close(handle)
        _rename(staged, path)
    except OSError as exc:
        if exc.errno != errno.EXDEV:
            raise _commit_error(path, exc)
        copy(staged, path, owner, group, mode)


def copy(source, path, owner="root", group="root", mode="0600", keep_time=False):
    """Put a copy of a file in place of another, atomically, holding a piece of it at a time.

    :param bool keep_time: give the copy the time of its source.
    :raises CommitError: as for :func:`write`.
    """
    def fill(handle):
        with open(source, "rb") as opened, os.fdopen(os.dup(handle), "wb") as target:
            shutil.copyfileobj(opened, target, 1 << 20)
        if keep_time:
            found = os.stat(source)
            os.utime(handle, ns=(found.st_atime_ns, found.st_mtime_ns))

    _replace(path, fill, owner, group, mode)


def copy_open(handle, path, owner="root", group="root", mode="0600"):
    """Put a copy of an open file in place of another, atomically, without opening it anew: a lock on it stays.

    :raises CommitError: as for :func:`write`.
    """
    def fill(target):
        place = 0
        while True:
            piece = memoryview(os.pread(handle, 1 << 20, place))
            if not piece:
                return
            place += len(piece)
            while piece:
                piece = piece[os.write(target, piece):]

    _replace(path, fill, owner, group, mode)


def _replace(path, fill, owner, group, mode):
    temporary = None
    try:
        handle, temporary = tempfile.mkstemp(prefix=TEMPORARY_PREFIX, dir=os.path.dirname(path))
        try:
            fill(handle)
            _attributes(handle, owner, group, mode)
            _keep_label(handle, path)
            os.fsync(handle)
        finally:
            os.close(handle)
        _rename(temporary, path)
    except OSError as exc:
        _discard(temporary)
        raise _commit_error(path, exc)
    except BaseException:
        _discard(temporary)
        raise


def _commit_error(path, exc):
    return CommitError("%s could not be written: %s. The old file still stands." % (path, exc.strerror), path=path)


def _discard(temporary):
    if temporary and os.path.lexists(temporary):
        os.unlink(temporary)


def _rename(temporary, path):
    os.rename(temporary, path)
    sync_directory(os.path.dirname(path))


def sync_directory(directory):
    """Make the names in a directory survive a power cut."""
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def remove(path):
    """Remove a file (never what a link points to); nothing happens if it is gone already."""
    if os.path.lexists(path):
        os.unlink(path)
        sync_directory(os.path.dirname(path))


def change_opened(handle, uid, gid, mode):
    """Give what is open its owner, group and mode; nothing is looked up by name, so nothing can come in between.

    :param int handle: a descriptor, one that was opened for its place alone (O_PATH) too.
    """
    place = "/proc/self/fd/%d" % handle
    os.chown(place, uid, gid)
    # chown clears set-id bits, so the mode comes last.
    os.chmod(place, mode)


def drop_acl_opened(handle):
    """Take the access lists from what is open; its mode is the caller's."""
    for name in (ACCESS_LIST, DEFAULT_LIST):
        try:
            os.removexattr("/proc/self/fd/%d" % handle, name)
        except OSError as exc:
            if exc.errno not in (errno.ENODATA, errno.ENOTSUP):
                raise


def make_directory_in(parent, name, uid, gid, mode):
    """Make a directory in an open one; nobody else can enter it before it has its owner and mode."""
    os.mkdir(name, 0o700, dir_fd=parent)
    handle = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=parent)
    try:
        os.fchown(handle, uid, gid)
        os.fchmod(handle, mode)
    finally:
        os.close(handle)
    os.fsync(parent)


def remove_in(directory, name):
    """Remove a file by its name in an open directory, which nobody can exchange meanwhile; nothing happens if it is gone already.

    The caller syncs the directory once, after the last file.
    """
    try:
        os.unlink(name, dir_fd=directory)
    except OSError as exc:
        if exc.errno == errno.ENOENT:
            return
        raise CommitError("%s could not be removed: %s." % (name, exc.strerror))


def read(path):
    """Return a regular file's bytes, or None if there is none; a link in its last place is not followed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as exc:
        if exc.errno in (errno.ENOENT, errno.ENOTDIR):
            return None
        if exc.errno == errno.ELOOP:
            raise CommitError("%s is a symbolic link; expected the file itself. Remove the link and run again." % path, path=path)
        raise CommitError("%s could not be read: %s." % (path, exc.strerror), path=path)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise CommitError("%s is no plain file; expected one. See with 'ls -ld %s' what it is, move it away and run again." % (path, path), path=path)
    with os.fdopen(handle, "rb") as source:
        return source.read()


def digest(path):
    """Return the SHA-256 of a file in hexadecimal, reading it in pieces."""
    total = hashlib.sha256()
    with open(path, "rb") as source:
        for piece in iter(lambda: source.read(1 << 20), b""):
            total.update(piece)
    return total.hexdigest()


def remove_leftovers(directory):
    """Remove temporary files that an interrupted run left in a directory."""
    for name in os.listdir(directory) if os.path.isdir(directory) else ():
        path = os.path.join(directory, name)
        if name.startswith(TEMPORARY_PREFIX) and not os.path.isdir(path):
            os.unlink(path)
