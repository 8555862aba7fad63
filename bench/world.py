# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab that is measured: two gateways alike, one for the collection, one for the distribution's own way; and how plays are run against them."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from lab import lifecycle, podman, runtime
from tests.harness import collection, places

NAME = "bench"
PROFILE = "mailjail.sendmail.gateway"


class Broken(Exception):
    """A measurement that came to nothing, with what was said."""


@dataclass(frozen=True)
class Play:
    """One run of ansible-playbook: its wall time, how often it ran something on a host, the most that one of its processes held (bytes)."""

    seconds: float
    remote_runs: int
    memory: int
    output: str
    log: str        # the same with times


class World:
    """The lab, with the collection installed on the controller.

    :param str image: image of both gateways.
    :param collections: where the collection is installed already; None installs it as `make test` does.
    """

    def __init__(self, image, collections=None):
        runtime.prepare()
        if collections is None:
            collection.install()
        self.collections = Path(collections or places.COLLECTIONS).resolve()
        self.image = image
        self.lab = lifecycle.up(NAME, (image, image))
        self.ours, self.vendors = (host.key for host in self.lab.layout.gateway_hosts)

    def renew(self):
        """Make both gateways anew."""
        self.lab = lifecycle.up(NAME, (self.image, self.image), fresh=True)

    def down(self):
        """Remove the lab."""
        lifecycle.down(NAME)

    def address(self, key, side):
        """Address of a host on one of the networks."""
        return self.lab.layout.addr4(side, self.lab.host(key).number)

    # -- hosts

    def argv(self, key, script):
        """Words that run a shell script as root on a host, past ssh: nothing of the way there is measured."""
        return ["podman", "exec", "--interactive", self.lab.layout.container(self.lab.host(key)), "sh", "-ec", script]

    def sh(self, key, script, data=None):
        """Output of a shell script on a host; :raises Broken: it failed."""
        done = subprocess.run(self.argv(key, script), env=podman.environment(), input=data or b"", capture_output=True, check=False)
        if done.returncode:
            raise Broken(f"{key}: {script.strip().splitlines()[0]}: exit {done.returncode}: {(done.stdout + done.stderr).decode(errors='replace')[-2000:]}")
        return done.stdout.decode(errors="replace")

    def start(self, key, script):
        """A shell script that goes on running on a host."""
        return subprocess.Popen(self.argv(key, script), env=podman.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)

    def bring(self, key, directory, *paths):
        """Copy files and directories of the checkout into a directory of a host."""
        packed = subprocess.run(["tar", "-C", places.ROOT, "--exclude=__pycache__", "-cf", "-", *paths], capture_output=True, check=True).stdout
        self.sh(key, f"mkdir -p -m 700 {directory}; tar -C {directory} -xf -", packed)

    # -- Ansible

    def play(self, playbook, key, values=None, options=()):
        """Run a playbook against one gateway; :raises Broken: it failed.

        :param playbook: name of a playbook of a collection, or the plays themselves as a list.
        :param dict values: extra variables.
        :param options: words for ansible-playbook; without -vvv no remote runs are counted.
        """
        with tempfile.TemporaryDirectory(prefix="mailjail-bench-") as directory:
            name = playbook
            if not isinstance(playbook, str):
                name = f"{directory}/play.yml"
                Path(name).write_text(json.dumps(playbook))
            argv = [places.BIN / "ansible-playbook", "-i", self.lab.directory / "inventory.yml", "--limit", self.lab.host(key).fqdn,
                    "--extra-vars", json.dumps(values or {}), *options, name]
            return self._timed(argv, Path(directory) / "log")

    def _timed(self, argv, log):
        environment = places.environment(ANSIBLE_COLLECTIONS_PATH=self.collections, ANSIBLE_NOCOLOR=1, ANSIBLE_ROLES_PATH="/nonexistent", ANSIBLE_LOG_PATH=log)
        with tempfile.TemporaryFile() as output:
            began = time.perf_counter()
            # A process of its own, so that the memory of this playbook is not taken for that of the next.
            done = subprocess.run([sys.executable, "-c", WRAPPER, *map(str, argv)], env=environment, stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=subprocess.STDOUT, check=False)
            seconds = time.perf_counter() - began
            output.seek(0)
            text = output.read().decode(errors="replace")
        if done.returncode:
            raise Broken(f"{' '.join(map(str, argv))}: exit {done.returncode}\n{text[-6000:]}")
        memory = int(re.findall(r"^PEAK (\d+)$", text, re.M)[-1]) * 1024
        return Play(seconds, len(re.findall(r"^<\S+> (?:SSH: EXEC|PUT) ", text, re.M)), memory, text, log.read_text())


# Says at the end how much memory the largest of all the processes below it held.
WRAPPER = """
import resource, subprocess, sys
status = subprocess.call(sys.argv[1:])
print("PEAK", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss, flush=True)
sys.exit(status)
"""


def gateway(world):
    """The variables of the gateway that is measured: a site's two, and its own network."""
    return {"sendmail_domain": "corp.example", "sendmail_mail_server": "mail.corp.example",
            "sendmail_relay_networks": [str(world.lab.layout.net4("inside"))]}


def conditions():
    """What the machine was like, in a line."""
    model = next((line.split(":")[1].strip() for line in Path("/proc/cpuinfo").read_text().splitlines() if line.startswith("model name")), "?")
    memory = int(re.search(r"MemTotal:\s+(\d+)", Path("/proc/meminfo").read_text()).group(1)) >> 20
    load = " ".join(f"{one:.1f}" for one in os.getloadavg())
    return f"{os.cpu_count()} processors ({model}), {memory} GiB, load average {load}, {shutil.disk_usage('/').free >> 30} GiB free"
