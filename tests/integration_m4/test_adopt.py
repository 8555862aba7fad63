# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A configuration that somebody wrote by hand, turned into variables and printed plainly, compiles to the same .cf: asked of the real m4.

What is adopted: every example in sendmail's own cf/cf, the files that Debian ships, hosts in the style of Red Hat and of SUSE, and a table of odd styles.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import os
import re

import pytest
import real_m4

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt, adopt_cf, adopt_text, cf, m4, mc
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import McError
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import adopt_trust

HERE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "adopt")
EXAMPLES = sorted(glob.glob(real_m4.CF + "/cf/*.mc"))
SHIPPED = sorted(glob.glob(real_m4.CF + "/debian/*.mc"))
STYLES = sorted(glob.glob(HERE + "/*.mc"))
HEAD = "include(`LIBRARY/m4/cf.m4')dnl\nOSTYPE(`linux')dnl\n"
MAILERS = "MAILER(`local')dnl\nMAILER(`smtp')dnl\n"


def read(path):
    """Return a file's text, or None."""
    try:
        with open(path, encoding="latin-1") as source:
            return source.read()
    except (IOError, OSError):
        return None


def adopted(text, library, path="sendmail.mc", files=None):
    """Turn a text into variables, with the library and some included files at hand."""
    return adopt.adopt(text, path, (files or {}).get if files is not None else read, lambda name: read(os.path.join(library, name)))


def plainly(found, library):
    """Print variables as the template does."""
    printed = adopt_text.lines(found.variables)
    return m4.preamble(found.variables.get("includes", ())) + "\n".join(printed["early"] + ["include(`%s/m4/cf.m4')dnl" % library] + printed["body"]) + "\n"


def original(text, library):
    """Compile a text as its owner would; an upstream one is compiled behind cf.m4."""
    head = "define(`_NO_MAKEINFO_')define(`TEMPFILE', `/dev/null')dnl\n"
    return real_m4.compile_mc(head + ("" if "m4/cf.m4" in text else "include(`%s/m4/cf.m4')dnl\n" % library) + text, cwd=library + "/cf")


def same(text, library, files=None):
    """Adopt a text; hold what becomes of it against what it was, and return what was adopted."""
    found = adopted(text, library, files=files)
    before, after = original(text, library), real_m4.compile_mc(plainly(found, library))
    assert cf.changes(before.cf, after.cf) == []
    assert sorted(set(after.err.splitlines()) - set(before.err.splitlines())) == [], "m4 complains about what was printed, and not about what was read"
    assert re.search(r"^Mlocal", after.cf, re.M)
    return found


@pytest.mark.parametrize("path", EXAMPLES + SHIPPED + STYLES, ids=os.path.basename)
def test_whole_files_compile_to_the_same(path, library, text_of):
    same(text_of(path), library)


def refused(found, library, profile="gateway", is_adopted=True):
    """Return what the check of every .mc text refuses of adopted variables, with the waivers that the adoption wrote."""
    try:
        mc.check(plainly(found, library), real_m4.library_version(), [one["feature"] for one in found.waivers], profile=profile, adopted=is_adopted)
    except McError as exc:
        return [(problem["statement"], problem["reason"]) for problem in exc.details["problems"]]
    return []


@pytest.mark.parametrize("path", EXAMPLES + SHIPPED + STYLES, ids=os.path.basename)
def test_what_was_adopted_passes_the_check_of_every_text(path, library, text_of):
    name = os.path.basename(path)
    unknown = ("OSTYPE(`unknown')", "this file is of no use: it only says that no system was named")
    # m4 complains of these three on their own hosts: they are meant to be filled in.
    expected = {name: [unknown] for name in ("clientproto.mc", "tcpproto.mc", "uucpproto.mc")}
    expected["uucpproto.mc"] = [unknown, ("MAILER(`uucp')", "MAILER(`smtp') must stand above it")]
    text = text_of(path)
    assert refused(adopted(text, library, path), library) == expected.get(name, [])
    assert name not in expected or "*** ERROR" in original(text, library).err


