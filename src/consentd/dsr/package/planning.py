"""What goes into a package and under which names, before anything is written."""

from collections.abc import Mapping

import msgspec

from consentd.dsr.package.about import About, Kind, Outcome, SystemAsked
from consentd.dsr.package.files import Category, Collected, PackageFiles
from consentd.dsr.package.manifest import DATA, OWN_DATA
from consentd.dsr.package.names import unused
from consentd.dsr.package.own_model import OWN
from consentd.dsr.package.portable import is_portable
from consentd.dsr.package.redacting import Held, Redactions, Redactor
from consentd.dsr.package.words import NOT_CONNECTED
from consentd.kernel.errors import Tampered
from consentd.kernel.policy import Policy


class PlannedCategory(msgspec.Struct, frozen=True):
    category: Category
    path: str
    """Without its ending."""
    redactor: Redactor

    @property
    def shown(self) -> int:
        """Records that are in the files."""
        return self.category.records - self.redactor.held.records


class PlannedSystem(msgspec.Struct, frozen=True):
    id: str
    anchor: str
    """Its place in the page."""
    outcome: Outcome
    because: str | None
    categories: tuple[PlannedCategory, ...]

    @property
    def records(self) -> int:
        return sum(one.category.records for one in self.categories)

    @property
    def shown(self) -> int:
        return sum(one.shown for one in self.categories)


class Planned(msgspec.Struct, frozen=True):
    systems: tuple[PlannedSystem, ...]
    """The silos in the order in which they were asked about, and last what consentd holds."""

    @property
    def collected(self) -> Mapping[str, Collected]:
        return {
            system.id: Collected(system.id, tuple(one.category for one in system.categories))
            for system in self.systems
        }

    @property
    def held(self) -> Mapping[tuple[str, str], Held]:
        return {
            (system.id, one.category.what): one.redactor.held
            for system in self.systems
            for one in system.categories
        }


def with_gaps(policy: Policy, about: About) -> About:
    """The same with every silo of the policy in it: one that nobody asked did not answer (promise 12)."""
    asked = {system.id for system in about.systems}
    missing = [
        SystemAsked(
            system.id,
            Outcome.SILENT,
            NOT_CONNECTED(about.language) if system.connection is None else None,
        )
        for system in policy.systems.values()
        if system.id not in asked
    ]
    return msgspec.structs.replace(about, systems=(*about.systems, *missing))


def plan(files: PackageFiles, policy: Policy, about: About) -> Planned:
    """Raises Unprocessable (redaction_meets_nothing), Tampered (export_gone)."""
    redactions = Redactions(about.redactions)
    systems = []
    named: list[tuple[str, str]] = []
    folders: set[str] = set()
    for asked in (*about.systems, SystemAsked(OWN, Outcome.ANSWERED)):
        folder = OWN_DATA if asked.id == OWN else f"{DATA}/{_taken(asked.id, folders)}"
        paths: set[str] = set()
        categories = []
        for category in _collected(files, asked).categories:
            named.append((asked.id, category.what))
            if about.kind is Kind.PORTABILITY and not _goes(policy, about, asked.id, category.what):
                continue
            path = f"{folder}/{_taken(category.what, paths)}"
            categories.append(PlannedCategory(category, path, redactions.of(asked.id, category)))
        anchor = folder.replace("/", "-")
        systems.append(PlannedSystem(asked.id, anchor, asked.outcome, asked.because, tuple(categories)))
    redactions.all_named(named)
    return Planned(tuple(systems))


def _collected(files: PackageFiles, asked: SystemAsked) -> Collected:
    found = files.collected(asked.id)
    if found is None and asked.outcome is Outcome.ANSWERED:
        # Telling the person that there is nothing would be a lie.
        raise Tampered(
            "export_gone",
            "What a silo answered is no longer among the files of this package: ask the silo again.",
        )
    return found or Collected(asked.id)


def _goes(policy: Policy, about: About, system: str, what: str) -> bool:
    return (system, what) not in about.left_out and is_portable(policy, system, what)


def _taken(text: str, names: set[str]) -> str:
    found = unused(text, names)
    names.add(found)
    return found
