"""What lies on a till's disk: sealed in its place, under its key; and what becomes of a damaged file."""

import hmac
import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
from both import EVERYTHING, somebody, yes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from consentd.client import Client, Replica, ReplicaError
from consentd.client.replica.sealing import Damaged, Place, Sealer
from support.installation import Serving

NEWSLETTER = ("newsletter", "email")
KEY = bytes(range(32))
HERE = Place("queue", "7")


@pytest.fixture
def client(service: Serving) -> Iterator[Client]:
    found = service.installation.connect(*EVERYTHING)
    with Client(service.address, found.id, found.secret, timeout=20, total=30) as made:
        yield made


def test_promise_11_what_is_sealed_opens_only_in_its_place_and_as_it_was() -> None:
    sealer = Sealer(KEY, "file")
    sealed = sealer.seal(b"ana", HERE)
    assert sealer.open(sealed, HERE) == b"ana"
    assert sealer.seal(b"ana", HERE) != sealed
    assert sealer.open(sealer.seal(b"", HERE), HERE) == b""
    wrong = [
        (sealed, Place("queue", "8")),
        (sealed, Place("people", "7")),
        (b"", HERE),
        (sealed + b"x", HERE),
    ]
    wrong += [(sealed[:-1], HERE), (sealed[:65], HERE)]
    wrong += [(sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :], HERE) for at in range(len(sealed))]
    for content, place in wrong:
        with pytest.raises(Damaged):
            sealer.open(content, place)
    for other in (Sealer(KEY, "another"), Sealer(bytes(32), "file")):
        with pytest.raises(Damaged):
            other.open(sealed, HERE)
    assert KEY.hex() not in repr(sealer)
    with pytest.raises(ValueError, match="32 bytes"):
        Sealer(KEY[1:], "file")


def test_the_form_is_the_one_that_is_written_down() -> None:
    """Opened by what the module's docstring says, and nothing of its own."""
    sealed = Sealer(KEY, "file").seal(b"ana", HERE)
    version, salt, commitment, hidden = sealed[:1], sealed[1:17], sealed[17:49], sealed[49:]
    okm = hmac.digest(KEY, b"consentd/replica/seal/v1" + salt, "sha512")
    assert (version, commitment) == (b"\x01", okm[32:])
    assert AESGCM(okm[:32]).decrypt(bytes(12), hidden, b"file\x00queue\x007") == b"ana"


def test_promise_11_people_who_change_places_do_not_open_and_so_deny(client: Client, tmp_path: Path) -> None:
    ana, bruno = somebody(), somebody()
    client.record(ana, yes())
    client.record(bruno, yes())
    client.withdraw(bruno, *NEWSLETTER)
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        replica.refresh()
        assert [one.reason for one in replica.check_many([ana, bruno], *NEWSLETTER)] == [
            "consent_given",
            "withdrawn",
        ]
    kept = sqlite3.connect(tmp_path / "x")
    (first, a), (second, b) = kept.execute("SELECT n, record FROM people").fetchall()
    with kept:
        kept.executemany("UPDATE people SET record = ? WHERE n = ?", [(b, first), (a, second)])
    kept.close()
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        assert [one.reason for one in replica.check_many([ana, bruno], *NEWSLETTER)] == [
            "damaged_replica"
        ] * 2
        assert replica.check(bruno, *NEWSLETTER).reason == "damaged_replica"
        assert replica.check_many(replica.resolve([bruno]), *NEWSLETTER)[0].reason == "damaged_replica"


def test_promise_11_choices_that_change_places_are_neither_counted_nor_sent(
    client: Client, tmp_path: Path
) -> None:
    ana, bruno = somebody(), somebody()
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        replica.withdraw(ana, *NEWSLETTER)
        replica.record(bruno, yes())
    kept = sqlite3.connect(tmp_path / "x")
    (first, a), (second, b) = kept.execute("SELECT seq, sealed FROM queue").fetchall()
    with kept:
        kept.executemany("UPDATE queue SET sealed = ? WHERE seq = ?", [(b, first), (a, second)])
    kept.close()
    with Replica.open(tmp_path / "x", client, follow=None) as replica:
        with pytest.raises(ReplicaError, match="does not open"):
            replica.refresh()
        with pytest.raises(ReplicaError, match="does not open"):
            replica.pending()
    assert client.check(bruno, *NEWSLETTER).reason == "unknown_person"


