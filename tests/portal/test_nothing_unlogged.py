"""What cannot be written into the log is neither done nor shown, on both databases."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa

from consentd.db.tables import HOUSEKEEPING, metadata
from consentd.evidence import store
from consentd.portal.choices.model import Control
from consentd.portal.choices.saving import Press
from support.builders import Company
from support.choosing import Choosing
from support.visiting import BROWSER, Visiting

ADDRESS = "ana@exemple.fr"
ANA = f"email:{ADDRESS}"
STOP = Press("newsletter", "email", None, Control.STOP, "fr")


class LogFull(Exception):
    """The log takes no more entries."""


@contextmanager
def log_full() -> Iterator[None]:
    def full(*_: object) -> None:
        raise LogFull

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(store, "insert_entries", full)
        yield


async def everything(company: Company) -> dict[str, list[str]]:
    """What is in every table that holds more than housekeeping."""

    def read(connection: Any) -> dict[str, list[str]]:
        kept = [table for table in metadata.sorted_tables if table not in HOUSEKEEPING]
        return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in kept}

    return await company.database.read(read)


async def test_promise_3_a_press_that_cannot_be_logged_changes_nothing(company: Company) -> None:
    choosing = Choosing(company)
    await company.gives(ANA)
    session = await choosing.session(ANA)
    before = await everything(company)
    with log_full():
        with pytest.raises(LogFull):
            await choosing.saving.press(session, STOP)
        with pytest.raises(LogFull):
            await choosing.saving.stop_all(session, "fr")
    assert await everything(company) == before
    assert await company.allows(ANA)
    await choosing.saving.press(session, STOP)
    assert await company.why(ANA) == "withdrawn"
    await company.verify_everything()


async def test_promise_8_what_cannot_be_logged_is_not_shown(company: Company) -> None:
    choosing = Choosing(company)
    await company.gives(ANA)
    session = await choosing.session(ANA)
    with log_full(), pytest.raises(LogFull):
        await choosing.looks(session)


async def test_promise_8_nobody_gets_in_unlogged_and_the_code_counts_still(company: Company) -> None:
    await company.gives(ANA)
    visiting = Visiting(company)
    way, sending = await visiting.asks(ADDRESS)
    assert sending is not None
    with log_full(), pytest.raises(LogFull):
        await visiting.entering.enter(way, sending.code, BROWSER, None)
    opened = await visiting.entering.enter(way, sending.code, BROWSER, None)
    assert opened.session.subject is not None
