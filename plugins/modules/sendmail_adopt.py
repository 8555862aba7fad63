#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a host's own configuration of sendmail and say it in this collection's variables."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_adopt
short_description: Say a host's own sendmail configuration in the variables of this collection
version_added: 0.1.0
description:
  - Reads the C(.mc) files of a host (or, where there are none, the compiled C(.cf)), what they include, and the maps, aliases and class files that they name,
    and returns what they say as variables. Whatever no variable says is kept as text and named with its line and the reason.
  - Compares what the host's own m4 makes of the source with the C(.cf) in force, so that a result which was edited by hand shows.
  - With O(rendered) it compares what the host's own m4 makes of the source with what it makes of another text.
  - Nothing on the host is changed, and nothing is written. A source that would run a command is refused with its line, and not compiled.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  mta:
    description: The daemon's configuration.
    type: dict
    required: true
    suboptions: &configuration
      source:
        description: Path of the C(.mc).
        type: path
        required: true
      compiled:
        description: Path of the C(.cf).
        type: path
        required: true
  msp:
    description: The submission program's configuration.
    type: dict
    required: true
    suboptions: *configuration
  library:
    description: Directory of the cf library, which holds C(m4/cf.m4).
    type: path
    required: true
  m4:
    description: The m4 program.
    type: str
    default: m4
  makemap:
    description: The makemap program, which dumps a database whose source is lost. Without it such a database is named and not read.
    type: str
    default: ""
  paths:
    description: Where this collection keeps each map and class file on this host. What lies elsewhere stays as it is, and is named.
    type: dict
    default: {}
  rendered:
    description: Texts to compare with the host's own, under the keys V(mta) and V(msp). Then nothing else is returned but RV(differences) and RV(snapshot).
    type: dict
    default: {}
  watched:
    description: Files and directories whose content, owners, modes and times go into RV(snapshot).
    type: list
    elements: path
    default: []
"""

EXAMPLES = r"""
- name: See what a host says
  mailjail.sendmail.sendmail_adopt:
    mta: {source: /etc/mail/sendmail.mc, compiled: /etc/mail/sendmail.cf}
    msp: {source: /etc/mail/submit.mc, compiled: /etc/mail/submit.cf}
    library: /usr/share/sendmail/cf
  register: adopted
"""

RETURN = r"""
adopted:
  description:
    - What was read. C(mta) and C(msp) each have C(from) (V(source) or V(result)), C(variables) (names without C(sendmail_)), C(notes) (each line that no
      variable says, with C(path), C(line), C(statement), C(reason), C(kept)), C(complaints) of m4, C(counts), C(waivers) and C(edited), in what the
      C(.cf) in force is not what its source makes.
    - C(tables) has the variables of maps, aliases and class files, C(files) those maps that are large, C(remarks) what is to be said of files as a whole.
  returned: when nothing was rendered
  type: dict
differences:
  description: For each rendered text the differences in meaning, and what m4 said, under C(differences) and C(complaints).
  returned: when something was rendered
  type: dict
snapshot:
  description: One digest over all that was watched, and the number of files.
  returned: always
  type: dict
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner


def look(params):
    """Return the result: what was adopted, or how rendered texts differ."""
    adoption = adopt_host.Adoption(Runner(), params)
    result = {"changed": False}
    if params["rendered"]:
        result["differences"] = {}
        for which, text in sorted(params["rendered"].items()):
            rows, said = adoption.differences(which, text)
            result["differences"][which] = {"differences": rows, "complaints": said}
    else:
        result["adopted"] = adoption.read()
    return dict(result, snapshot=adopt_host.snapshot(params["watched"]))


def main():
    path = {"type": "path", "required": True}
    configuration = {"type": "dict", "required": True, "options": {"source": path, "compiled": path}}
    module = AnsibleModule(argument_spec={
        "mta": configuration, "msp": configuration, "library": {"type": "path", "required": True}, "m4": {"type": "str", "default": "m4"},
        "makemap": {"type": "str", "default": ""},
        "paths": {"type": "dict", "default": {}}, "rendered": {"type": "dict", "default": {}},
        "watched": {"type": "list", "elements": "path", "default": []}}, supports_check_mode=True)
    try:
        result = look(module.params)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
