"""What would have been answered at an instant of the past: the same function, over what was known by then.

`decide` is a function of the policy, of what is on record and of the instant (DESIGN §5), and nothing on
record is ever overwritten. So a decision can be made again as long as the events exist: over those that had
*arrived* by then, under the policy that was in force then. Whose address it is, their territory, whether it
was theirs as a consumer and whether their data are frozen are known as they are now, and not as they were:
`Past` says so to whoever reads it.
"""

from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

import msgspec

from consentd.consent.rebuilding import Events, events_about, fold_of
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_keys
from consentd.kernel.case import NO_FACTS, Attempt, Case, Decision, Person, Point, Question, Suppression
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.instants import Instant
from consentd.subjects import folded
from consentd.subjects.facts import fold_facts
from consentd.subjects.service import Found, Held, listed_by


class Past(msgspec.Struct, frozen=True):
    """One contact detail and everyone who holds it, with all that was ever recorded of them."""

    point: Held
    people: tuple[Found, ...]
    events: tuple[Events, ...]
    """Of each person, in their order."""
    facts: tuple[tuple[tuple[Instant, Any], ...], ...]
    """Of each person: when a fact arrived, and what it says."""
    listed: tuple[Suppression, ...]
    attempts: tuple[Any, ...]
    """Rows, in the order in which they were made; `meant` are the ids of those it was reported about."""
    reserved: tuple[Any, ...] = ()
    """Rows of permits, in the same way."""

    def case(self, question: Question, made: Any = None) -> Case:
        """What was known by the instant of the question, of those attempts that count for it.

        `made`: the contact that is asked about, a row. It was meant for whom it says, and what a permit
        reserved for it is not held against it. Without it all are meant who hold the contact detail.
        """
        at = question.at
        everyone = {member for person in self.people for member in person.members}
        meant = (made["meant"] & everyone if made is not None else None) or everyone
        return Case(
            tuple(self._person(number, question, meant) for number in range(len(self.people))),
            (
                Point(
                    self.point.id,
                    tuple(person.id for person in self.people),
                    not self.point.consumer,
                    not self.point.reachable,
                ),
            ),
            True,
            tuple(one for one in self.listed if one.since <= at),
            self._attempts(question, meant, made["batch_id"] if made is not None else None),
        )

    def _attempts(self, question: Question, meant: set[Any], number: UUID | None) -> tuple[Attempt, ...]:
        """Those that had been reported by then, and permits that were open and not used yet: at one of those
        meant, or at the contact detail.
        """
        at = question.at
        known = [row for row in self.attempts if row["arrived"] <= at]
        used = {number, *(row["batch_id"] for row in known)}

        def counts(row: Any) -> bool:
            about = row["contact_point_id"] == self.point.id or bool(row["meant"] & meant)
            return about and row["marketing"] and row["channel"] == question.channel

        made = [
            Attempt(Instant(row["happened"]), row["outcome"] == "refused")
            for row in known
            if row["happened"] < at and counts(row)
        ]
        made += [
            Attempt(Instant(row["issued"]), False, Instant(row["expires"]))
            for row in self.reserved
            if row["issued"] < at < row["expires"] and row["batch_id"] not in used and counts(row)
        ]
        return tuple(sorted(made, key=lambda one: one.at))

    def _person(self, number: int, question: Question, meant: set[Any]) -> Person:
        found = self.people[number]
        folded = fold_of(self.events[number].until(question.at))
        known = [payload for arrived, payload in self.facts[number] if arrived <= question.at]
        return Person(
            found.id,
            not meant.isdisjoint(found.members),
            found.territory,
            found.restricted,
            tuple(
                state
                for key, state in folded.states.items()
                if key.purpose == question.purpose and key.channel == question.channel
            ),
            tuple(folded.objections.values()),
            fold_facts(known) if known else NO_FACTS,
        )


def past_of(
    connection: Any,
    keyring: Keyring,
    point: Held,
    people: Sequence[Found],
    attempts: Sequence[Any],
    reserved: Sequence[Any],
) -> Past:
    """Any: a database connection, and rows. Facts of people whose content key is gone are not known."""
    return Past(
        point,
        tuple(people),
        tuple(events_about(connection, person.members) for person in people),
        tuple(_facts(connection, keyring, person) for person in people),
        tuple(_listed(connection, point, people)),
        tuple(attempts),
        tuple(reserved),
    )


def _listed(connection: Any, point: Held, people: Sequence[Found]) -> Iterator[Suppression]:
    """What the do-not-contact list says of these people, by whichever identifier they are on it."""
    for row in listed_by(connection, [member for person in people for member in person.members]):
        since = Instant(row.since)
        if row.identifier_id == point.id:
            yield Suppression(since, row.purpose, row.channel, point.id)
        if row.channel is None or row.scheme != point.scheme:
            yield Suppression(since, row.purpose, row.channel, None)


def decided(compiled: CompiledPolicy, past: Past, question: Question, made: Any = None) -> Decision:
    """Any: the row of the contact that is asked about, if it is one."""
    return decide(compiled, question, past.case(question, made))


def _facts(connection: Any, keyring: Keyring, person: Found) -> tuple[tuple[Instant, Any], ...]:
    keys = open_keys(connection, keyring, person.members)
    return tuple(
        told
        for member in person.members
        if (content := keys[member].content) is not None
        for told in folded.facts_told(connection, content, member)
    )
