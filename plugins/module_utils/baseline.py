# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a host against the table of controls, and mend what the configuration does not own.

Hands touch only the thing that was named: every directory on the way is opened from the one before, a link counts only where root alone could have put
it, and what is changed is what was looked at. What others could have put there is taken for root, and never given away.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import contextlib
import datetime
import errno
import os
import pwd
import re
import stat
import struct

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table, disk, jail
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, InvalidValue, SendmailError, UnsafePath
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View

PLACE = os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC
INSIDE = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
LINKS = 20
# Mending one thing can make the next one safe to touch: a directory's owner is put right, and then what lies in it.
ROUNDS = 2
THRESHOLD = re.compile(r"[0-9]{1,15}\Z")
NO_SHELLS = ("/usr/sbin/nologin", "/sbin/nologin", "/bin/false", "/usr/bin/false")
SHADOW = "/etc/shadow"
# Entries of an access list as the kernel keeps it: a version, then tag, rights and number of each.
ACL_ENTRY, ACL_GROUP, ACL_MASK = struct.Struct("<HHI"), 0x04, 0x10

# A directory that is open. ``trusted``: nobody but root can put something there. ``clean``: nor could anybody when this run first saw it, so that
# nothing was put there to be changed by root; the first may come true in a run, the second never does.
Place = collections.namedtuple("Place", "handle trusted clean")
# ``parent`` is open, None where that directory is missing; ``handle`` stands for the thing itself, None where there is none; ``trusted`` and ``clean``
# are those of the directory in which it lies, and of all on the way.
Reached = collections.namedtuple("Reached", "path parent name handle info trusted clean")
WHERE = "where others than root can put things, or could before this run"
# What a thing is, or will be once what was planned is done.
Known = collections.namedtuple("Known", "uid gid mode")


