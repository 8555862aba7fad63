# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the live configuration of a host names: files, directories, users, and whether it delivers anything. Pure but for the view.

Whoever wrote the configuration: what it says counts, and what it leaves out is what sendmail then does by itself.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import collections
import posixpath
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Unseen

# A map: its source (what is edited), what is built from it, which program reads it, and whether passwords stand in it.
MapFiles = collections.namedtuple("MapFiles", "name source databases which secret")

NOTHING = "there is neither sendmail.cf nor submit.cf"
SUFFIXES = (".db", ".cdb", ".pag", ".dir")
BUILT = ("hash", "btree", "cdb", "dbm", "ndbm", "implicit", "text")
USUAL_MAPS = ("access", "mailertable", "virtusertable", "genericstable", "domaintable", "userdb", "uucpdomain", "bitdomain")
SECRET_MAPS = ("authinfo", "default-auth-info", "auth/auth-info", "auth/client-info")
SOURCES = ("sendmail.mc", "submit.mc", "linux.mc", "linux.submit.mc")
UNITS = {"mta": ("sendmail.service",), "msp": ("sm-client.service", "sendmail-client.service")}
# Where the families' own rules, and ours, put the facility mail alone.
LOGS = ("/var/log/mailjail/mail.log", "/var/log/maillog", "/var/log/mail", "/var/log/mail.log", "/var/log/mail.info", "/var/log/mail.warn",
        "/var/log/mail.err", "/var/log/sendmail.log", "/var/log/syslog/mail.log")
# In this order sendmail looks for somebody to be where DefaultUser is not said.
DEFAULT_USERS = ("mailnull", "sendmail", "daemon")


def platform(view):
    """Return the table of the host's family, as far as the play gave it."""
    return view.site.get("platform") or {}


def etc(view):
    """Return the directory of the configuration."""
    return platform(view).get("etc_dir") or "/etc/mail"


def profile(view):
    """Return which kind of host the play takes this for, empty where it does not say."""
    return view.site.get("profile") or ""


def configurations(view):
    """Return the live configurations that there are as (which, Configuration); :raises Unseen: one can not be read."""
    return [(which, view.cf(which)) for which in ("mta", "msp") if view.cf(which) is not None]


def option(view, name, which="mta"):
    """Return the value of an option, None where it is not set or there is no such configuration, empty where it is set to nothing."""
    found = view.cf(which)
    return None if found is None else found.option(name)


def place(view, name, which="mta"):
    """Return where an option stands (of several lines the last, which counts), or the file where it does not, with the name."""
    path = view.compiled(which)
    start = re.compile(r"O\s*%s\b" % re.escape(name), re.I)
    found = [number for number, line in enumerate((view.read(path) or "").splitlines() if path else (), 1) if start.match(line)]
    return "%s:%d" % (path, found[-1]) if found else "%s, %s" % (path, name)


def mailer_place(view, name, which="mta"):
    """Return where a mailer is defined."""
    path = view.compiled(which)
    return view.line(path, "M%s," % name)


# ---- users

def user(view, text):
    """Return (user, group) as names where the host has them, out of ``user:group``, ``user.group`` or numbers."""
    name, _sign, group = (text or "").strip().replace(".", ":", 1).partition(":")
    account = view.account(name.strip()) if name.strip() else None
    group = group.strip()
    entry = view.group(group or account.pw_gid) if group or account else None
    return (account.pw_name if account else name.strip()), (entry.gr_name if entry else group or (str(account.pw_gid) if account else ""))


def client(view):
    """Return (user, group) of the submission program, (None, None) where there is none."""
    if view.cf("msp") is not None:
        said = option(view, "RunAsUser", "msp")
        if said:
            return user(view, said)
    told = platform(view)
    if told.get("client_user"):
        return told["client_user"], told.get("client_group") or told["client_user"]
    return ("smmsp", "smmsp") if view.cf("msp") is not None else (None, None)


def unit(view, which="mta"):
    """Return (name, properties) of the unit that runs the daemon (mta) or the runner of the submission queue (msp)."""
    named = (platform(view).get("units") or {}).get("mta" if which == "mta" else "client")
    for name in ((named,) if named else ()) + UNITS[which]:
        found = view.unit(name)
        if found and found.get("LoadState", "loaded") == "loaded":
            return name, found
    return named or UNITS[which][0], {}


