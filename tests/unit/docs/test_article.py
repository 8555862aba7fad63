# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""docs/article.md can not rot: every row is there once, and every file, test and case that it names exists."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import collections
import os
import re

import pytest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
WANTED = ["S%d" % number for number in range(1, 148)] + ["A.12-%d" % number for number in range(1, 11)]
# A row that names no file and no test says why by beginning with one of these.
EXCUSES = ("**Not yet**", "**Nothing to do**")
# Where the names of files begin, and where tests lie.
FRONTS = ("", "roles", "plugins")
TESTS = ("molecule/shared/tests", "tests")

Row = collections.namedtuple("Row", "id says does files tests")


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def rows():
    """Every row of every table whose first cell is a row of the article."""
    found = []
    for line in read("docs", "article.md").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if re.match(r"(S\d+|A\.12-\d+)\Z", cells[0]):
            assert len(cells) == 5, line
            found.append(Row(cells[0], cells[1], cells[2], re.findall(r"`([^`]+)`", cells[3]), re.findall(r"`([^`]+)`", cells[4])))
    return found


def files_of_tests():
    """Every file of tests, its path with slashes, from the top."""
    found = []
    for top in TESTS:
        for directory, _names, files in os.walk(os.path.join(ROOT, top)):
            found += [os.path.relpath(os.path.join(directory, name), ROOT).replace(os.sep, "/") for name in files if re.match(r"test_.*\.py\Z", name)]
    return found


ROWS, FILES = rows(), files_of_tests()


def functions(path):
    """Names of the tests of a file, those of a class with its name in front."""
    found = set()
    for node in ast.parse(read(path)).body:
        if isinstance(node, ast.FunctionDef):
            found.add(node.name)
        elif isinstance(node, ast.ClassDef):
            found |= {"%s::%s" % (node.name, inner.name) for inner in node.body if isinstance(inner, ast.FunctionDef)}
    return found


def texts(path):
    """Every text that stands in a file, among them the names of its cases."""
    return {node.value for node in ast.walk(ast.parse(read(path))) if isinstance(node, ast.Constant) and isinstance(node.value, str)}


def test_every_row_is_there_once_and_in_order():
    assert [row.id for row in ROWS] == WANTED


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_a_row_says_what_is_done_where_and_what_shows_it_or_why_not(row):
    assert row.says and row.does
    if not row.does.startswith(EXCUSES):
        assert row.files and row.tests, "%s claims to be done, and names no file or no test" % row.id
    assert not row.tests or row.files, "%s names a test and no file" % row.id


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_file_exists(row):
    missing = [path for path in row.files if not [front for front in FRONTS if os.path.isfile(os.path.join(ROOT, front, path))]]
    assert missing == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.id)
def test_every_test_exists(row):
    for name in row.tests:
        end, function, case = re.match(r"([^:]+)::([\w:]+)(?:\[(.*)\])?\Z", name).groups()
        paths = [path for path in FILES if path == end or path.endswith("/" + end)]
        assert len(paths) == 1, "%s names %s: %d files of tests end so" % (row.id, end, len(paths))
        assert function in functions(paths[0]), "%s names %s, which %s does not have" % (row.id, function, paths[0])
        assert case is None or case in texts(paths[0]), "%s names the case '%s', which %s does not have" % (row.id, case, paths[0])


def test_only_what_is_named_is_called_a_test():
    """A row that names what is no test at all would pass the one above."""
    assert all(function.split("::")[-1].startswith("test_") for row in ROWS for function in [name.split("::", 1)[1].split("[")[0] for name in row.tests])
