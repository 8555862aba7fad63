# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of MAP, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
KEPT = "/root/mailjail-break.kept"

BREAKS = (
    Break("SM-MAP-01", f"cp -p /etc/mail/access {KEPT} && echo 'Connect:192.0.2.77 REJECT' >> /etc/mail/access",
          f"cp -p {KEPT} /etc/mail/access && rm {KEPT}", note="a refusal that was never built"),
    # The database is whole, and sendmail looks for keys with a NUL at their end.
    Break("SM-MAP-02", CF + f"cp -p $cf {KEPT} && sed -i 's/^Kmailertable \\([a-z]*\\) /Kmailertable \\1 -N /' $cf", CF + f"cp -p {KEPT} $cf && rm {KEPT}"),
)
