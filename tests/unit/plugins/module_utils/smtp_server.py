# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP servers on loopback for the tests of the probe: one that can be told to behave in any way, and ones that do not behave at all."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re
import socket
import ssl
import struct
import threading
import time

# Of the tests only; whoever has it can pretend to be mx.example.org, which nobody owns.
CERTIFICATE = """-----BEGIN CERTIFICATE-----
MIIBwzCCAWqgAwIBAgIBATAKBggqhkjOPQQDAjA2MRswGQYDVQQKDBJUZXN0IG9m
IHNtdHBfcHJvYmUxFzAVBgNVBAMMDm14LmV4YW1wbGUub3JnMCAXDTIwMDEwMTAw
MDAwMFoYDzIxMjAwMTAxMDAwMDAwWjA2MRswGQYDVQQKDBJUZXN0IG9mIHNtdHBf
cHJvYmUxFzAVBgNVBAMMDm14LmV4YW1wbGUub3JnMFkwEwYHKoZIzj0CAQYIKoZI
zj0DAQcDQgAEaVy9D53jcndtIeYR6f0OlYJU56YEiuY60Rd3eauQ7fZ8DGs2uvuj
voPvGfAqmBMhHlCycKjmC4NIaT1LSyrjIKNnMGUwDwYDVR0TAQH/BAUwAwEB/zAz
BgNVHREELDAqgg5teC5leGFtcGxlLm9yZ4ISKi5tYWlsLmV4YW1wbGUub3JnhwR/
AAABMB0GA1UdDgQWBBT+kdVX5k0jST+ulcM/ieyLS72r0zAKBggqhkjOPQQDAgNH
ADBEAiAKJpWSfVQ6I3si4Zjm/W+fcvU85iGB9qT8F5lkvKnUdAIgcgnI7mTWxNAc
/7gE0TRAmt2SiK/Z5Yi8KwLVD3k7VIg=
-----END CERTIFICATE-----
"""
KEY = """-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQguv1DG/EUyG2H/3iX
pbn2GA5bMDQSy8nSNcIdqS/HW+qhRANCAARpXL0PneNyd20h5hHp/Q6VglTnpgSK
5jrRF3d5q5Dt9nwMaza6+6O+g+8Z8CqYEyEeULJwqOYLg0hpPUtLKuMg
-----END PRIVATE KEY-----
"""


class Server:
    """Listens on loopback and gives each connection to ``talk`` in a thread of its own.

    :param talk: function of a connected socket. :param str host: where to listen.
    """

    def __init__(self, talk, host="127.0.0.1"):
        self.talk, self.connections, self.problems = talk, 0, []
        self.listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.listener.bind((host, 0))
        self.listener.listen(50)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.daemon = True

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *unused):
        self.listener.close()

    def _serve(self):
        while True:
            try:
                link = self.listener.accept()[0]
            except OSError:
                return
            self.connections += 1
            one = threading.Thread(target=self._one, args=(link,))
            one.daemon = True
            one.start()

    def _one(self, link):
        try:
            link.settimeout(20)
            self.talk(link)
        except (OSError, EOFError):
            pass
        except Exception as exc:    # a test looks at it
            self.problems.append(exc)
        finally:
            try:
                link.close()
            except OSError:
                pass


class Mail:
    """A mail server after the behaviour of sendmail, as an object that can be given to :class:`Server`.

    Each keyword changes one behaviour; without any it is a hardened gateway of example.org.
    """

    DEFAULTS = {"greeting": "220 mx.example.org ESMTP", "pause": 0, "puts_off": 0, "size": 26214400, "relays": False, "unknown": True, "slows": 0.0,
                "most": 100, "ends": (), "refuses_bare": True, "tls": None, "implicit": None, "ahead": "refused", "auth": (), "auth_tls": (), "http": "drop",
                "header_bytes": 32768, "idle": 20, "wants_tls": False, "checks_sender": True, "helo": True, "commands": {},
                "full": "452 4.5.3 Too many recipients"}

    def __init__(self, **behaviour):
        strange = set(behaviour) - set(self.DEFAULTS)
        assert not strange, strange
        self.__dict__.update(self.DEFAULTS, **behaviour)
        self.messages, self.said, self.lock = [], [], threading.Lock()

    def __call__(self, link):
        Talk(self, link).run()


