# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Layers and dates of tables: which entry counts, what is said of those that do not, and where each comes from."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_layers, plan_maps

TODAY = "2026-06-15"


def entry(key, value="REJECT", **more):
    return dict({"key": key, "value": value}, **more)


def one(name, base=None, **layers):
    """Return the one table of a map from what each layer says."""
    site = {"tables": {name: base or {}}, "layers": {name: layers}, "today": TODAY, "expiry_notice": 14}
    return plan_layers.applied(site)["tables"][name]


def held(found):
    return {row.get("key"): row.get("value") for row in found.get("entries") or []}


# What each layer says, from the first to the last, and what comes of it.
LAYERED = {
    "one layer alone": ([{"Connect:a.example": "REJECT"}], {"Connect:a.example": "REJECT"}),
    "layers add up": ([{"Connect:a.example": "REJECT"}, {"Connect:b.example": "OK"}, {}, {"To:c.example": "OK"}],
                      {"Connect:a.example": "REJECT", "Connect:b.example": "OK", "To:c.example": "OK"}),
    "the site over the table": ([{"Connect:a.example": "REJECT"}, {"Connect:a.example": "OK"}], {"Connect:a.example": "OK"}),
    "the group over the site": ([{}, {"Connect:a.example": "REJECT"}, {"Connect:a.example": "OK"}], {"Connect:a.example": "OK"}),
    "the host over all": ([{"From:x@": "OK"}, {"From:x@": "REJECT"}, {"From:x@": "DISCARD"}, {"From:x@": "OK"}], {"From:x@": "OK"}),
    "case does not matter": ([{"Connect:A.example": "REJECT"}, {}, {}, {"connect:a.EXAMPLE": "OK"}], {"connect:a.EXAMPLE": "OK"}),
    "a network in another spelling": ([{"Connect:10.0.0.0/8": "RELAY"}, {}, {}, {"Connect:10": "REJECT"}], {"Connect:10": "REJECT"}),
    "an IPv6 network in another spelling": ([{"Connect:2001:db8::/32": "OK"}, {"Connect:IPv6:2001:db8": "REJECT"}], {"Connect:IPv6:2001:db8": "REJECT"}),
    "two networks are two entries": ([{"Connect:10.0.0.0/8": "RELAY"}, {"Connect:10.1.2.0/27": "REJECT"}],
                                     {"Connect:10.0.0.0/8": "RELAY", "Connect:10.1.2.0/27": "REJECT"}),
    "another tag is another entry": ([{"Connect:a.example": "REJECT"}, {"From:a.example": "OK"}], {"Connect:a.example": "REJECT", "From:a.example": "OK"}),
    "absent takes away": ([{"Connect:a.example": "REJECT", "Connect:b.example": "OK"}, {}, {}, {"Connect:A.example": None}], {"Connect:b.example": "OK"}),
    "absent and present again": ([{"Connect:a.example": "REJECT"}, {"Connect:a.example": None}, {"Connect:a.example": "OK"}], {"Connect:a.example": "OK"}),
    "absent of nothing": ([{}, {"Connect:a.example": None}], {}),
}


@pytest.mark.parametrize("name", LAYERED)
def test_later_layers_win_key_by_key(name):
    said, expected = LAYERED[name]
    rows = [{"entries": [entry(key, value) if value else {"key": key, "state": "absent"} for key, value in layer.items()]} if layer else {} for layer in said]
    rows += [{}] * (4 - len(rows))
    assert held(one("access", rows[0], site=rows[1], group=rows[2], host=rows[3])) == expected


def test_what_follows_from_other_variables_can_be_taken_away_too():
    found = one("access", None, host={"entries": [{"tag": "ClientRate", "state": "absent"}, entry("connect:10", "REJECT")]})
    derived = [entry("ClientRate:", "60"), entry("Connect:10.0.0.0/8", "RELAY"), entry("ClientConn:", "20")]
    assert [row["key"] for row in plan_maps.merge("access", derived, found)] == ["ClientConn:", "connect:10"]


# A date, and what becomes of the entry on the 15th of June.
DATES = {
    "no date": (None, "kept"),
    "long ago": ("2025-01-01", "expired"),
    "yesterday": ("2026-06-14", "expired"),
    "today is its last day": ("2026-06-15", "announced"),
    "tomorrow": ("2026-06-16", "announced"),
    "as far as the notice reaches": ("2026-06-29", "announced"),
    "one day more": ("2026-06-30", "kept"),
    "a date that YAML made": (datetime.date(2026, 6, 14), "expired"),
    "a date and time that YAML made": (datetime.datetime(2026, 6, 14, 23, 59), "expired"),
}


@pytest.mark.parametrize("name", DATES)
def test_an_entry_counts_until_its_day(name):
    date, fate = DATES[name]
    found = one("access", {"entries": [entry("Connect:10.1.2.0/27", comment="a guest", expires=date)]})
    text = tables.row_text(dict(found, kind="access"))
    assert ("Connect:10.1.2.31\tREJECT" in text) == (fate != "expired")
    assert (found["remarks"] == []) == (fate != "expired") and (found["warnings"] != []) == (fate == "announced")
    for told in found["remarks"] + found["warnings"]:
        assert "Connect:10.1.2.0/27" in told and str(date)[:10] in told and "sendmail_access, entry 1" in told
    # What is left out is a remark in the source.
    assert [line for line in text.splitlines() if line.startswith("# Left out")] == ["# " + remark for remark in found["remarks"]]
    assert ("expires on" in text) == (fate in ("kept", "announced") and date is not None)


