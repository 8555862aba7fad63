# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS of a listener, after STARTTLS or from the first byte: versions, suites, certificate, and what was sent ahead in the clear.

Versions and suites are asked without a TLS library (smtp_hello), so what this host's OpenSSL has given up can still be found at others.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ssl
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_certificate, smtp_hello, smtp_suites
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_session import address_of, believing, extensions, keyword, verifying
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import UNTOLD, Closed, Silent, Trouble, printable
from ansible_collections.mailjail.sendmail.plugins.module_utils.tls import LEAST_DH, covers

# Suites of one version that are asked for; nobody has more.
MOST_SUITES = 80
# Seconds in which an answer that nobody asked for would have come.
QUIET = 1.5


# ---- handshakes --------------------------------------------------------------------------------------------------------------------------

def plain(prober):
    """Return a connection on which a TLS handshake can begin."""
    if prober.options["implicit_tls"]:
        return prober.connect()
    wire = prober.greeted()[0]
    try:
        prober.hello(wire)
        answer = wire.ask("STARTTLS")
        if answer.code != 220:
            raise Trouble("it answers '%s' to STARTTLS" % answer.text)
    except Trouble:
        wire.close()
        raise
    return wire


def ask(prober, version, suites, whole=False):
    """Send one ClientHello; return the :class:`smtp_hello.Answer`; :raises Trouble: there is none."""
    with plain(prober) as wire:
        wire.send(smtp_hello.hello(version, suites, prober.server_name or ""))
        data, deadline = wire.buffer, wire.deadline()
        while True:
            answer = smtp_hello.read(data, whole, version)
            if answer is not None:
                return answer
            try:
                piece = wire.receive(deadline)
            except Closed:
                piece = b""
            if not piece:
                return smtp_hello.Answer("closed", "", 0, [], 0, "the connection was ended without a word", True)
            data += piece


def version(prober, name):
    """Ask for one version; note what came in ``tls``: version -> answer."""
    try:
        answer = ask(prober, name, smtp_hello.offered(name), whole=name not in ("SSLv2", "1.3"))
    except Trouble as exc:
        prober.note("tls: version %s" % name, exc.message)
        return
    prober.handshakes[name] = answer


def suites(prober, name):
    """Find all suites of a version that is spoken: each that the server chooses is not offered again. The prime of DHE can be another with each."""
    found, bits = [prober.handshakes[name].suite], [prober.handshakes[name].dh_bits]
    asked = [suite for suite in smtp_hello.offered(name) if suite not in found]
    while asked and len(found) < MOST_SUITES:
        try:
            answer = ask(prober, name, asked, whole=name != "1.3")
        except Trouble as exc:
            prober.note("tls: suites of %s" % name, "after %d of them: %s" % (len(found), exc.message))
            break
        if answer.state != "hello" or answer.version != name:
            if answer.state in ("alert", "strange"):
                prober.note("tls: suites of %s" % name, "after %d of them: %s" % (len(found), answer.why))
            break
        if answer.suite not in asked:
            prober.note("tls: suites of %s" % name, "it chose %s, which was not offered" % smtp_suites.name(answer.suite))
            break
        found.append(answer.suite)
        bits.append(answer.dh_bits)
        asked.remove(answer.suite)
    prober.result["tls"].setdefault("suites", {})[name] = [smtp_suites.name(suite) for suite in found]
    if any(bits):
        prober.handshakes[name] = prober.handshakes[name]._replace(dh_bits=min(filter(None, bits)))


# ---- what they say -----------------------------------------------------------------------------------------------------------------------

def spoken(handshakes):
    """Judge the answers to ClientHellos.

    :param dict handshakes: version -> answer.
    :returns: ``(versions, refused, unknown)``: the versions that are spoken, the oldest first; those that are not, and those of which nothing is known, each
        with the reason.
    """
    versions = [name for name in smtp_hello.VERSIONS if name in handshakes and handshakes[name].state == "hello" and handshakes[name].version == name]
    refused, unknown = {}, {}
    for name, answer in handshakes.items():
        if name in versions:
            continue
        if answer.state == "hello":
            refused[name] = "it answers with %s" % answer.version
        elif answer.state == "refused" or (versions and (answer.state == "closed" or name in ("SSLv2", "SSLv3"))):
            # Who speaks another version and hangs up on this one refuses it. Nobody has to answer what is forbidden since 2011 and 2015 in any form.
            refused[name] = answer.why
        else:
            unknown[name] = answer.why
    return versions, refused, unknown


def weak(found, dh_bits):
    """Return what is wrong with suites, in words.

    :param dict found: version -> names of suites. :param dict dh_bits: version -> bits of the prime that was shown.
    """
    said = ["%s (%s): %s" % (suite, name, ", ".join(smtp_suites.faults(suite))) for name in sorted(found) for suite in found[name] if smtp_suites.faults(suite)]
    return said + ["DH with %d bits (%s), expected at least %d" % (bits, name, LEAST_DH) for name, bits in sorted(dh_bits.items()) if 0 < bits < LEAST_DH]


