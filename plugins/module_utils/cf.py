# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read a compiled .cf: what it says, how two of them differ in meaning, and the same with staged files in place of live ones."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

Map = collections.namedtuple("Map", "name klass flags path")
Mailer = collections.namedtuple("Mailer", "name equates")
Ruleset = collections.namedtuple("Ruleset", "name number rules")
Class = collections.namedtuple("Class", "members files")

_NAME = r"(?:\{([^}]*)\}|(.))"
_CLASS = re.compile(r"[CF]\s*" + _NAME + r"\s*(.*)\Z", re.S)
_MACRO = re.compile(r"D" + _NAME + r"(.*)\Z", re.S)
_OPTION = re.compile(r"O\s+([A-Za-z][\w.-]*)\s*(?:=\s*(.*))?\Z", re.S)
_HEADER = re.compile(r"H(\?[^?]*\?)?\s*([^:\s]+)\s*:\s*(.*)\Z", re.S)
_EQUATE = re.compile(r"\s*([^=,\s]+)\s*=")
# A sequence of listeners, not one value that the last line wins.
REPEATED = ("DaemonPortOptions", "ClientPortOptions")
# sendmail looks at the first letter of a listener's key only, and knows these ports by name.
LISTENER_KEYS = {"N": "Name", "F": "Family", "A": "Addr", "P": "Port", "M": "Modifiers", "I": "InputMailFilters", "L": "Listen", "S": "SndBufSize",
                 "R": "RcvBufSize", "c": "children", "D": "DeliveryMode", "d": "delayLA", "q": "queueLA", "r": "refuseLA"}
PORTS = {"smtp": "25", "submission": "587", "smtps": "465", "submissions": "465"}
MASKED = "********"


class Configuration:
    """What a .cf says.

    :ivar dict options: name (as its first line spells it, see :meth:`option`) -> value; lines of an option that may be given more than once are joined with
        line ends.
    :ivar dict macros: name -> value of the D lines. :ivar dict environment: of the E lines.
    :ivar dict classes: name -> :class:`Class` with a set of ``members`` (C and T lines) and a list of ``files`` (F lines).
    :ivar dict maps: name -> :class:`Map` of the K lines, ``flags`` a list, ``path`` the last word or empty.
    :ivar dict mailers: name -> :class:`Mailer`, ``equates`` a dict such as ``{"P": "[IPC]", "F": "mDFMuX"}``.
    :ivar dict milters: name -> equates of the X lines. :ivar dict queue_groups: of the Q lines.
    :ivar dict rulesets: name -> :class:`Ruleset`, ``rules`` a list of (left, right) without comments.
    :ivar dict headers: name -> list of values, each with its ``?flags?`` in front.
    :ivar dict precedences: of the P lines. :ivar str level: of the V line.
    """

    def __init__(self):
        self.options, self.macros, self.environment, self.classes, self.maps = {}, {}, {}, {}, {}
        self.mailers, self.milters, self.queue_groups, self.rulesets, self.headers, self.precedences = {}, {}, {}, {}, {}, {}
        self.level, self._ruleset = "", None

    def option(self, name):
        """Return the value of an option in whatever spelling, None where it is not set."""
        return self.options.get(_spelled(self.options, name))

    def members(self, name):
        """Return the sorted members of a class, without those of its files."""
        return sorted(self.classes[name].members) if name in self.classes else []


def logical_lines(text):
    """Return the lines of a .cf as sendmail puts them together: a line that begins with a blank continues the one before; comments are left out."""
    found = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t") and found:
            found[-1] += "\n" + line
        else:
            found.append(line)
    return [line.rstrip() for line in found if line.strip() and not line.startswith("#")]


def parse(text):
    """Return the :class:`Configuration` that a .cf text says; lines of other kinds are passed over."""
    found = Configuration()
    for line in logical_lines(text):
        reader = _READERS.get(line[0])
        if reader:
            reader(found, line)
    return found


def _read_option(found, line):
    match = _OPTION.match(line)
    if match:
        name, value = match.group(1), (match.group(2) or "").strip()
        # To sendmail case makes no difference, so of two spellings the last line counts too.
        name = _spelled(found.options, name) or _spelled(REPEATED, name) or name
        found.options[name] = found.options[name] + "\n" + value if name in REPEATED and name in found.options else value


def _spelled(names, name):
    """Return the spelling that an option has among some names, None where it is not among them."""
    return name if name in names else next((one for one in names if one.lower() == name.lower()), None)


