# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every dependency that sendmail's cf library complains about: the real m4 says a word, and the check said it before."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import sys

import pytest
from real_m4 import CF, HEAD, compile_mc, library_version

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "unit", "plugins", "module_utils"))
import test_mc_builds


def complaining(directory):
    """Return the names of the files of a directory of the library that can complain."""
    for name in sorted(os.listdir(os.path.join(CF, directory))):
        with open(os.path.join(CF, directory, name), encoding="latin-1") as source:
            if "errprint(" in source.read():
                yield name[:-len(".m4")]


@pytest.mark.parametrize("text, line, said", test_mc_builds.COMPLAINTS)
def test_m4_complains_of_what_the_check_refuses(text, line, said):
    if library_version() < (8, 18) and "blacklist" in text:
        assert test_mc_builds.faults(text, version=library_version())
    compiled = compile_mc(HEAD + text)
    assert compiled.err.strip() or compiled.rc, "m4 takes it in silence"


@pytest.mark.parametrize("directory", ["feature", "mailer", "hack"])
def test_no_file_that_complains_is_left_out(directory):
    cases = " ".join(text for text, _line, _said in test_mc_builds.COMPLAINTS)
    # This one is no part of the collection's checks: a submission program's HACK of the nineties.
    assert [name for name in complaining(directory) if "`%s'" % name not in cases and name != "msp_nullclient"] == []
