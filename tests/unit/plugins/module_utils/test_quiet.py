# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re

MODULES = os.path.join(os.path.dirname(os.path.abspath(__file__)), *[os.pardir] * 4 + ["plugins", "modules", "*.py"])


def test_every_module_with_a_secret_is_quiet():
    loud = []
    for path in glob.glob(MODULES):
        with open(path, encoding="utf-8") as source:
            text = source.read()
        if re.search(r'"no_log": True', text) and "quiet(AnsibleModule)(" not in text:
            loud.append(os.path.basename(path))
    assert loud == []
