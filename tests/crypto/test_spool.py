"""A file on the disk opens whole, under its own key and in its own place, or not at all."""

import os
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from consentd.crypto.secrets import Key, Secret
from consentd.crypto.spool import CHUNK, OneKey, Spool
from consentd.kernel.errors import Tampered
from consentd.kernel.ids import KeyId


def a_key() -> Key:
    return Key(KeyId(uuid4()), Secret(os.urandom(32)))


def a_spool(folder: Path, id_: UUID | None = None, key: Key | None = None, table: str = "packages") -> Spool:
    return Spool(folder, id_ or uuid4(), OneKey(key or a_key()), table)


def written(spool: Spool, *pieces: bytes) -> None:
    with spool.writing() as file:
        for piece in pieces:
            file.add(piece)


def read(spool: Spool) -> bytes:
    with spool.open() as file:
        return file.read()


@settings(deadline=None)
@given(pieces=some.lists(some.integers(0, 3 * CHUNK), max_size=5))
def test_what_was_added_in_pieces_is_read_as_one(
    tmp_path_factory: pytest.TempPathFactory, pieces: list[int]
) -> None:
    spool = a_spool(tmp_path_factory.mktemp("spool"))
    parts = [os.urandom(length) for length in pieces]
    written(spool, *parts)
    assert read(spool) == b"".join(parts)


def test_nothing_lies_on_the_disk_in_clear(tmp_path: Path) -> None:
    written(a_spool(tmp_path), b"ana@exemple.fr" * 20_000)
    (file,) = tmp_path.iterdir()
    assert b"exemple" not in file.read_bytes()
    assert file.stat().st_mode & 0o077 == 0


def test_promise_10_without_its_own_key_nothing_opens(tmp_path: Path) -> None:
    id_ = uuid4()
    written(a_spool(tmp_path, id_), b"mine")
    with pytest.raises(Tampered):
        read(a_spool(tmp_path, id_))


def test_promise_11_a_file_opens_in_its_own_place_alone(tmp_path: Path) -> None:
    id_, key = uuid4(), a_key()
    written(a_spool(tmp_path, id_, key), b"mine")
    with pytest.raises(Tampered):
        read(a_spool(tmp_path, id_, key, table="imports"))
    other = uuid4()
    (tmp_path / f"{id_}.sealed").rename(tmp_path / f"{other}.sealed")
    with pytest.raises(Tampered):
        read(a_spool(tmp_path, other, key))


@pytest.mark.parametrize("lost", ["first", "last", "half"])
def test_promise_11_a_chunk_that_is_missing_is_missed(tmp_path: Path, lost: str) -> None:
    spool = a_spool(tmp_path)
    written(spool, os.urandom(2 * CHUNK + 100))
    (file,) = tmp_path.iterdir()
    content = file.read_bytes()
    chunk = 20 + CHUNK + 65
    file.write_bytes({"first": content[chunk:], "last": content[: 2 * chunk], "half": content[:-50]}[lost])
    with pytest.raises(Tampered):
        read(spool)


def test_what_ends_with_an_error_leaves_nothing(tmp_path: Path) -> None:
    spool = a_spool(tmp_path)
    with pytest.raises(ZeroDivisionError), spool.writing() as file:
        file.add(b"half" * (1 // 0))
    assert not spool.exists()
    assert list(tmp_path.iterdir()) == []
