# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases: which archive is sendmail's, what the compiler is told, what a host has to have done to it."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import io
import os
import re
import tarfile

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk, source
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, UnsafePath

SUM = "ab" * 32
WANTED = source.Wanted(SUM, "/opt/sendmail", ("NEWDB",), ("db",), "/etc/mail", "/etc/mail/sendmail.cf", "/run/sendmail.pid", "/etc/mail/smrsh", "smmsp", (), ())
VERSION = '#include <sm/gen.h>\n\nSM_RCSID("@(#)$Id$")\n\nchar\tVersion[] = "%s";\n'


def archive(tmpdir, files, name="archive.tar.gz", mode="w:gz", kinds=None):
    """Make an archive with some texts in it; ``kinds`` makes links of names."""
    path = str(tmpdir.join(name))
    with tarfile.open(path, mode) as opened:
        for member, text in files.items():
            entry = tarfile.TarInfo(member)
            entry.size = len(text.encode("utf-8"))
            opened.addfile(entry, io.BytesIO(text.encode("utf-8")))
        for member, target in (kinds or {}).items():
            entry = tarfile.TarInfo(member)
            entry.type, entry.linkname = tarfile.SYMTYPE, target
            opened.addfile(entry)
    return path


def files(version="8.18.1", top="sendmail-8.18.1", program="sendmail"):
    return {"%s/%s/version.c" % (top, program): VERSION % version, "%s/cf/m4/cf.m4" % top: "divert(0)"}


@pytest.mark.parametrize("content, name, mode, expected", [
    (files(), "a.tar.gz", "w:gz", ("sendmail-8.18.1", "8.18.1")),
    (files("8.17.1.9", "sendmail-8.17.1.9"), "a.tar", "w", ("sendmail-8.17.1.9", "8.17.1.9")),
    (files("8.16.1", "other"), "a.tar.bz2", "w:bz2", ("other", "8.16.1")),
    (files("8.9.3", "sendmail-8.9.3", "src"), "a.tar.gz", "w:gz", ("sendmail-8.9.3", "8.9.3")),
])
def test_sendmail_is_recognised(tmpdir, content, name, mode, expected):
    assert tuple(source.inspect(archive(tmpdir, content, name, mode), name)) == expected


@pytest.mark.parametrize("content, words", [
    ({}, ["not sendmail", "nothing"]),
    ({"postfix-3.8.0/README_FILES/AAAREADME": "x"}, ["not sendmail", "postfix-3.8.0"]),
    ({"sendmail-8.18.1/sendmail/version.c": "int main;", "sendmail-8.18.1/cf/m4/cf.m4": ""}, ["not sendmail"]),
    ({"sendmail-8.18.1/sendmail/version.c": VERSION % "8.18.1"}, ["not sendmail", "cf/m4/cf.m4"]),
    (dict(files(), **{"elsewhere/x": ""}), ["not sendmail"]),
    (dict(files(), **{"sendmail-8.18.1/../../etc/passwd": ""}), ["outside", "/etc/passwd"]),
    (dict(files(), **{"/etc/passwd": ""}), ["outside", "/etc/passwd"]),
])
def test_another_archive_is_refused(tmpdir, content, words):
    with pytest.raises(InvalidValue) as caught:
        source.inspect(archive(tmpdir, content), "given.tar.gz")
    assert all(word in caught.value.message for word in words + ["given.tar.gz", "Nothing was touched"]), caught.value.message


@pytest.mark.parametrize("data", [b"", b"<html>404 Not Found</html>", b"\x1f\x8b\x08\x00 cut off"])
def test_no_archive_at_all_is_refused(tmpdir, data):
    tmpdir.join("x").write_binary(data)
    with pytest.raises(InvalidValue) as caught:
        source.inspect(str(tmpdir.join("x")), "given.tar.gz")
    assert "given.tar.gz" in caught.value.message


def test_a_version_that_is_a_link_is_refused(tmpdir):
    with pytest.raises(InvalidValue):
        source.inspect(archive(tmpdir, {"s/cf/m4/cf.m4": ""}, kinds={"s/sendmail/version.c": "/etc/passwd"}), "given.tar.gz")


@pytest.mark.parametrize("version, floor, refused", [
    ("8.18.1", "8.11.0", False), ("8.11.0", "8.11.0", False), ("8.17.1.9", "8.17.1", False), ("8.9.3", "8.11.0", True), ("8.10.2", "8.11.0", True),
    ("8.17.1", "8.18.0", True), ("8.8.8", "8.11.0", True),
])
def test_the_floor_holds_for_archives(version, floor, refused):
    if not refused:
        return source.check_version(version, floor, "given.tar.gz")
    with pytest.raises(InvalidValue) as caught:
        source.check_version(version, floor, "given.tar.gz")
    assert version in caught.value.message and floor in caught.value.message and "given.tar.gz" in caught.value.message
    return None


