# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

pytest.importorskip("ansible.errors", reason="filters run on the controller, which has Ansible")

from ansible.errors import AnsibleFilterError

from ansible_collections.mailjail.sendmail.plugins.filter import daemon_options, m4_preamble, m4_quote


def test_each_file_offers_the_filter_of_its_name():
    for module in (daemon_options, m4_preamble, m4_quote):
        name = module.__name__.rpartition(".")[2]
        assert list(module.FilterModule().filters()) == [name]
        assert "name: %s\n" % name in module.DOCUMENTATION


def test_good_input():
    assert m4_quote.m4_quote("relay:[a.example]", "sendmail_smart_host", kind="relay") == "`relay:[a.example]'"
    assert daemon_options.daemon_options({"name": "MTA", "port": 25}) == "Name=MTA, Family=inet, Port=25"
    assert m4_preamble.m4_preamble([]).endswith("dnl\n")


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: m4_quote.m4_quote("a'b", "sendmail_x"), "sendmail_x: found a quote"),
        (lambda: daemon_options.daemon_options({"name": "MTA", "port": 25, "modifiers": ["a"]}, "mine"), "mine (MTA): "),
        (lambda: m4_preamble.m4_preamble(["a b"]), "includes"),
    ],
)
def test_bad_input_is_refused_in_ansibles_own_way(call, said):
    with pytest.raises(AnsibleFilterError) as caught:
        call()
    assert said in str(caught.value)