class Hands:
    """What mends may do to a host. In check mode each change is noted and none is made; what was noted counts as done for those that come after.

    :param runner: a :class:`runner.Runner`.
    :param bool check: only note.
    :param str start: where paths begin, for tests. :param int root: whose directories are trusted, for tests.
    :ivar dict changes: path, account or unit -> [before, after]. :ivar int count: how often something was changed.
    """

    def __init__(self, runner, check=False, start="/", root=0):
        self.runner, self.check, self.start, self.root = runner, check, start, root
        self.changes, self.count, self._planned, self._done = collections.OrderedDict(), 0, {}, set()
        # Directories as they were when they were first seen: identity -> whether root alone could put things there.
        self._first = {}

    # -- what mends call

    def owner(self, path, user, group):
        """Give a thing to a user and a group, by name or number; what a link leads to where root alone could have put the link.

        A file loses its set-id bits by that, as everywhere: :meth:`mode` says afterwards which it shall have.
        """
        uid, gid = disk.user_id(user), disk.group_id(group)
        with self._reached(path) as found:
            if found.handle is None:
                return
            now = self._known(found)
            if (now.uid, now.gid) == (uid, gid):
                return
            self._may_touch(found, uid)
            mode = now.mode & ~0o6000 if stat.S_ISREG(found.info.st_mode) else now.mode
            self._change(found, Known(uid, gid, mode))

    def mode(self, path, exactly=None, forbid=0):
        """Give a file or directory a mode, or take bits from it.

        :param int exactly: the whole mode. :param int forbid: bits that must not be set; the others stay.
        """
        with self._reached(path) as found:
            if found.handle is None:
                return
            now = self._known(found)
            wanted = exactly if exactly is not None else now.mode & ~forbid
            if now.mode == wanted:
                return
            self._may_touch(found, now.uid)
            if not found.clean and wanted & ~now.mode & 0o6000:
                raise UnsafePath("%s lies %s: it gets no set-id bit. Look at it." % (path, WHERE), path=path)
            self._change(found, now._replace(mode=wanted))

    def acl(self, path):
        """Take every entry from a thing's access list that goes beyond owner, group and others; nobody has more rights than before."""
        with self._reached(path) as found:
            if found.handle is None or ("acl", path) in self._done:
                return
            access, default = self._list(found, disk.ACCESS_LIST), self._list(found, disk.DEFAULT_LIST)
            if not access and not default:
                return
            self._may_touch(found, self._known(found).uid)
            now = self._known(found)
            wanted = now._replace(mode=now.mode & ~0o070 | _group_rights(access, now.mode) << 3)
            if not self.check:
                with _errors(path):
                    disk.drop_acl_opened(found.handle)
            self._done.add(("acl", path))
            self._change(found, wanted, "%s and an access list" % _told(now))

    def directory(self, path, user, group, mode):
        """Make a directory where nothing is, and give it its owner and mode; :raises UnsafePath: something else stands there."""
        uid, gid = disk.user_id(user), disk.group_id(group)
        with self._reached(path) as found:
            if found.handle is not None and not stat.S_ISDIR(found.info.st_mode):
                raise UnsafePath("%s is a %s; expected a directory. Look at it, move it away and run again." % (
                    path, jail.kind_of(found.info.st_mode)), path=path)
            if found.handle is None:
                return self._make(found, Known(uid, gid, mode))
        self.owner(path, user, group)
        return self.mode(path, exactly=mode)

    def _make(self, found, wanted):
        above = os.path.dirname(found.path)
        if ("made", found.path) in self._done:
            return
        # In check mode the directory above may be one that is yet to be made, by us.
        if found.parent is None and ("made", above) not in self._done:
            raise UnsafePath("%s can not be made: %s does not exist." % (found.path, above), path=found.path)
        if found.parent is not None and not found.trusted:
            raise UnsafePath("%s can not be made: others than root can put something into %s. Give that directory to root first." % (found.path, above),
                             path=found.path)
        if not self.check:
            with _errors(found.path):
                disk.make_directory_in(found.parent, found.name, wanted.uid, wanted.gid, wanted.mode)
        self._done.add(("made", found.path))
        self._note(found.path, "", "directory %s" % _told(wanted))

    def remove(self, path):
        """Take away a file, a link or a socket; a link itself and never what it leads to. :raises UnsafePath: it is a directory."""
        with self._reached(path, follow=False) as found:
            if found.handle is None or ("removed", path) in self._done:
                return
            if stat.S_ISDIR(found.info.st_mode):
                raise UnsafePath("%s is a directory, and none is removed here. Look at it and remove it by hand." % path, path=path)
            if not self.check:
                with _errors(path):
                    disk.remove_in(found.parent, found.name)
                    os.fsync(found.parent)
            self._done.add(("removed", path))
            self._note(path, "%s %s" % (jail.kind_of(found.info.st_mode), _told(self._known(found))), "")

    def lock_account(self, name):
        """Let nobody log in to an account: its password is locked, its shell is none. An account that is not there stays away."""
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            return
        if entry.pw_uid == 0:
            raise InvalidValue("%s is root and is not locked." % name, user=name)
        shell, locked = entry.pw_shell, self._is_locked(name)
        wanted = shell if os.path.basename(shell) in ("nologin", "false") else next((path for path in NO_SHELLS if os.path.exists(path)), NO_SHELLS[0])
        if not (locked and shell == wanted):
            self._once(("account", name), "account %s" % name, "%s, shell %s" % ("locked" if locked else "not locked", shell or "/bin/sh"),
                       "locked, shell %s" % wanted, ["usermod"] + ([] if locked else ["-L"]) + ["-s", wanted, name])

    def enable_unit(self, name):
        """Let systemd start a unit at boot; it is not started now."""
        state = self.runner.run(["systemctl", "is-enabled", name]).stdout.strip()
        if state not in ("enabled", "static", "alias", "indirect"):
            self._once(("unit", name), name, state or "not enabled", "enabled", ["systemctl", "enable", name])

    def relabel(self, path):
        """Give a thing the SELinux type that the policy has for it."""
        said = self.runner.run(["restorecon", "-n", "-v", path]).stdout.strip()
        if said:
            self._once(("label", path), "label of %s" % path, said.splitlines()[0][:200], "what the policy says", ["restorecon", path])

    def _once(self, key, path, before, after, argv):
        if key in self._done:
            return
        if not self.check:
            self._run(argv)
        self._done.add(key)
        self._note(path, before, after)

    # -- one thing on the disk

    @contextlib.contextmanager
    def _reached(self, path, follow=True):
        """Go to a thing and keep it open; yields :class:`Reached`. A link at its end is followed if ``follow``, as those on the way are."""
        if not os.path.isabs(path) or os.path.normpath(path) != path or path == "/":
            raise InvalidValue("'%s' is not a plain absolute path." % path, path=path)
        with contextlib.ExitStack() as opened:
            found = self._reach(path, opened, follow)
            if found.handle is not None and stat.S_ISDIR(found.info.st_mode):
                self._is_clean(found.info)      # remembered as it is now, before it is changed
            yield found

    def _reach(self, path, opened, follow):
        place, name = Place(None, False, False), os.path.basename(path)
        try:
            place, name = self._walk(path, opened, follow)
            handle = opened.enter_context(_open(name, PLACE, place.handle))
        except OSError as exc:
            if exc.errno not in (errno.ENOENT, errno.ENOTDIR):
                raise UnsafePath("%s can not be reached: %s." % (path, exc.strerror), path=path)
            return Reached(path, place.handle, name, None, None, place.trusted, place.clean)
        return Reached(path, place.handle, name, handle, os.fstat(handle), place.trusted, place.clean)

    def _walk(self, path, opened, follow):
        """Open the directory of a path; return its :class:`Place`, and the name that the thing has there.

        A link is followed where it lies in a directory of root alone and belongs to root: then root put it there.
        """
        parts = [part for part in path.split("/") if part]
        place, above, followed = self._top(opened), [], 0
        while True:
            name = parts.pop(0)
            if name == "..":
                place = above.pop() if above else place
                continue
            target = self._link(path, place, name) if parts or follow else None
            if target is not None:
                followed += 1
                parts = [part for part in target.split("/") if part and part != "."] + parts
                if followed > LINKS or not parts or parts[-1] == "..":
                    raise UnsafePath("%s leads through the symbolic link %s to no place that is plain. Use the real path." % (path, name), path=path)
                place, above = (self._top(opened), []) if target.startswith("/") else (place, above)
                continue
            if not parts:
                return place, name
            above.append(place)
            handle = opened.enter_context(_open(name, INSIDE, place.handle))
            info = os.fstat(handle)
            clean = self._is_clean(info)
            place = Place(handle, place.trusted and self._is_trusted(info), place.clean and clean)

    def _link(self, path, place, name):
        """Return where a link leads, None where it is none; :raises UnsafePath: others than root could have put it there."""
        try:
            info = os.stat(name, dir_fd=place.handle, follow_symlinks=False)
        except OSError as exc:
            if exc.errno != errno.ENOENT:
                raise
            return None
        if not stat.S_ISLNK(info.st_mode):
            return None
        # Its owner and its names count too: what somebody put there before an earlier run gave the directory to root is still his.
        if not place.clean or info.st_uid not in (0, self.root) or info.st_nlink > 1:
            raise UnsafePath("%s leads through the symbolic link %s, which others than root can change, or could before this run. Look where it leads, and "
                             "remove it or make it anew as root." % (path, name), path=path)
        return os.readlink(name, dir_fd=place.handle)

    def _top(self, opened):
        handle = opened.enter_context(_open(self.start, INSIDE))
        info = os.fstat(handle)
        return Place(handle, self._is_trusted(info), self._is_clean(info))

    def _is_trusted(self, info):
        """Tell whether root alone can put things into a directory; in check mode, once what was planned is done."""
        known = self._now(info)
        return known.uid in (0, self.root) and not known.mode & 0o022

    def _is_clean(self, info):
        """Tell whether root alone could put things into a directory when this run saw it for the first time."""
        return self._first.setdefault(_identity(info), info.st_uid in (0, self.root) and not info.st_mode & 0o022)

    def _now(self, info):
        # What was really changed is seen on the disk; a plan stands only for what check mode leaves undone.
        return self._planned.get(_identity(info)) or Known(info.st_uid, info.st_gid, stat.S_IMODE(info.st_mode))

    def _known(self, found):
        return self._now(found.info)

    def _may_touch(self, found, uid):
        """:raises UnsafePath: the thing may be another's, brought here to be changed by root.

        :param int uid: who owns it afterwards.
        """
        kind, where = jail.kind_of(found.info.st_mode), "%s lies %s" % (found.path, WHERE)
        if stat.S_ISLNK(found.info.st_mode):
            raise UnsafePath("%s is a symbolic link, which somebody put there just now. It is not touched. Look at it." % found.path, path=found.path)
        if kind == "file" and found.info.st_nlink > 1:
            # Wherever it lies: no later run can tell whether the directory was root's alone when the second name was made.
            raise UnsafePath("%s has %d names: it could be a file of somebody else's. It is not touched. Find them with 'find / -xdev -samefile %s'." % (
                found.path, found.info.st_nlink, found.path), path=found.path)
        if found.clean:
            return
        if kind not in ("file", "directory"):
            raise UnsafePath("%s, and is a %s: it is not touched. Look at it." % (where, kind), path=found.path)
        if uid not in (0, self.root, found.info.st_uid):
            # Taking it for root is harmless; giving it away could give away what somebody linked here.
            raise UnsafePath("%s, and belongs to %s: it is not given away. Look at it, and run 'chown' by hand." % (
                where, jail.account_name("user", found.info.st_uid)), path=found.path)

    def _change(self, found, wanted, before=""):
        """Give a thing its owner and mode, and note what came of it: nothing is said to be done that the host refused."""
        before = before or _told(self._known(found))
        if self.check:
            self._planned[_identity(found.info)] = wanted
        else:
            try:
                with _errors(found.path):
                    disk.change_opened(found.handle, wanted.uid, wanted.gid, wanted.mode)
            except CommitError:
                now, was = os.fstat(found.handle), found.info
                if (now.st_uid, now.st_gid, now.st_mode) != (was.st_uid, was.st_gid, was.st_mode):
                    self._note(found.path, before, _told(self._now(now)))   # half of it is done
                raise
        self._note(found.path, before, _told(wanted))

    def _note(self, path, before, after):
        self.count += 1
        self.changes.setdefault(path, [before, after])[1] = after

    @staticmethod
    def _list(found, name):
        try:
            return os.getxattr("/proc/self/fd/%d" % found.handle, name)
        except OSError:
            return b""

    # -- accounts and programs

    @staticmethod
    def _is_locked(name):
        rows = [line.split(":") for line in (disk.read(SHADOW) or b"").decode("utf-8", "replace").splitlines()]
        password = next((row[1] for row in rows if len(row) > 1 and row[0] == name), "*")
        return password.startswith(("!", "*"))

    def _run(self, argv):
        result = self.runner.run(argv)
        if result.rc:
            raise CommandFailed("%s ended with %d and said: %s" % (" ".join(argv), result.rc, result.stderr.strip()[:300] or "nothing"), command=argv)


