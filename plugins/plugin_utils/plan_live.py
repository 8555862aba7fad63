# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the daemon that runs still needs, while its successor is not proven yet. Pure; runs on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def account(info):
    """Return as whom the running daemon works; empty where none runs.

    :param dict info: what sendmail_info said before anything was changed.
    """
    found = info.get("daemon") or {}
    return found.get("user") or "" if found.get("running") else ""


def is_on(unit):
    """Tell whether a unit runs or is started at boot.

    :param unit: its state out of sendmail_info, None where it was not asked for.
    """
    return bool(unit) and (unit.get("active") in ("active", "activating", "reloading") or unit.get("enabled") == "enabled")
