# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls of relaying, protocol, limits and maps, held against configurations that the real m4 made.

What distributions ship shows the faults that it has, what this collection makes has none, and each feature that opens relaying is known by the rules that it
leaves. Maps are made by the real makemap.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re
import subprocess

import pytest
import real_m4
import test_profiles
import test_templates
from conftest import text_at
from real_m4 import HEAD, MAILERS, compile_mc, library_version

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, controls, controls_table, tables
from ansible_collections.mailjail.sendmail.plugins.module_utils.hostview import View
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Runner
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import FakeView, file

FAMILIES = ("REL", "SMTP", "DOS", "MAP", "QUEUE")
# What only the real programs tell.
ASKED = ("SM-REL-02", "SM-MAP-01", "SM-MAP-02")
TREES = os.path.join(os.path.dirname(test_templates.ROLES), "images", "trees")
# The stock help file, as far as it matters.
HELP = "#vers\t2\nsmtp\tThis is sendmail version $v\nsmtp\tTopics:\nhelp\tHELP [ <topic> ]\n"
FILES = {"/etc/mail/helpfile": HELP, "/etc/mail/access.db": file("x"), "/etc/mail/relay-domains": ""}


def judged(view, profile="", without=ASKED):
    """Return the verdict and the evidence of each control, by its id."""
    return {control.id: judgement for control, judgement in controls.judge(view, controls_table.chosen(profile, only=FAMILIES, without=without))}


def fallen(view, profile=""):
    """Return the ids of what failed; nothing may be unknown."""
    found = judged(view, profile)
    assert not [(name, one) for name, one in found.items() if one.verdict == controls.UNKNOWN]
    return {name for name, one in found.items() if one.verdict == controls.FAIL}


def compiled(text):
    """Compile a text; m4 may warn."""
    found = compile_mc(text)
    assert found.rc == 0 and re.search("^Mlocal,", found.cf, re.M), found.err
    return found.cf


# ---- as shipped

COMMON = {"SM-REL-06", "SM-SMTP-01", "SM-SMTP-02", "SM-SMTP-03", "SM-SMTP-07", "SM-SMTP-09", "SM-SMTP-10", "SM-DOS-01", "SM-DOS-03", "SM-DOS-04", "SM-DOS-05",
          "SM-DOS-06", "SM-DOS-07", "SM-DOS-09"}
# Debian counts clients, takes mail after HELO only and returns no bodies; it lets mail go round a hundred hosts. The lines of its access map:
DEBIAN_ACCESS = "Connect:127\tRELAY\nClientRate:127\t0\nClientConn:127\t0\nGreetPause:\t5000\nClientRate:\t10\nClientConn:\t10\nConnect:192.0.2 REJECT\n"


def test_debian_as_shipped(text_of):
    cf = compiled(text_of(real_m4.CF + "/debian/sendmail.mc").replace("[smtp.provider.example]", ""))
    assert fallen(FakeView(cf=cf, files=dict(FILES, **{"/etc/mail/access": DEBIAN_ACCESS}))) == COMMON | {"SM-DOS-08"}


@pytest.mark.parametrize("path, also", [("rpms-el/build/sources/sendmail.mc", {"SM-REL-08", "SM-REL-09"}), ("rpms-suse/build/sources/linux.mc", set())])
def test_red_hat_and_suse_as_shipped(path, also):
    text = re.sub(r"/usr/share/sendmail(?:-cf)?(?=/m4)", real_m4.CF, text_at(os.path.join(TREES, path)))
    for mark, value in (("@MAPTYPE@", "hash"), ("@SUFFIX@", "db"), ("@TOOLS@", "/usr/lib/sendmail.d"), ("suse-linux", "linux")):
        text = text.replace(mark, value)
    found = fallen(FakeView(cf=compiled(text), files=dict(FILES, **{"/etc/mail/access": "Connect:127.0.0.1\tRELAY\n"})))
    assert found == COMMON | {"SM-REL-05", "SM-SMTP-04", "SM-SMTP-08", "SM-DOS-02"} | also


# ---- as this collection makes it

