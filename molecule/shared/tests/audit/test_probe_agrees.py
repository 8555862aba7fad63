"""The probe beside tools that nobody here wrote: nmap, testssl.sh, swaks and openssl look at the same listeners from the same host, and see the same.

Two listeners: a gateway as the collection makes it, and beside it the same sendmail with the configuration of somebody who did not care. Without the second
one, tools that see nothing at all would agree as well.
"""

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

CA = "/etc/ssl/lab/ca.pem"
STRANGER, FOREIGN, LOCAL = "carol@stranger.example", "dave@third.example", "alice@corp.example"
OPEN = 2526
# Old TLS where OpenSSL is left to itself, every suite it has, relaying for all, any end of data, everything told. Mail stays in a queue of its own.
CARELESS = r"""
OSTYPE(`linux')dnl
define(`confLOG_LEVEL', `9')dnl
define(`QUEUE_DIR', `/var/spool/careless')dnl
define(`confPID_FILE', `/run/careless.pid')dnl
define(`STATUS_FILE', `')dnl
define(`confDELIVERY_MODE', `queueonly')dnl
define(`confPRIVACY_FLAGS', `')dnl
define(`confTO_IDENT', `0')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confMAX_MESSAGE_SIZE', `5000000')dnl
define(`confMAX_RCPTS_PER_MESSAGE', `30')dnl
define(`confMAX_HEADERS_LENGTH', `20000')dnl
define(`confBAD_RCPT_THROTTLE', `2')dnl
define(`confTO_COMMAND', `10s')dnl
define(`confSERVER_CERT', `/etc/ssl/lab/host.pem')dnl
define(`confSERVER_KEY', `/etc/ssl/lab/host.key')dnl
define(`confCACERT', `/etc/ssl/lab/ca.pem')dnl
define(`confCACERT_PATH', `/etc/ssl/certs')dnl
define(`confCIPHER_LIST', `ALL:COMPLEMENTOFALL:@SECLEVEL=0')dnl
define(`confSERVER_SSL_OPTIONS', `SSL_OP_ALL')dnl
FEATURE(`no_default_msa')dnl
FEATURE(`promiscuous_relay')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`accept_unqualified_senders')dnl
FEATURE(`nocanonify')dnl
DAEMON_OPTIONS(`Name=careless, Port=%d')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_SRV_FEATURES
R$*	$# F G O U
""" % OPEN


@pytest.fixture(scope="module", name="host")
def host_(world):
    """A gateway of the Debian family, which has the means to make another configuration."""
    return next(gateway for gateway in world.gateways if gateway.family.name == "debian")


@pytest.fixture(scope="module", name="careless")
def careless_(host):
    """The careless listener beside the gateway's own, for as long as this file runs."""
    host.out("mkdir -p -m 700 /var/spool/careless && cat > /root/careless.mc", CARELESS)
    host.out("cd /root && m4 /usr/share/sendmail/cf/m4/cf.m4 careless.mc > careless.cf")
    host.out(f"systemd-run -q --unit=careless --setenv=OPENSSL_CONF=/dev/null {host.family.sendmail} -C /root/careless.cf -bD")
    host.run(f"for i in $(seq 60); do ss -Hltn sport = :{OPEN} | grep -q . && break; sleep 0.5; done")
    yield OPEN
    host.run("systemctl stop careless; rm -rf /root/careless.mc /root/careless.cf /var/spool/careless /run/careless.pid")


def look(world, client, host, port, **more):
    """Run the module on the client; return its result."""
    words = {"address": host.outside, "port": port, "name": host.name, "allowed_addresses": [host.outside], "ca": CA, "sender": STRANGER, "deliver_to": LOCAL,
             "recipients": {"local": LOCAL, "outside": FOREIGN}, "helo": client.name, **more}
    argv = [str(Path(sys.executable).parent / "ansible"), client.name, "--module-name", "mailjail.sendmail.smtp_probe", "--args", json.dumps(words)]
    for inventory in world.inventories:
        argv += ["--inventory", str(inventory)]
    done = subprocess.run(argv, env=world.environment(world.work), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=900, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout[done.stdout.index("{"):])


def nmap(client, host, port, scripts, words=""):
    """What nmap's scripts print. Not by its number, but by what it says does nmap know a port for SMTP."""
    known = "" if port == 25 else "-sV --version-intensity 2"
    arguments = f"--script-args {words}" if words else ""
    return client.out(f"nmap -v -Pn -n {known} -p {port} --script {scripts} {arguments} {host.outside}")


