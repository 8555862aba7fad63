# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Receipts of what was removed from a queue: who, when, which messages, their sizes and sums, and if asked for the messages themselves.

They lie in a directory of root's alone: ``NAME.json``, and ``NAME.d`` for the messages themselves. What a portion of messages says is on the disk before the
first of them goes; a run that was killed leaves these portions (``NAME.d/part-*``), which count as much as a whole receipt.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import hashlib
import json
import os
import re
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, queue_host, queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, InvalidValue

DIRECTORY = "/var/lib/mailjail/receipts"
PART, HANDED = "part-", "handed-"
NAME = re.compile(r"\d{8}T\d{6}Z-\d+(\.json|\.d)\Z")
# How many messages are locked, written down and removed at a time: files that are open, and what a killed run leaves to do.
AT_ONCE = 200
# Root's: whoever runs this, and nobody else.
OWNER = (str(os.geteuid()), str(os.getegid()), "0600")


class Receipts:
    """All receipts of a host.

    :param str directory: where they lie. :param bool contents: keep the messages as well. :param float days: how long one that is written now is kept.
    :param bool awaited: nobody decided that the messages may go, so what is kept of them stays until all of it was handed over.
    """

    def __init__(self, directory=DIRECTORY, contents=False, days=14, awaited=False):
        if days < 1:
            raise InvalidValue("receipt_days is %s, and a receipt is kept for a day at least." % days, option="receipt_days")
        if awaited and not contents:
            raise InvalidValue("awaited: true needs contents: true; nothing could be handed over otherwise.", option="awaited")
        self.directory, self.contents, self.days, self.awaited = directory, contents, days, awaited

    def begin(self, said):
        """Return a new receipt, a context that writes its end."""
        try:
            os.makedirs(self.directory, mode=0o700, exist_ok=True)
            disk.set_attributes(self.directory, OWNER[0], OWNER[1], "0700")
        except OSError as exc:
            raise CommitError("No receipt can be written to %s: %s. Nothing was removed." % (self.directory, exc.strerror), path=self.directory)
        self._forget()
        return Receipt(self, said)

    def _forget(self):
        """Remove receipts that are older than each of them says that it is kept; those that wait to be handed over stay."""
        for path in self.paths():
            said, place, days = self.words(path), path[:-len(".json")] + ".d", self.days
            if said is not None:
                days = said.get("days", self.days)
                if said.get("awaited") and waiting_rows(path, said):
                    continue
            elif os.path.lexists(path):
                # One that nobody can read any more may be about messages that somebody waits for.
                continue
            newest = max(os.lstat(one).st_mtime for one in (path, place) if os.path.lexists(one))
            if time.time() - newest < days * 86400:
                continue
            if os.path.isdir(place) and not os.path.islink(place):
                for below in os.listdir(place):
                    disk.remove(os.path.join(place, below))
                os.rmdir(place)
            disk.remove(path)

    def paths(self):
        """Return the path of each receipt, sorted; that of one which was never ended is where it would be."""
        names = os.listdir(self.directory) if os.path.isdir(self.directory) else ()
        return [os.path.join(self.directory, name) for name in sorted(set(name.rpartition(".")[0] + ".json" for name in names if NAME.match(name)))]

    def words(self, path):
        """Return what a receipt says; of a run that was killed, what its portions say together. None if there is neither, or it is damaged."""
        if os.path.lexists(path):
            return _json(path)
        place = path[:-len(".json")] + ".d"
        parts = [_json(os.path.join(place, name)) for name in _parts(path)]
        parts = [said for said in parts if said is not None]
        return dict(parts[0], messages=[row for said in parts for row in said.get("messages", [])]) if parts else None

    def load(self, name):
        """Return a receipt's path and words by its path or name; :raises InvalidValue: there is no such receipt."""
        path = os.path.join(self.directory, os.path.basename(name))
        said = self.words(path) if NAME.match(os.path.basename(path)) and path.endswith(".json") else None
        if said is None:
            raise InvalidValue("There is no receipt %s, or it can not be read." % path, path=path)
        return path, said

    def all(self):
        """Return the words of all receipts and of portions of those that were never ended; what is damaged is passed over."""
        return [said for said in map(self.words, self.paths()) if said is not None]

    def awaiting(self):
        """Return the path of each receipt with messages that nobody handed over yet and somebody waits for.

        :raises CommitError: one is damaged, so nobody can say.
        """
        found = []
        for path in self.paths():
            said = self.words(path)
            if said is None and os.path.lexists(path):
                raise CommitError("The receipt %s can not be read. Look at it, and move it away if nobody needs what is beside it." % path, path=path)
            if said and said.get("awaited") and waiting_rows(path, said):
                found.append(path)
        return found

    def removed(self):
        """Return the ids of all messages that the kept receipts name."""
        return set(row["id"] for said in self.all() for row in said.get("messages", []))


