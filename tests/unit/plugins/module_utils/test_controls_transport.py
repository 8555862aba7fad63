# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, controls, controls_milters, controls_transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import FAIL, NOT_APPLICABLE, PASS, UNKNOWN
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_auth
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link, number
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.transport_hosts import (
    CF,
    KEY,
    MSP,
    NOW,
    PROGRAM,
    gateway,
    instead,
    judged,
    null_client,
    without,
)

CONTROLS = {control.id: control for control in controls_transport.CONTROLS + controls_milters.CONTROLS}
LOOPBACK = CF.replace("0.0.0.0", "127.0.0.1")
# Port 25 without logins, no submission port.
NO_LOGINS = without(CF, "O DaemonPortOptions=Name=submission", "O Auth")
QUEUE = "/var/spool/clientmqueue"
# Two queues, as sendmail takes a star.
STARRED = instead(MSP, QueueDirectory="/var/spool/out*")
OUT = {"/var/spool/out1": directory(0o2770, "smmsp", "smmsp"), "/var/spool/out2": directory(0o2770, "smmsp", "smmsp"), QUEUE: None}
RUNS = {"sm-client.service": {"ActiveState": "active"}}
NOBODY = [{"pid": 7, "ppid": 1, "uid": 0, "gid": 0, "status": {}, "title": "sendmail: accepting connections"}]
NO_SASL = {"facts": {"sendmail": {"path": PROGRAM, "compile_flags": ["STARTTLS"]}}}

SOCKET = "/run/opendkim/milter.sock"
MILTER = CF + "O InputMailFilters=opendkim\nXopendkim, S=local:%s, F=T, T=C:30s;S:10s;R:60s;E:5m\n" % SOCKET
UNIX = "Num RefCount Protocol Flags Type St Inode Path\n0000: 00000002 00000000 00010000 0001 01 1234 %s\n" % SOCKET
LISTENS = {SOCKET: file(mode=0o770, owner="opendkim", group="smmsp", kind="socket"), "/run/opendkim": directory(0o2750, "opendkim", "root"),
           "/proc/net/unix": UNIX}
TCP = CF + "O InputMailFilters=rspamd\nXrspamd, S=inet:11332@127.0.0.1, F=T\n"
HEAD = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n"
ROW = "   0: %s:2C44 00000000:0000 0A 00000000:00000000 00:00000000 00000000   110        0 99 1\n"
SIGNER = "Mode sv\nSocket local:%s\nCanonicalization relaxed/simple\nUserID opendkim\nKeyTable file:/etc/mailjail/opendkim.keys\n" % SOCKET
PRIVATE = "/etc/mailjail/dkim/s1.private"
SIGNS = {"/etc/mailjail/opendkim.conf": SIGNER, "/etc/mailjail/opendkim.keys": "example.com example.com:s1:%s\n" % PRIVATE,
         PRIVATE: file(KEY % "ONE", mode=0o600, owner="opendkim", group="opendkim")}
DIG = ("dig", "+short", "+time=2", "+tries=1", "TXT", "s1._domainkey.example.com")
RECORD = '"v=DKIM1; k=rsa; " "p=%s"\n'


def merged(*dicts):
    """Return several dicts as one; the last counts."""
    found = {}
    for one in dicts:
        found.update(one)
    return found


def signer(files=None, **more):
    """Return a gateway that signs."""
    return gateway(cf=more.pop("cf", MILTER), files=merged(LISTENS, SIGNS, files or {}), **more)


