# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a certificate says that came over the wire: names, dates, key. Pure.

Python's own library tells this only of certificates that it trusts, and an audit wants to know it of the others most of all.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import binascii
import hashlib
import ipaddress

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

UTC_TIME, GENERAL_TIME = 0x17, 0x18
STRINGS = {0x0c: "utf-8", 0x13: "ascii", 0x14: "latin-1", 0x16: "ascii", 0x1e: "utf-16-be", 0x1c: "utf-32-be", 0x12: "ascii", 0x1a: "ascii"}
ATTRIBUTES = {"2.5.4.3": "CN", "2.5.4.5": "serialNumber", "2.5.4.6": "C", "2.5.4.7": "L", "2.5.4.8": "ST", "2.5.4.9": "street", "2.5.4.10": "O",
              "2.5.4.11": "OU", "2.5.4.4": "SN", "2.5.4.42": "GN", "2.5.4.97": "organizationIdentifier", "0.9.2342.19200300.100.1.25": "DC",
              "0.9.2342.19200300.100.1.1": "UID", "1.2.840.113549.1.9.1": "emailAddress"}
CURVES = {"1.2.840.10045.3.1.7": 256, "1.3.132.0.34": 384, "1.3.132.0.35": 521, "1.3.132.0.33": 224, "1.2.840.10045.3.1.1": 192, "1.3.132.0.10": 256,
          "1.3.36.3.3.2.8.1.1.7": 256, "1.3.36.3.3.2.8.1.1.11": 384, "1.3.36.3.3.2.8.1.1.13": 512}
KEYS = {"1.2.840.113549.1.1.1": "RSA", "1.2.840.113549.1.1.10": "RSA", "1.2.840.10045.2.1": "EC", "1.2.840.10040.4.1": "DSA", "1.3.101.112": "ED25519",
        "1.3.101.113": "ED448"}
SIGNED = {"1.2.840.113549.1.1.4": "MD5", "1.2.840.113549.1.1.5": "SHA1", "1.2.840.10045.4.1": "SHA1", "1.2.840.10040.4.3": "SHA1",
          "1.2.840.113549.1.1.11": "SHA256", "1.2.840.113549.1.1.12": "SHA384", "1.2.840.113549.1.1.13": "SHA512", "1.2.840.113549.1.1.10": "PSS",
          "1.2.840.10045.4.3.2": "SHA256", "1.2.840.10045.4.3.3": "SHA384", "1.2.840.10045.4.3.4": "SHA512", "1.3.101.112": "ED25519", "1.3.101.113": "ED448"}
ALTERNATIVE_NAMES = "2.5.29.17"


def read(der):
    """Return what a certificate says.

    :param bytes der: the certificate.
    :returns: dict of ``subject`` and ``issuer`` (by RFC 4514), ``names`` (alternative names, else the common name), ``starts`` and ``ends`` (ISO 8601, UTC),
        ``key`` (such as ``EC 256``), ``signed`` (digest of the signature), ``self_signed``, ``fingerprint`` (SHA-256).
    :raises InvalidValue: it is none.
    """
    try:
        body = _elements(_elements(_item(der, 0)[1])[0][1])
        if body[0][0] == 0xa0:      # the version, which the oldest form leaves out
            body = body[1:]
        unused, algorithm, issuer, validity, subject, public = body[:6]
        starts, ends = (_moment(*one) for one in _elements(validity[1])[:2])
        extensions = dict(_extensions(body[6:]))
        name = _name(subject[1])
        names = _alternatives(extensions[ALTERNATIVE_NAMES]) if ALTERNATIVE_NAMES in extensions else []
        signed = _oid(_elements(algorithm[1])[0][1])
        return {"subject": _text(name), "issuer": _text(_name(issuer[1])), "names": names or [value for kind, value in name if kind == "CN"],
                "starts": starts, "ends": ends, "key": _key(public[1]), "signed": SIGNED.get(signed, signed), "self_signed": subject[1] == issuer[1],
                "fingerprint": hashlib.sha256(der).hexdigest()}
    except (IndexError, ValueError, KeyError, TypeError) as exc:
        raise InvalidValue("this is no certificate (%s)" % exc)


def _item(data, place):
    """Return tag, content and the place behind one element."""
    octets = bytearray(data[place:place + 6])
    tag, length, head = octets[0], octets[1], 2
    if length & 0x80:
        count = length & 0x7f
        if not 1 <= count <= 4:
            raise ValueError("a length of %d octets" % count)
        length, head = int(binascii.hexlify(bytes(octets[2:2 + count])), 16), 2 + count
    content = data[place + head:place + head + length]
    if len(content) < length:
        raise ValueError("it is cut off")
    return tag, content, place + head + length


def _elements(data):
    """Return (tag, content) of the elements that follow each other."""
    found, place = [], 0
    while place < len(data):
        tag, content, place = _item(data, place)
        found.append((tag, content))
    return found


def _oid(content):
    octets = bytearray(content)
    numbers, value = [min(octets[0] // 40, 2)], 0
    numbers.append(octets[0] - 40 * numbers[0])
    for octet in octets[1:]:
        value = value << 7 | octet & 0x7f
        if not octet & 0x80:
            numbers.append(value)
            value = 0
    return ".".join(str(number) for number in numbers)


def _string(tag, content):
    return content.decode(STRINGS.get(tag, "latin-1"), "replace")


def _name(content):
    """Return (attribute, value) of a distinguished name, the widest first."""
    found = []
    for unused, part in _elements(content):
        for unused, pair in _elements(part):
            (unused, kind), (tag, value) = _elements(pair)[:2]
            kind = _oid(kind)
            found.append((ATTRIBUTES.get(kind, kind), _string(tag, value)))
    return found


def _text(name):
    """Return a name by RFC 4514, the narrowest first."""
    return ",".join("%s=%s" % (kind, "".join("\\" + one if one in ',+"\\<>;' else one for one in value)) for kind, value in reversed(name))


def _moment(tag, content):
    text = content.decode("ascii")
    if tag == UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif tag != GENERAL_TIME:
        raise ValueError("a date of kind %d" % tag)
    if len(text) != 15 or not text[:14].isdigit() or text[14] != "Z":
        raise ValueError("the date '%s'" % text)
    return "%s-%s-%sT%s:%s:%sZ" % (text[:4], text[4:6], text[6:8], text[8:10], text[10:12], text[12:14])


def _key(content):
    (unused, algorithm), (unused, bits) = _elements(content)[:2]
    parts = _elements(algorithm)
    kind = KEYS.get(_oid(parts[0][1]), _oid(parts[0][1]))
    if kind == "EC":
        curve = _oid(parts[1][1])
        return "EC %s" % CURVES.get(curve, curve)
    if kind == "RSA":
        modulus = _elements(_elements(bits[1:])[0][1])[0][1]
        return "RSA %d" % int(binascii.hexlify(modulus), 16).bit_length()
    return kind


def _extensions(parts):
    for tag, content in parts:
        if tag == 0xa3:
            for pair in _elements(_elements(content)[0][1]):
                items = _elements(pair[1])
                yield _oid(items[0][1]), items[-1][1]


def _alternatives(content):
    """Return host names and addresses out of the alternative names."""
    found = []
    for tag, value in _elements(_elements(content)[0][1]):
        if tag == 0x82:
            found.append(value.decode("ascii", "replace").lower())
        elif tag == 0x87 and len(value) == 4:
            found.append(str(ipaddress.IPv4Address(value)))
        elif tag == 0x87 and len(value) == 16:
            found.append(str(ipaddress.IPv6Address(value)))
    return found
