"""Importing into the company of `builders`: rows as a tool would export them, or whole files."""

import csv
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path

import msgspec

from consentd.evidence.model import OPERATOR
from consentd.imports import planning
from consentd.imports.recognising import recognise
from consentd.imports.running import Job, Refused, Running, look_through
from consentd.imports.taken import Taken
from consentd.kernel.layout import Layout
from support.builders import Company, demo_policy

EXPORTED = "2026-11-01"


class Imported(msgspec.Struct):
    """What came of a file."""

    taken: list[Taken]
    refused: list[Refused]

    @property
    def created(self) -> int:
        return sum(one.created for one in self.taken)

    @property
    def states(self) -> list[str]:
        return [event.state for one in self.taken for event in one.events]

    @property
    def reasons(self) -> list[tuple[int, str, str | None]]:
        return [(one.row.line, one.code, one.column) for one in self.refused]


def layout_of(system: str, name: str) -> Layout:
    return demo_policy().systems[system].imports[name]


def file_of(
    folder: Path, system: str, name: str, rows: Iterable[Mapping[str, str]], file: str = "export.csv"
) -> Path:
    """An export in the tool's own form; columns that a row does not name are empty."""
    layout = layout_of(system, name)
    path = folder / file
    with path.open("w", encoding=layout.encodings[-1], newline="") as stream:
        writer = csv.DictWriter(stream, layout.columns, restval="", delimiter=layout.delimiter)
        writer.writeheader()
        writer.writerows(rows)
    return path


async def import_file(
    company: Company, system: str, path: Path, *, exported_at: str = EXPORTED, layout: str | None = None
) -> Imported:
    """As whoever runs consentd imports it. Raises WholeFileRefused."""
    if system not in company.systems:
        await company.add_system(system)
    compiled = await company.database.read(company.policies.active)
    recognised = recognise(path, compiled.policy.systems[system].imports, layout)
    job = Job(path, recognised, company.systems[system], OPERATOR, exported_at)
    look_through(job)
    found = Imported([], [])
    running = Running(job, company.keyring, compiled)
    for batch in running.batches():
        for one in await company.database.change(partial(running.take, batch=batch)):
            if isinstance(one, Taken):
                found.taken.append(one)
            else:
                found.refused.append(one)
    await planning.settled(running, company.database, company.keyring)
    return found


async def import_rows(
    company: Company, system: str, layout: str, *rows: Mapping[str, str], exported_at: str = EXPORTED
) -> Imported:
    path = file_of(company.folder, system, layout, rows)
    return await import_file(company, system, path, exported_at=exported_at)
