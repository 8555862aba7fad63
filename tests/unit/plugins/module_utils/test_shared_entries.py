# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of other roles in a map of the role config: who may have which key, what a source looks like, and what a later run takes up."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation_entries, shared_entries, tables, tables_entries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables import Context

TODAY = datetime.date(2026, 6, 15)
KNOWN = Context(access_options=[])
BASE = "Connect:192.0.2\tREJECT\nTo:own.example\tRELAY\n"
DELEGATED = delegation_entries.BOUNDARY + "To:theirs.example\tOK\n"


def entry(key, value="OK", **more):
    return dict({"key": key, "value": value}, **more)


def change(owner, entries, stored=None, base=BASE, tail=DELEGATED):
    taken = dict(shared_entries.keys("access", tail, shared_entries.DELEGATES), **shared_entries.keys("access", base, shared_entries.TABLE % "access"))
    return shared_entries.change("access", stored or {}, owner, entries, taken, KNOWN, TODAY)


def source(stored, base=BASE, tail=DELEGATED):
    return told("app", stored, base, tail)[0]


def told(owner, stored, base=BASE, tail=DELEGATED, notice=0):
    return shared_entries.joined("access", base, stored, owner, KNOWN, TODAY, tail, notice)


def held(text):
    return {pair.key: pair.value for pair in tables.parse("access", text)}


# -- what an owner may wish for

WISHES = {
    "a new one": ({}, [entry("To:a.example")], {"app": ["To:a.example"]}),
    "another one": ({"app": [entry("To:a.example")]}, [entry("To:b.example")], {"app": ["To:a.example", "To:b.example"]}),
    "the same again": ({"app": [entry("To:a.example")]}, [entry("to:A.example")], {"app": ["to:A.example"]}),
    "beside another owner": ({"web": [entry("To:a.example")]}, [entry("To:b.example")], {"web": ["To:a.example"], "app": ["To:b.example"]}),
    "gone": ({"app": [entry("To:a.example"), entry("To:b.example")]}, [{"key": "To:A.example", "state": "absent"}], {"app": ["To:b.example"]}),
    "gone that was never there": ({}, [{"key": "To:a.example", "state": "absent"}], {"app": []}),
    "gone in another spelling": ({"app": [entry("Connect:10.0.0.0/8")]}, [{"key": "Connect:10", "state": "absent"}], {"app": []}),
    "a part of the table's network": ({}, [entry("Connect:192.0.2.0/28")], {"app": ["Connect:192.0.2.0/28"]}),
    "one that expired since takes no part": ({"app": [entry("To:own.example", expires="2026-06-14")]}, [entry("To:own.example", expires="2026-06-14")],
                                             {"app": ["To:own.example"]}),
    "its last day": ({}, [entry("To:a.example", expires="2026-06-15")], {"app": ["To:a.example"]}),
    "another day, when it is over": ({"app": [entry("To:a.example", expires="2026-06-14")]}, [entry("To:a.example", expires="2026-07-14")],
                                     {"app": ["To:a.example"]}),
    "gone when it is over": ({"app": [entry("To:a.example", expires="2026-06-14")]}, [entry("To:a.example", state="absent", expires="2026-06-14")],
                             {"app": []}),
    "beside one of another owner that fits no more": ({"web": [entry("To:x.example", "SKIP")]}, [entry("To:b.example")],
                                                      {"web": ["To:x.example"], "app": ["To:b.example"]}),
    "beside one of another owner that can not be read": ({"web": [{"key": "To:x.example"}]}, [entry("To:b.example")],
                                                         {"web": ["To:x.example"], "app": ["To:b.example"]}),
}


@pytest.mark.parametrize("name", WISHES)
def test_what_an_owner_may_wish_for(name):
    stored, entries, expected = WISHES[name]
    after = change("app", entries, stored)
    assert {owner: [one["key"] for one in rows] for owner, rows in after.items()} == expected
    assert shared_entries.read(shared_entries.written(after)) == {owner: rows for owner, rows in after.items() if rows}


# Who has it already, and how the refusal calls him.
OWNED = {
    "the table": ({}, "To:own.example", "the table of the role config (sendmail_access)"),
    "the table, in other case": ({}, "TO:OWN.example", "the table of the role config (sendmail_access)"),
    "a part of what the table has": ({}, "Connect:192.0.2.0/23", "the table of the role config"),
    "another owner": ({"web": [entry("To:a.example")]}, "To:A.example", "owner 'web'"),
    "another owner's network": ({"web": [entry("Connect:10.0.0.0/14")]}, "Connect:10.1.0.0/16", "owner 'web'"),
    "a delegate": ({}, "To:theirs.example", "the delegated administrators"),
}


@pytest.mark.parametrize("name", OWNED)
def test_a_key_that_somebody_has_is_refused_with_his_name(name):
    stored, key, who = OWNED[name]
    with pytest.raises(SendmailError) as caught:
        change("app", [entry(key)], stored)
    assert who in caught.value.message and "owner 'app' can not" in caught.value.message