def finish(prober):
    """Put together what the handshakes have told."""
    found = prober.result["tls"]
    versions, refused, unknown = spoken(prober.handshakes)
    for name, why in unknown.items():
        prober.note("tls: version %s" % name, why)
    if prober.handshakes:
        found.update(versions=versions, refused=refused)
        bits = dict((name, answer.dh_bits) for name, answer in prober.handshakes.items() if answer.dh_bits)
        found["dh_bits"] = min(bits.values()) if bits else 0
        if "suites" in found:
            found["weak"] = weak(found["suites"], bits)
            found["dated"] = ["%s (%s)" % (suite, name) for name in sorted(found["suites"]) for suite in found["suites"][name] if smtp_suites.dated(suite)]
    shown = [answer.certificates for answer in prober.handshakes.values() if answer.certificates]
    if shown and "certificate" not in found:
        found["certificate"] = described(prober, shown[0][0])
    if shown and found.get("certificate"):
        found["certificate"]["chain"] = [_subject(der) for der in shown[0]]


def described(prober, der):
    """Return what a certificate says, and whether it names the listener."""
    try:
        found = smtp_certificate.read(der)
    except InvalidValue as exc:
        prober.note("tls: certificate", exc.message)
        return {}
    name = prober.options["name"]
    if name:
        address = address_of(name)
        found["named"] = any(covers(one, name) if address is None else address_of(one) == address for one in found["names"])
    return found


def _subject(der):
    try:
        return smtp_certificate.read(der)["subject"]
    except InvalidValue:
        return "no certificate"


# ---- sessions ----------------------------------------------------------------------------------------------------------------------------

def certificate(prober):
    """Make a whole handshake, as another mail server would: is the certificate believed, and what is offered after it?"""
    fault = None
    try:
        shown = _handshake(prober, verifying(prober.options["ca"]))
    except Trouble as exc:
        fault = exc.details.get("verify")
        if not fault:
            prober.note("tls: certificate", "this host's own OpenSSL (%s) comes to no TLS: %s" % (ssl.OPENSSL_VERSION, exc.message))
            return
        shown = _handshake(prober, believing())
    found = described(prober, shown)
    if found:
        prober.result["tls"]["certificate"] = dict(found, trusted=not fault, why=reason(fault, found, time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())))


def reason(fault, found, now):
    """Return why a certificate is not believed; what the library does not tell is read off the certificate.

    :param fault: the library's words, or None. :param dict found: what it says. :param str now: this moment, as its dates are written.
    """
    if fault != UNTOLD:
        return fault or ""
    return "certificate has expired" if found["ends"] < now else "self-signed certificate" if found["self_signed"] else fault


def _handshake(prober, context):
    """Return the certificate that is shown, in DER; note what EHLO and MAIL are answered within TLS."""
    with plain(prober) as wire:
        wire.secure(context, prober.server_name)
        shown = wire.secret.getpeercert(True) or b""
        prober.result["tls"]["negotiated"] = {"version": wire.secret.version(), "suite": wire.secret.cipher()[0]}
        if prober.options["implicit_tls"]:
            wire.reply()
        else:
            ehlo = extensions(prober.hello(wire))
            prober.result.update(ehlo_tls=ehlo, auth_tls=keyword(ehlo, "AUTH") or [])
            prober.result["commands"]["MAIL over TLS"] = wire.ask("MAIL FROM:<>").text
        wire.quit()
    return shown


def injection(prober):
    """Send a command behind STARTTLS in the clear: nobody may obey it later, as if it had come over TLS (CVE-2011-0411 and its kin)."""
    wire = prober.greeted()[0]
    with wire:
        prober.hello(wire)
        wire.send(b"STARTTLS\r\nNOOP\r\n")
        said, answer = "refused", ""
        try:
            reply = wire.reply()
            if reply.code == 220:
                said, answer = _ahead(prober, wire)
            else:
                answer = reply.text
        except Closed as exc:
            answer = exc.message
        prober.result["tls"].update(injection=said, injection_answer=answer)


def _ahead(prober, wire):
    if wire.buffer[:3].isdigit():
        return "answered in the clear", printable(wire.buffer)
    try:
        wire.secure(believing(), prober.server_name)
    except (Closed, Silent):
        raise
    except Trouble as exc:
        # An answer in the clear where a handshake should be is one that came too early; with any other fault, the command went into the handshake and broke it.
        return ("answered in the clear" if "WRONG_VERSION_NUMBER" in exc.message else "refused"), exc.message
    return judged(wire, "EHLO " + prober.own_name(wire))


def judged(wire, hello):
    """Tell whether a command that was sent ahead is answered within TLS: then an answer comes that EHLO did not ask for.

    :returns: verdict and answer.
    """
    ahead = wire.waiting(QUIET)
    if ahead is not None:
        return "executed", ahead.text
    answer = wire.ask(hello)
    behind = wire.waiting(QUIET)
    return ("executed", answer.text) if behind is not None else ("discarded", "")
