"""What a package says of itself, and its signature: every file with its hash, who answered, what was held
back.

It names the person by the request's number alone. `manifest.sig` is a compact JWS (EdDSA) whose payload is
the very bytes of `manifest.json`, by the key that signs receipts: published at /.well-known/jwks.json.
"""

import msgspec

from consentd.crypto.jws import sign_document
from consentd.crypto.signing import Signer
from consentd.dsr.package.archive import FileTold

FORMAT = "consentd-package/1"
TYPE = "consent-package+jws"
MANIFEST, SIGNATURE, PROOFS = "manifest.json", "manifest.sig", "proofs.json"
INDEX, LETTER, CONSENTS = "index.html", "letter.pdf", "consents.json"
DATA, OWN_DATA = "data", "consents"
"""Folders: of the silos, and of what consentd holds."""


class CategoryTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    what: str
    """As the silo calls it."""
    path: str
    """Without its ending: .json, .csv and .schema.json are there."""
    records: int
    records_withheld: int
    values_withheld: int
    reasons: tuple[str, ...]
    """Why something was held back: GDPR 15(4)."""


class SystemTold(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    outcome: str
    """answered, partial or silent."""
    because: str | None
    categories: tuple[CategoryTold, ...]


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    format: str
    kind: str
    """access or portability."""
    request: str
    made_at: str
    controller: str
    language: str
    policy: str
    log: str
    """The origin of the log's checkpoints."""
    checkpoint: str | None
    """The signed note that the proofs lead to; null where the log had none yet."""
    systems: tuple[SystemTold, ...]
    files: tuple[FileTold, ...]
    """All but the manifest itself and its signature, in the order in which they are in the archive."""


def spelled(manifest: Manifest) -> bytes:
    """Its bytes: JSON that people can read."""
    return msgspec.json.format(msgspec.json.encode(manifest), indent=2) + b"\n"


def signed(signer: Signer, content: bytes) -> bytes:
    return sign_document(signer, content, TYPE).encode() + b"\n"


def read(content: bytes) -> Manifest:
    """Raises msgspec.MsgspecError where it is none, or of a format that this version does not know."""
    manifest = msgspec.json.decode(content, type=Manifest)
    if manifest.format != FORMAT or spelled(manifest) != content:
        raise msgspec.ValidationError("not the one spelling of a manifest of this format")
    return manifest
