# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import time

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import m4, mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError

HEAD = m4.PREAMBLE + "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`debian')dnl\n"
FIRST = HEAD.count("\n") + 1
ACCESS = "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl\n"
MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"


@pytest.mark.parametrize(
    "text, calls",
    [
        ("FEATURE(`a')dnl x\nMAILER(b)", [(1, "FEATURE", ("a",)), (2, "MAILER", ("b",))]),
        ("define(`confX',\n  `a, b', c d)", [(1, "define", ("confX", "a, b", "c d"))]),
        ("FEATURE(``a'', (b, c))", [(1, "FEATURE", ("`a'", "(b, c)"))]),
        ("dnl FEATURE(`a')\n\nFEATURE(`b')", [(3, "FEATURE", ("b",))]),
        ("# FEATURE(`a')\nFEATURE(`b')", [(1, "FEATURE", ("a",)), (2, "FEATURE", ("b",))]),
        ("# FEATURE(`a')\nFEATURE(`b')\ndnl /m4/cf.m4", [(2, "FEATURE", ("b",))]),
        ("define(`x',dnl remark, with (\n`y')", [(1, "define", ("x", "y"))]),
        ("FEATURE(`a', , `')", [(1, "FEATURE", ("a", "", ""))]),
        (
            "ifdef(`x', `FEATURE(`a')\nFEATURE(`b')', `FEATURE(`c')')",
            [(1, "ifdef", ("x", "FEATURE(`a')\nFEATURE(`b')", "FEATURE(`c')")), (1, "FEATURE", ("a",)), (2, "FEATURE", ("b",)), (2, "FEATURE", ("c",))],
        ),
        ("define(`x', defn(`y')`,z')", [(1, "define", ("x", "defn(`y'),z")), (1, "defn", ("y",))]),
        ("FEATUER(`a')\n", [(1, "FEATUER", ("a",))]),
        ("LOCAL_CONFIG\n", [(1, "LOCAL_CONFIG", None)]),
        ("define(`m', `$1')m(`x')", [(1, "define", ("m", "$1")), (1, "m", ("x",))]),
    ],
)
def test_calls(text, calls):
    assert [(statement.line, statement.name, statement.args) for statement in mc.parse(text) if statement.name] == calls


def test_code_behind_a_number_sign_is_live_once_cf_m4_is_included():
    before, after = mc.parse("# FEATURE(`a')\ninclude(`/x/m4/cf.m4')dnl\n# FEATURE(`b')\n"), [("include", False), ("FEATURE", True)]
    assert [(statement.name, statement.hidden) for statement in before if statement.name] == after


def test_code_behind_a_number_sign_is_live_everywhere_in_a_text_that_is_compiled_behind_cf_m4():
    with pytest.raises(McError) as caught:
        mc.check("# FEATURE(`promiscuous_relay')\nOSTYPE(`linux')dnl\n" + MAILERS)
    assert "hides nothing" in caught.value.message


def test_raw_lines_know_their_part():
    found = mc.parse("LOCAL_CONFIG\nKx hash /x\n# remark\nLOCAL_RULESETS\nSx\nR$*\t$@ $1 `quoted'\ndivert(-1)\nnothing\ndivert(0)\nstray\n")
    assert [(statement.line, statement.part, statement.args[0]) for statement in found if not statement.name] == [
        (2, "LOCAL_CONFIG", "Kx hash /x"),
        (3, "LOCAL_CONFIG", "# remark"),
        (5, "LOCAL_RULESETS", "Sx"),
        (6, "LOCAL_RULESETS", "R$*\t$@ $1 quoted"),
        (10, None, "stray"),
    ]


def test_an_argument_knows_whether_it_is_plain_text():
    found = mc.parse("define(`confX', `a')define(`confX', MAIL_SETTINGS_DIR`b')define(`confX', `MAIL_SETTINGS_DIR`'c')define(`confX', len(`d'))")
    assert [statement.plain[1] for statement in found if statement.name == "define"] == [True, False, False, False]


@pytest.mark.parametrize(
    "text, line, said", [("x\nFEATURE(`a)\nFEATURE(`b')", 2, "backquote is never closed"), ("x\n\nFEATURE(`a'\nFEATURE(`b')", 3, "parenthesis is missing")]
)
def test_what_is_never_closed(text, line, said):
    with pytest.raises(McError) as caught:
        mc.parse(text)
    assert caught.value.details["line"] == line and said in caught.value.message


