"""`make run`: the demo company, and a letterbox for what it writes to its customers.

Where no mail server is set, mails are kept in the data folder and named in the terminal, so that a code that
somebody asks for at /my can be read. With CONSENTD_SMTP_URL they go where they are told to go.
"""

import os
import sys
from email.message import EmailMessage
from pathlib import Path

from letterbox import Letterbox

from consentd.__main__ import run


def main() -> None:
    if "CONSENTD_SMTP_URL" not in os.environ:
        folder = Path(os.environ.get("CONSENTD_DATA_DIR", "data")) / "mails"
        folder.mkdir(parents=True, exist_ok=True)
        letterbox = Letterbox(folder, told)
        os.environ["CONSENTD_SMTP_URL"] = f"smtp://127.0.0.1:{letterbox.port}"
        os.environ.setdefault("CONSENTD_MAIL_FROM", "Maison Lavande <donnees@maison-lavande.example>")
    sys.argv[1:1] = ["demo"]
    run()


def told(mail: EmailMessage, file: Path) -> None:
    sys.stdout.write(f"A mail to {mail['to']}: {mail['subject']} ({file})\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
