# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The real m4, and a cf library of the real sendmail."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re
import subprocess

Compiled = collections.namedtuple("Compiled", "rc cf err")
CF = os.environ.get("SENDMAIL_CF", "/usr/share/sendmail/cf").rstrip("/")
M4 = os.environ.get("M4", "m4")
HEAD = "include(`%s/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\n" % CF
MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"


def compile_mc(text, cwd="/", env=None):
    """Compile a text with the real m4 and return status, result and complaints."""
    child = subprocess.Popen([M4, "-"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=cwd, env=dict(os.environ, **(env or {})))
    out, err = child.communicate(text.encode("utf-8"), timeout=30)
    return Compiled(child.returncode, out.decode("utf-8", "replace"), err.decode("utf-8", "replace"))


def library_version():
    """Return the version of the library as a tuple."""
    with open(CF + "/m4/version.m4") as source:
        return tuple(int(part) for part in re.search(r"^DZ([0-9.]+)", source.read(), re.M).group(1).split("."))
