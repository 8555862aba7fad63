# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as SARIF 2.1.0: the controls are rules, failures and what could not be seen are results. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import re
from urllib.parse import quote

from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, UNKNOWN, WAIVED
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host, audit_text

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
# What GitHub and others sort by: a number as CVSS has it.
SCORES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.0"}
_TOLD = (FAIL, UNKNOWN, WAIVED)
# Leading zeros are no part of a number, and no file has more lines than a reader can count.
_FILE = re.compile(r"(/[^\s:]+)(?::0*([0-9]{0,9})[0-9]*)?\Z")


def log(found, every=True):
    """Return the SARIF log of a report (:func:`audit_fleet.report`), ready for JSON.

    :param bool every: all controls are rules; without it those of which there is something to tell.
    """
    told = {row["control"] for host in found["hosts"] for row in host["controls"] if row["verdict"] in _TOLD}
    names = [name for name in found["controls"] if every or name in told]
    places = {name: number for number, name in enumerate(names)}
    driver = {"name": "mailjail.sendmail audit", "version": found["release"], "semanticVersion": found["release"],
              "rules": [_rule(name, found["controls"][name]) for name in names]}
    results = [_result(found, host, row, places[row["control"]]) for host in found["hosts"] for row in host["controls"] if row["verdict"] in _TOLD]
    run = {"tool": {"driver": driver}, "automationDetails": {"id": "mailjail.sendmail/audit/%s" % found["generated"]}, "columnKind": "unicodeCodePoints",
           "invocations": [_invocation(found)], "results": results}
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _rule(name, control):
    standards = sorted({row["standard"] for row in control["references"]})
    told = ["%s %s" % (row["standard"], row["number"]) for row in control["references"]]
    return {"id": name, "shortDescription": {"text": control["title"]}, "fullDescription": {"text": control["reason"]},
            "help": {"text": control["remedy"] + ("\nReferences: %s" % ", ".join(told) if told else "")},
            "defaultConfiguration": {"level": LEVELS[control["severity"]]},
            "properties": {"tags": ["security", "sendmail", control["family"]] + standards, "severity": control["severity"],
                           "security-severity": SCORES[control["severity"]]}}


def _invocation(found):
    """Say which hosts could not be looked at, and what was warned of."""
    blind = [host for host in found["hosts"] if host["state"] != audit_host.AUDITED]
    told = [{"level": "error", "message": {"text": "%s was not audited (%s): %s" % (host["name"], host["state"], host["reason"] or "no reason was given")}}
            for host in blind]
    told += [{"level": "warning", "message": {"text": "%s: %s" % (host["name"], text)}} for host in found["hosts"] for text in host["warnings"]]
    return {"executionSuccessful": not blind, "endTimeUtc": found["generated"], "toolExecutionNotifications": told}


def _result(found, host, row, index):
    control = found["controls"][row["control"]]
    failed = row["verdict"] != UNKNOWN
    said = [audit_text.told(one) + "." for one in row["evidence"]]
    result = {"ruleId": row["control"], "ruleIndex": index, "kind": "fail" if failed else "open", "level": LEVELS[control["severity"]] if failed else "none",
              "message": {"text": "%s: %s %s" % (host["name"], "not so: " + control["title"] + "." if failed else "could not be seen:", " ".join(said))},
              "locations": _locations(host, row["evidence"]),
              "partialFingerprints": {"hostAndControl/v1": hashlib.sha256(("%s\n%s" % (host["name"], row["control"])).encode("utf-8", "replace")).hexdigest()},
              "properties": {"host": host["name"], "verdict": row["verdict"]}}
    if "waiver" in row:
        result["suppressions"] = [{"kind": "external", "status": "accepted", "justification": "%(reason)s (%(owner)s, until %(until)s)" % row["waiver"]}]
    if found["since"]:
        result["baselineState"] = "new" if row.get("change") == audit_fleet.NEW or host["first"] else "updated" if "change" in row else "unchanged"
    return result


def _locations(host, evidence):
    """Return a place for each piece of evidence, at least the host: its files lie below its name.

    Each has an address of a file, since some readers (GitHub's) refuse a log with a place that has none; where there is no file it is the host's name.
    """
    logical = {"name": host["name"], "fullyQualifiedName": host["name"], "kind": "resource"}
    found = []
    for one in evidence:
        match = _FILE.match(one["where"])
        # A path that leads upwards would name something that is not the host's.
        if match and ".." not in match.group(1).split("/"):
            place = {"artifactLocation": {"uri": _address(host["name"], match.group(1))}}
            line = int(match.group(2) or 0)
            if line > 0:
                place["region"] = {"startLine": line}
            found.append({"physicalLocation": place, "logicalLocations": [logical]})
    return found or [{"physicalLocation": {"artifactLocation": {"uri": _address(host["name"])}}, "logicalLocations": [logical]}]


def _address(name, path=""):
    """Return the address of a host's file, or of the host, relative to whatever the reader takes the log for."""
    # A name may hold anything: none is a way up or down.
    return (quote(name, safe="") if name.strip(".") else "host") + quote(path)
