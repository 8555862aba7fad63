"""Plays SMTP sessions on the host that runs it, all at the same time. Sessions come as JSON on stdin, replies go as JSON to stdout.

A session: server, port, source (address to speak from), early (speak before the greeting), steps. A step is a line to send, or {"raw": base64}
to send bytes as they are and collect everything that is answered within a second of silence.
"""

import base64
import json
import socket
import sys
from concurrent.futures import ThreadPoolExecutor

PATIENCE = 40


def main():
    """Play everything."""
    sessions = json.load(sys.stdin)
    with ThreadPoolExecutor(max_workers=40) as pool:
        print(json.dumps(list(pool.map(guarded, sessions))))


def guarded(session):
    """A session that breaks off ends with a reply of code 0."""
    replies = []
    try:
        play(session, replies)
    except OSError as error:
        replies.append([0, str(error)])
    return replies


def play(session, replies):
    """Connect, speak, collect [code, text] for the greeting and each step."""
    source = (session["source"], 0) if session.get("source") else None
    with socket.create_connection((session["server"], session.get("port", 25)), PATIENCE, source) as connection:
        stream = connection.makefile("rb")
        if session.get("early"):
            connection.sendall(session["early"].encode() + b"\r\n")
        replies.append(reply(stream))
        for step in session.get("steps", []):
            if isinstance(step, dict):
                connection.sendall(base64.b64decode(step["raw"]))
                connection.settimeout(2)
                replies.append(everything(connection))
                connection.settimeout(PATIENCE)
            else:
                connection.sendall(step.encode() + b"\r\n")
                replies.append(reply(stream))
            if replies[-1][0] in (0, 421):
                return


def reply(stream):
    """One reply, with all its lines."""
    lines = []
    while True:
        line = stream.readline().decode("latin-1").rstrip("\r\n")
        lines.append(line)
        if len(line) < 4 or line[3] != "-":
            return [int(line[:3]) if line[:3].isdigit() else 0, "\n".join(lines)]


def everything(connection):
    """All that comes until a silence or the end."""
    data = b""
    try:
        while True:
            piece = connection.recv(65536)
            if not piece:
                break
            data += piece
    except socket.timeout:
        pass
    text = data.decode("latin-1")
    return [int(text[:3]) if text[:3].isdigit() else 0, text]


main()
