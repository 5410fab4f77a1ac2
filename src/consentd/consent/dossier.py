"""Choices with what was shown and held as evidence: for whoever must show how a choice came about."""

from collections.abc import Iterable
from typing import Any, NamedTuple

import msgspec

from consentd.consent.answers import EventWritten
from consentd.consent.views import HistoryEvent, history_event
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys


class Choice(NamedTuple):
    row: Any
    event: HistoryEvent
    wording: str | None
    """The words agreed to, where the evidence names them."""


def choices_of(connection: Any, keyring: Keyring, rows: Iterable[Any]) -> list[Choice]:
    """Any: a connection, and rows of events. What a destroyed or restricted key sealed is left out."""
    return [
        Choice(event.row, history_event(event), _wording(event))
        for event in opened(connection, keyring, rows)
    ]


def opened(connection: Any, keyring: Keyring, rows: Iterable[Any]) -> list[EventWritten]:
    """Events with their sealed part, empty where the key is gone or restricted."""
    found = list(rows)
    keys = open_keys(connection, keyring, {row["subject_id"] for row in found})
    events = []
    for row in found:
        proof = keys[row["subject_id"]].proof
        detail: dict[str, Any] = {}
        if proof is not None:
            detail = msgspec.json.decode(
                unseal(proof, row["sealed"], Place("consent_events", "sealed", row["id"]))
            )
        events.append(EventWritten(row, detail))
    return events


def _wording(event: EventWritten) -> str | None:
    evidence = event.detail.get("evidence")
    said = evidence.get("wording") if isinstance(evidence, dict) else None
    return said if isinstance(said, str) else None
