# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Text that a host said of itself, made fit to be shown: bounded, and with every character that shows as something else spelt out. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

LIMIT = 600
# Control characters, what turns the direction of writing, what has no width or shows as nothing, halves of characters, and what XML knows no way to say.
# Line ends and tabs stay.
_HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\ufff9-\ufffb\ufffe\uffff"
                     "\ud800-\udfff\U000e0000-\U000e007f]")
# The end of a text that was cut within what is spelt out.
_HALF = re.compile(r"\\(?:u[0-9a-f]{0,3}|U[0-9a-f]{0,7})?\Z")


def clean(value, limit=LIMIT):
    """Return a value as text that can be shown anywhere.

    :param value: text, a number, or anything else. :param int limit: characters that are kept, of the text in which all is spelt out.
    """
    text = value if isinstance(value, str) else "" if value is None else str(value)
    # Cut only now: what is spelt out is longer than what it stands for. Half of it would stand for something else.
    text = _HIDDEN.sub(_spelt, text[:limit + 1])
    return text if len(text) <= limit else _HALF.sub("", text[:limit]) + " ..."


def _spelt(found):
    number = ord(found.group(0))
    return ("\\u%04x" if number < 0x10000 else "\\U%08x") % number


def line(value, limit=LIMIT):
    """Return the same as one line."""
    return " ".join(clean(value, limit).split())


def told(evidence):
    """Return a piece of evidence as a sentence without its full stop."""
    return "%s%s%s" % (evidence["where"] and evidence["where"] + ": ", evidence["seen"], evidence["wanted"] and "; wanted: " + evidence["wanted"])
