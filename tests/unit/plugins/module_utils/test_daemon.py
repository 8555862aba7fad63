# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a unit needs is told by its state alone; what a daemon does is held against what was declared."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import socket
import stat
import threading
import time

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import daemon
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError

NAME, PATH, PROGRAM, CF = "sendmail.service", "/etc/systemd/system/sendmail.service", "/usr/libexec/sendmail/sendmail", "/etc/mail/sendmail.cf"
TEXT = "[Service]\nExecStart=x\nExecReload=y\n"
UNIT = daemon.Unit(NAME, TEXT, "/run/pid", (CF,), (daemon.Listener("0.0.0.0", 25, False),))
# Written at 100, started at 110, pid file at 111; it is 200 now.
RUNNING = daemon.State(active=True, main_pid=7, enabled=True, stale=False, fragment=PATH, started=110.0, pid_written=111.0, program=PROGRAM, sockets=None)
TIMES = {PATH: 100.0, CF: 100.0}


@pytest.mark.parametrize("entry, expected", [
    ({"address": "0.0.0.0"}, ("0.0.0.0", 25, False, False)),
    ({"address": "192.0.2.25", "port": 587, "modifiers": ["E", "a"]}, ("192.0.2.25", 587, False, False)),
    ({"address": "2001:DB8:0::25", "port": 465, "modifiers": ["s"]}, ("2001:db8::25", 465, True, False)),
    ({"address": "[::]", "port": "25"}, ("::", 25, False, False)),
    ({"family": "inet6"}, ("::", 25, False, False)),
    ({"address": None, "port": None, "modifiers": None}, ("0.0.0.0", 25, False, False)),
])
def test_listener(entry, expected):
    assert tuple(daemon.listener(entry)) == expected


@pytest.mark.parametrize("modifiers, offered", [(None, True), (["A", "E"], True), (["S"], False), (["s"], False), (["s", "a"], False)])
def test_a_certificate_asks_for_starttls_where_no_modifier_forbids_it(modifiers, offered):
    assert daemon.listener({"address": "0.0.0.0", "modifiers": modifiers}, certified=True).starttls is offered
    assert daemon.listener({"address": "0.0.0.0", "modifiers": modifiers}).starttls is False


@pytest.mark.parametrize("address", ["mail.example.org", "192.0.2", "192.0.2.0/24", "0.0.0.0,25"])
def test_listener_refuses_what_is_no_address(address):
    with pytest.raises(InvalidValue) as caught:
        daemon.listener({"name": "MTA", "address": address})
    assert address in caught.value.message and "MTA" in caught.value.message


def test_parse_show():
    text = "MainPID=12\nId=a.service\nActiveState=active\n\nMainPID=0\nId=b.service\nFragmentPath=/x=y\n\nMainPID=0\n"
    told = daemon.parse_show(text)
    assert sorted(told) == ["a.service", "b.service"]
    assert told["a.service"]["MainPID"] == "12" and told["b.service"]["FragmentPath"] == "/x=y"


@pytest.mark.parametrize("state, on_disk, times, action, word", [
    ({}, TEXT, {}, "none", None),
    # The configuration is newer than the pid file: a HUP is enough, and a restart where the unit knows none.
    ({}, TEXT, {CF: 150.0}, "reloaded", "sendmail.cf is newer"),
    ({}, TEXT, {CF: 111.0}, "none", None),
    ({}, TEXT, {CF: None}, "none", None),
    # A file from the future would ask for a restart in every run.
    ({}, TEXT, {CF: 300.0}, "none", None),
    ({}, TEXT, {PATH: 300.0}, "none", None),
    ({}, None, {PATH: None}, "restarted", "is new"),
    ({}, "[Service]\n", {}, "restarted", "differs"),
    # A run that was cut off after the unit was written, before or after systemd read it.
    ({"stale": True}, TEXT, {}, "restarted", "older description"),
    ({}, TEXT, {PATH: 120.0}, "restarted", "is newer than the running"),
    ({"fragment": "/usr/lib/systemd/system/sendmail.service"}, TEXT, {}, "restarted", "older description"),
    ({"fragment": ""}, TEXT, {}, "restarted", "older description"),
    ({"active": False}, TEXT, {}, "restarted", "is not running"),
    ({"active": False}, TEXT, {CF: 150.0}, "restarted", "is not running"),
    ({"program": PROGRAM + " (deleted)"}, TEXT, {}, "restarted", "(deleted)"),
    ({"program": None}, TEXT, {}, "none", None),
    ({"pid_written": None}, TEXT, {}, "restarted", "is missing"),
    # A restart reads the configuration too: one reason is enough.
    ({"stale": True}, TEXT, {CF: 150.0}, "restarted", "older description"),
])
def test_needed(state, on_disk, times, action, word):
    told = daemon.needed(UNIT, RUNNING._replace(**state), on_disk, dict(TIMES, **times), PROGRAM, 200.0)
    assert told[0] == action
    assert (word in told[1][0]) if word else told[1] == []


