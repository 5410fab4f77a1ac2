"""Who is one person with whom, on made-up histories of calls.

The order of calls does not matter where they leave no doubt; nobody is joined by a call, whatever it names;
and what somebody approved can be taken back.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import example, given
from hypothesis import strategies as st

from consentd.consent import deciding
from consentd.db.tables.people import subject_edges
from consentd.evidence.model import OPERATOR
from consentd.kernel.ids import NOBODY
from consentd.subjects.requests import Name
from consentd.subjects.service import Candidate, merge_candidates
from support.builders import Company
from support.builders_examples import Telling, bounded, on_postgresql, on_sqlite
from support.builders_requests import event
from support.postgres import Server

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

PEOPLE = ("anne", "luc", "zoe")
SHARED = ("email:famille@exemple.fr", "phone:+33472000000")
NAMES = {one: Name(given=one.title(), family="Roux") for one in PEOPLE}


def own(person: str) -> list[str]:
    """What nobody else has; the card stands first."""
    digit = PEOPLE.index(person)
    return [
        f"loyalty:{person}",
        f"email:{person}@exemple.fr",
        f"phone:+3362468650{digit}",
        f"shopify:{person}",
    ]


Call = tuple[str, tuple[str, ...], bool]
"""Who calls, what is named, and whether it is a no."""


@st.composite
def certain_calls(draw: "DrawFn") -> Call:
    """It names the card; anything of theirs beside it."""
    person = draw(st.sampled_from(PEOPLE))
    card, *others = own(person)
    more = draw(st.lists(st.sampled_from(others), unique=True))
    return person, (card, *more), draw(st.booleans())


@st.composite
def any_calls(draw: "DrawFn") -> Call:
    """Some of what is theirs, and beside their card what they share with others: without a number by which
    these are told apart, an equal address is a certain join (docs/data.md).
    """
    person = draw(st.sampled_from(PEOPLE))
    named = draw(st.lists(st.sampled_from(own(person)), unique=True, min_size=1))
    if own(person)[0] in named:
        named += draw(st.lists(st.sampled_from(SHARED), unique=True))
    return person, tuple(named), draw(st.booleans())


async def hear(company: Company, calls: Iterable[Call]) -> None:
    for person, named, refuses in calls:
        # Who fills in a form was not asked: that is heard after a no too.
        said = event(
            "promotions",
            "push",
            state="withdrawn" if refuses else "requested",
            method=None if refuses else "form",
        )
        await company.send(named, said, name=NAMES[person])


async def held(company: Company, names: Iterable[str]) -> dict[str, frozenset[UUID]]:
    """Who holds each of those that somebody holds."""
    found = {name: frozenset[UUID](await company.people(name)) for name in sorted(set(names))}
    return {name: people for name, people in found.items() if people}


async def together(company: Company, calls: Sequence[Call]) -> set[frozenset[str]]:
    """Which identifiers are one person's."""
    whose = await held(company, (name for _, named, _ in calls for name in named))
    return {frozenset(name for name in whose if whose[name] == people) for people in whose.values()}


async def edges(company: Company) -> int:
    count = sa.select(sa.func.count()).select_from(subject_edges)
    return await company.database.read(lambda connection: int(connection.scalar(count) or 0))


async def candidates(company: Company, status: str = "open") -> list[Candidate]:
    return await company.database.read(lambda connection: merge_candidates(connection, NOBODY, 100, status))


async def decide(company: Company, decision: deciding.Decision, candidate: UUID) -> None:
    company.clock.move(minutes=1)
    await company.database.change(lambda unit: decision(unit, company.keyring, OPERATOR, candidate))


def in_any_order(calls: list[Call], other: list[Call]) -> tuple[Telling, Telling]:
    found: list[set[frozenset[str]]] = []

    async def first(company: Company) -> None:
        await hear(company, calls)
        found.append(await together(company, calls))

    async def second(company: Company) -> None:
        await hear(company, other)
        assert await together(company, calls) == found[0]
        assert await candidates(company) == []

    return first, second


def nobody_joined(calls: list[Call]) -> Telling:
    async def tell(company: Company) -> None:
        for call in calls:
            await hear(company, [call])
            owners = await held(company, (name for person in PEOPLE for name in own(person)))
            for name, people in owners.items():
                (person,) = (one for one in PEOPLE if name in own(one))
                for other, others in owners.items():
                    # What a no named beside a contradiction is tied to all who may have said it.
                    sure = len(people) == len(others) == 1
                    assert other in own(person) or not (sure and people == others), calls
        assert await edges(company) == 0
        await company.verify_everything()

    return tell


