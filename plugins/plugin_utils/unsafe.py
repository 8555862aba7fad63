# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text of hosts, handed to Ansible as text and never as a template."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

try:
    from ansible.utils.unsafe_proxy import wrap_var
except ImportError:
    # Since ansible-core 2.19 nothing that a plugin returns is a template; before that everything is that is not wrapped.
    def wrap_var(v):
        return v


def text(value):
    """Return a value in which no text is a template, for a filter to return.

    Before ansible-core 2.19 a loop's item is expanded once more, whatever it holds: ``{{ lookup('pipe', 'id') }}`` in a remark of a map would run.
    """
    return wrap_var(value)
