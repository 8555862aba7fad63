# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls TLS: what is offered, with which key, and what others are held to. Pure but for the view they are given.

What a certificate, a key, a list of ciphers or of revoked certificates is, the host's own openssl says: what it can not read, sendmail can not read either.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cfview, hostinfo, tls, tls_host
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    SERVERS,
    Control,
    Evidence,
    Reference,
    Unseen,
    not_applicable,
    passed,
    profiles,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import Tries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# What turns a version off, by name and by number, as ServerSSLOptions may have either. SSLv2 is off in every build that there still is, and is not asked for.
OLD = (("SSLv3", "SSL_OP_NO_SSLv3", 0x02000000), ("TLSv1", "SSL_OP_NO_TLSv1", 0x04000000), ("TLSv1.1", "SSL_OP_NO_TLSv1_1", 0x10000000))
OLD_ON_THE_WIRE = ("2", "3", "ssl2", "ssl3", "sslv2", "sslv3", "1.0", "1.1", "tlsv1", "tlsv1.0", "tlsv1.1")
SUITE = re.compile(r"^(\S+)\s+(\S+)\s+Kx=(\S+)\s+Au=(\S+)\s+Enc=(\S+)\s+Mac=(\S+)")
WEAK_CIPHERS = ("None", "RC4", "RC2", "DES", "3DES", "IDEA", "SEED")
LEAST_LEFT = 20
SHOWN = 5


def _openssl(view):
    return tls_host.Openssl(transport.Asked(view), "openssl")


def _listening(view):
    """Return why there is nothing to hold of what this host offers, None where there is: others can connect."""
    if view.cf("mta") is None:
        return not_applicable("there is no configuration of a daemon")
    return None if transport.public(view) else not_applicable("the daemon listens on loopback only, or not at all: nobody else can connect")


def _offering(view):
    """Return the same where no certificate is set either."""
    reason = _listening(view)
    if reason is None and not transport.option(view, "mta", "ServerCertFile")[0]:
        return not_applicable("ServerCertFile is not set: TLS is offered to nobody (SM-TLS-01)")
    return reason


# ---- 01: offered ---------------------------------------------------------------------------------------------------------------------------

def _offered(view):
    """Everything is there without which sendmail drops STARTTLS and says nothing."""
    reason = _listening(view)
    if reason:
        return reason
    found = transport.Found()
    if transport.lacks(view, "STARTTLS"):
        found.fault(cfview.program(view) or "sendmail", "compiled without STARTTLS", "a sendmail with STARTTLS")
    for name in ("ServerCertFile", "ServerKeyFile", "CACertFile", "CACertPath"):
        _named_files(view, found, name)
    for one in transport.public(view):
        if "S" in one.modifiers:
            found.fault(one.where, "listener %s has the modifier S" % (one.name or one.port), "no S: STARTTLS is offered")
    for row in _of_everybody(view, found, "Srv_Features"):
        if "S" in row.value.split():
            found.fault(row.where, "Srv_Features: %s, for everybody" % row.value, "no S: STARTTLS is offered")
    return found.judged()


def _named_files(view, found, name):
    """Note whether an option is set, and what it names is there."""
    value, where = transport.option(view, "mta", name)
    if not value:
        found.fault(where, "%s is not set" % name, "%s, or STARTTLS is not offered" % name)
    for path in transport.paths(value):
        there = found.look(where, view.stat, path, True)
        if there is None:
            found.fault(where, "%s=%s, which is not there" % (name, path), "a path that is there, or STARTTLS is not offered")
        elif there:
            found.fine(where, "%s=%s" % (name, path))


def _of_everybody(view, found, *tags):
    """Return the entries of the access map that hold for everybody under some tags."""
    rows = found.look("access map", transport.rows, view, "mta") or []
    return [row for row in rows if row.tag in [tag.lower() for tag in tags] and not row.rest]


