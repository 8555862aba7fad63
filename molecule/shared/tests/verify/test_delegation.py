"""Delegation: a member of the group edits a map and nothing else; whatever else he tries changes nothing and is answered with the reason.

The delegates anna and bert are made here, and taken away again together with their delegations.
"""

import json
import re
import time

import pytest
from smtp import converse, envelope, session

ROOT = "/var/lib/mailjail-delegates"
DELEGATES = {"anna": "access mailertable virtusertable aliases", "bert": "access"}
NOTIFY = "postmaster@corp.example"
DELEGATIONS = [{"map": "access", "users": ["anna", "bert"], "notify": NOTIFY}, {"map": "mailertable", "users": ["anna"]},
               {"map": "aliases", "users": ["anna"]}]
SOURCES = {"access": "/etc/mail/access", "mailertable": "/etc/mail/mailertable", "aliases": "/etc/aliases"}
PATIENCE = 20


class Desk:
    """What a delegate sees of one map on one gateway."""

    def __init__(self, gateway, name):
        self.gateway, self.name, self.directory = gateway, name, f"{ROOT}/{name}"

    def answered(self, command, user="anna", stdin=""):
        """Run a command as a delegate; return the answer that appears afterwards."""
        before = self.answer_id()
        done = self.gateway.run(command, stdin, user)
        assert done.returncode == 0, done
        deadline = time.monotonic() + PATIENCE
        while self.answer_id() == before:
            assert time.monotonic() < deadline, f"{self.directory}/entries.result was not written within {PATIENCE} s"
            time.sleep(0.3)
        return self.gateway.out(f"cat {self.directory}/entries.result", user=user)

    def answer_id(self):
        return self.gateway.run(f"stat -c '%i %y' {self.directory}/entries.result").stdout

    def save(self, text, user="anna"):
        """Save as editors do: write beside, rename."""
        return self.answered(f"cat >{self.directory}/.new && mv -f {self.directory}/.new {self.directory}/entries", user, text)

    def dump(self):
        """The live database as makemap reads it."""
        source = SOURCES[self.name]
        return self.gateway.out(f"cd {source.rpartition('/')[0]} && for t in btree hash cdb; do makemap -C /dev/null -u $t {source} 2>/dev/null && exit; done; exit 1")

    def state(self):
        """Owner, mode, inode and content of the live map: an untouched one is the very same file."""
        source = SOURCES[self.name]
        return self.gateway.out(f"stat -c '%n %U %G %a %i %Y' {source} {source}.db; sha256sum {source} {source}.db")

    def journal(self):
        return self.gateway.out(f"journalctl -o cat -u mailjail-delegate@{self.name}.service")


@pytest.fixture(scope="module", name="delegated", autouse=True)
def delegated_(world):
    """Users and delegations on all gateways while this module runs."""
    world.everywhere(lambda gateway: gateway.out("for u in anna bert carl; do id $u >/dev/null 2>&1 || useradd -m -s /bin/sh $u; done"))
    values = {"sendmail_delegations": DELEGATIONS}
    predicted, done = world.converge("--check", values=values), world.converge(values=values)
    yield {"predicted": predicted, "done": done, "again": world.converge(values=values), "values": values}
    world.converge()
    world.everywhere(lambda gateway: gateway.out(f"for u in anna bert carl; do userdel -r $u 2>/dev/null; done; rm -rf {ROOT}; rm -f /tmp/delegate-*"))


@pytest.fixture(name="access")
def access_(gateway):
    return Desk(gateway, "access")


@pytest.fixture(name="mailertable")
def mailertable_(gateway):
    return Desk(gateway, "mailertable")


@pytest.fixture(name="aliases")
def aliases_(gateway):
    return Desk(gateway, "aliases")


def map_answer(gateway, name, key):
    """What the real sendmail looks up in the live map."""
    said = gateway.out("sendmail -bt", f"/map {name} {key}\n")
    return re.search(r"\) returns (.*) \(0\)|(no match)", said).group(1)


# -- the role


