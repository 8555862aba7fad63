# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ask the real programs whether a staged configuration is one: m4, and sendmail in all the ways that together see every fault.

No single question is enough: ``-bt`` passes a bad timeout, ``-bv root`` passes a missing smtp mailer, and both pass a map that can not be opened.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CheckFailed, CommandFailed, McError

# The compiled file ends in the mailers' definitions; one that was cut off has none.
WHOLE = re.compile(r"^Mlocal,", re.MULTILINE)
EXPECTED = re.compile(r"^\S.*\.\.\. (deliverable|recipient postmaster|aliased to|User unknown)|^\s|^$")
# What cf.m4 notes of the build, when it may run commands: who, where, when. It would make each build a change.
VOLATILE = re.compile(r"^##### (?:built by|in |using ).*\n", re.MULTILINE)
LOOKUP = re.compile(r"^(?:> )*map_lookup: (\S+) \((.*)\) (?:returns (.*?)|no match)\s*\((\d+)\)$")
TEST_MODE = re.compile(r"^(ADDRESS TEST MODE|Enter <ruleset>|[> ]*$)")


def release(runner, binary):
    """Return the version of a sendmail binary, a tuple such as (8, 17, 1, 9), and the list of its compile flags; :raises CommandFailed: it tells no version."""
    told = runner.run([binary, "-C", "/dev/null", "-d0.13", "-bt"], stdin="")
    known = hostinfo.parse_sendmail_debug(told.stdout)
    parts = hostinfo.version_parts(known["version"])
    if not parts:
        raise CommandFailed("%s tells no version; is it sendmail? It said: %s" % (binary, told.stdout.strip()[:200]), command=[binary, "-d0.13"])
    return tuple(parts), known["compile_flags"]


def compile_mc(runner, library, source, preamble, m4="m4"):
    """Compile an .mc file.

    :param str library: the cf directory (holds ``m4/cf.m4``).
    :param str source: path of the staged .mc file.
    :param str preamble: path of a file that takes the dangerous commands from m4; read first, for a site's own text may not begin with it.
    :returns: bytes of the .cf.
    :raises McError: m4 failed, or said a single word on stderr (its exit status is 0 on nearly every fault), or the result is not whole.
    """
    head = os.path.join(library, "m4", "cf.m4")
    if not os.path.isfile(head):
        raise CommandFailed("%s does not exist. Install the sendmail-cf package, or set the path of the cf library." % head, path=head)
    with open(source, "rb") as handle:
        # An .mc that includes cf.m4 itself is whole, and every vendor's tool compiles it alike; an upstream one wants it named first.
        heads = [] if b"m4/cf.m4" in handle.read() else [head]
    directory, name = os.path.split(source)
    result = runner.run([m4, os.path.relpath(preamble, directory)] + heads + [name], cwd=directory)
    if result.rc or result.stderr.strip():
        raise McError("m4 refuses %s: %s. The live configuration was not touched." % (
            name, result.stderr.strip() or "exit status %d" % result.rc), path=source, stderr=result.stderr)
    if not WHOLE.search(result.stdout):
        raise McError("m4 made no whole configuration of %s: there is no local mailer in it. Is MAILER(`local') missing?" % name, path=source)
    return VOLATILE.sub("", result.stdout).encode("utf-8")


def _complaints(output):
    """Return the lines of a ``-bv`` run that are not a plain verdict on an address."""
    return [line for line in output.splitlines() if not EXPECTED.match(line)]


def parse_cf(runner, binary, cf, submission=False):
    """Let the binary read a .cf in the ways that find its different faults.

    :returns: list of sendmail's own warnings.
    :raises CheckFailed: naming the question, the exit status and what sendmail said.
    """
    warnings = set()
    questions = [["-bt"]] if submission else [["-bt"], ["-bv", "root"], ["-bv", "postmaster@[127.0.0.9]"]]
    for question in questions:
        result = runner.run([binary, "-C", cf] + question, stdin="")
        said = (result.stdout + result.stderr).strip()
        wrong = [line for line in said.splitlines() if not TEST_MODE.match(line)] if question == ["-bt"] else _complaints(said)
        warnings.update("sendmail says: %s" % line for line in wrong if line.startswith("Warning:"))
        wrong = [line for line in wrong if not line.startswith("Warning:")]
        unknown_user = question[0] == "-bv" and result.rc == 67
        if (result.rc and not unknown_user) or wrong:
            raise CheckFailed("sendmail refuses the new configuration (%s, exit status %d): %s. The live configuration was not touched." % (
                " ".join(question), result.rc, "; ".join(wrong)[:600] or said[:600] or "no word"), path=cf, rc=result.rc, output=said[:2000])
    return sorted(warnings)


def look_up(runner, binary, cf, questions):
    """Look up one key in each map through sendmail itself.

    :param list questions: ``(map name in the .cf, key, expected value or None)``; with None any answer but a failure to open will do.
    :raises CheckFailed: a map can not be opened or answers otherwise.
    """
    if not questions:
        return
    commands = "".join("/map %s %s\n" % (name, key) for name, key, unused in questions)
    result = runner.run([binary, "-C", cf, "-bt"], stdin=commands)
    found = [match.groups() for match in map(LOOKUP.match, result.stdout.splitlines()) if match]
    for (name, key, expected), answer in zip(questions, found + [None] * len(questions)):
        if answer is None or (answer[2] is None and answer[3] not in ("0", "68")):
            raise CheckFailed("sendmail can not open map %s (looked up '%s'): %s. The live configuration was not touched." % (
                name, key, "status %s" % answer[3] if answer else result.stdout.strip()[-300:]), map=name)
        if expected is not None and answer[2] != expected:
            raise CheckFailed("map %s answers '%s' for '%s'; expected '%s'. The live configuration was not touched." % (
                name, answer[2] if answer[2] is not None else "no match", key, expected), map=name)
