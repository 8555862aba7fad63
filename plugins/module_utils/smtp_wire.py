# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One SMTP connection to a listener that may do anything: hang, send without end, send what is no text, break off.

Every wait has an end, every answer a size, and all connections of a probe share one allowance, kept by the :class:`Gate`.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import re
import socket
import ssl
import threading
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# Of one answer: bytes of a line, lines, and characters of a line that are told. Of one connection: bytes that it may send us.
LINE, LINES, TOLD, CONNECTION = 4096, 200, 400, 1 << 20
PIECE = 1 << 14
CODE = re.compile(r"(\d{3})(?:([ -])(.*))?$")
# Seconds without new connections after the first, second and third 421 in a row. A fourth one, and the listener is left alone.
PAUSES = (5, 20, 60)
# Why a certificate is not believed, where Python (before 3.7) does not tell.
UNTOLD = "it leads to no authority that this host knows, or is not valid now"
# Seconds for the good-bye.
FAREWELL = 2


class Trouble(SendmailError):
    """A test that can not end; its message is the reason that the result tells."""


class Closed(Trouble):
    """The listener ended the connection."""


class Silent(Trouble):
    """The listener does not answer in time."""


class Spent(Trouble):
    """What the probe may use is used up, or the listener asked to be left alone."""


class Reply(collections.namedtuple("Reply", "code lines")):
    """One answer. ``code`` is a number, ``lines`` are its lines as they came, printable."""

    __slots__ = ()

    @property
    def text(self):
        """Return the whole answer."""
        return "\n".join(self.lines)

    @property
    def positive(self):
        """Tell whether it is a yes."""
        return 200 <= self.code < 400

    @property
    def later(self):
        """Tell whether it only puts off."""
        return 400 <= self.code < 500


def printable(data):
    """Return bytes as text that can be shown anywhere; what is no printable ASCII is written as an escape."""
    text = data.decode("latin-1")
    shown = "".join(one if " " <= one <= "~" else one.encode("unicode_escape").decode("ascii") for one in text)
    return shown if len(shown) <= TOLD else shown[:TOLD] + "..."


class Gate:
    """What all connections of one probe may use together. Connections may be open at the same time.

    :param float seconds: from now to the end of everything. :param int connections: how many. :param int size: bytes that are read.
    :param float rate: new connections a second.
    :param clock, sleep: the time, for tests.
    """

    def __init__(self, seconds, connections, size, rate, clock=time.monotonic, sleep=time.sleep):
        self.seconds, self.most, self.size, self.step = seconds, connections, size, 1.0 / rate
        self.clock, self.sleep, self.lock = clock, sleep, threading.Lock()
        self.began = self.next = self.pause = clock()
        self.connections = self.bytes = self.told = 0
        self.left_alone = ""

    def remaining(self):
        """Return the seconds that are left; :raises Spent: none."""
        left = self.began + self.seconds - self.clock()
        if left <= 0:
            raise Spent("the probe's %d seconds are over (budget.seconds)" % self.seconds)
        return left

    def enter(self):
        """Wait until one more connection is polite; :raises Spent: there may be no more."""
        while True:
            left = self.remaining()
            with self.lock:
                if self.left_alone:
                    raise Spent(self.left_alone)
                if self.connections >= self.most:
                    raise Spent("the probe's %d connections are used up (budget.connections)" % self.most)
                now = self.clock()
                wait = max(self.next, self.pause) - now
                if wait <= 0:
                    self.connections += 1
                    self.next = now + self.step
                    return
            if wait >= left:
                raise Spent("the listener asked for a pause (421) that is longer than what is left of the probe's %d seconds (budget.seconds)" % self.seconds)
            self.sleep(min(wait, 1))

    def took(self, count):
        """Count bytes that were read; :raises Spent: too many."""
        with self.lock:
            self.bytes += count
            if self.bytes > self.size:
                raise Spent("the listener has sent more than %d bytes (budget.bytes)" % self.size)

    def put_off(self, answer):
        """Note that a connection was greeted with a 421: nobody knocks for a while."""
        with self.lock:
            now = self.clock()
            if now < self.pause or self.left_alone:     # somebody who knocked at the same time was told the same
                return
            if self.told >= len(PAUSES):
                self.left_alone = "the listener was left alone after it had asked for it %d times: %s" % (self.told + 1, answer)
                return
            self.pause = now + PAUSES[self.told]
            self.told += 1

    def welcomed(self):
        """Note that a connection was greeted as it should be."""
        with self.lock:
            self.told = 0


