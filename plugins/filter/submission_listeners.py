# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that says on which sockets a host listens once users may log in."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: submission_listeners
short_description: Add the submission ports to the listeners of a site
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Where users log in (SMTP AUTH), each public address of the site gets the submission ports, and every other listener the modifier that keeps AUTH away.
  - Without AUTH the listeners stay as they are.
positional: _input, auth, ports
options:
  _input:
    description: The listeners, as C(sendmail_listeners).
    type: list
    elements: dict
    required: true
  auth:
    description: What is said of AUTH, as C(sendmail_auth).
    type: dict
    required: true
  ports:
    description: The submission ports, as C(sendmail_submission_ports).
    type: list
    elements: int
"""

EXAMPLES = r"""
- name: Show where the daemon listens
  ansible.builtin.debug:
    msg: "{{ sendmail_listeners | mailjail.sendmail.submission_listeners(sendmail_auth) }}"
"""

RETURN = r"""
_value:
  description: All listeners.
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"submission_listeners": lazily("plugin_utils.plan_auth", "listeners")}
