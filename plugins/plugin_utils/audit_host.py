# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One audited host: what its modules and its listeners said, held together as one record of the report. Pure.

A host may be in anybody's hands, so nothing of what it says is believed to be of the right form. What a control is, how severe, and what is waived comes
from the controller alone.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Evidence, Judgement
from ansible_collections.mailjail.sendmail.plugins.plugin_utils.audit_text import clean, line

# Rows of evidence that are kept of one control.
ROWS = 40
AUDITED, UNREACHABLE, BROKEN = "audited", "unreachable", "broken"
_SAID = (controls.PASS, controls.FAIL, controls.NOT_APPLICABLE, controls.UNKNOWN)

# What is asked of a host: ``profile``, ``fail_at``, ``chosen`` (controls), ``waivers`` (of :func:`controls.waivers`), ``warnings``, and ``unasked``, why no
# listener was asked, empty where some were.
Asked = collections.namedtuple("Asked", "profile fail_at chosen waivers warnings unasked")


def record(name, asked, said):
    """Return the record of one host.

    :param str name: its name in the inventory.
    :param asked: :class:`Asked`.
    :param dict said: results of the modules: ``info`` (sendmail_info), ``baseline`` (sendmail_baseline), ``probe`` (smtp_probe_host).
    """
    info, baseline = as_dict(said.get("info")), as_dict(said.get("baseline"))
    state, reason = _state(info, baseline)
    found = {"name": line(name), "state": state, "reason": reason, "profile": asked.profile, "fail_at": asked.fail_at}
    found.update(_facts(info))
    # Where nobody was asked, an answer is one that was left over from an earlier audit of the same run.
    told = {} if asked.unasked or info.get("unreachable") else as_dict(said.get("probe"))
    probed = [one for one in as_list(told.get("listeners")) if isinstance(one, dict)]
    found["listeners"] = [_listener(one) for one in probed]
    found["unasked"] = "" if probed else asked.unasked or line(told.get("msg")) or "no listener was asked"
    rows = [] if state != AUDITED else _rows(asked, _said(baseline), probed, found["unasked"])
    found["controls"] = rows
    found["counts"] = dict(collections.Counter(one["verdict"] for one in rows))
    found["worst"] = worst(rows)
    found["warnings"] = list(asked.warnings) + [line(text) for text in as_list(baseline.get("warnings"))[:ROWS]]
    return found


def missing(name):
    """Return the record of a host for which the play ended before anything was asked of it."""
    told = {"baseline": {"msg": "the play ended for it before it was audited; the output of the play says why"}}
    return record(name, Asked("", "high", [], {}, [], "nothing was asked of the host"), told)


def worst(rows):
    """Return the severity of the worst failure, empty where there is none."""
    return max((row["severity"] for row in rows if row["verdict"] == controls.FAIL), key=controls.SEVERITIES.index, default="")


def failing(host):
    """Return the rows of a record for which its audit fails: not waived, and at or above the severity that was chosen."""
    if host["fail_at"] == "never":
        return []
    return [row for row in host["controls"] if row["verdict"] == controls.FAIL and controls.reaches(row["severity"], host["fail_at"])]


def as_dict(value):
    """Return what a host said, or an empty dict where it is none."""
    return value if isinstance(value, dict) else {}


def as_list(value):
    """Return what a host said, or an empty list where it is none."""
    return value if isinstance(value, (list, tuple)) else []


def _state(info, baseline):
    """Tell whether the host could be looked at, and if not, why."""
    for result in (info, baseline):
        if result.get("unreachable"):
            return UNREACHABLE, line(result.get("msg")) or "it could not be reached"
    if isinstance(baseline.get("controls"), list):
        return AUDITED, ""
    told = [line(text) for text in (baseline.get("msg"), baseline.get("module_stderr"), info.get("msg")) if text]
    return BROKEN, (told or ["the module sendmail_baseline returned nothing"])[0]


def _facts(info):
    host, sendmail = as_dict(info.get("host")), as_dict(info.get("sendmail"))
    return {"system": line(as_dict(host.get("distribution")).get("name"), 80), "sendmail": line(sendmail.get("version"), 40)}


