# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The tree that sendmail enters before it writes to a file (option SafeFileEnvironment).

The users that write there are not trusted: they may put a link where root looks next. So every step goes from an open directory to a name
in it, never follows a link, and looks at what was opened before anything is changed. First the whole tree is looked at and everything that
shall happen is listed (:func:`plan`), then the list is carried out (:func:`execute`); in between an object may not become another one.
What stands in a mailbox is neither read nor written.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import grp
import os
import pwd
import re
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue, UnsafePath

Wanted = collections.namedtuple("Wanted", "path kind owner group mode")
Found = collections.namedtuple("Found", "path kind uid gid mode links identity trusted")
# A step: ``identity`` is what must be there when it is carried out (None: nothing), ``wanted`` what shall be there afterwards (None: nothing).
Step = collections.namedtuple("Step", "path before identity wanted")
# Something that must not be there; ``removable`` says whether taking it away loses no mail.
Finding = collections.namedtuple("Finding", "path kind reason removable identity")

DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
FILE = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
DEPTH = 40
TOP = "."
KINDS = ((stat.S_ISREG, "file"), (stat.S_ISDIR, "directory"), (stat.S_ISLNK, "symbolic link"), (stat.S_ISFIFO, "named pipe"), (stat.S_ISSOCK, "socket"),
         (stat.S_ISBLK, "block device"), (stat.S_ISCHR, "character device"))
# Directories that belong to the system: made a jail, every program below would lose its execute bits.
SYSTEM = ("bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "proc", "root", "run", "sbin", "sys", "usr")
SYSTEM_BELOW_VAR = ("backups", "cache", "lib", "local", "lock", "log", "mail", "opt", "run", "spool", "tmp", "www")


# ---- what is wanted --------------------------------------------------------------------------------------------------------------------

def check_top(path):
    """:raises InvalidValue: a path that can not be the jail's."""
    parts = path.split("/")[1:]
    if not path.startswith("/") or os.path.normpath(path) != path or re.search(r"[^\x21-\x7e]", path):
        raise InvalidValue("The jail's path '%s' is not a plain absolute path." % path, path=path)
    if len(parts) < 2 or parts[0] in SYSTEM or parts[0] == "var" and len(parts) == 2 and parts[1] in SYSTEM_BELOW_VAR:
        raise InvalidValue("%s belongs to the system and can not be the jail: all files in a jail lose their execute bits. Use a directory of its own, "
                           "such as /var/mailjail." % path, path=path)


def check_path(path):
    """Return a path below the jail; :raises InvalidValue: it is none."""
    if path in (TOP, "./"):
        return TOP
    if path.startswith("/") or ".." in path.split("/") or os.path.normpath(path) != path.rstrip("/") or re.search(r"[\x00-\x1f\x7f]", path):
        raise InvalidValue("'%s' is not a path inside the jail. Write it relative to the jail, without '..' and without a leading slash, such as "
                           "var/spool/mail/archive." % path, path=path)
    if path.count("/") >= DEPTH:
        raise InvalidValue("'%s' lies more than %d directories deep." % (path, DEPTH), path=path)
    return path.rstrip("/")


def check_mode(mode, kind, path):
    """:raises InvalidValue: a mode that lets others write, or that sendmail would answer with a bounce."""
    number = disk.parse_mode(mode)
    if kind == "file" and number & 0o7111:
        raise InvalidValue("%s: mode %s has execute or set-id bits. sendmail refuses to write to a file that can be executed, and the mail bounces. "
                           "Use 0600." % (path, mode), path=path)
    if number & (0o7022 if kind == "directory" else 0o002):
        raise InvalidValue("%s: mode %s lets more users write than its owner. Use %s." % (path, mode, "0755, 0750 or 0700" if kind == "directory" else "0600"),
                           path=path)


def wanted_tree(directories, files, writer, group):
    """Return what the jail shall hold, parents first.

    :param list directories: dicts ``path owner group mode writable``; owner, group and mode may be None.
    :param list files: dicts ``path owner group mode``.
    :param str writer: the user that writes to files (DefaultUser); ``group`` is its group.
    :returns: ordered dict of path to :class:`Wanted`; parents that are not named belong to root.
    :raises InvalidValue: a path, mode or owner that can not be, or a path named twice.
    """
    named = {}
    for entry in directories:
        default = (writer, group, "0700") if entry.get("writable") else ("root", "root", "0755")
        _name(named, entry, "directory", default)
    for entry in files:
        _name(named, entry, "file", (writer, group, "0600"))
    for path in list(named):
        for parent in _parents(path):
            named.setdefault(parent, Wanted(parent, "directory", "root", "root", "0755"))
    named.setdefault(TOP, Wanted(TOP, "directory", "root", "root", "0755"))
    tree = collections.OrderedDict((path, named[path]) for path in sorted(named, key=_order))
    for item in tree.values():
        _check_parent(tree, item)
    return tree


def _name(named, entry, kind, default):
    path = check_path(entry["path"])
    if path in named:
        raise InvalidValue("%s is named twice in the jail. Name each path once." % path, path=path)
    item = Wanted(path, kind, *[entry.get(key) or value for key, value in zip(("owner", "group", "mode"), default)])
    check_mode(item.mode, kind, path)
    named[path] = item


def _check_parent(tree, item):
    parent = tree[os.path.dirname(item.path) or TOP]
    if parent.kind != "directory":
        raise InvalidValue("%s is a file of the jail, so nothing can lie below it: %s." % (parent.path, item.path), path=item.path)
    if parent.path != item.path and parent.owner not in ("root", "0") and item.owner != parent.owner:
        raise InvalidValue("%s shall belong to %s, but its directory %s belongs to %s, who could put something else in its place. Give the directory to "
                           "root, or %s to %s." % (item.path, item.owner, parent.path, parent.owner, item.path, parent.owner), path=item.path)


def _parents(path):
    parts = path.split("/")[:-1]
    return ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]