CASES = [
    ("SM-AUTH-01", "hardened", gateway(), PASS, "AuthOptions=p,y"),
    ("SM-AUTH-01", "without commas", gateway(cf=instead(CF, AuthOptions="Apy")), PASS, "AuthOptions=Apy"),
    ("SM-AUTH-01", "not set", gateway(cf=instead(CF, AuthOptions=None)), FAIL, "p and y missing"),
    ("SM-AUTH-01", "clear", gateway(cf=instead(CF, AuthOptions="y")), FAIL, "p missing"),
    ("SM-AUTH-01", "offered nowhere", gateway(cf=NO_LOGINS), NOT_APPLICABLE, "modifier A"),
    ("SM-AUTH-01", "loopback", gateway(cf=instead(LOOPBACK, AuthOptions=None)), NOT_APPLICABLE, "loopback"),
    ("SM-AUTH-01", "compiled without", gateway(cf=instead(CF, AuthOptions=None), site=NO_SASL), NOT_APPLICABLE, "without SASL"),
    ("SM-AUTH-01", "null client", null_client(), NOT_APPLICABLE, "loopback"),

    ("SM-AUTH-02", "hardened", gateway(), PASS, "listener submission, port 587, modifiers aE"),
    ("SM-AUTH-02", "offered to the world", gateway(cf=CF.replace("M=A\n", "M=E\n")), FAIL, "sendmail.cf:6 listener MTA, port 25, modifiers E"),
    ("SM-AUTH-02", "asked of the world", gateway(cf=CF.replace("M=A\n", "M=aE\n")), FAIL, "can not log in"),
    ("SM-AUTH-02", "submission without", gateway(cf=CF.replace("M=aE", "M=E")), FAIL, "no mail without a login"),
    ("SM-AUTH-02", "submission without AUTH at all", gateway(cf=CF.replace("M=aE", "M=A"), site=NO_SASL), FAIL, "port 587"),
    ("SM-AUTH-02", "TLS from the first byte", gateway(cf=CF.replace("587, M=aE", "465, M=saE")), PASS, "port 465"),
    ("SM-AUTH-02", "no SASL", gateway(cf=NO_LOGINS.replace("M=A\n", "M=E\n"), site=NO_SASL), PASS, "modifiers E"),
    ("SM-AUTH-02", "no word of listeners", gateway(cf=instead(CF, DaemonPortOptions=None)), FAIL, "modifiers none"),
    ("SM-AUTH-02", "loopback", gateway(cf=LOOPBACK.replace("M=A\n", "M=E\n")), NOT_APPLICABLE, "nobody else"),

    ("SM-AUTH-03", "hardened", gateway(), PASS, "AuthMechanisms=PLAIN LOGIN"),
    ("SM-AUTH-03", "not set", gateway(cf=instead(CF, AuthMechanisms=None)), FAIL, "nothing of DIGEST-MD5 CRAM-MD5 KERBEROS_V4"),
    ("SM-AUTH-03", "one of old", gateway(cf=instead(CF, AuthMechanisms="PLAIN CRAM-MD5")), FAIL, "nothing of CRAM-MD5"),
    ("SM-AUTH-03", "the library has none", gateway(cf=instead(CF, AuthMechanisms=None), files={"/etc/sasl2/Sendmail.conf": "mech_list: PLAIN login\n"}), PASS,
     "mech_list: PLAIN LOGIN"),
    ("SM-AUTH-03", "the library has none, by its oldest place", gateway(cf=instead(CF, AuthMechanisms=None), files={
        "/etc/sasl/Sendmail.conf": "mech_list: PLAIN\n"}), PASS, "mech_list: PLAIN"),
    ("SM-AUTH-03", "the library says nothing of it", gateway(cf=instead(CF, AuthMechanisms=None), files={"/etc/sasl2/Sendmail.conf": "pwcheck_method: x\n"}),
     FAIL, "CRAM-MD5"),
    ("SM-AUTH-03", "the library may not be asked", gateway(cf=instead(CF, AuthMechanisms=None), files={"/etc/sasl2": HIDDEN}), UNKNOWN, "Permission denied"),
    ("SM-AUTH-03", "offered nowhere", gateway(cf=NO_LOGINS), NOT_APPLICABLE, "modifier A"),

    ("SM-MSP-01", "hardened", gateway(), PASS, "root:smmsp 2755"),
    ("SM-MSP-01", "null client", null_client(), PASS, "UseMSP=True"),
    ("SM-MSP-01", "no submit.cf", gateway(msp=None), FAIL, "works as root"),
    ("SM-MSP-01", "no sendmail", FakeView(), NOT_APPLICABLE, "neither"),
    ("SM-MSP-01", "not as submission program", gateway(msp=instead(MSP, UseMSP=None)), FAIL, "UseMSP is not set"),
    ("SM-MSP-01", "a yes that is none to sendmail", gateway(msp=instead(MSP, UseMSP="1")), FAIL, "UseMSP=1"),
    ("SM-MSP-01", "another one has the command", gateway(site={"facts": {}}, files={
        PROGRAM: file("\0postdrop\0", mode=0o755), "/usr/sbin/sendmail-mta": file("\0sendmail.cf\0", mode=0o2755, group="smmsp")}), PASS,
     "sendmail-mta root:smmsp"),
    ("SM-MSP-01", "as root", gateway(msp=instead(MSP, RunAsUser="root")), FAIL, "RunAsUser=root"),
    ("SM-MSP-01", "bit lost", gateway(files={PROGRAM: file(mode=0o755, group="smmsp")}), FAIL, "root:smmsp 0755"),
    ("SM-MSP-01", "another group", gateway(files={PROGRAM: file(mode=0o2755, group="mail")}), FAIL, "set-group-ID smmsp"),
    ("SM-MSP-01", "nosuid", gateway(files={"/proc/self/mounts": "/ / overlay rw 0 0\n/dev/x /usr ext4 rw,nosuid 0 0\n"}), FAIL, "/usr mounted nosuid"),
    ("SM-MSP-01", "nosuid elsewhere", gateway(files={"/proc/self/mounts": "/ / overlay rw 0 0\n/dev/x /usr/s ext4 rw,nosuid 0 0\n"}), PASS, ""),
    ("SM-MSP-01", "queue gone", gateway(files={QUEUE: None}), FAIL, "which is not there"),

    ("SM-MSP-01", "two queues", gateway(msp=STARRED, files=OUT), PASS, "root:smmsp 2755"),
    ("SM-MSP-01", "two queues, one of another group", gateway(msp=STARRED, files=dict(OUT, **{"/var/spool/out2": directory(0o2770, "smmsp", "mail")})), FAIL,
     "the group of /var/spool/out2"),
    ("SM-MSP-01", "no queue that a star means", gateway(msp=STARRED), FAIL, "/var/spool/out*, which is not there"),

    ("SM-MSP-02", "two queues", gateway(msp=STARRED, files=dict(OUT, **{"/var/spool/out2/dfa": file(mtime=NOW - 60)}), units=RUNS), PASS, "1 messages"),
    ("SM-MSP-02", "two queues, forgotten in one", gateway(msp=STARRED, files=dict(OUT, **{"/var/spool/out2/dfa": file(mtime=NOW - 90000)}), units=RUNS), FAIL,
     "the oldest 1500 minutes"),
    ("SM-MSP-02", "below the queue", gateway(files={QUEUE + "/df": directory(), QUEUE + "/df/dfa": file(mtime=NOW - 90000), QUEUE + "/qf": directory(),
                                                    QUEUE + "/qf/qfa": file(mtime=NOW)}), FAIL, "1 messages, the oldest 1500 minutes"),
    ("SM-MSP-02", "a control file alone", gateway(files={QUEUE + "/qf": directory(), QUEUE + "/qf/qfa": file(mtime=NOW - 90000)}), FAIL, "1500 minutes"),
    ("SM-MSP-02", "a queue that is not said", gateway(msp=instead(MSP, QueueDirectory=None), processes=NOBODY), FAIL, "runs /var/spool/mqueue"),
    ("SM-MSP-02", "hardened", gateway(), PASS, "Queue runner@00:10:00"),
    ("SM-MSP-02", "nobody", gateway(processes=NOBODY), FAIL, "neither a process, nor a unit, nor cron"),
    ("SM-MSP-02", "a unit", gateway(processes=None, units={"sm-client.service": {"ActiveState": "active"}}), PASS, "sm-client.service"),
    ("SM-MSP-02", "a dead unit", gateway(processes=NOBODY, units={"sm-client.service": {"ActiveState": "failed"}}), FAIL, "neither"),
    ("SM-MSP-02", "cron", gateway(processes=NOBODY, runs={("cron",): ""}, files={
        "/etc/cron.d/sendmail": "*/20 * * * * smmsp test -x /usr/share/sendmail/sendmail && /usr/share/sendmail/sendmail cron-msp\n"}), PASS, "cron.d"),
    ("SM-MSP-02", "a remark for cron", gateway(processes=NOBODY, runs={("cron",): ""}, files={
        "/etc/cron.d/sendmail": "#*/20 * * * * smmsp /usr/share/sendmail/sendmail cron-msp\n"}), FAIL, "neither"),
    ("SM-MSP-02", "no cron", gateway(processes=NOBODY, files={
        "/etc/cron.d/sendmail": "*/20 * * * * smmsp /usr/share/sendmail/sendmail cron-msp\n"}), FAIL, "neither"),
    ("SM-MSP-02", "fresh mail", gateway(files={QUEUE + "/dfa": file(mtime=NOW - 600), QUEUE + "/qfa": file(mtime=0)}), PASS, "1 messages, the oldest 10"),
    ("SM-MSP-02", "forgotten mail", gateway(files={QUEUE + "/dfa": file(mtime=NOW - 90000)}), FAIL, "the oldest 1500 minutes"),
    ("SM-MSP-02", "queue not to be read", gateway(files={QUEUE: HIDDEN}), UNKNOWN, "Permission denied"),
    ("SM-MSP-02", "no submit.cf", gateway(msp=None), NOT_APPLICABLE, "SM-MSP-01"),

    ("SM-MSP-03", "hardened", gateway(), PASS, "submit.cf:1 [127.0.0.1], port 25"),
    ("SM-MSP-03", "null client", null_client(), PASS, "[hub.example.com]"),
    ("SM-MSP-03", "localhost", gateway(msp=MSP.replace("127.0.0.1", "localhost")), FAIL, "/etc/hosts decides"),
    ("SM-MSP-03", "by MX", gateway(msp=MSP.replace("[127.0.0.1]", "hub.example.com")), FAIL, "MX records"),
    ("SM-MSP-03", "nobody listens", gateway(cf=CF.replace("0.0.0.0, Port=25", "192.0.2.1, Port=25")), FAIL, "waits for ever"),
    ("SM-MSP-03", "another port", gateway(msp=MSP.replace("$h 25", "$h 587")), PASS, "port 587"),
    ("SM-MSP-03", "another port, nobody there", gateway(msp=MSP.replace("$h 25", "$h 2525")), FAIL, "port 2525"),
    ("SM-MSP-03", "IPv6", gateway(msp=MSP.replace("[127.0.0.1]", "[IPv6:0:0:0:0:0:0:0:1]"), cf=CF.replace("Addr=0.0.0.0", "Addr=::1, Family=inet6")), PASS, ""),
    ("SM-MSP-03", "nobody knows", gateway(msp=without(MSP, "D{MTAHost}")), UNKNOWN, "names no {MTAHost}"),

    ("SM-MSP-04", "hardened", gateway(), PASS, "no name but the host's own"),
    ("SM-MSP-04", "both", gateway(cf=CF.replace("DM\n", "DMexample.com\n"), msp=MSP.replace("DM\n", "DMExample.com\n")), PASS, "DMexample.com"),
    ("SM-MSP-04", "one", gateway(cf=CF.replace("DM\n", "DMexample.com\n")), FAIL, "DMexample.com, as in /etc/mail/sendmail.cf"),
    ("SM-MSP-04", "the other", gateway(msp=MSP.replace("DM\n", "DMexample.com\n")), FAIL, "no DM, as in"),
    ("SM-MSP-04", "its own name", gateway(cf=CF.replace("DM\n", "DMmx.example.com\n")), PASS, "no name but"),
    ("SM-MSP-04", "null client without a daemon", null_client(), NOT_APPLICABLE, "no daemon"),

    ("SM-MILT-01", "no filter", gateway(), NOT_APPLICABLE, "no filter"),
    ("SM-MILT-01", "hardened", signer(), PASS, "opendkim:smmsp 0770"),
    ("SM-MILT-01", "declared, not called", gateway(cf=without(MILTER, "O InputMailFilters")), NOT_APPLICABLE, "no filter"),
    ("SM-MILT-01", "called by a listener", gateway(cf=without(MILTER, "O InputMailFilters").replace("M=A\n", "M=A, I=opendkim\n")), FAIL, "is not there"),
    ("SM-MILT-01", "passed over", signer(cf=TCP.replace(", F=T", ""), files={"/proc/net/tcp": HEAD + ROW % "0100007F"}), FAIL, "rspamd without F"),
    ("SM-MILT-01", "passed over, as said", signer(cf=TCP.replace("F=T", "F="), files={"/proc/net/tcp": HEAD + ROW % "0100007F"}), FAIL, "an empty F"),
    ("SM-MILT-01", "a signer passed over, as said", signer(cf=MILTER.replace("F=T", "F=")), PASS, "an empty F"),
    ("SM-MILT-01", "open to all", signer(files={SOCKET: file(mode=0o777, kind="socket"), "/run/opendkim": directory()}), FAIL, "0777"),
    ("SM-MILT-01", "open behind a closed door", signer(files={SOCKET: file(mode=0o777, kind="socket")}), PASS, "0777"),
    ("SM-MILT-01", "gone", signer(files={SOCKET: None}), FAIL, SOCKET + " is not there"),
    ("SM-MILT-01", "a file", signer(files={SOCKET: file()}), FAIL, "a file"),
    ("SM-MILT-01", "dead", signer(files={"/proc/net/unix": "Num\n"}), FAIL, "nobody listens"),
    ("SM-MILT-01", "spelt through a link", signer(cf=MILTER.replace("local:/run", "local:/var/run"), files={"/var/run": link("/run")}), PASS, "0770"),
    ("SM-MILT-01", "bound through a link", signer(files={"/var/run": link("/run"), "/proc/net/unix": UNIX.replace("/run", "/var/run")}), PASS, "0770"),
    ("SM-MILT-01", "dead behind a link", signer(cf=MILTER.replace("local:/run", "local:/var/run"), files={
        "/var/run": link("/run"), "/proc/net/unix": UNIX.replace("milter.sock", "other.sock")}), FAIL, "nobody listens"),
    ("SM-MILT-01", "not to be seen", signer(files={"/run/opendkim": HIDDEN}), UNKNOWN, "Permission denied"),
    ("SM-MILT-01", "by TCP", signer(cf=TCP, files={"/proc/net/tcp": HEAD + ROW % "0100007F"}), PASS, "127.0.0.1:11332"),
    ("SM-MILT-01", "by TCP, for all", signer(cf=TCP, files={"/proc/net/tcp": HEAD + ROW % "00000000"}), FAIL, "listens on 0.0.0.0:11332"),
    ("SM-MILT-01", "by TCP, both families", signer(cf=TCP, files={"/proc/net/tcp6": HEAD + ROW % "0000000000000000FFFF00000100007F"}), PASS, "ffff:"),
    ("SM-MILT-01", "by TCP, dead", signer(cf=TCP, files={"/proc/net/tcp": HEAD}), FAIL, "nobody listens"),
    ("SM-MILT-01", "elsewhere", signer(cf=TCP.replace("127.0.0.1", "192.0.2.7")), FAIL, "192.0.2.7:11332"),
    ("SM-MILT-01", "nonsense", signer(cf=TCP.replace("inet:11332@127.0.0.1", "nonsense")), FAIL, "expected local:"),

    ("SM-MILT-02", "no filter", gateway(), NOT_APPLICABLE, "no mail"),
    ("SM-MILT-02", "hardened", signer(), PASS, PRIVATE + " opendkim:opendkim 0600"),
    ("SM-MILT-02", "key for all", signer(files={PRIVATE: file(KEY % "ONE", mode=0o644)}), FAIL, "0644"),
    ("SM-MILT-02", "key for a group", signer(files={PRIVATE: file(KEY % "ONE", mode=0o640, group="mail")}), FAIL, "root:mail 0640"),
    ("SM-MILT-02", "key for the filter's group", signer(files={PRIVATE: file(KEY % "ONE", mode=0o640, group="opendkim")}), PASS, "root:opendkim 0640"),
    ("SM-MILT-02", "key gone", signer(files={PRIVATE: None}), FAIL, PRIVATE + " is not there"),
    ("SM-MILT-02", "forged results", signer(files={"/etc/mailjail/opendkim.conf": SIGNER + "KeepAuthResults yes\n"}), FAIL, "KeepAuthResults yes"),
    ("SM-MILT-02", "published", signer(runs={DIG: RECORD % "ONE"}), PASS, "the other half"),
    ("SM-MILT-02", "not published", signer(runs={DIG: ""}), FAIL, "no record"),
    ("SM-MILT-02", "another one published", signer(runs={DIG: RECORD % "TWO"}), FAIL, "another one"),
    ("SM-MILT-02", "no name server", signer(runs={DIG: Result(9, "", "no servers")}), PASS, "0600"),
    ("SM-MILT-02", "verifies only", signer(files={"/etc/mailjail/opendkim.conf": SIGNER.replace("Mode sv", "Mode v")}), PASS, "KeepAuthResults"),
    ("SM-MILT-02", "one key, in the vendor's file", signer(files={"/etc/mailjail/opendkim.conf": None, "/etc/opendkim.conf":
     "Canonicalization simple\nDomain example.com\nSelector s1\nKeyFile %s\n" % PRIVATE, PRIVATE: file(mode=0o604)}), FAIL, "0604"),
    ("SM-MILT-02", "by a link", signer(cf=MILTER.replace("opendkim", "signer"), files={"/run/signer": link("/run/opendkim")}), PASS, PRIVATE),
    ("SM-MILT-02", "of a filter that is not called", gateway(files=SIGNS), NOT_APPLICABLE, "no mail"),
]


