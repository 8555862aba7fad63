"""What the daemon's process can and can not do, tried from inside: a program runs in its unit in place of sendmail, with its user, mounts, calls and rights."""

import json
import re
from pathlib import Path

import pytest

PROGRAM = (Path(__file__).with_name("inside.py")).read_text()
PYTHON, SCRIPT, UNIT, RESULT = "/usr/lib/mailjail-probe", "/usr/lib/mailjail-probe.py", "mailjail-probe.service", "/var/tmp/mailjail-probe.json"
# What sendmail's unit has and a program that ends by itself does not want.
DROPPED = ("ExecStart", "ExecReload", "Restart", "RestartSec", "Type", "WantedBy", "RuntimeDirectory")
REFUSED = {"EPERM", "EACCES", "EROFS", "ENOSYS", "EAFNOSUPPORT", "ENOENT", "ENXIO"}


def probe_unit(text, queue):
    """The text of the daemon's unit with our program in place of its own."""
    runtime = re.search(r"^RuntimeDirectory=(\S+)", text, re.M).group(1)
    kept = [line for line in text.replace(f"/run/{runtime}", "/run/mailjail-probe").splitlines() if line.partition("=")[0] not in DROPPED]
    own = ["[Service]", "Type=oneshot", "RuntimeDirectory=mailjail-probe", f"ExecStart={PYTHON} -I {SCRIPT} {queue}", f"StandardOutput=truncate:{RESULT}",
           "Environment=PYTHONHOME=/usr"]
    return "\n".join(["\n".join(kept), *own]) + "\n"


def tried(gateway, unit, queue):
    """Run the program in the sandbox of a unit; return what it says."""
    text = gateway.out(f"cat /etc/systemd/system/{unit}")
    files = f"{PYTHON} {SCRIPT} /etc/systemd/system/{UNIT} {RESULT}"
    try:
        gateway.out(f"cp -L \"$(command -v python3)\" {PYTHON}; chmod 755 {PYTHON}; cat > {SCRIPT}", stdin=PROGRAM)
        gateway.out(f"cat > /etc/systemd/system/{UNIT}; systemctl daemon-reload", stdin=probe_unit(text, queue))
        done = gateway.run(f"systemctl start {UNIT}")
        assert done.returncode == 0, gateway.run(f"journalctl -n 30 --no-pager -u {UNIT}").stdout
        return json.loads(gateway.out(f"cat {RESULT}"))
    finally:
        gateway.run(f"rm -f {files}; systemctl daemon-reload; systemctl reset-failed {UNIT}")


@pytest.fixture(scope="module", name="daemon")
def daemon_(gateway):
    """What came of it in the daemon's sandbox."""
    return tried(gateway, gateway.family.mta_unit, gateway.family.queue)


@pytest.fixture(scope="module", name="runner")
def runner_(gateway):
    """The same in that of the submission queue's runner."""
    return tried(gateway, gateway.family.client_unit, gateway.family.client_queue)


def allowed(report):
    """What was not refused, of what came of everything that was tried."""
    return {name for name, outcome in report.items() if isinstance(outcome, str) and outcome not in REFUSED and not outcome.startswith("no way")}


# What mail needs; if these failed as well, the rest would prove nothing.
NEEDED = {"tcp socket", "unix socket", "write /tmp"}
MAY = {
    # Root may send signals to root's processes, the first one among them, also without any capability (docs/service.md).
    "jailed": {"run /bin/true", "run itself", "port below 1024", "chroot", "become another user", "become root", "raise a limit", "signal process 1"},
    "unprivileged": {"run itself", "port below 1024"},
    "runner": {"run itself"},
}
# Not secret, and no way to change anything.
HARMLESS = {"write /dev/shm"}


def test_the_daemon_can_do_what_mail_needs_and_nothing_else(gateway, world, daemon):
    expected = NEEDED | MAY[world.kind] | {f"write {gateway.family.queue}"}
    found = allowed(daemon)
    assert NEEDED | {f"write {gateway.family.queue}", "port below 1024", "run itself"} <= found
    assert found - expected - HARMLESS == set(), {name: daemon[name] for name in found - expected}


def test_the_queue_runner_can_do_even_less(gateway, runner):
    queue = gateway.family.client_queue
    found = allowed(runner)
    assert NEEDED | {f"write {queue}", "run itself"} <= found
    assert found - NEEDED - MAY["runner"] - HARMLESS - {f"write {queue}"} == set(), {name: runner[name] for name in found}


def test_it_sees_no_process_of_others_and_not_the_first_one(world, daemon, runner):
    """The kernel hides processes from everybody but the group root (hidepid), so from a root daemon it hides none; it may not look into them either way."""
    for report in [runner] + ([daemon] if world.kind == "unprivileged" else []):
        assert report["processes"] == {"first": False, "others": []}
    assert daemon["read /proc/1/environ"] in REFUSED and daemon["trace a process"] in REFUSED


def test_it_sees_no_home(daemon, runner):
    assert daemon["homes"] == runner["homes"] == []


@pytest.mark.parametrize("name", ["load a module", "load a module from a file", "kexec", "raw socket", "packet socket", "netlink socket", "trace a process",
                                  "mount",
                                  "new namespace", "clock", "reboot", "bpf", "perf", "keyring", "file by handle", "io_uring",
                                  "writable and executable memory", "real time",
                                  "set-user-ID file", "device file", "run own program, queue", "run own program, /tmp", "write /usr", "write /home"])
def test_refused_by_name(daemon, runner, name):
    """Each was tried, and none is missing because of a slip in the table above."""
    assert daemon[name] in REFUSED and runner[name] in REFUSED


def test_the_probe_had_the_daemon_s_own_rights(gateway, daemon):
    """What the kernel says of the probe and of the running daemon is the same."""
    own = dict(line.split(":\t", 1) for line in gateway.out(f"cat /proc/{gateway.pid}/status").splitlines() if ":\t" in line)
    for key in ("Uid", "Gid", "CapEff", "CapBnd", "CapInh", "NoNewPrivs", "Seccomp"):
        assert daemon["status"][key].split() == own[key].split(), key


@pytest.mark.parametrize("kind", ["mta_unit", "client_unit"])
def test_exposure(gateway, world, kind):
    """The text of the unit as systemd itself judges it; what it is worth is shown above."""
    unit, most = getattr(gateway.family, kind), 3.0 if world.kind == "jailed" and kind == "mta_unit" else 2.0
    text = gateway.out(f"systemd-analyze security --no-pager {unit}")
    assert float(re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", text).group(1)) <= most, text


def test_nothing_of_the_probe_is_left(gateway, daemon, runner):
    assert gateway.out(f"ls {PYTHON} {SCRIPT} {RESULT} /etc/systemd/system/{UNIT} 2>/dev/null || true") == ""
    assert gateway.out(f"find {gateway.family.queue} {gateway.family.client_queue} /tmp -name 'mailjail-tried*'") == ""
