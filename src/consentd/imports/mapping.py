"""From a row to what it states, by its layout: the very requests that the API takes (pure).

A row that cannot be read as the layout says is refused with its column and a reason; the rest goes on.
Formulas are text that is not taken: where a name is expected, the name is left out.
"""

from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import msgspec

from consentd.check.attempts import AttemptReported
from consentd.consent.requests import ConsentEvent, NoticeShown, RecordObjection, Scalar
from consentd.imports.reading import Row, is_formula
from consentd.imports.recognising import column_key
from consentd.imports.times import TimeReader, Told
from consentd.kernel.layout import (
    EXPORT,
    AttemptRule,
    ChoiceRule,
    FactRule,
    Layout,
    ObjectionRule,
    ProofSource,
    Source,
)
from consentd.kernel.normalise import clean
from consentd.kernel.policy import Policy
from consentd.kernel.states import NOES, ConsentState
from consentd.subjects.facts import (
    BirthFact,
    Fact,
    LastContactFact,
    ProfessionalFact,
    SaleFact,
    UnreachableFact,
)
from consentd.subjects.requests import Identifier, SubjectNamed
from consentd.subjects.spelling import Named, named

MOST_NAME = 200


class RowRefused(Exception):
    """`code` has its words in `imports.words`. `column` is None where it is about the row as a whole."""

    def __init__(self, code: str, column: str | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.column = column


class Choice(msgspec.Struct, frozen=True):
    event: ConsentEvent
    won_by_contact: bool = False
    """A yes given while the company itself made contact."""
    time: str = EXPORT
    """When it happened, as the row says it: `export` where it does not."""


class Stated(msgspec.Struct, frozen=True):
    """What one row states. `names` are its identifiers as they are looked up, the system's own first."""

    row: Row
    subject: SubjectNamed
    names: tuple[Named, ...]
    choices: tuple[Choice, ...]
    objections: tuple[tuple[RecordObjection, str], ...]
    facts: tuple[tuple[Fact, str], ...]
    attempts: tuple[tuple[AttemptReported, str], ...]
    left_out: tuple[tuple[str, str], ...] = ()
    """Column and code of cells that were not taken, though the row was."""

    @property
    def line(self) -> int:
        return self.row.line


Cells = Sequence[str]
Test = Callable[[Cells], bool]


class Mapper:
    """Reads rows of one file. `exported_at`: RFC 3339 or a day, where the row does not know the time."""

    def __init__(
        self, policy: Policy, layout: Layout, header: Sequence[str], zone: ZoneInfo, exported_at: str
    ) -> None:
        self._policy = policy
        self._layout = layout
        self._width = len(header)
        there = {column_key(column): number for number, column in enumerate(header)}
        self._index = {column: there[column_key(column)] for column in layout.columns}
        self._exported = Told(exported_at, exported_at, exported_at[:10])
        self._times = {
            name: TimeReader(source, [self._at(column) for column in source.columns], zone)
            for name, source in layout.times.items()
        }
        self._words = [(self._at(column), column, words) for column, words in layout.words.items()]
        self._choices = [(self._test(rule), rule) for rule in layout.choices]
        self._objections = [(self._test(rule), rule) for rule in layout.objections]
        self._facts = [(self._test(rule), rule) for rule in layout.facts]
        self._attempts = [(self._test(rule), rule) for rule in layout.attempts]
        self._names = [self._at(column) for column in layout.name]

    def _at(self, column: str) -> int:
        return self._index[column]

    def stated(self, row: Row) -> Stated:
        """Raises RowRefused."""
        cells = [cell.strip() for cell in row.cells]
        if len(cells) != self._width:
            raise RowRefused("wrong_width")
        if any("\0" in cell for cell in cells):
            raise RowRefused("nul_character")
        for number, column, words in self._words:
            if cells[number] not in words and cells[number].casefold() not in words:
                raise RowRefused("unknown_word", column)
        left_out: list[tuple[str, str]] = []
        territory = self._territory(cells, left_out)
        identifiers, names = self._identified(cells, territory, left_out)
        by_scheme: dict[str, Identifier] = {}
        for identifier in identifiers:
            by_scheme.setdefault(identifier.scheme, identifier)
        subject = SubjectNamed(tuple(identifiers), territory, self._name(cells, left_out))
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
        )

    # --- who

    def _identified(
        self, cells: Cells, territory: str | None, left_out: list[tuple[str, str]]
    ) -> tuple[list[Identifier], list[Named]]:
        identifiers: list[Identifier] = []
        names: list[Named] = []
        bad: list[tuple[str, str]] = []
        for source in self._layout.identifiers:
            column, value = self._value(source, cells)
            if not value:
                continue
            scheme = self._policy.identifiers[source.scheme]
            if scheme.kind == "account":
                # Shopify and spreadsheets write an apostrophe before a number, so that it stays text.
                value = value.removeprefix("'")
            try:
                name = named(source.scheme, scheme, value, territory or self._policy.controller.country)
            except ValueError:
                bad.append((column, "formula" if is_formula(value) else "invalid_identifier"))
                continue
            identifiers.append(Identifier(source.scheme, value))
            names.append(name)
        needs = self._layout.needs
        if not names or (needs and not any(name.scheme in needs for name in names)):
            if bad:
                raise RowRefused(bad[0][1], bad[0][0])
            raise RowRefused("no_identifier")
        # One address that is none must not lose what the rest of the row says: a refusal, above all.
        left_out += bad
        # The system's own numbers first: by them its records are told apart.
        order = sorted(
            range(len(names)),
            key=lambda number: not self._policy.identifiers[names[number].scheme].one_per_person,
        )
        return [identifiers[number] for number in order], [names[number] for number in order]

    def _value(self, source: Source, cells: Cells) -> tuple[str, str]:
        if source.joined:
            parts = [cells[self._at(column)].removeprefix("'") for column in source.columns]
            return source.columns[0], ", ".join(part for part in parts if part) if parts[0] else ""
        for column in source.columns:
            if value := cells[self._at(column)]:
                return column, value
        return source.columns[0], ""

    def _territory(self, cells: Cells, left_out: list[tuple[str, str]]) -> str | None:
        place = self._layout.territory
        if place is None or not (told := cells[self._at(place.column)]):
            return None
        found = place.words.get(told) or (told if told.isascii() and told.isupper() else None)
        if found is None or not 2 <= len(found) <= 6:
            left_out.append((place.column, "unknown_territory"))
            return None
        return found

    def _name(self, cells: Cells, left_out: list[tuple[str, str]]) -> str | None:
        told = [
            (column, cells[number]) for column, number in zip(self._layout.name, self._names, strict=True)
        ]
        formulas = [column for column, cell in told if is_formula(cell)]
        if formulas:
            left_out.append((formulas[0], "formula"))
            return None
        text = " ".join(cell for _, cell in told if cell)[:MOST_NAME]
        try:
            return clean(text) if text else None
        except ValueError:
            left_out.append((self._layout.name[0], "unreadable_name"))
            return None

    # --- what

    def _choice(self, rule: ChoiceRule, cells: Cells, points: Mapping[str, Identifier]) -> Choice:
        told = self._time(rule.at, cells)
        point = points.get(rule.point) if rule.point else None
        proof = self._layout.proofs[rule.proof] if rule.proof is not None else None
        evidence = self._evidence(rule.evidence, cells)
        if proof is not None and all(cells[self._at(column)] for column in proof.filled):
            event = self._proven(rule, proof, told, cells, point, evidence)
            return Choice(event, proof.won_by_contact, told.text)
        restricts = ConsentState(rule.state) in NOES
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
            notice=self._notice(proof, when.day),
            evidence={**(evidence or {}), **(self._evidence(proof.evidence, cells) or {})} or None,
            proof=proof.kind,
            on_incomplete="keep_as_claim",
        )

    def _notice(self, proof: ProofSource, day: str) -> NoticeShown | None:
        """What was shown on that day: the latest of those that had begun, in the version then in force."""
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
        return {name: told for name, column in columns.items() if (told := cells[self._at(column)])} or None

    # --- when a rule speaks

    def _written(self, column: str, word: str) -> frozenset[str]:
        """All that is written in the column for this word."""
        return frozenset(key for key, said in self._layout.words[column].items() if said == word)

    def _test(self, rule: ChoiceRule | ObjectionRule | FactRule | AttemptRule) -> Test:
        written = [
            (
                self._at(column),
                frozenset(key for key, said in self._layout.words[column].items() if said == word),
            )
            for column, word in rule.when.items()
        ]
        filled = [self._at(column) for column in rule.filled]
        empty = [self._at(column) for column in rule.empty]
        above = [(self._at(column), column, bound) for column, bound in rule.above.items()]

        def test(cells: Cells) -> bool:
            return (
                all(cells[n] in words or cells[n].casefold() in words for n, words in written)
                and all(cells[n] for n in filled)
                and not any(cells[n] for n in empty)
                and all(_number(cells[n], column) > bound for n, column, bound in above)
            )

        return test


def _number(cell: str, column: str) -> float:
    """Raises RowRefused. Nothing is 0; the decimal sign may be a comma."""
    plain = cell.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not plain:
        return 0
    if not plain.isascii() or not plain.replace(".", "", 1).isdigit():
        raise RowRefused("no_number", column)
    return float(plain)
