# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report on a host that was adopted."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: adopt_report
short_description: Say what became of a host's configuration
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Names each line that no variable says, everything in which the compiled results differ, and what is to be checked, as Markdown.
positional: _input, host, compared
options:
  _input:
    description: Result of M(mailjail.sendmail.sendmail_adopt).
    type: dict
    required: true
  host:
    description: Whose it is.
    type: str
    required: true
  compared:
    description: Result of the same module with rendered texts.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the report
  ansible.builtin.debug:
    msg: "{{ adopted | mailjail.sendmail.adopt_report(inventory_hostname, compared) }}"
"""

RETURN = r"""
_value:
  description: The text.
  type: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"adopt_report": lazily("plugin_utils.adopt_files", "report_of")}
