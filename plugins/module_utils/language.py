# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The door to the table of sendmail's configuration language: what may stand in an .mc file, in which order, since when, and of which type.

The rows are in ``language_features`` (FEATURE, MAILER, HACK), ``language_defines`` (define), ``language_statements``, ``language_rulesets``, ``language_maps``,
``language_access`` and ``language_words``; here are the types of values and the checks. From the same rows come docs/reference/ and the checks of any .mc text.
Everything is true of the cf libraries 8.17.1 and 8.18.1; ``since`` names the first release where that is above the floor of 8.11.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import difflib
import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    language_defines,
    language_features,
    language_maps,
    language_statements,
    language_words,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

STATEMENTS, PARTS = language_statements.STATEMENTS, language_statements.PARTS
ARGUMENTS, SECTIONS = language_statements.ARGUMENTS, language_statements.SECTIONS
Feature, FEATURES, BRINGS_MAILERS = language_features.Feature, language_features.FEATURES, language_features.BRINGS_MAILERS
MAILERS, BUILT_IN_MAILERS, HACKS = language_features.MAILERS, language_features.BUILT_IN_MAILERS, language_features.HACKS
VENDOR_DEFINES, spelt = language_features.VENDOR_DEFINES, language_features.spelt
Define, DEFINES, REMOVED = language_defines.Define, language_defines.DEFINES, language_defines.REMOVED
VARIABLES, INTERNAL = language_defines.VARIABLES, language_defines.INTERNAL
PRIVACY, BLAME, TOLERABLE_BLAME = tuple(language_words.PRIVACY), language_words.BLAME, language_words.TOLERABLE_BLAME

# -- Types of values: the shape, and how it is said to a human. Shapes are matched whole.

LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
NAME = LABEL + r"(?:\." + LABEL + ")*"
WORD = r"[A-Za-z0-9_][A-Za-z0-9_.+-]*"
PATH = r"/[A-Za-z0-9_./@%+=:~-]*"
HOST = r"(?:" + NAME + r"|\[" + NAME + r"\]|\[IPv6:[0-9A-Fa-f:.]+\])"
INTERVAL = r"[0-9]+(?:[smhdw][0-9]+)*[smhdw]?"
# All but program, which runs one as root for addresses that strangers send, and those for tests of sendmail itself.
MAP_CLASS = "|".join(sorted(name for name, one in language_maps.MAP_CLASSES.items() if not one.forbidden and not one.internal)
                     + sorted(language_maps.MAP_CLASS_ALIASES) + ["null", "stab"])


def _of(letters):
    """Return the shape of a list of letters, and how it is said: sendmail drops what follows a letter without a comma or blank between."""
    one = "[%s]" % re.escape("".join(letters))
    return one + "(?:[ ,]+" + one + ")*", "letters of %s, with commas between" % " ".join(letters)


