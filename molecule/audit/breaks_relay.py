# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of REL, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
KEPT = "/root/mailjail-break.kept"
# The program lies in a place of its own on some distributions.
MAKEMAP = ("PATH=$PATH:/usr/libexec/sendmail:/usr/lib/sendmail.d/bin makemap -C /dev/null $(sed -n 's/^Kaccess \\([a-z]*\\) .*/\\1/p' $cf) "
           "/etc/mail/access < /etc/mail/access")


def edited(script):
    """Return how the live .cf is edited, and how it comes back with owner, mode and time."""
    return CF + f"cp -p $cf {KEPT} && sed -i {script} $cf", CF + f"cp -p {KEPT} $cf && rm {KEPT}"


def listed(*lines):
    """Return how entries are put into the access map and its database, and how both come back."""
    text = " ".join("'%s'" % line for line in lines)
    return (CF + f"mkdir -p {KEPT} && cp -p /etc/mail/access /etc/mail/access.*db {KEPT} && printf '%s\\n' {text} >> /etc/mail/access && {MAKEMAP}",
            f"cp -p {KEPT}/access* /etc/mail/ && rm -r {KEPT}")


BREAKS = (
    Break("SM-REL-01", *edited("'/^SRcpt_ok/a R$+ < @ $* $=m >\\t$@ RELAY'"), note="relay_entire_domain, by hand"),
    Break("SM-REL-02", *listed("Connect:192.0.2 RELAY", "Connect:198.51.100 RELAY", "Connect:203.0.113 RELAY"),
          note="each network is small enough for SM-REL-03; together they hold all strangers"),
    Break("SM-REL-03", *listed("Connect:8 RELAY")),
    Break("SM-REL-04", "echo com >> /etc/mail/relay-domains", "sed -i '$d' /etc/mail/relay-domains"),
    Break("SM-REL-05", *edited("'s/^Kaccess \\([a-z]*\\) /Kaccess \\1 -o /'")),
    Break("SM-REL-06", *edited("'/PERCENT_HACK/d'")),
    Break("SM-REL-07", *edited("'/^DZ/i C{TrustAuthMech}ANONYMOUS'")),
    Break("SM-REL-08", *edited("'/^O DaemonPortOptions=/s/Modifiers=/Modifiers=u/'")),
    Break("SM-REL-09", *edited("'s/^O TryNullMXList=.*/O TryNullMXList=True/'")),
)
