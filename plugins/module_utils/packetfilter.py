# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which TCP ports a packet filter lets anybody reach, read off its rules. Pure.

What only some may pass (an address, an interface) decides nothing here: asked is what a stranger's first packet meets.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

SERVICES = {"smtp": 25, "smtps": 465, "submissions": 465, "smtp-submission": 587, "submission": 587}
# Further chains that are gone through from one.
DEPTH = 16
Chain = collections.namedtuple("Chain", "table hook policy rules")

FAMILIES = ("ip", "ip6")
ACCEPT, DROP, UNKNOWN, ON = "accept", "drop", "unknown", ""
_WORDS = r"(!= )?(\{[^}]*\}|[^\s{}]+)"
_DPORT = re.compile(r"(?<!\. )\b(tcp|udp|sctp|dccp|th) dport (?!vmap\b|\.)" + _WORDS)
_PROTOCOL = re.compile(r"\b(?:meta )?(l4proto|ip protocol|ip6 nexthdr) (?!vmap\b)" + _WORDS)
_NFPROTO = re.compile(r"\bmeta nfproto (?!vmap\b)" + _WORDS)
_STATE = re.compile(r"\bct state (?!vmap\b)" + _WORDS)
# Who is not of some small set is a stranger, and so is who does not come from the host itself.
_STRANGER = re.compile(r"\b(?:(?:(ip6?) )?saddr != (?:\{[^}]*\}|\S+)|iif(?:name)? != \"?lo\"?)")
_ITSELF = re.compile(r"\biif(?:name)? (?:\"lo\"|lo)(?=\s)")
_SOME = re.compile(r"(?<!\. )\bsaddr (?!!=|\.|vmap\b)|\bof some\b|\b(?:limit rate|ct count) over\b")
_VMAP = re.compile(r"((?:\S+ )*?)((?:meta )?(?:l4proto|nfproto)|ct state|(?:tcp|udp|th) dport|\S.*) vmap (\{[^}]*\}|@\S+)\s*$")
# What says nothing about whom a rule is for.
_NOISE = re.compile(r"\b(?:counter(?: packets \d+ bytes \d+)?|log(?: prefix \"[^\"]*\")?(?: (?:level|group|flags) \w+)*|comment \"[^\"]*\""
                    r"|limit rate (?!over)\S+(?: burst \d+ packets)?|tcp flags (?:& \([^)]*\) == )?syn(?: / \S+)?(?=\s)"
                    r"|with (?:tcp reset|icmpx?v?6? (?:type )?\S+|\S+))")
_ACTION = re.compile(r"\b(accept|drop|reject|return|continue|queue(?: .*)?|(?:jump|goto) (\S+))\s*$")


def _whole_lines(text):
    """Return lines, those of a list in braces put together."""
    found = []
    for line in text.splitlines():
        if found and "{" in found[-1] and not found[-1].rstrip().endswith("{") and found[-1].count("{") > found[-1].count("}"):
            found[-1] += " " + line.strip()
        else:
            found.append(line)
    return found


def parse_nft(text):
    """Return ``(table, chain) -> Chain`` of what ``nft list ruleset`` prints."""
    chains, table, chain = {}, "", None
    for line in _whole_lines(text):
        words = line.split("#", 1)[0].strip() if line.lstrip().startswith("#") else line.strip()
        head = re.match(r"(table|chain) (.+?) \{", words)
        if head and head.group(1) == "table":
            table, chain = head.group(2), None
        elif head:
            chain = (table, head.group(2))
            chains[chain] = Chain(table, "", "accept", [])
        elif words == "}":
            chain = None
        elif chain and words.startswith("type "):
            hook, policy = re.search(r"\bhook (\w+)", words), re.search(r"\bpolicy (\w+)", words)
            chains[chain] = chains[chain]._replace(hook=hook.group(1) if hook else "", policy=policy.group(1) if policy else "accept")
        elif chain and words:
            chains[chain].rules.append(words)
    return chains


def parse_iptables(text):
    """Return the same of what ``iptables-save`` prints."""
    chains, table = {}, ""
    for line in text.splitlines():
        words = line.split()
        if line.startswith("*"):
            table = line[1:].strip()
        elif line.startswith(":") and len(words) > 1:
            hook = "input" if words[0] == ":INPUT" and table == "filter" else ""
            chains[(table, words[0][1:])] = Chain(table, hook, "accept" if words[1] == "-" else words[1].lower(), [])
        elif words[:1] == ["-A"] and (table, words[1]) in chains:
            chains[(table, words[1])].rules.append(_as_nft(" ".join(words[2:])))
    return chains


