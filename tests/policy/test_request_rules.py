"""What a company may decide about requests, and what nobody may: told with file and line."""

from pathlib import Path

import pytest
from spoiling import Edit, Faults

from consentd.kernel.request_rules import RequestRules, Right, RightRule, approvals
from consentd.policy.loader import load

FILE = "requests.yaml"
OLD = "access: { agent: 2 }"


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
