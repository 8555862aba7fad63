# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_dane, plan_tls

PLATFORM = {"tls_dir": "/etc/mail/tls", "ca_file": "/etc/ssl/certs/ca-certificates.crt", "ca_path": "/etc/ssl/certs",
            "resolver": {"packages": ["unbound"], "unit": "unbound.service", "directory": "/etc/unbound/conf.d"}}
OURS = "/etc/mail/tls/mailjail/"
CERTIFICATE, KEY = "-----BEGIN CERTIFICATE-----", "-----BEGIN PRIVATE KEY-----"
GIVEN = {"certificates": "given", "certificate": CERTIFICATE, "key": KEY}
HOST = {"certificates": "host", "certificate": "/etc/acme/full.pem", "key": "/etc/acme/key.pem"}


def site(said=None, **more):
    return dict({"profile": {}, "tls": said or {}, "policy": [], "relay": [], "host_name": "gw.corp.example", "release": "8.18.1", "privilege": "jailed",
                 "run_user": "mailgw", "platform": PLATFORM}, **more)


def lines(said=None, **more):
    return plan_tls.lines(site(said, **more))


def entries(**more):
    return {row["key"]: row["value"] for row in plan_tls.access(site(**more))}


def test_without_a_word_nothing_is_offered_and_nothing_runs():
    found = plan_tls.plan(site())
    assert (found["material"], found["files"], found["certificates"], found["dane"]["companions"]) == (None, [], [], [])
    assert not lines()["offered"] and lines()["keys"] == {}


@pytest.mark.parametrize("said", [{"certificates": False}, {"certificates": "off"}])
def test_a_site_takes_back_what_its_profile_has(said):
    assert plan_tls.plan(site(said, profile={"certificates": "self-signed"}))["material"] is None


@pytest.mark.parametrize("said, more, present, files", [
    ({"ca": "our-ca.pem"}, {}, ["/etc/ssl/certs"], [OURS + "ca.pem"]),
    ({"ca": "our-ca.pem", "crl": "our-ca.crl"}, {}, ["/etc/ssl/certs"], [OURS + "ca.pem", OURS + "crl.pem"]),
    ({}, {"policy": [{"peer": "p.example", "require": "verify"}]}, ["/etc/ssl/certs", PLATFORM["ca_file"]], [PLATFORM["ca_file"]]),
    ({}, {"logins": ["verify"]}, ["/etc/ssl/certs", PLATFORM["ca_file"]], [PLATFORM["ca_file"]])], ids=["ca", "ca and crl", "policy", "password"])
def test_a_host_without_a_certificate_may_judge_those_of_others(said, more, present, files):
    found = plan_tls.plan(site(dict(said, certificates="off"), **more))
    assert (found["material"]["certificates"], found["material"]["pairs"], found["certificates"]) == ("given", [], [])
    assert (found["material"]["present"], found["material"]["ca"], found["files"]) == (present, said.get("ca", ""), files)
    told = lines(said, **more)
    assert not told["offered"] and told["keys"] == {} and told["ca_file"] == "`%s'" % (OURS + "ca.pem" if "ca" in said else PLATFORM["ca_file"])
    assert told["crl"] == ("`%scrl.pem'" % OURS if "crl" in said else "")


@pytest.mark.parametrize("more", [{"policy": [{"peer": "p.example", "require": "encrypt"}]}, {"logins": ["encrypt"]}, {"logins": []}])
def test_who_judges_none_needs_no_authorities(more):
    assert plan_tls.plan(site(**more))["material"] is None


def test_self_signed():
    found = plan_tls.plan(site({"names": ["mx.corp.example"]}, profile={"certificates": "self-signed"}, privilege="unprivileged"))
    assert found["material"]["names"] == ["gw.corp.example", "mx.corp.example"] and found["material"]["owner"] == "mailgw"
    assert found["certificates"] == [OURS + "server.pem"] and OURS + "server.pem" in found["files"]
    # It is not shown to servers: a certificate that nobody signed proves nothing to them.
    assert lines({"certificates": "self-signed"})["keys"]["client_certificate"] == ""


