# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases: the fast pass over a source refuses what the careful one refuses, and the real makemap's work is proven."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import shutil
import stat
import subprocess

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import mapbuild, mapscan, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, MapError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result, Runner
from ansible_collections.mailjail.sendmail.plugins.module_utils.tables import Context

MAKEMAP = os.environ.get("MAKEMAP") or shutil.which("makemap", path=os.environ.get("PATH", "") + ":/usr/sbin:/sbin")
needs_makemap = pytest.mark.skipif(not MAKEMAP, reason="makemap is not installed here")
CONTEXT = Context(mailers=["esmtp", "relay", "local"], local_host_names=["gw.example"], virtual_domains=["v.example"])


class Answers:
    """A runner that knows its answers."""

    def __init__(self, rc, stdout, stderr=""):
        self.answer = Result(rc, stdout, stderr)

    def run(self, argv, **dummy):
        return self.answer


# -- types


def test_map_types_come_from_makemap():
    assert mapbuild.map_types(Answers(0, "hash\nbtree\nimplicit\n")) == ["hash", "btree"]


@pytest.mark.parametrize("answer", [Answers(0, "implicit\n"), Answers(1, "", "no")])
def test_makemap_without_types(answer):
    with pytest.raises(CommandFailed):
        mapbuild.map_types(answer)


@pytest.mark.parametrize(
    "kind, available, best",
    [
        ("access", ["hash", "btree"], "btree"),
        ("access", ["hash", "btree", "cdb"], "btree"),
        ("access", ["cdb"], "cdb"),
        ("userdb", ["hash", "btree"], "btree"),
        ("aliases", ["hash", "btree"], "hash"),
        ("aliases", ["cdb"], "cdb"),
    ],
)
def test_best_type(kind, available, best):
    assert mapbuild.best_type(kind, available) == best


@pytest.mark.parametrize("kind, available", [("userdb", ["cdb"]), ("access", [])])
def test_no_type_serves(kind, available):
    with pytest.raises(MapError) as caught:
        mapbuild.best_type(kind, available)
    assert kind in caught.value.message


# -- one pass over a source

ORDINARY = {
    "access": [
        "Connect:192.168\tREJECT",
        "Connect:10.0.0.255\tOK",
        "From:a.b+c@x-y.example\tDISCARD",
        "To:x.example\tERROR:5.7.1:550 no thanks",
        'From:x.example\tERROR:5.1.1:"550 (no) <x>"',
    ],
    "virtusertable": ["a@x.example\tb", "@x.example\tc@Y.example".lower(), "a.b@x.example\terror:5.7.1:550 gone"],
    "mailertable": ["x.example\tesmtp:[192.0.2.25]", ".x.example\trelay:mx.example", "x2.example\tesmtp:[mx.example]"],
    "genericstable": ["a\tb@x.example", "c@x.example\td.e@x.example"],
    "domaintable": ["old.example\tnew.example"],
    "userdb": ["a.b:maildrop\tu@x.example", "u:mailname\ta.b"],
}

