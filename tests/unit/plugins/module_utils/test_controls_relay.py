# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Who may relay, read off a .cf, maps and class files, and off what sendmail and a probe say: each control holds on a host, and falls on the same host with one
thing changed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_relay
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, file

BY_ID = {control.id: control for control in controls_relay.CONTROLS}
CF = """\
DZ8.18.1/
Djgw.corp.example
FR-o /etc/mail/relay-domains
C{R}127.0.0.1
C{R}IPv6:::1
Kaccess hash -T<TMPF> /etc/mail/access
O TryNullMXList=False
O DaemonPortOptions=Name=MTA, Family=inet, Addr=0.0.0.0, Port=25, Modifiers=AE
SParseRecipient
R$*\t\t\t\t$: <?> $>CanonAddr $1
SBasic_check_mail
R<?> $* < @ $+ >\t$: <? $(resolve $2 $: $2 <PERM> $) > $1 < @ $2 >
R<? $+> $*\t\t$#error $@ 5.5.4 $: "553 Domain name required for sender address " $&f
SBasic_check_rcpt
R$*\t\t\t$: $1 $| @ $>"Rcpt_ok" $1
R$* $| @ RELAY\t\t$@ RELAY
R$*\t\t\t$#error $@ 5.7.1 $: "550 Relaying denied"
SRcpt_ok
R$*\t\t\t$: $>ParseRecipient $1\t\tstrip relayable hosts
R$* ! $*\t\t$: <REMOTE> $2 < @ BANG_PATH >
R$* % $*\t\t$: <REMOTE> $1 < @ PERCENT_HACK >
R$+ < @ $=R >\t\t$@ RELAY
SRelay_ok
R$*\t\t\t$: $&{client_addr}
R$=R $*\t\t\t$@ RELAY
Scheck_rcpt
R$+ $| $*\t\t$: $1 $| $>checkmail <$&f> $| <$2>
"""
FILES = {"/etc/mail/access": "Connect:10.20\tRELAY\nTo:own.example\tRELAY\n", "/etc/mail/access.db": "x", "/etc/mail/relay-domains": "corp.example # ours\n"}


def view(old="", new="", cf=CF, files=None, **more):
    """A gateway, with one piece of its .cf replaced."""
    assert old in cf
    return FakeView(cf=cf.replace(old, new) if old else cf, files=dict(FILES, **(files or {})), **more)


def judged(name, seen):
    ((_control, judgement),) = controls.judge(seen, [BY_ID[name]])
    return judgement


GOOD = view()


@pytest.mark.parametrize("name", [name for name in sorted(BY_ID) if name != "SM-REL-02"])
def test_a_good_host(name):
    found = judged(name, GOOD)
    assert found.verdict == controls.PASS, found
    assert found.evidence and all(one.where and one.seen for one in found.evidence)