@contextlib.contextmanager
def _open(name, flags, parent=None):
    handle = os.open(name, flags, dir_fd=parent)
    try:
        yield handle
    finally:
        os.close(handle)


@contextlib.contextmanager
def _errors(path):
    try:
        yield
    except OSError as exc:
        raise CommitError("%s could not be mended: %s." % (path, exc.strerror), path=path)


def _identity(info):
    return info.st_dev, info.st_ino


def _told(known):
    return "%s:%s %04o" % (jail.account_name("user", known.uid), jail.account_name("group", known.gid), known.mode)


def _group_rights(data, mode):
    """Return what an access list lets the owning group do: with a list, the group's bits of the mode are only the most that anybody named may have."""
    entries = dict((tag, rights) for tag, rights, _number in ACL_ENTRY.iter_unpack(data[4:])) if len(data) > 4 and not (len(data) - 4) % ACL_ENTRY.size else {}
    if ACL_GROUP not in entries:
        return mode >> 3 & 7
    return entries[ACL_GROUP] & entries.get(ACL_MASK, 7)


# ---- the whole -------------------------------------------------------------------------------------------------------------------------

def check_names(names, option):
    """:raises InvalidValue: a name that is neither a control nor a family."""
    known = set(controls_table.CONTROLS) | set(controls_table.FAMILIES)
    for name in names:
        if name not in known:
            raise InvalidValue("%s names '%s', which is neither a control nor a family of them. Families are %s; docs/controls.md lists the controls." % (
                option, name, ", ".join(controls_table.FAMILIES)), option=option)


