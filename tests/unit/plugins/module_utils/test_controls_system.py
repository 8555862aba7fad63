# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls OS and LOG: a host on which each holds, hosts on which it does not, and what can not be known."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_system, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link

BINARY = "/usr/sbin/sendmail"
BASE = {BINARY: file("\0sendmail.cf\0", mode=0o2755)}
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
# Text of /proc/net/tcp: 0.0.0.0:25, 127.0.0.1:587, a web server.
ROW = "   0: %s:%04X 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 %d 1\n"
ALL_25, LOCAL_587, WEB = ROW % ("00000000", 25, 77), ROW % ("0100007F", 587, 78), ROW % ("00000000", 80, 79)
ACCEPTING = {"pid": 10, "title": "sendmail: MTA: accepting connections", "uid": 0, "gid": 0, "ppid": 1}
BUSY = dict(ACCEPTING, title="sendmail: MTA: rejecting connections on daemon MTA-v4: load average: 26")
RUNNER = {"pid": 11, "title": "sendmail: Queue runner@00:10:00 for /var/spool/mqueue-client", "uid": 111, "gid": 111, "ppid": 1}
CF = "O DaemonPortOptions=Name=MTA, Family=inet, Port=smtp\n"
MTA = {"name": "MTA", "address": "0.0.0.0", "port": 25}


def listening(*rows, **options):
    """A host whose sendmail holds all the sockets but that of the web server."""
    files = dict(BASE, **{"/proc/net/tcp": HEAD + "".join(rows), "/proc/10/fd/4": link("socket:[77]"), "/proc/10/fd/5": link("socket:[78]")})
    files.update(options.pop("files", {}))
    return FakeView(files=files, **dict({"processes": [ACCEPTING], "cf": CF}, **options))


NFT = "table inet f {\n  chain input {\n    type filter hook input priority 0; policy %s;\n%s  }\n}\n"
LET_25 = {("nft", "list", "ruleset"): NFT % ("drop", "    tcp dport 25 accept\n")}
LET_ALL = {("nft", "list", "ruleset"): NFT % ("accept", "    tcp dport 22 accept\n")}
ZONES = "public (active)\n  target: default\n  services: %s\n  ports: \n"
FIREWALLD = {("firewall-cmd", "--state"): "running\n", ("firewall-cmd", "--list-all-zones"): ZONES % "smtp ssh"}

SELINUX = {"/sys/fs/selinux/enforce": "1", "/etc/mail": directory(), "/var/mailjail": directory(), "/proc/10/attr/current": "system_u:system_r:sendmail_t:s0\0"}
LABELS = ("matchpathcon", "-V", "/etc/mail", "/etc/mail/sendmail.cf", "/var/mailjail")
GOOD_LABELS = {LABELS: "/etc/mail verified.\n"}
ARMOR = {"/sys/module/apparmor/parameters/enabled": "Y\n", "/etc/apparmor.d/usr.sbin.sendmail": "", "/proc/10/attr/current": "/usr/sbin/sendmail (enforce)\n"}

UNIT = {"LoadState": "loaded", "UnitFileState": "enabled", "ActiveState": "active", "MainPID": "10", "Restart": "always", "ProtectKernelTunables": "yes",
        "PrivateDevices": "yes", "RestrictAddressFamilies": "AF_INET AF_UNIX"}
CLIENT = dict(UNIT, MainPID="11")
BOTH = {"sendmail.service": UNIT, "sendmail-client.service": CLIENT}
STATUS = {"/proc/10/status": "Name:\tsendmail\nCapBnd:\t00000000000404c0\nNoNewPrivs:\t1\nSeccomp:\t2\n"}
FREE = {"/proc/10/status": "Name:\tsendmail\nCapBnd:\t000001ffffffffff\nNoNewPrivs:\t0\nSeccomp:\t0\n"}


