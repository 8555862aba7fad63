# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What strangers are told: each control holds on a host and on a wire, and falls with one thing changed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_smtp
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link

BY_ID = {control.id: control for control in controls_smtp.CONTROLS}
CF = """\
DZ8.18.1/
Kaccess hash -T<TMPF> /etc/mail/access
O PrivacyOptions=goaway,noetrn,nobodyreturn,restrictmailq,restrictqrun,restrictexpand
O SmtpGreetingMessage=$j
O HelpFile=/etc/mail/helpfile
O MaxHeadersLength=32768
O MaxMimeHeaderLength=256/128
O DaemonPortOptions=Name=MTA, Addr=0.0.0.0, Port=25, Modifiers=A
HReceived: $?sfrom $s $.$.by $j$?r with $r$. id $i
\tfor $u
Sgreet_pause
R<?> <$*>\t\t$# 5000
R<$+> <$*>\t\t$# $1
Scheck_other
R$* $| 2\t$@ ok
SLocal_srv_features
Ssrv_features
R$*\t\t$: $>D <$&{client_name}> <?> <! "Srv_Features"> <>
R<$+>$*\t\t$# $1
"""
FILES = {"/etc/mail/access": "Connect:10.20\tRELAY\nSrv_Features:192.0.2.7\tG O\n", "/etc/mail/helpfile": file("#vers\t2\nsmtp\tSee RFC 5321.\n", mode=0o444)}


def view(old="", new="", files=None, **more):
    """A gateway, with one piece of its .cf replaced."""
    assert old in CF
    return FakeView(cf=CF.replace(old, new) if old else CF, files=dict(FILES, **(files or {})), **more)


def judged(name, seen):
    ((_control, judgement),) = controls.judge(seen, [BY_ID[name]])
    return judgement


def with_help(node):
    return view(files={"/etc/mail/helpfile": node})


CHECKED = [name for name in sorted(BY_ID) if BY_ID[name].check]
PRIVACY = "goaway,noetrn,nobodyreturn,restrictmailq,restrictqrun,restrictexpand"


@pytest.mark.parametrize("name", CHECKED)
def test_a_good_host(name):
    found = judged(name, view())
    assert found.verdict == controls.PASS, found
    assert all(one.where and one.seen for one in found.evidence)


BAD = [
    ("SM-SMTP-01", view("Message=$j", "Message=$j Sendmail $v/$Z; $b"), "$v/$Z"), ("SM-SMTP-01", view("Message=$j", "Message=$j Sendmail ready"), "Sendmail"),
    ("SM-SMTP-01", view("Message=$j", "Message=$j on Debian"), "Debian"), ("SM-SMTP-01", view("O SmtpGreetingMessage=$j\n"), "not set"),
    ("SM-SMTP-01", view("by $j$?r", "by $j ($v/$Z)$?r"), "Received:"),
    ("SM-SMTP-02", with_help("smtp\tThis is sendmail version $v\n"), "sendmail version"), ("SM-SMTP-02", with_help("x\t8.18.1\n"), "8.18.1"),
    ("SM-SMTP-02", with_help(file("x\ty\n", mode=0o664)), "0664"), ("SM-SMTP-02", with_help(file("x\ty\n", owner="alice")), "alice"),
    ("SM-SMTP-02", with_help(directory()), "a directory"), ("SM-SMTP-02", with_help(link("/nowhere")), "no such file"),
    ("SM-SMTP-02", view("O HelpFile=/etc/mail/helpfile\n"), "not set"), ("SM-SMTP-02", view("HelpFile=/etc/mail/helpfile", "HelpFile="), "empty"),
    ("SM-SMTP-03", view(PRIVACY, "novrfy,noexpn"), "ETRN"), ("SM-SMTP-03", view(PRIVACY, "noetrn noexpn"), "VRFY"),
    ("SM-SMTP-03", view(PRIVACY, "noetrn,novrfy"), "EXPN"), ("SM-SMTP-03", view(PRIVACY, "noetrn,novrfy"), "VERB"),
    ("SM-SMTP-04", view(PRIVACY, "novrfy"), "needmailhelo"), ("SM-SMTP-04", view("DZ8", "O AllowBogusHELO=True\nDZ8"), "AllowBogusHELO=True"),
    ("SM-SMTP-06", view("SLocal_srv_features\n", "SLocal_srv_features\nR$*\t$# G O\n"), "for every client"),
    ("SM-SMTP-06", view(files={"/etc/mail/access": "Srv_Features:\tU\n"}), "Srv_Features: U"),
    # Commas divide too, and of a word the first letter counts.
    ("SM-SMTP-06", view(files={"/etc/mail/access": "Srv_Features:\tv,O\n"}), "Srv_Features: v,O"),
    ("SM-SMTP-06", view(files={"/etc/mail/access": "Srv_Features:\tGO\n"}), "Srv_Features: GO"),
    ("SM-SMTP-06", view("SLocal_srv_features\n", "SLocal_srv_features\nR$*\t$# G,O\n"), "for every client"),
    ("SM-SMTP-07", view("$# 5000", "$# 1000"), "1000 ms"), ("SM-SMTP-07", view("R<?> <$*>\t\t$# 5000\n"), "no value for everybody"),
    ("SM-SMTP-07", view("Sgreet_pause\nR<?> <$*>\t\t$# 5000\nR<$+> <$*>\t\t$# $1\n"), "not there"),
    ("SM-SMTP-07", view("Scheck_other", "Sanother"), "check_other"),
    ("SM-SMTP-08", view(PRIVACY, "goaway,noetrn"), "nobodyreturn"), ("SM-SMTP-08", view(PRIVACY, "nobodyreturn"), "authwarnings"),
    ("SM-SMTP-09", view(PRIVACY, "goaway,restrictmailq,restrictqrun"), "restrictexpand"),
    ("SM-SMTP-10", view("MaxMimeHeaderLength=256/128", "MaxMimeHeaderLength=0/0"), "0/0"), ("SM-SMTP-10", view("O MaxMimeHeaderLength=256/128\n"), "no limit"),
    ("SM-SMTP-10", view("MaxHeadersLength=32768", "MaxHeadersLength=0"), "MaxHeadersLength=0")]


