# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import subprocess

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_tls, controls_tls_peers
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, NOT_APPLICABLE, PASS, UNKNOWN
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result, Runner
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_tls
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.transport_hosts import (
    CF,
    DEFAULT,
    GOOD,
    KEY,
    MSP,
    NOW,
    PEM,
    PLACE,
    SOON,
    SSL,
    both,
    certificate,
    gateway,
    instead,
    judged,
    null_client,
    openssl,
)

CONTROLS = {control.id: control for control in controls_tls.CONTROLS + controls_tls_peers.CONTROLS}
LOOPBACK = CF.replace("0.0.0.0", "127.0.0.1")
OTHER_NAME = "www.example.net"
SMART = CF.replace("DS\n", "DSrelay:[smtp.example.net]\n")
ASK_ADDRESS = ("getent", "ahosts", "smtp.example.net")
OUTSIDE, INSIDE = {ASK_ADDRESS: "8.8.4.4 STREAM x\n"}, {ASK_ADDRESS: "10.1.1.1 STREAM x\nfd00::1 RAW\n"}
TERMS = {"/etc/mail/access": "# sendmail_smart_host_auth\nTLS_Srv:smtp.example.net\tVERIFY+CN\n"}
AUTHINFO = SMART + "Kauthinfo btree /etc/mail/authinfo\n"
SECRET = 'AuthInfo:smtp.example.net "U:me" "P:hush-hush"\n'
DANE = instead(CF, DANE="true")
# A map that is too large to be read: its database says the same, in no order and without remarks.
BIG = {"/etc/mail/access": file("", size=20 << 20), "/etc/mail/access.db": "x"}
DUMPS = {("makemap",): "", ("/usr/sbin/makemap", "-C", "/etc/mail/sendmail.cf", "-u", "btree", "/etc/mail/access"):
         "connect:10\tRELAY\nsrv_features:\tS\ntls_srv:smtp.example.net\tVERIFY+CN\ntls_clt_features:\tCipherList=DEFAULT;\ntry_tls:old.example.net\tNO\n"}
CRL = "-----BEGIN X509 CRL-----\nLIST\n-----END X509 CRL-----\n"
ASK_CRL = ("openssl", "crl", "-noout", "-issuer", "-lastupdate", "-nextupdate")
FRESH, STALE = ("issuer=CN=CA\nlastUpdate=Nov 22 05:45:30 2026 GMT\nnextUpdate=%s\n" % when for when in (SOON, "Nov 23 05:00:00 2026 GMT"))
DIG = ("dig", "+dnssec", "+time=2", "+tries=1", "@127.0.0.1", ".", "SOA")
SIGNED = ";; flags: qr rd ra%s; QUERY: 1\n. 86400 IN SOA a.root\n. 86400 IN RRSIG SOA 8\n"

