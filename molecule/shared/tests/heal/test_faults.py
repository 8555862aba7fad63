"""The commit killed at each of its steps and starved of room, the daemon killed under load (tests/faults), on the hosts of this scenario."""

import os
import subprocess
import sys

import pytest
from world import ROOT

# What it proves does not depend on the daemon's privilege.
pytestmark = pytest.mark.only("default")


def said(world, gateway, tests):
    """Run a file of tests/faults against one gateway; return what it said, with its exit status in front."""
    environment = dict(os.environ, MAILJAIL_COLLECTIONS=world.collections, PYTEST_ADDOPTS="-p no:cacheprovider")
    argv = [sys.executable, "-m", "pytest", "-q", f"--hosts=ssh://{gateway.name}", f"--ssh-config={world.directory}/ssh_config", f"tests/faults/{tests}"]
    done = subprocess.run(argv, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800, check=False)
    return f"exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"


def test_a_commit_that_is_cut_off_leaves_a_whole_configuration(world):
    for answer in world.everywhere(lambda gateway: said(world, gateway, "test_faults.py")):
        assert answer.startswith("exit 0\n") and " passed" in answer and "skipped" not in answer, answer


def test_nothing_that_was_accepted_is_lost_in_a_crash(world):
    # One after the other: under the load of both, too few sessions of each meet a kill.
    for gateway in world.gateways:
        answer = said(world, gateway, "test_crash.py")
        assert answer.startswith("exit 0\n") and "1 passed" in answer, answer
        gateway.wait_for_daemon()
