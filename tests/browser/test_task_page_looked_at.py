"""The page of a task, in every state, as a colleague meets it who has other things to do."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import msgspec
import pytest

from consentd.app import Parts
from consentd.dsr.task_page_words import WORDS
from consentd.evidence.model import OPERATOR
from consentd.kernel.connection import Connection, Manual, Owner, Verb
from consentd.kernel.policy import sealed
from consentd.policy.service import activate
from support.browser import Waited
from support.builders import demo_policy
from support.customers import SCOPES, Customers
from support.installation import Installation
from support.smtp import Sink
from support.visitor import MOST_BYTES, Visitor

INES = "ines.classeur@maison-lavande.example"


@pytest.fixture(scope="module")
def binder(
    browser: Waited, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[tuple[Waited, Customers]]:
    """A shop whose only tool is a binder, which Inès looks after."""
    mail = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
    }
    installation = Installation(tmp_path_factory.mktemp("binder"), **mail).make()
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
        yield browser, Customers(serving, mailbox, desk)


def task(customers: Customers, right: str) -> str:
    """Somebody who proved who they are asks for this; where the mail to Inès leads."""
    address = customers.new()
    body = {"right": right, "identifiers": [{"scheme": "email", "value": address}]}
    request = str(customers.desk.post("/v1/requests", json=body).json()["id"])
    path = f"/v1/requests/{request}"
    customers.desk.post(f"{path}/code", json={"scheme": "email"}).raise_for_status()
    before = len(customers.mailbox.taken)
    customers.desk.post(f"{path}/proof", json={"code": customers.code(address)}).raise_for_status()
    number = sum(one.to == [INES] for one in customers.mailbox.taken[:before])
    found = re.search(r"https?://\S+", customers.mails(INES, number + 1)[number])
    assert found
    return urlsplit(found[0]).path


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("right", ["access", "erasure"])
def test_nobody_is_shut_out_of_a_task(binder: tuple[Waited, Customers], right: str, language: str) -> None:
    browser, customers = binder
    path = task(customers, right)
    visitor = Visitor(browser, customers.serving.address, language=language)

    def says(name: str) -> str:
        return WORDS[name](language)

    assert visitor.opens(path) == 200
    assert visitor.weight() <= MOST_BYTES
    visitor.examines(f"task-{right}")
    visitor.tabs_to(says("show"))
    visitor.strikes("Enter")
    assert says("customer") in visitor.page.locator("main").inner_text()
    visitor.examines(f"task-{right}-shown")
    visitor.control(says("done"), "radio").check()
    visitor.presses(says("send"))
    assert visitor.page.get_by_role("alert").count() == 1
    visitor.examines(f"task-{right}-wrong")
    visitor.control(says("nothing"), "radio").check()
    visitor.presses(says("send"))
    assert says("answered") in visitor.page.locator("h1").inner_text()
    visitor.examines(f"task-{right}-answered")
    visitor.leaves()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nobody_is_shut_out_of_a_link_that_opens_nothing(
    binder: tuple[Waited, Customers], language: str
) -> None:
    browser, customers = binder
    visitor = Visitor(browser, customers.serving.address, language=language)
    assert visitor.opens("/tasks/" + "A" * 98) == 404
    assert WORDS["gone"](language) in visitor.page.locator("h1").inner_text()
    visitor.examines("task-gone")
    visitor.leaves()
