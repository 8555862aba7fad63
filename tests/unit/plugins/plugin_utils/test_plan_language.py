# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_rulesets
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_language, plan_mc

QUEUE = "/var/spool/mqueue"


def include(paths, waived):
    return plan_language.includes(paths, [{"feature": "include(%s)" % path, "reason": "x"} for path in waived])


@pytest.mark.parametrize("lines, expected", [
    (plan_language.undefine(["confCW_FILE", "STATUS_FILE"]), ["undefine(`confCW_FILE')dnl", "undefine(`STATUS_FILE')dnl"]),
    (plan_language.mailer_flags({"local": "+P", "prog": "-x", "ESMTP": "+e-n", "smtp8": "mDF"}),
     ["MODIFY_MAILER_FLAGS(`ESMTP', `+e')dnl", "MODIFY_MAILER_FLAGS(`ESMTP', `-n')dnl", "MODIFY_MAILER_FLAGS(`LOCAL', `+P')dnl",
      "MODIFY_MAILER_FLAGS(`SHELL', `-x')dnl", "MODIFY_MAILER_FLAGS(`SMTP8', `mDF')dnl"]),
    (plan_language.ldap({"cluster": "Servers", "default_spec": "-H ldap://l.example -b dc=example,dc=com"}),
     ["define(`confLDAP_CLUSTER', `Servers')dnl", "define(`confLDAP_DEFAULT_SPEC', `-H ldap://l.example -b dc=example,dc=com')dnl"]),
    (plan_language.ldap_routing({}, {}), []), (plan_language.ldap_routing({"enabled": False, "domains": ["a.example"]}, {}), []),
    (plan_language.ldap_routing({"domains": ["a.example"]}, {"default_spec": "-H x"}), ["FEATURE(`ldap_routing')dnl", "LDAPROUTE_DOMAIN(`a.example')dnl"]),
    (plan_language.ldap_routing({"mail_host": "ldap -1 -T<TMPF> -v mailHost -k (&(objectClass=x)(mail=%0))",
                                 "mail_routing_address": "ldap -1 -v y -k (mail=%0)",
                                 "missing": "bounce", "without_domain": True, "temporary_failure": "tempfail", "equivalent_files": ["/etc/mail/eq"]}, {}),
     ["FEATURE(`ldap_routing', `ldap -1 -T<TMPF> -v mailHost -k (&(objectClass=x)(mail=%0))', `ldap -1 -v y -k (mail=%0)', `bounce', `', `nodomain', "
      "`tempfail')dnl", "LDAPROUTE_EQUIVALENT_FILE(`/etc/mail/eq')dnl"]),
    (plan_language.classes({"LOCAL_USER": ["root", "bob"], "EXPOSED_USER_FILE": ["-o /etc/mail/exposed"]}),
     ["EXPOSED_USER_FILE(`-o /etc/mail/exposed')dnl", "LOCAL_USER(`root')dnl", "LOCAL_USER(`bob')dnl"]),
    (plan_language.masquerade_files({"domain_files": ["/etc/mail/m"], "exception_files": [], "exposed_user_files": ["/etc/mail/e"]}),
     ["MASQUERADE_DOMAIN_FILE(`/etc/mail/m')dnl", "EXPOSED_USER_FILE(`/etc/mail/e')dnl"]),
    (plan_language.queue_groups([{"name": "slow", "path": QUEUE + "/slow", "interval": "1h", "runners": 2, "nice": 5},
                                 {"name": "mqueue", "runners": 9}], QUEUE),
     ["QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, N=5, I=1h, R=2')dnl"]),
    (plan_language.client_options([{"address": "192.0.2.1", "modifiers": ["h"]}, {"address": "2001:db8::1", "port": None}]),
     ["CLIENT_OPTIONS(`Family=inet, Addr=192.0.2.1, Modifiers=h')dnl", "CLIENT_OPTIONS(`Family=inet6, Addr=2001:db8::1')dnl"]),
    (include(["/etc/mail/tls/starttls.m4"], ["/etc/mail/tls/starttls.m4"]), ["include(`/etc/mail/tls/starttls.m4')dnl"]),
    (plan_language.mc_domain(""), []), (plan_language.mc_domain("generic"), ["DOMAIN(`generic')dnl"]),
    (plan_language.raw_parts({"LOCAL_RULE_0": "R$+\t$: $1\n", "MAILER_DEFINITIONS": "Mx, P=/bin/x"}),
     ["MAILER_DEFINITIONS", "Mx, P=/bin/x", "LOCAL_RULE_0", "R$+\t$: $1"])])
def test_each_family_as_whole_lines(lines, expected):
    assert lines == expected


def test_the_group_of_all_mail_takes_what_a_site_says_of_it():
    standard = {"path": QUEUE, "flags": "f", "interval": "10s", "runners": "5"}
    assert plan_language.default_group([], standard, QUEUE) == "`P=/var/spool/mqueue, F=f, I=10s, R=5'"
    assert plan_language.default_group([{"name": "mqueue", "runners": 9, "jobs": 50, "path": None}], standard, QUEUE) == \
        "`P=/var/spool/mqueue, F=f, I=10s, R=9, J=50'"


