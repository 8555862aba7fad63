# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What openssl says of certificates, keys, revocation lists and parameters, and what is wrong with them. Pure.

sendmail is silent about most of this: a key that it distrusts costs STARTTLS without an error, a wrong revocation list is a line in the log. So everything is
judged before it is put in place.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import calendar
import collections
import re
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

DAY = 86400
# The fewest bits of a key by its kind. Ed25519 has no choice.
LEAST_BITS = {"RSA": 2048, "EC": 256}
LEAST_DH = 2048
PEM = re.compile(r"-----BEGIN ([A-Z0-9 ]+)-----\r?\n.*?-----END \1-----", re.S)
CERTIFICATE_KINDS = ("CERTIFICATE", "TRUSTED CERTIFICATE", "X509 CERTIFICATE")

# names: what it may be called, subject alternative names first, else the common name; starts, ends: seconds since the epoch; public: the public key in PEM.
Certificate = collections.namedtuple("Certificate", "subject issuer starts ends names fingerprint public")
Key = collections.namedtuple("Key", "kind bits")


# ---- reading -----------------------------------------------------------------------------------------------------------------------------

def blocks(text, kinds=CERTIFICATE_KINDS):
    """Return the PEM blocks of some kinds in a text, in their order."""
    return [match.group() + "\n" for match in PEM.finditer(text) if match.group(1) in kinds]


def key_blocks(text):
    """Return the PEM blocks of private keys in a text."""
    return [match.group() + "\n" for match in PEM.finditer(text) if match.group(1).endswith("PRIVATE KEY")]


def crl_blocks(text):
    """Return the PEM blocks of revocation lists in a text."""
    return blocks(text, ("X509 CRL",))


def is_encrypted(text):
    """Tell whether a private key waits for a passphrase."""
    return "ENCRYPTED" in text


def moment(text):
    """Return seconds since the epoch of a time as openssl prints it, such as ``Nov 23 05:30:00 2026 GMT``; :raises InvalidValue: it is none."""
    try:
        return calendar.timegm(time.strptime(" ".join(text.split()), "%b %d %H:%M:%S %Y GMT"))
    except ValueError:
        raise InvalidValue("openssl printed the time '%s'; expected one such as Nov 23 05:30:00 2026 GMT." % text)


def day(seconds):
    """Return a moment as people write it."""
    return time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(seconds))


def parse_certificate(text):
    """Return the :class:`Certificate` out of ``openssl x509 -noout -subject -issuer -startdate -enddate -fingerprint -pubkey -ext subjectAltName``.

    :raises InvalidValue: a part is missing.
    """
    parts = dict((key, re.search(pattern, text, re.M)) for key, pattern in (
        ("subject", r"^subject= ?(.*)$"), ("issuer", r"^issuer= ?(.*)$"), ("starts", r"^notBefore=(.*)$"), ("ends", r"^notAfter=(.*)$"),
        ("fingerprint", r"(?i)^sha256 Fingerprint=(.*)$"), ("public", r"(-----BEGIN PUBLIC KEY-----[\s\S]*?-----END PUBLIC KEY-----)")))
    missing = sorted(key for key, found in parts.items() if not found)
    if missing:
        raise InvalidValue("openssl says nothing of %s." % " and ".join(missing))
    found = dict((key, match.group(1).strip()) for key, match in parts.items())
    names = re.findall(r"DNS:([^,\s]+)", text) or re.findall(r"(?:^|,)CN ?= ?([^,]+)", found["subject"])
    return Certificate(found["subject"], found["issuer"], moment(found["starts"]), moment(found["ends"]), tuple(name.lower() for name in names),
                       found["fingerprint"].replace(":", "").lower(), found["public"])


def parse_key(text):
    """Return the :class:`Key` out of ``openssl pkey -pubin -noout -text``."""
    bits = re.search(r"\((\d+) bit", text)
    kind = "RSA" if re.search(r"(?i)^modulus", text, re.M) else "EC" if re.search(r"ASN1 OID|Field Type|NIST CURVE", text) else text.split(" ", 1)[0].upper()
    return Key(kind, int(bits.group(1)) if bits else 256)


def parse_dh(text):
    """Return the bits out of ``openssl dhparam -noout -text``; 0 where it names none."""
    bits = re.search(r"\((\d+) bit", text)
    return int(bits.group(1)) if bits else 0


