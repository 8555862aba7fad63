# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What several controls ask of a compiled configuration: options with their place, classes with their files, listeners, rules, entries of maps.

All of it from the .cf alone, whoever made it. Pure but for the view that is given; what can not be seen is raised (Unseen).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, hostinfo, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Unseen

# goaway stands for these (sendmail.h gives it the low 16 bits); the others have to be said.
GOAWAY = frozenset(("needmailhelo", "needexpnhelo", "needvrfyhelo", "noexpn", "novrfy", "noverb", "authwarnings"))
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
INTERVAL = re.compile(r"(\d+)\s*([a-z]?)", re.I)
# Types of maps that makemap builds from a text beside them, and how their files end.
BUILT = {"hash": (".db", ".cdb"), "btree": (".db",), "cdb": (".cdb", ".db"), "dbm": (".pag", ".dir"), "implicit": (".db", ".cdb", ".pag")}
SUFFIX = re.compile(r"\.(?:db|cdb|pag|dir)\Z")
MAKEMAPS = ("/usr/libexec/sendmail/makemap", "/usr/lib/sendmail.d/bin/makemap", "makemap", "/usr/local/sbin/makemap")
LOOPBACK = re.compile(r"(?:127\.|\[?(?:IPv6:)?(?:::1|0:0:0:0:0:0:0:1)\]?\Z|localhost\b)", re.I)
# The rulesets that decide whether a recipient is taken, by their names in releases of different age.
RCPT = ("Basic_check_rcpt", "checkrcpt", "check_rcpt")
RELAY = ("Rcpt_ok", "Relay_ok") + RCPT
SENDER = ("Basic_check_mail", "checkmail", "check_mail")

# Entries of the access map that say who may relay, and how much a client may have.
ASKED = re.compile(r"^(?:((?:ClientRate|ClientConn|Srv_Features|CertIssuer|CertSubject):\S*)[ \t]+(\S.*)|(?!#)(\S+)[ \t]+(\"?RELAY\b.*))$", re.M | re.I)

# One entry of a map: its key in small letters, and where it stands.
Entry = collections.namedtuple("Entry", "key value where")


# ---- options

def said(view, name, which="mta"):
    """Return all values that a .cf gives an option, each with its place, as a list of ``(value, where)``; case does not count, as to sendmail.

    :raises Unseen: there is no .cf, or it can not be read.
    """
    whole(view, which)
    path, found = view.compiled(which), []
    start = re.compile(r"O\s*%s\s*(?:=\s*(.*?))?\s*\Z" % re.escape(name), re.I)
    for number, line in enumerate(view.read(path).splitlines(), 1):
        match = start.match(line)
        if match:
            found.append((match.group(1) or "", "%s:%d" % (path, number)))
    return found


def option(view, name, which="mta"):
    """Return the value of an option, None where it is not set, and where it stands (the .cf itself where it does not)."""
    found = said(view, name, which)
    return found[-1] if found else (None, view.compiled(which))


def whole(view, which="mta"):
    """Return the configuration; :raises Unseen: there is none, or it can not be read."""
    found = view.cf(which)
    if found is None:
        raise Unseen("there is no %s" % ("sendmail.cf" if which == "mta" else "submit.cf"))
    return found


def number(text):
    """Return a number as sendmail reads it (its first digits), None where there is none."""
    match = re.match(r"\s*(-?\d+)", text or "")
    return int(match.group(1)) if match else None


def limit(view, name, usual):
    """Return a threshold of a control: the site's (``View.site["limits"]``), else the usual one."""
    told = number(str((view.site.get("limits") or {}).get(name)))
    return usual if told is None else told


def true(text):
    """Tell whether an option is set, as sendmail reads a truth value (atobool): an empty one is true, an absent one (None) is not, and 1 is not either."""
    return text is not None and text[:1] in ("", "t", "T", "y", "Y")


def interval(text, unit="m"):
    """Return an interval in seconds, None where it is none; a number alone counts in ``unit``."""
    pieces = INTERVAL.findall(text or "")
    if not pieces or INTERVAL.sub("", text).strip():
        return None
    if any(letter and letter.lower() not in SECONDS for _digits, letter in pieces):
        return None
    return sum(int(digits) * SECONDS[(letter or unit).lower()] for digits, letter in pieces)


def privacy(view, which="mta"):
    """Return the privacy flags, what goaway stands for spelt out, and where they stand; several lines add up."""
    found = said(view, "PrivacyOptions", which)
    flags = {word.lower() for value, _where in found for word in re.split(r"[\s,]+", value) if word}
    return (flags | GOAWAY if "goaway" in flags else flags), ", ".join(where for _value, where in found) or view.compiled(which)