def test_rulesets_are_opened_as_the_library_wants_it():
    found = plan_language.rulesets({"Local_check_mail": ["R$*\t$@ $1"], "Local_try_tls": ["R$*\t$@ OK"], "check_data": ["# why", "R$-\t$@ OK"],
                                    "Local_localaddr": ["Rbob\t$#discard $: discard"]})
    assert found == {"own": ["LOCAL_RULESETS", "SLocal_check_mail", "R$*\t$@ $1", "LOCAL_TRY_TLS", "R$*\t$@ OK", "LOCAL_RULESETS", "Scheck_data", "# why",
                             "R$-\t$@ OK"], "localaddr": ["Rbob\t$#discard $: discard"]}


REFUSED = [
    (lambda: plan_language.undefine(["confCW_FIEL"]), "sendmail_undefine", "confCW_FILE?"),
    (lambda: plan_language.mailer_flags({"locl": "+P"}), "sendmail_mailer_flags.locl", "LOCAL?"),
    (lambda: plan_language.mailer_flags({"local": ""}), "sendmail_mailer_flags.local", "expected"),
    (lambda: plan_language.mailer_flags({"local": "+P-"}), "sendmail_mailer_flags.local", "'+P-'"),
    (lambda: plan_language.mailer_flags({"local": "+a`"}), "sendmail_mailer_flags.local", "backquote"),
    (lambda: plan_language.ldap({"base": "x"}), "sendmail_ldap", "'base'"),
    (lambda: plan_language.ldap({"cluster": "a dnl b"}), "sendmail_ldap.cluster", "dnl"),
    (lambda: plan_language.ldap_routing({"domains": ["a.example"]}, {}), "sendmail_ldap_routing", "default_spec"),
    (lambda: plan_language.ldap_routing({"mail_host": "ldap -k (a", "mail_routing_address": "x"}, {}), "sendmail_ldap_routing", "pairs"),
    (lambda: plan_language.ldap_routing({"domans": []}, {}), "sendmail_ldap_routing", "domains?"),
    (lambda: plan_language.classes({"LOCAL_USR": ["x"]}), "sendmail_classes", "LOCAL_USER?"),
    (lambda: plan_language.classes({"LOCAL_USER": "x"}), "sendmail_classes.LOCAL_USER", "list"),
    (lambda: plan_language.classes({"LOCAL_USER": ["a b"]}), "sendmail_classes.LOCAL_USER", "one word"),
    (lambda: plan_language.classes({"LDAPROUTE_DOMAIN": ["a_b c"]}), "sendmail_classes.LDAPROUTE_DOMAIN", "domain"),
    (lambda: plan_language.masquerade_files({"domain_files": ["relative"]}), "sendmail_masquerade.domain_files", "path"),
    (lambda: plan_language.queue_groups([{"name": "a"}, {"name": "a"}], QUEUE), "sendmail_queue_groups", "twice"),
    (lambda: plan_language.queue_groups([{"name": "a", "path": "/var/spool/other"}], QUEUE), "sendmail_queue_groups (a)", QUEUE),
    (lambda: plan_language.queue_groups([{"name": "a", "path": "/var/spool/mqueue/../x"}], QUEUE), "sendmail_queue_groups (a)", "not below"),
    (lambda: plan_language.queue_groups([{"name": "a", "interval": "soon"}], QUEUE), "sendmail_queue_groups (a): interval", "30s"),
    (lambda: plan_language.queue_groups([{"name": "a", "runers": 1}], QUEUE), "sendmail_queue_groups (a)", "runners?"),
    (lambda: plan_language.queue_groups([{"name": "a", "path": QUEUE + "/x, R=9"}], QUEUE), "sendmail_queue_groups (a): path", "comma"),
    (lambda: plan_language.client_options([{"adress": "x"}]), "sendmail_client_options", "address?"),
    (lambda: plan_language.client_options([{"modifiers": ["a"]}]), "sendmail_client_options", "'a'"),
    (lambda: plan_language.client_options([{"address": "192.0.2.1", "family": "inet6"}]), "sendmail_client_options", "Family=inet"),
    (lambda: include(["/etc/x.m4"], []), "sendmail_includes", "sendmail_waivers"),
    (lambda: include(["/etc/../x.m4"], ["/etc/../x.m4"]), "sendmail_includes", "path"),
    (lambda: plan_language.mc_domain("../x"), "sendmail_mc_domain", "word"),
    (lambda: plan_language.raw_parts({"LOCAL_CONFIG": "x"}), "sendmail_raw_parts", "sendmail_local_config"),
    (lambda: plan_language.raw_parts({"LOCAL_RULE_9": "x"}), "sendmail_raw_parts", "LOCAL_RULE_0"),
    (lambda: plan_language.raw_parts({"LOCAL_RULE_0": "R$*\t`x'"}), "sendmail_raw_parts.LOCAL_RULE_0", "line 1"),
    (lambda: plan_language.rulesets({"Local_chek_mail": []}), "sendmail_rulesets", "Local_check_mail?"),
    (lambda: plan_language.rulesets({"check_mail": ["R$*\t$@ $1"]}), "sendmail_rulesets.check_mail", "Use Local_check_mail"),
    (lambda: plan_language.rulesets({"tls_srv_features": []}), "sendmail_rulesets.tls_srv_features", "access map"),
    (lambda: plan_language.rulesets({"check_data": ["R$* $@ $1"]}), "sendmail_rulesets.check_data, line 1", "tab"),
    (lambda: plan_language.rulesets({"check_data": ["# x", "O QueueDirectory=/tmp"]}), "sendmail_rulesets.check_data, line 2", "begins with R"),
    (lambda: plan_language.rulesets({"check_data": ["R$*\nO x\t$: y"]}), "sendmail_rulesets.check_data, line 1", "line end"),
    (lambda: plan_language.rulesets({"check_data": ["R$*\t$: divert"]}), "sendmail_rulesets.check_data", "divert"),
    (lambda: plan_language.rulesets({"Local_try_tls": ["R$*\t$@ OK"]}, {"LOCAL_TRY_TLS": "x"}), "sendmail_rulesets.Local_try_tls", "Keep one"),
]


