# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The contents of map and class files: from typed entries to text, from text to entries, and what is wrong with them. Pure.

:func:`entries_text` writes a source file, :func:`parse` reads one, :func:`check` refuses what sendmail would take badly,
:func:`changes` tells two states apart by meaning. Databases are made in ``mapbuild``.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re
import textwrap

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables_access, tables_aliases, tables_cidr, tables_files, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables_syntax import Pair, error

Kind = collections.namedtuple("Kind", "name secret database types class_letter separator")
Kind.__doc__ = """What a file is.

:param bool secret: whether its values may never be shown.
:param bool database: whether sendmail reads a database made from it (False: a class file, read as text).
:param tuple types: map types that serve it, the best first.
:param str class_letter: the class that a class file fills.
:param str separator: what stands between key and value in the source.
"""

# btree builds a million entries several times faster than hash and answers as quickly; cdb is what hosts without Berkeley DB have.
_TYPES = ("btree", "hash", "cdb")

KINDS = {kind.name: kind for kind in (
    Kind("mailertable", False, True, _TYPES, None, "\t"),
    Kind("access", False, True, _TYPES, None, "\t"),
    Kind("virtusertable", False, True, _TYPES, None, "\t"),
    Kind("genericstable", False, True, _TYPES, None, "\t"),
    Kind("domaintable", False, True, _TYPES, None, "\t"),
    Kind("userdb", False, True, ("btree",), None, "\t"),
    Kind("authinfo", True, True, _TYPES, None, "\t"),
    # AliasFile without a type opens hash (cdb where there is no Berkeley DB): a btree is passed over without an error.
    Kind("aliases", False, True, ("hash", "cdb"), None, ":"),
    Kind("local-host-names", False, False, (), "w", None),
    Kind("relay-domains", False, False, (), "R", None),
    Kind("trusted-users", False, False, (), "t", None),
)}

MASKED = tables_access.MASKED
SHOWN_LIMIT = 100
_PROBLEMS_SHOWN = 5


class Context:
    """What must be known of the host to judge a map; None means "not known, not judged".

    :param mailers: names of the mailers that the configuration declares.
    :param local_host_names: class w, lower case.
    :param virtual_domains: class VirtHost, lower case.
    :param access_options: the extra words of FEATURE(access_db): skip, lookupdotdomain, relaytofulladdress.
    :param queue_groups: names of the declared queue groups.
    :param bool ipv6_compressed: UseCompressedIPv6Addresses.
    :param bool relay_by_name: allow RELAY for host names. :param bool untagged: allow access keys without tag, except for RELAY.
    :param bool adopted: a map of somebody else's is taken over as it is; whom it lets relay is not judged, but for everybody.
    :param bool open_relay: of such a map not even that.
    :param jail: SafeFileEnvironment, or None.
    :param bool alias_files, alias_programs, alias_includes: which special alias targets the host allows.
    :param smrsh_commands: what smrsh may run.
    :param own_tags: tags (lower case) that +CITag: makes elsewhere in the map; None where the whole map is at hand.
    """

    DEFAULTS = {"mailers": None, "local_host_names": frozenset(), "virtual_domains": None, "access_options": None, "queue_groups": None,
                "ipv6_compressed": False, "relay_by_name": False, "untagged": False, "adopted": False, "open_relay": False, "jail": None, "alias_files": False,
                "alias_programs": False, "alias_includes": False, "smrsh_commands": None, "own_tags": None}

    def __init__(self, **facts):
        unknown = set(facts) - set(self.DEFAULTS)
        if unknown:
            raise TypeError("unknown facts: %s" % ", ".join(sorted(unknown)))
        for name, default in self.DEFAULTS.items():
            setattr(self, name, facts.get(name, default))
        self.local_host_names = frozenset(name.lower() for name in self.local_host_names)

    def having(self, **facts):
        """Return a copy in which some facts differ."""
        return Context(**dict({name: getattr(self, name) for name in self.DEFAULTS}, **facts))


