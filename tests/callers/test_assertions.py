"""Systems prove themselves by what they sign: keys, what an assertion says, and that it counts once."""

import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st

from consentd.base.clock import now
from consentd.callers import assertions, service, store
from consentd.callers.model import Caller
from consentd.callers.oauth import OAuthRefusal, TokenRequest
from consentd.callers.service import NewSystem
from consentd.crypto import jwk, jws
from consentd.crypto.jwk import ForeignKey
from consentd.crypto.keyring import Keyring
from consentd.db.unit import Database
from consentd.evidence.model import OPERATOR
from consentd.kernel.errors import Conflict, NotFound, Unauthenticated, Unprocessable
from consentd.kernel.ids import SecretId
from consentd.kernel.instants import SECOND, Instant

ISSUER = "https://consentd.test"
AUDIENCES = frozenset({ISSUER, f"{ISSUER}/oauth/token"})
AT = Instant(1_800_000_000 * SECOND)
SECONDS = AT // SECOND

PRIVATE: dict[str, Any] = {
    "EdDSA": ed25519.Ed25519PrivateKey.generate(),
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "PS256": rsa.generate_private_key(65537, 2048),
}
PRIVATE["RS256"] = PRIVATE["PS256"]
_LIBRARY: dict[str, Any] = jwt.algorithms.get_default_algorithms()


def public_jwk(algorithm: str, private: Any = None, **more: str) -> dict[str, Any]:
    """As another library writes it."""
    public = (private or PRIVATE[algorithm]).public_key()
    return {
        **json.loads(_LIBRARY[algorithm].to_jwk(public)),
        "alg": algorithm,
        "kid": f"{algorithm}-1",
        **more,
    }


def key_of(algorithm: str, **more: str) -> ForeignKey:
    return jwk.read(json.dumps(public_jwk(algorithm, **more)).encode())


def claims_of(client: object, **more: object) -> dict[str, object]:
    claims = {"iss": str(client), "sub": str(client), "aud": ISSUER, "exp": SECONDS + 60, "jti": "one"}
    return {name: value for name, value in (claims | more).items() if value is not None}


def signed(claims: dict[str, object], algorithm: str = "EdDSA", private: Any = None, **header: object) -> str:
    headers = {"kid": f"{algorithm}-1", **header}
    return jwt.encode(claims, private or PRIVATE[algorithm], algorithm=algorithm, headers=headers)


class Bench:
    """A connected system, and what it sends."""

    def __init__(self, database: Database, keyring: Keyring, system: NewSystem) -> None:
        self.database = database
        self.keyring = keyring
        self.system = system

    async def add_key(self, key: ForeignKey) -> SecretId:
        return await self.database.change(
            lambda unit: service.add_key(unit, self.keyring, self.system.id, key, OPERATOR)
        )

    async def revoke(self, key: SecretId | None) -> None:
        await self.database.change(
            lambda unit: service.revoke(unit, self.keyring, self.system.id, OPERATOR, secret_id=key)
        )

    async def send(self, assertion: str, client_id: str = "", at: Instant = AT) -> Caller:
        asked = TokenRequest(client_id, "", None, basic=False, assertion=assertion)
        return await assertions.authenticate(self.database, asked, AUDIENCES, at)

    async def refused(self, assertion: str, client_id: str = "") -> OAuthRefusal:
        with pytest.raises(OAuthRefusal) as caught:
            await self.send(assertion, client_id)
        assert (caught.value.status, caught.value.error) == (401, "invalid_client")
        return caught.value


@pytest.fixture
async def bench(database: Database, keyring: Keyring) -> Bench:
    made = await database.change(
        lambda unit: service.add_system(unit, keyring, "till", ["check"], [], [], "UTC", OPERATOR)
    )
    return Bench(database, keyring, made)


# --- keys


@pytest.mark.parametrize("algorithm", jwk.ALGORITHMS)
def test_a_public_key_is_read_kept_and_verifies_by_its_own_algorithm(algorithm: str) -> None:
    key = jwk.kept(key_of(algorithm).as_text())
    assert (key.algorithm, key.kid) == (algorithm, f"{algorithm}-1")
    claims = claims_of("till")
    assert jws.verify_assertion(key, signed(claims, algorithm)) == claims


