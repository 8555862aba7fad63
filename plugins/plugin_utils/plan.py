# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a site to what the transaction wants: maps, class files, route tests, lines of the .mc. Pure.

A site says little (its domain, where its mail goes, who may relay); this file says what follows from it. Runs on the controller.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4, mapbuild, tables, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

TABLES = ("access", "mailertable", "virtusertable", "genericstable", "domaintable", "userdb", "authinfo", "aliases")
# Without these a host takes part in no mail at all, so they exist on every host, empty or not.
ALWAYS = ("access", "mailertable", "aliases")
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
# Tests that stand for the world outside never come from a network that may relay.
OUTSIDE = ("192.0.2.1", "198.51.100.1", "203.0.113.1")
FOREIGN = "mailjail-test.example"
HELO = "client." + FOREIGN
ROLE_ACCOUNTS = ("postmaster", "MAILER-DAEMON", "root", "abuse", "hostmaster", "security")
HELP_TEXT = "#vers\t2\nsmtp\tThis server speaks SMTP as described in RFC 5321.\n"
# Free kinds of the language, and how m4.quote calls them: $j and ${client_addr} stay macros of sendmail.
_FREE = {"any": "macros", "message": "macros"}


def plan(site):
    """Return what follows from a site's variables.

    :param dict site: see ``__sendmail_site`` in roles/config/vars/main.yml.
    :returns: dict with ``maps``, ``files``, ``directories``, ``route_tests``, ``context`` (options of the module sendmail_config) and ``mc``, what the
        templates print, quoted for m4 already.
    :raises InvalidValue: variables that contradict each other, named.
    """
    check_names(site)
    return {"maps": maps(site), "files": files(site), "directories": directories(site), "route_tests": route_tests(site), "context": context(site),
            "mc": mc(site)}


def check_names(site):
    """Hold the names from which everything else is derived against their types, so that a refusal names the variable and not what came of it."""
    for key, variable, kind in (("domain", "sendmail_domain", "domain"), ("postmaster", "sendmail_postmaster", "mailbox"),
                                ("named", "sendmail_host_name", "host")):
        _quoted(site, key, variable, kind)
    if site["mail_server"]:
        m4.quote(next_hop(site["mail_server"]), "sendmail_mail_server", "host")
    for key in ("relay_domains", "local_host_names"):
        for name in site[key]:
            m4.quote(name, "sendmail_" + key, "domain")


def check_maps(found):
    """Hold the entries of a plan's maps against the rules of their kinds, as the transaction does on the host.

    :param dict found: a plan.
    :raises MapError, InvalidValue: naming map, key and reason.
    """
    known = tables.Context(**{key: value for key, value in found["context"].items() if value is not None})
    for one in found["maps"]:
        if "entries" in one:
            tables.entries_text(one["kind"], one["entries"], known)
    for one in found["files"]:
        if "lines" in one:
            tables.check(one["kind"], tables.pairs(one["kind"], one["lines"]), known, where="entry")


# -- maps


def _table(site, name):
    return site["tables"].get(name) or {}


def _in_use(site, name):
    return name in ALWAYS or bool(site["tables"].get(name))


def map_type(site, name):
    """Return the type of a map's database: the site's choice where this kind of map can have it, else the best that the host makes.

    :raises MapError: the host makes none that will do.
    """
    wanted = site["map_type"]
    return wanted if wanted in tables.KINDS[name].types else mapbuild.best_type(name, site["map_types"])


def maps(site):
    """Return the option ``maps`` of sendmail_config: each map in use with its entries, those that follow from other variables included."""
    derived = {"mailertable": mailertable(site), "access": access(site), "aliases": aliases(site)}
    return [_map(site, name, derived.get(name, [])) for name in TABLES if _in_use(site, name)]


