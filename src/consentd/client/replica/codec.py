"""A person as few bytes: what `kernel.replica` tells of them, with words as numbers.

A choice takes some 15 bytes: purpose and channel are one word, everything that millions of choices share
(state, proof, notice, version, hours) another. Contact points are told by their place among the person's own
identifiers, which stays theirs for as long as the person is here; of what somebody else holds, nothing but
that it is another's.
"""

from collections.abc import Callable, Sequence

import msgspec

from consentd.kernel.case import Facts
from consentd.kernel.instants import Instant
from consentd.kernel.replica import (
    AttemptTold,
    HeldTold,
    ListedTold,
    Number,
    ObjectionTold,
    PersonTold,
    StateTold,
)

ELSEWHERE = -1
"""A contact point that the person does not hold."""
_SAME = 1
_WHOLE, _RESTRICTED = 1, 2

Word = Callable[[str], int]
"""The number of a word; a new one where it has none."""
Text = Callable[[int], str]


class Record(msgspec.Struct, frozen=True, array_like=True):
    """As it is stored."""

    flags: int
    territory: int
    """0: unknown."""
    held: list[int]
    """Number and word by turns; 0 and 0 where an identifier was."""
    states: list[int]
    """Use, place, kind, effective, own act by turns: place 0 is the whole channel, n the nth identifier."""
    rest: "Rest | None" = None

    @property
    def whole(self) -> bool:
        return bool(self.flags & _WHOLE)

    @property
    def restricted(self) -> bool:
        return bool(self.flags & _RESTRICTED)

    @property
    def numbers(self) -> list[Number]:
        return self.held[::2]


class Rest(msgspec.Struct, frozen=True, array_like=True):
    """What most people have none of."""

    objections: tuple[ObjectionTold, ...] = ()
    listed: tuple[ListedTold, ...] = ()
    attempts: tuple[AttemptTold, ...] = ()
    facts: Facts | None = None


class Kind(msgspec.Struct, frozen=True, array_like=True):
    """What many choices share."""

    state: str
    proof: str
    explicit: bool
    parental: bool
    notice: str | None
    version: str | None
    slots: tuple[tuple[str, str, str], ...]


encode = msgspec.msgpack.Encoder().encode
decode = msgspec.msgpack.Decoder(Record).decode
_kind = msgspec.json.Decoder(Kind).decode
_json = msgspec.json.Encoder().encode


def use_word(purpose: str, channel: str) -> str:
    return f"u{purpose}\n{channel}"


def pack(told: PersonTold, word: Word, places: Sequence[Number]) -> Record:
    """`places`: the identifiers of this person as they stood, so that each keeps its place."""
    held = {one.number: one for one in told.held}
    order = [number if number in held else 0 for number in places]
    order += [number for number in held if number not in set(places)]
    at = {number: place for place, number in enumerate(order, 1) if number}
    flat: list[int] = []
    for number in order:
        flat += [number, word(_held_word(held[number])) if number else 0]
    states: list[int] = []
    for one in told.states:
        kind = Kind(one.state, one.proof, one.explicit, one.parental, one.notice, one.version, one.slots)
        act = 0 if one.own_act is None else _SAME if one.own_act == one.effective else one.own_act
        place = at.get(one.point, ELSEWHERE) if one.point else 0
        states += [
            word(use_word(one.purpose, one.channel)),
            place,
            word("k" + _json(kind).decode()),
            one.effective,
            act,
        ]
    rest = Rest(told.objections, told.listed, told.attempts, told.facts)
    flags = (_WHOLE if told.whole else 0) | (_RESTRICTED if told.restricted else 0)
    territory = word("t" + told.territory) if told.territory else 0
    return Record(flags, territory, flat, states, rest if rest != Rest() else None)


def _held_word(one: HeldTold) -> str:
    return f"h{int(one.professional)}{int(one.unreachable)}{one.scheme}"


class Words:
    """Reads records by the words of one replica."""

    def __init__(self, text: Text) -> None:
        self._text = text
        self._kinds: dict[int, Kind] = {}
        self._held: dict[int, tuple[str, bool, bool]] = {}

    def territory(self, record: Record) -> str | None:
        return self._text(record.territory)[1:] if record.territory else None

    def held(self, word: int) -> tuple[str, bool, bool]:
        """Scheme, whether professional, whether unreachable."""
        found = self._held.get(word)
        if found is None:
            text = self._text(word)
            found = self._held[word] = (text[3:], text[1] == "1", text[2] == "1")
        return found

    def kind(self, word: int) -> Kind:
        found = self._kinds.get(word)
        if found is None:
            found = self._kinds[word] = _kind(self._text(word)[1:])
        return found

    def states(self, record: Record, use: int, purpose: str, channel: str) -> list[StateTold]:
        """The choices of one use. `point` is a number, 0 for the whole channel, ELSEWHERE for another's."""
        found: list[StateTold] = []
        flat = record.states
        for at in range(0, len(flat), 5):
            if flat[at] != use:
                continue
            place, kind, effective, act = flat[at + 1], self.kind(flat[at + 2]), flat[at + 3], flat[at + 4]
            point = place if place <= 0 else record.held[2 * (place - 1)]
            found.append(
                StateTold(
                    purpose,
                    channel,
                    point,
                    kind.state,
                    kind.proof,
                    Instant(effective),
                    kind.explicit,
                    kind.parental,
                    None if act == 0 else Instant(effective if act == _SAME else act),
                    kind.notice,
                    kind.version,
                    kind.slots,
                )
            )
        return found
