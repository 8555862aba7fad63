"""Route tests and real sessions, held to the same answers; of a configuration that this collection did not make, beside the one in force.

A second daemon serves it on ports of its own. Nothing of the host's own sendmail is touched, and the playbook that asks changes nothing at all.
"""

import json
import re
import shlex
import uuid

import pytest

pytestmark = pytest.mark.only("default")    # the rulesets are sendmail's own; other families are asked in tests/lab

PLACE = "/run/lab-routes"
MC = f"""divert(0)dnl
OSTYPE(`linux')dnl
define(`QUEUE_DIR', `{PLACE}/queue')dnl
define(`confPID_FILE', `{PLACE}/pid')dnl
define(`confREFUSE_LA', `1000')dnl
define(`confQUEUE_LA', `1000')dnl
define(`confCACERT', `{PLACE}/authorities.pem')dnl
define(`confCACERT_PATH', `{PLACE}')dnl
define(`confSERVER_CERT', `{PLACE}/server.pem')dnl
define(`confSERVER_KEY', `{PLACE}/server.key')dnl
define(`confAUTH_MECHANISMS', `EXTERNAL')dnl
TRUST_AUTH_MECH(`EXTERNAL')dnl
define(`confCR_FILE', `-o {PLACE}/relay-domains')dnl
RELAY_DOMAIN(`corp.example')dnl
FEATURE(`no_default_msa')dnl
DAEMON_OPTIONS(`Name=MTA, Port=2525')dnl
DAEMON_OPTIONS(`Name=Lenient, Port=2526, M=u')dnl
DAEMON_OPTIONS(`Name=MSA, Port=2587, M=Ea')dnl
FEATURE(`nocanonify')dnl
FEATURE(`accept_unresolvable_domains')dnl
FEATURE(`access_db', `hash -T<TMPF> {PLACE}/access')dnl
FEATURE(`blocklist_recipients')dnl
FEATURE(`mailertable', `hash {PLACE}/mailertable')dnl
FEATURE(`virtusertable', `hash {PLACE}/virtusertable')dnl
VIRTUSER_DOMAIN(`virtual.example')dnl
FEATURE(`genericstable', `hash {PLACE}/genericstable')dnl
GENERICS_DOMAIN(`corp.example')dnl
MASQUERADE_AS(`corp.example')dnl
FEATURE(`masquerade_entire_domain')dnl
FEATURE(`masquerade_envelope')dnl
MAILER(`local')dnl
MAILER(`smtp')dnl
LOCAL_RULESETS
SLocal_check_rcpt
R$*	$: $>CanonAddr $1
Rmacros < @ $* >	$#error $: "550 " $&{{client_name}} "," $&{{client_resolve}} "," $&{{daemon_flags}} "," $&{{verify}} "," $&{{auth_type}} "," $&{{rcpt_host}}
"""
MAPS = {
    "access": {"Connect:{listed}": "REJECT", "From:bad.example": "ERROR:5.7.9:550 go away", "To:closed@corp.example": "ERROR:5.7.1:550 not here",
               "CertIssuer:/C=ES/O=Corp/CN=Corp+20CA": "RELAY"},
    "mailertable": {"corp.example": "esmtp:[mail.corp.example]", "refused.example": "error:5.1.1:550 nobody there"},
    "virtusertable": {"info@virtual.example": "alice@corp.example", "@virtual.example": "error:nouser 550 no such user here"},
    "genericstable": {"joe": "Joe.Doe@corp.example"},
}
# Two authorities that both are trusted; certificates of one of them may relay.
CERTIFICATES = """umask 077
for ca in Corp Other; do
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $ca.key -out $ca.pem -days 9 -subj "/C=ES/O=$ca/CN=$ca CA"
done
for who in server:Corp joe:Corp guest:Other; do
  name=${who%:*} ca=${who#*:}
  openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout $name.key -out request -subj "/C=ES/CN=$name"
  openssl x509 -req -in request -CA $ca.pem -CAkey $ca.key -CAcreateserial -days 9 -out $name.pem
done
cat Corp.pem Other.pem >authorities.pem
"""
RELAY = {"recipient": "dave@third.example"}
JOE = {"subject": "/C=ES/CN=joe", "issuer": "/C=ES/O=Corp/CN=Corp CA"}
GUEST = {"subject": "/C=ES/CN=guest", "issuer": "/C=ES/O=Other/CN=Other CA"}
REFUSED = {"expect": "refused", "code": "550", "status": "5.7.1"}
TAKEN = {"expect": "accepted"}
# What is asked, the key that a real client shows, and what must come of it, in test mode and on the wire.
CASES = {
    "a stranger relays": ({**RELAY}, None, {**REFUSED, "text": "Proper authentication required", "mailer": "esmtp", "host": "third.example"}),
    "a nameless stranger relays": ({**RELAY, "client": "nameless"}, None, {**REFUSED, "text": "IP name lookup failed"}),
    "a client that is turned away": ({"recipient": "alice@corp.example", "client": "listed"}, None, {**REFUSED, "text": "Access denied"}),
    "mail for the organisation": ({"recipient": "alice@corp.example"}, None, {**TAKEN, "mailer": "esmtp", "host": "[mail.corp.example]"}),
    # An empty sender is the null sender of a returned message; sendmail -bt would take no address at all for a question about itself.
    "a returned message": ({"recipient": "alice@corp.example", "sender": ""}, None, {**TAKEN, "mailer": "esmtp", "host": "[mail.corp.example]"}),
    "a sender that is not wanted": ({"recipient": "alice@corp.example", "sender": "x@bad.example"}, None, {**REFUSED, "status": "5.7.9", "text": "go away"}),
    "a recipient that is closed": ({"recipient": "closed@corp.example"}, None, {**REFUSED, "text": "not here"}),
    "a virtual user": ({"recipient": "info@virtual.example"}, None,
                       {**TAKEN, "envelope_recipient": "alice@corp.example", "header_recipient": "info@virtual.example"}),
    "no virtual user": ({"recipient": "nobody@virtual.example"}, None, {**REFUSED, "status": "5.0.0", "text": "no such user here", "mailer": "error"}),
    "an address that a map turns away": ({"recipient": "x@refused.example"}, None, {**REFUSED, "status": "5.1.1", "text": "nobody there"}),
    "a sender without a domain": ({"recipient": "alice@corp.example", "sender": "joe"}, None, {"expect": "refused", "code": "553", "status": "5.5.4"}),
    "and where that may be": ({"recipient": "alice@corp.example", "sender": "joe", "listener": "Lenient"}, None, TAKEN),
    "a sender before he said who he is": ({**RELAY, "listener": "MSA"}, None, {"expect": "refused", "code": "530", "status": "5.7.0"}),
    "TLS alone": ({**RELAY, "tls": {}}, None, REFUSED),
    "a certificate that may relay": ({**RELAY, "tls": JOE}, "joe", TAKEN),
    "one that may not": ({**RELAY, "tls": GUEST}, "guest", REFUSED),
    "and its owner, authenticated": (
        {**RELAY, "tls": GUEST, "listener": "MSA", "authenticated": {"as": "guest", "mechanism": "EXTERNAL"}},
        "guest", TAKEN),
    "what rulesets see": ({"recipient": "macros@corp.example", "listener": "MSA", "tls": GUEST, "authenticated": {"as": "guest", "mechanism": "EXTERNAL"}},
                          "guest",
                          {"expect": "refused", "text": "client.stranger.example,OK,EE a,OK,EXTERNAL,[mail.corp.example]"}),
    "what rulesets see of the nameless": ({"recipient": "macros@corp.example", "client": "nameless", "tls": {}}, None,
                                          {"expect": "refused", "text": "[{nameless}],FAIL,,NO,,[mail.corp.example]"}),
}
PORTS = {None: 2525, "Lenient": 2526, "MSA": 2587}
# A message with this sender is sent for real, and shows in the mailbox what the tests say.
REWRITTEN = {"recipient": "info@virtual.example", "sender": "joe@corp.example", "envelope_recipient": "alice@corp.example",
             "envelope_sender": "Joe.Doe@corp.example", "header_sender": "Joe.Doe@corp.example", "header_recipient": "info@virtual.example"}


