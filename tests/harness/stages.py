"""The stages of `make test`. Each returns a Tally; none stops the others."""

import os
import re
import shutil
import tempfile
from pathlib import Path

from . import browser, collection, lengths, library, places, pythons, tally
from . import platforms as side_by_side
from .shell import answer, run, run_logged

# The longest first.
SCENARIOS = ("default", "audit", "redhat", "suse", "unprivileged", "milters", "auth", "source", "tls", "hub", "nullclient")
# Only where somebody asks for it: it needs an image from a registry.
ON_DEMAND = ("real",)


def install():
    """The archive builds and installs into an empty directory, from which all later stages work."""
    collection.install()
    return tally.one(True)


def lint():
    """Linters, on the checkout; what they look up in the collection comes from the installed one."""
    tools = (
        ("ansible-lint", "--offline", "-q"),
        ("yamllint", "--strict", "."),
        ("ruff", "check", "--quiet", "."),
        ("antsibull-changelog", "lint"),
    )
    total = tally.Tally()
    for tool in tools:
        good = run(*tool) == 0
        print(f"lint    {' '.join(tool)}: {'ok' if good else 'failed'}", flush=True)
        total += tally.one(good)
    too_long = list(lengths.offences())
    print("\n".join([*too_long, f"lint    lengths: {'failed' if too_long else 'ok'}"]), flush=True)
    return total + tally.one(not too_long)


def unit():
    """Unit tests on the newest Python."""
    status = _pytest(places.BIN / "python", "unit", "tests/unit")
    return tally.with_status(tally.junit(_report("unit")), status)


def unit36():
    """The same on Python 3.6, which EL8 and SLES 15 have; what runs on the controller only stays out."""
    python = pythons.find("3.6")
    if python is None:
        print("unit36  skipped: no Python 3.6 on PATH or in pyenv", flush=True)
        return tally.Tally(skipped=1)
    environment = pythons.environment("python-3.6", python, *pythons.UNIT_36)
    status = _pytest(environment / "bin" / "python", "unit36", "tests/unit/plugins/module_utils")
    return tally.with_status(tally.junit(_report("unit36")), status)


def _pytest(python, report, directory):
    """pytest inside the installed collection, which conftest.py makes sure of."""
    return run_logged(report, places.REPORTS / f"{report}.log", python, "-m", "pytest", "-q", "--rootdir", places.INSTALLED,
                      f"--junitxml={_report(report)}/{report}.xml", directory, cwd=places.INSTALLED, PYTHONPATH=places.COLLECTIONS, PYTHONDONTWRITEBYTECODE=1,
                      MAILJAIL_INSTALLED=places.INSTALLED, MAKEMAP=library.makemap())


def page():
    """The report of the audit read back: its page by a real browser, its other forms by libraries that others wrote."""
    status = run_logged("page", places.REPORTS / "page.log", browser.python(), "-m", "pytest", "-q", "--rootdir", places.INSTALLED,
                        "--import-mode=importlib", "-p", "no:cacheprovider", f"--junitxml={_report('page')}/page.xml", "tests/page",
                        cwd=places.INSTALLED, PYTHONPATH=places.COLLECTIONS, PYTHONDONTWRITEBYTECODE=1, MAILJAIL_INSTALLED=places.INSTALLED)
    return tally.with_status(tally.junit(_report("page")), status)


def m4():
    """Quoting, preamble, parser and templates against the real m4 and the cf libraries of sendmail 8.17 and 8.18."""
    total = tally.Tally()
    for suite in library.SUITES:
        root = library.unpacked(suite)
        status = run_logged("m4", places.REPORTS / f"m4-{suite}.log", "pytest", "-q", "-n", "2", "-p", "no:cacheprovider",
                            f"--junitxml={_report('m4-' + suite)}/m4.xml", "tests/integration_m4", PYTHONPATH=places.COLLECTIONS,
                            SENDMAIL_CF=root / "usr/share/sendmail/cf", MAKEMAP=library.makemap())
        total += tally.with_status(tally.junit(_report("m4-" + suite)), status)
    return total


def sanity():
    """ansible-test sanity, every test that ansible-core has for this Python, no ignore file."""
    home = places.WORK / "sanity-home"
    place = Path(tempfile.mkdtemp(prefix="mailjail-sanity-"))       # inside a checkout ansible-test would look at what git knows
    try:
        return _sanity(home, collection.place(place))
    finally:
        shutil.rmtree(place)


def _sanity(home, installed):
    _bootstrap_script(home / ".ansible" / "test" / "cache")
    version = ".".join(answer(places.BIN / "python", "-c", "import sys; print('%d %d' % sys.version_info[:2])").split())
    core = answer(places.BIN / "ansible-test", "--version") or "ansible-test is missing"
    print(f"sanity  {core} on Python {version}", flush=True)
    status = run_logged("sanity", places.REPORTS / "sanity.log", "ansible-test", "sanity", "--local", "--requirements", "--python", version, "--color", "no",
                        "--junit", cwd=installed, HOME=home, PIP_QUIET=1)
    counted = tally.junit(installed / "tests" / "output" / "junit")
    return tally.with_status(counted, status)


def _bootstrap_script(cache):
    """Put our own bootstrap script where ansible-test would otherwise load one from its maker's server."""
    source = answer(places.BIN / "python", "-c", "import ansible_test._internal.python_requirements as found; print(found.__file__)")
    cache.mkdir(parents=True, exist_ok=True)
    for version in re.findall(r"\bpip=['\"]([0-9.]+)['\"]", Path(source).read_text()):
        shutil.copy(places.ROOT / "tests" / "harness" / "bootstrap_pip.py", cache / f"get_pip_{version.replace('.', '_')}.py")


def lab():
    """The tests of the lab itself, on the checkout: it is no part of the collection."""
    status = run_logged("lab", places.REPORTS / "lab.log", "pytest", "-v", f"--junitxml={_report('lab')}/lab.xml", "tests/lab")
    return tally.with_status(tally.junit(_report("lab")), status)


def molecule(scenario):
    """One Molecule scenario, from bare hosts to their removal."""
    destroy = os.environ.get("MOLECULE_DESTROY", "always")
    shutil.rmtree(places.REPORTS / scenario, ignore_errors=True)
    status = run_logged(scenario, places.REPORTS / f"molecule-{scenario}.log", "molecule", "test", "--scenario-name", scenario, "--destroy", destroy,
                        MAILJAIL_REPORTS=_report(scenario), MAILJAIL_OLDEST=pythons.oldest_ansible() or "", MAILJAIL_INSTALLED=places.INSTALLED,
                        ANSIBLE_FORCE_COLOR=0, PY_COLORS=0, NO_COLOR=1)
    counted = tally.junit(_report(scenario))
    return tally.with_status(counted, status) if counted.failed else counted + tally.one(status == 0)


def platforms():
    """The gateways of the Molecule scenarios side by side: the same answers, and docs/platforms.md is what was seen."""
    return side_by_side.compare()


def _report(stage):
    directory = places.REPORTS / stage
    directory.mkdir(parents=True, exist_ok=True)
    return directory


STAGES = {"install": install, "lint": lint, "lab": lab, "sanity": sanity, "m4": m4, "unit": unit, "unit36": unit36, "page": page,
          **{f"molecule-{scenario}": (lambda scenario=scenario: molecule(scenario)) for scenario in SCENARIOS + ON_DEMAND}, "platforms": platforms}
ALL = tuple(name for name in STAGES if name.removeprefix("molecule-") not in ON_DEMAND)
