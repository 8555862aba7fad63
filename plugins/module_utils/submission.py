# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host without a daemon: its submission program talks to another host itself. Does it, and does that host answer?"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import daemon

# ``localaddr returns: $# relay $@ [ hub . example . org ] $: root < @ example . org >``
RETURNS = re.compile(r"^(?:> )*localaddr\s+returns: \$#\s*(\S+)(?:\s*\$@\s*(.*?))?\s*\$:")
RECIPIENTS = ("root", "user@mailjail-test.example")


def parse_routes(output):
    """Return ``(mailer, host)`` of each address that ``sendmail -bt`` was asked for by ruleset 5, in order.

    Every mailer of the submission program has the flag 5, so it decides.
    """
    found = [match.groups() for match in map(RETURNS.match, output.splitlines()) if match]
    return [(mailer, "".join((host or "").split())) for mailer, host in found]


def route_faults(runner, program, configuration, hub):
    """Ask the submission program where mail for this host and mail for the world would go.

    :param str hub: where both must go, as the configuration spells it, such as ``[hub.example.org]``.
    :returns: list of sentences, empty when both go there.
    """
    asked = "".join("5 %s\n" % recipient for recipient in RECIPIENTS)
    result = runner.run([program, "-C", configuration, "-bt"], stdin=asked)
    routes = parse_routes(result.stdout)
    if len(routes) != len(RECIPIENTS):
        return ["%s is no configuration to sendmail: %s" % (configuration, (result.stdout + result.stderr).strip()[-300:] or "no word")]
    return ["mail for %s would go to %s by mailer %s, expected %s by mailer relay" % (recipient, host or "nobody", mailer, hub)
            for recipient, (mailer, host) in zip(RECIPIENTS, routes) if (mailer, host.lower()) != ("relay", hub.lower())]


def hub_warning(hub, port, timeout):
    """Return a sentence if a hub does not greet, else None. It may be down for a while, and mail then waits: that is no failure of this host."""
    name = re.sub(r"^(IPv6:)?", "", hub.strip("[]"))
    answer = daemon.greet(daemon.Listener(name, port, False), timeout)
    if answer.startswith("220"):
        return None
    return "the hub %s %s. Mail waits in the submission queue until it does." % (
        daemon.spell((name, port)), "does not answer: %s" % answer[1:] if answer.startswith("!") else "answers '%s' instead of a greeting" % answer)
