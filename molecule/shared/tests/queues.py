"""Mail that waits on a gateway, and the collection's modules asked one at a time."""

import json
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path

from smtp import converse, envelope, session

# Takes connections and never says a word: whoever delivers to it hangs, with the message locked.
SILENT = """
import socket, time
listener = socket.socket()
listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
listener.bind(("0.0.0.0", 25))
listener.listen(50)
kept = []
while True:
    kept.append(listener.accept())
"""


def ask(world, gateway, module, check=False, **options):
    """The result of one module on one host."""
    argv = [str(Path(sys.executable).parent / "ansible"), gateway.name, "--become", "-m", f"mailjail.sendmail.{module}"]
    # Without any, "{}" would be taken for words.
    argv += ["-a", json.dumps(options)] if options else []
    for inventory in world.inventories:
        argv += ["--inventory", str(inventory)]
    done = subprocess.run([*argv, *(["--check"] if check else [])], env={**world.environment(world.work / "plays"), "ANSIBLE_NOCOLOR": "1"},
                          stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=600, check=False)
    assert " => {" in done.stdout, done.stdout + done.stderr
    return json.JSONDecoder().raw_decode(done.stdout, done.stdout.index(" => {") + 4)[0]


def remove(world, gateway, *options, **values):
    """One run of the playbook remove on one host."""
    return world.play("--limit", gateway.name, *options, playbook="mailjail.sendmail.remove",
                      values={"sendmail_hosts": gateway.name, "sendmail_remove_wait": 5, **values})


def mailq(gateway, *words):
    """How many messages sendmail itself counts in the daemon's queue."""
    said = gateway.out(f"{gateway.family.sendmail} -Am -bp {' '.join(words)}")
    return int(said.rpartition("Total requests:")[2])


def send(client, gateway, sender, recipients):
    """Have messages taken from outside, one each; return a token for each recipient, which stands in its body."""
    tokens = [uuid.uuid4().hex for _recipient in recipients]
    sessions = [session(gateway.outside, *envelope(sender, recipient), "DATA", f"Subject: waits\r\n\r\n{token}\r\n.")
                for recipient, token in zip(recipients, tokens, strict=True)]
    for replies in converse(client, sessions):
        assert replies[-1].code == 250, replies
    return tokens


@contextmanager
def closed(mail):
    """The mail server is away: what is for it waits on the gateways."""
    mail.out("systemctl stop postfix")
    try:
        yield
    finally:
        mail.out("systemctl start postfix")


def wait_for(what, patience=30):
    """What a function returns once that is true, or its last answer."""
    deadline = time.monotonic() + patience
    while True:
        found = what()
        if found or time.monotonic() > deadline:
            return found
        time.sleep(0.5)
