# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller's side of sendmail_info, with which every role begins: what the filters of later tasks do is read along, once.

Ansible forks each task from the process that loads this file, and a filter would read it in every fork anew: a fifth of a second in each of a dozen tasks.
"""

from __future__ import annotations

from ansible.plugins.action.normal import ActionModule as NormalAction

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan, role_plans

READ_ALONG = (plan, *role_plans.everything())


class ActionModule(NormalAction):
    """Run the module, as Ansible would without this file."""
