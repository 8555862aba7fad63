# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The lines of the .mc files of a site, every value quoted for m4 and held against its type. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import (
    plan_auth,
    plan_definitions,
    plan_maps,
    plan_milters,
    plan_plain,
    plan_profiles,
    plan_smart_host,
    plan_tls,
)

# Tables that a FEATURE of the same name brings in, in the order in which the .mc names them.
FEATURES = (
    ("mailertable", "Where the mail of a domain goes, whatever its MX records say."),
    ("virtusertable", "Which address of a virtual domain is whose."),
    ("genericstable", "Which address a local name shows to the world."),
    ("domaintable", "Old domains and the new ones in their place."),
    ("authinfo", "What this host says to prove who it is to others."),
)
# variable under sendmail_limits -> define; what is not here is used elsewhere (access map, queue group, FEATURE).
LIMITS = (
    ("message_size", "confMAX_MESSAGE_SIZE"),
    ("recipients", "confMAX_RCPTS_PER_MESSAGE"),
    ("bad_recipients", "confBAD_RCPT_THROTTLE"),
    ("noop_commands", "confMAX_NOOP_COMMANDS"),
    ("header_bytes", "confMAX_HEADERS_LENGTH"),
    ("mime_header_bytes", "confMAX_MIME_HEADER_LENGTH"),
    ("hops", "confMAX_HOP"),
    ("alias_depth", "confMAX_ALIAS_RECURSION"),
    ("free_blocks", "confMIN_FREE_BLOCKS"),
    ("children", "confMAX_DAEMON_CHILDREN"),
    ("queue_children", "confMAX_QUEUE_CHILDREN"),
    ("connections_per_second", "confCONNECTION_RATE_THROTTLE"),
    ("client_rate_window", "confCONNECTION_RATE_WINDOW_SIZE"),
    ("delay_load", "confDELAY_LA"),
    ("queue_load", "confQUEUE_LA"),
    ("refuse_load", "confREFUSE_LA"),
    ("retry_after", "confMIN_QUEUE_AGE"),
    ("retry_at_most", "confMAX_QUEUE_AGE"),
)
# Free kinds of the language, and how m4.quote calls them: $j and ${client_addr} stay macros of sendmail.
_FREE = {"any": "macros", "message": "macros"}


def lines(site):
    """Return what the templates print, every value quoted for m4 and held against its type.

    :raises InvalidValue: a value that m4 or sendmail would not take for what it says, by the name of its variable.
    """
    platform, run_user = site["platform"], site["run_user"]
    owner = (run_user, run_user) if site["privilege"] == "unprivileged" else (platform["default_user"], platform["default_group"])
    return {
        "preamble": m4.preamble(sorted(site["includes"])).rstrip("\n"), "ostype": m4.quote(site["ostype"] or platform["ostype"], "sendmail_ostype", "word"),
        "maps": map_features(site),
        "map_type": plan_maps.map_type(site, "access"), "alias_type": plan_maps.map_type(site, "aliases"),
        "features": [site_feature(one, site) for one in plan_plain.beside_ours(site)],
        "host_name": quoted_name(site, "named", "sendmail_host_name", "host"), "smart_host": plan_smart_host.lines(site),
        "jail": m4.quote(site["jail"], "sendmail_jail_path", "path") if site["privilege"] == "jailed" else "",
        "default_user": m4.quote("%s:%s" % owner, "sendmail_run_user", "user"), "trusted_user": m4.quote(platform["trusted_user"], "sendmail_run_user", "user"),
        "privacy": m4.quote(site["privacy"], "sendmail_privacy_options", "privacy"),
        "mailers": [m4.quote(one, "sendmail_mailers", "word") for one in site["mailers"] if one not in ("local", "smtp")],
        "raw_statements": plan_plain.raw_statements(site),
        "userdb": m4.quote(platform["maps"]["userdb"] + ".db", "sendmail_userdb", "path") if plan_maps.in_use(site, "userdb") else "",
        "domains": {name: [m4.quote(domain, "sendmail_%s.domains" % name, "domain") for domain in plan_maps.table(site, name).get("domains") or []]
                    for name in ("virtusertable", "genericstable")},
        "masquerade": masquerade(site["masquerade"]), "block_lists": [block_list(entry) for entry in site["block_lists"]],
        "listeners": [listener(entry, site["limits"]["backlog"]) for entry in plan_milters.listeners(site)],
        "submission": plan_profiles.hands_to(site) or submission(site["listeners"]), "hub": plan_profiles.nullclient_hub(site),
        "direct": plan_profiles.is_direct(site), "terms": terms(site), "client_login": client_login(site),
        "local_mailer": plan_profiles.local_mailer(site),
        "limits": limits(site["limits"]), "timeouts": timeouts(site["timeouts"]), "options": options(site["options"]),
        "tls": plan_tls.lines(site.get("tls")), "auth": plan_auth.lines(site), "milters": plan_milters.lines(site),
        "local_flags_removed": local_flags_removed(site["local_delivery"]),
        "local_config": raw(site["local_config"], "sendmail_local_config"), "local_rulesets": raw(site["local_rulesets"], "sendmail_local_rulesets"),
    }


