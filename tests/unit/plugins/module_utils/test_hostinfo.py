# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases over the parsers of hostinfo."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import fnmatch
import os
import pwd

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import generations, hostinfo

DEBUG = """Version 8.17.1.9
 Compiled with: DNSMAP LDAPMAP LOG NEWDB=5.3
\t\tSASLv2 STARTTLS
    OS Defines: HASFCHOWN
     Conf file:\t/etc/mail/submit.cf (default for MSP)
     Conf file:\t/etc/mail/sendmail.cf (default for MTA)
      Pid file:\t/var/run/sendmail/mta/sendmail.pid (default)
"""
BT = DEBUG + """
============ SYSTEM IDENTITY (after readcf) ============
      (short domain name) $w = mx
========================================================

ADDRESS TEST MODE (ruleset 3 NOT automatically invoked)
Enter <ruleset> <address>
"""


@pytest.mark.parametrize("text, family, identity, version", [
    ('ID=debian\nVERSION_ID="12"\n', "debian", "debian", "12"),
    ("ID=linuxmint\nID_LIKE='ubuntu debian'\n", "debian", "linuxmint", ""),
    ('ID="almalinux"\nID_LIKE="rhel centos fedora"\nVERSION_ID="9.5"\n', "redhat", "almalinux", "9.5"),
    ('ID="ol"\n', "redhat", "ol", ""),
    ('ID="openEuler"\n', "redhat", "openEuler", ""),
    ('ID="sles"\nVERSION_ID="15.6"\n', "suse", "sles", "15.6"),
    ('ID="opensuse-tumbleweed"\nID_LIKE="opensuse suse"\n', "suse", "opensuse-tumbleweed", ""),
    ("# nothing\nID=alpine\n", "unknown", "alpine", ""),
    ("", "unknown", "", ""),
])
def test_os_release(text, family, identity, version):
    found = hostinfo.parse_os_release(text)
    assert (found["family"], found["id"], found["version_id"]) == (family, identity, version)


@pytest.mark.parametrize("family, there, lacks", [
    ("redhat", {"/usr/bin/rpm", "/usr/bin/dnf"}, []),
    ("redhat", {"/usr/bin/dpkg-query", "/usr/bin/apt-get"}, ["/usr/bin/rpm", "/usr/bin/dnf"]),
    ("redhat", {"/usr/bin/rpm", "/usr/bin/zypper"}, ["/usr/bin/dnf"]),
    ("suse", {"/usr/bin/rpm", "/usr/bin/dnf"}, ["/usr/bin/zypper"]),
    ("debian", {"/usr/bin/dpkg-query", "/usr/bin/apt-get"}, []),
    ("unknown", set(), []),
])
def test_an_identity_alone_makes_no_family(family, there, lacks):
    assert hostinfo.family_lacks(family, there.__contains__) == lacks


TRIE = """Main:
  +-- 0.0.0.0/0 3 0 5
     |-- 0.0.0.0
        /0 universe UNICAST
     +-- 127.0.0.0/8 2 0 2
        |-- 127.0.0.1
           /32 host LOCAL
     +-- 192.0.2.0/24 2 0 2
        |-- 192.0.2.0
           /24 link UNICAST
        |-- 192.0.2.7
           /32 host LOCAL
        |-- 192.0.2.255
           /32 link BROADCAST
"""
SIX = "00000000000000000000000000000001 01 80 10 80       lo\n20010db8000000000000000000000007 02 40 00 80     eth0\n"


@pytest.mark.parametrize("four, six, expected", [
    (TRIE, SIX, ["192.0.2.7", "2001:db8::7"]), (TRIE + TRIE.replace("Main", "Local"), "", ["192.0.2.7"]), ("", SIX, ["2001:db8::7"]), ("", "", [])])
def test_addresses(four, six, expected):
    assert hostinfo.parse_addresses(four, six) == expected


@pytest.mark.parametrize("text, name, expected", [
    ("127.0.0.1 localhost\n192.0.2.1 mx.example.org mx\n", "mx", ["mx.example.org", "mx"]),
    ("192.0.2.1 mx.example.org mx # our gateway\n", "MX", ["mx.example.org", "mx"]),
    ("2001:db8::1 six.example.org mx\n192.0.2.1 four.example.org mx\n", "mx", ["four.example.org", "mx"]),
    ("127.0.0.1 mx\n192.0.2.1 mx.example.org mx\n", "mx", ["mx"]),
    ("#192.0.2.1 mx.example.org mx\n", "mx", []),
    ("garbage\n\n", "mx", []),
])
def test_hosts_names(text, name, expected):
    assert hostinfo.hosts_names(text, name) == expected


