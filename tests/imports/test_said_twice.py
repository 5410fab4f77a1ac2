"""A row that says the same twice: two columns of one tool that mean one thing."""

import msgspec
from test_what_a_row_states import CARD

from consentd.kernel.policy import sealed
from support.builders import Company, demo_policy
from support.imports import import_rows


async def test_promise_2_what_two_rules_read_alike_is_recorded_once(local: Company) -> None:
    policy = demo_policy()
    till = policy.systems["till"]
    layout = till.imports["loyalty"]
    twice = msgspec.structs.replace(
        layout, choices=layout.choices * 2, facts=layout.facts * 2, attempts=layout.attempts * 2
    )
    systems = policy.systems | {"till": msgspec.structs.replace(till, imports={"loyalty": twice})}
    await local.activate(sealed(msgspec.structs.replace(policy, systems=systems)))
    found = await import_rows(local, "till", "loyalty", CARD)
    assert not found.refused
    (row,) = found.taken
    assert (len(row.events), row.facts) == (len({one.channel for one in row.events}), 1)
    await local.verify_everything()