class Baseline:
    """One run over a host.

    :param look: makes a new view. :param hands: the :class:`Hands`, or None where nothing is mended.
    :param list chosen: controls. :param str profile: of the host. :param named: ids that were asked for by name, so that optional ones are mended too.
    :param dict waived: waivers that count, by id.
    """

    def __init__(self, look, hands, chosen, profile="", named=(), waived=None):
        self.look, self.hands, self.chosen, self.profile, self.named, self.waived = look, hands, chosen, profile, named, waived or {}
        self.view, self.found, self.unmended = None, [], {}

    def run(self):
        """Judge, mend, judge again."""
        self._judge()
        for _round in range(ROUNDS if self.hands else 0):
            before, self.unmended = self.hands.count, {}
            for control, judgement in self.found:
                if judgement.verdict == controls.FAIL and self.mends(control):
                    self._mend(control)
            if self.hands.count == before:
                break
            if not self.hands.check:
                self._judge()
        return self

    def _judge(self):
        self.view = self.look()
        self.found = controls.judge(self.view, self.chosen)

    def mends(self, control):
        """Tell whether a failed control is mended: it has a mend, is not waived, and belongs to the profile or was asked for by name."""
        held = control.profiles.get(self.profile) == controls.ENFORCED
        return bool(control.mend) and control.id not in self.waived and (held or control.id in self.named)

    def _mend(self, control):
        try:
            control.mend(self.view, self.hands)
        except SendmailError as exc:
            self.unmended[control.id] = exc.message
        except Exception as exc:    # one mend that breaks must not keep the others from their work
            self.unmended[control.id] = "The mend itself broke (%s: %s). Please report it." % (type(exc).__name__, exc)

    def rows(self):
        """Return what a module tells of each control: controls.row, and whether the profile holds it always."""
        told = []
        for control, judgement in self.found:
            said = controls.row(control, judgement, self.waived.get(control.id))
            said["level"] = control.profiles.get(self.profile, controls.ENFORCED)
            if control.id in self.unmended and judgement.verdict == controls.FAIL:
                said["unmended"] = self.unmended[control.id]
            told.append(said)
        return told


