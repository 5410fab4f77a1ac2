"""Files that colleagues hand in: whatever tools export is read, and nothing else is believed (promise 16)."""

import io
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from consentd.dsr import task_form
from consentd.dsr.task_form import FormWrong, records_of


def read(name: str, content: bytes) -> list[tuple[str, dict[str, object]]]:
    return [(one.what, dict(one.record)) for one in records_of(name, content)]


def packed(*files: tuple[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files:
            archive.writestr(name, content)
    return out.getvalue()


@pytest.mark.parametrize(
    "content",
    [
        "nom;total\r\nZoé;12,50\r\n".encode("cp1252"),
        '\ufeffnom,total\nZoé,"12,50"\n'.encode(),
        "nom\ttotal\nZoé\t12,50\n".encode(),
    ],
)
def test_a_csv_of_any_country_is_read(content: bytes) -> None:
    assert read("achats.CSV", content) == [("achats", {"nom": "Zoé", "total": "12,50"})]


def test_numbers_with_a_fraction_stay_as_they_were_written() -> None:
    assert read("a.json", b'[{"total": 12.10, "on": null, "lines": [1]}]') == [
        ("a", {"total": "12.10", "on": None, "lines": "[1]"})
    ]


def test_a_file_is_called_by_its_name_and_led_nowhere_by_it() -> None:
    content = packed(("../../etc/achats.json", b'{"a": 1}'), ("C:\\x\\notes.json", b'{"b": 2}'))
    assert [what for what, _ in read("copie.zip", content)] == ["achats", "notes"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.exe", b"MZ"),
        ("a", b"x"),
        ("a.csv", b""),
        ("a.csv", b"a,a\n1,2\n"),
        ("a.csv", b"a,b\n1\n"),
        ("a.json", b"[1, 2]"),
        ("a.json", b"{}"),
        ("a.json", b"[" * 100_000),
        ("a.zip", b"PK"),
        ("a.zip", packed(("b.zip", packed(("c.json", b'{"a": 1}'))))),
        ("a.zip", packed(*((f"{number}.json", b'{"a": 1}') for number in range(51)))),
    ],
)
def test_what_cannot_be_read_is_refused_whole(name: str, content: bytes) -> None:
    with pytest.raises(FormWrong) as refused:
        records_of(name, content)
    assert refused.value.code == "unreadable_copy"


def test_an_archive_that_unpacks_to_too_much_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(task_form, "MOST_UNPACKED", 1 << 20)
    bomb = packed(("a.csv", b"a\n" + b"0" * (2 << 20)))
    assert len(bomb) < 10_000
    with pytest.raises(FormWrong):
        records_of("copie.zip", bomb)


@settings(max_examples=200, deadline=None)
@given(ending=st.sampled_from(["csv", "json", "zip"]), content=st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(ending: str, content: bytes) -> None:
    try:
        for one in records_of(f"a.{ending}", content):
            one.scalars()
    except FormWrong:
        pass