@pytest.mark.parametrize("name, view, verdict, said", [pytest.param(case[0], *case[2:], id="%s %s" % case[:2]) for case in CASES])
def test_hosts(name, view, verdict, said):
    try:
        found = judged(CONTROLS[name], view)
    except controls.Unseen as exc:
        found = UNKNOWN, exc.message
    assert found[0] == verdict, found
    assert said in found[1]


def test_each_control_passes_somewhere_and_fails_somewhere():
    for name in CONTROLS:
        assert {PASS, FAIL} <= {case[3] for case in CASES if case[0] == name}, name


def test_what_is_broken_is_what_the_role_refuses():
    assert set(controls_transport.BROKEN) == set(plan_auth.BROKEN)


def test_a_host_of_the_year_1998_is_judged():
    view = FakeView(cf="V8/Berkeley\nDj$w.$m\nO DaemonPortOptions=Port=25\nDS\n", files={"/usr/lib/sendmail": file(mode=0o4755)})
    verdicts = dict((control.id, found.verdict) for control, found in controls.judge(view, CONTROLS.values()))
    assert verdicts == {"SM-AUTH-01": FAIL, "SM-AUTH-02": FAIL, "SM-AUTH-03": FAIL, "SM-MSP-01": FAIL, "SM-MSP-02": NOT_APPLICABLE,
                        "SM-MSP-03": NOT_APPLICABLE, "SM-MSP-04": NOT_APPLICABLE, "SM-MILT-01": NOT_APPLICABLE, "SM-MILT-02": NOT_APPLICABLE}