def quoted_name(site, key, variable, kind):
    """Return one of the site's names quoted, or an empty string where it says none."""
    return m4.quote(site[key], variable, kind) if site[key] else ""


def define(name, value, variable):
    """Return ``{name, value}`` of a define() whose value is held against the type of its name.

    :raises InvalidValue: the name is none that sendmail knows, or the value is of another type; ``variable`` is named.
    """
    text = {True: "True", False: "False", None: ""}.get(value, value) if value is None or isinstance(value, bool) else str(value)
    try:
        language.check_define(name, text)
    except InvalidValue as exc:
        raise InvalidValue("%s: %s" % (variable, exc.message), variable=variable)
    kind = language.DEFINES[name].type if name in language.DEFINES else language.VARIABLES.get(name, "text")
    # An empty value unsets an option, whatever its type.
    return {"name": name, "value": m4.quote(text, variable, _FREE.get(kind, kind) if text else "text")}


def feature(name, arguments, variable=None):
    """Return the arguments of a FEATURE() statement; :raises InvalidValue: a name or argument that sendmail would not take for what it says."""
    variable = variable or "sendmail_features (%s)" % name
    known = language.FEATURES.get(name)
    if known is None:
        raise InvalidValue("%s: there is no such feature.%s" % (variable, language.nearest(name, list(language.FEATURES))), variable=variable)
    kinds = [kind.lstrip("*") for kind in known.args] + ["any"] * len(arguments)
    quoted = [m4.quote(one, variable, "text" if kind[0] == "=" or str(one) == "" else _FREE.get(kind, kind)) for kind, one in zip(kinds, arguments)]
    return ", ".join([m4.quote(name, variable, "word")] + quoted)


def site_feature(one, site):
    """Return a feature of ``sendmail_features``: spelt as the host's release knows it, and refused where that sendmail or this profile can not have it.

    :raises InvalidValue: naming the feature, the release, the compile flag or the profile.
    """
    variable = "sendmail_features (%s)" % one["name"]
    release = tuple(int(part) for part in re.findall(r"[0-9]+", str(site["release"]))[:4])
    name = language.spelt(one["name"], release)
    found, waived = language.FEATURES.get(name), [waiver.get("feature") for waiver in site["waivers"]]
    arguments = one.get("arguments") or []
    statement = feature(name, arguments, variable)
    if found.forbidden and name not in waived:
        raise InvalidValue("%s is forbidden: %s. Leave it out, or add {feature: %s, reason: ...} to sendmail_waivers." % (variable, found.forbidden, name),
                           variable=variable)
    if site["profile"] in found.profiles and name not in waived:
        raise InvalidValue("%s is forbidden on a host of profile %s: %s. Leave it out, or add {feature: %s, reason: ...} to sendmail_waivers." % (
            variable, site["profile"], found.profiles[site["profile"]], name), variable=variable)
    if (found.since and release < found.since) or (found.until and release >= found.until):
        raise InvalidValue("%s: sendmail %s does not have it. Leave it out." % (variable, site["release"]), variable=variable)
    _compiled_in(found, arguments, site["compile_flags"], variable)
    return statement


