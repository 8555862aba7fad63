"""A host whose next sendmail has no Berkeley DB any more, as it goes when EL 9 becomes EL 10: one run brings it over, and another brings it back.

The packages are really exchanged, for those of the test host el10.
"""

import subprocess

import pytest
from state import answers, difference, managed, state

pytestmark = pytest.mark.only("redhat")

MAPS = ("/etc/mail/access", "/etc/mail/mailertable", "/etc/aliases")
OLD, NEW = tuple(f"{text}.db" for text in MAPS), tuple(f"{text}.cdb" for text in MAPS)
# No daemon can listen there: the run fails after the commit, in the proof of the daemon.
NOWHERE = {"sendmail_listeners": [{"name": "MTA", "address": "192.0.2.77"}, {"name": "MSA", "address": "127.0.0.1", "port": 587}],
           "sendmail_health_timeout": 10}


@pytest.fixture(scope="module", name="world")
def world_(world):
    """Those hosts that have something to lose."""
    return world.part([gateway for gateway in world.gateways if gateway.family.user_database])


@pytest.fixture(scope="module", name="packages")
def packages_(tmp_path_factory):
    """The packages of el10, out of the image that holds them."""
    from lab import build, recipe
    from lab.podman import podman

    build.ensure(["rpms-el10"])
    place = tmp_path_factory.mktemp("el10")
    container = podman("create", recipe.reference(recipe.load("rpms-el10")), "/bin/true").stdout.strip()
    try:
        podman("cp", f"{container}:/srv/packages", place)
    finally:
        podman("rm", container)
    return place / "packages"


def bring(gateway, packages):
    """Put a directory of packages onto a host."""
    ssh = ["ssh", "-F", gateway.ssh_config, gateway.name, "sudo", "tar", "-C", "/srv", "-x", "--transform", "s/^packages/el10/"]
    with subprocess.Popen(["tar", "-C", packages.parent, "-c", "packages"], stdout=subprocess.PIPE) as source:
        subprocess.run(ssh, stdin=source.stdout, check=True)


def there(gateway, paths):
    """Those of some paths that exist."""
    return [path for path in paths if gateway.run(f"test -e {path}").returncode == 0]


@pytest.fixture(scope="module", name="former", autouse=True)
def former_(world, packages):
    """Each host before; then without Berkeley DB; and in the end as it was."""
    world.converge()
    former = world.everywhere(state)

    def lose(gateway):
        bring(gateway, packages)
        # The old package owns some of the databases and takes them along; those of other maps stay, and stand for all here.
        gateway.out("tar -cPf /srv/kept.tar " + " ".join(OLD))
        gateway.out("dnf -q -y --disablerepo='*' --repofrompath=el10,file:///srv/el10 --nogpgcheck upgrade sendmail sendmail-cf sendmail-doc")
        gateway.out("tar -xPf /srv/kept.tar; rm /srv/kept.tar")
        assert gateway.out("makemap -l").split() == ["cdb", "implicit"]
    world.everywhere(lose)
    yield former
    world.everywhere(lambda gateway: gateway.out("rm -rf /srv/el10; dnf -q -y downgrade sendmail sendmail-cf sendmail-doc;"
                                                 " rm -f /etc/mail/*.rpmnew"))
    world.converge()
    assert [there(gateway, OLD + NEW) for gateway in world.gateways] == [list(OLD)] * len(world.gateways)
    after = world.everywhere(state)
    assert [managed(gateway, difference(old, new)) for gateway, old, new in zip(world.gateways, former, after, strict=True)] == [{}] * len(former)


def test_without_the_old_type_the_daemon_does_not_start(world):
    """Otherwise what follows would prove nothing."""
    world.everywhere(lambda gateway: gateway.run(f"systemctl restart {gateway.family.mta_unit}; sleep 2"))
    assert not any(world.everywhere(answers))


def test_the_old_databases_stay_while_the_new_ones_do_not_serve_yet(world):
    run = world.play(values=NOWHERE)
    assert run.status != 0, run
    assert [there(gateway, OLD) for gateway in world.gateways] == [list(OLD)] * len(world.gateways)


def test_one_run_brings_it_over(world):
    # It would come up by itself as soon as its configuration is right again.
    world.everywhere(lambda gateway: gateway.out(f"systemctl stop {gateway.family.mta_unit}"))
    predicted, done = world.converge("--check"), world.converge()
    assert all(world.everywhere(answers))
    for gateway in world.gateways:
        assert predicted.changed(gateway) == done.changed(gateway) != []
        assert there(gateway, OLD) == [] and there(gateway, NEW) == list(NEW)
        configuration = gateway.out(f"cat {gateway.family.cf}")
        assert "Kaccess cdb " in configuration and "AliasFile=cdb:/etc/aliases" in configuration and " hash " not in configuration
        assert "corp.example\trelay:[mail.corp.example]" in gateway.out("makemap -u cdb /etc/mail/mailertable")


def test_and_there_is_nothing_left_to_do(world):
    again = world.converge()
    assert [again.changed(gateway) for gateway in world.gateways] == [[]] * len(world.gateways)
