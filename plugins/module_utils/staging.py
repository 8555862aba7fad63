# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make everything that a configuration consists of in a root-only directory, and never touch a live file.

The result is a list of :class:`Item`, one for each managed path, with what it holds now and what it shall hold.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import shutil
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    cf,
    delegation_entries,
    disk,
    generations,
    m4,
    mapbuild,
    mc,
    probe,
    routes,
    shared_entries,
    tables,
    tables_access,
    tables_entries,
    tables_files,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue, MapError, SendmailError

# The order of the commit: sources before results, maps before the .cf that names them, the daemon's .cf last.
RANKS = {"file": 1, "source": 2, "mc": 3, "database": 4, "submission": 5, "main": 6}
# A daemon reads these once, when it starts; maps and aliases it opens anew for each session.
READ_AT_START = ("class", "main", "submission")
ROOT_ONLY = {"owner": "root", "group": "root", "mode": "0600"}


class Item:
    """One managed path.

    :ivar str path: where it lives.
    :ivar str kind: one of ``RANKS`` (or ``class`` files, which rank as ``file``).
    :ivar staged: path of the staged new content, or None where the live content is already right.
    :ivar list changes: diff of meaning, each ``{what, name, before, after}``.
    :ivar bool secret: content never shown.
    """

    def __init__(self, path, kind, spec, staged=None, secret=False):
        self.path, self.kind, self.staged, self.secret = path, kind, staged, secret
        self.owner, self.group, self.mode = spec["owner"], spec["group"], spec["mode"]
        self.changes = []

    @property
    def rank(self):
        """Place in the order of the commit."""
        return RANKS.get(self.kind, 1)


