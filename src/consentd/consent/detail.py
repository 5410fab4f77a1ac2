"""The sealed part of a consent event: what proves it, under the person's proof key. Pure."""

from typing import Any

from consentd.consent.admission import Admitted
from consentd.consent.requests import ConsentEvent
from consentd.subjects.spelling import Named


def detail_of(
    event: ConsentEvent, admitted: Admitted, point: Named | None, own: list[Named]
) -> dict[str, Any]:
    """Notice references, evidence, and a copy of the contact point consented to.

    Identifiers are copied only if they are this person's own: under their key nobody else's may outlive an
    erasure. Without them the proof would not say whose consent it is.
    """
    detail: dict[str, Any] = {
        "method": event.method,
        "collector": event.collector,
        "collection_point": event.collection_point,
        "source_event_id": event.source_event_id,
        "evidence": dict(event.evidence) if event.evidence else None,
        "contact_point": [point.scheme, point.value] if point in own and point else None,
        "identifiers": [[name.scheme, name.value] for name in own],
        "parental": {"holder": event.parental.holder, "method": event.parental.method}
        if event.parental
        else None,
        "notice": _notice(event, admitted),
        "missing": list(admitted.missing) or None,
    }
    return {name: value for name, value in detail.items() if value is not None}


def _notice(event: ConsentEvent, admitted: Admitted) -> dict[str, str] | None:
    shown = event.notice
    if shown is None:
        return None
    known = admitted.notice.texts.get(shown.language) if admitted.notice else None
    said = {"id": shown.id, "version": shown.version, "language": shown.language}
    digest = known or shown.sha256
    return {**said, "sha256": digest} if digest else said
