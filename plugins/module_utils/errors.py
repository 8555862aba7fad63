# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The one family of exceptions; main() of each module turns it into one fail_json."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type


class SendmailError(Exception):
    """Something that the person at the keyboard can mend.

    :param str message: what is wrong, in one sentence, with what to do about it.
    :param details: facts that go beside the message into the module's result (``path``, ``line``, ``map``, ``expected``, ``answer`` ...).
    """

    def __init__(self, message, **details):
        super(SendmailError, self).__init__(message)
        self.message = message
        self.details = details


class InvalidValue(SendmailError):
    """A value from the user that can not be what was meant; found before anything is touched."""


class McError(SendmailError):
    """A statement of an .mc text that is out of order, unknown, forbidden or dangerous."""


class MapError(SendmailError):
    """A map whose source, database or content is not what was asked for."""


class CommandFailed(SendmailError):
    """A program (m4, makemap, sendmail, systemctl) that failed or complained."""


class CheckFailed(SendmailError):
    """The real sendmail disagrees with the staged configuration."""


class CommitError(SendmailError):
    """The staged configuration could not be put in place; the old one still stands."""


class UnsafePath(SendmailError):
    """A path that leads through a link, a foreign owner or a directory that others may write."""


def told(exc):
    """Return what a module tells of an error, as the arguments of fail_json.

    :param exc: one of this family, or what the operating system says itself (a full disk, a file system that is read-only).
    """
    if isinstance(exc, SendmailError):
        return dict(exc.details, msg=exc.message)
    path = getattr(exc, "filename", None)
    return {"msg": "%s: %s. What comes after it was not done. Make room, or mend what is wrong there, and run again." % (
        path or "The host refused something", getattr(exc, "strerror", None) or exc), "path": path}
