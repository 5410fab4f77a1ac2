"""Promises 5 and 6 on made-up histories: after every act the state is the fold, the log verifies, and a
plain model that shares no code with the service answers every question alike.

Several systems report late and out of order about people who share addresses; people are merged, taken
apart again and erased.
"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import example, given, note
from hypothesis import strategies as st
from model import Act, Choice, Erases, Merges, Objects, Question, Unmerges, World, world_of

from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import MINUTE, Instant, to_text
from support import builders_requests as requests
from support.builders import WEDNESDAY, Company
from support.builders_examples import Telling, bounded, on_postgresql, on_sqlite
from support.postgres import Server

if TYPE_CHECKING:
    from hypothesis.strategies import DrawFn

EMAILS = ["email:anne@exemple.fr", "email:luc@exemple.fr", "email:famille@exemple.fr"]
CARDS = ["loyalty:1", "loyalty:2", "loyalty:3"]
ASKED = [
    ("newsletter", "email"),
    ("promotions", "email"),
    ("promotions", "in_store"),
    ("customer_research", "email"),
    ("orders", "email"),
]
QUESTIONS = [
    Question(who, purpose, channel)
    for who in [*((one,) for one in EMAILS + CARDS), *((card, email) for card in CARDS for email in EMAILS)]
    for purpose, channel in ASKED
] + [Question((card,), "newsletter", "email", point=email) for card in CARDS for email in EMAILS]

# Mostly one person's own details, sometimes another's.
named = st.sampled_from(
    [
        *((one,) for one in EMAILS + CARDS),
        *((CARDS[number], EMAILS[number]) for number in (0, 1, 0, 1, 2)),
        *((CARDS[number], EMAILS[2]) for number in (0, 1)),
        (CARDS[0], EMAILS[1]),
        (EMAILS[0], EMAILS[1]),
    ]
)
lateness = st.sampled_from([0, 0, 0, 1, 2, 3, 5, 8])
points = st.sampled_from([None, None, None, *EMAILS])


@st.composite
def choices(draw: "DrawFn") -> Choice:
    purpose, channel = draw(st.sampled_from([*ASKED[:2], *ASKED[:2], *ASKED[:4]]))
    may_consent = purpose in requests.NOTICES
    state = draw(st.sampled_from(["given", "given", "refused", "withdrawn"])) if may_consent else "withdrawn"
    return Choice(
        draw(named),
        purpose,
        channel,
        state,
        draw(lateness),
        draw(st.sampled_from(["checkbox", "checkbox", "portal", "double_opt_in"])),
        proven=draw(st.sampled_from([True, True, True, False])),
        point=draw(points) if channel == "email" else None,
    )


objections = st.builds(
    Objects,
    named,
    lateness,
    purpose=st.sampled_from([None, None, "newsletter", "promotions", "customer_research"]),
    channel=st.sampled_from([None, None, "email"]),
    point=points,
    ground=st.sampled_from(["marketing", "marketing", "particular"]),
)
numbers = st.integers(0, 5)
acts = st.one_of(
    choices(),
    choices(),
    choices(),
    objections,
    st.builds(Merges, numbers, numbers),
    st.one_of(st.builds(Unmerges, numbers), st.builds(Erases, numbers, st.booleans())),
)


class Story:
    """A company and the list of all that was done in it."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.acts: list[tuple[Act, int]] = []
        self.ids: dict[int, SubjectId] = {}

    @property
    def minute(self) -> int:
        return (self.company.clock.now - WEDNESDAY) // MINUTE

    async def do(self, number: int, act: Act) -> None:
        """One act, by one of the systems, one minute after the last."""
        before = world_of(self.acts)
        now = self.minute + 1
        if isinstance(act, Choice | Objects):
            act = replace(act, at=now - act.at)
            subject = await self.record(act, by=("till", "webshop")[number % 2])
        else:
            await self.change(act, before)
            subject = None
        self.company.clock.now = Instant(WEDNESDAY + now * MINUTE)
        self.acts.append((act, now))
        note(f"{number}: {act}")
        after = world_of(self.acts)
        if after.born > before.born:
            assert subject is not None
            self.ids[after.born] = subject

    async def record(self, act: Choice | Objects, by: str) -> SubjectId:
        at = to_text(Instant(WEDNESDAY + act.at * MINUTE))
        if isinstance(act, Objects):
            recorded = await self.company.objects(
                *act.who,
                at=at,
                by=by,
                purposes=(act.purpose,) if act.purpose else (),
                channels=(act.channel,) if act.channel else (),
                contact_point=act.point,
                ground=act.ground,
            )
            return SubjectId(recorded.objections[0].subject_id)
        said = {"purpose": act.purpose, "channel": act.channel, "at": at, "by": by}
        said |= {"contact_point": act.point, "method": act.method}
        if act.state != "given":
            answer = await self.company.says(act.state, *act.who, **said)
        elif act.proven:
            answer = await self.company.gives(*act.who, **said, on_incomplete="keep_as_claim")
        else:
            answer = await self.company.claims(*act.who, **said)
        return SubjectId(answer.events[0].subject_id)

    async def change(self, act: Act, world: World) -> None:
        if isinstance(act, Merges) and world.alive:
            people = world.people()
            a, b = min(people[act.a % len(people)]), min(people[act.b % len(people)])
            if a != b:
                await self.company.merge_ids(self.ids[a], self.ids[b])
        elif isinstance(act, Unmerges) and world.edges:
            a, b = world.edges[act.which % len(world.edges)]
            await self.company.unmerge_ids(self.ids[a], self.ids[b])
        elif isinstance(act, Erases) and world.alive:
            people = world.people()
            gone = min(people[act.person % len(people)])
            await self.company.erase_id(self.ids[gone], keep_suppression=act.keep_suppression)

    async def compare(self) -> None:
        """The model and the service, one by one and all at once, answer alike."""
        world = world_of(self.acts)
        expected = [world.allows(question) for question in QUESTIONS]
        asked = [requests.question(q.who, q.purpose, q.channel, point=q.point) for q in QUESTIONS]
        together = await self.company.ask_all(*asked)
        wrong = [
            (question, should, [reason.code for reason in answer.reasons])
            for question, should, answer in zip(QUESTIONS, expected, together, strict=True)
            if answer.allow != should
        ]
        assert not wrong
        # One by one a few of them, each time others.
        for index in range(len(self.acts) % 7, len(asked), 7):
            alone = await self.company.ask(asked[index])
            assert (alone.allow, alone.reasons) == (together[index].allow, together[index].reasons)


