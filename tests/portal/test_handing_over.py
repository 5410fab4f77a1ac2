"""From a web shop's logged-in area to the pages: what a signed login opens, and what it does not."""

import json
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519

from consentd.callers import service as callers
from consentd.callers.model import Caller
from consentd.crypto import jwk
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Unprocessable
from consentd.kernel.instants import SECOND
from consentd.portal.handing_over import HandingOver
from consentd.portal.reach import Reach
from support.builders import Company
from support.visiting import BROWSER, Visiting

SERVICE = "https://consent.test"
ACCOUNT = "shopify:7001"


class Webshop:
    """As the demo company's policy has it: its logins prove whoever has the account, for half an hour."""

    def __init__(self, company: Company, caller: Caller, private: Any) -> None:
        self.company = company
        self.caller = caller
        self.private = private
        self.handing_over = HandingOver(company.doing, SERVICE)

    async def link(self, **other: Any) -> str:
        now = self.company.clock.now // SECOND
        said = {
            "iss": str(self.caller.system_id),
            "sub": "7001",
            "scheme": "shopify",
            "aud": SERVICE,
            "request": "portal",
            "auth_time": now - 60,
            "amr": ["pwd"],
            "jti": str(uuid4()),
            "exp": now + 60,
        } | other
        headers = {"kid": "shop-1", "typ": other.pop("typ", "login+jwt")}
        said.pop("typ", None)
        token = jwt.encode(said, self.private, algorithm="EdDSA", headers=headers)
        return (await self.handing_over.link(self.caller, token)).url


@pytest.fixture
async def webshop(company: Company) -> Webshop:
    caller = await company.add_system("webshop")
    private = ed25519.Ed25519PrivateKey.generate()
    public = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    read = jwk.read(json.dumps({**public, "kid": "shop-1", "alg": "EdDSA"}).encode())
    await company.database.change(
        lambda unit: callers.add_key(unit, company.keyring, caller.system_id, read, OPERATOR)
    )
    await company.gives(ACCOUNT, "email:ana@exemple.fr")
    return Webshop(company, caller, private)


async def test_who_is_logged_in_is_known_without_a_code(
    company: Company, visiting: Visiting, webshop: Webshop
) -> None:
    url = await webshop.link()
    base, _, link = url.rpartition("/")
    assert base == f"{SERVICE}/my/in"
    opened = await visiting.entering.follow(link, BROWSER, None)
    assert (opened.session.reach, opened.session.subject) == (Reach.PERSON, await company.person(ACCOUNT))
    with pytest.raises(Unprocessable):
        await visiting.entering.follow(link, BROWSER, None)
    assert [one for one in await company.actions() if one.startswith("portal")] == [
        "portal.handed_over",
        "portal.entered",
    ]
    await company.verify_everything()


async def test_the_link_is_over_after_two_minutes(
    company: Company, visiting: Visiting, webshop: Webshop
) -> None:
    url = await webshop.link()
    company.clock.move(minutes=2)
    with pytest.raises(Unprocessable):
        await visiting.entering.follow(url.rpartition("/")[2], BROWSER, None)


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ({"sub": "7002"}, "login_opens_nothing"),
        ({"scheme": "email", "sub": "ana@exemple.fr"}, "login_opens_nothing"),
        ({"request": str(uuid4())}, "wrong_login"),
        ({"aud": "https://elsewhere.test"}, "wrong_login"),
        ({"auth_time": 1}, "wrong_login"),
        ({"exp": 1}, "wrong_login"),
        ({"typ": "JWT"}, "wrong_login"),
        ({"iss": str(uuid4())}, "wrong_login"),
    ],
    ids=lambda one: next(iter(one)) if isinstance(one, dict) else one,
)
async def test_what_opens_nothing_is_told_to_the_system(
    webshop: Webshop, said: dict[str, Any], code: str
) -> None:
    with pytest.raises(Unprocessable) as refused:
        await webshop.link(**said)
    assert refused.value.code == code


async def test_an_account_that_two_have_opens_nothing(company: Company, webshop: Webshop) -> None:
    await company.gives("email:home@exemple.fr", "loyalty:1")
    await company.gives("email:home@exemple.fr", "loyalty:2")
    # Named once beside both, and held by neither from more than that.
    await company.says("refused", "loyalty:1", "loyalty:2", "shopify:7099")
    with pytest.raises(Unprocessable) as refused:
        await webshop.link(sub="7099")
    assert refused.value.code == "login_opens_nothing"


async def test_a_login_counts_once(webshop: Webshop) -> None:
    number = str(uuid4())
    await webshop.link(jti=number)
    with pytest.raises(Unprocessable) as refused:
        await webshop.link(jti=number)
    assert refused.value.code == "wrong_login"