def counts(rows):
    """Return how many controls have each verdict."""
    return dict((verdict, len([row for row in rows if row["verdict"] == verdict])) for verdict in controls.VERDICTS + (controls.WAIVED,))


def day(text):
    """Return a day that is written as 2027-03-31, None of an empty text; :raises InvalidValue: it is none."""
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date() if text else None
    except ValueError:
        raise InvalidValue("today is '%s', expected a day such as 2027-03-31." % text, option="today")


def thresholds(said):
    """Return the thresholds that a site names, as numbers; those without a value are not said. :raises InvalidValue: one is no whole number."""
    if said and not isinstance(said, dict):
        raise InvalidValue("site.limits is '%s', expected a dictionary such as {queue_depth: 100}. It comes from sendmail_audit_limits." % (
            said,), option="site")
    found = {}
    for name, value in (said or {}).items():
        if value is None:
            continue
        if isinstance(value, bool) or not THRESHOLD.match(str(value)):
            raise InvalidValue("site.limits.%s is '%s', expected a whole number such as 100. It comes from sendmail_audit_limits." % (
                name, value), option="site")
        found[name] = int(value)
    return found


def run(params, check_mode, runner, today):
    """Do what the module sendmail_baseline is asked; return its result, ``warnings`` among it.

    :param datetime.date today: the day of this host's clock; the day that ``params`` names is held against waivers instead, where it names one.
    :raises InvalidValue: a name or a waiver that can not be meant; nothing was touched.
    """
    check_names(params["only"], "only")
    check_names(params["without"], "without")
    if params["apply"] and not params["profile"]:
        raise InvalidValue("apply needs a profile (%s): what is held always differs between them." % ", ".join(controls.PROFILES), option="profile")
    waived, warnings = controls.waivers(params["waivers"], controls_table.CONTROLS, day(params.get("today")) or today)
    site = dict(params["site"], profile=params["profile"], limits=thresholds(params["site"].get("limits")))
    hands = Hands(runner, check_mode) if params["apply"] else None
    chosen = controls_table.chosen(params["profile"], params["only"], params["without"])
    done = Baseline(lambda: View(runner, site), hands, chosen, params["profile"], params["only"], waived).run()
    rows, changes = done.rows(), list(hands.changes.items()) if hands else []
    warnings += ["%s was not mended: %s" % (row["control"], row["unmended"]) for row in rows if "unmended" in row]
    result = {"changed": bool(changes), "controls": rows, "counts": counts(rows), "warnings": warnings,
              "changes": [{"path": path, "before": before, "after": after} for path, (before, after) in changes]}
    if changes:
        result["diff"] = dict((side, "".join("%s %s\n" % (path, row[place]) for path, row in changes if row[place]))
                              for side, place in (("before", 0), ("after", 1)))
    return result
