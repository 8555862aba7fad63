# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls SMTP: what the daemon tells strangers, and what it does for them. Pure but for the view or the probe's result that they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, language_words, tables_access
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    failed,
    held,
    not_applicable,
    profiles,
    unknown,
)

# Milliseconds of silence before the greeting: less is no test of patience.
PAUSE = 3000
# Since this release a client that sends header lines instead of commands can be dropped.
CHECK_OTHER = (8, 17)
HEADERS, HEADERS_AT_MOST = 32768, 65536
PRODUCT = re.compile(r"sendmail|\b8\.\d{1,2}\.\d{1,2}\b", re.I)
SYSTEM = re.compile(r"debian|ubuntu|fedora|centos|red ?hat|suse|linux|bsd|solaris|\bunix\b", re.I)
# The macros of the release and of the configuration's version.
VERSION_MACRO = re.compile(r"\$&?(?:[vZ]|\{[vZ]\})")


# ---- the probe's result: one listener

def _at(result, command=""):
    return "%s port %s%s" % (result.get("address"), result.get("port"), ", %s" % command if command else "")


def _answers(result, wanted):
    """Hold answers to commands against what is wanted of each.

    :param wanted: (command, test of the answer, words for what is wanted). :returns: a judgement.
    """
    told, faults, seen, missing = result.get("commands") or {}, [], [], []
    for command, fits, words in wanted:
        answer = told.get(command)
        # "Later" is no answer to the question: it may be about the hour, or about how many connections there are.
        if not answer or answer.startswith("4"):
            missing.append("%s (%s)" % (command, answer.splitlines()[0]) if answer else command)
        elif fits(answer):
            seen.append(Evidence(_at(result, command), answer, ""))
        else:
            faults.append(Evidence(_at(result, command), answer, words))
    if missing and not faults:
        return unknown("%s was not tried, not answered, or put off" % ", ".join(missing), _at(result))
    return held(faults, seen)


def _refuses(answer):
    return answer.startswith("5")


# ---- SM-SMTP-01, 02: what the greeting and HELP tell

def _greeting(view):
    """Greeting and Received lines name the host and nothing else."""
    value, where = cfview.option(view, "SmtpGreetingMessage")
    faults = []
    if value is None:
        faults.append(Evidence(where, "SmtpGreetingMessage is not set: sendmail's own names product and version", "SmtpGreetingMessage=$j"))
    elif VERSION_MACRO.search(value) or _names_product(value):
        faults.append(Evidence(where, "SmtpGreetingMessage=%s" % value, "SmtpGreetingMessage=$j"))
    for text in cfview.whole(view).headers.get("Received", []):
        if VERSION_MACRO.search(text) or PRODUCT.search(text):
            faults.append(Evidence(view.line(view.compiled(), "HReceived"), "Received: %s" % text, "no $v and no $Z"))
    return held(faults, [Evidence(where, "SmtpGreetingMessage=%s" % value, "")])


def _names_product(text):
    """Tell whether a greeting names product or system. Its first word is the host's own name, which may be called after either."""
    words = text.split()
    spoken = " ".join(words[1:] if words and (words[0][0] == "$" or "." in words[0]) else words)
    return PRODUCT.search(spoken) or SYSTEM.search(spoken)


def _wire_greeting(result):
    greeting = result.get("greeting")
    if not greeting:
        return unknown("no greeting was seen", _at(result))
    leaks = any(_names_product(re.sub(r"^\d{3}[ -]", "", line)) for line in greeting.splitlines())
    return held([Evidence(_at(result, "greeting"), greeting, "the host's name only")] if leaks else [], [Evidence(_at(result, "greeting"), greeting, "")])


