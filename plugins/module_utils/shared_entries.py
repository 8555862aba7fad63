# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Entries of other roles and playbooks in a map that the role config owns: what they may be, and how they are joined with its own. Pure.

They are kept beside the map, each under the name of its owner, and the role config takes them up at each run. So neither undoes the other's work.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import json
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation_entries, tables, tables_access, tables_aliases, tables_entries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue, MapError

BOUNDARY = "# ---- Below: entries of other roles and playbooks (module sendmail_map_entry), each under the name of its owner. ----\n"
OWNER = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}\Z")
TABLE, DELEGATES = "the table of the role config (sendmail_%s)", "the delegated administrators"
_LEFT_OUT = "%s: '%s', an entry of owner '%s', is left out: %s."
_TAKEN = "the table of the role config%s has this key now"

_Own = collections.namedtuple("_Own", "owner entry pairs")


def read(data, path="the file of shared entries"):
    """Return owner -> list of entries from what is kept on the host; :raises CommitError: it is no such file."""
    if not data:
        return {}
    try:
        found = json.loads(data.decode("utf-8"))
        return {str(owner): [dict(entry) for entry in entries] for owner, entries in found.items()}
    except (ValueError, AttributeError, TypeError) as exc:
        raise CommitError("%s is not what sendmail_map_entry wrote (%s). Remove it, and let the owners' playbooks run again." % (path, exc))


def written(stored):
    """Return owner -> entries as the bytes that are kept; an owner without entries is forgotten."""
    return (json.dumps({owner: entries for owner, entries in stored.items() if entries}, indent=1, sort_keys=True) + "\n").encode("utf-8")


def split(text):
    """Return the three parts of a map's source: the role config's, the owners', the delegates' (with their boundary)."""
    whole, own = delegation_entries.split(text)
    tail = text[len(whole):]
    # A remark of an owner's may hold the same words; the first line of them is ours.
    found = re.search("(?m)^" + re.escape(BOUNDARY), whole)
    return (whole[:found.start()], whole[found.end():], tail) if found else (whole, "", tail)


def change(kind, stored, owner, entries, taken, context, today):
    """Return what is kept after an owner's wish: of two entries with one identity the new one counts, and ``state: absent`` takes one away.

    :param dict stored: owner -> entries. :param list entries: the wish, dicts as in a table.
    :param dict taken: key in small letters -> who has it, of the rest of the map.
    :param today: a :class:`datetime.date`; an entry that has expired takes no part.
    :raises InvalidValue: a wish that can not be meant, or that another has a say in, named. :raises MapError: an entry that the map may not have.
    """
    if not OWNER.match(owner):
        raise InvalidValue("owner is '%s'; expected a name of letters, digits, dots, hyphens and underscores, such as that of the role." % owner)
    whose = dict(taken)
    for one in _dated(kind, {other: theirs for other, theirs in stored.items() if other != owner}, context, today)[0]:
        whose.update((_folded(kind, pair.key), "owner '%s'" % one.owner) for pair in one.pairs)
    wanted = collections.OrderedDict((tables_entries.identity(kind, entry), entry) for entry in stored.get(owner) or [])
    for number, entry in enumerate(entries, 1):
        tables_entries.check_fields(kind, entry, "%s, entry %d" % (kind, number))
        tables_access.refuse_passwords(kind, [tables_entries.name(kind, entry)], kind)
        before = wanted.pop(tables_entries.identity(kind, entry), {})
        if entry.get("state") != "absent":
            _refuse_the_past(kind, entry, before, today)
            wanted[tables_entries.identity(kind, entry)] = {key: value for key, value in entry.items() if key != "state" and value is not None}
    found = [pair for one in _expanded(kind, owner, list(wanted.values()), context, today) for pair in one.pairs]
    for pair in found:
        if _folded(kind, pair.key) in whose:
            raise InvalidValue("%s: '%s' belongs to %s; owner '%s' can not have it too. Change it there, or choose another key." % (
                kind, pair.key, whose[_folded(kind, pair.key)], owner), map=kind, key=pair.key, owner=whose[_folded(kind, pair.key)])
    tables.check(kind, found, context, where="entry")
    return dict(stored, **{owner: list(wanted.values())})


def _refuse_the_past(kind, entry, before, today):
    """An entry may come to its end while its owner goes on wishing for it; one that is over before it begins was never meant."""
    name = tables_entries.name(kind, entry)
    end = tables_entries.day(entry["expires"], "%s: '%s', expires" % (kind, name)) if entry.get("expires") else today
    if end < today and str(before.get("expires"))[:10] != str(end):
        raise InvalidValue("%s: '%s' expires on %s, which is past, so it would never count. Give a later date, or leave it out." % (kind, name, end),
                           map=kind, key=name)


def _folded(kind, key):
    return tables_aliases.stored_name(key) if kind == "aliases" else key.lower()