def _map(site, name, derived):
    table, platform, secret = _table(site, name), site["platform"], name == "authinfo"
    readers = site["run_user"] if site["privilege"] == "unprivileged" else "root"
    found = {"name": name, "kind": name, "path": platform["aliases"] if name == "aliases" else platform["maps"][name],
             "type": map_type(site, name), "secret": secret, "owner": "root", "group": "root",
             "mode": "0600" if secret else "0644" if name == "aliases" else "0640",
             "database_owner": "root", "database_group": readers, "database_mode": "0640"}
    sources = [source for source in ("file", "host_file") if table.get(source)]
    if len(sources) > 1 or sources and table.get("entries"):
        raise InvalidValue("sendmail_%s names %s; a map comes from one place, and a file is the whole map. Put the entries into the file." % (
            name, " and ".join((["entries"] if table.get("entries") else []) + sources)), variable="sendmail_" + name)
    if sources:
        found[sources[0]] = table[sources[0]]
        return found
    found["entries"] = merge(derived, table.get("entries") or [])
    if table.get("delegated") or name in site["delegated"]:
        found["accepted"] = "%s/delegated/%s" % (site["state_directory"], name)
    return found


def merge(derived, entries):
    """Return derived entries followed by the site's own; of two with one key the site's own counts."""
    own = {str(entry.get("key") or "").lower() for entry in entries}
    own |= {("%s:%s" % (entry["tag"].rstrip(":"), entry.get("key") or "")).lower() for entry in entries if entry.get("tag")}
    return [entry for entry in derived if entry["key"].lower() not in own] + entries


def next_hop(server):
    """Return a mail server in the brackets that keep sendmail from asking for MX records, which name this very host for its own domain."""
    if server.startswith("["):
        return server
    try:
        address = ipaddress.ip_address(server)
    except ValueError:
        return "[%s]" % server
    return "[IPv6:%s]" % server if address.version == 6 else "[%s]" % server


def domains(site):
    """Return the domains whose mail this host takes for the mail server, the organisation's own first."""
    return ([site["domain"]] if site["domain"] else []) + [name for name in site["relay_domains"] if name != site["domain"]]


def mailertable(site):
    """Return the entries that send each of the site's domains to its mail server, by the mailer that delivers at once."""
    if not site["mail_server"]:
        return []
    return [{"key": domain, "value": "relay:" + next_hop(site["mail_server"])} for domain in domains(site)]


def access(site):
    """Return the entries that let the own networks relay and keep the limits for strangers away from them."""
    limit, own = site["limits"], ["127.0.0.1", "IPv6:0:0:0:0:0:0:0:1"]
    found = [{"key": "Connect:" + network, "value": "RELAY", "comment": "sendmail_relay_networks"} for network in site["relay_networks"]]
    found += [{"key": "ClientRate:", "value": str(limit["client_rate"]), "comment": "sendmail_limits.client_rate: connections of one client in a window"},
              {"key": "ClientConn:", "value": str(limit["client_connections"]), "comment": "sendmail_limits.client_connections: open at a time"}]
    return found + [{"key": tag + client, "value": "0"} for client in own + site["relay_networks"] for tag in ("ClientRate:", "ClientConn:", "GreetPause:")]


def aliases(site):
    """Return the aliases of the accounts that somebody must read; on a host without mailboxes they lead to the organisation's postmaster."""
    if not site["postmaster"]:
        return []
    return [{"key": ROLE_ACCOUNTS[0], "value": site["postmaster"]}] + [{"key": name, "value": ROLE_ACCOUNTS[0]} for name in ROLE_ACCOUNTS[1:]]


# -- class files, plain files, directories


def files(site):
    """Return the option ``files`` of sendmail_config."""
    paths = site["platform"]["classes"]
    found = [{"path": paths["local_host_names"], "kind": "local-host-names", "lines": local_names(site)},
             {"path": paths["relay_domains"], "kind": "relay-domains", "lines": domains(site) + own_prefixes(site)},
             {"path": site["platform"]["help_file"], "kind": "plain", "content": HELP_TEXT, "mode": "0444"}]
    if site["trusted_users"]:
        found.append({"path": paths["trusted_users"], "kind": "trusted-users", "lines": site["trusted_users"]})
    return found


