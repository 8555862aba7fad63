#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files, memberships, units and sockets of the daemons that work beside sendmail, all in one call."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_companions
short_description: Run the daemons that work beside sendmail, and prove that they answer
version_added: "0.1.0"
description:
  - Keeps directories, files, memberships and units of several daemons (milters, saslauthd and their like) in one remote run.
  - What a unit needs is read off the host, never remembered. It is restarted if it was started before its files were last changed, if its description is newer
    than what systemd runs, if its process lacks a group, or if nobody answers on its socket. A run that was cut off is therefore finished by the next.
  - Everything is looked at before anything is changed. Users, groups and units that are missing are named, and nothing is touched.
  - At the end each unit has to run, and its socket has to take a connection. Where it does not, the module fails with the daemon's last words.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    details: Users, groups and units that do not exist yet are taken for ones that an earlier task makes.
  diff_mode:
    details: Of a secret file the diff shows that it changed and nothing of what it holds.
options:
  companions:
    description: The daemons, in the order in which they are started.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: A name for messages.
        type: str
        required: true
      unit:
        description:
          - Its unit with suffix, such as V(opendkim.service). Without one there are only directories, files and memberships.
          - A O(companions[].socket) without a unit is one that somebody else looks after. It has to answer, or nothing is touched.
        type: str
      state:
        description: Whether the unit runs.
        type: str
        choices: [started, stopped]
        default: started
      enabled:
        description: Whether the unit is started at boot.
        type: bool
        default: true
      directories:
        description: Directories, each after its parents.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Absolute path.
            type: path
            required: true
          owner:
            description: Owner.
            type: str
            default: root
          group:
            description: Group.
            type: str
            default: root
          mode:
            description: Octal mode in quotes.
            type: str
            default: "0755"
      files:
        description: Files. They are put in place whole, with owner and mode from the first byte. Links are not followed.
        type: list
        elements: dict
        default: []
        suboptions:
          path:
            description: Absolute path. Drop-ins below C(/etc/systemd/system) are read anew by systemd before anything is started.
            type: path
            required: true
          content:
            description: The whole text.
            type: str
          command:
            description:
              - Instead of O(companions[].files[].content), the program and arguments whose standard output becomes the file where there is none yet.
              - For keys that are made on the host and never leave it. What is there already stays.
            type: list
            elements: str
          owner:
            description: Owner.
            type: str
            default: root
          group:
            description: Group.
            type: str
            default: root
          mode:
            description: Octal mode in quotes.
            type: str
            default: "0644"
          secret:
            description: Shows neither in results nor in diffs what the file holds.
            type: bool
            default: false
          state:
            description: Whether there is such a file.
            type: str
            choices: [present, absent]
            default: present
      memberships:
        description: Users that are members of groups. None is ever taken out of a group.
        type: list
        elements: dict
        default: []
        suboptions:
          user:
            description: The user.
            type: str
            required: true
          group:
            description: The group.
            type: str
            required: true
      watch:
        description: Further files that the daemon reads at its start. If one is newer than the daemon, it is restarted.
        type: list
        elements: path
        default: []
      socket:
        description: Where the daemon has to answer, as V(local:/path), V(unix:/path), V(inet:port@address) or V(inet6:port@address).
        type: str
      client:
        description:
          - The user that connects to O(companions[].socket). Owners and modes have to let it in, by itself or by its first group.
          - V(root) is taken without its right to pass over modes, as a sandboxed daemon has it.
        type: str
      wait_for:
        description: Files (patterns of the shell) that have to be there before the unit is started, because a companion before it fetches them.
        type: list
        elements: path
        default: []
      wait_timeout:
        description: How long to wait for them, in seconds.
        type: int
        default: 300
      check:
        description:
          - Program and arguments that judge the files when they have been written and before anything is started, such as C(rsyslogd -N1). If they do not end
            with status 0, the files are put back as they were, and the module fails with their words.
        type: list
        elements: str
        default: []
      apply:
        description:
          - Of a companion without unit, program and arguments that put its files into force, such as C(firewall-cmd --reload).
          - With O(companions[].state=stopped) they take out of force what is gone. If they fail the files come back, so that the next run does it.
        type: list
        elements: str
        default: []
      proof:
        description:
          - Program and arguments that end with status 0 as long as the companion does its work. They are run each time and change nothing.
          - Where they end otherwise the unit is restarted, or O(companions[].apply) run, and then they have to end well.
        type: list
        elements: str
        default: []
      reload_on:
        description: What a change of its files asks for. V(none) is for daemons that read them anew by themselves.
        type: str
        choices: [restart, none]
        default: restart
      reports:
        description: Programs whose output is returned, such as one that prints the public half of a key. They are run each time and change nothing.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name under which RV(reports) has it.
            type: str
            required: true
          command:
            description: Program and arguments.
            type: list
            elements: str
            required: true
  timeout:
    description: How long a daemon may take after its start until it runs and answers, in seconds.
    type: int
    default: 30
