# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes away from a host what this collection made there, and puts back what it found.

What is ours is known in three ways: the state directory names every file of the configuration, what a role wrote beside it says so in its first lines,
and a few trees have a name of ours. What the host had before stands in the first generation.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import fnmatch
import glob
import os
import pwd
import re
import shutil
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    disk,
    generations,
    hostinfo,
    queue_host,
    queue_receipts,
    queuefiles,
    selinux,
    source_removal,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, UnsafePath

MARK = b"ritten by the collection mailjail.sendmail, "
BLOCK = re.compile(r"^# BEGIN of what the collection mailjail\.sendmail [^\n]*\n.*?^# END of what the collection mailjail\.sendmail [^\n]*\n?", re.M | re.S)
SET_LINE = "(collection mailjail.sendmail)"
# So far from its begin a file says whose it is.
HEAD = 512
UNITS = "/etc/systemd/system"
# Where roles write; and where a mark is somebody's own text about this collection.
PLACES, NOT_HERE = ("/etc", "/usr/local/lib/systemd/system"), ("/etc/ansible", "/etc/ssl", "/etc/selinux", "/etc/alternatives")
SUFFIXES = (".service", ".timer", ".path", ".socket")
# What a package manager leaves of a file that was changed.
LEFT_BY_PACKAGES = (".rpmsave", ".rpmnew", ".rpmorig", ".dpkg-old", ".dpkg-new", ".dpkg-dist", ".dpkg-bak", ".ucf-old", ".ucf-dist")
COMMENT = "sendmail gateway"
RECEIPTS = "receipts"


def wanted(managed, original):
    """Say for each managed path what becomes of it. Pure.

    :param managed: paths. :param dict original: manifest of the state before this collection, or None.
    :returns: list of (path, ``restore`` or ``remove``).
    """
    files = original["files"] if original else {}
    return [(path, "restore" if "stored" in files.get(path, {}) else "remove") for path in sorted(managed)
            if "link" not in files.get(path, {})]


def without_block(text):
    """Return a text without the blocks that this collection put into it. Pure."""
    return BLOCK.sub("", text)


