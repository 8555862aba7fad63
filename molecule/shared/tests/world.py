"""The world of a scenario as the tests see it: hosts reached by ssh, mailboxes, SMTP sessions, and the playbook."""

import copy
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path

import testinfra
import yaml
from family import built, family_of

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]


class Host:
    """A host of the lab, reached over ssh as the tests' administrator, root by sudo."""

    def __init__(self, name, facts, ssh_config, scenario):
        self.name, self.facts, self.ssh_config, self.scenario = name, facts, ssh_config, scenario

    def __repr__(self):
        return self.name

    @cached_property
    def infra(self):
        """testinfra's view of the host."""
        return testinfra.get_host(f"ssh://{self.name}?ssh_config={self.ssh_config}", sudo=True)

    @cached_property
    def family(self):
        """What the host should look like, by the system it says it is, and by where its sendmail comes from."""
        found = family_of(self.out("cat /etc/os-release"))
        return built(found) if self.scenario == "source" else found

    @property
    def inside(self):
        """Address on the inner network."""
        return self.facts.get("lab_inside")

    @property
    def outside(self):
        """Address on the outer network."""
        return self.facts.get("lab_outside")

    def run(self, command, stdin="", user="root"):
        """Run a shell command; return the CompletedProcess."""
        sudo = ["sudo", "-u", user, "--", "sh", "-c", shlex.quote(command)]
        return subprocess.run(["ssh", "-F", self.ssh_config, self.name, *sudo], input=stdin, capture_output=True, text=True, timeout=300, check=False)

    def out(self, command, stdin="", user="root"):
        """Standard output of a command that must work."""
        done = self.run(command, stdin, user)
        assert done.returncode == 0, f"{self.name}: {command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout

    def python(self, source, *words, stdin=""):
        """Run a file beside this one with the host's Python; return what it prints, from JSON."""
        program = (HERE / source).read_text()
        return json.loads(self.out(shlex.join(["python3", "-c", program, *words]), stdin))

    def snapshot(self, *trees):
        """Every path below the trees: kind, owner, mode, content."""
        return self.python("snapshot.py", *trees)["files"]

    def show(self, unit, *properties):
        """Properties of a unit."""
        text = self.out(f"systemctl show {unit} " + " ".join(f"-p {name}" for name in properties))
        return dict(line.split("=", 1) for line in text.splitlines())

    def wait_for_daemon(self):
        """Give the daemon and the queue runner a minute to be there."""
        unit = self.family.client_unit
        self.run(f"for i in $(seq 120); do ss -Hltn sport = :25 | grep -q . && systemctl is-active -q {unit} && break; sleep 0.5; done")

    @property
    def pid(self):
        """The daemon's process, by its unit."""
        return int(self.show(self.family.mta_unit, "MainPID")["MainPID"])


# What these do happens on the controller.
LOCAL = ("assert", "fail", "debug", "include_tasks", "import_tasks", "include_vars", "include_role", "import_role", "set_fact", "meta",
         "validate_argument_spec", "sendmail_audit_report")


class Run:
    """What one run of the playbook did."""

    def __init__(self, status, output, record):
        self.status, self.output, self.record = status, output, record

    def __repr__(self):
        said = "\n".join(self.messages) or self.output[-3000:]
        return f"<run: exit {self.status}, changed {self.record and [row['task'] for row in self.record['results'] if row['changed']]}>\n{said}"

    def of(self, host):
        """What it did to one host, by its name in the inventory."""
        totals = self.totals.get(host, {})
        results = [row for row in self.record.get("results", []) if row["host"] == host]
        failed = bool(not totals or totals["failures"] or totals["unreachable"])
        said = "\n".join(line for line in self.output.splitlines() if host in re.split(r"[][ :]+", line))
        return Run(int(failed), said, {**self.record, "hosts": {host: totals}, "results": results})

    @property
    def totals(self):
        """Counts for each host."""
        return self.record.get("hosts", {})

    def changed(self, host):
        """Names of the tasks that changed something on a host."""
        return [row["task"] for row in self.record.get("results", []) if row["host"] == host.name and row["changed"]]

    def remote(self, host):
        """Names of the tasks that asked a host anything: each is a round trip."""
        rows = [row for row in self.record.get("results", []) if row["host"] == host.name]
        return [row["task"] for row in rows if row["action"].rpartition(".")[2] not in LOCAL]

    def changes(self, host):
        """What the modules say they changed on a host, each once, in an order that does not depend on the run."""
        return sorted({json.dumps(row, sort_keys=True) for row in self._rows(host)})

    def names(self, host):
        """Paths and maps of these changes. Of what two modules look after, the first one says it, and in check mode both do."""
        return {row.get("name") or row.get("path") for row in self._rows(host)}

    def _rows(self, host):
        return [change for row in self.record.get("results", []) if row["host"] == host.name for change in row["changes"] or []]

    @property
    def messages(self):
        """What failed tasks said."""
        return [row["msg"] for row in self.record.get("results", []) if row["status"] in ("failed", "item failed", "unreachable")]


# Scenarios of another profile than the gateway's: the group of their hosts, and their playbook.
PROFILES = {"hub": ("hubs", "mailjail.sendmail.hub"), "nullclient": ("nullclients", "mailjail.sendmail.nullclient")}


