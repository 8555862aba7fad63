# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters of the role config."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: config_plan
short_description: Say what follows from the variables of a site
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns what a site says of itself (its domain, where its mail goes, who may relay) into the options of M(mailjail.sendmail.sendmail_config)
    and into what the templates of the role P(mailjail.sendmail.config#role) print.
  - Variables that contradict each other are refused by name.
positional: _input, check
options:
  _input:
    description: The site, as C(__sendmail_site) of the role describes it.
    type: dict
    required: true
  check:
    description: Whether the entries of maps and class files are held against their rules too, as the transaction will do on the host.
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Show what would be tested on the new configuration
  ansible.builtin.debug:
    msg: "{{ (__sendmail_site | mailjail.sendmail.config_plan).route_tests }}"
"""

RETURN = r"""
_value:
  description: Maps, files, directories, route tests and context, and what the templates print.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"config_plan": lazily("plugin_utils.plan", "plan")}
