# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole probe of one listener: which tests are made, in which order, at most how many at a time, and what is told of those that could not be."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import os
import re
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor

from ansible_collections.mailjail.sendmail.plugins.module_utils import smtp_hello, smtp_limits, smtp_relay, smtp_session, smtp_smuggling, smtp_talk, smtp_tls
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue
from ansible_collections.mailjail.sendmail.plugins.module_utils.smtp_wire import Gate, Trouble

TESTS = ("commands", "early_talk", "senders", "relay", "tls", "suites", "smuggling", "limits", "slow_client")
# slow_client waits for minutes.
USUAL = TESTS[:-1]
BUDGET = {"seconds": 240, "connections": 150, "bytes": 16 << 20, "per_second": 4, "at_a_time": 4}
RANGES = {"seconds": (5, 7200), "connections": (1, 2000), "bytes": (1 << 10, 1 << 30), "per_second": (1, 50), "at_a_time": (1, 16)}
OUTSIDE = "relay-probe@probe.example"
DEFAULTS = {"port": 25, "name": "", "implicit_tls": False, "sender": "", "helo": "", "deliver_to": "", "ca": None, "patience": 30,
            "slow_client_seconds": 330}
ADDRESS = re.compile(r"[A-Za-z0-9!#$&'*+/=?^_`{|}~.-]+@[A-Za-z0-9.:\[\]-]+\Z")
WORD = re.compile(r"[A-Za-z0-9._:\[\]-]*\Z")
# Rows of one test with the same reason are told as one from here on.
MANY = 4


# ---- what was asked ----------------------------------------------------------------------------------------------------------------------

def checked(params):
    """Return the options of a probe, checked; :raises InvalidValue: one that is not what was meant, or a listener that nobody allowed.

    :param dict params: as the module reads them.
    """
    options = dict(DEFAULTS, **dict((key, value) for key, value in params.items() if value is not None))
    recipients = params.get("recipients") or {}
    options["recipients"] = {"local": recipients.get("local") or "", "outside": recipients.get("outside") or OUTSIDE}
    for name, value in (("sender", options["sender"]), ("deliver_to", options["deliver_to"]), ("recipients.local", options["recipients"]["local"]),
                        ("recipients.outside", options["recipients"]["outside"])):
        if value and not ADDRESS.match(value):
            raise InvalidValue("%s: '%s' is no address that a probe may use; expected one such as postmaster@example.org." % (name, value), variable=name)
    for name in ("helo", "name"):
        if not WORD.match(options[name]):
            raise InvalidValue("%s: '%s' is no name of a host." % (name, options[name]), variable=name)
    options["budget"] = _budget(params.get("budget") or {})
    options["tests"] = _tests(params.get("tests"))
    _authorities(options["ca"])
    for name, least, most in (("patience", 1, 600), ("slow_client_seconds", 1, 7200), ("port", 1, 65535)):
        if not least <= options[name] <= most:
            raise InvalidValue("%s is %s; expected %d to %d." % (name, options[name], least, most), variable=name)
    allowed(params["address"], params.get("family"), params["allowed_addresses"])
    return options


def _tests(said):
    if said is None:
        return list(USUAL)
    strange = sorted(set(said) - set(TESTS))
    if strange:
        raise InvalidValue("tests: there is no test %s; there are %s." % (strange[0], ", ".join(TESTS)), variable="tests")
    return list(said)


def _authorities(path):
    """Refuse a file of authorities that holds none: by it no certificate would be believed, which says nothing of the listener."""
    if not path:
        return
    if not os.path.isfile(path):
        raise InvalidValue("ca: %s is no file on the probing host." % path, variable="ca")
    try:
        found = smtp_session.verifying(path).cert_store_stats()["x509"]
    except (OSError, ssl.SSLError) as exc:
        raise InvalidValue("ca: %s can not be read as certificates on the probing host (%s); expected a file in PEM." % (path, exc), variable="ca")
    if not found:
        raise InvalidValue("ca: there is no certificate in %s on the probing host." % path, variable="ca")


def _budget(said):
    strange = sorted(set(said) - set(BUDGET))
    if strange:
        raise InvalidValue("budget has no key %s; there are %s." % (strange[0], ", ".join(sorted(BUDGET))), variable="budget")
    found = dict(BUDGET, **dict((key, value) for key, value in said.items() if value is not None))
    for key, (least, most) in RANGES.items():
        if not re.match(r"[0-9]+\Z", str(found[key])) or not least <= int(found[key]) <= most:
            raise InvalidValue("budget.%s is %s; expected %d to %d." % (key, found[key], least, most), variable="budget.%s" % key)
        found[key] = int(found[key])
    return found


