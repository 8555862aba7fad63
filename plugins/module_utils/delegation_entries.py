# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What delegated administrators may put into a map, and how it is joined with what the playbook declares. Pure.

The source of a delegated map has two parts: the playbook's, then a boundary, then the delegates' as root wrote it down. So whoever changes one part
reads the other from the live source, and neither a playbook nor a delegate can undo the other's work.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_access, tables_aliases, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError

MAPS = ("access", "mailertable", "virtusertable", "genericstable", "domaintable", "aliases")
# Some thirty thousand entries: far more than people edit by hand, and checked and built within a second or two.
SIZE_LIMIT = 1 << 20
BOUNDARY = "# ---- Below: entries of the delegated administrators, checked and written by root. Theirs to change, see docs/delegation.md. ----\n"

TAKEN = "the playbook has this key, and its entries are not the delegates' to change"

Verdict = collections.namedtuple("Verdict", "kept refused")
Verdict.__doc__ = "Judgement of delegated pairs: those that may stand, and :class:`Refusal` of the others."
Refusal = collections.namedtuple("Refusal", "line key reason")
Refusal.__doc__ = "One entry that may not stand; line 0 is the file as a whole."

# What takes or refuses mail. The other tags decide on encryption, certificates, passwords, queues and copies: not a matter of single entries.
_ACCESS_TAGS = ("connect", "from", "to", "spam", "greetpause", "clientrate", "clientconn")
_MAILERS = ("smtp", "esmtp", "smtp8", "dsmtp", "relay", "error", "discard")
# Whatever sendmail could take for a program, file or list, however quoted, escaped or routed (|x, "/x"@here, here!|x), has a character besides these.
_TARGET = re.compile(r"\\?[A-Za-z0-9_](?:[A-Za-z0-9._+=-]*[A-Za-z0-9_+=-])?(?:@(?P<domain>.+))?\Z")


def split(text):
    """Return the playbook's and the delegates' part of a map's source; without a boundary all of it is the playbook's."""
    place = text.rfind(BOUNDARY)
    if place > 0 and text[place - 1] != "\n":
        place = -1
    return (text, "") if place < 0 else (text[:place], text[place + len(BOUNDARY):])


def join(base, own):
    """Return a map's source from its two parts."""
    return base + ("\n" if base and not base.endswith("\n") else "") + BOUNDARY + own


def written(kind, pairs):
    """Return the delegates' part as root writes it: entries only, none of the bytes around them."""
    return tables.pairs_text(kind, [tables.Pair(pair.line, pair.key, pair.value) for pair in pairs])


def read(kind, data):
    """Return the pairs of a delegate's file.

    :param bytes data: the file as it is.
    :raises MapError: it is too long, not text, or a line of it is no entry.
    """
    if len(data) > SIZE_LIMIT:
        raise MapError("the file has more than %d bytes, which is the limit" % SIZE_LIMIT, map=kind)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise MapError("line %d: the byte \\x%02x is no UTF-8 text" % (line, bytearray(data)[exc.start]), map=kind, line=line)
    if "\r" in text:
        line = text.count("\n", 0, text.index("\r")) + 1
        raise MapError("line %d: it ends as Windows ends lines (CR LF); save the file with Unix line ends" % line, map=kind, line=line)
    return tables.parse(kind, text)


def judge(kind, base, own, context, policy=None, taken=TAKEN):
    """Hold delegated pairs against the playbook's pairs, the checks of the map and the rights of delegates.

    :param list base: the playbook's pairs.
    :param list own: the delegates' pairs.
    :param context: :class:`tables.Context`.
    :param dict policy: rights of the delegates (``relay``: whether they may grant relaying); None judges what holds for every entry only.
    :param str taken: the reason against a key that the playbook has.
    :returns: :class:`Verdict`.
    """
    owned = {pair.key.lower() for pair in base}
    kept, refused = [], []
    for pair in own:
        reason = taken if pair.key.lower() in owned else None
        reason = reason or (limit(kind, pair, policy) if policy is not None else None)
        if reason:
            refused.append(Refusal(pair.line, pair.key, reason))
        else:
            kept.append(pair)
    # Lines of the playbook's part mean nothing to a delegate, and number 0 tells whose an entry is.
    quiet = [tables.Pair(0, pair.key, pair.value) for pair in base]
    known = {finding for finding in tables.findings(kind, quiet, context) if finding.severity == "error"}
    wrong = [finding for finding in tables.findings(kind, quiet + kept, context) if finding.severity == "error" and finding not in known]
    refused += [Refusal(finding.line, finding.key, finding.reason) for finding in wrong]
    bad = {finding.line for finding in wrong}
    # A fault that shows at the playbook's entry (a loop) comes from the delegates' all the same; which of them, nobody can tell.
    return Verdict([] if 0 in bad else [pair for pair in kept if pair.line not in bad], sorted(refused))


def merged(kind, base_text, accepted, context):
    """Return a map's source for a playbook run: what the playbook declares wins, and no delegate's entry can stop it.

    :param str base_text: what the playbook declares.
    :param bytes accepted: delegated entries that were accepted under an earlier state of the playbook, or None.
    :returns: the text, and warnings as sentences, one for each delegated entry that is left out.
    """
    try:
        own = read(kind, accepted or b"")
        verdict = judge(kind, tables.parse(kind, base_text), own, context)
    except MapError as exc:
        return join(base_text, ""), ["%s: the entries of the delegated administrators are left out: %s." % (kind, exc.message.rstrip("."))]
    warnings = ["%s: '%s', an entry of the delegated administrators, is left out: %s." % (kind, one.key, one.reason) for one in verdict.refused]
    return join(base_text, written(kind, verdict.kept)), warnings


def limit(kind, pair, policy):
    """Say why delegates may not make an entry that the playbook might, or return None."""
    return _LIMITS[kind](pair, policy)


def _access(pair, policy):
    tag = tables_access.split_key(pair.key)[0]
    if tag and tag.lower() not in _ACCESS_TAGS:
        return "%s: is not the delegates' to set; they decide whose mail is taken: %s" % (tag, ", ".join(
            tables_access.TAGS[name].name + ":" for name in _ACCESS_TAGS))
    if pair.value.strip('" ').upper() == "RELAY" and not policy.get("relay"):
        return "delegates may not grant RELAY; whose mail this host passes on is decided in the playbook"
    return None


def _mailertable(pair, policy):
    mailer = pair.value.partition(":")[0]
    return None if mailer.lower() in _MAILERS else "delegates may route by %s only, not by '%s'" % (", ".join(_MAILERS), mailer)


def _addresses(pair, policy):
    # %1 and its like stand for what the key left open.
    value = re.sub(r"%[0-9]", "x", pair.value)
    if pair.value.lower().startswith("error:") or value[:1] == "@" and tables_syntax.is_domain(value[1:]):
        return None
    return _target_problem(value, pair.value)


def _aliases(pair, policy):
    for target in tables_aliases.targets(pair.value) or ():
        reason = _target_problem(target, target)
        if reason:
            return reason
    return None


def _target_problem(value, shown):
    found = _TARGET.match(value)
    if found and (found.group("domain") is None or tables_syntax.is_domain(found.group("domain"))):
        return None
    return "'%s' is no plain user or user@example.org; delegates may name no program, file or list, and no address with quotes, ! or %%" % shown


def _nothing(pair, policy):
    return None


_LIMITS = {"access": _access, "mailertable": _mailertable, "virtusertable": _addresses, "genericstable": _addresses, "domaintable": _nothing,
           "aliases": _aliases}
