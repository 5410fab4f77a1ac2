"""What a decision table says is known of people, and the case that `decide` is given for it.

Times are RFC 3339, or local ("2026-11-02 13:00:00") in the table's zone, or a day; a day counts as its
first instant for a yes and as its last for a no, as in the service.
"""

import datetime as dt
import re
from uuid import UUID, uuid5
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.case import (
    Attempt,
    Birth,
    Case,
    Contract,
    Facts,
    Person,
    Point,
    Sale,
    Suppression,
)
from consentd.kernel.fold import Objection, Slots, State, StateKey
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant, Moment, parse_moment, to_instant
from consentd.kernel.states import GRANTS, ConsentState, Ground, Proof

_LOCAL = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{6})?)?")
_NAMESPACE = UUID("6c3f1f5c-8a52-4f0e-9a2b-2f6f5d0c9b11")


class GivenState(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    state: ConsentState
    at: str
    purpose: str | None = None
    """As asked, where it is left out; so for the channel."""
    channel: str | None = None
    point: str | None = None
    """Left out: the whole channel."""
    proof: Proof = Proof.HELD
    explicit: bool = False
    parental: bool = False
    notice: str | None = None
    """ "newsletter@2"."""
    slots: tuple[tuple[str, str, str], ...] = ()
    own_act: str | None = None


class GivenObjection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str
    purpose: str | None = None
    channel: str | None = None
    point: str | None = None
    ground: Ground = Ground.MARKETING


class GivenSale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: str
    product: str | None = None
    from_person: bool = False
    refusal_offered: bool = False
    point: str | None = None


class GivenContract(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    about: str
    start: str
    end: str | None = None


class GivenPerson(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str = "anna"
    named: bool = True
    territory: str = "FR"
    """ "unknown" where it is not known."""
    restricted: bool = False
    states: tuple[GivenState, ...] = ()
    objections: tuple[GivenObjection, ...] = ()
    born: tuple[str, ...] = ()
    """Days, or years in quotes."""
    sales: tuple[GivenSale, ...] = ()
    contracts: tuple[GivenContract, ...] = ()
    last_contact: str | None = None


class GivenPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    held_by: tuple[str, ...] = ("anna",)
    professional: bool = False
    unreachable: bool = False


class GivenSuppression(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    since: str
    purpose: str | None = None
    channel: str | None = None
    point: str | None = None


class GivenAttempt(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    at: str
    refused: bool = False


class Situation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Left out: one person of whom nothing is known, with one contact point; `points`: one that all hold."""

    people: tuple[GivenPerson, ...] = (GivenPerson(),)
    points: tuple[GivenPoint, ...] | None = None
    chosen: bool = False
    suppressions: tuple[GivenSuppression, ...] = ()
    attempts: tuple[GivenAttempt, ...] = ()


class Builder:
    """Makes the case of one situation for one question. Raises ValueError for a time that is none."""

    def __init__(self, purpose: str, channel: str, zone: ZoneInfo, territory: str | None) -> None:
        self._purpose = purpose
        self._channel = channel
        self._zone = zone
        self._territory = territory

    def moment(self, text: str) -> Moment:
        if _LOCAL.fullmatch(text):
            instant = to_instant(dt.datetime.fromisoformat(text).replace(tzinfo=self._zone))
            return Moment(instant, instant)
        return parse_moment(text, self._zone)

    def first(self, text: str) -> Instant:
        return self.moment(text).first

    def last(self, text: str) -> Instant:
        return self.moment(text).last

    def case(self, situation: Situation) -> Case:
        names = tuple(person.name for person in situation.people)
        points = situation.points
        if points is None:
            points = (GivenPoint("home", names),)
        return Case(
            people=tuple(self._person(person) for person in situation.people),
            points=tuple(
                Point(_id(p.name), tuple(map(_id, p.held_by)), p.professional, p.unreachable) for p in points
            ),
            chosen=situation.chosen,
            suppressions=tuple(
                Suppression(self.last(s.since), s.purpose, s.channel, _id(s.point) if s.point else None)
                for s in situation.suppressions
            ),
            attempts=tuple(Attempt(self.first(a.at), a.refused) for a in situation.attempts),
        )

    def _person(self, given: GivenPerson) -> Person:
        territory = given.territory if self._territory is None else self._territory
        return Person(
            id=_id(given.name),
            named=given.named,
            territory=None if territory == "unknown" else territory,
            restricted=given.restricted,
            states=tuple(self._state(state) for state in given.states),
            objections=tuple(self._objection(objection) for objection in given.objections),
            facts=Facts(
                births=tuple(_birth(text) for text in given.born),
                sales=tuple(self._sale(sale) for sale in given.sales),
                contracts=tuple(
                    Contract(self.first(c.start), None if c.end is None else self.first(c.end), c.about)
                    for c in given.contracts
                ),
                last_contact=None if given.last_contact is None else self.first(given.last_contact),
            ),
        )

    def _state(self, given: GivenState) -> State:
        moment = self.moment(given.at)
        notice, _, version = (given.notice or "").partition("@")
        slots: Slots = given.slots
        return State(
            key=StateKey(given.purpose or self._purpose, given.channel or self._channel, _point(given.point)),
            state=given.state,
            effective=moment.first if given.state in GRANTS else moment.last,
            event=_id(given.at),
            proof=given.proof,
            explicit=given.explicit,
            parental=given.parental,
            notice_id=notice or None,
            notice_version=version or None,
            slots=slots,
            own_act=None if given.own_act is None else self.first(given.own_act),
        )

    def _objection(self, given: GivenObjection) -> Objection:
        since = self.last(given.since)
        point = _point(given.point)
        return Objection(given.purpose, given.channel, point, given.ground, since, _id(given.since))

    def _sale(self, given: GivenSale) -> Sale:
        point = None if given.point is None else _id(given.point)
        return Sale(self.first(given.at), given.product, given.refusal_offered, given.from_person, point)


def _id(name: str) -> UUID:
    return uuid5(_NAMESPACE, name)


def _point(name: str | None) -> UUID:
    return NOBODY if name is None else _id(name)


def _birth(text: str) -> Birth:
    if re.fullmatch(r"[0-9]{4}", text):
        return Birth(int(text))
    day = dt.date.fromisoformat(text)
    return Birth(day.year, day.month, day.day)
