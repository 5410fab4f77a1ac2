"""The replica's answers are the service's, about everybody, however they came about.

Random people with random histories: shared addresses, objections, facts, attempts, permits, merges, unmerges,
erasures with and without a suppression, between rounds of the replica. Then every question is asked of both.
"""

import json
import random
import uuid
from pathlib import Path
from typing import Any

import pytest
from both import EVERYTHING, NOTICE

from consentd.app import Parts
from consentd.client import Client, Decision, Event, Identifier, Question, Refused, Replica
from consentd.consent.erasure import erase
from consentd.consent.merging import merge, unmerge
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import ConsentdError
from consentd.kernel.ids import SubjectId
from support.installation import Serving

USES = (
    ("newsletter", "email"),
    ("promotions", "email"),
    ("promotions", "sms"),
    ("promotions", "phone"),
    ("promotions", "post"),
    ("orders", "email"),
    ("club_enfants", "email"),
    ("loyalty_profile", "in_store"),
    ("energy_renovation", "phone"),
)
NOTICES = {
    "newsletter": NOTICE,
    "promotions": {"id": "promotions", "version": "1", "language": "fr"},
    "club_enfants": {"id": "club_enfants", "version": "1", "language": "fr"},
    "energy_renovation": {"id": "energy_renovation", "version": "1", "language": "fr"},
    "loyalty_profile": {"id": "loyalty_form", "version": "1", "language": "fr"},
}
STATES = ("given", "given", "given", "refused", "withdrawn", "renewed", "requested")


class World:
    """A few addresses that people share more often than not, and what happens to them."""

    def __init__(self, serving: Serving, client: Client, seed: int) -> None:
        self.random = random.Random(seed)
        self.serving = serving
        self.client = client
        pool = f"w{seed}"
        self.emails = [f"email:{pool}.{n}@exemple.fr" for n in range(7)]
        self.phones = [f"phone:06 24 {seed:02d} {n:02d} 01" for n in range(10, 15)]
        self.cards = [f"loyalty:{pool}-{n}" for n in range(8)]
        self.subjects: list[str] = []

    def names(self) -> list[str]:
        pools = [self.emails, self.phones, self.cards]
        count = self.random.choice((1, 1, 2, 3))
        return [self.random.choice(pool) for pool in self.random.sample(pools, count)]

    def step(self) -> None:
        act = self.random.choice(
            (self.choice,) * 6 + (self.objection, self.fact, self.fact, self.attempt, self.merge, self.erase)
        )
        try:
            act()
        except (Refused, ConsentdError):
            return  # what the service does not take changes nothing

    def choice(self) -> None:
        purpose, channel = self.random.choice(USES)
        state: Any = self.random.choice(STATES)
        names = self.names()
        schemes = {"email": "email", "sms": "phone", "phone": "phone"}
        mine = [name for name in names if name.partition(":")[0] == schemes.get(channel)]
        more: dict[str, Any] = {"contact_point": self.random.choice(mine)} if mine else {}
        if self.random.random() < 0.3:
            more = {}
        day = self.random.choice(("2023-05-02", "2025-11-20", "2026-10-01", "2026-11-20"))
        if self.random.random() < 0.2:
            more["hours"] = [{"days": "mon-sun", "start": "08:00", "end": "21:00"}]
        event = Event(
            purpose=purpose,
            channel=channel,
            state=state,
            occurred_at=f"{day}T{self.random.randrange(8, 20):02d}:15:00+01:00",
            notice=NOTICES.get(purpose) if state in ("given", "renewed") else None,
            method=self.random.choice(("checkbox", "signed_form", "portal")),
            collector="till-2",
            on_incomplete="keep_as_claim",
            **more,
        )
        territory = self.random.choice((None, "FR", "FR-974", "DE", "JP"))
        told = self.client.record(names, event, territory=territory)
        self.subjects += [row["subject_id"] for row in told.answer["events"]]

    def objection(self) -> None:
        narrowed: dict[str, Any] = self.random.choice(
            ({}, {"channels": ["email"]}, {"purposes": ["promotions"]}, {"ground": "particular"})
        )
        self.client.object(self.names(), **narrowed)

    def fact(self) -> None:
        names = self.names()
        point = next((name for name in names if name.startswith("email")), None)
        sale: dict[str, Any] = {
            "kind": "sale",
            "occurred_at": self.random.choice(("2026-10-03T15:20:00+02:00", "2022-01-03T15:20:00+01:00")),
            "product": self.random.choice(("skincare", "other")),
            "refusal_offered": True,
            "address_from_person": True,
        }
        if point:
            sale["contact_point"] = _identifier(point)
        facts: list[dict[str, Any]] = [
            sale,
            {"kind": "birth_date", "value": self.random.choice(("1990", "2015-03-01"))},
            {"kind": "contract", "start": "2026-01-01", "subject_matter": "fragrance_subscription"},
            {"kind": "last_contact", "occurred_at": "2021-10-03T15:20:00+02:00"},
        ]
        if point:
            facts.append({"kind": "professional", "contact_point": _identifier(point), "professional": True})
            facts.append(
                {
                    "kind": "unreachable",
                    "contact_point": _identifier(point),
                    "unreachable": True,
                    "occurred_at": "2026-10-03T15:20:00+02:00",
                }
            )
        body = {
            "subject": {"identifiers": [_identifier(name) for name in names]},
            "facts": [self.random.choice(facts)],
        }
        self._post("/v1/facts", body)

    def attempt(self) -> None:
        outcome: Any = self.random.choice(("unanswered", "unanswered", "refused"))
        if self.random.random() < 0.3:
            self.client.check(self.random.choice(self.phones), "promotions", "phone", permit=True)
        for _ in range(self.random.choice((1, 4))):
            self.client.attempted(self.names(), "promotions", "phone", outcome)

    def merge(self) -> None:
        a, b = (SubjectId(_uuid(self.random.choice(self.subjects))) for _ in range(2))
        change = self.random.choice((merge, merge, unmerge))

        async def work(parts: Parts) -> None:
            await parts.database.change(
                lambda unit: change(unit, parts.keyring, OPERATOR, a, b, "same_person") and None
            )

        self.serving.installation.within(work)

    def erase(self) -> None:
        subject = SubjectId(_uuid(self.random.choice(self.subjects)))
        keep = self.random.random() < 0.5

        async def work(parts: Parts) -> None:
            await parts.database.change(
                lambda unit: (
                    erase(
                        unit,
                        parts.keyring,
                        parts.policies.active(unit.connection),
                        OPERATOR,
                        subject,
                        keep_suppression=keep,
                    )
                    and None
                )
            )

        if self.random.random() < 0.4:
            self.serving.installation.within(work)

    def _post(self, path: str, body: dict[str, Any]) -> None:
        self.client.run(self.client.asking.calls.call("POST", path, json.dumps(body).encode()))

    def questions(self) -> list[Question]:
        singles = [*self.emails, *self.phones, *self.cards, "email:stranger@exemple.fr"]
        asked = [Question(name, *use) for name in singles for use in USES]
        for _ in range(150):
            purpose, channel = self.random.choice(USES)
            point = self.random.choice(
                (None, self.random.choice(self.emails), self.random.choice(self.phones))
            )
            at = self.random.choice((None, "2026-12-06T11:00:00+01:00", "2026-12-18T10:30:00+01:00"))
            asked.append(Question(self.names(), purpose, channel, point, at))
        return asked


