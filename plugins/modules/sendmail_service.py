#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write sendmail's units, start or reload what needs it, and prove that it answers."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_service
short_description: Run sendmail under systemd, and prove that it answers
version_added: 0.1.0
description:
  - Writes the units, enables them, and restarts or reloads what needs it, all in one remote run.
  - What is needed is derived from state alone, never from what this run changed. A daemon that is older than its unit or its program is restarted, one that
    is older than a file that it reads at start is reloaded, one that is dead or deaf is restarted. A run that was cut off is therefore mended by the next.
  - Then the daemon is proven. The unit's own main process runs the expected program, holds exactly the declared sockets, and greets on each of them.
  - If it does not, the last configuration that was proven good and the former units are put back and started, and the module fails with what was tried,
    what the daemon said and what runs now.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes
attributes:
  check_mode:
    support: full
  diff_mode:
    support: full
  idempotent:
    support: full
options:
  units:
    description: The units, in the order of their start.
    type: list
    elements: dict
    required: true
    suboptions:
      name:
        description: Name with its suffix, such as V(sendmail.service). Its file is written to C(/etc/systemd/system), where it hides the vendor's.
        type: str
        required: true
      content:
        description: Whole text of the unit.
        type: str
        required: true
      pid_file:
        description: The file into which the process writes its number at each start and each reload. Its age is that of the running configuration.
        type: path
        required: true
      watch:
        description: Files that are read at start and reload only. If one is newer than O(units[].pid_file), the unit is reloaded.
        type: list
        elements: path
        default: []
      listeners:
        description:
          - Exactly the sockets on which the unit's main process shall listen. Without any, sockets are not looked at.
          - Takes the entries of C(sendmail_listeners) as they are.
        type: list
        elements: dict
        default: []
        suboptions:
          name:
            description: Name of the listener, for messages.
            type: str
          address:
            description: IP address. V(0.0.0.0) and V(::) are every address; Linux takes IPv4 on V(::) as well.
            type: str
          port:
            description: TCP port.
            type: int
            default: 25
          family:
            description: Address family; follows from the address where there is one.
            type: str
            choices: [inet, inet6]
          modifiers:
            description: sendmail's C(M=) letters. With V(s) the greeting is expected inside TLS, with V(S) no STARTTLS; the others do not matter here.
            type: list
            elements: str
            default: []
      state:
        description:
          - Whether the unit shall run and start at boot, or neither.
          - V(stopped) still writes its file, which hides the vendor's unit of the same name, so that nothing that starts that one brings a daemon back.
        type: str
        choices: [started, stopped]
        default: started
  submission:
    description:
      - For a host whose submission program talks to another host itself, because it has no daemon. It is asked where mail for the host's own users and for the
        world would go; anything but that host is a fault.
      - A hub that does not greet is a warning and no fault. Mail waits for it.
    type: dict
    suboptions:
      configuration:
        description: The submission program's compiled configuration.
        type: path
        required: true
      hub:
        description: The host as the configuration spells it, such as V([hub.example.org]).
        type: str
        required: true
      port:
        description: Its TCP port.
        type: int
        default: 25
  program:
    description: The file that the main process of every unit has to run.
    type: path
    required: true
  spools:
    description:
      - Queue directories whose contents must belong to the daemon, which may not have the right to read files of others.
      - Where something in one belongs to another user, the daemon is stopped, the files are handed over without following links, and it is started again.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: The directory.
        type: path
        required: true
      owner:
        description: User to whom its files belong.
        type: str
        required: true
      group:
        description: Group that files get which change hands.
        type: str
        required: true
      mode:
        description: Not used; lets an entry of the platform's table stand here as it is.
        type: str
  certificates:
    description:
      - Files of which each listener has to show a certificate, the first in one of them. Then it has to offer STARTTLS too, unless its
        O(units[].listeners[].modifiers) hold V(S) (never) or V(s) (TLS from the first byte). sendmail says nothing when it distrusts a key, and offers none.
      - Without any, TLS is not looked at.
    type: list
    elements: path
    default: []
  configuration:
    description: The daemon's compiled configuration. After a way back its listeners and certificates are what is proven, and not those that are asked for.
    type: path
  material:
    description:
      - The directory of keys and certificates that M(mailjail.sendmail.sendmail_tls) keeps. What they were before is put back where the daemon can not be
        proven with them, and removed where it can.
      - Files there that neither O(material_files) nor O(configuration) nor a unit names are removed once the daemon is proven without them.
    type: path
  material_files:
    description: The files in O(material) that are in use.
    type: list
    elements: path
    default: []
  sockets:
    description:
      - Sockets of mail filters that were made for another account than the one as which the daemon is about to run.
      - They and their directories get its group just before it starts, since sendmail refuses to start with a filter that it may not reach, and their former
        one again where the daemon does not hold.
    type: list
    elements: path
    default: []
  announced:
    description: Files that an earlier task of this run would change, for check mode, in which they are as they were. They count as changed just now.
    type: list
    elements: path
    default: []
  removed_files:
    description: Files of the vendor that start a second daemon or queue runner, such as V(/etc/cron.d/sendmail).
    type: list
    elements: path
    default: []
  masked_units:
    description: Units of the vendor that start a second daemon or queue runner. They are stopped and masked.
    type: list
    elements: str
    default: []
  timeout:
    description: How long the daemon may take after a start until it greets on every listener, in seconds.
    type: int
    default: 30
  state_directory:
    description: Where M(mailjail.sendmail.sendmail_config) keeps former configurations.
    type: path
    default: /var/lib/mailjail
