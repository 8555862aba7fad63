#!/usr/bin/python
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask a host about its sendmail, changing nothing."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

DOCUMENTATION = r"""
module: sendmail_info
short_description: What a host says of itself and of its sendmail
version_added: 0.1.0
description:
  - Reads in one remote run what the roles of this collection must know of a host before they touch it, so that they need no C(gather_facts).
  - Works on any Linux host, with sendmail, without it, or with a broken one. What can not be known is empty or null, and RV(reasons) says why.
  - sendmail itself is asked only where the host has a fully qualified name, since it waits a minute otherwise, and for at most two seconds.
author:
  - The mailjail authors (@mailjail)
extends_documentation_fragment:
  - mailjail.sendmail.attributes.info_module
  - mailjail.sendmail.attributes
options:
  classes:
    description: Names of sendmail classes whose members are wanted, as sendmail itself sees them.
    type: list
    elements: str
    default: []
  users:
    description: Accounts to look up.
    type: list
    elements: str
    default: [root, mail, smmsp, smmta, mailnull]
  groups:
    description: Groups to look up.
    type: list
    elements: str
    default: [root, mail, smmsp, smmta, mailnull]
  units:
    description: Units to ask systemd for.
    type: list
    elements: str
    default: [sendmail.service, sm-client.service, sendmail-client.service, sendmail-client.path]
  ports:
    description: TCP ports whose listeners are wanted.
    type: list
    elements: int
    default: [25, 465, 587]
  packages:
    description: Further packages to look up, besides those of mail transfer agents.
    type: list
    elements: str
    default: []
  executables:
    description: Paths of programs that may be there or not.
    type: list
    elements: str
    default: []
  prefix:
    description: The directory below which sendmail was built by M(mailjail.sendmail.sendmail_source). Then that one is looked at, and no other counts.
    type: path
"""

EXAMPLES = r"""
- name: Look at the host
  mailjail.sendmail.sendmail_info:
  register: found

- name: Refuse a host whose name is not fully qualified
  ansible.builtin.assert:
    that: found.host.qualified
    fail_msg: "{{ found.host.advice }}"

- name: See which names sendmail takes for local, and from whom it relays
  mailjail.sendmail.sendmail_info:
    classes: [w, R]
  register: found
"""