@pytest.mark.parametrize("owner, row, words", [
    ("", entry("To:a.example"), "owner is ''"), ("../x", entry("To:a.example"), "owner is '../x'"), ("app", entry("Too:a.example"), "no tag 'Too:'"),
    ("app", entry("From:a.example", "RELAY"), "anybody"), ("app", entry("To:a.example", expire="2026-12-31"), "Did you mean expires?"),
    ("app", entry("Connect:10.0.0.1/8"), "host bits"), ("app", {"value": "OK"}, "'key' is missing"), ("app", {"key": "To:a.example"}, "value"),
    ("app", entry("To:a.example", expires="soon"), "no date"), ("app", entry("To:a.example", expires="2026-06-14"), "expires on 2026-06-14, which is past"),
    ("app", entry("AuthInfo:a.example", '"U:u" "P:hunter2"'), "sendmail_authinfo"), ("app", entry("To:a.example", "OK\nConnect:\tRELAY"), "control character")])
def test_what_can_not_be_meant_is_refused(owner, row, words):
    with pytest.raises(SendmailError) as caught:
        change(owner, [row])
    assert words in caught.value.message and "hunter2" not in caught.value.message


def test_a_date_that_was_past_before_is_refused_though_the_entry_was_there():
    with pytest.raises(SendmailError) as caught:
        change("app", [entry("To:a.example", expires="2026-06-13")], {"app": [entry("To:a.example", expires="2026-06-14")]})
    assert "2026-06-13, which is past" in caught.value.message


# -- the source of the map


def test_a_source_has_three_parts_that_can_be_told_apart():
    stored = {"web": [entry("To:w.example", comment="a form")],
              "app": [entry("Connect:10.0.0.0/15", expires="2026-12-31"), entry("To:old.example", expires="2026-01-01")]}
    text = source(stored)
    base, own, tail = shared_entries.split(text)
    assert (base, tail) == (BASE, DELEGATED) and "# (expires on 2026-12-31, app)" in own and "# a form (web)" in own
    assert held(own) == {"Connect:10.0": "OK", "Connect:10.1": "OK", "To:w.example": "OK"}
    # What delegates read and write is the same whoever else has entries.
    assert delegation_entries.split(text) == (base + shared_entries.BOUNDARY + own, "To:theirs.example\tOK\n")
    assert shared_entries.split(source({})) == (BASE, "", DELEGATED) and source({}) == BASE + DELEGATED
    assert source({}, "", "") == "" and shared_entries.split(source(stored, "", ""))[0] == ""


# What is kept of owners, what of it stands when app asks, and words of the one warning.
FITTING = {
    "of another owner, it fits no more": ({"web": [entry("To:x.example", "SKIP"), entry("To:y.example")], "app": [entry("To:a.example")]},
                                          {"To:a.example", "To:y.example"}, ["'To:x.example'", "owner 'web', is left out", "skip"]),
    "of another owner, it can not be read": ({"web": [{"key": "To:x.example"}], "app": [entry("To:a.example")]}, {"To:a.example"}, ["owner 'web'", "value"]),
    "of another owner, it expired": ({"web": [entry("To:x.example", expires="2026-06-14")], "app": [entry("To:a.example")]}, {"To:a.example"},
                                     ["owner 'web'", "expired on 2026-06-14"]),
    "of another owner, the table has it": ({"web": [entry("To:OWN.example")], "app": [entry("To:a.example")]}, {"To:a.example"},
                                           ["owner 'web'", "the table of the role config", "has this key now"]),
    "of another owner, a delegate has it": ({"web": [entry("To:theirs.example")], "app": [entry("To:a.example")]}, {"To:a.example"},
                                            ["owner 'web'", "or a delegated administrator, has this key now"]),
    "of another owner, with a percent sign": ({"web": [entry("To:50%s@x.example", expires="2026-06-14")], "app": [entry("To:a.example")]}, {"To:a.example"},
                                              ["'To:50%s@x.example'", "expired on 2026-06-14"]),
    "its own expired": ({"app": [entry("To:a.example", expires="2026-06-14")]}, set(), ["owner 'app', is left out: it expired on 2026-06-14"]),
    "its own soon will have": ({"app": [entry("To:a.example", expires="2026-06-20")]}, {"To:a.example"},
                               ["owner 'app', expires on 2026-06-20; after that day"]),
    "all is well": ({"app": [entry("To:a.example", expires="2026-07-20")], "web": [entry("To:b.example")]}, {"To:a.example", "To:b.example"}, []),
}


@pytest.mark.parametrize("name", FITTING)
def test_nobody_is_kept_from_his_entry_by_that_of_another(name):
    stored, expected, words = FITTING[name]
    text, warnings = told("app", stored, notice=7)
    base, own, tail = shared_entries.split(text)
    assert (base, tail) == (BASE, DELEGATED) and set(held(own)) == expected
    assert len(warnings) == (1 if words else 0) and all(word in warnings[0] for word in words), warnings
    tables.check("access", tables.parse("access", text), KNOWN)


def test_what_an_owner_asks_for_beside_others_is_what_the_next_run_makes():
    stored = {"web": [entry("To:x.example", "SKIP"), entry("To:y.example")], "app": [entry("To:a.example")]}
    assert told("app", stored, tail="")[0] == told("web", {"web": stored["web"][1:], "app": stored["app"]}, tail="")[0] \
        == shared_entries.merged("access", BASE, stored, KNOWN, TODAY)[0]


