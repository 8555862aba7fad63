"""A real browser for the page of the audit's report, and the libraries that drive it and read the report's other forms."""

import os
import shutil
import sys

from . import pythons
from .shell import answer, must

# program:package. Both come from Debian, so they fit each other.
PROGRAMS = {"chromium": "chromium", "chromedriver": "chromium-driver"}
REQUIREMENTS = ("pytest==9.2.0", "selenium==4.51.0", "jsonschema==4.26.0", "junitparser==5.0.3", "sarif-tools==3.0.5")


def python():
    """Return the Python that has the libraries, after making sure of the browser."""
    missing = sorted(package for program, package in PROGRAMS.items() if not shutil.which(program))
    if missing:
        if os.geteuid() or not shutil.which("apt-get"):
            raise SystemExit(f"expected {' and '.join(missing)} on this machine for the stage page; install them as root and run again")
        print(f"page    installing from Debian: {' '.join(missing)}", flush=True)
        must("apt-get", "update", "-qq")
        must("apt-get", "install", "-qq", "-y", "--no-install-recommends", *missing, DEBIAN_FRONTEND="noninteractive")
    print(f"page    {answer('chromium', '--version')}", flush=True)
    return pythons.environment("page", sys.executable, *REQUIREMENTS) / "bin" / "python"
