"""Other Pythons of this machine, and small virtual environments made with them."""

import hashlib
import shutil
import threading

from . import places
from .shell import answer, must

OLDEST_CORE = "ansible-core==2.16.19"       # the newest of the oldest line that meta/runtime.yml names
# pytest and what it needs, the last of each that runs on Python 3.6, whose pip can not find that out by itself.
UNIT_36 = ("pytest==7.0.1", "attrs==22.2.0", "importlib-metadata==4.8.3", "iniconfig==1.1.1", "packaging==21.3", "pluggy==1.0.0", "py==1.11.0",
           "pyparsing==3.0.9", "tomli==1.2.3", "typing-extensions==4.1.1", "zipp==3.6.0")

# Stages that run side by side may want the same one.
MAKING = threading.Lock()


def find(*versions):
    """Path of the first of these Python versions (such as 3.6) that really runs; None if there is none."""
    for version in versions:
        for candidate in _candidates(version):
            if candidate and answer(candidate, "-c", "import sys, venv; print('%d.%d' % sys.version_info[:2])") == version:
                return candidate
    return None


def _candidates(version):
    yield shutil.which(f"python{version}")
    for installed in (answer("pyenv", "versions", "--bare") or "").split():
        if installed.startswith(f"{version}."):
            yield f"{answer('pyenv', 'prefix', installed)}/bin/python3"


def environment(name, python, *requirements):
    """Directory of a virtual environment under .work/ with these packages; made where it is missing or different."""
    directory = places.WORK / name
    stamp = directory / ".stamp"
    wanted = hashlib.sha256(repr((str(python), requirements)).encode()).hexdigest()
    with MAKING:
        if not (stamp.exists() and stamp.read_text() == wanted):
            shutil.rmtree(directory, ignore_errors=True)
            must(python, "-m", "venv", directory)
            must(directory / "bin" / "python", "-m", "pip", "install", "-qq", "--disable-pip-version-check", *requirements)
            stamp.write_text(wanted)
    return directory


def oldest_ansible():
    """bin directory of the oldest supported ansible-core, or None where no Python fits it."""
    python = find("3.12", "3.11", "3.10")
    return environment("ansible-2.16", python, OLDEST_CORE) / "bin" if python else None
