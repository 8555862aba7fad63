# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The mail filters that a distribution has: packages, accounts, units and configuration of each. Pure; runs on the controller.

No file of a package is changed but for the units, which hide the vendor's: a package's own configuration stays what it was, and an upgrade asks nothing.
"""

from __future__ import annotations

import collections
import re

HERE = "/etc/mailjail"
KEYS = HERE + "/dkim"
BITS = "2048"
LOOPBACK = ["127.0.0.0/8", "::1"]
HEAD = "# Written by the collection mailjail.sendmail, role milters: a change made here is shown and undone by the next run.\n"

# packages: family -> names. users: family -> account of the daemon. settings: key -> default.
# macros: stage -> names of sendmail's macros that it needs besides those that sendmail sends anyway. single: there can be one of it on a host.
Preset = collections.namedtuple("Preset", "unit title packages users failure settings macros single")

PRESETS = {
    "opendkim": Preset(
        "opendkim.service", "signs and verifies DKIM signatures",
        {"debian": ["opendkim", "opendkim-tools", "openssl"], "redhat": ["opendkim", "opendkim-tools", "openssl"], "suse": ["opendkim", "openssl"]},
        {"debian": "opendkim", "redhat": "opendkim", "suse": "opendkim"}, "tempfail",
        {"mode": "both", "domains": None, "selector": "mail"}, {}, False),
    "spf": Preset(
        "pyspf-milter.service", "checks SPF", {"debian": ["pyspf-milter"]}, {"debian": "pyspf-milter"}, "tempfail", {"failures": "mark"}, {}, True),
    "opendmarc": Preset(
        "opendmarc.service", "applies DMARC policies",
        {"debian": ["opendmarc", "dbconfig-no-thanks", "publicsuffix"], "redhat": ["opendmarc"], "suse": ["opendmarc"]},
        {"debian": "opendmarc", "redhat": "opendmarc", "suse": "opendmarc"}, "tempfail", {"failures": "reject", "hold_quarantined": False}, {}, True),
    "rspamd": Preset(
        "rspamd.service", "scores spam", {"debian": ["rspamd"]}, {"debian": "_rspamd"}, "tempfail",
        {"reject_score": 15, "header_score": 6}, {"connect": ["{client_resolve}"], "envfrom": ["{client_addr}", "{client_name}"]}, True),
    "clamav": Preset(
        "clamav-milter.service", "refuses viruses", {"debian": ["clamav-milter", "clamav-daemon", "clamav-freshclam"]}, {"debian": "clamav"},
        "tempfail", {"infected": "reject", "signatures": "official"}, {}, True),
    "greylist": Preset(
        "milter-greylist.service", "lets strangers try again later", {"debian": ["milter-greylist"]}, {"debian": "greylist"}, "accept",
        {"delay": "5m", "remember": "30d"}, {"helo": ["{verify}"]}, True),
}
# Releases whose family has a package in general, and which lack it: (preset, id of the distribution, version).
MISSING = {("greylist", "debian", "12"): "Debian 12 has no package milter-greylist. Leave the preset out, or use one that greylists by itself"}
# Larger than this (bytes) a message is too large for ClamAV, whatever its configuration says.
SCANNABLE = 900 << 20
SCANNER_CONFIGURATION = HERE + "/clamd.conf"
OFFICIAL_SIGNATURES = ["/var/lib/clamav/main.c[vl]d", "/var/lib/clamav/daily.c[vl]d"]


def text(*lines):
    """Return lines as a file."""
    return HEAD + "".join(line + "\n" for line in lines)


def unit(milter, account, command, writable=()):
    """Return the whole unit of a milter.

    :param dict milter: with ``name``, ``user``, ``directory`` and ``path`` of its socket.
    :param account: group of the mail daemon, which connects.
    """
    return text(
        "# What it does for sendmail, and why each line stands: docs/milters.md of the collection.", "[Unit]",
        "Description=%s, which %s (milter of sendmail)" % (milter["name"], PRESETS[milter["preset"]].title),
        "Wants=network-online.target", "After=network-online.target nss-lookup.target", "Before=sendmail.service", "",
        "[Service]", "Type=exec", "User=%s" % milter["user"], "Group=%s" % milter["user"],
        "# The directory is the milter's own. What is made in it belongs to the group of the mail daemon (set-group-ID), which may connect, and nobody else.",
        "UMask=0007", "ExecStartPre=+/usr/bin/install -d -o %s -g %s -m 2750 %s" % (milter["user"], account, milter["directory"]),
        "# What a former process left would keep some filters from starting.",
        "ExecStartPre=+/usr/bin/rm -f %s %s/pid" % (milter["path"], milter["directory"]), "ExecStart=%s" % command,
        "Restart=always", "RestartSec=2s", "",
        "# No rights but those of its user, and nothing to write but what is its own.",
        "NoNewPrivileges=yes", "CapabilityBoundingSet=", "RestrictSUIDSGID=yes", "ProtectSystem=strict",
        "ReadWritePaths=%s" % " ".join(["-" + path for path in [milter["directory"]] + list(writable)]),
        "ProtectHome=yes", "PrivateTmp=yes", "PrivateDevices=yes", "ProtectKernelTunables=yes", "ProtectKernelModules=yes", "ProtectControlGroups=yes",
        "RestrictAddressFamilies=AF_UNIX AF_INET AF_INET6", "RestrictNamespaces=yes", "RestrictRealtime=yes", "LockPersonality=yes", "",
        "[Install]", "WantedBy=multi-user.target")


def _file(path, content, **more):
    return dict({"path": path, "content": content}, **more)


def _hosts(site):
    return [re.sub("^IPv6:", "", network.replace(" ", ""), flags=re.I) for network in LOOPBACK + site["relay_networks"]]


def _companion(milter, site, command, files, writable=(), **more):
    unit_file = _file("/etc/systemd/system/" + milter["unit"], unit(milter, site["account"], command, writable))
    return dict({"name": milter["name"], "unit": milter["unit"], "socket": milter["socket"], "client": site["account"],
                 "directories": [{"path": HERE}, {"path": milter["directory"], "owner": milter["user"], "group": site["account"], "mode": "2750"}],
                 "files": files + [unit_file]}, **more)


def opendkim(milter, site):
    """Return the companions of one instance of OpenDKIM."""
    path, key = "%s/%s" % (HERE, milter["name"]), "%s/%s.private" % (KEYS, milter["selector"])
    signs = milter["mode"] in ("sign", "both")
    domains = (milter["domains"] or [site["domain"]]) if signs else []
    lines = ["Syslog yes", "SyslogSuccess yes", "Mode %s" % {"sign": "s", "verify": "v", "both": "sv"}[milter["mode"]], "Socket %s" % milter["socket"],
             "UMask 007", "# Blanks and line ends in headers may change on the way, the text may not.", "Canonicalization relaxed/simple",
             "# A second From: that somebody adds later makes the signature invalid.", "OversignHeaders From", "SignatureAlgorithm rsa-sha256",
             "# Under this name results are written. What comes in under it is forged, and is taken away.",
             "AuthservID %s" % site["host_name"], "AlwaysAddARHeader yes", "MinimumKeyBits 1024",
             "# Whose mail is signed and not verified.", "InternalHosts %s.hosts" % path, "ExternalIgnoreList %s.hosts" % path]
    files = [_file(path + ".hosts", text(*_hosts(site)))]
    if site.get("nameservers"):
        # Its resolver library would otherwise ask the root servers itself.
        lines += ["# The name servers of this host, as they were at the last run.", "ResolverConfiguration %s.unbound" % path]
        files.append(_file(path + ".unbound", text("server:", "  do-not-query-localhost: no", "forward-zone:", '  name: "."',
                                                   *["  forward-addr: %s" % one for one in site["nameservers"]])))
    more = {}
    if signs:
        lines += ["# Which key signs for which domain.", "KeyTable file:%s.keys" % path, "SigningTable refile:%s.senders" % path]
        files += [_file(path + ".keys", "".join("%s %s:%s:%s\n" % (one, one, milter["selector"], key) for one in domains)),
                  _file(path + ".senders", "".join("*@%s %s\n" % (one, one) for one in domains)),
                  _file(key, None, command=["openssl", "genrsa", BITS], owner=milter["user"], group=milter["user"], mode="0600", secret=True)]
        more = {"reports": [{"name": milter["name"], "command": ["openssl", "pkey", "-in", key, "-pubout"]}]}
    made = _companion(milter, site, "/usr/sbin/opendkim -f -x %s.conf" % path, files + [_file(path + ".conf", text(*lines))], **more)
    made["directories"] += [{"path": KEYS, "owner": milter["user"], "group": milter["user"], "mode": "0700"}] if signs else []
    return [made]


def spf(milter, site):
    """Return the companions of the SPF milter."""
    path = HERE + "/spf.conf"
    networks = ",".join(_hosts(site))
    content = text("debugLevel = 1", "# 1 means in earnest.", "TestOnly = 1", "HELO_reject = False",
                   "Mail_From_reject = %s" % ("Fail" if milter["failures"] == "reject" else "False"), "PermError_reject = False", "TempError_Defer = False",
                   "Header_Type = AR", "Authserv_Id = %s" % site["host_name"], "skip_addresses = " + networks, "InternalHosts = " + networks,
                   "Socket = %s" % milter["socket"], "PidFile = %s/pid" % milter["directory"], "UserID = %s" % milter["user"])
    return [_companion(milter, site, "/usr/bin/pyspf-milter " + path, [_file(path, content)])]


def opendmarc(milter, site):
    """Return the companions of OpenDMARC."""
    path = HERE + "/opendmarc"
    own = "spf" not in site["presets"]
    seen = "# No SPF milter, so it looks itself." if own else "# The SPF milter has looked."
    content = text(
        "Syslog true", "Socket %s" % milter["socket"], "UMask 0007",
        "# Only what this host itself found out about SPF and DKIM counts.", "AuthservID %s" % site["host_name"],
        "TrustedAuthservIDs %s" % site["host_name"], "# The own networks and whoever has authenticated are not strangers.",
        "IgnoreHosts %s.hosts" % path, "IgnoreAuthenticatedClients true",
        "# What a domain asks for its forged mail (p=reject), and p=quarantine.", "RejectFailures %s" % str(milter["failures"] == "reject").lower(),
        "HoldQuarantinedMessages %s" % str(milter["hold_quarantined"]).lower(), seen,
        "SPFIgnoreResults %s" % str(own).lower(), "SPFSelfValidate %s" % str(own).lower(),
        "# Nothing is collected about anybody's mail.", "FailureReports false",
        *(["PublicSuffixList /usr/share/publicsuffix/public_suffix_list.dat"] if site["family"] == "debian" else []))
    return [_companion(milter, site, "/usr/sbin/opendmarc -f -c %s.conf" % path, [_file(path + ".hosts", text(*_hosts(site))), _file(path + ".conf", content)])]


def rspamd(milter, site):
    """Return the companions of rspamd: its proxy worker speaks milter and scans by itself."""
    place = "/etc/rspamd/local.d/"
    proxy = text('bind_socket = "%s mode=0660";' % milter["path"], "milter = yes;", "timeout = 60s;", "# It scans itself; no further worker is needed.",
                 'upstream "local" {', "  default = yes;", "  self_scan = yes;", "}")
    scores = text("reject = %s;" % milter["reject_score"], "add_header = %s;" % milter["header_score"],
                  "# Greylisting and a rewritten Subject: are not for a filter that runs after signatures were looked at.", "greylist = null;",
                  "rewrite_subject = null;")
    local = text("local_addrs = [%s];" % ", ".join('"%s"' % one for one in _hosts(site)))
    files = [_file(place + "worker-proxy.inc", proxy), _file(place + "worker-normal.inc", text("enabled = false;")), _file(place + "actions.conf", scores),
             _file(place + "options.inc", local)]
    return [_companion(milter, site, "/usr/bin/rspamd -c /etc/rspamd/rspamd.conf -f", files, ["/var/lib/rspamd", "/var/log/rspamd", "/run/rspamd"])]


def largest(message_size):
    """Return how many bytes a message can have for a filter that sendmail has counted as ``message_size``: each line end is one byte there and two here."""
    return 2 * int(message_size) + (1 << 20)


def clamd(message_size):
    """Return the configuration of the scanner: it says of a message that is too large for it that it is clean."""
    size = largest(message_size)
    return text("LocalSocket /run/clamav/clamd.ctl", "FixStaleSocket true", "LocalSocketGroup clamav", "LocalSocketMode 666", "User clamav",
                "Foreground true", "DatabaseDirectory /var/lib/clamav", "TemporaryDirectory /tmp", "LogSyslog true", "LogFacility LOG_LOCAL6",
                "SelfCheck 3600", "MaxThreads 12", "MaxConnectionQueueLength 15", "# A message as it comes, and all that is unpacked from it.",
                "MaxFileSize %d" % size, "StreamMaxLength %d" % size, "MaxScanSize %d" % max(8 * size, 400 << 20))


def clamav(milter, site):
    """Return the companions of ClamAV: signatures, scanner, milter."""
    path = HERE + "/clamav-milter.conf"
    content = text(
        "MilterSocket unix:%s" % milter["path"], "MilterSocketMode 660", "FixStaleSocket true", "Foreground true", "TemporaryDirectory /tmp",
        "ClamdSocket unix:/run/clamav/clamd.ctl", "OnClean Accept", "OnInfected %s" % milter["infected"].capitalize(),
        *(["RejectMsg Virus found: %v"] if milter["infected"] == "reject" else []),
        "# Without the scanner nothing is known, so the sender tries again.", "OnFail Defer",
        "# What a stranger says about viruses is taken away.", "AddHeader Replace", "LogSyslog true", "LogInfected Basic",
        "# What is larger is let in unscanned, so nothing that sendmail takes may be.", "MaxFileSize %d" % largest(site["message_size"]))
    official = milter["signatures"] == "official"
    # The vendor's unit waits for signatures of its own maker only.
    drop_in = _file("/etc/systemd/system/clamav-daemon.service.d/mailjail.conf",
                    text("[Unit]", "ConditionPathExistsGlob=", *([] if official else ["ConditionPathExistsGlob=/var/lib/clamav/*.*db"]),
                         "# Its package's own configuration stays what it was; this one looks at mail of every size that sendmail takes.",
                         "[Service]", "BindReadOnlyPaths=%s:/etc/clamav/clamd.conf" % SCANNER_CONFIGURATION))
    socket_in = _file("/etc/systemd/system/clamav-daemon.socket.d/mailjail.conf", text("[Unit]", "ConditionPathExistsGlob="))
    directories = [{"path": "/etc/systemd/system/clamav-daemon.%s.d" % one} for one in ("service", "socket")]
    return [
        {"name": "freshclam", "unit": "clamav-freshclam.service", "state": "started" if official else "stopped", "enabled": official},
        {"name": "clamd", "unit": "clamav-daemon.service", "directories": [{"path": HERE}] + directories,
         "files": [_file(SCANNER_CONFIGURATION, clamd(site["message_size"])), drop_in, socket_in],
         "socket": "local:/run/clamav/clamd.ctl", "wait_for": OFFICIAL_SIGNATURES if official else ["/var/lib/clamav/*.*db"],
         "wait_timeout": 300 if official else 1},
        _companion(milter, site, "/usr/sbin/clamav-milter --config-file=" + path, [_file(path, content)])]


# The vendor's scanner, as it has to run before its milter does.
SCANNER = [{"name": "clamd", "unit": "clamav-daemon.service", "socket": "local:/run/clamav/clamd.ctl"}]


def clamav_gone(files):
    """Return what becomes of scanner and signatures when the milter is gone, by what of ours lies over their units.

    :param list files: those that are there; without any, scanner and signatures are somebody else's.
    """
    units = ["clamav-daemon.socket", "clamav-daemon.service", "clamav-freshclam.service"] if files else []
    return [{"name": unit.partition(".service")[0], "unit": unit, "state": "stopped", "enabled": False,
             "files": [{"path": path, "state": "absent"} for path in files if "/%s.d/" % unit in path]} for unit in units]


def greylist(milter, site):
    """Return the companions of milter-greylist."""
    path = HERE + "/greylist.conf"
    content = text('socket "%s" 660' % milter["path"], 'pidfile "%s/pid"' % milter["directory"],
                   "# Who has passed is remembered over a restart.", 'dumpfile "/var/lib/milter-greylist/greylist.db" 600', "dumpfreq 1m",
                   "# Senders with many hosts are known by their network.", "subnetmatch /24", "subnetmatch6 /64", "quiet",
                   "# A good SPF record is no reason to spare anybody: whoever sends spam has one.", "nospf",
                   'list "own networks" addr { %s }' % " ".join(_hosts(site)), 'racl whitelist list "own networks"',
                   "racl greylist default delay %s autowhite %s" % (milter["delay"], milter["remember"]))
    return [_companion(milter, site, "/usr/sbin/milter-greylist -D -f " + path, [_file(path, content)], ["/var/lib/milter-greylist"])]


BUILDERS = {"opendkim": opendkim, "spf": spf, "opendmarc": opendmarc, "rspamd": rspamd, "clamav": clamav, "greylist": greylist}
DIRECTORIES = {"opendkim": "opendkim", "spf": "pyspf-milter", "opendmarc": "opendmarc", "rspamd": "rspamd-milter", "clamav": "clamav-milter",
               "greylist": "milter-greylist"}
