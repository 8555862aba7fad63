"""Keys of a lab, made once, kept until `down`: ssh for Ansible and the hosts, a certificate authority, certificates."""

import hashlib
import shutil

from .hostfiles import Secrets
from .shell import run

DAYS = "3650"
CURVE = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")


def ensure(directory, layout, forwarders):
    """Make what is missing, return the lab's Secrets."""
    directory.mkdir(parents=True, exist_ok=True)
    directory.chmod(0o700)
    for name, comment in (("id_ed25519", "ansible@lab"), ("host_ed25519", "host@lab")):
        key = directory / name
        if not (key.exists() and key.with_suffix(".pub").exists()):
            key.unlink(missing_ok=True)
            run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", key])
    host_public = (directory / "host_ed25519.pub").read_text()
    (directory / "known_hosts").write_text(f"* {host_public}")
    certify(directory, "ca", f"Lab {layout.name}", ["-addext", "basicConstraints=critical,CA:TRUE",
                                                    "-addext", "keyUsage=critical,keyCertSign,cRLSign"])
    return Secrets(
        user_public=(directory / "id_ed25519.pub").read_text(),
        host_private=(directory / "host_ed25519").read_text(), host_public=host_public,
        ca=(directory / "ca.pem").read_text(),
        certificates={host.fqdn: host_certificate(directory, host) for host in layout.hosts},
        forwarders=forwarders)


def host_certificate(directory, host):
    """Certificate and key of one host, signed by the lab's authority."""
    names = [host.fqdn] + ([f"{host.key}.inside.{host.domain}"] if len(host.sides) > 1 else [])
    certify(directory, host.fqdn, host.fqdn, [
        "-CA", directory / "ca.pem", "-CAkey", directory / "ca.key",
        "-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names),
        "-addext", "basicConstraints=critical,CA:FALSE"])
    return tuple((directory / f"{host.fqdn}{suffix}").read_text() for suffix in (".pem", ".key"))


def certify(directory, stem, common_name, more):
    """Make STEM.pem and STEM.key unless both are there."""
    certificate, key = directory / f"{stem}.pem", directory / f"{stem}.key"
    if not (certificate.exists() and key.exists()):
        run(["openssl", "req", "-x509", *CURVE, "-days", DAYS, "-subj", f"/CN={common_name}",
             "-keyout", key, "-out", certificate, *more], what=f"certificate {common_name}")


def control_path(directory):
    """Where ssh keeps its shared connections: beside the keys, or under /tmp if a socket's name would be too long."""
    if len(str(directory)) < 48:    # plus /, 40 digits and a suffix of 17 must stay below 108
        return f"{directory}/%C"
    mark = hashlib.sha256(str(directory).encode()).hexdigest()[:12]
    return f"/tmp/mailjail-{mark}-%C"


def forget(directory):
    """Remove a lab's directory with everything in it."""
    shutil.rmtree(directory, ignore_errors=True)
