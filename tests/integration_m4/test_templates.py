# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The templates of the role config, rendered from variables as a site writes them, and compiled by the real m4.

A value either comes back whole from the compiled file or is refused by the name of its variable; nothing runs, nothing complains, and a second compilation
gives the same bytes.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import os
import re

import jinja2
import pytest
import yaml
from jinja2.nativetypes import NativeEnvironment
from real_m4 import CF, compile_mc, library_version

from ansible_collections.mailjail.sendmail.plugins.module_utils import mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.cf import parse
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan

ROLES = os.path.join(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))), "roles")
BASE = {"sendmail_domain": "corp.example", "sendmail_mail_server": "mail.corp.example", "sendmail_privilege": "jailed", "sendmail_run_user": "mailgw",
        "sendmail_today": "2026-01-01"}
# Debian's own ostype reads a file by its absolute path, so an unpacked library can not use it.
OSTYPE = "debian" if os.path.isfile("/usr/share/sendmail/cf/debian/autoconf.m4") else "linux"
VERSION = ".".join(str(part) for part in library_version())
INFO = {"host": {"fqdn": "gw.corp.example", "distribution": {"family": "debian", "id": "debian", "version_id": "13"}},
        "sendmail": {"version": VERSION}, "maps": {"types": ["hash", "btree", "implicit"]}}
# A site that says something everywhere.
FULL = {
    "sendmail_relay_networks": ["10.20.0.0/16", "2001:db8:20::/48"], "sendmail_relay_domains": ["other.example"], "sendmail_host_name": "gw.corp.example",
    "sendmail_local_host_names": ["alt.corp.example"], "sendmail_smart_host": "relay:[relay.provider.example]", "sendmail_mailers": ["procmail"],
    "sendmail_dns_block_lists": [{"zone": "a.bl.example"}, {"zone": "b.bl.example", "message": "listed: $&{client_addr}", "results": ["127.0.0.2"],
                                                            "temporary_failure": "defer"}],
    "sendmail_masquerade": {"exceptions": ["lists.corp.example"], "exposed_users": ["root", "backup"], "recipients": True},
    "sendmail_virtusertable": {"entries": [{"key": "@virt.example", "value": "x@corp.example"}], "domains": ["virt.example"]},
    "sendmail_genericstable": {"entries": [{"key": "x", "value": "y@corp.example"}], "domains": ["gw.corp.example"]},
    "sendmail_domaintable": {"entries": [{"key": "old.example", "value": "corp.example"}]},
    "sendmail_userdb": {"entries": [{"key": "b:maildrop", "value": "b@corp.example"}]},
    "sendmail_authinfo": {"entries": [{"host": "relay.provider.example", "user": "u", "password": "p"}]},
    "sendmail_tls": {"certificates": "given", "certificate": "-----BEGIN CERTIFICATE-----", "key": "-----BEGIN PRIVATE KEY-----",
                     "second": {"certificate": "second.pem", "key": "second.key"}, "client": {"certificate": "client.pem", "key": "client.key"},
                     "ca": "ca.pem", "crl": "crl.pem", "dh": "dh.pem", "minimum": "1.3", "fallback_to_clear": True},
    "sendmail_tls_policy": [{"peer": "partner.example", "require": "verify", "cn": "mx.partner.example"}],
    "sendmail_mta_sts": {"enabled": True, "socket": "local:/run/sts.sock"}, "sendmail_dane": {"enabled": True},
    "sendmail_tls_relay": [{"issuer": "CN=Lab,O=Lab (1),C=DE", "subject": "CN=host.example"}],
    "sendmail_trusted_users": ["www-data"], "sendmail_features": [{"name": "badmx"}, {"name": "require_rdns"}],
    "sendmail_options": {"confLOG_LEVEL": 12, "confDANE": True, "confTO_CONNECT": "20s"}, "sendmail_local_config": "D{Site}some words # of the site",
    "sendmail_local_rulesets": "SLocal_check_mail\nR$*\t\t$@ $1", "sendmail_timeouts": {"queuewarn": "1d", "queuewarn_urgent": "2h"},
    "sendmail_listeners": [{"name": "MTA", "address": "0.0.0.0", "modifiers": ["A", "E"]}, {"name": "six", "address": "::", "listen": 20},
                           {"name": "in", "address": "127.0.0.1", "port": 587, "delivery_mode": "background"}]}
