# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""From ``sendmail_apparmor`` to a profile for the mail daemon. Pure; runs on the controller.

The profile has a name and no path: only the daemon's unit asks for it. Who calls sendmail to hand in a message goes on without it, and so does whatever else
is that program on the host. What the daemon starts stays within the profile; under NoNewPrivileges it could not get out anyway.
"""

from __future__ import annotations

import re

from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import InvalidValue

NAME = "mailjail-sendmail"
FILE = "/etc/apparmor.d/" + NAME
# What compiles profiles, and what this one includes.
PACKAGES = {"debian": ["apparmor"], "suse": ["apparmor-parser", "apparmor-abstractions"]}
LOADED = "/sys/kernel/security/apparmor/profiles"
MARK = "Written by the collection mailjail.sendmail, role apparmor: a change made here is shown and undone by the next run."
FORGET = "! grep -q '^%s (' %s 2>/dev/null || printf %%s %s > /sys/kernel/security/apparmor/.remove" % (NAME, LOADED, NAME)

HEAD = """# %s
# The second wall around the mail daemon: what its unit (systemd) lets through is judged once more here.
#include <tunables/global>

profile %s flags=(attach_disconnected%s) {
  #include <abstractions/base>
  #include <abstractions/nameservice>
  #include <abstractions/openssl>
  #include <abstractions/ssl_certs>
"""
# What never is a mail daemon's business, said aloud so that nothing above can let it in.
NEVER = ("deny /etc/shadow* rwklx,", "deny /etc/gshadow* rwklx,", "deny /etc/sudoers rwklx,", "deny /etc/sudoers.d/** rwklx,",
         "deny /etc/ssh/ssh_host_* rwklx,",
         "deny /boot/** rwklx,", "deny /var/spool/cron/** rwklx,", "deny @{PROC}/sys/** w,", "deny @{PROC}/kcore rwklx,", "deny /sys/** w,",
         "deny /usr/** w,", "deny /etc/** w,")


def _path(word):
    """Return a path as a profile takes it; :raises InvalidValue: it would say more than a path."""
    if not re.fullmatch(r"/[A-Za-z0-9._/+@-]+", word) or "/../" in word:
        raise InvalidValue("sendmail_apparmor: '%s' is no plain absolute path, so it can not stand in a profile." % word, variable="sendmail_apparmor")
    return word.rstrip("/")


def _tree(path, rights):
    return ["%s/ r," % _path(path), "%s/** %s," % (_path(path), rights)]


def profile(site):
    """Return the text of the profile.

    :param dict site: see :func:`plan`.
    """
    unprivileged = site["privilege"] == "unprivileged"
    lines = ["# Its rights, as in its unit."] + ["capability %s," % name.lower().replace("cap_", "") for name in site["capabilities"]]
    lines += ["# SMTP, name servers, sockets of this host.", "network inet stream,", "network inet6 stream,", "network inet dgram,", "network inet6 dgram,",
              "unix,", "signal (receive) peer=unconfined,", "signal (send, receive) peer=%s," % NAME,
              "# Itself, and what it starts; all of it stays in here.", "/usr/** r,"]
    lines += ["%s{,/**} mrix," % _path(one) for one in site["programs"]]
    lines += ["/{usr/,}lib{,32,64}/** mr,", "# What it is told."]
    # Whoever looks something up in a database locks it first (k).
    for path in site["reads"]:
        lines += ["%s{,.*} rk," % _path(path)]
    for path in site["read_trees"]:
        lines += _tree(path, "rk")
    lines += ["# What it writes."]
    for path in site["writes"]:
        lines += _tree(path, "rwkl")
    lines += ["%s rwk," % _path(site["statistics"]), "/tmp/** rwkl,", "/var/tmp/** rwkl,", "# Sockets of mail filters and of the log.", "/run/** rw,",
              "@{PROC}/loadavg r,", "owner @{PROC}/@{pid}/** r,"]
    if not unprivileged and site["home_access"] != "hidden":
        lines += ["# Users direct their mail (~/.forward)%s." % (" and deliver at home" if site["home_access"] == "full" else ""),
                  "@{HOMEDIRS}/** %s," % ("rwkl" if site["home_access"] == "full" else "r")]
    lines += ["# Never, whatever stands above."] + list(NEVER)
    return HEAD % (MARK, NAME, ",complain" if site["mode"] == "complain" else "") + "".join("\n  " + line for line in lines) + "\n}\n"


def plan(site):
    """Return ``packages``, the ``companions`` to run before the daemon, those ``retired`` after it, and a ``remark`` for people.

    :param dict site: with ``mode``, ``family``, ``active`` (whether the kernel has AppArmor on), ``system_files`` (what an earlier run left), and what the
        profile is made of: ``privilege``, ``capabilities``, ``programs``, ``reads``, ``read_trees``, ``writes``, ``statistics``, ``home_access``.
    :raises InvalidValue: a family whose kernels have SELinux instead, or a path that can not stand in a profile.
    """
    # YAML reads a bare off as false.
    if (site["mode"] or "off") == "off":
        gone = [{"path": FILE, "state": "absent"}] if FILE in site["system_files"] else []
        return {"packages": [], "companions": [], "remark": "", "retired": [
            {"name": "apparmor", "state": "stopped", "files": gone, "apply": ["sh", "-c", FORGET]}] if gone else []}
    if site["family"] == "redhat":
        raise InvalidValue("sendmail_apparmor is '%s', and kernels of this family have SELinux instead. Leave it 'off'." % site["mode"],
                           variable="sendmail_apparmor")
    entry = {"name": "apparmor", "files": [{"path": FILE, "content": profile(site)}], "check": ["apparmor_parser", "-Q", "-K", FILE]}
    if site["active"]:
        entry.update(apply=["apparmor_parser", "-r", FILE], proof=["grep", "-q", "^%s (%s)$" % (NAME, site["mode"]), LOADED])
    remark = "" if site["active"] else ("has a kernel without AppArmor: the profile %s was laid out and compiled, and is not in force." % FILE)
    return {"packages": PACKAGES[site["family"]], "companions": [entry], "retired": [], "remark": remark}
