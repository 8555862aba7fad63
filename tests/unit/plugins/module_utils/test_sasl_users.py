# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import errno

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import sasl_users
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue

KEY = "00" * 32
WANTED = {"alice@corp.example": "one", "bob@corp.example": "two"}


def remembered(**users):
    return {"key": KEY, "database": "d1", "users": {"%s@corp.example" % name: sasl_users.fingerprint(KEY, "%s@corp.example" % name, word)
                                                    for name, word in users.items()}}


@pytest.mark.parametrize("present, state, digest, expected", [
    (["alice@corp.example", "bob@corp.example"], remembered(alice="one", bob="two"), "d1", []),
    ([], {}, "", [("alice@corp.example", "added"), ("bob@corp.example", "added")]),
    (["bob@corp.example", "eve@corp.example"], remembered(bob="two"), "d1", [("alice@corp.example", "added"), ("eve@corp.example", "removed")]),
    (["alice@corp.example", "bob@corp.example"], remembered(alice="one", bob="old"), "d1", [("bob@corp.example", "password")]),
    # Somebody else wrote to the database, or nothing is remembered: what the passwords are is not known.
    (["alice@corp.example"], remembered(alice="one", bob="two"), "d2", [("bob@corp.example", "added"), ("alice@corp.example", "unknown")]),
    (["alice@corp.example", "bob@corp.example"], {}, "d1", [("alice@corp.example", "unknown"), ("bob@corp.example", "unknown")]),
])
def test_what_has_to_change_is_known_without_reading_a_password(present, state, digest, expected):
    assert sasl_users.differences(WANTED, present, state, digest) == expected


def test_a_digest_depends_on_user_password_and_host():
    digests = {sasl_users.fingerprint(key, name, word) for key in (KEY, "11" * 32) for name in "ab" for word in ("x", u"\xfc")}
    assert len(digests) == 8


def test_names_without_a_realm_get_the_usual_one():
    assert sasl_users.wanted_users([{"name": "a", "password": "x"}, {"name": "a@o.example", "password": "y"}], "corp.example") == {
        "a@corp.example": "x", "a@o.example": "y"}


@pytest.mark.parametrize("users, words", [
    ([{"name": "a", "password": "x"}, {"name": "a@corp.example", "password": "x"}], "twice"),
    ([{"name": "-d", "password": "x"}], "is no name"),
    ([{"name": "a b", "password": "x"}], "is no name"),
    ([{"name": "a", "password": ""}], "empty"),
    ([{"name": "a", "password": "hunter2\n"}], "line end"),
])
def test_users_that_no_program_can_be_handed(users, words):
    with pytest.raises(InvalidValue) as caught:
        sasl_users.wanted_users(users, "corp.example")
    assert words in caught.value.message and "hunter2" not in caught.value.message


def test_the_listing_is_read_whatever_else_is_printed():
    assert sasl_users.parse_listing("b@x.example: userPassword\na@x.example: userPassword\na@x.example: cmusaslsecretOTP\nnoise\n") == [
        "a@x.example", "b@x.example"]


@pytest.mark.parametrize("data, call", [(None, "tempfile.mkdtemp"), (b"x", "disk.set_attributes")])
def test_a_full_disk_is_said_with_path_and_reason(tmp_path, monkeypatch, data, call):
    def full(*_words, **_more):
        raise OSError(errno.ENOSPC, "No space left on device", "/somewhere")

    database = sasl_users.Database.__new__(sasl_users.Database)
    database.rows, database.data, database.faults, database.path = [], data, [("mode", "0644", "0600")], str(tmp_path / "users")
    database.params = {"owner": "root", "group": "root", "mode": "0600"}
    holder, _dot, name = call.partition(".")
    monkeypatch.setattr(getattr(sasl_users, holder), name, full)
    with pytest.raises(CommitError) as caught:
        database.apply()
    assert "/somewhere: No space left on device" in caught.value.message and caught.value.details["path"] == "/somewhere"
