"""What the help pages say that differs from company to company and from country to country. Pure.

Ages, periods and whom to write to come from the policy and its law packs, and from nowhere else.
"""

import datetime as dt

import msgspec

from consentd.kernel.instants import MINUTE
from consentd.kernel.law import Pack
from consentd.kernel.policy import Policy
from consentd.portal.codes import CODE_MINUTES
from consentd.portal.sessions import IDLE, LASTS

TOPICS = ("data", "children", "agents", "letters", "after-death", "accessibility")

STATED = dt.date(2026, 11, 22)
"""The day of the accessibility statement: whoever changes what it says, or looks again, changes it."""

_DIRECTIVES = ("FR",)
"""Where the law knows instructions for after one's death (loi Informatique et Libertés, article 85)."""


class Facts(msgspec.Struct, frozen=True):
    age: int | None
    """From which age a person agrees alone; None where the law that applies names none."""
    joint: bool
    """Whether below it child and parent agree together; else the parent agrees."""
    months: int
    extended: int
    """Within so many months a request is answered, and within so many at most."""
    proof_years: int | None
    directives: bool
    code_minutes: int = CODE_MINUTES
    idle_minutes: int = IDLE // MINUTE
    visit_minutes: int = LASTS // MINUTE
    stated: dt.date = STATED


def facts_of(policy: Policy, today: dt.date) -> Facts:
    controller = policy.controller
    packs = _packs(policy)
    ages = [rule for pack in packs for rule in pack.ages if rule.country in (controller.country, None)]
    ages = [rule for rule in ages if _in_force(rule.since, rule.until, today)]
    # The country's own age goes before the one for wherever nobody set any.
    ages.sort(key=lambda rule: rule.country is None)
    deadlines = [
        rule for pack in packs for rule in pack.deadlines if _in_force(rule.since, rule.until, today)
    ]
    years = [rule.years for pack in packs for rule in pack.proof]
    return Facts(
        age=ages[0].years if ages else None,
        joint=bool(ages) and ages[0].joint,
        months=deadlines[0].months if deadlines else 1,
        extended=deadlines[0].extended_months if deadlines else 3,
        proof_years=max(years, default=None),
        directives=controller.country in _DIRECTIVES,
    )


def _packs(policy: Policy) -> list[Pack]:
    """Those of the controller's country, its own before the Union's."""
    found = [pack for pack in policy.packs.values() if policy.controller.country in pack.countries]
    return sorted(found, key=lambda pack: len(pack.countries))


def _in_force(since: dt.date | None, until: dt.date | None, day: dt.date) -> bool:
    return (since is None or since <= day) and (until is None or day < until)
