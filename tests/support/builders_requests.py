"""Requests as systems send them, complete unless a test leaves something out. Pure."""

from typing import Any

import msgspec

from consentd.check.questions import CheckAsked
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordConsents, RecordObjection
from consentd.kernel.instants import to_text
from consentd.subjects.requests import Identifier, Name, SubjectNamed
from consentd.subjects.stating import FactsAsked

NOTICES = {
    "newsletter": ("newsletter", "3"),
    "promotions": ("promotions", "1"),
    "open_tracking": ("open_tracking", "1"),
    "wellness_advice": ("wellness", "1"),
    "club_enfants": ("club_enfants", "1"),
    "loyalty_profile": ("loyalty_form", "1"),
    "energy_renovation": ("energy_renovation", "1"),
}
"""The text in force for each purpose of the demo company that asks for consent."""


def identifier(text: str) -> Identifier:
    """Of "email:ana@exemple.fr"."""
    scheme, _, value = text.partition(":")
    return Identifier(scheme, value)


def subject(*who: str, territory: str | None = "FR", name: Name | str | None = None) -> SubjectNamed:
    return SubjectNamed(tuple(identifier(one) for one in who), territory, name)


def notice(purpose: str, **other: Any) -> NoticeShown:
    """The text in force for a purpose; `other` replaces parts of it."""
    id_, version = NOTICES[purpose]
    return msgspec.convert({"id": id_, "version": version, "language": "fr"} | other, NoticeShown)


def yes(purpose: str, channel: str, at: str, **other: Any) -> ConsentEvent:
    """A yes with its whole proof; what `other` sets to None is left out."""
    complete = {
        "state": "given",
        "occurred_at": at,
        "method": "checkbox",
        "collector": "webshop",
        "notice": notice(purpose) if purpose in NOTICES else None,
    }
    return event(purpose, channel, **(complete | other))


def event(purpose: str, channel: str, **members: Any) -> ConsentEvent:
    """An event with these members, read as strictly as one that comes in."""
    said = {name: msgspec.to_builtins(value) for name, value in members.items() if value is not None}
    if isinstance(point := said.get("contact_point"), str):
        said["contact_point"] = msgspec.to_builtins(identifier(point))
    return msgspec.convert({"purpose": purpose, "channel": channel, **said}, ConsentEvent)


def consents(who: SubjectNamed, *events: ConsentEvent, **other: Any) -> RecordConsents:
    return RecordConsents(who, events, **other)


def objection(who: SubjectNamed, at: str | None = None, **other: Any) -> RecordObjection:
    point = other.pop("contact_point", None)
    return RecordObjection(
        subject=who, occurred_at=at, contact_point=identifier(point) if point else None, **other
    )


def fact(who: SubjectNamed, kind: str, **members: Any) -> FactsAsked:
    said = {"kind": kind, **members}
    if "contact_point" in said:
        said["contact_point"] = msgspec.to_builtins(identifier(said["contact_point"]))
    return msgspec.convert({"subject": msgspec.to_builtins(who), "facts": [said]}, FactsAsked)


def question(
    who: tuple[str, ...],
    purpose: str,
    channel: str,
    *,
    point: str | None = None,
    at: int | str | None = None,
) -> CheckAsked:
    names = tuple(identifier(one) for one in who)
    return CheckAsked(
        names if len(names) != 1 else names[0],
        purpose,
        channel,
        identifier(point) if point else None,
        to_text(at) if isinstance(at, int) else at,
    )