@pytest.mark.parametrize("active, on_disk, action", [(True, TEXT, "stopped"), (True, "older", "stopped"), (False, TEXT, "none"), (False, None, "none")])
def test_a_unit_that_must_not_run_is_stopped_and_nothing_else(active, on_disk, action):
    found, reasons = daemon.needed(UNIT._replace(run=False), RUNNING._replace(active=active), on_disk, TIMES, PROGRAM, 200.0)
    assert (found, bool(reasons)) == (action, active)


def test_needed_restarts_what_can_not_reload():
    unit = UNIT._replace(text="[Service]\nExecStart=x\n")
    assert daemon.needed(unit, RUNNING, unit.text, dict(TIMES, **{CF: 150.0}), PROGRAM, 200.0)[0] == "restarted"


@pytest.mark.parametrize("sockets, words", [
    (set([("0.0.0.0", 25)]), []),
    (None, []),
    (set(), ["does not listen on 0.0.0.0:25"]),
    (set([("0.0.0.0", 25), ("::", 587)]), ["listens on [::]:587, which no listener declares"]),
    (set([("127.0.0.1", 25)]), ["does not listen on 0.0.0.0:25", "listens on 127.0.0.1:25, which no listener declares"]),
])
def test_socket_faults(sockets, words):
    assert daemon.socket_faults(UNIT, sockets) == words


def test_sockets_of_a_unit_without_listeners_do_not_matter():
    assert daemon.socket_faults(UNIT._replace(listeners=()), set([("::", 99)])) == []


@pytest.mark.parametrize("sockets, expected", [
    (None, UNIT.listeners), (set(), UNIT.listeners), (set([("0.0.0.0", 25)]), UNIT.listeners),
    (set([("::", 465), ("127.0.0.1", 25)]), (daemon.Listener("127.0.0.1", 25, False), daemon.Listener("::", 465, True))),
])
def test_a_former_configuration_is_held_against_its_own_listeners(sockets, expected):
    assert daemon.former_listeners(UNIT, sockets) == expected


OLD = """V10/Berkeley
O DaemonPortOptions=Name=MTA, Addr=0.0.0.0, Modifiers=A
O DaemonPortOptions=Name=TLS, Addr=::1, Family=inet6, Port=smtps, M=s
O DaemonPortOptions=Name=NoMTA, Addr=127.0.0.1
"""


@pytest.mark.parametrize("text, listeners, files", [
    # A configuration without a certificate offers no STARTTLS, whatever the one had that it takes the place of.
    (OLD, [("0.0.0.0", 25, False, False), ("::1", 465, True, False)], []),
    (OLD + "O ServerCertFile=/a.pem, /b.pem\n", [("0.0.0.0", 25, False, True), ("::1", 465, True, False)], ["/a.pem", "/b.pem"]),
    (OLD.replace("Modifiers=A", "Modifiers=S") + "O ServerCertFile=/a.pem\n", [("0.0.0.0", 25, False, False), ("::1", 465, True, False)], ["/a.pem"]),
    ("V10\nO DaemonPortOptions=Name=MTA, Addr=mx.example.org\nO ServerCertFile=/a.pem\n", [], ["/a.pem"]), ("V10\n", [], []),
])
def test_what_a_compiled_configuration_has_to_show(text, listeners, files):
    found = daemon.declared(text)
    assert ([tuple(entry) for entry in found[0]], found[1]) == (listeners, files)


@pytest.mark.parametrize("said, offered, files", [
    ("V10\nO DaemonPortOptions=Name=MTA, Addr=0.0.0.0\n", False, 0),
    ("V10\nO DaemonPortOptions=Name=MTA, Addr=0.0.0.0\nO ServerCertFile=%s\n", True, 1),
    ("V10\n", False, 0), (None, True, 2),
])
def test_the_way_back_is_judged_by_what_came_back(tmp_path, said, offered, files):
    """A roll-out of TLS that fails must not hold the old configuration against certificates that it never had."""
    pem, path = tmp_path / "server.pem", tmp_path / "sendmail.cf"
    pem.write_text(u"-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\n")
    if said is not None:
        path.write_text(u"%s" % (said % pem if "%s" in said else said))
    supervisor = daemon.Supervisor.__new__(daemon.Supervisor)
    supervisor.configuration, supervisor.certificates = str(path), lambda: ("new", "newer")
    supervisor.units = [UNIT._replace(listeners=(daemon.Listener("0.0.0.0", 25, False, True),)), UNIT._replace(name="b.service", listeners=())]
    supervisor._judge_by_the_former()
    assert [entry.starttls for entry in supervisor.units[0].listeners] == [offered] and supervisor.units[1].listeners == ()
    assert len(supervisor.certificates()) == files


