#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let named administrators edit named maps."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_delegation
short_description: Let named administrators edit named maps of sendmail, and nothing else
version_added: "0.1.0"
description:
  - Gives each delegated map a directory C(/var/lib/mailjail-delegates/MAP) in which its delegates write a file C(entries). sendmail never reads it.
  - A systemd path unit starts a program of root when something changed there. It reads the file warily, judges the entries, and puts them through the same
    transaction as M(mailjail.sendmail.sendmail_config), with its checks of contents, the comparison of the built database, the real sendmail and the
    route tests. So a delegate can neither break the map nor open the relay.
  - C(entries.result) beside the file, and the journal, say what became of an edit. What is refused changes nothing, and the entries that were accepted last
    stay in force.
  - The program is made on the host from the code of this collection that is running, so the two are always of one version.
  - Entries that were accepted and that the delegates could not make any more, since a right was taken back or the playbook now has their key, are withdrawn.
  - A delegation that is no longer declared ends. Its units, its accepted entries and the members of its group go; its directory is closed with what the
    delegates wrote in it. The entries leave the map at the next run of M(mailjail.sendmail.sendmail_config) without C(maps[].accepted) for it.
  - Where nothing is delegated and nothing ever was, nothing is touched.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  delegations:
    description: Which map is delegated to whom, each map once.
    type: list
    elements: dict
    required: true
    suboptions:
      map:
        description: The map.
        type: str
        required: true
        choices: [access, mailertable, virtusertable, genericstable, domaintable, aliases]
      users:
        description:
          - Users of the host, who must exist. They become the members of the group C(mailjail-MAP), which is made and has no others.
          - With O(delegations[].group) they are added to that group instead. A user who is logged in gets a new group at the next login.
        type: list
        elements: str
        default: []
      group:
        description: An existing group whose members are the delegates.
        type: str
      notify:
        description: A mail address that is told of each refused edit.
        type: str
      relay:
        description: Whether entries of the access map may grant C(RELAY).
        type: bool
        default: false
  maps:
    description:
      - The rows of the delegated maps as M(mailjail.sendmail.sendmail_config) takes them; other rows do no harm.
      - Each delegated map needs C(accepted), and may not come from a file.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: Name of the map in the C(.cf)., type: str, required: true}
      kind: {description: What the map is for., type: str, required: true}
      path: {description: Path of its source., type: path, required: true}
      type: {description: Map type., type: str, default: auto}
      accepted: {description: Where the accepted entries are kept., type: path}
      entries:
        description: What the playbook declares, so that entries of delegates with the same key are withdrawn. Without it the host's own state counts.
        type: list
        elements: dict
      content: {description: The same as text., type: str}
      remarks: {description: What stands at the head of the source., type: list, elements: str, default: []}
      warnings: {description: Not used here., type: list, elements: str, default: []}
      shared: {description: Not used here., type: path}
      today: {description: Not used here., type: str}
      expiry_notice: {description: Not used here., type: int}
      file: {description: A controller file. Such a map can not be delegated., type: path}
      host_file: {description: A file of the host. Such a map can not be delegated., type: path}
      secret: {description: Not used here., type: bool, default: false}
      owner: {description: Owner of the source., type: str, default: root}
      group: {description: Group of the source., type: str, default: root}
      mode: {description: 'Mode of the source, octal.', type: str, default: "0640"}
      database_owner: {description: Owner of the database., type: str, default: root}
      database_group: {description: Group of the database., type: str, default: root}
      database_mode: {description: 'Mode of the database, octal.', type: str, default: "0640"}
  context:
    description: The facts that checks across maps need, as for M(mailjail.sendmail.sendmail_config).
    type: dict
    default: {}
  route_tests:
    description: What must stay true whatever a delegate writes, as for M(mailjail.sendmail.sendmail_config).
    type: list
    elements: dict
    default: []
  compiled:
    description: Path of the C(.cf) file of the mail transfer agent.
    type: path
    default: /etc/mail/sendmail.cf
  sendmail:
    description: The sendmail binary that is asked.
    type: path
    default: /usr/sbin/sendmail
  makemap:
    description: The makemap program.
    type: path
    default: /usr/sbin/makemap
  client_queue:
    description: The queue of the submission program, for mails to O(delegations[].notify).
    type: path
    default: /var/spool/mqueue-client
  state_directory:
    description: Root-only directory of generations and state.
    type: path
    default: /var/lib/mailjail
  keep_generations:
    description: How many former states of a delegated map are kept, besides those of the playbook.
    type: int
    default: 5
  interpreter:
    description: The Python, 3.6 or newer, that runs the program; without it the one that runs this module.
    type: path
