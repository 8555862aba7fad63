"""Sendmail's own archive out of Debian's source package; the cf libraries of two releases, their documents and a makemap out of Debian's packages.

They are unpacked and not installed: this machine gets no mail server.
"""

import contextlib
import fcntl
import hashlib
import tarfile

from . import places
from .shell import answer, must

PACKAGES = ("sendmail-cf", "sendmail-doc", "sendmail-bin", "libdb5.3", "libldap-2.5-0", "libsasl2-2")     # the last three for makemap
SUITES = {"bookworm": "8.17", "trixie": "8.18"}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(suite):
    """Return the directory into which the packages of a suite are unpacked, fetching them once."""
    home = places.WORK / "m4" / suite
    needed = ("usr/share/sendmail/cf/m4/cf.m4", "usr/share/doc/sendmail-doc/cf.README.gz", "usr/libexec/sendmail/sendmail")
    with _alone(home):
        if not all((home / "root" / name).is_file() for name in needed):
            _fetch(suite, home)
    return home / "root"


@contextlib.contextmanager
def _alone(home):
    """Let no other stage that runs side by side make the same thing."""
    home.parent.mkdir(parents=True, exist_ok=True)
    with home.with_name(home.name + ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _fetch(suite, home):
    """Let apt fetch into directories of its own, so that this machine's package lists stay as they are."""
    options = _apt(home, suite, "deb")
    packages = PACKAGES if suite == "bookworm" else PACKAGES[:3]
    must("apt-get", *options, "-qq", "download", *packages, cwd=home / "debs")
    for package in sorted((home / "debs").glob("*.deb")):
        must("dpkg", "-x", package, home / "root")


def _apt(home, suite, kind):
    """Options of an apt that keeps everything in a directory of its own, with the package lists of a suite."""
    for name in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (home / name).mkdir(parents=True, exist_ok=True)
    mirror = answer(places.BIN / "python", "-c", "from lab import mirror; print(mirror.base())")
    (home / "sources.list").write_text(f"{kind} [signed-by={KEYRING}] {mirror}/debian {suite} main\n")
    (home / "status").write_text("")
    options = [f"-oDir::State={home}/state", f"-oDir::State::status={home}/status", f"-oDir::Cache={home}/cache",
               f"-oDir::Etc::SourceList={home}/sources.list", "-oDir::Etc::SourceParts=-", "-oAPT::Sandbox::User=root"]
    must("apt-get", *options, "-qq", "update")
    return options


# What sendmail's makers released, as Debian's source package carries it, and Debian's patch for the one hole in it that a session from outside can see.
ARCHIVE = "bbe09120daa48e81f4b283dd54d8e2003fea68e525f218a9fa1126ccc977eed7"
PATCH = "debian/patches/0024-CVE-2023-51765.patch"


def source():
    """Return the directory that holds the archive, as sendmail.tar.gz, and the patch, fetching them once; its name is the archive's sum."""
    home = places.WORK / "source" / ARCHIVE
    if not (home / "smuggling.patch").is_file():
        options = _apt(home, "bookworm", "deb-src")
        must("apt-get", *options, "-qq", "source", "--download-only", "sendmail", cwd=home / "debs")
        (archive,) = (home / "debs").glob("sendmail_*.orig.tar.gz")
        found = hashlib.sha256(archive.read_bytes()).hexdigest()
        if found != ARCHIVE:
            raise SystemExit(f"{archive} has the SHA-256 {found}, expected {ARCHIVE}: Debian carries another release now. "
                             "Put its sum here and into molecule/source.")
        (changes,) = (home / "debs").glob("sendmail_*.debian.tar.xz")
        with tarfile.open(changes) as opened:
            patch = opened.extractfile(PATCH).read()
        archive.rename(home / "sendmail.tar.gz")
        (home / "smuggling.patch").write_bytes(patch)
    return home


def makemap():
    """Return the path of a makemap that runs from where it was unpacked."""
    root = unpacked("bookworm")
    wrapper = root / "makemap"
    with _alone(root):
        if not wrapper.exists():
            libraries = ":".join(str(path) for path in root.glob("usr/lib/*-linux-gnu"))
            wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/libexec/sendmail/makemap "$@"\n')
            wrapper.chmod(0o755)
    return wrapper
