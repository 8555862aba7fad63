# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host says of itself, for whoever must decide how to treat it. Read only.

Two layers: parsers of text (pure), and :class:`Host`, which fetches the texts. What can not be known is None or empty, and
``reasons`` says why; nothing here raises because a host is broken, since broken hosts are the ones that get looked at.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import glob
import grp
import os
import platform
import pwd
import re
import shutil
import socket
import stat
import sys
import time

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, m4
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import ENVIRONMENT

FAMILIES = (
    ("debian", ("debian", "ubuntu")),
    ("redhat", ("rhel", "fedora", "centos", "almalinux", "rocky", "ol", "amzn", "openmandriva", "mandriva", "openEuler")),
    ("suse", ("suse", "opensuse", "sles", "sled", "opensuse-leap", "opensuse-tumbleweed")),
)
# What every host of a family has before anything is installed: an identity alone makes no family.
FAMILY_FILES = {"debian": ("/usr/bin/dpkg-query", "/usr/bin/apt-get"), "redhat": ("/usr/bin/rpm", "/usr/bin/dnf"), "suse": ("/usr/bin/rpm", "/usr/bin/zypper")}
MTA_PACKAGES = ("sendmail", "sendmail-bin", "sendmail-base", "sendmail-cf", "sendmail-doc", "m4", "postfix", "postfix-bdb", "exim4-daemon-light",
                "exim4-daemon-heavy", "exim", "opensmtpd", "nullmailer", "msmtp-mta", "ssmtp", "esmtp-run", "dma", "courier-mta", "masqmail",
                "citadel-server")
# Words that stand in the program file behind the sendmail command of each MTA.
PROGRAM_MARKS = (("postfix", b"postdrop"), ("exim", b"Exim version"), ("opensmtpd", b"smtpctl"), ("nullmailer", b"nullmailer"),
                 ("msmtp", b"msmtp"), ("ssmtp", b"ssmtp"), ("dma", b"dma.conf"), ("sendmail", b"sendmail.cf"))
# Names under which the listener of each MTA runs (the kernel cuts them to 15 characters).
PROCESS_NAMES = {"sendmail": "sendmail", "sendmail-mta": "sendmail", "sendmail-msp": "sendmail", "sendmail.sendma": "sendmail", "master": "postfix",
                 "exim4": "exim", "exim": "exim", "smtpd": "opensmtpd", "systemd": "systemd", "init": "systemd"}
PROGRAMS = ("/usr/sbin/sendmail", "/usr/libexec/sendmail/sendmail", "/usr/sbin/sendmail.sendmail", "/usr/sbin/sendmail-mta", "/usr/lib/sendmail")
CF_LIBRARIES = ("/usr/share/sendmail/cf", "/usr/share/sendmail-cf", "/usr/share/sendmail", "/usr/lib/sendmail-cf", "/usr/local/share/sendmail/cf")
SMRSH_PROGRAMS = ("/usr/libexec/sendmail/smrsh", "/usr/sbin/smrsh", "/usr/lib/sm.bin/smrsh", "/usr/lib/sendmail.d/bin/smrsh",
                  "/usr/libexec/sendmail.d/bin/smrsh", "/usr/libexec/smrsh")