def parse_crl(text):
    """Return ``(issuer, last, next)`` out of ``openssl crl -noout -issuer -lastupdate -nextupdate``; next is None where the list names no end."""
    issuer, last, following = (re.search(pattern, text, re.M) for pattern in (r"^issuer= ?(.*)$", r"^lastUpdate=(.*)$", r"^nextUpdate=(.*)$"))
    if not issuer or not last:
        raise InvalidValue("openssl says nothing of its issuer and date.")
    return issuer.group(1), moment(last.group(1)), None if not following or following.group(1) == "NONE" else moment(following.group(1))


# ---- judging -----------------------------------------------------------------------------------------------------------------------------

def covers(pattern, name):
    """Tell whether a name in a certificate stands for a host; an asterisk is one whole label, the first."""
    pattern, name = pattern.lower().rstrip("."), name.lower().rstrip(".")
    return pattern == name or (pattern.startswith("*.") and "." in name and pattern[2:] == name.partition(".")[2])


def pair_faults(place, certificate, public, key, now):
    """Say what is wrong with a certificate and its key.

    :param str place: where they come from, for people.
    :param str public: the public key that belongs to the private one, in PEM.
    :param Key key: its kind and size.
    :param float now: this moment.
    :returns: list of sentences, empty when they may be used.
    """
    faults = []
    if certificate.public.split() != public.split():
        faults.append("%s: the certificate (%s) does not belong to this key. Expected the certificate that was issued for it; give the two that belong "
                      "together." % (place, certificate.subject))
    if certificate.ends <= now:
        faults.append("%s: the certificate (%s) expired on %s. Give a valid one." % (place, certificate.subject, day(certificate.ends)))
    if certificate.starts > now:
        faults.append("%s: the certificate (%s) is not valid before %s, and it is %s on the host. Give one that is valid now, or put the clock right." % (
            place, certificate.subject, day(certificate.starts), day(now)))
    least = LEAST_BITS.get(key.kind, 0)
    if key.bits < least:
        faults.append("%s: the key is %s with %d bits; expected at least %d. Have a new key certified." % (place, key.kind, key.bits, least))
    return faults


def pair_warnings(place, certificate, names, now, warn_days):
    """Say what is doubtful about a certificate that may be used.

    :param list names: the names under which others know this host, its own first.
    """
    said = []
    missing = [name for name in names[:1] if not any(covers(one, name) for one in certificate.names)]
    if missing:
        said.append("%s: the certificate is for %s and does not name %s; peers that verify (DANE, MTA-STS, a policy of theirs) will refuse this host." % (
            place, ", ".join(certificate.names) or "nobody", missing[0]))
    left = int((certificate.ends - now) // DAY)
    if now < certificate.ends <= now + warn_days * DAY:
        said.append("%s: the certificate (%s) expires on %s, in %d days." % (place, certificate.subject, day(certificate.ends), left))
    return said


def crl_faults(place, last, following, now):
    """Say what is wrong with a revocation list: a stale one makes every certificate of its issuer fail."""
    if following is not None and following <= now:
        return ["%s: the list was to be replaced by %s. With a stale list every certificate of its issuer fails. Give a fresh one." % (place, day(following))]
    return ["%s: the list is dated %s, and it is %s on the host. Give one that is valid now." % (place, day(last), day(now))] if last > now else []


def renewal(certificate, key, names, kind, now, renew_days):
    """Say why a self-signed certificate has to be made anew, or return None.

    :param list names: names that it has to carry, in this order.
    :param str kind: the kind of key that is wanted, ``EC`` or ``RSA``.
    """
    if certificate.subject != certificate.issuer:
        return "it was issued by %s, so its key came from elsewhere" % certificate.issuer
    if list(certificate.names) != [name.lower() for name in names]:
        return "it is for %s, expected %s" % (", ".join(certificate.names) or "nobody", ", ".join(names))
    if key.kind != kind or key.bits < LEAST_BITS[kind]:
        return "its key is %s with %d bits, expected %s" % (key.kind, key.bits, kind)
    if certificate.starts > now:
        return "it is not valid before %s" % day(certificate.starts)
    if certificate.ends <= now + renew_days * DAY:
        return "it expires on %s" % day(certificate.ends)
    return None


def distinct(texts):
    """Return each PEM block once, in the order of their first appearance."""
    found = []
    for text in texts:
        found += [text] if text not in found else []
    return found


def describe(certificate, key):
    """Return a line about a certificate and its key that gives nothing away."""
    return "%s, names %s, valid until %s, %s %d bits, sha256 %s" % (
        certificate.subject, ", ".join(certificate.names) or "none", day(certificate.ends), key.kind, key.bits, certificate.fingerprint)