def _json(path):
    """Return the words of one file, None if it is damaged."""
    try:
        found = json.loads((disk.read(path) or b"").decode("utf-8"))
    except (ValueError, CommitError):
        return None
    return found if isinstance(found, dict) else None


def waiting_rows(path, said):
    """Return the rows of a receipt with contents whose messages were not handed over yet."""
    place = path[:-len(".json")] + ".d"
    return [row for row in said.get("messages", []) if said.get("contents") and not row.get("handed_over")
            and not os.path.lexists(os.path.join(place, HANDED + row["id"]))]


def held(directory):
    """Return the paths of receipts, and of what they kept, with messages that were never handed over to anybody; those that nobody can judge among them."""
    receipts, found = Receipts(directory), []
    for path in receipts.paths():
        said, place = receipts.words(path), path[:-len(".json")] + ".d"
        if waiting_rows(path, said) if said is not None else os.path.lexists(path):
            found += [one for one in (path, place) if os.path.lexists(one)]
    return found


def _parts(path):
    place = path[:-len(".json")] + ".d"
    return [name for name in sorted(os.listdir(place)) if name.startswith(PART)] if os.path.isdir(place) else []


class Receipt:
    """One receipt while it is written."""

    def __init__(self, receipts, said):
        self.contents, self.messages, self.portions, self.written = receipts.contents, [], [], 0
        # Rows of messages that are gone, and the names of what was kept of each message.
        self.gone, self.kept = [], {}
        number = os.getpid()
        while True:
            self.path = os.path.join(receipts.directory, "%s-%d.json" % (time.strftime("%Y%m%dT%H%M%SZ", time.gmtime()), number))
            self.place = self.path[:-len(".json")] + ".d"
            if not os.path.lexists(self.path) and not os.path.lexists(self.place):
                break
            number += 1
        self.said = dict(said, begun=int(time.time()), ended=None, contents=self.contents, days=receipts.days, awaited=receipts.awaited)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        """Say what is gone, and nothing else: a message that stayed in the queue must not be handed over from here as well."""
        if self.gone:
            self.said["ended"] = int(time.time()) if kind is None else None
            write(self.path, dict(self.said, messages=self.gone))
        for path in self.portions:
            disk.remove(path)
        names = set(row["id"] for row in self.gone)
        for name, paths in self.kept.items():
            for path in paths if name not in names else ():
                disk.remove(path)
        if os.path.isdir(self.place) and not os.listdir(self.place):
            os.rmdir(self.place)

    def add(self, target, handle, holder, found):
        """Write down one locked message; return its row.

        :param target: what is to go. :param handle: its open, locked control file. :param holder: the spool of its body.
        :param dict found: what it says under the lock (:func:`queuefiles.message`): a recipient may have got it since it was chosen.
        """
        row = dict((key, found[key]) for key in ("id", "queue", "state", "sender", "recipients", "created", "size", "reason", "quarantine", "tries"))
        row["program"] = target.spool.program
        row["control_sha256"] = self._take(handle, target.kind, target.name)
        try:
            body, _found = queue_host.open_file(holder, "df", target.name)
        except queue_host.Gone:
            row["body_sha256"] = None
        else:
            try:
                row["body_sha256"] = self._take(body, "df", target.name)
            finally:
                os.close(body)
        self.messages.append(row)
        return row

    def removed(self, row):
        """Note that the message of a row is gone."""
        self.gone.append(row)

    def _take(self, handle, letters, name):
        """Return the sum of an open file, and keep a copy if contents are asked for. It is read at its places, so nothing is opened anew."""
        total, place = hashlib.sha256(), 0
        while True:
            piece = os.pread(handle, 1 << 20, place)
            if not piece:
                break
            total.update(piece)
            place += len(piece)
        if self.contents:
            disk.make_directory(self.place, 0o700)
            path = os.path.join(self.place, letters + name)
            self.kept.setdefault(name, []).append(path)
            disk.copy_open(handle, path, *OWNER)
        return total.hexdigest()

    def save(self):
        """Put what was added since the last time on the disk."""
        disk.make_directory(self.place, 0o700)
        path = os.path.join(self.place, "%s%05d.json" % (PART, len(self.portions)))
        write(path, dict(self.said, messages=self.messages[self.written:]))
        self.portions.append(path)
        self.written = len(self.messages)


