# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What an audit asks of a host: which controls, what its modules are told, which of its listeners are asked over the wire. Pure; runs on the controller."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import datetime
import ipaddress
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import unsafe
from ansible_collections.mailjail.sendmail.plugins.plugin_utils.audit_host import Asked, as_dict, as_list

_ADDRESS = re.compile(r"[0-9.]+\Z|[0-9a-fA-F]*:")
_NAME = re.compile(r"[A-Za-z0-9.-]{1,253}\Z")
_NUMBER = re.compile(r"[0-9]{1,5}\Z")
# What a host may name to be asked: other ports could be of something that is not for mail.
PORTS = (25, 465, 587)
# Kinds of connection by which Ansible reaches a host over the network, at the address by which the inventory knows it. With others that is the name of a
# container or of a directory, and some stranger may have the same one.
NETWORK = ("ssh", "smart", "paramiko", "paramiko_ssh", "libssh", "mitogen_ssh")
NEVER = "never"
# What a module's result holds besides what the module found.
_AROUND = ("invocation", "changed", "failed", "warnings", "deprecations", "ansible_facts", "_ansible_no_log", "unreachable", "skipped", "skip_reason")


def plain(value):
    """Return a value with dictionaries and lists of Python's own, whatever kinds they are."""
    if isinstance(value, dict):
        return {key: plain(value[key]) for key in value}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return value


def plan(said, info=None):
    """Return what is asked of a host: ``site``, ``targets``, ``unasked``, ``warnings``, ``known_as`` and ``recipients``, in which no text is a template.

    :param dict said: the site, as ``__sendmail_audit_said`` of the role audit describes it.
    :param dict info: what sendmail_info says of the host; None where it could not be asked.
    :raises InvalidValue: see :func:`check`.
    """
    # Ansible hands over containers that expand what is in them when it is looked at, and that can not be built anew.
    said, info = plain(said), as_dict(plain(info))
    asked = check(said, datetime.datetime.now(datetime.timezone.utc).date())
    found, why = targets(said, info)
    return unsafe.text({"site": site(said, info), "targets": found, "unasked": asked.unasked or why, "warnings": asked.warnings,
                        "known_as": known_as(said, info), "recipients": recipients(said)})


def check(said, today):
    """Return what is asked of a host, refusing what can not be meant; no host is needed for that.

    :param dict said: ``profile``, ``only``, ``without``, ``waivers``, ``fail_at``, ``probe``.
    :param datetime.date today: the date.
    :returns: :class:`audit_host.Asked`.
    :raises InvalidValue: naming the variable and what it may be.
    """
    profile, fail_at = said.get("profile") or "", said.get("fail_at") or NEVER
    _one_of("sendmail_audit_profile", profile, ("",) + controls.PROFILES)
    _one_of("sendmail_audit_fail_at", fail_at, controls.SEVERITIES + (NEVER,))
    only, without = (_names(key, said.get(key)) for key in ("only", "without"))
    chosen = controls_table.chosen(profile, only, without)
    if not chosen:
        raise InvalidValue("sendmail_audit_only and sendmail_audit_without leave no control%s. Name others." % (
            " that the profile %s has" % profile if profile else ""), variable="sendmail_audit_only")
    counting, told = controls.waivers(said.get("waivers"), controls_table.CONTROLS, today)
    return Asked(profile, fail_at, chosen, counting, told, "" if said.get("probe", True) else "sendmail_audit_probe is false")


def _one_of(name, value, known):
    if value not in known:
        raise InvalidValue("%s is '%s', expected one of %s." % (name, value, ", ".join(one or "'' (no profile)" for one in known)), variable=name)


def _names(key, said):
    """Check names of controls and families."""
    name = "sendmail_audit_%s" % key
    for one in said or []:
        if one not in controls_table.CONTROLS and one not in controls_table.FAMILIES:
            raise InvalidValue("%s: there is no control and no family '%s'. A control is named like SM-TLS-03; families are %s. See docs/controls.md." % (
                name, one, ", ".join(controls_table.FAMILIES)), variable=name)
    return list(said or [])


def site(said, info):
    """Return what the module sendmail_baseline is told of the site.

    :param dict said: as for :func:`check`, and ``declared`` (listeners), ``platform`` (its family's table), ``jail`` (its path), ``jail_directories`` and
        ``jail_files`` (as the role jail has them), ``smrsh_commands`` (likewise), ``limits``, ``privilege``, ``relay_networks``; all may be missing.
    :param dict info: what sendmail_info found; empty where it failed.
    """
    platform = said.get("platform") or {}
    found = {"profile": said.get("profile") or "", "limits": said.get("limits") or {}}
    found.update({key: said[key] for key in ("privilege", "state_directory", "relay_networks") if said.get(key)})
    found.update(_deliveries(said, platform))
    if isinstance(said.get("declared"), (list, tuple)):
        found["listeners"] = list(said["declared"])
    if platform:
        found.update(platform=platform, compiled={"mta": platform["mta"]["compiled"], "msp": platform["client"]["compiled"]})
    facts = {key: value for key, value in as_dict(info).items() if key not in _AROUND}
    if as_dict(facts.get("host")):
        found["facts"] = facts
    return found


