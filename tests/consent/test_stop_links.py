"""Stop links pressed: what they end, on both databases; that they end nothing twice, and allow nothing."""

import asyncio
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.consent.stopping.asking import Linking
from consentd.consent.stopping.pressing import Stopping
from consentd.consent.stopping.rules import Stops
from consentd.consent.stopping.shapes import MessageRecipient, StopLinksAsked, StopLinkTold
from consentd.consent.stopping.tokens import StopLink
from consentd.evidence import journal
from consentd.evidence.journal import StopKind
from consentd.kernel.errors import Forbidden
from support.builders import Company, refused
from support.builders_examples import bounded, on_postgresql, on_sqlite
from support.builders_requests import identifier
from support.postgres import Server

ANA = "email:ana@exemple.fr"
BEN = "email:ben@exemple.fr"


class Messages:
    """A mailing tool's part, and a reader's."""

    def __init__(self, company: Company) -> None:
        self.company = company
        self.linking = Linking(company.doing, "https://consent.example", company.clock)
        self.stopping = Stopping(company.doing, "https://consent.example", company.clock)

    async def told(
        self,
        *who: str,
        purpose: str = "newsletter",
        channel: str = "email",
        point: str | None = None,
        by: str = "till",
    ) -> StopLinkTold:
        named = tuple(identifier(one) for one in who)
        at = identifier(point) if point else None
        asked = StopLinksAsked(purpose, channel, (MessageRecipient(named, at),))
        (link,) = (await self.linking.links(self.company.systems[by], asked)).links
        return link

    async def link(self, *who: str, **message: str) -> StopLink:
        told = await self.told(*who, **message)
        assert told.url is not None, told.code
        found = self.stopping.read(told.url.rpartition("/")[2])
        assert found is not None
        return found

    async def stop(self, *who: str, stops: Stops = Stops.THIS, **message: str) -> None:
        self.company.clock.move(minutes=1)
        await self.stopping.press(await self.link(*who, **message), stops)


@pytest.fixture
def messages(company: Company) -> Messages:
    return Messages(company)


async def test_a_press_ends_the_newsletter_with_the_next_check(company: Company, messages: Messages) -> None:
    await company.gives(ANA)
    assert await company.allows(ANA)
    await messages.stop(ANA)
    assert await company.why(ANA) == "withdrawn"
    assert (await company.actions())[-1] == "stop.recorded"
    await company.verify_everything()


async def test_promise_5_the_stop_is_in_the_synced_journal(company: Company, messages: Messages) -> None:
    await company.gives(ANA, purpose="promotions")
    await messages.stop(ANA, purpose="promotions")
    stops = journal.read(company.folder / "stop-journal.jsonl", company.keyring).stops
    assert [(one.kind, one.purpose, one.channel) for one in stops] == [
        (StopKind.WITHDRAWN, "promotions", "email"),
        (StopKind.OBJECTED, "promotions", "email"),
    ]
    assert all(one.identifiers for one in stops)


async def test_what_rests_on_a_sale_is_objected_to(company: Company, messages: Messages) -> None:
    sale = {"product": "skincare", "refusal_offered": True, "address_from_person": True}
    await company.told("sale", ANA, occurred_at=company.at(60), contact_point=ANA, **sale)
    assert await company.allows(ANA, purpose="promotions")
    await messages.stop(ANA, purpose="promotions")
    assert await company.why(ANA, purpose="promotions") == "objected"
    # Staff who put them back in by a box are not enough; an act of the person's own is.
    await company.gives(ANA, purpose="promotions")
    assert await company.why(ANA, purpose="promotions") == "objected"
    await company.gives(ANA, purpose="promotions", method="signed_form", proof="held")
    assert await company.allows(ANA, purpose="promotions")
    await company.verify_everything()


async def test_a_survey_ends_and_a_recall_does_not(company: Company, messages: Messages) -> None:
    await company.gives(ANA)
    assert await company.allows(ANA, purpose="customer_research")
    await messages.stop(ANA, purpose="customer_research")
    assert await company.why(ANA, purpose="customer_research") == "objected"
    before = await company.actions()
    for purpose in ("orders", "product_recall"):
        await messages.stop(ANA, purpose=purpose)
        assert await company.allows(ANA, purpose=purpose)
    assert await company.actions() == before
    assert await company.allows(ANA)


