"""Making a package: everything that was gathered, into one sealed archive, in flat memory.

    made = make(files, compiled, keyring.signer("receipt"), about, proven)

What must not go out ends it: a redaction that meets nothing, or a silo that answered and whose copy is gone;
then there is no archive. Runs in a thread, as long as compressing takes: `bench/package.py` watches it.
"""

from collections.abc import Iterator

import msgspec

from consentd.consent.receipts import EntryProof
from consentd.crypto.signing import Signer
from consentd.dsr.package import manifest as m
from consentd.dsr.package import page as pages
from consentd.dsr.package import tables
from consentd.dsr.package.about import About, Kind
from consentd.dsr.package.archive import Archive
from consentd.dsr.package.files import PackageFiles
from consentd.dsr.package.letter import contents
from consentd.dsr.package.own_model import OWN
from consentd.dsr.package.pdf import as_pdf
from consentd.dsr.package.planning import Planned, PlannedSystem, plan, with_gaps
from consentd.dsr.package.shapes import schema
from consentd.evidence.service import Proven
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import to_text

_encoder = msgspec.json.Encoder()


class Made(msgspec.Struct, frozen=True):
    size: int
    """Bytes of the archive."""
    records: int
    """In it, of all silos and consentd's own."""
    withheld: int
    """Records and values that were held back."""
    manifest: m.Manifest


def make(
    files: PackageFiles, compiled: CompiledPolicy, signer: Signer, about: About, proven: Proven | None
) -> Made:
    """Writes `files.archive`. `proven`: what `evidence.service.prove` says of `about.own.entries`.

    Raises Unprocessable (redaction_meets_nothing), Tampered (export_gone, or where something does not open).
    """
    about = with_gaps(compiled.policy, about)
    planned = plan(files, compiled.policy, about)
    with files.archive.writing() as target:
        archive = Archive(target)
        making = _Making(files, compiled, about, planned, archive)
        proves = proven is not None and bool(proven.entries)
        making.write_pages(proves=proves)
        making.write_data()
        if proven is not None and proves:
            archive.add(m.PROOFS, tables.json_array(map(_encoder.encode, _proofs(proven))))
        told = making.manifest(proven.note if proven is not None else None)
        content = m.spelled(told)
        archive.add(m.MANIFEST, [content])
        archive.add(m.SIGNATURE, [m.signed(signer, content)])
        archive.close()
        size = target.tell()
    withheld = sum(one.records + one.fields for one in planned.held.values())
    return Made(size, sum(system.shown for system in planned.systems), withheld, told)


class _Making:
    def __init__(
        self, files: PackageFiles, compiled: CompiledPolicy, about: About, planned: Planned, archive: Archive
    ) -> None:
        self._files = files
        self._compiled = compiled
        self._policy = compiled.policy
        self._about = about
        self._planned = planned
        self._archive = archive

    def write_pages(self, *, proves: bool) -> None:
        """What people open. `proves`: whether proofs of the log will be there."""
        about, planned = self._about, self._planned
        access = about.kind is Kind.ACCESS
        named = [m.CONSENTS] if access else []
        if proves:
            named.append(m.PROOFS)
        listed = [pages.Listed(one.id, one.anchor, one.outcome, one.records) for one in planned.systems]
        shown = map(self._shown, planned.systems)
        self._archive.add(m.INDEX, pages.page(self._policy, about, listed, shown, named))
        if access:
            letter = contents(self._compiled, about, planned.collected, planned.held)
            self._archive.add(m.LETTER, [as_pdf(letter, about.made_at)])
            self._archive.add(m.CONSENTS, self._consents())

    def write_data(self) -> None:
        for system in self._planned.systems:
            for one in system.categories:
                category = one.category

                def lines(system: str = system.id, what: str = category.what) -> Iterator[bytes]:
                    return self._files.lines(system, what)

                described = schema(category.what, category.fields, one.redactor.nullable)
                csv = tables.as_csv(lines(), one.redactor, category.fields, self._about.language)
                self._archive.add(f"{one.path}.csv", csv, expected=category.bytes)
                json = tables.as_json(lines(), one.redactor)
                self._archive.add(f"{one.path}.json", json, expected=category.bytes)
                self._archive.add(f"{one.path}.schema.json", [_indented(described)])

    def manifest(self, checkpoint: str | None) -> m.Manifest:
        controller = self._policy.controller
        return m.Manifest(
            format=m.FORMAT,
            kind=self._about.kind.value,
            request=self._about.request,
            made_at=to_text(self._about.made_at),
            controller=controller.name,
            language=self._about.language,
            policy=self._policy.hash,
            log=controller.log_origin,
            checkpoint=checkpoint,
            systems=tuple(map(self._told, self._planned.systems)),
            files=tuple(self._archive.told),
        )

    def _shown(self, system: PlannedSystem) -> pages.SystemShown:
        return pages.SystemShown(
            system.id,
            system.anchor,
            system.outcome,
            system.because,
            system.records,
            (
                pages.CategoryShown(
                    one.category.what,
                    one.path,
                    one.shown,
                    one.category.fields,
                    tables.first(self._files.lines(system.id, one.category.what), one.redactor, pages.ROWS),
                    one.redactor.held,
                )
                for one in system.categories
            ),
        )

    def _told(self, system: PlannedSystem) -> m.SystemTold:
        known = self._policy.systems.get(system.id)
        return m.SystemTold(
            "consentd" if system.id == OWN else known.name if known is not None else system.id,
            system.outcome.value,
            system.because,
            tuple(
                m.CategoryTold(
                    one.category.what,
                    one.path,
                    one.shown,
                    one.redactor.held.records,
                    one.redactor.held.fields,
                    one.redactor.held.reasons,
                )
                for one in system.categories
            ),
        )

    def _consents(self) -> Iterator[bytes]:
        """All categories of consentd's own in one document, by their names."""
        before = b"{\n"
        for system in self._planned.systems:
            for one in system.categories if system.id == OWN else ():
                yield before + _encoder.encode(one.category.what) + b": "
                yield from tables.as_json(self._files.lines(OWN, one.category.what), one.redactor)
                before = b",\n"
        yield b"{}\n" if before == b"{\n" else b"}\n"


def _indented(plain: object) -> bytes:
    """JSON that people can read."""
    return msgspec.json.format(_encoder.encode(plain), indent=2) + b"\n"


def _proofs(proven: Proven) -> Iterator[EntryProof]:
    for one in proven.entries:
        told = {"entry_id": one.entry_id, "entry": one.content.decode(), **one.proof.to_json()}
        yield msgspec.convert(told, EntryProof)
