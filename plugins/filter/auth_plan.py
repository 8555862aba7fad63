# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of the role auth."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: auth_plan
short_description: Say what SMTP AUTH needs on a host
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns what a site says of logins (C(sendmail_auth), C(sendmail_smart_host_auth)) and what its host has into plugins and programs of the SASL library, the
    users' file, as whom it is read, and what of former logins is left.
options:
  _input:
    description: The site, as C(__sendmail_auth_site) of the role P(mailjail.sendmail.auth#role) describes it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which plugins a host has to have
  ansible.builtin.debug:
    msg: "{{ (__sendmail_auth_site | mailjail.sendmail.auth_plan).plugins }}"
"""

RETURN = r"""
_value:
  description: What the role does.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"auth_plan": lazily("plugin_utils.plan_auth", "plan")}
