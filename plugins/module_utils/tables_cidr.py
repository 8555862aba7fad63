# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Networks as the access map knows them: whole octets for IPv4, whole groups of 16 bits in sendmail's own spelling for IPv6.

The access rules shorten a client's address by one octet or one group at a time, so a network is found only under keys that end on
such a border. A network in between is spelt out as the several keys that cover it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

EXPANSION_LIMIT = 65536


def access_keys(networks, tag="", compressed=False, limit=EXPANSION_LIMIT):
    """Return the access keys that cover a network or a list of networks, each with its tag.

    :param networks: as :func:`cidr_keys` takes one; a text, or whatever gives texts one by one.
    :param str tag: ``Connect`` or ``Connect:``; empty for none.
    :raises InvalidValue: see :func:`cidr_keys`.
    """
    front = "%s:" % tag.rstrip(":") if tag else ""
    return [front + key for network in ([networks] if isinstance(networks, str) else networks)
            for key in cidr_keys(network, limit=limit, compressed=compressed)]


def cidr_keys(network, limit=EXPANSION_LIMIT, compressed=False):
    """Return the access keys (without tag) that cover one network or address.

    :param str network: ``192.168.0.0/16``, ``192.0.2.7``, ``2001:db8::/48``; the prefix ``IPv6:`` is allowed. IPv4 addresses inside IPv6
        (``::ffff:192.0.2.7``) give keys of IPv4: sendmail takes such clients for what they are.
    :param int limit: the most keys that one network may become.
    :param bool compressed: whether the host's sendmail has ``UseCompressedIPv6Addresses`` on.
    :returns: list such as ``["192.168"]``, ``["192.0.2.32", "192.0.2.33", ...]`` or ``["IPv6:2001:db8:0"]``.
    :raises InvalidValue: no network, host bits set, everything (``/0``), or more keys than the limit.
    """
    block = _network(network)
    if block.prefixlen == 0:
        raise InvalidValue("'%s' is the whole Internet and has no key; leave the key empty if that is meant." % network, network=network)
    unit = 8 if block.version == 4 else 16
    whole = -(-block.prefixlen // unit) * unit
    count = 1 << (whole - block.prefixlen)
    if count > limit:
        raise InvalidValue("'%s' becomes %d keys, more than the %d allowed: sendmail matches addresses on %s borders only. Choose a prefix of /%d."
                           % (network, count, limit, "octet" if unit == 8 else "16-bit group", whole), network=network, keys=count)
    key = _key4 if block.version == 4 else _key6
    first, step = int(block.network_address), 1 << (block.max_prefixlen - whole)
    keys = [key(first + number * step, whole) for number in range(count)]
    return [compress(one) for one in keys] if compressed and block.version == 6 else keys


def _network(text):
    bare = str(text)[5:] if str(text)[:5].lower() == "ipv6:" else str(text)
    prefix = bare.partition("/")[2]
    # The standard library also reads netmasks ("/255.255.0.0") and numbers (3232235520); both hide typing errors.
    if ("/" in bare and not prefix.isdigit()) or not re.match(r"[0-9A-Fa-f:.]+(/\d{1,3})?\Z", bare) or not re.search(r"[.:]", bare):
        raise InvalidValue("'%s' is no network; expected an address with a prefix length, such as 192.168.0.0/16 or 2001:db8::/48." % text, network=str(text))
    try:
        return _unmapped(ipaddress.ip_network(bare))
    except ValueError as exc:
        raise InvalidValue(_network_problem(str(text), bare, exc), network=str(text))


_MAPPED = ipaddress.ip_network("::ffff:0:0/96")


def _unmapped(block):
    """Return the IPv4 network that an IPv6 network stands for, or the network itself."""
    if block.version == 4 or block.prefixlen < 96 or block.network_address not in _MAPPED:
        return block
    return ipaddress.ip_network((int(block.network_address) & 0xffffffff, block.prefixlen - 96))


def network_of(text):
    """Return the network that an access key (without tag) speaks of, whole octets and groups included, or None where it is none.

    >>> str(network_of("10.1")), str(network_of("IPv6:2001:db8")), network_of("example.org")
    ('10.1.0.0/16', '2001:db8::/32', None)
    """
    octets = re.match(r"\d{1,3}(?:\.\d{1,3}){0,2}\Z", text)
    if octets:
        count = text.count(".") + 1
        text = "%s/%d" % (".".join(text.split(".") + ["0"] * (4 - count)), 8 * count)
    elif re.match(r"(?i)ipv6:[0-9a-f]{1,4}(?::[0-9a-f]{1,4}){0,6}\Z", text):
        count = text.count(":")
        text = "%s::/%d" % (text[5:], 16 * count) if count < 8 else text
    try:
        return _network(text)
    except InvalidValue:
        return None


def most_specific(found):
    """Of several networks that share a key, let the narrowest have it, whatever the order in which they were written.

    :param list found: ``(pair, bits)``, bits the prefix length of the network that the key came from, None where it is no network.
    :returns: the pairs; of two that speak of the same network both are left, so that the map is refused.
    """
    narrowest = {}
    for pair, bits in found:
        if bits is not None:
            narrowest[pair.key.lower()] = max(bits, narrowest.get(pair.key.lower(), 0))
    return [pair for pair, bits in found if bits is None or bits == narrowest[pair.key.lower()]]


def _network_problem(text, bare, exc):
    try:
        meant = ipaddress.ip_network(bare, strict=False)
    except ValueError:
        return "'%s' is no network: %s." % (text, exc)
    return "'%s' has host bits set; expected %s for the network, or %s for the one address." % (text, meant, bare.partition("/")[0])


def _key4(number, bits):
    octets = [str(number >> shift & 255) for shift in (24, 16, 8, 0)]
    return ".".join(octets[:bits // 8])


def _key6(number, bits):
    groups = ["%x" % (number >> shift & 0xffff) for shift in range(112, -1, -16)]
    return "IPv6:" + ":".join(groups[:bits // 16])


def compress(key):
    """Spell a full or partial IPv6 key as a sendmail with ``UseCompressedIPv6Addresses`` does.

    :raises InvalidValue: a network whose zero groups such a sendmail may swallow.
    """
    groups = key[5:].split(":")
    if len(groups) == 8:
        return "IPv6:" + str(ipaddress.IPv6Address(key[5:]))
    if groups[-1] == "0" or "0:0" in key:
        raise InvalidValue("the network '%s' has zero groups that may be folded into ::, so sendmail does not find it while "
                           "UseCompressedIPv6Addresses is on. Switch that option off." % key, network=key)
    return key


def spelling_problem(key, compressed=False):
    """Say why an address key (without tag) is never found by sendmail, or return None.

    :param str key: ``192.168``, ``192.0.2.1``, ``IPv6:2001:db8`` ...
    """
    if "/" in key:
        return _cidr_hint(key)
    if key[:5].lower() == "ipv6:":
        return _spelling6(key, compressed)
    octets = key.split(".")
    for octet in octets:
        if not octet.isdigit() or int(octet) > 255 or str(int(octet)) != octet:
            return "'%s' is no IPv4 address or beginning of one: '%s' is no octet as sendmail writes it (0 to 255, no leading zeros, no dot at the end)" % (
                key, octet)
    return "'%s' has %d octets; an IPv4 address has 4" % (key, len(octets)) if len(octets) > 4 else None


def _cidr_hint(key):
    try:
        keys = cidr_keys(key)
    except InvalidValue as exc:
        return exc.message.rstrip(".")
    shown = ", ".join(keys[:4]) + (" ... %s (%d keys)" % (keys[-1], len(keys)) if len(keys) > 4 else "")
    return "sendmail knows no CIDR here; write %s, or give the network to the cidr_keys filter" % shown


def _spelling6(key, compressed):
    body = key[5:].lower()
    groups = body.split(":")
    if "::" in body or len(groups) == 8:
        try:
            full = ipaddress.IPv6Address(body)
        except ValueError as exc:
            return "'%s' is no IPv6 address: %s" % (key, exc)
        if full.ipv4_mapped:
            return "sendmail takes this client for the IPv4 address that it is; write %s" % full.ipv4_mapped
        right = "IPv6:" + (str(full) if compressed else ":".join("%x" % int(group, 16) for group in full.exploded.split(":")))
        return None if right[5:] == body else "sendmail spells this address %s and never finds another spelling" % right
    for group in groups:
        if not re.match(r"(0|[1-9a-f][0-9a-f]{0,3})\Z", group):
            return "'%s' is no beginning of an IPv6 address: '%s' is no group as sendmail writes it (0 to ffff, no leading zeros)" % (key, group)
    return "'%s' has %d groups; an IPv6 address has 8" % (key, len(groups)) if len(groups) > 8 else None
