# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of shell variables (``KEY=value``), changed without being run and without losing a word that someone wrote.

Such a file has several readers that disagree: a shell, systemd's EnvironmentFile, Debian's Perl, SUSE's own tools. So only lines that all
of them read alike are rewritten; a managed key in any other kind of line is refused, with the line, and the human decides.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import os
import re
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue

Statement = collections.namedtuple("Statement", "text line code comment")
Assignment = collections.namedtuple("Assignment", "key value style before after")
Change = collections.namedtuple("Change", "key before after line")
Plan = collections.namedtuple("Plan", "path before after changes attributes owner group mode command")

KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
BARE = re.compile(r"[A-Za-z0-9_@%+=:,./-]+\Z")
SIMPLE = re.compile(
    r"(?P<before>[ \t]*)(?P<key>[A-Za-z_][A-Za-z0-9_]*)="
    r"(?:'(?P<single>[^']*)'|\"(?P<double>(?:[^\"\\`$]|\\.|\$(?!\())*)\"|(?P<bare>(?:[^\s\"'`\\;&|<>()#][^\s\"'`\\;&|<>()]*)?))"
    r"(?P<after>[ \t]*;?[ \t]*\r?)\Z")
# Debian's sendmailconfig reads this file by the pattern KEY="[^"]*" and writes it anew: a value in other quotes is lost, one with a double quote is cut.
DOUBLE_QUOTES_ONLY = ("/etc/mail/sendmail.conf",)
# Seconds that a command may take which brings a file into force.
PATIENCE = 300
COMMENT = "Set by Ansible (collection mailjail.sendmail), which writes these values again at its next run."


# ---- values ----------------------------------------------------------------------------------------------------------------------------

def check_values(values, path=""):
    """Return the wanted values as text.

    :param dict values: key to value, as a person wrote them in YAML.
    :param str path: the file that they are for; one of them has a reader with limits of its own.
    :raises InvalidValue: a key that no shell takes, or a value that is not one line of text.
    """
    wanted = dict((_checked_key(key), _checked_value(key, value)) for key, value in values.items())
    for key, value in wanted.items():
        if path in DOUBLE_QUOTES_ONLY and '"' in value:
            raise InvalidValue("%s: the value of %s holds a double quote (%s), at which Debian's sendmailconfig would cut it and leave a broken file. "
                               "Write it without." % (path, key, value), path=path, key=key)
    return wanted


def _checked_key(key):
    if not KEY.match(str(key)):
        raise InvalidValue("'%s' is not the name of a shell variable (letters, digits and underscores, no digit first)." % key, key=str(key))
    return str(key)


def _checked_value(key, value):
    if isinstance(value, bool):
        raise InvalidValue("%s is the YAML boolean %s; the file needs the exact word. Put it in quotes: %s: \"yes\"." % (key, str(value).lower(), key), key=key)
    if isinstance(value, float) or not isinstance(value, (str, int)):
        raise InvalidValue("%s is %r, which is not text. Put the value in quotes." % (key, value), key=key)
    if re.search(r"[\x00-\x08\x0a-\x1f\x7f]", str(value)):
        raise InvalidValue("%s holds a line end or another control character (%r); a value is one line of text." % (key, value), key=key)
    return str(value)


def boot_files(table, extra=None):
    """Lay a site's boot flags over the platform's table.

    :param list table: dicts with ``path`` and ``values``, and what else the module takes for a file.
    :param dict extra: key to value; it goes into the file whose table names that key, else into the first file.
    :returns: the table, completed; a file that is missing is made, and each belongs to root, unless its entry says otherwise.
    :raises InvalidValue: there are extra flags and no file to put them in.
    """
    extra = extra or {}
    if extra and not table:
        raise InvalidValue("This platform has no file of boot flags, so %s can not be set. Take them out of sendmail_boot_flags." % ", ".join(sorted(extra)))
    files = [dict({"missing": "create", "owner": "root", "group": "root", "mode": "0644"}, **dict(entry, values=dict(entry["values"]))) for entry in table]
    for key, value in extra.items():
        owner = next((entry for entry in files if key in entry["values"]), files[0] if files else None)
        owner["values"][key] = value
    return files


