# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Statements of an .mc file that stand for themselves: one function for each family, from a site's variable to whole lines.

Every line is quoted for m4 and held against the table of the language. An empty variable gives no line. Nothing here is a default or hardening of ours, so that
a template which prints only what a site says can be made of these lines, too. Pure.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, language_rulesets, language_words, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_mc

FLAGGED_MAILERS = language_words.FLAGGED_MAILERS
# The statements that name members of a class, or files of them.
CLASSES = tuple(sorted(name for name, section in language.STATEMENTS.items() if section == 5 and name != "MASQUERADE_AS"))
# The parts with a variable of their own, and the order of the others.
OWN_PARTS = {"LOCAL_CONFIG": "sendmail_local_config", "LOCAL_RULESETS": "sendmail_local_rulesets"}
PARTS = ("MAILER_DEFINITIONS", "LOCAL_DNSBL", "LOCAL_NET_CONFIG", "LOCAL_RULE_3", "LOCAL_RULE_0", "LOCAL_UUCP", "LOCAL_RULE_1", "LOCAL_RULE_2",
         "LOCAL_SRV_FEATURES", "LOCAL_CLT_FEATURES", "LOCAL_TRY_TLS", "LOCAL_TLS_RCPT", "LOCAL_TLS_CLIENT", "LOCAL_TLS_SERVER")
QUEUE_KEYS = tuple((one.name.lower(), letter, one.type) for letter, one in language_words.QUEUE_EQUATES.items())
# Written by sendmail for every host; its keys follow from sendmail_limits unless sendmail_queue_groups names it.
DEFAULT_GROUP = "mqueue"
ROUTING_KEYS = ("enabled", "mail_host", "mail_routing_address", "missing", "detail", "without_domain", "temporary_failure", "domains", "domain_files",
                "equivalents", "equivalent_files")


def lines(site):
    """Return all families at once, each a list of lines: what the templates print.

    :param dict site: see ``__sendmail_site`` in roles/config/vars/main.yml.
    :raises InvalidValue: naming the variable, what was found and what was expected.
    """
    plan_mc.check_waivers(site["waivers"])
    return {"undefine": undefine(site["undefine"]), "mailer_flags": mailer_flags(site["mailer_flags"]), "ldap": ldap(site["ldap"]),
            "ldap_routing": ldap_routing(site["ldap_routing"], site["ldap"]), "classes": classes(site["classes"]),
            "default_group": default_group(site["queue_groups"], plan_mc.queue_group(site), site["platform"]["mta"]["queue"]),
            "queue_groups": queue_groups(site["queue_groups"], site["platform"]["mta"]["queue"]), "client_options": client_options(site["client_options"]),
            "includes": includes(site["includes"], site["waivers"]), "mc_domain": mc_domain(site["mc_domain"]),
            "masquerade_files": masquerade_files(site["masquerade"]),
            "definitions": raw_parts(site["raw_parts"], ("MAILER_DEFINITIONS",)),
            "parts": raw_parts(site["raw_parts"], PARTS[1:]), "rulesets": rulesets(site["rulesets"], site["raw_parts"])}


def statement(name, *arguments):
    """Return one statement; its arguments are quoted already."""
    return "%s(%s)dnl" % (name, ", ".join(arguments))


def undefine(names):
    """Return ``undefine(`confX')dnl`` for each name of ``sendmail_undefine``; :raises InvalidValue: sendmail knows no such name."""
    known = list(language.DEFINES) + list(language.VARIABLES)
    for name in names:
        if name not in known:
            raise InvalidValue("sendmail_undefine: sendmail knows no '%s'.%s" % (name, language.nearest(name, known)), variable="sendmail_undefine")
    return [statement("undefine", "`%s'" % name) for name in names]


def mailer_flags(flags):
    """Return MODIFY_MAILER_FLAGS for each mailer of ``sendmail_mailer_flags``.

    :param dict flags: mailer (any case) -> ``+xy`` to add, ``-xy`` to take away, ``+x-y`` for both, ``xy`` for these and no others.
    :raises InvalidValue: a mailer whose flags no statement can change, or signs and letters in no order.
    """
    found = []
    for name, value in sorted(flags.items()):
        variable, mailer = "sendmail_mailer_flags.%s" % name, {"PROG": "SHELL"}.get(str(name).upper(), str(name).upper())
        if mailer not in FLAGGED_MAILERS:
            raise InvalidValue("%s: there is no such mailer, or it has no flags to change.%s Known are %s." % (
                variable, language.nearest(mailer, FLAGGED_MAILERS), ", ".join(sorted(FLAGGED_MAILERS))), variable=variable)
        for change in _flag_changes(str(value), variable):
            found.append(statement("MODIFY_MAILER_FLAGS", "`%s'" % mailer, m4.quote(change, variable, "flags")))
    return found


