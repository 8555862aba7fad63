# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The statements of an .mc file, each with its place in the order, its arguments and what it does besides. Data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

SECTIONS = ("head", "OSTYPE", "DOMAIN", "define", "FEATURE", "names", "queue groups", "listeners", "milters", "MAILER", "mailer definitions", "local")
Described = collections.namedtuple("Described", "section arguments kind since flag meaning")
Described.__doc__ = """One statement.

section: index of SECTIONS; arguments: what stands in the parentheses, for people; kind: type of a single argument that names things, or None;
since: first release; flag: what must be compiled in; meaning: what it does, and what it does besides.
"""

# section; name; arguments; kind; since; flag; meaning
_ROWS = """
0; include; file; -; -; -; reads m4 text; of files besides the cf library's, each needs a waiver
0; VERSIONID; text; -; -; -; a remark in the .cf
1; OSTYPE; file; -; -; -; paths and mailers of a system; once, and first
2; DOMAIN; file; -; -; -; what hosts of a domain have in common
3; define; name, value; -; -; -; gives a name a value; see defines and variables
3; undefine; name; -; -; -; takes it back
3; MODIFY_MAILER_FLAGS; mailer, flags; -; -; -; +xy adds flags, -xy takes them away, xy puts these in the place of all
4; FEATURE; name, arguments; -; -; -; see features
4; HACK; name, arguments; -; -; -; what sendmail's makers do not vouch for
5; EXPOSED_USER; user; word; -; -; keeps the name of the host (class E)
5; EXPOSED_USER_FILE; file; class_file; 8.12; -; users of class E
5; LOCAL_USER; user; word; -; -; is never sent to the relay for local users (class L)
5; LOCAL_USER_FILE; file; class_file; 8.12; -; users of class L
5; MASQUERADE_AS; domain; host; -; -; name under which senders appear
5; MASQUERADE_DOMAIN; domain; domain; -; -; senders there appear so (class M)
5; MASQUERADE_DOMAIN_FILE; file; class_file; -; -; domains of class M
5; MASQUERADE_EXCEPTION; domain; domain; -; -; senders there do not (class N)
5; MASQUERADE_EXCEPTION_FILE; file; class_file; 8.12; -; domains of class N
5; LOCAL_DOMAIN; domain; -; -; -; a name of this host (class w): its mail is local
5; CANONIFY_DOMAIN; domain; domain; -; -; is canonified in spite of FEATURE(nocanonify) (class Canonify)
5; CANONIFY_DOMAIN_FILE; file; class_file; -; -; domains of class Canonify
5; GENERICS_DOMAIN; domain; domain; -; -; its senders are looked up in the genericstable (class G)
5; GENERICS_DOMAIN_FILE; file; class_file; -; -; domains of class G
5; LDAPROUTE_DOMAIN; domain; domain; -; LDAPMAP; is routed by LDAP (class LDAPRoute)
5; LDAPROUTE_DOMAIN_FILE; file; class_file; -; LDAPMAP; domains of class LDAPRoute
5; LDAPROUTE_EQUIVALENT; domain; domain; 8.12; LDAPMAP; a host that is looked up as the masquerade's name (class LDAPRouteEquiv)
5; LDAPROUTE_EQUIVALENT_FILE; file; class_file; 8.12; LDAPMAP; hosts of class LDAPRouteEquiv
5; VIRTUSER_DOMAIN; domain; domain; -; -; its recipients are looked up in the virtusertable (class VirtHost); relays for it, too
5; VIRTUSER_DOMAIN_FILE; file; class_file; -; -; domains of class VirtHost; relays for them, too
5; RELAY_DOMAIN; domain; -; -; -; mail for and from it is relayed (class R)
5; RELAY_DOMAIN_FILE; file; class_file; -; -; domains of class R
5; TRUST_AUTH_MECH; mechanisms; word; -; SASL; whoever authenticates by them may relay
6; QUEUE_GROUP; name, equates; -; 8.12; -; a queue of its own
7; DAEMON_OPTIONS; equates; -; -; -; a listener; without FEATURE(no_default_msa) one on port 587 of all addresses stays beside it
7; CLIENT_OPTIONS; equates; -; -; -; from where mail leaves
8; MAIL_FILTER; name, equates; -; 8.12; MILTER; a milter, used where confINPUT_MAIL_FILTERS or a listener names it
8; INPUT_MAIL_FILTER; name, equates; -; 8.12; MILTER; a milter for all mail, in the order of these statements
9; MAILER; name; -; -; -; see mailers
10; MAILER_DEFINITIONS; ; -; -; -; mailers of a site
11; LOCAL_CONFIG; ; -; -; -; lines of the .cf: macros, classes, maps, options
11; LOCAL_RULE_0; ; -; -; -; rules that choose the mailer, before the library's
11; LOCAL_RULE_1; ; -; -; -; rules for all senders
11; LOCAL_RULE_2; ; -; -; -; rules for all recipients
11; LOCAL_RULE_3; ; -; -; -; rules for every address, first
11; LOCAL_RULESETS; ; -; -; -; rulesets of a site
11; LOCAL_SRV_FEATURES; ; -; 8.14; -; rules of Local_srv_features
11; LOCAL_CLT_FEATURES; ; -; 8.17; -; rules of Local_clt_features
11; LOCAL_TRY_TLS; ; -; 8.14; -; rules of Local_try_tls
11; LOCAL_TLS_RCPT; ; -; 8.14; -; rules of Local_tls_rcpt
11; LOCAL_TLS_CLIENT; ; -; 8.14; -; rules of Local_tls_client
11; LOCAL_TLS_SERVER; ; -; 8.14; -; rules of Local_tls_server
11; LOCAL_DNSBL; ; -; 8.14; -; rules behind those of the DNS block lists
11; LOCAL_NET_CONFIG; ; -; -; -; rules for mail to other hosts of the local network
11; LOCAL_UUCP; ; -; -; -; rules for UUCP
11; SITE; names; -; -; -; UUCP neighbours, in a site's file
11; SITECONFIG; file, name, class; -; -; -; reads a site's file of UUCP neighbours
11; UUCPSMTP; UUCP name, host; -; -; -; sends a UUCP name to a host by SMTP
"""


def _described():
    found = collections.OrderedDict()
    for row in _ROWS.strip().splitlines():
        section, name, arguments, kind, since, flag, meaning = [part.strip() for part in row.split(";", 6)]
        numbers = None if since == "-" else tuple(int(part) for part in since.split("."))
        found[name] = Described(int(section), arguments, None if kind == "-" else kind, numbers, None if flag == "-" else flag, meaning)
    return found


DESCRIBED = _described()
STATEMENTS = dict((name, one.section) for name, one in DESCRIBED.items())
# These open a part that runs to the next of them: raw lines for the .cf, no arguments.
PARTS = tuple(name for name, one in sorted(DESCRIBED.items()) if one.section >= 10 and not one.arguments)
# m4 and the cf library complain of these above MAILER().
PARTS_BELOW_MAILER = ("LOCAL_SRV_FEATURES", "LOCAL_CLT_FEATURES", "LOCAL_TRY_TLS", "LOCAL_TLS_RCPT", "LOCAL_TLS_CLIENT", "LOCAL_TLS_SERVER")
# Arguments that name things, and of what kind; the rest of a statement's arguments is free.
ARGUMENTS = dict((name, one.kind) for name, one in DESCRIBED.items() if one.kind)