def hardened(said, template=None):
    """Return a host with the configuration, maps and files of a site."""
    variables = test_templates.variables_of(said)
    plan = test_templates.expression("{{ __sendmail_plan }}").render(variables)
    template = template or (said.get("__sendmail_profile") or {}).get("mc_template", "sendmail.mc.j2")
    context = tables.Context(**{key: value for key, value in plan["context"].items() if value is not None})
    files = {one["path"]: file(one["content"] if "content" in one else tables.entries_text(one["kind"], one["lines"], context=context), mode=0o444)
             for one in plan["files"] if "content" in one or "lines" in one}
    for one in plan["maps"]:
        files[one["path"]] = tables.entries_text(one["kind"], one["entries"], context=context)
        files[one["path"] + ".db"] = file("x", mode=0o640)
    profile = (said.get("__sendmail_profile") or {}).get("name", "")
    return FakeView(cf=compiled(test_templates.rendered(template, said)), files=files, site={"profile": profile}), profile


GATEWAY = dict(test_templates.PROFILE, sendmail_relay_networks=["10.20.0.0/16", "2001:db8:20::/48"])
HARDENED = {
    "gateway": GATEWAY, "bare": dict(test_templates.PROFILE), "unprivileged": dict(GATEWAY, sendmail_privilege="unprivileged"),
    "full": dict(test_templates.FULL, **dict(GATEWAY, sendmail_virtusertable={"entries": [{"key": "@virt.example", "value": "x@corp.example"}],
                                                                              "domains": ["virt.example"]})),
    "hub": test_profiles.profile("hub", sendmail_mail_server=""), "direct": test_profiles.DIRECT, "listener": test_profiles.LISTENER}


@pytest.mark.parametrize("name", sorted(HARDENED))
def test_a_hardened_host_has_no_failure(name):
    view, profile = hardened(HARDENED[name])
    assert fallen(view, profile) == set()


def test_a_gateway_has_none_either_where_nobody_says_that_it_is_one():
    view, _profile = hardened(GATEWAY)
    view.site.clear()
    assert fallen(view) == set()


# ---- features by their rules

OPENING = ("promiscuous_relay", "relay_entire_domain", "relay_based_on_MX", "relay_local_from", "relay_mail_from", "loose_relay_check")


@pytest.mark.parametrize("delayed", ["", "FEATURE(`delay_checks')dnl\n"], ids=["", "delay_checks"])
@pytest.mark.parametrize("feature", OPENING)
def test_what_opens_relaying_is_known_by_its_rules(feature, delayed):
    cf = compiled(HEAD + "FEATURE(`access_db')dnl\nFEATURE(`%s')dnl\n%s" % (feature, delayed) + MAILERS)
    found = judged(FakeView(cf=cf, files=dict(FILES, **{"/etc/mail/access": ""})))["SM-REL-01"]
    assert found.verdict == controls.FAIL and [one.seen.partition(":")[0] for one in found.evidence] == [feature]


OTHERS = ("relay_hosts_only", "delay_checks", "block_bad_helo", "virtuser_entire_domain", "nocanonify", "accept_unresolvable_domains")


@pytest.mark.parametrize("feature", OTHERS)
def test_other_features_open_nothing(feature):
    cf = compiled(HEAD + "FEATURE(`access_db')dnl\nFEATURE(`%s')dnl\n" % feature + MAILERS)
    assert judged(FakeView(cf=cf, files=dict(FILES, **{"/etc/mail/access": ""})))["SM-REL-01"].verdict == controls.PASS


@pytest.mark.parametrize("statement, name", [
    ("FEATURE(`accept_unresolvable_domains')", "SM-REL-08"), ("FEATURE(`accept_unqualified_senders')", "SM-REL-08"),
    ("FEATURE(`bestmx_is_local')", "SM-REL-09"), ("FEATURE(`nopercenthack', `nospecial')", "SM-REL-06")])
