"""Fixtures of all scenarios: the world (hosts of the scenario's lab), and plays against it."""

import os
from pathlib import Path

import pytest
from world import World

WORLD = World(os.environ.get("MOLECULE_SCENARIO_NAME", "default"))


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config):
    """Where `make test` wants its report: one file for each directory of tests."""
    reports = os.environ.get("MAILJAIL_REPORTS")
    if reports and config.args and not config.option.xmlpath:
        config.option.xmlpath = f"{reports}/{Path(config.args[0]).resolve().parent.name}.xml"
    config.addinivalue_line("markers", "only(name...): this test belongs to one kind of gateway (jailed, unprivileged) or to scenarios")
    config.addinivalue_line("markers", "never(name...): this test has nothing to say in these scenarios, or of this kind of gateway")


def pytest_xdist_auto_num_workers(config):
    """Tests that only look run side by side; those that change hosts run one after the other."""
    return 4 if config.args and "verify" in Path(config.args[0]).resolve().parts else 0


def pytest_collection_modifyitems(items):
    """Leave out what belongs to another kind of gateway, or to other scenarios."""
    here = {WORLD.kind, WORLD.scenario}
    items[:] = [item for item in items if all(here & set(mark.args) for mark in item.iter_markers("only"))
                and not any(here & set(mark.args) for mark in item.iter_markers("never"))]


@pytest.fixture(scope="session")
def world():
    """The hosts, and how to run the playbook."""
    return WORLD


# Not of the session: pytest would go through all modules for one gateway, and then again through all of them for the next.
@pytest.fixture(scope="module", params=WORLD.gateway_names)
def gateway(request):
    """One gateway after the other."""
    return WORLD.host(request.param)


@pytest.fixture(scope="session")
def client():
    """The outside client."""
    return WORLD.host("client.stranger.example")


@pytest.fixture(scope="session")
def mail():
    """The internal mail server."""
    return WORLD.host("mail.corp.example")
