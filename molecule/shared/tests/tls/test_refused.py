"""Material that would fail: refused by name, with everything as it was. And what is found on the wire only."""

import json
import re

import pytest
from state import answers, difference, state

# name of a pair, or of one file with the key of another: words of the refusal
PLACE = "{{ lab_directory }}/tls/"
OURS = "/etc/mail/tls/mailjail"
HOST_CA = "/etc/ssl/lab/ca.pem"
LIST = "{{ lookup('ansible.builtin.file', lab_directory ~ '/tls/crl.pem') }}\n"


def tls(**said):
    """sendmail_tls with something else in it."""
    base = {"certificates": "given", "certificate": "{{ lab_directory }}/{{ lab_fqdn }}.pem", "key": "{{ lab_directory }}/{{ lab_fqdn }}.key",
            "ca": "{{ lab_directory }}/ca.pem"}
    return {"sendmail_tls": {**base, **said}}


def pair(certificate, key=None, **more):
    """A pair of molecule/tls/material.py."""
    return tls(certificate=f"{PLACE}{certificate}.pem", key=f"{PLACE}{key or certificate}.key", **more)


ROWS = {
    "a certificate with another key": (pair("foreign", "odd"), ["sendmail_tls (server)", "does not belong to this key"]),
    "an expired certificate": (pair("expired"), ["sendmail_tls (server)", "expired on 2021-01-01"]),
    "a weak key": (pair("weak"), ["RSA with 1024 bits", "2048"]),
    "a certificate of nobody's": (pair("foreign"), ["does not lead to an authority in sendmail_tls.ca"]),
    "a key with a passphrase": (tls(key=f"{PLACE}locked.key"), ["passphrase"]),
    "a stale revocation list": (tls(crl=f"{PLACE}stale.pem"), ["sendmail_tls.crl", "2020-02-01", "fresh"]),
    "a revocation list that is none": (tls(crl="{{ lab_directory }}/ca.pem"), ["sendmail_tls.crl", "openssl can not read"]),
    "two revocation lists": (tls(crl=LIST + LIST), ["sendmail_tls.crl", "2 revocation lists", "confCRL_PATH"]),
    "relaying for whoever a public authority certifies": ({**tls(), "sendmail_tls_relay": [{"issuer": "CN=R11,O=Let's Encrypt,C=US"}]},
                                                          ["sendmail_tls_relay", "R11", "none of sendmail_tls.ca"]),
    "a certificate on the host that others write to": (tls(certificates="host", certificate="/run/lab-tls/loose.pem", key="/etc/ssl/lab/host.key", ca=HOST_CA),
                                                       ["/run/lab-tls/loose.pem", "0666", "chmod go-w"]),
    "parameters that are weak": (tls(dh="{{ lookup('pipe', 'openssl dhparam -dsaparam 1024 2>/dev/null') }}"), ["sendmail_tls.dh", "1024 bits"]),
    "a file that is not there": (tls(certificate="/nonexistent/x.pem"), ["certificate", "/nonexistent/x.pem"]),
    "a key that is no key": (tls(key="{{ lab_directory }}/ca.pem"), ["no private key"]),
    "a key on the host that the group may read": (tls(certificates="host", certificate="/etc/ssl/lab/host.pem", key="/run/lab-tls/group.key", ca=HOST_CA),
                                                  ["/run/lab-tls/group.key", "0640", "chmod 0600"]),
    "a key in a directory that others write to": (tls(certificates="host", certificate="/etc/ssl/lab/host.pem", key="/run/lab-tls/open/host.key", ca=HOST_CA),
                                                  ["/run/lab-tls/open", "chmod go-w"]),
    "a key on the host that is not there": (tls(certificates="host", certificate="/etc/ssl/lab/host.pem", key="/run/lab-tls/none.key", ca=HOST_CA),
                                            ["/run/lab-tls/none.key", "could not be read"]),
    "no authorities": (tls(ca_path="/nonexistent/certs"), ["/nonexistent/certs", "STARTTLS"]),
}


@pytest.fixture(scope="module", name="runs")
def runs_(world):
    """Every row's run, on the first gateway; and the host before and after."""
    one = world.gateways[0]
    one.out("mkdir -p /run/lab-tls/open; chmod 777 /run/lab-tls/open; cp /etc/ssl/lab/host.key /run/lab-tls/open; "
            "cp /etc/ssl/lab/host.key /run/lab-tls/group.key; chmod 640 /run/lab-tls/group.key; "
            "cp /etc/ssl/lab/host.pem /run/lab-tls/loose.pem; chmod 666 /run/lab-tls/loose.pem")
    before = state(one)
    runs = world.cases(one, {name: values for name, (values, _words) in ROWS.items()})
    return {"runs": runs, "touched": difference(before, state(one)), "gateway": one}


@pytest.mark.parametrize("name", ROWS)
def test_refused_by_name(runs, name):
    run = runs["runs"][name]
    assert run.status != 0, run
    said = " ".join(run.messages) or run.output
    assert [word for word in ROWS[name][1] if word not in said] == [], said
    # A message may name the line by which a key is known; what follows that line is secret.
    assert not re.search(r"PRIVATE KEY-----(\\n|\n)", run.output) and "Traceback" not in run.output


