"""What the service must answer, said a second time and naively: from the list of all acts, nothing kept.

It knows the rules of docs/data.md and §5 for a small company, where everyone is an adult in France and has
e-mail addresses, which may be shared, and cards, which may not. It shares no code with the service.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

OWN_ACTS = {"portal", "double_opt_in", "signed_form", "recording"}
NOES = {"refused": 1, "withdrawn": 2}


@dataclass(frozen=True)
class Choice:
    """`at`: minutes before now at which it happened; `proven` false: only claimed."""

    who: tuple[str, ...]
    purpose: str
    channel: str
    state: str
    at: int
    method: str = "checkbox"
    proven: bool = True
    point: str | None = None


@dataclass(frozen=True)
class Objects:
    who: tuple[str, ...]
    at: int
    purpose: str | None = None
    channel: str | None = None
    point: str | None = None
    ground: str = "marketing"


@dataclass(frozen=True)
class Merges:
    """Of two people, by their numbers, whoever is alive."""

    a: int
    b: int


@dataclass(frozen=True)
class Unmerges:
    which: int


@dataclass(frozen=True)
class Erases:
    person: int
    keep_suppression: bool = False


Act = Choice | Objects | Merges | Unmerges | Erases


@dataclass(frozen=True)
class Question:
    who: tuple[str, ...]
    purpose: str
    channel: str
    point: str | None = None


@dataclass(frozen=True)
class Point:
    """An address, and how often it had been forgotten when it was named."""

    address: str
    life: int


@dataclass
class Event:
    """A choice or an objection as recorded about one record of a person."""

    subject: int
    members: frozenset[int]
    holders: frozenset[int]
    said: Choice | Objects
    state: str
    point: Point | None

    def counts_for(self, person: frozenset[int]) -> bool:
        if len(self.members) == 1:
            return self.subject in person
        if self.members <= person:
            return True
        if not self.members & person:
            return False
        return not self.permits or self.holders <= person

    @property
    def permits(self) -> bool:
        return self.state in ("given", "unknown")


Suppression = tuple[str, str | None, str | None, int]
"""What it is under, purpose or all, channel or all, since when."""

TEN = 10 * 60
"""The minute of its day at which the histories begin."""


def day_end(at: int) -> int:
    """The list says the day and no more: its end."""
    return ((at + TEN) // 1440 + 1) * 1440 - TEN - 1


@dataclass
class World:
    """What follows from the acts so far. Times are minutes: larger is later."""

    links: dict[str, set[int]] = field(default_factory=dict)
    lives: dict[str, int] = field(default_factory=dict)
    alive: list[int] = field(default_factory=list)
    edges: list[frozenset[int]] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    suppressions: list[Suppression] = field(default_factory=list)
    born: int = 0

    # --- people

    def person_of(self, subject: int) -> frozenset[int]:
        reached = {subject}
        while more := {one for edge in self.edges if edge & reached for one in edge} - reached:
            reached |= more
        return frozenset(reached)

    def people(self) -> list[frozenset[int]]:
        return list(dict.fromkeys(self.person_of(subject) for subject in self.alive))

    def holders(self, name: str) -> set[frozenset[int]]:
        return {self.person_of(subject) for subject in self.links.get(name, ())}

    def cards(self, person: frozenset[int]) -> set[str]:
        return {name for name, held in self.links.items() if name.startswith("loyalty:") and held & person}

    def meant(self, names: list[str]) -> list[frozenset[int]]:
        """Who is meant; nobody: somebody new."""
        known = [name for name in names if self.holders(name)]
        everyone = set().union(*map(self.holders, known)) if known else set()
        if not any(name.startswith("loyalty:") for name in known) and any(
            name.startswith("loyalty:") for name in names
        ):
            everyone = {person for person in everyone if not self.cards(person)}
        sure = [person for person in everyone if all(person in self.holders(name) for name in known)]
        return sure or list(everyone)

    def told_apart(self, names: list[str]) -> list[frozenset[int]]:
        """Who shares an address with somebody new, and is known by another card: a no is theirs too."""
        return [] if self.meant(names) else list(set().union(*map(self.holders, names)))

    def writer(self, person: frozenset[int], names: list[str]) -> int:
        return min(person, key=lambda one: (-sum(one in self.links.get(n, ()) for n in names), one))

    def point(self, address: str | None) -> Point | None:
        return None if address is None else Point(address, self.lives.get(address, 0))

    # --- acts

    def apply(self, act: Act, now: int) -> None:
        match act:
            case Choice() | Objects():
                self.record(act)
            case Merges() if self.alive:
                people = self.people()
                a, b = min(people[act.a % len(people)]), min(people[act.b % len(people)])
                if self.person_of(a) != self.person_of(b):
                    self.edges.append(frozenset((a, b)))
            case Unmerges() if self.edges:
                del self.edges[act.which % len(self.edges)]
            case Erases() if self.alive:
                people = self.people()
                self.erase(people[act.person % len(people)], now if act.keep_suppression else None)
            case _:
                pass

    def record(self, act: Choice | Objects) -> None:
        names = list(dict.fromkeys([*act.who, *([act.point] if act.point else [])]))
        people = self.meant(names)
        others = self.told_apart(names)
        if not people:
            self.born += 1
            self.alive.append(self.born)
            people = [frozenset({self.born})]
        grants = isinstance(act, Choice) and act.state == "given"
        restricts = isinstance(act, Objects) or act.state in NOES
        for person in people:
            writer = self.writer(person, names)
            for name in names:
                if len(people) == 1 and not self.links.get(name, set()) & person:
                    self.links.setdefault(name, set()).add(writer)
        if len(people) > 1 and restricts:
            writers = {self.writer(person, names) for person in people}
            for name in names:
                if not self.links.get(name):
                    self.links[name] = writers
        state = "no" if isinstance(act, Objects) else act.state
        if grants and not (isinstance(act, Choice) and act.proven):
            state = "unknown"
        if grants and len(people) > 1:
            theirs = [person for person in people if self.links.get(act.point or "", set()) & person]
            if len(theirs) == 1:
                people = theirs
            else:
                state = "unknown"
        for person in [*people, *(others if restricts else [])]:
            held = [self.links.get(name, set()) & person for name in names]
            held = [one for one in held if one]
            all_of_it = set(person).intersection(*held)
            holders = frozenset(all_of_it or set().union(*held))
            self.events.append(
                Event(self.writer(person, names), person, holders, act, state, self.point(act.point))
            )

    def erase(self, person: frozenset[int], listed_at: int | None) -> None:
        names = [name for name, held in self.links.items() if held & person]
        stops: list[tuple[str | None, str | None, Point | None, int]] = []
        for event in self.counting(person):
            said = event.said
            if isinstance(said, Objects):
                stops.append((said.purpose, said.channel, event.point, said.at))
            elif said.purpose == "promotions":
                # Where silence allows, a forgotten refusal would become a yes.
                stands = self.standing(person, Question((), said.purpose, said.channel), event.point)
                if stands is event and event.state in NOES:
                    stops.append((said.purpose, said.channel, event.point, said.at))
        if listed_at is not None:
            stops.append((None, None, None, listed_at))
        for purpose, channel, point, at in stops:
            for name in names:
                if point is None:
                    self.suppressions.append((name, purpose, channel, day_end(at)))
                elif point == self.point(name):
                    self.suppressions.append((name, purpose, channel or "email", day_end(at)))
        for name, held in list(self.links.items()):
            if held & person:
                self.links[name] = held - person
                if not self.links[name]:
                    del self.links[name]
                    self.lives[name] = self.lives.get(name, 0) + 1
        self.alive = [one for one in self.alive if one not in person]
        # What was merged with somebody erased is erased too: no edge of theirs is left.
        self.edges = [edge for edge in self.edges if not edge & person]

    # --- answers

    def allows(self, question: Question) -> bool:
        known = [self.holders(name) for name in question.who if self.holders(name)]
        if not known:
            return False
        meant = set.intersection(*known) or set().union(*known)
        points = self.points(question, meant)
        if points is None:
            return False
        others = {person for point in points for person in self.holders(point.address)} - meant
        listed = [one for one in self.suppressions if self.holders(one[0]) & (meant | others)]
        named = all(
            self.free(person, question, self.held(person, points))
            and not self.listed(person, question, self.held(person, points), points, listed)
            and self.carried(person, question, self.held(person, points))
            for person in meant
        )
        return named and all(self.free(person, question, self.held(person, points)) for person in others)

    def points(self, question: Question, meant: set[frozenset[int]]) -> list[Point] | None:
        """The addresses that would be used; None: there is none that may be."""
        if question.channel != "email":
            return []
        chosen = [question.point] if question.point else [n for n in question.who if n.startswith("email:")]
        held = [name for name in self.links if name.startswith("email:")]
        if chosen:
            used = [name for name in held if name in chosen and meant <= self.holders(name)]
        else:
            used = [name for name in held if meant & self.holders(name)]
        if not all(any(person in self.holders(name) for name in used) for person in meant):
            return None
        return [Point(name, self.lives.get(name, 0)) for name in used]

    def held(self, person: frozenset[int], points: list[Point]) -> list[Point]:
        return [point for point in points if person in self.holders(point.address)]

    def free(self, person: frozenset[int], q: Question, points: list[Point]) -> bool:
        """No objection and no refusal stands against it."""
        if q.purpose == "orders":
            return True
        keys: list[Point | None] = [*points] or [None]
        for event in self.counting(person):
            if isinstance(said := event.said, Objects) and self.ends(said, q):
                for key in keys:
                    if event.point in (None, key):
                        lifting = {key} if event.point else {key, None}
                        if not self.acted(person, q, lifting, said.at):
                            return False
        return not any(self.refused(person, q, key) for key in keys)

    def listed(
        self,
        person: frozenset[int],
        q: Question,
        own: list[Point],
        used: list[Point],
        entries: list[Suppression],
    ) -> bool:
        """Whether an entry of the do-not-contact list stands: at its address, or, where it is about every
        channel or under what is no address of this one, wherever the person is.
        """
        if q.purpose not in ("newsletter", "promotions"):
            return False
        for name, purpose, channel, since in entries:
            if purpose not in (None, q.purpose) or channel not in (None, q.channel):
                continue
            at = [point for point in own if point.address == name]
            if any(not self.acted(person, q, {point}, since) for point in at if point in used):
                return True
            address = q.channel == "email" and name.startswith("email:")
            if channel is None or not address:
                keys: list[Point | None] = [*own] or [None]
                if any(not self.acted(person, q, {key, None}, since) for key in keys):
                    return True
        return False

    def ends(self, said: Objects, q: Question) -> bool:
        if said.purpose not in (None, q.purpose) or said.channel not in (None, q.channel):
            return False
        if said.ground == "marketing":
            return q.purpose in ("newsletter", "promotions")
        rests_on_consent = q.purpose == "newsletter" or (q.purpose, q.channel) == ("promotions", "email")
        return said.purpose is not None or not rests_on_consent

    def acted(self, person: frozenset[int], q: Question, keys: set[Point | None], since: int) -> bool:
        return any(
            isinstance(e.said, Choice) and e.said.method in OWN_ACTS and e.said.at > since
            for key in keys
            for e in self.choices(person, q, key)
            if e.state == "given"
        )

    def refused(self, person: frozenset[int], q: Question, point: Point | None) -> bool:
        own, whole = self.standing(person, q, point), self.standing(person, q, None)
        if own is not None and own.state in NOES:
            return True
        if whole is None or whole.state not in NOES:
            return False
        lifted = own is not None and own.state == "given" and own.said.at > whole.said.at
        return not lifted

    def carried(self, person: frozenset[int], q: Question, points: list[Point]) -> bool:
        if q.purpose in ("orders", "customer_research") or q.channel == "in_store":
            return True
        for key in points:
            own, whole = self.standing(person, q, key), self.standing(person, q, None)
            if (own is not None and own.state == "given") or (
                (own is None or own.state not in NOES) and whole is not None and whole.state == "given"
            ):
                return True
        return False

    def standing(self, person: frozenset[int], q: Question, key: Point | None) -> Event | None:
        """The latest that says yes or no, the stricter of equals; else whatever there is."""
        found = list(self.choices(person, q, key))
        decisive = [event for event in found if event.state != "unknown"]
        return max(decisive, key=lambda e: (e.said.at, NOES.get(e.state, 0)), default=None)

    def choices(self, person: frozenset[int], q: Question, key: Point | None) -> Iterator[Event]:
        for event in self.counting(person):
            said = event.said
            about_it = (event.point, said.purpose, said.channel) == (key, q.purpose, q.channel)
            if isinstance(said, Choice) and about_it:
                yield event

    def counting(self, person: frozenset[int]) -> Iterator[Event]:
        return (event for event in self.events if event.counts_for(person))


def world_of(acts: Iterable[tuple[Act, int]]) -> World:
    """The world after these acts, each with the minute at which it was recorded."""
    world = World()
    for act, now in acts:
        world.apply(act, now)
    return world
