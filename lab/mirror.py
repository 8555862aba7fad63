"""Where Debian's packages come from: the mirror of this machine, or the one that MAILJAIL_MIRROR names."""

import functools
import os
import subprocess
from urllib.parse import urlsplit

from .shell import LabError


@functools.cache
def base():
    """The mirror without its last directory, such as ``http://mirror.example``; debian and so on lie below."""
    given = os.environ.get("MAILJAIL_MIRROR")
    if given:
        return given.rstrip("/")
    try:
        said = subprocess.run(["apt-get", "indextargets", "--format", "$(SITE)"], capture_output=True, text=True,
                              check=False).stdout
    except OSError:
        said = ""
    found = sorted(site for site in said.split() if site.rstrip("/").endswith("/debian"))
    if not found:
        raise LabError("this machine has no Debian package source to build images from; name one, such as "
                       "MAILJAIL_MIRROR=http://mirror.example (below it, debian and debian-security)")
    return found[0].rstrip("/").removesuffix("/debian")


def host():
    """The mirror's host name."""
    return urlsplit(base()).hostname
