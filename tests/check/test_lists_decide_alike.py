"""A list is decided in bulk by classes of cases; each row of it is what a single check answers."""

import contextlib
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from test_single_and_batch import CARDS, EMAILS, PHONES, USES, Doing, doings, without_number

from consentd.base.ids import new_id
from consentd.check.answers import answer
from consentd.check.lists.deciding import ListDecider
from consentd.check.questions import CheckAsked
from consentd.check.store import gatherer
from consentd.db.tables.people import fact_states, subjects
from consentd.db.unit import Unit
from consentd.kernel.case import Question
from consentd.kernel.errors import CallerError
from consentd.kernel.instants import HOUR, Instant
from consentd.subjects.requests import Identifier
from support.builders import Company
from support.builders_examples import Telling, bounded, on_postgresql, on_sqlite
from support.postgres import Server
from support.rows import audited

everyone = {"email": [*EMAILS, "email:nobody@exemple.fr"], "phone": PHONES, "loyalty": CARDS}


def merged(a: str, b: str) -> Doing:
    async def merge(company: Company) -> None:
        people = [await company.people(one) for one in (a, b)]
        if all(len(found) == 1 for found in people) and people[0] != people[1]:
            await company.merge_ids(people[0][0], people[1][0])

    return merge


def unmerged(who: str) -> Doing:
    async def unmerge(company: Company) -> None:
        def members(connection: sa.Connection) -> list[Any]:
            found = sa.select(subjects.c.id).where(subjects.c.merged).order_by(subjects.c.id).limit(2)
            return list(connection.execute(found).scalars())

        pair = await company.database.read(members)
        if len(pair) == 2:
            await company.unmerge_ids(*pair)

    return unmerge


def frozen(who: str) -> Doing:
    async def freeze(company: Company) -> None:
        people = await company.people(who)

        def write(unit: Unit) -> None:
            for person in people:
                table = sa.update(subjects).where(subjects.c.id == person)
                unit.connection.execute(table.values(restricted_at=unit.now))
            audited(unit)

        await company.database.change(write)

    return freeze


def told_by_another(card: str, address: str) -> Doing:
    """Another system says that the address is this person's, too."""

    async def tell(company: Company) -> None:
        if "shop" not in company.systems:
            await company.add_system("shop")
        await company.gives(card, address, by="shop")

    return tell


def of_an_earlier_version(who: str) -> Doing:
    """Of which kinds their facts are was not noted."""

    async def forget(company: Company) -> None:
        def write(unit: Unit) -> None:
            unit.connection.execute(sa.update(fact_states).values(kinds=None))
            audited(unit)

        await company.database.change(write)

    return forget


more = st.one_of(
    doings,
    doings,
    st.builds(merged, st.sampled_from(CARDS), st.sampled_from(EMAILS + CARDS)),
    st.builds(unmerged, st.sampled_from(CARDS)),
    st.builds(frozen, st.sampled_from(CARDS)),
    st.builds(of_an_earlier_version, st.sampled_from(CARDS)),
    st.builds(told_by_another, st.sampled_from(CARDS), st.sampled_from(EMAILS)),
)
later = st.sampled_from([0, 0, 2, 12, 80])


def telling(population: list[Doing], uses: list[tuple[str, str]], hours: int, few: bool) -> Telling:
    async def tell(company: Company) -> None:
        for do in population:
            # What is about nobody certain is refused, and leaves nothing.
            with contextlib.suppress(CallerError):
                await do(company)
        for purpose, channel in uses:
            for scheme, who in everyone.items():
                values = [one.partition(":")[2] for one in who] * 2
                at = Instant(company.clock() + hours * HOUR)
                decider = ListDecider(
                    gatherer(company.database),
                    company.keyring,
                    await company.checks.vocabulary(),
                    company.systems["till"],
                    Question(purpose, channel, at),
                    scheme,
                )
                decider._few = few
                # The first slice, of one row, teaches it little: the next one is decided by what it learned.
                (first,) = (await decider.decide(values[-1:])).decisions
                decided = await decider.decide(values)
                assert decided.decisions[-1] == first
                found = [answer(one, new_id(), detailed=True) for one in decided.decisions]
                alone = [
                    await company.checks.answer(
                        company.systems["till"], CheckAsked(Identifier(scheme, one), purpose, channel), at
                    )
                    for one in values
                ]
                assert [without_number(one) for one in found] == [without_number(one) for one in alone]

    return tell


populations = st.lists(more, min_size=4, max_size=20)
asked = st.lists(st.sampled_from(USES), min_size=2, max_size=4, unique=True)


@bounded(25)
@given(population=populations, uses=asked, hours=later, few=st.booleans())
def test_a_list_answers_what_each_question_alone_does_on_sqlite(
    sqlite_template: Path, population: list[Doing], uses: list[tuple[str, str]], hours: int, few: bool
) -> None:
    on_sqlite(sqlite_template, telling(population, uses, hours, few))


@bounded(6)
@given(population=populations, uses=asked, hours=later, few=st.booleans())
def test_a_list_answers_what_each_question_alone_does_on_postgresql(
    postgres: Server, population: list[Doing], uses: list[tuple[str, str]], hours: int, few: bool
) -> None:
    on_postgresql(postgres, telling(population, uses, hours, few))
