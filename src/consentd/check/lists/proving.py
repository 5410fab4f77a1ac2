"""Finding the row of somebody in a list that was decided, among the answers that its caller kept."""

import base64
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from consentd.check.lists import store
from consentd.check.lists.kept import Kept, kept_answers
from consentd.check.lists.leaves import secret_of
from consentd.check.lists.proof import FORMAT, ListProof, path_of
from consentd.check.lists.told import KEY_DIGITS, KEYS, keys_from, leaf_of
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence.merkle import Tree
from consentd.kernel.canonical import row_bytes
from consentd.kernel.errors import NotFound
from consentd.kernel.ids import EntryId
from consentd.kernel.policy import Policy
from consentd.subjects.spelling import named

Log = Callable[[EntryId], Any]
"""The tlog-proof of an entry, awaited."""


async def prove(
    answers: Path,
    identifier: str,
    row: int | None,
    *,
    database: Database,
    keyring: Keyring,
    policy: Policy,
    log: Log,
) -> ListProof:
    """The proof of the first row that is about this identifier, or of that row.

    Raises NotFound where the log has no list with these answers, or no such row is about the identifier;
    OperatorError for a file that is none of answers.
    """
    root, size = _digest(answers)
    about = await database.read(lambda connection: store.list_by_root(connection, root))
    if about is None or about["size"] != size:
        raise NotFound(
            "unknown_list",
            "The log has no list with these answers: are they whole and unchanged? Of a list that was broken "
            "off, nothing can be proven unless every answer was told.",
        )
    decided = _find(
        answers, _spelled(policy, about["scheme"], identifier), row, secret_of(keyring, about["id"])
    )
    if decided is None:
        raise NotFound("not_on_list", "No such row of this list is about this identifier.")
    with answers.open(encoding="utf-8", newline="") as file:
        path = path_of(decided["row"] - 1, size, (one.leaf for one in kept_answers(file)))
    return ListProof(
        FORMAT,
        decided,
        [base64.b64encode(one).decode() for one in path],
        msgspec.json.decode(row_bytes("lists", about)),
        await log(EntryId(about["entry_id"])),
    )


def _digest(answers: Path) -> tuple[bytes, int]:
    tree = Tree()
    with answers.open(encoding="utf-8", newline="") as file:
        tree.extend(one.leaf for one in kept_answers(file))
    return tree.root(), tree.size


def _find(answers: Path, identifier: str, row: int | None, secret: bytes) -> dict[str, Any] | None:
    keys = keys_from(secret, 0)
    with answers.open(encoding="utf-8", newline="") as file:
        for one in kept_answers(file):
            place = one.row % KEYS * KEY_DIGITS
            if not place:
                keys = keys_from(secret, one.row // KEYS)
            if row in (None, one.row) and (
                found := _about(one, identifier, keys[place : place + KEY_DIGITS])
            ):
                return found
    return None


def _about(one: Kept, identifier: str, key: str) -> dict[str, Any] | None:
    decided = one.told.decided(one.row, identifier, key)
    return decided if leaf_of(decided) == one.leaf else None


def _spelled(policy: Policy, scheme: str, identifier: str) -> str:
    """As it was looked up; as it stands where it cannot be read, which is how such a cell was bound."""
    kind = policy.identifiers.get(scheme)
    try:
        return (
            identifier if kind is None else named(scheme, kind, identifier, policy.controller.country).value
        )
    except ValueError:
        return identifier.strip()
