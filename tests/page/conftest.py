"""A real browser without a screen, which may speak to nobody, and pages of made-up fleets in it."""

import json
import os
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent))
import sample
from browser import Browser


def pytest_sessionstart(session):
    """`make test` names the directory of the installed collection: nothing but that may be under test."""
    expected = os.environ.get("MAILJAIL_INSTALLED")
    if expected and not str(sample.ROOT).startswith(os.path.realpath(expected)):
        raise RuntimeError(f"expected to test the installed collection in {expected}, but Python found {sample.ROOT}")


@pytest.fixture(scope="session")
def started():
    """One browser for all tests."""
    browser = Browser()
    yield browser
    browser.quit()


@pytest.fixture(scope="session")
def report():
    """A fleet of 120 hosts, some of which could not be looked at, compared with the day before."""
    return sample.report(120)


@pytest.fixture(scope="session")
def written(report, tmp_path_factory):
    """Its page as a file."""
    path = tmp_path_factory.mktemp("page") / "audit.html"
    path.write_text(sample.page(report), encoding="utf-8")
    return path


@pytest.fixture
def page(started, written):
    """The page, newly opened."""
    return started.open(written)


@pytest.fixture
def opened(started, tmp_path):
    """Opens the page of a report that a test made."""

    def show(found):
        path = tmp_path / "audit.html"
        path.write_text(sample.page(found), encoding="utf-8")
        return started.open(path)

    return show


def pytest_make_parametrize_id(val):
    """Hostile texts would make odd names."""
    return ascii(val)[:40] if isinstance(val, str) else json.dumps(val)[:40] if isinstance(val, (list, dict)) else None
