"""When a rule of a layout speaks: what must be written, filled, empty or above in a row (pure)."""

from collections.abc import Callable

from consentd.imports.stated import Cells, RowRefused
from consentd.kernel.layout import AttemptRule, ChoiceRule, FactRule, Layout, ObjectionRule

Rule = ChoiceRule | ObjectionRule | FactRule | AttemptRule
Test = Callable[[Cells], bool]


def condition_of(layout: Layout, rule: Rule, at: Callable[[str], int]) -> Test:
    """`at`: the place of a column among the cells. The test raises RowRefused for what is no number."""
    written = [
        (
            at(column),
            frozenset(key for key, said in layout.words[column].items() if said == word),
        )
        for column, word in rule.when.items()
    ]
    filled = [at(column) for column in rule.filled]
    empty = [at(column) for column in rule.empty]
    above = [(at(column), column, bound) for column, bound in rule.above.items()]

    def test(cells: Cells) -> bool:
        for number, words in written:
            cell = cells[number]
            if cell not in words and cell.casefold() not in words:
                return False
        for number in filled:
            if not cells[number]:
                return False
        for number in empty:
            if cells[number]:
                return False
        return all(_number(cells[number], column) > bound for number, column, bound in above)

    return test


def _number(cell: str, column: str) -> float:
    """Raises RowRefused. Nothing is 0; the decimal sign may be a comma."""
    plain = cell.replace("\u202f", "").replace("\u00a0", "").replace(" ", "").replace(",", ".")
    if not plain:
        return 0
    if not plain.isascii() or not plain.removeprefix("-").replace(".", "", 1).isdigit():
        raise RowRefused("no_number", column)
    return float(plain)
