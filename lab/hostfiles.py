"""What the lab writes into each host before its first boot, and the tar archive that carries it. Pure."""

import hashlib
import io
import tarfile
from dataclasses import dataclass
from string import Template

from . import address, paths, zones
from .address import CORP, STRANGER, THIRD_DOMAIN

ANSIBLE_UID = 1000      # as images/base.toml makes it
USERS = {
    "mailserver": {CORP: ("alice", "bob", "root-alerts", "postmaster")},
    "client": {STRANGER: ("carol", "postmaster", "abuse"), THIRD_DOMAIN: ("dave", "postmaster", "abuse")},
}
DIRECTORIES = {"/home/ansible/.ssh": (0o700, ANSIBLE_UID), "/etc/bind/lab": (0o755, 0), "/etc/ssl/lab": (0o755, 0)}
LONG_AGO = 1_700_000_000    # modification time of all files: a date that is no reason to create a host anew
WANTS = "/etc/systemd/system/multi-user.target.wants"


@dataclass(frozen=True)
class File:
    """A file, or with `link` a symbolic link."""

    path: str
    content: str = ""
    mode: int = 0o644
    owner: int = 0
    link: str = ""


@dataclass(frozen=True)
class Secrets:
    """What is not in the plan: keys of this lab, resolvers of this machine."""

    user_public: str
    host_private: str
    host_public: str
    ca: str             # certificate of the lab's own authority
    certificates: dict  # full host name: (certificate, key)
    forwarders: tuple


def files(layout, host, secrets):
    """Everything that the lab writes into one host."""
    special = {"nameserver": nameserver, "mailserver": mailserver, "client": client,
               **dict.fromkeys(address.MANAGED, gateway)}
    return [*common(layout, host, secrets), *special[host.group](layout, host, secrets)]


def common(layout, host, secrets):
    """Identity, name resolution, ssh, a certificate that the lab's authority signed."""
    home = "/home/ansible/.ssh"
    certificate, key = secrets.certificates[host.fqdn]
    return [
        File("/etc/hosts", hosts_text(layout, host)),
        File("/etc/resolv.conf", f"nameserver {layout.addr4(host.sides[-1], address.NAMESERVER)}\n"
                                 "options timeout:2 attempts:2\n"),
        File("/etc/machine-id", hashlib.md5(layout.container(host).encode()).hexdigest() + "\n", 0o444),
        File("/etc/mailname", f"{host.fqdn}\n"),
        File("/etc/ssh/ssh_host_ed25519_key", secrets.host_private, 0o600),
        File("/etc/ssh/ssh_host_ed25519_key.pub", secrets.host_public),
        File("/etc/ssl/lab/ca.pem", secrets.ca),
        File("/etc/ssl/lab/host.pem", certificate),
        File("/etc/ssl/lab/host.key", key, 0o600),
        File(home + "/authorized_keys", secrets.user_public, 0o600, ANSIBLE_UID),
    ]


def hosts_text(layout, host):
    """/etc/hosts: oneself only, so that everything else is the name server's word."""
    lines = ["127.0.0.1 localhost", "::1 localhost ip6-localhost ip6-loopback"]
    lines += [f"{ip} {host.fqdn} {host.key}" for ip in layout.addresses(host.sides[-1], host.number)]
    return "\n".join(lines) + "\n"


def gateway(_layout, _host, _secrets):
    """What a playbook manages stays as bare as its image."""
    return []


def nameserver(layout, _host, secrets):
    """bind: authority for the lab's zones, forwarder for the rest."""
    texts = zones.zone_texts(layout)
    return [
        File("/etc/bind/named.conf", zones.named_conf(layout, secrets.forwarders)),
        *(File(f"/etc/bind/lab/{zone}.zone", text) for zone, text in texts.items()),
        enabled("named.service"),
    ]


def mailserver(layout, host, _secrets):
    """Postfix with the mailboxes of the organisation; the rest of the world is reached by the first gateway."""
    return postfix(layout, host, domains=[CORP, host.fqdn],
                   relayhost=f"[{layout.addr4('inside', address.FIRST_GATEWAY)}]",
                   mynetworks=networks(layout, "inside"))


def client(layout, host, _secrets):
    """Postfix of the strangers, and the further addresses that the client attacks from."""
    up = "\n".join(f"ExecStart=ip address replace {word} dev outside"
                   for number in host.extra for word in extra_addresses(layout, number))
    unit = ("[Unit]\nDescription=Further addresses of the outside client\nBefore=postfix.service\n"
            f"[Service]\nType=oneshot\nRemainAfterExit=yes\n{up}\n[Install]\nWantedBy=multi-user.target\n")
    return [*postfix(layout, host, domains=[STRANGER, THIRD_DOMAIN], relayhost="", mynetworks="127.0.0.0/8 [::1]/128"),
            File("/etc/systemd/system/lab-addresses.service", unit),
            enabled("lab-addresses.service", "/etc/systemd/system")]


def extra_addresses(layout, number):
    """Words for `ip address`; the IPv6 ones are used only by who asks for them."""
    words = [f"{layout.addr4('outside', number)}/27"]
    return words + ([f"{layout.addr6('outside', number)}/64 preferred_lft 0 valid_lft forever"] if layout.ipv6 else [])


def networks(layout, side):
    """mynetworks: this host and one side."""
    return " ".join(["127.0.0.0/8", "[::1]/128", str(layout.net4(side))]
                    + ([f"[{layout.net6(side).network_address}]/64"] if layout.ipv6 else []))


def postfix(layout, host, domains, relayhost, mynetworks):
    """Postfix's files: final destination of `domains`, one Maildir for each user."""
    users = USERS[host.group]
    boxes, aliases = [], []
    for domain in domains:
        names = users.get(domain, users[next(iter(users))])
        boxes += [f"{user}@{domain} {next(iter(users)) if domain not in users else domain}/{user}/" for user in names]
        aliases.append(f"root@{domain} {'root-alerts' if 'root-alerts' in names else 'postmaster'}@{domain}")
    main = Template((paths.TEMPLATES / "postfix-main.cf").read_text()).substitute(
        myhostname=host.fqdn, domains=" ".join(domains), relayhost=relayhost, mynetworks=mynetworks,
        protocols="all" if layout.ipv6 else "ipv4")
    return [
        File("/etc/postfix/main.cf", main),
        File("/etc/postfix/mailboxes", "\n".join(boxes) + "\n"),
        File("/etc/postfix/virtual", "\n".join(aliases) + "\n"),
        enabled("postfix.service"),
    ]


def enabled(unit, where="/usr/lib/systemd/system"):
    """The link that `systemctl enable` would make."""
    return File(f"{WANTS}/{unit}", link=f"{where}/{unit}")


def archive(listed):
    """The files as a tar archive, the same bytes for the same files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        for path, (mode, owner) in DIRECTORIES.items():
            if any(file.path.startswith(f"{path}/") for file in listed):
                tar.addfile(member(path, mode, owner, tarfile.DIRTYPE))
        for file in listed:
            data = b"" if file.link else file.content.encode()
            info = member(file.path, file.mode, file.owner, tarfile.SYMTYPE if file.link else tarfile.REGTYPE)
            info.size, info.linkname = len(data), file.link
            tar.addfile(info, io.BytesIO(data))
    return out.getvalue()


def member(path, mode, owner, kind):
    """Head of one member of the archive."""
    info = tarfile.TarInfo(path.lstrip("/"))
    info.mode, info.uid, info.gid, info.type, info.mtime = mode, owner, owner, kind, LONG_AGO
    return info
