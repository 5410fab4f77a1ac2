"""Choosing between the ways an answer can be written, as `Accept` asks (RFC 9110 §12.5.1).

A cache must not hand one form to whoever asked for the other: every answer that was chosen says `Vary`.
"""

import re
from collections.abc import Sequence
from typing import Any

import msgspec
from litestar import Response

from consentd.kernel.errors import NotAcceptable
from consentd.web.call import Call

JSON = "application/json"
JSON_LD = "application/ld+json"
_LINKED_DATA = {
    "type": "object",
    "required": ["@context", "@type"],
    "properties": {"@context": {"type": "object"}, "@type": {"type": "string"}},
    "description": "JSON-LD 1.1 with its context inside, in the Data Privacy Vocabulary (https://w3id.org/dpv).",
}
VARY = {"vary": "accept"}

_RANGE = re.compile(
    r"\s*(?P<type>[a-z0-9!#$&^_.+*-]+)/(?P<subtype>[a-z0-9!#$&^_.+*-]+)\s*(?P<rest>;.*)?", re.IGNORECASE
)
_WEIGHT = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*(?:;|$)", re.IGNORECASE)
_LONGEST = 1000


def chosen(request: Call, offered: Sequence[str] = (JSON, JSON_LD)) -> str:
    """The offered form that the caller likes best; the first where it has no wish. Raises NotAcceptable."""
    best = choose(",".join(request.headers.getall("accept", [])), offered)
    if best is None:
        raise NotAcceptable(
            "not_acceptable", f"This call answers in {' or '.join(offered)}: Accept names neither."
        )
    return best


def choose(accept: str, offered: Sequence[str]) -> str | None:
    """None where none of the offered forms will do. Parts that cannot be read are passed over."""
    if not accept.strip():
        return offered[0]
    weights = [_weight(accept, form) for form in offered]
    best = max(weights)
    return offered[weights.index(best)] if best > 0 else None


def told(answer: Any) -> Response[Any]:  # Any: the handler says what it answers
    """An answer in the plain form, of a call that has another one too."""
    return Response(answer, headers=VARY)


def linked_form(example: dict[str, Any]) -> dict[str, Any]:  # Any: a document of linked data
    """The form that `linked` answers in, for `described(forms=…)`."""
    return {JSON_LD: {"schema": _LINKED_DATA, "example": example}}


def linked(document: dict[str, Any]) -> Response[Any]:  # Any: a document of linked data
    return Response(msgspec.json.encode(document), media_type=JSON_LD, headers=VARY)


def _weight(accept: str, form: str) -> float:
    """How much a form is wanted, by the most specific range that it falls under."""
    wanted, _, kind = form.partition("/")
    found: dict[int, float] = {}
    for part in accept[:_LONGEST].split(","):
        match = _RANGE.fullmatch(part)
        if match is None:
            continue
        named = match["type"].lower(), match["subtype"].lower()
        ranks = {(wanted, kind): 2, (wanted, "*"): 1, ("*", "*"): 0}
        if named not in ranks:
            continue
        weight = _WEIGHT.search(match["rest"] or "")
        rank = ranks[named]
        found[rank] = max(found.get(rank, 0.0), float(weight[1]) if weight else 1.0)
    return found[max(found)] if found else 0.0