def own_prefixes(site):
    """Return the own networks as class R knows them.

    Class R alone is spared the check of the name that a client gives (FEATURE(block_bad_helo)): a printer may call itself printer, a stranger may not.
    """
    try:
        return [key for network in site["relay_networks"] for key in tables_cidr.cidr_keys(network)]
    except InvalidValue as exc:
        raise InvalidValue("sendmail_relay_networks: %s" % exc.message, variable="sendmail_relay_networks")


def local_names(site):
    """Return the names of this host: its own first, then what the site adds."""
    return [site["host_name"]] + [name for name in site["local_host_names"] if name != site["host_name"]]


def directories(site):
    """Return the option ``directories`` of sendmail_config: those of the platform's table."""
    found = site["platform"]["directories"]
    return [found[name] for name in sorted(found)]


# -- what must be true


def outside(networks):
    """Return an address of a stranger, one that no own network holds; :raises InvalidValue: the networks hold all addresses set aside for examples."""
    own = [ipaddress.ip_network(network, strict=False) for network in networks]
    for address in OUTSIDE:
        if not any(ipaddress.ip_address(address) in network for network in own):
            return address
    raise InvalidValue("sendmail_relay_networks holds %s: that is nearly everybody. Name your own networks." % ", ".join(OUTSIDE),
                       variable="sendmail_relay_networks")


def inside(network):
    """Return the first host address of a network."""
    found = ipaddress.ip_network(network, strict=False)
    return str(found[1] if found.num_addresses > 2 else found[0])


def route_tests(site):
    """Return the tests that every such host carries, then the site's own; one of the same name takes the place of ours."""
    tests = strangers(site) + own_domains(site) + own_clients(site)
    names = {test.get("name") for test in site["route_tests"]}
    return [dict(test, helo=HELO) for test in tests if test["name"] not in names] + site["route_tests"]


def strangers(site):
    """What a stranger must not be able to do, in every spelling that once worked somewhere."""
    recipients = [("", "user@" + FOREIGN)]
    if site["domain"]:
        recipients += [(" by a percent sign", "user%%%s@%s" % (FOREIGN, site["domain"])), (" by an exclamation mark", "%s!user@%s" % (FOREIGN, site["domain"])),
                       (" by a source route", "@%s:user@%s" % (site["domain"], FOREIGN))]
    client = outside(site["relay_networks"])
    return [{"name": "a stranger cannot relay" + how, "client_address": client, "recipient": recipient, "expect": "refused", "code": "550"}
            for how, recipient in recipients]


def own_domains(site):
    """Mail for the site's domains is taken from anybody and goes to its mail server."""
    hop = next_hop(site["mail_server"]) if site["mail_server"] else None
    if not hop or any(_table(site, "mailertable").get(source) for source in ("file", "host_file")):
        hop = None
    return [{key: value for key, value in {
        "name": "mail for %s is taken" % domain, "client_address": outside(site["relay_networks"]), "recipient": "postmaster@" + domain,
        "expect": "accepted", "mailer": "relay" if hop else None, "host": hop}.items() if value}
        for domain in domains(site)]


def own_clients(site):
    """Clients of the own networks may send to the world."""
    return [{"name": "%s may send to the world" % network, "client_address": inside(network), "recipient": "user@" + FOREIGN, "expect": "accepted"}
            for network in site["relay_networks"]]


def context(site):
    """Return the option ``context`` of sendmail_config: what checks across maps need to know."""
    delivery, jailed = site["local_delivery"], site["privilege"] == "jailed"
    return {"mailers": ["local", "prog", "smtp", "esmtp", "smtp8", "dsmtp", "relay", "discard"] + site["mailers"], "local_host_names": local_names(site),
            "virtual_domains": _table(site, "virtusertable").get("domains") or [], "jail": site["jail"] if jailed else None,
            "alias_files": delivery["files"], "alias_programs": delivery["programs"], "alias_includes": delivery["includes"],
            "smrsh_commands": site["smrsh_commands"], "ipv6_compressed": False}


