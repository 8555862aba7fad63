# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that makes a value one quoted argument of a sendmail statement."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: m4_quote
short_description: Make a value one quoted argument of a sendmail statement
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the value between a backquote and a quote, as one argument of C(define), C(FEATURE) or any other statement of an C(.mc) file.
  - The value is kept as it is, or refused by name. It is never run and nothing of it vanishes, although m4 and the macro library of sendmail expand it
    again several times, and would replace words such as C(dnl) or C(divert) and run C(syscmd) wherever they stand.
  - A refusal names the variable, the character or word, and what to do.
positional: name, kind
options:
  _input:
    description: The value. A list is joined with commas where O(kind) is V(list) or V(privacy).
    type: raw
    required: true
  name:
    description: The variable that the value comes from, for messages.
    type: str
    default: value
  kind:
    description:
      - What the value is.
      - V(text) is kept in every place. V(list) keeps commas as well, for options, listeners, milters and queue groups. V(macros) keeps macros of
        sendmail such as C($j) and C($&{client_addr}), for error texts, search paths and arguments of mailers. V(greeting) keeps commas and parentheses
        on top of that, and V(header) also line ends that fold a header.
      - Or a type that the value has to be of, such as V(host), V(relay), V(domain), V(address), V(path), V(paths), V(map), V(user), V(word), V(flags),
        V(integer), V(size), V(interval), V(mode), V(boolean) or V(privacy).
    type: str
    default: text
"""

EXAMPLES = r"""
- name: Show a line of a template that names the smart host
  ansible.builtin.debug:
    msg: "define(`SMART_HOST', {{ smart_host | mailjail.sendmail.m4_quote('smart_host', 'relay') }})dnl"
  vars:
    smart_host: relay:[mail.example.com]
# define(`SMART_HOST', `relay:[mail.example.com]')dnl
"""

RETURN = r"""
_value:
  description: The quoted value.
  type: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"m4_quote": lazily("module_utils.m4", "quote")}
