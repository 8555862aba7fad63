# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What sendmail's queue files say, which queues a configuration has, and which messages somebody means. Pure: no file, no program, no clock.

A message is a control file (``qf`` waiting, ``hf`` quarantined, ``Qf`` given up as lost) and its body (``df``), all with the message's id behind these
letters. The format stands in sendmail's Installation and Operation Guide, "Queue file formats".
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import fnmatch
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

WAITING, QUARANTINED, LOST = "waiting", "quarantined", "lost"
STATES = {"qf": WAITING, "hf": QUARANTINED, "Qf": LOST}
LETTERS = dict((state, letters) for letters, state in STATES.items())
DEFAULT_DIRECTORY = "/var/spool/mqueue"
DEFAULT_GROUP = "mqueue"
# An id of any release: letters and digits, never a path.
ID = re.compile(r"[A-Za-z0-9]{7,24}\Z")
NAME = re.compile(r"(qf|hf|Qf|df|xf|tf|Tf)([A-Za-z0-9]{7,24})\Z")
# A quarantine of this collection's: only these does ``release`` let go.
HOLD = "mailjail hold: "
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
AGES = (("under 1h", 3600), ("1h to 4h", 4 * 3600), ("4h to 1d", 86400), ("1d to 5d", 5 * 86400), ("over 5d", None))

# ``recipients`` are (address, what was said of it or ""); ``data_directory`` is where the df file lies if it is another one; ``client`` is from where it came.
Envelope = collections.namedtuple("Envelope", "version created tried tries priority sender recipients reason quarantine data_directory flags client")
# ``program`` is mta or msp, ``pattern`` the directory as configured (it may end in *), ``base`` that to which ``data_directory`` is relative.
Queue = collections.namedtuple("Queue", "program group pattern base")
Lock = collections.namedtuple("Lock", "kind exclusive pid device inode")


# ---- control files ---------------------------------------------------------------------------------------------------------------------

def parse(text):
    """Return the :class:`Envelope` that the text of a control file says; headers, which come last, are not looked at.

    Nothing is raised for a file that is damaged or still being written: what is missing is None or empty.
    """
    head = text.partition("\nH")[0]
    if "\n " in head or "\n\t" in head:
        head = re.sub(r"\n[ \t]+", " ", head)
    found = {"version": 0, "created": None, "tried": None, "tries": 0, "priority": None, "sender": None, "reason": "", "quarantine": "",
             "data_directory": "", "flags": "", "client": ""}
    recipients, said = [], ""
    for line in head.split("\n"):
        code, value = line[:1], line[1:]
        if code in _NUMBERS:
            found[_NUMBERS[code]] = _number(value)
        elif code == "M" and found["sender"] is None:
            found["reason"] = value
        elif code == "M":
            said = value    # of the recipient that comes next
        elif code == "R":
            recipients.append((value.partition(":")[2] if (found["version"] or 0) >= 1 else value, said))
            said = ""
        elif code in _WORDS:
            found[_WORDS[code]] = value
        elif line.startswith("$_"):
            found["client"] = line[2:]
        elif code == ".":
            break
    return Envelope(recipients=tuple(recipients), **dict(found, sender=found["sender"] or "", tries=found["tries"] or 0))


_NUMBERS = {"V": "version", "T": "created", "K": "tried", "N": "tries", "P": "priority"}
_WORDS = {"S": "sender", "q": "quarantine", "d": "data_directory", "F": "flags"}


def _number(value):
    try:
        return int(value)
    except ValueError:
        return None


def plain(address):
    """Return an address without brackets and comment; ``<>`` stays what it is."""
    inside = re.search(r"<([^<>]*)>\s*\Z", address)
    return (inside.group(1) if inside else address).strip() or "<>"


def bare(address):
    """Return an address as two of them are compared: plain, in small letters."""
    return plain(address).lower()