@pytest.mark.parametrize("name, seen, words", BAD, ids=["%s %s" % (row[0], row[2]) for row in BAD])
def test_one_thing_changed(name, seen, words):
    found = judged(name, seen)
    assert found.verdict == controls.FAIL, found
    assert any(words in one.seen for one in found.evidence), found
    assert all(one.where and one.wanted for one in found.evidence)


FINE = [
    # An empty help file is one, the stock one's remarks are not told, and a link to a file counts as the file.
    ("SM-SMTP-01", view("Message=$j", "Message=sendmail-debian.corp.example ready")),
    ("SM-SMTP-02", with_help("")), ("SM-SMTP-02", with_help("# sendmail 8.18.1\nx\ty\n")),
    ("SM-SMTP-02", view(files={"/etc/mail/helpfile": link("/usr/share/help"), "/usr/share/help": "x\ty\n"})),
    # A listener without ETRN, several lines, and a ruleset that refuses.
    ("SM-SMTP-03", FakeView(cf=CF.replace(PRIVACY, "goaway").replace("Modifiers=A", "Modifiers=AE"))),
    ("SM-SMTP-03", view(PRIVACY, "goaway\nO PrivacyOptions=noetrn")),
    ("SM-SMTP-03", view(PRIVACY, "goaway\nScheck_etrn\nR$*\t$#error $@ 5.7.0 $: \"550 no\"\nO LogLevel=9")),
    ("SM-SMTP-06", view("SLocal_srv_features\n", "SLocal_srv_features\nR$* 192.0.2.7 $*\t$# G O\nR$*\t$# v g2\n")),
    # What that release does not have is not missed; before 8.17 there was no check_other.
    ("SM-SMTP-07", FakeView(cf=CF.replace("Scheck_other", "Sother").replace("8.18.1", "8.15.2"))),
    ("SM-SMTP-07", view("$# 5000", "$# 2000", site={"limits": {"greet_pause": 2000}})),
    ("SM-SMTP-10", view("O MaxHeadersLength=32768\n"))]


@pytest.mark.parametrize("name, seen", FINE)
def test_other_ways(name, seen):
    assert judged(name, seen).verdict == controls.PASS


def test_lines_and_what_is_not_seen():
    assert judged("SM-SMTP-01", view("Message=$j", "Message=$j $v")).evidence[0].where == "/etc/mail/sendmail.cf:4"
    assert judged("SM-SMTP-02", with_help("a\tb\nsmtp\t$v\n")).evidence[0].where == "/etc/mail/helpfile:2"
    assert judged("SM-SMTP-02", with_help(file(None, mode=0o600))).verdict == controls.UNKNOWN
    for name in CHECKED:
        assert judged(name, FakeView()).verdict == controls.UNKNOWN
        assert judged(name, FakeView(files={"/etc/mail/sendmail.cf": HIDDEN})).verdict == controls.UNKNOWN
    assert judged("SM-SMTP-07", FakeView(cf=CF, site={"profile": "nullclient"})).verdict == controls.NOT_APPLICABLE


# ---- the wire

def wired(name, **result):
    ((_control, judgement),) = controls.judge(dict({"address": "192.0.2.9", "port": 25}, **result), [BY_ID[name]], "wire")
    assert judgement.verdict == controls.UNKNOWN or all(one.where.startswith("192.0.2.9 port 25") or judgement.verdict == controls.NOT_APPLICABLE
                                                        for one in judgement.evidence)
    return judgement.verdict


def said(**changed):
    answers = {"HELP": "214 2.0.0 See RFC 5321.", "VRFY": "252 2.5.2 Cannot VRFY", "EXPN": "502 5.7.0 Sorry", "VERB": "502 5.7.0 no", "ETRN": "502 5.7.0 no",
               "DEBUG": "500 5.5.1 unrecognized", "WIZ": "500 5.5.1 unrecognized"}
    answers.update(changed)
    return {key: value for key, value in answers.items() if value}


