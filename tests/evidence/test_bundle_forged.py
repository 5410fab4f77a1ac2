"""Whatever a forger does to a bundle is found and named, although zip file and manifest agree with it."""

import json

import pytest

from consentd.base.ids import new_id
from consentd.crypto.secrets import Secret
from consentd.crypto.signing import Signer
from consentd.db.tables.people import fact_states, subjects
from consentd.db.unit import Unit
from consentd.evidence import checkpoint
from consentd.evidence.bundle import layout
from consentd.evidence.checkpoint import Checkpoint
from consentd.evidence.merkle import Tree, leaf_hash
from consentd.kernel.ids import SubjectId
from support.bundles import Files, Forge, about, exported, files_of, forged, found, lines, part, verified
from support.ledger import ORIGIN, Ledger


def at(index: int) -> int:
    """The line of an entry among the first four, whose rows are three each."""
    return 0 if index == 0 else 1 + 4 * (index - 1)


def put(number: int, line: bytes | None, *, instead: int = 1) -> Forge:
    def forge(files: Files) -> None:
        found = lines(files)
        found[number : number + instead] = [] if line is None else [line]
        files[part(files)] = b"".join(one + b"\n" for one in found)

    return forge


def change(number: int, old: bytes, new: bytes) -> Forge:
    def forge(files: Files) -> None:
        line = lines(files)[number]
        assert old in line
        put(number, line.replace(old, new, 1))(files)

    return forge


def twice(number: int) -> Forge:
    return lambda files: put(number, lines(files)[number], instead=0)(files)


def swapped(files: Files) -> None:
    found = lines(files)
    one, two = found[at(1) : at(2)], found[at(2) : at(3)]
    found[at(1) : at(3)] = two + one
    files[part(files)] = b"".join(line + b"\n" for line in found)


def truncated(files: Files) -> None:
    found = lines(files)
    last = max(number for number, line in enumerate(found) if line.endswith(b'"table":"log_entries"}'))
    files[part(files)] = b"".join(line + b"\n" for line in found[:last])


def manifest(old: bytes, new: bytes) -> Forge:
    def forge(files: Files) -> None:
        assert old in files[layout.MANIFEST]
        files[layout.MANIFEST] = files[layout.MANIFEST].replace(old, new, 1)

    return forge


def cut(name: str) -> Forge:
    def forge(files: Files) -> None:
        files[name] = files[name][:-1]

    return forge


def renamed(files: Files) -> None:
    content = dict(files)
    name = part(files)
    files.clear()
    for one, value in content.items():
        files[layout.part_name(1) if one == name else one] = value


ROOT_MOVED = "checkpoint as a whole (entry 8 of the log): was signed over other entries than these"
NESTED = b'{"row":{"a":' + b"[" * 100_000 + b',"table":"log_entries"}'