GOOD = [
    ACCESS + MAILERS,
    "FEATURE(`access_db', , `skip')dnl\nFEATURE(`greet_pause', `1000')dnl 1 second\n" + MAILERS,
    "FEATURE(`greet_pause', `1000')dnl\n" + MAILERS,
    ACCESS + "FEATURE(`delay_checks')dnl\nFEATURE(`ratecontrol', `nodelay', `terminate')dnl\n" + MAILERS,
    "define(`SMART_HOST', `index.example')dnl\n" + MAILERS,
    "define(`confFORWARD_PATH', `')dnl\ndefine(`confSMTP_LOGIN_MSG', `$j')dnl\ndefine(`confMAX_HOP', `25')dnl\n" + MAILERS,
    "FEATURE(`nullclient', `hub.example')dnl\n",
    "FEATURE(`nullclient', `[192.0.2.1]')dnl\nMASQUERADE_AS(`example.com')dnl\n",
    "FEATURE(`msp', `[127.0.0.1]')dnl\n",
    "FEATURE(`msp', , `MSA')dnl\n",
    MAILERS + "LOCAL_CONFIG\nKx hash /etc/mail/x\nO SetCertAltnames=true\n# it's a remark\nLOCAL_RULESETS\nSLocal_check_mail\nR$*\t$: $>Access $1\n",
    "INPUT_MAIL_FILTER(`a', `S=local:/run/a, F=T')dnl\nMAIL_FILTER(`b', `S=inet:1@x, F=R')dnl\ndefine(`confINPUT_MAIL_FILTERS', `b, a')dnl\n" + MAILERS,
    "MAIL_FILTER(`a', `S=local:/run/a, F=T')dnl\nMAIL_FILTER(`b', `S=inet:1@x, F=R')dnl\ndefine(`confINPUT_MAIL_FILTERS', ``b, a'')dnl\n" + MAILERS,
    "FEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Name=MTA, Port=25')dnl\nDAEMON_OPTIONS(`Name=MSA, Port=587, M=Ea')dnl\n" + MAILERS,
    "LOCAL_DOMAIN(`a.example b.example')dnl\nEXPOSED_USER(`root')dnl\nMASQUERADE_AS(`')dnl\nRELAY_DOMAIN_FILE(`-o /etc/mail/x')dnl\n" + MAILERS,
    "define(`MY_OWN', `FEATURE(`smrsh')')dnl\nMY_OWN()dnl\n" + MAILERS,
    "define(`confCW_FILE', MAIL_SETTINGS_DIR`x')dnl\nundefine(`STATUS_FILE')dnl\n" + MAILERS,
    "FEATURE(`enhdnsbl', `bl.example', `\"550 listed \" $&{client_addr}', `t', `127.0.0.2.')dnl\n" + MAILERS,
    "FEATURE(`local_procmail')dnl\n" + MAILERS + "MAILER(`procmail')dnl\n",
    "dnl it's a remark with FEATUER(`x and ` in it\n" + MAILERS,
    "define(`confRUN_AS_USER', `smmsp')define(`confSAFE_FILE_ENV', `/x')FEATURE(`msp')dnl\n",
    "FEATURE(`mailertable', `hash -o /etc/mail/mailertable')dnl\n" + MAILERS,
    "MAILER_DEFINITIONS\n" + MAILERS,
    "define(`MY_DIR', `/etc/x')dnl\ndefine(`confCACERT_PATH', `MY_DIR/certs')dnl\n" + MAILERS,
    "define(`confDEF_USER_ID', ``8:12'')dnl\nundefine(`confDEAD_LETTER_DROP')dnl\n" + MAILERS,
    MAILERS + "LOCAL_NET_CONFIG\nUUCPSMTP(`a', `b.example')dnl\n",
    # What the .cf is told in its own words: a beginning of a name, capitals, values that m4 or sendmail fills in, switches without a value.
    MAILERS + "LOCAL_CONFIG\nO MaxHopCount=17\nO maxhop = 17\nO Timeout.queuereturn.normal=5d\nO MeToo\nO HelpFile=/etc/mail/helpfile\nO PidFile=$x\n",
    "define(`MY_HOPS', `25')dnl\n" + MAILERS + "LOCAL_CONFIG\nO MaxHopCount=MY_HOPS\nO DaemonPortOptions=Port=465, M=s\nOQ/var/spool/mqueue\n",
    "MODIFY_MAILER_FLAGS(`LOCAL', `+S')dnl\nMODIFY_MAILER_FLAGS(`SHELL', `-:|/')dnl\nMODIFY_MAILER_FLAGS(`CYRUS', `lsDFMnPq')dnl\n" + MAILERS,
    "QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, F=f, Nice=10, I=1h, Runners=2, J=100, recipients=5')dnl\n" + MAILERS,
    "INPUT_MAIL_FILTER(`a', `S=local:/run/a, F=4, T=C:30s;S:10s; R:60s;E:5m')dnl\n" + MAILERS,
    "define(`confSERVER_SSL_OPTIONS', `+SSL_OP_NO_TLSv1, -ssl_op_all +0x4000')dnl\ndefine(`confAUTH_OPTIONS', `A p,y')dnl\n" + MAILERS,
    "FEATURE(`generics_entire_domain')dnl\nFEATURE(`genericstable')dnl\n" + MAILERS,
    "DOMAIN(`site')dnl\nHACK(`nodns')dnl\n" + MAILERS,
]