DIRECTORY = {"name": "people", "class": "ldap", "uri": "ldaps://l.example/", "base": "dc=corp", "filter": "(&(mail=%0)(uid=*))", "attributes": ["uid", "cn"]}
# Every variable that stands for one statement of the language.
SPOKEN = {
    "sendmail_undefine": ["confTO_HOSTSTATUS"], "sendmail_mailer_flags": {"relay": "+S-n", "PROG": "-9"},
    "sendmail_ldap": {"cluster": "Servers", "default_spec": "-H ldap://l.example -b dc=example,dc=com"},
    "sendmail_ldap_routing": {"mail_host": "ldap -1 -T<TMPF> -v mailHost -k (&(objectClass=r)(mail=%0))", "missing": "bounce", "detail": "strip",
                              "without_domain": True, "temporary_failure": "tempfail", "domains": ["ldap.example"], "equivalents": ["eq.example"]},
    "sendmail_classes": {"LOCAL_USER": ["backup"], "CANONIFY_DOMAIN": ["canon.example"], "RELAY_DOMAIN_FILE": ["/etc/mail/more"], "TRUST_AUTH_MECH": ["PLAIN"]},
    "sendmail_queue_groups": [{"name": "slow", "path": "/var/spool/mqueue/slow", "interval": "1h"}, {"name": "mqueue", "jobs": 99}],
    "sendmail_client_options": [{"address": "192.0.2.1", "modifiers": ["h"]}, {"address": "2001:db8::1"}], "sendmail_mc_domain": "generic",
    "sendmail_masquerade": {"limited": True, "local_unmasqueraded": True, "domain_files": ["/etc/mail/m"], "exception_files": ["/etc/mail/n"],
                            "exposed_user_files": ["/etc/mail/e"]},
    "sendmail_domaintable": {"entries": [{"key": "old.example", "value": "corp.example"}], "also": ["people"]}, "sendmail_aliases": {"also": ["people"]},
    "sendmail_map_definitions": [{"name": "digits", "class": "regex", "pattern": "^([0-9]+)@(.+)$", "substrings": "1,2"}, DIRECTORY,
                                 {"name": "both", "class": "sequence", "maps": ["digits", "people"]}],
    "sendmail_raw_parts": {"LOCAL_RULE_0": "Rzero$*\t$: $1", "LOCAL_RULE_1": "Rone$*\t$: $1", "LOCAL_RULE_2": "Rtwo$*\t$: $1",
                           "LOCAL_RULE_3": "Rthree$*\t$: $1",
                           "LOCAL_NET_CONFIG": "Rnet$*\t$: $1", "LOCAL_DNSBL": "Rdns$*\t$: $1", "LOCAL_UUCP": "Ruucp$*\t$: $1",
                           "MAILER_DEFINITIONS": "Mown, P=/usr/bin/own, F=lsDFM, A=own $u", "LOCAL_TLS_RCPT": "Rrcpt$*\t$@ $1"},
    "sendmail_rulesets": {"Local_check_mail": ["Rmail$*\t$@ $1"], "check_data": ["Rdata$*\t$@ $1"], "Local_srv_features": ["Rfeat$*\t$@ $1"],
                          "Local_localaddr": ["Rlocal$*\t$@ $1"]}}
PROFILE = {"__sendmail_profile": yaml.safe_load(open(os.path.join(ROLES, "gateway", "defaults", "main.yml"), encoding="utf-8"))["__sendmail_profile"]}


