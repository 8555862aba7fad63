# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls OS, LOG: the system around it. Pure but for the view they are given."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import ipaddress
import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import cf, cfview, daemon, hostinfo, hostplaces, packetfilter
from ansible_collections.mailjail.sendmail.plugins.module_utils import transport_view as transport
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
    profiles,
    unknown,
)
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls_packages import SHOWN, cut, debug, program
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

MAIL_PORTS = (25, 465, 587)
# What the daemon calls itself while it listens, and while the load of the host is too high for it (RefuseLA).
LISTENING, REFUSING = "accepting connections", "rejecting connections"
DAEMON_UNITS, CLIENT_UNITS = ("sendmail.service",), ("sm-client.service", "sendmail-client.service")


# ---- listeners -------------------------------------------------------------------------------------------------------------------------

def configured(view):
    """Return ``(place, line)`` of each listener that sendmail.cf names; place is an address and a port, None where that is a name; None without a .cf."""
    found = view.cf("mta")
    if found is None:
        return None
    lines = [line for line in (found.option("DaemonPortOptions") or "").split("\n") if line.strip()]
    return [(_place(cf.listener(line)), line) for line in lines or ["Name=MTA"] if cf.listener(line).get("Name") != "NoMTA"]


def _place(keys):
    """Return address and port of a listener by the keys of the .cf, None where the address is a name that only the resolver knows."""
    six = keys.get("Family") == "inet6"
    address = keys.get("Addr") or ""
    address = {"localhost": "::1" if six else "127.0.0.1"}.get(address, address)
    try:
        one = daemon.listener({"name": keys.get("Name"), "address": address, "family": keys.get("Family"), "port": int(keys.get("Port") or 25)})
    except (InvalidValue, ValueError):
        return None
    return one.address, one.port


def declared(view):
    """Return the places that the play declares, None where it declares none."""
    said = view.site.get("listeners")
    return None if said is None else set((one.address, one.port) for one in map(daemon.listener, said))


def sockets(view):
    """Return the places on which sendmail listens.

    Where the kernel hides who holds a socket, the mail ports and those of the configuration count as sendmail's.
    """
    entries = [one for name in ("tcp", "tcp6") for one in hostinfo.parse_listeners(view.read("/proc/net/" + name) or "", range(65536))]
    try:
        inodes = set(view.target("/proc/%d/fd/%s" % (one["pid"], name)).rpartition("/")[2] for one in view.processes()
                     for name in view.names("/proc/%d/fd" % one["pid"]) or ())
        entries = [one for one in entries if "socket:[%s]" % one["inode"] in inodes]
    except Unseen:
        ports = set(MAIL_PORTS) | set(place[1] for place, _line in configured(view) or () if place)
        entries = [one for one in entries if one["port"] in ports]
    return set((one["address"], one["port"]) for one in entries)


def _is_local(place):
    return ipaddress.ip_address(u"%s" % place[0]).is_loopback


def _told(places):
    return ", ".join(daemon.spell(place) for place in sorted(places)) or "nothing"