class Stage:
    """A root-only directory with everything new, and what is known about it.

    :param dict params: the module's parameters.
    :param runner: starts the programs.
    :param str directory: empty, root-only, on the file system of the configuration.
    :param bool check_mode: what earlier tasks would have made may be missing.
    """

    def __init__(self, params, runner, directory, check_mode=False):
        self.params, self.runner, self.directory, self.check_mode = params, runner, directory, check_mode
        self.items, self.warnings, self.redirections, self.lookups, self.known = [], [], {}, [], []
        self.state = generations.read_state(params["state_directory"])
        self.state.setdefault("maps", {})
        self.compiled, self.suffixes, self.retired = {}, {}, []
        # Pairs of each kind of map that is known whole, and what of them and of the configuration opens relaying.
        self.pairs, self.relaying = {}, []

    def put(self, name, data):
        """Write bytes to a new file of the stage and return its path."""
        path = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(path), mode=0o700, exist_ok=True)
        disk.write(path, data)
        return path

    # -- class files, help file and other plain files

    def plain_files(self):
        """Stage class files and plain files; class files are checked line by line."""
        for spec in self.params["files"]:
            data = self._file_bytes(spec)
            secret = spec.get("secret", False) or spec.get("secret_content") is not None
            item = self._item(spec["path"], "class" if spec["kind"] != "plain" else "file", spec, data, secret)
            # The password of an LDAP map is read when its line is.
            if item.staged and (spec["kind"] != "plain" or item.secret):
                self.redirections[spec["path"]] = item.staged

    def _file_bytes(self, spec):
        if spec["kind"] == "plain":
            return (spec.get("secret_content") or spec["content"] or "").encode("utf-8")
        found = tables.pairs(spec["kind"], spec["lines"] or [])
        self.warnings += tables.check(spec["kind"], found, self.context(), where="entry")
        return tables.pairs_text(spec["kind"], found).encode("utf-8")

    def _item(self, path, kind, spec, data, secret=False):
        """Add the item of a path whose whole content is known; it is staged only if the live file differs."""
        item = Item(path, kind, spec, secret=secret)
        live = disk.read(path)
        if live != data:
            item.staged = self.put("files/" + path.lstrip("/"), data)
            item.changes = _content_changes(path, kind, live, data, secret)
        self.items.append(item)
        return item

    # -- .mc and .cf

    def configuration(self, which, version, flags=None):
        """Check, stage and compile one .mc; ``which`` is ``mta`` or ``msp``, ``flags`` what sendmail was compiled with."""
        spec = self.params[which]
        if not spec:
            return
        self.warnings += mc.check(spec["content"], version, self._waived(), spec["source"], flags, self._profile(which), self.context().adopted)
        source = self.put("mc/" + os.path.basename(spec["source"]), mc_bytes(spec))
        includes = [name[len("include("):-1] for name in self._waived() if name.startswith("include(")]
        disarmed = self.put("mc/disarm-%s.m4" % which, m4.preamble(includes).encode("utf-8"))
        self._item(spec["source"], "mc", spec, mc_bytes(spec))
        data = probe.compile_mc(self.runner, self.params["library"], source, disarmed, self.params["m4"])
        item = self._item(spec["compiled"], "main" if which == "mta" else "submission", spec, data)
        live = disk.read(spec["compiled"])
        if item.staged and live is not None:
            item.changes = cf.changes(live.decode("utf-8", "replace"), data.decode("utf-8")) or item.changes
        self.compiled[which] = data.decode("utf-8")

    def live_configuration(self):
        """Take the live .cf as the one to ask: maps alone are to change."""
        path = self.params["mta"]["compiled"]
        data = disk.read(path)
        if data is None:
            raise CommitError("%s does not exist, so there is no configuration to hold a map against. Run the playbook." % path, path=path)
        self.compiled["mta"] = data.decode("utf-8", "replace")

    def _waived(self):
        for waiver in self.params["waivers"]:
            if not waiver["reason"].strip():
                raise InvalidValue("The waiver of '%s' has no reason. Say why it is needed, or leave it out." % waiver["feature"], waiver=waiver["feature"])
        return [waiver["feature"] for waiver in self.params["waivers"]]

    def _profile(self, which):
        """Of the two configurations only the daemon's is what a profile means."""
        return self.params.get("profile") if which == "mta" else None

    # -- maps

    def maps(self, map_types):
        """Stage each map's source, and build the database wherever the live one does not hold exactly what was asked."""
        for spec in self.params["maps"]:
            self._tell(spec)
            self._set_aside(spec)
            stage_map = self._map_from_file if spec["digest"] or spec["host_file"] else self._map_from_text
            stage_map(spec, self._map_type(spec, map_types))

    def _tell(self, spec):
        """Pass on what the controller knows of a map's entries, such as those that it left out."""
        self.warnings += ["%s: %s" % (spec["name"], remark) for remark in spec.get("remarks") or []] + (spec.get("warnings") or [])

    @staticmethod
    def _map_type(spec, map_types):
        if spec["type"] == "auto":
            return mapbuild.best_type(spec["kind"], map_types)
        if spec["type"] not in map_types:
            raise InvalidValue("map %s: this host's makemap has no type '%s'; it has %s. Set sendmail_map_type to one of these, or auto." % (
                spec["name"], spec["type"], ", ".join(map_types)), map=spec["name"])
        return spec["type"]

    def context(self):
        """Return the facts that the checks of maps need."""
        return tables.Context(**{key: value for key, value in self.params["context"].items() if value is not None})

    def _map_text(self, spec):
        given = [text for text in (spec["content"], spec.get("secret_content")) if text is not None]
        text, warnings = tables_files.unix_lines(given[0], spec["name"]) if given else (tables.row_text(spec, self.context()), [])
        self.warnings += warnings
        text = self._with_shared(spec, text)
        if not spec["accepted"]:
            return text
        # Managed as well, so that a way back takes the delegates' entries along and does not meet them again at the next run.
        self.items.append(Item(spec["accepted"], "file", ROOT_ONLY))
        text, warnings = delegation_entries.merged(spec["kind"], text, disk.read(spec["accepted"]), self.context())
        self.warnings += warnings
        return text

    def _with_shared(self, spec, text):
        """Take up the entries of other roles; managed as well, for the same reason."""
        data = disk.read(spec["shared"]) if spec.get("shared") and not _is_whole(spec) else None
        if data is None:
            return text
        self.items.append(Item(spec["shared"], "file", ROOT_ONLY))
        today = tables_entries.day(spec.get("today") or time.strftime("%Y-%m-%d"), "maps[].today")
        text, warnings = shared_entries.merged(spec["kind"], text, shared_entries.read(data, spec["shared"]), self.context(), today,
                                               spec.get("expiry_notice") or 0)
        self.warnings += warnings
        return text

    def _set_aside(self, spec):
        """Keep the entries of other roles in a map that comes whole from a file, and say whose they are: they are not this run's to destroy."""
        data = disk.read(spec["shared"]) if spec.get("shared") and _is_whole(spec) else None
        if data is not None:
            self.items.append(Item(spec["shared"], "file", ROOT_ONLY))
            self.warnings += shared_entries.set_aside(spec["kind"], shared_entries.read(data, spec["shared"]), spec["shared"])

    def _checked_pairs(self, spec, text):
        pairs = tables.parse(spec["kind"], text)
        tables_access.refuse_passwords(spec["kind"], [pair.key for pair in pairs], spec["name"])
        self.warnings += tables.check(spec["kind"], pairs, self.context())
        self.pairs[spec["kind"]] = pairs
        return pairs

    def redirected_source(self, spec):
        """Return the staged source of a map, or None where the live one stays."""
        return next((item.staged for item in self.items if item.path == spec["path"] and item.kind == "source"), None)

    def _map_from_text(self, spec, map_type):
        text = self._map_text(spec)
        pairs = self._checked_pairs(spec, text)
        source = self._item(spec["path"], "source", spec, text.encode("utf-8"), spec["secret"])
        live = disk.read(spec["path"])
        if source.staged and live is not None:
            source.changes = _map_changes(spec, live, pairs) or source.changes
        database = self._database_item(spec, map_type)
        # A database older than its source is out of date to sendmail, whatever it holds.
        holds = self._holds(spec, pairs, database.path, map_type)
        if source.staged or not holds:
            staged = source.staged or self.put("files/" + spec["path"].lstrip("/"), text.encode("utf-8"))
            built = mapbuild.build(self.runner, spec["kind"], staged, self._target(spec), map_type, self.context(), self.params["makemap"])
            self._built(spec, database, built, "the same, of the former source" if holds else "not what was asked for")
        if pairs and not spec["secret"]:
            self.lookups.append((spec["path"], pairs[0].key, pairs[0].value))

    def wanted_files(self, map_types):
        """Return the names of the maps whose controller file has to be sent: the host does not hold what its digest names."""
        return [spec["name"] for spec in self.params["maps"]
                if spec["digest"] and not spec["upload"] and not self._is_known(spec, self._map_type(spec, map_types))]

    def _is_known(self, spec, map_type):
        """Tell whether a big file and its database are as the last run left them, without reading either."""
        origin = spec["digest"] or generations.signature(spec["host_file"])
        return self.state["maps"].get(spec["path"]) == self._known(spec, map_type, origin)

    def _known(self, spec, map_type, origin):
        return {"type": map_type, "origin": origin, "database": generations.signature(spec["path"] + self._suffix(map_type)),
                "source": generations.signature(spec["path"]) if spec["digest"] else None}

    def _map_from_file(self, spec, map_type):
        """A big file: read in pieces, never held whole, and not read at all when neither it nor its database changed."""
        source = self._big_source(spec)
        database = self._database_item(spec, map_type)
        if self._is_known(spec, map_type):
            return
        path = spec["upload"] or spec["host_file"]
        if not os.path.isfile(path):
            raise MapError("map %s: its source %s does not exist on the host." % (spec["name"], path), map=spec["name"], path=path)
        if source:
            source.staged = path = self._copy(path, "files/" + spec["path"].lstrip("/"))
            source.changes = [{"what": "source", "name": spec["path"], "before": "other content", "after": "as on the controller"}]
        built = mapbuild.build_file(self.runner, spec["kind"], path, self._target(spec), map_type, self.context(), self.params["makemap"])
        self._built(spec, database, built)
        self.known.append((spec, map_type, spec["digest"] or generations.signature(path)))

    def _big_source(self, spec):
        """A controller file gets a copy at the map's path; a file of the host stays where it is, in other hands."""
        if not spec["digest"]:
            return None
        item = Item(spec["path"], "source", spec, secret=True)
        self.items.append(item)
        return item

    def _copy(self, path, name):
        target = os.path.join(self.directory, name)
        os.makedirs(os.path.dirname(target), mode=0o700, exist_ok=True)
        shutil.copyfile(path, target)
        return target

    def retire(self):
        """Find what a former configuration consisted of and this one does not: it goes when the daemon has been proven to serve without it.

        A path that somebody else provides now, or that the compiled text still names, stays.
        """
        managed = set(item.path for item in self.items)
        lent = set(path for spec in self.params["maps"] for path in (spec["host_file"], spec["accepted"], spec.get("shared")) if path)
        of_another_type = [os.path.splitext(path)[0] + one for path in managed if path.endswith(mapbuild.SUFFIXES) for one in mapbuild.SUFFIXES]
        former = self.state.get("paths", []) + self.state.get("retired", []) + of_another_type
        self.retired = [path for path in sorted(set(former) - managed - lent) if os.path.lexists(path) and not self._is_named(path, managed)]

    def _is_named(self, path, managed):
        base, end = os.path.splitext(path)
        base = base if end in mapbuild.SUFFIXES else path
        return base not in managed and any(names(text, base) for text in self.compiled.values())

    def remember(self):
        """Write down which paths are managed, in the order of the commit, which are no longer, and how big files are known again."""
        self.state["paths"] = self.paths()
        self.state.pop("retired", None)
        if self.retired:
            self.state["retired"] = self.retired
        for spec, map_type, origin in self.known:
            self.state["maps"][spec["path"]] = self._known(spec, map_type, origin)
        generations.write_state(self.params["state_directory"], self.state)

    def ordered(self):
        """Return the items in the order of the commit."""
        return sorted(self.items, key=lambda item: (item.rank, item.path))

    def paths(self):
        """Return the managed paths in the order of the commit."""
        return [item.path for item in self.ordered()]

    def _database_item(self, spec, map_type):
        attributes = {key: spec["database_" + key] for key in ("owner", "group", "mode")}
        item = Item(spec["path"] + self._suffix(map_type), "database", attributes)
        self.items.append(item)
        return item

    def _suffix(self, map_type):
        """Return how a database of a type ends, as makemap itself names it; it is asked once."""
        if map_type not in self.suffixes:
            self.suffixes[map_type] = mapbuild.suffix(self.runner, map_type, os.path.join(self.directory, "suffix"), self.params["makemap"])
        return self.suffixes[map_type]

    def _target(self, spec):
        """Return the name under which a database is built, without its suffix."""
        os.makedirs(os.path.join(self.directory, "maps"), mode=0o700, exist_ok=True)
        return os.path.join(self.directory, "maps", os.path.basename(spec["path"]))

    def _holds(self, spec, pairs, path, map_type):
        """Tell whether the live database holds exactly these entries, by dumping it."""
        if not os.path.isfile(path):
            return False
        try:
            mapbuild.verify(self.runner, spec["kind"], mapbuild.database_lines(spec["kind"], pairs), spec["path"], map_type, self.params["makemap"])
        except SendmailError:
            return False
        return True

    def _built(self, spec, item, built, before="not what was asked for"):
        item.staged = built.database_path
        before = "absent" if not os.path.lexists(item.path) else before
        item.changes = [{"what": "database", "name": item.path, "before": before, "after": "%d entries" % built.entries}]
        self.redirections[spec["path"]] = os.path.splitext(built.database_path)[0]

    def predict(self):
        """On a host without sendmail: check every text, and say what would be made of it."""
        for spec in self.params["maps"]:
            self._tell(spec)
            self._set_aside(spec)
            if spec["digest"] or spec["host_file"]:
                continue
            text = self._map_text(spec)
            self._checked_pairs(spec, text)
            self._item(spec["path"], "source", spec, text.encode("utf-8"), spec["secret"])
        for which, kind in (("msp", "submission"), ("mta", "main")):
            spec = self.params[which]
            if spec:
                self.warnings += mc.check(spec["content"], None, self._waived(), spec["source"], None, self._profile(which), self.context().adopted)
                source = self._item(spec["source"], "mc", spec, mc_bytes(spec))
                if source.staged or not os.path.exists(spec["compiled"]):
                    self._item(spec["compiled"], kind, spec, b"")

    # -- the real sendmail

    def ask(self, tests):
        """Hold the staged configuration, with the staged maps, against the real binary; return the report of the route tests."""
        binary = self.params["sendmail"]
        if self._mends_attributes():
            self._copy_live()
        if "msp" in self.compiled:
            submit = self.put("ask/submit.cf", self._asked("msp"))
            self.warnings += probe.parse_cf(self.runner, binary, submit, submission=True)
        asked = self._asked("mta")
        main = self.put("ask/sendmail.cf", asked)
        self.warnings += probe.parse_cf(self.runner, binary, main)
        # The .cf has names of its own for some maps (virtuser, generics); the path tells which is which.
        named = {entry.path: entry.name for entry in cf.parse(self.compiled["mta"]).maps.values()}
        probe.look_up(self.runner, binary, main, [(named[path], key, value) for path, key, value in self.lookups if path in named])
        return tests(binary, self.put("ask/routes.cf", routes.prepared(asked)))

    def _asked(self, which):
        """Return the bytes of the configuration that sendmail is asked with: it reads what is staged."""
        text = cf.redirect(self.compiled[which], self.redirections)
        if self.check_mode:
            text, missing = cf.without_users(text, disk.has_user)
            self.warnings += ["user '%s' is yet to be made, so sendmail was asked without the options that name it." % name for name in missing]
        return text.encode("utf-8")

    def _mends_attributes(self):
        """Tell whether an owner or a mode is wrong that the commit will put right; sendmail refuses to read what others could have written."""
        specs = [(spec["path"], spec) for spec in self.params["directories"]] + [(item.path, vars(item)) for item in self.items]
        try:
            return any(disk.attribute_changes(path, spec["owner"], spec["group"], spec["mode"]) for path, spec in specs if os.path.lexists(path))
        except InvalidValue:
            return True

    def _copy_live(self):
        """Let the real sendmail read copies of what stays as it is."""
        for item in self.items:
            name = os.path.splitext(item.path)[0] if item.kind == "database" else item.path
            if item.kind in ("class", "database") and name not in self.redirections and os.path.isfile(item.path):
                copy = self._copy(item.path, "live/" + item.path.lstrip("/"))
                self.redirections[name] = os.path.splitext(copy)[0] if item.kind == "database" else copy


