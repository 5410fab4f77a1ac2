"""Does a policy make sense? Checks across files that no single shape can show. Never reads a policy file."""

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from zoneinfo import available_timezones

from consentd.kernel.policy import Logins, Policy, Purpose
from consentd.policy import connection_rules, import_rules, law_rules, request_rules, sql_rules
from consentd.policy.files import Document, Fault, Where
from consentd.policy.shape import did_you_mean

_ID = re.compile(r"[a-z][a-z0-9_]{0,63}")
_ORIGIN = re.compile(r"[a-z0-9.-]+(/[A-Za-z0-9._-]+)+")
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")
_MOST_A_DAY = 10_000
_COUNTRY = re.compile(r"[A-Z]{2}")
_EXPLICIT = {"consent", "explicit_consent", "vital_interests", "legal_obligation"}


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # Listing them walks the whole zone directory: once is enough.
    return frozenset(available_timezones())


class Checker:
    """Collects faults, each at the line of what is wrong."""

    def __init__(self, documents: Mapping[str, Document], faults: list[Fault]) -> None:
        self._documents = documents
        self._faults = faults

    def fault(self, file: str, where: Where, reason: str) -> None:
        document = self._documents.get(file)
        self._faults.append((file, document.line(where) if document is not None else 0, reason))

    def known(self, file: str, where: Where, kind: str, names: Iterable[str], known: Iterable[str]) -> None:
        """A fault for each name that is not known."""
        listed = list(known)
        for index, name in enumerate(names):
            if name not in listed:
                self.fault(file, (*where, index), f"unknown {kind} {name!r}{did_you_mean(name, listed)}")

    def words(self, file: str, where: Where, words: Mapping[str, str], languages: Iterable[str]) -> None:
        """A fault for each of the controller's languages that is missing."""
        for language in languages:
            if language not in words:
                self.fault(file, where, f"{where[-1]!r} has no text in the language {language!r}")

    def name(self, file: str, where: Where, name: str) -> None:
        if not _ID.fullmatch(name):
            self.fault(file, where, f"{name!r} is no id: use small letters, digits and _")

    def zone(self, file: str, where: Where, zone: str) -> None:
        if zone not in _zones():
            self.fault(file, where, f"unknown time zone {zone!r}: write one such as 'Europe/Paris'")


def check(policy: Policy, documents: Mapping[str, Document], faults: list[Fault]) -> None:
    """Appends every fault in the sense of the policy."""
    checker = Checker(documents, faults)
    _controller(policy, checker)
    _channels(policy, checker)
    for purpose in policy.purposes.values():
        _purpose(policy, purpose, f"purposes/{purpose.id}.yaml", checker)
    _notices(policy, checker)
    _systems(policy, checker)
    import_rules.check(policy, checker)
    connection_rules.check(policy, checker)
    sql_rules.check(policy, checker)
    request_rules.check(policy, checker)
    law_rules.check(policy, checker)


def _controller(policy: Policy, checker: Checker) -> None:
    file, controller = "controller.yaml", policy.controller
    checker.zone(file, ("zone",), controller.zone)
    if not controller.languages:
        checker.fault(file, ("languages",), "at least one language is needed")
    for index, rule in enumerate(controller.keeping):
        if rule.months < 1:
            checker.fault(file, ("keeping", index, "months"), "must be at least 1")
        if any(rule.id == one.id for one in controller.keeping[:index]):
            checker.fault(file, ("keeping", index, "id"), f"{rule.id!r} stands here twice")
    if not 0 <= controller.keeping_a_day <= _MOST_A_DAY:
        checker.fault(file, ("keeping_a_day",), f"must be a number from 0 to {_MOST_A_DAY}")
    if not _COUNTRY.fullmatch(controller.country):
        checker.fault(file, ("country",), f"{controller.country!r} is no country: two capital letters")
    elif not any(controller.country in pack.countries for pack in policy.packs.values()):
        checker.fault(file, ("country",), f"no law pack covers the country {controller.country!r}")
    if not _ORIGIN.fullmatch(controller.log_origin):
        checker.fault(file, ("log_origin",), "must be a host and a name, such as 'shop.example/consentd'")
    if controller.backup_days < 1:
        checker.fault(file, ("backup_days",), "must be a whole number of days, 1 or more")
    if controller.accent is not None and not _COLOUR.fullmatch(controller.accent):
        checker.fault(file, ("accent",), "must be a colour such as '#5b3a8c'")


def _channels(policy: Policy, checker: Checker) -> None:
    file, languages = "channels.yaml", policy.controller.languages
    for name, scheme in policy.identifiers.items():
        checker.name(file, ("identifiers", name), name)
        checker.words(file, ("identifiers", name, "label"), scheme.label, languages)
    for name, channel in policy.channels.items():
        where: Where = ("channels", name)
        checker.name(file, where, name)
        checker.words(file, (*where, "label"), channel.label, languages)
        checker.known(file, (*where, "schemes"), "identifier", channel.schemes, policy.identifiers)


