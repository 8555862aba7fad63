# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Map files as other systems save them: what of it is read all the same, with a word about it, and what is refused with its line. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError

MARK = b"\xef\xbb\xbf"
WINDOWS = "the line ends as Windows ends lines (CR LF), and the CR would become part of the entry; convert the file: sed -i 's/\\r$//' FILE"
_WIDE = (b"\xff\xfe", b"\xfe\xff")


def decode(data, where):
    """Return the text of a map file.

    :param bytes data: the file as it is.
    :param str where: map and path, for messages.
    :returns: the text with line ends of Unix, and warnings as sentences.
    :raises MapError: it is no UTF-8 text, with the line.
    """
    warnings = []
    if data[:2] in _WIDE or b"\0" in data:
        raise MapError("%s: it is no plain text (UTF-16, or a database); save it as plain text, one entry a line." % where, line=1)
    if data[:3] == MARK:
        data = data[3:]
        warnings.append("%s: a byte order mark at its beginning was passed over; save the file without." % where)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        raise MapError("%s, line %d: the byte \\x%02x is no UTF-8 text (Latin-1?). sendmail takes ASCII only: write a domain in its xn-- form, and save "
                       "remarks as UTF-8." % (where, line, bytearray(data)[exc.start]), line=line)
    text, more = unix_lines(text, where)
    return text, warnings + more


def unix_lines(text, where):
    """Return a text with line ends of Unix, and a warning where it had others.

    :raises MapError: a carriage return inside a line, with the line.
    """
    if "\r" not in text:
        return text, []
    plain = re.sub(r"\r+(?=\n|\Z)", "", text)
    if "\r" in plain:
        line = plain.count("\n", 0, plain.index("\r")) + 1
        raise MapError("%s, line %d: it holds a carriage return that ends no line. Save the file with Unix line ends." % (where, line), line=line)
    return plain, ["%s: it has line ends of Windows (CR LF), which were read as line ends; save the file with those of Unix." % where]


def line_problem(key, value):
    """Say what is wrong with a line that makemap would read with what another system left in it, or return None."""
    if key.startswith(("\ufeff", "\udcef\udcbb\udcbf")):
        return "a byte order mark stands before the key, which becomes part of it; save the file without"
    if value.endswith("\r"):
        return WINDOWS
    if any(0xdc80 <= ord(character) <= 0xdcff for character in key + value):
        return "the line holds bytes that are no UTF-8 text (Latin-1?); sendmail takes ASCII only, a domain in its xn-- form"
    return None
