# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From somebody's .mc to this collection's variables: each statement becomes a variable, or is named with its line and the reason. Pure.

What comes out is printed by the template plain.mc.j2, and compiles to the same .cf; tests/integration_m4/test_adopt.py asks that of the real m4.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import adopt_m4, adopt_maps, language
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

Adopted = collections.namedtuple("Adopted", "variables notes complaints counts waivers includes")
Adopted.__doc__ = """What became of an .mc.

variables: name without ``sendmail_`` -> value; notes: dicts of ``path line statement reason kept``, one for each line that is no plain variable; complaints:
``(path, line, text)``; counts: dict of ``statements``, ``raw`` (those that no variable expresses, kept as text) and ``own_lines`` (lines for the .cf that the
author wrote below LOCAL_CONFIG and the like); waivers: what needs one, with the place it stands at; includes: ``(path, mc, line, was read)``.
"""

FEATURE_SETS = adopt_m4.FEATURE_SETS
# Of these a feature keeps what it finds.
KEPT_IF_SET = ("confPID_FILE", "confTRUSTED_USER", "confRUN_AS_USER", "STATUS_FILE")
# MAILER() has used these already.
MAILER_VARIABLE = re.compile(r"(LOCAL|SMTP|ESMTP|SMTP8|DSMTP|RELAY|PROCMAIL|CYRUS|CYRUSV2|CYRUS_BB|UUCP|USENET|FAX|POP|MAIL11|PH|QPAGE|SSH|XAGENT)"
                             r"_(MAILER|SHELL|PROG)_|confEBINDIR$")
# MAILER() asks whether these are there; what is said of them below it counts for the rest.
ASKED_BY_MAILERS = ("confUSERDB_SPEC", "confLOCAL_MAILER", "BITNET_RELAY")
MASQUERADE_FEATURES = {"masquerade_entire_domain": "entire_domain", "masquerade_envelope": "envelope", "allmasquerade": "recipients",
                       "limited_masquerade": "limited", "local_no_masquerade": "local_unmasqueraded"}
MASQUERADE_CLASSES = {"MASQUERADE_DOMAIN": "domains", "MASQUERADE_EXCEPTION": "exceptions", "EXPOSED_USER": "exposed_users",
                      "MASQUERADE_DOMAIN_FILE": "domain_files", "MASQUERADE_EXCEPTION_FILE": "exception_files", "EXPOSED_USER_FILE": "exposed_user_files"}
CLASSES = frozenset(name for name, section in language.STATEMENTS.items() if section == 5 and name != "MASQUERADE_AS") - frozenset(MASQUERADE_CLASSES)
LISTENER_KEYS = {"Name": "name", "Family": "family", "Addr": "address", "Port": "port", "Modifiers": "modifiers", "Listen": "listen", "children": "children",
                 "DeliveryMode": "delivery_mode", "queueLA": "queue_load", "refuseLA": "refuse_load", "delayLA": "delay_load", "InputMailFilters": "milters",
                 "SndBufSize": "send_buffer", "RcvBufSize": "receive_buffer"}
QUEUE_KEYS = {"P": "path", "F": "flags", "N": "nice", "I": "interval", "R": "runners", "J": "jobs", "r": "recipients"}
PORTS = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}
DELIVERY_MODES = {"i": "interactive", "b": "background", "q": "queueonly"}
_TEXT = "sendmail_raw_statements"


def adopt(text, path, read=None, library=None):
    """Turn the text of an .mc into variables.

    :param str path: where it lives, for messages.
    :param read: returns the text of an included file, or None.
    :param library: returns the text of a file of the cf library by its name below it, or None.
    :returns: :class:`Adopted`.
    :raises McError: with file and line; a quotation is never closed, or it would run a command.
    """
    machine = adopt_m4.Machine(read, library).run(text, path)
    return _Adopter(machine).all()


