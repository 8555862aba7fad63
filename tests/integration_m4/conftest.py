# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of m4 is asked of the real m4, with the cf library that the environment names; no sendmail need be installed.

SENDMAIL_CF=/usr/share/sendmail/cf M4=/usr/bin/m4 pytest tests/integration_m4
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def pytest_sessionstart(session):
    """Say what is missing instead of failing in each test."""
    library = os.environ.get("SENDMAIL_CF", "/usr/share/sendmail/cf")
    if not os.path.isfile(library + "/m4/cf.m4"):
        pytest.exit("no %s/m4/cf.m4: set SENDMAIL_CF to the directory of sendmail's cf library" % library, 2)


@pytest.fixture
def canary(tmp_path):
    """A file that no value may ever make, and every hostile one tries to."""
    return tmp_path / "canary"
