"""Where things are. Everything that a test run makes lies under .work/."""

import os
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
WORK = ROOT / ".work"
COLLECTIONS = WORK / "collections"
INSTALLED = COLLECTIONS / "ansible_collections" / "mailjail" / "sendmail"
REPORTS = WORK / "reports"
BIN = Path(sys.executable).parent


def environment(**more):
    """Environment of every tool: this virtual environment first, and no collection but the installed one."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("ANSIBLE_", "PYTEST_", "PYTHONPATH"))}
    return {
        **kept,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_HOME": str(WORK / "ansible"),
        **{name: str(value) for name, value in more.items()},
    }
