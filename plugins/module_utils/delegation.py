# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What runs as root when a delegated administrator has saved a file: read it warily, judge it, put it through the transaction, answer.

The delegates' directory is theirs: everything in it may be anything at any moment. So the directory is opened once, the file once, no link is followed,
and the answer goes to a new file that is renamed into place. sendmail never reads anything of it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import errno
import grp
import json
import os
import pwd
import re
import stat
import sys
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation_entries, disk, generations, tables, transaction
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommitError, MapError, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

SPEC = "/etc/mailjail-delegates.json"
ROOT = "/var/lib/mailjail-delegates"
ENTRIES, RESULT = "entries", "entries.result"
# How long is waited before the file is read: the watch is at its place again by then (delegation_units), and an editor that writes in steps has finished.
SETTLE = 1.0
REASONS_SHOWN = 20

Outcome = collections.namedtuple("Outcome", "word told reasons")
Outcome.__doc__ = "What became of delegated entries: accepted, refused or withdrawn; that in one sentence; and the reasons if they are not in force."
NOTHING_CHANGED = "Nothing was changed: the entries that were accepted last stay in force. What is wrong"


class Refused(MapError):
    """An edit that may not be made; ``details['reasons']`` has a sentence for each fault."""

    def __init__(self, reasons):
        super(Refused, self).__init__(reasons[0], reasons=reasons)


# -- the file, in a directory that belongs to others


def signature(directory):
    """Return what changes when the delegates' file is written or replaced; None when there is none."""
    try:
        found = os.stat(os.path.join(directory, ENTRIES), follow_symlinks=False)
    except OSError:
        return None
    return {"size": found.st_size, "modified": found.st_mtime_ns, "changed": found.st_ctime_ns, "inode": found.st_ino, "owner": found.st_uid}


