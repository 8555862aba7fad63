#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look at one SMTP listener from outside, as a stranger would."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: smtp_probe
short_description: Look at an SMTP listener over the wire, as a stranger would
version_added: 0.3.0
description:
  - Speaks with one listener by its address, and tells what it answers. Greeting, EHLO and commands; what it relays, in all the spellings in which that was ever
    tried; TLS with versions, suites and certificate; SMTP smuggling; limits; clients that talk too early or too slowly.
  - Runs on the controller (C(delegate_to=localhost)) or on another host that sees the listener as a stranger does. A listener that trusts the probing host
    answers otherwise than it answers a stranger.
  - It judges little. The role C(audit) holds the result against the table of controls.
  - A listener that hangs, breaks off, sends without end or no text at all gives a result with a reason, in bounded time.
  - Only an address that is in O(allowed_addresses) is probed.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  address:
    description: Address of the listener. A name is refused.
    type: str
    required: true
  port:
    description: Its port.
    type: int
    default: 25
  family:
    description: What the address is. Only checked.
    type: str
    choices: [inet, inet6]
  name:
    description: The name by which others know the host. Its certificate should have it, and mail is addressed to it in the relay tests.
    type: str
    default: ""
  implicit_tls:
    description: The listener speaks TLS from the first byte, as on port 465.
    type: bool
    default: false
  allowed_addresses:
    description:
      - Addresses of the hosts that may be probed, those of the inventory. Names are looked up on the probing host; networks are refused.
      - An O(address) that is not among them is refused.
    type: list
    elements: str
    required: true
  tests:
    description:
      - What is tested. Greeting and EHLO always are.
      - V(slow_client) takes O(slow_client_seconds) and is the only one that is left out without a word.
    type: list
    elements: str
    choices: [commands, early_talk, senders, relay, tls, suites, smuggling, limits, slow_client]
    default: [commands, early_talk, senders, relay, tls, suites, smuggling, limits]
  recipients:
    description: For whom mail is offered. Nothing is sent to them, each try ends after RCPT.
    type: dict
    suboptions:
      local:
        description: A recipient on this side, whose mail the listener takes from strangers. Without it, what needs one is left out.
        type: str
      outside:
        description: A recipient elsewhere. Best an address of your own at somebody else's domain that exists, since a listener may refuse one that does not.
        type: str
        default: relay-probe@probe.example
  sender:
    description:
      - The sender, best one whose domain exists. Without it the null sender.
      - A refusal of the sender says nothing of relaying, and such tests are then not known.
    type: str
    default: ""
  helo:
    description: Name with which the probe introduces itself; without it the address of the probing host in brackets.
    type: str
    default: ""
  deliver_to:
    description:
      - A recipient who may get test messages. There are up to fifteen, and one more for each false end of data that is honoured. Each says what it is.
      - Without it V(smuggling) and the header limit are not tested, since only a message can tell. Nor are they in check mode.
    type: str
    default: ""
  ca:
    description: File of authorities on the probing host by which certificates are judged; without it those of the host.
    type: path
  patience:
    description: Seconds that one answer may take. A listener with a greet pause takes that long for its greeting.
    type: int
    default: 30
  slow_client_seconds:
    description:
      - Seconds after which a client that says nothing, or one letter at a time, should have been dropped. Those of the listener's timeout, and some more.
    type: int
    default: 330
  budget:
    description: What the probe may use at most. Tests for which it does not suffice are not known, with that reason.
    type: dict
    suboptions:
      seconds:
        description: Seconds for everything.
        type: int
        default: 240
      connections:
        description: Connections.
        type: int
        default: 150
      bytes:
        description: Bytes that are read.
        type: int
        default: 16777216
      per_second:
        description: New connections a second.
        type: int
        default: 4
      at_a_time:
        description: Connections that are open at a time.
        type: int
        default: 4
notes:
  - A listener that greets with 421 is asked again after 5, 20 and 60 seconds, and then left alone.
  - Handshakes that are not finished and refused commands leave lines in the log of the listener.
seealso:
  - module: mailjail.sendmail.sendmail_route_test
"""

EXAMPLES = r"""
- name: Look at the public listener of each gateway from the controller
  mailjail.sendmail.smtp_probe:
    address: "{{ ansible_host }}"
    name: "{{ inventory_hostname }}"
    allowed_addresses: "{{ groups.gateways | map('extract', hostvars, 'ansible_host') }}"
    recipients:
      local: postmaster@example.org
  delegate_to: localhost

- name: Nothing but the certificate of the submission port
  mailjail.sendmail.smtp_probe:
    address: 192.0.2.25
    port: 465
    implicit_tls: true
    name: mx.example.org
    allowed_addresses: [192.0.2.25]
    tests: [tls]
  delegate_to: probe.example.net
"""

RETURN = r"""
address: {description: As asked., returned: always, type: str, sample: 192.0.2.25}
port: {description: As asked., returned: always, type: int, sample: 25}
family: {description: Of the address., returned: always, type: str, sample: inet}
name: {description: As asked., returned: always, type: str, sample: mx.example.org}
implicit_tls: {description: As asked., returned: always, type: bool}
reachable: {description: Whether there is a listener that greets., returned: always, type: bool}
refusal: {description: Why not., returned: always, type: str, sample: connection refused}
unknown:
  description: Tests that were not made or did not end.
  returned: always
  type: list
  elements: dict
  contains:
    test: {description: The test., type: str, sample: 'smuggling'}
    why: {description: The reason., type: str, sample: 'it sends a message, and no recipient is named who may get one (deliver_to)'}
