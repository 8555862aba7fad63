#!/usr/bin/env python3
# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a big map costs, as ratios in one run on one host: python3 bench/maps.py --lab NAME --host GATEWAY

bare     makemap as the manual page has it, on the same file, of the same type and of the default type (hash)
build    mapbuild.build on the host: check, makemap under a new name, dump, comparison
task     one Ansible task over SSH that changes this map: all of the above, the staged configuration asked, the commit, and Ansible's own time
memory   the most that a process on the host held, in MB: the file, ours, the makemap that it started

The host needs sendmail, its cf files and m4; nothing of its own configuration is touched.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SPACE = "/root/mailjail-bench"
SIZES = (1000, 100000, 1000000)
ORDERS = ("random", "sequence", "sorted")
TYPES = ("btree", "hash")

MC = """include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
OSTYPE(`debian')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`virtusertable', `%(type)s %(space)s/map')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


# -- on the host


def generate(path, size, order):
    """Write a virtusertable; a list as it comes from a database of users, in that order, sorted, or in none."""
    lines = [f"user{number}@domain{number % 1000}.example\ttarget{number}\n" for number in range(size)]
    if order == "random":
        random.Random(7).shuffle(lines)
    elif order == "sorted":
        lines.sort()
    with open(path, "w", encoding="ascii") as target:
        target.writelines(lines)


def bare(path, map_type):
    """Seconds of makemap alone."""
    target = f"{SPACE}/bare"
    Path(target + ".db").unlink(missing_ok=True)
    start = time.perf_counter()
    with open(path, "rb") as source:
        subprocess.run(["makemap", map_type, target], stdin=source, check=True)
    return time.perf_counter() - start


def built(path, map_type):
    """Seconds and memory of our way, in a process of its own."""
    Path(f"{SPACE}/built.db").unlink(missing_ok=True)
    answer = subprocess.run([sys.executable, __file__, "--build", str(path), map_type], check=True, stdout=subprocess.PIPE)
    return json.loads(answer.stdout)


def build(path, map_type):
    """Build one map and print what it took."""
    from ansible_collections.mailjail.sendmail.plugins.module_utils import mapbuild
    from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

    start = time.perf_counter()
    mapbuild.build(Runner(), "virtusertable", path, f"{SPACE}/built", map_type)
    seconds = time.perf_counter() - start
    memory = [resource.getrusage(who).ru_maxrss * 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    print(json.dumps({"seconds": seconds, "memory": memory}))


def measure(size, order, rounds):
    """Measure one file on this host, bare and ours in turn, the best of some rounds each; print the result."""
    path = f"{SPACE}/source-{size}-{order}"
    # In a process of its own: what it held would count as held by every program started after it.
    subprocess.run([sys.executable, __file__, "--generate", path, str(size), order], check=True)
    found = {"bytes": os.path.getsize(path)}
    for map_type in TYPES:
        turns = [(bare(path, map_type), built(path, map_type)) for dummy in range(rounds)]
        best = min((turn[1] for turn in turns), key=lambda one: one["seconds"])
        found[map_type] = {"bare": min(turn[0] for turn in turns), "build": best["seconds"], "memory": best["memory"]}
    print(json.dumps(found))


# -- on the controller


class Host:
    """A lab's host, as root."""

    def __init__(self, lab, host):
        self.lab, self.name = ROOT / ".work" / "lab" / lab, host
        self.ssh = ["ssh", "-F", str(self.lab / "ssh_config"), host]

    def run(self, command, **options):
        """Run a shell command; return its output."""
        return subprocess.run([*self.ssh, f"sudo sh -c '{command}'"], check=True, stdout=subprocess.PIPE, **options).stdout

    def install(self):
        """Copy this file and what it measures."""
        base = f"{SPACE}/ansible_collections/mailjail/sendmail/plugins"
        self.run(f"rm -rf {SPACE}; mkdir -p -m 700 {SPACE}; mkdir -p {base}")
        with subprocess.Popen(["tar", "-C", str(ROOT / "plugins"), "-cf", "-", "--exclude=__pycache__", "module_utils"], stdout=subprocess.PIPE) as archive:
            self.run(f"tar -C {base} -xf -", stdin=archive.stdout)
        with open(__file__, "rb") as source:
            self.run(f"cat > {SPACE}/maps.py", stdin=source)

    def measure(self, size, order, rounds):
        """Return what :func:`measure` prints on the host."""
        return json.loads(self.run(f"PYTHONPATH={SPACE} python3 {SPACE}/maps.py --measure {size} {order} {rounds}"))