@pytest.mark.parametrize("given, refused", [(SUM, False), (SUM.upper(), False), (" %s\n" % SUM, False), ("cd" * 32, True), ("", True), (SUM[:-1], True)])
def test_the_sum_has_to_be_the_given_one(given, refused):
    if not refused:
        return source.check_digest(SUM, given, "given.tar.gz")
    with pytest.raises(InvalidValue) as caught:
        source.check_digest(SUM, given, "given.tar.gz")
    assert SUM in caught.value.message and "sendmail_source_sha256" in caught.value.message and "Nothing was touched" in caught.value.message
    return None


@pytest.mark.parametrize("values, word", [
    ({"prefix": "/"}, "/"), ({"prefix": "/usr"}, "prefix"), ({"prefix": "opt/x"}, "opt/x"), ({"prefix": "/opt/../usr"}, "/opt/../usr"),
    ({"prefix": "/opt/x y"}, "x y"), ({"prefix": "/opt/x'"}, "x'"), ({"prefix": "/home/joe/sendmail"}, "prefix"), ({"prefix": "/tmp/x"}, "prefix"),
    ({"compiled": "/etc/mail/\"x"}, "/etc/mail/"), ({"smrsh_directory": "/etc/`id`"}, "id"), ({"defines": ("NEWDB -DX",)}, "NEWDB -DX"),
    ({"libraries": ("db'",)}, "db'"), ({"sha256": ""}, "sendmail_source_sha256"), ({"sha256": "x" * 64}, "sendmail_source_sha256"),
])
def test_values_that_would_say_more_than_they_should(values, word):
    source.check_wanted(WANTED)
    with pytest.raises(InvalidValue) as caught:
        source.check_wanted(WANTED._replace(**values))
    assert word in caught.value.message


def test_the_compiler_is_told_where_this_host_has_things():
    text = source.site_config(WANTED._replace(defines=("NEWDB", "CDB"), libraries=("db", "cdb"), compiled="/etc/sendmail.cf", etc_dir="/etc/mail/"))
    assert "define(`confMAPDEF', `-DNEWDB -DCDB')" in text and "-ldb -lcdb" in text
    assert '-D_DIR_SENDMAILCF=\\"/etc/mail/\\" -D_PATH_SENDMAILCF=\\"/etc/sendmail.cf\\"' in text
    assert '-DSMRSH_CMDDIR=\\"/etc/mail/smrsh\\"' in text
    assert all(re.match(r"(define|APPENDDEF)\(`\w+'(, `[^'`]*')?\)\Z", line) for line in text.splitlines())


@pytest.mark.parametrize("values", [{"sha256": "cd" * 32}, {"defines": ("CDB",)}, {"group": "mail"}, {"smrsh_directory": "/etc/smrsh"}, {"patches": ("x",)},
                                    {"compiled": "/etc/sendmail.cf"}])
def test_whatever_decides_what_is_built_is_remembered(values):
    assert source.description(WANTED._replace(**values)) != source.description(WANTED)


def test_directories_and_the_prefix_itself_are_no_reason_to_build():
    assert source.description(WANTED._replace(directories=({"path": "/x"},), prefix="/opt/other")) == source.description(WANTED)


@pytest.mark.parametrize("text, expected", [
    (None, ("", {}, False)), ("", ("", {}, False)), ("{broken", ("", {}, False)), ("[]", ("", {}, False)), ('{"files": 5}', ("", {}, False)),
    ('{"description": "d", "files": {"sbin/sendmail": "aa"}, "complete": true}', ("d", {"sbin/sendmail": "aa"}, True)),
    ('{"description": "d", "files": {"sbin/sendmail": "aa"}}', ("d", {"sbin/sendmail": "aa"}, False)),
])
def test_record(text, expected):
    assert source.parse_record(text) == expected


# As Debian 12 keeps it.
MSP = """auto
/usr/sbin/sendmail-msp
lib.sendmail
/usr/lib/sendmail
sendmail
/usr/sbin/sendmail
sendmail.8.gz
/usr/share/man/man8/sendmail.8.gz

/usr/libexec/sendmail/sendmail
25
/usr/libexec/sendmail/sendmail
/usr/libexec/sendmail/sendmail
/usr/share/man/man8/sendmail.sendmail.8.gz

"""


