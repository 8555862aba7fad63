# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The profile when nothing changes, beside an empty play with minimal facts: how often something runs on the host, and the wall time."""

from statistics import median

from . import report
from .world import PROFILE, Broken, gateway

EMPTY = [{"name": "Nothing but minimal facts", "hosts": "gateways", "become": True, "gather_facts": True, "gather_subset": ["min"], "tasks": []}]


def measure(world, rounds):
    """Rows of the table."""
    values = gateway(world)
    world.play(PROFILE, world.ours, values)
    counted, empty = (world.play(play, world.ours, values, ("-vvv",)) for play in (PROFILE, EMPTY))
    if "changed=0" not in counted.output:
        raise Broken(f"the second run changed something:\n{counted.output[-2000:]}")
    turns = [(world.play(PROFILE, world.ours, values).seconds, world.play(EMPTY, world.ours).seconds) for _round in range(rounds)]
    ours, nothing = (median(column) for column in zip(*turns, strict=True))
    return [
        report.Row("nothing changes: remote runs", str(counted.remote_runs), f"{empty.remote_runs} empty play", at_most=10, value=counted.remote_runs),
        report.Row("nothing changes: wall time", report.seconds(ours), f"{report.seconds(nothing)} empty play", ours / nothing, at_most=5),
    ]