def test_entries_in_a_map_that_comes_from_a_file_are_named_with_their_owners():
    stored = {"web": [entry("To:x.example"), entry("To:y.example")], "app": [entry("To:a.example")], "gone": []}
    assert [(words in one) for one, words in zip(shared_entries.set_aside("access", stored, "/e/access"), ("owner 'app'", "'To:x.example', 'To:y.example'"))] \
        == [True, True]
    assert len(shared_entries.set_aside("access", stored, "/e/access")) == 2


def test_an_entry_can_not_forge_a_boundary():
    text = source({"app": [entry("To:a.example", comment=shared_entries.BOUNDARY + "x\n" + delegation_entries.BOUNDARY)]})
    assert shared_entries.split(text)[0] == BASE and held(shared_entries.split(text)[1]) == {"To:a.example": "OK"}
    assert delegation_entries.split(text)[1] == "To:theirs.example\tOK\n"


# -- a later run of the role config

TAKEN_UP = {
    "as they were": (BASE, {"app": [entry("To:a.example")], "web": [entry("To:b.example")]}, {"To:a.example", "To:b.example"}, []),
    "none": (BASE, {}, set(), []),
    "the table has it now": (BASE + "To:a.example\tREJECT\n", {"app": [entry("To:A.example"), entry("To:b.example")]}, {"To:b.example"},
                             ["'To:A.example', an entry of owner 'app'", "the table of the role config has this key now"]),
    "it soon will have expired": (BASE, {"app": [entry("To:a.example", expires="2026-06-20")]}, {"To:a.example"},
                                  ["owner 'app', expires on 2026-06-20; after that day it is left out"]),
    "it expired": (BASE, {"app": [entry("To:a.example", expires="2026-06-14")]}, set(), ["owner 'app', is left out: it expired on 2026-06-14"]),
    "it does not fit any more": (BASE, {"app": [entry("To:a.example", "SKIP"), entry("To:b.example")]}, {"To:b.example"}, ["skip", "owner 'app'"]),
    "it can not be read any more": (BASE, {"app": [{"key": "To:a.example"}, entry("To:b.example")]}, {"To:b.example"}, ["owner 'app', is left out"]),
}


@pytest.mark.parametrize("name", TAKEN_UP)
def test_a_later_run_takes_up_what_still_fits(name):
    base, stored, expected, words = TAKEN_UP[name]
    text, warnings = shared_entries.merged("access", base, stored, KNOWN, TODAY, 7)
    assert text.startswith(base) and set(held(shared_entries.split(text)[1])) == expected
    assert len(warnings) == (1 if words else 0) and all(word in warnings[0] for word in words), warnings
    # What a run of the role config writes is what the module had written.
    if not words:
        assert text == source(stored, base, "")


def test_aliases_of_others():
    known = Context(local_host_names=["gw.example"])
    roles = "postmaster:\tadmin@example.org\nMAILER-DAEMON:\tpostmaster\n"
    stored = {"app": [entry("app", ["a@example.org", "b@example.org"])], "web": [entry("Postmaster", "x")]}
    text, warnings = shared_entries.merged("aliases", roles, stored, known, TODAY)
    assert [pair[1:3] for pair in tables.parse("aliases", shared_entries.split(text)[1])] == [("app", "a@example.org, b@example.org")]
    assert len(warnings) == 1 and "'Postmaster', an entry of owner 'web'" in warnings[0]
    # A loop with the table: nobody can tell which entry of the owners is at fault, so all are left out, and the table stands.
    text, warnings = shared_entries.merged("aliases", roles + "a:\tb\n", {"app": [entry("b", "a")]}, known, TODAY)
    assert text == roles + "a:\tb\n" and any("loop" in one for one in warnings)


@pytest.mark.parametrize("kind, row, expected", [
    ("access", entry("AuthInfo:a.example", '"P:x"'), {'"P:x"'}), ("access", entry("authinfo:a.example", '"P:x"'), {'"P:x"'}),
    ("access", {"tag": "AuthInfo", "key": "a.example", "action": '"P:x"'}, {'"P:x"'}), ("access", entry("To:a.example"), set()),
    ("authinfo", {"host": "a.example", "user": "u", "password": "hunter2"}, {"hunter2"}), ("authinfo", entry("a.example", "hunter2"), {"hunter2"}),
    ("aliases", {"key": None, "value": None}, set())])
def test_passwords_in_the_wrong_place_are_known_as_such(kind, row, expected):
    assert tables_entries.passwords(kind, [row]) == expected


@pytest.mark.parametrize("data", [b"{", b"[1]", b'{"app": 1}', b'{"app": ["x"]}', b"\xff"])
def test_a_damaged_file_is_named_and_not_taken_for_empty(data):
    with pytest.raises(CommitError) as caught:
        shared_entries.read(data, "/var/lib/mailjail/entries/access")
    assert "/var/lib/mailjail/entries/access" in caught.value.message
