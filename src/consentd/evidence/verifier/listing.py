"""Reading what an entry lists: rows by table and key, each with its hash."""

import msgspec

from consentd.evidence.verifier import store
from consentd.evidence.verifier.store import KEPT_TABLES, RECORDED
from consentd.kernel.canonical import Scalar

_decoder = msgspec.json.Decoder(list[tuple[str, str | int, str | None]])


def listed_in(rows: str) -> list[tuple[str, Scalar, str | None]]:
    """Table, key as the table's own type, and hash; None of a row that is gone, which only kept ones may be.

    Raises ValueError where it is no such list.
    """
    found: list[tuple[str, Scalar, str | None]] = []
    try:
        for name, key, digest in _decoder.decode(rows):
            table = KEPT_TABLES[name] if digest is None or name in KEPT_TABLES else RECORDED[name]
            found.append((name, store.key_of(table, key), digest))
    except (msgspec.MsgspecError, KeyError) as reason:
        raise ValueError("not a list of rows") from reason
    return found
