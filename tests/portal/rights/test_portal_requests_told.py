"""A request as its person is told of it: of each tool the least that is true, and no step of staff alone."""

import datetime as dt
from typing import Any
from uuid import uuid4

import msgspec
import pytest

from consentd.dsr.views import RequestTold, SiloTold, StepTold, TaskTold
from consentd.portal.rights.told import OUTCOMES, outcome, told
from consentd.systems.connectors.contract import Kept, Part


def task(verb: str = "erase", state: str = "ended", verdict: str | None = "done", **other: Any) -> TaskTold:
    said: dict[str, Any] = {"code": None, "attempts": 1, "ended_at": None, "parts": ()} | other
    due = "2026-12-01T00:00:00Z"
    return TaskTold(id=uuid4(), verb=verb, state=state, verdict=verdict, due_at=due, **said)


def tool(*tasks: TaskTold) -> SiloTold:
    return SiloTold(system="shop", name="Shop", tasks=tasks)


LOOKED = Part(what="rows", found=1)
KEPT = Part(what="invoices", found=2, kept=(Kept(2, "Code de commerce L.123-22", "2036-12-31"),))


@pytest.mark.parametrize(
    ("tasks", "said"),
    [
        ((task("locate", parts=(LOOKED,)), task(), task("confirm")), "done"),
        ((task("locate", parts=(Part(what="rows", found=0),)),), "nothing_held"),
        ((task("locate", parts=(LOOKED,)),), "waiting"),
        ((task("locate", code="not_known_by"),), "not_known_by"),
        ((task(code="unconnected", verdict="unsupported"),), "unconnected"),
        ((task(state="asked", verdict=None),), "waiting"),
        ((task(state="approving", verdict=None),), "staff_look"),
        ((task(state="silent", verdict=None),), "silent"),
        ((task(), task("confirm", verdict="partial")), "partial"),
        ((task(verdict="failed"), task("confirm", state="waiting", verdict=None)), "failed"),
        ((task(verdict="unsupported"),), "unsupported"),
        ((task(verdict="unsupported"), task("confirm", verdict="unsupported")), "unsupported"),
        ((task(), task("confirm", verdict="unsupported")), "unchecked"),
        ((task(verdict="partial"), task("confirm", verdict="unsupported")), "partial"),
        ((task(verdict=None, code="request_over"),), "not_asked"),
        ((), "not_asked"),
    ],
)
def test_the_least_that_is_true_is_said_of_a_tool(tasks: tuple[TaskTold, ...], said: str) -> None:
    assert outcome(tool(*tasks)) == said
    assert said in OUTCOMES


def request(*silos: SiloTold, steps: tuple[str, ...] = (), state: str = "running") -> RequestTold:
    made = [
        msgspec.convert(
            {
                "event": event,
                "state": state,
                "at": f"2026-11-{day:02}T10:00:00Z",
                "by": "service",
                "by_id": None,
                "tells": None,
                "on": None,
                "how": None,
                "because": [],
            },
            StepTold,
        )
        for day, event in enumerate(steps, 1)
    ]
    return msgspec.convert(
        {
            "id": str(uuid4()),
            "right": "erasure",
            "article": "GDPR 17",
            "state": state,
            "waits_for": None,
            "came_by": "portal",
            "language": "fr",
            "received_on": "2026-11-22",
            "safe_due": "2026-12-22",
            "legal_due": "2026-12-22",
            "extended": False,
            "follows": None,
            "answered_at": None,
            "closed_at": None,
            "answered_on": None,
            "in_time": None,
            "to_write": [],
            "gaps": [],
            "silos": msgspec.to_builtins(silos),
            "steps": msgspec.to_builtins(made),
        },
        RequestTold,
    )


def test_steps_are_newest_first_without_what_is_the_staffs_own() -> None:
    steps = ("received", "proven", "escalated", "owner_reminded", "started")
    found = told(request(tool(task()), steps=steps), person=True)
    assert [one.event for one in found.steps] == ["started", "proven", "received"]
    assert found.due == dt.date(2026, 12, 22)


def test_of_tools_nothing_is_said_where_none_was_asked() -> None:
    steps = ("received", "started", "settled", "told_answer")
    for silos in ((), (tool(task(code="unconnected", verdict="unsupported")),)):
        found = told(request(*silos, steps=steps), person=True)
        assert [one.event for one in found.steps] == ["told_answer", "received"]
    found = told(request(tool(task()), tool(task(code="unconnected")), steps=steps), person=True)
    assert [one.event for one in found.steps] == ["told_answer", "settled", "started", "received"]


def test_what_a_tool_keeps_is_told_with_the_second_proof_alone() -> None:
    asked = request(tool(task(parts=(KEPT,))))
    (whole,) = told(asked, person=True).tools
    assert [(one.what, one.count, one.article, one.until) for one in whole.kept] == [
        ("invoices", 2, "Code de commerce L.123-22", "2036-12-31")
    ]
    (less,) = told(asked, person=False).tools
    assert (less.outcome, less.kept) == ("done", ())


def test_what_no_tool_was_asked_before_the_end_waits_for_nothing() -> None:
    asked = request(tool(task(state="waiting", verdict=None)), state="withdrawn")
    assert told(asked, person=True).tools[0].outcome == "not_asked"


def test_nobody_sees_to_a_tool_for_what_was_refused() -> None:
    silo = tool(task(code="unconnected", verdict="unsupported"))
    assert told(request(silo, state="refused"), person=True).tools[0].outcome == "not_asked"
    assert told(request(silo, state="partial"), person=True).tools[0].outcome == "unconnected"


def test_that_staff_agreed_is_told_once_they_all_did() -> None:
    asked = request(steps=("received", "approved", "approved", "approved"), state="approving")
    assert [one.event for one in told(asked, person=True).steps] == ["received"]
    *before, last = asked.steps
    went_on = msgspec.structs.replace(last, state="running")
    asked = msgspec.structs.replace(asked, state="running", steps=(*before, went_on))
    assert [one.event for one in told(asked, person=True).steps] == ["approved", "received"]