def quote(value, style="double"):
    """Return a value as the shell reads it back unchanged.

    :param str style: ``single``, ``bare`` or ``double``: how the line was quoted so far; kept where the value allows it.
    """
    if style == "bare" and BARE.match(value):
        return value
    if style == "single" and "'" not in value:
        return "'%s'" % value
    return '"%s"' % re.sub(r'([\\"$`])', r"\\\1", value)


def _unquote(match):
    """Return ``(value, style)`` of a simple assignment; the value is None where only a shell could tell (``$NAME``, ``~``)."""
    if match.group("single") is not None:
        return match.group("single"), "single"
    if match.group("double") is not None:
        text = match.group("double")
        known = "$" not in re.sub(r"\\.", "", text)
        return re.sub(r'\\([\\"$`])', r"\1", text) if known else None, "double"
    text = match.group("bare")
    return None if "$" in text or text.startswith("~") else text, "bare"


# ---- reading ---------------------------------------------------------------------------------------------------------------------------

def statements(text):
    """Cut a text into statements: one line each, or more where a quote or a backslash carries it on.

    :returns: list of :class:`Statement`: ``text`` (with its line end), number of its first ``line``, ``code`` (the same with quoted parts and
              comments blanked), and whether a ``comment`` follows code. Joined, the texts are the input.
    """
    found, start, line = [], 0, 1
    while start < len(text):
        end, code, comment = _statement_end(text, start)
        found.append(Statement(text[start:end], line, code, comment))
        line, start = line + text.count("\n", start, end), end
    return found


# One piece of shell text at a time; what opens and never closes runs to the end of the text.
PIECE = re.compile(r"(?P<escape>\\(?:\r?\n|.)?)|(?P<single>'[^']*(?:'|\Z))|(?P<double>\"(?:\\.|[^\"\\])*(?:\"|\Z))|(?P<tick>`(?:\\.|[^`\\])*(?:`|\Z))"
                   r"|(?P<here><<(?!<).*\Z)|(?P<comment>(?<![^\s;&|()])#[^\n]*)|(?P<end>\n)|(?P<other>.)", re.S)


def _statement_end(text, start):
    place, code, comment = start, [], False
    while place < len(text):
        match = PIECE.match(text, place)
        kind, piece = match.lastgroup, match.group(0)
        place = match.end()
        comment = comment or kind == "comment"
        if kind == "end":
            return place, "".join(code), comment
        code.append(piece if kind in ("other", "tick", "here") else " " * len(piece) if kind in ("escape", "comment") else "Q" * len(piece))
    return place, "".join(code), comment


def assignment(statement):
    """Return the :class:`Assignment` that a statement is, or None if it is anything else."""
    match = SIMPLE.match(statement.text[:-1] if statement.text.endswith("\n") else statement.text)
    if not match or "\n" in match.group(0):
        return None
    value, style = _unquote(match)
    return Assignment(match.group("key"), value, style, match.group("before"), match.group("after"))


def obstacle(statement, key):
    """Say why a statement that is no simple assignment may still set ``key``; empty if it has nothing to do with it."""
    code, raw = statement.code, statement.text
    if not (re.search(r"(?<![\w$-])%s\s*\+?=" % key, code) or re.search(r"\$\{%s:?=" % key, raw) or re.search(r"\bunset\b[^;&|]*\b%s\b" % key, code)):
        return ""
    if re.match(r"\s*(export|readonly|declare|local|typeset)\b", code):
        return "it is set by '%s', which systemd does not read" % code.split()[0]
    if "<<" in code:
        return "a here-document (<<) begins on that line, and what lies below is not read"
    if "\n" in raw.rstrip("\r\n"):
        return "the value runs over more than one line"
    if "`" in raw or "$(" in raw:
        return "the value comes from a command, which is never run here"
    if statement.comment and re.match(r"\s*%s=" % key, code):
        return "a comment follows the value, which a shell drops and systemd takes for a part of the value"
    return "it is not a plain %s=value" % key


