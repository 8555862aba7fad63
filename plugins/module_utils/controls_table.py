# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""All controls, in the order in which they are told. Each family stands in a file of its own."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    controls_accounts,
    controls_delivery,
    controls_files,
    controls_limits,
    controls_maps,
    controls_milters,
    controls_packages,
    controls_relay,
    controls_smtp,
    controls_sources,
    controls_spool,
    controls_system,
    controls_tls,
    controls_tls_peers,
    controls_transport,
)

FAMILIES = collections.OrderedDict((
    ("PKG", "Packages and build"), ("CF", "Configuration build"), ("FS", "File system"), ("PRIV", "Privilege"), ("JAIL", "Mail jail"),
    ("REL", "Relaying"), ("SMTP", "Protocol behaviour"), ("DOS", "Resource limits"), ("TLS", "TLS"), ("AUTH", "Authentication"),
    ("MSP", "Submission program"), ("SMRSH", "Program delivery"), ("ALIAS", "Aliases"), ("MAP", "Maps"), ("QUEUE", "Queue"), ("LOG", "Logging"),
    ("OS", "Operating system"), ("MILT", "Mail filters"), ("BAK", "Backup and way back")))
_ROWS = [control for module in (
    controls_accounts, controls_delivery, controls_files, controls_limits, controls_maps, controls_milters, controls_packages, controls_relay,
    controls_smtp, controls_sources, controls_spool, controls_system, controls_tls, controls_tls_peers, controls_transport) for control in module.CONTROLS]
CONTROLS = collections.OrderedDict((control.id, control) for control in sorted(
    _ROWS, key=lambda control: (list(FAMILIES).index(control.family), control.id)))


def chosen(profile, only=(), without=()):
    """Return the controls that are looked at.

    :param str profile: gateway, nullclient, hub, or empty for a host of unknown kind: all controls then.
    :param only: ids or families; empty for all. :param without: ids or families to leave out.
    """
    def named(control, names):
        return control.id in names or control.family in names
    return [control for control in CONTROLS.values()
            if (not profile or control.profiles[profile] != "never") and (not only or named(control, only)) and not named(control, without)]
