# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Classes of maps and their flags, as data."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections

MapClass = collections.namedtuple("MapClass", "argument meaning flag suffix internal forbidden target")
MapClass.__new__.__defaults__ = (None, "", False, None, None)
MapClass.__doc__ = """One class of maps.

argument: what stands behind the class, for people; flag: what must be compiled in; suffix: of its file, where it is one; internal: for tests of sendmail
itself; target: the setting of ``sendmail_map_definitions`` that stands last without a flag, and its type, such as ``path:path``; empty where nothing
stands there, None where no such definition can be made.
"""
MAP_CLASSES = {
    "arith": MapClass("none", "counts: + - * / % | & l = r on two numbers", target=""),
    "arpa": MapClass("none", "an address as the name that DNS knows it by", "NAMED_BIND", target=""),
    "bestmx": MapClass("none; -z is the separator", "the best MX of a domain", "NAMED_BIND", target=""),
    "bogus": MapClass("none", "never answers", internal=True),
    "btree": MapClass("file", "sorted database of Berkeley DB", "NEWDB", ".db", target="path:path"),
    "cdb": MapClass("file", "constant database", "CDB", ".cdb", target="path:path"),
    "dbm": MapClass("file", "database of ndbm", "NDBM", ".pag"),
    "dequote": MapClass("none", "takes quotes off", target=""),
    "dns": MapClass("-R type", "a record of DNS", "DNSMAP", target=""),
    "dprintf": MapClass("none", "prints for debugging", internal=True),
    "hash": MapClass("file", "database of Berkeley DB", "NEWDB", ".db", target="path:path"),
    "hesiod": MapClass("name", "Hesiod", "HESIOD"),
    "host": MapClass("none", "the canonical name of a host", target=""),
    "implicit": MapClass("file", "whatever database there is, else the text: for aliases"),
    "ldap": MapClass("-k filter -v attribute -b base -H uri", "a directory", "LDAPMAP", target=""),
    "macro": MapClass("none", "sets a macro", target=""),
    "netinfo": MapClass("directory", "NetInfo", "NETINFO"),
    "nis": MapClass("map", "NIS", "NIS"),
    "nisplus": MapClass("table", "NIS+", "NISPLUS"),
    "nsd": MapClass("map", "IRIX's name service", "MAP_NSD"),
    "null": MapClass("none", "answers with nothing", internal=True, target=""),
    "ph": MapClass("-h hosts -v field", "a CCSO name server", "PH_MAP"),
    "program": MapClass("program and arguments", "what a program answers", forbidden="it runs a program as root for addresses that strangers send",
                        target="command:command"),
    "regex": MapClass("regular expression", "whether a text has a shape, and its parts", "MAP_REGEX", target="pattern:pattern"),
    "sequence": MapClass("maps", "the first of several maps that answers", target="maps:maps"),
    "setdebug": MapClass("none", "sets debugging", internal=True),
    "setopt": MapClass("none", "sets an option", internal=True),
    "socket": MapClass("socket", "what a daemon answers", "SOCKETMAP", target="socket:socket"),
    "stab": MapClass("none", "the symbol table", internal=True),
    "switch": MapClass("service", "the maps that the service switch names", target="service:word"),
    "syslog": MapClass("-L level", "writes a line to the log", target=""),
    "text": MapClass("file", "a text file: slow, for small ones", target="path:path"),
    "user": MapClass("-v field", "the passwd file", target=""),
    "userdb": MapClass("none", "the user database", "USERDB"),
}
# Another name of one of them, in old configurations.
MAP_CLASS_ALIASES = {"ldapx": "ldap"}

