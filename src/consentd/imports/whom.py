"""Whom a row is about: identifiers, territory and name, as the layout says which columns hold them (pure)."""

from collections.abc import Callable

from consentd.imports.reading import is_formula
from consentd.imports.stated import Cells, RowRefused
from consentd.kernel.layout import Layout, Source
from consentd.kernel.normalise import clean
from consentd.kernel.policy import Policy
from consentd.subjects.requests import Identifier
from consentd.subjects.spelling import Named, named

MOST_NAME = 200

LeftOut = list[tuple[str, str]]
"""Column and code of cells that are not taken, though the row is."""


class Whom:
    """`at`: the place of a column among the cells."""

    def __init__(self, policy: Policy, layout: Layout, at: Callable[[str], int]) -> None:
        self._policy = policy
        self._layout = layout
        self._at = at
        self._names = [at(column) for column in layout.name]

    def identified(
        self, cells: Cells, territory: str | None, left_out: LeftOut
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

    def territory(self, cells: Cells, left_out: LeftOut) -> str | None:
        place = self._layout.territory
        if place is None or not (told := cells[self._at(place.column)]):
            return None
        found = place.words.get(told) or (told if told.isascii() and told.isupper() else None)
        if found is None or not 2 <= len(found) <= 6:
            left_out.append((place.column, "unknown_territory"))
            return None
        return found

    def name(self, cells: Cells, left_out: LeftOut) -> str | None:
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
