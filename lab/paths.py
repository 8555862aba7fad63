"""Where the lab keeps things. All of it lies in the checkout, under .work/."""

from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "images"
TEMPLATES = ROOT / "lab" / "templates"
WORK = ROOT / ".work"
LOGS = WORK / "log"
DEBS = WORK / "debs"
TMP = WORK / "tmp"
CONTAINERS_CONF = WORK / "containers.conf"
LABS = WORK / "lab"
LOCKS = WORK / "lock"


def lab_dir(name):
    """Directory of one lab: keys, inventory, ssh configuration."""
    return LABS / name
