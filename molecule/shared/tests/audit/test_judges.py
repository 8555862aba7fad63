"""What tools that nobody here wrote say of a hardened gateway: nmap, testssl.sh and Lynis."""

import json
import re

import pytest

CA = "/etc/ssl/lab/ca.pem"
# testssl.sh's words for more than LOW. WARN is not among them: it is what the tool itself could not do (an engine of its OpenSSL, a lost connection).
GRAVE = {"MEDIUM", "HIGH", "CRITICAL", "FATAL"}
# Of the certificate's issuer, which here is the lab: it publishes no list of what it revoked, and signs for ten years.
OF_THE_ISSUER = {"cert_revocation", "cert_validityPeriod"}


@pytest.fixture(name="unhurried")
def unhurried_(gateway, world):
    """The client is greeted at once: some of its hundreds of connections would give up before three seconds are over."""
    place = gateway.out("d=$(mktemp -d /root/mailjail-judges.XXXX); cp -p /etc/mail/access /etc/mail/access.*db $d; echo $d").strip()
    kind = gateway.family.map_type
    address = world.facts["lab_client"]
    gateway.out(f"printf 'GreetPause:{address}\\t0\\n' >> /etc/mail/access && cd /etc/mail && makemap {kind} access < access")
    yield
    gateway.out(f"cp -p {place}/* /etc/mail/ && rm -r {place}")


def test_nmap_finds_nothing_open_and_no_version(gateway, client):
    scripts = "smtp-commands,smtp-open-relay,smtp-enum-users,smtp-strangeport,smtp-vuln-cve2010-4344,smtp-ntlm-info,banner"
    said = client.out(f"nmap -Pn -n -sV -p 25,465,587 --script {scripts} --script-args smtp-open-relay.domain=third.example {gateway.outside}")
    assert not re.search(r"^(465|587)/tcp\s+open\b", said, re.M), said
    # What it takes the program for, by the manner of its answers, and no version of it.
    assert re.search(r"^25/tcp\s+open\s+smtp\s+Sendmail( \(Not accepting mail\))?\s*$", said, re.M) and not re.search(r"8\.1\d\.\d|endmail[ /]8", said), said
    assert "Server is an open relay" not in said and not re.search("(?<!NOT )VULNERABLE", said), said
    # It lists what VRFY, EXPN or RCPT told it; three methods, no name.
    assert not re.search(r"smtp-enum-users:\s*\n\|\s+(?!.*(Method|ERROR|Couldn))\w+$", said, re.M), said


def test_testssl_has_no_warning_above_low(gateway, client, unhurried):
    report = f"/tmp/testssl-{gateway.name}.json"
    client.run(f"rm -f {report}; timeout 560 testssl --quiet --color 0 --warnings off --nodns none --add-ca {CA} --starttls smtp --jsonfile {report} "
               f"--ip {gateway.outside} {gateway.name}:25")
    rows = json.loads(client.out(f"cat {report}"))
    assert len(rows) > 90, [row["id"] for row in rows]
    assert [row for row in rows if row["severity"] in GRAVE and row["id"].partition(" ")[0] not in OF_THE_ISSUER] == []
    assert len([row for row in rows if row["severity"] == "WARN"]) <= 3


def test_lynis_raises_nothing_about_sendmail(world):
    """Its tests of mail and messaging, on the one family here whose packages have it."""
    gateway = next(one for one in world.gateways if one.family.name == "debian")
    gateway.out("apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends lynis")
    try:
        gateway.out("lynis audit system --quick --no-colors --tests-from-group mail_messaging --logfile /root/lynis.log --report-file /root/lynis.dat")
        log, report = gateway.out("cat /root/lynis.log"), gateway.out("cat /root/lynis.dat")
    finally:
        gateway.out("DEBIAN_FRONTEND=noninteractive apt-get purge -qq -y lynis; rm -rf /root/lynis.log /root/lynis.dat /var/log/lynis*")
    assert "MAIL-8880" in log and re.search("found.*sendmail|sendmail.*found|running.*[Ss]endmail|[Ss]endmail.*running", log), log
    assert not [line for line in report.splitlines() if re.match(r"(warning|suggestion)\[\]=MAIL", line)], report
