# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run by bench/page.py with the Python that has a browser: python page_open.py HOSTS ROUNDS. Prints what was measured as JSON."""

import json
import sys
import tempfile
import time
from pathlib import Path

import sample
from browser import Browser

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_documents


def timed(do):
    """Seconds that something takes."""
    began = time.monotonic()
    do()
    return time.monotonic() - began


def frame(page, script):
    """Seconds from something that a reader does until the page is painted anew."""
    return (
        page.driver.execute_async_script(
            f"const done = arguments[0], began = performance.now(); {script};"
            "const look = () => requestAnimationFrame(() => setTimeout(() => done((performance.now() - began) / 1000)));"
            "setTimeout(look, 100)"
        )
        - 0.1
    )


def main():
    """Make a fleet, write its report, open its page again and again."""
    hosts, rounds = map(int, sys.argv[1:])
    report, page = sample.report(hosts), Browser()
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        found = {"written": timed(lambda: audit_documents.write(place, report)), "open": [], "search": [], "filter": []}
        found.update(files=sum(1 for path in place.rglob("*") if path.is_file()), bytes=(place / "audit.html").stat().st_size)
        for _round in range(rounds):
            found["open"].append(timed(lambda: page.open(place / "audit.html")))
            found["search"].append(
                frame(page, "const one = document.getElementById('query'); one.value = 'ehlo 203.0.113.7'; one.dispatchEvent(new Event('input'))")
            )
            found["filter"].append(frame(page, "document.querySelector('button.tile.critical').click()"))
    page.quit()
    print(json.dumps(found))


if __name__ == "__main__":
    main()