def _address(text):
    """Return an address, or None where the text is none."""
    try:
        return ipaddress.ip_address(u"%s" % text.partition("%")[0])
    except ValueError:
        return None


def allowed(address, family, addresses):
    """Refuse a listener that is not on the list.

    :param list addresses: what the inventory holds: addresses, and names, which are looked up. Never networks.
    """
    wanted = _address(address)
    if wanted is None:
        raise InvalidValue("address: '%s' is no address. A listener is probed by its address, so that no name server decides who is." % address,
                           variable="address")
    if wanted.is_unspecified or wanted.is_multicast or address == "255.255.255.255":
        raise InvalidValue("address: '%s' is not the address of one host. Give the one on which the listener is reached." % address, variable="address")
    if family and family != {4: "inet", 6: "inet6"}[wanted.version]:
        raise InvalidValue("family is %s, and %s is of the other one." % (family, address), variable="family")
    networks = [one for one in addresses if "/" in one]
    if networks:
        raise InvalidValue("allowed_addresses: '%s' is a network; expected the addresses of hosts in the inventory, one each." % networks[0],
                           variable="allowed_addresses")
    if wanted in [_address(one) for one in addresses]:
        return
    names = [one for one in addresses if _address(one) is None]
    if wanted in [found for name in names for found in _resolved(name)]:
        return
    raise InvalidValue("%s is not in allowed_addresses (%s), so it is left alone: only hosts of the inventory are probed." % (
        address, ", ".join(addresses) or "empty"), variable="allowed_addresses", address=address)


def _resolved(name):
    try:
        return [_address(row[4][0]) for row in socket.getaddrinfo(name, None)]
    except (OSError, UnicodeError):
        return []


# ---- what is done ------------------------------------------------------------------------------------------------------------------------

def jobs(prober, check_mode):
    """Return (name of the test, function of the prober) of everything that does not wait for something else, what matters most first."""
    tests, options = prober.options["tests"], prober.options
    found = [("commands", smtp_talk.commands)] if "commands" in tests else []
    if "relay" in tests:
        prober.result["relay"] = []
        found += [("relay", lambda prober, rows=rows: smtp_relay.relay(prober, rows)) for rows in smtp_relay.parts(options)]
    found += [("senders", smtp_relay.own)] if "senders" in tests or "relay" in tests else []
    found += _tls(prober) if {"tls", "suites"} & set(tests) else []
    found += [("commands", smtp_talk.ungreeted), ("web_talk", smtp_talk.web_talk)] if "commands" in tests else []
    found += [("early_talk", smtp_talk.early_talk)] if "early_talk" in tests else []
    if {"limits", "slow_client"} & set(tests):
        prober.result["limits"] = {}
    found += _limits(prober, check_mode) if "limits" in tests else []
    if "smuggling" in tests:
        why = no_mail(prober, check_mode)
        if why:
            prober.note("smuggling", why)
        else:
            found.append(("smuggling", smtp_smuggling.possible))
    if "slow_client" in tests:
        found = [("slow_client: silent", smtp_limits.silent_client), ("slow_client: dripping", smtp_limits.dripping_client)] + found
    return found


def _tls(prober):
    if "ehlo" not in prober.result:
        prober.note("tls", "EHLO was not answered")
        return []
    offered = prober.options["implicit_tls"] or smtp_session.keyword(prober.result["ehlo"], "STARTTLS") is not None
    prober.result["tls"] = {"offered": offered}
    if not offered:
        return []
    versions = _versions()
    if "tls" not in prober.options["tests"]:
        return versions
    return [("tls: certificate", smtp_tls.certificate)] + ([] if prober.options["implicit_tls"] else [("tls: injection", smtp_tls.injection)]) + versions


def _versions():
    return [("tls: version %s" % name, lambda prober, name=name: smtp_tls.version(prober, name)) for name in reversed(smtp_hello.VERSIONS)]


def _limits(prober, check_mode):
    found = [("limits: size", smtp_limits.size), ("limits: unknown users", smtp_limits.unknown_users)]
    if prober.options["recipients"]["local"]:
        found.append(("limits: recipients", smtp_limits.recipients))
    else:
        prober.note("limits: recipients", "no recipient of this side is named (recipients.local)")
    why = no_mail(prober, check_mode)
    if why:
        prober.note("limits: headers", why)
    return found if why else found + [("limits: headers", smtp_limits.headers)]


