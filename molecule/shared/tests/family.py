"""What a host of each family looks like to somebody who looks at it: paths, names, commands of its packages.

Written down here from the distributions themselves and on purpose not read from roles/platform/vars: the tests must not ask the role what is right.
One entry for each family; a release that differs is the same entry with that difference (:func:`dataclasses.replace`).
"""

import re
from dataclasses import dataclass, field, replace


@dataclass(frozen=True)
class Family:
    """One kind of host."""

    name: str
    # Programs.
    sendmail: str
    smrsh: str
    smrsh_directory: str
    # Files: text and what is made of it; the same file of two roles would be a mistake.
    mc: str
    cf: str
    submit_mc: str
    submit_cf: str
    queue: str
    client_queue: str
    # "mode owner:group" of the two queues of a jailed daemon, and of the submission program.
    queue_rights: str
    client_queue_rights: str
    command_rights: str
    client_user: str
    # Units of ours.
    mta_unit: str
    client_unit: str
    # Packages: those that must be there, the one whose presence means "sendmail is installed", and commands.
    packages: tuple
    main_package: str
    list_packages: str
    reinstall: str
    # Maps: the type that is best there, that of aliases, how a built one ends.
    map_type: str
    alias_type: str
    suffix: str
    # Boot flags: file, the values that must be in it, and a command that takes them away.
    boot_flags: dict
    boot_damage: str
    # What the vendor's own tools are made to do to a converged host: name -> command.
    vendor_events: dict
    # Paths (beginnings) of the vendor that no role manages and that these tools may renew or leave behind.
    vendor_paths: tuple
    # Of these, those in /etc/mail that root need not own.
    odd_paths: frozenset = field(default_factory=frozenset)
    # A user database wants Berkeley DB.
    user_database: bool = True
    # What the distribution itself keeps in smrsh's directory.
    smrsh_own: frozenset = field(default_factory=frozenset)
    # Where secrets towards other hosts lie.
    authinfo: str = "/etc/mail/authinfo"
    # State of the distribution's sendmail beside /etc and the queues.
    state_trees: tuple = ()

    @property
    def sources(self):
        """Texts that the playbook writes, on a host with the scenario's variables."""
        return (self.mc, self.submit_mc, "/etc/mail/access", "/etc/mail/mailertable", "/etc/mail/local-host-names", "/etc/mail/relay-domains",
                "/etc/aliases", "/etc/mail/helpfile.mailjail")

    @property
    def databases(self):
        """What is built of the maps among them."""
        return tuple(self.database(text) for text in ("/etc/mail/access", "/etc/mail/mailertable", "/etc/aliases"))

    @property
    def units(self):
        """Both units."""
        return self.mta_unit, self.client_unit

    @property
    def unit_files(self):
        """Where they stand."""
        return tuple(f"/etc/systemd/system/{unit}" for unit in self.units)

    def database(self, text):
        """The built map of a text."""
        return text + self.suffix


TOUCH = "touch {0.mc} {0.submit_mc} /etc/mail/access; systemctl restart {0.mta_unit}"