def _order(path):
    return [] if path == TOP else path.split("/")


# ---- what is there ---------------------------------------------------------------------------------------------------------------------

def kind_of(mode):
    """Return the kind of object behind the mode bits of stat(2), in words."""
    return next((name for test, name in KINDS if test(mode)), "unknown object")


def is_trusted(info):
    """Whether a directory is one in which only root can put things."""
    return info.st_uid == 0 and not info.st_mode & 0o022


def _identity(info):
    return info.st_dev, info.st_ino


def inventory(top):
    """Return everything below an open directory and the directory itself, parents first, as :class:`Found`.

    :param int top: descriptor of the jail's directory.
    :raises UnsafePath: the tree is deeper than anything that was made on purpose.
    """
    info = os.fstat(top)
    found = [Found(TOP, "directory", info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), 1, _identity(info), True)]
    _look(top, "", True, found)
    return sorted(found, key=lambda item: _order(item.path))


def _look(directory, prefix, trusted, found):
    if prefix.count("/") > DEPTH:
        raise UnsafePath("%s lies more than %d directories deep; nobody made that on purpose. Look at it and remove it." % (prefix, DEPTH), path=prefix)
    trusted = trusted and is_trusted(os.fstat(directory))
    for name in os.listdir(directory):
        try:
            info = os.stat(name, dir_fd=directory, follow_symlinks=False)
        except FileNotFoundError:
            continue  # a mailbox's lock or temporary file that is gone already
        path, kind = prefix + name, kind_of(info.st_mode)
        links = info.st_nlink if kind == "file" else 1
        found.append(Found(path, kind, info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode), links, _identity(info), trusted))
        if kind == "directory":
            below = _open(directory, name, DIRECTORY, _identity(info), path)
            try:
                _look(below, path + "/", trusted, found)
            finally:
                os.close(below)


MEANWHILE = "Somebody is at work in the jail: find out who, then run again."


