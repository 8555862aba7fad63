# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf

TEXT = """# a remark
\tthat goes on
V10/Berkeley

Cwlocalhost
C{w}mail.example.com  example.com
Fw-o /etc/mail/local-host-names %[^\\#]
FR/etc/mail/relay-domains
Troot daemon
Tuucp
DSrelay:[192.0.2.1]
D{MTAHost}[127.0.0.1]
DMexample.com
Kaccess hash -T<TMPF> /etc/mail/access
Kresolve host -a<OKR> -T<TEMP>
Kmacro macro
O MaxHopCount=25
O   LogLevel = 9
O ForwardPath
#O ErrorMode=print
O DaemonPortOptions=Name=MTA, Port=25
O DaemonPortOptions=Name=MSA, Port=587, M=Ea
O Timeout.ident=0
EOPENSSL_CONF=/etc/mail/x.ossl
Pbulk=-60
HReceived: $?sfrom $s $.
\tby $j
H?P?Return-Path: <$g>
H?M?Message-Id: <$t>
H?M?Message-Id: <other>
Scanonify=3
R$@\t\t\t$@ <@>
R$* ;\t\t\t   $1\t\tstrip it
SLocal_check_mail
Mlocal,\t\tP=/usr/bin/x, F=lsDFM:/|@, S=A/B,
\t\tT=DNS/RFC822/X-Unix, A=x -a $g, $u
Xspam, S=local:/run/spam, F=T, T=C:5m;S:10s
Qslow, P=/q, F=f
"""


def test_parse():
    found = cf.parse(TEXT)
    assert found.level == "10/Berkeley" and found.options["MaxHopCount"] == "25" and found.options["LogLevel"] == "9" and found.options["ForwardPath"] == ""
    assert "ErrorMode" not in found.options and found.options["DaemonPortOptions"].split("\n") == ["Name=MTA, Port=25", "Name=MSA, Port=587, M=Ea"]
    assert found.members("w") == ["example.com", "localhost", "mail.example.com"] and found.classes["w"].files == ["-o /etc/mail/local-host-names %[^\\#]"]
    assert found.classes["R"].files == ["/etc/mail/relay-domains"] and found.members("t") == ["daemon", "root", "uucp"] and found.members("none") == []
    assert found.macros == {"S": "relay:[192.0.2.1]", "MTAHost": "[127.0.0.1]", "M": "example.com"} and found.environment == {
        "OPENSSL_CONF": "/etc/mail/x.ossl"
    }
    assert (
        found.maps["access"] == cf.Map("access", "hash", ["-T<TMPF>"], "/etc/mail/access")
        and found.maps["resolve"].path == ""
        and found.maps["macro"].flags == []
    )
    assert (
        found.precedences == {"bulk": "-60"}
        and found.headers["Message-Id"] == ["?M?<$t>", "?M?<other>"]
        and found.headers["Received"] == ["$?sfrom $s $. by $j"]
    )
    assert found.rulesets["canonify"] == cf.Ruleset("canonify", "3", [("$@", "$@ <@>"), ("$* ;", "$1")]) and found.rulesets["Local_check_mail"].rules == []
    assert found.mailers["local"].equates == {"P": "/usr/bin/x", "F": "lsDFM:/|@", "S": "A/B", "T": "DNS/RFC822/X-Unix", "A": "x -a $g, $u"}
    assert found.milters["spam"]["T"] == "C:5m;S:10s" and found.queue_groups["slow"] == {"P": "/q", "F": "f"}


@pytest.mark.parametrize("text", ["", "\n\n", "garbage\n", "K\nO\nM\nD\nC\nS\nR\nH\n", "R$*\t$1\n", "\t\n x\n", "O =5\n", "Kx\n"])
def test_a_text_that_is_none_says_nothing(text):
    found = cf.parse(text)
    assert found.options == {} and found.maps == {} and found.level == ""


@pytest.mark.parametrize(
    "old, new, rows",
    [
        ("O MaxHopCount=25\nO LogLevel=9\n", "# x\nO LogLevel= 9\n\nO MaxHopCount=25\n", []),
        ("O MaxHopCount=25\n", "O MaxHopCount=17\n", [("option", "MaxHopCount", "25", "17")]),
        ("", "O ForwardPath\n", [("option", "ForwardPath", None, "")]),
        ("Cwa b\n", "Cwb\nC{w}a\n", []),
        ("Cwa b\n", "Cwb c\n", [("class", "w", "a b", "b c")]),
        ("Fw/a\n", "", [("class file", "w", "/a", None)]),
        ("Kx hash /a\n", "Kx  hash\t-o /a\n", [("map", "x", "hash /a", "hash -o /a")]),
        ("DSa\n", "DSb\n", [("macro", "S", "a", "b")]),
        (
            "O DaemonPortOptions=Name=A, Port=25\nO DaemonPortOptions=Name=B\n",
            "O DaemonPortOptions=Name=B\nO DaemonPortOptions=Port=26, Name=A\n",
            [("listener", "A", "Name=A, Port=25", "Name=A, Port=26")],
        ),
        ("Sx\nR$*\t$1\nR$+\t$2\tremark\n", "Sx\nR$* \t\t$1\nR$+\t$2\tother remark\n", []),
        ("Sx\nR$*\t$1\nR$+\t$2\n", "Sx\nR$*\t$1\nR$-\t$2\n", [("ruleset", "x", "R$+\t$2", "R$-\t$2")]),
        ("Sx\nR$*\t$1\nR$+\t$2\n", "Sx\nR$+\t$2\nR$*\t$1\n", [("ruleset", "x", "R$*\t$1\nR$+\t$2", "R$+\t$2\nR$*\t$1")]),
        ("Mx, P=a, F=b\n", "Mx, F=b,\n\tP=a\n", []),
        ("HX: a\n", "HX: b\n", [("header", "X", "a", "b")]),
        ("Xa, S=b\n", "", [("milter", "a", "S=b", None)]),
        ("V10\n", "V9\n", [("level", "V", "10", "9")]),
    ],
)
def test_changes_are_of_meaning(old, new, rows):
    assert [(row["what"], row["name"], row["before"], row["after"]) for row in cf.changes(old, new)] == rows


