# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that lays a site's boot flags over the platform's table."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.plugin_utils.filters import lazily

DOCUMENTATION = r"""
name: boot_files
short_description: Lay a site's boot flags over the platform's table
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Completes the list of files for M(mailjail.sendmail.sysconfig). A flag goes into the file whose table names it already, any other into the first file.
positional: _input, extra
options:
  _input:
    description: The platform's table, a list of files with C(path) and C(values).
    type: list
    elements: dict
    required: true
  extra:
    description: The site's own flags, by name.
    type: dict
    default: {}
"""

EXAMPLES = r"""
- name: Show the boot flags of this host
  ansible.builtin.debug:
    msg: "{{ [{'path': '/etc/mail/sendmail.conf', 'values': {'DAEMON_MODE': 'Daemon'}}] | mailjail.sendmail.boot_files({'QUEUE_INTERVAL': '5m'}) }}"
"""

RETURN = r"""
_value:
  description: The option C(files) of M(mailjail.sendmail.sysconfig).
  type: list
  elements: dict
"""


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"boot_files": lazily("module_utils.sysconf", "boot_files")}
