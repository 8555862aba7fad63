"""The sandbox as the kernel sees it, not as the unit says it."""

import re

import pytest

CAPABILITIES = {"setgid": 6, "setuid": 7, "net_bind_service": 10, "sys_chroot": 18}
MAY = {"jailed": {"setgid", "setuid", "net_bind_service", "sys_chroot"}, "unprivileged": {"net_bind_service"}}
EXPOSURE = {"jailed": 3.0, "unprivileged": 2.0}
KEY = "/etc/mail/tls/mailjail/server.pem"


def seen(gateway, path):
    """A path as the daemon sees it, through its own mounts; nothing has to be started in there, which would not be let."""
    return f"/proc/{gateway.pid}/root{path}"


@pytest.fixture(scope="module", name="status")
def status_(gateway):
    """/proc/PID/status of the daemon."""
    text = gateway.out(f"cat /proc/{gateway.pid}/status")
    return dict(line.split(":\t", 1) for line in text.splitlines())


def test_capabilities(world, status):
    wanted = sum(1 << CAPABILITIES[name] for name in MAY[world.kind])
    for which in ("CapEff", "CapBnd"):
        assert int(status[which], 16) == wanted, which


def test_no_new_privileges_and_system_calls_are_filtered(status):
    assert status["NoNewPrivs"].strip() == "1"
    assert status["Seccomp"].strip() == "2"


def test_user(world, gateway, status):
    user = "mailgw" if world.kind == "unprivileged" else "root"
    uid = gateway.out(f"id -u {user}").strip()
    assert status["Uid"].split() == [uid] * 4


@pytest.mark.only("unprivileged")
def test_never_root_from_the_first_instruction_on(gateway):
    shown = gateway.show(gateway.family.mta_unit, "User", "Group", "ExecStart", "ExecStartPre", "AmbientCapabilities")
    assert (shown["User"], shown["Group"]) == ("mailgw", "mailgw")
    unit = gateway.out(f"systemctl cat {gateway.family.mta_unit}")
    assert not re.search(r"^ExecStart(Pre|Post)?=[-@:]*[+!]", unit, re.M)
    assert shown["AmbientCapabilities"] == "cap_net_bind_service"


@pytest.mark.only("unprivileged")
def test_the_daemon_s_user_is_nobody_else(gateway):
    entry = gateway.out("getent passwd mailgw").strip().split(":")
    assert entry[6] == "/usr/sbin/nologin"
    assert gateway.out("id -Gn mailgw").split() == ["mailgw"]
    found = gateway.out("find / -xdev -user mailgw ! -path '/proc/*' ! -path '/var/spool/mqueue/*' ! -path /var/spool/mqueue ! -path '/run/*'").split()
    # sendmail takes a key from the one as whom it runs; /etc is closed to it (below).
    assert found == [KEY] and gateway.out(f"stat -c %a {KEY}").strip() == "600"


@pytest.mark.parametrize("path", ["/etc/x", "/usr/x", "/etc/mail/x", "/var/lib/x", "{client_queue}/x", "/root/x", "/home/x", "/run/x"])
def test_can_not_write(gateway, path):
    path = path.format(client_queue=gateway.family.client_queue)
    done = gateway.run(f"touch {seen(gateway, path)}")
    assert done.returncode != 0 and "Read-only file system" in done.stderr, done
    assert gateway.run(f"test -e {path}").returncode != 0


def test_can_write_its_queue(gateway):
    """Otherwise the test above could pass for a wrong reason."""
    assert gateway.run("touch {0} && rm {0}".format(seen(gateway, f"{gateway.family.queue}/x"))).returncode == 0


@pytest.mark.parametrize("path", ["/etc/shadow", "/etc/ssh/ssh_host_ed25519_key"])
def test_can_not_read_secrets(gateway, path):
    assert gateway.run(f"test -s {path}").returncode == 0
    assert gateway.run(f"cat {seen(gateway, path)}").stdout == ""


def test_tmp_is_its_own(gateway):
    gateway.out("touch /tmp/lab-probe")
    assert gateway.run(f"test -e {seen(gateway, '/tmp/lab-probe')}").returncode != 0


def test_devices_are_few(gateway):
    found = gateway.out(f"find {seen(gateway, '/dev/')} -type b").split()
    assert found == []


def test_exposure(world, gateway):
    unit = gateway.family.mta_unit
    text = gateway.out(f"systemd-analyze security --no-pager {unit}")
    score = float(re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", text).group(1))
    assert score <= EXPOSURE[world.kind], text


def test_what_calls_sendmail_is_not_hampered(gateway):
    """The submission program is set-group-ID, so it must not run under NoNewPrivileges; ordinary users must still be able to send."""
    assert gateway.out("stat -L -c '%a %U:%G' /usr/sbin/sendmail").strip() == gateway.family.command_rights


def test_homes_are_hidden(gateway):
    assert gateway.out("ls -A /home/ansible") != ""
    assert gateway.out(f"ls -A {seen(gateway, '/home')} {seen(gateway, '/root')} | grep -v : || true").split() == []
