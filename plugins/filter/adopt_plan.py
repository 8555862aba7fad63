# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the plain templates print of adopted files."""

from __future__ import annotations

import yaml
from ansible.errors import AnsibleFilterError

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

DOCUMENTATION = r"""
name: adopt_plan
short_description: Say what the plain templates print of files that were adopted
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Reads files of the filter P(mailjail.sendmail.adopt_documents#filter) back, as Ansible would, and turns them into what the templates C(plain.mc.j2) and
    C(plain.submit.mc.j2) print.
positional: _input, host, platform
options:
  _input:
    description: The files.
    type: list
    elements: dict
    required: true
  host:
    description: Whose configuration it is.
    type: str
    required: true
  platform:
    description: The table of the host's family.
    type: dict
    required: true
"""

EXAMPLES = r"""
- name: Show the statements of a host
  ansible.builtin.debug:
    msg: "{{ documents | mailjail.sendmail.adopt_plan(inventory_hostname, __sendmail_platform) }}"
"""

RETURN = r"""
_value:
  description: The plan, with C(mc) only.
  type: dict
"""


class _Loader(yaml.SafeLoader):
    """Reads files as Ansible does: a text that is marked as no template is a text."""


_Loader.add_constructor("!unsafe", lambda loader, node: loader.construct_scalar(node))


def adopt_plan(documents, host, platform):
    """Return the part of a plan that the plain templates look at."""
    from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_plain, unsafe

    found = {}
    for wanted in ("group_vars/", "host_vars/%s.yml" % host):
        for one in documents:
            if one["path"].startswith(wanted):
                found.update(yaml.load(one["content"], Loader=_Loader) or {})
    try:
        return unsafe.text({"mc": plan_plain.printed(dict({name[len("sendmail_"):]: value for name, value in found.items()}, platform=dict(platform)))})
    except SendmailError as exc:
        raise AnsibleFilterError(exc.message) from exc


class FilterModule:
    """The filters of this file."""

    def filters(self):
        """Return name to function."""
        return {"adopt_plan": adopt_plan}
