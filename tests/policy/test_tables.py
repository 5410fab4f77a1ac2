"""The demo company's decision tables, and the runner that reads them."""

from pathlib import Path

import pytest
from spoiling import DEMO

from consentd.kernel.errors import PolicyError
from consentd.policy.loader import load
from consentd.policy.tables import Result, run

POLICY = load(DEMO)
RESULTS = run(POLICY, DEMO)


def table(directory: Path, text: str) -> list[Result]:
    (directory / "tests").mkdir()
    (directory / "tests" / "a.yaml").write_text(text, "utf-8")
    return run(POLICY, directory)


@pytest.mark.parametrize("result", RESULTS, ids=lambda result: f"{Path(result.file).stem}: {result.name}")
def test_the_demo_rules_decide_as_written(result: Result) -> None:
    assert result.fault is None, f"{result.file}:{result.line}: {result.fault}"


def test_every_topic_has_a_table_and_no_two_cases_share_a_name() -> None:
    topics = {Path(result.file).stem for result in RESULTS}
    assert {
        "hours_fr",
        "consent_year",
        "telephone_opt_in",
        "soft_opt_in",
        "sector_ban",
        "frequency",
    } <= topics
    assert {"children", "objection", "layers", "shared_addresses", "special_category"} <= topics
    assert {"tracking", "professional", "germany", "notices", "nothing_by_default"} <= topics
    names = [(result.file, result.name) for result in RESULTS]
    assert len(set(names)) == len(names)


def test_a_case_that_comes_out_otherwise_is_told_with_its_line_and_what_was_found(tmp_path: Path) -> None:
    results = table(
        tmp_path,
        "about: wrong\n"
        "purpose: newsletter\n"
        "channel: email\n"
        "cases:\n"
        "  - name: fine\n"
        "    at: 2026-11-02\n"
        "    expect: { allow: false }\n"
        "  - name: not so\n"
        "    at: 2026-11-02\n"
        "    expect: { allow: true, reason: consent_given, valid_until: 2026-12-01 }\n",
    )
    assert [(result.line, result.fault is None) for result in results] == [(5, True), (8, False)]
    fault = results[1].fault or ""
    assert "allow: expected True, found False (no_consent)" in fault
    assert "reason: expected consent_given, found no_consent" in fault
    assert "valid_until: expected 2026-11-30T23:00:00Z, found never" in fault


def test_a_proof_kept_otherwise_is_told_too(tmp_path: Path) -> None:
    results = table(
        tmp_path,
        "about: wrong\n"
        "proof:\n"
        "  - { name: too short, channel: phone, grants: [2026-09-01], kept_until: 2027-09-01 }\n",
    )
    assert "kept_until: expected" in (results[0].fault or "")


@pytest.mark.parametrize(
    ("case", "reason"),
    [
        ("given: nobody, at: 2026-11-02, expect: { allow: false }", "unknown situation 'nobody'"),
        ("at: tomorrow, expect: { allow: false }", "not a time"),
        ("at: 2026-11-02, expect: { allow: false, reason: no_consnt }", "did you mean 'no_consent'?"),
        ("at: 2026-11-02, expect: { allwo: false }", "did you mean 'allow'?"),
        ("at: 2026-11-02, zone: Paris, expect: { allow: false }", "Paris"),
    ],
)
def test_a_case_that_makes_no_sense_is_refused(tmp_path: Path, case: str, reason: str) -> None:
    with pytest.raises(PolicyError) as error:
        table(tmp_path, f"about: x\ncases:\n  - {{ name: x, {case} }}\n")
    assert all(file == "tests/a.yaml" and line == 3 for file, line, _ in error.value.faults)
    assert reason in str(error.value)
