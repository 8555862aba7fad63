"""Delegation: a member of the group edits a map and nothing else; whatever else he tries changes nothing and is answered with the reason.

Users and delegations are made here, on all gateways at once, and taken away again. The tests stand in the order in which they have to run.
"""

import base64
import json
import re
import time

import pytest
from smtp import converse, envelope, session

pytestmark = pytest.mark.only("default", "unprivileged", "redhat")

ROOT = "/var/lib/mailjail-delegates"
NOTIFY = "postmaster@corp.example"
DELEGATIONS = [{"map": "access", "users": ["anna", "bert"], "notify": NOTIFY}, {"map": "mailertable", "users": ["anna"]},
               {"map": "aliases", "users": ["anna"]}]
VALUES = {"sendmail_delegations": DELEGATIONS}
SOURCES = {"access": "/etc/mail/access", "mailertable": "/etc/mail/mailertable", "aliases": "/etc/aliases"}
PATIENCE = 60


class Desk:
    """What a delegate sees of one map on one gateway."""

    def __init__(self, gateway, name):
        self.gateway, self.name, self.directory, self.entries = gateway, name, f"{ROOT}/{name}", f"{ROOT}/{name}/entries"

    def answered(self, command, user="anna", stdin=""):
        """Run a command as a delegate; return the answer that appears afterwards."""
        before = self.answer_id()
        done = self.gateway.run(command, stdin, user)
        assert done.returncode == 0, done
        self.wait_until(lambda: self.answer_id() != before, "entries.result was not written")
        return self.gateway.out(f"cat {self.directory}/entries.result", user=user)

    def answer_id(self):
        return self.gateway.run(f"stat -c '%i %y' {self.directory}/entries.result").stdout

    def save(self, text, user="anna"):
        """Save as editors do: write beside, rename. Any bytes."""
        data = base64.b64encode(text.encode("utf-8", "surrogateescape")).decode()
        return self.answered(f"base64 -d >{self.directory}/.new && mv -fT {self.directory}/.new {self.entries}", user, data)

    def accepted(self, text, user="anna"):
        """Save what must be accepted."""
        answer = self.save(text, user)
        assert answer.startswith("accepted"), answer

    def wait_until(self, holds, otherwise):
        deadline = time.monotonic() + PATIENCE
        while not holds():
            assert time.monotonic() < deadline, f"{self.gateway}, {self.name}: {otherwise} within {PATIENCE} s"
            time.sleep(0.3)

    def dump(self):
        """The live database as makemap reads it."""
        path = SOURCES[self.name]
        return self.gateway.out(f"for t in btree hash cdb; do makemap -C /dev/null -u $t {path} 2>/dev/null && exit; done; exit 1")

    def state(self):
        """Owner, mode, inode, time and content of the live map: an untouched one is the very same file."""
        path = SOURCES[self.name]
        both = f"{path} {self.gateway.family.database(path)}"
        return self.gateway.out(f"stat -c '%n %U %G %a %i %Y' {both}; sha256sum {both}")


def everywhere(world, do, name="access"):
    """Call a function with the desk of a map on each gateway, all at once; return the results."""
    return world.everywhere(lambda gateway: do(Desk(gateway, name)))


def lookup(gateway, name, key):
    """What the real sendmail finds in the live map."""
    said = gateway.out("sendmail -bt", f"/map {name} {key}\n")
    return re.search(r"\) returns (.*) \(0\)|(no match)", said).group(1)


def steps(run, gateway):
    """What the module sendmail_delegation says it did, or would do."""
    return [step for row in run.record["results"] if row["host"] == gateway.name and row["action"].endswith("sendmail_delegation") for step in row["changes"]]


def assert_nothing_changes(world):
    """One more run of the playbook, which changes nothing."""
    run = world.converge(values=VALUES)
    assert run.totals and [run.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)


@pytest.fixture(scope="module", name="runs", autouse=True)
def runs_(world):
    """Users and delegations, on all gateways, while this module runs."""
    world.everywhere(lambda gateway: gateway.out("for u in anna bert carl; do id $u >/dev/null 2>&1 || useradd -m -s /bin/sh $u; done"))
    yield world.converge("--check", values=VALUES), world.converge(values=VALUES)
    world.converge()
    world.everywhere(lambda gateway: gateway.out(f"for u in anna bert carl; do userdel -r $u 2>/dev/null; done; rm -rf {ROOT}; rm -f /tmp/delegate-*"))


