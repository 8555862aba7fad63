# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a host's SELinux policy has to know: the type of a tree, rules that the daemon's unit and the jail need, ports, booleans.

semanage(8), semodule(8) and restorecon(8) do the work; what is declared already is read off the policy's own files, since semanage takes a second to say it.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import bz2
import os
import re

from ansible_collections.mailjail.sendmail.plugins.module_utils import disk
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import CommandFailed, InvalidValue

ENABLED = "/sys/fs/selinux/enforce"
CONFIG = "/etc/selinux/config"
LOCAL = "/etc/selinux/%s/contexts/files/file_contexts.local"
# Where the parts of a policy are kept; Red Hat's family has them below /etc.
STORES = ("/var/lib/selinux/%s/active", "/etc/selinux/%s/active")
BOOLEANS = "/sys/fs/selinux/booleans"
MODULE = "mailjail"
# A part of the policy whose types or classes a host's release does not have is left out by itself (optional).
NNP = "(optional mailjail_nnp (allow init_t sendmail_t (process2 (nnp_transition nosuid_transition))))\n"
CHROOT = "(optional mailjail_chroot (allow sendmail_t self (capability (sys_chroot))))\n"
PORT_TYPE = "smtp_port_t"
# Every policy knows these for mail.
PORTS = (25, 465, 587)
PACKAGES = "policycoreutils-python-utils (Debian: policycoreutils and policycoreutils-python-utils)"


def policy_name(text):
    """Return the name of the policy that an /etc/selinux/config selects."""
    found = re.findall(r"^SELINUXTYPE=(\S+)", text, re.M)
    return found[-1] if found else "targeted"


def pattern(path):
    """Return the expression by which a policy means a directory and everything below it."""
    return re.sub(r"([.+?*()\[\]{}^$|\\])", r"\\\1", path) + "(/.*)?"


def declared_type(text, wanted):
    """Return the type that a file_contexts.local gives to an expression; empty if it has no line for it."""
    rows = [line.split() for line in text.splitlines()]
    found = [row[-1].split(":") for row in rows if len(row) > 1 and row[0] == wanted]
    return found[-1][2] if found and len(found[-1]) > 2 else ""


def _bytes(path):
    try:
        with open(path, "rb") as source:
            return source.read()
    except (IOError, OSError):
        return b""


def _read(path):
    try:
        with open(path) as source:
            return source.read()
    except (IOError, OSError):
        return ""


def run(runner, argv):
    """Start one of the policy's tools; return its result; :raises CommandFailed: it is missing, or says no."""
    try:
        result = runner.run(argv, timeout=300)
    except CommandFailed as exc:
        raise CommandFailed("%s SELinux's policy is changed with it: install %s, or set sendmail_selinux: ignore." % (exc.message, PACKAGES))
    if result.rc != 0:
        raise CommandFailed("%s ended with %d and said: %s" % (" ".join(argv), result.rc, result.stderr.strip()[:500] or "nothing"), command=argv)
    return result


class Labels:
    """The type of one tree on this host.

    :param runner: starts the programs.
    :param str path: top of the tree.
    :param str wanted: the type.
    :param bool declare: declare it also where SELinux is off, for the day when it is switched on.
    """

    def __init__(self, runner, path, wanted, declare=False):
        self.runner, self.path, self.wanted = runner, path, wanted
        self.enabled = os.path.exists(ENABLED)
        self.before, self.stale = wanted, []
        if self.enabled or declare:
            self.before = declared_type(_read(LOCAL % policy_name(_read(CONFIG))), pattern(path))
        if self.enabled and self.before == wanted and os.path.isdir(path):
            self.stale = run(runner, ["restorecon", "-R", "-n", "-v", path]).stdout.splitlines()

    @property
    def steps(self):
        """Whether there is anything to do."""
        return self.before != self.wanted or bool(self.stale)

    def changes(self):
        """Return rows ``(path, before, after)`` for the result."""
        if self.before != self.wanted:
            return [(self.path, "SELinux type %s" % (self.before or "not declared"), "SELinux type %s" % self.wanted)]
        return [(self.path, "%d SELinux labels are not those declared" % len(self.stale), "SELinux type %s" % self.wanted)] if self.stale else []

    def execute(self):
        """Declare, and label what is there."""
        if self.before != self.wanted:
            run(self.runner, ["semanage", "fcontext", "-m" if self.before else "-a"] + ([] if self.enabled else ["-N"])
                + ["-t", self.wanted, pattern(self.path)])
        if self.enabled:
            run(self.runner, ["restorecon", "-R", self.path])


# ---- rules, ports, booleans ------------------------------------------------------------------------------------------------------------

def rules(jail):
    """Return the rules that a host needs, in the policy's own language (CIL).

    Under NoNewPrivileges a unit stays in systemd's own domain, where hardly anything is forbidden, unless the policy lets it change nevertheless. And
    the daemon enters the jail with chroot(2), which most policies do not expect of it.

    :param bool jail: whether there is a jail.
    """
    return NNP + (CHROOT if jail else "")


