# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Variables as plain statements: what they say, in the language's order, and nothing of ours. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt, language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

PARTS = ("MAILER_DEFINITIONS", "LOCAL_DNSBL", "LOCAL_CONFIG", "LOCAL_NET_CONFIG", "LOCAL_RULE_3", "LOCAL_RULE_0", "LOCAL_UUCP", "LOCAL_RULE_1", "LOCAL_RULE_2",
         "LOCAL_SRV_FEATURES", "LOCAL_CLT_FEATURES", "LOCAL_TRY_TLS", "LOCAL_TLS_RCPT", "LOCAL_TLS_CLIENT", "LOCAL_TLS_SERVER", "LOCAL_RULESETS")
# What the library looks at while it reads OSTYPE and DOMAIN.
EARLY = re.compile(r"_[A-Za-z0-9_]*_\Z|(?:MAIL_SETTINGS_DIR|DATABASE_MAP_TYPE)\Z")
# The kinds of text that m4 leaves as they are, the strictest first.
KINDS = ("text", "macros", "list", "greeting", "header")
_STATEMENT = re.compile(r"(?:[A-Z][A-Z0-9_]*|define|undefine)\(.*\)\Z", re.S)
# Statements of the site's own text that stand below MAILER().
BELOW = re.compile(r"(?:define|undefine|MAILER)\(")


def lines(site, variable="sendmail_%s"):
    """Return the lines that the template prints.

    :param dict site: the variables without ``sendmail_``.
    :param str variable: how a variable is called in messages.
    :returns: dict with ``early``, the lines above cf.m4, and ``body``, those below it.
    :raises InvalidValue: a value that m4 would change, by the name of its variable.
    """
    printer = Printer(site, variable)
    names, features = printer.names(), printer.features()
    # FEATURE(msp) looks at the masquerade; FEATURE(nullclient) sets one, which the site's own has to follow.
    nullclient = any(one["name"] == "nullclient" for one in site.get("features") or [])
    middle = features + names if nullclient else names + features
    return {"early": printer.early(), "body": printer.ostype() + printer.settings() + middle + printer.traffic() + printer.mailers() + printer.parts()}