def test_changes_are_sorted_and_secrets_masked():
    rows = cf.changes("O AuthRealm=a\nDZ1\n", "O AuthRealm=b\nO Zone=x\nCwq\n", secrets=["AuthRealm", "Z"])
    assert [(row["what"], row["name"], row["before"], row["after"]) for row in rows] == [
        ("class", "w", None, "q"),
        ("macro", "Z", "********", None),
        ("option", "AuthRealm", "********", "********"),
        ("option", "Zone", None, "x"),
    ]


REDIRECT = {
    "/etc/mail/access": "/s/access",
    "/etc/mail/local-host-names": "/s/lhn",
    "/etc/mail/aliases": "/s/aliases",
    "/etc/mail/helpfile": "/s/help",
    "/etc/mail/userdb": "/s/userdb",
    "/etc/mail": "/never",
}


@pytest.mark.parametrize(
    "line, expected",
    [
        ("Kaccess hash -T<TMPF> /etc/mail/access", "Kaccess hash -T<TMPF> /s/access"),
        ("Kaccess hash /etc/mail/access.db", "Kaccess hash /s/access.db"),
        ("Kx hash /etc/mail/access2", None),
        ("Kx hash /etc/mail/access.d/x", None),
        ("Kx hash /etc/mail/access-x", None),
        ("Kx hash /chroot/etc/mail/access", None),
        ("Fw/etc/mail/local-host-names", "Fw/s/lhn"),
        ("Fw-o /etc/mail/local-host-names %[^\\#]", "Fw-o /s/lhn %[^\\#]"),
        ("F{w}/etc/mail/local-host-names", "F{w}/s/lhn"),
        ("O AliasFile=/etc/mail/aliases", "O AliasFile=/s/aliases"),
        ("O AliasFile=btree:/etc/mail/aliases, hash:/etc/mail/access", "O AliasFile=btree:/s/aliases, hash:/s/access"),
        ("O HelpFile=/etc/mail/helpfile", "O HelpFile=/s/help"),
        ("O UserDatabaseSpec=/etc/mail/userdb.db", "O UserDatabaseSpec=/s/userdb.db"),
        ("O QueueDirectory=/etc/mail/access/q", None),
        ("# Kaccess hash /etc/mail/access", None),
        ("R$*\t$: $(x /etc/mail/access $)", None),
        ("Mprog, P=/etc/mail/access, A=x", None),
        ("Kx ldap\n\t-b /etc/mail/access", "Kx ldap\n\t-b /s/access"),
        ("Ksub regex ^/etc/mail$", None),
    ],
)
def test_redirect_replaces_whole_paths_on_lines_that_open_files(line, expected):
    assert cf.redirect("V10\n%s\nO X=1\n" % line, REDIRECT) == "V10\n%s\nO X=1\n" % (expected or line)


def test_redirect_to_nowhere_is_the_same():
    assert cf.redirect(TEXT, {}) == TEXT


@pytest.mark.parametrize(
    "text, expected, missing",
    [
        ("O DefaultUser=mail:mail\nO TrustedUser=mailgw\nO MaxHopCount=25\n", "O DefaultUser=mail:mail\nO MaxHopCount=25\n", ["mailgw"]),
        ("O DefaultUser=mailgw:mailgw\nO RunAsUser=mailgw\n", "", ["mailgw"]),
        ("O DefaultUser=mail\n#O TrustedUser=mailgw\nDxmailgw\n", "O DefaultUser=mail\n#O TrustedUser=mailgw\nDxmailgw\n", []),
    ],
)
def test_users_to_come_are_left_out(text, expected, missing):
    assert cf.without_users(text, lambda name: name == "mail") == (expected, missing)


def test_case_of_an_option_s_name_makes_no_difference():
    """As to sendmail: the last line counts, whatever its spelling; listeners add up."""
    found = cf.parse("O LogLevel=9\nO loglevel=1\nO daemonportoptions=Port=25\nO DaemonPortOptions=Port=587\n")
    assert found.option("LOGLEVEL") == "1" == found.options["LogLevel"] and found.option("Nothing") is None
    assert found.options["DaemonPortOptions"] == "Port=25\nPort=587"
