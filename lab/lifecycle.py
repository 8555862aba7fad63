"""A lab comes up, is looked at, goes away."""

import contextlib
import json
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from . import address, build, containers, hostfiles, inventory, keys, mirror, paths, runtime, slots
from .podman import LABEL, networks, podman
from .podman import containers as podman_containers
from .shell import LabError, locked, run, say


@dataclass(frozen=True)
class Lab:
    """A lab on this machine: its plan and its directory."""

    layout: address.Layout

    @property
    def directory(self):
        """Keys, inventory, ssh configuration."""
        return paths.lab_dir(self.layout.name)

    def save(self):
        """Write inventory, ssh configuration and the plan itself."""
        socket_name = keys.control_path(self.directory)
        write = {"inventory.yml": inventory.inventory_text(self.layout, self.directory, socket_name),
                 "ssh_config": inventory.ssh_config(self.layout, self.directory, socket_name),
                 "lab.json": json.dumps({"name": self.layout.name, "slot": self.layout.slot,
                                         "gateways": self.layout.gateways, "ipv6": self.layout.ipv6}) + "\n"}
        for name, text in write.items():
            (self.directory / name).write_text(text)

    def host(self, name):
        """The host of that short or full name."""
        host = self.layout.host(name)
        if host is None:
            raise LabError(f"lab {self.layout.name} has no host {name}; it has: "
                           f"{', '.join(host.key for host in self.layout.hosts)}")
        return host


def load(name):
    """The lab of that name that `up` made from this checkout."""
    try:
        table = json.loads((paths.lab_dir(address.checked_name(name)) / "lab.json").read_text())
        return Lab(address.plan(table["name"], table["slot"], table["gateways"], table["ipv6"]))
    except FileNotFoundError:
        raise LabError(f"no lab {name} in this checkout; start it with: python3 -m lab up {name}") from None
    except (ValueError, KeyError) as error:
        raise LabError(f"lab {name}: {paths.lab_dir(name)}/lab.json is damaged ({error}); "
                       f"do: python3 -m lab down {name}") from None


def former_gateways(name):
    """The gateways that a lab has, or the one to begin with."""
    with contextlib.suppress(LabError):
        return load(name).layout.gateways
    return ("debian12",)


def up(name, gateways, slot=None, fresh=False):
    """Bring a lab up, reusing what is as planned; return it."""
    with lab_lock(name):
        return raise_lab(name, gateways, slot, fresh)


def lab_lock(name):
    """One process at a time changes a lab."""
    return locked(paths.LOCKS / f"{address.checked_name(name)}.lock",
                  f"lab     {name}: waiting for another process that changes it")


def raise_lab(name, gateways, slot, fresh):
    """`up`, under the lab's lock."""
    began = time.monotonic()
    address.plan(name, slot or 0, gateways)     # refuse the impossible before anything is built
    references = build.ensure(["peer", *(address.kind_of(word)[1] for word in gateways)])
    runtime.raise_inotify()
    runtime.choose(references["peer"])
    lab = claim(name, slot, gateways)
    lab.directory.mkdir(parents=True, exist_ok=True)
    secrets = keys.ensure(lab.directory, lab.layout, slots.resolvers())
    lab.save()
    remove_strays(lab)
    marks = existing(name)
    with ThreadPoolExecutor(max_workers=len(lab.layout.hosts)) as pool:
        jobs = [pool.submit(bring_up, lab, host, references[host.image], secrets, marks.get(host.key),
                            fresh and host.group in address.MANAGED) for host in lab.layout.hosts]
        did = {host.key: job.result() for host, job in zip(lab.layout.hosts, jobs, strict=True)}
    check_names(lab)
    say(f"lab     {name}: up after {time.monotonic() - began:.1f} s in slot {lab.layout.slot} "
        f"({lab.layout.net4('inside')} inside, {lab.layout.net4('outside')} outside, "
        f"{'IPv6 too' if lab.layout.ipv6 else 'no IPv6'}); "
        + ", ".join(f"{key} {what}" for key, what in did.items()))
    return lab


def existing(name):
    """What is there of a lab: {short host name: podman's dictionary}."""
    found = {one["Labels"].get(containers.HOST_LABEL): one for one in podman_containers(name)}
    homes = {one["Labels"].get(containers.HOME_LABEL) for one in found.values()} - {str(paths.ROOT), None}
    if homes:
        say(f"lab     {name}: was started from {', '.join(map(str, homes))}; this checkout takes it over")
    return found


def claim(name, slot, gateways):
    """Choose the slot and make the networks, under the machine's lock."""
    with slots.lock():
        in_use = slots.in_use()
        slot = slots.choose(name, slot, in_use, slots.blocked(in_use))
        layout = address.plan(name, slot, gateways, ipv6_works())
        if in_use.get(slot) != name:
            remove_all(name)    # the same name in another slot
        for side in address.SIDES:
            containers.create_network(layout, side)
    return Lab(layout)


def ipv6_works():
    """Can this machine give containers IPv6? The kernel must have it, and NAT for it."""
    switch = Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    reason = ("the kernel has no IPv6" if not switch.exists() else "it is switched off" if switch.read_text()[0] == "1"
              else "ip6tables has no nat table" if run(["ip6tables", "-t", "nat", "-nL"], check=False).returncode
              else "")
    if reason:
        say(f"network no IPv6 in the lab: {reason}")
    return not reason