class Talk:
    """One connection to a :class:`Mail`."""

    def __init__(self, mail, link):
        self.mail, self.link, self.buffer, self.secret = mail, link, b"", False
        self.sender, self.taken, self.bad, self.greeted = None, 0, 0, False

    # ---- bytes

    def say(self, text):
        """Send lines."""
        self.link.sendall(text.replace("\n", "\r\n").encode("latin-1") + b"\r\n")

    def more(self):
        """Read on."""
        piece = self.link.recv(65536)
        if not piece:
            raise EOFError
        self.buffer += piece

    def line(self):
        """Return the next command; a client that takes too long for it is dropped."""
        end = time.time() + self.mail.idle
        while b"\n" not in self.buffer:
            self.link.settimeout(max(end - time.time(), 0.01))
            try:
                self.more()
            except (socket.timeout, ssl.SSLError):
                self.say("421 4.4.1 mx.example.org timeout waiting for input")
                raise EOFError
        line, unused, self.buffer = self.buffer.partition(b"\n")
        self.mail.said.append(line)
        return line.rstrip(b"\r").decode("latin-1")

    # ---- the session

    def run(self):
        """Greet, and do what is asked until QUIT."""
        mail = self.mail
        if mail.implicit:
            self.encrypt(mail.implicit)
        with mail.lock:
            put_off, mail.puts_off = mail.puts_off > 0, mail.puts_off - 1
        if put_off:
            self.say("421 4.3.2 Connection rate limit exceeded.")
            return
        if mail.pause:
            self.link.settimeout(mail.pause)
            try:
                self.more()
                self.say("554 mx.example.org ESMTP not accepting messages")
                return
            except socket.timeout:
                pass
        self.say(mail.greeting)
        while True:
            line = self.line()
            verb = line.split(" ")[0].upper()
            if verb in mail.commands:
                self.say(mail.commands[verb])
                continue
            answer = getattr(self, "do_" + verb.lower(), self.strange)(line)
            if answer is None:
                return
            if answer:
                self.say(answer)

    def encrypt(self, context):
        """Begin TLS."""
        self.link.settimeout(20)
        self.link, self.secret, self.greeted = context.wrap_socket(self.link, server_side=True), True, False

    def strange(self, line):
        """Answer what is no command."""
        return '500 5.5.1 Command unrecognized: "%s"' % line

    def do_get(self, unused):
        """Answer a browser."""
        if self.mail.http == "drop":
            self.say("421 4.7.0 mx.example.org Rejecting open proxy")
            return None
        return "500 5.5.1 Command unrecognized"

    def do_ehlo(self, line):
        """Introduce each other."""
        if self.mail.helo and not line[4:].strip():
            return "501 5.0.0 EHLO requires domain address"
        self.greeted = True
        offered = ["mx.example.org Hello", "ENHANCEDSTATUSCODES", "PIPELINING", "8BITMIME"] + (["SIZE %d" % self.mail.size] if self.mail.size else [])
        offered += ["STARTTLS"] if self.mail.tls and not self.secret else []
        mechanisms = self.mail.auth_tls if self.secret else self.mail.auth
        offered += ["AUTH " + " ".join(mechanisms)] if mechanisms else []
        offered.append("HELP")
        return "\n".join("250-" + one for one in offered[:-1]) + "\n250 " + offered[-1]

    def do_starttls(self, unused):
        """Go over to TLS; what came behind the command goes where this server lets it."""
        if not self.mail.tls:
            return "502 5.5.1 STARTTLS not here"
        if self.buffer and self.mail.ahead == "refused":
            self.say("503 5.5.0 STARTTLS: no pipelining")
            return None
        if self.buffer and self.mail.ahead == "clear":
            self.say("220 2.0.0 Ready\n250 2.0.0 OK")
            return None
        self.say("220 2.0.0 Ready to start TLS")
        kept, self.buffer = self.buffer, b""
        self.encrypt(self.mail.tls)
        self.buffer = kept if self.mail.ahead == "executed" else b""
        return ""

    def do_mail(self, line):
        """Take a sender."""
        if self.mail.helo and not self.greeted:
            return "503 5.0.0 Polite people say HELO first"
        if self.mail.wants_tls and not self.secret:
            return "530 5.7.0 Must issue a STARTTLS command first"
        sender, size = re.match(r"MAIL FROM:<([^>]*)>(?: SIZE=(\d+))?", line, re.I).groups()
        if self.mail.checks_sender and sender and "@" not in sender:
            return "553 5.5.4 <%s>... Domain name required for sender address %s" % (sender, sender)
        if self.mail.checks_sender and re.search(r"\.invalid$|@probe\.example$", sender):
            return "553 5.1.8 <%s>... Domain of sender address %s does not exist" % (sender, sender)
        if size and self.mail.size and int(size) > self.mail.size:
            return "552 5.2.3 Message size exceeds fixed maximum message size (%d)" % self.mail.size
        self.sender, self.taken = sender, 0
        return "250 2.1.0 <%s>... Sender ok" % sender

    def do_rcpt(self, line):
        """Take a recipient."""
        to = re.match(r"RCPT TO:<(.*)>$", line, re.I).group(1)
        if self.sender is None:
            return "503 5.0.0 Need MAIL before RCPT"
        ours = re.match(r"[a-z.0-9-]+@example\.org$", to)
        known = ours and (self.mail.unknown or not to.startswith("no-such"))
        if self.taken >= self.mail.most:
            self.say(self.mail.full)
            return None if self.mail.full.startswith("421") else ""
        if known or (not ours and self.relay(to)):
            self.taken += 1
            return "250 2.1.5 <%s>... Recipient ok" % to
        self.bad += 1
        time.sleep(self.mail.slows if self.bad > 3 else 0)
        return "550 5.1.1 <%s>... User unknown" % to if ours else "550 5.7.1 <%s>... Relaying denied" % to

    def relay(self, to):
        """Tell whether a recipient elsewhere is taken."""
        return self.mail.relays(self.sender, to) if callable(self.mail.relays) else self.mail.relays

    def do_rset(self, unused):
        """Forget the transaction."""
        self.sender = None
        return "250 2.0.0 Reset state"

    def do_noop(self, unused):
        """Do nothing."""
        return "250 2.0.0 OK"

    def do_data(self, unused):
        """Take a message, which ends at CRLF.CRLF and at the false ends that this server believes."""
        if not self.taken:
            return "503 5.0.0 Need RCPT (recipient)"
        self.say("354 Enter mail")
        ends = [re.escape(b"\r\n.\r\n")] + [re.escape(end) for end in self.mail.ends]
        while True:
            found = re.search(b"|".join(sorted(ends)), self.buffer)
            text = self.buffer[:found.start()] if found else self.buffer
            if self.mail.refuses_bare and re.search(br"(?<!\r)\n|\r(?!\n|$)|\x00", text):
                self.say("421 4.5.0 Bare linefeed (LF) not allowed")
                return None
            if found:
                break
            self.more()
        self.buffer, self.taken = self.buffer[found.end():], 0
        if len(text.partition(b"\r\n\r\n")[0]) > self.mail.header_bytes:
            return "552 5.6.0 Headers too large (%d max)" % self.mail.header_bytes
        self.mail.messages.append(text)
        return "250 2.0.0 Message accepted for delivery"

    def do_quit(self, unused):
        """End."""
        self.say("221 2.0.0 closing connection")