def _offered_wire(result):
    """STARTTLS is offered and comes up, and what was sent ahead of it is forgotten."""
    if transport.is_local(result.get("address", "")):
        return not_applicable("a listener on loopback: nobody else can connect")
    blind, told = transport.unreachable(result), result.get("tls")
    if blind or told is None:
        return blind or transport.absent(result, "tls")
    if not told.get("offered") and not result.get("implicit_tls"):
        return transport.refuse(result, "EHLO is answered without STARTTLS: %s" % (", ".join(result.get("ehlo") or []) or "no word"), "250-STARTTLS")
    if str(told.get("injection") or "").startswith("executed"):
        return transport.refuse(result, "a command sent behind STARTTLS in the clear: %s" % told["injection"], "refused or forgotten")
    if "versions" in told and not told["versions"] and not told.get("negotiated"):
        unclear = [row for row in result.get("unknown") or [] if str(row.get("test")).startswith("tls: version")]
        if unclear:
            return unknown("STARTTLS is offered, and which versions it speaks is not known: %s: %s" % (unclear[0]["test"], unclear[0].get("why")),
                           transport.place(result))
        return transport.refuse(result, "STARTTLS is offered, and no handshake succeeds", "a handshake with TLS 1.2 or 1.3")
    return passed(Evidence(transport.place(result), "TLS from the first byte" if result.get("implicit_tls") else "STARTTLS, TLS %s" % ", ".join(
        told.get("versions") or ["of a version that was not asked for"]), ""))


# ---- 02: keys ------------------------------------------------------------------------------------------------------------------------------

def _keys(view):
    """Return ``(which, name of the option, where, key, certificate)`` of each key that is named."""
    found = []
    for which in ("mta", "msp"):
        if view.cf(which) is None:
            continue
        for side in ("Server", "Client"):
            value, where = transport.option(view, which, side + "KeyFile")
            certificates = transport.paths(transport.option(view, which, side + "CertFile")[0])
            for place, path in enumerate(transport.paths(value)):
                row = (which, side + "KeyFile", where, path, certificates[place] if place < len(certificates) else "")
                found += [row] if path not in [one[3] for one in found] else []
    return found


def _readers(view, which):
    """Return the users as whom a key may be read: root, and the one as whom the daemon (or the submission program) runs."""
    names = {"root"}
    value = transport.option(view, which, "RunAsUser")[0]
    names.update(re.split("[:.]", value)[:1] if value else [])
    if which == "mta":
        names.add(view.unit("sendmail.service").get("User") or "root")
        try:
            running = [one for one in view.processes() if "accepting connections" in one["title"]]
        except SendmailError:
            running = []
        names.update(view.account(one["uid"]).pw_name for one in running if view.account(one["uid"]))
    return names


def _private_keys(view):
    """Keys are read by nobody else, nobody else can replace them, and each belongs to its certificate."""
    keys = _keys(view)
    if not keys:
        return not_applicable("no configuration names a private key")
    found = transport.Found()
    for which, _option, where, path, certificate in keys:
        there = found.look(where, view.stat, path, True)
        if there is None:
            found.fault(where, "%s is not there" % path, "a key, or TLS is not offered")
        if not there:
            continue
        readers = _readers(view, which)
        seen = "%s:%s %04o" % (there.owner, there.group, there.mode)
        if there.kind != "file" or there.mode & 0o077:
            found.fault(path, seen, "0600 or less: nobody but its owner reads it, or sendmail will not")
        elif there.owner not in readers:
            found.fault(path, seen, "the owner %s" % " or ".join(sorted(readers)))
        else:
            found.fine(path, seen)
        _way(view, found, path, readers)
        _pair(view, found, path, certificate)
    return found.judged()


