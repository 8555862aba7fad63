# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The program of the delegates: which files it reads, what it answers, of what it is made; and what a declaration may say."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import fnmatch
import io
import json
import os
import stat
import subprocess
import sys
import time
import zipfile

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import delegation, delegation_entries, delegation_host, delegation_units, hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

Stat = collections.namedtuple("Stat", "st_mode st_nlink st_uid st_size")


@pytest.mark.parametrize("found, member, reason", [
    (Stat(stat.S_IFREG | 0o600, 1, 0, 10), True, None),
    (Stat(stat.S_IFREG | 0o600, 1, 0, delegation_entries.SIZE_LIMIT), True, None),
    (Stat(stat.S_IFREG | 0o600, 1, 0, delegation_entries.SIZE_LIMIT + 1), True, "the limit is"),
    (Stat(stat.S_IFREG | 0o600, 2, 0, 10), True, "hard links"),
    (Stat(stat.S_IFREG | 0o600, 1, 0, 10), False, "no delegate"),
    (Stat(stat.S_IFIFO | 0o600, 1, 0, 0), True, "no plain file"),
    (Stat(stat.S_IFDIR | 0o700, 2, 0, 0), True, "no plain file"),
    (Stat(stat.S_IFCHR | 0o600, 1, 0, 0), True, "no plain file"),
])
def test_which_files_are_read(found, member, reason):
    problem = delegation.file_problem(found, member)
    assert problem is None if reason is None else reason in problem


def test_the_signature_tells_a_new_file_from_an_old_one(tmp_path):
    path = tmp_path / "entries"
    assert delegation.signature(str(tmp_path)) is None
    path.write_text(u"a")
    first = delegation.signature(str(tmp_path))
    (tmp_path / "new").write_text(u"a")
    os.rename(str(tmp_path / "new"), str(path))
    assert delegation.signature(str(tmp_path)) != first
    path.unlink()
    path.symlink_to("/etc/passwd")
    assert delegation.signature(str(tmp_path))["size"] == len("/etc/passwd")


@pytest.mark.parametrize("text, expected", [("a b", "a b"), ("a\x1b[2Jb", "a\\x1b[2Jb"), ("a\nb", "a\\x0ab"), (u"\xfc", "\\xfc"), (u"\u202e", "\\x202e")])
def test_plain(text, expected):
    assert delegation.plain(text) == expected


MOMENT = time.struct_time((2026, 11, 22, 19, 0, 0, 6, 326, 0))


def test_the_answer_begins_with_its_verdict():
    text = delegation.result_text("access", delegation.Outcome("accepted", "Entries in force: 2, changed: 1", []), "anna", MOMENT)
    assert text == "accepted  2026-11-22 19:00:00 UTC  map access, file of anna\nEntries in force: 2, changed: 1.\n"


def test_the_answer_names_the_reasons_but_not_without_end():
    reasons = ["line %d: '\x1b': no." % number for number in range(50)]
    lines = delegation.result_text("access", delegation.Outcome("refused", "Nothing was changed", reasons), "anna", MOMENT).splitlines()
    assert lines[0].startswith("refused ") and lines[1] == "Nothing was changed:"
    assert lines[2] == "  line 0: '\\x1b': no."
    assert len(lines) == 2 + delegation.REASONS_SHOWN + 1 and lines[-1] == "  ... and 30 more like these."


# -- of what the program is made


def test_the_program_is_the_same_to_the_byte_and_in_any_order():
    sources = {"p.q.b": "import p.q.a\n", "p.q.a": "x = 1\n"}
    turned = collections.OrderedDict(sorted(sources.items(), reverse=True))
    assert delegation_units.program(sources) == delegation_units.program(turned)
    names = zipfile.ZipFile(io.BytesIO(delegation_units.program(sources))).namelist()
    assert names == ["__main__.py", "p/__init__.py", "p/q/__init__.py", "p/q/a.py", "p/q/b.py"]


