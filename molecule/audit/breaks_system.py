# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Ways to break a hardened gateway in just one point: controls OS and LOG.

SM-OS-03 is not here: no kernel of the lab has SELinux or AppArmor.
"""

from breaks import Break
from breaks_build import CF, added, drop_in

# Where lines of sendmail are kept is out of sight: files under other names, the journal (a mount of its own in a container) below an empty directory.
LOGS = "/var/log/mailjail /var/log/mail* /var/log/messages* /var/log/syslog*"
HIDE = ("for path in %s; do [ ! -e $path ] || mv $path /var/log/aside.${path##*/}; done; "
        "[ ! -d /var/log/journal ] || { mkdir -p /root/empty && mount --bind /root/empty /var/log/journal; }" % LOGS)
SHOW = ("for path in /var/log/aside.*; do [ ! -e $path ] || mv $path /var/log/${path##*/aside.}; done; "
        "[ ! -d /var/log/journal ] || { umount /var/log/journal && rmdir /root/empty; }")

BREAKS = (
    Break("SM-OS-01", *added(CF, "O DaemonPortOptions=Name=Extra, Port=2525, Addr=127.0.0.1")),
    # Where the role firewall keeps its rules with nftables.
    Break("SM-OS-02", "nft delete table inet mailjail", "systemctl restart mailjail-firewall.service"),
    Break("SM-OS-04", *drop_in("PrivateDevices=no")),
    Break("SM-OS-05", "systemctl -q disable sendmail.service", "systemctl -q enable sendmail.service"),
    # The file is the container's own mount, so it is written to and not replaced.
    Break("SM-OS-06", "cp /etc/resolv.conf /root/resolv.conf.whole && echo > /etc/resolv.conf",
          "cat /root/resolv.conf.whole > /etc/resolv.conf && rm /root/resolv.conf.whole"),
    Break("SM-LOG-01", *added(CF, "O LogLevel=0")),
    Break("SM-LOG-02", HIDE, SHOW),
)