class Removal:
    """What is to go on this host.

    :param runner: starts systemctl, userdel, semanage.
    :param dict params: options of the module sendmail_remove.
    """

    def __init__(self, runner, params):
        self.runner, self.params, self.state = runner, params, params["state_directory"]
        manifests = generations.listing(self.state)
        self.original = generations.before(manifests)
        self.managed = self._managed(manifests)
        self.marked = marked()
        self.built = source_removal.Built(runner, params["source_prefix"])

    def _managed(self, manifests):
        state = generations.read_state(self.state)
        found = set(state.get("paths", [])) | set(state.get("retired", []))
        for manifest in manifests:
            found.update(manifest["files"])
            found.update(manifest.get("beside", {}))
            found.update(path for path, entry in manifest.get("later", {}).items() if "stored" in entry)
        return found

    # -- the two phases

    def prepare(self, check_mode):
        """Stop and take away what runs, put the host's own files back; return rows ``{path, what}``."""
        units = [path for path in self.marked if is_unit(path)]
        rows = []
        masked = [name for name in self.params["masked_units"] if os.path.islink(os.path.join(UNITS, name))]
        rows += [{"path": os.path.join(UNITS, name), "what": "unit unmasked"} for name in masked]
        if not check_mode:
            self._stop(self._running_names([os.path.basename(path) for path in units]), masked)
        rows += self.built.release(check_mode) + self._files(check_mode)
        rows += self._smrsh(check_mode) + self._label(check_mode) + self._policy(check_mode)
        if rows and not check_mode:
            self._systemctl("daemon-reload")
        return rows

    def finish(self, check_mode):
        """Take away what is left once the packages are gone; return rows ``{path, what}``."""
        rows = []
        if self.params["packages_removed"]:
            left = sorted(path + suffix for path in self._touched() for suffix in LEFT_BY_PACKAGES if os.path.lexists(path + suffix))
            rows += [self._gone(path, "left by the package manager", check_mode) for path in left]
            for path in self._leftovers():
                if holds_messages(path):
                    continue
                rows.append({"path": path, "what": "left by the package"})
                if not check_mode:
                    remove_tree(path)
        for tree in self.params["trees"]:
            rows += self._tree(tree, check_mode)
        rows += self.built.remove(check_mode)
        if self.params["etc_dir"] and self.params["packages_removed"]:
            rows += [self._gone(path, "led to what is gone", check_mode) for path in self._links(check_mode)]
        rows += self._state_tree(check_mode) + self._accounts(check_mode)
        if self.params["etc_dir"] and self.params["packages_removed"] and not check_mode:
            # The package could not take a directory along in which a tree of ours lay.
            above = set(os.path.dirname(tree) for tree in self.params["trees"])
            for path in sorted(path for path in above if path.startswith(self.params["etc_dir"] + "/")):
                remove_empty(path)
            remove_empty(self.params["etc_dir"])
        return rows

    # -- units

    def _systemctl(self, *words):
        done = self.runner.run(["systemctl"] + list(words), timeout=120)
        if done.rc != 0:
            raise CommandFailed("systemctl %s: %s" % (" ".join(words), done.stderr.strip()[-500:]), command=list(words))

    def _running_names(self, units):
        """Return the units that can be stopped and disabled: of a template its instances, since systemd takes no template for that."""
        names = []
        for unit in units:
            begin, at, end = unit.partition("@.")
            names += self._instances(begin, end) if at else [unit]
        return names

    def _instances(self, begin, suffix):
        pattern = "%s@*.%s" % (begin, suffix)
        told = self.runner.run(["systemctl", "list-units", "--all", "--full", "--plain", "--no-legend", pattern])
        if told.rc != 0:
            raise CommandFailed("systemctl list-units %s: %s" % (pattern, told.stderr.strip()[-500:]), command=["systemctl", "list-units", pattern])
        found = set(line.split()[0] for line in told.stdout.splitlines() if line.strip())
        # One that is started at boot and did not run so far.
        found |= set(os.path.basename(path) for kind in ("wants", "requires") for path in glob.glob(os.path.join(UNITS, "*." + kind, pattern)))
        return sorted(name for name in found if fnmatch.fnmatchcase(name, pattern))

    def _stop(self, units, masked):
        if units:
            self._systemctl("disable", "--now", *units)
            self.runner.run(["systemctl", "reset-failed"] + units)
        if masked:
            self._systemctl("unmask", *masked)

    # -- files

    def _files(self, check_mode):
        rows = []
        differing = set(generations.differing(self.original)) if self.original else set()
        for path, what in wanted(self.managed, self.original):
            if what == "restore" and path in differing:
                rows.append({"path": path, "what": "as it was before"})
                if not check_mode:
                    generations.put_back(self.state, self.original, path)
            elif what == "remove" and os.path.lexists(path) and self._may_go(path):
                rows.append(self._gone(path, "removed", check_mode))
        rows += [self._gone(path, "unit stopped and removed" if is_unit(path) else "removed", check_mode) for path in self.marked if path not in self.managed]
        rows += [self._unblock(path, check_mode) for path in self.params["blocks"] if self._has_block(path)]
        return rows

    def _may_go(self, path):
        """Without the state before, only what certainly is no file of the host's own goes: a package may have put it there."""
        return self.original is not None or self.params["packages_removed"] or path in self.marked

    def _gone(self, path, what, check_mode):
        if not check_mode:
            disk.remove(path)
            directory = os.path.dirname(path)
            # A directory for drop-ins is made for them.
            if directory.endswith(".d") and directory.startswith(UNITS + "/"):
                remove_empty(directory)
        return {"path": path, "what": what}

    @staticmethod
    def _has_block(path):
        return bool(path) and BLOCK.search(hostinfo.read_text(path) or "") is not None

    def _unblock(self, path, check_mode):
        if not check_mode:
            found = os.stat(path)
            text = without_block(disk.read(path).decode("utf-8", "surrogateescape"))
            disk.write(path, text.encode("utf-8", "surrogateescape"), str(found.st_uid), str(found.st_gid), "%04o" % stat.S_IMODE(found.st_mode))
        return {"path": path, "what": "our lines removed"}

    def _smrsh(self, check_mode):
        return [self._gone(path, "removed", check_mode) for path in self._commands() if self._is_command_of_ours(path)]

    def _commands(self):
        """Return the links to commands for aliases that are not the distribution's."""
        place = self.params["smrsh"]
        names = sorted(os.listdir(place)) if place and os.path.isdir(place) and not os.path.islink(place) else []
        return [path for path in (os.path.join(place, name) for name in names if name not in self.params["smrsh_keep"]) if os.path.islink(path)]

    def _is_command_of_ours(self, path):
        """With the packages smrsh goes, so nothing runs them any more; where they stay, only what was laid out by the role jail goes: that leaves no record."""
        named = dict((command["name"], command["target"]) for command in self.params["smrsh_commands"])
        return self.params["packages_removed"] or named.get(os.path.basename(path)) == os.readlink(path)

    def _label(self, check_mode):
        jail = self.params["jail"]
        if not jail:
            return []
        local = hostinfo.read_text(selinux.LOCAL % selinux.policy_name(hostinfo.read_text(selinux.CONFIG) or "")) or ""
        if not selinux.declared_type(local, selinux.pattern(jail)):
            return []
        if not check_mode:
            done = self.runner.run(["semanage", "fcontext", "-d"] + ([] if os.path.exists(selinux.ENABLED) else ["-N"]) + [selinux.pattern(jail)])
            if done.rc != 0:
                raise CommandFailed("semanage fcontext -d %s: %s" % (jail, done.stderr.strip()[-500:]))
        return [{"path": jail, "what": "SELinux type no longer declared"}]

    def _policy(self, check_mode):
        """SELinux's policy keeps the module until it is told otherwise; of ports it keeps those that are named, since others may be the site's own."""
        policy = selinux.Policy(self.runner, "", declare=True)
        ports = selinux.local_ports(self.params["selinux_ports"])
        later = [] if policy.enabled else ["-N"]
        if not check_mode:
            policy.execute()
            for port in ports:
                selinux.run(self.runner, ["semanage", "port"] + later + ["-d", "-p", "tcp", str(port)])
        return [{"path": name, "what": "no longer loaded into SELinux's policy"} for name, _before, _after in policy.changes()] + [
            {"path": "port %d" % port, "what": "SELinux type no longer declared"} for port in ports]

    def _leftovers(self):
        return sorted(set(found for pattern in self.params["leftovers"] for found in glob.glob(pattern)))

    def _links(self, check_mode):
        """Links that tools of the package laid elsewhere to files of its own directory, and that lead nowhere any more."""
        links = [os.path.join(directory, name) for directory in self.params["link_directories"] if os.path.isdir(directory)
                 for name in sorted(os.listdir(directory)) if os.path.islink(os.path.join(directory, name))]
        return [path for path in links if os.readlink(path).startswith(self.params["etc_dir"] + "/") and (check_mode or not os.path.exists(path))]

    # -- trees and accounts

    def _touched(self):
        """Paths of which a package manager may have kept a copy with changes of ours: not those that the host had before, whose changes are its own."""
        return set(path for path, what in wanted(self.managed, self.original) if what == "remove") | set(self.params["boot_files"])

    def _tree(self, path, check_mode):
        if not os.path.lexists(path):
            return []
        if os.path.islink(path):
            raise UnsafePath("%s is a link; expected a directory of this collection. Look where it leads, and remove it by hand." % path, path=path)
        if path == self.params["jail"] and self.params["keep_data"] and holds_data(path):
            return []
        if not check_mode:
            remove_tree(path)
        return [{"path": path, "what": "removed with all below it"}]

    def _state_tree(self, check_mode):
        """Receipts are the one thing in the state directory that somebody may still need."""
        if not os.path.isdir(self.state) or os.path.islink(self.state):
            return []
        receipts = os.path.join(self.state, RECEIPTS)
        there = [os.path.join(receipts, name) for name in sorted(os.listdir(receipts))] if os.path.isdir(receipts) and not os.path.islink(receipts) else []
        # Mail that nobody was given yet is in no other place any more.
        kept = there if self.params["keep_data"] else queue_receipts.held(receipts) if there else []
        paths = [os.path.join(self.state, name) for name in sorted(os.listdir(self.state)) if not kept or name != RECEIPTS]
        paths += [path for path in there if kept and path not in kept]
        if not check_mode:
            for path in paths:
                remove_tree(path)
            remove_empty(self.state)
        return [{"path": path, "what": "removed with all below it"} for path in paths] + ([] if kept else [{"path": self.state, "what": "removed"}])

    def _accounts(self, check_mode):
        rows = []
        for name in self.params["accounts"]:
            try:
                account = pwd.getpwnam(name)
            except KeyError:
                continue
            # Somebody else's account of that name has another comment.
            if account.pw_gecos != COMMENT or account.pw_uid == 0:
                continue
            rows.append({"path": name, "what": "account removed"})
            if not check_mode:
                done = self.runner.run(["userdel", name])
                if done.rc != 0:
                    raise CommandFailed("userdel %s: %s" % (name, done.stderr.strip()[-500:]), command=["userdel", name])
        return rows

    def left(self):
        """Return sentences about what stays, and what somebody may want to know of it."""
        told = []
        if self.managed and not self.original:
            told.append("What this host had before is not known any more (its first generation was made by an older release of this collection): reinstall the "
                        "distribution's package for its own files.")
        for path in self.params["boot_files"]:
            if not self.params["packages_removed"] and SET_LINE in (hostinfo.read_text(path) or ""):
                told.append("%s holds values that were set by this collection; each has a comment that says so." % path)
        told += ["%s is a command for aliases that sendmail_smrsh_commands does not name, and was kept." % path
                 for path in self._commands() if not self._is_command_of_ours(path)]
        jail = self.params["jail"]
        if jail and self.params["keep_data"] and holds_data(jail):
            told.append("%s holds mail and was kept." % jail)
        told += ["%s still holds messages and was kept. Nothing delivers them any more." % path for path in self._leftovers() if holds_messages(path)]
        receipts = os.path.join(self.state, RECEIPTS)
        if self.params["keep_data"] and glob.glob(os.path.join(receipts, "*")):
            told.append("Receipts of messages are kept in %s." % receipts)
        told += ["%s holds mail that was handed over to nobody, and was kept." % path for path in queue_receipts.held(receipts) if path.endswith(".d")]
        return told


