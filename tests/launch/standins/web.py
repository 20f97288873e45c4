"""Stands in for the web process: answers 200 on HOST:PORT once it runs, and does nothing else."""

import os
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer


class Ready(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


if __name__ == "__main__":
    sys.stdout.write("web is up\n")
    HTTPServer(("127.0.0.1", int(os.environ["PORT"])), Ready).serve_forever()
