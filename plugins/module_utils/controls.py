# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a control is, how a host is held against it, and what is then said of it. Pure: the view that it is given does the looking.

A control is one row of a table (controls_*.py). Hardening, audit, report and docs/controls.md are all made from these rows.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import datetime

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError

PASS, FAIL, NOT_APPLICABLE, UNKNOWN, WAIVED = "pass", "fail", "not applicable", "unknown", "waived"
# What counts most comes first, where several looks at one control are put together.
VERDICTS = (FAIL, UNKNOWN, PASS, NOT_APPLICABLE)
SEVERITIES = ("low", "medium", "high", "critical")
PROFILES = ("gateway", "nullclient", "hub")
# What a profile does with a control: holds it always, may (it costs function, so only where a site asks), or never (there is nothing to hold).
ENFORCED, OPTIONAL, NEVER = "enforced", "optional", "never"
_IN_SHORT = {"yes": ENFORCED, "opt": OPTIONAL, "no": NEVER}
FIELDS = ("control", "reason", "owner", "until")
# Days before its end from which a waiver is announced.
ANNOUNCED = 30

# What was seen at a place, and what was wanted there. ``where`` is a file with its line, an option, a unit, a socket or an SMTP command.
Evidence = collections.namedtuple("Evidence", "where seen wanted")
# ``standard`` is one of article, STIG, CIS, NIST, RFC, CVE, CERT, BSI, sendmail. Each was looked up.
Reference = collections.namedtuple("Reference", "standard number")
Judgement = collections.namedtuple("Judgement", "verdict evidence")


def profiles(gateway="yes", nullclient="yes", hub="yes"):
    """Return the column ``profiles`` of a control, from ``yes``, ``opt`` and ``no``."""
    return {"gateway": _IN_SHORT[gateway], "nullclient": _IN_SHORT[nullclient], "hub": _IN_SHORT[hub]}


EVERYWHERE, SERVERS = profiles(), profiles(nullclient="no")


class Unseen(SendmailError):
    """Something that could not be looked at; the control is then unknown, with this reason."""


class Control:
    """One row of the table.

    :ivar str id: stable, such as ``SM-TLS-03``. :ivar str title: what holds on a hardened host, as a sentence without a full stop.
    :ivar str reason: why it matters, one or two sentences. :ivar str remedy: what to do about a failure, with this collection's variable and without it.
    :ivar str severity: of :data:`SEVERITIES`. :ivar dict profiles: profile -> enforced, optional or never.
    :ivar references: tuple of :class:`Reference`.
    :ivar check: function of a view (hostview.View) that returns a :class:`Judgement`, or None where only the wire tells.
    :ivar wire: function of the result of the module smtp_probe, for one listener, that returns a :class:`Judgement`, or None.
    :ivar mend: function of a view and of hands (baseline.Hands) that puts right what the configuration does not own, or None where that is not safe.
    """

    FIELDS = ("id", "title", "reason", "remedy", "severity", "profiles", "references", "check", "wire", "mend")

    def __init__(self, **fields):
        unknown = set(fields) - set(self.FIELDS)
        if unknown:
            raise TypeError("a control has no %s" % ", ".join(sorted(unknown)))
        for name in self.FIELDS:
            setattr(self, name, fields.get(name))
        self.references = tuple(self.references or ())

    @property
    def family(self):
        """Return its family, such as ``TLS``."""
        return self.id.split("-")[1]


def passed(*evidence):
    """Say that it holds, with what was seen."""
    return Judgement(PASS, list(evidence))


def failed(*evidence):
    """Say that it does not hold; each evidence names what was seen and what was wanted."""
    return Judgement(FAIL, list(evidence))


def not_applicable(reason):
    """Say why there is nothing to hold on this host."""
    return Judgement(NOT_APPLICABLE, [Evidence("", reason, "")])


def unknown(reason, where=""):
    """Say what could not be seen, and why."""
    return Judgement(UNKNOWN, [Evidence(where, reason, "")])


def held(faults, seen):
    """Return a failure with the faults, or a pass with what was seen where there are none.

    :param list faults: :class:`Evidence`. :param list seen: :class:`Evidence` of a pass.
    """
    return failed(*faults) if faults else passed(*seen)


def together(judgements):
    """Return one judgement out of several of one control: any failure counts, then whatever could not be seen."""
    judgements = [one for one in judgements if one is not None]
    if not judgements:
        return not_applicable("nothing on this host is held against it")
    worst = min(judgements, key=lambda one: VERDICTS.index(one.verdict)).verdict
    return Judgement(worst, [row for one in judgements if one.verdict == worst for row in one.evidence])


