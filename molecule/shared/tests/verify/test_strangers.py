"""What strangers get: no relaying in any spelling, no information, no smuggling."""

import re
import uuid

import pytest
from smtp import converse, envelope, raw, session

PRODUCT = re.compile(r"sendmail|(?<![\d.])8\.1[5-9]|debian|red ?hat|alma|suse", re.I)
END = b"\r\n.\r\n"
ENDS_OF_DATA = {
    "LF.LF": b"\n.\n", "LF.CRLF": b"\n.\r\n", "CRLF.LF": b"\r\n.\n", "CR.CR": b"\r.\r", "CR.CRLF": b"\r.\r\n", "CRLF.CR": b"\r\n.\r",
    "CR.LF": b"\r.\n", "LF.CR": b"\n.\r", "CRLF.CRCRLF": b"\r\n.\r\r\n", "CRCRLF.CRLF": b"\r\r\n.\r\n", "CRLF.NULCRLF": b"\r\n.\x00\r\n",
    "NULCRLF.CRLF-LF": b"\x00\n.\n", "CRLF-NUL.CRLF": b"\r\n\x00.\r\n",
}


def relay_forms(gateway, world):
    """Recipients by which a stranger may hope to reach another: those of nmap's script, and more."""
    here, ip, other = gateway.name, gateway.outside, "third.example"
    local = ("dave%third.example", '"dave%third.example"', '"dave@third.example"', "third.example!dave", '"third.example!dave"')
    forms = ["dave@third.example", '"dave@third.example"', "dave%third.example", "third.example!dave", "dave@third.example@", "dave%third.example@"]
    forms += [f"{part}@{place}" for part in local for place in (here, f"[{ip}]", "corp.example", "localhost")]
    forms += [f"@{place}:dave@third.example" for place in (here, f"[{ip}]", "corp.example", "localhost", "[127.0.0.1]")]
    forms += [f"dave@{other}@corp.example", f"dave@[{world.facts['lab_client']}]", f"third.example!dave@{other}", f"dave@{other}%corp.example",
              "dave@ANYTHING.corp.example", "alice@sub.corp.example", f"@corp.example,@{here}:dave@third.example"]
    return forms


@pytest.fixture(scope="module", name="relays")
def relays_(world, gateway, client):
    """Replies to RCPT for every form and several senders, asked at the same time."""
    senders = ("carol@stranger.example", "", f"root@{gateway.name}", "alice@corp.example")
    asked = [(sender, form) for sender in senders for form in relay_forms(gateway, world)]
    sessions = [session(gateway.outside, *envelope(sender, form)) for sender, form in asked]
    return list(zip(asked, converse(client, sessions), strict=True))


def test_no_form_of_address_relays(relays):
    assert len(relays) > 120
    let_through = [(asked, replies[-1]) for asked, replies in relays if not replies[-1].refused]
    assert not let_through


MAILBOXES = ("nobody-such", "alice", "mailgw", "ansible")
SENDERS = {"nobody@no-such-domain.example": "refused", "nobody": "refused", "carol@stranger.example": "taken"}


@pytest.fixture(scope="module", name="replies")
def replies_(world, gateway, client):
    """Replies in sessions of all kinds, by name, held at the same time: each waits for its greeting."""
    facts, to_us = world.facts, envelope("carol@stranger.example", "alice@corp.example")
    asked = {
        "own mail": session(gateway.outside, *to_us),
        "listed": session(gateway.outside, *to_us, source=facts["lab_client_listed"]),
        "not listed": session(gateway.outside, *to_us, source=facts["lab_client_third"]),
        "early": session(gateway.outside, "MAIL FROM:<carol@stranger.example>", early="EHLO client.stranger.example"),
        "polite": session(gateway.outside, "EHLO client.stranger.example"),
        **{name: session(gateway.outside, *envelope("carol@stranger.example", f"{name}@{gateway.name}")) for name in MAILBOXES},
        **{sender: session(gateway.outside, *envelope(sender, "alice@corp.example")) for sender in SENDERS},
    }
    return dict(zip(asked, converse(client, list(asked.values())), strict=True))


def test_control_own_mail_is_taken(replies):
    """The same session to the organisation's own domain goes through: the refusals above are not about the client."""
    assert replies["own mail"][-1].code == 250, replies["own mail"]


@pytest.mark.parametrize("recipient", MAILBOXES)
def test_no_mailboxes_here(replies, recipient):
    assert replies[recipient][-1].refused, replies[recipient]


