"""Fleets to look at: hosts and controls that there are nowhere, judged at random but always the same way, as the report of a real audit has them."""

import random
from pathlib import Path

from ansible_collections.mailjail.sendmail.plugins.module_utils import controls, controls_table
from ansible_collections.mailjail.sendmail.plugins.module_utils.controls import Control, Reference
from ansible_collections.mailjail.sendmail.plugins.plugin_utils import audit_fleet, audit_host, audit_page

# Of the collection under test, wherever it is installed.
ROOT = Path(audit_page.__file__).resolve().parents[2]
SYSTEMS = ("Debian GNU/Linux 13 (trixie)", "Debian GNU/Linux 12 (bookworm)", "AlmaLinux 9.5", "SUSE Linux Enterprise Server 15 SP6")
WHERE = ("/etc/mail/sendmail.cf:{line}", "/etc/mail/access:{line}", "203.0.113.{line}:25 EHLO", "O PrivacyOptions", "sendmail.service", "/var/spool/mqueue")
SEEN = ("root:mail {line:04o}", "220 mx{host} ESMTP Sendmail 8.18.1", "not set", "offered before STARTTLS", "TLSv1.1", "active")


def table(count=100):
    """Made-up controls, spread over all families."""
    families, found = list(controls_table.FAMILIES), []
    for number in range(count):
        family = families[number % len(families)]
        found.append(Control(
            id=f"SM-{family}-{number // len(families) + 1:02d}", title=f"{controls_table.FAMILIES[family]}: statement {number} holds on a hardened host",
            reason="Whoever can do this reads the mail of everybody.", remedy=f"Set sendmail_options to the value named. By hand: see line {number}.",
            severity=controls.SEVERITIES[(number * 7) % 4], profiles=dict.fromkeys(controls.PROFILES, controls.ENFORCED),
            references=(Reference("article", f"S{number}"), Reference("STIG", f"V-{200000 + number}")), check=lambda view: controls.passed()))
    return sorted(found, key=lambda one: (families.index(one.family), one.id))


def answers(chosen, rng, number, bad):
    """What a host said: most hold, some do not, each with evidence of its own."""
    rows = []
    for control in chosen:
        draw = rng.random()
        verdict = "fail" if draw < bad else "unknown" if draw < bad + 0.04 else "not applicable" if draw < bad + 0.08 else "pass"
        place = rng.randrange(len(WHERE))
        line = rng.randrange(1, 220)
        wanted = "as on a hardened host" if verdict == "fail" else ""
        evidence = [{"where": WHERE[place].format(line=line), "seen": SEEN[place].format(line=line, host=number), "wanted": wanted}] * rng.randrange(1, 3)
        rows.append({"control": control.id, "verdict": verdict, "severity": "low", "evidence": evidence})
    return rows


def records(count, chosen, seed=1):
    """Records of hosts, of which a few could not be looked at."""
    rng = random.Random(seed)
    waiver = {"reason": "the old scanner needs it", "owner": "postmaster", "until": "2027-03-31"}
    waived = {control.id: dict(waiver, control=control.id) for control in chosen[3::31]}
    found = []
    for number in range(count):
        profile = ("gateway", "hub", "nullclient", "")[number % 4]
        asked = audit_host.Asked(profile, "high", chosen, waived, [], "")
        said = {"info": {"host": {"distribution": {"name": SYSTEMS[number % 4]}}, "sendmail": {"version": "8.18.1"}},
                "baseline": {"controls": answers(chosen, rng, number, rng.choice((0.0, 0.03, 0.1, 0.3)))}}
        if number % 97 == 13:
            said["baseline"] = {"unreachable": True, "msg": "Failed to connect to the host via ssh: Connection timed out"}
        found.append(audit_host.record(f"mx{number:04d}.corp.example", asked, said))
    return found


def report(count=40, controls_count=100, compared=True):
    """A report, compared with one of the day before."""
    chosen = table(controls_count)
    former = audit_fleet.report(records(count, chosen, seed=1), chosen, controls_table.FAMILIES, "2026-11-21T06:00:00Z", "0.1.0") if compared else None
    now = records(count, chosen, seed=1)
    rng = random.Random(7)
    for host in now:
        for row in host["controls"]:
            if rng.random() < 0.01:
                row["verdict"] = "fail" if row["verdict"] == "pass" else "pass"
    return audit_fleet.report(now, chosen, controls_table.FAMILIES, "2026-11-23T06:00:00Z", "0.1.0", former)


def parts():
    """The parts of the page, as the role has them."""
    return {name: (ROOT / "roles/audit/files" / name).read_text(encoding="utf-8") for name in audit_page.PARTS}


def page(found):
    """The page of a report."""
    return audit_page.page(found, parts())
