"""What ought to come of the silos, worked out from `truth.jsonl` and the README beside it, by its own means.

It shares nothing with the program: it has its own reading of the files (only for who is named by what, and
for birth dates), its own spelling and joining, and the few rules of law that bear on these claims. It answers
one question: may this address be used for this purpose, in principle, at this instant?
"""

import csv
import datetime as dt
import json
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
EXPORT = dt.datetime(2026, 11, 1, 23, 59, 59, 999999, PARIS)
MATERIAL = dt.datetime(2022, 6, 1, tzinfo=PARIS)
"""Since then what was given on the newsletter's first text counts no more (policies/notices/newsletter/2)."""
OPT_IN = dt.datetime(2026, 8, 11, tzinfo=PARIS)
AGES = {"DE": 16, "BE": 13}
OVERSEAS = {"262": "262", "692": "262", "693": "262", "269": "262", "639": "262"} | {
    "590": "590", "690": "590", "691": "590", "594": "594", "694": "594", "596": "596", "696": "596",
    "697": "596", "508": "508", "708": "508",
}  # fmt: skip

Name = tuple[str, str]


class Claim(NamedTuple):
    """One statement: `point` None is the whole channel; `proven` counts for a yes alone."""

    purpose: str
    channel: str
    point: Name | None
    yes: bool
    at: dt.datetime
    proven: bool
    own_act: bool = False
    first_notice: bool = False
    call: bool = False


class Record(NamedTuple):
    """What one tool has under one number or address."""

    names: tuple[Name, ...]
    claims: tuple[Claim, ...]
    objections: tuple[dt.datetime, ...]
    territory: str | None
    birth: dt.date | None


def email(text: str) -> Name | None:
    plain = text.strip().lower()
    return ("email", plain) if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", plain) else None


def phone(text: str, territory: str | None = None) -> Name | None:
    digits = re.sub(r"[^0-9+]", "", text.replace("(0)", ""))
    if not digits:
        return None
    if digits.startswith("00"):
        digits = "+" + digits[2:]
    if not digits.startswith("+"):
        digits = {"DE": "+49", "BE": "+32"}.get(territory or "", "+33") + digits[1:]
    if digits.startswith("+33") and digits[3:6] in OVERSEAS:
        digits = f"+{OVERSEAS[digits[3:6]]}{digits[3:]}"
    return ("phone", digits)