def _expanded(kind, owner, entries, context, today):
    """Return the pairs of each entry of an owner that has not expired."""
    placed = [dict(entry, origin="owner '%s', entry '%s'" % (owner, tables_entries.name(kind, entry))) for entry in entries]
    kept = tables_entries.judge(placed, today).kept
    return [_Own(owner, entry, tables.pairs(kind, [entry], context)) for entry in kept]


def keys(kind, text, whose):
    """Return key in small letters -> who has it, of a part of a map's source."""
    return {_folded(kind, pair.key): whose for pair in tables.parse(kind, text)}


def merged(kind, base_text, stored, context, today, notice=0):
    """Return a map's source for a run of the role config: its own table wins, and no entry of others can stop it.

    :param str base_text: what the role config declares. :param dict stored: owner -> entries. :param today: a :class:`datetime.date`.
    :param int notice: days before the end of an entry from which it is announced.
    :returns: the text, and warnings as sentences, one for each entry that is left out or soon will be.
    """
    own, warnings = _dated(kind, stored, context, today, notice)
    kept, told = _fitting(kind, tables.parse(kind, base_text), own, context, _TAKEN % "")
    return join(kind, base_text, kept), warnings + told


def _dated(kind, stored, context, today, notice=0):
    """Return the entries of owners that can be read and have not expired, and warnings about the others, and about those that soon will have."""
    own, warnings = [], []
    for owner in sorted(stored):
        for entry in stored[owner]:
            whose = (kind, tables_entries.name(kind, entry), owner)
            try:
                made = _expanded(kind, owner, [entry], context, today)
            except (InvalidValue, MapError) as exc:
                warnings.append(_LEFT_OUT % (whose + (exc.message.rstrip("."),)))
                continue
            own += made
            if not made:
                warnings.append(_LEFT_OUT % (whose + ("it expired on %s" % str(entry["expires"])[:10],)))
            elif tables_entries.judge([entry], today, notice).expiring:
                warnings.append("%s: '%s', an entry of owner '%s', expires on %s; after that day it is left out." % (whose + (str(entry["expires"])[:10],)))
    return own, warnings


def _fitting(kind, base, own, context, taken):
    """Return those of the entries of owners that can stand beside the rest of the map, and warnings about the others.

    :param list base: the pairs of the rest. :param str taken: the reason against a key of theirs.
    """
    numbered = [pair._replace(line=number) for number, one in enumerate(own, 1) for pair in one.pairs]
    verdict = delegation_entries.judge(kind, base, numbered, context, taken=taken)
    refused = {one.line: one for one in verdict.refused if one.line}
    warnings = [_LEFT_OUT % (kind, one.key, own[number - 1].owner, one.reason) for number, one in sorted(refused.items())]
    left_out = set(refused) if verdict.kept or not numbered else set(range(1, len(own) + 1))
    if left_out - set(refused):
        warnings.append("%s: the entries of other owners are left out: %s." % (kind, verdict.refused[0].reason))
    return [one for number, one in enumerate(own, 1) if number not in left_out], warnings


def join(kind, base_text, own):
    """Return the role config's and the owners' part as one text; without entries of owners there is no second part."""
    lines = []
    for one in own:
        remark = tables_entries.remark(dict(one.entry, origin=one.owner), True)
        lines += [pair._replace(comment=remark if number == 0 else "") for number, pair in enumerate(one.pairs)]
    if not lines:
        return base_text
    return base_text + ("\n" if base_text and not base_text.endswith("\n") else "") + BOUNDARY + tables.pairs_text(kind, lines)


def joined(kind, base_text, stored, owner, context, today, tail="", notice=0):
    """Return the whole source of a map after :func:`change`, which has refused whatever can not stand of the owner who asks.

    What does not fit any more of other owners is left out, as the next run of the role config will leave it out: it is not the fault of who asks.

    :param str tail: the delegates' part, with its boundary.
    :returns: the text, and warnings as :func:`merged`.
    """
    others, warnings = _dated(kind, {other: entries for other, entries in stored.items() if other != owner}, context, today, notice)
    rest = tables.parse(kind, base_text) + tables.parse(kind, tail)
    others, told = _fitting(kind, rest, others, context, _TAKEN % (", or a delegated administrator," if tail else ""))
    own, told_own = _dated(kind, {owner: stored.get(owner) or []}, context, today, notice)
    text = join(kind, base_text, sorted(others + own, key=lambda one: one.owner))
    return text + ("\n" if tail and text and not text.endswith("\n") else "") + tail, warnings + told + told_own


def set_aside(kind, stored, path):
    """Return warnings about the entries of owners in a map that comes whole from a file now, in which they have no place.

    :param dict stored: owner -> entries. :param str path: where they are kept.
    """
    return ["%s: the map comes whole from a file, so the entries of owner '%s' are not in force (%s). They are kept in %s, and count again once the map has "
            "entries. Put them into the file, or remove %s if nobody needs them." % (
                kind, owner, ", ".join("'%s'" % tables_entries.name(kind, entry) for entry in stored[owner]), path, path)
            for owner in sorted(stored) if stored[owner]]
