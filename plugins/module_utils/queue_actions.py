# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be done to messages in a queue: try them again, quarantine, hold, release, remove with a receipt, hand over to another mail system.

sendmail itself does the first four (``-q``, ``-Q``); what is removed is locked first, so nothing that is being delivered is ever touched.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import pwd
import stat
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo, queue_host, queue_receipts, queuefiles
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue, SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.queuefiles import HOLD, LOST, QUARANTINED, WAITING

ACTIONS = ("look", "flush", "quarantine", "unquarantine", "hold", "release", "delete")
# On which messages each works where nobody says a state.
STATES = {"look": (WAITING, QUARANTINED, LOST), "flush": (WAITING,), "quarantine": (WAITING, QUARANTINED), "unquarantine": (QUARANTINED,),
          "hold": (WAITING, QUARANTINED), "release": (QUARANTINED,), "delete": (WAITING, QUARANTINED, LOST)}
# How many ids one command line names: far below what a kernel takes, and sendmail compares each with each file.
AT_ONCE = 500
OPTION = {"mta": "-Am", "msp": "-Ac"}
PID_FILES = ("/run/sendmail/mta/sendmail.pid", "/run/sendmail/sendmail.pid", "/run/sendmail.pid")
ROOT = 0


class Target:
    """One chosen message: where it lies and what it says."""

    def __init__(self, spool, kind, found):
        self.spool, self.kind, self.name, self.found = spool, kind, found["id"], found


def within(opened, selection):
    """Return the spools that somebody means; :raises InvalidValue: a queue was named that there is not."""
    names = dict((one, [spool for spool in opened if one in (spool.program, spool.group, spool.path)]) for one in selection.queues)
    for one, found in sorted(names.items()):
        if not found:
            raise InvalidValue("There is no queue '%s' on this host; there are %s." % (
                one, ", ".join("%s (%s, %s)" % (spool.path, spool.program, spool.group) for spool in opened) or "none"), option="queues")
    return [spool for spool in opened if not selection.queues or any(spool in found for found in names.values())]


def waiting(opened, selection):
    """Return the ids of all messages that wait in the spools that somebody means."""
    return set(name for spool in within(opened, selection) for name in spool.names["qf"])


def choose(opened, selection, action, now):
    """Return the chosen messages as :class:`Target`, and how many can not be read.

    :raises InvalidValue: a queue was named that there is not.
    """
    wanted = within(opened, selection)
    kinds = [queuefiles.LETTERS[state] for state in STATES[action] if selection.state in ("any", state)]
    if not kinds:
        raise InvalidValue("%s works on messages that are %s, and state is '%s'." % (action, " or ".join(STATES[action]), selection.state), option="state")
    chosen, unread = [], 0
    for spool, kind, _name, found in queue_host.messages(wanted, now, kinds, only=set(selection.ids) or None):
        if not isinstance(found, dict):
            unread += 1
        elif selection.matches(found):
            chosen.append(Target(spool, kind, found))
    return chosen, unread


def needing(action, targets, reason):
    """Return those of the chosen messages that an action would change."""
    if action == "quarantine":
        return [one for one in targets if one.found["quarantine"] != reason or one.kind != "hf"]
    if action == "hold":
        # What somebody else put into quarantine keeps their reason.
        return [one for one in targets if one.kind == "qf"]
    if action == "release":
        return [one for one in targets if one.found["quarantine"].startswith(HOLD)]
    return [] if action == "look" else list(targets)


def refuse_others(action, selection, targets):
    """Refuse to release what somebody named and this collection does not hold."""
    if action != "release" or not selection.ids:
        return
    others = [one.name for one in targets if not one.found["quarantine"].startswith(HOLD)]
    if others:
        raise InvalidValue("%s: not held by this collection but in quarantine for a reason of its own (see mailq -qQ). Use unquarantine if that is meant." %
                           ", ".join(others), option="ids", ids=others)


