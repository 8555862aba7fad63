# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Follow m4 through somebody's .mc and write down which statements it comes to, with their values. Pure: nothing is run, nothing is read but what is given.

This is m4 as far as configurations use it: quotes, comments, definitions with arguments, conditions, diversions, included files. sendmail's own statements
are not expanded, they are noted. What would run a program or make a file is refused with its line.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ast
import collections
import operator
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError

Noted = collections.namedtuple("Noted", "name args path line part")
Noted.__doc__ = """One statement that m4 came to: its name, its arguments as m4 collected them, where it stands, in which part (None above all parts)."""
Line = collections.namedtuple("Line", "text path line part")
Line.__doc__ = """One line that m4 copies into the .cf as it is, with the part it stands in (empty: none)."""

# Numbers of m4's diversions, and the statement that opens each.
DIVERSIONS = {1: "LOCAL_NET_CONFIG", 2: "LOCAL_RULE_3", 3: "LOCAL_RULE_0", 4: "LOCAL_UUCP", 6: "LOCAL_CONFIG", 7: "MAILER_DEFINITIONS", 8: "LOCAL_DNSBL",
              9: "LOCAL_RULESETS"}
PART_NUMBERS = dict((name, number) for number, name in DIVERSIONS.items())
REFUSED = {"syscmd": "runs a command", "esyscmd": "runs a command", "maketemp": "makes a file", "mkstemp": "makes a file", "builtin": "reaches any m4 command",
           "indir": "reaches any m4 command", "debugfile": "writes a file", "debugmode": "debugs m4", "traceon": "debugs m4", "traceoff": "debugs m4",
           "dumpdef": "debugs m4", "m4exit": "ends the configuration half way", "m4wrap": "runs code after everything else",
           "changeword": "changes what a word is", "sysval": "asks for the result of a command"}
# What cf.m4 has defined before a configuration begins, as far as configurations look at it.
SEEDS = {"MAIL_SETTINGS_DIR": "/etc/mail/", "DATABASE_MAP_TYPE": "hash", "ALIAS_FILE": "`MAIL_SETTINGS_DIR'aliases", "confMAILER_NAME": "MAILER-DAEMON",
         "confFROM_LINE": "From $g $d", "confOPERATORS": ".:%@!^/[]+", "confSMTP_LOGIN_MSG": "$j Sendmail $v/$Z; $b", "confSEVEN_BIT_INPUT": "False",
         "confALIAS_WAIT": "10", "confMIN_FREE_BLOCKS": "100", "confBLANK_SUB": ".", "confCON_EXPENSIVE": "False", "confDELIVERY_MODE": "background",
         "confTEMP_FILE_MODE": "0600", "confMCI_CACHE_SIZE": "2", "confMCI_CACHE_TIMEOUT": "5m", "confUSE_ERRORS_TO": "False", "confLOG_LEVEL": "9",
         "confCHECK_ALIASES": "False", "confOLD_STYLE_HEADERS": "True", "confPRIVACY_FLAGS": "authwarnings", "confSAFE_QUEUE": "True",
         "confTO_QUEUERETURN": "5d", "confTO_QUEUEWARN": "4h", "confTIME_ZONE": "USE_SYSTEM", "confCW_FILE": "`MAIL_SETTINGS_DIR'local-host-names",
         "confMIME_FORMAT_ERRORS": "True", "confFORWARD_PATH": "$z/.forward.$w:$z/.forward", "confCR_FILE": "-o `MAIL_SETTINGS_DIR'relay-domains",
         "confMILTER_MACROS_CONNECT": "j, _, {daemon_name}, {if_name}, {if_addr}",
         "confMILTER_MACROS_HELO": "{tls_version}, {cipher}, {cipher_bits}, {cert_subject}, {cert_issuer}",
         "confMILTER_MACROS_ENVFROM": "i, {auth_type}, {auth_authen}, {auth_ssf}, {auth_author}, {mail_mailer}, {mail_host}, {mail_addr}",
         "confMILTER_MACROS_ENVRCPT": "{rcpt_mailer}, {rcpt_host}, {rcpt_addr}", "confMILTER_MACROS_EOM": "{msg_id}"}
