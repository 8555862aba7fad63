"""The cf libraries of two sendmail releases out of Debian's packages, unpacked and not installed: what the tests of the .mc language ask."""

from . import places
from .shell import answer, must

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
    must("apt-get", *options, "-qq", "download", "sendmail-cf", cwd=home / "debs")
    for package in sorted((home / "debs").glob("*.deb")):
        must("dpkg", "-x", package, home / "root")