def pairs(kind, entries, context=None):
    """Turn typed entries into :class:`Pair` tuples, sorted by key (numbers as numbers).

    :param str kind: a name from :data:`KINDS`.
    :param list entries: dicts with ``key`` and ``value``, or with the kind's own fields (see :func:`_own_fields`); class files also take strings.
    :raises InvalidValue: an entry is incomplete or can not be what was meant.
    """
    context = context or Context()
    found = []
    for number, entry in enumerate(entries, 1):
        said = entry if isinstance(entry, dict) else {}
        try:
            made = _own_fields(kind, entry, context)
            bits = tables_access.prefix_length(entry) if kind == "access" else None
        except KeyError as exc:
            raise InvalidValue("%s, %s: %s is missing." % (kind, said.get("origin") or "entry %d" % number, exc), map=kind, entry=number)
        except InvalidValue as exc:
            text = exc.message[len(kind) + 2:] if exc.message.startswith(kind + ": ") else exc.message
            raise InvalidValue("%s, %s: %s" % (kind, said.get("origin") or "entry %d" % number, text), **dict(exc.details, map=kind, entry=number))
        found += [(Pair(number, key, value, said.get("comment") or "", said.get("origin") or ""), bits) for key, value in made]
    return _remarked_once(sorted(tables_cidr.most_specific(found), key=lambda pair: (_in_order(pair.key), pair.line)))


def _remarked_once(found):
    """Leave the remark of a network at its first key only."""
    seen = set()
    return [pair if pair.line not in seen and not seen.add(pair.line) else pair._replace(comment="") for pair in found]


def _in_order(key):
    """Sort numbers as numbers, so that the keys of a network stay together, under its remark."""
    return re.sub(r"\d+", lambda number: number.group().zfill(10), key.lower())


def _own_fields(kind, entry, context):
    """Return the ``(key, value)`` pairs of one entry in any of its spellings."""
    if not KINDS[kind].database:
        return [(str(entry["key"]) if isinstance(entry, dict) else str(entry), "")]
    if kind == "access" and "tag" in entry:
        return tables_access.compose(entry, context)
    if kind == "access":
        head, rest = tables_access.split_key(str(entry["key"]))
        keys = tables_access.expand(rest, context)
        return [("%s:%s" % (head, one) if head else one, str(entry["value"])) for one in keys]
    if kind == "authinfo" and "host" in entry:
        return [("AuthInfo:%s" % (entry["host"] or ""), tables_access.authinfo_value(entry))]
    if kind == "mailertable" and "mailer" in entry:
        return [(str(entry["key"]), "%s:%s" % (entry["mailer"], entry.get("host") or ""))]
    value = entry["value"]
    return [(str(entry["key"]), ", ".join(value) if isinstance(value, (list, tuple)) else str(value))]


def row_text(row, context=None):
    """Return the text of a map whose row (an item of the option ``maps``) has entries, under the remarks of the row."""
    return entries_text(row["kind"], row["entries"] or [], context, "\n".join(row.get("remarks") or []))


def entries_text(kind, entries, context=None, heading=""):
    """Return the text of a source file: a heading, then each entry under its own remark, sorted by key.

    :raises InvalidValue, MapError: as :func:`pairs` and :func:`check`.
    """
    found = pairs(kind, entries, context)
    check(kind, found, context, where="entry")
    return pairs_text(kind, found, heading)


def pairs_text(kind, found, heading=""):
    """Return the text of a source file from pairs that were checked."""
    separator = {"\t": "\t", ":": ":\t", None: ""}[KINDS[kind].separator]
    lines = _remark(heading)
    for pair in found:
        lines.extend(_remark(pair.comment))
        lines.append(pair.key + separator + pair.value)
    return "\n".join(lines) + "\n" if lines else ""


def _remark(text):
    # A remark must never become an entry, whatever its line ends are.
    return ["# " + part for line in text.splitlines() for part in textwrap.wrap(line, 140)]


def parse(kind, text):
    """Return the pairs of a source file, with their line numbers, as makemap (aliases: newaliases) reads it.

    :raises MapError: a line that is no entry.
    """
    if kind == "aliases":
        return tables_aliases.parse(text)
    read = _class_word if not KINDS[kind].database else read_line
    found = (read(kind, number, line) for number, line in enumerate(text.split("\n"), 1))
    return [pair for pair in found if pair]


def _class_word(kind, number, line):
    word = line.partition("#")[0].strip()
    return Pair(number, word, "") if word else None


