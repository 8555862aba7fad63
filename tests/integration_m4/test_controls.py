# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What our templates compile to passes the controls that look at a configuration; what distributions ship fails those that it should."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

import pytest
from real_m4 import CF, compile_mc
from test_profiles import DIRECT, LISTENER, profile
from test_templates import PROFILE, rendered

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, directory, file

SHIPPED = os.path.join(os.path.dirname(os.path.abspath(__file__)), "adopt")
LOOKED_AT = ("SM-FS-15", "SM-PRIV-01", "SM-PRIV-02", "SM-PRIV-04", "SM-PRIV-06", "SM-PRIV-07", "SM-PRIV-08", "SM-JAIL-01", "SM-SMRSH-01")
FILES = {"/usr/libexec/sendmail/smrsh": file(mode=0o755), "/usr/sbin/smrsh": file(mode=0o755), "/usr/bin/procmail": file(mode=0o4755),
         "/usr/libexec/sendmail/mail.local": file(mode=0o755), "/var/mailjail": directory(), "/etc/mail/trusted-users": ""}


def judged(cf, msp, name):
    """Return control -> verdict."""
    view = FakeView(cf=cf, msp=msp, files=FILES, accounts={"mail": 8, "smmsp": 111, "mailgw": 990}, groups={"mail": [], "smmsp": []}, site={"profile": name})
    return {control.id: judgement.verdict for control, judgement in controls.judge(view, controls_table.chosen(name, only=LOOKED_AT))}


@pytest.mark.parametrize("name, said, without", [
    ("gateway", PROFILE, ()), ("gateway", dict(PROFILE, sendmail_privilege="unprivileged"), ("SM-JAIL-01",)),
    ("hub", profile("hub", sendmail_mail_server=""), ()),
    ("nullclient", DIRECT, ()), ("nullclient", dict(LISTENER, sendmail_trusted_users=[]), ())],
    ids=["gateway", "unprivileged", "hub", "direct", "listener"])
def test_ours_passes(name, said, without):
    cf, msp = [compile_mc(rendered(template, said)).cf for template in (said["__sendmail_profile"].get("mc_template", "sendmail.mc.j2"), "submit.mc.j2")]
    found = judged(cf, msp, name)
    assert {control for control, verdict in found.items() if verdict == "not applicable"} == set(without)
    assert set(found.values()) <= {"pass", "not applicable"}, found


@pytest.mark.parametrize("family, wanted", [
    ("redhat", {"SM-PRIV-06", "SM-PRIV-07", "SM-PRIV-08", "SM-JAIL-01"}),
    ("suse", {"SM-PRIV-06", "SM-PRIV-07", "SM-PRIV-08", "SM-JAIL-01", "SM-SMRSH-01"})])
def test_what_is_shipped_fails(family, wanted):
    texts = []
    for kind in ("", "submit."):
        with open(os.path.join(SHIPPED, "%s.%smc" % (family, kind))) as source:
            texts.append(compile_mc(re.sub(r"/usr/share/sendmail(-cf)?(/cf)?/m4", CF + "/m4", source.read())).cf)
    assert {control for control, verdict in judged(*texts, name="gateway").items() if verdict == "fail"} == wanted