def choosing(versions, alert=70, implicit=False, dh_prime=b""):
    """Return a talk that answers a ClientHello from a table and no more, as TLS servers do that Python can not be made to be.

    :param dict versions: number of the version -> numbers of its suites, in the order of this server.
    :param int alert: what it says where nothing fits; None hangs up. :param bytes dh_prime: the prime that it shows.
    """
    def talk(link):
        if not implicit:
            link.sendall(b"220 old.example.org ESMTP\r\n")
            while True:
                line = link.recv(4096)
                if line.upper().startswith(b"STARTTLS"):
                    link.sendall(b"220 go ahead\r\n")
                    break
                link.sendall(b"250-old.example.org\r\n250 STARTTLS\r\n" if line.upper().startswith(b"EHLO") else b"250 ok\r\n")
        asked, suites = _hello(link)
        version = max([one for one in versions if one <= asked] or [0])
        chosen = [suite for suite in versions.get(version, ()) if suite in suites]
        if not chosen:
            if alert is not None:
                link.sendall(b"\x15\x03\x01\x00\x02\x02" + struct.pack(">B", alert))
            return
        body = struct.pack(">H", min(version, 0x0303)) + b"R" * 32 + b"\x00" + struct.pack(">H", chosen[0]) + b"\x00"
        if version == 0x0304:
            body += struct.pack(">HHHH", 6, 43, 2, version)
        messages = _message(2, body)
        if version < 0x0304 and dh_prime:
            messages += _message(12, struct.pack(">H", len(dh_prime)) + dh_prime + b"\x00\x01\x02\x00\x01\x04\x00\x00") + _message(14, b"")
        elif version < 0x0304:
            messages += _message(11, b"\x00\x00\x00") + _message(14, b"")
        link.sendall(b"\x16\x03\x01" + struct.pack(">H", len(messages)) + messages)
        link.recv(100)
    return talk


def _message(kind, body):
    return struct.pack(">B", kind) + struct.pack(">I", len(body))[1:] + body


def _hello(link):
    """Return version and suites of a ClientHello."""
    data = b""
    while len(data) < 5 or len(data) < 5 + struct.unpack(">H", data[3:5])[0]:
        piece = link.recv(4096)
        if not piece:
            raise EOFError
        data += piece
        if data[:1] != b"\x16":
            return 0, ()
    body = data[9:]
    version, session = struct.unpack(">H", body[:2])[0], bytearray(body)[34]
    count = struct.unpack(">H", body[35 + session:37 + session])[0]
    suites = struct.unpack(">%dH" % (count // 2), body[37 + session:37 + session + count])
    return (0x0304 if b"\x00\x2b\x00\x03\x02\x03\x04" in body else version), suites
