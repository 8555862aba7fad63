# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``sendmail -bt`` is told, so that its rulesets see what they see in an SMTP session, and how its answers are read. Pure.

It is asked twice. First where sender and recipient go, for in a session the check rulesets know that already (``${rcpt_mailer}`` ...), and addresses
are rewritten by the mailer's rules. Then for the verdicts and the rewriting.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed

# The two arguments of check_relay are divided by something that test mode can not be given: of "$|" it makes two letters. This ruleset mends that.
JOIN = "MailjailJoin"
APPENDIX = "\nS%s\nR$* $$| $*\t$: $1 $| $2\n" % JOIN
MARKER = "mailjail_test"
# What test mode answers to a command that it can not make sense of: nothing was asked then.
USAGE = re.compile(r"^Usage: [/.]\S+")
# Test mode reads 2047 bytes of a line; the tail of a longer one would be a command of its own.
LINE_LIMIT = 2040
MARK = re.compile(r"^mailjail-(\d+)-(\w+)$")
RETURNS = re.compile(r"^(\S+)\s+returns: ?(.*)$")
ROUTED = re.compile(r"^mailer (\S+?)(?:, host (.*?))?(?:, user (.*))?$")
REWRITTEN = re.compile(r"^Rcode = \d+, addr = (.*)$")
REPLY = re.compile(r"(?:(\d{3})\b[ -]?)?(?:([245]\.\d{1,3}\.\d{1,3})\b ?)?(.*)$")
TOKEN = re.compile(r'"[^"]*"|\S+')
# sendmail puts a space between words, and none beside these.
OPERATORS = frozenset(".:%@!^/[]+()<>,;=?")
# In this order a session asks them; sender and recipient are parsed before each is checked.
ORDER = ("check_relay", "sender", "check_mail", "recipient", "check_rcpt", "check_data", "check_eom")
REWRITES = (("envelope_sender", "ES", "sender"), ("header_sender", "HS", "sender"), ("header_recipient", "HR", "recipient"))
RESOLVE = {"ok": "OK", "fail": "FAIL", "forged": "FORGED", "temp": "TEMP"}
# As sendmail writes the names of a certificate, and as they stand in the access map.
CODED = re.compile(r"""[^!-~]|[<>()"]|\+(?![0-9A-F]{2})""")


# ---- the .cf ---------------------------------------------------------------------------------------------------------------------------

def listeners(text):
    """Return the listeners of a compiled configuration as dicts of ``name``, ``port``, ``family`` and ``modifiers`` (``aE``)."""
    found = []
    for line in re.findall(r"^O\s*DaemonPortOptions\s*=\s*(.*?)\s*$", re.sub(r"\n[ \t]+", " ", text), re.M | re.I):
        values = dict((key.strip()[:1].upper(), value.strip()) for key, equals, value in (part.partition("=") for part in line.split(",")) if equals)
        found.append({"name": values.get("N") or "Daemon%d" % len(found), "port": values.get("P") or "25", "family": values.get("F") or "inet",
                      "modifiers": values.get("M") or ""})
    return found


def listener(text, name):
    """Return the listener of a name; without a name the one on port 25, or else the first; :raises CheckFailed: there is none of that name."""
    found = listeners(text)
    if name is None:
        return next((one for one in found if one["port"] in ("25", "smtp")), (found or [{"name": "MTA", "port": "25", "family": "inet", "modifiers": ""}])[0])
    for one in found:
        if one["name"].lower() == str(name).lower():
            return one
    raise CheckFailed("the configuration has no listener '%s'; it has %s." % (name, ", ".join(one["name"] for one in found) or "none at all"))


def full_name(text, ruleset):
    """Return the whole name of a ruleset of a configuration; test mode shows 16 letters of it."""
    return next((name for name in re.findall(r"^S\s*(\w{16,})", text, re.M) if name.startswith(ruleset)), ruleset) if len(ruleset or "") == 16 else ruleset


