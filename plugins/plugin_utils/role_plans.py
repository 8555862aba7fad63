# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of each role, by its name."""

from __future__ import annotations

import importlib

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

ROLES = ("apparmor", "auth", "firewall", "logs", "metrics", "milters", "tls")


def plan(site, role):
    """Return what a role does for a site: that of the file ``plan_ROLE``, which alone is read.

    :raises InvalidValue: there is no such role, or see there.
    """
    if role not in ROLES:
        raise InvalidValue("'%s' is no role that has a plan; there are: %s." % (role, ", ".join(ROLES)))
    return _of(role).plan(site)


def everything():
    """Return the files of all plans, for whoever wants them read before they are called."""
    return [_of(role) for role in ROLES]


def _of(role):
    return importlib.import_module("ansible_collections.mailjail.sendmail.plugins.plugin_utils.plan_" + role)
