"""Files that policies name, kept byte for byte: a text that was shown can be shown again for ever.

They are stored in the transaction that puts a policy in force, under their SHA-256, and never change.
"""

import hashlib
from typing import Any

from consentd.evidence.recorder import Entry
from consentd.kernel.errors import PolicyError, Tampered
from consentd.kernel.instants import Instant
from consentd.kernel.policy import Policy, files_of
from consentd.policy import store
from consentd.policy.files import Files, PolicyFile


def missing(connection: Any, policy: Policy, files: Files) -> Files:  # Any: a database connection
    """Which files the policy names that are not stored yet. Raises PolicyError where one is not given."""
    named = files_of(policy)
    known = store.known_files(connection, named)
    faults = [
        (name, 0, "is named by the policy, but its text is not here: activate from the folder that has it")
        for digest, name in named.items()
        if digest not in known and not (digest in files and _digest(files[digest].content) == digest)
    ]
    if faults:
        raise PolicyError(sorted(faults))
    return {digest: files[digest] for digest in named if digest not in known}


def keep(entry: Entry, files: Files, now: Instant) -> None:
    """Stores them under an entry."""
    entry.insert_many(
        store.FILES,
        [
            {"digest": digest, "media": one.media, "content": one.content, "created_at": now}
            for digest, one in files.items()
        ],
    )


def read(connection: Any, digest: str) -> PolicyFile | None:  # Any: a database connection
    """The file of a hash; None where no policy that was in force named it. Raises Tampered where it is not
    what it was.
    """
    found = store.file(connection, digest)
    if found is None:
        return None
    if _digest(found[1]) != digest:
        raise Tampered(
            "policy_altered",
            f"The file stored as {digest} is not the one that has this hash: it was altered. "
            "`consentd audit verify` says so; restore the row from a backup.",
        )
    return PolicyFile(*found)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