def flags(modifiers):
    """Spell modifiers as the rulesets see them: ``aE`` is ``a EE``."""
    return " ".join(letter * 2 if letter.isupper() else letter for letter in modifiers if not letter.isspace())


# ---- questions -------------------------------------------------------------------------------------------------------------------------

def coded(name):
    """Spell a distinguished name as sendmail does: ``/CN=Our CA`` is ``/CN=Our+20CA``."""
    return CODED.sub(lambda found: "+%02X" % ord(found.group(0)), name or "")


def common_name(name):
    """Return the last common name of a distinguished name in sendmail's spelling."""
    return coded((re.findall(r"/CN=([^/]*)", name or "") or [""])[-1])


def bracketed(address):
    """Return an address as MAIL and RCPT have it."""
    return address if address.startswith("<") else "<%s>" % address


def plain(address):
    """Return an address without its angle brackets; of the null sender they stay."""
    return address[1:-1] if address.startswith("<") and address.endswith(">") and address != "<>" else address


def session(test, where):
    """Return the macros of the session of one test, as a dict.

    :param dict test: a complete test of one recipient.
    :param dict where: ``listener`` (a row of :func:`listeners`), ``compressed`` (how the configuration spells IPv6 addresses).
    """
    address = tables_cidr.cidr_keys(test["client_address"], compressed=where["compressed"])[0]
    resolve = test["client_resolve"] or ("ok" if test["client_name"] else "fail")
    literal = "[%s]" % address
    name = test["client_name"] if resolve == "ok" else literal
    tls, auth, door = test["tls"] or {}, test["authenticated"] or {}, where["listener"]
    subject, issuer = tls.get("subject"), tls.get("issuer")
    verify = (tls.get("verify") or ("OK" if subject else "NO")) if test["tls"] is not None else ""
    return {
        "{client_addr}": address, "{client_name}": name, "{client_resolve}": RESOLVE[resolve], "{client_flags}": "",
        "{client_ptr}": test["client_name"] or literal,
        "{daemon_name}": door["name"], "{daemon_port}": {"smtp": "25", "smtps": "465", "submission": "587"}.get(door["port"], door["port"]),
        "{daemon_flags}": flags(door["modifiers"]), "{daemon_family}": door["family"],
        "{tls_version}": tls.get("version"), "{cipher}": tls.get("cipher"), "{cipher_bits}": tls.get("bits"), "{verify}": verify,
        "{cert_subject}": coded(subject), "{cert_issuer}": coded(issuer), "{cn_subject}": common_name(subject), "{cn_issuer}": common_name(issuer),
        "{auth_type}": auth.get("mechanism"), "{auth_authen}": auth.get("as"), "{auth_author}": "", "{auth_ssf}": auth.get("bits"),
        "s": test["helo"] or name, "r": "ESMTP" + ("S" if test["tls"] is not None else "") + ("A" if auth else ""),
        "f": "" if test["sender"] == "<>" else plain(test["sender"]), "{mail_from}": bracketed(test["sender"]), "{msg_size}": test["size"],
        "{nrcpts}": "0", "{nbadrcpts}": "0",
    }


def _define(macros):
    return [".D%s%s" % (name, ("%s" % value if value is not None else "").replace("$", "$$")) for name, value in sorted(macros.items())]


def _mark(number, what):
    return [".D{%s}mailjail-%d-%s" % (MARKER, number, what), "${%s}" % MARKER]


def first_script(tests, sessions):
    """Return the commands that ask where senders and recipients go."""
    lines = []
    for number, (test, macros) in enumerate(zip(tests, sessions)):
        lines += _define(macros) + _mark(number, "sender")
        lines += ["/tryflags ES", "/parse %s" % plain(test["sender"])] if test["sender"] != "<>" else []
        lines += _mark(number, "recipient") + ["/tryflags ER", "/parse %s" % plain(test["recipient"])]
    return _script(lines, len(tests))


