"""A copy of any size passes through flat memory: rows stay in the silo until they are taken. A million are
measured by bench/silo_sql.py.
"""

import resource
from collections.abc import Mapping
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.canonical import Scalar
from consentd.kernel.connection import Verb
from consentd.systems.connectors.contract import Answer
from support import shop
from support.silo_orders import connector, order

ROWS = 40_000
EACH = 2_000
"""Characters of one ticket: 80 MB in all."""


class Passing:
    def __init__(self) -> None:
        self.count = 0
        self.most = 0

    def add(self, what: str, record: Mapping[str, Scalar]) -> None:
        self.count += 1
        if self.count % 2_000 == 0:
            self.most = max(self.most, memory())


def memory() -> int:
    """Bytes that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


async def test_a_copy_of_80_megabytes_does_not_pass_through_memory_as_a_whole(shop_url: sa.URL) -> None:
    engine = sa.create_engine(shop_url, poolclass=NullPool)
    with engine.begin() as connection:
        moment = shop.ROWS[shop.tickets][0]["opened_at"]
        for start in range(0, ROWS, 4_000):
            tickets = [
                {"id": 1000 + n, "customer_id": 1, "opened_at": moment, "subject": "x", "body": "y" * EACH}
                for n in range(start, start + 4_000)
            ]
            connection.execute(sa.insert(shop.tickets), tickets)
    silo = connector(shop.policy_with(), shop_url)
    await silo.carry_out(order(Verb.LOCATE), Passing())
    before = memory()
    passing = Passing()
    answer = await silo.carry_out(order(Verb.EXPORT), passing)
    assert isinstance(answer, Answer)
    assert passing.count == sum(part.found for part in answer.parts) > ROWS
    assert passing.most - before < 30_000_000
