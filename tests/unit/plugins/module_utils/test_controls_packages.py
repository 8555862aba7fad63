# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls PKG: a host on which each holds, hosts on which it does not, and what can not be known."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_packages, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, file, link

BINARY = "/usr/libexec/sendmail/sendmail"
PROGRAM = file("\0sendmail.cf\0", mode=0o2755)
DEBUG = ("timeout", "-s", "KILL", "5", BINARY, "-d0.14", "-bt")
FLAGS = "DNSMAP LOG MILTER NAMED_BIND NEWDB=5.3 PIPELINING SASLv2 STARTTLS"
ABOUT = "Version %s\n Compiled with: " + FLAGS + "\n\n============ SYSTEM IDENTITY (after readcf) ============\n"
BASE = {BINARY: PROGRAM, "/usr/sbin/sendmail": link(BINARY), "/usr/bin/mailq": link(BINARY), "/usr/bin/newaliases": link(BINARY)}
TCP = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n" \
      "   0: 00000000:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 %d 1\n"
HELD = {"/proc/net/tcp": TCP % (25, 77), "/proc/10/fd/4": link("socket:[77]"), "/proc/10/comm": "sendmail-mta\n"}
# sendmail has one address, another program the other.
TWO = dict(HELD, **{"/proc/net/tcp6": TCP.replace("00000000:", "00000000000000000000000000000000:") % (25, 78), "/proc/20/fd/4": link("socket:[78]"),
                    "/proc/20/comm": "master\n"})
DAEMON = [{"pid": 10, "title": "sendmail: MTA: accepting connections", "uid": 0, "gid": 0, "ppid": 1}]
WHOSE = ("dpkg-query", "-S", BINARY)
DPKG = ("dpkg-query", "-W", "-f=${Version}", "sendmail-bin")
OWNED = "diversion by dash from: /usr/x\nsendmail-bin: %s\n" % BINARY
COMPARE = ("dpkg", "--compare-versions", "8.17.1.9-2+deb12u2", "ge", "8.17.1.9-2+deb12u2")
RPM = ("rpm", "-qf", "--qf", "%{NAME}: %{VERSION}-%{RELEASE}\n", BINARY)
LIST = ("dpkg-query", "-W", "-f=${Package}\t${db:Status-Abbrev}\n", "sendmail-bin", "sendmail-base", "sendmail-cf", "sensible-mda")
VERIFY = ("dpkg", "--verify", "sendmail-bin", "sendmail-cf")
LISTED = {WHOSE: OWNED, DPKG: "8.18.1-6", LIST: "sendmail-bin\tii \nsendmail-cf\tii \nsendmail-base\tun \n"}
EL = {RPM: "sendmail: 8.16.1-11.el9\n", ("rpm", "-q", "sendmail"): "x", ("rpm", "-q", "sendmail-cf"): Result(1, "", "")}
CF = "V10/Berkeley\nO ServerCertFile=/etc/mail/tls/c.pem\nKaccess hash -T<TMPF> /etc/mail/access\n" \
     "Kfoo hash -o /etc/mail/foo\nKarith arith\nXf, S=local:/run/f, F=T\n"
UNITS = {"sendmail.service": {"LoadState": "loaded", "FragmentPath": "/etc/systemd/system/sendmail.service",
                              "ExecStart": "{ path=/usr/libexec/sendmail/sendmail ; argv[]=... }"}}
VENDOR = {"sendmail.service": {"LoadState": "loaded", "FragmentPath": "/usr/lib/systemd/system/sendmail.service", "ExecStart": "{ path=/usr/sbin/sendmail ; }",
                               "ExecStartPre": "{ path=/etc/mail/make ; argv[]=/etc/mail/make ; }"}}
INIT = {"sendmail.service": {"LoadState": "loaded", "FragmentPath": "/run/systemd/generator.late/sendmail.service",
                             "ExecStart": "{ path=/etc/init.d/sendmail ; argv[]=/etc/init.d/sendmail start ; }"}}


def view(files=None, **options):
    return FakeView(files=dict(BASE, **(files or {})), **options)


