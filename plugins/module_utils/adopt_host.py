# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Fetch what a host's mail is configured by, let the pure parts make variables of it, and compare compiled results. Nothing on the host is changed."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import base64
import hashlib
import os
import re
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt, adopt_cf, adopt_maps, adopt_read, cf, consistency, hostinfo, m4, mapbuild, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError, SendmailError

# Larger ones are no configuration.
MC_LIMIT, MAP_LIMIT, FILES_LIMIT = 1 << 20, 64 << 20, 5000


class Adoption:
    """One host, read.

    :param runner: starts m4.
    :param dict params: of the module.
    """

    def __init__(self, runner, params):
        self.runner, self.params = runner, params
        self.library = params["library"].rstrip("/")
        self.remarks, self.why, self.types = [], {}, {}
        self.below = adopt_read.directories([params[which][key] for which in ("mta", "msp") for key in ("source", "compiled")] + [self.library + "/m4"])

    # -- texts

    def text(self, path, limit=MC_LIMIT):
        """Return a file's text and note how it had to be read; None where it is not to be had, and ``why`` knows the reason."""
        data, self.why[path] = adopt_read.fetch(path, limit, self.below)
        if data is None:
            return None
        text, remarks = adopt_maps.decoded(data, path)
        self.remarks += [remark for remark in remarks if remark not in self.remarks]
        return text

    def configured(self, path):
        """Return the text of a configuration, None where there is none; :raises McError: there is one that can not be read, or should not be."""
        text = self.text(path)
        if text is None and self.why[path] != adopt_read.ABSENT:
            raise McError("%s: %s. Nothing was taken over." % (path, self.why[path]), path=path)
        return text

    def included(self, source):
        """Return what reads the files that a source may include: those below the library and below the source's own directory."""
        below = [os.path.realpath(self.library) + "/", os.path.realpath(os.path.dirname(source)) + "/"]

        def read(path):
            real = os.path.realpath(path)
            return self.text(path) if path.startswith("/") and real.startswith(tuple(below)) else None

        return read

    def of_library(self, name):
        """Return the text of a file of the cf library."""
        data = adopt_read.fetch(os.path.realpath(os.path.join(self.library, name)), MC_LIMIT, [os.path.realpath(self.library)]).data
        return None if data is None else data.decode("latin-1")

    # -- .mc

    def configuration(self, which):
        """Return what became of a configuration, ``mta`` (the daemon's) or ``msp``; None where the host has neither source nor result."""
        source, compiled = self.params[which]["source"], self.params[which]["compiled"]
        text, live = self.configured(source), self.configured(compiled)
        if text is None and live is None:
            return None
        if text is None:
            return self._from_result(which, source, compiled, live)
        found = adopt.adopt(text, source, self.included(source), self.of_library)
        made, said = self.compile(source, text, _includes(found))
        releases = {"made": _release(made), "live": _release(live or "")}
        compared = live is not None and releases["made"] == releases["live"]
        return {"source": source, "compiled": compiled, "from": "source", "variables": found.variables, "notes": found.notes,
                "complaints": ["%s, line %d: %s" % one for one in found.complaints] + said, "counts": found.counts, "waivers": found.waivers,
                "edited": cf.changes(made, live) if compared else [], "compared": compared, "releases": releases, "made": made}

    def _from_result(self, which, source, compiled, live):
        if not re.search(r"^Mlocal", live, re.M):
            raise McError("%s does not exist, and %s is no whole configuration: there is no local mailer in it. Nothing was taken over." % (source, compiled),
                          path=compiled)
        found = adopt_cf.adopt_result(live, compiled, self._library_makes, submission=which == "msp")
        return {"source": source, "compiled": compiled, "from": "result", "variables": found.variables, "notes": found.notes, "complaints": [],
                "counts": found.counts, "waivers": found.waivers, "edited": [], "compared": False, "made": live}

    def _library_makes(self, text):
        """Return what the host's library makes of a text that is ours."""
        return self.compile("/result", "include(`%s/m4/cf.m4')dnl\n%s" % (self.library, text))[0]

    def compile(self, source, text, includes=()):
        """Return what the host's own m4, without its dangerous commands, makes of a text, and what it says.

        :param includes: the files besides the library's that it may read: those that were read here, and no others.
        :raises McError: m4 fails, or no whole configuration comes out.
        """
        head = m4.preamble(includes) + ("" if "m4/cf.m4" in text else "include(`%s/m4/cf.m4')dnl\n" % self.library)
        # m4 reads the text from its standard input, so nothing is written; relative names in it are those of its own directory.
        done = self.runner.run([self.params["m4"]] + hostinfo.READ_ONLY_M4 + ["-"], stdin=head + text, cwd=os.path.dirname(source) or "/", timeout=30)
        said = [_in_source(line, source, head.count("\n")) for line in done.stderr.splitlines() if line.strip()]
        if done.rc or not re.search(r"^Mlocal", done.stdout, re.M):
            reason = "; ".join(said)[:600] or "there is no local mailer in the result; is MAILER(`local') missing?"
            raise McError("%s does not compile: %s. Nothing was taken over. Mend it so that 'm4 %s' says nothing, then adopt the host again." % (
                source, reason, source), path=source, stderr=done.stderr)
        return done.stdout, said

    # -- maps and class files

    def tables(self, configuration):
        """Return the variables of maps, aliases and class files, and which of them become files.

        :param configuration: the daemon's :class:`cf.Configuration`.
        :returns: ``(variables, files)``; files are dicts of ``variable``, ``name`` and ``content`` (base64).
        """
        variables, files = {"map_type": adopt_maps.map_type(configuration)}, []
        paths, usual = adopt_maps.sources(configuration), self.params["paths"]
        for kind, path in sorted(paths.items()):
            if usual.get(kind) not in (path, os.path.realpath(path)):
                self.remark(path, "the collection keeps its %s at %s, so this file stays as it is and is not managed" % (kind, usual.get(kind)))
            elif kind in adopt_maps.CLASSES.values():
                self._class(kind, usual[kind], variables)
            else:
                # Debian's .cf names a link to it.
                self._map(kind, usual[kind], variables, files)
        for path in adopt_maps.further_aliases(configuration):
            self.remark(path, "a further alias file; it stays as it is and is not managed")
        return variables, files

    def remark(self, path, text):
        """Say something of a file as a whole."""
        self.remarks.append("%s: %s" % (path, text))

    def _class(self, kind, path, variables):
        text = self.text(path, MAP_LIMIT)
        if text is None:
            self.remark(path, "the .cf names it, and %s; nothing was taken over" % self.why[path])
            return
        try:
            found = adopt_maps.names(kind, text)
        except SendmailError as exc:
            self.remark(path, "it stays as it is and is not managed: %s" % exc.message)
            return
        if kind == "relay-domains":
            networks, found = adopt_maps.relays(found)
            if networks:
                variables["relay_networks"] = networks
        if found:
            variables[kind.replace("-", "_")] = found

    def _map(self, kind, path, variables, files):
        text, source = self.text(path, MAP_LIMIT), True
        if text is None and self.why[path] == adopt_read.ABSENT:
            text, source = self._dumped(kind, path), False
        if text is None:
            self.remark(path, "the .cf names it, and %s; nothing was taken over" % self.why[path])
            return
        try:
            found, idle = adopt_maps.entries(kind, text)
        except SendmailError as exc:
            self.remark(path, "it stays as it is and is not managed: %s" % exc.message)
            return
        for opening in consistency.openings({kind: tables.parse(kind, text)})[:consistency.SHOWN] if kind == "access" else []:
            self.remark(path, "relaying is opened by %s: %s" % opening)
        for sentence in idle:
            self.remark(path, "left out, since it says nothing: %s" % sentence)
        if found and adopt_maps.secret(kind, text):
            self._secret(kind, path, source, variables, len(found))
        elif len(found) > adopt_maps.MANY:
            files.append({"variable": kind, "name": kind, "content": base64.b64encode(text.encode("utf-8")).decode("ascii")})
        elif found:
            variables[kind] = {"entries": found}

    def _secret(self, kind, path, source, variables, count):
        if not source:
            self.remark(path, "its database holds passwords and has no source, so it was not copied. Put its %d entries into a vault" % count)
            return
        variables[kind] = {"host_file": path}
        self.remark(path, "it holds passwords, in entries or in remarks, so it was not copied; the variable names the file on the host. Put its %d entries "
                    "into a vault" % count)

    def _dumped(self, kind, path):
        """Return the text that a database without a source was once made from; None where there is none either."""
        databases = [path + suffix for suffix in mapbuild.SUFFIXES if os.path.lexists(path + suffix)]
        if not databases or not self.params.get("makemap"):
            return None
        why = adopt_read.fetch(databases[0], MAP_LIMIT, self.below).why
        if why:
            self.why[path] = "of its database %s: %s" % (databases[0], why)
            return None
        try:
            lines = mapbuild.dump_lines(self.runner, self.types.get(kind, "hash"), path, self.params["makemap"])
        except SendmailError as exc:
            self.why[path] = "its database can not be dumped: %s" % exc.message
            return None
        self.remark(path, "there is a database and no source, so its entries were taken from there, without the remarks and the order that they once had")
        return adopt_maps.undone(kind, lines)

    # -- all of it

    def read(self):
        """Return everything that was adopted."""
        mta, msp = self.configuration("mta"), self.configuration("msp")
        if mta is None:
            raise McError("this host has neither %(source)s nor %(compiled)s: there is nothing to adopt." % self.params["mta"])
        live = cf.parse(self.text(self.params["mta"]["compiled"]) or mta["made"])
        self.types = adopt_maps.types(live)
        tables, files = self.tables(live)
        for one in (mta, msp):
            if one:
                del one["made"]
        return {"mta": mta, "msp": msp, "tables": tables, "files": files, "remarks": self.remarks}

    def differences(self, which, rendered):
        """Return in what a rendered configuration differs from the host's own source (or result, where it has no source), and what m4 says of it.

        :raises McError: one of them does not compile.
        """
        source, compiled = self.params[which]["source"], self.params[which]["compiled"]
        text = self.configured(source)
        includes = _includes(adopt.adopt(text, source, self.included(source), self.of_library)) if text is not None else ()
        before = self.compile(source, text, includes)[0] if text is not None else self.configured(compiled)
        # What the text itself would let m4 read is not asked: both sides read the same files.
        rendered = re.sub(r"(?m)^define\(`_MJ_MAY_READ_'.*\n", "", rendered)
        made, said = self.compile(os.path.join(os.path.dirname(source), "rendered by the collection"), rendered, includes)
        return cf.changes(before, made), said