@pytest.mark.parametrize("text", GOOD)
def test_good_texts_pass_without_a_word(text):
    assert mc.check(HEAD + text, (8, 18, 1)) == []


# Text, the lines of its faults (1 is the first below the head), and a word of what is said of each.
BAD = [
    # m4
    ("# FEATURE(`promiscuous_relay')\n", [(1, "hides nothing")]),
    ("# LOCAL_CONFIG\n", [(1, "hides nothing")]),
    ("syscmd(`id')dnl\n", [(1, "runs a command as root")]),
    ("define(`confDOMAIN_NAME', `syscmd(id).x')dnl\n", [(1, "runs a command")]),
    ("VERSIONID(`x esyscmd(`id') y')dnl\n", [(1, "runs a command")]),
    ("ifdef(`x', `dnl', `syscmd(`id')')dnl\n", [(1, "runs a command")]),
    ("define(`x', defn(`syscmd'))dnl\n", [(1, "m4's command syscmd"), (1, "another name")]),
    ("builtin(`syscmd', `id')dnl\n", [(1, "builtin"), (1, "syscmd")]),
    ("LOCAL_CONFIG\nD{x}a syscmd(`id')\n", [(2, "runs a command")]),
    ("maketemp(`/tmp/x')dnl\n", [(1, "makes a file")]),
    ("changequote([, ])dnl\n", [(1, "changes the quotes")]),
    ("m4exit\n", [(1, "half way")]),
    ("include(`/etc/mail/x.m4')dnl\n", [(1, "nothing checks")]),
    ("sinclude(`x.m4')dnl\n", [(1, "nothing checks")]),
    ("undivert(`/etc/passwd')dnl\n", [(1, "reads a file")]),
    ("include(WHERE`/x.m4')dnl\n", [(1, "nothing checks")]),
    ("define(`confMAX_HOP', `25')')dnl\n", [(1, "one closing")]),
    ("FEATURE(`redirect'))dnl\n", [(1, "one closing")]),
    ("define(`confSMTP_LOGIN_MSG', `don't')dnl\n", [(1, "ends no quotation")]),
    ("FEATURE(`redirect'')dnl\n", [(1, "ends no quotation"), (1, "no feature")]),
    ("define(`confMAX_HOP', `25)dnl\n", [(1, "never closed")]),
    ("FEATURE(`redirect'\nFEATURE(`smrsh')\n", [(1, "parenthesis is missing")]),
    ("define(`SMART_HOST', `a.dnl.b')dnl\n", [(1, "the word dnl")]),
    ("LOCAL_DOMAIN(`lower.example')dnl\n", [(1, "the word lower")]),
    ("define(`define', `x')dnl\n", [(1, "another meaning")]),
    ("define(`FEATURE', `x')dnl\n", [(1, "another meaning")]),
    ("undefine(`dnl')dnl\n", [(1, "takes dnl from what follows")]),
    ("popdef(`FEATURE')dnl\n", [(1, "takes FEATURE from what follows")]),
    ("pushdef(`include', `x')dnl\n", [(1, "another meaning")]),
    # names
    ("FEATUER(`smrsh')dnl\n", [(1, "Did you mean FEATURE?")]),
    ("FEATURE (`smrsh')dnl\n", [(1, "no parenthesis follows")]),
    ("FEATURE(`smrhs')dnl\n", [(1, "Did you mean smrsh?")]),
    ("FEATURE(`../../x')dnl\n", [(1, "no feature")]),
    ("OSTYPE\n", [(1, "no parenthesis")]),
    ("MAILER(`smpt')dnl\n", [(1, "Did you mean smtp?")]),
    ("define(`confMAX_HOPS', `1')dnl\n", [(1, "Did you mean confMAX_HOP?")]),
    ("define(`SMART_HOTS', `x')dnl\n", [(1, "Did you mean SMART_HOST?")]),
    ("DOMAIN(`../x')dnl\n", [(1, "no name of a file")]),
    ("ndl remark\n", [(1, "no statement")]),
    ("O MaxHopCount=5\n", [(1, "no statement")]),
    ("undefine(`confMAX_HOPS')dnl\n", [(1, "Did you mean confMAX_HOP?")]),
    # types
    ("define(`confMAX_MESSAGE_SIZE', `25M')dnl\n", [(1, "25M as 25")]),
    ("define(`confSAFE_QUEUE', `sure')dnl\n", [(1, "one of True")]),
    ("define(`confUNSAFE_GROUP_WRITES', `True')dnl\n", [(1, "no longer valid")]),
    ("MASQUERADE_AS(`a,b')dnl\n", [(1, "is not a host")]),
    ("FEATURE(`greet_pause', `5s')dnl\n", [(1, "whole number")]),
    ("FEATURE(`nouucp')dnl\n", [(1, "argument 2 is missing")]),
    ("FEATURE(`nouucp', `no')dnl\n", [(1, "one of reject")]),
    ("FEATURE(`smrsh', `smrsh')dnl\n", [(1, "absolute path")]),
    ("RELAY_DOMAIN_FILE(`|/bin/x')dnl\n", [(1, "is not")]),
    ("DAEMON_OPTIONS(`Port=25, M=a')dnl\n", [(1, "refuses every mail server")]),
    ("DAEMON_OPTIONS(`Prot=25')dnl\n", [(1, "Did you mean Port?")]),
    ("INPUT_MAIL_FILTER(`a', `F=T')dnl\n", [(1, "socket S= is missing")]),
    ("FEATURE(`mailertable', `program /bin/x')dnl\n", [(1, "map class")]),
    ("define(`confAUTH_OPTIONS', `py')dnl\n", [(1, "with commas between")]),
    ("define(`confAUTH_OPTIONS', `V')dnl\n", [(1, "letters of A a c d f m p y")]),
    ("define(`confDH_PARAMETERS', `5')dnl\n", [(1, "512 bits: broken")]),
    ("define(`confSERVER_SSL_OPTIONS', `+SSL_OP_NO_SUCH')dnl\n", [(1, "(not SSL_OP_NO_SUCH)")]),
    ("define(`confCLIENT_SSL_OPTIONS', `+SSL_OP_NO_TLSv1 -SSL_OP_NO_TLSv11')dnl\n", [(1, "Did you mean SSL_OP_NO_TLSv1_1?")]),
    # lines for the .cf: the same value is refused as in a define()
    ("LOCAL_CONFIG\nO MaxHopCount=abc\n", [(2, "whole number")]),
    ("LOCAL_CONFIG\nO maxhop=abc\n", [(2, "whole number")]),
    ("LOCAL_CONFIG\nO Timeout.command = soon\n", [(2, "an interval")]),
    ("LOCAL_CONFIG\nO Timeout.comand=5m\n", [(2, "Did you mean Timeout.command?")]),
    ("LOCAL_CONFIG\nO DeliveryMode=d\n", [(2, "no check of sender")]),
    ("LOCAL_CONFIG\nO DeliveryMode=later\n", [(2, "one of background")]),
    ("LOCAL_CONFIG\nO PrivacyOptions=nonsense\n", [(2, "words that sendmail knows")]),
    ("LOCAL_CONFIG\nO NoSuchThing=1\n", [(2, "no option NoSuchThing")]),
    ("LOCAL_CONFIG\nO Max=1\n", [(2, "no option Max")]),
    ("LOCAL_RULESETS\nSx\nO SuperSafe=sure\n", [(3, "one of True")]),
    ("LOCAL_CONFIG\nO ServerSSLOptions=SSL_OP_NO_SUCH\n", [(2, "SSL_OP_NO_SUCH")]),
    ("LOCAL_CONFIG\nO DaemonPortOptions=Port=25, M=a\n", [(2, "refuses every mail server")]),
    ("LOCAL_CONFIG\nO SetCertAltnames=perhaps\n", [(2, "SetCertAltnames is 'perhaps'")]),
    ("define(`confSAFE_FILE_ENV', `/var/mailjail')dnl\nLOCAL_CONFIG\nO RunAsUser=x\n", [(3, "exclude each other")]),
    # names and letters within statements
    ("QUEUE_GROUP(`x', `Bogus=1')dnl\n", [(1, "'Bogus=1' is no equate")]),
    ("QUEUE_GROUP(`x', `P=/q, R=many')dnl\n", [(1, "R is 'many'; expected a whole number")]),
    ("QUEUE_GROUP(`x', `Runners=1, R=2')dnl\n", [(1, "given twice")]),
    ("QUEUE_GROUP(`x', `P=')dnl\n", [(1, "expected a value")]),
    ("MODIFY_MAILER_FLAGS(`SMPT', `+k')dnl\n", [(1, "Did you mean SMTP?")]),
    ("MODIFY_MAILER_FLAGS(`FAX', `+k')dnl\n", [(1, "changes nothing")]),
    ("MODIFY_MAILER_FLAGS(`LOCAL', `+S-m')dnl\n", [(1, "sign inside")]),
    ("INPUT_MAIL_FILTER(`a', `S=local:/a, F=X')dnl\n", [(1, "F is 'X'; expected one of R (refuse)")]),
    ("INPUT_MAIL_FILTER(`a', `S=local:/a, F=T, Q=1')dnl\n", [(1, "'Q=1' is no equate")]),
    ("INPUT_MAIL_FILTER(`a', `S=local:/a, F=T, T=S:soon')dnl\n", [(1, "a letter of C S R E")]),
    ("MAIL_FILTER(`a', `S=local:/a, F=T, T=X:1s')dnl\n", [(1, "a letter of C S R E")]),
    # order
    (MAILERS + "FEATURE(`redirect')dnl\n", [(3, "below MAILER()")]),
    (MAILERS + "MAILER(`smtp')dnl\n", [(3, "line %d has it already" % (FIRST + 1))]),
    ("FEATURE(`blocklist_recipients')dnl\n" + ACCESS, [(1, "needs FEATURE(`access_db')")]),
    ("FEATURE(`greet_pause')dnl\n", [(1, "needs FEATURE(`access_db')")]),
    ("FEATURE(`greet_pause', `5000')dnl\n" + ACCESS, [(1, "needs FEATURE(`access_db')")]),
    (ACCESS + "FEATURE(`conncontrol', `nodelay')dnl\n", [(2, "nodelay needs")]),
    (ACCESS + "FEATURE(`ratecontrol', `nodelay')dnl\nFEATURE(`delay_checks')dnl\n", [(2, "nodelay needs")]),
    ("OSTYPE(`linux')dnl\n", [(1, "already")]),
    ("FEATURE(`nullclient', `hub.example')dnl\nFEATURE(`no_default_msa')dnl\n", [(2, "below MAILER()")]),
    ("FEATURE(`msp')dnl\nMAILER(`local')dnl\n", [(2, "brings its mailers itself")]),
    ("FEATURE(`nullclient', `[192.0.2.1]')dnl\n", [(1, "user@[hub]")]),
    ("MASQUERADE_AS(`x.example')dnl\nFEATURE(`nullclient', `[192.0.2.1]')dnl\n", [(2, "user@[hub]")]),
    ("MAILER(`uucp')dnl\n", [(1, "MAILER(`smtp') must stand above")]),
    ("LOCAL_CONFIG\nCXx\n" + MAILERS, [(3, "LOCAL_ parts come last"), (4, "LOCAL_ parts come last")]),
    ("LOCAL_RULESETS\nSx\nFEATURE(`redirect')dnl\n", [(3, "LOCAL_ parts come last")]),
    (MAILERS + "define(`LOCAL_MAILER_PATH', `/x')dnl\n", [(3, "below MAILER()")]),
    (MAILERS + "MODIFY_MAILER_FLAGS(`LOCAL', `-:|/')dnl\n", [(3, "below MAILER()")]),
    ("FEATURE(`preserve_luser_host')dnl\n", [(1, "LUSER_RELAY")]),
    ("INPUT_MAIL_FILTER(`a', `S=local:/a, F=T')dnl\ndefine(`confINPUT_MAIL_FILTERS', `')dnl\n", [(2, "leaves out a")]),
    ("define(`confINPUT_MAIL_FILTERS', `a')dnl\nINPUT_MAIL_FILTER(`a', `S=local:/a, F=T')dnl\n", [(2, "run twice")]),
    ("define(`confINPUT_MAIL_FILTERS', `a')dnl\n", [(1, "no milter 'a'")]),
    ("FEATURE(`relay_hosts_only')dnl\n" + ACCESS + "FEATURE(`lookupdotdomain')dnl\n", [(3, "does not go together")]),
    # safety
    ("FEATURE(`promiscuous_relay')dnl\n", [(1, "open relay")]),
    ("FEATURE(`access_db', `hash -o -T<TMPF> /etc/mail/access')dnl\n", [(1, "no policy at all")]),
    ("FEATURE(`access_db', `hash /etc/mail/access')dnl\n", [(1, "-T<TMPF> is missing")]),
    ("ifdef(`x', `FEATURE(`loose_relay_check')')dnl\n", [(1, "is forbidden")]),
    ("define(`confRUN_AS_USER', `smgw')dnl\ndefine(`confSAFE_FILE_ENV', `/var/mailjail')dnl\n", [(1, "exclude each other")]),
    ("DOMAIN(`debian-mta')dnl\ndefine(`confRUN_AS_USER', `smgw')dnl\n", [(2, "exclude each other")]),
    ("LOCAL_CONFIG\nKx program /bin/x\n", [(2, "class program")]),
    ("LOCAL_CONFIG\nKaccess hash -o /etc/mail/access\n", [(2, "no policy at all")]),
    ("LOCAL_CONFIG\nFw|/bin/x\n", [(2, "runs it as root")]),
    # releases
    ("FEATURE(`no_such_thing')dnl\n", [(1, "no feature")]),
    (ACCESS + "FEATURE(`blacklist_recipients')dnl\n", [(2, "only complains")]),
]


