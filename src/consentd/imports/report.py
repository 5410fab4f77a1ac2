"""What came, or would come, of a file: figures for people who decide, ready for a page, a table or text.

Nobody is named in it: lines of the file, purposes, channels and counts.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Annotated
from uuid import UUID

import msgspec

from consentd.base.i18n import Language
from consentd.imports import words
from consentd.imports.contradictions import Contradiction
from consentd.imports.returning import ERASED_BEFORE
from consentd.imports.running import Job, Refused
from consentd.imports.survey import Pair, Reach
from consentd.imports.taken import Taken
from consentd.kernel.policy import Policy

MOST_LISTED = 1000
"""Refused rows that the report lists; all of them are in the file of refused rows."""
MOST_TO_ASK = 10_000
EXAMPLES = 3


class RowsTold(msgspec.Struct, frozen=True):
    read: int
    accepted: int
    refused: int
    unchanged: int
    """Accepted rows of which all was recorded before."""


class PeopleTold(msgspec.Struct, frozen=True):
    new: int
    """Records of people nobody knew."""
    matched: int
    """Records of people who were known, by an equal identifier or by this tool's own number."""
    ambiguous: int
    """Records that share an identifier with somebody else's, and are for a person to look at."""


class ReturnedTold(msgspec.Struct, frozen=True):
    """Rows that name people who were erased: the tool still has them, though it was to erase them too."""

    count: int = 0
    lines: tuple[int, ...] = ()
    """The first thousand."""


class StateTold(msgspec.Struct, frozen=True):
    purpose: str
    channel: str
    state: str
    proof: str
    count: int
    text: str


class StatementsTold(msgspec.Struct, frozen=True):
    choices: int
    objections: int
    facts: int
    attempts: int
    recorded_before: int


class ContradictionTold(msgspec.Struct, frozen=True):
    purpose: str
    channel: str
    yes: str
    """The system that says yes."""
    no: str
    wins: str
    why: str
    count: int
    text: str


class ReachTold(msgspec.Struct, frozen=True):
    purpose: str | None
    """None: people, for any purpose and channel."""
    channel: str | None
    before: int
    after: int
    become: int
    stop: int


class ClaimTold(msgspec.Struct, frozen=True):
    purpose: str
    channel: str
    lacks: tuple[str, ...]
    count: int
    proven_by: str
    """What would prove them."""


class AskTold(msgspec.Struct, frozen=True):
    """People with a claim who may lawfully be asked to confirm it, by a channel that is permitted already."""

    people: int
    by_channel: dict[str, int]
    not_to_be_asked: int
    no_need: int
    """Whom another system's proof allows already."""
    listed: tuple["LineToAsk", ...]
    """By line of the file, up to ten thousand; the command writes all of them with `--to-ask`."""


class LineToAsk(msgspec.Struct, frozen=True):
    line: int
    about: tuple[Annotated[tuple[str, ...], msgspec.Meta(min_length=2, max_length=2)], ...]
    """Purpose and channel of what is claimed."""
    by: tuple[str, ...]
    """The permitted channels."""


class FaultTold(msgspec.Struct, frozen=True):
    line: int
    column: str | None
    code: str
    text: str


class Report(msgspec.Struct, frozen=True, kw_only=True):
    system: str
    layout: str
    file: str
    exported_at: str
    dry_run: bool
    language: str
    summary: str
    """One sentence."""
    examples: tuple[str, ...]
    """Up to three contradictions, in words."""
    rows: RowsTold
    people: PeopleTold
    statements: StatementsTold
    states: tuple[StateTold, ...]
    contradictions: tuple[ContradictionTold, ...]
    contactable: tuple[ReachTold, ...]
    """The first is of people."""
    claims: tuple[ClaimTold, ...]
    to_ask: AskTold
    calls_allowed: int
    """Yeses of calls that an earlier proven one allowed, found out with what this file brought."""
    calls_revoked: int
    refused: tuple[FaultTold, ...]
    left_out: tuple[FaultTold, ...]
    """Cells that were not taken, though their row was."""
    unread: tuple[str, ...]
    """Columns that the layout does not read."""
    returned: ReturnedTold = ReturnedTold()