def read_line(kind, number, line):
    """Return the pair of one line as makemap reads it, or None for a remark or an empty line.

    :raises MapError: the line is no entry.
    """
    if not line or line[0] == "#":
        return None
    words = re.split(r"[ \t\r\v\f]+", line, maxsplit=1)
    if words[0] == "" or len(words) < 2 or not words[1]:
        raise MapError(_no_entry(kind, number, line), map=kind, line=number)
    return Pair(number, words[0], words[1])


def _no_entry(kind, number, line):
    if line[-1] == "\r":
        return "%s, line %d: %s." % (kind, number, tables_files.WINDOWS)
    if line[0] in " \t\r\v\f":
        return "%s, line %d: it begins with a blank, so it has no key. Begin the line with the key, or with # for a remark." % (kind, number)
    return "%s, line %d: nothing stands behind the key%s. Expected key, tab, value." % (kind, number, "" if KINDS[kind].secret else " '%s'" % line.strip()[:60])


def check(kind, found, context=None, where="line"):
    """Refuse a map that sendmail would take badly.

    :param list found: pairs from :func:`parse` or :func:`pairs`.
    :param str where: what a pair's number counts (``line`` or ``entry``).
    :returns: list of warnings as sentences.
    :raises MapError: names map, key, line and reason of the first problems; all are in ``problems``.
    """
    said = list(findings(kind, found, context or Context(), where))
    origins = {pair.line: pair.origin for pair in found if pair.origin}
    problems = [describe(kind, one, where, origins.get(one.line)) for one in said if one.severity == "error"]
    if problems:
        raise refusal(kind, problems, next(one for one in said if one.severity == "error"))
    return [describe(kind, one, where, origins.get(one.line)) for one in said]


def refusal(kind, problems, first):
    """The one exception for a list of problems."""
    more = len(problems) - _PROBLEMS_SHOWN
    message = " ".join(problems[:_PROBLEMS_SHOWN]) + (" And %d more like these." % more if more > 0 else "")
    return MapError(message, map=kind, key=first.key, line=first.line, reason=first.reason, problems=problems[:SHOWN_LIMIT])


def describe(kind, finding, where="line", origin=None):
    """A finding as a sentence: map, place, key, reason."""
    place = ", " + origin if origin else ", %s %d" % (where, finding.line) if finding.line else ""
    return "%s%s: '%s': %s." % (kind, place, finding.key, finding.reason)


def findings(kind, found, context, where="line"):
    """Yield every finding of a map: characters, duplicates, then what its kind says; ``where`` is what a pair's number counts."""
    seen, sound = {}, []
    for pair in found:
        reason = _text_problem(kind, pair)
        folded = pair.key.lower()
        if reason:
            yield error(pair, reason)
        elif folded in seen:
            yield error(pair, "the key stands twice, first in %s (upper and lower case are the same); remove one" % seen[folded])
        else:
            sound.append(pair)
        seen.setdefault(folded, pair.origin or "%s %d" % (where, pair.line))
    yield from _KIND_FINDINGS[kind](sound, context)


# What almost every entry is: printable ASCII without blanks in the key or at the ends of the value, and not long.
_PLAIN = re.compile(r"[!\"$-~][!-~]{0,400}\t(?:[!-~](?:[ -~]{0,500}[!-~])?)?\Z")


def _text_problem(kind, pair):
    """Say what no entry of any map may hold."""
    if _PLAIN.match(pair.key + "\t" + pair.value):
        return None
    return tables_files.line_problem(pair.key, pair.value) or _character_problem(pair) or _key_problem(kind, pair.key) or _value_problem(kind, pair)


def _character_problem(pair):
    for name, text in (("key", pair.key), ("value", pair.value)):
        character = tables_syntax.bad_character(text)
        if character:
            return "the %s holds the control character %s" % (name, character)
    if any(ord(character) > 126 for character in pair.key):
        return "the key holds a character outside ASCII; write a domain in its xn-- form"
    if any(ord(character) > 126 for character in pair.value):
        return "the value holds a character outside ASCII, of which sendmail would take the eighth bit away"
    return None


def _key_problem(kind, key):
    if not key:
        return "the key is empty"
    if re.search(r"\s", key) and not (kind == "aliases" and key[0] == key[-1] == '"'):
        return "the key holds a blank, where sendmail would cut it"
    return "a key that begins with # would be a remark" if key[0] == "#" else None


