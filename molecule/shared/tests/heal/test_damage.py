"""Damage and heal: each managed thing altered, removed, re-moded, re-owned; one run mends all of it and nothing else.

Damages that do not touch each other are done together, on all gateways at once: one check run that predicts, one run that mends; at the end one that
has nothing to do. In scenario default each thing is damaged in every way. How damage is seen and mended is the same code for all hosts, so elsewhere, where
paths, map types and units are others, each thing is damaged in one of the ways, by turns.
"""

import re

import pytest
from family import DEBIAN
from state import answers, difference, state

NOBODY = "65534:65534"
JAIL = ("/var/mailjail/var/spool/mail/archive",)
JAIL_DIRECTORIES = ("/var/mailjail", "/var/mailjail/var/spool", "/var/mailjail/var/spool/mail")


def each(command, paths):
    """The command for each path."""
    return "; ".join(command.format(path) for path in paths)


def damages(family):
    """The commands that damage a host of a family, by name."""
    compiled = (family.cf, family.submit_cf)
    texts, results = family.sources + family.unit_files, compiled + family.databases
    directories = ("/etc/mail", family.queue, family.client_queue, family.smrsh_directory)
    makemap = f"makemap {family.map_type} {{}} </tmp/stale"
    return {
        "altered": each("echo '# somebody was here' >>{}", texts + compiled),
        "databases altered": each("echo x | dd of={} bs=1 seek=600 conv=notrunc status=none", family.databases),
        "removed": each("rm {}", texts),
        "results removed": each("rm {}", results),
        "re-moded": each("chmod 0666 {}", texts + results) + "; " + each("chmod 0777 {}", directories),
        "re-owned": each(f"chown {NOBODY} {{}}", texts + results + directories),
        "stale databases": f"""
            printf 'Connect:198.18\\tRELAY\\n' >/tmp/stale; {makemap.format("/etc/mail/access")}
            printf 'corp.example\\terror:5.7.1:stale\\n' >/tmp/stale; {makemap.format("/etc/mail/mailertable")}
            printf 'Connect:198.18\\tRELAY\\n' >>/etc/mail/access; rm /tmp/stale""",
        "boot flags": family.boot_damage,
        "stopped and disabled": "systemctl disable --now -q " + " ".join(family.units),
        "left by a killed run": "mkdir -m 700 /etc/.mailjail-stage-dead; echo x >/etc/.mailjail-stage-dead/sendmail.cf; echo x >/etc/mail/.mailjail-dead",
    }


def by_turns(family):
    """Each thing of a host damaged in one of these ways, by turns: its content, and its rights."""
    databases, units = family.databases, family.unit_files
    texts = tuple(text for text in family.sources if text + family.suffix not in databases)
    contents = (*texts, family.cf, family.submit_cf, *units)
    access, mailertable, aliases = databases
    rights = (*family.sources, family.cf, family.submit_cf, *databases, *units)
    directories = ("/etc/mail", family.queue, family.client_queue, family.smrsh_directory)
    return {
        "contents by turns": "; ".join((
            each("echo '# somebody was here' >>{}", contents[::2]), each("rm {}", contents[1::2]),
            f"printf 'Connect:198.18\\tRELAY\\n' | tee -a /etc/mail/access | makemap {family.map_type} /etc/mail/access",
            f"echo x | dd of={mailertable} bs=1 seek=600 conv=notrunc status=none", f"rm {aliases}")),
        "rights by turns": "; ".join((
            each("chmod 0666 {}", rights[::2]), each(f"chown {NOBODY} {{}}", rights[1::2]),
            each("chmod 0777 {}", directories[::2]), each(f"chown {NOBODY} {{}}", directories[1::2]))),
    }


