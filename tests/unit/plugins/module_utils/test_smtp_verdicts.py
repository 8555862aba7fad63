# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From answers to verdicts, without a network."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import random
import ssl

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    smtp_certificate,
    smtp_hello,
    smtp_limits,
    smtp_relay,
    smtp_session,
    smtp_smuggling,
    smtp_suites,
    smtp_tls,
    smtp_wire,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils import smtp_server

LOCAL = "postmaster@example.org"


def reply(text):
    return smtp_wire.Reply(int(text[:3]), [text])


ANSWERS = [
    ("250 2.1.0 ok", "250 2.1.5 ok", True), ("250 2.1.0 ok", "251 2.1.5 forwards", True), ("250 ok", "550 5.7.1 Relaying denied", False),
    ("250 ok", "553 5.1.3 bad mailbox", False), ("530 5.7.0 Authentication required", None, False), ("250 ok", "450 4.7.1 greylisted", None),
    ("451 4.3.0 later", None, None), ("250 ok", "421 4.7.0 too many", None), ("553 5.1.8 <x@y>... Domain does not exist", None, None),
    ("250 ok", "553 5.1.8 <x@y>... Domain does not exist", None), ("250 ok", "553 5.1.7 bad sender", None), ("501 5.1.7 bad sender", None, None),
]


@pytest.mark.parametrize("mail, rcpt, accepted", ANSWERS)
def test_verdict_on_relaying(mail, rcpt, accepted):
    found, said, reason = smtp_relay.verdict(reply(mail), reply(rcpt) if rcpt else None)
    assert found is accepted and said == (rcpt or mail) and bool(reason) is (accepted is None)


REASONS = [(None, False, "2120", ""), ("certificate has expired", True, "2020", "certificate has expired"),
           (smtp_wire.UNTOLD, False, "2020", "certificate has expired"),
           (smtp_wire.UNTOLD, True, "2120", "self-signed certificate"), (smtp_wire.UNTOLD, False, "2120", smtp_wire.UNTOLD)]


@pytest.mark.parametrize("fault, own, ends, expected", REASONS)
def test_why_a_certificate_is_not_believed(fault, own, ends, expected):
    assert smtp_tls.reason(fault, {"self_signed": own, "ends": ends}, "2027") == expected


CODES = [([421], "refused", False), ([554], "refused", False), ([], "refused", False), ([250], "one message", False), ([250, 421], "one message", False),
         ([250, 250, 250, 354, 250], "two messages", True), ([250, 554], "one message", True), ([250, 503, 503, 503], "one message", True),
         ([250, 250, 550, 554], "two messages", True), ([451], "refused", False), ([250, 354, 250], "two messages", True)]


@pytest.mark.parametrize("codes, verdict, honoured", CODES)
def test_verdict_on_smuggling(codes, verdict, honoured):
    assert smtp_smuggling.verdict(codes) == (verdict, honoured)


@pytest.mark.parametrize("text, clear", [
    ("421 4.5.0 Bare linefeed (LF) not allowed", True), ("421 Bare <LF> received", True), ("554 5.6.0 no", True), ("521 5.5.2 bare <LF>", True),
    ("451 4.3.0 later", False), ("421 4.3.2 too many connections", False), ("421 4.4.1 timeout", False), (None, False)])
def test_what_is_put_off_is_not_refused(text, clear):
    """Neither by the false ends of data nor by long headers."""
    assert bool(smtp_smuggling.unclear([reply(text)] if text else [])) is not clear


SUITES = {"TLS_AES_128_GCM_SHA256": [], "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": [], "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256": [],
          "TLS_RSA_WITH_AES_128_GCM_SHA256": ["no forward secrecy"], "TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256": ["no forward secrecy"],
          "TLS_DH_anon_WITH_AES_128_GCM_SHA256": ["nobody is authenticated"],
          "TLS_RSA_EXPORT_WITH_RC4_40_MD5": ["export strength", "MD5", "no forward secrecy"],
          "TLS_ECDHE_RSA_WITH_RC4_128_SHA": ["RC4"], "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA": ["3DES, blocks of 64 bits"],
          "TLS_DHE_RSA_WITH_DES_CBC_SHA": ["DES, 56 bits"], "TLS_ECDHE_ECDSA_WITH_NULL_SHA": ["no encryption"], "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": []}


@pytest.mark.parametrize("suite", sorted(SUITES))
def test_what_is_wrong_with_a_suite(suite):
    assert smtp_suites.faults(suite) == SUITES[suite]
    assert smtp_suites.dated(suite) is (suite == "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA")


def test_suites_are_the_ones_that_openssl_knows():
    context = ssl.create_default_context()
    context.set_ciphers("ALL:COMPLEMENTOFALL")
    numbers = dict((one["id"] & 0xffff, one["name"]) for one in context.get_ciphers())
    numbers = dict((number, name) for number, name in numbers.items() if not any(word in name for word in ("PSK", "SRP", "GOST")))
    missing = [name for number, name in numbers.items() if smtp_suites.name(number).startswith("0x")]
    assert not missing and len(numbers) > 20
    assert smtp_suites.name(0xc02f) == "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256" and smtp_suites.name(0x1301) == "TLS_AES_128_GCM_SHA256"


