# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The report of an audit: writing it for 1,000 hosts with 100 controls each, and opening and filtering its page in a real browser."""

import json
import subprocess
from statistics import median

from tests.harness import browser, places

from .report import Row, seconds
from .world import Broken

HOSTS = 1000
TARGET = 2


def measure(where, rounds):
    """Rows of the table.

    :param where: a lab, or where the collection is installed, since this part needs none.
    """
    argv = [browser.python(), places.ROOT / "bench" / "page_open.py", str(HOSTS), str(rounds)]
    environment = places.environment(PYTHONPATH=f"{getattr(where, 'collections', where)}:{places.ROOT / 'tests' / 'page'}")
    done = subprocess.run([str(word) for word in argv], env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Broken(f"exit {done.returncode}: {done.stderr[-2000:]}")
    found = json.loads(done.stdout)
    size = f"{found['bytes'] / 1e6:.1f} MB"
    rows = [Row(f"audit, {HOSTS:,} hosts: all reports written", seconds(found["written"]), f"{found['files']:,} files")]
    for key, what in (("open", "page opened, until it can be used"), ("search", "search in all evidence"), ("filter", "one severity chosen")):
        taken = median(found[key])
        rows.append(Row(f"audit, {HOSTS:,} hosts: {what}", seconds(taken), size if key == "open" else "", at_most=TARGET, value=taken))
    return rows