def jail_damages(family):
    """The same where there is a jail."""
    return {
        "jail: removed": each("rm {}", JAIL) + "; rm -rf /var/mailjail/var/spool",
        "jail: the article's chmod -R 700": "chmod -R 700 /var/mailjail/*",
        "jail: re-owned": each(f"chown {NOBODY} {{}}", JAIL),
        "jail: directories re-owned": each(f"chown {NOBODY} {{}}", JAIL_DIRECTORIES),
        "jail: what does not belong there": "ln -s /etc/passwd /var/mailjail/var/spool/mail/link; mkfifo /var/mailjail/var/spool/mail/fifo",
        "smrsh: another command": f"ln -s /usr/bin/id {family.smrsh_directory}/id; rm {family.smrsh_directory}/logger",
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
TURNS = {
    "contents": ("contents by turns", "jail: removed", "smrsh: another command", "boot flags"),
    "rights": ("rights by turns", "jail: the article's chmod -R 700", "jail: re-owned", "jail: what does not belong there", "stopped and disabled",
               "left by a killed run"),
}
ROUNDS = [pytest.param(names, id=name, marks=pytest.mark.only("default")) for name, names in GROUPS.items()]
ROUNDS += [pytest.param(names, id=f"{name} by turns", marks=pytest.mark.never("default")) for name, names in TURNS.items()]
# These mend themselves without being named as a change: nothing but a former run's leavings.
SILENT = ("left by a killed run",)


@pytest.fixture(scope="module", name="whole")
def whole_(world):
    """The state of each gateway before any damage."""
    world.converge()
    return world.everywhere(state)


@pytest.mark.parametrize("names", ROUNDS)
def test_one_run_mends(world, whole, names):
    if any(difference(before, now) for before, now in zip(whole, world.everywhere(state), strict=True)):
        world.converge()    # what a former group left unmended is no concern of this one

    def do(gateway):
        known = {**damages(gateway.family), **by_turns(gateway.family), **(jail_damages(gateway.family) if world.kind == "jailed" else {})}
        gateway.out("\n".join(known[name] for name in names if name in known))
    world.everywhere(do)
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


def test_nothing_is_left_to_do_after_all_of_that(world):
    """Each mended host was what it had been before the damage, to the byte, so once is enough."""
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)


def test_every_damage_is_in_a_group():
    assert {name for names in GROUPS.values() for name in names} == damages(DEBIAN).keys() | jail_damages(DEBIAN).keys()


def test_by_turns_nothing_is_left_out_and_nothing_damaged_twice():
    told = {name: re.split(r"[ ;=>]+", command) for name, command in by_turns(DEBIAN).items()}
    files = {*DEBIAN.sources, *DEBIAN.databases, DEBIAN.cf, DEBIAN.submit_cf, *DEBIAN.unit_files}
    assert {path: told["rights by turns"].count(path) for path in files} == dict.fromkeys(files, 1)
    # Of a map the content is damaged in its text or in its database.
    maps = {text: DEBIAN.database(text) for text in DEBIAN.sources if DEBIAN.database(text) in DEBIAN.databases}
    others = files - maps.keys() - {*maps.values()}
    assert {path: told["contents by turns"].count(path) for path in others} == dict.fromkeys(others, 1)
    assert all({text, database} & {*told["contents by turns"]} for text, database in maps.items())


def test_a_killed_daemon_comes_back_by_itself(world):
    before = world.everywhere(lambda gateway: gateway.pid)
    world.everywhere(lambda gateway: gateway.out(f"systemctl kill -s KILL {gateway.family.mta_unit}"))
    world.everywhere(lambda gateway: gateway.wait_for_daemon())
    assert all(world.everywhere(answers))
    assert all(old != new for old, new in zip(before, world.everywhere(lambda gateway: gateway.pid), strict=True))


def test_accepted_mail_is_not_lost_by_the_damages(world):
    """Nothing waits in a queue under a name that sendmail has given up on."""
    found = world.everywhere(lambda gateway: gateway.out(f"find {gateway.family.queue} {gateway.family.client_queue} -name 'Qf*'"))
    assert found == [""] * len(world.gateways)