def test_what_sendmail_took_from_a_host_is_not_refused_when_it_is_adopted(library):
    text = HEAD.replace("LIBRARY", library) + (
        "define(`confDELIVERY_MODE', `deferred')dnl\ndefine(`confMAX_MESSAGE_SIZE', `25M')dnl\ndefine(`confAUTH_OPTIONS', `py')dnl\n"
        "define(`confSERVER_SSL_OPTIONS', `+SSL_OP_OF_OLD')dnl\nMODIFY_MAILER_FLAGS(`FAX', `+Y')dnl\nFEATURE(`access_db', `hash -o /etc/mail/access')dnl\n"
        "QUEUE_GROUP(`slow', `P=/var/spool/mqueue/slow, R=many')dnl\nINPUT_MAIL_FILTER(`a', `S=local:/run/a.sock, F=X')dnl\nFEATURE(`local_procmail')dnl\n"
        + MAILERS + "LOCAL_CONFIG\nO MaxHopCount=abc\nO PrivacyOptions=nonsense\nO NoSuchThing=1\nKasked program /usr/local/bin/ask\n"
        "Fw|/usr/local/bin/names\n")
    found = same(text, library)
    assert refused(found, library) == []
    said = "\n".join(statement + reason for statement, reason in refused(found, library, is_adopted=False))
    for word in ("deferred mode", "25M", "confAUTH_OPTIONS", "SSL_OP_OF_OLD", "`FAX'", "R is 'many'", "F is 'X'", "local_procmail", "MaxHopCount=abc",
                 "nonsense", "NoSuchThing", "program", "-T<TMPF>"):
        assert word in said, word


def test_hardly_anything_stays_raw(library, text_of):
    found = [adopted(text_of(path), library, path) for path in EXAMPLES + SHIPPED + STYLES]
    counts = [one.counts for one in found]
    assert set(name for one in found for name in one.variables) <= adopt_trust.CONFIGURATION
    statements, raw = sum(one["statements"] for one in counts), sum(one["raw"] for one in counts)
    assert len(counts) >= 36 and statements > 350
    print("%d statements, %d of them raw: %.1f %%" % (statements, raw, 100.0 * raw / statements))
    assert raw < 0.05 * statements


