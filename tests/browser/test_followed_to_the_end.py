"""From asking to what is taken home: a copy, a certificate, a receipt; and in by the shop's own login."""

import datetime as dt
import io
import json
import time
import uuid
import zipfile
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from at_the_binder import hired, task_mailed, tasks_mailed
from at_the_door import at, comes_in, examines, proves

from consentd.client import Client
from consentd.client.logins import Logins
from consentd.dsr.task_page_words import WORDS
from support.browser import Waited
from support.customers import Customers, said
from support.visitor import Visitor, Visits

Binder = tuple[Waited, Customers]
in_every_way = pytest.mark.parametrize(
    ("language", "script"), [("fr", True), ("en", True), ("fr", False), ("en", False)]
)


def comes_to_the_binder(binder: Binder, language: str, *, script: bool) -> tuple[Visitor, str]:
    """Somebody new, who proved who they are."""
    browser, customers = binder
    address = customers.new()
    visitor = Visitor(browser, customers.serving.address, language=language, script=script)
    comes_in(visitor, customers, address)
    proves(visitor, customers, address)
    return visitor, address


def does_it_by_hand(binder: Binder, number: int) -> None:
    """Inès finds nothing in it."""
    browser, customers = binder
    colleague = Visitor(browser, customers.serving.address, language="fr", script=False)
    colleague.opens(task_mailed(customers, number))
    colleague.presses(WORDS["show"]("fr"))
    colleague.control(WORDS["nothing"]("fr"), "radio").check()
    colleague.presses(WORDS["send"]("fr"))
    colleague.leaves()


def until(visitor: Visitor, heading: str) -> None:
    """Looks again at the page that they are at until it has this heading, as people do."""
    for _ in range(600):
        if visitor.page.get_by_role("heading", name=heading, exact=True).count():
            return
        visitor.page.wait_for_timeout(100)
        visitor.opens(at(visitor))
    raise AssertionError(f"no heading “{heading}”: {visitor.page.locator('main').inner_text()}")


def released(customers: Customers, request: str, colleague: str) -> None:
    """By a colleague, once the copy is made."""
    path = f"/v1/requests/{request}"
    for _ in range(600):
        answer = customers.desk.post(f"{path}/steps", json={"step": "release", "by": colleague})
        if answer.is_success:
            return
        assert answer.status_code == 409, answer.text
        time.sleep(0.1)
    raise AssertionError(answer.text)


@in_every_way
def test_a_copy_is_downloaded_where_it_was_asked_for(binder: Binder, language: str, script: bool) -> None:
    customers = binder[1]
    before = tasks_mailed(customers)
    visitor, address = comes_to_the_binder(binder, language, script=script)
    visitor.opens("/my/rights/access")
    visitor.presses(said(language, "Ask for a copy"))
    does_it_by_hand(binder, before + 1)
    released(customers, at(visitor).rpartition("/")[2], hired(customers))
    until(visitor, said(language, "Your copy is ready"))
    examines(visitor, "request-copy")
    copy = zipfile.ZipFile(io.BytesIO(visitor.downloads(said(language, "Download my copy"))))
    assert {"index.html", "letter.pdf", "manifest.sig"} <= set(copy.namelist())
    assert address in copy.read("index.html").decode()
    visitor.leaves()


@in_every_way
def test_an_erasure_ends_with_its_certificate(binder: Binder, language: str, script: bool) -> None:
    customers = binder[1]
    before = tasks_mailed(customers)
    visitor, address = comes_to_the_binder(binder, language, script=script)
    visitor.opens("/my/rights/erasure")
    visitor.presses(said(language, "Erase my data"))
    does_it_by_hand(binder, before + 1)
    until(visitor, said(language, "Certificate of erasure"))
    examines(visitor, "request-certificate")
    assert customers.reason(address) == "unknown_person"
    certificate = visitor.downloads(said(language, "Download the certificate"), "link")
    assert json.loads(certificate)
    assert address.encode() not in certificate
    visitor.leaves()


@in_every_way
def test_a_receipt_is_downloaded_and_names_nobody(
    visits: Visits, customers: Customers, language: str, script: bool
) -> None:
    address = customers.new()
    visitor = visits(language=language, script=script)
    comes_in(visitor, customers, address)
    visitor.clicks(visitor.page.locator('button[value^="stop:newsletter:email:"]').first)
    proves(visitor, customers, address)
    visitor.opens("/my/history")
    visitor.clicks(visitor.page.locator('main a[href^="/my/receipts/"]').first)
    examines(visitor, "receipt")
    whole = json.loads(visitor.downloads(said(language, "Download the receipt"), "link"))
    assert whole["receipt_id"] == at(visitor).rpartition("/")[2]
    assert address not in json.dumps(whole)
    assert visitor.downloads(said(language, "Only the signed document"), "link").count(b".") == 2


@pytest.fixture(scope="module")
def webshop(
    customers: Customers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Client, Logins]]:
    """Connected under the name that the policy has, with a key of its own."""
    installation = customers.serving.installation
    found = installation.connect("requests:write", name="webshop")
    file = tmp_path_factory.mktemp("shop") / "webshop.jwk"
    assert installation.run("system", "key", "add", "webshop", "--generate", str(file)).code == 0
    logins = Logins(installation.settings.public_url, found.id, file)
    with Client(customers.serving.address, found.id, found.secret) as client:
        yield client, logins


@in_every_way
def test_who_is_logged_in_at_the_shop_comes_in_without_a_code(
    visits: Visits, customers: Customers, webshop: tuple[Client, Logins], language: str, script: bool
) -> None:
    client, logins = webshop
    account = str(uuid.uuid4().int % 10**12)
    customers.new({"scheme": "shopify", "value": account})
    signed_in = dt.datetime.now(dt.UTC) - dt.timedelta(minutes=2)
    token = logins.token("portal", f"shopify:{account}", signed_in=signed_in, methods=["pwd"])
    path = urlsplit(client.portal_link(token).url).path
    assert account not in path
    visitor, late = (visits(language=language, script=script) for _ in range(2))
    assert visitor.opens(path) == 200
    examines(visitor, "handed-over")
    visitor.presses(said(language, "Open my choices"))
    assert at(visitor) == "/my/choices"
    assert visitor.page.locator("table").count() == 1
    late.opens(path)
    assert said(language, "This link does not open") in late.page.locator("h1").inner_text()
