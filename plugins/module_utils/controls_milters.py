# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls MILT: filters that see all mail, and the keys with which it is signed. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, hostinfo, sockets, tls_host
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import NEVER, OPTIONAL, Control, Reference, not_applicable
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_rules import Tries
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue, SendmailError

# What may be left out while it does not answer: no more is lost than a signature, or a delay.
# Whole words, and such as are made of them: opendmarc and search are neither.
HARMLESS = re.compile(r"(?<![a-z0-9])(?:(?:open)?dkim|(?:open)?arc|sign(?:er|ing)?|gr[ea]y(?:list(?:ing|er)?)?)(?![a-z0-9])", re.I)
OPENDKIM = ("/etc/opendkim.conf", "/etc/opendkim/opendkim.conf", "/etc/mailjail/*.conf")
YES = ("yes", "true", "1", "on")


def _used(view):
    """Return ``(name, equates, where)`` of each filter that sendmail calls: those that the configuration, or a listener, lists."""
    found = view.cf("mta")
    if found is None:
        return []
    lists = [found.option("InputMailFilters") or ""]
    lists += [cf.listener(text).get("InputMailFilters", "") for text in (found.option("DaemonPortOptions") or "").split("\n")]
    names = [name for text in lists for name in re.split(r"[\s,;]+", text) if name]
    path = view.compiled("mta")
    return [(name, equates, view.line(path, "X%s," % name)) for name, equates in sorted(found.milters.items()) if name in names]


def _own_name(text):
    """Return the last word of a socket's path, empty where it is none in the file system."""
    return os.path.basename(text) if "/" in text else ""


def _socket(text):
    """Return the :class:`sockets.Socket` of a filter; sendmail takes a path alone for a socket in the file system."""
    return sockets.parse_socket("local:" + text if text.startswith("/") else text)


def _real(view, where):
    """Return a socket by its own path: /var/run and /run are one."""
    return where._replace(place=view.target(where.place)) if where.kind == "unix" else where


def _filters(view):
    """Each filter answers, is open to nobody else, and says what happens to mail while it does not answer."""
    used = _used(view)
    if not used:
        return not_applicable("no filter sees the mail of this host")
    found = transport.Found()
    for name, equates, where in used:
        flag = equates.get("F")
        if not flag:
            # Where the socket lies says nothing: a directory may be called anything.
            meant = flag is not None and (HARMLESS.search(name) or HARMLESS.search(_own_name(equates.get("S", ""))))
            found.note(bool(meant), where, "filter %s %s" % (name, "without F" if flag is None else "with an empty F"),
                       "F=T or F=R: while it does not answer, no mail passes unfiltered (an empty F= is for signing and greylisting only)")
        try:
            socket = _socket(equates.get("S", ""))
        except InvalidValue as exc:
            found.fault(where, exc.message, "a socket of this host")
            continue
        (_unix if socket.kind == "unix" else _inet)(view, found, name, socket, where)
    return found.judged()


def _unix(view, found, name, socket, where):
    there = found.look(where, view.stat, socket.place, True)
    if there is None or there and there.kind != "socket":
        found.fault(where, "filter %s: %s is %s" % (name, socket.place, "not there" if there is None else "a " + there.kind), "a socket that answers")
    if not there:
        return
    open_way = there.mode & 0o002 and _enterable(view, socket.place)
    found.note(not open_way, socket.place, "%s:%s %04o" % (there.owner, there.group, there.mode), "connected to by the mail daemon only")
    listening = found.look(socket.place, view.read, "/proc/net/unix")
    if listening and not _listens(view, socket.place, listening):
        found.fault(socket.place, "nobody listens", "filter %s running" % name)


def _listens(view, place, table):
    """Tell whether a socket is in the kernel's table, which has each path as its program spelt it."""
    rows, real = [line.split(None, 7) for line in table.splitlines()], view.target(place)
    bound = set(row[7] for row in rows if len(row) == 8)
    # Who binds a socket makes it: links can only be on the way, and its name is its own.
    alike = [path for path in bound if path.startswith("/") and os.path.basename(path) == os.path.basename(real)]
    return place in bound or any(view.target(path) == real for path in alike)


def _enterable(view, path):
    """Tell whether everybody may enter all directories on the way to a path."""
    place = os.path.dirname(path)
    while place != "/":
        there = view.stat(place, True)
        if there and not there.mode & 0o001:
            return False
        place = os.path.dirname(place)
    return True


