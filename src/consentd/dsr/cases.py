"""One request under way in a unit: reading it, moving it along its table, noting why (promises 3 and 8).

Every move is a row of `request_steps` and a new state of the request's row, under one audit entry. Entries
are sealed under an audit key: the register of requests is kept when the person's own keys are gone.
"""

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import msgspec

from consentd.base.ids import new_id
from consentd.callers import staff
from consentd.crypto import request_keys
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal, unseal
from consentd.crypto.secrets import Key
from consentd.db.unit import Unit
from consentd.dsr import plan, store
from consentd.dsr.deadlines import Due, Pause, due, extension_ends
from consentd.dsr.plan import Told
from consentd.dsr.rights import NEEDS, Proof, Right
from consentd.dsr.shapes import Sealed
from consentd.dsr.states import OPEN, UNANSWERED, Case, Event, State, after
from consentd.evidence.model import Actor, ActorKind
from consentd.evidence.recorder import Entry, begin
from consentd.kernel.canonical import Scalar, canonical
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.connection import Verb
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import DAY, Instant, to_datetime
from consentd.kernel.law import DeadlineRule, Holiday
from consentd.kernel.policy import Policy
from consentd.systems.connectors.contract import Part

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


class RequestCase:
    """A request's row, locked; `row` is as it stands after what was done."""

    def __init__(
        self, unit: Unit, keyring: Keyring, compiled: CompiledPolicy, row: Any
    ) -> None:  # Any: a row mapping
        self.unit = unit
        self.keyring = keyring
        self.compiled = compiled
        self.row: dict[str, Any] = {str(name): value for name, value in row.items()}
        self._key: Key | None = None

    @classmethod
    def locked(cls, unit: Unit, keyring: Keyring, compiled: CompiledPolicy, id_: UUID) -> "RequestCase":
        """Raises NotFound."""
        row = store.request(unit.connection, id_, lock=True)
        if row is None:
            raise unknown_request()
        return cls(unit, keyring, compiled, row)

    @property
    def id(self) -> UUID:
        id_: UUID = self.row["id"]
        return id_

    @property
    def right(self) -> Right:
        return Right(self.row["right"])

    @property
    def state(self) -> State:
        return State(self.row["state"])

    @property
    def open(self) -> bool:
        return self.state in OPEN

    def key(self) -> Key | None:
        """The content key; None once the request is over and forgotten."""
        if self._key is None:
            # Its row is locked: nobody else destroys it while this unit works.
            self._key = request_keys.open_key(self.unit.connection, self.keyring, self.id, "content")
        return self._key

    def content(self) -> Sealed:
        """Raises NotFound once it is forgotten."""
        return opened(self.key(), self.row)

    def put_content(self, content: Sealed) -> bytes:
        """The sealed column for `move`."""
        key = self.key()
        assert key is not None
        return seal(key, canonical(content), Place("requests", "sealed", self.id))

    def entry(self, action: str, actor: Actor) -> Entry:
        """Begins an entry about the person. Under an audit key: consentd's own record of them may be gone."""
        subject = self.row["subject_id"]
        return begin(
            self.unit,
            self.keyring,
            action=action,
            actor=actor,
            subject_id=None if subject is None else SubjectId(subject),
            key=self.keyring.audit(),
            policy=self.compiled.hash,
        )

    def tasks(self) -> dict[tuple[str, Verb], Told]:
        return told_tasks(self.unit.connection, self.id)

    def case(self, *, reasons: bool = False) -> Case:
        """What guards look at, now."""
        tasks = self.tasks()
        today = local_day(self.unit.now, self.compiled.policy)
        received = dt.date.fromisoformat(self.row["received_on"])
        rule, holidays = rule_of(self.compiled.policy)
        return Case(
            proof=Proof(self.row["proof"]),
            needed=Proof(self.row["proof_needed"]),
            approvals=self.approvals(),
            approvals_needed=self.row["approvals_needed"],
            reviewed=self._reviewed(),
            unsettled=plan.unsettled(tasks),
            gaps=len(plan.gaps(tasks)),
            reasons=reasons,
            in_first_month=today <= extension_ends(received, rule, holidays),
            extended=self.row["extended"],
            overdue=today > dt.date.fromisoformat(self.row["legal_due"]),
        )

    def _reviewed(self) -> bool:
        # What was found of an objection stands, whatever silos answer after it.
        decided = self.right is Right.OBJECTION and self.row["answered_at"] is not None
        return NEEDS[self.right].reviewed and not decided

    def approvals(self) -> int:
        """By different members of staff; where there is only one, theirs of another day count again."""
        given = [
            (step["actor_id"], step["at"])
            for step in store.steps(self.unit.connection, self.id)
            if step["event"] == Event.APPROVED.value and step["actor_kind"] == ActorKind.STAFF.value
        ]
        if staff.how_many(self.unit.connection) > 1:
            return len({who for who, _ in given})
        counted: list[int] = []
        for _, at in given:
            if not counted or at >= counted[-1] + DAY:
                counted.append(at)
        return len(counted)

    def move(
        self, event: Event, actor: Actor, detail: object = None, *, case: Case | None = None, **values: Any
    ) -> State:
        """Takes a step, with what else changes in the row. Raises Conflict where the table does not have it.

        Values count for the guards: a proof that is written with the step is one that was given.
        """
        found = case or self.case()
        if "proof" in values:
            found = msgspec.structs.replace(found, proof=Proof(values["proof"]))
        to = after(self.state, event, found)
        return self.note(event.value, to, actor, detail, **values)

    def note(
        self,
        event: str,
        to: State,
        actor: Actor,
        detail: object = None,
        *,
        clear: Mapping[str, Scalar] | None = None,
        **values: Any,
    ) -> State:  # Any: columns of the row
        """Notes a step that leads to `to` without asking the table: one that leaves the state as it is.

        `clear`: other columns of the step, which outlive what the request holds sealed.
        """
        now = self.unit.now
        if to not in UNANSWERED and self.row["answered_at"] is None:
            values["answered_at"] = now
        if to not in OPEN and self.row["closed_at"] is None:
            # What is noted afterwards, that a mail was sent, keeps nothing for longer.
            values["closed_at"] = now
        entry = self.entry(f"request.{event}", actor)
        changed = {**values, "state": to.value}
        entry.update(store.REQUESTS, {"id": [self.id]}, changed)
        step = new_id()
        key = self.key() if detail is not None else None
        sealed = seal(key, canonical(detail), Place("request_steps", "sealed", step)) if key else None
        entry.insert(
            store.STEPS,
            {
                "id": step,
                "request_id": self.id,
                "event": event,
                "state": to.value,
                "at": now,
                "actor_kind": actor.kind.value,
                "actor_id": actor.id,
                "key_id": key.id if key else None,
                "sealed": sealed,
                **(clear or {}),
            },
        )
        entry.close({"request": str(self.id), "right": self.right.value, "state": to.value})
        if to not in OPEN:
            store.drop_waiting(self.unit, self.id)
        self.row |= changed
        return to

    def due_again(self, *, extended: bool) -> Due:
        """The dates, from the day of receipt, what was extended and when the clock stood still."""
        rule, holidays = rule_of(self.compiled.policy)
        received = dt.date.fromisoformat(self.row["received_on"])
        pauses = pauses_of(store.steps(self.unit.connection, self.id), self.compiled.policy)
        today = local_day(self.unit.now, self.compiled.policy)
        return due(received, rule, holidays, extended=extended, pauses=pauses, today=today)


