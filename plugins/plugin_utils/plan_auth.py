# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""SMTP AUTH of a site: on which listeners it is offered, what the SASL library is told, what the .mc says of it. Pure.

Who authenticates may relay, so nothing here is offered by chance: on the submission ports only, inside TLS only, with the named mechanisms only.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4, tables_syntax
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import plan_live, plan_smart_host

# The one place of these defaults; empty ones follow from the others.
DEFAULTS = {"backend": "none", "mechanisms": [], "realm": "", "users": [], "options": ["p", "y"], "max_bits": None}
PORTS = (587, 465)
IMPLICIT = 465
# What each way of checking a password can serve, strongest first: with saslauthd the host never knows the password, so only those that send it.
MECHANISMS = {"saslauthd": ("PLAIN", "LOGIN"), "sasldb": ("SCRAM-SHA-512", "SCRAM-SHA-256", "SCRAM-SHA-1", "PLAIN", "LOGIN")}
PLAIN = ("PLAIN", "LOGIN")
BROKEN = ("DIGEST-MD5", "CRAM-MD5", "NTLM", "OTP", "KERBEROS_V4", "ANONYMOUS")
# AuthOptions that ask for more than a mechanism has: the library then leaves it out without a word.
LACKING = {"a": PLAIN, "d": PLAIN + ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512"), "f": MECHANISMS["sasldb"], "m": PLAIN,
           "c": ("SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-512")}
# What sendmail_auth says of AUTH, as defines and as raw lines of the configuration or of its source.
DEFINES = ("confAUTH_MECHANISMS", "confAUTH_OPTIONS", "confAUTH_REALM", "confAUTH_MAX_BITS")
RAW = re.compile(r"(?im)^[ \t]*O[ \t]*(?:AuthOptions|AuthMechanisms|AuthRealm|AuthMaxBits)\b.*|^[ \t]*[CF]\{TrustAuthMech\}.*"
                 r"|\bconfAUTH_(?:OPTIONS|MECHANISMS|REALM|MAX_BITS)\b|\bTRUST_AUTH_MECH\b")
USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+=-]*")
# Its own socket and its own file of passwords: those of the distribution may serve others.
SOCKET_DIRECTORY = "/run/sendmail-saslauthd"
DATABASE = "sendmail.sasldb2"
DIGESTS = "sasl-users.json"
UNIT_FILE = "/etc/systemd/system/sendmail-saslauthd.service"
PAM_FILE = "/etc/pam.d/smtp"


def settings(site):
    """Return what the site says of AUTH over the defaults; ``mechanisms`` and ``realm`` are filled in."""
    said = dict(DEFAULTS, **{key: value for key, value in (site.get("auth") or {}).items() if value is not None})
    said["mechanisms"] = list(said["mechanisms"] or PLAIN)
    said["realm"] = said["realm"] or site.get("domain") or site.get("host_name") or ""
    return said


def checked_ports(wanted):
    """Return the submission ports; :raises InvalidValue: port 25 is among them."""
    found = list(PORTS) if wanted is None else [int(port) for port in wanted]
    if 25 in found:
        raise InvalidValue("sendmail_submission_ports names port 25. Mail servers of the world come there and can not authenticate, and a login offered to "
                           "everybody invites guessing. Name 587 (STARTTLS) and 465 (TLS from the first byte).", variable="sendmail_submission_ports")
    return found


def listeners(said, auth, ports=None):
    """Return the sockets that are opened: those of the site, and where AUTH is on a submission port on each public address of the site.

    A port that the site opens with the modifier ``a`` itself is left as it says. Every listener without ``a`` gets ``A``, with AUTH or without: sendmail
    offers of itself what its library has, to everybody.

    :param list said: ``sendmail_listeners``.
    :param dict auth: ``sendmail_auth``.
    :param ports: ``sendmail_submission_ports``, or None for the default.
    :raises InvalidValue: naming the listener that contradicts.
    """
    found = [one if "a" in _letters(one) else dict(one, modifiers=_letters(one) + ["A"] * ("A" not in _letters(one))) for one in said]
    if (auth or {}).get("backend", "none") in ("none", None):
        return found
    for one in said:
        _check_listener(one)
    public = [one for one in said if (one.get("port") or 25) == 25 and not _is_loopback(_address(one))]
    for port in checked_ports(ports):
        own = [one for one in said if one.get("port") == port]
        blocked = [one for one in own if "a" not in _letters(one)]
        if blocked:
            raise InvalidValue("sendmail_listeners (%s): it has port %d, which sendmail_auth needs for users who authenticate. Take it out, or take %d out of "
                               "sendmail_submission_ports." % (blocked[0].get("name"), port, port), variable="sendmail_listeners")
        if not own and not public:
            raise InvalidValue("sendmail_listeners has no public address with port 25, so it is not known on which address users shall log in on port %d. Add "
                               "a listener such as {name: submission, address: 192.0.2.25, port: %d, modifiers: [%s]}, or take %d out of "
                               "sendmail_submission_ports." % (port, port, "s, a, E" if port == IMPLICIT else "a, E", port), variable="sendmail_listeners")
        if not own:
            found += [dict({"name": "submissions" if port == IMPLICIT else "submission", "address": address, "port": port,
                            "modifiers": (["s"] if port == IMPLICIT else []) + ["a", "E"]}, **family)
                      for address, family in _addresses(public)]
    return found