def domain(address):
    """Return the domain of an address in small letters, empty for a local one."""
    return bare(address).rpartition("@")[2].rstrip(".") if "@" in address else ""


def message(kind, name, queue, envelope, size, now):
    """Return a message as modules tell it.

    :param str kind: its letters. :param str name: its id. :param str queue: where it lies. :param int size: bytes of its body, None if there is none.
    """
    said = envelope.reason or next((text for _address, text in envelope.recipients if text), "")
    return {"id": name, "queue": queue, "state": STATES[kind], "sender": envelope.sender, "recipients": [address for address, _text in envelope.recipients],
            "size": size, "created": envelope.created, "age": max(0, int(now) - envelope.created) if envelope.created else None,
            "tries": envelope.tries, "tried": envelope.tried or None, "reason": said, "quarantine": envelope.quarantine, "client": envelope.client}


def headers(text):
    """Return the headers of a control file as they go out by SMTP: without those that depend on a mailer's flags (``Return-Path``) or hold a macro.

    :param str text: the file, decoded as latin-1, so that each byte is one letter.
    """
    found = []
    for line in text.split("\n"):
        if line[:1] in (" ", "\t"):
            if found and found[-1] is not None:
                found[-1] += "\n" + line
            continue
        match = re.match(r"H((?:\?[^?]*\?)*)(.*)\Z", line)
        if match:
            found.append(match.group(2) if set(match.group(1)) <= set("?DFM") else None)
        elif found and line != ".":
            break
    return [line for line in found if line is not None and not _holds_macro(line)]


def _holds_macro(line):
    """Tell whether a header holds a macro that sendmail left for the mailer: the byte 0x81, which stands in texts of UTF-8 as well."""
    if "\x81" not in line:
        return False
    try:
        line.encode("latin-1").decode("utf-8")
    except UnicodeDecodeError:
        return True
    return False


# ---- queues ----------------------------------------------------------------------------------------------------------------------------

def queues(text, program):
    """Return the :class:`Queue` of each queue group that a compiled configuration has; those that share a directory are one.

    :param str text: the .cf. :param str program: mta or msp.
    """
    compiled = cf.parse(text)
    default = compiled.options.get("QueueDirectory") or DEFAULT_DIRECTORY
    base = default.rpartition("/")[0] if default.endswith("*") else default.rstrip("/")
    groups = collections.OrderedDict([(DEFAULT_GROUP, default)])
    for group, equates in sorted(compiled.queue_groups.items()):
        path = next((value for key, value in equates.items() if key[:1] == "P"), default)
        if path not in groups.values() or group == DEFAULT_GROUP:
            groups[group] = path
    return [Queue(program, group, path.rstrip("/"), base or "/") for group, path in groups.items()]


def sort_names(names):
    """Sort the names of a directory by what they are.

    :returns: dict of letters (``qf``, ``hf``, ``Qf``, ``df``, ``xf``, ``tf``, ``Tf``) to the sorted list of ids. The order of ids is that of arrival.
    """
    found = dict((letters, []) for letters in ("qf", "hf", "Qf", "df", "xf", "tf", "Tf"))
    for name in names:
        match = NAME.match(name)
        if match:
            found[match.group(1)].append(match.group(2))
    for ids in found.values():
        ids.sort()
    return found


def parse_locks(text):
    """Return the :class:`Lock` of each line of ``/proc/locks``, without those that only wait."""
    found = []
    for line in text.splitlines():
        words = line.split()
        if len(words) < 8 or words[1] == "->" or words[5].count(":") != 2:
            continue
        major, minor, inode = words[5].split(":")
        found.append(Lock(words[1], words[3] == "WRITE", int(words[4]), (int(major, 16), int(minor, 16)), int(inode)))
    return found


