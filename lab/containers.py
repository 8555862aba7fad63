"""A host as a container: the command that creates it, the mark by which it is known again, its life."""

import hashlib
import json

from . import address, paths
from .podman import LABEL, networks, podman
from .runtime import BOOTED, REAL_SANDBOX, SANDBOX_PROBE
from .shell import LabError, last_words

FINGERPRINT = "mailjail.fingerprint"
HOST_LABEL = "mailjail.host"
HOME_LABEL = "mailjail.checkout"
TIMEOUT = 124   # exit code of timeout(1)
CAPS = {**dict.fromkeys(address.MANAGED, REAL_SANDBOX), "client": ("--cap-add", "NET_ADMIN,NET_RAW")}


def create_argv(layout, host, image):
    """Words after `podman create`, without labels that depend on the files."""
    words = ["--name", layout.container(host), "--hostname", host.fqdn, "--systemd=always", "--no-hosts", "--dns=none",
             "--label", f"{LABEL}={layout.name}", "--label", f"{HOST_LABEL}={host.key}",
             "--stop-timeout", "10", *CAPS.get(host.group, ())]
    if layout.ipv6:     # addresses are usable at once: a daemon that binds one at boot must not fail
        words += ["--sysctl", "net.ipv6.conf.default.accept_dad=0", "--sysctl", "net.ipv6.conf.default.accept_ra=0"]
    for side in host.sides:
        ips = ",".join(f"ip={ip}" for ip in layout.addresses(side, host.number))
        place = f"{ips},mac={layout.mac(side, host.number)},interface_name={side}"
        words += ["--network", f"{layout.network(side)}:{place}"]
    return [*words, image, "/sbin/init"]


def fingerprint(argv, tar):
    """Changes when the container would be created otherwise."""
    return hashlib.sha256(json.dumps(argv).encode() + tar).hexdigest()[:16]


def network_argv(layout, side):
    """Words after `podman network create`."""
    words = ["--disable-dns", "--opt", "isolate=true", "--subnet", str(layout.net4(side)), "--gateway",
             layout.addr4(side, address.PODMAN_HOST), "--label", f"{LABEL}={layout.name}",
             "--label", f"mailjail.slot={layout.slot}"]
    if layout.ipv6:
        words += ["--ipv6", "--subnet", str(layout.net6(side)),
                  "--gateway", layout.addr6(side, address.PODMAN_HOST)]
    return [*words, "--label", f"{FINGERPRINT}={fingerprint(words, b'')}", layout.network(side)]


def create_network(layout, side):
    """Make sure that a side's network exists as planned; whatever hangs on another one of that name goes."""
    argv = network_argv(layout, side)
    here = next((net for net in networks() if net["name"] == layout.network(side)), None)
    if here and f"{FINGERPRINT}={here.get('labels', {}).get(FINGERPRINT)}" in argv:
        return
    if podman("network", "exists", layout.network(side), check=False).returncode == 0:
        podman("network", "rm", "--force", layout.network(side))
    podman("network", "create", *argv, what=f"network {layout.network(side)}")


def create(layout, host, image, tar):
    """Create and start a host's container, in the place of any of that name."""
    argv = create_argv(layout, host, image)
    name = layout.container(host)
    mark = ("--label", f"{FINGERPRINT}={fingerprint(argv, tar)}", "--label", f"{HOME_LABEL}={paths.ROOT}")
    podman("create", "--replace", *mark, *argv, what=f"{host.fqdn}: podman create")
    podman("cp", "--archive=false", "-", f"{name}:/", stdin=tar, what=f"{host.fqdn}: podman cp")
    podman("start", name, what=f"{host.fqdn}: podman start")


def remove(names):
    """Remove containers by name, running or not, there or not."""
    if names:
        podman("rm", "--force", "--ignore", "--time", "0", *names)


def execute(layout, host, *argv, **options):
    """Run a command in a host."""
    options.setdefault("what", f"{host.fqdn}: {' '.join(argv[:3])}")
    return podman("exec", *(["--interactive"] if "stdin" in options else []), layout.container(host), *argv, **options)


def wait_booted(layout, host, seconds=60):
    """Wait until systemd has started everything; units that failed are named in the error."""
    booted = execute(layout, host, "timeout", str(seconds), "sh", "-c", BOOTED, check=False, timeout=seconds + 30)
    state = booted.stdout.strip()
    if state == "running":
        return
    if state == "degraded":
        failed = execute(layout, host, "systemctl", "--failed", "--plain", "--no-legend", check=False).stdout
        raise LabError(f"{host.fqdn}: expected all units to start, but these failed: "
                       f"{' '.join(line.split()[0] for line in failed.splitlines())}; "
                       f"look with: podman exec {layout.container(host)} journalctl -b")
    if booted.returncode == TIMEOUT:
        now = execute(layout, host, "systemctl", "is-system-running", check=False).stdout.strip()
        raise LabError(f"{host.fqdn}: systemd did not finish booting in {seconds} s (state: {now or 'none'})")
    last = last_words(podman("logs", "--tail", "3", layout.container(host), check=False), 3)
    raise LabError(f"{host.fqdn}: the container stopped while it booted ({last_words(booted, 1)}); it said: {last}")


def check_sandbox(layout, host):
    """A unit's ProtectSystem=strict must really make /etc read-only; containers like to ignore it silently."""
    probe = execute(layout, host, *SANDBOX_PROBE, check=False)
    if probe.stdout.strip() != "readonly":
        raise LabError(f"{host.fqdn}: expected ProtectSystem=strict to make /etc read-only, got "
                       f"{probe.stdout.strip() or probe.stderr.strip()!r}; a service's sandbox would be a sham here. "
                       "Allow CAP_SYS_ADMIN and mount() to containers on this machine")
