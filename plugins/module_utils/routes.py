# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tests: what would sendmail do with a message from this client and sender to this recipient?

The real binary is asked in its test mode (``sendmail -bt``), all tests in one process: the rulesets that an SMTP session runs
(check_relay, check_mail, check_rcpt), the routing (3,0) and the rewriting of the envelope sender. Nothing is delivered, nothing listens.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, InvalidValue

# A line of test mode is one command; these would start another one or end the macro's value.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
MARKER = "mailjail_test"
VERDICT_RULESETS = ("check_relay", "check_mail", "check_rcpt")
RETURNS = re.compile(r"^(?:> )*(\S+)\s+returns: ?(.*)$")
REWRITTEN = re.compile(r"^(?:> )*Rcode = (\d+), addr = (.*)$")
REPLY = re.compile(r'"?(\d{3})\b[ -]?(.*?)"?\s*$')
DEFAULTS = {"client_address": "192.0.2.1", "client_name": None, "helo": None, "sender": "<>", "expect": None, "code": None,
            "text": None, "mailer": None, "host": None, "envelope_sender": None}


def complete(test):
    """Return a test with every key present.

    :param dict test: ``name``, ``recipient`` and any of ``client_address``, ``client_name``, ``helo``, ``sender``, and what is expected:
        ``expect`` (``accepted``, ``refused``), ``code`` (SMTP reply), ``text`` (part of the reply), ``mailer``, ``host``, ``envelope_sender``.
    :raises InvalidValue: an unknown key, no expectation, or a value that test mode would read as another command.
    """
    name = test.get("name") or "to %s" % test.get("recipient")
    unknown = sorted(set(test) - set(DEFAULTS) - {"name", "recipient"})
    if unknown:
        raise InvalidValue("route test '%s' has the unknown key '%s'." % (name, unknown[0]), test=test)
    if not test.get("recipient"):
        raise InvalidValue("route test '%s' names no recipient." % name, test=test)
    whole = dict(DEFAULTS, **{key: value for key, value in test.items() if value is not None})
    whole["name"] = name
    if not any(whole[key] for key in ("expect", "code", "text", "mailer", "host", "envelope_sender")):
        raise InvalidValue("route test '%s' expects nothing; give expect, code, text, mailer, host or envelope_sender." % name, test=test)
    for key, value in whole.items():
        if value is not None and FORBIDDEN.search(str(value)):
            raise InvalidValue("route test '%s': %s holds a control character or backslash: %r." % (name, key, value), test=test)
    return whole


def _bracketed(address):
    return address if address.startswith("<") else "<%s>" % address


def script(tests):
    """Return the commands for ``sendmail -bt`` that ask all tests, each after a marker with its number."""
    lines = []
    for number, test in enumerate(tests):
        address, sender = test["client_address"], _bracketed(test["sender"])
        name = test["client_name"] or "[%s]" % address
        lines += [".D{%s}%d" % (MARKER, number), "${%s}" % MARKER,
                  ".D{client_addr}%s" % (address if ":" not in address else "IPv6:" + address.replace("IPv6:", "")),
                  ".D{client_name}%s" % name, ".D{client_ptr}%s" % name,
                  ".D{client_resolve}%s" % ("OK" if test["client_name"] else "FAIL"),
                  ".Ds%s" % (test["helo"] or name), ".DrSMTP", ".Df%s" % sender.strip("<>"), ".D{mail_from}%s" % sender,
                  "check_relay %s $| %s" % (name, address), "check_mail %s" % sender, "check_rcpt %s" % _bracketed(test["recipient"]),
                  "3,0 %s" % test["recipient"].strip("<>"), "/tryflags ES", "/try %s %s" % ("esmtp", sender.strip("<>") or "<>")]
    return "\n".join(lines) + "\n"


def _joined(tokens):
    """Undo the token spacing of test mode: ``[ mail . corp . example ]`` -> ``[mail.corp.example]``."""
    return "".join(tokens.split())


def _verdict(returned):
    """Read what a check ruleset returned; None when it has no objection.

    :returns: dict with ``expect`` (``refused``, ``deferred``, ``discarded``), ``code`` and ``text``.
    """
    if not returned.startswith("$#"):
        return None
    mailer = returned[2:].split()[0]
    if mailer == "discard":
        return {"expect": "discarded", "code": None, "text": "discard"}
    text = returned.split("$:", 1)[-1].strip() if "$:" in returned else returned
    found = REPLY.match(text.replace('" [', "[").replace('"', ""))
    code = found.group(1) if found else None
    return {"expect": "deferred" if code and code.startswith("4") else "refused", "code": code, "text": found.group(2) if found else text}


