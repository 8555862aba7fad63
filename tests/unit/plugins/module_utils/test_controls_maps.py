# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Databases against their texts, and what sendmail finds in them. The programs are of paper here; tests/integration_m4 asks the real makemap."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_maps
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import LIMIT
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, file

BY_ID = {control.id: control for control in controls_maps.CONTROLS}
CF = """\
DZ8.18.1/
Kaccess hash -T<TMPF> /etc/mail/access
Kmailertable hash -o /etc/mail/mailertable.db
Kauthinfo btree /etc/mail/authinfo
Kdequote dequote
Kldap ldap -k (x=%0) -v y
O AliasFile=hash:/etc/aliases, ldap:x
"""
TEXTS = {"/etc/mail/access": "# ours\nConnect:10.20\tRELAY\nFrom:a@b.example\tERROR:5.7.1:\"550 no\"\n", "/etc/mail/mailertable": "corp.example\trelay:[h]\n",
         "/etc/mail/authinfo": "AuthInfo:hub\t\"I=secret\" \"P=secret\"\n", "/etc/aliases": "Postmaster: root\nroot: a@b.example,\n  c@d.example\n"}
STORED = {("hash", "/etc/mail/access"): "connect:10.20\tRELAY\nfrom:a@b.example\tERROR:5.7.1:\"550 no\"\n",
          ("hash", "/etc/mail/mailertable"): "corp.example\trelay:[h]\n", ("btree", "/etc/mail/authinfo"): "authinfo:hub\t\"I=secret\" \"P=secret\"\n",
          ("hash", "/etc/aliases"): "@\t@\nroot\ta@b.example,  c@d.example\npostmaster\troot\n"}
FOUND = {"access connect:10.20": "RELAY", "mailertable corp.example": "relay:[h]", "authinfo authinfo:hub": '"I=secret" "P=secret"',
         "Alias0 postmaster": "root"}


def view(texts=None, stored=None, found=None, files=None, cf=CF, uid="0\n"):
    """A host; what is given as None in ``texts`` or ``stored`` is not there."""
    texts, stored, found = [dict(list(usual.items()) + list((given or {}).items())) for usual, given in ((TEXTS, texts), (STORED, stored), (FOUND, found))]
    whole = {path: text for path, text in texts.items() if text is not None}
    whole.update({path + ".db": file("x", mode=0o640, mtime=100) for (_kind, path), text in stored.items() if text is not None})
    whole.update(files or {})
    runs = {("/usr/sbin/makemap", "-C", configuration, "-u") + key: text for configuration in ("/etc/mail/sendmail.cf", "/dev/null")
            for key, text in stored.items() if text is not None}

    def ask(script):
        return "> " + "\n> ".join(_answer(line[5:], found) for line in script.splitlines())
    runs.update({("makemap",): "", ("sendmail",): "", ("/usr/sbin/sendmail", "-C", "/etc/mail/sendmail.cf", "-bt"): ask, ("id", "-u"): uid})
    return FakeView(cf=cf, files=whole, runs=runs)


def _answer(asked, found):
    name, key = asked.split(" ", 1)
    said = found.get(asked)
    if said == "not open":
        return 'Map named "%s" not open' % name
    return "map_lookup: %s (%s) %s" % (name, key, "returns %s (0)" % said if said is not None else "no match (68)")


def judged(name, seen):
    ((_control, judgement),) = controls.judge(seen, [BY_ID[name]])
    assert "secret" not in str(judgement)
    return judgement


@pytest.mark.parametrize("name", sorted(BY_ID))
def test_a_good_host(name):
    found = judged(name, view())
    assert found.verdict == controls.PASS, found
    assert len(found.evidence) == 4


