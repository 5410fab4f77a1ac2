"""What consentd itself holds about a person, as records beside those of the silos (GDPR 15, docs/law.md 36).

Choices with what was shown, facts with who stated them, contacts, and everyone who looked: staff by their
role, tools by their name. Flat in memory but for the events of one person. Reads within one transaction;
that the reading is logged is the caller's part (promise 8).
"""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.check import whole as checks
from consentd.consent import whole as consent
from consentd.consent.answers import EventWritten
from consentd.crypto.keyring import Keyring
from consentd.dsr import directives
from consentd.dsr.package.own_model import Own
from consentd.dsr.package.who import Called
from consentd.dsr.package.words import action_in_words
from consentd.evidence import service as log
from consentd.kernel.canonical import Scalar
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import to_text
from consentd.subjects import service as subjects
from consentd.subjects import whole
from consentd.subjects.service import Found
from consentd.systems.connectors.contract import Records

Record = dict[str, Scalar]


def gather(
    connection: Any,
    keyring: Keyring,
    compiled: CompiledPolicy,
    subject: UUID,
    language: Language,
    records: Records,
) -> Own:
    """Any: a database connection. Adds all records; raises NotFound where there is nobody any more."""
    person = subjects.person_by_id(connection, subject)
    return _Gathering(connection, keyring, compiled, person, language, records).run()


