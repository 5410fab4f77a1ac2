"""The token request, read as RFC 6749 writes it and no more leniently. Pure."""

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.callers.oauth import OAuthRefusal, parse

FORM = "application/x-www-form-urlencoded"
GRANT = b"grant_type=client_credentials"


BY_KEY = (
    b"&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer"
    b"&client_assertion=a.b.c"
)


def basic(text: str) -> str:
    return "Basic " + base64.b64encode(text.encode()).decode()


def refusal(media: str, authorization: str | None, form: bytes) -> OAuthRefusal:
    with pytest.raises(OAuthRefusal) as caught:
        parse(media, authorization, form)
    return caught.value


def test_credentials_come_by_basic_or_in_the_form() -> None:
    by_basic = parse(FORM, basic("id:se%3Acret"), GRANT)
    in_form = parse(f"{FORM}; charset=UTF-8", None, GRANT + b"&client_id=id&client_secret=se%3Acret")
    assert (by_basic.client_id, by_basic.secret) == (in_form.client_id, in_form.secret) == ("id", "se:cret")
    assert by_basic.scopes is None


def test_instead_of_a_secret_there_may_be_an_assertion() -> None:
    asked = parse(FORM, None, GRANT + BY_KEY)
    assert (asked.client_id, asked.secret, asked.assertion, asked.basic) == ("", "", "a.b.c", False)
    assert parse(FORM, None, GRANT + BY_KEY + b"&client_id=id").client_id == "id"
    assert "a.b.c" not in repr(asked)


def test_another_kind_of_assertion_is_refused_without_asking_for_a_password() -> None:
    refused = refusal(FORM, None, GRANT + BY_KEY.replace(b"jwt-bearer", b"saml2-bearer"))
    assert (refused.status, refused.error, refused.challenge) == (401, "invalid_client", None)


def test_scopes_are_words_with_one_space_between_them() -> None:
    asked = parse(FORM, basic("a:b"), GRANT + b"&scope=check+reasons")
    assert asked.scopes == {"check", "reasons"}


@pytest.mark.parametrize(
    ("media", "authorization", "form", "status", "error"),
    [
        ("application/json", basic("a:b"), GRANT, 415, "invalid_request"),
        (FORM, basic("a:b"), b"", 400, "invalid_request"),
        (FORM, basic("a:b"), b"grant_type", 400, "invalid_request"),
        (FORM, basic("a:b"), b"grant_type=password", 400, "unsupported_grant_type"),
        (FORM, basic("a:b"), GRANT + b"&" + GRANT, 400, "invalid_request"),
        (FORM, basic("a:b"), GRANT + b"&scope=", 400, "invalid_scope"),
        (FORM, basic("a:b"), GRANT + b"&scope=a++b", 400, "invalid_scope"),
        (FORM, basic("a:b"), GRANT + b"&x=%ff", 400, "invalid_request"),
        (FORM, basic("a:b"), GRANT + b"&x=\xff", 400, "invalid_request"),
        (FORM, basic("a:b"), GRANT + b"&client_id=a&client_secret=b", 400, "invalid_request"),
        (FORM, basic("a:b"), GRANT + b"&client_id=other", 400, "invalid_request"),
        (FORM, "Basic ???", GRANT, 400, "invalid_request"),
        (FORM, basic("no colon"), GRANT, 400, "invalid_request"),
        (FORM, "Bearer abc", GRANT, 401, "invalid_client"),
        (FORM, None, GRANT, 401, "invalid_client"),
        (FORM, None, GRANT + b"&client_assertion=a.b.c", 400, "invalid_request"),
        (FORM, None, GRANT + BY_KEY[: -len(b"&client_assertion=a.b.c")], 400, "invalid_request"),
        (FORM, None, GRANT + BY_KEY + b"&client_secret=b", 400, "invalid_request"),
        (FORM, basic("a:b"), GRANT + BY_KEY, 400, "invalid_request"),
        (FORM, None, GRANT + BY_KEY + b"&scope=", 400, "invalid_scope"),
    ],
)
def test_anything_else_is_refused(
    media: str, authorization: str | None, form: bytes, status: int, error: str
) -> None:
    refused = refusal(media, authorization, form)
    assert (refused.status, refused.error) == (status, error)
    assert (refused.challenge is not None) == (status == 401)


def test_promise_18_a_request_does_not_print_its_secret() -> None:
    assert "hidden" not in repr(parse(FORM, basic("a:hidden"), GRANT))


@given(st.text(max_size=30) | st.none(), st.text(max_size=60) | st.none(), st.binary(max_size=80))
def test_nothing_makes_it_fail_otherwise_than_by_refusing(
    media: str | None, authorization: str | None, form: bytes
) -> None:
    status = 0
    try:
        parse(media or FORM, authorization, GRANT + b"&" + form)
    except OAuthRefusal as refused:
        status = refused.status
    assert status in (0, 400, 401, 415)
