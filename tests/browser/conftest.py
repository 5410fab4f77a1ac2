"""The pages as people meet them: a browser, the service as a process on a port, a real mail server.

The service is shared by all tests of this process, so each one makes up people of its own.
"""

import os
from collections.abc import Iterator

import pytest
from at_the_binder import shop_with_a_binder

from support.browser import MISSING, Waited, chromium
from support.customers import SCOPES, Customers
from support.installation import Installation, Serving
from support.smtp import Sink, sink_beside
from support.visitor import Visitor, Visits


@pytest.fixture(scope="session")
def browser() -> Iterator[Waited]:
    with chromium() as running:
        if running is None:
            if os.environ.get("CI") == "true":
                pytest.fail(MISSING)
            pytest.skip(MISSING)
        yield running


@pytest.fixture(scope="session")
def mailbox() -> Iterator[Sink]:
    """Everybody's mail, at a real server."""
    with sink_beside() as sink:
        yield sink


@pytest.fixture(scope="session")
def service(browser: Waited, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink) -> Iterator[Serving]:
    mail = {
        "CONSENTD_SMTP_URL": f"smtp://127.0.0.1:{mailbox.port}",
        "CONSENTD_MAIL_FROM": "Maison Lavande <donnees@maison-lavande.example>",
    }
    folder = tmp_path_factory.mktemp("browser")
    # The desk gets one token, and a slow machine takes longer than one lasts by default.
    more = {"CONSENTD_DEVELOPMENT": "1", "CONSENTD_TOKEN_SECONDS": "3600"}
    installation = Installation(folder, **more, **mail).make()
    with installation.kept_open(), installation.served() as serving:
        yield serving


@pytest.fixture
def visits(browser: Waited, service: Serving) -> Iterator[Visits]:
    """What no page may do fails when they leave."""
    here: list[Visitor] = []

    def visiting(**kind: object) -> Visitor:
        here.append(Visitor(browser, service.address, **kind))  # type: ignore[arg-type]
        return here[-1]

    yield visiting
    for one in here:
        one.leaves()


@pytest.fixture(scope="session")
def customers(service: Serving, mailbox: Sink) -> Iterator[Customers]:
    with service.client_of(service.installation.connect(*SCOPES, name="desk")) as desk:
        yield Customers(service, mailbox, desk)


@pytest.fixture(scope="module")
def binder(
    browser: Waited, tmp_path_factory: pytest.TempPathFactory, mailbox: Sink
) -> Iterator[tuple[Waited, Customers]]:
    with shop_with_a_binder(tmp_path_factory.mktemp("binder"), mailbox) as customers:
        yield browser, customers
