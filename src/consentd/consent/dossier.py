"""Choices with what was shown and held as evidence: for whoever must show how a choice came about."""

from collections.abc import Iterable
from typing import Any, NamedTuple

from consentd.consent.answers import EventWritten
from consentd.consent.opening import opened
from consentd.consent.views import HistoryEvent, history_event
from consentd.crypto.keyring import Keyring


class Choice(NamedTuple):
    row: Any
    event: HistoryEvent
    wording: str | None
    """The words agreed to, where the evidence names them."""


def choices_of(connection: Any, keyring: Keyring, rows: Iterable[Any]) -> list[Choice]:
    """Any: a connection, and rows of events. What a destroyed or restricted key sealed is left out."""
    return [
        Choice(event.row, history_event(event), _wording(event))
        for event in opened(connection, keyring, list(rows))
    ]


def _wording(event: EventWritten) -> str | None:
    evidence = event.detail.get("evidence")
    said = evidence.get("wording") if isinstance(evidence, dict) else None
    return said if isinstance(said, str) else None
