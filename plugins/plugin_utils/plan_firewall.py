# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``sendmail_firewall`` to a table of nftables or to policies of firewalld. Pure; runs on the controller.

Both judge two things and leave all else alone: who may reach the mail ports, and packets from outside that claim to come from inside. The port by which
administrators come in is judged by neither, as far as it is known.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
from xml.sax.saxutils import quoteattr

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

# What others take for a mail port: where nobody listens for them, nobody gets through either.
MAIL_PORTS = (25, 465, 587)
# The host itself is always believed; nobody outside is the host itself.
OURSELVES = ("127.0.0.0/8", "::1/128")
TABLE = "mailjail"
RULES = "/etc/mailjail-firewall.nft"
UNIT = "mailjail-firewall.service"
UNIT_FILE = "/etc/systemd/system/" + UNIT
POLICIES = {"ports": "/etc/firewalld/policies/mailjail-ports.xml", "spoof": "/etc/firewalld/policies/mailjail-spoof.xml"}
PACKAGES = {"nftables": ["nftables"], "firewalld": ["firewalld"]}
MARK = "Written by the collection mailjail.sendmail, role firewall: a change made here is shown and undone by the next run."
RELOAD = ["sh", "-c", "! firewall-cmd --state >/dev/null 2>&1 || firewall-cmd --reload"]
# What firewalld has in force is what its files say, in its own words.
IN_FORCE = """for policy in %s; do
  now=$(firewall-cmd --policy=$policy --list-rich-rules | sort) && kept=$(firewall-cmd --permanent --policy=$policy --list-rich-rules | sort) || exit 2
  if [ "$now" != "$kept" ]; then echo "what is in force of the policy $policy is not what its file says"; exit 1; fi
done"""

UNIT_TEXT = """# %s
# Loads the table %s of %s, and nothing else. Other rules of this host stay as they are.
[Unit]
Description=Who may reach the mail ports (mailjail)
Documentation=man:nft(8)
# Whatever flushes all rules when it starts comes first, and takes this one along when it starts anew.
After=nftables.service firewalld.service ufw.service netfilter-persistent.service
PartOf=nftables.service
ReloadPropagatedFrom=nftables.service
Before=sendmail.service

[Service]
Type=oneshot
RemainAfterExit=yes
# The file replaces the former table in one transaction: there is never half of it.
ExecStart=/usr/sbin/nft -f %s
ExecReload=/usr/sbin/nft -f %s
ExecStop=/usr/sbin/nft delete table inet %s
NoNewPrivileges=yes
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
CapabilityBoundingSet=CAP_NET_ADMIN
RestrictAddressFamilies=AF_NETLINK AF_UNIX
MemoryDenyWriteExecute=yes
SystemCallArchitectures=native

[Install]
WantedBy=multi-user.target nftables.service
""" % (MARK, TABLE, RULES, RULES, RULES, TABLE)


def _fail(key, what):
    raise InvalidValue("sendmail_firewall (%s): %s" % (key, what), variable="sendmail_firewall")


def network(text, key):
    """Return a network as the standard library has it; :raises InvalidValue: it is none, or everything."""
    bare = str(text)
    try:
        # A netmask or a bare number hides typing errors.
        if not re.fullmatch(r"[0-9A-Fa-f:.]+(/[0-9]{1,3})?", bare) or not re.search("[.:]", bare):
            raise ValueError("no network")
        found = ipaddress.ip_network(bare)
    except ValueError:
        _fail(key, "'%s' is no network. Write an address with a prefix length and no bits behind it, such as 10.0.0.0/8 or 2001:db8::/48." % bare)
    if not found.prefixlen:
        _fail(key, "'%s' is the whole Internet. Leave the port out where everybody may come." % bare)
    return found


def _networks(words, key):
    """Return networks without those that lie in others, each family for itself."""
    found = [network(word, key) for word in words or []]
    return {version: [str(one) for one in ipaddress.collapse_addresses(one for one in found if one.version == version)] for version in (4, 6)}


def _port(word, key):
    if not re.fullmatch("[0-9]{1,5}", str(word)) or not 0 < int(word) < 65536:
        _fail(key, "'%s' is no port number." % word)
    return int(word)


def _local(listener):
    address = str(listener.get("address") or ("::" if listener.get("family") == "inet6" else "0.0.0.0")).strip("[]")
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"


def open_ports(listeners):
    """Return the ports that others can reach, of listeners with an address that is not the host's own alone."""
    return sorted({int(one.get("port") or 25) for one in listeners or [] if one.get("family") != "local" and not _local(one)})


def _interfaces(words):
    for word in words or []:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._@:-]{0,14}", str(word)):
            _fail("outside_interfaces", "'%s' is no name of an interface; see 'ip link'." % word)
        if word == "lo":
            _fail("outside_interfaces", "lo is the host itself. Name the interface that leads outside; see 'ip route show default'.")
    return list(words or [])