OPENING = {"if": "fi", "case": "esac", "do": "done", "{": "}", "(": ")"}
WORD = re.compile(r"(?<![\w$-])(?:if|fi|case|esac|do|done)(?![\w-])|[(){}]")


def nesting(code, inside):
    """Return what is still open after a statement: branches, loops, functions, parentheses.

    :param str code: the statement's code.
    :param list inside: what was open before it, as the words that close it.
    """
    inside = list(inside)
    for word in WORD.findall(code):
        if word in OPENING:
            inside.append(OPENING[word])
        elif inside and word == inside[-1]:
            inside.pop()
    return inside


# ---- writing ---------------------------------------------------------------------------------------------------------------------------

def apply(text, values, path="the file", comment=COMMENT):
    """Return a text in which each key has its wanted value.

    A key that already has it is left alone, however it is written. Otherwise the value goes where the key stands first (so that lines below
    that refer to it see it) and later assignments of it are taken out. New keys go to the end, below one comment.

    :param str text: the file, line ends as they are.
    :param dict values: key to wanted value, as from :func:`check_values`.
    :param str path: for messages.
    :returns: ``(new text, [Change])``.
    :raises InvalidValue: a managed key stands in a line that readers understand differently.
    """
    parts, changes, inside = statements(text), [], []
    texts, set_in = [part.text for part in parts], collections.OrderedDict((key, []) for key in sorted(values))
    for place, part in enumerate(parts):
        found = assignment(part)
        if found and found.key in set_in:
            if inside:
                _refuse(part, found.key, "it stands inside a branch, a loop, a function or parentheses", path)
            set_in[found.key].append((place, found))
        elif not found:
            inside = nesting(part.code, inside)
            _refuse_obstacles(part, set_in, path)
    for key, places in set_in.items():
        wanted = values[key]
        style = "double" if path in DOUBLE_QUOTES_ONLY else None
        if places and (places[-1][1].value != wanted or style not in (None, places[-1][1].style)):
            first, old = places[0]
            texts[first] = "%s%s=%s%s" % (old.before, key, quote(wanted, style or old.style), old.after) + ("\n" if texts[first].endswith("\n") else "")
            for place, _old in places[1:]:
                texts[place] = ""
            changes.append(Change(key, places[-1][1].value, wanted, parts[first].line))
    new = [key for key, places in set_in.items() if not places]
    changes.extend(Change(key, None, values[key], None) for key in new)
    return _append("".join(texts), [(key, values[key]) for key in new], comment), changes


def _refuse_obstacles(part, keys, path):
    for key in keys:
        reason = obstacle(part, key)
        if reason:
            _refuse(part, key, reason, path)


def _refuse(part, key, reason, path):
    raise InvalidValue("%s, line %d: %s can not be managed here: %s. Found: %s. Expected: %s=\"value\" alone on its line. Mend that line by hand, or "
                       "take %s out of the values." % (path, part.line, key, reason, part.text.strip()[:120], key, key), path=path, line=part.line, key=key)


def _append(text, pairs, comment):
    """Add new assignments at the end, in the file's own kind of line ends; a missing last line end stays missing."""
    if not pairs:
        return text
    ending = "\r\n" if "\r\n" in text else "\n"
    lines = ["%s=%s" % (key, quote(value)) for key, value in pairs]
    note = "# " + comment
    if comment and note not in [line.rstrip("\r") for line in text.split("\n")]:
        lines.insert(0, note)
    last = text.endswith("\n") or not text
    return text + ("" if last else ending) + ending.join(lines) + (ending if last else "")


# ---- the disk --------------------------------------------------------------------------------------------------------------------------