def approved_in_any_order(calls: list[Call]) -> Telling:
    """Whatever the order, what is approved makes each person whole that one call has tied together."""

    async def tell(company: Company) -> None:
        await hear(company, calls)
        before = await together(company, calls)
        done = []
        while pairs := await candidates(company):
            done.append(pairs[0].id)
            await decide(company, deciding.approve, pairs[0].id)
        now = await together(company, calls)
        # What was named beside a contradiction alone is nobody's.
        held_now = frozenset().union(*now)
        assert now == {part & held_now for part in parts([frozenset(named) for _, named, _ in calls])}
        for candidate in reversed(done):
            await decide(company, deciding.undo, candidate)
        assert await together(company, calls) == before
        await company.verify_everything()

    return tell


def parts(sets: list[frozenset[str]]) -> list[frozenset[str]]:
    """Joined wherever they meet."""
    found: list[frozenset[str]] = []
    for one in sets:
        meeting = [other for other in found if other & one]
        found = [other for other in found if other not in meeting] + [one.union(*meeting)]
    return found


def only_own(calls: list[Call]) -> list[Call]:
    """Without what people share."""
    return [(who, tuple(name for name in named if name not in SHARED), no) for who, named, no in calls]


some = st.lists(certain_calls(), min_size=2, max_size=7).flatmap(
    lambda calls: st.tuples(st.just(calls), st.permutations(calls))
)
LUC, SHOP, MAILBOX = "loyalty:luc", "shopify:luc", SHARED[0]
TIED: list[Call] = [
    ("anne", ("loyalty:anne", MAILBOX), False),
    ("luc", (SHOP,), False),
    ("luc", (SHOP, MAILBOX, LUC), True),
    ("luc", (LUC, MAILBOX, "email:luc@exemple.fr"), False),
]
"""A number that was tied to the wrong customer by a no, named again beside what they share."""
APART: list[Call] = [
    ("anne", ("email:anne@exemple.fr",), False),
    ("anne", ("loyalty:anne",), False),
    ("anne", ("shopify:anne", "phone:+33624686500"), False),
    ("anne", ("email:anne@exemple.fr", "loyalty:anne"), True),
    ("anne", ("loyalty:anne", "phone:+33624686500"), False),
]


@bounded(25)
@given(some)
def test_the_order_of_calls_does_not_matter_where_they_leave_no_doubt(
    sqlite_template: Path, both: tuple[list[Call], list[Call]]
) -> None:
    for telling in in_any_order(*both):
        on_sqlite(sqlite_template, telling)


@bounded(40)
@given(st.lists(any_calls(), min_size=2, max_size=9))
@example(TIED)
def test_no_call_joins_two_people_on_sqlite(sqlite_template: Path, calls: list[Call]) -> None:
    on_sqlite(sqlite_template, nobody_joined(calls))


@bounded(6)
@given(st.lists(any_calls(), min_size=2, max_size=9))
@example(TIED)
def test_no_call_joins_two_people_on_postgresql(postgres: Server, calls: list[Call]) -> None:
    on_postgresql(postgres, nobody_joined(calls))


@bounded(25)
@given(st.lists(any_calls().map(lambda call: only_own([call])[0]), min_size=2, max_size=9))
@example(APART)
@example(APART[::-1])
def test_what_is_approved_makes_people_whole_and_undone_apart_again(
    sqlite_template: Path, calls: list[Call]
) -> None:
    on_sqlite(sqlite_template, approved_in_any_order(calls))


ANSWERS = [("newsletter", "email"), ("promotions", "email"), ("orders", "email")]


@pytest.mark.parametrize("meanwhile", [None, "given", "withdrawn"])
async def test_undone_everyone_may_be_contacted_as_before_but_for_what_restricts(
    company: Company, meanwhile: str | None
) -> None:
    one, other = "loyalty:1", "loyalty:2"
    await company.gives(one, MAILBOX)
    await company.gives(other, MAILBOX, purpose="promotions")

    async def answers() -> list[bool]:
        return [
            await company.allows(who, MAILBOX, purpose=purpose, channel=channel)
            for who in (one, other)
            for purpose, channel in ANSWERS
        ]

    before = await answers()
    (pair,) = await candidates(company)
    await decide(company, deciding.approve, pair.id)
    assert all(await answers())
    if meanwhile == "given":
        await company.gives(one, purpose="promotions")
    elif meanwhile == "withdrawn":
        await company.withdraws(one)
    await decide(company, deciding.undo, pair.id)
    expected = list(before)
    if meanwhile == "given":
        expected[1] = True  # it follows the card that it named
    elif meanwhile == "withdrawn":
        expected[0] = False
        assert await company.why(other) == "withdrawn"
    assert await answers() == expected
    await company.verify_everything()
