# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/reference/ is what the table of the language says, whole, and every row of it stands there."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import language_pages as pages
import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_access, language_maps, language_rulesets, language_statements

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


@pytest.mark.parametrize("name", sorted(pages.documents()))
def test_a_page_is_what_the_table_says(name):
    assert read(name) == pages.documents()[name], "run 'make docs'"


def test_no_page_is_left_over():
    assert sorted("docs/reference/" + name for name in os.listdir(os.path.join(ROOT, "docs", "reference"))) == sorted(pages.documents())


@pytest.mark.parametrize("page, names", [
    ("features", language.FEATURES), ("options", language.DEFINES), ("mailers", list(language.MAILERS) + list(language.VARIABLES)),
    ("statements", language_statements.DESCRIBED), ("rulesets", language_rulesets.RULESETS), ("maps", language_maps.MAP_CLASSES),
    ("access", [tag.name + ":" for tag in language_access.TAGS.values()]), ("listeners", list(language.DAEMON_KEYS) + list(language.CLIENT_KEYS))])
def test_every_row_of_the_table_stands_on_its_page(page, names):
    text = read("docs/reference/%s.md" % page)
    assert [name for name in names if "\n| `%s` |" % name not in text] == []
    for block in text.split("\n\n"):
        assert len({line.count("|") - line.count("\\|") for line in block.splitlines() if line.startswith("|")}) <= 1
