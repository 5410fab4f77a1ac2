"""Where two tools disagree about one person: who says yes, who says no, which of them wins and why (pure)."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple
from uuid import UUID

from consentd.imports.store import Said
from consentd.kernel.states import GRANTS, NOES, ConsentState

Why = Literal[
    "no_is_later",
    "no_at_the_same_time",
    "yes_is_unproven",
    "proven_yes_is_later",
    "no_names_the_detail",
]


class Contradiction(NamedTuple):
    """About one person, purpose and channel: the latest yes and the latest no of two tools."""

    group: UUID
    purpose: str
    channel: str
    yes: Said
    no: Said
    wins: Literal["yes", "no"]
    why: Why


def contradictions(said: Iterable[Said]) -> list[Contradiction]:
    about: defaultdict[tuple[UUID, str, str], list[Said]] = defaultdict(list)
    for one in said:
        about[one.group, one.purpose, one.channel].append(one)
    found = []
    for (group, purpose, channel), choices in sorted(about.items(), key=lambda item: str(item[0])):
        noes = [one for one in choices if ConsentState(one.state) in NOES]
        for no in noes[-1:]:
            yeses = [one for one in choices if _is_yes(one) and one.system != no.system]
            proven = [one for one in yeses if ConsentState(one.state) in GRANTS]
            for yes in (proven or yeses)[-1:]:
                wins, why = _winner(yes, no)
                found.append(Contradiction(group, purpose, channel, yes, no, wins, why))
    return found


def _is_yes(one: Said) -> bool:
    return ConsentState(one.state) in GRANTS or one.claim in ("given", "renewed")


def _winner(yes: Said, no: Said) -> tuple[Literal["yes", "no"], Why]:
    if ConsentState(yes.state) not in GRANTS:
        return "no", "yes_is_unproven"
    if yes.effective > no.effective:
        if yes.contact_point is None and no.contact_point is not None:
            return "no", "no_names_the_detail"
        return "yes", "proven_yes_is_later"
    return "no", "no_is_later" if no.effective > yes.effective else "no_at_the_same_time"
