"""One list, from its first row to its entry in the log.

Upholds promise 8: no row is told before the log has an entry about the list. A list that is over before more
than one block of it was decided has one entry, with the digest, written before anything is told. A longer one
is announced by an entry before its first row is told, and ends with the entry that has the digest, before its
summary is told: nobody could know the digest of rows that are still to come. A list that is broken off ends
with an entry that says so, with the digest of what was told; one whose process was killed is announced and
has no end. Every entry is about the list, and about nobody on it.

Marking a list for sending moves the last use of the consents that it relied on (docs/law.md 11, 16): in units
of some thousand people, each durable before the list's end is told, so that no list holds up the writers.
"""

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar

from consentd.base.clock import Clock
from consentd.base.ids import new_id
from consentd.callers.model import Caller, Scope
from consentd.callers.service import assert_live
from consentd.check.answers import ReasonTold, answer, words_of
from consentd.check.asking import PolicyChanged
from consentd.check.lists import store
from consentd.check.lists.asked import ListAsked, Ready, ready
from consentd.check.lists.deciding import Decided, ListDecider
from consentd.check.lists.leaves import Leaves, secret_of
from consentd.check.lists.model import Block, Ending
from consentd.check.lists.spelling import EMPTY, UNREADABLE, Speller
from consentd.check.lists.told import Form, Told, form_of, told_of
from consentd.check.raw import RawId, uuid_of
from consentd.check.store import Gatherer
from consentd.crypto.keyring import Keyring, with_fresh_keys
from consentd.db.unit import Database, Unit
from consentd.evidence.model import OPERATOR, Actor, ActorKind
from consentd.evidence.recorder import Entry, begin
from consentd.kernel.case import Decision
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.errors import Conflict
from consentd.kernel.ids import NOBODY, EntryId
from consentd.kernel.instants import to_text
from consentd.policy.service import PolicyBook

T = TypeVar("T")

BEGUN, DECIDED, BROKEN_OFF, MARKED = "list.begun", "list.decided", "list.broken_off", "list.marked"
"""What the log calls them."""
MARK = 16_384
"""People whose last use is moved in one unit: a tenth of a second of the writer."""
_MOST_FORMS = 4096


class Lists:
    """What lists are decided with."""

    def __init__(
        self,
        database: Database,
        gatherer: Gatherer,
        keyring: Keyring,
        policies: PolicyBook,
        clock: Clock,
    ) -> None:
        self.database = database
        self.gatherer = gatherer
        self.keyring = keyring
        self.policies = policies
        self.clock = clock

    async def begin(self, asked: ListAsked, caller: Caller | None, language: str) -> "ListRun":
        """`caller`: None for the operator, who is told every reason. Raises as `asked.ready`, and
        Unauthenticated if the caller was revoked. Nothing is written yet.
        """

        def read(connection: Any) -> CompiledPolicy:  # Any: a database connection
            if caller is not None:
                assert_live(connection, caller)
            return self.policies.active(connection)

        compiled = await self.database.read(read)
        return ListRun(self, compiled, ready(compiled, asked, caller, self.clock()), caller, language)