@pytest.mark.parametrize("case, variable, word", REFUSED)
def test_what_can_not_be_meant_is_refused_by_name(case, variable, word):
    with pytest.raises(InvalidValue) as caught:
        case()
    assert caught.value.message.startswith(variable) and word in caught.value.message


def test_every_class_and_every_part_of_the_language_has_a_place():
    assert set(plan_language.PARTS) | set(plan_language.OWN_PARTS) == set(language.PARTS)
    assert {name for name, section in language.STATEMENTS.items() if section == 5} == set(plan_language.CLASSES) | {"MASQUERADE_AS"}
    assert len(language_rulesets.CALLED) == 23 and len(language_rulesets.LOCAL) == 13
    assert {one.macro for one in language_rulesets.LOCAL.values() if one.macro} <= set(language.PARTS)
    assert {one.taken for one in language_rulesets.CALLED.values() if one.taken} <= set(language_rulesets.LOCAL)


# -- features of a site, on a host of a release, a build and a profile

HOST = {"release": "8.18.1", "waivers": [], "compile_flags": [], "profile": ""}
WAIVED = [{"feature": name, "reason": "x"} for name in ("relay_entire_domain", "local_procmail")]


@pytest.mark.parametrize("name, host, statement", [
    ("blocklist_recipients", {"release": "8.15.2"}, "`blacklist_recipients'"), ("blacklist_recipients", {}, "`blocklist_recipients'"),
    ("blacklist_recipients", {"release": "8.15.2"}, "`blacklist_recipients'"), ("check_other", {"release": "8.17.1.9"}, "`check_other'"),
    ("relay_entire_domain", {"waivers": WAIVED}, "`relay_entire_domain'"), ("local_procmail", {"profile": "hub"}, "`local_procmail'"),
    ("local_procmail", {"profile": "gateway", "waivers": WAIVED}, "`local_procmail'"),
    ("badmx", {"compile_flags": ["MAP_REGEX", "DNSMAP", "NAMED_BIND"]}, "`badmx'")])
def test_a_feature_is_spelt_as_the_host_knows_it(name, host, statement):
    assert plan_mc.site_feature({"name": name}, dict(HOST, **host)) == statement


@pytest.mark.parametrize("one, host, words", [
    ({"name": "check_other"}, {"release": "8.16.1"}, "sendmail 8.16.1 does not have it"), ({"name": "chek_other"}, {}, "Did you mean check_other?"),
    ({"name": "promiscuous_relay"}, {}, "is forbidden: the host relays for everyone"),
    ({"name": "promiscuous_relay"}, {"waivers": WAIVED}, "sendmail_waivers"),
    ({"name": "local_procmail"}, {"profile": "gateway"}, "forbidden on a host of profile gateway"),
    ({"name": "sts"}, {"compile_flags": ["STARTTLS", "SOCKETMAP", "MAP_REGEX"]}, "needs _FFR_MTA_STS"),
    ({"name": "bitdomain", "arguments": ["ldap x"]}, {"compile_flags": ["NEWDB"]}, "needs LDAPMAP")])
def test_a_feature_that_the_host_can_not_have_is_refused(one, host, words):
    with pytest.raises(InvalidValue) as caught:
        plan_mc.site_feature(one, dict(HOST, **host))
    assert caught.value.message.startswith("sendmail_features (%s)" % one["name"]) and words in caught.value.message


@pytest.mark.parametrize("reason", ["", "  ", None])
def test_a_waiver_says_why(reason):
    with pytest.raises(InvalidValue) as caught:
        plan_mc.check_waivers([{"feature": "relay_entire_domain", "reason": reason}])
    assert "sendmail_waivers" in caught.value.message and "relay_entire_domain" in caught.value.message