def _read_macro(found, line):
    match = _MACRO.match(line)
    if match:
        found.macros[match.group(1) or match.group(2)] = match.group(3).strip()


def _read_class(found, line):
    match = _CLASS.match(line)
    if match:
        name = match.group(1) or match.group(2)
        members, files = found.classes.setdefault(name, Class(set(), []))
        if line[0] == "C":
            members.update(match.group(3).split())
        else:
            files.append(match.group(3).strip())


def _read_trusted(found, line):
    found.classes.setdefault("t", Class(set(), [])).members.update(line[1:].split())


def _read_map(found, line):
    words = line[1:].split()
    if len(words) > 1:
        path = words[-1] if len(words) > 2 and not words[-1].startswith("-") else ""
        found.maps[words[0]] = Map(words[0], words[1], words[2:-1] if path else words[2:], path)


def _equates(text):
    """Read ``P=[IPC], F=mDF, A=TCP $h``; in a mailer the last one (A) may hold commas of its own."""
    found, pieces = collections.OrderedDict(), text.split(",")
    key = None
    for piece in pieces:
        match = _EQUATE.match(piece)
        if match:
            key = match.group(1)
            found[key] = piece[match.end():].strip()
        elif key and piece.strip():
            found[key] += "," + piece
    return dict(found)


def _read_mailer(found, line):
    name, _comma, rest = line[1:].partition(",")
    found.mailers[name.strip()] = Mailer(name.strip(), _equates(rest.replace("\n", " ")))


def _read_milter(found, line):
    name, _comma, rest = line[1:].partition(",")
    found.milters[name.strip()] = _equates(rest)


def _read_queue_group(found, line):
    name, _comma, rest = line[1:].partition(",")
    found.queue_groups[name.strip()] = _equates(rest)


def _read_ruleset(found, line):
    name, _equals, number = line[1:].partition("=")
    name = name.strip()
    found.rulesets.setdefault(name, Ruleset(name, number.strip(), []))
    found._ruleset = name


def _read_rule(found, line):
    sides = [side.strip() for side in re.split(r"\t+", line[1:])]
    if found._ruleset is not None:
        found.rulesets[found._ruleset].rules.append((" ".join(sides[0].split()), " ".join(sides[1].split()) if len(sides) > 1 else ""))


def _read_header(found, line):
    match = _HEADER.match(line)
    if match:
        found.headers.setdefault(match.group(2), []).append((match.group(1) or "") + " ".join(match.group(3).split()))


def _read_precedence(found, line):
    name, _equals, value = line[1:].partition("=")
    found.precedences[name.strip()] = value.strip()


def _read_environment(found, line):
    name, _equals, value = line[1:].partition("=")
    found.environment[name.strip()] = value.strip()


def _read_level(found, line):
    found.level = line[1:].strip()


_READERS = {"O": _read_option, "D": _read_macro, "C": _read_class, "F": _read_class, "T": _read_trusted, "K": _read_map, "M": _read_mailer,
            "X": _read_milter, "Q": _read_queue_group, "S": _read_ruleset, "R": _read_rule, "H": _read_header, "P": _read_precedence,
            "E": _read_environment, "V": _read_level}


# -- differences of meaning

def changes(old_text, new_text, secrets=()):
    """Tell how two configurations differ in meaning; comments, blanks and the order of options say nothing.

    :param secrets: names (of options, macros, maps ...) whose values are masked.
    :returns: sorted list of ``{what, name, before, after}``; ``before`` or ``after`` is None where there is nothing on that side.
    """
    old, new = _facts(parse(old_text)), _facts(parse(new_text))
    rows = []
    for key in sorted(set(old) | set(new)):
        before, after = old.get(key), new.get(key)
        if before != after:
            what, name = key
            hide = name in secrets
            if what == "ruleset" and before is not None and after is not None:
                before, after = _other_rules(before, after)
            rows.append({"what": what, "name": name, "before": MASKED if hide and before is not None else before,
                         "after": MASKED if hide and after is not None else after})
    return rows


def _other_rules(before, after):
    """Return the rules that only one side has, or both whole where the order alone differs."""
    old, new = before.split("\n"), after.split("\n")
    removed, added = [rule for rule in old if rule not in new], [rule for rule in new if rule not in old]
    return ("\n".join(removed), "\n".join(added)) if removed or added else (before, after)


