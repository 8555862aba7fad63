#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_queue_info
short_description: What waits in sendmail's queues
description:
  - Reads the queues of the daemon (with all queue groups) and of the submission program from their own files, takes no lock and starts no program, so it
    never stands in the way of a queue runner. Works on any host with sendmail, whoever configured it.
  - RV(queues[].waiting.messages), RV(queues[].quarantined.messages) and RV(queues[].lost.messages) are the numbers of C(mailq), C(mailq -qQ) and
    C(mailq -qL) for the same directory.
  - In a big queue all files are counted, and as many of them read as O(seconds) allows, oldest first; RV(complete) says whether that were all.
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  configurations:
    description: Paths of the compiled configurations that say where the queues are. The first that exists of the usual places, where one is not given.
    type: dict
    default: {}
    suboptions:
      mta: {description: 'The daemon''s, such as C(/etc/mail/sendmail.cf).', type: path}
      msp: {description: 'The submission program''s, such as C(/etc/mail/submit.cf).', type: path}
  limit:
    description: How many messages are listed, oldest of each queue first. V(0) lists none.
    type: int
    default: 100
  top:
    description: How many recipient domains and reasons of each queue are told, the most frequent first.
    type: int
    default: 20
  seconds:
    description: After this time no further file is read.
    type: int
    default: 20
"""

EXAMPLES = r"""
- name: Look at the queues
  mailjail.sendmail.sendmail_queue_info:
  register: queue

- name: Complain about mail that is older than four hours
  ansible.builtin.assert:
    that: (queue.queues | map(attribute='waiting.oldest.age', default=0) | max) < 4 * 3600
"""

RETURN = r"""
queues:
  description: Each queue directory.
  returned: always
  type: list
  elements: dict
  contains:
    directory: {description: Its path., type: str, sample: /var/spool/mqueue}
    program: {description: 'Whose it is, V(mta) or V(msp).', type: str}
    group: {description: The queue group; that of all that have no other is V(mqueue)., type: str}
    readable: {description: Whether it could be read; all numbers are null if not., type: bool}
    reason: {description: Why it could not be read., type: str}
    waiting:
      description: Sums over the messages that wait.
      type: dict
      contains: &sums
        messages: {description: How many there are., type: int}
        read: {description: How many of them were read; what follows is of those., type: int}
        bytes: {description: Bytes of their bodies., type: int}
        largest: {description: Bytes of the largest body., type: int}
        oldest:
          description: The oldest, with V(id), V(age) in seconds, V(created) and V(sender); null without any.
          type: dict
          sample: {id: 3AN8YtQw012345, age: 7200, created: 1795420000, sender: <a@example.org>}
        ages:
          description: How many are how old.
          type: dict
          sample: {under 1h: 1, 1h to 4h: 1, 4h to 1d: 0, 1d to 5d: 0, over 5d: 0}
        domains: {description: 'Domains of recipients, the most frequent first.', type: list, elements: dict, sample: [{name: example.net, messages: 2}]}
        reasons:
          description: What was said of the last try, or why they are in quarantine, the most frequent first.
          type: list
          elements: dict
          sample: [{name: 'Deferred: Connection refused by ...', messages: 2}]
    quarantined: {description: The same of messages in quarantine., type: dict, contains: *sums}
    lost: {description: The same of messages that sendmail gave up as lost. Only a person mends those., type: dict, contains: *sums}
    locked: {description: Messages that somebody works on at this moment., type: int}
    damaged:
      description: Control files that are not whole though nobody is writing them, or that can not be read; at most 20.
      type: list
      elements: str
    stray_bodies: {description: Ids of bodies without a control file that are older than an hour; at most 20., type: list, elements: str}
    temporary: {description: 'Control files that are being rewritten, or that a crash left.', type: int}
messages:
  description: Messages, at most O(limit).
  returned: always
  type: list
  elements: dict
  contains:
    id: {description: Its queue id., type: str, sample: 3AN8YtQw012345}
    queue: {description: The directory., type: str}
    state: {description: 'V(waiting), V(quarantined) or V(lost).', type: str}
    sender: {description: The envelope's sender., type: str, sample: <a@example.org>}
    recipients: {description: Recipients that wait., type: list, elements: str}
    size: {description: 'Bytes of the body, as mailq shows; null if it is missing.', type: int}
    created: {description: 'When it came, in seconds since 1970.', type: int}
    age: {description: Seconds since then., type: int}
    tries: {description: How often it was tried., type: int}
    tried: {description: 'When last, in seconds since 1970.', type: int}
    reason: {description: What was said of the last try., type: str}
    quarantine: {description: Why it is in quarantine., type: str}
    client: {description: From where it came., type: str}
    locked: {description: Whether somebody works on it at this moment., type: bool}
total:
  description: Messages of all kinds in all queues that can be read.
  returned: always
  type: int
complete:
  description: Whether every control file was read within O(seconds).
  returned: always
  type: bool
reasons:
  description: What could not be seen, and why.
  returned: always
  type: list
  elements: str
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import queue_host, queue_report
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told


def main():
    module = AnsibleModule(argument_spec={
        "configurations": {"type": "dict", "default": {}, "options": {"mta": {"type": "path"}, "msp": {"type": "path"}}},
        "limit": {"type": "int", "default": 100}, "top": {"type": "int", "default": 20}, "seconds": {"type": "int", "default": 20},
    }, supports_check_mode=True)
    params, now = module.params, time.time()
    try:
        queues, reasons = queue_host.configured(params["configurations"])
        opened, unread = queue_host.spools(queues, strict=False)
        result = queue_report.report(opened, now, limit=params["limit"], top=params["top"], until=now + params["seconds"])
        queue_report.add_unread(result, unread)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(changed=False, **dict(result, reasons=reasons + [sentence for _path, sentence, _queue in unread]))


if __name__ == "__main__":
    main()
