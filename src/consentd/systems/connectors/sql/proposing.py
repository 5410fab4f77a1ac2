"""From a surveyed schema to a mapping that `policy check` accepts, with what somebody must decide (pure).

A proposal is careful where it can be: what may have to be kept is kept, rows that others point to stay, and
what looks like staff or like somebody else is marked and not told.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from consentd.kernel.policy import Scheme
from consentd.kernel.silo_sql import Column, Format, FoundBy, Keep, Path, SqlSilo, Table
from consentd.systems.connectors.sql.surveying import Surveyed, SurveyedColumn

_INVOICES = re.compile(r"invoice|facture|rechnung|credit_?note|avoir|gutschrift|payment|paiement|zahlung")
_PURCHASES = re.compile("order|command|bestell|achat|purchase|kauf|sale|vente|cart|panier")
_OWN = re.compile(
    r"address|adresse|anschrift|newsletter|subscri|abonn|wish|cart|panier|warenkorb|session|token|consent"
)
_MESSAGES = re.compile(r"ticket|message|note|review|avis|comment|chat|contact_form|mail|support")
_SHORTEST_ADDRESS = 25
_LONGEST_NUMBER = 11
"""Digits of the number that an erasure writes."""
Erase = Literal["delete", "delete_unless_referenced", "change", "stay"]


class Proposal(msgspec.Struct, frozen=True):
    silo: SqlSilo
    schemes: tuple[str, ...]
    remarks: Mapping[str, tuple[str, ...]]
    """For each table, what is to be decided."""
    marks: Mapping[tuple[str, str], str]
    """For each column of those that look personal, what it looks like."""
    left_out: Mapping[str, str]
    """Tables without a way to a person, and why."""


class _Proposing:
    def __init__(self, tables: Sequence[Surveyed], schemes: Mapping[str, Scheme], country: str) -> None:
        self._tables = {table.name: table for table in tables}
        self._schemes = schemes
        self._country = country
        self.remarks: dict[str, list[str]] = {}
        self.marks: dict[tuple[str, str], str] = {}
        self.left_out: dict[str, str] = {}

    def proposal(self) -> Proposal:
        mapped: dict[str, Table] = {}
        order = self._order()
        for name in order:
            paths = self._paths(name, mapped)
            mapped[_word(name)] = self._table(self._tables[name], paths, order)
        self.left_out = {name: _why(table) for name, table in self._tables.items() if name not in order}
        schemes = dict.fromkeys(found.scheme for table in mapped.values() for found in table.found_by)
        return Proposal(
            SqlSilo(tables=mapped),
            tuple(schemes),
            {name: tuple(words) for name, words in self.remarks.items()},
            self.marks,
            self.left_out,
        )

    def _order(self) -> list[str]:
        """Tables by which people are found, then what points to them, each after those it points to."""
        found = [name for name, table in self._tables.items() if table.key and self._found_by(table)]
        reached = set(found)
        while more := [
            name
            for name, table in self._tables.items()
            if name not in reached and table.key and any(other in reached for other, _ in table.paths)
        ]:
            reached.update(more)
        order: list[str] = []
        waiting = [name for name in self._tables if name in reached]
        while waiting:
            ready = [
                name
                for name in waiting
                if all(other in order or other not in reached for other, _ in self._tables[name].paths)
            ]
            # In a circle of tables, the one that people are found by goes first, without that path.
            order += ready or [next((name for name in waiting if name in found), waiting[0])]
            waiting = [name for name in waiting if name not in order]
        return order

    def _paths(self, name: str, mapped: Mapping[str, Table]) -> tuple[Path, ...]:
        paths = []
        for other, columns in self._tables[name].paths:
            if _word(other) in mapped:
                paths.append(Path(table=_word(other), columns=columns))
            elif other in self._tables:
                self._remark(name, f"also points to {other}, which is reached later or not at all")
        return tuple(paths)

    def _table(self, table: Surveyed, paths: tuple[Path, ...], order: Sequence[str]) -> Table:
        found_by = self._found_by(table)
        erasable = any(self._erase(one) for one in table.columns if one.name not in table.key)
        blocked = self._blocked(table, order)
        children = any(path[0] == table.name for name in order for path in self._tables[name].paths)
        keep = self._keep(table) if erasable or not children else None
        erase: Erase = "change" if erasable else "stay"
        if keep is not None:
            erase = "change" if blocked and erasable else "delete_unless_referenced" if children else "delete"
            self._remark(table.name, "how long, from which day, and by which article must this be kept?")
        elif blocked and erasable:
            self._remark(table.name, f"{blocked}, so rows are emptied and none is deleted")
        elif found_by and children:
            erase = "delete_unless_referenced"
        elif not children and (_OWN.search(table.name.lower()) or not paths or (found_by and not erasable)):
            erase = "delete"
        elif erasable:
            self._remark(table.name, "rows stay and no longer name anybody: or 'erase: delete'?")
        if table.cascades:
            self._remark(
                table.name,
                f"the database deletes rows of {', '.join(table.cascades)} together with one of these",
            )
        return Table(
            name=None if _word(table.name) == table.name else table.name,
            category=_category(table.name, found=bool(found_by)),
            key=table.key,
            found_by=found_by,
            reached_by=paths,
            erase=erase,
            keep=keep,
            columns=self._columns(table, paths, kept=keep is not None),
        )

    def _blocked(self, table: Surveyed, order: Sequence[str]) -> str:
        """Why the database might not let rows be deleted, where no mapping could tell which."""
        if table.itself:
            return "rows point to others of this table"
        outside = [
            name
            for name, other in self._tables.items()
            if name not in order and any(to == table.name for to, _ in other.paths)
        ]
        return f"rows of {', '.join(outside)} point here, which are left out" if outside else ""

    def _found_by(self, table: Surveyed) -> tuple[FoundBy, ...]:
        """A number alone finds nobody: several people share one."""
        found = []
        for column in table.columns:
            means = column.guess.means if column.guess is not None else ""
            scheme = self._scheme(means)
            if scheme is not None and not column.made:
                kind = self._schemes[scheme].kind
                found.append(
                    FoundBy(
                        scheme=scheme,
                        column=column.name,
                        country=self._country if kind == "phone" else None,
                        shared=kind == "phone",
                    )
                )
        return tuple(found) if any(not one.shared for one in found) else ()

    def _scheme(self, means: str) -> str | None:
        kind = {"email": "email", "phone": "phone", "customer": "account"}.get(means)
        names = [name for name, scheme in self._schemes.items() if scheme.kind == kind]
        return "customer" if kind == "account" and "customer" in names else next(iter(names), None)

    def _columns(self, table: Surveyed, paths: tuple[Path, ...], *, kept: bool) -> dict[str, Column]:
        """All but keys and what only joins tables."""
        joining = {column for path in paths for column in path.columns}
        columns = {}
        for one in table.columns:
            means = one.guess.means if one.guess is not None else ""
            if one.name in joining or (one.name in table.key and not self._scheme(means)):
                continue
            if one.kind == "json" and not means:
                self._remark(table.name, f"does the JSON in {one.name} name people? Then 'erase: clear'")
            if means:
                self.marks[_word(table.name), one.name] = means
            form = None if one.name in table.key else self._erase(one)
            if means and form is None and one.guess is not None and one.guess.erase:
                self._remark(table.name, self._stays(table, one))
            columns[one.name] = Column(
                erase=form,
                kept=kept and form is not None and means in ("name", "address", "postcode"),
                third_party=means == "staff",
                free_text=True if means == "free text" and self._erase(one) != "text" else None,
                copy=means != "secret",
            )
        return columns

    def _stays(self, table: Surveyed, column: SurveyedColumn) -> str:
        """Why what looks personal is not erased."""
        if column.name in table.key:
            return f"{column.name} looks personal and is part of the key, which stays in rows that stay"
        if column.made:
            return f"the database makes {column.name} of other columns, and goes on to do so"
        return (
            f"{column.name} looks personal, must not be null, and can hold neither an empty text nor 0: "
            "it stays in rows that stay"
        )

    def _erase(self, column: SurveyedColumn) -> Format | None:
        """The form of its kind where the column can hold it, else the nearest that it can; None if none."""
        wanted = column.guess.erase if column.guess is not None else ""
        if not wanted or column.made:
            return None
        text = column.kind in ("text", "long")
        if column.unique and wanted not in ("email", "clear"):
            wanted = "token" if text else "clear"
        if wanted == "email" and column.length is not None and column.length < _SHORTEST_ADDRESS:
            wanted = "token"
        if wanted in ("name", "text", "postcode", "token", "email") and not text:
            wanted = "clear"
        if wanted == "phone" and not text and (column.length or _LONGEST_NUMBER) < _LONGEST_NUMBER:
            wanted = "clear"
        if wanted == "year" and column.kind not in ("date", "text"):
            wanted = "clear"
        if wanted == "clear" and not column.nullable:
            if not text and column.kind != "number":
                return None
            wanted = "empty" if text else "zero"
        form: Format = msgspec.convert(wanted, Format)
        return form

    def _keep(self, table: Surveyed) -> Keep | None:
        days = [one.name for one in table.columns if one.kind == "date"]
        if not _INVOICES.search(table.name.lower()) or not days:
            return None
        issued = [day for day in days if re.search("issu|emis|date|rechnung|factur|paid", day.lower())]
        return Keep(
            months=120,
            after=(issued or days)[0],
            year_end=True,
            because="Code de commerce L.123-22 : pièces comptables",
        )

    def _remark(self, table: str, words: str) -> None:
        self.remarks.setdefault(_word(table), []).append(words)


def propose(tables: Sequence[Surveyed], schemes: Mapping[str, Scheme], country: str) -> Proposal:
    """`schemes`: the policy's. `country`: of the company, for numbers without a country code."""
    return _Proposing(tables, schemes, country).proposal()


def _category(name: str, *, found: bool) -> str:
    if _MESSAGES.search(name.lower()):
        return "messages"
    if _PURCHASES.search(name.lower()) or _INVOICES.search(name.lower()):
        return "purchases"
    return "contact details" if found or _OWN.search(name.lower()) else "purchases"


def _why(table: Surveyed) -> str:
    """Why a table is left out, and what may be wrong with that."""
    if not table.key:
        personal = [
            column.name for column in table.columns if column.guess is not None and column.guess.means
        ]
        looks = f", and these columns look personal: {', '.join(personal)}. Give it a key" if personal else ""
        return f"it has no primary key{looks}"
    names = [column.name for column in table.columns]
    for name in names:
        if name.endswith("_type") and name.removesuffix("_type") + "_id" in names:
            owner = name.removesuffix("_type")
            return f"decide: whose are {owner}_type and {owner}_id? A path with 'where' leads to them"
    return "no column that names a person, and no path to one that does"


def _word(name: str) -> str:
    """What a table is called in the mapping: small letters, digits and _."""
    word = re.sub("[^a-z0-9_]", "_", name.lower())[:60]
    return word if word[:1].isalpha() else f"t_{word}"
