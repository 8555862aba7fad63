# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An .mc text against what the host's sendmail is: its release, its compile flags, the profile; and every dependency that sendmail itself complains about."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_features, mc, probe
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError

HEAD = "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\n"
MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"
ACCESS = "FEATURE(`access_db', `hash -T<TMPF> /etc/mail/access')dnl\n"
# As sendmail -d0.13 tells them: Debian 13, and a build from the makers' archive.
DEBIAN = ("DANE DNSMAP LDAPMAP LOG MAP_REGEX MILTER NAMED_BIND NETINET6 NEWDB=5.3 NIS NISPLUS SASLv2 SOCKETMAP STARTTLS USERDB _FFR_MTA_STS "
          "_FFR_REJECT_NUL_BYTE _FFR_TLS_ALTNAMES").split()
PLAIN = "DNSMAP LOG MAP_REGEX NAMED_BIND NEWDB=5.3 CDB=1 USERDB".split()


def faults(text, **known):
    """Return the faults of a text as ``(line below HEAD, reason)``."""
    try:
        mc.check(HEAD + text, known.pop("version", (8, 18, 1)), **known)
    except McError as exc:
        return [(problem["line"] - 2, problem["reason"]) for problem in exc.details["problems"]]
    return []


@pytest.mark.parametrize("text, flag, what", [
    ("FEATURE(`sts')dnl\n" + MAILERS, "_FFR_MTA_STS", "FEATURE(`sts')"),
    ("FEATURE(`check_cert_altnames')dnl\n" + MAILERS, "_FFR_TLS_ALTNAMES", "FEATURE(`check_cert_altnames')"),
    ("FEATURE(`ldap_routing', `ldap -k (a=%0)', `ldap -k (b=%0)')dnl\n" + MAILERS, "LDAPMAP", "FEATURE(`ldap_routing')"),
    (ACCESS + "FEATURE(`tls_session_features')dnl\n" + MAILERS, "STARTTLS", "tls_session_features"),
    ("FEATURE(`mailertable', `ldap -1 -v x -k (a=%0)')dnl\n" + MAILERS, "LDAPMAP", "a map of class ldap"),
    ("FEATURE(`access_db', `LDAP')dnl\n" + MAILERS, "LDAPMAP", "a map of class ldap"),
    ("FEATURE(`virtusertable', `nis -T<TMPF> virt')dnl\n" + MAILERS, "NIS", "a map of class nis"),
    ("define(`confDANE', `true')dnl\n" + MAILERS, "DANE", "confDANE"),
    ("define(`confSERVER_CERT', `/etc/x')dnl\n" + MAILERS, "STARTTLS", "confSERVER_CERT"),
    ("define(`confAUTH_MECHANISMS', `PLAIN')dnl\n" + MAILERS, "SASL", "confAUTH_MECHANISMS"),
    ("INPUT_MAIL_FILTER(`a', `S=local:/a, F=T')dnl\n" + MAILERS, "MILTER", "INPUT_MAIL_FILTER"),
    ("LDAPROUTE_DOMAIN(`a.example')dnl\n" + MAILERS, "LDAPMAP", "LDAPROUTE_DOMAIN"),
    (MAILERS + "LOCAL_CONFIG\nKx socket inet:1@127.0.0.1\n", "SOCKETMAP", "a map of class socket"),
    (MAILERS + "LOCAL_CONFIG\nKx ldapx -k (a=%0)\n", "LDAPMAP", "a map of class ldap"),
    (MAILERS + "LOCAL_CONFIG\nO SetCertAltnames=true\n", "_FFR_TLS_ALTNAMES", "the option SetCertAltnames"),
])
def test_what_is_not_compiled_in_is_refused_with_flag_and_name(text, flag, what):
    (_line, reason), = faults(text, flags=PLAIN)
    assert what in reason and "needs %s" % flag in reason
    assert faults(text, flags=DEBIAN) == [] and faults(text, flags=None) == [] and faults(text, flags=[]) == []