ODD = {
    "old quoting": ("FEATURE(use_cw_file)\nFEATURE(mailertable, hash /etc/mail/mailertable)\ndefine(`SMART_HOST', relay.example.com)\n"
                    "MASQUERADE_AS(example.com)\n" + MAILERS,
                    {"features": [{"name": "use_cw_file"}, {"name": "mailertable", "arguments": ["hash /etc/mail/mailertable"]}],
                     "options": {"SMART_HOST": "relay.example.com"}}),
    "quotes in quotes": ("define(`confPRIVACY_FLAGS', ``authwarnings,noexpn,novrfy'')dnl\ndefine(`ALIAS_FILE', ``/etc/aliases, /etc/mail/lists'')dnl\n"
                         + MAILERS, {"options": {"confPRIVACY_FLAGS": "authwarnings,noexpn,novrfy", "ALIAS_FILE": "/etc/aliases, /etc/mail/lists"}}),
    "number signs that hide nothing": ("# define(`confMAX_HOP', `9')dnl\n# FEATURE(`nouucp', `reject')\n" + MAILERS,
                                       {"options": {"confMAX_HOP": "9"}, "features": [{"name": "nouucp", "arguments": ["reject"]}]}),
    "dnl hides": ("dnl define(`confMAX_HOP', `9')\ndnl # FEATURE(`nouucp', `reject')\n" + MAILERS, {"options": None, "features": None}),
    "tabs and line ends between arguments": (
        "define(\t`confMAX_HOP',\n\t\t`9')dnl\nFEATURE(`access_db',\n\t`hash -T<TMPF> /etc/mail/access',\n\t`skip')\n" + MAILERS,
        {"options": {"confMAX_HOP": "9"}, "features": [{"name": "access_db", "arguments": ["hash -T<TMPF> /etc/mail/access", "skip"]}]}),
    "defined twice": ("define(`confMAX_HOP', `9')\ndefine(`confMAX_HOP', `8')\n" + MAILERS, {"options": {"confMAX_HOP": "8"}}),
    "undefined again": ("define(`confMAX_HOP', `9')\nundefine(`confMAX_HOP')\n" + MAILERS, {"undefine": ["confMAX_HOP"], "options": None}),
    "empty value": ("define(`confFORWARD_PATH', `')dnl\nundefine(`ALIAS_FILE')dnl\n" + MAILERS,
                    {"options": {"confFORWARD_PATH": ""}, "undefine": ["ALIAS_FILE"]}),
    "a name of its own": ("define(`MYCERTS', `/etc/mail/certs')dnl\ndefine(`confSERVER_CERT', `MYCERTS/host.pem')dnl\n" + MAILERS,
                          {"options": {"confSERVER_CERT": "/etc/mail/certs/host.pem"}}),
    "a statement of its own": ("define(`BLOCK', `FEATURE(`dnsbl', `$1', `\"550 listed in $1\"')')dnl\nBLOCK(`bl.example.net')dnl\n" + MAILERS,
                               {"features": [{"name": "dnsbl", "arguments": ["bl.example.net", '"550 listed in bl.example.net"']}]}),
    "conditions": ("define(`INSIDE', `1')dnl\nifdef(`INSIDE', `define(`confMAX_HOP', `9')', `define(`confMAX_HOP', `8')')dnl\n"
                   "ifelse(INSIDE, `2', `FEATURE(`redirect')', INSIDE, `1', `FEATURE(`use_cw_file')')dnl\n" + MAILERS,
                   {"options": {"confMAX_HOP": "9"}, "features": [{"name": "use_cw_file"}]}),
    "what OSTYPE has set": ("ifdef(`LOCAL_MAILER_PATH', `define(`confMAX_HOP', `9')', `define(`confMAX_HOP', `8')')dnl\n" + MAILERS, {}),
    "text thrown away": ("divert(-1)\nFEATURE(`use_cw_file')\nsome words\ndivert(0)dnl\n" + MAILERS, {"features": [{"name": "use_cw_file"}]}),
    "diversions by number": (MAILERS + "divert(6)dnl\nDXabc\ndivert(0)dnl\n", {"local_config": "DXabc\n"}),
    "flags of mailers": ("MODIFY_MAILER_FLAGS(`LOCAL', `+S')\nMODIFY_MAILER_FLAGS(`LOCAL', `-m')\nMODIFY_MAILER_FLAGS(`LOCAL', `+f')\n"
                         "MODIFY_MAILER_FLAGS(`SMTP', `mDFMuX')\n" + MAILERS, {"mailer_flags": {"LOCAL": "+Sf-m", "SMTP": "mDFMuX"}}),
    "below the mailers": (MAILERS + "define(`SMTP_MAILER_MAX', `1000')\ndefine(`confMAX_HOP', `9')\nLOCAL_DOMAIN(`example.com')\n",
                          {"options": {"confMAX_HOP": "9"}, "classes": {"LOCAL_DOMAIN": ["example.com"]}}),
    "masquerade": ("MASQUERADE_AS(`example.com')\nMASQUERADE_DOMAIN(`a.example b.example')\nMASQUERADE_EXCEPTION(`c.example')\nEXPOSED_USER(`root')\n"
                   "MASQUERADE_DOMAIN_FILE(`/etc/mail/domains')\nFEATURE(`masquerade_envelope')\nFEATURE(`limited_masquerade')\n" + MAILERS,
                   {"masquerade": {"as": "example.com", "domains": ["a.example", "b.example"], "exceptions": ["c.example"], "exposed_users": ["root"],
                                   "domain_files": ["/etc/mail/domains"], "envelope": True, "limited": True, "entire_domain": False, "recipients": False}}),
    "null client": ("FEATURE(`nullclient', `hub.example.com')\nMASQUERADE_AS(`example.com')\n",
                    {"features": [{"name": "nullclient", "arguments": ["hub.example.com"]}], "mailers": []}),
    "over a feature": ("define(`confDELIVERY_MODE', `q')dnl\nFEATURE(`msp', `[192.0.2.1]')dnl\ndefine(`confPRIVACY_FLAGS', `goaway')dnl\n",
                       {"options": {"confPRIVACY_FLAGS": "goaway"}}),
    "milters": ("INPUT_MAIL_FILTER(`one', `S=local:/run/one.sock, F=T, T=S:4m;R:4m')\nMAIL_FILTER(`two', `S=inet:8891@localhost')\n"
                "INPUT_MAIL_FILTER(`three', `S=inet:8892@127.0.0.1')\n" + MAILERS, {"options": {"confINPUT_MAIL_FILTERS": "one, three"}}),
    "milters in another order": ("INPUT_MAIL_FILTER(`one', `S=local:/run/one.sock')\nINPUT_MAIL_FILTER(`two', `S=local:/run/two.sock')\n"
                                 "define(`confINPUT_MAIL_FILTERS', `two,one')\n" + MAILERS, {"options": {"confINPUT_MAIL_FILTERS": "two,one"}}),
    "local rules": (MAILERS + "LOCAL_RULE_0\nR$+ < @ old.example. > $*\t\t$#discard $: discard\tnobody is there\nLOCAL_RULE_3\nR$+ . old\t$1 . new\n"
                    "LOCAL_RULESETS\nSLocal_check_rcpt\nR$* index@example.com $*\t$#error $: 550 no\nR$*\t$: $(x $1 $)\tdon't care\n"
                    "LOCAL_TLS_CLIENT\nR$*\t$@ OK\n",
                    {"raw_parts": {"LOCAL_RULE_0": "R$+ < @ old.example. > $*\t\t$#discard $: discard\tnobody is there\n",
                                   "LOCAL_RULE_3": "R$+ . old\t$1 . new\n", "LOCAL_TLS_CLIENT": "R$*\t$@ OK\n"}}),
    "words of m4 in rules": (MAILERS + "LOCAL_RULESETS\nSLocal_check_rcpt\nR`dnl'@example.com\t$#error $: 550 no `define' here\n",
                             {"local_rulesets": "SLocal_check_rcpt\nRdnl@example.com\t$#error $: 550 no define here\n"}),
    "lines in no part": ("Cw one.example two.example\n" + MAILERS + "DXabc\n", {"local_config": "Cw one.example two.example\nDXabc\n"}),
    "a hack of the library": ("HACK(`cssubdomain')dnl\n" + MAILERS, {"raw_statements": ["HACK(`cssubdomain')"]}),
    "a list with two quotes": ("define(`confTRUSTED_USERS', ``www lists'')dnl\ndefine(`confMILTER_MACROS_CONNECT', ``j, {if_name}'')dnl\n" + MAILERS,
                               {"options": {"confTRUSTED_USERS": "www lists", "confMILTER_MACROS_CONNECT": "j, {if_name}"}}),
    "macros in values": ("define(`confSMTP_LOGIN_MSG', `$j (mail of $m); $b')dnl\ndefine(`confREJECT_MSG', `550 go away $&{client_addr}')dnl\n" + MAILERS,
                         {"options": {"confSMTP_LOGIN_MSG": "$j (mail of $m); $b", "confREJECT_MSG": "550 go away $&{client_addr}"}}),
}


