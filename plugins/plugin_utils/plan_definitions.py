# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Maps that are no tables of ours: LDAP, regular expressions, sockets, DNS and others, from typed settings to K lines. Pure.

A K line has no quoting but LDAP's double quotes, and m4 reads it before sendmail does: what either would take for something else is refused by name.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

VARIABLE = "sendmail_map_definitions"
# Name of a setting -> flag and type. A blank before the value of the flag is not allowed by every class, so none is written.
Class = collections.namedtuple("Class", "settings target flag")
Class.__doc__ = """One class of maps.

:param dict settings: setting -> (flag, type); a ``switch`` is the flag alone, a type beginning with ``"`` stands in double quotes.
:param str target: the setting that stands last without a flag, and its type; ``None`` where there is none.
:param str flag: what sendmail must have been compiled with, or None.
"""

_COMMON = {"append": ("-a", "mark"), "optional": ("-o", "switch"), "match_only": ("-m", "switch"), "case_sensitive": ("-f", "switch"),
           "keep_quotes": ("-q", "switch"), "not_when_deferred": ("-D", "switch"), "space": ("-S", "character")}
# What is added to the key when the map can not answer; the rulesets of the access map know <TMPF> for a temporary failure.
_FAILING = {"on_failure": ("-T", "failure"), "ignore_failure": ("-t", "switch")}
_FILES = dict(_COMMON, null_byte=("-N", "switch"), no_null_byte=("-O", "switch"), **_FAILING)


def _class(target=None, flag=None, *tables, **settings):
    found = dict(settings)
    for one in tables:
        found.update(one)
    return Class(found, target, flag)


CLASSES = {
    "hash": _class(("path", "path"), "NEWDB", _FILES), "btree": _class(("path", "path"), "NEWDB", _FILES), "cdb": _class(("path", "path"), "CDB", _FILES),
    "text": _class(("path", "path"), None, _COMMON, _FAILING, key_column=("-k", "column"), value_column=("-v", "column"), delimiter=("-z", "delimiter")),
    "ldap": _class(None, "LDAPMAP", _COMMON, _FAILING, uri=("-H", '"uris'), base=("-b", '"dn'), filter=("-k", '"filter'), attributes=("-v", '"attributes'),
                   scope=("-s", "scope"), bind_dn=("-d", '"dn'), method=("-M", "method"), password_file=("-P", '"path'), version=("-w", "version"),
                   timeout=("-l", "integer"), network_timeout=("-c", "integer"), size_limit=("-Z", "integer"), separator=("-z", "delimiter"),
                   single=("-1", "switch"), no_referrals=("-R", "switch"), aliases=("-r", "dereference"), several_arguments=("-K", "switch")),
    "regex": _class(("pattern", "pattern"), "MAP_REGEX", _COMMON, negate=("-n", "switch"), basic=("-b", "switch"), substrings=("-s", "substrings"),
                    delimiter=("-d", "mark")),
    "socket": _class(("socket", "socket"), "SOCKETMAP", _COMMON, _FAILING, timeout=("-d", "integer")),
    "dns": _class(None, "DNSMAP", _COMMON, _FAILING, record=("-R", "record"), domain=("-B", "domain"), interval=("-d", "integer"), retries=("-r", "integer"),
                  separator=("-z", "delimiter"), size_limit=("-Z", "integer")),
    "host": _class(None, None, _COMMON, _FAILING, interval=("-d", "integer"), retries=("-r", "integer")),
    "bestmx": _class(None, None, _COMMON, _FAILING, separator=("-z", "delimiter")),
    "user": _class(None, None, _COMMON, value_column=("-v", "field")), "dequote": _class(None, None, _COMMON, replace_blanks=("-s", "character")),
    "sequence": _class(("maps", "maps")), "switch": _class(("service", "word")), "syslog": _class(None, None, level=("-L", "level")),
    "macro": _class(), "arith": _class(), "arpa": _class(), "null": _class(), "program": _class(("command", "command")),
}
NEEDED = {"ldap": ("uri", "base", "filter", "attributes"), "dns": ("record",)}
CHOICES = {"scope": ("base", "one", "sub"), "method": ("none", "simple", "krbv4"), "version": ("2", "3"), "dereference": ("never", "always", "search", "find"),
           "record": ("A", "AAAA", "AFSDB", "CNAME", "MX", "NS", "PTR", "SRV", "TXT"),
           "field": ("name", "passwd", "uid", "gid", "gecos", "dir", "shell"),
           "level": ("emerg", "alert", "crit", "err", "warning", "notice", "info", "debug")}
