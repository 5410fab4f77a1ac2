"""From questions to what a statement binds, and from its rows to decisions."""

from collections.abc import Sequence
from typing import Any

from consentd.callers.model import Caller
from consentd.check import plain
from consentd.check.caps import reaches
from consentd.check.gathering import Gathered
from consentd.check.outcomes import Outcomes
from consentd.check.questions import Ready, Way, lookups_of
from consentd.check.raw import uuid_of
from consentd.check.store import Ask, Rows
from consentd.crypto.keyring import Keyring
from consentd.crypto.subject_keys import open_wrapped
from consentd.kernel.case import Case, Decision, Facts, Question
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.decide import decide
from consentd.kernel.errors import Unauthenticated
from consentd.kernel.ids import NOBODY, SecretId, SystemId
from consentd.subjects.folded import open_fact_state


class PolicyChanged(Exception):  # a signal, never seen outside this slice
    """Another policy came into force between preparing a question and asking it: prepare it anew."""

    def __init__(self, policy: str) -> None:
        super().__init__(policy)
        self.policy = policy


class Asking:
    def __init__(self, keyring: Keyring) -> None:
        self._keyring = keyring
        self._reaches: tuple[str, dict[tuple[str, str], int]] = "", {}
        self._outcomes: Outcomes | None = None

    def ask(
        self, compiled: CompiledPolicy, caller: Caller | None, ready: Sequence[Ready], way: Way | None = None
    ) -> Ask:
        """One statement for questions of the same purpose, channel and way. `caller`: None for the operator,
        who needs no access.
        """
        question = ready[0].question
        channel = compiled.channels.get(question.channel)
        reach = self._reach(compiled).get((question.purpose, question.channel))
        at = 0 if reach is None else min(one.question.at for one in ready)
        return Ask(
            way or ready[0].way,
            question.purpose,
            question.channel,
            () if channel is None else channel.schemes,
            caller.system_id if caller else SystemId(NOBODY),
            caller.secret_id if caller else SecretId(NOBODY),
            None if reach is None else at - reach,
            at,
            lookups_of(self._keyring, ready),
            trusted=caller is None,
        )

    def decisions(
        self, compiled: CompiledPolicy, ask: Ask, ready: Sequence[Ready], rows: Rows
    ) -> list[Decision | None]:
        """The decision on each question; None where it has to be asked by the general statement.

        Raises Unauthenticated if the caller was revoked, PolicyChanged if `compiled` is no longer in force.
        """
        if ask.way != "plain":
            gathered = self._gathered(compiled, ask, rows)
            return [
                decide(compiled, one.question, gathered.case(index, one)) for index, one in enumerate(ready)
            ]
        first = rows[0]
        require(compiled, live=ask.trusted or first[plain.LIVE], policy=first[plain.POLICY])
        if len(ready) == 1:
            return [self._plain(compiled, ready[0].question, rows)]
        found = plain.by_question(rows)
        return [
            self._plain(compiled, one.question, found[number])
            for one, number in zip(ready, plain.numbers(len(ready)), strict=True)
        ]

    def case(self, compiled: CompiledPolicy, ask: Ask, ready: Ready, rows: Rows) -> Case:
        """What one question that was not asked as a plain one is to be decided on. Raises the same."""
        return self._gathered(compiled, ask, rows).case(0, ready)

    def _gathered(self, compiled: CompiledPolicy, ask: Ask, rows: Rows) -> Gathered:
        gathered = Gathered(rows, ask.purpose, ask.channel, ask.schemes, self.open_facts)
        require(compiled, live=ask.trusted or gathered.live, policy=gathered.policy)
        return gathered

    def _plain(self, compiled: CompiledPolicy, question: Question, rows: Rows) -> Decision | None:
        if not plain.is_plain(rows):
            return None

        def decided() -> Decision:
            return decide(
                compiled, question, plain.case_of(rows, question.purpose, question.channel, self.open_facts)
            )

        if len(rows) > 1 or rows[0][plain.GROUP] is None:
            return decided()
        outcomes = self._outcomes
        if outcomes is None or outcomes.policy != compiled.hash:
            outcomes = self._outcomes = Outcomes(compiled)
        return outcomes.of(rows[0], question.purpose, question.channel, question.at, decided)

    def _reach(self, compiled: CompiledPolicy) -> dict[tuple[str, str], int]:
        if self._reaches[0] != compiled.hash:
            self._reaches = compiled.hash, reaches(compiled.policy)
        return self._reaches[1]

    def limited(self, compiled: CompiledPolicy, purpose: str, channel: str) -> bool:
        """Whether attempts bear on this purpose and channel."""
        return (purpose, channel) in self._reach(compiled)

    def open_facts(self, subject: Any, key: Any, wrapper: Any, sealed: bytes, wrapped: bytes) -> Facts:
        """Any: ids as the driver returns them."""
        content = open_wrapped(self._keyring, uuid_of(key), uuid_of(wrapper), wrapped)
        return open_fact_state(content, uuid_of(subject), sealed)


def require(compiled: CompiledPolicy, *, live: object, policy: str | None) -> None:
    """Raises Unauthenticated, PolicyChanged."""
    if not live:
        raise Unauthenticated(
            "token_revoked", "This system's access was revoked. Ask whoever runs consentd for a new secret."
        )
    if policy != compiled.hash:
        raise PolicyChanged(policy or "")