REFUSAL = 'R$*\t\t\t$#error $@ 5.7.1 $: "550 Relaying denied"\n'
BAD = [
    # each feature by the rule that it leaves, or takes away
    ("SM-REL-01", view(REFUSAL), "promiscuous_relay"),
    ("SM-REL-01", view("R$+ < @ $=R >\t\t$@ RELAY", "R$+ < @ $* $=m >\t$@ RELAY"), "relay_entire_domain"),
    ("SM-REL-01", view("SRelay_ok\n", "SRelay_ok\nR$*\t$: <?> $>CanonAddr $&f\nR<?> $+ < @ $=w >\t$@ RELAY\n"), "relay_local_from"),
    ("SM-REL-01", view("SRelay_ok\n", "SRelay_ok\nR$*\t$: <?> $>CanonAddr $&f\nR<?> $+ < @ $+ >\t$: <@> $>SearchList <! From> $| <F:$1@$2> <>\n"),
     "relay_mail_from"),
    ("SM-REL-01", view("SRelay_ok\n", "R$+ < @ $+ >\t$: < : $(mxserved $2 $) : > $1 < @ $2 >\nSRelay_ok\n"), "relay_based_on_MX"),
    ("SM-REL-01", view("$: $>ParseRecipient $1", "$: $>CanonAddr $1"), "loose_relay_check"),
    ("SM-REL-01", view(cf="O LogLevel=9\nS0\nR$*\t$@ $1\n"), "no ruleset check_rcpt"),
    # 8.9 has one ruleset for it all
    ("SM-REL-01", view(cf="SBasic_check_rcpt\nR$*\t$: <?> $>3 $&f\nR<?> $+ < @ $=w >\t$@ OK\nR$*\t$#error $@ 5.7.1 $: \"550 Relaying denied\"\n"),
     "relay_local_from"),
    ("SM-REL-03", view(files={"/etc/mail/access": "corp.example\tRELAY\n"}), "no tag"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:\tRELAY\n"}), "everybody"),
    ("SM-REL-03", view(files={"/etc/mail/access": "connect:8\trelay\n"}), "8.0.0.0/8"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:192.0\tRELAY\n"}), "larger than a /24"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:8.8\tRELAY\n"}), "larger than a /24"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:172.15\tRELAY\n"}), "larger than a /24"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:IPv6:2a00:1450\tRELAY\n"}), "larger than a /48"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:141.20\tRELAY\n"}, site={"relay_networks": ["141.21.0.0/16"]}), "does not name it"),
    ("SM-REL-04", view(files={"/etc/mail/relay-domains": "corp.example\n8.8\n"}), "larger than a /24"),
    ("SM-REL-03", view(files={"/etc/mail/access": "Connect:host.corp.example\tRELAY\n"}), "reverse zone"),
    ("SM-REL-03", view(files={"/etc/mail/access": "From:boss@corp.example\tRELAY\n"}), "claimed"),
    ("SM-REL-03", view(files={"/etc/mail/access": "To:gmail.com\tRELAY\n"}), "provider"),
    ("SM-REL-03", view(files={"/etc/mail/access": "To:com\tRELAY\n"}), "top-level"),
    ("SM-REL-04", view(files={"/etc/mail/relay-domains": "de\n"}), "top-level"),
    ("SM-REL-04", view(files={"/etc/mail/relay-domains": "corp.example\nyahoo.com\n"}), "provider"),
    ("SM-REL-04", view("C{R}127.0.0.1", "CRco.uk"), "below co.uk"),
    # VIRTUSER_DOMAIN puts one class into the other
    ("SM-REL-04", view("C{R}127.0.0.1", "C{VirtHost}gmx.net\nC{R}$={VirtHost} $=R"), "gmx.net is a provider"),
    ("SM-REL-05", view("hash -T<TMPF> /", "hash -T<TMPF> -o /"), "-o"),
    ("SM-REL-05", view("hash -T<TMPF> /", "hash /"), "without -T"),
    ("SM-REL-05", view("Kaccess hash -T<TMPF> /etc/mail/access\n"), "no access map"),
    ("SM-REL-05", view("/etc/mail/access\n", "/etc/mail/other\n"), "no database"),
    ("SM-REL-06", view("R$* % $*\t\t$: <REMOTE> $1 < @ PERCENT_HACK >\n"), "%other.example"),
    ("SM-REL-06", view("R$* ! $*\t\t$: <REMOTE> $2 < @ BANG_PATH >\n"), "!other.example"),
    ("SM-REL-06", view("$: $>ParseRecipient $1", "$: $>CanonAddr $1"), "loose_relay_check"),
    ("SM-REL-07", view("Djgw", "C{TrustAuthMech}PLAIN ANONYMOUS\nDjgw"), "ANONYMOUS"),
    ("SM-REL-07", view(files={"/etc/mail/access": "CertIssuer:/C=US/O=Let's+20Encrypt/CN=R3\tRELAY\n"}), "everybody can have"),
    ("SM-REL-07", view("SRelay_ok\n", "SRelay_ok\nR$*\t$: <> $(drac $1 $: <?> $1 $)\n"), "drac"),
    ("SM-REL-07", view("SRelay_ok\n", "SLocal_Relay_Auth\nR$*\t$# RELAY\nSRelay_ok\n"), "lets everybody"),
    ("SM-REL-07", view("Djgw", "C{VirtHost}virt.example\nKvirtuser hash /etc/mail/virtusertable\nDjgw", files={
        "/etc/mail/virtusertable": "info@virt.example\tx@corp.example\n"}), "virt.example"),
    ("SM-REL-08", view("$: <? $(resolve $2 $: $2 <PERM> $) > $1 < @ $2 >", "$: <OKR> $1 < @ $2 >"), "accept_unresolvable_domains"),
    ("SM-REL-08", view("R<? $+> $*\t\t$#error", "R<x> $*\t\t$#error"), "accept_unqualified_senders"),
    ("SM-REL-08", view("Modifiers=AE", "Modifiers=AEu"), "modifier u"),
    ("SM-REL-09", view("O TryNullMXList=False", "O TryNullMXList=True"), "TryNullMXList=True"),
    ("SM-REL-09", view("SRelay_ok\n", "SRelay_ok\nR$* < @ $* > $*\t$: $1 < @ $2 @@ $(bestmx $2 $) > $3\n"), "bestmx_is_local"),
]