def _listeners(view):
    """Declared, configured and open are the same."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    wanted, said, opened, faults = declared(view), configured(view), sockets(view), []
    if wanted is None and view.site.get("profile") == "nullclient" and not opened:
        wanted = set()
    # Without a daemon nobody reads sendmail.cf.
    if said is not None and wanted != set():
        if None in [place for place, _line in said]:
            return unknown("the address of a listener is a name: %s" % cut("; ".join(line for place, line in said if place is None)), view.compiled("mta"))
        faults += _configuration_faults(view, wanted, said)
        wanted = set(place for place, _line in said) if wanted is None else wanted
    busy = [one["title"] for one in view.processes() if REFUSING in one["title"]] if wanted and wanted - opened else []
    if busy and not faults and not opened - wanted:
        return unknown("sendmail has closed its sockets for a while: %s" % cut(busy[0]))
    if wanted is None:
        raise Unseen("nobody said which listeners this host shall have, and there is no sendmail.cf")
    faults += [Evidence(daemon.spell(place), "nothing of sendmail's listens there", "the declared listener") for place in sorted(wanted - opened)]
    faults += [Evidence(daemon.spell(place), "sendmail listens there", "only what is declared: %s" % _told(wanted)) for place in sorted(opened - wanted)]
    return held(faults[:SHOWN], [Evidence("sockets", _told(opened), "")])


def _configuration_faults(view, wanted, said):
    """Return what sendmail.cf names besides what is declared; where nothing is declared, what the cf library added unasked."""
    where = view.line(view.compiled("mta"), "O DaemonPortOptions=")
    if wanted is None:
        return [Evidence(where, line, "FEATURE(no_default_msa), or a line that asks for a login (M=Ea)") for _place_of, line in said if _is_default_msa(line)]
    return [Evidence(where, "%s is configured" % line, "only what is declared: %s" % _told(wanted)) for place, line in said if place not in wanted]


def _is_default_msa(line):
    """Tell whether a line is what the cf library adds unasked: submission for everybody, on all addresses."""
    keys = cf.listener(line)
    return keys.get("Name") == "MSA" and keys.get("Port") == "587" and keys.get("Modifiers") == "E" and not keys.get("Addr")


# ---- firewall --------------------------------------------------------------------------------------------------------------------------

def _firewall(view):
    """Strangers reach the ports of declared listeners, and no other mail port."""
    wanted = declared(view)
    wanted = sockets(view) if wanted is None else wanted
    ports = set(place[1] for place in wanted if not _is_local(place))
    if not ports:
        return not_applicable("no listener of this host can be reached by others")
    filters = [one for one in (_firewalld(view), _rules(view)) if one is not None]
    if not filters:
        return failed(Evidence("packet filter", "no rule of this host judges what comes in", "rules that let the declared mail ports in, and no other: %s" %
                               ", ".join(str(port) for port in sorted(ports))))
    # What any of them keeps out stays out.
    told = dict((port, [admits(port) for _name, admits in filters]) for port in MAIL_PORTS if port not in ports)
    faults = [Evidence("%s, port %d" % (filters[0][0], port), "anybody gets through, and no listener is declared for others there", "kept out")
              for port in sorted(told) if all(told[port])]
    doubtful = [port for port in sorted(told) if None in told[port] and False not in told[port]]
    if doubtful and not faults:
        return unknown("rules about port %s say more than is understood here; read them" % ", ".join(str(port) for port in doubtful), filters[-1][0])
    return held(faults, [Evidence(name, "lets in of the mail ports: %s" % (", ".join(str(port) for port in MAIL_PORTS if admits(port)) or "none"), "")
                         for name, admits in filters])


def _firewalld(view):
    """Return ``(name, function of a port)`` of firewalld, None where it does not run."""
    if not view.program("firewall-cmd") or view.run("firewall-cmd", "--state").stdout.strip() != "running":
        return None
    zones = packetfilter.parse_firewalld(view.run("firewall-cmd", "--list-all-zones").stdout)
    return "firewalld", lambda port: any(zone is None or port in zone for zone in zones.values())


def _rules(view):
    """Return the same of the kernel's own rules; :raises Unseen: they may not be read."""
    if view.program("nft"):
        done, name, parse = view.run("nft", "list", "ruleset"), "nftables", packetfilter.parse_nft
    elif view.program("iptables-save"):
        done, name, parse = view.run("iptables-save"), "iptables", packetfilter.parse_iptables
    else:
        return None
    if done.rc:
        raise Unseen("the rules of %s can not be read: %s" % (name, cut(done.stderr) or "exit status %d" % done.rc))
    chains = parse(done.stdout)
    # A chain that lets everything pass judges nothing.
    judging = any(chain.hook == "input" and (chain.rules or chain.policy != "accept") for chain in chains.values())
    return (name, lambda port: packetfilter.admits(chains, port, _families(view))) if judging else None


