"""The account that the service is given: what is printed suffices, what is missing is told (promise 12)."""

import re
import uuid
from collections.abc import Iterator
from typing import NamedTuple

import pytest
import sqlalchemy as sa

from consentd.kernel.connection import Verb
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Answer, Expiry, Foretold, Preference, Verdict
from consentd.systems.connectors.sql.scaffolding import grants_for
from support import shop
from support.mariadb import MariaServer
from support.postgres import Server
from support.silo_orders import Copy, connector, everything, order, run


class Account(NamedTuple):
    """`owner`: the URL of who may do anything there. `url`: the account's own."""

    name: str
    owner: sa.URL
    url: sa.URL


@pytest.fixture(scope="module")
def policy() -> Policy:
    return shop.policy_with()


@pytest.fixture(params=["postgresql", "mariadb"])
def account(request: pytest.FixtureRequest, policy: Policy) -> Iterator[Account]:
    """A shop, and an account that was made with what `consentd system test --grants` prints."""
    name = f"service_{uuid.uuid4().hex[:8]}"
    connection = policy.systems["shop"].connection
    assert connection is not None
    if request.param == "postgresql":
        server: Server = request.getfixturevalue("postgres")
        made = server.empty()
        owner = sa.make_url(made).set(drivername="postgresql+psycopg")
        shop.build(owner)
        run(owner, *(re.sub(r"\bconsentd\b", name, line) for line in grants_for(connection, owner)))
        yield Account(name, owner, owner.set(username=name))
        run(owner, f"DROP OWNED BY {name}", f"DROP ROLE {name}")
        server.drop(made)
    else:
        other: MariaServer = request.getfixturevalue("mariadb")
        made = other.empty()
        owner = sa.make_url(made)
        shop.build(owner)
        for line in grants_for(connection, owner):
            other.run(line.replace("'consentd'@", f"'{name}'@").replace("…", "secret"))
        yield Account(name, owner, owner.set(username=name, password="secret"))
        other.run(f"DROP USER '{name}'@'%'")
        other.drop(made)


async def test_what_is_printed_suffices_for_every_order(policy: Policy, account: Account) -> None:
    silo = connector(policy, account.url)
    tried = await silo.test()
    assert tried.ok, "\n".join(tried.lines)
    for verb in Verb:
        more = {
            Verb.RECTIFY: {"changes": {"first_name": "Anne"}},
            Verb.WRITE_PREFERENCE: {"preferences": (Preference("newsletter", "email", "withdrawn"),)},
        }.get(verb, {})
        assert (await silo.preview(order(verb, **more)))[0].startswith("-- ")
        answer = await silo.carry_out(order(verb, **more), Copy())
        assert isinstance(answer, Answer)
        assert answer.verdict in (Verdict.DONE, Verdict.PARTIAL), (verb, answer.detail)


async def test_and_for_what_was_kept_long_enough(policy: Policy, account: Account) -> None:
    async def ready(told: Foretold) -> None:
        assert told.touched == 6

    silo = connector(policy, account.url, today="2029-03-02T12:00:00Z")
    found = await silo.overdue()
    assert not isinstance(found, Answer), found
    assert {one.what: one.due for one in found} == {"invoices": 2, "tickets": 4}
    expired = await silo.expire(Expiry(task=uuid.uuid4(), most=100, about_to=ready))
    assert (expired.answer.verdict, expired.touched) == (Verdict.DONE, 6)


@pytest.mark.parametrize(
    ("privilege", "table", "words"),
    [
        ("DELETE", "addresses", "the account cannot delete from it"),
        ("UPDATE (body)", "tickets", "the account cannot change it"),
        ("SELECT (issued_on)", "invoices", ""),
    ],
)
async def test_what_is_taken_away_fails_whole_and_is_told(
    policy: Policy, account: Account, privilege: str, table: str, words: str
) -> None:
    to = account.name if account.owner.drivername.startswith("postgres") else f"'{account.name}'@'%%'"
    run(account.owner, f"REVOKE {privilege} ON {table} FROM {to}")
    before = everything(account.owner)
    silo = connector(policy, account.url)
    tried = await silo.test()
    assert not tried.ok
    told = [line for line in tried.lines if line.startswith("fault") and table in line]
    assert any(words in line for line in told), "\n".join(tried.lines)
    answer = await silo.carry_out(order(Verb.ERASE), Copy())
    assert isinstance(answer, Answer)
    assert (answer.verdict, answer.code) in (
        (Verdict.FAILED, "privilege_missing"),
        (Verdict.FAILED, "column_missing"),  # MariaDB does not show what may not be read
    )
    assert everything(account.owner) == before
