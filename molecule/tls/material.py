"""Certificates for the scenario tls, made once by the lab's own authority, and servers on the client that show them.

PYTHONPATH=. python molecule/tls/material.py LAB
"""

import hashlib
import subprocess
import sys

from lab import address, containers, lifecycle

CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256")
ODD = '/C=DE/O=Lab (one) \\+ two, three/CN=M\u00fcller <odd> "x" \\\\ y'
DOMAINS = ("good.example", "clear.example", "plain.example", "unknown.example", "anyhow.example", "forced.example", "broken.example",
           "right.dane.example", "wrong.dane.example", "clear.dane.example", "right.sts.example", "elsewhere.sts.example", "unknown.sts.example")
CONFIG = "[ca]\ndefault_ca=d\n[d]\ndatabase={place}/index.txt\ncrlnumber={place}/number\ndefault_md=sha256\n"


def openssl(*words):
    """Run openssl, which must work; return what it prints."""
    return subprocess.run(["openssl", *map(str, words)], check=True, capture_output=True, text=True).stdout


class Maker:
    """What a lab's authority signs, in the directory ``tls`` of that lab."""

    def __init__(self, lab):
        self.lab, self.place = lab, lab / "tls"
        self.place.mkdir(exist_ok=True)

    def middle(self):
        """Make an authority between the lab's own and those whom it certifies."""
        openssl("req", "-x509", "-nodes", *CURVE, "-subj", "/CN=Lab in between", "-days", 90, "-addext", "basicConstraints=critical,CA:TRUE",
                "-CA", self.lab / "ca.pem", "-CAkey", self.lab / "ca.key", "-keyout", self.place / "middle.key", "-out", self.place / "middle.pem")

    def certificate(self, name, subject, *more, key=CURVE, authority="ca", days=90):
        """Make NAME.pem and NAME.key."""
        place = {"ca": self.lab / "ca", "middle": self.place / "middle"}.get(authority)
        signed = ["-CA", f"{place}.pem", "-CAkey", f"{place}.key"] if place else []
        openssl("req", "-x509", "-nodes", "-utf8", *key, "-subj", subject, "-days", days, "-addext", "basicConstraints=critical,CA:FALSE", *signed, *more,
                "-keyout", self.place / f"{name}.key", "-out", self.place / f"{name}.pem")

    def everything(self, gateways):
        """All of them, good and bad."""
        self.middle()
        for name in gateways:
            self.certificate(f"rsa-{name}", f"/CN={name}", "-addext", f"subjectAltName=DNS:{name}", key=("-newkey", "rsa:2048"), authority="middle")
        first = gateways[0]
        self.certificate("weak", f"/CN={first}", key=("-newkey", "rsa:1024"))
        self.certificate("foreign", f"/CN={first}", "-addext", f"subjectAltName=DNS:{first}", authority=None)
        self.certificate("elsewhere", "/CN=elsewhere.example", days=10)
        self.expired(first)
        self.certificate("odd", ODD)
        self.certificate("revoked", "/CN=revoked")
        self.certificate("server", "/CN=other.third.example", authority=None)
        openssl("pkey", "-in", self.place / "odd.key", "-aes128", "-passout", "pass:x", "-out", self.place / "locked.key")
        self.lists()

    def expired(self, name):
        """One that was good in 2020; only `openssl ca` lets dates be chosen everywhere."""
        openssl("req", "-new", "-nodes", *CURVE, "-subj", f"/CN={name}", "-keyout", self.place / "expired.key", "-out", self.place / "expired.csr")
        (self.place / "dates").mkdir(exist_ok=True)
        config = CONFIG.format(place=self.place / "dates") + f"serial={self.place}/dates/serial\npolicy=p\n[p]\ncommonName=supplied\n"
        (self.place / "dates" / "cnf").write_text(config)
        (self.place / "dates" / "index.txt").write_text("")
        openssl("ca", "-batch", "-config", self.place / "dates" / "cnf", "-rand_serial", "-cert", self.lab / "ca.pem", "-keyfile", self.lab / "ca.key",
                "-notext", "-startdate", "20200101000000Z", "-enddate", "20210101000000Z", "-outdir", self.place / "dates", "-in", self.place / "expired.csr",
                "-out", self.place / "expired.pem")

    def lists(self):
        """A list with the revoked certificate in it, and one that was to be replaced long ago."""
        serial = openssl("x509", "-noout", "-serial", "-in", self.place / "revoked.pem").strip().partition("=")[2]
        (self.place / "index.txt").write_text(f"R\t400101000000Z\t250101000000Z\t{serial}\tunknown\t/CN=revoked\n")
        (self.place / "cnf").write_text(CONFIG.format(place=self.place))
        for name, words in (("crl", ("-crldays", "30")), ("stale", ("-crl_lastupdate", "20200101000000Z", "-crl_nextupdate", "20200201000000Z"))):
            (self.place / "number").write_text("01\n")
            openssl("ca", "-gencrl", "-config", self.place / "cnf", "-cert", self.lab / "ca.pem", "-keyfile", self.lab / "ca.key", *words,
                    "-out", self.place / f"{name}.pem")


