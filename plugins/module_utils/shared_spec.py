# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role config leaves on a host for others who have an entry for one of its maps: which there are, how they are made and tested."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import json
import os

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

SPEC = "maps.json"
# What a map holds, and where that came from, is nobody else's business.
_CONTENT = ("entries", "content", "secret_content", "upload", "digest", "remarks", "warnings")
_COMMON = ("sendmail", "makemap", "state_directory", "keep_generations", "route_tests")


def remember(params):
    """Write down which maps the role config owns; nothing is written when it is remembered already.

    :param dict params: the parameters of ``sendmail_config``.
    """
    maps = [dict({key: value for key, value in row.items() if key not in _CONTENT}, whole=_whole(row)) for row in params["maps"]]
    common = dict({key: params[key] for key in _COMMON}, mta={"compiled": params["mta"]["compiled"]})
    data = (json.dumps({"maps": maps, "context": params["context"], "common": common}, indent=1, sort_keys=True) + "\n").encode("utf-8")
    path = os.path.join(params["state_directory"], SPEC)
    if disk.read(path) != data:
        disk.write(path, data)


def _whole(row):
    """Return where a map comes from as a whole, or None; of a small file the text alone came to the host."""
    return row["file"] or row["host_file"] or ("a file" if row["digest"] or row.get("whole") else None)


def load(state_directory, name):
    """Return ``(row, whole)``: the row of a map, and all that is remembered; :raises InvalidValue: the host has no such map to share."""
    data = disk.read(os.path.join(state_directory, SPEC))
    if data is None:
        raise InvalidValue("the role config has not run on this host yet, so there are no maps to put an entry into. Run its playbook first.", map=name)
    whole = json.loads(data.decode("utf-8"))
    row = next((row for row in whole["maps"] if row["name"] == name), None)
    if row is None:
        raise InvalidValue("this host has no map %s. Declare it in the variables of the role config, such as sendmail_%s: {entries: []}." % (name, name),
                           map=name)
    if row["whole"]:
        raise InvalidValue("the map %s comes whole from %s; put the entry there." % (name, row["whole"]), map=name)
    if not row.get("shared"):
        raise InvalidValue("the map %s is not shared: maps[].shared of sendmail_config names no file for entries of others." % name, map=name)
    return row, whole
