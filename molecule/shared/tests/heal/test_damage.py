"""Damage and heal: each managed thing altered, removed, re-moded, re-owned; one run mends all of it and nothing else.

Damages that do not touch each other are done together, on all gateways at once: one check run that predicts, one run that mends, one that has
nothing to do.
"""

import pytest
from state import answers, difference, state

SOURCES = ("/etc/mail/sendmail.mc", "/etc/mail/submit.mc", "/etc/mail/access", "/etc/mail/mailertable", "/etc/mail/local-host-names",
           "/etc/mail/relay-domains", "/etc/aliases", "/etc/mail/helpfile.mailjail")
RESULTS = ("/etc/mail/sendmail.cf", "/etc/mail/submit.cf", "/etc/mail/access.db", "/etc/mail/mailertable.db", "/etc/aliases.db")
UNITS = ("/etc/systemd/system/sendmail.service", "/etc/systemd/system/sendmail-client.service")
JAIL = ("/var/mailjail/var/spool/mail/archive",)
DIRECTORIES = ("/etc/mail", "/var/spool/mqueue", "/var/spool/mqueue-client", "/etc/mail/smrsh")
JAIL_DIRECTORIES = ("/var/mailjail", "/var/mailjail/var/spool", "/var/mailjail/var/spool/mail")


def each(command, paths):
    """The command for each path."""
    return "; ".join(command.format(path) for path in paths)


# name: (paths to damage, command for each, those of them only where there is a jail)
DAMAGES = {
    "altered": each("echo '# somebody was here' >>{}", SOURCES + RESULTS[:2] + UNITS),
    "databases altered": each("echo x | dd of={} bs=1 seek=600 conv=notrunc status=none", RESULTS[2:]),
    "removed": each("rm {}", SOURCES + UNITS),
    "results removed": each("rm {}", RESULTS),
    "re-moded": each("chmod 0666 {}", SOURCES + RESULTS + UNITS) + "; " + each("chmod 0777 {}", DIRECTORIES),
    "re-owned": each("chown nobody:nogroup {}", SOURCES + RESULTS + UNITS + DIRECTORIES),
    "stale databases": """
        printf 'Connect:198.18\\tRELAY\\n' >/tmp/stale; makemap btree /etc/mail/access.db </tmp/stale
        printf 'corp.example\\terror:5.7.1:stale\\n' >/tmp/stale; makemap btree /etc/mail/mailertable.db </tmp/stale
        printf 'Connect:198.18\\tRELAY\\n' >>/etc/mail/access; rm /tmp/stale""",
    "boot flags": "sed -i 's/^HANDS_OFF=\"[^\"]*\"/HANDS_OFF=\"No\"/; s/^DAEMON_MODE=\"[^\"]*\"/DAEMON_MODE=\"none\"/' /etc/mail/sendmail.conf",
    "stopped and disabled": "systemctl disable --now -q sendmail.service sendmail-client.service",
    "left by a killed run": "mkdir -m 700 /etc/.mailjail-stage-dead; echo x >/etc/.mailjail-stage-dead/sendmail.cf; echo x >/etc/mail/.mailjail-dead",
}
JAIL_DAMAGES = {
    "jail: removed": each("rm {}", JAIL) + "; rm -rf /var/mailjail/var/spool",
    "jail: the article's chmod -R 700": "chmod -R 700 /var/mailjail/*",
    "jail: re-owned": each("chown nobody:nogroup {}", JAIL),
    "jail: directories re-owned": each("chown nobody:nogroup {}", JAIL_DIRECTORIES),
    "jail: what does not belong there": "ln -s /etc/passwd /var/mailjail/var/spool/mail/link; mkfifo /var/mailjail/var/spool/mail/fifo",
    "smrsh: another command": "ln -s /usr/bin/id /etc/mail/smrsh/id; rm /etc/mail/smrsh/logger",
}
# Together where they do not meet: the time of a run is that of its round trips.
GROUPS = {
    "altered": ("altered", "databases altered", "jail: re-owned", "smrsh: another command"),
    "removed": ("removed", "jail: removed", "stopped and disabled"),
    "results removed": ("results removed", "boot flags", "jail: the article's chmod -R 700"),
    "re-moded": ("re-moded", "jail: what does not belong there"),
    "re-owned": ("re-owned", "left by a killed run"),
    "stale": ("stale databases", "jail: directories re-owned"),
}
# These mend themselves without being named as a change: nothing but a former run's leavings.
SILENT = ("left by a killed run",)


@pytest.fixture(scope="module", name="whole")
def whole_(world):
    """The state of each gateway before any damage."""
    world.converge()
    return world.everywhere(state)


@pytest.mark.parametrize("group", GROUPS)
def test_one_run_mends(world, whole, group):
    if any(difference(before, now) for before, now in zip(whole, world.everywhere(state), strict=True)):
        world.converge()    # what a former group left unmended is no concern of this one
    known = {**DAMAGES, **(JAIL_DAMAGES if world.scenario == "default" else {})}
    commands = [known[name] for name in GROUPS[group] if name in known]
    world.everywhere(lambda gateway: gateway.out("\n".join(commands)))
    damaged = world.everywhere(state)
    assert all(difference(before, now) for before, now in zip(whole, damaged, strict=True))

    predicted = world.converge("--check")
    assert world.everywhere(lambda gateway, now: difference(now, state(gateway)), damaged) == [{}] * len(damaged), "check mode touched something"
    done = world.converge()
    for gateway in world.gateways:
        assert done.changed(gateway), "nothing was reported as changed"
        assert predicted.changed(gateway) == done.changed(gateway)
        assert predicted.names(gateway) == done.names(gateway)
    assert [difference(before, now) for before, now in zip(whole, world.everywhere(state), strict=True)] == [{}] * len(whole)
    assert all(world.everywhere(answers))

    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(whole)


def test_every_damage_is_in_a_group():
    assert {name for names in GROUPS.values() for name in names} == DAMAGES.keys() | JAIL_DAMAGES.keys()


def test_a_killed_daemon_comes_back_by_itself(world):
    before = world.everywhere(lambda gateway: gateway.pid)
    world.everywhere(lambda gateway: gateway.out("systemctl kill -s KILL sendmail.service"))
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    assert all(world.everywhere(answers))
    assert all(old != new for old, new in zip(before, world.everywhere(lambda gateway: gateway.pid), strict=True))


def test_accepted_mail_is_not_lost_by_the_damages(world):
    """Nothing waits in a queue under a name that sendmail has given up on."""
    assert world.everywhere(lambda gateway: gateway.out("find /var/spool/mqueue /var/spool/mqueue-client -name 'Qf*'")) == [""] * len(world.gateways)
