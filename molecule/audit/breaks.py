"""How a hardened gateway is broken in just one control, and mended again. The rows stand in the files of their families (breaks_*.py)."""

import collections
import importlib
from pathlib import Path

FAMILIES = ("debian", "redhat", "suse")
# ``breaks`` and ``mends`` are shell commands, run as root on the host; ``families`` those on which it is tried; ``note`` says what is not plain.
Break = collections.namedtuple("Break", "control breaks mends families note")
Break.__new__.__defaults__ = (FAMILIES, "")


def everything():
    """Return all rows, in the order of the files' names."""
    modules = [importlib.import_module(path.stem) for path in sorted(Path(__file__).parent.glob("breaks_*.py"))]
    return [row for module in modules for row in module.BREAKS]
