# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables in layers: what a site, a group and a host say of a map becomes one table, key by key, without what has expired. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables_entries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# The variable without an ending first; each later layer wins over those before it.
LAYERS = ("", "site", "group", "host")
SOURCES = ("file", "host_file")


def applied(site):
    """Return a site in which each map has one table.

    :param dict site: ``tables`` has what the variable of each map says, ``layers`` what its ``_site``, ``_group`` and ``_host`` say, ``today`` the date
        (YYYY-MM-DD) and ``expiry_notice`` the days before the end of an entry from which it is announced.
    :returns: the site with ``tables`` in which a table has, besides the keys of the variable, ``absent`` (identities that are not wanted),
        ``remarks`` (for the source and the result) and ``warnings`` (for the result).
    :raises InvalidValue: an entry that can not be meant, or a map with two sources, named by their variables.
    """
    layers = site.get("layers") or {}
    names = list(site["tables"]) + [name for name in layers if name not in site["tables"]]
    return dict(site, tables={name: table(name, dict(layers.get(name) or {}, **{"": site["tables"].get(name) or {}}), site) for name in names})


def variable(name, layer):
    """Return the name of the variable that holds one layer of a map."""
    return "sendmail_%s%s" % (name, "_" + layer if layer else "")


def table(name, layers, site):
    """Return the one table of a map."""
    said = [(layer, layers[layer]) for layer in LAYERS if layers.get(layer)]
    if not said:
        return {}
    _one_source(name, said)
    found = {key: value for layer, one in said for key, value in one.items() if key in SOURCES and value}
    for key in ("domains", "also"):
        several = [name for layer, one in said for name in one.get(key) or []]
        if several:
            found[key] = list(dict.fromkeys(several))
    if any(one.get("entries") is not None for layer, one in said):
        found.update(_entries(name, said, site))
    return found


def _one_source(name, said):
    """A file is the whole map, so nothing else may have a say."""
    sources = [(variable(name, layer), key) for layer, one in said for key in ("entries",) + SOURCES if one.get(key)]
    files = [source for source in sources if source[1] in SOURCES]
    if files and len({source[0] for source in sources}) > 1:
        raise InvalidValue("%s; a map comes from one place, and a file is the whole map. Put the entries into the file, or leave it out." % (
            " and ".join("%s names %s" % source for source in sources)), variable=files[0][0])


def _entries(name, said, site):
    """Lay entries over each other, identity by identity; what has expired is as if nobody had written it."""
    wanted, absent, remarks, warnings, layered = {}, {}, [], [], len(said) > 1 or said[0][0] != ""
    for layer, one in said:
        judged = _judged(name, layer, one.get("entries") or [], site)
        remarks += ["Left out: %s expired on %s (%s)." % (_shown(name, entry), _end(entry), entry["origin"]) for entry in judged.expired]
        warnings += ["%s: %s expires on %s; after that day it is left out (%s)." % (name, _shown(name, entry), _end(entry), entry["origin"])
                     for entry in judged.expiring]
        own = {}
        for entry in judged.kept:
            own.setdefault(tables_entries.identity(name, entry), []).append(entry)
        for identity, entries in own.items():
            gone = entries[-1].get("state") == "absent"
            wanted.pop(identity, None)
            absent.pop(identity, None)
            (absent if gone else wanted)[identity] = entries
    kept = [_row(name, entry, layered) for entries in wanted.values() for entry in entries]
    return {"entries": kept, "absent": sorted(absent), "remarks": remarks, "warnings": warnings}


def _judged(name, layer, entries, site):
    """Check the words and dates of one layer's entries."""
    placed = []
    for number, entry in enumerate(entries, 1):
        where = "%s, entry %d" % (variable(name, layer), number)
        tables_entries.check_fields(name, entry, where)
        placed.append(dict(entry, origin=where))
    if not any(entry.get("expires") for entry in placed):
        return tables_entries.Judged(placed, [], [])
    if not site.get("today"):
        raise InvalidValue("sendmail_today is empty, and %s has entries that expire. Leave it to its default, today's date." % variable(name, layer),
                           variable="sendmail_today")
    return tables_entries.judge(placed, tables_entries.day(site["today"], "sendmail_today"), site.get("expiry_notice") or 0)


def _shown(name, entry):
    return "'%s'" % tables_entries.name(name, entry)


def _end(entry):
    return str(entry["expires"])[:10]


def _row(name, entry, layered):
    """Return an entry as the transaction takes it; where only one variable speaks, it has no need to say which."""
    found = {key: value for key, value in entry.items() if key not in ("state", "expires") and (layered or key != "origin")}
    source = entry["origin"].partition(",")[0]
    remark = tables_entries.remark(dict(entry, origin=source), source != variable(name, ""))
    return dict(found, comment=remark) if remark else found
