# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a probe comes to a session with the listener that it was told to look at: politely, in the clear or with TLS, and again where one breaks off."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import contextlib
import ipaddress
import re
import ssl
import threading
import warnings

from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import PAUSES, Trouble, Wire

OLD_VERSIONS = ("TLSv1", "SSLv3")


def literal(address):
    """Return an address as it stands in mail, such as `[192.0.2.1]`."""
    plain = address.partition("%")[0]
    return "[IPv6:%s]" % plain if ":" in plain else "[%s]" % plain


def address_of(text):
    """Return the address that a text is, also one as it stands in mail (`[IPv6:2001:db8::1]`), or None where it is a name."""
    bare = text.strip("[]")
    bare = bare[5:] if bare[:5].lower() == "ipv6:" else bare
    try:
        return ipaddress.ip_address(u"%s" % bare.partition("%")[0])
    except ValueError:
        return None


def believing():
    """Return a context that believes every certificate and speaks whatever this host's OpenSSL still can; it is there to ask, not to protect."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for ciphers in ("ALL:@SECLEVEL=0", "ALL"):      # LibreSSL and OpenSSL before 1.1 have no levels
            with contextlib.suppress(ssl.SSLError):
                context.set_ciphers(ciphers)
                break
        if hasattr(context, "minimum_version"):
            for name in OLD_VERSIONS:
                with contextlib.suppress(ValueError, AttributeError):
                    context.minimum_version = getattr(ssl.TLSVersion, name)
                    break
    return context


def verifying(authorities=None):
    """Return a context that believes what other mail servers on this host would believe: its authorities, or those of a file."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False      # which names a certificate has is compared elsewhere, and told on its own
    if authorities:
        context.load_verify_locations(authorities)
    else:
        context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return context


class Prober:
    """A listener under test, and what is known of it so far.

    :param dict options: as smtp_run.checked returns them. :param gate: smtp_wire.Gate of this probe.
    :ivar dict result: what the module tells. :ivar bool encrypt: mail is taken over TLS only. :ivar dict handshakes: version of TLS -> smtp_hello.Answer.
    """

    def __init__(self, options, gate):
        self.options, self.gate, self.encrypt, self.handshakes, self.lock = options, gate, False, {}, threading.Lock()
        self.result = {"reachable": False, "refusal": "", "unknown": []}

    def note(self, test, why):
        """Note a test that could not be made or ended, and why; the same is noted once."""
        row = {"test": test, "why": why}
        with self.lock:
            if row not in self.result["unknown"]:
                self.result["unknown"].append(row)

    def add(self, key, row):
        """Add a row to a list of the result."""
        with self.lock:
            self.result.setdefault(key, []).append(row)

    # ---- names

    @property
    def here(self):
        """Return the name by which the listener is addressed in mail."""
        return self.options["name"] or literal(self.options["address"])

    @property
    def server_name(self):
        """Return the name that a TLS client says it wants, or None."""
        name = self.options["name"]
        return name if name and address_of(name) is None else None

    def own_name(self, wire):
        """Return the name with which the probe introduces itself."""
        return self.options["helo"] or literal(wire.own_address)

    # ---- connections

    def connect(self):
        """Return a new connection that nobody has said anything on."""
        return Wire((self.options["address"], self.options["port"]), self.gate, self.options["patience"])

    def greeted(self):
        """Return a connection and its greeting, a 220; :raises Trouble: there is none."""
        greeting, tries = None, len(PAUSES) + 1
        while tries:
            tries -= 1
            wire = self.connect()
            try:
                if self.options["implicit_tls"]:
                    wire.secure(believing(), self.server_name)
                greeting = wire.reply()
            except Trouble:
                wire.close()
                raise
            self.result.setdefault("greeting", greeting.text)
            if greeting.code == 220:
                self.result["greeting"] = greeting.text
                self.gate.welcomed()
                return wire, greeting
            wire.close()
            if greeting.code != 421:
                raise Trouble("it greets with '%s'" % greeting.text)
            self.gate.put_off(greeting.text)
        raise Trouble("it greets with '%s'" % greeting.text)

    def hello(self, wire):
        """Introduce the probe; return the answer; :raises Trouble: it is not wanted."""
        answer = wire.ask("EHLO " + self.own_name(wire))
        if answer.code >= 500:
            answer = wire.ask("HELO " + self.own_name(wire))
        if not answer.positive:
            raise Trouble("it answers '%s' to EHLO" % answer.text)
        return answer

    def start_tls(self, wire, context=None):
        """Go over to TLS and introduce the probe again; return the answer to EHLO."""
        answer = wire.ask("STARTTLS")
        if answer.code != 220:
            raise Trouble("it answers '%s' to STARTTLS" % answer.text)
        wire.secure(context or believing(), self.server_name)
        return self.hello(wire)

    def open(self):
        """Return a connection after EHLO, over TLS where the listener takes mail only so."""
        wire = self.greeted()[0]
        try:
            self.hello(wire)
            if self.encrypt and not self.options["implicit_tls"]:
                self.start_tls(wire)
        except Trouble:
            wire.close()
            raise
        return wire

    @contextlib.contextmanager
    def session(self):
        """Give a connection after EHLO, and end it politely."""
        with self.open() as wire:
            yield wire
            wire.quit()

    def series(self, steps, say):
        """Take steps in one session, and in a new one where it ends.

        A step that breaks a session is tried once more as the first of the next one: what came before it may have been too much.

        :param steps: list of anything. :param say: function of a connection and a step.
        :returns: list of (step, what it returned or the :class:`Trouble`).
        """
        waiting, found = list(steps), []
        while waiting:
            try:
                wire = self.open()
            except Trouble as exc:
                return found + [(step, exc) for step in waiting]
            with wire:
                fresh = True
                while waiting and not wire.ended:
                    try:
                        answer = say(wire, waiting[0])
                    except Trouble as exc:
                        if not fresh:
                            break
                        answer = exc
                    found.append((waiting.pop(0), answer))
                    fresh = False
                    if isinstance(answer, Trouble):
                        break
                else:
                    wire.quit()
        return found


def keyword(ehlo, word):
    """Return the words behind a keyword of the answer to EHLO, or None."""
    for line in ehlo:
        if re.match(r"%s(?:[ =]|$)" % re.escape(word), line, re.I):
            return line[len(word):].lstrip("=").split()
    return None


def extensions(answer):
    """Return what the answer to EHLO offers, a line each."""
    return [line[4:] for line in answer.lines[1:]]