def test_set_up_is_predicted_and_then_nothing_changes(gateway, delegated):
    assert delegated["done"].changed(gateway)
    assert delegated["predicted"].changed(gateway) == delegated["done"].changed(gateway)
    assert delegated["again"].changed(gateway) == []


def test_only_delegates_reach_the_directories(gateway):
    for name in SOURCES:
        assert gateway.out(f"stat -c '%U:%G %a' {ROOT}/{name}").strip() == f"root:mailjail-{name} 2770"
    assert gateway.run(f"ls {ROOT}/mailertable", user="bert").returncode != 0
    assert gateway.run(f"ls {ROOT}/access", user="carl").returncode != 0


def test_sendmail_reads_nothing_of_it(gateway):
    assert gateway.run(f"grep -rl {ROOT} /etc/mail /etc/aliases").stdout == ""


def test_the_program_is_one_file_that_only_root_writes(gateway):
    assert gateway.out("stat -c '%U:%G %a' /usr/local/lib/mailjail/delegate.pyz /etc/mailjail-delegates.json").split("\n")[:2] == ["root:root 644", "root:root 600"]


# -- good edits


def test_an_edit_reaches_the_map_within_seconds(gateway, access, client, world):
    began = time.monotonic()
    answer = access.save("# a nuisance\nConnect:203.0.113.99\tREJECT\nFrom:spam@third.example\tREJECT\n")
    assert answer.startswith("accepted"), answer
    assert time.monotonic() - began < 15
    assert "connect:203.0.113.99\tREJECT\n" in access.dump()
    assert map_answer(gateway, "access", "Connect:203.0.113.99") == "REJECT"
    refused, taken = converse(client, [session(gateway.outside, *envelope(sender, "alice@corp.example"), source=world.facts["lab_client_third"])
                                       for sender in ("spam@third.example", "dave@third.example")])
    assert refused[-1].refused, refused
    assert taken[-1].code == 250, taken


def test_a_colleague_goes_on_and_takes_back(access):
    assert access.save("Connect:203.0.113.98\tREJECT\n", user="bert").startswith("accepted")
    assert "203.0.113.99" not in access.dump()
    assert access.answered(f"echo 'Connect:203.0.113.97 REJECT' >>{ROOT}/access/entries", user="bert").startswith("accepted")
    assert "connect:203.0.113.98\tREJECT\n" in access.dump() and "connect:203.0.113.97\tREJECT\n" in access.dump()
    assert access.save("").startswith("accepted")
    assert "203.0.113.9" not in access.dump()


def test_mailertable_and_aliases(gateway, mailertable, aliases):
    assert mailertable.save("partner.example esmtp:[192.0.2.25]\n").startswith("accepted")
    assert map_answer(gateway, "mailertable", "partner.example") == "esmtp:[192.0.2.25]"
    assert aliases.save("helpdesk: alice@corp.example, bob@corp.example\nhelp: helpdesk\n").startswith("accepted")
    assert "alice@corp.example" in gateway.out("sendmail -bv help")


def test_the_playbook_finds_nothing_to_change_afterwards(world, delegated, gateway, access):
    access.save("Connect:203.0.113.96\tREJECT\n")
    run = world.converge(values=delegated["values"])
    assert run.changed(gateway) == []
    assert "connect:203.0.113.96\tREJECT\n" in access.dump()


def test_what_the_playbook_declares_later_wins(world, delegated, gateway, access):
    access.save("Connect:203.0.113.96\tREJECT\nConnect:203.0.113.95\tREJECT\n")
    values = {**delegated["values"], "sendmail_access": {"entries": [{"key": "Connect:203.0.113.96", "value": "OK"}]}}
    world.converge(values=values)
    assert "connect:203.0.113.96\tOK\n" in access.dump() and "connect:203.0.113.95\tREJECT\n" in access.dump()
    assert gateway.out(f"cat {ROOT}/access/entries.result").startswith("withdrawn")
    assert world.converge(values=values).changed(gateway) == []
    world.converge(values=delegated["values"])


# -- bad edits: refused with the reason, the map is the very same file, sendmail goes on

