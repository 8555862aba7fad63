"""Which slot (pair of /27 networks) a lab gets, on a machine where several labs and other networks live."""

import contextlib
import fcntl
import ipaddress
import json
import socket
from pathlib import Path

from . import recipe
from .address import SIDES, SLOTS, Layout
from .podman import networks
from .shell import LabError, run

LOCK = Path("/run/lock/mailjail-lab.lock")      # one for the machine: checkouts share its networks
RESOLV = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


@contextlib.contextmanager
def lock():
    """Hold the machine's lab lock, so that two labs that come up together choose different slots."""
    with LOCK.open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def choose(name, wanted, in_use, blocked):
    """The slot for a lab. `in_use` maps slots to lab names, `blocked` maps slots to reasons. Pure."""
    mine = next((slot for slot, lab in in_use.items() if lab == name), None)
    if wanted is None and mine is not None:
        return mine
    order = [wanted] if wanted is not None else [0, *SLOTS[1:]] if name == "demo" else [*SLOTS[1:], 0]
    for slot in order:
        if in_use.get(slot, name) == name and slot not in blocked:
            return slot
    if wanted is not None:
        why = blocked.get(wanted) or f"lab {in_use[wanted]} holds it (`python3 -m lab down {in_use[wanted]}` frees it)"
        raise LabError(f"slot {wanted}: {why}; leave --slot out to get a free one")
    raise LabError(f"no free slot for lab {name}: taken by {', '.join(sorted(set(in_use.values())))}"
                   + (f"; not usable: {blocked}" if blocked else "") + ". Take one down")


def in_use():
    """Slots that labs hold, by their networks."""
    return {int(net["labels"]["mailjail.slot"]): net["labels"]["mailjail.lab"]
            for net in networks() if "mailjail.slot" in net.get("labels", {})}


def blocked(slots_in_use):
    """Slots whose networks would hide something that this machine needs: {slot: reason}."""
    reasons = {}
    for slot in SLOTS:
        layout = Layout("", slot, ("any",))
        for side in SIDES:
            net = layout.net4(side)
            for ip, what in neighbours():
                if ipaddress.ip_address(ip) in net:
                    reasons[slot] = f"{net} would hide {what} ({ip})"
            for route, device in () if slot in slots_in_use else routes():
                if route.prefixlen and net.overlaps(route):
                    reasons[slot] = f"{net} is in use on this machine ({route} on {device})"
    return reasons


def neighbours():
    """Addresses that must stay reachable: the package mirror and the resolvers."""
    mirror = recipe.MIRROR.split("//")[1]
    with contextlib.suppress(OSError):
        for ip in {info[4][0] for info in socket.getaddrinfo(mirror, 80, socket.AF_INET)}:
            yield ip, f"the package mirror {mirror}"
    for ip in resolvers():
        if ":" not in ip:
            yield ip, "this machine's name server"


def routes():
    """IPv4 routes of this machine as (network, device)."""
    for route in json.loads(run(["ip", "-json", "-4", "route", "show"]).stdout or "[]"):
        if route["dst"] != "default":
            yield ipaddress.ip_network(route["dst"], strict=False), route.get("dev", "?")


def resolvers():
    """Name servers that containers can reach, from resolv.conf; a stub on loopback leads to what is behind it."""
    for path in RESOLV:
        lines = path.read_text().splitlines() if path.exists() else []
        ips = [line.split()[1].split("%")[0] for line in lines if line.startswith("nameserver ")]
        ips = [ip for ip in ips if not ipaddress.ip_address(ip).is_loopback]
        if ips:
            return tuple(ips)
    raise LabError(f"no name server outside loopback in {' or '.join(map(str, RESOLV))}; "
                   "the lab forwards to one, so that its hosts can reach the package mirror. Name one there")