SMRSH_DIRECTORIES = ("/etc/mail/smrsh", "/etc/smrsh", "/usr/lib/sendmail.d/bin", "/usr/libexec/sendmail.d/bin", "/usr/adm/sm.bin", "/usr/lib/sm.bin")
CONFIGURATIONS = ("/etc/mail/sendmail.cf", "/etc/sendmail.cf")
# Of which source each is made; of several the first that exists.
SOURCES = {"/etc/mail/sendmail.cf": ("/etc/mail/sendmail.mc",), "/etc/sendmail.cf": ("/etc/mail/linux.mc", "/etc/mail/sendmail.mc")}
# What VERSIONID of the collection's own templates leaves in a compiled configuration.
OURS = "#####  mailjail.sendmail  #####"
# A host's own source is not ours to trust: it is read without the commands of m4 that run programs, and without the remark of when and where.
READ_ONLY_M4 = ["-D_NO_MAKEINFO_", "-DTEMPFILE=/dev/null"] + ["-U" + command for command in m4.DISARMED]
# Bundles of authorities, as the package ca-certificates of each family makes them.
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem")
# What the role tls gives the resolver.
RESOLVER_OURS = ("/etc/unbound/unbound.conf.d/mailjail.conf", "/etc/unbound/conf.d/mailjail.conf")
# Where the SASL library finds its plugins, and the programs that belong to it.
SASL_PLUGINS = ("/usr/lib64/sasl2/lib*.so", "/usr/lib/sasl2/lib*.so", "/usr/lib/*/sasl2/lib*.so")
SASL_PROGRAMS = ("saslauthd", "saslpasswd2", "sasldblistusers2")
# What the role auth made on a host, and has to take away where it is wanted no more (generations.BESIDE keeps it for a way back).
SASL_OURS = ("/etc/systemd/system/sendmail-saslauthd.service", "/etc/sasl2/sendmail.sasldb2", "/var/lib/mailjail/sasl-users.json")
# Rules of PAM for logins: /etc comes first, packages have theirs in one of the others too. Ours say whose they are.
PAM_RULES = ("/etc/pam.d/smtp", "/usr/lib/pam.d/smtp", "/usr/etc/pam.d/smtp")
PAM_MARK = "collection mailjail.sendmail"
# What the role milters put over units of packages.
FILTERS_OURS = ("/etc/systemd/system/clamav-daemon.*.d/mailjail.conf",)
# What the roles around the daemon laid out: by role, because each takes away its own.
SYSTEM_OURS = {
    "firewall": ("/etc/mailjail-firewall.nft", "/etc/systemd/system/mailjail-firewall.service", "/etc/firewalld/policies/mailjail-*.xml"),
    "logs": ("/etc/rsyslog.d/10-mailjail.conf", "/etc/logrotate.d/mailjail", "/etc/systemd/journald.conf.d/mailjail.conf"),
    "metrics": ("/usr/local/lib/mailjail/metrics.py", "/etc/systemd/system/mailjail-metrics.service", "/etc/systemd/system/mailjail-metrics.timer"),
    "apparmor": ("/etc/apparmor.d/mailjail-sendmail",),
}
METRICS_UNIT = "/etc/systemd/system/mailjail-metrics.service"
# The kernel's word on whether it holds programs to profiles.
APPARMOR = "/sys/module/apparmor/parameters/enabled"
UNITS = ("sendmail.service", "sm-client.service", "sendmail-client.service", "sendmail-client.path")
UNIT_PROPERTIES = {"LoadState": "load", "ActiveState": "active", "SubState": "sub", "UnitFileState": "enabled", "MainPID": "main_pid",
                   "FragmentPath": "file", "Type": "type"}
# Where packages keep their units; one of ours in /etc hides such a file from systemd.
VENDOR_UNITS = ("/usr/lib/systemd/system", "/lib/systemd/system")
PORTS = (25, 465, 587)
# What a delegation has on a host, and what it leaves there when it ends.
DELEGATION = ("/etc/mailjail-delegates.json", "/var/lib/mailjail-delegates", "/usr/local/lib/mailjail/delegate.pyz",
              "/etc/systemd/system/mailjail-delegate*", "/etc/systemd/system/*.wants/mailjail-delegate*")
# What sendmail is asked takes it 20 ms. What takes longer waits for a name server, and the answer is printed before that wait.
PATIENCE = "2"


# ---- parsers ---------------------------------------------------------------------------------------------------------------------------

def parse_os_release(text):
    """Return ``id``, ``id_like`` (list), ``version_id``, ``codename``, ``name`` and ``family`` out of the text of os-release(5)."""
    found = {}
    for line in text.splitlines():
        key, equals, value = line.strip().partition("=")
        if equals and not key.startswith("#"):
            found[key] = value.strip("\"'")
    own, like = found.get("ID", ""), found.get("ID_LIKE", "").split()
    family = next((name for word in [own] + like for name, words in FAMILIES if word in words), "unknown")
    return {"id": own, "id_like": like, "version_id": found.get("VERSION_ID", ""), "codename": found.get("VERSION_CODENAME", ""),
            "name": found.get("PRETTY_NAME", ""), "family": family}


def family_lacks(family, exists):
    """Return the files of a family that a host of it has, and this one has not.

    :param exists: tells whether a path exists.
    """
    return [path for path in FAMILY_FILES.get(family, ()) if not exists(path)]


def hosts_names(text, name):
    """Return the names on the line of hosts(5) that a lookup of ``name`` finds first, canonical name first; empty if there is none.

    sendmail looks for an IPv4 line first, so such a line wins over an IPv6 one.
    """
    lines = [line.split("#", 1)[0].split() for line in text.splitlines()]
    lines = [words for words in lines if name.lower() in [word.lower() for word in words[1:]]]
    return next((words[1:] for words in sorted(lines, key=lambda words: ":" in words[0])), [])


def qualify(name, hosts, resolved):
    """Say how sendmail will call itself.

    :param str name: the kernel's host name.
    :param list hosts: names on its line in /etc/hosts.
    :param list resolved: names that the resolver gave (asked only where the others have no dot).
    :returns: ``(fqdn, source)``; source is ``hosts``, ``hostname``, ``resolver``, or ``none`` with fqdn empty.
    """
    if "." in name:
        canonical = hosts[0] if hosts and "." in hosts[0] else name
        return canonical, "hosts" if hosts and "." in hosts[0] else "hostname"
    for source, names in (("hosts", hosts), ("resolver", resolved)):
        dotted = [word for word in names if "." in word.strip(".")]
        if dotted:
            return dotted[0].rstrip("."), source
    return "", "none"