@pytest.mark.parametrize("name, seen, words", BAD, ids=["%s %s" % (row[0], row[2]) for row in BAD])
def test_one_thing_changed(name, seen, words):
    found = judged(name, seen)
    assert found.verdict == controls.FAIL, found
    assert any(words in one.seen for one in found.evidence), found
    assert all(one.where and one.wanted for one in found.evidence)


@pytest.mark.parametrize("key, declared", [
    ("141.20", ["141.20.0.0/16"]), ("141.20", ["10.0.0.0/8", "141.16.0.0/12"]), ("IPv6:2a00:1450", ["2a00:1450::/32"]), ("IPv6:2a00:1450:1", []),
    ("8.8.8", []), ("10", []), ("172.16", []), ("192.168", []), ("IPv6:fd00:1", []), ("127", []), ("100.64", [])])
def test_networks_of_a_site_may_relay(key, declared):
    seen = view(files={"/etc/mail/access": "Connect:%s\tRELAY\n" % key, "/etc/mail/relay-domains": key + "\n"}, site={"relay_networks": declared})
    assert judged("SM-REL-03", seen).verdict == controls.PASS and judged("SM-REL-04", seen).verdict == controls.PASS


def test_evidence_names_the_line():
    assert judged("SM-REL-03", view(files={"/etc/mail/access": "# x\nConnect:8\tRELAY\n"})).evidence[0].where == "/etc/mail/access:2"
    assert judged("SM-REL-01", view(REFUSAL)).evidence[0].where == "/etc/mail/sendmail.cf:%d" % (CF.splitlines().index("SBasic_check_rcpt") + 1)
    assert judged("SM-REL-04", view(files={"/etc/mail/relay-domains": "a.example\nde\n"})).evidence[0].where == "/etc/mail/relay-domains:2"


NULL = "DH[hub.corp.example]\nDS[hub.corp.example]\nO DaemonPortOptions=Name=MTA, Addr=127.0.0.1\nSBasic_check_rcpt\n" + REFUSAL
OTHER = [
    ("SM-REL-03", view("Kaccess hash -T<TMPF> /etc/mail/access\n"), controls.NOT_APPLICABLE),
    ("SM-REL-05", FakeView(cf=NULL), controls.NOT_APPLICABLE), ("SM-REL-06", FakeView(cf=NULL), controls.NOT_APPLICABLE),
    ("SM-REL-08", FakeView(cf=NULL), controls.NOT_APPLICABLE),
    # A null client that others reach is looked at as any other host.
    ("SM-REL-06", FakeView(cf=NULL.replace("127.0.0.1", "0.0.0.0")), controls.FAIL),
    ("SM-REL-06", FakeView(cf=NULL, site={"profile": "gateway"}), controls.FAIL),
    # What can not be seen is said.
    ("SM-REL-01", FakeView(), controls.UNKNOWN), ("SM-REL-01", FakeView(files={"/etc/mail/sendmail.cf": HIDDEN}), controls.UNKNOWN),
    ("SM-REL-01", FakeView(files={"/etc/mail/sendmail.cf": "\0\1 garbage\n"}), controls.UNKNOWN),
    ("SM-REL-03", view(files={"/etc/mail/access": file(None, mode=0o600)}), controls.UNKNOWN),
    ("SM-REL-03", view("Kaccess hash -T<TMPF> /etc/mail/access", "Kaccess ldap -T<TMPF> -k (x=%0)"), controls.UNKNOWN),
    ("SM-REL-04", view("FR-o /etc/mail/relay-domains", "FR|/usr/local/bin/domains"), controls.UNKNOWN),
    ("SM-REL-02", GOOD, controls.UNKNOWN)]


@pytest.mark.parametrize("name, seen, verdict", OTHER)
def test_other_hosts(name, seen, verdict):
    assert judged(name, seen).verdict == verdict