def _families(view):
    """Return the families of addresses by which others can reach this host: an address of IPv6 that leads beyond the next router makes the second."""
    rows = [line.split() for line in (view.read("/proc/net/if_inet6") or "").splitlines()]
    return ("ip", "ip6") if any(len(row) > 5 and row[3] == "00" for row in rows) else ("ip",)


# ---- confinement -----------------------------------------------------------------------------------------------------------------------

SELINUX, APPARMOR = "/sys/fs/selinux/enforce", "/sys/module/apparmor/parameters/enabled"
LABELLED = ("/etc/mail", "/etc/mail/sendmail.cf", "/etc/mail/submit.cf", "/etc/mail/access", "/etc/mail/access.db", "/etc/aliases", "/etc/aliases.db",
            "/var/spool/mqueue", "/var/spool/clientmqueue", "/usr/sbin/sendmail.sendmail")


def _confined(view):
    """The kernel's own policy holds for the daemon, and files have the labels that the policy knows."""
    if view.stat(SELINUX):
        return _selinux(view)
    if (view.read(APPARMOR) or "").strip() == "Y":
        return _apparmor(view)
    return not_applicable("neither SELinux nor AppArmor is part of the running kernel")


def _domains(view):
    """Return ``(process, what confines it)`` of the daemons."""
    return [(one, (view.read("/proc/%d/attr/current" % one["pid"]) or "").strip("\0\n ")) for one in view.processes()]


def _selinux(view):
    enforcing = (view.read(SELINUX) or "").strip()
    faults = [] if enforcing == "1" else [Evidence(SELINUX, "permissive", "enforcing")]
    faults += [Evidence("process %d (%s)" % (one["pid"], one["title"]), domain, "a domain of its own, sendmail_t") for one, domain in _domains(view)
               if re.search(r":(unconfined_t|unconfined_service_t|initrc_t|init_t):", domain + ":")]
    try:
        faults += _wrong_labels(view)
    except Unseen:
        if not faults:
            raise
    return held(faults[:SHOWN], [Evidence(SELINUX, "enforcing, labels as the policy has them", "")])


def _wrong_labels(view):
    paths = [path for path in LABELLED + (hostplaces.declared_jail(view).get("path") or "/var/mailjail",) if view.stat(path)]
    if not view.program("matchpathcon"):
        raise Unseen("matchpathcon is not installed, so labels can not be held against the policy")
    found = []
    for line in view.run("matchpathcon", "-V", *paths).stdout.splitlines():
        said = re.match(r"(\S+) has context (\S+), should be (\S+)", line)
        if said and said.group(2).split(":")[2:3] != said.group(3).split(":")[2:3]:
            found.append(Evidence(said.group(1), said.group(2), said.group(3)))
    return found


def _mend_labels(view, hands):
    for one in _wrong_labels(view) if view.stat(SELINUX) else ():
        hands.relabel(one.where)


def _apparmor(view):
    """Only where the host has a profile for sendmail: most distributions load none."""
    profiles = [path for path in view.find("/etc/apparmor.d/*sendmail*") if not path.endswith((".dpkg-old", ".dpkg-dist", ".rpmnew"))]
    if not profiles:
        return not_applicable("the distribution has no AppArmor profile for sendmail")
    found = _domains(view)
    if not found:
        return unknown("no sendmail process runs, so nothing tells whether %s is in force" % profiles[0])
    faults = [Evidence("process %d (%s)" % (one["pid"], one["title"]), domain or "unconfined", "a profile in enforce mode (%s)" % profiles[0])
              for one, domain in found if "(enforce)" not in domain]
    return held(faults, [Evidence("process %d" % one["pid"], domain, "") for one, domain in found])


# ---- units -----------------------------------------------------------------------------------------------------------------------------

