# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files out of what was adopted."""

from __future__ import annotations

from ansible.errors import AnsibleFilterError

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

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


def adopt_documents(hostvars, hosts, group="all"):
    """Return the files; see :func:`adopt_files.documents`."""
    from ansible_collections.mailjail.sendmail.plugins.plugin_utils import adopt_files, unsafe

    found = {host: {"adopted": hostvars[host]["__sendmail_adopted"]["adopted"], "fqdn": hostvars[host]["__sendmail_info"]["host"]["fqdn"] or host}
             for host in hosts}
    try:
        return unsafe.text(adopt_files.documents(found, group))
    except SendmailError as exc:
        raise AnsibleFilterError(exc.message) from exc


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return name to function."""
        return {"adopt_documents": adopt_documents}
