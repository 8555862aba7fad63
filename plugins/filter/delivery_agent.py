# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which delivery agent a site means."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: delivery_agent
short_description: Say which delivery agent a site means
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the agent that C(sendmail_local_mailer) names, or that of the platform where it names V(auto) or nothing. The configuration asks the same function.
positional: _input, platform
options:
  _input:
    description: The variable C(sendmail_local_mailer).
    type: dict
    required: true
  platform:
    description: What the platform's table says of delivery agents.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show what puts mail into mailboxes
  ansible.builtin.debug:
    msg: "{{ sendmail_local_mailer | mailjail.sendmail.delivery_agent({'agent': 'mail.local'}) }}"
"""

RETURN = r"""
_value:
  description: The agent.
  type: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"delivery_agent": lazily("plugin_utils.plan_profiles", "agent")}
