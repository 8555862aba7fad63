"""The end: one gateway goes and leaves the host as it was, the other makes room for another mail system. Last of all, for no gateway is left."""

import json

import pytest
from queues import closed, mailq, remove, send, wait_for
from state import difference, state

# What the distribution itself leaves behind when its own packages are installed and removed, and what every change of packages leaves.
LEFT = {
    # perl came with the packages on Debian 13, and apt takes nothing away that another package suggests.
    "debian": ("/etc/aliases", "/etc/perl", "/etc/hosts.allow", "/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/etc/subuid", "/etc/subgid",
               "/etc/.pwd.lock", "/etc/ld.so.cache", "/etc/alternatives", "/etc/rc",
               "/var/lib/dpkg", "/var/lib/apt", "/var/cache", "/var/mail", "/var/spool", "/var/backups"),
    "redhat": ("/etc/aliases.db", "/etc/group", "/etc/gshadow", "/etc/passwd", "/etc/shadow", "/etc/subuid", "/etc/subgid", "/etc/.pwd.lock",
               "/etc/ld.so.cache", "/etc/alternatives", "/var/lib/rpm", "/var/lib/dnf", "/var/lib/alternatives", "/var/cache", "/var/spool", "/var/mail"),
}
# Its tools compile both files after the installation, so rpm takes them for changed and keeps them.
LEFT["suse"] = (*LEFT["redhat"], "/etc/sendmail.cf.rpmsave", "/etc/mail/submit.cf.rpmsave", "/var/adm/update-scripts", "/var/lib/zypp")
# What systemd makes for units that run, whoever they belong to.
SYSTEMD = ("/var/tmp/systemd-private",)
# A directory that the stand-in of a package or zypper made, or in which something lies that may.
EMPTY = ("/etc/sysconfig", "/etc/mail", "/etc/permissions.d", "/etc/postfix", "/var/adm")
# Kept on purpose: receipts of mail that waited.
KEPT = ("/var/lib/mailjail", "/var/lib/mailjail/receipts")


def traces(world, gateway):
    """Paths that are other than before the first run, without those of the distribution."""
    before = json.loads((world.work / f"bare-{gateway.name}.json").read_text())["files"]
    after = gateway.snapshot()
    found = {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
    return {path: pair for path, pair in found.items()
            if path not in EMPTY and not any(path == place or path.startswith((place + "/", place + "-")) for place in LEFT[gateway.family.name] + SYSTEMD)}


def prepared(world, gateway, client):
    """One message waits, and nothing that former tests left; return its token."""
    archive = "/var/mailjail/var/spool/mail/archive"
    gateway.out(f"rm -rf /var/lib/mailjail/receipts; [ ! -e {archive} ] || truncate -s 0 {archive}")
    token = send(client, gateway, "someone@stranger.example", ["bob@corp.example"])[0]
    assert wait_for(lambda: mailq(gateway) == 1)
    return token


def is_gone(gateway):
    """Nothing of sendmail is left but what was kept on purpose."""
    assert not gateway.run("pgrep -x 'sendmail|sendmail-mta'").stdout
    left = [path for path in gateway.out("find / -xdev \\( -path /proc -o -path /sys \\) -prune -o -name '*mailjail*' -print").split() if path not in KEPT]
    assert left == []
    assert not (set(gateway.family.packages) - {"m4"}) & set(gateway.out(gateway.family.list_packages).split())
    assert not gateway.run(f"systemctl cat {gateway.family.mta_unit}").stdout


def test_the_host_is_as_it_was(world, client, mail):
    """The mail that waits is kept, and everything else is gone; a second run finds nothing to do.

    On Debian, what came with the packages goes too; on the other hosts it stays, as by default.
    """
    gateway = world.gateways[0]
    wanted = {"sendmail_remove_remaining": "receipt", "sendmail_remove_dependencies": gateway.family.name == "debian"}
    # What stands around the daemon and needs no packages: it has to be out of force as well.
    world.converge("--limit", gateway.name, values={"sendmail_metrics": {"enabled": True, "directory": "/srv/texts"}})
    assert gateway.out("ls /srv/texts").strip() == "sendmail.prom"
    with closed(mail):
        token = prepared(world, gateway, client)
        before = state(gateway)
        predicted = remove(world, gateway, "--check", **wanted)
        assert predicted.status == 0 and difference(before, state(gateway)) == {}, predicted
        done = remove(world, gateway, **wanted)
        assert done.status == 0, done
    is_gone(gateway)
    if wanted["sendmail_remove_dependencies"]:
        assert not {"procmail", "lockfile-progs", "m4"} & set(gateway.out(gateway.family.list_packages).split())
    assert not gateway.run("ss -Hltn sport = :25").stdout
    assert gateway.out("ls /srv/texts; systemctl list-units --all --plain --no-legend 'mailjail*'").strip() == ""
    gateway.out("rmdir /srv/texts")
    kept = traces(world, gateway)
    assert {path for path in kept if not path.startswith(KEPT)} == set(), kept
    assert token in gateway.out("cat /var/lib/mailjail/receipts/*.d/df*")

    again = remove(world, gateway, **wanted)
    assert again.status == 0 and again.changed(gateway) == [], again


@pytest.mark.never("unprivileged")
def test_another_mail_system_takes_its_place(world, client, mail):
    """The stand-in of Postfix on hosts of Red Hat's family takes no mail, so there it is kept."""
    gateway = world.gateways[1]
    remaining = "hand_over" if gateway.family.name == "debian" else "receipt"
    with closed(mail):
        token = prepared(world, gateway, client)
        done = remove(world, gateway, sendmail_remove_remaining=remaining, sendmail_remove_successor="postfix")
        assert done.status == 0, done
    is_gone(gateway)
    assert "postfix" in gateway.out("readlink -f /usr/sbin/sendmail; { dpkg -S /usr/sbin/sendmail || rpm -qf $(readlink -f /usr/sbin/sendmail); } 2>/dev/null")
    assert gateway.out("systemctl is-active postfix").strip() == "active"
    if remaining == "hand_over":
        assert wait_for(lambda: world.arrived(mail, "bob", token, wait=1) or "bob@corp.example" in gateway.run("postqueue -j").stdout)
    again = remove(world, gateway, sendmail_remove_remaining=remaining, sendmail_remove_successor="postfix")
    assert again.status == 0 and again.changed(gateway) == [], again
