"""What a silo is asked next, from what it answered so far."""

from msgspec import structs

from consentd.dsr.plan import Told, following
from consentd.dsr.rights import Right
from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy, sealed
from support.builders import demo_policy
from support.silos_simulated import system

NOTHING, SOMETHING = Told("ended", "done", 0), Told("ended", "done", 2)


def policy() -> Policy:
    return sealed(structs.replace(demo_policy(), systems={"shop": system("shop", "email")}))


def asked_next(**answers: Told) -> list[Verb]:
    tasks = {("shop", Verb(verb)): told for verb, told in answers.items()}
    return [new.verb for new in following(policy(), Right.ERASURE, {"email"}, tasks)]


def test_a_silo_that_finds_nobody_is_asked_nothing_further() -> None:
    assert asked_next() == [Verb.LOCATE]
    assert asked_next(locate=NOTHING) == []
    assert asked_next(locate=SOMETHING) == [Verb.ERASE]
    assert asked_next(locate=SOMETHING, erase=SOMETHING) == [Verb.CONFIRM]


def test_an_erasure_is_confirmed_though_the_look_up_that_was_asked_again_came_after_it() -> None:
    """Both were asked again, side by side: the erasure was quicker, and then there was nobody to find."""
    assert asked_next(locate=NOTHING, erase=SOMETHING) == [Verb.CONFIRM]


def test_what_failed_is_not_confirmed() -> None:
    assert asked_next(locate=SOMETHING, erase=Told("ended", "failed")) == []