def _open(directory, name, flags, identity, path):
    """Open a name in a directory if it still is the object that was seen there."""
    try:
        handle = os.open(name, flags, dir_fd=directory)
    except OSError as exc:
        raise UnsafePath("%s changed while it was looked at (%s). %s" % (path, exc.strerror, MEANWHILE), path=path)
    if identity is not None and _identity(os.fstat(handle)) != identity:
        os.close(handle)
        raise UnsafePath("%s was replaced while it was looked at. %s" % (path, MEANWHILE), path=path)
    return handle


# ---- what differs ----------------------------------------------------------------------------------------------------------------------

def compare(wanted, found, number):
    """Hold what is there against what is wanted.

    :param dict wanted: path to :class:`Wanted`.
    :param list found: of :class:`Found`; empty if there is no jail yet.
    :param number: function of ``("user" or "group", name)`` to a number, None if this host does not know the name (yet).
    :returns: ``(steps, findings)``.
    """
    spare, findings, steps = _spare_links(found, wanted), [], []
    there = dict((item.path, item) for item in found)
    for item in found:
        finding = _finding(item, wanted.get(item.path), item.path in spare, number)
        if finding:
            findings.append(finding)
            steps.append(Step(item.path, describe(item), item.identity, None))
        elif item.path not in wanted:
            steps.extend(_clear(item))
    gone = set(finding.path for finding in findings)
    for path, item in wanted.items():
        old = there.get(path) if path not in gone else None
        if old is None:
            steps.append(Step(path, "", None, item))
        elif (old.uid, old.gid, old.mode) != (number("user", item.owner), number("group", item.group), disk.parse_mode(item.mode)):
            steps.append(Step(path, describe(old), old.identity, item))
    return sorted(steps, key=_turn), findings


def _turn(step):
    """Directories are made safe first; then what must go goes, before something is made in its place or a file loses its second name."""
    existing_directory = step.wanted is not None and step.wanted.kind == "directory" and (step.identity is not None or step.path == TOP)
    return 0 if existing_directory else 1 if step.wanted is None else 2, _order(step.path)


def _spare_links(found, wanted):
    """Name the paths that may stay although their file has several names: one of them, if all the names lie in the jail."""
    names, spare = {}, set()
    for item in found:
        if item.kind == "file" and item.links > 1:
            names.setdefault((item.identity, item.links), []).append(item.path)
    for key, paths in names.items():
        if len(paths) == key[1]:
            spare.add(sorted(paths, key=lambda path: (path not in wanted, _order(path)))[0])
    return spare


def _finding(item, wanted, spared, number):
    if item.kind not in ("file", "directory"):
        return Finding(item.path, item.kind, "sendmail refuses to write to it, and the mail bounces", True, item.identity)
    if wanted and wanted.kind != item.kind:
        return Finding(item.path, item.kind, "a %s is wanted in its place" % wanted.kind, False, item.identity)
    if item.links > 1 and not spared:
        return Finding(item.path, "hard link", "the file has %d names, so it is not the jail's alone" % item.links, True, item.identity)
    if wanted and not item.trusted and number("user", wanted.owner) not in (0, item.uid):
        # Giving it away could give away a file that somebody linked here and whose first name is gone by now. Taking it for root is harmless.
        return Finding(item.path, item.kind, "it belongs to %s instead of %s, in a directory where others than root can put things" % (
            _user(item.uid), wanted.owner), False, item.identity)
    return None


def _clear(item):
    """Take from an object that nobody named the mode bits that do harm."""
    harm = 0o7111 | 0o002 if item.kind == "file" else 0o7022
    if not item.mode & harm:
        return []
    return [Step(item.path, describe(item), item.identity, Wanted(item.path, item.kind, str(item.uid), str(item.gid), "%04o" % (item.mode & ~harm)))]


def _user(number):
    return account_name("user", number)