def snapshot(paths):
    """Return the digest, owner, mode and time of every file below some paths."""
    found = {}
    for top in paths:
        names = [top] if not os.path.isdir(top) or os.path.islink(top) else [
            os.path.join(directory, name) for directory, directories, files in os.walk(top) for name in [""] + files + directories]
        for name in names[:FILES_LIMIT]:
            found[name] = _signature(name)
    whole = hashlib.sha256(repr(sorted(found.items())).encode("utf-8")).hexdigest()
    return {"digest": whole, "files": len(found)}


def _signature(path):
    try:
        status = os.lstat(path)
    except OSError:
        return None
    facts = [stat.S_IFMT(status.st_mode), stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid, status.st_size, int(status.st_mtime)]
    data = adopt_read.fetch(path, MAP_LIMIT).data if stat.S_ISREG(status.st_mode) else None
    return facts + [hashlib.sha256(data).hexdigest() if data is not None else ""]


def _includes(found):
    """Return the files that a source includes and that were read, as far as m4 can be told of them."""
    return sorted(set(path for path, _mc, _line, was_read in found.includes if was_read and _is_path(path)))


def _is_path(path):
    try:
        return bool(m4.quote(path, "include", "path"))
    except SendmailError:
        return False


def _in_source(line, source, lines):
    """Return a word of m4 with the line of the source itself, which stands behind lines of ours."""
    return re.sub(r"\bstdin:(\d+)", lambda found: "%s:%d" % (source, max(1, int(found.group(1)) - lines)), line)


def _release(text):
    found = re.search(r"^DZ(\S+)", text, re.M)
    return found.group(1) if found else None
