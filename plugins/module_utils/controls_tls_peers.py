# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls TLS, where this host calls others: what they are held to, and whom it believes about them. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import EVERYWHERE, Control, Reference, Unseen, profiles

LEAST_ENCRYPTION = 112
EVERYBODY = "everybody"


# ---- 07: nothing in the clear unasked --------------------------------------------------------------------------------------------------------

def _fallback(view):
    """A handshake that fails is no reason to send in the clear, and nobody is left out of TLS without a word why."""
    found = transport.Found()
    for which in transport.callers(view):
        value, where = view.option("TLSFallbacktoClear", which)
        found.note(not cfview.true(value), where, "TLSFallbacktoClear is not set" if value is None else "TLSFallbacktoClear=%s" % value, "False")
        for row in found.look("access map", transport.rows, view, which) or []:
            if row.tag != "try_tls" or row.value.upper() != "NO":
                continue
            if row.rest and row.remarked is None:
                found.blind(row.where, "Try_TLS:%s NO, in a map whose text could not be read: whether a remark says why is not known" % row.rest)
            else:
                found.note(row.rest and row.remarked, row.where, "Try_TLS:%s NO" % row.rest + (", with a remark" if row.remarked else ""),
                           "one peer and a remark that says why, or no such line")
    return found.judged("this host calls nobody")


# ---- 08: terms for those who matter --------------------------------------------------------------------------------------------------------

def _terms(view):
    """The host that gets all mail, or a password of this host, is known and spoken to in TLS."""
    found = transport.Found()
    for which in transport.callers(view):
        access = found.look("access map", transport.rows, view, which) or []
        passwords = _passwords(view, found, which, access)
        for host, where in passwords + [one for one in _smart_hosts(view, which) if one[0] not in [known[0] for known in passwords]]:
            secret = (host, where) in passwords
            if host == EVERYBODY:
                found.fault(where, "a password for whoever asks", "AuthInfo: with the name of one host")
                continue
            if transport.is_local(host):
                continue
            _one_peer(view, found, access, host, where, secret)
    return found.judged("there is no smart host and no password for another host")


def _one_peer(view, found, access, host, where, secret):
    term, never = transport.asked(access, "tls_srv", host), transport.asked(access, "try_tls", host)
    wanted = "an entry TLS_Srv:%s VERIFY (or ENCR:%d) in the access map" % (host, LEAST_ENCRYPTION)
    if never and never.value.upper() == "NO":
        found.fault(never.where, "Try_TLS:%s NO, and %s gets %s" % (never.rest, host, "a password" if secret else "all mail"), wanted)
    elif term and _holds(term.value):
        found.fine(term.where, "TLS_Srv:%s %s" % (term.rest, term.value))
    elif secret:
        found.fault(where, "a password for %s, and no terms for it" % host if not term else "TLS_Srv:%s %s" % (term.rest, term.value), wanted)
    else:
        private = found.look(where, transport.inside, view, host)
        if private:
            found.fine(where, "%s is inside, at a private address: TLS as it comes" % host)
        elif private is not transport.BLIND:
            found.fault(where, "%s, outside, gets all mail without terms" % host, wanted)


def _holds(value):
    """Tell whether terms ask for TLS at all."""
    bits = re.search(r"ENCR:(\d+)", value, re.I)
    return bool(re.search(r"\bVERIFY\b", value, re.I) or bits and int(bits.group(1)) >= LEAST_ENCRYPTION)


def _passwords(view, found, which, access):
    """Return ``(host, where)`` of each password of this host for another one. The password itself goes nowhere."""
    rows = [row for row in access if row.tag == "authinfo"] + [row for row in found.look("authinfo", transport.rows, view, which, "authinfo") or []
                                                               if row.tag == "authinfo"]
    hosts = [(row.rest or EVERYBODY, row.where) for row in rows]
    value, where = transport.option(view, which, "DefaultAuthInfo")
    return hosts + ([(EVERYBODY, where)] if value and view.stat(value) else [])


