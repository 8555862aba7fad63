# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report as one page that needs nothing beside itself: the data in a compact form, the style and the program in their places. Pure.

What hosts said is data and never markup: it stands in a block that no browser runs, without any character that could end it, and the program of the page
only ever makes text of it. Beside that the page's own policy lets nothing run but that very program, and nothing be loaded.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import json

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host

VERDICTS = (controls.FAIL, controls.UNKNOWN, controls.WAIVED, controls.PASS, controls.NOT_APPLICABLE)
SEVERITIES = tuple(reversed(controls.SEVERITIES))
STATES = (audit_host.AUDITED, audit_host.BROKEN, audit_host.UNREACHABLE)
CHANGES = (audit_fleet.NEW, audit_fleet.MENDED, audit_fleet.CHANGED)
# Parts of the page, files of the role audit.
PARTS = ("page.html", "page.css", "page.js")


class Table:
    """Things that occur many times, kept once and known by their number."""

    def __init__(self):
        self.rows, self._numbers = [], {}

    def number(self, thing):
        """Return the number of a thing that JSON can say."""
        key = json.dumps(thing)
        if key not in self._numbers:
            self._numbers[key] = len(self.rows)
            self.rows.append(thing)
        return self._numbers[key]


def data(found):
    """Return what the page shows of a report (:func:`audit_fleet.report`), each judgement once however many hosts share it."""
    names = list(found["controls"])
    families = [row for row in found["families"] if any(one["family"] == row["id"] for one in found["controls"].values())]
    place = {row["id"]: number for number, row in enumerate(families)}
    judgements, waivers = Table(), Table()
    return {
        "generated": found["generated"], "since": found["since"], "release": found["release"], "gone": found["summary"]["gone"],
        "verdicts": VERDICTS, "severities": SEVERITIES, "states": STATES, "changes": CHANGES,
        "families": [[row["id"], row["title"]] for row in families],
        "controls": [_control(name, found["controls"][name], place) for name in names],
        "hosts": [_host(host, {name: number for number, name in enumerate(names)}, judgements, waivers) for host in found["hosts"]],
        "judgements": judgements.rows, "waivers": waivers.rows}


def _control(name, row, place):
    return [name, row["title"], SEVERITIES.index(row["severity"]), place[row["family"]], row["reason"], row["remedy"],
            [[one["standard"], one["number"]] for one in row["references"]]]


def _host(host, numbers, judgements, waivers):
    rows = [-1] * len(numbers)
    changes, waived = {}, {}
    for row in host["controls"]:
        number = numbers[row["control"]]
        rows[number] = judgements.number([VERDICTS.index(row["verdict"]), [[one["where"], one["seen"], one["wanted"]] for one in row["evidence"]]])
        if "change" in row:
            changes[number] = [CHANGES.index(row["change"]), VERDICTS.index(row["before"]) if "before" in row else -1]
        if "waiver" in row:
            waived[number] = waivers.number([row["waiver"][key] for key in ("reason", "owner", "until")])
    listeners = [["%s:%s" % (one["address"], one["port"]), one["name"], one["reachable"], one["refusal"]] for one in host["listeners"]]
    return [host["name"], STATES.index(host["state"]), host["reason"], host["profile"], host["system"], host["sendmail"], host["first"],
            rows, changes, waived, host["warnings"], listeners, host["unasked"]]


def block(found):
    """Return data as JSON that can stand in a page: ASCII, and no character that means anything to whoever reads markup."""
    said = json.dumps(found, separators=(",", ":"), ensure_ascii=True)
    return said.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")


def page(found, parts):
    """Return the page.

    :param dict found: the report. :param dict parts: texts of :data:`PARTS` by name.
    """
    style, program = parts["page.css"], parts["page.js"]
    policy = "default-src 'none'; script-src '%s'; style-src '%s'; img-src data:; base-uri 'none'; form-action 'none'" % (_hash(program), _hash(style))
    # In one pass over the frame: what is put in is never looked at again.
    pieces = parts["page.html"].split("@@")
    places = {"policy": policy, "style": style, "program": program, "data": block(data(found))}
    return "".join(places[piece] if number % 2 else piece for number, piece in enumerate(pieces))


def _hash(text):
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode("utf-8")).digest()).decode("ascii")
