# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Transport security of a site: where keys and certificates lie, what the .mc says of them, which peers get other terms. Pure; runs on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import m4, tables, tables_access, tls_names
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_dane

# Forward secrecy always; first what also authenticates each record, then CBC with SHA-2 for servers that know no better: with opportunistic TLS a
# client that finds nothing in common goes on in the clear. TLS 1.3 has no other suites, and sendmail's CipherList does not touch it.
CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:DHE+CHACHA20:ECDHE+AES:DHE+AES:!aNULL:!eNULL:!PSK:!SRP:!DSS:!SHA1"
FLOORS = {"1.2": ("SSLv2", "SSLv3", "TLSv1", "TLSv1_1"), "1.3": ("SSLv2", "SSLv3", "TLSv1", "TLSv1_1", "TLSv1_2")}
# Every key of sendmail_tls with what stands for it where a site says nothing; reasons and units: roles/tls/meta/argument_specs.yml.
DEFAULTS = {
    "certificates": "off", "certificate": "", "key": "", "chain": "", "second": {}, "client": {}, "ca": "", "ca_path": "", "crl": "", "dh": "i",
    "minimum": "1.2", "ciphers": CIPHERS, "server_options": [], "client_options": [], "ask_clients": False, "fallback_to_clear": False,
    "fingerprint": "sha256", "names": [], "key_type": "ecdsa", "days": 730, "renew_days": 30, "warn_days": 30}


def settings(site):
    """Return a site's ``sendmail_tls`` laid over what its profile and this file say.

    :param dict site: see ``__sendmail_tls_site`` in roles/platform/vars/main.yml.
    :raises InvalidValue: a key that there is not, or two that contradict each other.
    """
    found = dict(DEFAULTS, **dict(site.get("profile") or {}, **(site.get("tls") or {})))
    # YAML takes a bare off for a truth value.
    found["certificates"] = {False: "off", "no": "off"}.get(found["certificates"], found["certificates"])
    unknown = sorted(set(found) - set(DEFAULTS))
    if unknown:
        raise InvalidValue("sendmail_tls has no key %s. Keys are %s." % (", ".join(unknown), ", ".join(sorted(DEFAULTS))), variable="sendmail_tls")
    if found["certificates"] not in ("off", "given", "host", "self-signed"):
        raise InvalidValue("sendmail_tls.certificates is '%s'; expected off, given, host or self-signed." % found["certificates"], variable="sendmail_tls")
    if str(found["minimum"]) not in FLOORS:
        raise InvalidValue("sendmail_tls.minimum is '%s'; expected '1.2' or '1.3'. Older versions are broken." % found["minimum"], variable="sendmail_tls")
    _check_given(found)
    _check_values(found, site)
    return found


def _check_values(found, site):
    for name in found["names"]:
        if str(name).startswith("."):
            raise InvalidValue("sendmail_tls.names: '%s' is no name of a host." % name, variable="sendmail_tls")
        m4.quote(str(name)[2:] if str(name).startswith("*.") else name, "sendmail_tls.names", "domain")
    if found["certificates"] == "self-signed" and not 0 <= int(found["renew_days"]) < int(found["days"]):
        raise InvalidValue("sendmail_tls.renew_days is %s and sendmail_tls.days is %s: the certificate would be made anew in every run. Let renew_days be less "
                           "than days." % (found["renew_days"], found["days"]), variable="sendmail_tls")
    if site.get("relay") and not found["ca"]:
        raise InvalidValue("sendmail_tls_relay lets clients relay because of their certificates, and sendmail_tls.ca is empty: whatever public authority "
                           "certifies somebody under such a name would open this host to him. Give your own authority as sendmail_tls.ca.",
                           variable="sendmail_tls_relay")


