# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of itself when it is adopted, held against what an adoption can say at all, before any of it becomes a file on the controller. Pure.

The host may be in the hands of somebody else. Its words may fill its own variables, and nothing more: no other name, no other path, no file of the controller.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os.path
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_maps

# What module_utils/adopt and adopt_cf make of a configuration. None of these names a file that is read on the controller.
CONFIGURATION = frozenset((
    "classes", "client_options", "features", "includes", "listeners", "local_config", "local_rulesets", "mailer_flags", "mailers", "masquerade", "mc_domain",
    "options", "ostype", "queue_groups", "raw_parts", "raw_statements", "undefine"))
NAMES = frozenset(("local_host_names", "relay_domains", "relay_networks", "trusted_users"))
_ENTRY = frozenset(("key", "value", "comment"))
# What names a file of its own in every operating system's eyes: no slash, no blank, nothing that hides.
_FILE_NAME = re.compile(r"(?!\.)[\w.:@+=,~-]+\Z")


def check(host, adopted):
    """Refuse what no adoption says.

    :param str host: its inventory name. :param dict adopted: what the module sendmail_adopt returned.
    :raises InvalidValue: names the host and what it said.
    """
    file_name(host, "inventory name")
    for which in ("mta", "msp"):
        part = adopted.get(which)
        if part or which == "mta":
            _names(host, part["variables"], CONFIGURATION)
    _names(host, adopted["tables"], NAMES | set(plan_maps.TABLES) | set(["map_type"]))
    for name, value in adopted["tables"].items():
        if not _table(name, value):
            _refuse(host, "a value for sendmail_%s that is no %s" % (name, "map" if name in plan_maps.TABLES else "list of names"))
    for one in adopted["files"]:
        if one["variable"] not in plan_maps.TABLES or one["name"] != one["variable"]:
            _refuse(host, "a file '%s' for the variable '%s'" % (one["name"], one["variable"]))


def file_name(name, what):
    """Return a name as it stands in a path; :raises InvalidValue: it would lead somewhere else."""
    if not isinstance(name, str) or not _FILE_NAME.match(name):
        raise InvalidValue("The %s '%s' can not be the name of a file; expected letters, digits and . : @ + = , ~ - only, and no dot at the beginning." % (
            what, name))
    return name


def below(path):
    """Return a relative path that stays below the directory of the adoption; :raises InvalidValue: it does not."""
    if path.startswith("/") or os.path.normpath(path) != path or path.split("/")[0] == "..":
        raise InvalidValue("The path '%s' leaves the directory of the adoption; nothing was written." % path)
    return path


def _names(host, found, known):
    for name in found:
        if name not in known:
            _refuse(host, "a variable '%s'" % name)


def _table(name, value):
    """Tell whether the value of a map or class has the shape that an adoption gives it; ``file`` would be read on the controller."""
    if name == "map_type":
        return isinstance(value, str)
    if name not in plan_maps.TABLES:
        return isinstance(value, list) and all(isinstance(one, str) for one in value)
    if not isinstance(value, dict) or set(value) not in ({"entries"}, {"host_file"}):
        return False
    return isinstance(value.get("host_file", ""), str) and all(
        isinstance(one, dict) and set(one) <= _ENTRY and all(isinstance(text, str) for text in one.values()) for one in value.get("entries", []))


def _refuse(host, what):
    raise InvalidValue("%s returned %s, which no adoption of a host says. Nothing was written for it. Either its modules are of another release of this "
                       "collection, or somebody else answers for this host: look at it before you go on, and leave it out with --limit meanwhile." % (
                           host, what), host=host)
