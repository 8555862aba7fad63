# Copyright: (c) 2026, The mailjail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controls FS, PRIV, JAIL, SMRSH and ALIAS: each passes on a hardened host, and fails on the same host with one thing broken.

Three hardened hosts (Debian's gateway, Red Hat's hub, SUSE's null client), three as their distributions ship them.
"""

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import pytest

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.errors import SendmailError
from ansible_collections.mailjail.sendmail.plugins.module_utils.runner import Result
from ansible_collections.mailjail.sendmail.tests.unit.plugins.module_utils.control_views import HIDDEN, FakeView, directory, file, link

FAMILIES = ("FS", "PRIV", "JAIL", "SMRSH", "ALIAS")
NOBODY = "Local_localaddr\nR$+ + $*\t$@ $1 + $2\nR$*\t\t$#error $@ 5.1.1 $: \"550 User unknown\"\n"
LOCAL = "Mlocal,\t\tP=%s, F=%s, S=EnvFromL,\n\t\tA=agent $u\nMprog,\t\tP=%s, F=lsDFMoqeu9, S=EnvFromL,\n\t\tA=sh -c $u\n"
MSP = "O UseMSP=True\nO RunAsUser=%s\nO TrustedUser=%s\nO QueueDirectory=%s\nO StatusFile=%s\nO DontBlameSendmail=safe\nTroot\nTdaemon\nO PidFile=%s\n"
GATEWAY_CF = ("O DontBlameSendmail=safe\nFw/etc/mail/local-host-names\nFR-o /etc/mail/relay-domains\nO AliasFile=hash:/etc/aliases\n"
              "Kaccess btree -T<TMPF> /etc/mail/access\nKauthinfo btree /etc/mail/authinfo\nO ForwardPath\nO QueueDirectory=/var/spool/mqueue\n"
              "O DefaultUser=mail:mail\nO SafeFileEnvironment=/var/mailjail\nO TrustedUser=root\nO PidFile=/run/sendmail/mta/sendmail.pid\nTroot\nTdaemon\n"
              "O ServerKeyFile=/etc/mail/tls/mailjail/server.pem\nDjgw.corp.example\nS" + NOBODY
              + LOCAL % ("/usr/sbin/sensible-mda", "lsDFMAw5/@qSPfhn9", "/usr/libexec/sendmail/smrsh"))
ALIASES = "postmaster: boss@corp.example\nMAILER-DAEMON: postmaster\nroot: postmaster\nabuse: postmaster\nhostmaster: postmaster\nsecurity: postmaster\n"
HUB_ALIASES = ALIASES.replace("boss@corp.example", "root").replace("root: postmaster\n", "")
GATEWAY_FILES = {
    "/etc/aliases": ALIASES + "archive: /var/mailjail/var/spool/mail/archive\n", "/etc/aliases.db": file(mode=0o640),
    "/etc/mail/sendmail.mc": "include(`/usr/share/sendmail/cf/m4/cf.m4')dnl\n", "/etc/mail/submit.mc": "x", "/usr/share/sendmail/cf/m4/cf.m4": "x",
    "/etc/mail/access": file(mode=0o640), "/etc/mail/access.db": file(mode=0o640), "/etc/mail/local-host-names": "gw.corp.example\n",
    "/etc/mail/authinfo": file("AuthInfo:x\n", mode=0o600), "/etc/mail/authinfo.db": file(mode=0o600),
    "/etc/mail/relay-domains": "corp.example\n", "/etc/mail/smrsh": directory(),
    "/etc/mail/tls": directory(group="smmsp"), "/etc/mail/tls/mailjail": directory(),
    "/etc/mail/tls/mailjail/server.pem": file(mode=0o600), "/usr/libexec/sendmail/smrsh": file("x\0/etc/mail/smrsh\0x", mode=0o755),
    "/usr/libexec/sendmail/sendmail": file(mode=0o2755, group="smmsp"), "/usr/sbin/sendmail": link("/etc/alternatives/sendmail"),
    "/etc/alternatives/sendmail": link("/usr/libexec/sendmail/sendmail"), "/usr/sbin/sensible-mda": file(mode=0o4755),
    "/usr/libexec/sendmail/mailstats": file(mode=0o2755, group="smmsp"),
    "/var/spool/mqueue": directory(0o750, group="smmsp"), "/var/spool/mqueue/dfx1": file(mode=0o600),
    "/var/spool/mqueue-client": directory(0o2770, "smmsp", "smmsp"), "/var/spool/mqueue-client/qfx2": file(mode=0o660, owner="smmsp", group="smmsp"),
    "/var/lib/sendmail": directory(0o751, group="smmsp"), "/var/lib/sendmail/sm-client.st": file(mode=0o660, owner="smmsp", group="smmsp"),
    "/run/sendmail/mta/sendmail.pid": file("1\n"), "/run/sendmail/msp": directory(owner="smmsp", group="smmsp"),
    "/run/sendmail/msp/sendmail.pid": file(mode=0o600, owner="smmsp", group="smmsp"),
    "/var/mailjail/var/spool/mail/archive": file(mode=0o600, owner="mail", group="mail"),
    "/etc/shells": "/bin/sh\n", "/bin/sh": file(mode=0o755), "/etc/shadow": file("root:$6$x:1\nsmmsp:!:1::::::\n", mode=0o640, group="shadow"),
    "/etc/passwd": "root:x:0:0:root:/root:/bin/bash\nalice:x:1000:1000::/home/alice:/bin/bash\n",
    "/proc/self/mounts": "overlay / overlay rw 0 0\n/dev/sdb /var/spool ext4 rw,nosuid,nodev,noexec 0 0\n",
    "/var/log/mail.log": file("x stat=Sent, mailer=esmtp\n", mode=0o640, group="adm"), "/etc/logrotate.d/rsyslog": "/var/log/syslog\n/var/log/mail.log\n{\n}\n"}
PEOPLE = {"mail": {"uid": 8, "gid": 8}, "smmsp": {"uid": 111, "gid": 111}, "daemon": 1, "alice": {"uid": 1000, "shell": "/bin/bash"},
          "www-data": 33, "smmta": 110}
GROUPS = {"mail": [], "smmsp": [], "adm": [], "alice": []}
CLIENT = MSP % ("smmsp", "smmsp", "/var/spool/mqueue-client", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid")
DAEMON = {"pid": 10, "ppid": 1, "uid": 0, "gid": 0, "title": "sendmail: accepting connections", "status": {"CapEff": "00000000000404c0"}}
RUNNER = {"pid": 11, "ppid": 1, "uid": 111, "gid": 111, "title": "sendmail: Queue runner@00:10:00 for /var/spool/mqueue-client", "status": {}}
CHILD = {"pid": 12, "ppid": 10, "uid": 8, "gid": 8, "title": "sendmail: ./x1 gw: user open", "status": {}}


LISTENS = "  sl  local_address rem_address   st\n   0: 0100007F:22BD 00000000:0000 0A 00000000:00000000 00:00000000 00000000   121        0 4711 1\n"
# The key of a filter's user in a directory of its own, and what Mailman's group writes.
DKIM = {"/etc/mail/dkim": directory(0o700, "opendkim", "opendkim"), "/etc/mail/dkim/key": file(mode=0o640, owner="opendkim", group="opendkim"),
        "/etc/mail/dkim.key": file(mode=0o600, owner="opendkim")}
FILTER = dict(PEOPLE, opendkim={"uid": 120, "gid": 120}, opendmarc={"uid": 121, "gid": 121})
MAILMAN = dict(cf=("hash:/etc/aliases", "hash:/etc/aliases,hash:/var/lib/mailman/data/aliases"),
               files={"/etc/aliases": file(ALIASES, mode=0o664), "/var/lib/mailman/data": directory(0o2775, "list", "list"),
                      "/var/lib/mailman/data/aliases": file("x: y\n", mode=0o664, owner="list", group="list")})
OMFILE = 'mail.* action(type="omfile" name="own"\n    file="/srv/mail" fileCreateMode="0640")\n'
NO_LOGINS = "O DaemonPortOptions=Name=MTA, Modifiers=A\nO PidFile"
# A submission queue of several directories, in a place that many share.
STARRED = MSP % ("smmsp", "smmsp", "/var/spool/out*", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid")


def edited(text, changes):
    """Return a text with pieces replaced. :param changes: (old, new, old, new ...)."""
    for old, new in zip(changes[::2], changes[1::2]) if changes else ():
        assert old in text, old
        text = text.replace(old, new)
    return text


def gateway(cf=None, msp=None, files=None, **other):
    """Return the hardened gateway. :param cf: (old, new) text to replace in its .cf."""
    text = edited(GATEWAY_CF, cf)
    client = MSP % ("smmsp", "smmsp", "/var/spool/mqueue-client", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid")
    said = dict({"processes": [DAEMON, RUNNER, CHILD], "accounts": PEOPLE, "groups": GROUPS, "site": {"profile": "gateway"}}, **other)
    return FakeView(cf=text, msp=client if msp is None else msp, files={
        path: given for path, given in dict(GATEWAY_FILES, **(files or {})).items() if given is not None}, **said)


def unprivileged():
    """Return the hardened gateway whose daemon is another user from the first instruction on."""
    accounts = dict(PEOPLE, mailgw={"uid": 990, "gid": 990})
    own = {"/var/spool/mqueue": directory(0o700, "mailgw", "mailgw"), "/etc/mail/tls/mailjail/server.pem": file(mode=0o600, owner="mailgw"),
           "/etc/mail/access.db": file(mode=0o640, group="mailgw"), "/etc/mail/authinfo.db": file(mode=0o640, group="mailgw"), "/etc/aliases": ALIASES,
           "/run/sendmail/mta": directory(owner="mailgw", group="mailgw"), "/run/sendmail/mta/sendmail.pid": file(owner="mailgw", group="mailgw")}
    return gateway(cf=("O SafeFileEnvironment=/var/mailjail\n", "", "mail:mail", "mailgw:mailgw", "TrustedUser=root", "TrustedUser=mailgw", "Aw5/@", "Aw5@"),
                   files=own, accounts=accounts, groups=dict(GROUPS, mailgw=[]), units={"sendmail.service": {"User": "mailgw", "NoNewPrivileges": "yes"}},
                   processes=[dict(DAEMON, uid=990), RUNNER], site={"profile": "gateway", "privilege": "unprivileged"})


def hub(cf=None, files=None, **other):
    """Return the hardened hub of Red Hat's family, with procmail and homes."""
    text = GATEWAY_CF.replace("S" + NOBODY, "").replace("O ForwardPath\n", "O ForwardPath=$z/.forward\n").replace("/usr/libexec/sendmail/smrsh",
                                                                                                                  "/usr/sbin/smrsh")
    text = text.replace("/usr/sbin/sensible-mda, F=lsDFMAw5/@", "/usr/bin/procmail, F=lsDFMAw5/|@").replace("O DefaultUser=mail:mail", "O DefaultUser=8:8")
    text = edited(text, cf)
    own = {"/etc/aliases": HUB_ALIASES, "/usr/bin/procmail": file(mode=0o755), "/etc/smrsh": directory(),
           "/etc/smrsh/vacation": link("/usr/bin/vacation"), "/usr/bin/vacation": file(mode=0o755), "/etc/mail/smrsh": None,
           "/usr/libexec/sendmail/smrsh": None, "/usr/sbin/smrsh": file("\0/etc/smrsh\0", mode=0o755), "/var/log/mail": directory(0o750, group="mail"),
           "/var/log/maillog": file(mode=0o600), "/etc/logrotate.d/syslog": "/var/log/maillog {\n}\n",
           "/var/spool/mail": directory(0o775, group="mail"), "/var/spool/mail/alice": file(mode=0o660, owner="alice", group="mail"),
           "/var/mail": link("spool/mail"), "/home/alice": directory(0o700, "alice", "alice"), "/home/alice/.forward": file("x", owner="alice")}
    client = MSP % ("smmsp", "smmsp", "/var/spool/mqueue-client", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid")
    return FakeView(cf=text, msp=client, files={path: given for path, given in dict(GATEWAY_FILES, **dict(own, **(files or {}))).items() if given is not None},
                    processes=[DAEMON, RUNNER], accounts=PEOPLE, groups=GROUPS, **dict({"site": {"profile": "hub"}}, **other))


def nullclient():
    """Return the hardened null client of SUSE, without a daemon."""
    cf = ("O DontBlameSendmail=safe\nFR/etc/mail/relay-domains\nO ForwardPath\nO QueueDirectory=/var/spool/mqueue\nO DefaultUser=mail:mail\n"
          "O TrustedUser=root\nDHhub.corp.example\nO PidFile=/run/sendmail/mta/sendmail.pid\nTroot\n"
          + LOCAL % ("/usr/bin/procmail", "lsDFM5qSPfhn9", "/bin/sh"))
    return FakeView(
        files={"/etc/sendmail.cf": cf + "O SevenBitInput=False\nSx\nR$*\t$@ ok\n", "/etc/mail/relay-domains": "",
               "/usr/sbin/sendmail": file(mode=0o2555, group="mail"),
               "/etc/mail/linux.mc": "x", "/etc/mail/auth": directory(0o750), "/etc/mail/auth/auth-info": file(mode=0o600),
               "/var/spool/mqueue": directory(0o700), "/var/spool/clientmqueue": directory(0o770, "mail", "mail"), "/etc/shadow": "mail:*:1\n",
               "/usr/lib/sendmail.d/bin/smrsh": file("\0/usr/lib/sendmail.d/bin\0",
                                                     mode=0o511), "/etc/permissions.d/sendmail": "/usr/sbin/sendmail root:mail 2555\n",
               "/proc/self/mounts": "overlay / overlay rw 0 0\n"},
        msp=MSP % ("mail", "mail", "/var/spool/clientmqueue", "/var/spool/clientmqueue/sm-client.st", "/run/sendmail/msp/sendmail.pid"),
        accounts={"mail": 8, "daemon": 1}, groups={"mail": []}, site={"profile": "nullclient", "platform": {"smrsh": {"directory": "/usr/lib/sendmail.d/bin"}}},
        processes=[dict(RUNNER, uid=8, title="sendmail: Queue runner@00:10:00 for /var/spool/clientmqueue")])


def judged(view, only=FAMILIES):
    """Return control -> judgement, of the controls of this file."""
    return {control.id: judgement for control, judgement in controls.judge(view, controls_table.chosen(view.site.get("profile", ""), only=only))}


@pytest.mark.parametrize("make, spared", [
    (gateway, set()),
    (unprivileged, {"SM-JAIL-01", "SM-JAIL-02"}),
    (hub, {"SM-JAIL-02"}),
    (nullclient, {"SM-FS-03", "SM-FS-04", "SM-FS-10", "SM-FS-12", "SM-FS-14", "SM-ALIAS-01", "SM-ALIAS-02"})])
def test_a_hardened_host_passes(make, spared):
    """Whatever does not pass has nothing to hold; and nothing is left out by an accident of the test."""
    view = make()
    found = judged(view)
    bad = {name: one for name, one in found.items() if one.verdict not in ("pass", "not applicable")}
    assert not bad
    assert {name for name, one in found.items() if one.verdict == "not applicable"} - spared <= ({"SM-JAIL-02"} if make is hub else set()), found
    assert all(one.evidence for one in found.values())


# control, the host with one thing broken, and a word of the evidence
BROKEN = [
    ("SM-FS-01", dict(files={"/etc/mail/sendmail.mc": file(mode=0o664)}), "/etc/mail/sendmail.mc"),
    ("SM-FS-01", dict(files={"/etc/mail/sendmail.mc": "include(`/opt/own.m4')\n", "/opt/own.m4": file(owner="alice")}), "/opt/own.m4"),
    ("SM-FS-02", dict(files={"/etc/mail/sendmail.cf.bak": file(mode=0o666)}), "0666"),
    ("SM-FS-02", dict(files={"/etc/mail/sendmail.cf": file(GATEWAY_CF + "O x=y\nSx\nR$*\t$@ ok\n", owner="smmta")}), "smmta"),
    ("SM-FS-03", dict(files={"/etc/mail/access.db": file(mode=0o644)}), "access.db"),
    # The submission program's user owns its own maps alone.
    ("SM-FS-03", dict(files={"/etc/mail/access.db": file(mode=0o640, owner="smmsp", group="smmsp")}), "smmsp"),
    ("SM-FS-04", dict(files={"/etc/aliases.db": file(mode=0o640, owner="smmsp", group="smmsp")}), "smmsp"),
    ("SM-FS-16", dict(files={"/etc/mail/access.db": file(mode=0o640, owner="smmsp", group="smmsp")}), "smmsp"),
    ("SM-FS-03", dict(files={"/etc/mail/access": file(mode=0o666)}), "access"),
    ("SM-FS-03", dict(files={"/etc/mail/access": file(owner="alice", mode=0o640)}), "alice"),
    ("SM-FS-04", dict(files={"/etc/aliases": file(ALIASES, mode=0o664)}), "/etc/aliases"),
    ("SM-FS-04", dict(files={"/etc/aliases.db": file(mode=0o644)}), "aliases.db"),
    ("SM-FS-05", dict(files={"/etc/mail/relay-domains": file(mode=0o666)}), "relay-domains"),
    ("SM-FS-06", dict(files={"/usr/libexec/sendmail/sendmail": file(mode=0o4755)}), "set-user-ID"),
    ("SM-FS-06", dict(files={"/usr/libexec/sendmail/sendmail": file(mode=0o755)}), "without it no user"),
    ("SM-FS-06", dict(files={"/usr/libexec/sendmail/sendmail": file(mode=0o2755, group="adm")}), "submission queue"),
    ("SM-FS-06", dict(files={"/usr/libexec/sendmail/mailstats": file(mode=0o4755)}), "mailstats"),
    ("SM-FS-06", dict(runs={("dpkg-statoverride", "--list", "/usr/libexec/sendmail/sendmail"): "root root 4755 /usr/libexec/sendmail/sendmail\n"}),
     "statoverride"),
    ("SM-FS-06", dict(files={"/etc/permissions.local": "# x\n/usr/libexec/sendmail/sendmail root.root 4755\n"}), "/etc/permissions.local:2"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue": directory(0o755)}), "0755"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue": directory(0o750, group="adm")}), "adm"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue/dfx1": file(mode=0o644)}), "dfx1"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue/slow": directory(0o777)}), "slow"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue/dfx9": link("/etc/passwd")}), "a link"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue/dfx9": file(mode=0o600, acl=True)}), "access list"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue": directory(0o750, group="smmsp", acl=True)}), "access list"),
    ("SM-FS-07", dict(cf=("mqueue\n", "mqueue/q*\n"), files={"/var/spool/mqueue": directory(0o775), "/var/spool/mqueue/q1": directory(0o700)}), "0755 or less"),
    ("SM-FS-07", dict(cf=("mqueue\n", "mqueue*\n"), files={"/var/spool/mqueue": directory(0o755)}), "/var/spool/mqueue"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client": directory(0o2777, "smmsp", "smmsp")}), "2777"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client": directory(0o2770)}), "smmsp:smmsp"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client/qfx2": file(mode=0o664)}), "qfx2"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client/x": link("/etc/passwd")}), "a link"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client/qfx2": file(mode=0o660, owner="smmsp", group="smmsp", acl=True)}), "access list"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client": directory(0o2770, "smmsp", "smmsp", acl=True)}), "access list"),
    ("SM-FS-08", dict(msp=STARRED), "/var/spool/out*"),
    ("SM-FS-08", dict(msp=STARRED, files={"/var/spool/out1": directory(0o2770, "smmsp", "smmsp"), "/var/spool/out2": directory(0o755)}), "/var/spool/out2"),
    ("SM-FS-09", dict(files={"/etc/mail": directory(0o2755, "smmta", "smmsp")}), "/etc/mail"),
    ("SM-FS-09", dict(files={"/var/spool": directory(0o777)}), "/var/spool"),
    ("SM-FS-09", dict(files={"/etc/mail/tls/mailjail": directory(0o775, group="smmsp")}), "mailjail"),
    ("SM-FS-10", dict(cf=("O PidFile", "O StatusFile=/var/lib/sendmail/st\nO PidFile"), files={"/var/lib/sendmail/st": file(mode=0o644)}), "/st"),
    ("SM-FS-10", dict(cf=("O PidFile", "O StatusFile=/var/lib/sendmail/st\nO PidFile"), files={"/var/lib/sendmail/st": file(mode=0o600, links=2)}),
     "hard links"),
    ("SM-FS-10", dict(cf=("O PidFile", "O ControlSocketName=/run/sendmail/mta/ctl\nO PidFile"),
                      files={"/run/sendmail/mta/ctl": file(mode=0o600, kind="socket")}), "0700"),
    ("SM-FS-10", dict(files={"/var/lib/sendmail/sm-client.st": link("/etc/passwd")}), "a link"),
    ("SM-FS-10", dict(cf=("/run/sendmail/mta/sendmail.pid", "/run/sendmail.pid"), files={"/run/sendmail.pid": "1", "/run": directory(0o775)}), "0775"),
    ("SM-FS-10", dict(files={"/run/sendmail/mta/sendmail.pid": file(mode=0o666)}), "0666"),
    ("SM-FS-10", dict(files={"/run/sendmail/mta": directory(0o2755, "smmta", "smmsp")}), "smmta"),
    ("SM-FS-11", dict(files={"/etc/mail/authinfo": file(mode=0o640, group="smmsp")}), "authinfo"),
    ("SM-FS-11", dict(files={"/etc/mail/authinfo.db": file(mode=0o644)}), "authinfo.db"),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o644)}), "sasldb2"),
    # No listener offers logins, and nobody else was given it: closed to others all the same.
    ("SM-FS-11", dict(cf=("O PidFile", NO_LOGINS), files={"/etc/sasldb2": file(mode=0o644)}), "sasldb2"),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o640, acl=True)}), "access list"),
    ("SM-FS-11", dict(files={"/etc/sasl2/Sendmail.conf": "sasldb_path: /srv/users\n", "/srv/users": file(mode=0o640, owner="cyrus", group="mail")}), "cyrus"),
    ("SM-FS-11", dict(files={"/etc/mail/authinfo.db": file(mode=0o600, acl=True)}), "access list"),
    ("SM-FS-11", dict(files={"/etc/sasl2/Sendmail.conf": file("sql_passwd: x\n")}), "Sendmail.conf"),
    ("SM-FS-11", dict(files={"/etc/sasl2/Sendmail.conf": file("mech_list: PLAIN\n", mode=0o666)}), "0666"),
    ("SM-FS-11", dict(cf=("O PidFile", "Kldap ldap -h l -d cn=x -M simple -P /etc/mail/ldap.pw -k x\nO PidFile"), files={"/etc/mail/ldap.pw": "x"}), "ldap.pw"),
    ("SM-FS-11", dict(files={"/etc/mail/access": file("AuthInfo:h x\n", mode=0o644)}), "/etc/mail/access"),
    ("SM-FS-12", dict(files={"/var/log/mail.log": file(mode=0o644)}), "mail.log"),
    ("SM-FS-12", dict(files={"/var/log/mail.log.1": file(mode=0o644)}), "mail.log.1"),
    ("SM-FS-12", dict(files={"/etc/logrotate.d/rsyslog": "/var/log/syslog\n"}), "logrotate"),
    ("SM-FS-12", dict(files={"/etc/rsyslog.d/own.conf": "news,mail.info;uucp.none  -/srv/mail;Format\n", "/srv/mail": file(mode=0o644)}), "/srv/mail"),
    ("SM-FS-12", dict(files={"/var/log/mailjail/mail.log": file(mode=0o644, group="adm"), "/etc/logrotate.d/own": "/var/log/mailjail/mail.log {\n}\n"}),
     "/var/log/mailjail/mail.log"),
    ("SM-FS-12", dict(files={"/etc/rsyslog.d/own.conf": OMFILE, "/srv/mail": file(mode=0o644), "/etc/logrotate.d/own": "/srv/mail {\n}\n"}), "/srv/mail"),
    ("SM-FS-12", dict(files={"/etc/rsyslog.d/own.conf": "mail.*  -/srv/mail\n", "/srv/mail": file(mode=0o640)}), "/srv/mail"),
    ("SM-FS-14", dict(files={"/proc/self/mounts": "x / ext4 rw 0 0\ny /var/spool ext4 rw,nosuid 0 0\n"}), "noexec"),
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=AssumeSafeChown,GroupWritableIncludeFile")), "AssumeSafeChown"),
    # Lines add up, in any spelling.
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=AssumeSafeChown\nO DontBlameSendmail=DontWarnForwardFileInUnsafeDirPath")),
     "AssumeSafeChown"),
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=safe\nO dontblamesendmail=AssumeSafeChown")), "AssumeSafeChown"),
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=AssumeSafeChown safe GroupReadableKeyFile")), "GroupReadableKeyFile"),
    ("SM-FS-15", dict(msp="O DontBlameSendmail=GroupReadableKeyFile\nO RunAsUser=smmsp\n"), "submit.cf:1"),
    ("SM-FS-16", dict(files={"/etc/mail/access": file(mode=0o640, acl=True)}), "access list"),
    ("SM-FS-16", dict(files={"/etc/mail/smrsh": directory(acl=True)}), "setfacl"),
    ("SM-FS-16", dict(files={"/etc/mail/helpfile": file(owner="alice")}), "helpfile"),
    ("SM-FS-16", dict(files={"/etc/mail/helpfile": file(owner="smmsp")}), "smmsp"),
    ("SM-FS-16", dict(files={"/etc/mail/dkim.key": file(mode=0o644, owner="opendkim")}, accounts=FILTER), "dkim.key"),
    ("SM-FS-16", dict(files={"/etc/mail/dkim.key": file(mode=0o640, owner="opendkim", group="adm")}, accounts=FILTER), "dkim.key"),
    ("SM-FS-16", dict(files={"/etc/mail/x": file(mode=0o600, owner="mail")}, accounts=FILTER), "mail:root"),
    ("SM-FS-16", dict(files={"/etc/mail/x": file(mode=0o600, owner="alice")}, accounts=FILTER), "alice"),
    ("SM-FS-16", MAILMAN, "/var/lib/mailman/data/aliases"),
    ("SM-FS-16", dict(files={"/etc/mail/Makefile": file(mode=0o664)}), "Makefile"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=root")), "not root"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=smmsp:smmsp")), "submission"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=alice")), "shell"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=mail:0")), "group than root"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=nosuch")), "account of this host"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=mail:smmsp")), "group than smmsp"),
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=mail:shadow")), "group than shadow"),
    # The group of the submission program, whatever its name.
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=mail:adm2"), msp=CLIENT.replace("RunAsUser=smmsp", "RunAsUser=smmsp:adm2")),
     "group than adm2"),
    # A first group that is named nowhere else.
    ("SM-PRIV-01", dict(cf=("DefaultUser=mail:mail", "DefaultUser=mail"), accounts=dict(PEOPLE, mail={"uid": 8, "gid": 4})), "group than adm"),
    ("SM-PRIV-01", dict(accounts=dict(PEOPLE, mail={"uid": 8, "gid": 8, "shell": ""})), "none is named"),
    ("SM-PRIV-01", dict(accounts=dict(PEOPLE, mail={"uid": 8, "gid": 8, "shell": "/home/alice/true"})), "/home/alice/true"),
    ("SM-PRIV-05", dict(accounts=dict(PEOPLE, smmsp={"uid": 111, "shell": ""})), "none is named"),
    ("SM-PRIV-05", dict(accounts=dict(PEOPLE, bob={"uid": 1001, "gid": 111})), "bob"),
    ("SM-PRIV-01", dict(groups=dict(GROUPS, adm=["mail"])), "adm"),
    ("SM-PRIV-02", dict(cf=("O PidFile", "O RunAsUser=mail\nO PidFile")), "only one of both"),
    ("SM-PRIV-02", dict(units={"sendmail.service": {"User": "smmta"}}), "sendmail.service"),
    ("SM-PRIV-03", dict(processes=[DAEMON, dict(RUNNER, uid=0)]), "Queue runner"),
    ("SM-PRIV-03", dict(site={"profile": "gateway", "privilege": "unprivileged"}), "unprivileged"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=1000)]), "alice"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=1000, title="sendmail -bD")]), "alice"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=1000, title="/usr/sbin/sendmail -q30m")]), "alice"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=1000, title="sendmail: startup")], units={"sendmail.service": {"MainPID": "10"}}), "alice"),
    ("SM-PRIV-04", dict(cf=("Tdaemon", "Tdaemon www-data")), "www-data"),
    ("SM-PRIV-04", dict(cf=("Tdaemon", "Ft-o /etc/mail/trusted-users %[^\\#]"), files={"/etc/mail/trusted-users": "# x\nalice\n"}), "trusted-users:2"),
    ("SM-PRIV-04", dict(cf=("TrustedUser=root", "TrustedUser=alice")), "/bin/bash"),
    ("SM-PRIV-05", dict(accounts=dict(PEOPLE, smmsp={"uid": 111, "shell": "/bin/sh"})), "/bin/sh"),
    ("SM-PRIV-05", dict(files={"/etc/shadow": "smmsp:$6$abc:1\n"}), "a password"),
    ("SM-PRIV-05", dict(files={"/etc/shadow": "smmsp::1\n"}), "an empty password"),
    ("SM-PRIV-05", dict(groups=dict(GROUPS, smmsp=["alice"])), "alice"),
    ("SM-PRIV-06", dict(cf=("O ForwardPath\n", "O ForwardPath=$z/.forward\n")), "$z/.forward"),
    ("SM-PRIV-07", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5/|@")), "programs"),
    ("SM-PRIV-07", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5:/@")), ":include:"),
    ("SM-PRIV-07", dict(cf=("O SafeFileEnvironment=/var/mailjail\n", "")), "files"),
    ("SM-PRIV-08", dict(cf=("S" + NOBODY, "")), "sensible-mda"),
    ("SM-JAIL-01", dict(cf=("O SafeFileEnvironment=/var/mailjail\n", "")), "not set"),
    ("SM-JAIL-01", dict(cf=("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/")), "no jail at all"),
    ("SM-JAIL-01", dict(cf=("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/var/none")), "not there"),
    ("SM-JAIL-01", dict(files={"/var/mailjail": directory(0o777)}), "/var/mailjail"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/x": link("/etc/passwd")}), "symbolic link"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/x": file(mode=0o600, links=2)}), "2 names"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/x": file(mode=0o600, kind="fifo")}), "named pipe"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/x": file(mode=0o700, owner="mail")}), "mail:root 0700"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/x": file(mode=0o644, owner="mail")}), "0644"),
    ("SM-JAIL-01", dict(files={"/var/mailjail/var": directory(0o1777)}), "1777"),
    ("SM-JAIL-01", dict(site={"profile": "gateway", "jail": {"path": "/var/mailjail", "directories": [], "files": [{"path": "var/spool/mail/other"}]}}),
     "other"),
    ("SM-JAIL-01", dict(files={"/var": directory(0o775)}), "/var"),
    ("SM-JAIL-02", dict(files={"/var/mailjail/var/spool/mail/archive": file(mode=0o600)}), "can not be written by mail"),
    ("SM-JAIL-02", dict(files={"/var/mailjail/var/spool/mail/archive": file(mode=0o700, owner="mail")}), "execute bit"),
    ("SM-JAIL-02", dict(files={"/var/mailjail/var/spool/mail/archive": None, "/var/mailjail/var/spool/mail": directory()}), "may not make it"),
    ("SM-JAIL-02", dict(files={"/var/mailjail/var": directory(0o700)}), "can not be entered"),
    ("SM-JAIL-02", dict(processes=[dict(DAEMON, status={"CapEff": "0000000000000400"})]), "SYS_CHROOT"),
    ("SM-JAIL-02", dict(files={"/var/log/mail.log": file("a mailer=*file*, stat=Sent\nb mailer=*file*, dsn=5.0.0, stat=Can't create output\n", mode=0o640)}),
     ":2"),
    ("SM-SMRSH-01", dict(cf=("F=lsDFMAw5/@qSPfhn9, S=EnvFromL,\n\t\tA=agent $u\nMprog,\t\tP=/usr/libexec/sendmail/smrsh",
                             "F=lsDFMAw5|@, A=x\nMprog,\tP=/bin/sh")), "/bin/sh"),
    ("SM-SMRSH-01", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5|@"), files={"/usr/libexec/sendmail/smrsh": None}), "not there"),
    ("SM-SMRSH-01", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5|@"), files={"/usr/libexec/sendmail/smrsh": file(mode=0o777)}), "0777"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/sh": link("/bin/sh")}), "it is a shell"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/filter": link("/usr/bin/procmail"), "/usr/bin/procmail": file(mode=0o755)}), "procmail"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/x": link("/opt/x"), "/opt/x": file(mode=0o755, owner="alice")}), "alice"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/x": link("/opt/x"), "/opt": directory(0o777), "/opt/x": file(mode=0o755)}), "/opt"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/x": link("/opt/x"), "/opt/x": file(mode=0o4755)}), "set-user-ID"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh": directory(0o775)}), "0775"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/x": link("/opt/x"), "/opt/x": file(mode=0o755)}, site={"profile": "gateway", "expected": {"smrsh": []}}),
     "does not name"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("abuse: postmaster\n", "")}), "abuse"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("boss@corp.example", "alice")}), "no mailbox"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("boss@corp.example", "/dev/null")}), "thrown away"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("boss@corp.example", "root")}), "comes back"),
    # An entry that refuses, or leads nowhere, is no delivery.
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("abuse: postmaster\n", ""),
                                "/etc/mail/virtusertable": file("abuse@corp.example error:nouser 550 no\nabuse@b.example ERROR:5.7.1:550 no\n", mode=0o640)},
                         cf=("Kauthinfo", "Kvirtuser btree /etc/mail/virtusertable\nKauthinfo")), "no user abuse"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("abuse: postmaster\n", ""),
                                "/etc/mail/virtusertable": file("abuse@corp.example\tnosuchuser\nabuse@b.example /dev/null\n", mode=0o640)},
                         cf=("Kauthinfo", "Kvirtuser btree /etc/mail/virtusertable\nKauthinfo")), "no user abuse"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|/usr/bin/vacation x || exec /bin/sh\"\n"}), "exec /bin/sh"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|exec /usr/bin/perl -e 1\"\n"}), "perl"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|IFS=' ' && A=b python3 -c 1\"\n"}), "python3"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "broken line\ndecode: \"|/usr/bin/uudecode\"\n"}), "/etc/aliases:2"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|/usr/bin/perl -e 1\"\n"}), "interpreter"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: /etc/cron.d/x\n"}), "outside the mail jail"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: :include:/srv/list\n", "/srv/list": file("a@b.example\n", mode=0o666)}), "/srv/list"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: :include:/srv/list\n", "/srv/list": "|/bin/sh\n"}), "/srv/list:1"),
    ("SM-ALIAS-02", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5@"), files={"/etc/aliases": "x: /dev/null\n"}), "DISCARD"),
]
HUB_BROKEN = [
    ("SM-FS-13", dict(files={"/var/spool/mail": directory(0o777)}), "sticky"),
    ("SM-FS-13", dict(files={"/var/spool/mail/alice": file(mode=0o664, owner="alice", group="mail")}), "0664"),
    ("SM-FS-13", dict(files={"/var/spool/mail/alice": link("/etc/shadow")}), "plain file"),
    ("SM-FS-13", dict(files={"/var/spool/mail/alice": file(mode=0o600, owner="www-data")}), "www-data"),
    ("SM-FS-13", dict(files={"/home/alice/.forward": file(mode=0o666, owner="alice")}), ".forward"),
    ("SM-FS-13", dict(files={"/home/alice": directory(0o777, "alice")}), "/home/alice"),
    ("SM-PRIV-06", dict(cf=("$z/.forward", "/srv/forward/$u")), "/srv/forward"),
    ("SM-PRIV-08", dict(files={"/usr/bin/procmail": file(mode=0o4755)}), "procmail"),
    ("SM-PRIV-08", dict(files={"/usr/bin/procmail": file(mode=0o757)}), "0757"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": HUB_ALIASES.replace("postmaster: root", "postmaster: daemon")}), "nobody can log in"),
]


@pytest.mark.parametrize("make, name, change, word", [(gateway,) + row for row in BROKEN] + [(hub,) + row for row in HUB_BROKEN])
def test_one_thing_broken(make, name, change, word):
    found = judged(make(**change), only=(name,))[name]
    assert found.verdict == "fail", found
    assert any(word in "%s %s %s" % row for row in found.evidence), found.evidence
    assert all(row.where and row.seen and row.wanted for row in found.evidence), found.evidence


def test_each_control_has_a_broken_host():
    assert {row[0] for row in BROKEN + HUB_BROKEN} == {name for name, control in controls_table.CONTROLS.items() if control.family in FAMILIES}


@pytest.mark.parametrize("name, change, verdict, word", [
    ("SM-FS-06", dict(files={"/usr/libexec/sendmail/sendmail": None, "/usr/sbin/sendmail": link("/usr/sbin/sendmail.postfix"),
                             "/usr/sbin/sendmail.postfix": file(mode=0o755)}), "not applicable", "no sendmail program"),
    ("SM-FS-01", dict(files={"/etc/mail/sendmail.mc": file(None, mode=0o600)}), "unknown", "Permission denied"),
    ("SM-FS-07", dict(files={"/var/spool/mqueue": HIDDEN}), "unknown", "Permission denied"),
    ("SM-FS-15", dict(files={"/etc/mail/sendmail.cf": file(None, mode=0o600)}), "unknown", "Permission denied"),
    ("SM-FS-15", dict(files={"/etc/mail/sendmail.cf": "garbage\0\n"}), "unknown", "no whole configuration"),
    ("SM-FS-11", dict(files={"/etc/sasl2/Sendmail.conf": file(None, mode=0o640, group="smmsp")}), "pass", "authinfo"),
    ("SM-FS-11", dict(files={"/etc/mail/authinfo": file(mode=0o600), "/etc/sasldb2": file(mode=0o640, group="sasl")}), "pass", "sasldb2"),
    ("SM-FS-07", dict(cf=("mqueue\n", "mqueue*\n"), files={"/var/spool/cron": directory(0o1733, "daemon"), "/var/spool/mqueue.tar": file()}), "pass", "mqueue"),
    ("SM-FS-08", dict(msp=STARRED, files={"/var/spool/out1": directory(0o2770, "smmsp", "smmsp"), "/var/spool/cron": directory(0o700)}), "pass", "out1"),
    ("SM-FS-10", dict(cf=("/run/sendmail/mta/sendmail.pid", "/tmp/s.pid"), files={"/tmp/s.pid": "1\n", "/tmp": directory(0o1777)}), "pass", "/tmp/s.pid"),
    # Another service's, which sendmail does not ask.
    ("SM-FS-11", dict(cf=("O PidFile", NO_LOGINS), files={"/etc/sasldb2": file(mode=0o660, owner="cyrus", group="mail")}), "pass", "authinfo"),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o660, owner="cyrus"), "/etc/sasl2/Sendmail.conf": "pwcheck_method: saslauthd\n"}), "pass", "authinfo"),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o660, owner="cyrus"), "/etc/sasl2/Sendmail.conf": "auxprop_plugin: sql\n"}), "pass", "authinfo"),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o660, owner="cyrus"), "/etc/sasl2/Sendmail.conf": "pwcheck_method: auxprop\n"}), "fail", "cyrus"),
    ("SM-FS-12", dict(files={"/var/log/mail.log": None}), "not applicable", "journal"),
    # An action that writes no file, one for everything but mail, and one that is a comment.
    ("SM-FS-12", dict(files={"/etc/rsyslog.d/own.conf": OMFILE.replace("omfile", "omfwd") + OMFILE.replace("mail.*", "*.*;mail.none") + "#" + OMFILE,
                             "/srv/mail": file(mode=0o644)}), "pass", "mail.log"),
    ("SM-FS-03", dict(msp=CLIENT + "Kown hash /etc/mail/own\n",
                      files={"/etc/mail/own": file(mode=0o640), "/etc/mail/own.db": file(mode=0o640, owner="smmsp", group="smmsp")}), "pass", "own.db"),
    ("SM-FS-16", dict(msp=CLIENT + "Kown hash /etc/mail/own\n", files={"/etc/mail/own.db": file(mode=0o640, owner="smmsp", group="smmsp")}), "pass",
     "no foreign owner"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/x": link("/opt/x"), "/opt/x": file(mode=0o755)}, site={"profile": "gateway", "expected": {"smrsh": ["x"]}}),
     "pass", "x"),
    # A file for everything but mail is no mail log.
    ("SM-FS-12", dict(files={"/etc/rsyslog.conf": "*.info;mail.none;authpriv.none /var/log/messages\nauth,mail.none /var/log/x;Format\n",
                             "/var/log/messages": file(mode=0o644), "/var/log/x": file(mode=0o644)}), "pass", "mail.log"),
    ("SM-FS-14", dict(files={"/proc/self/mounts": "x / ext4 rw 0 0\n"}), "not applicable", "file system of /"),
    ("SM-FS-14", dict(files={"/proc/self/mounts": "x / ext4 rw 0 0\ny /var ext4 rw,nosuid,nodev 0 0\n"}), "pass", "/var"),
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=AssumeSafeChown\nO DontBlameSendmail=safe")), "pass", "safe"),
    ("SM-FS-15", dict(cf=("DontBlameSendmail=safe", "DontBlameSendmail=safe,DontWarnForwardFileInUnsafeDirPath")), "pass", "DontWarn"),
    ("SM-FS-16", dict(files={"/etc/mail/aliases.db": file(mode=0o640, owner="smmta", group="smmsp")}), "pass", "no foreign owner"),
    ("SM-FS-16", dict(files={"/etc/mail/old.db": file(mode=0o640, owner="alice")}), "fail", "alice"),
    ("SM-FS-16", dict(files=DKIM, accounts=FILTER), "pass", "no foreign owner"),
    # Whoever owns the socket of a filter, or listens on its port.
    ("SM-FS-16", dict(cf=("O PidFile", "Xdkim, S=local:/run/dkim/sock, F=T\nO PidFile"), accounts=FILTER,
                      files={"/run/dkim/sock": file(kind="socket", owner="opendkim"), "/etc/mail/dkim.txt": file(owner="opendkim")}), "pass", "no foreign"),
    ("SM-FS-16", dict(cf=("O PidFile", "Xdmarc, S=inet:8893@127.0.0.1, F=T\nXodd, S=what\nO PidFile"), accounts=FILTER,
                      files={"/proc/net/tcp": LISTENS, "/etc/mail/dmarc.txt": file(owner="opendmarc")}), "pass", "no foreign"),
    ("SM-PRIV-01", dict(cf=("O DefaultUser=mail:mail\n", "")), "pass", "nothing is said"),
    ("SM-PRIV-02", dict(cf=("O SafeFileEnvironment=/var/mailjail\n", "O RunAsUser=mail\n")), "pass", "not set"),
    ("SM-PRIV-03", dict(processes=[]), "not applicable", "no process"),
    ("SM-PRIV-03", dict(processes=None), "unknown", "/proc"),
    # Whoever sends mail runs sendmail for that while.
    ("SM-PRIV-03", dict(processes=[DAEMON, dict(CHILD, ppid=1, uid=1000, title="sendmail -t")]), "pass", "root"),
    ("SM-PRIV-03", dict(processes=[dict(CHILD, ppid=1, uid=1000, title="/usr/sbin/sendmail -oi bob@corp.example")]), "not applicable", "no daemon"),
    # Without root the name alone tells, and anybody has that.
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=1000, sure=False)]), "unknown", "without root"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, sure=False)]), "pass", "only its name"),
    ("SM-PRIV-03", dict(processes=[dict(DAEMON, uid=110)], units={"sendmail.service": {"User": "smmta"}}), "pass", "smmta"),
    ("SM-PRIV-05", dict(files={"/etc/shadow": file(None, mode=0o640)}), "unknown", "shadow"),
    ("SM-PRIV-05", dict(files={"/etc/mail/submit.cf": None}), "not applicable", "submit.cf"),
    ("SM-PRIV-06", dict(cf=("O ForwardPath\n", "O ForwardPath=$z/.forward\n"), site={}), "fail", "$z/.forward"),
    ("SM-PRIV-06", dict(cf=("F=lsDFMAw5/@", "F=lsDFMA5/@", "O ForwardPath\n", "")), "pass", "no user is looked up"),
    ("SM-PRIV-07", dict(cf=("S" + NOBODY, ""), site={}), "not applicable", "delivered on this host"),
    ("SM-PRIV-08", dict(cf=("S" + NOBODY, ""), units={"sendmail.service": {"NoNewPrivileges": "yes"}}), "pass", "no effect"),
    ("SM-JAIL-01", dict(cf=("F=lsDFMAw5/@", "F=lsDFMAw5@"), site={"profile": "gateway"}), "pass", "/var/mailjail"),
    ("SM-JAIL-01", dict(files={"/var/mailjail": HIDDEN}), "unknown", "Permission denied"),
    ("SM-JAIL-01", dict(site={"profile": "gateway", "jail": {"files": [{"path": "var/spool/mail/archive"}]}}), "pass", "5 objects"),
    ("SM-JAIL-02", dict(files={"/etc/aliases": ALIASES}), "not applicable", "no alias"),
    ("SM-JAIL-02", dict(files={"/var/mailjail/var/spool/mail/archive": None, "/var/mailjail/var/spool/mail": directory(0o700, "mail", "mail")}), "pass",
     "archive"),
    ("SM-SMRSH-02", dict(files={"/etc/mail/smrsh/gone": link("/nowhere")}), "pass", "gone"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("abuse: postmaster\n", ""),
                                "/etc/mail/virtusertable": file("abuse@corp.example x@y.example\n", mode=0o640)},
                         cf=("Kauthinfo", "Kvirtuser btree /etc/mail/virtusertable\nKauthinfo")), "pass", "virtusertable:1"),
    ("SM-ALIAS-01", dict(files={"/etc/aliases": ALIASES.replace("abuse: postmaster\n", ""),
                                "/etc/mail/virtusertable": file("abuse@b.example error:nouser no\nabuse@corp.example\tpostmaster\n", mode=0o640)},
                         cf=("Kauthinfo", "Kvirtuser btree /etc/mail/virtusertable\nKauthinfo")), "pass", "virtusertable:2"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|exec vacation x && A=perl vacation y\"\n"}), "pass", "vacation"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": None}), "unknown", "database and no source"),
    ("SM-ALIAS-02", dict(files={"/etc/aliases": "x: \"|/usr/bin/vacation x\", /dev/null\n"}), "pass", "vacation"),
])
def test_other_verdicts(name, change, verdict, word):
    change = dict(change)
    if "/etc/mail/submit.cf" in change.get("files", {}):
        view = gateway()
        del view.files["/etc/mail/submit.cf"]
    else:
        view = gateway(**change)
    found = judged(view, only=(name,))[name]
    assert found.verdict == verdict, found
    assert any(word in "%s %s %s" % row for row in found.evidence), found.evidence


