# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that names the milters of a configuration that came back."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: milter_revived
short_description: Name the milters of a configuration that came back
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the daemons of the filters that a configuration names which was put back, as options of M(mailjail.sendmail.sendmail_companions).
positional: _input, restored
options:
  _input:
    description: What the role milters collects of a site and its host.
    type: dict
    required: true
  restored:
    description: What M(mailjail.sendmail.sendmail_info) says of the host since then.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ __sendmail_milters_site | mailjail.sendmail.milter_revived(__sendmail_restored) }}"
"""

RETURN = r"""
_value:
  description: The daemons.
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"milter_revived": lazily("plugin_utils.plan_milters", "revived")}