# id, what differs from a hardened gateway, verdict, what the evidence says.
CASES = [
    ("SM-TLS-01", "hardened", gateway(), PASS, "ServerCertFile=" + PLACE),
    ("SM-TLS-01", "no certificate", gateway(cf=instead(CF, ServerCertFile=None)), FAIL, "ServerCertFile is not set"),
    ("SM-TLS-01", "no path of authorities", gateway(cf=instead(CF, CACertPath=None)), FAIL, "CACertPath is not set"),
    ("SM-TLS-01", "key gone", gateway(files={PLACE: None}), FAIL, "which is not there"),
    ("SM-TLS-01", "turned off by a modifier", gateway(cf=CF.replace("M=A\n", "M=AS\n")), FAIL, "sendmail.cf:6 listener MTA has the modifier S"),
    ("SM-TLS-01", "turned off by the access map", gateway(files={"/etc/mail/access": "Srv_Features: S\n"}), FAIL, "/etc/mail/access:1 Srv_Features: S"),
    ("SM-TLS-01", "turned off for one client only", gateway(files={"/etc/mail/access": "Srv_Features:10.0.0.1 S\n"}), PASS, ""),
    ("SM-TLS-01", "compiled without", gateway(site={"facts": {"sendmail": {"compile_flags": ["NEWDB"]}}}), FAIL, "without STARTTLS"),
    ("SM-TLS-01", "loopback only", gateway(cf=LOOPBACK), NOT_APPLICABLE, "loopback"),
    ("SM-TLS-01", "null client", null_client(), NOT_APPLICABLE, "loopback"),
    ("SM-TLS-01", "no sendmail", FakeView(), NOT_APPLICABLE, "no configuration"),
    ("SM-TLS-01", "keys not to be seen", gateway(files={"/etc/mail/tls": HIDDEN}), UNKNOWN, "Permission denied"),
    ("SM-TLS-01", "no word of listeners", gateway(cf=instead(CF, DaemonPortOptions=None, CACertFile=None)), FAIL, "CACertFile is not set"),

    ("SM-TLS-02", "hardened", gateway(), PASS, PLACE + " root:root 0600"),
    ("SM-TLS-02", "readable to a group", gateway(files={PLACE: file(PEM, mode=0o640, group="smmsp")}), FAIL, "root:smmsp 0640"),
    ("SM-TLS-02", "somebody else's", gateway(files={PLACE: file(PEM, mode=0o600, owner="alice")}), FAIL, "alice:root 0600"),
    ("SM-TLS-02", "the daemon's own", gateway(files={PLACE: file(PEM, mode=0o600, owner="smgw")}, cf=instead(CF, RunAsUser="smgw:smgw")), PASS, "smgw:root"),
    ("SM-TLS-02", "by its unit", gateway(files={PLACE: file(PEM, mode=0o600, owner="smgw")}, units={"sendmail.service": {"User": "smgw"}}), PASS, "smgw:root"),
    ("SM-TLS-02", "a directory that others write", gateway(files={"/etc/mail/tls": directory(0o775)}), FAIL, "/etc/mail/tls root:root 0775, on the way"),
    ("SM-TLS-02", "a directory of another account", gateway(files={"/etc/mail": directory(0o2755, "smmta", "smmsp")}), FAIL, "smmta:smmsp 2755"),
    ("SM-TLS-02", "of another certificate", gateway(runs=openssl(key="TWO")), FAIL, "not the key of " + PLACE),
    ("SM-TLS-02", "with a passphrase", gateway(files={PLACE: file(PEM.replace("PRIVATE", "ENCRYPTED PRIVATE"), mode=0o600)}), FAIL, "passphrase"),
    ("SM-TLS-02", "not to be read", gateway(files={PLACE: file(None, mode=0o600)}), UNKNOWN, "Permission denied"),
    ("SM-TLS-02", "bad mode and unreadable", gateway(files={PLACE: file(None, mode=0o644)}), FAIL, "0644"),
    ("SM-TLS-02", "no key", null_client(), NOT_APPLICABLE, "no configuration names"),

    ("SM-TLS-03", "hardened", gateway(), PASS, "ServerSSLOptions=+SSL_OP_NO_SSLv2"),
    ("SM-TLS-03", "not set", gateway(cf=instead(CF, ServerSSLOptions=None)), FAIL, "ServerSSLOptions is not set"),
    ("SM-TLS-03", "client not set", gateway(cf=instead(CF, ClientSSLOptions=None)), FAIL, "ClientSSLOptions is not set"),
    ("SM-TLS-03", "TLS 1.0 left on", gateway(cf=instead(CF, ServerSSLOptions=SSL.replace("+SSL_OP_NO_TLSv1 ", ""))), FAIL, "still on: TLSv1"),
    ("SM-TLS-03", "turned on again", gateway(cf=instead(CF, ServerSSLOptions=SSL + " -SSL_OP_NO_TLSv1_1")), FAIL, "still on: TLSv1.1"),
    ("SM-TLS-03", "as a number", gateway(cf=instead(CF, ServerSSLOptions="0x16000000")), PASS, "0x16000000"),
    ("SM-TLS-03", "for everybody by the map", gateway(files={"/etc/mail/access": "TLS_Srv_Features: Options=-SSL_OP_NO_TLSv1\n"}), FAIL, "access:1"),
    ("SM-TLS-03", "null client", null_client(), PASS, "submit.cf"),
    ("SM-TLS-03", "null client without a floor", null_client(msp=MSP.replace("127.0.0.1", "192.0.2.9")), FAIL, "submit.cf"),

    ("SM-TLS-04", "hardened", gateway(), PASS, "CipherList=ECDHE"),
    ("SM-TLS-04", "not set", gateway(cf=instead(CF, CipherList=None)), FAIL, "OpenSSL's own list, which has AES256-GCM-SHA384 (no forward secrecy)"),
    ("SM-TLS-04", "refused by openssl", gateway(cf=instead(CF, CipherList="WRONG")), FAIL, "which openssl refuses"),
    ("SM-TLS-04", "nothing left", gateway(runs=openssl(lists={"NONE": GOOD.splitlines()[0] + "\n"}), cf=instead(CF, CipherList="NONE")), FAIL, "at least one"),
    ("SM-TLS-04", "no openssl", gateway(cf=instead(CF, CipherList="unheard-of")), UNKNOWN, "could not be started"),
    ("SM-TLS-04", "no security level", gateway(cf=instead(CF, CipherList="X@SECLEVEL=0"), runs=openssl(lists={"X@SECLEVEL=0": GOOD})), FAIL, "SECLEVEL"),
    ("SM-TLS-04", "like an option", gateway(cf=instead(CF, CipherList="-v"), runs=openssl(lists={"v": DEFAULT})), FAIL, "CipherList=-v, which has"),
    ("SM-TLS-04", "null client", null_client(), PASS, "submit.cf"),
    ("SM-TLS-04", "for everybody by the map", gateway(files={"/etc/mail/access": "TLS_Clt_Features: CipherList=DEFAULT;\n"}), FAIL, "no forward secrecy"),

    ("SM-TLS-05", "hardened", gateway(), PASS, "DHParameters=i"),
    ("SM-TLS-05", "512 bits", gateway(cf=instead(CF, DHParameters="5")), FAIL, "DHParameters=5"),
    ("SM-TLS-05", "1024 bits", gateway(cf=instead(CF, DHParameters="1")), FAIL, "DHParameters=1"),
    ("SM-TLS-05", "none", gateway(cf=instead(CF, DHParameters="none")), PASS, "not offered"),
    ("SM-TLS-05", "default", gateway(cf=instead(CF, DHParameters=None)), PASS, "2048 bits, built in"),
    ("SM-TLS-05", "default of old", gateway(cf=instead(CF, DHParameters=None), site={
        "facts": {"sendmail": {"version": "8.14.9"}}}), FAIL, "1024 bits in 8.14.9"),
    ("SM-TLS-05", "a weak file", gateway(cf=instead(CF, DHParameters="/etc/dh"), files={"/etc/dh": "-----"}, runs={
        ("openssl", "dhparam", "-noout", "-text"): "DH Parameters: (1024 bit)\n"}), FAIL, "1024 bits"),
    ("SM-TLS-05", "a file", gateway(cf=instead(CF, DHParameters="/etc/dh"), files={"/etc/dh": "-----"}, runs={
        ("openssl", "dhparam", "-noout", "-text"): "DH Parameters: (3072 bit)\n"}), PASS, "3072"),
    ("SM-TLS-05", "a file that is not there", gateway(cf=instead(CF, DHParameters="/etc/dh")), FAIL, "/etc/dh is not there"),
    ("SM-TLS-05", "TLS not offered", gateway(cf=instead(CF, ServerCertFile=None)), NOT_APPLICABLE, "SM-TLS-01"),

    ("SM-TLS-06", "hardened, self-signed", gateway(), PASS, "signed by itself"),
    ("SM-TLS-06", "of an authority", gateway(runs=openssl(certificate(issuer="CN=CA"))), PASS, "issued by CN=CA, whom"),
    ("SM-TLS-06", "chain that leads nowhere", gateway(runs=openssl(certificate(issuer="CN=CA"), verify=2)), FAIL, "unable to get local issuer"),
    ("SM-TLS-06", "ends soon", gateway(runs=openssl(certificate(ends=SOON))), FAIL, "in 10 days"),
    ("SM-TLS-06", "soon enough for the site", gateway(runs=openssl(certificate(ends=SOON)), site={"now": NOW, "limits": {"certificate_days": 5}}), PASS, ""),
    ("SM-TLS-06", "ended", gateway(site={"now": NOW + 90000000}), FAIL, "ended 2028-11-23"),
    ("SM-TLS-06", "not yet", gateway(site={"now": NOW - 9000000}), FAIL, "valid from"),
    ("SM-TLS-06", "of another name", gateway(runs=openssl(certificate(names=OTHER_NAME))), FAIL, "names www.example.net mx.example.com"),
    ("SM-TLS-06", "weak key", gateway(runs=openssl(bits="Public-Key: (1024 bit)\nModulus:\n    00:9c")), FAIL, "RSA with 1024 bits"),
    ("SM-TLS-06", "no certificate in it", gateway(files={PLACE: file(KEY % "ONE", mode=0o600)}), FAIL, "no certificate in it"),
    ("SM-TLS-06", "not to be read", gateway(files={PLACE: file(None, mode=0o600)}), UNKNOWN, "Permission denied"),
    ("SM-TLS-06", "null client", null_client(), NOT_APPLICABLE, "loopback"),

    ("SM-TLS-07", "hardened", gateway(), PASS, "TLSFallbacktoClear=False"),
    ("SM-TLS-07", "on", gateway(cf=instead(CF, TLSFallbacktoClear="True")), FAIL, "TLSFallbacktoClear=True"),
    ("SM-TLS-07", "for everybody", gateway(files={"/etc/mail/access": "# reason\nTry_TLS: NO\n"}), FAIL, "access:2 Try_TLS: NO"),
    ("SM-TLS-07", "for one without a word", gateway(files={"/etc/mail/access": "Try_TLS:old.example.net NO\n"}), FAIL, "Try_TLS:old.example.net NO"),
    ("SM-TLS-07", "for one with a word", gateway(files={"/etc/mail/access": "# theirs is broken\nTry_TLS:old.example.net NO\n"}), PASS, "with a remark"),
    ("SM-TLS-01", "turned off by a large map", gateway(files=BIG, runs=DUMPS), FAIL, "/etc/mail/access.db Srv_Features: S"),
    ("SM-TLS-01", "a large map without a database", gateway(files=dict(BIG, **{"/etc/mail/access.db": None})), UNKNOWN, "more than the"),
    ("SM-TLS-04", "for everybody by a large map", gateway(files=BIG, runs=DUMPS), FAIL, "no forward secrecy"),
    ("SM-TLS-07", "remarks of a large map", gateway(files=BIG, runs=DUMPS), UNKNOWN, "Try_TLS:old.example.net NO"),
    ("SM-TLS-07", "no map", gateway(files={"/etc/mail/access": None}), UNKNOWN, "no database"),
    ("SM-TLS-08", "terms in a large map", gateway(cf=SMART, files=BIG, runs=both(OUTSIDE, DUMPS)), PASS, "VERIFY+CN"),
    ("SM-TLS-07", "null client", null_client(), PASS, "is not set"),

    ("SM-TLS-08", "no smart host", gateway(), NOT_APPLICABLE, "no smart host"),
    ("SM-TLS-08", "smart host outside", gateway(cf=SMART, runs=OUTSIDE), FAIL, "sendmail.cf:3 smtp.example.net, outside"),
    ("SM-TLS-08", "smart host inside", gateway(cf=SMART, runs=INSIDE), PASS, "private address"),
    ("SM-TLS-08", "nobody knows where", gateway(cf=SMART, runs={("getent", "ahosts", "smtp.example.net"): Result(2, "", "")}), UNKNOWN, "no address"),
    ("SM-TLS-08", "no host at all", gateway(cf=CF.replace("DS\n", "DSrelay:[-x]\n")), UNKNOWN, "no name of a host"),
    ("SM-TLS-08", "with terms", gateway(cf=SMART, runs=OUTSIDE, files=TERMS), PASS, "VERIFY+CN"),
    ("SM-TLS-08", "terms of its domain", gateway(cf=SMART, runs=OUTSIDE, files={"/etc/mail/access": "TLS_Srv:example.net ENCR:128\n"}), PASS, "ENCR:128"),
    ("SM-TLS-08", "terms that ask nothing", gateway(cf=SMART, runs=OUTSIDE, files={"/etc/mail/access": "TLS_Srv:example.net ENCR:0\n"}), FAIL, "outside"),
    ("SM-TLS-08", "never TLS", gateway(cf=SMART, runs=INSIDE, files={"/etc/mail/access": "# x\nTry_TLS:smtp.example.net NO\n"}), FAIL, "Try_TLS"),
    ("SM-TLS-08", "password without terms", gateway(cf=AUTHINFO, runs=INSIDE, files={"/etc/mail/authinfo": file(SECRET, mode=0o600)}), FAIL, "no terms for it"),
    ("SM-TLS-08", "password with terms", gateway(cf=AUTHINFO, files=dict(TERMS, **{"/etc/mail/authinfo": file(SECRET, mode=0o600)})), PASS, "VERIFY"),
    ("SM-TLS-08", "password for everybody", gateway(cf=AUTHINFO, runs=INSIDE, files={"/etc/mail/authinfo": file('AuthInfo: "P:hush-hush"\n')}), FAIL,
     "whoever asks"),
    ("SM-TLS-08", "password in the access map", gateway(files={"/etc/mail/access": SECRET}), FAIL, "access:1"),
    ("SM-TLS-08", "passwords not to be read", gateway(cf=AUTHINFO, files=dict(TERMS, **{"/etc/mail/authinfo": file(None, mode=0o600)})), UNKNOWN, "Permission"),
    ("SM-TLS-08", "old file", gateway(cf=instead(CF, DefaultAuthInfo="/etc/mail/info"), files={"/etc/mail/info": "x"}), FAIL, "whoever asks"),
    ("SM-TLS-08", "null client, hub inside", null_client(), PASS, "submit.cf:1 hub.example.com is inside"),
    ("SM-TLS-08", "null client, hub outside", null_client(runs={("getent", "ahosts", "hub.example.com"): "8.8.4.4 RAW\n"}), FAIL, "outside"),

    ("SM-TLS-09", "off", gateway(), NOT_APPLICABLE, "not on"),
    ("SM-TLS-09", "own resolver", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 127.0.0.1\n"}), PASS, "127.0.0.1"),
    ("SM-TLS-09", "resolver elsewhere", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 192.0.2.53\n"}), FAIL, "nameserver 192.0.2.53"),
    ("SM-TLS-09", "stub", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 127.0.0.53\n"}), FAIL, "127.0.0.53"),
    ("SM-TLS-09", "as the unit has it", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 192.0.2.53\n", "/etc/mail/r": "nameserver 127.0.0.1\n"}, units={
        "sendmail.service": {"BindReadOnlyPaths": "/etc/mail/r:/etc/resolv.conf:rbind"}}), PASS, "/etc/mail/r"),
    ("SM-TLS-09", "checks nothing", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver ::1\n"}, runs={
        DIG[:4] + ("@::1",) + DIG[5:]: SIGNED % ""}), FAIL, "flags qr rd ra"),
    ("SM-TLS-09", "checks", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 127.0.0.1\n"}, runs={DIG: SIGNED % " ad"}), PASS, "flags qr rd ra ad"),
    ("SM-TLS-09", "compiled without", gateway(cf=DANE, files={"/etc/resolv.conf": "nameserver 127.0.0.1\n"}, site={
        "facts": {"sendmail": {"compile_flags": ["STARTTLS"]}}}), FAIL, "compiled without"),

    ("SM-TLS-10", "none", gateway(), NOT_APPLICABLE, "no revocation list"),
    ("SM-TLS-10", "fresh", gateway(cf=instead(CF, CRLFile="/etc/crl"), files={"/etc/crl": CRL}, runs={ASK_CRL: FRESH}), PASS, "next 2026-12-03"),
    ("SM-TLS-10", "stale", gateway(cf=instead(CF, CRLFile="/etc/crl"), files={"/etc/crl": CRL}, runs={ASK_CRL: STALE}), FAIL, "was to be replaced"),
    ("SM-TLS-10", "not there", gateway(cf=instead(CF, CRLFile="/etc/crl")), FAIL, "/etc/crl is not there"),
    ("SM-TLS-10", "two in one file", gateway(cf=instead(CF, CRLFile="/etc/crl"), files={"/etc/crl": CRL * 2}), FAIL, "reads the first one only"),
    ("SM-TLS-10", "an empty directory", gateway(cf=instead(CF, CRLPath="/etc/crls"), files={"/etc/crls": directory()}), FAIL, "no list in it"),
    ("SM-TLS-10", "a directory", gateway(cf=instead(CF, CRLPath="/etc/crls"), files={"/etc/crls/9d04f354.r0": CRL}, runs={ASK_CRL: STALE}), FAIL, ".r0"),
]