# Lines that are odd, wrong or dangerous; each is put through the fast pass and through the careful check, which must agree.
ODD = {
    "access": [
        "Connect:256.1\tREJECT",
        "Connect:1.2.3.4.5\tOK",
        "Connect:01.2\tOK",
        "Connect:\tRELAY",
        "Connect:10\tRELAY",
        "Connect:8\tRELAY",
        "connect:x.example\tok",
        "From:x..example\tOK",
        "From:-x.example\tOK",
        "From:x-.example\tOK",
        "From:123\tOK",
        "From:1.2.3\tOK",
        "From:1a.example\tOK",
        "From:x.example\tERROR:5.7.1:550",
        "From:x.example\tERROR:5.7.1:450 x",
        "From:x.example\tERROR:5.7.1:550 a (b)",
        'From:x.example\tERROR:5.7.1:"550 a%b"',
        "From:x.example\tERROR:5.7.1:550 a%b",
        'From:x.example\tERROR:5.7.1:"550 a',
        "From:x.example\tOK ",
        "From:x.example  REJECT",
        "From:x.example\t\tREJECT",
        " From:x.example\tREJECT",
        "From:x.example",
        "From:x.example\tREJECT\r",
        "Foo:x.example\tOK",
        "x.example\tRELAY",
        "# remark\x01",
        "From:" + "a" * 64 + ".example\tOK",
        "From:" + "a" * 65 + "@x.example\tOK",
        "From:x.example\tERROR:5.7.1:550 " + "y" * 1100,
        "From:x_y.example\tOK",
        "From:FOO@X.example\tREJECT",
        "FROM:Foo.example\tOK",
        "CONNECT:10\tOK",
        "cOnnect:8\tRELAY",
        "# From:X\tOK",
        "Treat:X.example\tOK",
        "To:x.example\tSKIP",
        "To:u@x.example\tSKIP",
        "GreetPause:\t5000",
        "GreetPause:\tx",
        "From:u@1.2\tOK",
        "Connect:1.2.3.4/8\tOK",
        'From:x.example\tERROR:5.7.1:"550  a"',
    ],
    "virtusertable": [
        "a\tb",
        "a@x..example\tb",
        "a@x.example\tb, c",
        "A@X.Example\tb",
        "a@x.example\tb@c@d",
        "a@x.example\terror:5.7.1:250 x",
        "a@x.example\tb c",
        "@\tb",
        "a@x.example\t\\root",
        "a@x.example\t%1@y.example",
        "A@V.Example\tb",
        "A@Gw.Example\tU@X.Example",
    ],
    "mailertable": [
        "x.example\tuucp:y",
        "x.example\tesmtp:192.0.2.1",
        "gw.example\tesmtp:[192.0.2.1]",
        "GW.example\tesmtp:[192.0.2.1]",
        "x.example\tesmtp:",
        "..x.example\tesmtp:y.example",
        "x.example\tlocal:",
        "x.example\tesmtp:[192.0.2.1",
        "x.example\tesmtp:1.2.example",
        "x.example\tesmtp:123",
        "x.example\tESMTP:y.example",
        ".\tesmtp:y.example",
        "x.example\tesmtp:[999.1.1.1]",
    ],
    "genericstable": ["a\tb c", "a b\tc", "@x.example\t%1@y.example", "a@b@c\td", "x\t@"],
    "domaintable": ["a\tb@c", "a b\tc", "A.example\tb.example"],
    "userdb": ["a\tb", "a:drop\tb", "a:maildrop\tb, c"],
    "authinfo": ['AuthInfo:x.example\t"U:u" "P:p"', 'AuthInfo:x.example\t"P:p"', 'x.example\t"U:u" "P:p"'],
}
CASES = [(kind, line) for kind in sorted(ODD) for line in ODD[kind] + ORDINARY.get(kind, [])]


def careful(kind, text):
    """The verdict of tables alone: None or the first problem, and the lines of the database."""
    try:
        pairs = tables.parse(kind, text)
        tables.check(kind, pairs, CONTEXT)
    except MapError as exc:
        return exc.message, None
    return None, sorted(mapbuild.database_lines(kind, pairs))


@pytest.mark.parametrize("kind, line", CASES)
def test_fast_pass_agrees_with_careful_check(tmp_path, kind, line):
    around = "# remark\n\n" + "".join(one + "\n" for one in ORDINARY.get(kind, []) if one.split()[0].lower() not in line.lower())
    path = tmp_path / "source"
    path.write_bytes((around + line + "\n" + "# last").encode("utf-8"))
    problem, lines = careful(kind, around + line + "\n" + "# last")
    scan = mapscan.Scan(kind, str(path), CONTEXT)
    if problem is None and "\x01" not in line:
        expected = mapscan.Content()
        expected.add([one.rstrip("\n").encode("utf-8") for one in lines])
        assert scan.problems == [] and scan.content == expected
    elif problem:
        with pytest.raises(MapError) as caught:
            scan.refuse()
        assert caught.value.message == problem


@pytest.mark.parametrize("kind", sorted(ORDINARY))
def test_ordinary_lines_take_the_fast_way(kind):
    text = "".join(line + "\n" for line in ORDINARY[kind]).encode("utf-8")
    assert mapscan.ordinary(kind, CONTEXT).match(text).end() == len(text)


def test_line_numbers_across_pieces(tmp_path):
    path = tmp_path / "source"
    lines = ["From:user%d@x.example\tREJECT" % number for number in range(1, 30001)]
    lines[27122] = "Form:typo@x.example\tREJECT"
    path.write_text("\n".join(lines))
    with pytest.raises(MapError) as caught:
        mapscan.Scan("access", str(path), CONTEXT).refuse()
    assert caught.value.details["line"] == 27123 and "did you mean From:?" in caught.value.message