def test_nmap_finds_no_open_relay(world, gateway, client):
    words = "smtp-open-relay.from=carol@stranger.example,smtp-open-relay.to=dave@third.example,smtp-open-relay.domain=client.stranger.example"
    said = client.out(f"nmap -Pn -n -p25 --script smtp-open-relay,smtp-commands --script-args {words} {gateway.outside}")
    assert "25/tcp open" in said
    assert "Server is an open relay" not in said, said
    assert "smtp-open-relay" in said, said
    assert not re.search(r"smtp-commands.*(AUTH|VRFY|EXPN|ETRN|VERB)", said), said


@pytest.mark.parametrize("sender", SENDERS)
def test_sender_must_exist(replies, sender):
    assert any(reply.refused or reply.code == 451 for reply in replies[sender][1:]) == (SENDERS[sender] == "refused"), replies[sender]


def test_listed_client_is_refused(world, replies):
    listed, control = replies["listed"], replies["not listed"]
    assert listed[-1].refused and world.facts["lab_dnsbl"] in listed[-1].text, listed
    assert control[-1].code == 250, control


def test_early_talker_is_dropped(replies):
    early, polite = replies["early"], replies["polite"]
    assert early[0].code == 554, early
    assert polite[0].code == 220 and polite[1].code == 250


def test_greeting_says_the_name_and_nothing_else(gateway, replies):
    assert replies["polite"][0].text == f"220 {gateway.name} ESMTP"


COMMANDS = {"VRFY root": (252,), "VRFY alice@corp.example": (252,), "EXPN root": (502, 550), "EXPN postmaster": (502, 550), "VERB": (502, 500),
            "ETRN corp.example": (502, 500), "ETRN @corp.example": (502, 500), "ETRN #x": (502, 500), "HELP": (214, 502), "HELP HELP": (214, 502, 504),
            "HELP VRFY": (214, 502, 504), "AUTH PLAIN AGEAYQ==": (500, 502, 503, 530, 504), "XUSR": (500, 502), "DEBUG": (500,), "WIZ": (500,), "NOOP": (250,)}


@pytest.fixture(scope="module", name="answers")
def answers_(gateway, client):
    """Replies to each command, and to EHLO."""
    sessions = [session(gateway.outside, "EHLO client.stranger.example", command) for command in COMMANDS]
    replies = converse(client, sessions)
    return {"EHLO": replies[0][1]} | {command: answer[-1] for command, answer in zip(COMMANDS, replies, strict=True)}


@pytest.mark.parametrize("command", COMMANDS)
def test_command(answers, command):
    assert answers[command].code in COMMANDS[command], answers[command]


def test_no_answer_tells_product_or_version(gateway, answers):
    told = {command: reply.text for command, reply in answers.items() if PRODUCT.search(reply.text.replace(gateway.name, ""))}
    assert not told


def test_extensions_are_few(answers):
    words = {line[4:].split()[0] for line in answers["EHLO"].text.splitlines()[1:]}
    assert words <= {"ENHANCEDSTATUSCODES", "PIPELINING", "8BITMIME", "SIZE", "STARTTLS", "HELP", "SMTPUTF8"}, words
    assert "SIZE 26214400" in answers["EHLO"].text


@pytest.fixture(scope="module", name="smuggled")
def smuggled_(world, gateway, client):
    """For each false end of data: the replies, and the word that only a smuggled message would have as its subject."""
    tokens = {name: uuid.uuid4().hex for name in ENDS_OF_DATA}
    sessions = []
    for name, end in ENDS_OF_DATA.items():
        second = (b"MAIL FROM:<evil@stranger.example>\r\nRCPT TO:<alice@corp.example>\r\nDATA\r\nSubject: smuggled " + tokens[name].encode() + b"\r\n\r\nx")
        sessions.append(session(gateway.outside, *envelope("carol@stranger.example", "alice@corp.example"), "DATA",
                                raw(b"Subject: outer\r\n\r\nbody" + end + second + END)))
    return {name: (tokens[name], replies) for name, replies in zip(ENDS_OF_DATA, converse(client, sessions), strict=True)}


@pytest.mark.parametrize("name", ENDS_OF_DATA)
def test_no_message_is_smuggled(smuggled, name):
    _token, replies = smuggled[name]
    assert [reply.code for reply in replies[:5]] == [220, 250, 250, 250, 354], replies
    accepted = re.findall(r"^250 2\.0\.0 \S+ Message accepted", replies[-1].text, re.M)
    assert len(accepted) <= 1, replies[-1].text


def test_no_smuggled_message_arrives(world, mail, smuggled):
    """Whatever the replies said: a word of the second message may come as text of the first, never as a subject."""
    for token, _replies in smuggled.values():
        for message in world.arrived(mail, "alice", token, wait=0):
            assert f"Subject: smuggled {token}" not in message.replace("\r", "").split("\n\n", 1)[0]
