# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Conditions in roles that decide whether something runs at all, rendered as Ansible would."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os
import re

import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import role_plans

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
NOTHING = {"system_files": {"firewall": [], "logs": [], "apparmor": []}, "apparmor": True}


def text(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def rendered(words, **values):
    return NativeEnvironment().from_string(words).render(**values)


def when(words, **values):
    return rendered("{{ %s }}" % words, **values)


@pytest.mark.parametrize("role, key", [("firewall", "backend"), ("logs", "to"), ("apparmor", None)])
@pytest.mark.parametrize("value, expected", [("off", False), (False, False), ("auto", True)])
def test_a_bare_off_is_off(role, key, value, expected):
    """YAML reads it as false, and a variable keeps that whatever the specification of its role says."""
    words = yaml.safe_load(text("roles", role, "vars", "main.yml"))["__sendmail_%s_needed" % role]
    assert rendered(words, __sendmail_info=NOTHING, **{"sendmail_" + role: {key: value} if key else value}) is expected


@pytest.mark.parametrize("name", ["jailed", "unprivileged"])
@pytest.mark.parametrize("value, expected", [("off", ""), (False, ""), ("complain", "x")])
def test_a_unit_names_no_profile_that_is_off(name, value, expected):
    line = re.search(r"^{% if sendmail_apparmor .*%}$", text("roles", "service", "templates", "sendmail-%s.service.j2" % name), re.M).group(0)
    assert (rendered(line + "x{% endif %}", sendmail_apparmor=value, __sendmail_info=NOTHING) or "") == expected


def drain():
    """The tasks that empty the queues, by name, and what they share."""
    block = next(task for task in yaml.safe_load(text("roles", "remove", "tasks", "drain.yml")) if "block" in task)
    return {task["name"]: task for task in block["block"]}, block["vars"]


@pytest.mark.parametrize("matched, unread, waits", [(0, 0, False), (1, 0, True), (0, 1, True)])
def test_what_can_not_be_read_is_mail_as_well(matched, unread, waits):
    tasks, shared = drain()
    waiting = rendered(shared["__sendmail_remove_waiting"], __sendmail_remove_left={"matched": matched, "unread": unread})
    said = {"__sendmail_remove_waiting": waiting, "ansible_check_mode": False}
    assert when(tasks["Refuse to go on while mail waits"]["when"], sendmail_remove_remaining="refuse", **said) is waits
    assert when(tasks["Keep what is left"]["when"], sendmail_remove_remaining="receipt", **said) is waits
    refusal = tasks["Refuse to go on while there is mail that can not be read"]["when"]
    assert when(refusal, __sendmail_remove_kept={"unread": unread}, **said) is bool(unread) and when(refusal, **said) is False


@pytest.mark.parametrize("said, refusals", [
    ({}, 0), ({"sendmail_remove_remaining": "receipt"}, 0), ({"sendmail_remove_remaining": "receipt", "sendmail_remove_keep_data": False}, 1),
    ({"sendmail_remove_remaining": "hand_over"}, 1), ({"sendmail_remove_remaining": "hand_over", "sendmail_remove_successor": "postfix"}, 0)])
def test_mail_is_not_kept_to_be_removed(said, refusals):
    values = dict(yaml.safe_load(text("roles", "remove", "defaults", "main.yml")), **said)
    cases = yaml.safe_load(text("roles", "remove", "vars", "main.yml"))["__sendmail_remove_cases"]
    assert len([case for case in cases if not rendered(case["holds"], **values)]) == refusals


def test_what_waits_for_the_successor_is_handed_over_in_any_run():
    """Not that of this run alone: an interrupted one left its receipt, and no register."""
    block = next(task for task in yaml.safe_load(text("roles", "remove", "tasks", "main.yml")) if "block" in task)["block"]
    names = [task["name"] for task in block]
    task = block[names.index("Hand the mail that waited over to it")]
    assert names.index(task["name"]) < names.index("Remove what is left") and when(task["when"], sendmail_remove_remaining="hand_over") is True
    assert task["mailjail.sendmail.sendmail_queue"] == {"action": "hand_over", "all": True}
    assert drain()[0]["Keep what is left"]["mailjail.sendmail.sendmail_queue"]["awaited"] is True


@pytest.mark.parametrize("role, left, key", [
    ("firewall", "/etc/firewalld/policies/mailjail-ports.xml", "companions"), ("logs", "/etc/rsyslog.d/10-mailjail.conf", "companions"),
    ("metrics", "/etc/systemd/system/mailjail-metrics.timer", "companions"), ("apparmor", "/etc/apparmor.d/mailjail-sendmail", "retired")])
def test_a_removal_switches_off_what_stands_around_the_daemon(role, left, key):
    """By the role's own plan, before anything is removed: a file that is gone takes nothing out of force."""
    values = yaml.safe_load(text("roles", "remove", "vars", "main.yml"))
    assert "role_plan('%s')).%s" % (role, key) in values["__sendmail_remove_companions"]
    files = "{{ __sendmail_info.system_files.%s }}" % role
    site = json.loads(json.dumps(values["__sendmail_remove_around"][role]).replace(json.dumps(files), json.dumps([left])))
    found = role_plans.plan(dict(site, family="debian"), role)[key]
    assert [(one["state"], {"path": left, "state": "absent"} in one["files"]) for one in found] == [("stopped", True)]
    tasks = yaml.safe_load(text("roles", "remove", "tasks", "main.yml"))
    assert [bool("mailjail.sendmail.sendmail_companions" in task) for task in tasks[-2:]] == [True, False]
    assert "/var/lib/mailjail-metrics" in values["__sendmail_remove_trees"]