def test_nothing_was_touched(runs):
    assert runs["touched"] == {}
    assert answers(runs["gateway"])


def test_a_certificate_for_others_that_ends_soon_is_warned_of(world):
    one = world.gateways[0]
    run = world.play("--check", "--limit", one.name, values=json.loads(json.dumps(pair("elsewhere"))))
    assert run.status == 0, run
    plain = " ".join(run.output.split())
    assert f"does not name {one.name}" in plain and "in 9 days" in plain or "in 10 days" in plain, run.output


# A certificate that the host makes for itself; nobody relays by it.
OWN = {"sendmail_tls": {"certificates": "self-signed", "names": ["mx.corp.example"]}, "sendmail_tls_relay": []}


def offered(client, gateway):
    """The certificate that a listener shows, by its fingerprint."""
    return client.out(f"echo QUIT | openssl s_client -connect {gateway.outside}:25 -starttls smtp 2>/dev/null | openssl x509 -noout -fingerprint -sha256")


def test_starttls_that_vanishes_brings_the_last_good_configuration_back(world, client):
    """sendmail says nothing of a missing authority; only the wire tells (T48). A new key that came with it goes back too."""
    one = world.gateways[0]
    before, files = offered(client, one), one.out(f"ls {OURS}")
    values = pair("rsa-{{ inventory_hostname }}", chain=f"{PLACE}middle.pem")
    run = world.play("--limit", one.name, values={"sendmail_options": {"confCACERT": "/nonexistent/ca.pem"}, **values})
    assert run.status != 0
    said = " ".join(run.messages)
    assert "0.0.0.0:25 does not answer: it does not offer STARTTLS" in said and "was put back" in said, said
    assert "What " in said and f"{OURS}/server.pem" in said and "Even so" not in said, said
    assert offered(client, one) == before and one.out(f"ls {OURS}") == files
    assert "/nonexistent" not in one.out("cat /etc/mail/sendmail.cf")


# No TLS at all, and no resolver for it.
NONE = {"sendmail_tls": {"certificates": "off"}, "sendmail_tls_relay": [], "sendmail_dane": {"enabled": False},
        "sendmail_listeners": [{"name": "MTA", "address": "0.0.0.0", "modifiers": ["A", "E"]}]}


def test_without_tls_no_key_is_left_and_a_roll_out_that_fails_falls_back_to_that(world, client):
    one = world.gateways[0]
    world.converge("--limit", one.name, values=NONE)
    assert "STARTTLS" not in client.run(f"swaks --server {one.outside} --quit-after EHLO").stdout
    # Debian's package makes a key of its own, which nothing of ours names.
    assert one.run(f"ls {OURS}").stdout == "" and one.run("grep -rl --exclude='sendmail-common.*' 'PRIVATE KEY' /etc/mail /var/lib/mailjail").stdout == ""
    assert one.run("systemctl is-active unbound; ls /etc/unbound/unbound.conf.d/mailjail.conf").stdout == "inactive\n"
    assert not world.converge("--limit", one.name, values=NONE).changed(one)
    # What comes back had no STARTTLS and two listeners less: it is not held against what was to be.
    run = world.play("--limit", one.name, values={"sendmail_dane": {"enabled": False}, "sendmail_options": {"confCACERT": "/nonexistent/ca.pem"}})
    said = " ".join(run.messages)
    assert run.status != 0 and "it does not offer STARTTLS" in said and "was put back" in said and "Even so" not in said, said
    assert "Mail is taken on 0.0.0.0:25 (" in said, said
    asked = client.run(f"swaks --server {one.outside} --quit-after EHLO").stdout
    assert "STARTTLS" not in asked and "250 HELP" in asked, asked
    world.converge("--limit", one.name)


def test_a_new_certificate_comes_into_force_and_a_damaged_one_is_mended(world, client):
    one = world.gateways[0]
    first = offered(client, one)
    # Somebody loosens the key: sendmail would read it no more at its next start.
    one.out("chmod 644 /etc/mail/tls/mailjail/server.pem")
    run = world.converge("--limit", one.name)
    assert "/etc/mail/tls/mailjail/server.pem" in run.names(one)
    assert one.out("stat -c %a /etc/mail/tls/mailjail/server.pem") == "600\n" and offered(client, one) == first
    made = world.converge("--limit", one.name, "--diff", values=OWN)
    second = offered(client, one)
    assert second != first and "PRIVATE KEY" not in made.output
    names = one.out("openssl x509 -noout -ext subjectAltName -in /etc/mail/tls/mailjail/server.pem")
    assert f"DNS:{one.name}, DNS:mx.corp.example" in names
    # The pair of the other certificate, the authority and the list of the revoked are used no more.
    assert one.out(f"ls {OURS}/*.pem* {OURS}/*.former 2>/dev/null || true") == f"{OURS}/server.pem\n"
    again = world.converge("--limit", one.name, values=OWN)
    assert not again.changed(one), again
    # Long before its end it is made anew.
    world.converge("--limit", one.name, values={**OWN, "sendmail_tls": {**OWN["sendmail_tls"], "days": 1100, "renew_days": 1000}})
    assert offered(client, one) not in (first, second)
    world.converge("--limit", one.name)
    assert offered(client, one) == first
