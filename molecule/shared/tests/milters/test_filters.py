"""Mail filters at work: what is signed, marked, refused and made to wait, asked over the wire and of programs that share no code with the filters."""

import ast
import email
import email.utils
import re
import time
import uuid

import pytest
from smtp import converse, envelope, session

# The customary test file of virus scanners and the customary test line of spam filters, in pieces, so that nothing takes this file for one.
VIRUS = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*"
SPAM = "XJS*C4JDBQADN1.NSBN3*2IDNEN*GTUBE-STANDARD-" + "ANTI-UBE-TEST-EMAIL*C.34X"


@pytest.fixture(name="token")
def token_():
    """A word that no other message holds."""
    return uuid.uuid4().hex


DATE = email.utils.formatdate()


def message(token, *headers, sender="carol@stranger.example", text="Hello."):
    """Text of a message as a step of a session."""
    lines = [f"From: {sender}", "To: alice@corp.example", f"Subject: {token}", f"Date: {DATE}", f"Message-ID: <{token}@test>", *headers]
    return "\r\n".join([*lines, "", text, "."])


def publish(world, zone, line):
    """Put a line into a zone of the lab."""
    file = f"/etc/bind/lab/{zone}.zone"
    world.host("ns.lab.example").out(f"cat > /tmp/record; grep -qxF -f /tmp/record {file} || cat /tmp/record >> {file}; rndc reload {zone}", stdin=line + "\n")


def wait_for(world, mail, token, count):
    """The messages with a token in alice's mailbox, once there are that many."""
    for _again in range(40):
        found = world.arrived(mail, "alice", token)
        if len(found) >= count:
            break
        time.sleep(0.5)
    return found


def send(host, server, token, *headers, sender="carol@stranger.example", recipient="alice@corp.example", text="Hello.", author=None, patience=20):
    """Send one message. Return the reply that decided over it."""
    steps = [*envelope(sender, recipient, helo=f"{host.name}"), "DATA", message(token, *headers, sender=author or sender, text=text)]
    return insist(host, session(server, *steps), patience)


def insist(host, attempt, patience=20):
    """Hold a session; who is asked to come again later does so. Return the reply that decided."""
    while True:
        replies = converse(host, [attempt])[0]
        last = next((one for one in replies if one.code >= 400), replies[-1])
        if "Greylisting" not in last.text or patience < 0:
            return last
        time.sleep(2)
        patience -= 2


def delivered(world, mail, token):
    """The one message with a token in alice's mailbox."""
    found = world.arrived(mail, "alice", token)
    assert len(found) == 1, found
    return found[0]


def results(text):
    """All Authentication-Results of a message, unfolded."""
    return [" ".join(value.split()) for value in email.message_from_string(text.replace("\r", "")).get_all("Authentication-Results", [])]


# ---- the run itself --------------------------------------------------------------------------------------------------------------------

@pytest.fixture(scope="session", name="run")
def run_(world):
    """One more run over hosts that are as they should be."""
    return world.converge()


def test_a_run_without_changes_asks_the_host_little(run, gateway):
    """One of them has filters and TLS, the other logins besides."""
    assert run.changed(gateway) == []
    assert 5 <= len(run.remote(gateway)) <= 16, run.remote(gateway)


def test_beside_its_filters_a_gateway_lets_users_log_in(world, client):
    """Otherwise the count above would be one of less than it says."""
    text = client.run(f"swaks --server {world.host('gw-debian13.corp.example').outside} --port 465 --tls-on-connect --quit-after EHLO").stdout
    assert "=== TLS started" in text and re.search(r"^<~ +250[- ]AUTH .*PLAIN", text, re.M), text


@pytest.fixture(scope="module", name="published")
def published_(world, run, gateway):
    """The record that the run printed, put into the lab's DNS as it was printed. Returns the selector."""
    said = next(row["msg"] for row in run.record["results"] if row["host"] == gateway.name and "DNS records" in row["task"])
    (line,) = ast.literal_eval(said)
    publish(world, "corp.example", line)
    return line.split("._domainkey", 1)[0]


# ---- DKIM ------------------------------------------------------------------------------------------------------------------------------

def test_the_printed_record_is_that_of_the_key(gateway, published):
    conf = "/etc/mailjail/" + ("opendkim.conf" if "13" in gateway.name else "signer.conf")
    done = gateway.run(f"opendkim-testkey -x {conf} -vvv -d corp.example -s {published} -k /etc/mailjail/dkim/{published}.private")
    assert done.returncode == 0 and "key OK" in done.stdout + done.stderr, done


def test_the_key_is_closed(gateway, published):
    assert gateway.out(f"stat -c '%U %a' /etc/mailjail/dkim/{published}.private /etc/mailjail/dkim").split("\n")[:2] == ["opendkim 600", "opendkim 700"]


def test_what_goes_out_is_signed_and_verified_by_the_internal_server(world, gateway, mail, published, token):
    reply = send(mail, gateway.inside, token, sender="joe@corp.example")
    assert reply.code == 250, reply
    text = delivered(world, mail, token)
    assert f"s={published};" in re.sub(r"\s", "", text) and "d=corp.example" in text
    assert "signature ok" in mail.out("dkimverify", stdin=text)
    changed = mail.run("dkimverify", stdin=text.replace("Hello.", "Hell0."))
    assert changed.returncode != 0 and "body hash mismatch" in changed.stderr, changed


