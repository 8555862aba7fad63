#!/usr/bin/python
# -*- coding: utf-8 -*-
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_rollback
short_description: Put an earlier generation of sendmail's configuration back
description:
  - Every change by M(mailjail.sendmail.sendmail_config) keeps the state before it as a generation. This module puts one of them back, file by file,
    sources before results and maps before the C(.cf) that names them.
  - The state that it replaces is kept as a generation too, so a rollback can be taken back.
  - The daemon is not restarted; run M(mailjail.sendmail.sendmail_service) afterwards.
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  idempotent:
    support: partial
    details: With V(previous) each run goes to the state before, so a second one takes the first one back. V(good) and an id name the same state each time.
options:
  generation:
    description: V(previous) for the newest state that differs from the present one, V(good) for the newest that a health check proved, or an id.
    type: str
    default: previous
  state_directory:
    description: Root-only directory of generations and state.
    type: path
    default: /var/lib/mailjail
  keep_generations:
    description: How many states are kept.
    type: int
    default: 5
"""

EXAMPLES = r"""
- name: Take the last change back
  mailjail.sendmail.sendmail_rollback:
"""

RETURN = r"""
generation:
  description: Id of the generation that is live now.
  returned: always
  type: str
changes:
  description: Paths that were put back.
  returned: always
  type: list
  elements: str
generations:
  description: Ids of all generations, oldest first, with their time (seconds since 1970) and whether a health check proved them.
  returned: always
  type: list
  elements: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import generations
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told


def roll_back(params, check_mode):
    """Return what changed, putting it back unless in check mode."""
    directory = params["state_directory"]
    manifest = generations.choose(directory, params["generation"])
    changed = generations.differing(manifest)
    if changed and not check_mode:
        generations.keep(directory, list(manifest["files"]), params["keep_generations"] + 1)
        generations.restore(directory, manifest["id"])
    return {"changed": bool(changed), "changes": changed, "generation": manifest["id"],
            "diff": [{"before": "the present state of:\n" + "".join("  %s\n" % path for path in changed),
                      "after": "generation %s\n" % manifest["id"]}] if changed else [],
            "generations": [{key: row.get(key) for key in ("id", "time", "good")} for row in generations.listing(directory)]}


def main():
    module = AnsibleModule(argument_spec={
        "generation": {"type": "str", "default": "previous"}, "state_directory": {"type": "path", "default": "/var/lib/mailjail"},
        "keep_generations": {"type": "int", "default": 5}}, supports_check_mode=True)
    try:
        with generations.lock():
            result = roll_back(module.params, module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
