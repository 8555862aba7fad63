# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first words of a TLS handshake, written and read without a TLS library. Pure.

Which versions and suites a server takes is its answer to a ClientHello, and that needs no key. So it can be asked for SSLv3, RC4 or EXPORT by a host whose own
OpenSSL has long forgotten them; what the library of the asking host can do says nothing of the server.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import struct

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_suites

# The oldest first.
VERSIONS = collections.OrderedDict((("SSLv2", 0x0002), ("SSLv3", 0x0300), ("1.0", 0x0301), ("1.1", 0x0302), ("1.2", 0x0303), ("1.3", 0x0304)))
NAMES = dict((number, name) for name, number in VERSIONS.items())
# x25519, P-256, P-384, P-521, x448, secp256k1, brainpool. The finite groups of RFC 7919 only where TLS 1.3 is asked for: before it they would forbid others.
CURVES = (29, 23, 24, 25, 30, 22, 26, 27, 28)
FINITE = (256, 257, 258)
SIGNATURES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601, 0x0402, 0x0303, 0x0301,
              0x0302, 0x0203, 0x0201, 0x0202)
# The "random" of a ServerHello that only asks for another key share (RFC 8446, 4.1.3). The suite in it is chosen all the same.
RETRY = bytes(bytearray.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c"))
ALERTS = {0: "close notify", 10: "unexpected message", 20: "bad record", 22: "record overflow", 40: "handshake failure", 42: "bad certificate",
          46: "certificate unknown", 47: "illegal parameter", 49: "access denied", 50: "decode error", 70: "protocol version", 71: "insufficient security",
          80: "internal error", 86: "inappropriate fallback", 90: "user canceled", 109: "missing extension", 110: "unsupported extension",
          112: "unrecognized name", 116: "certificate required"}
# Alerts by which a server says that it will not speak this version with these suites. Others may be about the question. (OpenSSL says "internal error" where
# its own rules leave no signature for a version that nobody has forbidden in so many words.)
REFUSALS = (40, 70, 71, 80, 86)
HEADER, LONGEST_RECORD, LONGEST = 5, (1 << 14) + 2048, 1 << 17

# state: hello (the server chose), refused (by alert), alert (another one), strange (this is no TLS). version: a key of VERSIONS. suite: its number.
# certificates: list of DER, the server's own first. dh_bits: size of its prime, 0 where it has none. done: nothing more can be learnt.
Answer = collections.namedtuple("Answer", "state version suite certificates dh_bits why done")


# ---- writing -----------------------------------------------------------------------------------------------------------------------------

def offered(version):
    """Return the numbers of all suites that make sense in a version; those without a certificate last, for a server that takes the first it knows."""
    if version == "1.3":
        return sorted(smtp_suites.LATEST)
    return sorted(smtp_suites.EARLIER, key=lambda number: ("_anon" in smtp_suites.name(number), number))


def hello(version, suites, name="", random=None):
    """Return the bytes of a ClientHello.

    :param str version: key of :data:`VERSIONS`; nothing older is taken for an answer. :param suites: numbers. :param str name: of the server, or nothing.
    :param bytes random: 64 bytes, for tests.
    """
    random = random or os.urandom(64)
    if version == "SSLv2":
        return _version_2(random[:16])
    number = VERSIONS[version]
    body = struct.pack(">H", min(number, 0x0303)) + random[:32]
    body += _vector(1, random[32:] if version == "1.3" else b"")
    body += _vector(2, b"".join(struct.pack(">H", suite) for suite in suites))
    body += _vector(1, b"\x00")
    if version != "SSLv3":
        body += _vector(2, _extensions(version, name))
    message = b"\x01" + struct.pack(">I", len(body))[1:] + body
    return b"\x16" + struct.pack(">H", min(number, 0x0301)) + _vector(2, message)


def _vector(width, data):
    return struct.pack({1: ">B", 2: ">H"}[width], len(data)) + data


def _extension(number, data):
    return struct.pack(">H", number) + _vector(2, data)


def _shorts(numbers):
    return _vector(2, b"".join(struct.pack(">H", number) for number in numbers))


def _extensions(version, name):
    found = _extension(0, _vector(2, b"\x00" + _vector(2, name.encode("ascii", "ignore")))) if name else b""
    found += _extension(10, _shorts(CURVES[:5] + FINITE if version == "1.3" else CURVES))
    if version in ("1.2", "1.3"):
        found += _extension(13, _shorts(SIGNATURES))
    if version == "1.3":
        # No key share: the server asks for one, and has chosen version and suite by then.
        return found + _extension(43, _vector(1, struct.pack(">H", 0x0304))) + _extension(51, _vector(2, b"")) + _extension(45, _vector(1, b"\x01"))
    return found + _extension(11, _vector(1, b"\x00")) + _extension(23, b"") + _extension(0xff01, b"\x00")


def _version_2(challenge):
    kinds = b"".join(struct.pack(">I", kind)[1:] for kind in (0x010080, 0x020080, 0x030080, 0x040080, 0x050080, 0x060040, 0x0700c0))
    body = b"\x01\x00\x02" + struct.pack(">HHH", len(kinds), 0, len(challenge)) + kinds + challenge
    return struct.pack(">H", 0x8000 | len(body)) + body


# ---- reading -----------------------------------------------------------------------------------------------------------------------------

def read(data, whole=False, asked="1.2"):
    """Read what a server has answered so far.

    :param bytes data: everything since the ClientHello. :param bool whole: wait for certificates and the parameters of the key exchange, too.
    :param str asked: version that was asked for; an answer to SSLv2 looks like nothing else.
    :returns: an :class:`Answer`, or None while more is needed.
    """
    if asked == "SSLv2" and len(data) >= 3 and bytearray(data)[0] & 0x80 and data[2:3] == b"\x04":
        return Answer("hello", "SSLv2", 0, [], 0, "", True)
    if data[:1] and bytearray(data)[0] not in (20, 21, 22, 23):
        return _strange("what comes is no TLS: %r" % data[:40])
    messages, alert, fault = _records(data)
    if fault:
        return _strange(fault)
    answer = _messages(messages, whole)
    if answer is not None and (answer.done or alert is None):
        return answer if answer.done or not whole else None
    if alert is not None:
        return answer._replace(done=True) if answer else Answer("refused" if alert in REFUSALS else "alert", "", 0, [], 0,
                                                                "alert '%s'" % ALERTS.get(alert, alert), True)
    return _strange("the handshake does not end") if len(data) > LONGEST else None


def _strange(why):
    return Answer("strange", "", 0, [], 0, why, True)


def _records(data):
    """Return the handshake messages' bytes, the first alert or None, and what is wrong with the records or None."""
    messages, place = b"", 0
    while len(data) - place >= HEADER:
        kind, version, length = struct.unpack(">BHH", data[place:place + HEADER])
        if kind not in (20, 21, 22, 23) or version >> 8 != 3 or length > LONGEST_RECORD:
            return messages, None, "what comes is no TLS: %r" % data[place:place + 40]
        piece = data[place + HEADER:place + HEADER + length]
        if kind == 22:
            messages += piece
        if kind == 21 and len(piece) == 2:
            return messages, bytearray(piece)[1], None
        if len(piece) < length:
            break
        place += HEADER + length
    return messages, None, None


def _messages(data, whole):
    """Return the answer that handshake messages make, ``done`` or not, or None before the ServerHello."""
    answer, place = None, 0
    while len(data) - place >= 4:
        kind, length = bytearray(data)[place], struct.unpack(">I", b"\x00" + data[place + 1:place + 4])[0]
        if length > LONGEST:
            return _strange("a message of %d bytes" % length)
        body = data[place + 4:place + 4 + length]
        if len(body) < length:
            break
        place += 4 + length
        if answer is None and kind != 2:
            return _strange("the handshake begins with message %d" % kind)
        if kind == 2:
            answer = _server_hello(body)
            if answer.done or not whole:
                return answer._replace(done=True)
        elif kind == 11:
            answer = answer._replace(certificates=_certificates(body))
        elif kind == 12:
            answer = answer._replace(dh_bits=_dh_bits(body, smtp_suites.name(answer.suite)))
        elif kind == 14:
            return answer._replace(done=True)
    return answer


def _server_hello(body):
    try:
        version = struct.unpack(">H", body[:2])[0]
        session = bytearray(body)[34]
        suite = struct.unpack(">H", body[35 + session:37 + session])[0]
        extensions = body[38 + session + 2:]
    except (struct.error, IndexError):
        return _strange("a ServerHello that is cut off")
    while len(extensions) >= 4:
        number, length = struct.unpack(">HH", extensions[:4])
        if number == 43 and length == 2 and len(extensions) >= 6:
            version = struct.unpack(">H", extensions[4:6])[0]
        extensions = extensions[4 + length:]
    if version not in NAMES:
        return _strange("a ServerHello with version %04x" % version)
    # From 1.3 on, everything that follows is encrypted.
    return Answer("hello", NAMES[version], suite, [], 0, "", NAMES[version] == "1.3" or body[2:34] == RETRY)


def _certificates(body):
    found, place = [], 3
    while len(body) - place >= 3 and len(found) < 20:
        length = struct.unpack(">I", b"\x00" + body[place:place + 3])[0]
        found.append(body[place + 3:place + 3 + length])
        place += 3 + length
    return found


def _dh_bits(body, suite):
    """Return the bits of the prime in a ServerKeyExchange of a suite with DHE or anonymous DH; 0 of any other."""
    if not suite.startswith(("TLS_DHE_", "TLS_DH_anon")) or len(body) < 2:
        return 0
    length = struct.unpack(">H", body[:2])[0]
    digits = "".join("%02x" % byte for byte in bytearray(body[2:2 + length]))
    return int(digits or "0", 16).bit_length()
