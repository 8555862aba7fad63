# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What is wrong with maps only when they are seen together: loops from one into another, entries that are never asked, relaying opened on the side. Pure.

Each map alone is judged in ``tables``. What is said here holds for any spelling of it: the pairs are those that the databases will hold.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_access, tables_aliases, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables_syntax import error, warning

# Mailers that connect to port 25 of the host that a mailertable names.
SMTP_MAILERS = ("smtp", "esmtp", "smtp8", "dsmtp", "relay")
# An address that grows with each turn is cut off here.
_LENGTH_LIMIT = 320
_ANY = "(any)"
SHOWN = 20

Opening = collections.namedtuple("Opening", "place who")
Opening.__doc__ = "Something that lets others than the declared networks and domains relay: where it stands, and who may do what by it."


def check(maps, context, paths=None):
    """Refuse maps that contradict each other.

    :param dict maps: kind -> pairs, of the maps whose content is known.
    :param context: a :class:`tables.Context`.
    :param dict paths: kind -> path of the source whose lines the pairs are; without it pairs are numbered as entries.
    :returns: list of warnings as sentences.
    :raises MapError: names map, key and reason.
    """
    warnings = []
    for kind, rule in (("mailertable", _to_itself), ("virtusertable", _circles), ("virtusertable", _unused_domains)):
        if kind in maps:
            said = list(rule(maps, context))
            where = place(kind, paths)
            origins = {pair.line: pair.origin for pair in maps[kind] if pair.origin}
            problems = [one for one in said if one.severity == "error"]
            if problems:
                raise tables.refusal(kind, [tables.describe(kind, one, where, origins.get(one.line)) for one in problems], problems[0])
            warnings += [tables.describe(kind, one, where, origins.get(one.line)) for one in said]
    return warnings


def place(kind, paths):
    """Return what the number of a pair counts, as it stands before that number in a message."""
    return "%s, line" % paths[kind] if paths and kind in paths else "entry"


# -- mail that comes back


def _to_itself(maps, context):
    """A domain whose next hop is this very host: sendmail finds out when it connects, and returns the mail."""
    for pair in maps["mailertable"]:
        mailer, _colon, hosts = pair.value.partition(":")
        own = [host for host in re.split(r":(?![^\[]*\])", hosts) if host.strip("[]").rstrip(".").lower() in context.local_host_names]
        if mailer in SMTP_MAILERS and own:
            yield error(pair, "%s is a name of this host itself, so the mail would come back to it at once and be returned as a loop" % own[0])


def _circles(maps, context):
    """Addresses that lead back to themselves through virtusertable and aliases."""
    virtual = {pair.key.lower(): pair for pair in maps["virtusertable"]}
    alias = {tables_aliases.stored_name(pair.key): pair for pair in maps.get("aliases") or []}
    graph, origin, waiting = {}, {}, [_ANY + key if key[0] == "@" else key for key in virtual] + list(alias)
    while waiting:
        address = waiting.pop()
        if address in graph:
            continue
        pair, following = _next(address, virtual, alias, context)
        grown = [one for one in following if len(one) > _LENGTH_LIMIT]
        if grown:
            yield error(pair, "the address grows with each turn and never ends (%s ...)" % grown[0][:60])
            following = []
        graph[address], origin[address] = following, pair
        waiting += following
    done = {}
    for address in sorted(graph):
        at_once = [address] if graph[address] == [address] and "@" in address else None
        cycle = at_once or tables_aliases.walk(address, graph, done)
        seen = [one for one in cycle or [] if origin[one] is not None and "@" in one]
        if seen:
            yield error(origin[seen[0]], "loop: %s; mail to any of them is returned" % " -> ".join(cycle + cycle[:1]))


def _next(address, virtual, alias, context):
    """Return the entry that an address is looked up by, and the addresses that it becomes."""
    local, at, domain = address.rpartition("@")
    if not at:
        return _next_alias(address, alias, context)
    user, _plus, detail = local.partition("+")
    pair = virtual.get(address) or virtual.get("%s@%s" % (user, domain)) or virtual.get("@" + domain)
    if pair is None:
        return _next_alias(local, alias, context) if domain in context.local_host_names else (None, [])
    if pair.value.lower().startswith("error:"):
        return pair, []
    told = {"1": user, "2": detail, "3": "+" + detail if detail else ""}
    value = re.sub(r"%([0-9])", lambda found: told.get(found.group(1), local), pair.value.lower())
    # A backslash ends all rewriting.
    return pair, [] if value[:1] in "\\@" else [value]