FORGERIES = {
    "a row edited": (change(at(2) + 1, b'"sent"', b'"none"'), "attempts ", "is not what entry"),
    "a ciphertext edited": (
        change(at(2) + 3, b'"sealed":"00', b'"sealed":"01'),
        "facts ",
        "is not what entry",
    ),
    "a row removed": (put(at(2) + 1, None), "attempts ", "is missing, but entry"),
    "a row doubled": (twice(at(2) + 1), "attempts ", "is missing, but entry"),
    "a row more after an entry": (twice(at(3) + 3), "entries/000000000000.jsonl line 14", "is no row that"),
    "a row before the first entry": (
        put(0, b'{"row":{},"table":"facts"}', instead=0),
        "entries/000000000000.jsonl line 1",
        "is no row that",
    ),
    "an empty line": (put(1, b"", instead=0), "entries/000000000000.jsonl line 2", "is no row that"),
    "an entry edited": (change(at(2), b'"service"', b'"subject"'), ROOT_MOVED, ""),
    "an entry's rows emptied": (
        put(0, b'{"row":{"rows":"[]"},"table":"log_entries"}'),
        "entries/",
        "which rows",
    ),
    "an entry that cannot be read": (put(0, NESTED), "entries/000000000000.jsonl line 1", "which rows"),
    "an entry and its rows removed": (
        put(at(2), None, instead=4),
        "checkpoint",
        "is over 9 entries; the bundle has 8",
    ),
    "an entry doubled": (twice(0), "log_entries 9", "as the checkpoint is over 9 entries"),
    "entries swapped": (swapped, ROOT_MOVED, ""),
    "the last entry removed": (truncated, "", "is over 9 entries; the bundle has 8"),
    "the last line cut": (
        cut("entries/000000000000.jsonl"),
        "entries/000000000000.jsonl line",
        "does not end",
    ),
    "a part renamed": (renamed, "entries/000000000001.jsonl as a whole", "begins at entry 1, but 0 is next"),
    "another origin": (manifest(ORIGIN.encode(), b"consent.example/lag"), "log.key", "is of another log"),
    "another size": (manifest(b'"size":9,"waiting"', b'"size":8,"waiting"'), "manifest.json size", ""),
    "another count waiting": (manifest(b'"waiting":1', b'"waiting":2'), "manifest.json waiting", ""),
    "another count of rows": (manifest(b'"facts":4', b'"facts":5'), "manifest.json rows", ""),
    "other kept tables": (manifest(b'"subjects"],', b'"subjectz"],'), "manifest.json kept", ""),
    "a checkpoint cut": (cut("checkpoint"), "checkpoint as a whole", "no signatures"),
    "a key cut": (cut("log.key"), "log.key as a whole", "does not end"),
    "a waiting entry cut": (cut("waiting.jsonl"), "waiting.jsonl line", "does not end"),
}


@pytest.mark.parametrize("name", FORGERIES)
async def test_promise_9_whatever_is_forged_is_found_and_located(lived: Ledger, name: str) -> None:
    forge, place, what = FORGERIES[name]
    bundle = forged(await exported(lived), forge)
    named = found(bundle)
    assert any(one.startswith(place) and what in one for one in named), named


async def test_promise_9_a_row_that_may_change_cannot_be_left_out_or_put_back(lived: Ledger) -> None:
    bundle = await exported(lived)
    rows = lines(files_of(bundle))
    states = [number for number, line in enumerate(rows) if line.endswith(b'"table":"fact_states"}')]
    named = found(forged(bundle, put(states[0], None)))
    assert [one for one in named if one.startswith("fact_states ") and "no entry after" in one]
    named = found(forged(bundle, change(states[0], b'"sealed":"01', b'"sealed":"03')))
    assert [one for one in named if one.startswith("fact_states ") and "is not what entry" in one]

    # As it was before it was changed: that is what an older entry lists.
    second = json.loads(rows[states[1]])
    number = next(n for n, line in enumerate(rows) if second["row"]["subject_id"].encode() in line)
    older = {
        **second["row"],
        "entry_id": json.loads(rows[number])["row"]["id"],
        "sealed": b"\x01 first".hex(),
    }
    line = json.dumps({"row": older, "table": "fact_states"}, sort_keys=True, separators=(",", ":")).encode()
    at_line = number + 2  # after the entry and the person's own row

    def put_back(files: Files) -> None:
        put(states[1], None)(files)
        put(at_line, line, instead=0)(files)

    named = found(forged(bundle, put_back))
    assert [one for one in named if one.startswith("fact_states ") and "is as it was before entry" in one], (
        named
    )


async def test_promise_9_nothing_is_removed_under_an_entry_about_somebody_else(ledger: Ledger) -> None:
    """What the log's own key signed is no more believed than what the rule says of it."""
    one, other = SubjectId(new_id()), SubjectId(new_id())

    def work(unit: Unit) -> None:
        entry = about(ledger, unit, one)
        row = {"id": one, "group_id": one, "merged": False, "created_at": unit.now}
        entry.insert(subjects, row)
        entry.insert(fact_states, {"subject_id": one, "sealed": b"facts"})
        entry.close()
        entry = about(ledger, unit, other)
        entry.delete(fact_states, {"subject_id": [one]})
        entry.close()

    await ledger.database.change(work)
    await ledger.sequence()
    (named,) = found(await exported(ledger))
    assert named.startswith(f"fact_states {one} (entry 2 of the log): was removed by entry ")
    assert named.endswith(", which is about somebody else")


