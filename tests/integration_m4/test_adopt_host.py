# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A host's files, adopted with the real m4: nothing outside of the configuration is read, and what can not be read is named."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import subprocess

import pytest
from real_m4 import CF, HEAD, M4, MAILERS

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_host, adopt_text, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner

FEATURES = "FEATURE(`access_db', `hash -T<TMPF> ETC/access')dnl\nFEATURE(`mailertable', `hash ETC/mailertable')dnl\nFEATURE(`use_cw_file')dnl\n"
FILES = "define(`confCW_FILE', `ETC/local-host-names')dnl\ndefine(`confCR_FILE', `-o ETC/relay-domains')dnl\ndefine(`ALIAS_FILE', `ETC/aliases')dnl\n"
# A stage of the tests unpacks it from the package.
MAKEMAP = os.environ.get("MAKEMAP")


@pytest.fixture(name="etc")
def _etc(tmp_path):
    """A configuration directory, and beside it what is nobody's business."""
    (tmp_path / "secret.m4").write_text("define(`confMAX_HOP', `77')dnl\nLOCAL_CONFIG\n# canary\nDXcanary\n")
    etc = tmp_path / "mail"
    etc.mkdir()
    return etc


def adoption(etc, **params):
    """The adoption of what lies there."""
    paths = {kind: str(etc / kind) for kind in ("access", "mailertable", "local-host-names", "relay-domains", "aliases")}
    return adopt_host.Adoption(Runner(), dict({
        "mta": {"source": str(etc / "sendmail.mc"), "compiled": str(etc / "sendmail.cf")}, "msp": {"source": str(etc / "submit.mc"), "compiled": str(
            etc / "submit.cf")}, "library": CF, "m4": M4, "makemap": "", "paths": paths}, **params))


def source(etc, text):
    """Write the .mc."""
    (etc / "sendmail.mc").write_text(HEAD + text.replace("ETC", str(etc)) + MAILERS)


@pytest.mark.parametrize("line", ["include(`BESIDE/secret.m4')dnl\n", "sinclude(`BESIDE/secret.m4')dnl\n", "include(`ETC/../secret.m4')dnl\n",
                                  "include(`ETC/link.m4')dnl\n"])
def test_m4_reads_no_file_that_the_wary_reader_refused(etc, line):
    (etc / "link.m4").symlink_to("../secret.m4")
    text = line.replace("BESIDE", str(etc.parent))
    source(etc, text)
    (etc / "sendmail.cf").write_text(adoption(etc).compile("/x", HEAD + MAILERS)[0])
    found = adoption(etc).read()
    assert "canary" not in repr(found) and found["mta"]["edited"] == [] and "is no file of the cf library" in repr(found["mta"]["complaints"])
    path = str(etc.parent / "secret.m4")
    rendered = m4.preamble([path]) + HEAD + "include(`%s')dnl\n" % path + MAILERS
    rows, said = adoption(etc).differences("mta", rendered)
    assert rows == [] and "canary" not in repr(said)


def test_a_file_below_the_configuration_is_read_by_both(etc):
    (etc / "site.m4").write_text("define(`confMAX_HOP', `77')dnl\n")
    source(etc, "include(`ETC/site.m4')dnl\n")
    found = adoption(etc).read()["mta"]
    assert found["variables"]["options"]["confMAX_HOP"] == "77" and found["complaints"] == []
    printed = adopt_text.lines(found["variables"])
    text = m4.preamble() + "\n".join(printed["early"] + ["include(`%s/m4/cf.m4')dnl" % CF] + printed["body"]) + "\n"
    assert adoption(etc).differences("mta", text) == ([], [])
    assert [row["name"] for row in adoption(etc).differences("mta", text.replace("77", "78"))[0]] == ["MaxHopCount"]


def test_words_of_m4_name_the_line_of_the_source(etc):
    source(etc, "\n\nsubstr(`abc')dnl\neval(`1+')dnl\n")
    with pytest.raises(McError):
        adoption(etc).read()
    source(etc, "\nFEATURE(`no_such_feature')dnl\n")
    with pytest.raises(McError) as refused:
        adoption(etc).read()
    assert "%s:4:" % (etc / "sendmail.mc") in refused.value.message


def test_what_the_cf_names_and_nobody_can_read_is_named(etc):
    source(etc, FEATURES + FILES)
    (etc / "access").write_text("x" * 70 + "\n")
    os.truncate(str(etc / "access"), adopt_host.MAP_LIMIT + 1)
    (etc / "local-host-names").symlink_to("../secret.m4")
    found = adoption(etc).read()
    remarks = {one.partition(": ")[0].rpartition("/")[2]: one for one in found["remarks"]}
    assert sorted(remarks) == ["access", "aliases", "local-host-names", "mailertable", "relay-domains"] and found["files"] == []
    assert "larger than 64 MiB" in remarks["access"] and "does not exist" in remarks["mailertable"] and "a link to" in remarks["local-host-names"]
    assert set(found["tables"]) == {"map_type"} and "canary" not in repr(found)


@pytest.mark.parametrize("name", ["sendmail.mc", "sendmail.cf"])
def test_a_configuration_that_can_not_be_read_is_not_passed_over(etc, name):
    source(etc, "")
    (etc / "sendmail.cf").write_text(adoption(etc).compile("/x", HEAD + MAILERS)[0])
    os.truncate(str(etc / name), adopt_host.MC_LIMIT + 1)
    with pytest.raises(McError) as refused:
        adoption(etc).read()
    assert "larger than 1 MiB" in refused.value.message and name in refused.value.message


def test_a_database_without_a_source_is_dumped(etc):
    assert MAKEMAP, "MAKEMAP names no makemap; tests/run.py m4 unpacks one"
    source(etc, FEATURES + FILES)
    texts = {"mailertable": "b.example\tsmtp:[c.example]\na.example\tsmtp:[d.example]\n", "aliases": "postmaster\troot, ann\n@\t@\n"}
    for name, text in texts.items():
        subprocess.run([MAKEMAP, "-C", "/dev/null", "hash", str(etc / name)], input=text.encode("ascii"), check=True)
    found = adoption(etc, makemap=MAKEMAP).read()
    assert found["tables"]["mailertable"]["entries"] == [{"key": "a.example", "value": "smtp:[d.example]"}, {"key": "b.example", "value": "smtp:[c.example]"}]
    assert found["tables"]["aliases"]["entries"] == [{"key": "postmaster", "value": "root, ann"}]
    assert sum("there is a database and no source" in one for one in found["remarks"]) == 2
    assert any("mailertable: the .cf names it, and it does not exist" in one for one in adoption(etc).read()["remarks"])


def test_passwords_in_a_database_without_a_source_stay_there(etc):
    assert MAKEMAP, "MAKEMAP names no makemap; tests/run.py m4 unpacks one"
    source(etc, FEATURES)
    text = "AuthInfo:a.example\t\"U:x\" \"P:correct-horse\"\n"
    subprocess.run([MAKEMAP, "-C", "/dev/null", "hash", str(etc / "access")], input=text.encode("ascii"), check=True)
    found = adoption(etc, makemap=MAKEMAP).read()
    assert "correct-horse" not in repr(found)
    assert "access" not in found["tables"] and any("holds passwords and has no source" in one for one in found["remarks"])
