"""Which files are taken, and which are refused whole: encodings, quotes, other layouts, files cut off."""

import csv
import io
from pathlib import Path

import pytest

from consentd.imports import reading
from consentd.imports.reading import Row, WholeFileRefused, inspect, is_formula, marked, rows, unmarked
from consentd.imports.recognising import recognise
from support.builders import Company, demo_policy
from support.imports import file_of, import_file

HEADER = "numero;date_heure;agent;issue;enregistrement"
CALL = "0624686501;29/09/2026 15:55;agent-é;refus;"


def written(folder: Path, content: bytes | str, encoding: str = "utf-8") -> Path:
    path = folder / "file.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode(encoding))
    return path


def cells(path: Path, encoding: str, delimiter: str = ";") -> list[Row]:
    return list(rows(path, encoding, delimiter))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("ending", ["\n", "\r\n", "\r"])
def test_a_file_is_read_in_the_encoding_that_it_has(tmp_path: Path, encoding: str, ending: str) -> None:
    path = written(tmp_path, ending.join((HEADER, CALL, CALL)), encoding)
    found = cells(path, inspect(path, ("utf-8", "cp1252")).encoding)
    assert [row.cells[2] for row in found] == ["agent", "agent-é", "agent-é"]
    assert [row.line for row in found] == [1, 2, 3]


def test_a_windows_file_whose_first_accent_comes_late_is_still_one(tmp_path: Path) -> None:
    late = "\n".join((HEADER, *["0624686501;29/09/2026 15:55;agent-a;refus;"] * 5000, CALL))
    path = written(tmp_path, late, "cp1252")
    assert inspect(path, ("utf-8", "cp1252")).encoding == "cp1252"


def test_rows_bear_the_line_they_begin_on_though_cells_hold_line_breaks(tmp_path: Path) -> None:
    path = written(tmp_path, 'a;b\n"one\r\ntwo";2\n\n3;"x""y"\n')
    assert cells(path, "utf-8") == [
        Row(1, ("a", "b")),
        Row(2, ("one\r\ntwo", "2")),
        Row(5, ("3", 'x"y')),
    ]


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty_file"),
        (b"  \n\n", "empty_file"),
        (f'{HEADER}\n{CALL}\n"0624', "open_quote"),
        (f"{HEADER}\n{CALL}\n0624686501;29/0", "cut_off"),
        (f'{HEADER}\n"a"b;1;2;3;4\n', "bad_quotes"),
        (f"{HEADER};agent\n{CALL}\n", "column_twice"),
        ("Nom,Adresse\nx,y\n", "other_layout"),
        (b"\xff\xfe\x00", "wrong_encoding"),
        # One of its encodings reads any bytes: a workbook would be a table without its columns.
        (b"PK\x03\x04" + b"\x14\x00\x06\x00" * 20, "workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 80, "workbook"),
    ],
)
async def test_a_damaged_file_is_refused_whole(local: Company, content: bytes | str, code: str) -> None:
    path = written(local.folder, content)
    with pytest.raises(WholeFileRefused) as refused:
        await import_file(local, "phone-sales", path)
    assert refused.value.code == code
    assert await local.people("phone:0624686501") == []


def test_a_line_that_never_ends_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "endless.csv"
    with path.open("wb") as file:
        file.write(HEADER.encode() + b"\n")
        file.truncate(2 << 30)  # two gigabytes of zeros that take no room
    with pytest.raises(WholeFileRefused, match="endless_line"):
        inspect(path, ("utf-8",))


def test_a_quoted_cell_that_never_ends_is_refused(tmp_path: Path) -> None:
    path = written(tmp_path, HEADER + '\n"' + "x\n" * reading.LONGEST)
    with pytest.raises(WholeFileRefused, match="endless_line"):
        cells(path, "utf-8")


def test_a_file_of_another_layout_is_told_the_nearest_and_what_it_lacks(tmp_path: Path) -> None:
    path = file_of(tmp_path, "mailing", "subscribed", [])
    text = path.read_text().replace("CONFIRM_TIME", "CONFIRMED")
    path.write_text(text)
    with pytest.raises(WholeFileRefused) as refused:
        recognise(path, demo_policy().systems["mailing"].imports)
    assert refused.value.about == {"nearest": "subscribed", "missing": "CONFIRM_TIME", "strange": "-"}


@pytest.mark.parametrize("name", ["subscribed", "unsubscribed", "cleaned"])
def test_the_exports_of_one_tool_are_told_apart(silos: Path, name: str) -> None:
    found = recognise(silos / f"mailchimp_{name}.csv", demo_policy().systems["mailing"].imports)
    assert found.name == name


FORMULAS = ["=1+1", '=HYPERLINK("http://evil.example","x")', "+cmd|' /C calc'!A0", "-2+3", "@SUM(A1)", "\t=1"]
INERT = ["+33 6 24 68 65 01", "+33624686501", "Ana", "'s-Hertogenbosch", "1-2", "ML=1", ""]


@pytest.mark.parametrize("cell", [*FORMULAS, *INERT, "'=1+1", "''=1"])
def test_promise_16_what_is_written_out_is_inert_and_reads_back_as_it_was(cell: str) -> None:
    out = marked(cell)
    assert not is_formula(out)
    assert unmarked(out) == cell
    stream = io.StringIO()
    csv.writer(stream).writerow([out, "x"])
    assert next(csv.reader(io.StringIO(stream.getvalue())))[0] == out


@pytest.mark.parametrize("cell", FORMULAS)
async def test_promise_16_a_formula_where_a_name_belongs_is_left_out(local: Company, cell: str) -> None:
    row = {"Customer ID": "'6001", "First Name": cell, "Email": "a@exemple.fr"}
    path = file_of(local.folder, "webshop", "customers", [row | {"Accepts Email Marketing": "yes"}])
    found = await import_file(local, "webshop", path)
    assert found.states == ["unknown"]
