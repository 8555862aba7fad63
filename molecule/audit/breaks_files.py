# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of FS, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
KEPT = "/root/mailjail-break.kept"
PROGRAM = "for p in /usr/libexec/sendmail/sendmail /usr/sbin/sendmail.sendmail /usr/sbin/sendmail; do [ -f $p ] && [ ! -L $p ] && break; done; "
CLIENT_QUEUE = "q=/var/spool/mqueue-client; [ -d $q ] || q=/var/spool/clientmqueue; "
PID = "p=/run/sendmail/mta/sendmail.pid; [ -e $p ] || p=/run/sendmail/sendmail.pid; "


def edited(script):
    """Return how the live .cf is edited, and how it comes back with owner, mode and time."""
    return CF + f"cp -p $cf {KEPT} && sed -i {script} $cf", CF + f"cp -p {KEPT} $cf && rm {KEPT}"


BREAKS = (
    Break("SM-FS-01", "chmod g+w /etc/mail/*.mc", "chmod g-w /etc/mail/*.mc"),
    Break("SM-FS-02", CF + "chmod 0666 $cf", CF + "chmod 0644 $cf"),
    Break("SM-FS-03", "chmod o+r /etc/mail/access.*db", "chmod o-r /etc/mail/access.*db"),
    Break("SM-FS-04", "chmod g+w /etc/aliases", "chmod g-w /etc/aliases"),
    Break("SM-FS-05", "chmod o+w /etc/mail/relay-domains", "chmod o-w /etc/mail/relay-domains"),
    Break("SM-FS-06", PROGRAM + "chmod u+s $p", PROGRAM + "chmod u-s $p"),
    Break("SM-FS-07", "chmod o+x /var/spool/mqueue", "chmod o-x /var/spool/mqueue"),
    Break("SM-FS-08", CLIENT_QUEUE + "chmod o+rx $q", CLIENT_QUEUE + "chmod o-rx $q"),
    Break("SM-FS-09", "chmod g+w /etc/mail", "chmod g-w /etc/mail"),
    Break("SM-FS-10", PID + "chmod o+w $p", PID + "chmod o-w $p"),
    Break("SM-FS-11", "install -m 0644 /dev/null /etc/sasldb2", "rm /etc/sasldb2"),
    Break("SM-FS-12", "install -m 0644 /dev/null /var/log/sendmail.log", "rm /var/log/sendmail.log"),
    Break("SM-FS-13", f"stat -L -c %a /var/mail > {KEPT} && chmod 0777 /var/mail/", f"chmod $(cat {KEPT}) /var/mail/ && rm {KEPT}",
          note="hub: a gateway has no mailboxes, so its profile leaves this control out"),
    Break("SM-FS-14", "mount -t tmpfs -o size=1m tmpfs /var/mailjail", "umount /var/mailjail"),
    Break("SM-FS-15", *edited("'s/^O DontBlameSendmail=.*/O DontBlameSendmail=GroupWritableIncludeFile/'")),
    Break("SM-FS-16", "chown mail /etc/mail/helpfile.mailjail", "chown root /etc/mail/helpfile.mailjail"),
    Break("SM-FS-16", "setfacl -m u:mail:rw /etc/mail/relay-domains", "setfacl -b /etc/mail/relay-domains; chmod 0644 /etc/mail/relay-domains"),
)
