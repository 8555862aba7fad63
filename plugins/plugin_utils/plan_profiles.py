# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the profiles nullclient and hub mean for a site, and what contradicts them. Pure."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_maps, plan_smart_host

PORT = re.compile(r"^(\[[^\]]*\]|[^:\[\]]*):(\d{1,5})$")
LOOPBACK = ("localhost", "127.0.0.1", "::1", "0:0:0:0:0:0:0:1")
# Variables that can say nothing on a host that delivers nothing and takes mail from nobody else: key of the site, name of the variable.
IDLE_TABLES = ("access", "aliases", "mailertable", "virtusertable", "genericstable", "domaintable", "userdb")
IDLE = (("relay_domains", "sendmail_relay_domains"), ("relay_networks", "sendmail_relay_networks"), ("block_lists", "sendmail_dns_block_lists"),
        ("smart_host", "sendmail_smart_host"), ("mailers", "sendmail_mailers"), ("local_host_names", "sendmail_local_host_names"),
        ("smrsh_commands", "sendmail_smrsh_commands"), ("delegated", "sendmail_delegations"), ("jail_files", "sendmail_jail_files"),
        ("jail_directories", "sendmail_jail_directories"), ("milters", "sendmail_milters"), ("local_mailer", "sendmail_local_mailer"),
        ("map_definitions", "sendmail_map_definitions"), ("ldap_routing", "sendmail_ldap_routing"), ("mc_domain", "sendmail_mc_domain"),
        ("raw_statements", "sendmail_raw_statements"), ("auth", "sendmail_auth"))
# Limits that hold a stranger back, of whom there is none.
IDLE_LIMITS = ("client_rate", "client_rate_window", "client_connections", "greet_pause", "block_list_wait")
# What only the configuration of a daemon can say, on a host without one.
DAEMON = (("features", "sendmail_features"), ("mailer_flags", "sendmail_mailer_flags"), ("classes", "sendmail_classes"), ("includes", "sendmail_includes"),
          ("queue_groups", "sendmail_queue_groups"), ("ldap", "sendmail_ldap"), ("rulesets", "sendmail_rulesets"), ("raw_parts", "sendmail_raw_parts"),
          ("local_config", "sendmail_local_config"), ("local_rulesets", "sendmail_local_rulesets"))
DAEMON_LIMITS = ("children", "connections_per_second", "refuse_load", "backlog", "queue_interval", "queue_runners")
# What makes the submission program what it is: with another value of one of these it hands no mail to anybody, or hands it on without its password.
SUBMISSION = ("confUSE_MSP", "confRUN_AS_USER", "confTRUSTED_USER", "confPID_FILE", "confQUEUE_FILE_MODE", "confCON_EXPENSIVE", "confPRIVACY_FLAGS")
# Flags by which nobody but root starts a run of the queue, or has mail sent at once by asking to see it.
HELD_BY = ("restrictqrun", "restrictexpand")
IDLE_TLS = (("dane", "sendmail_dane"), ("sts", "sendmail_mta_sts"))
FOREIGN = "user@mailjail-test.example"


def name(site):
    """Return the name of the site's profile, empty where the roles run without one."""
    return site.get("profile") or ""


def is_direct(site):
    """Tell whether this is a null client without a daemon."""
    return plan_maps.is_direct(site)


def applied(site):
    """Return the site as its profile reads it.

    A hub is its own mail server, and the mail domain is one of its names; a null client has neither.

    :raises InvalidValue: variables that contradict the profile, by name.
    """
    check = {"gateway": check_gateway, "nullclient": check_nullclient, "hub": check_hub}.get(name(site))
    if check:
        check(site)
    if name(site) == "nullclient":
        # What a site says of maps for all its hosts says nothing here.
        return dict(site, mail_server="", postmaster="", tables={}, layers={}, **login(site))
    if name(site) == "hub":
        return dict(site, mail_server="", local_host_names=[site["domain"]] + [one for one in site["local_host_names"] if one != site["domain"]])
    return site


