# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of a fleet: records of hosts under one head, and what changed since the last one. Pure. docs/audit.md is the description of its form."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, NOT_APPLICABLE, PASS, UNKNOWN, WAIVED
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_host
from ansible_collections.mailjail.sendmail.plugins.plugin_utils.audit_text import line

SCHEMA = "mailjail.sendmail/audit/1"
# What a verdict that is another one than last time means.
NEW, MENDED, CHANGED = "new", "mended", "changed"
_GOOD = (PASS, NOT_APPLICABLE)
_KNOWN = (FAIL, WAIVED, UNKNOWN) + _GOOD


def report(records, table, families, generated, release, former=None):
    """Return the report.

    :param list records: of :func:`audit_host.record`. :param table: all controls that any host was held against.
    :param dict families: id -> title. :param str generated: the time, ISO 8601 in UTC. :param str release: version of the collection.
    :param former: a report of the same form, or None.
    """
    hosts = [dict(one) for one in sorted(records, key=_worst_first)]
    before = _verdicts(former)
    for host in hosts:
        host["first"] = former is not None and host["name"] not in before
        if host["name"] in before:
            host["controls"] = [_since(row, before[host["name"]].get(row["control"])) for row in host["controls"]]
    found = collections.OrderedDict((
        ("schema", SCHEMA), ("generated", generated), ("release", release), ("since", former["generated"] if former else None),
        ("families", [{"id": name, "title": title} for name, title in families.items()]),
        ("controls", collections.OrderedDict((one.id, _described(one)) for one in table)),
        ("summary", _summary(hosts)), ("hosts", hosts)))
    found["summary"]["gone"] = sorted(set(before) - {host["name"] for host in hosts})
    return found


def _worst_first(record):
    """Failures first by their severity and number, then what could not be looked at, then what is unknown."""
    failures = collections.Counter(row["severity"] for row in record["controls"] if row["verdict"] == FAIL)
    return (record["state"] == audit_host.AUDITED, [-failures[name] for name in reversed(controls.SEVERITIES)], -record["counts"].get(UNKNOWN, 0),
            record["name"])


def _described(control):
    return {"title": control.title, "reason": control.reason, "remedy": control.remedy, "severity": control.severity, "family": control.family,
            "profiles": dict(control.profiles), "references": [dict(one._asdict()) for one in control.references]}


def _verdicts(former):
    return {host["name"]: {row["control"]: row["verdict"] for row in host["controls"] if row["verdict"] in _KNOWN} for host in (former or {}).get("hosts", [])}


def _since(row, before):
    """Say of a row what it was, if it was another. A failure where nothing was known is as new as one where all was well."""
    if before == row["verdict"]:
        return row
    if before is None:
        return dict(row, change=NEW) if row["verdict"] == FAIL else row
    change = NEW if row["verdict"] == FAIL else MENDED if before == FAIL and row["verdict"] in _GOOD else CHANGED
    return dict(row, before=before, change=change)


def _summary(hosts):
    rows = [row for host in hosts for row in host["controls"]]
    failures = collections.Counter(row["severity"] for row in rows if row["verdict"] == FAIL)
    changes = collections.Counter(row["change"] for row in rows if "change" in row)
    return {"hosts": len(hosts), "states": dict(collections.Counter(host["state"] for host in hosts)),
            "verdicts": dict(collections.Counter(row["verdict"] for row in rows)),
            "failures": {name: failures[name] for name in reversed(controls.SEVERITIES)},
            "failing_hosts": sum(1 for host in hosts if host["state"] != audit_host.AUDITED or audit_host.failing(host)),
            "changes": {name: changes[name] for name in (NEW, MENDED, CHANGED)}}


def text(found, indent=1):
    """Return a report or a part of it as JSON text that holds nothing but ASCII."""
    return json.dumps(found, indent=indent, separators=(",", ": ") if indent else (",", ":"), ensure_ascii=True) + "\n"


def single(found, host):
    """Return the report of one host, in the same form as that of the fleet."""
    named = {row["control"] for row in host["controls"]}
    part = collections.OrderedDict(found, hosts=[host], summary=dict(_summary([host]), gone=[]))
    part["controls"] = collections.OrderedDict((name, row) for name, row in found["controls"].items() if name in named)
    return part


def former(said, place):
    """Read a former report.

    :param str said: its text. :param str place: where it lies.
    :raises InvalidValue: it is no report of this form.
    """
    try:
        found = json.loads(said)
        if found["schema"] != SCHEMA:
            raise ValueError("its schema is '%s', expected '%s'" % (line(found["schema"], 60), SCHEMA))
        for host in found["hosts"]:
            for row in host["controls"]:
                (row["control"], row["verdict"], host["name"])
        return dict(found, generated=line(found["generated"], 40))
    except (ValueError, KeyError, TypeError, RecursionError) as exc:
        raise InvalidValue("%s is no report of an audit: %s. Move it away, or name another as sendmail_audit_since." % (
            place, "it has no %s" % exc if isinstance(exc, KeyError) else exc), path=place)
