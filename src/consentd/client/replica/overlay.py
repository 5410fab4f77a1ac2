"""Choices that were taken in here and that the service has not told back yet: they count at once.

What restricts counts for everyone who holds an identifier that was named, as it will in the service. A yes
counts only where the service will certainly take it as a proven one, and for one certain person; it never
lifts an objection here. So the replica may deny longer than the service, and never allows earlier.
"""

from collections.abc import Iterable, Mapping
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.fold import Objection, State, StateKey, join
from consentd.kernel.ids import NOBODY
from consentd.kernel.instants import Instant, parse_moment
from consentd.kernel.policy import Policy
from consentd.kernel.replica import Number, point_id
from consentd.kernel.states import GRANTS, NOES, ConsentState, Ground, Proof

_UTC = ZoneInfo("UTC")
_DIRECT = frozenset({"button", "checkbox", "double_opt_in", "form", "portal", "reply", "toggle"})
"""Acts that the service takes as proof held, without anything beside the call that reports them."""
_DAY_SLACK = 14 * 3_600_000_000
"""A day that only its source's zone could place: no zone is further from UTC."""


class Act(msgspec.Struct, frozen=True):
    """One choice or objection, about whoever holds these identifiers."""

    names: frozenset[Number]
    territory: str | None
    state: State | None = None
    objection: Objection | None = None

    @property
    def restricts(self) -> bool:
        return self.objection is not None or (self.state is not None and self.state.state in NOES)


class Overlay:
    """All that waits. Rebuilt whenever that changes."""

    def __init__(self, acts: Iterable[Act]) -> None:
        self.acts = tuple(acts)
        self._by_name: dict[Number, list[Act]] = {}
        for act in self.acts:
            for name in act.names:
                self._by_name.setdefault(name, []).append(act)

    def __contains__(self, name: Number) -> bool:
        return name in self._by_name

    def beside(self, names: Iterable[Number]) -> set[Number]:
        """These, and every identifier that an act names together with one of them, and so on."""
        reached: set[Number] = set()
        fresh = set(names)
        while fresh:
            reached |= fresh
            fresh = {other for name in fresh for act in self._by_name.get(name, ()) for other in act.names}
            fresh -= reached
        return reached

    def about(self, names: Iterable[Number]) -> list[Act]:
        """Everything that names one of these."""
        return list({id(act): act for name in names for act in self._by_name.get(name, ())}.values())

    def somebody(self, names: set[Number]) -> int:
        """A number below 0 for whoever only the acts that name these know."""
        return -1 - min(at for at, act in enumerate(self.acts) if act.names & names)


EMPTY = Overlay(())


def joined(states: Iterable[State], acts: Iterable[Act]) -> tuple[State, ...]:
    """States with what acts say of the same uses, folded as the service folds them."""
    found = {state.key: state for state in states}
    for act in acts:
        if act.state is not None:
            standing = found.get(act.state.key)
            found[act.state.key] = act.state if standing is None else join(standing, act.state)
    return tuple(found.values())


def acts_of(
    policy: Policy,
    kind: str,
    body: Mapping[str, Any],
    numbers: Mapping[str, Number],
    taken_at: Instant,
) -> list[Act]:
    """What a recording call will do, of bodies as they are queued. `numbers`: of identifiers by their JSON.
    Any: JSON of our own making.
    """
    names = frozenset(
        number for one in body["subject"]["identifiers"] if (number := numbers.get(name_of(one))) is not None
    )
    territory = body["subject"].get("territory")
    if kind == "objection":
        return list(_objections(body, names, territory, numbers, taken_at))
    found: list[Act] = []
    for event in body["events"]:
        point = NOBODY
        about = names
        if (named := event.get("contact_point")) is not None:
            number = numbers.get(name_of(named))
            if number is not None:
                point, about = point_id(number), names | {number}
            elif ConsentState(event["state"]) not in NOES:
                continue
            # A no at a detail that cannot be read here is one for the whole channel.
        state = _state(policy, event, point, taken_at)
        if state is not None:
            found.append(Act(about, territory, state))
    return found


def name_of(identifier: Mapping[str, str]) -> str:
    return f"{identifier['scheme']}:{identifier['value']}"


def _objections(
    body: Mapping[str, Any],
    names: frozenset[Number],
    territory: str | None,
    numbers: Mapping[str, Number],
    taken_at: Instant,
) -> Iterable[Act]:
    point, about = NOBODY, names
    if (named := body.get("contact_point")) is not None and (number := numbers.get(name_of(named))):
        point, about = point_id(number), names | {number}
    since = _moment(body.get("occurred_at"), taken_at, late=True)
    for purpose in body.get("purposes") or (None,):
        for channel in body.get("channels") or (None,):
            ground = Ground(body.get("ground", "marketing"))
            objection = Objection(purpose, channel, point, ground, since, NOBODY)
            yield Act(about, territory, objection=objection)


def _state(policy: Policy, event: Mapping[str, Any], point: Any, taken_at: Instant) -> State | None:
    state = ConsentState(event["state"])
    key = StateKey(event["purpose"], event["channel"], point)
    if state in NOES:
        return State(key, state, _moment(event.get("occurred_at"), taken_at, late=True), NOBODY)
    # What waits to be confirmed is no yes yet, wherever it is.
    if state not in GRANTS or event.get("confirm") is not None or not _proven(policy, event):
        return None
    notice = event["notice"]
    return State(
        key,
        state,
        _moment(event["occurred_at"], taken_at, late=False),
        NOBODY,
        Proof(event.get("proof") or "held"),
        bool(event.get("explicit")),
        event.get("parental") is not None,
        notice["id"],
        notice["version"],
    )


def _proven(policy: Policy, event: Mapping[str, Any]) -> bool:
    """Whether the service will surely take this yes as a proven one. What is in doubt waits for it."""
    purpose = policy.purposes.get(event["purpose"])
    shown = event.get("notice") or {}
    versions = {one.version: one for one in policy.notices.get(shown.get("id", ""), ())}
    version = versions.get(shown.get("version", ""))
    if purpose is None or version is None or event["purpose"] not in version.purposes:
        return False
    text = version.texts.get(shown.get("language", ""))
    return (
        text is not None
        and shown.get("sha256") in (None, text)
        and event.get("method") in _DIRECT
        and bool(event.get("collector"))
        and bool(event.get("occurred_at"))
        and not event.get("hours")
        and (bool(event.get("explicit")) or not purpose.special_category)
        and not any(value is True for value in (event.get("evidence") or {}).values())
    )


def _moment(text: str | None, taken_at: Instant, *, late: bool) -> Instant:
    """When it counts from. Of a day alone: for a yes its latest beginning, for a no its latest end, wherever
    the source may be.
    """
    if text is None:
        return taken_at
    moment = parse_moment(text, _UTC)
    if moment.first == moment.last:
        return moment.first
    return Instant((moment.last if late else moment.first) + _DAY_SLACK)
