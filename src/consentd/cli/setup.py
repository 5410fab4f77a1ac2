"""init and migrate: making an installation, and bringing its database up to date."""

import asyncio

import click

from consentd.base import clock
from consentd.base.settings import Settings
from consentd.cli.common import command, settings
from consentd.crypto.keyring import Keyring, create_keyring, load_keyring
from consentd.crypto.root import RootKey, create_root_key_file, read_root_key
from consentd.crypto.store import all_keys
from consentd.db.engine import open_database
from consentd.db.migrate import migrate as migrate_database
from consentd.db.unit import Database, Unit
from consentd.evidence.journal import Journal
from consentd.evidence.model import OPERATOR
from consentd.evidence.recorder import begin
from consentd.policy.loader import load_whole
from consentd.policy.service import activate, active_hash


def initialise(given: Settings) -> list[str]:
    """Whatever an installation lacks: tables, root key, keyring, an active policy. What was done, in words.

    Safe to run again: nothing that exists is touched.
    """
    _make_data_folder(given)
    migrate_database(given.database_url)
    done = ["The database is up to date."]
    root = _root_key(given, done)
    asyncio.run(_fill(given, root, done))
    return done


def _make_data_folder(given: Settings) -> None:
    """A new one is its owner's alone: the database in it says, under random ids, who refused what."""
    given.data_dir.parent.mkdir(parents=True, exist_ok=True)
    given.data_dir.mkdir(mode=0o700, exist_ok=True)


def _root_key(given: Settings, done: list[str]) -> RootKey:
    if given.root_key is None and not given.root_key_file.exists():
        done.append(f"A root key was made: {given.root_key_file}. Keep a copy apart from the backups.")
        return create_root_key_file(given.root_key_file)
    return read_root_key(given)


async def _fill(given: Settings, root: RootKey, done: list[str]) -> None:
    journal = Journal(given.journal_file)
    database = open_database(given.database_url, clock=clock.now, journal=journal.append)
    await database.open()
    try:
        keyring = await _keyring(database, root, done)
        if await database.read(active_hash) is None:
            policy, files = load_whole(given.policies_dir)
            await database.change(lambda unit: activate(unit, keyring, policy, OPERATOR, files))
            done.append(f"The policy of {policy.controller.name} is active: {policy.hash}.")
    finally:
        await database.close()
        journal.close()


async def _keyring(database: Database, root: RootKey, done: list[str]) -> Keyring:
    if await database.read(all_keys):
        return await database.read(lambda connection: load_keyring(connection, root))

    def create(unit: Unit) -> Keyring:
        if all_keys(unit.connection):
            # Another process was quicker.
            return load_keyring(unit.connection, root)
        keyring = create_keyring(unit, root)
        begin(unit, keyring, action="service.initialised", actor=OPERATOR, key=keyring.audit()).close(
            {"root_key": root.name}
        )
        return keyring

    keyring = await database.change(create)
    done.append("The keys were made, each wrapped by the root key.")
    return keyring


@click.command()
@command
def init() -> None:
    """Make what an installation needs: tables, root key, keys, the policy. Safe to run again."""
    for line in initialise(settings()):
        click.echo(line)


@click.command()
@click.option("--revision", default="head", help="The schema revision; the newest if not given.")
@command
def migrate(revision: str) -> None:
    """Bring the database up to date. Safe when two processes do so at once."""
    given = settings()
    if given.database_url.startswith("sqlite"):
        _make_data_folder(given)
    migrate_database(given.database_url, revision)
    click.echo("The database is up to date.")


COMMANDS = [init, migrate]
