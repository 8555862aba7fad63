# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filter that finds misspelt variables: a role's specification says nothing of a name that it does not know."""

from __future__ import annotations

import difflib
import pathlib

import yaml

DOCUMENTATION = r"""
name: unknown_variables
short_description: Find variables that no role of this collection knows
version_added: "0.1.0"
author:
  - The mailjail authors (@mailjail)
description:
  - Ansible takes any variable in silence, so a misspelt one would be a setting that never comes into force.
positional: _input, roles, more
options:
  _input:
    description: Names of variables.
    type: list
    elements: str
    required: true
  roles:
    description: Directory of the roles, whose C(meta/argument_specs.yml) name what is known.
    type: path
    required: true
  more:
    description: Further names that are known.
    type: list
    elements: str
    default: []
"""

EXAMPLES = r"""
- name: Refuse misspelt variables
  ansible.builtin.assert:
    that: lookup('ansible.builtin.varnames', '^sendmail_', wantlist=True) | mailjail.sendmail.unknown_variables(role_path ~ '/..') | length == 0
"""

RETURN = r"""
_value:
  description: A sentence for each unknown name, with the nearest known one.
  type: list
  elements: str
"""


def known_variables(roles):
    """Return the names that the specifications of the roles in a directory declare."""
    known = set()
    for path in sorted(pathlib.Path(roles).glob("*/meta/argument_specs.yml")):
        for entry in yaml.safe_load(path.read_text(encoding="utf-8"))["argument_specs"].values():
            known.update(entry.get("options") or {})
    return known


def unknown_variables(names, roles, more=()):
    """Return a sentence for each name that no role knows."""
    known = known_variables(roles) | set(more)
    told = []
    for name in sorted(set(names) - known):
        near = difflib.get_close_matches(name, sorted(known), 1)
        told.append(f"{name} is no variable of this collection.{f' Did you mean {near[0]}?' if near else ''}")
    return told


class FilterModule:
    """Tell Ansible about the filter."""

    def filters(self):
        """Return the filter by its name."""
        return {"unknown_variables": unknown_variables}
