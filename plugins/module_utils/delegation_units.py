# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The units that watch the delegates' directories, and the program that they start. Pure but for reading its own sources."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import re
import sys
import zipfile

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation, generations

DIRECTORY = "/etc/systemd/system"
PROGRAM = "/usr/local/lib/mailjail/delegate.pyz"
MARK = "/run/mailjail-delegate-%i"
_PACKAGE = __name__.rpartition(".")[0]
_MAIN = "import sys\n\nfrom %s import delegation\n\nsys.exit(delegation.main(sys.argv[1:]))\n" % _PACKAGE

# A path unit is blind while the service that it started runs and for a moment afterwards, so a change in that time would be lost. Hence two stages: the
# first only leaves a mark, and is back at its watch within the second that the other one waits before it reads. A mark, unlike a change, does not pass by:
# one that is left while the program runs starts it again.
_WATCH = """\
# Written by the collection mailjail.sendmail, module sendmail_delegation.
[Unit]
Description=Watch the delegated entries of the mail map %i

[Path]
# The directory, not the file in it: the directory is no link, while the file is whatever a delegate makes of it.
PathChanged={root}/%i
Unit=mailjail-delegate-note@%i.service

[Install]
WantedBy=multi-user.target
"""

_NOTE = """\
# Written by the collection mailjail.sendmail, module sendmail_delegation.
[Unit]
Description=Note a change of the delegated entries of the mail map %i
# The wait bounds how often this runs; a limit here would leave the path unit dead after a storm of edits.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStart=/usr/bin/sleep 0.5
# The lock as well, which is gone after a boot: what does not exist can not be made writable in a sandbox.
ExecStart=/usr/bin/touch {lock} {mark}
UMask=0077
CapabilityBoundingSet=
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=/run
ProtectHome=yes
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
SystemCallArchitectures=native
SystemCallFilter=@system-service

[Install]
# What was saved while the host went down.
WantedBy=multi-user.target
"""

_PENDING = """\
# Written by the collection mailjail.sendmail, module sendmail_delegation.
[Unit]
Description=See to noted changes of the delegated entries of the mail map %i

[Path]
PathExists={mark}
Unit=mailjail-delegate@%i.service

[Install]
WantedBy=multi-user.target
"""

_SERVICE = """\
# Written by the collection mailjail.sendmail, module sendmail_delegation.
[Unit]
Description=Check and build the delegated entries of the mail map %i
Documentation=https://galaxy.ansible.com/ui/repo/published/mailjail/sendmail/
# Each run lasts a second or longer, so no storm of edits makes many; a limit here would leave the path unit dead.
StartLimitIntervalSec=0

[Service]
Type=oneshot
ExecStartPre=+/usr/bin/rm -f {mark}
ExecStart={interpreter} -I {program} %i
TimeoutStartSec=15min
SyslogIdentifier=mailjail-delegate-%i
# Mail comes first.
Nice=10
IOSchedulingClass=idle
CPUWeight=20
TasksMax=64
UMask=0077

# ---- Root, for what it has to write, and for nothing else --------------------------------------------------------
# Maps get their owner, the delegates' files are read whatever their mode, sendmail drops its groups or takes the user of the submission program.
CapabilityBoundingSet=CAP_CHOWN CAP_DAC_OVERRIDE CAP_FOWNER CAP_SETUID CAP_SETGID
NoNewPrivileges=yes
RestrictSUIDSGID=yes
ProtectSystem=strict
ReadWritePaths={writable}
InaccessiblePaths=-/etc/shadow -/etc/shadow- -/etc/gshadow -/etc/gshadow- -/etc/ssh -/etc/sudoers -/etc/sudoers.d -/boot -/var/spool/cron
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
DevicePolicy=closed
ProtectProc=invisible
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
RestrictNamespaces=yes
RestrictRealtime=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
KeyringMode=private
# Name servers, sockets of this host, and the addresses of this host's interfaces, for which sendmail looks.
RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6 AF_NETLINK
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@obsolete @debug @keyring @memlock @pkey
"""

_TEXTS = {"mailjail-delegate@.path": _WATCH, "mailjail-delegate-note@.service": _NOTE, "mailjail-delegate-pending@.path": _PENDING,
          "mailjail-delegate@.service": _SERVICE}
FILES = tuple(sorted(_TEXTS))


def units(interpreter, writable):
    """Return unit file name to text.

    :param str interpreter: the Python that runs the program.
    :param list writable: what the program may write to.
    """
    values = {"root": delegation.ROOT, "interpreter": interpreter, "program": PROGRAM, "lock": generations.LOCK, "mark": MARK, "writable": " ".join(writable)}
    return {name: text.format(**values) for name, text in _TEXTS.items()}


def watching(name):
    """Return the units of one map that are enabled and run."""
    return ["mailjail-delegate@%s.path" % name, "mailjail-delegate-pending@%s.path" % name]


def working(name):
    """Return the units of one map that run for a moment only: the one that notes, enabled so that it does so after each boot, and the one that works."""
    return ["mailjail-delegate-note@%s.service" % name, "mailjail-delegate@%s.service" % name]


def template(unit):
    """Return the name of the unit file that an instance is made from."""
    return re.sub("@[^.]*", "@", unit)


def instance(unit):
    """Return the map that an instance is for."""
    return re.search("@([^.]*)", unit).group(1)


def program(sources=None):
    """Return the program as bytes: an archive of the very sources that judge a playbook run, the same to the byte each time.

    :param dict sources: name of a module to its text; by default all of this package that are loaded.
    """
    files = {"__main__.py": _MAIN}
    for name, text in (loaded_sources() if sources is None else sources).items():
        files[name.replace(".", "/") + ".py"] = text
        for depth in range(1, name.count(".") + 1):
            files["/".join(name.split(".")[:depth]) + "/__init__.py"] = ""
    found = io.BytesIO()
    with zipfile.ZipFile(found, "w", zipfile.ZIP_STORED) as archive:
        for path in sorted(files):
            entry = zipfile.ZipInfo(path, (1980, 1, 1, 0, 0, 0))
            entry.create_system, entry.external_attr = 3, 0o100644 << 16
            archive.writestr(entry, files[path].encode("utf-8"))
    return found.getvalue()


def loaded_sources():
    """Return name to text of the modules of this package that are loaded, wherever Ansible loaded them from."""
    # What only the module sendmail_delegation needs stays on the controller's side of it.
    unwanted = (__name__, _PACKAGE + ".delegation_host")
    names = [name for name in sys.modules if name.startswith(_PACKAGE + ".") and name not in unwanted]
    return {name: sys.modules[name].__loader__.get_source(name) for name in names}