async def test_all_marketing_by_a_channel_and_all_of_it(company: Company, messages: Messages) -> None:
    await company.gives(ANA, "device:abc", purpose="newsletter", channel="push")
    await company.gives(ANA, purpose="promotions")
    await messages.stop(ANA, stops=Stops.CHANNEL, purpose="orders")
    assert await company.why(ANA, purpose="promotions") == "objected"
    assert await company.allows("device:abc", channel="push")
    await messages.stop(ANA, stops=Stops.ALL, purpose="orders")
    assert await company.why("device:abc", channel="push") == "objected"
    assert await company.allows(ANA, purpose="orders")


async def test_a_second_press_writes_nothing(company: Company, messages: Messages) -> None:
    await company.gives(ANA, contact_point=ANA)
    for stops in Stops:
        await messages.stop(ANA, stops=stops, purpose="promotions")
    await messages.stop(ANA)
    before = await company.actions()
    for stops in [*Stops, *Stops]:
        await messages.stop(ANA, stops=stops, purpose="promotions")
        await messages.stop(ANA, stops=stops)
    assert await company.actions() == before
    # Once there is something again, it counts again.
    await company.gives(ANA, method="signed_form", proof="held")
    assert await company.allows(ANA)
    await messages.stop(ANA)
    assert await company.why(ANA) == "withdrawn"


async def test_two_presses_at_once_write_one_event(company: Company, messages: Messages) -> None:
    await company.gives(ANA)
    link = await messages.link(ANA, purpose="promotions")
    await asyncio.gather(*(messages.stopping.press(link, Stops.THIS) for _ in range(6)))
    assert (await company.actions()).count("stop.recorded") == 1
    await company.verify_everything()


async def test_an_older_yes_that_arrives_later_does_not_outlive_a_stop(
    company: Company, messages: Messages
) -> None:
    await company.says("unknown", ANA)
    offline = company.at(30)
    await messages.stop(ANA)
    await company.gives(ANA, at=offline)
    assert await company.why(ANA) == "withdrawn"


async def test_a_yes_from_a_clock_ahead_does_not_outlive_a_stop(company: Company, messages: Messages) -> None:
    await company.gives(ANA, at=company.at(-4))
    await messages.stop(ANA)
    company.clock.move(hours=1)
    assert await company.why(ANA) == "withdrawn"


async def test_promise_14_after_an_erasure_it_still_answers_and_nothing_is_written(
    company: Company, messages: Messages
) -> None:
    await company.gives(ANA)
    link = await messages.link(ANA)
    await company.erase(ANA)
    before = await company.actions()
    for stops in Stops:
        await messages.stopping.press(link, stops)
    assert await company.actions() == before
    assert messages.stopping.read(messages.stopping._links.token(link)) == link


async def test_whoever_shares_a_mailbox_stops_it_for_all_who_do(company: Company, messages: Messages) -> None:
    await company.gives(ANA, "loyalty:1")
    await company.gives(ANA, "loyalty:2")
    await company.gives("loyalty:1", purpose="newsletter", channel="email", contact_point=ANA)
    link = await messages.link(ANA)
    assert link.subject is None
    await messages.stopping.press(link, Stops.ALL)
    for card in ("loyalty:1", "loyalty:2"):
        assert await company.why(card, purpose="promotions", channel="email", point=ANA) == "objected"


async def test_a_link_follows_its_person_through_merging_and_parting(
    company: Company, messages: Messages
) -> None:
    await company.gives(ANA)
    await company.gives(BEN)
    link = await messages.link(ANA)
    ana, ben = await company.person(ANA), await company.person(BEN)
    await company.merge_ids(ana, ben)
    await messages.stopping.press(link, Stops.THIS)
    assert await company.why(BEN) == "withdrawn"
    await company.unmerge_ids(ana, ben)
    # What restricts stays with every part.
    assert await company.why(ANA) == "withdrawn"
    await company.verify_everything()


async def test_who_is_meant_is_told_by_a_code_where_nobody_is(company: Company, messages: Messages) -> None:
    await company.gives(ANA, "loyalty:1")
    await company.gives(BEN, "loyalty:2")
    assert (await messages.told("email:nobody@exemple.fr")).code == "unknown_person"
    assert (await messages.told("email:not an address")).code == "invalid_identifier"
    assert (await messages.told("pigeon:7")).code == "invalid_identifier"
    assert (await messages.told("loyalty:1", "loyalty:2")).code == "ambiguous_subject"
    ana = await company.person(ANA)
    assert (await messages.link("loyalty:1")).subject == ana
    assert (await messages.link("loyalty:1")).identifier is None
    by_card = await messages.link("loyalty:1", point=ANA)
    assert by_card == await messages.link(ANA)
    assert by_card.identifier is not None
    assert (await messages.link("loyalty:1", point="email:other@exemple.fr")).identifier is None
    # They contradict each other: the mailbox itself is left.
    assert (await messages.link(ANA, "loyalty:2")).subject is None
    told = await messages.told(ANA)
    assert told.url is not None
    assert not any(part in told.url.lower() for part in ("@", "%40", "exemple"))
    assert told.headers is not None
    assert told.headers.unsubscribe == f"<{told.url}>"
    assert told.headers.post == "List-Unsubscribe=One-Click"