# ---- as distributions ship them

DEBIAN_CF = (GATEWAY_CF.replace("S" + NOBODY, "").replace("DontBlameSendmail=safe", "DontBlameSendmail=,AssumeSafeChown,TrustStickyBit")
             .replace("O ForwardPath\n", "").replace("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/").replace("TrustedUser=root",
                                                                                                                           "TrustedUser=smmta")
             .replace("lsDFMAw5/@qSPfhn9", "lsDFMAw5:/|@qSPhn9S").replace("/usr/libexec/sendmail/smrsh", "/bin/sh")
             .replace("O PidFile", "O StatusFile=/var/lib/sendmail/sendmail.st\nO ControlSocketName=/run/sendmail/mta/smcontrol\nO PidFile"))
SMMTA = {"/etc/mail": directory(0o2755, "smmta", "smmsp"), "/etc/mail/access": file(mode=0o640, owner="smmta", group="smmsp"),
         "/etc/mail/access.db": file(mode=0o640, owner="smmta", group="smmsp"), "/var/spool/mqueue": directory(0o2750, "smmta", "smmsp"),
         "/run/sendmail/mta": directory(0o2755, "smmta", "smmsp"), "/run/sendmail/mta/smcontrol": file(kind="socket", mode=0o700),
         "/var/lib/sendmail/sendmail.st": file(mode=0o640, group="smmsp"), "/var/lib/sendmail": directory(0o2751, "smmta", "smmsp"),
         "/etc/aliases": "postmaster: root\nmailer-daemon: postmaster\nabuse: root\nhostmaster: root\nsecurity: root\n"}