def _help(view):
    """The help file is there and tells nothing. Without one HELP is answered with product and version."""
    value, where = cfview.option(view, "HelpFile")
    path = re.sub(r"^-o\s+", "", value or "").strip()
    wanted = "a regular file of root's without product and version"
    if not path:
        return failed(Evidence(where, "HelpFile is %s: HELP is answered with the version" % ("not set" if value is None else "empty"), wanted))
    found = view.stat(path, follow=True)
    if found is None or found.kind != "file":
        return failed(Evidence(path, "%s: HELP is answered with the version" % ("a %s" % found.kind if found else "no such file"), wanted))
    faults = []
    if found.uid != 0 or found.mode & 0o022:
        faults.append(Evidence(path, "%s:%s %04o" % (found.owner, found.group, found.mode), "root, writable by nobody else"))
    for number, line in enumerate((view.read(path) or "").splitlines(), 1):
        if not line.startswith("#") and (VERSION_MACRO.search(line) or PRODUCT.search(line)):
            faults.append(Evidence("%s:%d" % (path, number), line.strip()[:100], "no product, no version"))
            break
    return held(faults, [Evidence(path, "%s:%s %04o, names neither product nor version" % (found.owner, found.group, found.mode), "")])


def _wire_help(result):
    forms = [form for form in ("HELP", "HELP HELP") if form == "HELP" or form in (result.get("commands") or {})]
    return _answers(result, [(form, lambda answer: not PRODUCT.search(answer), "neither product nor version") for form in forms])


# ---- SM-SMTP-03, 04, 05: commands

def _commands(view):
    """VRFY, EXPN, VERB and ETRN are refused."""
    flags, where = cfview.privacy(view)
    found = cfview.whole(view)
    open_ = [one for one in cfview.listeners(view) if "E" not in one.get("Modifiers", "")]
    asked = (("VRFY", {"novrfy"}, "check_vrfy"), ("EXPN", {"noexpn"}, "check_expn"), ("VERB", {"noverb", "noexpn"}, None), ("ETRN", {"noetrn"}, "check_etrn"))
    faults = []
    for command, any_of, ruleset in asked:
        refused = flags & any_of or ruleset in found.rulesets and any(
            left == "$*" and right.startswith("$#error") for left, right in found.rulesets[ruleset].rules)
        if not refused and not (command == "ETRN" and not open_):
            faults.append(Evidence(where, "PrivacyOptions lacks %s: %s is answered" % (sorted(any_of)[-1], command), "goaway,noetrn"))
    return held(faults, [Evidence(where, "PrivacyOptions=%s" % ",".join(sorted(flags)), "")])


def _wire_commands(result):
    return _answers(result, [("VRFY", lambda answer: answer.startswith("252") or _refuses(answer), "252 or 5xx")] + [
        (command, _refuses, "5xx") for command in ("EXPN", "VERB", "ETRN")])


def _helo(view):
    """MAIL comes after HELO, and HELO has a name."""
    flags, where = cfview.privacy(view)
    value, place = cfview.option(view, "AllowBogusHELO")
    faults = []
    if "needmailhelo" not in flags:
        faults.append(Evidence(where, "PrivacyOptions lacks needmailhelo", "needmailhelo (goaway has it)"))
    if cfview.true(value):
        faults.append(Evidence(place, "AllowBogusHELO=%s" % value, "AllowBogusHELO=False"))
    return held(faults, [Evidence(where, "needmailhelo; AllowBogusHELO=%s" % (value if value is not None else "not set (False)"), "")])


def _wire_helo(result):
    return _answers(result, [("MAIL without EHLO", _refuses, "503"), ("EHLO without name", _refuses, "501")])


def _wire_backdoors(result):
    return _answers(result, [("DEBUG", _refuses, "5xx"), ("WIZ", _refuses, "5xx")])


# ---- SM-SMTP-06: smuggling

