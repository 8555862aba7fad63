"""podman with the lab's own containers.conf, and the few questions that the lab asks it."""

import json
import os

from . import paths
from .shell import run

LABEL = "mailjail.lab"


def environment(conf=None):
    """Environment in which podman reads the lab's configuration and nobody else's."""
    return {**os.environ, "CONTAINERS_CONF": str(conf or paths.CONTAINERS_CONF)}


def podman(*args, conf=None, **options):
    """Run podman; options as for shell.run."""
    options.setdefault("what", f"podman {' '.join(str(a) for a in args[:2])}")
    return run(["podman", *args], env=environment(conf), **options)


def containers(lab=None):
    """Containers of one lab (or of all labs) as podman's own dictionaries."""
    wanted = f"label={LABEL}" + (f"={lab}" if lab else "")
    return json.loads(podman("ps", "--all", "--filter", wanted, "--format", "json").stdout or "[]")


def networks(lab=None):
    """Networks of one lab (or of all labs) as podman's own dictionaries."""
    wanted = f"label={LABEL}" + (f"={lab}" if lab else "")
    return json.loads(podman("network", "ls", "--filter", wanted, "--format", "json").stdout or "[]")


def image_exists(reference):
    """Is this very image here?"""
    return podman("image", "exists", reference, check=False).returncode == 0