def test_forms_hold_what_they_should():
    found = smtp_relay.forms({"name": "mx.example.org", "address": "2001:db8::1", "recipients": {"local": LOCAL, "outside": "x@probe.example"}, "sender": ""})
    written = [recipient for unused, unused, recipient in found]
    assert len(found) >= 36 and len(set(found)) == len(found) and not [one for one in written if "{" in one]
    assert {"x@probe.example", "x%probe.example@mx.example.org", "@mx.example.org:x@probe.example", '"x@probe.example"@[IPv6:2001:db8::1]',
            "probe.example!x@example.org"} <= set(written)
    assert {"", "x@mx.example.org", LOCAL} <= set(sender for unused, sender, unused in found)


V6 = b"\x20\x01\x0d\xb8" + b"\0" * 11 + b"\1"


@pytest.mark.parametrize("name, named", [
    ("2001:db8::1", True), ("2001:DB8:0::1", True), ("[IPv6:2001:db8::1]", True), ("IPv6:2001:db8::1", True), ("[2001:db8::1]", True), ("2001:db8::2", False),
    ("192.0.2.1", True), ("[192.0.2.1]", True), ("192.0.2.2", False)])
def test_addresses_that_a_certificate_names(monkeypatch, name, named):
    both = bytes(bytearray((0x30, 24, 0x87, 16))) + V6 + bytes(bytearray((0x87, 4, 192, 0, 2, 1)))
    names = smtp_certificate._alternatives(both)
    assert names == ["2001:db8::1", "192.0.2.1"]
    monkeypatch.setattr(smtp_certificate, "read", lambda der: {"names": names})
    prober = smtp_session.Prober({"name": name}, None)
    assert smtp_tls.described(prober, b"")["named"] is named and prober.server_name is None


def test_a_certificate_that_is_cut_off_or_changed_is_none():
    der = ssl.PEM_cert_to_DER_cert(smtp_server.CERTIFICATE)
    assert smtp_certificate.read(der)["key"] == "EC 256"
    for place in range(len(der) - 80):      # the signature is not read
        with pytest.raises(InvalidValue):
            smtp_certificate.read(der[:place])
    for seed in range(2000):
        chance = random.Random(seed)
        changed = bytearray(der)
        for place in chance.sample(range(len(der)), 4):
            changed[place] = chance.randrange(256)
        try:
            smtp_certificate.read(bytes(changed))
        except InvalidValue:
            pass


def test_noise_behind_a_hello_is_no_traceback():
    for seed in range(2000):
        chance = random.Random(seed)
        noise = bytes(bytearray(chance.randrange(256) for place in range(chance.randrange(60))))
        length = bytes(bytearray((len(noise) >> 8, len(noise) & 255)))
        for data in (noise, b"\x16\x03\x03" + length + noise, b"\x16\x03\x03" + length + b"\x02" + noise[1:]):
            answer = smtp_hello.read(data, whole=True)
            assert answer is None or answer.state in ("hello", "refused", "alert", "strange")


NOISE = [b"", b"\x16", b"\x16\x03\x03\x00\x04\x02\x00\x00", b"\x16\x03\x01\x00\x04\x02\x00\x00\x10"]


@pytest.mark.parametrize("data", NOISE)
def test_an_unfinished_handshake_waits_for_more(data):
    assert smtp_hello.read(data) is None


STRANGE_HANDSHAKES = [b"HTTP/1.0 400", b"\x16\x05\x01\x00\x02ab", b"\x16\x03\x01\xff\xff", b"\x16\x03\x01\x00\x04\x0b\x00\x00\x00",
                      b"\x16\x03\x01\x00\x08\x02\x00\x00\x04\x03\x03ab", b"\x16\x03\x01\x00\x04\x02\xff\xff\xff"]


@pytest.mark.parametrize("data", STRANGE_HANDSHAKES)
def test_what_is_no_handshake_is_strange(data):
    assert smtp_hello.read(data).state == "strange"


HARVEST = [([250, 250], [0.0, 0.1], "accepted"), ([550, 550, 550], [0.1, 0.1, 1.1], "slowed"), ([550, 550], [0.1, 0.3], "not slowed"),
           ([550, 421], [0.1, 0.1], "ended"), ([550, 550], [1.2, 1.2], "not slowed"), ([450, 450], [0.0, 1.0], "slowed")]


@pytest.mark.parametrize("codes, seconds, verdict", HARVEST)
def test_verdict_on_unknown_users(codes, seconds, verdict):
    assert smtp_limits.harvest(codes, seconds) == verdict


SHOWN = [(b"250 ok", "250 ok"), (b"\x00\x1b[31m", "\\x00\\x1b[31m"), (b"\xe4\xff", "\\xe4\\xff"), (b"a\tb", "a\\tb"), (b"x" * 500, "x" * 400 + "...")]


@pytest.mark.parametrize("data, text", SHOWN)
def test_what_comes_can_be_shown_anywhere(data, text):
    assert smtp_wire.printable(data) == text