def _smuggling(view):
    """Nobody in general is let off the strict reading of line ends and ends of messages."""
    found, faults, seen = cfview.whole(view), [], []
    for name, left, right in cfview.rules(found, "Local_srv_features", "srv_features"):
        letters = _letters(re.sub(r"^\$#\s*", "", right)) if right.startswith("$#") else []
        if letters and not re.search(r"[A-Za-z0-9]", re.sub(r"\$[-*+@=~{&|][A-Za-z{}_]*", "", left)):
            faults.append(Evidence(cfview.ruleset_at(view, name), "R%s %s: for every client" % (left, right), "a rule for one client"))
        elif letters:
            seen.append(Evidence(cfview.ruleset_at(view, name), "R%s %s" % (left, right), ""))
    for entry in cfview.access(view)[1]:
        tag, rest = tables_access.split_key(entry.key)
        if (tag or "").lower() == "srv_features" and _letters(entry.value):
            if rest:
                seen.append(Evidence(entry.where, "%s %s" % (entry.key, entry.value), ""))
            else:
                faults.append(Evidence(entry.where, "Srv_Features: %s: for every client" % entry.value, "the address of the one client that needs it"))
    return held(faults, seen or [Evidence(view.compiled(), "Srv_Features without F, G, O, U", "")])


def _letters(text):
    """Return the features of a list that loosen the reading of line ends: the capitals. sendmail divides at blanks and commas, and reads first letters."""
    return [word for word in re.split(r"[\s,]+", text.strip("\"' ")) if word[:1] in tuple(language_words.SMUGGLING)]


def _wire_smuggling(result):
    rows = result.get("smuggling") or []
    smuggled = [Evidence(_at(result, "DATA"), "%s: %s (%s)" % (row.get("form"), row.get("answer"), row.get("verdict")), "refused, or one message")
                for row in rows if row.get("verdict") == "two messages" or row.get("honoured")]
    open_ = [row.get("form") for row in rows if row.get("verdict") not in ("refused", "one message", "two messages")]
    # What the probe could not judge is no row of its own; beside others that are, it must not count as refused.
    open_ += ["%s (%s)" % (row.get("test"), row.get("why")) for row in result.get("unknown") or [] if str(row.get("test")).partition(":")[0] == "smuggling"]
    if not smuggled and (open_ or not rows):
        return unknown("not tried to the end: %s" % ", ".join(str(one) for one in open_) if open_ else "smuggling was not tried", _at(result))
    return held(smuggled, [Evidence(_at(result, "DATA"), "%d forms, no second message; %s: %s" % (len(rows), rows[0].get("form"), rows[0].get("answer")), "")]
                if rows else [])


# ---- SM-SMTP-07: early talkers

def _early(view):
    """Who talks before the greeting, or sends header lines for commands, is dropped."""
    if cfview.is_null_client(view):
        return not_applicable("a null client takes mail from itself alone")
    found, faults, seen, least = cfview.whole(view), [], [], cfview.limit(view, "greet_pause", PAUSE)
    where = cfview.ruleset_at(view, "greet_pause")
    pauses = [int(match) for _name, _left, right in cfview.rules(found, "greet_pause") for match in re.findall(r"^\$#\s*(\d+)", right)]
    if not pauses or max(pauses) < least:
        told = "%d ms" % max(pauses) if pauses else "has no value for everybody" if "greet_pause" in found.rulesets else "is not there"
        faults.append(Evidence(where, "greet_pause %s" % told, "%d ms or more" % least))
    else:
        seen.append(Evidence(where, "greet_pause %d ms" % max(pauses), ""))
    release = cfview.release(view)
    if release >= CHECK_OTHER and "check_other" not in found.rulesets:
        faults.append(Evidence(view.compiled(), "no ruleset check_other", "FEATURE(check_other)"))
    elif "check_other" in found.rulesets:
        seen.append(Evidence(cfview.ruleset_at(view, "check_other"), "check_other", ""))
    return held(faults, seen)


