# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Tables of cases over the shell variable files; a real shell says whether a quoted value comes back."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import subprocess
import sys

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import sysconf
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, CommitError, InvalidValue
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result

NOTE = "# " + sysconf.COMMENT + "\n"


@pytest.mark.parametrize("text, values, expected", [
    # the value changes, the rest of the line stays
    ('DAEMON="no"\n', {"DAEMON": "yes"}, 'DAEMON="yes"\n'),
    ("DAEMON=no\n", {"DAEMON": "yes"}, "DAEMON=yes\n"),
    ("DAEMON='no'\n", {"DAEMON": "yes"}, "DAEMON='yes'\n"),
    ("DAEMON=\n", {"DAEMON": "yes"}, "DAEMON=yes\n"),
    ('  DAEMON="no";  \n', {"DAEMON": "yes"}, '  DAEMON="yes";  \n'),
    ("A=1\n# why\nDAEMON=no\nB=2\n", {"DAEMON": "yes"}, "A=1\n# why\nDAEMON=yes\nB=2\n"),
    # a style that can not hold the value gives way
    ("OPTS=-bd\n", {"OPTS": "-bd -q1h"}, 'OPTS="-bd -q1h"\n'),
    ("OPTS='-bd'\n", {"OPTS": "it's"}, 'OPTS="it\'s"\n'),
    ("OPTS=-bd\n", {"OPTS": ""}, 'OPTS=""\n'),
    # what only a shell could tell is replaced by what is wanted
    ('QUEUE="${DAEMON}";\n', {"QUEUE": "cron"}, 'QUEUE="cron";\n'),
    ("HOME_OF=~/x\n", {"HOME_OF": "/x"}, "HOME_OF=/x\n"),
    # already so, in any spelling
    ("DAEMON=yes\n", {"DAEMON": "yes"}, "DAEMON=yes\n"),
    ("DAEMON='yes'\n", {"DAEMON": "yes"}, "DAEMON='yes'\n"),
    (r'OPTS="a\$b\"c\\d\`e"' + "\n", {"OPTS": 'a$b"c\\d`e'}, r'OPTS="a\$b\"c\\d\`e"' + "\n"),
    ("N=1\n", {"N": "1"}, "N=1\n"),
    # a key that is commented out is none; a longer key is another one
    ("#DAEMON=no\n", {"DAEMON": "yes"}, "#DAEMON=no\n" + NOTE + 'DAEMON="yes"\n'),
    ("MYDAEMON=no\nDAEMON_X=no\n", {"DAEMON": "yes"}, "MYDAEMON=no\nDAEMON_X=no\n" + NOTE + 'DAEMON="yes"\n'),
    # new keys: sorted, one comment, not twice
    ("", {"B": "2", "A": "1"}, NOTE + 'A="1"\nB="2"\n'),
    (NOTE + 'A="1"\n', {"A": "1", "B": "2"}, NOTE + 'A="1"\nB="2"\n'),
    # the last one counts in a shell
    ("D=yes\nD=no\n", {"D": "yes"}, "D=yes\n"),
    ("D=no\nD=yes\n", {"D": "yes"}, "D=no\nD=yes\n"),
    ('D=a\nQ="$D"\nD=b\n', {"D": "c"}, 'D=c\nQ="$D"\n'),
    # line ends
    ("D=no\r\nE=1\r\n", {"D": "yes"}, "D=yes\r\nE=1\r\n"),
    ("E=1\r\n", {"D": "yes"}, "E=1\r\n" + NOTE.replace("\n", "\r\n") + 'D="yes"\r\n'),
    ("E=1\nD=no", {"D": "yes"}, "E=1\nD=yes"),
    ("E=1", {"D": "yes"}, "E=1\n" + NOTE + 'D="yes"'),
    # lines of no concern to a managed key stay, whatever they are
    ("export PATH=/bin\nX=$(date)\nY=a\\\nb\nif [ x ]; then Z=1; fi\nD=no\n", {"D": "yes"},
     "export PATH=/bin\nX=$(date)\nY=a\\\nb\nif [ x ]; then Z=1; fi\nD=yes\n"),
    ("X='\nD=inside\n'\nD=no\n", {"D": "yes"}, "X='\nD=inside\n'\nD=yes\n"),
    ('X="\nD=inside \\" still\n"\nD=no\n', {"D": "yes"}, 'X="\nD=inside \\" still\n"\nD=yes\n'),
    ("# it's one quote in a comment\nD=no\n# and \"another\n", {"D": "yes"}, "# it's one quote in a comment\nD=yes\n# and \"another\n"),
    ("X=a#b\nD=a#b\n", {"D": "a"}, "X=a#b\nD=a\n"),
    ("echo 'D=1'\nD=no\n", {"D": "yes"}, "echo 'D=1'\nD=yes\n"),
    ("export D\nD=no\n", {"D": "yes"}, "export D\nD=yes\n"),
    ("X=\udcff\nD=no\n", {"D": "yes"}, "X=\udcff\nD=yes\n"),
    ("X=1\x85\nD=no\n", {"D": "yes"}, "X=1\x85\nD=yes\n"),
    ("if [ x ]; then\nA=1\nfi\nf() { a; }\ncase x in\na) b;;\nesac\nD=no\n", {"D": "yes"},
     "if [ x ]; then\nA=1\nfi\nf() { a; }\ncase x in\na) b;;\nesac\nD=yes\n"),
    ("X=${Y:-z}\nD=no\n", {"D": "yes"}, "X=${Y:-z}\nD=yes\n"),
])
def test_apply(text, values, expected):
    assert sysconf.apply(text, values)[0] == expected
    assert sysconf.apply(expected, values) == (expected, [])


