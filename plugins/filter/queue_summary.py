# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says in a few lines what waits in a host's queues, or what became of messages."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: queue_summary
short_description: Say in a few lines what waits, or what became of messages
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns a result of M(mailjail.sendmail.sendmail_queue_info) or M(mailjail.sendmail.sendmail_queue) into lines for a person.
options:
  _input:
    description: The result.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what waits
  ansible.builtin.debug:
    msg: "{{ found | mailjail.sendmail.queue_summary }}"
"""

RETURN = r"""
_value:
  description: The lines.
  type: list
  elements: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"queue_summary": lazily("plugin_utils.queue_lines", "summary")}