def servers(lab, maker):
    """Give the client a server for each kind of TLS, and the domains whose mail they take."""
    good, clear, unknown, broken = (lab.layout.addr4("outside", number) for number in (address.CLIENT, address.LISTED, address.THIRD, address.NAMELESS))
    rows = "".join(f"@{domain} carol@stranger.example\n" for domain in DOMAINS)
    script = f"""set -e
cat >/etc/postfix/unknown.pem <<'END'
{(maker.place / 'server.key').read_text()}{(maker.place / 'server.pem').read_text()}END
chmod 600 /etc/postfix/unknown.pem
sed -i '/[.]example carol@stranger/d' /etc/postfix/virtual; cat >>/etc/postfix/virtual <<'END'
{rows}END
postconf virtual_alias_domains='{' '.join(DOMAINS)}'
postconf -MX smtp/inet || true
for address in 127.0.0.1 {good} {clear} {unknown} {broken}; do postconf -M "$address:smtp/inet=$address:smtp inet n - n - - smtpd"; done
postconf -P '{clear}:smtp/inet/smtpd_tls_security_level=none'
postconf -P '{unknown}:smtp/inet/smtpd_tls_chain_files=/etc/postfix/unknown.pem'
systemctl restart postfix
"""
    containers.execute(lab.layout, lab.host("client"), "sh", "-c", script)
    # The client shows these to a gateway.
    for name in ("odd", "revoked", "foreign"):
        for suffix in ("pem", "key"):
            containers.execute(lab.layout, lab.host("client"), "sh", "-c", f"umask 077; cat >/etc/ssl/lab/{name}.{suffix}",
                               stdin=(maker.place / f"{name}.{suffix}").read_bytes())


def signed_zone(lab, maker):
    """A signed zone, with mail domains whose servers are vouched for rightly, wrongly, and though they know no TLS; its key is our trust anchor."""
    der = subprocess.run(["openssl", "pkey", "-pubin", "-outform", "DER"], check=True, capture_output=True,
                         input=openssl("x509", "-noout", "-pubkey", "-in", lab.directory / "client.stranger.example.pem").encode()).stdout
    good = hashlib.sha256(der).hexdigest()
    zone = "$TTL 60\n@ SOA ns.lab.example. hostmaster.lab.example. 1 3600 600 86400 60\n@ NS ns.lab.example.\n"
    for name, number, told in (("right", address.CLIENT, good), ("wrong", address.CLIENT, "0" * 64), ("clear", address.LISTED, good)):
        zone += f"{name} MX 10 mx.{name}\nmx.{name} A {lab.layout.addr4('outside', number)}\n_25._tcp.mx.{name} TLSA 3 1 1 {told}\n"
    script = """set -e
cd /etc/bind/lab; rm -f Kdane*
cat >dane.zone
for flag in '-f KSK' ''; do dnssec-keygen -q -a ECDSAP256SHA256 $flag dane.example >/dev/null; done
dnssec-signzone -S -o dane.example dane.zone >/dev/null 2>&1
grep -q dane.example /etc/bind/named.conf || echo 'zone "dane.example" { type primary; file "/etc/bind/lab/dane.zone.signed"; };' >>/etc/bind/named.conf
chown -R bind: /etc/bind/lab; systemctl restart named
dnssec-dsfromkey -2 $(grep -l 'IN DNSKEY 257' Kdane*.key)
"""
    host = lab.host("ns")
    (maker.place / "anchor").write_text(containers.execute(lab.layout, host, "sh", "-c", script, stdin=zone).stdout.strip() + "\n")


if __name__ == "__main__":
    LAB = lifecycle.load(sys.argv[1])
    MAKER = Maker(LAB.directory)
    MAKER.everything([host.fqdn for host in LAB.layout.gateway_hosts])
    servers(LAB, MAKER)
    signed_zone(LAB, MAKER)