# -- what there is


def test_check_mode_predicts(world, runs):
    predicted, done = runs
    for gateway in world.gateways:
        assert done.changed(gateway)
        assert predicted.changed(gateway) == done.changed(gateway)
        assert steps(predicted, gateway) == steps(done, gateway) != []


def test_only_delegates_reach_the_directories(world):
    def look(gateway):
        for name in SOURCES:
            assert gateway.out(f"stat -c '%U:%G %a' {ROOT}/{name}").strip() == f"root:mailjail-{name} 2770"
        assert gateway.run(f"ls {ROOT}/access", user="bert").returncode == 0
        assert gateway.run(f"ls {ROOT}/mailertable", user="bert").returncode != 0
        assert gateway.run(f"ls {ROOT}/access", user="carl").returncode != 0
    world.everywhere(look)


def test_root_s_side_is_root_s(world):
    def look(gateway):
        rights = gateway.out("stat -c '%U:%G %a' /usr/local/lib/mailjail/delegate.pyz /etc/mailjail-delegates.json /var/lib/mailjail/delegated").split("\n")
        assert rights[:3] == ["root:root 644", "root:root 600", "root:root 700"]
        rows = json.loads(gateway.out("cat /etc/mailjail-delegates.json"))["maps"]
        assert {name: (row["map"]["entries"], row["map"]["content"]) for name, row in rows.items()} == dict.fromkeys(SOURCES, (None, None))
        assert gateway.run(f"grep -rls {ROOT} /etc/mail /etc/aliases").stdout == "", "sendmail is told of the delegates' directory"
    world.everywhere(look)


# -- good edits


def test_an_edit_is_in_force_within_seconds(world, client):
    def edit(desk):
        desk.accepted("# a nuisance\nConnect:203.0.113.99\tREJECT\nFrom:spam@third.example\tREJECT\n")
        assert "connect:203.0.113.99\tREJECT\n" in desk.dump()
        assert lookup(desk.gateway, "access", "Connect:203.0.113.99") == "REJECT"
    everywhere(world, edit)
    for gateway in world.gateways:
        refused, taken = converse(client, [session(gateway.outside, *envelope(sender, "alice@corp.example"), source=world.facts["lab_client_third"])
                                           for sender in ("spam@third.example", "dave@third.example")])
        assert refused[-1].refused, refused
        assert taken[-1].code == 250, taken


def test_a_colleague_goes_on_in_place_and_takes_back(world):
    def edit(desk):
        desk.accepted("Connect:203.0.113.98\tREJECT\n", "bert")
        assert "203.0.113.99" not in desk.dump()
        assert desk.answered(f"echo 'Connect:203.0.113.97 REJECT' >>{desk.entries}", "bert").startswith("accepted")
        assert "connect:203.0.113.98\tREJECT\n" in desk.dump() and "connect:203.0.113.97\tREJECT\n" in desk.dump()
        desk.accepted("")
        assert not re.search(r"203\.0\.113\.9[789]", desk.dump())
    everywhere(world, edit)


def test_the_other_maps(world):
    def edit(gateway):
        Desk(gateway, "mailertable").accepted("partner.example esmtp:[192.0.2.25]\n")
        assert lookup(gateway, "mailertable", "partner.example") == "esmtp:[192.0.2.25]"
        Desk(gateway, "aliases").accepted("helpdesk: alice@corp.example, bob@corp.example\nhelp: helpdesk\n")
        assert "alice@corp.example" in gateway.out("sendmail -bv help")
    world.everywhere(edit)


@pytest.mark.only("default")
def test_the_playbook_finds_nothing_to_change_afterwards(world):
    everywhere(world, lambda desk: desk.accepted("Connect:203.0.113.96\tREJECT\nConnect:203.0.113.95\tREJECT\n"))
    assert_nothing_changes(world)
    assert all("connect:203.0.113.96\tREJECT\n" in dump for dump in everywhere(world, Desk.dump))


# -- bad edits: refused with the reasons, the map is the very same file, sendmail goes on