def _identifier(text: str) -> dict[str, str]:
    scheme, _, value = text.partition(":")
    return {"scheme": scheme, "value": value}


def _uuid(text: str) -> Any:
    return uuid.UUID(text)


def told(decision: Decision) -> tuple[Any, ...]:
    """Where several people or addresses are meant, neither says whose reason comes first, nor whose ground
    carries.
    """
    return (
        decision.allow,
        decision.eligible,
        decision.next_allowed_at,
        decision.valid_until,
        decision.policy,
        sorted(decision.law),
    )


def codes(decision: Decision) -> list[str]:
    return sorted(reason.code for reason in decision.reasons)


def told_exactly(decision: Decision) -> tuple[Any, ...]:
    return *told(decision), decision.reasons, decision.cites, decision.basis, decision.law


def one_address(question: Question) -> bool:
    scheme = str(question.subject).partition(":")[0]
    return {"email": "email", "sms": "phone", "phone": "phone"}.get(question.channel) == scheme


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_replica_answers_as_the_service_does(apart: Serving, tmp_path: Path, seed: int) -> None:
    found = apart.installation.connect(*EVERYTHING)
    with (
        Client(apart.address, found.id, found.secret, timeout=20, total=30) as client,
        Replica.open(tmp_path / "till.replica", client, follow=None) as replica,
    ):
        world = World(apart, client, seed)
        for _ in range(6):
            for _ in range(14):
                world.step()
            replica.refresh()
            asked = world.questions()
            theirs, mine = client.check_many(asked), replica.check_many(asked)
            decided = exact = 0
            for question, one, other in zip(asked, mine, theirs, strict=True):
                if one.reason == "ask_service":
                    assert not isinstance(question.subject, str | Identifier)
                    continue
                decided += 1
                assert told(one) == told(other), question
                if isinstance(question.subject, str) and not one.allow and one_address(question):
                    assert codes(one) == codes(other), question
                exact += told_exactly(one) == told_exactly(other)
            assert decided > len(asked) / 2
            assert exact > decided * 0.75
            assert told(replica.check_many([world.emails[0]], "newsletter", "email")[0]) == told(theirs[0])