def test_given_ones_are_one_file_each():
    said = dict(GIVEN, second={"certificate": CERTIFICATE, "key": KEY}, client={"certificate": CERTIFICATE, "key": KEY}, ca="ca.pem", crl="crl.pem")
    found = plan_tls.plan(site(said))
    assert found["certificates"] == [OURS + "server.pem", OURS + "second.pem"]
    assert found["files"] == sorted(OURS + name + ".pem" for name in ("server", "second", "client", "ca", "crl"))
    assert lines(said)["keys"] == {
        "server_certificate": "`%sserver.pem,%ssecond.pem'" % (OURS, OURS), "server_key": "`%sserver.pem,%ssecond.pem'" % (OURS, OURS),
        "client_certificate": "`%sclient.pem'" % OURS, "client_key": "`%sclient.pem'" % OURS}
    # What leads to an authority has to stand among the authorities, or the leaf alone is sent.
    for one in (GIVEN, HOST):
        assert lines(one)["ca_file"] == "`%sca.pem'" % OURS and OURS + "ca.pem" in plan_tls.plan(site(one))["files"]
    assert lines({"certificates": "self-signed"})["ca_file"] == "`/etc/ssl/certs/ca-certificates.crt'" == lines()["ca_file"]
    assert plan_tls.plan(site(GIVEN))["material"]["present"] == ["/etc/ssl/certs", "/etc/ssl/certs/ca-certificates.crt"]
    # With an authority of its own the system's bundle may be missing; the directory may not.
    assert found["material"]["present"] == ["/etc/ssl/certs"]


def test_those_of_the_host_stay_where_they_are():
    found = plan_tls.plan(site(HOST))
    assert found["certificates"] == ["/etc/acme/full.pem"] and "/etc/acme/key.pem" in found["files"]
    assert lines(HOST)["keys"]["server_key"] == "`/etc/acme/key.pem'"


@pytest.mark.parametrize("said, words", [
    ({"certificates": "bought"}, ["bought", "self-signed"]),
    ({"minimum": "1.1"}, ["minimum", "1.2"]),
    ({"certificate": CERTIFICATE}, ["certificates is 'off'", "sendmail_tls.certificate"]),
    ({"certificates": "self-signed", "key": KEY}, ["sendmail_tls.key"]),
    ({"certificates": "given", "certificate": CERTIFICATE}, ["sendmail_tls.key is empty"]),
    (dict(GIVEN, second={"key": KEY}), ["sendmail_tls.second.certificate is empty"]),
    (dict(HOST, key="acme/key.pem"), ["sendmail_tls.key", "acme/key.pem"]),
    (dict(HOST, key="/etc/x' syscmd(id)"), ["sendmail_tls.key"]),
    ({"dh": "5"}, ["sendmail_tls.dh", "weak"]), ({"dh": "1"}, ["weak"]), ({"dh": "none"}, ["none"]),
    ({"ciphers": "HIGH') syscmd(`id"}, ["sendmail_tls.ciphers"]),
    ({"ca_path": "/etc/`x"}, ["sendmail_tls.ca_path"]),
    ({"server_options": ["+SSL_OP_ALL\nO QueueDirectory=/tmp"]}, ["sendmail_tls.server_options"]),
    ({"fingerprint": "sha256')"}, ["sendmail_tls.fingerprint"]),
    ({"certficate": "x"}, ["certficate"]),
    ({"certificates": "self-signed", "days": 30}, ["renew_days is 30", "days is 30"]),
    ({"certificates": "self-signed", "names": ["mx example"]}, ["sendmail_tls.names", "mx example"]),
    ({"certificates": "self-signed", "names": ["x\nDNS.9 = y"]}, ["sendmail_tls.names"]),
    ({"certificates": "self-signed", "names": [".example.com"]}, ["sendmail_tls.names"]),
    (dict(HOST, chain="chain.pem"), ["sendmail_tls.chain", "chain.pem", "absolute"]),
])
def test_refused_by_name(said, words):
    with pytest.raises(SendmailError) as caught:
        plan_tls.plan(site(said))
        lines(said)
    assert all(word in caught.value.message for word in words), caught.value.message


def test_options_follow_floor_and_release():
    assert lines()["client_options"] == "`+SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1'"
    assert lines({"minimum": 1.3})["client_options"].endswith("+SSL_OP_NO_TLSv1_2'")
    old = lines(release="8.15.2")
    assert "RENEGOTIATION" in lines()["server_options"] and "RENEGOTIATION" not in old["server_options"] and not old["session_features"]


def test_clients_are_asked_only_if_something_follows():
    assert not lines()["ask_clients"] and lines({"ask_clients": True})["ask_clients"] and lines({"ca": "ca.pem"}, relay=[{"issuer": "CN=x"}])["ask_clients"]