def ask_testssl(client, host, port):
    """What testssl.sh finds: id -> finding."""
    report = f"/tmp/testssl-{port}.json"
    # Each of its connections waits for the gateway's greeting, so that one is asked for versions only.
    what = "-p" if port == 25 else "-p -S"
    words = f"--quiet --color 0 --warnings off --nodns none {what} --starttls smtp --jsonfile {report} {host.outside}:{port}"
    client.run(f"rm -f {report}; timeout 280 testssl {words}")
    rows = yaml.safe_load(client.out(f"cat {report}"))      # JSON, but for a comma too many where the time was up
    return {row["id"].partition(" ")[0]: row["finding"] for row in rows}


def swaks(client, host, port, sender, recipient):
    """The code with which swaks is answered to RCPT, or to MAIL where that is refused."""
    said = client.run(f"swaks --server {host.outside}:{port} --ehlo {client.name} --from '{sender or '<>'}' --to '{recipient}' --quit-after RCPT").stdout
    codes = re.findall(r"^ -> (MAIL|RCPT) .*\n<(?:\*\*|-)\s+(\d{3})", said, re.M)
    assert codes, said
    return int(codes[-1][1])


FORMS = (FOREIGN, "dave%third.example@{here}", '"dave@third.example"', "third.example!dave", "@{here}:dave@third.example", LOCAL)
RELAY = "smtp-open-relay.from=carol,smtp-open-relay.to=dave,smtp-open-relay.domain=third.example"


@pytest.fixture(scope="module", name="seen")
def seen_(world, host, careless, client):
    """What everybody sees of each listener: port -> tool -> what it said. One tool after the other for the gateway, which counts a client's connections."""
    def everything(port):
        found = {"probe": look(world, client, host, port)}
        if port == 25:
            time.sleep(30)
        found["nmap"] = nmap(client, host, port, "smtp-open-relay,smtp-commands", RELAY)
        with ThreadPoolExecutor(max_workers=6) as pool:
            forms = [form.format(here=host.name) for form in FORMS]
            found["swaks"] = dict(zip(forms, pool.map(lambda form: swaks(client, host, port, STRANGER, form), forms), strict=True))
        found["suites"] = nmap(client, host, port, "ssl-enum-ciphers")
        found["testssl"] = ask_testssl(client, host, port)
        return found

    with ThreadPoolExecutor(max_workers=2) as pool:
        return dict(zip((25, careless), pool.map(everything, (25, careless)), strict=True))


PORTS = pytest.mark.parametrize("port", [25, OPEN])


@PORTS
def test_everything_was_tried(seen, port):
    # Who relays for all has no recipient that it refuses, so nobody can see whether refusals become slow.
    assert [row["test"] for row in seen[port]["probe"]["unknown"]] == ([] if port == 25 else ["limits: unknown users"])


@PORTS
def test_nmap_sees_the_same_relaying(host, seen, port):
    said, rows = seen[port]["nmap"], seen[port]["probe"]["relay"]
    assert len(rows) >= 36
    taken = {row["to"] for row in rows if row["accepted"]}
    if port == 25:
        assert "Server doesn't seem to be an open relay" in said and not taken, (said, taken)
        return
    assert "Server is an open relay" in said, said
    asked, found = {row["to"] for row in rows}, set(re.findall(r"RCPT TO:<(\S+)>", said))
    assert len(found & asked) >= 8 and found & asked <= taken, (found & asked - taken, said)
    # Two of its sixteen are refused even there, and it does not print them.
    assert "(14/16 tests)" in said and not {f"dave@third.example@{place}" for place in (host.name, f"[{host.outside}]")} & taken


@PORTS
def test_swaks_gets_the_same_answers(host, seen, port):
    probe = seen[port]["probe"]
    answers = {row["to"]: row["answer"] for row in probe["relay"] + probe["own"] if row["from"] == STRANGER}
    assert {form: int(answers[form][:3]) for form in seen[port]["swaks"]} == seen[port]["swaks"]


@PORTS
def test_nmap_is_offered_the_same(seen, port):
    said = re.search(r"smtp-commands: (.*)", seen[port]["nmap"]).group(1)
    assert {line.split()[0] for line in seen[port]["probe"]["ehlo"]} <= set(re.findall(r"[A-Z0-9]+", said)), said


def suites(text):
    """Versions and suites as nmap prints them, by the probe's names."""
    found, version = {}, None
    for line in text.splitlines():
        head = re.match(r"\|\s+(SSLv\d|TLSv(1\.\d)):", line)
        suite = re.match(r"\|\s+(TLS_\w+)", line)
        version = (head.group(2) or head.group(1)) if head else version
        if suite:
            found.setdefault(version, set()).add(suite.group(1).replace("TLS_AKE_WITH_", "TLS_"))
    return found


@PORTS
def test_nmap_finds_the_same_suites(seen, port):
    assert {version: set(names) for version, names in seen[port]["probe"]["tls"]["suites"].items()} == suites(seen[port]["suites"])


