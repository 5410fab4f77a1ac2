"""The contents of the letter: all that GDPR 15(1)(a) to (h) and 15(2) order to be told. Pure.

Made of what the policy says and of which systems hold something; nothing is made up, and where the rules say
nothing, the letter says that they do not.
"""

from collections.abc import Iterable, Mapping

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text
from consentd.consent.dpv import processing
from consentd.dsr.package import letter_words as w
from consentd.dsr.package.about import About, Outcome, SystemAsked
from consentd.dsr.package.files import Collected
from consentd.dsr.package.letter_model import Letter, Part, Section, Table
from consentd.dsr.package.letter_words import say
from consentd.dsr.package.own_model import OWN
from consentd.dsr.package.redacting import Held
from consentd.dsr.package.words import (
    MONTHS,
    RECORDS,
    VALUES,
    WHOLE_RECORDS,
    YEARS,
    category_in_words,
    joined,
)
from consentd.kernel.compiled import CompiledPolicy
from consentd.kernel.instants import to_datetime
from consentd.kernel.places import Gazetteer
from consentd.kernel.policy import Contact, Purpose, System, in_words


def contents(
    compiled: CompiledPolicy,
    about: About,
    collected: Mapping[str, Collected],
    held: Mapping[tuple[str, str], Held],
) -> Letter:
    """`collected`: of each system that answered, and of OWN. `held`: what was held back, by system and
    category; what was not, may be missing.
    """
    return _Letter(compiled, about, collected, held).letter()