def _zones(words):
    for word in words or []:
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,17}", str(word)):
            _fail("outside_zones", "'%s' is no name of a zone; see 'firewall-cmd --get-zones'." % word)
    return list(words or [])


def _runs(site):
    return (((site.get("info") or {}).get("units") or {}).get("firewalld.service") or {}).get("active") == "active"


def management_ports(site, said):
    """Return the ports by which administrators come in.

    Where nobody says them: that of Ansible's own connection, which may be another before a router, that on which the host took the connection, and 22.
    """
    guessed = [22, site.get("management_port") or 22, site.get("connection_port") or 22]
    return sorted({_port(port, "management_ports") for port in said.get("management_ports") or guessed})


def settings(site):
    """Return what is meant, checked: ``backend``, ``ports`` (port to its networks by version, None for everybody), ``closed``, ``spoofed`` and so on.

    :param dict site: with ``firewall`` (the variable), ``listeners``, ``relay_networks``, ``management_port`` (Ansible's), ``connection_port`` (on which the
        host took this connection, where known), ``info`` (of the module sendmail_info).
    :raises InvalidValue: naming the key and what was expected.
    """
    said = {key: value for key, value in (site.get("firewall") or {}).items() if value is not None}
    # YAML reads a bare off as false.
    if (said.get("backend") or "off") == "off":
        return {"backend": "off"}
    ports = {port: None for port in open_ports(site.get("listeners"))}
    for word, names in (said.get("sources") or {}).items():
        port = _port(word, "sources")
        if port not in ports:
            _fail("sources", "no listener of sendmail_listeners has port %d on an address that others can reach. Ports are %s." % (
                port, ", ".join(str(one) for one in ports) or "none"))
        if not names:
            _fail("sources", "port %d has no networks. Name those that may reach it, or leave the port out where everybody may." % port)
        ports[port] = _networks(names, "sources")
    backend = said["backend"]
    if backend == "auto":
        backend = "firewalld" if _runs(site) else "nftables"
    elif backend == "firewalld" and (site.get("info") or {}).get("units") is not None and not _runs(site):
        # Starting it would close what nobody asked us to judge.
        _fail("backend", "firewalld does not run on this host. See what its zones let in, start it ('systemctl enable --now firewalld') and run again; or say "
                         "'nftables' or 'auto'.")
    outside = {"nftables": _interfaces(said.get("outside_interfaces")), "firewalld": _zones(said.get("outside_zones"))}[backend]
    inside = said.get("internal_networks")
    spoofed = _networks(list(site.get("relay_networks") or [] if inside is None else inside) + list(OURSELVES), "internal_networks")
    management = management_ports(site, said)
    judged = sorted(set(management) & (set(ports) | set(MAIL_PORTS)))
    if judged:
        _fail("management_ports", "port %d is a mail port." % judged[0])
    return {"backend": backend, "ports": ports, "closed": [port for port in MAIL_PORTS if port not in ports], "outside": outside,
            "spoofed": spoofed if outside else {4: [], 6: []}, "management": management}


# ---- nftables --------------------------------------------------------------------------------------------------------------------------

def state(found):
    """Return the name of a chain that stands in the table for nothing but its name: it tells whether these very rules are loaded."""
    return "state_" + hashlib.sha256(repr(sorted(found.items())).encode()).hexdigest()[:16]


def _set(name, version, networks):
    return ["    set %s { type ipv%d_addr; flags interval; elements = { %s } }" % (name, version, ", ".join(networks))] if networks else []


def _among(ports):
    return "{ %s }" % ", ".join(str(port) for port in ports)


def table(found):
    """Return the text of our table for nft(8)."""
    lines = ["# " + MARK, "# The table is ours and judges the mail ports and forged senders' addresses; what it does not name it lets pass.",
             "table inet %s" % TABLE, "delete table inet %s" % TABLE, "table inet %s {" % TABLE,
             "    # Which rules these are, for whoever wants to know whether they are loaded.", "    chain %s { }" % state(found)]
    rules = ["iifname \"lo\" accept", "# The way in for administrators is not ours to judge.", "tcp dport %s accept" % _among(found["management"])]
    for version in (4, 6):
        lines += _set("inside%d" % version, version, found["spoofed"][version])
    if found["outside"]:
        rules += ["# What is known goes on; and without its neighbours no host is reached by IPv6.", "ct state established,related accept",
                  "meta l4proto ipv6-icmp accept"]
        rules.append("# Nobody out there has an address from in here: relaying goes by addresses.")
        there = ", ".join('"%s"' % name for name in found["outside"])
        rules += ["iifname { %s } %s saddr @inside%d counter drop" % (there, family, version) for family, version in (("ip", 4), ("ip6", 6))]
    everybody = [port for port, networks in found["ports"].items() if networks is None]
    few = {port: networks for port, networks in found["ports"].items() if networks is not None}
    for port, networks in few.items():
        for version in (4, 6):
            lines += _set("port%d_from%d" % (port, version), version, networks[version])
            if networks[version]:
                rules.append("tcp dport %d ip%s saddr @port%d_from%d accept" % (port, "" if version == 4 else "6", port, version))
    if everybody:
        rules.append("tcp dport %s accept" % _among(everybody))
    if list(few) + found["closed"]:
        rules += ["# From elsewhere, and mail ports on which nobody listens for others.",
                  "tcp dport %s counter reject with tcp reset" % _among(sorted(list(few) + found["closed"]))]
    lines += ["    chain input {", "        # Before the rules of others, which still judge what passes here.",
              "        type filter hook input priority -10; policy accept;"]
    return "\n".join(lines + ["        " + rule for rule in rules] + ["    }", "}"]) + "\n"


