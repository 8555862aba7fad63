# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls PKG: programs, their packages, and what may write the configuration. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import hostinfo, language, language_maps
from ansible_collections.mailjail.sendmail.plugins.module_utils.cfview import owner, program
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import (
    EVERYWHERE,
    Control,
    Evidence,
    Reference,
    Unseen,
    failed,
    held,
    not_applicable,
    passed,
    unknown,
)

SHOWN = 20
SECONDS = "5"


# ---- what several of them look at ------------------------------------------------------------------------------------------------------

def debug(view):
    """Return what sendmail tells of itself: version, compile flags, the names that it takes for its own; a name server that is silent costs 5 seconds.

    :raises Unseen: there is no sendmail.
    """
    path = program(view)
    if path is None:
        raise Unseen("there is no sendmail program on this host")
    return view.run("timeout", "-s", "KILL", SECONDS, path, "-d0.14", "-bt", stdin="").stdout


def release(view):
    """Return ``(version, compile flags)`` of the program as it is now, since facts may be from before an update; :raises Unseen: it tells none."""
    found = hostinfo.parse_sendmail_debug(debug(view))
    if not found["version"]:
        raise Unseen("%s tells no version" % program(view))
    return found["version"], found["compile_flags"]


def cut(text, length=200):
    text = " ".join(str(text).split())
    return text if len(text) <= length else text[:length] + "..."


OTHER_UNITS = ("postfix.service", "exim4.service", "exim.service", "opensmtpd.service", "smtpd.service", "nullmailer.service", "courier-mta.service",
               "citadel-server.service", "masqmail.service")
COMMANDS = ("sendmail", "mailq", "newaliases")


def _one_mta(view):
    """The command, its two companions, the units and port 25 are sendmail's."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    faults, seen, hidden = [], [], []
    for path in [path for path in map(view.program, COMMANDS) if path]:
        whose, real = owner(view, path), view.target(path)
        (seen if whose == "sendmail" else faults if whose else hidden).append(Evidence(path, "%s (%s)" % (real, whose or "unknown"), "sendmail's own"))
    for name in OTHER_UNITS:
        if view.unit(name).get("ActiveState") in ("active", "activating"):
            faults.append(Evidence(name, view.unit(name)["ActiveState"], "no other mail system runs"))
    holder = _holder_of_25(view)
    if holder:
        (seen if holder == "sendmail" else faults).append(Evidence("port 25", "held by %s" % holder, "sendmail, or nobody"))
    if hidden and not faults:
        return unknown("nothing tells whose command it is: %s" % ", ".join(one.seen for one in hidden), hidden[0].where)
    return held(faults, [one._replace(wanted="") for one in seen])


def _holder_of_25(view):
    """Return who listens on port 25: others, even where sendmail does too on another address; empty for nobody. Only root sees it."""
    inodes = set(entry["inode"] for name in ("tcp", "tcp6") for entry in hostinfo.parse_listeners(view.read("/proc/net/" + name) or "", (25,)))
    if not inodes:
        return ""
    own = set(str(process["pid"]) for process in view.processes())
    holders = set(pid for pid in view.names("/proc") or () if pid.isdigit() and _holds(view, pid, inodes))
    # systemd keeps the socket of a service that it starts at the first connection; whose service that is, only a holder beside it tells.
    others = holders - own - {"1"} or (set() if holders & own else holders)
    if not holders:
        raise Unseen("port 25 is held by a process that can not be seen from here")
    return (view.read("/proc/%s/comm" % min(others, key=int)) or "").strip() or "process %s" % min(others, key=int) if others else "sendmail"


def _holds(view, pid, inodes):
    try:
        return any(view.target("/proc/%s/fd/%s" % (pid, name)).rpartition("/")[2] in ["socket:[%s]" % inode for inode in inodes]
                   for name in view.names("/proc/%s/fd" % pid) or ())
    except Unseen:
        return False


FIXED = (8, 18, 1)
SMUGGLING = "CVE-2023-51765"
# The revision of Debian 12 that has the fix; its upstream version has it not.
DEBIAN_12 = ("8.17.1.9-2+deb12u", "8.17.1.9-2+deb12u2")
CHANGELOGS = ("/usr/share/doc/sendmail-bin/changelog.Debian.gz", "/usr/share/doc/sendmail/changelog.Debian.gz")


def _package(view):
    """Return ``(package, version, manager)`` of what sendmail's program came with, three empty texts where no package has it.

    :raises Unseen: a package manager that could not say.
    """
    for manager, asks, version in (("dpkg", ("dpkg-query", "-S"), ("dpkg-query", "-W", "-f=${Version}")),
                                   ("rpm", ("rpm", "-qf", "--qf", "%{NAME}: %{VERSION}-%{RELEASE}\n"), ())):
        if not view.program(asks[0]):
            continue
        asked = view.run(*(asks + (program(view),)))
        found = re.search(r"^([\w.+-]+)(?::\w+)?: (\S+)$", asked.stdout, re.M) if asked.rc == 0 else None
        if found:
            return found.group(1), view.run(*(version + (found.group(1),))).stdout.strip() if version else found.group(2), manager
        if not re.search("no path found|not owned by any package", asked.stdout + asked.stderr):
            raise Unseen("%s did not say whose %s is: %s" % (asks[0], program(view), cut(asked.stderr) or "it ended with %d" % asked.rc))
    return "", "", ""


def _patched(view):
    """The release has the fix, or its package says so."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    version = release(view)[0]
    if tuple(hostinfo.version_parts(version))[:3] >= FIXED:
        return passed(Evidence(program(view), "sendmail %s" % version, ""))
    name, package, manager = _package(view)
    where = "package %s" % name if name else program(view)
    if package.startswith(DEBIAN_12[0]) and view.run("dpkg", "--compare-versions", package, "ge", DEBIAN_12[1]).rc == 0:
        return passed(Evidence(where, "%s, at least %s" % (package, DEBIAN_12[1]), ""))
    changelog = _changelog(view, name, manager)
    if changelog is None:
        return unknown("sendmail %s%s is older than 8.18.1, and no changelog tells whether the distribution mended it. The probe of end-of-data over the wire "
                       "(SM-SMTP-06) does." % (version, " (%s)" % package if package else ""), where)
    if SMUGGLING in changelog:
        return passed(Evidence(where, "%s, whose changelog names %s" % (package, SMUGGLING), ""))
    return failed(Evidence(where, "sendmail %s%s, whose changelog does not name %s" % (version, " (%s)" % package if package else "", SMUGGLING),
                           "8.18.1 or newer, or a package that has the fix"))


