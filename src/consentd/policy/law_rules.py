"""Does a law pack make sense? Zones, dates, hours and ids."""

import datetime as dt
from collections.abc import Iterable
from typing import Protocol

import msgspec

from consentd.kernel.hours import days_of, minutes_of
from consentd.kernel.law import Holiday, HoursRule, Pack, Rule
from consentd.kernel.policy import Policy
from consentd.policy.files import Where

RULES = (
    "bases",
    "validity",
    "sector_bans",
    "hours",
    "caps",
    "ages",
    "soft_opt_in",
    "proof",
    "inactivity",
    "deadlines",
    "retention",
)
"""The lists of dated rules in a pack."""


class Faults(Protocol):
    def fault(self, file: str, where: Where, reason: str) -> None: ...
    def known(
        self, file: str, where: Where, kind: str, names: Iterable[str], known: Iterable[str]
    ) -> None: ...
    def zone(self, file: str, where: Where, zone: str) -> None: ...


def check(policy: Policy, checker: Faults) -> None:
    for pack in policy.packs.values():
        file = f"law/{pack.id}.yaml"
        _territories(pack, file, checker)
        _rules(policy, pack, file, checker)
        for index, rule in enumerate(pack.hours):
            _hours(rule, file, ("hours", index), checker)
    claimed: dict[str, str] = {}
    for pack in policy.packs.values():
        for index, country in enumerate(pack.countries):
            if pack.id != "eu" and claimed.setdefault(country, pack.id) != pack.id:
                where = ("countries", index)
                checker.fault(f"law/{pack.id}.yaml", where, f"{country} is also {claimed[country]}'s")


def _territories(pack: Pack, file: str, checker: Faults) -> None:
    codes: dict[str, str] = {}
    _holidays(pack.holidays, file, ("holidays",), checker)
    for index, territory in enumerate(pack.territories):
        where: Where = ("territories", index)
        if not territory.zones:
            checker.fault(file, (*where, "zones"), "needs at least one time zone")
        for place, zone in enumerate(territory.zones):
            checker.zone(file, (*where, "zones", place), zone)
        _holidays(territory.holidays, file, (*where, "holidays"), checker)
        for code in (territory.id, *territory.aliases):
            if codes.setdefault(code.upper(), territory.id) != territory.id:
                checker.fault(file, where, f"the code {code!r} is also {codes[code.upper()]}'s")
            if code in pack.excluded:
                checker.fault(file, where, f"the code {code!r} is also under 'excluded'")


def _holidays(rules: tuple[Holiday, ...], file: str, where: Where, checker: Faults) -> None:
    for index, rule in enumerate(rules):
        if (rule.date is None) == (rule.easter is None):
            checker.fault(file, (*where, index), "a holiday needs either 'date' or 'easter'")
        if rule.date is not None:
            try:
                # 2024 is a leap year; a holiday on its extra day would be none in other years.
                day = dt.date.fromisoformat(f"2024-{rule.date}")
            except ValueError:
                checker.fault(file, (*where, index, "date"), f'{rule.date!r} is no day: write "07-14"')
            else:
                if (day.month, day.day) == (2, 29):
                    checker.fault(file, (*where, index, "date"), "29 February is not a day of every year")


def _rules(policy: Policy, pack: Pack, file: str, checker: Faults) -> None:
    seen: set[str] = set()
    for name in RULES:
        listed: tuple[Rule, ...] = getattr(pack, name)
        for index, rule in enumerate(listed):
            where: Where = (name, index)
            if rule.id in seen:
                checker.fault(file, (*where, "id"), f"the rule {rule.id!r} stands here twice")
            seen.add(rule.id)
            if not rule.cites:
                checker.fault(file, (*where, "cites"), "a rule must cite its article")
            if rule.since is not None and rule.until is not None and rule.since >= rule.until:
                checker.fault(file, (*where, "until"), "ends before it begins")
            checker.known(file, (*where, "channels"), "channel", rule.channels, policy.channels)
            for field, number in _numbers(rule):
                if number < 1:
                    checker.fault(file, (*where, field), f"{field!r} must be at least 1")


def _numbers(rule: Rule) -> Iterable[tuple[str, int]]:
    for field in msgspec.structs.fields(rule):
        value = getattr(rule, field.name)
        if isinstance(value, int) and not isinstance(value, bool) and field.name != "silence_days":
            yield field.encode_name, value


def _hours(rule: HoursRule, file: str, where: Where, checker: Faults) -> None:
    for index, window in enumerate(rule.windows):
        here: Where = (*where, "windows", index)
        try:
            days_of(window.days)
        except ValueError:
            checker.fault(file, (*here, "days"), f"{window.days!r} are no days: write mon-fri, or sat")
        try:
            if minutes_of(window.start) >= minutes_of(window.end):
                checker.fault(file, here, "the window ends before it begins")
        except ValueError as error:
            checker.fault(file, here, str(error))