@pytest.mark.parametrize("name, hosts, resolved, expected", [
    ("mx.example.org", [], [], ("mx.example.org", "hostname")),
    ("mx.example.org", ["mail.example.org", "mx.example.org"], [], ("mail.example.org", "hosts")),
    ("mx.example.org", ["mx", "mx.example.org"], [], ("mx.example.org", "hostname")),
    ("mx", ["mx.example.org", "mx"], [], ("mx.example.org", "hosts")),
    ("mx", ["mx", "mx.example.org"], [], ("mx.example.org", "hosts")),
    ("mx", [], ["mx.example.org."], ("mx.example.org", "resolver")),
    ("mx", ["mx"], ["mx"], ("", "none")),
    ("mx", ["mx."], [], ("", "none")),
])
def test_qualify(name, hosts, resolved, expected):
    assert hostinfo.qualify(name, hosts, resolved) == expected


def test_sendmail_debug():
    assert hostinfo.parse_sendmail_debug(DEBUG) == {
        "version": "8.17.1.9", "compile_flags": ["DNSMAP", "LDAPMAP", "LOG", "NEWDB=5.3", "SASLv2", "STARTTLS"],
        "configuration": "/etc/mail/sendmail.cf", "pid_file": "/var/run/sendmail/mta/sendmail.pid"}


@pytest.mark.parametrize("text", ["", "sendmail: illegal option\n", "Version"])
def test_sendmail_debug_of_something_else(text):
    assert hostinfo.parse_sendmail_debug(text) == {"version": "", "compile_flags": [], "configuration": "", "pid_file": ""}


@pytest.mark.parametrize("answers, expected", [
    ("> localhost\nmx.example.org\n[127.0.0.1]\n> > daemon\nroot\n> ", {"w": ["[127.0.0.1]", "localhost", "mx.example.org"], "R": [], "t": ["daemon", "root"]}),
    ("> > > > ", {"w": [], "R": [], "t": []}),
    ("> only\n", {"w": ["only"], "R": [], "t": []}),
    ("", {"w": [], "R": [], "t": []}),
])
def test_classes(answers, expected):
    assert hostinfo.parse_classes(BT + answers, ["w", "R", "t"]) == expected


@pytest.mark.parametrize("text, expected", [
    (BT, ""),
    ("Version 8.17.1.9\n/etc/mail/sendmail.cf: line 2047: readcf: unknown option name Nonsense\n" + BT,
     "/etc/mail/sendmail.cf: line 2047: readcf: unknown option name Nonsense"),
    ("No local mailer defined\n" + BT, "No local mailer defined"),
])
def test_complaint(text, expected):
    assert hostinfo.complaint(text) == expected


@pytest.mark.parametrize("version, parts", [("8.17.1.9", [8, 17, 1, 9]), ("8.15.2-34.el8", [8, 15, 2]), ("", []), (None, []), ("x", [])])
def test_version_parts(version, parts):
    assert hostinfo.version_parts(version) == parts


@pytest.mark.parametrize("data, expected", [
    (b"\x7fELF..\0/etc/mail/sendmail.cf\0..\x008.17.1.9\0..", ("sendmail", "8.17.1.9")),
    (b"\x7fELF..\0/etc/mail/sendmail.cf\0..", ("sendmail", "")),
    (b"..%s/postdrop -r..\0sendmail.cf\0\x008.1.1\0", ("postfix", "")),
    (b"..Exim version %s..", ("exim", "")),
    (b"#!/bin/sh\nexit 0\n", ("", "")),
])
def test_identify_program(data, expected):
    assert hostinfo.identify_program(data) == expected


TCP = """  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:0019 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1234 1 0000 100 0 0 10 0
   1: 010200C0:0019 0A0200C0:D431 01 00000000:00000000 00:00000000 00000000     0        0 1235 1 0000 100 0 0 10 0
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1236 1 0000 100 0 0 10 0
   3: 00000000:024B 00000000:0000 0A 00000000:00000000 00:00000000 00000000   102        0 1237 1 0000 100 0 0 10 0
"""
TCP6 = """  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: B80D0120000000000000000001000000:0019 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 99 1 0 100 0 0 10 0
"""


@pytest.mark.parametrize("text, expected", [
    (TCP, [("127.0.0.1", 25, "1234", 0), ("0.0.0.0", 587, "1237", 102)]),
    (TCP6, [("2001:db8::1", 25, "99", 0)]),
    ("", []),
    ("header\ngarbage\n", []),
])
def test_listeners(text, expected):
    assert [(found["address"], found["port"], found["inode"], found["uid"]) for found in hostinfo.parse_listeners(text, (25, 587))] == expected


