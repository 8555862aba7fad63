# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every place of a value in an .mc file: the statement, the kind of value it takes, and the line of the .cf in which the value must come back whole."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

Place = collections.namedtuple("Place", "name statement kind line")


DEFINES = (
    ("confPROCESS_TITLE_PREFIX", "O ProcessTitlePrefix=%s", "text"),
    ("confAUTH_REALM", "O AuthRealm=%s", "text"),
    ("confCIPHER_LIST", "O CipherList=%s", "text"),
    ("confERROR_MESSAGE", "O ErrorHeader=%s", "text"),
    ("confPRIVACY_FLAGS", "O PrivacyOptions=%s", "list"),
    ("confBIND_OPTS", "O ResolverOptions=%s", "list"),
    ("confSERVER_SSL_OPTIONS", "O ServerSSLOptions=%s", "list"),
    ("confAUTH_MECHANISMS", "O AuthMechanisms=%s", "list"),
    ("confFORWARD_PATH", "O ForwardPath=%s", "macros"),
    ("confSMTP_LOGIN_MSG", "O SmtpGreetingMessage=%s", "greeting"),
    ("confFROM_LINE", "O UnixFromLine=%s", "greeting"),
    ("confFROM_HEADER", "H?F?From: %s", "header"),
    ("confMESSAGEID_HEADER", "H?M?Message-Id: %s", "header"),
    ("confRECEIVED_HEADER", "HReceived: %s", "header"),
    ("confTRUSTED_USERS", "T%s", "text"),
    ("confDOMAIN_NAME", "Dj%s", "host"),
    ("confMAILER_NAME", "Dn%s", "text"),
    ("confHELO_NAME", "O HeloName=%s", "host"),
    ("confFALLBACK_MX", "O FallbackMXhost=%s", "host"),
    ("confFALLBACK_SMARTHOST", "O FallbackSmartHost=%s", "host"),
    ("confDEF_USER_ID", "O DefaultUser=%s", "user"),
    ("confRUN_AS_USER", "O RunAsUser=%s", "user"),
    ("confTRUSTED_USER", "O TrustedUser=%s", "user"),
    ("confSAFE_FILE_ENV", "O SafeFileEnvironment=%s", "path"),
    ("confPID_FILE", "O PidFile=%s", "path"),
    ("confCR_FILE", "FR%s", "class_file"),
    ("confSERVER_CERT", "O ServerCertFile=%s", "paths"),
    ("confMAX_HOP", "O MaxHopCount=%s", "integer"),
    ("confMAX_MESSAGE_SIZE", "O MaxMessageSize=%s", "size"),
    ("confTO_COMMAND", "O Timeout.command=%s", "interval"),
    ("confMIN_FREE_BLOCKS", "O MinFreeBlocks=%s", "integer"),
    ("confTEMP_FILE_MODE", "O TempFileMode=%s", "mode"),
    ("confDOUBLE_BOUNCE_ADDRESS", "O DoubleBounceAddress=%s", "mailbox"),
    ("confTIME_ZONE", "O TimeZoneSpec=%s", "text"),
    ("confUSERDB_SPEC", "O UserDatabaseSpec=%s", "text"),
    ("confRELAY_MSG", "$#error $@ 5.7.1 $: %s", "macros"),
    ("confLDAP_CLUSTER", "D{sendmailMTACluster}%s", "text"),
    ("confDEQUOTE_OPTS", "Kdequote dequote %s", "text"),
    ("ALIAS_FILE", "O AliasFile=%s", "text"),
    ("HELP_FILE", "O HelpFile=%s", "path"),
    ("QUEUE_DIR", "O QueueDirectory=%s", "path"),
    ("STATUS_FILE", "O StatusFile=%s", "path"),
    ("SMART_HOST", "DS%s", "relay"),
    ("MAIL_HUB", "DH%s", "relay"),
    ("LOCAL_RELAY", "DR%s", "relay"),
    ("LUSER_RELAY", "DL%s", "text"),
    ("LOCAL_MAILER_PATH", "Mlocal,\t\tP=%s, F=", "path"),
    ("LOCAL_MAILER_ARGS", "\t\tA=%s", "macros"),
    ("LOCAL_SHELL_PATH", "Mprog,\t\tP=%s, F=", "path"),
    ("LOCAL_SHELL_ARGS", "\t\tA=%s", "macros"),
    ("LOCAL_SHELL_DIR", " D=%s,", "macros"),
    ("RELAY_MAILER_ARGS", "\t\tA=%s", "macros"),
    ("SMTP_MAILER_MAX", "\t\tM=%s, T=", "size"),
    ("SMTP_MAILER_CHARSET", "\t\tC=%s, T=", "word"),
    ("LOCAL_MAILER_FLAGS", " F=lsDFMAw5:/|@q%s,", "flags"),
    ("LOCAL_MAILER_QGRP", " Q=%s,", "word"),
)


