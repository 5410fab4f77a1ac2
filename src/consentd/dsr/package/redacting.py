"""What staff held back before a release, because it is about somebody else (GDPR 15(4)).

The copy says how much was held back and why, and never what. A redaction that meets nothing ends the making:
the records are not those that were looked at, and somebody else's data would go out.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec

from consentd.dsr.package.files import Category
from consentd.kernel.errors import Unprocessable


class Redaction(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that is held back. Made of a finished export: one that runs again undoes them."""

    system: str
    what: str
    """The category, as the silo calls it."""
    record: Annotated[int, msgspec.Meta(ge=1)]
    """The first of a category is 1."""
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    """In words for the person: "the name of another customer". Without what is held back."""
    field: str | None = None
    """None: the whole record."""


class Held(msgspec.Struct, frozen=True):
    """What was held back of one category. Reasons in the order in which they were given."""

    records: int = 0
    fields: int = 0
    reasons: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.records or self.fields)


class _Withheld:
    def __repr__(self) -> str:
        return "WITHHELD"


WITHHELD = _Withheld()
"""What stands in a record where a value was held back."""

Record = dict[str, Any]
"""Any: a single JSON value, or WITHHELD."""

NOTHING = Held()


class Redactions:
    """All redactions of one package."""

    def __init__(self, given: Iterable[Redaction]) -> None:
        self._given: dict[tuple[str, str], list[Redaction]] = defaultdict(list)
        for one in given:
            self._given[one.system, one.what].append(one)

    def of(self, system: str, category: Category) -> "Redactor":
        """Raises Unprocessable where one names a record or a field that the category does not have."""
        given = self._given.get((system, category.what), [])
        known = {field.name for field in category.fields}
        for one in given:
            if one.record > category.records or (one.field is not None and one.field not in known):
                raise _meets_nothing(one)
        return Redactor(given)

    def all_named(self, named: Iterable[tuple[str, str]]) -> None:
        """Raises Unprocessable where one names a category that is not among these (system, what)."""
        for strange in self._given.keys() - set(named):
            raise _meets_nothing(self._given[strange][0])


class Redactor:
    """What is held back of one category."""

    def __init__(self, given: Iterable[Redaction]) -> None:
        self._fields: dict[int, set[str]] = defaultdict(set)
        self._whole: set[int] = set()
        self._named: dict[tuple[int, str], Redaction] = {}
        reasons: Counter[str] = Counter()
        for one in given:
            reasons[one.reason] += 1
            if one.field is None:
                self._whole.add(one.record)
            else:
                self._fields[one.record].add(one.field)
                self._named[one.record, one.field] = one
        # A field of a record that is held back whole is not counted twice.
        fields = sum(len(names) for number, names in self._fields.items() if number not in self._whole)
        self.held = Held(len(self._whole), fields, tuple(reasons))
        self.nullable = frozenset(name for names in self._fields.values() for name in names)

    def __bool__(self) -> bool:
        return bool(self.held)

    def apply(self, number: int, record: Record) -> Record | None:
        """What may be shown of a record; None: nothing. Raises Unprocessable as `Redactions.of` does."""
        if number in self._whole:
            return None
        names = self._fields.get(number)
        if names is None:
            return record
        for name in names:
            if name not in record:
                raise _meets_nothing(self._named[number, name])
        return {name: WITHHELD if name in names else value for name, value in record.items()}


def _meets_nothing(one: Redaction) -> Unprocessable:
    field = "" if one.field is None else ", and there such a field"
    return Unprocessable(
        "redaction_meets_nothing",
        f"A redaction names record {one.record} of a category of the silo {one.system}, and there is no such "
        f"record{field}: the export ran again since. Look at the records anew and redact those.",
    )