# ---- firewalld -------------------------------------------------------------------------------------------------------------------------

def _rule(verdict, networks, port=None, priority=0, protocol="tcp"):
    """Yield rich rules of one meaning, one for each network, or one for everybody (None)."""
    place = "<port port=%s protocol=%s/>" % (quoteattr(str(port)), quoteattr(protocol))
    if networks is None:
        yield '  <rule priority="%d">%s<%s/></rule>' % (priority, place, verdict)
        return
    for version in (4, 6):
        for one in networks[version]:
            yield '  <rule family="ipv%d" priority="%d"><source address=%s/>%s<%s/></rule>' % (version, priority, quoteattr(one), place, verdict)


def _policy(short, zones, priority, rules):
    return "\n".join(['<?xml version="1.0" encoding="utf-8"?>', "<!-- %s -->" % MARK, '<policy priority="%d" target="CONTINUE">' % priority,
                      "  <short>%s</short>" % short] + ["  <ingress-zone name=%s/>" % quoteattr(zone) for zone in zones]
                     + ['  <egress-zone name="HOST"/>'] + rules + ["</policy>"]) + "\n"


def _gaps(taken):
    """Return ranges of ports that hold all but some, as firewalld writes them."""
    found, first = [], 1
    for port in sorted(taken) + [65536]:
        if first < port:
            found.append("%d-%d" % (first, port - 1) if first < port - 1 else str(first))
        first = port + 1
    return found


def policies(found):
    """Return path to text of our policies; a policy without rules is none."""
    rules = []
    for port, networks in found["ports"].items():
        rules += _rule("accept", networks, port, -1)
        rules += _rule("reject", None, port, 1) if networks is not None else []
    for port in found["closed"]:
        rules += _rule("reject", None, port, 1)
    texts = {POLICIES["ports"]: _policy("Who may reach the mail ports", ["ANY"], -20, rules)}
    if found["outside"]:
        # The way in for administrators is not ours to judge: rules of firewalld know no "all but", so the ports beside it are named.
        rules = [rule for span in _gaps(found["management"]) for rule in _rule("drop", found["spoofed"], span)]
        rules += list(_rule("drop", found["spoofed"], "1-65535", protocol="udp"))
        texts[POLICIES["spoof"]] = _policy("Addresses from inside that come from outside", found["outside"], -30, rules)
    return texts


# ---- what is to be done ------------------------------------------------------------------------------------------------------------------

def plan(site):
    """Return ``packages`` that are needed and the ``companions`` for the module of that name; both are empty where there is nothing to do.

    :param dict site: see :func:`settings`; ``info`` tells with ``system_files`` what an earlier run left.
    """
    found = settings(site)
    left = set((site.get("info") or {}).get("system_files") or [])
    companions = []
    if found["backend"] != "nftables" and left & {RULES, UNIT_FILE}:
        companions.append({"name": "nftables", "unit": UNIT, "state": "stopped", "enabled": False,
                           "files": [{"path": path, "state": "absent"} for path in (UNIT_FILE, RULES)]})
    texts = policies(found) if found["backend"] == "firewalld" else {}
    files = [{"path": path, "content": text} for path, text in sorted(texts.items())]
    files += [{"path": path, "state": "absent"} for path in sorted(POLICIES.values()) if path in left and path not in texts]
    if texts:
        names = " ".join(sorted(re.sub(r".*/|\.xml", "", path) for path in texts))
        companions.append({"name": "firewalld", "files": files, "check": ["firewall-cmd", "--check-config"], "apply": ["firewall-cmd", "--reload"],
                           "proof": ["sh", "-c", IN_FORCE % names]})
    elif files:
        companions.append({"name": "firewalld", "state": "stopped", "files": files, "apply": RELOAD})
    if found["backend"] == "nftables":
        companions.append({"name": "nftables", "unit": UNIT, "watch": [], "check": ["nft", "-c", "-f", RULES],
                           "files": [{"path": RULES, "content": table(found), "mode": "0600"}, {"path": UNIT_FILE, "content": UNIT_TEXT}],
                           "proof": ["nft", "list", "chain", "inet", TABLE, state(found)]})
    return {"packages": PACKAGES.get(found["backend"], []), "companions": companions}
