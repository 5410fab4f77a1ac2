"""Whether what a policy says of requests makes sense: known rights, never fewer to agree than the law's
prudence takes, nobody's agreement before what only restricts, and no copy that leaves unseen where another
than the person asks.
"""

from typing import TYPE_CHECKING

from msgspec.structs import fields

from consentd.kernel.policy import Policy
from consentd.kernel.request_rules import AT_ONCE, COPIES, FEWEST, LOOKED_AT, MOST, Fewest, Right
from consentd.policy.files import Where
from consentd.policy.shape import did_you_mean

if TYPE_CHECKING:
    from consentd.policy.rules import Checker

FILE = "requests.yaml"


def check(policy: Policy, checker: "Checker") -> None:
    for name, rule in policy.requests.approvals.items():
        where: Where = ("approvals", name)
        right = _right(name, where, checker)
        if right is None:
            continue
        for field in fields(rule):
            said: int | None = getattr(rule, field.name)
            fewest: int = getattr(FEWEST.get(right, Fewest()), field.name)
            if said is None:
                continue
            if right in AT_ONCE and said > 0:
                checker.fault(FILE, (*where, field.name), "waits for nobody's agreement: it applies at once")
            elif not fewest <= said <= MOST:
                checker.fault(FILE, (*where, field.name), f"must be a number from {fewest} to {MOST}")
    for name, release in policy.requests.release.items():
        where = ("release", name)
        right = _right(name, where, checker)
        if right is None:
            continue
        if right not in COPIES:
            checker.fault(FILE, where, f"ends in no copy that could be released{_copies()}")
        elif right in LOOKED_AT and release == "automatic":
            checker.fault(FILE, where, "always waits for staff: it is another than the person who asks")


def _right(name: str, where: Where, checker: "Checker") -> Right | None:
    if name in set(Right):
        return Right(name)
    near = did_you_mean(name, [right.value for right in Right])
    checker.fault(FILE, where, f"unknown right {name!r}{near}")
    return None


def _copies() -> str:
    return f"; those that do: {', '.join(sorted(COPIES))}"
