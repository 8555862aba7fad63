# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files out of what was adopted."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: adopt_documents
short_description: Write what was adopted from hosts as files beside an inventory
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns the results of M(mailjail.sendmail.sendmail_adopt) of several hosts into host_vars, group_vars with what all of them have in common, and files of
    large maps.
positional: _input, hosts, group
options:
  _input:
    description: All variables of all hosts (C(hostvars)), which hold C(__sendmail_adopted) and C(__sendmail_info).
    type: dict
    required: true
  hosts:
    description: The hosts that were adopted.
    type: list
    elements: str
    required: true
  group:
    description: The group that takes what all have in common.
    type: str
    default: all
"""

EXAMPLES = r"""
- name: Show what would be written
  ansible.builtin.debug:
    msg: "{{ hostvars | mailjail.sendmail.adopt_documents(ansible_play_hosts) }}"
"""

RETURN = r"""
_value:
  description: Dictionaries of C(path), C(content) and C(mode).
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"adopt_documents": lazily("plugin_utils.adopt_files", "documents_of")}