def test_own_tags_count_across_pieces(tmp_path):
    path = tmp_path / "source"
    path.write_text("MyCA:/C=US\tOK\n" + "From:x.example\tREJECT\n" * 30000 + "TLS_Srv:x.example\tVERIFY+CN++CITag:MyCA\n")
    assert mapscan.Scan("access", str(path), CONTEXT).problems == []


def test_ordinary_lines_are_held_against_classes(tmp_path):
    path = tmp_path / "source"
    path.write_text("# x\na@v.example\tb\na@gw.example\tb\na@other.example\tb\n")
    scan = mapscan.Scan("virtusertable", str(path), CONTEXT)
    assert len(scan.problems) == 1 and "line 4" in scan.problems[0] and scan.content.entries == 3


def test_bad_bytes_are_problems_not_crashes(tmp_path):
    path = tmp_path / "source"
    path.write_bytes(b'From:x.example\tERROR:5.7.1:"550 \xff"\n#\0\nFrom:\xc3\xbc.example\tOK\n# ' + b"x" * 2000)
    assert len(mapscan.Scan("access", str(path), CONTEXT).problems) == 4


@pytest.mark.parametrize(
    "other, same",
    [
        ([b"a\t1", b"b\t2"], True),
        ([b"b\t2", b"a\t1"], True),
        ([b"a\t2", b"b\t1"], False),
        ([b"a\t1", b"a\t1"], False),
        ([b"a\t1"], False),
        ([b"A\t1", b"b\t2"], False),
    ],
)
def test_content_knows_what_not_in_which_order(other, same):
    first, second = mapscan.Content(), mapscan.Content()
    first.add([b"a\t1", b"b\t2"])
    second.add(other)
    assert (first == second) is same


# -- the real makemap


@pytest.fixture
def stage(tmp_path_factory):
    """makemap wants a directory chain that others can not write."""
    for base in (os.environ.get("MAPBUILD_TMP"), os.path.expanduser("~"), "/var/lib", "/root"):
        if base and os.path.isdir(base) and os.access(base, os.W_OK):
            break
    path = subprocess.check_output(["mktemp", "-d", os.path.join(base, "mapbuild-test-XXXXXX")]).decode().strip()
    yield path
    shutil.rmtree(path)


def build(stage, kind, text, map_type=None, name="source"):
    source = os.path.join(stage, name)
    with open(source, "wb") as handle:
        handle.write(text if isinstance(text, bytes) else text.encode("utf-8"))
    context = Context(**{name: getattr(CONTEXT, name) for name in ("mailers", "local_host_names")})
    map_type = map_type or mapbuild.best_type(kind, mapbuild.map_types(Runner(), MAKEMAP))
    return source, map_type, mapbuild.build(Runner(), kind, source, os.path.join(stage, kind), map_type, context, MAKEMAP)


def dump(stage, kind, map_type):
    return subprocess.check_output([MAKEMAP, "-C", "/dev/null", "-u", map_type, os.path.join(stage, kind)]).decode().splitlines()


@needs_makemap
@pytest.mark.parametrize("kind", sorted(ORDINARY))
def test_database_holds_what_the_source_says(stage, kind):
    text = "# remark\n" + "".join(line + "\n" for line in ORDINARY[kind])
    text = text.replace("To:x.example", "To:X.Example").replace("a@x.example", "A@X.Example")
    map_type, built = build(stage, kind, text)[1:]
    assert built.entries == len(ORDINARY[kind])
    assert sorted(dump(stage, kind, map_type)) == sorted(line.rstrip("\n") for line in mapbuild.database_lines(kind, tables.parse(kind, text)))
    assert stat.S_IMODE(os.stat(built.database_path).st_mode) & 0o027 == 0


@needs_makemap
def test_alias_database_has_the_mark_and_quoted_names(stage):
    text = 'postmaster: root\nMAILER-DAEMON: postmaster\nroot: a@x.example,\n  b@x.example\n"Two Words": root\n"Plain": root\n'
    map_type, built = build(stage, "aliases", text)[1:]
    assert sorted(dump(stage, "aliases", map_type)) == sorted(
        ["@\t@", "mailer-daemon\tpostmaster", "plain\troot", "postmaster\troot", "root\ta@x.example, b@x.example", '"two words"\troot']
    )
    assert built.entries == 5