def is_unit(path):
    """Tell whether a file is a whole unit, and no addition to one."""
    return os.path.dirname(path) == UNITS and path.endswith(SUFFIXES)


def marked():
    """Return the plain files of this host whose first lines say that this collection wrote them, sorted."""
    found = []
    for place in PLACES:
        for directory, names, files in os.walk(place):
            names[:] = [name for name in names if os.path.join(directory, name) not in NOT_HERE]
            found += [path for path in (os.path.join(directory, name) for name in files) if says_ours(path)]
    return sorted(found)


def says_ours(path):
    """Tell whether the first lines of a plain file say that this collection wrote it."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError:
        return False
    try:
        return stat.S_ISREG(os.fstat(handle).st_mode) and MARK in os.pread(handle, HEAD, 0)
    finally:
        os.close(handle)


def holds_data(path):
    """Tell whether a file below a directory holds anything."""
    return any(os.lstat(os.path.join(directory, name)).st_size for directory, _names, files in os.walk(path) for name in files)


def holds_messages(path):
    """Tell whether there is a file of a mail queue below a directory; links are followed as :mod:`queue_host` does, and nobody knows what is behind others."""
    seen = set()
    places = [path]
    while places:
        place = places.pop()
        if os.path.islink(place) and os.path.isdir(place) and not queue_host.trusted_link(place):
            return True
        try:
            found = os.stat(place)
            entries = os.listdir(place) if stat.S_ISDIR(found.st_mode) else []
        except OSError:
            continue
        if (found.st_dev, found.st_ino) in seen:
            continue
        seen.add((found.st_dev, found.st_ino))
        below = [os.path.join(place, name) for name in entries]
        if any(queuefiles.NAME.match(os.path.basename(one)) and not os.path.isdir(one) for one in below):
            return True
        places += [one for one in below if os.path.isdir(one)]
    return False


def remove_tree(path):
    """Remove a file, or a directory with all below it; no link is followed."""
    if os.path.isdir(path) and not os.path.islink(path):
        try:
            shutil.rmtree(path)
        except OSError as exc:
            raise CommitError("%s could not be removed: %s." % (exc.filename or path, exc.strerror), path=path)
    else:
        disk.remove(path)


def remove_empty(path):
    """Remove a directory if nothing is in it."""
    try:
        os.rmdir(path)
    except OSError as exc:
        if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOENT):
            raise CommitError("%s could not be removed: %s." % (path, exc.strerror), path=path)
