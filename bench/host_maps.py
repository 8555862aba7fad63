# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Runs on the gateway: writes a virtusertable, and times makemap alone on it.

    host_maps.py generate PATH SIZE random|sequence|sorted
    host_maps.py bare PATH TYPE ROUNDS
"""

import os
import random
import subprocess
import sys
import time

DOMAINS = 10


def generate(path, size, order):
    """Write entries as they come from a database of users: in the order of their numbers, sorted by address, or in none."""
    lines = [f"user{number}@domain{number % DOMAINS}.example\ttarget{number}\n" for number in range(int(size))]
    if order == "random":
        random.Random(7).shuffle(lines)
    elif order == "sorted":
        lines.sort()
    with open(path, "w", encoding="ascii") as target:
        target.writelines(lines)
    print(os.path.getsize(path))


def bare(path, map_type, rounds):
    """Print the best time of makemap as its manual page has it."""
    print(min(timed(path, map_type) for _round in range(int(rounds))))


def timed(path, map_type):
    """Seconds of one makemap, under a new name."""
    target = os.path.join(os.path.dirname(path), "bare")
    if os.path.exists(target + ".db"):
        os.unlink(target + ".db")
    with open(path, "rb") as source:
        began = time.perf_counter()
        subprocess.run(["makemap", map_type, target], stdin=source, check=True)
        return time.perf_counter() - began


if __name__ == "__main__":
    {"generate": generate, "bare": bare}[sys.argv[1]](*sys.argv[2:])
