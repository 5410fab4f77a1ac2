"""From a row to what it states, by its layout: the very requests that the API takes (pure).

A row that cannot be read as the layout says is refused with its column and a reason; the rest goes on.
Formulas are text that is not taken: where a name is expected, the name is left out.
"""

from collections.abc import Mapping, Sequence
from zoneinfo import ZoneInfo

from consentd.check.attempts import AttemptReported
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordObjection, Scalar
from consentd.imports.reading import REASON, Row
from consentd.imports.recognising import column_key
from consentd.imports.speaking import condition_of
from consentd.imports.stated import Cells, Choice, RowRefused, Stated
from consentd.imports.times import TimeReader, Told
from consentd.imports.whom import Whom
from consentd.kernel.layout import (
    EXPORT,
    AttemptRule,
    ChoiceRule,
    FactRule,
    Layout,
    ObjectionRule,
    ProofSource,
)
from consentd.kernel.policy import Policy
from consentd.kernel.states import NOES
from consentd.subjects.facts import (
    BirthFact,
    Fact,
    LastContactFact,
    ProfessionalFact,
    SaleFact,
    UnreachableFact,
)
from consentd.subjects.requests import Identifier, SubjectNamed


class Mapper:
    """Reads rows of one file. `exported_at`: RFC 3339 or a day, where the row does not know the time."""

    def __init__(
        self, policy: Policy, layout: Layout, header: Sequence[str], zone: ZoneInfo, exported_at: str
    ) -> None:
        self._policy = policy
        self._layout = layout
        self._width = len(header)
        there = {column_key(column): number for number, column in enumerate(header)}
        self._reason = there.get(column_key(REASON))
        self._index = {column: there[column_key(column)] for column in layout.columns}
        self._exported = Told(exported_at, exported_at, exported_at[:10])
        self._times = {
            name: TimeReader(source, [self._at(column) for column in source.columns], zone)
            for name, source in layout.times.items()
        }
        self._words = [(self._at(column), column, words) for column, words in layout.words.items()]
        self._choices = [(condition_of(layout, rule, self._at), rule) for rule in layout.choices]
        self._objections = [(condition_of(layout, rule, self._at), rule) for rule in layout.objections]
        self._facts = [(condition_of(layout, rule, self._at), rule) for rule in layout.facts]
        self._attempts = [(condition_of(layout, rule, self._at), rule) for rule in layout.attempts]
        self._shown: dict[tuple[str | None, str], NoticeShown | None] = {}
        self._whom = Whom(policy, layout, self._at)

    def _at(self, column: str) -> int:
        return self._index[column]

    def stated(self, row: Row) -> Stated:
        """Raises RowRefused."""
        cells = [cell.strip() for cell in row.cells]
        if len(cells) != self._width or self._displaced(cells):
            raise RowRefused("wrong_width")
        if "\0" in "".join(cells):
            raise RowRefused("nul_character")
        for number, column, words in self._words:
            cell = cells[number]
            if cell not in words and cell.casefold() not in words:
                raise RowRefused("unknown_word", column)
        left_out: list[tuple[str, str]] = []
        territory = self._whom.territory(cells, left_out)
        identifiers, names = self._whom.identified(cells, territory, left_out)
        by_scheme: dict[str, Identifier] = {}
        for identifier in identifiers:
            by_scheme.setdefault(identifier.scheme, identifier)
        subject = SubjectNamed(tuple(identifiers), territory, self._whom.name(cells, left_out))
        return Stated(
            row,
            subject,
            tuple(names),
            tuple(self._choice(rule, cells, by_scheme) for test, rule in self._choices if test(cells)),
            tuple(
                self._objection(rule, cells, subject, by_scheme)
                for test, rule in self._objections
                if test(cells)
            ),
            tuple(
                stated
                for test, rule in self._facts
                if test(cells)
                for stated in self._fact(rule, cells, by_scheme)
            ),
            tuple(
                self._attempt(rule, cells, subject, by_scheme) for test, rule in self._attempts if test(cells)
            ),
            tuple(left_out),
            tuple(
                (reader.column(cells), told.first)
                for reader in self._times.values()
                if (told := reader.read(cells)) is not None
            ),
        )

    def _displaced(self, cells: Cells) -> bool:
        """Whether it was refused for its width before, and a spreadsheet filled it up: its cells do not stand
        under their columns, and neither does the reason.
        """
        return self._reason is not None and any(
            cell.startswith(REASON) for number, cell in enumerate(cells) if number != self._reason
        )

    def _choice(self, rule: ChoiceRule, cells: Cells, points: Mapping[str, Identifier]) -> Choice:
        told = self._time(rule.at, cells)
        point = points.get(rule.point) if rule.point else None
        proof = self._layout.proofs[rule.proof] if rule.proof is not None else None
        evidence = self._evidence(rule.evidence, cells)
        if proof is not None and all(cells[self._index[column]] for column in proof.filled):
            event = self._proven(rule, proof, told, cells, point, evidence)
            return Choice(event, proof.won_by_contact, told.text)
        restricts = rule.state in NOES
        event = ConsentEvent(
            purpose=rule.purpose,
            channel=rule.channel,
            state=rule.state,
            occurred_at=told.last if restricts else told.first,
            contact_point=point,
            method=rule.method,
            evidence=evidence,
            on_incomplete="keep_as_claim",
        )
        return Choice(event, False, told.text)

    def _proven(
        self,
        rule: ChoiceRule,
        proof: ProofSource,
        told: Told,
        cells: Cells,
        point: Identifier | None,
        evidence: dict[str, Scalar] | None,
    ) -> ConsentEvent:
        when = self._time(proof.at, cells) if proof.at is not None else told
        collector = proof.collector
        if proof.collector_column is not None:
            collector = cells[self._at(proof.collector_column)][:200] or proof.collector
        return ConsentEvent(
            purpose=rule.purpose,
            channel=rule.channel,
            state=rule.state,
            occurred_at=when.first,
            contact_point=point,
            method=proof.method,
            collector=collector,
            notice=self._notice(rule.proof, proof, when.day),
            evidence={**(evidence or {}), **(self._evidence(proof.evidence, cells) or {})} or None,
            proof=proof.kind,
            on_incomplete="keep_as_claim",
        )

    def _notice(self, name: str | None, proof: ProofSource, day: str) -> NoticeShown | None:
        """What was shown on that day; `name`: of the proof."""
        if (name, day) not in self._shown:
            self._shown[name, day] = self._shown_on(proof, day)
        return self._shown[name, day]

    def _shown_on(self, proof: ProofSource, day: str) -> NoticeShown | None:
        """The latest of the notices that had begun, in the version then in force."""
        begun = [one for one in proof.notices if one.since is None or one.since.isoformat() <= day]
        if not begun:
            return None
        shown = begun[-1]
        version = shown.version
        if version is None:
            in_force = [
                known.version
                for known in self._policy.notices[shown.id]
                if known.effective is None or known.effective.isoformat() <= day
            ]
            if not in_force:
                return None
            version = in_force[-1]
        return NoticeShown(shown.id, version, shown.language)

    def _objection(
        self, rule: ObjectionRule, cells: Cells, subject: SubjectNamed, points: Mapping[str, Identifier]
    ) -> tuple[RecordObjection, str]:
        told = self._time(rule.at, cells)
        objection = RecordObjection(
            subject=subject,
            purposes=rule.purposes,
            channels=rule.channels,
            contact_point=points.get(rule.point) if rule.point else None,
            occurred_at=told.last,
            method=rule.method,
        )
        return objection, told.text

    def _fact(self, rule: FactRule, cells: Cells, points: Mapping[str, Identifier]) -> list[tuple[Fact, str]]:
        point = points.get(rule.point) if rule.point else None
        if rule.point is not None and point is None:
            return []
        if rule.kind == "professional":
            assert point is not None
            return [(ProfessionalFact(contact_point=point), "")]
        assert rule.at is not None
        told = self._time(rule.at, cells)
        match rule.kind:
            case "sale":
                sale = SaleFact(occurred_at=told.first, product=rule.product, contact_point=point)
                return [(sale, told.text)]
            case "last_contact":
                return [(LastContactFact(occurred_at=told.first), told.text)]
            case "unreachable":
                assert point is not None
                return [(UnreachableFact(occurred_at=told.first, contact_point=point), told.text)]
            case "birth_date":
                return [(BirthFact(value=told.day), told.text)]

    def _attempt(
        self, rule: AttemptRule, cells: Cells, subject: SubjectNamed, points: Mapping[str, Identifier]
    ) -> tuple[AttemptReported, str]:
        told = self._time(rule.at, cells)
        attempt = AttemptReported(
            subject=subject,
            purpose=rule.purpose,
            channel=rule.channel,
            contact_point=points.get(rule.point) if rule.point else None,
            occurred_at=told.first,
            outcome=rule.outcome,
        )
        return attempt, told.text

    def _time(self, name: str, cells: Cells) -> Told:
        if name == EXPORT:
            return self._exported
        reader = self._times[name]
        found = reader.read(cells)
        if found is None:
            column = reader.column(cells)
            raise RowRefused("no_time" if not cells[self._at(column)] else "impossible_time", column)
        return found

    def _evidence(self, columns: Mapping[str, str], cells: Cells) -> dict[str, Scalar] | None:
        if not columns:
            return None
        at = self._index
        return {name: told for name, column in columns.items() if (told := cells[at[column]])} or None