def read_entries(directory, group):
    """Return the bytes of the file in a delegates' directory.

    :param str group: the delegates' group; only a member's own file is read, or one that root made there, so that nobody has root read for him what he
        may not read.
    :raises Refused: it is no plain file of a member, or too long. :raises CommitError: the directory is not root's.
    """
    parent = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        if os.fstat(parent).st_uid != 0:
            raise CommitError("%s does not belong to root. Run the playbook." % directory, path=directory)
        try:
            handle = os.open(ENTRIES, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        except OSError as exc:
            raise Refused([_unreadable(directory, exc)])
    finally:
        os.close(parent)
    try:
        found = os.fstat(handle)
        problem = file_problem(found, is_member(found.st_uid, found.st_gid, group))
        if problem:
            raise Refused([problem])
        with os.fdopen(os.dup(handle), "rb") as source:
            return source.read(delegation_entries.SIZE_LIMIT + 1)
    finally:
        os.close(handle)


def _unreadable(directory, exc):
    path = os.path.join(directory, ENTRIES)
    if exc.errno == errno.ENOENT:
        return "%s is missing. Write it again; an empty file takes your entries away." % path
    if exc.errno == errno.ELOOP:
        return "%s is a symbolic link, and none is followed here. Put the file itself there." % path
    return "%s can not be read: %s. Put a plain file there." % (path, exc.strerror)


def file_problem(found, member):
    """Say why a file in the delegates' directory is not read, or return None.

    :param found: its ``os.stat_result``.
    :param bool member: whether its owner is a delegate.
    """
    if not stat.S_ISREG(found.st_mode):
        return "entries is no plain file. Remove it and put one there."
    if found.st_nlink != 1:
        return "entries has %d names (hard links); what it holds could be changed from elsewhere. Copy it instead." % found.st_nlink
    if not member:
        return "entries belongs to %s, who is no delegate for this map. Save it as one of the delegates." % user_name(found.st_uid)
    if found.st_size > delegation_entries.SIZE_LIMIT:
        return "entries has %d bytes; the limit is %d. For so many entries ask for a file in the playbook." % (found.st_size, delegation_entries.SIZE_LIMIT)
    return None


def is_member(uid, gid, group):
    """Tell whether a file's owner belongs to a group, wherever the host looks its users up; a file of root must be of that group itself."""
    try:
        wanted = grp.getgrnam(group).gr_gid
        if uid == 0:
            return gid == wanted
        user = pwd.getpwuid(uid)
        return wanted in os.getgrouplist(user.pw_name, user.pw_gid)
    except KeyError:
        return False


def user_name(uid):
    """Return the name of a user, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return "user %d" % uid


# -- judgement and transaction


def apply(spec, data, runner):
    """Judge an edit and bring it into the map.

    :param dict spec: see :func:`load`.
    :param bytes data: the delegates' file.
    :returns: :class:`Outcome` of an accepted edit.
    :raises Refused: with every reason. :raises SendmailError: the transaction refused it; the map is what it was.
    """
    kind, path = spec["map"]["kind"], spec["map"]["path"]
    own = delegation_entries.read(kind, data)
    with generations.lock():
        base = live_base(path)
        verdict = delegation_entries.judge(kind, tables.parse(kind, base), own, context(spec), {"relay": spec["relay"]})
        if verdict.refused:
            raise Refused(["%s'%s': %s." % ("line %d, " % one.line if one.line else "", one.key, one.reason) for one in verdict.refused])
        result = commit(spec, base, verdict.kept, runner)
    changed = len([change for change in result["changes"] if change["what"] == "map"])
    return Outcome("accepted", "Entries in force: %d, changed: %d" % (len(verdict.kept), changed), [])


def live_base(path):
    """Return the playbook's part of a map's live source; :raises CommitError: there is no such source."""
    data = disk.read(path)
    if data is None:
        raise CommitError("%s does not exist. Run the playbook." % path, path=path)
    return delegation_entries.split(data.decode("utf-8", "replace"))[0]


def context(spec):
    """Return the facts that the checks of maps need."""
    return tables.Context(**{key: value for key, value in spec["context"].items() if value is not None})


def commit(spec, base, pairs, runner):
    """Put delegated pairs in place; the caller holds the lock. What was proven good before stays so: sendmail itself has answered with the new map."""
    own = delegation_entries.written(spec["map"]["kind"], pairs)
    accepted = {"path": spec["map"]["accepted"], "kind": "plain", "content": own, "owner": "root", "group": "root", "mode": "0600"}
    params = dict(spec["common"], maps=[dict(spec["map"], content=delegation_entries.join(base, own), accepted=None)], files=[accepted],
                  directories=[], context=spec["context"], state_directory=own_state(spec), pid_file=None)
    main = spec["common"]["state_directory"]
    good = generations.is_good(main)
    result = transaction.run_maps(params, runner, False)
    if good and result["changed"]:
        generations.mark_good(main)
    return result


def own_state(spec):
    """Return the state directory of one delegated map: its own generations, and what was last seen of the delegates' file."""
    return spec["map"]["accepted"] + ".state"


# -- the answer


def plain(text):
    """Return text that a terminal shows as it is: control and foreign characters written out."""
    return re.sub(r"[^\x20-\x7e]", lambda found: "\\x%02x" % ord(found.group()), text)


def result_text(name, outcome, owner, moment):
    """Return the text of entries.result.

    :param str name: the map. :param str owner: whose file was answered. :param moment: ``time.struct_time`` in UTC.
    """
    lines = ["%s  %s  map %s, file of %s" % (outcome.word, time.strftime("%Y-%m-%d %H:%M:%S UTC", moment), name, plain(owner)),
             plain(outcome.told) + (":" if outcome.reasons else ".")]
    lines += ["  " + plain(reason) for reason in outcome.reasons[:REASONS_SHOWN]]
    if len(outcome.reasons) > REASONS_SHOWN:
        lines.append("  ... and %d more like these." % (len(outcome.reasons) - REASONS_SHOWN))
    return "\n".join(lines) + "\n"


def journal(line, level="warning"):
    """Write a line to the journal, which reads what the program says; <4> and <6> are its names of the levels."""
    sys.stdout.write("%s%s\n" % ({"warning": "<4>", "info": "<6>"}[level], line))
    sys.stdout.flush()


def answer(name, spec, outcome, owner, fresh, runner):
    """Tell the delegates what became of their entries: in their directory, in the journal, and by mail where that is wanted.

    :param bool fresh: they were not told the same before; a mail is sent once.
    """
    text, good = result_text(name, outcome, owner, time.gmtime()), outcome.word == "accepted"
    for line in text.splitlines():
        journal(line, "info" if good else "warning")
    write_result(name, spec, text)
    if spec["notify"] and not good and fresh:
        mail(name, spec, text, runner)


def write_result(name, spec, text):
    """Put the answer into the delegates' directory; where they left no room for it, the journal alone has it."""
    try:
        disk.write(os.path.join(ROOT, name, RESULT), text.encode("ascii"), "root", spec["group"], "0640")
    except (OSError, SendmailError) as exc:
        journal("the answer could not be written: %s" % plain(str(exc)))


def mail(name, spec, text, runner):
    """Send a refusal to the delegates' address; a mail that can not be sent is only noted."""
    message = "To: %s\nSubject: Refused: your edit of the map %s on %s\nAuto-Submitted: auto-generated\n\n%s" % (spec["notify"], name, os.uname()[1], text)
    try:
        sent = runner.run([spec["common"]["sendmail"], "-i", "-odi", "--", spec["notify"]], stdin=message)
    except SendmailError as exc:
        journal("no mail to %s: %s" % (spec["notify"], plain(exc.message)))
        return
    if sent.rc:
        journal("no mail to %s: sendmail ended with %d: %s" % (spec["notify"], sent.rc, plain((sent.stdout + sent.stderr).strip())))


# -- one run


def load(name, path=SPEC):
    """Return what the playbook wrote about one delegated map, together with what holds for all of them; None if it is not delegated."""
    with open(path) as source:
        found = json.load(source)
    return dict(found["maps"][name], common=found["common"], context=found["context"]) if name in found["maps"] else None


def seen_path(spec):
    """Return where is remembered which state of the file was answered last."""
    return os.path.join(own_state(spec), "seen.json")


def seen(spec):
    """Return what is remembered of the last answer, empty at first."""
    try:
        with open(seen_path(spec)) as source:
            return json.load(source)
    except (OSError, ValueError):
        return {}


def process(name, spec, runner):
    """Answer the present state of a delegates' file, unless it was answered already."""
    directory = os.path.join(ROOT, name)
    found, before = signature(directory), seen(spec)
    if "signature" in before and before["signature"] == found:
        return
    try:
        outcome = apply(spec, read_entries(directory, spec["group"]), runner)
    except Refused as exc:
        outcome = Outcome("refused", NOTHING_CHANGED, exc.details["reasons"])
    except SendmailError as exc:
        outcome = Outcome("refused", NOTHING_CHANGED, [exc.message])
    except OSError as exc:
        outcome = Outcome("refused", NOTHING_CHANGED, ["the host failed, not you: %s. Tell its administrator." % exc])
    owner = user_name(found["owner"]) if found else "nobody"
    answer(name, spec, outcome, owner, before.get("reasons") != outcome.reasons, runner)
    remember(spec, found, outcome.reasons)


def remember(spec, found, reasons):
    """Remember that a state of the delegates' file was answered."""
    os.makedirs(own_state(spec), mode=0o700, exist_ok=True)
    disk.write(seen_path(spec), json.dumps({"signature": found, "reasons": reasons}).encode("utf-8"))


def main(argv):
    """Run for the map that the unit names; an edit that is refused is a normal end, not a failed unit."""
    if argv == ["--self-test"]:
        return 0
    spec = load(argv[0]) if argv else None
    if spec is None:
        journal("no delegation is declared for '%s' in %s" % (" ".join(argv), SPEC))
        return 1
    time.sleep(SETTLE)
    process(argv[0], spec, Runner())
    return 0