@pytest.mark.parametrize("name, view, verdict, said", [pytest.param(case[0], *case[2:], id="%s %s" % case[:2]) for case in CASES])
def test_hosts(name, view, verdict, said):
    found = judged(CONTROLS[name], view)
    assert found[0] == verdict, found
    assert said in found[1]


def test_each_control_passes_somewhere_and_fails_somewhere():
    for name in CONTROLS:
        verdicts = {case[3] for case in CASES if case[0] == name}
        assert {PASS, FAIL} <= verdicts, name


def test_no_password_is_told():
    for case in CASES:
        assert "hush-hush" not in judged(CONTROLS[case[0]], case[2])[1]


def test_a_host_of_the_year_1998_is_judged():
    view = FakeView(cf="V8/Berkeley\nDj$w.$m\nO DaemonPortOptions=Port=25\nDS\n", files={"/usr/lib/sendmail": file(mode=0o4755)})
    verdicts = dict((control.id, found.verdict) for control, found in controls.judge(view, CONTROLS.values()))
    assert verdicts == {"SM-TLS-01": FAIL, "SM-TLS-02": NOT_APPLICABLE, "SM-TLS-03": FAIL, "SM-TLS-04": UNKNOWN, "SM-TLS-05": NOT_APPLICABLE,
                        "SM-TLS-06": NOT_APPLICABLE, "SM-TLS-07": PASS, "SM-TLS-08": NOT_APPLICABLE, "SM-TLS-09": NOT_APPLICABLE, "SM-TLS-10": NOT_APPLICABLE}