def _listener(result):
    port = result.get("port")
    return {"name": line(result.get("listener"), 40), "address": line(result.get("address"), 80), "port": port if isinstance(port, int) else 0,
            "reachable": result.get("reachable") is True, "refusal": line(result.get("refusal"))}


def _said(baseline):
    """Return the host's judgements by control, without what has no meaning."""
    found = {}
    for row in as_list(baseline.get("controls")):
        row = as_dict(row)
        # A host does not waive anything.
        verdict = controls.FAIL if row.get("verdict") == controls.WAIVED else row.get("verdict")
        if verdict in _SAID and isinstance(row.get("control"), str):
            found[row["control"]] = Judgement(verdict, _evidence(row.get("evidence")))
    return found


def _evidence(rows):
    rows = [as_dict(row) for row in as_list(rows)]
    kept = [Evidence(*(clean(row.get(key)) for key in Evidence._fields)) for row in rows[:ROWS]]
    return kept + ([Evidence("", "and %d more" % (len(rows) - ROWS), "")] if len(rows) > ROWS else [])


def _rows(asked, said, probed, unasked):
    wires = _wires(asked.chosen, probed)
    return [_row(control, _together(control, said.get(control.id), wires.get(control.id, []), unasked), asked.waivers.get(control.id))
            for control in asked.chosen]


def _wires(chosen, probed):
    """Return what each listener says of each control that the wire tells of; a listener that was not reached says nothing."""
    found = collections.defaultdict(list)
    for result in probed:
        if result.get("reachable") is not True:
            continue
        place = "%s:%s" % (result.get("address"), result.get("port"))
        for control, judgement in controls.judge(result, chosen, "wire"):
            # Without its keys a judgement is no more than its form: a strange answer of a listener comes as far as this.
            rows = [Evidence(*(clean(part) for part in row)) for row in judgement.evidence[:ROWS]]
            found[control.id].append(Judgement(judgement.verdict, [row if place in row.where else row._replace(where=_at(place, row.where)) for row in rows]))
    return found


def _at(place, where):
    return clean(("%s %s" % (place, where)).strip())


def _together(control, said, wires, unasked):
    """Return one judgement of a control. Where host and wire both tell, a failure of either counts, and what only one could not see does not hide the other."""
    seen = [one for one in [said] + wires if one is not None and one.verdict != controls.UNKNOWN]
    unseen = [one for one in [said] + wires if one is not None and one.verdict == controls.UNKNOWN]
    if control.check is not None and said is None:
        unseen.append(controls.unknown("the host said nothing of this control"))
    if control.check is None and not wires:
        unseen.append(controls.unknown("only a listener tells, and none was asked: %s" % (unasked or "none could be reached")))
    # What the host itself shows is enough; what it could not see, a listener may not make good: it knows less.
    if said is not None and said.verdict != controls.UNKNOWN:
        unseen = []
    return controls.together(seen + unseen)


def _row(control, judgement, waiver):
    found = controls.row(control, judgement, waiver)
    found.pop("waiver", None)
    if waiver and found["verdict"] == controls.WAIVED:
        found["waiver"] = {key: line(waiver[key]) for key in controls.FIELDS}
    return found


def outcome(host, directory):
    """Return what comes of a record for the play.

    :param str directory: where the report is.
    :returns: dict ``failed``, ``failing`` (controls) and ``message``.
    """
    rows = failing(host)
    if host["state"] != AUDITED:
        message = "%s could not be audited (%s): %s" % (host["name"], host["state"], host["reason"])
    elif rows:
        worst_first = sorted(rows, key=lambda row: -controls.SEVERITIES.index(row["severity"]))
        message = "%s fails %d control%s of severity %s or above: %s. Evidence and remedies are in %s/audit.html." % (
            host["name"], len(rows), "" if len(rows) == 1 else "s", host["fail_at"],
            ", ".join("%s (%s)" % (row["control"], row["severity"]) for row in worst_first), directory)
    else:
        message = "%s: %s." % (host["name"], ", ".join("%d %s" % (number, verdict) for verdict, number in sorted(host["counts"].items())) or "nothing to tell")
    return {"failed": host["state"] != AUDITED or bool(rows), "failing": [row["control"] for row in rows], "message": message}
