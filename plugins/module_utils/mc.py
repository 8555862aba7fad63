# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read an .mc text as m4 would, and hold it against the table of the language: whoever wrote it, it is checked alike.

m4 reports success on nearly every fault of an .mc file. So order, names, types and hazards are found here, before anything is compiled.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import itertools
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    language,
    language_defines,
    language_features,
    language_maps,
    language_statements,
    language_words,
    m4,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, McError

Statement = collections.namedtuple("Statement", "line name args plain raw part hidden")
Statement.__doc__ = """One macro call, or one line of raw text (``name`` is then empty and ``args`` holds the line).

line: where it begins; args: tuple of arguments with one level of quotes taken off, None without parentheses; plain: for each argument, whether it is nothing
but literal text; raw: as written; part: the LOCAL_* or MAILER_DEFINITIONS part it stands in; hidden: it stands behind a ``#`` that hides nothing.
"""

CF_M4 = re.compile(r"(?:^|/)m4/cf\.m4$")
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_QUOTES = re.compile("[`']")
_BLANKS = re.compile(r"\s*")
_PLAIN_TEXT = re.compile(r"[^`'#A-Za-z_(),\n]+")
# Their arguments are code, not values.
CONDITIONALS = ("ifdef", "ifelse")


class _Reader:
    """Follows m4 through a text: quotes, comments, dnl, arguments, diversions."""

    def __init__(self, text, line=1, parent=None):
        self.text, self.first = text, line
        self.statements, self.faults = [], []
        self.part = parent.part if parent else None
        # A text that does not include cf.m4 is compiled behind it, and cf.m4 takes the meaning from #.
        self.comments = parent.comments if parent else "m4/cf.m4" in text
        self.discarding = parent.discarding if parent else False
        self.known = parent.known if parent else set(m4.COMMANDS) | set(language.STATEMENTS) | set(language.INTERNAL)
        self.own = parent.own if parent else set()
        self.hidden, self.rest, self.rest_start = False, [], 0
        self.dropped, self.finished = [], False

    def line(self, position):
        """Return the line number of a position."""
        return self.first + self.text.count("\n", 0, position)

    def read(self):
        """Read the whole text; what stands outside of macro calls becomes raw lines."""
        position = 0
        while position < len(self.text):
            position = self._step(position)
        self._end_of_line()
        self.finished = True
        return self

    def _step(self, position):
        character = self.text[position]
        if character == "`":
            end = self._quoted(position)
            self._keep(self.text[position + 1:end - 1], position)
            return end
        if character == "#" and self.comments:
            end = self._end(position)
            self._keep(self.text[position:end], position)
            return end
        if character == "#" and not self.part:
            self.hidden = True
        if character == "\n":
            self._end_of_line()
            return position + 1
        match = _WORD.match(self.text, position)
        return self._word(match) if match else self._plain(position)

    def _plain(self, position):
        match = _PLAIN_TEXT.match(self.text, position)
        end = match.end() if match else position + 1
        self._keep(self.text[position:end], position)
        return end

    def _keep(self, text, position):
        if not self.rest:
            self.rest_start = position
        self.rest.append(text)

    def _end(self, position):
        end = self.text.find("\n", position)
        return len(self.text) if end < 0 else end

    def _drop(self, position):
        """Leave out a dnl comment, with its line end as m4 does, and remember where it was."""
        end = min(self._end(position) + 1, len(self.text))
        self.dropped.append((position, end))
        return end

    def live_text(self):
        """Return the text without its dnl comments, line for line."""
        pieces, position = [], 0
        for start, end in sorted(self.dropped):
            pieces += [self.text[position:start], "\n" * self.text.count("\n", start, end)]
            position = max(position, end)
        return "".join(pieces) + self.text[position:]

    def _end_of_line(self):
        kept = "".join(self.rest)
        if kept.strip() and not self.discarding:
            for offset, line in enumerate(kept.split("\n")):
                if line.strip():
                    self.statements.append(Statement(self.line(self.rest_start) + offset, "", (line,), (True,), line, self.part, self.hidden))
        self.rest, self.hidden = [], False

    def _word(self, match):
        word, end = match.group(), match.end()
        called = self.text[end:end + 1] == "("
        if word == "dnl":
            self._end_of_line()
            return self._drop(match.start())
        if self._is_call(word, called, end):
            return self._call(match)
        if not called and (word in m4.BARE_COMMANDS or word in language.STATEMENTS) and word not in m4.CALLED_COMMANDS:
            self._add(match.start(), word, None, (), end)
            return end
        self._keep(word, match.start())
        return end

    def _is_call(self, word, called, end):
        """Whether a word with a parenthesis is read as a call: each that m4 knows, and each unknown one that looks meant as one."""
        if not called or word in self.known:
            return called
        return not self.part and not self.discarding and not self.hidden or (word.isupper() and self.text[end + 1:end + 2] == "`")

    def _call(self, match):
        count = len(self.statements)
        args, plain, starts, end = self._arguments(match)
        nested, self.statements[count:] = self.statements[count:], []
        self._add(match.start(), match.group(), tuple(args), tuple(plain), end)
        self.statements.extend(nested)
        self._effect(match.group(), args)
        if match.group() in CONDITIONALS:
            for argument, start in list(zip(args, starts))[1:]:
                self._branch(argument, start)
        return end

    def _branch(self, code, start):
        """Read a branch of a conditional: every branch is taken for live."""
        inner = _Reader(code, self.line(start), self).read()
        self.statements.extend(statement for statement in inner.statements if statement.name)
        self.faults.extend(inner.faults)
        self.part, self.comments, self.discarding = inner.part, inner.comments, inner.discarding

    def _add(self, start, name, args, plain, end):
        self.statements.append(Statement(self.line(start), name, args, plain, self.text[start:end], self.part, self.hidden))
        if args is None:
            self._effect(name, ())

    def _effect(self, name, args):
        if name == "divert":
            number = args[0].strip() if args else "0"
            self.discarding, self.part = number.startswith("-"), None
        elif name in language.PARTS:
            self.part, self.discarding = name, False
        elif name in ("include", "sinclude") and args and CF_M4.search(args[0]):
            self.comments = False
        elif name == "define" and args:
            self.known.add(args[0])
            self.own.add(args[0])

    def _arguments(self, match):
        """Collect the arguments of a call as m4 does: blanks before each are dropped, one level of quotes is taken off."""
        args, plain, starts, position = [], [], [], match.end() + 1
        while True:
            position = _BLANKS.match(self.text, position).end()
            starts.append(position)
            text, literal, position = self._argument(match, position)
            args.append(text)
            plain.append(literal and m4.live_word(text) is None and not self.own.intersection(_WORD.findall(text)))
            if self.text[position] == ")":
                return args, plain, starts, position + 1
            position += 1

    def _argument(self, match, position):
        pieces, literal, depth = [], True, 0
        while position < len(self.text):
            character = self.text[position]
            if depth == 0 and character in ",)":
                return "".join(pieces), literal, position
            depth += {"(": 1, ")": -1}.get(character, 0)
            piece, position, is_literal = self._piece(match, position)
            pieces.append(piece)
            literal = literal and is_literal
        line = self.line(match.start())
        raise _fault(line, match.group() + "(", "its closing parenthesis is missing, so m4 reads on to the end of the file", "Close it on line %d" % line)

    def _piece(self, match, position):
        """Return the next piece of an argument, where it ends, and whether m4 keeps it as it is."""
        character = self.text[position]
        if character == "`":
            end = self._quoted(position)
            return self.text[position + 1:end - 1], end, True
        if character == "'":
            self.faults.append((self.line(position), match.group() + "(", "there is a quote (apostrophe) that ends no quotation",
                                "Begin each argument with a backquote, end it with a quote, and write no apostrophe inside"))
            return "'", position + 1, True
        if character == "#" and self.comments:
            end = self._end(position)
            return self.text[position:end], end, True
        found = _WORD.match(self.text, position)
        if not found:
            return character, position + 1, True
        word, end = found.group(), found.end()
        if word == "dnl":
            return "", self._drop(position), True
        if word in self.known and self.text[end:end + 1] == "(":
            end = self._call(found)
        return self.text[position:end], end, end == found.end() and m4.live_word(word) is None

    def _quoted(self, position):
        depth = 0
        for match in _QUOTES.finditer(self.text, position):
            depth += 1 if match.group() == "`" else -1
            if depth == 0:
                return match.end()
        raise _fault(self.line(position), self.text[position:self._end(position)].strip()[:60], "the backquote is never closed by a quote",
                     "Close it; a quotation begins with ` and ends with '")