notes:
  - A unit that is to be stopped and does not exist counts as stopped.
seealso:
  - module: mailjail.sendmail.sendmail_service
"""

EXAMPLES = r"""
- name: Run the filter that signs mail
  mailjail.sendmail.sendmail_companions:
    companions:
      - name: opendkim
        unit: opendkim.service
        files:
          - path: /etc/opendkim.conf
            content: "{{ lookup('ansible.builtin.template', 'opendkim.conf.j2') }}"
          - path: /etc/dkimkeys/mail.private
            command: [openssl, genrsa, "2048"]
            owner: opendkim
            group: opendkim
            mode: "0600"
        socket: local:/run/opendkim/opendkim.sock
"""

RETURN = r"""
companions:
  description: What was done (in check mode, what would be done) to each.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: Its name., type: str, sample: opendkim}
    unit: {description: Its unit., type: str, sample: opendkim.service}
    action: {description: 'One of V(none), V(restarted), V(stopped), V(applied).', type: str, sample: restarted}
    reasons: {description: 'Why, in sentences.', type: list, elements: str, sample: [/etc/opendkim.conf is newer than the running opendkim.service]}
reports:
  description: What each of the programs in O(companions[].reports) printed, by its name.
  returned: success
  type: dict
journal:
  description: The last lines of the unit that does not run or answer.
  returned: failure
  type: list
  elements: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import companions
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def _place(mode):
    return {"path": {"type": "path", "required": True}, "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"},
            "mode": {"type": "str", "default": mode}}


# Every content is hidden until it is known which of them are secret; see main().
FILE = dict(_place("0644"), content={"type": "str", "no_log": True}, command={"type": "list", "elements": "str"},
            secret={"type": "bool", "default": False, "no_log": False}, state={"type": "str", "choices": ["present", "absent"], "default": "present"})
COMPANION = {
    "name": {"type": "str", "required": True}, "unit": {"type": "str"},
    "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"}, "enabled": {"type": "bool", "default": True},
    "directories": {"type": "list", "elements": "dict", "default": [], "options": _place("0755")},
    "files": {"type": "list", "elements": "dict", "default": [], "options": FILE},
    "memberships": {"type": "list", "elements": "dict", "default": [],
                    "options": {"user": {"type": "str", "required": True}, "group": {"type": "str", "required": True}}},
    "watch": {"type": "list", "elements": "path", "default": []}, "socket": {"type": "str"}, "client": {"type": "str"},
    "wait_for": {"type": "list", "elements": "path", "default": []}, "wait_timeout": {"type": "int", "default": 300},
    "check": {"type": "list", "elements": "str", "default": []}, "apply": {"type": "list", "elements": "str", "default": []},
    "proof": {"type": "list", "elements": "str", "default": []}, "reload_on": {"type": "str", "choices": ["restart", "none"], "default": "restart"},
    "reports": {"type": "list", "elements": "dict", "default": [],
                "options": {"name": {"type": "str", "required": True}, "command": {"type": "list", "elements": "str", "required": True}}},
}


def run(params, check_mode, warn):
    """Look, act, prove; return the module's result."""
    companions.check(params["companions"])
    runner = Runner()
    plan = companions.Plan(params["companions"], runner, check_mode)
    changed, diff, report = plan.changed(), plan.diff(), plan.report()
    if changed and not check_mode:
        companions.apply(plan, params["timeout"])
    for said in plan.warnings:
        warn(said)
    return {"changed": changed, "diff": diff, "companions": report, "reports": companions.reports(params["companions"], runner, check_mode)}


def main():
    """Ask for everything in one call."""
    module = quiet(AnsibleModule)(argument_spec={
        "companions": {"type": "list", "elements": "dict", "required": True, "options": COMPANION},
        "timeout": {"type": "int", "default": 30},
    }, supports_check_mode=True)
    # The diff of an ordinary file may be read; what is secret, or is part of one, stays hidden.
    files = [item for entry in module.params["companions"] for item in entry["files"]]
    secret = set(item["content"] for item in files if item["secret"])
    module.no_log_values -= set(item["content"] for item in files) - secret
    try:
        result = run(module.params, module.check_mode, module.warn)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
