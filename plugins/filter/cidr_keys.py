# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that turns networks into keys of the access map."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: cidr_keys
short_description: Turn networks into keys of sendmail's access map
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - The access map knows no CIDR. It finds an IPv4 network by its leading octets (C(192.168)) and an IPv6 network by its leading groups of
    16 bits (C(IPv6:2001:db8)), because sendmail shortens the address of a client by one octet or one group at a time.
  - A network that ends on such a border becomes one key, any other becomes the keys that cover it (a C(/27) becomes 32 addresses).
  - Entries of O(mailjail.sendmail.sendmail_config#module:maps) may name networks directly; this filter is for templates and for files of your own.
positional: _input
options:
  _input:
    description: A network or address, or a list of them, such as C(192.168.0.0/16), C(192.0.2.25) or C(2001:db8::/48).
    type: raw
    required: true
  tag:
    description: What to put before each key, such as C(Connect).
    type: str
    default: ""
  compressed:
    description:
      - Whether the sendmail on the host has C(UseCompressedIPv6Addresses) on. It is off unless the configuration says otherwise.
    type: bool
    default: false
  limit:
    description: The most keys that one network may become.
    type: int
    default: 65536
"""

EXAMPLES = r"""
- name: Lines that let two networks relay
  ansible.builtin.debug:
    msg: "{{ ['192.168.0.0/16', '2001:db8:7::/48'] | mailjail.sendmail.cidr_keys(tag='Connect') | product(['RELAY']) | map('join', '\t') }}"
  # Connect:192.168          RELAY
  # Connect:IPv6:2001:db8:7  RELAY
"""

RETURN = r"""
_value:
  description: The keys, in the order of the networks.
  type: list
  elements: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"cidr_keys": lazily("module_utils.tables_cidr", "access_keys")}
