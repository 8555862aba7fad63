"""What is the same on every family, and what is not: written down by each scenario, held side by side by the stage `platforms` of tests/run.py."""

import json
import os
import re

import pytest
from smtp import converse, envelope, session

STRANGER = "carol@stranger.example"
# Facts of one host that may stand in an answer.
QUEUE_ID = re.compile(r"\b[0-9A-Za-z]{14}\b")
OPTIONS = ("SafeFileEnvironment", "DontBlameSendmail", "PrivacyOptions", "MaxMessageSize", "MaxRecipientsPerMessage", "MaxHopCount", "MaxMimeHeaderLength",
           "MaxHeadersLength", "MaxDaemonChildren", "ConnectionRateThrottle", "SmtpGreetingMessage", "UnsafeGroupWrites", "AllowBogusHELO", "TempFileMode",
           "Timeout.command", "Timeout.ident", "Timeout.queuereturn", "RefuseLA", "QueueLA", "DaemonPortOptions", "MaxAliasRecursion", "BadRcptThrottle")


def sessions(world, gateway):
    """Name and SMTP session of each question."""
    address, listed = gateway.outside, world.facts["lab_client_listed"]
    to_us = envelope(STRANGER, "alice@corp.example")
    return {
        "greeting and EHLO": session(address, "EHLO client.stranger.example", "QUIT"),
        "mail for the organisation": session(address, *to_us),
        "mail for the organisation, block-listed client": session(address, *to_us, source=listed),
        "a stranger relays": session(address, *envelope(STRANGER, "dave@third.example")),
        "a stranger relays by percent": session(address, *envelope(STRANGER, "dave%third.example@corp.example")),
        "a stranger relays by bang": session(address, *envelope(STRANGER, "third.example!dave")),
        "a stranger relays by route": session(address, *envelope(STRANGER, "<@corp.example:dave@third.example>")),
        "nobody's mailbox": session(address, *envelope(STRANGER, f"nobody-such@{gateway.name}")),
        "postmaster": session(address, *envelope(STRANGER, "postmaster@corp.example")),
        "sender without a domain": session(address, *envelope("nobody", "alice@corp.example")),
        "sender's domain does not exist": session(address, *envelope("nobody@no-such-domain.example", "alice@corp.example")),
        "HELP VRFY EXPN": session(address, "HELP", "EHLO client.stranger.example", "VRFY root", "EXPN root"),
        "ETRN VERB unknown": session(address, "EHLO client.stranger.example", "ETRN corp.example", "VERB", "XYZZY"),
        "mail before greeting": session(address, f"MAIL FROM:<{STRANGER}>"),
    }


def plain(text, world, gateway):
    """An answer without this host's name, the lab's addresses, and what changes from one session to the next."""
    lab = {str(value): name.removeprefix("lab_").upper() for name, value in world.facts.items() if re.fullmatch(r"[0-9a-f]*[.:][0-9a-f.:/]+", str(value))}
    names = {**lab, gateway.name: "GATEWAY", gateway.outside: "GATEWAY-OUTSIDE", gateway.inside: "GATEWAY-INSIDE"}
    for word in sorted(names, key=len, reverse=True):
        text = re.sub(rf"(?<![\w.:]){re.escape(word)}(?![\w:]|\.\w)", names[word], text)
    text = re.sub(r"\b\w{3}, \d+ \w{3} \d{4} [\d:]{8} [+-]\d{4}( \(\w+\))?", "DATE", text)
    return QUEUE_ID.sub("QUEUE-ID", text)


@pytest.fixture(scope="module", name="record")
def record_(world, gateway, client):
    """All of it for one gateway; kept for the comparison where `make test` wants it."""
    asked = sessions(world, gateway)
    answers = dict(zip(asked, converse(client, list(asked.values())), strict=True))
    found = {
        "host": gateway.name, "scenario": world.scenario,
        "answers": {name: [plain(reply.text, world, gateway) for reply in replies] for name, replies in answers.items()},
        "routes": routes(world, gateway), "options": options(world, gateway), "facts": facts(gateway), "differs": differs(world, gateway),
    }
    reports = os.environ.get("MAILJAIL_REPORTS")
    if reports:
        with open(os.path.join(reports, f"{gateway.name}.record.json"), "w", encoding="utf-8") as target:
            json.dump(found, target, indent=1)
    return found