used:
  description: What was used.
  returned: always
  type: dict
  sample: {seconds: 31.2, connections: 44, bytes: 90211}
greeting: {description: The greeting., returned: when something greets, type: str, sample: 220 mx.example.org ESMTP}
greeting_seconds: {description: Seconds until the greeting., returned: when reachable, type: float, sample: 5.0}
ehlo: {description: 'What EHLO offers, in the clear unless TLS is implicit.', returned: when reachable, type: list, elements: str, sample: [SIZE 26214400]}
ehlo_tls: {description: What EHLO offers over TLS., returned: with the test tls, type: list, elements: str}
auth_clear: {description: Mechanisms of AUTH that are offered in the clear., returned: when reachable, type: list, elements: str}
auth_tls: {description: Mechanisms of AUTH that are offered over TLS., returned: with the test tls, type: list, elements: str}
commands:
  description: Answers to commands, those to MAIL in the clear and over TLS among them.
  returned: when reachable
  type: dict
  sample: {VRFY: '252 2.5.2 Cannot VRFY user; try RCPT to attempt delivery (or try finger)'}
early_talk:
  description: What is answered to a client that talks before the greeting; the verdict is V(refused) or V(let through).
  returned: with the test early_talk
  type: dict
  sample: {answer: 554 mx.example.org ESMTP not accepting messages, verdict: refused}
web_talk:
  description: What is answered to a client that speaks HTTP; the verdict is V(dropped) or V(answered).
  returned: with the test commands
  type: dict
relay:
  description: A row for each form of address by which a stranger may hope to reach another.
  returned: with the test relay
  type: list
  elements: dict
  contains:
    form: {description: Number of the form., type: int}
    from: {description: Sender., type: str}
    to: {description: Recipient., type: str}
    answer: {description: The answer that decided., type: str}
    accepted: {description: Whether mail would have been taken., type: bool}
own:
  description: What is taken for this side; kind is V(local), V(subdomain) or V(host account).
  returned: with the tests relay or senders
  type: list
  elements: dict
senders:
  description: Whether senders are believed that are V(unqualified) or V(unresolvable).
  returned: with the tests relay or senders, if O(recipients) has a local one
  type: list
  elements: dict
smuggling:
  description: >-
    A row for each false end of data. The verdict is V(refused), V(one message) or V(two messages); V(honoured) is true where the false end was taken for
    one, even if what followed it was refused.
  returned: with the test smuggling, if O(deliver_to) is given
  type: list
  elements: dict
tls:
  description: TLS of the listener.
  returned: with the tests tls or suites
  type: dict
  contains:
    offered: {description: 'Whether there is any.', type: bool}
    versions: {description: Versions that are spoken., type: list, sample: ['1.2', '1.3']}
    refused: {description: 'Versions that are not, with the words. A version that is in neither is not known.', type: dict}
    suites: {description: 'Suites of each version as the listener chose them: in its order, or in that of the probe where it has none.', type: dict}
    weak: {description: 'Suites that nobody should take any more, with the reason.', type: list}
    dated: {description: Suites without AEAD., type: list}
    dh_bits: {description: 'Bits of the prime of DHE, 0 where there is none.', type: int}
    negotiated: {description: Version and suite that this host came to., type: dict}
    injection: {description: 'What became of a command behind STARTTLS: V(refused), V(discarded), V(answered in the clear) or V(executed).', type: str}
    certificate:
      description: Subject, issuer, names, starts, ends, key, signed (digest), self_signed, fingerprint; trusted and why; named, whether it has the name; chain.
      type: dict
limits:
  description: What becomes of messages that are too large, of many recipients, of unknown users, of long headers and of slow clients.
  returned: with the tests limits or slow_client
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_run
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told

SPEC = {
    "address": {"type": "str", "required": True}, "port": {"type": "int", "default": 25}, "family": {"type": "str", "choices": ["inet", "inet6"]},
    "name": {"type": "str", "default": ""}, "implicit_tls": {"type": "bool", "default": False},
    "allowed_addresses": {"type": "list", "elements": "str", "required": True},
    "tests": {"type": "list", "elements": "str", "choices": list(smtp_run.TESTS), "default": list(smtp_run.USUAL)},
    "recipients": {"type": "dict", "options": {"local": {"type": "str"}, "outside": {"type": "str", "default": smtp_run.OUTSIDE}}},
    "sender": {"type": "str", "default": ""}, "helo": {"type": "str", "default": ""}, "deliver_to": {"type": "str", "default": ""},
    "ca": {"type": "path"}, "patience": {"type": "int", "default": smtp_run.DEFAULTS["patience"]},
    "slow_client_seconds": {"type": "int", "default": smtp_run.DEFAULTS["slow_client_seconds"]},
    "budget": {"type": "dict", "options": dict((key, {"type": "int", "default": value}) for key, value in smtp_run.BUDGET.items())},
}


def main():
    """Ask, and tell."""
    module = AnsibleModule(argument_spec=SPEC, supports_check_mode=True)
    try:
        result = smtp_run.run(module.params, module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
