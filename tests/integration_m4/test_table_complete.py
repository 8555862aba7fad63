# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of the language is complete, and nothing in it is invented: counted against a release's own files, documents and program.

SENDMAIL_CF names the cf library; its README and the program lie beside it, as Debian's packages have them (tests/harness/library.py unpacks all three).
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import functools
import glob
import gzip
import os
import re

import pytest
from real_m4 import CF, library_version

from ansible_collections.mailjail.sendmail.plugins.module_utils import (
    language,
    language_access,
    language_defines,
    language_maps,
    language_rulesets,
    language_statements,
    language_words,
)
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_definitions

SHARE = os.path.dirname(os.path.dirname(CF))
README = os.environ.get("SENDMAIL_README", SHARE + "/doc/sendmail-doc/cf.README.gz")
PROGRAM = os.environ.get("SENDMAIL_PROGRAM", os.path.dirname(SHARE) + "/libexec/sendmail/sendmail")


@functools.lru_cache(None)
def readme():
    """Return cf/README."""
    with gzip.open(README) as source:
        return source.read().decode("latin-1")


@functools.lru_cache(None)
def program():
    """Return the text within the sendmail program."""
    with open(PROGRAM, "rb") as source:
        return source.read()


@functools.lru_cache(None)
def library(*directories):
    """Return the text of all files of some directories of the cf library."""
    texts = []
    for directory in directories:
        for path in sorted(glob.glob(os.path.join(CF, directory, "*.m4"))):
            with open(path, encoding="latin-1") as source:
                texts.append(source.read())
    return "\n".join(texts)


def section(begin, end):
    """Return the part of cf/README between two headings."""
    return readme().split("| %s |" % begin)[1].split("| %s |" % end)[0]


def files(directory):
    return {os.path.basename(path)[:-len(".m4")] for path in glob.glob(os.path.join(CF, directory, "*.m4"))}


def test_every_feature_of_the_library_has_a_row_and_no_row_is_invented():
    rows = {name for name, feature in language.FEATURES.items() if not feature.since or library_version() >= feature.since}
    assert rows == files("feature")
    assert len(language.FEATURES) == 71


def test_every_mailer_and_hack_of_the_library_has_a_row():
    assert set(language.MAILERS) == files("mailer") and set(language.HACKS) == files("hack")


def test_every_option_of_the_readme_has_a_row():
    names = set(re.findall(r"^(conf[A-Z0-9_]+)", section("TWEAKING CONFIGURATION OPTIONS", "MESSAGE SUBMISSION PROGRAM"), re.M))
    assert names - set(language.DEFINES) - set(language.REMOVED) == set()
    # The number of reference and of 8.18; 8.17 has one less (confOPENSSL_CNF).
    assert len(names) == (194 if library_version() >= (8, 18) else 193)


def test_no_row_of_an_option_is_invented():
    known = set(re.findall(r"conf[A-Z0-9_]+", readme() + library("m4", "feature", "mailer", "ostype", "domain", "hack")))
    missing = {name for name in set(language.DEFINES) - known if not (language.DEFINES[name].since or (0,)) > library_version()}
    assert missing == set()


def test_the_cf_name_of_each_option_is_that_of_the_library():
    emitted = dict((name, option) for option, name in re.findall(r"_OPTION\(([A-Za-z.]+), `(conf[A-Z0-9_]+)'", library("m4")))
    for name, option in sorted(emitted.items()):
        if name in language.REMOVED:
            continue
        # Upper and lower case are the same to sendmail.
        assert language.DEFINES[name].option.lower() == option.lower(), name
    assert len(emitted) > 150


def test_every_variable_of_the_readme_has_a_row():
    names = set(re.findall(r"^([A-Z][A-Z0-9_]+|conf[A-Z_]+)(?:\t| *$)", section("OSTYPE", "MAILERS"), re.M))
    assert names - set(language.VARIABLES) - set(language.DEFINES) == set() and len(names) >= 94


def test_no_variable_is_invented():
    known = set(re.findall(r"[A-Z][A-Z0-9_]+", readme() + library("m4", "feature", "mailer", "ostype", "domain", "hack")))
    if os.path.isdir(CF + "/debian"):
        known |= set(re.findall(r"[A-Z][A-Z0-9_]+", library("debian")))
    assert set(language.VARIABLES) - known == set()