@pytest.mark.parametrize("name", sorted(ODD))
def test_odd_styles(name, library):
    text, expected = ODD[name]
    found = same(HEAD.replace("LIBRARY", library) + text, library)
    for key, value in expected.items():
        assert found.variables.get(key) == value, key


def test_the_order_of_domain_and_define_is_kept(library):
    """DOMAIN(generic) sets a forward path: what stands above it has no effect, what stands below it has."""
    head = HEAD.replace("LIBRARY", library)
    above = same(head + "define(`confFORWARD_PATH', `$z/.above')dnl\nDOMAIN(`generic')dnl\n" + MAILERS, library)
    assert "options" not in above.variables and above.variables["mc_domain"] == "generic"
    assert [(note["line"], note["kept"]) for note in above.notes] == [(3, "nothing")]
    below = same(head + "DOMAIN(`generic')dnl\ndefine(`confFORWARD_PATH', `$z/.below')dnl\n" + MAILERS, library)
    assert below.variables["options"] == {"confFORWARD_PATH": "$z/.below"} and below.notes == []


def test_included_files_are_followed_and_missing_ones_named(library, tmp_path):
    (tmp_path / "site.m4").write_text("define(`confMAX_HOP', `9')dnl\nFEATURE(`use_cw_file')dnl\n")
    text = HEAD.replace("LIBRARY", library) + "include(`%s/site.m4')dnl\n" % tmp_path + MAILERS
    found = same(text, library)
    assert found.variables["options"] == {"confMAX_HOP": "9"} and found.variables["features"] == [{"name": "use_cw_file"}] and found.notes == []
    unread = adopted(text, library, files={})
    assert unread.variables["includes"] == ["%s/site.m4" % tmp_path]
    assert [(note["line"], note["kept"]) for note in unread.notes] == [(3, "sendmail_includes")]
    assert unread.waivers[0]["feature"] == "include(%s/site.m4)" % tmp_path


