"""Hosts of the Red Hat and SUSE families: what Ansible takes them for, and sendmail with its vendors' habits on them."""

import os
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from families import DEBIAN, EL, HOSTS, SUSE, Family, community_general, route_tests

from lab import lifecycle, runtime

NAME = os.environ.get("MAILJAIL_FAMILIES", "labfamilies")
IDENTITIES = [
    ("gw-el9", "almalinux-9", "AlmaLinux", "9.5", "RedHat"), ("gw-el9", "rhel-8", "RedHat", "8.10", "RedHat"),
    ("gw-el9", "rhel-9", "RedHat", "9.5", "RedHat"), ("gw-el9", "rocky-9", "Rocky", "9.5", "RedHat"),
    ("gw-el9", "oracle-9", "OracleLinux", "9.5", "RedHat"), ("gw-el9", "centos-stream-9", "CentOS", "9", "RedHat"),
    ("gw-el9", "fedora-41", "Fedora", "41", "RedHat"),
    ("gw-el10", "almalinux-10", "AlmaLinux", "10.0", "RedHat"), ("gw-el10", "rhel-10", "RedHat", "10.0", "RedHat"),
    ("gw-suse", "sles-15", "SLES", "15.6", "Suse"), ("gw-suse", "leap-15", "openSUSE Leap", "15.6", "Suse"),
    ("gw-suse-exec", "leap-16", "openSUSE Leap", "16.0", "Suse"), ("gw-suse-exec", "tumbleweed", "openSUSE Tumbleweed", "20260901", "Suse"),
]
OWN = {"gw-el9": "almalinux-9", "gw-el10": "almalinux-10", "gw-suse": "sles-15", "gw-suse-exec": "leap-16"}


@pytest.fixture(scope="module")
def families(bench_of):
    """The four hosts, new."""
    runtime.prepare()
    lab = lifecycle.up(NAME, tuple(host.removeprefix("gw-") for host in (*HOSTS, DEBIAN)), fresh=True)
    yield {host: Family(bench_of(lab), host) for host in (*HOSTS, DEBIAN)}
    if "MAILJAIL_FAMILIES" not in os.environ:
        lifecycle.down(NAME)


@pytest.fixture(params=HOSTS)
def bare(request, families):
    """Each host, whatever is on it."""
    return families[request.param]


@pytest.fixture(scope="module")
def installed(families):
    """The four hosts with sendmail, installed by Ansible from their own repositories, and running."""
    community_general()
    with ThreadPoolExecutor() as pool:
        list(pool.map(install, [families[host] for host in HOSTS]))
    return families


def install(family):
    """Install and start sendmail: a second call finds nothing to do, and the packages lie there as they came."""
    assert family.ansible("ansible.builtin.package", name=family.packages, state="present")["changed"] is True
    assert family.ansible("ansible.builtin.package", name=family.packages, state="present")["changed"] is False
    assert verified(family) == ""
    started = family.ansible("ansible.builtin.service", name="sendmail", state="started", enabled=True)
    assert started["changed"] is True and started["state"] == "started"


@pytest.fixture(params=HOSTS)
def host(request, installed):
    """Each host with sendmail."""
    return installed[request.param]


@pytest.fixture(params=EL)
def el(request, installed):
    """Each host of Red Hat's family with sendmail."""
    return installed[request.param]


@pytest.fixture(params=SUSE)
def suse(request, installed):
    """Each host of SUSE's family with sendmail."""
    return installed[request.param]


def verified(family):
    """What rpm finds changed in what it installed: nothing, on a clean host."""
    return family("rpm -Va", check=False)


# What the hosts are