TYPES = {
    "boolean": (r"(?i:t|true|f|false|y|yes|n|no)", "True or False"),
    "integer": (r"-?[0-9]{1,10}", "a whole number, digits only"),
    "size": (r"[0-9]{1,15}", "a number of bytes in digits only (sendmail reads 25M as 25)"),
    "interval": (INTERVAL, "an interval such as 30s, 5m, 1h30m or 5d"),
    "lifetime": (INTERVAL + "|now", "an interval such as 4h or 5d, or now"),
    "by": ("-?" + INTERVAL, "an interval such as 30m, or -1"),
    "mode": (r"0?[0-7]{3}", "an octal mode such as 0600"),
    "pair": (r"[0-9]+(?:/[0-9]+)?", "one or two numbers such as 256/128"),
    "word": (WORD, "one word of letters, digits and _ . + -"),
    "host": (HOST, "a host name such as mail.example.com, or an address in brackets such as [192.0.2.1] or [IPv6:2001:db8::1]"),
    "relay": (r"(?:[a-z][a-z0-9-]*:)?" + HOST + "(?::" + HOST + ")*", "a host, an address in brackets, or mailer:host such as relay:[mail.example.com]"),
    "domain": (r"\.?" + NAME, "a domain name such as example.com, or .example.com for what lies below"),
    "address": (r"[0-9A-Fa-f:.]+", "an IP address such as 192.0.2.1 or 2001:db8::1, without brackets"),
    "user": (r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?(?::[A-Za-z0-9_][A-Za-z0-9_.-]*)?", "a user, or user:group"),
    "mailbox": (r"[A-Za-z0-9_.+=-]+(?:@" + NAME + ")?", "a mailbox such as postmaster or postmaster@example.com"),
    "path": (PATH, "an absolute path of letters, digits and _ . / @ % + = : ~ -"),
    "program": (r"\[IPC\]|" + PATH, "the absolute path of a program, or [IPC] for a connection"),
    "paths": (PATH + "(?:," + PATH + ")?", "an absolute path, or two with a comma between"),
    "socket": (r"(?:(?:local|unix):" + PATH + r"|inet6?:[0-9]+@(?:" + NAME + r"|\[[0-9A-Fa-f:.]+\]))",
               "a socket such as local:/run/x.sock or inet:8891@127.0.0.1"),
    "class_file": (r"(?:-o )?" + PATH + r"(?: %\S+)?", "an absolute path, with -o before it if the file may be missing"),
    "map": (r"(?:" + MAP_CLASS + r")(?: [^\s|]\S*)*", "a map class, its flags and its path, such as hash -T<TMPF> /etc/mail/access"),
    "flags": (r"[+-]?[A-Za-z0-9:|/@%<>!?^.~#&*-]*", "mailer flags such as -:|/"),
    "auth_options": _of(language_words.AUTH_OPTIONS),
    "tls_options": _of(language_words.TLS_SRV_OPTIONS),
    "dh": ("|".join([word for word in language_words.DH_PARAMETERS if word[0] != "/"] + [PATH]), "2, i, none or the absolute path of a file (%s)" % ", ".join(
        "%s: %s" % pair for pair in sorted(language_words.BROKEN_DH.items()))),
    "milter_failure": ("[%s]" % "".join(language_words.MILTER_FAILURES), "one of " + ", ".join(
        "%s (%s)" % pair for pair in language_words.MILTER_FAILURES.items())),
    "milter_timeouts": ("[{0}]:{1}(?:; *[{0}]:{1})*".format("".join(language_words.MILTER_TIMEOUTS), INTERVAL),
                        "a letter of %s and an interval, with semicolons between, such as S:10s;R:60s" % " ".join(language_words.MILTER_TIMEOUTS)),
    "service": (r"[0-9]{1,5}|[a-z][a-z0-9-]*", "a port number or the name of a service"),
}

NUMBERS = ("boolean", "integer", "size", "interval", "lifetime", "by", "mode", "pair")
# What is free text to sendmail; m4.py knows which characters survive in each.
FREE = ("any", "text", "list", "macros", "lookup", "greeting", "header")

ENUMS = {
    "eight_bit": ("mimify", "mime", "pass8", "pass", "strict", "m", "p", "s"),
    "delivery": ("background", "interactive", "queueonly", "queue", "deferred", "defer", "b", "i", "q", "d"),
    "error_mode": ("print", "quiet", "mail", "write", "p", "q", "m", "w", "e"),
    "super_safe": ("True", "False", "PostMilter", "Interactive", "t", "f", "m", "i", "y", "n", "yes", "no"),
    "sort_order": ("priority", "host", "time", "filename", "modification", "none", "random", "p", "h", "t", "f", "m", "n", "r"),
    "no_recipient": ("none", "add-to", "add-apparently-to", "add-to-undisclosed", "add-bcc"),
    "dane": ("true", "false", "always"),
    "probe": ("True", "False", "loopback"),
}
WORD_LISTS = {"privacy": PRIVACY, "blame": BLAME, "ssl_options": language_words.SSL_OPTIONS}

# -- What must be compiled in.


def lacking(needed, compiled):
    """Return the first compile flag of those needed that a binary does not have, or None.

    :param needed: names such as ``STARTTLS`` or ``_FFR_MTA_STS``.
    :param compiled: what ``sendmail -d0.13`` tells, such as ``NEWDB=5.3`` and ``SASLv2``; empty or None when it is not known, and then nothing lacks.
    """
    if not compiled:
        return None
    have = set(flag.partition("=")[0] for flag in compiled)
    have.update("SASL" for flag in list(have) if flag.startswith("SASL"))
    return next((flag for flag in needed if flag not in have), None)


def map_flags(spec):
    """Return the compile flags that a map such as ``ldap -k (uid=%0)`` needs, and its class."""
    name = (spec.split() or [""])[0]
    name = language_maps.MAP_CLASS_ALIASES.get(name, "ldap" if name == "LDAP" else name)
    found = language_maps.MAP_CLASSES.get(name)
    return ((found.flag,) if found and found.flag else ()), name


# -- DAEMON_OPTIONS and CLIENT_OPTIONS: sendmail looks at a key's first letter only and takes any spelling in silence.

DAEMON_KEYS = {"Name": "word", "Port": "service", "Addr": "any", "Family": "any", "InputMailFilters": "any", "Listen": "integer", "Modifiers": "any",
               "SndBufSize": "size", "RcvBufSize": "size", "children": "integer", "DeliveryMode": "delivery", "refuseLA": "integer", "delayLA": "integer",
               "queueLA": "integer"}
CLIENT_KEYS = {"Port": "service", "Addr": "any", "Family": "any", "SndBufSize": "size", "RcvBufSize": "size", "Modifiers": "any"}
KEY_SPELLINGS = {"Address": "Addr", "Modifier": "Modifiers", "SendBufferSize": "SndBufSize", "ReceiveBufferSize": "RcvBufSize", "SendSize": "SndBufSize",
                 "ReceiveSize": "RcvBufSize", "InputMailFilter": "InputMailFilters"}
DAEMON_MODIFIERS = {
    "a": "every client must authenticate", "b": "send from the interface that took the mail", "c": "canonify host names",
    "f": "refuse unqualified addresses", "s": "TLS from the first byte", "u": "accept unqualified addresses", "A": "no AUTH", "C": "never canonify host names",
    "E": "no ETRN", "O": "go on where the socket can not be opened", "S": "no STARTTLS"}
CLIENT_MODIFIERS = {"h": "the interface's name in HELO", "A": "no AUTH", "S": "no STARTTLS"}
OPPOSITES = ("aA", "cC", "fu", "sS")
FAMILIES = ("inet", "inet6", "local", "unix")


def nearest(word, words):
    """Return `` Did you mean X?`` for a misspelt word, or an empty string."""
    close = difflib.get_close_matches(word, sorted(words), 1, 0.75)
    return " Did you mean %s?" % close[0] if close else ""


def expected(kind, value):
    """Hold a value against a type.

    :param str kind: a name of ``TYPES``, ``ENUMS``, ``WORD_LISTS`` or ``FREE``.
    :returns: None when it fits, else what was expected, in words.
    """
    if kind in FREE:
        return None
    if kind in ENUMS:
        fits = value.lower() in [word.lower() for word in ENUMS[kind]]
        return None if fits else "one of " + ", ".join(word for word in ENUMS[kind] if len(word) > 1)
    if kind in WORD_LISTS:
        words = re.split(r"[\s,]+", value.strip())
        if kind == "ssl_options":
            # Each may have a sign, and may be the number of its bits.
            words = [re.sub(r"^[+-]?(?:0x[0-9A-Fa-f]+|[0-9]+)$|^[+-]", "", word) for word in words]
        return _unknown_words(WORD_LISTS[kind], words)
    shape, words = TYPES[kind]
    if not re.fullmatch(shape, value) or not _sound(kind, value):
        return words
    return None


def _unknown_words(known, words):
    spelt = dict((word.lower(), word) for word in known)
    wrong = [word for word in words if word and word.lower() not in spelt]
    if not wrong:
        return None
    close = difflib.get_close_matches(wrong[0].lower(), sorted(spelt), 1, 0.75)
    return "words that sendmail knows (not %s)%s" % (", ".join(wrong), " Did you mean %s?" % spelt[close[0]] if close else "")


def _sound(kind, value):
    """Say what a pattern can not: an address must be one, a path must not climb, and a bare address is no host name."""
    if kind in ("path", "paths", "class_file") and ".." in value.split("/"):
        return False
    if kind in ("host", "relay", "domain", "mailbox"):
        bracketed = re.findall(r"\[(?:IPv6:)?([^\]]*)\]", value)
        bare = re.sub(r"\[[^\]]*\]", "", value)
        return all(_is_address(text) for text in bracketed if re.search(r":|^[0-9.]+$", text)) and not re.search(r"(?:^|[.:@])[0-9]+(?=$|:)", bare) \
            and len(bare) <= 253
    return kind != "address" or _is_address(value)


def _is_address(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def check_define(name, value):
    """Hold the value of a define() against the type of its name, since sendmail takes bad integers and booleans in silence.

    :param str name: such as ``confMAX_HOP`` or ``SMART_HOST``; the cf library's internal ``_NAMES_`` pass.
    :param value: text, number or truth value.
    :raises InvalidValue: unknown or removed name, or a value of another type.
    """
    text = str(value)
    if name in REMOVED:
        raise InvalidValue("%s is no longer valid; use %s." % (name, REMOVED[name]), define=name)
    kind = DEFINES[name].type if name in DEFINES else VARIABLES.get(name)
    if kind is None and name.startswith("_"):
        return
    if kind is None:
        raise InvalidValue("%s is no name that sendmail knows, so its value would be dropped without a word.%s" % (
            name, nearest(name, list(DEFINES) + list(VARIABLES))), define=name)
    # An empty name, path or text unsets the option; an empty number or switch means something else to each option.
    wanted = expected(kind, text) if text or kind in NUMBERS or kind in ENUMS else None
    if wanted:
        raise InvalidValue("%s is '%s'; expected %s." % (name, text[:80], wanted), define=name, expected=wanted)


def check_line_option(name, value):
    """Hold the value of an ``O`` line against the type of its option: that of its define(), or of an option that has none.

    :param str name: as the .cf knows it, such as ``MaxHopCount`` or ``Timeout.command``; sendmail takes capitals for small letters.
    :returns: the define() that would say the same, or None.
    :raises InvalidValue: no such option, or a value of another type.
    """
    option, define = language_defines.line_option(name)
    if option is None:
        raise InvalidValue("sendmail knows no option %s.%s" % (name, nearest(name, language_defines.option_names())), option=name)
    if define:
        # Without a value a switch is on.
        if value or DEFINES[define].type != "boolean":
            check_define(define, value)
        return define
    kind = language_defines.LINE_OPTIONS[option][0] if option in language_defines.LINE_OPTIONS else "any"
    wanted = expected(kind, value) if value else None
    if wanted:
        raise InvalidValue("%s is '%s'; expected %s." % (option, value[:80], wanted), option=name, expected=wanted)
    if option in ("DaemonPortOptions", "ClientPortOptions"):
        check_daemon_options(value, client=option == "ClientPortOptions")
    return None


def option_of(define):
    """Return the .cf name of a define, or None."""
    return DEFINES[define].option if define in DEFINES else None


def check_daemon_options(text, client=False):
    """Hold the argument of DAEMON_OPTIONS (or CLIENT_OPTIONS) against its keys and modifiers.

    :param str text: such as ``Name=MTA, Port=25, Addr=192.0.2.1, M=fE``.
    :returns: dict of canonical key -> value.
    :raises InvalidValue: an unknown key, a value of the wrong type, modifiers that contradict each other or would reject the world.
    """
    keys, macro = (CLIENT_KEYS, "CLIENT_OPTIONS") if client else (DAEMON_KEYS, "DAEMON_OPTIONS")
    found = {}
    for part in text.split(","):
        key, equals, value = (piece.strip() for piece in part.partition("="))
        name = _key(key, keys)
        if not equals or name is None:
            raise InvalidValue("%s: '%s' is no key=value that sendmail knows.%s Keys are %s." % (
                macro, part.strip(), nearest(key, keys), ", ".join(sorted(keys))), key=key)
        if name in found:
            raise InvalidValue("%s: %s is given twice (sendmail takes only the first letter of a key). Keep one." % (macro, name), key=key)
        wanted = expected(keys[name], value)
        if wanted:
            raise InvalidValue("%s: %s is '%s'; expected %s." % (macro, key, value, wanted), key=key, expected=wanted)
        found[name] = value
    _check_family(macro, found)
    _check_modifiers(macro, found, CLIENT_MODIFIERS if client else DAEMON_MODIFIERS, client)
    return found


def _key(key, keys):
    if key in KEY_SPELLINGS:
        return KEY_SPELLINGS[key]
    whole = [name for name in keys if name.lower() == key.lower() and name[0] == key[:1]]
    short = [name for name in keys if len(key) == 1 and name[0] == key]
    return (whole or short or [None])[0]


def check_equates(text, statement, equates):
    """Hold the equates of QUEUE_GROUP or of a milter against their table.

    :param str text: such as ``P=/var/spool/mqueue/slow, F=f`` or ``S=local:/run/x.sock, F=T, T=S:10s;R:60s``.
    :param str statement: for messages.
    :param dict equates: ``QUEUE_EQUATES`` or ``MILTER_EQUATES``.
    :returns: dict of letter -> value.
    :raises InvalidValue: an unknown equate, one that stands twice, or a value of another type.
    """
    found = {}
    for part in [part for part in text.split(",") if part.strip()]:
        key, equals, value = (piece.strip() for piece in part.partition("="))
        if not equals or key[:1] not in equates:
            raise InvalidValue("%s: '%s' is no equate that sendmail knows. Known are %s." % (
                statement, part.strip(), ", ".join("%s= (%s)" % (letter, one.name) for letter, one in equates.items())), key=key)
        if key[0] in found:
            raise InvalidValue("%s: %s= is given twice (sendmail takes only the first letter of a name). Keep one." % (statement, key[0]), key=key)
        # An empty F= of a milter is meant: mail passes while it is down.
        wanted = expected(equates[key[0]].type, value) if value else None
        if wanted or not value and key[0] != "F":
            raise InvalidValue("%s: %s is '%s'; expected %s." % (statement, key, value, wanted or "a value"), key=key, expected=wanted)
        found[key[0]] = value
    return found


def unknown_flags(flags):
    """Return the letters of mailer flags such as ``+S`` that sendmail does not know; it takes them in silence."""
    return "".join(letter for letter in flags.lstrip("+-") if letter not in language_words.MAILER_FLAGS)


def _check_family(macro, found):
    family, address = found.get("Family", "inet"), found.get("Addr", "")
    if family not in FAMILIES:
        raise InvalidValue("%s: Family is '%s'; expected one of %s." % (macro, family, ", ".join(FAMILIES)), key="Family")
    if address and family in ("inet", "inet6"):
        if _is_address(address) and (":" in address) != (family == "inet6"):
            raise InvalidValue("%s: address %s does not belong to Family=%s. Write Family=%s." % (
                macro, address, family, "inet6" if ":" in address else "inet"), key="Addr")
        if expected("address", address) and expected("host", address):
            raise InvalidValue("%s: address '%s' is none; expected %s." % (macro, address, TYPES["address"][1]), key="Addr")


def _check_modifiers(macro, found, known, client):
    letters = found.get("Modifiers", "")
    wrong = [letter for letter in letters if letter not in known]
    if wrong:
        raise InvalidValue("%s: modifier '%s' is unknown; known are %s." % (
            macro, wrong[0], "; ".join("%s %s" % pair for pair in sorted(known.items()))), key="Modifiers")
    for pair in OPPOSITES:
        if set(pair) <= set(letters):
            raise InvalidValue("%s: modifiers %s and %s contradict each other (%s; %s). Keep one." % (
                macro, pair[0], pair[1], known[pair[0]], known[pair[1]]), key="Modifiers")
    if not client and "a" in letters and found.get("Port", "25") in ("25", "smtp"):
        raise InvalidValue("%s: modifier a on port 25 refuses every mail server of the world, for none of them can authenticate here. "
                           "Use it on port 587 or 465 only." % macro, key="Modifiers")
