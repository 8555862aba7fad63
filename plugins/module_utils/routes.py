# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Route tests: what would sendmail do with a message from this client and sender to this recipient?

The real binary is asked in its test mode (``sendmail -bt``), all tests together: the rulesets that an SMTP session runs, the routing, and the
rewriting of addresses by the mailer. Nothing is delivered, nothing listens, nothing is changed. :mod:`testmode` knows the words.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import testmode
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, InvalidValue, SendmailError

# A line of test mode is one command; these would start another one or end the macro's value.
FORBIDDEN = re.compile(r"[\x00-\x1f\x7f\\]")
# Test mode reads 2047 bytes of a line, and takes the rest for the next command; quoting can double a value.
LENGTH_LIMIT = 1000
VERDICTS = ("accepted", "refused", "deferred", "discarded", "quarantined")
# What a test may expect; each is a key of an answer.
EXPECTED = ("expect", "code", "status", "text", "mailer", "host", "envelope_sender", "envelope_recipient", "header_sender", "header_recipient")
DICTS = {"authenticated": {"as": None, "mechanism": "PLAIN", "bits": 0},
         "tls": {"version": "TLSv1.3", "cipher": "TLS_AES_256_GCM_SHA384", "bits": 256, "verify": None, "subject": None, "issuer": None}}
DEFAULTS = dict({"client_address": "192.0.2.1", "client_name": None, "client_resolve": None, "helo": None, "listener": None, "sender": "<>", "size": None,
                 "authenticated": None, "tls": None}, **dict.fromkeys(EXPECTED))
# The option of the modules; its documentation is the fragment mailjail.sendmail.route_tests.
OPTION = {"type": "list", "elements": "dict", "default": [], "options": dict({
    "name": {"type": "str"}, "client_address": {"type": "str", "default": "192.0.2.1"}, "client_name": {"type": "str"},
    "client_resolve": {"type": "str", "choices": sorted(testmode.RESOLVE)}, "helo": {"type": "str"}, "listener": {"type": "str"},
    "authenticated": {"type": "dict", "options": {
        "as": {"type": "str", "required": True}, "mechanism": {"type": "str", "default": "PLAIN"}, "bits": {"type": "int", "default": 0}}},
    "tls": {"type": "dict", "options": {
        "version": {"type": "str", "default": "TLSv1.3"}, "cipher": {"type": "str", "default": "TLS_AES_256_GCM_SHA384"},
        "bits": {"type": "int", "default": 256}, "verify": {"type": "str", "choices": ["OK", "NO", "NOT", "FAIL"]},
        "subject": {"type": "str"}, "issuer": {"type": "str"}}},
    "sender": {"type": "str", "default": "<>"}, "recipient": {"type": "list", "elements": "str", "required": True}, "size": {"type": "int"},
    "expect": {"type": "str", "choices": list(VERDICTS)}}, **dict((key, {"type": "str"}) for key in EXPECTED if key != "expect"))}


# ---- tests -----------------------------------------------------------------------------------------------------------------------------