class Variables(jinja2.runtime.Context):
    """A variable may be a template that names other variables, as in Ansible."""

    def resolve_or_missing(self, key):
        """Return a variable, templates in it resolved."""
        return self._resolved(super(Variables, self).resolve_or_missing(key))

    def _resolved(self, value):
        if isinstance(value, dict):
            return {key: self._resolved(one) for key, one in value.items()}
        if isinstance(value, list):
            return [self._resolved(one) for one in value]
        if isinstance(value, str) and value.startswith("{{"):
            return expression(value).render(self.get_all())
        return value


def combine(first, *others):
    """Lay dictionaries over each other."""
    whole = dict(first)
    for other in others:
        whole.update(other)
    return whole


@functools.lru_cache(None)
def environment(kind):
    """Return Jinja with what the role needs of Ansible."""
    found = kind(loader=jinja2.FileSystemLoader(os.path.join(ROLES, "config", "templates")), trim_blocks=True, keep_trailing_newline=True,
                 undefined=jinja2.StrictUndefined)
    found.context_class = Variables
    found.filters.update({"combine": combine, "mailjail.sendmail.config_plan": plan.plan})
    found.tests["version"] = lambda value, other, operator: [int(part) for part in value.split(".")] >= [int(part) for part in other.split(".")]
    return found


@functools.lru_cache(None)
def expression(text):
    """Return what evaluates an expression; each is compiled once."""
    return environment(NativeEnvironment).from_string(text.strip())


@functools.lru_cache(None)
def read(*path):
    with open(os.path.join(ROLES, *path), encoding="utf-8") as source:
        return yaml.safe_load(source)


def variables_of(said):
    """Return all variables of a site on a host of Debian's."""
    variables = dict(read("config", "defaults", "main.yml"), **read("config", "vars", "main.yml"))
    variables.update(read("platform", "vars", "debian.yml"), __sendmail_state_directory="/var/lib/mailjail", __sendmail_info=INFO)
    variables["__sendmail_tls_site"] = read("platform", "vars", "main.yml")["__sendmail_tls_site"]
    variables.update(BASE, **said)
    variables["__sendmail_platform"] = dict(variables["__sendmail_platform"], cf_library=CF, ostype=OSTYPE)
    return variables


def rendered(name, said):
    """Return one of the two .mc files of a site."""
    return environment(jinja2.Environment).get_template(name).render(variables_of(said))


@pytest.mark.parametrize("name", ["sendmail.mc.j2", "submit.mc.j2"])
@pytest.mark.parametrize("said", [
    {}, PROFILE, FULL, dict(FULL, **PROFILE), {"sendmail_domain": "", "sendmail_mail_server": ""},
    SPOKEN, {"sendmail_delivery_mode": "queueonly", "sendmail_limits": {"greet_pause": 0}},
    {"sendmail_local_delivery": {"mailboxes": True, "programs": True, "includes": True}},
    dict(PROFILE, sendmail_privilege="unprivileged"),
], ids=["alone", "gateway", "full", "full gateway", "nothing", "spoken", "queue", "delivery", "unprivileged"])
def test_every_site_compiles_in_silence_and_to_the_same_bytes(name, said):
    text = rendered(name, said)
    assert mc.check(text, library_version(), waivers=[]) is not None
    first, second = compile_mc(text), compile_mc(text)
    assert (first.rc, first.err) == (0, "")
    assert first.cf == second.cf and re.search("^Mlocal,", first.cf, re.M)