REFUSED = {
    "entries": ("access", {
        "Connect:203.0.113.9 REJECT": "", "connect:203.0.113.9 OK": "twice", "Connect:203.0.113.10 REFUSE": "no action", "203.0.113.11 REJECT": "no tag",
        "Connect:203.0.113.12 REJECT \x1b[2J": "control character"}),
    "open relay": ("access", {
        "Connect: RELAY": "may not grant RELAY", "To:gmail.example RELAY": "may not grant RELAY", "From:gmail.example relay": "may not grant RELAY",
        "Connect:203.0.113 RELAY": "may not grant RELAY"}),
    "not theirs": ("access", {
        "Srv_Features:203.0.113.9 S": "not the delegates'", 'AuthInfo:mail.example "U:u" "P=eA=="': "not the delegates'",
        "ClientConn: 1000": "the playbook has this key", "TLS_Srv:mail.example VERIFY": "not the delegates'"}),
    "no entry": ("access", {"# one": "", "Connect:203.0.113.8": "line 2"}),
    "windows": ("access", {"Connect:203.0.113.9 REJECT\r": "Windows"}),
    "no text": ("access", {"Connect:203.0.113.9 \udcff": "UTF-8"}),
    "own mail turned away": ("access", {"To:postmaster@corp.example REJECT": "route test"}),
    "routes": ("mailertable", {
        "corp.example esmtp:[192.0.2.66]": "the playbook has this key", "a.example prog:id": "not by 'prog'", "b.example esmtp:192.0.2.25": "brackets"}),
    "programs and files": ("aliases", {
        "a: |/usr/bin/id": "no program", 'b: "|/usr/bin/id"': "no program", 'c: "|/usr/bin/id"@localhost': "no program", "d: localhost!|id": "no program",
        "e: /etc/passwd": "no program", "f: :include:/etc/shadow": "no program", "root: anna@third.example": "the playbook has this key"}),
    "a loop": ("aliases", {"x: y": "loop", "y: x": "loop"}),
    "the playbook's last alias, continued": ("aliases", {"  , anna@third.example": "continues an alias"}),
}


@pytest.mark.only("default")
@pytest.mark.parametrize("case", REFUSED)
def test_a_bad_edit_changes_nothing(world, case):
    name, lines = REFUSED[case]

    def edit(desk):
        before = desk.state()
        answer = desk.save("".join(line + "\n" for line in lines))
        assert answer.startswith("refused"), answer
        for reason in lines.values():
            assert reason in answer
        assert answer.count("\n") >= 2 + sum(1 for reason in lines.values() if reason) or case == "a loop", answer
        assert "\x1b" not in answer
        assert desk.state() == before
        assert answer.splitlines()[2].strip() in desk.gateway.out(f"journalctl -o cat -u mailjail-delegate@{name}.service")
        # The daemon still takes mail.
        assert lookup(desk.gateway, "mailertable", "corp.example")
    everywhere(world, edit, name)


# What somebody may plant in place of the file, and a word of the answer.
PLANTED = {
    "a symbolic link to a secret": ("ln -s /etc/shadow {new}", "symbolic link"),
    "a symbolic link to the map": ("ln -s /etc/mail/access {new}", "symbolic link"),
    "a dangling link": ("ln -s /etc/mail/new {new}", "symbolic link"),
    "a hard link": ("echo 'Connect:203.0.113.9 REJECT' >{new}2; ln {new}2 {new}", "hard links"),
    "a named pipe": ("mkfifo {new}", "no plain file"),
    "a directory": ("mkdir {new}", "no plain file"),
    "a socket": ("python3 -c 'import socket; socket.socket(socket.AF_UNIX).bind(\"{new}\")'", "can not be read"),
    "100 MB": ("head -c 100000000 /dev/zero >{new}", "limit"),
    "nothing": ("true", "missing"),
}


@pytest.mark.only("default")
@pytest.mark.parametrize("what", PLANTED)
def test_what_is_planted_is_not_followed(world, what):
    command, reason = PLANTED[what]

    def plant(desk):
        before = desk.state(), desk.gateway.out("sha256sum /etc/shadow; ls -la /etc/mail")
        # Made elsewhere and moved in at once: root's side looks as soon as anything changes in the directory, and would see that nothing is there yet.
        new = f"/var/tmp/delegate-{desk.name}"
        move = f"[ ! -e {new} -a ! -L {new} ] || mv -T {new} {desk.entries}"
        answer = desk.answered(f"{command.format(new=new)}; rm -rf {desk.entries}; {move}")
        desk.gateway.out(f"rm -f {new}2")
        assert answer.startswith("refused") and reason in answer, answer
        assert "root:" not in answer
        assert (desk.state(), desk.gateway.out("sha256sum /etc/shadow; ls -la /etc/mail")) == before
    everywhere(world, plant)