@needs_makemap
@pytest.mark.parametrize(
    "kind, text, words",
    [
        ("access", "From:a.example\tOK\n# x\nfrom:A.example\tREJECT\n", "line 3: 'from:a.example': the key stands twice, first in line 1"),
        ("access", "From:a.example\tOK\nFoo:b\tOK\n", "line 2"),
        ("access", "From:a.example OK\n\nFrom:b.example\n", "line 3: nothing stands behind"),
        ("access", b"From:a.example\tOK\r\n", "as Windows ends lines"),
        ("mailertable", "a.example\tesmtp:[h.example]\nb.example\tuucp:x\n", "line 2: 'b.example'"),
        ("aliases", "a: b\nb: a\n", "alias loop"),
        ("aliases", "a: b\nA: c\n", "stands twice"),
    ],
)
def test_bad_source_leaves_no_database(stage, kind, text, words):
    with pytest.raises(MapError) as caught:
        build(stage, kind, text)
    assert words in caught.value.message
    assert os.listdir(stage) == ["source"]


@needs_makemap
def test_nothing_is_built_over_a_database(stage):
    build(stage, "access", "From:a.example\tOK\n")
    with pytest.raises(MapError) as caught:
        build(stage, "access", "From:b.example\tOK\n")
    assert "exists already" in caught.value.message


@needs_makemap
def test_type_that_sendmail_would_not_open(stage):
    with pytest.raises(MapError) as caught:
        build(stage, "aliases", "a: b\n", "btree")
    assert "expected hash or cdb" in caught.value.message


@needs_makemap
def test_changed_database_is_noticed(stage):
    source, map_type, built = build(stage, "access", "From:a.example\tOK\nFrom:b.example\tOK\n")
    base, good = os.path.splitext(built.database_path)[0], tables.parse("access", "From:a.example\tOK\nFrom:b.example\tOK\n")
    mapbuild.verify(Runner(), "access", mapbuild.database_lines("access", good), base, map_type, MAKEMAP)
    mapbuild.verify_file(Runner(), "access", source, base, map_type, None, MAKEMAP)
    for text in ("From:a.example\tOK\nFrom:b.example\tREJECT\n", "From:a.example\tOK\n", "From:a.example\tOK\nFrom:b.example\tOK\nFrom:c.example\tOK\n"):
        with pytest.raises(MapError):
            mapbuild.verify(Runner(), "access", mapbuild.database_lines("access", tables.parse("access", text)), base, map_type, MAKEMAP)
        with open(source, "w") as handle:
            handle.write(text)
        with pytest.raises(MapError):
            mapbuild.verify_file(Runner(), "access", source, base, map_type, None, MAKEMAP)


@needs_makemap
def test_garbage_is_no_database(stage):
    with open(os.path.join(stage, "x.db"), "wb") as handle:
        handle.write(b"garbage" * 1000)
    with pytest.raises(CommandFailed):
        mapbuild.verify(Runner(), "access", [], os.path.join(stage, "x"), "btree", MAKEMAP)


@needs_makemap
def test_full_disk_is_told(stage):
    """A limit on the size of files does what a full disk does: makemap fails, and nothing is left."""
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    source = os.path.join(stage, "source")
    with open(source, "w") as handle:
        handle.writelines("From:user%d@x.example\tREJECT\n" % number for number in range(20000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (100000, hard))
    try:
        with pytest.raises((MapError, CommandFailed)):
            mapbuild.build(Runner(), "access", source, os.path.join(stage, "access"), mapbuild.map_types(Runner(), MAKEMAP)[0], None, MAKEMAP)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert os.listdir(stage) == ["source"]


# -- how a database ends


class Maker(object):
    """A runner whose makemap ends its databases in its own way; of a type that it lacks it makes none."""

    def __init__(self, suffix):
        self.suffix = suffix

    def run(self, argv, stdin=None, timeout=None):
        if self.suffix:
            open(argv[-1] + self.suffix, "wb").close()
        return Result(0 if self.suffix else 73, "", "" if self.suffix else "Need to recompile with -DCDB")


@pytest.mark.parametrize("made", [".cdb", ".db"])
def test_makemap_says_itself_how_a_cdb_map_ends(tmp_path, made):
    assert mapbuild.suffix(Maker(made), "cdb", str(tmp_path / "suffix")) == made
    assert list(tmp_path.iterdir()) == []


def test_berkeley_db_has_one_way(tmp_path):
    assert [mapbuild.suffix(None, one, str(tmp_path / "suffix")) for one in ("hash", "btree")] == [".db", ".db"]


def test_a_makemap_without_cdb_is_named(tmp_path):
    with pytest.raises(CommandFailed) as raised:
        mapbuild.suffix(Maker(""), "cdb", str(tmp_path / "suffix"))
    assert "-DCDB" in raised.value.message
