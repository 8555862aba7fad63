# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/controls.md is what the table of controls says, whole; each row of the table is one that a reader can use."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

import control_pages as pages
import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
ALL = list(controls_table.CONTROLS.values())
STANDARDS = {"article", "STIG", "CIS", "NIST", "RFC", "CVE", "BSI", "CERT", "sendmail"}


def read(name):
    with open(os.path.join(ROOT, name), encoding="utf-8") as source:
        return source.read()


def test_the_page_is_what_the_table_says():
    assert read("docs/controls.md") == pages.documents()["docs/controls.md"], "run 'make docs'"


def test_every_row_of_a_table_has_the_same_cells():
    for block in read("docs/controls.md").split("\n\n"):
        assert len({line.count("|") - line.count("\\|") for line in block.splitlines() if line.startswith("|")}) <= 1, block[:200]


def test_no_control_is_there_twice():
    ids = [control.id for control in controls_table._ROWS]
    assert sorted(ids) == sorted(set(ids))


@pytest.mark.parametrize("control", ALL, ids=lambda control: control.id)
def test_a_control_is_whole(control):
    assert re.match(r"SM-[A-Z]+-\d\d\Z", control.id) and control.family in controls_table.FAMILIES
    assert control.title and not control.title.endswith(".")
    for text in (control.reason, control.remedy):
        assert text and text.endswith((".", ")")) and "  " not in text, text
    assert control.severity in controls.SEVERITIES
    assert set(control.profiles) == set(controls.PROFILES)
    assert set(control.profiles.values()) <= {controls.ENFORCED, controls.OPTIONAL, controls.NEVER}
    assert control.check or control.wire, "nothing looks at it"
    assert control.references and all(one.standard in STANDARDS and one.number for one in control.references)


@pytest.mark.parametrize("control", ALL, ids=lambda control: control.id)
def test_rows_of_the_article_exist(control):
    rows = set(re.findall(r"^\| (S\d+|A\.12-\d+) \|", read("docs/article.md"), re.M))
    # A range is named by its first and last row.
    assert {row for one in control.references if one.standard == "article" for row in re.split(r"-(?=S)", one.number)} <= rows


def test_what_was_measured_is_of_controls_that_there_are():
    found = pages.measured()
    assert set(found) <= set(controls_table.CONTROLS)
    assert all(set(one) <= set(pages.SIDES) and set(one.values()) <= set(controls.VERDICTS) for row in found.values() for one in row.values())


def test_both_sides_stand_beside_each_other():
    text = pages.sides({"SM-FS-02": {"debian": {"stock": "fail", "hardened": "pass"}, "suse": {"stock": "pass"}}})
    assert "| control | debian, stock | debian, hardened | suse, stock | suse, hardened |" in text and "| SM-FS-02 | fail | pass | pass |  |" in text
    assert pages.sides({}) == ""
