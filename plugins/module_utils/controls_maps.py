# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls MAP: databases hold what their texts say, and sendmail finds it there. Pure but for the view that they are given.

Nothing is built: a database is dumped, and sendmail is asked in its test mode. Values may be secret, so only keys are told.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, probe, tables, tables_aliases
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    SERVERS,
    UNKNOWN,
    Control,
    Evidence,
    Judgement,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    passed,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import LIMIT

# [class [flags]:]path, as in AliasFile.
ALIASES = re.compile(r"(?:([a-z][\w.]*)((?:\s+-\S+)*)\s*:)?\s*(-o\s+)?(/\S+)\Z", re.I)
# What NIS and sendmail itself put into a database: the mark of a complete alias file, and stamps.
MARKS = re.compile(r"@\Z|yp_", re.I)
NOBODY = "mailjail-test.invalid"
KEYS_SHOWN = 5
# Until this release sendmail could be told to make aliases anew whenever it opened them; it is not made to open them then.
READS_ONLY = (8, 12)

Table = collections.namedtuple("Table", "name klass flags path where which")


def tables_of(view):
    """Return the tables that both configurations read from a database: K lines, alias files (Alias0 ...), user databases."""
    found = []
    for which in ("mta", "msp"):
        configuration = view.cf(which)
        if configuration is None:
            continue
        for one in configuration.maps.values():
            if one.klass in cfview.BUILT and one.path.startswith("/"):
                found.append(Table(one.name, one.klass, one.flags, one.path, cfview.map_at(view, one.name, which), which))
        found += _aliases(view, which)
        value, where = cfview.option(view, "UserDatabaseSpec", which)
        found += [Table("", "btree", ["-o"], path, where, which) for path in re.split(r"[\s,]+", value or "") if path.startswith("/")]
    seen = set()
    return [one for one in found if one.path not in seen and not seen.add(one.path)]


def _aliases(view, which):
    value, where = cfview.option(view, "AliasFile", which)
    found = []
    for number, spec in enumerate(part for part in re.split(r"\s*,\s*", value or "") if part):
        match = ALIASES.match(spec.strip())
        klass = (match.group(1) or "implicit").lower() if match else ""
        if klass in cfview.BUILT:
            flags = (match.group(2) or "").split() + (["-o"] if match.group(3) else [])
            found.append(Table("Alias%d" % number, klass, flags, match.group(4), where, which))
    return found


# ---- SM-MAP-01

def _equal(view):
    """Each database holds exactly what the text beside it says."""
    faults, seen, unseen = [], [], []
    for table in tables_of(view):
        try:
            faults += _compare(view, table, seen)
        except SendmailError as exc:
            unseen.append(Evidence(table.where, "%s: %s" % (cfview.source_of(table.path), exc.message), ""))
    if faults:
        return failed(*faults)
    if unseen:
        return Judgement(UNKNOWN, unseen)
    return passed(*seen) if seen else not_applicable("no table is read from a database")


def _compare(view, table, seen):
    """Return what differs as evidence; what agrees goes to ``seen``."""
    source = cfview.source_of(table.path)
    stored = cfview.database(view, table.klass, table.path)
    try:
        wanted = _text(view, table)
    except Unseen:
        return _by_time(view, source, stored, seen)
    if wanted is None:
        seen.append(Evidence(table.where, "%s: there is no text beside it" % source, ""))
        return []
    if stored is None and table.klass == "implicit":
        seen.append(Evidence(table.where, "%s: there is no database, so sendmail reads the text itself" % source, ""))
        return []
    if stored is None:
        if wanted or "-o" not in table.flags:
            return [Evidence(source, "%d entries, and no database" % len(wanted), "a database made of it")]
        return []
    has = _database(view, table)
    missing, more = sorted(set(wanted) - set(has)), sorted(set(has) - set(wanted))
    other = sorted(key for key in wanted if key in has and has[key] not in wanted[key])
    faults = [Evidence(stored.path, "%d entries %s: %s%s" % (len(keys), words, ", ".join(keys[:KEYS_SHOWN]), " ..." if len(keys) > KEYS_SHOWN else ""),
                       "what %s says" % source)
              for keys, words in ((missing, "are missing"), (more, "are in no line of the text"), (other, "say something else")) if keys]
    if not faults:
        seen.append(Evidence(stored.path, "%d entries, as in %s" % (len(has), source), ""))
    return faults


def _by_time(view, source, stored, seen):
    """Hold a text that is too large to be read by its time alone; :raises Unseen: it may not be read."""
    found = view.stat(source, follow=True)
    if found is None or found.size <= LIMIT:
        view.read(source)
    if stored is None or stored.mtime < found.mtime:
        return [Evidence(source, "changed after its database was made" if stored else "no database", "a database made of it")]
    seen.append(Evidence(stored.path, "newer than %s, which is too large to compare entry by entry" % source, ""))
    return []


