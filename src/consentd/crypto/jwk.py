"""Public keys of others, as JSON Web Keys (RFC 7517, RFC 7518, RFC 8037): read strictly, written in one way.

A key says once, when it is registered, by which algorithm it verifies; nothing that is verified with it can
choose another. Upholds promise 18: a private key is refused where a public one is asked for.
"""

import base64
import hashlib
import re
from functools import cache

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from consentd.crypto.secrets import Secret
from consentd.kernel.canonical import canonical
from consentd.kernel.errors import Unprocessable

ALGORITHMS = ("EdDSA", "ES256", "PS256", "RS256")
LEAST_RSA, MOST_RSA = 2048, 8192

Public = ed25519.Ed25519PublicKey | ec.EllipticCurvePublicKey | rsa.RSAPublicKey

_KID = re.compile(r"[!-~]{1,255}")
_MEMBERS = {"OKP": ("crv", "x"), "EC": ("crv", "x", "y"), "RSA": ("e", "n")}
_PRIVATE = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class ForeignKey(msgspec.Struct, frozen=True):
    """A public key that is not ours. `members` are those that make the key (RFC 7638 §3.2)."""

    kid: str
    algorithm: str
    members: dict[str, str]

    @property
    def public(self) -> Public:
        return _public(self.members)

    @property
    def thumbprint(self) -> str:
        """RFC 7638: the same for the same key, whatever else is said of it."""
        return _thumbprint(self.members)

    def as_text(self) -> str:
        """A JWK in its one spelling."""
        return canonical({**self.members, "alg": self.algorithm, "kid": self.kid}).decode()


def read(text: bytes) -> ForeignKey:
    """The public key of a JWK. Without `kid`, the thumbprint names it; RSA has to say its `alg`.

    Raises Unprocessable: jwk_unreadable, jwk_private, jwk_unsupported or jwk_weak.
    """
    try:
        given = msgspec.json.decode(text, type=dict[str, object])
    except (msgspec.MsgspecError, RecursionError):
        raise _unreadable("it is no JSON object") from None
    if _PRIVATE & given.keys():
        raise Unprocessable(
            "jwk_private",
            "The file holds a private or secret key, which nobody but its owner may have. Give the public "
            "half: the same members without d, p, q, dp, dq, qi and k.",
        )
    kind = given.get("kty")
    if not isinstance(kind, str) or kind not in _MEMBERS:
        raise _unsupported()
    found = {name: given.get(name) for name in ("kty", *_MEMBERS[kind])}
    members = {name: value for name, value in found.items() if isinstance(value, str)}
    if len(members) != len(found):
        raise _unreadable(f"a {kind} key has the members {', '.join(_MEMBERS[kind])}")
    algorithm = _algorithm(members, given.get("alg"))
    try:
        public = _public(members)
    except ValueError:
        raise _unreadable("its members make no key") from None
    if isinstance(public, rsa.RSAPublicKey) and not LEAST_RSA <= public.key_size <= MOST_RSA:
        raise Unprocessable("jwk_weak", f"An RSA key has {LEAST_RSA} to {MOST_RSA} bits here.")
    kid = given.get("kid", _thumbprint(members))
    if not isinstance(kid, str) or not _KID.fullmatch(kid):
        raise _unreadable("kid takes 1 to 255 visible ASCII characters")
    return ForeignKey(kid, algorithm, members)


def kept(text: str) -> ForeignKey:
    """A key as `as_text` wrote it."""
    members = msgspec.json.decode(text, type=dict[str, str])
    return ForeignKey(members.pop("kid"), members.pop("alg"), members)


def generate() -> tuple[Secret, ForeignKey]:
    """A new Ed25519 key: the private JWK as a file holds it, and its public half."""
    private = ed25519.Ed25519PrivateKey.generate()
    members = {"crv": "Ed25519", "kty": "OKP", "x": _encoded(private.public_key().public_bytes_raw())}
    key = ForeignKey(_thumbprint(members), "EdDSA", members)
    whole = {**members, "alg": key.algorithm, "d": _encoded(private.private_bytes_raw()), "kid": key.kid}
    return Secret(canonical(whole) + b"\n"), key


def decoy(algorithm: str) -> ForeignKey:
    """A key that nobody has, so that refusing a stranger takes the work of refusing a wrong signature."""
    return _decoy(algorithm if algorithm in ALGORITHMS else ALGORITHMS[0])


@cache
def _decoy(algorithm: str) -> ForeignKey:
    if algorithm == "ES256":
        numbers = ec.generate_private_key(ec.SECP256R1()).public_key().public_numbers()
        members = {"crv": "P-256", "kty": "EC", "x": _number(numbers.x, 32), "y": _number(numbers.y, 32)}
    elif algorithm in ("PS256", "RS256"):
        members = {"e": "AQAB", "kty": "RSA", "n": _number((1 << LEAST_RSA - 1) | 1, LEAST_RSA // 8)}
    else:
        return generate()[1]
    return ForeignKey("decoy", algorithm, members)


def _algorithm(members: dict[str, str], said: object) -> str:
    """Of a curve there is one; RSA has two that look alike, so that the key has to say which."""
    fitting: tuple[str, ...] = ()
    if members["kty"] == "RSA":
        fitting = ("PS256", "RS256")
    elif (members["kty"], members["crv"]) == ("OKP", "Ed25519"):
        fitting = ("EdDSA",)
    elif (members["kty"], members["crv"]) == ("EC", "P-256"):
        fitting = ("ES256",)
    wanted = fitting[0] if said is None and len(fitting) == 1 else said
    if wanted not in fitting:
        raise _unsupported()
    return str(wanted)


def _public(members: dict[str, str]) -> Public:
    """Raises ValueError for what is no key."""
    if members["kty"] == "OKP":
        return ed25519.Ed25519PublicKey.from_public_bytes(_decoded(members["x"]))
    if members["kty"] == "EC":
        x, y = _decoded(members["x"]), _decoded(members["y"])
        if len(x) != 32 or len(y) != 32:
            raise ValueError("a coordinate of P-256 has 32 bytes")
        return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\x04" + x + y)
    e, n = _decoded(members["e"]), _decoded(members["n"])
    if e[:1] in (b"", b"\0") or n[:1] in (b"", b"\0"):
        raise ValueError("a number begins with a byte that is not zero")
    return rsa.RSAPublicNumbers(int.from_bytes(e), int.from_bytes(n)).public_key()


def _thumbprint(members: dict[str, str]) -> str:
    return _encoded(hashlib.sha256(canonical(members)).digest())


def _number(value: int, length: int) -> str:
    return _encoded(value.to_bytes(length))


def _encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    """Raises ValueError for any spelling but the one (no padding, no stray characters or bits)."""
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encoded(content) != text:
        raise ValueError("not base64url in its one spelling")
    return content


def _unreadable(why: str) -> Unprocessable:
    return Unprocessable("jwk_unreadable", f"This is not the public key as a JWK (RFC 7517): {why}.")


def _unsupported() -> Unprocessable:
    return Unprocessable(
        "jwk_unsupported",
        "Keys are Ed25519 (kty OKP, alg EdDSA), P-256 (kty EC, alg ES256), or RSA with alg PS256 or RS256 "
        "written in the JWK. No other kind, curve or algorithm is taken.",
    )