def _way(view, found, path, owners):
    """Note the directories on the way to a file in which others could put something in its place."""
    target = view.target(path)
    for start in [path] + ([target] if target != path else []):
        place = os.path.dirname(start)
        while place:
            there = found.look(place, view.stat, place, True)
            if there and (there.mode & 0o022 and not there.mode & 0o1000 or there.owner not in owners):
                fault = Evidence(place, "%s:%s %04o, on the way to %s" % (there.owner, there.group, there.mode, path), "root's, and written by nobody else")
                found.faults += [fault] if fault not in found.faults else []
            place = "" if place == "/" else os.path.dirname(place)


def _pair(view, found, path, certificate):
    """Note whether a key belongs to its certificate."""
    text = found.look(path, view.read, path)
    other = found.look(certificate, view.read, certificate) if certificate and certificate != path else text
    if not text or not other:
        return
    public = found.judge(path, _openssl(view).key, text, path)
    shown = found.judge(certificate, _openssl(view).certificate, other, certificate) if certificate else None
    if public and shown:
        found.note(public[0].split() == shown.public.split(), path, "the key of %s" % shown.subject if public[0].split() == shown.public.split()
                   else "not the key of %s (%s)" % (certificate, shown.subject), "the key that the certificate was made for")


def _ours(path):
    """Tell whether a key is sendmail's alone, so that its mode may be put right; others may be shared with another daemon."""
    return path.startswith("/etc/mail/") or "/mailjail/" in path or "sendmail" in os.path.basename(path)


def _group_users(view, which, there):
    """Return the users as whom a program runs and who read a file through its group."""
    unit, entry, found = view.unit("sendmail.service") if which == "mta" else {}, view.group(there.gid), set()
    given = re.split("[:.]", transport.option(view, which, "RunAsUser")[0])[1:] + " ".join(unit.get(key, "") for key in (
        "Group", "SupplementaryGroups")).split()
    for account in [view.account(name) for name in _readers(view, which)]:
        if account and account.pw_uid not in (0, there.uid) and (account.pw_gid == there.gid or there.group in given or str(there.gid) in given or
                                                                 entry and account.pw_name in entry.gr_mem):
            found.add(account.pw_name)
    return found


def _needs_group(view, there, key):
    """Say why a key may not be taken from its group: a daemon that is not root would have no key any more, and mail would go in the clear or not at all."""
    for which in [one for one in ("mta", "msp") if view.cf(one) is not None]:
        if not any(key in transport.paths(transport.option(view, which, side + "KeyFile")[0]) for side in ("Server", "Client")):
            continue
        readers, (value, where) = _group_users(view, which, there), transport.option(view, which, "DontBlameSendmail")
        if readers:
            return "%s reads it through the group %s" % (" and ".join(sorted(readers)), there.group)
        if "groupreadablekeyfile" in re.split(r"[\s,]+", value.lower()):
            return "GroupReadableKeyFile at %s wants its group to read it" % where
    return ""


def _mend_keys(view, hands):
    tries = Tries()
    for _which, _option, _where, path, _certificate in _keys(view):
        there = view.stat(path)
        if not there or there.kind != "file" or not _ours(path) or not there.mode & 0o077:
            continue
        reason = _needs_group(view, there, path) if there.mode & 0o040 else ""
        with tries.one():
            # What its group reads with a reason stays readable; what nobody needs is taken in either case.
            if there.mode & (0o037 if reason else 0o077):
                hands.mode(path, forbid=0o037 if reason else 0o077)
        if reason:
            tries.leave("%s stays readable for its group: %s. Give its reader a key of its own, 0600." % (path, reason))
    tries.end()


# ---- 03: versions --------------------------------------------------------------------------------------------------------------------------

def _cleared(value):
    """Return ``(versions that stay on, words that turn one on again)`` of a list of options of OpenSSL."""
    off, again = set(), []
    for word in re.split(r"[\s,]+", value.strip()):
        name, bits = word.lstrip("+-"), int(word.lstrip("+-"), 0) if re.match(r"[+-]?(?:0x[0-9A-Fa-f]+|\d+)\Z", word) else 0
        hit = {version for version, option, bit in OLD if name.upper() == option.upper() or bits & bit}
        off = off - hit if word.startswith("-") else off | hit
        again += [word] if word.startswith("-") and ("NO_TLS" in name.upper() or "NO_SSL" in name.upper()) else []
    return [version for version, _option, _bit in OLD if version not in off], again


