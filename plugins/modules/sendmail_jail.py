#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Keep the jail for deliveries to files, and the directory of commands for smrsh."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_jail
short_description: The tree in which sendmail writes files, and the commands that smrsh offers
version_added: 0.1.0
description:
  - Makes and repairs the tree that sendmail enters before it writes to a file (option C(SafeFileEnvironment)), with owners and modes that let the
    writer write and nobody else, and the directory of commands that smrsh offers to aliases and C(.forward) files. Both in one remote run.
  - Everything is looked at before anything is changed. If something is found that can not be mended without losing mail, the module refuses, names it
    all, and changes nothing.
  - The users that write in the jail are not trusted. No link is followed, neither in the jail nor on the way to it; each directory on the way has to
    belong to root and be closed to writing by others. What stands in a file is neither read nor written.
  - Execute, set-id and world-write bits are taken off files that nobody named, and set-id, sticky and write bits for others off such directories. Owners
    and content of such files stay.
  - The text C(docs/jail.md) of this collection explains which layouts let mail through and which make it bounce.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    details: Users and smrsh targets that do not exist yet are taken for ones that a later task makes; a target is then named in a warning.
  diff_mode:
    details: The diff lists each path that changes, with kind, owner, group and mode before and after. It never holds mail.
options:
  path:
    description:
      - The jail, an absolute path without links. Without it no jail is managed.
      - Directories that belong to the system (such as V(/var/spool)) are refused.
    type: path
  writer:
    description: The user as which sendmail writes to the files of aliases, its C(DefaultUser).
    type: str
    default: mail
  writer_group:
    description: The group of O(writer).
    type: str
    default: mail
  directories:
    description:
      - Directories in the jail. Parents that are not named are made too and belong to root.
      - The path V(.) is the jail itself, C(root:root 0755) if it is not named.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path relative to the jail.
        type: str
        required: true
      writable:
        description: Let sendmail make files of any name here. Owner, group and mode are then O(writer), O(writer_group) and V(0700) where not given.
        type: bool
        default: false
      owner:
        description: Owner, V(root) where not given.
        type: str
      group:
        description: Group, V(root) where not given.
        type: str
      mode:
        description: Octal mode in quotes, V(0755) where not given. Modes that let others than the owner write are refused.
        type: str
  files:
    description: Files to which mail is delivered, made beforehand and empty, so that their directory can stay closed to the writer.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path relative to the jail.
        type: str
        required: true
      owner:
        description: Owner, O(writer) where not given. sendmail writes for an alias as O(writer) and bounces the mail if the file belongs to another.
        type: str
      group:
        description: Group, O(writer_group) where not given.
        type: str
      mode:
        description: Octal mode in quotes, V(0600) where not given. Execute and set-id bits are refused.
        type: str
  purge:
    description:
      - What to do with symbolic links, hard links, named pipes, sockets and devices in the jail, and with what is no link in smrsh's directory.
      - With V(refuse) the module fails, naming them. With V(remove) it takes them away; of a hard link only the name in the jail goes.
      - A directory where a file is wanted, or a file where a directory is wanted, is refused in any case.
    type: str
    choices: [refuse, remove]
    default: refuse
  selinux_type:
    description:
      - The SELinux type of the jail and of everything in it. It is declared in the host's policy (C(semanage fcontext)) and given to what is there
        (C(restorecon)). Without it labels are not looked at.
    type: str
    default: ""
  selinux_rules:
    description:
      - Whether the host's policy gets the rules that the daemon needs, as a module of its own, mailjail. It lets the daemon enter the jail (C(sys_chroot)),
        and lets its unit, which has C(NoNewPrivileges), change into the daemon's domain (C(nnp_transition)). Without the latter the daemon would run in
        systemd's own domain, where hardly anything is forbidden.
      - Ports and booleans are looked at only with it.
    type: bool
    default: false
  selinux_ports:
    description: TCP ports on which the daemon listens. Those that the policy does not know for SMTP are declared as C(smtp_port_t).
    type: list
    elements: int
    default: []
  selinux_booleans:
    description: Booleans of the policy, name to V(true) or V(false).
    type: dict
    default: {}
  selinux:
    description: With V(auto) only where SELinux is on; V(declare) also declares it where it is off, for the day when it is switched on.
    type: str
    choices: [auto, declare, ignore]
    default: auto
  smrsh:
    description: The directory of commands that smrsh offers. Without it that directory is not managed.
    type: dict
    suboptions:
      path:
        description: The directory that is compiled into smrsh (see C(smrsh.directory) of M(mailjail.sendmail.sendmail_info)). It becomes C(root:root 0755).
        type: path
        required: true
      commands:
        description:
          - The commands, each a link. Without any, no program can be run from an alias.
          - Shells, interpreters, programs that run other programs, and programs that read or write any file are refused, by name and by what the
            target really is.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the command in an alias.
            type: str
            required: true
          target:
            description: The program, absolute. It and each directory on the way to it must belong to root and be closed to writing by others.
            type: path
            required: true
      unlisted:
        description: What to do with links that are not in O(smrsh.commands).
        type: str
        choices: [remove, keep, refuse]
        default: remove
      keep:
        description: Names in the directory that are left alone, such as smrsh itself where a distribution keeps it there.
        type: list
        elements: str
        default: []
      parents:
        description:
          - Directories on the way to O(smrsh.path) that may be taken into root's hands (C(root:root 0755)). Debian gives C(/etc/mail) to a user
            of its own, who could then replace the whole directory of commands.
        type: list
        elements: path
        default: []
