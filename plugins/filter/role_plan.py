# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter by which a role turns what a site says, and what its host has, into what it does."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: role_plan
short_description: Say what a role does on a host
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns what a site says of a role's matter, and what M(mailjail.sendmail.sendmail_info) found on its host, into the options of the modules that the role
    calls.
  - Nothing is touched; variables that contradict each other are refused by name.
positional: _input, role
options:
  _input:
    description: The site, as C(__sendmail_ROLE_site) in C(vars/main.yml) of the role describes it.
    type: dict
    required: true
  role:
    description: The role.
    type: str
    required: true
    choices: [apparmor, auth, firewall, logs, metrics, milters, tls]
"""

EXAMPLES = r"""
- name: Show which plugins of SASL a host has to have
  ansible.builtin.debug:
    msg: "{{ (__sendmail_auth_site | mailjail.sendmail.role_plan('auth')).plugins }}"
"""

RETURN = r"""
_value:
  description: What the role does; its keys are the role's own.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"role_plan": lazily("plugin_utils.role_plans", "plan")}