@pytest.mark.parametrize("text, line, reason", [
    ("A=1\nexport D=no\n", 2, "'export'"),
    ("readonly D=no\n", 1, "'readonly'"),
    ("D=no # why\n", 1, "comment follows"),
    ('D="no"; # why\n', 1, "comment follows"),
    ("D=a\\\nb\n", 1, "more than one line"),
    ('A=1\nD="a\nb"\n', 2, "more than one line"),
    ("D=$(hostname)\n", 1, "from a command"),
    ('D="x $(hostname)"\n', 1, "from a command"),
    ("D=`hostname`\n", 1, "from a command"),
    ("A=1; D=no\n", 1, "not a plain"),
    ("D=no sendmail -q\n", 1, "not a plain"),
    ("D = no\n", 1, "not a plain"),
    ("D+=x\n", 1, "not a plain"),
    ("if [ x ]; then\n  D=no; E=1\nfi\n", 2, "not a plain"),
    (': "${D:=no}"\n', 1, "not a plain"),
    ("D=1\nunset D\n", 2, "not a plain"),
    ("D='a'\"b\"\n", 1, "not a plain"),
    ("D=a\\ b\n", 1, "not a plain"),
    ("D='never closed\nE=1\n", 1, "more than one line"),
    ("cat <<X\nD=no\nX\n", 1, "here-document"),
    ("if [ x ]\nthen\n  D=no\nfi\n", 3, "inside a branch"),
    ("case $X in\na) A=1;;\nb)\n  D=no\n  ;;\nesac\n", 4, "inside a branch"),
    ("f() {\n  D=no\n}\n", 2, "inside a branch"),
    ("for x in a b; do\nD=no\ndone\n", 2, "inside a branch"),
    ("X=$(\nD=no\n)\n", 2, "inside a branch"),
])
def test_refusals(text, line, reason):
    with pytest.raises(InvalidValue) as caught:
        sysconf.apply(text, {"D": "yes"}, "/etc/x")
    assert "/etc/x, line %d: D " % line in caught.value.message
    assert reason in caught.value.message
    assert caught.value.details["line"] == line


@pytest.mark.parametrize("values, word", [
    ({"D": True}, "boolean"), ({"D": None}, "not text"), ({"D": 1.5}, "not text"), ({"D": ["a"]}, "not text"), ({"D": "a\nb"}, "control"),
    ({"D": "a\rb"}, "control"), ({"D": "\0"}, "control"), ({"1D": "a"}, "name"), ({"D-E": "a"}, "name"), ({"D E": "a"}, "name"), ({"": "a"}, "name"),
    ({"D\n": "a"}, "name"),
])
def test_bad_values(values, word):
    with pytest.raises(InvalidValue) as caught:
        sysconf.check_values(values)
    assert word in caught.value.message