def _next_alias(name, alias, context):
    pair = alias.get(name) or alias.get(name.partition("+")[0])
    if pair is None:
        return None, []
    found = [target.lower() for target in tables_aliases.targets(pair.value) or [] if target[:1] not in "|/\\:\""]
    # Its own name means the mailbox.
    return pair, [target for target in found if target != name]


# -- entries and domains that have no use


def _unused_domains(maps, context):
    """A domain of class VirtHost without a single entry."""
    having = {pair.key.lower().rpartition("@")[2] for pair in maps["virtusertable"]}
    for domain in sorted({name.lower() for name in context.virtual_domains or ()} - having):
        yield warning(tables.Pair(0, domain, ""), "it is a virtual domain without any entry: its mail is taken from everybody and sent on by its MX records")


def never_asked(pairs, local, virtual, entire):
    """Yield virtusertable entries that sendmail never looks up, by the classes of the compiled configuration itself.

    :param set local: class w. :param set virtual: class VirtHost. :param bool entire: FEATURE(virtuser_entire_domain) is there.
    """
    for pair in pairs:
        domain = pair.key.lower().rpartition("@")[2]
        parents = [domain.split(".", count)[-1] for count in range(1, domain.count(".") + 1)] if entire else []
        if not {domain} & (local | virtual) and not virtual & set(parents):
            yield warning(pair, "the domain is neither in class w nor in class VirtHost of this configuration, so the entry is never asked")


# -- relaying that nobody asked for in so many words


def openings(maps, mechanisms=(), virtual=()):
    """Return what lets others relay besides the declared networks and domains, for a reader to see whether each is meant.

    :param dict maps: kind -> pairs.
    :param mechanisms: of TRUST_AUTH_MECH. :param virtual: domains of class VirtHost.
    :returns: list of :class:`Opening`.
    """
    found = [Opening("access, %s" % pair.key, who) for pair in maps.get("access") or [] for who in [_opened(pair)] if who]
    found += [Opening("TRUST_AUTH_MECH %s" % name, "whoever authenticates with %s may relay" % name) for name in sorted(mechanisms)]
    caught = {pair.key[1:].lower() for pair in maps.get("virtusertable") or [] if pair.key[0] == "@"}
    text = "mail for any address of %s that has no entry is taken from everybody and sent on by its MX records; an entry @%s with error:nouser ends that"
    return found + [Opening("VIRTUSER_DOMAIN " + domain, text % (domain, domain)) for domain in sorted({name.lower() for name in virtual} - caught)]


def _opened(pair):
    """Say who may relay by an entry of the access map, or return None; a network of ordinary size is what that entry is for."""
    tag, rest = tables_access.split_key(pair.key)
    tag, value = (tag or "").lower(), pair.value.strip('" ').upper()
    if tag == "certissuer" and value in ("RELAY", "SUBJECT"):
        return "%s a certificate of %s may relay" % ("whoever shows" if value == "RELAY" else "subjects listed under CertSubject: with", rest)
    if tag == "certsubject" and value == "RELAY":
        return "the holder of the certificate %s may relay" % rest
    if value != "RELAY":
        return None
    if not rest and tag in ("connect", "from", "to"):
        return "everybody may relay"
    if not tag:
        return _opened_untagged(rest)
    if tag == "from":
        return "whoever claims a sender of %s may relay where FEATURE(relay_mail_from) is in use" % rest
    if tag == "to":
        return "everybody may send to %s through this host" % rest
    return _opened_network(rest) if tag == "connect" else None


def _opened_untagged(rest):
    """A key without tag is asked for clients, senders and recipients."""
    if tables_access.is_client_address(rest) or rest[0] == "[":
        return _opened_network(rest)
    return "everybody may send to %s through this host, as may clients whose reverse zone gives them that name" % rest


def _opened_network(rest):
    network = tables_cidr.network_of(rest.strip("[]"))
    if network is None:
        return "whoever writes the reverse zone of an address can call it %s and relay" % rest
    wide = 8 if network.is_private else 16
    if network.version == 6:
        wide = 16 if network.is_private else 32
    return "all %s of %s may relay" % ("addresses" if network.version == 6 else "%d addresses" % network.num_addresses, network) \
        if network.prefixlen <= wide and not network.is_loopback else None


def sentences(found, before=()):
    """Return openings as sentences, and those of them that were not there before as warnings.

    :param list found: :class:`Opening` of the new state. :param before: of the one that it replaces.
    """
    known = set(before)
    fresh = [one for one in found if one not in known]
    told = ["Relaying is opened by %s: %s." % one for one in fresh[:SHOWN]]
    if len(fresh) > SHOWN:
        told.append("Relaying is opened by %d more entries like these." % (len(fresh) - SHOWN))
    return ["%s: %s" % one for one in found], told
