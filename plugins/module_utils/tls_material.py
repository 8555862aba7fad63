# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The directory of keys and certificates while the daemon is not proven yet: what a file held before stays beside it, and what nobody reads any more goes last.

Keys are in no kept generation of the configuration, where they would outlive their use.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk

FORMER = ".former"
# Files that the role tls puts there.
OURS = ".pem"
RESOLVER = "resolv.conf"


def keep(paths):
    """Keep what files hold now, beside them. What is kept already was proven, and what took its place was not: it stays.

    :param paths: files about to be replaced; one that is not there is passed over.
    """
    for path in paths:
        if os.path.isfile(path) and not os.path.lexists(path + FORMER):
            found = os.stat(path)
            disk.write(path + FORMER, disk.read(path), found.st_uid, found.st_gid, "0600")


def former(directory):
    """Return the files of a directory beside which something is kept."""
    names = sorted(os.listdir(directory)) if directory and os.path.isdir(directory) else []
    return [os.path.join(directory, name[:-len(FORMER)]) for name in names if name.endswith(FORMER)]


def put_back(directory):
    """Put what was kept back into its place, dated now; return the files."""
    found = former(directory)
    for path in found:
        kept = os.stat(path + FORMER)
        mode = "%04o" % (os.stat(path).st_mode & 0o777) if os.path.exists(path) else "0600"
        disk.place(path + FORMER, path, kept.st_uid, kept.st_gid, mode)
    return found


def forget(directory):
    """Remove what was kept: the daemon was proven without it."""
    for path in former(directory):
        disk.remove(path + FORMER)


def unused(directory, files, texts):
    """Return the files of ours in a directory that nobody reads any more.

    :param str directory: where keys and certificates lie; may be empty or missing.
    :param files: those that are in use.
    :param texts: configurations and units; what one of them names is in use, too.
    """
    found = []
    for name in sorted(os.listdir(directory)) if directory and os.path.isdir(directory) else ():
        path = os.path.join(directory, name)
        if (name.endswith(OURS) or name == RESOLVER) and path not in files and not any(path in text for text in texts):
            found.append(path)
    return found


def remove(paths):
    """Remove files with what was kept beside them, and their directory where nothing is left in it."""
    for path in paths:
        disk.remove(path + FORMER)
        disk.remove(path)
    for place in sorted(set(os.path.dirname(path) for path in paths)):
        if not os.listdir(place):
            os.rmdir(place)
