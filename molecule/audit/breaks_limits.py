# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of DOS and QUEUE, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
KEPT = "/root/mailjail-break.kept"


def edited(script):
    """Return how the live .cf is edited, and how it comes back with owner, mode and time."""
    return CF + f"cp -p $cf {KEPT} && sed -i {script} $cf", CF + f"cp -p {KEPT} $cf && rm {KEPT}"


def option(name, value):
    """Return how an option gets another value, and how the .cf comes back."""
    return edited(f"'s/^O {name}=.*/O {name}={value}/'")


BREAKS = (
    Break("SM-DOS-01", *option("MaxDaemonChildren", "0")),
    Break("SM-DOS-02", *option("ConnectionRateThrottle", "0")),
    Break("SM-DOS-03", *option("DelayLA", "40"), note="above QueueLA"),
    Break("SM-DOS-04", *option("MinFreeBlocks", "100")),
    Break("SM-DOS-05", *edited("'/^O MaxMessageSize=/d'")),
    Break("SM-DOS-06", *option("BadRcptThrottle", "0")),
    Break("SM-DOS-07", *option("Timeout.command", "1h")),
    Break("SM-DOS-08", *option("MaxHopCount", "100")),
    Break("SM-DOS-09", *option("Timeout.queuereturn.dsn", "5d")),
    Break("SM-QUEUE-01", "touch /var/spool/mqueue/QfMAILJAIL", "rm /var/spool/mqueue/QfMAILJAIL", note="as sendmail names a message that it can not read"),
)