@pytest.mark.parametrize("text, expected", BAD)
def test_faults_are_found_with_line_reason_and_remedy(text, expected):
    with pytest.raises(McError) as caught:
        mc.check(HEAD + text, (8, 18, 1), path="/etc/mail/sendmail.mc")
    problems = caught.value.details["problems"]
    assert [problem["line"] - FIRST + 1 for problem in problems] == [line for line, _said in expected], problems
    for problem, (_line, said) in zip(problems, expected):
        assert said in problem["reason"] and problem["remedy"] and problem["statement"]
        assert "line %d: " % problem["line"] in caught.value.message and problem["reason"] in caught.value.message
    assert caught.value.details["line"] == problems[0]["line"] and caught.value.message.startswith("/etc/mail/sendmail.mc")


@pytest.mark.parametrize(
    "text, version, fits",
    [
        ("FEATURE(`check_other')dnl\n", (8, 16, 1), False),
        ("FEATURE(`check_other')dnl\n", (8, 17, 1, 9), True),
        ("FEATURE(`check_other')dnl\n", None, True),
        (ACCESS + "FEATURE(`blocklist_recipients')dnl\n", (8, 15, 2), False),
        (ACCESS + "FEATURE(`blacklist_recipients')dnl\n", (8, 15, 2), True),
        ("define(`confDANE', `true')dnl\n", (8, 15, 2), False),
        ("define(`confDANE', `true')dnl\n", (8, 18, 1), True),
        ("FEATURE(`fips3')dnl\n", (8, 17, 2), False),
    ],
)
def test_versions(text, version, fits):
    try:
        mc.check(HEAD + text + MAILERS, version)
    except McError as exc:
        assert not fits and "sendmail %s" % ".".join(str(part) for part in version) in exc.message
    else:
        assert fits


