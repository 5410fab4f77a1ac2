"""The permit itself: a short-lived, signed word that one contact is allowed, for whoever has to be shown it.

A compact JWS (RFC 7515, RFC 7519) of a type of its own, signed by the receipt key: it is a document, and
opens nothing here. Anybody verifies it offline, with the keys at /.well-known/jwks.json. It names nobody: the
contact point by its random id only (docs/data.md), and what was decided by its number. Pure, but for the key.
"""

from uuid import UUID

import msgspec

from consentd.crypto.jws import sign_document
from consentd.crypto.signing import Signer
from consentd.kernel.canonical import canonical
from consentd.kernel.instants import MINUTE, SECOND, Instant

PERMIT_TYPE = "contact-permit+jwt"
LASTING = 5 * MINUTE
"""The bound of promise 5: so long a permit may outlive what it rests on."""


class Permit(msgspec.Struct, frozen=True, kw_only=True):
    id: UUID
    system_id: UUID
    """Whose it is: nobody else may act on it."""
    decision_id: UUID
    purpose: str
    channel: str
    contact_point_id: UUID | None
    """The one that may be used; None on a channel that needs none."""
    policy: str
    issued: Instant
    expires: Instant


def ends(issued: Instant, valid_until: Instant | None) -> Instant:
    """When a permit made at `issued` ends: never after the decision does, and on a whole second.

    It may be over as it begins: then there is none to be made.
    """
    latest = issued + LASTING
    if valid_until is not None:
        latest = min(latest, valid_until)
    return Instant(latest // SECOND * SECOND)


def signed(signer: Signer, issuer: str, permit: Permit) -> str:
    """Made from its values alone, so that a repeated call gets it again (promise 2)."""
    claims: dict[str, object] = {
        "iss": issuer,
        "aud": str(permit.system_id),
        "jti": str(permit.id),
        "iat": permit.issued // SECOND,
        "exp": permit.expires // SECOND,
        "decision_id": str(permit.decision_id),
        "purpose": permit.purpose,
        "channel": permit.channel,
        "policy": permit.policy,
    }
    if permit.contact_point_id is not None:
        claims["contact_point"] = str(permit.contact_point_id)
    return sign_document(signer, canonical(claims), PERMIT_TYPE)
