"""Runs on the gateway as root: kills the daemon and all its children at random moments, as a crash does, and starts it again.

    killer.py UNIT SEED SECONDS

Prints JSON: for each time how many processes died.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time


def processes(unit):
    """Return the processes of a unit, children included; a unit without any has no control group."""
    group = subprocess.run(["systemctl", "show", "--value", "-p", "ControlGroup", unit], stdout=subprocess.PIPE, check=True).stdout.decode().strip()
    for top in ("/sys/fs/cgroup", "/sys/fs/cgroup/systemd", "/sys/fs/cgroup/unified"):
        try:
            with open(f"{top}{group}/cgroup.procs") as listing:
                return [int(line) for line in listing]
        except OSError:
            continue
    return []


def kill(unit):
    """Kill them all, also those that were started meanwhile; return how many there were."""
    dead = set()
    while True:
        found = [pid for pid in processes(unit) if pid not in dead]
        if not found:
            return len(dead)
        for pid in found:
            dead.add(pid)
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass


def main(unit, seed, seconds):
    """Kill, and start again, until the time is up; the first time the start is left to systemd."""
    chance, deadline, killed = random.Random(int(seed)), time.monotonic() + float(seconds), []
    while time.monotonic() < deadline:
        time.sleep(chance.uniform(1, 5))
        killed.append(kill(unit))
        if len(killed) > 1:
            subprocess.run(["systemctl", "reset-failed", unit], check=False)
            subprocess.run(["systemctl", "start", unit], check=True)
            continue
        while not processes(unit):
            time.sleep(0.2)
            if time.monotonic() > deadline:
                sys.exit(f"{unit} was killed, and systemd did not start it again")
    print(json.dumps(killed))


if __name__ == "__main__":
    main(*sys.argv[1:])
