"""A policy daemon for MTA-STS as sendmail asks one: socketmap, a fixed policy for two domains. Arguments: port, then domain=pattern."""

import socketserver
import sys

POLICIES = dict(word.split("=", 1) for word in sys.argv[2:])


class Handler(socketserver.StreamRequestHandler):
    """One connection of sendmail: netstrings `map key` in, `OK value` or `NOTFOUND ` out."""

    def handle(self):
        while True:
            size = b""
            while not size.endswith(b":"):
                piece = self.rfile.read(1)
                if not piece:
                    return
                size += piece
            key = self.rfile.read(int(size[:-1]) + 1)[:-1].decode().partition(" ")[2]
            pattern = POLICIES.get(key)
            answer = f"OK secure match={pattern} servername=hostname".encode() if pattern else b"NOTFOUND "
            self.wfile.write(b"%d:%s," % (len(answer), answer))


socketserver.ThreadingTCPServer.allow_reuse_address = True
socketserver.ThreadingTCPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