def refuse(variable, sentence):
    """:raises InvalidValue: with a sentence that begins with the name of a variable."""
    raise InvalidValue("%s %s" % (variable, sentence), variable=variable)


def check_gateway(site):
    """A gateway needs to know whose mail it takes and who keeps it."""
    if not (site["domain"] and site["mail_server"]):
        refuse("sendmail_domain", "or sendmail_mail_server is empty. Name the mail domain and the host that keeps its mailboxes.")


# ---- null client -----------------------------------------------------------------------------------------------------------------------

def check_nullclient(site):
    """A null client knows one host, and that is not itself."""
    if not site["domain"]:
        refuse("sendmail_domain", "is empty. Name the mail domain under which this host's mail shall appear.")
    if not site["hub"]:
        refuse("sendmail_hub", "is empty. Name the host that takes all mail of this one, such as hub.%s." % site["domain"])
    host = hub(site)["host"]
    if is_self(site, host):
        refuse("sendmail_hub", "is %s, which is this very host: its mail would go round in a circle. Name the host that takes it, or take this host out of "
               "the group of null clients." % site["hub"])
    if site.get("smart_host_auth") or site["tables"].get("authinfo"):
        refuse("sendmail_smart_host_auth" if site.get("smart_host_auth") else "sendmail_authinfo", "is set on a null client, which knows no host but its "
               "hub. Say who it is to that one as sendmail_hub_auth; it is told inside TLS only.")
    tls = site.get("tls") or {}
    idle = [variable for key, variable in IDLE if site.get(key)] + ["sendmail_" + key for key in IDLE_TABLES if site["tables"].get(key)]
    idle += [variable for key, variable in IDLE_TLS if (tls.get(key) or {}).get("enabled")] + ["sendmail_tls_relay"] * bool(tls.get("relay"))
    idle += ["sendmail_local_delivery.%s" % key for key, wanted in sorted(site["local_delivery"].items()) if wanted]
    idle += ["sendmail_limits.%s" % key for key in IDLE_LIMITS if key in (site.get("said_limits") or {})]
    if idle:
        refuse(idle[0], "is set%s, and a null client delivers nothing and takes mail from no other host. Take it out of the null clients' variables, or use "
               "the profile gateway or hub." % (" (also %s)" % ", ".join(idle[1:]) if len(idle) > 1 else ""))
    if "RELAY_MAILER_ARGS" in site["options"]:
        refuse("sendmail_options.RELAY_MAILER_ARGS", "is set, and a null client's port goes with its hub. Write sendmail_hub: %s:PORT." % host.strip("[]"))
    if is_direct(site):
        check_direct(site)
    check_listeners(site)
    check_login(site)


def check_direct(site):
    """Refuse what only the configuration of a daemon could say where there is none."""
    said = [variable for key, variable in DAEMON if site.get(key)]
    said += ["sendmail_limits.%s" % key for key in DAEMON_LIMITS if key in (site.get("said_limits") or {})]
    said += ["sendmail_options.%s" % option for option in sorted(site["options"]) if not option.startswith("conf") or option in SUBMISSION]
    said += ["sendmail_undefine (%s)" % option for option in site["undefine"] if not option.startswith("conf") or option in SUBMISSION]
    if said:
        refuse(said[0], "is set%s, and this host has no daemon: its submission program takes sendmail_limits, sendmail_timeouts, sendmail_client_options and "
               "the conf* of sendmail_options, but not that. Take it out, or set sendmail_submission to 'listener'." % (
                   " (also %s)" % ", ".join(said[1:]) if len(said) > 1 else ""))