@pytest.mark.parametrize(("host", "identity", "distribution", "version", "os_family"), IDENTITIES)
def test_ansible_takes_the_host_for_what_it_says_it_is(families, host, identity, distribution, version, os_family):
    family = families[host]
    family(f"/usr/libexec/lab/identity {identity}")
    try:
        facts = family.ansible("ansible.builtin.setup", gather_subset=["!all", "distribution", "pkg_mgr", "service_mgr"])["ansible_facts"]
    finally:
        family(f"/usr/libexec/lab/identity {OWN[host]}")
    assert {key: facts[f"ansible_{key}"] for key in ("distribution", "distribution_version", "os_family", "pkg_mgr", "service_mgr")} == {
        "distribution": distribution, "distribution_version": version, "os_family": os_family,
        "pkg_mgr": "dnf" if os_family == "RedHat" else "zypper", "service_mgr": "systemd"}


def test_every_identity_is_tried(families):
    for host in ("gw-el9", "gw-suse"):
        assert set(families[host]("/usr/libexec/lab/identity").split()) == {one[1] for one in IDENTITIES if (one[0] in EL) == families[host].el}


def test_debians_tools_are_out_of_the_way(bare):
    for tool in ("apt-get", "dpkg", "apt"):
        assert bare.status(f"command -v {tool}") != 0


def test_the_own_package_manager_works_on_real_packages(bare):
    assert bare("rpm -q lab-base").startswith("lab-base-1-1.")
    ask = "dnf -q list --available" if bare.el else "zypper --quiet --non-interactive search"
    assert {"sendmail", "postfix", "m4", "procmail"} <= set(re.findall(r"[a-z][a-z0-9-]+", bare(ask)))
    missing = bare.ansible("ansible.builtin.package", name="nosuchpackage", state="present")
    assert missing.get("failed") or missing.get("rc"), missing


# sendmail as the package brings it

def test_sendmail_greets_and_only_this_host(host):
    assert host.greeting().startswith(f"220 {host.fqdn} ESMTP Sendmail 8.17.1.9")
    listening = host("ss -Hltn sport = :25").splitlines()
    assert [line.split()[3] for line in listening] == ["127.0.0.1:25"]


def test_a_running_sendmail_has_changed_nothing_of_its_packages(host):
    assert host.greeting()
    assert verified(host) == ""


def test_the_shipped_source_compiles_to_the_shipped_configuration_without_a_word(host):
    pairs = ({"/etc/mail/sendmail.mc": "/etc/mail/sendmail.cf", "/etc/mail/submit.mc": "/etc/mail/submit.cf"} if host.el else
             {"/etc/mail/linux.mc": "/etc/sendmail.cf", "/etc/mail/linux.submit.mc": "/etc/mail/submit.cf"})
    for source, compiled in pairs.items():
        assert host(f"m4 {source} 2>&1 >/tmp/fresh.cf") == ""
        assert host(f"grep -v '^#' /tmp/fresh.cf >/tmp/a; grep -v '^#' {compiled} >/tmp/b; diff /tmp/a /tmp/b") == ""
        assert host.status("sendmail -C /tmp/fresh.cf -bv root") == 0


def test_local_mail_passes_the_submission_queue_and_arrives(host):
    host("rm -f /var/mail/root; printf 'Subject: to root\\n\\nhello\\n' | runuser -u nobody -- sendmail -oi root")
    assert host("for n in 1 2 3 4 5 6 7 8 9 10; do grep '^Subject:' /var/mail/root 2>/dev/null && break; sleep 1; done") == "Subject: to root"


def test_owners_and_modes_are_the_familys(host):
    expected = (["/usr/sbin/sendmail.sendmail 2755 root:smmsp", "/var/spool/clientmqueue 770 smmsp:smmsp", "/var/spool/mqueue 700 root:mail"] if host.el else
                ["/usr/sbin/sendmail 2555 root:mail", "/var/spool/clientmqueue 770 mail:mail", "/var/spool/mqueue 700 root:root"])
    for line in expected:
        assert host(f"stat -c '%n %a %U:%G' {line.split()[0]}") == line
    assert host("id -u mail; getent group mail | cut -d: -f3").split() == ["8", "12"]


def test_map_types_are_those_of_the_build(host):
    types = {"gw-el9": "hash btree cdb implicit", "gw-el10": "cdb implicit"}.get(host.key, "hash btree implicit")
    assert host("makemap -l").split() == types.split()


