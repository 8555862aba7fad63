# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against servers on loopback: some behave, some behave in one point otherwise, some do not behave at all."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import itertools
import socket
import ssl
import time

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    smtp_hello,
    smtp_limits,
    smtp_run,
    smtp_session,
    smtp_smuggling,
    smtp_tls,
    smtp_wire,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils import smtp_server
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.smtp_server import Mail, Server

LOCAL, TEST = "postmaster@example.org", "tester@example.org"


@pytest.fixture(scope="session", name="pem")
def pem_(tmp_path_factory):
    """File with certificate and key."""
    path = tmp_path_factory.mktemp("tls") / "mx.pem"
    path.write_text(smtp_server.CERTIFICATE + smtp_server.KEY)
    return str(path)


@pytest.fixture(scope="session", name="context")
def context_(pem):
    """What a server needs for TLS."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


def options(port, **more):
    """Options as the module hands them over; quick, since nothing is far away."""
    found = {"address": "127.0.0.1", "port": port, "family": None, "name": "mx.example.org", "implicit_tls": False, "allowed_addresses": ["127.0.0.1"],
             "tests": list(smtp_run.USUAL), "recipients": {"local": LOCAL}, "sender": "", "helo": "", "deliver_to": TEST, "ca": None, "patience": 2,
             "slow_client_seconds": 3, "budget": {"seconds": 30, "per_second": 50, "at_a_time": 8, "connections": 400}}
    found.update(more)
    return found


def probe(mail, check_mode=False, **more):
    """Probe a server; return the result."""
    with Server(mail) as server:
        result = smtp_run.run(options(server.port, **more), check_mode)
        assert not server.problems, server.problems
    return result


@pytest.fixture(autouse=True)
def near(monkeypatch):
    """Nothing is far away here: an answer that nobody asked for comes at once."""
    monkeypatch.setattr(smtp_tls, "QUIET", 0.3)


def why(result, test):
    """Return the reason for which a test is not known, or None."""
    return next((row["why"] for row in result["unknown"] if row["test"].startswith(test)), None)


# ---- a listener as it should be, and as it should not -----------------------------------------------------------------------------------------

@pytest.fixture(scope="module", name="good")
def good_(context, pem):
    """The server of a careful site, and what is told of it."""
    mail = Mail(tls=context, auth_tls=("PLAIN", "LOGIN"), slows=0.9, unknown=False,
                commands={"HELP": "214 2.0.0 See RFC 5321", "VRFY": "252 2.5.2 Cannot VRFY"})
    return mail, probe(mail, ca=pem)


@pytest.fixture(scope="module", name="bad")
def bad_(context):
    """The server of somebody who did not care, and what is told of it."""
    mail = Mail(tls=context, auth=("PLAIN",), relays=True, ends=tuple(smtp_smuggling.FORMS.values()), refuses_bare=False, ahead="executed", http="answer",
                greeting="220 mx.example.org ESMTP Sendmail 8.9.3/8.9.3", most=10 ** 6, size=0, header_bytes=10 ** 7, checks_sender=False, helo=False,
                commands={"VRFY": "250 2.1.5 root <root@mx.example.org>", "EXPN": "250 2.1.5 <root@mx.example.org>",
                          "WIZ": "200 Please pass, oh mighty wizard"})
    return mail, probe(mail)


def test_of_a_good_listener_everything_is_known(good):
    assert good[1]["unknown"] == [] and good[1]["reachable"] and good[1]["refusal"] == ""


def test_of_a_bad_listener_everything_is_known(bad):
    assert [row["test"] for row in bad[1]["unknown"]] == ["limits: unknown users"]


def test_what_is_said(good, bad):
    assert good[1]["greeting"] == "220 mx.example.org ESMTP" and "SIZE 26214400" in good[1]["ehlo"] and "STARTTLS" in good[1]["ehlo"]
    assert "STARTTLS" not in good[1]["ehlo_tls"] and (good[1]["auth_clear"], good[1]["auth_tls"]) == ([], ["PLAIN", "LOGIN"])
    assert bad[1]["greeting"].endswith("8.9.3/8.9.3") and bad[1]["auth_clear"] == ["PLAIN"]


COMMANDS = {"HELP": ("214 2.0.0 See RFC 5321", None), "VRFY": ("252 2.5.2 Cannot VRFY", "250 2.1.5 root <root@mx.example.org>"),
            "EXPN": ('500 5.5.1 Command unrecognized: "EXPN root"', "250 2.1.5 <root@mx.example.org>"), "WIZ": (None, "200 Please pass, oh mighty wizard"),
            "MAIL": ("250 2.1.0 <>... Sender ok", None), "MAIL over TLS": ("250 2.1.0 <>... Sender ok", None),
            "MAIL without EHLO": ("503 5.0.0 Polite people say HELO first", "250 2.1.0 <>... Sender ok"),
            "EHLO without name": ("501 5.0.0 EHLO requires domain address", None), "unknown": ('500 5.5.1 Command unrecognized: "XPROBE"', None)}


@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_commands(good, bad, command):
    for listener, expected in zip((good, bad), COMMANDS[command]):
        assert expected is None or listener[1]["commands"][command] == expected


def test_every_form_is_asked_for_and_judged(good, bad):
    assert len(good[1]["relay"]) == len(bad[1]["relay"]) >= 36
    assert not [row for row in good[1]["relay"] if row["accepted"]]
    assert [row["form"] for row in bad[1]["relay"] if row["accepted"]] == [row["form"] for row in bad[1]["relay"]]


def test_the_battery_sends_nothing(context):
    mail = Mail(tls=context, relays=True)
    assert all(row["accepted"] for row in probe(mail, tests=["relay", "limits", "senders"], deliver_to="")["relay"])
    assert mail.messages == [] and not [line for line in mail.said if line.upper().startswith(b"DATA")]


def test_check_mode_sends_nothing(context):
    mail = Mail(tls=context)
    result = probe(mail, check_mode=True, tests=["smuggling", "limits"])
    assert mail.messages == [] and "check mode" in why(result, "smuggling") and "check mode" in why(result, "limits: headers")


def test_who_is_mail_taken_for_and_from(good, bad):
    def table(result, key):
        return dict((row["from"] if key == "senders" else row["to"], row["accepted"]) for row in result[key])

    assert table(good[1], "own") == {LOCAL: True, "postmaster@no-such-host.example.org": False, "root": False, "root@mx.example.org": False}
    assert table(good[1], "senders") == {"probe": False, "probe@no-such-domain.invalid": False}
    assert table(bad[1], "senders") == {"probe": True, "probe@no-such-domain.invalid": True}


def test_false_ends_of_data(good, bad):
    assert [row["form"] for row in good[1]["smuggling"]] == list(smtp_smuggling.FORMS)
    assert set((row["verdict"], row["honoured"]) for row in good[1]["smuggling"]) <= {("refused", False), ("one message", False)}
    assert [row["verdict"] for row in good[1]["smuggling"] if row["form"].startswith("LF")] == ["refused"] * 3
    assert set(row["verdict"] for row in bad[1]["smuggling"]) == {"two messages"}
    assert "421 4.5.0 Bare" in good[1]["smuggling"][0]["answer"]
    # What the result says happened.
    smuggled = [[text for text in mail.messages if b", smuggled by" in text.partition(b"\r\n\r\n")[0]] for mail in (good[0], bad[0])]
    assert [len(texts) for texts in smuggled] == [0, len(smtp_smuggling.FORMS)]


@pytest.mark.parametrize("form", sorted(smtp_smuggling.FORMS))
def test_a_server_that_believes_one_false_end(form):
    # Some ends hold others in themselves, such as CR.CRLF the end CR.CR.
    mail = Mail(ends=(smtp_smuggling.FORMS[form],), refuses_bare=False)
    result = probe(mail, tests=["smuggling"])
    assert [row["verdict"] for row in result["smuggling"] if row["form"] == form] == ["two messages"]
    others = [row["form"] for row in result["smuggling"] if row["verdict"] == "two messages" and smtp_smuggling.FORMS[form] not in
              smtp_smuggling.FORMS[row["form"]]]
    assert not others


@pytest.mark.parametrize("replies", [[], [smtp_wire.Reply(451, ["451 4.3.0 later"])]], ids=["nothing", "later"])
def test_what_is_put_off_is_not_known(monkeypatch, replies):
    prober = smtp_session.Prober(smtp_run.checked(options(25)), None)
    prober.result["limits"] = {}
    for module in (smtp_smuggling, smtp_limits):
        monkeypatch.setattr(module, "exchange", lambda *unused: replies)
    smtp_run.guarded(prober, "smuggling", lambda prober: smtp_smuggling.smuggle(prober, "LF.LF"))
    smtp_run.guarded(prober, "limits: headers", smtp_limits.headers)
    assert [row["test"] for row in prober.result["unknown"]] == ["smuggling: LF.LF", "limits: headers"]
    assert "smuggling" not in prober.result and prober.result["limits"] == {}


def test_limits(good, bad):
    found, other = good[1]["limits"], bad[1]["limits"]
    assert found["size"]["announced"] == 26214400 and found["size"]["verdict"] == "refused" and other["size"]["verdict"] == "no limit"
    assert (found["recipients"]["accepted"], found["recipients"]["verdict"]) == (100, "limited") and found["recipients"]["answer"].startswith("452 4.5.3")
    assert (other["recipients"]["accepted"], other["recipients"]["verdict"]) == (1001, "not limited")
    assert found["headers"]["verdict"] == "refused" and other["headers"]["verdict"] == "accepted" and found["headers"]["bytes"] > 32768
    assert found["unknown_users"]["verdict"] == "slowed" and found["unknown_users"]["domain"] == "example.org" and "unknown_users" not in other
    assert len(found["unknown_users_seconds"]) == 7 and found["unknown_users_seconds"][-1] >= 0.9


@pytest.mark.parametrize("most", [20, 120])
def test_a_listener_that_hangs_up_at_its_limit_of_recipients(most):
    result = probe(Mail(most=most, full="421 4.5.3 Too many recipients"), tests=["limits"])
    assert result["limits"]["recipients"] == {"accepted": most, "answer": "421 4.5.3 Too many recipients", "verdict": "limited"}
    assert not why(result, "limits: recipients")


def test_a_gateway_that_does_not_know_its_users_is_asked_for_others():
    found = probe(Mail(unknown=True), tests=["limits"])["limits"]
    assert found["unknown_users"]["domain"] == "probe.example" and found["unknown_users"]["verdict"] == "not slowed"


def test_early_and_foreign_talk(good, bad):
    assert probe(Mail(pause=0.5), tests=["early_talk"])["early_talk"] == {"answer": "554 mx.example.org ESMTP not accepting messages", "verdict": "refused"}
    assert good[1]["early_talk"]["verdict"] == "let through"
    assert (good[1]["web_talk"]["verdict"], bad[1]["web_talk"]["verdict"]) == ("dropped", "answered")


def test_slow_clients():
    found = probe(Mail(idle=1), tests=["slow_client"])["limits"]["slow_client"]
    assert set(found) == {"silent", "dripping"}
    assert all(row["verdict"] == "dropped" and row["answer"].startswith("421") and row["seconds"] < 3 for row in found.values())
    held = probe(Mail(idle=20), tests=["slow_client"], slow_client_seconds=2)["limits"]["slow_client"]
    assert set(row["verdict"] for row in held.values()) == {"held"}
    short = probe(Mail(idle=20), tests=["slow_client"], slow_client_seconds=100, budget={"seconds": 8, "per_second": 50})
    assert "budget.seconds" in why(short, "slow_client: silent")


def loopbacks():
    """Return the loopback addresses that this host has."""
    found = ["127.0.0.1"]
    if socket.has_ipv6:
        try:
            with socket.socket(socket.AF_INET6) as one:
                one.bind(("::1", 0))
            found.append("::1")
        except OSError:
            pass
    return found


@pytest.mark.parametrize("address", loopbacks())
def test_both_families(address):
    with Server(Mail(), address) as server:
        result = smtp_run.run(options(server.port, address=address, allowed_addresses=[address], name="", tests=["relay"]))
    assert result["family"] == ("inet6" if ":" in address else "inet") and len(result["relay"]) >= 36 and not result["unknown"]
    assert [row for row in result["relay"] if row["to"].endswith("@[IPv6:::1]" if ":" in address else "@[127.0.0.1]")]


# ---- TLS -----------------------------------------------------------------------------------------------------------------------------------

def test_certificate_that_is_believed(good):
    found = good[1]["tls"]["certificate"]
    assert found["trusted"] and found["named"] and found["why"] == "" and found["key"] == "EC 256" and found["ends"] == "2120-01-01T00:00:00Z"
    assert found["names"] == ["mx.example.org", "*.mail.example.org", "127.0.0.1"] and found["subject"] == "CN=mx.example.org,O=Test of smtp_probe"
    assert found["chain"] == [found["subject"]]


def test_certificate_that_is_not(bad):
    found = bad[1]["tls"]["certificate"]
    assert not found["trusted"] and "self" in found["why"] and found["self_signed"]


NAMED = {"mx.example.org": True, "a.mail.example.org": True, "a.b.mail.example.org": False, "127.0.0.1": True, "other": False}


@pytest.mark.parametrize("name, named", sorted(NAMED.items()))
def test_names_of_the_certificate(context, name, named):
    assert probe(Mail(tls=context), tests=["tls"], name=name)["tls"]["certificate"]["named"] is named


def test_versions_and_suites_of_python_itself(good):
    found = good[1]["tls"]
    assert set(found["versions"]) >= {"1.2", "1.3"} and set(found["versions"]) | set(found["refused"]) == set(smtp_hello.VERSIONS)
    assert "TLS_AES_256_GCM_SHA384" in found["suites"]["1.3"] and set(found["suites"]) == set(found["versions"])
    known = set(one["name"] for one in ssl.create_default_context().get_ciphers())
    assert "ECDHE-ECDSA-AES256-GCM-SHA384" not in known or "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384" in found["suites"]["1.2"]
    assert not [suite for suite in found["suites"]["1.2"] if "_RSA_" in suite], "the certificate is an EC one"


AHEAD = {"refused": "refused", "discarded": "discarded", "executed": "executed", "clear": "answered in the clear"}


@pytest.mark.parametrize("ahead", sorted(AHEAD))
def test_command_behind_starttls(context, ahead):
    assert probe(Mail(tls=context, ahead=ahead), tests=["tls"])["tls"]["injection"] == AHEAD[ahead]


def test_tls_from_the_first_byte(context, pem):
    result = probe(Mail(implicit=context, auth_tls=("PLAIN",)), ca=pem, implicit_tls=True, tests=["commands", "relay", "tls", "early_talk"])
    assert result["greeting"] == "220 mx.example.org ESMTP" and result["tls"]["certificate"]["trusted"] and "injection" not in result["tls"]
    assert (result["auth_clear"], result["auth_tls"]) == ([], ["PLAIN"]) and result["ehlo"] == result["ehlo_tls"]
    assert [row["test"] for row in result["unknown"]] == ["early_talk"] and len(result["relay"]) >= 36


def test_a_listener_that_takes_mail_over_tls_only(context):
    """Refusals of what is asked in the clear would say nothing."""
    result = probe(Mail(tls=context, wants_tls=True, relays=True), tests=["relay", "commands"])
    assert result["commands"]["MAIL"].startswith("530") and all(row["accepted"] for row in result["relay"]) and result["relay"]


def test_a_weak_prime_is_found_where_another_suite_is_chosen_first():
    with Server(smtp_server.choosing({0x0303: (0xc02f, 0x009e)}, dh_prime=b"\xff" * 64)) as server:
        found = smtp_run.run(options(server.port, tests=["tls", "suites"]))["tls"]
    assert found["suites"]["1.2"][0].startswith("TLS_ECDHE") and found["dh_bits"] == 512


OLD = {0x0300: (0x0004, 0x000a), 0x0301: (0x000a, 0x0035), 0x0302: (0x0035,), 0x0303: (0x009f, 0x0035)}


def test_what_this_hosts_openssl_has_forgotten_is_found(context):
    """The answers come from a table, so nothing depends on what the libraries of the test's host can do."""
    with Server(smtp_server.choosing(OLD, dh_prime=b"\xff" * 128)) as server:
        found = smtp_run.run(options(server.port, tests=["tls", "suites"]))["tls"]
    assert found["versions"] == ["SSLv3", "1.0", "1.1", "1.2"] and found["refused"]["1.3"] == "alert 'protocol version'"
    assert found["suites"] == {"SSLv3": ["TLS_RSA_WITH_RC4_128_MD5", "TLS_RSA_WITH_3DES_EDE_CBC_SHA"],
                               "1.0": ["TLS_RSA_WITH_3DES_EDE_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"], "1.1": ["TLS_RSA_WITH_AES_256_CBC_SHA"],
                               "1.2": ["TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", "TLS_RSA_WITH_AES_256_CBC_SHA"]}
    assert "TLS_RSA_WITH_RC4_128_MD5 (SSLv3): RC4, MD5, no forward secrecy" in found["weak"] and found["dh_bits"] == 1024
    assert [line for line in found["weak"] if line.startswith("DH with 1024 bits")]


