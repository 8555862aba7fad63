# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the controls of transport (TLS, AUTH, MSP, MILT) ask of a host besides files: who listens where, on which terms, who is called. Pure but for the view.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import ipaddress
import re
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, cfview, hostinfo, tables_access
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    FAIL,
    PASS,
    UNKNOWN,
    Evidence,
    Judgement,
    Unseen,
    failed,
    not_applicable,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError

# ``modifiers`` are letters; ``local`` tells whether only this host itself can connect; ``where`` is the line of the .cf.
Listener = collections.namedtuple("Listener", "name address port modifiers local where")
# A line of a map's source; ``remarked`` tells whether a remark stands above it, None where only the database could be read.
Row = collections.namedtuple("Row", "tag rest value where remarked")
LOCAL_NAMES = ("localhost", "localhost.localdomain", "localhost4", "localhost6", "localhost4.localdomain4", "localhost6.localdomain6")
# The name of a listener that is none: of a host without a daemon.
NO_DAEMON = "NoMTA"
# What is asked of a map that may have millions of other lines, each about one client.
TERMS = re.compile(r"^(?:Try_TLS|TLS_\w+|Srv_Features|Clt_Features|AuthInfo):.*$", re.M | re.I)


class _Blind:
    """What a look returns that could not be taken: nothing, and no absence either."""

    def __bool__(self):
        return False

    __nonzero__ = __bool__


BLIND = _Blind()


class Found:
    """What a check saw of several things, until it is judged: a fault counts first, then what could not be seen."""

    def __init__(self):
        self.faults, self.seen, self.unseen = [], [], []

    def fault(self, where, seen, wanted):
        """Note what should be otherwise."""
        self.faults.append(Evidence(where, seen, wanted))

    def fine(self, where, seen):
        """Note what is as it should be."""
        self.seen.append(Evidence(where, seen, ""))

    def note(self, holds, where, seen, wanted):
        """Note something that holds, or does not."""
        if holds:
            self.fine(where, seen)
        else:
            self.fault(where, seen, wanted)

    def blind(self, where, reason):
        """Note what could not be seen."""
        self.unseen.append(Evidence(where, reason, ""))

    def look(self, where, look, *arguments):
        """Return what a function finds; what it can not see is noted, and :data:`BLIND` returned."""
        try:
            return look(*arguments)
        except Unseen as exc:
            self.blind(where, exc.message)
            return BLIND

    def judge(self, where, ask, *arguments):
        """Return what a judge (openssl) says of a thing. What it refuses is a fault of the thing; that it could not be asked is none."""
        try:
            return ask(*arguments)
        except Unseen as exc:
            self.blind(where, exc.message)
        except SendmailError as exc:
            self.fault(where, exc.message, "something that openssl can read")
        return None

    def judged(self, nothing="there is nothing to hold here"):
        """Return the judgement; without any evidence it is not applicable."""
        for verdict, evidence in ((FAIL, self.faults), (UNKNOWN, self.unseen), (PASS, self.seen)):
            if evidence:
                return Judgement(verdict, evidence)
        return not_applicable(nothing)


class Asked:
    """Lets what asks openssl (tls_host.Openssl) do so by the view."""

    def __init__(self, view):
        self.view = view

    def run(self, argv, stdin=None):
        """Return the result of one program."""
        return self.view.run(*argv, stdin=stdin)


# ---- values --------------------------------------------------------------------------------------------------------------------------------

def letters(value):
    """Return the letters of an option that is a list of letters, with commas or blanks between or without."""
    return [letter for letter in value or "" if letter not in ", \t\n"]


def paths(value):
    """Return the paths of an option that may name two, with a comma between."""
    return [path.strip() for path in (value or "").split(",") if path.strip()]


def is_local(address):
    """Tell whether an address or name is this host itself: 127.0.0.1, ::1, localhost, with or without brackets."""
    text = bare(address)
    try:
        found = ipaddress.ip_address(u"%s" % text)
        return (getattr(found, "ipv4_mapped", None) or found).is_loopback
    except ValueError:
        return text.lower().rstrip(".") in LOCAL_NAMES