def complete(test):
    """Return a test with every key present, ``recipient`` a list.

    :param dict test: see the fragment ``mailjail.sendmail.route_tests``; a recipient may be a plain string.
    :raises InvalidValue: an unknown key, no expectation, or a value that test mode would read as another command.
    """
    recipients = test.get("recipient") or []
    recipients = [recipients] if not isinstance(recipients, (list, tuple)) else list(recipients)
    name = test.get("name") or "to %s" % ", ".join(str(one) for one in recipients)
    _known(name, test, list(DEFAULTS) + ["name", "recipient"], "")
    if not recipients or not all(str(one).strip() for one in recipients):
        raise InvalidValue("route test '%s' names no recipient%s." % (name, "" if not recipients else ", or an empty one"), test=test)
    whole = dict(DEFAULTS, **{key: value for key, value in test.items() if value is not None})
    if not str(whole["sender"]).strip():
        whole["sender"] = "<>"
    whole.update({"name": name, "recipient": recipients})
    for key, defaults in DICTS.items():
        if whole[key] is not None:
            _known(name, whole[key], defaults, "of '%s' " % key)
            whole[key] = dict(defaults, **{part: value for part, value in whole[key].items() if value is not None})
    if whole["authenticated"] and not whole["authenticated"]["as"]:
        raise InvalidValue("route test '%s': authenticated needs 'as', the name of the user." % name, test=test)
    if not any(whole[key] is not None for key in EXPECTED):
        raise InvalidValue("route test '%s' expects nothing; give one of %s." % (name, ", ".join(EXPECTED)), test=test)
    if whole["client_resolve"] in ("ok", "forged") and not whole["client_name"]:
        raise InvalidValue("route test '%s': client_resolve %s needs a client_name." % (name, whole["client_resolve"]), test=test)
    _harmless(name, whole)
    _one_address(name, whole)
    return whole


def _known(name, given, known, where):
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise InvalidValue("route test '%s' has the unknown key '%s' %s(known are %s)." % (name, unknown[0], where, ", ".join(sorted(known))), test=given)


def _harmless(name, whole):
    flat = [("recipient", one) for one in whole["recipient"]]
    flat += [("%s.%s" % (key, part), value) for key in DICTS for part, value in (whole[key] or {}).items()]
    for key, value in flat + [(key, value) for key, value in sorted(whole.items()) if not isinstance(value, (dict, list))]:
        if value is not None and FORBIDDEN.search(str(value)):
            raise InvalidValue("route test '%s': %s holds a control character or backslash: %r." % (name, key, value), test=whole)
        # A distinguished name is asked with every other character spelt out.
        asked_as = testmode.coded(str(value)) if key in ("tls.subject", "tls.issuer") else str(value)
        if value is not None and key not in EXPECTED + ("name",) and len(asked_as.encode("utf-8", "backslashreplace")) > LENGTH_LIMIT:
            raise InvalidValue("route test '%s': %s is longer than the %d bytes that test mode can be asked: %.60s ..." % (name, key, LENGTH_LIMIT, value),
                               test=whole)


def _one_address(name, whole):
    """A client has one address; a network, or the beginning of an address, would be asked as a client that there is not."""
    given = str(whole["client_address"])
    try:
        ipaddress.ip_address(given[5:] if given[:5].lower() == "ipv6:" else given)
    except ValueError:
        raise InvalidValue("route test '%s': client_address is '%s'; expected one address, such as 192.0.2.1 or 2001:db8::1." % (name, given), test=whole)


def each(tests):
    """Return complete tests of one recipient each; where a test has several, the name says which."""
    rows = []
    for given in tests:
        test = complete(given)
        for one in test["recipient"]:
            name = "to %s" % one if not given.get("name") else test["name"] if len(test["recipient"]) == 1 else "%s (%s)" % (test["name"], one)
            rows.append(dict(test, recipient=str(one), name=name))
    return rows


# ---- asking ----------------------------------------------------------------------------------------------------------------------------

def prepared(text):
    """Return a compiled configuration (bytes) as it can be asked, with the ruleset that :mod:`testmode` needs."""
    return text + testmode.APPENDIX.encode("ascii")


def ask(runner, binary, path, tests, patience=60):
    """Ask the real sendmail all tests.

    :param str binary: the program.
    :param str path: a :func:`prepared` configuration.
    :param list tests: the tests.
    :param int patience: seconds that each of two runs of sendmail may take.
    :returns: list of ``{name, asked, passed, answer, disagreements}``, a row for each recipient, in order.
    """
    rows = each(tests)
    if not rows:
        return []
    with open(path, "rb") as source:
        text = source.read().decode("utf-8", "replace")
    where, sessions = zip(*[_session(row, text) for row in rows])

    def run(script):
        return runner.run([binary, "-C", path, "-bt"], stdin=script, timeout=patience).stdout
    places = testmode.places(run(testmode.first_script(rows, sessions)), rows)
    answers = testmode.answers(run(testmode.second_script(rows, sessions, places)), rows, places)
    for answer in answers:
        answer["ruleset"] = testmode.full_name(text, answer["ruleset"])
    return [_row(row, _greeted(row, at["listener"], answer)) for row, at, answer in zip(rows, where, answers)]