def served(units=None, processes=(ACCEPTING, RUNNER), **options):
    return FakeView(files=dict(BASE, **options.pop("files", {})), units=units, processes=processes, **options)


DEBUG = ("timeout", "-s", "KILL", "5", BINARY, "-d0.14", "-bt")
NAMED = {DEBUG: "Version 8.18.1\n  (canonical domain name) $j = gw.example.com\n", ("getent", "ahosts", "gw.example.com"): "192.0.2.7  STREAM gw.example.com\n",
         ("getent", "hosts", "192.0.2.7"): "192.0.2.7  gw.example.com gw\n"}


def named(servers="nameserver 192.0.2.53\nnameserver 192.0.2.54\n", site=None, **changes):
    runs = {key: changes.get(key[1], value) for key, value in NAMED.items()}
    return FakeView(files=dict(BASE, **{"/etc/resolv.conf": servers}), runs=runs, site=site)


def tail(path, text):
    return {("tail", "-n", "5000", path): text}


def logged(files=None, runs=None):
    return FakeView(files=dict(BASE, **(files or {})), runs=runs)


JOURNAL = ("journalctl", "-q", "-n", "1", "-o", "short", "SYSLOG_FACILITY=2")
LINE = "Nov 23 08:00:01 gw sm-mta[123]: AMI08001: from=<a@example.com>\n"


def rotated(days):
    """A host whose last lines of mail stand in a file that was put aside some days ago."""
    seen = logged({"/var/log/mail.log": "", "/var/log/mail.log.1": file("x", mtime=NOW - days * 86400)},
                  {**tail("/var/log/mail.log", ""), **tail("/var/log/mail.log.1", LINE)})
    seen.site["now"] = NOW
    return seen


