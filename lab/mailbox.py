"""Reading the mailboxes of the internal mail server and the outside client."""

import email
import email.policy
import json
import time

from . import containers, hostfiles
from .shell import LabError

READER = """
import json, pathlib, sys
box = pathlib.Path(sys.argv[1])
files = sorted((p for d in ("new", "cur") for p in (box / d).glob("*")), key=lambda p: p.stat().st_mtime_ns)
print(json.dumps([p.read_bytes().decode("latin-1") for p in files]))
if sys.argv[2] == "clear":
    [p.unlink() for p in files]
"""


def directory(host, user):
    """Maildir of a user (`alice` or `alice@corp.example`) on a host."""
    users = hostfiles.USERS.get(host.group)
    if users is None:
        raise LabError(f"{host.fqdn}: has no mailboxes; mail and client have")
    local, _at, domain = user.partition("@")
    for home, names in users.items():
        if local in names and domain in ("", home):
            return f"/var/mail/lab/{home}/{local}"
    known = ", ".join(f"{name}@{home}" for home, names in users.items() for name in names)
    raise LabError(f"{host.fqdn}: has no mailbox {user}; it has: {known}")


def messages(lab, host, user, clear=False, wait=0):
    """Messages in a mailbox as text, oldest first; with `wait`, give the first one that many seconds to arrive."""
    deadline = time.monotonic() + wait
    box = directory(host, user)
    while True:
        found = json.loads(containers.execute(lab.layout, host, "python3", "-c", READER, box,
                                              "clear" if clear else "keep").stdout)
        if found or time.monotonic() >= deadline:
            return found
        time.sleep(0.3)


def summary(number, text):
    """One line about a message."""
    message = email.message_from_string(text, policy=email.policy.compat32)
    return f"{number}  {message['From'] or '-'}  ->  {message['To'] or '-'}  {message['Subject'] or '(no subject)'}"