def _changelog(view, name, manager):
    """Return the changelog of a package, an empty text where no package has sendmail (nobody mended it then), None where it is not on the host."""
    if not name:
        return ""
    if manager == "rpm":
        return view.run("rpm", "-q", "--changelog", name).stdout or None
    path = next((path for path in CHANGELOGS if view.stat(path, follow=True)), None)
    return view.run("gzip", "-dc", path).stdout if path else None


# What runs or is compiled from: not documentation, and not what an administrator edits.
CODE = re.compile(r"/(usr/)?(s?bin|lib\w*|libexec|share/sendmail[^/]*)/")
NO_CODE = re.compile(r"\.(service|path|timer|conf)$|/man/|/doc/|/lintian/")
# Links to commands, which belong to the site.
COMMAND_PLACES = tuple(path + "/" for path in hostinfo.SMRSH_DIRECTORIES)


def _as_packaged(view):
    """The package manager finds the programs as it brought them."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    name, _version, manager = _package(view)
    if not name:
        return not_applicable("no package brought the sendmail of this host")
    if manager == "rpm":
        packages, verify = [name, "sendmail-cf"], ("rpm", "-V")
        packages = [one for one in packages if view.run("rpm", "-q", one).rc == 0]
    else:
        told = view.run("dpkg-query", "-W", "-f=${Package}\t${db:Status-Abbrev}\n", "sendmail-bin", "sendmail-base", "sendmail-cf", "sensible-mda").stdout
        packages, verify = [line.split("\t")[0] for line in told.splitlines() if line.partition("\t")[2].startswith("ii")], ("dpkg", "--verify")
    done = view.run(*(verify + tuple(packages)))
    # rpm ends with the number of packages that deviate.
    if (done.rc > 1 and verify[0] == "dpkg") or (done.rc and not done.stdout.strip()):
        raise Unseen("%s ended with %d: %s" % (" ".join(verify), done.rc, cut(done.stderr) or "no word"))
    faults, hidden = _deviations(done.stdout)
    if hidden and not faults:
        return unknown("%s could not be read, so nothing tells whether it is what the package brought" % ", ".join(hidden[:5]), " ".join(verify))
    return held(faults[:SHOWN], [Evidence(" ".join(verify + tuple(packages)), "no program or file of the cf library deviates", "")])


def _deviations(text):
    """Return the evidence of deviating programs, and the paths that could not be read, out of what ``rpm -V`` or ``dpkg --verify`` says."""
    faults, hidden = [], []
    for line in text.splitlines():
        found = re.match(r"(missing|[.?\w]{8,})\s+(?:([a-z])\s+)?(/.*?)(?: \(.*\))?$", line)
        if not found or found.group(2) or not CODE.match(found.group(3)) or NO_CODE.search(found.group(3)):
            continue
        kind, path = found.group(1), found.group(3)
        if kind == "missing":
            if not path.startswith(COMMAND_PLACES):
                faults.append(Evidence(path, "missing", "as the package brought it"))
            continue
        what = [word for letter, word in (("5", "its content"), ("S", "its size"), ("M", "its mode"), ("U", "its owner"), ("G", "its group"),
                                          ("L", "where it leads")) if letter in kind]
        if what:
            faults.append(Evidence(path, "%s differs (%s)" % (" and ".join(what), kind), "as the package brought it"))
        elif kind[2:3] == "?" and not re.match(r"\?\?5", kind):
            hidden.append(path)
    return faults, hidden


DEBIAN_FLAGS, SUSE_FLAGS = "/etc/mail/sendmail.conf", "/etc/sysconfig/mail"
SUSE_UPDATE = ("/usr/lib/sendmail.d/update", "/usr/libexec/sendmail.d/update", "/usr/sbin/config.sendmail")
REGENERATORS = re.compile(r"path=(/etc/mail/make|/etc/init\.d/sendmail|/usr/share/sendmail/\w+|/etc/mail/system/sm\S*\.pre|/usr/bin/make)\b[^;]*")


def _flag(view, path, key):
    """Return the value of a shell variable and where it stands; None where it is not set."""
    value, where = None, path
    for number, line in enumerate((view.read(path) or "").splitlines(), 1):
        found = re.match(r"\s*%s=(\"[^\"]*\"|'[^']*'|[^\s#;]*)" % key, line)
        if found:
            value, where = found.group(1).strip("\"'"), "%s:%d" % (path, number)
    return value, where


def _no_regenerators(view):
    """Neither an update nor a start writes the configuration anew."""
    faults, seen = [], []
    for there, path, key, wanted, usual in (
            (view.find("/usr/share/sendmail/update_*"), DEBIAN_FLAGS, "HANDS_OFF", "Yes", "No"),
            ([path for path in SUSE_UPDATE if view.stat(path, follow=True)], SUSE_FLAGS, "MAIL_CREATE_CONFIG", "no", "yes")):
        if there:
            value, where = _flag(view, path, key)
            one = Evidence(where, "%s=%s" % (key, value) if value is not None else "%s is not set, which means %s" % (key, usual), "%s=%s" % (key, wanted))
            # Debian's scripts take anything but the literal No for a yes.
            good = value == "no" if key == "MAIL_CREATE_CONFIG" else value not in (None, "", "No")
            (seen if good else faults).append(one)
    for name in ("sendmail.service", "sm-client.service", "sendmail-client.service"):
        unit = view.unit(name)
        if unit.get("LoadState") != "loaded":
            continue
        called = [found.group(1) for key in ("ExecStartPre", "ExecStart", "ExecReload") for found in REGENERATORS.finditer(unit.get(key, ""))]
        one = Evidence("%s (%s)" % (name, unit.get("FragmentPath", "")), "starts %s" % (", ".join(sorted(set(called))) or "nothing that compiles"),
                       "a unit that starts sendmail alone")
        (faults if called else seen).append(one)
    if not faults and not seen:
        return not_applicable("there is nothing on this host that would write a configuration")
    return held(faults, [one._replace(wanted="") for one in seen])


def _compiled_in(view):
    """What the live configuration uses is in the program, and its maps have their databases."""
    configurations = [(view.cf(which), view.compiled(which)) for which in ("mta", "msp") if view.compiled(which)]
    if not configurations:
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    version, flags = release(view)
    if not flags:
        raise Unseen("%s does not tell what it was compiled with" % program(view))
    faults = []
    for found, path in configurations:
        for needed, line, why in _needs(found):
            if language.lacking((needed,), flags):
                faults.append(Evidence(view.line(path, line), "%s needs %s, which is not compiled in" % (why, needed), "a sendmail with %s" % needed))
        for one in found.maps.values():
            faults += _map_faults(view, path, one, flags)
    return held(faults[:SHOWN], [Evidence(program(view), "sendmail %s with %s" % (version, " ".join(flags)), "")])


def _needs(found):
    """Yield ``(compile flag, beginning of the line, what uses it)`` of a configuration."""
    for option in ("ServerCertFile", "ClientCertFile", "CACertFile", "CipherList"):
        if found.option(option):
            yield "STARTTLS", "O %s" % option, "option %s" % option
    for option in ("AuthMechanisms", "AuthOptions"):
        if found.option(option):
            yield "SASL", "O %s" % option, "option %s" % option
    for name in found.milters:
        yield "MILTER", "X%s" % name, "filter %s" % name
    if (found.option("DANE") or "").lower() in ("true", "always"):
        yield "DANE", "O DANE", "option DANE"


def _map_faults(view, path, one, flags):
    """Return what is wrong with one K line: a class that is not in, a database that is missing."""
    where = view.line(path, "K%s " % one.name)
    needed, klass = language.map_flags(one.klass)
    if klass not in language_maps.MAP_CLASSES:
        return [Evidence(where, "map %s is of class %s, which sendmail does not know" % (one.name, klass), "one of its classes")]
    lacking = language.lacking(needed, flags)
    if lacking:
        return [Evidence(where, "map %s is of class %s, which needs %s, and that is not compiled in" % (one.name, klass, lacking),
                         "a class that makemap -l names")]
    suffix = language_maps.MAP_CLASSES[klass].suffix
    if not suffix or "-o" in one.flags or not one.path.startswith("/"):
        return []
    names = [one.path] + [one.path + end for end in (suffix, ".db") if not one.path.endswith(end)]
    if not [name for name in names[1:] or names if view.stat(name, follow=True)] and not (one.path.endswith(suffix) and view.stat(one.path, follow=True)):
        return [Evidence(where, "map %s has no %s" % (one.name, one.path + suffix), "a database, or every lookup is a failure")]
    return []


CONTROLS = (
    Control(
        id="SM-PKG-01", title="Exactly one mail system owns port 25 and the sendmail command", severity="medium",
        reason="Two mail systems share queues, logs and ports, and a package operation can hand the sendmail command, by which all programs send, to the "
               "other one.",
        remedy="The role packages does it (sendmail_replace_mta lets it remove another one). By hand: stop and remove the other mail system, and set the "
               "alternative of the command, such as alternatives --set mta or update-alternatives --auto sendmail-msp.",
        profiles=EVERYWHERE, references=(Reference("CIS", "Ubuntu Linux 22.04 LTS 2.1.21"), Reference("STIG", "RHEL-09-215020 (V-257827)")),
        check=_one_mta),
    Control(
        id="SM-PKG-02", title="The release has the fix against SMTP smuggling and all before it", severity="high",
        reason="Releases before 8.18.1 take other endings of a message than the standard's, so a stranger can put a forged message behind his own.",
        remedy="Update the package, or build a current release (sendmail_install_method: source). Where the distribution has no fix, put a front proxy or a "
               "filter before the host that refuses bare line feeds.",
        profiles=EVERYWHERE, references=(Reference("article", "S26"), Reference("article", "S31"), Reference("CVE", "2023-51765")),
        check=_patched),
    Control(
        id="SM-PKG-03", title="Programs and the cf library are as their package brought them", severity="high",
        reason="A changed set-group-ID program, or a changed file that root compiles into the configuration, belongs to whoever changed it.",
        remedy="Find out who changed the file that is named, then install the package anew (apt-get install --reinstall, dnf reinstall, zypper install "
               "--force).",
        profiles=EVERYWHERE, references=(Reference("STIG", "RHEL-09-214030 (V-257823)"),),
        check=_as_packaged),
    Control(
        id="SM-PKG-04", title="No tool of the distribution writes the configuration anew", severity="medium",
        reason="An update, a new DHCP lease or a start of the service can otherwise replace a hardened configuration without a word.",
        remedy="The roles sysconfig and service do it. By hand: HANDS_OFF=Yes in /etc/mail/sendmail.conf (Debian), MAIL_CREATE_CONFIG=no in "
               "/etc/sysconfig/mail "
               "(SUSE), and a unit in /etc/systemd/system that calls neither make nor /etc/mail/make.",
        profiles=EVERYWHERE, references=(Reference("article", "S40"), Reference("article", "S43")), check=_no_regenerators),
    Control(
        id="SM-PKG-05", title="What the configuration uses is compiled in, and its maps exist", severity="medium",
        reason="What is not compiled in is passed over in silence or fails at each lookup; after an upgrade of the platform the types of maps are others.",
        remedy="The role config refuses such a configuration before it goes live. By hand: hold sendmail -d0.13 and makemap -l against the .cf, and build "
               "the map that is named.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README"),), check=_compiled_in),
)