def _floor(view):
    """No version below TLS 1.2 is spoken, whatever the library would do by itself."""
    found = transport.Found()
    sides = [(which, "ClientSSLOptions") for which in transport.callers(view)]
    if _offering(view) is None:
        sides.insert(0, ("mta", "ServerSSLOptions"))
    for which, name in sides:
        value, where = transport.option(view, which, name)
        on, again = _cleared(value)
        found.note(not on and not again, where, "%s=%s" % (name, value) if value else "%s is not set" % name,
                   "+SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 +SSL_OP_NO_TLSv1_1; still on: %s" % ", ".join(on or again))
    for row in _of_everybody(view, found, "TLS_Srv_Features", "TLS_Clt_Features"):
        again = [word for key, word in _options(row.value) if key == "options" and _cleared(word)[1]]
        if again:
            found.fault(row.where, "%s, for everybody" % row.value, "no old version turned on again")
    return found.judged("this host neither offers TLS to others nor calls them")


def _options(value):
    """Return the ``(key, value)`` of the right side of TLS_Srv_Features: or TLS_Clt_Features:."""
    return [(word.partition("=")[0].strip().lower(), word.partition("=")[2].strip()) for word in value.split(";") if word.strip()]


def _floor_wire(result):
    blind, told = transport.unreachable(result), result.get("tls") or {}
    if blind or not told.get("versions"):
        return blind or _no_tls(result)
    old = [version for version in told["versions"] if str(version).lower().replace("tls ", "") in OLD_ON_THE_WIRE]
    if old:
        return transport.refuse(result, "answers with TLS %s" % ", ".join(old), "TLS 1.2 and 1.3 only")
    return passed(Evidence(transport.place(result), "TLS %s" % ", ".join(told["versions"]), ""))


def _no_tls(result):
    """Return the judgement of a listener of whose TLS nothing is known: it has none, or nobody asked."""
    told = result.get("tls")
    if told is not None and not told.get("offered") and not result.get("implicit_tls"):
        return not_applicable("TLS is not offered there (SM-TLS-01)")
    return transport.absent(result, "tls")


# ---- 04: ciphers ---------------------------------------------------------------------------------------------------------------------------

def suite_fault(line):
    """Say what is weak about a suite, as ``openssl ciphers -v`` prints it, or return None; of TLS 1.3 all are good."""
    found = SUITE.match(line)
    if not found or found.group(2) == "TLSv1.3":
        return None
    name, _version, exchange, authentication, cipher, digest = found.groups()
    if authentication == "None":
        return "%s (anonymous)" % name
    if exchange.partition("(")[0] not in ("ECDH", "DH", "ECDHE", "DHE") or name.startswith("EXP"):
        return "%s (no forward secrecy)" % name
    if any(cipher.startswith(word) for word in WEAK_CIPHERS) or digest == "MD5":
        return "%s (%s, %s)" % (name, cipher, digest)
    return None


def _suites(view, text):
    """Return ``(all suites, what is weak of them)`` of a list of ciphers; None for a list that openssl refuses.

    :raises Unseen: there is no openssl.
    """
    # An openssl before 1.1 does not know -s, which leaves out what the library would not take.
    for words in (["-s", "-v", "-tls1_2"], ["-v"]):
        # A list may begin with a minus sign, an option too.
        result = view.run("openssl", "ciphers", *(words + [text.lstrip("-")]))
        if not result.rc and result.stdout.strip():
            lines = [line for line in result.stdout.splitlines() if SUITE.match(line) and " TLSv1.3 " not in line]
            return [line.split()[0] for line in lines], [fault for fault in map(suite_fault, lines) if fault]
    return None