class _Letter:
    def __init__(
        self,
        compiled: CompiledPolicy,
        about: About,
        collected: Mapping[str, Collected],
        held: Mapping[tuple[str, str], Held],
    ) -> None:
        self._compiled = compiled
        self._policy = compiled.policy
        self._about = about
        self._language = about.language
        self._collected = collected
        self._held = {named: one for named, one in held.items() if one}
        # Who holds something, and who may: what a silent one holds is not known.
        self._holding = [
            self._policy.systems[asked.id]
            for asked in about.systems
            if asked.id in self._policy.systems
            and (asked.outcome is not Outcome.ANSWERED or self._count(asked.id))
        ]

    def letter(self) -> Letter:
        controller = self._policy.controller
        day = to_datetime(self._about.made_at, Gazetteer.home(self._policy)).date()
        sections = (
            self._where(),
            self._uses(),
            self._recipients(),
            self._sources(),
            self._machines(),
            self._rights(),
            self._complaint(),
            self._withheld(),
            Section(heading=self._say(w.VERIFY), before=(self._say(w.VERIFY_TEXT),)),
        )
        anything = bool(self._holding or self._count(OWN))
        return Letter(
            language=self._language,
            title=self._say(w.TITLE),
            sender=_lines(controller.contact, controller.name),
            reference=self._say(w.REFERENCE, number=self._about.request),
            day=self._say(w.DATE, day=day_in_words(day, self._language)),
            opening=(
                self._say(w.YES if anything else w.NO),
                *([self._say(w.FROZEN)] if self._about.own.restricted else []),
            ),
            sections=tuple(section for section in sections if section is not None),
            page=self._say(w.PAGE),
            accent=controller.accent,
        )

    def _say(self, text: Text, **inserted: object) -> str:
        return say(text, self._language, **inserted)

    def _joined(self, parts: Iterable[str]) -> str:
        return joined(parts, self._language)

    def _count(self, system: str) -> int:
        found = self._collected.get(system)
        return found.records if found else 0

    def _where(self) -> Section:
        rows = [(self._say(w.OWN_TOOL), self._number(self._count(OWN)))]
        rows += [(self._named(asked.id), self._outcome(asked)) for asked in self._about.systems]
        gaps = any(asked.outcome is not Outcome.ANSWERED for asked in self._about.systems)
        return Section(
            heading=self._say(w.WHERE),
            table=Table((self._say(w.TOOL), self._say(w.FOUND)), tuple(rows)),
            after=(*([self._say(w.GAP)] if gaps else []), self._say(w.LOOKED)),
        )

    def _outcome(self, asked: SystemAsked) -> str:
        because = f" ({asked.because})" if asked.because else ""
        match asked.outcome:
            case Outcome.SILENT:
                return self._say(w.SILENT) + because
            case Outcome.PARTIAL:
                return f"{self._say(w.PARTIAL)}{because}, {self._number(self._count(asked.id))}"
            case Outcome.ANSWERED:
                return self._number(self._count(asked.id)) + because

    def _number(self, count: int) -> str:
        return RECORDS(count, self._language) if count else self._say(w.NOTHING)

    def _named(self, system: str) -> str:
        known = self._policy.systems.get(system)
        return system if known is None else known.name

    def _purposes(self) -> list[Purpose]:
        """What the data can be used for: of everyone who holds some, and what the person chose about."""
        named = {name for system in self._holding for name in system.purposes}
        named |= set(self._about.own.purposes)
        return [purpose for id_, purpose in self._policy.purposes.items() if id_ in named]

    def _uses(self) -> Section | None:
        parts = tuple(map(self._use, self._purposes()))
        if not parts:
            return None
        return Section(heading=self._say(w.USES), before=(self._say(w.USES_INTRO),), parts=parts)

    def _use(self, purpose: Purpose) -> Part:
        bases = tuple(dict.fromkeys(basis for channel in purpose.bases.values() for basis in channel))
        systems = [system for system in self._holding if purpose.id in system.purposes]
        received = dict.fromkeys(system.processor for system in systems if system.processor)
        categories = [category_in_words(one, self._language) for one in purpose.categories]
        rights = processing.rights(bases)
        allowed = [w.RIGHTS[right] for right in w.BY_GROUND if right in rights]
        return Part(
            in_words(purpose.label, self._language, purpose.id),
            in_words(purpose.description, self._language),
            (
                (self._say(w.GROUND), self._grounds(purpose)),
                (self._say(w.DATA), ", ".join(categories)),
                (self._say(w.RECEIVED_BY), self._joined(received) or self._say(w.OURSELVES)),
                (self._say(w.KEPT), self._kept(purpose, systems)),
                (self._say(w.YOU_CAN), self._joined(_short(self._say(text)) for text in allowed)),
            ),
        )

    def _grounds(self, purpose: Purpose) -> str:
        """Each ground that the law allows today, with the contact methods that it serves."""
        by_ground: dict[str, list[str]] = {}
        for channel in purpose.bases:
            label = in_words(self._policy.channels[channel].label, self._language, channel)
            for basis in self._allowed(purpose.id, channel):
                by_ground.setdefault(basis, []).append(label)
        return self._joined(
            f"{self._say(w.BASES[basis])} ({', '.join(labels)})" for basis, labels in by_ground.items()
        ) or self._say(w.NO_GROUND)

    def _allowed(self, purpose: str, channel: str) -> Iterable[str]:
        """By the law of the person's place, for what they are: a consumer, and a professional where shown."""
        capacities = (False, True) if self._about.own.professional else (False,)
        territory, at = self._about.territory, self._about.made_at
        regimes = [self._compiled.regime(purpose, channel, territory, one, at) for one in capacities]
        return dict.fromkeys(basis for regime in regimes for basis in regime.bases)

    def _kept(self, purpose: Purpose, systems: Iterable[System]) -> str:
        colon = " : " if self._language == "fr" else ": "
        found = [f"{system.name}{colon}{self._retention(system)}" for system in systems]
        return self._joined([*found, *self._proof(purpose)]) or self._say(w.NOT_SAID)

    def _retention(self, system: System) -> str:
        words = in_words(system.retention, self._language)
        if words:
            return words[:1].lower() + words[1:]
        if system.retention_months is not None:
            return MONTHS(system.retention_months, self._language)
        return self._say(w.NOT_SAID)

    def _proof(self, purpose: Purpose) -> list[str]:
        """How long the law has the proof of a consent kept: the longest of its contact methods."""
        asked = [
            channel
            for channel, bases in purpose.bases.items()
            if "consent" in bases or "explicit_consent" in bases
        ]
        rules = [
            rule
            for channel in asked
            if (
                rule := processing.proof_rule(
                    self._compiled,
                    processing.About(purpose.id, channel, None),
                    self._about.territory,
                    self._about.made_at,
                )
            )
        ]
        if not rules:
            return []
        longest = max(rules, key=lambda rule: rule.years)
        anchors = ", ".join(self._say(w.ANCHORS[anchor]) for anchor in longest.anchors)
        if len(longest.anchors) > 1:
            anchors = self._say(w.LATEST, anchors=anchors)
        return [self._say(w.PROOF_KEPT, years=YEARS(longest.years, self._language), anchors=anchors)]

    def _recipients(self) -> Section:
        rows = tuple(
            (system.processor, system.name, system.location or self._say(w.NOT_SAID))
            for system in self._holding
            if system.processor
        )
        if not rows:
            return Section(heading=self._say(w.RECIPIENTS), before=(self._say(w.NO_RECIPIENTS),))
        return Section(
            heading=self._say(w.RECIPIENTS),
            before=(self._say(w.RECIPIENTS_INTRO),),
            table=Table((self._say(w.COMPANY), self._say(w.TOOL), self._say(w.PLACE)), rows),
            after=(self._say(w.TRANSFERS),),
        )

    def _sources(self) -> Section:
        sources = ", ".join(self._about.own.sources)
        told = (self._say(w.SOURCES_INTRO, sources=sources),) if sources else ()
        return Section(heading=self._say(w.SOURCES), before=(*told, self._say(w.SOURCES_OTHER)))

    def _machines(self) -> Section:
        chosen = [
            in_words(one.label, self._language, one.id) for one in self._purposes() if one.kind == "profiling"
        ]
        more = (self._say(w.PROFILING, uses=", ".join(chosen)),) if chosen else ()
        return Section(heading=self._say(w.MACHINES), before=(self._say(w.NO_MACHINES), *more))

    def _rights(self) -> Section:
        return Section(
            heading=self._say(w.RIGHTS_TITLE),
            before=(self._say(w.RIGHTS_INTRO),),
            points=tuple(map(self._say, w.RIGHTS.values())),
            after=(self._say(w.FREE, contact=", ".join(_lines(self._policy.controller.dpo))),),
        )

    def _complaint(self) -> Section:
        authority = ", ".join(_lines(self._policy.controller.authority))
        return Section(heading=self._say(w.COMPLAIN), before=(self._say(w.AUTHORITY, authority=authority),))

    def _withheld(self) -> Section | None:
        """How much and why, by tool; what it was is nowhere."""
        if not self._held:
            return None
        rows = []
        for (system, _), held in self._held.items():
            named = self._say(w.OWN_TOOL) if system == OWN else self._named(system)
            rows.append((named, amount(held, self._language), self._joined(held.reasons)))
        head = (self._say(w.TOOL), self._say(w.AMOUNT), self._say(w.REASON))
        return Section(
            heading=self._say(w.WITHHELD),
            before=(self._say(w.WITHHELD_INTRO),),
            table=Table(head, tuple(rows)),
        )


def amount(held: Held, language: Language) -> str:
    """How much was held back, in words."""
    said = [WHOLE_RECORDS(held.records, language)] if held.records else []
    said += [VALUES(held.fields, language)] if held.fields else []
    return ", ".join(said)


def _short(right: str) -> str:
    """Without its article, which the list of rights says."""
    return right.rsplit(" (", 1)[0]


def _lines(contact: Contact, name: str | None = None) -> tuple[str, ...]:
    ways = (contact.address, contact.email, contact.phone, contact.url)
    return (name or contact.name, *(way for way in ways if way))
