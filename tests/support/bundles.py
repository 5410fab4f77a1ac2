"""Audit bundles for tests: exported, taken apart, and put together again as a forger would."""

import io
from collections.abc import Callable
from pathlib import Path

import msgspec

from consentd.base.ids import new_id
from consentd.db.tables.people import fact_states, subjects
from consentd.db.unit import Unit
from consentd.evidence.bundle import layout
from consentd.evidence.bundle.archive import Writer, content_of, members_of
from consentd.evidence.bundle.export import export
from consentd.evidence.bundle.layout import FileTold
from consentd.evidence.bundle.verify import Verified, verify
from consentd.evidence.model import SERVICE
from consentd.evidence.recorder import Entry, begin
from consentd.kernel.ids import SubjectId
from support.ledger import ORIGIN, Ledger

Files = dict[str, bytes]
Forge = Callable[[Files], object]


async def exported(ledger: Ledger) -> bytes:
    """The bundle of what is in the database now; nothing is recorded."""
    file = io.BytesIO()
    keys = ledger.keyring.public_keys("log")
    await ledger.database.read(lambda connection: export(connection, file, origin=ORIGIN, keys=keys))
    return file.getvalue()


def verified(bundle: bytes, *, keys: list[str] | None = None, kept: str | None = None) -> Verified:
    return verify(io.BytesIO(bundle), keys=keys, kept=kept)


def found(bundle: bytes, **given: str) -> list[str]:
    return [str(one) for one in verified(bundle, kept=given.get("kept")).findings]


def files_of(bundle: bytes) -> Files:
    file = io.BytesIO(bundle)
    return {member.name: content_of(file, member) for member in members_of(file)}


def packed(files: Files, lied: Callable[[FileTold], FileTold] = lambda told: told) -> bytes:
    """A bundle of these files: zip file and manifest agree with them, as a forger would see to.

    `lied`: what the manifest says of a file instead of what is true.
    """
    file = io.BytesIO()
    writer = Writer(file)
    for name, content in files.items():
        if name != layout.MANIFEST:
            writer.add(name, content)
    manifest = layout.decode(files[layout.MANIFEST])
    told = [lied(FileTold(one.name, one.sha256, one.size)) for one in writer.told]
    writer.add(layout.MANIFEST, layout.encode(msgspec.structs.replace(manifest, files=told)))
    writer.finish()
    return file.getvalue()


def forged(bundle: bytes, forge: Forge) -> bytes:
    files = files_of(bundle)
    forge(files)
    return packed(files)


def part(files: Files) -> str:
    """The name of the first part."""
    return next(name for name in files if name.startswith("entries/"))


def lines(files: Files, name: str | None = None) -> list[bytes]:
    return files[name or part(files)].splitlines()


def save(bundle: bytes, folder: Path) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(bundle)
    return path


async def live(ledger: Ledger) -> None:
    """Three people: one stays, one changes, one is removed. Five entries after what was there."""
    people = [SubjectId(new_id()) for _ in range(3)]

    def added(unit: Unit) -> None:
        for person in people:
            entry = about(ledger, unit, person)
            row = {"id": person, "group_id": person, "merged": False, "created_at": unit.now}
            entry.insert(subjects, {**row, "territory": "FR", "salt": bytes(32)})
            entry.insert(fact_states, {"subject_id": person, "sealed": b"\x01 first"})
            entry.close()

    def changed(unit: Unit) -> None:
        entry = about(ledger, unit, people[1])
        entry.update(fact_states, {"subject_id": [people[1]]}, {"sealed": b"\x02 second"})
        entry.close()
        entry = about(ledger, unit, people[2])
        entry.delete(fact_states, {"subject_id": [people[2]]})
        entry.update(subjects, {"id": [people[2]]}, {"territory": None, "salt": None, "erased_at": unit.now})
        entry.close()

    await ledger.database.change(added)
    await ledger.database.change(changed)


def about(ledger: Ledger, unit: Unit, person: SubjectId) -> Entry:
    """An entry about somebody, under way."""
    return begin(
        unit, ledger.keyring, action="test.done", actor=SERVICE, key=ledger.keyring.audit(), subject_id=person
    )