_SHAPES = {
    "mark": (r"[!-~]{1,20}", "up to twenty characters without blanks"),
    "character": (r"[!-~]", "one character"), "failure": (r"<[A-Z]+>|[A-Za-z.]+", "a word such as <TMPF>"), "column": (r"\d{1,3}", "the number of a column"),
    "delimiter": (r"\\[nt]|[!-~]", r"one character, \n or \t"), "substrings": (r"(?:\d(?:,\d)*)?", "numbers of substrings such as 1,3"),
    "uris": (r"ldap[is]?://[^\s\"<>\\]*(?: ldap[is]?://[^\s\"<>\\]*)*", "one or more of ldaps://host/, ldap://host:389/ or ldapi://%2Frun%2Fldapi"),
    "dn": (r"[^\"\\\s=][^\"\\]*=[^\"\\]+", "a distinguished name such as ou=people,dc=example,dc=org"),
    "filter": (r"\([^\"\s]+\)", "a filter in parentheses without blanks, such as (&(objectClass=person)(mail=%0))"),
    "attributes": (r"[A-Za-z][A-Za-z0-9;:|.-]*(?:,[A-Za-z][A-Za-z0-9;:|.-]*)*", "names of attributes such as mail,uid"),
    "pattern": (r"[^\s-]\S*", "a regular expression without blanks that does not begin with a hyphen"),
}
# Tables that can go on to other maps where they have no answer.
ASKING = ("mailertable", "virtusertable", "genericstable", "domaintable", "aliases")
# Names that sendmail or its m4 library gives to maps, in small letters: of two maps whose names differ in case alone sendmail makes one.
RESERVED = ("access", "alias", "aliases", "arith", "authinfo", "badcmd", "badmx", "badmxip", "bcctable", "bestmx", "bitdomain", "canonicalrcpt", "canonify",
            "certissuer", "certsubject", "cidr", "dequote", "dnsa", "dnsbl", "domaintable", "drac", "edns", "ednsbl", "generics", "host", "ldapmh", "ldapmra",
            "macro", "mailertable", "mtamark", "mxlist", "mxserved", "resolve", "storage", "sts", "stsxmatch", "stsxnodaneflag", "stsxsni", "stsxsni2",
            "user", "userdb", "uudomain", "virtuser")


def definitions(site):
    """Return the K lines of ``sendmail_map_definitions``, in the order in which they were given.

    :param dict site: ``map_definitions``, ``compile_flags`` (empty where not known), ``platform`` and ``waivers``.
    :raises InvalidValue: a definition that sendmail or m4 would take for something else, by name, setting and reason.
    """
    seen, found = set(), []
    for number, one in enumerate(site.get("map_definitions") or [], 1):
        where = "%s (%s)" % (VARIABLE, one.get("name") or "entry %d" % number)
        name, kind = str(one.get("name") or ""), str(one.get("class") or "")
        if not re.match(r"[A-Za-z][A-Za-z0-9_.]{0,31}\Z", name) or name.lower() in RESERVED + tuple(map(table_name, ASKING)):
            raise _wrong(where, "the name is '%s'; expected letters, digits, _ and ., beginning with a letter, and none of sendmail's own names" % name)
        if name.lower() in seen:
            raise _wrong(where, "the name stands twice (upper and lower case are the same)")
        found.append(_line(where, name, kind, one, site, seen))
        seen.add(name.lower())
    return found


