"""The lab under test: MAILJAIL_LAB names one; without it, one is brought up for the tests and taken down after."""

import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from lab import containers, lifecycle, runtime

NAME = os.environ.get("MAILJAIL_LAB", "labtest")


class Bench:
    """A lab with short words for tests."""

    def __init__(self, lab):
        self.lab = lab
        self.layout = lab.layout

    def run(self, host, *argv, **options):
        """Run a command on a host, whatever its exit code."""
        return containers.execute(self.layout, self.lab.host(host), *argv, check=False, **options)

    def dig(self, host, *words):
        """Answer lines of dig, asked on a host by the host's own resolver."""
        return self.run(host, "dig", "+short", "+time=3", *words).stdout.splitlines()

    def swaks(self, host, server, *words):
        """Exit code and dialogue of swaks."""
        done = self.run(host, "swaks", "--server", server, "--timeout", "5", *words)
        return done.returncode, done.stdout + done.stderr


@pytest.fixture(scope="session")
def bench_of():
    """What makes a Bench of a lab."""
    return Bench


@pytest.fixture(scope="session")
def bench():
    """The lab, up."""
    runtime.prepare()
    ours = "MAILJAIL_LAB" not in os.environ
    gateways = ("debian12", "debian13") if ours else lifecycle.former_gateways(NAME)
    yield Bench(lifecycle.up(NAME, gateways))
    if ours and "PYTEST_XDIST_WORKER" not in os.environ:
        lifecycle.down(NAME)


@pytest.fixture(scope="session")
def gateways(bench):
    """Short names of the gateways."""
    return [host.key for host in bench.layout.gateway_hosts]