@pytest.mark.parametrize("alert, known", [(70, True), (40, True), (None, True), (80, True), (50, False), (47, False)])
def test_a_version_is_not_spoken_only_where_that_was_said(alert, known):
    """A server that speaks another version and hangs up refuses; one whose alert is about something else is not known."""
    with Server(smtp_server.choosing({0x0303: (0x009f,)}, alert=alert)) as server:
        result = smtp_run.run(options(server.port, tests=["tls"]))
    assert result["tls"]["versions"] == ["1.2"]
    assert ("1.1" in result["tls"]["refused"]) is known and (why(result, "tls: version 1.1") is None) is known


def test_nothing_is_said_of_versions_where_none_works():
    with Server(smtp_server.choosing({}, alert=None)) as server:
        result = smtp_run.run(options(server.port, tests=["tls"]))
    assert result["tls"]["versions"] == [] and result["tls"]["refused"] == {} and why(result, "tls: 6 of its tests")


def test_implicit_tls_of_which_openssl_makes_nothing():
    with Server(smtp_server.choosing({0x0300: (0x0004,)}, implicit=True)) as server:
        result = smtp_run.run(options(server.port, tests=["tls", "relay"], implicit_tls=True))
    assert not result["reachable"] and result["tls"]["versions"] == ["SSLv3"] and result["tls"]["offered"]


