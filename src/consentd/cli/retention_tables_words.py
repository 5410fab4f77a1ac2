"""What `consentd retention` says of silos' own tables, in French and English (docs/glossary.md)."""

import datetime as dt
from collections.abc import Iterator

from consentd.base.dates import day_in_words
from consentd.base.i18n import Language, Text
from consentd.dsr.expiring.previewing import Elsewhere, SiloPreview, TablesPreview
from consentd.dsr.expiring.reporting import TableReport, TablesReport
from consentd.systems.connectors.contract import Overdue, Verdict

_NOBODY = Text(
    "personne n’est nommé (connection.owner dans systems/{system}.yaml)",
    "nobody is named (connection.owner in systems/{system}.yaml)",
)
_BY = {
    "sql": Text("ses tables n’ont pas de règle", "its tables have no rule"),
    "webhook": Text("relié par webhook", "connected by webhook"),
    "inbox": Text("relié par tâches à prendre", "connected by inbox"),
    "manual": Text("traité à la main", "worked by hand"),
    None: Text("non relié", "not connected"),
}


def previewed(found: TablesPreview, language: Language) -> list[str]:
    lines = [line for silo in found.silos for line in _silo(silo, language)]
    return lines + [_elsewhere(one, language) for one in found.elsewhere]


def _silo(silo: SiloPreview, language: Language) -> Iterator[str]:
    if silo.verdict is not Verdict.DONE:
        yield Text(
            f"{silo.system} : ses tables n’ont pas pu être examinées ({silo.code}) : {silo.detail}",
            f"{silo.system}: its tables could not be looked at ({silo.code}): {silo.detail}",
        )(language)
    for one in silo.tables:
        yield from _table(silo.system, one, language)
    for table in silo.without_rule:
        yield Text(
            f"{silo.system} : {table} garde des lignes que la loi fait garder, et rien ne les efface ensuite",
            f"{silo.system}: {table} keeps rows by law, and nothing erases them afterwards",
        )(language)


def _table(system: str, one: Overdue, language: Language) -> Iterator[str]:
    day = day_in_words(dt.date.fromisoformat(one.before), language)
    yield Text(
        f"{system}, {one.what} : {one.due} lignes à effacer, {one.months} mois après {one.after}, d’avant le "
        f"{day} ({one.because})",
        f"{system}, {one.what}: {one.due} rows due, {one.months} months after {one.after}, from before "
        f"{day} ({one.because})",
    )(language)
    if one.hanging:
        tables = ", ".join(one.hanging)
        yield Text(f"  avec ce qui en dépend : {tables}", f"  with what hangs on them: {tables}")(language)
    yield from (f"  {line}" for line in one.sql)


def _elsewhere(one: Elsewhere, language: Language) -> str:
    how = _BY[one.by](language)
    owner = one.owner or _NOBODY(language).format(system=one.system)
    months = Text(f"{one.months} mois", f"{one.months} months")(language) if one.months else ""
    lasts = f", {months}" if months else ""
    return Text(
        f"{one.system}{lasts} : consentd ne peut pas y effacer ({how}) ; à faire par : {owner}",
        f"{one.system}{lasts}: consentd cannot erase there ({how}); to be done by: {owner}",
    )(language)


def begun(silos: tuple[str, ...], language: Language) -> list[str]:
    if not silos:
        return []
    names = ", ".join(silos)
    return [
        Text(
            f"Tables des outils, effacements commencés dans : {names}.",
            f"Silos’ own tables, erasing begun in: {names}.",
        )(language)
    ]


def reported(found: tuple[TablesReport, ...], language: Language) -> list[str]:
    return [line for silo in found for line in _reported(silo, language)]


def _reported(silo: TablesReport, language: Language) -> Iterator[str]:
    answers = [f"{count} {verdict}" for verdict, count in silo.answers.items()]
    if silo.under_way:
        answers.append(Text(f"{silo.under_way} en cours", f"{silo.under_way} under way")(language))
    codes = ", ".join(silo.codes)
    because = f" ({codes})" if codes else ""
    yield Text(
        f"{silo.system}, ses tables : {', '.join(answers)}{because}",
        f"{silo.system}, its own tables: {', '.join(answers)}{because}",
    )(language)
    for table in silo.tables:
        yield from _rows(table, language)
    if silo.uncertain:
        yield Text(
            f"  {silo.uncertain} lignes : effacées ou non, l’outil n’a pas pu le dire",
            f"  {silo.uncertain} rows: erased or not, the silo could not tell",
        )(language)


def _rows(table: TableReport, language: Language) -> Iterator[str]:
    yield Text(
        f"  {table.table} : {table.deleted} lignes effacées, {table.changed} changées",
        f"  {table.table}: {table.deleted} rows deleted, {table.changed} changed",
    )(language)
    for because, count in table.kept.items():
        yield Text(f"    {count} gardées : {because}", f"    {count} kept: {because}")(language)
