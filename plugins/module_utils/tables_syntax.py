# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Words that all map files share: what a domain, an address, a mailer triple look like, and how a finding is written down."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import ipaddress
import re

# makemap reads into a buffer of 1024 bytes: a longer line is refused and its tail would be read as a line of its own.
LINE_LIMIT = 1022

Pair = collections.namedtuple("Pair", "line key value comment origin")
Pair.__new__.__defaults__ = ("", "")
Pair.__doc__ = """One entry: its line in a file (or its place in a list, from 1), key, right-hand side, the remark that is kept above it, and whose it is
where several may have a say."""

Finding = collections.namedtuple("Finding", "severity line key reason")
Finding.__doc__ = "What is wrong with one entry; severity is 'error' or 'warning'."

_LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = re.compile(r"%s(?:\.%s)*\Z" % (_LABEL, _LABEL))
_LOCAL_PART = re.compile(r"[A-Za-z0-9!#$&'*+/=?^_`{|}~%.-]+\Z|\"[^\"\\\x00-\x1f\x7f]+\"\Z")
_ENHANCED = r"([245])\.\d{1,3}\.\d{1,3}"
_REPLY = re.compile(r"(?:%s:)?(\"?)(\d{3})\s+(.+?)(\"?)\Z" % _ENHANCED)
# The names that sendmail's error mailer knows instead of D.S.N.
ERROR_NAMES = ("nouser", "nohost", "usage", "unavailable", "tempfail", "protocol", "config")
# Outside quotes sendmail reads an error text as an address: what these characters enclose is lost, or the entry fails.
_UNSAFE_UNQUOTED = re.compile(r"[()<>\\\"]")
_BAD_CHARACTER = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")


def error(pair, reason):
    """A finding that refuses the map."""
    return Finding("error", pair.line, pair.key, reason)


def warning(pair, reason):
    """A finding that is only told."""
    return Finding("warning", pair.line, pair.key, reason)


def is_domain(text):
    """Whether a text is a host or domain name (no trailing dot, underscore allowed as sendmail does)."""
    return len(text) <= 253 and bool(_DOMAIN.match(text))


def is_local_part(text):
    """Whether a text may stand before the ``@``."""
    return len(text) <= 64 and bool(_LOCAL_PART.match(text))


def is_address(text):
    """Whether a text is ``local@domain``, with a domain name or an address literal."""
    local, at, domain = text.rpartition("@")
    return bool(at) and is_local_part(local) and (is_domain(domain) or is_literal(domain))


def is_literal(text):
    """Whether a text is ``[192.0.2.1]`` or ``[IPv6:...]``."""
    if text[:1] != "[" or text[-1:] != "]":
        return False
    inside = text[1:-1]
    if inside[:5].lower() == "ipv6:":
        return bool(re.match(r"[0-9A-Fa-f:.]+\Z", inside[5:])) and _is_ip(inside[5:])
    return bool(re.match(r"\d{1,3}(?:\.\d{1,3}){3}\Z", inside)) and _is_ip(inside)


def _is_ip(text):
    try:
        return bool(ipaddress.ip_address(text))
    except ValueError:
        return False


def bad_character(text):
    """Name the first control character of a text (a tab counts as a blank, not as one), or return None."""
    found = _BAD_CHARACTER.search(text)
    return "\\x%02x" % ord(found.group()) if found else None


def reply_problem(text):
    """Say what is wrong with ``[D.S.N:]code text`` as an SMTP answer, or return None.

    :param str text: what follows ``ERROR:`` or ``error:``, such as ``5.7.1:"550 Go away"``.
    """
    found = _REPLY.match(text)
    if not found:
        return "'%s' is no answer that an SMTP server can give; expected D.S.N:code text, such as 5.7.1:\"550 Not accepted\"" % text
    enhanced, opening, code, words, closing = found.groups()
    if code[0] not in "45":
        return "the reply code %s does not refuse anything; expected 4xx (try again later) or 5xx (refused)" % code
    if enhanced and enhanced != code[0]:
        return "the code %s and the status %s.x.x contradict each other; expected both to begin with the same digit" % (code, enhanced)
    if opening != closing or '"' in words:
        return 'the quotes do not balance; expected them around code and text, such as "550 Not accepted"'
    if "%" in words:
        return "the text holds a percent sign, which sendmail reads as a print format: it garbles the answer or ends the process. Write it in words"
    lost = None if opening else _UNSAFE_UNQUOTED.search(words)
    return "outside quotes sendmail reads the text as an address and '%s' is lost; put code and text in double quotes" % lost.group() if lost else None