class Printer:
    """Prints one site's variables."""

    def __init__(self, site, variable="sendmail_%s"):
        self.site, self.variable = site, variable
        self.options = site.get("options") or {}

    def get(self, key, default):
        """Return a variable, or what stands for nothing."""
        return self.site.get(key) or default

    def quoted(self, value, key, deep=False):
        """Return a value as one quoted argument.

        :param bool deep: the library hands it on once more, so that a comma needs a second pair of quotes.
        """
        name, refusal = self.variable % key, None
        for kind in KINDS:
            try:
                made = m4.quote(value, name, kind)
                return "`%s'" % made if deep and ("," in made or "(" in made) else made
            except InvalidValue as exc:
                refusal = refusal or exc
        raise refusal

    def statement(self, name, key, *values):
        """Return one statement."""
        deep = name in ("FEATURE", "MASQUERADE_AS") or name in language.ARGUMENTS
        return "%s(%s)dnl" % (name, ", ".join(self.quoted(value, key, deep) if value != "" else "" for value in values))

    def define(self, name, value):
        """Return one define()."""
        text = {True: "True", False: "False", None: ""}.get(value, value) if value is None or isinstance(value, bool) else str(value)
        if name not in language.DEFINES and name not in language.VARIABLES and not re.match(r"_\w+\Z", name):
            raise InvalidValue("%s.%s: sendmail knows no such name.%s" % (
                self.variable % "options", name, language.nearest(name, list(language.DEFINES) + list(language.VARIABLES))),
                variable=self.variable % "options")
        # A list is expanded twice on its way: the second pair of quotes keeps its commas.
        made = self.quoted(text, "options." + name) if text else "`'"
        deep = "," in text and "\n" not in text
        return "define(`%s', %s)dnl" % (name, "`%s'" % made if deep else made)

    # -- groups

    def early(self):
        """What stands above everything: switches of the library itself."""
        return [self.define(name, value) for name, value in sorted(self.options.items()) if EARLY.match(name) and name != "DATABASE_MAP_TYPE"]

    def ostype(self):
        """OSTYPE and DOMAIN."""
        platform = (self.site.get("platform") or {}).get("ostype", "")
        name = self.get("ostype", platform)
        found = [] if "__OSTYPE__" in self.options or not name else [self.statement("OSTYPE", "ostype", name)]
        return found + ([self.statement("DOMAIN", "mc_domain", self.site["mc_domain"])] if self.site.get("mc_domain") else [])

    def settings(self):
        """define(), undefine() and the flags of mailers."""
        found = ["undefine(`%s')dnl" % name for name in self._undefined()]
        found += [self.define(name, value) for name, value in sorted(self.options.items()) if not EARLY.match(name) or name == "DATABASE_MAP_TYPE"]
        if self.site.get("smart_host"):
            found.append(self.define("SMART_HOST", self.site["smart_host"]))
        for mailer, flags in sorted(self.get("mailer_flags", {}).items()):
            found += [self.statement("MODIFY_MAILER_FLAGS", "mailer_flags", mailer, change) for change in re.findall(r"[+-]?[^+-]+", flags)]
        # Maps that a feature below may name, and milters: lines already.
        return found + self.get("ready", [])

    def _undefined(self):
        known = set(language.DEFINES) | set(language.VARIABLES)
        for name in self.get("undefine", []):
            if name not in known:
                raise InvalidValue("%s: sendmail knows no '%s'.%s" % (self.variable % "undefine", name, language.nearest(name, known)))
        return self.get("undefine", [])

    def features(self):
        """FEATURE() in the site's order, what it sets over features that set it too, and further statements as they stand."""
        masquerade, names = self.get("masquerade", {}), []
        found = ["FEATURE(`%s')dnl" % name for name, key in sorted(adopt.MASQUERADE_FEATURES.items()) if masquerade.get(key)]
        for one in self.get("features", []):
            if one["name"] not in language.FEATURES:
                raise InvalidValue("%s: there is no feature '%s'.%s" % (
                    self.variable % "features", one["name"], language.nearest(one["name"], language.FEATURES)), variable=self.variable % "features")
            names.append(one["name"])
            found.append(self.statement("FEATURE", "features (%s)" % one["name"], one["name"], *(one.get("arguments") or [])))
        again = sorted(set(name for feature in names for name in adopt.FEATURE_SETS.get(feature, ()) if name in self.options))
        found += [self.define(name, self.options[name]) for name in again]
        found += ["include(%s)dnl" % m4.quote(path, self.variable % "includes", "path") for path in self.get("includes", [])]
        return found + [self.as_it_stands(text) for text in self.get("raw_statements", []) if not BELOW.match(text)]

    def as_it_stands(self, text):
        """Return a statement of the site's own text; the transaction holds it against the language like every other."""
        if not _STATEMENT.match(text):
            raise InvalidValue("%s: '%s' is no statement; expected NAME(...)." % (self.variable % "raw_statements", text[:80]),
                               variable=self.variable % "raw_statements")
        return text + "dnl"

    def names(self):
        """The masquerade and the classes."""
        masquerade, found = self.get("masquerade", {}), []
        if masquerade.get("as"):
            found.append(self.statement("MASQUERADE_AS", "masquerade.as", masquerade["as"]))
        for name, key in sorted(adopt.MASQUERADE_CLASSES.items()):
            found += [self.statement(name, "masquerade." + key, one) for one in masquerade.get(key) or []]
        for name, members in sorted(self.get("classes", {}).items()):
            if name not in adopt.CLASSES:
                raise InvalidValue("%s: there is no statement %s.%s" % (
                    self.variable % "classes", name, language.nearest(name, adopt.CLASSES)), variable=self.variable % "classes")
            found += [self.statement(name, "classes." + name, one) for one in members]
        return found

    def traffic(self):
        """Queue groups, listeners and from where mail leaves."""
        found = []
        for group in self.get("queue_groups", []):
            equates = ["%s=%s" % (letter, self.plain(group[key], "queue_groups (%s)" % group.get("name")))
                       for letter, key in sorted(adopt.QUEUE_KEYS.items()) if group.get(key) not in (None, "")]
            found.append("QUEUE_GROUP(%s, `%s')dnl" % (self.quoted(group["name"], "queue_groups"), ", ".join(equates)))
        for key, name in (("listeners", "DAEMON_OPTIONS"), ("client_options", "CLIENT_OPTIONS")):
            found += ["%s(`%s')dnl" % (name, self.socket(entry, key)) for entry in self.get(key, [])]
        return found

    def plain(self, value, key):
        """Return a value between others in one pair of quotes; a comma would begin another key."""
        return m4.quote(value, self.variable % key, "text")[1:-1]

    def socket(self, entry, key):
        """Return the equates of a listener: the keys that it has, and no others."""
        equates = []
        for equate, name in sorted(adopt.LISTENER_KEYS.items(), key=lambda pair: (pair[1] != "name", pair[0])):
            value = entry.get(name)
            if value not in (None, "", []):
                value = ("" if name == "modifiers" else ";").join(value) if isinstance(value, (list, tuple)) else value
                equates.append("%s=%s" % (equate, self.plain(value, "%s (%s)" % (key, entry.get("name")))))
        unknown = sorted(set(entry) - set(adopt.LISTENER_KEYS.values()))
        if unknown:
            raise InvalidValue("%s: key '%s' is unknown." % (self.variable % key, unknown[0]), variable=self.variable % key)
        return ", ".join(equates)

    def mailers(self):
        """MAILER(), all of them, and what may only be said when they have been read."""
        found = [self.statement("MAILER", "mailers", name) for name in self.get("mailers", [])]
        return found + [self.as_it_stands(text) for text in self.get("raw_statements", []) if BELOW.match(text)]

    def parts(self):
        """The parts, as lines for the .cf; words that m4 would replace are quoted one by one."""
        texts = dict(self.get("raw_parts", {}))
        texts.update((name, self.site[key]) for name, key in (("LOCAL_CONFIG", "local_config"), ("LOCAL_RULESETS", "local_rulesets")) if self.site.get(key))
        unknown = sorted(set(texts) - set(PARTS))
        if unknown:
            raise InvalidValue("%s: there is no part %s." % (self.variable % "raw_parts", unknown[0]), variable=self.variable % "raw_parts")
        return [line for name in PARTS if name in texts for line in [name] + [_literal(line, name) for line in texts[name].rstrip("\n").split("\n")]]


def _literal(line, part):
    """Return a line that is the same behind m4."""
    if "`" in line:
        raise InvalidValue("%s: the line '%s' holds a backquote, which m4 would take for a quotation. Write it without." % (part, line[:80]))
    return m4.WORDS.sub(lambda match: "`%s'" % match.group() if m4.live_word(match.group() + "(") else match.group(), line)
