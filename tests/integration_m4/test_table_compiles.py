# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each feature, option, variable and statement of the table, compiled by the real m4 and read back from the .cf."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import re

import pytest
from real_m4 import HEAD, MAILERS, compile_mc, library_version

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_words, m4, mc

ACCESS = "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl\n"
DELAYED = ACCESS + "FEATURE(`delay_checks')dnl\n"
# feature -> (what stands above it, its arguments, lines that come, lines that go); a line may be a part of one.
FEATURES = {
    "accept_unqualified_senders": ("", (), (), ("Domain name required for sender address",)),
    "accept_unresolvable_domains": ("", (), ("R<?> $* < @ $+ >\t$: <OKR> $1 < @ $2 >",), ()),
    "access_db": ("", ("hash -T<TMPF> /etc/mail/sample", "skip", "lookupdotdomain", "relaytofulladdress"),
                  ("Kaccess hash -T<TMPF> /etc/mail/sample", "C{Accept}OK RELAY"), ()),
    "allmasquerade": ("", (), ("R$*\t\t\t$: $>MasqHdr $1\t\tdo all-masquerading",), ()),
    "always_add_domain": ("", ("sample.example",), ("R$+\t\t\t$@ $1 < @ sample.example >\tadd qualification",), ()),
    "authinfo": ("", ("hash /etc/mail/sample",), ("Kauthinfo hash /etc/mail/sample", "AuthInfo:$&{server_name}"), ()),
    "badmx": ("", ("^10x",), ("KBadMXIP regex -a<BADMXIP> ^10x",), ()),
    "bcc": ("", ("hash /etc/mail/sample", "", "archive@sample.example"), ("Kbcctable hash /etc/mail/sample", "O AddBcc=true"), ()),
    "bestmx_is_local": ("", ("sample.example",), ("Kbestmx bestmx", "CBsample.example"), ()),
    "bitdomain": ("", ("hash /etc/mail/sample",), ("Kbitdomain hash /etc/mail/sample",), ()),
    "blacklist_recipients": (ACCESS, (), ("R<?> $+ < @ $* >\t$: <> <$1 < @ $2 >> $| <F:$1@$2> <D:$2>",), ()),
    "block_bad_helo": ("", (), ("C{R}127.0.0.1",), ()),
    "blocklist_recipients": (ACCESS, (), ("R<?> $+ < @ $* >\t$: <> <$1 < @ $2 >> $| <F:$1@$2> <D:$2>",), ()),
    "check_cert_altnames": ("", (), ("O SetCertAltnames=true",), ()),
    "check_other": ("", ("^sample",), ("Kbadcmd regex -m -a<BADCMD> ^sample", "Scheck_other"), ()),
    "compat_check": (ACCESS, (), ("Scheck_compat", "access Compat:"), ()),
    "conncontrol": (DELAYED, ("nodelay", "terminate"), ("SConnControl",), ()),
    "delay_checks": (ACCESS, ("friend",), ("Scheckrcpt", "Scheckmail"), ()),
    "dnsbl": ("", ("bl.example", "Refused by bl", "t"), ("$4.$3.$2.$1.bl.example.", "Refused by bl"), ()),
    "domainmap": ("", ("sample.example", "hash /etc/mail/sample"), ("K domain_sample_example hash /etc/mail/sample -T<TEMP>",), ()),
    "domaintable": ("", ("hash /etc/mail/sample",), ("Kdomaintable hash /etc/mail/sample",), ()),
    "drac": ("", ("hash /etc/mail/sample",), ("Kdrac hash /etc/mail/sample",), ()),
    "enhdnsbl": ("", ("bl.example", "Refused by bl", "t", "127.0.0.2"), ("$4.$3.$2.$1.bl.example.", "Refused by bl", "127.0.0.2"), ()),
    "fips3": ("", ("/etc/mail/fips.ossl", "/sample/modules"), ("EOPENSSL_CONF=/etc/mail/fips.ossl", "EOPENSSL_MODULES=/sample/modules"), ()),
    "generics_entire_domain": ("FEATURE(`genericstable')dnl\n", (), ("R$* < @ $* $=G > $*\t$: $1 < @ $2 $3 . > $4",), ()),
    "genericstable": ("", ("hash /etc/mail/sample",), ("Kgenerics hash /etc/mail/sample",), ()),
    "greet_pause": (ACCESS, ("4711",), ("Sgreet_pause", "$# 4711"), ()),
    "ldap_routing": ("", ("ldap -k (a=%0)", "ldap -k (b=%0)", "bounce", "strip", "nodomain", "tempfail"),
                     ("Kldapmh ldap -k (a=%0)", "Kldapmra ldap -k (b=%0)"), ()),
    "limited_masquerade": ("MASQUERADE_AS(`sample.example')dnl\n", (), (), ("R$* < @ $=w . > $*\t$: $1 < @ $2 . @ $M > $3",)),
    "local_lmtp": ("", ("/sample/lmtp", "lmtp -x"), ("Mlocal,\t\tP=/sample/lmtp,", "A=lmtp -x"), ()),
    "local_no_masquerade": ("MASQUERADE_AS(`sample.example')dnl\n", (), (), ()),
    "local_procmail": ("", ("/sample/procmail", "procmail -x", "9"), ("Mlocal,\t\tP=/sample/procmail,", "A=procmail -x"), ()),
    "lookupdotdomain": (ACCESS, (), ("$(access $5:.$2 $: ? $)",), ()),
    "loose_relay_check": ("", (), ("R$* < @ $* . >\t\t$1 < @ $2 >\t\t\tstrip trailing dots",), ()),
    "mailertable": ("", ("hash /etc/mail/sample",), ("Kmailertable hash /etc/mail/sample",), ()),
    "masquerade_entire_domain": ("", (), ("R$* < @ $* $=M > $*\t",), ("R$* < @ $=M > $*\t",)),
    "masquerade_envelope": ("", (), ("R$+\t\t\t$@ $>MasqHdr $1",), ()),
    "msp": ("", ("[127.0.0.1]", "MSA"), ("D{MTAHost}[127.0.0.1]", "O UseMSP=True"), ()),
    "mtamark": ("", ("Refused by mark", "t", "_smtp._srv"), ("Kmtamark dns -R TXT", "Refused by mark"), ()),
    "no_default_msa": ("", (), (), ("O DaemonPortOptions=Port=587, Name=MSA, M=E",)),
    "nocanonify": ("", ("canonify_hosts",), ("R$* $| $* < @ $* $={Canonify} > $*\t$: $2 < @ $[ $3 $4 $] > $5",), ()),
    "nopercenthack": ("", ("reject",), ("R$* % $*\t\t$: <REMOTE> $1 < @ PERCENT_HACK >",), ()),
    "notsticky": ("", (), (), ()),
    "nouucp": ("", ("reject",), ("R$* ! $*\t\t$: <REMOTE> $2 < @ BANG_PATH >",), ()),
    "nullclient": ("", ("sample.example",), ("DSsample.example", "DHsample.example", "DMsample.example"), ()),
    "prefixmod": ("", ("sample", "R"), ("R sample $+\t$: $1 $(macro {rcpt_flags} $@ R $)",), ()),
    "preserve_local_plus_detail": ("", (), ("R< > $+\t\t\t$@ $1",), ()),
    "preserve_luser_host": ("define(`LUSER_RELAY', `local:sample')dnl\n", (), ("R$+\t\t\t$: $1 $| $&h $| $&{Host}\tcheck h and {Host}",), ()),
    "promiscuous_relay": ("", (), (), ("Relaying denied",)),
    "queuegroup": (ACCESS, ("sample",), ("Squeuegroup", "$# sample"), ()),
    "ratecontrol": (DELAYED, ("nodelay", "terminate"), ("SRateControl",), ()),
    "redirect": ("", (), ("CPREDIRECT",), ()),
    "relay_based_on_MX": ("", (), ("Kmxserved bestmx -z: -T<TEMP>",), ()),
    "relay_entire_domain": ("", (), ("R$+ < @ $* $=m >\t$@ RELAY",), ()),
    "relay_hosts_only": ("", (), ("R$+ < @ $=R >\t\t$@ RELAY",), ("R$+ < @ $* $=R >\t$@ RELAY",)),
    "relay_local_from": ("", (), ("R<?> $+ < @ $=w >\t$@ RELAY\t\tFROM local",), ()),
    "relay_mail_from": (ACCESS, ("domain",), ("R<@> <RELAY>\t\t$@ RELAY\t\tRELAY FROM sender ok",), ()),
    "require_rdns": ("", (), ("Fix reverse DNS for $1",), ()),
    "rhsbl": ("", ("rhs.example", "Refused by rhs", "t"), ("Refused by rhs",), ()),
    "smrsh": ("", ("/sample/smrsh",), ("Mprog,\t\tP=/sample/smrsh,", "A=smrsh -c $u"), ()),
    "stickyhost": ("", (), ("R$+ < @ $=w . >\t\t$: < $H > $1 < @ $2 . >\t\tfirst try hub",), ()),
    "sts": ("", ("socket -d5 -T<TMPF> inet:5461@127.0.0.1",), ("Ksts socket -d5 -T<TMPF> inet:5461@127.0.0.1", "O StrictTransportSecurity=true"), ()),
    "tls_failures": ("", (), ("O TLSFallbacktoClear=true",), ()),
    "tls_session_features": (ACCESS, (), ("Stls_srv_features",), ()),
    "use_client_ptr": ("", (), ("R$* $| $*\t\t$: $&{client_ptr} $| $2",), ()),
    "use_ct_file": ("", (), ("Ft/etc/mail/trusted-users",), ()),
    "use_cw_file": ("", (), ("Fw/etc/mail/local-host-names",), ()),
    "uucpdomain": ("", ("hash /etc/mail/sample",), ("Kuudomain hash /etc/mail/sample",), ()),
    "virtuser_entire_domain": ("FEATURE(`virtusertable')dnl\nVIRTUSER_DOMAIN(`sample.example')dnl\n", (), ("R<!> $+ < @ $* $={VirtHost} . >",), ()),
    "virtusertable": ("", ("hash /etc/mail/sample",), ("Kvirtuser hash /etc/mail/sample",), ()),
    "vnet": ("", (), ("CAvnet.ibm.com vnet rscs ipnet",), ()),
}
# m4 warns of these by design; everything else is silent.
WARNED = ("blacklist_recipients", "promiscuous_relay", "relay_local_from", "relay_mail_from", "tls_failures")