def test_other_features_are_known_too(statement, name):
    good = HEAD + "FEATURE(`nouucp', `reject')dnl\nFEATURE(`nopercenthack', `reject')dnl\n"
    assert judged(FakeView(cf=compiled(good + MAILERS)))[name].verdict == controls.PASS
    changed = good.replace("FEATURE(`nopercenthack', `reject')", statement) if "percent" in statement else good + statement + "dnl\n"
    assert judged(FakeView(cf=compiled(changed + MAILERS)))[name].verdict == controls.FAIL


def test_what_an_old_library_calls_itself():
    cf = compiled(HEAD + MAILERS)
    assert cfview.release(FakeView(cf=cf))[:2] == library_version()[:2]


@pytest.mark.parametrize("lines", ["LOCAL_SRV_FEATURES\nR$*\t\t$# O\n", "LOCAL_SRV_FEATURES\nR$*\t\t$# v G\n"])
def test_loose_reading_for_everybody(lines):
    cf = compiled(HEAD + "FEATURE(`access_db')dnl\n" + MAILERS + lines)
    assert judged(FakeView(cf=cf, files=dict(FILES, **{"/etc/mail/access": ""})))["SM-SMTP-06"].verdict == controls.FAIL


# ---- the real makemap

@pytest.fixture
def host(tmp_path):
    """A host on disk: its configuration, an access map, aliases, and the look at it."""
    (tmp_path / "access").write_text("# ours\nConnect:10.20\tRELAY\nFrom:x@y.example   ERROR:5.7.1:\"550 no\"\nClientRate:\t60\n")
    (tmp_path / "aliases").write_text("Postmaster: root\nroot: a@b.example,\n\tc@d.example\n\"two words\": root\n")
    cf = compiled(HEAD + "define(`ALIAS_FILE', `hash:%s/aliases')dnl\nFEATURE(`access_db', `hash -T<TMPF> %s/access')dnl\n" % (tmp_path, tmp_path) + MAILERS)
    (tmp_path / "sendmail.cf").write_text(cf)
    made(tmp_path, "access", (tmp_path / "access").read_text())
    made(tmp_path, "aliases", "postmaster\troot\nroot\ta@b.example,c@d.example\n\"two words\"\troot\n@\t@\n")
    return tmp_path


def made(place, name, text):
    """Make a database by the real makemap."""
    separator = ["-t", "\t"] if name == "aliases" else []
    subprocess.run([os.environ["MAKEMAP"], "-C", "/dev/null"] + separator + ["hash", str(place / name)], input=text.encode(), check=True)


def seen(place):
    """Look at it with the eyes of a real look."""
    site = {"compiled": {"mta": str(place / "sendmail.cf"), "msp": str(place / "none.cf")}, "platform": {"makemap": os.environ["MAKEMAP"]}}
    return judged(View(Runner(), site), without=[name for name in controls_table.CONTROLS if name != "SM-MAP-01"])["SM-MAP-01"]


def test_databases_as_their_texts(host):
    found = seen(host)
    assert found.verdict == controls.PASS and [one.seen.split(",")[0] for one in found.evidence] == ["3 entries", "3 entries"], found


@pytest.mark.parametrize("name, text, words", [
    ("access", "connect:10.20\tRELAY\n", "2 entries are missing: clientrate:, from:x@y.example"),
    ("access", "connect:10.20\tRELAY\nfrom:x@y.example\tOK\nclientrate:\t60\n", "1 entries say something else: from:x@y.example"),
    ("aliases", "postmaster\troot\nroot\ta@b.example,c@d.example\n\"two words\"\troot\ndecode\t|/bin/sh\n@\t@\n",
     "1 entries are in no line of the text: decode")])
def test_stale_databases(host, name, text, words):
    os.unlink(str(host / (name + ".db")))
    made(host, name, text)
    found = seen(host)
    assert found.verdict == controls.FAIL and words in [one.seen for one in found.evidence], found


def test_a_broken_database_is_unknown_or_a_failure_and_nothing_is_written(host):
    (host / "access.db").write_bytes(b"garbage" * 1000)
    before = {path.name: path.read_bytes() for path in host.iterdir()}
    assert seen(host).verdict != controls.PASS
    assert before == {path.name: path.read_bytes() for path in host.iterdir()}
