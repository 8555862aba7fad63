# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is documented, what is checked and what is in force are the same."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re
import subprocess
import sys

import jinja2
import pytest
import yaml

from ansible_collections.mailjail.sendmail.plugins.module_utils import language
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_mc

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# Whose default depends on the profile, so that it is a template and not a value.
TEMPLATED = {"sendmail_listeners": [{"name": "MTA", "address": "127.0.0.1"}], "sendmail_delivery_mode": "background", "sendmail_mc_template": "sendmail.mc.j2"}
# Sub-options whose default follows from other variables.
FOLLOWING = {"files", "as", "domains"}


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return yaml.safe_load(source)


def specification(role):
    return read("roles", role, "meta", "argument_specs.yml")["argument_specs"]["main"]["options"]


def roles():
    return sorted(path.split(os.sep)[-3] for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")))


def test_every_default_of_the_configuration_is_documented_as_it_is():
    defaults, options = read("roles", "config", "defaults", "main.yml"), specification("config")
    documented = {name: option["default"] for name, option in options.items() if "default" in option}
    assert dict(defaults, **TEMPLATED) == documented
    for name, value in TEMPLATED.items():
        assert repr(value).strip("[]{}") in defaults[name].replace('"', "'")


@pytest.mark.parametrize("name", ["limits", "timeouts", "local_delivery", "masquerade"])
def test_every_default_of_a_dictionary_is_documented_as_it_is(name):
    values = read("roles", "config", "vars", "main.yml")["__sendmail_%s_default" % name]
    options = specification("config")["sendmail_" + name]["options"]
    assert sorted(values) == sorted(options)
    assert {key: value for key, value in values.items() if key not in FOLLOWING and value is not None} == {
        key: option["default"] for key, option in options.items() if "default" in option}


def test_every_timeout_of_sendmail_can_be_set():
    known = {name[len("confTO_"):].lower() for name in language.DEFINES if name.startswith("confTO_")}
    assert known == set(specification("config")["sendmail_timeouts"]["options"]) and len(known) == 37


def test_every_limit_is_one_that_sendmail_knows():
    options = specification("config")["sendmail_limits"]["options"]
    for key, define in plan_mc.LIMITS:
        assert key in options and define in language.DEFINES


def shape(options, below="suboptions"):
    """Keys, types, choices and defaults of options, without their words."""
    return {name: {key: shape(value, below) if key == below else value for key, value in option.items() if key != "description"}
            for name, option in options.items()}


def test_route_tests_are_one_language_for_role_and_modules():
    from ansible_collections.mailjail.sendmail.plugins.doc_fragments import route_tests
    from ansible_collections.mailjail.sendmail.plugins.module_utils import routes

    taken, options = shape(routes.OPTION["options"], "options"), specification("config")["sendmail_route_tests"]["options"]
    assert shape(options, "options") == taken
    documented = yaml.safe_load(route_tests.ModuleDocFragment.DOCUMENTATION)["options"]["route_tests"]["suboptions"]
    assert {name: {("options" if key == "suboptions" else key): value for key, value in row.items()} for name, row in shape(documented).items()} == taken
    assert set(taken) == set(routes.DEFAULTS) | {"name", "recipient"}
    for key, defaults in routes.DICTS.items():
        parts = taken[key]["options"]
        assert set(parts) == set(defaults)
        assert {part: value for part, value in defaults.items() if value is not None} == {
            part: option["default"] for part, option in parts.items() if "default" in option}


def test_listeners_have_the_keys_that_sendmail_is_told():
    from ansible_collections.mailjail.sendmail.plugins.module_utils import m4

    assert {key for key, unused in m4.LISTENER_KEYS} == set(specification("config")["sendmail_listeners"]["options"])
    assert set(language.DAEMON_MODIFIERS) == set(specification("config")["sendmail_listeners"]["options"]["modifiers"]["choices"])


def test_privacy_options_are_those_of_the_language():
    assert sorted(specification("config")["sendmail_privacy_options"]["choices"]) == sorted(language.PRIVACY)


def test_a_variable_means_the_same_in_every_role():
    whole = specification("config")
    for role in roles():
        for name, option in specification(role).items():
            if name in whole and role != "config":
                assert option.get("type") == whole[name].get("type"), (role, name)
                if "options" in option:
                    assert set(option["options"]) == set(whole[name]["options"]), (role, name)


def profiles():
    """Roles that set the defaults of a profile, besides those that only read them."""
    return sorted(path.split(os.sep)[-3] for path in glob.glob(os.path.join(ROOT, "roles", "*", "defaults", "main.yml"))
                  if "__sendmail_profile" in (read(path) or {}))


@pytest.mark.parametrize("submission, login, expected", [
    ("direct", {"user": "u", "password": "p"}, "30s"), ("direct", {}, "10m"), ("listener", {"user": "u", "password": "p"}, "10m"), ("listener", {}, "10m")])
def test_a_null_client_that_sends_from_its_queue_alone_looks_at_it_often(submission, login, expected):
    said = {"sendmail_submission": submission, "sendmail_hub_auth": login}
    profile = {"queue_interval": jinja2.Template(read("roles", "nullclient", "defaults", "main.yml")["__sendmail_profile"]["queue_interval"]).render(said)}
    template = jinja2.Template(read("roles", "service", "defaults", "main.yml")["sendmail_queue_interval"])
    assert (template.render(__sendmail_profile=profile), template.render()) == (expected, "10m")


def test_the_profiles_check_and_run_the_same_roles():
    tasks, names = read("roles", "profile", "tasks", "main.yml"), read("roles", "profile", "vars", "main.yml")["__sendmail_profile_roles"]
    around = read("roles", "profile", "tasks", "around.yml")
    beside = [task for one in tasks for task in (around if one.get("ansible.builtin.import_tasks") == {"file": "around.yml"} else [one])]
    imported = [task for task in beside if "ansible.builtin.import_role" in task]
    # What only a former configuration needed goes when the daemon is proven.
    assert tasks[-1]["ansible.builtin.import_tasks"] == {"file": "retire.yml"}
    last = read("roles", "profile", "tasks", "retire.yml")
    assert all(task["ansible.builtin.import_role"]["tasks_from"] == "retire" and task["tags"] == ["service"] for task in last)
    # What the running configuration may still name goes only where a new one was put in place and proven in the same run.
    assert [task["ansible.builtin.import_role"]["name"].rpartition(".")[2] for task in last if "__sendmail_config is defined" in task.get("when", "")
            and "__sendmail_service is defined" in task["when"]] == ["auth", "milters"]
    called = [task["ansible.builtin.import_role"]["name"].rpartition(".")[2] for task in imported]
    # First what brings the role platform with it and refuses what can not be meant, whatever the tags are.
    assert imported[0]["ansible.builtin.import_role"]["tasks_from"] == "check" and imported[0]["tags"] == ["always"]
    assert ["platform"] + called[1:] == names
    assert [task["tags"] for task in imported[1:]] == [[name] for name in called[1:]]


@pytest.mark.parametrize("name", profiles())
def test_a_profile_is_defaults_and_the_common_list(name):
    assert read("roles", name, "defaults", "main.yml")["__sendmail_profile"]["name"] == name
    for tasks, tasks_from in (("main.yml", None), ("rollback.yml", "rollback")):
        imported = [task["ansible.builtin.import_role"] for task in read("roles", name, "tasks", tasks)]
        assert [(one["name"], one.get("tasks_from")) for one in imported] == [("mailjail.sendmail.profile", tasks_from)]
    assert [one["role"] for one in read("playbooks", name + ".yml")[0]["roles"]] == ["mailjail.sendmail." + name]


def test_the_gateway_needs_two_words():
    assert {name for name, option in specification("gateway").items() if option.get("required")} == {"sendmail_domain", "sendmail_mail_server"}


@pytest.mark.parametrize("role", roles())
def test_every_option_has_a_type_and_says_what_it_means(role):
    def look(options):
        for name, option in options.items():
            assert option.get("type") and option.get("description"), (role, name)
            assert option["type"] != "list" or option.get("elements"), (role, name)
            look(option.get("options") or {})

    look(specification(role))


@pytest.mark.parametrize("path", sorted(glob.glob(os.path.join(ROOT, "roles", "config", "templates", "*.j2"))))
def test_remarks_are_dnl_and_hold_no_quotes(path):
    with open(path, encoding="utf-8") as source:
        for number, line in enumerate(source, 1):
            if line.startswith("dnl"):
                assert not re.search("[`']", line), "%s:%d" % (os.path.basename(path), number)
            assert not line.startswith("#"), "%s:%d: m4 reads on behind a number sign" % (os.path.basename(path), number)


def test_the_reference_is_what_the_specifications_say():
    checked = subprocess.run([sys.executable, os.path.join(ROOT, "docs", "generate.py"), "--check"], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, "run 'make docs': %s" % checked.stdout