def bare(host):
    """Return a host without brackets and without sendmail's mark of IPv6."""
    text = host.strip().strip("[]")
    return text[5:] if text[:5].lower() == "ipv6:" else text


def spelled(address, port):
    """Return an address and port as people write them."""
    return ("[%s]:%s" if ":" in str(address) else "%s:%s") % (address, port)


def now(view):
    """Return this moment, in seconds since 1970; a site may name another (tests do)."""
    return view.site.get("now") or time.time()


# ---- the configuration ---------------------------------------------------------------------------------------------------------------------

def option(view, which, name):
    """Return the value of an option, an empty text where it is not set, and where it stands."""
    value, where = view.option(name, which)
    return value or "", where


def listeners(view):
    """Return each :class:`Listener` of the daemon's configuration; a host without a daemon has none.

    A configuration that says nothing of listeners has one, on port 25 of every address.
    """
    found = view.cf("mta")
    if found is None:
        return []
    path = view.compiled("mta")
    lines = [(number, text) for number, text in enumerate((view.read(path) or "").splitlines(), 1) if re.match(r"O\s*DaemonPortOptions\s*=", text)]
    said = found.options.get("DaemonPortOptions", "").split("\n") if "DaemonPortOptions" in found.options else [""]
    rows = []
    for place, text in enumerate(said):
        keys = cf.listener(text)
        address = keys.get("Addr") or ("::" if keys.get("Family", "").lower() == "inet6" else "0.0.0.0")
        where = "%s:%d" % (path, lines[place][0]) if place < len(lines) else path
        local = keys.get("Family", "").lower() in ("local", "unix") or is_local(address)
        rows.append(Listener(keys.get("Name", ""), bare(address), str(keys.get("Port") or "25"), letters(keys.get("Modifiers")), local, where))
    return [row for row in rows if row.name != NO_DAEMON]


def public(view):
    """Return the listeners to which others can connect."""
    return [row for row in listeners(view) if not row.local]


def callers(view):
    """Return which configurations call other hosts: the daemon's where there is a daemon, the submission program's where it hands mail to another host."""
    target = msp_target(view)
    found = ["msp"] if target and not is_local(target[0]) else []
    return (["mta"] if view.cf("mta") is not None and (listeners(view) or not found) else []) + found


def msp_target(view):
    """Return ``(host, port, where)`` to which the submission program hands mail, as its configuration spells it; None where there is none."""
    found = view.cf("msp")
    if found is None or not found.macros.get("MTAHost"):
        return None
    mailer = found.mailers.get("relay")
    words = mailer.equates.get("A", "").split() if mailer else []
    return found.macros["MTAHost"], words[2] if len(words) > 2 else "25", view.line(view.compiled("msp"), "D{MTAHost}")


def rows(view, which, name="access"):
    """Return the lines of a map that a configuration asks as :class:`Row`, an empty list where it asks none.

    :raises Unseen: it is no file, or can not be read.
    """
    return view.once(("rows", which, name), _rows, view, which, name)


def _rows(view, which, name):
    found = view.cf(which)
    entry = found.maps.get(name) if found else None
    if entry is None:
        return []
    if not entry.path.startswith("/") or entry.klass not in cfview.BUILT and entry.klass != "text":
        raise Unseen("the map %s is of the type %s: its entries are in no file of this host that is read" % (name, entry.klass))
    text, path, dumped = cfview.text_of(view, entry)
    if text is None:
        raise Unseen("%s is not there, and there is no database of it" % path, path=path)
    if dumped:
        return [row._replace(where=path, remarked=None) for row in read_rows(path, "\n".join(TERMS.findall(text)))]
    return read_rows(path, text)


def read_rows(path, text):
    """Return the lines of the text of a map as :class:`Row`."""
    found, remarked = [], False
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            remarked = True
        elif not line.strip():
            remarked = False
        else:
            words = line.split(None, 1)
            tag, rest = tables_access.split_key(words[0])
            found.append(Row((tag or "").lower(), rest.lower(), words[1].strip() if len(words) > 1 else "", "%s:%d" % (path, number), remarked))
    return found


