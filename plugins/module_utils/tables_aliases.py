# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The alias file: its lines, its targets, its loops."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import posixpath
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables_syntax import Pair, error, warning

# MaxAliasRecursion as shipped and as the controls want it.
DEPTH_LIMIT = 10
REQUIRED = ("postmaster", "mailer-daemon")


def parse(text):
    """Return the pairs of an alias file; continuation lines belong to the line they continue.

    :raises MapError: a line without colon, or a continuation of nothing.
    """
    pairs, current = [], None  # current: [line, name, targets so far]
    for number, line in enumerate(text.split("\n"), 1):
        if line[-1:] == "\\":
            raise MapError("aliases, line %d: it ends with a backslash, which glues the next line on. Begin the next line with a blank instead." % number,
                           map="aliases", line=number)
        if line[:1] in (" ", "\t") and line.strip():
            if current is None:
                raise MapError("aliases, line %d: a line that begins with a blank continues an alias, and there is none above it." % number,
                               map="aliases", line=number)
            current[2] += " " + line.strip()
        elif not line.strip() or line[0] == "#":
            current = None
        else:
            name, colon, value = _split_name(line)
            if not colon:
                raise MapError("aliases, line %d: no colon in '%s'; expected name: target, target." % (number, line.strip()[:60]), map="aliases", line=number)
            current = [number, name.strip(), value.strip()]
            pairs.append(current)
    return [Pair(*found) for found in pairs]


def _split_name(line):
    if line[0] != '"':
        return line.partition(":")
    closing = line.find('"', 1) + 1
    rest = line[closing:].lstrip()
    return line[:closing], rest[:1] == ":" and ":" or "", rest[1:]


def targets(value):
    """Split a right-hand side at the commas outside quotes; quotes around a program or file are taken off.

    :returns: list of targets, or None if a quote is not closed.
    """
    found = _split(value)
    return None if found is None else [_unquoted(one) for one in found]


def _split(value):
    found, word, quoted = [], "", False
    for character in value:
        if character == '"':
            quoted = not quoted
        if character == "," and not quoted:
            found.append(word.strip())
            word = ""
        else:
            word += character
    if quoted:
        return None
    found.append(word.strip())
    return [one for one in found if one]


def _unquoted(target):
    inside = target[1:-1]
    whole = len(target) > 1 and target[0] == target[-1] == '"' and '"' not in inside
    return inside if whole and inside.lstrip()[:1] in ("|", "/", ":") else target


def findings(pairs, context):
    """Yield the findings of an alias file."""
    for pair in pairs:
        reason = name_problem(pair.key)
        if reason:
            yield error(pair, reason)
        wanted = targets(pair.value)
        if not wanted:
            yield error(pair, "a double quote is not closed" if wanted is None else "no target stands behind the colon")
            continue
        for written, target in zip(_split(pair.value), wanted):
            reason = _blank_problem(written) or target_problem(target, context)
            if reason:
                yield error(pair, reason)
    yield from loops(pairs, context)
    present = {pair.key.lower() for pair in pairs}
    for name in REQUIRED:
        if name not in present:
            yield warning(Pair(0, name, ""), "there is no such alias; RFC 5321 and sendmail's own bounces need a mailbox behind it")


def name_problem(name):
    """Say why a text is no name of an alias, or return None."""
    if "@" in name:
        return "an alias is a local name and holds no @; addresses of other domains belong into the virtusertable"
    if re.match(r'"[^"\\]+"\Z', name):
        return None
    # newaliases reads a!b as b at host a, a%b as a route, and ()<>,; as more than a name.
    return None if re.match(r"[A-Za-z0-9$&'*+=?^_`{}~.#-][A-Za-z0-9$&'*+/=?^_`{|}~.#-]*\Z", name) else "'%s' is no name of an alias" % name


def stored_name(name):
    """Return a name as sendmail stores it: lower case, without quotes that it does not need."""
    inside = name[1:-1]
    return (inside if name[0] == '"' and re.match(r"[A-Za-z0-9._+-]+\Z", inside) else name).lower()


def _blank_problem(written):
    """Say why a target as written would not reach sendmail whole: outside double quotes it puts a dot in the place of each blank (BlankSub)."""
    if written[0] in "|/" and len(written.split()) > 1:
        return "'%s' holds a blank, in whose place sendmail puts a dot; write it in double quotes: \"%s\"" % (written, written)
    return None


