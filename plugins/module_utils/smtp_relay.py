# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Will a listener carry a stranger's mail to strangers? All spellings in which that was ever asked for, and what else it takes.

Nothing is ever sent: each try ends after RCPT, and no DATA follows.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_session import literal
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import Trouble

PLACES = ("{here}", "{ip}", "{local}", "localhost")
LOCAL_PARTS = ("{user}%{out}", '"{user}%{out}"', '"{user}@{out}"', "{out}!{user}", '"{out}!{user}"')
# Ways to write a recipient elsewhere.
RECIPIENTS = (
    ("{user}@{out}", '"{user}@{out}"', "{user}%{out}", '"{user}%{out}"', "{out}!{user}", '"{out}!{user}"', "{user}@{out}@", "{user}%{out}@")
    + tuple("%s@%s" % (part, place) for place in PLACES for part in LOCAL_PARTS)
    + tuple("{user}@{out}@%s" % place for place in PLACES[:3])
    + tuple("@%s:{user}@{out}" % place for place in PLACES + ("[127.0.0.1]",))
    + ("@{local},@{here}:{user}@{out}", "{user}@{out}%{local}", "{out}!{user}@{out}", "{user}@[192.0.2.1]"))
# Senders that might be believed, each with the recipients whose refusal could depend on it.
SENDERS = ("", "{user}@{here}", "{user}@{ip}", "{own}", "{user}@localhost")
OF_SENDERS = ("{user}@{out}", "{user}%{out}@{here}", '"{user}@{out}"', "@{here}:{user}@{out}")
FORMS = tuple(("{sender}", recipient) for recipient in RECIPIENTS) + tuple((sender, recipient) for sender in SENDERS for recipient in OF_SENDERS)
# Recipients in one session: more and a listener slows down, as it should.
A_SESSION = 8
# Enhanced status codes by which a refusal is about the sender (RFC 3463): it then says nothing of the recipient.
ABOUT_SENDER = re.compile(r"^\d{3}[ -]\d\.1\.[78]\b")
STRANGE_SENDERS = (("unqualified", "probe"), ("unresolvable", "probe@no-such-domain.invalid"))


def forms(options):
    """Return (number, sender, recipient) of every form, filled in for one listener; the same is there once.

    :param dict options: as smtp_run.checked returns them.
    """
    user, unused, out = options["recipients"]["outside"].rpartition("@")
    own = options["recipients"]["local"]
    ip = literal(options["address"])
    here = options["name"] or ip
    words = {"user": user, "out": out, "here": here, "ip": ip, "local": own.rpartition("@")[2] or here, "own": own or "postmaster@" + here,
             "sender": options["sender"]}
    found, seen = [], set()
    for place, form in enumerate(FORMS):
        pair = tuple(part.format(**words) for part in form)
        if pair not in seen:
            seen.add(pair)
            found.append((place + 1,) + pair)
    return found


def parts(options):
    """Return the forms cut into sessions, those with the same sender side by side."""
    rows = sorted(forms(options), key=lambda form: form[1])
    return [rows[place:place + A_SESSION] for place in range(0, len(rows), A_SESSION)]


def verdict(mail, rcpt):
    """Judge the answers to MAIL and, if it was a yes, to RCPT.

    :returns: ``(accepted, answer, why)``: accepted is None where the answers say nothing of relaying, and why then tells the reason.
    """
    answer = rcpt if mail.positive else mail
    if mail.positive and rcpt.positive:
        return True, answer.text, ""
    if answer.later:
        return None, answer.text, "it only puts off: %s" % answer.text
    if ABOUT_SENDER.match(answer.text):
        return None, answer.text, "it refuses the sender, which says nothing of relaying (set sender to an address whose domain exists): %s" % answer.text
    return False, answer.text, ""


def relay(prober, rows):
    """Try some forms."""
    mail = {}

    def say(wire, form):
        """Ask for one recipient; a sender is named where the one before was another, or the session is a new one."""
        if (mail.get("wire"), mail.get("sender")) != (wire, form[1]):
            wire.ask("RSET")
            mail.update(wire=wire, sender=form[1], answer=wire.ask("MAIL FROM:<%s>" % form[1]))
        return mail["answer"], wire.ask("RCPT TO:<%s>" % form[2]) if mail["answer"].positive else None

    for (number, sender, recipient), answer in prober.series(rows, say):
        if isinstance(answer, Trouble):
            prober.note("relay: form %d, %s" % (number, recipient), answer.message)
            continue
        accepted, said, why = verdict(*answer)
        if accepted is None:
            prober.note("relay: form %d, from <%s> to %s" % (number, sender, recipient), why)
        else:
            prober.add("relay", {"form": number, "from": sender, "to": recipient, "answer": said, "accepted": accepted})


def envelope(wire, sender, recipient):
    """Return the answers to MAIL and RCPT of a new transaction, the second None where the first is a no."""
    wire.ask("RSET")
    mail = wire.ask("MAIL FROM:<%s>" % sender)
    return mail, wire.ask("RCPT TO:<%s>" % recipient) if mail.positive else None


def own(prober):
    """See what is taken for this side: the recipient who should get mail, a subdomain of his, accounts of the host itself; and from which senders."""
    options = prober.options
    local = options["recipients"]["local"]
    asked = [("host account", "root"), ("host account", "root@" + prober.here)]
    if local:
        asked = [("local", local), ("subdomain", "%s@no-such-host.%s" % tuple(local.rpartition("@")[::2]))] + asked
    rows = [(kind, options["sender"], recipient) for kind, recipient in asked]
    rows += [(kind, sender, local) for kind, sender in STRANGE_SENDERS if local]
    found = prober.series(rows, lambda wire, row: envelope(wire, row[1], row[2]))
    taken = any(row[0] == "local" and not isinstance(answer, Trouble) and verdict(*answer)[0] for row, answer in found)
    for (kind, sender, recipient), answer in found:
        strange = kind in dict(STRANGE_SENDERS)
        if isinstance(answer, Trouble):
            prober.note("%s: %s" % ("senders" if strange else "own", sender if strange else recipient), answer.message)
            continue
        said = (answer[1] or answer[0])
        row = {"kind": kind, "from": sender, "to": recipient, "answer": said.text, "accepted": all(one is not None and one.positive for one in answer)}
        if not strange:
            prober.add("own", row)
        elif taken or row["accepted"]:
            prober.add("senders", row)
        else:
            prober.note("senders: %s" % sender, "mail to %s is not taken from anybody, so a refusal says nothing of the sender" % local)
    if not local and "senders" in options["tests"]:
        prober.note("senders", "no recipient of this side is named (recipients.local)")