def write(path, said):
    """Write words as JSON that root alone can read."""
    disk.write(path, json.dumps(said, indent=1, sort_keys=True).encode("utf-8"), *OWNER)


def hand_over(runner, receipts, name, command, now, known=None):
    """Give the messages of a receipt with contents to the mail system that answers for a command now; each at most once.

    :param str command: such as /usr/sbin/sendmail. :param float now: the time.
    :param set known: ids that other receipts of this run have handed over; a run that was killed and the next one may both have kept a message.
    :returns: list of ids that were handed over, and list of sentences about those that were not.
    """
    path, said = receipts.load(name)
    if not said.get("contents"):
        raise InvalidValue("The receipt %s was kept without contents; nothing can be handed over from it." % path, path=path)
    done, faults, place, known = [], [], path[:-len(".json")] + ".d", set() if known is None else known
    ended = os.path.lexists(path)
    for row in waiting_rows(path, said):
        if row["id"] not in known:
            fault = _still_queued(row) if not ended else None
            fault = fault or _hand_over_one(runner, place, row, command)
            if fault:
                faults.append(fault)
                continue
            done.append(row["id"])
            known.add(row["id"])
        # After each one: what was given away once is not given away again by a run after a crash.
        disk.write(os.path.join(place, HANDED + row["id"]), b"", *OWNER)
        row["handed_over"] = int(now)
    if done and (ended or not faults):
        write(path, said)
        for part in _parts(path):
            disk.remove(os.path.join(place, part))
    return done, faults


def _still_queued(row):
    """Return a sentence about a message that a killed run wrote down and did not remove any more; None if it is gone."""
    for below in ("", "qf"):
        for letters in queuefiles.LETTERS.values():
            found = os.path.join(row["queue"], below, letters + row["id"])
            if os.path.lexists(found):
                return "%s: it still lies in the queue, as %s. Remove it there first, or it is delivered twice." % (row["id"], found)
    return None


def _hand_over_one(runner, place, row, command):
    """Hand one message over; return a sentence if that can not be."""
    try:
        text, body = _stored(place, row)
    except CommitError as exc:
        return exc.message
    inside = [one for one in map(queuefiles.plain, row["recipients"]) if one[:1] in '"|/:']
    if inside:
        return "%s: %s is no address but what an alias of this host stood for. Only a person can say what is meant." % (row["id"], inside[0])
    # What is left in the queue are the recipients that wait; a bounce has no sender.
    found = runner.run([command, "-G", "-i", "-f", queuefiles.plain(row["sender"]), "--"] + [queuefiles.plain(one) for one in row["recipients"]],
                       stdin="\n".join(queuefiles.headers(text)).encode("latin-1") + b"\n\n" + body, timeout=120)
    if found.rc != 0:
        return "%s: %s answered %d: %s." % (row["id"], command, found.rc, (found.stderr or found.stdout).strip()[-300:].rstrip(".") or "nothing")
    return None


def _stored(place, row):
    letters = queuefiles.LETTERS[row["state"]]
    found = []
    for name, total in ((letters + row["id"], row["control_sha256"]), ("df" + row["id"], row["body_sha256"])):
        data = disk.read(os.path.join(place, name)) if total else b""
        if data is None or total and hashlib.sha256(data).hexdigest() != total:
            raise CommitError("%s: the kept file %s is missing or was altered." % (row["id"], os.path.join(place, name)), path=place)
        found.append(data)
    return found[0].decode("latin-1"), found[1]
