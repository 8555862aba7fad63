# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of maps and their flags, as data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

# flag: what must be compiled in; suffix: of its file, where it is one; argument: what stands behind the class; internal: for tests of sendmail itself.
MapClass = collections.namedtuple("MapClass", "argument meaning flag suffix internal forbidden")
MapClass.__new__.__defaults__ = (None, "", False, None)
MAP_CLASSES = {
    "arith": MapClass("none", "counts: + - * / % | & l = r on two numbers"),
    "arpa": MapClass("none", "an address as the name that DNS knows it by", "NAMED_BIND"),
    "bestmx": MapClass("none; -z is the separator", "the best MX of a domain", "NAMED_BIND"),
    "bogus": MapClass("none", "never answers", internal=True),
    "btree": MapClass("file", "sorted database of Berkeley DB", "NEWDB", ".db"),
    "cdb": MapClass("file", "constant database", "CDB", ".cdb"),
    "dbm": MapClass("file", "database of ndbm", "NDBM", ".pag"),
    "dequote": MapClass("none", "takes quotes off"),
    "dns": MapClass("-R type", "a record of DNS", "DNSMAP"),
    "dprintf": MapClass("none", "prints for debugging", internal=True),
    "hash": MapClass("file", "database of Berkeley DB", "NEWDB", ".db"),
    "hesiod": MapClass("name", "Hesiod", "HESIOD"),
    "host": MapClass("none", "the canonical name of a host"),
    "implicit": MapClass("file", "whatever database there is, else the text: for aliases"),
    "ldap": MapClass("-k filter -v attribute -b base -H uri", "a directory", "LDAPMAP"),
    "macro": MapClass("none", "sets a macro"),
    "netinfo": MapClass("directory", "NetInfo", "NETINFO"),
    "nis": MapClass("map", "NIS", "NIS"),
    "nisplus": MapClass("table", "NIS+", "NISPLUS"),
    "nsd": MapClass("map", "IRIX's name service", "MAP_NSD"),
    "null": MapClass("none", "answers with nothing", internal=True),
    "ph": MapClass("-h hosts -v field", "a CCSO name server", "PH_MAP"),
    "program": MapClass("program and arguments", "what a program answers", forbidden="it runs a program as root for addresses that strangers send"),
    "regex": MapClass("regular expression", "whether a text has a shape, and its parts", "MAP_REGEX"),
    "sequence": MapClass("maps", "the first of several maps that answers"),
    "setdebug": MapClass("none", "sets debugging", internal=True),
    "setopt": MapClass("none", "sets an option", internal=True),
    "socket": MapClass("socket", "what a daemon answers", "SOCKETMAP"),
    "stab": MapClass("none", "the symbol table", internal=True),
    "switch": MapClass("service", "the maps that the service switch names"),
    "syslog": MapClass("-L level", "writes a line to the log"),
    "text": MapClass("file", "a text file: slow, for small ones"),
    "user": MapClass("-v field", "the passwd file"),
    "userdb": MapClass("none", "the user database", "USERDB"),
}
# Another name of one of them, in old configurations.
MAP_CLASS_ALIASES = {"ldapx": "ldap"}

MapFlag = collections.namedtuple("MapFlag", "flag argument classes meaning")
MAP_FLAGS = tuple(MapFlag(*row) for row in (
    ("-o", "", "all", "optional: a map that can not be opened looks like one that says nothing, so a missing access map lets everything in"),
    ("-N", "", "files", "keys end in a NUL byte"),
    ("-O", "", "files", "keys end in no NUL byte; without either both are tried"),
    ("-a", "text", "all", "is added to an answer"),
    ("-T", "text", "all", "is added to a failure for a while; without it such a failure looks like no entry"),
    ("-f", "", "all", "capitals stay capitals"),
    ("-m", "", "all", "only whether there is an entry; the key stays"),
    ("-k", "column, filter or key", "text, nis, ldap", "where the key is"),
    ("-v", "column or attribute", "text, nis, ldap, user", "where the value is"),
    ("-z", "separator", "text, dns, bestmx, ldap", "between columns or answers"),
    ("-t", "", "all", "a failure for a while means no entry"),
    ("-D", "", "all", "no lookup in deferred delivery"),
    ("-S", "character", "all", "stands for a blank in the key"),
    ("-s", "character or fields", "dequote, regex", "stands for a blank; or which parts of a regex are the answer"),
    ("-q", "", "all", "quotes stay in the key"),
    ("-L", "level", "syslog", "of the line in the log"),
    ("-A", "", "files", "values of the same key are put together"),
    ("-d", "seconds, or separator", "dns, socket, regex", "how long to wait; or between parts"),
    ("-r", "tries, or nothing", "dns, ldap", "how often to ask; LDAP: which aliases are followed"),
    ("-B", "domain", "dns", "is added to each question"),
    ("-R", "type", "dns", "of the record: A, AAAA, MX, TXT, PTR, CNAME, SRV, TLSA"),
    ("-R", "", "ldap", "referrals are not followed"),
    ("-h", "host", "ldap, ph", "server"),
    ("-H", "uri", "ldap", "server, such as ldaps://ldap.example.com"),
    ("-p", "port", "ldap", "of the server"),
    ("-b", "base", "ldap", "where the search begins"),
    ("-l", "seconds", "ldap", "how long a search may take"),
    ("-Z", "size", "ldap", "answers of a search at most; for dns, results"),
    ("-M", "method", "ldap", "of binding: none, simple, krbv4"),
    ("-d", "dn", "ldap", "who binds"),
    ("-P", "file", "ldap", "holds the secret; mode 0600, never readable to others"),
    ("-1", "", "ldap", "only one answer counts; several are none"),
    ("-w", "version", "ldap", "of the protocol"),
    ("-K", "", "ldap", "the key is not quoted for the filter"),
    ("-n", "", "ldap", "only names of attributes"),
    ("-V", "separator", "ldap", "between name and value of an attribute"),
    ("-c", "seconds", "ldap", "how long a connection may take"),
))
