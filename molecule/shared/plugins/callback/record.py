# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Writes what a playbook run did as JSON: one file for each run, in the directory that MAILJAIL_RECORDS names."""

from __future__ import annotations

import json
import os
import time

from ansible import context
from ansible.plugins.callback import CallbackBase

DOCUMENTATION = """
name: record
type: notification
short_description: Records tasks and results of a run for the tests
description: One JSON file for each run, with every result that is not a skip.
"""


def plain(value):
    """A value without what Ansible adds to it."""
    return json.loads(json.dumps(value, default=str))


class CallbackModule(CallbackBase):
    """Collect, then write at the end."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "record"
    CALLBACK_NEEDS_ENABLED = True

    def __init__(self):
        super().__init__()
        self.began, self.playbook, self.results = time.time(), "", []

    def v2_playbook_on_start(self, playbook):
        self.playbook = os.path.basename(playbook._file_name)

    def _keep(self, result, status):
        task, answer = result._task, result._result
        self.results.append({
            "host": result._host.get_name(), "task": task.get_name(), "action": task.action, "path": task.get_path(), "status": status,
            "changed": bool(answer.get("changed")), "msg": str(answer.get("msg", "")),
            "changes": plain(answer.get("changes")), "route_tests": plain(answer.get("route_tests"))})

    def v2_runner_on_ok(self, result):
        self._keep(result, "ok")

    def v2_runner_on_failed(self, result, ignore_errors=False):
        self._keep(result, "ignored" if ignore_errors else "failed")

    def v2_runner_item_on_failed(self, result):
        self._keep(result, "item failed")

    def v2_runner_on_unreachable(self, result):
        self._keep(result, "unreachable")

    def v2_playbook_on_stats(self, stats):
        directory = os.environ.get("MAILJAIL_RECORDS")
        if not directory:
            return
        os.makedirs(directory, exist_ok=True)
        hosts = {host: stats.summarize(host) for host in stats.processed}
        record = {"playbook": self.playbook, "check": bool(context.CLIARGS.get("check")), "seconds": time.time() - self.began,
                  "hosts": hosts, "results": self.results}
        with open(os.path.join(directory, "%d.json" % time.time_ns()), "w", encoding="utf-8") as handle:
            json.dump(record, handle)
