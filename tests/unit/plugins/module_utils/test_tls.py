# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import tls, tls_health, tls_host, tls_material, tls_names
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
    said = tls.renewal(CERTIFICATE._replace(issuer=CERTIFICATE.subject), tls.Key("EC", 256), names, kind, now, 5)
    assert said is None if why is None else why in said


def test_a_certificate_that_somebody_signed_is_not_kept_as_self_signed():
    assert "issued by CN=Lab CA" in tls.renewal(CERTIFICATE, tls.Key("EC", 256), list(CERTIFICATE.names), "EC", START, 5)


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

    def said(mode, directory=0o755, owner=reader, secret=True):
        path.chmod(mode)
        place.chmod(directory)
        return " ".join(fault for fault in tls_host.file_faults(str(path), tls_host.Reader(owner), secret) if str(place) in fault)

    assert said(0o600) == "" and said(0o400) == ""
    # What is no secret may be read, and not be written, by others.
    assert said(0o644, secret=False) == "" and "chmod go-w" in said(0o664, secret=False)
    # A reader who is neither the owner nor of the group goes by what is left for others.

    def shut(directory):
        said(0o600, directory)
        faults = tls_host.directory_faults(str(path), tls_host.Reader("12345"))
        return [fault for fault in faults if fault.startswith("%s," % place) and "can not enter" in fault]

    assert shut(0o700) and not shut(0o711)
    assert "chmod a+r" in said(0o640, 0o755, "12345", False) and "chmod a+r" not in said(0o644, 0o755, "12345", False)
    assert "mode 0640" in said(0o640) and "chmod 0600" in said(0o604)
    assert "others may replace" in said(0o600, 0o775) and "chmod go-w" in said(0o600, 0o757)
    assert "belongs to uid" in said(0o600, owner="12345")
    path.unlink()
    assert "could not be read" in " ".join(tls_host.file_faults(str(path), tls_host.Reader(reader), True))


def test_a_link_is_as_safe_as_the_directory_that_it_stands_in(tmp_path):
    (tmp_path / "archive").mkdir(0o755)
    (tmp_path / "live").mkdir()
    (tmp_path / "live").chmod(0o777)
    (tmp_path / "archive" / "key").write_text(u"x")
    (tmp_path / "archive" / "key").chmod(0o600)
    (tmp_path / "live" / "key").symlink_to(tmp_path / "archive" / "key")
    said = " ".join(tls_host.file_faults(str(tmp_path / "live" / "key"), tls_host.Reader(str(os.getuid())), True))
    assert "%s, on the way to" % (tmp_path / "live") in said and "chmod go-w" in said


def test_in_check_mode_the_reader_may_be_yet_to_be_made():
    with pytest.raises(InvalidValue):
        tls_host.Reader("nobody-of-this-name")
    assert not tls_host.Reader("nobody-of-this-name", True).known


def test_a_request_has_our_extensions_and_no_others():
    text = tls_host.request(["mx.example.com", "*.example.org"])
    assert "DNS.1 = mx.example.com\nDNS.2 = *.example.org\n" in text and text.count("basicConstraints") == 1 and "CN = mx.example.com\n" in text
    assert "CN = sendmail\n" in tls_host.request(["a" * 60 + ".example.com"])
    for wrong in ("", "a b", "x\n[evil]", "$HOME", "a..b", ".example.com"):
        with pytest.raises(InvalidValue):
            tls_host.request(["mx.example.com", wrong])


def test_one_revocation_list_and_no_second():
    """sendmail reads the first one only, and says nothing."""
    one = "-----BEGIN X509 CRL-----\nAQ==\n-----END X509 CRL-----\n"
    assert tls.crl_blocks("text\n" + one) == [one]
    with pytest.raises(InvalidValue) as caught:
        tls_host.Openssl(None, "openssl").crl(one + one, "sendmail_tls.crl", START)
    assert "2 revocation lists" in caught.value.message and "CRL_PATH" in caught.value.message


@pytest.mark.parametrize("names, hashed", [(["9d04f354.0", "x.pem"], True), (["ca-bundle.crt", "9d04f354.crt"], False), ([], False)])
def test_directories_in_which_openssl_finds_authorities(tmp_path, names, hashed):
    for name in names:
        (tmp_path / name).write_text(u"")
    assert tls_host.is_hashed(str(tmp_path)) is hashed and not tls_host.is_hashed(str(tmp_path / "none"))


def test_what_a_file_held_comes_back_or_goes(tmp_path, monkeypatch):
    """The first that was kept was proven; what took its place was not."""
    monkeypatch.setattr(tls_material.disk, "user_id", lambda owner: os.getuid())
    monkeypatch.setattr(tls_material.disk, "group_id", lambda group: os.getgid())
    path = tmp_path / "server.pem"
    path.write_text(u"proven")
    path.chmod(0o600)
    tls_material.keep([str(path), str(tmp_path / "new.pem")])
    path.write_text(u"bad")
    tls_material.keep([str(path)])
    assert stat.S_IMODE(os.stat(str(path) + ".former").st_mode) == 0o600
    path.write_text(u"worse")
    assert tls_material.put_back(str(tmp_path)) == [str(path)] and path.read_text() == "proven"
    assert sorted(os.listdir(str(tmp_path))) == ["server.pem"] and tls_material.put_back(str(tmp_path)) == []
    tls_material.keep([str(path)])
    tls_material.forget(str(tmp_path))
    assert os.listdir(str(tmp_path)) == ["server.pem"] and tls_material.put_back("") == [] and tls_material.put_back(str(tmp_path / "none")) == []


def test_what_nobody_reads_any_more(tmp_path):
    for name in ("server.pem", "second.pem", "client.pem", "client.pem.former", "resolv.conf", "note.txt"):
        (tmp_path / name).write_text(u"")
    place, text = str(tmp_path) + "/", "O ServerCertFile=%s/second.pem\n" % tmp_path
    found = tls_material.unused(str(tmp_path), [place + "server.pem"], [text])
    assert found == [place + "client.pem", place + "resolv.conf"]
    assert tls_material.unused(str(tmp_path / "none"), [], []) == [] and tls_material.unused(None, [], []) == []
    tls_material.remove(found)
    assert sorted(os.listdir(str(tmp_path))) == ["note.txt", "second.pem", "server.pem"]
    (tmp_path / "note.txt").unlink()
    tls_material.remove([place + "second.pem", place + "server.pem"])
    assert not tmp_path.exists()


def test_what_differs_is_said_without_content(tmp_path):
    wanted = tls_host.Wanted(str(tmp_path / "a.pem"), b"secret", str(os.getuid()), "0600", "a key")
    assert tls_host.changes([wanted]) == [(wanted.path, "", "a key")]
    (tmp_path / "a.pem").write_text(u"other")
    os.chmod(wanted.path, 0o640)
    before = tls_host.changes([wanted])[0][1]
    assert "other content" in before and "mode 0640" in before and "secret" not in before
    assert stat.S_IMODE(os.stat(wanted.path).st_mode) == 0o640