@pytest.mark.parametrize("text, line, word", [
    ("syscmd(`touch CANARY')dnl\n" + MAILERS, 3, "syscmd"),
    ("define(`confDOMAIN_NAME', esyscmd(`touch CANARY; hostname'))dnl\n" + MAILERS, 3, "esyscmd"),
    ("\n\n# syscmd(`touch CANARY')\n" + MAILERS, 5, "syscmd"),
    ("define(`x', `sys')dnl\ndefine(`run', `builtin(x`'cmd, `touch CANARY')')dnl\nrun\n" + MAILERS, 5, "builtin"),
    ("FEATURE(`use_cw_file'\n" + MAILERS, 3, "FEATURE"),
    ("define(`confMAX_HOP', `9)\n" + MAILERS, 3, "never closed"),
    ("define(`a', `a a')a\n", 3, ""),
    ("define(`FEATURE', `')\n" + MAILERS, 3, "another meaning"),
    ("changequote([, ])dnl\n" + MAILERS, 3, "quotes"),
    ("undivert(`/etc/passwd')\n" + MAILERS, 3, "reads a file"),
])
def test_what_is_not_followed_is_refused_with_its_line(text, line, word, library, canary):
    with pytest.raises(McError) as refused:
        adopted(HEAD.replace("LIBRARY", library) + text.replace("CANARY", str(canary)), library)
    assert refused.value.details["line"] == line and word in refused.value.message
    assert not canary.exists()


def from_result(text, library, submission=False):
    """Adopt a .cf whose source is lost; return what was adopted, and in what the two differ."""
    def makes(printed):
        made = real_m4.compile_mc(m4.PREAMBLE + "include(`%s/m4/cf.m4')dnl\n" % library + printed)
        if made.rc:
            raise McError(made.err)
        return made.cf

    found = adopt_cf.adopt_result(text, "/etc/mail/sendmail.cf", makes, submission)
    assert set(found.variables) <= adopt_trust.CONFIGURATION
    return found, cf.changes(text, makes("\n".join(sum((adopt_text.lines(found.variables)[key] for key in ("early", "body")), [])) + "\n"))


@pytest.mark.parametrize("name, left_over", [("redhat.mc", []), ("redhat.submit.mc", []), ("suse.submit.mc", []), ("suse.mc", [("ruleset", "Parse1")])])
def test_a_result_without_source_is_taken_over_as_far_as_it_goes(name, left_over, library, text_of):
    """What can not be had is named, and nothing else differs: here a LOCAL_NET_CONFIG, whose rules stand in the middle of a ruleset."""
    found, differences = from_result(original(text_of(os.path.join(HERE, name)), library).cf, library, "submit" in name)
    assert [(row["what"], row["name"]) for row in differences] == left_over
    assert ["%s %s" % one for one in left_over] == [note["statement"] for note in found.notes if note["kept"] == "nothing"]


def test_what_only_the_result_has_is_kept_as_text(library):
    text = HEAD.replace("LIBRARY", library) + ("FEATURE(`use_cw_file')dnl\n" + MAILERS + "LOCAL_CONFIG\nDXabc\nC{Own}a b\nKown regex x\nHX-Own: yes\n"
                                               "LOCAL_RULESETS\nSOwn\nR$*\t$@ OK\nSLocal_check_rcpt\nR$* own $*\t$#error $: 550 no\n")
    found, differences = from_result(original(text, library).cf, library)
    assert differences == [] and {"name": "use_cw_file"} in found.variables["features"]
    assert sorted(note["statement"] for note in found.notes) == ["class Own", "header X-Own", "macro X", "map own", "ruleset Local_check_rcpt", "ruleset Own"]
