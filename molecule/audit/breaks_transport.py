# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of AUTH, MSP or MILT, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break
from breaks_tls import SUBMIT, added, edited

CLIENT = "for u in sendmail-client sm-client; do systemctl cat $u.service >/dev/null 2>&1 && break; done; "
# The hardened gateway offers no logins: with this every listener offers what the SASL library has.
OFFERED = "'/^O DaemonPortOptions=/s/Modifiers=A/Modifiers=/'"
# A filter that nobody runs; a socket below /run and a configuration of OpenDKIM for it.
GHOST = "Xghost, S=local:/run/mailjail-ghost.sock, F=T"
SIGNER = "Mode sv|Canonicalization simple|Socket local:/run/mailjail-ghost.sock|Domain corp.example|Selector ghost|KeyFile /root/mailjail-ghost.private"
CONFIGURED = ("[ ! -e /etc/opendkim.conf ] && echo '%s' | tr '|' '\\n' > /etc/opendkim.conf && install -m 0644 /dev/null /root/mailjail-ghost.private && "
              % SIGNER)

BREAKS = (
    Break("SM-AUTH-01", *edited(OFFERED), note="AuthOptions is not set where there are no logins"),
    Break("SM-AUTH-02", *edited(OFFERED)),
    Break("SM-AUTH-03", *edited(OFFERED), note="nor is AuthMechanisms"),
    Break("SM-MSP-01", *edited("'s/^O UseMSP=.*/O UseMSP=False/'", SUBMIT)),
    Break("SM-MSP-02", CLIENT + "systemctl stop $u.service", CLIENT + "systemctl start $u.service"),
    Break("SM-MSP-03", *edited("'s/^D{MTAHost}.*/D{MTAHost}[localhost]/'", SUBMIT)),
    Break("SM-MSP-04", *edited("'s/^DM.*/DMother.example/'", SUBMIT, more=" && { grep -q ^DM $cf || echo DMother.example >> $cf; }")),
    Break("SM-MILT-01", *added("O InputMailFilters=ghost", GHOST)),
    Break("SM-MILT-02", CONFIGURED + added("O InputMailFilters=ghost", GHOST)[0],
          added()[1] + "; rm -f /etc/opendkim.conf /root/mailjail-ghost.private", note="a key that everybody reads"),
)