# ---- the wire ------------------------------------------------------------------------------------------------------------------------------

ANSWER = {"address": "192.0.2.25", "port": 25, "reachable": True, "implicit_tls": False, "auth_clear": [], "auth_tls": []}
SUBMIT = {"address": "192.0.2.25", "port": 587, "reachable": True, "implicit_tls": False, "auth_clear": [], "auth_tls": ["PLAIN", "LOGIN"],
          "relay": [{"form": 1, "answer": "530 5.7.0 Authentication required", "accepted": False}]}
WIRE = [
    ("SM-AUTH-01", SUBMIT, PASS, "AUTH in the clear: nothing"), ("SM-AUTH-01", dict(SUBMIT, auth_clear=["SCRAM-SHA-256"]), PASS, "SCRAM"),
    ("SM-AUTH-01", dict(SUBMIT, auth_clear=["PLAIN"]), FAIL, "AUTH PLAIN in the clear"),
    ("SM-AUTH-01", dict(SUBMIT, port=465, implicit_tls=True, auth_clear=["PLAIN"]), PASS, "first byte"),
    ("SM-AUTH-01", dict(ANSWER, reachable=False), UNKNOWN, "nobody answers"), ("SM-AUTH-01", {"reachable": True}, UNKNOWN, "did not ask"),
    ("SM-AUTH-02", ANSWER, PASS, "no AUTH"), ("SM-AUTH-02", dict(ANSWER, auth_tls=["LOGIN"]), FAIL, "offers AUTH LOGIN"),
    ("SM-AUTH-02", SUBMIT, PASS, "530"), ("SM-AUTH-02", dict(SUBMIT, relay=[{"answer": "250 2.1.0 ok"}]), FAIL, "answered 250"),
    ("SM-AUTH-02", dict(SUBMIT, relay=[], commands={"MAIL over TLS": "250 2.1.0 ok"}), FAIL, "answered 250"),
    ("SM-AUTH-02", dict(SUBMIT, relay=[]), UNKNOWN, "did not ask"), ("SM-AUTH-02", dict(ANSWER, address="::1"), NOT_APPLICABLE, "loopback"),
    ("SM-AUTH-03", SUBMIT, PASS, "AUTH LOGIN PLAIN"), ("SM-AUTH-03", dict(SUBMIT, auth_tls=["CRAM-MD5"]), FAIL, "CRAM-MD5"),
]


