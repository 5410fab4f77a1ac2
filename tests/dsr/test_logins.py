"""Somebody logged in at a connected system is handed over: what that proves, and what it does not."""

import json
from typing import Any
from uuid import UUID, uuid4

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from msgspec import structs

from consentd.base.counts import Cell
from consentd.callers import assertions, logins
from consentd.callers import service as callers
from consentd.callers.oauth import OAuthRefusal, TokenRequest
from consentd.crypto import jwk
from consentd.db.unit import Database
from consentd.dsr.logins import Logins
from consentd.dsr.views import RequestReceived
from consentd.evidence.model import OPERATOR
from consentd.kernel import policy as rules
from consentd.kernel.errors import CallerError, Conflict, NotFound
from consentd.kernel.ids import SecretId
from consentd.kernel.instants import SECOND
from support.builders import Company
from support.rights import Rights
from support.silos_simulated import Silo, system

ANA = "email:ana@exemple.fr"
ACCOUNT = "customer:C42"
SERVICE = "https://consent.test"


class Shop:
    """A web shop with accounts, and a key by which it signs."""

    def __init__(self, rights: Rights, private: Any, client_id: str, key: SecretId) -> None:
        self.rights = rights
        self.company = rights.company
        self.key = key
        self.client_id = client_id
        self.private = private
        self.logins = Logins(rights.company.doing, SERVICE)

    def claims(self, request: UUID, /, **other: Any) -> dict[str, Any]:
        now = self.company.clock.now // SECOND
        scheme, _, account = ACCOUNT.partition(":")
        said = {
            "iss": self.client_id,
            "sub": account,
            "scheme": scheme,
            "aud": SERVICE,
            "request": str(request),
            "auth_time": now - 60,
            "amr": ["pwd"],
            "jti": str(uuid4()),
            "exp": now + 60,
        }
        return {name: value for name, value in (said | other).items() if value is not None}

    def token(self, request: UUID, /, *, private: Any = None, typ: str = "login+jwt", **other: Any) -> str:
        key = private or self.private
        headers = {"kid": "shop-1", "typ": typ}
        return jwt.encode(self.claims(request, **other), key, algorithm="EdDSA", headers=headers)

    async def proves(self, request: UUID, token: str) -> RequestReceived:
        return await self.logins.prove(self.company.systems["desk"], request, token)

    async def refused(self, request: UUID, token: str) -> CallerError:
        with pytest.raises(CallerError) as caught:
            await self.proves(request, token)
        return caught.value

    async def revoke_key(self) -> None:
        company, system = self.company, self.company.systems["webshop"].system_id
        await company.database.change(
            lambda unit: callers.revoke(unit, company.keyring, system, OPERATOR, secret_id=self.key)
        )

    async def state(self, request: UUID) -> str:
        return (await self.rights.told(request)).state

    async def events(self, request: UUID) -> list[str]:
        return [step.event for step in (await self.rights.told(request)).steps]


@pytest.fixture
async def shop(company: Company) -> Shop:
    return await open_shop(company)


async def open_shop(company: Company, **rule: Any) -> Shop:
    vouches = structs.replace(
        system("webshop", "customer", "email"),
        logins=rules.Logins(**({"schemes": ("customer",)} | rule)),
    )
    silos = {"webshop": (vouches, Silo((ANA, ACCOUNT))), "till": (system("till", "customer"), Silo())}
    rights = await Rights.of(company, silos)
    made = await company.add_system("webshop")
    private = ed25519.Ed25519PrivateKey.generate()
    public = jwt.algorithms.OKPAlgorithm.to_jwk(private.public_key(), as_dict=True)
    read = jwk.read(json.dumps({**public, "kid": "shop-1", "alg": "EdDSA"}).encode())
    key = await company.database.change(
        lambda unit: callers.add_key(unit, company.keyring, made.system_id, read, OPERATOR)
    )
    return Shop(rights, private, str(made.system_id), key)


