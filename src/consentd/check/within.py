"""Deciding many questions inside a unit, on what it has written and not yet committed: for a dry run.

The same statements, rows and function as every check (`asking`, `store`, `kernel.decide`).
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from typing import Any

from consentd.callers.model import Caller
from consentd.check.asking import Asking
from consentd.check.questions import CheckAsked, Ready, Way, make_ready
from consentd.check.store import rows_within
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Unit
from consentd.kernel.case import Decision, Facts
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import Instant
from consentd.subjects.spelling import Named

SLICE = 64


def decisions_within(
    unit: Unit,
    keyring: Keyring,
    compiled: CompiledPolicy,
    caller: Caller,
    asked: Sequence[CheckAsked],
    at: Instant,
) -> list[Decision]:
    """In the order of the questions. Raises Unauthenticated if the system was revoked."""
    return ready_within(
        unit, keyring, compiled, caller, [make_ready(compiled.policy, one, at) for one in asked]
    )


def ready_within(
    unit: Unit, keyring: Keyring, compiled: CompiledPolicy, caller: Caller, asked: Sequence[Ready]
) -> list[Decision]:
    """The same for questions that were made ready."""
    asking = _Remembering(keyring)
    left = list(enumerate(asked))
    found: dict[int, Decision] = {}
    # Who is not decided by the plain statement about one purpose is not by it about the others either, as a
    # rule; the general one answers for everybody.
    odd: set[tuple[Named, ...]] = set()
    while left:
        groups: defaultdict[tuple[str, str], list[tuple[int, Ready]]] = defaultdict(list)
        for index, ready in left:
            groups[ready.question.purpose, ready.question.channel].append((index, ready))
        left = []
        for group in groups.values():
            for way, some in _by_way(group, odd):
                for start in range(0, len(some), SLICE):
                    indexes, questions = zip(*some[start : start + SLICE], strict=True)
                    ask = asking.ask(compiled, caller, questions, way)
                    decided = asking.decisions(compiled, ask, questions, rows_within(unit, ask))
                    for index, ready, decision in zip(indexes, questions, decided, strict=True):
                        if decision is None:
                            odd.add(ready.names)
                            left.append((index, ready))
                        else:
                            found[index] = decision
    return [found[index] for index in range(len(asked))]


def _by_way(
    group: Iterable[tuple[int, Ready]], odd: Set[tuple[Named, ...]]
) -> Iterable[tuple[Way, list[tuple[int, Ready]]]]:
    ways: defaultdict[Way, list[tuple[int, Ready]]] = defaultdict(list)
    for index, ready in group:
        ways["chosen" if ready.way == "plain" and ready.names in odd else ready.way].append((index, ready))
    return ways.items()


class _Remembering(Asking):
    """Opens what is known of somebody once for all questions about them."""

    def __init__(self, keyring: Keyring) -> None:
        super().__init__(keyring)
        self._opened: dict[bytes, Facts] = {}

    def open_facts(self, subject: Any, key: Any, wrapper: Any, sealed: bytes, wrapped: bytes) -> Facts:
        """Any: ids as the driver returns them."""
        # Sealed anew each time: the same bytes are the same facts of the same person.
        known = self._opened.get(sealed)
        if known is None:
            known = self._opened[sealed] = super().open_facts(subject, key, wrapper, sealed, wrapped)
        return known