NOW = 1800000000
CASES = [
    ("SM-OS-01", "pass", "0.0.0.0:25", listening(ALL_25, WEB, site={"listeners": [MTA]})),
    ("SM-OS-01", "pass", "0.0.0.0:25", listening(ALL_25, WEB)),
    ("SM-OS-01", "fail", "127.0.0.1:587 sendmail listens", listening(ALL_25, LOCAL_587, site={"listeners": [MTA]})),
    ("SM-OS-01", "fail", "127.0.0.1:587 sendmail listens", listening(ALL_25, LOCAL_587)),
    ("SM-OS-01", "fail", "nothing of sendmail's", listening(WEB, site={"listeners": [MTA]})),
    ("SM-OS-01", "fail", "sendmail.cf:2", listening(ALL_25, LOCAL_587, cf="V10\n" + CF + "O DaemonPortOptions=Name=MSA, Port=587, Addr=127.0.0.1, M=Ea\n",
                                                    site={"listeners": [MTA]})),
    ("SM-OS-01", "fail", "Name=MSA", listening(ALL_25, ROW % ("00000000", 587, 78), cf=CF + "O DaemonPortOptions=Port=587, Name=MSA, M=E\n")),
    ("SM-OS-01", "pass", "nothing", listening(WEB, site={"listeners": [], "profile": "nullclient"})),
    ("SM-OS-01", "pass", "nothing", listening(WEB, site={"profile": "nullclient"})),
    ("SM-OS-01", "fail", "sendmail listens", listening(ALL_25, site={"listeners": []})),
    ("SM-OS-01", "unknown", "is a name", listening(ALL_25, cf="O DaemonPortOptions=Name=MTA, Addr=mx.example.com\n")),
    ("SM-OS-01", "pass", "", listening(ALL_25, WEB, processes=None)),
    ("SM-OS-01", "fail", "", listening(ALL_25, LOCAL_587, files={"/proc/10/fd": HIDDEN})),
    ("SM-OS-01", "unknown", "load average: 26", listening(WEB, processes=[BUSY], site={"listeners": [MTA]})),
    ("SM-OS-01", "fail", "127.0.0.1:587", listening(LOCAL_587, processes=[BUSY], site={"listeners": [MTA]})),
    ("SM-OS-01", "unknown", "nobody said", FakeView(files=BASE)),
    ("SM-OS-01", "not applicable", "no sendmail", FakeView()),
    ("SM-OS-02", "pass", "nftables lets in of the mail ports: 25", listening(ALL_25, runs=LET_25, site={"listeners": [MTA]})),
    ("SM-OS-02", "pass", "nftables", listening(ALL_25, runs=LET_25)),
    ("SM-OS-02", "fail", "port 465", listening(ALL_25, runs=LET_ALL)),
    ("SM-OS-02", "fail", "no rule", listening(ALL_25)),
    ("SM-OS-02", "fail", "no rule", listening(ALL_25, runs={("nft", "list", "ruleset"): ""})),
    ("SM-OS-02", "unknown", "465", listening(ALL_25, runs={("nft", "list", "ruleset"): NFT % ("drop", "    tcp dport 25 accept\n    tcp dport @x accept\n")})),
    ("SM-OS-02", "unknown", "not permitted", listening(ALL_25, runs={("nft", "list", "ruleset"): Result(1, "", "Operation not permitted")})),
    ("SM-OS-02", "pass", "firewalld", listening(ALL_25, runs=FIREWALLD)),
    ("SM-OS-02", "fail", "firewalld, port 465", listening(ALL_25, runs={
        **FIREWALLD, ("firewall-cmd", "--list-all-zones"): ZONES % "smtp smtps"})),
    ("SM-OS-02", "pass", "iptables", listening(ALL_25, runs={("iptables-save",): "*filter\n:INPUT DROP [0:0]\n-A INPUT -p tcp --dport 25 -j ACCEPT\n"})),
    ("SM-OS-02", "not applicable", "reached by others", listening(LOCAL_587)),
    ("SM-OS-03", "pass", "enforcing", listening(files=SELINUX, runs=GOOD_LABELS)),
    ("SM-OS-03", "fail", "permissive", listening(files=dict(SELINUX, **{"/sys/fs/selinux/enforce": "0"}), runs=GOOD_LABELS)),
    ("SM-OS-03", "fail", "unconfined_service_t", listening(
        files=dict(SELINUX, **{"/proc/10/attr/current": "system_u:system_r:unconfined_service_t:s0"}), runs=GOOD_LABELS)),
    ("SM-OS-03", "fail", "var_t", listening(files=SELINUX, runs={
        LABELS: "/var/mailjail has context system_u:object_r:var_t:s0, should be system_u:object_r:mail_spool_t:s0\n"})),
    ("SM-OS-03", "fail", "permissive", listening(files=dict(SELINUX, **{"/sys/fs/selinux/enforce": "0"}))),
    # The jail with what is declared in it.
    ("SM-OS-03", "fail", "/srv/jail", listening(files=dict(SELINUX, **{"/srv/jail": directory()}), site={"jail": {"path": "/srv/jail", "files": []}}, runs={
        LABELS[:-1] + ("/srv/jail",): "/srv/jail has context system_u:object_r:var_t:s0, should be system_u:object_r:mail_spool_t:s0\n",
        ("matchpathcon",): ""})),
    ("SM-OS-03", "unknown", "matchpathcon", listening(files=SELINUX)),
    ("SM-OS-03", "pass", "(enforce)", listening(files=ARMOR)),
    ("SM-OS-03", "fail", "unconfined", listening(files=dict(ARMOR, **{"/proc/10/attr/current": "unconfined\n"}))),
    ("SM-OS-03", "not applicable", "no AppArmor profile", listening(files={"/sys/module/apparmor/parameters/enabled": "Y\n"})),
    ("SM-OS-03", "not applicable", "neither", listening()),
    ("SM-OS-04", "pass", "CapBnd 00000000000404c0", served({"sendmail.service": UNIT}, files=STATUS)),
    ("SM-OS-04", "fail", "cap_sys_module", served({"sendmail.service": UNIT}, files=FREE)),
    ("SM-OS-04", "fail", "Seccomp", served({"sendmail.service": UNIT}, files=FREE)),
    ("SM-OS-04", "fail", "PrivateDevices", served({"sendmail.service": dict(UNIT, PrivateDevices="no")}, files=STATUS)),
    ("SM-OS-04", "fail", "RestrictAddressFamilies", served({"sendmail.service": dict(UNIT, RestrictAddressFamilies="~")}, files=STATUS)),
    ("SM-OS-04", "not applicable", "no unit", served({"sendmail.service": dict(UNIT, ActiveState="inactive")})),
    ("SM-OS-05", "pass", "enabled, active", served(BOTH)),
    ("SM-OS-05", "fail", "UnitFileState disabled", served({"sendmail.service": dict(UNIT, UnitFileState="disabled")})),
    ("SM-OS-05", "fail", "ActiveState failed", served({"sendmail.service": dict(UNIT, ActiveState="failed", MainPID="0")})),
    ("SM-OS-05", "fail", "Restart no", served({"sendmail.service": dict(UNIT, Restart="no")})),
    ("SM-OS-05", "fail", "watches no process", served({"sendmail.service": dict(UNIT, MainPID="0")})),
    ("SM-OS-05", "fail", "is no sendmail", served({"sendmail.service": dict(UNIT, MainPID="99")})),
    ("SM-OS-05", "fail", "no sendmail accepts", served(BOTH, processes=[RUNNER])),
    ("SM-OS-05", "pass", "sendmail-client.service", served({"sendmail-client.service": CLIENT}, processes=[RUNNER], site={"profile": "nullclient"})),
    ("SM-OS-05", "pass", "rejecting", served(BOTH, processes=[BUSY, RUNNER])),
    ("SM-OS-05", "fail", "no unit starts", served({"multi-user.target": {"ActiveState": "active"}})),
    ("SM-OS-05", "pass", "", served(files={"/etc/rc2.d/S20sendmail": "", "/etc/rc3.d/S20sendmail": ""})),
    ("SM-OS-05", "fail", "at boot", served()),
    ("SM-OS-05", "pass", "", served({"sendmail.service": dict(UNIT, UnitFileState="generated", SourcePath="/etc/init.d/sendmail")},
                                    files={"/etc/rc2.d/S01sendmail": ""})),
    ("SM-OS-05", "pass", "", served(dict(BOTH, **{"sendmail-client.service": dict(CLIENT, ActiveState="inactive", MainPID="0", UnitFileState="disabled",
                                                                                  TriggeredBy="sendmail-client.path"),
                                                  "sendmail-client.path": {"ActiveState": "active", "UnitFileState": "enabled"}}))),
    ("SM-OS-05", "fail", "ActiveState inactive", served(dict(BOTH, **{"sendmail-client.service": dict(CLIENT, ActiveState="inactive", MainPID="0")}))),
    ("SM-OS-05", "not applicable", "", FakeView()),
    ("SM-OS-06", "pass", "gw.example.com", named()),
    ("SM-OS-06", "pass", "", named("nameserver 127.0.0.1\n")),
    ("SM-OS-06", "pass", "", named("nameserver 192.0.2.53\n", site={"limits": {"nameservers": 1}})),
    ("SM-OS-06", "fail", "1 name servers", named("nameserver 192.0.2.53\n", site={"limits": {"nameservers": None}})),
    ("SM-OS-06", "fail", "1 name servers", named("nameserver 192.0.2.53\n")),
    ("SM-OS-06", "fail", "$j gw", FakeView(files=BASE, runs={DEBUG: " (canonical domain name) $j = gw\n", ("getent", "ahosts", "gw"): ""})),
    ("SM-OS-06", "fail", "no address", named(ahosts="")),
    ("SM-OS-06", "fail", "leads back to other", named(hosts="192.0.2.7 other.example.com\n")),
    ("SM-OS-06", "unknown", "SM-CF-01", FakeView(files=BASE, runs={DEBUG: "Version 8.18.1\n"})),
    ("SM-OS-06", "not applicable", "", FakeView()),
    ("SM-LOG-01", "pass", "sendmail.cf:1", FakeView(cf="O LogLevel=10\n", msp="O LogLevel=9\n")),
    ("SM-LOG-01", "pass", "means 9", FakeView(msp="V10\n")),
    ("SM-LOG-01", "fail", "submit.cf:2 LogLevel=0", FakeView(cf="O LogLevel=10\n", msp="V10\nO LogLevel=0\n")),
    ("SM-LOG-01", "fail", "LogLevel=99", FakeView(cf="O LogLevel=99\n")),
    ("SM-LOG-01", "fail", "LogLevel=much", FakeView(cf="O LogLevel=much\n")),
    ("SM-LOG-01", "not applicable", "", FakeView()),
    ("SM-LOG-02", "pass", "/var/log/maillog", logged(files={"/var/log/maillog": "x"}, runs=tail("/var/log/maillog", LINE))),
    ("SM-LOG-02", "pass", "/var/log/mail.log.1", rotated(7)),
    # What was put aside long ago, the live file empty since.
    ("SM-LOG-02", "fail", "/var/log/mail.log", rotated(9)),
    ("SM-LOG-02", "pass", "/var/log/journal", logged(files={"/var/log/journal/x": directory()}, runs={JOURNAL: LINE})),
    ("SM-LOG-02", "fail", "ends with each boot", logged(runs={JOURNAL: LINE})),
    ("SM-LOG-02", "fail", "no line of the facility", logged(files={"/var/log/journal/x": directory()}, runs={JOURNAL: ""})),
    ("SM-LOG-02", "fail", "no file", logged(files={"/var/log/maillog": "x"}, runs=tail("/var/log/maillog", "Nov 23 gw kernel: x\n"))),
    ("SM-LOG-02", "unknown", "Permission denied", logged(files={"/var/log/maillog": "x"}, runs=tail("/var/log/maillog", Result(1, "", "Permission denied")))),
    ("SM-LOG-02", "not applicable", "", FakeView()),
]