def test_a_strangers_signature_is_verified(world, gateway, client, mail, token):
    """Made with dkimpy and a key of the stranger's own; what was changed on the way fails."""
    client.out("test -e /tmp/t.key || openssl genrsa -out /tmp/t.key 2048")
    key = "".join(client.out("openssl pkey -in /tmp/t.key -pubout").splitlines()[1:-1])
    publish(world, "stranger.example", f't._domainkey.stranger.example. TXT ( "v=DKIM1; k=rsa; p={key[:200]}" "{key[200:]}" )')
    text = message(token)[:-1].replace("\r\n", "\n")
    signed = client.out("dkimsign t stranger.example /tmp/t.key", stdin=text)
    header = re.match(r"DKIM-Signature:.*?(?=\r?\nFrom:)", signed, re.S).group().replace("\r", "").replace("\n", "\r\n")
    for changed in ("Hello.", "Hell0."):
        steps = [*envelope("carol@stranger.example", "alice@corp.example"), "DATA", header + "\r\n" + message(token, text=changed)]
        assert insist(client, session(gateway.outside, *steps)).code == 250
    found = [results(one) for one in wait_for(world, mail, token, 2)]
    assert sum("dkim=pass" in str(one) for one in found) == 1 and sum("dkim=fail" in str(one) for one in found) == 1, found


def test_mail_of_strangers_is_not_signed(world, gateway, client, mail, token):
    assert send(client, gateway.outside, token).code == 250
    assert "DKIM-Signature" not in delivered(world, mail, token)


# ---- who sent it -----------------------------------------------------------------------------------------------------------------------

def test_forged_author_is_refused(gateway, client, token):
    reply = send(client, gateway.outside, token, author="ceo@corp.example")
    assert reply.refused and "DMARC" in reply.text, reply


def test_forged_sender_is_marked(world, gateway, client, mail, token):
    assert send(client, gateway.outside, token, sender="joe@corp.example", author="carol@stranger.example").code == 250
    found = results(delivered(world, mail, token))
    assert [one for one in found if one.startswith(gateway.name) and "spf=fail" in one], found


def test_honest_sender_is_marked_too(world, gateway, client, mail, token):
    assert send(client, gateway.outside, token).code == 250
    found = results(delivered(world, mail, token))
    assert [one for one in found if one.startswith(gateway.name) and "spf=pass" in one], found


def test_forged_results_are_removed(world, gateway, client, mail, token):
    forged = f"Authentication-Results: {gateway.name}; dkim=pass header.d=bank.example"
    assert send(client, gateway.outside, token, forged, "Authentication-Results: other.example; spf=pass").code == 250
    found = results(delivered(world, mail, token))
    assert not [one for one in found if "bank.example" in one] and [one for one in found if one.startswith("other.example")], found


# ---- what it says ----------------------------------------------------------------------------------------------------------------------

def test_a_virus_is_refused_by_name(gateway, client, token):
    reply = send(client, gateway.outside, token, text=VIRUS)
    assert reply.refused and "Lab.Eicar" in reply.text, reply


SCAN = """
import array, os, socket
with open("/tmp/large", "w+b") as file:
    file.write(os.fsencode(%r) + bytes(45 << 20))
    file.flush()
    link = socket.socket(socket.AF_UNIX)
    link.connect("/run/clamav/clamd.ctl")
    link.sendall(b"nFILDES\\n")
    link.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [file.fileno()]))])
    print(link.recv(200).decode())
os.unlink("/tmp/large")
"""


def test_the_scanner_looks_at_the_largest_message(gateway):
    """Asked as its milter asks. Of 25 MiB to sendmail an attacker can make 50 MiB to a filter; what is beyond its limit a scanner calls clean."""
    assert "Lab.Eicar" in gateway.out("python3 -", stdin=SCAN % VIRUS)


def test_spam_is_refused(gateway, client, token):
    reply = send(client, gateway.outside, token, text=SPAM)
    assert reply.refused and "DMARC" not in reply.text, reply


def test_strangers_try_again(world, client, token):
    gateway = world.host("gw-debian13.corp.example")
    sender = f"{token}@stranger.example"
    first = send(client, gateway.outside, token, sender=sender, patience=-1)
    assert first.code == 451 and "Greylisting" in first.text, first
    assert send(client, gateway.outside, token, sender=sender).code == 250


# ---- rights ----------------------------------------------------------------------------------------------------------------------------

def test_nobody_else_can_connect(gateway):
    places = re.findall(r"S=local:([^,]+),", gateway.out("cat /etc/mail/sendmail.cf"))
    program = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
    assert len(places) >= 5
    for place in places:
        assert gateway.run(f"python3 -c '{program}' {place}").returncode == 0, place
        other = gateway.run(f"python3 -c '{program}' {place}", user="ansible")
        assert "Permission denied" in other.stderr, (place, other)


def test_no_filter_has_a_right_of_root(gateway):
    for unit in ("opendkim", "opendmarc", "pyspf-milter", "clamav-milter", "rspamd"):
        pid = gateway.show(f"{unit}.service", "MainPID")["MainPID"]
        status = dict(line.split(":", 1) for line in gateway.out(f"cat /proc/{pid}/status").splitlines())
        assert "0" not in status["Uid"].split() and int(status["CapBnd"], 16) == 0 and status["NoNewPrivs"].strip() == "1", (unit, status)