def _fault(line, statement, reason, remedy):
    problem = {"line": line, "statement": statement, "reason": reason, "remedy": remedy}
    return McError(_told(problem), problems=[problem], **problem)


def _told(problem):
    end = "" if problem["reason"].endswith("?") else "."
    return "line %(line)d: %(statement)s: %(reason)s" % problem + end + " %(remedy)s." % problem


def parse(text):
    """Return the statements of an .mc text in order.

    What stands in ``dnl`` comments, and in ``#`` comments above an include of cf.m4 (elsewhere ``#`` hides nothing), is not there. The branches of ifdef and
    ifelse are read as if each were taken. Raw lines (of LOCAL_CONFIG and the like) are statements without a name.

    :returns: list of :class:`Statement`.
    :raises McError: a quotation or a parenthesis is never closed.
    """
    return _Reader(text).read().statements


def check(text, version=None, waivers=(), path=None, flags=None, profile=None, adopted=False):
    """Hold an .mc text against the table of the language.

    :param str text: the whole text; it may begin with the lines of ``m4.preamble()``.
    :param tuple version: of sendmail, such as ``(8, 17, 1)``; None leaves the checks against a version out.
    :param waivers: names of what is used all the same: a forbidden feature (``relay_entire_domain``), ``include(/etc/mail/m4/provider.m4)``,
        ``access_optional``, ``program_map``, ``program_class``.
    :param str path: where the text will live, for messages.
    :param flags: what the host's sendmail was compiled with (``sendmail -d0.13``); None leaves the checks against it out.
    :param str profile: what kind of host this is (``gateway``, ``hub``, ``nullclient``); None leaves the checks against it out.
    :param bool adopted: somebody else's configuration is taken over as it is: what sendmail took so far is told, and not refused.
    :returns: list of warnings.
    :raises McError: with all faults found; ``line``, ``statement``, ``reason`` and ``remedy`` are those of the first, ``problems`` holds each.
    """
    checker = _Checker(version, set(waivers), flags, profile, adopted)
    checker.run(text)
    if checker.problems:
        problems = sorted(checker.problems, key=lambda problem: problem["line"])
        where = (path or "the .mc text") + (" has %d faults:\n" % len(problems) if len(problems) > 1 else ", ")
        raise McError(where + "\n".join(_told(problem) for problem in problems), path=path, problems=problems, **problems[0])
    return [(path + ", " if path else "") + warning for warning in checker.warnings]