@pytest.mark.parametrize("text", [
    ACCESS + "FEATURE(`blocklist_recipients')dnl\nFEATURE(`badmx')dnl\nFEATURE(`enhdnsbl', `bl.example')dnl\n" + MAILERS,
    "define(`confCACERT', `')dnl\nFEATURE(`mailertable', `cdb /etc/mail/mailertable')dnl\n" + MAILERS])
def test_what_is_compiled_in_passes(text):
    assert faults(text, flags=PLAIN) == []


def test_sts_without_names_needs_no_names():
    assert faults("FEATURE(`sts', `socket -d5 -T<TMPF> inet:5461@127.0.0.1', `NO_SAN_TST')dnl\n" + MAILERS,
                  flags=[flag for flag in DEBIAN if flag != "_FFR_TLS_ALTNAMES"]) == []


# Every complaint of the cf library (errprint in feature/, m4/, mailer/, hack/, domain/, ostype/), one case each, with the line that is told.
# tests/integration_m4/test_dependencies.py asks the real m4 the same.
COMPLAINTS = [
    ("FEATURE(`relay_local_from')dnl\n" + MAILERS, 1, "forbidden"),
    ("FEATURE(`promiscuous_relay')dnl\n" + MAILERS, 1, "forbidden"),
    (ACCESS + "FEATURE(`relay_mail_from')dnl\n" + MAILERS, 2, "forbidden"),
    ("FEATURE(`nopercenthack')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`nopercenthack', `maybe')dnl\n" + MAILERS, 1, "one of reject"),
    ("FEATURE(`nouucp')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`nouucp', `maybe')dnl\n" + MAILERS, 1, "one of reject"),
    ("FEATURE(`nocanonify', `maybe')dnl\n" + MAILERS, 1, "one of canonify_hosts"),
    ("FEATURE(`delay_checks', `maybe')dnl\n" + ACCESS + MAILERS, 1, "one of friend"),
    ("FEATURE(`delay_checks', `friend')dnl\n" + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`prefixmod')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`prefixmod', `x')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`nullclient')dnl\n", 1, "missing"),
    ("FEATURE(`dnsbl')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`enhdnsbl')dnl\n" + MAILERS, 1, "missing"),
    ("FEATURE(`queuegroup')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`ratecontrol')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`conncontrol')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    (ACCESS + "FEATURE(`ratecontrol', `nodelay')dnl\n" + MAILERS, 2, "nodelay needs"),
    (ACCESS + "FEATURE(`conncontrol', `nodelay')dnl\n" + MAILERS, 2, "nodelay needs"),
    (ACCESS + "FEATURE(`ratecontrol', `later')dnl\n" + MAILERS, 2, "one of nodelay"),
    (ACCESS + "FEATURE(`conncontrol', , `later')dnl\n" + MAILERS, 2, "one of terminate"),
    ("FEATURE(`bcc', `access')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`blocklist_recipients')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    (ACCESS + "FEATURE(`blacklist_recipients')dnl\n" + MAILERS, 2, "only complains"),
    ("FEATURE(`compat_check')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`lookupdotdomain')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    (ACCESS + "FEATURE(`relay_hosts_only')dnl\nFEATURE(`lookupdotdomain')dnl\n" + MAILERS, 3, "does not go together"),
    ("FEATURE(`greet_pause')dnl\n" + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`greet_pause', `5000')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("FEATURE(`access_db', `hash /etc/mail/access')dnl\n" + MAILERS, 1, "-T<TMPF>"),
    ("FEATURE(`preserve_luser_host')dnl\n" + MAILERS, 1, "LUSER_RELAY"),
    ("FEATURE(`tls_failures')dnl\n" + MAILERS, 1, "forbidden"),
    ("FEATURE(`ldap_routing')dnl\n" + MAILERS, 1, "know no server"),
    (MAILERS + "FEATURE(`allmasquerade')dnl\n", 3, "below MAILER()"),
    (MAILERS + "FEATURE(`always_add_domain')dnl\n", 3, "below MAILER()"),
    (MAILERS + "FEATURE(`local_no_masquerade')dnl\n", 3, "below MAILER()"),
    (MAILERS + "FEATURE(`smrsh')dnl\n", 3, "below MAILER()"),
    (MAILERS + "FEATURE(`local_procmail')dnl\n", 3, "below MAILER()"),
    (MAILERS + "FEATURE(`local_lmtp')dnl\n", 3, "below MAILER()"),
    (MAILERS + "MAILER(`local')dnl\n", 3, "has it already"),
    ("OSTYPE(`linux')dnl\n" + MAILERS, 1, "already"),
    ("MAILER(`local')dnl\nMAILER(`uucp')dnl\n", 2, "MAILER(`smtp') must stand above"),
    ("define(`SSH_MAILER_DIR', `/x')dnl\nMAILER(`local')dnl\nMAILER(`ssh')dnl\n", 3, "SSH_MAILER_USER"),
    ("define(`SSH_MAILER_USER', `x')dnl\nMAILER(`local')dnl\nMAILER(`ssh')dnl\n", 3, "SSH_MAILER_DIR"),
    ("HACK(`dnsblaccess')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("HACK(`xconnect')dnl\n" + ACCESS + MAILERS, 1, "needs FEATURE(`access_db')"),
    ("DOMAIN(`berkeley-only')dnl\n" + MAILERS, 1, "of no use"),
    ("define(`confDELIVERY_MODE', `deferred')dnl\n" + MAILERS, 1, "no check of sender"),
    ("define(`confMIN_FREE_BLOCKS', `100/1000000')dnl\n" + MAILERS, 1, "whole number"),
    ("define(`confAUTO_REBUILD', `True')dnl\n" + MAILERS, 1, "no longer valid"),
    ("define(`confDAEMON_OPTIONS', `Port=25')dnl\n" + MAILERS, 1, "no longer valid"),
    ("define(`confCLIENT_OPTIONS', `Port=25')dnl\n" + MAILERS, 1, "no longer valid"),
    ("define(`confUNSAFE_GROUP_WRITES', `True')dnl\n" + MAILERS, 1, "no longer valid"),
    ("define(`confREAD_TIMEOUT', `5m')dnl\n" + MAILERS, 1, "no longer valid"),
    ("define(`confDEF_GROUP_ID', `12')dnl\n" + MAILERS, 1, "no longer valid"),
] + [("%s\nR$*\t$@ OK\n" % part + MAILERS, 1, "MAILER() must stand above") for part in (
    "LOCAL_SRV_FEATURES", "LOCAL_CLT_FEATURES", "LOCAL_TRY_TLS", "LOCAL_TLS_RCPT", "LOCAL_TLS_CLIENT", "LOCAL_TLS_SERVER")]


@pytest.mark.parametrize("text, line, said", COMPLAINTS)
def test_every_complaint_of_the_library_is_made_before_m4_runs(text, line, said):
    found = faults(text)
    assert (line, said) in [(number, said) for number, reason in found if said in reason], found


@pytest.mark.parametrize("name", sorted(name for name, feature in language.FEATURES.items() if feature.forbidden))
def test_a_forbidden_feature_passes_with_a_waiver_only(name):
    feature = language.FEATURES[name]
    arguments = ", `x.example'" if feature.args and feature.args[0] == "any" else ""
    text = (ACCESS if feature.requires else "") + "FEATURE(`%s'%s)dnl\n" % (name, arguments) + MAILERS
    version = feature.since if feature.until else (8, 18, 1)
    assert [reason for _line, reason in faults(text, version=version) if "forbidden" in reason]
    assert faults(text, version=version, waivers=[name]) == []


@pytest.mark.parametrize("name, profile", sorted((name, profile) for name, feature in language.FEATURES.items() for profile in feature.profiles))
def test_what_one_profile_forbids_the_others_may_have(name, profile):
    values = {"nullclient": ", `hub.example'", "ldap_routing": ", `ldap -k (a=%0)', `ldap -k (b=%0)'"}
    text = "FEATURE(`%s'%s)dnl\n" % (name, values.get(name, "")) + ("" if name in language_features.BRINGS_MAILERS else MAILERS)
    if "virtusertable" in language.FEATURES[name].requires:
        text = "FEATURE(`virtusertable')dnl\n" + text
    found = faults(text, profile=profile)
    assert [reason for _line, reason in found if "forbidden on a host of profile %s" % profile in reason]
    assert faults(text, profile=profile, waivers=[name, "virtusertable"]) == [] and faults(text) == []


@pytest.mark.parametrize("name, release, spelt", [
    ("blocklist_recipients", (8, 15, 2), "blacklist_recipients"), ("blacklist_recipients", (8, 15, 2), "blacklist_recipients"),
    ("blacklist_recipients", (8, 16, 1), "blocklist_recipients"), ("blocklist_recipients", (8, 18, 1), "blocklist_recipients"),
    ("blocklist_recipients", (), "blocklist_recipients"), ("mailertable", (8, 15, 2), "mailertable"), ("no_such", (8, 15), "no_such")])
def test_a_renamed_feature_has_the_name_that_a_release_knows(name, release, spelt):
    assert language.spelt(name, release) == spelt


@pytest.mark.parametrize("text, version, said", [
    (ACCESS + "FEATURE(`blocklist_recipients')dnl\n" + MAILERS, (8, 15, 2), "it came with 8.16"),
    (MAILERS + "LOCAL_CLT_FEATURES\nR$*\t$@ D\n", (8, 16, 1), "it came with 8.17"),
    (MAILERS + "LOCAL_CONFIG\nO SMTPUTF8=True\n", (8, 16, 1), "it came with 8.17"),
    (MAILERS + "LOCAL_CONFIG\nO MaxHopCuont=25\n", (8, 18, 1), "Did you mean MaxHopCount?"),
    (MAILERS + "LOCAL_CONFIG\nKx hahs /etc/x\n", (8, 18, 1), "Did you mean hash?")])
def test_what_a_release_does_not_know(text, version, said):
    assert [reason for _line, reason in faults(text, version=version) if said in reason]


# What two real programs say: Debian 13's, and one compiled from the makers' archive (EL 9's test host).
DEBIAN_SAYS = """Version 8.18.1
 Compiled with: DANE HAVE_SSL_CTX_dane_enable MAX_TLSA_RR=64 DNSMAP
\t\tIPV6_FULL LDAPMAP MAP_REGEX MILTER NAMED_BIND NEWDB=5.3
\t\tSASLv2 SOCKETMAP STARTTLS
    OS Defines: ADDRCONFIG_IS_BROKEN HASFCHOWN HASFCHMOD HASFLOCK
     Conf file:\t/etc/mail/sendmail.cf (default for MTA)
   FFR Defines: _FFR_BADRCPT_SHUTDOWN _FFR_MAIL_MACRO _FFR_MTA_STS
\t\t_FFR_SKIP_DOMAINS _FFR_TLS_ALTNAMES _FFR_M_ONLY_IPV4
Canonical name: gw.example.com
"""
ARCHIVE_SAYS = """Version 8.17.1.9
 Compiled with: DNSMAP IPV6_FULL LDAPMAP LOG MAP_REGEX MILTER
\t\tNAMED_BIND NEWDB=5.3 CDB=1 SASLv2 SOCKETMAP STARTTLS
    OS Defines: ADDRCONFIG_IS_BROKEN HASFCHOWN HASFCHMOD HASFLOCK
   FFR Defines:
Canonical name: gw.example.com
"""


class Says(object):
    """A runner whose program says one thing."""

    def __init__(self, text):
        self.text = text

    def run(self, command, stdin=None):
        assert command[-2:] == ["-d0.13", "-bt"]
        return collections.namedtuple("Result", "stdout")(self.text)


@pytest.mark.parametrize("text", [
    "FEATURE(`sts', `socket -T<TMPF> inet:5461@127.0.0.1')dnl\n" + MAILERS, "FEATURE(`check_cert_altnames')dnl\n" + MAILERS,
    "define(`confDANE', `true')dnl\n" + MAILERS])
def test_what_a_real_program_says_decides(text):
    version, flags = probe.release(Says(DEBIAN_SAYS), "/usr/sbin/sendmail")
    assert version == (8, 18, 1) and faults(text, version=version, flags=flags) == []
    version, flags = probe.release(Says(ARCHIVE_SAYS), "/usr/sbin/sendmail")
    assert version == (8, 17, 1, 9) and "was compiled without it" in faults(text, version=version, flags=flags)[0][1]
