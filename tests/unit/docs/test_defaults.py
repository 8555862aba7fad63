# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A default that a program needs elsewhere too is the one that the module describes."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest
import yaml

from ansible_collections.mailjail.sendmail.plugins.module_utils import queue_receipts, smtp_run
from ansible_collections.mailjail.sendmail.plugins.modules import sendmail_queue, smtp_probe, smtp_probe_host


@pytest.mark.parametrize("module, spec, name, value", [
    (smtp_probe, smtp_probe.SPEC, "patience", smtp_run.DEFAULTS["patience"]),
    (smtp_probe, smtp_probe.SPEC, "slow_client_seconds", smtp_run.DEFAULTS["slow_client_seconds"]),
    (smtp_probe_host, smtp_probe_host.SPEC, "patience", smtp_run.DEFAULTS["patience"]),
    (smtp_probe_host, smtp_probe_host.SPEC, "slow_client_seconds", smtp_run.DEFAULTS["slow_client_seconds"]),
    (sendmail_queue, sendmail_queue.spec(), "receipt_directory", queue_receipts.DIRECTORY),
])
def test_a_default_is_one(module, spec, name, value):
    assert spec[name]["default"] == value == yaml.safe_load(module.DOCUMENTATION)["options"][name]["default"]
