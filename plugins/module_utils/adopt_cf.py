# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The best that can be made of a .cf whose source is lost: variables whose .cf comes as near to it as the cf library can, and a list of what is left over.

Options, macros, classes, maps, mailers and listeners say themselves what they were. Which features there were is found by trying: one that brings the rules
nearer to those of the .cf is kept. Pure, but for the function that compiles.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import copy
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt, adopt_text, cf, language
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, McError

MAPS = {"access": "access_db", "mailertable": "mailertable", "virtuser": "virtusertable", "generics": "genericstable", "domaintable": "domaintable",
        "authinfo": "authinfo", "bitdomain": "bitdomain", "uudomain": "uucpdomain"}
RELAYS = {"S": "SMART_HOST", "H": "MAIL_HUB", "R": "LOCAL_RELAY", "L": "LUSER_RELAY", "B": "BITNET_RELAY", "C": "DECNET_RELAY", "Y": "UUCP_RELAY",
          "F": "FAX_RELAY"}
CLASS_STATEMENTS = {"w": "LOCAL_DOMAIN", "L": "LOCAL_USER", "G": "GENERICS_DOMAIN", "VirtHost": "VIRTUSER_DOMAIN", "Canonify": "CANONIFY_DOMAIN",
                    "R": "RELAY_DOMAIN", "TrustAuthMech": "TRUST_AUTH_MECH", "LDAPRoute": "LDAPROUTE_DOMAIN", "LDAPRouteEquiv": "LDAPROUTE_EQUIVALENT"}
MASQUERADES = {"E": "exposed_users", "M": "domains", "N": "exceptions"}
PLAIN_OPTIONS = {"AliasFile": "ALIAS_FILE", "HelpFile": "HELP_FILE", "StatusFile": "STATUS_FILE", "QueueDirectory": "QUEUE_DIR"}
# Mailers, as the defines of their equates begin and as MODIFY_MAILER_FLAGS calls them.
MAILERS = {"local": ("LOCAL_MAILER", "LOCAL"), "prog": ("LOCAL_SHELL", "SHELL"), "smtp": ("SMTP_MAILER", "SMTP"), "esmtp": ("ESMTP_MAILER", "ESMTP"),
           "smtp8": ("SMTP8_MAILER", "SMTP8"), "dsmtp": ("DSMTP_MAILER", "DSMTP"), "relay": ("RELAY_MAILER", "RELAY"),
           "procmail": ("PROCMAIL_MAILER", "PROCMAIL"), "cyrus": ("CYRUS_MAILER", "CYRUS")}
EQUATES = {"P": "PATH", "A": "ARGS", "M": "MAX"}
# Features that are tried, the ones that change most first; each with the arguments that matter.
TRIED = [("nocanonify", []), ("nocanonify", ["canonify_hosts"]), ("delay_checks", []), ("delay_checks", ["friend"]), ("delay_checks", ["friend", "n"]),
         ("delay_checks", ["hater"]), ("nouucp", ["reject"]), ("nouucp", ["nospecial"]), ("nopercenthack", ["reject"]), ("use_cw_file", []),
         ("use_ct_file", []), ("redirect", []), ("always_add_domain", []), ("local_procmail", []), ("local_lmtp", []), ("smrsh", []),
         ("blocklist_recipients", []), ("blacklist_recipients", []), ("relay_entire_domain", []), ("relay_hosts_only", []), ("promiscuous_relay", []),
         ("relay_based_on_MX", []), ("relay_local_from", []), ("relay_mail_from", []), ("relay_mail_from", ["domain"]), ("accept_unqualified_senders", []),
         ("accept_unresolvable_domains", []), ("allmasquerade", []), ("masquerade_envelope", []), ("masquerade_entire_domain", []),
         ("limited_masquerade", []), ("local_no_masquerade", []), ("stickyhost", []), ("preserve_luser_host", []), ("preserve_local_plus_detail", []),
         ("virtuser_entire_domain", []), ("generics_entire_domain", []), ("lookupdotdomain", []), ("compat_check", []), ("loose_relay_check", []),
         ("bestmx_is_local", []), ("use_client_ptr", []), ("require_rdns", []), ("block_bad_helo", []), ("conncontrol", ["nodelay", "terminate"]),
         ("conncontrol", ["nodelay"]), ("conncontrol", []), ("ratecontrol", ["nodelay", "terminate"]), ("ratecontrol", ["nodelay"]), ("ratecontrol", []),
         ("greet_pause", []), ("check_other", []), ("tls_session_features", []), ("check_cert_altnames", []), ("badmx", []),
         ("queuegroup", []), ("access_db", ["skip"]), ("msp", ["MSA"])]