def account_name(which, number):
    """Return the name of a user or group, or the number in digits if this host knows none."""
    try:
        return pwd.getpwuid(number).pw_name if which == "user" else grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def account_number(which, name):
    """Return the number of a user or group, or None if this host does not know the name."""
    try:
        return disk.user_id(name) if which == "user" else disk.group_id(name)
    except InvalidValue:
        return None


def describe(item):
    """Return an object in words, such as ``file mail:mail 0600``."""
    if isinstance(item, Found):
        return "%s %s:%s %04o" % (item.kind, _user(item.uid), account_name("group", item.gid), item.mode)
    owner, group = [account_name(which, int(name)) if name.isdigit() else name for which, name in (("user", item.owner), ("group", item.group))]
    return "%s %s:%s %04o" % (item.kind, owner, group, disk.parse_mode(item.mode))


# ---- the way there ---------------------------------------------------------------------------------------------------------------------

def open_trusted(path, secure=(), mend=False, start="/"):
    """Go down to a directory from the root, through directories that only root can write, following no link.

    :param str path: absolute path without links.
    :param secure: parents that may be taken into root's hands (``root:root 0755``) where they are not.
    :param bool mend: do so now; otherwise only say it.
    :param str start: where to begin, for tests.
    :returns: ``(descriptor, missing, mended)``: the deepest directory that exists, the names still missing below it, and a list of
              ``(path, before, after)`` of the parents taken into root's hands.
    :raises UnsafePath: a link on the way, or a parent that others can write.
    """
    names, mended, walked = [name for name in path.split("/") if name], [], ""
    handle = os.open(start, DIRECTORY)
    try:
        for place, name in enumerate(names):
            _check_on_the_way(handle, walked or "/", secure, mend, mended)
            walked += "/" + name
            try:
                below = os.open(name, DIRECTORY, dir_fd=handle)
            except FileNotFoundError:
                return handle, names[place:], mended
            except OSError:
                raise _no_directory(handle, name, walked)
            os.close(handle)
            handle = below
    except BaseException:
        os.close(handle)
        raise
    return handle, [], mended


def _check_on_the_way(handle, walked, secure, mend, mended):
    info = os.fstat(handle)
    if is_trusted(info):
        return
    before = "directory %s:%s %04o" % (_user(info.st_uid), account_name("group", info.st_gid), stat.S_IMODE(info.st_mode))
    if walked not in secure:
        raise UnsafePath("%s is a %s: others than root can put something else in the place of what lies in it. Run 'chown root %s; chmod go-w %s', or use "
                         "another path." % (walked, before, walked, walked), path=walked)
    mended.append((walked, before, "directory root:root 0755"))
    if mend:
        os.fchown(handle, 0, 0)
        os.fchmod(handle, 0o755)


def _no_directory(handle, name, walked):
    info = os.stat(name, dir_fd=handle, follow_symlinks=False)
    if stat.S_ISLNK(info.st_mode):
        return UnsafePath("%s is a symbolic link to %s, and links are not followed on the way to a jail. Use the real path." % (
            walked, os.readlink(name, dir_fd=handle)), path=walked)
    return UnsafePath("%s is a %s; expected a directory." % (walked, kind_of(info.st_mode)), path=walked)


def make_missing(handle, missing):
    """Make the names still missing below an open directory, root's, mode 0755; return the descriptor of the last, closing the first."""
    for name in missing:
        os.mkdir(name, 0o755, dir_fd=handle)
        below = os.open(name, DIRECTORY, dir_fd=handle)
        os.fchmod(below, 0o755)
        os.close(handle)
        handle = below
    return handle


# ---- the two halves of a run -----------------------------------------------------------------------------------------------------------

