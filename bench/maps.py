# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Big maps: the whole Ansible task of the role config that takes up a changed virtusertable, beside makemap alone on the same file.

The task is that of a gateway as it is deployed: templates, the transfer where the file is the controller's, the check of every line, makemap, the
dump and its comparison, the real sendmail's answers, the generation, the commit. makemap alone is what its manual page says, without any option.
"""

import re
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from statistics import median

from . import host_maps, report
from .world import PROFILE, Broken, gateway

SPACE = "/root/mailjail-bench"
# How makemap's B-tree likes its input decides what it costs alone: five times as much in no order as sorted.
FILES = ((1000, "random"), (100000, "random"), (1000000, "random"), (1000000, "sequence"), (1000000, "sorted"))
BIG = 1000000
TASK = "Put the whole configuration in place"
TARGET = 1.5

# Python as the modules are run by, which writes down at its end what it held and what the largest program that it started held (KiB).
INTERPRETER = """#!/bin/sh
PYTHONPATH=/root/mailjail-bench/peak exec /usr/bin/python3 "$@"
"""
PEAK = """import atexit, resource
def say():
    held = [resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    with open("/root/mailjail-bench/peaks", "a") as target:
        target.write("%d %d\\n" % tuple(held))
atexit.register(say)
"""


@dataclass
class Source:
    """One file of entries, on both sides."""

    size: int
    order: str
    path: Path      # on the controller
    bytes: int = 0
    added: int = 0

    @property
    def remote(self):
        """The same on the host."""
        return f"{SPACE}/{self.path.name}"

    @property
    def name(self):
        """For the table."""
        return f"{self.size:,} entries, {self.order}"


def measure(world, rounds, files=FILES):
    """Rows of the table."""
    prepare(world)
    rows, memory = [], {}
    with tempfile.TemporaryDirectory(prefix="mailjail-bench-") as directory:
        for size, order in files:
            source = make(world, size, order, Path(directory))
            rows += compare(world, source, rounds)
            if order == "random":
                memory[size] = (source, peaks(world, source))
            source.path.unlink()
            world.sh(world.ours, f"rm {source.remote}")
    return rows + growth(memory)


def prepare(world):
    """A gateway that is configured, and what runs on it."""
    world.play(PROFILE, world.ours, gateway(world))
    world.bring(world.ours, SPACE, "bench/host_maps.py")
    world.sh(world.ours, f"mkdir -p {SPACE}/peak; cat > {SPACE}/peak/sitecustomize.py", PEAK.encode())
    # Ansible's user runs it by sudo, and may look for it first.
    world.sh(world.ours, "cat > /usr/local/bin/mailjail-bench-python; chmod 755 /usr/local/bin/mailjail-bench-python", INTERPRETER.encode())


def on_host(world, *words):
    """Run the host's part."""
    return world.sh(world.ours, f"python3 {SPACE}/bench/host_maps.py {' '.join(map(str, words))}")


def make(world, size, order, directory):
    """Generate a file on the host and copy it to the controller."""
    source = Source(size, order, directory / f"virtusertable-{size}-{order}")
    source.bytes = int(on_host(world, "generate", source.remote, size, order))
    source.path.write_text(world.sh(world.ours, f"cat {source.remote}"))
    return source


def compare(world, source, rounds):
    """The task from either place beside makemap alone, of the same type and of makemap's default."""
    task("file", world, source)     # the map's first appearance changes the .cf as well; what is measured is its change
    times = {place: [] for place in ("file", "host_file", "btree", "hash")}
    for _round in range(rounds):
        for place in ("file", "host_file"):
            times[place].append(task(place, world, source)[0])
        for map_type in ("btree", "hash"):
            times[map_type].append(float(on_host(world, "bare", source.remote, map_type, 1)))
    found = {name: median(column) for name, column in times.items()}
    at_most = TARGET if source.size == BIG else None
    places = (("file", "from the controller"), ("host_file", "from the host"))
    rows = [report.Row(f"map, {source.name}, {words}", report.seconds(found[place]), f"{report.seconds(found['btree'])} makemap btree",
                       found[place] / found["btree"], at_most=at_most) for place, words in places]
    return rows + [report.Row(f"map, {source.name}, {words}", report.seconds(found[place]), f"{report.seconds(found['hash'])} makemap hash (default)",
                              found[place] / found["hash"]) for place, words in places]


def task(place, world, source, interpreter=None):
    """Seconds of the task that takes up the file, which has one more entry each time; and the run itself."""
    source.added += 1
    entry = f"added{source.added}@domain0.example\ttarget\n"
    with source.path.open("a") as target:
        target.write(entry)
    world.sh(world.ours, f"cat >> {source.remote}", entry.encode())
    named = {"file": str(source.path), "host_file": source.remote}[place]
    table = {place: named, "domains": [f"domain{number}.example" for number in range(host_maps.DOMAINS)]}
    values = {**gateway(world), "sendmail_virtusertable": table, **({"ansible_python_interpreter": interpreter} if interpreter else {})}
    play = world.play(PROFILE, world.ours, values, options=("--tags", "config"))
    if "changed=1" not in play.output:
        raise Broken(f"{source.name}: the task changed nothing:\n{play.output[-3000:]}")
    return duration(play.log), play


def duration(log):
    """Seconds from the head of the task to that of what follows it, out of Ansible's log."""
    heads = [(datetime.strptime(when, "%Y-%m-%d %H:%M:%S,%f"), what)
             for when, what in re.findall(r"^(\S+ \S+) .*?\| ((?:TASK|PLAY RECAP) .*)", log, re.M)]
    return next((after[0] - head[0]).total_seconds() for head, after in zip(heads, heads[1:], strict=False) if TASK in head[1])


def peaks(world, source):
    """Bytes that the largest process held: of the controller, of the module, of what the module started."""
    world.sh(world.ours, f"rm -f {SPACE}/peaks")
    play = task("file", world, source, interpreter="/usr/local/bin/mailjail-bench-python")[1]
    held = [tuple(map(int, line.split())) for line in world.sh(world.ours, f"cat {SPACE}/peaks").splitlines()]
    return play.memory, max(one[0] for one in held) * 1024, max(one[1] for one in held) * 1024


def growth(memory):
    """How much more memory the largest file takes than the smallest, beside its size."""
    if len(memory) < 2:
        return []
    (small, least), (large, most) = memory[min(memory)], memory[max(memory)]
    names = ("controller process", "module process", "makemap, whose cache we bound by 64 MB")
    return [report.Row(f"memory, {name}", f"{report.megabytes(more)}, {report.megabytes(less)} at {small.size:,}", f"{report.megabytes(large.bytes)} file",
                       (more - less) / large.bytes, at_most=None if "makemap" in name else 1)
            for name, less, more in zip(names, least, most, strict=True)]