notes:
  - Site changes to a unit belong into a drop-in (C(systemctl edit sendmail.service)), which this module leaves alone.
seealso:
  - module: mailjail.sendmail.sendmail_config
"""

EXAMPLES = r"""
- name: Run the daemon
  mailjail.sendmail.sendmail_service:
    program: /usr/libexec/sendmail/sendmail
    units:
      - name: sendmail.service
        content: "{{ lookup('ansible.builtin.template', 'sendmail-jailed.service.j2') }}"
        pid_file: /run/sendmail/mta/sendmail.pid
        watch: [/etc/mail/sendmail.cf, /etc/mail/local-host-names]
        listeners:
          - name: MTA
            address: 0.0.0.0
"""

RETURN = r"""
action:
  description: What was done to the daemon or the queue runner (in check mode, what would be), the most of any unit.
  returned: success
  type: str
  sample: reloaded
  choices: [none, reloaded, stopped, restarted]
reasons:
  description: Why, in sentences.
  returned: success
  type: list
  elements: str
  sample: [/etc/mail/sendmail.cf is newer than the running sendmail.service]
units:
  description: What was done to each unit.
  returned: success
  type: list
  elements: dict
  contains:
    name: {description: The unit., type: str, sample: sendmail.service}
    action: {description: 'One of V(none), V(reloaded), V(stopped), V(restarted).', type: str}
    changed: {description: Whether its text changed., type: bool}
    pid: {description: Its main process., type: int}
listeners:
  description: The sockets that were proven, as people write them.
  returned: success
  type: list
  elements: str
  sample: ["0.0.0.0:25"]
faults:
  description: What was not as declared.
  returned: failure
  type: list
  elements: str
journal:
  description: The last lines that the units wrote before that.
  returned: failure
  type: list
  elements: str
restored:
  description: Id of the generation of the configuration that was put back; null if none was.
  returned: failure
  type: str
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import daemon, generations, hostinfo, submission, tls_health, tls_material
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, told
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

LISTENER = {
    "name": {"type": "str"}, "address": {"type": "str"}, "port": {"type": "int", "default": 25}, "family": {"type": "str", "choices": ["inet", "inet6"]},
    "modifiers": {"type": "list", "elements": "str", "default": []},
}
UNIT = {
    "name": {"type": "str", "required": True}, "content": {"type": "str", "required": True}, "pid_file": {"type": "path", "required": True},
    "watch": {"type": "list", "elements": "path", "default": []},
    "listeners": {"type": "list", "elements": "dict", "default": [], "options": LISTENER},
    "state": {"type": "str", "choices": ["started", "stopped"], "default": "started"},
}
SUBMISSION = {"configuration": {"type": "path", "required": True}, "hub": {"type": "str", "required": True}, "port": {"type": "int", "default": 25}}
# How long the hub may take to greet before it is a warning, in seconds.
HUB_PATIENCE = 5
SPOOL = {"path": {"type": "path", "required": True}, "owner": {"type": "str", "required": True}, "group": {"type": "str", "required": True},
         "mode": {"type": "str"}}