def _deliveries(said, platform):
    """Return what is declared of the jail and of smrsh's commands; nothing where a site says nothing, and nothing of a host of no known kind."""
    found = {"jail": said["jail"]} if said.get("jail") else {}
    if not said.get("profile"):
        return found
    # What is not said is None, or an empty text where Ansible makes one of it.
    inside = {
        key: [one for one in said["jail_" + key] if as_dict(one).get("path")]
        for key in ("directories", "files")
        if isinstance(said.get("jail_" + key), (list, tuple))
    }
    if found and inside:
        found["jail"] = dict(inside, path=said["jail"])
    if isinstance(said.get("smrsh_commands"), (list, tuple)):
        names = [as_dict(one).get("name") for one in said["smrsh_commands"]]
        found["expected"] = {"smrsh": [str(name) for name in names + list(as_list(as_dict(platform.get("smrsh")).get("keep"))) if name]}
    return found


def targets(said, info):
    """Return which listeners are asked over the wire, and why none is.

    A host in the hands of somebody else could name the address of a third party as its own. So only ports are taken from what it says: the address is the
    one under which the inventory knows it, or one that the site names.

    :param dict said: ``probe``, ``address`` (under which the inventory knows the host), ``connection`` (by which Ansible reaches it), ``probe_address`` (which
        the site names for the probe), ``listeners`` (of the site: ``port``, and maybe ``address``, ``name``, ``implicit_tls``; empty where it names none).
    :param dict info: what sendmail_info found; empty where it failed.
    :returns: list of dicts ``name``, ``address``, ``port``, ``implicit_tls``; and a sentence, empty where there are any.
    """
    if not said.get("probe", True):
        return [], "sendmail_audit_probe is false"
    address, nowhere = _reached(said)
    if said.get("listeners"):
        if nowhere and not all(one.get("address") for one in said["listeners"]):
            return [], nowhere
        return [_target(one.get("name"), one.get("address") or address, one["port"], one.get("implicit_tls")) for one in said["listeners"]], ""
    info = as_dict(info)
    if not as_dict(info.get("host")):
        return [], "which listeners it has is not known, since sendmail_info failed"
    shown = [one for one in map(as_dict, as_list(info.get("listeners"))) if isinstance(one.get("port"), int) and one["port"] in PORTS]
    public = sorted({one["port"] for one in shown if not loops(one.get("address"))})
    if not public:
        return [], "the host listens on loopback only" if shown else "the host has no listener on the ports 25, 465 and 587"
    if nowhere:
        return [], nowhere
    names = _daemon_names(as_list(as_dict(info.get("configuration")).get("daemon_port_options")))
    return [_target(names.get(port), address, port, None) for port in public], ""


def _reached(said):
    """Return the address at which listeners are reached that name none of their own, and why there is none."""
    if said.get("probe_address"):
        return said["probe_address"], ""
    address, connection = str(said.get("address") or ""), str(said.get("connection") or "ssh")
    asks = "set sendmail_audit_probe_address to the address at which its listeners are reached"
    if connection.rpartition(".")[2] not in NETWORK:
        return "", "Ansible reaches it by the connection %s, so '%s' need not be its address: %s" % (connection, address, asks)
    if not address or loops(address):
        return "", "the inventory knows it as '%s', which is the probing host itself: %s" % (address, asks)
    # A word that ssh's own configuration may lead anywhere: the resolver would try it below the probing host's domain, and find somebody else.
    if not re.search("[.:]", address):
        return "", "the inventory knows it as '%s', which is neither an address nor a name with a domain: %s" % (address, asks)
    return address, ""


def loops(address):
    """Tell whether an address or a name is that of whoever asks: loopback, or no address at all."""
    bare = str(address).strip("[]").rstrip(".").lower()
    try:
        found = ipaddress.ip_address(bare.partition("%")[0])
    except ValueError:
        return bare.startswith("127.") or bare in ("localhost", "localhost4", "localhost6", "ip6-localhost", "ip6-loopback") or bare.endswith(
            (".localhost", "localhost.localdomain", "localhost4.localdomain4", "localhost6.localdomain6"))
    return (getattr(found, "ipv4_mapped", None) or found).is_loopback


def known_as(said, info):
    """Return the name that the host's certificate should have: the site's, else what the host calls itself."""
    name = said.get("known_as") or ""
    if "." in name and not _ADDRESS.match(name):
        return name
    own = str(as_dict(as_dict(info).get("host")).get("fqdn") or "")
    return own if _NAME.match(own) else ""


def recipients(said):
    """Return for whom the probe offers mail; only what the site says, since mail of a whole domain depends on it."""
    options = said.get("recipients") or {}
    found = {key: options[key] for key in ("local", "outside") if options.get(key)}
    if "local" not in found and said.get("domain"):
        found["local"] = "postmaster@%s" % said["domain"]
    return found


def _target(name, address, port, implicit):
    return {"name": str(name or ""), "address": str(address), "port": int(port), "implicit_tls": int(port) == 465 if implicit is None else bool(implicit)}


def _daemon_names(lines):
    """Return port -> name out of DaemonPortOptions lines, however strange they are."""
    ports = {"smtp": 25, "submission": 587, "smtps": 465, "submissions": 465}
    found = {}
    for text in lines:
        words = dict(word.strip().split("=", 1) for word in str(text).split(",") if "=" in word.strip())
        port = words.get("Port", "smtp")
        number = ports.get(port.lower(), int(port) if _NUMBER.match(port) else None)
        found.setdefault(number, words.get("Name", ""))
    return found
