"""Writes without end, and prints the name of each row once it is acknowledged. Made to be killed."""

import asyncio
import sys
import uuid

import sqlalchemy as sa

from consentd.base.clock import now
from consentd.db.engine import open_database
from consentd.db.tables.log import leases
from consentd.db.unit import Unit


async def write_without_end(url: str) -> None:
    database = open_database(url, clock=now)
    await database.open()

    async def caller() -> None:
        while True:
            name = str(uuid.uuid4())

            def work(unit: Unit, name: str = name) -> None:
                row = {"name": name, "holder": uuid.uuid4(), "fence": 1, "until": 1}
                unit.connection.execute(sa.insert(leases), row)

            await database.housekeep(work)
            sys.stdout.write(f"{name}\n")
            sys.stdout.flush()

    await asyncio.gather(*(caller() for _ in range(8)))


asyncio.run(write_without_end(sys.argv[1]))