def test_a_file_of_somebody_else_is_not_read(world):
    """A member could move a stranger's file here, and root must not read it for him."""
    def plant(desk):
        before = desk.state()
        desk.gateway.out(f"echo 'Connect:203.0.113.9 REJECT' >{desk.directory}/own; chown carl {desk.directory}/own; chmod 600 {desk.directory}/own")
        answer = desk.answered(f"mv -f {desk.directory}/own {desk.entries}")
        assert answer.startswith("refused") and "no delegate" in answer, answer
        assert desk.state() == before
    everywhere(world, plant)


def test_the_answer_s_name_leads_nowhere(world):
    def plant(desk):
        desk.gateway.out("echo keep >/tmp/delegate-victim; chmod 600 /tmp/delegate-victim")
        desk.gateway.out(f"cd {desk.directory}; rm -f entries entries.result; ln -s /tmp/delegate-victim entries.result;"
                         " echo 'Connect:203.0.113.93 REJECT' >entries", user="anna")
        desk.wait_until(lambda: desk.gateway.run(f"test -L {desk.directory}/entries.result").returncode, "the link was not replaced")
        assert desk.gateway.out("cat /tmp/delegate-victim") == "keep\n"
        assert desk.gateway.out(f"stat -c '%F %U:%G %a' {desk.directory}/entries.result").strip() == "regular file root:mailjail-access 640"
    everywhere(world, plant)


def test_a_directory_in_the_answer_s_place_only_hides_the_answer(world):
    def plant(desk):
        desk.gateway.out(f"cd {desk.directory}; rm -f entries.result; mkdir entries.result; echo 'Connect:203.0.113.92 REJECT' >entries", user="anna")
        desk.wait_until(lambda: "connect:203.0.113.92\tREJECT\n" in desk.dump(), "the entry was not taken")
        desk.gateway.out(f"rmdir {desk.directory}/entries.result")
    everywhere(world, plant)


def test_a_storm_of_edits_ends_in_the_last_one(world):
    storm = ("cd {}; i=0; while [ $i -lt 300 ]; do echo \"Connect:203.0.113.$((i % 200)) REJECT\" >.n; mv .n entries; i=$((i+1)); sleep 0.02; done;"
             " echo 'Connect:203.0.113.201 REJECT' >entries")

    def rage(desk):
        desk.gateway.out(storm.format(desk.directory), user="anna")
        desk.wait_until(lambda: re.findall(r"connect:203\.0\.113\.\d+", desk.dump()) == ["connect:203.0.113.201"], "the last edit was not taken")
        assert desk.gateway.out("systemctl is-active mailjail-delegate@access.path mailjail-delegate-pending@access.path").split() == ["active", "active"]
        desk.accepted("")
    everywhere(world, rage)


@pytest.mark.only("default")
def test_what_is_saved_while_nothing_watches_is_found_after_a_boot(world):
    from lab import lifecycle

    def reboot(desk):
        desk.gateway.out("systemctl stop mailjail-delegate@access.path")
        desk.gateway.out(f"echo 'Connect:203.0.113.88 REJECT' >{desk.entries}", user="anna")
        lifecycle.reboot(world.lab, world.lab.host(desk.gateway.name))
        desk.gateway.wait_for_daemon()
        desk.wait_until(lambda: "connect:203.0.113.88\tREJECT\n" in desk.dump(), "the edit was not found")
        desk.accepted("")
    everywhere(world, reboot)


def test_a_refusal_is_mailed_once(world, mail):
    word = f"NONSENSE{time.time_ns()}"
    everywhere(world, lambda desk: [desk.save(f"Connect:203.0.113.9 {word}\n") for unused in range(2)])
    for gateway in world.gateways:
        found = [text for text in world.arrived(mail, NOTIFY.partition("@")[0], word) if gateway.name in text]
        assert len(found) == 1 and f"Subject: Refused: your edit of the map access on {gateway.name}" in found[0], found


# -- and nothing else