@pytest.mark.parametrize("name, link, groups, words", [
    ("mta", "/usr/sbin/sendmail", {}, [["--install", "/usr/sbin/sendmail", "mta", "/p", "1000"], ["--set", "mta", "/p"]]),
    ("mta", "/usr/sbin/sendmail",
     {"mta": "auto\n/usr/sbin/sendmail\nmta-mailq\n/usr/bin/mailq\nmta-man\n/usr/share/man/x\n\n/usr/sbin/sendmail.sendmail\n90\n"},
     [["--install", "/usr/sbin/sendmail", "mta", "/p", "1000", "--slave", "/usr/bin/mailq", "mta-mailq", "/p"], ["--set", "mta", "/p"]]),
    ("sendmail", "/usr/sbin/sendmail", {"sendmail-msp": MSP, "editor": "auto\n/usr/bin/editor\n\n"},
     [["--install", "/usr/sbin/sendmail-msp", "sendmail-msp", "/p", "1000", "--slave", "/usr/lib/sendmail", "lib.sendmail", "/p",
       "--slave", "/usr/sbin/sendmail", "sendmail", "/p"], ["--set", "sendmail-msp", "/p"]]),
])
def test_a_slave_is_turned_with_its_master(name, link, groups, words):
    assert source.group_words(name, link, dict((key, source.parse_group(text)) for key, text in groups.items()), "/p") == words


@pytest.mark.parametrize("text, expected", [("", ("", [])), ("auto\n", ("", [])), ("auto\n/x\n\n/y\n1\n", ("/x", []))])
def test_group_of_alternatives(text, expected):
    assert source.parse_group(text) == expected


# ---- a host in a directory -------------------------------------------------------------------------------------------------------------

@pytest.fixture(name="commands")
def commands_(tmpdir):
    """A directory of commands, one of alternatives, and a program to which one of them shall lead."""
    for name in ("usr", "alternatives", "opt"):
        tmpdir.mkdir(name)
    tmpdir.join("opt", "sendmail").write("ours")
    tmpdir.join("usr", "foreign").write("theirs")
    return tmpdir


@pytest.mark.parametrize("link, needed, step", [
    (None, True, "link"), (None, False, "link"), ("opt/sendmail", True, None), ("opt/gone", True, "link"), ("opt/gone", False, "link"),
    ("usr/foreign", False, None), ("alternatives/mta", True, "alternatives"), ("alternatives/mta", False, None),
])
def test_how_a_command_is_made_to_lead_here(commands, monkeypatch, link, needed, step):
    monkeypatch.setattr(source, "ALTERNATIVES", str(commands.join("alternatives")))
    commands.join("alternatives", "mta").mksymlinkto(str(commands.join("usr", "foreign")))
    command, target = commands.join("usr", "sendmail"), str(commands.join("opt", "sendmail"))
    if link:
        command.mksymlinkto(str(commands.join(*link.split("/"))))
    found = source.link_step(str(command), target, needed)
    assert (found and found[0]) == step
    if step == "alternatives":
        assert found == ("alternatives", str(command), "mta")


def test_a_link_to_what_was_built_below_another_prefix_is_turned(commands):
    commands.join("opt", "old", "sbin", "sendmail").ensure()
    commands.join("opt", "old", source.RECORD).write("{}")
    command = commands.join("usr", "sendmail")
    command.mksymlinkto(str(commands.join("opt", "old", "sbin", "sendmail")))
    assert source.link_step(str(command), str(commands.join("opt", "sendmail")), True) == ("link", str(command))


@pytest.mark.parametrize("kind", ["file", "link"])
def test_a_command_of_another_package_is_not_taken(commands, kind):
    command = commands.join("usr", "sendmail")
    command.write("theirs") if kind == "file" else command.mksymlinkto("foreign")
    with pytest.raises(UnsafePath) as caught:
        source.link_step(str(command), str(commands.join("opt", "sendmail")), True)
    assert str(command) in caught.value.message and "Nothing was touched" in caught.value.message
    assert source.link_step(str(command), str(commands.join("opt", "sendmail")), False) is None