def _compiled_in(found, arguments, compiled, variable):
    maps = [language.map_flags(str(argument))[0] for kind, argument in zip(found.args, arguments) if kind.lstrip("*") == "map"]
    missing = language.lacking([flag for flag in found.flags if not (flag == "_FFR_TLS_ALTNAMES" and "NO_SAN_TST" in arguments)] + [
        flag for flags in maps for flag in flags], compiled)
    if missing:
        raise InvalidValue("%s needs %s, and the sendmail of this host was compiled without it. Leave it out, or install one that has it." % (
            variable, missing), variable=variable)


def check_waivers(waivers):
    """Refuse a waiver that says nothing; :raises InvalidValue: naming it."""
    for waiver in waivers:
        if not str(waiver.get("reason") or "").strip():
            raise InvalidValue("sendmail_waivers: '%s' has no reason. Say why it is needed, or leave it out." % waiver.get("feature"),
                               variable="sendmail_waivers")


def map_features(site):
    """Return the FEATURE statements of the maps in use, each with its reason."""
    specs = {name: plan_definitions.spec(site, name, table_database(site, name)) for name, reason in FEATURES if plan_maps.in_use(site, name)}
    return [{"reason": reason, "feature": feature(name, [specs[name]], "sendmail_" + name)}
            for name, reason in FEATURES if plan_maps.in_use(site, name)]


def terms(site):
    """Return the arguments of FEATURE(access_db) of a null client, whose access map holds terms for its hub and nothing else; empty where there are none."""
    if site["profile"] != "nullclient" or not plan_maps.in_use(site, "access"):
        return ""
    kind, path = table_database(site, "access").split(" ", 1)
    return feature("access_db", ["%s -T<TMPF> %s" % (kind, path)], "sendmail_tls_policy")


def client_login(site):
    """Return the arguments of FEATURE(authinfo) of a submission program that talks to the hub itself; empty where it says nothing of itself."""
    return "".join(feature("authinfo", ["%s %s" % (one["type"], one["path"])], "sendmail_hub_auth") for one in plan_maps.client_authinfo(site))


def table_database(site, name):
    """Return type and path of the database of a table, as a K line has them."""
    return "%s %s" % (plan_maps.map_type(site, name), site["platform"]["maps"][name])


def masquerade(values):
    """Return the masquerade with each name quoted."""
    def quoted(key, kind):
        return [m4.quote(one, "sendmail_masquerade." + key, kind) for one in values[key]]

    return dict(values, domains=quoted("domains", "domain"), exceptions=quoted("exceptions", "domain"), exposed_users=quoted("exposed_users", "word"),
                **{"as": m4.quote(values["as"], "sendmail_masquerade.as", "domain") if values["as"] else ""})


def block_list(entry):
    """Return the arguments of FEATURE(enhdnsbl): zone, message, what a failed lookup does, results that count."""
    message, variable = entry.get("message"), "sendmail_dns_block_lists (%s)" % entry["zone"]
    if message and '"' in message:
        raise InvalidValue("%s: the message holds a double quote, which would end it. Write it without." % variable, variable=variable)
    arguments = [entry["zone"], '"550 5.7.1 %s"' % message if message else "", "t" if entry.get("temporary_failure") == "defer" else ""]
    arguments += entry.get("results") or []
    while arguments[-1] == "":
        arguments.pop()
    return feature("enhdnsbl", arguments, variable)