def _inet(view, found, name, socket, where):
    seen = "filter %s: %s" % (name, transport.spelled(socket.place, socket.port))
    if not transport.is_local(socket.place):
        found.fault(where, seen, "127.0.0.1 or a socket in the file system: the filter's answers and all mail cross the network in the clear")
        return
    tables = [found.look(where, view.read, path) for path in ("/proc/net/tcp", "/proc/net/tcp6")]
    rows = [row for text in tables if text for row in hostinfo.parse_listeners(text, (socket.port,))]
    if not rows and any(tables):
        found.fault(where, seen + ", where nobody listens", "filter %s running" % name)
    for row in rows:
        found.note(transport.is_local(row["address"]), where, "%s listens on %s" % (name, transport.spelled(row["address"], row["port"])), "127.0.0.1 only")


# ---- DKIM ----------------------------------------------------------------------------------------------------------------------------------

def _settings(text):
    """Return what a configuration of OpenDKIM says, keys in small letters."""
    found = {}
    for line in text.splitlines():
        words = line.partition("#")[0].split(None, 1)
        if words:
            found[words[0].lower()] = words[1].strip() if len(words) > 1 else ""
    return found


def _signers(view, found):
    """Return ``(path, settings)`` of each configuration of OpenDKIM that belongs to a filter in use."""
    used = _used(view)
    sockets, named = [], any("dkim" in (name + equates.get("S", "")).lower() for name, equates, _where in used)
    for _name, equates, _where in used:
        try:
            sockets.append(_real(view, _socket(equates.get("S", ""))))
        except InvalidValue:
            continue
    texts = [(path, found.look(path, view.read, path)) for path in view.find(*OPENDKIM)]
    known = [(path, _settings(text)) for path, text in texts if text and re.search(r"(?im)^(?:canonicalization|keytable|keyfile|oversignheaders)\b", text)]
    fitting = []
    for path, settings in known:
        try:
            if _real(view, _socket(settings.get("socket", ""))) in sockets:
                fitting.append((path, settings))
        except InvalidValue:
            continue
    # Some distributions give the socket on the command line.
    return fitting or (known if named else [])


def _dkim_keys(view, found, settings):
    """Return ``(key, domain, selector)`` of each key that a configuration of OpenDKIM signs with."""
    rows = []
    if settings.get("keyfile"):
        rows += [(settings["keyfile"], domain.strip(), settings.get("selector", "")) for domain in settings.get("domain", "").split(",")]
    table = re.sub(r"^(?:re)?file:", "", settings.get("keytable", ""))
    if table.startswith("/"):
        text = found.look(table, view.read, table)
        if text is None:
            found.fault(table, "is not there", "the table of keys that the configuration names")
        for line in (text or "").splitlines():
            words = line.partition("#")[0].split(None, 1)
            parts = words[1].strip().split(":", 2) if len(words) > 1 else []
            rows += [(parts[2], parts[0], parts[1])] if len(parts) == 3 and parts[2].startswith("/") else []
    elif table:
        found.blind("KeyTable %s" % table, "its entries are in no file of this host")
    return sorted(set(rows))


def _user(settings):
    """Return ``(user, group)`` as which a filter runs; the group is empty where it is the user's."""
    user, _colon, group = settings.get("userid", "").partition(":")
    return user or "opendkim", group


def _own_group(view, settings, group):
    """Tell whether a group is the filter's own, with nobody else in it."""
    user = _user(settings)[0]
    entry = view.group(group)
    return group == user and not [name for name in (entry.gr_mem if entry else []) if name != user]


def _signatures(view):
    """Keys are the filter's alone, the DNS has the other half of each, and results that others claim in this host's name go away."""
    found = transport.Found()
    signers = _signers(view, found)
    for path, settings in signers:
        kept = settings.get("keepauthresults", "is not set")
        found.note(kept.lower() not in YES, path, "KeepAuthResults %s" % kept, "no: results that a stranger claims in this host's name are removed")
        if settings.get("mode", "sv").lower().strip() == "v":
            continue
        for key, domain, selector in _dkim_keys(view, found, settings):
            there = found.look(key, view.stat, key, True)
            if there is None:
                found.fault(path, "%s is not there" % key, "the key of %s" % domain)
            if there:
                allowed = 0o040 if _own_group(view, settings, there.group) else 0
                found.note(there.kind == "file" and not there.mode & 0o077 & ~allowed, key, "%s:%s %04o" % (there.owner, there.group, there.mode),
                           "0600, the filter's own")
                _published(view, found, key, domain, selector)
    return found.judged("OpenDKIM signs no mail of this host")