def _wire_early(result):
    if result.get("implicit_tls"):
        return not_applicable("TLS comes before the greeting here, so nobody can talk into it")
    told = result.get("early_talk") or {}
    if told.get("verdict") not in ("refused", "let through"):
        return unknown("talking before the greeting was not tried", _at(result))
    seen = Evidence(_at(result, "before the greeting"), told.get("answer") or told.get("why") or told["verdict"], "")
    return held([] if told["verdict"] == "refused" else [seen._replace(wanted="4xx or 5xx")], [seen])


# ---- SM-SMTP-08, 09, 10

def _bounces(view):
    """Forged local senders are marked, and bounces carry no bodies."""
    return _flags(view, ("authwarnings", "nobodyreturn"), " Success DSNs: %s.")


def _flags(view, wanted, more=""):
    flags, where = cfview.privacy(view)
    faults = [Evidence(where, "PrivacyOptions lacks %s" % flag, flag) for flag in wanted if flag not in flags]
    told = more % ("none (noreceipts)" if "noreceipts" in flags else "sent (no noreceipts)") if more else ""
    return held(faults, [Evidence(where, "PrivacyOptions has %s.%s" % (", ".join(wanted), told), "")])


def _queue(view):
    """Only root looks at the queue, runs it and expands addresses."""
    return _flags(view, ("restrictmailq", "restrictqrun", "restrictexpand"))


def _headers(view):
    """Headers have a limit."""
    faults, seen = [], []
    value, where = cfview.option(view, "MaxHeadersLength")
    length = HEADERS if value is None else cfview.number(value)
    if not length or not 0 < length <= HEADERS_AT_MOST:
        faults.append(Evidence(where, "MaxHeadersLength=%s" % value, "MaxHeadersLength=%d" % HEADERS))
    else:
        seen.append(Evidence(where, "MaxHeadersLength=%s" % (value if value is not None else "not set (%d)" % HEADERS), ""))
    value, where = cfview.option(view, "MaxMimeHeaderLength")
    if (cfview.number(value) or 0) <= 0:
        faults.append(Evidence(where, "MaxMimeHeaderLength=%s" % (value if value is not None else "not set (no limit)"), "MaxMimeHeaderLength=256/128"))
    else:
        seen.append(Evidence(where, "MaxMimeHeaderLength=%s" % value, ""))
    return held(faults, seen)


def _wire_headers(result):
    told = (result.get("limits") or {}).get("headers") or {}
    if told.get("verdict") not in ("accepted", "refused"):
        return unknown("long headers were not tried", _at(result))
    seen = Evidence(_at(result, "DATA"), "%s bytes of headers: %s" % (told.get("bytes"), told.get("answer") or told["verdict"]), "")
    return held([] if told["verdict"] == "refused" else [seen._replace(wanted="5xx")], [seen])


OP = Reference("sendmail", "operations guide, options")
README = Reference("sendmail", "cf/README")
PRIVACY = "sendmail_privacy_options holds the flags (its default has them all); by hand define confPRIVACY_FLAGS in the .mc, compile and restart."