def telling(history: list[Act]) -> Telling:
    async def tell(company: Company) -> None:
        await company.add_system("webshop")
        story = Story(company)
        for number, act in enumerate(history):
            await story.do(number, act)
            await company.verify_everything()
            await story.compare()

    return tell


histories = st.lists(acts, min_size=1, max_size=14)
TAKEN_APART: list[Act] = [
    Choice((CARDS[0], EMAILS[0]), "newsletter", "email", "given", 3),
    Choice((CARDS[1], EMAILS[1]), "promotions", "email", "withdrawn", 2),
    Merges(0, 1),
    Choice((CARDS[0], EMAILS[1]), "promotions", "email", "given", 0),
    Choice((EMAILS[0],), "promotions", "email", "given", 0, point=EMAILS[0]),
    Objects((CARDS[1],), 0, channel="email", point=EMAILS[1]),
    Unmerges(0),
    Choice((CARDS[1], EMAILS[1]), "newsletter", "email", "given", 0, "portal"),
    Merges(0, 1),
    Unmerges(0),
    Erases(1, keep_suppression=True),
    Choice((CARDS[2], EMAILS[1]), "newsletter", "email", "given", 0, "portal"),
    Choice((CARDS[2],), "newsletter", "email", "given", 0, "portal", point=EMAILS[1]),
]
"""Merged, written about together, taken apart, merged again, and one of them erased and back."""


@bounded(25)
@given(history=histories)
@example(history=TAKEN_APART)
def test_promise_6_every_history_is_answered_as_the_plain_model_says_on_sqlite(
    sqlite_template: Path, history: list[Act]
) -> None:
    on_sqlite(sqlite_template, telling(history))


@bounded(8)
@given(history=histories)
@example(history=TAKEN_APART)
def test_promise_6_every_history_is_answered_as_the_plain_model_says_on_postgresql(
    postgres: Server, history: list[Act]
) -> None:
    on_postgresql(postgres, telling(history))
