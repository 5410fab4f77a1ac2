"""Any sequence of presses, tools' reports and other acts: what was stopped last stays stopped."""

from typing import Any
from uuid import uuid4

import hypothesis.strategies as st
from hypothesis import HealthCheck, example, given, settings

from consentd.kernel.errors import Conflict
from consentd.portal.choices.model import Control
from support.builders import Company
from support.choosing import Choosing

CELLS = [
    ("newsletter", "email"),
    ("promotions", "email"),
    ("promotions", "in_store"),
    ("open_tracking", "email"),
    ("customer_research", "email"),
    ("loyalty_profile", "in_store"),
]
AGREE, STOP = Control.AGREE, Control.STOP

acts = st.one_of(
    st.tuples(st.just("press"), st.sampled_from(CELLS), st.sampled_from([AGREE, STOP])),
    st.tuples(st.just("all"), st.none(), st.none()),
    # What tools report meanwhile: claims, sales, and their own yes with an older time.
    st.tuples(st.just("claim"), st.sampled_from(CELLS), st.none()),
    st.tuples(st.just("sale"), st.none(), st.none()),
    st.tuples(st.just("late"), st.sampled_from(CELLS), st.none()),
)


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(acts, min_size=2, max_size=10))
@example([("press", CELLS[0], STOP), ("late", CELLS[0], None)])
async def test_nothing_allows_what_the_last_press_stopped(
    company: Company, choosing: Choosing, happening: list[tuple[str, tuple[str, str] | None, Control | None]]
) -> None:
    who = f"email:{uuid4().hex}@exemple.fr"
    await company.withdraws(who, purpose="wellness_advice")
    session = await choosing.session(who)
    begun = company.at()
    stopped: dict[tuple[str, str], bool] = {}
    for kind, cell, wish in happening:
        company.clock.move(minutes=1)
        if kind == "all":
            await choosing.saving.stop_all(session, "fr")
            stopped |= {one: True for one in CELLS if one[0] != "customer_research"}
        elif kind == "sale":
            sale: dict[str, Any] = {
                "product": "skincare",
                "refusal_offered": True,
                "address_from_person": True,
            }
            await company.told("sale", who, occurred_at=company.at(), contact_point=who, **sale)
        elif cell is not None and kind == "claim":
            await company.claims(who, purpose=cell[0], channel=cell[1])
        elif cell is not None and kind == "late":
            # It was given before any of this, and comes in only now.
            text: dict[str, Any] = (
                {"notice": None, "on_incomplete": "keep_as_claim"} if cell[0] not in TEXTS else {}
            )
            await company.gives(who, purpose=cell[0], channel=cell[1], at=begun, **text)
        elif cell is not None and wish is not None:
            try:
                await choosing.presses(session, *cell, wish)
            except Conflict:
                continue
            stopped[cell] = wish is STOP
        for told, off in stopped.items():
            allowed = await company.allows(who, purpose=told[0], channel=told[1])
            assert not (off and allowed), (told, happening)
            part = await choosing.part(session, *told)
            assert part.allowed == allowed, (told, part)
        session = await choosing.session(who)
    await company.verify_everything()


TEXTS = ("newsletter", "promotions", "open_tracking", "loyalty_profile")
