# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os


def pytest_sessionstart(session):
    """`make test` names the directory of the installed collection: nothing but that may be under test."""
    expected = os.environ.get("MAILJAIL_INSTALLED")
    if expected:
        from ansible_collections.mailjail.sendmail.plugins.module_utils import errors

        found = os.path.realpath(errors.__file__)
        if not found.startswith(os.path.realpath(expected) + os.sep):
            raise RuntimeError("expected to test the installed collection in %s, but Python found %s" % (expected, found))