def _check_given(found):
    given, kind = [key for key in ("certificate", "key", "chain", "second", "client") if found[key]], found["certificates"]
    if kind in ("off", "self-signed") and given:
        raise InvalidValue("sendmail_tls.certificates is '%s', and sendmail_tls.%s is given too. Set certificates to 'given' (texts, or files of the "
                           "controller) or 'host' (paths of the host), or leave it out." % (kind, given[0]), variable="sendmail_tls")
    pairs = [("", found)] + [(name + ".", found[name]) for name in ("second", "client") if found[name]]
    for prefix, pair in pairs if kind in ("given", "host") else ():
        for key in ("certificate", "key"):
            if not pair.get(key):
                raise InvalidValue("sendmail_tls.certificates is '%s', and sendmail_tls.%s%s is empty. Give both the certificate and its key." % (
                    kind, prefix, key), variable="sendmail_tls")
            if kind == "host":
                m4.quote(pair[key], "sendmail_tls.%s%s" % (prefix, key), "path")
        chain = str(pair.get("chain") or "")
        if kind == "host" and chain and not chain.startswith("/") and "-----BEGIN" not in chain:
            raise InvalidValue("sendmail_tls.%schain is '%s'; with certificates: host it is a path of the host, absolute, or PEM text." % (prefix, chain),
                               variable="sendmail_tls")


def plan(site):
    """Return what follows from a site's words: ``material`` (options of the module sendmail_tls, None where there is no work for it), ``files`` that the daemon
    reads at its start, ``certificates``, the files one of whose certificates each listener has to show, and ``dane`` (plan_dane)."""
    said, dane = settings(site), plan_dane.plan(site, directory(site))
    off, host = said["certificates"] == "off", said["certificates"] == "host"
    if off and not (said["ca"] or said["crl"] or verifies(site)):
        return {"material": None, "files": dane["files"], "certificates": [], "dane": dane}
    pairs, paths = _pairs(said), _paths(said, site)
    servers = [pair for pair in pairs if pair["name"] != "client"]
    files = ([pair[part] for pair in pairs for part in ("certificate", "key_file")] if host else [_place(site, pair["name"]) for pair in pairs])
    return {
        "material": {
            "certificates": "given" if off else said["certificates"], "directory": directory(site), "owner": owner(site),
            "names": [site["host_name"]] + list(said["names"]),
            "pairs": pairs, "ca": said["ca"], "ca_path": paths["ca_path"], "crl": said["crl"],
            "dh": said["dh"] if _is_text(said["dh"]) and not off else "",
            "bundle": site["platform"]["ca_file"], "present": [paths["ca_path"]] + ([] if said["ca"] else [site["platform"]["ca_file"]]),
            "relay_issuers": sorted({_dn(entry["issuer"], "sendmail_tls_relay") for entry in site.get("relay") or []
                                     if entry.get("issuer") and not entry.get("subject")}),
            "days": said["days"], "renew_days": said["renew_days"], "warn_days": said["warn_days"]},
        "files": sorted(set(files + [paths[key] for key in ("ca", "crl", "dh") if paths[key] and paths[key][0] == "/"] + dane["files"])),
        "certificates": [pair["certificate"] if host else _place(site, pair["name"]) for pair in servers], "dane": dane}


def verifies(site):
    """Tell whether this host, with no certificate of its own, asks for those of others: it needs authorities, or all mail for them waits."""
    return "verify" in (site.get("logins") or []) or any(entry.get("require") == "verify" for entry in site.get("policy") or [])


def _pairs(said):
    if said["certificates"] == "off":
        return []
    if said["certificates"] == "self-signed":
        return [{"name": "server", "key_type": said["key_type"]}]
    named = [("server", said), ("second", said["second"]), ("client", said["client"])]
    # A path is no secret: refusals name it.
    key = "key_file" if said["certificates"] == "host" else "key"
    return [{"name": name, "certificate": pair["certificate"], key: pair["key"], "chain": pair.get("chain") or ""} for name, pair in named if pair]


def directory(site):
    """Return where our files lie."""
    return site["platform"]["tls_dir"] + "/mailjail"


def owner(site):
    """Return as whom the daemon reads its key."""
    return site["run_user"] if site["privilege"] == "unprivileged" else "root"


def _place(site, name):
    return "%s/%s.pem" % (directory(site), name)


def _is_text(value):
    return "-----BEGIN" in str(value) or str(value).startswith("/") or "." in str(value)


