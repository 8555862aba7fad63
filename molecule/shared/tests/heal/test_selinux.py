"""The jail's SELinux type, declared with the real tools in a real policy. No container has SELinux on: labels on disk and denials are not shown here."""

import pytest
from state import answers, difference, managed, state

pytestmark = pytest.mark.only("default")

PACKAGES = "selinux-policy-default selinux-utils policycoreutils policycoreutils-python-utils"
VALUES = {"sendmail_selinux": "declare"}
APT = "DEBIAN_FRONTEND=noninteractive apt-get -qq -y"


@pytest.fixture(scope="module", name="host")
def host_(world):
    """The first gateway, with a policy and its tools while this module runs."""
    gateway = world.gateways[0]
    before = state(gateway)
    gateway.out(f"apt-get update -qq; {APT} install --no-install-recommends {PACKAGES}")
    yield gateway
    gateway.out(f"{APT} purge {PACKAGES}; {APT} autoremove --purge; rm -rf /var/lib/selinux;"
                " test ! -d /etc/selinux || find /etc/selinux -mindepth 1 ! -name semanage.conf -delete")
    assert managed(gateway, difference(before, state(gateway))) == {}
    assert answers(gateway)


def label(host, path):
    """The type that the policy has for a path."""
    return host.out(f"matchpathcon -n {path}").split(":")[2]


def test_the_jail_s_type_is_declared_for_the_whole_tree(world, host):
    before = label(host, "/var/mailjail/var/spool/mail/archive")
    assert before != "mail_spool_t", "this would prove nothing"
    predicted = world.converge("--check", "--limit", host.name, values=VALUES)
    assert label(host, "/var/mailjail/var/spool/mail/archive") == before, "check mode declared something"
    done = world.converge("--limit", host.name, values=VALUES)
    assert predicted.changes(host) == done.changes(host) != []
    assert [label(host, f"/var/mailjail{path}") for path in ("", "/var", "/var/spool/mail/archive")] == ["mail_spool_t"] * 3
    assert label(host, "/var/mailjail2") == before
    assert "/var/mailjail(/.*)?" in host.out("semanage fcontext -l -C")


def test_it_is_declared_once(world, host):
    assert world.converge("--limit", host.name, values=VALUES).changed(host) == []


def test_another_type_is_put_right(world, host):
    host.out("semanage fcontext -m -N -t var_t '/var/mailjail(/.*)?'")
    assert label(host, "/var/mailjail") == "var_t"
    world.converge("--limit", host.name, values=VALUES)
    assert label(host, "/var/mailjail") == "mail_spool_t"


@pytest.mark.parametrize(("path", "kind"), [("/etc/mail/access.db", "etc_mail_t"), ("/var/spool/mqueue/qfx", "mqueue_spool_t")])
def test_the_policy_itself_knows_the_vendor_s_paths(host, path, kind):
    """Which is why nothing is declared for them."""
    assert label(host, path) == kind