"""

EXAMPLES = r"""
- name: An archive that mail may be appended to, and a directory for anything else
  mailjail.sendmail.sendmail_jail:
    path: /var/mailjail
    directories:
      - path: var/spool/lists
        writable: true
    files:
      - path: var/spool/mail/archive

- name: One program for aliases, nothing else
  mailjail.sendmail.sendmail_jail:
    smrsh:
      path: /etc/mail/smrsh
      parents: [/etc/mail]
      commands:
        - name: vacation
          target: /usr/bin/vacation
"""

RETURN = r"""
changes:
  description: What changed, or in check mode what would change, in the order of the steps.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The path., type: str, sample: /var/mailjail/var/spool/mail/archive}
    before: {description: 'What was there: kind, owner, group and mode; empty if nothing was.', type: str, sample: 'file mail:mail 0700'}
    after: {description: What is there now; empty if it was taken away., type: str, sample: 'file mail:mail 0600'}
inventory:
  description:
    - What is in the jail after the run (in check mode, before it), at most 1000 entries, as lines such as C(var/spool/mail directory root:root 0755).
  returned: when O(path) is given
  type: list
  elements: str
inventory_total:
  description: How many objects the jail holds.
  returned: when O(path) is given
  type: int
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import jail, selinux, smrsh
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

ENTRY = {"path": {"type": "str", "required": True}, "owner": {"type": "str"}, "group": {"type": "str"}, "mode": {"type": "str"}}
SMRSH = {
    "path": {"type": "path", "required": True},
    "commands": {"type": "list", "elements": "dict", "default": [], "options": {
        "name": {"type": "str", "required": True}, "target": {"type": "path", "required": True}}},
    "unlisted": {"type": "str", "choices": ["remove", "keep", "refuse"], "default": "remove"},
    "keep": {"type": "list", "elements": "str", "default": []},
    "parents": {"type": "list", "elements": "path", "default": []},
}
SPEC = {
    "path": {"type": "path"},
    "writer": {"type": "str", "default": "mail"},
    "writer_group": {"type": "str", "default": "mail"},
    "directories": {"type": "list", "elements": "dict", "default": [], "options": dict(ENTRY, writable={"type": "bool", "default": False})},
    "files": {"type": "list", "elements": "dict", "default": [], "options": ENTRY},
    "purge": {"type": "str", "choices": ["refuse", "remove"], "default": "refuse"},
    "selinux_type": {"type": "str", "default": ""},
    "selinux_rules": {"type": "bool", "default": False},
    "selinux_ports": {"type": "list", "elements": "int", "default": []},
    "selinux_booleans": {"type": "dict", "default": {}},
    "selinux": {"type": "str", "choices": ["auto", "declare", "ignore"], "default": "auto"},
    "smrsh": {"type": "dict", "options": SMRSH},
}
SHOWN = 1000


