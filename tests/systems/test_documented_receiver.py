"""The receiver that docs/systems-webhook.md shows, run as its reader would run it."""

import asyncio
import json
import os
import re
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from silo import ANOTHER_TASK, OTHER_SECRET, SECRET, Kept, order, system

from consentd.base.clock import now
from consentd.base.ids import new_id
from consentd.kernel.connection import Connection, Verb
from consentd.kernel.tasks import TaskAnswer, TaskKept, TaskPart
from consentd.net.http import Http
from consentd.subjects.spelling import Named
from consentd.systems.connectors.contract import Answer, Part, Verdict
from consentd.systems.connectors.contract import Kept as KeptBack
from consentd.systems.connectors.webhook import WebhookConnector
from consentd.systems.connectors.wire import TaskSent

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "docs/systems-webhook.md").read_text()
DOCUMENTED = ROOT / "tests/systems/documented"

ANA = (Named("email", "Ana@Exemple.fr"), Named("phone", "+33624686501"))


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "shop.db"
    with sqlite3.connect(path) as shop:
        shop.executescript(
            """
            CREATE TABLE customers (number PRIMARY KEY, email, name);
            CREATE TABLE orders (number PRIMARY KEY, customer, total, invoiced);
            INSERT INTO customers VALUES ('C-17', 'ana@exemple.fr', 'Ana Martín');
            INSERT INTO customers VALUES ('C-18', 'bo@exemple.fr', 'Bo');
            INSERT INTO orders VALUES ('A-1', 'C-17', 12.5, 1), ('A-2', 'C-17', 3, 0), ('A-3', 'C-18', 4, 0);
            """
        )
    shop.close()
    return path


@pytest.fixture
def receiver(tmp_path: Path, database: Path) -> Iterator[int]:
    """Its port."""
    code = re.search(r"^```python receiver\.py\n(.*?)^```$", DOCUMENT, re.MULTILINE | re.DOTALL)
    assert code is not None
    (tmp_path / "receiver.py").write_text(code[1])
    process = subprocess.Popen(
        [sys.executable, "receiver.py", str(database), "0"],
        cwd=tmp_path,
        env={**os.environ, "SILO_SECRETS": SECRET},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield int(process.stdout.readline())
    finally:
        process.terminate()
        process.wait(timeout=10)
        process.stdout.close()


@pytest.fixture
def connector(receiver: int, http: Http) -> WebhookConnector:
    named = system(f"http://127.0.0.1:{receiver}/")
    assert named.connection is not None
    assert named.connection.webhook is not None
    secrets = {"CONSENTD_SILO_PHONE_SALES_SECRET": f"{OTHER_SECRET},{SECRET}"}
    return WebhookConnector(named, named.connection, named.connection.webhook, http, secrets, now, None)


async def test_the_documented_receiver_does_all_that_is_asked(
    connector: WebhookConnector, database: Path
) -> None:
    tried = await connector.test()
    assert tried.ok, tried.lines

    found = await connector.carry_out(order(Verb.LOCATE, task=new_id(), identifiers=ANA), Kept())
    assert isinstance(found, Answer)
    assert (found.verdict, found.parts) == (Verdict.DONE, (Part(what="customers", found=1),))
    assert found.identifiers == (Named("customer", "C-17"),)

    kept = Kept()
    copied = await connector.carry_out(order(Verb.EXPORT, task=new_id(), identifiers=ANA), kept)
    assert isinstance(copied, Answer)
    assert copied.verdict is Verdict.DONE
    assert kept.all == [
        ("customers", {"number": "C-17", "email": "ana@exemple.fr", "name": "Ana Martín"}),
        ("orders", {"number": "A-1", "total": "12.5"}),
        ("orders", {"number": "A-2", "total": 3}),
    ]

    # Twice at once, and once more: a task is carried out once, and answered alike.
    erasing = order(Verb.ERASE, identifiers=ANA)
    both = await asyncio.gather(*(connector.carry_out(erasing, Kept()) for _ in range(2)))
    again = await connector.carry_out(erasing, Kept())
    assert both[0] == both[1] == again
    assert isinstance(again, Answer)
    assert again.verdict is Verdict.PARTIAL
    assert again.parts == (
        Part(what="customers", found=1, deleted=1),
        Part(
            what="orders",
            found=2,
            deleted=1,
            kept=(KeptBack(1, "Code de commerce L.123-22: invoices"),),
        ),
    )

    confirmed = await connector.carry_out(order(Verb.CONFIRM, task=ANOTHER_TASK, identifiers=ANA), Kept())
    assert isinstance(confirmed, Answer)
    assert confirmed.verdict is Verdict.DONE
    nobody = await connector.carry_out(order(Verb.LOCATE, task=new_id(), identifiers=ANA), Kept())
    assert nobody == Answer(verdict=Verdict.DONE)
    frozen = await connector.carry_out(order(Verb.RESTRICT, task=new_id(), identifiers=ANA), Kept())
    assert isinstance(frozen, Answer)
    assert frozen.verdict is Verdict.UNSUPPORTED
    shop = sqlite3.connect(database)
    assert shop.execute("SELECT number FROM customers").fetchall() == [("C-18",)]
    shop.close()


async def test_the_documented_receiver_does_nothing_for_a_stranger(
    receiver: int, http: Http, database: Path
) -> None:
    named = system(f"http://127.0.0.1:{receiver}/")
    assert named.connection is not None
    assert named.connection.webhook is not None
    secrets = {"CONSENTD_SILO_PHONE_SALES_SECRET": OTHER_SECRET}
    stranger = WebhookConnector(named, named.connection, named.connection.webhook, http, secrets, now, None)
    found = await stranger.carry_out(order(Verb.ERASE, identifiers=ANA), Kept())
    assert isinstance(found, Answer)
    assert (found.verdict, found.code) == (Verdict.FAILED, "refused")
    shop = sqlite3.connect(database)
    assert shop.execute("SELECT count(*) FROM customers").fetchone() == (2,)
    shop.close()


class Documented(msgspec.Struct, forbid_unknown_fields=True):
    connection: Connection


@pytest.mark.parametrize("by", ["webhook", "manual"])
def test_the_documented_connections_are_such(by: str) -> None:
    found = msgspec.yaml.decode((DOCUMENTED / f"{by}.yaml").read_text(), type=Documented).connection
    assert found.by == by
    assert getattr(found, by) is not None


def test_the_documented_members_are_those_of_the_wire() -> None:
    shown = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```$", DOCUMENT, re.M | re.S)]
    task, answer = shown
    assert msgspec.convert(task, TaskSent).verb is Verb.ERASE
    assert msgspec.convert(answer, TaskAnswer).verdict is Verdict.PARTIAL
    told = set(re.findall(r"^\| `(\w+)` \|", DOCUMENT, re.MULTILINE))
    for kind in (TaskSent, TaskAnswer):
        assert {field.name for field in msgspec.structs.fields(kind)} <= told
    for kind in (TaskPart, TaskKept):
        for field in msgspec.structs.fields(kind):
            assert f"`{field.name}`" in DOCUMENT
    for verb in Verb:
        assert f"`{verb.value}`" in DOCUMENT
