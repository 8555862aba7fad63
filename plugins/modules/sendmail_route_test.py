#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the sendmail of a host route tests, changing nothing."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_route_test
short_description: Ask the sendmail of any host what it would do with a message
version_added: 0.1.0
description:
  - Asks the sendmail program of a host, with its configuration as it is now, what it would do with messages, and fails if any answer is not the one
    that a test expects. All failed tests are named.
  - Works on any host with sendmail, whoever configured it; this collection need not know the host. Maps are read as they lie there.
  - Nothing is delivered and nothing is changed. A copy of the configuration lies in a directory of root's while sendmail is asked.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
  - mailjail.sendmail.route_tests
options:
  program:
    description: The sendmail program; without it the one that the host has.
    type: path
  configuration:
    description: The compiled configuration; without it the one that the program reads as a daemon.
    type: path
notes:
  - Needs root, as sendmail does to read its maps.
seealso:
  - module: mailjail.sendmail.sendmail_config
  - module: mailjail.sendmail.sendmail_info
"""

EXAMPLES = r"""
- name: See that the host is no open relay, and that mail for the organisation goes to its server
  mailjail.sendmail.sendmail_route_test:
    route_tests:
      - name: a stranger cannot relay
        recipient: someone@example.net
        expect: refused
        code: "550"
      - name: mail for the organisation
        recipient: [postmaster@example.org, sales@example.org]
        expect: accepted
        host: "[mail.example.org]"

- name: See that users may send from anywhere, and whose name they show
  mailjail.sendmail.sendmail_route_test:
    route_tests:
      - client_address: 198.51.100.7
        listener: MSA
        tls: {}
        authenticated: {as: joe}
        sender: joe@pc7.example.org
        recipient: someone@example.net
        expect: accepted
        header_sender: joe@example.org
"""

RETURN = r"""
program:
  description: The program that was asked.
  returned: always
  type: str
  sample: /usr/sbin/sendmail
configuration:
  description: The configuration that it was asked with.
  returned: always
  type: str
  sample: /etc/mail/sendmail.cf
route_tests:
  description: The report, a row for each recipient of each test.
  returned: always
  type: list
  elements: dict
  contains:
    name: {description: Name of the test., type: str}
    asked: {description: 'What was asked, in words.', type: str, sample: 'client 192.0.2.1, sender <>, recipient someone@example.net'}
    passed: {description: Whether the answer is the one that was expected., type: bool}
    answer:
      description: The whole answer.
      type: dict
      contains:
        expect: {description: The verdict., type: str, sample: refused}
        code: {description: SMTP code of a refusal., type: str, sample: "550"}
        status: {description: Enhanced status code., type: str, sample: 5.7.1}
        text: {description: Text of the refusal., type: str, sample: Relaying denied}
        ruleset: {description: The ruleset that said so first., type: str, sample: Relay_ok}
        mailer: {description: Mailer of the recipient., type: str, sample: esmtp}
        host: {description: Host of the recipient., type: str, sample: example.net}
        envelope_sender: {description: The sender in the envelope as it leaves; null if no test expects one., type: str}
        envelope_recipient: {description: The recipient in the envelope as it leaves., type: str}
        header_sender: {description: The sender in the header as it leaves; null if no test expects one., type: str}
        header_recipient: {description: The recipient in the header as it leaves; null if no test expects one., type: str}
    disagreements:
      description: What differs.
      type: list
      elements: dict
      contains:
        what: {description: Key of the test., type: str, sample: expect}
        expected: {description: What it expects., type: str, sample: accepted}
        answered: {description: What sendmail answers., type: str, sample: refused}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes, routes_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def main():
    """Ask, and tell."""
    spec = {"program": {"type": "path"}, "configuration": {"type": "path"}, "route_tests": routes.OPTION}
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    result = {}
    try:
        result = routes_host.ask(Runner(), **module.params)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    for warning in result.pop("warnings"):
        module.warn(warning)
    module.exit_json(changed=False, **result)


if __name__ == "__main__":
    main()
