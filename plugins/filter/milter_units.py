# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that names the units of milters that shall be absent."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: milter_units
short_description: Name the units of milters that shall be absent
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the units of all milters with state V(absent), so that a host can be asked whether they run.
positional: _input
options:
  _input:
    description: The variable C(sendmail_milters).
    type: list
    required: true
    elements: dict
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ sendmail_milters | mailjail.sendmail.milter_units }}"
"""

RETURN = r"""
_value:
  description: Names of units.
  type: list
  elements: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"milter_units": lazily("plugin_utils.plan_milters", "absent_units")}
