"""The page of a task, in every state, as a colleague meets it who has other things to do."""

import pytest
import sqlalchemy as sa
from at_the_binder import task_mailed, tasks_mailed

from consentd.app import Parts
from consentd.db.leases import RELEASED
from consentd.dsr.store import TASKS
from consentd.dsr.task_page_words import WORDS
from support.browser import Waited
from support.customers import Customers
from support.visitor import MOST_BYTES, Visitor


def task(customers: Customers, right: str) -> str:
    """Somebody who proved who they are asks for this; where the mail to Inès leads."""
    address = customers.new()
    body = {"right": right, "identifiers": [{"scheme": "email", "value": address}]}
    request = str(customers.desk.post("/v1/requests", json=body).json()["id"])
    path = f"/v1/requests/{request}"
    customers.desk.post(f"{path}/code", json={"scheme": "email"}).raise_for_status()
    before = tasks_mailed(customers)
    customers.desk.post(f"{path}/proof", json={"code": customers.code(address)}).raise_for_status()
    return task_mailed(customers, before + 1)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("right", ["access", "erasure"])
def test_nobody_is_shut_out_of_a_task(binder: tuple[Waited, Customers], right: str, language: str) -> None:
    browser, customers = binder
    path = task(customers, right)
    visitor = Visitor(browser, customers.serving.address, language=language)

    def says(name: str) -> str:
        return WORDS[name](language)

    assert visitor.opens(path) == 200
    assert visitor.weight() <= MOST_BYTES
    visitor.examines(f"task-{right}")
    visitor.tabs_to(says("show"))
    visitor.strikes("Enter")
    assert says("customer") in visitor.page.locator("main").inner_text()
    visitor.examines(f"task-{right}-shown")
    visitor.control(says("done"), "radio").check()
    visitor.presses(says("send"))
    assert visitor.page.get_by_role("alert").count() == 1
    visitor.examines(f"task-{right}-wrong")
    visitor.control(says("nothing"), "radio").check()
    visitor.presses(says("send"))
    assert says("answered") in visitor.page.locator("h1").inner_text()
    visitor.examines(f"task-{right}-answered")
    visitor.leaves()


def waits_for_staff(customers: Customers) -> None:
    """The latest task, of which something came up that colleagues look at first."""

    async def work(parts: Parts) -> None:
        latest = sa.select(TASKS.c.id).order_by(TASKS.c.id.desc()).limit(1).scalar_subquery()
        stopped = sa.update(TASKS).where(TASKS.c.id == latest).values(state="approving", **RELEASED)
        await parts.database.housekeep(lambda unit: unit.connection.execute(stopped) and None)

    customers.serving.installation.within(work)


@pytest.mark.parametrize("language", ["fr", "en"])
def test_a_task_that_waits_for_nothing_says_so(binder: tuple[Waited, Customers], language: str) -> None:
    browser, customers = binder
    path = task(customers, "access")
    waits_for_staff(customers)
    visitor = Visitor(browser, customers.serving.address, language=language)
    assert visitor.opens(path) == 200
    assert WORDS["closed"](language) in visitor.page.locator("main").inner_text()
    visitor.examines("task-closed")
    visitor.leaves()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_nobody_is_shut_out_of_a_link_that_opens_nothing(
    binder: tuple[Waited, Customers], language: str
) -> None:
    browser, customers = binder
    visitor = Visitor(browser, customers.serving.address, language=language)
    assert visitor.opens("/tasks/" + "A" * 98) == 404
    assert WORDS["gone"](language) in visitor.page.locator("h1").inner_text()
    visitor.examines("task-gone")
    visitor.leaves()