# What each system knows of these depends on its release of systemd: what it does not know is passed over.
HARDENED = ("ProtectKernelTunables", "ProtectKernelModules", "ProtectControlGroups", "RestrictRealtime", "LockPersonality", "ProtectClock", "ProtectHostname",
            "PrivateDevices", "PrivateTmp")
# Rights with which a mail daemon would own the host: loading modules, mounting and the like, reading others' memory, raw I/O, raw sockets.
OWNING = {"cap_sys_module": 16, "cap_sys_rawio": 17, "cap_sys_ptrace": 19, "cap_sys_admin": 21, "cap_sys_boot": 22, "cap_mknod": 27, "cap_net_admin": 12,
          "cap_net_raw": 13}


def _units(view):
    """Return ``(name, properties)`` of the units of this host that start sendmail, the daemon's first."""
    platform = (view.site.get("platform") or {}).get("units") or {}
    names = [platform.get("mta")] + list(DAEMON_UNITS) + [platform.get("client")] + list(CLIENT_UNITS)
    found = []
    for name in [name for place, name in enumerate(names) if name and name not in names[:place]]:
        unit = view.unit(name)
        if unit.get("LoadState") == "loaded":
            found.append((name, unit))
    return found


def _pid(unit):
    """Return the number of a unit's own process, 0 where systemd watches none."""
    said = unit.get("MainPID") or ""
    return int(said) if said.isdigit() else 0


def _sandbox(view):
    """The units take from the daemon what mail does not need, and the process shows it."""
    running = [(name, unit) for name, unit in _units(view) if unit.get("ActiveState") == "active"]
    if not running:
        return not_applicable("no unit of systemd runs sendmail here")
    faults = []
    for name, unit in running:
        faults += [Evidence("%s %s" % (name, key), unit[key], "yes") for key in HARDENED if unit.get(key) == "no"]
        if unit.get("RestrictAddressFamilies") in ("", "~"):
            faults.append(Evidence("%s RestrictAddressFamilies" % name, "all", "AF_UNIX AF_INET AF_INET6 (and AF_NETLINK)"))
        faults += _process_faults(view, name, _pid(unit))
    return held(faults[:SHOWN], [Evidence(name, "restricted; %s" % _rights(view, _pid(unit)), "") for name, unit in running])


def _status(view, pid):
    """Return what the kernel says of a process, empty where it is gone."""
    text = view.read("/proc/%d/status" % pid) if pid else None
    return dict((key, value.strip()) for key, _colon, value in (line.partition(":") for line in (text or "").splitlines()))


def _process_faults(view, name, pid):
    found = _status(view, pid)
    if not found:
        return []
    mask, faults = int(found["CapBnd"], 16) if re.match("[0-9a-f]+$", found.get("CapBnd", "")) else 0, []
    held_rights = sorted(right for right, bit in OWNING.items() if mask >> bit & 1)
    if held_rights:
        faults.append(Evidence("%s, process %d CapBnd" % (name, pid), "%s: %s" % (found["CapBnd"], " ".join(held_rights)), "none of these rights"))
    if found.get("Seccomp", "2") != "2":
        faults.append(Evidence("%s, process %d Seccomp" % (name, pid), found["Seccomp"], "2, a filter of system calls"))
    return faults


def _rights(view, pid):
    found = _status(view, pid)
    return ", ".join("%s %s" % (key, found[key]) for key in ("NoNewPrivs", "Seccomp", "CapBnd") if key in found) or "no process to look at"


def _wants_daemon(view):
    """Tell whether this host shall have a daemon that listens."""
    if view.site.get("listeners") is not None:
        return bool(view.site["listeners"])
    return view.site.get("profile") != "nullclient"