DEBIAN = Family(
    name="debian", sendmail="/usr/libexec/sendmail/sendmail", smrsh="/usr/libexec/sendmail/smrsh", smrsh_directory="/etc/mail/smrsh",
    mc="/etc/mail/sendmail.mc", cf="/etc/mail/sendmail.cf", submit_mc="/etc/mail/submit.mc", submit_cf="/etc/mail/submit.cf",
    queue="/var/spool/mqueue", client_queue="/var/spool/mqueue-client", queue_rights="750 root:smmsp", client_queue_rights="2770 smmsp:smmsp",
    command_rights="2755 root:smmsp", client_user="smmsp", mta_unit="sendmail.service", client_unit="sendmail-client.service",
    packages=("sendmail", "sendmail-bin", "sendmail-base", "sendmail-cf", "sendmail-doc", "m4"), main_package="sendmail-bin",
    list_packages="dpkg-query -W -f '${Package}\\n'",
    reinstall="apt-get update -qq; DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --reinstall --no-install-recommends"
              " sendmail sendmail-bin sendmail-base sendmail-cf",
    map_type="btree", alias_type="hash", suffix=".db",
    boot_flags={"/etc/mail/sendmail.conf": {"HANDS_OFF": "Yes", "DAEMON_MODE": "Daemon"}},
    boot_damage="sed -i 's/^HANDS_OFF=\"[^\"]*\"/HANDS_OFF=\"No\"/; s/^DAEMON_MODE=\"[^\"]*\"/DAEMON_MODE=\"none\"/' /etc/mail/sendmail.conf",
    vendor_events={
        "sendmailconfig": "yes | sendmailconfig",
        "hooks of the network": "for hook in /etc/network/if-up.d/sendmail /etc/dhcp/dhclient-exit-hooks.d/sendmail /etc/ppp/ip-up.d/sendmail;"
                                " do if [ -x $hook ] || [ -f $hook ]; then IFACE=outside METHOD=static MODE=start reason=BOUND sh $hook; fi; done; true",
        "cron": "test ! -e /etc/cron.d/sendmail || sh -c \"$(grep -v '^ *#' /etc/cron.d/sendmail | grep -o 'test -x.*' | sed 's/$/; true/')\"; true",
    },
    # Its file of boot flags is written anew with a new date in it (the last test of heal/test_vendor.py sees whether the flags are still ours).
    vendor_paths=("/etc/mail/Makefile", "/etc/mail/databases", "/etc/ld.so.cache", "/etc/mailcap", "/etc/mail/m4", "/etc/mail/tls", "/etc/mail/sasl",
                  "/etc/mail/peers", "/etc/rc", "/etc/init.d/.depend", "/etc/mail/address.resolve", "/etc/mail/service.switch",
                  "/etc/mail/sendmail.cf.old", "/etc/mail/submit.cf.old", "/etc/mail/sendmail.conf", "/etc/mail/trusted-users"),
    # The vendor's own certificates and its database of aliases, which no configuration of ours names.
    odd_paths=frozenset({"/etc/mail/tls", "/etc/mail/aliases.db"}), state_trees=("/var/lib/sendmail",),
)

REDHAT = Family(
    name="redhat", sendmail="/usr/sbin/sendmail.sendmail", smrsh="/usr/sbin/smrsh", smrsh_directory="/etc/smrsh",
    mc="/etc/mail/sendmail.mc", cf="/etc/mail/sendmail.cf", submit_mc="/etc/mail/submit.mc", submit_cf="/etc/mail/submit.cf",
    queue="/var/spool/mqueue", client_queue="/var/spool/clientmqueue", queue_rights="700 root:mail", client_queue_rights="770 smmsp:smmsp",
    command_rights="2755 root:smmsp", client_user="smmsp", mta_unit="sendmail.service", client_unit="sm-client.service",
    packages=("sendmail", "sendmail-cf", "sendmail-doc", "m4"), main_package="sendmail",
    list_packages="rpm -qa --qf '%{NAME}\\n'", reinstall="dnf -q -y reinstall sendmail sendmail-cf sendmail-doc",
    # What the vendor's own /etc/mail/make builds, so that an administrator who calls it by habit does no harm.
    map_type="hash", alias_type="hash", suffix=".db",
    boot_flags={"/etc/sysconfig/sendmail": {"DAEMON": "yes", "QUEUE": "1h", "SENDMAIL_OPTS": "-q1h"}},
    boot_damage="sed -i 's/^DAEMON=.*/DAEMON=\"no\"/; s/^SENDMAIL_OPTS=.*/SENDMAIL_OPTS=\"-bs\"/' /etc/sysconfig/sendmail",
    vendor_events={
        "/etc/mail/make": "touch /etc/mail/sendmail.mc /etc/mail/submit.mc /etc/mail/access /etc/aliases; /etc/mail/make; /etc/mail/make aliases",
        "make -C /etc/mail": "touch /etc/mail/sendmail.mc /etc/mail/submit.mc /etc/mail/mailertable; dnf -q -y install make;"
                             " make -C /etc/mail; make -C /etc/mail aliases; dnf -q -y remove make",
        "alternatives": "alternatives --auto mta",
    },
    # make keeps the former .cf, and builds the maps that it knows whether they are used or not.
    vendor_paths=("/etc/mail/sendmail.cf.bak", "/etc/mail/submit.cf.bak", "/etc/mail/domaintable", "/etc/mail/virtusertable",
                  "/etc/mail/trusted-users", "/etc/ld.so.cache", "/etc/alternatives"),
)

