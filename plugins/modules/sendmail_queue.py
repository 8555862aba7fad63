#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_queue
short_description: Try, hold, release or remove messages that wait in sendmail's queues
description:
  - Works beside a running daemon and its queue runners. sendmail itself tries messages and puts them into quarantine; what is removed is locked as sendmail
    locks it, so a message that is being delivered is never touched. It is named in RV(busy) instead.
  - Every criterion that is given must hold, by any of its words. Nothing is done to all messages unless O(all) says so.
  - What is removed leaves a receipt on the host, readable by root alone.
version_added: "0.2.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    details: Which messages are delivered, deferred or busy by then, only the moment itself shows.
  idempotent:
    support: partial
    details: With O(action=flush) each run tries the messages again.
options:
  action:
    description:
      - V(look) lists. V(flush) has waiting messages tried now, and waits at most O(wait) seconds for that; the queue run goes on by itself afterwards.
      - V(quarantine) keeps messages from being tried, with O(reason). V(unquarantine) lets any of them go again.
      - V(hold) is a quarantine with a mark of this collection, and leaves alone what is in quarantine already. V(release) lets go only what has that mark.
      - V(delete) removes messages and keeps a receipt.
      - V(hand_over) gives the messages of a O(receipt) with contents to the mail system that answers for O(command) now, each once.
    type: str
    choices: [look, flush, quarantine, unquarantine, hold, release, delete, hand_over]
    default: look
  ids:
    description: Queue ids. One that is not in any queue is an error (O(missing)).
    type: list
    elements: str
    default: []
  senders:
    description: Patterns with V(*) and V(?) of the envelope's sender, such as V(*@example.org); V(<>) is that of bounces. Large and small letters are equal.
    type: list
    elements: str
    default: []
  recipients:
    description: The same of a recipient. A message with others besides is meant as a whole.
    type: list
    elements: str
    default: []
  domains:
    description: The same of a recipient's domain. V(.example.org) is that domain and all below it.
    type: list
    elements: str
    default: []
  reasons:
    description: Parts of what was said of the last try, or of the reason of a quarantine.
    type: list
    elements: str
    default: []
  older_than:
    description: Messages that came before this span, such as V(4h) or V(1d12h).
    type: str
  younger_than:
    description: Messages that came within this span.
    type: str
  state:
    description: Only messages of this state.
    type: str
    choices: [any, waiting, quarantined, lost]
    default: any
  queues:
    description: Only these queues, by V(mta), V(msp), the name of a queue group, or the directory.
    type: list
    elements: str
    default: []
  all:
    description: That really all messages are meant, within O(state) and O(queues) and the spans.
    type: bool
    default: false
  at_most:
    description: If more messages are chosen than this, nothing is done.
    type: int
  reason:
    description: Why messages go into quarantine; mailq shows it.
    type: str
  wait:
    description: Seconds for which V(flush) waits until each message was tried.
    type: int
    default: 60
  missing:
    description: What an id in O(ids) that is in no queue is. One that a kept receipt names counts as removed in any case.
    type: str
    choices: [fail, ignore]
    default: fail
  contents:
    description: Keep the messages themselves with the receipt.
    type: bool
    default: false
  receipt_directory:
    description: Where receipts are kept.
    type: path
    default: /var/lib/mailjail/receipts
  receipt_days:
    description: Days after which a receipt goes, when a further one is written; at least 1. Each receipt remembers its own number.
    type: int
    default: 14
  awaited:
    description:
      - With V(delete) and O(contents), that nobody decided that these messages may go, and they shall be handed over some day. What is kept of them stays
        until all of it was, whatever O(receipt_days) says.
    type: bool
    default: false
  receipt:
    description: The receipt, by its path or name, whose messages are handed over. With O(all) instead, every receipt with messages that are O(awaited).
    type: str
  command:
    description: The command that takes messages that are handed over.
    type: path
    default: /usr/sbin/sendmail
  not_below:
    description: A directory; nothing is handed over while O(command) leads below it, for instance to a sendmail that is about to be removed.
    type: path
  limit:
    description: How many messages are listed in the result.
    type: int
    default: 100
  program:
    description: The sendmail program. The first that exists of the usual places if it is not given.
    type: path
  user:
    description: As whom the daemon works. Found out if it is not given.
    type: str
  configurations:
    description: Paths of the compiled configurations that say where the queues are, as in M(mailjail.sendmail.sendmail_queue_info).
    type: dict
    default: {}
    suboptions:
      mta: {description: The daemon's., type: path}
      msp: {description: The submission program's., type: path}
"""

EXAMPLES = r"""
- name: Try everything for a domain that is back
  mailjail.sendmail.sendmail_queue:
    action: flush
    domains: [.example.net]

- name: Hold what a broken script sent, until somebody has looked
  mailjail.sendmail.sendmail_queue:
    action: hold
    senders: [cron@web1.example.org]
    reason: looked at by Eva

- name: Remove bounces that nobody takes, and keep them for a month
  mailjail.sendmail.sendmail_queue:
    action: delete
    senders: ["<>"]
    older_than: 1d
    contents: true
    receipt_days: 30
"""

RETURN = r"""
matched:
  description: How many messages were chosen.
  returned: always
  type: int
messages:
  description: The chosen messages, at most O(limit), as M(mailjail.sendmail.sendmail_queue_info) tells them.
  returned: always
  type: list
  elements: dict
done:
  description: Ids of messages that are now as wanted (in quarantine, out of it, removed, handed over).
  returned: always
  type: list
  elements: str
gone:
  description: Ids of messages that left the queue meanwhile; with V(flush) those that were delivered or bounced.
  returned: always
  type: list
  elements: str
tried:
  description: Ids of messages that were tried and still wait.
  returned: always
  type: list
  elements: str
busy:
  description: Ids of messages that somebody else works on and that were therefore left alone; with V(flush) those that were not tried yet.
  returned: always
  type: list
  elements: str
unread:
  description: How many control files could not be read.
  returned: always
  type: int
receipt:
  description: Path of the receipt of what was removed; empty without any.
  returned: always
  type: str
  sample: /var/lib/mailjail/receipts/20261123T091500Z-4711.json
"""

import time

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import queue_receipts, queue_work
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.queue_actions import ACTIONS
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def spec():
    """Return the options."""
    texts = {"type": "list", "elements": "str", "default": []}
    return {
        "action": {"type": "str", "choices": list(ACTIONS) + ["hand_over"], "default": "look"},
        "ids": texts, "senders": texts, "recipients": texts, "domains": texts, "reasons": texts, "queues": texts,
        "older_than": {"type": "str"}, "younger_than": {"type": "str"},
        "state": {"type": "str", "choices": ["any", "waiting", "quarantined", "lost"], "default": "any"}, "all": {"type": "bool", "default": False},
        "at_most": {"type": "int"}, "reason": {"type": "str"}, "wait": {"type": "int", "default": 60},
        "missing": {"type": "str", "choices": ["fail", "ignore"], "default": "fail"}, "contents": {"type": "bool", "default": False},
        "receipt_directory": {"type": "path", "default": queue_receipts.DIRECTORY}, "receipt_days": {"type": "int", "default": 14},
        "awaited": {"type": "bool", "default": False}, "receipt": {"type": "str"},
        "command": {"type": "path", "default": "/usr/sbin/sendmail"}, "not_below": {"type": "path"}, "limit": {"type": "int", "default": 100},
        "program": {"type": "path"}, "user": {"type": "str"},
        "configurations": {"type": "dict", "default": {}, "options": {"mta": {"type": "path"}, "msp": {"type": "path"}}},
    }


def main():
    module = AnsibleModule(argument_spec=spec(), required_if=[("action", "quarantine", ["reason"])], supports_check_mode=True)
    try:
        result, warnings = queue_work.work(module.params, Runner(), module.check_mode, time.time())
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    for sentence in warnings:
        module.warn(sentence)
    module.exit_json(**result)


if __name__ == "__main__":
    main()