# ---- the wire ------------------------------------------------------------------------------------------------------------------------------

SELF = {"subject": "CN=mx.example.com", "issuer": "CN=mx.example.com", "names": ["mx.example.com"], "ends": "2028-11-23", "trusted": False,
        "why": "self-signed"}
ANSWER = {"address": "192.0.2.25", "port": 25, "reachable": True, "implicit_tls": False, "greeting": "220 mx.example.com ESMTP", "ehlo": ["STARTTLS"],
          "tls": {"offered": True, "versions": ["1.2", "1.3"], "suites": {"1.2": ["ECDHE-RSA-AES256-GCM-SHA384"]}, "weak": [], "certificate": SELF,
                  "injection": "refused"}}


def answer(**more):
    return dict(ANSWER, **more)


def secured(**more):
    return answer(tls=dict(ANSWER["tls"], **more))


WIRE = [
    ("SM-TLS-01", ANSWER, PASS, "STARTTLS, TLS 1.2, 1.3"),
    ("SM-TLS-01", secured(offered=False), FAIL, "without STARTTLS"),
    ("SM-TLS-01", answer(implicit_tls=True, tls={"offered": False, "versions": ["1.3"]}), PASS, "first byte"),
    ("SM-TLS-01", secured(injection="executed"), FAIL, "in the clear: executed"),
    ("SM-TLS-01", secured(versions=[]), FAIL, "no handshake"),
    ("SM-TLS-01", dict(secured(versions=[]), unknown=[{"test": "tls: version 1.3", "why": "no answer in time"}]), UNKNOWN, "no answer in time"),
    ("SM-TLS-01", dict(secured(versions=[]), unknown=[{"test": "limits", "why": "time"}]), FAIL, "no handshake"),
    ("SM-TLS-01", secured(versions=[], negotiated={"version": "TLSv1.3", "suite": "x"}), PASS, "not asked for"),
    ("SM-TLS-01", answer(address="127.0.0.1"), NOT_APPLICABLE, "loopback"),
    ("SM-TLS-01", answer(reachable=False, refusal="connection refused"), UNKNOWN, "connection refused"),
    ("SM-TLS-01", {"address": "192.0.2.25", "port": 25, "reachable": True, "unknown": [{"test": "tls", "why": "time"}]}, UNKNOWN, "time"),
    ("SM-TLS-03", ANSWER, PASS, "TLS 1.2, 1.3"), ("SM-TLS-03", secured(versions=["1.0", "1.2"]), FAIL, "answers with TLS 1.0"),
    ("SM-TLS-03", secured(offered=False, versions=[]), NOT_APPLICABLE, "not offered"),
    ("SM-TLS-04", ANSWER, PASS, "nothing weak of 1"), ("SM-TLS-04", secured(weak=["AES256-SHA", "NULL-SHA"]), FAIL, "agrees to AES256-SHA, NULL-SHA"),
    ("SM-TLS-04", answer(tls=None), UNKNOWN, "did not ask"), ("SM-TLS-04", secured(weak=["DH with 1024 bits (1.2)"]), PASS, "nothing weak"),
    ("SM-TLS-05", ANSWER, UNKNOWN, "did not ask"), ("SM-TLS-05", secured(dh_bits=0), NOT_APPLICABLE, "no prime"),
    ("SM-TLS-05", secured(dh_bits=1024), FAIL, "1024 bits"), ("SM-TLS-05", secured(dh_bits=2048), PASS, "2048 bits"),
    ("SM-TLS-06", secured(certificate=dict(SELF, key="RSA 1024")), FAIL, "RSA with 1024 bits"),
    ("SM-TLS-06", ANSWER, PASS, "signed by itself"),
    ("SM-TLS-06", secured(certificate=dict(SELF, names=["www.example.net"])), FAIL, "a certificate for www.example.net"),
    ("SM-TLS-06", secured(certificate=dict(SELF, issuer="CN=CA", why="certificate has expired")), FAIL, "has expired"),
    ("SM-TLS-06", secured(certificate=dict(SELF, issuer="CN=CA", trusted=True)), PASS, "issued by CN=CA"),
    ("SM-TLS-06", secured(certificate=dict(SELF, issuer="CN=CA", why="self-signed certificate in certificate chain")), PASS, "does not know"),
    ("SM-TLS-06", secured(certificate=dict(SELF, issuer="CN=CA", why="unable to get local issuer certificate")), UNKNOWN, "the site's own"),
]


