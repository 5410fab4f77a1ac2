"""What came of erasing people whom the policy had kept long enough: numbers, silo by silo. Names nobody."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from consentd.dsr import store
from consentd.dsr.rights import Right
from consentd.dsr.states import State
from consentd.kernel.connection import Verb
from consentd.kernel.instants import Instant
from consentd.systems.connectors.contract import Part

_PARTS = msgspec.json.Decoder(tuple[Part, ...])


class SiloReport(msgspec.Struct, frozen=True, kw_only=True):
    system: str
    answers: dict[str, int]
    """How many people, by what the silo answered of them: done, partial, unsupported, failed."""
    deleted: int
    """Rows."""
    changed: int
    kept: dict[str, int]
    """Rows that stay, by the article and its words."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    people: int
    """Whose erasure was begun since then."""
    states: dict[str, int]
    """Of those: how far they are. `refused`: they gave a sign in between, and were not erased."""
    silos: tuple[SiloReport, ...]


def report(connection: Any, since: Instant) -> Report:  # Any: a database connection
    states = Counter(store.states_of_right(connection, Right.RETENTION.value, since))
    # The last answer of a task counts.
    last = {row["task_id"]: row for row in store.answers_of_right(connection, Right.RETENTION.value, since)}
    silos: defaultdict[str, list[Any]] = defaultdict(list)
    for row in last.values():
        if row["verb"] == Verb.ERASE.value:
            silos[row["system"]].append(row)
    return Report(
        people=states.total(),
        states={state.value: states[state.value] for state in State if states[state.value]},
        silos=tuple(_silo(name, rows) for name, rows in sorted(silos.items())),
    )


def _silo(name: str, rows: list[Any]) -> SiloReport:
    parts = [part for row in rows for part in _PARTS.decode(row["parts"])]
    kept: Counter[str] = Counter()
    for part in parts:
        for one in part.kept:
            kept[one.because] += one.count
    return SiloReport(
        system=name,
        answers=dict(Counter(row["verdict"] for row in rows)),
        deleted=sum(part.deleted for part in parts),
        changed=sum(part.changed for part in parts),
        kept=dict(kept),
    )