def also(site, name):
    """Return the names of the defined maps that are asked after a table has no answer, checked.

    :raises InvalidValue: a map that is not defined, or a table that may not have such.
    """
    names = (site["tables"].get(name) or {}).get("also") or []
    variable = "sendmail_%s.also" % name
    if names and name not in ASKING:
        # A sequence passes over a member that can not be opened: mail would be let in because a file is broken.
        raise InvalidValue("%s: only %s can go on to another map." % (variable, ", ".join(ASKING)), variable=variable)
    known = [one.get("name") for one in site.get("map_definitions") or []]
    for one in names:
        if one not in known:
            raise InvalidValue("%s: there is no map '%s' in %s.%s" % (variable, one, VARIABLE, language.nearest(str(one), [str(word) for word in known])),
                               variable=variable)
    return names


def table_name(name):
    """Return the name of a table that stands in a sequence with other maps."""
    return name + "_table"


def spec(site, name, of_table):
    """Return how a FEATURE names its map: the table, or a sequence that begins with it."""
    further = also(site, name)
    return " ".join(["sequence", table_name(name)] + further) if further else of_table


def lines(site, of_table):
    """Return all K lines: the site's, and those of tables that stand in a sequence with them.

    :param of_table: gives type and path of a table's database.
    """
    further = {name: also(site, name) for name in site["tables"]}
    return definitions(site) + ["K%s %s" % (table_name(name), of_table(name)) for name in ASKING if name != "aliases" and further.get(name)]


def files(site):
    """Return rows of the option ``files`` for the passwords of definitions: files that root alone may read."""
    return [{"path": password_path(site, one["name"]), "kind": "plain", "secret_content": str(one["password"]) + "\n", "mode": "0600"}
            for one in site.get("map_definitions") or [] if one.get("password")]


def password_path(site, name):
    """Return where the password of a map lies."""
    return "%s/ldap-%s.secret" % (site["platform"]["maps"]["access"].rpartition("/")[0], name)


def _wrong(where, reason):
    return InvalidValue("%s: %s." % (where, reason), variable=VARIABLE)


def _line(where, name, kind, said, site, seen):
    """Return one K line."""
    known = CLASSES.get(kind)
    if known is None:
        raise _wrong(where, "there is no class '%s'.%s Known are %s" % (kind, language.nearest(kind, list(CLASSES)), ", ".join(sorted(CLASSES))))
    if kind == "program" and "program_map" not in [one["feature"] for one in site["waivers"]]:
        raise _wrong(where, "a map of class program runs a program for addresses that strangers send; it needs a waiver for program_map with a reason")
    flags = [flag.partition("=")[0] for flag in site.get("compile_flags") or []]
    if known.flag and flags and known.flag not in flags:
        raise _wrong(where, "this host's sendmail was compiled without %s, so it has no maps of class %s" % (known.flag, kind))
    settings = _settings(where, kind, known, said, site)
    words = [flag + _quoted(where, key, value, kind_of) for key, (flag, kind_of) in sorted(known.settings.items()) for value in [settings.get(key)]
             if value is not None and value is not False and value not in ("", [])]
    if known.target:
        words += _target(where, known.target, settings, seen)
    line = " ".join(["K" + name, kind] + words)
    word = m4.live_word(line)
    if word or set("`'") & set(line):
        raise _wrong(where, "found %s in '%s', which m4 would take away or replace" % ("the word '%s'" % word if word else "a quote", line))
    return line