def parse_addresses(four, six):
    """Return the IP addresses of a host, sorted, without those of loopback.

    :param four: text of ``/proc/net/fib_trie``, where an own address is a leaf with the words ``host LOCAL`` below it.
    :param six: text of ``/proc/net/if_inet6``, an address in 32 digits and five fields in each line.
    """
    found, leaf = set(), ""
    for line in four.splitlines():
        words = line.split()
        if words[:1] == ["|--"]:
            leaf = words[1]
        elif words[:3] == ["/32", "host", "LOCAL"] and not leaf.startswith("127."):
            found.add(leaf)
    for line in six.splitlines():
        digits = line.split(" ", 1)[0]
        if len(digits) == 32 and int(digits, 16) != 1:
            found.add(socket.inet_ntop(socket.AF_INET6, bytes(bytearray.fromhex(digits))))
    return sorted(found)


def parse_sendmail_debug(text):
    """Read what ``sendmail -d0.14`` prints before it does anything.

    :returns: dict of ``version``, ``compile_flags``, ``configuration`` and ``pid_file`` (empty where not printed).
    """
    version = re.search(r"^Version (\S+)", text, re.M)
    flags = re.findall(r"^ (?:Compiled with|  FFR Defines):((?:.*\n)(?:\t+.*\n)*)", text, re.M)
    configuration = re.search(r"Conf file:\s*(\S+) \(default for MTA\)", text)
    pid_file = re.search(r"Pid file:\s*(\S+) \(default\)", text)
    return {"version": version.group(1) if version else "", "compile_flags": " ".join(flags).split(),
            "configuration": configuration.group(1) if configuration else "", "pid_file": pid_file.group(1) if pid_file else ""}


def parse_classes(text, names):
    """Read the answers of ``sendmail -bt`` to one ``$=x`` line for each of ``names``.

    :returns: dict of class name to sorted list of its members.
    """
    classes, place = dict((name, []) for name in names), -1
    for line in text.partition("Enter <ruleset> <address>\n")[2].splitlines():
        while line.startswith("> "):
            place, line = place + 1, line[2:]
        if line and 0 <= place < len(names):
            classes[names[place]].append(line)
    return dict((name, sorted(members)) for name, members in classes.items())


def complaint(text):
    """Return the first line in which sendmail complains about its configuration, or an empty string."""
    found = re.search(r"^(\S+: line \d+: .*|No local mailer defined.*)$", text, re.M)
    return re.sub(r"[^\x20-\x7e]", "?", found.group(1).strip())[:200] if found else ""


def version_parts(version):
    """Return the numbers of a version such as ``8.17.1.9`` as a list; a suffix ends it."""
    found = re.match(r"\d+(?:\.\d+)*", version or "")
    return [int(part) for part in found.group(0).split(".")] if found else []


def identify_program(data):
    """Say whose sendmail command a program file is, from its bytes.

    :returns: ``(mta, version)``; the version is known for sendmail only, mta is empty if nothing is recognised.
    """
    mta = next((name for name, mark in PROGRAM_MARKS if mark in data), "")
    found = re.search(rb"\0(8\.\d{1,2}\.\d{1,2}(?:\.\d{1,3})?)\0", data) if mta == "sendmail" else None
    return mta, found.group(1).decode("ascii") if found else ""


def parse_listeners(text, ports):
    """Return the listening sockets on some ports out of the text of /proc/net/tcp or tcp6, as dicts ``address port inode uid``."""
    found = []
    for line in text.splitlines()[1:]:
        fields = line.split()
        if len(fields) > 9 and fields[3] == "0A":
            address, port = fields[1].split(":")
            if int(port, 16) in ports:
                found.append({"address": _address(address), "port": int(port, 16), "inode": fields[9], "uid": int(fields[7])})
    return found


def _address(digits):
    # The kernel prints each 32-bit word of an address in the machine's own order (little-endian on all that sendmail is packaged for here).
    words = [bytes.fromhex(digits[place:place + 8])[::-1] for place in range(0, len(digits), 8)]
    return socket.inet_ntop(socket.AF_INET if len(words) == 1 else socket.AF_INET6, b"".join(words))


def parse_units(text):
    """Return a dict of unit name to its state, from the output of ``systemctl show`` for several units."""
    units = {}
    for block in text.strip().split("\n\n"):
        values = dict(line.partition("=")[::2] for line in block.splitlines())
        if values.get("Id"):
            unit = dict((key, values.get(name, "")) for name, key in UNIT_PROPERTIES.items())
            unit["main_pid"] = int(unit["main_pid"] or 0)
            units[values["Id"]] = unit
    return units


def unit_type(text):
    """Return how a unit of the vendor starts its process, the ``Type`` of its text; empty without a text."""
    if text is None:
        return ""
    found = re.findall(r"^\s*Type\s*=\s*(\S*)", text, re.M)
    return found[-1] if found and found[-1] else "simple"