def test_a_key_without_a_name_goes_by_its_thumbprint() -> None:
    """The example of RFC 8037 A.3."""
    x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
    key = jwk.read(json.dumps({"kty": "OKP", "crv": "Ed25519", "x": x}).encode())
    assert (key.kid, key.algorithm) == ("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k", "EdDSA")


def test_what_is_made_here_is_a_key_that_clients_can_load_and_does_not_print() -> None:
    secret, key = jwk.generate()
    private = json.loads(secret.reveal())
    assert private["d"] not in repr(secret)
    text = jwt.encode({"sub": "till"}, jwt.PyJWK(private), headers={"kid": private["kid"]})
    assert jws.verify_assertion(key, text) == {"sub": "till"}
    assert "d" not in json.loads(key.as_text())


WEAK = rsa.generate_private_key(65537, 1024)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("no json", "jwk_unreadable"),
        ("[]", "jwk_unreadable"),
        ('{"kty": ' + "[" * 5_000 + "]" * 5_000 + "}", "jwk_unreadable"),
        ('{"kty": ["OKP"]}', "jwk_unsupported"),
        ('{"kty": "OKP", "crv": "Ed25519"}', "jwk_unreadable"),
        ('{"kty": "OKP", "crv": "Ed25519", "x": "AAAA"}', "jwk_unreadable"),
        ('{"kty": "EC", "crv": "P-256", "x": "AAAA", "y": "AAAA"}', "jwk_unreadable"),
        (json.dumps(public_jwk("EdDSA", kid="")), "jwk_unreadable"),
        (json.dumps(public_jwk("EdDSA", kid="à")), "jwk_unreadable"),
        (json.dumps(public_jwk("EdDSA", d="AAAA")), "jwk_private"),
        ('{"kty": "oct", "k": "AAAA"}', "jwk_private"),
        ('{"kty": "oct"}', "jwk_unsupported"),
        ('{"kty": "OKP", "crv": "X25519", "x": "AAAA"}', "jwk_unsupported"),
        (json.dumps(public_jwk("EdDSA", alg="none")), "jwk_unsupported"),
        (json.dumps(public_jwk("EdDSA", alg="HS256")), "jwk_unsupported"),
        (json.dumps(public_jwk("RS256", alg="ES256")), "jwk_unsupported"),
        (json.dumps({k: v for k, v in public_jwk("RS256").items() if k != "alg"}), "jwk_unsupported"),
        (json.dumps(public_jwk("RS256", WEAK)), "jwk_weak"),
    ],
)
def test_any_other_key_is_refused(text: str, code: str) -> None:
    with pytest.raises(Unprocessable) as caught:
        jwk.read(text.encode())
    assert caught.value.code == code


async def test_two_keys_live_at_once_and_none_comes_back(bench: Bench) -> None:
    first = await bench.add_key(key_of("EdDSA"))
    with pytest.raises(Conflict, match="has or had this key"):
        await bench.add_key(key_of("EdDSA", kid="another-name"))
    await bench.add_key(key_of("ES256"))
    with pytest.raises(Conflict, match="two live keys"):
        await bench.add_key(key_of("PS256"))
    await bench.revoke(first)
    with pytest.raises(Conflict, match="has or had this key"):
        await bench.add_key(key_of("EdDSA"))
    await bench.add_key(key_of("PS256"))
    listed = (await bench.database.read(service.list_systems))[0]
    assert [row.revoked_at is None for row in listed.keys] == [False, True, True]
    assert len(listed.secrets) == 1


async def test_promise_18_what_is_public_of_a_key_is_nobodys_secret(bench: Bench) -> None:
    """The digest of a secret and the content of a key are apart: no text of a key opens anything."""
    await bench.add_key(key_of("EdDSA"))
    row = (await bench.database.read(lambda c: store.keys_of(c, bench.system.id)))[0]
    thumbprint = jwk.kept(row.public_key).thumbprint
    for text in (row.public_key, thumbprint, json.dumps(public_jwk("EdDSA")), "", "None"):
        with pytest.raises(Unauthenticated):
            await bench.database.read(
                lambda c, text=text: service.authenticate(c, str(bench.system.id), text)
            )


# --- what an assertion says