def _published(view, found, key, domain, selector):
    """Note whether the DNS has the other half of a key, where dig is there to ask."""
    if not re.match(r"[A-Za-z0-9._-]+\Z", domain or "") or not re.match(r"[A-Za-z0-9._-]+\Z", selector or ""):
        return
    name = "%s._domainkey.%s" % (selector, domain)
    try:
        result = view.run("dig", "+short", "+time=2", "+tries=1", "TXT", name)
        text = view.read(key)
    except SendmailError:
        return
    if result.rc:
        return    # no name server answered: nothing is known
    record = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', result.stdout))
    public = re.search(r"\bp=([A-Za-z0-9+/=\s]*)", record)
    if not public:
        found.fault("DNS: %s" % name, "no record" if not record else record[:60], "the public half of %s: nobody can verify what it signs" % key)
        return
    try:
        pem = tls_host.Openssl(transport.Asked(view), "openssl").key(text or "", key)[0]
    except SendmailError:
        return
    body = "".join(line for line in pem.splitlines() if "-----" not in line)
    found.note("k=ed25519" in record or "".join(public.group(1).split()) == body, "DNS: %s" % name, "a key that is %s" % (
        "the other half of %s" % key if "".join(public.group(1).split()) == body else "another one than %s" % key), "the public half of %s" % key)


def _needs_group(view, settings, there):
    """Say why a key may not be taken from a group that is not the filter's alone: it could sign no more, and mail would go without a signature."""
    user, group = _user(settings)
    account, entry = view.account(user), view.group(there.gid)
    if account is None:
        return "there is no user %s, so it is not known as whom the filter reads it" % user if there.gid else ""
    if account.pw_uid in (0, there.uid):
        return ""
    reads = group in (there.group, str(there.gid)) or account.pw_gid == there.gid or entry is not None and user in entry.gr_mem
    return "%s reads it through the group %s" % (user, there.group) if reads else ""


def _mend_keys(view, hands):
    """Take a key from those who should not read it."""
    found, tries = transport.Found(), Tries()
    for _path, settings in _signers(view, found):
        for key, _domain, _selector in _dkim_keys(view, found, settings):
            with tries.one():
                there = view.stat(key)
                if there and there.kind == "file":
                    own = _own_group(view, settings, there.group)
                    reason = _needs_group(view, settings, there) if there.mode & 0o040 and not own else ""
                    hands.mode(key, forbid=0o037 if own or reason else 0o077)
                    if reason:
                        tries.leave("%s stays readable for its group: %s. Give it to the filter's user, 0600." % (key, reason))
    tries.end()


OFFERED = {"gateway": OPTIONAL, "nullclient": NEVER, "hub": OPTIONAL}
CONTROLS = (
    Control(
        id="SM-MILT-01", title="Every filter answers on a socket of this host, and mail waits while it does not", severity="medium",
        reason="A filter that is down and may be passed over filters nothing, and nobody notices; one that anybody can reach, or that is asked across the "
               "network, reads and changes mail for others too.",
        remedy="sendmail_milters with failure: tempfail. By hand: F=T in INPUT_MAIL_FILTER, a socket below /run that its group alone enters, its unit running.",
        profiles=OFFERED, references=(Reference("sendmail", "op, MILTERS"),), check=_filters),
    Control(
        id="SM-MILT-02", title="DKIM keys are the filter's alone and published, and forged results are removed", severity="high",
        reason="Whoever has the key signs as this domain; a signature whose key is not in the DNS counts against the mail; a claimed Authentication-Results "
               "header passes for this host's own.",
        remedy="sendmail_milters with the preset opendkim. By hand: chmod 0600 the key, publish its record (opendkim-genkey writes it), leave "
               "KeepAuthResults out.",
        profiles=OFFERED, references=(Reference("RFC", "8601"), Reference("RFC", "6376")), check=_signatures, mend=_mend_keys),
)