def _letters(one):
    return list(one.get("modifiers") or [])


def _address(one):
    return one.get("address") or ("::" if one.get("family") == "inet6" else "0.0.0.0")


def _is_loopback(address):
    try:
        return ipaddress.ip_address(u"%s" % str(address).strip("[]")).is_loopback
    except ValueError:
        # No address at all; the listeners' own check names it.
        return False


def _addresses(public):
    found = []
    for one in public:
        row = (_address(one), {"family": one["family"]} if one.get("family") else {})
        if row not in found:
            found.append(row)
    return found


def _check_listener(one):
    letters, port = _letters(one), one.get("port") or 25
    if "a" in letters and port == 25:
        raise InvalidValue("sendmail_listeners (%s): modifier a on port 25. AUTH is never offered there: mail servers of the world can not authenticate. "
                           "Leave it out; users come to 587 and 465." % one.get("name"), variable="sendmail_listeners")
    if "a" in letters and "S" in letters:
        raise InvalidValue("sendmail_listeners (%s): modifiers a and S. Users would have to send their passwords in the clear. Leave S out." % one.get("name"),
                           variable="sendmail_listeners")


def check(site):
    """Hold what a site says of AUTH against what can work, before a host is touched.

    :raises InvalidValue: naming the variable.
    """
    said = settings(site)
    if said["backend"] == "none":
        return
    if said["backend"] not in MECHANISMS:
        raise InvalidValue("sendmail_auth.backend is '%s'; expected none, saslauthd or sasldb." % said["backend"], variable="sendmail_auth")
    if site.get("profile") == "nullclient":
        raise InvalidValue("sendmail_auth.backend is '%s' on a null client, which takes mail from nobody. Users log in at a hub or gateway. Leave it out." % (
            said["backend"]), variable="sendmail_auth")
    _check_mechanisms(said)
    _check_clear(site, said)
    _check_options(said)
    _check_elsewhere(site)
    _check_material(site)
    _check_users(said)


def _check_mechanisms(said):
    served = MECHANISMS[said["backend"]]
    for name in said["mechanisms"]:
        if name in served:
            continue
        why = "it is broken, and every client knows a better one" if name in BROKEN else \
            "saslauthd is asked with the password itself, which this mechanism never sends; use backend sasldb" if name in MECHANISMS["sasldb"] else \
            "there is no such mechanism here.%s" % language.nearest(name, served)
        raise InvalidValue("sendmail_auth.mechanisms: '%s' with backend %s: %s. Expected some of %s." % (
            name, said["backend"], why.rstrip("."), ", ".join(served)), variable="sendmail_auth")


def _check_clear(site, said):
    """sendmail decides before STARTTLS whether it offers AUTH, and option p holds back only what shows the password."""
    opened = listeners(site["listeners"], site["auth"], site.get("submission_ports"))
    clear = sorted({one.get("port") or 25 for one in opened if "a" in _letters(one) and "s" not in _letters(one)})
    others = [name for name in said["mechanisms"] if name not in PLAIN]
    if clear and others:
        raise InvalidValue("sendmail_auth.mechanisms has %s, which sendmail offers on port %d before STARTTLS, too: only PLAIN and LOGIN can be held back "
                           "there. Set sendmail_submission_ports: [465], or leave it out." % (" and ".join(others), clear[0]), variable="sendmail_auth")


def _check_options(said):
    letters = said["options"]
    if "p" not in letters and set(PLAIN) & set(said["mechanisms"]):
        raise InvalidValue("sendmail_auth.options lacks p, and mechanisms has %s: passwords would be asked for in the clear. Add p." % " and ".join(
            name for name in PLAIN if name in said["mechanisms"]), variable="sendmail_auth")
    if "y" not in letters:
        raise InvalidValue("sendmail_auth.options lacks y, which keeps anonymous logins out: whoever logs in may relay. Add y.", variable="sendmail_auth")
    for letter in letters:
        lost = [name for name in said["mechanisms"] if name in LACKING.get(letter, ())]
        if lost:
            raise InvalidValue("sendmail_auth.options: with %s the SASL library leaves %s out without a word. Take the letter or the mechanism out." % (
                letter, " and ".join(lost)), variable="sendmail_auth")