def judge(view, chosen, look="check"):
    """Hold a host against controls. What breaks in a check is an unknown with the reason, never a traceback.

    :param view: what the checks look at. :param chosen: controls. :param str look: which of their functions, check or wire.
    :returns: list of (control, judgement), without those that have no such function.
    """
    found = []
    for control in chosen:
        check = getattr(control, look)
        if check is None:
            continue
        try:
            found.append((control, check(view)))
        except SendmailError as exc:
            found.append((control, unknown(exc.message)))
        except Exception as exc:    # whatever a strange host does, the other controls are still judged
            found.append((control, unknown("The check itself broke (%s: %s). Please report it." % (type(exc).__name__, exc))))
    return found


def row(control, judgement, waiver=None):
    """Return a judgement as a module tells it.

    :param dict waiver: of this control, as :func:`waivers` returns it.
    """
    verdict = WAIVED if waiver and judgement.verdict == FAIL else judgement.verdict
    said = {"control": control.id, "verdict": verdict, "severity": control.severity, "evidence": [dict(one._asdict()) for one in judgement.evidence]}
    if waiver:
        said["waiver"] = {key: waiver[key] for key in FIELDS}
    return said


def waivers(said, known, today):
    """Check a site's waivers.

    :param list said: dicts with ``control``, ``reason``, ``owner`` and ``until`` (a date, YYYY-MM-DD, the last day on which it counts).
    :param known: ids of all controls. :param datetime.date today: the date.
    :returns: dict of those that count by id, and the sentences for the warnings: what has ended or will soon.
    :raises InvalidValue: an unknown control, a missing word, a date that is none.
    """
    counting, told = {}, []
    # Before ansible-core 2.17 a date without quotes makes one long text of the whole variable.
    if not isinstance(said or [], (list, tuple)):
        raise InvalidValue("sendmail_audit_waivers is no list of waivers. If it is written as one, put the day in quotes (until: \"2027-03-31\").",
                           variable="sendmail_audit_waivers")
    for place, entry in enumerate(said or []):
        name = "sendmail_audit_waivers[%d]" % place
        if not isinstance(entry, dict):
            raise InvalidValue("%s is no waiver, which has the keys %s. If it is written as one, put the day in quotes (until: \"2027-03-31\")." % (
                name, ", ".join(FIELDS)), variable=name)
        lacking = [field for field in FIELDS if not str(entry.get(field) or "").strip()]
        if lacking:
            raise InvalidValue("%s has no %s. A waiver names the control, the reason, its owner and the last day on which it counts." % (
                name, ", ".join(lacking)), variable=name)
        strange = sorted(set(entry) - set(FIELDS))
        if strange:
            raise InvalidValue("%s has a key %s; keys are %s." % (name, ", ".join(strange), ", ".join(FIELDS)), variable=name)
        if entry["control"] not in known:
            raise InvalidValue("%s: there is no control %s.%s docs/controls.md lists them all." % (name, entry["control"], _near(entry["control"], known)),
                               variable=name)
        if entry["control"] in counting:
            raise InvalidValue("%s: %s is waived twice. Keep one." % (name, entry["control"]), variable=name)
        end = _day(str(entry["until"]), name)
        if end < today:
            told.append("The waiver of %s (%s, of %s) ended on %s: the control counts again. Mend it, or decide anew." % (
                entry["control"], entry["reason"], entry["owner"], end))
            continue
        if (end - today).days <= ANNOUNCED:
            told.append("The waiver of %s (of %s) ends on %s." % (entry["control"], entry["owner"], end))
        counting[entry["control"]] = dict({key: str(entry[key]) for key in FIELDS}, until=str(end))
    return counting, told


def _day(text, name):
    try:
        return datetime.datetime.strptime(text, "%Y-%m-%d").date()
    except ValueError:
        raise InvalidValue("%s: until is '%s', expected a day such as 2027-03-31." % (name, text), variable=name)


def _near(name, known):
    family = [one for one in sorted(known) if one.split("-")[:2] == str(name).split("-")[:2]]
    return " Those of its family: %s." % ", ".join(family) if family else ""


def reaches(severity, floor):
    """Tell whether a severity is the floor or above."""
    return SEVERITIES.index(severity) >= SEVERITIES.index(floor)