# Parts of a rule of iptables, each with how nft says it; what is left over is something else.
_PARTS = (
    (r'-m comment|--comment (?:"[^"]*"|\S+)|-m (?:tcp|udp|multiport|state|conntrack|limit)\b|--limit(?:-burst)? \S+|--log-\S+ (?:"[^"]*"|\S+)', ""),
    (r"--reject-with \S+|-d \S+|--syn\b|--tcp-flags FIN,SYN,RST,ACK SYN", ""),
    (r"(! )?-i lo\b", lambda found: 'iifname %s"lo"' % ("!= " if found.group(1) else "")), (r"(! )?-i (\S+)", lambda found: 'iifname "%s"' % found.group(2)),
    (r"(! )?-s (\S+)", lambda found: "saddr %s%s" % ("!= " if found.group(1) else "", found.group(2))),
    (r"(! )?-p (\S+)", lambda found: "meta l4proto %s%s" % ("!= " if found.group(1) else "", found.group(2))),
    (r"(! )?--(?:ct)?state (\S+)", lambda found: "ct state %s%s" % ("!= " if found.group(1) else "", found.group(2).lower())),
    (r"(! )?--dports? (\S+)", lambda found: "th dport %s{ %s }" % ("!= " if found.group(1) else "", found.group(2).replace(":", "-").replace(",", ", "))),
)


def _as_nft(rule):
    """Say a rule of iptables as nft would."""
    target = re.search(r"-([jg]) (\S+)", rule)
    rest, parts = re.sub(r"-[jg] \S+", "", rule), []
    for expression, said in _PARTS:
        for found in re.finditer(expression, rest):
            if said:
                parts.append(said(found))
        rest = re.sub(expression, "", rest)
    if rest.strip():
        parts.append("of some")
    name = target.group(2) if target else ""
    if name in ("ACCEPT", "DROP", "REJECT", "RETURN"):
        parts.append(name.lower())
    elif name:
        parts.append("%s %s" % ("jump" if target.group(1) == "j" else "goto", name))
    return " ".join(parts)


def parse_firewalld(text):
    """Return zone -> ports that it lets anybody reach (None: all), for the active zones that ``firewall-cmd --list-all-zones`` prints."""
    found, zone = {}, None
    for line in text.splitlines():
        head = re.match(r"(\S+)(.*)$", line)
        if head and "active" in head.group(2):
            zone = head.group(1)
            found[zone] = set()
        elif head:
            zone = None
        key, _colon, value = line.strip().partition(":")
        if zone is None or head:
            continue
        if key == "target" and value.strip() == "ACCEPT":
            found[zone] = None
        elif found[zone] is not None and key == "services":
            found[zone] |= set(SERVICES[word] for word in value.split() if word in SERVICES)
        elif found[zone] is not None and key == "ports":
            found[zone] |= set(port for word in value.split() if word.endswith("/tcp") for port in SERVICES.values() if _among(word[:-4], port))
    return found


def admits(chains, port, families=FAMILIES):
    """Tell whether a stranger reaches a port by any of some families of addresses: every chain that judges what comes in has to let it pass.

    :returns: None where no chain judges what comes in, or where rules that name the port say more than is understood here.
    """
    judged = [key for key, chain in chains.items() if chain.hook == "input"]
    if not judged:
        return None
    told = []
    for family in families:
        verdicts = [_verdict(chains, key, family, port) for key in judged if _judges(chains[key], family)]
        told.append(DROP if DROP in verdicts else UNKNOWN if UNKNOWN in verdicts else ACCEPT)
    return True if ACCEPT in told else None if UNKNOWN in told else False


def _judges(chain, family):
    """Tell whether a chain sees packets of a family; a table of iptables has none in its name."""
    words = chain.table.split()
    return len(words) < 2 or words[0] in ("inet", family)