def _ciphers(view):
    """The list of ciphers leaves nothing without forward secrecy, nothing anonymous and nothing broken."""
    places = transport.callers(view)
    places += ["mta"] if "mta" not in places and view.cf("mta") is not None and transport.public(view) else []
    found = transport.Found()
    asked = [(transport.option(view, which, "CipherList") + ("CipherList",)) for which in places]
    asked += [(word, row.where, "CipherList for everybody") for row in _of_everybody(view, found, "TLS_Srv_Features", "TLS_Clt_Features")
              for key, word in _options(row.value) if key == "cipherlist"]
    for value, where, name in asked:
        suites = found.look(where, _suites, view, value or "DEFAULT")
        if suites is None:
            found.fault(where, "%s=%s, which openssl refuses" % (name, value), "a list that it knows: sendmail logs the error and takes its default")
        if not suites:
            continue
        seen = "%s=%s" % (name, value) if value else "CipherList is not set: OpenSSL's own list"
        everything, weak = suites
        found.note(not weak and "@SECLEVEL=0" not in value.upper(), where, seen if not weak else "%s, which has %s" % (seen, _some(weak)),
                   "forward secrecy with AES or ChaCha20, as ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:!aNULL, at the library's own security level")
        if not everything:
            found.fault(where, seen, "at least one suite of TLS 1.2: who knows no TLS 1.3 gets no TLS at all")
    return found.judged("this host neither offers TLS to others nor calls them")


def _some(names):
    more = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (" and %d more" % more if more > 0 else "")


def _ciphers_wire(result):
    blind, told = transport.unreachable(result), result.get("tls") or {}
    if blind or "weak" not in told:
        return blind or _no_tls(result)
    # The prime has a control of its own.
    weak = [str(one) for one in told["weak"] if not str(one).startswith("DH with")]
    if weak:
        return transport.refuse(result, "agrees to %s" % _some(weak), "nothing without forward secrecy, anonymous or broken")
    if not told.get("suites") and not told.get("versions"):
        return _no_tls(result)
    return passed(Evidence(transport.place(result), "nothing weak of %d suites" % sum(map(len, (told.get("suites") or {}).values())), ""))


# ---- 05: parameters ------------------------------------------------------------------------------------------------------------------------

def _parameters(view):
    """The prime of Diffie-Hellman has 2048 bits or more."""
    reason = _offering(view)
    if reason:
        return reason
    value, where = transport.option(view, "mta", "DHParameters")
    found, wanted = transport.Found(), "i (2048 bits, built in), 2, or a file of 2048 bits or more"
    if not value:
        release = transport.release(view)
        if not release:
            return unknown("DHParameters is not set, and the release is not known: before 8.15.2 that meant 1024 bits", where)
        # The default since 8.15.2.
        built_in = release >= (8, 15, 2)
        found.note(built_in, where, "not set: %s" % ("2048 bits, built in" if built_in else "1024 bits in %s" % ".".join(map(str, release))), wanted)
    elif value[0] == "/":
        text = found.look(where, view.read, value)
        if text:
            about = found.judge(value, _openssl(view).dh, text, value)
            found.seen += [Evidence(value, about, "")] if about else []
        elif text is not transport.BLIND:
            found.fault(where, "%s is not there, or empty" % value, wanted)
    else:
        found.note(value[0] in "iI2nN", where, "DHParameters=%s%s" % (value, ", so that suites with DHE are not offered" if value[0] in "nN" else ""), wanted)
    return found.judged()


def _parameters_wire(result):
    blind, told = transport.unreachable(result), result.get("tls") or {}
    if blind or "dh_bits" not in told:
        return blind or _no_tls(result)
    if not told["dh_bits"]:
        return not_applicable("no prime was shown: Diffie-Hellman is not used, or on curves")
    if told["dh_bits"] < tls.LEAST_DH:
        return transport.refuse(result, "a prime of %d bits" % told["dh_bits"], "%d bits or more" % tls.LEAST_DH)
    return passed(Evidence(transport.place(result), "a prime of %d bits" % told["dh_bits"], ""))