class Recovery:
    """The configuration's way back, for :func:`daemon.bring_up`."""

    def __init__(self, directory, material, unused):
        self.directory, self.material, self.unused = directory, material, unused

    def mark_good(self):
        """Remember that the live configuration was proven; what it replaced can go."""
        generations.mark_good(self.directory)
        generations.retire(self.directory)
        tls_material.forget(self.material)
        tls_material.remove(self.unused)

    def restore_keys(self):
        """Put back what keys and certificates were before this run; return their files. Those that were not in use are no loss to anybody and stay."""
        self.unused = []
        return tls_material.put_back(self.material)

    def restore(self):
        """Put the last good configuration back; return its id or None, and a sentence."""
        if generations.is_good(self.directory):
            return None, "The configuration is the one that was proven good last, so it stays."
        wanted = generations.last_good(self.directory)
        if wanted is None:
            return None, "No former configuration is kept, so the present one stays."
        generations.restore(self.directory, wanted)
        return wanted, "The last good configuration, generation %s, was put back." % wanted


def run(params, check_mode):
    """Look, act, prove; return the module's result."""
    paths = params["certificates"]
    units = [daemon.Unit(entry["name"], entry["content"], entry["pid_file"], tuple(entry["watch"]),
                         tuple(daemon.listener(one, bool(paths)) for one in entry["listeners"]), entry["state"] == "started") for entry in params["units"]]
    runner, direct = Runner(), params["submission"]
    check = direct and (lambda: submission.route_faults(runner, params["program"], direct["configuration"], direct["hub"]))
    supervisor = daemon.Supervisor(daemon.Host(runner, params["program"]), units, params["spools"], params["removed_files"], params["timeout"],
                                   params["announced"] if check_mode else (), params["masked_units"], lambda: tls_health.fingerprints(paths), check,
                                   params["configuration"], params["sockets"])
    unused = unused_material(params, units, params["announced"] if check_mode else ())
    changed, diff, recovery = supervisor.changed() or bool(unused), supervisor.diff(), Recovery(params["state_directory"], params["material"], unused)
    if changed and not check_mode:
        daemon.bring_up(supervisor, recovery)
    elif not check_mode:
        faults = supervisor.further_faults()
        if faults:
            raise SendmailError("This host does not do what was declared: %s. Run the whole playbook: the configuration may have been changed by hand." %
                                "; ".join(faults), faults=faults)
        recovery.mark_good()
    listeners = [daemon.spell(entry) for unit in units for entry in unit.listeners]
    warning = submission.hub_warning(direct["hub"], direct["port"], HUB_PATIENCE) if direct and not check_mode else None
    report = supervisor.report()
    report["reasons"] += ["%s is used no more" % path for path in unused]
    return dict(report, changed=changed, listeners=listeners, diff=diff, warnings=[warning] if warning else [])


def unused_material(params, units, announced):
    """Return the keys and certificates that go once the daemon is proven; in check mode the configuration is still the one that names them."""
    if not params["material"]:
        return []
    live = hostinfo.read_text(params["configuration"]) if params["configuration"] and params["configuration"] not in announced else None
    return tls_material.unused(params["material"], params["material_files"], [live or ""] + [unit.text for unit in units])


def main():
    """Ask for everything in one call, under the lock that the configuration's transaction takes."""
    module = AnsibleModule(argument_spec={
        "units": {"type": "list", "elements": "dict", "required": True, "options": UNIT},
        "program": {"type": "path", "required": True},
        "submission": {"type": "dict", "options": SUBMISSION},
        "spools": {"type": "list", "elements": "dict", "default": [], "options": SPOOL},
        "sockets": {"type": "list", "elements": "path", "default": []},
        "announced": {"type": "list", "elements": "path", "default": []},
        "removed_files": {"type": "list", "elements": "path", "default": []},
        "masked_units": {"type": "list", "elements": "str", "default": []},
        "certificates": {"type": "list", "elements": "path", "default": []},
        "configuration": {"type": "path"}, "material": {"type": "path"}, "material_files": {"type": "list", "elements": "path", "default": []},
        "timeout": {"type": "int", "default": 30},
        "state_directory": {"type": "path", "default": "/var/lib/mailjail"},
    }, supports_check_mode=True)
    try:
        with generations.lock():
            result = run(module.params, module.check_mode)
        for warning in result.pop("warnings"):
            module.warn(warning)
    except (SendmailError, OSError) as exc:
        module.fail_json(**told(exc))
    module.exit_json(**result)


if __name__ == "__main__":
    main()
