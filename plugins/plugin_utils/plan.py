# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From the variables of a site to what the transaction wants. Pure; runs on the controller.

A site says little (its domain, where its mail goes, who may relay); plan_maps, plan_tests and plan_mc say what follows from it, and this file puts it together.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

from ansible_collections.mailjail.sendmail.plugins.module_utils import consistency, language, m4, tables, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import (
    plan_auth,
    plan_definitions,
    plan_language,
    plan_layers,
    plan_maps,
    plan_mc,
    plan_milters,
    plan_plain,
    plan_profiles,
    plan_smart_host,
    plan_tests,
)

HELP_TEXT = "#vers\t2\nsmtp\tThis server speaks SMTP as described in RFC 5321.\n"


def plan(site, check=False):
    """Return what follows from a site's variables.

    :param dict site: see ``__sendmail_site`` in roles/config/vars/main.yml.
    :param bool check: also hold the entries of the maps against their rules.
    :returns: dict with ``maps``, ``files``, ``directories``, ``route_tests``, ``context`` (options of the module sendmail_config), and ``mc``,
        what the templates print, quoted for m4 already.
    :raises InvalidValue, MapError: variables that contradict each other, named.
    """
    found = plan_plain.plan(plan_layers.applied(site)) if plan_plain.wanted(site) else derived(site)
    if check:
        check_maps(found)
    return found


def derived(site):
    """Return the plan of a site whose configuration follows from its profile."""
    site = plan_layers.applied(plan_profiles.applied(site))
    check_names(site)
    site = dict(site, listeners=plan_auth.listeners(site["listeners"], site.get("auth"), site.get("submission_ports")))
    plan_milters.check_family(site)
    return {"maps": plan_maps.maps(site), "files": files(site), "directories": directories(site), "route_tests": plan_tests.route_tests(site),
            "context": context(site), "mc": mc(site)}


def mc(site):
    """Return what the templates print."""
    definitions = plan_definitions.lines(site, lambda name: plan_mc.table_database(site, name))
    return dict(plan_mc.lines(site), language=plan_language.lines(site), map_definitions=definitions,
                aliases_also="".join(",sequence:" + name for name in plan_definitions.also(site, "aliases")))


def check_names(site):
    """Hold the names from which everything else is derived against their types, so that a refusal names the variable and not what came of it."""
    for key, variable, kind in (("domain", "sendmail_domain", "domain"), ("postmaster", "sendmail_postmaster", "mailbox"),
                                ("named", "sendmail_host_name", "host")):
        plan_mc.quoted_name(site, key, variable, kind)
    if site["mail_server"]:
        m4.quote(plan_maps.next_hop(site["mail_server"]), "sendmail_mail_server", "host")
    for key in ("relay_domains", "local_host_names"):
        for name in site[key]:
            m4.quote(name, "sendmail_" + key, "domain")
    plan_maps.check_type(site)
    plan_auth.check(site)
    plan_smart_host.check(site)
    impossible = sorted(key for key, wanted in site["local_delivery"].items() if wanted) if site["privilege"] == "unprivileged" else []
    if impossible:
        raise InvalidValue("sendmail_privilege is 'unprivileged', and sendmail_local_delivery asks for %s. A daemon without root delivers to nothing on this "
                           "host. Choose one: sendmail_privilege 'jailed', or leave them out." % " and ".join(impossible), variable="sendmail_local_delivery")


def check_maps(found):
    """Hold the entries of a plan's maps against the rules of their kinds, as the transaction does on the host.

    :param dict found: a plan.
    :raises MapError, InvalidValue: naming map, key and reason.
    """
    known = tables.Context(**{key: value for key, value in found["context"].items() if value is not None})
    pairs = {}
    for one in found["maps"]:
        if "entries" in one:
            pairs[one["kind"]] = tables.pairs(one["kind"], one["entries"], known)
            tables.check(one["kind"], pairs[one["kind"]], known, where="entry")
    consistency.check(pairs, known)
    for one in found["files"]:
        if "lines" in one:
            tables.check(one["kind"], tables.pairs(one["kind"], one["lines"]), known, where="entry")