class Wire:
    """One connection.

    :param tuple address: address and port. :param Gate gate: what it may use. :param float patience: seconds for one answer.
    :ivar bool ended: its last answer was a 421.
    :raises Trouble: there is no connection.
    """

    def __init__(self, address, gate, patience):
        gate.enter()
        self.gate, self.patience = gate, patience
        self.buffer, self.received, self.secret, self.incoming, self.outgoing = b"", 0, None, None, None
        self.opened, self.ended = gate.clock(), False
        try:
            self.link = socket.create_connection(address, min(patience, gate.remaining()))
        except socket.timeout:
            raise Silent("no connection within %d seconds" % patience)
        except OSError as exc:
            raise Closed("connection refused" if exc.errno == errno.ECONNREFUSED else "no connection: %s" % (exc.strerror or exc))

    def __enter__(self):
        return self

    def __exit__(self, *unused):
        self.close()

    def close(self):
        """End the connection at once."""
        try:
            self.link.close()
        except OSError:
            pass

    @property
    def own_address(self):
        """Return the address from which this host speaks."""
        return self.link.getsockname()[0]

    # ---- bytes

    def deadline(self, patience=None):
        """Return the moment until which an answer may take."""
        return self.gate.clock() + min(self.patience if patience is None else patience, self.gate.remaining())

    def send(self, data):
        """Send bytes; :raises Trouble: the other side does not take them."""
        if self.secret is not None:
            self.secret.write(data)
            data = self.outgoing.read()
        self._push(data)

    def _push(self, data):
        try:
            self.link.settimeout(min(self.patience, self.gate.remaining()))
            self.link.sendall(data)
        except socket.timeout:
            raise Silent("it takes nothing for %d seconds" % self.patience)
        except OSError as exc:
            raise Closed("the connection broke off (%s)" % (exc.strerror or exc))

    def _pull(self, deadline):
        """Return the next bytes as they come over the network; ``b""`` at their end."""
        left = deadline - self.gate.clock()
        if left <= 0:
            raise Silent("no answer in time")
        try:
            self.link.settimeout(left)
            data = self.link.recv(PIECE)
        except socket.timeout:
            self.gate.remaining()
            raise Silent("no answer in time")
        except OSError as exc:
            raise Closed("the connection broke off (%s)" % (exc.strerror or exc))
        self.received += len(data)
        if self.received > CONNECTION:
            raise Trouble("it sends without end: more than %d bytes on one connection" % CONNECTION)
        self.gate.took(len(data))
        return data

    def receive(self, deadline):
        """Return the next bytes, decrypted where TLS is on; ``b""`` at their end."""
        if self.secret is None:
            return self._pull(deadline)
        while True:
            try:
                return self.secret.read(PIECE)
            except ssl.SSLWantReadError:
                data = self._pull(deadline)
                if not data:
                    return b""
                self.incoming.write(data)
            except ssl.SSLZeroReturnError:
                return b""
            except ssl.SSLError as exc:
                raise Trouble("TLS breaks: %s" % (exc.reason or exc))

    # ---- answers

    def line(self, deadline):
        """Return one line without its end."""
        while b"\n" not in self.buffer:
            if len(self.buffer) > LINE:
                raise Trouble("a line without end: '%s'" % printable(self.buffer[:80]))
            data = self.receive(deadline)
            if not data:
                said = " in the middle of '%s'" % printable(self.buffer[:80]) if self.buffer else ""
                self.buffer = b""
                raise Closed("it ended the connection%s" % said)
            self.buffer += data
        line, unused, self.buffer = self.buffer.partition(b"\n")
        if len(line) > LINE:
            raise Trouble("a line of %d bytes: '%s'" % (len(line), printable(line[:80])))
        return line[:-1] if line.endswith(b"\r") else line

    def reply(self, patience=None):
        """Return the next :class:`Reply`; :raises Trouble: none comes, or what comes is no SMTP."""
        deadline, lines = self.deadline(patience), []
        while len(lines) < LINES:
            text = printable(self.line(deadline))
            match = CODE.match(text)
            if not match:
                raise Trouble("what it says is no SMTP: '%s'" % text[:80])
            lines.append(text)
            if match.group(2) != "-":
                # With 421 the listener says that it hangs up.
                self.ended = match.group(1) == "421"
                return Reply(int(match.group(1)), lines)
        raise Trouble("an answer without end, more than %d lines: '%s'" % (LINES, lines[0]))

    def ask(self, command, patience=None):
        """Send a command; return the :class:`Reply`."""
        self.send(command.encode("ascii", "replace") + b"\r\n")
        return self.reply(patience)

    def waiting(self, quiet):
        """Return the reply that comes within some seconds although nobody asked, or None."""
        try:
            return self.reply(quiet)
        except (Silent, Closed):
            return None

    def quit(self):
        """Say good-bye, shortly."""
        try:
            if not self.ended:
                self.ask("QUIT", FAREWELL)
        except (Trouble, ssl.SSLError):
            pass
        self.close()

    # ---- TLS

    def secure(self, context, name=None):
        """Begin TLS; :raises Trouble: the handshake fails (``details["verify"]`` says why where it was about the certificate)."""
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        # What came in the clear after the answer to STARTTLS is part of the handshake or of an attack; here it is the first.
        self.incoming.write(self.buffer)
        self.buffer = b""
        deadline = self.deadline()
        try:
            secret = context.wrap_bio(self.incoming, self.outgoing, server_hostname=name)
            while not self._shaken(secret):
                self._push(self.outgoing.read())
                data = self._pull(deadline)
                if not data:
                    raise Closed("it ends the connection instead of a TLS handshake")
                self.incoming.write(data)
            self._push(self.outgoing.read())
        except ssl.SSLError as exc:
            raise Trouble("the TLS handshake fails: %s" % (exc.reason or exc), verify=verification(exc))
        except ssl.CertificateError as exc:
            raise Trouble("the TLS handshake fails: %s" % exc, verify=str(exc))
        except ValueError as exc:
            raise Trouble("the TLS handshake fails: %s" % exc)
        self.secret = secret

    @staticmethod
    def _shaken(secret):
        try:
            secret.do_handshake()
            return True
        except ssl.SSLWantReadError:
            return False


def verification(exc):
    """Return why a certificate was not believed, in OpenSSL's words, or None where the handshake failed for another reason."""
    if exc.reason != "CERTIFICATE_VERIFY_FAILED":
        return None
    said = getattr(exc, "verify_message", None)
    if not said:        # before Python 3.7
        match = re.search(r"verify failed: (.*?)(?: \(_ssl|$)", str(exc))
        said = match.group(1) if match else UNTOLD
    return said
