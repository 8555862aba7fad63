# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One pass over a map source of any size: what is wrong with it, and what a database made from it must hold.

Ordinary lines (lower case, one tab, nothing that needs judgement) are recognised by one regular expression for thousands of lines
at a time. Every other line goes through ``tables``, which alone decides what is refused: the expressions accept only what it accepts.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables, tables_access, tables_syntax

_PIECE = 1 << 18
_PROBLEM_LIMIT = 100

_DOMAIN = rb"(?=[a-z0-9.-]{1,63}[]\t\n])[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*"
# A name that can not be taken for an address.
_NAME = rb"(?=[a-z][a-z0-9.-]{0,62}[]\t\n])[a-z0-9]+(?:(?:\.|-+)[a-z0-9]+)*"
_USER = rb"[a-z0-9_.+-]{1,64}"
_OCTET = rb"(?:1[0-9]{0,2}|2(?:[0-4][0-9]?|5[0-5]?|[6-9])?|[3-9][0-9]?|0)"
_IPV4 = _OCTET + rb"(?:\." + _OCTET + rb"){0,3}"
_MAILBOX = rb"[A-Za-z0-9_.+-]{1,64}(?:@" + _DOMAIN.replace(b"a-z", b"A-Za-z") + rb")?"
_REPLY = rb"5\.[0-9]\.[0-9]{1,2}:(?:5[0-9][0-9](?: [A-Za-z0-9.'-]+)+|\"5[0-9][0-9] [!#-$&-[\]-~][^\"%\\\0-\x1f\x7f-\xff]{0,200}\")"
_TAGS = (b"Connect", b"From", b"To", b"Spam")
_TAG_SPELLING = {tag.lower(): tag for tag in _TAGS}

_ENTRIES = {
    "access": b"(?:" + b"|".join(_TAGS) + b"):(?:" + _IPV4 + b"|" + _USER + b"@" + _DOMAIN + b"|" + _NAME + rb")\t(?:OK|REJECT|DISCARD|ERROR:" + _REPLY + b")",
    "virtusertable": _USER.replace(b"{1,", b"{0,") + b"@" + _DOMAIN + rb"\t(?:" + _MAILBOX + b"|error:" + _REPLY + b")",
    "genericstable": _USER + b"(?:@" + _DOMAIN + rb")?\t" + _MAILBOX,
    "domaintable": _DOMAIN + rb"\t" + _DOMAIN,
    "userdb": _USER + rb":(?:maildrop|mailname)\t" + _MAILBOX,
    "mailertable": rb"\.?" + _DOMAIN + rb"\t%s:(?:" + _NAME + rb"|\[" + _NAME + rb"\]|\[" + _OCTET + rb"(?:\." + _OCTET + rb"){3}\])",
}
_NOTHING = rb"(?!)"


class Content:
    """A multiset of lines, known by their number and the sum of their hashes (keyed by the process, 64 bits each)."""

    def __init__(self):
        self.entries, self.total = 0, 0

    def add(self, lines):
        """Add a list of lines (bytes, without line ends)."""
        self.entries += len(lines)
        self.total += sum(map(hash, lines))

    def __eq__(self, other):
        return (self.entries, self.total) == (other.entries, other.total)

    def __ne__(self, other):
        return not self == other

    __hash__ = None