class World:
    """One scenario."""

    def __init__(self, scenario):
        self.scenario, self.limit = scenario, None
        self.group, self.playbook = PROFILES.get(scenario, ("gateways", "mailjail.sendmail.gateway"))
        # Every scenario but one makes the same gateway, each on hosts of its own.
        self.kind = "unprivileged" if scenario == "unprivileged" else "jailed"
        # Whoever works on a test may have a lab and an unfinished collection of his own.
        self.lab_name = os.environ.get("MAILJAIL_LAB", f"test{scenario}")
        self.collections = os.environ.get("MAILJAIL_COLLECTIONS", str(ROOT / ".work/collections"))
        self.directory = ROOT / ".work" / "lab" / self.lab_name
        self.work = ROOT / ".work" / "molecule" / scenario
        self.inventories = [self.directory / "inventory.yml", ROOT / "molecule/shared/inventory", ROOT / "molecule" / scenario / "inventory"]

    @cached_property
    def inventory(self):
        """The lab's inventory."""
        return yaml.safe_load((self.directory / "inventory.yml").read_text())["all"]

    @property
    def facts(self):
        """Facts of the lab: networks, addresses, names."""
        return self.inventory["vars"]

    @cached_property
    def gateway_names(self):
        """Full names of the gateways, or of what the scenario has in their place."""
        return list(self.inventory["children"][self.group]["hosts"])

    @cached_property
    def gateways(self):
        """The gateways."""
        return [self.host(name) for name in self.gateway_names]

    def part(self, gateways):
        """The same world with only some of its gateways: tests look at them alone, and every run is limited to them."""
        found = copy.copy(self)
        found.gateways = list(gateways)
        found.gateway_names = [gateway.name for gateway in gateways]
        found.limit = ",".join(found.gateway_names)
        return found

    def host(self, name):
        """A host by its full name, the same object each time."""
        return self._hosts[name]

    @cached_property
    def _hosts(self):
        groups = self.inventory["children"].values()
        return {name: Host(name, facts, str(self.directory / "ssh_config"), self.scenario) for group in groups for name, facts in group["hosts"].items()}

    @cached_property
    def lab(self):
        """The lab itself, for what goes past ssh: mailboxes and reboots."""
        from lab import lifecycle

        return lifecycle.load(self.lab_name)

    def everywhere(self, do, *more):
        """Call a function with each gateway (and, zipped, with more arguments) at the same time; return the results in order."""
        with ThreadPoolExecutor(max_workers=len(self.gateways)) as pool:
            return list(pool.map(do, self.gateways, *more))

    # -- the playbook

    def environment(self, records):
        """Environment in which Ansible finds the installed collection and nothing else."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        return {**kept, "ANSIBLE_COLLECTIONS_PATH": self.collections, "ANSIBLE_ROLES_PATH": "/nonexistent",
                "ANSIBLE_CONFIG": str(HERE.parent / "ansible.cfg"), "MAILJAIL_RECORDS": str(records),
                "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}

    def play(self, *options, values=None, playbook=None, ansible=None):
        """Run a playbook against the scenario's hosts.

        :param options: words for ansible-playbook, such as ``--check``.
        :param dict values: extra variables.
        :param ansible: directory of another ansible-playbook.
        """
        records = self.work / "plays" / str(time.time_ns())
        argv = [str(Path(ansible or Path(sys.executable).parent) / "ansible-playbook"), playbook or self.playbook, *options]
        argv += ["--limit", self.limit] if self.limit and "--limit" not in options else []
        for inventory in self.inventories:
            argv += ["--inventory", str(inventory)]
        argv += ["--extra-vars", json.dumps(values)] if values else []
        done = subprocess.run(argv, env=self.environment(records), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=1200, check=False)
        return Run(done.returncode, done.stdout + done.stderr, self.last(records))

    def last(self, records=None):
        """The newest record of a directory (that of Molecule's own runs by default)."""
        found = sorted((records or self.work / "runs").glob("*.json"))
        return json.loads(found[-1].read_text()) if found else {}

    def cases(self, gateway, rows, *options):
        """One run in which a gateway stands under many names, each with variables of its own.

        :param dict rows: name of the case to its variables.
        :param options: words for ansible-playbook, such as ``--check``.
        :returns: dict of name to :class:`Run`.
        """
        names = {f"case-{number}": name for number, name in enumerate(rows)}
        hosts = {alias: {**gateway.facts, **rows[name]} for alias, name in names.items()}
        self.work.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".yml", dir=self.work) as inventory:
            json.dump({"gateways": {"hosts": hosts}}, inventory)
            inventory.flush()
            run = self.play("--inventory", inventory.name, "--limit", "case-*", *options)
        return {name: run.of(alias) for alias, name in names.items()}

    def converge(self, *options, **more):
        """Run the playbook, which must succeed everywhere."""
        run = self.play(*options, **more)
        assert run.status == 0, run
        return run

    # -- mail

    def arrived(self, host, user, token, wait=60):
        """The messages in a mailbox that hold a token, as text; waits until there is one."""
        from lab import mailbox

        deadline = time.monotonic() + wait
        while True:
            found = [text for text in mailbox.messages(self.lab, self.lab.host(host.name), user) if token in text]
            if found or time.monotonic() > deadline:
                return found
            time.sleep(0.5)
