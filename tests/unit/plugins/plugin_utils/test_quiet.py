# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Needs ansible-core, which there is none of for the oldest Python, so it does not stand beside the other tests of module_utils."""

from __future__ import annotations

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.mailjail.sendmail.plugins.module_utils.quiet import quiet


def test_what_is_replaced_is_what_ansible_calls():
    assert callable(AnsibleModule._log_invocation)
    assert quiet(AnsibleModule)._log_invocation is not AnsibleModule._log_invocation