def statements(name):
    """Return the text with a feature in it, and the same without."""
    above, arguments, _come, _go = FEATURES[name]
    quoted = ", ".join(["`%s'" % name] + ["`%s'" % argument for argument in arguments])
    # These bring their mailers themselves.
    brings = name in language.BRINGS_MAILERS
    return HEAD + above + "FEATURE(%s)dnl\n" % quoted + ("" if brings else MAILERS), HEAD + above + MAILERS


@functools.lru_cache(None)
def compiled(text):
    """Return what m4 makes of a text, once; lines that are remarks left out."""
    found = compile_mc(text)
    assert found.rc == 0
    return "\n".join(line for line in found.cf.splitlines() if not line.startswith("#")), found.err


@pytest.mark.parametrize("name", sorted(language.FEATURES))
def test_each_feature_does_what_its_row_says(name):
    feature = language.FEATURES[name]
    if (feature.since or (0,)) > library_version():
        with pytest.raises(mc.McError):
            mc.check(statements(name)[0], library_version())
        return
    text, without = statements(name)
    (cf, err), (before, _err) = compiled(text), compiled(without)
    assert not err or name in WARNED, err
    for part in FEATURES[name][2]:
        assert part in cf, part
        assert part not in before, "%s is there without it" % part
    for part in FEATURES[name][3]:
        assert part not in cf and part in before, part
    if not FEATURES[name][2] + FEATURES[name][3]:
        assert (cf.split() == before.split()) == (name == "notsticky")
    mc.check(text, max(feature.since or (0,), (8, 15)) if feature.until else library_version(), waivers=[name])


