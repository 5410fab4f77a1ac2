"""The company's rules at the command line: nothing wrong comes into force, and what would change is told."""

import shutil
from pathlib import Path

import pytest

from support.installation import POLICIES, Installation


@pytest.fixture
def policies(tmp_path: Path) -> Path:
    """A copy of the demo company's rules, to be changed."""
    folder = tmp_path / "policies"
    shutil.copytree(POLICIES, folder)
    return folder


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))


def test_good_rules_are_checked_and_their_tables_pass(installation: Installation) -> None:
    checked = installation.run("policy", "check")
    assert (checked.code, "No fault found." in checked.out) == (0, True)
    tested = installation.run("policy", "test", "--json")
    assert (tested.code, tested.json["failed"]) == (0, 0)
    assert tested.json["passed"] > 100


def test_a_faulty_file_is_refused_by_file_line_and_reason_and_what_runs_stays(
    installation: Installation, policies: Path
) -> None:
    edit(policies / "purposes" / "newsletter.yaml", "email: [consent]", "email: [consnet]")
    for command in ("check", "test", "diff", "activate"):
        ran = installation.run("policy", command, "--policies", str(policies))
        assert (ran.code, ran.out) == (1, ""), ran
        assert "purposes/newsletter.yaml:8: " in ran.err
        assert "Traceback" not in ran.err
    assert installation.run("policy", "diff").out == "Nothing would change.\n"


def test_a_decision_table_that_fails_keeps_its_rules_from_coming_into_force(
    installation: Installation, policies: Path
) -> None:
    table = policies / "tests" / "hours_fr.yaml"
    edit(table, "allow: true", "allow: false")
    tested = installation.run("policy", "test", "--policies", str(policies))
    assert tested.code == 1
    assert "tests/hours_fr.yaml:" in tested.out
    refused = installation.run("policy", "activate", "--policies", str(policies))
    assert (refused.code, "nothing was activated" in refused.err) == (1, True)
    assert "tests/hours_fr.yaml:" in refused.err
    assert installation.run("policy", "diff").out == "Nothing would change.\n"


def test_a_change_is_told_in_words_and_numbers_of_people_and_then_put_in_force(
    tmp_path: Path, policies: Path
) -> None:
    installation = Installation(tmp_path / "data")
    assert installation.run("demo", "--no-serve").code == 0
    edit(policies / "purposes" / "newsletter.yaml", "  push: [consent]\n", "")
    # It holds a case of what is taken away.
    (policies / "tests" / "objection.yaml").unlink()
    told = installation.run("policy", "diff", "--policies", str(policies))
    assert (told.code, told.err) == (0, "")
    assert "newsletter" in told.out
    assert "people have a choice on record about newsletter by push" in told.out
    activated = installation.run("policy", "activate", "--policies", str(policies))
    assert (activated.code, activated.out.endswith(" is in force.\n")) == (0, True), activated
    again = installation.run("policy", "activate", "--policies", str(policies), "--json").json
    assert again["changed"] is False
    assert "policy.activated" in installation.entries()
