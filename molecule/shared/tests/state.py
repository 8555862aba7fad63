"""The state of a gateway that the playbook is answerable for, and what a run did to it."""

# Everything under /etc, and the trees elsewhere that a role made; a family may have more.
TREES = ("/etc", "/var/mailjail", "/var/lib/mailjail")
# A run that changes something keeps the former state as a generation and notes what it proved: that is no part of the state.
BOOKKEEPING = ("/var/lib/mailjail/generations", "/var/lib/mailjail/state", "/var/lib/mailjail/journal")
# What a file here holds is mail: the playbook answers for its owner and mode, not for its content.
MAIL = "/var/mailjail/"
UNITS = "/etc/systemd/system/"
# systemd notes here at a boot that packages were changed before it.
SYSTEM_PATHS = ("/etc/.updated",)


def state(gateway):
    """Every path, with kind, owner, mode and content; what the daemon's process is; what is enabled."""
    family = gateway.family
    files = gateway.snapshot(*TREES, *family.state_trees)
    kept = {path: _what_counts(path, entry) for path, entry in files.items() if entry and not path.startswith(BOOKKEEPING)}
    queue = gateway.run(f"stat -c '%a %U:%G' {family.queue} {family.client_queue}").stdout.splitlines()
    units = " ".join(family.units)
    units = gateway.run(f"systemctl is-enabled {units}; systemctl is-active {units}").stdout
    return {"files": kept, "queue": queue, "units": units.split()}


def _what_counts(path, entry):
    """A snapshot's entry; of a file with mail in it, all but the content's hash; of a wanted unit its name, which is all that systemd goes by."""
    if path.startswith(MAIL) and entry.startswith("file "):
        return entry.rpartition(" ")[0]
    if path.startswith(UNITS) and ".wants/" in path and entry.startswith("link "):
        return "link " + entry.rpartition("/")[2]
    return entry


def difference(before, after):
    """What differs between two states, as {path: (before, after)}."""
    found = {path: (before["files"].get(path), after["files"].get(path))
             for path in before["files"].keys() | after["files"].keys() if before["files"].get(path) != after["files"].get(path)}
    found.update({key: (before[key], after[key]) for key in ("queue", "units") if before[key] != after[key]})
    return found


def managed(gateway, found):
    """What is left of a difference when the vendor's own files are taken out."""
    return {path: pair for path, pair in found.items() if not path.startswith((*gateway.family.vendor_paths, *SYSTEM_PATHS))}


GREETING = "import socket; print(socket.create_connection(('127.0.0.1', 25), 10).recv(99).decode())"


def answers(gateway):
    """Does the daemon greet?"""
    return gateway.run(f'python3 -c "{GREETING}"').stdout.startswith("220 ")