class Tree:
    """The jail, from the module's options."""

    def __init__(self, params):
        self.path, self.purge = params["path"], params["purge"]
        jail.check_top(self.path)
        self.wanted = jail.wanted_tree(params["directories"], params["files"], params["writer"], params["writer_group"])
        self.steps, self.found = jail.plan(self.path, self.wanted, self.purge)

    def changes(self):
        """Return the steps as the module's result has them."""
        return [(self.path if step.path == jail.TOP else "%s/%s" % (self.path, step.path), step.before, jail.describe(step.wanted) if step.wanted else "")
                for step in self.steps]

    def execute(self):
        """Carry the steps out and look again."""
        jail.execute(self.path, self.steps)
        again, self.found = jail.plan(self.path, self.wanted, self.purge)
        if again:
            raise CommitError("%s/%s is not as it was left a moment ago (%s). %s" % (
                self.path, again[0].path, again[0].before or "gone", jail.MEANWHILE), path=self.path)

    def result(self):
        """Return the inventory."""
        lines = ["%s %s" % (item.path, jail.describe(item)) for item in self.found]
        return {"inventory": lines[:SHOWN], "inventory_total": len(lines)}


class Commands:
    """smrsh's directory, from the module's options."""

    def __init__(self, params, purge):
        self.path, self.parents = params["path"], params["parents"]
        self.wanted = smrsh.check_commands(params["commands"])
        known = smrsh.read_shells()
        self.missing = [reason for reason in (smrsh.check_target(name, target, known) for name, target in self.wanted.items()) if reason]
        self.steps = smrsh.plan(self.path, self.wanted, params["keep"], params["unlisted"], purge, self.parents)

    def changes(self):
        """Return the steps as the module's result has them."""
        return [(step.path, step.before, step.after) for step in self.steps]

    def execute(self):
        """Carry the steps out, unless a program is missing."""
        smrsh.execute(self.path, self.steps, self.wanted, self.parents)


def labels(params):
    """Return the parts that look after SELinux, the rules before what is labelled by them; none where nobody wants it."""
    if params["selinux"] == "ignore":
        return []
    declare, parts = params["selinux"] == "declare", []
    if params["selinux_rules"]:
        parts.append(selinux.Policy(Runner(), selinux.rules(bool(params["path"])), params["selinux_ports"], params["selinux_booleans"], declare))
    if params["path"] and params["selinux_type"]:
        parts.append(selinux.Labels(Runner(), params["path"], params["selinux_type"], declare))
    return parts


def run(module):
    """Plan all parts, then carry them out; return the module's result."""
    tree = Tree(module.params) if module.params["path"] else None
    commands = Commands(module.params["smrsh"], module.params["purge"]) if module.params["smrsh"] else None
    smrsh.require(commands.missing if commands else [], None if not module.check_mode else module.warn)
    parts = [part for part in [tree, commands] + labels(module.params) if part]
    rows = [row for part in parts for row in part.changes()]
    if not module.check_mode:
        for part in parts:
            if part.steps:
                part.execute()
    result = {"changed": bool(rows), "changes": [dict(zip(("path", "before", "after"), row)) for row in rows]}
    if rows:
        result["diff"] = dict((side, "".join("%s %s\n" % (row[0], row[place]) for row in rows if row[place])) for side, place in (("before", 1), ("after", 2)))
    if tree:
        result.update(tree.result())
    return result


def main():
    """Read the options, do the work, tell the result."""
    module = AnsibleModule(argument_spec=SPEC, required_one_of=[["path", "smrsh"]], supports_check_mode=True)
    try:
        module.exit_json(**run(module))
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))


if __name__ == "__main__":
    main()