# Classes that the rows of flags name together. Only what reads a file or asks the network can fail for a while.
FAMILIES = {
    "all": ("bestmx", "btree", "cdb", "dequote", "dns", "hash", "host", "ldap", "regex", "socket", "text", "user"),
    "files": ("btree", "cdb", "hash"),
    "all that can fail": ("bestmx", "btree", "cdb", "dns", "hash", "host", "ldap", "socket", "text"),
}
MapFlag = collections.namedtuple("MapFlag", "flag argument classes meaning setting")
MapFlag.__new__.__defaults__ = ("",)
MapFlag.__doc__ = """One flag of maps.

classes: those that have it, with commas between, or a family; setting: what ``sendmail_map_definitions`` calls it, and its type; a ``switch`` is the flag
alone, a type that begins with ``"`` stands in double quotes; empty where no setting says it.
"""
MAP_FLAGS = tuple(MapFlag(*row) for row in (
    ("-o", "", "all", "optional: a map that can not be opened looks like one that says nothing, so a missing access map lets everything in", "optional:switch"),
    ("-N", "", "files", "keys end in a NUL byte", "null_byte:switch"),
    ("-O", "", "files", "keys end in no NUL byte; without either both are tried", "no_null_byte:switch"),
    ("-a", "text", "all", "is added to an answer", "append:mark"),
    ("-T", "text", "all that can fail", "is added to a failure for a while; without it such a failure looks like no entry", "on_failure:failure"),
    ("-t", "", "all that can fail", "a failure for a while means no entry", "ignore_failure:switch"),
    ("-f", "", "all", "capitals stay capitals", "case_sensitive:switch"),
    ("-m", "", "all", "only whether there is an entry; the key stays", "match_only:switch"),
    ("-q", "", "all", "quotes stay in the key", "keep_quotes:switch"),
    ("-D", "", "all", "no lookup in deferred delivery", "not_when_deferred:switch"),
    ("-S", "character", "all", "stands for a blank in the key", "space:character"),
    ("-A", "", "files", "values of the same key are put together"),
    ("-k", "column", "text", "where the key is", "key_column:column"),
    ("-v", "column", "text", "where the value is", "value_column:column"),
    ("-z", "separator", "text", "between columns", "delimiter:delimiter"),
    ("-k", "key", "nis", "where the key is"),
    ("-v", "field", "user", "where the value is", "value_column:field"),
    ("-z", "separator", "dns, bestmx, ldap", "between answers", "separator:delimiter"),
    ("-s", "character", "dequote", "stands for a blank", "replace_blanks:character"),
    ("-n", "", "regex", "what does not match is an entry", "negate:switch"),
    ("-b", "", "regex", "basic expressions, not extended ones", "basic:switch"),
    ("-s", "numbers", "regex", "which parts are the answer", "substrings:substrings"),
    ("-d", "text", "regex", "between the parts of an answer", "delimiter:mark"),
    ("-L", "level", "syslog", "of the line in the log", "level:level"),
    ("-d", "seconds", "socket", "how long to wait", "timeout:integer"),
    ("-d", "seconds", "dns, host", "how long to wait for an answer", "interval:integer"),
    ("-r", "tries", "dns, host", "how often to ask", "retries:integer"),
    ("-B", "domain", "dns", "is added to each question", "domain:domain"),
    ("-R", "type", "dns", "of the record: A, AAAA, MX, TXT, PTR, CNAME, SRV, TLSA", "record:record"),
    ("-Z", "size", "dns", "results at most", "size_limit:integer"),
    ("-h", "host", "ldap, ph", "server"),
    ("-H", "uri", "ldap", "server, such as ldaps://ldap.example.com", 'uri:"uris'),
    ("-p", "port", "ldap", "of the server"),
    ("-b", "base", "ldap", "where the search begins", 'base:"dn'),
    ("-k", "filter", "ldap", "which entries", 'filter:"filter'),
    ("-v", "attributes", "ldap", "what of them is the answer", 'attributes:"attributes'),
    ("-s", "scope", "ldap", "base, one or sub", "scope:scope"),
    ("-l", "seconds", "ldap", "how long a search may take", "timeout:integer"),
    ("-Z", "size", "ldap", "answers of a search at most", "size_limit:integer"),
    ("-M", "method", "ldap", "of binding: none, simple, krbv4", "method:method"),
    ("-d", "dn", "ldap", "who binds", 'bind_dn:"dn'),
    ("-P", "file", "ldap", "holds the secret; mode 0600, never readable to others", 'password_file:"path'),
    ("-1", "", "ldap", "only one answer counts; several are none", "single:switch"),
    ("-R", "", "ldap", "referrals are not followed", "no_referrals:switch"),
    ("-r", "when", "ldap", "aliases are followed: never, always, search, find", "aliases:dereference"),
    ("-w", "version", "ldap", "of the protocol", "version:version"),
    ("-K", "", "ldap", "the key is several arguments of the filter", "several_arguments:switch"),
    ("-n", "", "ldap", "only names of attributes"),
    ("-V", "separator", "ldap", "between name and value of an attribute"),
    ("-c", "seconds", "ldap", "how long a connection may take", "network_timeout:integer"),
))


def classes_of(flag):
    """Return the names of the classes that have a flag.

    :param MapFlag flag: a row of ``MAP_FLAGS``.
    """
    return FAMILIES.get(flag.classes) or tuple(flag.classes.split(", "))


def settings_of(name):
    """Return what ``sendmail_map_definitions`` can say of a class: dict of setting -> (flag, type)."""
    found = {}
    for row in MAP_FLAGS:
        if row.setting and name in classes_of(row):
            setting, unused, kind = row.setting.partition(":")
            found[setting] = (row.flag, kind)
    return found