def test_keys_that_came_back_are_proven_too():
    supervisor, recovery = Supervisor([["deaf"], []]), Recovery(None, ["/etc/mail/tls/mailjail/server.pem"])
    with pytest.raises(SendmailError) as caught:
        daemon.bring_up(supervisor, recovery)
    assert (supervisor.asked, recovery.good) == (["apply", "prove", "go_back", "prove"], 1)
    assert "What /etc/mail/tls/mailjail/server.pem held before was put back." in caught.value.message


@pytest.mark.parametrize("answer, fault", [
    ("220 mx.example.org ESMTP", None),
    ("220-mx.example.org", None),
    ("421 4.3.2 Too many open connections", "0.0.0.0:25 answers '421 4.3.2 Too many open connections' instead of a greeting"),
    ("SSH-2.0-OpenSSH", "0.0.0.0:25 answers 'SSH-2.0-OpenSSH' instead of a greeting"),
    ("!Connection refused", "0.0.0.0:25 does not answer: Connection refused"),
])
def test_greeting_fault(answer, fault):
    assert daemon.greeting_fault(UNIT.listeners[0], answer) == fault


@pytest.mark.parametrize("answers, verdict", [
    ([], True), (["220 x"], True), (["421 busy"], True), (["554 no"], True), (["!no greeting"], False), (["220 x", "!gone"], False), (["SSH-2.0"], False),
])
def test_alive(answers, verdict):
    assert daemon.alive(answers) is verdict


def test_telling_leaves_out_chatter_and_repetition():
    lines = ["Starting sendmail.service - x...", "readcf: unknown option", "sendmail.service: Main process exited, code=exited, status=70/SOFTWARE",
             "sendmail.service: Scheduled restart job, restart counter is at 1.", "readcf: unknown option", "starting daemon (8.18.1): SMTP+queueing@00:10:00"]
    assert daemon.telling(lines) == ["sendmail.service: Main process exited, code=exited, status=70/SOFTWARE", "readcf: unknown option"]


@pytest.mark.parametrize("text, user", [("[Service]\nType=exec\n", "root"), ("User=mailgw\nGroup=mailgw\n", "mailgw"), ("User=a\nUser=\n", "root")])
def test_unit_user(text, user):
    assert daemon.unit_user(text) == user


# ---- this host stands in for the mail host ----------------------------------------------------------------------------------------------

def test_strays_names_what_belongs_to_another(tmp_path):
    (tmp_path / "qfA").write_text(u"x")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "dfA").write_text(u"x")
    assert daemon.strays(str(tmp_path), os.getuid()) == []
    expected = [tmp_path, tmp_path / "qfA", tmp_path / "sub", tmp_path / "sub" / "dfA"]
    assert sorted(daemon.strays(str(tmp_path), os.getuid() + 1)) == [str(path) for path in expected]


def test_strays_of_no_directory(tmp_path):
    assert daemon.strays(str(tmp_path / "none"), 0) == []


@pytest.mark.parametrize("plant", [
    lambda path: os.symlink("/etc/shadow", path),
    os.mkfifo,
    lambda path: (open(path + "2", "w").close(), os.link(path + "2", path)),
])
def test_strays_refuses_what_was_planted(tmp_path, plant):
    plant(str(tmp_path / "dfEvil"))
    assert daemon.strays(str(tmp_path), os.getuid()) == []
    with pytest.raises(SendmailError) as caught:
        daemon.strays(str(tmp_path), os.getuid() + 1)
    assert "dfEvil" in caught.value.message and "Nothing was touched" in caught.value.message


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_hand_over_follows_no_link(tmp_path):
    victim, link, plain = tmp_path / "victim", tmp_path / "dfLink", tmp_path / "qfA"
    victim.write_text(u"x")
    plain.write_text(u"x")
    os.symlink(str(victim), str(link))
    daemon.hand_over([str(link), str(plain), str(tmp_path / "gone")], 12345, 12345)
    assert (os.stat(str(victim)).st_uid, os.stat(str(plain)).st_uid) == (0, 12345)


