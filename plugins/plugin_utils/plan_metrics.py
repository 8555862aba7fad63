# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``sendmail_metrics`` to a program that looks at sendmail, and the timer that runs it. Pure; runs on the controller."""

from __future__ import annotations

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

DEFAULTS = {"enabled": False, "directory": "", "interval": 60}
# Where the node exporter of each family looks for texts.
DIRECTORIES = {"debian": "/var/lib/prometheus/node-exporter", "redhat": "/var/lib/node_exporter/textfile_collector",
               "suse": "/var/lib/node_exporter/textfile_collector"}
PROGRAM_DIRECTORY = "/usr/local/lib/mailjail"
PROGRAM = PROGRAM_DIRECTORY + "/metrics.py"
SERVICE = "/etc/systemd/system/mailjail-metrics.service"
TIMER = "/etc/systemd/system/mailjail-metrics.timer"
STATE = "mailjail-metrics"
FILE = "sendmail.prom"
MARK = "Written by the collection mailjail.sendmail, role metrics: a change made here is shown and undone by the next run."

SERVICE_TEXT = """# {mark}
[Unit]
Description=Figures of sendmail for the node exporter
Documentation=file:{program}
# It is started again and again by its timer, and by whoever wants figures now.
StartLimitIntervalSec=0

[Service]
Type=oneshot
# The exporter may come later than this.
ExecStartPre=+/bin/mkdir -p {directory}
ExecStart={command}
StateDirectory={state}
StateDirectoryMode=0700
# The directory has to be open to the exporter; the file of figures gets its mode by itself.
UMask=0022
TimeoutStartSec=120
Nice=10
# It looks into queues of others, reads the journal, and writes one file. Nothing else.
CapabilityBoundingSet=CAP_DAC_OVERRIDE CAP_DAC_READ_SEARCH
NoNewPrivileges=yes
ProtectSystem=strict
ReadWritePaths=-{directory}
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
PrivateNetwork=yes
RestrictAddressFamilies=AF_UNIX
IPAddressDeny=any
ProtectKernelTunables=yes
ProtectKernelModules=yes
ProtectKernelLogs=yes
ProtectControlGroups=yes
ProtectClock=yes
ProtectHostname=yes
ProtectProc=invisible
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native
SystemCallErrorNumber=EPERM
SystemCallFilter=@system-service
SystemCallFilter=~@resources @privileged @obsolete @debug @keyring
InaccessiblePaths=-/etc/shadow -/etc/gshadow -/etc/ssh -/etc/mail/tls -/etc/mail/authinfo -/etc/mail/authinfo.db
"""

TIMER_TEXT = """# {mark}
[Unit]
Description=Look at sendmail every {interval} seconds

[Timer]
OnActiveSec=1s
OnUnitInactiveSec={interval}s
AccuracySec=1s

[Install]
WantedBy=timers.target
"""

# The figures are there, not older than a few looks, and no older than the timer: those of a former one prove nothing.
FRESH = ("begun=$(date -d \"$(systemctl show -p ActiveEnterTimestamp %s | cut -d= -f2-)\" +%%s) || exit 1;"
         " for i in 1 2 3 4 5 6 7 8 9 10; do at=$(stat -c %%Y %s 2>/dev/null || echo 0); age=$(( $(date +%%s) - at ));"
         " [ $age -le %d ] && [ $at -ge $begun ] && exit 0;"
         " [ $i = 1 ] || sleep 0.5; done; echo \"%s was not written for $age seconds; see 'journalctl -u mailjail-metrics.service'\"; exit 1")


def _fail(key, what):
    raise InvalidValue("sendmail_metrics (%s): %s" % (key, what), variable="sendmail_metrics")


def settings(site):
    """Return what is meant, checked; :raises InvalidValue: naming the key and what was expected.

    :param dict site: see :func:`plan`.
    """
    found = dict(DEFAULTS, **{key: value for key, value in (site.get("metrics") or {}).items() if value is not None})
    found["directory"] = found["directory"] or DIRECTORIES[site["family"]]
    # It becomes a word of a unit, and of a command.
    if not re.fullmatch(r"(/[A-Za-z0-9_+@-][A-Za-z0-9._+@-]*)+", found["directory"]):
        _fail("directory", "'%s' is no plain absolute path." % found["directory"])
    if not re.fullmatch("[0-9]{2,5}", str(found["interval"])):
        _fail("interval", "'%s' is no number of seconds from 10 to 99999." % found["interval"])
    return found


def command(site, target):
    """Return the program with its arguments."""
    platform, words = site["platform"], [site["info"]["host"]["interpreter"] or "/usr/bin/python3", "-I", PROGRAM, "--target=" + target]
    words += ["--state=/var/lib/%s/state.json" % STATE, "--statistics=" + platform["mta"]["statistics"]]
    words += ["--queue=mta=" + platform["mta"]["queue"], "--queue=client=" + platform["client"]["queue"]]
    return words + ["--unit=" + platform["units"][name] for name in ("mta", "client")]


def plan(site):
    """Return the ``companions`` for the module of that name; empty where there is nothing to do.

    :param dict site: with ``metrics`` (the variable), ``family``, ``platform`` (the family's table), ``program`` (the program's text) and ``info`` (of the
        module sendmail_info).
    :raises InvalidValue: naming the key and what was expected.
    """
    found, left = settings(site), set((site.get("info") or {}).get("system_files") or [])
    unit = TIMER.rpartition("/")[2]
    former = [path for path in left if path.endswith("/" + FILE)]
    if not found["enabled"]:
        gone = [path for path in (TIMER, SERVICE, PROGRAM) if path in left]
        # Where the unit that is there writes them, and where they are by default.
        files = [{"path": path, "state": "absent"} for path in gone + sorted(set(former) | {"%s/%s" % (found["directory"], FILE)})]
        return {"companions": [{"name": "metrics", "unit": unit, "state": "stopped", "enabled": False, "files": files}] if gone else []}
    target = "%s/%s" % (found["directory"], FILE)
    words = {"mark": MARK, "program": PROGRAM, "directory": found["directory"], "state": STATE, "interval": int(found["interval"]),
             "command": " ".join(command(site, target))}
    files = [{"path": PROGRAM, "content": site["program"]}, {"path": SERVICE, "content": SERVICE_TEXT.format(**words)},
             {"path": TIMER, "content": TIMER_TEXT.format(**words)}]
    files += [{"path": path, "state": "absent"} for path in sorted(former) if path != target]
    return {"companions": [{
        "name": "metrics", "unit": unit, "directories": [{"path": PROGRAM_DIRECTORY}], "files": files,
        "proof": ["sh", "-c", FRESH % (unit, target, 3 * words["interval"] + 120, target)]}]}