def test_the_program_runs_by_itself(tmp_path):
    """All that it needs is inside: an isolated Python that knows no collection loads it."""
    path = tmp_path / "delegate.pyz"
    path.write_bytes(delegation_units.program())
    done = subprocess.Popen([sys.executable, "-I", "-S", str(path), "--self-test"], cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = done.communicate()[0]
    assert (done.returncode, output) == (0, b"")
    names = zipfile.ZipFile(str(path)).namelist()
    assert not [name for name in names if name.endswith("delegation_host.py")]


@pytest.mark.parametrize("unit, template, name", [
    ("mailjail-delegate@access.path", "mailjail-delegate@.path", "access"),
    ("mailjail-delegate-pending@aliases.path", "mailjail-delegate-pending@.path", "aliases"),
    ("mailjail-delegate@access.service", "mailjail-delegate@.service", "access"),
])
def test_names_of_units(unit, template, name):
    assert (delegation_units.template(unit), delegation_units.instance(unit)) == (template, name)
    assert template in delegation_units.FILES


def test_every_unit_that_is_named_exists():
    units = delegation_units.watching("x") + delegation_units.working("x")
    assert sorted(map(delegation_units.template, units)) == sorted(delegation_units.FILES)
    texts = delegation_units.units("/usr/bin/python3", ["/etc/mail"])
    assert not [text for text in texts.values() if "{" in text or "}" in text]


# -- what may be declared


def row(**more):
    whole = {"kind": "access", "path": "/etc/mail/access", "accepted": "/var/lib/mailjail/delegated/access", "file": None, "host_file": None}
    return dict(whole, entries=[{}], **more) if "entries" not in more else dict(whole, **more)


def one(**more):
    return dict({"map": "access", "users": ["anna"], "group": None, "notify": None, "relay": False}, **more)


@pytest.mark.parametrize("delegations, maps, reason", [
    ([one(), one()], [row()], "twice"),
    ([one(users=[])], [row()], "to nobody"),
    ([one(notify="anna")], [row()], "expected a mail address"),
    ([one(notify="a@b.example -bd")], [row()], "expected a mail address"),
    ([one()], [], "does not have"),
    ([one()], [row(kind="mailertable")], "does not have"),
    ([one()], [row(file="/x")], "comes whole from the file /x"),
    ([one()], [row(host_file="/x")], "comes whole from the file /x"),
    ([one()], [row(accepted=None)], "was not told"),
])
def test_a_delegation_that_can_not_be_meant(delegations, maps, reason):
    with pytest.raises(InvalidValue) as caught:
        delegation_host.declared({"delegations": delegations, "maps": maps})
    assert reason in caught.value.message


@pytest.mark.parametrize("given, group, exact", [
    (one(), "mailjail-access", True), (one(group="desk"), "desk", False), (one(group="desk", users=[]), "desk", False)])
def test_groups(given, group, exact):
    found = delegation_host.declared({"delegations": [given], "maps": [row()]})["access"]
    assert (found["group"], found["exact"]) == (group, exact)


PARAMS = {"sendmail": "/s", "makemap": "/m", "state_directory": "/var/lib/mailjail", "keep_generations": 5, "route_tests": [], "compiled": "/c", "context": {},
          "client_queue": "/var/spool/mqueue-client"}


def test_the_specification_holds_no_entries():
    found = delegation_host.declared({"delegations": [one()], "maps": [row(entries=[{"key": "secret", "value": "secret"}])]})
    text = delegation_host.specification(PARAMS, found).decode("utf-8")
    assert "secret\"" not in text.replace("\"secret\": false", "")
    assert sorted(json.loads(text)["maps"]["access"]) == ["group", "map", "notify", "relay"]


@pytest.mark.parametrize("notify, path, expected", [
    (None, "/etc/mail/access", ["/etc/mail", "/var/lib/mailjail", "/var/lib/mailjail-delegates"]),
    ("a@b.example", "/etc/mail/access", ["-/var/spool/mqueue-client", "/etc/mail", "/var/lib/mailjail", "/var/lib/mailjail-delegates"]),
    (None, "/etc/aliases", ["/etc", "/var/lib/mailjail", "/var/lib/mailjail-delegates"]),
])
def test_the_sandbox_writes_where_the_maps_are(notify, path, expected):
    found = delegation_host.declared({"delegations": [one(notify=notify)], "maps": [row(path=path)]})
    assert delegation_host.writable(PARAMS, found)[:-1] == expected


@pytest.mark.parametrize("path", [delegation.SPEC, delegation.ROOT, delegation_units.PROGRAM]
                         + [os.path.join(delegation_units.DIRECTORY, name) for name in delegation_units.FILES]
                         + [os.path.join(delegation_units.DIRECTORY, "multi-user.target.wants", unit) for unit in delegation_units.watching("access")])
def test_sendmail_info_finds_every_trace_of_a_delegation(path):
    assert any(fnmatch.fnmatch(path, pattern) for pattern in hostinfo.DELEGATION)
