"""What stands about people, against what it follows from (promises 6 and 9, docs/log.md).

The log answers for rows; this answers for what follows from rows: groups from merges, states from events,
folded facts from facts, look-up entries from the sealed copies, the do-not-contact list from the
certificates of erasures.
"""

from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any
from uuid import UUID

from consentd.consent.comparing import differences
from consentd.consent.erasure import ERASED
from consentd.consent.grouping import wrong_groups
from consentd.crypto.keyring import Keyring
from consentd.evidence.details import details_of
from consentd.evidence.verifier import Finding
from consentd.subjects.verifying import Difference, wrong_facts, wrong_lookups, wrong_suppressions


def state_check(keyring: Keyring) -> Callable[[Any], Iterator[Finding]]:
    """The last part of `consentd audit verify`, on its snapshot (Any: a database connection)."""

    def check(connection: Any) -> Iterator[Finding]:
        for table, row, what in chain(
            wrong_groups(connection),
            differences(connection),
            wrong_lookups(connection, keyring),
            wrong_facts(connection, keyring),
            _suppressions(connection, keyring),
        ):
            yield Finding(table, row, what)

    return check


def _suppressions(connection: Any, keyring: Keyring) -> Iterator[Difference]:
    lost = any(detail.content is None for detail in details_of(connection, keyring, ERASED))

    def listed() -> Iterator[tuple[UUID, str]]:
        for detail in details_of(connection, keyring, ERASED):
            for id_, digest in (detail.content or {}).get("suppressions", ()):
                yield UUID(id_), digest

    yield from wrong_suppressions(connection, listed, complete=not lost)
