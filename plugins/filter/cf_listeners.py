# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that reads listeners out of a compiled configuration."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: cf_listeners
short_description: Read listeners out of a compiled configuration
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Turns the C(DaemonPortOptions) of a compiled configuration into entries of C(sendmail_listeners), so that a configuration that was put back is held
    against its own listeners and not against those of the variables.
options:
  _input:
    description: The lines, as M(mailjail.sendmail.sendmail_info) returns them.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show where the live configuration listens
  ansible.builtin.debug:
    msg: "{{ found.configuration.daemon_port_options | mailjail.sendmail.cf_listeners }}"
"""

RETURN = r"""
_value:
  description: The listeners, each with C(name), C(address), C(port) and C(modifiers).
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"cf_listeners": lazily("plugin_utils.plan_mc", "cf_listeners")}