def _defines():
    for name, line, kind in DEFINES:
        yield Place(name, "define(`%s', %%s)dnl" % name, kind, line)


def _features():
    for name, extra, kind, line in (
        ("mailertable", "", "map", "Kmailertable %s"),
        ("virtusertable", "", "map", "Kvirtuser %s"),
        ("genericstable", "", "map", "Kgenerics %s"),
        ("domaintable", "", "map", "Kdomaintable %s"),
        ("authinfo", "", "map", "Kauthinfo %s"),
        ("access_db", "", "map", "Kaccess %s"),
        ("always_add_domain", "", "domain", "R$+\t\t\t$@ $1 < @ %s >"),
        ("smrsh", "", "path", "Mprog,\t\tP=%s, F="),
        ("local_lmtp", "", "path", "Mlocal,\t\tP=%s, F="),
        ("local_lmtp", "`/x', ", "macros", "\t\tA=%s"),
        ("local_procmail", "`/x', `y', ", "flags", " F=lsDFMAw5:/|@q%s,"),
        ("dnsbl", "", "domain", "$4.$3.$2.$1.%s. $: OK $)"),
        ("dnsbl", "`bl.example', ", "macros", "R<?>$+\t\t$#error $@ 5.7.1 $: %s"),
        ("dnsbl", "`bl.example', `', ", "macros", "$#error $@ 4.4.3 $: %s"),
        ("enhdnsbl", "", "domain", "$4.$3.$2.$1.%s. $: OK $)"),
        ("enhdnsbl", "`bl.example', ", "macros", "$#error $@ 5.7.1 $: %s"),
        ("enhdnsbl", "`bl.example', `', `t', ", "text", "%s"),
        ("enhdnsbl", "`bl.example', `', `t', `127.0.0.2', ", "text", "%s"),
        ("greet_pause", "", "integer", "R$*\t\t\t$# %s"),
        ("badmx", "", "text", "KBadMXIP regex -a<BADMXIP> %s"),
        ("msp", "", "host", "D{MTAHost}%s"),
        ("nullclient", "", "relay", "DS%s"),
        ("bestmx_is_local", "", "domain", "CB%s"),
    ):
        yield Place("FEATURE %s %d" % (name, extra.count(",") + 1), "FEATURE(`%s', %s%%s)dnl" % (name, extra), kind, line)


