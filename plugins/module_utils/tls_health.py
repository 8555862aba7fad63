# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a listener offer TLS, with the certificate that it should? sendmail drops STARTTLS without an error, so the wire is asked and not the files."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import re
import socket
import ssl

from ansible_collections.mailjail.sendmail.plugins.module_utils import tls

LONGEST = 1 << 16
GONE = ("sendmail drops STARTTLS without an error where it distrusts a key, a certificate or a directory on the way to one, or where CACertFile or CACertPath "
        "is missing; the mail log has a line with STARTTLS=server")


def fingerprints(paths):
    """Return the SHA-256 of the first certificate in each of some files; one that is not there (yet) has none."""
    found = []
    for path in paths:
        try:
            with open(path, "rb") as source:
                text = source.read(LONGEST).decode("ascii", "replace")
        except OSError:
            continue
        blocks = tls.blocks(text)
        if blocks:
            found.append(hashlib.sha256(der(blocks[0])).hexdigest())
    return tuple(found)


def der(block):
    """Return the bytes of a PEM block."""
    return base64.b64decode("".join(block.strip().splitlines()[1:-1]))


def unverified():
    """Return a context that believes every certificate: which one it is, is compared, and who is behind the socket is proven by its process number."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


def certificate_fault(link, certificates):
    """Say after ``!`` that a connection shows another certificate than it should, or return None."""
    shown = hashlib.sha256(link.getpeercert(True) or b"").hexdigest()
    if not certificates or shown in certificates:
        return None
    return "!it shows the certificate with SHA-256 %s..., expected %s..." % (shown[:16], "... or ".join(one[:16] for one in certificates))


def offers_starttls(answer):
    """Tell whether the answer to EHLO has STARTTLS."""
    return bool(re.search(r"^250[ -]STARTTLS\s*$", answer, re.M | re.I))


def starttls_fault(link, certificates):
    """Say after ``!`` why a connection that was greeted does not come to TLS as it should, or return None; the connection is of no use afterwards."""
    try:
        answer = _ask(link, b"EHLO localhost\r\n")
        if not offers_starttls(answer):
            return "!it does not offer STARTTLS; " + GONE if answer.startswith("250") else "!it answers EHLO with '%s'" % answer.strip()[:80]
        answer = _ask(link, b"STARTTLS\r\n")
        if not answer.startswith("220"):
            return "!it offers STARTTLS and answers '%s' to it" % answer.strip()[:80]
        with unverified().wrap_socket(link) as secure:
            fault = certificate_fault(secure, certificates)
            _ask(secure, b"QUIT\r\n")
            return fault
    except (ssl.SSLError, ssl.CertificateError) as exc:
        return "!the TLS handshake fails: %s" % (getattr(exc, "reason", None) or exc)
    except socket.timeout:
        return "!TLS did not come up in time"


def _ask(link, command):
    """Send a command; return the whole answer."""
    link.sendall(command)
    text = b""
    while not re.search(br"(?:^|\n)\d{3} [^\n]*\n", text) and len(text) < LONGEST:
        piece = link.recv(4096)
        if not piece:
            break
        text += piece
    return text.decode("utf-8", "replace")
