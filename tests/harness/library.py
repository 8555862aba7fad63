"""The cf libraries of two sendmail releases and a makemap out of Debian's packages, unpacked and not installed: this machine gets no mail server."""

from . import places
from .shell import answer, must

PACKAGES = ("sendmail-cf", "sendmail-bin", "libdb5.3", "libldap-2.5-0", "libsasl2-2")     # the last four for makemap
SUITES = {"bookworm": "8.17", "trixie": "8.18"}
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


def unpacked(suite):
    """Return the directory into which the packages of a suite are unpacked, fetching them once."""
    home = places.WORK / "m4" / suite
    if not (home / "root/usr/share/sendmail/cf/m4/cf.m4").is_file():
        _fetch(suite, home)
    return home / "root"


def _fetch(suite, home):
    """Let apt fetch into directories of its own, so that this machine's package lists stay as they are."""
    for name in ("state/lists/partial", "cache/archives/partial", "debs", "root"):
        (home / name).mkdir(parents=True, exist_ok=True)
    mirror = answer(places.BIN / "python", "-c", "from lab import mirror; print(mirror.base())")
    (home / "sources.list").write_text(f"deb [signed-by={KEYRING}] {mirror}/debian {suite} main\n")
    (home / "status").write_text("")
    options = [f"-oDir::State={home}/state", f"-oDir::State::status={home}/status", f"-oDir::Cache={home}/cache",
               f"-oDir::Etc::SourceList={home}/sources.list", "-oDir::Etc::SourceParts=-", "-oAPT::Sandbox::User=root"]
    must("apt-get", *options, "-qq", "update")
    packages = PACKAGES if suite == "bookworm" else PACKAGES[:1]
    must("apt-get", *options, "-qq", "download", *packages, cwd=home / "debs")
    for package in sorted((home / "debs").glob("*.deb")):
        must("dpkg", "-x", package, home / "root")


def makemap():
    """Return the path of a makemap that runs from where it was unpacked."""
    root = unpacked("bookworm")
    wrapper = root / "makemap"
    libraries = ":".join(str(path) for path in root.glob("usr/lib/*-linux-gnu"))
    wrapper.write_text(f'#!/bin/sh\nLD_LIBRARY_PATH={libraries} exec {root}/usr/libexec/sendmail/makemap "$@"\n')
    wrapper.chmod(0o755)
    return wrapper
