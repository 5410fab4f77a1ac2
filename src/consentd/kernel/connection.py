"""How a silo is reached when a person's request must be carried out in it: part of the policy, as data.

What differs from silo to silo is written here by whoever knows the silo; what a request needs of it is the
same for all. Nothing secret: addresses with passwords, and signing secrets, are settings of the service.
"""

from enum import StrEnum
from typing import Literal

import msgspec

from consentd.kernel.silo_sql import SqlSilo

Words = dict[str, str]
"""The same words per language: {"fr": "…", "en": "…"}."""


class Verb(StrEnum):
    """What a silo can be asked about one person."""

    LOCATE = "locate"
    """Whom it knows under these identifiers, and under which others."""
    EXPORT = "export"
    """A copy of what it holds (GDPR 15, 20)."""
    RECTIFY = "rectify"
    RESTRICT = "restrict"
    """Freeze, or no longer (GDPR 18)."""
    ERASE = "erase"
    CONFIRM = "confirm"
    """After an erasure: is anything left?"""
    READ_PREFERENCES = "read_preferences"
    WRITE_PREFERENCE = "write_preference"


class _Part(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    pass


class Owner(_Part, frozen=True, kw_only=True):
    """Who answers for a silo: told of what is due, reminded, and asked where it does not answer by itself."""

    name: str
    email: str
    language: str = "fr"


class Webhook(_Part, frozen=True, kw_only=True):
    """A program of the silo's own that takes signed tasks."""

    url: str
    """Where tasks are posted. Its signing secret is the setting CONSENTD_SILO_<ID>_SECRET."""
    answer_megabytes: int = 16
    """The most that the copy of one person's data may have, 2^20 bytes each."""


class Manual(_Part, frozen=True, kw_only=True):
    """A silo that somebody works by hand: per verb, what is to be done, step by step."""

    steps: dict[Verb, Words] = {}


class Connection(_Part, frozen=True, kw_only=True):
    """One silo's part in requests. Exactly one of `sql`, `webhook` and `manual` where `by` says so."""

    by: Literal["sql", "webhook", "inbox", "manual"]
    owner: Owner
    verbs: tuple[Verb, ...] = (Verb.LOCATE, Verb.EXPORT, Verb.ERASE, Verb.CONFIRM)
    """What it can be asked. Whatever else a request needs of it is answered *unsupported*, and told."""
    adds: tuple[str, ...] = ()
    """Schemes of identifiers that it may add to what is known of a person, for the silos asked after it."""
    after: tuple[str, ...] = ()
    """Silos that are asked before it, because they may know what it knows people by."""
    needs_approval: tuple[Verb, ...] = ()
    """Verbs that a member of staff looks at before they are carried out here."""
    plain: tuple[str, ...] = ()
    """Of what it sends to copies, by the names that it gives: categories that hold neither free text nor
    other people's data, and so call for nobody's eyes. Of a database its columns say it."""
    timeout_seconds: int = 30
    attempts: int = 8
    """Tries of one task before it counts as failed and its owner is told."""
    per_minute: int = 60
    answers_within_days: int = 7
    """How long the owner, or the silo that polls, has; then it is reminded, and at last told as silent."""
    backup_days: int | None = None
    """After how many days its last backup copy becomes unreadable; told in the certificate."""
    sql: SqlSilo | None = None
    """Where the database is, is the setting CONSENTD_SILO_<ID>_URL."""
    webhook: Webhook | None = None
    manual: Manual | None = None