@pytest.mark.parametrize("name, verdict, text, host", CASES)
def test_verdicts(name, verdict, text, host):
    (_control, found), = controls.judge(host, [controls_table.CONTROLS[name]])
    said = " ".join("%s %s" % (one.where, one.seen) for one in found.evidence)
    assert (found.verdict, text in said) == (verdict, True), said
    assert verdict != "fail" or all(one.wanted for one in found.evidence)


def test_every_control_has_a_host_that_passes_and_one_that_fails():
    for control in controls_system.CONTROLS:
        assert {"pass", "fail"} <= {verdict for name, verdict, _text, _host in CASES if name == control.id}, control.id


class Hands:
    """Keeps what it is asked to do."""

    def __init__(self):
        self.done = []

    def relabel(self, path):
        self.done.append(path)

    enable_unit = relabel


@pytest.mark.parametrize("name, host, done", [
    ("SM-OS-03", listening(files=SELINUX, runs={LABELS: "/etc/mail has context a:b:c:s0, should be a:b:d:s0\n"}), ["/etc/mail"]),
    ("SM-OS-03", listening(files=ARMOR), []),
    ("SM-OS-05", served({"sendmail.service": dict(UNIT, UnitFileState="disabled"), "sendmail-client.service": CLIENT}), ["sendmail.service"]),
    ("SM-OS-05", served({"sendmail.service": dict(UNIT, UnitFileState="disabled", ActiveState="inactive")}), []),
    ("SM-OS-05", served({"sendmail.service": dict(UNIT, UnitFileState="disabled")}, site={"listeners": []}), [])])
def test_mends(name, host, done):
    hands = Hands()
    controls_table.CONTROLS[name].mend(host, hands)
    assert hands.done == done