def parse_nameservers(text):
    """Return the addresses of name servers in a ``resolv.conf``; those that are good on one interface only are left out."""
    return [word.partition("nameserver")[2].split()[0] for word in text.splitlines() if re.match(r"nameserver\s+[0-9A-Fa-f.:]+\s*$", word)]


def parse_packages(text):
    """Return a dict of installed package to version, from lines ``name<TAB>version<TAB>status`` of dpkg-query or rpm."""
    rows = [line.split("\t") for line in text.splitlines() if line.count("\t") == 2]
    return dict((name, version) for name, version, status in rows if status.startswith(("ii", "installed")))


def parse_configuration(text):
    """Read the few things of a compiled configuration that other roles ask of a host.

    :returns: dict of ``level`` (configuration level), ``version`` (of the cf library), ``options`` (the last of each name wins, as in sendmail),
              ``daemon_port_options`` (every one), ``milters`` (``name`` and ``socket`` of each) and ``queue_directories``.
    """
    options, listeners, directories, milters = {}, [], [], []
    for line in re.sub(r"\n[ \t]+", " ", text).splitlines():
        option = re.match(r"O\s*([A-Za-z0-9.]{2,})\s*=\s*(.*?)\s*$", line)
        milter = re.match(r"X([^\s,]+)\s*,.*?\bS=([^,\s]+)", line)
        group = re.match(r"Q\w+\s*,.*?\bP(?:ath)?=\s*([^,\s]+)", line)
        if option and option.group(1).lower() == "daemonportoptions":
            listeners.append(option.group(2))
        elif option:
            options[option.group(1)] = option.group(2)
        elif milter:
            milters.append({"name": milter.group(1), "socket": milter.group(2)})
        elif group:
            directories.append(group.group(1))
    level, version = re.search(r"^V(\d+)", text, re.M), re.search(r"^DZ(\S+)", text, re.M)
    return {"level": int(level.group(1)) if level else None, "version": version.group(1) if version else "", "options": options,
            "daemon_port_options": listeners, "milters": milters,
            "queue_directories": [options[name] for name in ("QueueDirectory",) if name in options] + directories}


def edits(compiled, live):
    """Return in what a live configuration is not what its source compiles to, as a list of kinds and names such as ``option MaxHopCount``.

    None if that can not be said: what another release of the library compiled differs without anybody's doing.

    :param str compiled: what m4 makes of the source now.
    :param str live: the compiled configuration that is in force.
    """
    releases = [re.search(r"^DZ(\S+)", text, re.M) for text in (compiled, live)]
    if not all(releases) or releases[0].group(1) != releases[1].group(1):
        return None
    return ["%s %s" % (row["what"], row["name"]) for row in cf.changes(compiled, live)]


def is_own_resolver(text):
    """Tell whether the text of a resolv.conf leads to a name server on the host itself, other than the stub of systemd."""
    return bool(re.search(r"^\s*nameserver\s+(?:127\.0\.0\.1|::1)\s*$", text, re.M))


def count_queue(names):
    """Count messages by the kind of their control file: ``messages`` waiting, ``quarantined``, ``lost``."""
    kinds = {"qf": "messages", "hf": "quarantined", "Qf": "lost"}
    total = dict((kind, 0) for kind in kinds.values())
    for name in names:
        if name[:2] in kinds:
            total[kinds[name[:2]]] += 1
    return total


# ---- the host --------------------------------------------------------------------------------------------------------------------------

def opened(path):
    """Open a file for reading. Whatever its owner put in its place, a pipe or a terminal, neither holds this process nor becomes its own.

    Its kind is for the caller to look at, on what is open. :raises OSError: it can not be opened, or is a directory.
    """
    handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY | os.O_CLOEXEC)
    try:
        return os.fdopen(handle, "rb")
    except (IOError, OSError):
        os.close(handle)
        raise


def read_text(path, limit=1 << 24):
    """Return the text of a small file, or None when it can not be read or is no file: a pipe that nobody writes to would hold whoever opens it for good."""
    try:
        with opened(path) as source:
            return source.read(limit).decode("utf-8", "replace") if stat.S_ISREG(os.fstat(source.fileno()).st_mode) else None
    except (IOError, OSError):
        return None


def follow(path):
    """Return a path and each place that it points to, the file itself last; a loop ends the list."""
    chain = [path]
    while os.path.islink(chain[-1]) and len(chain) < 20:
        chain.append(os.path.normpath(os.path.join(os.path.dirname(chain[-1]), os.readlink(chain[-1]))))
    real = os.path.realpath(path)
    return chain if chain[-1] == real or not os.path.exists(real) else chain + [real]


def existing(patterns):
    """Return the paths that exist of some patterns, sorted; a link that leads nowhere exists."""
    return sorted(set(path for pattern in patterns for path in glob.glob(pattern)))


