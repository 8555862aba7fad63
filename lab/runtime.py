"""Which container runtime works on this machine, found out by trying; the answer is the lab's containers.conf.

An ordinary host needs nothing: podman's own choice of runtime and limits. Inside small virtual machines and CI
runners crun may fail where runc does not, or may not be allowed to raise limits. So: try, plainest first.
"""

import os
import resource
import shutil
from dataclasses import dataclass
from pathlib import Path

from . import paths
from .podman import podman
from .shell import LabError, last_words, say, warn

INOTIFY = Path("/proc/sys/fs/inotify/max_user_instances")
INOTIFY_NEEDED = 2048
HYBRID = Path("/sys/fs/cgroup/unified")
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
REAL_SANDBOX = ("--cap-add", "SYS_ADMIN,SYS_PTRACE,NET_ADMIN", "--security-opt", "seccomp=unconfined",
                "--security-opt", "apparmor=unconfined")
BOOTED = """
until systemctl is-system-running --wait 2>/dev/null | grep -Eqx 'running|degraded'; do sleep 0.1; done
systemctl is-system-running
"""
SANDBOX_PROBE = ("systemd-run", "--quiet", "--wait", "--pipe", "-p", "ProtectSystem=strict",
                 "sh", "-c", "touch /etc/.lab-probe && echo writable || echo readonly")


@dataclass(frozen=True)
class Choice:
    """One way to run containers."""

    runtime: str = ""       # empty: podman's own choice
    limits: tuple = ()      # ulimits for containers; empty: podman's own

    def conf(self):
        """Text of containers.conf."""
        lines = ["[containers]"]
        if self.limits:
            lines.append(f"default_ulimits = [{', '.join(repr(limit) for limit in self.limits)}]".replace("'", '"'))
        lines += ["[engine]"] + ([f'runtime = "{self.runtime}"'] if self.runtime else [])
        return "\n".join([*lines, "[network]", 'network_backend = "netavark"', ""])

    def __str__(self):
        """Words for the person at the terminal."""
        return " with ".join(filter(None, [self.runtime or "podman's own runtime",
                                           f"ulimits {' '.join(self.limits)}" if self.limits else ""]))


def candidates():
    """Ways to try, plainest first."""
    limits = own_limits()
    runtimes = ["", *(name for name in ("crun", "runc") if shutil.which(name))]
    if HYBRID.exists() and "runc" in runtimes:
        # crun serves these only while no controller is of version 2, which changes with each container that ends.
        runtimes.sort(key=lambda name: name != "runc")
    return [Choice(runtime, cap) for runtime in runtimes for cap in ((), limits)]


def own_limits():
    """Limits within what this process has itself."""
    def limit(kind, most):
        hard = resource.getrlimit(kind)[1]
        value = most if hard == resource.RLIM_INFINITY else min(most, hard)
        return f"{value}:{value}"
    return (f"nofile={limit(resource.RLIMIT_NOFILE, 20000)}", f"nproc={limit(resource.RLIMIT_NPROC, 8000)}")


def choose(image):
    """Write the lab's containers.conf, by trials with that image, unless this boot already has one."""
    stamp = f"# chosen at boot {BOOT_ID.read_text().strip()} with {podman_version()}: "
    conf = paths.CONTAINERS_CONF
    if conf.exists() and conf.read_text().startswith(stamp):
        return
    reasons = []
    for choice in candidates():
        trial = conf.with_suffix(f".trial-{os.getpid()}")
        trial.write_text(choice.conf())
        refusal = refused(image, trial)
        trial.unlink()
        if refusal is None:
            because = f", because {reasons[0]}" if reasons else ""
            write(conf, f"{stamp}{choice}{because}\n{choice.conf()}")
            needed = f" (this machine needs it; what was tried: {conf})" if reasons else ""
            say(f"podman  runs containers by {choice}{needed}")
            return
        reasons.append(f"{choice} refused: {refusal.removeprefix('Error: ')}")
    raise LabError("podman cannot boot a container with a working systemd on this machine. Tried: " + "; ".join(reasons)
                   + ". Run as root, on a machine that allows CAP_SYS_ADMIN to containers")


def raise_inotify():
    """Each systemd takes about five inotify instances of root's; the kernel's default of 128 is soon gone."""
    try:
        have = int(INOTIFY.read_text())
        if have < INOTIFY_NEEDED:
            INOTIFY.write_text(str(INOTIFY_NEEDED))
            say(f"kernel  fs.inotify.max_user_instances raised from {have} to {INOTIFY_NEEDED} until the next boot: "
                "each container's systemd needs some")
    except OSError as error:
        warn(f"lab: {INOTIFY} stays low ({error}); if hosts do not boot, set it to {INOTIFY_NEEDED} on this machine")


def prepare():
    """Check who calls; a containers.conf to begin with, for commands that start no container."""
    if os.geteuid():
        raise LabError("the lab makes networks and system containers; run it as root")
    paths.WORK.mkdir(exist_ok=True)
    if not paths.CONTAINERS_CONF.exists():
        write(paths.CONTAINERS_CONF, Choice().conf())


def write(path, text):
    """Replace a file whole: another process's podman may be reading it."""
    fresh = path.with_suffix(f".new-{os.getpid()}")
    fresh.write_text(text)
    fresh.rename(path)


def podman_version():
    """One line that changes with podman and its runtimes."""
    return podman("--version").stdout.strip()


def refused(image, conf):
    """None if under that configuration a container boots and sandboxes its services, else the reason."""
    name = f"mailjail-trial-{os.getpid()}"
    try:
        started = podman("run", "--detach", "--rm", "--replace", "--name", name, "--network", "none",
                         "--systemd=always", *REAL_SANDBOX, image, "/sbin/init", conf=conf, check=False)
        if started.returncode:
            return last_words(started, 1)
        booted = podman("exec", name, "timeout", "30", "sh", "-c", BOOTED, conf=conf, check=False)
        if not booted.stdout.strip():
            return f"systemd did not boot in 30 s: {last_words(booted, 1)}"
        probe = podman("exec", name, *SANDBOX_PROBE, conf=conf, check=False)
        real = probe.stdout.strip() == "readonly"
        return None if real else f"ProtectSystem=strict has no effect: {last_words(probe)}"
    finally:
        podman("rm", "--force", "--ignore", "--time", "0", name, conf=conf, check=False)
