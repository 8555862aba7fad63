# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/peer.md and docs/language.md name what there is: every row of the peer, and only variables, keys and roles that exist."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language

yaml = pytest.importorskip("yaml", reason="the roles' specifications are YAML")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
WANTED = ["P%d" % number for number in range(1, 79)] + ["P1" + letter for letter in "abcdefghijklmn"]


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


def variables():
    """Return the names of all variables of all roles."""
    found = set()
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")):
        with open(path, encoding="utf-8") as source:
            for entry in yaml.safe_load(source)["argument_specs"].values():
                found.update(entry.get("options") or {})
    return found


def modules():
    return {os.path.basename(path)[:-len(".py")] for path in glob.glob(os.path.join(ROOT, "plugins", "modules", "*.py"))}


def test_every_row_of_the_peer_is_answered_once():
    rows = re.findall(r"^\| (P\d+[a-z]?) \| .+ \| (.+) \|$", read("docs/peer.md"), re.M)
    assert sorted(row for row, _here in rows) == sorted(WANTED)
    assert all(here.strip() for _row, here in rows)


# The second column names the peer's own things.
@pytest.mark.parametrize("page", ["docs/peer.md", "docs/language.md"])
def test_every_variable_that_is_named_exists(page):
    rows = [line.rstrip("|").rpartition(" | ")[2] if line.startswith("| P") else line for line in read(page).splitlines()]
    named = set(re.findall(r"\bsendmail_[a-z_]+", "\n".join(rows)))
    assert named - variables() - modules() == set()


@pytest.mark.parametrize("page", ["docs/peer.md", "docs/language.md"])
def test_every_word_of_the_language_that_is_named_exists(page):
    text = read(page)
    for name in re.findall(r"\bconf[A-Z_]+\b", text):
        assert name in language.DEFINES, name
    for name in re.findall(r"\b(?:RELAY|VIRTUSER|GENERICS|EXPOSED|LOCAL|LDAPROUTE)_[A-Z_0-9]+", text):
        assert name in language.STATEMENTS or name in language.VARIABLES, name
    for name in re.findall(r"name: ([a-z_]+)", text):
        assert name in language.FEATURES or name == "slow", name


def test_every_role_that_is_named_exists():
    roles = {os.path.basename(path) for path in glob.glob(os.path.join(ROOT, "roles", "*"))}
    named = set(re.findall(r"\broles? `([a-z]+)`", read("docs/peer.md")))
    assert named and named - roles == set()
