"""The bundle's zip file has one spelling: any byte that is another, more or less is found and named."""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import replace

from consentd.db.sqlite import SqliteDatabase
from consentd.evidence.bundle.archive import Member, Writer, directory, header, members_of
from consentd.kernel.errors import Tampered
from support.bundles import exported, files_of, found, packed
from support.ledger import Ledger, open_ledger


@pytest.fixture
async def bundle(sqlite_database: SqliteDatabase, tmp_path: Path) -> bytes:
    """A small one: two entries in the tree, one that waits."""
    ledger: Ledger = await open_ledger(sqlite_database, tmp_path)
    await ledger.record(rows=0)
    await ledger.sequence()
    await ledger.record(rows=0)
    return await exported(ledger)


async def test_promise_9_any_byte_that_is_flipped_is_found(bundle: bytes) -> None:
    assert found(bundle) == []
    for place in range(len(bundle)):
        touched = bytearray(bundle)
        touched[place] ^= 1 << place % 8
        assert found(bytes(touched)), f"byte {place} was flipped, and nobody saw"


async def test_promise_9_wherever_it_is_cut_or_grown_is_found(bundle: bytes) -> None:
    for length in range(0, len(bundle), 7):
        assert found(bundle[:length])
    assert found(bundle + b"\x00") == [
        f"the file as a whole: byte {len(bundle)}: something follows where the file should end"
    ]
    assert found(bundle + bundle)
    assert "byte 0" in found(b"\x00" + bundle)[0]
    assert "byte 0" in found(b"")[0]


def test_promise_9_each_file_is_held_against_the_hash_that_the_manifest_lists(bundle: bytes) -> None:
    """Where nothing else would notice: the file itself is what it should be."""
    files = files_of(bundle)
    for name in files.keys() - {"manifest.json"}:
        lying = packed(
            files, lambda told, lie=name: replace(told, sha256=64 * "0") if told.name == lie else told
        )
        assert found(lying) == [f"{name} as a whole: is not the file whose hash the manifest lists"]


def test_any_zip_tool_reads_it(bundle: bytes) -> None:
    with zipfile.ZipFile(io.BytesIO(bundle)) as opened:
        assert opened.testzip() is None
        assert {name: opened.read(name) for name in opened.namelist()} == files_of(bundle)
        assert {info.date_time for info in opened.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {info.external_attr >> 16 for info in opened.infolist()} == {0o100644}


def rezipped(bundle: bytes, change: Callable[[zipfile.ZipFile, dict[str, bytes]], None]) -> bytes:
    """The same files in a zip file by somebody else's hand."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        change(archive, files_of(bundle))
    return made.getvalue()


def plainly(archive: zipfile.ZipFile, files: dict[str, bytes], **more: int) -> None:
    for name, content in files.items():
        info = zipfile.ZipInfo(name)
        info.create_system = 3
        archive.writestr(info, content, **more)


def commented(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    plainly(archive, files)
    archive.comment = b"look here"


def compressed(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    plainly(archive, files, compress_type=zipfile.ZIP_DEFLATED)


def doubled(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    plainly(archive, files)
    archive.writestr("log.key", files["log.key"])


def dated(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        archive.writestr(zipfile.ZipInfo(name, (2026, 1, 1, 0, 0, 0)), content)


def with_extra(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        info = zipfile.ZipInfo(name)
        info.extra = struct.pack("<2H", 0x7075, 0)
        archive.writestr(info, content)


def with_bomb(archive: zipfile.ZipFile, files: dict[str, bytes]) -> None:
    archive.writestr("log.key", bytes(50_000_000), compress_type=zipfile.ZIP_DEFLATED)


STRANGE = [commented, compressed, doubled, dated, with_extra, with_bomb]


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("change", STRANGE, ids=lambda change: change.__name__)
def test_another_spelling_of_the_same_files_is_refused(
    bundle: bytes, change: Callable[[zipfile.ZipFile, dict[str, bytes]], None]
) -> None:
    (named,) = found(rezipped(bundle, change))
    assert "byte " in named or "there twice" in named


NAMES = ["../log.key", "/etc/passwd", "log.key\x00.txt", "LOG.KEY", "entries/1.jsonl", "a\\b", "x" * 300, ""]


@pytest.mark.parametrize("name", NAMES)
def test_promise_16_a_name_that_leads_elsewhere_is_refused(bundle: bytes, name: str) -> None:
    content = b"x"
    raw = bytearray(header(Member(name, len(content), zlib.crc32(content), 0)) + content)
    (named,) = found(bytes(raw) + bundle)
    assert "byte 30: the zip file holds a name that no file of a bundle has" in named


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda files: files.pop("waiting.jsonl"), "'manifest.json', where 'waiting.jsonl' belongs"),
        (lambda files: files.update({"readme.txt": b"hello"}), "holds a name that no file of a bundle has"),
        (lambda files: files.update({"log.key": files.pop("log.key")}), "where 'log.key' belongs"),
    ],
)
def test_files_that_are_missing_more_or_elsewhere_are_named(
    bundle: bytes, change: Callable[[dict[str, bytes]], object], named: str
) -> None:
    files = files_of(bundle)
    change(files)
    files["manifest.json"] = files.pop("manifest.json", b"")
    assert named in found(packed(files))[0]


def test_two_files_of_one_name_are_refused(bundle: bytes) -> None:
    made = io.BytesIO()
    writer = Writer(made)
    for name, content in files_of(bundle).items():
        writer.add(name, content)
        if name == "waiting.jsonl":
            writer.add(name, content)
    writer.finish()
    (named,) = found(made.getvalue())
    assert "file 5 is 'waiting.jsonl', where 'manifest.json' belongs" in named


def test_large_archives_say_in_64_bits_what_does_not_fit(tmp_path: Path) -> None:
    """With a hole of five gigabytes in the middle, that no disk has to hold."""
    path = tmp_path / "large.zip"
    hole, files = 5 << 29, {"log.key": b"first", "waiting.jsonl": b"", "manifest.json": b"last"}
    members: list[Member] = []
    at = 0
    with path.open("w+b") as file:
        for name, content in [
            ("log.key", b"first"),
            ("entries/0", b""),
            ("entries/1", b""),
            *list(files.items())[1:],
        ]:
            size = hole if name.startswith("entries/") else len(content)
            name = f"entries/{int(name[-1]):012}.jsonl" if name.startswith("entries/") else name
            member = Member(name, size, zlib.crc32(content), at)
            file.seek(at)
            file.write(header(member) + content)
            members.append(member)
            at = member.begin + size
        file.seek(at)
        file.write(directory(members, at))
        assert members_of(file) == members
        with zipfile.ZipFile(file) as opened:
            assert opened.read("manifest.json") == b"last"
            assert opened.getinfo("manifest.json").header_offset > 1 << 32
        file.seek(-1, io.SEEK_END)
        file.write(b"x")
        with pytest.raises(Tampered, match="byte 5368"):
            members_of(file)