def bring_up(lab, host, image, secrets, former, fresh):
    """Reuse or create one host and wait until it answers; say in a word what was done."""
    tar = hostfiles.archive(hostfiles.files(lab.layout, host, secrets))
    mark = containers.fingerprint(containers.create_argv(lab.layout, host, image), tar)
    if former and not fresh and former["Labels"].get(containers.FINGERPRINT) == mark:
        podman("start", lab.layout.container(host), check=False)
        if answers(lab, host):
            return "kept"
        say(f"host    {host.fqdn}: does not answer, so it is made anew")
    hang_up(lab, host)
    containers.create(lab.layout, host, image, tar)
    containers.wait_booted(lab.layout, host)
    if host.group in address.MANAGED:
        containers.check_sandbox(lab.layout, host)
    if not answers(lab, host):
        raise LabError(f"{host.fqdn}: booted, but did not answer {service(host)} within 20 s; look with: "
                       f"python3 -m lab run {lab.layout.name} {host.key} -- journalctl -b")
    return "renewed" if former else "made"


def reboot(lab, host):
    """Restart a host as a machine is restarted, wait until it answers."""
    began = time.monotonic()
    hang_up(lab, host)
    podman("restart", lab.layout.container(host), what=f"{host.fqdn}: podman restart")
    containers.wait_booted(lab.layout, host)
    if not answers(lab, host):
        raise LabError(f"{host.fqdn}: rebooted, but did not answer {service(host)} within 20 s")
    say(f"host    {host.fqdn}: rebooted in {time.monotonic() - began:.1f} s")


def hang_up(lab, host):
    """End the shared ssh connection to a host: one to its former self would make the next ssh wait for ever."""
    run(["ssh", "-F", lab.directory / "ssh_config", "-O", "exit", host.key], check=False)


def service(host):
    """What a host must answer."""
    return "ssh and SMTP" if host.group in ("mailserver", "client") else "ssh"


def answers(lab, host, seconds=20):
    """Does a host answer ssh and, if it has mailboxes, SMTP?"""
    deadline = time.monotonic() + seconds
    ports = (22, 25) if "SMTP" in service(host) else (22,)
    for port in ports:
        while not greets(lab.layout.ssh_address(host), port):
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)
    return run(["ssh", "-F", lab.directory / "ssh_config", host.key, "sudo", "true"], check=False,
               timeout=30).returncode == 0


def greets(ip, port):
    """Does a daemon greet on that port? ssh and SMTP servers both speak first."""
    try:
        with socket.create_connection((ip, port), timeout=3) as connection:
            return bool(connection.recv(4))
    except OSError:
        return False


def check_names(lab):
    """The name server must know the lab and reach the world; without names every mail test is meaningless."""
    server = lab.host("ns")
    for name, kind, expected in ((address.CORP, "MX", "NOERROR"), ("nosuch.example", "A", "NXDOMAIN"),
                                 (mirror.host(), "A", "NOERROR")):
        got = containers.execute(lab.layout, server, "dig", "+noall", "+comments", "+time=3", "+tries=2", "@127.0.0.1",
                                 name, kind, check=False).stdout
        if f"status: {expected}," not in got:
            raise LabError(f"ns.lab.example: expected {expected} for {name} {kind}, got {got.strip() or 'nothing'!r}; "
                           f"look with: python3 -m lab run {lab.layout.name} ns -- journalctl -u named")


def remove_strays(lab):
    """Remove this lab's containers that the plan no longer has."""
    planned = {lab.layout.container(host) for host in lab.layout.hosts}
    containers.remove([one["Names"][0] for one in podman_containers(lab.layout.name) if one["Names"][0] not in planned])


def remove_all(name):
    """Remove a lab's containers and networks."""
    containers.remove([one["Names"][0] for one in podman_containers(name)])
    for net in networks(name):
        podman("network", "rm", "--force", net["name"])


def down(name):
    """Remove exactly what the lab of that name started. Idempotent."""
    with lab_lock(name):
        fell(name)


def fell(name):
    """`down`, under the lab's lock."""
    began = time.monotonic()
    directory = paths.lab_dir(name)
    if (directory / "ssh_config").exists() and (directory / "lab.json").exists():
        with contextlib.suppress(LabError):
            lab = load(name)
            for host in lab.layout.hosts:
                hang_up(lab, host)
    remove_all(name)
    keys.forget(directory)
    say(f"lab     {name}: down after {time.monotonic() - began:.1f} s")


def status(name=None):
    """Lines that tell what runs: lab, slot, host, image, state."""
    slot_of = {lab: slot for slot, lab in slots.in_use().items()}
    lines = []
    for one in sorted(podman_containers(name), key=lambda one: one["Names"][0]):
        lab, key = one["Labels"][LABEL], one["Labels"].get(containers.HOST_LABEL, "?")
        image = one["Image"].split("/")[-1]
        lines.append(f"{lab:<10} slot {slot_of.get(lab, '-')}  {key:<16} {image:<24} {one['Status']}")
    return lines