@pytest.fixture(name="built")
def built_(tmpdir, monkeypatch):
    """A prefix as a build leaves it (all below a directory for tests, hence the check of its place is off), and what was asked for."""
    monkeypatch.setattr(source, "check_wanted", lambda wanted: None)
    monkeypatch.setattr(source, "COMMANDS", ())
    monkeypatch.setattr(source, "HELPERS", ())
    wanted = WANTED._replace(prefix=str(tmpdir.join("sendmail")), group="root")
    made = {}
    for place in ("sbin/sendmail", "sbin/makemap", "share/sendmail-cf/m4/cf.m4"):
        made[place] = str(tmpdir.join(os.path.basename(place) + ".made"))
        with open(made[place], "w") as target:
            target.write(place)
    # Only root can give files to root.
    monkeypatch.setattr(source.disk, "_attributes", lambda handle, owner, group, mode: os.fchmod(handle, disk.parse_mode(mode)))
    monkeypatch.setattr(source.disk, "attribute_changes", lambda path, owner, group, mode: (
        [] if os.stat(path).st_mode & 0o7777 == disk.parse_mode(mode) else [("mode", "", mode)]))
    source.Build(None, wanted)._install(made)
    return wanted


def test_what_was_built_is_left_alone(built):
    found = source.Build(None, built)
    assert (found.changed, found.reasons, found.attributes) == (False, [], [])


@pytest.mark.parametrize("damage, reason", [
    (lambda prefix: prefix.join("sbin", "makemap").remove(), "makemap is not what was built"),
    (lambda prefix: prefix.join("sbin", "sendmail").write("other"), "sendmail is not what was built"),
    (lambda prefix: prefix.join(source.RECORD).remove(), "holds no sendmail of ours"),
    (lambda prefix: prefix.join(source.RECORD).write(prefix.join(source.RECORD).read().replace('"complete": true', '"complete": false')), "cut off"),
])
def test_damage_is_a_reason_to_build(built, tmpdir, damage, reason):
    damage(tmpdir.join("sendmail"))
    assert reason in " ".join(source.Build(None, built).reasons)


@pytest.mark.parametrize("values, reason", [
    ({"sha256": "cd" * 32}, "another archive"), ({"defines": ("CDB",)}, "other options"), ({"patches": ("x",)}, "patches")])
def test_another_wish_is_a_reason_to_build(built, values, reason):
    assert reason in " ".join(source.Build(None, built._replace(**values)).reasons)


def test_a_mode_is_mended_without_a_build(built, tmpdir):
    tmpdir.join("sendmail", "sbin", "sendmail").chmod(0o755)
    found = source.Build(None, built)
    assert found.reasons == [] and found.changed
    found.carry_out(None)
    assert os.stat(str(tmpdir.join("sendmail", "sbin", "sendmail"))).st_mode & 0o7777 == 0o2755


def test_the_record_knows_which_directories_were_made(built, tmpdir):
    """The next build may find all of them there; those are ours none the less, and what was there before the first is not."""
    expected = {".", "sbin", "share", "share/sendmail-cf", "share/sendmail-cf/m4"}
    source.Build(None, built)._install({"sbin/sendmail": str(tmpdir.join("sendmail", "sbin", "makemap"))})
    assert source.parse_directories(tmpdir.join("sendmail", source.RECORD).read()) == expected
    tmpdir.mkdir("local").mkdir("sbin")
    source.Build(None, built._replace(prefix=str(tmpdir.join("local"))))._install(
        {"sbin/sendmail": str(tmpdir.join("sendmail.made")), "share/x": str(tmpdir.join("makemap.made"))})
    assert source.parse_directories(tmpdir.join("local", source.RECORD).read()) == {"share"}


@pytest.mark.parametrize("text", [None, "", "{broken", "[]", '{"directories": 5}', '{"directories": [5, ["x"]]}', '{"files": {}}'])
def test_a_record_without_directories(text):
    assert source.parse_directories(text) == set()


def test_a_new_build_takes_away_what_the_former_had_alone(built, tmpdir):
    first = source.Build(None, built._replace(sha256="cd" * 32))
    first._install({"sbin/sendmail": str(tmpdir.join("sendmail", "share", "sendmail-cf", "m4", "cf.m4"))})
    assert not tmpdir.join("sendmail", "sbin", "makemap").exists() and tmpdir.join("sendmail", "sbin", "sendmail").exists()
    assert not source.Build(None, built._replace(sha256="cd" * 32)).changed


def test_what_was_not_made_here_is_not_written_over(tmpdir, monkeypatch):
    monkeypatch.setattr(source, "check_wanted", lambda wanted: None)
    monkeypatch.setattr(source, "COMMANDS", ())
    monkeypatch.setattr(source, "HELPERS", ())
    tmpdir.mkdir("local").mkdir("sbin").join("sendmail").write("by hand")
    with pytest.raises(UnsafePath) as caught:
        source.Build(None, WANTED._replace(prefix=str(tmpdir.join("local")))).refuse_foreign()
    assert "sbin/sendmail" in caught.value.message and "was not built by this collection" in caught.value.message
