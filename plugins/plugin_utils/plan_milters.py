# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``sendmail_milters`` to the lines of the .mc, and to the daemons behind them. Pure; runs on the controller."""

from __future__ import annotations

import base64
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import language, m4, sockets, tables_cidr
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import milter_presets, plan_live
from ansible_collections.mailjail.sendmail.plugins.plugin_utils.milter_presets import PRESETS

# What happens to mail while the milter does not answer -> sendmail's F= flag. An empty flag lets mail pass, so it is always meant.
FAILURES = {"accept": "", "tempfail": "T", "reject": "R", "disconnect": "4"}
POLICIES = {"accept": "while it does not answer, mail passes unfiltered", "tempfail": "while it does not answer, senders try again later",
            "reject": "while it does not answer, mail is refused", "disconnect": "while it does not answer, the connection ends"}
# Seconds and minutes instead of sendmail's five minutes for a connection to a socket of the same host.
TIMEOUTS = {"connect": "30s", "send": "10s", "receive": "60s", "eom": "5m"}
LETTERS = (("connect", "C"), ("send", "S"), ("receive", "R"), ("eom", "E"))
COMMON = {"name", "preset", "socket", "failure", "timeouts", "listeners", "macros", "state"}
FOREIGN = COMMON | {"modifies", "unit"}
# What sendmail sends anyway (cf/m4/cfhead.m4).
MACROS = {
    "connect": ["j", "_", "{daemon_name}", "{if_name}", "{if_addr}"],
    "helo": ["{tls_version}", "{cipher}", "{cipher_bits}", "{cert_subject}", "{cert_issuer}"],
    "envfrom": ["i", "{auth_type}", "{auth_authen}", "{auth_ssf}", "{auth_author}", "{mail_mailer}", "{mail_host}", "{mail_addr}"],
    "envrcpt": ["{rcpt_mailer}", "{rcpt_host}", "{rcpt_addr}"], "data": [], "eoh": [], "eom": ["{msg_id}"],
}
CHOICES = {"mode": ("sign", "verify", "both"), "failures": ("mark", "reject"), "infected": ("reject", "quarantine"), "signatures": ("official", "own")}
SHAPES = {"delay": ("[0-9]{1,5}[smhd]", "something like 5m"), "remember": ("[0-9]{1,5}[smhd]", "something like 30d"),
          "reject_score": (r"[0-9]{1,4}(\.[0-9]{1,3})?", "a number"), "header_score": (r"[0-9]{1,4}(\.[0-9]{1,3})?", "a number"),
          "selector": ("[A-Za-z0-9]([A-Za-z0-9_-]{0,61}[A-Za-z0-9])?", "a label of a DNS name")}


def _fail(name, what):
    raise InvalidValue("sendmail_milters (%s): %s" % (name, what), variable="sendmail_milters")


def milters(site):
    """Return all milters of a site, each with every key, checked, absent ones included.

    :param dict site: with ``milters``, ``listeners``, ``domain``.
    :raises InvalidValue: naming the milter, the key and what was expected.
    """
    found = [_milter({key: value for key, value in entry.items() if value is not None}, site) for entry in site.get("milters") or []]
    names = [one["name"] for one in found]
    for one in found:
        if names.count(one["name"]) > 1:
            _fail(one["name"], "two milters have this name. Give each a name of its own.")
        preset = PRESETS.get(one["preset"])
        if preset and preset.single and [other["preset"] for other in found].count(one["preset"]) > 1:
            _fail(one["name"], "the preset %s can be used once on a host." % one["preset"])
    places = [one["socket"] for one in found]
    for one in found:
        if places.count(one["socket"]) > 1:
            _fail(one["name"], "two milters have the socket %s." % one["socket"])
    _check_order([one for one in found if one["state"] == "present"])
    return found


