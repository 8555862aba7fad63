# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Owners and modes that are wanted, held against what a view sees, and put right. Used by the controls of files and directories. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import contextlib

from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    Evidence,
    Unseen,
    failed,
    not_applicable,
    passed,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError, UnsafePath

# Owner root or one of ``owners``, none of the bits ``forbid``, read by the group only if that is root's or one of ``readers``, of a ``kind``; ``wanted`` is
# the same in words. Where it is said who reads, an access list is a fault: it lets in others. ``readers`` is None where that does not matter.
Rule = collections.namedtuple("Rule", "wanted owners forbid readers kind")
# In ``owners``: it may belong to anybody; in ``readers``: the group may be any.
ANYBODY = "*"
TOLD = 5


def rule(wanted, owners=(), forbid=0o022, readers=None, kind="file"):
    """Return a :class:`Rule`."""
    return Rule(wanted, tuple(owners), forbid, readers, kind)


def look(view, path):
    """Return what a path leads to, under the name it was asked for; None where nothing is; an Unseen where one may not look.

    The name stays because it is what a mend hands on: whether a link may be followed is known only to who opens it (baseline.Hands).
    """
    try:
        return view.stat(path, follow=True)
    except Unseen as exc:
        return exc


def look_at(view, path):
    """Return the same of the thing itself: a link, which is then another kind than any rule wants and is never mended.

    For what lies where users or the daemon itself put things, and for what sendmail refuses to open through a link.
    """
    try:
        return view.stat(path)
    except Unseen as exc:
        return exc


def told(one):
    """Return owner and mode in words."""
    return "%s:%s %04o%s%s" % (one.owner, one.group, one.mode, "" if one.kind in ("file", "directory") else ", a " + one.kind,
                               ", with an access list" if one.acl else "")


def wrong(one, want):
    """Tell what is wrong with an object: any of kind, owner, mode, group, list."""
    return [name for name, bad in (
        ("kind", one.kind != want.kind), ("owner", one.uid != 0 and one.owner not in want.owners and ANYBODY not in want.owners),
        ("mode", one.mode & want.forbid),
        ("group", want.readers is not None and one.mode & 0o040 and one.gid != 0 and one.group not in want.readers and ANYBODY not in want.readers),
        ("list", want.readers is not None and one.acl)) if bad]


def hold(rows, nothing):
    """Return the judgement of objects.

    :param list rows: (what :func:`look` returned, :class:`Rule`); absent objects are passed over.
    :param str nothing: why the control does not apply where there is no object at all.
    """
    seen = {}
    for one, want in rows:
        if one is not None:
            seen.setdefault((getattr(one, "path", None) or str(one), want.wanted), (one, want))
    faults = [Evidence(one.path, told(one), want.wanted) for one, want in seen.values() if not isinstance(one, Unseen) and wrong(one, want)]
    hidden = [one for one, _want in seen.values() if isinstance(one, Unseen)]
    if faults:
        return failed(*sorted(faults))
    if hidden:
        return unknown("; ".join(sorted({one.message for one in hidden})))
    if not seen:
        return not_applicable(nothing)
    return passed(*sorted(Evidence(one.path, told(one), "") for one, _want in seen.values()))


class Tries:
    """Mends of one control, each of which is tried whatever becomes of the others: a trap on one path must not keep the rest from being put right."""

    def __init__(self):
        self.said = []

    @contextlib.contextmanager
    def one(self):
        """Remember what a mend says that fails."""
        try:
            yield
        except SendmailError as exc:
            self.leave(exc.message)

    def leave(self, message):
        """Remember why something is left to a person."""
        self.said += [message] if message not in self.said else []

    def end(self):
        """:raises UnsafePath: something was left, with the reasons."""
        if self.said:
            more = len(self.said) - TOLD
            raise UnsafePath(" ".join(self.said[:TOLD] + (["And %d more." % more] if more > 0 else [])))


def mend(hands, rows):
    """Put objects right: what does not belong to whom it may is root's, and what nobody may do is taken off the mode. Another kind of object is left.

    :raises UnsafePath: some could not be put right; the others are.
    """
    done, tries = set(), Tries()
    for one, want in rows:
        if one is None or isinstance(one, Unseen) or one.path in done:
            continue
        done.add(one.path)
        if "kind" in wrong(one, want):
            tries.leave("%s is a %s and is left as it is. Look at it." % (one.path, one.kind))
            continue
        with tries.one():
            _mend(hands, one, want)
    tries.end()


def _mend(hands, one, want):
    faults = wrong(one, want)
    if "list" in faults:
        hands.acl(one.path)
    if "owner" in faults or "group" in faults:
        hands.owner(one.path, "root" if "owner" in faults else one.owner, "root" if "group" in faults else one.group)
    if "mode" in faults:
        hands.mode(one.path, forbid=want.forbid)


def by_rule(rows, nothing):
    """Return ``check`` and ``mend`` of a control that is nothing but owners and modes.

    :param rows: function of a view that returns the rows of :func:`hold`.
    """
    return {"check": lambda view: hold(rows(view), nothing), "mend": lambda view, hands: mend(hands, rows(view))}
