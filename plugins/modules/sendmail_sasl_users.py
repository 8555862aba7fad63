#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Users and passwords of a SASL database, all in one call."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_sasl_users
short_description: Keep exactly the named users in a SASL database
version_added: 0.2.0
description:
  - Keeps a database of users and passwords for SMTP AUTH, of its own and not the one that the distribution shares between services.
  - It holds exactly O(users). It is built beside the live one, read back, and put in its place with one rename.
  - Passwords reach C(saslpasswd2) through its standard input. No result, diff, log or process list shows them.
  - The database holds passwords as they are, and is therefore readable to O(owner) only. Whether a password changed is known by a keyed digest in
    O(state). If the database was written by somebody else, it is built anew.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  diff_mode:
    details: Names only. A password that changed is said to have changed.
options:
  path:
    description: The database. Its directory exists and belongs to root.
    type: path
    required: true
  state:
    description: The file of digests, readable to root only.
    type: path
    default: /var/lib/mailjail/sasl-users.json
  realm:
    description: The realm of users whose name has none.
    type: str
    required: true
  users:
    description: The users.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name, or C(name@realm).
        type: str
        required: true
      password:
        description: Password.
        type: str
        required: true
  owner:
    description: Owner of the database, as whom the daemon reads it.
    type: str
    default: root
  group:
    description: Group of the database.
    type: str
    default: root
  mode:
    description: Octal mode in quotes. sendmail refuses a database that a group can read.
    type: str
    default: "0600"
"""

EXAMPLES = r"""
- name: Two users, whose passwords are in a vault
  mailjail.sendmail.sendmail_sasl_users:
    path: /etc/sasl2/sendmail.sasldb2
    realm: example.org
    users:
      - name: alice
        password: "{{ vault_alice }}"
      - name: printer
        password: "{{ vault_printer }}"
"""

RETURN = r"""
changes:
  description: What changed (in check mode, what would change).
  returned: success
  type: list
  elements: dict
  contains:
    name:
      description: The user, or the path whose owner or mode changed.
      type: str
      sample: alice@example.org
    what:
      description: >-
        One of V(added), V(removed), V(password), V(unknown) (the database was changed by somebody else, so the password is set anew), V(owner), V(group),
        V(mode).
      type: str
      sample: added
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import sasl_users
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

SPEC = {
    "path": {"type": "path", "required": True}, "state": {"type": "path", "default": "/var/lib/mailjail/sasl-users.json"},
    "realm": {"type": "str", "required": True},
    "users": {"type": "list", "elements": "dict", "required": True, "options": {
        "name": {"type": "str", "required": True}, "password": {"type": "str", "required": True, "no_log": True}}},
    "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}, "mode": {"type": "str", "default": "0600"},
}


def run(params, check_mode):
    """Look, and unless in check mode act; return the module's result."""
    database = sasl_users.Database(Runner(), params)
    if not check_mode:
        database.require()
    changes = [{"name": name, "what": what} for name, what in database.rows] + [{"name": params["path"], "what": fault[0]} for fault in database.faults]
    if changes and not check_mode:
        database.apply()
    return {"changed": bool(changes), "changes": changes,
            "diff": {"before_header": params["path"], "after_header": params["path"], "before": "".join(
                "%s\n" % row["name"] for row in changes if row["what"] not in ("added", "owner", "group", "mode")),
                "after": "".join("%s%s\n" % (row["name"], "" if row["what"] == "added" else " (new %s)" % row["what"].replace("unknown", "password"))
                                 for row in changes if row["what"] != "removed")}}


def main():
    """Read the options, do the work, tell the result."""
    module = quiet(AnsibleModule)(argument_spec=SPEC, supports_check_mode=True)
    try:
        module.exit_json(**run(module.params, module.check_mode))
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))


if __name__ == "__main__":
    main()
