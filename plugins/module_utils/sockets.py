# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where a daemon listens, as milters and sendmail spell it. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

UNIX_PATH_LIMIT = 107
# ``kind`` is ``unix`` or ``inet``; port is None for a unix socket.
Socket = collections.namedtuple("Socket", "kind place port")


def parse_socket(text):
    """Read a socket as milters and sendmail spell it.

    :param str text: ``local:/path``, ``unix:/path``, ``inet:port@address`` or ``inet6:port@address``.
    :raises InvalidValue: it is none of these.
    """
    kind, _colon, rest = text.partition(":")
    if kind in ("local", "unix"):
        if not re.match(r"/[A-Za-z0-9._/+@-]+\Z", rest) or "/../" in rest:
            raise InvalidValue("socket '%s': expected an absolute path of letters, digits and . _ / + @ - after '%s:'." % (text, kind), socket=text)
        if len(rest) > UNIX_PATH_LIMIT:
            raise InvalidValue("socket '%s': the kernel takes paths of at most %d characters." % (text, UNIX_PATH_LIMIT), socket=text)
        return Socket("unix", rest, None)
    found = re.match(r"([0-9]{1,5})@([0-9A-Fa-f.:]+|\[[0-9A-Fa-f.:]+\]|[A-Za-z0-9][A-Za-z0-9.-]*)\Z", rest)
    if kind not in ("inet", "inet6") or not found or not 0 < int(found.group(1)) < 65536:
        raise InvalidValue("socket '%s': expected local:/path/to/socket, inet:port@address or inet6:port@address." % text, socket=text)
    return Socket("inet", found.group(2).strip("[]"), int(found.group(1)))