REFUSED = {
    "a key without value": ("access", "Connect:203.0.113.9 REJECT\nConnect:203.0.113.8\n", "line 2"),
    "a duplicate key": ("access", "Connect:203.0.113.9 REJECT\nconnect:203.0.113.9 OK\n", "twice"),
    "a bad action": ("access", "Connect:203.0.113.9 REFUSE\n", "no action"),
    "no tag": ("access", "203.0.113.9 REJECT\n", "no tag"),
    "relay for the world": ("access", "Connect: RELAY\n", "RELAY"),
    "relay to a stranger": ("access", "To:gmail.example RELAY\n", "RELAY"),
    "relay for a sender": ("access", "From:gmail.example RELAY\n", "RELAY"),
    "a tag that is not theirs": ("access", "Srv_Features:203.0.113.9 S\n", "not the delegates'"),
    "a password": ("access", 'AuthInfo:mail.example "U:u" "P=eA=="\n', "not the delegates'"),
    "a key of the playbook": ("access", "ClientConn: 1000\n", "the playbook has this key"),
    "Windows": ("access", "Connect:203.0.113.9 REJECT\r\n", "Windows"),
    "no text": ("access", "Connect:203.0.113.9 \udcff\n", "UTF-8"),
    "an escape sequence": ("access", "Connect:203.0.113.9\x1b[2J REJECT\n", "control character"),
    "own mail turned away": ("access", "To:postmaster@corp.example REJECT\n", "route test"),
    "another route for the own domain": ("mailertable", "corp.example esmtp:[192.0.2.66]\n", "the playbook has this key"),
    "a mailer that runs programs": ("mailertable", "partner.example prog:id\n", "not by 'prog'"),
    "a bare address": ("mailertable", "partner.example esmtp:192.0.2.25\n", "brackets"),
    "a program": ("aliases", "x: |/usr/bin/id\n", "no program"),
    "a program in quotes": ("aliases", 'x: "|/usr/bin/id"\n', "no program"),
    "a program at home": ("aliases", 'x: "|/usr/bin/id"@localhost\n', "no program"),
    "a program by bang": ("aliases", "x: localhost!|id\n", "no program"),
    "a file": ("aliases", "x: /etc/passwd\n", "no program"),
    "a list": ("aliases", "x: :include:/etc/shadow\n", "no program"),
    "a loop": ("aliases", "x: y\ny: x\n", "loop"),
    "the playbook's alias, continued": ("aliases", "  , anna@third.example\n", "nothing above"),
    "somebody else's mail": ("aliases", "root: anna@third.example\n", "the playbook has this key"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_edit_changes_nothing(gateway, case):
    name, text, reason = REFUSED[case]
    desk = Desk(gateway, name)
    before = desk.state()
    answer = desk.answered(f"base64 -d >{desk.directory}/.new && mv -f {desk.directory}/.new {desk.directory}/entries", stdin=encoded(text))
    assert answer.startswith("refused") and reason in answer, answer
    assert "\x1b" not in answer
    assert desk.state() == before
    assert reason in desk.journal()


def encoded(text):
    import base64
    return base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()


# What somebody may plant in place of the file, and a word of the answer.
PLANTED = {
    "a symbolic link to a secret": ("ln -s /etc/shadow {entries}", "symbolic link"),
    "a symbolic link to the map": ("ln -s /etc/mail/access {entries}", "symbolic link"),
    "a dangling link": ("ln -s /etc/mail/new {entries}", "symbolic link"),
    "a hard link": ("echo 'Connect:203.0.113.9 REJECT' >{directory}/x; ln {directory}/x {entries}", "hard links"),
    "a named pipe": ("mkfifo {entries}", "no plain file"),
    "a directory": ("mkdir {entries}", "no plain file"),
    "a socket": ("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"{entries}\")'", "can not be read"),
    "100 MB": ("head -c 100000000 /dev/zero >{entries}", "limit"),
    "nothing": ("true", "missing"),
}


@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_not_followed(gateway, access, what):
    command, reason = PLANTED[what]
    access.save("Connect:203.0.113.94\tREJECT\n")
    before = access.state(), gateway.out("sha256sum /etc/shadow")
    names = {"entries": f"{ROOT}/access/entries", "directory": f"{ROOT}/access"}
    answer = access.answered(f"rm -rf {names['entries']}; {command.format(**names)}")
    assert answer.startswith("refused") and reason in answer, answer
    assert "root:" not in answer
    assert (access.state(), gateway.out("sha256sum /etc/shadow")) == before
    gateway.out(f"rm -rf {names['entries']} {names['directory']}/x")
    assert access.save("Connect:203.0.113.94\tREJECT\n").startswith("accepted")


def test_the_answer_s_name_leads_nowhere(gateway, access):
    gateway.out("echo keep >/tmp/delegate-victim; chmod 600 /tmp/delegate-victim")
    gateway.out(f"rm -f {ROOT}/access/entries.result; ln -s /tmp/delegate-victim {ROOT}/access/entries.result", user="anna")
    answer = access.save("Connect:203.0.113.93\tREJECT\n")
    assert answer.startswith("accepted")
    assert gateway.out("cat /tmp/delegate-victim") == "keep\n"
    assert gateway.out(f"stat -c '%F %U:%G %a' {ROOT}/access/entries.result").strip() == "regular file root:mailjail-access 640"


def test_a_directory_in_the_answer_s_place_only_hides_the_answer(gateway, access):
    gateway.out(f"rm -f {ROOT}/access/entries.result; mkdir {ROOT}/access/entries.result; echo 'Connect:203.0.113.92 REJECT' >{ROOT}/access/entries", user="anna")
    deadline = time.monotonic() + PATIENCE
    while "203.0.113.92" not in access.dump() and time.monotonic() < deadline:
        time.sleep(0.3)
    assert "connect:203.0.113.92\tREJECT\n" in access.dump()
    gateway.out(f"rmdir {ROOT}/access/entries.result")


def test_a_file_of_somebody_else_is_not_read(gateway, access):
    """A member could move a stranger's file here, and root must not read it for him."""
    before = access.state()
    answer = access.answered(f"rm -f {ROOT}/access/entries; touch {ROOT}/access/own; true")
    assert "missing" in answer
    gateway.out(f"echo 'Connect:203.0.113.9 REJECT' >{ROOT}/access/own; chown carl {ROOT}/access/own; chmod 600 {ROOT}/access/own")
    answer = access.answered(f"mv {ROOT}/access/own {ROOT}/access/entries")
    assert answer.startswith("refused") and "no delegate" in answer, answer
    assert access.state() == before


def test_a_storm_of_edits_ends_in_the_last_one(gateway, access):
    runs = f"i=0; while [ $i -lt 300 ]; do echo \"Connect:203.0.113.$((i % 200)) REJECT\" >{ROOT}/access/.n; mv {ROOT}/access/.n {ROOT}/access/entries;" \
           f" i=$((i+1)); sleep 0.02; done; echo 'Connect:203.0.113.201 REJECT' >{ROOT}/access/entries"
    gateway.out(runs, user="anna")
    deadline = time.monotonic() + PATIENCE
    while "203.0.113.201" not in access.dump() and time.monotonic() < deadline:
        time.sleep(0.5)
    assert re.findall(r"203\.0\.113\.\d+", access.dump().replace(gateway.outside, "")) == ["203.0.113.201"]
    units = gateway.out("systemctl is-active mailjail-delegate@access.path mailjail-delegate@access.timer").split()
    assert units == ["active", "active"]
    assert access.save("").startswith("accepted")


def test_a_refusal_is_mailed(world, mail, access):
    token = f"203.0.113.{time.time_ns() % 250}"
    assert access.save(f"Connect:{token} NONSENSE{time.time_ns()}\n").startswith("refused")
    found = world.arrived(mail, "postmaster", f"'Connect:{token}'")
    assert found and "Refused: your edit of the map access" in found[-1]


# -- and nothing else


@pytest.mark.parametrize("command", [
    "echo x >>/etc/mail/access", "echo x >>/etc/aliases", "rm -f /etc/mail/access.db", "mv /etc/mail /etc/mail2", "touch /etc/mail/x",
    f"echo x >{ROOT}/x", f"mv {ROOT}/access {ROOT}/access2", f"mv {ROOT}/aliases {ROOT}/mailertable/x", "cat /etc/mail/access", "cat /etc/mailjail-delegates.json",
    "ls /var/lib/mailjail", "echo x >>/usr/local/lib/mailjail/delegate.pyz", "systemctl --no-ask-password start mailjail-delegate@access.service",
    "systemctl --no-ask-password stop mailjail-delegate@access.path", f"chown anna {ROOT}/access", f"chmod 777 {ROOT}/access",
    "kill $(systemctl show -P MainPID sendmail.service)"])
def test_a_delegate_can_do_nothing_else(gateway, command):
    done = gateway.run(command, user="anna")
    assert done.returncode != 0, done


# -- root's program is in a sandbox


def test_exposure_of_the_program(gateway):
    text = gateway.out("systemd-analyze security --no-pager mailjail-delegate@access.service")
    assert float(re.search(r"Overall exposure level for mailjail-delegate@access.service: ([0-9.]+)", text).group(1)) <= 3.0, text


@pytest.mark.parametrize(("path", "may"), [("/etc/mail/x", True), ("/usr/x", False), ("/etc/systemd/system/x", True), ("/var/spool/mqueue/x", False),
                                           ("/home/anna/x", False), ("/var/lib/x", False)])
def test_what_the_sandbox_may_write(gateway, path, may):
    """Aliases are delegated here, so /etc itself is written to; without them it is /etc/mail alone."""
    shown = gateway.show("mailjail-delegate@access.service", "ProtectSystem", "ReadWritePaths", "ProtectHome", "CapabilityBoundingSet")
    done = gateway.run(f"systemd-run -q --wait --pipe -p ProtectSystem={shown['ProtectSystem']} -p 'ReadWritePaths={shown['ReadWritePaths']}'"
                       f" -p ProtectHome={shown['ProtectHome']} -p 'CapabilityBoundingSet={shown['CapabilityBoundingSet']}' touch {path}")
    gateway.run(f"rm -f {path}")
    assert (done.returncode == 0) == may, done


# -- the end, and its way back


def test_a_right_that_is_taken_back_takes_its_entries_along(world, delegated, gateway, access):
    access.save("Connect:203.0.113.91\tREJECT\n")
    granted = {"sendmail_delegations": [dict(DELEGATIONS[0], relay=True), *DELEGATIONS[1:]]}
    world.converge(values=granted)
    assert access.save("Connect:203.0.113.90 RELAY\nConnect:203.0.113.91 REJECT\n").startswith("accepted")
    assert "connect:203.0.113.90\tRELAY\n" in access.dump()
    answer = access.save("Connect: RELAY\n")
    assert answer.startswith("refused") and "open relay" in answer
    assert access.save("To:mailjail-test.example RELAY\n").startswith("refused")
    world.converge(values=delegated["values"])
    assert "203.0.113.90" not in access.dump() and "connect:203.0.113.91\tREJECT\n" in access.dump()
    assert world.converge(values=delegated["values"]).changed(gateway) == []


def test_the_end_of_a_delegation_leaves_what_was_written_but_not_in_force(world, delegated, gateway, access):
    access.save("Connect:203.0.113.89\tREJECT\n")
    world.converge()
    assert "203.0.113.89" not in access.dump()
    assert gateway.run(f"ls {ROOT}/access", user="anna").returncode != 0
    assert gateway.out(f"cat {ROOT}/access/entries") == "Connect:203.0.113.89\tREJECT\n"
    assert gateway.out("systemctl list-units --all --no-legend 'mailjail-delegate@*.path' 'mailjail-delegate@*.timer'").strip() == ""
    assert gateway.out("getent group mailjail-access").strip().endswith(":")
    assert world.converge().changed(gateway) == []
    world.converge(values=delegated["values"])


def test_the_specification_holds_no_entries(gateway):
    text = gateway.out("cat /etc/mailjail-delegates.json")
    assert all(row["map"]["entries"] is None and row["map"]["content"] is None for row in json.loads(text)["maps"].values())