def check_listeners(site):
    """Hold the listeners of a null client against its kind of submission."""
    if is_direct(site):
        if site["listeners"]:
            refuse("sendmail_listeners", "is set, and sendmail_submission is 'direct', which opens no port. Choose one: sendmail_submission 'listener', or "
                   "leave sendmail_listeners out.")
        waiting = sum(row.get("messages") or 0 for row in site.get("queued") or [])
        if waiting:
            refuse("sendmail_submission", "is 'direct', and %d messages wait in the queue of the daemon that would go. Set it to 'listener' until the queue "
                   "is empty, or look at it with 'mailq -Am' and remove what is not wanted." % waiting)
        return
    for entry in site["listeners"]:
        if not is_loopback(entry.get("address") or "0.0.0.0"):
            refuse("sendmail_listeners", "has %s on %s, and a null client listens to itself alone. Use 127.0.0.1, or the profile gateway or hub." % (
                entry.get("name"), entry.get("address") or "every address"))


def login(site):
    """Return what a null client is to its hub, in the words of a smart host (plan_smart_host)."""
    said = site.get("hub_auth") or {}
    return {"smart_host": hub(site)["host"], "smart_host_auth": dict(said, port=hub(site)["port"]) if said else {},
            "login_variable": plan_smart_host.HUB_VARIABLE}


def check_login(site):
    """Without a daemon the password is for the queue's runner alone: nobody else may run that queue, or talk to the hub at once and be taken for nobody."""
    said = site.get("hub_auth") or {}
    if "port" in said:
        refuse("sendmail_hub_auth", "has no key port. Write it behind the name of the host: sendmail_hub: %s:%s." % (
            hub(site)["host"].strip("[]"), said["port"]))
    open_ = [flag for flag in HELD_BY if flag not in site["privacy"]] if said and is_direct(site) else []
    if open_:
        refuse("sendmail_privacy_options", "lacks %s, and sendmail_hub_auth gives this host a password. Any user could have mail sent without it, which the "
               "hub returns. Add %s, or set sendmail_submission to 'listener'." % (" and ".join(open_), "it" if len(open_) == 1 else "them"))


def is_loopback(address):
    """Tell whether an address is one of this host for itself."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def split_hub(text, usual=25):
    """Return ``(host, port)`` of ``host``, ``host:port``, ``[host]:port`` or an address."""
    found = PORT.match(text)
    host, port = (found.group(1), int(found.group(2))) if found else (text, usual)
    if not 0 < port < 65536:
        refuse("sendmail_hub", "is %s, and there is no port %d." % (text, port))
    if port == 465:
        refuse("sendmail_hub", "is %s. As a client sendmail begins TLS with STARTTLS only, and port 465 wants TLS first. Name the hub's port 25 or 587." % text)
    return host, port


def hub(site):
    """Return what the templates print of the hub: ``host`` in its brackets, ``port``, and the host quoted for m4.

    Who has a password goes where users log in.
    """
    host, port = split_hub(site["hub"], 587 if site.get("hub_auth") else 25)
    host = re.sub(r"^\[(?:IPv6:)?(.*)\]$", r"\1", host)
    hop = plan_maps.next_hop(host)
    return {"host": hop, "port": port, "quoted": m4.quote(hop, "sendmail_hub", "host")}


def nullclient_hub(site):
    """Return the hub of a null client and the client's own name, None for any other host."""
    return dict(hub(site), own=m4.quote(site["host_name"], "sendmail_host_name", "host")) if name(site) == "nullclient" else None


def is_self(site, hop):
    """Tell whether a host as it stands in brackets is the host that is configured."""
    host = re.sub(r"^(IPv6:)?", "", hop.strip("[]")).lower().rstrip(".")
    own = site["host_name"].lower()
    if address(host) in [address(one) for one in site.get("addresses") or []]:
        return True
    return host in LOOPBACK or is_loopback(host) or host in (own, own.partition(".")[0])


def address(text):
    """Return an IP address however it is spelt, a new object that equals no other for what is none."""
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return object()


def hands_to(site):
    """Return where the submission program of a null client without a daemon hands mail to; None for any other host."""
    return hub(site) if is_direct(site) else None


# ---- hub -------------------------------------------------------------------------------------------------------------------------------

