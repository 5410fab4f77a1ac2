"""What a company may decide about requests, and what nobody may: told with file and line."""

from pathlib import Path

import pytest
from spoiling import Edit, Faults

from consentd.kernel.request_rules import (
    COPIES,
    RequestRules,
    Right,
    RightRule,
    approvals,
    released_by_itself,
)
from consentd.policy.loader import load

FILE = "requests.yaml"
OLD = "access: { agent: 2 }"
RELEASE = "release: { access: staff, portability: staff }"


def test_the_demo_company_has_mandates_read_by_two(rules: Path) -> None:
    assert approvals(load(rules).requests, Right.ACCESS, "agent") == 2


def test_without_the_file_each_right_takes_the_fewest(rules: Path) -> None:
    (rules / FILE).unlink()
    policy = load(rules)
    assert policy.requests == RequestRules()
    fewest = {right: approvals(policy.requests, right, "staff") for right in Right}
    assert {right for right, number in fewest.items() if number == 2} == {
        Right.ERASURE,
        Right.POST_MORTEM_ERASURE,
    }


def test_a_policy_asks_for_more_and_never_for_less() -> None:
    rules = RequestRules(approvals={"erasure": RightRule(person=1, staff=0)})
    assert approvals(rules, Right.ERASURE, "person") == 1
    assert approvals(rules, Right.ERASURE, "staff") == 2


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("acess: { agent: 2 }", "did you mean 'access'?"),
        ("erasure: { staff: 1 }", "must be a number from 2 to 5"),
        ("access: { person: 9 }", "must be a number from 0 to 5"),
        ("rectification: { person: 0 }", "must be a number from 1 to 5"),
        ("withdrawal: { person: 1 }", "waits for nobody's agreement"),
        ("objection: { agent: 1 }", "waits for nobody's agreement"),
        ("access: { agnt: 2 }", "did you mean 'agent'?"),
        ("access: { agent: two }", "number"),
    ],
)
def test_what_cannot_be_decided_is_told(edit: Edit, faults: Faults, new: str, reason: str) -> None:
    edit(FILE, OLD, new)
    ((file, line, told),) = faults()
    assert (file, line) == (FILE, 4)
    assert reason in told


def test_no_copy_goes_out_by_itself_unless_the_policy_says_so(rules: Path) -> None:
    assert not any(released_by_itself(load(rules).requests, right) for right in Right)
    assert not any(released_by_itself(RequestRules(), right) for right in Right)
    every = RequestRules(release={right.value: "automatic" for right in Right})
    found = {right for right in Right if released_by_itself(every, right)}
    # Whatever a stored policy says, heirs are looked at.
    assert found == {Right.ACCESS, Right.PORTABILITY} < COPIES


def test_a_policy_lets_copies_go(rules: Path, edit: Edit) -> None:
    edit(FILE, RELEASE, "release: { access: automatic, post_mortem: staff }")
    found = load(rules).requests
    assert [right for right in Right if released_by_itself(found, right)] == [Right.ACCESS]


@pytest.mark.parametrize(
    ("new", "reason"),
    [
        ("release: { acess: automatic }", "did you mean 'access'?"),
        ("release: { erasure: automatic }", "ends in no copy"),
        ("release: { erasure: staff }", "ends in no copy"),
        ("release: { post_mortem: automatic }", "always waits for staff"),
        ("release: { access: automatc }", "did you mean 'automatic'?"),
        ("release: { access: true }", "is not known here"),
        ("release: automatic", "must be a mapping"),
    ],
)
def test_what_cannot_be_let_go_is_told(edit: Edit, faults: Faults, new: str, reason: str) -> None:
    edit(FILE, RELEASE, new)
    ((file, line, told),) = faults()
    assert (file, line) == (FILE, 8)
    assert reason in told