def kind_of_reason(text):
    """Return what was said of a delivery without what differs from host to host, so that equal faults count as one."""
    text = re.sub(r"\s+", " ", text).strip().rstrip(".")
    # "host: 451 4.7.1 text" and "Deferred: 451 4.7.1 text" begin alike; ids, numbers of time and addresses of hosts say nothing.
    text = re.sub(r"\b(with|by|from|at) [\w.\[\]:-]+$", r"\1 ...", text)
    text = re.sub(r"<[^<>]*@[^<>]*>|\b[\w.+-]+@[\w.-]+\b", "<...>", text)
    text = re.sub(r"\b(?:\d{1,3}\.){3}\d{1,3}\b|\b[0-9A-Za-z]*\d[0-9A-Za-z]{9,}\b", "...", text)
    return text[:120]


class Tally:
    """Sums up messages as they are read; what it holds does not grow with the queue beyond ``most`` names of each kind.

    :param int most: how many domains and reasons are told.
    """

    KEPT = 5000

    def __init__(self, most=20):
        self.most, self.messages, self.bytes, self.largest, self.oldest = most, 0, 0, 0, None
        self.ages = collections.OrderedDict((name, 0) for name, _limit in AGES)
        self.domains, self.reasons, self.unread, self._kinds = collections.Counter(), collections.Counter(), 0, {}

    def add(self, found):
        """Count one message (as :func:`message` returns it)."""
        self.messages += 1
        self.bytes += found["size"] or 0
        self.largest = max(self.largest, found["size"] or 0)
        if found["age"] is not None:
            self.ages[next(name for name, limit in AGES if limit is None or found["age"] < limit)] += 1
            if self.oldest is None or found["age"] > self.oldest["age"]:
                self.oldest = dict((key, found[key]) for key in ("id", "age", "created", "sender"))
        for name in set(domain(address) or "(local)" for address in found["recipients"]):
            self._count(self.domains, name)
        reason = found["quarantine"] if found["state"] == QUARANTINED else self._kind(found["reason"])
        self._count(self.reasons, reason or "(not tried yet)")

    def _kind(self, reason):
        # A queue holds few reasons many times over.
        if reason not in self._kinds:
            if len(self._kinds) > self.KEPT:
                self._kinds.clear()
            self._kinds[reason] = kind_of_reason(reason)
        return self._kinds[reason]

    def _count(self, counter, name):
        # A flood of made-up domains must not become a flood of memory.
        if name in counter or len(counter) < self.KEPT:
            counter[name] += 1
        else:
            counter["(others)"] += 1

    def result(self):
        """Return the sums as a module tells them."""
        return {"messages": self.messages + self.unread, "read": self.messages, "bytes": self.bytes, "largest": self.largest, "oldest": self.oldest,
                "ages": dict(self.ages), "domains": _first(self.domains, self.most), "reasons": _first(self.reasons, self.most)}


def _first(counter, most):
    rows = sorted(counter.items(), key=lambda row: (-row[1], row[0]))
    return [{"name": name, "messages": count} for name, count in rows[:most]]


# ---- what somebody means ---------------------------------------------------------------------------------------------------------------