@pytest.mark.parametrize("aud", [ISSUER, f"{ISSUER}/oauth/token", [ISSUER]])
@pytest.mark.parametrize("exp", [1, 300])
def test_an_assertion_is_for_us_for_five_minutes_at_most(aud: object, exp: int) -> None:
    judged = assertions.judge(claims_of("till", aud=aud, exp=SECONDS + exp), "till", AUDIENCES, AT)
    assert judged == assertions.Spendable("one", Instant((SECONDS + exp) * SECOND))


@pytest.mark.parametrize(
    ("more", "word"),
    [
        ({"iss": "shop"}, "iss"),
        ({"sub": "shop"}, "sub"),
        ({"aud": "https://else.test"}, "aud"),
        ({"aud": [ISSUER, "https://else.test"]}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": None}, "aud"),
        ({"exp": None}, "exp"),
        ({"exp": True}, "exp"),
        ({"exp": SECONDS + 60.5}, "exp"),
        ({"exp": str(SECONDS + 60)}, "exp"),
        ({"exp": SECONDS}, "over"),
        ({"exp": SECONDS + 301}, "300 seconds"),
        ({"exp": 10**30}, "300 seconds"),
        ({"nbf": SECONDS + 100}, "future"),
        ({"iat": SECONDS + 100}, "future"),
        ({"jti": None}, "jti"),
        ({"jti": ""}, "jti"),
        ({"jti": 7}, "jti"),
        ({"jti": "x" * 256}, "jti"),
        ({"jti": "\ud800"}, "jti"),
    ],
)
def test_any_other_assertion_is_told_what_is_wrong_with_it(more: dict[str, object], word: str) -> None:
    judged = assertions.judge(claims_of("till", **more), "till", AUDIENCES, AT)
    assert isinstance(judged, str)
    assert word in judged


@pytest.mark.parametrize(
    "header",
    [
        {"kid": None},
        {"kid": 1},
        {"typ": "at+jwt"},
        {"jwk": public_jwk("EdDSA")},
        {"jku": "https://else.test/keys"},
        {"crit": ["exp"]},
    ],
)
def test_a_header_names_a_key_and_brings_none(header: dict[str, object]) -> None:
    text = _forged({"alg": "EdDSA", "kid": "EdDSA-1", **header}, claims_of("till"))
    said = jws.claimed(text)
    assert said is None or jws.verify_assertion(key_of("EdDSA"), text) is None


def _forged(header: dict[str, object], claims: dict[str, object]) -> str:
    """Signed rightly, under any header."""
    parts = [
        base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (header, claims)
    ]
    signature = PRIVATE["EdDSA"].sign(".".join(parts).encode())
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


@pytest.mark.parametrize("part", [0, 1])
def test_promise_17_one_nested_too_deeply_to_be_read_is_none(part: int) -> None:
    """Some eight kilobytes, from anybody."""
    parts = signed(claims_of("till")).split(".")
    nested = b'{"sub":"till","more":' + b"[" * 3_000 + b"]" * 3_000 + b"}"
    parts[part] = base64.urlsafe_b64encode(nested).rstrip(b"=").decode()
    text = ".".join(parts)
    assert jws.claimed(text) is None
    assert jws.verify_assertion(key_of("EdDSA"), text) is None


@given(st.text(max_size=60) | st.from_regex(r"[\w-]{1,20}\.[\w-]{1,20}\.[\w-]{0,20}", fullmatch=True))
def test_nothing_that_is_no_assertion_makes_it_fail_otherwise(text: str) -> None:
    assert jws.verify_assertion(key_of("EdDSA"), text) is None
    said = jws.claimed(text)
    assert said is None or jwk.decoy(said.algorithm)


# --- the proof, against the database


@pytest.mark.parametrize("algorithm", jwk.ALGORITHMS)
async def test_a_system_proves_itself_by_what_it_signed(bench: Bench, algorithm: str) -> None:
    key = await bench.add_key(key_of(algorithm))
    text = signed(claims_of(bench.system.id), algorithm)
    caller = await bench.send(text, str(bench.system.id))
    assert (caller.system_id, caller.secret_id, caller.scopes) == (bench.system.id, key, {"check"})


async def test_promise_14_an_assertion_opens_once_in_whatever_process(bench: Bench) -> None:
    await bench.add_key(key_of("EdDSA"))
    await bench.add_key(key_of("ES256"))
    text = signed(claims_of(bench.system.id))
    await bench.send(text)
    refused = await bench.refused(text)
    assert "used before" in refused.message
    assert refused.caller is not None
    # Nor with the same number inside another; another key has numbers of its own.
    assert (
        "used before" in (await bench.refused(signed(claims_of(bench.system.id, exp=SECONDS + 90)))).message
    )
    await bench.send(signed(claims_of(bench.system.id), "ES256"))
    await bench.send(signed(claims_of(bench.system.id, jti="two")))


async def test_numbers_are_forgotten_when_the_assertion_is_over_for_everyone(bench: Bench) -> None:
    await bench.add_key(key_of("EdDSA"))
    recent = now()
    soon, past = recent // SECOND + 60, recent // SECOND - 2 * 3600
    await bench.send(signed(claims_of(bench.system.id, exp=soon)), at=recent)
    await bench.send(
        signed(claims_of(bench.system.id, jti="old", exp=past)), at=Instant((past - 30) * SECOND)
    )
    assert await assertions.purge(bench.database) == 1
    with pytest.raises(OAuthRefusal, match="used before"):
        await bench.send(signed(claims_of(bench.system.id, exp=soon)), at=recent)


async def test_promise_13_unknown_and_wrong_are_refused_in_the_same_words(bench: Bench) -> None:
    stranger = ed25519.Ed25519PrivateKey.generate()
    key = await bench.add_key(key_of("EdDSA"))
    mine, other = claims_of(bench.system.id), claims_of("0198c0de-0000-7000-8000-000000000000")
    refused = [
        await bench.refused(signed(mine, private=stranger)),
        await bench.refused(signed(mine, kid="EdDSA-2")),
        await bench.refused(signed(mine, "ES256", kid="EdDSA-1")),
        await bench.refused(signed(mine, "RS256", kid="EdDSA-1")),
        await bench.refused(signed(other)),
        await bench.refused(signed(claims_of("no id"))),
        await bench.refused("no assertion"),
        await bench.refused(signed(mine), "0198c0de-0000-7000-8000-000000000000"),
    ]
    await bench.revoke(key)
    refused.append(await bench.refused(signed(mine)))
    assert len({(one.message, one.caller, one.challenge) for one in refused}) == 1


async def test_promise_13_an_unknown_client_costs_a_verification_too(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[str] = []
    verify = jws.verify_assertion

    def counting(key: ForeignKey, text: str) -> dict[str, object] | None:
        verified.append(key.algorithm)
        return verify(key, text)

    monkeypatch.setattr(jws, "verify_assertion", counting)
    for algorithm in jwk.ALGORITHMS:
        await bench.refused(signed(claims_of(bench.system.id), algorithm))
    assert verified == list(jwk.ALGORITHMS)


async def test_the_algorithm_is_the_keys_and_never_the_assertions(bench: Bench) -> None:
    """RS256 and PS256 go with the same RSA key: registered for the one, it does not verify the other."""
    await bench.add_key(key_of("PS256"))
    await bench.refused(signed(claims_of(bench.system.id), "RS256", kid="PS256-1"))
    none = _forged({"alg": "none", "kid": "PS256-1"}, claims_of(bench.system.id))
    await bench.refused(none.rpartition(".")[0] + ".AA")
    await bench.send(signed(claims_of(bench.system.id), "PS256"))


async def test_promise_5_a_revoked_key_ends_what_was_asked_for_with_it(bench: Bench) -> None:
    first = await bench.add_key(key_of("EdDSA"))
    await bench.add_key(key_of("ES256"))
    callers = [
        await bench.send(signed(claims_of(bench.system.id))),
        await bench.send(signed(claims_of(bench.system.id), "ES256")),
    ]
    await bench.revoke(first)
    with pytest.raises(Unauthenticated) as caught:
        await bench.database.read(lambda c: service.assert_live(c, callers[0]))
    assert caught.value.code == "token_revoked"
    await bench.database.read(lambda c: service.assert_live(c, callers[1]))
    await bench.revoke(None)
    await bench.refused(signed(claims_of(bench.system.id, jti="two"), "ES256"))
    with pytest.raises(NotFound):
        await bench.add_key(key_of("PS256"))
