"""Which slot (pair of /27 networks) a lab gets, on a machine where several labs and other networks live."""

import contextlib
import ipaddress
import json
import socket
from pathlib import Path

from . import mirror
from .address import SIDES, SLOTS, Layout
from .podman import LABEL, networks, podman
from .shell import LabError, locked, run

LOCK = Path("/run/lock/mailjail-lab.lock")      # one for the machine: checkouts share its networks
RESOLV = (Path("/etc/resolv.conf"), Path("/run/systemd/resolve/resolv.conf"))


def lock():
    """Hold the machine's lab lock, so that two labs that come up together choose different slots."""
    return locked(LOCK, "network waiting for another lab that is choosing its networks")


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
            for other, owner in () if slot in slots_in_use else [*routes(), *foreign_networks()]:
                if net.overlaps(other):
                    reasons[slot] = f"{net} is in use on this machine ({other}, {owner})"
    return reasons


def neighbours():
    """Addresses that must stay reachable: the package mirror and the resolvers."""
    name = mirror.host()
    with contextlib.suppress(OSError):
        for ip in {info[4][0] for info in socket.getaddrinfo(name, 80, socket.AF_INET)}:
            yield ip, f"the package mirror {name}"
    for ip in resolvers():
        if ":" not in ip:
            yield ip, "this machine's name server"


def routes():
    """IPv4 routes of this machine as (network, whose)."""
    for route in json.loads(run(["ip", "-json", "-4", "route", "show"]).stdout or "[]"):
        if route["dst"] != "default":
            yield ipaddress.ip_network(route["dst"], strict=False), f"device {route.get('dev', '?')}"


def foreign_networks():
    """IPv4 subnets of podman networks that are no lab's, as (network, whose)."""
    for net in json.loads(podman("network", "ls", "--format", "json").stdout or "[]"):
        for subnet in net.get("subnets", []) if LABEL not in net.get("labels", {}) else []:
            if ":" not in subnet["subnet"]:
                yield ipaddress.ip_network(subnet["subnet"]), f"podman network {net['name']}"


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
