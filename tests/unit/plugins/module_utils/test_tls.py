# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import tls, tls_health, tls_host, tls_names
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

PUBLIC = "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE\n-----END PUBLIC KEY-----"
# As OpenSSL 3.0 and 1.1.1 print it.
NEW = """subject=CN=mx.example.com,O=Lab,C=DE
issuer=CN=Lab CA,O=Lab,C=DE
notBefore=Nov 23 05:45:30 2026 GMT
notAfter=Dec  3 05:45:30 2026 GMT
sha256 Fingerprint=88:7D:E9
%s
X509v3 Subject Alternative Name:
    DNS:MX.example.com, DNS:*.mail.example.com
""" % PUBLIC
OLD = """subject=CN = mx.example.com
issuer=CN = Lab CA
notBefore=Nov 23 05:45:30 2026 GMT
notAfter=Dec  3 05:45:30 2026 GMT
SHA256 Fingerprint=88:7D:E9
%s
""" % PUBLIC
START, END = 1795412730, 1796276730


def test_a_certificate_as_openssl_prints_it():
    assert tls.parse_certificate(NEW) == tls.Certificate("CN=mx.example.com,O=Lab,C=DE", "CN=Lab CA,O=Lab,C=DE", START, END,
                                                         ("mx.example.com", "*.mail.example.com"), "887de9", PUBLIC)


def test_without_alternative_names_the_common_name_counts():
    assert tls.parse_certificate(OLD).names == ("mx.example.com",)


@pytest.mark.parametrize("text", ["", NEW.replace("notAfter", "not"), NEW.replace("Dec  3", "Dez 3")])
def test_what_openssl_does_not_say_is_named(text):
    with pytest.raises(InvalidValue) as caught:
        tls.parse_certificate(text)
    assert "notAfter" in text or "ends" in caught.value.message or "time" in caught.value.message


@pytest.mark.parametrize("text, expected", [
    ("Public-Key: (2048 bit)\nModulus:\n    00:9c", ("RSA", 2048)),
    ("RSA Public-Key: (1024 bit)\nModulus:\n    00:9c", ("RSA", 1024)),
    ("Public-Key: (256 bit)\npub:\n    04:53\nASN1 OID: prime256v1\nNIST CURVE: P-256", ("EC", 256)),
    ("ED25519 Public-Key:\npub:\n    e9:8d", ("ED25519", 256)),
])
def test_a_key_as_openssl_prints_it(text, expected):
    assert tuple(tls.parse_key(text)) == expected


CERTIFICATE = tls.parse_certificate(NEW)


@pytest.mark.parametrize("public, key, now, words", [
    (PUBLIC, ("EC", 256), START + 1, []),
    (PUBLIC.replace("\n", "\r\n"), ("EC", 256), START + 1, []),
    (PUBLIC.replace("MFkw", "MFkx"), ("EC", 256), START + 1, ["does not belong to this key"]),
    (PUBLIC, ("EC", 256), END, ["expired on 2026-12-03"]),
    (PUBLIC, ("EC", 256), START - 1, ["not valid before 2026-11-23", "clock"]),
    (PUBLIC, ("RSA", 1024), START + 1, ["RSA with 1024 bits", "2048"]),
    (PUBLIC, ("ED25519", 256), START + 1, []),
])
def test_pairs(public, key, now, words):
    said = " ".join(tls.pair_faults("/etc/x.pem", CERTIFICATE, public, tls.Key(*key), now))
    assert bool(said) is bool(words) and all(word in said for word in words)
    assert not said or "/etc/x.pem" in said


@pytest.mark.parametrize("names, now, words", [
    (["mx.example.com"], START, ["in 10 days"]),
    (["a.mail.example.com", "elsewhere.example"], START, ["in 10 days"]),
    (["gw.example.com"], START, ["does not name gw.example.com", "in 10 days"]),
    (["b.a.mail.example.com"], START - 100 * tls.DAY, ["does not name"]),
    (["mx.example.com"], START - 100 * tls.DAY, []),
])
def test_warnings(names, now, words):
    said = tls.pair_warnings("x", CERTIFICATE, names, now, 30)
    assert len(said) == len(words) and all(word in text for word, text in zip(words, said))


@pytest.mark.parametrize("names, kind, now, why", [
    (["mx.example.com", "*.mail.example.com"], "EC", START, None),
    (["mx.example.com"], "EC", START, "expected mx.example.com"),
    (["*.mail.example.com", "mx.example.com"], "EC", START, "it is for"),
    (["mx.example.com", "*.mail.example.com"], "RSA", START, "expected RSA"),
    (["mx.example.com", "*.mail.example.com"], "EC", END - 5 * tls.DAY, "it expires on"),
    (["mx.example.com", "*.mail.example.com"], "EC", START - 1, "not valid before"),
])
def test_renewal(names, kind, now, why):
    said = tls.renewal(CERTIFICATE, tls.Key("EC", 256), names, kind, now, 5)
    assert said is None if why is None else why in said


@pytest.mark.parametrize("last, following, words", [(0, 200, []), (0, None, []), (0, 100, ["stale"]), (150, 200, ["dated"])])
def test_revocation_lists(last, following, words):
    said = " ".join(tls.crl_faults("x", last, following, 100))
    assert bool(said) is bool(words) and all(word in said for word in words)


