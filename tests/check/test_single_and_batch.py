"""One question or a slice of many, it is one statement and one decision: the answers are the same."""

import contextlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.check import service
from consentd.check.answers import Answer
from consentd.check.questions import CheckAsked
from consentd.kernel.errors import CallerError
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import HOUR, Instant
from support.builders import WEDNESDAY, Company
from support.builders_examples import Telling, bounded, on_postgresql, on_sqlite
from support.builders_permits import may
from support.builders_requests import question
from support.postgres import Server

EMAILS = [f"email:client{number}@exemple.fr" for number in range(4)]
PHONES = [f"phone:+3362468650{number}" for number in range(3)]
CARDS = [f"loyalty:{number}" for number in range(4)]
OTHERS = ["email:nobody@exemple.fr", "email:nonsense", "passport:1", "postal:14 rue du Parfait Silence"]
USES = [
    ("newsletter", "email"),
    ("promotions", "email"),
    ("promotions", "phone"),
    ("promotions", "in_store"),
    ("promotions", "post"),
    ("club_enfants", "email"),
    ("orders", "sms"),
    ("horoscope", "email"),
]
CALLS = {"id": "phone_offers", "version": "1", "language": "fr"}
Doing = Callable[[Company], Any]

people = st.lists(st.sampled_from(EMAILS + PHONES + CARDS), min_size=1, max_size=3, unique=True).map(tuple)
certain = st.integers(0, 2).map(lambda n: (CARDS[n], EMAILS[n], PHONES[n]))
consented = st.sampled_from(USES[:4])


def gives(who: tuple[str, ...], use: tuple[str, str], method: str) -> Doing:
    purpose, channel = use
    text = {"notice": CALLS} if channel == "phone" else {}
    return lambda company: company.gives(*who, purpose=purpose, channel=channel, method=method, **text)


def says(who: tuple[str, ...], use: tuple[str, str], state: str) -> Doing:
    return lambda company: company.says(state, *who, purpose=use[0], channel=use[1])


def told(kind: str, **members: Any) -> Callable[[tuple[str, ...]], Doing]:
    return lambda who: lambda company: company.told(kind, *who, **members)


def is_called(card: str, phone: str) -> Doing:
    """Tries that are made, and one that a permit reserves."""

    async def call(company: Company) -> None:
        await company.gives(card, phone, purpose="promotions", channel="phone", notice=CALLS)
        for _ in range(2):
            await company.tried(card, phone)
        await may(company, card, phone)

    return call


doings = st.one_of(
    st.builds(gives, people | certain, consented, st.sampled_from(["checkbox", "portal"])),
    st.builds(gives, certain, consented, st.just("checkbox")),
    st.builds(says, people, consented, st.sampled_from(["withdrawn", "refused", "requested"])),
    people.map(lambda who: lambda company: company.objects(*who)),
    st.builds(is_called, st.sampled_from(CARDS), st.sampled_from(PHONES)),
    certain.map(told("birth_date", value="2014-05-04")),
    certain.map(told("contract", start="2026-01-01", subject_matter="fragrance_subscription")),
    certain.map(told("professional", contact_point=EMAILS[0])),
    certain.map(
        lambda who: (
            lambda company: company.told(
                "sale",
                *who,
                occurred_at="2026-10-01",
                product="skincare",
                refusal_offered=True,
                address_from_person=True,
                contact_point=who[1],
            )
        )
    ),
    certain.map(lambda who: lambda company: company.tried(*who)),
    st.sampled_from(EMAILS).map(lambda who: lambda company: erased(company, who)),
)
questions = st.builds(
    question,
    st.lists(st.sampled_from(EMAILS + PHONES + CARDS + OTHERS), min_size=1, max_size=3, unique=True).map(
        tuple
    ),
    purpose=st.just("newsletter"),
    channel=st.just("email"),
    point=st.sampled_from([None, None, None, *EMAILS, *OTHERS[:2]]),
    at=st.sampled_from([None, None, *(Instant(WEDNESDAY + hours * HOUR) for hours in (2, 3, 12, 24, 80))]),
).flatmap(
    lambda asked: st.sampled_from(USES).map(
        lambda use: msgspec.structs.replace(asked, purpose=use[0], channel=use[1])
    )
)


async def erased(company: Company, who: str) -> None:
    for person in await company.people(who):
        await company.erase_id(person, keep_suppression=True)


def telling(population: list[Doing], asked: list[CheckAsked]) -> Telling:
    async def tell(company: Company) -> None:
        for do in population:
            # What is about nobody certain is refused, and leaves nothing.
            with contextlib.suppress(CallerError):
                await do(company)
        alone = [await company.ask(one) for one in asked]
        together = await company.ask_all(*asked)
        assert [without_number(one) for one in together] == [without_number(one) for one in alone]
        assert len({one.decision_id for one in together}) == len(asked)

    return tell


def without_number(answer: Answer) -> Answer:
    return msgspec.structs.replace(answer, decision_id=NOBODY)


@pytest.fixture(autouse=True, scope="module")
def narrow_blocks() -> Any:
    """So few questions to a block that every batch here takes several, of every width."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(service, "BLOCK", 13)
        yield


populations = st.lists(doings, min_size=4, max_size=20)
batches = st.lists(questions, min_size=10, max_size=40)


@bounded(12)
@given(population=populations, asked=batches)
def test_a_batch_answers_what_each_question_alone_does_on_sqlite(
    sqlite_template: Path, population: list[Doing], asked: list[CheckAsked]
) -> None:
    on_sqlite(sqlite_template, telling(population, asked))


@bounded(5)
@given(population=populations, asked=batches)
def test_a_batch_answers_what_each_question_alone_does_on_postgresql(
    postgres: Server, population: list[Doing], asked: list[CheckAsked]
) -> None:
    on_postgresql(postgres, telling(population, asked))
