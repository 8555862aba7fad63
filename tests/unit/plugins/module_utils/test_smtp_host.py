# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError

PARAMS = {
    "listeners": [
        {"name": "MTA", "address": "mx.example.org", "port": 25, "implicit_tls": False},
        {"name": "", "address": "192.0.2.1", "port": 465, "implicit_tls": True},
    ],
    "name": "mx.example.org",
    "tests": None,
    "recipients": {"local": "a@example.org"},
    "sender": "",
    "helo": "",
    "deliver_to": "",
    "ca": None,
    "patience": 30,
    "slow_client_seconds": 330,
    "budget": None,
}


def resolve(name):
    if name == "gone.example":
        raise SendmailError("gone.example has no address here")
    return {"mx.example.org": "192.0.2.1"}.get(name, name)


def test_each_listener_is_probed_by_its_address_alone_and_keeps_its_name():
    calls = []

    def probe(said, check_mode):
        calls.append((said, check_mode))
        return {"address": said["address"], "port": said["port"], "reachable": True, "name": said["name"]}

    found = smtp_host.run(PARAMS, probe, True, resolve)
    assert [(one["listener"], one["port"], one["name"]) for one in found] == [("MTA", 25, "mx.example.org"), ("", 465, "mx.example.org")]
    assert [(said["address"], said["allowed_addresses"], said["implicit_tls"], check) for said, check in calls] == [
        ("192.0.2.1", ["192.0.2.1"], False, True),
        ("192.0.2.1", ["192.0.2.1"], True, True),
    ]
    assert "tests" not in calls[0][0] and "ca" not in calls[0][0] and calls[0][0]["recipients"] == {"local": "a@example.org"}


@pytest.mark.parametrize("address, words", [("gone.example", "no address"), ("192.0.2.1", "no such test")])
def test_one_that_can_not_be_probed_does_not_stop_the_others(address, words):
    def probe(said, check_mode):
        if said["port"] == 25:
            raise InvalidValue("no such test")
        return {"reachable": True}

    found = smtp_host.run(dict(PARAMS, listeners=[dict(PARAMS["listeners"][0], address=address), PARAMS["listeners"][1]]), probe, False, resolve)
    assert (found[0]["reachable"], found[1]["reachable"]) == (False, True) and words in found[0]["refusal"] and found[0]["port"] == 25


def test_a_name_without_an_address_says_so():
    with pytest.raises(SendmailError, match="no.such.name.invalid"):
        smtp_host.first_address("no.such.name.invalid")
    assert smtp_host.first_address("127.0.0.1") == "127.0.0.1"