# -- lines of the .mc


def mc(site):
    """Return what the templates print, every value quoted for m4 and held against its type.

    :raises InvalidValue: a value that m4 or sendmail would not take for what it says, by the name of its variable.
    """
    platform, run_user = site["platform"], site["run_user"]
    owner = (run_user, run_user) if site["privilege"] == "unprivileged" else (platform["default_user"], platform["default_group"])
    return {
        "preamble": m4.PREAMBLE.rstrip("\n"), "map_type": map_type(site, "access"), "alias_type": map_type(site, "aliases"), "maps": map_features(site),
        "features": [feature(one["name"], one.get("arguments") or []) for one in site["features"]],
        "host_name": _quoted(site, "named", "sendmail_host_name", "host"), "smart_host": _quoted(site, "smart_host", "sendmail_smart_host", "relay"),
        "jail": m4.quote(site["jail"], "sendmail_jail_path", "path") if site["privilege"] == "jailed" else "",
        "default_user": m4.quote("%s:%s" % owner, "sendmail_run_user", "user"), "trusted_user": m4.quote(platform["trusted_user"], "sendmail_run_user", "user"),
        "privacy": m4.quote(site["privacy"], "sendmail_privacy_options", "privacy"),
        "mailers": [m4.quote(one, "sendmail_mailers", "word") for one in site["mailers"]],
        "userdb": m4.quote(platform["maps"]["userdb"] + ".db", "sendmail_userdb", "path") if _in_use(site, "userdb") else "",
        "domains": {name: [m4.quote(domain, "sendmail_%s.domains" % name, "domain") for domain in _table(site, name).get("domains") or []]
                    for name in ("virtusertable", "genericstable")},
        "masquerade": masquerade(site["masquerade"]), "block_lists": [block_list(entry) for entry in site["block_lists"]],
        "listeners": [listener(entry, site["limits"]["backlog"]) for entry in site["listeners"]], "submission": submission(site["listeners"]),
        "limits": limits(site["limits"]), "timeouts": timeouts(site["timeouts"]), "options": options(site["options"]), "queue_group": queue_group(site),
        "local_flags_removed": local_flags_removed(site["local_delivery"]),
        "local_config": raw(site["local_config"], "sendmail_local_config"), "local_rulesets": raw(site["local_rulesets"], "sendmail_local_rulesets"),
    }


def _quoted(site, key, variable, kind):
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


def map_features(site):
    """Return the FEATURE statements of the maps in use, each with its reason."""
    return [{"reason": reason, "feature": feature(name, ["%s %s" % (map_type(site, name), site["platform"]["maps"][name])], "sendmail_" + name)}
            for name, reason in FEATURES if _in_use(site, name)]


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
            return {"address": "127.0.0.1", "port": entry.get("port") or 25}
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
    """Return the equates of the queue group: its directory, how often it is looked at, by how many processes."""
    limit = site["limits"]
    return "`P=%s, F=f, I=%s, R=%s'" % (site["platform"]["mta"]["queue"], m4.quote(limit["queue_interval"], "sendmail_limits.queue_interval", "interval")[1:-1],
                                 m4.quote(limit["queue_runners"], "sendmail_limits.queue_runners", "integer")[1:-1])


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
    """Return ``DaemonPortOptions`` lines of a .cf as entries of ``sendmail_listeners``."""
    found = [language.check_daemon_options(line) for line in lines]
    return [{"name": one.get("Name", "MTA"), "address": one.get("Addr", "::" if one.get("Family") == "inet6" else "0.0.0.0"),
             "port": int({"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}.get(one.get("Port", "smtp"), one.get("Port"))),
             "modifiers": list(one.get("Modifiers", ""))} for one in found]


def local_flags_removed(delivery):
    """Return the flags that the local mailer loses: what an address may not name is then unknown to sendmail."""
    return "".join(flag for flag, key in ((":", "includes"), ("|", "programs"), ("/", "files")) if not delivery[key])