def test_what_a_site_says_stands_in_the_compiled_file():
    cf = compile_mc(rendered("sendmail.mc.j2", dict(FULL, **PROFILE))).cf
    for line in ("Djgw.corp.example", "DSrelay:[relay.provider.example]", "DMcorp.example", "C{M}corp.example", "C{N}lists.corp.example", "C{E}root",
                 "Kaccess btree -T<TMPF> /etc/mail/access", "Kmailertable btree /etc/mail/mailertable", "O AliasFile=hash:/etc/aliases",
                 "O Timeout.connect=20s", "O Timeout.queuewarn=1d", "O Timeout.queuewarn.urgent=2h", "O LogLevel=12", "O DANE=True",
                 "O ServerCertFile=/etc/mail/tls/mailjail/server.pem,/etc/mail/tls/mailjail/second.pem",
                 "O ServerKeyFile=/etc/mail/tls/mailjail/server.pem,/etc/mail/tls/mailjail/second.pem",
                 "O ClientCertFile=/etc/mail/tls/mailjail/client.pem", "O ClientKeyFile=/etc/mail/tls/mailjail/client.pem",
                 "O CACertFile=/etc/mail/tls/mailjail/ca.pem", "O CACertPath=/etc/ssl/certs", "O CRLFile=/etc/mail/tls/mailjail/crl.pem",
                 "O DHParameters=/etc/mail/tls/mailjail/dh.pem", "Ksts socket -d5 -T<TMPF> local:/run/sts.sock", "O TLSFallbacktoClear=True",
                 "O ClientSSLOptions=+SSL_OP_NO_SSLv2 +SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1 +SSL_OP_NO_TLSv1_2",
                 "O DontBlameSendmail=safe", "O SafeFileEnvironment=/var/mailjail", "O SmtpGreetingMessage=$j", "O SuperSafe=interactive",
                 "O DaemonPortOptions=Name=in, Family=inet, Addr=127.0.0.1, Port=587, Modifiers=A, Listen=200, DeliveryMode=background",
                 "D{Site}some words # of the site", "C{VirtHost}virt.example", "C{G}gw.corp.example", "O UserDatabaseSpec=/etc/mail/userdb.db",
                 "Ft/etc/mail/trusted-users", "R<?>$+<TMP>\t\t$#error $@ 4.4.3 $: \"451 Temporary lookup failure of \" $&{client_addr} \" at b.bl.example\""):
        assert "\n%s\n" % line in cf, line
    assert cf.count("\nO DaemonPortOptions=") == 3 and "Port=587, Name=MSA" not in cf
    assert not re.search(r"^O (HostStatusDirectory|StatusFile|DeadLetterDrop|ControlSocketName)", cf, re.M)
    assert "$v/$Z" not in cf


@pytest.mark.parametrize("flags", [[], ["STARTTLS", "_FFR_MTA_STS"]], ids=["a host yet without sendmail", "compiled in"])
@pytest.mark.parametrize("said, socket", [({}, None), ({"enabled": False, "socket": "local:/run/x"}, None), ({"enabled": True}, "inet:8461@127.0.0.1"),
                                          ({"enabled": True, "socket": "local:/run/sts.sock"}, "local:/run/sts.sock")])
def test_mta_sts_comes_from_its_variable(said, socket, flags):
    info = dict(INFO, sendmail=dict(INFO["sendmail"], compile_flags=flags))
    text = rendered("sendmail.mc.j2", dict(PROFILE, sendmail_mta_sts=said, __sendmail_info=info))
    assert mc.check(text, library_version(), waivers=[]) is not None
    done = compile_mc(text)
    assert (done.rc, done.err) == (0, "") and re.findall(r"^Ksts (.*)$", done.cf, re.M) == (["socket -d5 -T<TMPF> " + socket] if socket else [])
    assert ("\nO StrictTransportSecurity=true\n" in done.cf, "STS_Check" in re.search(r"^Stls_rcpt\n(?:(?!S).*\n)*", done.cf, re.M).group(0)) == (
        bool(socket), bool(socket))
    assert "Ksts" not in compile_mc(rendered("submit.mc.j2", dict(PROFILE, sendmail_mta_sts=said, __sendmail_info=info))).cf


@pytest.mark.parametrize("said, flags, words", [
    ({"enabled": True}, ["STARTTLS", "DANE"], "compiled without _FFR_MTA_STS"),
    ({"enabled": True, "socket": "inet:8461@192.0.2.1"}, [], "expected one of this"),
    ({"enabled": True, "port": 1}, [], "no key port")])
def test_mta_sts_is_refused_by_name_where_it_is_not(said, flags, words):
    info = dict(INFO, sendmail=dict(INFO["sendmail"], compile_flags=flags))
    with pytest.raises(SendmailError) as caught:
        rendered("sendmail.mc.j2", dict(PROFILE, sendmail_mta_sts=said, __sendmail_info=info))
    assert "sendmail_mta_sts" in caught.value.message and words in caught.value.message