TABLE = [{"path": "/a", "values": {"ONE": "1"}, "mode": "0644"}, {"path": "/b", "values": {"TWO": "2"}, "missing": "skip"}]


@pytest.mark.parametrize("table, extra, expected", [
    ([], {}, []),
    (TABLE, {}, [("/a", {"ONE": "1"}, "create"), ("/b", {"TWO": "2"}, "skip")]),
    (TABLE, {"NEW": "x"}, [("/a", {"ONE": "1", "NEW": "x"}, "create"), ("/b", {"TWO": "2"}, "skip")]),
    (TABLE, {"TWO": "x"}, [("/a", {"ONE": "1"}, "create"), ("/b", {"TWO": "x"}, "skip")]),
])
def test_boot_files(table, extra, expected):
    assert [(entry["path"], entry["values"], entry["missing"]) for entry in sysconf.boot_files(table, extra)] == expected
    assert [entry["mode"] for entry in sysconf.boot_files(TABLE, {})] == ["0644", "0644"]
    assert TABLE[0]["values"] == {"ONE": "1"} and TABLE[1]["values"] == {"TWO": "2"}


def test_boot_flags_without_a_file():
    with pytest.raises(InvalidValue):
        sysconf.boot_files([], {"ONE": "1"})


def test_a_reader_with_limits():
    assert sysconf.check_values({"D": 'a"b', "N": 5}, "/etc/sysconfig/sendmail") == {"D": 'a"b', "N": "5"}
    with pytest.raises(InvalidValue) as caught:
        sysconf.check_values({"D": 'a"b'}, "/etc/mail/sendmail.conf")
    assert "sendmailconfig" in caught.value.message


@pytest.mark.parametrize("text", ["D=no\n", "D=yes\n", "D='yes'\n", 'D="no"\n'])
def test_debian_reads_double_quotes_only(text):
    assert sysconf.apply(text, {"D": "yes"}, "/etc/mail/sendmail.conf")[0] == 'D="yes"\n'
    assert sysconf.apply('D="yes"\n', {"D": "yes"}, "/etc/mail/sendmail.conf") == ('D="yes"\n', [])


@pytest.mark.parametrize("missing, after", [("create", b'N="1"\n'), ("skip", None)])
def test_plan_of_a_missing_file(tmpdir, missing, after):
    found = sysconf.plan(str(tmpdir.join("none")), {"N": 1}, missing=missing)
    assert found.before is None and (found.after or b"").endswith(after or b"")
    assert sysconf.is_change(found) is (missing == "create")
    assert not tmpdir.join("none").exists()


def test_plan_keeps_mode_and_bytes(tmpdir):
    target = tmpdir.join("file")
    target.write_binary(b"X=\xff\xfe\nD=no")
    target.chmod(0o640)
    found = sysconf.plan(str(target), {"D": "yes"})
    assert (found.after, found.mode, found.attributes) == (b"X=\xff\xfe\nD=yes", "0640", [])


@pytest.mark.parametrize("path, missing, word", [("/nonexistent/file", "fail", "does not exist"), ("relative", "create", "not absolute")])
def test_plan_refuses(path, missing, word):
    with pytest.raises(InvalidValue) as caught:
        sysconf.plan(path, {"D": "yes"}, missing=missing)
    assert word in caught.value.message


def test_what_is_no_file_of_text_is_refused(tmpdir):
    zero = tmpdir.join("zero")
    zero.write_binary(b"A=1\n\0\nD=no\n")
    tmpdir.mkdir("directory")
    tmpdir.join("link").mksymlinkto("zero")
    for name, kind, word in (("zero", InvalidValue, "no text: byte 4"), ("directory", CommitError, "no plain file"), ("link", CommitError, "symbolic link")):
        with pytest.raises(kind) as caught:
            sysconf.plan(str(tmpdir.join(name)), {"D": "yes"}, missing="create")
        assert word in caught.value.message and str(tmpdir.join(name)) in caught.value.message


