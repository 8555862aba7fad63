"""A mail server that would like to learn passwords. Listens on port 587, serves two sessions, prints what it was told as JSON.

The first time it offers AUTH in the clear. The second time it offers STARTTLS with a certificate of its own making, and AUTH inside.
"""

import json
import socket
import ssl
import subprocess
import sys
import tempfile

PATIENCE = 120


def main():
    """Serve both sessions, one after the other."""
    heard = []
    with tempfile.TemporaryDirectory() as place, socket.create_server(("0.0.0.0", 587)) as listener:
        own = f"{place}/own.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", own, "-out", own + ".crt", "-days", "2", "-subj",
                        f"/CN={sys.argv[1]}"], check=True, capture_output=True)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own + ".crt", own)
        listener.settimeout(PATIENCE)
        print("ready", flush=True)
        for secure in (None, context):
            connection = listener.accept()[0]
            connection.settimeout(PATIENCE)
            lines = []
            try:
                serve(connection, secure, lines)
            except OSError as error:
                lines.append(f"broke off: {error}")
            heard.append(lines)
    print(json.dumps(heard), flush=True)


def serve(connection, context, lines):
    """Answer yes to everything, and take whatever comes as an answer to AUTH."""
    stream = connection.makefile("rwb")
    say(stream, "220 impostor ESMTP")
    while True:
        line = stream.readline().decode("latin-1").strip()
        if not line:
            return
        lines.append(line)
        verb = line.split()[0].upper()
        if verb == "EHLO":
            say(stream, "250-impostor", "250-STARTTLS" if context else "250-8BITMIME", "250 AUTH PLAIN LOGIN")
        elif verb == "STARTTLS":
            say(stream, "220 go on")
            stream = context.wrap_socket(connection, server_side=True).makefile("rwb")
            lines.append("(inside TLS)")
        elif verb == "QUIT":
            say(stream, "221 bye")
            return
        else:
            say(stream, "354 go on" if verb == "DATA" else "235 ok" if verb == "AUTH" else "250 ok")


def say(stream, *lines):
    """Send a reply."""
    stream.write("".join(f"{line}\r\n" for line in lines).encode())
    stream.flush()


main()