CONTROLS = (
    Control(
        id="SM-SMTP-01", title="Greeting and Received lines name the host and nothing else", severity="low", profiles=EVERYWHERE, check=_greeting,
        wire=_wire_greeting, reason="Product and version tell an attacker which faults to try.",
        remedy="The role config says confSMTP_LOGIN_MSG `$j' and a confRECEIVED_HEADER without version. By hand: the same two, compile and restart.",
        references=(Reference("STIG", "GEN004560 V-4384"), Reference("STIG", "AIX7-00-003114 V-215412"))),
    Control(
        id="SM-SMTP-02", title="HELP tells neither product nor version", severity="low", profiles=EVERYWHERE, check=_help, wire=_wire_help,
        reason="The stock help file prints the version, and without any help file sendmail prints it itself.",
        remedy="The role config installs a neutral file. By hand: let HELP_FILE name a regular file of root's, 0444, that may be empty; not /dev/null.",
        references=(Reference("STIG", "GEN004540 V-12006"), Reference("STIG", "AIX7-00-003122 V-215417"))),
    Control(
        id="SM-SMTP-03", title="VRFY, EXPN, VERB and ETRN are refused", severity="medium", profiles=EVERYWHERE, check=_commands, wire=_wire_commands,
        reason="VRFY and EXPN tell who has a mailbox, ETRN lets strangers start runs of the queue. goaway does not hold noetrn.", remedy=PRIVACY,
        references=(Reference("STIG", "GEN004660 V-4692"), Reference("STIG", "GEN004680 V-4693"), Reference("STIG", "AIX V-215415"))),
    Control(
        id="SM-SMTP-04", title="MAIL comes after HELO, and HELO carries a name", severity="low", profiles=EVERYWHERE, check=_helo, wire=_wire_helo,
        reason="Later checks and the Received line go by what a client says of itself.",
        remedy=PRIVACY + " AllowBogusHELO (confALLOW_BOGUS_HELO) stays False.", references=(OP,)),
    Control(
        id="SM-SMTP-05", title="DEBUG and WIZ do not exist", severity="critical", profiles=EVERYWHERE, wire=_wire_backdoors,
        reason="Both gave strangers root on hosts of the eighties, and a sendmail that answers them is one of these, or was tampered with.",
        remedy="Install the sendmail of the distribution, or build a current one (sendmail_install_method).",
        references=(Reference("STIG", "GEN004700 V-4694"), Reference("STIG", "GEN004620 V-4690"),
                    Reference("STIG", "AIX7-00-003116 V-215414"), Reference("CVE", "CVE-1999-0145"))),
    Control(
        id="SM-SMTP-06", title="Nobody smuggles a second message behind the end of the first", severity="high", profiles=SERVERS, check=_smuggling,
        wire=_wire_smuggling, reason="A line end that one server takes for the end of a message, and the next does not, carries forged mail past all checks.",
        remedy="Install a sendmail with the fix (8.18, or the distribution's). Let features F, G, O, U of Srv_Features: name the one client that needs them: "
               "sendmail_access, or the access map by hand.",
        references=(Reference("CVE", "CVE-2023-51765"),)),
    Control(
        # A hub is talked to by its gateway and its own hosts, which would wait for nothing: its profile has no pause.
        id="SM-SMTP-07", title="Who talks before the greeting, or sends headers for commands, is dropped", severity="low",
        profiles=profiles(nullclient="no", hub="no"), check=_early, wire=_wire_early,
        reason="Mail servers wait for the greeting; programs that send spam, and web clients led here, do not.",
        remedy="sendmail_limits.greet_pause (milliseconds); by hand FEATURE(`greet_pause', `5000') and, from 8.17 on, FEATURE(`check_other').",
        references=(README,)),
    Control(
        id="SM-SMTP-08", title="Forged local senders are marked, and bounces carry no bodies", severity="low", profiles=EVERYWHERE, check=_bounces,
        reason="A mark shows a sender that a local user made up; a body in a bounce to a forged sender is spam delivered.", remedy=PRIVACY, references=(OP,)),
    Control(
        id="SM-SMTP-09", title="Only root looks at the queue, runs it and expands addresses", severity="low", profiles=EVERYWHERE, check=_queue,
        reason="The queue shows who writes to whom, and a run of it by anybody costs time or goes around what the daemon would do.", remedy=PRIVACY,
        references=(OP,)),
    Control(
        id="SM-SMTP-10", title="Headers have a limit", severity="low", profiles=SERVERS, check=_headers, wire=_wire_headers,
        reason="Headers without limit overload what reads them next: filters and mail programs.",
        remedy="sendmail_limits.header_bytes and mime_header_bytes; by hand confMAX_HEADERS_LENGTH `32768' and confMAX_MIME_HEADER_LENGTH `256/128'.",
        references=(OP,)),
)
