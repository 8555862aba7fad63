"""SMTP sessions from a host of the lab."""

import base64
import json
from dataclasses import dataclass


@dataclass(frozen=True)
class Reply:
    """One answer of the server."""

    code: int
    text: str

    @property
    def refused(self):
        """A permanent no, which the sender is told."""
        return 500 <= self.code < 600


def session(server, *steps, **more):
    """A session for :func:`converse`; ``more``: source, port, early."""
    return {"server": server, "steps": list(steps), **more}


def raw(data):
    """A step that sends bytes as they are."""
    return {"raw": base64.b64encode(data).decode()}


def converse(host, sessions):
    """Play sessions from a host, all at once; return a list of replies for each, the greeting first."""
    return [[Reply(*pair) for pair in replies] for replies in host.python("player.py", stdin=json.dumps(sessions))]


def envelope(sender, recipient, helo="client.stranger.example"):
    """Steps up to RCPT."""
    return f"EHLO {helo}", f"MAIL FROM:<{sender}>", f"RCPT TO:{recipient if recipient.startswith('<') else f'<{recipient}>'}"