def _text(view, table):
    """Return key -> the values that lines of the text give it, None where there is no text."""
    if not table.name.startswith("Alias"):
        found = cfview.written(view, table.path)
        found = found if found is None else [(entry.key, entry.value) for entry in found]
    else:
        text = view.read(cfview.source_of(table.path))
        found = None if text is None else [(tables_aliases.stored_name(pair.key).lower(), pair.value) for pair in tables.parse("aliases", text)]
    if found is None:
        return None
    values = {}
    for key, value in found:
        values.setdefault(key, set()).add(_blanks(value))
    return values


def _database(view, table):
    """Return key -> value of a database, without the marks in it."""
    return {key: _blanks(value) for key, value, _where in _dumped(view, table) if not MARKS.match(key)}


def _dumped(view, table):
    return [entry._replace(key=entry.key.replace("\0", ""), value=entry.value.replace("\0", "")) for entry in cfview.dumped(view, table.klass, table.path)]


def _blanks(value):
    return re.sub(r"\s+", "", value)


# ---- SM-MAP-02

def _found(view):
    """sendmail finds an entry of each table: it refuses files that it distrusts without a word to whoever looks at the files."""
    asked = [table for table in tables_of(view) if table.which == "mta" and table.name and not (
        table.name.startswith("Alias") and cfview.release(view) < READS_ONLY)]
    # An optional table without a database is no table.
    asked = [table for table in asked if "-o" not in table.flags or cfview.database(view, table.klass, table.path)]
    if not asked:
        return not_applicable("no table is read from a database")
    questions = [(table,) + _known(view, table) for table in asked]
    script = "".join("/map %s %s\n" % (table.name, key) for table, key, _value in questions)
    output = view.run(cfview.sendmail(view), "-C", view.compiled(), "-bt", stdin=script).stdout
    answers = {(match.group(1), match.group(2)): match for match in map(probe.LOOKUP.match, output.splitlines()) if match}
    faults, seen = [], []
    for table, key, value in questions:
        answer = answers.get((table.name, key))
        why = _wrong(table, answer, value)
        if why:
            faults.append(Evidence(table.where, "map %s, asked for %s: %s" % (table.name, key, why), "the entry of %s" % cfview.source_of(table.path)))
        else:
            seen.append(Evidence(table.where, "map %s answers for %s" % (table.name, key), ""))
    if faults and view.run("id", "-u").stdout.strip() != "0":
        raise Unseen("only root opens the databases as the daemon does: %s" % faults[0].seen)
    return held(faults, seen)


def _known(view, table):
    """Return a key of a table and its value, or a key that nobody has and None."""
    try:
        text = _text(view, table) if table.name.startswith("Alias") else cfview.written(view, table.path)
    except Unseen:
        text = None
    if text is None:
        stored = cfview.database(view, table.klass, table.path)
        # Any answer of a huge one will do.
        text = [entry for entry in (_dumped(view, table) if stored and stored.size <= LIMIT else ()) if not MARKS.match(entry.key)]
    pairs = sorted((key, sorted(values)[0]) for key, values in text.items()) if isinstance(text, dict) else [(entry.key, entry.value) for entry in text]
    return next(((key, value) for key, value in pairs if re.match(r"[^\s\"\\]+\Z", key)), (NOBODY, None))


def _wrong(table, answer, value):
    """Say what is wrong with an answer of test mode, or return None."""
    if answer is None:
        return "it is not open"
    said, status = answer.group(3), answer.group(4)
    if value is None:
        return None if said is not None or status in ("0", "68") else "it can not be opened (status %s)" % status
    if said is None:
        return "no answer (status %s)" % status
    # Some declarations change the value on the way.
    plain = "%" not in value and not any(flag[:2] in ("-a", "-m", "-k", "-v") for flag in table.flags)
    return "another answer than its text gives" if plain and _blanks(said) != _blanks(value) else None


CONTROLS = (
    Control(
        id="SM-MAP-01", title="Each database holds exactly what its text says", severity="medium", profiles=SERVERS, check=_equal,
        reason="A database that was never made anew, or half made, lets in what its text refuses; newaliases and makemap do not always say so.",
        remedy="The role config builds and compares each database. By hand: makemap hash /etc/mail/access < /etc/mail/access, newaliases; read every word.",
        references=(Reference("article", "S143"),)),
    Control(
        id="SM-MAP-02", title="sendmail finds the entries of each table", severity="medium", profiles=SERVERS, check=_found,
        reason="A database whose owner, mode or directory sendmail distrusts is not opened, and only the log says so.",
        remedy="Look at owner and mode of the database and of the directories above it (SM-FS-03, SM-FS-09), and ask with '/map NAME key' in sendmail -bt.",
        references=(Reference("sendmail", "operations guide, key file declarations"),)),
)
