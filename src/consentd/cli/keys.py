"""keys: what there is, rotating, and destroying what is due."""

from pathlib import Path

import click

from consentd.app import Parts
from consentd.cli.common import command, json_option, say, with_parts
from consentd.consent.kept_proofs import purge_proofs
from consentd.crypto import rotation
from consentd.crypto.inventory import Inventory, inventory
from consentd.crypto.root import RootKey, create_root_key_file, read_root_key_file
from consentd.db.unit import Unit
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.kernel.instants import to_text


@click.group()
def keys() -> None:
    """Keys: what there is, rotating, purging."""


@keys.command()
@json_option
@command
def status(as_json: bool) -> None:
    """Which keys there are, and how many proof keys are kept after an erasure, until when."""

    async def work(parts: Parts) -> Inventory:
        return await parts.database.read(inventory)

    found = with_parts(work)
    lines = [
        f"{key.use:12} v{key.version}  made {to_text(key.created_at)}"
        + (f"  retired {to_text(key.retired_at)}" if key.retired_at else "")
        + ("  destroyed" if key.destroyed_at else "")
        for key in found.keys
    ]
    lines.append(f"people: {found.content_keys} content keys, {found.proof_keys} proof keys")
    lines.append(f"kept after erasure: {found.restricted_proof_keys} proof keys")
    if found.next_purge_at is not None:
        lines.append(f"the next is destroyed at {to_text(found.next_purge_at)}")
    say(found, as_json=as_json, text="\n".join(lines))


@keys.command()
@click.option(
    "--backup-days",
    type=click.IntRange(min=1),
    default=None,
    help="How long your backups are kept; `backup_days` of the rules if not given, which certificates state.",
)
@json_option
@command
def purge(backup_days: int | None, as_json: bool) -> None:
    """Destroy the keys whose time is over: proof keys past their date, period keys past the backups."""

    async def work(parts: Parts) -> dict[str, int]:
        people = await purge_proofs(parts.database, parts.keyring, OPERATOR)

        def destroy(unit: Unit) -> dict[str, int]:
            days = backup_days or parts.policies.active(unit.connection).policy.controller.backup_days
            periods = rotation.destroy_retired(unit, "period", days)
            done = {"proof_keys": people, "period_keys": len(periods)}
            begin(unit, parts.keyring, action="keys.purged", actor=OPERATOR, key=parts.keyring.audit()).close(
                {**done, "periods": [str(one) for one in periods]}
            )
            return done

        done = await parts.database.change(destroy)
        await parts.database.checkpoint_truncate()
        return done

    done = with_parts(work)
    say(
        done,
        as_json=as_json,
        text=f"Destroyed: {done['proof_keys']} proof keys, {done['period_keys']} period keys.",
    )


@keys.command()
@click.argument("use", type=click.Choice(["period", "root"]), default="period")
@click.option(
    "--to",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="root: the file of the new root key; it is made if it is not there.",
)
@json_option
@command
def rotate(use: str, file: Path | None, as_json: bool) -> None:
    """Put a new key in the place of an old one: the period key if not told, or the root key.

    period: everyone's keys are wrapped by the new one, and the old one is destroyed by `purge` later.
    root: all keys are wrapped by the new one at once. Stop the service before.
    """
    if use == "period":
        if file is not None:
            raise click.UsageError("--to is for the root key: a period key is kept in the database.")
        _rotate_period(as_json)
    elif file is None:
        raise click.UsageError("Say with --to in which file the new root key is, or is to be made.")
    else:
        _rotate_root(file, as_json)


def _rotate_root(file: Path, as_json: bool) -> None:
    async def work(parts: Parts) -> tuple[int, RootKey]:
        fresh = read_root_key_file(file) if file.exists() else create_root_key_file(file)

        def wrap(unit: Unit) -> int:
            count = rotation.rotate_root(unit, parts.keyring, fresh)
            begin(
                unit, parts.keyring, action="keys.rotated", actor=OPERATOR, key=parts.keyring.audit()
            ).close({"use": "root", "name": fresh.name})
            return count

        count = await parts.database.change(wrap)
        await parts.database.checkpoint_truncate()
        return count, fresh

    count, fresh = with_parts(work)
    say(
        {"rewrapped": count, "root_key": fresh.name, "file": str(file)},
        as_json=as_json,
        text=f"{count} keys are wrapped by root key {fresh.name} in {file}, and open with it alone. Keep a "
        "copy apart, and name it in CONSENTD_ROOT_KEY_FILE or CONSENTD_ROOT_KEY before the service starts. "
        "Backups of before open with the old one.",
    )


def _rotate_period(as_json: bool) -> None:
    async def work(parts: Parts) -> int:
        def fresh(unit: Unit) -> None:
            key = rotation.new_version(unit, parts.keyring, "period")
            begin(
                unit, parts.keyring, action="keys.rotated", actor=OPERATOR, key=parts.keyring.audit()
            ).close({"use": "period", "key": str(key)})

        await parts.database.change(fresh)
        await parts.database.read(parts.keyring.reload)
        return await _rewrap(parts)

    count = with_parts(work)
    say(
        {"rewrapped": count},
        as_json=as_json,
        text=f"A new period key is in use; {count} keys were wrapped by it. Once your backups of before are "
        "gone, `consentd keys purge` destroys the old one.",
    )


async def _rewrap(parts: Parts) -> int:
    """In batches, so that a kill loses at most one of them and the next run goes on."""

    def batch(unit: Unit) -> int:
        count = rotation.rewrap_batch(unit, parts.keyring)
        if count:
            begin(
                unit, parts.keyring, action="keys.rewrapped", actor=OPERATOR, key=parts.keyring.audit()
            ).close({"count": count})
        return count

    total = 0
    while count := await parts.database.change(batch):
        total += count
    return total


COMMANDS = [keys]