def routes(world, gateway):
    """The route tests of the last run of the playbook: name and outcome."""
    reported = [row["route_tests"] for row in world.last()["results"] if row["host"] == gateway.name and row["route_tests"]]
    return {plain(test["name"], world, gateway): test["passed"] for test in (reported[-1] if reported else [])}


def options(world, gateway):
    """Options of the live .cf that have to be the same, by their long names."""
    text = gateway.out(f"cat {gateway.family.cf}")
    found = {}
    for name, value in re.findall(r"^O ([\w.]+)=(.*)$", text, re.M):
        if name in OPTIONS:
            found.setdefault(name, []).append(plain(value, world, gateway))
    return found


def facts(gateway):
    """What an audit asks first."""
    pid = gateway.pid
    status = dict(line.split(":\t", 1) for line in gateway.out(f"cat /proc/{pid}/status").splitlines() if ":\t" in line)
    return {
        "capabilities": status["CapBnd"].strip(), "no new privileges": status["NoNewPrivs"].strip(), "system call filter": status["Seccomp"].strip(),
        "listens": sorted(line.split()[3] for line in gateway.out("ss -Hltn").splitlines() if line.split()[3].rpartition(":")[2] in ("25", "465", "587")),
        "runs as": gateway.out(f"stat -c %U /proc/{pid}").strip(),
        "commands for smrsh": sorted(set(gateway.out(f"ls {gateway.family.smrsh_directory}").split()) - gateway.family.smrsh_own),
        "jail": gateway.run("find /var/mailjail -printf '%P %y %m %u\\n' | sort").stdout.splitlines(),
    }


def differs(world, gateway):
    """What a family does its own way."""
    family = gateway.family
    release = dict(re.findall(r'^(\w+)="?(.*?)"?$', gateway.out("cat /etc/os-release"), re.M))
    version = re.search(r"Version (\S+)", gateway.out(f"{family.sendmail} -d0.1 -bt </dev/null")).group(1)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", gateway.run(f"systemd-analyze security {family.mta_unit} --no-pager").stdout)
    return {
        "distribution": release["PRETTY_NAME"].removeprefix("Debian GNU/Linux ") if family.name != "debian" else release["PRETTY_NAME"],
        "sendmail": version, "main configuration": f"{family.mc}, {family.cf}", "submission": f"{family.submit_mc}, {family.submit_cf}",
        "maps, aliases": f"{family.map_type}, {family.alias_type} ({family.suffix})", "submission user": family.client_user,
        "queues": f"{family.queue}, {family.client_queue}", "units": ", ".join(family.units), "smrsh": f"{family.smrsh}, {family.smrsh_directory}",
        "boot flags": "; ".join(f"{path}: " + ", ".join(f"{key}={value}" for key, value in flags.items()) for path, flags in family.boot_flags.items()),
        "exposure": exposure.group(1) if exposure else "unknown", "remote runs, nothing to change": str(remote_runs(world, gateway)),
    }


def remote_runs(world, gateway):
    """As clean/test_clean.py counts them."""
    local = ("assert", "fail", "debug", "include_tasks", "import_tasks", "include_vars", "include_role", "import_role", "set_fact", "meta",
             "validate_argument_spec")
    return len([row for row in world.last()["results"] if row["host"] == gateway.name and row["action"].split(".")[-1] not in local])


def test_every_session_is_answered(record):
    """Each got its greeting and more, and strangers what is due to them."""
    answers = record["answers"]
    assert all(len(replies) > 1 and replies[0].startswith("220 ") for replies in answers.values()), answers
    assert answers["mail for the organisation"][-1].startswith("250 ")
    assert [name for name in answers if name.startswith("a stranger relays") and not answers[name][-1].startswith("5")] == []


def test_every_route_test_passed(record):
    assert len(record["routes"]) >= 3 and all(record["routes"].values()), record["routes"]


def test_what_is_to_be_compared_is_there(record):
    assert len(record["options"]) >= 15, sorted(record["options"])
    assert all(record["facts"][name] for name in ("capabilities", "listens", "runs as")), record["facts"]
    assert bool(record["facts"]["jail"]) == (record["scenario"] != "unprivileged"), record["facts"]
    assert "unknown" not in record["differs"].values(), record["differs"]
