# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The names of the collection's variables, as the specifications of its roles declare them."""

from __future__ import annotations

import difflib
import pathlib

import yaml

# Asked for in every run; written in C it is seven times faster.
Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def known(roles):
    """Return the names that the specifications of the roles in a directory declare."""
    found = set()
    for path in sorted(pathlib.Path(roles).glob("*/meta/argument_specs.yml")):
        for entry in yaml.load(path.read_text(encoding="utf-8"), Loader=Loader)["argument_specs"].values():
            found.update(entry.get("options") or {})
    return found


def unknown(names, roles, more=()):
    """Return a sentence for each name that no role knows."""
    declared = known(roles) | set(more)
    told = []
    for name in sorted(set(names) - declared):
        near = difflib.get_close_matches(name, sorted(declared), 1)
        told.append(f"{name} is no variable of this collection.{f' Did you mean {near[0]}?' if near else ''}")
    return told