def test_units():
    text = "Type=forking\nMainPID=712\nId=sendmail.service\nLoadState=loaded\nActiveState=active\nSubState=running\nFragmentPath=/run/x=y.service\n" \
           "UnitFileState=generated\n\nMainPID=0\nId=sm-client.service\nLoadState=not-found\nActiveState=inactive\n"
    found = hostinfo.parse_units(text)
    assert found["sendmail.service"] == {"load": "loaded", "active": "active", "sub": "running", "enabled": "generated", "main_pid": 712,
                                         "file": "/run/x=y.service", "type": "forking"}
    assert found["sm-client.service"]["load"] == "not-found" and found["sm-client.service"]["main_pid"] == 0
    assert hostinfo.parse_units("") == {}


@pytest.mark.parametrize("text, expected", [
    ("[Service]\nType=forking\n", "forking"),
    ("[Service]\nType = exec\n", "exec"),
    ("[Service]\n# Type=exec\nType=simple\nType=forking\n", "forking"),
    ("[Service]\nExecStart=/usr/sbin/sendmail\n", "simple"),
    ("[Service]\nType=exec\nType=\n", "simple"),
    (None, ""),
])
def test_type_of_the_vendor_s_unit(text, expected):
    assert hostinfo.unit_type(text) == expected


@pytest.mark.parametrize("text, expected", [
    ("sendmail\t8.17.1.9-2+deb12u2\tii \npostfix\t3.7.11\trc \nexim4\t\tun \n", {"sendmail": "8.17.1.9-2+deb12u2"}),
    ("sendmail\t8.16.1-11.el9\tinstalled\npackage postfix is not installed\n", {"sendmail": "8.16.1-11.el9"}),
    ("dpkg-query: no packages found matching sendmail\n", {}),
])
def test_packages(text, expected):
    assert hostinfo.parse_packages(text) == expected


def test_configuration():
    text = ("V10/Berkeley\nDZ8.17.1.9/Debian-2\nO QueueDirectory=/var/spool/mqueue\nO DaemonPortOptions=Name=MTA, Port=smtp\n"
            "O DaemonPortOptions=Name=MSA,\n\tPort=587\nO LogLevel=9\nO LogLevel=14\n#O SafeFileEnvironment=/nowhere\nO SafeFileEnvironment=/var/mailjail\n"
            "Qslow, P=/var/spool/slow/q*, F=f\nOX\nXsigner, S=local:/run/opendkim/milter.sock, F=T, T=C:30s;E:5m\nXscan, F=, S=inet:10025@127.0.0.1\n")
    found = hostinfo.parse_configuration(text)
    assert found["level"] == 10 and found["version"] == "8.17.1.9/Debian-2"
    assert found["options"] == {"QueueDirectory": "/var/spool/mqueue", "LogLevel": "14", "SafeFileEnvironment": "/var/mailjail"}
    assert found["daemon_port_options"] == ["Name=MTA, Port=smtp", "Name=MSA, Port=587"]
    assert found["queue_directories"] == ["/var/spool/mqueue", "/var/spool/slow/q*"]
    assert found["milters"] == [{"name": "signer", "socket": "local:/run/opendkim/milter.sock"}, {"name": "scan", "socket": "inet:10025@127.0.0.1"}]


@pytest.mark.parametrize("text", ["", "\x00\ufffd\ufffd=O=\n", "O \nO=\nQ\nV\n"])
def test_garbage_configuration(text):
    assert hostinfo.parse_configuration(text) == {"level": None, "version": "", "options": {}, "daemon_port_options": [], "milters": [],
                                                  "queue_directories": []}


def test_whose_process_it_is():
    assert hostinfo.process_user(os.getpid()) == pwd.getpwuid(os.geteuid()).pw_name and hostinfo.process_user(1 << 30) == ""


@pytest.mark.parametrize("text, whose, ours", [
    (None, "", False),
    ("#%PAM-1.0\nauth include common-auth\n", "other", False),
    ("#%PAM-1.0\n# Written by the collection mailjail.sendmail, role auth\n", "ours", True),
])
def test_whose_rules_pam_has(tmp_path, monkeypatch, text, whose, ours):
    place = tmp_path / "smtp"
    if text is not None:
        place.write_text(text)
    monkeypatch.setattr(hostinfo, "PAM_RULES", (str(place), str(tmp_path / "vendor")))
    found = hostinfo.Host.sasl()
    assert found["pam"] == whose and (str(place) in found["ours"]) == ours


