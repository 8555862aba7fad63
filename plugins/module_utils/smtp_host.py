# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All listeners of one host, probed one after the other, so that a host with three is not spoken to by three probes at the same time."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import socket

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# What is the same for all listeners of a host.
COMMON = ("name", "tests", "recipients", "sender", "helo", "deliver_to", "ca", "patience", "slow_client_seconds", "budget")


def run(params, probe, check_mode=False, resolve=None):
    """Probe each listener; what can not be probed says why.

    :param dict params: ``listeners`` (dicts ``name``, ``address``, ``port``, ``implicit_tls``) and the options that all share.
    :param probe: function of the options of the module smtp_probe and of check mode that returns its result.
    :param resolve: function of a name that returns its first address.
    :returns: list of results, each with ``listener``, the name of the listener.
    """
    found = []
    for one in params["listeners"]:
        said = dict((key, params[key]) for key in COMMON if params.get(key) is not None)
        try:
            # A name is looked up here once, so that all sessions go to one host; it is the site's, who vouches for it by naming it.
            address = (resolve or first_address)(one["address"])
            said.update(address=address, port=one["port"], family=None, implicit_tls=bool(one.get("implicit_tls")), allowed_addresses=[address])
            result = probe(said, check_mode)
        except SendmailError as exc:
            result = {"address": one["address"], "port": one["port"], "implicit_tls": bool(one.get("implicit_tls")), "reachable": False, "refusal": exc.message,
                      "unknown": [], "name": params.get("name") or ""}
        found.append(dict(result, listener=one.get("name") or ""))
    return found


def first_address(name):
    """Return the address of a host, IPv4 if it has one; :raises SendmailError: it has none."""
    try:
        rows = socket.getaddrinfo(name, None, 0, socket.SOCK_STREAM)
    except (OSError, UnicodeError) as exc:
        raise SendmailError("%s has no address here: %s" % (name, exc))
    return sorted(rows, key=lambda row: row[0] != socket.AF_INET)[0][4][0]