@pytest.mark.parametrize("name, result, verdict, said", WIRE)
def test_listeners(name, result, verdict, said):
    found = CONTROLS[name].wire(result)
    assert found.verdict == verdict and said in " ".join(found.evidence[0])


# ---- what is put right ---------------------------------------------------------------------------------------------------------------------

class Hands:
    """Notes what it is told to do."""

    def __init__(self):
        self.done = []

    def mode(self, path, exactly=None, forbid=None):
        self.done.append((path, exactly, forbid))

    def enable_unit(self, name):
        self.done.append(name)


@pytest.mark.parametrize("text, expected", [(None, False), ("", True), ("True", True), ("t", True), ("Yes", True), ("y", True), ("1", False), ("on", False),
                                            ("false", False), (" True", False)])
def test_a_truth_value_is_read_as_sendmail_does(text, expected):
    assert cfview.true(text) is expected


@pytest.mark.parametrize("processes, units, done", [
    (NOBODY, {"sm-client.service": {"LoadState": "loaded", "ActiveState": "inactive"}}, ["sm-client.service"]),
    (NOBODY, {"sm-client.service": {"LoadState": "not-found"}}, []), (NOBODY, {"sm-client.service": {"LoadState": "loaded", "ActiveState": "active"}}, [])])
def test_a_runner_that_is_off_is_switched_on(processes, units, done):
    hands = Hands()
    CONTROLS["SM-MSP-02"].mend(gateway(processes=processes, units=units), hands)
    assert hands.done == done