def connection_port():
    """Return the port on which this host took the connection over which this runs, 0 if it came otherwise.

    A process of sshd's says it in its environment; sudo does not hand it on, so whoever started this is asked.
    """
    pid = os.getpid()
    for _step in range(30):
        found = re.search(r"(?:^|\0)SSH_CONNECTION=\S+ \d+ \S+ (\d{1,5})(?:\0|$)", read_text("/proc/%d/environ" % pid) or "")
        if found:
            return int(found.group(1))
        above = re.search(r"^PPid:\s+(\d+)", read_text("/proc/%d/status" % pid) or "", re.M)
        if not above or int(above.group(1)) < 2:
            break
        pid = int(above.group(1))
    return 0


def system_files():
    """Return by role the files that it laid out: also the figures, which lie where an older run was told to put them."""
    found = dict((role, existing(patterns)) for role, patterns in SYSTEM_OURS.items())
    target = re.search(r"^ExecStart=.* --target=(/\S+/sendmail\.prom)(?:\s|$)", read_text(METRICS_UNIT) or "", re.M)
    if target and os.path.lexists(target.group(1)):
        found["metrics"] = sorted(found["metrics"] + [target.group(1)])
    return found


def which(name):
    """Return the path of a program where root would find it, or an empty string."""
    return shutil.which(name, path=ENVIRONMENT["PATH"]) or ""


def first_existing(paths, inside=""):
    """Return the first path that exists (or in which ``inside`` exists), or an empty string."""
    return next((path for path in paths if os.path.exists(os.path.join(path, inside) if inside else path)), "")


def process_name(pid):
    """Return the short name of a process; empty if it is gone."""
    return (read_text("/proc/%d/comm" % pid) or "").strip()


def process_title(pid):
    """Return what the process list shows of a process; empty if it is gone or a zombie."""
    return (read_text("/proc/%d/cmdline" % pid) or "").replace("\0", " ").strip()


def process_user(pid):
    """Return as whom a process works, a number where the account has no name; empty if it is gone."""
    # The owner of its directory in /proc would be root for any program that is set-user-ID or set-group-ID.
    found = re.search(r"^Uid:\s+\d+\s+(\d+)", read_text("/proc/%d/status" % pid) or "", re.M)
    try:
        return pwd.getpwuid(int(found.group(1))).pw_name if found else ""
    except KeyError:
        return found.group(1)


def program_mark(path):
    """Say whose sendmail command a file is (:func:`identify_program`); both empty where it can not be read."""
    try:
        with open(path, "rb") as source:
            return identify_program(source.read(1 << 23))
    except (IOError, OSError):
        return "", ""


def account_table(lookup, names, fields):
    """Return a dict of account name to its numbers, None for a name that this host does not know."""
    table = {}
    for name in names:
        try:
            entry = lookup(name)
            table[name] = dict((key, getattr(entry, attribute)) for key, attribute in fields.items())
        except KeyError:
            table[name] = None
    return table