def release(view):
    """Return the release of the cf library as a tuple, empty where the .cf does not say it (line DZ)."""
    match = re.match(r"(\d+(?:\.\d+)*)", whole(view).macros.get("Z", ""))
    return tuple(int(part) for part in match.group(1).split(".")) if match else ()


# ---- listeners

def listeners(view):
    """Return the listeners as dicts (Name, Addr, Port, Modifiers ...; ``where``); without any line sendmail opens port 25 everywhere."""
    found = [dict(cf.listener(value), where=where) for value, where in said(view, "DaemonPortOptions")]
    return found or [{"Name": "MTA", "Port": "25", "where": view.compiled()}]


def is_open(listener):
    """Tell whether other hosts reach a listener."""
    return listener.get("Family", "inet") in ("inet", "inet6") and not LOOPBACK.match(listener.get("Addr", "")) and listener.get("Name") != "NoMTA"


def is_null_client(view):
    """Tell whether this host hands all its mail to one other and keeps none itself: by its profile, or by what FEATURE(nullclient) leaves in a .cf."""
    if view.site.get("profile"):
        return view.site["profile"] == "nullclient"
    found = whole(view)
    return bool(found.macros.get("H")) and found.macros.get("H") == found.macros.get("S") and "AliasFile" not in found.options


# ---- classes and rules

def members(view, name, which="mta", _above=()):
    """Return the members of a class with the place of each, those of its files and of the classes in it included, as a list of ``(member, where)``.

    What a macro stands for that only the running sendmail knows is left out.

    :raises Unseen: one of its files can not be read, or it is filled by something that is no file.
    """
    macros = whole(view, which).macros
    path, found = view.compiled(which), []
    start = re.compile(r"([CF])(?:\{%s\}|%s)\s*(.*)\Z" % (re.escape(name), re.escape(name) if len(name) == 1 else r"(?!)"))
    for number_, line in enumerate(view.read(path).splitlines(), 1):
        match = start.match(line)
        if match and match.group(1) == "C":
            for word in match.group(2).split():
                inner = re.match(r"\$=(?:\{(.*)\}|(.))\Z", word)
                if inner:
                    inside = inner.group(1) or inner.group(2)
                    found += members(view, inside, which, _above + (name,)) if inside not in _above + (name,) else []
                    continue
                word = re.sub(r"\$(?:\{(\w+)\}|(\w))", lambda macro: macros.get(macro.group(1) or macro.group(2), macro.group(0)), word)
                found += [(word, "%s:%d" % (path, number_))] if "$" not in word else []
        elif match:
            found += _file_members(view, name, match.group(2))
    return found


def _file_members(view, name, spec):
    """Read what an F line names: ``-o /path %format``."""
    words = [word for word in spec.split() if word != "-o"]
    if not words or not words[0].startswith("/"):
        raise Unseen("class %s is filled by '%s', which is not asked" % (name, spec))
    lines = (view.read(words[0]) or "").splitlines()
    return [(word, "%s:%d" % (words[0], place)) for place, line in enumerate(lines, 1) for word in line.partition("#")[0].split()]


def rules(found, *names):
    """Return the rules of some rulesets of a configuration as ``(ruleset, left, right)``."""
    return [(name, left, right) for name in names if name in found.rulesets for left, right in found.rulesets[name].rules]


def ruleset_at(view, name, which="mta"):
    """Return where a ruleset begins."""
    path = view.compiled(which)
    start = re.compile(r"S\s*%s\s*(?:=|\Z)" % re.escape(name))
    return next(("%s:%d" % (path, place) for place, line in enumerate(view.read(path).splitlines(), 1) if start.match(line)), path)


def map_at(view, name, which="mta"):
    """Return where a map is declared."""
    return view.line(view.compiled(which), "K%s " % name)


# ---- maps

def source_of(path):
    """Return the path of the text that a database is made from."""
    return SUFFIX.sub("", path)


def database(view, klass, path):
    """Return the :class:`hostview.Stat` of a map's database, None where there is none."""
    base = source_of(path)
    return next((found for suffix in BUILT[klass] for found in [view.stat(base + suffix, follow=True)] if found), None)


def makemap(view):
    """Return the makemap program; :raises Unseen: there is none."""
    named = ((view.site.get("platform") or {}).get("makemap"),)
    found = view.program(*[path for path in named + MAKEMAPS if path])
    if not found:
        raise Unseen("there is no makemap that could read a database")
    return found


