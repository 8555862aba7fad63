# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What all filters share: the function behind a filter is read when it is called, and its errors become Ansible's."""

from __future__ import annotations

import importlib

from ansible.errors import AnsibleFilterError

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError


def lazily(module, function):
    """Return a filter that calls a function of this collection.

    Ansible reads all filters of a collection in every task that uses one of them, so what does the work must not be read along.

    :param str module: below ``plugins``, such as ``plugin_utils.plan_milters``.
    :param str function: its name there; it takes what the filter takes.
    :raises AnsibleFilterError: when called: the function raised a SendmailError; with its message.
    """
    def called(*args, **kwargs):
        work = getattr(importlib.import_module("ansible_collections.mailjail.sendmail.plugins." + module), function)
        try:
            return work(*args, **kwargs)
        except SendmailError as exc:
            raise AnsibleFilterError(exc.message) from exc

    return called
