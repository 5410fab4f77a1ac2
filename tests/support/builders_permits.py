"""Permits as systems ask for them and report their use, and as anybody reads them, with public keys alone.

permit = await permitted(company, "phone:+33624686501")
await used(company, permit, "unanswered")
"""

import asyncio
from typing import Any
from uuid import UUID

import jwt
import msgspec

from consentd.check.answers import Answer
from consentd.check.attempting import AttemptRecorded
from consentd.check.permits import Permits
from consentd.check.questions import CheckAsked
from consentd.check.using import PermitUsed, use
from consentd.crypto.jws import jwks
from consentd.kernel.instants import HOUR, Instant
from consentd.web.idempotency import Repeat
from support.builders import WEDNESDAY, Company
from support.builders_requests import question

ISSUER = "https://consent.maison-lavande.example"
CALLS = ("promotions", "phone")
NOON = Instant(WEDNESDAY + HOUR)
"""An hour after most was recorded; calls are lawful still."""


class Read(msgspec.Struct, frozen=True):
    """A permit as whoever is shown it reads it."""

    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def id(self) -> UUID:
        return UUID(self.claims["jti"])


def permits_of(company: Company) -> Permits:
    return Permits(company.doing, company.checks, ISSUER)


async def ask(
    company: Company,
    *who: str,
    purpose: str = CALLS[0],
    channel: str = CALLS[1],
    by: str = "till",
    repeat: Repeat | None = None,
    **more: Any,
) -> Answer:
    """The answer to a check that asks for a permit."""
    asked = msgspec.structs.replace(question(who, purpose, channel, **more), permit=True)
    return await permits_of(company).check(company.systems[by], asked, repeat)


async def permitted(company: Company, *who: str, **asked: Any) -> Read:
    """The permit of an answer that allows."""
    told = await ask(company, *who, **asked)
    assert told.allow, told.reasons
    assert isinstance(told.permit, str)
    permit = read(company, told.permit)
    assert permit.id == told.permit_id
    return permit


async def may(company: Company, *who: str, **asked: Any) -> bool:
    """Whether a permit was given; allowing and giving one are the same."""
    told = await ask(company, *who, **asked)
    assert isinstance(told.permit, str) is told.allow
    return told.allow


async def permits_at_once(company: Company, number: str, system: str) -> int:
    """How many permits two agents of this system get to call a number, who ask at once."""
    return sum(await asyncio.gather(*(may(company, number, by=system) for _ in range(2))))


async def at_three_of_four(company: Company, number: str) -> None:
    """Somebody who may be called once more in these thirty days."""
    await company.gives(
        number,
        purpose=CALLS[0],
        channel=CALLS[1],
        notice={"id": "phone_offers", "version": "1", "language": "fr"},
    )
    for _ in range(3):
        await company.tried(number)


def read(company: Company, permit: str) -> Read:
    """By a library of the field and the published keys; the clock of the tests is not the machine's."""
    keys = jwt.PyJWKSet.from_dict(jwks(company.keyring.public_keys()))
    header = jwt.get_unverified_header(permit)
    claims = jwt.decode(
        permit,
        keys[header["kid"]],
        algorithms=["EdDSA"],
        options={"verify_exp": False, "verify_iat": False, "verify_aud": False},
    )
    return Read(header, claims)


async def used(
    company: Company,
    permit: Read | UUID,
    outcome: Any = "unanswered",
    *,
    at: str | None = None,
    by: str = "till",
    repeat: Repeat | None = None,
) -> tuple[int, AttemptRecorded]:
    """Status and answer of a report that a permit was used."""
    id_ = permit if isinstance(permit, UUID) else permit.id
    return await use(
        company.doing, company.systems[by], id_, PermitUsed(outcome=outcome, occurred_at=at), repeat
    )


def plainly(who: tuple[str, ...]) -> CheckAsked:
    """The same question without a permit."""
    return question(who, *CALLS)