def declared_ports(text, kind):
    """Return the TCP ports to which a ports.local gives a type."""
    found = re.findall(r"^portcon tcp (\d+) [^:\s]+:[^:\s]+:([^:\s]+)", text, re.M)
    return set(int(port) for port, name in found if name == kind)


def local_ports(ports):
    """Return those of some ports to which somebody gave the type of mail ports on this host, sorted."""
    stores = [place % policy_name(_read(CONFIG)) for place in STORES]
    return sorted(set(ports) & declared_ports("".join(_read(store + "/ports.local") for store in stores), PORT_TYPE) - set(PORTS))


def declared_booleans(text):
    """Return name to bool of a booleans.local."""
    return dict((name, value in ("1", "true", "on")) for name, value in re.findall(r"^(\w+)\s*=\s*(\w+)", text, re.M))


def unpacked(data):
    """Return the text of a kept module, which may be packed; empty if it is neither."""
    try:
        return (bz2.decompress(data) if data[:3] == b"BZh" else data).decode("utf-8", "replace")
    except (OSError, ValueError):
        return ""


class Policy:
    """Rules, ports and booleans of this host's policy.

    :param runner: starts the programs.
    :param str text: the rules, in CIL; empty for none.
    :param ports: TCP ports on which the daemon listens.
    :param dict booleans: name to bool.
    :param bool declare: also where SELinux is off, for the day when it is switched on.
    :raises InvalidValue: a boolean's name that is none.
    """

    def __init__(self, runner, text, ports=(), booleans=None, declare=False):
        self.runner, self.text, self.enabled = runner, text, os.path.exists(ENABLED)
        self.rows = []
        if not self.enabled and not declare:
            return
        for name in sorted(booleans or {}):
            if not re.match(r"[A-Za-z][A-Za-z0-9_]{0,99}\Z", name):
                raise InvalidValue("sendmail_selinux_booleans: '%s' is no name of a boolean; see 'semanage boolean -l'." % name)
            if not isinstance(booleans[name], bool):
                raise InvalidValue("sendmail_selinux_booleans (%s): '%s' is neither true nor false." % (name, booleans[name]))
        policy = policy_name(_read(CONFIG))
        stores = [place % policy for place in STORES]
        kept = "".join(unpacked(_bytes("%s/modules/400/%s/cil" % (store, MODULE))) for store in stores)
        if kept.strip() != text.strip() and (text or kept):
            self.rows.append(("module", MODULE, "SELinux rules differ" if kept else "SELinux rules not loaded", "SELinux rules loaded" if text else ""))
        local = "".join(_read(store + "/ports.local") for store in stores)
        for port in sorted(set(ports) - set(PORTS) - declared_ports(local, PORT_TYPE)):
            self.rows.append(("port", port, "SELinux port not declared", "SELinux port %s" % PORT_TYPE))
        values = declared_booleans("".join(_read(store + "/booleans.local") for store in stores))
        for name, wanted in sorted((booleans or {}).items()):
            now = self._now(name) if self.enabled else wanted
            if values.get(name) != wanted or now != wanted:
                self.rows.append(("boolean", name, "SELinux boolean not %s" % ("on" if wanted else "off"), "SELinux boolean %s" % ("on" if wanted else "off")))

    @staticmethod
    def _now(name):
        """Return what a boolean is at this moment; None if this policy has none of that name."""
        words = _read("%s/%s" % (BOOLEANS, name)).split()
        return words[0] == "1" if words else None

    @property
    def steps(self):
        """Whether there is anything to do."""
        return bool(self.rows)

    def changes(self):
        """Return rows ``(path, before, after)`` for the result."""
        return [("%s %s" % (kind, name), before, after) for kind, name, before, after in self.rows]

    def execute(self):
        """Declare what is missing."""
        later = [] if self.enabled else ["-N"]
        for kind, name, _before, after in self.rows:
            if kind == "module":
                self._load(later)
            elif kind == "port":
                self._port(name, later)
            else:
                run(self.runner, ["semanage", "boolean"] + later + ["-m", "--on" if after.endswith(" on") else "--off", name])

    def _load(self, later):
        if not self.text:
            run(self.runner, ["semodule"] + later + ["-r", MODULE])
            return
        # The module has the name of its file.
        with disk.temporary_directory() as place:
            path = "%s/%s.cil" % (place, MODULE)
            disk.write(path, self.text.encode("utf-8"), str(os.geteuid()), str(os.getegid()), "0600")
            run(self.runner, ["semodule"] + later + ["-i", path])

    def _port(self, port, later):
        """Give a port its type, also where the policy knows it for something else."""
        words = later + ["-t", PORT_TYPE, "-p", "tcp", str(port)]
        try:
            run(self.runner, ["semanage", "port", "-a"] + words)
        except CommandFailed as exc:
            if "already defined" not in exc.message:
                raise
            run(self.runner, ["semanage", "port", "-m"] + words)
