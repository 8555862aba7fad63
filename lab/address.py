"""Who is where: the addresses and names of a lab, from its name, slot and gateways. Pure."""

import ipaddress
import re
from dataclasses import dataclass
from functools import cached_property

# Eight pairs of networks fit into the documentation networks. When many labs are up at once, a second eight come
# from the networks for benchmarks (RFC 2544), which nobody routes either.
SLOTS = range(16)
SIDES = ("inside", "outside")
BASE4 = {"inside": ("198.51.100.0", "198.18.0.0"), "outside": ("203.0.113.0", "198.19.0.0")}
SIDE6 = {"inside": 1, "outside": 2}

PODMAN_HOST, NAMESERVER, MAILSERVER, CLIENT, LISTED, THIRD, NAMELESS = 1, 2, 3, 5, 6, 7, 8
FIRST_GATEWAY, LAST_GATEWAY, HOST1, HOST2 = 10, 19, 20, 21

# What a host is to be, by the word before its image (hub:debian13): beginning of its name, inventory group.
KINDS = {"gateway": ("gw", "gateways"), "hub": ("hub", "hubs"), "nullclient": ("null", "nullclients")}
MANAGED = tuple(group for _name, group in KINDS.values())

CORP, STRANGER, THIRD_DOMAIN, LAB = "corp.example", "stranger.example", "third.example", "lab.example"
DNSBL = "dnsbl.lab.example"


@dataclass(frozen=True)
class Host:
    """One container of a lab."""

    key: str            # short name, unique in the lab
    domain: str
    group: str          # inventory group: gateways, hubs, nullclients, mailserver, client, nameserver
    image: str
    number: int         # host number in each of its nets
    sides: tuple        # nets it is in; the first is where ssh goes
    extra: tuple = ()   # further host numbers on its last side

    @property
    def fqdn(self):
        """Full name, the container's hostname."""
        return f"{self.key}.{self.domain}"


@dataclass(frozen=True)
class Layout:
    """The plan of one lab."""

    name: str
    slot: int
    gateways: tuple     # image names; a hub's or null client's behind its kind, such as hub:debian13
    ipv6: bool = True

    def net4(self, side):
        """IPv4 network of a side."""
        block, place = divmod(self.slot, 8)
        return ipaddress.ip_network((int(ipaddress.ip_address(BASE4[side][block])) + 32 * place, 27))

    def net6(self, side):
        """IPv6 network of a side."""
        return ipaddress.ip_network(f"2001:db8:{self.slot:x}:{SIDE6[side]}::/64")

    def addr4(self, side, number):
        """IPv4 address of a host number."""
        return str(self.net4(side)[number])

    def addr6(self, side, number):
        """IPv6 address of a host number; the decimal digits are kept, as an administrator would write them."""
        return str(ipaddress.ip_address(f"2001:db8:{self.slot:x}:{SIDE6[side]}::{number}"))

    def addresses(self, side, number):
        """All addresses of a host number on a side."""
        return [self.addr4(side, number)] + ([self.addr6(side, number)] if self.ipv6 else [])

    def mac(self, side, number):
        """MAC address of a host number; fixed, or the neighbours of a renewed host would miss it for half a minute."""
        return f"02:6d:6a:{self.slot:02x}:{SIDE6[side]:02x}:{number:02x}"

    def ssh_address(self, host):
        """Where Ansible finds a host."""
        return self.addr4(host.sides[0], host.number)

    def container(self, host):
        """Name of a host's container."""
        return f"mailjail-{self.name}-{host.key}"

    def network(self, side):
        """Name of a side's network."""
        return f"mailjail-{self.name}-{side}"

    @cached_property
    def gateway_hosts(self):
        """The hosts that playbooks manage: gateways, hubs, null clients."""
        keys = gateway_keys(self.gateways)
        return tuple(Host(key, CORP, KINDS[kind_of(word)[0]][1], kind_of(word)[1], FIRST_GATEWAY + index, SIDES)
                     for index, (key, word) in enumerate(zip(keys, self.gateways, strict=True)))

    @cached_property
    def mx_hosts(self):
        """Who takes the organisation's mail, in MX order: the gateways, else the hubs, else the first host."""
        gateways, hubs = (tuple(host for host in self.gateway_hosts if host.group == group)
                          for group in ("gateways", "hubs"))
        return gateways or hubs or self.gateway_hosts[:1]

    @cached_property
    def hosts(self):
        """All hosts: the peers, then the gateways."""
        peers = (
            Host("ns", LAB, "nameserver", "peer", NAMESERVER, SIDES),
            Host("mail", CORP, "mailserver", "peer", MAILSERVER, ("inside",)),
            Host("client", STRANGER, "client", "peer", CLIENT, ("outside",), (LISTED, THIRD, NAMELESS)),
        )
        return peers + self.gateway_hosts

    def host(self, name):
        """The host of that short or full name, or None."""
        return next((host for host in self.hosts if name in (host.key, host.fqdn)), None)


def kind_of(word):
    """Kind and image of a word such as hub:debian13; one without a kind is a gateway."""
    kind, _colon, image = word.rpartition(":")
    return kind or "gateway", image


def gateway_keys(words):
    """Short names: gw-IMAGE, hub-IMAGE, null-IMAGE, and gw-IMAGE-2 for a second gateway of the same image."""
    keys = []
    for index, word in enumerate(words):
        nth = words[:index].count(word) + 1
        keys.append("-".join([KINDS[kind_of(word)[0]][0], kind_of(word)[1]] + ([str(nth)] if nth > 1 else [])))
    return keys


def checked_name(name):
    """The name of a lab, fit for containers, networks and directories; else ValueError with a sentence."""
    if not re.fullmatch(r"[a-z][a-z0-9]{0,15}", name):
        raise ValueError(f"lab name {name!r}: expected a lower-case letter and up to 15 more letters or digits")
    return name


def plan(name, slot, gateways, ipv6=True):
    """A checked Layout; raises ValueError with a sentence for the user."""
    checked_name(name)
    if slot not in SLOTS:
        raise ValueError(f"slot {slot}: expected a number from 0 to {max(SLOTS)}")
    most = LAST_GATEWAY - FIRST_GATEWAY + 1
    for word in gateways:
        if kind_of(word)[0] not in KINDS:
            raise ValueError(f"{word}: expected an image, or one behind {', '.join(f'{kind}:' for kind in KINDS)}")
    if not 1 <= len(gateways) <= most:
        raise ValueError(f"{len(gateways)} gateways: expected 1 to {most}")
    return Layout(name, slot, tuple(gateways), ipv6)