class ListRun:
    """One list under way: `add` its cells, then `end` it, or `break_off`, once."""

    def __init__(
        self, lists: Lists, compiled: CompiledPolicy, asked: Ready, caller: Caller | None, language: str
    ) -> None:
        self.id = new_id()
        self.asked = asked
        self._lists = lists
        self._policy = compiled.hash
        self._caller = caller
        self._language = language
        self._detailed = caller is None or Scope.REASONS in caller.scopes
        scheme = compiled.policy.identifiers[asked.scheme]
        self._speller = Speller(asked.scheme, scheme, asked.territory)
        self._decider = ListDecider(
            lists.gatherer, lists.keyring, compiled, caller, asked.question, asked.scheme
        )
        self._leaves = Leaves(secret_of(lists.keyring, self.id))
        self._forms: dict[int, Form] = {}
        self._kept: list[Decision] = []
        self._unread = {code: form_of(_unread(code, language)) for code in (EMPTY, UNREADABLE)}
        self._told: Counter[Form] = Counter()
        self._held: Block | None = None
        self._announced = self._over = False
        self._people: list[RawId] = []
        self._entries: list[bytes] = []

    @property
    def holds(self) -> bool:
        """Whether rows were decided that are not told yet: `release` tells them."""
        return self._held is not None

    async def add(self, cells: Sequence[str | None]) -> list[Block]:
        """Decides on the next rows, at most SLICE of them. Returns what may be told now, in order.

        Raises Unauthenticated if the caller was revoked, Conflict if other rules came into force meanwhile:
        `break_off` is to follow.
        """
        spelled = self._speller.spell(cells)
        decided = await self._decide(spelled.values)
        known = self._forms.get
        forms = [known(id(decision)) or self._form_of(decision) for decision in decided.decisions]
        for place, code in spelled.wrong.items():
            forms[place] = self._unread[code]
        block = Block(self._leaves.size + 1, forms, self._leaves.add(forms, spelled.values))
        self._told.update(forms)
        if self.asked.for_sending:
            self._people += decided.subjects()
            self._entries += decided.others
            await self._mark(MARK)
        if self._held is None and not self._announced:
            self._held = block
            return []
        return [*await self.release(), block]

    async def release(self) -> list[Block]:
        """What was held back, once the log announces the list: its end need not be waited for."""
        held, self._held = self._held, None
        if held is None:
            return []
        self._announced = True
        await self._change(self._announce)
        return [held]

    async def end(self) -> tuple[list[Block], Ending]:
        """What is left to be told, and the summary, once the log has the digest."""
        held, self._held = self._held, None
        return [] if held is None else [held], await self._ended(complete=True)

    async def break_off(self) -> Ending | None:
        """The list ends here, for whatever reason, and the log says so; None where nothing was decided, or
        where it is at its end already. What was held back is not told any more, though the digest covers it.
        """
        self._held = None
        return await self._ended(complete=False) if self._leaves.size and not self._over else None

    async def _ended(self, *, complete: bool) -> Ending:
        if self._announced:
            await self._mark(1)
        entry = await self._change(lambda unit: self._close(unit, complete=complete))
        self._over = True
        return self._ending(entry, complete=complete)

    async def _decide(self, values: Sequence[str]) -> Decided:
        lists = self._lists
        try:
            return await with_fresh_keys(lists.keyring, lists.database, lambda: self._decider.decide(values))
        except PolicyChanged:
            raise Conflict(
                "rules_changed",
                "Other rules came into force while this list was decided, and one list is decided by one set "
                "of rules. Ask again for the whole list.",
            ) from None

    def _form_of(self, decision: Decision) -> Form:
        """Known by identity from now on: comparing what was decided would cost more than all the rest."""
        if len(self._kept) >= _MOST_FORMS:
            self._forms.clear()
            self._kept.clear()
        told = told_of(answer(decision, NOBODY, detailed=self._detailed, language=self._language))
        found = self._forms[id(decision)] = form_of(told)
        # As long as it is kept, no other decision can have its identity.
        self._kept.append(decision)
        return found

    async def _mark(self, least: int) -> None:
        """Moves the last use of those gathered, in units of MARK, as long as there are `least` of them."""
        while len(self._people) + len(self._entries) >= least:
            people, self._people = self._people[:MARK], self._people[MARK:]
            entries, self._entries = self._entries[:MARK], self._entries[MARK:]
            await self._change(partial(self._enter_marks, people=people, entries=entries))

    async def _change(self, work: Callable[[Unit], T]) -> T:
        lists = self._lists
        return await with_fresh_keys(lists.keyring, lists.database, lambda: lists.database.change(work))

    def _move(self, unit: Unit, people: Sequence[RawId], entries: Sequence[bytes]) -> int:
        found = {uuid_of(one) for one in people}
        found |= store.holders_of(unit.connection, self.asked.scheme, entries)
        question = self.asked.question
        store.move_uses(unit, found, question.channel, question.at, self.id)
        return len(found)

    def _enter_marks(self, unit: Unit, people: Sequence[RawId], entries: Sequence[bytes]) -> None:
        moved = self._move(unit, people, entries)
        self._enter(unit, MARKED, {"list": str(self.id), "people": moved})

    def _announce(self, unit: Unit) -> None:
        self._enter(unit, BEGUN, self._about())

    def _enter(self, unit: Unit, action: str, detail: dict[str, Any]) -> None:
        self._begun(unit, action).close(detail)

    def _begun(self, unit: Unit, action: str) -> Entry:
        caller = self._caller
        actor = OPERATOR if caller is None else Actor(ActorKind.SYSTEM, caller.system_id)
        keyring = self._lists.keyring
        return begin(unit, keyring, action=action, actor=actor, key=keyring.audit(), policy=self._policy)

    def _close(self, unit: Unit, *, complete: bool) -> EntryId:
        question = self.asked.question
        entry = self._begun(unit, DECIDED if complete else BROKEN_OFF)
        entry.insert(
            store.LISTS,
            {
                "id": self.id,
                "system_id": self._caller.system_id if self._caller else None,
                "purpose": question.purpose,
                "channel": question.channel,
                "scheme": self.asked.scheme,
                "at": question.at,
                "for_sending": self.asked.for_sending,
                "complete": complete,
                "size": self._leaves.size,
                "eligible": self._count(lambda told: told.eligible),
                "allowed": self._count(lambda told: told.allow),
                "root": self._leaves.root(),
                "policy": self._policy,
            },
        )
        moved = self._move(unit, self._people, self._entries) if self.asked.for_sending else 0
        entry.close(self._about() | {"rows": self._leaves.size} | ({"marked": moved} if moved else {}))
        return entry.id

    def _about(self) -> dict[str, Any]:
        question = self.asked.question
        return {
            "list": str(self.id),
            **({"caller": self._caller.name} if self._caller else {}),
            "purpose": question.purpose,
            "channel": question.channel,
            "scheme": self.asked.scheme,
            "at": question.at,
            "for_sending": self.asked.for_sending,
        }

    def _count(self, counts: Callable[[Told], bool]) -> int:
        return sum(number for form, number in self._told.items() if counts(form.told))

    def _ending(self, entry: EntryId, *, complete: bool) -> Ending:
        question = self.asked.question
        reasons: Counter[str] = Counter()
        for form, number in self._told.items():
            reasons[form.told.reasons[0].code] += number
        return Ending(
            self.id,
            complete,
            self._leaves.size,
            self._count(lambda told: told.allow),
            self._count(lambda told: told.eligible),
            dict(reasons.most_common()),
            to_text(question.at),
            question.purpose,
            question.channel,
            self.asked.scheme,
            self.asked.for_sending,
            self._policy,
            self._leaves.root().hex(),
            entry,
        )


def _unread(code: str, language: str) -> Told:
    """Told to everyone alike: it is about the caller's own cell."""
    return Told(False, False, (ReasonTold(code, words_of(code, language)),), None, None)