class Sendmail:
    """sendmail's own commands on its queues.

    :param runner: a :class:`runner.Runner`. :param str program: the sendmail program.
    :param str user: who the daemon is; found out where it is None.
    """

    def __init__(self, runner, program, user=None):
        self.runner, self.program, self.user = runner, program, user

    def _prefix(self, spool):
        """As whom: a daemon without root could not read what root would leave in its queue. Root's own command becomes the submission account by itself."""
        if spool.program == "msp":
            return []
        user = self.user if self.user is not None else daemon_user(spool, self.runner)
        if user in ("root", ""):
            return []
        try:
            account = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
        except KeyError:
            raise InvalidValue("user: there is no account '%s' on this host." % user, option="user")
        return ["setpriv", "--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--init-groups", "--no-new-privs"]

    def run(self, targets, words, timeout):
        """Run one command for each queue program and each portion of ids.

        :param list words: options before the ids.
        :raises CommandFailed: sendmail says that it may not, or that its configuration is broken.
        """
        for program in sorted(set(one.spool.program for one in targets)):
            ours = [one for one in targets if one.spool.program == program]
            for place in range(0, len(ours), AT_ONCE):
                part = ours[place:place + AT_ONCE]
                argv = self._prefix(part[0].spool) + [self.program, OPTION[program]] + words + ["-qI" + one.name for one in part]
                done = self.runner.run(argv, timeout=timeout)
                if done.rc != 0:
                    raise CommandFailed("%s answered %d: %s" % (" ".join(argv[:len(argv) - len(part)]), done.rc,
                                                                (done.stderr or done.stdout).strip()[-500:] or "nothing"), command=argv[:8])


def daemon_user(spool, runner):
    """Return as whom the daemon of a queue works.

    A daemon without root owns its queue, alone, and can write whatever it likes into its PID file: such a queue's owner is the answer, and nobody is asked.
    """
    found = os.fstat(spool.handles[""])
    if found.st_uid != 0 and found.st_mode & 0o077 == 0:
        try:
            return pwd.getpwuid(found.st_uid).pw_name
        except KeyError:
            raise SendmailError("%s belongs to the number %d, which is no account of this host. Give it its owner, or name the daemon's account (user)." % (
                spool.path, found.st_uid), path=spool.path)
    told = runner.run(["systemctl", "show", "--property=MainPID", "sendmail.service"])
    number = told.stdout.strip().partition("=")[2] if told.rc == 0 else ""
    if number.isdigit() and int(number):
        user = hostinfo.process_user(int(number))
        if user:
            return user
    return next((user for user in map(pid_file_user, PID_FILES) if user), "root")