def test_what_another_package_brings_for_pam_is_not_ours(tmp_path, monkeypatch):
    (tmp_path / "vendor").write_text("auth include common-auth\n")
    monkeypatch.setattr(hostinfo, "PAM_RULES", (str(tmp_path / "smtp"), str(tmp_path / "vendor")))
    assert hostinfo.Host.sasl()["pam"] == "other"


def test_what_roles_make_is_kept_for_a_way_back():
    """What role auth or milters take away is found by sendmail_info, and each generation holds it."""
    assert set(hostinfo.SASL_OURS) | {hostinfo.PAM_RULES[0]} < set(generations.BESIDE)
    assert all(any(fnmatch.fnmatch(path, pattern) for pattern in hostinfo.FILTERS_OURS)
               for path in set(generations.BESIDE) - set(hostinfo.SASL_OURS) - {hostinfo.PAM_RULES[0]})


def test_count_queue():
    assert hostinfo.count_queue(["qf1", "df1", "qf2", "df2", "hf3", "Qf4", "tf5", "q"]) == {"messages": 2, "quarantined": 1, "lost": 1}


def test_follow(tmpdir):
    program, link, loop = tmpdir.join("program"), tmpdir.join("link"), tmpdir.join("loop")
    program.write("x")
    link.mksymlinkto("program")
    loop.mksymlinkto("loop")
    assert hostinfo.follow(str(link)) == [str(link), str(program)]
    assert hostinfo.follow(str(program)) == [str(program)]
    assert hostinfo.follow(str(loop))[0] == str(loop)


LIVE = "V10/Berkeley\nDZ8.17.1\nO MaxHopCount=25\nMlocal, P=/bin/mail, F=l\n"


@pytest.mark.parametrize("compiled, edits", [
    (LIVE, []),
    ("# built by root\n" + LIVE, []),
    (LIVE.replace("25", "30"), ["option MaxHopCount"]),
    (LIVE + "Kaccess hash /etc/mail/access\n", ["map access"]),
    (LIVE.replace("8.17.1", "8.18.1"), None),       # made by another release: nobody's edit
    ("", None),
])
def test_edits(compiled, edits):
    assert hostinfo.edits(compiled, LIVE) == edits


@pytest.mark.parametrize("text, expected", [
    ("", []), ("nameserver 192.0.2.53\nnameserver  2001:db8::53 \nsearch example.org\n", ["192.0.2.53", "2001:db8::53"]),
    ("# nameserver 192.0.2.1\nnameserver fe80::1%eth0\nnameserver 127.0.0.53\n", ["127.0.0.53"]),
])
def test_parse_nameservers(text, expected):
    assert hostinfo.parse_nameservers(text) == expected


def test_figures_are_found_where_the_unit_writes_them(tmp_path, monkeypatch):
    unit, figures = tmp_path / "unit", tmp_path / "sendmail.prom"
    monkeypatch.setattr(hostinfo, "METRICS_UNIT", str(unit))
    unit.write_text(u"[Service]\nExecStart=/usr/bin/python3 -I /x/metrics.py --target=%s --state=/y\n" % figures)
    assert hostinfo.system_files()["metrics"] == []
    figures.write_text(u"")
    assert hostinfo.system_files()["metrics"] == [str(figures)]


@pytest.mark.parametrize("parents, expected", [
    # This, sudo, the shell of sshd.
    ({1000: ("PATH=/bin", 900), 900: ("SUDO=1", 800), 800: ("A=1\0SSH_CONNECTION=192.0.2.1 54321 10.0.0.5 2200\0B=2", 1)}, 2200),
    ({1000: ("SSH_CONNECTION=fe80::1%eth0 54321 fe80::2%eth0 22", 1)}, 22), ({1000: ("SSH_CONNECTION=", 900), 900: ("", 1)}, 0), ({}, 0)])
def test_the_port_of_the_connection_is_that_of_sshd(monkeypatch, parents, expected):
    monkeypatch.setattr(hostinfo.os, "getpid", lambda: 1000)
    texts = {}
    for pid, (environment, above) in parents.items():
        texts.update({"/proc/%d/environ" % pid: environment, "/proc/%d/status" % pid: "Name:\tx\nPPid:\t%d\n" % above})
    monkeypatch.setattr(hostinfo, "read_text", texts.get)
    assert hostinfo.connection_port() == expected


def test_what_is_no_file_is_not_read(tmp_path):
    """Opened as a file, a pipe without a writer would never let go."""
    os.mkfifo(str(tmp_path / "pipe"))
    (tmp_path / "text").write_bytes(b"a\xff")
    assert [hostinfo.read_text(str(tmp_path / name)) for name in ("pipe", "", "none", "text")] == [None, None, None, u"a\ufffd"]
    assert hostinfo.read_text("/proc/self/status").startswith("Name:")
