"""The commit itself, killed at each of its steps and starved of room (tests/faults), on the hosts of this scenario and with their sendmail."""

import os
import subprocess
import sys

import pytest
from world import ROOT

# What it proves does not depend on the daemon's privilege.
pytestmark = pytest.mark.only("default")


def cut_off(world, gateway):
    """Run the tests of tests/faults against one gateway; return what they said, with their exit status in front."""
    environment = dict(os.environ, MAILJAIL_COLLECTIONS=world.collections, PYTEST_ADDOPTS="-p no:cacheprovider")
    argv = [sys.executable, "-m", "pytest", "-q", f"--hosts=ssh://{gateway.name}", f"--ssh-config={world.directory}/ssh_config", "tests/faults/test_faults.py"]
    done = subprocess.run(argv, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1800, check=False)
    return f"exit {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-1000:]}"


def test_a_commit_that_is_cut_off_leaves_a_whole_configuration(world):
    for said in world.everywhere(lambda gateway: cut_off(world, gateway)):
        assert said.startswith("exit 0\n") and " passed" in said and "skipped" not in said, said