class Host:
    """Fetches what the parsers read. ``reasons`` collects why something is unknown.

    :param runner: the one that starts programs.
    :param str prefix: the directory below which sendmail was built from source, if that is the one that counts.
    """

    def __init__(self, runner, prefix=""):
        self.runner, self.reasons, self.debug = runner, {}, ""
        self.programs = (prefix + "/sbin/sendmail",) if prefix else PROGRAMS
        self.makemaps = [prefix + "/sbin/makemap"] if prefix else [which("makemap"), "/usr/libexec/sendmail/makemap"]
        self.libraries = [prefix + "/share/sendmail-cf"] if prefix else CF_LIBRARIES
        self.smrshs = [prefix + "/sbin/smrsh"] if prefix else SMRSH_PROGRAMS

    def ask(self, key, argv, stdin=None, timeout=5):
        """Run a program; return its standard output, whatever its exit status, or an empty string and a reason under ``key``."""
        try:
            return self.runner.run(argv, stdin=stdin, timeout=timeout).stdout
        except SendmailError as exc:
            self.reasons[key] = exc.message
            return ""

    def identity(self):
        """Return the host's name and what kind of system it is."""
        name, hosts = socket.gethostname(), read_text("/etc/hosts") or ""
        names, resolved = hosts_names(hosts, name), []
        if not qualify(name, names, [])[0]:
            resolved = self.ask("fqdn", ["getent", "hosts", name], timeout=2).split()[1:]
        fqdn, source = qualify(name, names, resolved)
        advice = "" if fqdn else (
            "The host calls itself '%s' and neither /etc/hosts nor the resolver knows a name with a dot for it: each sendmail command would wait a minute. "
            "Put a line '<address> %s.<domain> %s' into /etc/hosts, or run 'hostnamectl set-hostname %s.<domain>'." % (name, name, name, name))
        distribution = parse_os_release(read_text("/etc/os-release") or read_text("/usr/lib/os-release") or "")
        distribution["lacks"] = family_lacks(distribution["family"], os.path.exists)
        return {"name": name, "fqdn": fqdn, "qualified": bool(fqdn), "source": source, "advice": advice, "distribution": distribution,
                "nameservers": parse_nameservers(read_text("/etc/resolv.conf") or ""), "python": platform.python_version(),
                "interpreter": sys.executable or "",
                "addresses": parse_addresses(read_text("/proc/net/fib_trie") or "", read_text("/proc/net/if_inet6") or ""),
                "service_manager": "systemd" if os.path.isdir("/run/systemd/system") else "other"}

    def packages(self, family, more=()):
        """Return installed packages of mail transfer agents, and of those named besides, with their versions, asked of the package database in one call."""
        if family == "debian" or not which("rpm"):
            command = ["dpkg-query", "-W", "-f=${Package}\t${Version}\t${db:Status-Abbrev}\n"]
        else:
            command = ["rpm", "-q", "--qf", "%{NAME}\t%{VERSION}-%{RELEASE}\tinstalled\n"]
        return parse_packages(self.ask("packages", command + list(MTA_PACKAGES) + sorted(set(more) - set(MTA_PACKAGES))))

    def sendmail(self, qualified, classes):
        """Return what is known of the sendmail program: where it is, whose the command is, its version and how it was compiled."""
        chain = follow(PROGRAMS[0]) if os.path.lexists(PROGRAMS[0]) else []
        found = [(path, os.path.realpath(path)) for path in self.programs if os.path.isfile(path)]
        command = os.path.realpath(PROGRAMS[0]) if os.path.isfile(PROGRAMS[0]) else ""
        marks = dict((real, self._mark(real)) for real in set([real for path, real in found] + [command]) if real)
        owner = marks.get(command, ("", ""))[0]
        path, version = next(((real, marks[real][1]) for _path, real in found if marks[real][0] == "sendmail"), ("", ""))
        if not path:
            self.reasons["sendmail"] = "No sendmail program in %s." % ", ".join(self.programs)
        if path and qualified:
            self._ask_sendmail(path, classes)
        elif path:
            self.reasons["sendmail"] = "The host has no fully qualified name, so sendmail was not asked; its version is read off the program file."
        told = parse_sendmail_debug(self.debug)
        source = "sendmail" if told["version"] else "program file" if version else "none"
        version = told["version"] or version
        return {"installed": bool(path), "command": PROGRAMS[0] if chain else "", "chain": chain, "command_owner": owner, "path": path,
                "version": version, "version_parts": version_parts(version), "version_source": source, "compile_flags": told["compile_flags"],
                "configuration": told["configuration"], "pid_file": told["pid_file"]}

    @staticmethod
    def _mark(path):
        return program_mark(path)

    def _ask_sendmail(self, path, classes):
        # timeout(1) keeps what was printed before a stalled name server was met; -bt reads the configuration, delivers nothing.
        questions = "".join("$=%s\n" % name for name in classes)
        self.debug = self.ask("sendmail", ["timeout", "-s", "KILL", PATIENCE, path, "-d0.14", "-bt"], stdin=questions)
        if complaint(self.debug):
            self.reasons["configuration"] = "sendmail says: %s" % complaint(self.debug)
        elif self.debug and "Enter <ruleset>" not in self.debug:
            self.reasons["sendmail"] = "sendmail did not come to read its configuration in %s s: a name server that does not answer, or %s" % (
                PATIENCE, self.debug.strip().splitlines()[-1].strip())

    def map_types(self):
        """Return makemap's path and the map types that it knows."""
        path = first_existing([path for path in self.makemaps if path])
        if not path:
            self.reasons["makemap"] = "No makemap program."
        return {"makemap": path, "types": self.ask("makemap", [path, "-l"]).split() if path else []}

    def library(self):
        """Return the directory of the cf library and its version, and m4's path."""
        path = first_existing(self.libraries, "m4/cf.m4")
        version = re.search(r"^DZ([\w.]+)", read_text(os.path.join(path, "m4/version.m4")) or "", re.M) if path else None
        if not path:
            self.reasons["library"] = "No cf library (m4/cf.m4) in %s." % ", ".join(self.libraries)
        return {"path": path, "version": version.group(1) if version else "", "m4": which("m4")}

    def smrsh(self):
        """Return smrsh's path and the directory of commands that is compiled into it."""
        path = first_existing(self.smrshs)
        text = (read_text(path) or "") if path else ""
        return {"program": path, "directory": next((name for name in SMRSH_DIRECTORIES if "\0%s\0" % name in text), "")}

    @staticmethod
    def sasl():
        """Return the plugins of the SASL library by name (``plain``, ``scram`` ...) and which of its programs there are."""
        names = (os.path.basename(path)[len("lib"):-len(".so")] for path in existing(SASL_PLUGINS))
        rules = [(path, read_text(path) or "") for path in PAM_RULES if os.path.lexists(path)]
        ours = [path for path, text in rules[:1] if path == PAM_RULES[0] and PAM_MARK in text]
        return {"plugins": sorted(set(names)), "programs": [name for name in SASL_PROGRAMS if which(name)], "ours": existing(SASL_OURS) + ours,
                "pam": "ours" if ours else "other" if rules else ""}

    @staticmethod
    def resolver():
        """Return what the role tls gave unbound, and whether the host itself asks a resolver of its own."""
        return {"ours": existing(RESOLVER_OURS), "used": is_own_resolver(read_text("/etc/resolv.conf") or "")}

    def listeners(self, ports):
        """Return who listens on some ports."""
        found = [entry for name in ("tcp", "tcp6") for entry in parse_listeners(read_text("/proc/net/" + name) or "", ports)]
        holders, hidden = self._holders(set(entry["inode"] for entry in found)) if found else ({}, [])
        for entry in found:
            pids = holders.get(entry.pop("inode"), [])
            if not pids:
                pids = self._likely(hidden)
                self.reasons["listeners"] = "The kernel hides which process holds port %d (that needs root, and CAP_SYS_PTRACE in a container); %s." % (
                    entry["port"], "the one named is the only likely one" if pids else "no running process looks like it")
            # systemd keeps the socket of an activated service too; the service itself is the one to name.
            entry["pid"] = max(pids) if pids and min(pids) == 1 else min(pids) if pids else None
            entry["process"] = process_name(entry["pid"]) if pids else ""
            entry["mta"] = PROCESS_NAMES.get(entry["process"], "")
        return sorted(found, key=lambda entry: (entry["port"], entry["address"]))

    @staticmethod
    def _holders(inodes):
        wanted, holders, hidden = dict(("socket:[%s]" % inode, inode) for inode in inodes), {}, []
        for pid in (int(name) for name in os.listdir("/proc") if name.isdigit()):
            try:
                for handle in os.scandir("/proc/%d/fd" % pid):
                    inode = wanted.get(os.readlink(handle.path))
                    if inode:
                        holders.setdefault(inode, []).append(pid)
            except PermissionError:
                hidden.append(pid)
            except (IOError, OSError):
                continue
        return holders, hidden

    @staticmethod
    def _likely(hidden):
        mtas = [pid for pid in hidden if PROCESS_NAMES.get(process_name(pid))]
        # sendmail has more processes than one; only the listener's title says this.
        accepting = [pid for pid in mtas if "accepting connections" in process_title(pid)]
        return (accepting or mtas)[:1] if len(set(PROCESS_NAMES[process_name(pid)] for pid in accepting or mtas)) == 1 else []

    def units(self, names):
        """Return the state of some units, asked of systemd in one call; a unit that systemd does not know has load ``not-found``."""
        if not os.path.isdir("/run/systemd/system"):
            self.reasons["units"] = "systemd does not run on this host."
            return {}
        found = parse_units(self.ask("units", ["systemctl", "show", "-p", "Id,Names," + ",".join(sorted(UNIT_PROPERTIES))] + list(names)))
        for name, unit in found.items():
            unit["vendor_type"] = unit_type(read_text(first_existing(VENDOR_UNITS, name) + "/" + name))
        return found

    def configuration(self, path):
        """Return what the compiled configuration says, or a reason why it says nothing."""
        text = read_text(path)
        if text is None:
            self.reasons["configuration"] = "%s can not be read or does not exist." % path
        elif not re.search(r"^V\d+", text, re.M) or not re.search(r"^Mlocal", text, re.M):
            self.reasons.setdefault("configuration", "%s is not a whole sendmail configuration: no version line, or no local mailer." % path)
        found = parse_configuration(text or "")
        found.update(path=path, exists=text is not None, modified=os.stat(path).st_mtime if text is not None else None)
        found["safe_file_environment"] = found["options"].get("SafeFileEnvironment", "")
        blame = found["options"].get("DontBlameSendmail", "")
        found["dont_blame_sendmail"] = [word for word in re.split(r"[\s,]+", blame) if word and word.lower() != "safe"]
        return found

    def edited(self, path):
        """Return what was edited in a compiled configuration that is newer than its source and not ours; empty where nothing was, or none can say."""
        live, source, compiler = read_text(path) or "", first_existing(SOURCES.get(path, ())), which("m4")
        if not live or OURS in live or not source or not compiler or os.stat(source).st_mtime >= os.stat(path).st_mtime:
            return []
        try:
            done = self.runner.run([compiler] + READ_ONLY_M4 + [source], cwd=os.path.dirname(source), timeout=20)
        except SendmailError as exc:
            self.reasons["edited"] = exc.message
            return []
        found = edits(done.stdout, live) if done.rc == 0 else None
        if found is None:
            self.reasons["edited"] = "%s can not be compared with %s: m4 does not compile that, or another release of its library did." % (path, source)
        return found or []

    def queue(self, directories):
        """Return how many messages wait in each queue directory (``*`` and the sub-directory ``qf`` are followed as sendmail does)."""
        depth = []
        for directory in sorted(set(path for pattern in directories for path in (glob.glob(pattern) if "*" in pattern else [pattern]))):
            below = os.path.join(directory, "qf")
            entry = {"directory": directory, "messages": None, "quarantined": None, "lost": None}
            try:
                entry.update(count_queue(os.listdir(below if os.path.isdir(below) else directory)))
            except OSError as exc:
                self.reasons["queue"] = "%s: %s." % (directory, exc.strerror)
            depth.append(entry)
        return depth

    def daemon(self, listeners, units, pid_file):
        """Return the process that takes mail: found by its socket, else by its unit, else by its pid file."""
        by_port = [entry["pid"] for entry in listeners if entry["mta"] == "sendmail" and entry["pid"]]
        by_unit = [unit["main_pid"] for name, unit in sorted(units.items()) if name.startswith("sendmail") and unit["main_pid"]]
        by_file = [int(line) for line in (read_text(pid_file) or "").splitlines()[:1] if line.strip().isdigit()] if pid_file else []
        for source, pids in (("socket", by_port), ("unit", by_unit), ("pid file", by_file)):
            for pid in pids:
                title = process_title(pid)
                # A zombie has a name still, but no command line.
                if title and PROCESS_NAMES.get(process_name(pid)) == "sendmail":
                    return {"running": True, "pid": pid, "found_by": source, "started": self._started(pid), "title": title, "pid_file": pid_file,
                            "user": process_user(pid)}
        self.reasons["daemon"] = "No sendmail holds a port asked for, and neither a unit nor %s names a living one." % (pid_file or "a pid file")
        return {"running": False, "pid": None, "found_by": "", "started": None, "title": "", "pid_file": pid_file, "user": ""}

    @staticmethod
    def _started(pid):
        # Field 22 of stat counts clock ticks since boot; the command name before it may hold blanks and brackets.
        fields, uptime = (read_text("/proc/%d/stat" % pid) or "").rpartition(")")[2].split(), (read_text("/proc/uptime") or "").split()
        if len(fields) < 20 or not uptime:
            return None
        return round(time.time() - float(uptime[0]) + float(fields[19]) / os.sysconf("SC_CLK_TCK"), 2)