@pytest.mark.skipif(os.getuid() != 0, reason="only root may give files away")
def test_sockets_are_opened_to_a_group_without_following_links(tmp_path):
    there, victim = tmp_path / "filter", tmp_path / "victim"
    there.mkdir()
    there.chmod(0o2750)
    victim.write_text(u"x")
    os.symlink(str(victim), str(there / "milter.sock"))
    daemon.let_in([str(there / "milter.sock"), str(tmp_path / "gone" / "milter.sock")], 12345)
    assert [os.lstat(str(path)).st_gid for path in (there, there / "milter.sock", victim)] == [12345, 12345, os.stat(str(tmp_path)).st_gid]
    assert stat.S_IMODE(os.stat(str(there)).st_mode) == 0o2750


def serve(words):
    """Listen on a free port of this host and say some words to whoever comes; return the port and the socket."""
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(5)

    def answer():
        while True:
            try:
                link = server.accept()[0]
            except OSError:
                return
            if words is not None:
                link.sendall(words)
                link.close()

    threading.Thread(target=answer, daemon=True).start()
    return server.getsockname()[1], server


@pytest.mark.parametrize("words, expected", [
    (b"220 mx.example.org ESMTP\r\n", "220 mx.example.org ESMTP"),
    (b"", "!the connection was closed without a word"),
    (None, "!no greeting within 1 seconds"),
])
def test_greet(words, expected):
    port, server = serve(words)
    try:
        assert daemon.greet(daemon.Listener("0.0.0.0", port, False), 1) == expected
    finally:
        server.close()


def test_greet_tells_why_nobody_answers():
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    try:
        assert daemon.greet(daemon.Listener("127.0.0.1", bound.getsockname()[1], False), 1) == "!Connection refused"
    finally:
        bound.close()


def test_listening_sockets_are_those_of_the_process():
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    server.listen(1)
    port = server.getsockname()[1]
    try:
        assert ("127.0.0.1", port) in daemon.listening_sockets(os.getpid())
        assert daemon.running_program(os.getpid()) == os.path.realpath("/proc/self/exe")
    finally:
        server.close()
    assert ("127.0.0.1", port) not in daemon.listening_sockets(os.getpid())


def test_changed_at_sees_a_file_that_keeps_its_old_date(tmp_path):
    path, began = str(tmp_path / "cf"), time.time() - 1
    open(path, "w").close()
    os.utime(path, (1000, 1000))
    assert daemon.changed_at(path) > began
    assert daemon.changed_at(path + "x") is None


# ---- the way back ----------------------------------------------------------------------------------------------------------------------

class Supervisor:
    """Answers each proof from a list; writes down what was asked of it."""

    def __init__(self, proofs, former=()):
        self.proofs, self.former, self.asked = list(proofs), list(former), []

    def report(self):
        return {"action": "reloaded"}

    def apply(self):
        self.asked.append("apply")

    def prove(self, since):
        self.asked.append("prove")
        return self.proofs.pop(0)

    def holders(self):
        return ["0.0.0.0:25 is held by process 9 (nc)"]

    def journal(self, since):
        return ["readcf: unknown option"]

    def former_units(self):
        return self.former

    def go_back(self):
        self.asked.append("go_back")

    def present(self):
        return "Mail is taken."


class Recovery:
    def __init__(self, generation, keys=()):
        self.generation, self.keys, self.good = generation, list(keys), 0

    def mark_good(self):
        self.good += 1

    def restore_keys(self):
        return self.keys

    def restore(self):
        return self.generation, "generation %s" % self.generation if self.generation else "nothing kept"


def test_a_proven_daemon_makes_its_configuration_good():
    supervisor, recovery = Supervisor([[]]), Recovery("00001")
    daemon.bring_up(supervisor, recovery)
    assert (supervisor.asked, recovery.good) == (["apply", "prove"], 1)


@pytest.mark.parametrize("proofs, former, generation, asked, good", [
    # The old state answers again, so it is good; without one nothing is started a second time.
    ([["deaf"], []], [NAME], "00001", ["apply", "prove", "go_back", "prove"], 1),
    ([["deaf"], []], [], "00001", ["apply", "prove", "go_back", "prove"], 1),
    ([["deaf"], []], [NAME], None, ["apply", "prove", "go_back", "prove"], 1),
    ([["deaf"]], [], None, ["apply", "prove"], 0),
    ([["deaf"], ["deaf still"]], [NAME], "00001", ["apply", "prove", "go_back", "prove"], 0),
])
def test_a_daemon_that_is_not_proven_goes_back(proofs, former, generation, asked, good):
    supervisor, recovery = Supervisor(proofs, former), Recovery(generation)
    with pytest.raises(SendmailError) as caught:
        daemon.bring_up(supervisor, recovery)
    assert (supervisor.asked, recovery.good) == (asked, good)
    message = caught.value.message
    assert "was reloaded" in message and "deaf" in message and "held by process 9 (nc)" in message and "unknown option" in message
    assert caught.value.details["restored"] == generation
    assert all(word in message for word in former)