def check_hub(site):
    """A hub has mailboxes, and so needs root."""
    if site["privilege"] == "unprivileged":
        refuse("sendmail_privilege", "is 'unprivileged', and a hub becomes each user whose mail it delivers, which needs root. Set it to 'jailed'.")
    if not site["domain"]:
        refuse("sendmail_domain", "is empty. Name the mail domain whose mailboxes this host keeps.")
    if not site["local_delivery"]["mailboxes"]:
        refuse("sendmail_local_delivery.mailboxes", "is false, and a hub is the host with the mailboxes. Leave it out, or use the profile gateway.")
    if site["smart_host"] and is_self(site, site["smart_host"]):
        refuse("sendmail_smart_host", "is %s, which is this very host: its mail would go round in a circle. Name the gateway." % site["smart_host"])
    if local_mailer(site)["agent"] == "lmtp" and site["postmaster"] == "root":
        refuse("sendmail_postmaster", "is empty, so postmaster's mail goes to root, and an LMTP server has no mailbox for root. Name a person.")


def agent(said, platform):
    """Return which delivery agent is meant.

    :param dict said: ``sendmail_local_mailer``.
    :param dict platform: what the platform's table says of agents.
    """
    wanted = said.get("agent") or "auto"
    return platform.get("agent", "distribution") if wanted == "auto" else wanted


def local_mailer(site):
    """Return the delivery agent as the template prints it: ``agent``, ``path`` or ``socket`` quoted, and whether the host must know its users.

    :raises InvalidValue: keys that do not belong to the agent.
    """
    said = site.get("local_mailer") or {}
    own = site["platform"].get("local_mailer") or {}
    chosen = agent(said, own)
    if chosen == "lmtp" and not said.get("socket"):
        refuse("sendmail_local_mailer.socket", "is empty, and the agent is lmtp. Name the socket of the LMTP server, such as /run/dovecot/lmtp.")
    if chosen != "lmtp":
        for key in ("socket", "users"):
            if said.get(key) and (key, said[key]) != ("users", "host"):
                refuse("sendmail_local_mailer.%s" % key, "is set, and the agent is %s; only lmtp knows it." % chosen)
    if said.get("path") and chosen in ("lmtp", "distribution"):
        refuse("sendmail_local_mailer.path", "is set, and the agent is %s, which starts no program of yours." % chosen)
    path = said.get("path") or own.get("programs", {}).get(chosen, "")
    if chosen in ("mail.local", "procmail") and not path:
        refuse("sendmail_local_mailer.agent", "is %s, which this distribution does not have. Use another agent, or name the program as "
               "sendmail_local_mailer.path." % chosen)
    if site["local_delivery"]["mailboxes"] and chosen in ("mail.local", "procmail") and (site.get("executables") or {}).get(path) is False:
        refuse("sendmail_local_mailer.%s" % ("path" if said.get("path") else "agent"), "is %s, and this host has no program %s: all mail for its users would "
               "wait and then come back. Install it, or use another agent." % (said.get("path") or chosen, path))
    return {"agent": chosen, "path": m4.quote(path, "sendmail_local_mailer.path", "path") if path else "",
            "socket": m4.quote("FILE " + said["socket"], "sendmail_local_mailer.socket", "any") if chosen == "lmtp" else "",
            "host_users": (said.get("users") or "host") == "host"}


# ---- route tests -----------------------------------------------------------------------------------------------------------------------

def route_tests(site):
    """Return what must be true of every null client or hub, besides what must be true of every host."""
    if name(site) == "hub":
        return [{"name": "mail for %s stays here" % site["domain"], "client_address": "127.0.0.1", "recipient": "postmaster@" + site["domain"],
                 "expect": "accepted", "mailer": "local"}]
    if name(site) != "nullclient":
        return []
    host = hub(site)["host"]
    where = {"client_address": "127.0.0.1", "client_name": "localhost", "sender": "root@" + site["host_name"], "expect": "accepted", "mailer": "relay",
             "host": host}
    return [dict(where, name="mail for the world goes to the hub", recipient=FOREIGN),
            dict(where, name="mail for users of this host goes to the hub", recipient="root@" + site["host_name"])]
