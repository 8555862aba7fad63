"""Damage and heal: in scenario default on the older Debian alone, since scenario unprivileged has the newer one."""

import os

import pytest
from world import World

ALL = World(os.environ.get("MOLECULE_SCENARIO_NAME", "default"))
HEALED = ALL.part(ALL.gateways[:1]) if ALL.scenario == "default" else ALL


@pytest.fixture(scope="session", name="world")
def world_():
    """The hosts that are damaged, and how to run the playbook on them."""
    return HEALED


@pytest.fixture(scope="module", name="gateway", params=HEALED.gateway_names)
def gateway_(request):
    """One of them after the other."""
    return HEALED.host(request.param)
