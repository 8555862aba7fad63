# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a file of somebody else's configuration as root, for a report that leaves the host: wary of links, and with the reason where it can not be read."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import stat

Found = collections.namedtuple("Found", "data why")
Found.__doc__ = "The bytes of a file, or None and why: a clause such as ``it does not exist``."

ABSENT = "it does not exist"


def fetch(path, limit, below=None, owner=0):
    """Return what a path holds.

    On some families sendmail's user owns the configuration directory. A link that it lays there must not make root read another file, so a link counts only
    if it leads to a file of root's that lies below one of the directories of the configuration itself.

    :param int limit: bytes; a larger file is no configuration.
    :param list below: directories, by their real names; None: no link is followed at all.
    :param int owner: whose a file must be that a link leads to.
    :returns: :class:`Found`.
    """
    try:
        # Nothing is opened yet: a device or a pipe would notice. The descriptor stays with this very file, whatever happens to its name.
        handle = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (IOError, OSError) as exc:
        return Found(None, ABSENT if isinstance(exc, FileNotFoundError) else "it can not be read: %s" % exc.strerror)
    try:
        return _opened(path, handle, limit, (below or [], owner))
    except (IOError, OSError) as exc:
        return Found(None, "it can not be read: %s" % exc.strerror)
    finally:
        os.close(handle)


def _opened(path, handle, limit, allowed):
    name, (below, owner) = "/proc/self/fd/%d" % handle, allowed
    status, real = os.fstat(handle), os.readlink(name)
    if not stat.S_ISREG(status.st_mode):
        return Found(None, "it is no plain file")
    # Where the directory itself is a link, its files are what they are called.
    direct = real == path or os.path.basename(real) == os.path.basename(path) and os.path.dirname(real) in below
    if not direct and (status.st_uid != owner or not real.startswith(tuple(top + "/" for top in below))):
        return Found(None, "it is a link to %s, which is not followed: only a file of root's below %s would be" % (real, " or ".join(below) or "nothing"))
    if status.st_size > limit:
        return Found(None, "it is larger than %d MiB" % (limit >> 20))
    with open(name, "rb") as source:
        return Found(source.read(limit + 1), "")


def directories(paths):
    """Return the real directories of some files; one that holds the whole system's configuration is none of sendmail's own."""
    found = [os.path.realpath(os.path.dirname(path)) for path in paths if path]
    return sorted(set(one for one in found if one not in ("/", "/etc", "/usr", "/usr/share", "/var", "/home", "/root", "/tmp")))
