"""A silo that is asked again: its look-up and its erasure run side by side, in whatever order they end."""

import msgspec

from consentd.dsr import plan
from consentd.dsr.plan import Told
from consentd.dsr.rights import Right
from consentd.kernel.connection import Verb
from consentd.kernel.policy import sealed
from support.builders import demo_policy
from support.silos_simulated import system

POLICY = sealed(msgspec.structs.replace(demo_policy(), systems={"webshop": system("webshop", "email")}))


def following(tasks: dict[tuple[str, Verb], Told]) -> list[Verb]:
    return [one.verb for one in plan.following(POLICY, Right.ERASURE, {"email"}, tasks)]


def test_an_erasure_that_was_done_before_the_look_up_ended_is_confirmed() -> None:
    erased = {("webshop", Verb.ERASE): Told("ended", "done", 1)}
    assert following(erased | {("webshop", Verb.LOCATE): Told("asked")}) == []
    # It found nobody, because the erasure was quicker.
    assert following(erased | {("webshop", Verb.LOCATE): Told("ended", "done", 0)}) == [Verb.CONFIRM]


def test_who_is_found_nowhere_is_not_erased() -> None:
    assert following({("webshop", Verb.LOCATE): Told("ended", "done", 0)}) == []
