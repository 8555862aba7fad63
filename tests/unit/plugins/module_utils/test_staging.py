# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Staging: what a compiled configuration still names, whose entries a map takes up, and what a diff shows."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import staging, transaction
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue


@pytest.mark.parametrize(
    "line, named",
    [
        ("Kaccess btree -T<TMPF> /etc/mail/access", True),
        ("Fw-o /etc/mail/access", True),
        ("Fw/etc/mail/access", True),
        ("F{Names}/etc/mail/access", True),
        ("O AliasFile=/etc/aliases,/etc/mail/access", True),
        ("O UserDatabaseSpec=/etc/mail/access.db", True),
        ("#O UserDatabaseSpec=/etc/mail/access", False),
        ("Kaccess btree /etc/mail/access-old", False),
        ("Kaccess btree /var/etc/mail/access", False),
        ("Kaccess btree /etc/mail/access/more", False),
        ("", False),
    ],
)
def test_a_path_is_named_where_sendmail_reads_it(line, named):
    assert staging.names("V10/Berkeley\n%s\n# /etc/mail/access\nDnMAILER-DAEMON\n" % line, "/etc/mail/access") is named


OWNERS = {"scanner": [{"key": "To:a.example", "value": "OK"}], "old": [{"key": "To:b.example", "value": "OK", "expires": "2026-06-20"}]}


def predicted(tmp_path, **said):
    """Return the stage of a host without sendmail that has one map, and the text that it would get."""
    shared = tmp_path / "entries"
    shared.write_text(json.dumps(OWNERS), "utf-8")
    spec = dict({"name": "access", "kind": "access", "path": str(tmp_path / "access"), "type": "btree", "secret": False, "owner": "root", "group": "root",
                 "mode": "0640", "content": None, "entries": None, "accepted": None, "shared": str(shared), "today": "2026-06-15", "expiry_notice": 14,
                 "digest": None, "host_file": None, "whole": False}, **said)
    (tmp_path / "state.json").write_text(json.dumps({"paths": [str(shared)]}), "utf-8")
    (tmp_path / "stage").mkdir()
    params = {"state_directory": str(tmp_path), "maps": [spec], "files": [], "context": {}, "mta": None, "msp": None}
    stage = staging.Stage(params, None, str(tmp_path / "stage"))
    stage.predict()
    stage.retire()
    staged = stage.redirected_source(spec)
    return stage, open(staged).read() if staged else None


def test_entries_of_others_are_taken_up_and_their_end_is_announced(tmp_path):
    stage, text = predicted(tmp_path, entries=[{"key": "To:own.example", "value": "OK"}])
    assert "To:a.example\tOK" in text and "To:b.example\tOK" in text
    assert [one for one in stage.warnings if "owner 'old'" in one and "expires on 2026-06-20" in one] and stage.retired == []


@pytest.mark.parametrize("said", [{"content": "To:own.example\tOK\n", "whole": True}, {"digest": "x"}, {"host_file": "/srv/access"}])
def test_a_map_that_comes_from_a_file_destroys_nobodys_entries(tmp_path, said):
    stage, text = predicted(tmp_path, **said)
    assert text in (None, "To:own.example\tOK\n")
    for owner, key in (("scanner", "To:a.example"), ("old", "To:b.example")):
        assert [one for one in stage.warnings if owner in one and key in one and "not in force" in one], stage.warnings
    # Kept by this run and by the ways back from it.
    assert stage.retired == [] and str(tmp_path / "entries") in stage.paths()


def test_a_password_in_an_access_map_goes_no_further(tmp_path):
    with pytest.raises(InvalidValue) as caught:
        predicted(tmp_path, content='AuthInfo:a.example\t"U:u" "P:hunter2"\n')
    assert "access: 'AuthInfo:a.example'" in caught.value.message and "hunter2" not in caught.value.message


@pytest.mark.parametrize("line", ['AuthInfo:a.example\t"U:u" "P:hunter2"', 'authinfo:  "U:u" "P:hunter2"', '# AuthInfo:a.example "P:hunter2"'])
def test_a_password_that_was_here_before_is_in_no_diff(tmp_path, line):
    live, staged = tmp_path / "access", tmp_path / "staged"
    live.write_text("To:a.example\tOK\n%s\nTo:b.example\tOK\n" % line, "utf-8")
    staged.write_text("To:a.example\tREJECT\n", "utf-8")
    shown = transaction._diff(staging.Item(str(live), "source", staging.ROOT_ONLY, str(staged)))
    assert "hunter2" not in str(shown) and "********" in shown["before"] and shown["after"] == "To:a.example\tREJECT\n"
    assert shown["before"].startswith("To:a.example\tOK\n") and shown["before"].endswith("\nTo:b.example\tOK\n")
