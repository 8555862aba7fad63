# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Distinguished names of certificates as sendmail compares them. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# Attributes by the short names that OpenSSL prints.
ATTRIBUTES = dict((name.lower(), name) for name in (
    "C", "ST", "L", "O", "OU", "CN", "DC", "UID", "SN", "GN", "title", "initials", "serialNumber", "emailAddress", "street", "postalCode",
    "businessCategory", "organizationIdentifier", "dnQualifier", "name", "pseudonym"))
ATTRIBUTES.update({"s": "ST", "e": "emailAddress", "email": "emailAddress", "t": "title", "surname": "SN", "givenname": "GN", "userid": "UID"})
# What sendmail writes as + and two digits, besides blanks, control characters and what is no ASCII.
ENCODED = "+\\()<>\""
# sendmail keeps no more of a name.
LONGEST = 255
EXPECTED = "expected one such as 'CN=host.example.com,O=Example,C=DE' (openssl x509 -noout -subject -nameopt RFC2253 prints it)"


def sendmail_dn(text):
    """Return a distinguished name in sendmail's spelling, such as ``/C=DE/O=Example/CN=Example+20CA``.

    :param str text: by RFC 4514 (``CN=x,O=y,C=DE``, the narrowest first), as openssl prints it (``C = DE, O = y, CN = x``, the widest first), or in the old
        form of openssl (``/C=DE/O=y/CN=x``).
    :raises InvalidValue: it is none.
    """
    text = str(text).strip()
    if re.search(r"[\x00-\x1f\x7f]", text):
        raise InvalidValue("'%s' is no distinguished name; %s." % (text.encode("unicode_escape").decode("ascii"), EXPECTED))
    # OpenSSL 3 sets a backslash before what would look like the end of a value. (1.1.1 does not: the old form is taken as it is written.)
    name = text if text.startswith("/") else "".join("/%s=%s" % (attribute, re.sub(r"([/+])", r"\\\1", value)) for attribute, value in _pairs(text))
    if not re.match(r"/[A-Za-z]+=.", name):
        raise InvalidValue("'%s' is no distinguished name; %s." % (text, EXPECTED))
    encoded = "".join(_encoded(byte) for byte in _oneline(name))
    if len(encoded) > LONGEST:
        raise InvalidValue("'%s' is longer than the %d characters of a name that sendmail compares." % (text, LONGEST))
    return encoded


def _oneline(name):
    """Return the characters that OpenSSL prints for a name on one line: a byte that is no ASCII stands as backslash, x and two digits."""
    return "".join(chr(byte) if 32 <= byte <= 126 else "\\x%02X" % byte for byte in bytearray(name.encode("utf-8")))


def _encoded(character):
    return "+%02X" % ord(character) if character <= " " or character in ENCODED else character


def _pairs(text):
    """Return ``(attribute, value)`` of a name, the widest first."""
    forward = bool(re.match(r"[A-Za-z]+ = ", text))
    found = []
    for part in _split(text, ","):
        if len(_split(part, "+")) > 1 and not forward:
            raise InvalidValue("'%s' holds an element of several attributes (joined by +), whose order in the certificate it does not tell. Write the name as "
                               "'openssl x509 -noout -subject -nameopt compat' prints it." % text)
        attribute, equal, value = part.partition("=")
        known = ATTRIBUTES.get(attribute.strip().lower())
        if not equal or not known or not value.strip():
            raise InvalidValue("'%s' in '%s' is no attribute with a value; %s." % (part.strip(), text, EXPECTED))
        found.append((known, _plain(value.strip(), text)))
    return found if forward else found[::-1]


def _split(text, mark):
    """Split at a mark that stands neither behind a backslash nor between double quotes."""
    return re.findall(r'(?:[^"\\%s]|\\.|"(?:[^"\\]|\\.)*")+' % re.escape(mark), text)


def _plain(value, whole):
    """Return a value without the escapes of RFC 4514."""
    if value.startswith("#"):
        raise InvalidValue("'%s' in '%s' is a value in hexadecimal; write it as text." % (value, whole))
    value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
    raw = re.sub(r"\\([0-9A-Fa-f]{2})|\\(.)", lambda match: chr(int(match.group(1), 16)) if match.group(1) else match.group(2), value)
    # Bytes that were written as digits are UTF-8.
    return raw.encode("latin-1").decode("utf-8", "replace") if re.search(r"\\[89A-Fa-f][0-9A-Fa-f]", value) else raw