CASES = [
    ("SM-PKG-01", "pass", "", view(HELD, processes=DAEMON)),
    ("SM-PKG-01", "pass", "", view()),
    ("SM-PKG-01", "not applicable", "no sendmail", FakeView()),
    ("SM-PKG-01", "not applicable", "no sendmail", FakeView(files={"/usr/sbin/sendmail": file("postdrop", mode=0o755)})),
    ("SM-PKG-01", "fail", "postfix", view({"/usr/sbin/sendmail": file("\0postdrop\0", mode=0o755)})),
    ("SM-PKG-01", "fail", "exim", view({"/usr/bin/mailq": link("/usr/sbin/exim4"), "/usr/sbin/exim4": file("Exim version", mode=0o755)})),
    ("SM-PKG-01", "fail", "active", view(units={"postfix.service": {"ActiveState": "active"}})),
    ("SM-PKG-01", "fail", "held by master", view(dict(HELD, **{"/proc/10/comm": "master\n"}))),
    ("SM-PKG-01", "fail", "held by master", view(TWO, processes=DAEMON)),
    ("SM-PKG-01", "pass", "held by sendmail", view(dict(HELD, **{"/proc/1/fd/9": link("socket:[77]"), "/proc/1/comm": "systemd\n"}), processes=DAEMON)),
    ("SM-PKG-01", "fail", "held by systemd", view({"/proc/net/tcp": TCP % (25, 77), "/proc/1/fd/9": link("socket:[77]"), "/proc/1/comm": "systemd\n"})),
    ("SM-PKG-01", "unknown", "whose command", view({"/usr/bin/mailq": file("#!/bin/sh\nexec own-mailer\n", mode=0o755)})),
    ("SM-PKG-01", "unknown", "can not be seen", view({"/proc/net/tcp": TCP % (25, 77)})),
    ("SM-PKG-02", "pass", "8.18.1", view(runs={DEBUG: ABOUT % "8.18.1"})),
    ("SM-PKG-02", "pass", "8.18.2", view(runs={DEBUG: ABOUT % "8.18.2"})),
    ("SM-PKG-02", "pass", "deb12u2", view(runs={DEBUG: ABOUT % "8.17.1.9", WHOSE: OWNED, DPKG: "8.17.1.9-2+deb12u2", COMPARE: ""})),
    ("SM-PKG-02", "unknown", "SM-SMTP-06", view(runs={DEBUG: ABOUT % "8.17.1.9", WHOSE: OWNED, DPKG: "8.17.1.9-1"})),
    # Built from source, beside a package that has the fix.
    ("SM-PKG-02", "fail", "8.17.1.9", view(runs={DEBUG: ABOUT % "8.17.1.9", WHOSE: Result(1, "", "dpkg-query: no path found matching pattern"),
                                                 DPKG: "8.17.1.9-2+deb12u2", COMPARE: ""})),
    ("SM-PKG-02", "fail", "8.16.1", view(runs={DEBUG: ABOUT % "8.16.1", RPM: Result(1, "file %s is not owned by any package\n" % BINARY, ""),
                                               ("rpm", "-q", "--changelog", "sendmail"): "- fix CVE-2023-51765"})),
    ("SM-PKG-02", "unknown", "did not say whose", view(runs={DEBUG: ABOUT % "8.16.1", RPM: Result(1, "", "error: db5 error(11)")})),
    ("SM-PKG-02", "fail", "does not name CVE-2023-51765", view(runs={**EL, DEBUG: ABOUT % "8.16.1", ("rpm", "-q", "--changelog", "sendmail"): "- new"})),
    ("SM-PKG-02", "pass", "CVE-2023-51765", view(runs={**EL, DEBUG: ABOUT % "8.16.1", ("rpm", "-q", "--changelog", "sendmail"): "- fix CVE-2023-51765"})),
    ("SM-PKG-02", "fail", "8.15.2", view(runs={DEBUG: ABOUT % "8.15.2"})),
    ("SM-PKG-02", "unknown", "tells no version", view(runs={DEBUG: "Segmentation fault"})),
    ("SM-PKG-03", "pass", "no program", view(runs={**LISTED, VERIFY: "??5?????? c /etc/mail/sendmail.mc\nmissing     /usr/share/doc/sendmail-bin/x\n"})),
    ("SM-PKG-03", "fail", "its content", view(runs={**LISTED, VERIFY: Result(1, "??5??????   /usr/libexec/sendmail/sendmail\n", "")})),
    ("SM-PKG-03", "fail", "missing", view(runs={**LISTED, VERIFY: Result(1, "missing     /usr/share/sendmail/cf/m4/cf.m4\n", "")})),
    ("SM-PKG-03", "not applicable", "no package", view()),
    ("SM-PKG-03", "not applicable", "no package", view(runs={**LISTED, WHOSE: Result(1, "", "dpkg-query: no path found matching pattern"), VERIFY: ""})),
    ("SM-PKG-03", "not applicable", "no sendmail", FakeView(runs=LISTED)),
    ("SM-PKG-03", "unknown", "ended with 2", view(runs={**LISTED, VERIFY: Result(2, "", "dpkg: error")})),
    ("SM-PKG-03", "pass", "", view(runs={**EL, ("rpm", "-V", "sendmail"): "S.5....T.  c /etc/mail/access\n.......T.    /usr/sbin/makemap\n"})),
    ("SM-PKG-03", "pass", "", view(runs={**EL, ("rpm", "-V", "sendmail"): Result(1, "missing     /usr/lib/sendmail.d/bin/procmail\n", "")})),
    ("SM-PKG-03", "fail", "its mode", view(runs={**EL, ("rpm", "-V", "sendmail"): Result(1, ".M.......    /usr/sbin/sendmail.sendmail\n", "")})),
    ("SM-PKG-03", "unknown", "could not be read", view(runs={**EL, ("rpm", "-V", "sendmail"): Result(1, "..?......    /usr/sbin/smrsh\n", "")})),
    ("SM-PKG-04", "pass", "HANDS_OFF=Yes", view({"/usr/share/sendmail/update_conf": "", "/etc/mail/sendmail.conf": "#HANDS_OFF=No\nHANDS_OFF=\"Yes\";\n"},
                                                units=UNITS)),
    ("SM-PKG-04", "fail", "not set", view({"/usr/share/sendmail/update_conf": "", "/etc/mail/sendmail.conf": "DAEMON_MODE=Daemon\n"})),
    ("SM-PKG-04", "fail", "HANDS_OFF=No", view({"/usr/share/sendmail/update_conf": "", "/etc/mail/sendmail.conf": "HANDS_OFF=No\n"})),
    ("SM-PKG-04", "fail", "/etc/init.d/sendmail", view(units=INIT)),
    ("SM-PKG-04", "fail", "/etc/mail/make", view(units=VENDOR)),
    ("SM-PKG-04", "pass", "MAIL_CREATE_CONFIG=no", view({"/usr/lib/sendmail.d/update": "", "/etc/sysconfig/mail": "MAIL_CREATE_CONFIG=\"no\"\n"})),
    ("SM-PKG-04", "fail", "means yes", view({"/usr/lib/sendmail.d/update": ""})),
    ("SM-PKG-04", "not applicable", "", view()),
    ("SM-PKG-05", "pass", "with DNSMAP", view({"/etc/mail/access.db": ""}, cf=CF, runs={DEBUG: ABOUT % "8.18.1"})),
    ("SM-PKG-05", "fail", "no /etc/mail/access.db", view(cf=CF, runs={DEBUG: ABOUT % "8.18.1"})),
    ("SM-PKG-05", "fail", "needs STARTTLS", view({"/etc/mail/access.db": ""}, cf=CF, runs={DEBUG: (ABOUT % "8.18.1").replace(" STARTTLS", "")})),
    ("SM-PKG-05", "fail", "filter f needs MILTER", view({"/etc/mail/access.db": ""}, cf=CF, runs={DEBUG: (ABOUT % "8.18.1").replace(" MILTER", "")})),
    ("SM-PKG-05", "fail", "needs NEWDB", view({"/etc/mail/access.db": ""}, cf=CF, runs={DEBUG: (ABOUT % "8.18.1").replace(" NEWDB=5.3", "")})),
    ("SM-PKG-05", "fail", "class nonsense", view(cf="Kx nonsense /x\n", runs={DEBUG: ABOUT % "8.18.1"})),
    ("SM-PKG-05", "not applicable", "", view()),
    ("SM-PKG-05", "unknown", "no sendmail program", FakeView(cf=CF)),
]


@pytest.mark.parametrize("name, verdict, text, host", CASES)
def test_verdicts(name, verdict, text, host):
    (_control, found), = controls.judge(host, [controls_table.CONTROLS[name]])
    said = " ".join("%s %s" % (one.where, one.seen) for one in found.evidence)
    assert (found.verdict, text in said) == (verdict, True), said
    assert all(one.wanted for one in found.evidence) == (verdict == "fail") or found.verdict == "fail"


def test_every_control_has_a_host_that_passes_and_one_that_fails():
    for control in controls_packages.CONTROLS:
        assert {"pass", "fail"} <= {verdict for name, verdict, _text, _host in CASES if name == control.id}, control.id