@pytest.fixture(scope="module", name="host")
def host_(world, client):
    """The gateway with the second daemon; the client, which has openssl, with the certificates."""
    found = world.gateways[0]
    put = "".join(
        f"printf '%s\\t%s\\n' {' '.join(shlex.quote(word) for pair in entries.items() for word in pair)} | makemap -C /dev/null hash {name}\n"
        for name, entries in MAPS.items()).replace("{listed}", world.facts["lab_client_listed"])
    client.out(f"mkdir -p {PLACE}; cd {PLACE}; exec 2>log; set -e\n{CERTIFICATES}")
    found.out(f"mkdir -p {PLACE}/queue; chmod 700 {PLACE} {PLACE}/queue; cat >{PLACE}/all",
              stdin=client.out(f"cd {PLACE}; tail -n +1 server.pem server.key authorities.pem"))
    found.out(f"cd {PLACE}; umask 077; set -e; awk '/^==> /{{name = $2; next}} {{print >name}}' all; rm all\n{put}\n"
              f"cat >site.mc; m4 /usr/share/sendmail/cf/m4/cf.m4 site.mc >site.cf; {found.family.sendmail} -C {PLACE}/site.cf -bd -q1s", stdin=MC)
    yield found
    found.out(f"kill $(head -1 {PLACE}/pid); rm -rf {PLACE}")
    client.out(f"rm -rf {PLACE}")


