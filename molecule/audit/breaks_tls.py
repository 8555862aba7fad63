# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How a hardened gateway is broken in one control of TLS, and mended again. Commands of a POSIX shell, run as root."""

from breaks import Break

# SUSE's configuration lies in /etc itself.
CF = "cf=/etc/mail/sendmail.cf; [ -e $cf ] || cf=/etc/sendmail.cf; "
SUBMIT = "cf=/etc/mail/submit.cf; "
KEPT = "/root/mailjail-break.kept"
KEY = CF + "key=$(sed -n 's/^O ServerKeyFile=//p' $cf); "


def edited(script, place=CF, more=""):
    """Return how a live .cf is edited, and how it comes back with owner, mode and time."""
    return place + f"cp -p $cf {KEPT} && sed -i {script} $cf{more}", place + f"cp -p {KEPT} $cf && rm {KEPT}"


def added(*lines):
    """Return how lines are put behind a live .cf, and how it comes back."""
    return edited("''", more="".join(f" && echo '{line}' >> $cf" for line in lines))


BREAKS = (
    Break("SM-TLS-01", *edited("'/^O CACertPath=/d'")),
    Break("SM-TLS-02", KEY + "chmod 0640 $key", KEY + "chmod 0600 $key"),
    Break("SM-TLS-03", *edited("'/^O ServerSSLOptions=/s/+SSL_OP_NO_TLSv1 //'")),
    Break("SM-TLS-04", *edited("'s/^O CipherList=.*/O CipherList=ALL/'")),
    Break("SM-TLS-05", *edited("'s/^O DHParameters=.*/O DHParameters=5/'")),
    Break("SM-TLS-06", KEY + f"cp -p $key {KEPT} && openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=other.example -keyout {KEPT}.key "
          f"-out {KEPT}.crt 2>/dev/null && cat {KEPT}.key {KEPT}.crt > $key", KEY + f"cp -p {KEPT} $key && rm {KEPT} {KEPT}.key {KEPT}.crt",
          note="another's, and nearly over"),
    Break("SM-TLS-07", *edited("'s/^O TLSFallbacktoClear=.*/O TLSFallbacktoClear=True/'")),
    # Nothing is sent there: it is an address outside, and that is all that is looked at.
    Break("SM-TLS-08", *edited("'s/^DS.*/DSrelay:[8.8.8.8]/'"), note="a smart host outside, without terms"),
    Break("SM-TLS-09", *added("O DANE=true"), note="the lab's resolver is another host"),
    Break("SM-TLS-10", *added("O CRLFile=/etc/mail/no-such-list")),
)
