# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of an audit: what all hosts of the play said becomes files of reports, in one task however many hosts there are."""

from __future__ import annotations

import datetime
import os
from pathlib import Path

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# Variables of a host that hold what its tasks found out, and what this plugin returned.
INFO, BASELINE, PROBE = "__sendmail_info", "__sendmail_audit_baseline", "__sendmail_audit_probe"
ASKED, REPORT = "__sendmail_audit_asked", "__sendmail_audit_report"


class ActionModule(ActionBase):
    """Hold together, compare, write. Nothing is asked of any host."""

    _requires_connection = False
    _VALID_ARGS = frozenset(("asked", "directory", "since"))

    def run(self, tmp=None, task_vars=None):
        super().run(tmp, task_vars)
        given = set(self._task.args)
        unknown = given - self._VALID_ARGS
        if unknown or not (self._task.args.get("asked") or self._task.args.get("directory")):
            fault = f", not {', '.join(sorted(unknown))}" if unknown else "; directory is missing"
            raise AnsibleActionFail("sendmail_audit_report takes asked, or directory and since" + fault)
        play = play_of(self._task)
        if "asked" in given:
            return {"changed": False, "asked": self._task.args["asked"], "play": play}
        now = datetime.datetime.now(datetime.timezone.utc)
        try:
            return self._report(task_vars, now, play)
        except (SendmailError, OSError) as exc:
            raise AnsibleActionFail(getattr(exc, "message", str(exc))) from exc

    def _report(self, task_vars, now, play):
        from ansible_collections.mailjail.sendmail.plugins.module_utils import controls_table
        from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_documents, audit_fleet, audit_host

        hosts, lost, to_come = audited(task_vars, play)
        asked = {name: self._asked(said, now.date()) for name, said in hosts.items()}
        records = [audit_host.record(name, asked[name], said) for name, said in hosts.items()] + [audit_host.missing(name) for name in lost]
        held = {control.id for one in asked.values() for control in one.chosen}
        directory = Path(os.path.abspath(os.path.expanduser(self._task.args["directory"])))
        earlier = earlier_batch(task_vars, play)
        # A batch before this one has written its report over the one that all batches are compared with, and laid that aside.
        since = self._task.args.get("since") if earlier is None else earlier["former"]
        former = None if earlier is not None and not since else audit_documents.former(directory, since)
        found = audit_fleet.report(records, [control for name, control in controls_table.CONTROLS.items() if name in held], controls_table.FAMILIES,
                                   now.strftime("%Y-%m-%dT%H:%M:%SZ"), audit_documents.release(), former)
        written, aside = not self._task.check_mode, ""
        if written:
            aside = audit_documents.lay_aside(directory, former) if to_come else audit_documents.clear(directory)
            audit_documents.write(directory, found)
        told = {"changed": False, "directory": str(directory), "written": written, "summary": found["summary"], "since": found["since"],
                "hosts": {host["name"]: audit_host.outcome(host, str(directory)) for host in found["hosts"]}}
        return dict(told, play=play, former=aside) if written else told

    def _asked(self, said, today):
        from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_plan

        asked = audit_plan.check(said["asked"], today)
        return asked._replace(unasked=said["asked"].get("unasked") or asked.unasked)


def play_of(task):
    """Return what tells the play of a task from every other one of the run; all batches of a play (serial) have the same."""
    parent = task._parent
    while not hasattr(parent, "_play"):
        parent = parent._parent
    return str(parent._play._uuid)


def audited(task_vars, play):
    """Return what each host of the play said, by name, which hosts were lost before they were asked, and how many are still to come.

    A host that is still there without having been asked is one of a later batch, or one for which the site has skipped the audit.

    :param str play: of :func:`play_of`: another play of the same run may have audited the same hosts, and says nothing of them now.
    :returns: dict of name -> ``asked``, ``info``, ``baseline``, ``probe``; a list of names; a number.
    """
    found, lost = {}, []
    to_come = set(task_vars["ansible_play_hosts"]) - set(task_vars["ansible_play_batch"])
    for name in task_vars["ansible_play_hosts_all"]:
        values = task_vars["hostvars"].raw_get(name)
        noted = _of_play(values, ASKED, play)
        if noted:
            to_come.discard(name)
            found[name] = {"asked": noted["asked"], "info": values.get(INFO), "baseline": values.get(BASELINE), "probe": values.get(PROBE)}
        elif name not in task_vars["ansible_play_hosts"]:
            lost.append(name)
    return found, lost, len(to_come)


def earlier_batch(task_vars, play):
    """Return the result of this plugin in the last batch of the play that has written a report, or None in its first batch."""
    found = None
    for name in task_vars["ansible_play_hosts_all"]:
        found = _of_play(task_vars["hostvars"].raw_get(name), REPORT, play) or found
    return found


def _of_play(values, name, play):
    """Return what this plugin returned for a host under some name, if that was in this play."""
    result = values.get(name)
    return result if isinstance(result, dict) and result.get("play") == play else None