def test_a_list_without_an_end():
    assert tls.parse_crl("issuer=CN = x\nlastUpdate=Nov 23 05:45:30 2026 GMT\nnextUpdate=NONE\n") == ("CN = x", START, None)


def test_blocks_of_a_file_that_holds_everything():
    text = "Bag\n-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\nx\n" \
           "-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----"
    assert len(tls.key_blocks(text)) == 1 and len(tls.blocks(text)) == 2
    assert [tls_health.der(block) for block in tls.blocks(text)] == [b"\1", b"\2"]
    assert tls.is_encrypted("-----BEGIN ENCRYPTED PRIVATE KEY-----") and not tls.is_encrypted(text)


def test_the_first_certificate_of_each_file_counts(tmp_path):
    path = tmp_path / "both.pem"
    path.write_text(u"-----BEGIN CERTIFICATE-----\nAQ==\n-----END CERTIFICATE-----\n-----BEGIN CERTIFICATE-----\nAg==\n-----END CERTIFICATE-----\n")
    assert tls_health.fingerprints([str(path), str(tmp_path / "missing")]) == ("4bf5122f344554c53bde2ebb8cd2b7e3d1600ad631c385a5d7cce23c7785459a",)


@pytest.mark.parametrize("answer, offered", [
    ("250-mx Hello\r\n250-STARTTLS\r\n250 HELP\r\n", True), ("250-mx\r\n250 STARTTLS\r\n", True), ("250-mx\r\n250-starttls\r\n250 HELP\r\n", True),
    ("250-mx STARTTLS\r\n250 HELP\r\n", False), ("250 mx\r\n", False), ("250-mx\r\n250-XSTARTTLS\r\n250 HELP\r\n", False)])
def test_what_an_answer_to_ehlo_offers(answer, offered):
    assert tls_health.offers_starttls(answer) is offered


@pytest.mark.parametrize("text, expected", [
    ("CN=mx.example.com,O=Lab,C=DE", "/C=DE/O=Lab/CN=mx.example.com"),
    ("cn=mx.example.com, o=Lab, c=DE", "/C=DE/O=Lab/CN=mx.example.com"),
    ("C = DE, O = Lab, CN = mx.example.com", "/C=DE/O=Lab/CN=mx.example.com"),
    ("/C=DE/O=Lab/CN=mx.example.com", "/C=DE/O=Lab/CN=mx.example.com"),
    ("CN=Lab CA", "/CN=Lab+20CA"),
    ("CN=Lab \\(one\\) \\\"x\\\" \\<y\\>\\+z", "/CN=Lab+20+28one+29+20+22x+22+20+3Cy+3E+5C+2Bz"),
    ("CN=a/b", "/CN=a+5C/b"), ("/CN=a/b", "/CN=a/b"),
    ("O=Example\\, Inc.,C=US", "/C=US/O=Example,+20Inc."),
    ('C = US, O = "Example, Inc."', "/C=US/O=Example,+20Inc."),
    ("CN=M\\C3\\BCller", "/CN=M+5CxC3+5CxBCller"),
    (u"CN=M\u00fcller", "/CN=M+5CxC3+5CxBCller"),
    ("emailAddress=ca@example.com,CN=x", "/CN=x/emailAddress=ca@example.com"),
    ("1.2.3=x", None), ("CN=", None), ("", None), ("mx.example.com", None), ("CN=a+UID=b,C=DE", None), ("CN=#0c01", None), ("CN=a\nCN=b", None),
    ("CN=" + "x" * 300, None),
])
def test_names_as_sendmail_compares_them(text, expected):
    if expected is None:
        with pytest.raises(InvalidValue):
            tls_names.sendmail_dn(text)
    else:
        assert tls_names.sendmail_dn(text) == expected


def test_keys_that_somebody_else_looks_after(tmp_path):
    """Owner, mode, and every directory on the way."""
    place = tmp_path / "keys"
    place.mkdir(0o755)
    path = place / "key.pem"
    path.write_text(u"x")
    reader = str(os.getuid())

    def said(mode, directory=0o755, owner=reader):
        path.chmod(mode)
        place.chmod(directory)
        return " ".join(fault for fault in tls_host.key_faults(str(path), owner) if str(place) in fault)

    assert said(0o600) == "" and said(0o400) == ""
    assert "mode 0640" in said(0o640) and "chmod 0600" in said(0o604)
    assert "others may replace" in said(0o600, 0o775) and "chmod go-w" in said(0o600, 0o757)
    assert "belongs to uid" in said(0o600, owner="12345")
    path.unlink()
    assert "could not be read" in " ".join(tls_host.key_faults(str(path), reader))


def test_what_differs_is_said_without_content(tmp_path):
    wanted = tls_host.Wanted(str(tmp_path / "a.pem"), b"secret", str(os.getuid()), "0600", "a key")
    assert tls_host.changes([wanted]) == [(wanted.path, "", "a key")]
    (tmp_path / "a.pem").write_text(u"other")
    os.chmod(wanted.path, 0o640)
    before = tls_host.changes([wanted])[0][1]
    assert "other content" in before and "mode 0640" in before and "secret" not in before
    assert stat.S_IMODE(os.stat(wanted.path).st_mode) == 0o640