def plan(path, wanted, purge, number=account_number, start="/"):
    """Return what would have to happen, touching nothing.

    :param str path: the jail.
    :param dict wanted: from :func:`wanted_tree`.
    :param str purge: ``remove`` takes away what must not be there where no mail is lost by that; ``refuse`` does not.
    :returns: ``(steps, found)``.
    :raises UnsafePath: the jail holds something that is not taken away.
    """
    handle, missing, _mended = open_trusted(path, start=start)
    try:
        found = [] if missing else inventory(handle)
    finally:
        os.close(handle)
    steps, findings = compare(wanted, found, number)
    kept = [finding for finding in findings if purge == "refuse" or not finding.removable]
    if kept:
        raise UnsafePath(_complaint(path, kept, purge), path=path, findings=[dict(zip(("path", "kind", "reason"), finding)) for finding in kept])
    return steps, found


def _complaint(path, findings, purge):
    lines = ["%s/%s: %s (%s)" % (path, finding.path, finding.kind, finding.reason) for finding in findings[:20]]
    more = " And %d more." % (len(findings) - 20) if len(findings) > 20 else ""
    removable = purge == "refuse" and any(finding.removable for finding in findings)
    return "The jail holds what must not be there; nothing was changed. %s.%s Look at each and remove or mend it by hand%s." % (
        "; ".join(lines), more, ", or set purge to 'remove' to have links, pipes, sockets and devices taken away" if removable else "")


def execute(path, steps, start="/"):
    """Carry out what :func:`plan` listed.

    :raises UnsafePath: an object became another one meanwhile.
    :raises CommitError: the kernel refused a step; those before it are done, and the next run does the rest.
    """
    handle, missing, _mended = open_trusted(path, start=start)
    try:
        handle = make_missing(handle, missing)
        for step in steps:
            try:
                _carry_out(handle, step)
            except OSError as exc:
                raise CommitError("%s/%s (%s): %s. The steps before it are done; mend the cause and run again." % (
                    path, step.path, describe(step.wanted) if step.wanted else "to be removed", exc.strerror), path=path)
    finally:
        os.close(handle)


def _carry_out(top, step):
    if step.path == TOP:
        return _set(top, step.wanted)
    parent, name = _descend(top, os.path.dirname(step.path)), os.path.basename(step.path)
    try:
        if step.wanted is None:
            _unlink(parent, name, step)
        elif step.identity is None:
            _make(parent, name, step)
        else:
            handle = _open(parent, name, DIRECTORY if step.wanted.kind == "directory" else FILE, step.identity, step.path)
            try:
                _set(handle, step.wanted)
            finally:
                os.close(handle)
        os.fsync(parent)
    finally:
        os.close(parent)


def _descend(top, path):
    handle = os.dup(top)
    for name in path.split("/") if path else []:
        below = _open(handle, name, DIRECTORY, None, path)
        os.close(handle)
        handle = below
    return handle


def _unlink(parent, name, step):
    if _identity(os.stat(name, dir_fd=parent, follow_symlinks=False)) != step.identity:
        raise UnsafePath("%s was replaced while it was looked at. %s" % (step.path, MEANWHILE), path=step.path)
    os.unlink(name, dir_fd=parent)


def _make(parent, name, step):
    if step.wanted.kind == "directory":
        os.mkdir(name, 0o700, dir_fd=parent)
        handle = _open(parent, name, DIRECTORY, None, step.path)
    else:
        handle = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600, dir_fd=parent)
    try:
        if os.fstat(handle).st_uid != os.geteuid():
            raise UnsafePath("%s was replaced as soon as it was made. %s" % (step.path, MEANWHILE), path=step.path)
        _set(handle, step.wanted)
    finally:
        os.close(handle)


def _set(handle, wanted):
    info = os.fstat(handle)
    if wanted.kind == "file" and info.st_nlink > 1:
        raise UnsafePath("%s got a second name while it was looked at. %s" % (wanted.path, MEANWHILE), path=wanted.path)
    # chown clears set-id bits, so the mode comes last.
    os.fchown(handle, disk.user_id(wanted.owner), disk.group_id(wanted.group))
    os.fchmod(handle, disk.parse_mode(wanted.mode))
