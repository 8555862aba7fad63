# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds misspelt variables: a role's specification says nothing of a name that it does not know."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: unknown_variables
short_description: Find variables that no role of this collection knows
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Ansible takes any variable in silence, so a misspelt one would be a setting that never comes into force.
positional: _input, roles, more
options:
  _input:
    description: Names of variables.
    type: list
    elements: str
    required: true
  roles:
    description: Directory of the roles, whose C(meta/argument_specs.yml) name what is known.
    type: path
    required: true
  more:
    description: Further names that are known.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse misspelt variables
  ansible.builtin.assert:
    that: lookup('ansible.builtin.varnames', '^sendmail_', wantlist=True) | mailjail.sendmail.unknown_variables(role_path ~ '/..') | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each unknown name, with the nearest known one.
  type: list
  elements: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"unknown_variables": lazily("plugin_utils.variables", "unknown")}
