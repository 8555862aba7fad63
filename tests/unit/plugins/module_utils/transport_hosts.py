# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hosts for the tests of the controls of transport: a hardened gateway, and what openssl says of its certificate and ciphers."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import tls_host
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, directory, file

KEY, CERTIFICATE = "-----BEGIN PRIVATE KEY-----\n%s\n-----END PRIVATE KEY-----\n", "-----BEGIN CERTIFICATE-----\n%s\n-----END CERTIFICATE-----\n"
PUBLIC = "-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n"
PEM = KEY % "ONE" + CERTIFICATE % "ONE"
PLACE = "/etc/mail/tls/mailjail/server.pem"
# 2026-11-23 05:45 UTC, with a certificate of ten days and one of two years.
NOW, SOON, LATE = 1795412700, "Dec  3 05:45:30 2026 GMT", "Nov 23 05:45:30 2028 GMT"
GOOD_LIST = "ECDHE+AESGCM:ECDHE+AES:!aNULL"
GOOD = """TLS_AES_256_GCM_SHA384         TLSv1.3 Kx=any      Au=any   Enc=AESGCM(256)            Mac=AEAD
ECDHE-ECDSA-AES256-GCM-SHA384  TLSv1.2 Kx=ECDH     Au=ECDSA Enc=AESGCM(256)            Mac=AEAD
ECDHE-RSA-CHACHA20-POLY1305    TLSv1.2 Kx=ECDH     Au=RSA   Enc=CHACHA20/POLY1305(256) Mac=AEAD
DHE-RSA-AES256-SHA256          TLSv1.2 Kx=DH       Au=RSA   Enc=AES(256)               Mac=SHA256
ECDHE-RSA-AES256-SHA           TLSv1   Kx=ECDH     Au=RSA   Enc=AES(256)               Mac=SHA1
"""
DEFAULT = GOOD + "AES256-GCM-SHA384              TLSv1.2 Kx=RSA      Au=RSA   Enc=AESGCM(256)            Mac=AEAD\n"
EC = "Public-Key: (256 bit)\npub:\n    04:53\nASN1 OID: prime256v1\nNIST CURVE: P-256\n"
SSL = "+SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1"
CF = """DZ8.18.1
Djmx.example.com
DS
DM
Kaccess btree -T<TMPF> /etc/mail/access
O DaemonPortOptions=Name=MTA, Addr=0.0.0.0, Port=25, M=A
O DaemonPortOptions=Name=submission, Addr=0.0.0.0, Port=587, M=aE
O ServerCertFile=%(place)s
O ServerKeyFile=%(place)s
O CACertFile=/etc/ssl/certs/ca-certificates.crt
O CACertPath=/etc/ssl/certs
O CipherList=%(ciphers)s
O ServerSSLOptions=%(ssl)s
O ClientSSLOptions=%(ssl)s
O DHParameters=i
O TLSFallbacktoClear=False
O AuthOptions=p,y
O AuthMechanisms=PLAIN LOGIN
Mrelay,\tP=[IPC], F=mDFMuXa8, A=TCP $h
""" % {"place": PLACE, "ciphers": GOOD_LIST, "ssl": SSL}
MSP = """D{MTAHost}[127.0.0.1]
DM
O UseMSP=True
O RunAsUser=smmsp
O QueueDirectory=/var/spool/clientmqueue
Mrelay,\tP=[IPC], F=mDFMuXa8k, A=TCP $h 25
"""
PROGRAM = "/usr/sbin/sendmail"


def certificate(ends=LATE, names="mx.example.com", subject="CN=mx.example.com", issuer=None, starts="Nov 22 05:45:30 2026 GMT", key="ONE"):
    """Return what openssl says of a certificate."""
    return "subject=%s\nissuer=%s\nnotBefore=%s\nnotAfter=%s\nsha256 Fingerprint=88:7D\n%sX509v3 Subject Alternative Name:\n    DNS:%s\n" % (
        subject, issuer or subject, starts, ends, PUBLIC % key, names)


def both(one, other):
    """Return two dicts as one; the second counts."""
    found = dict(one)
    found.update(other or {})
    return found