@pytest.mark.parametrize(
    "rows",
    [
        '[["suppressions","a","00"]]',
        '[["attempts","a",null]]',
        '[["attempts","a"]]',
        "{}",
        f"[{10**4000}]",
    ],
)
async def test_a_list_of_rows_that_no_entry_may_hold_is_named(lived: Ledger, rows: str) -> None:
    line = json.dumps(
        {"row": {"id": "x", "rows": rows, "subject_id": None}, "table": "log_entries"}, separators=(",", ":")
    )
    named = found(forged(await exported(lived), put(0, line.encode())))
    assert any("which no entry may" in one or "does not say which rows" in one for one in named), named


def parted(files: Files) -> None:
    """The same lines, in two parts."""
    cut = at(2)
    found, content = lines(files), dict(files)
    first, second = found[:cut], found[cut:]
    files.clear()
    for name, value in content.items():
        if name == layout.part_name(0):
            files[name] = b"".join(line + b"\n" for line in first)
            files[layout.part_name(2)] = b"".join(line + b"\n" for line in second)
        else:
            files[name] = value


def with_an_empty_part(files: Files) -> None:
    content = dict(files)
    files.clear()
    for name, value in content.items():
        if name == layout.WAITING:
            files[layout.part_name(9)] = b""
        files[name] = value


async def test_promise_9_parts_are_cut_in_one_way(lived: Ledger, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that of one log and one snapshot there is one file."""
    bundle = await exported(lived)
    assert found(forged(bundle, parted)) == [
        "entries/000000000000.jsonl as a whole: does not end where a part ends"
    ]
    named = ["entries/000000000009.jsonl as a whole: does not end where a part ends"]
    assert found(forged(bundle, with_an_empty_part))[-1:] == named
    monkeypatch.setattr(layout, "PART_ENTRIES", 8)
    assert found(bundle) == ["entries/000000000000.jsonl as a whole: does not end where a part ends"]
    monkeypatch.setattr(layout, "PART_ENTRIES", 1024)
    monkeypatch.setattr(layout, "PART_BYTES", 1000)
    assert found(bundle) == ["entries/000000000000.jsonl as a whole: does not end where a part ends"]


def continued(files: Files) -> None:
    """By a stranger: an entry more, under a checkpoint of their own key, which stands beside the log's."""
    stranger = Signer("stranger", "log", Secret(bytes(range(32))))
    line = b'{"row":{"id":"x","rows":"[]","subject_id":null},"table":"log_entries"}'
    files[part(files)] += line + b"\n"
    leaves = [leaf_hash(one) for one in lines(files) if one.endswith(b'"table":"log_entries"}')]
    tree = Tree()
    tree.extend(leaves)
    files[layout.CHECKPOINT] = checkpoint.sign(Checkpoint(ORIGIN, tree.size, tree.root()), stranger).encode()
    files[layout.KEY] += checkpoint.vkey(ORIGIN, stranger.public).encode() + b"\n"
    manifest(f'"size":{tree.size - 1},"waiting"'.encode(), f'"size":{tree.size},"waiting"'.encode())(files)


async def test_promise_9_a_checkpoint_that_was_kept_vouches_for_no_strangers_continuation(
    lived: Ledger,
) -> None:
    kept = lived.file.read_text()
    bundle = forged(await exported(lived), continued)
    right = checkpoint.vkey(ORIGIN, lived.keyring.signer("log").public)
    # By itself it holds, and the command says whose keys those are.
    assert (verified(bundle).findings, len(verified(bundle).keys)) == ([], 2)
    (named,) = verified(bundle, kept=kept).findings
    assert (named.table, "not signed by the key that signed the one kept" in named.what) == (
        "checkpoint",
        True,
    )
    for more in (None, kept):
        (named,) = verified(bundle, keys=[right], kept=more).findings
        assert "does not bear this log's signature" in named.what
