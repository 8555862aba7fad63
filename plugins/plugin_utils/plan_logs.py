# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``sendmail_logs`` to what keeps the mail log. Pure; runs on the controller.

What the distribution's own rules write stays as it is: a file of ours is written besides.
"""

from __future__ import annotations

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

DEFAULTS = {"to": "off", "keep": 30, "rotate": "daily", "persistent": True}
DIRECTORY = "/var/log/mailjail"
FILE = DIRECTORY + "/mail.log"
RULE = "/etc/rsyslog.d/10-mailjail.conf"
ROTATION = "/etc/logrotate.d/mailjail"
JOURNAL = "/etc/systemd/journald.conf.d/mailjail.conf"
PACKAGES = {"rsyslog": ["rsyslog", "logrotate"]}
MARK = "Written by the collection mailjail.sendmail, role logs: a change made here is shown and undone by the next run."
# What was kept once proves nothing of today: a line that nobody has seen yet is said, goes the way of all others, and has to arrive. That takes a moment.
PATIENTLY = ("word=$(cat /proc/sys/kernel/random/uuid) && logger -p mail.info -t mailjail \"the mail log is kept: $word\" || exit 1;"
             " for i in 1 2 3 4 5 6 7 8 9 10; do if %s; then exit 0; fi; sleep 0.3; done; echo '%s'; exit 1")
KEPT = {"rsyslog": PATIENTLY % ('tail -n 1000 %s 2>/dev/null | grep -qF "$word"' % FILE, "a line of the facility mail did not arrive in %s" % FILE),
        "journald": PATIENTLY % ('journalctl -q -n 1000 -o cat SYSLOG_FACILITY=2 SYSLOG_IDENTIFIER=mailjail | grep -qF "$word"',
                                 "a line of the facility mail did not arrive in the journal")}


def settings(site):
    """Return what is meant, checked; :raises InvalidValue: naming the key and what was expected."""
    found = dict(DEFAULTS, **{key: value for key, value in (site.get("logs") or {}).items() if value is not None})
    # YAML reads a bare off as false.
    found["to"] = found["to"] or "off"
    if not re.fullmatch("[1-9][0-9]{0,3}", str(found["keep"])):
        raise InvalidValue("sendmail_logs (keep): '%s' is no number of files from 1 to 9999." % found["keep"], variable="sendmail_logs")
    return found


def account(site):
    """Return owner and group of the log's directory: as whom rsyslogd writes, and who reads logs there."""
    distribution = site["info"]["host"]["distribution"]
    return ("syslog" if distribution.get("id") == "ubuntu" else "root"), ("adm" if distribution.get("family") == "debian" else "root")


def rule(group):
    """Return the rule for rsyslog."""
    return ("# %s\n# The mail log, besides whatever else is written of it: nothing is taken from the rules that come after.\n"
            'mail.* action(type="omfile" name="mailjail" file="%s" fileCreateMode="0640" fileGroup="%s")\n' % (MARK, FILE, group))


def rotation(found):
    """Return the entry for logrotate; the new file is made by whoever writes it, with the owner and mode of the old one."""
    lines = [found["rotate"], "rotate %d" % int(found["keep"]), "missingok", "notifempty", "compress", "delaycompress", "create 0640", "sharedscripts",
             "postrotate", "    systemctl kill -s HUP rsyslog.service", "endscript"]
    return "# %s\n%s {\n%s\n}\n" % (MARK, FILE, "\n".join("    " + line for line in lines))


def journal():
    """Return the drop-in for the journal."""
    return "# %s\n# The mail log outlives a reboot.\n[Journal]\nStorage=persistent\n" % MARK


def _rsyslog(site, found):
    owner, group = account(site)
    # Our rule is judged by itself: what the site's own say is not ours to judge, and a mere warning about them counts as a failure there.
    return [{"name": "rsyslog", "unit": "rsyslog.service", "check": ["sh", "-c", "rsyslogd -N1 -f %s && logrotate -d %s" % (RULE, ROTATION)],
             "directories": [{"path": DIRECTORY, "owner": owner, "group": group, "mode": "0750"}],
             "files": [{"path": RULE, "content": rule(group)}, {"path": ROTATION, "content": rotation(found)}]}]


def _gone(name, unit, paths, left):
    """Return what takes files away; their daemon is started anew without them, if it runs at all."""
    files = [{"path": path, "state": "absent"} for path in paths if path in left]
    again = ["sh", "-c", "! systemctl -q is-active %s || systemctl restart %s" % (unit, unit)]
    return [{"name": name, "state": "stopped", "files": files, "apply": again}] if files else []


def plan(site):
    """Return ``packages`` that are needed and the ``companions`` for the module of that name; both are empty where there is nothing to do.

    :param dict site: with ``logs`` (the variable) and ``info`` (of the module sendmail_info).
    :raises InvalidValue: naming the key and what was expected.
    """
    found, left = settings(site), set((site.get("info") or {}).get("system_files") or [])
    companions = _rsyslog(site, found) if found["to"] == "rsyslog" else _gone("rsyslog", "rsyslog.service", (RULE, ROTATION), left)
    if found["to"] == "journald" and found["persistent"]:
        companions.append({"name": "journal", "unit": "systemd-journald.service", "directories": [{"path": JOURNAL.rpartition("/")[0]}],
                           "files": [{"path": JOURNAL, "content": journal()}]})
    else:
        companions += _gone("journal", "systemd-journald.service", (JOURNAL,), left)
    if found["to"] in KEPT:
        companions.append({"name": "mail log", "proof": ["sh", "-c", KEPT[found["to"]]]})
    return {"packages": PACKAGES.get(found["to"], []), "companions": companions}
