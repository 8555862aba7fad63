"""The lab's DNS: records from the layout, zone files from records, named.conf from zones. Pure."""

import ipaddress

from . import address
from .address import CORP, DNSBL, LAB, STRANGER, THIRD_DOMAIN

PARENT = "example"
REVERSE4 = ("100.51.198.in-addr.arpa", "113.0.203.in-addr.arpa", "0.18.198.in-addr.arpa", "0.19.198.in-addr.arpa")
REVERSE6 = "8.b.d.0.1.0.0.2.ip6.arpa"
ZONES = (CORP, STRANGER, THIRD_DOMAIN, DNSBL, LAB, PARENT, *REVERSE4, REVERSE6)
TTL = 60


def records(layout):
    """All records of the lab as (absolute owner without final dot, type, value)."""
    return [*corp_records(layout), *stranger_records(layout), *lab_records(layout), *dnsbl_records(layout)]


def corp_records(layout):
    """The organisation: mail comes in by its gateways; inside names are published too, as many sites do."""
    out = [(CORP, "TXT", quoted("v=spf1 mx -all"))]
    out += [(CORP, "MX", f"{10 * (index + 1)} {host.fqdn}.") for index, host in enumerate(layout.mx_hosts)]
    for host in layout.gateway_hosts:
        out += named(layout, host.fqdn, "outside", host.number)
        out += named(layout, f"{host.key}.inside.{CORP}", "inside", host.number)
    out += forward(layout, CORP, "outside", address.FIRST_GATEWAY)
    out += named(layout, f"mail.{CORP}", "inside", address.MAILSERVER)
    first = layout.mx_hosts[0].fqdn
    for name, number in (("host1", address.HOST1), ("host2", address.HOST2)):
        out += named(layout, f"{name}.{CORP}", "inside", number)
        out.append((f"{name}.{CORP}", "MX", f"10 {first}."))
    return out


def stranger_records(layout):
    """The outside world: two domains of strangers, their server, its further addresses, a domain without mail."""
    server = f"client.{STRANGER}"
    out = named(layout, server, "outside", address.CLIENT)
    for domain in (STRANGER, THIRD_DOMAIN):
        out += forward(layout, domain, "outside", address.CLIENT)
        out += [(domain, "MX", f"10 {server}."), (domain, "TXT", quoted("v=spf1 mx -all"))]
    out += named(layout, f"listed.{STRANGER}", "outside", address.LISTED)
    out += named(layout, f"other.{THIRD_DOMAIN}", "outside", address.THIRD)
    out.append(("nullmx.example", "MX", "0 ."))
    return out


def lab_records(layout):
    """The machinery: name server and podman host."""
    out = []
    for side in address.SIDES:
        out += named(layout, f"ns.{LAB}", side, address.NAMESERVER)
        out += named(layout, f"podman.{LAB}", side, address.PODMAN_HOST)
    return out


def dnsbl_records(layout):
    """The block list: the customary test entry, and the client's bad address."""
    listed = ["127.0.0.2", *layout.addresses("outside", address.LISTED)]
    out = []
    for ip in listed:
        owner = f"{reversed_labels(ip)}.{DNSBL}"
        out += [(owner, "A", "127.0.0.2"), (owner, "TXT", quoted(f"{ip} is on the block list of the lab"))]
    return out


def named(layout, name, side, number):
    """Address records of a host, and the way back."""
    back = [(ipaddress.ip_address(ip).reverse_pointer, "PTR", f"{name}.") for ip in layout.addresses(side, number)]
    return forward(layout, name, side, number) + back


def forward(layout, name, side, number):
    """Address records only."""
    return [(name, "AAAA" if ":" in ip else "A", ip) for ip in layout.addresses(side, number)]


def reversed_labels(ip):
    """The labels by which a block list names an address: 38.113.0.203."""
    return ipaddress.ip_address(ip).reverse_pointer.rsplit(".", 2)[0]


def quoted(text):
    """Text of a TXT record."""
    return '"' + text.replace('"', "'") + '"'


def zone_of(owner, zones=ZONES):
    """The zone that holds a name: the longest that it ends in."""
    fitting = [zone for zone in zones if owner == zone or owner.endswith("." + zone)]
    if not fitting:
        raise ValueError(f"{owner} lies in none of the lab's zones")
    return max(fitting, key=len)


def zone_texts(layout):
    """File text of every zone."""
    head = (f"$TTL {TTL}\n@ SOA ns.{LAB}. hostmaster.{LAB}. 1 3600 600 86400 {TTL}\n@ NS ns.{LAB}.\n")
    texts = {zone: head for zone in ZONES}
    for zone in ZONES:
        for parent in (other for other in ZONES if zone.endswith("." + other)):
            texts[parent] += delegation(layout, zone)
    for owner, kind, value in records(layout):
        texts[zone_of(owner)] += f"{owner}. {kind} {value}\n"
    return texts


def delegation(layout, zone):
    """What a parent zone says of its child: the name server, and where that is."""
    glue = [f"ns.{LAB}. A {layout.addr4(side, address.NAMESERVER)}\n" for side in address.SIDES]
    return f"{zone}. NS ns.{LAB}.\n" + ("".join(glue) if zone == LAB else "")


def named_conf(layout, forwarders):
    """named.conf: the lab's zones, everything else to this machine's own resolver."""
    clients = ["127.0.0.0/8", "::1", *(str(layout.net4(side)) for side in address.SIDES)]
    clients += [str(layout.net6(side)) for side in address.SIDES] if layout.ipv6 else []
    zones = "".join(f'zone "{zone}" {{ type primary; file "/etc/bind/lab/{zone}.zone"; }};\n' for zone in ZONES)
    return (
        "options {\n"
        '    directory "/var/cache/bind";\n'
        f"    allow-query {{ {' '.join(f'{net};' for net in clients)} }};\n"
        f"    forwarders {{ {' '.join(f'{ip};' for ip in forwarders)} }};\n"
        "    forward only;\n"
        "    recursion yes;\n"
        "    dnssec-validation no;\n"
        f"    listen-on-v6 {{ {'any' if layout.ipv6 else 'none'}; }};\n"
        "    minimal-responses yes;\n"
        "};\n" + zones
    )