def _is_whole(spec):
    """Tell whether a map comes from a file, in which nobody else has a say."""
    return bool(spec.get("whole") or spec["digest"] or spec["host_file"])


def names(text, path):
    """Tell whether a compiled configuration names a path, other than in a remark (m4's library leaves the options that are not set as such)."""
    return bool(re.search(r"(?m)^(?:F\w|[^#\n].*(?<![\w./-]))%s(?![\w/-])" % re.escape(path), text))


def mc_bytes(spec):
    """Return the bytes of an .mc; m4 warns of a last line without an end."""
    return (spec["content"].rstrip("\n") + "\n").encode("utf-8")


def _content_changes(path, kind, live, data, secret):
    if live is None:
        return [{"what": kind, "name": path, "before": "absent", "after": "present"}]
    if kind == "class" and not secret:
        before, after = (set(text.decode("utf-8", "replace").split("\n")) - {""} for text in (live, data))
        return [{"what": "class", "name": path, "before": line, "after": None} for line in sorted(before - after)] + \
               [{"what": "class", "name": path, "before": None, "after": line} for line in sorted(after - before)] or \
               [{"what": kind, "name": path, "before": "other order or blanks", "after": "as declared"}]
    return [{"what": kind, "name": path, "before": "other content", "after": "as declared"}]


def _map_changes(spec, live, pairs):
    """Return the diff of meaning of a map, or nothing where the live source can not be read as one."""
    try:
        before = tables.parse(spec["kind"], live.decode("utf-8", "replace"))
    except (MapError, InvalidValue):
        return []
    found = tables.changes({pair.key: pair.value for pair in before}, {pair.key: pair.value for pair in pairs}, spec["secret"])
    rows = [{"what": "map", "name": spec["name"], "before": line, "after": None} for line in found["removed"]]
    rows += [{"what": "map", "name": spec["name"], "before": line.rpartition(" -> ")[0], "after": line.rpartition(" -> ")[2]} for line in found["changed"]]
    rows += [{"what": "map", "name": spec["name"], "before": None, "after": line} for line in found["added"]]
    if found["more"]:
        rows.append({"what": "map", "name": spec["name"], "before": None, "after": "%d more entries differ" % found["more"]})
    return rows
