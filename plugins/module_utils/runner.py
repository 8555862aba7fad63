# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one place that starts programs. Pure logic takes a runner as argument, so that its tests need no sendmail."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import subprocess

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed

Result = collections.namedtuple("Result", "rc stdout stderr")

# Every program answers in English and finds the administrator's tools, whatever the caller's environment holds.
ENVIRONMENT = {"LC_ALL": "C", "LANG": "C", "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}


class Child(subprocess.Popen):
    """A program that does not outlive its time. (AnsibleModule.run_command has no time limit, and the delegates' program has no AnsibleModule.)"""

    def ended(self, data, timeout):
        """Feed it, wait for its end, return its output; :raises subprocess.TimeoutExpired: it was killed."""
        with self:
            try:
                return self.communicate(data, timeout=timeout)
            except BaseException:
                self.kill()
                raise


class Runner:
    """Run a program to its end, bounded in time, never through a shell."""

    def run(self, argv, stdin=None, cwd=None, timeout=60, stdout=subprocess.PIPE):
        """Return the :class:`Result` of one program.

        :param list argv: program and arguments (no secret belongs here: a process list shows them).
        :param stdin: ``str`` or ``bytes`` that the program reads, an open file object, or None for /dev/null.
        :param str cwd: working directory.
        :param float timeout: seconds after which the program is killed.
        :param stdout: an open file descriptor that takes the standard output, which the result then lacks.
        :returns: exit status, standard output and standard error as text.
        :raises CommandFailed: the program is missing or did not end in time.
        """
        data, handle = None, subprocess.DEVNULL
        if hasattr(stdin, "fileno"):
            handle = stdin
        elif stdin is not None:
            data, handle = (stdin.encode("utf-8") if isinstance(stdin, str) else stdin), subprocess.PIPE
        try:
            child = Child(argv, stdin=handle, stdout=stdout, stderr=subprocess.PIPE, cwd=cwd, env=dict(os.environ, **ENVIRONMENT))
            out, err = child.ended(data, timeout)
        except OSError as exc:
            raise CommandFailed("%s could not be started: %s. Is its package installed?" % (argv[0], exc.strerror), command=argv)
        except subprocess.TimeoutExpired:
            raise CommandFailed("%s did not end within %d seconds." % (" ".join(argv), timeout), command=argv)
        return Result(child.returncode, (out or b"").decode("utf-8", "replace"), err.decode("utf-8", "replace"))
