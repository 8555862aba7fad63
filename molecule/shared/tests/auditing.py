"""Runs of the playbook audit, and what their reports say."""

import json

from world import ROOT

PLAYBOOK = "mailjail.sendmail.audit"
# Whatever a mail system, Ansible or a careless look could leave behind. What the system itself keeps writing is left out by snapshot.py.
TREES = ("/etc", "/root", "/home", "/opt", "/srv", "/var/spool", "/var/lib/sendmail", "/var/lib/mailjail", "/var/mail", "/var/mailjail", "/var/tmp")
WHOLE = ("/etc", "/var", "/usr", "/root", "/home", "/opt", "/srv", "/boot")
MEASURED = ROOT / "docs" / "controls_measured.yml"


class Report:
    """One run, its exit status and the report that it wrote."""

    def __init__(self, run, place):
        self.run, self.place = run, place
        path = place / "audit.json"
        self.said = json.loads(path.read_text()) if path.is_file() else None

    def __repr__(self):
        return f"{self.run}\n{self.place}"

    def host(self, host):
        """The record of a host."""
        return next(one for one in self.said["hosts"] if one["name"] == host.name)

    def verdicts(self, host):
        """Control -> verdict."""
        return {row["control"]: row["verdict"] for row in self.host(host)["controls"]}

    def having(self, host, verdict):
        """Controls with this verdict, with their evidence."""
        return {row["control"]: [" | ".join(one.values()) for one in row["evidence"]] for row in self.host(host)["controls"] if row["verdict"] == verdict}


# On top of a hardened host: the packet filter is the role firewall's, and the hosts of most scenarios know one name server.
BESIDE = ["SM-OS-02", "SM-OS-06"]


def audit(world, place, *options, **values):
    """Run the playbook against the scenario's hosts."""
    said = {"sendmail_hosts": world.group, "sendmail_audit_directory": str(place), **values}
    return Report(world.play(*options, playbook=PLAYBOOK, values=said), place)


def whole(host):
    """The same of everything that is on a disk."""
    return kept(host, WHOLE)


def kept(host, trees=TREES):
    """What an audit must leave as it is: every file, and the processes of the daemon."""
    return {**host.snapshot(*trees), "daemon": host.run("pgrep -x -d ' ' 'sendmail|sendmail-mta' | sort").stdout}


def differing(before, after):
    """Paths that are not the same."""
    return {path: (before.get(path), after.get(path)) for path in before.keys() | after.keys() if before.get(path) != after.get(path)}
