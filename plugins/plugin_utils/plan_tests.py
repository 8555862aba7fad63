# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What must be true of every configuration of a site: route tests that the real sendmail answers before it goes live. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress

from ansible_collections.mailjail.sendmail.plugins.module_utils import routes
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_maps, plan_profiles

# Tests that stand for the world outside never come from a network that may relay.
OUTSIDE = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
FOREIGN = "mailjail-test.example"
HELO = "client." + FOREIGN


def outside(networks):
    """Return an address of a stranger, one that no own network holds; :raises InvalidValue: the networks hold all addresses set aside for examples."""
    own = [ipaddress.ip_network(network, strict=False) for network in networks]
    for address in OUTSIDE:
        if not any(ipaddress.ip_address(address) in network for network in own):
            return address
    raise InvalidValue("sendmail_relay_networks holds %s: that is nearly everybody. Name your own networks." % ", ".join(OUTSIDE),
                       variable="sendmail_relay_networks")


def inside(network):
    """Return the first host address of a network."""
    found = ipaddress.ip_network(network, strict=False)
    return str(found[1] if found.num_addresses > 2 else found[0])


def route_tests(site):
    """Return the tests that every such host carries, then the site's own; one of the same name takes the place of ours."""
    for test in site["route_tests"]:
        _check(test)
    taken = [] if plan_profiles.name(site) == "nullclient" else own_domains(site)
    tests = strangers(site) + taken + own_clients(site) + plan_profiles.route_tests(site)
    names = {test.get("name") for test in site["route_tests"]}
    return [dict(test, helo=HELO) for test in tests if test["name"] not in names] + site["route_tests"]


def _check(test):
    try:
        routes.complete(test)
    except InvalidValue as exc:
        raise InvalidValue("sendmail_route_tests: %s" % exc.message, variable="sendmail_route_tests")


def strangers(site):
    """What a stranger must not be able to do, in every spelling that once worked somewhere."""
    recipients = [("", "user@" + FOREIGN)]
    if site["domain"]:
        recipients += [(" by a percent sign", "user%%%s@%s" % (FOREIGN, site["domain"])), (" by an exclamation mark", "%s!user@%s" % (FOREIGN, site["domain"])),
                       (" by a source route", "@%s:user@%s" % (site["domain"], FOREIGN))]
    client = outside(site["relay_networks"])
    return [{"name": "a stranger cannot relay" + how, "client_address": client, "recipient": recipient, "expect": "refused", "code": "550"}
            for how, recipient in recipients]


def own_domains(site):
    """Mail for the site's domains is taken from anybody and goes where the mailertable sends it."""
    client, targets = outside(site["relay_networks"]), _routes(site)
    tests = []
    for domain in plan_maps.domains(site):
        mailer, unused, host = targets.get(domain.lower(), "").partition(":")
        if mailer != "error":
            test = {"name": "mail for %s is taken" % domain, "client_address": client, "recipient": "postmaster@" + domain, "expect": "accepted",
                    "mailer": mailer, "host": host if mailer != "local" else ""}
            tests.append({key: value for key, value in test.items() if value})
    return tests


def _routes(site):
    """Return the mailertable as far as it stands in the variables: domain to ``mailer:host``."""
    said = plan_maps.table(site, "mailertable")
    if said.get("file") or said.get("host_file"):
        return {}
    entries = plan_maps.merge("mailertable", plan_maps.mailertable(site), said)
    return {str(entry.get("key")).lower(): str(entry.get("value") or "%s:%s" % (entry.get("mailer"), entry.get("host") or "")) for entry in entries}


def own_clients(site):
    """Clients of the own networks may send to the world."""
    return [{"name": "%s may send to the world" % network, "client_address": inside(network), "recipient": "user@" + FOREIGN, "expect": "accepted"}
            for network in site["relay_networks"]]
