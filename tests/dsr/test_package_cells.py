"""Whatever a silo's records hold, a spreadsheet shows it and runs nothing (promise 16)."""

import csv
import io
import re
import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as some

from consentd.dsr.package import cells
from consentd.dsr.package.names import slug, unused

FORMULAS = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# Text as somebody writes who wants to run something at the one who opens it.
UNSEEN = "\u00ad\u200b\u202e\u2060\ufeff"
"""What takes no room on a line, before which a program may look for its formula."""
nasty = some.text(some.sampled_from(" =+-@|%,;\t\r\n\"'aA1\0＝é\u200b\ufeff"), max_size=20)


def runs(cell: str) -> bool:
    return cell.lstrip(f" \"'\t\r\n{UNSEEN}")[:1] in FORMULAS and cell[:1] != "'"


@settings(deadline=None)
@given(values=some.lists(nasty | some.text() | some.integers() | some.none(), min_size=1, max_size=5))
@example(values=["a,=1+1", 'a";=1+1', "=1+1", "\u200b=1+1", "\ufeff=1+1", "a;\u202e=1+1"])
@pytest.mark.parametrize("delimiter", [";", ","])
@pytest.mark.parametrize("read_with", [";", ",", "\t"])
def test_promise_16_no_cell_runs_in_whatever_country_it_is_opened(
    values: list[object], delimiter: str, read_with: str
) -> None:
    line = cells.line(values, delimiter)
    for row in csv.reader(io.StringIO(line, newline=""), delimiter=read_with):
        for cell in row:
            # A number is one, whatever is taken to follow it.
            assert not runs(cell) or re.match(rf"-\d+(\.\d+)?({delimiter}|$)", cell), (line, cell)
    # And for whoever cuts at every sign, quotes or not.
    for cell in re.split(r"[,;\t\r\n]", line.removesuffix("\r\n")):
        assert not runs(cell.lstrip('"')) or re.fullmatch(r"-\d+", cell), (line, cell)


@settings(deadline=None)
@given(values=some.lists(some.text(some.characters(exclude_characters="\0", codec="utf-8")), min_size=1))
def test_a_row_is_read_back_as_it_was_but_for_apostrophes(values: list[str]) -> None:
    line = cells.line(list(values), ",")
    (row,) = csv.reader(io.StringIO(line, newline=""), strict=True)
    assert [cell.replace("'", "") for cell in row] == [value.replace("'", "") for value in values]


def test_plain_values_are_spelled_plainly() -> None:
    assert cells.line([None, True, False, -5, 2.5, "Inès", "07 1"], ";") == (
        ';true;false;-5;2.5;"Inès";"07 1"\r\n'
    )


def test_a_million_tabs_are_looked_through_once() -> None:
    start = time.process_time()
    cells.inert("\t" * 1_000_000)
    assert time.process_time() - start < 5


# --- names


@settings(deadline=None)
@given(
    text=some.text() | some.sampled_from(["../../etc/passwd", "CON", "lpt1", "aux.json", "C:\\x", "~", "."])
)
def test_promise_16_a_name_stays_in_its_folder(text: str) -> None:
    found = slug(text)
    assert re.fullmatch(r"[a-z0-9]([a-z0-9-]{0,43}[a-z0-9])?", found)
    assert found not in {"con", "prn", "aux", "nul", "com1", "lpt1"}


def test_two_categories_of_one_name_are_two_files() -> None:
    taken: set[str] = set()
    for text in ("Commandes", "commandes", "COMMANDES!", "***"):
        taken.add(unused(text, taken))
    assert taken == {"commandes", "commandes-2", "commandes-3", "data"}