@pytest.mark.parametrize(
    "text, waiver",
    [
        ("FEATURE(`relay_entire_domain')dnl\n", "relay_entire_domain"),
        ("FEATURE(`access_db', `hash -o -T<TMPF> /x')dnl\n", "access_optional"),
        ("include(`/etc/mail/m4/x.m4')dnl\n", "include(/etc/mail/m4/x.m4)"),
        ("LOCAL_CONFIG\nKx program /bin/x\n", "program_map"),
        ("LOCAL_CONFIG\nFw|/bin/x\n", "program_class"),
    ],
)
def test_what_may_be_waived(text, waiver):
    with pytest.raises(McError):
        mc.check(HEAD + text)
    mc.check(HEAD + text, waivers=[waiver])


def test_a_waived_include_is_also_allowed_in_the_preamble():
    text = m4.preamble(["/etc/mail/m4/x.m4"]) + HEAD[len(m4.PREAMBLE) :] + "include(`/etc/mail/m4/x.m4')dnl\n" + MAILERS
    assert mc.check(text, waivers=["include(/etc/mail/m4/x.m4)"]) == []
    with pytest.raises(McError):
        mc.check(text)


@pytest.mark.parametrize("text", ["syscmd(`id')dnl\n", "# FEATURE(`redirect')\n", "FEATUER(`x')\n", "define(`confMAX_HOP', `x')dnl\n"])
def test_what_no_waiver_allows(text):
    with pytest.raises(McError):
        mc.check(HEAD + text, waivers=["syscmd", "redirect", "FEATUER", "confMAX_HOP", "include(syscmd)"])