def _flag_changes(value, variable):
    """Split ``+x-y`` into what the statement can take: one sign at a time; flags without a sign stand alone, for they replace all others."""
    changes, rest = [], value
    while rest[:1] in ("+", "-"):
        length = min([position for position in (rest.find("+", 1), rest.find("-", 1)) if position > 0] or [len(rest)])
        changes.append(rest[:length])
        rest = rest[length:]
    if not value or any(len(change) == 1 for change in changes) or (rest and changes):
        raise InvalidValue("%s: '%s' is no change of flags; expected +xy, -xy, +x-y, or xy for these and no others." % (variable, value), variable=variable)
    return changes or [rest]


def ldap(said):
    """Return the define() lines of ``sendmail_ldap``: keys ``cluster`` and ``default_spec``, each may be empty."""
    _known(said, ("cluster", "default_spec"), "sendmail_ldap")
    return [_define(name, said[key], "sendmail_ldap." + key)
            for key, name in (("cluster", "confLDAP_CLUSTER"), ("default_spec", "confLDAP_DEFAULT_SPEC")) if said.get(key)]


def _define(name, value, variable):
    found = plan_mc.define(name, value, variable)
    return statement("define", "`%s'" % found["name"], found["value"])


def ldap_routing(said, directory):
    """Return FEATURE(ldap_routing) and the statements of its classes out of ``sendmail_ldap_routing``; an empty dictionary gives none.

    :param dict said: ``enabled``, ``mail_host`` and ``mail_routing_address`` (maps; empty, those of the feature, which need a default_spec), ``missing``
        (passthru, bounce, sendertoo), ``detail`` (strip, preserve), ``without_domain`` (true: no lookup by domain alone), ``temporary_failure`` (queue,
        tempfail), ``domains``, ``domain_files``, ``equivalents``, ``equivalent_files``.
    :param dict directory: ``sendmail_ldap``.
    """
    _known(said, ROUTING_KEYS, "sendmail_ldap_routing")
    if not said or said.get("enabled") is False:
        return []
    if not directory.get("default_spec") and not (said.get("mail_host") and said.get("mail_routing_address")):
        raise InvalidValue("sendmail_ldap_routing: without mail_host and mail_routing_address the feature's own maps are used, and these know no server. Give "
                           "both, or sendmail_ldap.default_spec such as '-H ldap://ldap.example.com -b o=Example'.", variable="sendmail_ldap_routing")
    arguments = [said.get("mail_host"), said.get("mail_routing_address"), said.get("missing"), said.get("detail"),
                 "nodomain" if said.get("without_domain") else "", said.get("temporary_failure")]
    arguments = [argument or "" for argument in arguments]
    while arguments and not arguments[-1]:
        arguments.pop()
    found = [statement("FEATURE", plan_mc.feature("ldap_routing", arguments, "sendmail_ldap_routing"))]
    for key, name in (("domains", "LDAPROUTE_DOMAIN"), ("domain_files", "LDAPROUTE_DOMAIN_FILE"), ("equivalents", "LDAPROUTE_EQUIVALENT"),
                      ("equivalent_files", "LDAPROUTE_EQUIVALENT_FILE")):
        found += _members(name, said.get(key) or [], "sendmail_ldap_routing." + key)
    return found


def classes(said):
    """Return a statement for each member of ``sendmail_classes``: dict of statement (LOCAL_USER, EXPOSED_USER_FILE ...) -> list."""
    _known(said, CLASSES, "sendmail_classes")
    return [line for name in CLASSES for line in _members(name, said.get(name) or [], "sendmail_classes." + name)]


def _members(name, members, variable):
    if not isinstance(members, (list, tuple)):
        raise InvalidValue("%s is no list; write one even for a single name." % variable, variable=variable)
    return [statement(name, m4.quote(one, variable, language.ARGUMENTS.get(name, "text"))) for one in members]


def masquerade_files(said):
    """Return the statements of the files of a masquerade: keys ``domain_files``, ``exception_files``, ``exposed_user_files``."""
    return [line for key, name in (("domain_files", "MASQUERADE_DOMAIN_FILE"), ("exception_files", "MASQUERADE_EXCEPTION_FILE"),
                                   ("exposed_user_files", "EXPOSED_USER_FILE"))
            for line in _members(name, said.get(key) or [], "sendmail_masquerade." + key)]


def default_group(groups, standard, queue):
    """Return the quoted equates of the group mqueue: the standard ones, with those of ``sendmail_queue_groups`` laid over them.

    :param dict standard: keys of a group.
    """
    said = next((group for group in groups if group.get("name") == DEFAULT_GROUP), {})
    return "`%s'" % group_equates(dict(standard, **{key: value for key, value in said.items() if value not in (None, "")}), queue)


def queue_groups(groups, queue):
    """Return QUEUE_GROUP for each entry of ``sendmail_queue_groups`` but ``mqueue``, whose keys :func:`group_equates` takes.

    :param list groups: dicts of ``name``, ``path``, ``flags``, ``nice``, ``interval``, ``runners``, ``jobs``, ``recipients``.
    :param str queue: the queue's directory, below which each path must be.
    """
    names = [group.get("name") for group in groups]
    twice = sorted(name for name in set(names) if names.count(name) > 1)
    if twice:
        raise InvalidValue("sendmail_queue_groups: '%s' is named twice. Keep one." % twice[0], variable="sendmail_queue_groups")
    return [statement("QUEUE_GROUP", m4.quote(group.get("name"), "sendmail_queue_groups: name", "word"), "`%s'" % group_equates(group, queue))
            for group in groups if group.get("name") != DEFAULT_GROUP]


