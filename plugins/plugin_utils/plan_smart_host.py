# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A smart host that wants to know who this host is: the secret, the mailer with its port, and the terms without which no secret is told. Pure.

To a null client its hub is that host: plan_profiles hands its words over as ``smart_host`` and ``smart_host_auth``, and ``login_variable`` is their name.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4, tables, tables_access
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_tls

VARIABLE, HUB_VARIABLE = "sendmail_smart_host_auth", "sendmail_hub_auth"
DEFAULTS = {"user": "", "password": "", "authorization_id": "", "realm": "", "mechanisms": ["PLAIN", "LOGIN"], "port": 587, "tls": "verify"}
MECHANISMS = ("PLAIN", "LOGIN", "SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512")
# The mailer of a smart host on a port of its own: that of the mailer relay would be the port of the mail server inside, too.
MAILER = "smarthost"


def settings(site):
    """Return what a site says of itself to its smart host, over the defaults; None where it says nothing."""
    said = {key: value for key, value in (site.get("smart_host_auth") or {}).items() if value is not None}
    return dict(DEFAULTS, **said) if said else None


def variable(site):
    """Return which variable says who this host is."""
    return site.get("login_variable") or VARIABLE


def refuse(site, text):
    """Refuse with the name of the variable in front."""
    raise InvalidValue("%s%s" % (variable(site), text), variable=variable(site))


def name(site):
    """Return the name or address of the smart host without mailer and brackets; :raises InvalidValue: MX records would decide who gets the password."""
    found = re.fullmatch(r"(?:([a-z][a-z0-9-]*):)?\[(?:IPv6:)?([^\[\]]+)\]", site["smart_host"])
    if not found:
        refuse(site, ": sendmail_smart_host is '%s'; with a password it has to be one host in brackets, such as [smtp.example.net]. Without them its MX "
                     "records decide who gets the password." % site["smart_host"])
    return found.group(2)


def spelt(host):
    """Return a host as sendmail looks it up: an IPv6 address whole, with its mark."""
    return tables_access.expand(host, tables.Context(ipv6_compressed=False))[0]


def check(site):
    """Hold what is said against what can work, before a host is touched; no message holds a secret.

    :raises InvalidValue: naming the variable.
    """
    said = settings(site)
    if said is None:
        return
    unknown = sorted(set(said) - set(DEFAULTS))
    if unknown:
        # The port of a hub stands behind its name.
        keys = [key for key in sorted(DEFAULTS) if key != "port" or variable(site) == VARIABLE]
        refuse(site, " has no key %s.%s Keys are %s." % (unknown[0], language.nearest(unknown[0], keys), ", ".join(keys)))
    if not site["smart_host"]:
        refuse(site, " is set, and sendmail_smart_host is empty. Name the host, such as [smtp.example.net].")
    host = name(site)
    if ":" in site["smart_host"].partition("[")[0] and int(said["port"]) != 25:
        refuse(site, ".port is %s, and sendmail_smart_host names a mailer, which has a port of its own. Write [%s] alone." % (said["port"], host))
    _check_credentials(site, said)
    _check_terms(site, said, host)
    _check_tables(site, host)


def _check_credentials(site, said):
    for key in ("user", "password"):
        if not said[key]:
            refuse(site, ".%s is empty." % key)
    for key in ("user", "password", "authorization_id", "realm"):
        if set("\0\n\r") & set(str(said[key])):
            refuse(site, ".%s holds a line end or NUL, which no mechanism can send." % key)
    if not said["mechanisms"]:
        refuse(site, ".mechanisms is empty.")
    for mechanism in said["mechanisms"]:
        if mechanism not in MECHANISMS:
            refuse(site, ".mechanisms: '%s' is none of %s.%s" % (mechanism, ", ".join(MECHANISMS), language.nearest(mechanism, MECHANISMS)))


def _check_terms(site, said, host):
    if said["tls"] not in ("encrypt", "verify"):
        refuse(site, ".tls is '%s'; expected verify or encrypt. A password is never sent in the clear." % said["tls"])
    if said["tls"] == "verify" and tables_access.is_client_address(spelt(host)):
        refuse(site, ".tls is verify, and %s is an address: a certificate is held against a name, so all mail would wait. Name the host, or say "
                     "tls: encrypt." % host)
    if int(said["port"]) == 465:
        refuse(site, ": port 465 can not be had. As a client sendmail begins TLS with STARTTLS only; that is offered on port 587.")
    if not 0 < int(said["port"]) < 65536:
        refuse(site, ".port is %s; expected a TCP port such as 587." % said["port"])


