"""What `consentd retention` says, in French and English (docs/glossary.md)."""

import datetime as dt
from collections.abc import Iterator
from zoneinfo import ZoneInfo

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text, article
from consentd.consent.kept_proofs import ProofsDestroyed, ProofsKept
from consentd.dsr.retaining import Begun
from consentd.dsr.retention import Preview, RulePreview
from consentd.dsr.retention_report import Report
from consentd.kernel.retention import Standing

NO_RULE = Text("La politique n’a pas de règle sous `keeping`.", "The policy has no rule under `keeping`.")
_HELD = {
    Standing.CONTRACT: Text("{} par un contrat", "{} by a contract"),
    Standing.REQUEST: Text("{} par une demande", "{} by a request"),
    Standing.RESTRICTED: Text("{} parce que leurs données sont gelées", "{} because their data are frozen"),
}
_HELD_BACK = Text("  retenues      {}", "  held back     {}")
_KNOWN = Text("  dans          {}", "  may be known  {}")
_EXAMPLE = Text("  par exemple   {}", "  for example   {}")
_BEFORE = Text("règle non notée à l’époque", "rule not written down at the time")


def previewed(found: Preview, zone: ZoneInfo, language: Language) -> list[str]:
    lines = [line for rule in found.rules for line in _rule(rule, found.people, language)]
    lines = lines or [NO_RULE(language)]
    return lines + [_kept(one, zone, language) for one in found.proofs]


def _rule(rule: RulePreview, people: int, language: Language) -> Iterator[str]:
    yield Text(
        f"{rule.rule} : {rule.due} personnes sur {people}, {rule.months} mois sans signe ({rule.because})",
        f"{rule.rule}: {rule.due} of {people} people, {rule.months} months without a sign ({rule.because})",
    )(language)
    held = [
        words(language).format(rule.held[what.value])
        for what, words in _HELD.items()
        if rule.held[what.value]
    ]
    if held:
        yield _HELD_BACK(language).format(", ".join(held))
    known = [f"{system} {count}" for system, count in rule.systems.items() if count]
    if known:
        yield _KNOWN(language).format(", ".join(known))
    if rule.examples:
        yield _EXAMPLE(language).format(" ".join(map(str, rule.examples)))


def _kept(one: ProofsKept, zone: ZoneInfo, language: Language) -> str:
    law = _law(one.articles, one.rule, one.pack, language)
    line = Text(
        f"Preuves de personnes effacées, {law} : {one.kept} gardées, {one.due} arrivées à leur terme, "
        f"{one.soon} de plus sous 30 jours",
        f"Proofs of erased people, {law}: {one.kept} kept, {one.due} due now, {one.soon} more within 30 days",
    )(language)
    if one.next_at is None:
        return line
    # Over with midnight where the person lived: the day that is told is the controller's.
    day = day_in_words(dt.datetime.fromisoformat(one.next_at).astimezone(zone).date(), language)
    return line + Text(f", la prochaine le {day}", f", the next on {day}")(language)


def begun(found: Begun, proofs: int, language: Language) -> list[str]:
    lines = [
        Text(
            f"Effacements commencés : {len(found.requests)}. Personnes examinées : {found.looked_at}.",
            f"Erasures begun: {len(found.requests)}. People looked at: {found.looked_at}.",
        )(language)
    ]
    if found.unreachable:
        lines.append(
            Text(
                f"Arrivées à leur terme, mais connues par rien qu’un outil puisse chercher : "
                f"{found.unreachable}.",
                f"Due, but known by nothing that a silo could be asked for: {found.unreachable}.",
            )(language)
        )
    if proofs:
        lines.append(
            Text(
                f"Preuves de personnes effacées détruites : {proofs}.",
                f"Proofs of erased people destroyed: {proofs}.",
            )(language)
        )
    return lines


def reported(found: Report, proofs: tuple[ProofsDestroyed, ...], days: int, language: Language) -> list[str]:
    states = ", ".join(f"{count} {state}" for state, count in found.states.items())
    some = f" ({states})" if states else ""
    lines = [
        Text(
            f"Commencés ces {days} derniers jours : {found.people}{some}",
            f"Begun in the last {days} days: {found.people}{some}",
        )(language)
    ]
    return lines + list(_silos(found, language)) + [_destroyed(one, language) for one in proofs]


def _silos(found: Report, language: Language) -> Iterator[str]:
    for silo in found.silos:
        answers = ", ".join(f"{count} {verdict}" for verdict, count in silo.answers.items())
        yield Text(
            f"  {silo.system} : {answers} ; {silo.deleted} lignes effacées, {silo.changed} changées",
            f"  {silo.system}: {answers}; {silo.deleted} rows deleted, {silo.changed} changed",
        )(language)
        for because, count in silo.kept.items():
            yield Text(f"    {count} gardées : {because}", f"    {count} kept: {because}")(language)


def _destroyed(one: ProofsDestroyed, language: Language) -> str:
    law = _law(one.articles, one.rule, one.pack, language)
    days = ", ".join(
        f"{day_in_words(dt.date.fromisoformat(day), language)} {count}" for day, count in one.days.items()
    )
    return Text(
        f"Preuves de personnes effacées détruites, {law} : {one.destroyed} ({days})",
        f"Proofs of erased people destroyed, {law}: {one.destroyed} ({days})",
    )(language)


def _law(articles: tuple[str, ...], rule: str | None, pack: str | None, language: Language) -> str:
    if rule is None:
        return _BEFORE(language)
    return f"{', '.join(article(one, language) for one in articles)} ({rule}, {pack})"