def rows(folder: Path, file: str, encoding: str = "utf-8-sig", delimiter: str = ",") -> list[dict[str, str]]:
    with (folder / file).open(encoding=encoding, newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def instant(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=PARIS)


def end_of(day: dt.datetime) -> dt.datetime:
    return day.replace(hour=23, minute=59, second=59, microsecond=999999)


class Expected:
    def __init__(self, folder: Path) -> None:
        told = (folder / "truth.jsonl").read_text(encoding="utf-8")
        self.truth = [json.loads(line) for line in told.splitlines()]
        self._claims: defaultdict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
        for one in self.truth:
            for claim in one["claims"]:
                for key in ("email", "mobile", "loyalty", "shopify_id", "hubspot_id"):
                    if one.get(key):
                        self._claims[claim["system"], key + one[key].lower()].append(claim)
        self.bounced: set[Name] = set()
        self.records = [*self._shop(folder), *self._mailing(folder), *self._crm(folder)]
        self.records += [*self._till(folder), *self._calls(folder)]
        self.people = joined(self.records)
        self.holders: defaultdict[Name, list[int]] = defaultdict(list)
        for number, person in enumerate(self.people):
            for name in {name for record in person for name in record.names}:
                self.holders[name].append(number)

    # --- the five tools

    def _shop(self, folder: Path) -> Iterable[Record]:
        for row in rows(folder, "shopify_customers.csv"):
            place = row["Default Address Country Code"] or None
            number = phone(row["Phone"] or row["Default Address Phone"], place)
            yield from self._record(
                [("shopify", row["Customer ID"].lstrip("'")), email(row["Email"]), number], place
            )

    def _mailing(self, folder: Path) -> Iterable[Record]:
        named: dict[Name, None] = {}
        for file in ("subscribed", "unsubscribed", "cleaned"):
            for row in rows(folder, f"mailchimp_{file}.csv"):
                address = email(row["Email Address"])
                assert address is not None
                named[address] = None
                if file == "cleaned":
                    self.bounced.add(address)
        complaints = defaultdict(list)
        for row in rows(folder, "mailchimp_unsubscribed.csv"):
            if row["UNSUB_REASON"] == "SPAM":
                complaints[email(row["Email Address"])].append(instant(row["UNSUB_TIME"]))
        for address in named:
            claims = []
            for told in self._told("mailing", "email" + address[1]):
                if told["state"] == "bounced":
                    continue
                at, confirmed = instant(told["at"]), told.get("double_opt_in", False)
                yes = told["state"] == "given"
                claims.append(
                    Claim(
                        "newsletter",
                        "email",
                        address,
                        yes,
                        at,
                        confirmed,
                        confirmed,
                        confirmed and at < MATERIAL,
                    )
                )
            yield Record((address,), tuple(claims), tuple(complaints[address]), None, None)

    def _crm(self, folder: Path) -> Iterable[Record]:
        for row in rows(folder, "hubspot_contacts.csv"):
            place = row["Country/Region"] or None
            address = email(row["Email"])
            claims, objections = [], []
            for told in self._told("crm", "hubspot_id" + row["Record ID"]):
                if told["state"] == "objected":
                    objections.append(EXPORT)
                elif told["state"] == "withdrawn":
                    claims.append(Claim("newsletter", "email", address, False, EXPORT, False))
            names = [("hubspot", row["Record ID"]), address, phone(row["Phone Number"], place)]
            for record in self._record(names, place):
                yield record._replace(claims=tuple(claims), objections=tuple(objections))

    def _till(self, folder: Path) -> Iterable[Record]:
        for row in rows(folder, "caisse_fidelite.csv", "cp1252", ";"):
            told = self._told("till", "loyalty" + row["carte"].lower())
            if not told:
                continue  # the row that is broken on purpose
            day, month, year = map(int, row["naissance"].split("/"))
            birth = dt.date(year, month, day)
            address, number = email(row["courriel"]), phone(row["telephone"])
            claims = []
            for one in told:
                given, point = instant(one["at"]), None
                if one["channel"] in ("email", "sms", "phone"):
                    point = address if one["channel"] == "email" else number
                yes = one["state"] == "given"
                proven = yes and bool(one["evidence"]) and given.date() >= birthday(birth, 15)
                at = given if yes else end_of(given)
                claims.append(Claim(one["purpose"], one["channel"], point, yes, at, proven, proven))
            for record in self._record([("loyalty", row["carte"].lower()), address, number], None):
                yield record._replace(claims=tuple(claims), birth=birth)

    def _calls(self, folder: Path) -> Iterable[Record]:
        for text in dict.fromkeys(
            row["numero"] for row in rows(folder, "appels_sortants.csv", "cp1252", ";")
        ):
            number = phone(text)
            assert number is not None
            claims = []
            for told in self._told("phone-sales", "mobile+33" + text[1:]):
                # The file knows minutes.
                at = instant(told["at"]).replace(second=0)
                yes, proven = told["state"] == "given", bool(told["evidence"])
                claims.append(
                    Claim("promotions", "phone", number, yes, at, yes and proven, yes and proven, call=True)
                )
                if not yes:
                    # A refusal during a call is one of calls, whatever the number.
                    claims.append(Claim("promotions", "phone", None, False, at, False))
            yield Record((number,), tuple(claims), (), None, None)

    def _told(self, system: str, key: str) -> list[dict[str, Any]]:
        return self._claims[system, key]

    def _record(self, names: list[Name | None], territory: str | None) -> Iterable[Record]:
        known = tuple(name for name in names if name is not None)
        if any(scheme in ("email", "phone") for scheme, _ in known):
            yield Record(known, (), (), territory, None)

    # --- the question

    def eligible(self, point: Name, purpose: str, channel: str, at: dt.datetime) -> bool:
        holders = self.holders.get(point, [])
        return bool(holders) and all(self._may(number, point, purpose, channel, at) for number in holders)

    def abroad(self, point: Name) -> bool:
        """Whether French hours are not those of its holder."""
        people = (self.people[number] for number in self.holders.get(point, ()))
        return any(record.territory in AGES for person in people for record in person)

    def _may(self, number: int, point: Name, purpose: str, channel: str, at: dt.datetime) -> bool:
        person = self.people[number]
        territory = min((r.territory for r in person if r.territory), default="FR")
        births = [record.birth for record in person if record.birth]
        if births and at.date() < birthday(max(births), AGES.get(territory, 15)):
            return False
        claims = [claim for record in person for claim in record.claims if claim.purpose == purpose]
        claims = self._lawful([claim for claim in claims if claim.channel == channel], territory)
        own, whole = latest(claims, point), latest(claims, None)
        if channel == "email":
            acts = [
                claim.at for claim in claims if claim.own_act and claim.yes and claim.point in (point, None)
            ]
            since = [since for record in person for since in record.objections]
            if since and (not acts or max(acts) <= max(since)):
                return False
            if point in self.bounced:
                return False
        if own is not None and not own.yes:
            return False
        if whole is not None and not whole.yes and (own is None or own.at <= whole.at):
            return False
        return any(
            self._stands(grant, territory, at) for grant in (own, whole) if grant is not None and grant.yes
        )

    def _stands(self, grant: Claim, territory: str, at: dt.datetime) -> bool:
        if grant.first_notice or grant.at > at:
            return False
        if grant.channel == "phone" and territory not in ("DE", "BE") and at >= OPT_IN:
            given = grant.at.astimezone(PARIS).date()
            return at.date() < birthday(given, 1)
        return True

    def _lawful(self, claims: list[Claim], territory: str) -> list[Claim]:
        """Proven yeses and noes alone; of a call since the opt-in only what an earlier proven yes allowed."""
        counted: list[Claim] = []
        for claim in sorted(claims, key=lambda one: (one.at, one.yes)):
            if claim.yes and not claim.proven:
                continue
            if claim.yes and claim.call and claim.at >= OPT_IN:
                before = [one for one in counted if one.at < claim.at]
                own, whole = latest(before, claim.point), latest(before, None)
                no = next((one for one in (own, whole) if one is not None and not one.yes), None)
                if no is not None and not (no is whole and own is not None and own.yes and own.at > no.at):
                    continue
                grants = [one for one in (own, whole) if one is not None and one.yes]
                if not any(self._stands(one, territory, claim.at) for one in grants):
                    continue
            counted.append(claim)
        return counted


def latest(claims: Iterable[Claim], point: Name | None) -> Claim | None:
    """Later wins; at equal times the no."""
    about = [claim for claim in claims if claim.point == point]
    return max(about, key=lambda claim: (claim.at, not claim.yes), default=None)


def birthday(day: dt.date, years: int) -> dt.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return dt.date(day.year + years, 3, 1)


# --- who is one person

NUMBERS = ("loyalty", "shopify", "hubspot")


def joined(records: list[Record]) -> list[list[Record]]:
    """Records that share an identifier are one person, unless somebody would have two numbers of a kind."""
    held: defaultdict[Name, list[int]] = defaultdict(list)
    for number, record in enumerate(records):
        for name in set(record.names):
            held[name].append(number)
    parent = list(range(len(records)))

    def root(number: int) -> int:
        while parent[number] != number:
            number = parent[number]
        return number

    for numbers in held.values():
        if not contradict(records[number] for number in numbers):
            for number in numbers[1:]:
                parent[root(number)] = root(numbers[0])
    groups: defaultdict[int, list[Record]] = defaultdict(list)
    for number, record in enumerate(records):
        groups[root(number)].append(record)
    return [
        part
        for group in groups.values()
        for part in ([[one] for one in group] if contradict(group) else [group])
    ]


def contradict(records: Iterable[Record]) -> bool:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for record in records:
        for scheme, value in record.names:
            if scheme in NUMBERS:
                seen[scheme].add(value)
    return any(len(values) > 1 for values in seen.values())