@PORTS
def test_testssl_finds_the_same_versions(seen, port):
    names = {"SSLv2": "SSLv2", "SSLv3": "SSLv3", "TLS1": "1.0", "TLS1_1": "1.1", "TLS1_2": "1.2", "TLS1_3": "1.3"}
    told = {name: seen[port]["testssl"][key] for key, name in names.items()}
    spoken = {name for name, finding in told.items() if finding.startswith("offered")}
    assert spoken == set(seen[port]["probe"]["tls"]["versions"]), told
    assert set(told) - spoken == set(seen[port]["probe"]["tls"]["refused"]), told


def test_testssl_sees_the_same_certificate(seen, careless):
    found, told = seen[careless]["probe"]["tls"]["certificate"], seen[careless]["testssl"]
    assert told["cert_commonName"] in found["subject"] and set(told["cert_subjectAltName"].split()) == set(found["names"])
    assert told["cert_notAfter"].replace(" ", "T")[:16] == found["ends"][:16]
    kind, bits = found["key"].split()
    assert kind in told["cert_keySize"] and bits in told["cert_keySize"], told["cert_keySize"]


@PORTS
def test_openssl_believes_the_same_certificate(client, host, seen, port):
    found = seen[port]["probe"]["tls"]["certificate"]
    said = client.run(f"echo QUIT | timeout 60 openssl s_client -connect {host.outside}:{port} -starttls smtp -CAfile {CA} -verify_hostname {host.name}").stdout
    assert ("Verify return code: 0 (ok)" in said) == (found["trusted"] and found["named"]), (said, found)


def test_what_is_wrong_with_the_careless_one_is_seen(seen, careless):
    found = seen[careless]["probe"]
    assert {"1.0", "1.1"} <= set(found["tls"]["versions"]) and 0 < found["tls"]["dh_bits"] < 2048
    for fault in ("nobody is authenticated", "no encryption", "DH with"):
        assert [line for line in found["tls"]["weak"] if fault in line], found["tls"]["weak"]
    assert "Sendmail" in found["greeting"] and found["commands"]["VRFY"].startswith("250") and found["early_talk"]["verdict"] == "let through"
    assert {row["from"]: row["accepted"] for row in found["senders"]} == {"probe": True, "probe@no-such-domain.invalid": True}
    limits = found["limits"]
    assert limits["size"]["announced"] == 5000000 and limits["size"]["verdict"] == "refused" and limits["recipients"]["accepted"] == 30
    assert limits["headers"]["verdict"] == "refused"


def test_the_gateway_has_none_of_it(seen):
    found = seen[25]["probe"]
    assert found["tls"]["versions"] == ["1.2", "1.3"] and found["tls"]["weak"] == [] and found["tls"]["injection"] in ("refused", "discarded")
    assert found["early_talk"]["verdict"] == "refused" and found["web_talk"]["verdict"] == "dropped"
    assert not [row for row in found["senders"] if row["accepted"]]
    assert {row["kind"]: row["accepted"] for row in found["own"]} == {"local": True, "subdomain": False, "host account": True}
    assert {row["verdict"] for row in found["smuggling"]} <= {"refused", "one message"} and not [row for row in found["smuggling"] if row["honoured"]]
    assert found["limits"]["recipients"]["verdict"] == "limited" and found["limits"]["headers"]["verdict"] == "refused"
    assert found["limits"]["unknown_users"]["verdict"] in ("slowed", "ended")


def test_what_was_smuggled_lies_in_the_queue(host, seen, careless):
    """The verdict is held against the queue: a message of its own there is one whose subject only a second message has."""
    subjects = host.out("grep -h '^H??Subject: ' /var/spool/careless/qf*")
    smuggled = set(re.findall(r"smuggled by (\S+)", subjects))
    assert smuggled == {row["form"] for row in seen[careless]["probe"]["smuggling"] if row["verdict"] == "two messages"}
    assert smuggled, "with these features some false ends count"


def test_silent_clients_are_dropped_when_it_is_time(world, host, careless, client):
    found = look(world, client, host, careless, tests=["slow_client"], slow_client_seconds=25)["limits"]["slow_client"]
    # Each letter begins sendmail's ten seconds anew: who sends one now and then is held far beyond them.
    assert {kind: row["verdict"] for kind, row in found.items()} == {"silent": "dropped", "dripping": "held"}
    assert 8 <= found["silent"]["seconds"] <= 20, found


def test_a_host_outside_of_the_inventory_is_left_alone(world, host, client):
    with pytest.raises(AssertionError, match="is not in allowed_addresses"):
        look(world, client, host, 25, address=world.facts["lab_client"], tests=["commands"])
