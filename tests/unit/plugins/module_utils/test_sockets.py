# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import sockets
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue


@pytest.mark.parametrize("text, expected", [
    ("local:/run/opendkim/opendkim.sock", ("unix", "/run/opendkim/opendkim.sock", None)),
    ("unix:/run/a/b", ("unix", "/run/a/b", None)),
    ("inet:8891@127.0.0.1", ("inet", "127.0.0.1", 8891)),
    ("inet:8891@localhost", ("inet", "localhost", 8891)),
    ("inet6:8891@::1", ("inet", "::1", 8891)),
    ("inet6:8891@[::1]", ("inet", "::1", 8891)),
])
def test_parse_socket(text, expected):
    assert tuple(sockets.parse_socket(text)) == expected


@pytest.mark.parametrize("text", [
    "", "/run/x", "local:run/x", "local:/run/../etc/x", "local:/run/a b", "local:/run/a'b", "local:/run/`id`", "unix:", "inet:127.0.0.1:8891", "inet:8891",
    "inet:0@localhost", "inet:70000@localhost", "inet:x@localhost", "fifo:/run/x", "local:/" + "a" * 120, "local:/run/x\n",
])
def test_parse_socket_refuses(text):
    with pytest.raises(InvalidValue):
        sockets.parse_socket(text)
