#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build sendmail from a given archive and keep it below a prefix."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_source
short_description: Build sendmail from a given archive
version_added: 0.1.0
description:
  - Compiles sendmail, makemap, smrsh and three tools from the archive of sendmail's makers, and puts them and the cf library below a directory of their
    own. Nothing that a package owns is written over.
  - The archive is looked at on the controller, before the host is asked for anything. It must have the given SHA-256, be sendmail, and not be too old.
  - What was built is remembered with the archive's sum, the options and the sum of each file. While all of that holds nothing is transferred, downloaded
    or compiled. A build that was cut off, a changed or missing file, another archive and other options are each a reason to build again.
  - C(/usr/sbin/sendmail) is made to lead to the built program, by a link where there is nothing, by C(update-alternatives) where these keep it. C(mailq),
    C(newaliases) and C(/usr/lib/sendmail) become links only where there is nothing.
  - A program that is replaced stays whole for the daemon that runs it. M(mailjail.sendmail.sendmail_service) finds that daemon older than its program.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
options:
  archive:
    description: The archive, a file on the controller or a URL that the controller can reach.
    type: str
    required: true
  sha256:
    description: Its SHA-256 in hexadecimal.
    type: str
    required: true
  floor:
    description: The oldest release that is built.
    type: str
    default: 8.11.0
  prefix:
    description: The directory below which everything is put, as C(sbin) and C(share/sendmail-cf).
    type: path
    required: true
  map_types:
    description: Compiler definitions of the map types that are built in.
    type: list
    elements: str
    default: [NEWDB, MAP_REGEX, SOCKETMAP]
  libraries:
    description: Libraries that these need, without C(lib).
    type: list
    elements: str
    default: [db]
  etc_dir:
    description: Directory of C(submit.cf).
    type: path
    default: /etc/mail
  compiled:
    description: The daemon's compiled configuration.
    type: path
    default: /etc/mail/sendmail.cf
  pid_file:
    description: The daemon's file with its process number, unless its configuration names another.
    type: path
    default: /run/sendmail.pid
  smrsh_directory:
    description: The directory of commands that is compiled into smrsh.
    type: path
    default: /etc/smrsh
  group:
    description: The group of the submission queue, which the sendmail program has a set-group-ID bit for. It must exist when something is built.
    type: str
    default: smmsp
  patches:
    description:
      - Patches, applied in this order with C(patch -p1), as a distribution does to mend a hole in an older release.
      - The action plugin takes names of files on the controller and hands their texts to the module.
    type: list
    elements: str
    default: []
  directories:
    description: Directories that the distribution's package would have made; those that are missing are made.
    type: list
    elements: dict
    default: []
    suboptions:
      path: {description: The directory., type: path, required: true}
      owner: {description: Its owner., type: str, required: true}
      group: {description: Its group., type: str, required: true}
      mode: {description: 'Its octal mode, in quotes.', type: str, required: true}
  upload:
    description: Where the controller has put the archive on the host; set by the action plugin of this name.
    type: path
notes:
  - A compiler, make, m4, strip and the headers of the libraries must be there when something is built; the role C(packages) installs them.
seealso:
  - module: mailjail.sendmail.sendmail_service
"""

EXAMPLES = r"""
- name: Build sendmail below /opt/sendmail
  mailjail.sendmail.sendmail_source:
    archive: files/sendmail_8.17.1.9.orig.tar.gz
    sha256: bbe09120daa48e81f4b283dd54d8e2003fea68e525f218a9fa1126ccc977eed7
    prefix: /opt/sendmail
"""

RETURN = r"""
built:
  description: Whether sendmail was compiled, or in check mode would be.
  returned: success
  type: bool
reasons:
  description: Why, in sentences.
  returned: success
  type: list
  elements: str
  sample: [/opt/sendmail was made from another archive]
links:
  description: Commands that were made to lead to the built programs.
  returned: success
  type: list
  elements: str
  sample: [/usr/sbin/sendmail]
directories:
  description: Directories that were made.
  returned: success
  type: list
  elements: str
  sample: [/var/spool/mqueue]
attributes:
  description: Owners, groups and modes that were put right, each as a list of path, name, before, after.
  returned: success
  type: list
  elements: list
  sample: [[/opt/sendmail/sbin/sendmail, mode, "0755", "2755"]]
program:
  description: The built program.
  returned: success
  type: str
  sample: /opt/sendmail/sbin/sendmail
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import generations, source
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

DIRECTORY = {"path": {"type": "path", "required": True}, "owner": {"type": "str", "required": True}, "group": {"type": "str", "required": True},
             "mode": {"type": "str", "required": True}}


def wanted(params):
    """Return the :class:`source.Wanted` of the module's options."""
    return source.Wanted(params["sha256"].strip().lower(), params["prefix"].rstrip("/"), tuple(params["map_types"]), tuple(params["libraries"]),
                         params["etc_dir"], params["compiled"], params["pid_file"], params["smrsh_directory"], params["group"],
                         tuple(params["patches"]), tuple(params["directories"]))


def run(params, check_mode):
    """Look, and build what is needed; return the module's result."""
    asked = wanted(params)
    build = source.Build(Runner(), asked)
    build.refuse_foreign()
    result = {"changed": build.changed, "built": bool(build.reasons), "reasons": build.reasons, "program": build.program,
              "links": [step[1] for step, _target in build.steps], "attributes": [list(change) for change in build.attributes],
              "directories": [entry["path"] for entry in build.directories]}
    if build.reasons:
        result["diff"] = {"before_header": asked.prefix, "after_header": asked.prefix, "before": build.former, "after": source.description(asked)}
    # The controller looks into the archive, and brings it here, only where it is needed.
    if build.reasons and not params["upload"]:
        return dict(result, wanted_archive=True)
    if not build.reasons:
        source.check_version(build.version(), params["floor"], build.program)
    if build.changed and not check_mode:
        build.carry_out(params["upload"])
    return result


def main():
    """One build at a time on a host, and none while a configuration is committed."""
    module = AnsibleModule(argument_spec={
        "archive": {"type": "str", "required": True}, "sha256": {"type": "str", "required": True}, "floor": {"type": "str", "default": "8.11.0"},
        "prefix": {"type": "path", "required": True}, "map_types": {"type": "list", "elements": "str", "default": ["NEWDB", "MAP_REGEX", "SOCKETMAP"]},
        "libraries": {"type": "list", "elements": "str", "default": ["db"]}, "etc_dir": {"type": "path", "default": "/etc/mail"},
        "compiled": {"type": "path", "default": "/etc/mail/sendmail.cf"}, "pid_file": {"type": "path", "default": "/run/sendmail.pid"},
        "smrsh_directory": {"type": "path", "default": "/etc/smrsh"}, "group": {"type": "str", "default": "smmsp"}, "upload": {"type": "path"},
        "patches": {"type": "list", "elements": "str", "default": []},
        "directories": {"type": "list", "elements": "dict", "default": [], "options": DIRECTORY},
    }, supports_check_mode=True)
    try:
        with generations.lock():
            result = run(module.params, module.check_mode)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