def target_problem(target, context):
    """Say why a target is not allowed on this host, or return None."""
    if target[0] == "|":
        return _program_problem(target, context)
    if target[0] == "/":
        return _file_problem(target, context)
    if target.lower().startswith(":include:"):
        return _include_problem(target[9:].strip(), context)
    if _is_disguised(target):
        return "'%s' leads to a program or a file behind an address; write the program, file or :include: plainly, so that it can be checked" % target
    bare = re.sub(r"\s*\([^()]*\)\Z", "", target[1:] if target[0] == "\\" else target)
    if tables_syntax.is_address(bare) or tables_syntax.is_local_part(bare):
        return None
    if re.match(r"[^<>]*<[^<>\s]+>\Z", target) and tables_syntax.is_address(target[target.index("<") + 1:-1]):
        return None
    return "'%s' is no address, local name, file, program or :include:" % target


def _is_disguised(target):
    """Tell whether a program or file would come out when sendmail has taken off phrases, quotes, backslashes, routes and a host of its own."""
    inside = re.search(r"<([^<>]*)>", target)
    address = (inside.group(1) if inside else target).replace('"', "").replace("\\", "").strip()
    local = address.rpartition("@")[0] or address
    return ":include:" in local.lower() or any(part.strip()[:1] in ("|", "/") for part in re.split("[!:%]", local))


def _program_problem(target, context):
    if not context.alias_programs:
        return "programs as targets are not allowed on this host ('%s')" % target
    command = target[1:].split()
    name = posixpath.basename(command[0]) if command else ""
    if context.smrsh_commands is not None and name not in context.smrsh_commands:
        return "smrsh does not run '%s'; its directory holds: %s" % (name, ", ".join(sorted(context.smrsh_commands)) or "nothing")
    return None


def _include_problem(path, context):
    if not context.alias_includes:
        return ":include: files are not allowed on this host ('%s')" % path
    return None if path.startswith("/") else "the :include: file '%s' is no absolute path" % path


def _file_problem(path, context):
    if not context.alias_files:
        return "files as targets are not allowed on this host ('%s')%s" % (
            path, "; to drop mail, use DISCARD in the access map" if path == "/dev/null" else "")
    if path == "/dev/null" or not context.jail:
        return None
    jail = context.jail.rstrip("/")
    if posixpath.normpath(path) != path:
        return "the file '%s' is not spelt plainly (no //, ., .. or / at the end)" % path
    if path.startswith(jail + "/"):
        return None
    if path.startswith(jail):
        return "sendmail cuts '%s' off the front of '%s' as text and would write '%s' inside the jail; name a file below %s/" % (
            jail, path, path[len(jail):], jail)
    return "the file '%s' lies outside the mail jail; name it %s%s, which is where sendmail would write it" % (path, jail, path)


def loops(pairs, context):
    """Yield the aliases that come back to themselves, or lead further than sendmail follows."""
    graph, origin = {}, {}
    for pair in pairs:
        name = pair.key.lower()
        origin.setdefault(name, pair)
        graph[name] = [one for one in (_next_name(target, context) for target in targets(pair.value) or ()) if one]
    done = {}
    for name in graph:
        cycle = walk(name, graph, done)
        if cycle:
            yield error(origin[cycle[0]], "alias loop: %s; mail to any of them is returned" % " -> ".join(cycle + cycle[:1]))
    for name, depth in sorted(done.items()):
        if depth > DEPTH_LIMIT:
            yield error(origin[name], "the alias leads through %d others; sendmail follows %d (MaxAliasRecursion)" % (depth, DEPTH_LIMIT))


def _next_name(target, context):
    if target[0] in "|/\\:" or target.startswith('"'):
        return None
    local, at, domain = target.rpartition("@")
    if at:
        return local.lower() if domain.lower() in context.local_host_names else None
    return target.lower()


def walk(start, graph, done):
    """Follow names from one of them without recursion; fill in the depth of each, return a cycle or None.

    :param dict graph: name -> names that it leads to. :param dict done: names that were followed already, with their depth.
    """
    if start in done:
        return None
    path, cycle, stack = [start], None, [iter(graph[start])]
    on_path = {start}
    while stack:
        name = next(stack[-1], None)
        if name is None:
            ended = path.pop()
            on_path.discard(ended)
            stack.pop()
            done[ended] = 1 + max([done.get(one, 0) for one in graph[ended]] or [0])
        elif name in on_path:
            # A name that lists itself means "the mailbox, too": sendmail stops there.
            if name != path[-1] and cycle is None:
                cycle = path[path.index(name):]
        elif name in graph and name not in done:
            path.append(name)
            on_path.add(name)
            stack.append(iter(graph[name]))
    return cycle
