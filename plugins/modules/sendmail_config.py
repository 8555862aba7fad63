#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_config
short_description: Put sendmail's whole configuration in place as one transaction
description:
  - Owns everything that decides what sendmail does, the C(.mc) files and what m4 makes of them, maps and their databases, aliases, class files.
  - In one call it stages everything in a root-only directory, checks the C(.mc) statements, compiles with m4 (any word on stderr is a failure),
    builds each changed map under a new name and compares its dump with what was asked, lets the real sendmail read the result and answer the
    route tests with the staged maps, keeps the present state as a generation, and only then renames file by file.
  - Cut off at any point, the host keeps a whole configuration, old or new.
  - A map that names a C(file) on the controller is transferred only when the host does not hold its content already.
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
  - mailjail.sendmail.route_tests
attributes:
  check_mode:
    details: Where sendmail is not installed yet, all texts are checked and every file is predicted; m4, makemap and sendmail are not asked, as a warning says.
  diff_mode:
    details: A compiled configuration is shown as options that differ; a database as how many entries it gets. Values of secret maps are never shown.
options:
  mta:
    description: The configuration of the mail transfer agent.
    type: dict
    required: true
    suboptions: &configuration
      source:
        description: Path of the C(.mc) file.
        type: path
        required: true
      compiled:
        description: Path of the C(.cf) file.
        type: path
        required: true
      content:
        description: The whole text of the C(.mc) file.
        type: str
        required: true
      owner:
        description: Owner of both files.
        type: str
        default: root
      group:
        description: Group of both files.
        type: str
        default: root
      mode:
        description: Mode of both files, octal.
        type: str
        default: "0644"
  msp:
    description: The configuration of the mail submission program.
    type: dict
    suboptions: *configuration
  library:
    description: The cf directory of the installed sendmail, the one that holds C(m4/cf.m4).
    type: path
    required: true
  sendmail:
    description: The sendmail binary that is asked.
    type: path
    default: /usr/sbin/sendmail
  makemap:
    description: The makemap program.
    type: path
    default: /usr/sbin/makemap
  m4:
    description: The m4 program.
    type: str
    default: m4
  maps:
    description: The maps, aliases included. Each has one source, O(maps[].entries), O(maps[].content), O(maps[].file) or O(maps[].host_file).
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Name of the map in the C(.cf), and in messages.
        type: str
        required: true
      kind:
        description: What the map is for; decides syntax and checks.
        type: str
        required: true
        choices: [mailertable, access, virtusertable, genericstable, domaintable, userdb, authinfo, aliases]
      path:
        description: Path of the source file; the database lies beside it.
        type: path
        required: true
      type:
        description: Map type, or V(auto) for the best one that the installed makemap has.
        type: str
        choices: [auto, btree, hash, cdb]
        default: auto
      entries:
        description: The entries, each C(key) and C(value), with an optional C(comment); access and authinfo have fields of their own besides.
        type: list
        elements: dict
      remarks:
        description: Sentences that stand at the head of the source, and among the warnings; the role names there what has expired.
        type: list
        elements: str
        default: []
      warnings:
        description: Sentences for the warnings alone.
        type: list
        elements: str
        default: []
      content:
        description: The source as text, in sendmail's own syntax.
        type: str
      secret_content:
        description: The source of a secret map as text; no log shows it. The action plugin puts the entries of such a map here.
        type: str
      file:
        description: A source file on the controller. Read in pieces, never held whole.
        type: path
      host_file:
        description: A source file on the host that somebody else provides; it is read, never written.
        type: path
      accepted:
        description: A file on the host with entries of delegated administrators that were checked already; they follow the others.
        type: path
      shared:
        description:
          - A file on the host with entries of other roles (M(mailjail.sendmail.sendmail_map_entry)); they follow the others. Of a map that comes from a file
            they are kept, and a warning names them.
        type: path
      today:
        description: The date (YYYY-MM-DD) by which entries of O(maps[].shared) expire; without it the host's own.
        type: str
      expiry_notice:
        description: Days before the end of an entry of O(maps[].shared) from which a warning announces it.
        type: int
        default: 0
      whole:
        description:
          - Whether O(maps[].content) is a file, and so the whole map. Entries of O(maps[].shared) are not taken up then, but kept and named in a warning.
            Set by the action plugin.
        type: bool
        default: false
      upload:
        description: Where the controller put O(maps[].file). Set by the action plugin.
        type: path
      digest:
        description: SHA-256 of O(maps[].file). Set by the action plugin.
        type: str
      owner:
        description: Owner of the source.
        type: str
        default: root
      group:
        description: Group of the source.
        type: str
        default: root
      mode:
        description: Mode of the source, octal.
        type: str
        default: "0640"
      database_owner:
        description: Owner of the database.
        type: str
        default: root
      database_group:
        description: Group of the database.
        type: str
        default: root
      database_mode:
        description: Mode of the database, octal.
        type: str
        default: "0640"
      secret:
        description: Whether values never appear in a diff or result.
        type: bool
        default: false
  files:
    description: Class files and plain files such as the help file.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path of the file.
        type: path
        required: true
      kind:
        description: Class file (one name a line, checked) or plain file.
        type: str
        choices: [local-host-names, relay-domains, trusted-users, plain]
        default: plain
      lines:
        description: The names of a class file.
        type: list
        elements: str
      content:
        description: The text of a plain file.
        type: str
      secret_content:
        description: The same for a file that no log or diff shows.
        type: str
      owner:
        description: Owner of the file.
        type: str
        default: root
      group:
        description: Group of the file.
        type: str
        default: root
      mode:
        description: Mode of the file, octal.
        type: str
        default: "0644"
  directories:
    description: Directories that the configuration relies on, with their owner and mode.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Path of the directory.
        type: path
        required: true
      owner:
        description: Owner of the directory.
        type: str
        default: root
      group:
        description: Group of the directory.
        type: str
        default: root
      mode:
        description: Mode of the directory, octal.
        type: str
        default: "0755"
      queue:
        description:
          - Whether the daemon that runs works in it. One that belongs to somebody else keeps owner and group here, and changes hands with its content while the
            daemon is away (O(mailjail.sendmail.sendmail_service#module:spools)).
        type: bool
        default: false
  plan:
    description:
      - O(maps), O(files), O(directories), O(route_tests) and O(context) in one, so that an expression that gives them all is evaluated once.
      - What else it holds does not count. Each of these options is given here or by itself.
    type: dict
  context:
    description: Facts that the checks across maps need.
    type: dict
    default: {}
    suboptions:
      mailers:
        description: Mailers that the C(.mc) declares.
        type: list
        elements: str
      local_host_names:
        description: Names that are local (class w).
        type: list
        elements: str
      virtual_domains:
        description: Domains that the virtusertable may speak for.
        type: list
        elements: str
      jail:
        description: The C(SafeFileEnvironment) directory; file targets of aliases must lie in it.
        type: path
      alias_files:
        description: Whether aliases may deliver to files.
        type: bool
      alias_programs:
        description: Whether aliases may deliver to programs.
        type: bool
      alias_includes:
        description: Whether aliases may include files.
        type: bool
      smrsh_commands:
        description: What smrsh may run.
        type: list
        elements: str
      access_options:
        description: Further words of FEATURE(access_db), such as V(lookupdotdomain).
        type: list
        elements: str
      ipv6_compressed:
        description: Whether C(UseCompressedIPv6Addresses) is on, which decides how access keys are spelt.
        type: bool
      relay_by_name:
        description: Whether access entries may grant relaying by host name.
        type: bool
      untagged:
        description: Whether access keys may stand without a tag.
        type: bool
      adopted:
        description:
          - Whether maps and configuration are taken over as somebody else wrote them. Whom a map lets relay is not judged then, unless it is everybody, and a
            value that sendmail took in silence is told and not refused.
        type: bool
      open_relay:
        description: Whether such a map may let everybody relay.
        type: bool
  profile:
    description:
      - What kind of host this is, such as V(gateway), V(hub) or V(nullclient). Some features are forbidden on some of them.
    type: str
  waivers:
    description: Forbidden features that are used all the same. A waiver without a reason is refused.
    type: list
    elements: dict
    default: []
    suboptions:
      feature:
        description: Name of the feature.
        type: str
        required: true
      reason:
        description: Why it is needed.
        type: str
        required: true
  installing:
    description:
      - For check mode, whether an earlier task of this run would install sendmail or a part of it, such as the cf library. What is there is not asked then.
    type: bool
    default: false
  state_directory:
    description: Root-only directory of generations and state.
    type: path
    default: /var/lib/mailjail
  keep_generations:
    description: How many states are kept; the newest one that was proven good always stays.
    type: int
    default: 5
  pid_file:
    description: The daemon's pid file; a daemon that wrote it before its configuration changed is due for a restart.
    type: path
seealso:
  - module: mailjail.sendmail.sendmail_service
  - module: mailjail.sendmail.sendmail_rollback
"""

EXAMPLES = r"""
- name: Put the gateway's configuration in place
  mailjail.sendmail.sendmail_config:
    mta:
      source: /etc/mail/sendmail.mc
      compiled: /etc/mail/sendmail.cf
      content: "{{ lookup('ansible.builtin.template', 'sendmail.mc.j2') }}"
    library: /usr/share/sendmail/cf
    maps:
      - name: mailertable
        kind: mailertable
        path: /etc/mail/mailertable
        entries:
          - key: example.org
            value: "esmtp:[mail.example.org]"
    files:
      - path: /etc/mail/relay-domains
        kind: relay-domains
        lines: [example.org]
    route_tests:
      - name: a stranger cannot relay
        recipient: someone@example.net
        expect: refused
        code: "550"
"""

RETURN = r"""
changes:
  description: What differs between the host and what was asked, as meaning (options, map entries, names, owners, modes).
  returned: always
  type: list
  elements: dict
  sample: [{what: map, name: mailertable, before: null, after: "example.org\tesmtp:[mail.example.org]"}]
relaying:
  description:
    - What lets others relay besides declared domains and networks of ordinary size, such as entries C(To:) and C(CertIssuer:) with C(RELAY), trusted AUTH
      mechanisms, virtual domains that do not catch every address. What the configuration before did not have is a warning, too.
  returned: always
  type: list
  elements: str
  sample: ["access, To:partner.example: everybody may send to partner.example through this host"]
route_tests:
  description: The report of the route tests, as M(mailjail.sendmail.sendmail_route_test) returns it.
  returned: when sendmail is installed
  type: list
  elements: dict
paths:
  description: The files that were changed, or in check mode would be; M(mailjail.sendmail.sendmail_service) predicts from them what it would do.
  returned: always
  type: list
  elements: str
restart_pending:
  description: Whether the running daemon is older than what it reads when it starts.
  returned: always
  type: bool
generation:
  description: Id of the generation that holds the state before this change.
  returned: when something was changed
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes, transaction
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def _configuration(required):
    return {"type": "dict", "required": required, "options": {
        "source": {"type": "path", "required": True}, "compiled": {"type": "path", "required": True}, "content": {"type": "str", "required": True},
        "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}, "mode": {"type": "str", "default": "0644"}}}


def _rows(options):
    return {"type": "list", "elements": "dict", "default": [], "options": options}


MAPS = _rows({
    "name": {"type": "str", "required": True},
    "kind": {"type": "str", "required": True,
             "choices": ["mailertable", "access", "virtusertable", "genericstable", "domaintable", "userdb", "authinfo", "aliases"]},
    "path": {"type": "path", "required": True}, "type": {"type": "str", "choices": ["auto", "btree", "hash", "cdb"], "default": "auto"},
    "entries": {"type": "list", "elements": "dict", "no_log": False}, "content": {"type": "str"},
    "remarks": {"type": "list", "elements": "str", "default": []}, "warnings": {"type": "list", "elements": "str", "default": []},
    "secret_content": {"type": "str", "no_log": True}, "file": {"type": "path"}, "host_file": {"type": "path"},
    "accepted": {"type": "path"}, "shared": {"type": "path"}, "today": {"type": "str"},
    "expiry_notice": {"type": "int", "default": 0}, "whole": {"type": "bool", "default": False}, "upload": {"type": "path"}, "digest": {"type": "str"},
    "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}, "mode": {"type": "str", "default": "0640"},
    "database_owner": {"type": "str", "default": "root"}, "database_group": {"type": "str", "default": "root"},
    "database_mode": {"type": "str", "default": "0640"}, "secret": {"type": "bool", "default": False, "no_log": False}})
FILES = _rows({
    "path": {"type": "path", "required": True},
    "kind": {"type": "str", "choices": ["local-host-names", "relay-domains", "trusted-users", "plain"], "default": "plain"},
    "lines": {"type": "list", "elements": "str"}, "content": {"type": "str"}, "secret_content": {"type": "str", "no_log": True},
    "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"}, "mode": {"type": "str", "default": "0644"}})
DIRECTORIES = _rows({
    "path": {"type": "path", "required": True}, "owner": {"type": "str", "default": "root"}, "group": {"type": "str", "default": "root"},
    "mode": {"type": "str", "default": "0755"}, "queue": {"type": "bool", "default": False}})
CONTEXT = {"type": "dict", "default": {}, "options": {
    "mailers": {"type": "list", "elements": "str"}, "local_host_names": {"type": "list", "elements": "str"},
    "virtual_domains": {"type": "list", "elements": "str"}, "jail": {"type": "path"}, "alias_files": {"type": "bool"},
    "alias_programs": {"type": "bool"}, "alias_includes": {"type": "bool"}, "smrsh_commands": {"type": "list", "elements": "str"},
    "access_options": {"type": "list", "elements": "str"}, "ipv6_compressed": {"type": "bool"}, "relay_by_name": {"type": "bool"},
    "untagged": {"type": "bool"}, "adopted": {"type": "bool"}, "open_relay": {"type": "bool"}}}
SPEC = {
    "mta": _configuration(True), "msp": _configuration(False), "library": {"type": "path", "required": True},
    "sendmail": {"type": "path", "default": "/usr/sbin/sendmail"}, "makemap": {"type": "path", "default": "/usr/sbin/makemap"},
    "m4": {"type": "str", "default": "m4"}, "maps": MAPS, "files": FILES, "directories": DIRECTORIES, "route_tests": routes.OPTION, "context": CONTEXT,
    "plan": {"type": "dict"},
    "waivers": _rows({"feature": {"type": "str", "required": True}, "reason": {"type": "str", "required": True}}),
    "profile": {"type": "str"}, "installing": {"type": "bool", "default": False}, "state_directory": {"type": "path", "default": "/var/lib/mailjail"},
    "keep_generations": {"type": "int", "default": 5}, "pid_file": {"type": "path"}}


def main():
    module = quiet(AnsibleModule)(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = transaction.run(module.params, Runner(), module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
