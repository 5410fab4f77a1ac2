"""What is known of people's facts, opened: folded as a check reads them, or folded anew from each.

Nobody is meant or written about here: whoever needs a fact while finding out who is meant can ask.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any
from uuid import UUID

import msgspec

from consentd.crypto.seal import Place, unseal
from consentd.crypto.secrets import Key
from consentd.kernel.case import Facts
from consentd.kernel.ids import SubjectId
from consentd.kernel.instants import Instant
from consentd.subjects import facts_store
from consentd.subjects.facts import Payload, fold_facts

_payload = msgspec.json.Decoder(Payload)
_payloads = msgspec.json.Decoder(list[Payload])


def open_payloads(content: Key, subject: UUID, sealed: bytes) -> list[Payload]:
    """Every fact of one subject that its folded facts hold."""
    return _payloads.decode(unseal(content, sealed, fold_place(subject)))


def open_fact_state(content: Key, subject: UUID, sealed: bytes) -> Facts:
    """The folded facts of one subject, as a check reads them."""
    return fold_facts(open_payloads(content, subject, sealed))


def refolded(content: Key, rows: Iterable[Any]) -> Facts:  # Any: a row of `facts`
    """The same, out of the facts themselves."""
    opened = (unseal(content, row["sealed"], Place("facts", "sealed", row["id"])) for row in rows)
    return fold_facts(_payload.decode(one) for one in opened)


def facts_told(connection: Any, content: Key, subject: SubjectId) -> list[tuple[Instant, Payload]]:
    """Every fact of one subject, with when it arrived: `fold_facts` makes of some what was known by then."""
    return [
        (row["arrived"], _payload.decode(unseal(content, row["sealed"], Place("facts", "sealed", row["id"]))))
        for row in facts_store.facts_of(connection, [subject])[subject]
    ]


def payloads_of_all(connection: Any, keys: Collection[tuple[SubjectId, Key]]) -> list[Payload]:
    """Any: a database connection. Every fact of these subjects, each of whom comes with its content key."""
    sealed = facts_store.fact_states(connection, [subject for subject, _ in keys])
    return [
        fact
        for subject, content in keys
        if subject in sealed
        for fact in open_payloads(content, subject, sealed[subject])
    ]


def births_of(
    connection: Any, keys: Mapping[SubjectId, Key]
) -> dict[SubjectId, set[tuple[int, int | None, int | None]]]:
    """Any: a database connection. The births told of each of these subjects, by content key: year, month and
    day, or the year alone.
    """
    sealed = facts_store.fact_states(connection, list(keys))
    return {
        subject: {
            (birth.year, birth.month, birth.day)
            for birth in open_fact_state(keys[subject], subject, state).births
        }
        for subject, state in sealed.items()
    }


def fold_place(subject: UUID) -> Place:
    return Place("fact_states", "sealed", subject)
