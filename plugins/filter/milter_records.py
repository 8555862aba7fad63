# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes DNS records of DKIM keys."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: milter_records
short_description: Make DNS records of DKIM keys
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the TXT records by which others verify what this host signs.
positional: _input, reports
options:
  _input:
    description: What the role milters collects of a site and its host.
    type: dict
    required: true
  reports:
    description: Public keys as PEM, by the name of the milter.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show it
  ansible.builtin.debug:
    msg: "{{ __sendmail_milters_site | mailjail.sendmail.milter_records(__sendmail_milters.reports) }}"
"""

RETURN = r"""
_value:
  description: Records, each with C(milter), C(name), C(text), and C(zone), a line of a zone file.
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"milter_records": lazily("plugin_utils.plan_milters", "records")}
