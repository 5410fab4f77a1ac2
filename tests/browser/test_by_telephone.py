"""In by a telephone's text message, a second proof by mail, and an address put right: one visit."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from at_the_door import at, enters

from support.browser import Waited
from support.customers import SCOPES, Customers, said
from support.installation import Installation
from support.smtp import Sink
from support.telephones import Gateway, gateway
from support.visitor import DESKTOP, PHONE, Look, Visitor

TWO = (Look("light", DESKTOP), Look("dark", PHONE))
"""Both themes, both widths."""


@pytest.fixture(scope="module")
def shop(
    browser: Waited, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[tuple[Waited, Customers, Gateway]]:
    """A service that can send text messages."""
    with gateway() as texts:
        installation = Installation(
            tmp_path_factory.mktemp("telephone"),
            CONSENTD_SMTP_URL=f"smtp://127.0.0.1:{mailbox.port}",
            CONSENTD_MAIL_FROM="Maison Lavande <donnees@maison-lavande.example>",
            **texts.settings,
        ).make()
        client = installation.connect(*SCOPES, name="desk")
        with installation.served() as serving, serving.client_of(client) as desk:
            yield browser, Customers(serving, mailbox, desk), texts


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_telephone_lets_in_and_an_address_is_put_right(
    shop: tuple[Waited, Customers, Gateway], language: str
) -> None:
    browser, customers, texts = shop
    address, number = customers.stranger(), f"+3361234{uuid4().int % 10_000:04}"
    phone = {"scheme": "phone", "value": number}
    customers.gives(address, phone)
    no = {"purpose": "promotions", "channel": "sms", "state": "refused", "notice": None}
    customers.gives(address, phone, contact_point=phone, **no)
    visitor = Visitor(browser, customers.serving.address, language=language)
    visitor.opens("/my")
    visitor.examines("door-telephone", TWO)
    contact = visitor.page.get_by_label(said(language, "Your email address or telephone number"))
    contact.fill("04 72 00 00 11")
    visitor.presses(said(language, "Send me a code"))
    assert contact.get_attribute("aria-invalid") == "true"
    visitor.examines("door-landline", TWO)
    # As people write theirs.
    contact.fill("0" + number.removeprefix("+33"))
    visitor.presses(said(language, "Send me a code"))
    enters(visitor, texts.code(number))
    assert at(visitor) == "/my/choices"
    assert visitor.page.locator("table").count() == 1
    assert number not in visitor.page.content()
    # What is proved now is another contact detail, by its own code.
    visitor.opens("/my/proof?then=/my/details")
    visitor.examines("proof-another", TWO)
    hidden = address[0] + "•••" + address[address.index("@") :]
    visitor.presses(said(language, "To %(contact)s", contact=hidden))
    visitor.examines("code-second", TWO)
    enters(visitor, customers.code(address))
    assert at(visitor) == "/my/details"
    new = customers.stranger()
    visitor.presses(said(language, "Correct or remove %(detail)s", detail=address), "link")
    visitor.page.get_by_label(said(language, "What is right")).fill(new)
    visitor.presses(said(language, "Ask for the correction"))
    field = visitor.page.get_by_label(said(language, "Code of eight digits"))
    field.fill("00000000")
    visitor.presses(said(language, "Confirm"))
    assert field.get_attribute("aria-invalid") == "true"
    visitor.examines("detail-code-wrong", TWO)
    field.fill(customers.code(new))
    visitor.presses(said(language, "Confirm"))
    assert at(visitor).startswith("/my/requests/")
    visitor.examines("request-correction", TWO)
    visitor.leaves()
