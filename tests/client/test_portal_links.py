"""The link to the customers' pages, for somebody who is logged in at the web shop."""

import datetime as dt
import uuid
from collections.abc import Iterator

import pytest
from both import Program, yes
from test_calls import Make

from consentd.client import Invalid
from consentd.client.logins import Logins
from support.installation import Client, Installation, Serving

Shop = tuple[Serving, Client, Logins]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A service, its web shop as the policy names it, and the shop's key."""
    folder = tmp_path_factory.mktemp("shop")
    installation = Installation(folder).make()
    found = installation.connect("requests:write", "consent:write", name="webshop")
    file = folder / "webshop.jwk"
    made = installation.run("system", "key", "add", "webshop", "--generate", str(file))
    assert made.code == 0, made.err
    with installation.served() as serving:
        yield serving, found, Logins(installation.settings.public_url, found.id, file)


def test_who_is_logged_in_is_sent_to_their_pages_once(shop: Shop, program: Make) -> None:
    service, found, logins = shop
    client: Program = program(service.address, found.id, found.secret)
    account = f"shopify:{uuid.uuid4().int % 10**12}"
    client.call("record", account, yes(), territory="FR")
    now = dt.datetime.now(dt.UTC)
    token = logins.token("portal", account, signed_in=now, methods=["pwd"])
    link = client.call("portal_link", token)
    assert now < link.expires_at < now + dt.timedelta(minutes=3)
    assert link.url not in repr(link)
    with service.stranger() as browser:
        path = link.url.removeprefix(service.installation.settings.public_url)
        assert browser.post(path).headers["location"] == "/my/choices"
        assert browser.get("/my/choices").status_code == 200
    with pytest.raises(Invalid) as again:
        client.call("portal_link", token)
    assert again.value.code == "wrong_login"


def test_a_login_of_nobody_opens_nothing(shop: Shop, program: Make) -> None:
    service, found, logins = shop
    client: Program = program(service.address, found.id, found.secret)
    now = dt.datetime.now(dt.UTC)
    token = logins.token("portal", f"shopify:{uuid.uuid4().int % 10**12}", signed_in=now, methods=["pwd"])
    with pytest.raises(Invalid) as refused:
        client.call("portal_link", token)
    assert refused.value.code == "login_opens_nothing"