def test_without_its_key_a_leaked_file_opens_nothing_of_any_silo(service: Serving, tmp_path: Path) -> None:
    """Two systems know the same person, and one of them gets at the other's file."""
    ana = somebody()
    for name in ("mine", "theirs"):
        (tmp_path / name).mkdir()
        found = service.installation.connect(*EVERYTHING)
        with Client(service.address, found.id, found.secret) as client:
            client.record(ana, yes())
            with Replica.open(tmp_path / name / "x", client, follow=None) as replica:
                replica.refresh()
                replica.withdraw(ana, *NEWSLETTER)
    mine, theirs = tmp_path / "mine", tmp_path / "theirs"
    with Client(service.address, "id", "secret") as nobody:
        shutil.copy(mine / "x.key", theirs / "x.key")
        with pytest.raises(ReplicaError, match="not the one"):
            Replica.open(theirs / "x", nobody, follow=None)
    sealer = Sealer((mine / "x.key").read_bytes(), sqlite3.connect(mine / "x").execute(_NAME).fetchone()[0])
    stolen = sqlite3.connect(theirs / "x")
    people = [
        (Place("people", str(n)), sealed) for n, sealed in stolen.execute("SELECT n, record FROM people")
    ]
    queue = [(Place("queue", n), sealed) for n, sealed in stolen.execute("SELECT number, sealed FROM queue")]
    key = [(Place("meta", "key"), stolen.execute("SELECT value FROM meta WHERE name = 'key'").fetchone()[0])]
    assert people
    assert queue
    for place, sealed in people + queue + key:
        with pytest.raises(Damaged):
            sealer.open(sealed, place)


_NAME = "SELECT value FROM meta WHERE name = 'name'"


def test_a_file_that_was_cut_off_or_overwritten_is_told_and_never_answers(
    client: Client, tmp_path: Path
) -> None:
    people = [somebody() for _ in range(60)]
    path, key = tmp_path / "x", (tmp_path / "x.key")
    with Replica.open(path, client, follow=None) as replica:
        for one in people:
            replica.record([one, f"loyalty:{uuid.uuid4().hex}"], yes())
        replica.refresh()
        assert all(replica.check_many(people, *NEWSLETTER))
    whole = path.read_bytes()
    for length in (10, 99, 100, 4096, len(whole) // 2, len(whole) - 4096, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ReplicaError, match="cut off"):
            Replica.open(path, client, follow=None)
    path.write_bytes(b"x" * len(whole))
    with pytest.raises(ReplicaError, match="damaged"):
        Replica.open(path, client, follow=None)
    path.write_bytes(whole)
    with Replica.open(path, client, follow=None) as replica:
        assert all(replica.check_many(people, *NEWSLETTER))
    assert len(key.read_bytes()) == 32


def test_promise_1_a_write_that_was_cut_off_leaves_the_last_whole_page(
    client: Client, tmp_path: Path
) -> None:
    """The write-ahead log ends anywhere: a page is there with its age and its people, or not at all."""
    ana = somebody()
    client.record(ana, yes())
    path = tmp_path / "x"
    with Replica.open(path, client, follow=None) as replica:
        replica.refresh()
        replica._keeping.file.compact()
        before = replica._keeping.file.get("as_of")
        client.withdraw(ana, *NEWSLETTER)
        replica.refresh()
        replica.withdraw(ana, "promotions", "email")
        after = replica._keeping.file.get("as_of")
        main, log = path.read_bytes(), (tmp_path / "x-wal").read_bytes()
    assert before != after
    seen = set()
    for length in range(0, len(log) + 1, max(1, len(log) // 40)):
        copy = tmp_path / f"copy{length}"
        copy.mkdir()
        (copy / "x").write_bytes(main)
        (copy / "x-wal").write_bytes(log[:length])
        shutil.copy(tmp_path / "x.key", copy / "x.key")
        with Replica.open(copy / "x", client, follow=None) as replica:
            as_of, reason = replica._keeping.file.get("as_of"), replica.check(ana, *NEWSLETTER).reason
            assert (as_of, reason) in ((before, "consent_given"), (after, "withdrawn"))
            seen.add((reason, replica.pending()))
    assert {("consent_given", 0), ("withdrawn", 0)} <= seen