def daemon_users(view):
    """Return the names of the users as whom the daemon runs, root left out: RunAsUser, the user of its unit."""
    found = set()
    if option(view, "RunAsUser"):
        found.add(user(view, option(view, "RunAsUser"))[0])
    if unit(view)[1].get("User"):
        found.add(user(view, unit(view)[1]["User"])[0])
    return found - {"root", "0", ""}


def daemon_groups(view):
    """Return the names of their groups."""
    accounts = [view.account(name) for name in daemon_users(view)]
    return {user(view, str(one.pw_uid))[1] for one in accounts if one}


def map_owners(view, source):
    """Return whom sendmail lets own what is built from a source besides root: the daemon's TrustedUser; of a map that submit.cf names its own one as well,
    and the user of the submission program, for whom others' maps are not.
    """
    read = view.cf("msp")
    is_clients = read is not None and source in [path for _name, path in _named_maps(read)]
    found = {user(view, option(view, "TrustedUser", which))[0] for which in ("mta",) + (("msp",) if is_clients else ()) if option(view, "TrustedUser", which)}
    return (found | ({client(view)[0]} if is_clients else set())) - {None, "", "root"}


def default_user(view):
    """Return (user, group) that writes files and runs programs for nobody in particular."""
    said = option(view, "DefaultUser")
    if said:
        return user(view, said)
    for name in DEFAULT_USERS:
        account = view.account(name)
        if account and account.pw_uid:
            return user(view, name)
    return user(view, "1:1")


# ---- files

def databases(view, source):
    """Return the built files that there are of a source."""
    return [source + suffix for suffix in SUFFIXES if view.stat(source + suffix)]


def source_of(path):
    """Return the source of a built map; another path as it is."""
    return re.sub(r"\.(db|cdb|pag|dir)\Z", "", path)


def _named_maps(read):
    """Return the maps in files that a configuration names, as (name, source)."""
    named = [(one.name, one.path) for one in read.maps.values() if one.klass in BUILT]
    named += [("userdb", path) for path in (read.option("UserDatabaseSpec") or "").replace(",", " ").split()]
    return [(name, source_of(path)) for name, path in named if path.startswith("/")]


def maps(view):
    """Return the :class:`MapFiles` that the configurations name, and those with secrets; without a configuration all with the usual names."""
    found, known = [], set()
    unnamed = SECRET_MAPS if any(which == "mta" for which, _read in configurations(view)) else USUAL_MAPS + SECRET_MAPS
    for which, read in configurations(view):
        for name, source in _named_maps(read):
            if source not in known:
                known.add(source)
                found.append(MapFiles(name, source, databases(view, source), which, "authinfo" in name.lower()))
    for name in unnamed:
        source = posixpath.join(etc(view), name)
        if source not in known and (view.stat(source) or databases(view, source)):
            found.append(MapFiles(name, source, databases(view, source), "mta", name in SECRET_MAPS))
    return found


def aliases(view):
    """Return the paths of the alias files, as the option AliasFile names them."""
    found = []
    for piece in (option(view, "AliasFile") or "").split(","):
        words = re.sub(r"\A[a-z]+:", "", piece.strip()).split()
        if words and words[-1].startswith("/"):
            found.append(words[-1])
    return found


def class_files(view):
    """Return (class, path) of the files that the configurations fill classes from."""
    found = []
    for _which, read in configurations(view):
        for name, entry in sorted(read.classes.items()):
            for said in entry.files:
                words = [word for word in said.split() if word != "-o"]
                if words and words[0].startswith("/") and (name, words[0]) not in found:
                    found.append((name, words[0]))
    return found


def key_files(view):
    """Return the files and directories of TLS that the configurations name, as (option, path)."""
    names = ("ServerKeyFile", "ServerCertFile", "ClientKeyFile", "ClientCertFile", "CACertFile", "CACertPath", "CRLFile", "DHParameters")
    return [(name, path.strip()) for _which, read in configurations(view) for name in names for path in (read.option(name) or "").split(",")
            if path.strip().startswith("/")]