def test_each_statement_that_a_site_speaks_arrives():
    cf = compile_mc(rendered("sendmail.mc.j2", SPOKEN)).cf
    for line in ("D{sendmailMTACluster}Servers", "O LDAPDefaultSpec=-H ldap://l.example -b dc=example,dc=com",
                 "Kldapmh ldap -1 -T<TMPF> -v mailHost -k (&(objectClass=r)(mail=%0))", "C{LDAPRoute}ldap.example", "C{LDAPRouteEquiv}eq.example",
                 "C{L}backup", "C{Canonify}canon.example", "F{R}/etc/mail/more", "C{TrustAuthMech}PLAIN", "Qslow, P=/var/spool/mqueue/slow, I=1h",
                 "Qmqueue, P=/var/spool/mqueue, F=f, I=10s, R=5, J=99", "O ClientPortOptions=Family=inet, Addr=192.0.2.1, Modifiers=h",
                 "O ClientPortOptions=Family=inet6, Addr=2001:db8::1", "F{M}/etc/mail/m", "F{N}/etc/mail/n", "F{E}/etc/mail/e",
                 "Mown, P=/usr/bin/own, F=lsDFM, A=own $u", "SLocal_srv_features\nRfeat$*\t$@ $1", "SLocal_tls_rcpt\nRrcpt$*\t$@ $1",
                 "SLocal_check_mail\nRmail$*\t$@ $1", "Scheck_data\nRdata$*\t$@ $1", "SLocal_localaddr\nRlocal$*\t$@ $1\nR$+ + $*\t$@ $1 + $2",
                 "Rzero$*\t$: $1", "Ssender=1\n\nRone$*\t$: $1", "Srecipient=2\n\nRtwo$*\t$: $1", "Rthree$*\t$: $1", "Rnet$*\t$: $1", "Rdns$*\t$: $1",
                 "Ruucp$*\t$: $1", "Kdigits regex -s1,2 ^([0-9]+)@(.+)$", "Kboth sequence digits people",
                 "Kdomaintable_table btree /etc/mail/domaintable", "Kdomaintable sequence domaintable_table people",
                 "O AliasFile=hash:/etc/aliases,sequence:people",
                 'Kpeople ldap -v"uid,cn" -b"dc=corp" -k"(&(mail=%0)(uid=*))" -T<TMPF> -H"ldaps://l.example/" -w3'):
        assert "\n%s\n" % line in cf, line
    assert re.search(r"^Mrelay,.* F=\S*S", cf, re.M) and not re.search(r"^Mprog,.* F=\S*9", cf, re.M) and "\nO Timeout.hoststatus=" not in cf


def test_the_submission_program_masquerades_like_the_daemon():
    said = dict(FULL, **PROFILE)
    daemon, client = (compile_mc(rendered(name, said)).cf for name in ("sendmail.mc.j2", "submit.mc.j2"))
    lines = [re.findall(r"^(?:DM|C\{[MNE]\}).*$", cf, re.M) for cf in (daemon, client)]
    assert lines[0] == lines[1] and len(lines[0]) == 5
    assert "\nD{MTAHost}[127.0.0.1]\n" in client and "A=TCP $h 25" in client


def test_an_unprivileged_daemon_delivers_to_nothing():
    cf = compile_mc(rendered("sendmail.mc.j2", dict(PROFILE, sendmail_privilege="unprivileged"))).cf
    flags = re.search(r"^Mlocal,.* F=(\S+),", cf, re.M).group(1)
    assert not set(flags) & set(":|/") and "SafeFileEnvironment=/" not in cf
    assert "\nO TrustedUser=mailgw\n" in cf and "\nO DefaultUser=mailgw:mailgw\n" in cf


