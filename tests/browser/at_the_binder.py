"""A shop whose only tool is a binder, which Inès looks after: she does what a request needs by a page."""

import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from consentd.app import Parts
from consentd.evidence.model import OPERATOR
from consentd.kernel.connection import Connection, Manual, Owner, Verb
from consentd.kernel.policy import sealed
from consentd.policy.service import activate
from support.builders import demo_policy
from support.customers import SCOPES, Customers
from support.installation import Installation
from support.smtp import Sink

INES = "ines.classeur@maison-lavande.example"


@contextmanager
def shop_with_a_binder(folder: Path, mailbox: Sink) -> Iterator[Customers]:
    mail = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
        "CONSENTD_TOKEN_SECONDS": "3600",
    }
    installation = Installation(folder, **mail).make()
    by_hand = Connection(
        by="manual",
        owner=Owner(name="Inès Roche", email=INES),
        verbs=(Verb.EXPORT, Verb.ERASE),
        manual=Manual(),
    )

    async def join(parts: Parts) -> None:
        demo = demo_policy()
        known = (*demo.systems["till"].identifiers, "email")
        till = msgspec.structs.replace(
            demo.systems["till"], name="Classeur", connection=by_hand, identifiers=known
        )
        policy = sealed(msgspec.structs.replace(demo, systems={"till": till}))
        await parts.database.change(lambda unit: activate(unit, parts.keyring, policy, OPERATOR))

    installation.within(join)
    client = installation.connect(*SCOPES, name="desk")
    with installation.served() as serving, serving.client_of(client) as desk:
        yield Customers(serving, mailbox, desk)


def tasks_mailed(customers: Customers) -> int:
    """How many mails Inès has."""
    return sum(one.to == [INES] for one in customers.mailbox.taken)


def task_mailed(customers: Customers, number: int) -> str:
    """Where the mail of this number leads her, from 1; once it came."""
    found = re.search(r"https?://\S+", customers.mails(INES, number)[number - 1])
    assert found
    return urlsplit(found[0]).path


def hired(customers: Customers) -> str:
    """The number of a new colleague, who decides on requests."""
    said = customers.serving.installation.run("staff", "add", "Claire", f"{uuid.uuid4().hex}@exemple.fr")
    found = re.search(r"[0-9a-f-]{36}", said.out)
    assert found, said.err
    return found[0]