def test_entries_come_from_the_database_where_there_is_no_text():
    seen = FakeView(cf=CF, files={"/etc/mail/access.db": "x"}, runs={
        ("/usr/sbin/makemap", "-C", "/etc/mail/sendmail.cf", "-u", "hash", "/etc/mail/access"): "connect:8\tRELAY\n", ("makemap",): ""})
    assert judged("SM-REL-03", seen).verdict == controls.FAIL


def test_virtual_domains_that_catch_all_and_certificates_by_name_pass():
    cf = CF.replace("Djgw", "C{VirtHost}virt.example\nKvirtuser hash /etc/mail/virtusertable\nDjgw")
    seen = view(cf=cf, files={"/etc/mail/virtusertable": "@virt.example\terror:nouser\n",
                              "/etc/mail/access": "CertIssuer:/CN=Our+20CA\tSUBJECT\nCertSubject:/CN=x\tRELAY\n"})
    assert judged("SM-REL-07", seen).verdict == controls.PASS


# ---- the real sendmail, asked as a stranger (here one of paper)

RELAYED, DENIED = "RELAY", '$# error $@ 5 . 7 . 1 $: "550 Relaying denied"'
BOGON = '$# error $@ 5 . 7 . 1 $: "550 We do not talk to bogons"'


def paper(answers, ruleset="check_rcpt", asked=None, door=""):
    """A sendmail in test mode whose check_rcpt answers as a function of client and recipient says; ``ruleset`` is where it says so first."""
    def run(script):
        macros, said = {}, ["> > "]
        for line in script.splitlines():
            command, _blank, rest = line.partition(" ")
            if line.startswith(".D{"):
                name, _brace, value = line[3:].partition("}")
                macros[name] = value
            elif line == "${mailjail_test}":
                said.append(macros["mailjail_test"])
            elif command == "/parse":
                said.append("mailer esmtp, host x., user %s" % rest)
            elif command == "MailjailJoin,check_relay" and door:
                said.append("check_relay returns: %s" % door)
            elif command == "check_rcpt":
                said.append("%s returns: %s" % (ruleset, answers(macros["client_addr"], rest)))
                if asked is not None:
                    asked.append(dict(macros))
        return "\n".join(said)
    return {("/usr/sbin/sendmail", "-C", "/etc/mail/sendmail.cf", "-bt"): run, ("sendmail",): ""}


def stranger(answers, asked=None, **more):
    return judged("SM-REL-02", view(runs=paper(answers, asked=asked), **more))


@pytest.mark.parametrize("answers, verdict, words", [
    (lambda client, address: DENIED, "pass", "refused 550 Relaying denied"),
    (lambda client, address: RELAYED, "fail", "accepted, mailer esmtp"),
    (lambda client, address: RELAYED if "%" in address else DENIED, "fail", "user%mailjail-test.example"),
    (lambda client, address: RELAYED if "!" in address else DENIED, "fail", "!user@"),
    # Who is refused whatever he asks hides nothing of what others may.
    (lambda client, address: RELAYED if "%" in address and client != "192.0.2.1" else DENIED, "fail", "user%mailjail-test.example"),
    # A laboratory may use one of the networks for examples itself, but it has to say so.
    (lambda client, address: RELAYED if client == "192.0.2.1" else DENIED, "fail", "accepted"),
    # What refuses the client for itself is no word on relaying.
    (lambda client, address: BOGON, "unknown", "no word on relaying"),
    (lambda client, address: BOGON if client != "192.0.2.1" else DENIED, "pass", "Relaying denied"),
    (lambda client, address: DENIED if "%" not in address else BOGON, "pass", "Relaying denied"),
    (lambda client, address: "$# error $@ 4 . 3 . 0 $: \"451 Temporary system failure\"", "unknown", "451"),
    (lambda client, address: "$# error $@ quarantine $: look", "fail", "quarantined"),
])
def test_a_stranger(answers, verdict, words):
    found = stranger(answers)
    assert found.verdict == verdict and words in found.evidence[0].seen, found


@pytest.mark.parametrize("answer, verdict", [(DENIED, "pass"), (RELAYED, "unknown")])
def test_who_is_refused_at_the_door_is_asked_all_the_same(answer, verdict):
    found = judged("SM-REL-02", view(runs=paper(lambda client, address: answer, door=BOGON)))
    assert found.verdict == verdict, found