def _statements():
    for name, letter in (("EXPOSED_USER", "E"), ("LOCAL_USER", "L")):
        yield Place(name, name + "(%s)dnl", "word", "C{%s}%%s" % letter)
    for name, letter in (
        ("MASQUERADE_DOMAIN", "M"),
        ("MASQUERADE_EXCEPTION", "N"),
        ("LOCAL_DOMAIN", "w"),
        ("CANONIFY_DOMAIN", "Canonify"),
        ("GENERICS_DOMAIN", "G"),
        ("LDAPROUTE_DOMAIN", "LDAPRoute"),
        ("LDAPROUTE_EQUIVALENT", "LDAPRouteEquiv"),
        ("VIRTUSER_DOMAIN", "VirtHost"),
        ("RELAY_DOMAIN", "R"),
    ):
        yield Place(name, name + "(%s)dnl", "domain", "C{%s}%%s" % letter)
    yield Place("MASQUERADE_AS", "MASQUERADE_AS(%s)dnl", "domain", "DM%s")
    yield Place("TRUST_AUTH_MECH", "TRUST_AUTH_MECH(%s)dnl", "word", "C{TrustAuthMech}%s")
    yield Place("EXPOSED_USER_FILE", "EXPOSED_USER_FILE(%s)dnl", "class_file", "F{E}%s")
    yield Place("RELAY_DOMAIN_FILE", "RELAY_DOMAIN_FILE(%s)dnl", "class_file", "F{R}%s")
    yield Place("VERSIONID", "VERSIONID(%s)dnl", "text", "#####  %s  #####")
    yield Place("DAEMON_OPTIONS", "DAEMON_OPTIONS(%s)dnl", "list", "O DaemonPortOptions=%s")
    yield Place("CLIENT_OPTIONS", "CLIENT_OPTIONS(%s)dnl", "list", "O ClientPortOptions=%s")
    yield Place("INPUT_MAIL_FILTER 1", "INPUT_MAIL_FILTER(%s, `S=local:/run/x')dnl", "word", "X%s, S=local:/run/x")
    yield Place("INPUT_MAIL_FILTER 2", "INPUT_MAIL_FILTER(`x', %s)dnl", "list", "Xx, %s")
    yield Place("MAIL_FILTER 2", "MAIL_FILTER(`x', %s)dnl", "list", "Xx, %s")
    yield Place("confINPUT_MAIL_FILTERS", "MAIL_FILTER(`x', `S=local:/run/x')dnl\ndefine(`confINPUT_MAIL_FILTERS', %s)dnl", "list", "O InputMailFilters=%s")
    yield Place(
        "confMILTER_MACROS_CONNECT", "MAIL_FILTER(`x', `S=local:/run/x')dnl\ndefine(`confMILTER_MACROS_CONNECT', %s)dnl", "list", "O Milter.macros.connect=%s"
    )
    yield Place("QUEUE_GROUP 1", "QUEUE_GROUP(%s, `F=f')dnl", "word", "Q%s, F=f")
    yield Place("QUEUE_GROUP 2", "QUEUE_GROUP(`x', %s)dnl", "list", "Qx, %s")
    yield Place("MODIFY_MAILER_FLAGS", "MODIFY_MAILER_FLAGS(`LOCAL', %s)dnl", "flags", None)
    yield Place("confCW_FILE", "FEATURE(`use_cw_file')dnl\ndefine(`confCW_FILE', %s)dnl", "class_file", "Fw%s")
    yield Place("confCT_FILE", "FEATURE(`use_ct_file')dnl\ndefine(`confCT_FILE', %s)dnl", "class_file", "Ft%s")
    yield Place("confREJECT_MSG", "FEATURE(`access_db')dnl\ndefine(`confREJECT_MSG', %s)dnl", "macros", "R<REJECT> $*\t\t$#error $: %s")
    yield Place("DNSBL_MAP", "define(`DNSBL_MAP', %s)dnl\nFEATURE(`dnsbl', `bl.example')dnl", "text", "Kdnsbl %s -T<TMP>")
    yield Place("MSP_QUEUE_DIR", "define(`MSP_QUEUE_DIR', %s)dnl\nFEATURE(`msp')dnl", "path", "O QueueDirectory=%s")


PLACES = list(_defines()) + list(_features()) + list(_statements())
# These bring mailers of their own.
WHOLE = ("nullclient", "`msp'")