def _paths(said, site):
    """Return where the daemon finds authorities, revocation lists and parameters; dh may be one of its words."""
    # What leads from a certificate to its authority has to stand among the authorities, or most builds of sendmail do not send it.
    ours = said["ca"] or said["certificates"] in ("given", "host")
    return {"ca": _place(site, "ca") if ours else site["platform"]["ca_file"], "ca_path": said["ca_path"] or site["platform"]["ca_path"],
            "crl": _place(site, "crl") if said["crl"] else "",
            "dh": "" if said["certificates"] == "off" else _place(site, "dh") if _is_text(said["dh"]) else str(said["dh"])}


# ---- the .mc -----------------------------------------------------------------------------------------------------------------------------

def lines(site):
    """Return what the templates print, quoted for m4; an empty value prints nothing.

    :raises InvalidValue: a value that is not what its name says.
    """
    if not site:
        return {}
    said, paths, new = settings(site), None, release(site) >= (8, 16)
    paths = _paths(said, site)

    def quoted(value, key, kind="path"):
        return m4.quote(value, "sendmail_tls." + key, kind) if value else ""

    if str(said["dh"]) in ("1", "5", "none"):
        raise InvalidValue("sendmail_tls.dh is '%s', which is weak or none. Leave it out (2048 bits are built in), or give parameters of your own."
                           % said["dh"], variable="sendmail_tls")
    return {
        "offered": said["certificates"] != "off", "ca_file": quoted(paths["ca"], "ca"), "ca_path": quoted(paths["ca_path"], "ca_path"),
        "crl": quoted(paths["crl"], "crl"), "dh": quoted(paths["dh"], "dh", "dh"), "ciphers": quoted(said["ciphers"], "ciphers", "text"),
        "server_options": quoted(ssl_options(said, "server", new), "server_options", "list"),
        "client_options": quoted(ssl_options(said, "client", new), "client_options", "list"),
        "ask_clients": asks_clients(said, site), "fingerprint": quoted(said["fingerprint"], "fingerprint", "word"),
        "fallback": new and bool(said["fallback_to_clear"]), "session_features": new, "sts": sts(site),
        "dane": plan_dane.settings(site.get("dane"))["enabled"], "keys": _key_lines(said, site)}


def _key_lines(said, site):
    """Return the four paths of keys and certificates, each quoted; two of a kind are joined by a comma."""
    if said["certificates"] == "off":
        return {}
    pairs, host = _pairs(said), said["certificates"] == "host"

    def joined(names, part):
        found = [pair[part] if host else _place(site, pair["name"]) for pair in pairs if pair["name"] in names]
        return m4.quote(",".join(found), "sendmail_tls." + part.partition("_")[0], "paths") if found else ""

    # A certificate that nobody signed says nothing to a server.
    client = ("client",) if said["client"] else ("server",) if said["certificates"] != "self-signed" else ()
    return {"server_certificate": joined(("server", "second"), "certificate"), "server_key": joined(("server", "second"), "key_file"),
            "client_certificate": joined(client, "certificate"), "client_key": joined(client, "key_file")}


def release(site):
    """Return the release of a site's sendmail as numbers."""
    return tuple(int(part) for part in str(site["release"]).split(".")[:2])


def ssl_options(said, side, new):
    """Return the words of ServerSSLOptions or ClientSSLOptions.

    :param str side: ``server`` or ``client``.
    :param bool new: whether the release knows the options that came with 8.16.
    """
    words = ["+SSL_OP_NO_" + name for name in FLOORS[str(said["minimum"])]]
    words += ["+SSL_OP_CIPHER_SERVER_PREFERENCE"] if side == "server" else []
    words += ["+SSL_OP_NO_RENEGOTIATION", "+SSL_OP_NO_COMPRESSION"] if side == "server" and new else []
    return " ".join(words + [str(word) for word in said[side + "_options"]])


def asks_clients(said, site):
    """Tell whether clients are asked for a certificate: only if something follows from one, since it costs some of them the handshake."""
    return bool(said["ask_clients"] or site.get("relay"))


# ---- MTA-STS -----------------------------------------------------------------------------------------------------------------------------

