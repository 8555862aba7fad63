# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plain templates print of adopted files."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: adopt_plan
short_description: Say what the plain templates print of files that were adopted
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Reads files of the filter P(mailjail.sendmail.adopt_documents#filter) back, as Ansible would, and turns them into what the templates C(plain.mc.j2) and
    C(plain.submit.mc.j2) print.
positional: _input, host, platform
options:
  _input:
    description: The files.
    type: list
    elements: dict
    required: true
  host:
    description: Whose configuration it is.
    type: str
    required: true
  platform:
    description: The table of the host's family.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the statements of a host
  ansible.builtin.debug:
    msg: "{{ documents | mailjail.sendmail.adopt_plan(inventory_hostname, __sendmail_platform) }}"
"""

RETURN = r"""
_value:
  description: The plan, with C(mc) only.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"adopt_plan": lazily("plugin_utils.adopt_files", "read_back")}