def _route(returned):
    """Split ``$# esmtp $@ [ host ] $: user < @ domain . >`` into mailer, host, user."""
    found = re.match(r"\$#\s*(\S+)\s*(?:\$@\s*(.*?))?\s*(?:\$:\s*(.*))?$", returned)
    if not found:
        return {}
    return {"mailer": found.group(1), "host": _joined(found.group(2) or "").rstrip("."), "user": _joined(found.group(3) or "")}


def answers(output, count):
    """Read the output of test mode.

    :param str output: all that ``sendmail -bt`` said.
    :param int count: number of tests asked.
    :returns: list of dicts with ``expect``, ``code``, ``text``, ``mailer``, ``host``, ``user``, ``envelope_sender``.
    :raises CheckFailed: sendmail stopped before it had answered every test.
    """
    found, current = [], None
    for line in output.splitlines():
        text = re.sub(r"^(?:> )+", "", line)
        if text == str(len(found)) and len(found) < count:
            current = {"returned": {}, "rewritten": None}
            found.append(current)
            continue
        if current is None:
            continue
        returned, rewritten = RETURNS.match(line), REWRITTEN.match(line)
        if returned:
            current["returned"][returned.group(1)] = returned.group(2)
        elif rewritten:
            current["rewritten"] = rewritten.group(2)
    if len(found) < count or any("parse" not in answer["returned"] for answer in found):
        raise CheckFailed("sendmail -bt stopped before it had answered every route test; its last words: %s" % " / ".join(output.splitlines()[-3:]),
                          output=output[-2000:])
    return [_answer(answer) for answer in found]


def _answer(found):
    answer = {"expect": "accepted", "code": None, "text": None, "envelope_sender": found["rewritten"]}
    answer.update(_route(found["returned"]["parse"]))
    for ruleset in VERDICT_RULESETS:
        verdict = _verdict(found["returned"].get(ruleset, ""))
        if verdict:
            answer.update(verdict)
            return answer
    if answer.get("mailer") == "error":
        answer.update(_verdict(found["returned"]["parse"]) or {})
    return answer


def disagreements(test, answer):
    """Return what differs between a complete test and its answer as ``[(key, expected, answered)]``."""
    wrong = []
    for key in ("expect", "code", "mailer", "host", "envelope_sender"):
        if test[key] is not None and str(test[key]) != str(answer.get(key)):
            wrong.append((key, str(test[key]), str(answer.get(key))))
    if test["text"] and test["text"].lower() not in (answer.get("text") or "").lower():
        wrong.append(("text", test["text"], str(answer.get("text"))))
    return wrong


def ask(runner, command, tests):
    """Ask the real sendmail all tests in one process.

    :param list command: the program with its configuration, such as ``["/usr/sbin/sendmail", "-C", "/stage/test.cf"]``.
    :returns: list of ``{name, passed, answer, disagreements}``, in the order of the tests.
    """
    whole = [complete(test) for test in tests]
    if not whole:
        return []
    result = runner.run(command + ["-bt"], stdin=script(whole))
    report = []
    for test, answer in zip(whole, answers(result.stdout, len(whole))):
        wrong = disagreements(test, answer)
        report.append({"name": test["name"], "passed": not wrong, "answer": answer,
                       "disagreements": [{"what": what, "expected": expected, "answered": got} for what, expected, got in wrong]})
    return report


def require(report):
    """:raises CheckFailed: naming the first failed test, what was expected and what sendmail answered."""
    failed = [row for row in report if not row["passed"]]
    if not failed:
        return
    first = failed[0]
    wrong = "; ".join("%s: expected '%s', sendmail answered '%s'" % (row["what"], row["expected"], row["answered"]) for row in first["disagreements"])
    answer = first["answer"]
    raise CheckFailed("route test '%s' failed: %s (whole answer: %s%s, mailer %s, host %s). %sThe live configuration was not touched." % (
        first["name"], wrong, answer["expect"], " %s %s" % (answer["code"], answer["text"]) if answer["code"] else "",
        answer.get("mailer"), answer.get("host") or "-", "%d more failed. " % (len(failed) - 1) if len(failed) > 1 else ""), route_tests=report)
