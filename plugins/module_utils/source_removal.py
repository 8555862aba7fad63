# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Takes away a sendmail that :mod:`source` built: first the commands that lead to it, in the end its files.

The prefix may be one that others use (/usr/local), so only what its record names goes. Where there is no record nothing was built here.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os
import posixpath
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, hostinfo, source
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, UnsafePath


def is_inside(place):
    """Tell whether a word of a record is a place below the prefix, written the plain way. Pure."""
    return (isinstance(place, type(u"")) and place not in ("", ".") and "\0" not in place
            and posixpath.normpath(place) == place and not place.startswith(("/", "..")))


class Built:
    """What a build left on this host.

    :param runner: starts update-alternatives. :param str prefix: where it was built; empty for nowhere.
    :raises UnsafePath: the prefix is a link.
    """

    def __init__(self, runner, prefix):
        self.runner, self.prefix = runner, posixpath.normpath(prefix) if prefix else ""
        record = self.path(source.RECORD)
        text = hostinfo.read_text(record) if prefix and os.path.isfile(record) and not os.path.islink(record) else None
        if text is not None and os.path.islink(prefix):
            raise UnsafePath("%s is a link; expected the directory in which sendmail was built (sendmail_source_prefix). Nothing was touched. Look where it "
                             "leads, and name that directory." % prefix, path=prefix)
        self.there = text is not None
        self.files = sorted(place for place in source.parse_record(text)[1] if is_inside(place))
        made = source.parse_directories(text)
        # A record of before says nothing of directories; what is in the cf library's has been ours alone at any time.
        self.made = set(place for place in made if place == "." or is_inside(place))
        self.made.update(place for place in source.places_above(self.files) if (place + "/").startswith(source.CF_PLACE + "/"))

    def path(self, place):
        """Return where something stands below the prefix."""
        return posixpath.normpath(posixpath.join(self.prefix, place))

    def release(self, check_mode):
        """Let no command lead to what was built any more; return rows ``{path, what}``."""
        if not self.there:
            return []
        rows = self._alternatives(check_mode)
        for path in source.COMMANDS + source.HELPERS:
            if os.path.islink(path) and self._is_built(os.readlink(path)):
                rows.append({"path": path, "what": "link to the built program removed"})
                if not check_mode:
                    disk.remove(path)
        return rows

    def _is_built(self, path):
        return path.startswith(self.prefix + "/") and path[len(self.prefix) + 1:] in self.files

    def _alternatives(self, check_mode):
        target = self.path("sbin/sendmail")
        tool, texts = source.alternatives()
        names = sorted(name for name, text in texts.items() if source.chosen_by(text, target))
        for name in names if not check_mode else ():
            words = [tool or "update-alternatives", "--remove", name, target]
            done = self.runner.run(words)
            if done.rc != 0:
                raise CommandFailed("%s failed: %s. Programs on this host still hand their mail to %s. Take it off by hand and run again." % (
                    " ".join(words), done.stderr.strip()[-500:] or "exit status %d" % done.rc, target), command=words)
        return [{"path": target, "what": "no longer an alternative of %s" % name} for name in names]

    def remove(self, check_mode):
        """Remove the built files, their record, and the directories made for them in which nothing is left; return rows ``{path, what}``."""
        if not self.there:
            return []
        if not check_mode:
            for place in self.files:
                if self._is_reached(posixpath.dirname(place)) and not _is_directory(self.path(place)):
                    disk.remove(self.path(place))
            for place in sorted(self.made - set(["."]), key=len, reverse=True):
                self._remove_empty(place)
            disk.remove(self.path(source.RECORD))
            if "." in self.made:
                self._remove_empty(".")
        return [{"path": self.prefix, "what": "what was built below it removed"}]

    def _is_reached(self, place):
        """Whether a directory below the prefix, and all above it, are no links: what is behind one is somebody else's."""
        return all(_is_directory(self.path(one)) for one in source.places_above([posixpath.join(place, "x")]))

    def _remove_empty(self, place):
        if not self._is_reached(place):
            return
        try:
            os.rmdir(self.path(place))
        except OSError as exc:
            if exc.errno not in (errno.ENOTEMPTY, errno.EEXIST, errno.EBUSY):
                raise CommitError("%s could not be removed: %s." % (self.path(place), exc.strerror), path=self.path(place))


def _is_directory(path):
    try:
        return stat.S_ISDIR(os.lstat(path).st_mode)
    except OSError:
        return False