class Tally:
    """Counts what comes of rows, as they come."""

    def __init__(self) -> None:
        self.accepted = self.refused = self.unchanged = 0
        self.new = self.matched = self.ambiguous = 0
        self.counts: Counter[str] = Counter()
        self.states: Counter[tuple[str, str, str, str]] = Counter()
        self.claims: Counter[tuple[str, str, tuple[str, ...]]] = Counter()
        self.claimed: dict[int, tuple[Pair, ...]] = {}
        """What each line claims without proof."""
        self.lines: dict[UUID, int] = {}
        """The first line of each person who was told of."""
        self.returned = 0
        self.returned_lines: list[int] = []
        self.faults: list[tuple[int, str | None, str]] = []
        self.left_out: list[tuple[int, str, str]] = []

    def add(self, batch: Iterable[Taken | Refused]) -> None:
        for one in batch:
            if isinstance(one, Refused):
                self.refused += 1
                if one.code == ERASED_BEFORE:
                    self._returned(one.row.line)
                if len(self.faults) < MOST_LISTED:
                    self.faults.append((one.row.line, one.column, one.code))
            else:
                self._taken(one)

    def _returned(self, line: int) -> None:
        self.returned += 1
        if len(self.returned_lines) < MOST_LISTED:
            self.returned_lines.append(line)

    def _taken(self, one: Taken) -> None:
        self.accepted += 1
        if one.returned:
            self._returned(one.line)
        recorded = len(one.events) + one.objections + one.facts + one.attempts
        self.unchanged += not recorded and not one.created
        self.counts["recorded_before"] += one.repeated
        for name in ("objections", "facts", "attempts"):
            self.counts[name] += getattr(one, name)
        if one.group is None:
            self.matched += 1
            return
        known = one.group in self.lines
        self.lines.setdefault(one.group, one.line)
        self.new += one.created and not one.joined
        self.matched += (one.joined or not one.created) and not known
        self.ambiguous += one.contested
        for event in one.events:
            self.states[event.purpose, event.channel, event.state, event.proof] += 1
            if event.state == "unknown":
                self.claims[event.purpose, event.channel, event.lacks] += 1
                claimed = (event.purpose, event.channel)
                self.claimed[one.line] = (*self.claimed.get(one.line, ()), claimed)

    def left(self, line: int, cells: Iterable[tuple[str, str]]) -> None:
        if len(self.left_out) < MOST_LISTED:
            self.left_out += [(line, column, code) for column, code in cells]


def report(
    job: Job,
    policy: Policy,
    tally: Tally,
    found: Sequence[Contradiction],
    reach: tuple[Mapping[Pair, Reach], Reach],
    to_ask: Sequence[LineToAsk],
    settled: tuple[int, int],
    *,
    dry_run: bool,
    language: Language,
) -> Report:
    say = words.Words(policy, language)
    grouped = Counter(
        (one.purpose, one.channel, one.yes.system or "-", one.no.system or "-", one.wins, one.why)
        for one in found
    )
    by_pair, people = reach
    lost = sum(one.wins == "no" for one in found)
    return Report(
        system=job.caller.name,
        layout=job.recognised.name,
        file=job.path.name,
        exported_at=job.exported_at,
        dry_run=dry_run,
        language=language,
        summary=say.summary(
            dry_run=dry_run,
            accepted=tally.accepted,
            refused=tally.refused,
            become=people.become,
            stop=people.stop,
            contradicting=len({one.group for one in found}),
            lost=lost,
        ),
        examples=tuple(say.example(one, tally.lines.get(one.group, 0)) for one in found[:EXAMPLES]),
        rows=RowsTold(tally.accepted + tally.refused, tally.accepted, tally.refused, tally.unchanged),
        people=PeopleTold(tally.new, tally.matched, tally.ambiguous),
        statements=StatementsTold(
            sum(tally.states.values()),
            tally.counts["objections"],
            tally.counts["facts"],
            tally.counts["attempts"],
            tally.counts["recorded_before"],
        ),
        states=tuple(
            StateTold(*key, count, say.state(key[2], key[3])) for key, count in sorted(tally.states.items())
        ),
        contradictions=tuple(
            ContradictionTold(*key, count, say.why(key[5])) for key, count in sorted(grouped.items())
        ),
        contactable=(
            ReachTold(None, None, *people),
            *(ReachTold(purpose, channel, *one) for (purpose, channel), one in sorted(by_pair.items())),
        ),
        claims=tuple(
            ClaimTold(purpose, channel, lacks, count, say.proven_by(lacks))
            for (purpose, channel, lacks), count in sorted(tally.claims.items())
        ),
        to_ask=_asked(to_ask),
        calls_allowed=settled[0],
        calls_revoked=settled[1],
        refused=tuple(
            FaultTold(line, column, code, say.fault(code, column)) for line, column, code in tally.faults
        ),
        left_out=tuple(
            FaultTold(line, column, code, say.fault(code, column)) for line, column, code in tally.left_out
        ),
        unread=job.recognised.unread,
        returned=ReturnedTold(tally.returned, tuple(tally.returned_lines)),
    )


def _asked(claiming: Sequence[LineToAsk]) -> AskTold:
    open_ = [one for one in claiming if one.about]
    may = [one for one in open_ if one.by]
    channels = Counter(channel for one in may for channel in one.by)
    return AskTold(
        people=len(may),
        by_channel=dict(sorted(channels.items())),
        not_to_be_asked=len(open_) - len(may),
        no_need=len(claiming) - len(open_),
        listed=tuple(may[:MOST_TO_ASK]),
    )
