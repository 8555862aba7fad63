# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a listener the argument of DAEMON_OPTIONS."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: daemon_options
short_description: Make a listener the argument of DAEMON_OPTIONS
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the text that C(DAEMON_OPTIONS) takes, without quotes. Nothing in it means anything to m4.
  - Keys, addresses, numbers and modifiers are checked, since sendmail looks at the first letter of a key only and takes every misspelling in silence.
  - Modifiers that contradict each other are refused, and V(a) on port 25, which would refuse every other mail server.
positional: name
options:
  _input:
    description:
      - The listener. Keys are C(name), C(family) (V(inet) or V(inet6), by default that of the address), C(address), C(port), C(modifiers) (a list of letters),
        and the limits C(listen) (connections that wait), C(children), C(delivery_mode), C(queue_load), C(refuse_load), C(delay_load), C(milters) (a list of
        names), C(send_buffer) and C(receive_buffer).
    type: dict
    required: true
  name:
    description: The variable that the listener comes from, for messages.
    type: str
    default: sendmail_listeners
"""

EXAMPLES = r"""
- name: Show a line of a template that opens a listener
  ansible.builtin.debug:
    msg: "DAEMON_OPTIONS(`{{ {'name': 'MTA', 'port': 25, 'modifiers': ['f', 'E']} | mailjail.sendmail.daemon_options }}')dnl"
# DAEMON_OPTIONS(`Name=MTA, Family=inet, Port=25, Modifiers=fE')dnl
"""

RETURN = r"""
_value:
  description: The argument of DAEMON_OPTIONS.
  type: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"daemon_options": lazily("module_utils.m4", "daemon_options")}