def task_seconds(host, size, order, map_type, rounds):
    """Return the best time of the whole Ansible task, commit included, on a map that is new each time."""
    clock = "{{ now(utc=true, fmt='%s.%f') }}"
    module = {
        "mta": {"source": f"{SPACE}/t.mc", "compiled": f"{SPACE}/t.cf", "content": MC % {"type": map_type, "space": SPACE}},
        "library": "/usr/share/sendmail/cf",
        "maps": [{"name": "virtuser", "kind": "virtusertable", "path": f"{SPACE}/map", "type": map_type, "host_file": f"{SPACE}/source-{size}-{order}"}],
        "state_directory": f"{SPACE}/state",
    }
    tasks = [
        {"ansible.builtin.command": {"cmd": f"rm -rf {SPACE}/map.db {SPACE}/t.cf {SPACE}/state"}},
        {"ansible.builtin.debug": {"msg": "clock " + clock}},
        {"mailjail.sendmail.sendmail_config": module},
        {"ansible.builtin.debug": {"msg": "clock " + clock}},
    ]
    play = [{"hosts": host.name + ".*", "gather_facts": False, "become": True, "tasks": tasks * rounds}]
    with tempfile.NamedTemporaryFile("w", suffix=".yml") as book:
        json.dump(play, book)
        book.flush()
        answer = subprocess.run(
            [str(ROOT / ".venv/bin/ansible-playbook"), "-i", str(host.lab / "inventory.yml"), book.name],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    if answer.returncode:
        sys.exit(answer.stdout + answer.stderr)
    clocks = [float(line.split("clock ")[1].rstrip('"')) for line in answer.stdout.splitlines() if "clock " in line]
    return min(after - before for before, after in zip(clocks[::2], clocks[1::2]))


def table(host, sizes, orders, rounds):
    """Print a line for each file and type."""
    print(f"{'entries':>8} {'order':<9} {'type':<6} {'bare s':>7} {'build s':>8} {'task s':>7}  {'build/bare':>10} {'task/bare':>9} {'task/hash':>9}"
          "  MB file/ours/makemap")
    for size in sizes:
        for order in orders:
            found = host.measure(size, order, rounds)
            for map_type in TYPES:
                one = found[map_type]
                task = task_seconds(host, size, order, map_type, rounds)
                memory = "/".join(f"{amount / 1e6:.0f}" for amount in (found["bytes"], *one["memory"]))
                print(
                    f"{size:>8} {order:<9} {map_type:<6} {one['bare']:>7.2f} {one['build']:>8.2f} {task:>7.2f}  {one['build'] / one['bare']:>10.2f} "
                    f"{task / one['bare']:>9.2f} {task / found['hash']['bare']:>9.2f}  {memory}",
                    flush=True,
                )


def main():
    """Read the arguments."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--lab", default="bench")
    parser.add_argument("--host", default="gw-debian12")
    parser.add_argument("--sizes", default=",".join(map(str, SIZES)))
    parser.add_argument("--orders", default=",".join(ORDERS))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--build", nargs=2, help=argparse.SUPPRESS)
    parser.add_argument("--generate", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--measure", nargs=3, help=argparse.SUPPRESS)
    args = parser.parse_args()
    if args.build:
        build(*args.build)
    elif args.generate:
        generate(args.generate[0], int(args.generate[1]), args.generate[2])
    elif args.measure:
        measure(int(args.measure[0]), args.measure[1], int(args.measure[2]))
    else:
        host = Host(args.lab, args.host)
        host.install()
        table(host, [int(size) for size in args.sizes.split(",")], args.orders.split(","), args.rounds)
        host.run(f"rm -rf {SPACE}")


if __name__ == "__main__":
    main()