def _facts(found):
    """Return all that a configuration says as ``(what, name) -> text``."""
    facts = {("level", "V"): found.level} if found.level else {}
    for what, table in (("option", found.options), ("macro", found.macros), ("environment", found.environment), ("precedence", found.precedences)):
        facts.update(((what, name), _blanks(value)) for name, value in table.items() if name not in REPEATED)
    facts.update(_listeners(found))
    facts.update((("class", name), " ".join(sorted(entry.members))) for name, entry in found.classes.items() if entry.members)
    facts.update((("class file", name), ", ".join(entry.files)) for name, entry in found.classes.items() if entry.files)
    facts.update((("map", entry.name), " ".join([entry.klass] + entry.flags + [entry.path]).strip()) for entry in found.maps.values())
    facts.update((("mailer", entry.name), _joined(entry.equates)) for entry in found.mailers.values())
    facts.update((("milter", name), _joined(equates)) for name, equates in found.milters.items())
    facts.update((("queue group", name), _joined(equates)) for name, equates in found.queue_groups.items())
    facts.update((("header", name), "; ".join(sorted(values))) for name, values in found.headers.items())
    facts.update((("ruleset", name), "\n".join("R%s\t%s" % rule for rule in entry.rules)) for name, entry in found.rulesets.items())
    return facts


def listener(text):
    """Return the keys of one listener in their one spelling, ports as numbers."""
    found = dict((LISTENER_KEYS.get(key[0], key), said) for key, said in _equates(text).items())
    return dict((key, PORTS.get(said, said) if key == "Port" else said) for key, said in found.items())


def _listeners(found):
    """Return one fact for each listener, by its name, so that a changed one shows as changed and not as all of them."""
    facts = {}
    for option, what in (("DaemonPortOptions", "listener"), ("ClientPortOptions", "client")):
        for value in found.options.get(option, "").split("\n") if option in found.options else ():
            equates = listener(value)
            name = equates.get("Name") or equates.get("Family") or "unnamed"
            while (what, name) in facts:
                name += "+"
            facts[(what, name)] = _joined(equates)
    return facts


def _joined(equates):
    return ", ".join("%s=%s" % (key, _blanks(value)) for key, value in sorted(equates.items()))


def _blanks(value):
    return " ".join(value.split())


# -- the same configuration with other files

# Options whose value is a user, each with its group behind a colon or a dot.
USER_OPTION = re.compile(r"O (?:DefaultUser|RunAsUser|TrustedUser)=([A-Za-z0-9_][A-Za-z0-9_-]*)")
CLASS_HEAD = re.compile(r"F(?:\w|\{[^}]*\})")


def redirect(text, mapping):
    """Return the same configuration with paths on K, F and O lines replaced, to ask the real binary about files that are not live yet.

    A path is replaced where it stands whole: ``/etc/mail/access`` leaves ``/etc/mail/access2`` alone, and its database may be named with suffix.

    :param dict mapping: live path -> staged path; the path of a map stands without suffix on both sides.
    """
    if not mapping:
        return text
    # The longest first, so that a path is never taken for the beginning of another.
    paths = "|".join(re.escape(path) for path in sorted(mapping, key=len, reverse=True))
    whole = re.compile(r"(?<![\w./-])(" + paths + r")(?=(?:\.db|\.cdb)?(?:[\s,;:\"]|\Z))")
    lines, kind = [], ""
    for line in text.split("\n"):
        kind = kind if line[:1] in (" ", "\t") else line[:1]
        # A class file's path may follow the one letter of its class at once: Fw/etc/mail/local-host-names.
        head = CLASS_HEAD.match(line).group() if kind == "F" and CLASS_HEAD.match(line) else ""
        lines.append(head + whole.sub(lambda match: mapping[match.group(1)], line[len(head):]) if kind in ("K", "F", "O") else line)
    return "\n".join(lines)


def without_users(text, exists):
    """Return the same configuration without the options that name users whom the host does not have, and those users.

    sendmail refuses to read such a configuration; in check mode the users may be yet to be made.

    :param exists: tells of a name whether the host has that user.
    :returns: ``(text, list of names)``.
    """
    missing, lines = set(), []
    for line in text.split("\n"):
        found = USER_OPTION.match(line)
        if found and not exists(found.group(1)):
            missing.add(found.group(1))
        else:
            lines.append(line)
    return "\n".join(lines), sorted(missing)
