# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says which daemons stand behind the milters."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: milter_daemons
short_description: Say which daemons stand behind the milters
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the packages and daemons of all milters of a host, and refuses what can not be meant.
positional: _input
options:
  _input:
    description: What the role milters collects of a site and its host.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ __sendmail_milters_site | mailjail.sendmail.milter_daemons }}"
"""

RETURN = r"""
_value:
  description: C(packages), and C(companions) for the module M(mailjail.sendmail.sendmail_companions).
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"milter_daemons": lazily("plugin_utils.plan_milters", "daemons")}