def test_a_declared_network_is_no_stranger():
    def answers(client, address):
        return RELAYED if client == "192.0.2.1" else DENIED
    found = stranger(answers, site={"relay_networks": ["10.0.0.0/8", "192.0.2.0/24"]})
    assert found.verdict == "pass" and not any("192.0.2.1" in one.where for one in found.evidence), found
    assert stranger(answers, site={"relay_networks": ["192.0.0.0/16"]}).verdict == "pass"
    assert stranger(answers, site={"relay_networks": ["192.0.2.128/25"]}).verdict == "fail"
    assert stranger(answers, site={"relay_networks": ["192.0.0.0/8", "198.0.0.0/8", "203.0.113.0/24"]}).verdict == "unknown"


def test_the_stranger_has_a_name_that_is_right():
    """Without one the host would be refused for that alone, and an open relay behind it not be seen."""
    asked = []
    stranger(lambda client, address: DENIED, asked=asked)
    assert asked and {one["client_resolve"] for one in asked} == {"OK"} and {one["client_name"] for one in asked} == {"client.mailjail-test.example"}


@pytest.mark.parametrize("ruleset", ["Basic_check_rela", "check_relay", "checkmail", "Local_check_mail"])
def test_a_refusal_of_the_client_hides_nothing(ruleset):
    """With delay_checks it comes out of check_rcpt, in the words that somebody chose."""
    def answers(client, address):
        return DENIED + "\ncheck_rcpt returns: " + DENIED
    found = judged("SM-REL-02", view(runs=paper(answers, ruleset)))
    assert found.verdict == "unknown" and "no word on relaying" in found.evidence[0].seen


def test_a_sendmail_that_stops_or_is_none():
    assert judged("SM-REL-02", view(runs={("/usr/sbin/sendmail", "-C", "/etc/mail/sendmail.cf", "-bt"): "sendmail: fatal\n",
                                          ("sendmail",): ""})).verdict == controls.UNKNOWN


# ---- the wire

def wired(name, result):
    ((_control, judgement),) = controls.judge(dict({"address": "192.0.2.9", "port": 25}, **result), [BY_ID[name]], "wire")
    return judgement.verdict


def row(to, accepted):
    return {"form": 1, "from": "a@x.example", "to": to, "answer": "250 ok" if accepted else "550 no", "accepted": accepted}


@pytest.mark.parametrize("name, rows, verdict", [
    ("SM-REL-02", [row("u@x.example", False), row("u%x.example@h", False)], "pass"), ("SM-REL-02", [row("u@x.example", True)], "fail"),
    ("SM-REL-02", [], "unknown"), ("SM-REL-06", [row("u@x.example", True)], "unknown"), ("SM-REL-06", [row("<u%x.example@h>", True)], "fail"),
    ("SM-REL-06", [row("@h:u@x.example", True)], "fail"), ("SM-REL-06", [row("x.example!u@h", False)], "pass"),
    ("SM-REL-06", [row("\"u@x.example\"@h", True)], "fail")])
def test_the_battery(name, rows, verdict):
    assert wired(name, {"relay": rows}) == verdict


@pytest.mark.parametrize("name, test, taken, verdict", [
    ("SM-REL-02", "relay: form 3, u@x.example", False, "unknown"), ("SM-REL-02", "relay: 9 of its tests", False, "unknown"),
    ("SM-REL-02", "relay", False, "unknown"), ("SM-REL-02", "tls: version 1.2", False, "pass"), ("SM-REL-02", "relay: form 3, u@x.example", True, "fail"),
    ("SM-REL-06", "relay: form 3, from <> to u@x.example", False, "pass"), ("SM-REL-06", "relay: form 3, from <> to u%x.example@h", False, "unknown")])
def test_a_battery_that_did_not_end(name, test, taken, verdict):
    assert wired(name, {"relay": [row("u%x.example@h", taken)], "unknown": [{"test": test, "why": "it only puts off"}]}) == verdict


@pytest.mark.parametrize("taken, verdict", [((False, False), "pass"), ((False, True), "fail"), ((), "unknown")])
def test_strange_senders(taken, verdict):
    rows = [{"kind": kind, "from": "x", "to": "y", "answer": "553 no", "accepted": one} for kind, one in zip(("unqualified", "unresolvable"), taken)]
    assert wired("SM-REL-08", {"senders": rows}) == verdict