@pytest.mark.parametrize("entry, expected", [
    ({"peer": "p.example", "require": "verify"}, {"TLS_Srv:p.example": "VERIFY", "TLS_Rcpt:p.example": "VERIFY"}),
    ({"peer": "p.example", "require": "encrypt"}, {"TLS_Srv:p.example": "ENCR:128", "TLS_Rcpt:p.example": "ENCR:128"}),
    ({"peer": "p.example", "require": "none"}, {"TLS_Srv:p.example": "ENCR:0", "TLS_Rcpt:p.example": "ENCR:0", "Try_TLS:p.example": "NO"}),
    ({"peer": "", "require": "encrypt", "on": ["recipient"]}, {"TLS_Rcpt:": "ENCR:128"}),
    ({"peer": "192.0.2.1", "require": "encrypt", "bits": 256}, {"TLS_Srv:192.0.2.1": "ENCR:256"}),
    ({"peer": "192.0.2.0/23", "require": "encrypt", "on": ["client"]}, {"TLS_Clt:192.0.2": "ENCR:128", "TLS_Clt:192.0.3": "ENCR:128"}),
    ({"peer": "2001:db8::1", "require": "verify"}, {"TLS_Srv:IPv6:2001:db8:0:0:0:0:0:1": "VERIFY"}),
    ({"peer": "p.example", "require": "verify", "cn": "mx.p.example", "issuer": "CN=A B", "permanent": True, "on": ["server"]},
     {"TLS_Srv:p.example": "PERM+VERIFY+CN:mx.p.example++CI:/CN=A+20B"}),
    ({"peer": "p.example", "require": "verify", "check_name": True, "bits": 128, "on": ["server"]}, {"TLS_Srv:p.example": "VERIFY:128+CN"}),
    ({"peer": "p.example", "require": "encrypt", "dane": False, "on": ["server"]}, {"TLS_Srv:p.example": "ENCR:128", "Clt_Features:p.example": "D"}),
])
def test_terms_for_single_peers(entry, expected):
    assert entries(policy=[entry]) == expected
    context = tables.Context(ipv6_compressed=False)
    tables.entries_text("access", plan_tls.access(site(policy=[entry])), context)


@pytest.mark.parametrize("entry, words", [
    ({"peer": "p.example", "require": "dane"}, ["sendmail_tls_policy[0]", "dane"]),
    ({"peer": "192.0.2.1", "require": "encrypt", "on": ["recipient"]}, ["recipient", "192.0.2.1"]),
    ({"peer": "p.example", "require": "encrypt", "cn": "x"}, ["cn", "verify"]),
    ({"peer": "p.example", "require": "verify", "on": ["client"]}, ["ask_clients"]),
    ({"peer": "p.example", "require": "encrypt", "on": ["srever"]}, ["srever"]),
    ({"peer": "p.example", "require": "encrypt", "bits": 1000}, ["1000"]),
    ({"peer": "192.0.2.1/23", "require": "encrypt"}, ["192.0.2.1/23"]),
    ({"peer": "p.example", "require": "encrypt", "name": "x"}, ["no key name"]),
    ({"peer": "p.example", "require": "verify", "issuer": "nobody"}, ["issuer", "nobody"]),
])
def test_terms_that_can_not_be_meant(entry, words):
    with pytest.raises(SendmailError) as caught:
        entries(policy=[entry])
    assert all(word in caught.value.message for word in words), caught.value.message


def test_two_terms_for_one_peer():
    with pytest.raises(SendmailError) as caught:
        entries(policy=[{"peer": "p.example", "require": "encrypt"}, {"peer": "P.example", "require": "verify"}])
    assert "P.example" in caught.value.message or "p.example" in caught.value.message


def test_relaying_by_certificate():
    with pytest.raises(SendmailError) as caught:
        lines(relay=[{"issuer": "CN=R11,O=Let's Encrypt,C=US"}])
    assert "sendmail_tls.ca is empty" in caught.value.message
    relay = [{"issuer": "CN=Our CA,O=Lab"}, {"issuer": "CN=Other", "subject": "CN=a,O=Lab"}, {"issuer": "CN=Other", "subject": "CN=b,O=Lab"}]
    assert entries(relay=relay) == {"CertIssuer:/O=Lab/CN=Our+20CA": "RELAY", "CertIssuer:/CN=Other": "SUBJECT", "CertSubject:/O=Lab/CN=a": "RELAY",
                                    "CertSubject:/O=Lab/CN=b": "RELAY"}
    for wrong in ({"subject": "CN=x"}, {"issuer": "x"}, {"issuer": "CN=x", "subjet": "CN=y"}):
        with pytest.raises(SendmailError):
            entries(relay=[wrong])
    # Of an issuer all of whose certificates relay, the host looks whether it is one of ours.
    assert plan_tls.plan(site(dict(GIVEN, ca="ca.pem"), relay=relay))["material"]["relay_issuers"] == ["/O=Lab/CN=Our+20CA"]


