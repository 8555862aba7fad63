# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import pytest

from ansible_collections.mailjail.sendmail.plugins.plugin_utils import variables

SPEC = "---\nargument_specs:\n  main:\n    options:\n      %s:\n        type: str\n"


@pytest.fixture
def roles(tmp_path):
    for role, variable in (("a", "sendmail_domain"), ("b", "sendmail_limits")):
        (tmp_path / role / "meta").mkdir(parents=True)
        (tmp_path / role / "meta" / "argument_specs.yml").write_text(SPEC % variable, encoding="utf-8")
    return str(tmp_path)


@pytest.mark.parametrize("names, told", [
    (["sendmail_domain", "sendmail_limits", "sendmail_hosts"], []),
    (["sendmail_limit"], ["sendmail_limit is no variable of this collection. Did you mean sendmail_limits?"]),
    (["sendmail_xyzzy_42"], ["sendmail_xyzzy_42 is no variable of this collection."])])
def test_misspelt_variables_are_told(roles, names, told):
    assert variables.unknown(names, roles, ["sendmail_hosts"]) == told
