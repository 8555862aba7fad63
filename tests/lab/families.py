"""What tests of the hosts of other families share: their lab, Ansible, and files that are put back."""

import contextlib
import json
import os
import subprocess
import sys
import time
import zipfile

from lab import paths
from lab.shell import locked, run

EL, SUSE = ("gw-el9", "gw-el10"), ("gw-suse", "gw-suse-exec")
HOSTS = EL + SUSE
# Debian as it comes, beside them.
DEBIAN = "gw-debian13"
PACKAGES = {**dict.fromkeys(EL, ["sendmail", "sendmail-cf"]), **dict.fromkeys((*SUSE, DEBIAN), ["sendmail"])}
ANSIBLE_PACKAGE = "ansible==12.3.0"     # from it only community.general, for the module zypper
COLLECTIONS = paths.WORK / "families-collections"


def community_general():
    """Directory of collections with community.general, which Ansible needs for zypper; fetched from PyPI once."""
    part = "ansible_collections/community/general/"
    with locked(paths.LOCKS / "families-collections.lock", "families waiting for another download"):
        if not (COLLECTIONS / ANSIBLE_PACKAGE).exists():
            run([sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--dest", paths.TMP,
                 ANSIBLE_PACKAGE], timeout=600)
            wheel = next(paths.TMP.glob("ansible-12.3.0-*.whl"))
            with zipfile.ZipFile(wheel) as archive:
                archive.extractall(COLLECTIONS, [name for name in archive.namelist() if name.startswith(part)])
            wheel.unlink()
            (COLLECTIONS / ANSIBLE_PACKAGE).touch()
    return COLLECTIONS


class Family:
    """One host, with short words for tests."""

    def __init__(self, bench, key):
        self.bench, self.key = bench, key
        self.el = key in EL
        self.fqdn = bench.lab.host(key).fqdn
        self.packages = PACKAGES[key]
        self.cf = "/etc/sendmail.cf" if key in SUSE else "/etc/mail/sendmail.cf"
        self.suffix = "cdb" if key == "gw-el10" else "db"

    def __call__(self, command, check=True):
        """Standard output of a shell command."""
        done = self.bench.run(self.key, "sh", "-c", command)
        assert not check or done.returncode == 0, f"{self.key}: {command}: exit {done.returncode}: {done.stdout}{done.stderr}"
        return done.stdout.strip()

    def status(self, command):
        """Exit status of a shell command."""
        return self.bench.run(self.key, "sh", "-c", command).returncode

    def ansible(self, module, **words):
        """What a module returns, run as a fleet's playbook runs it."""
        env = {**os.environ, "ANSIBLE_COLLECTIONS_PATH": str(community_general()), "ANSIBLE_NOCOLOR": "1", "NO_COLOR": "1",
               "ANSIBLE_LOCALHOST_WARNING": "0", "ANSIBLE_DEPRECATION_WARNINGS": "0"}
        done = subprocess.run([sys.executable, "-m", "ansible", "adhoc", self.fqdn, "--become", "-i", self.bench.lab.directory / "inventory.yml",
                               "-m", module, "-a", json.dumps(words)], capture_output=True, text=True, timeout=180, env=env, check=False)
        assert "=> " in done.stdout, done.stdout + done.stderr
        return json.loads(done.stdout.split("=> ", 1)[1])

    def snapshot(self):
        """Every path where a mail system has something: kind, owner, mode, content."""
        program = (paths.ROOT / "molecule/shared/tests/snapshot.py").read_text()
        return json.loads(self.bench.run(self.key, "python3", "-c", program, "/etc", "/var/lib", "/var/spool", "/usr/sbin").stdout)["files"]

    def greeting(self, port=25, seconds=5):
        """What the daemon says first on the loopback address; empty if nobody answers."""
        script = f"import socket; print(socket.create_connection(('127.0.0.1', {port}), 3).recv(200).decode())"
        deadline = time.monotonic() + seconds
        while True:
            said = self.bench.run(self.key, "python3", "-c", script).stdout.strip()
            if said or time.monotonic() > deadline:
                return said
            time.sleep(0.2)

    @contextlib.contextmanager
    def kept(self, *files):
        """Put these files back afterwards with their times, and start sendmail anew."""
        self(f"mkdir -p /root/kept && cp -a --parents {' '.join(files)} /root/kept/")
        try:
            yield
        finally:
            self("cp -a /root/kept/. / && rm -r /root/kept")
            self("systemctl reset-failed sendmail.service; systemctl restart sendmail.service")


def route_tests(lab, tests):
    """Run the collection's playbook that asks route tests on all gateways of a lab; exit status and output."""
    env = {**{name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}, "ANSIBLE_NOCOLOR": "1",
           "ANSIBLE_COLLECTIONS_PATH": str(paths.WORK / "collections"), "ANSIBLE_CONFIG": str(paths.ROOT / "molecule/shared/ansible.cfg")}
    done = subprocess.run([sys.executable, "-m", "ansible", "playbook", "mailjail.sendmail.route_tests", "-i", lab.directory / "inventory.yml",
                           "-e", json.dumps({"sendmail_hosts": "gateways", "sendmail_route_tests": tests})],
                          capture_output=True, text=True, timeout=300, env=env, check=False)
    return done.returncode, done.stdout + done.stderr