# Switches and files of the library that are tried, too.
SWITCHES = ("_USE_DECNET_SYNTAX_",)
OSTYPES = ("linux", "debian")
RAW = ("map", "class", "class file", "header", "macro")


def adopt_result(text, path, makes, submission=False):
    """Return :class:`adopt.Adopted` for a .cf alone.

    :param str text: the .cf. :param str path: where it lives.
    :param makes: compiles a text below cf.m4 with the host's library and returns the .cf; raises McError.
    :param bool submission: whether it is the submission program's.
    """
    return _Finder(text, path, makes, submission).all()


class _Finder:
    """Comes nearer to one .cf, step by step."""

    def __init__(self, text, path, makes, submission):
        self.text, self.path, self.makes = text, path, makes
        self.live, self.notes, self.raw = cf.parse(text), [], 0
        self.variables = {"options": {}, "features": [], "undefine": [], "listeners": [], "classes": {}, "mailer_flags": {}, "mailers": self._mailers(),
                          "ostype": "linux", "masquerade": {"as": "", "domains": [], "exceptions": [], "exposed_users": [], "entire_domain": False,
                                                            "envelope": False, "recipients": False}}
        if submission:
            self.variables.update(mailers=[], features=[{"name": "msp", "arguments": [self.live.macros.get("MTAHost", "[127.0.0.1]")]}])

    def all(self):
        """Return the :class:`adopt.Adopted`."""
        self._macros()
        self._maps()
        self._milters()
        self._listeners()
        self._queue_groups()
        self._classes()
        self._ostype()
        self._options()
        self._features()
        self._mailer_equates()
        self._options()
        for row in self._left_over(self.rows(self.variables)):
            self._note("%s %s" % (row["what"], row["name"]), "no variable and no feature of the library makes this; what comes out differs", "nothing")
        forbidden = [one["name"] for one in self.variables["features"] if language.FEATURES[one["name"]].forbidden]
        forbidden += ["access_optional"] if any(one["name"] == "access_db" and re.search(r"(^|\s)-o(\s|$)", one["arguments"][0])
                                                for one in self.variables["features"]) else []
        counts = {"statements": len(cf.changes("", self.text)), "raw": self.raw, "own_lines": 0}
        kept = dict((name, value) for name, value in self.variables.items() if value or name in ("mailers", "listeners"))
        return adopt.Adopted(kept, self.notes, [], counts, [{"feature": name, "path": self.path, "line": 0} for name in forbidden], [])

    # -- how near

    def compiled(self, variables):
        """Return what the library makes of variables, or None where it makes nothing of them."""
        try:
            printed = adopt_text.lines(variables)
            return self.makes("\n".join(printed["early"] + printed["body"]) + "\n")
        except (InvalidValue, McError):
            return None

    def rows(self, variables):
        """Return in what the result of variables differs from the .cf."""
        made = self.compiled(variables)
        return cf.changes(made if made is not None else "", self.text)

    def distance(self, variables):
        """Return a number that is smaller the nearer they are: the rules and facts that differ."""
        return sum(1 + (row[side] or "").count("\n") for row in self.rows(variables) for side in ("before", "after"))

    # -- what says itself what it was

    def _mailers(self):
        order = ["local", "smtp"] + sorted(set(language.MAILERS) - {"local", "smtp"})
        return [name for name in order if any(one in self.live.mailers for one in language.MAILERS[name].names if one != "prog")]

    def _macros(self):
        options, macros = self.variables["options"], self.live.macros
        options.update((RELAYS[letter], value) for letter, value in macros.items() if letter in RELAYS and value)
        self.variables["masquerade"]["as"] = macros.get("M", "")
        if macros.get("j", "").count("$") == 0 and macros.get("j"):
            options["confDOMAIN_NAME"] = macros["j"]
        if "/" in macros.get("Z", ""):
            options["confCF_VERSION"] = macros["Z"].partition("/")[2]

    def _maps(self):
        for name, feature in sorted(MAPS.items(), key=lambda pair: pair[0] != "access"):
            entry = self.live.maps.get(name)
            if entry:
                self.variables["features"].append({"name": feature, "arguments": [" ".join([entry.klass] + entry.flags + [entry.path]).strip()]})

    def _listeners(self):
        msp = any(one["name"] == "msp" for one in self.variables["features"])
        for option, key in (("DaemonPortOptions", "listeners"), ("ClientPortOptions", "client_options")):
            for line in self.live.options.get(option, "").split("\n") if option in self.live.options else ():
                if msp and "Name=NoMTA" in line:
                    continue
                self.variables.setdefault(key, []).append(dict((adopt.LISTENER_KEYS[name], list(value) if name == "Modifiers" else value)
                                                               for name, value in cf.listener(line).items() if name in adopt.LISTENER_KEYS))
        if not msp:
            self.variables["features"].append({"name": "no_default_msa"})

    def _classes(self):
        for name, entry in self.live.classes.items():
            members = sorted(member for member in entry.members if "$" not in member)
            if name in MASQUERADES and members:
                self.variables["masquerade"][MASQUERADES[name]] = members
            elif name in CLASS_STATEMENTS and members and name != "w":
                self.variables["classes"][CLASS_STATEMENTS[name]] = members
            elif name == "w" and set(members) - {"localhost"}:
                self.variables["classes"]["LOCAL_DOMAIN"] = sorted(set(members) - {"localhost"})
            statement = CLASS_STATEMENTS.get(name, "") + "_FILE"
            if entry.files and name != "R" and statement in language.STATEMENTS:
                self.variables["classes"][statement] = list(entry.files)

    def _milters(self):
        for name, equates in sorted(self.live.milters.items()):
            text = ", ".join("%s=%s" % pair for pair in sorted(equates.items(), key=lambda pair: "SFT".find(pair[0])))
            self.variables.setdefault("raw_statements", []).append("MAIL_FILTER(`%s', `%s')" % (name, text))
            self._note("milter %s" % name, "its equates stay as they are; sendmail_milters also wants to know what happens while it does not answer",
                       "sendmail_raw_statements")

    def _queue_groups(self):
        for name, equates in sorted(self.live.queue_groups.items()):
            keys = dict((adopt.QUEUE_KEYS[key[0]], value) for key, value in equates.items() if key[0] in adopt.QUEUE_KEYS)
            self.variables.setdefault("queue_groups", []).append(dict(keys, name=name))

    def _note(self, what, reason, kept):
        self.raw += 1
        self.notes.append({"path": self.path, "line": 0, "statement": what, "reason": reason, "kept": kept})

    def _ostype(self):
        """Take the OSTYPE that comes nearest."""
        trials = [dict(self.variables, ostype=name) for name in OSTYPES]
        self.variables = min(trials, key=self.distance)

    def _options(self):
        """Say each option that the library would not set by itself, and take away what it would."""
        names = dict((row.option, name) for name, row in ((name, language.DEFINES[name]) for name in language.DEFINES) if row.option not in ("-", None))
        names.update(PLAIN_OPTIONS)
        for row in self.rows(self.variables):
            name = names.get(row["name"])
            if row["what"] != "option" or not name:
                continue
            if row["after"] is None:
                self.variables["options"].pop(name, None)
                self.variables["undefine"].append(name)
            else:
                self._set(name, self.live.options[row["name"]])
        for letter, name in (("w", "confCW_FILE"), ("t", "confCT_FILE"), ("R", "confCR_FILE")):
            if letter in self.live.classes and self.live.classes[letter].files:
                self.variables["options"][name] = self.live.classes[letter].files[0]

    def _set(self, name, value):
        """Say an option, unless m4 would change its value: then it stays among what differs."""
        try:
            adopt_text.Printer({}).define(name, value)
        except InvalidValue:
            return
        self.variables["options"][name] = value
        self.variables["undefine"] = [one for one in self.variables["undefine"] if one != name]

    # -- what has to be tried

    def _features(self):
        nearest = self.distance(self.variables)
        pauses = sorted(set(re.findall(r"\b\d{3,6}\b", " ".join(right for left, right in self.live.rulesets["greet_pause"].rules))) - {"550", "554"}) \
            if "greet_pause" in self.live.rulesets else []
        tried = TRIED + [(name, []) for name in SWITCHES] + [("greet_pause", [pause]) for pause in pauses]
        for _round in (1, 2):
            before = nearest
            for name, arguments in tried:
                trial = copy.deepcopy(self.variables)
                if not self._with(trial, name, arguments):
                    continue
                distance = self.distance(trial)
                if distance < nearest:
                    self.variables, nearest = trial, distance
            if nearest == before:
                return

    @staticmethod
    def _with(trial, name, arguments):
        """Add a feature to variables; False where it is there already, or where it has no place."""
        if name in SWITCHES:
            known, trial["options"][name] = trial["options"].get(name), "1"
            return not known
        if name in adopt.MASQUERADE_FEATURES:
            known = trial["masquerade"].get(adopt.MASQUERADE_FEATURES[name])
            trial["masquerade"][adopt.MASQUERADE_FEATURES[name]] = True
            return not known
        found = [one for one in trial["features"] if one["name"] == name]
        if name in ("access_db", "msp"):
            more = bool(found) and len(found[0]["arguments"]) == 1
            if more:
                found[0]["arguments"] += arguments
            return more
        if found and (found[0].get("arguments") or []) == arguments:
            return False
        added = {"name": name, "arguments": arguments} if arguments else {"name": name}
        others = [one for one in trial["features"] if one["name"] != name]
        # What brings mailers stands last.
        trial["features"] = [one for one in others if one["name"] != "msp"] + [added] + [one for one in others if one["name"] == "msp"]
        return True

    def _mailer_equates(self):
        made = cf.parse(self.compiled(self.variables) or "")
        for name, (prefix, flags) in sorted(MAILERS.items()):
            if name not in self.live.mailers or name not in made.mailers:
                continue
            now, wanted = made.mailers[name].equates, self.live.mailers[name].equates
            for letter, tail in EQUATES.items():
                if wanted.get(letter) and wanted.get(letter) != now.get(letter):
                    self._set("%s_%s" % (prefix, tail), wanted[letter])
            if wanted.get("F") != now.get("F"):
                self.variables["mailer_flags"][flags] = wanted.get("F", "")

    # -- what is left over

    def _left_over(self, rows):
        """Keep as text what only the .cf has and what may be said below LOCAL_CONFIG and LOCAL_RULESETS; return what differs all the same."""
        config, rulesets = [], {}
        for row in rows:
            if row["what"] in RAW and (row["before"] is None or row["what"] == "class"):
                config += self._line(row)
            elif row["what"] == "ruleset" and not row["before"] and row["after"]:
                number = self.live.rulesets[row["name"]].number
                rulesets[row["name"]] = ["S%s%s" % (row["name"], "=" + number if number else "")] + row["after"].split("\n")
        self._texts(config, rulesets)
        still = self.rows(self.variables)
        # Rules that were not the last of their ruleset can not be put in their place.
        misplaced = [row["name"] for row in still if row["what"] == "ruleset" and row["name"] in rulesets]
        self._texts(config, dict((name, lines) for name, lines in rulesets.items() if name not in misplaced))
        still = self.rows(self.variables)
        different = [(row["what"], row["name"]) for row in still]
        for row in rows:
            if (row["what"], row["name"]) not in different:
                self._note("%s %s" % (row["what"], row["name"]), "no variable says this",
                           "sendmail_local_rulesets" if row["what"] == "ruleset" else "sendmail_local_config")
        return still

    def _texts(self, config, rulesets):
        for key, lines in (("local_config", config), ("local_rulesets", [line for name in sorted(rulesets) for line in rulesets[name]])):
            self.variables.pop(key, None)
            if lines:
                self.variables[key] = "\n".join(lines) + "\n"

    def _line(self, row):
        name = row["name"] if len(row["name"]) == 1 else "{%s}" % row["name"]
        if row["what"] == "map":
            return ["K%s %s" % (row["name"], row["after"])]
        if row["what"] == "macro":
            return ["D%s%s" % (name, row["after"])]
        if row["what"] == "header":
            return ["H%s%s: %s" % (re.match(r"(\?[^?]*\?)?", value).group(), row["name"], re.sub(r"\A\?[^?]*\?", "", value))
                    for value in self.live.headers[row["name"]]]
        if row["what"] == "class file":
            return ["F%s%s" % (name, path) for path in self.live.classes[row["name"]].files]
        missing = sorted(set((row["after"] or "").split()) - set((row["before"] or "").split()))
        return ["C%s%s" % (name, " ".join(missing))] if missing else []