def pauses_of(steps: Iterable[Any], policy: Policy) -> list[Pause]:  # Any: row mappings
    """From each recorded request for identity on doubt to the proof that followed."""
    since: dt.date | None = None
    found: list[Pause] = []
    for step in steps:
        day = local_day(step["at"], policy)
        if step["event"] == "doubted" and since is None:
            since = day
        elif step["event"] == Event.PROVEN.value and since is not None:
            found.append(Pause(since, day))
            since = None
    if since is not None:
        found.append(Pause(since, None))
    return found


def told_tasks(connection: Any, request: UUID) -> dict[tuple[str, Verb], Told]:  # Any: a connection
    """What is known of each task of a request."""
    found: dict[UUID, int] = {}
    for task, parts in store.parts_told(connection, request):
        found[task] = sum(part.found for part in _PARTS.decode(parts))
    return {
        (system, Verb(verb)): Told(state, verdict, found.get(task, 0))
        for task, system, verb, state, verdict in store.tasks_told(connection, request)
    }


def opened(key: Key | None, row: Any) -> Sealed:  # Any: a row mapping
    """What a request holds sealed. Raises NotFound once it is forgotten."""
    if key is None or row["sealed"] is None:
        raise NotFound("request_forgotten", "This request is over, and what it held of the person is gone.")
    content = unseal(key, row["sealed"], Place("requests", "sealed", row["id"]))
    return msgspec.json.decode(content, type=Sealed)


def rule_of(policy: Policy) -> tuple[DeadlineRule, tuple[Holiday, ...]]:
    """How long the company has to answer, and its holidays: its country's law, else the Union's.

    Those of the whole country alone: a local holiday would make the date later elsewhere too.
    """
    packs = [pack for pack in policy.packs.values() if policy.controller.country in pack.countries]
    packs.sort(key=lambda pack: pack.id == "eu")
    holidays = next((pack.holidays for pack in packs if pack.holidays), ())
    for pack in packs:
        if pack.deadlines:
            return pack.deadlines[0], holidays
    return _MONTH, holidays


_MONTH = DeadlineRule(
    id="gdpr.month",
    cites=("GDPR 12(3)",),
    mark="C",
    source="Regulation (EU) 2016/679",
    months=1,
    extended_months=3,
)
"""Where no pack says it: the Regulation's own."""


def local_day(at: int, policy: Policy) -> dt.date:
    """The day where the company is."""
    return to_datetime(Instant(at), ZoneInfo(policy.controller.zone)).date()


def unknown_request() -> NotFound:
    return NotFound("unknown_request", "There is no request of this number.")
