# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules whose arguments hold secrets keep them out of the host's journal.

Ansible logs the arguments of a module on the host, and masks in that text only what stands there as it is: of a nested secret with a line end, a tab or a
quote, which are written with a backslash there, nothing is masked.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


def quiet(module_class):
    """Return a module class that does not log the arguments of its invocation."""
    class Quiet(module_class):
        """A module without a word in the journal."""

        def _log_invocation(self):
            """Log nothing."""

    return Quiet