STS = {"enabled": False, "socket": "inet:8461@127.0.0.1"}
STS_SOCKET = re.compile(r"inet:\d{1,5}@(?:127\.0\.0\.1|localhost)\Z|local:(?:/[A-Za-z0-9._-]+)+\Z")


def sts(site):
    """Return the argument of FEATURE(sts), quoted, or an empty string where it is off.

    :raises InvalidValue: this host's sendmail was compiled without it, or the socket is none of this host.
    """
    found = dict(STS, **(site.get("sts") or {}))
    unknown = sorted(set(found) - set(STS))
    if unknown:
        raise InvalidValue("sendmail_mta_sts has no key %s. Keys are %s." % (", ".join(unknown), ", ".join(sorted(STS))), variable="sendmail_mta_sts")
    if not found["enabled"]:
        return ""
    flags = site.get("compile_flags") or []
    if flags and "_FFR_MTA_STS" not in flags:
        raise InvalidValue("sendmail_mta_sts.enabled is true, and this host's sendmail %s was compiled without _FFR_MTA_STS (sendmail -d0.14 -bt lists what "
                           "is in). Debian 13 has it; leave it off here." % site["release"], variable="sendmail_mta_sts")
    if not STS_SOCKET.match(str(found["socket"])):
        raise InvalidValue("sendmail_mta_sts.socket is '%s'; expected one of this host, such as inet:8461@127.0.0.1 or local:/run/sts.sock. An answer from "
                           "elsewhere could be forged on the way." % found["socket"], variable="sendmail_mta_sts")
    return m4.quote("socket -d5 -T<TMPF> " + found["socket"], "sendmail_mta_sts.socket", "text")


# ---- single peers: entries of the access map -----------------------------------------------------------------------------------------------

POLICY = {"peer": "", "require": "", "on": None, "bits": 0, "check_name": False, "cn": "", "issuer": "", "subject": "", "permanent": False, "dane": None,
          "comment": ""}
SIDES = {"server": "TLS_Srv", "recipient": "TLS_Rcpt", "client": "TLS_Clt"}
# A key is at least that long with every suite of the default.
BITS = 128


def access(site):
    """Return the entries of the access map that follow from ``sendmail_tls_policy`` and ``sendmail_tls_relay``.

    :raises InvalidValue: an entry that can not be what was meant.
    """
    if not site:
        return []
    found = [row for number, entry in enumerate(site.get("policy") or []) for row in policy_entries(entry, "sendmail_tls_policy[%d]" % number, site)]
    found += [row for number, entry in enumerate(site.get("relay") or []) for row in relay_entries(entry, "sendmail_tls_relay[%d]" % number)]
    keys = {}
    for row in found:
        if keys.setdefault(row["key"].lower(), row["value"]) != row["value"]:
            raise InvalidValue("sendmail_tls_policy and sendmail_tls_relay ask for two things under the key %s: %s and %s. Leave one of them out." % (
                row["key"], keys[row["key"].lower()], row["value"]), variable="sendmail_tls_policy")
    unique = {row["key"].lower(): row for row in found}
    return list(unique.values())


def policy_entries(entry, name, site):
    """Return the entries of one peer.

    A peer by its name is looked up as the server that takes its mail (TLS_Srv) and as the domain of the recipient (TLS_Rcpt): the first alone says nothing
    where somebody else's server has taken the place of the peer's in the DNS.
    """
    said = dict(POLICY, **entry)
    unknown = sorted(set(said) - set(POLICY))
    if unknown:
        raise InvalidValue("%s has no key %s. Keys are %s." % (name, ", ".join(unknown), ", ".join(POLICY)), variable="sendmail_tls_policy")
    if said["require"] not in ("verify", "encrypt", "none"):
        raise InvalidValue("%s: require is '%s'; expected verify, encrypt or none." % (name, said["require"]), variable="sendmail_tls_policy")
    peers = _peers(said["peer"], name)
    numeric = tables_access.is_client_address(peers[0]) or peers[0].startswith("[")
    sides = said["on"] or (["server"] if numeric else ["server", "recipient"])
    _check_policy(said, sides, numeric, name, site)
    value = policy_value(said, name)
    found = [{"key": "%s:%s" % (SIDES[side], peer), "value": value} for side in sides for peer in peers]
    if said["require"] == "none" and "server" in sides:
        found += [{"key": "Try_TLS:" + peer, "value": "NO"} for peer in peers]
    if said["dane"] is False:
        found += [{"key": "Clt_Features:" + peer, "value": "D"} for peer in peers]
    return [dict(row, comment=said["comment"] or "sendmail_tls_policy") for row in found]


