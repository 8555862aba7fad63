# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Greeting, EHLO and what the listener answers to commands; who talks out of turn, and who talks to it as to a web server."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_session import extensions, keyword, literal
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import Closed, Silent, Trouble

# Key of the result -> what is said. Documentation domains: an ETRN for one starts nothing.
COMMANDS = (("HELP", "HELP"), ("HELP HELP", "HELP HELP"), ("VRFY", "VRFY root"), ("EXPN", "EXPN root"), ("ETRN", "ETRN probe.example"), ("VERB", "VERB"),
            ("DEBUG", "DEBUG"), ("WIZ", "WIZ"), ("unknown", "XPROBE"))
# Before any EHLO, each in its own session: what comes first decides.
UNGREETED = (("MAIL without EHLO", "MAIL FROM:<>"), ("EHLO without name", "EHLO"))


def first(prober):
    """Make the first session: whether there is a listener, what it says and offers. :raises Trouble: there is nothing to talk to."""
    result = prober.result
    wire, unused = prober.greeted()
    result["reachable"], result["greeting_seconds"] = True, round(prober.gate.clock() - wire.opened, 1)
    with wire:
        ehlo = extensions(prober.hello(wire))
        mechanisms = keyword(ehlo, "AUTH") or []
        result.update(ehlo=ehlo, auth_clear=mechanisms)
        if prober.options["implicit_tls"]:
            result.update(ehlo_tls=ehlo, auth_clear=[], auth_tls=mechanisms)
        answer = wire.ask("MAIL FROM:<>")
        result["commands"] = {"MAIL over TLS" if prober.options["implicit_tls"] else "MAIL": answer.text}
        prober.encrypt = wants_tls(answer) and keyword(ehlo, "STARTTLS") is not None
        wire.quit()


def wants_tls(answer):
    """Tell whether a listener takes mail over TLS only, by its answer to MAIL."""
    return answer.code in (530, 538) and "STARTTLS" in answer.text.upper() or answer.code == 523


def commands(prober):
    """Ask for everything that tells something or should not be there."""
    def say(wire, step):
        return wire.ask(step[1])

    _keep(prober, prober.series(COMMANDS, say))


def ungreeted(prober):
    """Ask what is taken before the client has introduced itself as it must."""
    for step in UNGREETED:
        try:
            wire = prober.greeted()[0]
            with wire:
                _keep(prober, [(step, wire.ask(step[1]))])
                wire.quit()
        except Trouble as exc:
            _keep(prober, [(step, exc)])


def _keep(prober, found):
    for step, answer in found:
        key = step[0]
        if isinstance(answer, Trouble):
            prober.note("commands: %s" % key, answer.message)
        else:
            prober.result["commands"][key] = answer.text


def early_talk(prober):
    """Talk before the greeting."""
    if prober.options["implicit_tls"]:
        prober.note("early_talk", "with implicit TLS the client speaks first, and the listener can not wait for that")
        return
    with prober.connect() as wire:
        wire.send(b"EHLO " + (prober.options["helo"] or literal(wire.own_address)).encode("ascii", "replace") + b"\r\n")
        try:
            answer = wire.reply()
        except Closed as exc:
            prober.result["early_talk"] = {"answer": "", "verdict": "refused", "why": exc.message}
            return
        if answer.code == 421:
            raise Trouble("it greets with '%s', which may be about something else" % answer.text)
        prober.result["early_talk"] = {"answer": answer.text, "verdict": "let through" if answer.code == 220 else "refused"}


def web_talk(prober):
    """Talk as a browser would that somebody leads to a mail server."""
    wire = prober.greeted()[0]
    with wire:
        try:
            answer = wire.ask("GET / HTTP/1.0")
        except Closed as exc:
            prober.result["web_talk"] = {"answer": "", "verdict": "dropped", "why": exc.message}
            return
        prober.result["web_talk"] = {"answer": answer.text, "verdict": "answered" if _open(wire) else "dropped"}


def _open(wire):
    try:
        return wire.ask("NOOP").code != 421
    except (Closed, Silent):
        return False
