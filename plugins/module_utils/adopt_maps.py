# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the text of somebody's map, alias or class file to entries with their remarks, and from a .cf to which files these are. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# More entries than this are handed over as a file.
MANY = 300
# How a .cf calls the map of each kind.
NAMES = {"access": "access", "mailertable": "mailertable", "virtuser": "virtusertable", "generics": "genericstable", "domaintable": "domaintable",
         "authinfo": "authinfo"}
CLASSES = {"w": "local-host-names", "R": "relay-domains", "t": "trusted-users"}
CONTEXT = tables.Context(relay_by_name=True, untagged=True, adopted=True, alias_files=True, alias_programs=True, alias_includes=True)
SUFFIX = re.compile(r"\.(?:db|cdb|pag|dir)\Z")
PASSWORD = re.compile(r"authinfo:|\"p[:=]", re.I)
_OCTETS = re.compile(r"\d{1,3}(?:\.\d{1,3}){0,3}\Z")


def decoded(data, path):
    """Return the text of a file, and what had to be done to read it.

    :param bytes data: its bytes.
    :returns: ``(text, remarks)``; Latin-1 and the line ends of another system are read, and named.
    """
    remarks = []
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
        line = 1 + data[:next(index for index, byte in enumerate(bytearray(data)) if byte > 127)].count(b"\n")
        remarks.append("%s, line %d: it is no UTF-8 text; it was read as Latin-1" % (path, line))
    if "\r\n" in text:
        remarks.append("%s, line %d: its lines end in CR LF, of which the CR was left out" % (path, 1 + text[:text.index("\r\n")].count("\n")))
        text = text.replace("\r\n", "\n")
    return text, remarks


def entries(kind, text):
    """Return the entries of a map's source, each with the remark above it.

    :returns: ``(entries, left out)``: list of dicts ``key``, ``value``, ``comment``, and sentences on entries that sendmail never finds.
    :raises MapError: the map is none that sendmail takes well, with line and reason.
    """
    pairs = tables.parse(kind, text)
    idle = [one for one in tables.findings(kind, pairs, CONTEXT) if one.severity == "error" and "never finds" in one.reason]
    pairs = [pair for pair in pairs if pair.line not in [one.line for one in idle]]
    tables.check(kind, pairs, CONTEXT)
    lines, found, last = text.split("\n"), [], 0
    for pair in pairs:
        remark = _remark(lines, last, pair.line - 1)
        found.append(dict([("key", pair.key), ("value", pair.value)] + ([("comment", remark)] if remark else [])))
        last = pair.line
    return found, [tables.describe(kind, one) for one in idle]


def _remark(lines, start, end):
    """Return the remark that stands directly above a line."""
    kept = []
    for line in reversed(lines[start:end]):
        if not line.startswith("#"):
            break
        kept.append(line.lstrip("#").strip())
    return " ".join(part for part in reversed(kept) if part)


def names(kind, text):
    """Return the names of a class file; :raises MapError: one is none."""
    pairs = tables.parse(kind, text)
    tables.check(kind, pairs, CONTEXT)
    return [pair.key for pair in pairs]


def relays(members):
    """Divide the members of class R: what stands for hosts of a network, as that network, and what is a name.

    :returns: ``(networks, names)``.
    """
    networks, others = [], []
    for member in members:
        octets = member.rstrip(".").split(".")
        network = "%s/%d" % (".".join(octets + ["0"] * (4 - len(octets))), 8 * len(octets)) if _OCTETS.match(member.rstrip(".")) else ""
        try:
            fits = bool(network) and tables_cidr.cidr_keys(network) == [member]
        except SendmailError:
            fits = False
        (networks if fits else others).append(network if fits else member)
    return networks, others


def secret(kind, text):
    """Tell whether the text of a map holds passwords, in an entry or in a remark: then it is shown to nobody and written nowhere else."""
    return tables.KINDS[kind].secret or holds_password(text)


def holds_password(text):
    """Tell whether a text looks like the secret of a login: ``AuthInfo:`` or ``"P:...``, wherever it stands."""
    return bool(PASSWORD.search(text))


def sources(configuration):
    """Return which files a .cf names: kind -> path of the source, without the suffix of a database.

    :param configuration: :class:`cf.Configuration`.
    """
    found = {}
    for name, entry in configuration.maps.items():
        if name in NAMES and entry.path.startswith("/"):
            found[NAMES[name]] = SUFFIX.sub("", entry.path)
    for letter, kind in CLASSES.items():
        for path in configuration.classes[letter].files if letter in configuration.classes else ():
            found[kind] = re.sub(r"\A-o\s+", "", path).split()[0]
    aliases = [re.sub(r"\A[a-z]+:(?:-\S+ )*", "", one.strip()) for one in configuration.options.get("AliasFile", "").split(",")]
    if aliases and aliases[0].startswith("/"):
        found["aliases"] = aliases[0]
    return found


def types(configuration):
    """Return kind -> type of the database, of the maps of :func:`sources`."""
    found = dict((NAMES[name], entry.klass) for name, entry in configuration.maps.items() if name in NAMES)
    aliases = re.match(r"([a-z]+):", configuration.options.get("AliasFile", ""))
    return dict(found, aliases=aliases.group(1) if aliases and aliases.group(1) != "implicit" else "hash")


def undone(kind, lines):
    """Return the text of a source that would make a database, from the lines of its dump; newaliases adds a mark of its own."""
    if kind == "aliases":
        lines = [line.replace("\t", ": ", 1) for line in lines if line != "@\t@"]
    return "".join(line + "\n" for line in sorted(lines))


def further_aliases(configuration):
    """Return the alias files of a .cf besides the first, which no variable names entries of."""
    return [one.strip() for one in configuration.options.get("AliasFile", "").split(",")[1:] if one.strip()]


def map_type(configuration):
    """Return the type that all maps of a .cf have, or ``auto`` where they differ."""
    types = set(entry.klass for name, entry in configuration.maps.items() if name in NAMES)
    return types.pop() if len(types) == 1 and types <= {"hash", "btree", "cdb"} else "auto"