def _milter(entry, site):
    preset, name = entry.get("preset"), entry.get("name") or entry.get("preset") or ""
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9-]{0,30}", name):
        _fail(name or "one without a name", "a milter needs a preset, or a name (letters, digits and -) and a socket.")
    _keep(name, name, "name")
    if preset is not None and preset not in PRESETS:
        _fail(name, "there is no preset '%s'.%s Presets are %s; any other milter is given by name and socket." % (
            preset, language.nearest(preset, list(PRESETS)), ", ".join(sorted(PRESETS))))
    settings = PRESETS[preset].settings if preset else {}
    known = (COMMON - {"socket"}) | set(settings) if preset else FOREIGN
    for key in entry:
        if key not in known:
            _fail(name, "%s has no setting '%s'.%s" % ("the preset " + preset if preset else "a milter without a preset", key,
                                                       language.nearest(key, sorted(known))))
    found = dict({"name": name, "preset": preset, "state": "present", "listeners": [], "modifies": False, "unit": None,
                  "failure": PRESETS[preset].failure if preset else "tempfail"}, **settings)
    found.update(entry, name=name, preset=preset, timeouts=_timeouts(name, entry.get("timeouts") or {}), macros=_macros(name, entry, preset))
    if found["failure"] not in FAILURES:
        _fail(name, "failure is '%s'.%s Expected %s." % (found["failure"], language.nearest(str(found["failure"]), list(FAILURES)), ", ".join(FAILURES)))
    _settings(found, site)
    return dict(found, **_place(found))


def _keep(name, text, what):
    """Refuse a text that m4 would change; a quotation does not keep it from that."""
    word = m4.live_word(text)
    if word:
        _fail(name, "its %s '%s' holds the word '%s', which m4 would replace. Choose another %s." % (what, text, word, what))


def _place(found):
    """Return where the milter listens, and the names that follow from it."""
    name, preset = found["name"], found["preset"]
    if not preset:
        if not found.get("socket"):
            _fail(name, "it has no preset, so it needs a socket such as local:/run/%s/socket or inet:8891@127.0.0.1." % name)
        try:
            sockets.parse_socket(found["socket"])
        except InvalidValue as exc:
            _fail(name, exc.message)
        _keep(name, found["socket"], "socket")
        return {}
    own = name == preset
    directory = "/run/" + (milter_presets.DIRECTORIES[preset] if own or PRESETS[preset].single else "%s-%s" % (preset, name))
    path = directory + "/milter.sock"
    vendor = PRESETS[preset].unit
    unit = vendor if own or PRESETS[preset].single else vendor.replace(".service", "-%s.service" % name)
    return {"directory": directory, "path": path, "socket": "local:" + path, "unit": unit}


def _timeouts(name, given):
    for key, value in given.items():
        if key not in TIMEOUTS:
            _fail(name, "timeouts: there is no '%s'.%s Expected %s." % (key, language.nearest(key, list(TIMEOUTS)), ", ".join(TIMEOUTS)))
        if value is not None and not re.fullmatch(r"[0-9]{1,5}[smh]", str(value)):
            _fail(name, "timeouts: %s is '%s', expected something like 30s or 5m." % (key, value))
    return dict(TIMEOUTS, **{key: value for key, value in given.items() if value is not None})


def _macros(name, entry, preset):
    given = {stage: list(more) for stage, more in (entry.get("macros") or {}).items() if more}
    for stage, more in given.items():
        if stage not in MACROS:
            _fail(name, "macros: there is no stage '%s'.%s Stages are %s." % (stage, language.nearest(stage, list(MACROS)), ", ".join(MACROS)))
        for one in more:
            if not re.fullmatch(r"[A-Za-z_]|\{[a-z_]{1,24}\}", str(one)):
                _fail(name, "macros: '%s' is no macro; expected one letter, or a name in braces such as {client_addr}." % one)
    for stage, more in (PRESETS[preset].macros if preset else {}).items():
        given[stage] = more + [one for one in given.get(stage, []) if one not in more]
    return given