def _check_elsewhere(site):
    """Refuse what says of AUTH in other words than those of sendmail_auth, which are checked."""
    for variable, names in (("options", site.get("options") or {}), ("undefine", site.get("undefine") or [])):
        for name in DEFINES:
            if name in names:
                raise InvalidValue("sendmail_%s %s %s, and sendmail_auth says the same in words that are checked. Leave it out of sendmail_%s." % (
                    variable, "sets" if variable == "options" else "names", name, variable), variable="sendmail_" + variable)
    for variable, text in _raw_texts(site):
        found = RAW.search(text)
        if found:
            raise InvalidValue("%s holds '%s', and sendmail_auth says the same in words that are checked: as a raw line it could ask for passwords in the "
                               "clear, or let anybody relay. Leave it out." % (variable, found.group().strip()), variable=variable)
    if (site.get("classes") or {}).get("TRUST_AUTH_MECH"):
        raise InvalidValue("sendmail_classes names TRUST_AUTH_MECH, and each mechanism that is trusted opens the relay. With sendmail_auth exactly those of "
                           "sendmail_auth.mechanisms are. Leave it out.", variable="sendmail_classes")


def _raw_texts(site):
    """Return the texts of a site that reach the configuration as they stand, each with the name of its variable."""
    found = [("sendmail_local_config", site.get("local_config")), ("sendmail_local_rulesets", site.get("local_rulesets"))]
    found += [("sendmail_raw_parts (%s)" % part, text) for part, text in sorted((site.get("raw_parts") or {}).items())]
    found += [("sendmail_raw_statements", text) for text in site.get("raw_statements") or []]
    return [(variable, str(text)) for variable, text in found if text]


def _check_material(site):
    options, tls = site.get("options") or {}, site.get("tls") or {}
    material = dict(tls.get("profile") or {}, **(tls.get("tls") or {})).get("certificates")
    if material in (None, False, "", "off", "no") and not (options.get("confSERVER_CERT") and options.get("confSERVER_KEY")):
        raise InvalidValue("sendmail_auth.backend is on, and this host has no certificate: passwords would cross the network in the clear. Set sendmail_tls "
                           "(certificates), or turn AUTH off.", variable="sendmail_auth")


def _check_users(said):
    if said["backend"] != "sasldb":
        if said["users"]:
            raise InvalidValue("sendmail_auth.users belongs to backend sasldb; with saslauthd the users are those that PAM knows. Leave them out.",
                               variable="sendmail_auth")
        return
    if not tables_syntax.is_domain(said["realm"]):
        raise InvalidValue("sendmail_auth.realm is '%s'; expected a domain such as example.org." % said["realm"], variable="sendmail_auth")
    if not said["users"]:
        raise InvalidValue("sendmail_auth.backend is sasldb, and sendmail_auth.users is empty: nobody could log in. Name users, or turn AUTH off.",
                           variable="sendmail_auth")
    seen = set()
    for user in said["users"]:
        name, _at, realm = str(user.get("name") or "").partition("@")
        if not USER.fullmatch(name) or (_at and not tables_syntax.is_domain(realm)):
            raise InvalidValue("sendmail_auth.users: '%s' is no name; expected letters, digits and _ . + = -, and @realm behind it where it is another one." % (
                user.get("name")), variable="sendmail_auth")
        if not user.get("password") or set("\0\n\r") & set(str(user["password"])):
            raise InvalidValue("sendmail_auth.users: the password of '%s' is empty, or holds a line end or NUL, which no client can send." % user["name"],
                               variable="sendmail_auth")
        whole = (name, realm or said["realm"])
        if whole in seen:
            raise InvalidValue("sendmail_auth.users: '%s' stands twice. Keep one." % user["name"], variable="sendmail_auth")
        seen.add(whole)


def database(site):
    """Return the path of the host's own file of users; beside the file that the SASL library reads, in a directory of root."""
    return "%s/%s" % (site["platform"]["sasl"]["file"].rsplit("/", 1)[0], DATABASE)


def directories(site):
    """Return the directories that AUTH relies on, for sendmail_config."""
    if settings(site)["backend"] == "none":
        return []
    return [{"path": site["platform"]["sasl"]["file"].rsplit("/", 1)[0], "owner": "root", "group": "root", "mode": "0755"}]


