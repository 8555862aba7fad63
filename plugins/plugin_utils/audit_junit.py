# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as JUnit XML, as continuous integration reads it: a suite for each host, a case for each control. Pure.

A case fails where the play does: not waived, and at or above the severity that was chosen. Whatever else did not pass is skipped, with its reason. A host that
could not be looked at is an error.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from xml.etree import ElementTree

from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, WAIVED
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_host, audit_text


def text(found):
    """Return the XML of a report (:func:`audit_fleet.report`)."""
    suites = [_suite(found, host) for host in found["hosts"]]
    root = ElementTree.Element("testsuites", name="sendmail audit", time="0", **_sums(suites))
    root.extend(suites)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _sums(suites):
    return {key: str(sum(int(suite.get(key)) for suite in suites)) for key in ("tests", "failures", "errors", "skipped")}


def _suite(found, host):
    cases = [_case(host, found["controls"][row["control"]], row) for row in host["controls"]]
    if host["state"] != audit_host.AUDITED:
        case = ElementTree.Element("testcase", classname=host["name"], name="the host can be looked at", time="0")
        ElementTree.SubElement(case, "error", type=host["state"], message=host["reason"])
        cases.append(case)
    counts = {key: str(sum(1 for case in cases if case.find(tag) is not None)) for key, tag in (
        ("failures", "failure"), ("errors", "error"), ("skipped", "skipped"))}
    suite = ElementTree.Element("testsuite", name=host["name"], hostname=host["name"], timestamp=found["generated"].rstrip("Z"), time="0",
                                tests=str(len(cases)), **counts)
    suite.extend(cases)
    return suite


def _case(host, control, row):
    case = ElementTree.Element("testcase", classname="%s.%s" % (host["name"], control["family"]), name="%s %s" % (row["control"], control["title"]), time="0")
    reason = (row["evidence"] or [{"seen": ""}])[0]["seen"]
    if row["verdict"] == FAIL and row in audit_host.failing(host):
        fault = ElementTree.SubElement(case, "failure", type=control["severity"], message="%s: %s" % (control["severity"], control["title"]))
        fault.text = "\n".join([audit_text.told(one) for one in row["evidence"]] + ["Remedy: %s" % control["remedy"]])
    elif row["verdict"] != PASS:
        told = {FAIL: "fails, %s is below the severity at which the audit fails" % control["severity"], UNKNOWN: "unknown: %s" % reason,
                NOT_APPLICABLE: "not applicable: %s" % reason, WAIVED: _waived(row)}
        ElementTree.SubElement(case, "skipped", message=told[row["verdict"]])
    return case


def _waived(row):
    return "waived until {until} by {owner}: {reason}".format(**row["waiver"]) if "waiver" in row else "waived"
