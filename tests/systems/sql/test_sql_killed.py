"""An erasure that is killed, or loses its connection, just before its end: nothing of it is left, and the
order carried out again finds and answers what the first would have (promises 1, 3).
"""

import asyncio
import multiprocessing
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from sqlalchemy.pool import NullPool

from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Answer, SiloUnavailable, Verdict
from support import shop
from support.silo_orders import Copy, connector, counts, everything, order

# Customers are the last table of an erasure: whoever waits for this row has done all the rest.
_HOLD = sa.text("UPDATE customers SET frozen = 0 WHERE id = 1")
_WAITING = {
    "postgresql": sa.text(
        "SELECT pid FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    ),
    "mysql": sa.text(
        "SELECT trx_mysql_thread_id FROM information_schema.innodb_trx WHERE trx_state = 'LOCK WAIT'"
    ),
}
_END = {"postgresql": sa.text("SELECT pg_terminate_backend(:id)"), "mysql": sa.text("KILL :id")}
_spawned = multiprocessing.get_context("spawn")


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


@contextmanager
def held(url: sa.URL) -> Iterator[sa.Connection]:
    """Somebody else's transaction on Ana's row, for as long as the block runs."""
    engine = sa.create_engine(url, poolclass=NullPool)
    with engine.connect() as holder, holder.begin(), engine.connect() as watcher:
        holder.execute(_HOLD)
        yield watcher.execution_options(isolation_level="AUTOCOMMIT")


def waiting(watcher: sa.Connection) -> int:
    """The number of the connection that waits for the row, once there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        found = watcher.execute(_WAITING[watcher.dialect.name]).scalar()
        if found is not None:
            return int(found)
        time.sleep(0.3)  # MariaDB tells the same again to who asks sooner
    raise AssertionError("nobody came to wait for the row")


def erase(url: str) -> None:
    """In a process of its own."""
    asyncio.run(connector(shop.policy_with(), sa.make_url(url)).carry_out(order(Verb.ERASE), Copy()))


@pytest.mark.parametrize("empty_url", ["postgresql", "mariadb"], indirect=True)
async def test_a_kill_leaves_everything_and_the_order_comes_again(policy: Policy, shop_url: sa.URL) -> None:
    before = everything(shop_url)
    text = shop_url.render_as_string(hide_password=False)
    with held(shop_url) as watcher:
        process = _spawned.Process(target=erase, args=(text,))
        process.start()
        await asyncio.to_thread(waiting, watcher)
        process.kill()
        process.join()
    assert everything(shop_url) == before
    answer = await connector(policy, shop_url).carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert answer.verdict == Verdict.DONE
    assert counts(answer)["customers"] == (1, 0, 1, 0)
    assert counts(answer)["invoices"] == (3, 1, 0, 2)


@pytest.mark.parametrize("empty_url", ["postgresql", "mariadb"], indirect=True)
async def test_a_lost_connection_is_tried_again_and_changed_nothing(policy: Policy, shop_url: sa.URL) -> None:
    before = everything(shop_url)
    with held(shop_url) as watcher:

        def end() -> None:
            watcher.execute(_END[watcher.dialect.name], {"id": waiting(watcher)})

        thread = threading.Thread(target=end)
        thread.start()
        with pytest.raises(SiloUnavailable) as raised:
            await connector(policy, shop_url).carry_out(order(Verb.ERASE), Copy())
        thread.join()
    assert raised.value.code == "connection_lost"
    assert everything(shop_url) == before