def _settings(found, site):
    name = found["name"]
    for key, choices in CHOICES.items():
        if key in found and found[key] not in choices:
            _fail(name, "%s is '%s', expected %s." % (key, found[key], " or ".join(choices)))
    for key, (pattern, expected) in SHAPES.items():
        if key in found and not re.fullmatch(pattern, str(found[key])):
            _fail(name, "%s is '%s', expected %s." % (key, found[key], expected))
    for domain in found.get("domains") or []:
        m4.quote(domain, "sendmail_milters (%s).domains" % name, "domain")
    if found["preset"] == "opendkim" and found["mode"] != "verify" and not (found["domains"] or site["domain"]):
        _fail(name, "it signs, and neither its domains nor sendmail_domain say for whom.")
    known = [one.get("name") for one in site.get("listeners") or []]
    for one in found["listeners"]:
        # The role milters does not know the listeners; the role config has held the names against them before.
        if known and one not in known:
            near = language.nearest(str(one), [str(have) for have in known])
            _fail(name, "there is no listener '%s'.%s Listeners are %s." % (one, near, ", ".join(map(str, known))))


def verifies(one):
    """Tell whether a milter finds out whether signatures hold."""
    return one["preset"] == "opendkim" and one["mode"] != "sign"


def _check_order(found):
    """Refuse an order in which a milter would not see what it works on.

    OpenDKIM removes forged results under this host's name, so it comes before whoever writes such results; OpenDMARC reads them; what changes a message comes
    before it is signed.
    """
    rules = (
        ("spf", verifies, "writes Authentication-Results under this host's name, which the verifying opendkim would remove as forged", "opendkim"),
        ("opendmarc", verifies, "needs the result of opendkim, which also removes forged ones", "opendkim"),
        ("opendmarc", lambda one: one["preset"] == "spf", "needs the result of spf", "spf"))
    for place, one in enumerate(found):
        for preset, needed, why, other in rules:
            if one["preset"] == preset and any(needed(later) for later in found[place + 1:]):
                _fail(one["name"], "it stands before %s, but it %s. Put it after %s." % (other, why, other))
        if one["preset"] == "opendmarc" and not any(map(verifies, found)):
            _fail(one["name"], "DMARC needs a milter that verifies signatures and removes forged results. Put {preset: opendkim} before it.")
        if one["preset"] == "opendkim" and one["mode"] != "verify":
            later = [other["name"] for other in found[place + 1:] if other["modifies"]]
            if later:
                _fail(one["name"], "it signs, and %s after it changes messages, so that the signature would not hold. Put it last; where it shall verify "
                                   "first, use the preset twice: {preset: opendkim, mode: verify} first, and {preset: opendkim, name: signer, mode: sign} "
                                   "last." % ", ".join(later))


def lines(site):
    """Return what the .mc says: ``filters`` (arguments of MAIL_FILTER), ``order``, ``macros`` (define and value)."""
    found = [one for one in milters(site) if one["state"] == "present"]
    macros = {stage: list(names) for stage, names in MACROS.items()}
    for one in found:
        for stage, names in one["macros"].items():
            macros[stage] += [name for name in names if name not in macros[stage]]
    return {"filters": [{"arguments": "`%s', `%s'" % (one["name"], equates(one)), "policy": POLICIES[one["failure"]], "name": one["name"]} for one in found],
            "order": "`%s'" % ",".join(one["name"] for one in found) if found else "",
            "macros": [{"name": "confMILTER_MACROS_" + stage.upper(), "value": "``%s''" % ", ".join(names)}
                       for stage, names in macros.items() if names != MACROS[stage]]}


def equates(one):
    """Return socket, flag and timeouts of a milter as sendmail wants them."""
    flag, times = FAILURES[one["failure"]], ";".join("%s:%s" % (letter, one["timeouts"][key]) for key, letter in LETTERS)
    # An F= with nothing in it says that this is meant.
    return "S=%s, F=%s, T=%s" % (one["socket"], flag, times)