# The library's macros that stand in configurations and make lines of the .cf.
EXPANDED = {"UUCPSMTP": "R $`'* < @ $1 .UUCP > $`'*\t$`'1 < @ $2 > $`'2", "lower": "translit(`$1', `A-Z', `a-z')"}
# What these features set for themselves, over what stands above them.
FEATURE_SETS = {
    "msp": ("ALIAS_FILE", "confDELIVERY_MODE", "confUSE_MSP", "confFORWARD_PATH", "confPRIVACY_FLAGS", "confDONT_PROBE_INTERFACES", "QUEUE_DIR",
            "confQUEUE_FILE_MODE", "STATUS_FILE", "confPID_FILE", "confTRUSTED_USER", "confRUN_AS_USER", "LOCAL_MAILER_PATH", "LOCAL_MAILER_FLAGS",
            "LOCAL_MAILER_ARGS", "LOCAL_MAILER_DSN_DIAGNOSTIC_CODE", "LOCAL_SHELL_PATH", "LOCAL_SHELL_FLAGS", "LOCAL_SHELL_ARGS"),
    "nullclient": ("ALIAS_FILE", "MAIL_HUB", "SMART_HOST", "confFORWARD_PATH"),
    "local_lmtp": ("LOCAL_MAILER_PATH", "LOCAL_MAILER_FLAGS", "LOCAL_MAILER_ARGS", "LOCAL_MAILER_DSN_DIAGNOSTIC_CODE"),
    "local_procmail": ("LOCAL_MAILER_PATH", "LOCAL_MAILER_FLAGS", "LOCAL_MAILER_ARGS", "LOCAL_MAILER_DSN_DIAGNOSTIC_CODE"),
    "smrsh": ("LOCAL_SHELL_PATH",), "fips3": ("confOPENSSL_CNF",), "tls_failures": ("confTLS_FALLBACK_TO_CLEAR",)}
# Calls in each other, definitions put in, tokens, and bytes that definitions make, all together.
DEPTH, CALLS, STEPS, SIZE = 60, 10000, 1000000, 1 << 20
_WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_BLANKS = re.compile(r"[ \t\n\r\v\f]*")
_PARAMETER = re.compile(r"\$(\d+|#|\*|@)")
_CF_M4 = re.compile(r"(?:^|/)m4/cf\.m4$")
_NOTED = frozenset(language.STATEMENTS) - frozenset(["include", "define", "undefine", "SITE", "SITECONFIG", "UUCPSMTP"]) - frozenset(language.PARTS)


class _Source:
    """A text that is being read, and how much of the buffer behind it belongs to others."""

    def __init__(self, path, text, behind, library, original):
        self.path, self.text, self.behind, self.library, self.original = path, text, behind, library, original


