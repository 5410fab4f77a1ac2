"""Bodies by a standard of others': what it does not name is ignored, and nothing else is let pass."""

import msgspec
import pytest
from litestar import post
from litestar.params import JSONBody
from serving import Nobody

from consentd.base.settings import from_environment
from consentd.callers.access import PUBLIC
from consentd.kernel.errors import Malformed
from consentd.web.application import build
from consentd.web.call import lenient
from consentd.web.lenient import LenientDecoder
from consentd.web.strict import StrictDecoder


class Inner(msgspec.Struct):
    id: str


class Open(msgspec.Struct):
    inner: Inner
    properties: dict[str, object] = {}


class Closed(msgspec.Struct, forbid_unknown_fields=True):
    id: str


class Mixed(msgspec.Struct):
    closed: Closed


DECODER = LenientDecoder(Open)


@pytest.mark.parametrize(
    "body",
    [
        b'{"inner": {"id": "a"}, "foo": "bar"}',
        b'{"inner": {"id": "a", "foo": {"deep": [1, 2]}}, "properties": {"a": {"b": 1.5}}}',
    ],
)
def test_unknown_members_are_ignored(body: bytes) -> None:
    assert DECODER.decode(body).inner == Inner("a")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"{}", "invalid_body"),
        (b'{"inner": {}}', "invalid_body"),
        (b'{"inner": "a"}', "invalid_body"),
        (b'{"inner": {"id": 7}}', "invalid_body"),
        (b'{"inner": {"id": "a"}, "properties": []}', "invalid_body"),
        (b'{"inner": {"id": "a"}, "inner": {"id": "b"}}', "duplicate_member"),
        (b'{"inner": {"id": "a"}, "foo": 1, "foo": 2}', "duplicate_member"),
        (b'{"inner": {"id": "a"}, "foo": {"x": 1, "x": 2}}', "duplicate_member"),
        (b'{"inner": {"id": "a"}, "foo": NaN}', "not_json"),
        (b'{"inner": {"id": "a"}, "foo": "\\ud800"}', "not_json"),
        (b'{"inner": {"id": "a"}, "foo": "\\u0000"}', "nul_character"),
        (b'{"inner": {"id": "a"}, "foo": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "body_too_deep"),
        (b"", "not_json"),
    ],
)
def test_everything_else_is_refused_as_malformed(body: bytes, code: str) -> None:
    with pytest.raises(Malformed) as caught:
        DECODER.decode(body)
    assert (caught.value.status, caught.value.code) == (400, code)


def test_promise_18_nothing_of_a_body_is_repeated() -> None:
    with pytest.raises(Malformed) as caught:
        DECODER.decode(b'{"inner": {"id": 7, "quetsche": "quetsche"}, "quetsche": 1}')
    assert "quetsche" not in caught.value.message + str(caught.value.errors)
    assert caught.value.errors[0]["pointer"] == "/inner/id"


def test_no_type_says_both() -> None:
    with pytest.raises(TypeError, match="refuses them"):
        LenientDecoder(Mixed)
    with pytest.raises(TypeError, match="accepts unknown members"):
        StrictDecoder(Open)


def test_an_application_with_a_lenient_body_that_names_no_standard_does_not_start() -> None:
    async def take(data: JSONBody[Open]) -> None:
        """Takes anything."""

    settings = from_environment({})
    with pytest.raises(TypeError, match="accepts unknown members"):
        build([post("/take", opt=PUBLIC)(take)], settings=settings, tokens=Nobody())
    build([post("/take", opt=PUBLIC | lenient("a standard"))(take)], settings=settings, tokens=Nobody())
