# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP smuggling: can a false end of data make two messages out of one (CVE-2023-51765)?

Only DATA can tell, so messages are sent: to one recipient who was named for that.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_relay import envelope
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import Closed, Silent, Trouble

END = b"\r\n.\r\n"
# False ends of data. LF and CR stand alone, CRLF is the pair. (CRCRLF.CRLF is none of them: it ends as data should.)
FORMS = collections.OrderedDict((
    ("LF.LF", b"\n.\n"), ("LF.CRLF", b"\n.\r\n"), ("CRLF.LF", b"\r\n.\n"), ("CR.CR", b"\r.\r"), ("CR.CRLF", b"\r.\r\n"), ("CRLF.CR", b"\r\n.\r"),
    ("CR.LF", b"\r.\n"), ("LF.CR", b"\n.\r"), ("CRLF.CRCRLF", b"\r\n.\r\r\n"), ("CRLF.CRNULLF", b"\r\n.\r\x00\n"), ("CRLF.NULCRLF", b"\r\n.\x00\r\n"),
    ("NULLF.LF", b"\x00\n.\n"), ("CRLFNUL.CRLF", b"\r\n\x00.\r\n")))
# What a reader of such a message should know.
BODY = ("Subject: smtp_probe of %(here)s, end of data %(form)s\r\n\r\nThis message was sent by an audit of %(here)s (module smtp_probe). "
        "It can be deleted.")
SECOND = ("MAIL FROM:<%(sender)s>\r\nRCPT TO:<%(recipient)s>\r\nDATA\r\nSubject: smtp_probe of %(here)s, smuggled by %(form)s\r\n\r\n"
          "If this is a message of its own, %(here)s can be made to send forged mail (SMTP smuggling). It was sent by an audit (module smtp_probe).")
# A 421 that is about the data: sendmail hangs up on whoever sends bare line ends. Others are about load, or time.
ABOUT_DATA = re.compile(r"^421[ -]4\.5\.|^421\b.*\bbare\b", re.I)
# Replies to one try that are looked at.
MOST = 12


def payload(form, words):
    """Return the bytes that follow DATA: a message, a false end, commands and a second message, and the true end."""
    words = dict(words, form=form)
    return (BODY % words).encode("ascii", "replace") + FORMS[form] + (SECOND % words).encode("ascii", "replace") + END


def verdict(codes):
    """Judge the codes of all answers after the data, without the one to QUIT.

    :returns: ``(verdict, honoured)``: ``refused``, ``one message`` or ``two messages``; and whether the false end was taken for one.
    """
    yes = [code for code in codes if 200 <= code < 300]
    if len(yes) > 1 or 354 in codes:
        return "two messages", True
    if not yes:
        return "refused", False
    # What follows a yes answers commands that were in the data, unless it is the end of the session.
    return "one message", any(code != 421 for code in codes[codes.index(yes[0]) + 1:])


def unclear(replies):
    """Return why answers without a yes are no refusal of what was sent; empty where they are one."""
    if not replies:
        return "the connection was ended without a word"
    return "it only puts off: %s" % replies[0].text if replies[0].later and not ABOUT_DATA.match(replies[0].text) else ""


def exchange(prober, data):
    """Send data in a session of its own; return the answers to it.

    :raises Trouble: it did not come to DATA, or nothing was answered.
    """
    options, replies = prober.options, []
    with prober.session() as wire:
        for answer in envelope(wire, options["sender"], options["deliver_to"]):
            if answer is None or not answer.positive:
                raise Trouble("no mail is taken for %s: %s" % (options["deliver_to"], answer.text if answer else "the sender is refused"))
        answer = wire.ask("DATA")
        if answer.code != 354:
            raise Trouble("it answers '%s' to DATA" % answer.text)
        wire.send(data)
        try:
            replies.append(wire.reply())
            # Everything that was in the data is answered before this is.
            wire.send(b"QUIT\r\n")
            while len(replies) < MOST and replies[-1].code not in (221, 421):
                replies.append(wire.reply())
        except Closed:
            pass
        except Silent:
            if not replies:
                raise
    return [reply for reply in replies if reply.code != 221]


def smuggle(prober, form):
    """Try one false end."""
    words = {"here": prober.here, "sender": prober.options["sender"], "recipient": prober.options["deliver_to"]}
    try:
        replies = exchange(prober, payload(form, words))
    except Trouble as exc:
        prober.note("smuggling: %s" % form, exc.message)
        return
    said, honoured = verdict([reply.code for reply in replies])
    why = unclear(replies) if said == "refused" else ""
    if why:
        prober.note("smuggling: %s" % form, why)
        return
    prober.add("smuggling", {"form": form, "answer": "\n".join(reply.text for reply in replies), "verdict": said, "honoured": honoured})


def possible(prober):
    """Send an ordinary message: only where it is taken do refusals of the others say anything. Then there is a list for them in the result."""
    words = {"here": prober.here, "form": "CRLF.CRLF, as it should be"}
    replies = exchange(prober, (BODY % words).encode("ascii", "replace") + END)
    if not replies or not replies[0].positive:
        raise Trouble("an ordinary message is not taken: %s" % (replies[0].text if replies else "the connection was ended"))
    prober.result["smuggling"] = []