class Machine:
    """Reads texts as m4 does.

    :param read: returns the text of an included file by its path, or None where it can not be had.
    :param library: returns the text of a file of the cf library by its name below it (``ostype/linux.m4``), or None.

    :ivar list statements: :class:`Noted` in order. :ivar list lines: :class:`Line` in order.
    :ivar dict defined: name -> whose the last definition of it is, ``site`` or ``library``.
    :ivar list complaints: ``(path, line, text)`` of what m4 would say, and of files that could not be had.
    """

    def __init__(self, read=None, library=None):
        self.read, self.library = read or (lambda path: None), library or (lambda name: None)
        self.macros = dict((name, [value]) for name, value in list(SEEDS.items()) + list(EXPANDED.items()))
        self.commands = dict((name[4:], getattr(self, name)) for name in dir(self) if name.startswith("_do_"))
        self.buffer, self.position, self.original, self.sources = "", 0, 0, []
        self.open, self.close, self.comment = "`", "'", "#"
        self.diversion, self.part, self.steps, self.calls, self.pushed, self.depth, self.quiet = 0, None, 0, 0, 0, 0, 0
        self.statements, self.lines, self.defined, self.complaints = [], [], {}, []
        self.kept, self.kept_at, self.includes = [], None, []

    # -- reading

    def run(self, text, path):
        """Follow a whole text.

        :raises McError: naming file and line; a quotation or parenthesis is never closed, or a command stands in it that is not followed.
        """
        # A text that does not include cf.m4 is compiled behind it, and cf.m4 takes the meaning from #.
        if "m4/cf.m4" not in text:
            self.comment = ""
        self._enter(text, path, False)
        while self._step(self._keep):
            pass
        self._end_of_line()
        return self

    def flat(self, text, rounds=6):
        """Return what is left of a value when m4 has expanded it as often as anything in it still changes; None if a statement is in it."""
        for _round in range(rounds):
            try:
                made = self._expanded(text)
            except _Statement:
                return None
            if made == text:
                return text
            text = made
        return text

    def _expanded(self, text):
        saved = (self.buffer, self.position, self.original, self.sources, self.comment)
        self.buffer, self.position, self.original, self.comment = text, 0, 0, ""
        self.sources, self.quiet = self.sources[-1:], self.quiet + 1
        pieces = []
        try:
            while self.position < len(self.buffer):
                self._token(pieces.append)
        finally:
            self.buffer, self.position, self.original, self.sources, self.comment = saved
            self.quiet -= 1
        return "".join(pieces)

    def place(self):
        """Return path and line of what is being read."""
        if not self.sources:
            return "", 0
        source = self.sources[-1]
        rest = min(len(self.buffer) - self.position, self.original)
        return source.path, 1 + source.text.count("\n", 0, max(0, len(source.text) - (rest - source.behind)))

    def _in_library(self):
        return any(source.library for source in self.sources)

    def _enter(self, text, path, library):
        if len(self.sources) > DEPTH:
            raise self.fault("include", "files include each other without end", "Remove the circle")
        rest = self.buffer[self.position:]
        self.sources.append(_Source(path, text, len(rest), library or self._in_library(), min(self.original, len(rest))))
        self.buffer, self.position, self.original = text + rest, 0, len(text) + len(rest)

    def _push(self, text):
        """Let m4 read a text before what follows."""
        rest = self.buffer[self.position:]
        self.original = min(self.original, len(rest))
        self.buffer, self.position, self.calls, self.pushed = text + rest, 0, self.calls + 1, self.pushed + len(text)
        if self.pushed > SIZE or self.calls > CALLS:
            raise self.fault("", "it does not come to an end", "Look for a definition that calls itself")

    def _leave(self):
        while len(self.sources) > 1 and min(len(self.buffer) - self.position, self.original) <= self.sources[-1].behind:
            self.original = self.sources.pop().original

    def _step(self, keep):
        if not self.quiet:
            self._leave()
        if self.position >= len(self.buffer):
            return False
        self._token(keep)
        return True

    def _token(self, keep):
        """Read one token and hand on what is left of it."""
        self.steps += 1
        if self.steps > STEPS:
            raise self.fault("", "it does not come to an end", "Look for a definition that calls itself")
        text, position = self.buffer, self.position
        character = text[position]
        if text.startswith(self.open, position):
            start = self.place()
            inner = self._quoted()
            return keep(inner) if keep != self._keep else self._keep(inner, start)
        if self.comment and text.startswith(self.comment, position):
            end = text.find("\n", position)
            self.position = len(text) if end < 0 else end
            return keep(text[position:self.position])
        word = _WORD.match(text, position)
        if not word:
            self.position += 1
            return keep(character)
        return self._word(word.group(), keep)

    def _quoted(self):
        """Return what stands between the quotes that begin here."""
        start, depth, position = self.position + len(self.open), 1, self.position + len(self.open)
        marks = re.compile("(%s)|(%s)" % (re.escape(self.close), re.escape(self.open)))
        for match in marks.finditer(self.buffer, position):
            depth += -1 if match.group(1) else 1
            if not depth:
                self.position = match.end()
                return self.buffer[start:match.start()]
        raise self.fault(self.buffer[self.position:self.position + 60].split("\n")[0], "the backquote is never closed by a quote", "Close it")

    def _word(self, word, keep):
        start = self.place()
        end = self.position + len(word)
        called = self.buffer.startswith("(", end)
        if not self._means(word, called):
            self.position = end
            return keep(word) if keep != self._keep else self._keep(word, start)
        if word == "dnl":
            self._drop_line(end)
            return None
        self.position = end
        args = self._arguments(word) if called else None
        made = self._call(word, args, start)
        if made:
            self._push(made)
        return None

    def _means(self, word, called):
        """Tell whether m4 takes a word for a call."""
        if word in self.macros:
            return bool(self.macros[word])
        if word in REFUSED:
            return called or word in m4.BARE_COMMANDS
        if word in language.PARTS:
            return True
        if word in _NOTED or word in ("SITE", "SITECONFIG"):
            return called
        return word in self.commands and (called or word in ("dnl", "divert", "divnum", "changequote", "changecom", "undivert"))

    def _drop_line(self, position):
        end = self.buffer.find("\n", position)
        self.position = len(self.buffer) if end < 0 else end + 1
        if not self.quiet and not "".join(self.kept).strip():
            self._end_of_line()

    def _arguments(self, word):
        """Collect the arguments of a call as m4 does: blanks before each dropped, one level of quotes taken off, words replaced."""
        self.depth += 1
        if self.depth > DEPTH:
            raise self.fault(word, "calls stand in each other too deep", "Look for a definition that calls itself")
        self.position += 1
        args, start = [], self.place()
        while True:
            self.position = _BLANKS.match(self.buffer, self.position).end()
            pieces, level = [], 0
            while True:
                if self.position >= len(self.buffer):
                    raise self.fault(word + "(", "its closing parenthesis is missing, so m4 reads on to the end of the file", "Close it", start)
                character = self.buffer[self.position]
                if level == 0 and character in ",)":
                    break
                level += {"(": 1, ")": -1}.get(character, 0)
                self._token(pieces.append)
            self.position += 1
            args.append("".join(pieces))
            if character == ")":
                self.depth -= 1
                return args

    # -- what is left

    def _keep(self, text, start=None):
        """Note text that m4 copies into the .cf."""
        if self.quiet:
            return
        for index, piece in enumerate(text.split("\n")):
            if index:
                self._end_of_line()
            if piece:
                if not self.kept:
                    path, line = start or self.place()
                    self.kept_at = (path, line + (index if start else 0))
                self.kept.append(piece)

    def _end_of_line(self):
        text, self.kept = "".join(self.kept), []
        if self.diversion >= 0 and not self._in_library() and text.strip():
            self.lines.append(Line(text, self.kept_at[0], self.kept_at[1], self.part or ""))

    def fault(self, statement, reason, remedy, place=None):
        """Return the error that names where something stands."""
        path, line = place or self.place()
        shown = " ".join(statement.split())[:100]
        return McError("%s, line %d: %s%s%s. %s." % (path, line, shown, ": " if shown else "", reason, remedy), path=path, line=line, statement=shown,
                       reason=reason, remedy=remedy)

    # -- calls

    def _call(self, word, args, start):
        if word in self.macros:
            return _filled(word, self.macros[word][-1], args)
        if word in REFUSED:
            raise self.fault("%s(%s)" % (word, (args or [""])[0][:60]), "m4's command %s %s; it was not run, and nothing was taken over" % (
                word, REFUSED[word]), "Take it out of the file, and put what it would have said in its place", start)
        if word in language.PARTS:
            if self.quiet:
                raise _Statement(word)
            return self._part(word, start)
        if word in _NOTED:
            return self._note(word, args, start)
        return self.commands[word](args or [], start)

    def _part(self, word, start):
        self._end_of_line()
        self.diversion, self.part = PART_NUMBERS.get(word, 9), word
        if not self._in_library():
            self.statements.append(Noted(word, [], start[0], start[1], word))
        return ""

    def _note(self, word, args, start):
        if self.quiet:
            raise _Statement(word)
        if not self._in_library():
            self.statements.append(Noted(word, args, start[0], start[1], self.part))
        if word in ("OSTYPE", "DOMAIN"):
            self._from_library("%s/%s.m4" % (word.lower(), args[0]), start)
            if word == "OSTYPE":
                self.macros["__OSTYPE__"] = [args[0]]
        elif word == "FEATURE":
            for name in FEATURE_SETS.get(args[0], ()):
                self.macros.setdefault(name, [""])
        return ""

    def _from_library(self, name, start):
        text = None if ".." in name else self.library(name)
        if text is None:
            self.complaints.append((start[0], start[1], "%s of the cf library was not to be had" % name))
            return
        saved = (self.diversion, self.part)
        self._end_of_line()
        inner = Machine(self.read, self.library)
        inner.macros, inner.comment, inner.defined = self.macros, "", self.defined
        inner._enter(text, name, True)
        inner.diversion = -1
        while inner._step(inner._keep):
            pass
        self.diversion, self.part = saved

    # -- m4's own commands

    def _set(self, name, value, start, push=False):
        if name in language.STATEMENTS or name in self.commands or name in REFUSED:
            if not self._in_library():
                raise self.fault("define(%s)" % name, "it gives %s another meaning" % name, "Use a name of your own", start)
            return
        stack = self.macros.setdefault(name, [])
        stack[len(stack) if push else -1:] = [value]
        self._defined(name, value, start)

    def _defined(self, name, value, start):
        library = self._in_library()
        self.defined[name] = "library" if library else "site"
        if not library and not self.quiet:
            self.statements.append(Noted("undefine" if value is None else "define", [name] if value is None else [name, value], start[0], start[1], self.part))

    def _do_define(self, args, start):
        if args and args[0]:
            self._set(args[0], args[1] if len(args) > 1 else "", start)
        return ""

    def _do_pushdef(self, args, start):
        self._set(args[0], args[1] if len(args) > 1 else "", start, True)
        return ""

    def _do_undefine(self, args, start):
        for name in args:
            self.macros.pop(name, None)
            self._defined(name, None, start)
        return ""

    def _do_popdef(self, args, start):
        for name in args:
            if self.macros.get(name):
                self.macros[name].pop()
            if not self.macros.get(name):
                self._do_undefine([name], start)
        return ""

    def _do_defn(self, args, start):
        return "".join(self.open + self.macros[name][-1] + self.close for name in args if self.macros.get(name))

    def _do_ifdef(self, args, start):
        known = bool(args) and (bool(self.macros.get(args[0])) or args[0] in self.commands or args[0] in language.STATEMENTS)
        return (args[1:2] if known else args[2:3] or [""])[0] if len(args) > 1 else ""

    def _do_ifelse(self, args, start):
        while len(args) > 2:
            if args[0] == args[1]:
                return args[2]
            if len(args) < 5:
                return args[3] if len(args) > 3 else ""
            args = args[3:]
        return ""

    def _do_include(self, args, start):
        path = args[0] if args else ""
        if _CF_M4.search(path):
            self.comment = ""
            return ""
        if self.quiet:
            raise _Statement("include")
        text = self.read(path)
        if text is None and self._in_library() and "/cf/" in path:
            text = self.library(path.partition("/cf/")[2])
        if not self._in_library():
            self.includes.append((path, start[0], start[1], text is not None))
        if text is None:
            self.complaints.append((start[0], start[1], "the included file %s was not to be had" % path))
            return ""
        self._enter(text, path, False)
        return ""

    _do_sinclude = _do_include

    def _do_divert(self, args, start):
        self._end_of_line()
        number = args[0].strip() if args else "0"
        self.diversion = int(number) if re.match(r"-?\d+\Z", number) else 0
        self.part = DIVERSIONS.get(self.diversion)
        return ""

    def _do_undivert(self, args, start):
        if any(not re.match(r"-?\d*\Z", arg.strip()) for arg in args):
            raise self.fault("undivert(%s)" % args[0], "it reads a file", "Remove it", start)
        return ""

    def _do_divnum(self, args, start):
        return str(self.diversion)

    def _do_dnl(self, args, start):
        self._drop_line(self.position)
        return ""

    def _do_changequote(self, args, start):
        if not self._in_library():
            raise self.fault("changequote", "it changes the quotes, and such a text is not followed", "Write the file with ` and '", start)
        self.open, self.close = (args + ["`", "'"][len(args):])[:2] if args else ("`", "'")
        return ""

    def _do_changecom(self, args, start):
        self.comment = args[0] if args else ""
        return ""

    def _do_errprint(self, args, start):
        self.complaints.append((start[0], start[1], " ".join(" ".join(args).split())))
        return ""

    def _do_shift(self, args, start):
        return ",".join(self.open + arg + self.close for arg in args[1:])

    def _do_len(self, args, start):
        return str(len(args[0])) if args else ""

    def _do_index(self, args, start):
        return str(args[0].find(args[1])) if len(args) > 1 else "0"

    def _do_substr(self, args, start):
        begin = max(0, _number(args[1:2]))
        return args[0][begin:begin + _number(args[2:3])] if len(args) > 2 and args[2].strip() else args[0][begin:]

    def _do_translit(self, args, start):
        old, new = (_range(text) for text in (args[1:3] + ["", ""])[:2])
        table = {}
        for index, character in enumerate(old):
            table.setdefault(character, new[index] if index < len(new) else "")
        return "".join(table.get(character, character) for character in args[0])

    def _do_incr(self, args, start):
        return str(_number(args) + 1)

    def _do_decr(self, args, start):
        return str(_number(args) - 1)

    def _do_eval(self, args, start):
        try:
            return str(int(_value(ast.parse(_pythonic(args[0] if args else "0"), mode="eval").body)))
        except (SyntaxError, ValueError, ZeroDivisionError, KeyError):
            if self._in_library():
                return "0"
            raise self.fault("eval(%s)" % (args or [""])[0], "this is no expression that is understood", "Put its value in its place", start)

    def _unfollowed(self, args, start):
        if self._in_library():
            return ""
        raise self.fault("", "it uses regexp, patsubst or format, which are not followed", "Put the result in its place", start)

    _do_regexp = _do_patsubst = _unfollowed

    def _do_SITECONFIG(self, args, start):
        """What the library makes of it: macro and class lines, and the sites of a file of the library."""
        if self.quiet:
            raise _Statement("SITECONFIG")
        name, host, letter = (args + ["", "", ""])[:3]
        if not self._in_library():
            self.statements.append(Noted("SITECONFIG", args, start[0], start[1], self.part))
        self._set("_CLASS_%s_" % letter, "", start)
        text = self.library("siteconfig/%s.m4" % name) if ".." not in name else None
        if text is None:
            self.complaints.append((start[0], start[1], "siteconfig/%s.m4 of the cf library was not to be had" % name))
        lines = ["D%s%s" % (letter, host)] + (["C{w}%s %s.UUCP" % (host, host)] if letter == "U" else []) + _sites(text or "", letter)
        for line in lines:
            self.lines.append(Line(line, start[0], start[1], self.part or ""))
        return ""


