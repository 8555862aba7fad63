# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What follows from sendmail_logs. That lines arrive is shown on hosts."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import subprocess

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_logs


def site(left=(), family="debian", name="debian", **said):
    return {"logs": said, "info": {"host": {"distribution": {"id": name, "family": family}}, "system_files": list(left)}}


def shape(found):
    return [(one["name"], one.get("unit"), {item["path"]: item.get("state", "present") for item in one.get("files", [])}) for one in found["companions"]]


@pytest.mark.parametrize("said, left, expected", [
    ({}, [], []), ({"to": False}, [], []), ({"to": False}, [plan_logs.RULE], [("rsyslog", None, {plan_logs.RULE: "absent"})]),
    ({"to": "off"}, [plan_logs.RULE], [("rsyslog", None, {plan_logs.RULE: "absent"})]),
    ({"to": "rsyslog"}, [], [("rsyslog", "rsyslog.service", {plan_logs.RULE: "present", plan_logs.ROTATION: "present"}), ("mail log", None, {})]),
    ({"to": "journald"}, [], [("journal", "systemd-journald.service", {plan_logs.JOURNAL: "present"}), ("mail log", None, {})]),
    ({"to": "journald", "persistent": False}, [plan_logs.JOURNAL, plan_logs.RULE, plan_logs.ROTATION], [
        ("rsyslog", None, {plan_logs.RULE: "absent", plan_logs.ROTATION: "absent"}),
        ("journal", None, {plan_logs.JOURNAL: "absent"}), ("mail log", None, {})]),
    ({"to": "rsyslog"}, [plan_logs.JOURNAL], [
        ("rsyslog", "rsyslog.service", {plan_logs.RULE: "present", plan_logs.ROTATION: "present"}),
        ("journal", None, {plan_logs.JOURNAL: "absent"}), ("mail log", None, {})]),
])
def test_what_is_wanted_comes_and_the_rest_goes(said, left, expected):
    assert shape(plan_logs.plan(site(left, **said))) == expected


@pytest.mark.parametrize("family, name, expected", [
    ("debian", "debian", ("root", "adm")), ("debian", "ubuntu", ("syslog", "adm")), ("redhat", "rhel", ("root", "root")), ("suse", "sles", ("root", "root"))])
def test_the_log_belongs_to_who_writes_and_who_reads_it(family, name, expected):
    entry = plan_logs.plan(site(family=family, name=name, to="rsyslog"))["companions"][0]
    directory = entry["directories"][0]
    assert (directory["owner"], directory["group"]) == expected and directory["mode"] == "0750"
    assert 'fileCreateMode="0640" fileGroup="%s"' % expected[1] in entry["files"][0]["content"]


def test_nothing_is_taken_from_the_rules_of_others():
    rule = [line for line in plan_logs.rule("adm").splitlines() if not line.startswith("#")]
    assert len(rule) == 1 and rule[0].startswith("mail.* ") and "stop" not in rule[0] and "~" not in rule[0]


def test_rotation():
    text = plan_logs.rotation(plan_logs.settings(site(to="rsyslog", keep=7, rotate="weekly")))
    assert "    weekly\n    rotate 7\n" in text and "create 0640" in text and text.count("{") == text.count("}") == 1


@pytest.mark.parametrize("keep", [0, -1, 10000, "7; rm"])
def test_a_number_of_files_that_is_none(keep):
    with pytest.raises(InvalidValue) as caught:
        plan_logs.plan(site(to="rsyslog", keep=keep))
    assert "sendmail_logs (keep)" in caught.value.message


@pytest.mark.parametrize("arrives", [True, False])
def test_what_was_kept_once_proves_nothing(tmp_path, arrives):
    """A log full of former lines, and a logger whose line arrives or does not."""
    log, program = tmp_path / "mail.log", tmp_path / "logger"
    log.write_text("a former line\n")
    program.write_text("#!/bin/sh\n%s\n" % ('for word; do :; done; echo "$word" >> %s' % log if arrives else ":"))
    program.chmod(0o755)
    proof = next(one["proof"] for one in plan_logs.plan(site(to="rsyslog"))["companions"] if one["name"] == "mail log")
    done = subprocess.run([proof[0], proof[1], proof[2].replace(plan_logs.FILE, str(log))], env={"PATH": "%s:/usr/bin:/bin" % tmp_path}, check=False,
                          stdout=subprocess.PIPE)
    assert (done.returncode == 0) is arrives
