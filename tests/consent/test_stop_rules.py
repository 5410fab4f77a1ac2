"""What a stop link ends: worked out from the policy and from what stands, and never more than a reduction."""

from collections.abc import Sequence
from uuid import UUID

import msgspec
import pytest

from consentd.consent.stopping.rules import (
    Ending,
    Objecting,
    Stops,
    Unended,
    ending,
    remains,
    stoppable,
    unended,
)
from consentd.kernel.fold import Objection, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import MINUTE, Instant
from consentd.kernel.states import ConsentState, Ground
from support.builders import WEDNESDAY, demo_policy

POLICY = demo_policy()
MARKETING, PARTICULAR = Ground.MARKETING, Ground.PARTICULAR
EVENT, POINT = NOBODY, UUID(int=5)


@pytest.mark.parametrize(
    ("purpose", "channel", "ends"),
    [
        # Consent alone: taken back. With something beside it: objected to as well.
        ("newsletter", "email", Ending((), consent=True)),
        ("open_tracking", "email", Ending((), consent=True)),
        ("promotions", "email", Ending((Objecting("promotions", "email", MARKETING),), consent=True)),
        ("promotions", "post", Ending((Objecting("promotions", "post", MARKETING),), consent=True)),
        # The company's interest, without marketing: an objection on particular grounds.
        ("customer_research", "email", Ending((Objecting("customer_research", "email", PARTICULAR),))),
        # A contract, the law: nothing.
        ("orders", "email", Ending()),
        ("after_sales", "phone", Ending()),
        ("product_recall", "sms", Ending()),
        # A channel that the purpose no longer uses, and words that the policy does not know.
        ("newsletter", "sms", Ending((Objecting("newsletter", "sms", MARKETING),), consent=True)),
        ("orders", "social", Ending()),
        ("gone", "email", Ending()),
        ("newsletter", "pigeon", Ending()),
    ],
)
def test_what_ends_follows_from_what_the_messages_may_rest_on(
    purpose: str, channel: str, ends: Ending
) -> None:
    assert ending(POLICY, purpose, channel, Stops.THIS) == ends
    assert stoppable(POLICY, purpose, channel) == (ends != Ending())


@pytest.mark.parametrize(
    ("bases", "rest"),
    [
        (("consent",), False),
        (("legitimate_interest",), False),
        (("consent", "contract"), True),
        (("legitimate_interest", "legal_obligation"), True),
    ],
)
def test_what_contract_or_law_may_carry_too_is_said_to_remain(bases: tuple[str, ...], rest: bool) -> None:
    service = msgspec.structs.replace(POLICY.purposes["after_sales"], bases={"email": bases})
    policy = msgspec.structs.replace(POLICY, purposes={"after_sales": service})
    assert remains(policy, "after_sales", "email") is rest
    assert stoppable(policy, "after_sales", "email")
    # Marketing ends by an objection, whatever it rests on.
    assert not remains(POLICY, "energy_renovation", "email")


def test_wider_stops_end_these_messages_too() -> None:
    by_mail, everything = Objecting(None, "email", MARKETING), Objecting(None, None, MARKETING)
    assert ending(POLICY, "newsletter", "email", Stops.CHANNEL) == Ending((by_mail,), consent=True)
    assert ending(POLICY, "orders", "email", Stops.ALL) == Ending((everything,))
    survey = Objecting("customer_research", "email", PARTICULAR)
    assert ending(POLICY, "customer_research", "email", Stops.ALL) == Ending((everything, survey))
    assert ending(POLICY, "newsletter", "pigeon", Stops.CHANNEL) == Ending()
    assert ending(POLICY, "gone", "pigeon", Stops.ALL) == Ending((everything,))


def state(kind: ConsentState, when: int = WEDNESDAY, point: UUID = NOBODY, own: int | None = None) -> State:
    return State(
        StateKey("newsletter", "email", point), kind, Instant(when), EVENT, own_act=own and Instant(own)
    )


def objection(
    since: int, purpose: str | None = None, channel: str | None = None, ground: Ground = MARKETING
) -> Objection:
    return Objection(purpose, channel, NOBODY, ground, Instant(since), EVENT)


def left(
    stops: Stops,
    states: Sequence[State] = (),
    objections: Sequence[Objection] = (),
    purpose: str = "newsletter",
    channel: str = "email",
) -> Unended:
    wanted = ending(POLICY, purpose, channel, stops)
    standing = {one.key: one for one in states}
    return unended(POLICY, wanted, purpose, channel, standing, objections, WEDNESDAY)


@pytest.mark.parametrize(
    ("standing", "withdraws"),
    [
        # Also where nothing stands: an older yes may still be on its way.
        ([], True),
        ([state(ConsentState.GIVEN)], True),
        ([state(ConsentState.REVOKED)], True),
        ([state(ConsentState.RENEWED, point=POINT)], True),
        ([state(ConsentState.WITHDRAWN)], False),
        ([state(ConsentState.REFUSED)], False),
        ([state(ConsentState.WITHDRAWN, point=POINT)], True),
        # A yes at a contact detail that is later than the no for the channel counts there.
        ([state(ConsentState.REFUSED, WEDNESDAY - 2), state(ConsentState.GIVEN, WEDNESDAY - 1, POINT)], True),
        (
            [state(ConsentState.REFUSED, WEDNESDAY - 1), state(ConsentState.GIVEN, WEDNESDAY - 1, POINT)],
            False,
        ),
    ],
)
def test_a_withdrawal_is_for_the_whole_channel_unless_the_persons_own_no_stands(
    standing: list[State], withdraws: bool
) -> None:
    assert left(Stops.THIS, standing).withdraws is withdraws


def test_an_objection_that_stands_is_not_made_again_unless_something_of_it_was_lifted() -> None:
    assert left(Stops.ALL).objections == (Objecting(None, None, MARKETING),)
    assert left(Stops.ALL, (), [objection(WEDNESDAY - 1)]).objections == ()
    # A wider one covers a narrower, and not the other way; nor one on other grounds.
    assert left(Stops.CHANNEL, (), [objection(WEDNESDAY - 1)]).objections == ()
    assert left(Stops.ALL, (), [objection(WEDNESDAY - 1, channel="email")]).objections != ()
    assert left(Stops.ALL, (), [objection(WEDNESDAY - 1, ground=PARTICULAR)]).objections != ()
    narrowed = [objection(WEDNESDAY - 1, "promotions", "email")]
    assert left(Stops.THIS, (), narrowed, purpose="promotions").objections == ()
    lifted = [state(ConsentState.GIVEN, own=WEDNESDAY)]
    assert left(Stops.ALL, lifted, [objection(WEDNESDAY - 1)]).objections != ()
    assert left(Stops.ALL, lifted, [objection(WEDNESDAY)]).objections == ()


def test_a_yes_whose_clock_is_ahead_does_not_outlive_the_stop() -> None:
    ahead = WEDNESDAY + 4 * MINUTE
    assert left(Stops.THIS, [state(ConsentState.GIVEN, ahead)]).at == ahead
    assert left(Stops.ALL, [state(ConsentState.GIVEN, ahead, own=ahead)]).at == ahead
    assert left(Stops.THIS, [state(ConsentState.GIVEN, WEDNESDAY - 1)]).at == WEDNESDAY
