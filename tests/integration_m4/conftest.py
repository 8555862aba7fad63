# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is true of m4 is asked of the real m4, with the cf library that the environment names; no sendmail need be installed.

SENDMAIL_CF=/usr/share/sendmail/cf M4=/usr/bin/m4 pytest tests/integration_m4
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re
import shutil
import sys

import pytest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
# Where Debian's own files look for its library.
VENDOR_LIBRARY = re.compile(r"/usr/share/sendmail(?:-cf|/cf)?(?=/(?:m4|debian)/)")


def pytest_sessionstart(session):
    """Say what is missing instead of failing in each test."""
    library = os.environ.get("SENDMAIL_CF", "/usr/share/sendmail/cf")
    if not os.path.isfile(library + "/m4/cf.m4"):
        pytest.exit("no %s/m4/cf.m4: set SENDMAIL_CF to the directory of sendmail's cf library" % library, 2)


@pytest.fixture
def canary(tmp_path):
    """A file that no value may ever make, and every hostile one tries to."""
    return tmp_path / "canary"


def text_at(path):
    """Return the text of a file."""
    with open(path, encoding="latin-1") as source:
        return source.read()


@pytest.fixture(scope="session")
def library(tmp_path_factory):
    """A copy of the library that names itself where Debian's files name the place of their package."""
    place = str(tmp_path_factory.mktemp("library") / "cf")
    shutil.copytree(os.environ.get("SENDMAIL_CF", "/usr/share/sendmail/cf"), place)
    for path in glob.glob(place + "/ostype/debian.m4") + glob.glob(place + "/domain/debian*.m4"):
        text = text_at(path)
        with open(path, "w", encoding="latin-1") as target:
            target.write(VENDOR_LIBRARY.sub(place, text))
    return place


@pytest.fixture(scope="session")
def text_of(library, tmp_path_factory):
    """Returns the text of a file, with the library and the included files of Debian's packages where they lie here."""
    place = tmp_path_factory.mktemp("m4")
    (place / "dialup.m4").write_text("divert(-1)dnl\n# Written when the line comes up.\ndivert(0)dnl\ndefine(`confCON_EXPENSIVE', `True')dnl\n")
    (place / "provider.m4").write_text("dnl # No provider.\ndefine(`SMART_HOST', `[smtp.provider.example]')dnl\n")

    def text(path):
        return VENDOR_LIBRARY.sub(library, text_at(path)).replace("/etc/mail/m4", str(place))

    return text