def no_mail(prober, check_mode):
    """Say why no message may be sent, or return an empty text."""
    if check_mode:
        return "it sends a message, and nothing is sent in check mode"
    return "" if prober.options["deliver_to"] else "it sends a message, and no recipient is named who may get one (deliver_to)"


def later(prober):
    """Return the tests that wait for what others found: suites of the versions that are spoken, and false ends of data where a true one works."""
    found, tests = [], prober.options["tests"]
    if "suites" in tests and "tls" in prober.result:
        versions = smtp_tls.spoken(prober.handshakes)[0]
        found += [("tls: suites of %s" % name, lambda prober, name=name: smtp_tls.suites(prober, name)) for name in reversed(versions) if name != "SSLv2"]
    if prober.result.get("smuggling") is not None:
        found += [("smuggling: %s" % form, lambda prober, form=form: smtp_smuggling.smuggle(prober, form)) for form in smtp_smuggling.FORMS]
    return found


def guarded(prober, test, function):
    """Make one test. What breaks in it is noted with its reason, and the others are still made."""
    try:
        function(prober)
    except Trouble as exc:
        prober.note(test, exc.message)
    except (OSError, ssl.SSLError) as exc:
        prober.note(test, "the connection broke off (%s)" % exc)
    except Exception as exc:    # whatever a listener does, the result is told
        prober.note(test, "The probe itself broke (%s: %s). Please report it." % (type(exc).__name__, exc))


def probe(prober, check_mode=False):
    """Make all tests; return the result."""
    result = prober.result
    guarded(prober, "greeting", smtp_talk.first)
    if result["reachable"]:
        result.setdefault("commands", {})
        together(prober, jobs(prober, check_mode))
        together(prober, later(prober))
    else:
        result["refusal"] = result["unknown"].pop()["why"]
        for test in prober.options["tests"]:
            prober.note(test, result["refusal"])
        foreign_tls(prober)
    if "tls" in result:
        guarded(prober, "tls", smtp_tls.finish)
    return told(prober)


def together(prober, found):
    """Make tests, some of them at a time. Clients that only wait are counted apart."""
    waiting = sum(name.startswith("slow_client") for name, unused in found)
    with ThreadPoolExecutor(max_workers=prober.options["budget"]["at_a_time"] + waiting) as pool:
        list(pool.map(lambda job: guarded(prober, *job), found))


def foreign_tls(prober):
    """Ask for versions where this host's own OpenSSL comes to no session: then nothing else could be tested, but that is known."""
    if prober.options["implicit_tls"] and "TLS handshake" in prober.result["refusal"] and "tls" in prober.options["tests"]:
        prober.result["tls"] = {}
        together(prober, _versions())
        prober.result["tls"]["offered"] = bool(smtp_tls.spoken(prober.handshakes)[0])


def told(prober):
    """Return the result as the module tells it."""
    result, options = prober.result, prober.options
    for key, order in (("relay", "form"), ("smuggling", None)):
        if key in result:
            result[key].sort(key=lambda row: row["form"] if order else list(smtp_smuggling.FORMS).index(row["form"]))
    if "suites" in result.get("tls", {}):
        result["tls"]["suites"] = dict(sorted(result["tls"]["suites"].items()))
    result["unknown"] = fewer(result["unknown"])
    result.update((key, options[key]) for key in ("address", "port", "name", "implicit_tls"))
    result["family"] = "inet6" if ":" in options["address"] else "inet"
    result["used"] = {"seconds": round(prober.gate.clock() - prober.gate.began, 1), "connections": prober.gate.connections, "bytes": prober.gate.bytes}
    return result


def fewer(rows):
    """Return what is not known, with many rows of one test and one reason as one."""
    groups = {}
    for row in rows:
        groups.setdefault((row["test"].partition(":")[0], row["why"]), []).append(row)
    found = []
    for (test, why), same in groups.items():
        found += same if len(same) < MANY else [{"test": "%s: %d of its tests" % (test, len(same)), "why": why}]
    return found


def run(params, check_mode=False):
    """Probe a listener; return the result of the module; :raises InvalidValue: the options are not what was meant."""
    options = checked(params)
    budget = options["budget"]
    gate = Gate(budget["seconds"], budget["connections"], budget["bytes"], budget["per_second"])
    return probe(smtp_session.Prober(options, gate), check_mode)