@pytest.mark.parametrize("name, result, verdict, said", WIRE)
def test_listeners(name, result, verdict, said):
    found = CONTROLS[name].wire(result)
    assert found.verdict == verdict and said in " ".join(found.evidence[0])


# ---- what is put right ---------------------------------------------------------------------------------------------------------------------

class Hands:
    """Notes what it is told to do."""

    def __init__(self):
        self.done = []

    def mode(self, path, exactly=None, forbid=None):
        self.done.append((path, exactly, forbid))


@pytest.mark.parametrize("path, mode, done", [
    (PLACE, 0o640, [(PLACE, None, 0o077)]), (PLACE, 0o600, []),
    # A key that others may share is theirs to put right.
    ("/etc/ssl/private/host.key", 0o640, []), ("/etc/pki/tls/private/sendmail.key", 0o640, [("/etc/pki/tls/private/sendmail.key", None, 0o077)])])
def test_modes_of_keys(path, mode, done):
    hands = Hands()
    CONTROLS["SM-TLS-02"].mend(gateway(cf=CF.replace(PLACE, path), files={path: file(PEM, mode=mode)}), hands)
    assert hands.done == done


@pytest.mark.parametrize("cf, msp, mode, done, said", [
    ("O RunAsUser=mailgw\n", "", 0o640, [], "mailgw reads it through the group mailgw"),
    ("O RunAsUser=mailgw\n", "", 0o644, [(PLACE, None, 0o037)], "mailgw reads it"),
    ("O RunAsUser=bob:mailgw\n", "", 0o640, [], "bob reads it"),
    ("", "O ClientKeyFile=%s\n" % PLACE, 0o640, [], "smmsp reads it"),
    ("O DontBlameSendmail=safe,GroupReadableKeyFile\n", "", 0o640, [], "GroupReadableKeyFile at /etc/mail/sendmail.cf"),
    # It names no key, so nothing of the key is its affair.
    ("", "O DontBlameSendmail=GroupReadableKeyFile\n", 0o640, [(PLACE, None, 0o077)], ""),
    # A reader who owns it needs no group.
    ("O RunAsUser=alice\n", "", 0o640, [(PLACE, None, 0o077)], "")])