class _Gathering:
    def __init__(
        self,
        connection: Any,
        keyring: Keyring,
        compiled: CompiledPolicy,
        person: Found,
        language: Language,
        records: Records,
    ) -> None:
        self._connection = connection
        self._keyring = keyring
        self._policy = compiled.policy
        self._person = person
        self._language = language
        self._records = records
        self._keys = whole.keys_of(connection, keyring, person.members)
        self._called = Called(connection, compiled.policy, language)
        self._points: dict[UUID, str] = {}
        self._professional = False
        self._purposes: set[str] = set()
        self._sources: dict[str, None] = {}
        self._entries: dict[UUID, None] = {}

    def run(self) -> Own:
        events = consent.events_about(self._connection, self._person.members)
        self._add("contact_details", self._details())
        self._add("names", self._names())
        self._add("choices", self._standing())
        self._add("objections", self._objections(events))
        self._add("history", map(self._choice, consent.choices(self._connection, self._keyring, events)))
        self._add("facts", self._facts())
        self._add("do_not_contact", self._listed())
        self._add("directives", directives.records(self._connection, self._keys))
        contacts = checks.contacts(self._connection, self._person.members)
        self._add("contacts", map(self._tried, contacts.tried))
        self._add("permits", map(self._permitted, contacts.permitted))
        self._add("lists", map(self._used, contacts.used))
        self._add("consultations", self._logged(reading=True))
        self._add("changes", self._logged(reading=False))
        return Own(
            self._person.members,
            self._person.restricted,
            self._professional,
            tuple(sorted(self._purposes)),
            tuple(self._sources),
            tuple(self._entries),
        )

    def _add(self, what: str, found: Iterator[Record]) -> None:
        for record in found:
            self._records.add(what, record)

    def _details(self) -> Iterator[Record]:
        for one in whole.details_of(self._connection, self._person, self._keys):
            self._points[one.id] = one.named.value
            self._professional |= one.capacity == "professional"
            yield {
                "kind": one.named.scheme,
                "value": one.named.value,
                "told_by": self._source(one.system_id),
                "since": to_text(one.since),
                "confirmed_at": _time(one.verified_at),
                "professional": one.capacity == "professional",
                "unreachable_since": _time(one.unreachable_since),
            }

    def _names(self) -> Iterator[Record]:
        for one in whole.names_of(self._connection, self._person, self._keys):
            yield {
                "given": one.name.given,
                "family": one.name.family,
                "full": one.name.full,
                "told_by": self._source(one.system_id),
            }

    def _standing(self) -> Iterator[Record]:
        for state in consent.standing(self._connection, self._person):
            yield {
                **self._about(state.key.purpose, state.key.channel, state.key.contact_point),
                "state": state.state.value,
                "since": to_text(state.effective),
                "proof": state.proof.value,
                "event_id": state.event,
            }

    def _choice(self, event: EventWritten) -> Record:
        row, detail = event.row, event.detail
        self._entries[row["entry_id"]] = None
        notice = detail.get("notice") or {}
        return {
            "event_id": row["id"],
            "entry_id": row["entry_id"],
            **self._about(row["purpose"], row["channel"], row["contact_point_id"]),
            "state": row["state"],
            "claim": row["claim"],
            "happened_at": to_text(row["happened"]),
            "happened_by": to_text(row["happened_last"]) if row["happened_last"] != row["happened"] else None,
            "recorded_at": to_text(row["arrived"]),
            "told_by": self._source(row["system_id"]),
            "method": detail.get("method"),
            "collector": detail.get("collector"),
            "collection_point": detail.get("collection_point"),
            "notice": notice.get("id"),
            "notice_version": notice.get("version"),
            "notice_language": notice.get("language"),
            "notice_sha256": notice.get("sha256"),
            "proof": row["proof"],
            "evidence": _written_out(detail.get("evidence")),
            "parental": _written_out(detail.get("parental")),
            "policy": row["policy"],
        }

    def _objections(self, events: consent.Events) -> Iterator[Record]:
        for found in consent.objections(self._connection, self._keyring, events, self._keys):
            row = found.row
            self._entries[row["entry_id"]] = None
            yield {
                "objection_id": row["id"],
                "entry_id": row["entry_id"],
                **self._about(row["purpose"], row["channel"], row["contact_point_id"]),
                "ground": row["ground"],
                "since": to_text(row["effective"]),
                "recorded_at": to_text(row["arrived"]),
                "told_by": self._source(row["system_id"]),
                "method": found.detail.get("method"),
                "collector": found.detail.get("collector"),
                "reason": found.reason,
            }

    def _facts(self) -> Iterator[Record]:
        for fact in whole.facts_of(self._connection, self._person, self._keys):
            told = fact.payload
            self._entries[fact.entry_id] = None
            yield {
                "kind": told.kind,
                # Of a birth or a profession only the arrival is known.
                "happened_at": None if told.kind in ("birth_date", "professional") else to_text(told.first),
                "ends_at": _time(told.end),
                "about": told.subject_matter or told.product,
                "birth": "-".join(f"{part:02}" for part in msgspec.structs.astuple(told.birth) if part)
                if told.birth
                else None,
                "contact_point": self._points.get(told.contact_point) if told.contact_point else None,
                "holds": told.yes,
                "refusal_offered": told.refusal_offered if told.kind == "sale" else None,
                "reference": told.reference,
                "told_by": self._source(fact.system_id),
                "recorded_at": to_text(fact.arrived),
                "entry_id": fact.entry_id,
            }

    def _listed(self) -> Iterator[Record]:
        for row in subjects.listed_by(self._connection, self._person.members):
            yield {
                **self._about(row.purpose, row.channel, row.identifier_id),
                "since": to_text(row.since),
            }

    def _tried(self, row: Any) -> Record:  # Any: a row
        return {
            **self._about(row["purpose"], row["channel"], row["contact_point_id"]),
            "outcome": row["outcome"],
            "happened_at": to_text(row["happened"]),
            "told_by": self._source(row["system_id"]),
        }

    def _permitted(self, row: Any) -> Record:  # Any: a row
        return {
            **self._about(row["purpose"], row["channel"], row["contact_point_id"]),
            "issued_at": to_text(row["issued"]),
            "expires_at": to_text(row["expires"]),
            "given_to": self._called.tool(row["system_id"]),
        }

    def _used(self, row: Any) -> Record:  # Any: a row
        return {
            "purpose": row["purpose"],
            "channel": row["channel"],
            "last_used_at": to_text(row["used"]),
            "by": self._called.tool(row["system_id"]),
        }

    def _logged(self, *, reading: bool) -> Iterator[Record]:
        """Who looked, or what was changed: the first is what people ask about."""
        for entry in log.entries_about(self._connection, self._person.members):
            if entry.reading is reading:
                yield {
                    "at": to_text(entry.at),
                    "what": action_in_words(entry.action, self._language),
                    "by": self._called.who(entry.actor_kind, entry.actor_id),
                    "action": entry.action,
                    "entry_id": entry.id,
                }

    def _about(self, purpose: str | None, channel: str | None, point: UUID | None) -> Record:
        if purpose is not None:
            self._purposes.add(purpose)
        value = None if point is None or point == NOBODY else self._points.get(point)
        return {"purpose": purpose, "channel": channel, "contact_point": value}

    def _source(self, id_: UUID | None) -> str | None:
        name = self._called.tool(id_)
        if name is not None:
            self._sources[name] = None
        return name


def _time(at: int | None) -> str | None:
    return None if at is None else to_text(at)


def _written_out(told: Any) -> str | None:
    """Any: JSON. What evidence says, on one line."""
    if not told:
        return None
    if not isinstance(told, dict):
        return str(told)
    return "; ".join(f"{name}: {value}" for name, value in told.items())