HOSTILE = ["a`b", "a'b", "a\nO QueueDirectory=/tmp/evil", "a#syscmd(touch CANARY)", "dnl", "syscmd(touch CANARY)", "x')syscmd(`touch CANARY", "a,b(c",
           "$1$*", "include(/etc/passwd)", "esyscmd(touch CANARY)", "changequote([,])", "undefine(`define')"]
# Every place in which a site writes text of its own.
PLACES = {
    "sendmail_domain": lambda value: {"sendmail_domain": value}, "sendmail_mail_server": lambda value: {"sendmail_mail_server": value},
    "sendmail_host_name": lambda value: {"sendmail_host_name": value}, "sendmail_smart_host": lambda value: {"sendmail_smart_host": value},
    "sendmail_auth.realm": lambda value: dict(PROFILE, sendmail_auth={"backend": "saslauthd", "realm": value}),
    "sendmail_auth.mechanisms": lambda value: dict(PROFILE, sendmail_auth={"backend": "saslauthd", "mechanisms": [value]}),
    "sendmail_jail_path": lambda value: {"sendmail_jail_path": "/" + value}, "sendmail_run_user": lambda value: {"sendmail_run_user": value,
                                                                                                                 "sendmail_privilege": "unprivileged"},
    "sendmail_masquerade.as": lambda value: {"sendmail_masquerade": {"as": value}},
    "sendmail_masquerade.domains": lambda value: {"sendmail_masquerade": {"domains": [value]}},
    "sendmail_masquerade.exceptions": lambda value: {"sendmail_masquerade": {"exceptions": [value]}},
    "sendmail_masquerade.exposed_users": lambda value: {"sendmail_masquerade": {"exposed_users": [value]}},
    "sendmail_listeners": lambda value: {"sendmail_listeners": [{"name": "x"}, {"name": value}]},
    "sendmail_dns_block_lists zone": lambda value: {"sendmail_dns_block_lists": [{"zone": value}]},
    "sendmail_dns_block_lists message": lambda value: {"sendmail_dns_block_lists": [{"zone": "b.example", "message": value}]},
    "sendmail_dns_block_lists results": lambda value: {"sendmail_dns_block_lists": [{"zone": "b.example", "results": [value]}]},
    "sendmail_privacy_options": lambda value: {"sendmail_privacy_options": [value]}, "sendmail_mailers": lambda value: {"sendmail_mailers": [value]},
    "sendmail_features name": lambda value: {"sendmail_features": [{"name": value}]},
    "sendmail_features argument": lambda value: {"sendmail_features": [{"name": "badmx", "arguments": [value]}]},
    "sendmail_options confSMTP_LOGIN_MSG": lambda value: {"sendmail_options": {"confSMTP_LOGIN_MSG": value}},
    "sendmail_options confREJECT_MSG": lambda value: {"sendmail_options": {"confREJECT_MSG": value}},
    "sendmail_options confMAX_HOP": lambda value: {"sendmail_options": {"confMAX_HOP": value}},
    "sendmail_options confERROR_MESSAGE": lambda value: {"sendmail_options": {"confERROR_MESSAGE": value}},
    "sendmail_options confPROCESS_TITLE_PREFIX": lambda value: {"sendmail_options": {"confPROCESS_TITLE_PREFIX": value}},
    "sendmail_limits.mime_header_bytes": lambda value: {"sendmail_limits": {"mime_header_bytes": value}},
    "sendmail_limits.queue_interval": lambda value: {"sendmail_limits": {"queue_interval": value}},
    "sendmail_timeouts.command": lambda value: {"sendmail_timeouts": {"command": value}},
    "sendmail_virtusertable.domains": lambda value: {"sendmail_virtusertable": {"domains": [value]}},
    "sendmail_undefine": lambda value: {"sendmail_undefine": [value]}, "sendmail_mailer_flags": lambda value: {"sendmail_mailer_flags": {"local": "+" + value}},
    "sendmail_ldap": lambda value: {"sendmail_ldap": {"cluster": value}},
    "sendmail_ldap.default_spec": lambda value: {"sendmail_ldap": {"default_spec": value}},
    "sendmail_ldap_routing": lambda value: {"sendmail_ldap_routing": {"mail_host": value, "mail_routing_address": "hash /x"}},
    "sendmail_classes": lambda value: {"sendmail_classes": {"RELAY_DOMAIN": [value]}},
    "sendmail_queue_groups": lambda value: {"sendmail_queue_groups": [{"name": "x", "path": "/var/spool/mqueue/" + value}]},
    "sendmail_client_options": lambda value: {"sendmail_client_options": [{"address": value}]},
    "sendmail_includes": lambda value: {"sendmail_includes": [value]}, "sendmail_ostype": lambda value: {"sendmail_ostype": value},
    "sendmail_mc_domain": lambda value: {"sendmail_mc_domain": value},
    "sendmail_masquerade.domain_files": lambda value: {"sendmail_masquerade": {"domain_files": ["/" + value]}},
    "sendmail_rulesets": lambda value: {"sendmail_rulesets": {"Local_check_mail": ["R" + value + "\t$@ $1"]}},
    "sendmail_raw_parts": lambda value: {"sendmail_raw_parts": {"LOCAL_RULE_0": "R$*\t$: " + value}},
    "sendmail_map_definitions pattern": lambda value: {"sendmail_map_definitions": [{"name": "x", "class": "regex", "pattern": value}]},
    "sendmail_map_definitions base": lambda value: {"sendmail_map_definitions": [dict(DIRECTORY, base="o=" + value)]},
    "sendmail_map_definitions filter": lambda value: {"sendmail_map_definitions": [dict(DIRECTORY, filter="(mail=%s)" % value)]},
    "sendmail_local_config": lambda value: {"sendmail_local_config": "D{Site}" + value},
    "sendmail_local_rulesets": lambda value: {"sendmail_local_rulesets": "SLocal_x\nR$*\t$: " + value},
}