class _Adopter:
    """Goes through what m4 came to, in order."""

    def __init__(self, machine):
        self.machine, self.notes, self.waivers, self.raw, self.events = machine, [], [], 0, {}
        self.variables = {"features": [], "mailers": [], "listeners": [], "client_options": [], "queue_groups": [], "options": {}, "undefine": [],
                          "classes": {}, "raw_parts": {}, "raw_statements": [], "mailer_flags": {}, "includes": [], "milters": [],
                          "masquerade": {"as": "", "domains": [], "exceptions": [], "exposed_users": [], "entire_domain": False, "envelope": False,
                                         "recipients": False}}
        self.mailed, self.flags, self.filters = False, {}, ""

    def all(self):
        """Return the :class:`Adopted`."""
        for noted in self.machine.statements:
            handler = getattr(self, "_on_" + noted.name, None)
            if handler:
                handler(noted)
            elif noted.name in CLASSES:
                self._members(noted, self.variables["classes"].setdefault(noted.name, []))
            elif noted.name in MASQUERADE_CLASSES:
                self._members(noted, self.variables["masquerade"].setdefault(MASQUERADE_CLASSES[noted.name], []))
            elif noted.name not in language.PARTS:
                self._as_text(noted, "no variable says this")
        self._options()
        own = self._lines()
        for path, mc, line, was_read in self.machine.includes:
            if not was_read:
                self._unread(path, mc, line)
        counts = {"statements": len(self.machine.statements) + self.stray, "raw": self.raw, "own_lines": own}
        return Adopted(_without_empty(self.variables), self.notes, self.machine.complaints, counts, self.waivers, self.machine.includes)

    def note(self, noted, reason, kept):
        """Name one line."""
        shown = noted.text if hasattr(noted, "text") else _shown(noted)
        shown = "(not shown: it holds a password)" if adopt_maps.holds_password(shown) else shown
        self.notes.append({"path": noted.path, "line": noted.line, "statement": " ".join(shown.split())[:200], "reason": reason, "kept": kept})

    def _as_text(self, noted, reason):
        self.raw += 1
        self.variables["raw_statements"].append(_shown(noted))
        self.note(noted, reason, _TEXT)

    def _flat(self, text):
        made = self.machine.flat(text)
        return made if made is None else made.strip()

    def _arguments(self, noted):
        """Return the arguments, flat, without empty ones at the end; None (and a note) where one is no plain value."""
        found = [self._flat(argument) for argument in noted.args]
        if any(argument is None for argument in found):
            self._as_text(noted, "a statement stands inside of it")
            return None
        while found and not found[-1]:
            found.pop()
        return found

    # -- statements

    def _on_VERSIONID(self, noted):
        """It only writes a comment."""

    def _on_OSTYPE(self, noted):
        self.variables["ostype"] = self._flat(noted.args[0])
        if len(noted.args) > 1 and noted.args[1].strip():
            self.note(noted, "the second argument is left out; no OSTYPE of the library looks at it", "sendmail_ostype")

    def _on_DOMAIN(self, noted):
        if self.variables.get("mc_domain"):
            return self._as_text(noted, "there is one DOMAIN already")
        self.variables["mc_domain"] = self._flat(noted.args[0])
        return None

    def _on_define(self, noted):
        name = noted.args[0]
        if self.mailed and MAILER_VARIABLE.match(name):
            return self.note(noted, "it stands below MAILER(), which has used it already: it has no effect", "nothing")
        if self.mailed and name in ASKED_BY_MAILERS:
            return self._as_text(noted, "it stands below MAILER(), which asks whether it is there")
        if name == "confINPUT_MAIL_FILTERS":
            self.filters = (self._flat(noted.args[-1]) or "") if noted.name == "define" else ""
            return None
        self.events[name] = noted
        return None

    _on_undefine = _on_define

    def _on_FEATURE(self, noted):
        found = self._arguments(noted)
        if not found:
            return
        name = found[0]
        if name not in language.FEATURES:
            self._as_text(noted, "sendmail itself has no such feature")
            return
        if language.FEATURES[name].forbidden:
            self._waive(name, noted)
        if name == "access_db" and re.search(r"(^|\s)-o(\s|$)", (found[1:2] or [""])[0]):
            self._waive("access_optional", noted)
        self._sets(name, noted)
        if name in MASQUERADE_FEATURES and len(found) == 1:
            self.variables["masquerade"][MASQUERADE_FEATURES[name]] = True
        else:
            self.variables["features"].append(dict([("name", name)] + ([("arguments", found[1:])] if found[1:] else [])))
        self.mailed = self.mailed or name in language.BRINGS_MAILERS

    def _sets(self, feature, noted):
        for name in FEATURE_SETS.get(feature, ()):
            before = self.events.get(name)
            if before and name == "STATUS_FILE" and feature == "msp":
                # The feature takes the directory of it for a file of its own.
                self.events[name] = _Changed(before, re.sub("sendmail[.]st.*", "sm-client.st", self._flat(before.args[-1]) or "", flags=re.S))
            elif before and name not in KEPT_IF_SET:
                self.note(before, "FEATURE(`%s') on line %d sets it again: it has no effect" % (feature, noted.line), "nothing")
                self.events.pop(name)

    def _waive(self, what, noted):
        self.waivers.append({"feature": what, "path": noted.path, "line": noted.line})

    def _on_MASQUERADE_AS(self, noted):
        found = self._arguments(noted)
        if found is not None:
            self.variables["masquerade"]["as"] = (found or [""])[0]

    def _members(self, noted, members):
        found = self._arguments(noted)
        if not found:
            return
        # A file stands for itself, with -o before it; names may share a statement.
        new = [found[0]] if noted.name.endswith("_FILE") else found[0].split()
        members.extend(one for one in new if one not in members)
        if len(found) > 1:
            self.note(noted, "only the first argument counts, the others (%s) say nothing" % ", ".join(found[1:]), "sendmail_classes")

    def _on_MODIFY_MAILER_FLAGS(self, noted):
        found = self._arguments(noted)
        if not found or len(found) < 2:
            return
        mailer, change = found[0], found[1]
        if self.mailed:
            self.note(noted, "it stands below MAILER(), which has used the flags already: it has no effect", "nothing")
        elif change[:1] in ("+", "-"):
            state = self.flags.setdefault(mailer, {"+": "", "-": "", "=": None})
            state[change[0]] += change[1:]
        else:
            self.flags.setdefault(mailer, {"+": "", "-": "", "=": None})["="] = change
        for name, state in self.flags.items():
            self.variables["mailer_flags"][name] = state["="] if state["="] is not None else "".join(sign + state[sign] for sign in "+-" if state[sign])

    def _on_DAEMON_OPTIONS(self, noted):
        found = self._equates(noted)
        if found is not None:
            self.variables["listeners"].append(found)

    def _on_CLIENT_OPTIONS(self, noted):
        found = self._equates(noted)
        if found is not None:
            self.variables["client_options"].append(found)

    def _equates(self, noted):
        """Return the keys of a listener, or None (kept as text)."""
        text = self._flat(noted.args[0])
        try:
            said = language.check_daemon_options(text or "", client=noted.name == "CLIENT_OPTIONS")
        except InvalidValue as exc:
            self._as_text(noted, exc.message)
            return None
        found = dict((LISTENER_KEYS[key], value) for key, value in said.items())
        for key in ("port", "listen", "children", "queue_load", "refuse_load", "delay_load", "send_buffer", "receive_buffer"):
            if key in found:
                number = PORTS.get(found[key], found[key])
                if not re.match(r"\d+\Z", str(number)):
                    self._as_text(noted, "%s '%s' is no number" % (key, number))
                    return None
                found[key] = int(number)
        if "modifiers" in found:
            found["modifiers"] = list(found["modifiers"])
        if "milters" in found:
            found["milters"] = re.split(r"\s*;\s*", found["milters"])
        if "delivery_mode" in found:
            found["delivery_mode"] = DELIVERY_MODES.get(found["delivery_mode"][0], found["delivery_mode"])
        return found

    def _on_QUEUE_GROUP(self, noted):
        found = self._arguments(noted)
        parts = [part.strip().partition("=") for part in (found or ["", ""])[-1].split(",") if part.strip()]
        if not found or len(found) != 2 or any(key.strip()[:1] not in QUEUE_KEYS or not value for key, _equals, value in parts):
            self._as_text(noted, "its equates are not those of a queue group")
            return
        group = {"name": found[0]}
        for key, _equals, value in parts:
            value = value.strip()
            group[QUEUE_KEYS[key.strip()[0]]] = int(value) if re.match(r"-?\d+\Z", value) and key.strip()[0] in "NRJr" else value
        self.variables["queue_groups"].append(group)

    def _on_MAIL_FILTER(self, noted):
        found = self._arguments(noted)
        if not found or len(found) < 2:
            self._as_text(noted, "its socket is missing")
            return
        if noted.name == "INPUT_MAIL_FILTER":
            self.filters += ", " * bool(self.filters) + found[0]
        # Which of them see mail, and in which order, stands in confINPUT_MAIL_FILTERS.
        self._as_text(noted._replace(name="MAIL_FILTER", args=found), "its equates have no variable here")

    _on_INPUT_MAIL_FILTER = _on_MAIL_FILTER

    def _on_MAILER(self, noted):
        found = self._arguments(noted)
        self.mailed = True
        if found and len(found) == 1 and found[0] in language.MAILERS:
            self.variables["mailers"].append(found[0])
        elif found is not None:
            self._as_text(noted, "sendmail has no such MAILER file, or it has arguments")

    def _on_SITECONFIG(self, noted):
        self.note(noted, "it is taken over as the lines that it makes", "sendmail_local_config")

    # -- defines: what counts is what is left at the end

    def _options(self):
        for name, noted in sorted(self.events.items(), key=lambda event: event[1].line):
            if self.machine.defined.get(name) == "library" and not hasattr(noted, "kept"):
                self.note(noted, "OSTYPE or DOMAIN below it sets %s again: it has no effect" % name, "nothing")
            elif noted.name == "undefine":
                self._undefined(name, noted)
            else:
                self._option(name, noted)
        if self.filters:
            self.variables["options"]["confINPUT_MAIL_FILTERS"] = self.filters
        if "ostype" not in self.variables and "__OSTYPE__" not in self.variables["options"]:
            self.variables["options"]["__OSTYPE__"] = ""
            self.notes.append({"path": "", "line": 1, "statement": "OSTYPE", "reason": "there is none", "kept": "sendmail_options.__OSTYPE__"})

    def _undefined(self, name, noted):
        if name in language.DEFINES or name in language.VARIABLES:
            self.variables["undefine"].append(name)
        elif not name.startswith("_"):
            self.note(noted, "sendmail knows no such name: it has no effect", "nothing")

    def _option(self, name, noted):
        if name in language.REMOVED:
            return self.note(noted, "sendmail only complains about it; it wants %s" % language.REMOVED[name], "nothing")
        if name not in language.DEFINES and name not in language.VARIABLES and not name.startswith("_"):
            return self.note(noted, "sendmail knows no such name; where the text uses it, its value was put in", "nothing")
        value = self._flat(noted.args[1])
        if value is None:
            return self._as_text(noted, "a statement stands inside of it")
        self.variables["options"][name] = value
        return None

    # -- lines for the .cf

    stray = 0

    def _lines(self):
        """Put the lines of the parts where they belong; return how many the author wrote for the .cf."""
        own, parts = 0, collections.OrderedDict()
        for line in self.machine.lines:
            comment = line.text.startswith("#")
            if comment and ("`" in line.text or not line.part):
                continue
            if comment and adopt_maps.holds_password(line.text):
                self.note(line, "a remark with a password is not copied", "nothing")
                continue
            own += bool(line.part) and not comment
            if not line.part:
                self._stray(line)
            if "`" in line.text:
                self.note(line, "it holds a backquote, which no variable can hold", "nothing: this line is lost")
                self.raw += 1
            else:
                parts.setdefault(line.part or "LOCAL_CONFIG", []).append(line.text)
        self._parts(parts)
        return own

    def _stray(self, line):
        self.stray += 1
        self.raw += 1
        self.note(line, "it stands in no part; m4 copies it to the beginning of the .cf", "sendmail_local_config")

    def _parts(self, parts):
        for part, lines in parts.items():
            text = "\n".join(lines) + "\n"
            if part in ("LOCAL_CONFIG", "LOCAL_RULESETS"):
                self.variables[part.lower()] = text
            elif any(not line.startswith("#") for line in lines):
                self.variables["raw_parts"][part] = text
        for noted in self.machine.statements:
            # An empty one of these says something, too: the library then calls the ruleset.
            if noted.name in language.PARTS and noted.name.startswith(("LOCAL_SRV", "LOCAL_CLT", "LOCAL_T")):
                self.variables["raw_parts"].setdefault(noted.name, "\n")

    def _unread(self, path, mc, line):
        self.raw += 1
        self.variables["includes"].append(path)
        self.waivers.append({"feature": "include(%s)" % path, "path": mc, "line": line})
        self.notes.append({"path": mc, "line": line, "statement": "include(`%s')" % path, "reason": "the file was not to be had, so it is not known what it "
                           "says", "kept": "sendmail_includes"})


class _Changed:
    """A define whose value is another than the one that was written."""

    def __init__(self, noted, value):
        self.name, self.args, self.path, self.line, self.kept = noted.name, [noted.args[0], value], noted.path, noted.line, True


def _shown(noted):
    """Return a statement as somebody would write it."""
    return "%s(%s)" % (noted.name, ", ".join("`%s'" % argument for argument in noted.args))


def _without_empty(variables):
    keep = ("mailers", "listeners", "masquerade")
    return dict((name, value) for name, value in variables.items() if value or name in keep)