def _check_tables(site, host):
    for table in ("access", "authinfo"):
        said = site["tables"].get(table) or {}
        source = next((source for source in ("file", "host_file") if said.get(source)), None)
        if source:
            refuse(site, " and sendmail_%s.%s: that file is the whole map, and what the smart host needs could not be added. Give the entries of sendmail_%s "
                         "as entries." % (table, source, table))
    said = site["tables"].get("authinfo") or {}
    keys = {str(entry.get("host") or str(entry.get("key") or "").partition(":")[2]).lower() for entry in said.get("entries") or []}
    if host.lower() in keys:
        refuse(site, " and sendmail_authinfo both have a password for %s. Keep one." % host)
    _check_entries(site, spelt(host).lower(), settings(site)["tls"])


def _check_entries(site, host, tls):
    """Refuse entries of the access map that would lower the terms of the smart host: its own entry, and what says of it or of a domain above it: no TLS."""
    found = {}
    for row in plan_tls.access(site.get("tls")) + list((site["tables"].get("access") or {}).get("entries") or []):
        key = row.get("key") if not row.get("tag") else "%s:%s" % (row["tag"].rstrip(":"), row.get("key") or "")
        found[str(key).lower()] = (key, str(row.get("value")))
    key, value = found.get("tls_srv:" + host, ("", None))
    if value is not None and not re.search({"verify": r"VERIFY\b.*\+(?:CN|CS)\b", "encrypt": r"VERIFY|ENCR:[1-9]"}[tls], value, re.I):
        refuse(site, ": the access map has '%s' with '%s' for the smart host, which would let the password out %s. Take that entry out%s." % (
            key, value, "in the clear" if not re.search(r"VERIFY|ENCR:[1-9]", value, re.I) else "to whoever has any certificate",
            " (sendmail_tls_policy: or ask there for require: verify and check_name: true)" if tls == "verify" else ""))
    # sendmail looks for the whole name, then for each domain above it (of an address: for each network around it), then for the key without a name.
    labels = host.split(".")
    numeric = "".join(labels).isdigit()
    places = [labels[:len(labels) - count] if numeric else labels[count:] for count in range(len(labels))] + [[]]
    key, value = next((found["try_tls:" + ".".join(place)] for place in places if "try_tls:" + ".".join(place) in found), ("", None))
    if value is not None:
        refuse(site, ": the access map has '%s' with '%s', so the smart host would never be asked for TLS: it would get no mail, or the password in the clear. "
                     "Take that entry out." % (key, value))


def authinfo(site):
    """Return the entry with the secret, for the map of the daemon."""
    said = settings(site)
    if said is None:
        return []
    return [{"key": "AuthInfo:" + spelt(name(site)), "value": tables_access.authinfo_value(dict(said, host=name(site)))}]


def access(site):
    """Return the terms for the smart host: sendmail asks for them before it says who it is."""
    said = settings(site)
    if said is None:
        return []
    policy = {"peer": name(site), "require": said["tls"], "check_name": said["tls"] == "verify", "on": ["server"], "comment": variable(site)}
    present = {row["key"].lower() for row in plan_tls.access(site.get("tls"))}
    return [row for row in plan_tls.policy_entries(policy, variable(site), site.get("tls") or {}) if row["key"].lower() not in present]


def plugins(site):
    """Return the plugins of the SASL library that this host needs as a client."""
    said = settings(site)
    return sorted({"scram" if mechanism.startswith("SCRAM-") else mechanism.lower() for mechanism in said["mechanisms"]}) if said else []


def lines(site):
    """Return what the template prints: ``relay`` for SMART_HOST, and the ``mailer`` with its port where it is not 25."""
    said, host = settings(site), site["smart_host"]
    if not host:
        return {"relay": "", "mailer": []}
    if said is None or int(said["port"]) == 25:
        return {"relay": m4.quote(host, "sendmail_smart_host", "relay"), "mailer": []}
    recipients = "MasqSMTP/MasqRelay" if site["masquerade"]["recipients"] else "MasqSMTP"
    # The mailer relay of the cf library, by another name and with another port.
    return {"relay": m4.quote("%s:%s" % (MAILER, host), "sendmail_smart_host", "relay"),
            "mailer": ["M%s,\tP=[IPC], F=mDFMuXa8, S=EnvFromSMTP/HdrFromSMTP, R=%s, E=\\r\\n, L=2040," % (MAILER, recipients),
                       "\t\tT=DNS/RFC822/SMTP,", "\t\tA=TCP $h %d" % int(said["port"])]}
