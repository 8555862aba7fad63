# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that names the packages of milters."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: milter_packages
short_description: Name the packages of milters
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the packages of all presets that are named, in the words of every distribution.
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
    msg: "{{ sendmail_milters | mailjail.sendmail.milter_packages }}"
"""

RETURN = r"""
_value:
  description: Names of packages.
  type: list
  elements: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"milter_packages": lazily("plugin_utils.plan_milters", "all_packages")}