def hazards(text):
    """Look for what m4 would take for something else than was meant: live code behind a ``#``, its own commands, quotes that do not match, words that vanish.

    :returns: ``(problems, statements)``: dicts of ``line``, ``statement``, ``reason``, ``remedy``, and what :func:`parse` would return of it.
    """
    checker = _Checker(None, set(), adopted=True)
    statements = checker.hazards(text)
    return sorted(checker.problems, key=lambda problem: problem["line"]), statements


# m4's own commands that no .mc file needs. A blind one is a plain word until a parenthesis follows it.
_HAZARDS = {"syscmd": "runs a command as root", "esyscmd": "runs a command as root", "maketemp": "makes a file", "mkstemp": "makes a file",
            "builtin": "reaches m4's disarmed commands", "indir": "reaches m4's disarmed commands", "debugfile": "writes a file", "debugmode": "only debugs m4",
            "traceon": "only debugs m4", "traceoff": "only debugs m4", "dumpdef": "only debugs m4", "m4exit": "ends the configuration half way",
            "m4wrap": "runs code after everything else", "changequote": "changes the quotes, after which nothing here can be checked",
            "changecom": "changes the comments, after which nothing here can be checked", "changeword": "changes what a word is"}
# The one option that the .cf has above the lines of LOCAL_CONFIG.
_ABOVE_LOCAL_CONFIG = ("confDONT_BLAME_SENDMAIL",)
_NOT_FOR_VALUES = m4.BARE_COMMANDS | {"lower", "strcasecmp"}
_MAILER_VARIABLE = re.compile(r"(LOCAL|SMTP|ESMTP|SMTP8|DSMTP|RELAY|PROCMAIL|CYRUS|CYRUSV2|CYRUS_BB|UUCP|USENET|FAX|POP|MAIL11|PH|QPAGE|SSH|XAGENT)"
                              r"_(MAILER|SHELL|PROG)_|confEBINDIR$")


def _definitions_alone(statements):
    """Return the lines of each LOCAL_CONFIG that holds nothing but K lines: a FEATURE below may name these maps, so they stand above it."""
    found = set()
    for place, statement in enumerate(statements):
        if statement.name == "LOCAL_CONFIG":
            held = [one.args[0].strip() for one in itertools.takewhile(lambda one: not one.name, statements[place + 1:])]
            if [line for line in held if line] and all(line[:1] in ("", "K", "#") for line in held):
                found.add(statement.line)
    return found