def _smart_hosts(view, which):
    """Return ``(host, where)`` of what gets all mail."""
    if which == "msp":
        target = transport.msp_target(view)
        text, where = target[0], target[2]
    else:
        text, where = view.cf("mta").macros.get("S", ""), view.line(view.compiled("mta"), "DS")
    text = re.sub(r"^[A-Za-z][A-Za-z0-9-]*:(?=.)", "", text) if not text.startswith("[") else text
    hosts = re.findall(r"\[[^\]]+\]", text) or [word for word in text.split(":") if word]
    return [(transport.bare(host).lower(), where) for host in hosts]


# ---- 09: DANE ------------------------------------------------------------------------------------------------------------------------------

def _dane(view):
    """Signed DNS counts only where a resolver of this host has checked the signature."""
    found = transport.Found()
    for which in transport.callers(view):
        value, where = view.option("DANE", which)
        if not cfview.true(value) and str(value).lower() not in ("always", "secure"):
            continue
        if transport.lacks(view, "DANE"):
            found.fault(where, "DANE=%s, and this sendmail was compiled without it" % value, "a sendmail with DANE, or the option left out")
        path = _resolv_conf(view) if which == "mta" else "/etc/resolv.conf"
        text = found.look(path, view.read, path)
        if not text:
            continue
        servers = hostinfo.parse_nameservers(text)
        own = bool(servers) and all(one in ("127.0.0.1", "::1") for one in servers)
        found.note(own, path, "nameserver %s" % (", ".join(servers) or "none"), "127.0.0.1 or ::1 only: a resolver of this host that checks signatures")
        if own:
            _checked(view, found, servers[0])
    return found.judged("DANE is not on")


def _resolv_conf(view):
    """Return which file the daemon sees as /etc/resolv.conf."""
    bound = re.findall(r"(\S+?):/etc/resolv\.conf", " ".join(view.unit("sendmail.service").get(key, "") for key in ("BindReadOnlyPaths", "BindPaths")))
    return bound[-1].lstrip("-") if bound else "/etc/resolv.conf"


def _checked(view, found, server):
    """Ask the resolver for something signed, where dig is there: an answer with signatures and without AD was not checked."""
    try:
        said = view.run("dig", "+dnssec", "+time=2", "+tries=1", "@" + server, ".", "SOA").stdout
    except Unseen:
        return
    answer = re.search(r"flags:([a-z ]*);", said)
    if answer and re.search(r"\bRRSIG\b", said):
        found.note(" ad" in answer.group(1), "dig . SOA @%s" % server, "flags%s" % answer.group(1), "the flag ad: signatures are checked")


# ---- the table -----------------------------------------------------------------------------------------------------------------------------

CONTROLS = (
    Control(
        id="SM-TLS-07", title="No mail goes out in the clear because TLS failed, or was turned off without a word", severity="medium",
        reason="Whoever stands between needs to spoil a handshake only, and mail comes by in the clear.",
        remedy="sendmail_tls.fallback_to_clear: false; single peers by sendmail_tls_policy with a comment. By hand: confTLS_FALLBACK_TO_CLEAR False, and a "
               "remark above each Try_TLS: in the access map.",
        profiles=EVERYWHERE, references=(Reference("NIST", "SP 800-177r1"), Reference("sendmail", "op, TLSFallbacktoClear")), check=_fallback),
    Control(
        id="SM-TLS-08", title="Whoever gets all mail from outside, or a password of this host, is held to TLS", severity="high",
        reason="An impostor in place of the smart host gets all mail and the password before it. A host inside, at a private address, that gets no password, "
               "may be spoken to as it comes.",
        remedy="sendmail_smart_host_auth and sendmail_hub_auth bring their terms; others: sendmail_tls_policy. By hand: TLS_Srv:host VERIFY in the access map.",
        profiles=profiles(hub="opt"),
        references=(Reference("BSI", "TR-03108"), Reference("sendmail", "cf/README, STARTTLS")), check=_terms),
    Control(
        id="SM-TLS-09", title="DANE is on only with a resolver of this host that checks signatures", severity="medium",
        reason="What a resolver elsewhere says of signatures can be forged on the way: DANE then trusts whoever forged it.",
        remedy="sendmail_dane.resolver: unbound. By hand: a validating resolver on 127.0.0.1, and nothing else in resolv.conf; or leave DANE off.",
        profiles=profiles(gateway="opt", nullclient="opt", hub="opt"),
        references=(Reference("RFC", "7672"), Reference("BSI", "TR-03108")), check=_dane),
)
