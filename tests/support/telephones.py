"""A company's own gateway for text messages: it verifies what it is handed, and notes it."""

import base64
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from standardwebhooks import Webhook

SECRET = "whsec_" + base64.b64encode(b"t" * 32).decode()
_SECONDS = 60


class Gateway:
    """`taken`: what was handed over, as number and text; what is not signed is refused, and noted nowhere."""

    def __init__(self, port: int, taken: list[tuple[str, str]]) -> None:
        self.taken = taken
        self.settings = {
            "CONSENTD_SMS_URL": f"http://127.0.0.1:{port}/texts",
            "CONSENTD_SMS_SECRET": SECRET,
            "CONSENTD_ALLOWED_HOSTS": f"127.0.0.1:{port}",
        }

    def code(self, number: str) -> str:
        """The one that the latest text message to this number brought, once one came."""
        until = time.monotonic() + _SECONDS
        while not (texts := [text for to, text in self.taken if to == number]):
            assert time.monotonic() < until, "no text message came"
            time.sleep(0.02)
        found = re.search(r"\b(\d{4}) ?(\d{4})\b", texts[-1])
        assert found, "a text message without a code"
        return found[1] + found[2]


@contextmanager
def gateway() -> Iterator[Gateway]:
    taken: list[tuple[str, str]] = []

    class Taking(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            # Raises where the signature is not ours: the connection ends then without an answer.
            Webhook(SECRET).verify(body, dict(self.headers.items()))
            said = json.loads(body)
            taken.append((said["to"], said["text"]))
            self.send_response(202)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing: the tests' own output is read by people."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Taking)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield Gateway(server.server_port, taken)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