def test_the_restricted_shell_runs_only_what_is_in_the_familys_directory(host):
    shell = {"gw-suse": "/usr/lib/sendmail.d/bin/smrsh", "gw-suse-exec": "/usr/libexec/sendmail.d/bin/smrsh"}.get(host.key, "/usr/sbin/smrsh")
    directory = "/etc/smrsh" if host.el else "/usr/lib/sendmail.d/bin"
    assert host.status(f"{shell} -c id") != 0
    host(f"ln -s /usr/bin/id {directory}/id")
    try:
        assert "uid=0" in host(f"{shell} -c id")
    finally:
        host(f"rm {directory}/id")


def test_the_other_mail_systems_unit_stops_sendmail(el):
    el("dnf -q -y install postfix && systemctl start postfix.service")
    try:
        assert el("systemctl is-active sendmail.service", check=False) == "inactive"
        assert not el.greeting(seconds=0)
    finally:
        el("dnf -q -y remove postfix && systemctl start sendmail.service")
    assert el.greeting()


# The collection on hosts that it never touched

def test_any_host_is_asked_route_tests_and_nothing_changes(families, installed):
    families[DEBIAN].ansible("ansible.builtin.apt", name="sendmail", install_recommends=False, update_cache=True)
    hosts = list(families.values())
    # Debian's own access map turns the networks of documents away, 192.0.2.1 among them.
    client = {"client_address": "198.18.0.1"}
    with ThreadPoolExecutor() as pool:
        before = list(pool.map(Family.snapshot, hosts))
        status, said = route_tests(hosts[0].bench.lab, [
            {"name": "a stranger relays", "recipient": "dave@third.example", "expect": "refused", "code": "550", "status": "5.7.1"},
            {"name": "root has a mailbox", "recipient": ["root", "postmaster"], **client, "expect": "accepted", "mailer": "local"},
            {"name": "the world may relay", "recipient": "dave@third.example", **client, "client_name": "x.example", "expect": "accepted"}])
        after = list(pool.map(Family.snapshot, hosts))
    assert status == 2, said
    for host in hosts:
        assert f"1 of 4 route tests failed on {host.fqdn} ({host.cf}). Route test 'the world may relay' failed" in said, said
    for old, new in zip(before, after, strict=True):
        assert {path for path in old.keys() | new.keys() if old.get(path) != new.get(path)} == set()
    assert all(verified(families[host]) == "" for host in HOSTS)


# Red Hat's habits

def test_make_looks_only_at_what_is_newer(el):
    with el.kept("/etc/mail/access", f"/etc/mail/access.{el.suffix}"):
        el("sleep 1; echo 'Connect:192.0.2.1 REJECT' >>/etc/mail/access; touch -d 2020-01-01 /etc/mail/access; /etc/mail/make")
        assert "192.0.2.1" not in el(f"makemap -u {'cdb' if el.suffix == 'cdb' else 'hash'} /etc/mail/access")
        el("touch /etc/mail/access; /etc/mail/make")
        assert "192.0.2.1" in el(f"makemap -u {'cdb' if el.suffix == 'cdb' else 'hash'} /etc/mail/access")


def test_make_says_that_all_is_well_although_m4_failed(el):
    with el.kept("/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"):
        el("echo 'FEATURE(`nosuchfeature'\"')\" >>/etc/mail/sendmail.mc")
        assert el.status("m4 /etc/mail/sendmail.mc >/dev/null 2>&1") != 0
        good = el("cksum </etc/mail/sendmail.cf")
        assert el.status("/etc/mail/make 2>/dev/null") == 0
        assert el("cksum </etc/mail/sendmail.cf") != good
        assert el("cksum </etc/mail/sendmail.cf.bak") == good
        assert el.status("touch /etc/mail/sendmail.mc; /etc/mail/make sendmail.cf 2>/dev/null") != 0


