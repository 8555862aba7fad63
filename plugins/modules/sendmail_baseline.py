#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hold a host against the table of controls, and mend what the configuration does not own."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_baseline
short_description: Hold a host against the table of controls, and mend what the configuration does not own
version_added: 0.1.0
description:
  - Judges a host by the controls of C(docs/controls.md), whoever configured it, in one remote run. Each control gets a verdict with evidence, what was seen
    and what was wanted. What can not be seen is V(unknown) with the reason.
  - Without O(apply), and in check mode, nothing on the host is changed. This is the audit.
  - With O(apply) it mends owners, modes, access lists, set-id bits, smrsh's directory, queue directories, accounts and units where a failed control says
    how, and judges again. What sendmail is told is the business of M(mailjail.sendmail.sendmail_config) and never touched here.
  - No link is followed that others than root could have put there, and nothing is given away that others could have put there. What is not
    safe to mend stays, with a warning.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
options:
  profile:
    description: What kind of host this is; empty for one that is not known, which is held against all controls.
    type: str
    choices: ["", gateway, nullclient, hub]
    default: ""
  site:
    description:
      - What the play knows and a host can not say. All keys may be missing.
      - C(listeners) (as declared), C(compiled) (C(mta), C(msp)), C(platform) (the family's table), C(privilege), C(limits) (thresholds, whole numbers),
        C(facts) (the result of M(mailjail.sendmail.sendmail_info)), C(relay_networks) (who may relay, as C(sendmail_relay_networks) has it).
      - C(jail) is its path, or C(path), C(directories) and C(files), the last two as C(sendmail_jail_directories) and C(sendmail_jail_files) have them.
      - C(expected) has C(smrsh), the names of commands that smrsh may offer; any other one fails.
    type: dict
    default: {}
  only:
    description: Controls or families to look at, such as C(SM-FS-02) or C(TLS); all without it. An optional control that is named here is mended too.
    type: list
    elements: str
    default: []
  without:
    description: Controls or families to leave out.
    type: list
    elements: str
    default: []
  waivers:
    description:
      - Failures that somebody answers for. Each waiver ends; it is announced 30 days before its end, and after it the control fails again, with a warning.
      - A waived control is not mended.
    type: list
    elements: dict
    default: []
    suboptions:
      control: {description: The control., type: str}
      reason: {description: Why., type: str}
      owner: {description: Who answers for it., type: str}
      until: {description: 'The last day on which it counts, such as V(2027-03-31).', type: str}
  today:
    description:
      - The day, such as V(2027-03-31), on which waivers are held against their last one. A host whose clock is wrong, or in the hands of somebody else, would
        keep a waiver for ever; so the role C(baseline) names the day of the controller.
      - The day of the host's own clock where it is empty.
    type: str
    default: ""
  apply:
    description: Mend what the profile holds always and can be mended safely. Needs O(profile).
    type: bool
    default: false
"""

EXAMPLES = r"""
- name: Audit a host that nobody knows
  mailjail.sendmail.sendmail_baseline:

- name: Mend owners and modes on a gateway
  mailjail.sendmail.sendmail_baseline:
    profile: gateway
    only: [FS, SMRSH]
    apply: true
    waivers:
      - control: SM-FS-13
        reason: Mailboxes lie on a file server
        owner: postmaster@example.com
        until: "2027-03-31"
"""

RETURN = r"""
controls:
  description: One row for each control that was looked at, after the mending.
  returned: success
  type: list
  elements: dict
  contains:
    control: {description: Its id., type: str, sample: SM-FS-02}
    verdict: {description: 'V(pass), V(fail), V(unknown), V(not applicable) or V(waived).', type: str, sample: fail}
    severity: {description: 'V(low), V(medium), V(high) or V(critical).', type: str, sample: critical}
    level: {description: Whether the profile holds it always (V(enforced)) or where a site asks (V(optional))., type: str, sample: enforced}
    evidence:
      description: What was seen. C(where) is a file with its line, an option, a unit, a socket or a program; C(wanted) is empty where it is as it should be.
      type: list
      elements: dict
      sample: [{where: /etc/mail/sendmail.cf, seen: 'root:root 0666', wanted: 'root, writable by nobody else (0644 or less)'}]
    waiver: {description: The waiver that counts for it., type: dict, returned: when there is one}
    unmended: {description: Why it could not be mended., type: str, returned: when it was tried}
counts:
  description: How many controls have each verdict.
  returned: success
  type: dict
  sample: {fail: 2, not applicable: 11, pass: 80, unknown: 1, waived: 1}
changes:
  description: What changed, or in check mode what would change.
  returned: success
  type: list
  elements: dict
  contains:
    path: {description: The path; an account or a unit., type: str, sample: /etc/mail/sendmail.cf}
    before: {description: What was there; empty if nothing was., type: str, sample: 'root:root 0666'}
    after: {description: What is there now; empty if it was taken away., type: str, sample: 'root:root 0644'}
"""

import contextlib
import datetime

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import baseline, controls, generations
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

SPEC = {
    "profile": {"type": "str", "choices": [""] + list(controls.PROFILES), "default": ""},
    "site": {"type": "dict", "default": {}},
    "only": {"type": "list", "elements": "str", "default": []},
    "without": {"type": "list", "elements": "str", "default": []},
    "waivers": {"type": "list", "elements": "dict", "default": [], "options": dict((field, {"type": "str"}) for field in controls.FIELDS)},
    "today": {"type": "str", "default": ""},
    "apply": {"type": "bool", "default": False},
}


@contextlib.contextmanager
def untouched():
    """Stand in for the lock where nothing is written: an audit makes no file, not even that one."""
    yield


def main():
    """Look, mend under the lock that all changes of this host take, and tell."""
    # What the play knows of a host is long, and no news for its journal.
    module = quiet(AnsibleModule)(argument_spec=SPEC, supports_check_mode=True)
    try:
        with generations.lock() if module.params["apply"] and not module.check_mode else untouched():
            result = baseline.run(module.params, module.check_mode, Runner(), datetime.date.today())
        for warning in result.pop("warnings"):
            module.warn(warning)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
