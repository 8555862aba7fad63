# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""FEATURE, HACK, MAILER, OSTYPE and DOMAIN: what stands in the directories of sendmail's cf library, as data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# args: kinds of the arguments behind the name, or words to choose from after "="; "*" marks one that must be there. flags: what must be compiled in. needs:
# names that must be defined above. profiles: profile -> why it is forbidden there. The last three are for people: what the arguments are, what it does, and
# when to use it.
Feature = collections.namedtuple("Feature", "args since until requires excludes instead forbidden flags needs profiles arguments effect advice")
Feature.__new__.__defaults__ = ((), None, None, (), (), None, None, (), (), {}, "", "", "")

FEATURES = {
    "accept_unqualified_senders": Feature(
        forbidden="anyone may then send as a bare user name; give the internal listener the modifier u instead",
        effect="accept MAIL FROM without domain", advice="off; use daemon modifier u for internal listener only"),
    "accept_unresolvable_domains": Feature(
        forbidden="mail from domains that do not exist is then taken, and its bounces can not be delivered",
        effect="accept senders whose domain does not resolve", advice="off on gateways (EL default mc turns it ON)"),
    "access_db": Feature(
        args=("map", "=skip|lookupdotdomain|relaytofulladdress", "=skip|lookupdotdomain|relaytofulladdress", "=skip|lookupdotdomain|relaytofulladdress"),
        arguments="map spec (default hash -T<TMPF> /etc/mail/access), skip, lookupdotdomain, relaytofulladdress", effect="policy map", advice="on; no -o"),
    "allmasquerade": Feature(effect="masquerade recipients as well", advice="off"),
    "always_add_domain": Feature(args=("domain",), arguments="domain", effect="qualify local addresses", advice="on"),
    "authinfo": Feature(
        args=("map",), since=(8, 12), flags=("SASL",), arguments="map spec", effect="client-auth map separate from access",
        advice="on if smart host needs AUTH; map 0600"),
    "badmx": Feature(
        args=("any",), since=(8, 14), flags=("MAP_REGEX", "DNSMAP", "NAMED_BIND"), arguments="regex of bad MX addresses",
        effect="reject senders whose MX is bogus/RFC1918", advice="optional on gateways; extra DNS"),
    "bcc": Feature(
        args=("any", "any", "any", "any"), flags=("_FFR_ADD_BCC",), arguments="map or access, bcc target, ...",
        effect="silent copy (AddBcc) by recipient", advice="off; privacy and legal relevance"),
    "bestmx_is_local": Feature(
        args=("any",), forbidden="whoever points an MX record here makes this host take that domain for local", flags=("NAMED_BIND",),
        arguments="domain list", effect="treat anything with us as best MX as local", advice="off; third parties could point MX at you"),
    "bitdomain": Feature(args=("map",), arguments="map spec", effect="bitnet names", advice="off (obsolete)"),
    "blacklist_recipients": Feature(
        until=(8, 16), requires=("access_db",), instead="blocklist_recipients",
        effect="old name of blocklist_recipients; only name in 8.15 (EL8)", advice="version-dependent name"),
    "block_bad_helo": Feature(
        since=(8, 14), effect="refuse unqualified or own-name HELO at RCPT",
        advice="on for gateways; adds loopback to classes R and w; AUTH and class R are exempt; no access override"),
    "blocklist_recipients": Feature(
        since=(8, 16), requires=("access_db",), instead="blacklist_recipients", effect="To: rejects in access (8.16+)",
        advice="on"),
    "check_cert_altnames": Feature(
        since=(8, 16), flags=("_FFR_TLS_ALTNAMES",), effect="export SANs for tls policy (8.16+)",
        advice="on if CN: checks are used"),
    "check_other": Feature(
        args=("any",), since=(8, 17), flags=("MAP_REGEX",), arguments="regex",
        effect="drop clients sending header-like lines as commands (8.17+)", advice="on for gateways"),
    "compat_check": Feature(since=(8, 12), requires=("access_db",), effect="sender<@>recipient pairs in access", advice="optional"),
    "conncontrol": Feature(
        args=("=nodelay", "=terminate"), since=(8, 13), requires=("access_db",), arguments="nodelay, terminate",
        effect="concurrent connections per client (ClientConn:)", advice="on, nodelay+terminate"),
    "delay_checks": Feature(
        args=("=friend|hater", "any"), arguments="friend or hater, second argument = 8.10 behaviour",
        effect="run client/sender checks at RCPT", advice="on with no argument (better logging; AUTH bypass); beware check_relay results delayed"),
    "dnsbl": Feature(
        args=("*domain", "any", "any"), flags=("NAMED_BIND",), arguments="zone, message, t/msg", effect="IPv4 DNS list",
        advice="prefer enhdnsbl"),
    "domainmap": Feature(args=("*domain", "*map"), flags=("MAP_REGEX",), arguments="domain, map", effect="per-domain map (Debian extra)", advice="off"),
    "domaintable": Feature(args=("map",), arguments="map spec", effect="domain renaming in headers", advice="optional"),
    "drac": Feature(args=("map",), arguments="map spec", effect="POP-before-SMTP (Debian extra)", advice="off"),
    "enhdnsbl": Feature(
        args=("*domain", "any", "any", "any", "any", "any", "any", "any", "any"), since=(8, 12), flags=("DNSMAP",),
        arguments="zone, message, t/msg, up to 5 results", effect="DNS list with result match", advice="optional list; needs own resolver and subscription"),
    "fips3": Feature(
        args=("path", "path"), since=(8, 18), flags=("STARTTLS",), arguments="cnf path, module dir", effect="OpenSSL 3 FIPS provider (8.18)",
        advice="on FIPS hosts"),
    "generics_entire_domain": Feature(requires=("genericstable",), effect="class G covers subdomains", advice="optional"),
    "genericstable": Feature(args=("map",), arguments="map spec", effect="outgoing address rewrite", advice="optional"),
    "greet_pause": Feature(
        args=("integer",), since=(8, 13), requires=("access_db",), arguments="milliseconds",
        effect="wait before banner, reject early talkers", advice="5000 on gateway; access GreetPause: exceptions. Must come after access_db"),
    "ldap_routing": Feature(
        args=("lookup", "lookup", "=passthru|bounce|sendertoo", "=strip|preserve", "any", "=tempfail|queue"), flags=("LDAPMAP",),
        profiles={"nullclient": "a null client routes nothing; the hub does"},
        arguments="mailHost map, mailRoutingAddress map, bounce/passthru/sendertoo, strip/preserve, nodomain, tempfail/queue", effect="LDAP laser routing",
        advice="optional"),
    "limited_masquerade": Feature(effect="only class M masqueraded", advice="optional"),
    "local_lmtp": Feature(
        args=("path", "any"), profiles={"nullclient": "it delivers to mailboxes here, and a null client has none"}, arguments="path, args",
        effect="LMTP local mailer", advice="preferred for hubs"),
    "local_no_masquerade": Feature(since=(8, 12), effect="local mailer not masqueraded", advice="optional"),
    "local_procmail": Feature(
        args=("path", "any", "flags"),
        profiles={"gateway": "procmail runs programs of its own, which smrsh never sees, and a gateway has no mailboxes",
                  "nullclient": "it delivers to mailboxes here, and a null client has none"},
        arguments="path, args, flags", effect="procmail as LDA", advice="off; procmail undermines smrsh"),
    "lookupdotdomain": Feature(
        since=(8, 12), requires=("access_db",), excludes=("relay_hosts_only",), effect="access lookups with .domain",
        advice="optional"),
    "loose_relay_check": Feature(forbidden="user%third.example@here is then relayed", effect="do not recheck %-hack", advice="off"),
    "mailertable": Feature(args=("map",), arguments="map spec", effect="routing by domain", advice="on (gateway)"),
    "masquerade_entire_domain": Feature(effect="class M is domains", advice="optional"),
    "masquerade_envelope": Feature(effect="envelope masquerade", advice="on with masquerading"),
    "msp": Feature(
        args=("host", "=MSA"), since=(8, 12),
        profiles={"gateway": "it is the submission program; the daemon needs no such feature",
                  "hub": "it is the submission program; the daemon needs no such feature"},
        arguments="host, literal MSA (any other second argument, e.g. a port number, is silently ignored)", effect="submission program config",
        advice="submit.cf only; custom port through RELAY_MAILER_ARGS"),
    "mtamark": Feature(
        args=("any", "any", "any"), since=(8, 13), flags=("DNSMAP",), arguments="msg, t, prefix", effect="experimental rDNS TXT",
        advice="off"),
    "no_default_msa": Feature(effect="suppress implicit MSA on 587", advice="always on; declare listeners explicitly"),
    "nocanonify": Feature(args=("=canonify_hosts",), arguments="canonify_hosts", effect="no DNS canonification of addresses", advice="on for gateways"),
    "nopercenthack": Feature(args=("*=reject|nospecial",), since=(8, 15), arguments="reject/nospecial", effect="% routing", advice="on with reject"),
    "notsticky": Feature(forbidden="it does nothing since 8.7; leave it out", effect="obsolete", advice="never"),
    "nouucp": Feature(args=("*=reject|nospecial",), arguments="reject/nospecial", effect="! routing", advice="on with reject"),
    "nullclient": Feature(
        args=("*relay",),
        profiles={"gateway": "it sends everything to one hub, so no mail would be taken for anybody",
                  "hub": "it sends everything to another hub, so no mailbox is reached"},
        arguments="hub", effect="forward everything to hub", advice="null-client profile; unbracketed hub or MASQUERADE_AS afterwards"),
    "prefixmod": Feature(args=("*any", "*any"), arguments="prefix, daemon flags", effect="flag changes by recipient prefix (undocumented)", advice="off"),
    "preserve_local_plus_detail": Feature(since=(8, 12), effect="keep +detail", advice="optional"),
    "preserve_luser_host": Feature(since=(8, 12), needs=("LUSER_RELAY",), effect="keep host with LUSER_RELAY", advice="optional"),
    "promiscuous_relay": Feature(
        forbidden="the host relays for everyone: an open relay, found and abused within hours", effect="open relay",
        advice="forbidden"),
    "queuegroup": Feature(
        args=("word",), since=(8, 12), requires=("access_db",), arguments="default group", effect="choose queue group by access QGRP:",
        advice="optional"),
    "ratecontrol": Feature(
        args=("=nodelay", "=terminate"), since=(8, 13), requires=("access_db",), arguments="nodelay, terminate",
        effect="connection rate per client (ClientRate:)", advice="on, nodelay+terminate"),
    "redirect": Feature(effect="551 for .REDIRECT aliases", advice="on"),
    "relay_based_on_MX": Feature(
        forbidden="whoever points an MX record here may relay through this host", flags=("NAMED_BIND",),
        effect="relay for any domain with MX to us", advice="forbidden on the Internet"),
    "relay_entire_domain": Feature(
        forbidden="every host that claims a name in the domain may relay; name networks in the access map instead",
        effect="relay for hosts in class m", advice="off"),
    "relay_hosts_only": Feature(excludes=("lookupdotdomain",), effect="class R entries are hosts", advice="on when relay-domains lists hosts"),
    "relay_local_from": Feature(
        forbidden="a sender address is easily forged: an open relay for whoever writes our domain in it",
        effect="relay by local sender domain", advice="forbidden (forgeable)"),
    "relay_mail_from": Feature(
        args=("=domain",), requires=("access_db",), forbidden="a sender address is easily forged: an open relay for whoever knows one",
        arguments="domain", effect="relay by sender", advice="forbidden (forgeable)"),
    "require_rdns": Feature(since=(8, 14), effect="reject clients without matching PTR", advice="optional; strict gateways"),
    "rhsbl": Feature(args=("*domain", "any", "any"), arguments="zone, msg, t", effect="sender-domain DNS list (Debian extra)", advice="optional"),
    "smrsh": Feature(args=("path",), arguments="path", effect="restricted shell for prog mailer", advice="on"),
    "stickyhost": Feature(profiles={"nullclient": "a null client has no local users"}, effect="no local relay for user@local.host", advice="with MAIL_HUB"),
    "sts": Feature(
        args=("map", "=NO_SAN_TST"), since=(8, 17), flags=("_FFR_MTA_STS", "_FFR_TLS_ALTNAMES", "SOCKETMAP", "STARTTLS"),
        arguments="socket map, NO_SAN_TST", effect="MTA-STS lookups (8.17+, _FFR_MTA_STS)", advice="on where compiled and resolver daemon is present"),
    "tls_failures": Feature(
        since=(8, 16), until=(8, 17),
        forbidden="it is now the option confTLS_FALLBACK_TO_CLEAR, and falling back to clear text is a downgrade",
        effect="deprecated, replaced by confTLS_FALLBACK_TO_CLEAR", advice="never"),
    "tls_session_features": Feature(
        since=(8, 16), requires=("access_db",), flags=("STARTTLS",), effect="per-host TLS options through access (8.16+)",
        advice="on"),
    "use_client_ptr": Feature(since=(8, 13), effect="check_relay sees PTR name", advice="on when delay_checks and hostname rejects are used"),
    "use_ct_file": Feature(effect="trusted-users file", advice="off unless needed"),
    "use_cw_file": Feature(effect="local-host-names file", advice="on"),
    "uucpdomain": Feature(args=("map",), arguments="map", effect="UUCP domains", advice="off"),
    "virtuser_entire_domain": Feature(
        requires=("virtusertable",),
        profiles={"nullclient": "a null client takes mail for nobody; virtual domains live on the hub"}, effect="class VirtHost covers subdomains",
        advice="optional"),
    "virtusertable": Feature(
        args=("map",), profiles={"nullclient": "a null client takes mail for nobody; virtual domains live on the hub"},
        arguments="map spec", effect="virtual users", advice="optional"),
    "vnet": Feature(forbidden="it routes IBM's VNET of the nineties", effect="IBM vnet (Debian extra)", advice="off"),
}
# These bring mailers in themselves, so nothing that must come before MAILER() may follow them.
BRINGS_MAILERS = {"nullclient": ("local", "smtp"), "msp": ("local",)}
# May stand more than once, each time for another list, domain or prefix.
REPEATED = ("bcc", "dnsbl", "domainmap", "enhdnsbl", "mtamark", "prefixmod", "rhsbl")
# name -> FEATUREs that must stand above it.
HACKS = {"cssubdomain": (), "debian_auth": (), "dnsblaccess": ("access_db",), "msp_nullclient": (), "nodns": (), "spamtrap": (), "virthost_by_ip": (),
         "xconnect": ("access_db",)}