class _Statement(Exception):
    """A value is no value: a statement is in it."""


def _sites(text, letter):
    """Return the lines of the SITE() statements of a siteconfig file."""
    found = re.findall(r"^SITE\(\s*`?([^)`']*?)'?\s*(?:,\s*`?([^)`']*?)'?\s*)?\)", text, re.M)
    return ["CY%s" % names if option == "S" and letter == "U" else "C%s%s" % (letter, names) for names, option in found]


def _filled(word, body, args):
    """Put arguments into a definition."""
    args = args or []

    def argument(match):
        which = match.group(1)
        if which == "#":
            return str(len(args))
        if which in "*@":
            return ",".join("`%s'" % arg if which == "@" else arg for arg in args)
        number = int(which)
        return word if number == 0 else args[number - 1] if number <= len(args) else ""

    return _PARAMETER.sub(argument, body)


def _number(args):
    return int(args[0].strip()) if args and re.match(r"\s*-?\d+\s*\Z", args[0]) else 0


def _range(text):
    return re.sub(r"(.)-(.)", lambda match: "".join(chr(code) for code in range(ord(match.group(1)), ord(match.group(2)) + 1)), text)


_OPERATORS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.FloorDiv: operator.floordiv, ast.Mod: operator.mod,
              ast.BitAnd: operator.and_, ast.BitOr: operator.or_, ast.BitXor: operator.xor, ast.Eq: operator.eq, ast.NotEq: operator.ne, ast.Lt: operator.lt,
              ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge, ast.USub: operator.neg, ast.UAdd: operator.pos, ast.Not: operator.not_}


def _pythonic(text):
    """Return m4's expression as Python writes it; whole numbers and operators only."""
    if not re.match(r"[-+*/%()<>=!&|^~\d\s]*\Z", text) or "**" in text or len(text) > 200:
        raise ValueError(text)
    text = re.sub(r"(?<![<>!=])=(?!=)", "==", text.replace("&&", " and ").replace("||", " or "))
    return re.sub(r"\b0+(\d)", r"\1", re.sub(r"!(?!=)", " not ", text).replace("/", "//")).strip()


def _value(node):
    """Work out an expression of whole numbers."""
    if isinstance(node, ast.BinOp):
        return _OPERATORS[type(node.op)](_value(node.left), _value(node.right))
    if isinstance(node, ast.UnaryOp):
        return _OPERATORS[type(node.op)](_value(node.operand))
    if isinstance(node, ast.BoolOp):
        values = [bool(_value(one)) for one in node.values]
        return all(values) if isinstance(node.op, ast.And) else any(values)
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        return _OPERATORS[type(node.ops[0])](_value(node.left), _value(node.comparators[0]))
    return int(ast.literal_eval(node))
