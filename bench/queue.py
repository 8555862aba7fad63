# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A big queue: the whole play that looks at it with sendmail_queue_info, beside mailq on the same files."""

import time
from statistics import median

from . import report
from .world import PROFILE, Broken, gateway

SPACE, QUEUE, MESSAGES = "/root/mailjail-bench-queue", "/var/spool/mqueue", 100000
TARGET = 30     # seconds, below which looking is no burden for a play
ASK = [{"hosts": "all", "become": True, "gather_facts": False, "tasks": [
    {"mailjail.sendmail.sendmail_queue_info": {"limit": 10, "seconds": 300}, "register": "found"},
    {"ansible.builtin.debug": {"msg": "counted={{ found.total }} complete={{ found.complete }}"}}]}]


def measure(world, rounds):
    """Rows of the table."""
    world.play(PROFILE, world.ours, gateway(world))
    world.bring(world.ours, SPACE, "bench/host_queue.py")
    world.sh(world.ours, f"systemctl stop sendmail; python3 {SPACE}/bench/host_queue.py {QUEUE} {MESSAGES}")
    try:
        turns = [(ours(world), mailq(world)) for _round in range(rounds)]
    finally:
        world.sh(world.ours, f"find {QUEUE} -type f -delete; rm -rf {SPACE}; systemctl start sendmail")
    play, beside = (median(column) for column in zip(*turns, strict=True))
    return [report.Row(f"queue, {MESSAGES:,} messages", report.seconds(play), f"{report.seconds(beside)} mailq", play / beside, at_most=TARGET, value=play)]


def ours(world):
    """Seconds of the play."""
    run = world.play(ASK, world.ours)
    if f"counted={MESSAGES} complete=True" not in run.output:
        raise Broken(f"the queue was not read:\n{run.output[-3000:]}")
    return run.seconds


def mailq(world):
    """Seconds of mailq."""
    began = time.perf_counter()
    last = world.sh(world.ours, "mailq | tail -n 1")
    if str(MESSAGES) not in last:
        raise Broken(f"mailq says: {last}")
    return time.perf_counter() - began