async def test_who_is_logged_in_is_handed_over_and_the_request_goes_on(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("erasure", ANA)
    answer = await shop.proves(asked.id, shop.token(asked.id))
    assert answer == asked
    assert await shop.events(asked.id) == ["received", "proven", "started"]
    await shop.rights.carries_out()
    assert await shop.state(asked.id) == "answered"
    assert await shop.company.people(ANA) == []
    await shop.company.verify_everything()


async def test_an_account_is_found_however_it_is_spelled(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    await shop.proves(asked.id, shop.token(asked.id, sub=" c42 "))
    assert await shop.state(asked.id) == "running"


async def two_at_home(company: Company) -> None:
    """A mailbox that two people share, and an account that was once named beside both: one has none yet."""
    await company.gives("email:home@exemple.fr", "loyalty:1", "customer:C1")
    await company.gives("email:home@exemple.fr", "loyalty:2")
    await company.says("refused", "loyalty:1", "loyalty:2", "customer:C99")


PROVES_NOTHING: dict[str, tuple[str, dict[str, str]]] = {
    "an account of nobody": (ANA, {"sub": "C77"}),
    "somebody else's": (ANA, {"sub": "C43"}),
    "shared by two": ("loyalty:1", {"sub": "home@exemple.fr", "scheme": "email"}),
    "only named beside them": ("loyalty:2", {"sub": "C99"}),
    "of a kind that is not accepted": (ANA, {"sub": "900", "scheme": "loyalty"}),
    "of a kind that there is not": (ANA, {"sub": "900", "scheme": "passport"}),
    "what cannot be an account": (ANA, {"sub": "C\u0000"}),
    "a request about nobody": ("email:nobody@exemple.fr", {}),
}


@pytest.mark.parametrize("case", PROVES_NOTHING)
async def test_promise_13_what_proves_nothing_is_answered_like_somebody_unknown(
    company: Company, case: str
) -> None:
    shop = await open_shop(company, schemes=("customer", "email"))
    await company.gives(ACCOUNT, ANA, "loyalty:900")
    await company.gives("customer:C43")
    await two_at_home(company)
    who, said = PROVES_NOTHING[case]
    await proves_nothing(shop, who, said)


async def test_a_system_whose_logins_no_policy_accepts_proves_nothing(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    await _without_a_rule(shop)
    await proves_nothing(shop, ANA, {})


async def proves_nothing(shop: Shop, who: str, said: dict[str, str]) -> None:
    asked = await shop.rights.asks("access", who)
    nobody = await shop.rights.asks("access", "email:unknown@exemple.fr")
    answer = await shop.proves(asked.id, shop.token(asked.id, **said))
    like = await shop.proves(nobody.id, shop.token(nobody.id, sub="C98"))
    assert structs.replace(answer, id=nobody.id) == like
    for request in (asked.id, nobody.id):
        told = await shop.rights.told(request)
        assert told.state == "identifying"
        steps = [(step.event, step.state, step.by, step.by_id) for step in told.steps]
        assert steps[1:] == [("proof_given", "identifying", "subject", None)]
    await shop.rights.carries_out()
    assert not any(silo.orders for silo in shop.rights.silos.values() if isinstance(silo, Silo))


async def _without_a_rule(shop: Shop) -> Shop:
    policy = await shop.company.database.read(lambda c: shop.company.policies.active(c).policy)
    systems = {name: structs.replace(one, logins=None) for name, one in policy.systems.items()}
    await shop.company.activate(rules.sealed(structs.replace(policy, systems=systems)))
    return shop


WRONG: dict[str, dict[str, Any]] = {
    "over": {"exp": 1_700_000_000},
    "too long ahead": {"exp": 4_000_000_000},
    "for another service": {"aud": "https://other.test"},
    "for the token endpoint too": {"aud": [SERVICE, f"{SERVICE}/oauth/token"]},
    "for another request": {"request": str(uuid4())},
    "for no request": {"request": None},
    "without a number": {"jti": None},
    "without a time of signing in": {"auth_time": None},
    "signed in tomorrow": {"auth_time": 4_000_000_000},
    "signed in long ago": {"auth_time": 1_700_000_000},
    "signed in at half past": {"auth_time": 1_700_000_000.5},
    "without a method": {"amr": []},
    "methods that are none": {"amr": "pwd"},
    "without a scheme": {"scheme": None},
    "of an empty account": {"sub": ""},
}


@pytest.mark.parametrize("what", WRONG)
async def test_a_login_that_is_none_is_refused_counted_and_logged(shop: Shop, what: str) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    refused = await shop.refused(asked.id, shop.token(asked.id, **WRONG[what]))
    assert (refused.status, refused.code) == (422, "wrong_login")
    assert "ana" not in refused.message.casefold()
    assert "C42" not in refused.message
    assert await shop.events(asked.id) == ["received", "login_refused"]
    assert await shop.state(asked.id) == "received"
    assert shop.company.doing.counts.get(Cell.LOGINS_REFUSED) == 1
    assert (await shop.company.actions()).count("request.login_refused") == 1
    # Mended, it counts: a refusal uses nothing up.
    await shop.proves(asked.id, shop.token(asked.id))
    assert await shop.state(asked.id) == "running"


async def test_what_no_live_key_signed_is_refused_in_the_same_words(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    forged = shop.token(asked.id, private=ed25519.Ed25519PrivateKey.generate())
    unknown = shop.token(asked.id, iss=str(uuid4()))
    # Signed by the right key, but as what systems get tokens with.
    assertion = shop.token(asked.id, typ="JWT")
    rubbish = "eyJ.eyJ.AA"
    words = {(await shop.refused(asked.id, token)).message for token in (forged, unknown, assertion, rubbish)}
    good = shop.token(asked.id)
    await shop.revoke_key()
    words.add((await shop.refused(asked.id, good)).message)
    assert len(words) == 1
    assert await shop.events(asked.id) == ["received", *["login_refused"] * 5]


async def test_promise_5_a_revoked_systems_logins_prove_nothing_more(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    good = shop.token(asked.id)
    await shop.company.revoke("webshop")
    assert (await shop.refused(asked.id, good)).code == "wrong_login"
    assert await shop.state(asked.id) == "received"


async def test_promise_14_a_login_counts_once(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    first = await shop.rights.asks("access", ANA)
    token = shop.token(first.id)
    await shop.proves(first.id, token)
    assert "used before" in (await shop.refused(first.id, token)).message
    # And where it proved nothing.
    second = await shop.rights.asks("access", "email:nobody@exemple.fr")
    token = shop.token(second.id)
    await shop.proves(second.id, token)
    assert "used before" in (await shop.refused(second.id, token)).message
    assert await shop.state(second.id) == "identifying"


async def test_a_client_assertion_is_no_login_and_a_login_no_assertion(shop: Shop) -> None:
    """The key is the same, what it signed is not."""
    asked = await shop.rights.asks("access", ANA)
    login = shop.token(asked.id, sub=shop.client_id)
    with pytest.raises(OAuthRefusal):
        await assertions.authenticate(
            shop.company.database,
            TokenRequest("", "", None, basic=False, assertion=login),
            frozenset({SERVICE}),
            shop.company.clock(),
        )


async def test_policy_says_how_and_how_lately_they_signed_in(company: Company) -> None:
    shop = await open_shop(company, within_minutes=5, methods=("mfa",))
    await company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    assert "mfa" in (await shop.refused(asked.id, shop.token(asked.id))).message
    old = shop.company.clock.now // SECOND - 301
    refused = await shop.refused(asked.id, shop.token(asked.id, amr=["pwd", "mfa"], auth_time=old))
    assert "5 minutes" in refused.message
    await shop.proves(asked.id, shop.token(asked.id, amr=["pwd", "mfa"]))
    assert await shop.state(asked.id) == "running"


async def test_too_many_wrong_ones_and_none_is_looked_at_until_tomorrow(shop: Shop) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    for _ in range(10):
        assert (await shop.refused(asked.id, "rubbish")).code == "wrong_login"
    refused = await shop.refused(asked.id, shop.token(asked.id))
    assert (refused.status, refused.code) == (409, "too_many_logins")
    assert shop.company.doing.counts.get(Cell.LOGINS_REFUSED) == 11
    shop.company.clock.move(hours=25)
    await shop.proves(asked.id, shop.token(asked.id))
    assert await shop.state(asked.id) == "running"


async def test_a_login_for_a_request_that_is_over_leaves_it_as_it_is(shop: Shop) -> None:
    who = await shop.rights.hire()
    asked = await shop.rights.asks("access", ANA)
    closed = await shop.rights.step(asked.id, "withdraw", who)
    shop.company.clock.move(hours=1)
    assert (await shop.refused(asked.id, "rubbish")).code == "wrong_login"
    with pytest.raises(Conflict) as late:
        await shop.proves(asked.id, shop.token(asked.id))
    assert late.value.code == "not_now"
    told = await shop.rights.told(asked.id)
    assert (told.closed_at, told.steps) == (closed.closed_at, closed.steps)
    assert (await shop.company.actions()).count("request.login_refused") == 1
    with pytest.raises(NotFound):
        await shop.proves(uuid4(), shop.token(asked.id))


async def test_promise_5_a_key_that_is_revoked_while_it_is_looked_at_proves_nothing(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    await shop.company.gives(ACCOUNT, ANA)
    asked = await shop.rights.asks("access", ANA)
    looked_at = logins.vouched

    async def and_revoked(database: Database, token: str) -> logins.Vouched | None:
        found = await looked_at(database, token)
        await shop.revoke_key()
        return found

    monkeypatch.setattr(logins, "vouched", and_revoked)
    assert (await shop.refused(asked.id, shop.token(asked.id))).code == "wrong_login"
    assert await shop.state(asked.id) == "received"