def _session(row, text):
    try:
        compressed = re.search(r"^O\s*UseCompressedIPv6Addresses\s*=\s*[TtYy1]", text, re.M) is not None
        where = {"listener": testmode.listener(text, row["listener"]), "compressed": compressed}
        return where, testmode.session(row, where)
    except SendmailError as exc:
        raise type(exc)("route test '%s': %s" % (row["name"], exc.message))


def _greeted(row, listener, answer):
    """Before any ruleset is asked, a listener with the modifier ``a`` wants to know with whom it speaks; test mode has no such door."""
    if "a" not in listener["modifiers"] or row["authenticated"]:
        return answer
    return dict(answer, expect="refused", code="530", status="5.7.0", text="Authentication required", ruleset="modifier a of listener %s" % listener["name"])


def _row(test, answer):
    wrong = disagreements(test, answer)
    return {"name": test["name"], "asked": asked(test), "passed": not wrong, "answer": answer,
            "disagreements": [{"what": what, "expected": expected, "answered": got} for what, expected, got in wrong]}


def disagreements(test, answer):
    """Return what differs between a complete test and its answer as ``[(key, expected, answered)]``."""
    wrong = []
    for key in EXPECTED:
        expected, got = test[key], answer.get(key)
        same = str(expected).lower() in (got or "").lower() if key == "text" else str(expected) == str(got if got is not None else "")
        if expected is not None and not same:
            wrong.append((key, str(expected), "nothing" if got in (None, "") else str(got)))
    return wrong


# ---- words for people ------------------------------------------------------------------------------------------------------------------

def asked(test):
    """Return in words what was asked: ``client 192.0.2.1, sender <>, recipient user@example.net``."""
    words = ["client %s%s" % (test["client_address"], " (%s)" % test["client_name"] if test["client_name"] else "")]
    words += ["%s %s" % (key, test[key]) for key in ("client_resolve", "helo", "listener") if test[key]]
    if test["authenticated"]:
        words.append("authenticated as %(as)s by %(mechanism)s" % test["authenticated"])
    if test["tls"] is not None:
        words.append("TLS%s" % (" with the certificate %s" % test["tls"]["subject"] if test["tls"]["subject"] else ""))
    return ", ".join(words + ["sender %s" % test["sender"], "recipient %s" % test["recipient"]])


def _answered(answer):
    words = answer["expect"] + ("" if not answer["code"] else " with %s %s" % (answer["code"], answer["status"])) + (
        ' "%s"' % answer["text"] if answer["text"] else "") + (" by %s" % answer["ruleset"] if answer["ruleset"] else "")
    return "%s; mailer %s, host %s, recipient %s" % (words, answer["mailer"] or "none", answer["host"] or "none", answer["envelope_recipient"] or "none")


def failures(report):
    """Return the failed rows in words, a line each."""
    return ["route test '%s' failed (%s): %s. The whole answer: %s." % (
        row["name"], row["asked"],
        "; ".join("expected %s '%s', sendmail answers '%s'" % (wrong["what"], wrong["expected"], wrong["answered"]) for wrong in row["disagreements"]),
        _answered(row["answer"])) for row in report if not row["passed"]]


def require(report):
    """:raises CheckFailed: naming each failed test, what was expected and what sendmail answered."""
    failed = failures(report)
    if failed:
        raise CheckFailed("%d of %d route tests failed. %s The live configuration was not touched." % (
            len(failed), len(report), " ".join(line[0].upper() + line[1:] for line in failed)), route_tests=report)