# Files that only complain, or that are meant for one place on earth.
USELESS = {("OSTYPE", "unknown"): "it only says that no system was named", ("OSTYPE", "bsdi1.0"): "its name is bsdi now",
           ("OSTYPE", "bsdi2.0"): "its name is bsdi now", ("DOMAIN", "berkeley-only"): "it refuses to work outside of Berkeley"}

Mailer = collections.namedtuple("Mailer", "names after needs meaning")
Mailer.__new__.__defaults__ = ((), (), "")
MAILERS = {
    "cyrus": Mailer(("cyrus", "cyrusbb"), meaning="Cyrus IMAP by its program deliver"),
    "cyrusv2": Mailer(("cyrusv2",), meaning="Cyrus IMAP by LMTP"),
    "fax": Mailer(("fax",), meaning="a fax program"),
    "local": Mailer(("local", "prog"), meaning="mailboxes and programs; needed wherever there are aliases"),
    "mail11": Mailer(("mail11",), meaning="DECnet"),
    "phquery": Mailer(("ph",), meaning="a directory by phquery"),
    "pop": Mailer(("pop",), meaning="mailboxes of MH"),
    "procmail": Mailer(("procmail",), meaning="procmail for what a mailertable sends there"),
    "qpage": Mailer(("qpage",), meaning="pagers"),
    "smtp": Mailer(("smtp", "esmtp", "smtp8", "dsmtp", "relay"), meaning="SMTP; needed wherever mail leaves"),
    "ssh": Mailer(("ssh",), needs=("SSH_MAILER_USER", "SSH_MAILER_DIR"), meaning="another host by ssh (Debian)"),
    "usenet": Mailer(("usenet",), meaning="news"),
    "uucp": Mailer(("uucp-old", "uucp", "uucp-new", "suucp", "uucp-uudom", "uucp-dom"), after=("smtp",), meaning="UUCP"),
    "xagent": Mailer(("xagent",), meaning="a gateway to X.400 (Debian)"),
}
BUILT_IN_MAILERS = ("error", "discard", "*file*", "*include*", "prog", "local")
# What a vendor's OSTYPE or DOMAIN sets, where a check has to know it.
VENDOR_DEFINES = {("DOMAIN", "debian-mta"): {"confSAFE_FILE_ENV": "/"}}


def spelt(name, release):
    """Return the name of a feature in a release: a renamed one has the name that the release knows.

    :param tuple release: numbers such as ``(8, 15, 2)``; None or empty leaves the name as it is.
    """
    feature = FEATURES.get(name)
    if not feature or not feature.instead or not release:
        return name
    too_new = feature.since and tuple(release) < feature.since
    too_old = feature.until and tuple(release) >= feature.until
    return feature.instead if too_new or too_old else name