class _Checker:
    def __init__(self, version, waivers, flags=None, profile=None, adopted=False):
        self.version, self.waivers, self.flags, self.profile, self.adopted = version, waivers, flags, profile, adopted
        self.problems, self.warnings = [], []
        self.features, self.mailers, self.defines, self.filters, self.filter_lists = {}, {}, {}, [], []
        self.daemons, self.local, self.seen, self.later, self.early = [], None, {}, set(), set()

    def fault(self, statement, reason, remedy, line=None):
        """Note a fault; ``statement`` is a Statement or its text."""
        shown = statement if isinstance(statement, str) else " ".join(statement.raw.split())[:100]
        self.problems.append({"line": line or statement.line, "statement": shown, "reason": reason, "remedy": remedy})

    def doubt(self, statement, reason, remedy):
        """Note a fault that neither m4 nor sendmail stops at; of a configuration that is taken over it is only told."""
        if self.adopted:
            self.warn(statement, "%s. %s" % (reason.rstrip("."), remedy))
        else:
            self.fault(statement, reason, remedy)

    def warn(self, statement, message):
        """Note what may be meant, and may not."""
        self.warnings.append("line %d: %s: %s." % (statement.line, " ".join(statement.raw.split())[:100], message))

    def run(self, text):
        """Check a whole text."""
        reader = _Reader(*self._without_preamble(text))
        try:
            reader.read()
        except McError as exc:
            self.problems += exc.details["problems"]
        self._hazards(reader.live_text(), reader.first)
        if self.problems and not reader.finished:
            return
        for line, statement, reason, remedy in reader.faults:
            self.fault(statement, reason, remedy, line)
        self.later = set(statement.args[0] for statement in reader.statements if statement.name == "FEATURE" and statement.args and not statement.hidden)
        self.early = _definitions_alone(reader.statements)
        for statement in reader.statements:
            self._statement(statement)
        self._whole(reader.statements)

    def hazards(self, text):
        """Check for hazards alone; return the statements, as far as the text could be read."""
        reader = _Reader(*self._without_preamble(text))
        try:
            reader.read()
        except McError as exc:
            self.problems += exc.details["problems"]
        self._hazards(reader.live_text(), reader.first)
        for line, statement, reason, remedy in reader.faults:
            self.fault(statement, reason, remedy, line)
        for statement in reader.statements:
            if statement.name and statement.hidden:
                self.fault(statement, "# hides nothing from m4 once cf.m4 is included: this is live code", "Delete the line, or begin it with dnl")
            elif statement.name:
                self._values(statement)
        return reader.statements

    def _without_preamble(self, text):
        """Leave out the lines that disarm m4, if they are exactly ours; they are the only ones that may name its commands."""
        included = sorted(name[8:-1] for name in self.waivers if name.startswith("include("))
        own = m4.preamble(path for path in included if language.expected("path", path) is None)
        for known in (own, m4.PREAMBLE):
            if text.startswith(known):
                return text[len(known):], 1 + known.count("\n")
        self.warnings.append("line 1: m4's own commands are not disarmed. Begin the text with the lines of the filter mailjail.sendmail.m4_preamble.")
        return text, 1

    # -- text

    def _hazards(self, text, first):
        """Look for m4's own commands everywhere but behind dnl, in quotes too: what is quoted now is expanded later."""
        for number, line in enumerate(text.split("\n"), first):
            for match in _WORD.finditer(line):
                word = match.group()
                if word in _HAZARDS and (word in m4.BARE_COMMANDS or line[match.end():match.end() + 1] == "(" or line[:match.start()].endswith("`")):
                    self.fault(line.strip()[:100], "m4's command %s %s" % (word, _HAZARDS[word]), "Remove it", number)

    # -- one statement

    def _statement(self, statement):
        if not statement.name:
            return self._raw(statement)
        if statement.hidden:
            return self.fault(statement, "# hides nothing from m4 once cf.m4 is included: this is live code", "Delete the line, or begin it with dnl")
        self.seen.setdefault(statement.name, statement)
        if statement.name not in language.STATEMENTS and statement.name not in m4.COMMANDS and statement.name not in language.INTERNAL:
            return self._unknown(statement)
        section = language.STATEMENTS.get(statement.name, 0)
        if statement.args is None and statement.name in language.STATEMENTS and section < 10:
            return self.fault(statement, "no parenthesis follows directly, so m4 calls it without arguments",
                              "Write %s(`...') without a blank between" % statement.name)
        self._order(statement, section)
        self._described(statement)
        self._values(statement)
        handler = getattr(self, "_" + statement.name, None)
        return handler(statement) if handler else self._typed(statement)

    def _raw(self, statement):
        line = statement.args[0].strip()
        if any(problem["line"] == statement.line for problem in self.problems):
            return None
        if statement.part:
            return self._raw_in_part(statement, line)
        if line.startswith("#"):
            return None
        if set(line) <= set(") '"):
            return self.fault(statement, "there is one closing %s too many" % ("parenthesis" if ")" in line else "quote"), "Remove it")
        return self.fault(statement, "this is no statement, and would be copied into the configuration as it is",
                          "Put dnl before a comment; put a line that is meant for the .cf below LOCAL_CONFIG")

    def _raw_in_part(self, statement, line):
        if re.match(r"K\s*\S+\s+program\b", line) and "program_map" not in self.waivers:
            self.doubt(statement, "a map of class program runs a program as root for addresses that strangers send", "Use another class of map")
        if re.match(r"K\s*access\s+\S+\s.*-o\b", line) and "access_optional" not in self.waivers:
            self.doubt(statement, "with -o a missing access map means no policy at all", "Leave -o out")
        if re.match(r"F(\w|\{\w+\})\s*\|", line) and "program_class" not in self.waivers:
            self.doubt(statement, "a class read from a program runs it as root at each start", "Read the class from a file")
        found = re.match(r"K\s*\S+\s+(\S.*)", line)
        if found:
            self._map(statement, found.group(1))
        found = re.match(r"O\s+([^=\s]+)\s*(?:=\s*(.*))?\Z", line)
        if found:
            self._option(statement, found.group(1), found.group(2) or "")

    def _map(self, statement, spec):
        """Hold a map against what the host's sendmail was compiled with, and its class against those that there are."""
        needed, name = language.map_flags(spec)
        self._compiled(statement, needed, "a map of class %s" % name)
        if re.match(r"[a-z]+\Z", name) and name not in language_maps.MAP_CLASSES and statement.plain[0]:
            self.fault(statement, "there is no class of maps '%s'.%s" % (name, language.nearest(name, language_maps.MAP_CLASSES)), "Correct the name")

    def _option(self, statement, name, value):
        """Hold an O line against the release, the compile flags and the type of its option; what holds for a define() holds for it, too."""
        option, define = language_defines.line_option(name)
        unused_kind, since, flag, unused_meaning = language_defines.LINE_OPTIONS.get(option, (None, None, None, None))
        if define:
            since, flag = language.DEFINES[define].since, language.DEFINES[define].flag
        if since and self.version and self.version < since:
            self.fault(statement, "sendmail %s does not know the option %s; it came with %s" % (_dotted(self.version), name, _dotted(since)), "Remove it")
        if value.strip():
            self._compiled(statement, (flag,) if flag else (), "the option %s" % name)
        plain = "$" not in value and m4.live_word(value) is None and not set(_WORD.findall(value)) & set(self.defines)
        if option is None or plain:
            try:
                language.check_line_option(name, value)
            except InvalidValue as exc:
                self.doubt(statement, exc.message.rstrip("."), "Correct the name" if option is None else "Correct it")
        if not define:
            return
        before = self.defines.get(define)
        if before and statement.part == "LOCAL_CONFIG" and before[0].name == "define" and define not in _ABOVE_LOCAL_CONFIG:
            self.warn(statement, "the .cf has the options below these lines, so the define() of %s on line %d wins" % (define, before[0].line))
        self._rules_of_value(statement, define, value, plain)
        self.defines.setdefault(define, (statement, value))

    def _compiled(self, statement, needed, what):
        missing = language.lacking(needed, self.flags)
        if missing:
            self.fault(statement, "%s needs %s, and the sendmail of this host was compiled without it" % (what, missing),
                       "Remove it, or install a sendmail that has %s (sendmail -d0.13 lists what is in)" % missing)

    def _unknown(self, statement):
        if statement.name in self.defines:
            return
        self.fault(statement, "%s is no statement that sendmail knows; m4 would copy it into the configuration.%s" % (
            statement.name, language.nearest(statement.name, language.STATEMENTS)), "Correct the name, or remove the line")

    def _described(self, statement):
        """Hold a statement against the release and the compile flags, as its row says."""
        row = language_statements.DESCRIBED.get(statement.name)
        if row and row.since and self.version and self.version < row.since:
            self.fault(statement, "sendmail %s does not know it; it came with %s" % (_dotted(self.version), _dotted(row.since)), "Remove it")
        if row and row.flag:
            self._compiled(statement, (row.flag,), statement.name)
        if statement.name in language_statements.PARTS_BELOW_MAILER and not self.mailers:
            self.fault(statement, "MAILER() must stand above it", "Move it below the last MAILER()")

    def _order(self, statement, section):
        if self.local and 0 < section < 10:
            self.fault(statement, "it stands below %s on line %d, and the LOCAL_ parts come last" % (self.local.name, self.local.line),
                       "Move it above that line")
        if section == 11 and statement.name in language.PARTS and not self.local and statement.line not in self.early:
            self.local = statement
        if section in (4, 9) and "OSTYPE" not in self.seen:
            self.fault(statement, "it stands before OSTYPE()", "Move it below OSTYPE()")

    def _values(self, statement):
        """Refuse words that vanish from a value: dnl, divert, lower ... as labels of a host name."""
        if statement.name in m4.COMMANDS - {"define"} or not statement.args:
            return
        if statement.name == "define" and statement.args[0] not in language.DEFINES and statement.args[0] not in language.VARIABLES:
            return
        used = 1 + len(language.FEATURES[statement.args[0]].args) if statement.name == "FEATURE" and statement.args[0] in language.FEATURES else None
        for argument, plain in list(zip(statement.args, statement.plain))[:used]:
            words = [] if plain else [word for word in m4.WORDS.findall(argument) if word in _NOT_FOR_VALUES]
            if words:
                self.fault(statement, "the word %s in it is a command of m4 or of its library, and vanishes together with what follows" % words[0],
                           "Write the value without that word")

    def _typed(self, statement):
        kind = language.ARGUMENTS.get(statement.name)
        if not kind or not statement.args or not statement.plain[0]:
            return
        for word in [statement.args[0]] if kind == "class_file" else statement.args[0].split():
            wanted = language.expected(kind, word)
            if wanted:
                self.doubt(statement, "'%s' is not %s" % (word, wanted), "Correct it")

    # -- statements with rules of their own, named after them

    def _include(self, statement):
        name = statement.args[0] if statement.args else ""
        if CF_M4.search(name):
            return
        if not statement.plain[0] or "include(%s)" % name not in self.waivers:
            self.fault(statement, "it reads code from a file that nothing checks", "Put the file's statements here, or waive include(%s) with a reason" % name)

    _sinclude = _include

    def _undivert(self, statement):
        if statement.args and not re.match(r"-?[0-9]+$", statement.args[0]):
            self.fault(statement, "undivert of a name reads a file", "Remove it")

    def _defn(self, statement):
        if statement.args and statement.args[0] in m4.COMMANDS:
            self.fault(statement, "it gives m4's command %s another name" % statement.args[0], "Remove it")

    def _OSTYPE(self, statement):
        if self.seen["OSTYPE"] is not statement:
            self.fault(statement, "OSTYPE() stands on line %d already" % self.seen["OSTYPE"].line, "Remove one of them")
        self._file_name(statement)

    def _DOMAIN(self, statement):
        self._file_name(statement)
        for kind, name in language.VENDOR_DEFINES:
            if kind == "DOMAIN" and statement.args[0] == name:
                for define, value in language.VENDOR_DEFINES[(kind, name)].items():
                    self.defines[define] = (statement, value)

    def _file_name(self, statement):
        useless = language_features.USELESS.get((statement.name, statement.args[0]))
        if useless:
            self.fault(statement, "this file is of no use: %s" % useless, "Name another one")
        if not statement.plain[0] or not re.match(r"[A-Za-z0-9_][A-Za-z0-9_.-]*$", statement.args[0]):
            self.fault(statement, "'%s' is no name of a file of the cf library" % statement.args[0], "Write the name without path and suffix")

    def _HACK(self, statement):
        self._file_name(statement)
        if statement.args[0] not in language.HACKS:
            self.warn(statement, "this HACK is none of sendmail's own, nothing of it was checked")
        for needed in language.HACKS.get(statement.args[0], ()):
            if needed not in self.features:
                self.fault(statement, "it needs FEATURE(`%s') above it" % needed, "Move FEATURE(`%s') above line %d" % (needed, statement.line))

    def _define(self, statement):
        name = statement.args[0] if statement.args else ""
        value, plain = (statement.args[1], statement.plain[1]) if len(statement.args or ()) > 1 else ("", True)
        if name in m4.COMMANDS or name in language.STATEMENTS:
            return self.fault(statement, "it gives %s another meaning" % name, "Use a name of your own")
        # The way of the submission program's own sendmail.mc to have no OSTYPE.
        self.seen.setdefault("OSTYPE" if name == "__OSTYPE__" else name, statement)
        self._known_define(statement, name, value, plain)
        if name == "confINPUT_MAIL_FILTERS":
            self.filter_lists.append((statement, re.split(r"[\s,]+", _unquoted(value).strip()) if plain else None))
        self._rules_of_value(statement, name, value, plain)
        self.defines[name] = (statement, value)
        return None

    def _rules_of_value(self, statement, name, value, plain):
        """Warn of values that are of their type, and do harm."""
        value = _unquoted(value)
        if name == "confSMTP_LOGIN_MSG" and re.search(r"\bESMTP\b", value):
            self.warn(statement, "sendmail inserts the word ESMTP itself, so the greeting will hold it twice")
        if name == "confDONT_BLAME_SENDMAIL":
            relaxed = [word for word in re.split(r"[\s,]+", value) if word and word.lower() not in [good.lower() for good in language.TOLERABLE_BLAME]]
            if relaxed and plain:
                self.warn(statement, "it switches file safety off (%s)" % ", ".join(relaxed))
        if plain and name.endswith("_FLAGS") and language.VARIABLES.get(name) == "flags":
            self._flags(statement, value)

    def _flags(self, statement, flags):
        unknown = language.unknown_flags(flags)
        if unknown:
            self.warn(statement, "sendmail knows no mailer flag %s, and takes it in silence" % ", ".join(unknown))

    def _known_define(self, statement, name, value, plain):
        setting = name in language.DEFINES or name in language.VARIABLES
        if setting and self.mailers and _MAILER_VARIABLE.match(name):
            self.fault(statement, "it stands below MAILER(), which has used %s already" % name, "Move it above MAILER()")
        if not setting and not name.startswith("conf"):
            close = "" if name.startswith("_") or name in language.INTERNAL else language.nearest(name, language.VARIABLES)
            if close:
                self.fault(statement, "sendmail knows no %s, and would drop it without a word.%s" % (name, close), "Correct the name")
            return
        since = language.DEFINES[name].since if name in language.DEFINES else None
        if since and self.version and self.version < since:
            self.fault(statement, "sendmail %s drops %s without a word; it is known since %s" % (_dotted(self.version), name, _dotted(since)), "Remove it")
        if name in language.DEFINES and language.DEFINES[name].flag and _unquoted(value).strip():
            self._compiled(statement, (language.DEFINES[name].flag,), name)
        if setting and (not plain or "$" in value):
            # m4 still has to expand it, or it holds sendmail's own macros: it has no type yet.
            return
        try:
            language.check_define(name, _unquoted(value))
        except InvalidValue as exc:
            # m4 itself complains of a name that is gone, and nothing knows one that never was.
            (self.doubt if setting else self.fault)(statement, exc.message.rstrip("."), "Correct it")

    def _undefine(self, statement):
        name = statement.args[0]
        if name in m4.COMMANDS or name in language.STATEMENTS:
            self.fault(statement, "it takes %s from what follows" % name, "Remove it")
        if name.startswith("conf") and name not in language.DEFINES and name not in language.REMOVED:
            self.fault(statement, "sendmail knows no %s.%s" % (name, language.nearest(name, language.DEFINES)), "Correct the name")
        self.defines.pop(name, None)

    _popdef = _undefine

    def _pushdef(self, statement):
        if statement.args[0] in m4.COMMANDS or statement.args[0] in language.STATEMENTS:
            self.fault(statement, "it gives %s another meaning" % statement.args[0], "Use a name of your own")

    def _MODIFY_MAILER_FLAGS(self, statement):
        if self.mailers:
            self.fault(statement, "it stands below MAILER(), which has used the flags already", "Move it above MAILER()")
        if statement.plain[0] and statement.args[0] not in language_words.FLAGGED_MAILERS:
            self.doubt(statement, "it changes nothing: there is no mailer '%s' whose flags it knows.%s" % (
                statement.args[0], language.nearest(statement.args[0], language_words.FLAGGED_MAILERS)),
                "Correct the name: one of %s" % ", ".join(language_words.FLAGGED_MAILERS))
        if len(statement.args) > 1 and statement.plain[1]:
            self._flag_change(statement, statement.args[1].strip())

    def _flag_change(self, statement, change):
        if re.search("[+-]", change[1:]):
            self.doubt(statement, "'%s' has a sign inside, which sendmail takes for a flag" % change, "Write one statement for each sign")
        elif language.expected("flags", change):
            self.doubt(statement, "'%s' is not %s" % (change, language.expected("flags", change)), "Correct it")
        else:
            self._flags(statement, change)

    def _FEATURE(self, statement):
        name = statement.args[0]
        feature = language.FEATURES.get(name)
        if feature is None:
            return self.fault(statement, "sendmail has no feature '%s'.%s" % (name, language.nearest(name, language.FEATURES)), "Correct the name")
        if self.mailers:
            self.fault(statement, "it stands below MAILER() on line %d" % min(other.line for other in self.mailers.values()), "Move it above MAILER()")
        if feature.forbidden and name not in self.waivers:
            self.fault(statement, "it is forbidden: " + feature.forbidden, "Remove it, or waive '%s' with a reason" % name)
        if self.profile in feature.profiles and name not in self.waivers:
            self.doubt(statement, "it is forbidden on a host of profile %s: %s" % (self.profile, feature.profiles[self.profile]),
                       "Remove it, or waive '%s' with a reason" % name)
        self._feature_version(statement, name, feature)
        self._feature_compiled(statement, name, feature)
        self._feature_order(statement, name, feature)
        self._feature_arguments(statement, name, feature)
        if name in self.features and name not in language_features.REPEATED:
            self.warn(statement, "it stands on line %d already" % self.features[name].line)
        self.features.setdefault(name, statement)
        handler = getattr(self, "_feature_" + name, None)
        if handler:
            handler(statement)
        for mailer in language.BRINGS_MAILERS.get(name, ()):
            self.mailers.setdefault(mailer, statement)
        return None

    def _feature_version(self, statement, name, feature):
        if not self.version:
            return
        instead = "Use FEATURE(`%s')" % feature.instead if feature.instead else "Remove it"
        if feature.since and self.version < feature.since:
            self.fault(statement, "sendmail %s does not have it; it came with %s" % (_dotted(self.version), _dotted(feature.since)), instead)
        if feature.until and self.version >= feature.until:
            self.fault(statement, "sendmail %s only complains about it" % _dotted(self.version), instead)

    def _feature_compiled(self, statement, name, feature):
        needed = [flag for flag in feature.flags if (name, flag, (statement.args[2:3] or [""])[0]) != ("sts", "_FFR_TLS_ALTNAMES", "NO_SAN_TST")]
        self._compiled(statement, needed, "FEATURE(`%s')" % name)
        for argument, plain, kind in zip(statement.args[1:], statement.plain[1:], feature.args):
            if kind.lstrip("*") == "map" and plain and argument.strip():
                found, kind_of_map = language.map_flags(argument.strip())
                self._compiled(statement, found, "a map of class %s" % kind_of_map)

    def _feature_order(self, statement, name, feature):
        for needed in feature.needs:
            if needed not in self.defines:
                self.fault(statement, "it needs %s defined above it" % needed, "Define %s above line %d" % (needed, statement.line))
        for needed in feature.requires:
            # A fixed greeting pause works without the access map; it then has no exceptions.
            late = needed != "access_db" and needed in self.later
            if needed not in self.features and not late and not (name == "greet_pause" and len(statement.args) > 1 and "access_db" not in self.later):
                self.fault(statement, "it needs FEATURE(`%s') above it" % needed, "Move FEATURE(`%s') above line %d" % (needed, statement.line))
        for other in feature.excludes:
            if other in self.features:
                self.fault(statement, "it does not go together with FEATURE(`%s') on line %d" % (other, self.features[other].line), "Keep one of them")

    def _feature_arguments(self, statement, name, feature):
        given = [argument.strip() for argument in statement.args[1:]]
        needed = [index for index, kind in enumerate(feature.args) if kind.startswith("*") and not (given[index:index + 1] or [""])[0]]
        if needed:
            self.fault(statement, "argument %d is missing" % (needed[0] + 2), "Give it: " + _described(feature.args[needed[0]]))
        if len([argument for argument in given if argument]) > len(feature.args):
            self.warn(statement, "it takes no more than %d arguments; what follows is ignored" % (len(feature.args) + 1))
        for argument, plain, kind in zip(given, statement.plain[1:], feature.args):
            self._feature_argument(statement, name, argument, plain, kind.lstrip("*"))

    def _feature_argument(self, statement, name, argument, plain, kind):
        if not argument or not plain or argument == "LDAP" or "$" in argument:
            return
        if kind.startswith("="):
            if argument.lower() not in [word.lower() for word in kind[1:].split("|")] and (name, kind) != ("msp", "=MSA"):
                self.fault(statement, "'%s' is not %s" % (argument, _described(kind)), "Correct it")
            return
        wanted = language.expected(kind, argument)
        if wanted and not (kind == "map" and argument.startswith("ldap")):
            self.fault(statement, "'%s' is not %s" % (argument, wanted), "Correct it")

    def _feature_access_db(self, statement):
        spec = statement.args[1] if len(statement.args) > 1 else ""
        if re.search(r"(^|\s)-o(\s|$)", spec) and "access_optional" not in self.waivers:
            self.fault(statement, "with -o a missing access map means no policy at all, instead of no mail",
                       "Leave -o out, or waive access_optional with a reason")
        if spec.strip() and spec != "LDAP" and not spec.startswith("sequence ") and "-T<TMPF>" not in spec:
            self.doubt(statement, "-T<TMPF> is missing, so a map that can not be read looks like one that says nothing",
                       "Write -T<TMPF> after the class of the map")

    def _nodelay(self, statement):
        if "nodelay" in [argument.lower() for argument in statement.args[1:2]] and "delay_checks" not in self.features:
            self.fault(statement, "nodelay needs FEATURE(`delay_checks') above it", "Move FEATURE(`delay_checks') above line %d" % statement.line)

    _feature_conncontrol = _feature_ratecontrol = _nodelay

    def _feature_greet_pause(self, statement):
        if len(statement.args) < 2 or not statement.args[1].strip():
            self.warn(statement, "without a number it pauses only for clients that the access map names")

    def _feature_msp(self, statement):
        port = (statement.args[2:3] or [""])[0].strip()
        if port and port != "MSA":
            self.warn(statement, "it understands no second argument but MSA; '%s' is dropped. For another port define RELAY_MAILER_ARGS" % port)

    def _feature_bcc(self, statement):
        if (statement.args[1:2] or [""])[0].lower() == "access" and "access_db" not in self.features:
            self.fault(statement, "it needs FEATURE(`access_db') above it", "Move FEATURE(`access_db') above line %d" % statement.line)

    def _MAILER(self, statement):
        file_name = statement.args[0]
        name = (statement.args[1:2] or [""])[0] or file_name
        mailer = language.MAILERS.get(file_name)
        if mailer is None:
            return self.fault(statement, "sendmail has no mailer '%s'.%s" % (file_name, language.nearest(file_name, language.MAILERS)), "Correct the name")
        if name in self.mailers:
            brought = self.mailers[name]
            how = "" if brought.name == "MAILER" else " (it brings its mailers itself)"
            self.fault(statement, "line %d has it already%s" % (brought.line, how), "Remove this one")
        for needed in mailer.needs:
            if needed not in self.defines:
                self.fault(statement, "it needs %s defined above it" % needed, "Define %s above line %d" % (needed, statement.line))
        for before in mailer.after:
            if before not in self.mailers:
                self.fault(statement, "MAILER(`%s') must stand above it" % before, "Move it below MAILER(`%s')" % before)
        self.mailers.setdefault(name, statement)
        return None

    def _QUEUE_GROUP(self, statement):
        if len(statement.args) > 1 and statement.plain[1]:
            self._equates(statement, statement.args[1], language_words.QUEUE_EQUATES)

    def _equates(self, statement, text, known):
        """Return the equates of a queue group or a milter, or None with what is wrong about them noted."""
        try:
            return language.check_equates(_unquoted(text), statement.name, known)
        except InvalidValue as exc:
            self.doubt(statement, exc.message.rstrip("."), "Correct it")
            return None

    def _MAIL_FILTER(self, statement):
        self.filters.append((statement, statement.args[0]))
        equates = statement.args[1] if len(statement.args) > 1 else ""
        found = self._equates(statement, equates, language_words.MILTER_EQUATES) if statement.plain[-1] else None
        if found is not None and "S" not in found:
            self.fault(statement, "the milter's socket S= is missing", "Write S=local:/path or S=inet:port@host as second argument")
        if found is not None and not found.get("F"):
            self.warn(statement, "without F=T or F=R mail passes unfiltered while the milter is down")

    _INPUT_MAIL_FILTER = _MAIL_FILTER

    def _DAEMON_OPTIONS(self, statement):
        if not statement.plain[0]:
            return
        try:
            found = language.check_daemon_options(statement.args[0], client=statement.name == "CLIENT_OPTIONS")
        except InvalidValue as exc:
            self.doubt(statement, exc.message.rstrip("."), "Correct it")
            return
        if statement.name == "DAEMON_OPTIONS":
            self.daemons.append((statement, found))

    _CLIENT_OPTIONS = _DAEMON_OPTIONS

    def _MASQUERADE_AS(self, statement):
        if statement.args[0]:
            self._typed(statement)

    def _VIRTUSER_DOMAIN(self, statement):
        self.warn(statement, "this host will also relay for the domain")
        self._typed(statement)

    # -- the text as a whole

    def _whole(self, statements):
        if "OSTYPE" not in self.seen:
            self.fault("OSTYPE", "there is no OSTYPE()", "Add it above the first FEATURE()", 1)
        if not any(CF_M4.search(statement.args[0]) for statement in statements if statement.name == "include" and statement.args):
            self.warnings.append("line 1: cf.m4 is not included; m4 must be told to read it first.")
        self._privilege()
        self._late()
        self._null_client(statements)
        self._milters()
        self._listeners()
        if "smtp" not in self.mailers and "msp" not in self.features:
            self.warnings.append("line 1: there is no MAILER(`smtp'), so no mail leaves this host by SMTP.")

    def _privilege(self):
        user, jail = self.defines.get("confRUN_AS_USER"), self.defines.get("confSAFE_FILE_ENV")
        if user and user[1] and jail and jail[1] and "msp" not in self.features:
            self.doubt(user[0], "RunAsUser and SafeFileEnvironment (line %d) exclude each other: only root can chroot, so each file delivery "
                                "would bounce" % jail[0].line, "Keep one of them")

    def _late(self):
        """What m4 finds only when it puts the whole together."""
        delayed, routing, mode = self.features.get("delay_checks"), self.features.get("ldap_routing"), self.defines.get("confDELIVERY_MODE")
        if delayed and (delayed.args[1:2] or [""])[0] and "access_db" not in self.features:
            self.fault(delayed, "with an argument it needs FEATURE(`access_db')", "Add FEATURE(`access_db')")
        if routing and len([argument for argument in routing.args[1:3] if argument.strip()]) < 2 and "confLDAP_DEFAULT_SPEC" not in self.defines:
            self.fault(routing, "its own maps know no server", "Define confLDAP_DEFAULT_SPEC (-H ldap://ldap.example.com -b o=Example), or give both maps")
        if mode and _unquoted(mode[1])[:1] == "d":
            self.doubt(mode[0], "in deferred mode no check of sender or client is made", "Use background, interactive or queueonly")

    def _null_client(self, statements):
        feature = self.features.get("nullclient")
        if feature and (feature.args[1:2] or [""])[0].startswith("["):
            if not any(other.name == "MASQUERADE_AS" and other.line > feature.line for other in statements):
                self.fault(feature, "the bracketed hub would become the domain of each sender (user@[hub])", "Add MASQUERADE_AS() below it")

    def _milters(self):
        for statement, names in self.filter_lists:
            for declared, name in self.filters:
                if names is None or declared.name == "MAIL_FILTER":
                    continue
                if declared.line > statement.line and name in names:
                    self.fault(declared, "confINPUT_MAIL_FILTERS on line %d names it already, so it would run twice" % statement.line,
                               "Use MAIL_FILTER() here")
                if declared.line < statement.line and name not in names:
                    self.fault(statement, "it replaces the list of milters, and leaves out %s of line %d" % (name, declared.line), "Name %s in it" % name)
            for name in names or ():
                if name and name not in [known for _declared, known in self.filters]:
                    self.fault(statement, "there is no milter '%s'" % name, "Declare it with MAIL_FILTER()")

    def _listeners(self):
        if self.daemons and not set(self.features) & {"no_default_msa", "msp"}:
            self.warn(self.daemons[0][0], "without FEATURE(`no_default_msa') sendmail also listens on port 587 of all interfaces")
        if self.daemons and "msp" not in self.features and not any(found.get("Port", "25") in ("25", "smtp") for _statement, found in self.daemons):
            self.warn(self.daemons[0][0], "no listener is on port 25, so this host takes no mail from other servers")


def _unquoted(value):
    """Take off the quotes that a value still has; m4 takes them off when it hands the value on."""
    while re.match(r"`[^`']*'\Z", value):
        value = value[1:-1]
    return value


def _dotted(version):
    return ".".join(str(part) for part in version)


def _described(kind):
    kind = kind.lstrip("*")
    if kind.startswith("="):
        return "one of " + ", ".join(kind[1:].split("|"))
    return language.TYPES[kind][1] if kind in language.TYPES else "a text"
