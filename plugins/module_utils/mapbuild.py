# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases from map sources: made by makemap under a new name, dumped again, compared with what was asked.

makemap writes in place, leaves half a database behind when a line is bad, and gives its result to sendmail's TrustedUser.
So nothing is ever built over a live map: the caller passes a name in a staging directory and renames what :func:`build` returns.

A source is read once, in pieces, while makemap works on the other processor, so a million entries cost little more than makemap alone.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import concurrent.futures
import fcntl
import os
import re
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import mapscan, tables, tables_aliases, tables_files
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

Built = collections.namedtuple("Built", "database_path entries warnings")
Built.__doc__ = "A finished database: its path (the suffix is makemap's choice), how many entries it holds, what was said about the source."

# Berkeley DB's files end in .db; CDB's in .cdb, or in .db where sendmail was compiled so.
SUFFIXES = (".db", ".cdb")
# The limit for the one program that handles a whole big map.
TIMEOUT = 900
# makemap reads sendmail.cf for one thing, the TrustedUser to whom it gives the result, and stops where there is no such file.
NO_CF = ["-C", "/dev/null"]
# makemap's own cache of 1 MB makes it write every page many times over; more than this is not needed up to a few million entries.
CACHE_LIMIT = 64 << 20
# sendmail waits up to AliasWait (10 minutes) for this entry, the mark that an alias database is complete.
ALIAS_MARK = "@\t@\n"
_SET_PIPE_SIZE = 1031
_PIECE = 1 << 20
_DUPLICATE = re.compile(r"line (\d+): key (.*): duplicate key")


def map_types(runner, makemap="makemap"):
    """Return the map types that this host's makemap can build, such as ``["hash", "btree"]``.

    :raises CommandFailed: makemap is missing or has no type at all.
    """
    answer = runner.run([makemap, "-l"])
    found = [word for word in answer.stdout.split() if word != "implicit"]
    if answer.rc != 0 or not found:
        raise CommandFailed("%s -l names no map type: %s" % (makemap, answer.stderr.strip() or "no output"), command=[makemap, "-l"])
    return found


def best_type(kind, available):
    """Return the best of the available types for a kind of map.

    :raises MapError: none of them serves it.
    """
    wanted = tables.KINDS[kind].types
    for one in wanted:
        if one in available:
            return one
    raise MapError("%s needs a map of type %s; this host's makemap builds only: %s.%s" % (
        kind, " or ".join(wanted), ", ".join(available) or "none", " Use virtusertable or aliases instead." if kind == "userdb" else ""), map=kind)


def suffix(runner, map_type, target_base, makemap="makemap"):
    """Return how makemap ends the name of a database. Berkeley DB has one way; for CDB it depends on how sendmail was compiled, so an empty map is made.

    :param str target_base: path without suffix in a directory that only root may write; nothing is left there.
    :raises CommandFailed: makemap can not make this type. :raises MapError: it made nothing.
    """
    if map_type != "cdb":
        return SUFFIXES[0]
    argv = [makemap] + NO_CF + [map_type, target_base]
    answer = runner.run(argv, stdin="")
    if answer.rc != 0:
        raise _failure("an empty map", argv, answer.rc, (answer.stderr + answer.stdout).strip())
    path = database_path(target_base)
    os.unlink(path)
    return path[len(target_base):]


