# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What README and docs name exists: links, files, roles, modules, playbooks, variables, commands of make; and the claims on releases agree."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re

import pytest

yaml = pytest.importorskip("yaml", reason="the roles' files are YAML")

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PAGES = ["README.md"] + sorted(os.path.relpath(path, ROOT) for path in glob.glob(os.path.join(ROOT, "docs", "*.md")))


def read(*path):
    with open(os.path.join(ROOT, *path), encoding="utf-8") as source:
        return source.read()


def names(*pattern):
    """Names of files without their suffix, or of directories."""
    return {os.path.basename(path).partition(".")[0] for path in glob.glob(os.path.join(ROOT, *pattern)) if not os.path.basename(path).startswith("_")}


def options_below(options):
    for name, option in options.items():
        yield name
        yield from options_below(option.get("options") or {})


def variables():
    found = set(yaml.safe_load(read("roles", "profile", "vars", "main.yml"))["__sendmail_playbook_variables"])
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "argument_specs.yml")):
        found |= set(options_below(yaml.safe_load(read(path))["argument_specs"]["main"]["options"]))
    return found


def column(text, head):
    """First cells of the table whose head begins so, without backquotes."""
    table = text.split("| %s |" % head, 1)[1].split("\n\n", 1)[0]
    return [line.strip("|").split("|")[0].strip(" `") for line in table.splitlines()[2:] if line.startswith("|")]


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page):
    links = [link.partition("#")[0] for link in re.findall(r"\]\(([^)\s]+)\)", read(page)) if "://" not in link]
    missing = [link for link in links if link and not os.path.exists(os.path.join(ROOT, os.path.dirname(page), link))]
    assert missing == []


def test_files_that_are_told_to_read_exist():
    """Roles, plugins and messages point into docs/ as well."""
    missing = set()
    for top in ("roles", "plugins", "playbooks", "docs"):
        for directory, _names, files in os.walk(os.path.join(ROOT, top)):
            for name in [name for name in files if name.endswith((".py", ".yml", ".j2", ".md"))]:
                for page in re.findall(r"\bdocs/[a-z]+\.md", read(directory, name)):
                    if not os.path.isfile(os.path.join(ROOT, page)):
                        missing.add((os.path.relpath(os.path.join(directory, name), ROOT), page))
    assert missing == set()


@pytest.mark.parametrize("page", PAGES)
def test_variables_and_modules_that_are_named_exist(page):
    known = variables() | names("plugins", "modules", "*.py")
    named = set(re.findall(r"(?<![\w./$-])sendmail_[a-z0-9_]+(?![\w*])", read(page)))
    assert sorted(named - known) == []


@pytest.mark.parametrize("page", PAGES)
def test_paths_that_are_named_exist(page):
    found = re.findall(r"`((?:roles|plugins|playbooks|tests|molecule|docs|images|lab|bench)/[\w./-]+)`", read(page))
    missing = [path for path in found if not glob.glob(os.path.join(ROOT, path.rstrip("/")))]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_commands_of_make_exist(page):
    targets = set(re.findall(r"^([a-z][a-z-]*):", read("Makefile"), re.M))
    assert set(re.findall(r"(?:^|`)make ([a-z][a-z-]*)\b(?!\.)", read(page), re.M)) <= targets


@pytest.mark.parametrize("page", PAGES)
def test_playbooks_that_are_called_exist(page):
    called = set(re.findall(r"ansible-playbook mailjail\.sendmail\.(\w+)", read(page)))
    assert called <= names("playbooks", "*.yml")


def test_the_readme_names_every_role_module_and_page():
    text = read("README.md")
    assert sorted(column(text, "role")) == sorted(names("roles", "*"))
    assert sorted(column(text, "module")) == sorted(names("plugins", "modules", "*.py"))
    assert set(re.findall(r"\]\((docs/[^)]+)\)", text)) == {page for page in PAGES if page.startswith("docs")}


def test_one_oldest_ansible_is_claimed():
    required = re.search(r">=(\d+\.\d+)", read("meta", "runtime.yml")).group(1)
    assert "ansible-core %s and newer" % required in read("README.md")
    for path in glob.glob(os.path.join(ROOT, "roles", "*", "meta", "main.yml")):
        info = yaml.safe_load(read(path))["galaxy_info"]
        assert (info["min_ansible_version"], info["role_name"]) == (required, path.split(os.sep)[-3])


def test_the_families_of_the_roles_are_those_that_have_a_table():
    families = yaml.safe_load(read("roles", "platform", "vars", "main.yml"))["__sendmail_families"]
    tables = names("roles", "platform", "vars", "*.yml") - {"main"}
    assert set(families) == tables
    keys = [sorted(yaml.safe_load(read("roles", "platform", "vars", family + ".yml"))["__sendmail_platform"]) for family in families]
    assert all(found == keys[0] for found in keys)
