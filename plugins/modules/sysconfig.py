#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set keys in files of shell variables."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sysconfig
short_description: Set keys in files of shell variables
version_added: 0.1.0
description:
  - Gives keys their values in files of C(KEY=value) lines, such as C(/etc/mail/sendmail.conf) (Debian), C(/etc/sysconfig/sendmail) (Red Hat and SUSE),
    C(/etc/sysconfig/mail) (SUSE) or C(/etc/rc.config) (old SuSE). Comments, order, quoting style, line ends and everything else stay as they are.
  - Values are data. They are quoted so that a shell reads them back unchanged, and neither they nor the file are ever run by this module.
  - A key that is commented out is not a key. Of several assignments the last one counts, as in a shell; where its value has to change, the value
    goes to the first of them and the others are taken out.
  - Lines that a shell, systemd and the distributions' tools read differently are not touched. If a key of O(files[].values) stands in such a line, the
    module refuses, naming file and line. These are lines with C(export) or C(readonly), values over several lines, commands (V($(...\))), a comment behind
    the value, and assignments inside branches, loops or functions.
  - All files are read and checked before the first is written. Each is replaced as a whole, atomically.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
options:
  files:
    description: The files, each once.
    type: list
    elements: dict
    required: true
    suboptions:
      path:
        description: The file. A symbolic link in its last place is refused.
        type: path
        required: true
      values:
        description:
          - Keys and the values that they shall have, each one line of text.
          - Put C(yes) and C(no) in quotes. YAML makes booleans of them otherwise, and the file needs the exact word; booleans are therefore refused.
        type: dict
        required: true
      missing:
        description: 'What to do if there is no such file: refuse, make it, or leave that file out.'
        type: str
        choices: [fail, create, skip]
        default: fail
      owner:
        description: Owner. An existing file keeps its own without this; a new one belongs to V(root).
        type: str
      group:
        description: Group. An existing file keeps its own without this; a new one belongs to V(root).
        type: str
      mode:
        description: Octal mode, in quotes. An existing file keeps its own without this; a new one gets V(0644).
        type: str
      command:
        description:
          - Program and words that bring the file into force, such as V([/sbin/SuSEconfig]). Run once after all files are written, if this one
            changed and the program exists. If it fails, all files are put back and the module fails, so the next run tries again.
        type: list
        elements: str
notes:
  - Debian's own tool C(sendmailconfig) writes C(/etc/mail/sendmail.conf) anew with its own comments, and with a capital in front of words such as
    V(Daemon). Values set by this module survive that, the comment above new keys does not. It loses values in
    other than double quotes and cuts those that hold one; so in that file values are always put in double quotes, and a double quote in one is refused.
"""

EXAMPLES = r"""
- name: Boot flags of Debian
  mailjail.sendmail.sysconfig:
    files:
      - path: /etc/mail/sendmail.conf
        values:
          DAEMON_MODE: Daemon
          QUEUE_INTERVAL: 10m

- name: SUSE keeps its hands off a managed configuration
  mailjail.sendmail.sysconfig:
    files:
      - path: /etc/sysconfig/mail
        values:
          MAIL_CREATE_CONFIG: "no"
          SMTPD_LISTEN_REMOTE: "yes"
      - path: /etc/rc.config
        values:
          SMTP: "yes"
        missing: skip
        command: [/sbin/SuSEconfig]
"""

RETURN = r"""
files:
  description: What changed in each file, or in check mode what would change.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The file., type: str, sample: /etc/mail/sendmail.conf}
    changed: {description: Whether it changed., type: bool}
    skipped: {description: Whether it is missing and was left out., type: bool}
    changes:
      description: The keys whose value changed.
      type: list
      elements: dict
      contains:
        key: {description: The key., type: str, sample: HANDS_OFF}
        before: {description: 'Its value before; null if there was none, or if only a shell could have told it.', type: str, sample: "No"}
        after: {description: Its value now., type: str, sample: "Yes"}
        line: {description: Line of the file before the change; null for a new key., type: int, sample: 171}
    attributes:
      description: What changed of owner, group and mode, each as a list of name, before, after.
      type: list
      elements: list
      sample: [[mode, "0664", "0644"]]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import sysconf
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

FILE = {
    "path": {"type": "path", "required": True},
    "values": {"type": "dict", "required": True},
    "missing": {"type": "str", "choices": ["fail", "create", "skip"], "default": "fail"},
    "owner": {"type": "str"},
    "group": {"type": "str"},
    "mode": {"type": "str"},
    "command": {"type": "list", "elements": "str"},
}


def describe(plan):
    """Return one entry of the result."""
    return {"path": plan.path, "changed": sysconf.is_change(plan), "skipped": plan.after is None,
            "changes": [dict(change._asdict()) for change in plan.changes], "attributes": [list(change) for change in plan.attributes]}


def difference(plan):
    """Return one entry of the diff: the text, and the attributes where they change."""
    def side(data, place):
        heading = "".join("# %s: %s\n" % (change[0], change[place]) for change in plan.attributes)
        return heading + (data or b"").decode("utf-8", "replace")

    return {"before_header": plan.path, "after_header": plan.path, "before": side(plan.before, 1), "after": side(plan.after, 2)}


def main():
    """Plan every file, then write those that change."""
    module = AnsibleModule(argument_spec={"files": {"type": "list", "elements": "dict", "required": True, "options": FILE}}, supports_check_mode=True)
    try:
        entries = module.params["files"]
        sysconf.refuse_twice([entry["path"] for entry in entries])
        plans = [sysconf.plan(**entry) for entry in entries]
        changing = [plan for plan in plans if sysconf.is_change(plan)]
        if not module.check_mode:
            sysconf.carry_out(changing, Runner())
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(changed=bool(changing), files=[describe(plan) for plan in plans], diff=[difference(plan) for plan in changing])


if __name__ == "__main__":
    main()