def _service(view):
    """The units are enabled, run a living sendmail, and come back when it dies."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    units = [(name, unit) for name, unit in _units(view) if _wants_daemon(view) or not name.startswith("sendmail.")]
    accepting = [one for one in view.processes() if LISTENING in one["title"] or REFUSING in one["title"]]
    faults, seen = [], [Evidence("process %d" % one["pid"], one["title"], "") for one in accepting]
    if _wants_daemon(view) and not accepting:
        faults.append(Evidence("processes", "no sendmail accepts connections", "the daemon"))
    if not units and not view.unit("multi-user.target"):
        return held(faults + _init_faults(view), seen)
    if not units:
        faults.append(Evidence("systemd", "no unit starts sendmail", "a unit that is enabled"))
    for name, unit in units:
        faults += _unit_faults(view, name, unit)
        seen.append(Evidence(name, "%s, %s, Restart=%s, process %s" % tuple(unit.get(key, "") for key in (
            "UnitFileState", "ActiveState", "Restart", "MainPID")), ""))
    return held(faults, seen)


def _unit_faults(view, name, unit):
    # SUSE's runner of the submission queue is started when something lies in there.
    waits = [one for one in unit.get("TriggeredBy", "").split() if one.endswith(".path")]
    if any(view.unit(one).get("ActiveState") == "active" and view.unit(one).get("UnitFileState") == "enabled" for one in waits):
        return []
    faults = []
    if unit.get("UnitFileState") not in ("enabled", "static", "alias", "indirect") and not _is_generated(view, unit):
        faults.append(Evidence("%s UnitFileState" % name, unit.get("UnitFileState") or "none", "enabled"))
    if unit.get("ActiveState") not in ("active", "reloading"):
        faults.append(Evidence("%s ActiveState" % name, unit.get("ActiveState") or "none", "active"))
    if unit.get("Restart") in ("no", ""):
        faults.append(Evidence("%s Restart" % name, "no", "on-failure or always"))
    pid = _pid(unit)
    if unit.get("ActiveState") == "active" and pid not in [one["pid"] for one in view.processes()]:
        faults.append(Evidence("%s MainPID" % name, "%d is no sendmail" % pid if pid else "systemd watches no process", "the daemon's own process"))
    return faults


def _is_generated(view, unit):
    """A unit made of an init script is started at boot by the links of that script."""
    return unit.get("UnitFileState") == "generated" and bool(view.find("/etc/rc[2-5].d/S*%s" % os.path.basename(unit.get("SourcePath") or "sendmail")))


def _init_faults(view):
    if view.find("/etc/rc[2-5].d/S*sendmail*", "/etc/init.d/rc[2-5].d/S*sendmail*", "/etc/rc.d/rc[2-5].d/S*sendmail*"):
        return []
    return [Evidence("/etc/rc?.d", "nothing starts sendmail at boot", "a link to its script, or a unit")]


def _mend_service(view, hands):
    """What runs comes back after the next boot. Nothing is started that does not run: why it does not is for somebody to look at."""
    for name, unit in _units(view):
        if unit.get("ActiveState") == "active" and unit.get("UnitFileState") == "disabled" and (_wants_daemon(view) or not name.startswith("sendmail.")):
            hands.enable_unit(name)


# ---- names -----------------------------------------------------------------------------------------------------------------------------

def _names(view):
    """sendmail knows its own name, the name leads to this host and back, and somebody answers questions for names."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    said = re.search(r"\(canonical domain name\) \$j = (\S+)", debug(view))
    if said is None:
        raise Unseen("sendmail does not come to tell its name: a name server is silent, or the configuration is broken (SM-CF-01)")
    name, faults = said.group(1), []
    if "." not in name.strip("."):
        faults.append(Evidence("$j", name, "a name with a domain"))
    addresses = [line.split()[0] for line in view.run("getent", "ahosts", name).stdout.splitlines() if line.split()]
    if not addresses:
        faults.append(Evidence("$j", "%s has no address" % name, "an address of this host"))
    back = [word for address in sorted(set(addresses)) for word in view.run("getent", "hosts", address).stdout.split()[1:]]
    if addresses and name.lower() not in [word.lower().rstrip(".") for word in back]:
        faults.append(Evidence(", ".join(sorted(set(addresses))), "leads back to %s" % (", ".join(sorted(set(back))) or "no name"), name))
    servers = re.findall(r"^\s*nameserver\s+(\S+)", view.read("/etc/resolv.conf") or "", re.M)
    own = [one for one in servers if one.startswith("127.") or one == "::1"]
    enough = cfview.limit(view, "nameservers", 2)
    if not own and len(set(servers)) < enough:
        faults.append(Evidence("/etc/resolv.conf", "%d name servers: %s" % (len(set(servers)), ", ".join(servers) or "none"),
                               "%d, or one on this host" % enough))
    return held(faults, [Evidence("$j", "%s, %s, name servers %s" % (name, ", ".join(sorted(set(addresses))), ", ".join(servers)), "")])


