"""The log over HTTP. Checkpoints and the key are public: whoever sees them can hold us to them.

Upholds promise 9: with these five, anyone verifies offline that an entry is in the log and that nothing was
taken out since an earlier checkpoint. Proofs are hashes and nothing else.

Who may call is declared by the options that `routes` is given: rooms above know callers, this one does not.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import msgspec
from litestar import MediaType, Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromQuery, QueryParameter

from consentd.base.described import described
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence import checkpoint, examples, service
from consentd.kernel.errors import NotFound, Unprocessable
from consentd.kernel.ids import EntryId

Options = Mapping[str, Any]  # Any: route options belong to the framework


class InclusionTold(msgspec.Struct, frozen=True):
    """Hashes are base64. RFC 9162 §2.1.3.2 says how to verify it."""

    index: int
    size: int
    leaf: str
    path: tuple[str, ...]


class ConsistencyTold(msgspec.Struct, frozen=True):
    """Hashes are base64. RFC 9162 §2.1.4.2 says how to verify it."""

    first: int = msgspec.field(name="from")
    second: int = msgspec.field(name="to")
    path: tuple[str, ...]


_WHOLE = re.compile(r"0|[1-9][0-9]{0,17}")
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NOT_PROVEN = "A number or an id that is none, or a size that the log has not."


def routes(
    database: Database, keyring: Keyring, origin: str, *, public: Options, protected: Options
) -> list[HTTPRouteHandler]:
    """The handlers. `public` and `protected`: the route options for anyone, and for known callers."""

    @get(
        "/v1/log/checkpoint",
        media_type=MediaType.TEXT,
        opt={**public, **described(also={404: "Nothing was recorded yet."}, answer=examples.CHECKPOINT)},
        tags=["log"],
        operation_id="getCheckpoint",
        summary="The newest checkpoint",
    )
    async def log_checkpoint() -> Response[str]:
        """A signed note (C2SP tlog-checkpoint): the log's origin, its size, its root, our signature."""
        latest = await database.read(service.latest_checkpoint)
        if latest is None:
            raise NotFound("log_empty", "Nothing was recorded yet, so there is no checkpoint yet.")
        return Response(latest.note, media_type=MediaType.TEXT, headers={"Cache-Control": "no-store"})

    @get(
        "/v1/log/key",
        media_type=MediaType.TEXT,
        opt={**public, **described(answer=examples.KEY)},
        tags=["log"],
        operation_id="getLogKey",
        summary="The log's verifier key",
    )
    async def log_key() -> str:
        """The key that checkpoints are verified with, as a C2SP signed-note verifier key."""
        return checkpoint.vkey(origin, keyring.signer("log").public) + "\n"

    @get(
        "/v1/log/proofs/inclusion",
        opt={
            **protected,
            **described(
                also={404: "No such entry, or not in the log yet.", 422: _NOT_PROVEN},
                answer=examples.INCLUSION,
                parameters={"index": "0"},
            ),
        },
        tags=["log"],
        operation_id="proveInclusion",
        summary="Proof that an entry is in the log",
    )
    async def log_inclusion(
        entry: FromQuery[str | None] = None,
        index: FromQuery[str | None] = None,
        size: FromQuery[str | None] = None,
    ) -> InclusionTold:
        """An inclusion proof (RFC 9162 §2.1.3) for `entry` (its id) or `index`, in the tree of `size`."""
        named = _named(entry, index)
        wanted = None if size is None else _whole("size", size)
        proof = await database.read(lambda connection: service.inclusion_proof(connection, named, wanted))
        return msgspec.convert(proof.to_json(), InclusionTold)

    @get(
        "/v1/log/proofs/tlog",
        media_type=MediaType.TEXT,
        opt={
            **protected,
            **described(
                also={404: "No such entry, or not in the log yet.", 422: _NOT_PROVEN},
                answer=examples.SIGNED,
                parameters={"index": "0"},
            ),
        },
        tags=["log"],
        operation_id="proveInclusionSigned",
        summary="Proof that an entry is in the log, with its checkpoint",
    )
    async def log_tlog_proof(entry: FromQuery[str | None] = None, index: FromQuery[str | None] = None) -> str:
        """A C2SP tlog-proof for `entry` (its id) or `index`: with the log's key, it verifies offline."""
        named = _named(entry, index)
        return (await database.read(lambda connection: service.signed_proof(connection, named))).text()

    @get(
        "/v1/log/proofs/consistency",
        opt={
            **protected,
            **described(
                also={422: _NOT_PROVEN},
                answer=examples.CONSISTENCY,
                parameters={"from": "1", "to": "2"},
            ),
        },
        tags=["log"],
        operation_id="proveConsistency",
        summary="Proof that the log only grew",
    )
    async def log_consistency(
        first: Annotated[str | None, QueryParameter(name="from")] = None,
        second: Annotated[str | None, QueryParameter(name="to")] = None,
    ) -> ConsistencyTold:
        """A consistency proof (RFC 9162 §2.1.4) between the trees of the sizes `from` and `to`."""
        sizes = _whole("from", first), _whole("to", second)
        proof = await database.read(lambda connection: service.consistency_proof(connection, *sizes))
        return msgspec.convert(proof.to_json(), ConsistencyTold)

    return [log_checkpoint, log_key, log_inclusion, log_tlog_proof, log_consistency]


def _named(entry: str | None, index: str | None) -> EntryId | int:
    if (entry is None) == (index is None):
        raise Unprocessable("entry_or_index", "Name the entry by either entry or index.")
    return _entry(entry) if entry is not None else _whole("index", index)


def _entry(text: str) -> EntryId:
    if not _ID.fullmatch(text):
        raise Unprocessable("bad_entry", "entry is not the id of a log entry, 36 characters in lower case.")
    return EntryId(UUID(text))


def _whole(name: str, text: str | None) -> int:
    if text is None or not _WHOLE.fullmatch(text):
        raise Unprocessable("bad_number", f"{name} takes a whole number.")
    return int(text)
