# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""No host, however strange, breaks a check: each ends in a verdict with words."""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import baseline, controls, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link

OLD = """V8/Berkeley
Cwlocalhost
Fw/etc/mail/local-host-names
DZ8.9.3
O AliasFile=/etc/aliases
O MaxDaemonChildren
O LogLevel=
O DefaultUser=daemon
O QueueDirectory=/var/spool/mqueue
O PrivacyOptions=authwarnings
O Timeout.command=1h
Troot daemon uucp
Kaccess hash /etc/mail/access
Mlocal, P=/bin/mail, F=lsDFMAw5:/|@qSXfmnz9, S=10/30, R=20/40, T=DNS/RFC822/X-Unix, A=mail -d $u
Mprog, P=/bin/sh, F=lsDFMoqeu9, S=10/30, R=20/40, D=$z:/, T=X-Unix, A=sh -c $u
S0
R$*\t$@ ok
"""
OLDER = "OA/etc/aliases\nOL9\nOQ/var/spool/mqueue\nOT3d\nDj$w\nMlocal,\tP=/bin/mail\nS3\nR$*\t$1\n"
STRANGE = "O DaemonPortOptions=Port=abc, Addr=999.1.2.3\nO DaemonPortOptions=\nO DaemonPortOptions=,,,=\nO MaxMessageSize=big\n" \
          "K\nKx\nX\nXf\nQ\nM\nMlocal\nC\nF\nH\n" \
          "O LogLevel=-1\nO ServerKeyFile=\nO QueueDirectory=*\nO SafeFileEnvironment=relative\nO AliasFile=,:,\nO DefaultUser=:\nO RunAsUser=99999:99999\n"
GARBAGE = "".join(chr(number) for number in range(256)) * 20
EVERYTHING_HIDDEN = {path: HIDDEN for path in ("/etc", "/var", "/usr", "/proc", "/run", "/sys")}
ODD = {"/etc/mail/access": GARBAGE, "/etc/aliases": GARBAGE, "/etc/mail/sendmail.mc": GARBAGE, "/etc/shadow": GARBAGE, "/etc/passwd": GARBAGE,
       "/proc/net/tcp": GARBAGE, "/etc/resolv.conf": GARBAGE, "/etc/mail/sendmail.conf": GARBAGE, "/etc/mail/tls/key.pem": file("", mode=0o777),
       "/var/spool/mqueue": file(kind="socket"), "/etc/mail/local-host-names": link("/nowhere"), "/etc/mail/relay-domains": directory(),
       "/usr/sbin/sendmail": file("\0sendmail.cf\0", mode=0o4755)}


class Mute(FakeView):
    """Every program is there, and says something that makes no sense."""

    def _run(self, argv, stdin):
        return Result(1, GARBAGE, GARBAGE)

    def program(self, *names):
        return "/usr/bin/" + names[0].rpartition("/")[2]


UNIT = {"LoadState": "loaded", "ActiveState": "active", "MainPID": "x"}
HOSTS = {
    "nothing": FakeView(), "hidden": FakeView(files=EVERYTHING_HIDDEN, processes=None), "empty": FakeView(files={"/etc/mail/sendmail.cf": ""}),
    "8.9": FakeView(cf=OLD, msp=OLD), "8.6": FakeView(cf=OLDER), "garbage": FakeView(cf=GARBAGE, msp=GARBAGE),
    "strange": FakeView(cf=STRANGE, msp=STRANGE, files=ODD),
    "mute": Mute(cf=STRANGE, msp=OLD, files=ODD, units={"sendmail.service": UNIT},
                 processes=[{"pid": 1, "title": "", "uid": 0, "gid": 0, "ppid": 0, "status": {}}]),
    "cf is a directory": FakeView(files={"/etc/mail/sendmail.cf": directory(), "/etc/mail/submit.cf": link("/etc/mail/submit.cf")}),
    "cf leads nowhere": FakeView(files={"/etc/mail/sendmail.cf": link("/nowhere"), "/etc/mail/submit.cf": link("/nowhere")}),
    "site without sense": FakeView(cf=OLD, site={"listeners": None, "compiled": None, "platform": None, "limits": None, "jail": None, "facts": None}),
}


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_check_ends_in_a_verdict_with_words(host):
    for control, found in controls.judge(HOSTS[host], controls_table.CONTROLS.values()):
        said = " ".join(one.seen for one in found.evidence)
        assert "check itself broke" not in said, "%s on a host: %s" % (control.id, said)
        assert found.verdict in controls.VERDICTS and found.evidence, control.id
        assert all(isinstance(text, str) for one in found.evidence for text in one), control.id


@pytest.mark.parametrize("host", ["nothing", "hidden"])
def test_nothing_passes_where_nothing_is_seen(host):
    passed = [control.id for control, found in controls.judge(HOSTS[host], controls_table.CONTROLS.values()) if found.verdict == controls.PASS]
    assert passed == []


class Silent:
    """Programs that do nothing and say nothing."""

    def run(self, argv, **_options):
        return Result(0, "", "")


@pytest.mark.parametrize("host", sorted(HOSTS))
def test_every_mend_ends_and_says_why_it_does_not(host, tmp_path):
    """The hands are the real ones; what they reach for is not there, or is what somebody put in its place."""
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc" / "mail").symlink_to("/nowhere")
    for control in [one for one in controls_table.CONTROLS.values() if one.mend]:
        try:
            control.mend(HOSTS[host], baseline.Hands(Silent(), True, str(tmp_path)))
        except SendmailError as exc:
            assert exc.message, control.id
