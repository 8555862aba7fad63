"""Sendmail built from source: mended, rebuilt from another archive, moved, and beside the distribution's package; refused where it is not what it should be."""

import gzip
import hashlib
import io
import tarfile

import pytest
from state import answers

pytestmark = pytest.mark.only("source")

PREFIX = "/opt/sendmail"
OTHER = "/usr/local/sendmail-other"
PROGRAM = f"{PREFIX}/sbin/sendmail"


@pytest.fixture(name="host")
def host_(world):
    """The only gateway of the scenario."""
    return world.gateways[0]


@pytest.fixture(scope="module", name="archive")
def archive_(world):
    """The archive that the scenario builds."""
    (found,) = (world.directory.parents[1] / "source").glob("*/sendmail.tar.gz")
    return found


def digest(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()


def given(path):
    """Variables that name an archive and its sum."""
    return {"sendmail_source_archive": str(path), "sendmail_source_sha256": digest(path)}


def repacked(archive, target, remove=()):
    """The same files in another archive, some of them left out."""
    with tarfile.open(archive) as source, tarfile.open(target, "w:gz") as made:
        for member in source:
            if not member.name.endswith(remove or "\0"):
                made.addfile(member, source.extractfile(member) if member.isfile() else None)
    return target


def stamps(host):
    """Time and inode of everything that was built."""
    return host.out(f"find {PREFIX} -type f -exec stat -c '%n %i %y %a %U:%G' {{}} + | sort")


def running(host):
    """The file that the daemon's process runs."""
    return host.out(f"readlink /proc/{host.pid}/exe").strip()


def test_what_runs_is_what_was_built(host):
    assert running(host) == PROGRAM
    assert host.out("readlink -f /usr/sbin/sendmail").strip() == PROGRAM
    assert "Version 8.17.1.9" in host.out(f"{PROGRAM} -d0.1 -bt </dev/null")
    assert host.out(f"stat -c '%a %U:%G' {PROGRAM}").strip() == "2755 root:smmsp"
    assert host.out("getent passwd smmsp").split(":")[5:] == ["/var/spool/mqueue-client", "/usr/sbin/nologin\n"]
    assert not host.infra.package("sendmail-bin").is_installed
    assert {"hash", "btree"} <= set(host.out("makemap -l").split())
    assert f"{PREFIX}/share/sendmail-cf" in host.out("cat /etc/mail/sendmail.mc")
    assert host.out("ls -A /var/tmp | grep mailjail || true") == ""


def test_nothing_is_built_twice(world, host):
    before = stamps(host)
    assert world.converge().changed(host) == []
    assert stamps(host) == before


def refusals(world, archive, directory):
    """What is wrong: (variables, words that the refusal must hold)."""
    old = directory / "old.tar.gz"
    with tarfile.open(old, "w:gz") as made:
        for name, text in (("sendmail-8.9.3/src/version.c", b'char Version[] = "8.9.3";\n'), ("sendmail-8.9.3/cf/m4/cf.m4", b"")):
            entry = tarfile.TarInfo(name)
            entry.size = len(text)
            made.addfile(entry, io.BytesIO(text))
    page = directory / "page.tar.gz"
    page.write_bytes(gzip.compress(b"<html>404</html>"))
    other = repacked(archive, directory / "less.tar.gz", ("/sendmail/version.c",))
    return {
        "a wrong checksum": ({"sendmail_source_sha256": "ab" * 32}, ["sendmail_source_sha256", digest(archive), "ab" * 32]),
        "no checksum": ({"sendmail_source_sha256": ""}, ["sendmail_source_sha256"]),
        "no archive": ({"sendmail_source_archive": ""}, ["sendmail_source_archive"]),
        "an archive that is not there": ({"sendmail_source_archive": "/nonexistent.tar.gz"}, ["sendmail_source_archive", "/nonexistent.tar.gz"]),
        "a server that does not answer": ({**given(archive), "sendmail_source_archive": "http://127.0.0.1:9/x.tar.gz", "sendmail_source_prefix": OTHER},
                                          ["http://127.0.0.1:9/x.tar.gz", "could not be fetched"]),
        "a page instead of an archive": (given(page), ["page.tar.gz", "tar"]),
        "an archive that is not sendmail": (given(other), ["less.tar.gz", "not sendmail"]),
        "an archive below the floor": (given(old), ["old.tar.gz", "8.9.3", "8.11.0"]),
        "a patch that is not there": ({"sendmail_source_patches": ["/nonexistent.patch"]}, ["sendmail_source_patches", "/nonexistent.patch"]),
        "a prefix of the system": ({"sendmail_source_prefix": "/usr"}, ["sendmail_source_prefix", "/usr"]),
        "a prefix in which something lies": ({"sendmail_source_prefix": "/opt/mine"}, ["/opt/mine/sbin/sendmail", "not built by this collection"]),
        "a prefix that others may write to": ({"sendmail_source_prefix": "/opt/open"}, ["/opt/open", "nobody else may write"]),
    }


def test_refusals_come_before_anything_is_touched(world, host, archive, tmp_path):
    host.out("mkdir -p /opt/mine/sbin /opt/open && touch /opt/mine/sbin/sendmail && chmod 777 /opt/open")
    before = (host.snapshot("/etc", "/opt", "/usr/local"), host.pid)
    rows = refusals(world, archive, tmp_path)
    runs = world.cases(host, {name: values for name, (values, _words) in rows.items()})
    for name, (_values, words) in rows.items():
        run = runs[name]
        said = " ".join(run.messages)
        assert run.status != 0 and not any(row["changed"] for row in run.record["results"]), (name, run)
        assert all(word in said for word in words), (name, said)
        assert "Traceback" not in run.output, (name, run)
    assert (host.snapshot("/etc", "/opt", "/usr/local"), host.pid) == before
    host.out("rm -r /opt/mine /opt/open")


def test_small_damage_is_mended_without_a_build(world, host):
    before = stamps(host).replace("2755", "").splitlines()
    host.out(f"chmod 755 {PROGRAM}; rm /usr/bin/mailq /usr/sbin/sendmail; touch /opt/theirs")
    check = world.play("--check")
    assert check.status == 0 and check.changed(host), check
    world.converge()
    assert host.out(f"stat -c '%a' {PROGRAM}").strip() == "2755"
    assert [host.out(f"readlink {path}").strip() for path in ("/usr/bin/mailq", "/usr/sbin/sendmail")] == [PROGRAM] * 2
    assert stamps(host).replace("2755", "").splitlines() == before
    assert world.converge().changed(host) == []
    host.out("rm /opt/theirs")


def test_what_is_damaged_is_built_again(world, host):
    pid = host.pid
    before = host.out(f"sha256sum <{PREFIX}/sbin/makemap")
    host.out(f"echo damage >{PREFIX}/share/sendmail-cf/m4/proto.m4; rm {PREFIX}/sbin/makemap")
    world.converge()
    assert host.out(f"sha256sum <{PREFIX}/sbin/makemap") == before
    assert answers(host) and running(host) == PROGRAM and host.pid
    assert host.pid != pid, "the daemon still runs the former program"
    assert world.converge().changed(host) == []


def test_another_archive_in_another_place_and_back(world, host, archive, tmp_path):
    """By URL, into another prefix, predicted by check mode; the way back finds the first build whole and compiles nothing."""
    before = stamps(host)
    made = repacked(archive, tmp_path / "again.tar.gz")
    values = {**given(made), "sendmail_source_archive": f"file://{made}", "sendmail_source_prefix": OTHER}
    check = world.play("--check", values=values)
    assert check.status == 0 and check.changed(host), check
    assert host.run(f"test -e {OTHER}").returncode != 0 and running(host) == PROGRAM
    done = world.converge(values=values)
    assert done.changed(host)
    assert running(host) == f"{OTHER}/sbin/sendmail" == host.out("readlink -f /usr/sbin/sendmail").strip()
    assert answers(host)
    assert world.converge(values=values).changed(host) == []
    world.converge()
    assert running(host) == PROGRAM == host.out("readlink -f /usr/sbin/sendmail").strip()
    assert stamps(host) == before
    host.out(f"rm -r {OTHER}")
    assert world.converge().changed(host) == []


def test_the_distribution_s_package_may_lie_beside(world, host):
    """Whatever brings it: its files stay whole, the command and the daemon are ours."""
    host.out("printf '#!/bin/sh\\nexit 101\\n' >/usr/sbin/policy-rc.d; chmod 755 /usr/sbin/policy-rc.d;"
             " DEBIAN_FRONTEND=noninteractive apt-get install -qq -y --no-install-recommends sendmail-bin sendmail-base sendmail-cf; rm /usr/sbin/policy-rc.d")
    assert host.out("readlink -f /usr/sbin/sendmail").strip() == "/usr/libexec/sendmail/sendmail"
    world.converge()
    assert host.out("readlink -f /usr/sbin/sendmail").strip() == PROGRAM == running(host)
    assert host.out("readlink -f /usr/lib/sendmail").strip() == PROGRAM
    assert host.out("dpkg -V sendmail-bin sendmail-cf") == ""
    assert answers(host)
    assert world.converge().changed(host) == []
