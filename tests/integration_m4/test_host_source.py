# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's own .mc, compiled to be compared with its .cf: the real m4 makes of it what it always does, and runs and writes nothing."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest
from real_m4 import HEAD, M4, MAILERS, compile_mc

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def compiled(directory, text):
    """What the collection's m4 prints for a source."""
    source = os.path.join(str(directory), "sendmail.mc")
    with open(source, "w") as target:
        target.write(text)
    return Runner().run([M4] + hostinfo.READ_ONLY_M4 + [source], cwd=str(directory))


def test_what_m4_makes_of_it_otherwise_is_no_edit(tmp_path):
    text = HEAD + "define(`confMAX_HOP', `30')dnl\n" + MAILERS
    done = compiled(tmp_path, text)
    assert done.rc == 0
    assert hostinfo.edits(done.stdout, compile_mc(text).cf) == []
    assert hostinfo.edits(done.stdout, compile_mc(text.replace("30", "31")).cf) == ["option MaxHopCount"]


@pytest.mark.parametrize("call", [
    "syscmd(`touch {0}')", "esyscmd(`touch {0}')", "builtin(`syscmd', `touch {0}')", "indir(`syscmd', `touch {0}')", "indir(`builtin', `syscmd', `touch {0}')",
    "builtin(`esyscmd', `touch {0}')", "pushdef(`x', defn(`syscmd'))x(`touch {0}')", "debugfile(`{0}')", "builtin(`debugfile', `{0}')",
    "maketemp(`{0}XXXXXX')", "mkstemp(`{0}XXXXXX')", "m4wrap(`syscmd(`touch {0}')')"])
def test_nothing_is_run_or_written(tmp_path, call):
    armed, disarmed = tmp_path / "armed", tmp_path / "disarmed"
    for place in (armed, disarmed):
        place.mkdir()
    compile_mc(call.format(armed / "planted") + "\n")
    assert os.listdir(str(armed)), "this would prove nothing"
    compiled(disarmed, HEAD + call.format(disarmed / "planted") + "\n" + MAILERS)
    assert os.listdir(str(disarmed)) == ["sendmail.mc"]