def _peers(peer, name):
    try:
        return tables_access.expand(str(peer), tables.Context(ipv6_compressed=False)) if peer else [""]
    except InvalidValue as exc:
        raise InvalidValue("%s: %s" % (name, exc.message), variable="sendmail_tls_policy")


def _check_policy(said, sides, numeric, name, site):
    wrong = [side for side in sides if side not in SIDES]
    if wrong:
        raise InvalidValue("%s: on names '%s'; expected some of server, recipient, client." % (name, wrong[0]), variable="sendmail_tls_policy")
    if numeric and "recipient" in sides:
        raise InvalidValue("%s: '%s' is an address, and no recipient's domain. Name the domain, or leave recipient out." % (name, said["peer"]),
                           variable="sendmail_tls_policy")
    named = [key for key in ("check_name", "cn", "issuer", "subject") if said[key]]
    if named and said["require"] != "verify":
        raise InvalidValue("%s: %s goes with require: verify only; a certificate that is not verified proves nothing." % (name, named[0]),
                           variable="sendmail_tls_policy")
    if "client" in sides and said["require"] == "verify" and not asks_clients(settings(site), site):
        raise InvalidValue("%s: require: verify on clients, and clients are not asked for a certificate. Set sendmail_tls.ask_clients: true." % name,
                           variable="sendmail_tls_policy")


def policy_value(said, name):
    """Return the right-hand side for one peer, such as ``PERM+VERIFY:128+CN:mx.example.com``."""
    if said["require"] == "none":
        # A requirement that everything meets; it takes the place of a stricter one for everybody else.
        return "ENCR:0"
    bits = said["bits"] or (BITS if said["require"] == "encrypt" else 0)
    if not 0 <= int(bits) <= 256:
        raise InvalidValue("%s: bits is %s; expected a number up to 256." % (name, bits), variable="sendmail_tls_policy")
    value = {"verify": "VERIFY", "encrypt": "ENCR"}[said["require"]] + (":%d" % int(bits) if bits else "")
    more = ["CN:" + said["cn"] if said["cn"] else "CN"] if said["cn"] or said["check_name"] else []
    for key, word in (("subject", "CS"), ("issuer", "CI")):
        if said[key]:
            more.append("%s:%s" % (word, _dn(said[key], "%s: %s" % (name, key))))
    return ("PERM+" if said["permanent"] else "") + value + ("+" + "++".join(more) if more else "")


def relay_entries(entry, name):
    """Return the entries by which a client's certificate lets it relay: everybody whom an issuer certified, or one subject of it."""
    unknown = sorted(set(entry) - {"issuer", "subject", "comment"})
    if unknown or not entry.get("issuer"):
        raise InvalidValue("%s: %s. Keys are issuer, subject and comment; issuer is needed." % (
            name, "there is no key %s" % unknown[0] if unknown else "issuer is empty"), variable="sendmail_tls_relay")
    issuer, subject = _dn(entry["issuer"], name + ": issuer"), entry.get("subject")
    found = [{"key": "CertIssuer:" + issuer, "value": "SUBJECT" if subject else "RELAY"}]
    found += [{"key": "CertSubject:" + _dn(subject, name + ": subject"), "value": "RELAY"}] if subject else []
    return [dict(row, comment=entry.get("comment") or "sendmail_tls_relay") for row in found]


def _dn(text, name):
    try:
        return tls_names.sendmail_dn(text)
    except InvalidValue as exc:
        raise InvalidValue("%s: %s" % (name, exc.message), variable=name)
