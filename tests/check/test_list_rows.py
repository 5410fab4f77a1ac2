"""Files as tools export them, cut into rows: not a byte of a row changes, and the one cell is found."""

import csv
import io
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.check.lists.csv_rows import MOST, CsvRows, Rows
from consentd.check.lists.json_rows import JsonRows
from consentd.kernel.errors import CallerError


def read(
    content: bytes, column: str | None = "Email", step: int | None = None, **how: str
) -> tuple[bytes, Rows]:
    """The header and the rows as they came, and the cells."""
    reader = CsvRows(column, **how)
    found = Rows([], [])
    for start in range(0, len(content), step or len(content) or 1):
        some = reader.feed(content[start : start + (step or len(content))])
        found.cells += some.cells
        found.raw += some.raw
    some = reader.finish()
    raw = [reader.as_it_came(one) for one in [*found.raw, *some.raw]]
    assert reader.header is not None
    stripped = [cell if cell is None else cell.strip() for cell in [*found.cells, *some.cells]]
    return reader.as_it_came(reader.header), Rows(stripped, raw)


TABLE = "Name,Email,City\r\nZoé,zoe@exemple.fr,Besançon\r\nAna,ana@exemple.fr,Óbidos\r\n"


@pytest.mark.parametrize(
    ("encoding", "told"),
    [
        ("utf-8", None),
        ("utf-8-sig", None),
        ("utf-16", None),
        ("utf-16-le", None),
        ("utf-16-be", None),
        ("cp1252", None),
        ("cp1252", "windows-1252"),
        ("iso-8859-15", "iso8859-15"),
        ("utf-16", "utf-16"),
    ],
)
@pytest.mark.parametrize("step", [None, 1, 7])
def test_every_encoding_comes_out_as_it_went_in(encoding: str, told: str | None, step: int | None) -> None:
    content = TABLE.encode(encoding)
    header, rows = read(content, step=step, **({"encoding": told} if told else {}))
    assert rows.cells == ["zoe@exemple.fr", "ana@exemple.fr"]
    assert header + b"".join(rows.raw) == content


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiters_and_line_ends_are_found_out(delimiter: str, end: str) -> None:
    content = TABLE.replace(",", delimiter).replace("\r\n", end).encode()
    for step in (None, 3):
        header, rows = read(content, step=step)
        assert rows.cells == ["zoe@exemple.fr", "ana@exemple.fr"]
        assert header + b"".join(rows.raw) == content


def test_a_comma_in_a_name_does_not_win_over_the_delimiter_that_has_the_column() -> None:
    _, rows = read(b"Nom, Pr\xc3\xa9nom, Titre;Email\nA, B, C;a@exemple.fr\n")
    assert rows.cells == ["a@exemple.fr"]


def test_quotes_hold_delimiters_line_ends_and_quotes() -> None:
    content = b'"Email","Note"\r\n"a@exemple.fr","one\r\ntwo, ""three"""\r\nb@exemple.fr,5" pipe\r\n'
    for step in (None, 1, 5):
        header, rows = read(content, step=step)
        assert rows.cells == ["a@exemple.fr", "b@exemple.fr"]
        assert len(rows.raw) == 2
        assert header + b"".join(rows.raw) == content


def test_short_rows_empty_rows_and_what_is_no_text_are_told_each() -> None:
    content = b"Name,Email\nA\n\nB,\n\r\nC,\x81\x8d\nD,d@exemple.fr"
    _, rows = read(content, encoding="cp1252")
    assert rows.cells == ["", "", None, "d@exemple.fr"]
    assert rows.raw == [b"A\n", b"B,\n", b"C,\x81\x8d\n", b"D,d@exemple.fr"]


@pytest.mark.parametrize("column", ["email", " EMAIL ", "Email"])
def test_a_column_is_found_in_any_case(column: str) -> None:
    assert read(TABLE.encode(), column)[1].cells[1] == "ana@exemple.fr"