def gather(runner, classes=(), users=(), groups=(), units=UNITS, ports=PORTS, prefix=None, packages=(), executables=()):
    """Return everything that the module documents.

    :param runner: the one that starts programs.
    :param classes: sendmail classes to list (``w``, ``R``, ``t`` ...).
    :param users: accounts to look up.
    :param groups: groups to look up.
    :param units: systemd units to ask for.
    :param ports: TCP ports whose listeners are wanted.
    :param prefix: the directory below which sendmail was built from source; then no other sendmail counts.
    :param packages: further packages to look up.
    :param executables: paths of programs of which it is to be told whether they are there.
    """
    host = Host(runner, prefix or "")
    identity = host.identity()
    program = host.sendmail(identity["qualified"], classes)
    listeners, states = host.listeners(ports), host.units(units)
    live = host.configuration(program.pop("configuration") or first_existing(CONFIGURATIONS) or CONFIGURATIONS[0])
    live["edited"] = host.edited(live["path"])
    client = parse_configuration(read_text("/etc/mail/submit.cf") or "")
    found = host.packages(identity["distribution"]["family"], packages)
    mail_systems = dict((name, version) for name, version in found.items() if name in MTA_PACKAGES)
    smtp = sorted(set(entry["mta"] or entry["process"] or "unknown" for entry in listeners if entry["port"] == 25))
    pid_file = live["options"].get("PidFile") or program.pop("pid_file")
    program.pop("pid_file", None)
    program["package_version"] = found.get("sendmail-bin") or found.get("sendmail", "")
    return {
        "host": identity, "sendmail": program, "packages": mail_systems, "programs": {"openssl": which("openssl")},
        "authorities": first_existing(AUTHORITIES), "resolver": host.resolver(),
        "maps": host.map_types(), "library": host.library(), "smrsh": host.smrsh(), "sasl": host.sasl(), "filters": existing(FILTERS_OURS),
        "listeners": listeners, "port_25_owners": smtp, "units": states, "daemon": host.daemon(listeners, states, pid_file), "configuration": live,
        "queue": host.queue(live.pop("queue_directories")), "client_queue": host.queue(client["queue_directories"]),
        "classes": parse_classes(host.debug, list(classes)),
        "users": account_table(pwd.getpwnam, users, {"uid": "pw_uid", "gid": "pw_gid", "home": "pw_dir", "shell": "pw_shell"}),
        "groups": account_table(grp.getgrnam, groups, {"gid": "gr_gid", "members": "gr_mem"}), "delegations": existing(DELEGATION),
        "system_files": system_files(), "connection_port": connection_port(),
        "apparmor": (read_text(APPARMOR) or "").strip() == "Y",
        "other_packages": dict((name, version) for name, version in found.items() if name in packages),
        "executables": dict((path, os.path.isfile(path) and os.access(path, os.X_OK)) for path in executables), "reasons": host.reasons}