EL_CF = (GATEWAY_CF.replace("S" + NOBODY, "").replace("O DontBlameSendmail=safe\n", "").replace("O ForwardPath\n", "O ForwardPath=$z/.forward.$w:$z/.forward\n")
         .replace("O SafeFileEnvironment=/var/mailjail\n", "").replace("/usr/sbin/sensible-mda, F=lsDFMAw5/@", "/usr/bin/procmail, F=lsDFMAw5:/|@")
         .replace("/usr/libexec/sendmail/smrsh", "/usr/sbin/smrsh"))
SUSE_CF = EL_CF.replace("/usr/sbin/smrsh", "/bin/sh")


@pytest.mark.parametrize("view, wanted", [
    (FakeView(cf=DEBIAN_CF, msp=MSP % ("smmsp", "smmsp", "/var/spool/mqueue-client", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid"),
              files=dict(GATEWAY_FILES, **SMMTA), accounts=PEOPLE, groups=GROUPS, processes=[DAEMON], site={"profile": "gateway"}),
     {"SM-FS-03", "SM-FS-09", "SM-FS-10", "SM-FS-15", "SM-FS-16", "SM-PRIV-06", "SM-PRIV-07", "SM-PRIV-08", "SM-JAIL-01", "SM-SMRSH-01", "SM-ALIAS-01"}),
    (FakeView(cf=EL_CF, msp=MSP % ("smmsp", "smmsp", "/var/spool/mqueue-client", "/var/lib/sendmail/sm-client.st", "/run/sendmail/msp/sendmail.pid"),
              files=dict(GATEWAY_FILES, **{"/usr/bin/procmail": file(mode=0o755), "/usr/sbin/smrsh": file(mode=0o755), "/etc/aliases": SMMTA["/etc/aliases"]}),
              accounts=PEOPLE, groups=GROUPS, processes=[DAEMON], site={"profile": "gateway"}),
     {"SM-PRIV-06", "SM-PRIV-07", "SM-JAIL-01", "SM-ALIAS-01"}),
    (FakeView(cf=SUSE_CF, msp=MSP % ("mail", "mail", "/var/spool/clientmqueue", "/var/lib/sendmail/sm-client.st", "/var/spool/clientmqueue/sm-client.pid"),
              files={"/usr/bin/procmail": file(mode=0o755), "/etc/aliases": SMMTA["/etc/aliases"], "/usr/sbin/sendmail": file(mode=0o2555, group="mail"),
                     "/var/spool/clientmqueue": directory(0o770, "mail", "mail"), "/var/spool/mqueue": directory(0o700), "/etc/shadow": "mail:!:1\n",
                     "/var/spool/clientmqueue/sm-client.pid": file(owner="mail", group="mail", mode=0o600), "/proc/self/mounts": "x / ext4 rw 0 0\n",
                     "/usr/lib/sendmail.d/bin/smrsh": file("\0/usr/lib/sendmail.d/bin\0",
                                                           mode=0o511), "/usr/lib/sendmail.d/bin/procmail": link("/usr/bin/procmail")},
              accounts={"mail": 8}, groups={"mail": []}, site={"profile": "gateway"}),
     {"SM-PRIV-06", "SM-PRIV-07", "SM-JAIL-01", "SM-SMRSH-01", "SM-SMRSH-02", "SM-ALIAS-01"}),
], ids=["debian", "redhat", "suse"])
def test_a_stock_host_fails_in_what_it_has(view, wanted):
    assert {name for name, one in judged(view).items() if one.verdict == "fail"} == wanted


def test_a_host_without_sendmail_has_nothing_to_hold():
    assert {one.verdict for one in judged(FakeView()).values()} == {"not applicable"}


@pytest.mark.parametrize("view", [
    FakeView(), FakeView(cf="garbage"), FakeView(files={"/etc": HIDDEN},
                                                 processes=None), FakeView(cf="V8/Berkeley\nO Timeout.ident=5s\nO QueueDirectory=/var/spool/mqueue\n"),
    FakeView(cf="", files={"/etc/mail": HIDDEN}), FakeView(msp="O RunAsUser=nosuch\n"),
    FakeView(cf="O AliasFile=,,hash:,ldap:\nO DefaultUser=\nFw|/bin/x\nFw@ldap\nKx\nMlocal\n"),
], ids=["nothing", "garbage", "hidden", "old", "shut", "submission only", "strange"])
def test_a_strange_host_is_no_traceback(view):
    """Nothing there, nothing to be seen, a configuration of 8.9: a verdict with a reason each time."""
    for name, found in judged(view).items():
        assert found.evidence and found.evidence[0].seen, name
        assert "The check itself broke" not in found.evidence[0].seen, (name, found)


# ---- mending

class Notes:
    """Hands that write down what they are asked for."""

    def __init__(self):
        self.done = []

    def __getattr__(self, name):
        return lambda *said, **named: self.done.append((name,) + said + tuple(sorted(named.items())))


@pytest.mark.parametrize("make, name, change, wanted", [
    (gateway, "SM-FS-01", dict(files={"/etc/mail/sendmail.mc": file(owner="smmta", group="smmsp", mode=0o664)}),
     [("owner", "/etc/mail/sendmail.mc", "root", "smmsp"), ("mode", "/etc/mail/sendmail.mc", ("forbid", 0o022))]),
    (gateway, "SM-FS-03", dict(files={"/etc/mail/access.db": file(mode=0o644)}), [("mode", "/etc/mail/access.db", ("forbid", 0o027))]),
    (gateway, "SM-FS-06", dict(files={"/usr/libexec/sendmail/sendmail": file(mode=0o4755)}),
     [("owner", "/usr/libexec/sendmail/sendmail", "root", "smmsp"), ("mode", "/usr/libexec/sendmail/sendmail", ("exactly", 0o2755))]),
    (gateway, "SM-FS-08", dict(files={"/var/spool/mqueue-client": directory(0o2777, "smmsp", "smmsp")}),
     [("directory", "/var/spool/mqueue-client", "smmsp", "smmsp", 0o2770)]),
    (gateway, "SM-FS-08", dict(files={"/var/spool/mqueue-client": None, "/var/spool/mqueue-client/qfx2": None}),
     [("directory", "/var/spool/mqueue-client", "smmsp", "smmsp", 0o770)]),
    (gateway, "SM-FS-09", dict(files={"/etc/mail": directory(0o2755, "smmta", "smmsp")}),
     [("owner", "/etc/mail", "root", "root"), ("mode", "/etc/mail", ("exactly", 0o755))]),
    (gateway, "SM-FS-09", dict(files={"/etc": directory(0o777), "/etc/mail/tls": directory(0o775)}),
     [("mode", "/etc/mail/tls", ("forbid", 0o022)), ("mode", "/etc", ("forbid", 0o022))]),
    (gateway, "SM-FS-07", dict(cf=("mqueue\n", "mqueue*\n"), files={"/var/spool/cron": directory(0o777), "/var/spool/mqueue": directory(0o755)}),
     [("mode", "/var/spool/mqueue", ("forbid", 0o027))]),
    (gateway, "SM-FS-07", dict(cf=("mqueue\n", "mqueue/q*\n"), files={"/var/spool/mqueue": directory(0o775)}), []),
    (gateway, "SM-FS-07", dict(files={"/var/spool/mqueue/dfx1": file(mode=0o600, acl=True)}), [("acl", "/var/spool/mqueue/dfx1")]),
    (gateway, "SM-FS-08", dict(msp=STARRED), []),
    (gateway, "SM-FS-08", dict(msp=STARRED, files={"/var/spool/out1": directory(0o755)}), [("directory", "/var/spool/out1", "smmsp", "smmsp", 0o770)]),
    (gateway, "SM-FS-08", dict(files={"/var/spool/mqueue-client": directory(0o2770, "smmsp", "smmsp", acl=True)}),
     [("acl", "/var/spool/mqueue-client"), ("directory", "/var/spool/mqueue-client", "smmsp", "smmsp", 0o2770)]),
    (gateway, "SM-FS-10", dict(files={"/run/sendmail/mta/sendmail.pid": file(mode=0o666), "/run/sendmail/mta": directory(0o777)}),
     [("mode", "/run/sendmail/mta/sendmail.pid", ("forbid", 0o022)), ("mode", "/run/sendmail/mta", ("forbid", 0o022))]),
    (gateway, "SM-FS-10", dict(cf=("O PidFile", "O ControlSocketName=/run/sendmail/mta/ctl\nO PidFile"),
                               files={"/run/sendmail/mta/ctl": file(mode=0o600, kind="socket")}), [("mode", "/run/sendmail/mta", ("forbid", 0o077))]),
    (gateway, "SM-FS-10", dict(cf=("/run/sendmail/mta/sendmail.pid", "/tmp/s.pid"), files={"/tmp/s.pid": "1\n", "/tmp": directory(0o1777)}), []),
    (gateway, "SM-FS-11", dict(files={"/etc/mail/authinfo": file(mode=0o640, group="adm")}), [("owner", "/etc/mail/authinfo", "root", "root")]),
    (gateway, "SM-FS-11", dict(cf=("O PidFile", NO_LOGINS), files={"/etc/sasldb2": file(mode=0o644)}), [("mode", "/etc/sasldb2", ("forbid", 0o007))]),
    (gateway, "SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o640, acl=True)}), [("acl", "/etc/sasldb2")]),
    (gateway, "SM-FS-11", dict(cf=("O PidFile", NO_LOGINS), files={"/etc/sasldb2": file(mode=0o664, owner="cyrus", group="mail")}), []),
    (gateway, "SM-FS-12", dict(files={"/var/log/mail.log": file(mode=0o644)}), [("mode", "/var/log/mail.log", ("forbid", 0o027))]),
    (gateway, "SM-FS-16", dict(files={"/etc/mail/access": file(mode=0o640, acl=True)}), [("acl", "/etc/mail/access")]),
    (gateway, "SM-FS-16", dict(files={"/etc/mail/helpfile": file(owner="mail")}), [("owner", "/etc/mail/helpfile", "root", "root")]),
    (gateway, "SM-FS-16", dict(files=DKIM, accounts=FILTER), []),
    (gateway, "SM-PRIV-05", dict(files={"/etc/shadow": "smmsp::1\n"}), [("lock_account", "smmsp")]),
    (gateway, "SM-PRIV-05", dict(groups=dict(GROUPS, smmsp=["alice"])), []),
    (gateway, "SM-JAIL-01", dict(files={"/var/mailjail/x": file(mode=0o700, owner="mail"), "/var/mailjail/y": link("/etc/passwd")}),
     [("mode", "/var/mailjail/x", ("forbid", 0o7113))]),
    (gateway, "SM-JAIL-01", dict(cf=("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/")), []),
    (gateway, "SM-JAIL-01", dict(cf=("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/usr")), []),
    (gateway, "SM-JAIL-01", dict(cf=("SafeFileEnvironment=/var/mailjail", "SafeFileEnvironment=/srv/jail")),
     [("directory", "/srv/jail", "root", "root", 0o755)]),
    (gateway, "SM-SMRSH-02", dict(files={"/etc/mail/smrsh": directory(0o775), "/etc/mail/smrsh/sh": link("/bin/sh"), "/etc/mail/smrsh/perl": file(mode=0o755)}),
     [("directory", "/etc/mail/smrsh", "root", "root", 0o755), ("remove", "/etc/mail/smrsh/sh")]),
    (hub, "SM-FS-13", dict(files={"/var/spool/mail": directory(0o777), "/var/spool/mail/alice": file(mode=0o664, owner="alice", group="mail")}),
     [("mode", "/var/spool/mail", ("exactly", 0o1777)), ("mode", "/var/spool/mail/alice", ("forbid", 0o007))]),
])
def test_mending(make, name, change, wanted):
    notes = Notes()
    controls_table.CONTROLS[name].mend(make(**change), notes)
    assert notes.done == wanted


@pytest.mark.parametrize("name, change, wanted, word", [
    ("SM-FS-07", dict(files={"/var/spool/mqueue/dfx9": link("/etc/passwd"), "/etc/passwd": file(mode=0o666),
                             "/var/spool/mqueue/qfx9": file(mode=0o644)}), [("mode", "/var/spool/mqueue/qfx9", ("forbid", 0o027))], "/var/spool/mqueue/dfx9"),
    ("SM-FS-08", dict(files={"/var/spool/mqueue-client/x": link("/etc/passwd"),
                             "/var/spool/mqueue-client/y": file(mode=0o666)}), [("mode", "/var/spool/mqueue-client/y", ("forbid", 0o007))], "mqueue-client/x"),
    ("SM-FS-04", MAILMAN, [("mode", "/etc/aliases", ("forbid", 0o022))], "/var/lib/mailman/data/aliases is list:list 0664"),
    ("SM-FS-09", MAILMAN, [], "/var/lib/mailman/data is list:list 2775"),
    ("SM-FS-09", dict(files={"/var/spool": directory(0o777), "/etc/mail": directory(0o775)}),
     [("owner", "/etc/mail", "root", "root"), ("mode", "/etc/mail", ("exactly", 0o755))], "/var/spool is root:root 0777"),
    # Where a link in a directory of somebody else's leads is none of root's business.
    ("SM-FS-09", dict(files={"/etc/mail/relay-domains": link("/srv/team/x"), "/srv/team": directory(0o2775, "alice"), "/srv/team/x": "x\n"}), [], "/srv/team"),
    ("SM-FS-16", MAILMAN, [("mode", "/etc/aliases", ("forbid", 0o022))], "/var/lib/mailman/data/aliases"),
    ("SM-FS-10", dict(files={"/var/lib/sendmail/sm-client.st": link("/etc/passwd")}), [], "/var/lib/sendmail/sm-client.st"),
    ("SM-FS-10", dict(cf=("O PidFile", "O ControlSocketName=/run/ctl\nO PidFile"), files={"/run/ctl": file(mode=0o600, kind="socket")}), [], "/run "),
    # The submission program's own files lie below it.
    ("SM-FS-10", dict(cf=("O PidFile", "O ControlSocketName=/run/sendmail/ctl\nO PidFile"), files={"/run/sendmail/ctl": file(mode=0o600, kind="socket")}), [],
     "/run/sendmail "),
    ("SM-FS-10", dict(cf=("/run/sendmail/mta/sendmail.pid", "/etc/mail/s.pid"), files={"/etc/mail/s.pid": "1\n", "/etc/mail": directory(0o775)}), [],
     "/etc/mail "),
    ("SM-FS-11", dict(files={"/etc/sasldb2": file(mode=0o664, owner="cyrus", group="mail")}), [("mode", "/etc/sasldb2", ("forbid", 0o007))], "cyrus:mail"),
])
def test_what_is_left_to_a_person_is_told(name, change, wanted, word):
    """The rest of the same control is mended."""
    notes = Notes()
    with pytest.raises(SendmailError) as caught:
        controls_table.CONTROLS[name].mend(gateway(**change), notes)
    assert notes.done == wanted and word in caught.value.message


def test_a_mend_hands_on_the_name_and_never_where_a_link_leads():
    """Whether a link may be followed is known only to who opens it."""
    notes = Notes()
    planted = {"/etc/mail": directory(0o755, "smmta"), "/etc/mail/authinfo.db": link("/etc/passwd"), "/etc/passwd": file(mode=0o644)}
    for name in ("SM-FS-03", "SM-FS-11"):
        controls_table.CONTROLS[name].mend(gateway(files=planted), notes)
    assert {said[1] for said in notes.done} == {"/etc/mail/authinfo.db"}


def test_one_trap_keeps_nothing_else_from_being_mended():
    class Wary(Notes):
        def mode(self, path, **_named):
            self.done.append(path)
            if path.endswith("access.db"):
                raise SendmailError("a trap")
    notes = Wary()
    with pytest.raises(SendmailError) as caught:
        controls_table.CONTROLS["SM-FS-03"].mend(gateway(files={"/etc/mail/access.db": file(mode=0o666), "/etc/mail/authinfo.db": file(mode=0o666)}), notes)
    assert caught.value.message == "a trap" and sorted(notes.done) == ["/etc/mail/access.db", "/etc/mail/authinfo.db"]


def test_nothing_is_mended_on_a_hardened_host():
    for make in (gateway, unprivileged, hub, nullclient):
        view, notes = make(), Notes()
        for control in controls_table.chosen(view.site["profile"], only=FAMILIES):
            if control.mend:
                control.mend(view, notes)
        assert notes.done == [], make


def test_a_table_that_agrees_is_no_fault():
    agree = gateway(runs={("dpkg-statoverride", "--list", "/usr/libexec/sendmail/sendmail"): "root smmsp 2755 /usr/libexec/sendmail/sendmail\n"})
    absent = gateway(runs={("dpkg-statoverride", "--list", "/usr/libexec/sendmail/sendmail"): Result(1, "", "")})
    assert [judged(view, only=("SM-FS-06",))["SM-FS-06"].verdict for view in (agree, absent)] == ["pass", "pass"]


MOUNTED = "overlay / overlay rw 0 0\n/dev/sdb /home/local ext4 rw 0 0\n%s"


@pytest.mark.parametrize("mount, verdict, words", [
    ("auto.home /home autofs rw 0 0\n", "unknown", "/home (autofs)"), ("files:/x /home nfs4 rw 0 0\n", "unknown", "/home (nfs4)"),
    ("files:/x /home/alice cifs rw 0 0\n", "unknown", "1 users"), ("/dev/sdc /home xfs rw 0 0\n", "pass", ""), ("f:/x /home/al nfs rw 0 0\n", "pass", "")])
def test_homes_of_another_host_are_not_looked_at(mount, verdict, words):
    """A server that is down would hold the audit up for ever."""
    looked = []
    view = hub(files={"/proc/self/mounts": MOUNTED % mount})
    real = view.stat
    view.stat = lambda path, follow=False: looked.append(path) or real(path, follow)
    found = judged(view)["SM-FS-13"]
    assert found.verdict == verdict and (words in found.evidence[0].seen or not words), found
    assert bool([path for path in looked if path.startswith("/home/alice")]) is (verdict == "pass")