def address(world, test):
    """Where a client speaks from, and its name."""
    who = test.get("client")
    return (world.facts[f"lab_client_{who}"] if who else world.facts["lab_client"],
            {None: "client.stranger.example", "listed": "listed.stranger.example", "nameless": None}[who])


def route_test(world, name):
    """A case as a route test."""
    test, _key, expected = CASES[name]
    own, known = address(world, test)
    row = {"name": name, "client_address": own, "client_name": known, "helo": "here.stranger.example", "sender": "joe@stranger.example",
           **{key: value for key, value in test.items() if key != "client"}, **expected}
    row["text"] = expected.get("text", "").replace("{nameless}", world.facts["lab_client_nameless"]) or None
    return {key: value for key, value in row.items() if value is not None}


def ask(world, host, tests):
    """Run the playbook that asks; it changes nothing."""
    trees = ("/etc", "/var/lib", "/var/spool", PLACE)
    before = host.snapshot(*trees)
    run = world.play("--limit", host.name, playbook="mailjail.sendmail.route_tests",
                     values={"sendmail_configuration": f"{PLACE}/site.cf", "sendmail_route_tests": tests})
    after = host.snapshot(*trees)
    assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set()
    assert host.run("ls -d /run/mailjail-routes-* /root/mailjail-routes-*").stdout == ""
    return run


@pytest.fixture(scope="module", name="report")
def report_(world, host):
    """What test mode says to all cases and to the rewriting."""
    run = ask(world, host, [route_test(world, name) for name in CASES] + [{"name": "rewriting", **REWRITTEN}])
    assert run.status == 0, run
    rows, = [row["route_tests"] for row in run.record["results"] if row["route_tests"]]
    return {row["name"]: row for row in rows}


def test_test_mode_gives_every_expected_answer(report):
    assert sorted(report) == sorted([*CASES, "rewriting"]) and all(row["passed"] for row in report.values()), report