def build(runner, kind, source_path, target_base, map_type, context=None, makemap="makemap"):
    """Make a database from a map source under a new name and prove that it holds what the source says.

    The source may be of any size. The database belongs to the caller, mode 0640 within the umask; ``disk`` gives it its owner and mode.

    :param str target_base: path without suffix in a staging directory that only root may write; nothing may exist there.
    :returns: :class:`Built`.
    :raises MapError: the source is bad, or the database differs from it. :raises CommandFailed: makemap failed or complained.
        Neither leaves a database behind.
    """
    if map_type not in tables.KINDS[kind].types:
        raise MapError("%s is not looked up in a database of type %s; expected %s." % (kind, map_type, " or ".join(tables.KINDS[kind].types)),
                       map=kind, type=map_type)
    for suffix in SUFFIXES:
        if os.path.lexists(target_base + suffix):
            raise MapError("%s%s exists already; a map is only built under a new name." % (target_base, suffix), map=kind, path=target_base + suffix)
    make = _build_aliases if kind == "aliases" else _build_lines
    try:
        content, warnings = make(runner, kind, source_path, target_base, map_type, context or tables.Context(), makemap)
        path = database_path(target_base)
        _compare(kind, content, target_base, map_type, makemap)
    except BaseException:
        for suffix in SUFFIXES:
            if os.path.lexists(target_base + suffix):
                os.unlink(target_base + suffix)
        raise
    return Built(path, content.entries - (1 if kind == "aliases" else 0), warnings)


# The same, under the name that says what it is used for.
build_file = build


def database_path(target_base):
    """Return the path of the database that makemap made; :raises MapError: there is none."""
    for suffix in SUFFIXES:
        if os.path.exists(target_base + suffix):
            return target_base + suffix
    raise MapError("makemap made neither %s." % " nor ".join(target_base + suffix for suffix in SUFFIXES), path=target_base)


def database_lines(kind, found):
    """Return the lines that a database of these pairs gives when it is dumped (aliases with the mark that sendmail waits for)."""
    if kind == "aliases":
        return ["%s\t%s\n" % (tables_aliases.stored_name(pair.key), pair.value) for pair in found] + [ALIAS_MARK]
    return ["%s\t%s\n" % (pair.key.lower(), pair.value) for pair in found]


def dump_lines(runner, map_type, target_base, makemap="makemap"):
    """Return the lines of a database, without line ends; :raises CommandFailed: it can not be dumped."""
    argv = [makemap] + NO_CF + ["-u", map_type, target_base]
    answer = runner.run(argv)
    if answer.rc != 0:
        raise _failure("map", argv, answer.rc, answer.stderr.strip())
    return [line for line in answer.stdout.split("\n") if line]


def verify(runner, kind, wanted, target_base, map_type, makemap="makemap"):
    """Dump a database and compare it with lines from :func:`database_lines`.

    :raises MapError: they differ. :raises CommandFailed: it can not be dumped.
    """
    content = mapscan.Content()
    content.add([line.rstrip("\n").encode("utf-8") for line in wanted])
    _compare(kind, content, target_base, map_type, makemap)


def verify_file(runner, kind, source_path, target_base, map_type, context=None, makemap="makemap"):
    """Dump a database and compare it with a source file of any size; :raises: as :func:`verify`, and MapError for a bad source."""
    if kind == "aliases":
        pairs, dummy = _aliases(source_path, context or tables.Context())
        verify(runner, kind, database_lines(kind, pairs), target_base, map_type, makemap)
        return
    scan = mapscan.Scan(kind, source_path, context or tables.Context())
    scan.refuse()
    _compare(kind, scan.content, target_base, map_type, makemap)


def _build_lines(runner, kind, source_path, target_base, map_type, context, makemap):
    """Let makemap read the source itself while the source is checked here."""
    argv = [makemap] + NO_CF + ["-c", str(_cache_size(source_path)), map_type, target_base]
    with open(source_path, "rb") as source, concurrent.futures.ThreadPoolExecutor(1) as pool:
        made = pool.submit(runner.run, argv, stdin=source, timeout=TIMEOUT)
        scan = mapscan.Scan(kind, source_path, context)
        answer = made.result()
    scan.refuse()
    _refuse_complaint(kind, argv, answer, source_path)
    return scan.content, scan.warnings


def _cache_size(source_path):
    return min(CACHE_LIMIT, max(1 << 20, 3 * os.path.getsize(source_path)))


