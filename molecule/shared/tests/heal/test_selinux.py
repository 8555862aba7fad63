"""What SELinux's policy has to know, declared with the real tools in a real policy. No container has SELinux on: labels, denials are not shown here."""

import pytest
from state import answers, difference, managed, state

pytestmark = pytest.mark.only("default")

PACKAGES = "selinux-policy-default selinux-utils policycoreutils policycoreutils-python-utils setools"
LISTENERS = [{"name": "MTA", "address": "0.0.0.0", "modifiers": ["A", "E"]}, {"name": "MSA", "address": "127.0.0.1", "port": 587, "modifiers": ["A", "E"]},
             {"name": "other", "address": "127.0.0.1", "port": 2525, "modifiers": ["A", "E"]}]
VALUES = {"sendmail_selinux": "declare", "sendmail_selinux_booleans": {"use_nfs_home_dirs": True}, "sendmail_listeners": LISTENERS}
RULES = (("sendmail_t", "sendmail_t", "capability", "sys_chroot"), ("init_t", "sendmail_t", "process2", "nnp_transition"))
APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y"


@pytest.fixture(scope="module", name="host")
def host_(world):
    """The first gateway, with a policy and its tools while this module runs."""
    gateway = world.gateways[0]
    before = state(gateway)
    gateway.out(f"apt-get update -qq; {APT} install --no-install-recommends {PACKAGES}")
    yield gateway
    world.converge("--limit", gateway.name, values={"sendmail_selinux": "ignore"})
    gateway.out(f"{APT} purge {PACKAGES}; {APT} autoremove --purge; rm -rf /var/lib/selinux;"
                " test ! -d /etc/selinux || find /etc/selinux -mindepth 1 ! -name semanage.conf -delete")
    assert managed(gateway, difference(before, state(gateway))) == {}
    assert answers(gateway)


def allows(host, source, target, kind, right):
    """Whether the policy on disk has a rule, by a tool of others."""
    return "allow" in host.out(f"sesearch -A -s {source} -t {target} -c {kind} -p {right} $(ls /etc/selinux/default/policy/policy.* | tail -n 1)")


def label(host, path):
    """The type that the policy has for a path."""
    return host.out(f"matchpathcon -n {path}").split(":")[2]


def test_the_jail_s_type_is_declared_for_the_whole_tree(world, host):
    before = label(host, "/var/mailjail/var/spool/mail/archive")
    assert before != "mail_spool_t", "this would prove nothing"
    assert not allows(host, *RULES[0]), "this would prove nothing"
    predicted = world.converge("--check", "--limit", host.name, values=VALUES)
    assert label(host, "/var/mailjail/var/spool/mail/archive") == before, "check mode declared something"
    done = world.converge("--limit", host.name, values=VALUES)
    assert predicted.changes(host) == done.changes(host) != []
    assert [label(host, f"/var/mailjail{path}") for path in ("", "/var", "/var/spool/mail/archive")] == ["mail_spool_t"] * 3
    assert label(host, "/var/mailjail2") == before
    assert "/var/mailjail(/.*)?" in host.out("semanage fcontext -l -C")


def test_the_daemon_may_enter_the_jail_and_its_unit_may_become_the_daemon(host):
    assert [rule for rule in RULES if not allows(host, *rule)] == []


def test_a_port_and_a_boolean_are_declared(host):
    assert "2525" in next(line for line in host.out("semanage port -l -C").splitlines() if line.startswith("smtp_port_t"))
    assert " use_nfs_home_dirs " in host.out("semanage boolean -l -C").replace("use_nfs_home_dirs", " use_nfs_home_dirs ", 1)


def test_it_is_declared_once(world, host):
    assert world.converge("--limit", host.name, values=VALUES).changed(host) == []


def test_another_type_is_put_right(world, host):
    host.out("semanage fcontext -m -N -t var_t '/var/mailjail(/.*)?'")
    assert label(host, "/var/mailjail") == "var_t"
    host.out("semodule -N -r mailjail")
    world.converge("--limit", host.name, values=VALUES)
    assert label(host, "/var/mailjail") == "mail_spool_t"
    assert [rule for rule in RULES if not allows(host, *rule)] == []


@pytest.mark.parametrize(("path", "kind"), [("/etc/mail/access.db", "etc_mail_t"), ("/var/spool/mqueue/qfx", "mqueue_spool_t")])
def test_the_policy_itself_knows_the_vendor_s_paths(host, path, kind):
    """Which is why nothing is declared for them."""
    assert label(host, path) == kind
