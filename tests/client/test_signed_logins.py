"""A system hands over who is logged in: what it signs, and what it may not leave out."""

import datetime as dt
import json
import time
import uuid
from pathlib import Path

import jwt
import pytest

from consentd.client.logins import Logins
from consentd.crypto import jwk

REQUEST = uuid.uuid4()
PARIS = dt.timezone(dt.timedelta(hours=1))


@pytest.fixture
def key(tmp_path: Path) -> Path:
    private, _ = jwk.generate()
    file = tmp_path / "webshop.jwk"
    file.write_bytes(private.reveal())
    return file


@pytest.fixture
def desk(key: Path) -> Logins:
    return Logins("https://consent.example/", "the-client", key)


def test_it_says_who_is_logged_in_where_since_when_and_how(desk: Logins, key: Path) -> None:
    signed_in = dt.datetime(2026, 11, 22, 9, 30, tzinfo=PARIS)
    token = desk.token(REQUEST, "customer:C-1042", signed_in=signed_in, methods=("pwd", "otp"))
    private = json.loads(key.read_text())
    public = {name: value for name, value in private.items() if name != "d"}
    assert jwt.get_unverified_header(token) == {"alg": "EdDSA", "kid": private["kid"], "typ": "login+jwt"}
    claims = jwt.decode(token, jwt.PyJWK(public), audience="https://consent.example")
    assert 0 < claims.pop("exp") - time.time() <= 60
    assert uuid.UUID(claims.pop("jti"))
    assert claims == {
        "iss": "the-client",
        "sub": "C-1042",
        "scheme": "customer",
        "aud": "https://consent.example",
        "request": str(REQUEST),
        "auth_time": int(signed_in.timestamp()),
        "amr": ["pwd", "otp"],
    }
    other = desk.token(REQUEST, "customer:C-1042", signed_in=signed_in, methods=["pwd"])
    assert jwt.decode(other, options={"verify_signature": False})["jti"] not in token


def test_it_shows_nothing_of_the_key(desk: Logins, key: Path) -> None:
    assert json.loads(key.read_text())["d"] not in repr(desk)


def test_what_is_left_out_is_not_guessed(desk: Logins) -> None:
    now = dt.datetime.now(dt.UTC)
    with pytest.raises(ValueError, match="offset"):
        desk.token(REQUEST, "customer:1", signed_in=now.replace(tzinfo=None), methods=["pwd"])
    with pytest.raises(ValueError, match="methods"):
        desk.token(REQUEST, "customer:1", signed_in=now, methods=[])
    with pytest.raises(ValueError, match="one account"):
        desk.token(REQUEST, ["customer:1", "customer:2"], signed_in=now, methods=["pwd"])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="methods"):
        desk.token(REQUEST, "customer:1", signed_in=now, methods="pwd")


def test_a_public_key_signs_nothing(key: Path) -> None:
    public = {name: value for name, value in json.loads(key.read_text()).items() if name != "d"}
    with pytest.raises(ValueError, match="private"):
        Logins("https://consent.example", "the-client", public)