def test_a_restart_compiles_a_touched_source(el):
    with el.kept("/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"):
        el("sleep 1; echo 'LOCAL_CONFIG' >>/etc/mail/sendmail.mc; echo 'D{probe}seen' >>/etc/mail/sendmail.mc; systemctl restart sendmail.service")
        assert "D{probe}seen" in el("cat /etc/mail/sendmail.cf")


def test_make_refuses_what_it_does_not_know(el):
    assert el.status("/etc/mail/make nonsense 2>/dev/null") != 0


def test_without_the_configuration_package_make_only_warns_and_the_service_starts(el):
    with el.kept("/etc/mail/sendmail.mc", "/etc/mail/sendmail.cf"):
        el("mv /usr/share/sendmail-cf /usr/share/elsewhere; touch /etc/mail/sendmail.mc")
        try:
            assert el.status("/etc/mail/make 2>/dev/null") == 15
            assert el.status("systemctl restart sendmail.service") == 0
            assert el.greeting()
        finally:
            el("mv /usr/share/elsewhere /usr/share/sendmail-cf")


def test_make_is_a_package_of_its_own(el):
    assert el.status("make -C /etc/mail") == 127
    el("dnf -q -y install make")
    try:
        assert el.status(f"make -C /etc/mail access.{el.suffix}") == 0
    finally:
        el("dnf -q -y remove make")


def test_alternatives_decide_whose_the_sendmail_command_is(el):
    assert el("readlink -f /usr/sbin/sendmail") == "/usr/sbin/sendmail.sendmail"
    el("dnf -q -y install postfix")
    try:
        assert el("readlink /etc/alternatives/mta") == "/usr/sbin/sendmail.sendmail"
        chosen = el.ansible("community.general.alternatives", name="mta", path="/usr/sbin/sendmail.postfix")
        assert chosen["changed"] is True
        assert el("readlink -f /usr/sbin/sendmail") == "/usr/sbin/sendmail.postfix"
        assert el.status("sendmail root </dev/null 2>/dev/null") == 75
        assert "status is manual" in el("alternatives --display mta")
        el("alternatives --auto mta")
        assert el("readlink /etc/alternatives/mta") == "/usr/sbin/sendmail.sendmail"
    finally:
        el("dnf -q -y remove postfix; systemctl start sendmail.service")
    assert "postfix" not in el("alternatives --display mta")


def test_without_berkeley_db_one_hash_line_stops_the_daemon(installed):
    el10 = installed["gw-el10"]
    assert el10("ls /etc/mail/*.cdb").split() == [f"/etc/mail/{name}.cdb" for name in ("access", "domaintable", "mailertable", "virtusertable")]
    assert el10.status("echo a b | makemap hash /tmp/probe 2>/dev/null") != 0
    with el10.kept("/etc/mail/sendmail.cf"):
        el10("sed -i 's/^Kmailertable cdb/Kmailertable hash/' /etc/mail/sendmail.cf; grep -q '^Kmailertable hash' /etc/mail/sendmail.cf")
        assert el10.status("systemctl restart sendmail.service") != 0
        assert not el10.greeting(seconds=0)


# SUSE's habits

def test_update_overwrites_the_configuration_unless_told_not_to(suse):
    with suse.kept("/etc/sendmail.cf", "/etc/sysconfig/mail"):
        suse("echo '# by hand' >>/etc/sendmail.cf; config.sendmail")
        assert "# by hand" not in suse("cat /etc/sendmail.cf")
        suse("echo '# by hand' >>/etc/sendmail.cf; sed -i 's/^MAIL_CREATE_CONFIG=.*/MAIL_CREATE_CONFIG=\"no\"/' /etc/sysconfig/mail; config.sendmail")
        assert "# by hand" in suse("cat /etc/sendmail.cf")


def test_a_package_transaction_updates_too(suse):
    with suse.kept("/etc/sendmail.cf"):
        suse("echo '# by hand' >>/etc/sendmail.cf; zypper --quiet --non-interactive install --force sendmail >/dev/null")
        assert "# by hand" not in suse("cat /etc/sendmail.cf")


