#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_map_entry
short_description: Put single entries into a map that the role config owns
description:
  - For a role or playbook that has an entry for one of sendmail's maps, and does not own the map, such as an application that needs an alias.
  - Each entry belongs to a named owner. The entries of all owners are kept on the host, and each run of the role P(mailjail.sendmail.config#role)
    takes them up, so neither undoes the other's work. A key that the role's own table has, or another owner, or a delegated administrator, is
    refused with its owner's name.
  - The change goes through the transaction of M(mailjail.sendmail.sendmail_config), for this map alone. It is built under a new name, compared, held
    against the other maps, asked of the real sendmail with the live configuration and its route tests, and only then renamed.
  - The role config must have run on the host. What it wrote down there says which maps there are.
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  diff_mode:
    details: The map's source is shown before and after; of a secret map only that it changes.
options:
  map:
    description: The map. It may not come from a file.
    type: str
    required: true
    choices: [access, mailertable, virtusertable, genericstable, domaintable, userdb, authinfo, aliases]
  owner:
    description: Whose the entries are, for instance the name of the role. One owner's entries are nobody else's to change.
    type: str
    required: true
  key:
    description: The key of one entry, in the access map with its tag (C(Connect:), C(To:) ...); a network in CIDR notation is spelt out.
    type: str
  value:
    description: Its right-hand side. Needed unless O(state=absent).
    type: str
  secret_value:
    description: The same for the map V(authinfo), where no log shows it. A password (C(AuthInfo:)) in the map V(access) is refused.
    type: str
  comment:
    description: A remark that stands above the entry in the source.
    type: str
  expires:
    description:
      - The last day on which the entry counts, such as V(2026-12-31). From the next run of the role config on it is left out. A new entry may not have a
        date in the past.
    type: str
  state:
    description: Whether the entry is there.
    type: str
    choices: [present, absent]
    default: present
  entries:
    description: Several entries at once instead of O(key), each a dictionary with the same keys, as in the tables of the role config.
    type: list
    elements: dict
  today:
    description: The date by which entries expire; without it the host's own.
    type: str
  state_directory:
    description: Root-only directory of generations and state, as for M(mailjail.sendmail.sendmail_config).
    type: path
    default: /var/lib/mailjail
seealso:
  - module: mailjail.sendmail.sendmail_config
"""

EXAMPLES = r"""
- name: Mail for the ticket system goes to its host
  mailjail.sendmail.sendmail_map_entry:
    map: mailertable
    owner: tickets
    key: tickets.example.org
    value: "esmtp:[tickets1.example.org]"

- name: A scanner may send for as long as it is on loan
  mailjail.sendmail.sendmail_map_entry:
    map: access
    owner: scanner
    key: "Connect:192.0.2.32/28"
    value: RELAY
    expires: "2027-03-31"

- name: The application is gone, and so are its aliases
  mailjail.sendmail.sendmail_map_entry:
    map: aliases
    owner: application
    entries:
      - {key: application, state: absent}
      - {key: application-errors, state: absent}
"""

RETURN = r"""
changes:
  description: What differs, as meaning.
  returned: always
  type: list
  elements: dict
  sample: [{what: map, name: access, before: null, after: "To:tickets.example.org\tOK"}]
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import shared_host, tables_entries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

SPEC = {
    "map": {"type": "str", "required": True,
            "choices": ["access", "mailertable", "virtusertable", "genericstable", "domaintable", "userdb", "authinfo", "aliases"]},
    "owner": {"type": "str", "required": True}, "key": {"type": "str", "no_log": False}, "value": {"type": "str"},
    "secret_value": {"type": "str", "no_log": True}, "comment": {"type": "str"}, "expires": {"type": "str"},
    "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    "entries": {"type": "list", "elements": "dict", "no_log": False}, "today": {"type": "str"},
    "state_directory": {"type": "path", "default": "/var/lib/mailjail"}}


def wishes(params):
    """Return the entries that are asked for; :raises InvalidValue: an entry without what it needs."""
    if params["map"] == "authinfo" and (params["value"] or params["entries"]):
        raise InvalidValue("authinfo holds passwords: give one entry with key and secret_value, which no log shows.", map="authinfo")
    if params["entries"] is not None:
        return params["entries"]
    value = params["secret_value"] if params["map"] == "authinfo" else params["value"]
    if value is None and params["state"] == "present":
        raise InvalidValue("%s: '%s' has no value." % (params["map"], params["key"]), map=params["map"], key=params["key"])
    return [{"key": params["key"], "value": value, "comment": params["comment"], "expires": params["expires"], "state": params["state"]}]


def main():
    module = quiet(AnsibleModule)(argument_spec=SPEC, supports_check_mode=True, required_one_of=[["key", "entries"]],
                                  mutually_exclusive=[["key", "entries"]])
    # Refused below, but the refusal must not show what was given in the wrong place.
    module.no_log_values.update(tables_entries.passwords(module.params["map"], [module.params] + (module.params["entries"] or [])))
    try:
        today = tables_entries.day(module.params["today"] or time.strftime("%Y-%m-%d"), "today")
        result = shared_host.apply(dict(module.params, entries=wishes(module.params), today=today), Runner(), module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    for warning in result["warnings"]:
        module.warn(warning)
    module.exit_json(changed=result["changed"], changes=result["changes"], diff=result["diff"])


if __name__ == "__main__":
    main()