# Python's own SMTP client, on the outside host: each session in a line, what is answered to RCPT, or refused before, in JSON.
SESSIONS = """
import json, smtplib, ssl, sys
for server, port, source, key, auth, tls, sender, recipient in json.load(sys.stdin):
    with smtplib.SMTP(timeout=30, local_hostname="here.stranger.example", source_address=(source, 0)) as session:
        said = session.connect(server, port)
        session._host = "gateway"    # SSLContext wants a name, even one that nobody checks
        said = session.ehlo() if said[0] < 400 or said[0] == 554 else said
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            if key:
                context.load_cert_chain(key + ".pem", key + ".key")
            assert session.starttls(context=context)[0] == 220
            session.ehlo()
        if auth:
            said = session.docmd("AUTH", "EXTERNAL =")
            assert said[0] == 235, said
        said = session.mail(sender)
        said = session.rcpt(recipient) if said[0] < 400 else said
        print(json.dumps([said[0], said[1].decode()]))
"""


@pytest.fixture(scope="module", name="heard")
def heard_(world, host, client):
    """What a real client hears as answer to RCPT, or before it: name of the case to code, enhanced code, text."""
    asked = []
    for test, key, _expected in CASES.values():
        asked.append([host.outside, PORTS[test.get("listener")], address(world, test)[0], key, "authenticated" in test, "tls" in test,
                      test.get("sender", "joe@stranger.example"), test["recipient"]])
    replies = client.out(f"cd {PLACE}; python3 -c {shlex.quote(SESSIONS)}", stdin=json.dumps(asked)).splitlines()
    return {name: (str(code), *re.match(r"(?:([245]\.\d+\.\d+) )?(.*)$", text).groups())
            for name, (code, text) in zip(CASES, map(json.loads, replies), strict=True)}


@pytest.mark.parametrize("name", CASES)
def test_a_real_session_gives_the_same_answer(world, report, heard, name):
    expected, (code, status, text) = route_test(world, name), heard[name]
    answer = report[name]["answer"]
    assert ("accepted" if code.startswith("2") else "refused") == expected["expect"] == answer["expect"], heard[name]
    if expected["expect"] == "refused":
        assert (code, status) == (answer["code"], answer["status"]), heard[name]
        assert expected.get("text", "") in text and text.endswith(answer["text"]), heard[name]


def test_a_real_message_is_rewritten_as_the_tests_say(world, report, host, client, mail):
    token = f"routes-{uuid.uuid4().hex}"
    client.out(shlex.join(["swaks", "--server", host.outside, "--port", "2525", "--from", REWRITTEN["sender"], "--to", REWRITTEN["recipient"],
                           "--header", f"Subject: {token}"]))
    message, = world.arrived(mail, "alice", token)
    answer = report["rewriting"]["answer"]
    assert re.search(rf"^Return-Path: <{re.escape(answer['envelope_sender'])}>$", message, re.M | re.I), message
    assert re.search(rf"^From: {re.escape(answer['header_sender'])}$", message, re.M), message
    assert re.search(rf"^To: {re.escape(answer['header_recipient'])}$", message, re.M), message
    assert f"for <{answer['envelope_recipient']}>" in message, message


def test_every_wrong_answer_is_named_with_what_was_asked_and_who_said_it(world, host):
    relay = {key: value for key, value in route_test(world, "a stranger relays").items() if key not in ("code", "status", "text")}
    rows = [{**relay, **TAKEN}, route_test(world, "mail for the organisation"),
            {"name": "a listener that is not there", **RELAY, **REFUSED, "listener": "Lenient", "host": "[elsewhere.example]"}]
    run = ask(world, host, rows)
    said = " ".join(run.messages)
    assert run.status != 0
    for words in (f"2 of 3 route tests failed on {host.name} ({PLACE}/site.cf)", "'a stranger relays'", "(client.stranger.example)",
                  "recipient dave@third.example",
                  "expected expect 'accepted', sendmail answers 'refused'", "by Relay_ok",
                  "expected host '[elsewhere.example]', sendmail answers 'third.example'"):
        assert words in said, said
    assert "mail for the organisation" not in said