def listener(entry, backlog):
    """Return the argument of DAEMON_OPTIONS for a listener; what it does not say is said here, so that the .cf leaves nothing open."""
    whole = dict({"address": "0.0.0.0", "port": 25, "listen": backlog}, **{key: value for key, value in entry.items() if value is not None})
    return "`%s'" % m4.daemon_options(whole)


def submission(listeners):
    """Return where the submission program hands mail to: the first listener that loopback reaches.

    :raises InvalidValue: none does.
    """
    for entry in listeners:
        address, modifiers = entry.get("address") or "0.0.0.0", entry.get("modifiers") or []
        if address in ("0.0.0.0", "127.0.0.1") and not {"s", "a"} & set(modifiers):
            return {"address": "127.0.0.1", "port": entry.get("port") or 25, "quoted": "`[127.0.0.1]'"}
    raise InvalidValue("none of sendmail_listeners is reached at 127.0.0.1, where the programs of the host itself hand in their mail. "
                       "Add one such as {name: local, address: 127.0.0.1, port: 25}.", variable="sendmail_listeners")


def limits(values):
    """Return the define() statements of the limits."""
    loads = [values[key] for key in ("delay_load", "queue_load", "refuse_load") if values.get(key)]
    if loads != sorted(loads):
        raise InvalidValue("sendmail_limits: delay_load %(delay_load)s, queue_load %(queue_load)s and refuse_load %(refuse_load)s must rise in this order."
                           % values, variable="sendmail_limits")
    return [define(name, values[key], "sendmail_limits." + key) for key, name in LIMITS if values.get(key) is not None]


def timeouts(values):
    """Return the define() statements of the timeouts that are set."""
    return [define("confTO_" + key.upper(), value, "sendmail_timeouts." + key) for key, value in values.items() if value is not None]


def options(values):
    """Return the define() statements of the site's own options, in the order of their names."""
    return [define(name, value, "sendmail_options." + name) for name, value in sorted(values.items())]


def queue_group(site):
    """Return the keys of the queue group of all mail: its directory, how often it is looked at, by how many processes."""
    limit = site["limits"]
    interval = m4.quote(limit["queue_interval"], "sendmail_limits.queue_interval", "interval")[1:-1]
    runners = m4.quote(limit["queue_runners"], "sendmail_limits.queue_runners", "integer")[1:-1]
    return {"path": site["platform"]["mta"]["queue"], "flags": "f", "interval": interval, "runners": runners}


def raw(text, variable):
    """Return lines for the .cf as they stand; :raises InvalidValue: m4 would change them, since it reads these lines like all others."""
    for number, line in enumerate(text.splitlines(), 1):
        quote = next((character for character in line if character in "`'"), None)
        word = m4.live_word(line)
        if quote or word:
            what = "the quote %s" % quote if quote else "the word %s" % word
            raise InvalidValue("%s, line %d: found %s in '%s'; m4 would take it away or replace it. Write the line without it, or write a template of your "
                               "own (sendmail_mc_template)." % (variable, number, what, line), variable=variable)
    return text.rstrip("\n")


def cf_listeners(lines):
    """Return ``DaemonPortOptions`` lines of a .cf as entries of ``sendmail_listeners``; NoMTA is how a host without a daemon spells its absence."""
    found = [language.check_daemon_options(line) for line in lines]
    return [{"name": one.get("Name", "MTA"), "address": one.get("Addr", "::" if one.get("Family") == "inet6" else "0.0.0.0"),
             "port": int({"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}.get(one.get("Port", "smtp"), one.get("Port"))),
             "modifiers": list(one.get("Modifiers", ""))} for one in found if one.get("Name") != "NoMTA"]


def local_flags_removed(delivery):
    """Return the flags that the local mailer loses: what an address may not name is then unknown to sendmail."""
    return "".join(flag for flag, key in ((":", "includes"), ("|", "programs"), ("/", "files")) if not delivery[key])