A = ("hash", "/etc/mail/access")
BAD = [
    ("SM-MAP-01", view(stored={A: "connect:10.20\tRELAY\n"}), "1 entries are missing: from:a@b.example"),
    ("SM-MAP-01", view(stored={A: STORED[A] + "connect:8\tRELAY\n"}), "in no line of the text: connect:8"),
    ("SM-MAP-01", view(stored={A: STORED[A].replace("RELAY", "REJECT")}), "say something else: connect:10.20"),
    ("SM-MAP-01", view(stored={("btree", "/etc/mail/authinfo"): "authinfo:hub\t\"I=secret\" \"P=secret2\"\n"}), "something else: authinfo:hub"),
    ("SM-MAP-01", view(stored={("hash", "/etc/aliases"): "@\t@\nroot\ta@b.example\npostmaster\troot\n"}), "something else: root"),
    ("SM-MAP-01", view(stored={A: None}), "no database"), ("SM-MAP-01", view(stored={("hash", "/etc/mail/mailertable"): None}), "no database"),
    ("SM-MAP-01", view(files={"/etc/mail/access": file("", size=LIMIT + 1, mtime=200)}), "changed after"),
    ("SM-MAP-02", view(found={"access connect:10.20": None}), "no answer (status 68)"),
    ("SM-MAP-02", view(found={"access connect:10.20": "not open"}), "not open"),
    ("SM-MAP-02", view(stored={A: None}, found={"access connect:10.20": "not open"}), "not open"),
    ("SM-MAP-02", view(found={"authinfo authinfo:hub": "other"}), "another answer")]


@pytest.mark.parametrize("name, seen, words", BAD, ids=["%s %s" % (row[0], row[2]) for row in BAD])
def test_one_thing_changed(name, seen, words):
    found = judged(name, seen)
    assert found.verdict == controls.FAIL, found
    assert any(words in one.seen for one in found.evidence), found
    assert all(one.where and one.wanted for one in found.evidence)


OTHER = [
    # An optional table that nobody has written yet; a database without its text; a text too large, older than its database.
    ("SM-MAP-01", view(texts={"/etc/mail/mailertable": ""}, stored={("hash", "/etc/mail/mailertable"): None}), "pass"),
    ("SM-MAP-01", view(texts={"/etc/mail/mailertable": None}), "pass"), ("SM-MAP-01", view(files={"/etc/mail/access": file("", size=LIMIT + 1)}), "pass"),
    # Of aliases without a type and without a database sendmail reads the text.
    ("SM-MAP-01", view(cf=CF.replace("hash:/etc/aliases", "/etc/aliases"), stored={("hash", "/etc/aliases"): None}), "pass"),
    # Of a key that stands twice either value will do; blanks say nothing.
    ("SM-MAP-01", view(texts={"/etc/mail/access": TEXTS["/etc/mail/access"] + "connect:10.20   OK  \n"}), "pass"),
    ("SM-MAP-01", view(cf="O LogLevel=9\n"), "not applicable"), ("SM-MAP-02", view(cf="O LogLevel=9\n"), "not applicable"),
    ("SM-MAP-01", view(stored={A: Result(1, "", "makemap: error opening type hash map: Permission denied")}), "unknown"),
    ("SM-MAP-01", view(files={"/etc/mail/access": file(None)}), "unknown"), ("SM-MAP-01", view(texts={"/etc/aliases": "no colon\n"}), "unknown"),
    # Who may not open a database can not say that sendmail can not.
    ("SM-MAP-02", view(found={"access connect:10.20": "not open"}, uid="1000\n"), "unknown"),
    ("SM-MAP-02", view(texts={"/etc/mail/access": None}), "pass"),
    ("SM-MAP-02", view(stored={("hash", "/etc/mail/mailertable"): None}, found={"mailertable corp.example": None}), "pass"),
    ("SM-MAP-02", view(cf=CF.replace("8.18.1", "8.11.6"), found={"Alias0 postmaster": None}), "pass")]


@pytest.mark.parametrize("name, seen, verdict", OTHER)
def test_other_hosts(name, seen, verdict):
    assert judged(name, seen).verdict == verdict


@pytest.mark.parametrize("line, wanted", [
    ("/etc/aliases", [("implicit", "/etc/aliases")]),
    ("hash:/etc/aliases,/etc/aliases.d/lists", [("hash", "/etc/aliases"), ("implicit", "/etc/aliases.d/lists")]),
    ("-o /etc/mail/aliases", [("implicit", "/etc/mail/aliases")]), ("dbm -o:/etc/aliases", [("dbm", "/etc/aliases")]), ("nis:mail.aliases", []), ("", [])])
def test_alias_files(line, wanted):
    found = controls_maps.tables_of(FakeView(cf="O AliasFile=%s\n" % line))
    assert [(one.klass, one.path) for one in found] == wanted
    assert [one.name for one in found] == ["Alias%d" % number for number in range(len(wanted))]


def test_each_table_once():
    found = controls_maps.tables_of(FakeView(cf=CF + "O UserDatabaseSpec=/etc/mail/userdb.db\n", msp=CF))
    assert [one.name for one in found] == ["access", "mailertable", "authinfo", "Alias0", ""]
