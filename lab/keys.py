"""ssh keys of a lab: one that Ansible holds, one that all hosts of the lab show. Made once, kept until `down`."""

import hashlib
import shutil

from .hostfiles import Secrets
from .shell import run


def ensure(directory, forwarders):
    """Make what is missing, return the lab's Secrets."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    for name, comment in (("id_ed25519", "ansible@lab"), ("host_ed25519", "host@lab")):
        key = directory / name
        if not (key.exists() and key.with_suffix(".pub").exists()):
            key.unlink(missing_ok=True)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key])
    host_public = (directory / "host_ed25519.pub").read_text()
    (directory / "known_hosts").write_text(f"* {host_public}")
    return Secrets((directory / "id_ed25519.pub").read_text(), (directory / "host_ed25519").read_text(),
                   host_public, forwarders)


def control_path(directory):
    """Where ssh keeps its shared connections: beside the keys, or under /tmp if a socket's name would be too long."""
    if len(str(directory)) < 48:    # plus /, 40 digits and a suffix of 17 must stay below 108
        return f"{directory}/%C"
    mark = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    return f"/tmp/mailjail-{mark}-%C"


def forget(directory):
    """Remove a lab's directory with everything in it."""
    shutil.rmtree(directory, ignore_errors=True)