RETURN = r"""
host:
  description: The host's name and what kind of system it is.
  returned: always
  type: dict
  contains:
    name: {description: The kernel's host name., type: str, sample: mx}
    fqdn: {description: The fully qualified name that sendmail will use; empty where there is none., type: str, sample: mx.example.org}
    qualified: {description: Whether there is a fully qualified name., type: bool}
    source:
      description: Where the fully qualified name stands, one of V(hostname), V(hosts) (the file /etc/hosts), V(resolver), V(none).
      type: str
      sample: hosts
    advice: {description: What to put where if the name is not qualified; else empty., type: str}
    addresses:
      description: IP addresses of its interfaces, without those of loopback.
      type: list
      elements: str
      sample: [192.0.2.1, "2001:db8::1"]
    nameservers: {description: Addresses of the name servers in /etc/resolv.conf., type: list, elements: str, sample: [192.0.2.53]}
    python: {description: Version of the Python that ran this module., type: str, sample: 3.11.2}
    interpreter: {description: The Python that ran this module., type: str, sample: /usr/bin/python3.11}
    service_manager: {description: Either V(systemd) or V(other)., type: str}
    distribution:
      description: From os-release(5).
      type: dict
      contains:
        id: {description: C(ID)., type: str, sample: debian}
        id_like: {description: C(ID_LIKE)., type: list, elements: str}
        version_id: {description: C(VERSION_ID)., type: str, sample: "12"}
        codename: {description: C(VERSION_CODENAME)., type: str, sample: bookworm}
        name: {description: C(PRETTY_NAME)., type: str}
        family: {description: 'One of V(debian), V(redhat), V(suse), V(unknown).', type: str}
        lacks: {description: 'Files that every host of that family has, and this one has not.', type: list, elements: str}
sendmail:
  description: The sendmail program.
  returned: always
  type: dict
  contains:
    installed: {description: Whether there is a sendmail program (another MTA's command of that name does not count)., type: bool}
    command: {description: The command that other programs call; empty if there is none., type: str, sample: /usr/sbin/sendmail}
    chain: {description: That command and each link behind it; the file itself is last., type: list, elements: str}
    command_owner: {description: 'The MTA to which the command belongs: V(sendmail), V(postfix), V(exim) ...; empty if unknown.', type: str}
    path: {description: The file of the sendmail program itself; empty if there is none., type: str, sample: /usr/libexec/sendmail/sendmail}
    version: {description: Version of the program., type: str, sample: 8.17.1.9}
    version_parts: {description: The same as numbers., type: list, elements: int, sample: [8, 17, 1, 9]}
    version_source: {description: 'How the version is known: V(sendmail) (asked), V(program file) (read from its bytes), V(none).', type: str}
    package_version: {description: Version of the distribution's package., type: str, sample: 8.17.1.9-2+deb12u2}
    compile_flags: {description: 'What was compiled in, such as C(STARTTLS), C(SASLv2), C(NEWDB=5.3).', type: list, elements: str}
packages:
  description: Installed packages of mail transfer agents, name to version.
  returned: always
  type: dict
  sample: {sendmail-bin: 8.17.1.9-2+deb12u2}
programs:
  description: Where programs are that roles need; empty where they are not.
  returned: always
  type: dict
  contains:
    openssl: {description: Judges certificates., type: str, sample: /usr/bin/openssl}
authorities:
  description: The host's bundle of trusted authorities; empty where there is none.
  returned: always
  type: str
  sample: /etc/ssl/certs/ca-certificates.crt
resolver:
  description: The resolver that the role tls runs for the mail daemon.
  returned: always
  type: dict
  contains:
    ours: {description: Files that the role gave it., type: list, elements: str}
    used: {description: Whether the host itself asks a name server on 127.0.0.1 or ::1., type: bool}
other_packages:
  description: Those of O(packages) that are installed, name to version.
  returned: always
  type: dict
  sample: {opendkim: 2.11.0~beta2-8+deb12u1}
executables:
  description: For each of O(executables) whether it is a file that can be run.
  returned: always
  type: dict
  sample: {/usr/bin/procmail: true}
maps:
  description: The map compiler.
  returned: always
  type: dict
  contains:
    makemap: {description: Its path., type: str}
    types: {description: The types of maps that it makes., type: list, elements: str, sample: [hash, btree, implicit]}
library:
  description: The m4 library that compiles configurations.
  returned: always
  type: dict
  contains:
    path: {description: Its directory., type: str, sample: /usr/share/sendmail/cf}
    version: {description: Its version., type: str, sample: 8.17.1.9}
    m4: {description: Path of m4., type: str, sample: /usr/bin/m4}
smrsh:
  description: The restricted shell for program deliveries.
  returned: always
  type: dict
  contains:
    program: {description: Its path., type: str, sample: /usr/libexec/sendmail/smrsh}
    directory: {description: The directory of allowed commands that is compiled into it., type: str, sample: /etc/mail/smrsh}
sasl:
  description: What there is of the SASL library, which SMTP AUTH goes through.
  returned: always
  type: dict
  contains:
    plugins: {description: Its plugins by name., type: list, elements: str, sample: [login, plain, sasldb, scram]}
    programs: {description: 'Which of saslauthd, saslpasswd2 and sasldblistusers2 are installed.', type: list, elements: str, sample: [saslpasswd2]}
    ours: {description: Files that the role auth made., type: list, elements: str}
    pam:
      description: Whose rules PAM has for the service C(smtp), V(ours) (of the role auth), V(other), or empty where there are none.
      type: str
filters:
  description: Files that the role milters put over units of packages.
  returned: always
  type: list
  elements: str
  sample: [/etc/systemd/system/clamav-daemon.service.d/mailjail.conf]
listeners:
  description: Listening sockets on O(ports).
  returned: always
  type: list
  elements: dict
  contains:
    address: {description: Address on which it listens., type: str, sample: 0.0.0.0}
    port: {description: Port., type: int, sample: 25}
    uid: {description: Owner of the socket., type: int}
    pid: {description: Process; null where the kernel does not show it., type: int}
    process: {description: Name of the process., type: str, sample: sendmail-mta}
    mta: {description: 'The MTA behind that name: V(sendmail), V(postfix), V(exim), V(opensmtpd), V(systemd); empty if unknown.', type: str}
port_25_owners:
  description: The MTAs (or process names, or V(unknown)) that hold port 25.
  returned: always
  type: list
  elements: str
  sample: [sendmail]
units:
  description: State of each of O(units), by name; empty where systemd does not run.
  returned: always
  type: dict
  contains:
    load: {description: C(LoadState). A unit that does not exist is V(not-found)., type: str, sample: loaded}
    active: {description: C(ActiveState)., type: str, sample: active}
    sub: {description: C(SubState)., type: str, sample: running}
    enabled: {description: C(UnitFileState)., type: str, sample: enabled}
    main_pid: {description: C(MainPID); 0 if there is none., type: int}
    file: {description: C(FragmentPath)., type: str}
    type: {description: C(Type)., type: str, sample: forking}
    vendor_type:
      description: C(Type) in the file of the unit's package, which a unit in C(/etc/systemd/system) hides; empty if there is no such file.
      type: str
      sample: exec
daemon:
  description: The sendmail process that takes mail.
  returned: always
  type: dict
  contains:
    running: {description: Whether there is one., type: bool}
    pid: {description: Its number., type: int}
    found_by: {description: 'How it was found: V(socket), V(unit), V(pid file).', type: str}
    started: {description: 'When it started, in seconds since 1970.', type: float}
    title: {description: What the process list shows., type: str, sample: 'sendmail: MTA: accepting connections'}
    user: {description: As whom it works., type: str, sample: root}
    pid_file: {description: Path of its pid file., type: str, sample: /var/run/sendmail/mta/sendmail.pid}
configuration:
  description: The compiled configuration that sendmail reads.
  returned: always
  type: dict
  contains:
    path: {description: Its path., type: str, sample: /etc/mail/sendmail.cf}
    exists: {description: Whether it can be read., type: bool}
    modified: {description: 'When it was last written, in seconds since 1970.', type: float}
    level: {description: Configuration level., type: int, sample: 10}
    version: {description: Version of the library that it was made with., type: str, sample: 8.17.1.9/Debian-2+deb12u2}
    options: {description: Every option set in it; of several lines of one name the last., type: dict}
    daemon_port_options: {description: Every C(DaemonPortOptions) line., type: list, elements: str}
    milters:
      description: Its mail filters, each with C(name) and C(socket).
      type: list
      elements: dict
      sample: [{name: opendkim, socket: local:/run/opendkim/milter.sock}]
    safe_file_environment: {description: 'Option C(SafeFileEnvironment); empty if not set.', type: str, sample: /var/mailjail}
    edited:
      description: >-
        What was changed by hand in a configuration that is newer than its source and was not made by this collection; empty where it is what
        m4 makes of its source, and where that can not be known (RV(reasons)).
      type: list
      elements: str
      sample: [option MaxHopCount]
    dont_blame_sendmail: {description: Words of C(DontBlameSendmail) other than V(safe)., type: list, elements: str}
queue:
  description: The daemon's queue directories.
  returned: always
  type: list
  elements: dict
  contains: &queue
    directory: {description: Path., type: str, sample: /var/spool/mqueue}
    messages: {description: Messages that wait; null if the directory can not be read., type: int}
    quarantined: {description: Messages in quarantine., type: int}
    lost: {description: Messages that sendmail gave up as lost., type: int}
client_queue:
  description: The submission program's queue directories.
  returned: always
  type: list
  elements: dict
  contains: *queue
classes:
  description: Members of each of O(classes), sorted.
  returned: always
  type: dict
  sample: {w: [localhost, mx.example.org]}
users:
  description: For each of O(users) a dict of C(uid), C(gid), C(home), C(shell), or null if it does not exist.
  returned: always
  type: dict
groups:
  description: For each of O(groups) a dict of C(gid), C(members), or null if it does not exist.
  returned: always
  type: dict
connection_port:
  description: The port on which sshd took the connection over which the module ran; 0 if it ran otherwise.
  returned: always
  type: int
  sample: 22
system_files:
  description: Files and units of the roles around the daemon (C(firewall), C(logs), C(metrics), C(apparmor)) on this host, by role; the figures too.
  returned: always
  type: dict
  sample: {firewall: [/etc/mailjail-firewall.nft], logs: [], metrics: [], apparmor: []}
apparmor:
  description: Whether the kernel holds programs to profiles of AppArmor.
  returned: always
  type: bool
delegations:
  description: Files and units of delegated maps (M(mailjail.sendmail.sendmail_delegation)) on this host, those of former ones included.
  returned: always
  type: list
  elements: str
  sample: [/var/lib/mailjail-delegates]
reasons:
  description: Why something above is empty, by the name of the thing.
  returned: always
  type: dict
  sample: {daemon: No sendmail holds a port asked for.}
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

ACCOUNTS = ["root", "mail", "smmsp", "smmta", "mailnull"]


def main():
    """Look, and tell."""
    spec = {
        "classes": {"type": "list", "elements": "str", "default": []},
        "users": {"type": "list", "elements": "str", "default": ACCOUNTS},
        "groups": {"type": "list", "elements": "str", "default": ACCOUNTS},
        "units": {"type": "list", "elements": "str", "default": list(hostinfo.UNITS)},
        "ports": {"type": "list", "elements": "int", "default": list(hostinfo.PORTS)},
        "packages": {"type": "list", "elements": "str", "default": []},
        "executables": {"type": "list", "elements": "str", "default": []},
        "prefix": {"type": "path"},
    }
    module = AnsibleModule(argument_spec=spec, supports_check_mode=True)
    module.exit_json(changed=False, **hostinfo.gather(Runner(), **module.params))


if __name__ == "__main__":
    main()