def seconds(text, name):
    """Return the seconds of a span such as ``90``, ``30m``, ``1d12h``; :raises InvalidValue: it is none."""
    text = str(text).strip()
    if text.isdigit():
        return int(text)
    parts = re.findall(r"(\d+)([smhdw])", text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise InvalidValue("%s is '%s', expected something like 30m, 4h or 1d12h." % (name, text), option=name)
    return sum(int(number) * UNITS[unit] for number, unit in parts)


def quarantine_reason(text):
    """Return a reason that sendmail takes as its ``-Q``; :raises InvalidValue: it is empty, long, or holds more than printable letters."""
    text = (text or "").strip()
    if not text:
        raise InvalidValue("A quarantine needs a reason; mailq shows it to whoever comes next.", option="reason")
    if len(text) > 200 or not re.match(r"[\x20-\x7e]+\Z", text) or text == ".":
        raise InvalidValue("The reason is one line of at most 200 printable ASCII characters, and more than a dot.", option="reason")
    return text


class Selection:
    """Which messages somebody means: each criterion that is given must hold, by any of its words.

    :param dict wanted: ``ids``, ``senders``, ``recipients``, ``domains``, ``reasons`` (lists), ``older_than``, ``younger_than`` (spans), ``state``,
        ``queues`` (names of queues) and ``all``.
    :param bool changes: something will happen to them, so nobody may mean everything without saying so.
    :raises InvalidValue: words that can not be what was meant.
    """

    def __init__(self, wanted, changes):
        self.ids = [str(one) for one in wanted.get("ids") or []]
        self.patterns = dict((name, [str(one).strip().lower() for one in wanted.get(name) or []]) for name in ("senders", "recipients", "domains", "reasons"))
        self.older = seconds(wanted["older_than"], "older_than") if wanted.get("older_than") is not None else None
        self.younger = seconds(wanted["younger_than"], "younger_than") if wanted.get("younger_than") is not None else None
        self.state, self.queues, self.all = wanted.get("state") or "any", wanted.get("queues") or [], bool(wanted.get("all"))
        self._check(changes)

    def _check(self, changes):
        for one in self.ids:
            if not ID.match(one):
                raise InvalidValue("ids: '%s' is no queue id; expected letters and digits as mailq shows them, such as 3AN8YtQw012345." % one, option="ids")
        for name, patterns in sorted(self.patterns.items()):
            for pattern in patterns:
                self._check_pattern(name, pattern, changes)
        if self.older is not None and self.younger is not None and self.older >= self.younger:
            raise InvalidValue("older_than and younger_than leave no message between them.", option="older_than")
        if changes and self.all and (self.ids or any(self.patterns.values())):
            raise InvalidValue("all: true and names of messages contradict each other. Take one of them away.", option="all")
        if changes and not self.all and not (self.ids or any(self.patterns.values()) or self.older):
            raise InvalidValue("Nothing says which messages are meant, so all of them would be. Name ids, senders, recipients, domains, reasons or older_than, "
                               "or say all: true.", option="all")

    def _check_pattern(self, name, pattern, changes):
        if not pattern or re.search(r"[\x00-\x1f\x7f]", pattern):
            raise InvalidValue("%s: '%s' is empty or holds a control character." % (name, pattern), option=name)
        if changes and not self.all and pattern != "<>" and not re.search(r"[^*?@.<>\[\]! -]", pattern):
            raise InvalidValue("%s: '%s' matches every message. Narrow it, or say all: true instead." % (name, pattern), option=name)

    def matches(self, found):
        """Tell whether a message (as :func:`message` returns it) is meant."""
        if self.ids and found["id"] not in self.ids:
            return False
        if self.state != "any" and found["state"] != self.state:
            return False
        if self.older is not None and (found["age"] is None or found["age"] < self.older):
            return False
        if self.younger is not None and (found["age"] is None or found["age"] >= self.younger):
            return False
        said = {"senders": [bare(found["sender"])], "recipients": [bare(one) for one in found["recipients"]],
                "domains": [domain(one) for one in found["recipients"]], "reasons": [found["reason"].lower(), found["quarantine"].lower()]}
        return all(any(_matches(name, pattern, word) for pattern in patterns for word in said[name]) for name, patterns in self.patterns.items() if patterns)

    def unknown(self, messages):
        """Return the ids that were named and are not among some messages."""
        present = set(found["id"] for found in messages)
        return [one for one in self.ids if one not in present]


def _matches(name, pattern, word):
    # Square brackets are those of an address literal, not a set of letters.
    pattern = pattern.replace("[", "[[]")
    if name == "reasons":
        return fnmatch.fnmatchcase(word, "*%s*" % pattern)
    if name == "domains" and pattern.startswith("."):
        return word == pattern[1:] or word.endswith(pattern)
    return fnmatch.fnmatchcase(word, pattern)