@pytest.mark.parametrize("command", [
    "echo x >>/etc/mail/access", "echo x >>/etc/aliases", "rm -f /etc/mail/access.*db", "mv /etc/mail /etc/mail2", "touch /etc/mail/x",
    f"echo x >{ROOT}/x", f"mv {ROOT}/access {ROOT}/access2", f"mv {ROOT}/aliases {ROOT}/mailertable/x", "cat /etc/mail/access",
    "cat /etc/mailjail-delegates.json", "ls /var/lib/mailjail", "echo x >>/usr/local/lib/mailjail/delegate.pyz",
    "systemctl --no-ask-password start mailjail-delegate@access.service", "systemctl --no-ask-password stop mailjail-delegate@access.path",
    f"chown anna {ROOT}/access", f"chmod 777 {ROOT}/access", "kill $(systemctl show -P MainPID sendmail.service)"])
def test_a_delegate_can_do_nothing_else(world, command):
    for done in world.everywhere(lambda gateway: gateway.run(command, user="anna")):
        assert done.returncode != 0, done


def test_root_s_program_is_in_a_sandbox(world):
    unit = "mailjail-delegate@access.service"

    def look(gateway):
        text = gateway.out(f"systemd-analyze security --no-pager {unit}")
        assert float(re.search(rf"Overall exposure level for {unit}: ([0-9.]+)", text).group(1)) <= 3.0, text
        shown = gateway.show(unit, "ProtectSystem", "ReadWritePaths", "ProtectHome", "CapabilityBoundingSet")
        sandbox = " ".join(f"-p '{key}={value}'" for key, value in shown.items())
        # Aliases are delegated here, so /etc is written to; without them it is /etc/mail alone.
        for path, may in (("/etc/mail/x", True), ("/usr/x", False), ("/var/spool/mqueue/x", False), ("/home/anna/x", False), ("/var/lib/x", False)):
            done = gateway.run(f"systemd-run -q --wait --pipe {sandbox} touch {path}; code=$?; rm -f {path}; exit $code")
            assert (done.returncode == 0) == may, (path, done)
    world.everywhere(look)


# -- what the playbook changes later


@pytest.mark.only("default")
def test_what_the_playbook_declares_wins_and_what_it_grants_holds(world):
    everywhere(world, lambda desk: desk.accepted("Connect:203.0.113.96\tREJECT\nConnect:203.0.113.95\tREJECT\n"))
    granted = {"sendmail_delegations": [dict(DELEGATIONS[0], relay=True), *DELEGATIONS[1:]],
               "sendmail_access": {"entries": [{"key": "Connect:203.0.113.96", "value": "OK"}]}}
    predicted, done = world.converge("--check", values=granted), world.converge(values=granted)
    for gateway in world.gateways:
        assert steps(predicted, gateway) == steps(done, gateway)
        assert any("withdrawn" in str(step["after"]) for step in steps(done, gateway))

    def edit(desk):
        assert "connect:203.0.113.96\tOK\n" in desk.dump() and "connect:203.0.113.95\tREJECT\n" in desk.dump()
        answer = desk.gateway.out(f"cat {desk.directory}/entries.result")
        assert answer.startswith("withdrawn") and "Connect:203.0.113.96" in answer
        for line in ("Connect: RELAY", "To:com RELAY", "To:mailjail-test.example RELAY"):
            before = desk.state()
            assert desk.save(line + "\n").startswith("refused"), line
            assert desk.state() == before
        desk.accepted("Connect:203.0.113.90 RELAY\nConnect:203.0.113.91 REJECT\n")
        assert "connect:203.0.113.90\tRELAY\n" in desk.dump()
    everywhere(world, edit)


@pytest.mark.only("default")
def test_a_right_that_is_taken_back_takes_its_entries_along(world):
    world.converge(values=VALUES)
    for dump in everywhere(world, Desk.dump):
        assert "203.0.113.90" not in dump and "connect:203.0.113.91\tREJECT\n" in dump
    assert_nothing_changes(world)


def test_the_end_of_a_delegation_leaves_what_was_written_but_not_in_force(world):
    everywhere(world, lambda desk: desk.accepted("Connect:203.0.113.89\tREJECT\n"))
    world.converge()

    def look(desk):
        assert "203.0.113.89" not in desk.dump()
        assert desk.gateway.run(f"ls {desk.directory}", user="anna").returncode != 0
        assert desk.gateway.out(f"cat {desk.entries}") == "Connect:203.0.113.89\tREJECT\n"
        assert desk.gateway.out("systemctl list-units --all --no-legend 'mailjail-delegate*@*'").strip() == ""
        assert desk.gateway.out("getent group mailjail-access").strip().endswith(":")
    everywhere(world, look)
