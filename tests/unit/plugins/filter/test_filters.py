# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import importlib
import inspect
from pathlib import Path

import pytest
import yaml
from ansible.errors import AnsibleFilterError

OURS = "ansible_collections.mailjail.sendmail.plugins."
FILTERS = sorted(path.stem for path in (Path(__file__).resolve().parents[4] / "plugins" / "filter").glob("*.py"))


def module_of(name):
    return importlib.import_module(OURS + "filter." + name)


def filter_of(name):
    return module_of(name).FilterModule().filters()[name]


def test_there_are_filters():
    """A directory that moved would leave nothing to test."""
    assert len(FILTERS) > 10


@pytest.mark.parametrize("name", FILTERS)
def test_each_file_offers_the_filter_of_its_name(name):
    module = module_of(name)
    assert list(module.FilterModule().filters()) == [name]
    assert "name: %s\n" % name in module.DOCUMENTATION


@pytest.mark.parametrize("name", FILTERS)
def test_the_function_takes_what_the_documentation_names(name):
    """By the same names and with the same defaults, or a template that names an argument would fail."""
    options = yaml.safe_load(module_of(name).DOCUMENTATION)["options"]
    cells = dict(zip(filter_of(name).__code__.co_freevars, (cell.cell_contents for cell in filter_of(name).__closure__), strict=True))
    function = getattr(importlib.import_module(OURS + cells["module"]), cells["function"])
    _first, *rest = inspect.signature(function).parameters.values()
    assert [one.name for one in rest] == [option for option in options if option != "_input"]
    for one in rest:
        assert (one.default is inspect.Parameter.empty) == bool(options[one.name].get("required")), one.name


def test_good_input():
    assert filter_of("m4_quote")("relay:[a.example]", "sendmail_smart_host", kind="relay") == "`relay:[a.example]'"
    assert filter_of("daemon_options")({"name": "MTA", "port": 25}) == "Name=MTA, Family=inet, Port=25"
    assert filter_of("m4_preamble")([]).endswith("dnl\n")
    # What Jinja's own filters hand on is no list.
    assert filter_of("cidr_keys")((net for net in ("192.0.2.0/24", "10.0.0.0/8")), "Connect") == ["Connect:192.0.2", "Connect:10"]
    assert filter_of("cidr_keys")("192.0.2.0/24") == ["192.0.2"]


@pytest.mark.parametrize(
    "call, said",
    [
        (lambda: filter_of("m4_quote")("a'b", "sendmail_x"), "sendmail_x: found a quote"),
        (lambda: filter_of("daemon_options")({"name": "MTA", "port": 25, "modifiers": ["a"]}, "mine"), "mine (MTA): "),
        (lambda: filter_of("m4_preamble")(["a b"]), "includes"),
    ],
)
def test_bad_input_is_refused_in_ansibles_own_way(call, said):
    with pytest.raises(AnsibleFilterError) as caught:
        call()
    assert said in str(caught.value)


def test_a_role_without_a_plan_is_refused():
    with pytest.raises(AnsibleFilterError) as caught:
        filter_of("role_plan")({}, "queue")
    assert "'queue' is no role that has a plan" in str(caught.value)


def test_each_role_that_the_documentation_names_has_its_plan():
    roles = importlib.import_module(OURS + "plugin_utils.role_plans").ROLES
    assert list(roles) == yaml.safe_load(module_of("role_plan").DOCUMENTATION)["options"]["role"]["choices"]
    for role in roles:
        assert callable(importlib.import_module(OURS + "plugin_utils.plan_" + role).plan)
