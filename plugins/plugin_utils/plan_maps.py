# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The maps of a site: which are in use, of which type, and what stands in them because of other variables. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress

from ansible_collections.mailjail.sendmail.plugins.module_utils import mapbuild, tables, tables_access, tables_entries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_smart_host, plan_tls

TABLES = ("access", "mailertable", "virtusertable", "genericstable", "domaintable", "userdb", "authinfo", "aliases")
# Without these a host takes part in no mail at all, so they exist on every host, empty or not.
ALWAYS = ("access", "mailertable", "aliases")
# A host that has no sendmail yet (check mode on a bare host) will most likely get one with Berkeley DB.
UNKNOWN = ("btree", "hash")
ROLE_ACCOUNTS = ("postmaster", "MAILER-DAEMON", "root", "abuse", "hostmaster", "security")


def table(site, name):
    """Return what the site says of a map."""
    return site["tables"].get(name) or {}


def is_direct(site):
    """Tell whether this is a null client without a daemon: its submission program talks to the hub itself."""
    return site.get("profile") == "nullclient" and site.get("submission") == "direct"


def in_use(site, name):
    """Tell whether a host of this site has a map; a null client has none but terms for its hub, and its daemon, if there is one, what it says to it."""
    if site.get("profile") == "nullclient":
        return name == "access" and bool(access(site)) or name == "authinfo" and bool(site.get("smart_host_auth")) and not is_direct(site)
    if name == "authinfo" and site.get("smart_host_auth"):
        return True
    return name in ALWAYS or name in site["delegated"] or bool(site["tables"].get(name))


def map_type(site, name):
    """Return the type of a map's database: the site's choice where this kind of map can have it, else the best that the host makes.

    :raises MapError: the host makes none that will do.
    """
    wanted, types = site["map_type"], tables.KINDS[name].types
    if wanted in types:
        return wanted
    known = site["map_types"] or UNKNOWN
    familys = site["platform"].get("map_type")
    return familys if familys in types and familys in known else mapbuild.best_type(name, known)


def check_type(site):
    """Hold the type that a site forces against what the host's makemap builds, where that is known.

    :raises InvalidValue: the host has no such type.
    """
    wanted, known = site["map_type"], [one for one in site["map_types"] if one != "implicit"]
    if known and wanted != "auto" and wanted not in known:
        raise InvalidValue("sendmail_map_type is '%s', which this host's makemap does not build; it builds %s. Set one of these, or auto." % (
            wanted, ", ".join(known)), variable="sendmail_map_type")


def maps(site):
    """Return the option ``maps`` of sendmail_config: each map in use with its entries, those that follow from other variables included."""
    derived = {"mailertable": mailertable(site), "access": access(site), "aliases": aliases(site), "authinfo": plan_smart_host.authinfo(site)}
    return [_map(site, name, derived.get(name, [])) for name in TABLES if in_use(site, name)] + client_authinfo(site)


def client_authinfo(site):
    """Return the map with the secret for the hub where no daemon is there to tell it.

    The group of the submission program is no protection: whoever calls that program may have it print what it looks up (-d). So its user alone reads the
    database, as which the queue's runner runs, and nobody who calls the program. makemap reads it by the group: root is no owner to it.
    """
    if not (is_direct(site) and site.get("smart_host_auth")):
        return []
    # Not beside the daemon's map: SUSE's directory of its own is closed to that user.
    return [{"name": "authinfo-client", "kind": "authinfo", "path": site["platform"]["etc_dir"] + "/authinfo-client", "type": map_type(site, "authinfo"),
             "secret": True, "owner": "root", "group": "root", "mode": "0600", "database_owner": site["platform"]["client_user"], "database_group": "root",
             "database_mode": "0440", "entries": plan_smart_host.authinfo(site)}]


def only_said(site):
    """Return those maps of :func:`maps` that the site's own variables name, without entries that follow from others."""
    return [_map(site, name, []) for name in TABLES if site["tables"].get(name)]


def _map(site, name, derived):
    said, platform, secret = table(site, name), site["platform"], name == "authinfo"
    # Without a daemon the submission program asks for the terms; they are no secret.
    readers = site["platform"]["client_group"] if is_direct(site) else site["run_user"] if site["privilege"] == "unprivileged" else "root"
    found = {"name": name, "kind": name, "path": platform["aliases"] if name == "aliases" else platform["maps"][name],
             "type": map_type(site, name), "secret": secret, "owner": "root", "group": "root",
             "mode": "0600" if secret else "0644" if name == "aliases" else "0640",
             "database_owner": "root", "database_group": readers, "database_mode": "0600" if secret and readers == "root" else "0640"}
    sources = [source for source in ("file", "host_file") if said.get(source)]
    if len(sources) > 1 or sources and said.get("entries"):
        raise InvalidValue("sendmail_%s names %s; a map comes from one place, and a file is the whole map. Put the entries into the file." % (
            name, " and ".join((["entries"] if said.get("entries") else []) + sources)), variable="sendmail_" + name)
    found.update(shared="%s/entries/%s" % (site["state_directory"], name), today=site.get("today"), expiry_notice=site.get("expiry_notice") or 0)
    if sources and name in site["delegated"]:
        raise InvalidValue("sendmail_delegations names the map %s, which comes whole from the file %s. Declare its entries in the playbook to share it." % (
            name, said[sources[0]]), variable="sendmail_delegations")
    if sources:
        found[sources[0]] = said[sources[0]]
        return found
    found["entries"] = merge(name, derived, said)
    found.update({key: said[key] for key in ("remarks", "warnings") if said.get(key)})
    tables_access.refuse_passwords(name, [tables_entries.name(name, entry) for entry in found["entries"]], "sendmail_" + name)
    if name in site["delegated"]:
        found["accepted"] = "%s/delegated/%s" % (site["state_directory"], name)
    return found


def merge(name, derived, said):
    """Return derived entries followed by the site's own; of two with one key the site's own counts, and what it does not want is left out.

    :param str name: the map. :param dict said: its table (:func:`plan_layers.table`).
    """
    entries = said.get("entries") or []
    own = {tables_entries.identity(name, entry) for entry in entries} | set(said.get("absent") or [])
    return [entry for entry in derived if tables_entries.identity(name, entry) not in own] + entries


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
    """Return the entries that let the own networks relay and keep the limits for strangers away from them, and the terms for single peers."""
    terms = plan_tls.access(site.get("tls")) + plan_smart_host.access(site)
    if site.get("profile") == "nullclient":
        return terms
    limit, own = site["limits"], ["127.0.0.1", "IPv6:0:0:0:0:0:0:0:1"]
    own += [network for network in site["relay_networks"] if network not in own]
    found = [{"key": "Connect:" + network, "value": "RELAY", "comment": "sendmail_relay_networks"} for network in site["relay_networks"]]
    found += [{"key": "ClientRate:", "value": str(limit["client_rate"]), "comment": "sendmail_limits.client_rate: connections of one client in a window"},
              {"key": "ClientConn:", "value": str(limit["client_connections"]), "comment": "sendmail_limits.client_connections: open at a time"}]
    return found + [{"key": tag + client, "value": "0"} for client in own for tag in ("ClientRate:", "ClientConn:", "GreetPause:")] + terms


def aliases(site):
    """Return the aliases of the accounts that somebody must read; on a host without mailboxes they lead to the organisation's postmaster."""
    if not site["postmaster"]:
        return []
    return [{"key": ROLE_ACCOUNTS[0], "value": site["postmaster"]}] + [
        {"key": name, "value": ROLE_ACCOUNTS[0]} for name in ROLE_ACCOUNTS[1:] if name != site["postmaster"]]