def test_a_file_of_one_column_needs_no_name() -> None:
    assert read(b"adresse\na@exemple.fr\n", None)[1].cells == ["a@exemple.fr"]


@pytest.mark.parametrize(
    ("content", "column", "how", "code", "says"),
    [
        (b"Adresse e-mail,E-mail,Nom\n", "Email", {}, "unknown_column", "E-mail, Adresse e-mail, Nom"),
        (b"a,b\n", None, {}, "column_needed", "a, b"),
        (b"Email,email,EMAIL\nx", "eMail", {}, "column_twice", "rename"),
        (b"", "Email", {}, "no_header", "empty"),
        (b"\n\n", "Email", {}, "no_header", "empty"),
        (b"Email\rName\n", "Email", {}, "no_header", "first line"),
        (b'\x00"\n\x00', None, {}, "no_header", "first line"),
        (TABLE.encode(), "Email", {"encoding": "shift_jis"}, "wrong_encoding", "utf-16"),
        (TABLE.encode(), "Email", {"encoding": "nonsense"}, "wrong_encoding", "utf-16"),
        (TABLE.encode(), "Email", {"encoding": "rot13"}, "wrong_encoding", "utf-16"),
        (TABLE.encode("cp1252"), "Email", {"delimiter": "::"}, "wrong_delimiter", "one"),
        (TABLE.encode("utf-16")[:-1], "Email", {}, "wrong_encoding", "all there"),
        (b'Email,Note\na@exemple.fr,"never closed\n', "Email", {}, "row_too_long", "Row 1 "),
        (b"Email\n" + b"a" * (MOST + 1), "Email", {}, "row_too_long", "Row 1 "),
        (b"E" * (MOST + 1), "Email", {}, "row_too_long", "Row 1 "),
        (b"Email\n" + b"a" * (MOST + 1) + b"\n", "Email", {}, "row_too_long", "Row 1 "),
    ],
)
def test_a_file_that_cannot_be_read_like_that_is_refused_in_words(
    content: bytes, column: str | None, how: dict[str, str], code: str, says: str
) -> None:
    with pytest.raises(CallerError) as refused:
        read(content, column, **how)
    assert refused.value.code == code
    assert says in refused.value.message


cells = st.text(st.sampled_from("ab@.é,;\"' \t\n"), max_size=6)


@given(
    table=st.lists(st.lists(cells, min_size=3, max_size=3), min_size=1, max_size=8),
    step=st.integers(1, 40),
    seed=st.integers(0, 99),
)
def test_what_a_csv_writer_wrote_is_read_as_a_csv_reader_reads_it(
    table: list[list[str]], step: int, seed: int
) -> None:
    chosen = random.Random(seed)
    out = io.StringIO(newline="")
    writer = csv.writer(
        out,
        quoting=chosen.choice([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
        lineterminator=chosen.choice(["\n", "\r\n"]),
    )
    writer.writerow(["A", "Email", "C"])
    writer.writerows(table)
    content = out.getvalue().encode()
    header, rows = read(content, step=step)
    expected = [row for row in csv.reader(io.StringIO(out.getvalue(), newline="")) if row][1:]
    assert rows.cells == [row[1].strip() for row in expected]
    assert header + b"".join(rows.raw) == content


def test_lines_of_json_hold_an_object_or_the_identifier_alone() -> None:
    reader = JsonRows("email")
    lines = (
        b'{"email": "a@exemple.fr", "x": 1}\n"b@exemple.fr"\n\n{"x": 2}\n{"email": 7}\n[1]\nnonsense\n\xff\n'
    )
    rows = reader.feed(lines[:20])
    more = reader.feed(lines[20:] + b'{"email": null}')
    last = reader.finish()
    assert [*rows.cells, *more.cells, *last.cells] == [
        "a@exemple.fr", "b@exemple.fr", "", "7", None, None, None, "",
    ]  # fmt: skip


def test_an_endless_line_of_json_is_refused() -> None:
    with pytest.raises(CallerError, match="Line 2 "):
        JsonRows("email").feed(b'"a"\n' + b"x" * 70_000)
