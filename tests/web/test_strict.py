"""Reading JSON strictly: what two readers could understand differently is refused."""

import json
from typing import Annotated, Literal
from uuid import UUID

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.kernel.errors import CallerError, Malformed, Unprocessable
from consentd.web.strict import StrictDecoder, explain, json_pointer


class Inner(msgspec.Struct, forbid_unknown_fields=True):
    state: Literal["given", "refused"]
    at: str = ""


class Body(msgspec.Struct, forbid_unknown_fields=True):
    email: str
    count: Annotated[int, msgspec.Meta(ge=1)] = 1
    sure: bool = False
    id: UUID | None = None
    events: tuple[Inner, ...] = ()
    slots: dict[str, str] = {}


DECODER = StrictDecoder(Body)


def refused(body: bytes) -> CallerError:
    with pytest.raises(CallerError) as caught:
        DECODER.decode(body)
    return caught.value


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'{"email": "a", "email": "a"}', "duplicate_member"),
        (b'{"email": "a", "emai\\u006c": "b"}', "duplicate_member"),
        (b'{"email": "a", "slots": {"x": "1", "x": "2"}}', "duplicate_member"),
        (b'{"email": "\\u003a", "slots": {"x": "1", "x": "2"}}', "duplicate_member"),
        (b'{"email": "\\u003a", "slots": {"x": ":", "\\u0078": ""}}', "duplicate_member"),
        (b"\xef\xbb\xbf{}", "not_json"),
        (b'{"email": "\xff"}', "not_json"),
        (b'{"email": "\\ud800"}', "not_json"),
        (b'{"email": "\\udc00x"}', "not_json"),
        (b'{"email": "a", "count": NaN}', "not_json"),
        (b'{"email": "a"} {}', "not_json"),
        (b'{"email": "a",}', "not_json"),
        (b"{'email': 1}", "not_json"),
        (b'{"email": "a", "slots": {"x": "\\u0000"}}', "nul_character"),
        (b'{"events": ' + b"[" * 100_000, "body_too_deep"),
    ],
)
def test_what_is_not_strict_json_is_malformed(body: bytes, code: str) -> None:
    error = refused(body)
    assert isinstance(error, Malformed)
    assert error.code == code


@pytest.mark.parametrize(
    ("body", "pointer", "code"),
    [
        (b"{}", "/email", "missing"),
        (b'{"email": 1}', "/email", "wrong_type"),
        (b'{"email": "a", "sure": 0}', "/sure", "wrong_type"),
        (b'{"email": "a", "sure": "false"}', "/sure", "wrong_type"),
        (b'{"email": "a", "count": "3"}', "/count", "wrong_type"),
        (b'{"email": "a", "count": 1.5}', "/count", "wrong_type"),
        (b'{"email": "a", "count": 0}', "/count", "out_of_bounds"),
        (b'{"email": "a", "id": "no"}', "/id", "wrong_format"),
        (b'{"email": "a", "mail": "b"}', "/mail", "unknown_member"),
        (
            b'{"email": "a", "events": [{"state": "given"}, {"state": "perhaps"}]}',
            "/events/1/state",
            "not_allowed",
        ),
        (b'{"email": "a", "events": [{"state": "given", "why": 1}]}', "/events/0/why", "unknown_member"),
        (b'{"email": "a", "slots": {"jean@example.org": 1}}', "/slots", "wrong_type"),
        (b"[]", "", "wrong_type"),
    ],
)
def test_a_wrong_body_is_told_where_and_why(body: bytes, pointer: str, code: str) -> None:
    error = refused(body)
    assert isinstance(error, Unprocessable)
    assert [(one["pointer"], one["code"]) for one in error.errors] == [(pointer, code)]


def test_promise_18_no_value_of_a_body_comes_back_in_a_message() -> None:
    secret = "jean.dupont@example.org"
    bodies = [
        {"email": "a", "id": secret},
        {"email": "a", "events": [{"state": secret}]},
        {"email": "a", secret: 1},
        {"email": "a", "slots": {secret: 1}},
        {"email": "a", "count": secret},
    ]
    for body in bodies:
        error = refused(json.dumps(body).encode())
        assert secret not in json.dumps([error.message, error.errors])


def test_a_message_that_is_not_known_is_not_passed_on() -> None:
    assert "0612345678" not in json.dumps(explain("'0612345678' is no time - at `$.at`"))


def test_colons_in_texts_are_no_duplicates() -> None:
    body = {"email": "a:b", "events": [{"state": "given", "at": "2026-11-20T10:15:00+01:00"}]}
    assert DECODER.decode(json.dumps(body).encode()).email == "a:b"


def test_a_type_that_would_accept_unknown_members_stops_the_start() -> None:
    class Lenient(msgspec.Struct):
        name: str

    class Outer(msgspec.Struct, forbid_unknown_fields=True):
        inner: dict[str, list[Lenient | None]]

    with pytest.raises(TypeError, match="Lenient"):
        StrictDecoder(Outer)


def test_a_pointer_stops_where_names_are_content() -> None:
    assert json_pointer("$.events[3].slots[...].x") == "/events/3/slots"


TEXTS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)
ANYTHING = StrictDecoder(object)


@given(JSON, st.booleans())
def test_every_json_document_with_distinct_names_is_read_as_it_is(value: object, ascii_only: bool) -> None:
    assert ANYTHING.decode(json.dumps(value, ensure_ascii=ascii_only).encode()) == value


@given(st.lists(st.tuples(TEXTS, JSON), min_size=1, max_size=4), st.data(), st.booleans())
def test_every_document_that_names_a_member_twice_is_refused(
    members: list[tuple[str, object]], data: st.DataObject, ascii_only: bool
) -> None:
    name, _ = data.draw(st.sampled_from(members))
    members = [*members, (name, data.draw(JSON))]
    inside = ",".join(
        f"{json.dumps(one, ensure_ascii=ascii_only)}:{json.dumps(value, ensure_ascii=ascii_only)}"
        for one, value in members
    )
    with pytest.raises(Malformed, match="twice"):
        ANYTHING.decode(f'{{"outer": [{{{inside}}}]}}'.encode())


@given(st.binary(max_size=60))
def test_no_bytes_make_it_fail_otherwise_than_by_refusing(body: bytes) -> None:
    status = None
    try:
        DECODER.decode(body)
    except CallerError as error:
        status = error.status
    assert status in (None, 400, 422)
