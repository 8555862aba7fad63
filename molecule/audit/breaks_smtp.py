# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of SMTP, and mended again. Commands of a POSIX shell, run as root.

SM-SMTP-05 has no row: no configuration makes a sendmail of this century answer DEBUG or WIZ.
"""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
KEPT = "/root/mailjail-break.kept"
HELP = CF + "h=$(sed -n 's/^O HelpFile=//p' $cf); "
# What goaway stands for, but for novrfy.
BUT_VRFY = "needmailhelo,needexpnhelo,needvrfyhelo,noexpn,authwarnings"


def edited(script):
    """Return how the live .cf is edited, and how it comes back with owner, mode and time."""
    return CF + f"cp -p $cf {KEPT} && sed -i {script} $cf", CF + f"cp -p {KEPT} $cf && rm {KEPT}"


BREAKS = (
    Break("SM-SMTP-01", *edited("'s/^O SmtpGreetingMessage=.*/O SmtpGreetingMessage=$j Sendmail $v; $b/'")),
    Break("SM-SMTP-02", HELP + f"cp -p $h {KEPT} && printf 'smtp\\tThis is sendmail version $v\\n' >> $h", HELP + f"cp -p {KEPT} $h && rm {KEPT}"),
    Break("SM-SMTP-03", *edited(f"'/^O PrivacyOptions=/s/goaway/{BUT_VRFY}/'")),
    Break("SM-SMTP-04", *edited("'s/^O AllowBogusHELO=.*/O AllowBogusHELO=True/'")),
    Break("SM-SMTP-06", *edited("'/^Ssrv_features/a R$*\\t$# O'")),
    Break("SM-SMTP-07", *edited("'/^Sgreet_pause/,/^$/s/[$]# [0-9]*/$# 100/'")),
    Break("SM-SMTP-08", *edited("'/^O PrivacyOptions=/s/nobodyreturn,*//'")),
    Break("SM-SMTP-09", *edited("'/^O PrivacyOptions=/s/restrictmailq,*//'")),
    Break("SM-SMTP-10", *edited("'s|^O MaxMimeHeaderLength=.*|O MaxMimeHeaderLength=0/0|'")),
)