@pytest.mark.parametrize(
    "text, said",
    [
        ("DAEMON_OPTIONS(`Port=25')dnl\n", "port 587 of all interfaces"),
        ("FEATURE(`no_default_msa')dnl\nDAEMON_OPTIONS(`Port=587, M=Ea')dnl\n", "no listener is on port 25"),
        ("FEATURE(`msp', `[127.0.0.1]', `25')dnl\n", "'25' is dropped"),
        (ACCESS + "FEATURE(`greet_pause')dnl\n", "only for clients that the access map names"),
        ("define(`confSMTP_LOGIN_MSG', `$j ESMTP')dnl\n", "ESMTP itself"),
        ("define(`confDONT_BLAME_SENDMAIL', `TrustStickyBit')dnl\n", "TrustStickyBit"),
        ("VIRTUSER_DOMAIN(`a.example')dnl\n", "also relay"),
        ("INPUT_MAIL_FILTER(`a', `S=local:/a')dnl\n", "unfiltered"),
        ("FEATURE(`redirect')dnl\nFEATURE(`redirect')dnl\n", "already"),
        ("HACK(`own')dnl\n", "none of sendmail's own"),
        ("FEATURE(`redirect', `dnl')dnl\n", "what follows is ignored"),
        ("MODIFY_MAILER_FLAGS(`SMTP', `+Y')dnl\n", "no mailer flag Y"),
        ("define(`LOCAL_MAILER_FLAGS', `SYG')dnl\n", "no mailer flag Y, G"),
        (MAILERS + "LOCAL_CONFIG\nO DontBlameSendmail=WorldWritableAliasFile\n", "file safety off (WorldWritableAliasFile)"),
        ("define(`confMAX_HOP', `25')dnl\n" + MAILERS + "LOCAL_CONFIG\nO MaxHopCount=7\n", "so the define() of confMAX_HOP on line"),
    ],
)
def test_warnings(text, said):
    found = mc.check(HEAD + text + ("" if "`msp'" in text or MAILERS in text else MAILERS), (8, 18, 1))
    assert len(found) == 1 and said in found[0] and found[0].startswith("line ")


