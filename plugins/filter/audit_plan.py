# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit asks of a host."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: audit_plan
short_description: Say what an audit asks of a host
version_added: "0.3.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Refuses what can not be meant, such as a waiver without a date or a control that there is not, and turns what is known of a host into what the modules
    M(mailjail.sendmail.sendmail_baseline) and M(mailjail.sendmail.smtp_probe) are told.
positional: _input, info
options:
  _input:
    description: What the site says, as the role C(audit) collects it.
    type: dict
    required: true
  info:
    description: What M(mailjail.sendmail.sendmail_info) found on the host; empty before it was asked, and where it failed.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: See which listeners would be asked
  ansible.builtin.debug:
    msg: "{{ {'profile': 'gateway', 'address': 'mx.example.org'} | mailjail.sendmail.audit_plan(found) }}"
"""

RETURN = r"""
_value:
  description: C(site) for the module on the host; C(targets), the listeners that are asked, C(unasked), why none is, C(known_as), the name
    by which others know the host, and C(recipients) for the probe; C(warnings) on waivers.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"audit_plan": lazily("plugin_utils.audit_plan", "plan")}
