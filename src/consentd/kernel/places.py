"""Where a person is: which packs, clocks and holidays count there.

Fails closed: where only the country is known, every part of it that this may mean counts; where nothing is
known, every clock and every holiday of the controller's country counts at once.
"""

from zoneinfo import ZoneInfo

import msgspec

from consentd.kernel.law import Holiday, Pack, Territory
from consentd.kernel.policy import Policy


class Clock(msgspec.Struct, frozen=True):
    """A time zone, and the days that are holidays in it."""

    zone: ZoneInfo
    holidays: tuple[Holiday, ...]


class Place(msgspec.Struct, frozen=True):
    key: str
    country: str
    clocks: tuple[Clock, ...]
    """At least one; something is lawful here only if it is lawful by each of them."""
    packs: tuple[Pack, ...]
    """The national pack before `eu`. A rule is taken from the first that has one."""
    covered: bool
    """False: no pack knows the law here, and marketing is denied."""

    @property
    def zone(self) -> ZoneInfo:
        return self.clocks[0].zone


class Gazetteer:
    """Every place that a policy knows; anything else is one place without a pack."""

    def __init__(self, policy: Policy) -> None:
        self._country = policy.controller.country
        self._packs = policy.packs
        self._home = self.home(policy)
        self._places: dict[str, Place] = {}
        self._excluded = {code for pack in policy.packs.values() for code in pack.excluded}
        for pack in sorted(policy.packs.values(), key=lambda pack: pack.id == "eu"):
            for territory in pack.territories:
                place = self._place(territory.id, pack, (territory,))
                for code in (territory.id, *territory.aliases):
                    self._places.setdefault(code.upper(), place)
        self._nowhere = Place("?", "", (Clock(self._home, ()),), self._below(None), covered=False)
        self._anywhere = {country: self._anywhere_in(country) for country in self._countries()}

    @staticmethod
    def home(policy: Policy) -> ZoneInfo:
        """The controller's own zone."""
        return ZoneInfo(policy.controller.zone)

    def find(self, territory: str | None) -> Place:
        """The place of a territory code; of the controller's whole country where it is None."""
        if territory is None:
            return self._anywhere.get(self._country, self._nowhere)
        place = self._places.get(territory)
        if place is not None:
            return place
        code = territory.upper()
        if code in self._excluded:
            return self._nowhere
        if code in self._places:
            return self._places[code]
        # A subdivision that the pack does not name may be any part of its country.
        return self._anywhere.get(code.partition("-")[0], self._nowhere)

    def _countries(self) -> set[str]:
        return {country for pack in self._packs.values() for country in pack.countries}

    def _own(self, country: str) -> Pack | None:
        return next(
            (pack for pack in self._packs.values() if pack.id != "eu" and country in pack.countries), None
        )

    def _below(self, pack: Pack | None) -> tuple[Pack, ...]:
        union = self._packs.get("eu")
        return tuple(law for law in (pack, union) if law is not None)

    def _place(self, key: str, pack: Pack, territories: tuple[Territory, ...]) -> Place:
        clocks = [
            Clock(ZoneInfo(zone), pack.holidays + territory.holidays)
            for territory in territories
            for zone in territory.zones
        ]
        country = key.partition("-")[0] if pack.id == "eu" else pack.countries[0]
        packs = (pack,) if pack.id == "eu" else self._below(pack)
        return Place(key, country, _distinct(clocks) or (Clock(self._home, pack.holidays),), packs, True)

    def _anywhere_in(self, country: str) -> Place:
        pack = self._own(country)
        if pack is not None:
            return self._place(f"{country}?", pack, pack.territories)
        union = self._packs["eu"]
        mine = tuple(t for t in union.territories if t.id.partition("-")[0] == country)
        return self._place(country, union, mine)


def _distinct(clocks: list[Clock]) -> tuple[Clock, ...]:
    """One clock per zone, with the holidays of every territory that keeps it."""
    merged: dict[str, Clock] = {}
    for clock in clocks:
        known = merged.get(clock.zone.key)
        days = clock.holidays if known is None else known.holidays + clock.holidays
        merged[clock.zone.key] = Clock(clock.zone, tuple(dict.fromkeys(days)))
    return tuple(merged.values())