# ---- LOG -------------------------------------------------------------------------------------------------------------------------------

LEAST, MOST = 9, 14


def _log_level(view):
    """Both files log enough to follow a message, and not so much that passwords are in it."""
    kinds = [which for which in ("mta", "msp") if view.compiled(which)]
    if not kinds:
        return not_applicable("there is neither sendmail.cf nor submit.cf")
    faults, seen = [], []
    for which in kinds:
        value, where = view.option("LogLevel", which)
        level = int(value) if re.match(r"\d+$", value or "") else LEAST if value is None else -1
        one = Evidence(where, "LogLevel=%s" % value if value is not None else "LogLevel is not set, which means 9", "LogLevel from %d to %d" % (LEAST, MOST))
        (seen if LEAST <= level <= MOST else faults).append(one)
    return held(faults, [one._replace(wanted="") for one in seen])


# Mail lies there alone, or among other things.
LOGS = hostplaces.LOGS + ("/var/log/messages", "/var/log/syslog")
# The usual week between two rotations, and a day.
RECENT = 8 * 86400
WORDS = re.compile(r"\b(sendmail|sm-mta|sm-msp-queue|sm-msp|sm-acceptingconnections)\S*\[\d+\]:|mailjail\S*: the mail log is kept")


def _stored(view):
    """Lines of the mail facility outlive the next boot: in a file, or in a journal on the disk."""
    if program(view) is None:
        return not_applicable("there is no sendmail program on this host")
    hidden, looked = [], [path for path in view.find(*[name + "*" for name in LOGS]) if not path.endswith((".gz", ".xz", ".bz2", ".zst"))]
    files = [one for one in [view.stat(path, follow=True) or view.stat(path) for path in looked] if one.kind == "file"]
    # A file that was put aside long ago tells of a log that was kept, not of one that is.
    looked = [one.path for one in files if one.path in LOGS or transport.now(view) - one.mtime < RECENT]
    for path in looked:
        done = view.run("tail", "-n", "5000", path)
        if done.rc:
            hidden.append(cut(done.stderr) or "%s can not be read" % path)
        elif WORDS.search(done.stdout):
            return passed(Evidence(path, "holds lines of sendmail", ""))
    faults = [Evidence(", ".join(looked) or "/var/log", "no file holds lines of sendmail", "the mail log, kept")]
    if view.program("journalctl"):
        lines = view.run("journalctl", "-q", "-n", "1", "-o", "short", "SYSLOG_FACILITY=2").stdout.strip()
        if lines and view.names("/var/log/journal"):
            return passed(Evidence("/var/log/journal", "holds lines of the facility mail", ""))
        said = "there is no journal on the disk, so the mail log ends with each boot" if lines else "no line of the facility mail is in the journal"
        faults.append(Evidence("/var/log/journal", said, "the mail log, kept"))
    return unknown("; ".join(hidden[:3])) if hidden else failed(*faults)


