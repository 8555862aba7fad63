# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host without a daemon is judged by where its submission program sends mail."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import socket

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import submission

Result = collections.namedtuple("Result", "rc stdout stderr")
HUB = "[hub.corp.example]"
RIGHT = ("> Local_localaddr  returns: $# relay $@ [ hub . corp . example ] $: root < @ corp . example >\n"
         "localaddr        returns: $# relay $@ [ hub . corp . example ] $: root < @ corp . example >\n"
         "> localaddr        returns: $# relay $@ [ hub . corp . example ] $: user < @ mailjail-test . example >\n> ")
OWN_DAEMON = RIGHT.replace("hub . corp . example", "127 . 0 . 0 . 1")
DELIVERED = "localaddr        returns: root\nlocaladdr        returns: $# local $: user\n"


class Runner:
    def __init__(self, said):
        self.said, self.asked = said, []

    def run(self, argv, stdin=""):
        self.asked.append((argv, stdin))
        return Result(0, self.said, "")


@pytest.mark.parametrize("said, words", [
    (RIGHT, []),
    (OWN_DAEMON, ["mail for root would go to [127.0.0.1]", "mail for user@mailjail-test.example would go to [127.0.0.1]"]),
    (DELIVERED, ["is no configuration to sendmail"]),
    ("", ["is no configuration to sendmail: no word"]),
])
def test_where_mail_would_go(said, words):
    runner = Runner(said)
    found = submission.route_faults(runner, "/usr/sbin/sendmail", "/etc/mail/submit.cf", HUB)
    assert len(found) == len(words) and all(word in fault for word, fault in zip(words, found))
    assert runner.asked == [(["/usr/sbin/sendmail", "-C", "/etc/mail/submit.cf", "-bt"], "5 root\n5 user@mailjail-test.example\n")]


def test_a_hub_that_is_away_is_told():
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    port = listening.getsockname()[1]
    listening.close()
    told = submission.hub_warning("[127.0.0.1]", port, 2)
    assert "127.0.0.1:%d does not answer" % port in told and "Mail waits" in told