# ---- listeners that do not behave -----------------------------------------------------------------------------------------------------------

def hangs(link):
    link.recv(100)
    time.sleep(10)


def endless(data):
    def talk(link):
        while True:
            link.sendall(data * 100)
    return talk


def says(first, *pieces):
    """A talk that says something, then a piece for each that it hears, and hangs up."""
    def talk(link):
        link.sendall(first)
        for piece in pieces:
            link.recv(4096)
            link.sendall(piece)
    return talk


def drips(link):
    for letter in itertools.cycle(b"220-"):
        link.sendall(bytes(bytearray([letter])))
        time.sleep(0.2)


def resets(link):
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
    link.sendall(b"220 mx")


GREETING = b"220 mx.example.org ESMTP\r\n"
STRANGE = {
    "hangs at once": (hangs, "no answer in time"), "drips": (drips, "no answer in time"), "hangs up": (lambda link: None, "it ended the connection"),
    "hangs up in the greeting": (says(b"220 mx.exa"), "in the middle of '220 mx.exa'"), "resets": (resets, ""),
    "binary": (says(b"\x00\x01\xff\xfe\n\x80\r\n"), "no SMTP: '\\x00\\x01\\xff\\xfe'"), "another protocol": (says(b"SSH-2.0-OpenSSH_9.2\r\n"), "no SMTP"),
    "one line without end": (endless(b"220 xxxx"), "a line without end"), "lines without end": (endless(b"220-x\r\n"), "an answer without end"),
    "noise without end": (endless(b"\xff\x00"), "a line without end"),
    "busy": (says(b"554 no SMTP service here\r\n"), "it greets with '554 no SMTP service here'"),
    "no EHLO": (says(GREETING, b"502 no\r\n", b"502 no\r\n"), None),
    "hangs up after EHLO": (says(GREETING), None), "hangs after EHLO": (lambda link: (link.sendall(GREETING), hangs(link), time.sleep(10)), None),
    "endless EHLO": (lambda link: (link.sendall(GREETING), endless(b"250-x\r\n")(link)), None),
    "hangs up after MAIL": (says(GREETING, b"250-x\r\n250 STARTTLS\r\n"), None),
    "no TLS behind STARTTLS": (says(GREETING, b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n", b"\x00\xff nothing of the kind\r\n"), None),
}


@pytest.mark.parametrize("name", sorted(STRANGE))
def test_a_strange_listener_gives_a_result_in_time(name):
    talk, reason = STRANGE[name]
    began = time.time()
    with Server(talk) as server:
        result = smtp_run.run(options(server.port, patience=1, budget={"seconds": 6, "per_second": 50, "at_a_time": 16}))
    assert time.time() - began < 12
    assert result["unknown"] and not [row for row in result["unknown"] if "The probe itself broke" in row["why"]], result["unknown"]
    assert not [row for row in result.get("relay", []) if row["accepted"]] and "versions" not in result.get("tls", {}) or not result["tls"]["versions"]
    if reason is not None:
        assert not result["reachable"] and reason in result["refusal"]
        assert set(row["test"] for row in result["unknown"]) == set(smtp_run.USUAL)


def test_nobody_listens():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        result = smtp_run.run(options(free.getsockname()[1]))
    assert not result["reachable"] and result["refusal"] == "connection refused"


def test_a_server_that_breaks_off_now_and_then_is_asked_again(context):
    """What a single answer ends is asked in a session of its own, and only that is not known."""
    class Nervous(Mail):
        """Hangs up at EXPN, and after four commands."""

        def __call__(self, link):
            talk, heard = smtp_server.Talk(self, link), []
            line = talk.line

            def counted():
                heard.append(line())
                if heard[-1].startswith("EXPN") or len(heard) > 4:
                    raise EOFError
                return heard[-1]

            talk.line = counted
            talk.run()

    result = probe(Nervous(), tests=["commands"])
    assert [row["test"] for row in result["unknown"]] == ["commands: EXPN"]
    assert set(result["commands"]) >= {"HELP", "VRFY", "ETRN", "DEBUG", "WIZ", "unknown"}


def test_a_bad_server_that_answers_everything_with_421():
    result = probe(Mail(commands={"EHLO": "421 go away", "HELO": "421 go away"}))
    assert result["reachable"] and why(result, "greeting") == "it answers '421 go away' to EHLO" and "relay" not in result or not result["relay"]


# ---- being polite --------------------------------------------------------------------------------------------------------------------------

def test_a_421_is_respected(monkeypatch):
    monkeypatch.setattr(smtp_wire, "PAUSES", (0.5, 0.5, 0.5))
    mail = Mail(puts_off=2)
    began = time.time()
    assert probe(mail, tests=["commands"])["unknown"] == [] and time.time() - began >= 1


def test_who_asks_for_it_again_and_again_is_left_alone(monkeypatch):
    monkeypatch.setattr(smtp_wire, "PAUSES", (0.1, 0.1, 0.1))
    with Server(Mail(puts_off=1000)) as server:
        result = smtp_run.run(options(server.port))
        assert server.connections == 4
    assert not result["reachable"] and "421 4.3.2" in result["refusal"]


def test_no_more_connections_than_allowed(context):
    mail = Mail(tls=context)
    with Server(mail) as server:
        result = smtp_run.run(options(server.port, budget={"connections": 5, "seconds": 20, "per_second": 50}))
        assert server.connections == result["used"]["connections"] == 5
    assert why(result, "smuggling") == "the probe's 5 connections are used up (budget.connections)"


def test_no_more_connections_a_second_than_allowed():
    began = time.time()
    result = probe(Mail(), tests=["relay"], budget={"per_second": 5, "seconds": 30, "at_a_time": 16})
    assert result["used"]["connections"] <= 5 * (time.time() - began) + 1


def test_no_more_bytes_than_allowed():
    result = probe(Mail(), budget={"bytes": 4096, "seconds": 20, "per_second": 50})
    assert why(result, "relay") == "the listener has sent more than 4096 bytes (budget.bytes)"


def test_time_is_up():
    result = probe(Mail(pause=1), budget={"seconds": 5, "per_second": 50, "at_a_time": 1})
    assert why(result, "limits: ") == "the probe's 5 seconds are over (budget.seconds)" and result["used"]["seconds"] < 8


REFUSED = {
    "not in the inventory": ({"allowed_addresses": ["192.0.2.1"]}, "is not in allowed_addresses"), "an empty inventory": ({"allowed_addresses": []}, "empty"),
    "a network": ({"allowed_addresses": ["127.0.0.0/8"]}, "is a network"), "a name": ({"address": "localhost"}, "is no address"),
    "everybody": ({"address": "0.0.0.0", "allowed_addresses": ["0.0.0.0"]}, "not the address of one host"),
    "a group": ({"address": "224.0.0.1", "allowed_addresses": ["224.0.0.1"]}, "not the address of one host"),
    "the other family": ({"family": "inet6"}, "family is inet6"), "a port": ({"port": 0}, "port"),
    "a second command": ({"sender": "a@example.org>\r\nDATA\r\n"}, "sender"), "no address": ({"deliver_to": "tester"}, "deliver_to"),
    "a second recipient": ({"recipients": {"local": "a@example.org> b"}}, "recipients.local"), "braces": ({"name": "a{b}"}, "name"),
    "an address outside": ({"recipients": {"outside": "x@{y}"}}, "recipients.outside"), "a helo": ({"helo": "a\r\nQUIT"}, "helo"),
    "no authorities": ({"ca": "/nonexistent.pem"}, "is no file"), "haste": ({"budget": {"per_second": 1000}}, "budget.per_second"),
    "impatience": ({"patience": 0}, "patience"), "another test": ({"tests": ["everything"]}, "there is no test everything"),
    "another budget": ({"budget": {"money": 1}}, "budget has no key money"), "a word": ({"budget": {"seconds": "long"}}, "budget.seconds is long"),
}


@pytest.mark.parametrize("name", sorted(REFUSED))
def test_refused_before_anybody_is_asked(name):
    changed, said = REFUSED[name]
    with Server(Mail()) as server:
        with pytest.raises(InvalidValue) as caught:
            smtp_run.run(dict(options(server.port), **changed))
        assert said in caught.value.message and server.connections == 0


@pytest.mark.parametrize("changed", [{"helo": "a.example\n"}, {"name": "mx.example.org\n"}, {"sender": "a@example.org\n"}, {"budget": {"seconds": "60\n"}}])
def test_a_line_end_is_no_part_of_a_word(changed):
    with pytest.raises(InvalidValue):
        smtp_run.checked(dict(options(25), **changed))


@pytest.mark.parametrize("text", ["", "no certificate\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", smtp_server.KEY])
def test_authorities_that_are_none(tmp_path, pem, text):
    (tmp_path / "ca.pem").write_text(text)
    with pytest.raises(InvalidValue, match="^ca: ") as caught:
        smtp_run.checked(dict(options(25), ca=str(tmp_path / "ca.pem")))
    assert caught.value.details["variable"] == "ca" and smtp_run.checked(dict(options(25), ca=pem))["ca"] == pem


def test_options_that_nobody_gave():
    """Other modules hand over what they have; the rest is as the module's own defaults."""
    with Server(Mail()) as server:
        result = smtp_run.run({"address": "127.0.0.1", "port": server.port, "allowed_addresses": ["127.0.0.1"], "tests": ["tls", "relay"], "ca": None})
    assert result["reachable"] and result["relay"] and not result["unknown"] and result["tls"] == {"offered": False}


@pytest.mark.parametrize("addresses", [["localhost"], ["::1", "127.0.0.1"], ["no-such-host.invalid", "127.0.0.1"]])
def test_allowed_by_name_or_address(addresses):
    assert probe(Mail(), allowed_addresses=addresses, tests=[])["reachable"]
