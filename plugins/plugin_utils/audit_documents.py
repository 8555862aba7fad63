# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as files of the controller: what there is to write, the last report to compare with."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json
import os
import re
from pathlib import Path

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_junit, audit_page, audit_sarif

COLLECTION = Path(__file__).resolve().parents[2]
NAME = "audit.json"
# The report that all batches of a play with serial are compared with, while they write over the one above.
ASIDE = "audit.former.json"
_PLAIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}\Z")


def documents(found, parts):
    """Return every file of a report. Pure.

    :param dict found: :func:`audit_fleet.report`. :param dict parts: texts of the page, by name.
    :returns: path below the directory -> text.
    """
    told = {NAME: audit_fleet.text(found, None), "audit.xml": audit_junit.text(found), "audit.sarif": audit_fleet.text(audit_sarif.log(found), None),
            "audit.html": audit_page.page(found, parts)}
    for host in found["hosts"]:
        one, name = audit_fleet.single(found, host), file_name(host["name"])
        told.update({"hosts/%s.json" % name: audit_fleet.text(one), "hosts/%s.xml" % name: audit_junit.text(one),
                     "hosts/%s.sarif" % name: audit_fleet.text(audit_sarif.log(one, every=False), None)})
    return told


def file_name(host):
    """Return a name of an inventory as a name of a file: itself, or where it could mean something else its characters replaced and a sum behind them."""
    if _PLAIN.match(host):
        return host
    return "%s-%s" % (re.sub(r"[^A-Za-z0-9_-]", "_", host)[:80], hashlib.sha256(host.encode("utf-8", "replace")).hexdigest()[:12])


def parts():
    """Return the texts of the page."""
    return {name: (COLLECTION / "roles" / "audit" / "files" / name).read_text(encoding="utf-8") for name in audit_page.PARTS}


def release():
    """Return the version of this collection: where it is installed the manifest says it, in a checkout galaxy.yml."""
    manifest = COLLECTION / "MANIFEST.json"
    if manifest.is_file():
        return json.loads(manifest.read_text(encoding="utf-8"))["collection_info"]["version"]
    found = re.search(r"^version: (\S+)$", (COLLECTION / "galaxy.yml").read_text(encoding="utf-8"), re.M)
    return found.group(1)


def former(directory, since=None):
    """Return the last report, None where there is none.

    :param Path directory: where reports go. :param since: a file to compare with instead, which must be there.
    :raises InvalidValue: it is no report, or a file that was named is not there.
    """
    place = Path(os.path.expanduser(since)) if since else directory / NAME
    if not place.is_file():
        if since:
            raise InvalidValue("sendmail_audit_since: there is no file %s." % place, variable="sendmail_audit_since")
        return None
    return audit_fleet.former(place.read_text(encoding="utf-8", errors="replace"), str(place))


def write(directory, found):
    """Write every file of a report. Those of hosts that are not in it stay: another run may have made them. So does the mode of a directory that is there."""
    for place in (directory, directory / "hosts"):
        disk.make_directory(str(place), 0o700)
    for path, text in documents(found, parts()).items():
        _write(directory / path, text)


def _write(path, text):
    disk.write(str(path), text.encode("utf-8"), str(os.getuid()), str(os.getgid()), "0600")


def lay_aside(directory, found):
    """Keep a former report for the batches to come; return its path, empty where there is none to keep."""
    if found is None:
        return clear(directory)
    disk.make_directory(str(directory), 0o700)
    _write(directory / ASIDE, audit_fleet.text(found, None))
    return str(directory / ASIDE)


def clear(directory):
    """Remove what was laid aside; return an empty text."""
    disk.remove(str(directory / ASIDE))
    return ""
