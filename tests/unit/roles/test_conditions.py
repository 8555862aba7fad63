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

from ansible_collections.mailjail.sendmail.plugins.module_utils import removal
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_apparmor, plan_auth, plan_firewall, plan_logs, role_plans

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
    assert task["mailjail.sendmail.sendmail_queue"] == {"action": "hand_over", "all": True, "not_below": "{{ __sendmail_remove_prefix }}"}
    assert drain()[0]["Keep what is left"]["mailjail.sendmail.sendmail_queue"]["awaited"] is True


@pytest.mark.parametrize("manager, name", [("apt", "apt_ask.yml"), ("dnf", "rpm_ask.yml"), ("zypper", "rpm_ask.yml")])
def test_whoever_needs_the_packages_is_asked_for_first(manager, name):
    task = next(task for task in yaml.safe_load(text("roles", "remove", "tasks", "main.yml")) if "that takes other packages" in task["name"])
    assert rendered(task["ansible.builtin.include_tasks"]["file"], __sendmail_platform={"package_manager": manager}) == name
    assert os.path.exists(os.path.join(ROOT, "roles", "remove", "tasks", name))


@pytest.mark.parametrize("successor, there, check, asked", [
    ("postfix", ["sendmail"], False, True), ("", ["sendmail"], False, False), ("postfix", [], False, False), ("postfix", ["sendmail"], True, False)])
def test_dnf_takes_nobody_along_whom_the_successor_does_not_serve(successor, there, check, asked):
    """Before anything is installed nobody knows whom it serves; dnf itself removes what needs the packages, without a word."""
    tasks = yaml.safe_load(text("roles", "remove", "tasks", "dnf.yml"))
    names = [task["name"] for task in tasks]
    task = tasks[names.index("Refuse to take along what the successor does not serve")]
    assert names.index("Give the sendmail command to it") < names.index(task["name"]) < names.index("Remove the packages")
    said = {"__sendmail_remove_successor": {"packages": [successor]} if successor else {}, "__sendmail_info": {"packages": dict.fromkeys(there, "1")},
            "__sendmail_remove_packages_named": ["sendmail", "sendmail-cf"], "ansible_check_mode": check}
    assert all(when(words, **said) for words in task["when"]) is asked
    assert task["block"][0]["ansible.builtin.command"]["argv"].startswith("{{ ['rpm', '--erase', '--test']")
    assert when(task["block"][1]["ansible.builtin.assert"]["that"], __sendmail_remove_served={"rc": 1}) is False


def test_an_account_is_known_by_the_comment_that_it_got():
    task = next(task for task in yaml.safe_load(text("roles", "packages", "tasks", "main.yml")) if "ansible.builtin.user" in task)
    assert task["ansible.builtin.user"]["comment"] == removal.COMMENT


def test_a_prefix_is_no_tree():
    """It may be /usr/local: what was built there goes by its record."""
    values = yaml.safe_load(text("roles", "remove", "vars", "main.yml"))
    assert "source_prefix" not in values["__sendmail_remove_trees"]
    for method, packages, expected in (("source", True, "/opt/sendmail"), ("package", True, ""), ("source", False, "")):
        assert (rendered(values["__sendmail_remove_prefix"], sendmail_source_prefix="/opt/sendmail", sendmail_install_method=method,
                         sendmail_remove_packages=packages) or "") == expected


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


def questions(*path):
    """What tasks of a file ask the module sendmail_info."""
    name = "mailjail.sendmail.sendmail_info"
    return [task[name] for task in yaml.safe_load(text("roles", *path)) if name in task]


def test_whoever_asks_a_host_again_asks_the_same():
    """What is not asked for counts as not there: a unit that runs, a package that is installed."""
    first = questions("platform", "tasks", "main.yml")
    assert len(first) == 1 and questions("platform", "tasks", "look.yml") == questions("packages", "tasks", "again.yml") == first


@pytest.mark.parametrize("plan", [plan_apparmor, plan_firewall, plan_logs])
def test_packages_of_the_plans_are_looked_for(plan):
    """One that is not would be missing in every run, and every check would announce it."""
    words = yaml.safe_load(text("roles", "platform", "vars", "main.yml"))["__sendmail_platform_other_packages"]
    assert {name for names in plan.PACKAGES.values() for name in names} <= set(re.findall("'([^']+)'", words))


@pytest.mark.parametrize("said, ports", [
    ({}, [25]), ({"sendmail_listeners": []}, []),
    ({"sendmail_listeners": [{"name": "a"}, {"name": "b", "port": 2525}, {"name": "c", "port": "2525"}]}, [25, 2525]),
    ({"sendmail_auth": {"backend": "saslauthd"}, "sendmail_submission_ports": [2587]}, [25, 2587])])
def test_the_policy_hears_of_every_port_that_is_opened(said, ports):
    """Those on which users log in are no listeners of the site's own: SELinux would keep the daemon from binding them."""
    values = yaml.safe_load(text("roles", "platform", "vars", "main.yml"))
    environment = NativeEnvironment()
    environment.filters["mailjail.sendmail.submission_listeners"] = plan_auth.listeners
    opened = environment.from_string(values["__sendmail_platform_listeners"]).render(none=None, **said)
    assert environment.from_string(values["__sendmail_platform_ports"]).render(__sendmail_platform_listeners=opened) == ports
    asked = [task for role in ("jail", "remove") for task in re.findall("selinux_ports: \"(.*)\"", text("roles", role, "tasks", "main.yml"))]
    assert asked == ["{{ __sendmail_platform_ports }}"] * 2
