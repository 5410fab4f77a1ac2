"""Promise 9, verified by somebody else's program: Perl and openssl, from docs/bundle.md, no code of ours.

Both are packages of every Debian (`perl`, `openssl`); without them this fails, as nothing else would show
that the documented layout is enough.
"""

import base64
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from consentd.db.sqlite import SqliteDatabase
from consentd.db.unit import Database
from consentd.evidence.checkpoint import Checkpoint, sign
from support.bundles import Files, exported, forged, found, live, part, save, verified
from support.ledger import ORIGIN, Ledger, open_ledger

PROGRAM = Path(__file__).with_name("verify-bundle.pl")


def independently(path: Path) -> tuple[int, str]:
    done = subprocess.run(["perl", PROGRAM, path], capture_output=True, text=True)
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout.strip()


async def full(database: Database, folder: Path) -> tuple[Ledger, bytes]:
    ledger = await open_ledger(database, folder)
    await ledger.record(2)
    await live(ledger)
    await ledger.sequence()
    await ledger.record()
    return ledger, await exported(ledger)


async def test_promise_9_a_second_implementation_finds_the_same_root(
    database: Database, tmp_path: Path
) -> None:
    _, bundle = await full(database, tmp_path)
    root = base64.b64encode(verified(bundle).root).decode()
    assert independently(save(bundle, tmp_path)) == (0, root)


def edit(old: bytes, new: bytes) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        name = part(files)
        assert old in files[name]
        files[name] = files[name].replace(old, new, 1)

    return forge


def without(ending: bytes) -> Callable[[Files], None]:
    def forge(files: Files) -> None:
        name = part(files)
        kept = files[name].split(b"\n")
        kept.remove(next(line for line in kept if line.endswith(ending)))
        files[name] = b"\n".join(kept)

    return forge


FORGERIES = {
    "an event edited": edit(b'"outcome":"sent"', b'"outcome":"none"'),
    "an entry edited": edit(b'"actor_kind":"service"', b'"actor_kind":"subject"'),
    "an event removed": without(b'"table":"attempts"}'),
    "a person removed": without(b'"table":"subjects"}'),
    "folded facts removed": without(b'"table":"fact_states"}'),
    "an entry removed": without(b'"table":"log_entries"}'),
    "a checkpoint of another size": lambda files: files.update(
        checkpoint=files["checkpoint"].replace(b"\n8\n", b"\n7\n")
    ),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_promise_9_both_implementations_refuse_what_is_forged(
    sqlite_database: SqliteDatabase, tmp_path: Path, name: str
) -> None:
    _, bundle = await full(sqlite_database, tmp_path)
    touched = forged(bundle, FORGERIES[name])
    code, said = independently(save(touched, tmp_path))
    assert (code, bool(said)) == (1, True)
    assert found(touched)


async def test_promise_9_a_checkpoint_over_other_entries_is_refused_by_both(
    sqlite_database: SqliteDatabase, tmp_path: Path
) -> None:
    ledger, bundle = await full(sqlite_database, tmp_path)
    note = sign(Checkpoint(ORIGIN, 8, bytes(32)), ledger.keyring.signer("log")).encode()
    touched = forged(bundle, lambda files: files.update(checkpoint=note))
    assert independently(save(touched, tmp_path)) == (1, "checkpoint was signed over other entries")
    assert "was signed over other entries than these" in found(touched)[0]
