"""The collection as a user has it: built into an archive and installed from that."""

import shutil

from . import places
from .shell import must

BUILD = places.WORK / "build"


def install():
    """Build the archive from the checkout and install it where all tests look, and nothing else lies."""
    _build()
    place(places.COLLECTIONS)


def _build():
    shutil.rmtree(BUILD, ignore_errors=True)
    must("ansible-galaxy", "collection", "build", "--output-path", BUILD)


def place(directory):
    """Install the archive into a directory that holds nothing else afterwards; return where the collection is in it."""
    shutil.rmtree(directory, ignore_errors=True)
    archives = list(BUILD.glob("mailjail-sendmail-*.tar.gz"))
    must("ansible-galaxy", "collection", "install", "--offline", "--no-deps", "-p", directory, *archives, ANSIBLE_COLLECTIONS_PATH=directory)
    installed = directory / "ansible_collections" / "mailjail" / "sendmail"
    if not (installed / "MANIFEST.json").is_file():
        raise SystemExit(f"expected the collection in {installed} after installing {archives}, but it is not there")
    return installed
