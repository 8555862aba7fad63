#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_remove
short_description: Take away from a host what this collection made there
description:
  - With O(phase=prepare) the units of this collection are stopped and removed, what its roles wrote goes, and files that the host had before come back.
    With O(phase=finish), once the packages are gone, their leftovers, the collection's own directories, and its accounts follow.
  - What is whose is known by the state directory, by the first lines of a file, and by names that only this collection uses. No other file is touched.
  - The role C(remove) empties the queues first. Run it, or be sure that no message waits.
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
options:
  phase:
    description: Before or after the packages are removed.
    type: str
    choices: [prepare, finish]
    required: true
  state_directory:
    description: Root-only directory of generations and state.
    type: path
    default: /var/lib/mailjail
  packages_removed:
    description: That the distribution's packages of sendmail go, or have gone.
    type: bool
    default: true
  keep_data:
    description: Keep a jail that holds mail, and receipts of messages. A receipt with messages that were handed over to nobody stays in any case.
    type: bool
    default: true
  masked_units:
    description: Units of the vendor that this collection masked.
    type: list
    elements: str
    default: []
  boot_files:
    description: Files of boot flags, in which this collection set values.
    type: list
    elements: path
    default: []
  blocks:
    description: Files of others in which this collection has lines between marks.
    type: list
    elements: path
    default: []
  smrsh:
    description: The directory of commands for aliases. Its links go with the packages; where these stay, those that O(smrsh_commands) names.
    type: path
  smrsh_keep:
    description: Names in it that are the distribution's.
    type: list
    elements: str
    default: []
  smrsh_commands:
    description: Links in it that the role C(jail) laid out.
    type: list
    elements: dict
    default: []
    suboptions:
      name: {description: The name of the link., type: str, required: true}
      target: {description: Where it leads., type: str, required: true}
  selinux_ports:
    description: Ports of listeners, of which SELinux's policy forgets that they are for mail.
    type: list
    elements: int
    default: []
  jail:
    description: The directory in which files are delivered to; it is removed if O(trees) names it.
    type: path
  leftovers:
    description: Paths, with C(*), that the distribution's packages make and do not take with them. They go once the packages have gone.
    type: list
    elements: str
    default: []
  link_directories:
    description: Directories into which tools of the package lay links to files of O(etc_dir). With the packages those links go that lead nowhere any more.
    type: list
    elements: path
    default: []
  etc_dir:
    description: The directory of the configuration, which goes with the packages if nothing is left in it.
    type: path
  trees:
    description: Directories of this collection, which go with all that is below them.
    type: list
    elements: path
    default: []
  source_prefix:
    description:
      - Where sendmail was built from source. With O(phase=prepare) no command leads there any more; with O(phase=finish) the files go that its record names,
        and the directories that were made for them. Nothing else below it is touched, and nothing at all where there is no record.
    type: path
  accounts:
    description: Accounts that this collection made, for the daemon without root. One with another comment than its own is left alone.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: See what would go
  mailjail.sendmail.sendmail_remove:
    phase: prepare
  check_mode: true
"""

RETURN = r"""
changes:
  description: What was (or would be) done, each with V(path) and V(what).
  returned: always
  type: list
  elements: dict
  sample: [{path: /etc/systemd/system/sendmail.service, what: unit stopped and removed}]
left:
  description: What stays, and what somebody may want to know of it.
  returned: always
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import generations
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.removal import Removal
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def main():
    texts, paths = {"type": "list", "elements": "str", "default": []}, {"type": "list", "elements": "path", "default": []}
    module = AnsibleModule(argument_spec={
        "phase": {"type": "str", "choices": ["prepare", "finish"], "required": True}, "state_directory": {"type": "path", "default": "/var/lib/mailjail"},
        "packages_removed": {"type": "bool", "default": True}, "keep_data": {"type": "bool", "default": True},
        "masked_units": texts, "boot_files": paths, "blocks": paths, "smrsh": {"type": "path"}, "smrsh_keep": texts,
        "smrsh_commands": {"type": "list", "elements": "dict", "default": [],
                           "options": {"name": {"type": "str", "required": True}, "target": {"type": "str", "required": True}}},
        "selinux_ports": {"type": "list", "elements": "int", "default": []}, "jail": {"type": "path"}, "leftovers": texts,
        "link_directories": paths, "etc_dir": {"type": "path"}, "trees": paths, "source_prefix": {"type": "path"}, "accounts": texts,
    }, supports_check_mode=True)
    try:
        with generations.lock():
            removal = Removal(Runner(), module.params)
            rows = (removal.prepare if module.params["phase"] == "prepare" else removal.finish)(module.check_mode)
            left = removal.left()
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    lines = "".join("%s\n" % row["path"] for row in rows)
    diff = [{"before": lines, "after": "", "before_header": "what this collection made", "after_header": "what is left of it"}] if rows else []
    module.exit_json(changed=bool(rows), changes=rows, left=left, diff=diff)


if __name__ == "__main__":
    main()