def test_modes_of_keys():
    hands = Hands()
    CONTROLS["SM-MILT-02"].mend(signer(files={PRIVATE: file(mode=0o644)}), hands)
    CONTROLS["SM-MILT-02"].mend(signer(files={PRIVATE: file(mode=0o640, group="opendkim")}), hands)
    assert hands.done == [(PRIVATE, None, 0o077), (PRIVATE, None, 0o037)]


@pytest.mark.parametrize("user, owner, group, mode, forbidden, said", [
    ("opendkim", "root", "mail", 0o640, 0o077, ""), ("opendkim", "root", "shared", 0o640, 0o037, "opendkim reads it through the group shared"),
    ("opendkim", "root", "shared", 0o644, 0o037, "Give it to the filter's user"), ("opendkim", "opendkim", "shared", 0o640, 0o077, ""),
    ("opendkim:mail", "root", "mail", 0o640, 0o037, "through the group mail"), ("signer", "root", "signers", 0o640, 0o037, "signer reads it"),
    # Others of its own group read the key too: what is wrong with that is for a person to mend.
    ("opendkim", "root", "opendkim", 0o640, 0o037, "through the group opendkim"), ("root", "root", "shared", 0o640, 0o077, ""),
    ("nobody-knows", "root", "mail", 0o640, 0o037, "there is no user nobody-knows"), ("nobody-knows", "root", "root", 0o640, 0o077, "")])
