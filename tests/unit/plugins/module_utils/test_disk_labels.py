# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A file that takes another's place takes its SELinux label as well."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import getpass
import grp
import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk

ME, MINE = getpass.getuser(), grp.getgrgid(os.getgid()).gr_name


@pytest.fixture(name="labels")
def labels_(monkeypatch):
    """A kernel that keeps labels: path to label, and what was given to open files."""
    known, given = {}, []

    def getxattr(path, name, **options):
        assert name == "security.selinux" and options == {"follow_symlinks": False}
        if str(path) not in known:
            raise OSError(errno.ENODATA, "No data available")
        return known[str(path)]

    monkeypatch.setattr(os, "getxattr", getxattr)
    monkeypatch.setattr(os, "setxattr", lambda handle, name, label: given.append(label))
    return known, given


@pytest.mark.parametrize("names, expected", [
    ({"etc", "etc/aliases.db"}, [b"aliases.db"]), ({"etc"}, [b"etc"]), ({"etc/aliases.db"}, [b"aliases.db"]), (set(), [])])
@pytest.mark.parametrize("way", ["write", "place", "copy"])
def test_the_label_is_that_of_the_file_before_or_of_the_directory(tmp_path, labels, names, expected, way):
    known, given = labels
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "aliases.db").write_text(u"old")
    (tmp_path / "staged").write_text(u"new")
    known.update({str(tmp_path / name): os.path.basename(name).encode() for name in names})
    known[str(tmp_path / "staged")] = b"another place"
    target = str(tmp_path / "etc" / "aliases.db")
    if way == "write":
        disk.write(target, b"new", ME, MINE, "0600")
    else:
        getattr(disk, way)(str(tmp_path / "staged"), target, ME, MINE, "0600")
    assert given == expected and (tmp_path / "etc" / "aliases.db").read_text() == "new"


def test_a_kernel_that_refuses_costs_nothing_but_the_label(tmp_path, labels, monkeypatch):
    def refuse(_handle, _name, _label):
        raise OSError(errno.EPERM, "Operation not permitted")

    labels[0][str(tmp_path)] = b"etc_t"
    monkeypatch.setattr(os, "setxattr", refuse)
    disk.write(str(tmp_path / "file"), b"x", ME, MINE, "0600")
    assert (tmp_path / "file").read_text() == "x"