def listeners(site):
    """Return the listeners, each with the milters that see what comes in there, where these are not all of them."""
    found = [one for one in milters(site) if one["state"] == "present"]
    if not any(one["listeners"] for one in found):
        return site["listeners"]
    made = []
    for entry in site["listeners"]:
        names = [one["name"] for one in found if not one["listeners"] or entry.get("name") in one["listeners"]]
        made.append(entry if entry.get("milters") or len(names) == len(found) else dict(entry, milters=names or [""]))
    return made


# ---- the daemons ------------------------------------------------------------------------------------------------------------------------

def check_family(site):
    """Refuse a preset for which the host's distribution has no package.

    :param dict site: with ``distribution`` (``family``, ``id``, ``version_id``) besides what :func:`milters` wants.
    """
    _check_scanner(site)
    told = site.get("distribution") or {}
    family, release = told.get("family"), (told.get("id"), str(told.get("version_id") or "").partition(".")[0])
    for one in milters(site):
        if not one["preset"] or one["state"] != "present" or not family:
            continue
        if family not in PRESETS[one["preset"]].packages:
            _fail(one["name"], "this collection knows no package of %s for the family '%s'. Install it yourself and give it by name and socket." % (
                one["preset"], family))
        missing = milter_presets.MISSING.get((one["preset"],) + release)
        if missing:
            _fail(one["name"], missing + ".")


def _check_scanner(site):
    size = site.get("message_size", (site.get("options") or {}).get("confMAX_MESSAGE_SIZE") or (site.get("limits") or {}).get("message_size"))
    for one in milters(site):
        if one["preset"] == "clamav" and one["state"] == "present" and not 0 < int(size or 0) <= milter_presets.SCANNABLE:
            _fail(one["name"], "sendmail_limits.message_size is %s%s. ClamAV looks at no message beyond %d bytes and calls it clean. Set a limit up to it." % (
                size or 0, "" if size else " (none)", milter_presets.SCANNABLE))


def packages(site):
    """Return the packages that the presets of a site need on its family."""
    found = []
    for one in milters(site):
        if one["preset"] and one["state"] == "present":
            found += [name for name in PRESETS[one["preset"]].packages.get(site["family"], []) if name not in found]
    return found


def all_packages(entries):
    """Return the packages of the named presets in all families: what a host is asked for before its family is known."""
    named = [entry.get("preset") for entry in entries]
    return sorted({name for preset in named if preset in PRESETS for names in PRESETS[preset].packages.values() for name in names})


def plan(site):
    """Return the companions (option of the module sendmail_companions) of all milters, and ``packages``.

    Until the new configuration is proven, the daemon that runs keeps its filters: none is stopped, and each socket is for its account.

    :param dict site: see ``__sendmail_milters_site`` in roles/milters/vars/main.yml; ``info`` is what sendmail_info said before anything was changed.
    :returns: ``companions`` for now, ``retired``, those for the time after the proof (empty where there is nothing left to do), ``packages``, and
        ``handed``, the sockets that the new daemon has to reach at its start and the former one reaches now.
    """
    check_family(site)
    _check_texts(site)
    info = site.get("info") or {}
    final, named = site["run_user"] if site["privilege"] == "unprivileged" else "root", (info.get("configuration") or {}).get("milters")
    account = (plan_live.account(info) if named else "") or final
    kept, gone = _kept(site, account, final), _gone(site, info)
    again = account != final and any(one["preset"] and one["state"] == "present" for one in milters(site))
    handed = [one["socket"].partition(":")[2] for one in milters(site) if again and one["preset"] and one["state"] == "present"]
    return {"companions": kept, "retired": (_kept(site, final, final) if again else []) + gone, "packages": packages(site), "handed": handed}


