#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at all listeners of one host from outside."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: smtp_probe_host
short_description: Look at all SMTP listeners of one host over the wire, as a stranger would
version_added: 0.3.0
description:
  - Does for each of several listeners of a host, one after the other, what M(mailjail.sendmail.smtp_probe) does for one, in a single run.
  - Runs on the controller (C(delegate_to=localhost)) or on another host that sees the listeners as a stranger does.
  - A name is looked up once, on the probing host. Nothing but the addresses in O(listeners) is spoken to.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  listeners:
    description: The listeners. Only hosts of the inventory belong here.
    type: list
    elements: dict
    required: true
    suboptions:
      name: {description: 'Its name, such as V(MTA).', type: str, default: ""}
      address: {description: Address or name of the host., type: str, required: true}
      port: {description: Its port., type: int, required: true}
      implicit_tls: {description: 'Whether TLS begins with the first byte, as on port 465.', type: bool, default: false}
  name:
    description: The name by which others know the host.
    type: str
    default: ""
  tests:
    description: As for M(mailjail.sendmail.smtp_probe); its usual ones without this option.
    type: list
    elements: str
  recipients:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: dict
  sender:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: str
    default: ""
  helo:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: str
    default: ""
  deliver_to:
    description: As for M(mailjail.sendmail.smtp_probe). Without it no message is sent.
    type: str
    default: ""
  ca:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: path
  patience:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: int
    default: 30
  slow_client_seconds:
    description: As for M(mailjail.sendmail.smtp_probe).
    type: int
    default: 330
  budget:
    description: As for M(mailjail.sendmail.smtp_probe), for each listener.
    type: dict
seealso:
  - module: mailjail.sendmail.smtp_probe
"""

EXAMPLES = r"""
- name: Look at both public listeners from the controller
  mailjail.sendmail.smtp_probe_host:
    name: "{{ inventory_hostname }}"
    listeners:
      - {name: MTA, address: "{{ ansible_host }}", port: 25}
      - {name: MSA, address: "{{ ansible_host }}", port: 587}
  delegate_to: localhost
"""

RETURN = r"""
listeners:
  description: For each listener what M(mailjail.sendmail.smtp_probe) returns, and C(listener), its name.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_host, smtp_run
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told

LISTENER = {"name": {"type": "str", "default": ""}, "address": {"type": "str", "required": True}, "port": {"type": "int", "required": True},
            "implicit_tls": {"type": "bool", "default": False}}
SPEC = {
    "listeners": {"type": "list", "elements": "dict", "required": True, "options": LISTENER}, "name": {"type": "str", "default": ""},
    "tests": {"type": "list", "elements": "str"}, "recipients": {"type": "dict"}, "sender": {"type": "str", "default": ""},
    "helo": {"type": "str", "default": ""}, "deliver_to": {"type": "str", "default": ""}, "ca": {"type": "path"},
    "patience": {"type": "int", "default": smtp_run.DEFAULTS["patience"]},
    "slow_client_seconds": {"type": "int", "default": smtp_run.DEFAULTS["slow_client_seconds"]}, "budget": {"type": "dict"},
}


def main():
    """Ask each, and tell."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        listeners = smtp_host.run(module.params, smtp_run.run, module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(changed=False, listeners=listeners)


if __name__ == "__main__":
    main()
