# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of PRIV, JAIL, SMRSH or ALIAS, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break
from breaks_files import KEPT, edited

CLIENT = "u=$(sed -n 's/^O RunAsUser=//p' /etc/mail/submit.cf); u=${u%%:*}; "
COMMANDS = "for d in /etc/mail/smrsh /etc/smrsh /usr/lib/sendmail.d/bin /usr/libexec/sendmail.d/bin; do [ -d $d ] && break; done; "
ALIASES_BACK = f"cp -p {KEPT} /etc/aliases && rm {KEPT}"
# Without the rule that knows no user of this host, mail would reach the local mailer.
NO_REFUSAL = "'/^SLocal_localaddr/,/^S[^L]/{/[$]#error/d}'"


def aliases(command):
    """Return how the alias file is edited, and how it comes back."""
    return f"cp -p /etc/aliases {KEPT} && {command}", ALIASES_BACK


BREAKS = (
    Break("SM-PRIV-01", *edited("'s/^O DefaultUser=.*/O DefaultUser=root/'")),
    Break("SM-PRIV-02", *edited("'s/^O SafeFileEnvironment=.*/&\\nO RunAsUser=mail/'")),
    # The program has to be sendmail itself: in test mode it waits for a question, under the title that it was started with.
    Break("SM-PRIV-03", "systemd-run -q --unit=mailjail-break --uid=mail bash -c "
          "'sleep 900 | exec -a \"sendmail: accepting connections\" /usr/sbin/sendmail -C /etc/mail/submit.cf -bt' && sleep 1",
          "systemctl stop mailjail-break"),
    Break("SM-PRIV-04", *edited("'s/^Troot/&\\nTgames/'")),
    Break("SM-PRIV-05", CLIENT + f"getent passwd $u | cut -d: -f7 > {KEPT} && usermod -s /bin/sh $u", CLIENT + f"usermod -s $(cat {KEPT}) $u && rm {KEPT}"),
    Break("SM-PRIV-06", *edited("'s,^O ForwardPath.*,O ForwardPath=$z/.forward,'")),
    Break("SM-PRIV-07", *edited("'/^Mlocal/s/F=/F=|/'")),
    # An agent that belongs to somebody else: the set-user-ID bit alone has no effect in our unit.
    Break("SM-PRIV-08", "install -o mail -m 0755 /bin/true /var/tmp/agent; " + edited(f"-e {NO_REFUSAL} -e '/^Mlocal/s|P=[^,]*|P=/var/tmp/agent|'")[0],
          edited("")[1] + "; rm /var/tmp/agent"),
    Break("SM-JAIL-01", "ln -s /etc/passwd /var/mailjail/passwd", "rm /var/mailjail/passwd"),
    Break("SM-JAIL-02", *aliases("echo 'broken: /var/mailjail/not/there' >> /etc/aliases")),
    Break("SM-SMRSH-01", *edited("-e '/^Mlocal/s/F=/F=|/' -e '/^Mprog/s|P=[^,]*|P=/bin/sh|'")),
    Break("SM-SMRSH-02", COMMANDS + "ln -s /bin/sh $d/sh", COMMANDS + "rm $d/sh"),
    Break("SM-ALIAS-01", *aliases("sed -i '/^abuse:/d' /etc/aliases")),
    Break("SM-ALIAS-02", *aliases("echo 'decode: \"|/usr/bin/uudecode\"' >> /etc/aliases")),
)
