# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno
import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, UnsafePath, told

FULL = OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/etc/mail/x")


def refuse(*_words, **_more):
    raise FULL


@pytest.mark.parametrize("exc, words, details", [
    (UnsafePath("a link.", path="/x"), "a link.", {"path": "/x"}),
    (FULL, "/etc/mail/x: No space left on device. What comes after it was not done.", {"path": "/etc/mail/x"}),
    (OSError("odd"), "The host refused something: odd.", {"path": None}),
])
def test_what_a_module_tells(exc, words, details):
    found = told(exc)
    assert words in found.pop("msg") and found == details


def test_a_full_disk_is_told_with_the_path(tmp_path, monkeypatch):
    monkeypatch.setattr(disk.os, "fchmod", refuse)
    with pytest.raises(CommitError) as caught:
        disk.set_attributes(str(tmp_path), os.getuid(), os.getgid(), "0755")
    assert str(tmp_path) in caught.value.message and "No space left" in caught.value.message
    monkeypatch.setattr(disk.os, "makedirs", refuse)
    with pytest.raises(CommitError) as caught:
        disk.make_directory(str(tmp_path / "new"))
    assert str(tmp_path / "new") in caught.value.message
    monkeypatch.setattr(disk.tempfile, "mkdtemp", refuse)
    with pytest.raises(CommitError) as caught:
        with disk.temporary_directory(str(tmp_path)):
            raise AssertionError("there is none")
    assert str(tmp_path) in caught.value.message and "Nothing was touched" in caught.value.message


def test_a_temporary_directory_is_gone_afterwards(tmp_path):
    with pytest.raises(ValueError):
        with disk.temporary_directory(str(tmp_path)) as place:
            assert os.stat(place).st_mode & 0o777 == 0o700
            raise ValueError()
    assert os.listdir(str(tmp_path)) == []