def test_mail_from_others_is_taken_when_sysconfig_says_so(suse):
    with suse.kept("/etc/sendmail.cf", "/etc/sysconfig/mail"):
        suse("sed -i 's/^SMTPD_LISTEN_REMOTE=.*/SMTPD_LISTEN_REMOTE=\"yes\"/' /etc/sysconfig/mail; config.sendmail; systemctl restart sendmail.service")
        assert suse.greeting()
        assert [line.split()[3] for line in suse("ss -Hltn sport = :25").splitlines()] == ["0.0.0.0:25"]


def test_the_units_sandbox_keeps_a_restart_from_building_maps(suse):
    suse("make -s -C /etc/mail")
    with suse.kept("/etc/mail/access", "/etc/mail/access.db"):
        before = suse("sleep 1; stat -c %Y /etc/mail/access.db")
        suse("echo 'Connect:192.0.2.1 REJECT' >>/etc/mail/access; systemctl restart sendmail.service")
        assert suse.greeting()
        assert suse("stat -c %Y /etc/mail/access.db") == before
        assert "Read-only file system" in suse("journalctl -b -u sendmail.service")
        suse("make -s -C /etc/mail")
        assert suse("stat -c %Y /etc/mail/access.db") != before


def test_a_changed_mode_lasts_only_with_permissions_local(suse):
    force = "zypper --quiet --non-interactive install --force sendmail >/dev/null"
    mode = "stat -c %a /var/spool/mqueue"
    with suse.kept("/etc/permissions.local"):
        suse(f"chmod 750 /var/spool/mqueue; {force}")
        assert suse(mode) == "700"
        suse(f"echo '/var/spool/mqueue/ root.root 0750' >>/etc/permissions.local; chmod 750 /var/spool/mqueue; {force}")
        assert suse(mode) == "750"
    suse("chkstat --system --set")
    assert suse(mode) == "700"


def test_the_newest_unit_reports_success_and_is_dead_with_the_flag_of_the_older(installed):
    exec_ = installed["gw-suse-exec"]
    assert exec_("systemctl show -P Type sendmail.service") == "exec"
    assert installed["gw-suse"]("systemctl show -P Type sendmail.service") == "forking"
    assert " -bD " in exec_("grep ^SENDMAIL_ARGS /etc/sysconfig/sendmail") and " -bd " in installed["gw-suse"]("grep ^SENDMAIL_ARGS /etc/sysconfig/sendmail")
    with exec_.kept("/etc/sysconfig/sendmail"):
        exec_("sed -i 's/ -bD / -bd /' /etc/sysconfig/sendmail")
        assert exec_.status("timeout 120 systemctl restart sendmail.service") == 0
        exec_("sleep 1")
        assert not exec_.greeting(seconds=0)
        exec_("systemctl kill --signal=KILL sendmail.service; true")     # or the unit's time-out would have to pass
    assert exec_.greeting()


# Last of all: the packages go

def test_two_mail_systems_exclude_each_other(suse):
    refused = suse.ansible("ansible.builtin.package", name="postfix", state="present")
    assert refused.get("rc") == 4 and suse.status("rpm -q postfix") != 0
    assert suse.ansible("community.general.zypper", name=["postfix", "-sendmail"], state="present")["changed"] is True
    assert suse.ansible("ansible.builtin.package", name="sendmail", state="present").get("rc") == 4
    assert suse.ansible("community.general.zypper", name=["sendmail", "-postfix"], state="present")["changed"] is True
    suse("systemctl restart sendmail.service")
    assert suse.greeting()


def test_the_packages_go_as_they_came(host):
    assert host.ansible("ansible.builtin.package", name=host.packages, state="absent")["changed"] is True
    assert host.ansible("ansible.builtin.package", name=host.packages, state="absent")["changed"] is False
    assert host.status("test -e /usr/sbin/sendmail") != 0
    assert not host.greeting(seconds=0)