def _script(lines, count):
    """Return commands as one text; :raises CheckFailed: one of them is longer than test mode reads."""
    lines = lines + _mark(count, "end")
    for line in lines:
        if len(line.encode("utf-8", "backslashreplace")) > LINE_LIMIT:
            raise CheckFailed("a question is longer than the %d bytes that sendmail -bt reads of a line: %.60s ..." % (LINE_LIMIT, line))
    return "\n".join(lines) + "\n"


def second_script(tests, sessions, places):
    """Return the commands that ask for verdicts, and for the rewriting where a test expects some.

    :param list places: what :func:`places` read of the first answers.
    """
    lines = []
    for number, (test, macros, place) in enumerate(zip(tests, sessions, places)):
        sender, recipient = place["sender"], place["recipient"]
        macros = dict(macros, **{
            "{mail_mailer}": sender["mailer"], "{mail_host}": sender["host"], "{mail_addr}": sender["user"],
            "{rcpt_mailer}": recipient["mailer"], "{rcpt_host}": recipient["host"], "{rcpt_addr}": recipient["user"]})
        lines += _define(macros)
        lines += _mark(number, "check_relay") + ["%s,check_relay %s $| %s" % (JOIN, macros["{client_name}"], macros["{client_addr}"])]
        lines += _mark(number, "check_mail") + ["check_mail %s" % bracketed(test["sender"])]
        lines += _mark(number, "check_rcpt") + ["check_rcpt %s" % bracketed(test["recipient"])]
        lines += _mark(number, "check_data") + ["check_data 1"]
        lines += _mark(number, "check_eom") + ["check_eom %s" % test["size"]] if test["size"] is not None else []
        for key, tried, address in REWRITES:
            if test[key] is not None and recipient["mailer"] not in (None, "error"):
                lines += _mark(number, key) + ["/tryflags %s" % tried, "/try %s %s" % (recipient["mailer"], plain(test[address]))]
    return _script(lines, len(tests))


# ---- answers ---------------------------------------------------------------------------------------------------------------------------

def sections(output, count):
    """Cut the output of test mode at the markers.

    :returns: list of dicts, one a test: what was asked to the list of lines that were answered.
    :raises CheckFailed: sendmail stopped before it had answered everything.
    """
    found, lines = [{} for unused in range(count + 1)], []
    for line in output.splitlines():
        line = re.sub(r"^(?:> ?)+", "", line)
        mark = MARK.match(line)
        if mark and int(mark.group(1)) <= count:
            lines = found[int(mark.group(1))].setdefault(mark.group(2), [])
        else:
            lines.append(line)
    if "end" not in found[-1]:
        raise CheckFailed("sendmail -bt stopped before it had answered every route test; its last words: %s" % " / ".join(output.splitlines()[-3:]),
                          output=output[-2000:])
    return found[:-1]


def _sections(output, tests):
    """Return :func:`sections` of the tests; :raises CheckFailed: also where sendmail did not understand a question, which is no answer to it."""
    found = sections(output, len(tests))
    for test, parts in zip(tests, found):
        for what, lines in parts.items():
            for line in lines:
                if USAGE.match(line):
                    raise CheckFailed("route test '%s' could not be asked: of its question about the %s sendmail -bt says '%s'. Is the address whole?" % (
                        test.get("name"), what, line), output=output[-2000:])
    return found


def spelled(text):
    """Undo the token spacing of test mode as sendmail does: a space stays between words only, quotation marks go."""
    result, word_before = "", False
    for token in TOKEN.findall(text):
        word = token not in OPERATORS and not token.startswith('"')
        result += (" " if word and word_before else "") + token.strip('"')
        word_before = word
    return result.strip()


