# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ansible reads all filters of a collection in every task that uses one of them, so none may bring half of the collection along."""

import ast
from pathlib import Path

import pytest

FILTERS = sorted((Path(__file__).resolve().parents[4] / "plugins" / "filter").glob("*.py"))
OURS = "ansible_collections.mailjail.sendmail"


@pytest.mark.parametrize("path", FILTERS, ids=lambda path: path.stem)
def test_what_is_heavy_is_read_where_it_is_used(path):
    """At the top of the file only what calls the rest is imported."""
    names = [node.module for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, ast.ImportFrom) and node.module.startswith(OURS)]
    assert set(names) == {OURS + ".plugins.plugin_utils.filters"}
