"""A large population, written by the fastest way there is: 200,000 people with five states each.

Identifiers, links, keys and folded facts are sealed and hashed as the service does it, so that a check costs
what it costs; events and log entries, which a check does not read, are left out.
"""

import json
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg

from consentd.base.clock import now
from consentd.base.ids import new_id
from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, seal
from consentd.crypto.secrets import Key, Secret
from consentd.crypto.subject_keys import wrap
from consentd.kernel.ids import NOBODY, KeyId
from consentd.kernel.instants import DAY
from consentd.subjects.facts import KINDS

PEOPLE = 200_000
STATES = (
    ("newsletter", "email", "newsletter", "3"),
    ("promotions", "email", "promotions", "1"),
    ("promotions", "sms", "promotions", "1"),
    ("promotions", "phone", "phone_offers", "1"),
    ("open_tracking", "email", "open_tracking", "1"),
)
_DECIDED = ("given", "given", "given", "withdrawn", "refused")
Tables = dict[str, list[tuple[Any, ...]]]  # Any: columns of all types
BATCH = 20_000


def email_of(number: int) -> str:
    return f"person{number}@exemple.fr"


def rows(keyring: Keyring, start: int, stop: int) -> Tables:
    """The rows of these people, columns in the order of COLUMNS; ids as UUID."""
    at = now()
    period = keyring.period()
    found: Tables = {name: [] for name in COLUMNS}
    for number in range(start, stop):
        subject = new_id()
        found["subjects"].append((subject, subject, False, "FR", at, os.urandom(16), subject))
        content = Key(KeyId(new_id()), Secret(os.urandom(32)))
        proof = Key(KeyId(new_id()), Secret(os.urandom(32)))
        for kind, key in (("content", content), ("proof", proof)):
            found["subject_keys"].append((key.id, subject, kind, wrap(period, key), period.id, at))
        points = {}
        for scheme, value in (
            ("email", email_of(number)),
            ("phone", f"+336{number:08d}"),
            ("loyalty", f"ml{number}"),
        ):
            version, digest = keyring.blind_index(scheme, value)[0]
            identifier, link = new_id(), new_id()
            points[scheme] = identifier
            found["identifiers"].append((identifier, scheme, digest, version, at))
            sealed = seal(content, value.encode(), Place("identifier_links", "sealed", link))
            found["identifier_links"].append(
                (link, identifier, subject, None, "asserted", sealed, "consumer", at, subject)
            )
        for index, (purpose, channel, notice, version_) in enumerate(STATES):
            point = points["email" if channel == "email" else "phone"]
            state = _DECIDED[(number + index) % len(_DECIDED)]
            given = at - (10 + number % 300) * DAY
            found["consent_states"].append(
                (
                    subject,
                    purpose,
                    channel,
                    point if number % 4 else NOBODY,
                    state,
                    given,
                    new_id(),
                    "held",
                    False,
                    False,
                    notice,
                    version_,
                )
            )
        if number % 10 == 0:
            fact = {
                "kind": "sale",
                "id": str(new_id()),
                "first": at - 90 * DAY,
                "last": at - 90 * DAY,
                "product": "skincare",
                "refusal_offered": True,
                "from_person": True,
            }
            folded = seal(content, json.dumps([fact]).encode(), Place("fact_states", "sealed", subject))
            found["fact_states"].append((subject, folded, KINDS["sale"], subject))
    return found


COLUMNS = {
    # No log is made up: the entries that rows name are nobody's.
    "subjects": ("id", "group_id", "merged", "territory", "created_at", "salt", "entry_id"),
    "subject_keys": ("id", "subject_id", "kind", "wrapped", "wrapper_id", "created_at"),
    "identifiers": ("id", "scheme", "blind_index", "key_version", "created_at"),
    "identifier_links": (
        "id",
        "identifier_id",
        "subject_id",
        "system_id",
        "strength",
        "sealed",
        "capacity",
        "created_at",
        "entry_id",
    ),
    "consent_states": (
        "group_id",
        "purpose",
        "channel",
        "contact_point_id",
        "state",
        "effective",
        "event_id",
        "proof",
        "explicit",
        "parental",
        "notice_id",
        "notice_version",
    ),
    "fact_states": ("subject_id", "sealed", "kinds", "entry_id"),
}


def batches(keyring: Keyring, people: int, first: int = 0) -> Iterator[Tables]:
    for start in range(first, people, BATCH):
        yield rows(keyring, start, min(start + BATCH, people))


def fill_sqlite(path: Path, keyring: Keyring, people: int, first: int = 0) -> None:
    """The people numbered from `first` up to and without `people`."""
    raw = sqlite3.connect(path, isolation_level=None)
    raw.execute("PRAGMA synchronous = OFF")
    # Half a gigabyte: what is written at random, the look-up index above all, stays in memory meanwhile.
    raw.execute("PRAGMA cache_size = -524288")
    for tables in batches(keyring, people, first):
        raw.execute("BEGIN")
        for name, found in tables.items():
            marks = ", ".join("?" * len(COLUMNS[name]))
            text = f"INSERT INTO {name} ({', '.join(COLUMNS[name])}) VALUES ({marks})"
            raw.executemany(text, [tuple(_plain(value) for value in row) for row in found])
        raw.execute("COMMIT")
    raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    raw.execute("ANALYZE")
    raw.close()


async def fill_postgres(url: str, keyring: Keyring, people: int) -> None:
    connection = await asyncpg.connect(url.replace("postgresql+asyncpg", "postgresql"))
    for tables in batches(keyring, people):
        for name, found in tables.items():
            await connection.copy_records_to_table(name, records=found, columns=COLUMNS[name])
    await connection.execute("VACUUM ANALYZE")
    await connection.close()


def _plain(value: Any) -> Any:  # Any: SQLite takes ids as bytes
    return value.bytes if isinstance(value, UUID) else value