def test_a_text_that_does_not_disarm_m4_is_warned_about_with_its_own_line_numbers():
    body = HEAD[len(m4.PREAMBLE) :]
    assert ["not disarmed" in warning for warning in mc.check(body + MAILERS)] == [True]
    with pytest.raises(McError) as caught:
        mc.check(body + "FEATURE(`promiscuous_relay')dnl\n")
    assert caught.value.details["line"] == 3


def test_a_preamble_that_was_changed_is_no_preamble():
    with pytest.raises(McError) as caught:
        mc.check(m4.PREAMBLE.replace("_MJ_DISARM_(`indir')", "") + HEAD[len(m4.PREAMBLE) :] + MAILERS)
    assert "syscmd" in caught.value.message


# What sendmail took from a host's own file for years; nothing here is something that m4 or sendmail stops at.
TAKEN = [text for text, _expected in BAD if any(part in text for part in (
    "O maxhop", "O Timeout.command", "O DeliveryMode", "O PrivacyOptions", "O SuperSafe", "Bogus", "`SMPT'", "F=X", "`py'", "SSL_OP_NO_SUCH", "25M",
    "RunAsUser", "hash /etc/mail/access'", "Kx program", "Fw|"))]


@pytest.mark.parametrize("text", TAKEN)
def test_what_was_adopted_is_told_and_not_refused(text):
    found = mc.check(HEAD + text + ("" if "LOCAL_" in text else MAILERS), (8, 18, 1), adopted=True)
    with pytest.raises(McError) as caught:
        mc.check(HEAD + text, (8, 18, 1))
    for problem in caught.value.details["problems"]:
        assert [one for one in found if one.startswith("line %d: " % problem["line"]) and problem["reason"].rstrip(".") in one and problem["remedy"] in one]


@pytest.mark.parametrize("text", ["syscmd(`id')dnl\n", "# FEATURE(`redirect')\n", "FEATUER(`x')\n", "FEATURE(`promiscuous_relay')dnl\n",
                                  MAILERS + "FEATURE(`redirect')dnl\n", "define(`confDAEMON_OPTIONS', `Port=25')dnl\n"])
def test_what_is_refused_of_an_adopted_host_too(text):
    with pytest.raises(McError):
        mc.check(HEAD + text, (8, 18, 1), adopted=True)