# -- Options: one run holds them all, each with a value of its own.

SAMPLES = {
    "boolean": "True", "by": "-1", "mode": "0600", "pair": "256/128", "eight_bit": "mimify", "delivery": "queueonly", "error_mode": "mail",
    "super_safe": "PostMilter", "sort_order": "random", "no_recipient": "add-bcc", "dane": "true", "probe": "loopback", "privacy": "goaway,noetrn",
    "blame": "GroupReadableKeyFile",
    "auth_options": "p,y", "tls_options": "V", "dh": "2", "address": "192.0.2.7"}
COUNTED = {
    "integer": "%d", "size": "%d", "interval": "%dm", "lifetime": "%dd", "word": "w%d", "host": "h%d.sample.example", "relay": "relay:[h%d.sample.example]",
    "domain": "d%d.sample.example", "user": "u%d:g%d", "mailbox": "m%d", "path": "/sample/p%d", "paths": "/sample/p%d", "class_file": "/sample/c%d",
    "map": "hash /sample/m%d", "program": "/sample/p%d"}
# What is no option line: name -> how its value appears.
ELSEWHERE = {
    "confCF_VERSION": "/%s", "confCR_FILE": "FR%s", "confCT_FILE": "Ft%s", "confCW_FILE": "Fw%s", "confDEQUOTE_OPTS": "Kdequote dequote %s",
    "confDOMAIN_NAME": "Dj%s",
    "confEBINDIR": "P=%s/mail.local,", "confFROM_HEADER": "H?F?From: %s", "confLDAP_CLUSTER": "D{sendmailMTACluster}%s", "confLOCAL_MAILER": "$#%s $: $1",
    "confMAILER_NAME": "Dn%s", "confMESSAGEID_HEADER": "H?M?Message-Id: %s", "confOPENSSL_CNF": "EOPENSSL_CONF=%s", "confRCPTREJ_MSG": "%s",
    "confRECEIVED_HEADER": "HReceived: %s", "confREJECT_MSG": "$#error $: %s", "confRELAY_MAILER": "%s", "confRELAY_MSG": "$#error $@ 5.7.1 $: %s",
    "confSMTP_MAILER": "$#%s", "confTRUSTED_USERS": "T%s", "confUUCP_MAILER": "%s"}