def test_a_key_stays_with_a_group_that_reads_it(cf, msp, mode, done, said):
    people = {"mailgw": {"uid": 990, "gid": 990}, "smmsp": {"uid": 111, "gid": 111}, "bob": {"uid": 1001, "gid": 5}, "alice": {"uid": 1000, "gid": 990}}
    view = gateway(cf=CF + cf, msp=MSP + msp, accounts=people, groups={"mailgw": ["smmsp"]},
                   files={PLACE: file(PEM, mode=mode, owner="alice" if "alice" in cf else "root", group="mailgw")})
    hands, told = Hands(), ""
    try:
        CONTROLS["SM-TLS-02"].mend(view, hands)
    except SendmailError as exc:
        told = exc.message
    assert hands.done == done and said in told and bool(said) == bool(told)


def test_a_key_stays_with_the_group_of_the_unit():
    hands = Hands()
    with pytest.raises(SendmailError):
        CONTROLS["SM-TLS-02"].mend(gateway(accounts={"mailgw": 990}, units={"sendmail.service": {"User": "mailgw", "SupplementaryGroups": "keys"}},
                                           files={PLACE: file(PEM, mode=0o640, group="keys")}), hands)
    assert hands.done == []


def test_suites():
    weak = ["AES128-SHA SSLv3 Kx=RSA Au=RSA Enc=AES(128) Mac=SHA1", "ADH-AES256-SHA SSLv3 Kx=DH Au=None Enc=AES(256) Mac=SHA1",
            "ECDHE-RSA-DES-CBC3-SHA SSLv3 Kx=ECDH Au=RSA Enc=3DES(168) Mac=SHA1", "EXP-EDH-RSA-DES-CBC-SHA SSLv3 Kx=DH(512) Au=RSA Enc=DES(40) Mac=SHA1 export",
            "PSK-AES256-CBC-SHA SSLv3 Kx=PSK Au=PSK Enc=AES(256) Mac=SHA1", "ECDHE-RSA-NULL-SHA SSLv3 Kx=ECDH Au=RSA Enc=None Mac=SHA1"]
    assert [controls_tls.suite_fault(line) is not None for line in weak] == [True] * len(weak)
    assert [controls_tls.suite_fault(line) for line in GOOD.splitlines()] == [None] * 5