def pid_file_user(path):
    """Return as whom the process of a PID file works, empty if that is not known: the file counts only if nobody but root could have put it there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        found, above = os.fstat(handle), os.stat(os.path.dirname(path))
        if not stat.S_ISREG(found.st_mode) or found.st_uid != ROOT or above.st_uid != ROOT or above.st_mode & 0o022:
            return ""
        first = os.pread(handle, 64, 0).split(b"\n")[0].strip()
    finally:
        os.close(handle)
    return hostinfo.process_user(int(first)) if first.isdigit() else ""


def quarantine(sendmail, targets, reason, timeout):
    """Put messages into quarantine, or give those there another reason; return what :func:`settled` says of them."""
    waiting, there = [one for one in targets if one.kind == "qf"], [one for one in targets if one.kind == "hf"]
    if waiting:
        sendmail.run(waiting, ["-Q" + reason], timeout)
    if there:
        sendmail.run(there, ["-Q" + reason, "-qQ"], timeout)
    return settled(targets, lambda kind, found: kind == "hf" and found["quarantine"] == reason, again=lambda rest: quarantine_again(
        sendmail, rest, reason, timeout))


def quarantine_again(sendmail, rest, reason, timeout):
    """Try those that somebody else had locked a moment ago once more."""
    sendmail.run(rest, ["-Q" + reason] + (["-qQ"] if rest[0].kind == "hf" else []), timeout)


def unquarantine(sendmail, targets, timeout):
    """Let messages out of quarantine; return what :func:`settled` says of them."""
    sendmail.run(targets, ["-Q", "-qQ"], timeout)
    return settled(targets, lambda kind, found: kind == "qf", again=lambda rest: sendmail.run(rest, ["-Q", "-qQ"], timeout))


def settled(targets, reached, again=None, patience=5.0):
    """Look at messages after a command.

    :param reached: tells of letters and a message whether it is as wanted. :param again: what is done once more with those that are not.
    :returns: dict of ``done`` (ids), ``gone`` (ids that left the queue meanwhile) and ``busy`` (ids that somebody works on).
    """
    told, rest, deadline = {"done": [], "gone": [], "busy": []}, list(targets), time.time() + patience
    while True:
        left = []
        for one in rest:
            kind, found = present(one)
            if found is None:
                told["gone"].append(one.name)
            elif reached(kind, found):
                told["done"].append(one.name)
            else:
                left.append(one)
        rest = left
        if not rest or time.time() >= deadline or again is None:
            break
        time.sleep(0.5)
        for kind in ("qf", "hf"):
            part = [one for one in rest if one.kind == kind]
            if part:
                again(part)
    told["busy"] = [one.name for one in rest]
    return told


def present(target):
    """Return the letters under which a message stands in its queue now, and what it says; (None, None) if it is gone."""
    # Both names stand there for a moment while sendmail changes one into the other; the quarantined one is the newer then.
    for kind in ("hf", "qf", "Qf"):
        try:
            return kind, queue_host.read(target.spool, kind, target.name, time.time())
        except queue_host.Gone:
            continue
    return None, None


def flush(sendmail, targets, wait):
    """Have messages tried now, and wait a bounded time until each was.

    The queue run goes on by itself after that time: nothing is cut off in the middle of a delivery.

    :returns: dict of ``gone`` (delivered or bounced), ``tried`` (still there) and ``busy`` (not tried yet).
    """
    began, deadline = time.time(), time.time() + wait
    sendmail.run(targets, [], timeout=max(60, wait))
    told, rest = {"gone": [], "tried": [], "busy": []}, list(targets)
    while True:
        left = []
        for one in rest:
            kind, found = present(one)
            if found is None:
                told["gone"].append(one.name)
            elif tried_since(found, one.found, began):
                told["tried"].append(one.name)
            else:
                left.append(one)
        rest = left
        if not rest or time.time() >= deadline:
            told["busy"] = [one.name for one in rest]
            return told
        time.sleep(0.25)


def tried_since(now, before, began):
    """Tell whether a message was tried in between; sendmail counts only tries after which it wrote the control file anew."""
    return now["tries"] > before["tries"] or (now["tried"] or 0) >= int(began) and now["tried"] != before["tried"]


def delete(targets, receipts, opened, said, fits):
    """Remove messages, each under sendmail's own lock, and keep a receipt.

    :param receipts: a :class:`queue_receipts.Receipts`. :param dict said: what the receipt begins with.
    :param fits: tells of a message, as it is once it is locked, whether it is still meant.
    :returns: dict of ``done``, ``gone``, ``busy`` (ids) and ``receipt`` (path or empty).
    """
    told = {"done": [], "gone": [], "busy": [], "receipt": ""}
    with receipts.begin(said) as receipt:
        for place in range(0, len(targets), queue_receipts.AT_ONCE):
            _delete_some(targets[place:place + queue_receipts.AT_ONCE], receipt, opened, told, fits)
    told["receipt"] = receipt.path if told["done"] else ""
    return told


def _delete_some(targets, receipt, opened, told, fits):
    held, rows = [], []
    try:
        for one in targets:
            try:
                handle = queue_host.lock(one.spool, one.kind, one.name)
            except queue_host.Gone:
                told["gone"].append(one.name)
                continue
            if handle is None:
                told["busy"].append(one.name)
                continue
            # Nothing may open a locked file a second time: closing that would give the lock away.
            held.append(handle)
            holder, found = _locked(one, handle, opened)
            if fits(found):
                rows.append((one, holder, receipt.add(one, handle, holder, found)))
            else:
                told["busy"].append(one.name)
        if rows:
            receipt.save()
        for one, holder, row in rows:
            _remove(one, holder, row, receipt)
            told["done"].append(one.name)
        for spool in set(one.spool for one, _holder, _row in rows):
            for directory in set(spool.handles.values()):
                os.fsync(directory)
    finally:
        for handle in held:
            os.close(handle)


def _remove(target, holder, row, receipt):
    """Remove a locked message; it counts as gone as soon as its control file is, since nothing delivers a body alone."""
    try:
        queue_host.remove(target.spool, target.kind, target.name, holder)
    finally:
        if not queue_host.exists(target.spool, target.kind, target.name):
            receipt.removed(row)


def _locked(target, handle, opened):
    """Return the spool of a locked message's body, and what it says now."""
    envelope = queuefiles.parse(queue_host.read_control(handle)[0])
    holder, size = queue_host.body_of(target.spool, target.name, envelope, opened)
    if holder is None:
        raise SendmailError("%s says that its body lies in %s, which is no queue directory of this host. Nothing more was removed; look at it by hand." % (
            target.spool.place(target.kind, target.name), envelope.data_directory), id=target.name)
    return holder, queuefiles.message(target.kind, target.name, target.spool.name, envelope, size, time.time())