DS = "lab.example. IN DS 28827 13 2 156B21661DFD1C92"


def test_a_resolver_of_its_own_for_the_daemon_alone():
    found = plan_tls.plan(site(dane={"enabled": True, "forwarders": ["192.0.2.53"], "trust_anchors": [DS], "insecure_domains": ["corp.example"]},
                               compile_flags=["DANE", "STARTTLS"]))["dane"]
    assert found["bind"] == [OURS + "resolv.conf:/etc/resolv.conf"] and found["packages"] == ["unbound"]
    text = found["companions"][1]["files"][0]["content"]
    for line in ("    interface: 127.0.0.1", '    trust-anchor: "%s"' % DS, '    domain-insecure: "corp.example"', "    forward-addr: 192.0.2.53"):
        assert line in text.splitlines()
    assert "trust-ad" in found["companions"][0]["files"][0]["content"]
    assert "forward-zone" not in plan_dane.resolver_text(plan_dane.settings({"enabled": True}))
    assert lines(dane={"enabled": True})["dane"] and not lines()["dane"]


def test_a_resolver_that_somebody_else_looks_after():
    found = plan_tls.plan(site(dane={"enabled": True, "resolver": "own"}))["dane"]
    assert found["packages"] == [] and [one["name"] for one in found["companions"]] == ["resolv.conf"]


@pytest.mark.parametrize("said, flags, words", [
    ({"enabled": True}, ["STARTTLS"], ["sendmail_dane", "compiled without DANE"]),
    ({"enabled": True, "forwarders": ["ns.example"]}, [], ["forwarders", "ns.example"]),
    ({"enabled": True, "forwarders": ["fe80::1%x\n    interface: 0.0.0.0"]}, [], ["forwarders", "without a scope"]),
    ({"enabled": True, "forwarders": ["fe80::1%eth0"]}, [], ["forwarders"]), ({"enabled": True, "forwarders": [3221225985]}, [], ["forwarders"]),
    ({"enabled": True, "trust_anchors": [DS.replace("28827 ", "28827\n")]}, [], ["trust_anchors"]),
    ({"enabled": True, "trust_anchors": [DS.replace("IN ", "IN\x0b")]}, [], ["trust_anchors"]),
    ({"enabled": True, "insecure_domains": ['x"\nserver:']}, [], ["insecure_domains"]),
    ({"enabled": True, "trust_anchors": ['x" \n']}, [], ["trust_anchors"]),
    ({"enabled": True, "trust_anchors": [DS + '"']}, [], ["trust_anchors"]),
    ({"enabled": True, "resolver": "bind"}, [], ["resolver", "unbound"]),
    ({"enable": True}, [], ["enable"]),
])
def test_dane_that_can_not_be(said, flags, words):
    with pytest.raises(SendmailError) as caught:
        plan_tls.plan(site(dane=said, compile_flags=flags))
    assert all(word in caught.value.message for word in words), caught.value.message


@pytest.mark.parametrize("said, flags, expected", [
    ({}, [], ""), ({"enabled": False}, ["STARTTLS"], ""),
    ({"enabled": True}, ["_FFR_MTA_STS"], "`socket -d5 -T<TMPF> inet:8461@127.0.0.1'"),
    ({"enabled": True, "socket": "local:/run/sts.sock"}, [], "`socket -d5 -T<TMPF> local:/run/sts.sock'"),
    ({"enabled": True}, ["STARTTLS"], None), ({"enabled": True, "socket": "inet:8461@sts.example"}, [], None),
    ({"enabled": True, "socket": "local:/run/x') syscmd(`id"}, [], None), ({"enable": True}, [], None),
])
def test_mta_sts(said, flags, expected):
    if expected is None:
        with pytest.raises(SendmailError) as caught:
            lines(sts=said, compile_flags=flags)
        assert "sendmail_mta_sts" in caught.value.message
    else:
        assert lines(sts=said, compile_flags=flags)["sts"] == expected
