# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The option plan taken apart on the controller."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleActionFail

from ansible_collections.mailjail.sendmail.plugins.action import sendmail_config, sendmail_info
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import role_plans


def test_a_plan_becomes_the_options_that_it_holds():
    found = sendmail_config._planned({"m4": "m4", "plan": {"maps": [{"name": "access"}], "context": {"mailers": []}, "mc": {"preamble": ""}}})
    assert found == {"m4": "m4", "maps": [{"name": "access"}], "context": {"mailers": []}}


@pytest.mark.parametrize("arguments", [{"maps": []}, {"maps": [], "plan": None}])
def test_without_a_plan_all_stays_as_it_was_said(arguments):
    assert sendmail_config._planned(dict(arguments)) == {"maps": []}


def test_what_is_said_twice_is_refused_by_its_name():
    with pytest.raises(AnsibleActionFail, match="files: given twice"):
        sendmail_config._planned({"files": [], "plan": {"files": [], "maps": []}})


def test_what_is_read_along_is_each_role_s_plan():
    assert {module.__name__.rpartition(".plan_")[2] for module in sendmail_info.READ_ALONG} >= set(role_plans.ROLES)