def test_a_key_stays_with_a_group_through_which_its_filter_reads_it(user, owner, group, mode, forbidden, said):
    hands, told = Hands(), ""
    people = {"opendkim": {"uid": 120, "gid": number("opendkim")}, "signer": {"uid": 121, "gid": number("signers")}}
    view = signer(files={"/etc/mailjail/opendkim.conf": SIGNER.replace("UserID opendkim", "UserID " + user),
                         PRIVATE: file(KEY % "ONE", mode=mode, owner=120 if owner == "opendkim" else owner, group=group)},
                  accounts=people, groups={"opendkim": ["smmta"], "shared": ["opendkim", "mail"], "mail": [], "signers": []})
    try:
        CONTROLS["SM-MILT-02"].mend(view, hands)
    except SendmailError as exc:
        told = exc.message
    assert hands.done == [(PRIVATE, None, forbidden)]
    assert said in told and bool(said) == bool(told)


def test_a_key_that_can_not_be_mended_leaves_the_others():
    class Refuses(Hands):
        def mode(self, path, exactly=None, forbid=None):
            if path == PRIVATE:
                raise SendmailError("not this one")
            super(Refuses, self).mode(path, exactly, forbid)
    hands, second = Refuses(), PRIVATE.replace("s1", "s2")
    table = "a example.com:s1:%s\nb example.com:s2:%s\n" % (PRIVATE, second)
    with pytest.raises(SendmailError) as caught:
        CONTROLS["SM-MILT-02"].mend(
            signer(files={"/etc/mailjail/opendkim.keys": table, PRIVATE: file(mode=0o604), second: file(mode=0o604)}), hands)
    assert "not this one" in caught.value.message and hands.done == [(second, None, 0o077)]


@pytest.mark.parametrize("text, meant", [
    ("opendkim", True), ("dkim-filter", True), ("dkim-milter.sock", True), ("openarc.sock", True), ("arc", True), ("greylist", True), ("milter-greylist", True),
    ("milter-greylist.sock", True), ("signer", True), ("gray", True), ("opendmarc", False), ("search", False), ("opendmarc.sock", False), ("design", False),
    ("archiver", False), ("rspamd", False), ("assign.sock", False)])
def test_filters_that_may_be_left_out(text, meant):
    assert bool(controls_milters.HARMLESS.search(text)) is meant


def test_a_directory_does_not_make_a_filter_harmless():
    cf = MILTER.replace("F=T", "F=").replace("Xopendkim", "Xscanner").replace("=opendkim", "=scanner")
    assert "Xscanner" in cf
    assert CONTROLS["SM-MILT-01"].check(signer(cf=cf)).verdict == FAIL
