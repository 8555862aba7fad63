# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the templates make holds every control of transport, whatever the profile; the same without one line fails that line's control."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools

import pytest
from real_m4 import compile_mc
from test_logins import LOGINS, SMART
from test_profiles import DIRECT, LISTENER, profile
from test_templates import PROFILE, rendered

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_milters, controls_tls, controls_tls_peers, controls_transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, NOT_APPLICABLE, PASS
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_tls
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, directory, file
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.transport_hosts import GOOD, NOW, PEM, PLACE, PROGRAM, certificate, openssl

TABLE = [one for module in (controls_tls, controls_tls_peers, controls_transport, controls_milters) for one in module.CONTROLS]
SOCKET = "/run/opendkim/milter.sock"
HUB_LOGIN = dict(DIRECT, sendmail_hub_auth={"user": "web@corp.example", "password": "secret"})
TERMS = {"/etc/mail/access": "# terms\nTLS_Srv:%s\tVERIFY+CN\n", "/etc/mail/authinfo": 'AuthInfo:%s "U:x" "P:secret"\n'}
SITES = {
    "gateway": (dict(PROFILE), {}), "logins": (LOGINS, {}), "smart host": (SMART, {path: text % "smtp.provider.example" for path, text in TERMS.items()}),
    "filters": (dict(PROFILE, sendmail_milters=[{"preset": "opendkim"}, {"preset": "greylist"}]), {}), "hub": (profile("hub"), {}),
    "null client": (DIRECT, {}), "null client with a listener": (LISTENER, {}),
    "null client with a password": (HUB_LOGIN, {path.replace("authinfo", "authinfo-client"): text % "hub.corp.example" for path, text in TERMS.items()})}
FILES = {
    PLACE: file(PEM, mode=0o600), "/etc/ssl/certs": directory(), "/etc/ssl/certs/ca-certificates.crt": "CA", PROGRAM: file(mode=0o2755, group="smmsp"),
    "/etc/mail/access": "Connect:10.20 RELAY\n", "/var/spool/mqueue-client": directory(0o2770, "smmsp", "smmsp"),
    "/run/opendkim": directory(0o2750, "opendkim"), "/run/milter-greylist": directory(0o2750, "greylist"), SOCKET: file(mode=0o770, kind="socket"),
    "/run/milter-greylist/milter.sock": file(mode=0o770, kind="socket")}


@functools.lru_cache(maxsize=None)
def compiled(name):
    """Return the two .cf of a site."""
    said = SITES[name][0]
    return tuple(compile_mc(rendered(template, said)).cf for template in (
        (said.get("__sendmail_profile") or {}).get("mc_template", "sendmail.mc.j2"), "submit.mc.j2"))


def view(name, cf=None, msp=None):
    """Return the host that has them."""
    files = dict(FILES)
    files.update(SITES[name][1])
    runs = openssl(certificate(names="gw.corp.example, web.corp.example"), lists={plan_tls.CIPHERS: GOOD})
    runs[("getent", "ahosts", "hub.corp.example")] = "192.0.2.7 STREAM hub\n"
    return FakeView(cf=cf or compiled(name)[0], msp=msp or compiled(name)[1], files=files, runs=runs, accounts={"smmsp": 111}, units={
        "sendmail-client.service": {"ActiveState": "active"}}, site={"now": NOW, "facts": {
            "host": {"fqdn": "gw.corp.example"}, "sendmail": {"path": PROGRAM, "version": "8.18.1", "compile_flags": ["STARTTLS", "SASLv2", "DANE"]}}})


# What each kind of host is held to at least: a control that never applies proves nothing.
@pytest.mark.parametrize("name, applies", [
    ("gateway", "TLS-01 TLS-02 TLS-03 TLS-04 TLS-05 TLS-06 TLS-07 AUTH-02 MSP-01 MSP-02 MSP-03 MSP-04"), ("logins", "AUTH-01 AUTH-02 AUTH-03"),
    ("smart host", "TLS-08"), ("filters", "MILT-01"), ("hub", "TLS-01 TLS-06 MSP-03"), ("null client", "TLS-03 TLS-04 TLS-07 TLS-08 MSP-01 MSP-02 MSP-03"),
    ("null client with a listener", "TLS-03 TLS-08 MSP-03 MSP-04"), ("null client with a password", "TLS-08")])
def test_a_hardened_host_holds_them_all(name, applies):
    found = {control.id: judgement for control, judgement in controls.judge(view(name), TABLE)}
    assert {key: one for key, one in found.items() if one.verdict not in (PASS, NOT_APPLICABLE)} == {}
    assert not {"SM-" + one for one in applies.split()} - {key for key, one in found.items() if one.verdict == PASS}


@pytest.mark.parametrize("name, control, line", [
    ("gateway", "SM-TLS-01", "O CACertPath="), ("gateway", "SM-TLS-03", "O ServerSSLOptions="), ("gateway", "SM-TLS-03", "O ClientSSLOptions="),
    ("gateway", "SM-TLS-04", "O CipherList="), ("gateway", "SM-AUTH-02", "O DaemonPortOptions="), ("logins", "SM-AUTH-01", "O AuthOptions="),
    ("logins", "SM-AUTH-03", "O AuthMechanisms=")])
def test_without_its_line_a_control_fails(name, control, line):
    whole = compiled(name)[0]
    assert "\n" + line in whole
    cf = "".join(row + "\n" for row in whole.splitlines() if not row.startswith(line))
    found = {one.id: judgement.verdict for one, judgement in controls.judge(view(name, cf=cf), TABLE)}
    assert found[control] == FAIL