def files(site):
    """Return the option ``files`` of sendmail_config."""
    paths = site["platform"]["classes"]
    help_file = {"path": site["platform"]["help_file"], "kind": "plain", "content": HELP_TEXT, "mode": "0444"}
    # sendmail reads class R from its file in any case, so a null client's is empty: it may have been a gateway.
    found = [{"path": paths["relay_domains"], "kind": "relay-domains", "lines": []}, help_file] if plan_profiles.name(site) == "nullclient" else [
        {"path": paths["local_host_names"], "kind": "local-host-names", "lines": local_names(site)},
        {"path": paths["relay_domains"], "kind": "relay-domains", "lines": plan_maps.domains(site) + own_prefixes(site)},
        help_file]
    if site["trusted_users"]:
        found.append({"path": paths["trusted_users"], "kind": "trusted-users", "lines": site["trusted_users"]})
    return found + plan_auth.files(site) + plan_definitions.files(site)


def own_prefixes(site):
    """Return the own networks as class R knows them.

    Class R alone is spared the check of the name that a client gives (FEATURE(block_bad_helo)): a printer may call itself printer, a stranger may not.
    """
    try:
        return list(dict.fromkeys(key for network in site["relay_networks"] for key in tables_cidr.cidr_keys(network, compressed=compressed(site))))
    except InvalidValue as exc:
        raise InvalidValue("sendmail_relay_networks: %s" % exc.message, variable="sendmail_relay_networks")


def local_names(site):
    """Return the names of this host: its own first, then what the site adds."""
    return [site["host_name"]] + [name for name in site["local_host_names"] if name != site["host_name"]]


def directories(site):
    """Return the option ``directories`` of sendmail_config: those of the platform's table."""
    found = site["platform"]["directories"]
    groups = [group["path"] for group in site["queue_groups"] if group.get("path") and not group["path"].endswith("*")]
    queues = [dict(found["mta_queue"], path=path) for path in sorted(set(groups)) if path != found["mta_queue"]["path"]]
    # The queue of a daemon that runs changes hands with its content only (role service).
    served = dict(found, mta_queue=dict(found["mta_queue"], queue=bool(site["listeners"])))
    return [served[name] for name in sorted(served)] + queues + plan_auth.directories(site)


def context(site):
    """Return the option ``context`` of sendmail_config: what checks across maps need to know."""
    delivery, jailed = site["local_delivery"], site["privilege"] == "jailed"
    mailers = [name for one in ["local", "smtp"] + site["mailers"] if one in language.MAILERS for name in language.MAILERS[one].names]
    return {"mailers": mailers + ["discard", plan_smart_host.MAILER],
            "local_host_names": local_names(site) + ((site.get("classes") or {}).get("LOCAL_DOMAIN") or []),
            "virtual_domains": virtual_domains(site), "jail": site["jail"] if jailed else None,
            "alias_files": delivery["files"], "alias_programs": delivery["programs"], "alias_includes": delivery["includes"],
            "smrsh_commands": site["smrsh_commands"], "ipv6_compressed": compressed(site)}


def virtual_domains(site):
    """Return class VirtHost, or None where something else than ``sendmail_virtusertable.domains`` may fill it: what is not known is not judged."""
    elsewhere = [name for name in site.get("classes") or {} if name.startswith("VIRTUSER")]
    elsewhere += [one["name"] for one in site["features"] if one["name"] == "virtuser_entire_domain"]
    if elsewhere or site.get("own_template") or "{VirtHost}" in site["local_config"]:
        return None
    return plan_maps.table(site, "virtusertable").get("domains") or []


def compressed(site):
    """Tell whether the site switched UseCompressedIPv6Addresses on, which decides how IPv6 keys are spelt."""
    return str(site["options"].get("confUSE_COMPRESSED_IPV6_ADDRESSES") or "").lower()[:1] in ("t", "y")
