"""Stands in for the web process: answers on HOST:PORT that all is ready and a worker is there."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        kind = b"openai" if "OPENAI_API_KEY" in os.environ else b"scripted"
        self.wfile.write(b'{"agents": [{"name": "chat"}], "backends": [{"name": "x", "kind": "%s"}]}' % kind)

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    sys.stdout.write("web is up\n")
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