@pytest.mark.parametrize("value", HOSTILE)
@pytest.mark.parametrize("place", sorted(PLACES))
def test_a_value_is_data_or_refused_by_name(place, value, canary):
    value = value.replace("CANARY", str(canary))
    try:
        text = rendered("sendmail.mc.j2", dict(PROFILE, **PLACES[place](value)))
        mc.check(text, library_version(), waivers=[])
    except Exception as exc:
        assert place.split()[0] in str(exc) or "line" in str(exc)
        return
    compiled = compile_mc(text)
    assert not canary.exists() and (compiled.rc, compiled.err) == (0, "")
    assert value.split("\n")[0] in compiled.cf, "the value vanished"
    # Raw lines may set options, which is what they are for; a value may not.
    assert "QueueDirectory=/tmp/evil" not in compiled.cf or place in ("sendmail_local_config", "sendmail_local_rulesets", "sendmail_raw_parts")


NUMBERS = {"sendmail_mc_template": "plain.mc.j2", "sendmail_map_definitions": [{"name": "numbers", "class": "regex", "pattern": "^[0-9]+$"}]}


def test_maps_and_milters_that_an_adopted_site_adds_come_into_force():
    said = dict(PROFILE, sendmail_mailers=["local", "smtp"], sendmail_features=[{"name": "redirect"}], sendmail_options={"confINPUT_MAIL_FILTERS": "old"},
                sendmail_raw_statements=["MAIL_FILTER(`old', `S=inet:1@[::1]')"], sendmail_milters=[{"name": "new", "socket": "inet:8891@::1"}], **NUMBERS)
    made = compile_mc(rendered("plain.mc.j2", said))
    found = parse(made.cf)
    assert made.err == "" and found.maps["numbers"].klass == "regex" and sorted(found.milters) == ["new", "old"]
    assert [name.strip() for name in found.options["InputMailFilters"].split(",")] == ["old", "new"]


def test_what_the_plain_template_can_not_say_is_refused_by_name():
    said = dict(PROFILE, sendmail_aliases={"entries": [], "also": ["numbers"]}, **NUMBERS)
    with pytest.raises(InvalidValue) as refused:
        rendered("plain.mc.j2", said)
    assert "sendmail_aliases.also" in refused.value.message
