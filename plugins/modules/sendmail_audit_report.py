#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Documentation of the action plugin of this name: it runs on the controller alone."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_audit_report
short_description: Write the report on all hosts that were audited
version_added: 0.3.0
description:
  - The last task of the role C(audit), run once, with C(serial) once for each batch. It holds together what the hosts of the play
    and their listeners said, compares it with the last report, and writes both for each host and for the fleet into a directory of the controller. No host
    is asked anything.
  - The directory gets C(audit.json), C(audit.xml) (JUnit), C(audit.sarif) and C(audit.html), and in C(hosts) the first three for each host. What is in there
    says where hosts are weak, so nobody but the user who runs Ansible may read these files.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  asked:
    description:
      - What is asked of one host, as the role C(audit) says it. It is returned together with the play and nothing is written; the role registers it for each
        host, so that a report is on the hosts that were audited in its own play.
      - One of O(asked) and O(directory) is required.
    type: dict
  directory:
    description: The directory on the controller. It is made with mode 0700 where it is missing; one that exists keeps its mode.
    type: path
  since:
    description: A former C(audit.json) with which this one is compared; without it that of O(directory), if there is one.
    type: path
seealso:
  - module: mailjail.sendmail.sendmail_baseline
  - module: mailjail.sendmail.smtp_probe
"""

EXAMPLES = r"""
- name: Write the report
  mailjail.sendmail.sendmail_audit_report:
    directory: /var/lib/audits/sendmail
  delegate_to: localhost
  run_once: true
"""

RETURN = r"""
asked:
  description: What is asked of the host.
  returned: with O(asked)
  type: dict
play:
  description: What tells this play from every other one of the run.
  returned: with O(asked), or when files were written
  type: str
former:
  description: Where the report is kept that the batches to come are compared with; empty where none come, or where there is no such report.
  returned: when files were written
  type: str
directory:
  description: The directory, as a whole path.
  returned: with O(directory)
  type: str
  sample: /var/lib/audits/sendmail
written:
  description: Whether files were written; not in check mode.
  returned: with O(directory)
  type: bool
since:
  description: When the report was made with which this one was compared; null without one.
  returned: with O(directory)
  type: str
  sample: "2026-11-21T06:00:00Z"
summary:
  description: Numbers of hosts, verdicts, failures by severity, and changes, as in the report.
  returned: with O(directory)
  type: dict
hosts:
  description: What came of each host, by name.
  returned: with O(directory)
  type: dict
  contains:
    failed: {description: Whether its audit fails., type: bool}
    message: {description: 'Why, as a sentence; else what there is to know.', type: str}
    failing: {description: Controls for which it fails., type: list, elements: str}
"""