def sample(number, kind):
    """Return a value of a kind that no other name has, where the kind allows that."""
    if kind == "flags":
        return "Y%c%cY" % (ord("a") + number // 26 % 26, ord("a") + number % 26)
    if kind == "ssl_options":
        return "+%s" % language_words.SSL_OPTIONS[number % len(language_words.SSL_OPTIONS)]
    form = COUNTED.get(kind, "sample%d")
    return SAMPLES[kind] if kind in SAMPLES else form.replace("%d", str(1000 + number))


DEFINED = {name: sample(number, language.DEFINES[name].type) for number, name in enumerate(sorted(language.DEFINES))}
SET = {name: sample(number, kind) for number, (name, kind) in enumerate(sorted(language.VARIABLES.items()), 500)}


def defines(values):
    return "".join("define(`%s', %s)dnl\n" % (name, m4.quote(value, name, kind_of(name))) for name, value in values.items())


def kind_of(name):
    return language.DEFINES[name].type if name in language.DEFINES else language.VARIABLES[name]


def with_options(values):
    # The value of one would switch others off: local mailers by their common name.
    return (HEAD + defines(values) + ACCESS + "FEATURE(`blocklist_recipients')dnl\nFEATURE(`use_cw_file')dnl\nFEATURE(`use_ct_file')dnl\n"
            "FEATURE(`local_lmtp')dnl\nFEATURE(`always_add_domain')dnl\nMAIL_FILTER(`sample', `S=local:/x, F=T')dnl\n" + MAILERS + "MAILER(`uucp')dnl\n")


@pytest.mark.parametrize("name", sorted(language.DEFINES))
def test_each_option_arrives_with_its_value(name):
    since = language.DEFINES[name].since
    language.check_define(name, DEFINED[name])
    cf, err = compiled(with_options(DEFINED))
    assert err == ""
    if since and since > library_version():
        assert name == "confOPENSSL_CNF" and "EOPENSSL_CONF" not in cf
        return
    if name in ELSEWHERE:
        assert ELSEWHERE[name].replace("%s", DEFINED[name]) in cf, name
        return
    line = "\nO %s=%s\n" % (language.DEFINES[name].option, DEFINED[name])
    assert line.lower() in cf.lower() and DEFINED[name] in cf, line


# -- Variables: with every mailer there is, each value in the definition of its own.

EVERY_MAILER = "".join("MAILER(`%s')dnl\n" % name for name in ("local", "smtp", "uucp", "procmail", "cyrus", "cyrusv2", "fax", "mail11", "phquery", "pop",
                                                               "qpage", "usenet", "ssh"))
# Not seen in a .cf of all mailers: name -> (its value, what stands above, what stands below, what then appears, what goes).
APART = {
    "DATABASE_MAP_TYPE": ("cdb", "", "FEATURE(`mailertable')dnl\n", "Kmailertable cdb /etc/mail/mailertable", ""),
    "DNSBL_MAP": ("sample", "", "FEATURE(`dnsbl', `bl.example')dnl\n", "Kdnsbl sample -T<TMP>", ""),
    "DNSBL_MAP_OPT": ("-sample", "", "FEATURE(`dnsbl', `bl.example')dnl\n", " -sample", ""),
    "EDNSBL_TO": ("47", "", "FEATURE(`enhdnsbl', `bl.example')dnl\n", "-r47", ""),
    "MTAMARK_TO": ("47", "", "FEATURE(`mtamark')dnl\n", "-r47", ""),
    "TLS_PERM_ERR": ("1", "", ACCESS, "$#error $@ 5.7.0", ""),
    "MSP_QUEUE_DIR": ("/sample/msp", "", "FEATURE(`msp')dnl\n", "O QueueDirectory=/sample/msp", ""),
    "MAIL_SETTINGS_DIR": ("/sample/", "", "FEATURE(`mailertable')dnl\n", "/sample/mailertable", ""),
    "DOMAINMAP_NO_REGEX": ("1", "", "FEATURE(`domainmap', `a.example', `hash /x')dnl\n", "", "K domainmap_regex regex"),
    "NO_NETINET6": ("1", "", "", "", "R@ [ $* ] : $+\t\t$2"),
    "NO_VENDOR": ("1", "", "", "\nV10\n", "V10/Berkeley"),
    "VENDOR_NAME": ("Sample", "", "", "V10/Sample", "V10/Berkeley"),
    "USE_CW_FILE": ("1", "", "", "Fw/etc/mail/local-host-names", ""),
    "UUCP_MAX_SIZE": ("4711", "", MAILERS + "MAILER(`uucp')dnl\n", "M=4711, T=X-UUCP", "M=100000, T=X-UUCP"),
    # The OSTYPE says where procmail is, and that goes before.
    "PROCMAIL_PATH": ("/sample/procmail", "undefine(`PROCMAIL_MAILER_PATH')dnl\n", MAILERS + "MAILER(`procmail')dnl\n", "P=/sample/procmail,", ""),
    "LOCAL_PROG_QGRP": ("sample", "", "", "Q=sample", ""),
}
# What it changes is a remark, and it stands above the library.
REMARKS = ("TEMPFILE",)
# Flags are read back from the lines of their mailers, which are more than one where a family shares them.
FLAGS_OF = {"LOCAL_SHELL_FLAGS": ("prog",), "SMTP_MAILER_FLAGS": ("smtp", "esmtp", "smtp8", "dsmtp"), "CYRUS_BB_MAILER_FLAGS": ("cyrusbb",),
            "UUCP_MAILER_FLAGS": ("uucp-old", "uucp", "uucp-new", "suucp", "uucp-uudom", "uucp-dom")}


SSH = "define(`SSH_MAILER_USER', `u')define(`SSH_MAILER_DIR', `/d')%sMAILER(`local')dnl\nMAILER(`ssh')dnl\n"
# Only where another one does not say it all.
OVERRULED = {"SSH_MAILER_HOST": SSH, "SSH_PATH": SSH, "SSH_REMOTE_COMMAND": SSH}
OVERRULED.update((name, "%sMAILER(`local')dnl\nMAILER(`xagent')dnl\n") for name in language.VARIABLES if name.startswith("XAGENT_"))


def with_variables():
    values = {name: value for name, value in SET.items() if name not in APART and name not in OVERRULED and name not in REMARKS}
    return HEAD + defines(values) + ACCESS + EVERY_MAILER


def flags_in(cf, mailer):
    """Return what stands behind F= in the line of a mailer."""
    return re.search(r"^M%s,\s.*?F=([^,]*),?" % re.escape(mailer), cf, re.M).group(1)


@pytest.mark.parametrize("name", sorted(name for name in language.VARIABLES if name not in APART and name not in OVERRULED and name not in REMARKS))
def test_each_variable_arrives_with_its_value(name):
    language.check_define(name, SET[name])
    cf, err = compiled(with_variables())
    assert err == "" and SET[name] in cf, SET[name]
    if language.VARIABLES[name] == "flags":
        mailers = FLAGS_OF.get(name) or (name[:-len("_MAILER_FLAGS")].lower(),)
        assert [mailer for mailer in mailers if SET[name] not in flags_in(cf, mailer)] == []
        others = set(re.findall(r"^M([a-z0-9-]+),", cf, re.M)) - set(mailers)
        assert [mailer for mailer in others if SET[name] in flags_in(cf, mailer)] == [] and len(others) > 15


def test_no_value_of_a_variable_is_that_of_another():
    switches = [SET[name] for name in SET if name not in APART and kind_of(name) not in ("address",)]
    assert len(set(switches)) == len(switches)


@pytest.mark.parametrize("name", sorted(APART))
def test_each_switch_changes_what_is_compiled(name):
    value, above, below, come, go = APART[name]
    tail = below + ("" if "`msp'" in below or MAILERS in below else MAILERS)
    language.check_define(name, value)
    cf, err = compiled(HEAD + above + "define(`%s', `%s')dnl\n" % (name, value) + tail)
    without, unused = compiled(HEAD + above + tail)
    assert err == "" and cf != without and come + go
    assert come in cf and (not come or come not in without)
    assert go in without and (not go or go not in cf)


@pytest.mark.parametrize("name", REMARKS)
def test_a_name_that_only_changes_a_remark(name):
    assert "##### built by" in compile_mc(HEAD + MAILERS).cf
    assert "##### built by" not in compile_mc("define(`%s', `/dev/null')dnl\n" % name + HEAD + MAILERS).cf


@pytest.mark.parametrize("name", sorted(OVERRULED))
def test_each_variable_of_a_mailer_apart_arrives_with_its_value(name):
    found = compile_mc(HEAD + OVERRULED[name] % defines({name: SET[name]}))
    assert found.rc == 0 and SET[name] in found.cf and SET[name] not in compile_mc(HEAD + OVERRULED[name] % "").cf
    if language.VARIABLES[name] == "flags":
        assert SET[name] in flags_in(found.cf, name.partition("_")[0].lower())


# -- Flags: what MODIFY_MAILER_FLAGS changes, and what it does not.


@pytest.mark.parametrize("name", language_words.FLAGGED_MAILERS)
def test_each_name_of_a_mailer_changes_its_flags(name):
    cf, err = compiled(HEAD + "define(`SSH_MAILER_USER', `u')define(`SSH_MAILER_DIR', `/d')MODIFY_MAILER_FLAGS(`%s', `+Y')dnl\n" % name + EVERY_MAILER)
    changed = [mailer for mailer in re.findall(r"^M([a-z0-9-]+),", cf, re.M) if "Y" in flags_in(cf, mailer)]
    family = {"SHELL": "prog", "UUCP": "uucp-dom"}.get(name, name.lower())
    assert err == "" and family in changed and len(changed) == {"UUCP": 6, "CYRUS": 2}.get(name, 1)


@pytest.mark.parametrize("name", ["FAX", "CYRUS_BB", "PROG", "SMPT"])
def test_no_other_name_changes_any(name):
    assert name not in language_words.FLAGGED_MAILERS
    ssh = "define(`SSH_MAILER_USER', `u')define(`SSH_MAILER_DIR', `/d')"
    assert compiled(HEAD + ssh + "MODIFY_MAILER_FLAGS(`%s', `+Y')dnl\n" % name + EVERY_MAILER)[0] == compiled(HEAD + ssh + "dnl\n" + EVERY_MAILER)[0]


def test_a_define_wins_over_a_line_of_local_config_but_for_file_safety():
    """What mc.check warns of: sendmail takes the last of two options, and the library has its own below those of LOCAL_CONFIG."""
    cf, _err = compiled(HEAD + "define(`confMAX_HOP', `25')define(`confDONT_BLAME_SENDMAIL', `safe')dnl\n" + MAILERS
                        + "LOCAL_CONFIG\nO MaxHopCount=7\nO DontBlameSendmail=TrustStickyBit\n")
    assert cf.index("O MaxHopCount=7") < cf.index("O MaxHopCount=25")
    assert cf.index("O DontBlameSendmail=safe") < cf.index("O DontBlameSendmail=TrustStickyBit")


# -- Statements: all in one text, each read back by what is its own.

STATEMENTS = {
    "VERSIONID": ("VERSIONID(`sample version')", "sample version"), "OSTYPE": ("", "V10/Berkeley"), "DOMAIN": ("DOMAIN(`generic')", "O ForwardPath="),
    "FEATURE": ("FEATURE(`redirect')", "CPREDIRECT"), "HACK": ("HACK(`cssubdomain')", "CS"),
    "MODIFY_MAILER_FLAGS": ("MODIFY_MAILER_FLAGS(`SMTP', `+e')", "F=mDFMuXe,"), "MASQUERADE_AS": ("MASQUERADE_AS(`as.example')", "DMas.example"),
    "EXPOSED_USER": ("EXPOSED_USER(`exposed')", "C{E}exposed"), "EXPOSED_USER_FILE": ("EXPOSED_USER_FILE(`/sample/e')", "F{E}/sample/e"),
    "LOCAL_USER": ("LOCAL_USER(`locals')", "C{L}locals"), "LOCAL_USER_FILE": ("LOCAL_USER_FILE(`/sample/l')", "F{L}/sample/l"),
    "MASQUERADE_DOMAIN": ("MASQUERADE_DOMAIN(`m.example')", "C{M}m.example"),
    "MASQUERADE_DOMAIN_FILE": ("MASQUERADE_DOMAIN_FILE(`/sample/m')", "F{M}/sample/m"),
    "MASQUERADE_EXCEPTION": ("MASQUERADE_EXCEPTION(`n.example')", "C{N}n.example"),
    "MASQUERADE_EXCEPTION_FILE": ("MASQUERADE_EXCEPTION_FILE(`/sample/n')", "F{N}/sample/n"), "LOCAL_DOMAIN": ("LOCAL_DOMAIN(`w.example')", "C{w}w.example"),
    "CANONIFY_DOMAIN": ("CANONIFY_DOMAIN(`c.example')", "C{Canonify}c.example"),
    "CANONIFY_DOMAIN_FILE": ("CANONIFY_DOMAIN_FILE(`/sample/c')", "F{Canonify}/sample/c"),
    "GENERICS_DOMAIN": ("GENERICS_DOMAIN(`g.example')", "C{G}g.example"), "GENERICS_DOMAIN_FILE": ("GENERICS_DOMAIN_FILE(`/sample/g')", "F{G}/sample/g"),
    "LDAPROUTE_DOMAIN": ("LDAPROUTE_DOMAIN(`ld.example')", "C{LDAPRoute}ld.example"),
    "LDAPROUTE_DOMAIN_FILE": ("LDAPROUTE_DOMAIN_FILE(`/sample/ld')", "F{LDAPRoute}/sample/ld"),
    "LDAPROUTE_EQUIVALENT": ("LDAPROUTE_EQUIVALENT(`le.example')", "C{LDAPRouteEquiv}le.example"),
    "LDAPROUTE_EQUIVALENT_FILE": ("LDAPROUTE_EQUIVALENT_FILE(`/sample/le')", "F{LDAPRouteEquiv}/sample/le"),
    "VIRTUSER_DOMAIN": ("VIRTUSER_DOMAIN(`v.example')", "C{VirtHost}v.example"),
    "VIRTUSER_DOMAIN_FILE": ("VIRTUSER_DOMAIN_FILE(`/sample/v')", "F{VirtHost}/sample/v"),
    "RELAY_DOMAIN": ("RELAY_DOMAIN(`r.example')", "C{R}r.example"), "RELAY_DOMAIN_FILE": ("RELAY_DOMAIN_FILE(`/sample/r')", "F{R}/sample/r"),
    "TRUST_AUTH_MECH": ("TRUST_AUTH_MECH(`EXTERNAL')", "C{TrustAuthMech}EXTERNAL"), "QUEUE_GROUP": ("QUEUE_GROUP(`slow', `P=/q')", "Qslow, P=/q"),
    "DAEMON_OPTIONS": ("DAEMON_OPTIONS(`Name=One')", "O DaemonPortOptions=Name=One"),
    "CLIENT_OPTIONS": ("CLIENT_OPTIONS(`Family=inet')", "O ClientPortOptions=Family=inet"),
    "MAIL_FILTER": ("MAIL_FILTER(`one', `S=local:/one')", "Xone, S=local:/one"),
    "INPUT_MAIL_FILTER": ("INPUT_MAIL_FILTER(`two', `S=local:/two')", "O InputMailFilters=two"),
    "SITECONFIG": ("SITECONFIG(`uucp.cogsci', `cogsci', `W')", "DWcogsci"), "SITE": ("", "CW"), "MAILER": ("MAILER(`local')dnl\nMAILER(`smtp')", "Mesmtp,"),
    "MAILER_DEFINITIONS": ("MAILER_DEFINITIONS\nMsample, P=/x", "Msample, P=/x"), "LOCAL_CONFIG": ("LOCAL_CONFIG\nD{Sample}x", "D{Sample}x"),
    "LOCAL_NET_CONFIG": ("LOCAL_NET_CONFIG\nRnet\t$: $1", "Rnet\t$: $1"),
    "UUCPSMTP": ("UUCPSMTP(`old', `new.example')", "R $* < @ old .UUCP > $*\t$1 < @ new.example > $2"),
}
STATEMENTS.update((part, ("%s\nR%s\t$: $1" % (part, number), "R%s\t$: $1" % number)) for number, part in enumerate((
    "LOCAL_DNSBL", "LOCAL_RULE_3", "LOCAL_RULE_0", "LOCAL_UUCP", "LOCAL_RULE_1", "LOCAL_RULE_2", "LOCAL_RULESETS", "LOCAL_SRV_FEATURES", "LOCAL_CLT_FEATURES",
    "LOCAL_TRY_TLS", "LOCAL_TLS_RCPT", "LOCAL_TLS_CLIENT", "LOCAL_TLS_SERVER"), 80))


def test_every_statement_of_the_table_is_tried():
    assert set(STATEMENTS) == set(language.STATEMENTS) - {"include", "define", "undefine"}


@pytest.mark.parametrize("name", sorted(STATEMENTS))
def test_each_statement_arrives(name):
    above = "".join(text + "dnl\n" for text, _come in STATEMENTS.values() if text and "\n" not in text and not text.startswith("UUCPSMTP"))
    below = "".join(text + "\n" for text, _come in STATEMENTS.values() if "\n" in text or text.startswith("UUCPSMTP"))
    found = compile_mc(HEAD + above + below)
    assert (found.rc, found.err) == (0, "") and STATEMENTS[name][1] in found.cf
