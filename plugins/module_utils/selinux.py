# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SELinux type of a tree: declared in the host's policy, so that a relabelling keeps it, and given to what is there.

semanage(8) and restorecon(8) do the work; what is declared already is read off the policy's own file, since semanage takes a second to say it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed

ENABLED = "/sys/fs/selinux/enforce"
CONFIG = "/etc/selinux/config"
LOCAL = "/etc/selinux/%s/contexts/files/file_contexts.local"


def policy_name(text):
    """Return the name of the policy that an /etc/selinux/config selects."""
    found = re.findall(r"^SELINUXTYPE=(\S+)", text, re.M)
    return found[-1] if found else "targeted"


def pattern(path):
    """Return the expression by which a policy means a directory and everything below it."""
    return re.sub(r"([.+?*()\[\]{}^$|\\])", r"\\\1", path) + "(/.*)?"


def declared_type(text, wanted):
    """Return the type that a file_contexts.local gives to an expression; empty if it has no line for it."""
    rows = [line.split() for line in text.splitlines()]
    found = [row[-1].split(":") for row in rows if len(row) > 1 and row[0] == wanted]
    return found[-1][2] if found and len(found[-1]) > 2 else ""


def _read(path):
    try:
        with open(path) as source:
            return source.read()
    except (IOError, OSError):
        return ""


class Labels:
    """The type of one tree on this host.

    :param runner: starts the programs.
    :param str path: top of the tree.
    :param str wanted: the type.
    :param bool declare: declare it also where SELinux is off, for the day when it is switched on.
    """

    def __init__(self, runner, path, wanted, declare=False):
        self.runner, self.path, self.wanted = runner, path, wanted
        self.enabled = os.path.exists(ENABLED)
        self.before, self.stale = wanted, []
        if self.enabled or declare:
            self.before = declared_type(_read(LOCAL % policy_name(_read(CONFIG))), pattern(path))
        if self.enabled and self.before == wanted and os.path.isdir(path):
            self.stale = self._run(["restorecon", "-R", "-n", "-v", path]).stdout.splitlines()

    @property
    def steps(self):
        """Whether there is anything to do."""
        return self.before != self.wanted or bool(self.stale)

    def changes(self):
        """Return rows ``(path, before, after)`` for the result."""
        if self.before != self.wanted:
            return [(self.path, "SELinux type %s" % (self.before or "not declared"), "SELinux type %s" % self.wanted)]
        return [(self.path, "%d SELinux labels are not those declared" % len(self.stale), "SELinux type %s" % self.wanted)] if self.stale else []

    def execute(self):
        """Declare, and label what is there."""
        if self.before != self.wanted:
            self._run(["semanage", "fcontext", "-m" if self.before else "-a"] + ([] if self.enabled else ["-N"]) + ["-t", self.wanted, pattern(self.path)])
        if self.enabled:
            self._run(["restorecon", "-R", self.path])

    def _run(self, argv):
        try:
            result = self.runner.run(argv)
        except CommandFailed as exc:
            raise CommandFailed("%s The SELinux type of %s is declared with semanage and restorecon: install policycoreutils-python-utils (Debian: "
                                "policycoreutils and policycoreutils-python-utils), or set sendmail_selinux: ignore." % (exc.message, self.path))
        if result.rc != 0:
            raise CommandFailed("%s ended with %d and said: %s" % (" ".join(argv), result.rc, result.stderr.strip()[:500] or "nothing"), command=argv)
        return result
