# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_read

LIMIT = 1 << 20


@pytest.fixture(name="place")
def _place(tmp_path):
    """A directory of configuration, and a secret beside it."""
    mail = tmp_path / "mail"
    mail.mkdir()
    (tmp_path / "shadow").write_bytes(b"root:secret\n")
    (mail / "access.shared").write_bytes(b"a\tOK\n")
    return mail


@pytest.mark.parametrize("target, owned, data, word", [
    ("access.shared", True, b"a\tOK\n", ""),
    ("access.shared", False, None, "a link to"),
    ("../shadow", True, None, "a link to"),
    ("../mail/../shadow", True, None, "a link to"),
    ("/dev/null", True, None, "no plain file"),
    (".", True, None, "no plain file"),
    ("nowhere", True, None, "does not exist"),
])
def test_a_link_counts_only_within_the_configuration(place, target, owned, data, word):
    link = place / "access"
    link.symlink_to(target)
    found = adopt_read.fetch(str(link), LIMIT, [str(place)], os.getuid() if owned else os.getuid() + 1)
    assert found.data == data and word in found.why and bool(word) == bool(found.why)
    assert adopt_read.fetch(str(link), LIMIT).data is None


def test_a_directory_that_is_a_link_is_followed_as_far_as_it_is_the_configurations_own(place, tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "mail").symlink_to(place)
    (place / "m4").symlink_to(tmp_path)
    below = adopt_read.directories([str(tmp_path / "etc" / "mail" / "sendmail.mc")])
    assert below == [str(place)]
    assert adopt_read.fetch(str(tmp_path / "etc" / "mail" / "access.shared"), LIMIT, below, os.getuid() + 1).data == b"a\tOK\n"
    assert "shadow" in adopt_read.fetch(str(place / "m4" / "shadow"), LIMIT, below, os.getuid()).why


def test_a_file_is_read_or_the_reason_is_known(place):
    whole = place / "access.shared"
    assert adopt_read.fetch(str(whole), LIMIT) == (b"a\tOK\n", "")
    assert adopt_read.fetch(str(place / "absent"), LIMIT).why == adopt_read.ABSENT
    whole.write_bytes(b"x" * (LIMIT + 1))
    assert adopt_read.fetch(str(whole), LIMIT) == (None, "it is larger than 1 MiB")
    os.mkfifo(str(place / "pipe"))
    assert adopt_read.fetch(str(place / "pipe"), LIMIT).why == "it is no plain file"


def test_the_whole_systems_configuration_is_none_of_sendmails_own():
    assert adopt_read.directories(["/etc/aliases", "/sendmail.cf", "/usr/share/x"]) == []