def group_equates(group, queue):
    """Return the equates of one queue group, such as ``P=/var/spool/mqueue/slow, F=f, I=1h, R=2``."""
    variable = "sendmail_queue_groups (%s)" % group.get("name")
    _known(group, ["name"] + [key for key, unused, unused_kind in QUEUE_KEYS], variable)
    if group.get("path"):
        path, top = str(group["path"]), queue.rstrip("/*")
        if ".." in path.split("/") or not (path == top or path.startswith(top + "/")):
            raise InvalidValue("%s: the path '%s' is not below %s, and sendmail refuses a queue elsewhere. Name a directory there." % (variable, path, top),
                               variable=variable)
    # As text a comma is refused: it would begin another equate.
    return ", ".join("%s=%s" % (letter, m4.quote(group[key], "%s: %s" % (variable, key), kind)[1:-1])
                     for key, letter, kind in QUEUE_KEYS if group.get(key) not in (None, ""))


def client_options(options):
    """Return CLIENT_OPTIONS for each entry of ``sendmail_client_options``: from which address mail leaves, one entry for each family."""
    return [statement("CLIENT_OPTIONS", "`%s'" % m4.client_options(entry)) for entry in options]


def includes(paths, waivers):
    """Return include() for each path of ``sendmail_includes``.

    :raises InvalidValue: no path, or one for whose code nobody stands: nothing here reads it, so each needs a waiver ``include(PATH)`` with a reason.
    """
    waived = [waiver.get("feature") for waiver in waivers]
    for path in paths:
        quoted = m4.quote(path, "sendmail_includes", "path")
        if "include(%s)" % quoted[1:-1] not in waived:
            raise InvalidValue("sendmail_includes: %s is code that nothing here checks. Add {feature: include(%s), reason: ...} to sendmail_waivers." % (
                path, path), variable="sendmail_includes")
    return [statement("include", "`%s'" % path) for path in paths]


def mc_domain(name):
    """Return DOMAIN() for ``sendmail_mc_domain``, or no line."""
    return [statement("DOMAIN", m4.quote(name, "sendmail_mc_domain", "word"))] if name else []


def raw_parts(said, parts=PARTS):
    """Return the lines of ``sendmail_raw_parts``, each part opened by its name, in the order of the language.

    :param dict said: part -> text for the .cf as it stands.
    :param parts: which of them.
    :raises InvalidValue: no such part, or text that m4 would change.
    """
    for name in said:
        if name in OWN_PARTS:
            raise InvalidValue("sendmail_raw_parts: %s has a variable of its own. Use %s." % (name, OWN_PARTS[name]), variable="sendmail_raw_parts")
    _known(said, PARTS, "sendmail_raw_parts")
    return [line for name in parts if said.get(name) for line in [name] + plan_mc.raw(said[name], "sendmail_raw_parts.%s" % name).split("\n")]


def rulesets(said, parts=()):
    """Return the lines of ``sendmail_rulesets``; each opens its ruleset and holds its rules.

    :param dict said: name of a ruleset that sendmail or the cf library calls -> list of rules ``Rleft<TAB>right``.
    :param parts: ``sendmail_raw_parts``, which may open the same one.
    :returns: dict of ``own``, lines of all but Local_localaddr, and ``localaddr``, the rules of that one, which stand above those of ours.
    :raises InvalidValue: no such ruleset, one that the cf library writes itself, or a line that is no rule.
    """
    _known(said, sorted(language_rulesets.RULESETS), "sendmail_rulesets", " A ruleset that only yours call stands in sendmail_local_rulesets.")
    own, localaddr = [], []
    for name in sorted(said):
        variable, ruleset = "sendmail_rulesets.%s" % name, language_rulesets.RULESETS[name]
        if ruleset.taken is not None:
            raise InvalidValue("%s: the cf library writes this ruleset itself. %s" % (
                variable, "Use %s." % ruleset.taken if ruleset.taken else "It reads the access map."), variable=variable)
        if ruleset.macro and ruleset.macro in parts:
            raise InvalidValue("%s: sendmail_raw_parts.%s opens the same ruleset. Keep one." % (variable, ruleset.macro), variable=variable)
        if not isinstance(said[name], (list, tuple)):
            raise InvalidValue("%s is no list of rules." % variable, variable=variable)
        language_rulesets.check_rules(said[name], variable)
        rules = plan_mc.raw("\n".join(said[name]), variable).split("\n") if said[name] else []
        if name == "Local_localaddr":
            localaddr = rules
        elif rules:
            own += ([ruleset.macro] if ruleset.macro else ["LOCAL_RULESETS", "S" + name]) + rules
    return {"own": own, "localaddr": localaddr}


def _known(said, keys, variable, hint=""):
    for key in said:
        if key not in keys:
            raise InvalidValue("%s: '%s' is unknown.%s Known are %s.%s" % (variable, key, language.nearest(str(key), keys), ", ".join(keys), hint),
                               variable=variable)
