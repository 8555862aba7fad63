# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Typed entries of maps before they become lines: which keys they may have, which of them are the same entry, and until when they count. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import datetime
import difflib

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables_access, tables_aliases, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

FIELDS = ("key", "value", "comment", "expires", "state", "origin")
# What an entry of some maps may say in words of its own.
OWN_FIELDS = {
    "access": ("tag", "action", "text"),
    "mailertable": ("mailer", "host"),
    "authinfo": ("host", "user", "password", "authorization_id", "realm", "mechanisms"),
}
STATES = ("present", "absent")

Judged = collections.namedtuple("Judged", "kept expired expiring")
Judged.__doc__ = "Entries by their date: those that count, those that do not any more, and those of the first that soon will not."


def check_fields(kind, entry, where):
    """Refuse an entry with a word that means nothing: a misspelt ``expires`` would never expire.

    :param str where: the variable and the number of the entry, for the message.
    :raises InvalidValue: names the word and the nearest known one.
    """
    if not isinstance(entry, dict):
        raise InvalidValue("%s: '%s' is no entry; expected a dictionary with key and value." % (where, entry), map=kind)
    known = FIELDS + OWN_FIELDS.get(kind, ())
    for word in sorted(str(one) for one in entry):
        if word not in known:
            near = difflib.get_close_matches(word, known, 1)
            raise InvalidValue("%s: an entry of %s has no '%s'.%s" % (where, kind, word, " Did you mean %s?" % near[0] if near else ""), map=kind, field=word)
    if entry.get("state") not in (None,) + STATES:
        raise InvalidValue("%s: state is '%s'; expected present or absent." % (where, entry["state"]), map=kind)
    if not any(entry.get(word) is not None for word in ("key", "tag", "host")):
        raise InvalidValue("%s: 'key' is missing." % where, map=kind)


def name(kind, entry):
    """Return the key of an entry as a reader knows it, whichever words it uses."""
    key = str(entry.get("key") if entry.get("key") is not None else "")
    if kind == "access" and entry.get("tag"):
        return "%s:%s" % (str(entry["tag"]).rstrip(":"), key)
    if kind == "authinfo" and "host" in entry:
        return "AuthInfo:%s" % (entry["host"] or "")
    return key


def passwords(kind, entries):
    """Return the passwords among entries that were given where a log could show them."""
    return {str(entry[word]) for entry in entries for word in ("value", "password", "action", "text") if entry.get(word) and (
        kind == "authinfo" or name(kind, entry).lower().startswith("authinfo:"))}


def identity(kind, entry):
    """Return what two spellings of one entry have in common: case, tag and network as sendmail will look them up.

    >>> identity("access", {"key": "connect:10.0.0.0/8"}) == identity("access", {"tag": "Connect", "key": "10"})
    True
    """
    key = name(kind, entry)
    if kind == "aliases":
        return tables_aliases.stored_name(key)
    if kind != "access":
        return key.lower()
    tag, rest = tables_access.split_key(key)
    network = tables_cidr.network_of(rest)
    return "%s:%s" % ((tag or "").lower(), network if network is not None else rest.lower())


def day(text, where):
    """Return a date; :raises InvalidValue: it is none, named by its place."""
    # YAML makes a date of 2026-12-31, a text of "2026-12-31".
    try:
        return datetime.datetime.strptime(str(text)[:10] if isinstance(text, datetime.date) else str(text), "%Y-%m-%d").date()
    except ValueError:
        raise InvalidValue("%s: '%s' is no date; expected year, month and day, such as 2026-12-31." % (where, text))


def judge(entries, today, notice=0):
    """Sort entries by their date. The day that an entry names is the last one on which it counts.

    :param list entries: dicts with ``expires`` where they have an end, and ``origin``.
    :param today: a :class:`datetime.date`.
    :param int notice: days before the end from which an entry is announced.
    :returns: :class:`Judged`.
    :raises InvalidValue: a date that is none.
    """
    found = Judged([], [], [])
    for entry in entries:
        end = day(entry["expires"], "%s, expires" % (entry.get("origin") or entry.get("key"))) if entry.get("expires") else None
        if end is not None and end < today:
            found.expired.append(entry)
            continue
        found.kept.append(entry)
        if end is not None and (end - today).days <= notice:
            found.expiring.append(entry)
    return found


def remark(entry, with_origin=False):
    """Return what stands above an entry in the source: its comment, its end, and where it comes from."""
    told = ["expires on %s" % str(entry["expires"])[:10]] if entry.get("expires") else []
    told += [entry["origin"]] if with_origin and entry.get("origin") else []
    return "".join([str(entry.get("comment") or ""), " (%s)" % ", ".join(told) if told else ""]).strip()
