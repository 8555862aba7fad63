"""What a listener offers and speaks, asked with openssl and nmap; who may relay because of a certificate, asked with swaks."""

import re

import pytest

CA = "/etc/ssl/lab/ca.pem"
NOT_SECRET = ("AES256-GCM-SHA384", "AES128-SHA", "CAMELLIA128-SHA", "ECDHE-RSA-AES256-SHA", "DHE-RSA-AES128-SHA", "ADH-AES256-GCM-SHA384", "AECDH-AES256-SHA",
              "NULL-SHA256")


def handshake(client, gateway, *words, port=25):
    """What openssl says of a connection."""
    start = "" if port == 465 else "-starttls smtp -name client.stranger.example "
    done = client.run(f"echo QUIT | timeout 30 openssl s_client -connect {gateway.outside}:{port} {start}-CAfile {CA} -verify_hostname {gateway.name} "
                      + " ".join(words))
    return done.stdout + done.stderr


@pytest.mark.parametrize("port", [25, 465])
@pytest.mark.parametrize("version", ["-tls1_2", "-tls1_3"])
def test_the_certificate_leads_to_its_authority_and_names_the_host(gateway, client, port, version):
    said = handshake(client, gateway, version, "-verify_return_error", port=port)
    assert "Verify return code: 0 (ok)" in said and f"Verified peername: {gateway.name}" in said, said
    assert "Cipher is (NONE)" not in said


@pytest.mark.parametrize("kind, algorithm", [("ECDSA", "ECDSA+SHA256"), ("RSA", "RSA-PSS+SHA256:RSA+SHA256")])
def test_each_client_gets_the_certificate_that_it_knows(gateway, client, kind, algorithm):
    said = handshake(client, gateway, "-tls1_2", "-sigalgs", algorithm)
    assert "Verify return code: 0 (ok)" in said and re.search(rf"Cipher is (ECDHE|DHE)-{kind}-", said), said


@pytest.mark.parametrize("port", [25, 465])
def test_what_leads_to_the_authority_is_sent(gateway, client, port):
    """The client knows the root alone; sendmail reads one certificate of a file, and finds the one in between among its authorities."""
    said = handshake(client, gateway, "-tls1_2", "-sigalgs", "RSA-PSS+SHA256:RSA+SHA256", "-showcerts", "-verify_return_error", port=port)
    shown = re.findall(r"^ *(\d) s:.*CN ?= ?(.*)$", said, re.M)
    assert shown[:2] == [("0", gateway.name), ("1", "Lab in between")] and "Verify return code: 0 (ok)" in said, said


@pytest.mark.parametrize("version", ["-tls1", "-tls1_1"])
def test_old_versions_are_refused(gateway, client, version):
    said = handshake(client, gateway, version, "-cipher", "ALL:@SECLEVEL=0")
    assert "Cipher is (NONE)" in said and re.search("alert protocol version|no protocols available|unsupported protocol", said), said


def test_one_client_has_options_of_its_own(world, gateway, client):
    place = world.facts["lab_client_nameless"]
    newest, older, others = (handshake(client, gateway, *words) for words in (
        ("-tls1_3", "-bind", f"{place}:0"), ("-tls1_2", "-bind", f"{place}:0"), ("-tls1_3",)))
    assert "Cipher is (NONE)" in newest and "Verify return code: 0 (ok)" in older and "TLSv1.3, Cipher is TLS_" in others, (newest, older, others)


@pytest.mark.parametrize("suite", NOT_SECRET)
def test_suites_without_forward_secrecy_or_with_sha1_are_refused(gateway, client, suite):
    said = handshake(client, gateway, "-tls1_2", "-cipher", f"{suite}:@SECLEVEL=0")
    assert "Cipher is (NONE)" in said and "alert handshake failure" in said, said


def test_every_suite_has_forward_secrecy(gateway, client):
    said = client.out(f"nmap -Pn -p 465 --script ssl-enum-ciphers {gateway.outside}")
    assert set(re.findall(r"^\|\s+(\S+v\S+):", said, re.M)) == {"TLSv1.2", "TLSv1.3"}, said
    suites = set(re.findall(r"TLS_\w+", said))
    assert suites and not {one for one in suites if not re.match("TLS_(ECDHE|DHE|AKE)_", one)}, suites


def test_starttls_is_offered_where_it_should_be(gateway, client):
    asked = {port: client.run(f"swaks --server {gateway.outside}:{port} --quit-after EHLO").stdout for port in (25, 2525)}
    assert "250-STARTTLS" in asked[25] and "STARTTLS" not in asked[2525] and "250 HELP" in asked[2525]


# certificate that a client shows: whether it may send to the world
CLIENTS = {"host": True, "odd": True, "revoked": False, "foreign": False, None: False}


@pytest.mark.parametrize("name", CLIENTS)
def test_who_may_relay_by_certificate(gateway, client, name):
    words = f"--tls-cert /etc/ssl/lab/{name}.pem --tls-key /etc/ssl/lab/{name}.key" if name else ""
    said = client.run(f"swaks --server {gateway.outside} --tls --tls-verify --tls-ca-path {CA} {words} --from carol@stranger.example --to dave@third.example "
                      "--quit-after RCPT").stdout
    assert "=== TLS started" in said, said
    assert ("Recipient ok" if CLIENTS[name] else "550 5.7.1 <dave@third.example>... Relaying denied") in said, said


def test_the_key_is_closed_to_others(gateway):
    place = gateway.out("sed -n 's/^O ServerKeyFile=//p' /etc/mail/sendmail.cf").strip().split(",")
    assert len(place) == 2
    for path in place:
        assert gateway.out(f"stat -c '%U %a' {path}") == "root 600\n"
    # What was read is what lies there: the process is younger than its files.
    assert gateway.run("grep -l 'PRIVATE KEY' -r /etc/mail/*.mc /etc/mail/*.cf /var/lib/mailjail/generations").stdout == ""