WIRE = [
    ("SM-SMTP-01", {"greeting": "220 gw-debian13.corp.example ESMTP"}, "pass"),
    ("SM-SMTP-01", {"greeting": "220 gw.corp.example ESMTP Sendmail 8.18.1/8.18.1"}, "fail"),
    ("SM-SMTP-01", {"greeting": "220-gw.corp.example ESMTP\n220 gw.corp.example of Debian"}, "fail"), ("SM-SMTP-01", {"greeting": ""}, "unknown"),
    ("SM-SMTP-02", {"commands": said()}, "pass"), ("SM-SMTP-02", {"commands": said(HELP="502 5.3.0 Sendmail 8.18.1 -- HELP not implemented")}, "fail"),
    ("SM-SMTP-02", {}, "unknown"),
    ("SM-SMTP-03", {"commands": said()}, "pass"), ("SM-SMTP-03", {"commands": said(VRFY="250 2.1.5 root <root@x>")}, "fail"),
    ("SM-SMTP-03", {"commands": said(ETRN="250 2.0.0 Queuing started", VERB=None)}, "fail"), ("SM-SMTP-03", {"commands": said(VERB=None)}, "unknown"),
    ("SM-SMTP-05", {"commands": said()}, "pass"), ("SM-SMTP-05", {"commands": said(DEBUG="200 Debug set")}, "fail"),
    ("SM-SMTP-05", {"commands": said(WIZ=None)}, "unknown"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": "421 no", "verdict": "refused"}, {"form": "CR.CR", "answer": "250", "verdict": "one message"}]},
     "pass"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": "250 ok", "verdict": "two messages"}, {"form": "x", "verdict": None}]}, "fail"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": None, "verdict": None}]}, "unknown"), ("SM-SMTP-06", {}, "unknown"),
    ("SM-SMTP-07", {"early_talk": {"answer": "554 gw ESMTP not accepting messages", "verdict": "refused"}}, "pass"),
    ("SM-SMTP-07", {"early_talk": {"answer": "220 gw ESMTP", "verdict": "let through"}}, "fail"), ("SM-SMTP-07", {}, "unknown"),
    ("SM-SMTP-07", {"early_talk": {"answer": "", "verdict": "refused", "why": "it closed"}}, "pass"),
    ("SM-SMTP-02", {"commands": dict(said(), **{"HELP HELP": "214 Sendmail 8.18.1"})}, "fail"),
    ("SM-SMTP-04", {"commands": {"MAIL without EHLO": "503 5.0.0 Polite people say HELO first", "EHLO without name": "501 5.0.0 no"}}, "pass"),
    ("SM-SMTP-04", {"commands": {"MAIL without EHLO": "250 2.1.0 ok", "EHLO without name": "501 5.0.0 no"}}, "fail"),
    ("SM-SMTP-04", {"commands": {"MAIL without EHLO": "503 no"}}, "unknown"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": "250 ok\n550 no", "verdict": "one message", "honoured": True}]}, "fail"),
    ("SM-SMTP-10", {"limits": {"headers": {"bytes": 54540, "answer": "552 5.6.0 too large", "verdict": "refused"}}}, "pass"),
    ("SM-SMTP-10", {"limits": {"headers": {"bytes": 54540, "answer": "250 ok", "verdict": "accepted"}}}, "fail"), ("SM-SMTP-10", {"limits": {}}, "unknown"),
    ("SM-SMTP-03", {"commands": said(EXPN="451 4.3.2 later")}, "unknown"), ("SM-SMTP-05", {"commands": said(WIZ="421 4.7.0 too many")}, "unknown"),
    ("SM-SMTP-02", {"commands": said(HELP="451 4.3.0 later")}, "unknown"),
    ("SM-SMTP-03", {"commands": said(VRFY="250 root", EXPN="451 4.3.2 later")}, "fail"),
    ("SM-SMTP-04", {"commands": {"MAIL without EHLO": "421 4.7.0 no", "EHLO without name": "501 5.0.0 no"}}, "unknown"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": "554 no", "verdict": "refused"}],
                    "unknown": [{"test": "smuggling: CR.CR", "why": "it only puts off"}]}, "unknown"),
    ("SM-SMTP-06", {"smuggling": [{"form": "LF.LF", "answer": "554 no", "verdict": "refused"}], "unknown": [{"test": "tls", "why": "time"}]}, "pass"),
    ("SM-SMTP-07", {"implicit_tls": True}, "not applicable")]


@pytest.mark.parametrize("name, result, verdict", WIRE)
def test_the_wire(name, result, verdict):
    assert wired(name, **result) == verdict


def test_what_the_wire_tells_of():
    assert [name for name in sorted(BY_ID) if not BY_ID[name].wire] == ["SM-SMTP-08", "SM-SMTP-09"]
