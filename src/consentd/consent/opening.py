"""Opening the sealed part of events that are read back (promise 10: what is gone stays gone)."""

from collections.abc import Sequence
from typing import Any

import msgspec

from consentd.consent.answers import EventWritten
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import open_keys


def opened(
    connection: Any, keyring: Keyring, rows: Sequence[Any], table: str = "consent_events"
) -> list[EventWritten]:
    """Events (Any: rows of `table`) with their sealed part, empty where the key is gone or restricted."""
    keys = open_keys(connection, keyring, {row["subject_id"] for row in rows})
    events = []
    for row in rows:
        proof = keys[row["subject_id"]].proof
        detail = {}
        if proof is not None:
            detail = msgspec.json.decode(unseal(proof, row["sealed"], Place(table, "sealed", row["id"])))
        events.append(EventWritten(row, detail))
    return events