async def test_a_system_asks_within_its_limits(company: Company, messages: Messages) -> None:
    await company.gives(ANA)
    await company.add_system("mailer", purposes=["newsletter"], channels=["email"])
    assert (await messages.told(ANA, by="mailer")).url
    with pytest.raises(Forbidden) as error:
        await messages.told(ANA, purpose="promotions", by="mailer")
    assert error.value.code == "outside_limits"
    with refused("unknown_purpose"):
        await messages.told(ANA, purpose="gone")
    with refused("unknown_channel"):
        await messages.told(ANA, channel="pigeon")


ACTS = st.lists(
    st.tuples(
        st.sampled_from(["newsletter", "promotions", "customer_research", "orders"]),
        st.sampled_from(["email", "push", "post"]),
        st.sampled_from(list(Stops)),
    ),
    min_size=1,
    max_size=6,
)
ASKED = [
    (purpose, channel)
    for purpose in ("newsletter", "promotions", "customer_research", "orders", "product_recall")
    for channel in ("email", "push", "post")
]
EVERYONE = (ANA, BEN, "loyalty:1")


# What may stand before: (who, what, purpose, channel).
MARKS = st.lists(
    st.tuples(
        st.sampled_from([*EVERYONE, f"{ANA} loyalty:1", f"{BEN} loyalty:1", f"{ANA} {BEN}"]),
        st.sampled_from(["yes", "point", "sale", "objection", "refusal", "claim", "own", "ahead"]),
    ),
    max_size=5,
)


async def made(company: Company, marks: list[tuple[str, str]]) -> None:
    for named, mark in [(ANA, "yes"), *marks]:
        who = named.split()
        match mark:
            case "yes":
                await company.gives(*who)
            case "point":
                await company.gives(*who, contact_point=who[0] if who[0].startswith("email") else ANA)
            case "sale":
                said = {"product": "skincare", "refusal_offered": True, "address_from_person": True}
                point = {"contact_point": ANA} if ANA in who else {}
                await company.told("sale", *who, occurred_at=company.at(60), **said, **point)
            case "objection":
                await company.objects(*who, purposes=("promotions",))
            case "refusal":
                await company.says("refused", *who)
            case "claim":
                await company.claims(*who, purpose="promotions")
            case "own":
                await company.gives(*who, purpose="promotions", method="signed_form", proof="held")
            case "ahead":
                await company.gives(*who, at=company.at(-4), purpose="promotions")


async def allowed(company: Company) -> set[tuple[str, str, str]]:
    found = set()
    for who in EVERYONE:
        for purpose, channel in ASKED:
            for at in (None, company.clock.now + 600_000_000):
                if await company.allows(who, purpose=purpose, channel=channel, at=at):
                    found.add((who, purpose, channel if at is None else f"{channel} soon"))
    return found


async def told(company: Company, marks: list[tuple[str, str]], presses: list[tuple[str, str, Stops]]) -> None:
    messages = Messages(company)
    await made(company, marks)
    for purpose, channel, stops in presses:
        for who in (ANA, BEN, "loyalty:1"):
            link = await messages.told(who, purpose=purpose, channel=channel)
            if link.url is None:
                continue
            before = await allowed(company)
            found = messages.stopping.read(link.url.rpartition("/")[2])
            assert found is not None
            await messages.stopping.press(found, stops)
            assert await allowed(company) <= before
    await company.verify_everything()


@bounded(12)
@given(marks=MARKS, presses=ACTS)
def test_promise_14_no_sequence_of_presses_allows_what_was_denied(
    sqlite_template: Path, marks: list[tuple[str, str]], presses: list[tuple[str, str, Stops]]
) -> None:
    on_sqlite(sqlite_template, lambda company: told(company, marks, presses))


@bounded(3)
@given(marks=MARKS, presses=ACTS)
def test_promise_14_nor_on_postgresql(
    postgres: Server, marks: list[tuple[str, str]], presses: list[tuple[str, str, Stops]]
) -> None:
    on_postgresql(postgres, lambda company: told(company, marks, presses))