def openssl(shown=None, bits=EC, key="ONE", lists=None, verify=0, more=None):
    """Return the runs of a host whose openssl says so.

    :param str shown: of the certificate. :param dict lists: of ciphers -> what it means. :param int verify: exit status. :param dict more: further runs.
    """
    runs = {("openssl",) + tuple(tls_host.X509): shown or certificate(),
            ("openssl", "pkey", "-pubout", "-passin", "pass:"): PUBLIC % key, ("openssl", "pkey", "-pubin", "-noout", "-text"): bits}
    for name, text in dict({GOOD_LIST: GOOD, "DEFAULT": DEFAULT, "WRONG": None}, **(lists or {})).items():
        for words in (("-s", "-v", "-tls1_2"), ("-v",)):
            runs[("openssl", "ciphers") + words + (name,)] = text if text is not None else Result(1, "", "Error in cipher list\n")
    ca = ("-CAfile", "/etc/ssl/certs/ca-certificates.crt", "-CApath", "/etc/ssl/certs", "-untrusted", PLACE, PLACE)
    again = ("-CAfile", "/etc/ssl/certs/ca-certificates.crt", "-untrusted", PLACE, "-untrusted", "/etc/ssl/certs/ca-certificates.crt", PLACE)
    for words in (ca, again):
        runs[("openssl", "verify") + words] = Result(verify, "", "error 20 at 0 depth lookup: unable to get local issuer certificate\n" if verify else "")
    return both(runs, more)


def without(text, *starts):
    """Return a .cf without the lines that begin so."""
    return "".join(line + "\n" for line in text.splitlines() if not line.startswith(starts))


def instead(text, **options):
    """Return a .cf with other values of options; None takes one out."""
    for name, value in options.items():
        text = without(text, "O %s=" % name) + ("O %s=%s\n" % (name, value) if value is not None else "")
    return text


def gateway(cf=CF, msp=MSP, files=None, runs=None, site=None, **more):
    """Return a hardened gateway with some things changed; a file that is None is not there."""
    held = {PLACE: file(PEM, mode=0o600), "/etc/mail/access": "# from sendmail_relay_networks\nConnect:10 RELAY\n", "/etc/ssl/certs": directory(),
            "/etc/ssl/certs/ca-certificates.crt": CERTIFICATE % "CA", PROGRAM: file(mode=0o2755, group="smmsp"),
            "/var/spool/clientmqueue": directory(0o2770, "smmsp", "smmsp"), "/proc/self/mounts": "overlay / overlay rw,relatime 0 0\n"}
    held.update(files or {})
    return FakeView(cf=cf, msp=msp, files={path: text for path, text in held.items() if text is not None}, runs=both(openssl(), runs),
                    accounts=more.pop("accounts", {"smmsp": 111}), groups=more.pop("groups", {"smmsp": []}),
                    processes=more.pop("processes", [{"pid": 7, "ppid": 1, "uid": 0, "gid": 111, "status": {}, "title": "sendmail: accepting connections"}, {
                        "pid": 8, "ppid": 1, "uid": 111, "gid": 111, "status": {}, "title": "sendmail: Queue runner@00:10:00 for /var/spool/clientmqueue"}]),
                    site=dict({"now": NOW, "facts": {"sendmail": {"path": PROGRAM, "version": "8.18.1", "compile_flags": ["STARTTLS", "SASLv2", "DANE"]}}},
                              **(site or {})), **more)


def null_client(**more):
    """Return a null client without a daemon."""
    cf = ("Djapp.example.com\nDSrelay:[hub.example.com]\nDMapp.example.com\nO DaemonPortOptions=Name=NoMTA, Addr=127.0.0.1, Modifiers=AE\n"
          "O TLSFallbacktoClear=False\n")
    msp = instead(MSP.replace("[127.0.0.1]", "[hub.example.com]"), ClientSSLOptions=SSL, CipherList=GOOD_LIST)
    runs = both({("getent", "ahosts", "hub.example.com"): "10.0.0.25 STREAM hub\n"}, more.pop("runs", {}))
    return gateway(cf=more.pop("cf", cf), msp=more.pop("msp", msp), runs=runs, **more)


def judged(control, view):
    """Return ``(verdict, all evidence as one text)``; what breaks in a check is no judgement."""
    found = control.check(view)
    return found.verdict, " | ".join(" ".join(str(part) for part in row) for row in found.evidence)