def _value_problem(kind, pair):
    if pair.value != pair.value.strip():
        return "the value has blanks at its %s, which would become part of it" % ("beginning" if pair.value[0].isspace() else "end")
    if KINDS[kind].database and len((pair.key + "\t" + pair.value).encode("utf-8")) > tables_syntax.LINE_LIMIT:
        advice = "; split the list into several aliases" if kind == "aliases" else ""
        return "the entry is longer than the %d bytes that makemap reads%s" % (tables_syntax.LINE_LIMIT, advice)
    return None


def _mailertable(found, context):
    for pair in found:
        domain = pair.key.lstrip(".") if pair.key != "." else "any"
        if not tables_syntax.is_domain(domain) and not tables_syntax.is_literal(pair.key) or pair.key.startswith(".."):
            yield error(pair, "the key is no domain; expected example.org, .example.org for its subdomains, or . for everything else")
        elif pair.key.lower() in context.local_host_names:
            yield error(pair, "the domain is also in local-host-names (class w), where local delivery wins and this entry is never asked; "
                              "take it out of one of them")
        reason = triple_problem(pair.value, context)
        if reason:
            yield error(pair, reason)


def triple_problem(value, context):
    """Say what is wrong with ``mailer:host`` on the right of a mailertable, or return None."""
    mailer, colon, host = value.partition(":")
    if not colon or not re.match(r"[A-Za-z][A-Za-z0-9_-]*\Z", mailer):
        return "'%s' is no mailer:host; expected for example esmtp:[192.0.2.25] or relay:mail.example.org" % value
    if mailer.lower() == "error":
        return _error_problem(host)
    if context.mailers is not None and mailer not in context.mailers:
        return "the mailer '%s' is not declared; the configuration has: %s" % (mailer, ", ".join(sorted(context.mailers)))
    if mailer == "local":
        return None if not host or tables_syntax.is_local_part(host) or tables_syntax.is_address(host) else "'%s' is no local user" % host
    if not host:
        return "no host stands behind '%s:'; expected a name, or an address in brackets" % mailer
    return _hosts_problem(host)


def _error_problem(text):
    name, blank, rest = text.partition(" ")
    if name.lower() in tables_syntax.ERROR_NAMES:
        return tables_syntax.reply_problem(rest.strip()) if rest.strip() else None
    return tables_syntax.reply_problem(text)


def _hosts_problem(text):
    # A colon separates hosts that are tried in turn; inside brackets it belongs to an IPv6 address.
    for host in re.findall(r"(?:\[[^\]]*\]|[^:])+|(?<=:)(?=:|\Z)", text.rpartition("@")[2]):
        plain = host.replace("%1", "x")
        inside = plain[1:-1] if plain[:1] == "[" and plain[-1:] == "]" else plain
        if re.match(r"[\d.]+\Z", plain):
            return "'%s' is an address and must stand in brackets: [%s]" % (host, host)
        if not tables_syntax.is_literal(plain) and not tables_syntax.is_domain(inside.rstrip(".")):
            return "'%s' is no host; expected a name, [name] to skip MX records, or an address in brackets" % host
    return None


def _virtusertable(found, context):
    domains = None if context.virtual_domains is None else context.local_host_names | {name.lower() for name in context.virtual_domains}
    for pair in found:
        local, at, domain = pair.key.rpartition("@")
        if not at or not (tables_syntax.is_domain(domain) or tables_syntax.is_literal(domain)) or (local and not tables_syntax.is_local_part(local)):
            yield error(pair, "the key is no address; expected user@example.org or @example.org")
        elif domains is not None and domain.lower() not in domains:
            yield error(pair, "the domain is neither in local-host-names (class w) nor a virtual domain (class VirtHost), so the entry is never asked; "
                              "name it in sendmail_virtusertable.domains, or take the entry out")
        if pair.value.lower().startswith("error:"):
            reason = _error_problem(pair.value[6:])
        else:
            reason = _rewritten_problem(pair.value)
        if reason:
            yield error(pair, reason)


def _rewritten_problem(value):
    """Say what is wrong with an address that may hold %1 to %3, or return None."""
    plain = re.sub(r"%[0-9]", "x", value).lstrip("\\")
    if re.search(r"[\s,]", plain):
        return "'%s' is more than one address; name an alias here and list them in aliases" % value
    if tables_syntax.is_address(plain) or tables_syntax.is_local_part(plain) or (plain[:1] == "@" and tables_syntax.is_domain(plain[1:])):
        return None
    return "'%s' is no address" % value