def reply(place, text):
    """Return the reply that sendmail makes of an error: ``expect``, ``code``, ``status``, ``text``.

    :param str place: what stood behind ``$@``: an enhanced status code, or a word such as ``nouser``.
    :param str text: what stood behind ``$:``.
    """
    if place == "quarantine":
        return {"expect": "quarantined", "code": None, "status": None, "text": text}
    code, status, words = REPLY.match(text).groups()
    status = status or (place if place and "." in place else None) or ("%s.0.0" % code[0] if code else "5.3.0")
    code = code or "553"
    return {"expect": "deferred" if code.startswith("4") else "refused", "code": code, "status": status, "text": words}


def verdict(name, lines):
    """Read what a check ruleset returned, and which ruleset said so first; None when it has no objection (or is not there)."""
    returned = [match.groups() for match in map(RETURNS.match, lines) if match]
    last = next((value for ruleset, value in reversed(returned) if ruleset == name), "")
    if not re.match(r"\$# ?(?:error|discard)\b", last):
        return None
    ruleset = next(ruleset for ruleset, value in returned if value == last)
    if re.match(r"\$# ?discard", last):
        return {"expect": "discarded", "code": None, "status": None, "text": None, "ruleset": ruleset}
    head, unused, text = last.partition("$:")
    return dict(reply(spelled(head.partition("$@")[2]), spelled(text)), ruleset=ruleset)


def place(lines):
    """Read the answer to ``/parse``: ``mailer``, ``host``, ``user`` and ``objection`` (as :func:`verdict`, or None)."""
    routed = [match.groups() for match in map(ROUTED.match, lines) if match]
    if not routed:
        said = [line for line in lines if line and not RETURNS.match(line) and " input: " not in line and not line.startswith(("Cracked", "Parsing"))]
        words = " ".join(said) or "the address can not be parsed"
        return {"mailer": None, "host": "", "user": None, "objection": dict(reply("", words), ruleset="parse")}
    mailer, host, user = routed[-1]
    if mailer == "*error*":
        return {"mailer": "error", "host": host or "", "user": None, "objection": dict(reply(host or "", (user or "").replace('"', "")), ruleset="parse")}
    return {"mailer": mailer, "host": host or "", "user": user, "objection": None}


NOBODY = {"mailer": "local", "host": "", "user": "<>", "objection": None}


def places(output, tests):
    """Read the answers to the first script: for each test a dict of ``sender`` and ``recipient``, each a :func:`place`."""
    return [{"sender": place(found["sender"]) if test["sender"] != "<>" else dict(NOBODY), "recipient": place(found["recipient"])}
            for test, found in zip(tests, _sections(output, tests))]


def answers(output, tests, found):
    """Read the answers to the second script, and put all together.

    :param list found: what :func:`places` said.
    :returns: for each test a dict of ``expect``, ``code``, ``status``, ``text``, ``ruleset``, ``mailer``, ``host`` and the rewritten addresses.
    """
    return [_answer(test, where, parts) for test, where, parts in zip(tests, found, _sections(output, tests))]


def _answer(test, where, parts):
    objections = [where[what]["objection"] if what in where else verdict(what, parts.get(what, [])) for what in ORDER]
    objections = [one for one in objections if one]
    # A refusal stands whatever else was said; what is thrown away is not kept either.
    rank = {"refused": 0, "deferred": 0, "discarded": 1, "quarantined": 2}
    objection = min(objections, key=lambda one: rank[one["expect"]]) if objections else {}
    answer = dict({"expect": "accepted", "code": None, "status": None, "text": None, "ruleset": None}, **objection)
    recipient = where["recipient"]
    answer.update({"mailer": recipient["mailer"], "host": recipient["host"].rstrip("."), "envelope_recipient": recipient["user"]})
    for key, _tried, _address in REWRITES:
        rewritten = [match.group(1) for match in map(REWRITTEN.match, parts.get(key, [])) if match]
        answer[key] = rewritten[-1] if rewritten else None
    return answer