class Scan:
    """The result of one pass over a source (any kind that makemap reads itself, so not aliases).

    :param str path: the source. :param context: a :class:`tables.Context`.
    :ivar content: the :class:`Content` that its database must have.
    :ivar list problems: sentences, the first hundred; keys that stand twice are left to makemap, which sees them all.
    :ivar list warnings: sentences, the first hundred.
    """

    def __init__(self, kind, path, context):
        self.kind, self.path, self.context = kind, path, context
        self.content, self.problems, self.warnings = Content(), [], []
        self._first, self._line, self._ordinary, self._own = None, 1, ordinary(kind, context), None
        self._known = _known_domains(kind, context)
        self._read()

    def refuse(self):
        """Raise the one exception of a source with problems; :raises MapError: there are some."""
        if self.problems:
            raise tables.refusal(self.kind, self.problems, self._first)

    def _read(self):
        rest = b""
        with open(self.path, "rb") as source:
            for piece in iter(lambda: source.read(_PIECE), b""):
                end = piece.rfind(b"\n") + 1
                if not end:
                    rest += piece
                    continue
                self._piece(rest + piece[:end])
                rest = piece[end:]
                if len(self.problems) >= _PROBLEM_LIMIT:
                    return
        if rest:
            self._piece(rest + b"\n")

    def _piece(self, piece):
        """Take whole lines: stretches of ordinary ones at once, the others one by one."""
        start, odd = 0, []
        while start < len(piece):
            end = self._ordinary.match(piece, start).end()
            if end > start:
                odd.extend(self._stretch(piece[start:end]))
            self._line += piece.count(b"\n", start, end)
            if end == len(piece):
                break
            start = piece.index(b"\n", end) + 1
            odd.extend(self._odd(piece[end:start - 1]))
            self._line += 1
        if odd:
            self._judge(odd)

    def _odd(self, line):
        """Take one line that was not ordinary: a key with capitals may be so in small letters; the rest is returned, numbered."""
        key, tab, value = line.partition(b"\t")
        small = key.lower()
        if self.kind == "access":
            tag, colon, rest = small.partition(b":")
            small = _TAG_SPELLING.get(tag, tag) + colon + rest
        small += tab + value + b"\n"
        taken = small[:-1] != line and self._ordinary.match(small).end() == len(small) and not self._stretch(small)
        return [] if taken else [(self._line, line)]

    def _stretch(self, stretch):
        """Add ordinary lines to the content; return those that classes speak about, numbered, to be looked at one by one after all."""
        if self.kind == "access":
            stretch = b"\n" + stretch
            for tag in _TAGS:
                stretch = stretch.replace(b"\n" + tag + b":", b"\n" + tag.lower() + b":")
            stretch = stretch[1:]
        lines, odd = stretch.split(b"\n"), []
        lines.pop()
        if self._known and not self._known(lines):
            odd = [(number, line) for number, line in enumerate(lines, self._line) if not self._known([line])]
            lines = [line for line in lines if self._known([line])]
        if stretch[:1] in (b"#", b"\n") or b"\n#" in stretch or b"\n\n" in stretch:
            lines = [line for line in lines if line and line[:1] != b"#"]
        self.content.add(lines)
        return odd

    def _judge(self, odd):
        """Let ``tables`` decide on lines that are not ordinary."""
        found = []
        for number, line in odd:
            try:
                pair = tables.read_line(self.kind, number, line.decode("utf-8", "surrogateescape"))
            except tables.MapError as exc:
                self._problem(exc.message, tables_syntax.Finding("error", number, "", exc.message))
                continue
            if pair:
                found.append(pair)
                self.content.add([("%s\t%s" % (pair.key.lower(), pair.value)).encode("utf-8", "surrogateescape")])
            elif len(line) > tables_syntax.LINE_LIMIT or b"\0" in line:
                reason = "the remark is longer than the %d bytes that makemap reads, or holds a NUL" % tables_syntax.LINE_LIMIT
                self._problem("%s, line %d: %s." % (self.kind, number, reason), tables_syntax.Finding("error", number, "#", reason))
        for finding in tables.findings(self.kind, found, self._whole_context(found)):
            sentence = tables.describe(self.kind, finding)
            if finding.severity == "error":
                self._problem(sentence, finding)
            elif len(self.warnings) < _PROBLEM_LIMIT:
                self.warnings.append(sentence)

    def _problem(self, sentence, finding):
        self._first = self._first or finding
        if len(self.problems) < _PROBLEM_LIMIT:
            self.problems.append(sentence)

    def _whole_context(self, found):
        """Tags that +CITag: makes anywhere in the map count everywhere in it: look for them once, if a line may need them."""
        if self.kind != "access" or self._own is not None:
            return self.context
        if all((tables_access.split_key(pair.key)[0] or "connect").lower() in tables_access.TAGS for pair in found):
            return self.context
        with open(self.path, "rb") as source:
            self._own = {name.lower().decode("ascii") for line in source for name in re.findall(rb"(?i)\+CITag:([A-Za-z0-9_]+)", line)}
        self.context = self.context.having(own_tags=self._own)
        return self.context


def ordinary(kind, context):
    """Return the expression that takes as many ordinary lines, remarks and empty lines as there are at a place."""
    entry = _ENTRIES.get(kind, _NOTHING)
    if kind == "mailertable":
        mailers = set(("esmtp", "smtp", "relay") if context.mailers is None else context.mailers) - {"local", "error"}
        entry = entry % (b"(?:" + b"|".join(re.escape(name).encode("ascii") for name in sorted(mailers)) + b")") if mailers else _NOTHING
    return re.compile(b"(?:(?=[^\n]{1,%d}\n)" % tables_syntax.LINE_LIMIT + entry + b"\n|#[^\n\\0]{0,%d}\n|\n)*" % (tables_syntax.LINE_LIMIT - 1))


def _known_domains(kind, context):
    """Return a test on lines whose keys also matter to classes (remarks pass it), or None where nothing has to be tested."""
    if kind == "mailertable" and context.local_host_names:
        local = {name.encode("utf-8") for name in context.local_host_names}
        return lambda lines: local.isdisjoint(line.partition(b"\t")[0] for line in lines)
    if kind == "virtusertable" and context.virtual_domains is not None:
        known = {b""} | {name.lower().encode("utf-8") for name in context.local_host_names | set(context.virtual_domains)}
        return lambda lines: known.issuperset(line.partition(b"\t")[0].rpartition(b"@")[2] for line in lines if line[:1] != b"#")
    return None