def refuse_twice(paths):
    """:raises InvalidValue: a file is named more than once, so that one entry would undo the other."""
    for path in paths:
        if paths.count(path) > 1:
            raise InvalidValue("%s is named %d times. Put all its keys into one entry." % (path, paths.count(path)), path=path)


def plan(path, values, missing="fail", owner=None, group=None, mode=None, command=None):
    """Return what would have to change in one file, touching nothing.

    :param str missing: what a missing file means: ``fail``, ``create`` it, or ``skip`` it.
    :param owner: wanted owner; None leaves an existing file's as it is (likewise ``group`` and ``mode``).
    :param list command: what brings a changed file into force.
    :returns: :class:`Plan`; ``before`` is None for a file that is missing, ``after`` is None for one that is skipped.
    :raises InvalidValue: a value, or a line of the file, that can not be managed.
    """
    if not os.path.isabs(path):
        raise InvalidValue("path '%s' is not absolute." % path, path=path)
    wanted, data = check_values(values, path), disk.read(path)
    if data is None and missing == "fail":
        raise InvalidValue("%s does not exist. Is its package installed? To have it made, set missing to 'create' for it." % path, path=path)
    if data is None and missing == "skip":
        return Plan(path, None, None, [], [], owner, group, mode, None)
    if data is not None and b"\0" in data:
        raise InvalidValue("%s is no text: byte %d of it is zero. Nothing was touched. Restore it from a backup, or remove it and have its package write it "
                           "anew." % (path, data.index(b"\0")), path=path)
    # Bytes that are no UTF-8 come back as they were.
    after, changes = apply((data or b"").decode("utf-8", "surrogateescape"), wanted, path)
    found = os.lstat(path) if data is not None else None
    owner = owner or (found.st_uid if found else "root")
    group = group or (found.st_gid if found else "root")
    mode = mode or ("%04o" % stat.S_IMODE(found.st_mode) if found else "0644")
    attributes = disk.attribute_changes(path, owner, group, mode) if found else []
    return Plan(path, data, after.encode("utf-8", "surrogateescape"), changes, attributes, owner, group, mode, command)


def is_change(wanted):
    """Whether carrying out a :class:`Plan` would change anything."""
    return wanted.after is not None and (wanted.before != wanted.after or bool(wanted.attributes))


def execute(wanted):
    """Carry out a :class:`Plan`; :raises CommitError: the file could not be written, and is as it was."""
    if wanted.before != wanted.after:
        disk.write(wanted.path, wanted.after, owner=wanted.owner, group=wanted.group, mode=wanted.mode)
    elif wanted.attributes:
        disk.set_attributes(wanted.path, wanted.owner, wanted.group, wanted.mode)


def put_back(done):
    """Give files that :func:`execute` changed their former text again; those that it made are taken away."""
    for former in done:
        if former.before is None:
            disk.remove(former.path)
        else:
            disk.write(former.path, former.before, owner=former.owner, group=former.group, mode=former.mode)


def commands(done):
    """Return each command of some plans once, in order, whose program this host has."""
    found = []
    for one in done:
        if one.command and one.command not in found and os.path.exists(one.command[0]):
            found.append(one.command)
    return found


def carry_out(wanted, runner):
    """Write all files, then run what brings them into force.

    If that fails, the files are put back: left as they are, the next run would find nothing to do, and the command would never run.

    :param list wanted: :class:`Plan` of each file that changes.
    :raises CommandFailed: a command did not succeed.
    """
    for one in wanted:
        execute(one)
    for command in commands(wanted):
        try:
            result = runner.run(command, timeout=PATIENCE)
            said = (result.stderr or result.stdout).strip()[-300:] or "exit status %d" % result.rc
        except CommandFailed as exc:
            result, said = None, exc.message
        if result is None or result.rc:
            put_back(wanted)
            raise CommandFailed("%s has to follow a change of %s and failed: %s. The files are as they were; see what it says when run by hand, and run "
                                "again." % (" ".join(command), " and ".join(one.path for one in wanted if one.command == command), said), command=command)
