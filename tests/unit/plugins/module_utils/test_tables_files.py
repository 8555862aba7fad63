# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Map files as editors of other systems leave them: read with a word about it, or refused with the line."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import mapscan, tables, tables_files
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables import Context

ENTRY = b"From:a.example\tOK\n"
# What a file holds: bytes, words of the warning (None: there is none).
READ = {
    "plain": (ENTRY * 1, None),
    "nothing": (b"", None),
    "blanks for a tab": (b"From:a.example   OK\n", None),
    "a remark in UTF-8": ("# Grüße\n".encode("utf-8") + ENTRY, None),
    "without an end of line": (ENTRY[:-1], None),
    "Windows": (b"# x\r\n\r\nFrom:a.example\tOK\r\n", "line ends of Windows"),
    "Windows, by hand": (b"From:a.example\tOK\r", "line ends of Windows"),
    "one line of Windows": (b"# x\n" + ENTRY[:-1] + b"\r\n# y\n", "line ends of Windows"),
    "twice converted": (ENTRY[:-1] + b"\r\r\n", "line ends of Windows"),
    "a byte order mark": (b"\xef\xbb\xbf" + ENTRY, "byte order mark"),
}


@pytest.mark.parametrize("name", READ)
def test_read_with_a_word_about_it(name):
    data, words = READ[name]
    text, warnings = tables_files.decode(data, "map access, /m/access")
    assert [pair[1:3] for pair in tables.parse("access", text)] == ([("From:a.example", "OK")] if data else [])
    assert len(warnings) == (words is not None) and all(words in one and "/m/access" in one for one in warnings)


REFUSED = {
    "Latin-1 in a key": (ENTRY + b"From:m\xfcller.example\tOK\n", ["line 2", "\\xfc", "Latin-1", "xn--"]),
    "Latin-1 in a remark": (b"# Gr\xfc\xdfe\n" + ENTRY, ["line 1", "\\xfc"]),
    "UTF-16": (ENTRY.decode("ascii").encode("utf-16"), ["no plain text"]),
    "a database": (b"\0\5\x31\x62" * 4, ["no plain text"]),
    "a carriage return inside": (ENTRY + b"From:b.example\tOK\rConnect:\tRELAY\n", ["line 2", "carriage return"]),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refused_with_its_line(name):
    data, words = REFUSED[name]
    with pytest.raises(MapError) as caught:
        tables_files.decode(data, "map access, /m/access")
    assert [word for word in words + ["/m/access"] if word not in caught.value.message] == [], caught.value.message


# What a host's own file, which makemap reads itself, is refused for: the same, in no other words than these.
ON_THE_HOST = {
    "Windows": (b"# x\r\nFrom:a.example\tOK\r\n", "line 2", "CR LF"),
    "an empty line of Windows": (ENTRY + b"\r\n" + ENTRY.replace(b"a", b"b"), "line 2", "CR LF"),
    "a byte order mark": (b"\xef\xbb\xbf" + ENTRY, "line 1", "byte order mark"),
    "Latin-1 in a key": (ENTRY + b"From:m\xfcller.example\tOK\n", "line 2", "Latin-1"),
    "Latin-1 in a value": (ENTRY + b'From:b.example\tERROR:"550 Gr\xfc\xdfe"\n', "line 2", "Latin-1"),
    "UTF-8 in a key": ("From:müller.example\tOK\n".encode("utf-8"), "line 1", "xn--"),
    "a long line": (ENTRY + b"From:b.example\tERROR:5.7.1:\"550 " + b"x" * 1024 + b'"\n', "line 2", "1022 bytes"),
}


@pytest.mark.parametrize("name", ON_THE_HOST)
def test_what_makemap_reads_itself_is_refused(name, tmp_path):
    data, place, words = ON_THE_HOST[name]
    (tmp_path / "access").write_bytes(data)
    with pytest.raises(MapError) as caught:
        mapscan.Scan("access", str(tmp_path / "access"), Context()).refuse()
    assert place in caught.value.message and words in caught.value.message, caught.value.message
