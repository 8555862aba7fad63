# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Commands of companions: one that judges its files before they count, one that makes them count, one that shows that they do."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import stat

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, SendmailError

# Seconds that such a command may take: a firewall with many rules is slow to load.
PATIENCE = 120
LONGEST = 600


def complaint(runner, argv):
    """Return why a command did not end well, as a sentence without its full stop; None where it did.

    :param runner: the one that starts programs.
    :param list argv: program and arguments.
    """
    try:
        result = runner.run(argv, timeout=PATIENCE)
    except CommandFailed as exc:
        return exc.message.rstrip(".")
    if result.rc == 0:
        return None
    said = " | ".join(line.strip() for line in (result.stderr.strip() or result.stdout.strip()).splitlines() if line.strip())
    return "'%s' ended with %d and said %s" % (" ".join(argv), result.rc, "'%s'" % said[:LONGEST] if said else "nothing")


def unproven(runner, entry):
    """Return why a companion does not do its work; None where it does, where it shall not, or where nothing would show it."""
    if not entry.get("proof") or entry["state"] != "started":
        return None
    return complaint(runner, entry["proof"])


def to_apply(entry, steps, doubt):
    """Return why the command of a companion without a unit has to be run, from state alone.

    :param list steps: what is to be done to its files.
    :param doubt: from :func:`unproven`.
    :returns: list of sentences.
    """
    reasons = [step.what for step in steps] if entry.get("apply") else []
    return reasons + (["%s does not do its work: %s" % (entry["name"], doubt)] if doubt else [])


def attributes(path):
    """Return owner, group and mode of a file as :func:`disk.write` takes them; None if there is none."""
    try:
        found = os.lstat(path)
    except OSError:
        return None
    return str(found.st_uid), str(found.st_gid), "%04o" % stat.S_IMODE(found.st_mode)


def put_back(before):
    """Make files what they were, those that are not.

    :param list before: rows of a file as the module has it, what was there (bytes, or None where there was none), and :func:`attributes`.
    """
    for item, data, whose in reversed(before):
        if data is None:
            disk.remove(item["path"])
        elif disk.read(item["path"]) != data or attributes(item["path"]) != whose:
            disk.write(item["path"], data, *whose)


def judge(runner, entry, before):
    """Have a companion's files judged; what is new and not liked is put back, so that nothing starts with it, neither now nor at the next boot.

    Files of a run that was cut off before it asked are not new any more, and have to be judged as well.

    :param list before: as for :func:`put_back`; empty where no file changed.
    :raises SendmailError: with the words of the command.
    """
    fault = complaint(runner, entry["check"]) if entry.get("check") else None
    if not fault:
        return
    put_back(before)
    said = "Its files are as they were before (%s), and nothing was restarted" % ", ".join(item["path"] for item, _data, _whose in before) if before else (
        "Its files were like that before this run, and nothing was restarted")
    raise SendmailError("companion '%s': %s. %s." % (entry["name"], fault, said), companion=entry["name"])


def put_into_force(runner, entry):
    """Run the command that makes a companion's files count; :raises SendmailError: with its words."""
    fault = complaint(runner, entry["apply"])
    if fault:
        raise SendmailError("companion '%s': %s." % (entry["name"], fault), companion=entry["name"])


def retires(entry):
    """Tell whether a command takes a companion out of force."""
    return entry["state"] == "stopped" and bool(entry.get("apply")) and not entry["unit"]


def retire(runner, entry, before):
    """Take a companion out of force whose files are gone. They are all that shows that this is to be done: it is done at once, and if it fails they come back.

    :param list before: as for :func:`put_back`.
    :raises SendmailError: with the words of the command.
    """
    try:
        put_into_force(runner, entry)
    except SendmailError as exc:
        put_back(before)
        raise SendmailError("%s Its files are as they were before (%s), so that the next run does it." % (
            exc.message, ", ".join(item["path"] for item, _data, _whose in before)), companion=entry["name"])
    except BaseException:
        put_back(before)
        raise