def test_what_expired_in_a_later_layer_uncovers_the_earlier_one():
    expired = {"entries": [entry("Connect:a.example", "OK", expires="2026-06-01"), {"key": "To:b.example", "state": "absent", "expires": "2026-06-01"}]}
    assert held(one("access", {"entries": [entry("Connect:a.example"), entry("To:b.example")]}, host=expired)) == {
        "Connect:a.example": "REJECT", "To:b.example": "REJECT"}


def test_messages_and_source_say_where_an_entry_comes_from():
    found = one("mailertable", {"entries": [entry("a.example", "relay:[x.example]")]}, group={"entries": [entry("b.example", "nosuch")]})
    with pytest.raises(tables.MapError) as caught:
        tables.row_text(dict(found, kind="mailertable"))
    assert "mailertable, sendmail_mailertable_group, entry 1: 'b.example'" in caught.value.message
    host = {"entries": [entry("b.example", "relay:[y.example]", comment="why")]}
    found = one("mailertable", {"entries": [entry("a.example", "relay:[x.example]")]}, host=host)
    assert tables.row_text(dict(found, kind="mailertable")) == (
        "a.example\trelay:[x.example]\n# why (sendmail_mailertable_host)\nb.example\trelay:[y.example]\n")


def test_two_entries_of_one_layer_are_refused_with_both_places():
    found = one("access", {"entries": [entry("To:z.example", "OK")]}, group={"entries": [entry("Connect:10"), entry("Connect:10.0.0.0/8", "OK")]})
    with pytest.raises(tables.MapError) as caught:
        tables.row_text(dict(found, kind="access"))
    assert "sendmail_access_group, entry 2: 'Connect:10': the key stands twice, first in sendmail_access_group, entry 1" in caught.value.message


def test_a_table_without_layers_is_as_it_was_written():
    said = {"entries": [entry("Connect:a.example", comment="why")]}
    assert one("access", said)["entries"] == said["entries"]
    assert one("access") == {} and one("virtusertable", {"domains": ["v.example"]}) == {"domains": ["v.example"]}
    assert one("virtusertable", {"domains": ["v.example"]}, host={"domains": ["w.example", "v.example"]})["domains"] == ["v.example", "w.example"]
    assert one("mailertable", None, site={"file": "maps/mailertable"}) == {"file": "maps/mailertable"}


REFUSED = {
    "a date that is none": ({"entries": [entry("To:a.example", expires="soon")]}, {}, ["sendmail_access, entry 1", "soon", "2026-12-31"]),
    "a day that there is not": ({"entries": [entry("To:a.example", expires="2026-02-30")]}, {}, ["2026-02-30"]),
    "a misspelt end, which would never come": ({"entries": [entry("To:a.example", expire="2026-12-31")]}, {}, ["'expire'", "Did you mean expires?"]),
    "a state that there is not": ({}, {"host": {"entries": [{"key": "To:a.example", "state": "gone"}]}}, ["sendmail_access_host, entry 1", "gone", "absent"]),
    "no key": ({"entries": [{"value": "OK"}]}, {}, ["sendmail_access, entry 1", "'key' is missing"]),
    "a word for an entry": ({"entries": ["To:a.example OK"]}, {}, ["sendmail_access, entry 1", "key and value"]),
    "a file and entries in another layer": ({"file": "access"}, {"host": {"entries": [entry("To:a.example")]}},
                                            ["sendmail_access names file", "sendmail_access_host names entries"]),
    "two files": ({}, {"site": {"file": "access"}, "group": {"host_file": "/srv/access"}}, ["sendmail_access_site names file", "_group names host_file"]),
    "a field of another map": ({"entries": [entry("To:a.example", mailer="relay")]}, {}, ["an entry of access has no 'mailer'"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_place(name):
    base, layers, words = REFUSED[name]
    with pytest.raises(InvalidValue) as caught:
        one("access", base, **layers)
    assert [word for word in words if word not in caught.value.message] == [], caught.value.message


def test_without_a_date_nothing_can_expire():
    with pytest.raises(InvalidValue) as caught:
        plan_layers.applied({"tables": {"access": {"entries": [entry("To:a.example", expires="2026-12-31")]}}})
    assert "sendmail_today" in caught.value.message


def test_a_password_is_in_no_remark():
    secret = {"host": "smart.example", "user": "u", "password": "hush", "expires": "2026-06-01"}
    found = one("authinfo", {"entries": [secret, dict(secret, host="other.example", expires="2026-06-20")]})
    assert "AuthInfo:smart.example" in found["remarks"][0] and "AuthInfo:other.example" in found["warnings"][0]
    assert "hush" not in repr(found["remarks"] + found["warnings"])
