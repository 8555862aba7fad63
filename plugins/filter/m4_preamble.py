# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that returns the first lines of an .mc file."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: m4_preamble
short_description: Return the first lines of an .mc file, which disarm m4
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Returns the lines that belong at the beginning of each C(.mc) file, also of a site's own template.
  - They take from m4 what a configuration never needs, running commands, making files and reading any file but those of the cf library. Who tries makes
    the compilation fail.
  - They leave out of the compiled file who built it, when and where, so that the same source gives the same bytes.
options:
  _input:
    description: Further files that the configuration may include. Usually an empty list.
    type: list
    elements: str
    required: true
"""

EXAMPLES = r"""
- name: Show how a site's own template begins
  ansible.builtin.debug:
    msg: |
      {{ [] | mailjail.sendmail.m4_preamble }}include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
"""

RETURN = r"""
_value:
  description: The lines, with a line end after the last.
  type: str
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"m4_preamble": lazily("module_utils.m4", "preamble")}