def _build_aliases(runner, kind, source_path, target_base, map_type, context, makemap):
    """Aliases have continuation lines and loops, so they are read whole, and makemap gets one line for each."""
    pairs, warnings = _aliases(source_path, context)
    lines = database_lines(kind, pairs)
    # The tab as separator lets a quoted name hold a blank.
    argv = [makemap] + NO_CF + ["-t", "\t", map_type, target_base]
    _refuse_complaint(kind, argv, runner.run(argv, stdin="".join(lines), timeout=TIMEOUT), source_path)
    content = mapscan.Content()
    content.add([line.rstrip("\n").encode("utf-8") for line in lines])
    return content, warnings


def _aliases(source_path, context):
    with open(source_path, "rb") as source:
        text, warnings = tables_files.decode(source.read(), "aliases")
    pairs = tables.parse("aliases", text)
    return pairs, warnings + tables.check("aliases", pairs, context)


def _refuse_complaint(kind, argv, answer, source_path):
    """Any word of makemap counts: after an exit status other than 0 the database is half made, and 0 does not mean content."""
    said = (answer.stderr + answer.stdout).strip()
    if answer.rc == 0 and not said:
        return
    problems = [_duplicate_problem(kind, source_path, int(number), key) for number, key in _DUPLICATE.findall(said)[:5]]
    if problems:
        raise MapError(" ".join(problems), map=kind, line=int(_DUPLICATE.search(said).group(1)), key=_DUPLICATE.search(said).group(2), problems=problems)
    raise _failure(kind, argv, answer.rc, said)


def _failure(kind, argv, status, said):
    return CommandFailed("%s: %s ended with %d and said: %s" % (kind, " ".join(argv), status, said[:500] or "nothing"), map=kind, command=argv, rc=status)


def _duplicate_problem(kind, source_path, number, key):
    wanted = [key.encode("utf-8", "surrogateescape")]
    with open(source_path, "rb") as source:
        first = next(("line %d" % place for place, line in enumerate(source, 1) if line.lower().split(None, 1)[:1] == wanted), "a line above")
    return "%s, line %d: '%s': the key stands twice, first in %s (upper and lower case are the same); remove one." % (kind, number, key, first)


def _compare(kind, content, target_base, map_type, makemap):
    """Dump a database and compare it with the content it should have."""
    dumped = mapscan.Content()
    argv = [makemap] + NO_CF + ["-u", map_type, target_base]
    for lines in _dump(argv, kind):
        dumped.add(lines)
    if dumped != content:
        raise MapError("%s: the database differs from its source: it holds %d entries where %d were asked for%s. Does another program write to it?" % (
            kind, dumped.entries, content.entries, "" if dumped.entries != content.entries else ", and not all are the same"), map=kind, path=target_base)


def _dump(argv, kind):
    """Yield the lines of a dump in lists; nothing of it is kept."""
    reader, writer = os.pipe()
    with concurrent.futures.ThreadPoolExecutor(max_workers=1) as pool:
        child = pool.submit(_into, argv, writer)
        try:
            yield from _lines(reader)
        finally:
            os.close(reader)
        ended = child.result()
    if ended.rc != 0 or ended.stderr.strip():
        raise _failure(kind, argv, ended.rc, ended.stderr.strip())


def _into(argv, writer):
    """Run a program to its end with its output into a pipe, which then ends too."""
    try:
        return Runner().run(argv, timeout=TIMEOUT, stdout=writer)
    finally:
        os.close(writer)


def _lines(handle):
    """Yield what a pipe brings as lists of lines. makemap writes line by line: a large pipe and a short nap make fewer, larger reads."""
    try:
        fcntl.fcntl(handle, _SET_PIPE_SIZE, _PIECE)
    except OSError:
        pass  # an ordinary pipe does, too
    rest, total = b"", 0
    for piece in iter(lambda: os.read(handle, _PIECE), b""):
        lines = (rest + piece).split(b"\n")
        rest, total = lines.pop(), total + len(piece)
        yield lines
        if total > _PIECE:
            time.sleep(0.004)
    if rest:
        yield [rest]