class Runner:
    """Stands in for the one that starts programs: remembers what it was asked, and answers with one exit status."""

    def __init__(self, rc):
        self.rc, self.asked = rc, []

    def run(self, argv, **_options):
        self.asked.append(list(argv))
        if self.rc is None:
            raise CommandFailed("it did not end.")
        return Result(self.rc, "", "SuSEconfig: broken" if self.rc else "")


@pytest.fixture(name="plans")
def plans_(tmpdir, monkeypatch):
    """Two files with the same command, one without, one whose command this host has not; all of them change, one is new."""
    monkeypatch.setattr(sysconf.disk, "user_id", lambda owner: os.getuid())
    monkeypatch.setattr(sysconf.disk, "group_id", lambda group: os.getgid())
    command, paths = [sys.executable, "-V"], [str(tmpdir.join(name)) for name in "abcd"]
    for path in paths[:3]:
        with open(path, "w") as target:
            target.write("D=no\n")
    commands = [command, command, None, ["/nonexistent/SuSEconfig"]]
    return [sysconf.plan(path, {"D": "yes"}, missing="create", command=words) for path, words in zip(paths, commands)]


def contents(plans):
    return [os.path.exists(plan.path) and open(plan.path).read() for plan in plans]


def test_what_brings_files_into_force_is_run_once_and_only_where_it_is(plans):
    runner = Runner(0)
    sysconf.carry_out(plans, runner)
    assert runner.asked == [[sys.executable, "-V"]]
    assert all('D=yes' in text or 'D="yes"' in text for text in contents(plans))


@pytest.mark.parametrize("rc, word", [(1, "SuSEconfig: broken"), (None, "did not end")])
def test_if_it_fails_the_files_are_put_back(plans, rc, word):
    """Otherwise the next run would find nothing to do."""
    with pytest.raises(CommandFailed) as caught:
        sysconf.carry_out(plans, Runner(rc))
    assert contents(plans) == ["D=no\n", "D=no\n", "D=no\n", False]
    assert word in caught.value.message and plans[0].path in caught.value.message and plans[2].path not in caught.value.message


def test_a_file_twice():
    with pytest.raises(InvalidValue):
        sysconf.refuse_twice(["/a", "/b", "/a"])
    sysconf.refuse_twice(["/a", "/b"])


@pytest.mark.parametrize("style", ["double", "single", "bare"])
@pytest.mark.parametrize("value", ["yes", "", "a b", "$(touch /tmp/never)", "`id`", "$HOME", 'a"b', "a'b", "\\", "a\\", "#x", "~", "*", "; id",
                                   "!x", "\t", "\u00fc"])
def test_the_shell_reads_back_what_was_quoted(value, style):
    script = "D=%s; printf %%s \"$D\"" % sysconf.quote(value, style)
    assert subprocess.check_output(["sh", "-c", script]).decode("utf-8") == value


@pytest.mark.parametrize("value", ["yes", "a b", "$(id)", 'a"b', "a'b", "\\", "a\\b", "~", "#x", "a#b", "; id"])
@pytest.mark.parametrize("start", ["D=old\n", "D='old'\n", 'D="old"\n', ""])
def test_values_are_found_again(value, start):
    text = sysconf.apply(start, {"D": value})[0]
    assert sysconf.apply(text, {"D": value}) == (text, [])


def test_changes_tell_before_and_after():
    changes = sysconf.apply("A=1\nD=no\nQ=$X\n", {"A": "1", "D": "yes", "Q": "z", "N": "new"})[1]
    assert [tuple(change) for change in changes] == [("D", "no", "yes", 2), ("Q", None, "z", 3), ("N", None, "new", None)]


def test_debian_file_loses_nothing():
    text = "# DAEMON_MODE=\"Daemon\";  Keyword\n#\tAGE_DATA=\"[['25m', '', 'hourly'],\\\n#\t\t'x']]\";\nDAEMON_MODE=\"Daemon\";\nHANDS_OFF=\"No\";\n"
    assert sysconf.apply(text, {"HANDS_OFF": "Yes"})[0] == text.replace('HANDS_OFF="No"', 'HANDS_OFF="Yes"')
