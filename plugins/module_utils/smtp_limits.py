# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Does a listener keep to limits: size, recipients, unknown users, headers, and clients that take their time?"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os

from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_relay import envelope
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_session import keyword
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_smuggling import END, exchange, unclear
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import Closed, Silent, Trouble

# One more than the most that a careful site allows; RFC 5321 wants 100 at least. They are asked for in bundles, where the listener takes bundles.
RECIPIENTS, BUNDLE = 1001, 50
UNKNOWN = 7
# Seconds that a later refusal takes longer than the first one where a listener slows down.
SLOWED = 0.8
# sendmail's own default for all headers is 32768 bytes.
HEADER_LINE, HEADER_LINES = 900, 60
# Seconds between two letters of a client that is slow, but not silent.
LETTER = 5


def size(prober):
    """Announce a message that is one byte too large."""
    if "ehlo" not in prober.result:
        raise Trouble("EHLO was not answered")
    words = keyword(prober.result["ehlo"], "SIZE")
    most = int(words[0]) if words and words[0].isdigit() else 0
    found = {"announced": most}
    prober.result["limits"]["size"] = found
    if not most:
        found.update(answer="", verdict="no limit")
        return
    with prober.session() as wire:
        answer = wire.ask("MAIL FROM:<> SIZE=%d" % (most + 1))
        found.update(answer=answer.text, verdict="unknown" if answer.later else "accepted" if answer.positive else "refused")


def unknown_users(prober):
    """Ask for users that do not exist, one after the other, and take the time of each answer. A host that does not know its users refuses others."""
    own, foreign = (prober.options["recipients"][key].rpartition("@")[2] for key in ("local", "outside"))
    with prober.session() as wire:
        mail = wire.ask("MAIL FROM:<%s>" % prober.options["sender"])
        if not mail.positive:
            raise Trouble("it answers '%s' to MAIL" % mail.text)
        for domain in filter(None, (own, foreign)):
            seconds, answers = _timed(prober, wire, domain)
            if not answers[0].positive:
                break
    verdict = harvest([answer.code for answer in answers], seconds)
    if verdict == "accepted":
        raise Trouble("it takes recipients that do not exist, here and elsewhere: '%s'" % answers[0].text)
    prober.result["limits"]["unknown_users_seconds"] = seconds
    prober.result["limits"]["unknown_users"] = {"domain": domain, "verdict": verdict, "answer": answers[-1].text}


def _timed(prober, wire, domain):
    seconds, answers = [], []
    while len(answers) < UNKNOWN and not wire.ended and not (answers and answers[0].positive):
        began = prober.gate.clock()
        answers.append(wire.ask("RCPT TO:<no-such-user-%s@%s>" % (os.urandom(4).hex(), domain)))
        seconds.append(round(prober.gate.clock() - began, 2))
    return seconds, answers


def harvest(codes, seconds):
    """Judge the answers to unknown users: ``accepted`` (there is nothing to harvest), ``ended``, ``slowed`` or ``not slowed``."""
    if all(200 <= code < 300 for code in codes):
        return "accepted"
    if codes[-1] == 421:
        return "ended"
    return "slowed" if max(seconds) - seconds[0] >= SLOWED else "not slowed"


def recipients(prober):
    """Name the same recipient over and over, without ever sending anything."""
    command = "RCPT TO:<%s>" % prober.options["recipients"]["local"]
    taken, last = 0, None
    with prober.session() as wire:
        if not all(answer is not None and answer.positive for answer in envelope(wire, prober.options["sender"], prober.options["recipients"]["local"])):
            raise Trouble("it does not take %s at all" % prober.options["recipients"]["local"])
        taken = 1
        together = BUNDLE if keyword(prober.result.get("ehlo", []), "PIPELINING") is not None else 1
        while taken < RECIPIENTS and last is None:
            count = min(together, RECIPIENTS - taken)
            wire.send((command + "\r\n").encode("ascii", "replace") * count)
            # Nothing comes behind a 421, however much was asked.
            while count and not wire.ended:
                answer, count = wire.reply(), count - 1
                if last is None:
                    taken, last = taken + int(answer.positive), None if answer.positive else answer
        prober.result["limits"]["recipients"] = {"accepted": taken, "answer": last.text if last else "", "verdict": "limited" if last else "not limited"}
        if not wire.ended:
            wire.ask("RSET")


def headers(prober):
    """Send a message with more headers than any has; it is sent to the recipient who was named for tests."""
    line = "X-Probe: %s\r\n" % ("x" * HEADER_LINE)
    text = "Subject: smtp_probe of %s, long headers\r\n%s\r\nThis message was sent by an audit (module smtp_probe). It can be deleted." % (
        prober.here, line * HEADER_LINES)
    replies = exchange(prober, text.encode("ascii", "replace") + END)
    why = unclear(replies)
    if why:
        raise Trouble(why)
    prober.result["limits"]["headers"] = {"bytes": len(line) * HEADER_LINES, "answer": replies[0].text,
                                          "verdict": "accepted" if replies[0].positive else "refused"}


def silent_client(prober):
    """Say nothing after EHLO, and see when the listener has enough of it."""
    _slow(prober, "silent", None)


def dripping_client(prober):
    """Send a command letter by letter that never ends."""
    _slow(prober, "dripping", b"X")


def _slow(prober, kind, letter):
    most = prober.options["slow_client_seconds"]
    with prober.session() as wire:
        began, answer, dropped = prober.gate.clock(), "", False
        end = began + min(most, max(prober.gate.remaining() - 5, 1))
        while prober.gate.clock() < end and not dropped:
            try:
                if letter:
                    wire.send(letter)
                answer = wire.reply(min(LETTER if letter else most, max(end - prober.gate.clock(), 0.1))).text
                dropped = wire.ended
            except Silent:
                continue
            except Closed:
                dropped = True
        waited = round(prober.gate.clock() - began, 1)
    if not dropped and waited < most - 1:
        raise Trouble("still connected after %.0f seconds, when the probe's time was over (budget.seconds)" % waited)
    found = {"seconds": waited, "answer": answer, "verdict": "dropped" if dropped else "held"}
    with prober.lock:
        prober.result["limits"].setdefault("slow_client", {})[kind] = found