def test_a_long_text_is_checked_at_once():
    text = HEAD + MAILERS + "LOCAL_CONFIG\n" + "".join("O MaxHopCount=%d\nO NoSuch%d=1\nO ServerSSLOptions=%s\n" % (
        number, number, "+SSL_OP_NO_TLSv1 " * 5) for number in range(200))
    began = time.time()
    with pytest.raises(McError) as caught:
        mc.check(text, (8, 18, 1))
    assert len(caught.value.details["problems"]) == 200 and time.time() - began < 2


DEBIAN = """divert(-1)dnl
#-----------------------------------------------------------------------------
# the .in file supports 8.15.0 - 9.0.0, but don't use it (or make -C /etc/mail)
#-----------------------------------------------------------------------------
divert(0)dnl
#
#   Copyright
#
define(`_USE_ETC_MAIL_')dnl
include(`/usr/share/sendmail/cf/m4/cf.m4')dnl
VERSIONID(`$Id: sendmail.mc, v 8.17.1.9-2+deb12u2 2024-06-16 21:07:57 cowboy Exp $')
OSTYPE(`debian')dnl
DOMAIN(`debian-mta')dnl
dnl # Remove `, Addr=' clauses to receive from any interface
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Family=inet,  Name=MTA-v4, Port=smtp, Addr=127.0.0.1')dnl
define(`confPRIVACY_FLAGS',dnl
`needmailhelo,authwarnings')dnl
FEATURE(`access_db', , `skip')dnl
FEATURE(`greet_pause', `1000')dnl 1 seconds
FEATURE(`delay_checks', `friend', `n')dnl
FEATURE(`conncontrol', `nodelay', `terminate')dnl
include(`/etc/mail/m4/dialup.m4')dnl
MAILER_DEFINITIONS
MAILER(`local')dnl
MAILER(`smtp')dnl
"""


def test_the_submission_programs_own_file_needs_no_ostype():
    text = HEAD.replace("OSTYPE(`debian')dnl\n", "") + "define(`__OSTYPE__', `')dnl\nFEATURE(`use_ct_file')dnl\nFEATURE(`msp', `[127.0.0.1]')dnl\n"
    assert mc.check(text, (8, 18, 1)) == []


RED_HAT = """divert(-1)dnl
dnl #
dnl # This is the sendmail macro config file for m4. If you make changes to
dnl # /etc/mail/sendmail.mc, you don't need more than (
dnl #
include(`/usr/share/sendmail-cf/m4/cf.m4')dnl
VERSIONID(`setup for linux')dnl
OSTYPE(`linux')dnl
dnl define(`SMART_HOST', `smtp.your.provider')dnl
define(`confDEF_USER_ID', ``8:12'')dnl
define(`confTRY_NULL_MX_LIST', `True')dnl
define(`confUSERDB_SPEC', `/etc/mail/userdb.db')dnl
define(`confAUTH_OPTIONS', `A')dnl
FEATURE(`no_default_msa', `dnl')dnl
FEATURE(`mailertable', `hash -o /etc/mail/mailertable.db')dnl
FEATURE(redirect)dnl
FEATURE(local_procmail, `', `procmail -t -Y -a $h -d $u')dnl
FEATURE(`access_db', `hash -T<TMPF> -o /etc/mail/access.db')dnl
FEATURE(`blacklist_recipients')dnl
EXPOSED_USER(`root')dnl
DAEMON_OPTIONS(`Port=smtp,Addr=127.0.0.1, Name=MTA')dnl
FEATURE(`accept_unresolvable_domains')dnl
LOCAL_DOMAIN(`localhost.localdomain')dnl
MAILER(smtp)dnl
MAILER(procmail)dnl
dnl MAILER(cyrusv2)dnl
"""


@pytest.mark.parametrize("version, lines", [((8, 15, 2), [18, 22]), ((8, 18, 1), [18, 19, 22])])
def test_red_hats_own_style_is_understood_and_its_faults_are_found(version, lines):
    with pytest.raises(McError) as caught:
        mc.check(RED_HAT, version)
    assert [problem["line"] for problem in caught.value.details["problems"]] == lines


def test_debians_own_style_is_understood_and_its_fault_is_found():
    assert [statement.name for statement in mc.parse(DEBIAN) if statement.name][-4:] == ["include", "MAILER_DEFINITIONS", "MAILER", "MAILER"]
    with pytest.raises(McError) as caught:
        mc.check(DEBIAN, (8, 17, 1, 9))
    assert [problem["line"] for problem in caught.value.details["problems"]] == [23]
    assert len(mc.check(DEBIAN, (8, 17, 1, 9), waivers=["include(/etc/mail/m4/dialup.m4)"])) == 1
