"""The policy: one company's rules and the law packs they stand on, as one immutable value.

A policy is named by the SHA-256 of its canonical document and stored under that name for ever. Fields that
have their default value are left out of the document: a field that a later version adds does not change
the name of a policy that does not use it.
"""

import datetime as dt
import hashlib
from typing import Literal

import msgspec

from consentd.kernel.canonical import canonical
from consentd.kernel.connection import Connection
from consentd.kernel.law import Basis, Kind, Pack
from consentd.kernel.layout import Layout
from consentd.kernel.request_rules import RequestRules

Words = dict[str, str]
"""The same words per language: {"fr": "…", "en": "…"}."""


class Contact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A body that people and authorities can write to."""

    name: str
    email: str | None = None
    phone: str | None = None
    address: str | None = None
    url: str | None = None


class Keeping(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """For how long people are kept of whom nothing is heard."""

    id: str
    months: int
    """From their last sign: a sale, a choice, a message of theirs, the end of a contract."""
    because: str
    """The law or guidance that sets it."""


class Controller(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    name: str
    country: str
    """ISO 3166-1: where a person's own territory is unknown, its law applies."""
    zone: str
    languages: tuple[str, ...]
    """Every label, description and notice must exist in each of them; the first is the default."""
    contact: Contact
    dpo: Contact
    authority: Contact
    log_origin: str
    """The name under which the log's checkpoints are signed: "maison-lavande.example/consentd"."""
    backup_days: int = 35
    """After how many days the last backup of consentd's own database is unreadable. Certificates of erasure
    promise it, so it is part of the rules, under their hash, and no setting that differs between processes.
    """
    keeping: tuple[Keeping, ...] = ()
    """Whoever is kept longer is told by `consentd retention preview`, and erased by `run`."""
    keeping_a_day: int = 0
    """How many of them the service erases by itself each day. 0: none, unless somebody runs it."""
    accent: str | None = None
    """The company's colour on pages, "#5b3a8c"."""
    logo: str | None = None
    """The file beside controller.yaml that holds it: .svg or .png."""


class Scheme(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A kind of identifier."""

    kind: Literal["email", "phone", "account", "opaque"]
    label: Words
    one_per_person: bool = False
    """Two different values of it mean two people: customer numbers, loyalty cards."""


class Channel(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A way of reaching someone. Without schemes it needs no contact point: a talk in the shop."""

    label: Words
    schemes: tuple[str, ...] = ()


class Purpose(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What someone is contacted, or their data used, for."""

    id: str
    kind: Kind
    label: Words
    description: Words
    bases: dict[str, tuple[Basis, ...]]
    """Per channel, in the order in which they are tried. A channel that is not listed denies (25(2))."""
    notices: tuple[str, ...] = ()
    notice_by_channel: dict[str, str] = {}
    """By which of these consent is asked for on the customers' page of choices; by the first, where a channel
    is not listed.
    """
    sector: str | None = None
    special_category: bool = False
    """Needs an explicit consent, 9(2)(a)."""
    for_minors: bool = False
    """Meant for children: an unknown age denies."""
    products: tuple[str, ...] = ()
    """Product categories that count as similar for the soft opt-in."""
    contract_matters: tuple[str, ...] = ()
    """Subject matters of contracts that a contact for this purpose can be about."""
    accepts_cited_proof: bool = False
    validity_months: int | None = None
    """Shorter than the law's own maximum, or in its absence."""
    under_restriction: bool = False
    """Goes on while a person's data are frozen: important public interest, 18(2). A safety recall."""
    categories: tuple[str, ...] = ()
    """Categories of data that it uses, for the records of processing."""


class NoticeVersion(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """One immutable version of a text shown to people."""

    version: str
    texts: dict[str, str]
    """Language → SHA-256 (hex) of the exact bytes of the file."""
    titles: Words
    purposes: tuple[str, ...]
    material: bool = False
    """Changes what people agreed to: earlier grants no longer count once it is in force."""
    effective: dt.date | None = None
    """In force from this day on, in the controller's zone; None: from the start."""


class Logins(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What a system's logins prove of who asks for their rights, where it signs for them."""

    schemes: tuple[str, ...]
    """Identifiers of its accounts: whoever is logged in under one is the one person who holds it."""
    within_minutes: int = 30
    """How long ago they may have signed in."""
    methods: tuple[str, ...] = ()
    """What signing in takes, in the words of RFC 8176 (`mfa`): all of these; empty: whatever the system asks.
    """


class System(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A connected silo, and what it holds."""

    id: str
    name: str
    zone: str
    description: Words = {}
    identifiers: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    channels: tuple[str, ...] = ()
    processor: str | None = None
    location: str | None = None
    retention: Words = {}
    retention_months: int | None = None
    imports: dict[str, Layout] = {}
    """Its exports, and how each is read."""
    connection: Connection | None = None
    """How it takes part in requests; None: it does not, and every answer to a request names it as a gap."""
    logins: Logins | None = None
    """Whether being logged in there proves who asks; None: it does not."""


class Logo(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """The controller's, by what it is: a changed logo is a changed policy."""

    media: str
    digest: str
    """SHA-256 (hex) of the exact bytes of the file."""
    width: int
    height: int


class Policy(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    controller: Controller
    identifiers: dict[str, Scheme]
    channels: dict[str, Channel]
    purposes: dict[str, Purpose]
    notices: dict[str, tuple[NoticeVersion, ...]]
    """Versions in their order, oldest first."""
    packs: dict[str, Pack]
    systems: dict[str, System] = {}
    requests: RequestRules = RequestRules()
    logo: Logo | None = None
    hash: str = ""
    """ "sha256:" and 64 hexadecimal digits, of `document`."""


def files_of(policy: Policy) -> dict[str, str]:
    """What a policy names without holding it: SHA-256 (hex) of each file, and what it is, for people."""
    named = {
        digest: f"notices/{notice}/{version.version}.{language}.md"
        for notice, versions in policy.notices.items()
        for version in versions
        for language, digest in version.texts.items()
    }
    if policy.logo is not None:
        named[policy.logo.digest] = policy.controller.logo or "the logo"
    return named


def in_words(words: Words, language: str, otherwise: str = "") -> str:
    """In the reader's language, or in the company's first: it need not speak every language that readers do.
    `otherwise`: where it says nothing at all.
    """
    return words.get(language) or next(iter(words.values()), otherwise)


def tool_name(policy: Policy, system: str) -> str:
    """What people call a system: its name, with its id beside it where another has the same name; the id of
    one that the policy does not know (any more).
    """
    known = policy.systems.get(system)
    if known is None:
        return system
    same = known.name.casefold()
    alone = all(id_ == system or one.name.casefold() != same for id_, one in policy.systems.items())
    return known.name if alone else f"{known.name} ({system})"


_decoder = msgspec.json.Decoder(Policy)


def document(policy: Policy) -> bytes:
    """The canonical bytes that a policy is stored as and named by."""
    return canonical(msgspec.structs.replace(policy, hash=""))


def hash_of(stored: bytes) -> str:
    return "sha256:" + hashlib.sha256(stored).hexdigest()


def sealed(policy: Policy) -> Policy:
    """The same policy with its hash."""
    return msgspec.structs.replace(policy, hash=hash_of(document(policy)))


def decode(stored: bytes) -> Policy:
    """The policy of a stored document; its hash is that of the bytes, not of what was read from them.

    Raises msgspec.ValidationError where the bytes are no policy that this version understands.
    """
    return msgspec.structs.replace(_decoder.decode(stored), hash=hash_of(stored))