def _verdict(chains, key, family, port, depth=0):
    """Return what becomes of a stranger's first packet: accept, drop, unknown, or empty where the chain that called this one goes on."""
    chain, doubts = chains[key], set()
    end = chain.policy if chain.hook else ON
    for rule in chain.rules:
        certain, actions = _outcome(rule, family, port)
        for action in actions:
            word, _space, target = action.partition(" ")
            found = _RESULTS.get(word, ON)
            if word in ("jump", "goto") and (chain.table, target) in chains and depth < DEPTH:
                found = _verdict(chains, (chain.table, target), family, port, depth + 1)
            if not certain:
                # It holds for some strangers: what comes after it is the answer for others, unless it is about ports.
                ports = _names_port(rule) or word in ("jump", "goto") and _names_ports(chains, (chain.table, target), depth)
                if ports and (found or word in ("return", "goto")):
                    doubts.add(found or end)
            elif found or word in ("return", "goto"):
                # Where the chain that was gone to ends, it goes on after the last jump: never in this one.
                return _settled(found or end, doubts)
    return _settled(end, doubts)


_RESULTS = {"accept": ACCEPT, "queue": ACCEPT, "drop": DROP, "reject": DROP}


def _settled(verdict, doubts):
    """Return a verdict if all that may be comes to the same."""
    return UNKNOWN if doubts - {verdict} else verdict


def _names_port(rule):
    return re.search(r"\bdport\b", rule) is not None


def _names_ports(chains, key, depth):
    """Tell whether a chain, or one to which it leads, has rules about ports."""
    for rule in chains[key].rules if key in chains else ():
        if _names_port(rule):
            return True
        for target in re.findall(r"\b(?:jump|goto) ([^\s,}]+)", rule):
            if depth < DEPTH and _names_ports(chains, (key[0], target), depth + 1):
                return True
    return False


def _outcome(rule, family, port):
    """Return what a rule does with a stranger's first packet to a port.

    :returns: whether it certainly does, and the list of its actions; the list is empty where the rule is not about that packet.
    """
    text = _NOISE.sub("", rule).strip()
    actions, text, certain = _actions(text, family, port)
    for expression, holds in _MATCHES:
        for found in expression.finditer(text):
            answer = holds(found, family, port)
            if answer is None:
                certain = False
            elif not answer:
                return True, []
        text = expression.sub("", text)
    if _SOME.search(text):
        return True, []
    return certain and not text.strip(), actions


def _actions(text, family, port):
    """Return the actions of a rule, the rule without them, and whether it is certain which of them."""
    found = _VMAP.match(text)
    if not found:
        action = _ACTION.search(text)
        return ([action.group(1)] if action else []), _ACTION.sub("", text), True
    begin, key, words = found.groups()
    rows = [row.rpartition(" : ")[::2] for row in words.strip("{} ").split(", ")] if words[0] == "{" else []
    if key.endswith("dport"):
        if key.startswith("udp"):
            return [], begin, True
        return [verdict.strip() for word, verdict in rows if _among(word.strip(), port)][:1] if rows else ["accept"], begin, bool(rows)
    wanted = {"ct state": ("new",), "l4proto": ("tcp", "6"), "nfproto": ("ipv4" if family == "ip" else "ipv6",)}.get(key.replace("meta ", ""))
    if wanted:
        return [verdict.strip() for word, verdict in rows if word.strip() in wanted][:1] if rows else ["accept"], begin, bool(rows)
    return [verdict.strip() for word, verdict in rows if word.strip() not in ("lo", '"lo"')], begin, False


def _listed(text):
    return [word.strip() for word in text.strip("{} ").split(",")]


def _port_holds(found, _family, port):
    protocol, without, words = found.groups()
    if protocol not in ("tcp", "th"):
        return False
    if words.startswith("@") or "@" in words:
        return None
    return any(_among(word, port) for word in _listed(words)) != bool(without)


def _protocol_holds(found, family, _port):
    what, without, words = found.groups()
    if what != "l4proto" and what.split()[0] != family:
        return False
    return bool({"tcp", "6"} & set(_listed(words))) != bool(without)


_MATCHES = (
    (_ITSELF, lambda found, family, port: False), (_STRANGER, lambda found, family, port: found.group(1) in (None, family)), (_DPORT, _port_holds),
    (_PROTOCOL, _protocol_holds), (_STATE, lambda found, family, port: ("new" in _listed(found.group(2))) != bool(found.group(1))),
    (_NFPROTO, lambda found, family, port: (("ipv4" if family == "ip" else "ipv6") in _listed(found.group(2))) != bool(found.group(1))),
)


def _among(word, port):
    """Tell whether a port, a range or a service's name means a port."""
    bounds = re.match(r"(\d+)(?:-(\d+))?$", word)
    if bounds:
        return int(bounds.group(1)) <= port <= int(bounds.group(2) or bounds.group(1))
    return SERVICES.get(word) == port
