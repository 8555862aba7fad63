# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter of the role tls."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: tls_plan
short_description: Say where keys and certificates lie
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns what a site says of its certificates (C(sendmail_tls)) into the options of M(mailjail.sendmail.sendmail_tls), the files that the daemon
    reads at its start, and the certificates that its listeners have to show.
options:
  _input:
    description: The site, as C(__sendmail_tls_site) of the role P(mailjail.sendmail.platform#role) describes it.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show which files a change of the certificate touches
  ansible.builtin.debug:
    msg: "{{ (__sendmail_tls_site | mailjail.sendmail.tls_plan).files }}"
"""

RETURN = r"""
_value:
  description: The options of the module (null where it has nothing to do), and the paths.
  type: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"tls_plan": lazily("plugin_utils.plan_tls", "plan")}