def _kept(site, account, final):
    """Return the daemons of all milters that stay; ``account`` is who connects."""
    found = [one for one in milters(site) if one["state"] == "present"]
    whole, made = dict(site, presets=[one["preset"] for one in found], account=account), []
    for one in found:
        if one["preset"]:
            made += milter_presets.BUILDERS[one["preset"]](dict(one, user=PRESETS[one["preset"]].users[site["family"]]), whole)
        else:
            # Nobody hands this one over, so it has to let the new daemon in from the start.
            made.append({"name": one["name"], "socket": one["socket"], "client": final, "unit": one["unit"]})
    return made


def _gone(site, info):
    """Return the daemons of milters that are absent and still run, and what lies over units of packages without a preset that wants it."""
    units, found = info.get("units") or {}, milters(site)
    made = [{"name": one["name"], "unit": one["unit"], "state": "stopped", "enabled": False} for one in found
            if one["state"] == "absent" and one["unit"] and plan_live.is_on(units.get(one["unit"]))]
    absent = [one["preset"] for one in found if one["state"] == "absent"]
    return made + (milter_presets.clamav_gone(info.get("filters") or []) if "clamav" in absent else [])


def absent_units(entries):
    """Return the units of milters that are to be absent: a host is asked for their state with everything else."""
    site = {"milters": [entry for entry in entries if entry.get("state") == "absent"], "domain": "x.example"}
    return sorted({one["unit"] for one in milters(site) if one["unit"]})


def revived(site, restored):
    """Return the daemons of the milters that a configuration names which came back.

    :param dict restored: what sendmail_info says of it.
    """
    places = {"/run/%s/milter.sock" % directory: preset for preset, directory in milter_presets.DIRECTORIES.items()}
    given, made = {entry.get("name"): entry.get("unit") for entry in site["milters"]}, []
    for one in restored["configuration"]["milters"]:
        path = one["socket"].partition(":")[2]
        preset = places.get(path) or ("opendkim" if path == "/run/opendkim-%s/milter.sock" % one["name"] else None)
        unit = given.get(one["name"])
        if preset:
            unit = PRESETS[preset].unit if path in places else PRESETS[preset].unit.replace(".service", "-%s.service" % one["name"])
        made += milter_presets.SCANNER if preset == "clamav" else []
        made += [{"name": one["name"], "unit": unit, "socket": one["socket"]}] if unit else []
    return made


def _check_texts(site):
    """Hold the names and networks that stand in configurations of filters against what they have to be; the role config may not have seen them."""
    for key, variable, kind in (("domain", "sendmail_domain", "domain"), ("host_name", "sendmail_host_name", "host")):
        if site[key]:
            m4.quote(site[key], variable, kind)
    for network in site["relay_networks"]:
        text = str(network).replace(" ", "")
        if not re.fullmatch(r"(?:[Ii][Pp][Vv]6:)?[0-9A-Fa-f.:/]+", text):
            raise InvalidValue("sendmail_relay_networks: '%s' is no network; expected one such as 192.0.2.0/24 or 2001:db8::/32." % text,
                               variable="sendmail_relay_networks")
        try:
            tables_cidr.cidr_keys(text)
        except InvalidValue as exc:
            raise InvalidValue("sendmail_relay_networks: %s" % exc.message, variable="sendmail_relay_networks")


def records(site, reports):
    """Return the DNS records that make signatures verifiable.

    :param dict reports: name of a milter to its public key as PEM.
    :returns: list of ``{milter, name, text, zone}``; ``zone`` is the line of a zone file.
    """
    told = []
    for one in milters(site):
        key = re.sub(r"-----[A-Z ]+-----|\s", "", reports.get(one["name"], "")) if one["preset"] == "opendkim" else ""
        if key:
            base64.b64decode(key, validate=True)
            content = "v=DKIM1; h=sha256; k=rsa; p=" + key
            pieces = " ".join('"%s"' % content[place:place + 250] for place in range(0, len(content), 250))
            for domain in one["domains"] or [site["domain"]]:
                name = "%s._domainkey.%s." % (one["selector"], domain)
                told.append({"milter": one["name"], "name": name, "text": content, "zone": "%s IN TXT ( %s )" % (name, pieces)})
    return told