# SUSE, as SLES 15 and Leap 15 have it.
SUSE = replace(
    REDHAT, name="suse", sendmail="/usr/sbin/sendmail", smrsh="/usr/lib/sendmail.d/bin/smrsh", smrsh_directory="/usr/lib/sendmail.d/bin",
    smrsh_own=frozenset({"smrsh"}), mc="/etc/mail/linux.mc", cf="/etc/sendmail.cf", submit_mc="/etc/mail/linux.submit.mc",
    authinfo="/etc/mail/auth/auth-info", queue_rights="700 root:root", client_queue_rights="770 mail:mail", command_rights="2555 root:mail",
    client_user="mail", client_unit="sendmail-client.service", packages=("sendmail", "m4"), main_package="sendmail",
    reinstall="zypper --quiet --non-interactive install --force sendmail m4",
    boot_flags={
        "/etc/sysconfig/mail": {"MAIL_CREATE_CONFIG": "no", "SMTPD_LISTEN_REMOTE": "yes"},
        "/etc/sysconfig/sendmail": {"SENDMAIL_ARGS": "-L sendmail -Am -bd -q30m -om -OPidFile=/run/sendmail.pid",
                                    "SENDMAIL_CLIENT_ARGS": "-L sendmail-client -Ac -qp30m -OPidFile=/var/spool/clientmqueue/sm-client.pid"}},
    boot_damage="sed -i 's/^MAIL_CREATE_CONFIG=\"[^\"]*\"/MAIL_CREATE_CONFIG=\"yes\"/' /etc/sysconfig/mail;"
                " sed -i 's/^SENDMAIL_ARGS=\"[^\"]*\"/SENDMAIL_ARGS=\"-bs\"/' /etc/sysconfig/sendmail; sed -i '/mqueue/d' /etc/permissions.local",
    vendor_events={
        "config.sendmail": "touch /etc/mail/linux.mc /etc/mail/linux.submit.mc; config.sendmail",
        "chkstat": "chkstat --system --set",
        "before the vendor's daemon": "touch /etc/mail/access /etc/aliases; sh /etc/mail/system/sm.pre; sh /etc/mail/system/sm-client.pre",
        "the vendor's path unit": "systemctl start sendmail-client.path; systemctl enable sendmail-client.path; touch /var/spool/clientmqueue/sm-client.st",
    },
    # make builds the maps that it knows whether they are used or not; a reinstallation brings back texts that the playbook once had and gave up.
    vendor_paths=("/etc/mail/genericstable", "/etc/mail/virtusertable", "/etc/mail/trusted-users", "/etc/mail/auth/auth-info", "/etc/ld.so.cache"),
    state_trees=("/var/lib/sendmail",),
)

# Newer than that: the tools lie elsewhere, and the vendor's unit wants a daemon that stays in the foreground.
SUSE_EXEC = replace(
    SUSE, smrsh="/usr/libexec/sendmail.d/bin/smrsh", smrsh_own=frozenset(),
    boot_flags={**SUSE.boot_flags, "/etc/sysconfig/sendmail": {
        **SUSE.boot_flags["/etc/sysconfig/sendmail"], "SENDMAIL_ARGS": "-L sendmail -Am -bD -q30m -om -OPidFile=/run/sendmail.pid"}})

# Without Berkeley DB.
REDHAT_10 = replace(REDHAT, map_type="cdb", alias_type="cdb", suffix=".cdb", user_database=False)


def built(family):
    """The same host with a sendmail that was built from source: other programs, and no package of sendmail's.

    heal/test_source.py ends with the distribution's package beside it, so the vendor's tools and its reinstallation are the family's own.
    """
    tools = {"debian": ("gcc", "libc6-dev", "make", "m4", "patch", "libdb-dev", "libldap-dev", "libsasl2-dev", "libssl-dev")}[family.name]
    return replace(family, sendmail="/opt/sendmail/sbin/sendmail", smrsh="/opt/sendmail/sbin/smrsh", packages=tools, main_package="gcc",
                   # What that package makes when it configures itself for the first time, beside ours and without our flags.
                   vendor_paths=(*family.vendor_paths, "/etc/hosts.allow", "/etc/mail/sendmail.cf.errors", "/etc/mail/trusted-users", "/etc/ssl/certs/",
                                 "/var/lib/sendmail/dead.letter"),
                   state_trees=(*family.state_trees, "/opt/sendmail"))


def family_of(os_release):
    """The entry of a host, by the text of its os-release(5)."""
    found = dict(re.findall(r'^(\w+)="?(.*?)"?$', os_release, re.M))
    words = {found.get("ID", ""), *found.get("ID_LIKE", "").split()}
    if words & {"rhel", "fedora"}:
        return REDHAT_10 if "fedora" == found.get("ID") or int(found["VERSION_ID"].split(".")[0]) >= 10 else REDHAT
    if words & {"suse", "opensuse", "sles"}:
        return SUSE if found["VERSION_ID"].startswith("15.") else SUSE_EXEC
    return DEBIAN
