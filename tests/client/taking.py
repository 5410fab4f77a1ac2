"""A program of a till: takes choices in and says each one once it is told that it is safe; or sends them.

python taking.py take|send URL ID SECRET FILE ADDRESS…
"""

import sys

from consentd.client import Client, Replica


def say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main() -> None:
    what, url, client_id, secret, path, *people = sys.argv[1:]
    with (
        Client(url, client_id, secret, timeout=20, total=30) as client,
        Replica.open(path, client, follow=None) as replica,
    ):
        if what == "send":
            say("sending")
            replica.refresh()
            return
        for person in people:
            replica.withdraw(person, "newsletter", "email", method="spoken", collector="till-2")
            say(person)


if __name__ == "__main__":
    main()