seealso:
  - module: mailjail.sendmail.sendmail_config
"""

EXAMPLES = r"""
- name: Two people look after the mailertable, the help desk refuses clients
  mailjail.sendmail.sendmail_delegation:
    delegations:
      - map: mailertable
        users: [erika, hans]
        notify: mail-admins@example.org
      - map: access
        group: helpdesk
    maps:
      - name: mailertable
        kind: mailertable
        path: /etc/mail/mailertable
        accepted: /var/lib/mailjail/delegated/mailertable
      - name: access
        kind: access
        path: /etc/mail/access
        accepted: /var/lib/mailjail/delegated/access
    route_tests:
      - name: a stranger cannot relay
        recipient: someone@example.net
        expect: refused
"""

RETURN = r"""
changes:
  description: What differs between the host and what was asked for.
  returned: success
  type: list
  elements: dict
  contains:
    what: {description: 'Kind of thing (group, members, directory, file, rights, unit, systemd, entry).', type: str, sample: unit}
    name: {description: Its name., type: str, sample: mailjail-delegate@access.path}
    before: {description: Its state before., type: str, sample: disabled}
    after: {description: Its state now., type: str, sample: enabled}
directories:
  description: Where the delegates of each map write their entries.
  returned: success
  type: dict
  sample: {access: /var/lib/mailjail-delegates/access}
"""

import sys

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation, delegation_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

DELEGATION = {
    "map": {"type": "str", "required": True, "choices": ["access", "mailertable", "virtusertable", "genericstable", "domaintable", "aliases"]},
    "users": {"type": "list", "elements": "str", "default": []}, "group": {"type": "str"}, "notify": {"type": "str"},
    "relay": {"type": "bool", "default": False}}
MAP = {
    "name": {"type": "str", "required": True}, "kind": {"type": "str", "required": True}, "path": {"type": "path", "required": True},
    "type": {"type": "str", "default": "auto"}, "accepted": {"type": "path"}, "entries": {"type": "list", "elements": "dict", "no_log": False},
    "content": {"type": "str"}, "remarks": {"type": "list", "elements": "str", "default": []},
    "warnings": {"type": "list", "elements": "str", "default": []}, "shared": {"type": "path"}, "today": {"type": "str"},
    "expiry_notice": {"type": "int"},
    "file": {"type": "path"}, "host_file": {"type": "path"},
    "secret": {"type": "bool", "default": False, "no_log": False},
    "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}, "mode": {"type": "str", "default": "0640"},
    "database_owner": {"type": "str", "default": "root"}, "database_group": {"type": "str", "default": "root"},
    "database_mode": {"type": "str", "default": "0640"}}
SPEC = {
    "delegations": {"type": "list", "elements": "dict", "required": True, "options": DELEGATION},
    "maps": {"type": "list", "elements": "dict", "default": [], "options": MAP},
    "context": {"type": "dict", "default": {}}, "route_tests": {"type": "list", "elements": "dict", "default": []},
    "compiled": {"type": "path", "default": "/etc/mail/sendmail.cf"}, "sendmail": {"type": "path", "default": "/usr/sbin/sendmail"},
    "makemap": {"type": "path", "default": "/usr/sbin/makemap"}, "client_queue": {"type": "path", "default": "/var/spool/mqueue-client"},
    "state_directory": {"type": "path", "default": "/var/lib/mailjail"}, "keep_generations": {"type": "int", "default": 5},
    "interpreter": {"type": "path"}}


def difference(steps):
    """Return the diff, one entry for each step."""
    return [{"before_header": "%s %s" % (step.what, step.name), "after_header": "%s %s" % (step.what, step.name),
             "before": step.before.rstrip("\n") + "\n" if step.before else "", "after": step.after.rstrip("\n") + "\n" if step.after else ""} for step in steps]


def changes(steps):
    """Return the steps without the contents of files, which the diff has."""
    def short(step, text):
        return text if step.what != "file" else "content" if text else "absent"

    return [{"what": step.what, "name": step.name, "before": short(step, step.before), "after": short(step, step.after)} for step in steps]


def main():
    """Plan, and do what was planned."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    params = dict(module.params, interpreter=module.params["interpreter"] or sys.executable)
    try:
        plan = delegation_host.Plan(params, Runner())
        if not module.check_mode:
            delegation_host.execute(plan)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    for warning in plan.warnings:
        module.warn(warning)
    module.exit_json(changed=bool(plan.steps), changes=changes(plan.steps), diff=difference(plan.steps),
                     directories={name: "%s/%s" % (delegation.ROOT, name) for name in plan.found})


if __name__ == "__main__":
    main()