def program(view):
    """Return the path of sendmail itself without links, whoever has its command; None where there is none."""
    told = [(view.site.get("platform") or {}).get("sendmail"), ((view.site.get("facts") or {}).get("sendmail") or {}).get("path")]
    for path in [path for path in told if path] + list(hostinfo.PROGRAMS):
        if view.program(path) and owner(view, path) in ("sendmail", ""):
            return view.target(path)
    return None


def owner(view, path):
    """Return whose mail system a program is, empty where nothing tells."""
    real = view.target(path)
    # A link's name may tell more than a wrapper's text.
    named = next((mta for mta in ("postfix", "exim", "opensmtpd", "nullmailer", "msmtp", "ssmtp") if mta in real.rsplit("/", 2)[-1]), "")
    try:
        return named or hostinfo.identify_program((view.read(real) or "").encode("utf-8", "replace"))[0]
    except Unseen:
        return ""


def sendmail(view):
    """Return the sendmail program; :raises Unseen: there is none."""
    found = program(view)
    if not found:
        raise Unseen("there is no sendmail program that could be asked")
    return found


def _dump(view, klass, path):
    """Return the text that makemap makes of a database; :raises Unseen: it can not be read.

    makemap distrusts a database that belongs to somebody else than root, unless the configuration calls him trusted: it is asked with each.
    """
    for configuration in [one for one in (view.compiled("mta"), view.compiled("msp")) if one] + ["/dev/null"]:
        asked = view.run(makemap(view), "-C", configuration, "-u", klass, source_of(path))
        if asked.rc == 0:
            break
    if asked.rc != 0:
        # The result may hold passwords, so only what is said beside it is told.
        raise Unseen("%s can not be dumped: %s" % (path, asked.stderr.strip()[:200] or "makemap ended with %d" % asked.rc), path=path)
    return asked.stdout


def text_of(view, declared):
    """Return ``(text, path, dumped)`` of a map that makemap builds, or of a text: the text where it can be read, else what the database says.

    The text is None where there is neither. A dump is in no order and without remarks; its path is that of the database.

    :param declared: the map as :mod:`cf` has it.
    :raises Unseen: there is one of them, and it can not be read.
    """
    built = declared.klass in BUILT
    source, stored = source_of(declared.path) if built else declared.path, database(view, declared.klass, declared.path) if built else None
    try:
        text = view.read(source)
    except Unseen as exc:
        # Too large to be read whole, or not for everybody's eyes: the database says the same.
        return _dump_instead(view, declared, stored, exc), stored.path if stored else source, True
    if text is None and stored:
        return _dump(view, declared.klass, declared.path), stored.path, True
    return text, source, False


def _dump_instead(view, declared, stored, reason):
    if stored:
        try:
            return _dump(view, declared.klass, declared.path)
        except Unseen:
            pass
    raise reason


def dumped(view, klass, path):
    """Return the entries of a database as makemap reads it; :raises Unseen: it can not be read."""
    return [Entry(key.lower(), value, path) for key, _tab, value in (line.partition("\t") for line in _dump(view, klass, path).split("\n") if line)]


def written(view, path):
    """Return the entries of a text as makemap reads it, None where there is no such text. Lines that are no entry are passed over."""
    text, found = view.read(source_of(path)), []
    if text is None:
        return None
    for place, line in enumerate(text.split("\n"), 1):
        words = re.split(r"[ \t\r\v\f]+", line, maxsplit=1)
        if line[:1] != "#" and len(words) > 1 and words[0] and words[1]:
            found.append(Entry(words[0].lower(), words[1].rstrip(), "%s:%d" % (source_of(path), place)))
    return found


def access(view):
    """Return the declaration of the access map (None without one) and those of its entries that a control asks for (:data:`ASKED`).

    A map can have millions of others, which refuse or let in one client each.

    :raises Unseen: neither text nor database can be read, or it is none that makemap makes.
    """
    return view.once("access", _access, view)


def _access(view):
    found = whole(view).maps.get("access")
    if found is None:
        return None, []
    if found.klass not in BUILT and found.klass != "text":
        raise Unseen("the access map is asked of %s (%s), whose entries are not read" % (found.klass, map_at(view, "access")))
    text, path, unordered = text_of(view, found)
    return found, _sifted(text or "", lambda place: path if unordered else "%s:%d" % (path, text.count("\n", 0, place) + 1))


def _sifted(text, where):
    found = [(match.group(1) or match.group(3), match.group(2) or match.group(4), match.start()) for match in ASKED.finditer(text)]
    return [Entry(key.lower(), value.rstrip(), where(place)) for key, value, place in found]


def pairs(entries):
    """Return entries as :class:`tables_syntax.Pair`, for the judges of tables."""
    return [tables_syntax.Pair(0, entry.key, entry.value) for entry in entries]
