# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls and hosts that the tests of the audit share; none of them is one of the table's."""

from __future__ import annotations

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Control, Evidence, Reference
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host

FAMILIES = {"FS": "File system", "TLS": "TLS", "SMTP": "Protocol behaviour"}
LONG_AGO, YESTERDAY, NOW = "2026-01-01T00:00:00Z", "2026-11-22T06:00:00Z", "2026-11-23T06:00:00Z"


def control(name, severity="high", check=True, wire=None):
    return Control(
        id=name,
        title="%s holds" % name,
        reason="Because of %s." % name,
        remedy="Set %s." % name,
        severity=severity,
        profiles=dict.fromkeys(controls.PROFILES, controls.ENFORCED),
        references=(Reference("CVE", "CVE-2023-51765"), Reference("CIS", "2.1")),
        check=(lambda view: controls.passed()) if check else None,
        wire=wire,
    )


def greeting(result):
    """A look at a listener such as controls have: it breaks where the answer is none."""
    fault = Evidence("greeting", result["greeting"], "no product")
    return controls.failed(fault) if "Sendmail" in result["greeting"] else controls.passed(Evidence("greeting", result["greeting"], ""))


FS, TLS = control("SM-FS-01", "critical"), control("SM-TLS-01", "medium")
BANNER, RELAY = control("SM-SMTP-01", "high", wire=greeting), control("SM-SMTP-02", "high", check=False, wire=greeting)
ALL = (FS, TLS, BANNER, RELAY)
WAIVER = {"control": "SM-FS-01", "reason": "old scanner", "owner": "postmaster", "until": "2027-03-31"}


def asked(chosen=ALL, waivers=None, fail_at="high", unasked="", profile="gateway", warnings=()):
    return audit_host.Asked(profile, fail_at, chosen, {row["control"]: row for row in waivers or []}, list(warnings), unasked)


def row(name, verdict, *evidence):
    return {"control": name, "verdict": verdict, "severity": "low", "evidence": [dict(zip(("where", "seen", "wanted"), one)) for one in evidence]}


def said(*rows, listeners=()):
    found = {"info": {"host": {"distribution": {"name": "Debian GNU/Linux 13"}}, "sendmail": {"version": "8.18.1"}}, "baseline": {"controls": list(rows)}}
    return dict(found, probe={"listeners": list(listeners)}) if listeners else found


def listener(greeting="220 mx.example.org ESMTP", **more):
    return dict(
        {"address": "192.0.2.1", "port": 25, "listener": "MTA", "name": "mx.example.org", "reachable": True, "refusal": "", "greeting": greeting}, **more
    )


def report(records, former=None, table=ALL, generated=NOW):
    return audit_fleet.report(records, table, FAMILIES, generated, "0.1.0", former)
