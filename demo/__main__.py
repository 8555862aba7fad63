"""make demo: the lab, the playbook that a user runs, and what the gateway then does, as it happens."""

import argparse
import pathlib
import re
import subprocess
import sys
import time

from lab import lifecycle, runtime
from lab.shell import LabError, say, warn
from tests.harness import collection, places

from . import profiles, steps

HERE = pathlib.Path(__file__).resolve().parent
NAME = "demo"
# Which test host stands for which family; the name of an image does as well.
FAMILIES = {"debian": "debian13", "redhat": "el9", "redhat10": "el10", "suse": "suse"}


def main(argv=None):
    """Run the demo; exit status 0 only if every step saw what it promised."""
    parser = argparse.ArgumentParser(prog="python3 -m demo", description=__doc__)
    parser.add_argument("--family", default="debian", help=f"the gateway's: {', '.join(FAMILIES)}, or the name of a recipe under images/ (default: debian)")
    parser.add_argument("--profile", default="gateway", choices=sorted(profiles.PROFILES), help="what kind of host is built (default: gateway)")
    options = parser.parse_args(argv)
    try:
        return demo(options)
    except (LabError, ValueError) as error:
        warn(f"demo: {error}")
        return 1


def demo(options):
    """Lab, playbook, steps, second run, table."""
    started, results, shown = time.monotonic(), [], profiles.PROFILES[options.profile]
    heading(f"The lab: {shown.scene}, an internal mail server, an outside client, a name server")
    runtime.prepare()
    image = FAMILIES.get(options.family, options.family)
    lab = lifecycle.up(NAME, tuple(kind + image for kind in shown.kinds), None, fresh=True)
    say("collection: built into an archive and installed from it, as you would")
    collection.install()
    for name, words in shown.playbooks.items():
        heading(f"The playbook that you would run: ansible-playbook mailjail.sendmail.{name}")
        say((HERE / words).read_text())
        results.append((f"the {name} is built", playbook(lab, name, words) is not None))
    scene = steps.Scene(lab, say)
    if all(good for _title, good in results):
        for title, step in shown.steps:
            heading(title[0].upper() + title[1:] + ". " + step.__doc__)
            results.append((title, bool(step(scene))))
        heading("The same playbook again: nothing is left to change")
        results.append(("a second run changes nothing", all(playbook(lab, *one) == 0 for one in shown.playbooks.items())))
    return table(results, lab, time.monotonic() - started)


def heading(text):
    """A line that says what comes now."""
    say(f"\n== {text}")


def playbook(lab, name, words):
    """Run the playbook of a profile with a file of variables; return the number of changes, None if it failed."""
    environment = places.environment(ANSIBLE_NOCOWS=1, ANSIBLE_DISPLAY_SKIPPED_HOSTS=False, ANSIBLE_NOCOLOR=1)
    command = [str(places.BIN / "ansible-playbook"), "-i", str(pathlib.Path(lab.directory) / "inventory.yml"), "-e", f"@{HERE / words}",
               f"mailjail.sendmail.{name}"]
    child = subprocess.Popen(command, env=environment, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    changed = None
    for line in child.stdout:
        if line.strip():
            say("    " + line.rstrip())
        found = re.search(r"\bchanged=(\d+)\b.*\bfailed=0\b", line)
        changed = int(found.group(1)) if found else changed
    return changed if child.wait() == 0 else None


def table(results, lab, seconds):
    """Print what was seen, and how to go on; return the exit status."""
    heading(f"What you saw, in {seconds:.0f} seconds")
    for title, seen in results:
        say(f"    {'yes' if seen else 'NO '}  {title}")
    gateway = lab.layout.gateway_hosts[0].key
    say(f"\nThe lab is still up. Look around: python3 -m lab shell {NAME} {gateway}   Remove it: python3 -m lab down {NAME}")
    return 0 if all(seen for unused, seen in results) else 1


if __name__ == "__main__":
    sys.exit(main())
