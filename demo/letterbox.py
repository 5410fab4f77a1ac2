"""Where the demo's mails arrive: a server that speaks as much SMTP as the service does, and keeps what it is
handed as files, so that whoever watches can read them.
"""

import re
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer

_CODE = re.compile(r"^(\d{4}) (\d{4})\b")


class Letterbox:
    """`told`: called with each mail and the file that it is kept in."""

    def __init__(self, folder: Path, told: Callable[[EmailMessage, Path], None] | None = None) -> None:
        folder.mkdir(exist_ok=True)
        self._folder = folder
        self._told = told
        self._before = len(list(folder.glob("*.eml")))
        self._mails: list[EmailMessage] = []
        self._one_at_a_time = threading.Lock()
        letterbox = self

        class Handler(StreamRequestHandler):
            def handle(self) -> None:
                self._say("220 demo")
                while line := self.rfile.readline():
                    match line[:4].upper():
                        case b"DATA":
                            self._say("354 go on")
                            letterbox._keep(self._content())
                            self._say("250 kept")
                        case b"QUIT":
                            self._say("221 bye")
                            return
                        case _:
                            self._say("250 yes")

            def _say(self, line: str) -> None:
                self.wfile.write(f"{line}\r\n".encode())

            def _content(self) -> bytes:
                lines = []
                while (line := self.rfile.readline()) not in (b".\r\n", b""):
                    # A line that begins with a dot came with one more (RFC 5321 4.5.2).
                    lines.append(line.removeprefix(b"."))
                return b"".join(lines)

        self._server = ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _keep(self, content: bytes) -> None:
        mail = message_from_bytes(content, policy=default)
        assert isinstance(mail, EmailMessage)
        with self._one_at_a_time:
            self._mails.append(mail)
            file = self._folder / f"{self._before + len(self._mails):02}.eml"
            file.write_bytes(content)
            if self._told is not None:
                self._told(mail, file)

    def subjects(self, to: str) -> list[str]:
        """Of the mails that came for this address, the oldest first."""
        return [str(mail["subject"]) for mail in list(self._mails) if to in str(mail["to"])]

    def codes(self, to: str) -> list[str]:
        found = (_CODE.match(subject) for subject in self.subjects(to))
        return [one[1] + one[2] for one in found if one]