def sources(view):
    """Return the .mc files that there are."""
    told = platform(view)
    named = [(told.get(which) or {}).get("source") for which in ("mta", "client")]
    usual = [posixpath.join(etc(view), name) for name in SOURCES]
    return [path for path in sorted(set(path for path in named if path) | set(usual)) if view.stat(path)]


def queues(view, which="mta"):
    """Return the queue directories of a configuration: that of QueueDirectory, and those of queue groups; with a star, all that match.

    :returns: (base, directories): the directory that must be there, and all directories with messages. With a star the base is only the place of the
        matches, often one that many share (``/var/spool/mqueue*``), and is no queue.
    """
    read = view.cf(which)
    if read is None:
        return None, []
    said = _queue_directory(read)
    above = posixpath.dirname(said) if "*" in said else said
    # What a group says without a slash in front is below that.
    groups = [posixpath.join(above, value.strip()) for equates in read.queue_groups.values() for key, value in equates.items()
              if key[:1] == "P" and value.strip()]
    paths = [said] + [path for path in groups if path.startswith("/")]
    found = set()
    for path in paths:
        found.update(_matches(view, path, which) if "*" in path else [path])
    return above, sorted(found)


def _queue_directory(read):
    return (read.option("QueueDirectory") or "/var/spool/mqueue").strip().rstrip("/")


def _matches(view, pattern, which):
    """Return the directories that match, as sendmail takes them; but for one that is the other program's by its name (``mqueue*``, ``mqueue-client``)."""
    try:
        other = view.cf("msp" if which == "mta" else "mta")
    except Unseen:
        other = None
    named = _queue_directory(other) if other is not None else ""
    return [path for path in view.find(pattern) if path != named and getattr(view.stat(path, follow=True), "kind", "") == "directory"]


# ---- what is delivered here

def mailer(view, name, which="mta"):
    """Return the equates of a mailer, an empty dict where there is none."""
    read = view.cf(which)
    found = read.mailers.get(name) if read is not None else None
    return found.equates if found else {}


def may_name(view):
    """Return which of ``:`` (include files), ``|`` (programs) and ``/`` (files) an address may name: the flags of the local mailer."""
    return "".join(sign for sign in ":|/" if sign in mailer(view, "local").get("F", ""))


def delivers_locally(view):
    """Tell whether mail reaches the local mailer: there is one, and its addresses are neither refused nor all handed to a hub."""
    read = view.cf("mta")
    if read is None or "local" not in read.mailers:
        return False
    for name in ("Local_localaddr", "localaddr"):
        rules = read.rulesets[name].rules if name in read.rulesets else []
        if any(left in ("$*", "$+") and re.match(r"\$#\s*(error|relay|esmtp|smtp|discard)\b", right) for left, right in rules):
            return False
    return not (read.macros.get("H") and not read.members("L"))


def jail(view):
    """Return SafeFileEnvironment without a slash at its end; empty where it is not set, ``/`` where it is no jail."""
    said = (option(view, "SafeFileEnvironment") or "").strip()
    return said.rstrip("/") or "/" if said else ""


def declared_jail(view):
    """Return what the play says of the jail: ``path``, and ``directories`` and ``files`` where it declares what lies there; empty where it says nothing."""
    said = view.site.get("jail") or {}
    return said if isinstance(said, dict) else {"path": said}


def smrsh_directory(view):
    """Return the directory of commands that smrsh knows, None where there is none.

    The program itself has it compiled in; of a program that can not be read the usual places are tried.
    """
    told = (platform(view).get("smrsh") or {}).get("directory")
    programs = [mailer(view, "prog").get("P", ""), (platform(view).get("smrsh") or {}).get("program") or ""] + list(hostinfo.SMRSH_PROGRAMS)
    for path in programs:
        if path.startswith("/") and posixpath.basename(path) == "smrsh" and view.stat(path, follow=True):
            try:
                text = view.read(path) or ""
            except Unseen:
                continue
            for name in hostinfo.SMRSH_DIRECTORIES:
                if "\0%s\0" % name in text:
                    return name
    return next((path for path in ((told,) if told else ()) + hostinfo.SMRSH_DIRECTORIES if view.stat(path)), None)