# ---- the real openssl ----------------------------------------------------------------------------------------------------------------------

NEW = "openssl req -newkey %s -nodes -subj /CN=%s "
EC_KEY = "ec -pkeyopt ec_paramgen_curve:P-256"
MATERIAL = (
    NEW % (EC_KEY, "mx.example.com") + "-x509 -days 700 -addext subjectAltName=DNS:mx.example.com -keyout self.key -out self.crt",
    NEW % (EC_KEY, "CA") + "-x509 -days 700 -keyout ca.key -out ca.pem", NEW % ("rsa:1024", "mx.example.com") + "-keyout leaf.key -out leaf.csr",
    "openssl x509 -req -in leaf.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 10 -out leaf.crt", "touch index.txt",
    "printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=1\n' > ca.cnf",
    "openssl ca -config ca.cnf -gencrl -keyfile ca.key -cert ca.pem -out list.pem", "openssl dhparam -dsaparam -out dh.pem 1024",
    "cat self.key self.crt > self.pem", "cat leaf.key leaf.crt > leaf.pem", "cat self.key leaf.crt > mixed.pem")


@pytest.fixture(name="material", scope="module")
def made_material(tmp_path_factory):
    """Keys, certificates, a list and parameters, made by the real openssl."""
    place = tmp_path_factory.mktemp("material")
    for command in MATERIAL:
        subprocess.check_call(["sh", "-c", command], cwd=str(place), stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    return place


@pytest.mark.parametrize("control, pem, ca, options, verdict, said", [
    ("SM-TLS-02", "mixed", "ca.pem", {}, FAIL, "mixed.pem (CN=mx.example.com)"),
    ("SM-TLS-04", "self", "ca.pem", {"CipherList": plan_tls.CIPHERS}, PASS, "CipherList=ECDHE"), ("SM-TLS-04", "self", "ca.pem", {}, FAIL, "forward secrecy"),
    ("SM-TLS-04", "self", "ca.pem", {"CipherList": "ALL:@SECLEVEL=0"}, FAIL, "forward secrecy"),
    ("SM-TLS-04", "self", "ca.pem", {"CipherList": "nonsense"}, FAIL, "openssl refuses"),
    ("SM-TLS-05", "self", "ca.pem", {"DHParameters": "dh.pem"}, FAIL, "1024 bits"),
    ("SM-TLS-05", "self", "ca.pem", {"DHParameters": "ca.pem"}, FAIL, "can not read"),
    ("SM-TLS-06", "self", "ca.pem", {}, PASS, "signed by itself"), ("SM-TLS-06", "leaf", "ca.pem", {}, FAIL, "key RSA with 1024 bits"),
    ("SM-TLS-06", "leaf", "ca.pem", {}, FAIL, "in 9 days"), ("SM-TLS-06", "leaf", "self.crt", {}, FAIL, "unable to get local issuer certificate"),
    ("SM-TLS-10", "self", "ca.pem", {"CRLFile": "list.pem"}, PASS, "revocation list of CN"),
    ("SM-TLS-10", "self", "ca.pem", {"CRLFile": "ca.pem"}, FAIL, "openssl can not read the revocation list")])
def test_with_the_real_openssl(material, tmp_path, control, pem, ca, options, verdict, said):
    said_options = {"ServerCertFile": pem + ".pem", "ServerKeyFile": pem + ".pem", "CACertFile": ca}
    said_options.update(options)
    lines = ["O %s=%s" % (name, material / value if value.endswith((".pem", ".crt")) else value) for name, value in said_options.items()]
    (tmp_path / "x.cf").write_text(u"V10\nDZ8.18.1\nDjmx.example.com\n%s\nSx\nR$*\t$@ ok\n" % "\n".join(lines))
    found = judged(CONTROLS[control], View(Runner(), {"compiled": {"mta": str(tmp_path / "x.cf"), "msp": str(tmp_path / "none.cf")}}))
    assert found[0] == verdict and said in found[1], found