def _genericstable(found, context):
    for pair in found:
        domain = pair.key[1:] if pair.key[0] == "@" else None
        if not (tables_syntax.is_domain(domain) if domain is not None else tables_syntax.is_address(pair.key) or tables_syntax.is_local_part(pair.key)):
            yield error(pair, "the key is no address; expected user, user@example.org or @example.org")
        reason = _rewritten_problem(pair.value)
        if reason:
            yield error(pair, reason)


def _domaintable(found, context):
    for pair in found:
        for name, text in (("key", pair.key), ("value", pair.value)):
            if not tables_syntax.is_domain(text):
                yield error(pair, "the %s '%s' is no domain" % (name, text))


def _userdb(found, context):
    for pair in found:
        name, colon, field = pair.key.rpartition(":")
        if not colon or not name or field.lower() not in ("maildrop", "mailname", "mailsender", "fullname", "office"):
            yield error(pair, "the key is none of the user database; expected name:maildrop or name:mailname")
        if not pair.value:
            yield error(pair, "the value is empty")


def _authinfo(found, context):
    for pair in found:
        tag, host = tables_access.split_key(pair.key)
        if tag is None or tag.lower() != "authinfo":
            yield error(pair, "the key must begin with AuthInfo:, in the map of its own as well; expected AuthInfo:mail.example.org")
        elif host and not tables_syntax.is_domain(host.rstrip(".")) and tables_access.TAGS["authinfo"] and not tables_access.is_client_address(host) \
                and not tables_syntax.is_literal(host):
            yield error(pair, "'%s' is no host name or address" % host)
        reason = tables_access.authinfo_problem(None, pair.value, context)
        if reason:
            yield error(pair, reason)


def _class_domains(found, context):
    for pair in found:
        text = pair.key
        if tables_access.is_client_address(text):
            reason = tables_access.tables_cidr.spelling_problem(text, context.ipv6_compressed)
            if reason:
                yield error(pair, reason)
        elif not tables_syntax.is_domain(text.lstrip(".")) and not tables_syntax.is_literal(text) and text.lower() != "[unix:localhost]":
            yield error(pair, "it is neither a domain nor an address; one name stands on a line")


def _relay_domains(found, context):
    yield from _class_domains(found, context)
    for pair in found:
        address = tables_access.is_client_address(pair.key)
        reason = tables_access.relay_opening(pair.key, address, context)
        if reason:
            yield error(pair, reason)


def _class_users(found, context):
    for pair in found:
        if not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\$?\Z", pair.key):
            yield error(pair, "it is no user name; one name stands on a line")


_KIND_FINDINGS = {"mailertable": _mailertable, "access": tables_access.findings, "virtusertable": _virtusertable, "genericstable": _genericstable,
                  "domaintable": _domaintable, "userdb": _userdb, "authinfo": _authinfo, "aliases": tables_aliases.findings,
                  "local-host-names": _class_domains, "relay-domains": _relay_domains, "trusted-users": _class_users}


def changes(old, new, secret=False, limit=SHOWN_LIMIT):
    """Tell two states of a map apart by meaning.

    :param dict old, new: key to value.
    :param bool secret: show no value (those of AuthInfo: are never shown).
    :param int limit: the most keys named in each list.
    :returns: dict with ``added``, ``removed`` and ``changed`` (lists of lines, sorted) and ``more`` (how many stand in none of them for length).
    """
    def line(key, *values):
        hidden = secret or key.lower().startswith("authinfo:")
        return "%s\t%s" % (key, " -> ".join(MASKED if hidden else value for value in values))

    added = sorted(key for key in new if key not in old)
    removed = sorted(key for key in old if key not in new)
    changed = sorted(key for key in new if key in old and old[key] != new[key])
    found = {"added": [line(key, new[key]) for key in added[:limit]],
             "removed": [line(key, old[key]) for key in removed[:limit]],
             "changed": [line(key, old[key], new[key]) for key in changed[:limit]]}
    found["more"] = sum(max(0, len(keys) - limit) for keys in (added, removed, changed))
    return found