def _purpose(policy: Policy, purpose: Purpose, file: str, checker: Checker) -> None:
    checker.name(file, ("id",), purpose.id)
    checker.words(file, ("label",), purpose.label, policy.controller.languages)
    checker.words(file, ("description",), purpose.description, policy.controller.languages)
    checker.known(file, ("notices",), "notice", purpose.notices, policy.notices)
    for channel, bases in purpose.bases.items():
        where: Where = ("bases", channel)
        if channel not in policy.channels:
            near = did_you_mean(channel, list(policy.channels))
            checker.fault(file, where, f"unknown channel {channel!r}{near}")
        if not bases:
            checker.fault(file, where, "names no legal basis: leave the channel out, and it denies")
        if len(set(bases)) < len(bases):
            checker.fault(file, where, "names a legal basis twice")
    _bases(purpose, file, checker)
    if purpose.validity_months is not None and purpose.validity_months < 1:
        checker.fault(file, ("validity_months",), "must be at least 1")
    for index, notice in enumerate(purpose.notices):
        versions = policy.notices.get(notice, ())
        if versions and purpose.id not in versions[-1].purposes:
            checker.fault(file, ("notices", index), f"the notice {notice!r} does not name this purpose")
    for channel, notice in purpose.notice_by_channel.items():
        where = ("notice_by_channel", channel)
        if channel not in purpose.bases:
            checker.fault(file, where, f"the purpose does not use the channel {channel!r}")
        if notice not in purpose.notices:
            checker.fault(file, where, f"{notice!r} is not among the purpose's 'notices'")
    sectors = {s for pack in policy.packs.values() for ban in pack.sector_bans for s in ban.sectors}
    if purpose.sector is not None and purpose.sector not in sectors:
        near = did_you_mean(purpose.sector, sorted(sectors))
        checker.fault(file, ("sector",), f"no law pack speaks of the sector {purpose.sector!r}{near}")


def _bases(purpose: Purpose, file: str, checker: Checker) -> None:
    used = {basis for bases in purpose.bases.values() for basis in bases}
    if used & {"consent", "explicit_consent"} and not purpose.notices:
        checker.fault(file, ("bases",), "consent needs a notice: name one under 'notices'")
    if "eprivacy_13_2" in used and not purpose.products:
        checker.fault(file, ("bases",), "eprivacy_13_2 needs 'products': what counts as similar")
    if "contract" in used and purpose.kind not in ("service", "legal") and not purpose.contract_matters:
        checker.fault(file, ("bases",), "contract needs 'contract_matters': which contracts it is about")
    if purpose.special_category and used - _EXPLICIT:
        names = ", ".join(sorted(used - _EXPLICIT))
        checker.fault(file, ("bases",), f"a special category cannot rest on {names} (GDPR 9)")
    if purpose.under_restriction and purpose.kind not in ("service", "legal"):
        checker.fault(file, ("under_restriction",), "only for purposes of the kind service or legal")


def _notices(policy: Policy, checker: Checker) -> None:
    for notice, versions in policy.notices.items():
        checker.name(f"notices/{notice}", (), notice)
        for version in versions:
            files = [f"notices/{notice}/{version.version}.{language}.md" for language in version.texts]
            for language in policy.controller.languages:
                if language not in version.texts:
                    missing = f"notices/{notice}/{version.version}.{language}.md"
                    checker.fault(missing, (), f"is missing: every notice must exist in {language!r}")
            for file in files:
                checker.known(file, ("purposes",), "purpose", version.purposes, policy.purposes)


def _systems(policy: Policy, checker: Checker) -> None:
    for system in policy.systems.values():
        file = f"systems/{system.id}.yaml"
        checker.zone(file, ("zone",), system.zone)
        checker.known(file, ("identifiers",), "identifier", system.identifiers, policy.identifiers)
        checker.known(file, ("purposes",), "purpose", system.purposes, policy.purposes)
        checker.known(file, ("channels",), "channel", system.channels, policy.channels)
        if system.description:
            checker.words(file, ("description",), system.description, policy.controller.languages)
        if system.retention:
            checker.words(file, ("retention",), system.retention, policy.controller.languages)
        if system.logins is not None:
            _logins(system.logins, system.identifiers, file, checker)


def _logins(logins: Logins, identifiers: Collection[str], file: str, checker: Checker) -> None:
    if not logins.schemes:
        checker.fault(file, ("logins", "schemes"), "names no kind of identifier: leave 'logins' out")
    for index, scheme in enumerate(logins.schemes):
        if scheme not in identifiers:
            near = did_you_mean(scheme, sorted(identifiers))
            checker.fault(
                file, ("logins", "schemes", index), f"{scheme!r} is not among its 'identifiers'{near}"
            )
    if logins.within_minutes < 1:
        checker.fault(file, ("logins", "within_minutes"), "must be at least 1")