# ---- 06: certificate -----------------------------------------------------------------------------------------------------------------------

def _certificates(view):
    """Each certificate is valid for a while, names this host, has a strong key, and leads to an authority (or signs itself, which is told)."""
    reason = _offering(view)
    if reason:
        return reason
    found = transport.Found()
    value, where = transport.option(view, "mta", "ServerCertFile")
    name = found.look(where, transport.own_name, view)
    for path in transport.paths(value):
        text = found.look(path, view.read, path)
        if text is None:
            found.fault(where, "%s is not there" % path, "a certificate")
        one = found.judge(path, _openssl(view).certificate, text, path) if text else None
        if one:
            _one_certificate(view, found, path, one, name)
    return found.judged()


def _one_certificate(view, found, path, one, name):
    left = int((one.ends - transport.now(view)) // tls.DAY)
    least = cfview.limit(view, "certificate_days", LEAST_LEFT)
    if one.starts > transport.now(view):
        found.fault(path, "valid from %s" % tls.day(one.starts), "one that is valid now, or the clock put right")
    ends = "ends %s, in %d days" % (tls.day(one.ends), left) if left >= 0 else "ended %s" % tls.day(one.ends)
    found.note(left >= least, path, "%s, %s" % (one.subject, ends), "at least %d days left" % least)
    if name:
        found.note(any(tls.covers(pattern, name) for pattern in one.names), path, "names %s" % (", ".join(one.names) or "nobody"), name)
    key = _public_key(view, found, path, one)
    if key:
        found.note(key.bits >= tls.LEAST_BITS.get(key.kind, 0), path, "key %s with %d bits" % (key.kind, key.bits), "RSA 2048, EC 256 or more")
    if one.subject == one.issuer:
        # For whom takes TLS as it comes this is as good as any; whoever verifies (DANE, MTA-STS) has said so in the DNS, and would be told there.
        found.fine(path, "signed by itself: against those who listen, not against those who stand between; no fault while no peer is to verify it")
        return
    fault = found.look(path, _untrusted, view, path)
    if fault is None:
        found.fine(path, "issued by %s, whom this host trusts" % one.issuer)
    elif fault:
        found.fault(path, "issued by %s: %s" % (one.issuer, fault), "a chain to an authority that this host knows, in the file or in CACertFile")


def _public_key(view, found, path, one):
    """Return the :class:`tls.Key` of a certificate."""
    try:
        result = view.run("openssl", "pkey", "-pubin", "-noout", "-text", stdin=one.public)
    except Unseen as exc:
        found.blind(path, exc.message)
        return None
    return tls.parse_key(result.stdout) if not result.rc else None


def _untrusted(view, path):
    """Say why a certificate does not lead to an authority, or return None: neither to those of the configuration nor to those of the host."""
    ca, ca_path = (transport.paths(transport.option(view, "mta", name)[0])[:1] for name in ("CACertFile", "CACertPath"))
    between = ["-untrusted", path]
    ways = [[word for option, where in (("-CAfile", ca), ("-CApath", ca_path)) for one in where for word in (option, one)] + between]
    ways += [["-CAfile", bundle] + between + [word for one in ca for word in ("-untrusted", one)]
             for bundle in hostinfo.AUTHORITIES if view.stat(bundle, True)]
    said = ""
    for words in ways:
        result = view.run("openssl", "verify", *(words + [path]))
        if not result.rc:
            return None
        lines = [line for line in (result.stderr + result.stdout).splitlines() if line.startswith("error")]
        said = said or (lines[0].rpartition(":")[2].strip() if lines else "openssl verify refuses it")
    return said


def _certificates_wire(result):
    """The certificate on the wire is in force and is for this host; whom the probe trusts is not always whom its peers trust, so that alone is no failure."""
    blind, told = transport.unreachable(result), (result.get("tls") or {}).get("certificate")
    if blind or not told:
        return blind or _no_tls(result)
    fault, why = _shown_fault(result, told), str(told.get("why") or "")
    if fault:
        return transport.refuse(result, *fault)
    self_signed = told.get("self_signed", told.get("subject") == told.get("issuer"))
    # All that leads to the authority was sent, and it is not the probe's: it is the site's own.
    own = bool(re.search("self.signed certificate in certificate chain", why))
    if told.get("trusted") or self_signed or own:
        said = "signed by itself" if self_signed else "issued by %s%s" % (told.get("issuer"), ", whom the probe does not know" if own else "")
        return passed(Evidence(transport.place(result), "%s, %s, ends %s" % (told.get("subject"), said, told.get("ends")), ""))
    return unknown("the probe does not trust the authority of this certificate (%s): either what leads to it is not sent, or it is the site's own" % (
        why or told.get("issuer")), transport.place(result))


def _shown_fault(result, told):
    """Return ``(what was seen, what was wanted)`` of a certificate that is no good whoever issued it, or None."""
    names = [str(name).lower() for name in told.get("names") or []]
    greeted = re.match(r"220[ -](\S+\.\S+)", result.get("greeting") or "")
    if greeted and not any(tls.covers(pattern, greeted.group(1)) for pattern in names):
        return "a certificate for %s" % (", ".join(names) or "nobody"), "%s, as it greets" % greeted.group(1)
    if re.search("expired|not yet valid", str(told.get("why") or "")):
        return "the certificate of %s (ends %s): %s" % (told.get("subject"), told.get("ends"), told["why"]), "one that is valid now"
    kind, _blank, bits = str(told.get("key") or "").partition(" ")
    if bits.isdigit() and int(bits) < tls.LEAST_BITS.get(kind, 0):
        return "a key %s with %s bits" % (kind, bits), "RSA 2048, EC 256 or more"
    return None


# ---- 10: revocation lists ------------------------------------------------------------------------------------------------------------------

def _revocation(view):
    """A revocation list that is named is there, is one, and is fresh."""
    found = transport.Found()
    for which in ("mta", "msp"):
        if view.cf(which) is None:
            continue
        path, where = transport.option(view, which, "CRLFile")
        directory, place = transport.option(view, which, "CRLPath")
        lists = [(path, where)] if path else []
        if directory:
            held = view.find(directory + "/*.r[0-9]*")
            lists += [(one, place) for one in held]
            if not held:
                found.fault(place, "CRLPath=%s, with no list in it" % directory, "lists by their hashed names (openssl rehash), or the option left out")
        for one, named in lists:
            text = found.look(one, view.read, one)
            if text:
                about = found.judge(one, _openssl(view).crl, text, one, transport.now(view))
                found.seen += [Evidence(one, about, "")] if about else []
            elif text is not transport.BLIND:
                found.fault(named, "%s is not there" % one, "the list: without it whom it revokes is let in")
    return found.judged("no revocation list is in use")


# ---- the table -----------------------------------------------------------------------------------------------------------------------------

CONTROLS = (
    Control(
        id="SM-TLS-01", title="STARTTLS is offered on every listener that others reach, and comes up", severity="high",
        reason="Mail that comes in the clear is read on its way. sendmail drops STARTTLS without an error where a key, a certificate, CACertFile or CACertPath "
               "is missing or distrusted, so nobody notices.",
        remedy="sendmail_tls.certificates: self-signed, given or host. By hand: set confSERVER_CERT, confSERVER_KEY, confCACERT and confCACERT_PATH to files "
               "that are there, and look whether EHLO is answered with STARTTLS.",
        profiles=EVERYWHERE, references=(Reference("RFC", "3207"), Reference("NIST", "SP 800-177r1"), Reference("CVE", "CVE-2011-0411")),
        check=_offered, wire=_offered_wire),
    Control(
        id="SM-TLS-02", title="Private keys belong to the daemon's user, nobody else reads them, and each fits its certificate", severity="high",
        reason="Whoever has the key is this host to others. And sendmail does not use a key that its group or others may read: STARTTLS is gone then.",
        remedy="sendmail_tls puts keys down as they should be. By hand: chown root and chmod 0600 the key, chmod go-w the directories on the way to it. "
               "sendmail_baseline leaves a key to its group where a daemon reads it so, or GroupReadableKeyFile is set.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op, STARTTLS"), Reference("NIST", "SP 800-52r2")),
        check=_private_keys, mend=_mend_keys),
    Control(
        id="SM-TLS-03", title="Nothing older than TLS 1.2 is spoken", severity="medium",
        reason="SSLv3, TLS 1.0 and 1.1 are broken. CipherList does not turn them off, and what the library does by itself differs from host to host.",
        remedy="sendmail_tls.minimum ('1.2'). By hand: confSERVER_SSL_OPTIONS and confCLIENT_SSL_OPTIONS with +SSL_OP_NO_SSLv3 +SSL_OP_NO_TLSv1 "
               "+SSL_OP_NO_TLSv1_1.",
        profiles=EVERYWHERE, references=(Reference("RFC", "8996"), Reference("NIST", "SP 800-52r2"), Reference("BSI", "TR-02102-2")),
        check=_floor, wire=_floor_wire),
    Control(
        id="SM-TLS-04", title="Ciphers of TLS 1.2 have forward secrecy, and none is anonymous or broken", severity="medium",
        reason="What is recorded today is read tomorrow with a stolen key. AES in CBC with forward secrecy is left in for old servers: with opportunistic TLS "
               "a peer that finds nothing in common sends in the clear.",
        remedy="sendmail_tls.ciphers. By hand: confCIPHER_LIST, such as ECDHE+AESGCM:ECDHE+CHACHA20:DHE+AESGCM:ECDHE+AES:!aNULL:!MD5; openssl ciphers -v shows "
               "what a list means.",
        profiles=EVERYWHERE, references=(Reference("BSI", "TR-03116-4"), Reference("BSI", "TR-02102-2"), Reference("NIST", "SP 800-52r2")),
        check=_ciphers, wire=_ciphers_wire),
    Control(
        id="SM-TLS-05", title="The prime of Diffie-Hellman has 2048 bits or more", severity="medium",
        reason="Who breaks one prime of 512 or 1024 bits reads all sessions with it (Logjam).",
        remedy="sendmail_tls.dh (i: 2048 bits, built in). By hand: confDH_PARAMETERS i, or a file of openssl dhparam 2048.",
        profiles=SERVERS, references=(Reference("NIST", "SP 800-52r2"), Reference("CVE", "CVE-2015-4000")),
        check=_parameters, wire=_parameters_wire),
    Control(
        id="SM-TLS-06", title="The certificate is in force, names this host, and leads to an authority or signs itself", severity="medium",
        reason="Peers that verify (DANE, MTA-STS, a policy of theirs) send nothing to a host whose certificate has ended or is another's. One that signs "
               "itself does what TLS as it comes can do; it is told and is no failure, since who announces DANE or MTA-STS has chosen otherwise.",
        remedy="sendmail_tls.certificates: given, with one of an authority; a self-signed one is renewed by the role. By hand: renew it, with the name by "
               "which the host greets, and with what leads to its authority in the file or in CACertFile.",
        profiles=profiles(nullclient="opt"),
        references=(Reference("RFC", "8461"), Reference("RFC", "7672")), check=_certificates, wire=_certificates_wire),
    Control(
        id="SM-TLS-10", title="A revocation list in use is fresh", severity="medium",
        reason="With a stale list every certificate of its issuer fails; with a missing one sendmail goes on, and lets in whom it revokes.",
        remedy="sendmail_tls.crl with a fresh list. By hand: fetch it by a timer, or take confCRL out.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op, CRLFile"),), check=_revocation),
)
