# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break a hardened gateway in just one point: controls PKG, CF and BAK."""

from breaks import Break

CF = "$(ls /etc/mail/sendmail.cf /etc/sendmail.cf 2>/dev/null | head -n 1)"
MC = "$(ls /etc/mail/linux.mc /etc/mail/sendmail.mc 2>/dev/null | head -n 1)"
BINARY = "$(readlink -f /usr/sbin/sendmail)"
# A file of the cf library that no configuration of ours reads.
UNREAD = "$(ls /usr/share/sendmail*/cf/feature/uucpdomain.m4 /usr/share/sendmail*/feature/uucpdomain.m4 2>/dev/null | head -n 1)"
DROP_IN = "/etc/systemd/system/sendmail.service.d/broken.conf"


def added(path, line):
    """Return the commands that add a line to a file and take it away again."""
    return "printf '%%s\\n' \"%s\" >> %s" % (line.replace("`", "\\`"), path), "sed -i '$d' %s" % path


def kept(path, name, command):
    """Return the commands that change a file and put it back as it was, with its time."""
    return "cp -p %s /root/%s.whole && %s" % (path, name, command), "cp -p /root/%s.whole %s && rm /root/%s.whole" % (name, path, name)


def drop_in(text):
    """Return the commands that lay something over the daemon's unit and take it away; nothing is restarted."""
    return ("mkdir -p %s && printf '[Service]\\n%s\\n' > %s && systemctl daemon-reload" % (DROP_IN.rpartition("/")[0], text, DROP_IN),
            "rm -rf %s && systemctl daemon-reload" % DROP_IN.rpartition("/")[0])


CHANGELOG = "mkdir -p /usr/share/doc/sendmail-bin && echo nothing | gzip > /usr/share/doc/sendmail-bin/changelog.Debian.gz"
OLDER = kept(BINARY, "sendmail", "sed -i 's/8\\.18\\.1/8.16.1/g' %s && %s" % (BINARY, CHANGELOG))

BREAKS = (
    # systemd is told that another mail system runs.
    Break("SM-PKG-01", "systemd-run -q --unit=postfix.service sleep 900",
          "systemctl stop postfix.service; systemctl -q reset-failed postfix 2>/dev/null || true"),
    Break("SM-PKG-02", OLDER[0], OLDER[1] + " && rm -f /usr/share/doc/sendmail-bin/changelog.Debian.gz", ("debian",), "Debian 13: a program that is older"),
    Break("SM-PKG-03", *kept(UNREAD, "uucpdomain.m4", "echo dnl >> %s" % UNREAD)),
    Break("SM-PKG-04", *drop_in("ExecStartPre=/etc/mail/make")),
    Break("SM-PKG-05", *added(CF, "Kbroken hash /etc/mail/no-such-map")),
    Break("SM-CF-01", *added(CF, "O NoSuchOption=1")),
    Break("SM-CF-02", *added(MC, "MAILER(`local')")),
    Break("SM-CF-03", *added(CF, "O MaxHopCount=99")),
    Break("SM-CF-04", *added(MC, "# syscmd(`id')")),
    Break("SM-CF-05", *added(MC, "FEATURE(`promiscuous_relay')")),
    Break("SM-CF-06", *kept(CF, "sendmail.cf", "sed -i 's/^DZ8[.][0-9]*/DZ8.9/' %s" % CF)),
    Break("SM-BAK-01", "chmod 0755 /var/lib/mailjail", "chmod 0700 /var/lib/mailjail"),
)