def asked(found, tag, host):
    """Return the row that sendmail finds under a tag for a host: its own, that of a domain (or network) above it, or the one for everybody."""
    table = dict((row.rest, row) for row in found if row.tag == tag.lower())
    labels = host.lower().rstrip(".").split(".")
    numeric = host.replace(".", "").isdigit()
    places = [host.lower()] + [".".join(labels[:len(labels) - count] if numeric else labels[count:]) for count in range(1, len(labels))] + [""]
    return next((table[place] for place in places if place in table), None)


# ---- the program ---------------------------------------------------------------------------------------------------------------------------

def debug(view):
    """Return what sendmail says of itself; :raises Unseen: it is not there, or said nothing in time."""
    path = cfview.program(view)
    if path is None:
        raise Unseen("there is no sendmail program")
    return view.run(path, "-d0.14", "-bt", stdin="").stdout


def flags(view):
    """Return what sendmail was compiled with, such as STARTTLS; :raises Unseen: nobody can say."""
    found = (view.site.get("facts") or {}).get("sendmail", {}).get("compile_flags") or hostinfo.parse_sendmail_debug(debug(view))["compile_flags"]
    if not found:
        raise Unseen("sendmail did not say what it was compiled with")
    return found


def lacks(view, flag):
    """Tell whether sendmail was surely compiled without something whose name begins so."""
    try:
        return not any(one.startswith(flag) for one in flags(view))
    except SendmailError:
        return False


def release(view):
    """Return the release as numbers, such as (8, 18, 1), by what sendmail or else its configuration says; empty where neither does."""
    found = view.cf("mta") or view.cf("msp")
    text = (view.site.get("facts") or {}).get("sendmail", {}).get("version") or (found.macros.get("Z", "") if found else "")
    match = re.match(r"\d+(?:\.\d+)*", text)
    return tuple(int(part) for part in match.group().split(".")) if match else ()


def own_name(view):
    """Return the name by which this host greets, ``$j``; :raises Unseen: it is not known."""
    found = view.cf("mta") or view.cf("msp")
    said = found.macros.get("j", "") if found else ""
    if said and "$" not in said:
        return said.lower()
    told = (view.site.get("facts") or {}).get("host", {}).get("fqdn")
    if told:
        return told.lower()
    match = re.search(r"\$j\s*=\s*(\S+)", debug(view))
    if not match:
        raise Unseen("sendmail did not say by which name it greets")
    return match.group(1).lower()


def inside(view, host):
    """Tell whether a host has private addresses only; :raises Unseen: it has none that can be found."""
    text = bare(host)
    try:
        return ipaddress.ip_address(u"%s" % text).is_private
    except ValueError:
        pass
    if not re.match(r"[A-Za-z0-9]", text):
        raise Unseen("'%s' is no name of a host" % text)
    result = view.run("getent", "ahosts", text)
    found = {line.split()[0].partition("%")[0] for line in result.stdout.splitlines() if line.split()}
    if not found:
        raise Unseen("no address of %s can be found, so it is not known whether mail for it leaves the own network" % text)
    return all(ipaddress.ip_address(u"%s" % one).is_private for one in found)


# ---- the wire ------------------------------------------------------------------------------------------------------------------------------

def place(result):
    """Return which listener a result of smtp_probe is of."""
    return spelled(result.get("address", ""), result.get("port", ""))


def unreachable(result):
    """Return the judgement of a listener that could not be asked, None where it could."""
    return None if result.get("reachable") else unknown(result.get("refusal") or "nobody answers", place(result))


def absent(result, *words):
    """Return the judgement where the probe has no answer to a test, with its own reason if it gave one.

    :param words: parts of the test's name.
    """
    why = [entry.get("why", "") for entry in result.get("unknown") or [] if any(word in entry.get("test", "") for word in words)]
    return unknown(why[0] if why else "the probe did not ask", place(result))


def refuse(result, seen, wanted):
    """Return a failure on the wire."""
    return failed(Evidence(place(result), seen, wanted))
