# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One vocabulary: each public variable has its default in one place, and every role that names it says the same of it.

What the role config documents is held against its defaults in tests/unit/roles; this file looks at all roles together.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import glob
import os
import re

import pytest

yaml = pytest.importorskip("yaml", reason="the roles' files are YAML")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
# Their default depends on the profile, so it is a template there and a value in the specification.
TEMPLATED = ("sendmail_listeners", "sendmail_delivery_mode", "sendmail_mc_template", "sendmail_home_access", "sendmail_queue_interval")
# A number has a unit; these words name one, or the thing that is counted.
UNITS = re.compile(r"days|bits|bytes|blocks|milliseconds|seconds|connections|recipients|commands|processes|headers|load average|questions|name servers|port"
                   r"|states|how often|points|`?(queue|refuse|delay)_load|backlog|messages|the same for|sockets?|not looked at here", re.I)


def read(path):
    with open(path, encoding="utf-8") as source:
        return yaml.safe_load(source) or {}


def role_of(path):
    return os.path.relpath(path, ROOT).split(os.sep)[1]


def specifications():
    """Role to its options."""
    paths = sorted(glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")))
    return {role_of(path): read(path)["argument_specs"]["main"]["options"] for path in paths}


def defaults():
    """Public variable to its owners: [(role, default), ...]."""
    found = collections.defaultdict(list)
    for path in sorted(glob.glob(os.path.join(ROOT, "roles", "*", "defaults", "main.yml"))):
        for name, value in read(path).items():
            if not name.startswith("__"):
                found[name].append((role_of(path), value))
    return found


def profiles():
    """Roles that set the defaults of a profile: of a variable they may document another default than the role that owns it."""
    return {role_of(path) for path in glob.glob(os.path.join(ROOT, "roles", "*", "defaults", "main.yml")) if "__sendmail_profile" in read(path)}


SPECIFICATIONS, DEFAULTS = specifications(), defaults()
NAMED = [(role, name) for role, options in SPECIFICATIONS.items() for name in options]


def options_below(options, front=""):
    """Every option and sub-option with its whole name."""
    for name, option in options.items():
        yield front + name, option
        yield from options_below(option.get("options") or {}, front + name + ".")


def test_a_default_stands_in_one_place():
    assert {name: owners for name, owners in DEFAULTS.items() if len(owners) > 1} == {}


def test_every_default_belongs_to_a_variable_that_its_role_documents():
    assert [(owners[0][0], name) for name, owners in DEFAULTS.items() if name not in SPECIFICATIONS[owners[0][0]]] == []


@pytest.mark.parametrize("role, name", NAMED)
def test_a_documented_default_is_the_one_in_force(role, name):
    option, owners = SPECIFICATIONS[role][name], DEFAULTS.get(name, [])
    if "default" not in option:
        # Looked at by this role and owned by another one, or required, by this role or by a profile.
        required = any(options[name].get("required") for options in SPECIFICATIONS.values() if name in options)
        assert required or [owner for owner, _value in owners if owner != role], "%s has no default, and no role gives it one" % name
        return
    assert owners, "%s is documented with a default, and no role has it in defaults/main.yml" % name
    if name not in TEMPLATED:
        assert owners[0][1] == option["default"]


@pytest.mark.parametrize("name", sorted({name for _role, name in NAMED}))
def test_every_role_says_the_same_of_a_variable(name):
    told = [(role, options[name]) for role, options in SPECIFICATIONS.items() if name in options]
    for key in ("type", "choices"):
        # A role that only looks whether there is a value may take its parts as they come.
        assert len({repr(option.get(key)) for _role, option in told}) == 1, "%s of %s differs: %s" % (key, name, told)
    given = {repr(option["default"]) for role, option in told if "default" in option and role not in profiles()}
    assert len(given) <= 1, "%s has several documented defaults: %s" % (name, given)


def test_every_variable_that_a_role_uses_is_documented():
    known = {name for _role, name in NAMED}
    known |= set(read(os.path.join(ROOT, "roles", "profile", "vars", "main.yml"))["__sendmail_playbook_variables"])
    modules = {os.path.basename(path)[:-3] for path in glob.glob(os.path.join(ROOT, "plugins", "modules", "sendmail_*.py"))}
    used = collections.defaultdict(set)
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "[dtv]*", "*")) + glob.glob(os.path.join(ROOT, "playbooks", "*.yml")):
        with open(path, encoding="utf-8") as source:
            for name in re.findall(r"(?<![\w.$])sendmail_[a-z0-9_]+(?![\w*]|\.service)", source.read()):
                used[name].add(os.path.relpath(path, ROOT))
    assert {name: sorted(paths) for name, paths in used.items() if name not in known and name not in modules} == {}


@pytest.mark.parametrize("role", sorted(SPECIFICATIONS))
def test_every_number_says_what_it_counts(role):
    silent = []
    for name, option in options_below(SPECIFICATIONS[role]):
        text = option.get("description") or ""
        if option.get("type") in ("int", "float") and not UNITS.search(" ".join(text) if isinstance(text, list) else text):
            silent.append(name)
    assert silent == []


@pytest.mark.parametrize("role", sorted(profiles()))
def test_the_page_names_each_default_of_each_profile(role):
    """docs/generate.py finds the profiles by itself; one whose defaults are on no page would change hosts in silence."""
    with open(os.path.join(ROOT, "docs", "variables.md"), encoding="utf-8") as source:
        rows = set(re.findall(r"^\| `%s` \| `sendmail_(\w+)` \|" % role, source.read(), re.M))
    said = set(read(os.path.join(ROOT, "roles", role, "defaults", "main.yml"))["__sendmail_profile"]) - {"name"}
    assert rows == said and said