def _settings(where, kind, known, said, site):
    """Return the settings of a definition, each known, with what follows from others."""
    names = set(known.settings) | ({known.target[0]} if known.target else set()) | ({"password"} if kind == "ldap" else set())
    settings = {key: value for key, value in said.items() if key not in ("name", "class") and value is not None}
    for key in settings:
        if key not in names:
            raise _wrong(where, "a map of class %s has no '%s'.%s" % (kind, key, language.nearest(key, sorted(names))))
    for key in NEEDED.get(kind, ()):
        if not settings.get(key):
            raise _wrong(where, "'%s' is missing" % key)
    if kind == "ldap":
        # Left to itself sendmail speaks version 2, which servers have refused for twenty years ("Protocol error").
        settings.setdefault("version", "3")
    _password(where, settings, password_path(site, str(said["name"])))
    if "on_failure" in known.settings and not settings.get("ignore_failure") and "on_failure" not in settings:
        settings["on_failure"] = "<TMPF>"
    return settings


def _password(where, settings, path):
    """Put the password's file in place of a password; it passes no network in the clear."""
    if settings.pop("password", None):
        if settings.get("password_file"):
            raise _wrong(where, "it has password and password_file; choose one")
        settings["password_file"] = path
    if settings.get("password_file"):
        settings.setdefault("method", "simple")
        if not settings.get("bind_dn"):
            raise _wrong(where, "a password belongs to a bind_dn, which is missing")
        if not all(uri.startswith(("ldaps:", "ldapi:")) for uri in _text(settings["uri"], " ").split()):
            raise _wrong(where, "the password would pass the network in the clear; use ldaps:// (sendmail has no STARTTLS for LDAP)")


def _text(value, glue=","):
    return glue.join(str(one) for one in value) if isinstance(value, (list, tuple)) else str(value)


def _quoted(where, key, value, kind):
    """Return the value of a flag as it stands in the line."""
    if kind == "switch":
        if value is not True:
            raise _wrong(where, "%s is '%s'; expected true or false" % (key, value))
        return ""
    bare = kind.lstrip('"')
    text = checked(where, key, _text(value, " " if bare == "uris" else ","), bare)
    return '"%s"' % text if kind[0] == '"' else text


def checked(where, key, text, kind):
    """Return a value that is of its type; :raises InvalidValue: it is not, by its name."""
    if re.search(r"[^ -~]", text) or text != text.strip():
        raise _wrong(where, "%s holds a line end, a control character or one outside ASCII, or blanks at its ends" % key)
    if kind in CHOICES:
        if text not in CHOICES[kind]:
            raise _wrong(where, "%s is '%s'; expected one of %s" % (key, text, ", ".join(CHOICES[kind])))
        return text
    if kind in _SHAPES:
        shape, wanted = _SHAPES[kind]
        if not re.match("(?:%s)\\Z" % shape, text):
            raise _wrong(where, "%s is '%s'; expected %s" % (key, text, wanted))
        if kind == "filter" and text.count("(") != text.count(")"):
            raise _wrong(where, "the parentheses of %s '%s' do not come in pairs" % (key, text))
        if "$" in text and kind != "pattern" or re.search(r"\$[^$)|]", text.replace("\\$$", "")):
            raise _wrong(where, "%s holds a dollar that sendmail would take for a macro; to match one write \\$$" % key)
        return text
    wanted = language.expected(kind, text)
    if wanted:
        raise _wrong(where, "%s is '%s', which is not %s" % (key, text, wanted))
    return text


def _target(where, target, settings, seen):
    """Return what stands last on the line."""
    key, kind = target
    value = settings.get(key)
    if value in (None, "", []):
        raise _wrong(where, "'%s' is missing" % key)
    if kind == "maps":
        names = value if isinstance(value, (list, tuple)) else [value]
        unknown = [name for name in names if str(name).lower() not in seen and str(name).lower() not in RESERVED]
        if unknown:
            raise _wrong(where, "the map '%s' is not defined above it" % unknown[0])
        return [str(name) for name in names]
    if kind == "command":
        words = value if isinstance(value, (list, tuple)) else str(value).split()
        checked(where, key, str(words[0]), "path")
        return [checked(where, key, str(word), "word") if number else str(word) for number, word in enumerate(words)]
    return [checked(where, key, str(value), kind)]