CONTROLS = (
    Control(
        id="SM-OS-01", title="sendmail listens where it is declared to, and nowhere else", severity="high",
        reason="Without FEATURE(no_default_msa) sendmail adds port 587 on all addresses by itself, and a daemon that can not open its port says so only in "
               "the log.",
        remedy="Set sendmail_listeners and run the playbook. By hand: one DAEMON_OPTIONS line for each listener, FEATURE(no_default_msa), and a restart.",
        profiles=EVERYWHERE, references=(Reference("article", "S109"), Reference("article", "S110"), Reference("article", "S111"),
                                         Reference("CIS", "Ubuntu Linux 22.04 LTS 2.1.21 (hosts that only send)")), check=_listeners),
    Control(
        id="SM-OS-02", title="The firewall lets in the declared mail ports and no other", severity="medium",
        reason="What is started by accident stays unreachable, and relaying by address is only as good as what keeps forged addresses out.",
        remedy="Use the role firewall. By hand: rules for firewalld or nftables that let in the ports of the listeners and keep the "
               "other mail ports out.",
        profiles=EVERYWHERE, references=(Reference("article", "S137"),), check=_firewall),
    Control(
        id="SM-OS-03", title="SELinux or AppArmor holds for the daemon, with the labels of the policy", severity="medium",
        reason="Confinement by the kernel holds where the daemon itself was taken over; a wrong label makes deliveries bounce.",
        remedy="Set SELinux to enforcing and run restorecon -R on /etc/mail, the queues and the jail; load the AppArmor profile in enforce mode. The role "
               "jail keeps the jail's own label (sendmail_selinux).",
        profiles=EVERYWHERE, references=(Reference("STIG", "AlmaLinux OS 9 V-269430"),), check=_confined, mend=_mend_labels),
    Control(
        id="SM-OS-04", title="The units take from sendmail what mail does not need", severity="medium",
        reason="A daemon that speaks with strangers and began as root should neither load modules, nor mount, nor see devices and the kernel's settings.",
        remedy="The role service brings such units (docs/service.md). By hand: a drop-in with the lines that are named, tried with a delivery of each kind.",
        profiles=profiles(gateway="opt", nullclient="opt", hub="opt"), references=(Reference("article", "S15"),), check=_sandbox),
    Control(
        id="SM-OS-05", title="The service starts at boot, lives, and comes back when it dies", severity="medium",
        reason="The units of distributions show active while the daemon is dead, and a queue that nobody runs is an outage that nobody sees.",
        remedy="The role service brings units that watch the daemon's own process. By hand: systemctl enable --now, and a drop-in with Restart=on-failure.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "op.me"),), check=_service, mend=_mend_service),
    Control(
        id="SM-OS-06", title="The host knows its own full name, forward and back, and has name servers", severity="low",
        reason="With a wrong name mail loops or is refused by others; with one silent name server each delivery waits.",
        remedy="Give the host its full name (hostnamectl set-hostname), an address and a reverse name; name two resolvers or run one on the host. "
               "sendmail_host_name sets the name for sendmail alone.",
        profiles=EVERYWHERE, references=(Reference("sendmail", "cf/README"),), check=_names),
    Control(
        id="SM-LOG-01", title="sendmail logs enough to follow each message", severity="medium",
        reason="Below level 9 deliveries are not logged; above 14 whole sessions are, with the passwords in them.",
        remedy="Set sendmail_options (confLOG_LEVEL) from 9 to 14, in both files. By hand: define confLOG_LEVEL as 9 in both .mc files.",
        profiles=EVERYWHERE, references=(Reference("STIG", "AIX7-00-003038 (V-215344)"),), check=_log_level),
    Control(
        id="SM-LOG-02", title="What sendmail logs is kept beyond the next boot", severity="medium",
        reason="A log level is worth nothing without a place where lines are kept.",
        remedy="Use the role logs. By hand: a rule for the facility mail in rsyslog, or Storage=persistent in journald.conf.",
        profiles=EVERYWHERE, references=(Reference("NIST", "SP 800-45v2"),), check=_stored),
)
