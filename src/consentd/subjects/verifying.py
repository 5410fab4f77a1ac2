"""Look-up entries, folded facts and the do-not-contact list, against what only the keys can tell.

Upholds promise 9 (docs/log.md). The log lists neither look-up entries nor the list by what they are: a keyed
hash of an address must not outlive the person in it. So the sealed copy in each link, which the log does
list, is opened and hashed again; and what was put on the list is told by the certificates of erasures. Flat
in memory; two openings per link and one per fact.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any
from uuid import UUID

from consentd.crypto.keyring import Keyring
from consentd.crypto.seal import Place, unseal
from consentd.crypto.subject_keys import OpenedKeys, open_keys
from consentd.kernel.errors import Tampered
from consentd.subjects import facts_store, identifiers_store, links_store, suppression_store
from consentd.subjects.facts import kinds_of
from consentd.subjects.folded import open_fact_state, open_payloads, refolded
from consentd.subjects.shredding import suppression_hash

PAGE = 500

Difference = tuple[str, str, str]
"""Table, row, and what is wrong with it."""


def wrong_lookups(connection: Any, keyring: Keyring) -> Iterator[Difference]:  # Any: a database connection
    """Identifiers that are found under another's hash, and entries of the list tied to another's address."""
    after = UUID(int=0)
    while page := links_store.links_page(connection, after, PAGE):
        keys = open_keys(connection, keyring, {row.subject_id for row in page})
        yield from _page(connection, keyring, page, keys)
        after = page[-1].id
    for id_ in identifiers_store.identifiers_of_nobody(connection, PAGE):
        yield "identifiers", str(id_), "is held by nobody"
    for id_ in suppression_store.suppressions_of_nobody(connection, PAGE):
        yield "suppressions", str(id_), "is tied to an identifier that nobody holds"


def _page(
    connection: Any, keyring: Keyring, page: Sequence[Any], keys: Mapping[Any, OpenedKeys]
) -> Iterator[Difference]:
    about: dict[tuple[str, bytes], UUID] = {}
    for row in page:
        value = _opened(row, keys[row.subject_id])
        if value is None:
            yield "identifier_links", str(row.id), "does not open, though its person was not erased"
        elif row.blind_index is None:
            yield "identifiers", str(row.identifier_id), "is missing, though somebody holds it"
        else:
            if (row.key_version, row.blind_index) not in keyring.blind_index(row.scheme, value):
                yield "identifiers", str(row.identifier_id), "is not the hash of what its holder is known by"
            for _, digest in keyring.suppression_digest(row.scheme, value):
                about[row.scheme, digest] = row.identifier_id
    digests = [digest for _, digest in about]
    tied = {row.identifier_id for row in page}
    for listed in suppression_store.suppressions_about(connection, digests, tied):
        if about.get((listed.scheme, listed.digest)) != listed.identifier_id:
            yield "suppressions", str(listed.id), "is not tied to the identifier that it is about"


def _opened(link: Any, keys: OpenedKeys) -> str | None:  # Any: a row
    if keys.content is None:
        return None
    try:
        return unseal(keys.content, link.sealed, Place("identifier_links", "sealed", link.id)).decode()
    except Tampered:
        return None


def wrong_facts(connection: Any, keyring: Keyring) -> Iterator[Difference]:  # Any: a database connection
    """Folded facts that are not what the facts of their subject fold to."""
    after = UUID(int=0)
    while page := facts_store.fact_states_page(connection, after, PAGE):
        keys = open_keys(connection, keyring, page)
        facts = facts_store.facts_of(connection, page)
        for subject, row in page.items():
            content = keys[subject].content
            try:
                same = content is not None and (
                    open_fact_state(content, subject, row.sealed) == refolded(content, facts[subject])
                    and row.kinds in (None, kinds_of(open_payloads(content, subject, row.sealed)))
                )
            except Tampered:
                same = False
            if not same:
                yield "fact_states", str(subject), "is not the fold of the facts"
            after = subject


def wrong_suppressions(
    connection: Any, listed: Callable[[], Iterable[tuple[UUID, str]]], *, complete: bool
) -> Iterator[Difference]:  # Any: a database connection
    """Compares the list with the ids and hashes under which its entries were `listed`.

    `complete`: whether these are all that ever were, so that any other was inserted.
    """
    count = 0
    told = iter(listed())
    while some := list(islice(told, PAGE)):
        found = suppression_store.suppressions_by_id(connection, [id_ for id_, _ in some])
        count += len(found)
        for id_, digest in some:
            if id_ not in found:
                yield "suppressions", str(id_), "is missing: who is in it asked never to be contacted"
            elif suppression_hash(found[id_]) != digest:
                yield "suppressions", str(id_), "is not what was recorded at the erasure"
    if complete and suppression_store.count_suppressions(connection) != count:
        # Which they are is looked for only when there are some.
        known = {id_ for id_, _ in listed()}
        for id_ in suppression_store.suppression_ids(connection):
            if id_ not in known:
                yield "suppressions", str(id_), "was listed by no erasure: it was inserted"
