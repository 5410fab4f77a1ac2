"""That somebody was in a list and decided so is proven from its answers alone, and verified offline."""

import copy
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consentd.check.lists.proof import path_of
from consentd.evidence.checkpoint import vkey
from consentd.evidence.merkle import Tree, leaf_hash, verify_inclusion
from support.builders import demo_policy
from support.installation import Installation

WHO = [
    *(f"person{number}@exemple.fr" for number in range(9)),
    "ana@exemple.fr",
    "not an address",
    "Ana@Exemple.fr",
]
Proof = dict[str, Any]


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> tuple[Installation, Path]:
    """An installation that filtered a list, whose answers were kept and which is gone."""
    folder = tmp_path_factory.mktemp("list")
    installation = Installation(tmp_path_factory.mktemp("made")).make()
    file, answers = folder / "list.csv", folder / "reasons.csv"
    file.write_text("\n".join(["mail", *WHO]))
    done = installation.run(
        "filter", str(file), "--purpose", "newsletter", "--channel", "email", "--reasons", str(answers)
    )
    assert done.code == 0, done.err
    file.unlink()
    return installation, answers


def key_of(installation: Installation) -> str:
    async def work(parts: Any) -> bytes:
        key: bytes = parts.keyring.signer("log").public
        return key

    return vkey(demo_policy().controller.log_origin, installation.within(work))


def proven(decided: tuple[Installation, Path], out: Path, *more: str) -> Proof:
    installation, answers = decided
    done = installation.run("audit", "list-proof", str(answers), *more, "--out", str(out))
    assert done.code == 0, done.err
    made: Proof = json.loads(out.read_text())
    return made


def test_a_row_is_proven_from_the_answers_and_verified_with_the_key_alone(
    decided: tuple[Installation, Path], tmp_path: Path
) -> None:
    installation, _ = decided
    out = tmp_path / "proof"
    made = proven(decided, out, "--identifier", "ANA@exemple.fr")
    assert (made["decided"]["row"], made["decided"]["identifier"]) == (10, "ana@exemple.fr")
    assert made["decided"]["reasons"] == ["unknown_person"]
    assert "person8" not in out.read_text()
    assert installation.entries()[-1] == "log.proven"
    nowhere = Installation(tmp_path / "nowhere")
    nowhere.folder.mkdir()
    done = nowhere.run("audit", "verify-list-proof", str(out), "--key", key_of(installation), "--json")
    assert (done.code, done.json["holds"], done.json["list"]["size"]) == (0, True, 12)
    again = installation.run("audit", "list-proof", "x", "--identifier", "y", "--out", str(out))
    assert again.code == 2


def test_of_several_rows_one_is_chosen_and_an_unreadable_cell_is_proven_too(
    decided: tuple[Installation, Path], tmp_path: Path
) -> None:
    second = proven(decided, tmp_path / "a", "--identifier", "ana@exemple.fr", "--row", "12")
    assert second["decided"]["row"] == 12
    wrong = proven(decided, tmp_path / "b", "--identifier", "not an address")
    assert wrong["decided"]["reasons"] == ["unreadable_cell"]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda text: text.replace("unknown_person", "consent_given", 1), "list with these answers"),
        (lambda text: "".join(text.splitlines(True)[:-1]), "list with these answers"),
        (lambda text: text.replace("\n2,", "\n3,", 1), "Row 2 of this file"),
        (lambda text: "a,b\n1,2\n", "Row 1 of this file"),
        (lambda text: "", "list with these answers"),
    ],
)
def test_answers_that_were_changed_prove_nothing(
    decided: tuple[Installation, Path], tmp_path: Path, change: Callable[[str], str], says: str
) -> None:
    installation, answers = decided
    other = tmp_path / "answers.csv"
    shutil.copy(answers, other)
    other.write_text(change(other.read_text()))
    done = installation.run(
        "audit", "list-proof", str(other), "--identifier", "person0@exemple.fr", "--out", str(tmp_path / "o")
    )
    assert done.code == 1
    assert says in done.err or "No such row" in done.err
    assert not (tmp_path / "o").exists()


def test_who_was_not_on_the_list_cannot_be_proven(decided: tuple[Installation, Path], tmp_path: Path) -> None:
    installation, answers = decided
    for more in (("--identifier", "zoe@exemple.fr"), ("--identifier", "ana@exemple.fr", "--row", "3")):
        done = installation.run("audit", "list-proof", str(answers), *more, "--out", str(tmp_path / "o"))
        assert (done.code, "No such row of this list" in done.err) == (1, True)


def altered(made: Proof, *path: str, to: Any) -> Proof:
    other = copy.deepcopy(made)
    place: Any = other
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = to
    return other


def test_a_proof_that_was_altered_anywhere_does_not_hold(
    decided: tuple[Installation, Path], tmp_path: Path
) -> None:
    installation, _ = decided
    made = proven(decided, tmp_path / "good", "--identifier", "ana@exemple.fr")
    key = key_of(installation)
    lines = made["log"].split("\n")
    forgeries = [
        altered(made, "decided", "allow", to=True),
        altered(made, "decided", "identifier", to="zoe@exemple.fr"),
        altered(made, "decided", "row", to=9),
        altered(made, "decided", "row", to="ten"),
        altered(made, "decided", "key", to="0" * 32),
        altered(made, "path", to=made["path"][::-1]),
        altered(made, "path", to=[*made["path"][:-1], "nonsense"]),
        altered(made, "list", "row", "size", to=13),
        altered(made, "list", "row", "purpose", to="promotions"),
        altered(made, "list", "row", "root", to=made["list"]["row"]["root"].upper()),
        altered(made, "list", "table", to="permits"),
        altered(made, "list", "row", to=None),
        altered(made, "format", to="other"),
        altered(made, "log", to="\n".join([lines[0], lines[1][:-8] + "AAAAAAA=", *lines[2:]])),
        altered(made, "log", to="\n".join([*lines[:2], "index 999", *lines[3:]])),
        altered(made, "log", to="\n".join(lines[:-2])),
        altered(made, "log", to=""),
    ]
    for number, forged in enumerate(forgeries):
        file = tmp_path / f"forged{number}"
        file.write_text(json.dumps(forged))
        done = installation.run("audit", "verify-list-proof", str(file), "--key", key)
        assert done.code == 1, number
        assert "defect" not in done.err, done.err
    (tmp_path / "none").write_text("{}")
    assert installation.run("audit", "verify-list-proof", str(tmp_path / "none"), "--key", key).code == 1
    good = str(tmp_path / "good")
    assert installation.run("audit", "verify-list-proof", good, "--key", "no+key").code == 2
    other = vkey("other.example/log", bytes(32))
    assert installation.run("audit", "verify-list-proof", good, "--key", other).code == 1


@given(st.integers(1, 70).flatmap(lambda size: st.tuples(st.just(size), st.integers(0, size - 1))))
def test_a_path_read_off_the_leaves_leads_to_the_root(asked: tuple[int, int]) -> None:
    size, index = asked
    leaves = [leaf_hash(b"%d" % number) for number in range(size)]
    tree = Tree()
    tree.extend(leaves)
    path = path_of(index, size, leaves)
    assert verify_inclusion(leaves[index], index, size, path, tree.root())
