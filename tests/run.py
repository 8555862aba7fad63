"""Runs the stages that are named (all without a name), prints the time of each, and ends with the sum of all of them.

First the installation, then everything that is no scenario, then the Molecule scenarios; three at a time.
"""

import argparse
import itertools
import os
import shutil
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor

from harness import places
from harness.stages import ALL, STAGES
from harness.tally import Tally

# Stages side by side; 1 where memory or inotify instances are short.
AT_A_TIME = int(os.environ.get("MAILJAIL_STAGES_AT_A_TIME", "3"))


def main():
    """Run stages; exit status 1 if anything failed."""
    options = parse()
    if not options.stages:
        shutil.rmtree(places.REPORTS, ignore_errors=True)
    results = {}
    for _group, names in itertools.groupby(options.stages or ALL, key=group):
        with ThreadPoolExecutor(max_workers=AT_A_TIME) as pool:
            results.update(pool.map(done, names))
    return conclude(results)


def group(name):
    """With which others a stage runs side by side."""
    return "molecule" if name.startswith("molecule-") else name if name in ("install", "platforms") else "static"


def done(name):
    """Run one stage; return its name, and its tally with its time."""
    print(f"\n==== {name}: {STAGES[name].__doc__ or ''}".rstrip(), flush=True)
    began = time.monotonic()
    result = timed(STAGES[name])
    print(f"==== {name}: {result} ({time.monotonic() - began:.1f} s)", flush=True)
    return name, (result, time.monotonic() - began)


def parse():
    """Stages from the command line; the installed collection is made anew whenever a stage needs it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stages", nargs="*", metavar="STAGE", help=f"any of: {', '.join(STAGES)}")
    options = parser.parse_args()
    unknown = [name for name in options.stages if name not in STAGES]
    if unknown:
        parser.error(f"no stage {', '.join(unknown)}; there are: {', '.join(STAGES)}")
    if options.stages and "install" not in options.stages:
        options.stages.insert(0, "install")
    return options


def timed(stage):
    """A stage that breaks counts as one failure and does not stop the others."""
    try:
        return stage()
    except (SystemExit, Exception):     # what broke is printed; the sum must come all the same
        traceback.print_exc()
        return Tally(failed=1)


def conclude(results):
    """Print each stage in a line and the sum in the last; return the exit status."""
    print()
    for name, (tally, seconds) in results.items():
        print(f"{name:<22} {tally} in {seconds:.0f} s")
    total = sum((tally for tally, _seconds in results.values()), Tally())
    print(f"{total.passed} passed, {total.failed} failed", flush=True)
    return 1 if total.failed else 0


if __name__ == "__main__":
    sys.exit(main())
