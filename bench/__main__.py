# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure the collection beside the plain way of doing the same: python3 -m bench [install|runs|maps|queue|throughput|page ...]

Brings a lab of its own up (two gateways alike), prints one table of ratios, takes the lab down. A target that is missed is marked; it is no failure,
for a busy machine measures itself.
"""

import argparse
import sys

from tests.harness import collection, places

from . import install, maps, page, queue, report, runs, throughput, world

# In this order: the first needs bare hosts and leaves them as the others want them.
PARTS = {"install": (install.measure, 1), "runs": (runs.measure, 5), "maps": (maps.measure, 3), "queue": (queue.measure, 3),
         "throughput": (throughput.measure, 3), "page": (page.measure, 5)}
# These need no lab.
ALONE = ("page",)


def main():
    """Measure what is asked for; exit status 1 only if a measurement came to nothing."""
    options = parse()
    lab = bring(options)
    rows, broken = [], []
    before = world.conditions()
    try:
        for name in [name for name in PARTS if name in (options.parts or PARTS)]:
            measure, rounds = PARTS[name]
            print(f"bench   {name} ...", flush=True)
            try:
                rows += measure(lab, options.rounds or rounds)
            except world.Broken as error:
                broken.append(f"{name}: {error}")
    finally:
        if isinstance(lab, world.World) and not options.keep:
            lab.down()
    print("\n".join(["", f"before: {before}", f"after:  {world.conditions()}", f"image:  {options.image}", "", report.table(rows), *broken]), flush=True)
    return 1 if broken else 0


def bring(options):
    """A lab; where nothing that is asked for needs one, the place where the collection is installed."""
    if set(options.parts or PARTS) - set(ALONE):
        return world.World(options.image, options.collections)
    if options.collections is None:
        collection.install()
    return options.collections or places.COLLECTIONS


def parse():
    """The command line."""
    parser = argparse.ArgumentParser(prog="python3 -m bench", description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"any of: {', '.join(PARTS)} (default: all)")
    parser.add_argument("--image", default="debian13", help="image of the gateways")
    parser.add_argument("--rounds", type=int, help="measure each this often and take the median")
    parser.add_argument("--collections", help="where the collection is installed (default: install it as make test does)")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    options = parser.parse_args()
    unknown = [name for name in options.parts if name not in PARTS]
    if unknown:
        parser.error(f"no part {', '.join(unknown)}; there are: {', '.join(PARTS)}")
    return options


if __name__ == "__main__":
    sys.exit(main())
