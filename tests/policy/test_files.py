"""Reading YAML without its magic (promise 16), with the line of everything."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.policy.files import Fault, parse


def read(text: str) -> tuple[object, list[Fault]]:
    faults: list[Fault] = []
    return parse("a.yaml", text, faults).value, faults


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("NO", "NO"),
        ("no", "no"),
        ("yes", "yes"),
        ("on", "on"),
        ("Off", "Off"),
        ("y", "y"),
        ("True", "True"),
        ("true", True),
        ("false", False),
        ("null", None),
        ("~", None),
        ("''", ""),
        ("12", 12),
        ("-3", -3),
        ("012", "012"),
        ("0x1f", "0x1f"),
        ("1_000", "1_000"),
        ("1e3", "1e3"),
        ("1.5", "1.5"),
        ("10:30", "10:30"),
        ("2026-08-11", "2026-08-11"),
        ("'12'", "12"),
        ("'true'", "true"),
        (".inf", ".inf"),
        ("=", "="),
    ],
)
def test_only_whole_numbers_true_false_and_null_are_more_than_text(text: str, value: object) -> None:
    assert read(f"key: {text}\n") == ({"key": value}, [])


def test_keys_are_text_whatever_they_look_like() -> None:
    assert read("on: 1\nno: 2\n3: x\n")[0] == {"on": 1, "no": 2, "3": "x"}


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        ("a: 1\nb: &x 2\n", 2, "anchors"),
        ("a: &x 1\nb: *x\n", 2, "alias *x"),
        ("a: 1\nb: !!python/object/apply:os.system [id]\n", 2, "tags"),
        ("a: 1\nb: !include other\n", 2, "tags"),
        ("a: 1\nb: !!str 2\n", 2, "tags"),
        ("a: 1\nb: ! 2\n", 2, "tags"),
        ("a: 1\n<<: { b: 2 }\n", 2, "merge keys"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands here twice; first on line 1"),
        ("a: 1\n---\nb: 2\n", 2, "more than one"),
        ("a: 1\n? [x]\n: 2\n", 2, "key must be plain text"),
        ("a: 1\nb: [1, 2\n", 3, "is not YAML"),
        ("a: 1\n\tb: 2\n", 2, "is not YAML"),
        ("a: 1\nb: \x07\n", 1, "is not YAML"),
        ('a: 1\nb: "\\ud83d"\n', 2, "half a character"),
        ('a: 1\n"\\udc00": 2\n', 2, "half a character"),
        ("a: " + "[" * 60 + "]" * 60, 1, "nested too deeply"),
    ],
)
def test_what_yaml_offers_beyond_plain_data_is_refused_with_its_line(
    text: str, line: int, reason: str
) -> None:
    faults = read(text)[1]
    assert any(found == line and reason in why for _, found, why in faults), faults


def test_a_key_given_twice_keeps_the_first_and_reads_on() -> None:
    value, faults = read("a: { x: [1, 2] }\na: { y: [3, { z: 4 }] }\nb: 5\n")
    assert value == {"a": {"x": [1, 2]}, "b": 5}
    assert len(faults) == 1


def test_every_value_knows_its_line() -> None:
    document = parse("a.yaml", "a:\n  - x\n  - y: 1\n    z: 2\nb: 3\n", [])
    assert document.line(("a", 0)) == 2
    assert document.line(("a", 1, "z")) == 4
    assert document.line(("b",)) == 5
    assert document.line(("a", 1, "missing")) == 3
    assert document.line(("nowhere",)) == 1


def test_an_alias_bomb_costs_nothing() -> None:
    bomb = "a: &a [x, x]\n" + "".join(
        f"{c}: &{c} [*{p}, *{p}]\n" for p, c in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert len(read(bomb)[1]) > 8


@given(st.text(max_size=200))
def test_no_text_makes_the_reader_fall(text: str) -> None:
    read(text)


# YAML reads these as ends of lines even between quotes, and folds them to spaces.
letters = st.characters(codec="utf-8", exclude_characters="\x85\u2028\u2029")


@given(st.dictionaries(st.text(letters, min_size=1, max_size=8), st.text(letters, max_size=20), max_size=4))
def test_quoted_text_comes_back_as_it_was(values: dict[str, str]) -> None:
    text = (
        "{"
        + ", ".join(
            f"{json.dumps(key, ensure_ascii=False)}: {json.dumps(value, ensure_ascii=False)}"
            for key, value in values.items()
        )
        + "}"
    )
    value, faults = read(text)
    if not faults:
        assert value == values