def files(site):
    """Return the file that the SASL library reads for sendmail, for sendmail_config."""
    said = settings(site)
    if said["backend"] == "none":
        return []
    rows = {"saslauthd": [("pwcheck_method", "saslauthd"), ("saslauthd_path", SOCKET_DIRECTORY + "/mux")],
            "sasldb": [("pwcheck_method", "auxprop"), ("auxprop_plugin", "sasldb"), ("sasldb_path", database(site))]}[said["backend"]]
    rows.append(("mech_list", " ".join(said["mechanisms"])))
    unprivileged = site["privilege"] == "unprivileged"
    return [{"path": site["platform"]["sasl"]["file"], "kind": "plain", "content": "".join("%s: %s\n" % row for row in rows), "owner": "root",
             "group": site["run_user"] if unprivileged else site["platform"]["client_group"], "mode": "0640"}]


def needs(site):
    """Return what the SASL library of the host has to have: ``backend``, ``plugins``, ``programs``; and of the users' file its ``database`` and ``owner``."""
    said = settings(site)
    owner = site["run_user"] if site["privilege"] == "unprivileged" else "root"
    if said["backend"] == "none":
        return {"backend": "none", "mechanisms": [], "plugins": plan_smart_host.plugins(site), "programs": [], "realm": "", "database": "", "owner": owner}
    mechanisms = list(said["mechanisms"])
    plugins = ["scram" if name.startswith("SCRAM-") else name.lower() for name in mechanisms]
    programs = {"saslauthd": ["saslauthd"], "sasldb": ["saslpasswd2"]}.get(said["backend"], [])
    needed = set(plugins + (["sasldb"] if said["backend"] == "sasldb" else []) + plan_smart_host.plugins(site))
    return {"backend": said["backend"], "mechanisms": mechanisms, "plugins": sorted(needed),
            "programs": programs, "realm": said["realm"], "database": database(site),
            "owner": owner}


def plan(site):
    """Return what the role auth does on a host: :func:`needs`, and how it comes there from what there is.

    Until the new configuration is proven, the daemon that runs keeps what it reads: its kind of logins, its realm, and files that its own account can read.

    :param dict site: see ``__sendmail_auth_site`` in roles/auth/vars/main.yml; ``info`` is what sendmail_info said before anything was changed.
    :returns: besides, ``account`` (who reads passwords or asks for them now; ``owner`` afterwards), ``waits`` (the users' file can be built only afterwards),
        ``hand_over`` (something of what stays is for the new daemon only), ``left`` (files of a former kind of login), ``pam`` (whether the rules are ours).
    :raises InvalidValue: a value that can not be what was meant.
    """
    if site.get("profile") == "nullclient":
        # To a null client its hub is that host.
        site = dict(site, smart_host_auth=site.get("hub_auth") or {})
    said, found, info = settings(site), needs(site), site["info"]
    if said["backend"] not in ("none",) + tuple(MECHANISMS):
        raise InvalidValue("sendmail_auth.backend is '%s'; expected none, saslauthd or sasldb." % said["backend"], variable="sendmail_auth")
    if said["backend"] != "none":
        _check_mechanisms(said)
        _check_users(said)
    ours, serving = info["sasl"]["ours"], plan_live.account(info)
    kept = {"none": [], "saslauthd": [UNIT_FILE, PAM_FILE], "sasldb": [found["database"], "%s/%s" % (site["state_directory"], DIGESTS)]}[said["backend"]]
    account = serving if serving and ours else found["owner"]
    realm = info["configuration"]["options"].get("AuthRealm") or ""
    waits = bool(said["backend"] == "sasldb" and serving and found["database"] in ours and realm not in ("", said["realm"]))
    return dict(found, account=account, waits=waits, hand_over=said["backend"] != "none" and (account != found["owner"] or waits),
                left=[path for path in ours if path not in kept], pam=info["sasl"]["pam"] != "other")


def lines(site):
    """Return what the template prints: ``defines`` and ``trusted`` mechanisms."""
    said, client = settings(site), plan_smart_host.settings(site) is not None
    # A: the name that a client gave to us is passed on only where this host has given its own.
    options = ",".join(said["options"] + ["A"] * (client and "A" not in said["options"]))
    if said["backend"] == "none":
        return {"defines": [{"name": "confAUTH_OPTIONS", "value": m4.quote(options, "sendmail_auth", "auth_options")}] if client else [], "trusted": []}
    values = [("mechanisms", " ".join(said["mechanisms"]), "list"), ("options", options, "auth_options"), ("realm", said["realm"], "domain"),
              ("max_bits", said["max_bits"], "integer")]
    return {"defines": [{"name": "confAUTH_" + key.upper(), "value": m4.quote(value, "sendmail_auth." + key, kind)}
                        for key, value, kind in values if value is not None],
            "trusted": [m4.quote(name, "sendmail_auth.mechanisms", "word") for name in said["mechanisms"]]}