def test_every_statement_of_the_library_has_a_row():
    names = set(re.findall(r"^\s*define\(`([A-Z][A-Z0-9_]+)'", library("m4"), re.M))
    assert names - set(language.STATEMENTS) - set(language.VARIABLES) - language.INTERNAL == set()
    assert set(language.STATEMENTS) - names - {"include", "define", "undefine"} - {"SITE"} == set()
    assert "define(`SITE'" in library("m4") and len(set(language.STATEMENTS) - {"include", "define", "undefine"}) == 54


def test_every_ruleset_that_the_library_calls_has_a_row():
    called = set(re.findall(r'\$>"(Local_[A-Za-z_]+)"', library("m4", "feature")))
    assert called == set(language_rulesets.LOCAL)
    for macro in {one.macro for one in language_rulesets.LOCAL.values() if one.macro}:
        assert "define(`%s'" % macro in library("m4")


def test_every_ruleset_that_sendmail_calls_is_one_of_the_program():
    words = set(re.findall(rb"[a-z_]{6,}", program()))
    for name in language_rulesets.CALLED:
        assert name.encode() in words, name


def test_every_map_class_is_one_of_the_program_or_belongs_to_a_flag_that_it_lacks():
    text = program()
    for name, one in language_maps.MAP_CLASSES.items():
        # The compiler lets a name share its end with another one.
        assert name.encode() + b"\0" in text or one.flag or one.internal, name
    assert len(language_maps.MAP_CLASSES) == 34


@pytest.mark.parametrize("words, prefix", [
    (language_words.PRIVACY, ""), ([word for word in language.BLAME if word != "CertOwner"], ""), (language_defines.LINE_OPTIONS, ""),
    ([name.strip("{}") for name in language_words.MACROS
      if name not in ("{alg_bits}", "{time}", "{verify}")], "")], ids=["privacy", "blame", "options", "macros"])
def test_words_inside_values_are_words_of_the_program(words, prefix):
    text = program().lower()
    missing = [word for word in words if (prefix + word).lower().encode() not in text]
    # Options of a flag that Debian does not compile in.
    assert [word for word in missing if word not in ("AddBcc", "SMTPUTF8", "SetCertAltnames", "StrictTransportSecurity")] == []


def test_every_access_tag_is_asked_for_by_the_library_or_the_readme():
    text = (readme() + library("m4", "feature")).lower()
    for tag in language_access.TAGS:
        assert tag + ":" in text or "! %s" % tag in text or "!%s" % tag in text or "<! %s>" % tag in text or tag == "citag", tag
    assert len(language_access.TAGS) == 22 and len(language_access.RIGHT_HAND_SIDES) == 19


def test_every_map_that_the_library_makes_is_reserved():
    text = library("m4", "feature", "mailer", "hack", "ostype", "domain")
    made = {name.lower() for name in re.findall(r"(?m)^(?!#|dnl)(?:.*[`,( ])?K([A-Za-z][A-Za-z0-9.]*) +(?:[a-z]|_ARG|[A-Z]+_)", text)}
    assert len(made) > 30 and made - set(plan_definitions.RESERVED) == set()
    # What sendmail makes itself, and names that other releases of the library have.
    assert set(plan_definitions.RESERVED) - made == {"alias", "aliases", "canonify", "cidr", "edns", "host", "storage", "userdb"}


def test_the_counts_of_the_reference():
    assert len(language_rulesets.CALLED) == 23 and len(language_rulesets.LOCAL) == 13 and len(language_words.PRIVACY) == 16
    assert len(language.BLAME) == 44 and len(language_words.SRV_FEATURES) == 15 and len(language_words.CLT_FEATURES) == 2
    assert len(language_words.LOG_LEVELS) == 19 and len(language.DAEMON_KEYS) == 14 and len(language.DAEMON_MODIFIERS) == 11
    assert len(language.CLIENT_KEYS) == 6 and len(language.CLIENT_MODIFIERS) == 3 and len(language_words.QUEUE_EQUATES) == 7
    assert len([name for name in language.DEFINES if name.startswith("confTO_")]) == 37
    assert [row.section for row in language_statements.DESCRIBED.values()] == sorted(row.section for row in language_statements.DESCRIBED.values())
