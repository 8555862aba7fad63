# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""DANE: certificates of servers, vouched for by signed DNS, and the resolver on the host that checks the signatures. Pure; runs on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

DEFAULTS = {"enabled": False, "resolver": "unbound", "forwarders": [], "trust_anchors": [], "insecure_domains": []}
_NAME = re.compile(r"(?:[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.)*[A-Za-z0-9_](?:[A-Za-z0-9_-]*[A-Za-z0-9_])?\.?\Z|\.\Z")
# A line of a zone: nothing in it may begin another line of the resolver's configuration.
_ANCHOR = re.compile(r"[!-~]+[ \t]+(?:\d+[ \t]+)?(?:IN[ \t]+)?(?:DS[ \t]+\d+[ \t]+\d+[ \t]+\d+[ \t]+[0-9A-Fa-f ]+"
                     r"|DNSKEY[ \t]+\d+[ \t]+\d+[ \t]+\d+[ \t]+[A-Za-z0-9+/= ]+)\Z", re.ASCII)
_ADDRESS = re.compile(r"[0-9A-Fa-f:.]+\Z")
HEAD = "# Written by the collection mailjail.sendmail, role tls: a change made here by hand is shown and undone by the next run.\n"
# trust-ad: without it the C library throws away what says that an answer was checked.
RESOLV_CONF = HEAD + ("# What the mail daemon sees as /etc/resolv.conf: the resolver of this host, which checks signatures.\n"
                      "nameserver 127.0.0.1\noptions edns0 trust-ad\n")


def settings(said):
    """Return ``sendmail_dane`` laid over the defaults; :raises InvalidValue: a key or value that can not be what was meant."""
    found = dict(DEFAULTS, **(said or {}))
    unknown = sorted(set(found) - set(DEFAULTS))
    if unknown:
        raise InvalidValue("sendmail_dane has no key %s. Keys are %s." % (", ".join(unknown), ", ".join(sorted(DEFAULTS))), variable="sendmail_dane")
    if found["resolver"] not in ("unbound", "own"):
        raise InvalidValue("sendmail_dane.resolver is '%s'; expected unbound or own." % found["resolver"], variable="sendmail_dane")
    for address in found["forwarders"]:
        # With a scope (fe80::1%eth0) Python takes whatever stands behind the percent sign.
        try:
            plain = bool(_ADDRESS.match(str(address))) and ipaddress.ip_address(str(address))
        except ValueError:
            plain = False
        if not plain:
            raise InvalidValue("sendmail_dane.forwarders: %s is no IP address without a scope." % ascii(str(address)), variable="sendmail_dane")
    for name in found["insecure_domains"]:
        if not _NAME.match(str(name)):
            raise InvalidValue("sendmail_dane.insecure_domains: '%s' is no domain." % name, variable="sendmail_dane")
    for line in found["trust_anchors"]:
        if not _ANCHOR.match(str(line)) or not _NAME.match(str(line).split()[0]):
            raise InvalidValue("sendmail_dane.trust_anchors: '%s' is no DS or DNSKEY record; expected one such as 'example.com. IN DS 12345 13 2 1F98...'."
                               % line, variable="sendmail_dane")
    return found


def resolver_text(found):
    """Return the configuration of unbound: it answers this host alone."""
    rows = ["server:", "    interface: 127.0.0.1", "    access-control: 127.0.0.0/8 allow", "    hide-identity: yes", "    hide-version: yes",
            "    harden-dnssec-stripped: yes", "    harden-glue: yes", "    val-clean-additional: yes"]
    rows += ['    trust-anchor: "%s"' % line for line in found["trust_anchors"]]
    rows += ['    domain-insecure: "%s"' % name for name in found["insecure_domains"]]
    if found["forwarders"]:
        rows += ["forward-zone:", '    name: "."'] + ["    forward-addr: %s" % address for address in found["forwarders"]]
    return HEAD + "\n".join(rows) + "\n"


def check_flags(flags, version):
    """Refuse DANE where it was not compiled in.

    :param list flags: what a host's sendmail was compiled with; empty where that is not known (yet).
    :raises InvalidValue: it was not.
    """
    if flags and "DANE" not in flags:
        raise InvalidValue("sendmail_dane.enabled is true, and this host's sendmail %s was compiled without DANE (sendmail -d0.1 -bt lists what is in). "
                           "Debian 13 and openSUSE have it; leave it off here, or build sendmail from source with -DDANE." % version, variable="sendmail_dane")


def plan(site, directory):
    """Return what follows: ``bind`` (what the daemon sees in place of another file), ``companions`` for sendmail_companions, ``packages`` and ``files``."""
    found = settings(site.get("dane"))
    if not found["enabled"]:
        return {"enabled": False, "bind": [], "companions": [], "packages": [], "files": [], "resolver": False}
    check_flags(site.get("compile_flags") or [], site["release"])
    resolver, place = site["platform"]["resolver"], directory + "/resolv.conf"
    files = {"name": "resolv.conf", "directories": [{"path": directory}], "files": [{"path": place, "content": RESOLV_CONF, "mode": "0644"}]}
    unbound = {"name": "unbound", "unit": resolver["unit"], "socket": "inet:53@127.0.0.1", "reload_on": "restart",
               "files": [{"path": resolver["directory"] + "/mailjail.conf", "content": resolver_text(found), "mode": "0644"}]}
    ours = found["resolver"] == "unbound"
    return {"enabled": True, "bind": [place + ":/etc/resolv.conf"], "companions": [files] + ([unbound] if ours else []),
            "packages": resolver["packages"] if ours else [], "files": [place], "resolver": ours}
